"""A load that is killed in the middle: the table stays as it was, and the next try brings it to where it should be."""

import json
import os
import subprocess
import sys
import time

from tests.airflow.conftest import Connect
from tests.airflow.databases import Database
from tests.airflow.test_to_sql import counts, load
from tests.sandbox_process import SandboxProcess

SCRIPT = """
from airflow_provider_intacct.transfers.sql import IntacctToSqlOperator
IntacctToSqlOperator(task_id="load", object="GLDETAIL", sql_conn_id="warehouse", deletes="ignore").execute({})
"""


def wait_for_queries(sandbox: SandboxProcess, count: int, task: subprocess.Popen[bytes], seconds: float = 60.0) -> None:
    """Wait until so many queries of the task were answered."""
    deadline = time.monotonic() + seconds
    while sum(call["function"] == "query" for call in sandbox.control("/sandbox/log")) < count:
        assert task.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_load_killed_between_two_pages_leaves_the_table_as_it_was(
    connect: Connect, sandbox: SandboxProcess, database: Database
) -> None:
    connection = connect(page_size=100)
    load("GLDETAIL", where="RECORDNO <= 50", deletes="ignore")
    before = database.query("SELECT * FROM gldetail ORDER BY recordno")
    sandbox.fault("slow", "query", nth=3, times=99, seconds=3)
    sandbox.control("/sandbox/log", method="DELETE")
    environment = {**os.environ, "AIRFLOW_CONN_INTACCT_DEFAULT": json.dumps(connection)}
    task = subprocess.Popen([sys.executable, "-c", SCRIPT], env=environment)
    try:
        wait_for_queries(sandbox, 2, task)
    finally:
        task.kill()
        task.wait()
    sandbox.control("/sandbox/faults", method="DELETE")
    assert database.query("SELECT * FROM gldetail ORDER BY recordno") == before
    assert len(database.query("SELECT * FROM _intacct_loads")) == 1
    result = load("GLDETAIL", deletes="ignore")
    assert counts(result) == (result["rows"] - 50, 0, 0)
