"""Airflow's own SQL operators, sensors and transfers on an Intacct connection, against the sandbox."""

import json
import logging
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from airflow.providers.common.sql.operators.generic_transfer import GenericTransfer
from airflow.providers.common.sql.operators.sql import (
    BranchSQLOperator,
    SQLCheckOperator,
    SQLColumnCheckOperator,
    SQLExecuteQueryOperator,
    SQLIntervalCheckOperator,
    SQLTableCheckOperator,
    SQLThresholdCheckOperator,
    SQLValueCheckOperator,
)
from airflow.providers.common.sql.sensors.sql import SqlSensor
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from airflow_provider_intacct.client.dbapi import Connection
from airflow_provider_intacct.hooks import IntacctHook
from tests.airflow.conftest import Connect
from tests.airflow.databases import *  # noqa: F403 - fixtures
from tests.airflow.databases import Database
from tests.sandbox_process import SandboxProcess

CONNECTION = {"task_id": "sql", "conn_id": "intacct_default"}


@pytest.fixture(autouse=True)
def connected(connect: Connect) -> None:
    connect()


@pytest.fixture
def lines() -> list[dict[str, Any]]:
    """All general ledger lines, as the client itself reads them."""
    fields = ["RECORDNO", "ACCOUNTNO", "LOCATIONID", "DEPARTMENTID", "ENTRY_DATE", "AMOUNT", "DEBITAMOUNT", "TR_TYPE"]
    with IntacctHook().client as client:
        return list(client.rows("GLDETAIL", fields=fields))


def rows(sql: str, parameters: Any = None, **hook: Any) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = IntacctHook(**hook).get_records(sql, parameters)
    return found


# The hook


def test_the_hook_is_what_airflows_sql_operators_look_for() -> None:
    operator = SQLExecuteQueryOperator(sql="SELECT 1", **CONNECTION)
    hook = operator.get_db_hook()
    assert isinstance(hook, IntacctHook)
    assert isinstance(hook.get_conn(), Connection)
    assert (hook.placeholder, hook.supports_autocommit, hook.dialect_name) == ("%s", False, "default")
    assert hook.get_openlineage_database_info(None) is None
    assert hook.get_openlineage_default_schema() is None


def test_sums_are_those_of_the_records_to_the_cent(lines: list[dict[str, Any]]) -> None:
    found = rows("SELECT ACCOUNTNO, SUM(AMOUNT), COUNT(*), MIN(AMOUNT), MAX(AMOUNT) FROM GLDETAIL GROUP BY ACCOUNTNO")
    amounts: dict[str, list[Decimal]] = {}
    for line in lines:
        amounts.setdefault(line["ACCOUNTNO"], []).append(line["AMOUNT"])
    expected = {account: (sum(each), len(each), min(each), max(each)) for account, each in amounts.items()}
    assert {account: tuple(values) for account, *values in found} == expected
    assert len(expected) > 10


def test_conditional_sums_are_those_of_the_records_to_the_cent(lines: list[dict[str, Any]]) -> None:
    (found,) = rows(
        "SELECT SUM(CASE WHEN TR_TYPE = 1 THEN AMOUNT ELSE 0 END), SUM(AMOUNT) FILTER (WHERE TR_TYPE = -1), "
        "COUNT(DISTINCT DEPARTMENTID), SUM(CASE WHEN DEPARTMENTID IS NULL THEN 1 ELSE 0 END) FROM GLDETAIL "
        "WHERE ENTRY_DATE >= %s AND LOCATIONID IN %s",
        [date(2026, 1, 1), ["100", "200"]],
    )
    some = [line for line in lines if line["ENTRY_DATE"] >= date(2026, 1, 1) and line["LOCATIONID"] in ("100", "200")]
    assert found == (
        sum(line["AMOUNT"] for line in some if line["TR_TYPE"] == 1),
        sum(line["AMOUNT"] for line in some if line["TR_TYPE"] == -1),
        len({line["DEPARTMENTID"] for line in some} - {None}),
        sum(line["DEPARTMENTID"] is None for line in some),
    )


def test_records_are_those_of_the_client_page_by_page(lines: list[dict[str, Any]], connect: Connect) -> None:
    connect(page_size=100)
    found = rows("SELECT RECORDNO, AMOUNT, ENTRY_DATE FROM GLDETAIL")
    assert found == [(line["RECORDNO"], line["AMOUNT"], line["ENTRY_DATE"]) for line in lines]
    ordered = rows("SELECT RECORDNO FROM GLDETAIL ORDER BY AMOUNT DESC, RECORDNO LIMIT 150 OFFSET 120")
    expected = sorted(lines, key=lambda line: (-line["AMOUNT"], line["RECORDNO"]))[120:270]
    assert ordered == [(line["RECORDNO"],) for line in expected]


def test_relations_are_walked_by_dotted_names() -> None:
    sql = "SELECT RECORDID, VENDOR.NAME AS vendor, b.TOTALDUE FROM APBILL b WHERE VENDOR.NAME LIKE %(name)s"
    hook = IntacctHook()
    found = hook.get_records(sql, {"name": "A%"})
    assert found
    assert all(name.startswith("A") for _, name, _ in found)
    assert [column[:2] for column in hook.last_description or ()] == [
        ("RECORDID", "TEXT"),
        ("vendor", "TEXT"),
        ("TOTALDUE", "CURRENCY"),
    ]


def test_an_entity_is_a_hook_parameter() -> None:
    sql = "SELECT DISTINCT LOCATIONID FROM GLDETAIL"
    operator = SQLExecuteQueryOperator(sql=sql, hook_params={"entity_id": "300"}, **CONNECTION)
    assert operator.execute({}) == [("300",)]
    assert len(rows(sql)) > 1


def test_a_misspelt_hook_parameter_is_named() -> None:
    with pytest.raises(Exception, match=r"'enttiy_id' is unknown\. Did you mean 'entity_id'"):
        SQLExecuteQueryOperator(sql="SELECT 1", hook_params={"enttiy_id": "300"}, **CONNECTION).execute({})


def test_a_database_is_refused_rather_than_ignored() -> None:
    with pytest.raises(AirflowFailException, match=r"database='200' is not possible.*entity_id"):
        SQLExecuteQueryOperator(sql="SELECT 1", database="200", **CONNECTION).execute({})


def test_what_was_used_stands_in_the_log(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(IntacctHook, "log", logging.getLogger("the task's log"))
    rows("SELECT COUNT(*) FROM GLDETAIL")
    assert "Read with SQL; 2 API transactions used" in caplog.text


def test_the_budget_of_api_transactions_holds_for_sql() -> None:
    with pytest.raises(AirflowFailException, match="max_api_transactions"):
        rows("SELECT COUNT(*) FROM GLDETAIL", max_api_transactions=1)


def test_data_frames_keep_money_exact(lines: list[dict[str, Any]]) -> None:
    hook = IntacctHook()
    frame = hook.get_df("SELECT RECORDNO, AMOUNT AS amount FROM GLDETAIL WHERE ACCOUNTNO = %s", ["1000"])
    assert list(frame.columns) == ["RECORDNO", "amount"]
    assert all(isinstance(amount, Decimal) for amount in frame["amount"])
    assert frame["amount"].sum() == sum(line["AMOUNT"] for line in lines if line["ACCOUNTNO"] == "1000")


def test_data_frames_come_in_chunks() -> None:
    frames = list(IntacctHook().get_df_by_chunks("SELECT RECORDNO FROM GLDETAIL LIMIT 250", chunksize=100))
    assert [len(frame) for frame in frames] == [100, 100, 50]


def test_polars_frames_keep_money_exact() -> None:
    hook = IntacctHook()
    sql = "SELECT RECORDNO, AMOUNT FROM GLDETAIL WHERE ACCOUNTNO = %s LIMIT 25"
    frame = hook.get_df(sql, ["1000"], df_type="polars")
    assert frame.shape == (25, 2)
    assert frame["AMOUNT"].dtype.is_decimal()
    chunks = list(hook.get_df_by_chunks(sql, ["1000"], chunksize=10, df_type="polars"))
    assert [len(chunk) for chunk in chunks] == [10, 10, 5]


def test_an_object_tells_its_fields() -> None:
    schema = IntacctHook().get_table_schema("GLDETAIL")
    assert {"name": "RECORDNO", "type": "INTEGER"} in schema


REFUSED: dict[str, Callable[[IntacctHook], Any]] = {
    "insert_rows() is not possible: SQL on Intacct is read-only. Write with IntacctCreateOperator": lambda hook: (
        hook.insert_rows("VENDOR", [("V1",)])
    ),
    "bulk_load() is not possible": lambda hook: hook.bulk_load("VENDOR", "file"),
    "bulk_dump() is not possible. IntacctToObjectStorageOperator": lambda hook: hook.bulk_dump("VENDOR", "file"),
    "SQLAlchemy is not possible": lambda hook: hook.get_sqlalchemy_engine(),
    "SQLAlchemy is not possible: it needs a dialect": lambda hook: hook.sqlalchemy_url,
    "SQLAlchemy is not": lambda hook: hook.inspector,
    "schema='x' is not possible": lambda hook: hook.get_table_schema("VENDOR", "x"),
    "NotSupportedError: JOIN is not possible": lambda hook: hook.run("SELECT 1 FROM A JOIN B ON 1 = 1"),
    "NotSupportedError: HAVING is not possible": lambda hook: hook.get_df("SELECT COUNT(*) FROM A HAVING COUNT(*) > 1"),
    "ProgrammingError: ACOUNTNO: GLDETAIL has no field": lambda hook: hook.get_first("SELECT ACOUNTNO FROM GLDETAIL"),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_another_try_cannot_mend_fails_for_good(message: str) -> None:
    with pytest.raises(AirflowFailException) as error:
        REFUSED[message](IntacctHook())
    assert message in str(error.value)


def test_what_may_pass_is_left_to_the_retries_of_the_task(sandbox: SandboxProcess, without_pauses: None) -> None:
    sandbox.control("/sandbox/faults", {"function": "query", "nth": 1, "times": 99, "fault": "http_503"})
    with pytest.raises(Exception, match="503") as error:
        rows("SELECT COUNT(*) FROM GLDETAIL")
    assert not isinstance(error.value, AirflowFailException)
    assert type(error.value).__name__ == "OperationalError"


# Operators


def test_a_query_operator_runs_statements_one_after_the_other() -> None:
    operator = SQLExecuteQueryOperator(
        sql="-- two\nSELECT COUNT(*) FROM LOCATIONENTITY;\nSELECT LOCATIONID FROM LOCATIONENTITY ORDER BY LOCATIONID;",
        split_statements=True,
        return_last=False,
        **CONNECTION,
    )
    assert operator.execute({}) == [[(3,)], [("100",), ("200",), ("300",)]]


def test_a_query_operator_without_xcom_reads_all_the_same() -> None:
    operator = SQLExecuteQueryOperator(sql="SELECT NOTHING FROM GLDETAIL", do_xcom_push=False, **CONNECTION)
    with pytest.raises(AirflowFailException, match="has no field NOTHING"):
        operator.execute({})


def test_checks_that_hold(lines: list[dict[str, Any]]) -> None:
    checks = [
        SQLCheckOperator(
            sql="SELECT SUM(DEBITAMOUNT) = SUM(CREDITAMOUNT), COUNT(*) FROM GLDETAIL WHERE STATISTICAL = FALSE",
            **CONNECTION,
        ),
        SQLValueCheckOperator(sql="SELECT COUNT(*) FROM GLDETAIL", pass_value=len(lines), **CONNECTION),
        SQLValueCheckOperator(
            sql="SELECT SUM(DEBITAMOUNT) FROM GLDETAIL",
            pass_value=sum(line["DEBITAMOUNT"] or 0 for line in lines),
            tolerance=0.001,
            **CONNECTION,
        ),
        SQLThresholdCheckOperator(
            sql="SELECT COUNT(*) FROM GLDETAIL",
            min_threshold=1,
            max_threshold="SELECT COUNT(*) + 1 FROM GLDETAIL",
            **CONNECTION,
        ),
    ]
    for check in checks:
        check.execute({})


def test_checks_that_fail() -> None:
    checks = [
        SQLCheckOperator(sql="SELECT COUNT(*) = 0 FROM GLDETAIL", **CONNECTION),
        SQLCheckOperator(sql="SELECT RECORDNO FROM GLDETAIL WHERE RECORDNO < 0", **CONNECTION),
        SQLValueCheckOperator(sql="SELECT COUNT(*) FROM GLDETAIL", pass_value=1, **CONNECTION),
        SQLThresholdCheckOperator(
            sql="SELECT SUM(DEBITAMOUNT) FROM GLDETAIL", min_threshold=0, max_threshold=1, **CONNECTION
        ),
    ]
    for check in checks:
        with pytest.raises(AirflowException):
            check.execute({"ti": None})


def test_an_interval_check_compares_two_days(lines: list[dict[str, Any]]) -> None:
    operator = SQLIntervalCheckOperator(
        table="GLDETAIL",
        metrics_thresholds={"COUNT(*)": 1000, "SUM(DEBITAMOUNT)": 10**9},
        date_filter_column="ENTRY_DATE",
        days_back=-31,
        **CONNECTION,
    )
    operator.sql1 = operator.sql1.replace("{{ ds }}", "2026-05-31")
    operator.sql2 = operator.sql2.replace("{{ macros.ds_add(ds, -31) }}", "2026-04-30")
    operator.execute({})
    (result, _) = operator.check_results
    on = {day: sum(line["ENTRY_DATE"] == day for line in lines) for day in (date(2026, 5, 31), date(2026, 4, 30))}
    assert result.actual == str(max(on.values()) / min(on.values()))


def test_a_column_check_is_answered_exactly(lines: list[dict[str, Any]]) -> None:
    departments = [line["DEPARTMENTID"] for line in lines if line["TR_TYPE"] == 1]
    operator = SQLColumnCheckOperator(
        table="GLDETAIL",
        partition_clause="TR_TYPE = 1",
        column_mapping={
            "DEPARTMENTID": {
                "null_check": {"equal_to": departments.count(None)},
                "distinct_check": {"equal_to": len({*departments} - {None})},
            },
            "RECORDNO": {"unique_check": {"equal_to": 0}},
            "AMOUNT": {
                "min": {"greater_than": 0, "leq_to": 10, "tolerance": 0.1},
                "max": {"greater_than": 1000},
                "null_check": {"equal_to": 0, "partition_clause": "ACCOUNTNO = '1000'"},
            },
            "ENTRY_DATE": {"min": {"geq_to": date(2025, 1, 1)}},
        },
        **CONNECTION,
    )
    operator.execute({})
    assert len(operator.check_results) == 7
    assert all(result.success for result in operator.check_results)


def test_a_column_check_that_fails_says_what_was_found() -> None:
    mapping = {"DEPARTMENTID": {"null_check": {"equal_to": 0}}}
    operator = SQLColumnCheckOperator(table="GLDETAIL", column_mapping=mapping, **CONNECTION)
    with pytest.raises(AirflowException, match="Column: DEPARTMENTID"):
        operator.execute({})


def test_a_table_check_sees_records_and_aggregates(lines: list[dict[str, Any]]) -> None:
    operator = SQLTableCheckOperator(
        table="GLDETAIL",
        checks={
            "row_count": {"check_statement": f"COUNT(*) = {len(lines)}"},
            "balanced": {"check_statement": "SUM(AMOUNT) = 0", "partition_clause": "STATISTICAL = FALSE"},
            "every_record": {"check_statement": "ACCOUNTNO IS NOT NULL AND TR_TYPE IN (1, -1)"},
        },
        **CONNECTION,
    )
    operator.execute({})
    assert {result.name: result.actual for result in operator.check_results} == (
        {"row_count": "1", "balanced": "1", "every_record": "1"}
    )


def test_a_table_check_fails_for_one_record_that_does() -> None:
    checks = {"departments": {"check_statement": "DEPARTMENTID IS NOT NULL"}}
    with pytest.raises(AirflowException, match="departments"):
        SQLTableCheckOperator(table="GLDETAIL", checks=checks, **CONNECTION).execute({})


def test_a_table_check_of_two_fields_is_refused_by_name() -> None:
    checks = {"compared": {"check_statement": "DEBITAMOUNT >= CREDITAMOUNT"}}
    with pytest.raises(AirflowFailException, match="cannot compare two fields"):
        SQLTableCheckOperator(table="GLDETAIL", checks=checks, **CONNECTION).execute({})


@pytest.mark.parametrize(("least", "expected"), [(1, "many"), (10**9, "few")])
def test_a_branch_follows_the_answer(monkeypatch: pytest.MonkeyPatch, least: int, expected: str) -> None:
    operator = BranchSQLOperator(
        sql="SELECT COUNT(*) > %(least)s FROM GLDETAIL",
        parameters={"least": least},
        follow_task_ids_if_true=["many"],
        follow_task_ids_if_false=["few"],
        **CONNECTION,
    )
    monkeypatch.setattr(BranchSQLOperator, "skip_all_except", lambda *_, **__: None)
    operator.execute({"ti": None})
    assert operator.follow_branch == [expected]


def test_a_sensor_waits_for_a_record(sandbox: SandboxProcess) -> None:
    from airflow_provider_intacct.client.xml import functions

    sql = "SELECT COUNT(*) FROM DEPARTMENT WHERE DEPARTMENTID = %(department)s"
    sensor = SqlSensor(sql=sql, parameters={"department": "D-NEW"}, **CONNECTION)
    assert not sensor.poke({})
    with IntacctHook().client as client:
        client.call(functions.create("DEPARTMENT", [{"DEPARTMENTID": "D-NEW", "TITLE": "New"}]))
    assert sensor.poke({})


@pytest.mark.parametrize("paged", [{}, {"page_size": 500}], ids=["at once", "in pages"])
def test_a_generic_transfer_copies_records_into_a_table(
    database: Database, lines: list[dict[str, Any]], paged: dict[str, int]
) -> None:
    GenericTransfer(
        task_id="copy",
        sql="SELECT RECORDNO, ACCOUNTNO, ENTRY_DATE, AMOUNT FROM GLDETAIL ORDER BY RECORDNO",
        preoperator="CREATE TABLE ledger (recordno INT, accountno VARCHAR(20), entry_date DATE, amount NUMERIC(20, 2))",
        destination_table="ledger",
        source_conn_id="intacct_default",
        destination_conn_id="warehouse",
        **paged,
    ).execute({})
    copied = database.query("SELECT recordno, accountno, amount FROM ledger ORDER BY recordno")
    assert [(number, account, round(Decimal(str(amount)), 2)) for number, account, amount in copied] == [
        (line["RECORDNO"], line["ACCOUNTNO"], line["AMOUNT"]) for line in lines
    ]


def test_no_secret_is_in_what_a_sql_operator_logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    operator = SQLExecuteQueryOperator(sql="SELECT COUNT(*) FROM GLDETAIL", **CONNECTION)
    operator.execute({})
    with pytest.raises(AirflowFailException) as error:
        SQLExecuteQueryOperator(sql="SELECT NOTHING FROM GLDETAIL", **CONNECTION).execute({})
    for text in (caplog.text, str(error.value), json.dumps([repr(operator.get_db_hook()), repr(operator)])):
        assert "Secret" not in text
