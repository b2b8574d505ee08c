"""A DAG file is parsed every few seconds for ever: what it names of ours must not pull in what only a task needs.

The modules imported are counted, not the milliseconds, which differ from run to run; those are in
benchmarks/parse_cost.py.
"""

import subprocess
import sys

import pytest

HEAVY = {"httpx", "lxml", "sqlglot", "pyarrow", "orjson", "pandas", "sqlparse", "starlette", "uvicorn"}
DAG_FILE = """
from airflow_provider_intacct.operators.balances import IntacctTrialBalanceOperator
from airflow_provider_intacct.operators.dds import IntacctDdsJobOperator
from airflow_provider_intacct.operators.entities import IntacctEntitiesOperator
from airflow_provider_intacct.operators.query import IntacctFunctionOperator, IntacctQueryOperator
from airflow_provider_intacct.operators.report import IntacctReportOperator
from airflow_provider_intacct.operators.write import IntacctCreateOperator
from airflow_provider_intacct.sensors.record import IntacctRecordSensor
from airflow_provider_intacct.transfers.object_storage import IntacctToObjectStorageOperator
from airflow_provider_intacct.transfers.sql import IntacctToSqlOperator
from airflow_provider_intacct.transfers.object_storage_to_intacct import ObjectStorageToIntacctOperator
from airflow_provider_intacct.transfers.sql_to_intacct import SqlToIntacctOperator
from airflow_provider_intacct.triggers.dds import IntacctDdsJobTrigger
from airflow_provider_intacct.triggers.record import IntacctRecordTrigger
from airflow.sdk import DAG
with DAG("parse_cost", schedule=None):
    IntacctQueryOperator(task_id="read", object="VENDOR", fields=["VENDORID"], where="STATUS = 'active'")
    IntacctFunctionOperator(task_id="call", function="readEntityDetails")
    IntacctEntitiesOperator(task_id="entities")
    IntacctCreateOperator(task_id="post", object="DEPARTMENT", records=[{"DEPARTMENTID": "D1", "TITLE": "One"}])
    IntacctReportOperator(task_id="report", report="Open bills", deferrable=True)
    IntacctTrialBalanceOperator(task_id="balance", period="Month Ended June 2026")
    IntacctDdsJobOperator(task_id="deliver", object="VENDOR", cloud_delivery="S3", deferrable=True)
    IntacctToObjectStorageOperator(task_id="files", object="GLDETAIL", path="s3://lake/gl", incremental=True)
    IntacctToSqlOperator(task_id="table", object="VENDOR", sql_conn_id="warehouse")
    ObjectStorageToIntacctOperator(task_id="load", path="s3://lake/bills", results_path="s3://lake/results")
    SqlToIntacctOperator(task_id="query", sql_conn_id="warehouse", sql="SELECT 1", results_path="s3://lake/results")
    IntacctRecordSensor(task_id="wait", object="APBILL", deferrable=True)
IntacctRecordTrigger(object="APBILL", fields=["RECORDNO"])
IntacctDdsJobTrigger(record_number="12")
"""


def imported_by(code: str, *, after: str = "import airflow.sdk, airflow.triggers.base") -> set[str]:
    """Modules that `code` imports in a new process that has done `after`."""
    script = f"import sys\n{after}\nbefore = set(sys.modules)\n{code}\nprint('IMPORTED', *(set(sys.modules) - before))"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return set(ran.stdout.partition("IMPORTED ")[2].split())


@pytest.fixture(scope="module")
def imported() -> set[str]:
    return imported_by(DAG_FILE)


def test_a_dag_with_every_operator_imports_nothing_heavy(imported: set[str]) -> None:
    assert not {name.partition(".")[0] for name in imported} & HEAVY


def test_a_dag_with_every_operator_does_not_import_the_client(imported: set[str]) -> None:
    assert not [name for name in imported if name.startswith("airflow_provider_intacct.client")]
    assert not [name for name in imported if name.startswith("airflow_provider_intacct.sandbox")]


def test_a_dag_with_every_operator_imports_few_modules(imported: set[str]) -> None:
    ours = {name for name in imported if name.startswith("airflow_provider_intacct")}
    assert len(ours) <= 45, sorted(ours)


@pytest.mark.parametrize("package", ["operators", "sensors", "transfers", "triggers", "hooks"])
def test_importing_a_package_imports_none_of_its_modules(package: str) -> None:
    name = f"airflow_provider_intacct.{package}"
    imported = imported_by(f"import {name}", after="pass")
    ours = {found for found in imported if found.startswith("airflow_provider_intacct")}
    assert ours == {"airflow_provider_intacct", "airflow_provider_intacct.lazy", name}
    assert "airflow" not in imported
