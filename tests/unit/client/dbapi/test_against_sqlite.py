"""What is calculated here is what a database would say: the same statements, put to SQLite."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_intacct.client import dbapi
from tests.unit.client.dbapi.ledger import Ledger, Rows

DETAILS: Rows = [
    (1, "1000", None, 500, 1, "2026-01-31"),
    (2, "1000", "D1", -125, -1, "2026-01-31"),
    (3, "2000", "D1", None, 1, "2026-02-28"),
    (4, "2000", "D2", 0, -1, None),
    (5, None, None, 999, 1, "2026-03-31"),
]
STATEMENTS = [
    "SELECT 1",
    "SELECT 1, 'text', NULL, -3, 2 * (3 + 4) - 5",
    "SELECT RECORDNO, ACCOUNT FROM DETAIL",
    "SELECT d.RECORDNO AS n, 'x' AS x FROM DETAIL d WHERE d.AMOUNT > 0",
    "SELECT DETAIL.RECORDNO FROM DETAIL WHERE DETAIL.ACCOUNT = '1000'",
    "SELECT * FROM DETAIL WHERE ACCOUNT IN ('1000', '2000') AND NOT AMOUNT BETWEEN -5 AND 5",
    "SELECT RECORDNO FROM DETAIL WHERE 1 = 1 AND ACCOUNT IS NULL",
    "SELECT RECORDNO FROM DETAIL WHERE ACCOUNT = '1000' AND 1 = 0",
    "SELECT RECORDNO FROM DETAIL WHERE ACCOUNT LIKE '1%' OR DEPARTMENT = 'D2'",
    "SELECT RECORDNO FROM DETAIL ORDER BY RECORDNO DESC LIMIT 2",
    "SELECT RECORDNO AS n FROM DETAIL ORDER BY n LIMIT 2 OFFSET 1",
    "SELECT RECORDNO FROM DETAIL ORDER BY 1 LIMIT 0",
    "SELECT COUNT(*), COUNT(1), COUNT(AMOUNT), SUM(AMOUNT), MIN(AMOUNT), MAX(AMOUNT) FROM DETAIL",
    "SELECT COUNT(*), SUM(AMOUNT), MIN(AMOUNT) FROM DETAIL WHERE ACCOUNT = 'none'",
    "SELECT COUNT(*), SUM(AMOUNT), MIN(AMOUNT) FROM DETAIL WHERE 1 = 0",
    "SELECT COUNT(*) FROM DETAIL LIMIT 0",
    "SELECT COUNT(*) > 3, SUM(AMOUNT) = 0, SUM(AMOUNT) - SUM(TR_TYPE) * 2 FROM DETAIL",
    "SELECT COUNT(DISTINCT ACCOUNT), COUNT(DISTINCT RECORDNO), COUNT(DISTINCT(DEPARTMENT)) FROM DETAIL",
    "SELECT COUNT(ACCOUNT) - COUNT(DISTINCT(ACCOUNT)) FROM DETAIL",
    "SELECT COUNT(*) FILTER (WHERE AMOUNT < 0), SUM(AMOUNT) FILTER (WHERE AMOUNT > 0) FROM DETAIL WHERE TR_TYPE = 1",
    "SELECT SUM(CASE WHEN AMOUNT IS NULL THEN 1 ELSE 0 END) FROM DETAIL",
    "SELECT SUM(CASE WHEN AMOUNT IS NULL THEN 1 ELSE 0 END) FROM DETAIL WHERE RECORDNO > 99",
    "SELECT COUNT(CASE WHEN AMOUNT > 0 THEN 1 END), COUNT(CASE WHEN AMOUNT > 0 THEN ACCOUNT END) FROM DETAIL",
    "SELECT SUM(CASE WHEN TR_TYPE = 1 THEN AMOUNT ELSE 0 END) FROM DETAIL",
    "SELECT SUM(CASE WHEN TR_TYPE = 9 THEN AMOUNT END), SUM(CASE WHEN TR_TYPE = 9 THEN AMOUNT ELSE 7 END) FROM DETAIL",
    "SELECT MIN(CASE WHEN AMOUNT >= 0 THEN 1 ELSE 0 END), MAX(CASE WHEN AMOUNT >= 0 THEN 1 ELSE 0 END) FROM DETAIL",
    "SELECT MIN(CASE WHEN TR_TYPE = 1 THEN AMOUNT ELSE -7 END) FROM DETAIL",
    "SELECT CASE WHEN SUM(AMOUNT) > 0 THEN 'over' WHEN SUM(AMOUNT) < 0 THEN 'under' ELSE 'even' END FROM DETAIL",
    "SELECT CASE COUNT(*) WHEN 5 THEN 'five' END, COALESCE(SUM(AMOUNT), 0), ABS(MIN(AMOUNT)) FROM DETAIL",
    "SELECT NULLIF(COUNT(*), 5), NOT COUNT(*) = 5, COUNT(*) IN (4, 5), COUNT(*) BETWEEN 1 AND 4 FROM DETAIL",
    "SELECT MIN(ENTRY_DATE) >= '2026-01-31', MAX(ENTRY_DATE) IS NULL FROM DETAIL",
    "SELECT ACCOUNT, SUM(AMOUNT), COUNT(*) > 1 FROM DETAIL GROUP BY ACCOUNT ORDER BY ACCOUNT DESC",
    "SELECT ACCOUNT AS a, DEPARTMENT, 'x', COUNT(*) AS n FROM DETAIL GROUP BY 1, DEPARTMENT ORDER BY a, 2",
    "SELECT SUM(AMOUNT) FROM DETAIL GROUP BY ACCOUNT, DEPARTMENT",
    "SELECT DISTINCT ACCOUNT FROM DETAIL ORDER BY ACCOUNT",
    "SELECT DISTINCT ACCOUNT, DEPARTMENT FROM DETAIL WHERE RECORDNO > 1",
    "SELECT ACCOUNT FROM DETAIL GROUP BY ACCOUNT ORDER BY 1 LIMIT 1 OFFSET 1",
    "SELECT DISTINCT COUNT(*) FROM DETAIL",
    "SELECT 'a' AS x, n FROM (SELECT COUNT(*) AS n FROM DETAIL) AS sq",
    "SELECT x, n FROM (SELECT 'a' AS x, SUM(AMOUNT) AS n FROM DETAIL UNION ALL SELECT 'b' AS x, 2 AS n) AS checks",
    "SELECT 'c' AS check_name, MIN(c) AS r FROM (SELECT CASE WHEN COUNT(*) = 5 THEN 1 ELSE 0 END AS c FROM DETAIL) q",
    "SELECT 'c' AS check_name, MIN(c) AS r FROM (SELECT CASE WHEN AMOUNT > 0 THEN 1 ELSE 0 END AS c FROM DETAIL) AS q",
    "SELECT n FROM (SELECT 1 AS n UNION ALL SELECT 2 UNION ALL SELECT COUNT(*) FROM DETAIL) AS q",
    "SELECT * FROM (SELECT RECORDNO, ACCOUNT FROM DETAIL WHERE AMOUNT > 0) AS q",
]


def ours(ledger: Ledger, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    with dbapi.connect(ledger) as connection, connection.cursor() as cursor:  # type: ignore[arg-type]
        return cursor.execute(statement, parameters).fetchall()


@pytest.mark.parametrize("prefixed", [True, False], ids=["SUM.AMOUNT", "AMOUNT"])
@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_statement_says_what_a_database_says(statement: str, prefixed: bool) -> None:
    """Also where the reply calls SUM(AMOUNT) just AMOUNT, and MIN and MAX of one field cannot be told apart."""
    ledger = Ledger(DETAILS, prefixed=prefixed)
    found, expected = ours(ledger, statement), ledger.db.execute(statement).fetchall()
    if "ORDER BY" not in statement:
        found, expected = sorted(found, key=repr), sorted(expected, key=repr)
    assert found == expected


AGGREGATES = st.sampled_from(
    [
        "COUNT(*)",
        "COUNT(AMOUNT)",
        "SUM(AMOUNT)",
        "MIN(AMOUNT)",
        "MAX(TR_TYPE)",
        "COUNT(DISTINCT ACCOUNT)",
        "SUM(TR_TYPE)",
    ]
)
CONDITIONS = st.recursive(
    st.sampled_from(
        [
            "AMOUNT > 0",
            "AMOUNT IS NULL",
            "ACCOUNT = '1000'",
            "TR_TYPE <> 1",
            "DEPARTMENT IN ('D1', 'D2')",
            "AMOUNT <= 0",
        ]
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda parts: f"({' '.join(parts)})"),
        inner.map(lambda part: f"NOT ({part})"),
    ),
    max_leaves=4,
)
CONDITIONAL = st.builds(
    "{}(CASE WHEN {} THEN {} {} END)".format,
    st.sampled_from(["SUM", "MIN", "MAX", "COUNT"]),
    CONDITIONS,
    st.sampled_from(["1", "AMOUNT", "-3"]),
    st.sampled_from(["", "ELSE 0", "ELSE 5"]),
)
NUMBERS = st.recursive(
    st.one_of(AGGREGATES, CONDITIONAL, st.sampled_from(["0", "1", "7", "NULL"])),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(inner, inner).map(lambda parts: f"COALESCE({parts[0]}, {parts[1]})"),
        st.tuples(inner, st.sampled_from(["=", "<>", "<", ">="]), inner, inner, inner).map(
            lambda parts: f"CASE WHEN {parts[0]} {parts[1]} {parts[2]} THEN {parts[3]} ELSE {parts[4]} END"
        ),
    ),
    max_leaves=4,
)
RECORDS = st.lists(
    st.tuples(
        st.sampled_from(["1000", "2000", None]),
        st.sampled_from(["D1", "D2", "D3", None]),
        st.one_of(st.none(), st.integers(-1000, 1000)),
        st.sampled_from([1, -1]),
    ),
    max_size=8,
).map(lambda rows: [(number, *row, "2026-01-31") for number, row in enumerate(rows, 1)])


@given(details=RECORDS, number=NUMBERS, condition=st.one_of(st.just("1 = 1"), CONDITIONS))
def test_calculations_with_aggregates_are_those_of_a_database(details: Rows, number: str, condition: str) -> None:
    ledger = Ledger(details)
    statement = f"SELECT {number}, COUNT(*) FROM DETAIL WHERE {condition}"
    assert ours(ledger, statement) == ledger.db.execute(statement).fetchall()


@given(details=RECORDS, condition=CONDITIONS)
def test_the_table_check_of_airflow_sees_every_record_that_fails(details: Rows, condition: str) -> None:
    ledger = Ledger(details)
    case = f"SELECT CASE WHEN {condition} THEN 1 ELSE 0 END AS c FROM DETAIL"
    statement = f"SELECT 'c' AS check_name, MIN(c) AS check_result FROM ({case}) AS sq"
    assert ours(ledger, statement) == ledger.db.execute(statement).fetchall()


@given(text=st.text(max_size=20).filter(lambda text: text and text.isprintable()))
def test_no_parameter_becomes_a_piece_of_sql(text: str) -> None:
    ledger = Ledger([(1, text, None, 0, 1, None), (2, "other", None, 0, 1, None)])
    expected = [(1,)] if text != "other" else [(1,), (2,)]
    assert ours(ledger, "SELECT RECORDNO FROM DETAIL WHERE ACCOUNT = %s", [text]) == expected
    assert ours(ledger, "SELECT RECORDNO FROM DETAIL WHERE ACCOUNT IN (%(a)s)", {"a": [text]}) == expected
    assert ours(ledger, "SELECT %s, COUNT(*) FROM DETAIL", [text]) == [(text, 2)]


def test_large_numbers_are_never_rounded() -> None:
    statement = "SELECT 12345678901234567890123456789.01 * 98765432109876543210.5 + 0.000000000000000001"
    expected = Decimal("1219326311370217952255829903675351318377286846516.605000000000000001")
    assert ours(Ledger(), statement) == [(expected,)]
