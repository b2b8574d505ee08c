"""The example DAG of SQL checks, run by Airflow itself for a month that may be closed and for one that may not."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_intacct.client import IntacctClient
from tests.airflow.conftest import Connect
from tests.airflow.test_dag_run import xcoms

DAG_FILE = Path(__file__).parents[2] / "example_dags" / "intacct_sql_checks.py"


@pytest.fixture
def dag(airflow_db: None, connect: Connect) -> Any:
    """The DAG, known to Airflow."""
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.models.dagbundle import DagBundleModel
    from airflow.utils.session import create_session

    connect()
    with create_session() as session:
        session.merge(DagBundleModel(name="examples"))
    bag = DagBag(dag_folder=str(DAG_FILE), bundle_name="examples")
    sync_bag_to_db(bag, "examples", None)
    return bag.dags["intacct_sql_checks"]


def test_a_month_is_checked_with_sql_and_its_trial_balance_is_that_of_the_records(
    dag: Any, company: IntacctClient
) -> None:
    run = dag.test()
    assert run.state == "success"
    states = {task.task_id: task.state for task in run.get_task_instances()}
    assert states["trial_balance"] == states["report"] == "success"
    assert states["unposted_entries"] == "skipped"

    (told,) = xcoms(run)["trial_balance"]
    rows = company.rows(
        "GLDETAIL",
        fields=["ACCOUNTNO", "DEBITAMOUNT", "CREDITAMOUNT"],
        where="STATISTICAL = FALSE AND ENTRY_DATE BETWEEN '2026-05-01' AND '2026-05-31'",
    )
    expected: dict[str, list[Decimal]] = {}
    for row in rows:
        sums = expected.setdefault(row["ACCOUNTNO"], [Decimal(0), Decimal(0)])
        sums[0] += row["DEBITAMOUNT"] or 0
        sums[1] += row["CREDITAMOUNT"] or 0
    assert {account: [Decimal(debit or 0), Decimal(credit or 0)] for account, debit, credit in told} == expected
    assert sum(debit for debit, _ in expected.values()) == sum(credit for _, credit in expected.values()) > 0


def test_a_month_with_drafts_goes_to_the_accountants(dag: Any) -> None:
    run = dag.test(run_conf={"first_day": "2026-06-01", "last_day": "2026-06-30"})
    states = {task.task_id: task.state for task in run.get_task_instances()}
    assert (run.state, states["bills_are_posted"], states["trial_balance"]) == ("failed", "failed", "skipped")
    [[[_, day, journal, _, state]]] = xcoms(run)["unposted_entries"]
    assert (day, journal, state) == ("2026-06-15", "GJ", "Draft")
