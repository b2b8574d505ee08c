"""A whole DAG of reading tasks run by Airflow itself, with templates, mapping, deferral and a triggerer in line."""

import threading
import time
from pathlib import Path
from typing import Any

from airflow_provider_intacct.client import IntacctClient
from airflow_provider_intacct.client.xml import functions
from tests.airflow.conftest import DAGS_FOLDER, Connect
from tests.sandbox_process import SandboxProcess


def test_the_dag_files_parse_without_errors() -> None:
    from airflow.dag_processing.dagbag import DagBag

    examples = Path(__file__).parents[2] / "example_dags"
    for folder in (DAGS_FOLDER, examples):
        bag = DagBag(dag_folder=str(folder))
        assert bag.import_errors == {}
        assert bag.dags


def create_after_first_poll(sandbox: SandboxProcess, company: IntacctClient, stop: threading.Event) -> None:
    """Create the record the sensor waits for as soon as the sandbox has seen the sensor look for it in vain."""
    while not stop.is_set():
        if any(call["function"] == "query" for call in sandbox.control("/sandbox/log")):
            company.call(functions.create("DEPARTMENT", [{"DEPARTMENTID": "D-NEW", "TITLE": "New"}]))
            return
        time.sleep(0.05)


def test_a_dag_waits_reads_maps_and_calls(
    airflow_db: None, connect: Connect, sandbox: SandboxProcess, company: IntacctClient
) -> None:
    from airflow.dag_processing.dagbag import DagBag

    connect()
    stop = threading.Event()
    author = threading.Thread(target=create_after_first_poll, args=(sandbox, company, stop))
    author.start()
    try:
        dag = DagBag(dag_folder=str(DAGS_FOLDER)).dags["reads_intacct"]
        run = dag.test()
    finally:
        stop.set()
        author.join()
    assert run.state == "success"
    assert xcoms(run)["wait"] == [[{"DEPARTMENTID": "D-NEW", "TITLE": "New"}]]
    assert xcoms(run)["entities"] == [
        [{"LOCATIONID": "100", "NAME": "Demo East"}, {"LOCATIONID": "200", "NAME": "Demo West"}]
    ]
    assert [len(rows) for rows in xcoms(run)["journals"]] == [1, 1]
    assert xcoms(run)["count"] == [3]


def approve_what_waits(sandbox: SandboxProcess, stop: threading.Event) -> None:
    """Be the person who approves every bill, once the sandbox has seen somebody look at its state."""
    while not stop.is_set():
        looked = any(call["function"] == "query" for call in sandbox.control("/sandbox/log"))
        for waiting in sandbox.control("/sandbox/approvals") if looked else ():
            sandbox.control("/sandbox/approve", {"object": waiting["object"], "key": waiting["key"]})
        time.sleep(0.05)


def test_a_dag_waits_for_approval_reverses_and_deletes(
    airflow_db: None, connect: Connect, sandbox: SandboxProcess
) -> None:
    from airflow.dag_processing.dagbag import DagBag

    connect()
    sandbox.switch(approval_apbill=1)
    stop = threading.Event()
    approver = threading.Thread(target=approve_what_waits, args=(sandbox, stop))
    approver.start()
    try:
        run = DagBag(dag_folder=str(DAGS_FOLDER)).dags["acts_on_records"].test()
    finally:
        stop.set()
        approver.join()
    assert run.state == "success"
    (bills,), (states,), (reversals,), (deletions,) = (
        xcoms(run)[task] for task in ("bills", "posted", "reversed", "gone")
    )
    assert [(bill["status"], bill["state"]) for bill in bills] == [("posted", "Posted")] * 2
    assert states == {bill["key"]: "Posted" for bill in bills}
    assert [reversal["status"] for reversal in reversals] == ["posted", "posted"]
    assert [deletion["status"] for deletion in deletions] == ["posted"]


def xcoms(run: Any) -> dict[str, list[Any]]:
    """The result of each task of a run, one per map index."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    with create_session() as session:
        found = session.scalars(XComModel.get_many(run_id=run.run_id, key="return_value")).all()
        results: dict[str, list[Any]] = {}
        for xcom in sorted(found, key=lambda xcom: xcom.map_index):
            results.setdefault(xcom.task_id, []).append(XComModel.deserialize_value(xcom))
        return results
