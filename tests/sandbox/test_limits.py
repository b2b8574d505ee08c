"""Concurrency, throttling and API transactions (wire/xml-gateway.md §4)."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor

from tests.gateway_requests import begin_session, call, create_department, departments, login, query, session
from tests.sandbox_process import SandboxProcess


def test_one_operation_is_in_process_and_the_next_waits_its_turn(sandbox: SandboxProcess) -> None:
    sandbox.fault("slow", function="create", seconds=0.5, times=2)
    started = time.monotonic()
    with ThreadPoolExecutor() as pool:
        first = pool.submit(call, sandbox, create_department("A"))
        sandbox.wait_for_operations(in_process=1)
        second = pool.submit(call, sandbox, create_department("B"))
        sandbox.wait_for_operations(in_process=1, waiting=1)
        assert first.result().statuses == second.result().statuses == ["success"]
    assert time.monotonic() - started >= 1.0
    assert departments(sandbox, ["A", "B"]) == ["A", "B"]


def test_more_places_let_operations_run_side_by_side(sandbox: SandboxProcess) -> None:
    sandbox.switch(concurrency=2)
    sandbox.fault("slow", function="get_applications", seconds=1.0, times=2)
    with ThreadPoolExecutor() as pool:
        running = [pool.submit(call, sandbox, "<get_applications/>") for _ in range(2)]
        sandbox.wait_for_operations(in_process=2)
        assert [item.result().statuses for item in running] == [["success"], ["success"]]


def test_who_waits_too_long_is_refused(sandbox: SandboxProcess) -> None:
    sandbox.switch(queue_seconds=0.2)
    sandbox.fault("slow", function="get_applications", seconds=2)
    with ThreadPoolExecutor() as pool:
        running = pool.submit(call, sandbox, "<get_applications/>")
        sandbox.wait_for_operations(in_process=1)
        refused = call(sandbox, create_department("A"))
        assert running.result().statuses == ["success"]
    assert refused.status == 200
    assert refused.text("control/status") == "failure"
    assert refused.errors() == [("XL03000006", "too many operations")]
    assert departments(sandbox, ["A"]) == []


def test_who_finds_the_queue_full_is_refused_at_once(sandbox: SandboxProcess) -> None:
    sandbox.switch(queue_length=0)
    sandbox.fault("slow", function="get_applications", seconds=1)
    with ThreadPoolExecutor() as pool:
        running = pool.submit(call, sandbox, "<get_applications/>")
        sandbox.wait_for_operations(in_process=1)
        assert call(sandbox, "<getDimensions/>").errors() == [("XL03000006", "too many operations")]
        running.result()
    assert call(sandbox, "<getDimensions/>").statuses == ["success"]


def test_too_many_requests_a_minute_are_answered_with_429(sandbox: SandboxProcess) -> None:
    sandbox.switch(requests_per_minute=3)
    for _ in range(3):
        assert call(sandbox, "<get_applications/>").status == 200
    refused = call(sandbox, "<get_applications/>")
    assert refused.status == 429
    assert refused.text("errormessage/error/errorno") == "GW-0010"
    assert (refused.text("errormessage/error/description") or "").startswith("API rate limit exceeded")
    assert "retry-after" not in refused.headers
    sandbox.switch(retry_after=7)
    assert call(sandbox, "<get_applications/>").headers["retry-after"] == "7"


def test_a_read_costs_one_transaction_and_a_write_one_for_each_record(sandbox: SandboxProcess) -> None:
    credential = session(begin_session(sandbox))
    assert sandbox.transactions() == 0, "signing in reads and writes no record"
    call(sandbox, query("LOCATIONENTITY", ["NAME"]), "<get_applications/>", credential=credential)
    assert sandbox.transactions() == 2
    records = "".join(f"<DEPARTMENT><DEPARTMENTID>{n}</DEPARTMENTID><TITLE>x</TITLE></DEPARTMENT>" for n in "ABC")
    call(sandbox, f"<create>{records}</create>", credential=credential)
    assert sandbox.control("/sandbox/transactions") == {
        "total": 5,
        "by_function": {"create": 3, "get_applications": 1, "query": 1},
    }


def test_what_was_refused_or_rolled_back_costs_nothing(sandbox: SandboxProcess) -> None:
    failing = "<getUserPermissions><userId>nobody</userId></getUserPermissions>"
    call(sandbox, failing, credential=login())
    call(sandbox, create_department("A"), failing, atomic=True)
    assert sandbox.transactions() == 0
    sandbox.switch(bill_failures=True)
    call(sandbox, failing)
    assert sandbox.transactions() == 1


def test_records_committed_before_a_failure_are_counted(sandbox: SandboxProcess) -> None:
    records = "".join(f"<DEPARTMENT><DEPARTMENTID>{n}</DEPARTMENTID><TITLE>x</TITLE></DEPARTMENT>" for n in "ABA")
    assert call(sandbox, f"<create>{records}</create>").statuses == ["failure"]
    assert sandbox.transactions() == 2


def test_the_count_survives_a_kill(fresh_sandbox: SandboxProcess) -> None:
    call(fresh_sandbox, "<get_applications/>", create_department("A"))
    fresh_sandbox.kill()
    fresh_sandbox.restart()
    assert fresh_sandbox.transactions() == 2


def test_fifty_callers_at_once_are_all_served(sandbox: SandboxProcess) -> None:
    names = [f"D{number}" for number in range(50)]
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda name: call(sandbox, create_department(name)), names))
    assert [answer.statuses for answer in answers] == [["success"]] * 50
    assert sorted(departments(sandbox, names)) == sorted(names)


def test_a_request_may_hold_a_thousand_functions(sandbox: SandboxProcess) -> None:
    assert call(sandbox, *["<get_applications/>"] * 1000).statuses == ["success"] * 1000
    assert sandbox.transactions() == 1000


def test_a_caller_that_stops_in_the_middle_of_a_request_holds_nobody_up(sandbox: SandboxProcess) -> None:
    head = (
        b"POST /ia/xml/xmlgw.phtml HTTP/1.1\r\nHost: x\r\nContent-Type: application/xml\r\nContent-Length: 5000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=30) as slow:
        slow.sendall(head + b"<request>")
        assert call(sandbox, "<get_applications/>").statuses == ["success"]


def test_a_reset_amid_writes_fails_none_of_them(sandbox: SandboxProcess) -> None:
    def write(caller: int) -> set[int]:
        return {call(sandbox, create_department(f"W{caller}-{number}")).status for number in range(15)}

    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, caller) for caller in range(4)]
        while not all(writer.done() for writer in writers):
            sandbox.reset()
        assert [writer.result() for writer in writers] == [{200}] * 4
    assert sandbox.control("/sandbox/operations") == {"in_process": 0, "waiting": 0}
