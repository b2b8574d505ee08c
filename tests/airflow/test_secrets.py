"""No password and no session id appears where Airflow or a log keeps text, whatever succeeds or fails.

Looked for as they are, XML-escaped, URL-encoded and JSON-escaped, in records of every logger at DEBUG before any
masking, in tracebacks, XComs, rendered fields, trigger arguments and events, and in the metadata database.
"""

import asyncio
import json
import logging
import sqlite3
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from airflow_provider_intacct.hooks import IntacctHook
from airflow_provider_intacct.hooks.masking import forms
from airflow_provider_intacct.operators import IntacctFunctionOperator, IntacctQueryOperator
from airflow_provider_intacct.sensors import IntacctRecordSensor
from tests.airflow.conftest import AIRFLOW_HOME, DAGS_FOLDER, SENDERS, USERS, Connect
from tests.sandbox_process import SandboxProcess

AWKWARD = 'Wr&ng<"Secret">\'%/é+ 1'


class EveryRecord(logging.Handler):
    """Keeps what each log record says, traceback included, unmasked."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(logging.Formatter("%(name)s %(message)s").format(record))
        self.lines.append(repr(record.__dict__))


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Every record of every standard-library logger, at DEBUG."""
    handler, root = EveryRecord(), logging.getLogger()
    names = ["", "httpx", "httpcore", "airflow", "airflow.task", "airflow_provider_intacct"]
    before = {name: logging.getLogger(name).level for name in names}
    root.addHandler(handler)
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield handler.lines
    root.removeHandler(handler)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def session_ids(sandbox: SandboxProcess) -> list[str]:
    """Every session the sandbox has opened."""
    with sqlite3.connect(sandbox.db) as db:
        return [row[0] for row in db.execute("SELECT id FROM gateway_session")]


def secrets(sandbox: SandboxProcess, *more: str) -> set[str]:
    known = [*USERS.values(), *SENDERS.values(), *session_ids(sandbox), *more]
    return {form for secret in known for form in forms(secret)}


def failure(action: Callable[[], Any]) -> str:
    """The whole traceback of what `action` raises, its causes included; what it returned if nothing."""
    try:
        return json.dumps(action())
    except BaseException as error:  # noqa: BLE001 - a deferral is a BaseException; its text counts too
        return "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))


def everything() -> Iterator[str]:
    """Run operators, sensor, trigger and connection test, and yield every text they leave behind."""
    query = IntacctQueryOperator(
        task_id="read", object="LOCATIONENTITY", fields=["LOCATIONID"], where="LOCATIONID > :x", where_params={"x": "0"}
    )
    function = IntacctFunctionOperator(task_id="call", function="readEntityDetails")
    sensor = IntacctRecordSensor(task_id="wait", object="LOCATIONENTITY", where="LOCATIONID = 'X'", deferrable=True)
    for operator in (query, function, sensor):
        yield failure(lambda operator=operator: operator.execute({}))
        yield repr(operator)
        yield json.dumps({name: getattr(operator, name) for name in operator.template_fields})
        yield json.dumps({name: repr(value) for name, value in vars(operator).items()})
    watching = IntacctRecordSensor(task_id="wait", object="LOCATIONENTITY", poke_interval=0).trigger()
    yield json.dumps(watching.serialize())
    yield repr(watching)
    yield repr(asyncio.run(anext_event(watching)))
    hook = IntacctHook()
    yield failure(hook.test_connection)
    yield repr(hook)
    yield failure(lambda: repr(hook.client))
    yield failure(lambda: repr(hook.settings))
    yield failure(lambda: repr(vars(hook)))


async def anext_event(watching: Any) -> Any:
    return (await anext(watching.run())).payload


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"entity_id": "200"},
        {"entity_id": "999"},
        {"password": AWKWARD},
        {"sender_password": AWKWARD},
        {"user": "locked"},
        {"sender": "STRANGER"},
        {"page_size": "many"},
        {"endpoint": f"https://etl:{AWKWARD}@api.intacct.com"},
    ],
    ids=lambda changes: "-".join(changes) or "right",
)
def test_no_secret_in_any_log_traceback_result_or_argument(
    connect: Connect,
    sandbox: SandboxProcess,
    logged: list[str],
    capfd: pytest.CaptureFixture[str],
    changes: dict[str, Any],
) -> None:
    connect(**changes)
    texts = [*everything(), *logged, *capfd.readouterr()]
    sought = secrets(sandbox, AWKWARD)
    assert not [secret for secret in sought if any(secret in text for text in texts)]
    assert logged
    if not changes:
        assert session_ids(sandbox)


def test_airflow_masks_the_session_id_should_anyone_log_it(connect: Connect, sandbox: SandboxProcess) -> None:
    from airflow.sdk._shared.secrets_masker import redact

    connect()
    IntacctQueryOperator(task_id="read", object="LOCATIONENTITY", fields=["LOCATIONID"]).execute({})
    asyncio.run(anext_event(IntacctRecordSensor(task_id="w", object="LOCATIONENTITY", poke_interval=0).trigger()))
    for session_id in session_ids(sandbox):
        assert session_id not in str(redact(f"<sessionid>{session_id}</sessionid>"))


@pytest.mark.parametrize("changes", [{}, {"password": AWKWARD}], ids=["right", "wrong"])
def test_no_secret_in_what_a_whole_dag_run_prints_and_stores(
    connect: Connect,
    sandbox: SandboxProcess,
    airflow_db: None,
    capfd: pytest.CaptureFixture[str],
    changes: dict[str, Any],
) -> None:
    from airflow.dag_processing.dagbag import DagBag

    connect(**changes)
    run = DagBag(dag_folder=str(DAGS_FOLDER)).dags["reads_entities"].test()
    assert run.state == ("failed" if changes else "success")
    assert session_ids(sandbox) or changes
    stored = sqlite3.connect(AIRFLOW_HOME / "airflow.db")
    try:
        dump = "\n".join(stored.iterdump())
    finally:
        stored.close()
    assert "reads_entities" in dump
    files = [path.read_text(errors="replace") for path in AIRFLOW_HOME.rglob("*.log")]
    texts = [*capfd.readouterr(), dump, *files]
    assert not [secret for secret in secrets(sandbox, AWKWARD) if any(secret in text for text in texts)]
