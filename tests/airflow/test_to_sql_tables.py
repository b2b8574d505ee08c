"""Rows into tables of a real PostgreSQL and SQLite, without Intacct: types, odd values, changed tables, deletes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

from airflow_provider_intacct.transfers import merging
from airflow_provider_intacct.transfers.database import connected
from airflow_provider_intacct.transfers.loading import Deletes, Load, Loaded, Method, Target
from airflow_provider_intacct.transfers.tables import (
    ColumnNames,
    TableError,
    TableName,
    load_columns,
    table_name,
    target_table,
)
from tests.airflow.databases import Database
from tests.postgres import PostgresDatabase

FIELDS = {
    "RECORDNO": "INTEGER",
    "VENDORID": "TEXT",
    "TOTALDUE": "CURRENCY",
    "LINES": "INTEGER",
    "ONHOLD": "BOOLEAN",
    "WHENDUE": "DATE",
    "WHENMODIFIED": "TIMESTAMP",
}
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
ROW = {
    "RECORDNO": 7,
    "VENDORID": "V7",
    "TOTALDUE": Decimal("1234567890123456.10"),
    "LINES": 3,
    "ONHOLD": True,
    "WHENDUE": date(2026, 1, 31),
    "WHENMODIFIED": NOON,
}
KEYS = [(f"{number}", NOON) for number in (1, 2)]


def load(
    rows: Iterable[Sequence[Mapping[str, Any]]],
    *,
    fields: Mapping[str, str] = FIELDS,
    table: str = "bills",
    key: Sequence[str] = ("RECORDNO",),
    names: ColumnNames = "lower",
    types: Mapping[str, str] | None = None,
    method: Method = "absence",
    deletes: Deletes = "apply",
    keys: Iterable[tuple[str, datetime | None]] | None = None,
    told_by: str = "RECORDNO",
    scope: str = "all",
    object: str = "APBILL",
) -> Loaded:
    """Load pages of rows through the connection `warehouse`."""
    with connected("warehouse") as connection:
        described = [SimpleNamespace(name=name, datatype=datatype) for name, datatype in fields.items()]
        columns = load_columns(described, key, connection.dialect, names=names, types=types)  # type: ignore[arg-type]
        target = Target(table_name(table, connection.dialect), columns, object, scope, deletes=deletes)
        each = Load(connection, target, method)
        each.check()
        for page in rows:
            each.stage.add(page)
        staged = None
        if keys is not None:
            staged = each.staged_keys(told_by)
            staged.add(keys)
        return each.apply({}, staged)


def numbered(*numbers: int, **changes: Any) -> list[dict[str, Any]]:
    return [{**ROW, "RECORDNO": number, **changes} for number in numbers]


def counts(loaded: Loaded) -> tuple[int, int, int]:
    return loaded.inserted, loaded.updated, loaded.deleted


def refusal(*pages: Sequence[Mapping[str, Any]], **arguments: Any) -> str:
    with pytest.raises(TableError) as error:
        load(pages, **arguments)
    return str(error.value)


def test_every_type_arrives_exactly_in_postgresql(postgres: PostgresDatabase) -> None:
    load([[ROW]])
    assert postgres.query("SELECT * FROM bills") == [tuple(ROW.values())]
    types = postgres.query("SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'bills'")
    assert dict(types) == {
        "recordno": "bigint",
        "vendorid": "text",
        "totaldue": "numeric",
        "lines": "numeric",
        "onhold": "boolean",
        "whendue": "date",
        "whenmodified": "timestamp with time zone",
    }


def test_every_type_arrives_exactly_in_sqlite(sqlite: Database) -> None:
    load([[ROW, {**ROW, "RECORDNO": 8, "LINES": Decimal("0.1"), "TOTALDUE": Decimal("0.10")}]])
    found = sqlite.query("SELECT totaldue, lines, onhold, whendue, whenmodified FROM bills ORDER BY recordno")
    assert found == [
        ("1234567890123456.10", 3, 1, "2026-01-31", "2026-07-01 12:00:00+00:00"),
        ("0.10", "0.1", 1, "2026-01-31", "2026-07-01 12:00:00+00:00"),
    ]
    assert sqlite.query("SELECT julianday(whenmodified) - julianday('2026-07-01 12:00:00') FROM bills") == [(0.0,)] * 2


def test_empty_fields_become_null(database: Database) -> None:
    load([[{**dict.fromkeys(FIELDS), "RECORDNO": 1}]])
    assert database.query("SELECT * FROM bills") == [(1, None, None, None, None, None, None)]


@pytest.mark.parametrize(
    "odd",
    [
        'O\'Brien "and" sons',
        "back\\slash \\N \\.",
        "two\nlines\r\nand\ttab",
        "",
        "größer 株式会社 🧾",
        "NULL",
        "\\N",
        " x ",
        "a,b;%s?:x",
    ],
)
def test_odd_characters_arrive_as_they_are(database: Database, odd: str) -> None:
    load([numbered(1, VENDORID=odd)])
    assert database.query("SELECT vendorid FROM bills") == [(odd,)]


def test_a_nul_that_postgresql_cannot_store_is_told_with_record_and_field(postgres: PostgresDatabase) -> None:
    message = refusal(numbered(1), numbered(2, VENDORID="a\0b"))
    assert "RECORDNO 2" in message
    assert "VENDORID" in message
    assert not postgres.query("SELECT to_regclass('bills')")[0][0]


def test_a_value_that_does_not_fit_its_type_is_told_and_text_can_be_asked_for(database: Database) -> None:
    message = refusal(numbered(1, TOTALDUE="n/a"))
    assert "RECORDNO 1: TOTALDUE is CURRENCY, but holds 'n/a'" in message
    load([numbered(1, TOTALDUE="n/a"), numbered(2)], types={"TOTALDUE": "TEXT"})
    found = database.query("SELECT totaldue FROM bills ORDER BY recordno")
    assert found == [("n/a",), ("1234567890123456.10",)]


def test_a_day_in_a_timestamp_column_stays_that_day_in_utc(database: Database) -> None:
    load([numbered(1, WHENMODIFIED=date(2026, 3, 1))])
    ((found,),) = database.query("SELECT whenmodified FROM bills")
    assert str(found).startswith("2026-03-01 00:00:00+00:00")


def test_a_second_load_counts_what_it_inserted_changed_and_deleted(database: Database) -> None:
    assert counts(load([numbered(1, 2, 3)])) == (3, 0, 0)
    assert counts(load([numbered(1), numbered(2, ONHOLD=False), numbered(4)])) == (1, 1, 1)
    assert database.query("SELECT recordno FROM bills ORDER BY 1") == [(1,), (2,), (4,)]
    assert counts(load([numbered(1), numbered(2, ONHOLD=False), numbered(4)])) == (0, 0, 0)


def test_no_rows_make_the_table_and_empty_it(database: Database) -> None:
    assert counts(load([])) == (0, 0, 0)
    assert database.query("SELECT * FROM bills") == []
    load([numbered(1)])
    assert counts(load([])) == (0, 0, 1)


def test_of_a_record_that_came_twice_the_later_one_counts(database: Database) -> None:
    load([numbered(1, 2, VENDORID="old"), numbered(2, VENDORID="new"), numbered(1, VENDORID="newer")])
    assert database.query("SELECT recordno, vendorid FROM bills ORDER BY 1") == [(1, "newer"), (2, "new")]


def test_told_deletes_are_applied_but_not_to_what_was_read(database: Database) -> None:
    load([numbered(1, 2, 3)])
    loaded = load([numbered(2, VENDORID="alive")], method="audit", keys=KEYS)
    assert counts(loaded) == (0, 1, 1)
    assert database.query("SELECT recordno FROM bills ORDER BY 1") == [(2,), (3,)]


def test_what_is_not_among_all_keys_is_deleted(database: Database) -> None:
    load([numbered(1, 2, 3)])
    assert counts(load([numbered(4)], method="key_set", keys=[("1", None), ("3", None), ("4", None)])) == (1, 0, 1)
    assert database.query("SELECT recordno FROM bills ORDER BY 1") == [(1,), (3,), (4,)]


def test_lines_are_deleted_that_their_parent_no_longer_has(database: Database) -> None:
    fields = {"RECORDNO": "INTEGER", "BILLKEY": "INTEGER"}
    lines = [{"RECORDNO": number, "BILLKEY": number // 10} for number in (11, 12, 21, 31)]
    load([lines], fields=fields, object="APBILLITEM")
    gone = [("1", None), ("3", NOON)]
    load([lines[:1]], fields=fields, object="APBILLITEM", method="parent", told_by="BILLKEY", keys=gone)
    assert database.query("SELECT recordno FROM bills ORDER BY 1") == [(11,), (21,)]


def test_deleted_records_can_be_marked_with_the_time_and_come_back(database: Database) -> None:
    load([numbered(1, 2, 3)], deletes="mark")
    assert counts(load([], method="audit", deletes="mark", keys=KEYS)) == (0, 0, 2)
    marks = dict(database.query("SELECT recordno, _deleted_at FROM bills"))
    assert str(marks[1]) == "2026-07-01 12:00:00+00:00"
    assert marks[3] is None
    assert counts(load([numbered(1)], method="audit", deletes="mark", keys=[])) == (0, 1, 0)
    assert database.query("SELECT count(*) FROM bills WHERE _deleted_at IS NULL") == [(2,)]
    assert counts(load([numbered(1, 3)], deletes="mark")) == (0, 0, 0)


def test_ignored_deletes_leave_every_row(database: Database) -> None:
    load([numbered(1, 2)])
    assert counts(load([numbered(3)], deletes="ignore")) == (1, 0, 0)
    assert database.query("SELECT count(*) FROM bills") == [(3,)]


def test_absence_is_no_proof_in_a_table_that_another_filter_filled(database: Database) -> None:
    load([numbered(1, 2)], scope="STATE = 'Paid'")
    message = refusal(numbered(3), scope="STATE = 'Open'")
    assert "STATE = 'Paid'" in message
    assert "STATE = 'Open'" in message
    assert 'deletes="ignore"' in message
    assert counts(load([numbered(3)], scope="STATE = 'Open'", method="audit", keys=[])) == (1, 0, 0)
    assert counts(load([numbered(3)], scope="STATE = 'Open'", deletes="ignore")) == (0, 0, 0)


def test_another_objects_records_are_not_mixed_in(database: Database) -> None:
    load([numbered(1)])
    assert "holds APBILL records" in refusal(numbered(2), object="VENDOR")


def test_a_new_field_becomes_a_new_column(database: Database) -> None:
    load([numbered(1)])
    loaded = load([numbered(1, MEMO="hello")], fields={**FIELDS, "MEMO": "TEXT", "RATE": "PERCENT"})
    assert str(loaded.changes) == "column memo added, column rate added"
    assert str(loaded.drift) == "2 columns are new: MEMO (TEXT), RATE (PERCENT)"
    assert database.query("SELECT recordno, memo, rate FROM bills") == [(1, "hello", None)]


def test_a_field_no_longer_read_keeps_its_column(database: Database) -> None:
    load([numbered(1)])
    load([[{"RECORDNO": 1, "VENDORID": "V"}]], fields={"RECORDNO": "INTEGER", "VENDORID": "TEXT"})
    ((vendor, due),) = database.query("SELECT vendorid, whendue FROM bills")
    assert (vendor, str(due)) == ("V", "2026-01-31")


def test_a_column_of_another_type_is_refused_with_both_types_before_anything_changes(database: Database) -> None:
    load([numbered(1)])
    message = refusal(numbered(2), fields={**FIELDS, "WHENDUE": "TEXT", "VENDORID": "DECIMAL", "MEMO": "TEXT"})
    assert "Column whendue: WHENDUE is TEXT and needs TEXT, the column is DATE" in message
    assert "Column vendorid: VENDORID is DECIMAL and needs" in message
    assert 'column_types={"VENDORID": "TEXT"}' in message
    assert len(database.query("SELECT * FROM bills")[0]) == len(FIELDS)
    load([numbered(2, VENDORID=Decimal("1.50"))], fields={**FIELDS, "VENDORID": "DECIMAL"}, types={"VENDORID": "TEXT"})
    assert database.query("SELECT vendorid FROM bills WHERE recordno = 2") == [("1.50",)]


def test_narrow_columns_are_widened_in_postgresql(postgres: PostgresDatabase) -> None:
    postgres.query(
        "CREATE TABLE bills (recordno int PRIMARY KEY, vendorid varchar(3), totaldue numeric(8,2), lines int)"
    )
    loaded = load([numbered(5_000_000_000, VENDORID="longer")])
    assert loaded.changes.widen == ("recordno", "vendorid", "totaldue", "lines")
    assert postgres.query("SELECT recordno, vendorid, totaldue FROM bills") == [
        (5_000_000_000, "longer", ROW["TOTALDUE"])
    ]


@pytest.mark.parametrize("declared", ["double precision", "money", "json", "timestamp"])
def test_a_column_that_would_lose_money_or_zone_is_refused(postgres: PostgresDatabase, declared: str) -> None:
    postgres.query(f"CREATE TABLE bills (recordno bigint PRIMARY KEY, totaldue {declared})")
    assert "TOTALDUE is CURRENCY and needs NUMERIC" in refusal(numbered(1))


def test_a_view_is_refused(database: Database) -> None:
    load([numbered(1)])
    database.query("CREATE VIEW open_bills AS SELECT * FROM bills")
    assert "open_bills is a view" in refusal(numbered(2), table="open_bills")


def test_a_column_that_differs_in_case_only_is_refused_where_that_makes_no_difference(sqlite: Database) -> None:
    sqlite.query("CREATE TABLE bills (RECORDNO bigint PRIMARY KEY, VENDORID text)")
    fields = {"RECORDNO": "INTEGER", "VENDORID": "TEXT"}
    assert "Column VENDORID: VENDORID is loaded into vendorid" in refusal(numbered(1), fields=fields)
    assert counts(load([numbered(1)], fields=fields, names="intacct")) == (1, 0, 0)


def test_a_table_with_another_key_is_refused(database: Database) -> None:
    database.query("CREATE TABLE bills (recordno bigint, vendorid text PRIMARY KEY)")
    assert "primary key (vendorid), the records have (recordno)" in refusal(numbered(1))


@pytest.mark.parametrize("deletes", ["apply", "mark", "ignore"])
def test_a_table_that_has_no_column_of_the_key_is_left_as_it_is(database: Database, deletes: Deletes) -> None:
    database.query("CREATE TABLE bills (vendorid text, amount text)")
    database.query("INSERT INTO bills VALUES ('ours', '1')")
    assert "bills has no column recordno, by which APBILL records are told apart" in refusal(
        numbered(1), deletes=deletes
    )
    assert database.query("SELECT * FROM bills") == [("ours", "1")]


def test_rows_that_no_load_brought_are_not_taken_for_deleted_records(database: Database) -> None:
    database.query("CREATE TABLE bills (recordno bigint PRIMARY KEY, vendorid text)")
    database.query("INSERT INTO bills VALUES (1, 'ours'), (9, 'ours')")
    fields = {"RECORDNO": "INTEGER", "VENDORID": "TEXT"}
    message = refusal(numbered(1), fields=fields)
    assert "bills holds rows that no load recorded in _intacct_loads has brought" in message
    assert 'deletes="ignore"' in message
    assert database.query("SELECT vendorid FROM bills") == [("ours",), ("ours",)]
    assert counts(load([numbered(1)], fields=fields, deletes="ignore")) == (0, 1, 0)
    assert counts(load([numbered(1)], fields=fields)) == (0, 0, 1)


def test_rows_that_no_load_brought_are_not_replaced_by_records_without_a_key(database: Database) -> None:
    database.query("CREATE TABLE bills (vendorid text)")
    database.query("INSERT INTO bills VALUES ('ours')")
    assert "holds rows that no load" in refusal(numbered(1), fields={"VENDORID": "TEXT"}, key=())
    assert database.query("SELECT * FROM bills") == [("ours",)]


def test_an_empty_table_made_by_hand_is_filled(database: Database) -> None:
    database.query("CREATE TABLE bills (recordno bigint PRIMARY KEY, vendorid text)")
    assert counts(load([numbered(1)], fields={"RECORDNO": "INTEGER", "VENDORID": "TEXT"})) == (1, 0, 0)


def test_a_table_of_a_schema_is_made_there_with_its_record(postgres: PostgresDatabase) -> None:
    assert "There is no schema raw" in refusal(numbered(1), table="raw.bills")
    postgres.query("CREATE SCHEMA raw")
    load([numbered(1)], table="raw.bills")
    assert postgres.query("SELECT recordno FROM raw.bills") == [(1,)]
    assert postgres.query("SELECT table_name FROM raw._intacct_loads") == [("bills",)]


@pytest.mark.parametrize("table", ["", "a.b.c", ".bills", " bills", "bi\nlls", "b" * 64])
def test_what_is_no_table_name_is_refused(postgres: PostgresDatabase, table: str) -> None:
    refusal(numbered(1), table=table)


def test_names_are_quoted_whatever_they_are(database: Database) -> None:
    table = 'order"; DROP TABLE users; --'
    database.query("CREATE TABLE users (a int)")
    fields = {
        "RECORDNO": "INTEGER",
        "USER": "TEXT",
        "Select": "TEXT",
        'A"B': "TEXT",
        "VENDOR.NAME": "TEXT",
        "%S": "TEXT",
    }
    row = {"RECORDNO": 1, "USER": "u", "Select": "s", 'A"B': "q", "VENDOR.NAME": "n", "%S": "p"}
    for _ in range(2):
        load([[row]], fields=fields, table=table)
        load([[{**row, "MORE%:X": "m"}]], fields={**fields, "MORE%:X": "TEXT"}, table=table)
    quoted = table.replace('"', '""')
    found = database.query(f'SELECT "user", "select", "a""b", vendor__name FROM "{quoted}"')
    assert found == [("u", "s", "q", "n")]
    assert database.query("SELECT * FROM users") == []


def test_names_can_stay_as_intacct_spells_them(database: Database) -> None:
    load([numbered(1)], names="intacct")
    assert database.query('SELECT "RECORDNO", "VENDORID" FROM bills') == [(1, "V7")]


def test_two_fields_that_would_share_a_column_are_refused(database: Database) -> None:
    fields = {"RECORDNO": "INTEGER", "VENDOR.NAME": "TEXT", "VENDOR__NAME": "TEXT"}
    assert "VENDOR__NAME and VENDOR.NAME would both be" in refusal(fields=fields)
    assert "the mark of deleted records" in refusal(fields={"RECORDNO": "INTEGER", "_DELETED_AT": "TEXT"})


def test_each_load_leaves_its_record(database: Database) -> None:
    load([numbered(1, 2)])
    load([numbered(2, 3)])
    found = database.query(
        "SELECT object, rows_read, rows_inserted, rows_deleted, deletes, schema FROM _intacct_loads ORDER BY loaded_at"
    )
    assert [tuple(map(str, row[:5])) for row in found] == [
        ("APBILL", "2", "2", "0", "absence"),
        ("APBILL", "2", "1", "1", "absence"),
    ]
    assert json.loads(found[0][5]) == FIELDS


def test_a_load_that_fails_in_the_middle_leaves_the_table_as_it_was(database: Database) -> None:
    load([numbered(1)])
    refusal(numbered(2), numbered(3, LINES="x"), fields={**FIELDS, "MEMO": "TEXT"})
    assert database.query("SELECT * FROM bills") != []
    assert len(database.query("SELECT * FROM bills")[0]) == len(FIELDS)
    assert database.query("SELECT count(*) FROM _intacct_loads") == [(1,)]


def test_records_without_a_key_replace_what_was_there(database: Database) -> None:
    load([numbered(1, 1, 2)], key=())
    assert counts(load([numbered(5, 5)], key=())) == (2, 0, 3)
    assert database.query("SELECT recordno FROM bills") == [(5,), (5,)]
    assert "no key" in refusal(numbered(1), key=(), deletes="ignore")
    assert "no key" in refusal(numbered(1), key=(), deletes="mark")
    assert "was also loaded with all" in refusal(numbered(1), key=(), scope="another")


def test_two_tasks_that_make_a_table_at_the_same_time_take_turns(database: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        pages = [[numbered(*range(first, first + 50))] for first in (1, 26, 51, 76)]
        loads = list(pool.map(lambda page: load(page, deletes="ignore"), pages))
        others = list(pool.map(lambda table: load([numbered(1)], table=table), ["b1", "b2", "b3"]))
    assert sum(each.inserted for each in loads) == 125
    assert database.query("SELECT count(*) FROM bills") == [(125,)]
    assert [counts(each) for each in others] == [(1, 0, 0)] * 3


def test_a_table_dropped_by_hand_begins_anew(database: Database) -> None:
    load([numbered(1)], scope="one filter")
    database.query("DROP TABLE bills")
    for inserted in (2, 0):
        assert counts(load([numbered(1, 2)], scope="another")) == (inserted, 0, 0)
    assert len(database.query("SELECT * FROM _intacct_loads")) == 2


class Recorder:
    """A connection that compiles what it is given for a dialect, as no server of it is at hand."""

    def __init__(self, dialect: Any) -> None:
        self.dialect = dialect
        self.statements: list[str] = []

    def execute(self, statement: Any) -> SimpleNamespace:
        self.statements.append(str(statement.compile(dialect=self.dialect)))
        return SimpleNamespace(rowcount=0)


@pytest.mark.parametrize(
    ("name", "update", "money", "text_key"),
    [
        ("mysql", "UPDATE bills, stage SET", "NUMERIC(38, 10)", "VARCHAR(255)"),
        ("mssql", "FROM bills, stage WHERE", "NUMERIC(38, 10)", "VARCHAR(255)"),
        ("postgresql", "FROM stage WHERE", "NUMERIC", "TEXT"),
    ],
)
def test_other_databases_get_statements_in_their_own_words(name: str, update: str, money: str, text_key: str) -> None:
    dialect = sa.make_url(f"{name}://").get_dialect()()
    described = [SimpleNamespace(name=field, datatype=datatype) for field, datatype in FIELDS.items()]
    columns = load_columns(described, ["VENDORID"], dialect)  # type: ignore[arg-type]
    table = target_table(TableName("bills"), columns, dialect)
    stage = SimpleNamespace(table=table.to_metadata(sa.MetaData(), name="stage"), columns=columns)
    recorder: Any = Recorder(dialect)
    merging.upsert(recorder, table, stage)  # type: ignore[arg-type]
    merging.delete(recorder, table, [merging.not_staged(table, stage)])  # type: ignore[arg-type]
    words = [" ".join(statement.split()) for statement in recorder.statements]
    assert update in words[0]
    assert words[1].startswith("INSERT INTO bills")
    assert words[2].startswith("DELETE FROM bills")
    made = " ".join(str(CreateTable(table).compile(dialect=dialect)).split())
    assert f"totaldue {money}" in made
    assert f"vendorid {text_key} NOT NULL" in made


ODD = {**ROW, "RECORDNO": 8, "VENDORID": "a\\b\t\"c\"\n'd' %s 株"}


def check_odd(postgres: PostgresDatabase) -> None:
    for _ in range(2):
        load([[ROW, ODD], [{**dict.fromkeys(FIELDS), "RECORDNO": 9}]])
    assert counts(load([[ROW]], method="audit", deletes="mark", keys=[("8", NOON)])) == (0, 0, 1)
    found = postgres.query("SELECT * FROM bills ORDER BY recordno")
    assert [row[: len(FIELDS)] for row in found] == [tuple(ROW.values()), tuple(ODD.values()), (9, *[None] * 6)]
    assert found[1][-1] == NOON


def test_the_older_driver_copies_the_same(postgres: PostgresDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow.providers.postgres.hooks.postgres.USE_PSYCOPG3", False)
    with connected("warehouse") as connection:
        assert connection.dialect.driver == "psycopg2"
    check_odd(postgres)


def test_a_driver_without_copy_loads_the_same(postgres: PostgresDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow_provider_intacct.transfers.staging.COPIES", frozenset())
    check_odd(postgres)


@pytest.mark.parametrize("older", [False, True])
def test_a_connection_that_asks_for_dicts_serves_too(
    postgres: PostgresDatabase, monkeypatch: pytest.MonkeyPatch, older: bool
) -> None:
    monkeypatch.setattr("airflow.providers.postgres.hooks.postgres.USE_PSYCOPG3", not older)
    described = {**json.loads(postgres.connection), "extra": {"cursor": "dictcursor"}}
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps(described))
    check_odd(postgres)
