"""One task instance of a write operator and its tries, each in a worker of its own, without a scheduler."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from airflow_provider_intacct.operators.write import IntacctCreateOperator
from airflow_provider_intacct.operators.writing import IntacctWriteOperator


class Store(dict[str, Any]):
    """A task state store as Airflow 3.3 puts it into the context: JSON in, JSON out, kept for good."""

    def set(self, key: str, value: Any, *, retention: timedelta | None = None) -> None:
        assert retention is timedelta.max
        self[key] = json.loads(json.dumps(value))


@dataclass
class TaskInstance:
    dag_id: str = "close"
    run_id: str = "scheduled__2026-03-31"
    task_id: str = "post"
    map_index: int | None = -1
    try_number: int = 1
    pushed: dict[str, Any] = field(default_factory=dict)

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = json.loads(json.dumps(value))


@dataclass
class Task:
    """One task instance; `store=None` is an Airflow before 3.3."""

    store: Store | None = field(default_factory=Store)
    ti: TaskInstance = field(default_factory=TaskInstance)

    operator: type[IntacctWriteOperator] = IntacctCreateOperator
    object: str | None = "GLBATCH"

    def try_(self, records: Any, **arguments: Any) -> list[dict[str, Any]]:
        """One try, in a worker of its own: only the store and the try number outlive it."""
        operator = self.operator(task_id="post", records=records, **{"object": self.object, **arguments})
        context: Any = {"ti": self.ti, **({} if self.store is None else {"task_state_store": self.store})}
        try:
            outcomes = operator.execute(context)
        finally:
            self.ti.try_number += 1
        assert json.loads(json.dumps(outcomes)) == outcomes
        return outcomes
