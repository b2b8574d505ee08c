"""Deleted records: from the audit history whichever clock it keeps, by comparing keys where it does not serve."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from airflow_provider_intacct.client import AsyncIntacctClient, Credentials, IntacctClient
from airflow_provider_intacct.client.changes import Tombstone, policy_of
from airflow_provider_intacct.client.changes.deletes import AuditRead, bounds
from airflow_provider_intacct.client.errors import AuditHistoryError, InvalidRequestError, MalformedReplyError
from airflow_provider_intacct.client.retry import RetryPolicy
from airflow_provider_intacct.client.where import to_query_filter
from airflow_provider_intacct.client.windows import Window
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.client.xml.session import SessionPool
from tests.sandbox_process import SandboxProcess

USERS = {"etl": "etl-Secret-9Kd", "auditor": "auditor-Secret-2Lm"}
LOS_ANGELES = ZoneInfo("America/Los_Angeles")
DAY = Window(datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 7, 2, tzinfo=UTC))
HOUR = timedelta(hours=1)
DAY_LONG = timedelta(days=1)


def credentials(sandbox: SandboxProcess, user: str = "etl") -> Credentials:
    return Credentials("DEMO", user, USERS[user], "SANDBOX", "sender-Secret-7Qf", endpoint=sandbox.endpoint)


@pytest.fixture
def company(sandbox: SandboxProcess) -> Iterator[IntacctClient]:
    with IntacctClient(credentials(sandbox), pool=SessionPool()) as client:
        yield client


@pytest.mark.parametrize(
    ("zone", "since", "until"),
    [
        (ZoneInfo("UTC"), "2026-07-01T00:00", "2026-07-02T00:00"),
        (LOS_ANGELES, "2026-06-30T17:00", "2026-07-02T00:00"),
        (ZoneInfo("Australia/Sydney"), "2026-07-01T00:00", "2026-07-02T10:00"),
        # An offset does not tell whether it is the one of summer: an hour more on the side that it moves.
        (timezone(-8 * HOUR), "2026-06-30T15:00", "2026-07-02T00:00"),
        (timezone(10 * HOUR), "2026-07-01T00:00", "2026-07-02T11:00"),
        (UTC, "2026-06-30T23:00", "2026-07-02T01:00"),
    ],
)
def test_the_audit_history_is_read_for_gmt_and_for_local_time(zone: tzinfo, since: str, until: str) -> None:
    assert bounds(DAY, zone) == (datetime.fromisoformat(since), datetime.fromisoformat(until))
    assert bounds(Window(None, DAY.end), zone) == (None, datetime.fromisoformat(until))


def test_the_overlap_of_a_window_is_read_for_late_deletes_too() -> None:
    assert DAY.start is not None
    late = Window(DAY.start, DAY.end, 2 * HOUR)
    assert bounds(late, ZoneInfo("UTC"))[0] == datetime.fromisoformat("2026-06-30T22:00")


def test_what_is_asked_of_the_audit_history() -> None:
    written = str(to_query_filter(AuditRead("apbill", DAY, ZoneInfo("UTC")).where))
    for part in ("OBJECTTYPE", "'apbill'", "ACCESSMODE", "'D'", "07/01/2026 00:00:00", "07/02/2026 00:00:00"):
        assert part in written


def row(key: Any, time: Any = datetime(2026, 7, 1, 12, tzinfo=UTC)) -> dict[str, Any]:
    return {"ID": 7, "OBJECTKEY": key, "ACCESSTIME": time}


def test_record_numbers_are_read_in_both_forms_and_each_once() -> None:
    read = AuditRead("APBILL", DAY, UTC)
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert read.tombstone(row("123--REC")) == Tombstone("APBILL", "123", noon)
    assert read.tombstone(row("0124")) == Tombstone("APBILL", "124", noon)
    assert read.tombstone(row("123")) is None
    day = read.tombstone(row(125, date(2026, 7, 1)))
    assert day == Tombstone("APBILL", "125", datetime(2026, 7, 1, tzinfo=UTC))
    with pytest.raises(MalformedReplyError, match="no time at which APBILL was deleted"):
        read.tombstone(row("126", "soon"))


@pytest.mark.parametrize("key", ["V-ACME", "", None, "12--OTHER", "0", "12.5", "-3"])
def test_a_key_that_is_no_record_number_is_an_error_and_never_passed_over(key: str | None) -> None:
    with pytest.raises(AuditHistoryError, match="comparing keys"):
        AuditRead("APBILL", DAY, UTC).tombstone(row(key))


@pytest.mark.parametrize(
    ("object", "expected"),
    [
        ("VENDOR", "VENDOR has no tombstones: the audit history names deleted ones by VENDORID"),
        ("APBILLITEM", "Ask for those of APBILL, which owns them"),
        ("AUDITHISTORY", "a log only grows"),
    ],
)
def test_objects_whose_deletes_are_seen_otherwise_are_refused_with_the_way(object: str, expected: str) -> None:
    with pytest.raises(InvalidRequestError, match=expected):
        AuditRead(object, DAY, UTC)


@pytest.mark.parametrize("clock", ["gmt", "user"])
@pytest.mark.parametrize("time_zone", [None, "America/Los_Angeles"])
def test_nothing_deleted_in_a_window_is_missed_whichever_clock_the_audit_history_keeps(
    sandbox: SandboxProcess, company: IntacctClient, clock: str, time_zone: str | None
) -> None:
    sandbox.switch(audit_history_zone=clock)
    tasks = list(company.keys("TASK"))[-2:]
    began = datetime.fromisoformat(sandbox.control("/sandbox/time")["now"]) - timedelta(seconds=2)
    company.call(functions.delete("TASK", tasks))
    ended = datetime.fromisoformat(sandbox.control("/sandbox/time")["now"]) + timedelta(seconds=2)
    with IntacctClient(credentials(sandbox), pool=SessionPool(), time_zone=time_zone) as client:
        found = list(client.tombstones("TASK", Window(began, ended)))
        assert sorted(tombstone.key for tombstone in found) == sorted(tasks)
        assert list(client.tombstones("TASK", Window(began - 3 * DAY_LONG, began - 2 * DAY_LONG))) == []


def test_a_user_without_the_right_learns_which_and_what_serves_instead(sandbox: SandboxProcess) -> None:
    with (
        IntacctClient(credentials(sandbox, "auditor"), pool=SessionPool()) as client,
        pytest.raises(AuditHistoryError) as error,
    ):
        list(client.tombstones("APBILL", DAY))
    for part in ("View permission for custom reports", "Platform Services", "comparing keys", "APBILL"):
        assert part in str(error.value)
    assert not error.value.retryable


def test_a_part_of_the_audit_history_that_cannot_be_read_is_no_lack_of_deletes(
    sandbox: SandboxProcess, company: IntacctClient
) -> None:
    tasks = list(company.keys("TASK"))[-2:]
    company.call(functions.delete("TASK", tasks))
    deleted = company.rows("AUDITHISTORY", fields=["ID"], where="ACCESSMODE = 'D' AND OBJECTTYPE = 'task'")
    sandbox.switch(poison_audit_rows=str([row["ID"] for row in deleted][-1]))
    now = datetime.fromisoformat(sandbox.control("/sandbox/time")["now"])
    impatient = RetryPolicy(first_wait=0.01, longest_wait=0.02)
    with (
        IntacctClient(credentials(sandbox), pool=SessionPool(), retry=impatient) as client,
        pytest.raises(AuditHistoryError, match="cannot be read, so deleted TASK records are not seen"),
    ):
        list(client.tombstones("TASK", Window(now - HOUR, now + HOUR)))


def test_the_keys_of_an_object_cost_one_transaction_for_two_thousand(
    sandbox: SandboxProcess, company: IntacctClient
) -> None:
    company.lookup("GLENTRY")
    before = sandbox.transactions()
    keys = list(company.keys("GLENTRY"))
    assert 0 < len(keys) <= 2000
    assert sandbox.transactions() == before + 1
    assert all(key.isdigit() for key in keys)
    assert len(set(keys)) == len(keys)


def test_a_deleted_vendor_is_missing_from_the_keys(company: IntacctClient) -> None:
    company.call(functions.create("VENDOR", [{"VENDORID": "V-GONE", "NAME": "Gone"}]))
    before = set(company.keys("VENDOR"))
    (gone,) = company.keys("VENDOR", where="VENDORID = 'V-GONE'")
    company.call(functions.delete("VENDOR", [gone]))
    assert policy_of("VENDOR").deletes == "key_set"
    assert before - set(company.keys("VENDOR")) == {gone}


def test_what_has_no_record_number_is_refused(company: IntacctClient) -> None:
    with pytest.raises(InvalidRequestError, match="no keys to compare"):
        list(company.keys("GLACCOUNTBALANCE"))


def test_coroutines_see_the_same(sandbox: SandboxProcess, company: IntacctClient) -> None:
    task = list(company.keys("TASK"))[-1]
    company.call(functions.delete("TASK", [task]))
    now = datetime.fromisoformat(sandbox.control("/sandbox/time")["now"])

    async def main() -> tuple[list[str], list[str], list[str]]:
        async with AsyncIntacctClient(credentials(sandbox), pool=SessionPool()) as client:
            keys = [key async for key in client.keys("TASK")]
            gone = [each.key async for each in client.tombstones("TASK", Window(now - HOUR, now + HOUR))]
            return keys, gone, [entity.id for entity in await client.entities()]

    keys, gone, entities = asyncio.run(main())
    assert keys == list(company.keys("TASK"))
    assert task not in keys
    assert gone == [task]
    assert entities == [entity.id for entity in company.entities()] == ["100", "200", "300"]
