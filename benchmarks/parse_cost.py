"""How many milliseconds a DAG file that uses every operator adds over airflow.sdk. Run: python -m benchmarks.parse_cost

Each measurement is a new process; the median of several, since the first ones warm the file cache. The target is 15 ms.
"""

import os
import statistics
import subprocess
import sys

from benchmarks.table import Table

RUNS = 7
TARGET_MS = 15.0
DAG_FILE = """
from airflow_provider_intacct.operators.balances import IntacctTrialBalanceOperator
from airflow_provider_intacct.operators.entities import IntacctEntitiesOperator
from airflow_provider_intacct.operators.query import IntacctFunctionOperator, IntacctQueryOperator
from airflow_provider_intacct.operators.report import IntacctReportOperator
from airflow_provider_intacct.operators.write import IntacctCreateOperator
from airflow_provider_intacct.sensors.record import IntacctRecordSensor
from airflow_provider_intacct.transfers.object_storage import IntacctToObjectStorageOperator
from airflow_provider_intacct.transfers.sql import IntacctToSqlOperator
"""
TRIGGER = "from airflow_provider_intacct.triggers.record import IntacctRecordTrigger"
BASE = "import airflow.sdk; from airflow.sdk import BaseHook, BaseOperator, BaseSensorOperator, conf"
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def milliseconds(code: str, *, after: str) -> float:
    """Return how long `code` takes in a new process that has already done `after`."""
    script = (
        f"import time\n{after}\nstarted = time.perf_counter()\n{code}\nprint('TOOK', time.perf_counter() - started)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=ENVIRONMENT)
    return float(ran.stdout.rpartition("TOOK ")[2]) * 1000


def main(table: Table) -> None:
    table.head("Parsing: what a DAG file with all operators adds over airflow.sdk")
    base = statistics.median(milliseconds(BASE, after="") for _ in range(3))
    ours = statistics.median(milliseconds(DAG_FILE, after=BASE) for _ in range(RUNS))
    trigger = f"{BASE}; import airflow.triggers.base{DAG_FILE}"
    watched = statistics.median(milliseconds(TRIGGER, after=trigger) for _ in range(RUNS))
    table.add("airflow.sdk", f"{base:,.1f} ms")
    table.at_most("all operators, sensors and transfers", ours, TARGET_MS, "ms", 1)
    table.add("the triggers, over that and airflow.triggers.base", f"{watched:,.1f} ms")


if __name__ == "__main__":
    result = Table()
    main(result)
    sys.exit(bool(result.missed))
