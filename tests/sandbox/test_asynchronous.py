"""Transport policies: acknowledged, queued, carried out in order, delivered (wire/xml-gateway.md §2.7, §4)."""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tests.gateway_requests import Answer, begin_session, call, create_department, departments, function, login, session
from tests.sandbox_process import SandboxProcess

OFFLINE = "<policyid>OFFLINE</policyid>"


def send(sandbox: SandboxProcess, *functions: str, **options: Any) -> Answer:
    return call(sandbox, *functions, **{"control": OFFLINE, "unique": True, **options})


def queue(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    return list(sandbox.control("/sandbox/queue")["requests"])


def wait_until(sandbox: SandboxProcess, *states: str) -> list[dict[str, Any]]:
    deadline = time.monotonic() + 10
    while [found["state"] for found in queue(sandbox)] != list(states):
        assert time.monotonic() < deadline, queue(sandbox)
        time.sleep(0.005)
    return queue(sandbox)


def test_a_request_with_a_policy_is_acknowledged_and_carried_out_later(sandbox: SandboxProcess) -> None:
    sandbox.control("/sandbox/queue", {"hold": True})
    answer = send(sandbox, function(create_department("A"), "id-1"))
    assert [child.tag for child in answer.root] == ["acknowledgement", "control"]
    assert answer.text("acknowledgement/status") == answer.text("control/status") == "success"
    assert departments(sandbox, ["A"]) == []
    assert [found["state"] for found in queue(sandbox)] == ["queued"]
    sandbox.control("/sandbox/queue", {"hold": False})
    (done,) = wait_until(sandbox, "done")
    assert departments(sandbox, ["A"]) == ["A"]
    response = etree.fromstring(done["response"].encode())
    assert response.findtext("operation/result/status") == "success"
    assert (done["policyid"], done["functions"], done["delivery"]) == ("OFFLINE", ["id-1"], "kept")


def test_an_unknown_policy_is_refused_and_nothing_queued(sandbox: SandboxProcess) -> None:
    answer = send(sandbox, create_department("A"), control="<policyid>test</policyid>")
    assert answer.errors() == [("XL03000006", "test is not a valid transport policy.")]
    sandbox.switch(transport_policies="test,nightly")
    assert send(sandbox, create_department("A"), control="<policyid>test</policyid>").root[0].tag == "acknowledgement"
    assert send(sandbox, create_department("B")).errors()[0][1] == "OFFLINE is not a valid transport policy."
    wait_until(sandbox, "done")


def test_the_queue_is_carried_out_in_its_order_and_a_repeated_id_is_refused_in_its_turn(
    sandbox: SandboxProcess,
) -> None:
    sandbox.control("/sandbox/queue", {"hold": True})
    for name, control_id in (("A", "id-1"), ("B", "id-1"), ("C", "id-2")):
        assert send(sandbox, function(create_department(name), control_id)).root[0].tag == "acknowledgement"
    sandbox.control("/sandbox/queue", {"release": 2})
    wait_until(sandbox, "done", "done", "queued")
    assert departments(sandbox, "ABC") == ["A"]
    assert "A successful transaction has already been recorded" in queue(sandbox)[1]["response"]
    again = call(sandbox, function(create_department("D"), "id-1"), unique=True)
    assert again.statuses == ["failure"], "both ways of a request share the memory of control ids"
    sandbox.control("/sandbox/queue", {"release": 1})
    wait_until(sandbox, "done", "done", "done")
    assert departments(sandbox, "ABC") == ["A", "C"]


def test_a_request_may_stay_in_the_queue_for_a_while(sandbox: SandboxProcess) -> None:
    sandbox.switch(async_seconds=3600)
    send(sandbox, create_department("A"))
    assert [found["state"] for found in queue(sandbox)] == ["queued"]
    sandbox.advance(3601)
    wait_until(sandbox, "done")
    assert departments(sandbox, ["A"]) == ["A"]


def test_the_queue_survives_a_kill(fresh_sandbox: SandboxProcess) -> None:
    fresh_sandbox.control("/sandbox/queue", {"hold": True})
    send(fresh_sandbox, create_department("A"))
    fresh_sandbox.kill()
    fresh_sandbox.restart()
    wait_until(fresh_sandbox, "done")
    assert departments(fresh_sandbox, ["A"]) == ["A"]


@pytest.mark.parametrize(("after", "state", "left"), [("again", "done", ["A", "B"]), ("lost", "lost", ["A"])])
def test_a_kill_in_the_middle_of_a_queued_request_books_nothing_twice(
    fresh_sandbox: SandboxProcess, after: str, state: str, left: list[str]
) -> None:
    fresh_sandbox.arguments = ("--set", f"async_after_restart={after}")
    fresh_sandbox.fault("kill_between", function="create", position=1, queued=True)
    send(fresh_sandbox, *(function(create_department(name), f"id-{name}") for name in "AB"))
    fresh_sandbox.wait_until_dead()
    fresh_sandbox.restart()
    (found,) = wait_until(fresh_sandbox, state)
    assert departments(fresh_sandbox, "AB") == left
    if after == "again":
        statuses = etree.fromstring(found["response"].encode()).xpath("operation/result/status/text()")
        assert statuses == ["failure", "success"], "what the first run committed is refused"


def test_a_queued_request_can_get_lost(sandbox: SandboxProcess) -> None:
    sandbox.control("/sandbox/queue", {"hold": True})
    send(sandbox, create_department("A"))
    sandbox.control("/sandbox/queue", method="DELETE")
    sandbox.control("/sandbox/queue", {"hold": False})
    send(sandbox, create_department("B"))
    wait_until(sandbox, "lost", "done")
    assert departments(sandbox, "AB") == ["B"]


def test_more_characters_than_an_asynchronous_request_may_have_are_refused(sandbox: SandboxProcess) -> None:
    long = create_department("A").replace("</TITLE>", "x" * 500_000 + "</TITLE>")
    answer = send(sandbox, long)
    assert answer.text("control/status") == "failure"
    assert "an asynchronous request may have 500000" in answer.errors()[0][1]
    assert queue(sandbox) == []


def test_an_acknowledgement_can_be_lost_while_the_request_is_queued(sandbox: SandboxProcess) -> None:
    sandbox.fault("reset_after", function="create")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        send(sandbox, create_department("A"))
    wait_until(sandbox, "done")
    assert departments(sandbox, ["A"]) == ["A"]


@pytest.mark.parametrize("when", ["carried_out", "received"])
def test_when_the_sign_in_of_a_queued_request_is_asked_about_is_open(sandbox: SandboxProcess, when: str) -> None:
    sandbox.switch(async_sign_in=when)
    answer = send(sandbox, create_department("A"), credential=login(("etl", "wrong")))
    if when == "received":
        assert answer.text("operation/authentication/status") == "failure"
        assert queue(sandbox) == []
    else:
        assert answer.root[0].tag == "acknowledgement"
        (done,) = wait_until(sandbox, "done")
        assert "Sign-in information is incorrect" in done["response"]


def test_a_session_may_expire_in_the_queue(sandbox: SandboxProcess) -> None:
    session_id = begin_session(sandbox)
    sandbox.switch(async_seconds=8000)
    send(sandbox, create_department("A"), credential=session(session_id))
    sandbox.advance(8001)
    (done,) = wait_until(sandbox, "done")
    assert "Invalid session" in done["response"]
    assert departments(sandbox, ["A"]) == []


def test_responses_are_written_to_the_folder_of_the_policies(fresh_sandbox: SandboxProcess, tmp_path: Path) -> None:
    folder = tmp_path / "responses"
    fresh_sandbox.arguments = ("--policy-folder", str(folder))
    fresh_sandbox.restart()
    send(fresh_sandbox, create_department("A"))
    (done,) = wait_until(fresh_sandbox, "done")
    assert done["delivery"] == "written"
    (path,) = folder.iterdir()
    assert etree.parse(path).getroot().findtext("operation/result/status") == "success"


@contextmanager
def listener(status: int) -> Iterator[tuple[int, list[tuple[str, str | None, bytes]]]]:
    heard: list[tuple[str, str | None, bytes]] = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append((self.path, self.headers["Authorization"], body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(("status", "delivery"), [(200, "posted"), (500, "refused: HTTP 500")])
def test_responses_are_posted_to_the_response_url(sandbox: SandboxProcess, status: int, delivery: str) -> None:
    with listener(status) as (port, heard):
        sandbox.switch(policy_response_url=f"http://me:secret@127.0.0.1:{port}/intacct")
        send(sandbox, create_department("A"))
        (done,) = wait_until(sandbox, "done")
    assert done["delivery"] == delivery
    ((path, authorization, body),) = heard
    assert (path, authorization) == ("/intacct", "Basic bWU6c2VjcmV0")
    assert etree.fromstring(body).findtext("control/controlid")


@pytest.mark.parametrize(
    ("url", "said"), [("http://127.0.0.1:1/", "refused"), ("http://10.0.0.1/", "not this machine")]
)
def test_a_response_that_cannot_be_posted_is_told(sandbox: SandboxProcess, url: str, said: str) -> None:
    sandbox.switch(policy_response_url=url)
    send(sandbox, create_department("A"))
    (done,) = wait_until(sandbox, "done")
    assert done["delivery"].startswith("failed: ")
    assert said in done["delivery"]
    assert departments(sandbox, ["A"]) == ["A"]


@pytest.mark.parametrize("values", [{"stop": True}, {"hold": "yes"}, {"release": -1}])
def test_the_queue_takes_hold_and_release_only(sandbox: SandboxProcess, values: dict[str, object]) -> None:
    with pytest.raises(AssertionError, match="HTTP 400"):
        sandbox.control("/sandbox/queue", values)
