"""A company that is busy, slow, or fails at large pages: the read adapts, and costs no more than it must."""

import asyncio
import logging
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_intacct.client import AsyncIntacctClient, Credentials, IntacctClient
from airflow_provider_intacct.client import errors as e
from airflow_provider_intacct.client.pacing import in_flight_of
from airflow_provider_intacct.client.retry import RetryPolicy
from airflow_provider_intacct.client.windows import Window
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.client.xml.session import SessionPool
from tests.sandbox_process import SandboxProcess

QUICK = RetryPolicy(first_wait=0.02, longest_wait=0.1)


def credentials(sandbox: SandboxProcess, user: str = "etl", password: str = "etl-Secret-9Kd") -> Credentials:
    return Credentials("DEMO", user, password, "SANDBOX", "sender-Secret-7Qf", endpoint=sandbox.endpoint)


def connected(sandbox: SandboxProcess, **options: Any) -> IntacctClient:
    return IntacctClient(credentials(sandbox), **{"pool": SessionPool(), "retry": QUICK, "timeout": 30, **options})


@pytest.fixture
def company(sandbox: SandboxProcess) -> Iterator[SandboxProcess]:
    forget(sandbox)
    yield sandbox
    forget(sandbox)


def forget(sandbox: SandboxProcess) -> None:
    """What this process has learnt of the company's limit, other tests have not."""
    in_flight_of(f"DEMO at {sandbox.endpoint}").__init__()  # type: ignore[misc]


@pytest.fixture
def whole(company: SandboxProcess) -> list[int]:
    with connected(company) as client:
        return [row["RECORDNO"] for row in client.rows("GLDETAIL", fields=["RECORDNO"])]


def numbers(client: IntacctClient, **options: Any) -> list[int]:
    return [row["RECORDNO"] for row in client.rows("GLDETAIL", fields=["RECORDNO", "AMOUNT"], **options)]


def calls(sandbox: SandboxProcess, function: str = "query") -> list[dict[str, Any]]:
    log = sandbox.control("/sandbox/log")
    return [each for each in log if function in str(each)]


# --- concurrency ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("refusal", ["text", "http_429", "http_503"])
def test_going_over_the_limit_costs_a_few_refusals_and_no_row(
    company: SandboxProcess, whole: list[int], refusal: str
) -> None:
    company.switch(concurrency=2, queue_length=0, concurrency_refusal=refusal, seconds_per_page=0.1)
    with connected(company, max_concurrency=4) as client:
        before = client.usage
        assert sorted(numbers(client, page_size=50)) == whole
        used = client.usage - before
        assert used.transactions <= -(-len(whole) // 50) + 4
        assert used.requests - used.transactions <= 6
        assert used.seconds_waited < 0.5
        again = client.usage
        assert sorted(numbers(client, page_size=50)) == whole
        used = client.usage - again
        assert used.requests - used.transactions <= 2  # the limit is remembered


def test_a_limit_told_by_headers_is_never_exceeded(company: SandboxProcess, whole: list[int]) -> None:
    company.switch(concurrency=2, queue_length=0, limit_headers=True, seconds_per_page=0.05)
    with connected(company, max_concurrency=4) as client:
        assert sorted(numbers(client, page_size=100)) == whole
        assert client.usage.retries == 0


def test_several_in_flight_take_the_time_of_one(company: SandboxProcess, whole: list[int]) -> None:
    company.switch(concurrency=3, seconds_per_page=0.25)
    took = {}
    for most in (1, 3):
        with connected(company, max_concurrency=most) as client:
            assert client.session
            began = time.monotonic()
            assert sorted(numbers(client, page_size=70)) == whole
            took[most] = time.monotonic() - began
    assert took[3] < 0.6 * took[1]


def test_one_request_is_in_flight_unless_more_are_allowed(company: SandboxProcess, whole: list[int]) -> None:
    company.switch(concurrency=1, queue_length=0)
    with connected(company) as client:
        assert numbers(client, page_size=50) == whole
        assert client.usage.retries == 0


def test_rows_with_a_limit_come_in_order_whatever_is_allowed(company: SandboxProcess, whole: list[int]) -> None:
    company.switch(concurrency=3)
    with connected(company, max_concurrency=3) as client:
        assert numbers(client, page_size=50, limit=220) == whole[:220]


@pytest.mark.parametrize("most", [1, 3])
def test_a_read_left_early_stops_what_it_started(company: SandboxProcess, most: int) -> None:
    company.switch(concurrency=3)
    with connected(company, max_concurrency=most, page_size=20) as client:
        rows = client.rows("GLDETAIL", fields=["RECORDNO"])
        for _ in range(50):
            next(rows)
        rows.close()  # type: ignore[attr-defined]
        for thread in threading.enumerate():
            if thread.name == "intacct-page":
                thread.join(10)
        assert client.usage.transactions <= 6 + most


@pytest.mark.parametrize("fault", ["http_524", "reset_after", "expired_session", "throttled_text", "http_503"])
def test_faults_cost_no_row_with_several_in_flight(company: SandboxProcess, whole: list[int], fault: str) -> None:
    company.switch(concurrency=3)
    for nth in (2, 9, 20):  # far enough apart that none strikes the second try of another
        company.fault(fault, "query", nth=nth)
    with connected(company, max_concurrency=3) as client:
        assert sorted(numbers(client, page_size=60)) == whole


def test_coroutines_have_several_in_flight_too(company: SandboxProcess, whole: list[int]) -> None:
    company.switch(concurrency=2, queue_length=0, seconds_per_page=0.02)

    async def main() -> list[int]:
        options: dict[str, Any] = {"pool": SessionPool(), "retry": QUICK, "max_concurrency": 4, "page_size": 60}
        async with AsyncIntacctClient(credentials(company), **options) as client:
            async with client.extract("GLDETAIL", fields=["RECORDNO"], returnformat="csv") as extraction:
                rows = [row["RECORDNO"] async for row in extraction]
            assert extraction.report.rows == len(rows)
            early = client.rows("GLDETAIL", fields=["RECORDNO"])
            async for _ in early:
                break
            await early.aclose()  # type: ignore[attr-defined]
            return rows

    assert sorted(asyncio.run(main())) == whole


# --- page size --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [1, 2])
@pytest.mark.parametrize("fault", ["large_page", "http_524"])
def test_a_page_that_fails_for_its_size_is_asked_for_by_halves(
    company: SandboxProcess, whole: list[int], fault: str, most: int, caplog: pytest.LogCaptureFixture
) -> None:
    company.switch(concurrency=most)
    company.fault(fault, "query", times=1000, rows=250)
    with connected(company, max_concurrency=most) as client, caplog.at_level(logging.WARNING):
        assert sorted(numbers(client, page_size=1000)) == whole
        assert client.usage.requests <= len(whole) / 250 + 14
    assert "Asking for 500 rows instead of 1000" in caplog.text
    assert "Asking for 250 rows instead of 500" in caplog.text


def test_a_slow_page_is_given_up_once_and_asked_for_smaller(company: SandboxProcess, whole: list[int]) -> None:
    company.switch(concurrency=3)
    company.fault("slow", "query", times=1000, rows=500, seconds=1.5)
    with connected(company, timeout=0.7) as client:
        began = time.monotonic()
        assert numbers(client, page_size=1000) == whole
        assert time.monotonic() - began < 6


def test_pages_grow_back_after_a_passing_fault(company: SandboxProcess, whole: list[int]) -> None:
    company.fault("http_524", "query", nth=2)
    with connected(company) as client:
        before = client.usage.requests
        assert numbers(client, page_size=100) == whole
        # Seventeen pages of 100; halves until enough of them were good, then whole pages again.
        assert client.usage.requests - before <= 17 + 1 + 8 + 2


def test_a_query_that_always_fails_ends_soon(company: SandboxProcess) -> None:
    company.fault("large_page", "query", times=1000, rows=0)
    with connected(company) as client:
        client.lookup("GLDETAIL")
        before = client.usage.requests
        with pytest.raises(e.FunctionError) as raised:
            numbers(client)
    assert raised.value.attempts == 4
    assert client.usage.requests - before <= 5


def test_pages_cut_short_by_the_server_lose_nothing(company: SandboxProcess, whole: list[int]) -> None:
    company.switch(page_cap=90, concurrency=2)
    for most in (1, 2):
        for form in ("json", "csv", "xml"):
            with connected(company, max_concurrency=most) as client:
                assert sorted(numbers(client, page_size=200, returnformat=form)) == whole
    with connected(company) as client:
        assert sorted(numbers(client, page_size=200, order_by="AMOUNT")) == whole


# --- cost -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [1, 2])
@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1, 1), (10, 1), (20, 2), (21, 3), (30, 3)])
def test_no_page_is_asked_for_in_vain(company: SandboxProcess, count: int, pages: int, most: int) -> None:
    with connected(company, page_size=10, max_concurrency=most) as client:
        if count:
            records = [{"CLASSID": f"P-{number:03}", "NAME": f"Page {number}"} for number in range(count)]
            client.call(functions.create("CLASS", records))
        client.lookup("CLASS")
        before = client.usage  # its own: what an earlier test has given up may reach the company only now
        for form in ("json", "csv", "xml"):
            rows = list(client.rows("CLASS", fields=["NAME"], where="CLASSID LIKE 'P-%'", returnformat=form))
            assert len(rows) == count
        spent = (client.usage - before).transactions
    assert spent <= 3 * (pages + (most - 1))


def test_a_budget_stops_the_read_before_it_is_overspent(company: SandboxProcess) -> None:
    before = company.transactions()
    with connected(company, page_size=50, max_api_transactions=5) as client:
        rows = client.rows("GLDETAIL", fields=["RECORDNO"])
        with pytest.raises(e.BudgetError, match="max_api_transactions is 5 and 5 are used") as raised:
            list(rows)
        with pytest.raises(e.BudgetError):
            client.call(functions.get_dimensions())
        assert "200 rows of GLDETAIL in 4 pages" in str(raised.value)
        assert not raised.value.retryable
        assert client.usage.transactions == 5
    assert company.transactions() - before == 5


def test_what_several_threads_read_is_counted_together(company: SandboxProcess, whole: list[int]) -> None:
    company.switch(concurrency=2)
    with connected(company, page_size=100, max_concurrency=2) as client:
        results: list[list[int]] = []
        threads = [threading.Thread(target=lambda: results.append(sorted(numbers(client)))) for _ in range(3)]
        before = company.transactions()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [whole] * 3
        assert client.usage.transactions == company.transactions() - before
        assert client.usage.bytes_received > 1000


# --- what is told -----------------------------------------------------------------------------------------------


def test_denied_fields_are_an_error_or_dropped_and_told(
    company: SandboxProcess, caplog: pytest.LogCaptureFixture
) -> None:
    auditor = credentials(company, "auditor", "auditor-Secret-2Lm")
    fields = ["VENDORID", "TAXID", "CREDITLIMIT"]
    with IntacctClient(auditor, pool=SessionPool(), retry=QUICK) as client:
        with pytest.raises(e.FieldsDeniedError):
            list(client.rows("VENDOR", fields=fields))
        for form in ("json", "csv", "xml"):
            with client.extract("VENDOR", fields=fields, on_denied_field="drop", returnformat=form) as extraction:
                assert [column.name for column in extraction.columns] == ["VENDORID"]
                rows = list(extraction)
            assert rows
            assert all(list(row) == ["VENDORID"] for row in rows)
            assert extraction.report.dropped_fields == ("TAXID", "CREDITLIMIT")
        assert "read without TAXID, CREDITLIMIT" in caplog.text
        with pytest.raises(e.FieldsDeniedError):
            list(client.rows("VENDOR", fields=["TAXID"], on_denied_field="drop"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"filter": "STATUS = 'active'"}, "no option filter"),
        ({"whre": "STATUS = 'active'"}, "no option whre; did you mean where?"),
        ({"returnformat": "yaml"}, "returnformat is one of xml, json, csv, not 'yaml'"),
        ({"on_denied_field": "ignore"}, "on_denied_field is one of error, drop, not 'ignore'"),
    ],
)
def test_an_option_that_does_not_exist_is_refused_and_not_read_without(
    company: SandboxProcess, options: Any, words: str
) -> None:
    before = company.transactions()
    with connected(company) as client, pytest.raises(e.InvalidRequestError, match=re.escape(words)):
        list(client.rows("VENDOR", **options))
    assert company.transactions() == before


@pytest.mark.parametrize("form", ["json", "csv", "xml"])
def test_the_entity_is_stamped_on_every_row(company: SandboxProcess, form: Any) -> None:
    for entity_id, expected in ((None, None), ("200", "200")):
        where = Credentials(
            "DEMO", "etl", "etl-Secret-9Kd", "SANDBOX", "sender-Secret-7Qf", entity_id, company.endpoint
        )
        with IntacctClient(where, pool=SessionPool(), retry=QUICK, page_size=40) as client:
            with client.extract("GLDETAIL", fields=["AMOUNT"], stamp_entity="ENTITY", returnformat=form) as extraction:
                assert [column.name for column in extraction.columns] == ["AMOUNT", "ENTITY"]
                rows = list(extraction)
            assert rows
            assert {row["ENTITY"] for row in rows} == {expected}
            with pytest.raises(e.InvalidRequestError, match="has a field amount"):
                list(client.rows("GLDETAIL", fields=["AMOUNT"], stamp_entity="amount"))


def test_lines_are_read_again_with_what_owns_them(company: SandboxProcess) -> None:
    start = datetime.now(UTC) - timedelta(minutes=1)
    lines = [{"ACCOUNTNO": "6000", "LOCATION": "100", "TR_TYPE": side, "TRX_AMOUNT": "5.00"} for side in ("1", "-1")]
    entry = {"JOURNAL": "GJ", "BATCH_DATE": "2026-03-31", "BATCH_TITLE": "Again", "ENTRIES": {"GLENTRY": lines}}
    with connected(company) as client:
        made = client.call(functions.create("GLBATCH", entry)).records[0].record_number
        company.advance(3600)
        window = Window(start, datetime.now(UTC) + timedelta(minutes=30))
        with client.extract("GLENTRY", fields=["BATCHNO", "AMOUNT"], window=window, reread_parents=True) as extraction:
            rows = list(extraction)
        assert {str(row["BATCHNO"]) for row in rows} == {made}
        assert len(rows) == 2
        assert extraction.report.method == "parent"
        assert extraction.report.parents == (made,)


def test_a_long_read_says_how_far_it_has_come(
    company: SandboxProcess, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_provider_intacct.client.xml.reading.SECONDS_BETWEEN_LINES", 0.0)
    seen: list[int] = []
    with connected(company) as client, caplog.at_level(logging.INFO):
        numbers(client, page_size=500, progress=lambda report: seen.append(report.rows))
    assert seen == sorted(seen)
    assert len(seen) == 4
    assert "GLDETAIL: 1,000 of 1,657 rows in 2 pages" in caplog.text
