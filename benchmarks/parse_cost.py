"""How many milliseconds a DAG file that uses every operator adds over airflow.sdk. Run: python -m benchmarks.parse_cost

Each measurement is a new process; the median of several, since the first ones warm the file cache. The target is 15 ms.
"""

import os
import statistics
import subprocess
import sys

RUNS = 7
TARGET_MS = 15.0
DAG_FILE = """
from airflow_provider_intacct.operators.query import IntacctFunctionOperator, IntacctQueryOperator
from airflow_provider_intacct.operators.write import IntacctCreateOperator
from airflow_provider_intacct.sensors.record import IntacctRecordSensor
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


def main() -> int:
    base = statistics.median(milliseconds(BASE, after="") for _ in range(3))
    ours = statistics.median(milliseconds(DAG_FILE, after=BASE) for _ in range(RUNS))
    trigger = f"{BASE}; import airflow.triggers.base{DAG_FILE}"
    watched = statistics.median(milliseconds(TRIGGER, after=trigger) for _ in range(RUNS))
    print(f"airflow.sdk                                      {base:8.1f} ms")
    print(
        f"all operators and sensors, over airflow.sdk      {ours:8.1f} ms   (target {TARGET_MS:g}; {ours / base:.2%})"
    )
    print(f"the triggers, over that and airflow.triggers.base {watched:7.1f} ms")
    return 0 if ours <= TARGET_MS else 1


if __name__ == "__main__":
    raise SystemExit(main())
