"""What a caller hears of the load, and server time: headers, refusals, pages (wire/xml-gateway.md §4)."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime

import pytest

from tests.gateway_requests import Answer, call, create_department, login, query
from tests.sandbox_process import SandboxProcess

ORDER = "<orderby><order><field>RECORDNO</field><ascending/></order></orderby>"


def page(size: int, offset: int = 0, form: str = "xml") -> str:
    """A page of GLDETAIL, by record number."""
    inner = f"{ORDER}<options><returnformat>{form}</returnformat></options>"
    return query("GLDETAIL", ["RECORDNO"], f"{inner}<pagesize>{size}</pagesize><offset>{offset}</offset>")


def limits(answer: Answer) -> dict[str, str]:
    """The limit headers of an answer, by lower-case name."""
    return {name.lower(): value for name, value in answer.headers.items() if name.lower().startswith("x-ia-")}


def test_no_limit_header_is_sent_unless_switched_on(sandbox: SandboxProcess) -> None:
    assert limits(call(sandbox, "<getDimensions/>")) == {}


def test_the_limit_headers_tell_how_many_more_may_be_in_process(sandbox: SandboxProcess) -> None:
    sandbox.switch(limit_headers=True, concurrency=3, requests_per_minute=10, requests_per_hour=100)
    alone = call(sandbox, "<getDimensions/>")
    assert limits(alone) == {
        "x-ia-throttle-limit": "3",
        "x-ia-throttle-limit-remaining": "2",
        "x-ia-tenant-throttle-limit": "3",
        "x-ia-tenant-throttle-limit-remaining": "2",
        "x-ia-minute-rate-limit": "10",
        "x-ia-minute-rate-limit-remaining": "9",
        "x-ia-hour-rate-limit": "100",
        "x-ia-hour-rate-limit-remaining": "99",
    }
    sandbox.fault("slow", function="get_applications", seconds=1.0, times=2)
    with ThreadPoolExecutor() as pool:
        running = [pool.submit(call, sandbox, "<get_applications/>") for _ in range(2)]
        sandbox.wait_for_operations(in_process=2)
        assert limits(call(sandbox, "<getDimensions/>"))["x-ia-throttle-limit-remaining"] == "0"
        assert [item.result().status for item in running] == [200, 200]


def test_a_body_without_envelope_carries_the_headers_too(sandbox: SandboxProcess) -> None:
    sandbox.switch(limit_headers=True)
    answer = call(sandbox, page(10, form="json"))
    assert len(json.loads(answer.body)) == 10
    assert limits(answer)["x-ia-throttle-limit"] == "1"


@pytest.mark.parametrize(
    ("form", "status", "text"),
    [("text", 200, b"too many operations"), ("http_429", 429, b"GW-0010"), ("http_503", 503, b"Service Unavailable")],
)
def test_an_operation_without_a_place_is_refused_in_one_of_three_ways(
    sandbox: SandboxProcess, form: str, status: int, text: bytes
) -> None:
    sandbox.switch(queue_length=0, concurrency_refusal=form, retry_after=4)
    sandbox.fault("slow", function="get_applications", seconds=1)
    with ThreadPoolExecutor() as pool:
        running = pool.submit(call, sandbox, "<get_applications/>")
        sandbox.wait_for_operations(in_process=1)
        refused = call(sandbox, create_department("A"))
        running.result()
    assert refused.status == status
    assert text in refused.body
    assert refused.headers.get("retry-after") == (None if form == "text" else "4")
    assert sandbox.transactions() == 1, "what was refused costs nothing"


@pytest.mark.parametrize(
    ("form", "status", "text"),
    [("http_429", 429, b"GW-0010"), ("http_503", 503, b"Unavailable"), ("text", 200, b"API rate limit exceeded")],
)
def test_a_request_beyond_the_rate_is_refused_in_one_of_three_ways(
    sandbox: SandboxProcess, form: str, status: int, text: bytes
) -> None:
    sandbox.switch(requests_per_hour=1, throttle_refusal=form)
    assert call(sandbox, "<getDimensions/>").status == 200
    refused = call(sandbox, "<getDimensions/>")
    assert (refused.status, text in refused.body) == (status, True)


def test_a_refusal_says_in_its_headers_how_long_to_wait(sandbox: SandboxProcess) -> None:
    sandbox.switch(limit_headers=True, retry_after=7)
    sandbox.fault("http_429", times=2)
    refused = call(sandbox, "<getDimensions/>")
    assert refused.headers["retry-after"] == "7"
    told = limits(refused)
    assert told["x-ia-throttle-limit-remaining"] == "0"
    assert told["x-ia-throttle-limit-retryafter"] == told["x-ia-tenant-throttle-limit-retry-after"] == "7"
    sandbox.switch(retry_after_form="date")
    until = parsedate_to_datetime(call(sandbox, "<getDimensions/>").headers["retry-after"])
    assert 0 < until.timestamp() - time.time() <= 7


def test_a_page_takes_at_least_its_server_time(sandbox: SandboxProcess) -> None:
    sandbox.switch(seconds_per_page=0.4)
    started = time.monotonic()
    assert call(sandbox, page(100)).statuses == ["success"]
    assert time.monotonic() - started >= 0.4
    started = time.monotonic()
    assert call(sandbox, "<getDimensions/>").statuses == ["success"]
    assert time.monotonic() - started < 0.4, "what reads no page takes no server time"


def test_server_times_run_side_by_side_as_far_as_there_are_places(sandbox: SandboxProcess) -> None:
    sandbox.switch(seconds_per_page=0.5, concurrency=4)
    started = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda number: call(sandbox, page(10, number * 10)), range(4)))
    assert [answer.statuses for answer in answers] == [["success"]] * 4
    assert time.monotonic() - started < 2.0
    sandbox.switch(concurrency=1)
    started = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda number: call(sandbox, page(10, number * 10)), range(2)))
    assert time.monotonic() - started >= 1.0


def test_a_capped_page_is_shorter_than_asked_and_only_xml_tells(sandbox: SandboxProcess) -> None:
    sandbox.switch(page_cap=7)
    assert len(json.loads(call(sandbox, page(100, form="json")).body)) == 7
    data = call(sandbox, page(100)).root.find("operation/result/data")
    assert data is not None
    assert data.get("count") == "7"
    assert int(data.get("numremaining", "0")) == int(data.get("totalcount", "0")) - 7 > 0
    read = "<readByQuery><object>GLDETAIL</object><query></query><fields>RECORDNO</fields></readByQuery>"
    data = call(sandbox, read).root.find("operation/result/data")
    assert data is not None
    assert data.get("count") == "7"


def test_reads_go_on_while_a_write_is_under_way(sandbox: SandboxProcess) -> None:
    sandbox.switch(concurrency=2)

    def written(batch: int) -> str:
        record = "<DEPARTMENT><DEPARTMENTID>{}</DEPARTMENTID><TITLE>x</TITLE></DEPARTMENT>"
        return f"<create>{''.join(record.format(f'{batch}-{number}') for number in range(100))}</create>"

    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(call, sandbox, *map(written, range(5)))
        pages = 0
        while not writing.done():
            assert call(sandbox, page(100), credential=login()).statuses == ["success"]
            pages += 1
        assert writing.result().statuses == ["success"] * 5
    assert pages > 0
