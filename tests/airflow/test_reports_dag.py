"""Reports, balances and a delivery run by Airflow itself: templates, mapping, deferral, the state store."""

import pytest

from airflow_provider_intacct.client.xml import reports
from tests.airflow.conftest import DAGS_FOLDER, Connect
from tests.airflow.test_dag_run import xcoms
from tests.sandbox_process import SandboxProcess


def test_a_dag_reports_balances_and_delivers(
    airflow_db: None, connect: Connect, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.dag_processing.dagbag import DagBag

    connect()
    monkeypatch.setattr(reports, "MAX_WAIT", 0)  # or the server would wait long enough for any report of this company
    sandbox.switch(report_seconds=1, dds_seconds=1)
    run = DagBag(dag_folder=str(DAGS_FOLDER)).dags["runs_reports"].test()
    assert run.state == "success"
    results = xcoms(run)
    [bills] = results["bills"]
    assert len(bills) == 30
    assert [len(balance["totals"]) for balance in results["balances"]] == [1, 1, 1]
    assert results["ties_out"] == [True, True, True]
    [vendors] = results["vendors"]
    assert vendors["status"] == "Completed"
    calls = [call["function"] for call in sandbox.control("/sandbox/log")]
    assert (calls.count("readReport"), calls.count("runDdsJob")) == (1, 1)
