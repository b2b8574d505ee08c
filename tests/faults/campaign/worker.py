"""A worker: `python -m tests.faults.campaign.worker` imports Airflow once, then forks a process for every try.

Each try is thus a process of its own, without a session or a memory, that can be killed for good. Commands come pickled
on stdin: a `Try` is answered with the process id, a process id with how it ended.
"""

import asyncio
import gc
import importlib
import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.faults.campaign.sabotage import SABOTAGE
from tests.faults.campaign.tries import Ended, Try, ended
from tests.faults.campaign.work import CREATE, FILES, SQL

CONNECTION = "AIRFLOW_CONN_INTACCT_DEFAULT"
NOBODY = 9
"""A port that nobody listens at."""

HURRY = 0.01
"""Share of its pauses that the client keeps: a second's pause takes ten milliseconds."""


class Worker:
    """The parent's end: starts tries and waits for them."""

    def __init__(self, home: Path) -> None:
        environment = {
            **os.environ,
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
            "PYTHONWARNINGS": "ignore",
        }
        command = [sys.executable, "-m", "tests.faults.campaign.worker"]
        self._log = (home / "worker.log").open("wb")
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, env=environment
        )

    def start(self, job: Try) -> int:
        """Start a try and return its process id."""
        return self._ask(job)

    def wait(self, job: Try, pid: int) -> Ended:
        """Return how it ended."""
        return ended(job, self._ask(pid))

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._log):
            if stream is not None:
                stream.close()

    def _ask(self, command: Any) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump(command, self._process.stdin)
        self._process.stdin.flush()
        return int(pickle.load(self._process.stdout))


class Store:
    """The task's state store: JSON values that outlive the worker, each in a file that is there whole or not at all."""

    def __init__(self, folder: Path, *, dies_noting: bool) -> None:
        self._folder = folder
        self._dies_noting = dies_noting
        folder.mkdir(exist_ok=True)

    def get(self, key: str, default: Any = None) -> Any:
        path = self._folder / key
        return json.loads(path.read_text()) if path.exists() else default

    def set(self, key: str, value: Any, **options: Any) -> None:
        text = json.dumps(value)
        if self._dies_noting and any(word in text for word in ('"posted"', '"already_posted"', "success")):
            os.kill(os.getpid(), signal.SIGKILL)
        handle, name = tempfile.mkstemp(dir=self._folder.parent)
        with os.fdopen(handle, "w") as file:
            file.write(text)
        Path(name).replace(self._folder / key)

    def delete(self, key: str) -> None:
        (self._folder / key).unlink(missing_ok=True)


def run(job: Try) -> Any:
    """Carry the try out in this process; wait out its deferrals as a triggerer would. Returns the result as JSON."""
    from airflow.sdk.exceptions import TaskDeferred

    pushed: dict[str, Any] = {}
    ti = SimpleNamespace(**job.ti, xcom_push=lambda key, value, **_: pushed.__setitem__(key, value))
    context: dict[str, Any] = {"ti": ti, "run_id": job.ti["run_id"]}
    context["dag_run"] = SimpleNamespace(run_id=job.ti["run_id"], run_after=datetime.now(UTC))
    if job.store is not None:
        context["task_state_store"] = Store(job.store, dies_noting=job.dies_noting)
    module, _, name = job.operator.partition(":")
    operator = getattr(importlib.import_module(module), name)(task_id=job.ti["task_id"], **job.arguments)
    try:
        try:
            value = operator.execute(context)
        except TaskDeferred as deferred:
            value = _resumed(operator, context, deferred)
        value = value if job.results is None else results(job.results, job.ti["try_number"])
        return {"value": json.loads(json.dumps(value, default=str))}
    except BaseException as error:  # noqa: BLE001 - whatever a task raises is what it comes to
        traceback.print_exc()
        if job.results is not None:
            pushed["outcomes"] = results(job.results, job.ti["try_number"])
        kinds = [kind.__name__ for kind in type(error).__mro__]
        return {"kinds": kinds, "message": str(error), "pushed": json.loads(json.dumps(pushed, default=str))}


def results(folder: Path, number: int) -> list[dict[str, Any]]:
    """Return what a load has written down of each record, in the order of its source, as try `number` may tell it."""
    last: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.rglob("*.jsonl"), key=lambda path: (path.name.rpartition("-")[2], path.name)):
        if path.name.startswith(("results-", "_chunk-")):
            for line in path.read_text().splitlines():
                told = json.loads(line)
                last[told["control_id"]] = told
    for told in last.values():
        if told["status"] == "posted" and told["try_number"] != number:
            told["status"] = "already_posted"
    # What an earlier try could not send, and this one was not given, is told of that try alone.
    told_now = [told for told in last.values() if told["status"] != "rolled_back" or told["try_number"] == number]
    return sorted(told_now, key=lambda told: told["row"])


def _resumed(operator: Any, context: Any, deferred: Any) -> Any:
    from airflow.sdk._shared.module_loading import import_string
    from airflow.sdk.exceptions import TaskDeferred

    async def event(trigger: Any) -> Any:
        return (await anext(trigger.run())).payload

    while True:
        path, arguments = deferred.trigger.serialize()
        payload = asyncio.run(asyncio.wait_for(event(import_string(path)(**arguments)), 60))
        method = getattr(operator, deferred.method_name)
        try:
            return method(context, **{**(deferred.kwargs or {}), "event": json.loads(json.dumps(payload))})
        except TaskDeferred as again:
            deferred = again


def _warm(folder: Path) -> None:
    """Import what every try needs, and let the client pause a hundredth of the time.

    What Airflow imports while a task runs is imported by running some, whose connections lead nowhere.
    """
    from airflow_provider_intacct.client.retry import RetryPolicy
    from airflow_provider_intacct.sandbox.__main__ import connection

    patient = RetryPolicy.bound
    RetryPolicy.bound = lambda self, attempt: patient(self, attempt) * HURRY  # type: ignore[method-assign]
    os.environ[CONNECTION] = json.dumps(connection(NOBODY))
    os.environ["AIRFLOW_CONN_WAREHOUSE"] = json.dumps({"conn_type": "sqlite", "host": ":memory:"})
    (folder / "rows.csv").write_text("name\nnobody\n")
    load = {"object": "VENDOR", "header": {"NAME": "name"}, "results_path": str(folder / "results")}
    ti = {"dag_id": "warm", "run_id": "warm", "task_id": "warm", "map_index": -1, "try_number": 1}
    for operator, arguments in (
        (CREATE, {"records": [{"NAME": "nobody"}], "object": "VENDOR"}),
        (FILES, {**load, "path": str(folder / "rows.csv")}),
        (SQL, {**load, "sql_conn_id": "warehouse", "sql": "SELECT 'nobody' AS name"}),
    ):
        told = run(Try(operator, arguments, {}, ti, folder / "warm", folder / "none", folder / "none"))
        assert "ConnectError" in told["kinds"], told


def _wait_at_most(seconds: float) -> None:
    """Let the client give a reply up sooner than a connection may say."""
    from airflow_provider_intacct.client import transport

    settings = transport._settings
    transport._settings = lambda timeout, concurrency: settings(min(timeout, seconds), concurrency)


def _child(job: Try) -> None:
    """Be the worker of one try: never returns."""
    with job.log.open("ab", buffering=0) as log:
        for number in (1, 2):
            os.dup2(log.fileno(), number)
        os.environ[CONNECTION] = json.dumps(job.connection)
        os.environ.update(job.environment)
        _wait_at_most(job.timeout)
        if job.sabotage:
            SABOTAGE[job.sabotage]()
        try:
            told = run(job)
            partial = job.result.with_suffix(".partial")
            partial.write_text(json.dumps(told))
            partial.rename(job.result)
        except BaseException:  # noqa: BLE001 - the child must not return into its parent's loop
            traceback.print_exc()
            os._exit(1)
    os._exit(0)


def main() -> None:
    """Serve commands until stdin ends."""
    answers = os.fdopen(os.dup(1), "wb")
    commands = os.fdopen(os.dup(0), "rb")
    os.dup2(2, 1)  # what Airflow prints is no answer
    _warm(Path(os.environ["AIRFLOW_HOME"]))
    gc.freeze()
    while True:
        try:
            command = pickle.load(commands)
        except EOFError:
            return
        if isinstance(command, Try):
            answer = os.fork()
            if not answer:
                _child(command)
        else:
            answer = os.waitpid(command, 0)[1]
        pickle.dump(answer, answers)
        answers.flush()


if __name__ == "__main__":
    main()
