"""Run an operator as Airflow does across deferrals, without a scheduler: what a try leaves, the next one finds."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk._shared.module_loading import import_string
from airflow.sdk.exceptions import TaskDeferred


class Store(dict[str, Any]):
    """A task state store, as Airflow 3.3 puts it into the context: JSON values and nothing else."""

    def set(self, key: str, value: Any, **options: Any) -> None:
        self[key] = json.loads(json.dumps(value))

    def delete(self, key: str) -> None:
        self.pop(key, None)


def context(store: Store | None = None, **changes: Any) -> dict[str, Any]:
    """Return the context of a task, with a state store (Airflow 3.3) or without (3.2)."""
    ti = {"dag_id": "close", "run_id": "manual__1", "task_id": "task", "map_index": -1, "try_number": 1, **changes}
    run = SimpleNamespace(run_after=datetime.now(UTC) - timedelta(minutes=1))
    made: dict[str, Any] = {"ti": SimpleNamespace(**ti), "dag_run": run}
    return made if store is None else {**made, "task_state_store": store}


def resumed(operator: BaseOperator, run: Any, deferred: TaskDeferred) -> Any:
    """Wait out a deferral with the trigger that is restored from the database, and resume in a new process."""
    path, arguments = deferred.trigger.serialize()
    trigger = import_string(path)(**arguments)

    async def event() -> Any:
        return (await anext(trigger.run())).payload

    payload = asyncio.run(asyncio.wait_for(event(), 30))
    return getattr(operator, deferred.method_name)(run, json.loads(json.dumps(payload)))


def finished(operator: BaseOperator, run: Any, left: TaskDeferred | None = None) -> tuple[Any, int]:
    """Run the operator to its end, from its start or from where it `left`; return its result and its deferrals."""
    deferrals = 0
    while True:
        try:
            return (operator.execute(run) if left is None else resumed(operator, run, left)), deferrals
        except TaskDeferred as deferred:
            deferrals, left = deferrals + 1, deferred
