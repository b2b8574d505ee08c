"""What Intacct cannot do is refused by its name, with what to do instead, and nothing is sent."""

from typing import Any

import pytest

from airflow_provider_intacct.client import dbapi
from airflow_provider_intacct.client.dbapi import DataError, NotSupportedError, ProgrammingError
from tests.unit.client.dbapi.ledger import Ledger

CANNOT: list[tuple[str, str, str]] = [
    # statement, its name, the alternative
    ("SELECT a.ACCOUNT FROM DETAIL a JOIN VENDOR v ON v.RECORDNO = a.RECORDNO", "JOIN", "VENDOR.NAME"),
    ("SELECT ACCOUNT FROM DETAIL, VENDOR", "JOIN", "dotted name"),
    ("SELECT ACCOUNT, COUNT(*) FROM DETAIL GROUP BY ACCOUNT HAVING COUNT(*) > 1", "HAVING", "WHERE"),
    ("SELECT ACCOUNT FROM DETAIL UNION SELECT NAME FROM VENDOR", "UNION", "one after the other"),
    ("SELECT ACCOUNT FROM DETAIL UNION ALL SELECT NAME FROM VENDOR", "UNION", "one after the other"),
    ("SELECT ACCOUNT FROM DETAIL EXCEPT SELECT NAME FROM VENDOR", "EXCEPT", "one after the other"),
    ("WITH x AS (SELECT 1) SELECT * FROM x", "WITH", "one SELECT"),
    ("SELECT ACCOUNT FROM DETAIL WHERE ACCOUNT IN (SELECT NAME FROM VENDOR)", "subqueries", "IN"),
    ("SELECT ACCOUNT FROM DETAIL WHERE EXISTS (SELECT 1 FROM VENDOR)", "subqueries", "IN"),
    ("SELECT (SELECT COUNT(*) FROM VENDOR), COUNT(*) FROM DETAIL", "subquery", "IN (%s)"),
    ("SELECT a FROM (SELECT ACCOUNT AS a FROM DETAIL) AS q WHERE a = '1'", "subquery", "one SELECT"),
    ("SELECT COUNT(a) FROM (SELECT DISTINCT ACCOUNT AS a FROM DETAIL) AS q", "subquery", "one SELECT"),
    ("SELECT UPPER(ACCOUNT) FROM DETAIL", "UPPER()", "COUNT, SUM"),
    ("SELECT ROUND(SUM(AMOUNT), 2) FROM DETAIL", "ROUND()", "CASE"),
    ("SELECT MY_FUNCTION(ACCOUNT) FROM DETAIL", "MY_FUNCTION()", "COUNT, SUM"),
    ("SELECT STDDEV(AMOUNT) FROM DETAIL", "STDDEV", "AVG"),
    ("SELECT AMOUNT * 2 FROM DETAIL", "AMOUNT * 2", "rows you have read"),
    ("SELECT CASE WHEN AMOUNT > 0 THEN 1 ELSE 0 END FROM DETAIL", "CASE WHEN", "rows you have read"),
    ("SELECT AMOUNT > 0 FROM DETAIL", "AMOUNT > 0", "WHERE"),
    ("SELECT ACCOUNT || DEPARTMENT FROM DETAIL", "Joining text", "rows you have read"),
    ("SELECT SUM(AMOUNT * TR_TYPE) FROM DETAIL", "SUM(AMOUNT * TR_TYPE)", "CASE WHEN"),
    ("SELECT SUM(AMOUNT) / COUNT(*) FROM DETAIL", "Division", "multiply"),
    ("SELECT AVG(CASE WHEN TR_TYPE = 1 THEN AMOUNT END) FROM DETAIL", "AVG", "use SUM"),
    ("SELECT SUM(CASE TR_TYPE WHEN 1 THEN AMOUNT END) FROM DETAIL", "CASE", "an aggregate for each"),
    ("SELECT SUM(DISTINCT AMOUNT) FROM DETAIL", "SUM(DISTINCT AMOUNT)", "SELECT DISTINCT"),
    ("SELECT ACCOUNT, COUNT(DISTINCT DEPARTMENT) FROM DETAIL GROUP BY ACCOUNT", "DISTINCT", "statement of its own"),
    ("SELECT ACCOUNT, COUNT(*) FILTER (WHERE AMOUNT > 0) FROM DETAIL GROUP BY ACCOUNT", "FILTER", "WHERE"),
    ("SELECT SUM(AMOUNT) OVER (PARTITION BY ACCOUNT) FROM DETAIL", "OVER", "GROUP BY"),
    ("SELECT CAST(AMOUNT AS INT) FROM DETAIL", "CAST", "typed"),
    ("SELECT SUM(AMOUNT)::TEXT FROM DETAIL", "CAST", "typed"),
    ("SELECT CURRENT_DATE", "CURRENT_DATE", "{{ ds }}"),
    ("SELECT ACCOUNT FROM DETAIL WHERE ENTRY_DATE = CURRENT_DATE", "clock", ":name"),
    ("SELECT ACCOUNT FROM DETAIL WHERE ACCOUNT ILIKE 'a%'", "ILIKE", "case_insensitive"),
    ("SELECT ACCOUNT FROM DETAIL WHERE LOWER(ACCOUNT) = 'a'", "LOWER", "case_insensitive"),
    ("SELECT ACCOUNT FROM DETAIL LIMIT 5 OFFSET 5", "OFFSET", "ORDER BY RECORDNO"),
    ("SELECT ACCOUNT FROM DETAIL ORDER BY AMOUNT * 2", "ORDER BY AMOUNT * 2", "Sort the rows"),
    ("SELECT ACCOUNT, SUM(AMOUNT) AS s FROM DETAIL GROUP BY ACCOUNT ORDER BY s", "ORDER BY SUM", "Sort the rows"),
    ("SELECT ACCOUNT FROM DETAIL ORDER BY ACCOUNT NULLS LAST", "NULLS LAST", "IS NULL"),
    ("SELECT ACCOUNT FROM DETAIL FETCH FIRST 3 ROWS WITH TIES", "FETCH", "number of rows"),
    ("SELECT ACCOUNT FROM DETAIL FOR UPDATE", "FOR UPDATE", "read-only"),
    ("SELECT ACCOUNT INTO x FROM DETAIL", "SELECT INTO", "IntacctToSqlOperator"),
    ("SELECT ACCOUNT FROM DETAIL TABLESAMPLE (10)", "TABLESAMPLE", "LIMIT"),
    ("SELECT DISTINCT ON (ACCOUNT) ACCOUNT FROM DETAIL", "DISTINCT ON", "MIN"),
    ("SELECT DISTINCT * FROM DETAIL", "*", "name the fields"),
    ("SELECT VENDOR.* FROM DETAIL", "VENDOR.*", "DETAIL only"),
    ("SELECT * EXCEPT (ACCOUNT) FROM DETAIL", "exceptions", "name the fields"),
    ("SELECT ACCOUNT FROM DETAIL GROUP BY ROLLUP (ACCOUNT)", "ROLLUP", "fields"),
    ("SELECT COUNT(*) FROM DETAIL GROUP BY AMOUNT > 0", "GROUP BY AMOUNT > 0", "fields"),
    ("SELECT ACCOUNT FROM intacct.DETAIL", "intacct.DETAIL", "one object's name"),
    ("SELECT x FROM some_function(1)", "SOME_FUNCTION", "one object's name"),
    ("SELECT COUNT(*) FROM KEYLESS", "COUNT(*)", "Count a field"),
    ("INSERT INTO DETAIL VALUES (1)", "INSERT", "IntacctCreateOperator"),
    ("UPDATE DETAIL SET ACCOUNT = '1'", "UPDATE", "IntacctUpdateOperator"),
    ("delete from DETAIL", "DELETE", "IntacctDeleteOperator"),
    ("CREATE TABLE x (a INT)", "CREATE", "read-only"),
    ("DROP TABLE DETAIL", "DROP", "read-only"),
    ("TRUNCATE DETAIL", "TRUNCATE", "read-only"),
    ("SHOW TABLES", "SHOW", "lookup"),
    ("DESCRIBE DETAIL", "DESCRIBE", "get_table_schema"),
    ("EXPLAIN SELECT 1", "EXPLAIN", "how it reads"),
    ("VALUES (1)", "VALUES", "SELECT"),
    ("BEGIN", "BEGIN", "Leave it out"),
    ("SELECT 1; SELECT 2", "Several statements", "split_statements"),
]
WRONG: list[tuple[str, type[Exception], str]] = [
    ("", ProgrammingError, "is empty"),
    (";", ProgrammingError, "is empty"),
    ("SELEC 1", ProgrammingError, "cannot be read near '1' (line 1, column 7)"),
    ("SELECT ACCOUNT\nFROM DETAIL x y", ProgrammingError, "near 'y' (line 2, column 15)"),
    ("SELECT 'text", ProgrammingError, "quotation mark is not closed"),
    ("SELECT FROM DETAIL", ProgrammingError, "select list is empty"),
    ("SELECT ACCOUNT", ProgrammingError, "no FROM"),
    ("SELECT COUNT(*)", ProgrammingError, "no FROM"),
    ("SELECT *", ProgrammingError, "no FROM"),
    ("SELECT ACOUNT FROM DETAIL", ProgrammingError, "did you mean ACCOUNT or AMOUNT?"),
    ("SELECT ACCOUNT FROM DETAIL WHERE DEPARTMNT = '1'", ProgrammingError, "did you mean DEPARTMENT?"),
    ("SELECT ACCOUNT FROM DETAILS", ProgrammingError, "DETAILS not found"),
    ("SELECT ACCOUNT, AMOUNT FROM DETAIL GROUP BY ACCOUNT", ProgrammingError, "AMOUNT must stand in GROUP BY"),
    ("SELECT ACCOUNT, COUNT(*) FROM DETAIL", ProgrammingError, "ACCOUNT must stand in GROUP BY"),
    ("SELECT COUNT(*) FROM DETAIL ORDER BY ACCOUNT", ProgrammingError, "ORDER BY has no meaning"),
    ("SELECT DISTINCT ACCOUNT FROM DETAIL ORDER BY AMOUNT", ProgrammingError, "no field of GROUP BY or DISTINCT"),
    ("SELECT ACCOUNT FROM DETAIL ORDER BY 2", ProgrammingError, "no column 2 in the select list, which has 1"),
    ("SELECT ACCOUNT FROM DETAIL LIMIT -1", ProgrammingError, "LIMIT takes a number of rows, not -1"),
    ("SELECT ACCOUNT FROM DETAIL LIMIT 1.5", ProgrammingError, "LIMIT takes a number of rows"),
    ("SELECT ACCOUNT FROM DETAIL WHERE AMOUNT = NULL", ProgrammingError, "IS NULL"),
    ("SELECT ACCOUNT FROM DETAIL WHERE AMOUNT = TR_TYPE", ProgrammingError, "cannot compare two fields"),
    ("SELECT x FROM (SELECT COUNT(*) AS n FROM DETAIL) AS q", ProgrammingError, "no column x"),
    ("SELECT n FROM (SELECT 1 AS n UNION ALL SELECT 1, 2) AS q", ProgrammingError, "different numbers of columns"),
    ("SELECT COUNT(*) = 'five' FROM DETAIL", DataError, "cannot be compared"),
    ("SELECT SUM(AMOUNT) + 'x' FROM DETAIL", DataError, "'x' is not a number"),
    ("SELECT DATE '2026-02-30'", DataError, "is not a date"),
    ("SELECT 'x' AND TRUE", DataError, "neither true nor false"),
]


def refused(statement: str, kind: type[Exception], parameters: Any = None) -> str:
    ledger = Ledger([(1, "1000", None, 500, 1, "2026-01-31")])
    cursor = dbapi.connect(ledger).cursor()  # type: ignore[arg-type]
    with pytest.raises(kind) as error:
        cursor.execute(statement, parameters).fetchall()
    assert cursor.description is None
    return str(error.value)


@pytest.mark.parametrize(("statement", "name", "instead"), CANNOT)
def test_what_intacct_cannot_do_is_refused_by_name_with_the_alternative(
    statement: str, name: str, instead: str
) -> None:
    message = refused(statement, NotSupportedError)
    assert name in message
    assert instead in message


@pytest.mark.parametrize(("statement", "kind", "expected"), WRONG)
def test_what_is_wrong_is_told(statement: str, kind: type[Exception], expected: str) -> None:
    assert expected in refused(statement, kind)


@pytest.mark.parametrize(
    ("statement", "parameters", "expected"),
    [
        ("SELECT %s", [1, 2], "has 1 %s and was given 2"),
        ("SELECT %s, %s", [1], "has 2 %s and was given 1"),
        ("SELECT %s", None, "no list of parameters"),
        ("SELECT %s", {"a": 1}, "no list of parameters"),
        ("SELECT %(b)s", {"a": 1}, "no value for the parameter %(b)s"),
        ("SELECT %(b)s", None, "no value for the parameter %(b)s"),
        ("SELECT ACCOUNT FROM DETAIL WHERE AMOUNT = %(b)s", {}, "no value for the parameter %(b)s"),
        ("SELECT %s", "x", "a list or tuple"),
        ("SELECT ACCOUNT FROM DETAIL WHERE AMOUNT = %s", [0.1], "float"),
        ("SELECT ACCOUNT FROM DETAIL WHERE AMOUNT = %s", [None], "IS NULL"),
        ("SELECT ACCOUNT FROM DETAIL WHERE ACCOUNT IN %s", [[]], "empty list"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(statement: str, parameters: Any, expected: str) -> None:
    assert expected in refused(statement, ProgrammingError, parameters)


@pytest.mark.parametrize("statement", [case[0] for case in CANNOT if "KEYLESS" not in case[0]])
def test_what_cannot_be_done_is_refused_before_a_record_is_read(statement: str) -> None:
    ledger = Ledger()
    with pytest.raises(NotSupportedError):
        dbapi.connect(ledger).cursor().execute(statement)  # type: ignore[arg-type]
    assert ledger.asked == []
    assert ledger.signed_in == 0
