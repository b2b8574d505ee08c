"""Tables hold what typed rows hold, value by value, whichever way a page came; what does not fit is never changed."""

import csv
import io
import logging
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_intacct.client import rows as pages
from airflow_provider_intacct.client.columns import MOMENTS, NUMBERS, Tables, arrow_schema
from airflow_provider_intacct.client.errors import ColumnTypeError, MalformedReplyError
from airflow_provider_intacct.client.extraction import Column, RawPage
from airflow_provider_intacct.client.values import Typing
from airflow_provider_intacct.client.xml.elements import FORBIDDEN
from airflow_provider_intacct.client.xml.metadata import UserFormatting

LOS_ANGELES = ZoneInfo("America/Los_Angeles")
TYPES = {
    "RECORDNO": "INTEGER",
    "NAME": "TEXT",
    "AMOUNT": "CURRENCY",
    "RATE": "DECIMAL",
    "ONHOLD": "BOOLEAN",
    "WHENDUE": "DATE",
    "WHENMODIFIED": "TIMESTAMP",
}


def columns(types: dict[str, str] = TYPES) -> list[Column]:
    return [Column(name, kind) for name, kind in types.items()]


def csv_of(rows: list[dict[str, str]], quoting: Any = csv.QUOTE_ALL, end: str = "\n") -> bytes:
    if not rows:
        return b""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), quoting=quoting, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def both_ways(rows: list[dict[str, str]]) -> list[RawPage]:
    return [in_csv(csv_of(rows), len(rows)), RawPage("rows", len(rows), rows=[dict(row) for row in rows])]


def in_csv(body: bytes, count: int | None = None, **stamped: str | None) -> RawPage:
    """A page of `count` records; by default each line is one."""
    return RawPage("csv", len(body.splitlines()) - 1 if count is None else count, body, stamped=stamped)


def one(kind: str, text: str, zone: tzinfo = UTC) -> Any:
    """One value of a column of type `kind`, read from CSV; all ways must agree on it."""
    tables = Tables("APBILL", [Column("X", kind)], UserFormatting(zone=zone))
    (value,) = {tables.table(page)["X"][0].as_py() for page in both_ways([{"X": text}])}
    return value


MOMENTS_UTC = st.integers(40_000_000, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
CHANGES = [datetime(2026, 3, 8, 2, tzinfo=UTC), datetime(2026, 11, 1, 2, tzinfo=UTC)]
AROUND_CHANGES = st.builds(
    lambda at, seconds: f"{at + timedelta(seconds=seconds):%m/%d/%Y %H:%M:%S}",
    st.sampled_from(CHANGES),
    st.integers(-7200, 7200),
)


def written(form: str) -> st.SearchStrategy[str]:
    return MOMENTS_UTC.map(lambda at: f"{at:{form}}")


TEXTS = st.text(max_size=12).filter(lambda text: not FORBIDDEN.search(text) and "\r" not in text)
VALUES = {
    "INTEGER": st.integers(-(2**63), 2**63 - 1).map(str) | st.sampled_from(["7.00", " 5", "+5", "1E+2"]),
    "TEXT": TEXTS,
    "CURRENCY": st.decimals(-(10**19), 10**19, places=2).map(str),
    "DECIMAL": st.decimals(-(10**19), 10**19, places=18).map(str) | st.sampled_from([".5", "5.", "1e3", "+1", "1E-18"]),
    "BOOLEAN": st.sampled_from(["true", "false", "T", "F", "True", "False"]),
    "DATE": written("%m/%d/%Y") | written("%Y-%m-%d"),
    "TIMESTAMP": written("%m/%d/%Y %H:%M:%S")
    | written("%Y-%m-%dT%H:%M:%SZ")
    | written("%m/%d/%Y %I:%M %p")
    | written("%m/%d/%Y")
    | AROUND_CHANGES,
}
ROWS = st.fixed_dictionaries({name: VALUES[kind] | st.just("") for name, kind in TYPES.items()})
ZONES = st.sampled_from(
    [UTC, LOS_ANGELES, timezone(timedelta(hours=-8)), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/Havana")]
)


def as_row(value: Any, kind: str) -> Any:
    """A typed row's value as a table holds it: a day in a column of moments is its first."""
    if kind == "TIMESTAMP" and type(value) is date:
        return datetime.combine(value, time(), UTC)
    return value


@given(st.lists(ROWS, min_size=1, max_size=6), ZONES)
@settings(max_examples=200, deadline=None)
def test_tables_hold_what_typed_rows_hold(rows: list[dict[str, str]], zone: tzinfo) -> None:
    formatting = UserFormatting(zone=zone)
    typed = Typing("APBILL", TYPES.get, formatting).apply([dict(row) for row in rows])
    expected = [{name: as_row(value, TYPES[name]) for name, value in row.items()} for row in typed]
    tables = Tables("APBILL", columns(), formatting)
    for page in both_ways(rows):
        assert tables.table(page).to_pylist() == expected


@given(st.lists(st.fixed_dictionaries({"A": TEXTS, "B": TEXTS}), min_size=1, max_size=5))
@settings(max_examples=100, deadline=None)
def test_text_comes_through_csv_unchanged(rows: list[dict[str, str]]) -> None:
    tables = Tables("X", [Column("A", "TEXT"), Column("B", "ENUM")])
    expected = [{name: text or None for name, text in row.items()} for row in rows]
    for body in (csv_of(rows), csv_of(rows, csv.QUOTE_MINIMAL, "\r\n"), b"\xef\xbb\xbf" + csv_of(rows)):
        assert tables.table(in_csv(body, len(expected))).to_pylist() == expected


def test_line_breaks_within_text_are_as_rows_have_them() -> None:
    body = b'"A","B"\r\n"x\r\ny","p\rq"\r\n'
    table = Tables("X", [Column("A", "TEXT"), Column("B", "TEXT")]).table(in_csv(body))
    assert table.to_pylist() == pages.read(body, "csv", ["A", "B"]) == [{"A": "x\ny", "B": "p\nq"}]


def test_the_schema_follows_from_the_datatypes_alone() -> None:
    schema = arrow_schema([*columns(), Column("ODD", "QUATERNION")])
    assert schema.types == [
        *(pa.int64(), pa.string(), NUMBERS, NUMBERS, pa.bool_(), pa.date32(), MOMENTS, pa.string()),
    ]
    assert schema.field("AMOUNT").metadata == {b"intacct.datatype": b"CURRENCY"}
    full = dict.fromkeys(TYPES, "")
    tables = Tables("APBILL", columns())
    for page in (*both_ways([full]), *both_ways([])):
        assert tables.table(page).schema.equals(tables.schema, check_metadata=True)


def test_an_unknown_type_is_text_and_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        tables = Tables("APBILL", [Column("ODD", "QUATERNION")])
        for _ in range(2):
            assert tables.table(in_csv(b"ODD\n1+i\n")).to_pylist() == [{"ODD": "1+i"}]
    assert len(caplog.records) == 1


@pytest.mark.parametrize("kind", [kind for kind in VALUES if kind != "TEXT"])
@pytest.mark.parametrize("text", ["abc", "0x10", "1_0", "NaN", "\u0661", "13/13/2026", "13/13/2026 10:00:00"])
def test_a_value_that_is_none_of_its_type_is_named_and_not_guessed_at(kind: str, text: str) -> None:
    for page in both_ways([{"X": text}]):
        with pytest.raises(ColumnTypeError, match=f"APBILL.X is {kind}") as error:
            Tables("APBILL", [Column("X", kind)]).table(page)
        assert text in str(error.value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("CURRENCY", "0.0000000000000000001"),
        ("CURRENCY", "1E-20"),
        ("DECIMAL", "100000000000000000000"),
        ("DECIMAL", "-170000000000000000000.5"),
        ("DECIMAL", "1" + "0" * 40),
        ("INTEGER", "1.5"),
        ("INTEGER", "9223372036854775808"),
    ],
)
def test_a_number_that_does_not_fit_is_never_rounded(kind: str, text: str) -> None:
    for page in both_ways([{"X": "1"}, {"X": text}]):
        with pytest.raises(ColumnTypeError, match="cannot hold"):
            Tables("APBILL", [Column("X", kind)]).table(page)


def test_numbers_keep_all_their_digits() -> None:
    assert one("CURRENCY", "99999999999999999999.999999999999999999") == Decimal(
        "99999999999999999999.999999999999999999"
    )
    assert one("DECIMAL", "1.50000000000000000000000") == Decimal("1.5")
    assert one("INTEGER", "12.00") == 12


def test_times_are_in_the_users_zone_in_summer_and_in_winter() -> None:
    assert one("TIMESTAMP", "01/15/2026 10:00:00", LOS_ANGELES) == datetime(2026, 1, 15, 18, tzinfo=UTC)
    assert one("TIMESTAMP", "07/15/2026 10:00:00", LOS_ANGELES) == datetime(2026, 7, 15, 17, tzinfo=UTC)
    assert one("TIMESTAMP", "03/08/2026 01:59:59", LOS_ANGELES) == datetime(2026, 3, 8, 9, 59, 59, tzinfo=UTC)
    assert one("TIMESTAMP", "03/08/2026 03:00:00", LOS_ANGELES) == datetime(2026, 3, 8, 10, tzinfo=UTC)


def test_a_column_that_the_page_has_besides_is_left_out() -> None:
    table = Tables("X", [Column("B", "TEXT")]).table(in_csv(b'"RECORDNO","B"\n"1","x"\n'))
    assert table.to_pylist() == [{"B": "x"}]


def test_names_are_found_in_whatever_case_and_aggregates_as_they_come_back() -> None:
    wanted = [Column("Name", "TEXT"), Column("SUM(AMOUNT)", "DECIMAL")]
    table = Tables("X", wanted).table(in_csv(b"NAME,SUM.AMOUNT\nx,1.10\n"))
    assert table.to_pylist() == [{"Name": "x", "SUM(AMOUNT)": Decimal("1.10")}]


@pytest.mark.parametrize("body", [b"", b"A,B\r\n", b'"A","B"\n\n', b"A,B"])
def test_a_page_without_rows_is_an_empty_table(body: bytes) -> None:
    tables = Tables("X", [Column("A", "TEXT"), Column("B", "CURRENCY")])
    assert tables.table(in_csv(body)).num_rows == 0


@pytest.mark.parametrize("body", [b"upstream connect error", b"A\n", b'"A","C"\n"1","2"\n', b" \n"])
def test_csv_without_the_columns_is_none(body: bytes) -> None:
    with pytest.raises(MalformedReplyError, match="lacks the columns"):
        Tables("X", [Column("A", "TEXT"), Column("B", "TEXT")]).table(in_csv(body))


@pytest.mark.parametrize(
    "body",
    [b'A,B\n"1', b'A,B\n1,"2\n', b'A,B\n1,"2\n3,4\n', b"A,B\n1\n", b"A,B\n1,2,3\n", b"A,B\n\xff,1\n", b"A,B\n1,2\n3\n"],
)
def test_csv_that_breaks_off_is_an_error_and_never_fewer_rows(body: bytes) -> None:
    tables = Tables("X", [Column("A", "TEXT"), Column("B", "TEXT")])
    with pytest.raises(MalformedReplyError):
        tables.table(in_csv(body))
    with pytest.raises(MalformedReplyError):
        pages.read(body, "csv", ["A", "B"])


def test_a_nested_value_is_refused_and_not_flattened() -> None:
    with pytest.raises(ColumnTypeError, match="cannot hold"):
        Tables("X", [Column("A", "TEXT")]).table(RawPage("rows", 1, rows=[{"A": {"B": "1"}}]))


def test_what_is_stamped_on_the_records_is_a_column() -> None:
    wanted = [Column("A", "CURRENCY"), Column("ENTITY", "TEXT")]
    for entity in ("100", None):
        rows = Tables("X", wanted).table(in_csv(b"A\n1.5\n2\n", ENTITY=entity)).to_pylist()
        assert rows == [{"A": Decimal("1.5"), "ENTITY": entity}, {"A": Decimal(2), "ENTITY": entity}]
    assert Tables("X", wanted).table(in_csv(b"", ENTITY="100")).num_rows == 0
