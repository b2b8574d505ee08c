"""What PEP 249 promises: cursors, descriptions, fetching page by page, parameters, exceptions, closing."""

import threading
from datetime import UTC, date, datetime
from typing import Any

import pytest

from airflow_provider_intacct.client import dbapi, errors
from tests.unit.client.dbapi.ledger import Ledger, Rows

DETAILS: Rows = [(number, "1000", None, number, 1, "2026-01-31") for number in range(1, 101)]


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(DETAILS)


@pytest.fixture
def cursor(ledger: Ledger) -> dbapi.Cursor:
    return dbapi.connect(ledger).cursor()  # type: ignore[arg-type]


def test_the_module_says_what_it_is() -> None:
    assert (dbapi.apilevel, dbapi.threadsafety, dbapi.paramstyle) == ("2.0", 2, "pyformat")


@pytest.mark.parametrize(
    "name",
    [
        *("Warning", "Error", "InterfaceError", "DatabaseError", "DataError", "OperationalError"),
        *("IntegrityError", "InternalError", "ProgrammingError", "NotSupportedError"),
    ],
)
def test_every_exception_of_pep_249_is_there_and_on_the_connection(name: str) -> None:
    assert getattr(dbapi.Connection, name) is getattr(dbapi, name)
    kind = getattr(dbapi, name)
    assert name == "Warning" or issubclass(kind, dbapi.Error)
    assert name in ("Warning", "Error", "InterfaceError") or issubclass(kind, dbapi.DatabaseError)


def test_every_exception_is_an_intacct_error_too() -> None:
    assert issubclass(dbapi.Error, errors.IntacctError)


def test_the_description_has_names_and_type_codes_before_a_row_is_fetched(cursor: dbapi.Cursor) -> None:
    cursor.execute(
        "SELECT recordno, AMOUNT AS a, VENDOR.NAME, ENTRY_DATE, 'x' AS x, 1.5, TRUE, NULL FROM DETAIL LIMIT 0"
    )
    assert cursor.description is not None
    assert [column[:2] for column in cursor.description] == [
        ("RECORDNO", "INTEGER"),
        ("a", "CURRENCY"),
        ("VENDOR.NAME", "TEXT"),
        ("ENTRY_DATE", "DATE"),
        ("x", "TEXT"),
        ("1.5", "DECIMAL"),
        ("TRUE", "BOOLEAN"),
        ("NULL", "TEXT"),
    ]
    assert all(column[2:] == (None,) * 5 for column in cursor.description)


def test_the_description_of_aggregates(cursor: dbapi.Cursor) -> None:
    cursor.execute(
        "SELECT COUNT(*), SUM(TR_TYPE) AS s, MIN(ENTRY_DATE), MAX(AMOUNT), COUNT(*) > 1, COUNT(*) + 1, "
        "CASE WHEN COUNT(*) > 1 THEN 'a' END, COALESCE(MIN(ENTRY_DATE), DATE '2026-01-01') FROM DETAIL"
    )
    assert cursor.description is not None
    assert [column[1] for column in cursor.description] == (
        ["INTEGER", "DECIMAL", "DATE", "CURRENCY", "BOOLEAN", "INTEGER", "TEXT", "DATE"]
    )
    assert [column[0] for column in cursor.description][:3] == ["COUNT(*)", "s", "MIN(ENTRY_DATE)"]


def test_type_codes_equal_the_type_objects_of_their_kind() -> None:
    assert dbapi.NUMBER == "CURRENCY"
    assert dbapi.NUMBER == "INTEGER"
    assert dbapi.STRING == "TEXT"
    assert dbapi.DATETIME == "TIMESTAMP"
    assert dbapi.STRING != "DATE"
    assert dbapi.BINARY != "TEXT"
    assert dbapi.ROWID != "INTEGER"
    assert dbapi.NUMBER != dbapi.STRING
    assert repr(dbapi.NUMBER) == "NUMBER"
    assert len({dbapi.NUMBER, dbapi.STRING, dbapi.NUMBER}) == 2


def test_the_constructors_of_pep_249() -> None:
    assert dbapi.Date(2026, 1, 31) == date(2026, 1, 31)
    assert dbapi.TimestampFromTicks(0) == datetime(1970, 1, 1, tzinfo=UTC)
    assert dbapi.DateFromTicks(86400) == date(1970, 1, 2)
    assert dbapi.TimeFromTicks(3661).isoformat() == "01:01:01"


def test_rows_are_fetched_one_by_one_some_and_all(cursor: dbapi.Cursor) -> None:
    assert cursor.execute("SELECT RECORDNO FROM DETAIL") is cursor
    assert cursor.rowcount == -1
    assert cursor.fetchone() == (1,)
    assert cursor.fetchmany() == [(2,)]
    cursor.arraysize = 3
    assert cursor.fetchmany() == [(3,), (4,), (5,)]
    assert cursor.fetchmany(2) == [(6,), (7,)]
    assert next(cursor) == (8,)
    assert cursor.rownumber == 8
    assert len(cursor.fetchall()) == 92
    assert cursor.fetchone() is None
    assert cursor.fetchmany(5) == []
    assert cursor.fetchall() == []
    assert cursor.rowcount == 100


def test_a_cursor_yields_its_rows(cursor: dbapi.Cursor) -> None:
    assert [number for (number,) in cursor.execute("SELECT RECORDNO FROM DETAIL")] == list(range(1, 101))


def test_no_more_is_read_than_is_fetched(cursor: dbapi.Cursor, ledger: Ledger) -> None:
    cursor.execute("SELECT RECORDNO FROM DETAIL")
    cursor.fetchmany(5)
    assert ledger.handed_out == 5


def test_a_read_that_nobody_finishes_ends_with_the_next_statement(cursor: dbapi.Cursor, ledger: Ledger) -> None:
    cursor.execute("SELECT RECORDNO FROM DETAIL")
    cursor.execute("SELECT COUNT(*) FROM DETAIL")
    assert cursor.fetchall() == [(100,)]
    assert ledger.handed_out == 2


def test_records_are_read_by_key_unless_an_order_is_asked_for(cursor: dbapi.Cursor, ledger: Ledger) -> None:
    cursor.execute("SELECT ACCOUNT FROM DETAIL ORDER BY RECORDNO")
    cursor.execute("SELECT ACCOUNT FROM DETAIL ORDER BY AMOUNT, ACCOUNT DESC LIMIT 3")
    assert [options["order_by"] for _, _, options in ledger.asked] == [None, ["AMOUNT", "ACCOUNT DESC"]]
    assert [options["limit"] for _, _, options in ledger.asked] == [None, 3]


def test_aggregates_over_the_same_records_are_asked_together(cursor: dbapi.Cursor, ledger: Ledger) -> None:
    cursor.execute("SELECT COUNT(*), SUM(AMOUNT), SUM(AMOUNT) = 0, MIN(TR_TYPE) FROM DETAIL WHERE AMOUNT > 0")
    assert [fields for fields, _, _ in ledger.asked] == [["COUNT(RECORDNO)", "SUM(AMOUNT)", "MIN(TR_TYPE)"]]


def test_the_number_of_records_is_asked_once_for_several_conditions(cursor: dbapi.Cursor, ledger: Ledger) -> None:
    cursor.execute(
        "SELECT SUM(CASE WHEN AMOUNT > 5 THEN 1 ELSE 0 END), SUM(CASE WHEN AMOUNT > 5 THEN AMOUNT END), COUNT(*) "
        "FROM DETAIL WHERE TR_TYPE = 1"
    )
    assert [(fields, where) for fields, where, _ in ledger.asked] == [
        (["COUNT(RECORDNO)"], "TR_TYPE = 1"),
        (["COUNT(RECORDNO)", "SUM(AMOUNT)"], "TR_TYPE = 1 AND AMOUNT > 5"),
    ]


def test_the_options_of_the_connection_hold_for_every_read(ledger: Ledger) -> None:
    connection = dbapi.connect(ledger, show_private=True, case_insensitive=True)  # type: ignore[arg-type]
    for statement in ("SELECT ACCOUNT FROM DETAIL", "SELECT COUNT(*), COUNT(DISTINCT ACCOUNT) FROM DETAIL"):
        connection.cursor().execute(statement)
    assert len(ledger.asked) == 3
    assert all(options["show_private"] and options["case_insensitive"] for _, _, options in ledger.asked)


def test_select_1_asks_whether_the_connection_works(cursor: dbapi.Cursor, ledger: Ledger) -> None:
    assert cursor.execute("SELECT 1").fetchall() == [(1,)]
    assert (ledger.signed_in, ledger.asked) == (1, [])


@pytest.mark.parametrize(
    ("statement", "parameters", "expected"),
    [
        ("SELECT COUNT(*) FROM DETAIL WHERE AMOUNT BETWEEN %s AND %s", [1, 5], 5),
        ("SELECT COUNT(*) FROM DETAIL WHERE AMOUNT BETWEEN %s AND %s", (1, 5), 5),
        ("SELECT COUNT(*) FROM DETAIL WHERE AMOUNT <= %(most)s AND AMOUNT >= %(most)s", {"most": 5, "more": 1}, 1),
        ("SELECT COUNT(*) FROM DETAIL WHERE AMOUNT IN %s", [[1, 2]], 2),
        ("SELECT COUNT(*) FROM DETAIL WHERE AMOUNT IN (%(list)s)", {"list": (1, 2, 3)}, 3),
        ("SELECT COUNT(*) FROM DETAIL WHERE ACCOUNT LIKE '1%%' AND AMOUNT < %s", [3], 2),
        ("SELECT COUNT(*) FROM DETAIL WHERE ACCOUNT LIKE '1%' AND AMOUNT < 3", None, 2),
        ("SELECT COUNT(*) FROM DETAIL WHERE ACCOUNT LIKE '%s'", None, 0),
        ("SELECT COUNT(*) FROM DETAIL WHERE AMOUNT = :amount", {"amount": 7}, 1),
        ("SELECT %(n)s FROM DETAIL LIMIT %(n)s", {"n": 1}, 1),
        ("-- a comment\nSELECT COUNT(*) /* all */ FROM DETAIL;", None, 100),
        ("SELECT COUNT(*) FROM DETAIL LIMIT '1'", None, 100),
    ],
)
def test_parameters_are_filled_in(cursor: dbapi.Cursor, statement: str, parameters: Any, expected: int) -> None:
    assert cursor.execute(statement, parameters).fetchone() == (expected,)


def test_writing_calls_are_refused(cursor: dbapi.Cursor) -> None:
    with pytest.raises(dbapi.NotSupportedError, match="IntacctCreateOperator"):
        cursor.executemany("INSERT INTO DETAIL VALUES (%s)", [[1]])


def test_commit_and_rollback_have_nothing_to_do(ledger: Ledger) -> None:
    connection = dbapi.connect(ledger)  # type: ignore[arg-type]
    connection.commit()
    connection.rollback()
    assert connection.autocommit is False
    assert ledger.asked == []


def test_what_is_closed_cannot_be_used(ledger: Ledger) -> None:
    with dbapi.connect(ledger) as connection:  # type: ignore[arg-type]
        with connection.cursor() as cursor:
            cursor.execute("SELECT RECORDNO FROM DETAIL")
            cursor.setinputsizes([1])
            cursor.setoutputsize(1)
        with pytest.raises(dbapi.InterfaceError, match="cursor is closed"):
            cursor.fetchone()
        left_open = connection.cursor()
    assert ledger.closed == 1
    for call in (left_open.fetchone, connection.cursor, connection.commit, connection.rollback):
        with pytest.raises(dbapi.InterfaceError, match="connection is closed"):
            call()


def test_there_is_nothing_to_fetch_before_a_statement(cursor: dbapi.Cursor) -> None:
    with pytest.raises(dbapi.ProgrammingError, match="execute a statement first"):
        cursor.fetchall()
    with pytest.raises(dbapi.NotSupportedError):
        cursor.execute("DELETE FROM DETAIL")
    with pytest.raises(dbapi.ProgrammingError, match="execute a statement first"):
        cursor.fetchall()


@pytest.mark.parametrize(
    ("error", "kind", "retryable"),
    [
        (errors.ConfigurationError("no password"), dbapi.InterfaceError, False),
        (errors.ReplyLostError("gone"), dbapi.OperationalError, True),
        (errors.LockedOutError("locked", level="authentication"), dbapi.OperationalError, False),
        (errors.PermissionDeniedError("no", level="function"), dbapi.OperationalError, False),
        (errors.IncompleteReadError("shifted"), dbapi.OperationalError, True),
        (errors.MalformedReplyError("<html>"), dbapi.InternalError, True),
        (errors.InvalidRequestError("no such field"), dbapi.ProgrammingError, False),
    ],
)
def test_the_clients_errors_are_those_of_pep_249_with_their_text(
    ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
    error: errors.IntacctError,
    kind: type[dbapi.Error],
    retryable: bool,
) -> None:
    def rows(*_: Any, **__: Any) -> Any:
        yield {"RECORDNO": 1}
        raise error

    monkeypatch.setattr(ledger, "rows", rows)
    cursor = dbapi.connect(ledger).cursor().execute("SELECT RECORDNO FROM DETAIL")  # type: ignore[arg-type]
    assert cursor.fetchone() == (1,)
    with pytest.raises(kind) as raised:
        cursor.fetchone()
    assert (str(raised.value), raised.value.retryable, raised.value.__cause__) == (str(error), retryable, error)


def test_records_that_come_while_they_are_counted_ask_for_another_try(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = iter([5, 6])
    monkeypatch.setattr(ledger, "rows", lambda *_, **__: iter([{"COUNT.RECORDNO": next(counts)}]))
    with pytest.raises(dbapi.OperationalError, match="came or went") as raised:
        dbapi.connect(ledger).cursor().execute(  # type: ignore[arg-type]
            "SELECT SUM(CASE WHEN AMOUNT > 0 THEN 1 ELSE 0 END) FROM DETAIL"
        )
    assert raised.value.retryable


def test_an_answer_that_may_mean_two_columns_is_never_guessed_at() -> None:
    ledger = Ledger(DETAILS, prefixed=False)
    with pytest.raises(dbapi.InternalError, match="two statements"):
        dbapi.connect(ledger).cursor().execute(  # type: ignore[arg-type]
            "SELECT ACCOUNT, MIN(AMOUNT), MAX(AMOUNT) FROM DETAIL GROUP BY ACCOUNT"
        )


def test_threads_may_share_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    ledgers = Ledger(DETAILS)
    connection = dbapi.connect(ledgers)  # type: ignore[arg-type]
    found: list[Any] = []
    threads = [
        threading.Thread(target=lambda n=n: found.append(connection.cursor().execute(f"SELECT {n}").fetchone()))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [(n,) for n in range(8)]
