"""Reports, balances and DDS jobs of a company that misbehaves: every row once, every job once."""

import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_intacct.client import IntacctClient
from airflow_provider_intacct.client import errors as e
from airflow_provider_intacct.client.xml import balances, dds, reports
from airflow_provider_intacct.client.xml.reports import Pending, Report
from tests.faults.test_reading_through_faults import connected
from tests.sandbox_process import SandboxProcess

MARCH = "Month Ended March 2026"
DETAIL = Report("GL detail by period", {"REPORTPERIOD": MARCH}, page_size=20)
EAST: dict[str, Any] = {"dimensions": {"locationid": "100"}}
GROUPED = balances.get_account_balances_by_dimensions(period=MARCH, group_by=["location", "department"], **EAST)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "FIRST_POLL_SECONDS", 0.02)


@pytest.fixture
def client(sandbox: SandboxProcess) -> Iterator[IntacctClient]:
    sandbox.switch(report_seconds=0)
    with connected(sandbox) as made:
        yield made


def detail(client: IntacctClient, page_size: int = 20) -> list[str]:
    rows = client.report(DETAIL.name, arguments=DETAIL.arguments, page_size=page_size)
    return [row["RECORDNO"] for row in rows]


def started(sandbox: SandboxProcess) -> int:
    return sum(call["function"] == "readReport" for call in sandbox.control("/sandbox/log"))


def test_a_report_has_the_same_rows_whatever_the_page_size(client: IntacctClient) -> None:
    whole = detail(client, 1000)
    assert len(whole) == len(set(whole)) > 60
    assert detail(client, 20) == whole
    assert detail(client, 1) == whole


@pytest.mark.parametrize(
    "switches",
    [{"report_pending_shape": "report"}, {"report_pending_shape": "report_results"}, {"report_done_status": True}],
)
def test_a_report_is_read_however_its_state_is_told(
    client: IntacctClient, sandbox: SandboxProcess, switches: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = detail(client)
    monkeypatch.setattr(client, "_server_wait", 0)
    sandbox.switch(report_seconds=0.3, **switches)
    assert detail(client) == whole


LOSES_THE_REPLY = ["reset_after", "truncated", "http_524_after"]
ARRIVES_NOT = ["http_429", "http_503", "http_524", "gw_html", "reset_before", "throttled_text", "expired_session"]


@pytest.mark.parametrize("nth", [1, -1])
@pytest.mark.parametrize("fault", LOSES_THE_REPLY)
def test_a_page_that_was_read_and_lost_has_the_report_started_again(
    client: IntacctClient, sandbox: SandboxProcess, fault: str, nth: int
) -> None:
    whole = detail(client)
    pages = -(-len(whole) // 20)
    sandbox.control("/sandbox/log", method="DELETE")
    sandbox.fault(fault, "readMore", nth=nth if nth > 0 else pages)
    assert detail(client) == whole
    assert started(sandbox) == 2


@pytest.mark.parametrize("fault", ARRIVES_NOT)
def test_a_page_that_was_not_read_is_asked_for_again(
    client: IntacctClient, sandbox: SandboxProcess, fault: str
) -> None:
    whole = detail(client)
    sandbox.control("/sandbox/log", method="DELETE")
    for nth in (1, 3, 6):
        sandbox.fault(fault, "readMore", nth=nth)
    assert detail(client) == whole
    assert started(sandbox) <= 2


@pytest.mark.parametrize("fault", [*LOSES_THE_REPLY, *ARRIVES_NOT])
def test_a_report_whose_start_fails_is_started_again(
    client: IntacctClient, sandbox: SandboxProcess, fault: str
) -> None:
    whole = detail(client)
    sandbox.fault(fault, "readReport")
    assert detail(client) == whole


def test_a_second_report_waits_for_the_first(client: IntacctClient, sandbox: SandboxProcess) -> None:
    whole = detail(client)
    sandbox.switch(report_seconds=0.5)
    results: list[list[str]] = []
    threads = [threading.Thread(target=lambda: results.append(detail(client))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [whole] * 3


def test_a_report_is_started_by_one_client_and_read_by_another(
    client: IntacctClient, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = detail(client)
    sandbox.switch(report_seconds=0.2)
    monkeypatch.setattr(client, "_server_wait", 0)
    begun = client.ask_report(DETAIL)
    assert isinstance(begun, Pending)
    with connected(sandbox) as other:
        outcome: Any = begun
        while isinstance(outcome, Pending):
            outcome = other.ask_report(DETAIL, outcome)
    assert [row["RECORDNO"] for row in outcome] == whole


def test_a_report_that_expired_before_it_was_read_is_made_anew(
    client: IntacctClient, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = detail(client)
    monkeypatch.setattr(client, "_server_wait", 0)
    sandbox.switch(report_seconds=0.05, report_id_seconds=60)
    begun = client.ask_report(DETAIL)
    assert isinstance(begun, Pending)
    sandbox.advance(7200)
    outcome: Any = begun
    while isinstance(outcome, Pending):
        outcome = client.ask_report(DETAIL, outcome)
    assert [row["RECORDNO"] for row in outcome] == whole


def test_a_report_lost_with_the_company_is_made_anew(fresh_sandbox: SandboxProcess) -> None:
    with connected(fresh_sandbox) as client:
        whole = detail(client)
        client._server_wait = 0
        fresh_sandbox.switch(report_seconds=30)
        begun = client.ask_report(DETAIL)
        assert isinstance(begun, Pending)
        fresh_sandbox.kill()
        fresh_sandbox.restart()
        outcome: Any = begun
        while isinstance(outcome, Pending):
            outcome = client.ask_report(DETAIL, outcome)
        assert [row["RECORDNO"] for row in outcome] == whole


def test_a_report_that_does_not_exist_is_named(client: IntacctClient) -> None:
    with pytest.raises(e.FunctionError, match="No such report"):
        client.report("No such report")


def test_the_client_knows_the_bill(client: IntacctClient, sandbox: SandboxProcess) -> None:
    before, used = sandbox.transactions(), client.transactions_used
    detail(client)
    client.trial_balance(period=MARCH, **EAST)
    assert client.transactions_used - used == sandbox.transactions() - before


# --- balances -------------------------------------------------------------------------------------------------------


def test_a_trial_balance_ties_out_and_agrees_with_the_ledger(sandbox: SandboxProcess) -> None:
    with connected(sandbox, entity_id="100") as client:
        balance = client.trial_balance(period=MARCH)
        where = "ENTRY_DATE BETWEEN '2026-03-01' AND '2026-03-31' AND BASECURR IS NOT NULL"
        posted = list(client.rows("GLDETAIL", fields=["DEBITAMOUNT"], where=where))
    assert balance.differences == {}
    assert balance.totals["ACCRUAL", "USD"].debits == sum(row["DEBITAMOUNT"] or Decimal() for row in posted)


def test_a_trial_balance_by_days_is_that_of_the_period(client: IntacctClient) -> None:
    by_days = client.trial_balance(start="2026-03-01", end="2026-03-31", **EAST)
    assert by_days == client.trial_balance(period=MARCH, **EAST)
    first = by_days.rows[0]
    assert first["startbalance"] + first["debits"] - first["credits"] == first["endbalance"]


def test_a_trial_balance_by_location_and_department_sums_to_the_same(client: IntacctClient) -> None:
    whole = client.trial_balance(period=MARCH, **EAST)
    detailed = client.trial_balance(period=MARCH, by_location=True, by_department=True, **EAST)
    assert len(detailed.rows) > len(whole.rows)
    assert detailed.totals == whole.totals


def test_an_entity_has_a_trial_balance_of_its_own(sandbox: SandboxProcess) -> None:
    with connected(sandbox, entity_id="300") as client:
        balance = client.trial_balance(period=MARCH)
    assert {currency for _, currency in balance.totals} == {"GBP"}
    assert balance.differences == {}


def test_balances_are_the_same_at_once_and_as_a_report(client: IntacctClient) -> None:
    at_once = client.account_balances(period=MARCH, group_by=["location", "department"], **EAST)
    later = client.report(GROUPED.name, arguments=GROUPED, kind="STANDARD", page_size=10)
    assert later == at_once
    assert {type(row["endbalance"]) for row in at_once} == {Decimal}


def test_account_balances_and_agings_are_answered_as_they_are_asked_for(client: IntacctClient) -> None:
    account = client.call(balances.get_account_balances(account="4000", period=MARCH, **EAST))
    (row,) = balances.read_balances(account.data)
    assert row["startbalance"] + row["debits"] - row["credits"] == row["endbalance"]
    aging = client.call(balances.get_ar_aging(as_of="2026-03-31", location_id="100"))
    assert aging.data is not None
    assert {element.tag for element in aging.data} == {"araging"}


# --- delivery -------------------------------------------------------------------------------------------------------


def ended(client: IntacctClient, number: str) -> dds.DdsJob:
    job = client.dds_job(number)
    while not job.ended:
        job = client.dds_job(number)
    return job


def test_a_job_delivers_the_files_it_names(sandbox: SandboxProcess) -> None:
    with connected(sandbox) as client:
        assert "VENDOR" in client.dds_objects()
        assert client.dds_ddl("VENDOR").lower().startswith("create table vendor")
        made = dds.run_dds_job("VENDOR", "AWS-S3-DDS", "all", files=dds.FileConfiguration(include_headers=True))
        (queued,) = dds.read_jobs(client.call(made).data)
        job = ended(client, queued.record_number)
        vendors = [row["RECORDNO"] for row in client.rows("VENDOR", fields=["RECORDNO"], show_private=True)]
    assert job.completed
    files = [path for path in sandbox.dds_folder.rglob("*.csv") if path.name in job.files]
    assert len(files) == len(job.files) > 0
    lines = [line for path in files for line in path.read_text().splitlines()[1:]]
    assert job.created == len(vendors) == len(lines)


@pytest.mark.parametrize("fault", ["reset_after", "http_524_after", "truncated"])
def test_a_job_whose_reply_was_lost_is_not_started_twice(sandbox: SandboxProcess, fault: str) -> None:
    with connected(sandbox) as client:
        sandbox.fault(fault, "runDdsJob")
        made = dds.run_dds_job("VENDOR", "AWS-S3-DDS", "all").with_control_id("af-dds-1")
        with pytest.raises(e.AlreadyRecordedError):
            client.call(made)
        assert len(list(client.rows("DDSJOB", fields=dds.FIELDS, typed=False))) == 1


def test_a_job_that_does_not_exist_is_named(sandbox: SandboxProcess) -> None:
    with connected(sandbox) as client, pytest.raises(e.RecordNotFoundError, match="no DDS job 77"):
        client.dds_job("77")
