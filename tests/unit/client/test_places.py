"""Where the records of a JSON or CSV body stand: the same whether scanned or parsed, whatever stands in the texts."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_intacct.client.errors import MalformedReplyError
from airflow_provider_intacct.client.extraction import RawPage
from airflow_provider_intacct.client.paging import Places, csv_places, json_places, leading

TEXT = st.text(alphabet='a1,"\n\r \x85\u2028;', max_size=12)
NASTY = ['line\n"12",x', "line\n12,x", '"', '""', "\n", '\n"7"', 'x\r\n"8","9"', ""]


def body(names: list[str], rows: list[list[str]], end: str = "\n", quoting: int = csv.QUOTE_ALL) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=quoting, lineterminator=end).writerows([names, *rows])  # type: ignore[arg-type]
    return out.getvalue().encode()


@given(st.lists(TEXT | st.sampled_from(NASTY), max_size=8), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_one_place_for_each_record(texts: list[str], end: str, minimal: bool) -> None:
    if minimal:  # Python's writer leaves a carriage return alone that does not end its lines; no reader takes that
        texts = [text.replace("\r", "") for text in texts]
    rows = [[str(number), text] for number, text in enumerate(texts, 1)]
    sent = body(["RECORDNO", "NAME"], rows, end, csv.QUOTE_MINIMAL if minimal else csv.QUOTE_ALL)
    assert csv_places(sent, ("RECORDNO", "NAME"), ("RECORDNO",), "X") == Places([row[0] for row in rows])


@given(st.lists(st.tuples(st.sampled_from(["", "03/01/2026 12:00:00"]), TEXT), max_size=8))
def test_the_time_of_change_comes_with_the_key(rows: list[tuple[str, str]]) -> None:
    sent = body(["RECORDNO", "WHENMODIFIED", "NAME"], [[str(n), *row] for n, row in enumerate(rows, 1)])
    place = ("WHENMODIFIED", "RECORDNO")
    found = csv_places(sent, ("RECORDNO", "WHENMODIFIED", "NAME"), place, "X")
    assert found == Places([str(n) for n, _ in enumerate(rows, 1)], [moment for moment, _ in rows])


@pytest.mark.parametrize("sent", [b"", b"\n", b'"RECORDNO","NAME"', b'"RECORDNO","NAME"\n'])
def test_no_records_have_no_places(sent: bytes) -> None:
    assert csv_places(sent, ("RECORDNO", "NAME"), ("RECORDNO",), "X") == Places([])


@pytest.mark.parametrize("sent", [b"Service Unavailable", b'"RECORDNO","NAME"\n"1","broken', b'"A","B"\n"1","2"'])
def test_what_is_no_page_is_refused(sent: bytes) -> None:
    with pytest.raises(MalformedReplyError):
        csv_places(sent, ("RECORDNO", "NAME"), ("RECORDNO",), "X")


def test_the_key_is_asked_for_first() -> None:
    assert leading(("NAME", "recordno", "AMOUNT"), ("RECORDNO",)) == ("RECORDNO", "NAME", "AMOUNT")
    assert leading(("NAME",), ("WHENMODIFIED", "RECORDNO")) == ("RECORDNO", "WHENMODIFIED", "NAME")


JSON_TEXT = st.text(alphabet='a1,:"{}[]\\/\n ', max_size=12) | st.sampled_from(
    ['"RECORDNO":"7"', '{"RECORDNO":"7"}', "}]"]
)


@given(st.lists(JSON_TEXT, min_size=1, max_size=8), st.booleans())
def test_a_json_page_has_one_place_for_each_record(texts: list[str], key_last: bool) -> None:
    rows = [{"NAME": text, "RECORDNO": str(n)} if key_last else {"RECORDNO": str(n), "NAME": text}
            for n, text in enumerate(texts, 1)]  # fmt: skip
    sent = json.dumps(rows, separators=(",", ":")).encode()
    assert json_places(sent, ("RECORDNO",)) == Places([row["RECORDNO"] for row in rows])
    assert json_places(sent[:-1], ("RECORDNO",)) is None, "cut short"


@pytest.mark.parametrize(
    "sent",
    [
        b"[]",
        b"",
        b'[{"RECORDNO":7,"WHENMODIFIED":"x"}]',
        b'[{"RECORDNO":"7","WHENMODIFIED":null},{"RECORDNO":"8","WHENMODIFIED":"x"}]',
        rb'[{"RECORDNO":"7","WHENMODIFIED":"x"},{"RECORDNO":"8","WHENMODIFIED":"03\/01\/2026"}]',
        b'[{"recordno":"7","whenmodified":"x"}]',
        b'{"RECORDNO":"7","WHENMODIFIED":"x"}',
    ],
)
def test_what_a_scan_cannot_tell_is_left_to_the_decoder(sent: bytes) -> None:
    assert json_places(sent, ("WHENMODIFIED", "RECORDNO")) is None


def test_a_json_page_that_holds_other_records_than_its_keys_told_is_refused() -> None:
    page = RawPage("json", 1, b'[{"RECORDNO":"7","NAME":"x"},{"NAME":"y"}]', names=("RECORDNO", "NAME"))
    with pytest.raises(MalformedReplyError, match="1 keys for 2 records"):
        page.as_rows(("RECORDNO", "NAME"))


def test_a_json_page_is_handed_out_with_the_columns_asked_for_and_in_rising_order() -> None:
    body = b'[{"RECORDNO":"8","NAME":"y"},{"RECORDNO":"7","NAME":"x"}]'
    page = RawPage("json", 2, body, names=("NAME", "RECORDNO"), turned=True, stamped={"ENTITY": "100"})
    assert page.as_rows(("NAME", "ENTITY")) == [{"NAME": "x", "ENTITY": "100"}, {"NAME": "y", "ENTITY": "100"}]
