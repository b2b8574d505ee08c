"""SqlToIntacctOperator: rows of a real PostgreSQL and of SQLite as records, read in batches, each posted once."""

import json
from decimal import Decimal
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_intacct.client import IntacctClient
from airflow_provider_intacct.transfers import SqlToIntacctOperator
from tests.airflow.conftest import Connect
from tests.airflow.databases import Database, SqliteDatabase
from tests.airflow.loads import MAPPING, QUERY, Ti, booked, counts, folder_of, load, load_query, results, rows, totals
from tests.sandbox_process import SandboxProcess


def fill(database: Database, cells: list[list[Any]]) -> None:
    database.query(
        "CREATE TABLE IF NOT EXISTS bills "
        "(vendor TEXT, number TEXT, day DATE, due DATE, account TEXT, amount NUMERIC(12, 2), memo TEXT)"
    )
    for row in cells:
        database.query("INSERT INTO bills VALUES (%s, %s, %s, %s, %s, %s, %s)", *row)


def test_the_rows_of_a_query_become_bills(
    connect: Connect, company: IntacctClient, database: Database, tmp_path: Any
) -> None:
    connect()
    fill(database, rows(range(1, 31)))
    summary = load_query(tmp_path)
    assert counts(summary) == {"posted": 30}
    assert set(totals(company).values()) == {Decimal("20.00")}
    assert results(summary)[0]["file"] == "query of warehouse"
    assert counts(load_query(tmp_path, Ti(try_number=2))) == {"already_posted": 30}
    assert set(booked(company).values()) == {1}


def test_parameters_are_bound_in_the_drivers_own_form(
    connect: Connect, company: IntacctClient, database: Database, tmp_path: Any
) -> None:
    connect()
    fill(database, rows([1, 2]))
    mark = "?" if isinstance(database, SqliteDatabase) else "%s"
    sql = QUERY.replace("ORDER", f"WHERE number = {mark} ORDER")
    assert counts(load_query(tmp_path, sql=sql, parameters=["LB-2"])) == {"posted": 1}
    assert booked(company) == {"LB-2": 1}


def test_dead_letters_of_a_query_are_json_lines_that_can_be_fed_back(
    connect: Connect, company: IntacctClient, database: Database, tmp_path: Any
) -> None:
    connect()
    fill(database, [*rows([1]), *rows([2], vendor="NOBODY", amount="7")])
    summary = load_query(tmp_path, on_reject="collect")
    assert counts(summary) == {"posted": 1, "rejected": 1}
    letters = folder_of(summary) / "dead-letters.jsonl"
    assert json.loads(letters.read_text().splitlines()[0])["_intacct_row"] == 3
    letters.write_text(letters.read_text().replace("NOBODY", "V001"))
    assert counts(load(letters, tmp_path, Ti(run_id="mended"))) == {"posted": 1}
    assert totals(company) == {"LB-1": Decimal("20.00"), "LB-2": Decimal("14.00")}


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT nonsense FROM bills", "The query of warehouse failed"),
        ("SELECT 1 AS a, 2 AS a", "two columns called 'a'"),
        ("SELECT 1 AS vendor", "has no column number"),
    ],
)
def test_a_query_that_cannot_be_loaded_is_refused(
    connect: Connect, sandbox: SandboxProcess, database: Database, tmp_path: Any, sql: str, words: str
) -> None:
    connect()
    fill(database, rows([1]))
    with pytest.raises(AirflowFailException) as refused:
        load_query(tmp_path, sql=sql)
    assert words in str(refused.value)
    assert sandbox.transactions() == 0


def test_a_float_column_is_refused_as_money(connect: Connect, postgres: Database, tmp_path: Any) -> None:
    connect()
    fill(postgres, rows([1], amount="0.10"))
    sql = QUERY.replace("amount,", "amount::float8 AS amount,")
    with pytest.raises(AirflowFailException, match=r"is the float 0\.1, which cannot carry money exactly"):
        load_query(tmp_path, sql=sql)


def test_a_database_that_may_only_be_read_is_enough(
    connect: Connect, company: IntacctClient, sqlite: SqliteDatabase, tmp_path: Any
) -> None:
    connect()
    fill(sqlite, rows([1]))
    sqlite.path.chmod(0o444)
    assert counts(load_query(tmp_path)) == {"posted": 1}


def test_lineage_names_the_tables_of_the_query(
    connect: Connect, company: IntacctClient, postgres: Database, tmp_path: Any
) -> None:
    connect()
    fill(postgres, rows([1]))
    operator = SqlToIntacctOperator(
        task_id="load", sql_conn_id="warehouse", sql=QUERY, results_path=str(tmp_path), **MAPPING
    )
    operator.execute({"ti": Ti()})  # type: ignore[typeddict-item]
    lineage = operator.get_openlineage_facets_on_complete(None)
    assert lineage.inputs[0].name.endswith(".public.bills")
    assert lineage.inputs[0].namespace.startswith("postgres://")
