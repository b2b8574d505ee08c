"""Rows are the same in JSON, CSV and XML; typed, they hold exact numbers, days and UTC times."""

import csv
import io
import json
import logging
import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from airflow_provider_intacct.client import rows
from airflow_provider_intacct.client.errors import ConfigurationError, MalformedReplyError
from airflow_provider_intacct.client.values import Typing
from airflow_provider_intacct.client.xml.elements import FORBIDDEN, Element, write
from airflow_provider_intacct.client.xml.metadata import UserFormatting

LOS_ANGELES = ZoneInfo("America/Los_Angeles")

COLUMNS = st.lists(
    st.from_regex(r"[A-Z][A-Z_0-9]{0,6}(\.[A-Z]{1,4})?", fullmatch=True), min_size=1, max_size=5, unique=True
)
AWKWARD = st.text(st.sampled_from("\",;'\\\n\r\t <>&]0aé€\u2028\ufeff\U0001f600"), max_size=12)
NUMBERS = st.from_regex(r"0{0,3}[0-9]{1,4}(\.[0-9]{1,3}0{0,2})?", fullmatch=True)
TEXTS = st.one_of(st.text(max_size=12), AWKWARD, NUMBERS).filter(lambda text: not FORBIDDEN.search(text))
TABLES = COLUMNS.flatmap(lambda names: st.lists(st.fixed_dictionaries(dict.fromkeys(names, TEXTS)), max_size=5))


def as_csv(table: list[dict[str, str]]) -> bytes:
    if not table:
        return b""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(table[0]), quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(table)
    return out.getvalue().encode()


def as_xml(table: list[dict[str, str]]) -> etree._Element:
    """A carriage return as PHP writes it: bare, so that the parser makes a line feed of it."""
    records = [Element("VENDOR", children=tuple(Element(*item) for item in row.items())) for row in table]
    written = write(Element("data", children=tuple(records))).replace("&#13;", "\r")
    return etree.fromstring(written.encode())


def with_line_feeds(table: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{name: "\n".join(re.split("\r\n|\r", text)) for name, text in row.items()} for row in table]


@given(TABLES)
@settings(max_examples=80, deadline=None)
def test_rows_are_equal_in_all_three_formats(table: list[dict[str, str]]) -> None:
    expected = with_line_feeds(table)
    assert rows.read(orjson.dumps(table), "json") == expected
    assert rows.read(json.dumps(table).encode(), "json") == expected
    assert rows.read(as_csv(table), "csv") == expected
    assert rows.from_element(as_xml(table)) == expected


DATATYPES = {"A": "INTEGER", "B": "CURRENCY", "C": "BOOLEAN", "D": "DATE", "E.F": "TIMESTAMP", "G": "TEXT", "H": "NEW"}
CELLS = st.one_of(
    AWKWARD.filter(lambda text: not FORBIDDEN.search(text)),
    NUMBERS,
    st.sampled_from(["true", "false", "T", "F", "02/28/2026", "11/01/2026 01:30:00", "2026-02-28", "1e3", "-0", "NaN"]),
)


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(DATATYPES, CELLS)), max_size=4))
@settings(max_examples=60, deadline=None)
def test_typed_rows_are_equal_in_all_three_formats_whatever_the_fields_hold(table: list[dict[str, str]]) -> None:
    def typed_rows(found: list[dict[str, Any]]) -> list[dict[str, str]]:
        made = Typing("X", DATATYPES.get, UserFormatting(zone=LOS_ANGELES)).apply(found)
        return [{name: repr(value) for name, value in row.items()} for row in made]

    expected = typed_rows(with_line_feeds(table))
    assert typed_rows(rows.read(orjson.dumps(table), "json")) == expected
    assert typed_rows(rows.read(as_csv(table), "csv")) == expected
    assert typed_rows(rows.from_element(as_xml(table))) == expected


@pytest.mark.parametrize("body", [b'[{"A": "x\\r\\ny\\u000Dz\\\\r", "B": {"C": "\\r"}}]'])
def test_line_breaks_are_line_feeds_as_xml_makes_them(body: bytes) -> None:
    assert rows.read(body, "json") == [{"A": "x\ny\nz\\r", "B": {"C": "\r"}}]


def test_nulls_numbers_and_booleans_of_json_are_the_text_that_xml_would_carry() -> None:
    body = b'[{"A": null, "B": 12345678901234567890.10, "C": true, "D": 7, "E": "x", "F": {"G": null, "H": [1.50]}}]'
    assert rows.read(body, "json") == [
        {"A": "", "B": "12345678901234567890.10", "C": "true", "D": "7", "E": "x", "F": {"G": "", "H": ["1.50"]}}
    ]


def test_an_empty_field_that_was_left_out_is_there() -> None:
    assert rows.read(b'[{"A": "1"}, {"A": "2", "B": "x"}]', "json") == [{"A": "1", "B": ""}, {"A": "2", "B": "x"}]
    assert rows.read(b'[{"A": "1"}, {"A": "2"}]', "json", ["A", "B"]) == [{"A": "1", "B": ""}, {"A": "2", "B": ""}]


@pytest.mark.parametrize("body", [b"", b"  \n", b"[]"])
def test_no_rows_of_json_are_no_rows(body: bytes) -> None:
    assert rows.read(body, "json", ["A"]) == []


@pytest.mark.parametrize("body", [b"", b"A,B\r\n", b'"A","B"\n\n'])
def test_no_rows_of_csv_are_no_rows(body: bytes) -> None:
    assert rows.read(body, "csv", ["A", "B"]) == []


@pytest.mark.parametrize("body", [b"upstream connect error", b"NAME\n", b'"A","C"\n"1","2"\n'])
def test_csv_without_the_columns_that_were_asked_for_is_none(body: bytes) -> None:
    with pytest.raises(MalformedReplyError, match="lacks"):
        rows.read(body, "csv", ["A", "B"])


def test_csv_may_begin_with_a_byte_order_mark_and_hold_line_breaks() -> None:
    assert rows.read(b'\xef\xbb\xbfA,B\n"x\ny","""z"", w"\n', "csv") == [{"A": "x\ny", "B": '"z", w'}]


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (b'[{"A": "1"', "json"),
        (b'{"A": "1"}', "json"),
        (b'["A"]', "json"),
        (b'[{"A": "\xff"}]', "json"),
        (b'A,B\n"1', "csv"),
        (b"A,B\n1\n", "csv"),
        (b"A,B\n1,2,3\n", "csv"),
        (b"A\n\xff\n", "csv"),
    ],
)
def test_a_body_that_breaks_off_is_an_error_and_never_fewer_rows(body: bytes, form: Any) -> None:
    with pytest.raises(MalformedReplyError):
        rows.read(body, form)


def test_no_data_is_no_rows() -> None:
    assert rows.from_element(None) == []
    assert rows.from_element(etree.fromstring('<data listtype="V" count="0"/>')) == []


def test_nested_fields_and_owned_lines_of_read_are_rows_within_the_row() -> None:
    data = etree.fromstring(
        """<data><APBILL><RECORDNO>1</RECORDNO>
        <DISPLAYCONTACT><NAME>x</NAME><MAILADDRESS><CITY>y</CITY></MAILADDRESS></DISPLAYCONTACT>
        <PERSONALINFO><CONTACT><NAME>z</NAME></CONTACT></PERSONALINFO>
        <APBILLITEMS><apbillitem><LINE_NO>1</LINE_NO></apbillitem></APBILLITEMS>
        <ENTRIES><GLENTRY><N>1</N></GLENTRY><GLENTRY><N>2</N><M/></GLENTRY></ENTRIES>
        <TAG>a</TAG><TAG>b</TAG><TAG>c</TAG><NONE/></APBILL></data>"""
    )
    assert rows.from_element(data) == [
        {
            "RECORDNO": "1",
            "DISPLAYCONTACT": {"NAME": "x", "MAILADDRESS": {"CITY": "y"}},
            "PERSONALINFO": {"CONTACT": {"NAME": "z"}},
            "APBILLITEMS": [{"LINE_NO": "1"}],
            "ENTRIES": [{"N": "1"}, {"N": "2", "M": ""}],
            "TAG": ["a", "b", "c"],
            "NONE": "",
        }
    ]


def test_records_nested_without_end_are_malformed() -> None:
    depth = 2000  # the parser's own limit is a little above
    deep = f"<data>{'<a>' * depth}{'</a>' * depth}</data>"
    with pytest.raises(MalformedReplyError, match="nested too deeply"):
        rows.from_element(etree.fromstring(deep, etree.XMLParser(huge_tree=True)))


def test_values_that_are_no_records_are_rows_of_their_own_name() -> None:
    data = etree.fromstring(
        '<data><type typename="APBILL">AP Bill</type><type typename="GLBATCH">Journal</type></data>'
    )
    assert rows.from_element(data) == [
        {"@typename": "APBILL", "type": "AP Bill"},
        {"@typename": "GLBATCH", "type": "Journal"},
    ]
    assert rows.from_element(etree.fromstring("<data><application>GL</application></data>")) == [{"application": "GL"}]
    assert rows.from_element(etree.fromstring("<data><V><A>1</A></V><V/></data>")) == [{"A": "1"}, {}]


def test_a_name_that_repeats_in_flat_rows_loses_nothing() -> None:
    data = etree.fromstring("<data><V><A>1</A><A>2</A></V><V><A>3</A><B>4</B></V></data>")
    assert rows.from_element(data) == [{"A": ["1", "2"]}, {"A": "3", "B": "4"}]


# --- typed ----------------------------------------------------------------------------------------------------------

TYPES = {
    "RECORDNO": "INTEGER",
    "NAME": "TEXT",
    "STATE": "ENUM",
    "NUMBER": "SEQUENCE",
    "TOTALDUE": "CURRENCY",
    "RATE": "DECIMAL",
    "SHARE": "PERCENT",
    "ONHOLD": "BOOLEAN",
    "WHENDUE": "DATE",
    "WHENMODIFIED": "TIMESTAMP",
}


def typed(row: dict[str, str], formatting: UserFormatting | None = None, object: str = "APBILL") -> dict[str, Any]:
    return Typing(object, TYPES.get, formatting).apply([row])[0]


def test_values_take_the_type_that_lookup_tells() -> None:
    row = typed(
        {
            "RECORDNO": "12",
            "NAME": "x",
            "STATE": "Posted",
            "NUMBER": "007",
            "TOTALDUE": "1234567890123456.10",
            "RATE": "0.1",
            "SHARE": "5",
            "ONHOLD": "false",
            "WHENDUE": "01/31/2026",
            "WHENMODIFIED": "07/01/2026 00:30:00",
        },
        UserFormatting(zone=LOS_ANGELES),
    )
    assert row == {
        "RECORDNO": 12,
        "NAME": "x",
        "STATE": "Posted",
        "NUMBER": "007",
        "TOTALDUE": Decimal("1234567890123456.10"),
        "RATE": Decimal("0.1"),
        "SHARE": Decimal(5),
        "ONHOLD": False,
        "WHENDUE": date(2026, 1, 31),
        "WHENMODIFIED": datetime(2026, 7, 1, 7, 30, tzinfo=UTC),
    }
    assert [type(value) for value in row.values()] == [
        int,
        str,
        str,
        str,
        Decimal,
        Decimal,
        Decimal,
        bool,
        date,
        datetime,
    ]
    assert row["WHENMODIFIED"].tzinfo is UTC


def test_an_empty_field_is_none_whatever_its_type() -> None:
    assert set(typed(dict.fromkeys(TYPES, "")).values()) == {None}


def test_an_integer_field_with_decimals_keeps_them() -> None:
    made = Typing("X", TYPES.get).apply([{"RECORDNO": "1"}, {"RECORDNO": "2.5"}, {"RECORDNO": "-3"}])
    assert made == [{"RECORDNO": 1}, {"RECORDNO": Decimal("2.5")}, {"RECORDNO": -3}]


@pytest.mark.parametrize("text", ["1_000", "NaN", "Infinity", "sNaN", "\u0661\u0662"])
@pytest.mark.parametrize("column", ["TOTALDUE", "RECORDNO"])
def test_what_only_python_takes_for_a_number_stays_text_and_is_said_once(
    column: str, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        made = Typing("X", TYPES.get).apply([{column: "5"}, {column: text}, {column: text}])
    assert [row[column] for row in made] == [5, text, text]
    assert len(caplog.records) == 1


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False), ("T", True), ("F", False), ("", None)])
def test_booleans_are_read_in_all_their_spellings(text: str, value: bool | None) -> None:
    assert typed({"ONHOLD": text}) == {"ONHOLD": value}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("07/01/2026 12:00:00", datetime(2026, 7, 1, 20, tzinfo=UTC)),
        ("2026-07-01T12:00:00Z", datetime(2026, 7, 1, 12, tzinfo=UTC)),
        ("2026-07-01T12:00:00+02:00", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("07/01/2026 12:05:00 AM", datetime(2026, 7, 1, 8, 5, tzinfo=UTC)),
        ("07/01/2026 12:05 PM", datetime(2026, 7, 1, 20, 5, tzinfo=UTC)),
        ("07/01/2026 01:05:00 pm", datetime(2026, 7, 1, 21, 5, tzinfo=UTC)),
        # A day without a time was chosen by a person; no zone may move it.
        ("07/01/2026", date(2026, 7, 1)),
    ],
)
def test_timestamps_are_utc_in_whatever_form_they_come(text: str, value: object) -> None:
    assert typed({"WHENMODIFIED": text}, UserFormatting(zone=timezone(timedelta(hours=-8)))) == {"WHENMODIFIED": value}


def test_a_named_zone_knows_daylight_saving_where_an_offset_does_not() -> None:
    winter, summer = {"WHENMODIFIED": "01/01/2026 12:00:00"}, {"WHENMODIFIED": "07/01/2026 12:00:00"}
    named = Typing("X", TYPES.get, UserFormatting(zone=LOS_ANGELES)).apply([dict(winter), dict(summer)])
    fixed = Typing("X", TYPES.get, UserFormatting(zone=timezone(timedelta(hours=-8)))).apply([winter, summer])
    assert [row["WHENMODIFIED"].hour for row in named] == [20, 19]
    assert [row["WHENMODIFIED"].hour for row in fixed] == [20, 20]


def test_audit_history_counts_in_gmt() -> None:
    row = typed({"WHENMODIFIED": "07/01/2026 12:00:00"}, UserFormatting(zone=LOS_ANGELES), object="AUDITHISTORY")
    assert row["WHENMODIFIED"] == datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("form", ["-Ymd", ".dmY", "/Ymd", "/mdY"])
def test_a_users_date_format_is_read_beside_the_documented_one(form: str) -> None:
    parts = {"Y": "2026", "m": "01", "d": "31"}
    written = form[0].join(parts[letter] for letter in form[1:])
    made = Typing("X", TYPES.get, UserFormatting(date_format=form)).apply(
        [{"WHENDUE": written}, {"WHENDUE": "01/31/2026"}]
    )
    assert made == [{"WHENDUE": date(2026, 1, 31)}] * 2


def test_a_date_format_that_cannot_be_told_from_the_documented_one_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="typed=False"):
        typed({"WHENDUE": "03/04/2026"}, UserFormatting(date_format="/dmY"))
    assert typed({"NAME": "03/04/2026"}, UserFormatting(date_format="/dmY")) == {"NAME": "03/04/2026"}


def test_an_unknown_type_stays_text_and_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    typing = Typing("X", {"A": "HOLOGRAM"}.get)
    with caplog.at_level(logging.WARNING):
        assert typing.apply([{"A": "x"}, {"A": ""}]) == [{"A": "x"}, {"A": None}]
        typing.apply([{"A": "y"}])
    assert [record.getMessage() for record in caplog.records] == [
        "X.A has the unknown type HOLOGRAM; its values stay text."
    ]


def test_a_value_that_does_not_fit_stays_text_and_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        made = Typing("X", TYPES.get).apply(
            [{"TOTALDUE": "1.10"}, {"TOTALDUE": "::#30#:O:"}, {"TOTALDUE": ""}, {"TOTALDUE": "n/a"}, {"TOTALDUE": "2"}]
        )
    assert [row["TOTALDUE"] for row in made] == [Decimal("1.10"), "::#30#:O:", None, "n/a", Decimal(2)]
    assert [record.getMessage() for record in caplog.records] == [
        "X.TOTALDUE is CURRENCY, but holds values that are not; those stay text."
    ]
    assert typed({"WHENDUE": "soon", "ONHOLD": "perhaps", "WHENMODIFIED": "99/99/2026 00:00:00"}) == {
        "WHENDUE": "soon",
        "ONHOLD": "perhaps",
        "WHENMODIFIED": "99/99/2026 00:00:00",
    }


def test_columns_without_a_known_type_and_nested_rows_are_left_as_they_are() -> None:
    row = {"OTHER": "x", "TOTALDUE": {"A": "1"}, "NAME": ["a"]}
    assert typed(row) == {"OTHER": "x", "TOTALDUE": {"A": "1"}, "NAME": ["a"]}


@given(st.lists(st.fixed_dictionaries({"TOTALDUE": st.decimals(allow_nan=False, allow_infinity=False)}), max_size=4))
def test_no_amount_loses_a_digit_on_its_way(amounts: list[dict[str, Decimal]]) -> None:
    body = json.dumps([{"TOTALDUE": f"{row['TOTALDUE']:f}"} for row in amounts]).encode()
    read = Typing("X", TYPES.get).apply(rows.read(body, "json"))
    assert [f"{row['TOTALDUE']:f}" for row in read] == [f"{row['TOTALDUE']:f}" for row in amounts]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'[{"A":"x","B":":"}]', [{"A": "x", "B": ":"}]),
        (b'[{"A": "x", "B": ":"}]', [{"A": "x", "B": ":"}]),
        (b'[{"A":1,"B":":"}]', [{"A": "1", "B": ":"}]),
        (b'[{"A":12.50,"B":":","C": ":"}]', [{"A": "12.50", "B": ":", "C": ":"}]),
        (b'[{"A":{"B":"x"}}]', [{"A": {"B": "x"}}]),
        (b'[{"A":{"B":1}}]', [{"A": {"B": "1"}}]),
        (b'[{"A":[":"]}]', [{"A": [":"]}]),
        (b'[{"A":null,"A":"x","B":"{["}]', [{"A": "x", "B": "{["}]),
        (b'[{"A":null,"B":"\\":\\""}]', [{"A": "", "B": '":"'}]),
        (b'[{"A":"1\\r\\n2\\u000d3"}]', [{"A": "1\n2\n3"}]),
        (b'[{"A":true},{"A":":"}]', [{"A": "true"}, {"A": ":"}]),
    ],
)
def test_what_is_no_text_is_seen_however_the_texts_look(body: bytes, told: list[dict[str, Any]]) -> None:
    assert rows.read(body, "json") == told
