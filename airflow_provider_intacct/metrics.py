"""What a task used, as Airflow metrics and as the last line of its log, also when the task fails: that cost money too.

Counters `intacct.api_transactions`, `intacct.requests`, `intacct.rows`, `intacct.bytes_received`, `intacct.retries`
and the timing `intacct.waited`, tagged with dag_id, task_id and conn_id. Without metrics configured Airflow drops them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from airflow_provider_intacct.hooks.metering import Meter

if TYPE_CHECKING:
    from airflow_provider_intacct.hooks.metering import Counted


@contextlib.contextmanager
def metered(operator: Any, client: Counted) -> Iterator[Meter]:
    """Measure the block for `operator`, a task with an `intacct_conn_id`; then say it in the log and as metrics.

    with metered(self, client) as meter:
        ...
        meter.done("Read 5 VENDOR records", rows=5)
    """
    meter = Meter(client)
    try:
        yield meter
    finally:
        operator.log.info("%s", meter.line)
        send(meter, {"dag_id": operator.dag_id, "task_id": operator.task_id, "conn_id": operator.intacct_conn_id})


def send(meter: Meter, tags: dict[str, str]) -> None:
    """Send what `meter` counted."""
    from airflow.providers.common.compat.sdk import Stats

    usage = meter.usage
    counters = {
        "api_transactions": usage.transactions,
        "requests": usage.requests,
        "rows": meter.rows,
        "bytes_received": usage.bytes_received,
        "retries": usage.retries,
    }
    for name, count in counters.items():
        if count:
            Stats.incr(f"intacct.{name}", count, tags=tags)
    if usage.seconds_waited:
        Stats.timing("intacct.waited", usage.seconds_waited * 1000, tags=tags)
