"""Faults on demand, over real sockets: what was executed and what the caller sees."""

import http.client
import json
import socket
import time

import pytest

from tests.gateway_requests import (
    begin_session,
    call,
    create_department,
    departments,
    function,
    login,
    post,
    query,
    request,
    session,
)
from tests.sandbox_process import SandboxProcess


def test_a_429_says_so_and_executes_nothing(sandbox: SandboxProcess) -> None:
    sandbox.fault("http_429")
    answer = call(sandbox, create_department("A"))
    assert answer.status == 429
    assert answer.text("errormessage/error/errorno") == "GW-0010"
    assert departments(sandbox, ["A"]) == []


@pytest.mark.parametrize(("fault", "status"), [("http_503", 503), ("gw_html", 502), ("http_524", 524)])
def test_a_broken_edge_answers_with_a_page(sandbox: SandboxProcess, fault: str, status: int) -> None:
    sandbox.fault(fault)
    answer = call(sandbox, create_department("A"))
    assert answer.status == status
    assert answer.headers["content-type"].startswith("text/html")
    assert b"<html" in answer.body
    assert departments(sandbox, ["A"]) == []


def test_a_524_may_come_after_everything_was_committed(sandbox: SandboxProcess) -> None:
    sandbox.fault("http_524_after")
    assert call(sandbox, create_department("A")).status == 524
    assert departments(sandbox, ["A"]) == ["A"]


@pytest.mark.parametrize(("fault", "executed"), [("reset_before", []), ("reset_after", ["A"])])
def test_a_reset_is_a_reset_of_the_socket(sandbox: SandboxProcess, fault: str, executed: list[str]) -> None:
    sandbox.fault(fault)
    body = request(create_department("A"))
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=30) as raw:
        head = (
            "POST /ia/xml/xmlgw.phtml HTTP/1.1\r\nHost: x\r\nContent-Type: application/xml\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        raw.sendall(head.encode() + body)
        with pytest.raises(ConnectionResetError):
            assert raw.recv(1) == b"never"
    assert departments(sandbox, ["A"]) == executed


def test_a_truncated_reply_ends_in_the_middle(sandbox: SandboxProcess) -> None:
    sandbox.fault("truncated")
    with pytest.raises(http.client.IncompleteRead) as broken:
        call(sandbox, create_department("A"))
    assert broken.value.partial.startswith(b"<?xml")
    assert departments(sandbox, ["A"]) == ["A"]


@pytest.mark.parametrize("at_byte", [0, 1, 100, -1, 10**6])
def test_a_reply_may_be_cut_at_any_byte(sandbox: SandboxProcess, at_byte: int) -> None:
    sandbox.fault("truncated", at_byte=at_byte)
    sandbox.fault("shortened", nth=2, at_byte=at_byte)
    read = function(query("DEPARTMENT", ["DEPARTMENTID"]))
    whole = 0
    try:
        whole = len(call(sandbox, read).body)  # no byte was missing
    except http.client.IncompleteRead as broken:
        cut = broken.partial
        whole = len(cut) + (broken.expected or 0)
        assert len(cut) == (at_byte if at_byte >= 0 else whole + at_byte)
    short = len(call(sandbox, read).body)
    assert abs(short - min(whole, at_byte if at_byte >= 0 else whole + at_byte)) <= 2, "time stamps aside"


@pytest.mark.parametrize(
    ("fault", "status"), [("http_503_after", 503), ("gw_html_after", 502), ("http_524_after", 524)]
)
def test_an_edge_may_break_after_everything_was_committed(sandbox: SandboxProcess, fault: str, status: int) -> None:
    sandbox.fault(fault, function="create")
    assert call(sandbox, create_department("A")).status == status
    assert departments(sandbox, ["A"]) == ["A"]


@pytest.mark.parametrize(("fault", "status"), [("http_524_during", 524), ("reset_during", 0)])
def test_the_company_may_go_on_for_a_caller_who_was_cut_off(sandbox: SandboxProcess, fault: str, status: int) -> None:
    sandbox.switch(concurrency=2)
    sandbox.fault(fault, function="create", seconds=1.0)
    body = function(create_department("A"), "id-1")
    if status:
        assert call(sandbox, body, unique=True).status == status
    else:
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            call(sandbox, body, unique=True)
    assert departments(sandbox, ["A"]) == []
    assert call(sandbox, body, unique=True).errors() == [("BL01001973", "concurrent request in process")]
    sandbox.wait_for_operations(in_process=0)
    assert departments(sandbox, ["A"]) == ["A"]


@pytest.mark.parametrize("fault", ["reset_between", "reset_uncommitted", "gw_html_between"])
@pytest.mark.parametrize(("atomic", "position"), [(False, 2), (True, 2), (True, 0), (False, 0)])
def test_a_request_may_end_between_two_of_its_functions(
    sandbox: SandboxProcess, fault: str, atomic: bool, position: int
) -> None:
    sandbox.fault(fault, function="create", position=position)
    batch = [create_department(name) for name in "ABC"]
    if fault == "gw_html_between":
        assert call(sandbox, *batch, atomic=atomic).status == 502
    else:
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            call(sandbox, *batch, atomic=atomic)
    reached = (position or 3) - (fault == "reset_uncommitted")
    whole = fault != "reset_uncommitted" and not position
    assert departments(sandbox, "ABC") == (["A", "B", "C"] if whole else [] if atomic else list("ABC")[:reached])
    assert call(sandbox, create_department("D")).statuses == ["success"], "nothing is held any longer"


@pytest.mark.parametrize(("fault", "executed"), [("kill_uncommitted", ["A"]), ("kill_between", ["A", "B"])])
def test_the_process_can_die_between_two_functions(
    fresh_sandbox: SandboxProcess, fault: str, executed: list[str]
) -> None:
    fresh_sandbox.fault(fault, function="create", position=2)
    with pytest.raises((http.client.HTTPException, OSError)):
        call(fresh_sandbox, *(function(create_department(name), f"id-{name}") for name in "ABC"), unique=True)
    assert fresh_sandbox.wait_until_dead() == -9
    fresh_sandbox.restart()
    assert departments(fresh_sandbox, "ABC") == executed
    assert [line["controlid"] for line in fresh_sandbox.control("/sandbox/control-ids")] == [
        f"id-{name}" for name in executed
    ]


def test_a_proxy_may_deliver_a_request_twice(sandbox: SandboxProcess) -> None:
    sandbox.fault("delivered_twice", function="create")
    answer = call(sandbox, function(create_department("A"), "id-1"), unique=True)
    assert answer.errors() == [
        ("BL01001973", "A successful transaction has already been recorded with the control id id-1")
    ]
    assert departments(sandbox, ["A"]) == ["A"]


@pytest.mark.parametrize("fault", [{"fault": "session_ends"}, {"fault": "http_524_after", "expire": True}])
def test_a_session_may_end_with_a_reply(sandbox: SandboxProcess, fault: dict[str, object]) -> None:
    session_id = begin_session(sandbox)
    sandbox.control("/sandbox/faults", fault)
    answer = call(sandbox, create_department("A"), credential=session(session_id))
    assert answer.status == (524 if fault.get("expire") else 200)
    assert departments(sandbox, ["A"]) == ["A"]
    refused = call(sandbox, create_department("B"), credential=session(session_id))
    assert refused.text("operation/authentication/status") == "failure"


def test_a_session_can_expire_under_the_caller(sandbox: SandboxProcess) -> None:
    session_id = begin_session(sandbox)
    sandbox.fault("expired_session", function="create")
    assert call(sandbox, "<get_applications/>", credential=session(session_id)).statuses == ["success"]
    for _ in range(2):
        answer = call(sandbox, create_department("A"), credential=session(session_id))
        ((_, text),) = answer.errors("operation/errormessage/error")
        assert text.startswith("Invalid session ")
    assert departments(sandbox, ["A"]) == []


@pytest.mark.parametrize(("fault", "function"), [("slow", "create"), ("slow_after", "*")])
def test_a_slow_reply_comes_in_the_end(sandbox: SandboxProcess, fault: str, function: str) -> None:
    sandbox.fault(fault, function=function, seconds=0.6)
    started = time.monotonic()
    assert call(sandbox, create_department("A")).statuses == ["success"]
    assert time.monotonic() - started >= 0.6


@pytest.mark.parametrize(
    ("fault", "text"), [("throttled_text", "API rate limit exceeded"), ("concurrent_refusal", "too many operations")]
)
def test_some_refusals_hide_in_a_200(sandbox: SandboxProcess, fault: str, text: str) -> None:
    sandbox.fault(fault)
    answer = call(sandbox, create_department("A"))
    assert answer.status == 200
    assert answer.text("control/status") == "failure"
    assert answer.errors() == [("XL03000006", text)]
    assert answer.text(".//correction") == "Please Try Again Later"
    assert departments(sandbox, ["A"]) == []


@pytest.mark.parametrize(("fault", "executed"), [("kill_before", []), ("kill_after", ["A"])])
def test_the_process_can_die_on_either_side_of_the_commit(
    fresh_sandbox: SandboxProcess, fault: str, executed: list[str]
) -> None:
    fresh_sandbox.fault(fault, function="create")
    with pytest.raises((http.client.HTTPException, OSError)):
        call(fresh_sandbox, create_department("A"))
    assert fresh_sandbox.wait_until_dead() == -9
    fresh_sandbox.restart()
    assert departments(fresh_sandbox, ["A"]) == executed


def test_a_rule_strikes_at_the_nth_request_with_its_function_and_then_stops(sandbox: SandboxProcess) -> None:
    sandbox.fault("http_503", function="get_applications", nth=2, times=2)
    statuses = []
    for _ in range(5):
        call(sandbox, "<getDimensions/>")
        statuses.append(call(sandbox, "<getDimensions/>", "<get_applications/>").status)
    assert statuses == [200, 503, 503, 200, 200]
    assert sandbox.control("/sandbox/faults")[0]["seen"] == 5


def test_a_page_may_be_too_large_to_process(sandbox: SandboxProcess) -> None:
    sandbox.fault("large_page", function="query", rows=100, times=9)
    large, small = (query("GLDETAIL", ["RECORDNO"], f"<pagesize>{size}</pagesize>") for size in (101, 100))
    refused = call(sandbox, large)
    assert refused.statuses == ["failure"]
    assert refused.errors() == [("DL02000001", "There was an error processing the request.")]
    assert call(sandbox, small).statuses == ["success"]
    assert call(sandbox, small, large).statuses == ["failure", "failure"], "a request is as large as its largest page"
    assert sandbox.transactions() == 1


def test_any_fault_may_strike_at_large_pages_only(sandbox: SandboxProcess) -> None:
    sandbox.fault("http_524", rows=500, times=9)
    statuses = [
        call(sandbox, query("GLDETAIL", ["RECORDNO"], f"<pagesize>{size}</pagesize>")).status
        for size in (500, 501, 100, 2000)
    ]
    assert statuses == [200, 524, 200, 524]


def test_rules_can_be_listed_and_removed(sandbox: SandboxProcess) -> None:
    sandbox.fault("http_503")
    assert sandbox.control("/sandbox/faults") == [
        {"fault": "http_503", "function": "*", "nth": 1, "times": 1, "seconds": 1.0, "rows": 0, "position": 0,
         "at_byte": None, "expire": False, "queued": False, "seen": 0},
    ]  # fmt: skip
    assert sandbox.control("/sandbox/faults", method="DELETE") == []
    assert call(sandbox, "<getDimensions/>").status == 200


@pytest.mark.parametrize(
    ("path", "values", "said"),
    [
        ("faults", {"fault": "flood"}, "There is no fault 'flood'"),
        ("faults", {"fault": "slow", "when": 1}, "A fault has no when"),
        ("faults", {"fault": "slow", "nth": 0}, "nth and times start at 1"),
        ("faults", {"fault": "slow", "nth": "x"}, "whole numbers"),
        ("faults", {"fault": "kill_between", "expire": True}, "kill_between leaves no process"),
        ("faults", {"fault": "slow", "seconds": float("nan")}, "seconds are 0 to 3600"),
        ("switches", {"colour": "red"}, "There is no switch 'colour'"),
        ("switches", {"uniqueid_scope": "planet"}, "Switch uniqueid_scope takes sender or company or user"),
        ("switches", {"concurrency": "many"}, "Switch concurrency takes a value like 1"),
        ("switches", {"queue_seconds": float("inf")}, "Switch queue_seconds takes a value like 30.0"),
        ("switches", {"session_seconds": 10**12}, "Switch session_seconds takes a value like 7200"),
        ("switches", {"support_ids": 1}, "Switch support_ids takes a value like true"),
        ("time", {"advance_seconds": "soon"}, "advance_seconds is a number of seconds"),
        ("time", {"advance_seconds": 1e300}, "may take the clock 1000000000 seconds from the present"),
        ("time", [], "The body must be a JSON object"),
        ("log", {}, "is no control"),
    ],
)
def test_a_wrong_control_says_what_is_wrong(sandbox: SandboxProcess, path: str, values: object, said: str) -> None:
    answer = post(sandbox, json.dumps(values).encode(), path=f"/sandbox/{path}", content_type="application/json")
    assert answer.status == 400
    assert said in json.loads(answer.body)["error"]


def test_the_log_names_function_control_id_and_status(sandbox: SandboxProcess) -> None:
    failing = "<getUserPermissions><userId>nobody</userId></getUserPermissions>"
    call(sandbox, "<getDimensions/>", failing)
    lines = sandbox.control("/sandbox/log")
    assert [(line["function"], line["controlid"], line["status"], line["user"]) for line in lines] == [
        ("getDimensions", "f1", "success", "etl"),
        ("getUserPermissions", "f2", "failure", "etl"),
    ]


def test_the_log_tells_how_far_a_request_got(sandbox: SandboxProcess) -> None:
    post(sandbox, b"<request/>")
    call(sandbox, "<getDimensions/>", sender=("SANDBOX", "wrong"))
    call(sandbox, "<getDimensions/>", credential=login(("etl", "wrong")))
    sandbox.fault("http_524_after")
    call(sandbox, "<getDimensions/>")
    statuses = [line["status"] for line in sandbox.control("/sandbox/log")]
    assert statuses == ["schema", "control", "signin", "fault http_524_after", "success"]


def test_a_reset_returns_to_the_seed(sandbox: SandboxProcess) -> None:
    session_id = begin_session(sandbox)
    sandbox.switch(concurrency=3)
    sandbox.fault("http_503", function="getDimensions")
    sandbox.advance(86400)
    call(sandbox, create_department("A"), unique=True)
    sandbox.reset()
    assert departments(sandbox, ["A"]) == []
    assert sandbox.control("/sandbox/switches")["concurrency"] == 1
    assert sandbox.control("/sandbox/faults") == []
    assert sandbox.control("/sandbox/transactions")["by_function"] == {"query": 1}
    assert call(sandbox, create_department("A"), unique=True).statuses == ["success"]
    refused = call(sandbox, "<getDimensions/>", credential=session(session_id))
    assert refused.text("operation/authentication/status") == "failure"
