"""What "Test connection" tells: which step of a first sign-in failed and what to do, or who signed in where."""

import importlib.metadata
import json
import os
import subprocess
import sys
import time
from typing import Any

import pytest
from packaging.version import Version

from airflow_provider_intacct.hooks import IntacctHook
from tests.airflow.conftest import SENDERS, USERS, Connect, connection_to
from tests.sandbox_process import SandboxProcess

AIRFLOW = Version(importlib.metadata.version("apache-airflow-core"))
DOWN = "http://127.0.0.1:9/ia/xml/xmlgw.phtml"

# The change to a good connection, the step that fails, and a word of the advice.
REFUSALS: list[tuple[dict[str, Any], str, str]] = [
    ({"sender_password": "wrong-Secret-111"}, "Failed at the sender:", "sender_password"),
    ({"sender_id": "NOBODY"}, "Failed at the sender:", "Web Services licence"),
    ({"password": "wrong-Secret-222"}, "Failed at the user:", "a few wrong passwords lock"),
    ({"company_id": "OTHER"}, "Failed at the user:", "company_id"),
    ({"user": "locked"}, "user 'locked' of company 'DEMO' is locked out", "unlocks the user"),
    ({"sender": "STRANGER"}, "company 'DEMO' does not admit the sender 'STRANGER'", "Web Services authorizations"),
    ({"entity_id": "999"}, "could not enter entity '999'", "100, 200, 300"),
    ({"endpoint": DOWN}, "Failed at the network: no connection to 127.0.0.1:9", "nothing was sent"),
    ({"page_size": "many"}, "'page_size' must be a whole number", "connection form"),
]


def test_a_good_connection_says_who_signed_in_where(connect: Connect) -> None:
    connect()
    ok, message = IntacctHook().test_connection()
    assert ok, message
    for part in ("company DEMO", "user etl", "sender SANDBOX", "top level", "en_US", "/mdY", "24-hour", "UTC-0"):
        assert part in message
    assert "used 1 API transaction and" in message


def test_an_entity_connection_says_which_entity(connect: Connect) -> None:
    connect(entity_id="200")
    ok, message = IntacctHook().test_connection()
    assert ok, message
    assert "at entity 200" in message


def test_a_restricted_user_learns_where_the_sign_in_ends(connect: Connect) -> None:
    connect(user="west")
    ok, message = IntacctHook().test_connection()
    assert ok, message
    assert "entity 200, the user's own" in message


@pytest.mark.parametrize(("changes", "what", "advice"), REFUSALS, ids=lambda value: str(value)[:40])
def test_the_failed_step_is_named_with_what_to_do(
    connect: Connect, changes: dict[str, Any], what: str, advice: str
) -> None:
    connection = connect(**changes)
    ok, message = IntacctHook().test_connection()
    assert not ok
    assert what in message
    assert advice in message
    secrets = [connection["password"], connection["extra"]["sender_password"], *USERS.values(), *SENDERS.values()]
    assert not any(secret in message for secret in secrets)
    assert "[" not in message, "Airflow's command line would take it for markup"
    assert "<" not in message, "no part of a reply"


def test_a_wrong_entity_is_not_taken_for_a_wrong_password(connect: Connect) -> None:
    connect(entity_id="999")
    _, message = IntacctHook().test_connection()
    assert "signed in" in message
    assert "password" not in message


def test_an_unsubscribed_company_is_told_so(connect: Connect, sandbox: SandboxProcess) -> None:
    sandbox.switch(web_services_subscription=False)
    connect()
    ok, message = IntacctHook().test_connection()
    assert not ok
    assert "Failed at the Web Services subscription" in message


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        ("gw_html", "network"),
        ("http_503", "not available"),
        ("http_429", "too many"),
        ("reset_after", "no complete answer"),
        ("truncated", "network"),
    ],
)
def test_a_fault_of_the_way_is_told_from_a_refusal(
    connect: Connect, sandbox: SandboxProcess, fault: str, what: str
) -> None:
    sandbox.fault(fault, function="getAPISession")
    connect()
    ok, message = IntacctHook().test_connection()
    assert not ok
    assert message.startswith("Failed at the network")
    assert what in message


def test_a_server_that_does_not_answer_holds_nobody_for_more_than_five_seconds(
    connect: Connect, sandbox: SandboxProcess
) -> None:
    sandbox.fault("slow", function="getAPISession", seconds=8)
    connect()
    started = time.monotonic()
    ok, message = IntacctHook().test_connection()
    assert not ok
    assert "no complete answer within 4 s" in message
    assert time.monotonic() - started < 5


def test_asking_again_and_again_costs_one_sign_in_each(connect: Connect, sandbox: SandboxProcess) -> None:
    connect(password="wrong-Secret-333")
    IntacctHook().test_connection()
    connect()
    ok, message = IntacctHook().test_connection()
    assert ok, message


@pytest.fixture(scope="module")
def command_line(shared_sandbox: SandboxProcess, airflow_db: None) -> dict[str, tuple[int, str]]:
    """Exit status and output of `airflow connections test` for each connection, tested in one process to save time."""
    shared_sandbox.reset()
    connections = {"good": shared_sandbox.connection}
    for number, (changes, _, _) in enumerate(REFUSALS):
        connections[f"bad_{number}"] = connection_to(shared_sandbox.endpoint, **changes)
    code = f"""
import contextlib, io, json, sys
from airflow.__main__ import main
for conn_id in {list(connections)}:
    sys.argv, said, status = ["airflow", "connections", "test", conn_id], io.StringIO(), 0
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            main()
        except SystemExit as end:
            status = end.code or 0
    print("TESTED", json.dumps([conn_id, status, said.getvalue()]))
"""
    environment = {f"AIRFLOW_CONN_{conn_id.upper()}": json.dumps(value) for conn_id, value in connections.items()}
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "400", **environment},
        check=True,
    )
    lines = [line for line in ran.stdout.splitlines() if line.startswith("TESTED ")]
    tested = [json.loads(line.removeprefix("TESTED ")) for line in lines]
    return {conn_id: (status, " ".join((said + ran.stderr).split())) for conn_id, status, said in tested}


def test_the_command_line_succeeds_with_the_connection_the_sandbox_prints(
    command_line: dict[str, tuple[int, str]],
) -> None:
    status, said = command_line["good"]
    assert status == 0, said
    assert "Connection success!" in said


@pytest.mark.parametrize("number", range(len(REFUSALS)), ids=lambda number: str(REFUSALS[number][0])[:40])
def test_the_command_line_gives_the_same_advice_and_no_traceback(
    command_line: dict[str, tuple[int, str]], number: int
) -> None:
    status, said = command_line[f"bad_{number}"]
    _, what, advice = REFUSALS[number]
    assert "Connection failed!" in said
    assert status == (1 if Version("3.3") <= AIRFLOW else 0), "Airflow 3.2 says that the test failed and ends with 0"
    assert what in said
    assert advice in said
    assert "Traceback" not in said
    assert not any(secret in said for secret in (*USERS.values(), *SENDERS.values()))


def test_the_time_zone_is_held_against_the_users_own(connect: Connect) -> None:
    connect(time_zone="America/Los_Angeles")
    ok, message = IntacctHook().test_connection()
    assert ok, message
    assert "time zone America/Los_Angeles (UTC-0" in message
    connect(time_zone="Europe/London")
    ok, message = IntacctHook().test_connection()
    assert not ok
    assert message.startswith("Failed at the time zone:")
    assert "'Europe/London' (+00:00 or +01:00 from GMT)" in message


def test_an_unnamed_time_zone_is_pointed_out(connect: Connect) -> None:
    connect()
    assert "name it in time_zone" in IntacctHook().test_connection()[1]
