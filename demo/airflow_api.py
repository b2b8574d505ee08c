"""The part of Airflow's REST API (v2) that the demo and the stack tests need, as a person would use it from outside."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

FINISHED = ("success", "failed")


@dataclass(frozen=True, slots=True)
class TaskState:
    """One task instance: its latest try and state."""

    task_id: str
    map_index: int
    state: str | None
    try_number: int
    seconds: float | None


class AirflowApi:
    """A client for one API server; all calls raise httpx.HTTPStatusError when Airflow refuses."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=30, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def sign_in(self) -> None:
        """Take an admin's token (the stack runs with `simple_auth_manager_all_admins`)."""
        reply = self._http.get("/auth/token")
        reply.raise_for_status()
        self._http.headers["Authorization"] = f"Bearer {reply.json()['access_token']}"

    def call(self, method: str, path: str, json: Any = None, **params: Any) -> Any:
        """Call `/api/v2` and return the parsed body."""
        reply = self._http.request(method, f"/api/v2{path}", json=json, params=params)
        if reply.is_error:
            raise httpx.HTTPStatusError(
                f"{method} {path}: {reply.status_code} {reply.text[:500]}", request=reply.request, response=reply
            )
        return reply.json() if reply.content else None

    def health(self) -> dict[str, str | None]:
        """Return {component: status}; a component that has not reported yet has status None."""
        reply = self._http.get("/api/v2/monitor/health")
        reply.raise_for_status()
        return {name: (part or {}).get("status") for name, part in reply.json().items()}

    def dag_ids(self) -> set[str]:
        return {dag["dag_id"] for dag in self.call("GET", "/dags", limit=100)["dags"]}

    def import_errors(self) -> list[str]:
        errors = self.call("GET", "/importErrors")["import_errors"]
        return [f"{error['filename']}: {error['stack_trace']}" for error in errors]

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None) -> str:
        """Start a DAG run and return its run id."""
        run = self.call("POST", f"/dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": dict(conf or {})})
        return str(run["dag_run_id"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        return str(self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def task_states(self, dag_id: str, run_id: str) -> list[TaskState]:
        """Return the task instances of a run in the order in which they started."""
        found = self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", limit=100)["task_instances"]
        found.sort(key=lambda task: (task["start_date"] or "9", task["task_id"], task["map_index"]))
        return [
            TaskState(task["task_id"], task["map_index"], task["state"], task["try_number"], task["duration"])
            for task in found
        ]

    def wait_for_run(self, dag_id: str, run_id: str, *, timeout: float = 180) -> str:
        """Wait until the run has ended and return its state; TimeoutError says where its tasks stand."""
        deadline = time.monotonic() + timeout
        while (state := self.run_state(dag_id, run_id)) not in FINISHED:
            if time.monotonic() > deadline:
                stand = ", ".join(f"{task.task_id} {task.state}" for task in self.task_states(dag_id, run_id))
                raise TimeoutError(f"{dag_id} {run_id} is still {state} after {timeout:.0f} s: {stand}")
            time.sleep(0.5)
        return state

    def wait_for_task(
        self, dag_id: str, run_id: str, task_id: str, states: Sequence[str], *, timeout: float = 120
    ) -> str:
        """Wait until the task is in one of `states` and return that one."""
        deadline = time.monotonic() + timeout
        while True:
            now = {task.task_id: task.state for task in self.task_states(dag_id, run_id)}
            state = now.get(task_id)
            if state in states:
                return str(state)
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"{task_id} of {run_id} is {state}, not {' or '.join(states)}, after {timeout:.0f} s"
                )
            time.sleep(0.2)

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value") -> Any:
        """Return what a task left as XCom, as a value."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/{key}"
        return self.call("GET", path, deserialize=True)["value"]

    def log(self, dag_id: str, run_id: str, task_id: str, try_number: int = 1) -> str:
        """Return the log of one try, line by line, with what was raised."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{try_number}"
        content = self.call("GET", path, full_content=True)["content"]
        return "\n".join(line if isinstance(line, str) else _words(line) for line in content)

    def clear(self, dag_id: str, run_id: str, task_ids: Sequence[str], *, downstream: bool = True) -> list[str]:
        """Clear tasks of one run (and what comes after them), as the UI's button does; return the ids cleared."""
        body = {
            "dry_run": False,
            "dag_run_id": run_id,
            "task_ids": list(task_ids),
            "include_downstream": downstream,
            "only_failed": False,
            "reset_dag_runs": True,
        }
        cleared = self.call("POST", f"/dags/{dag_id}/clearTaskInstances", json=body)["task_instances"]
        return [task["task_id"] for task in cleared]

    def asset_events(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return the asset events that a run's tasks left, oldest first."""
        events = self.call(
            "GET", "/assets/events", source_dag_id=dag_id, source_run_id=run_id, order_by="timestamp", limit=100
        )
        return list(events["asset_events"])


def _words(line: Mapping[str, Any]) -> str:
    raised = [f"{error['exc_type']}: {error['exc_value']}" for error in line.get("error_detail") or []]
    return "\n".join([str(line.get("event", line)), *raised])
