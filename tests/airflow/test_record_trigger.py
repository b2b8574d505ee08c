"""IntacctRecordTrigger against the sandbox: it never raises, waits out what passes and reports what does not."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.sdk._shared.module_loading import import_string

from airflow_provider_intacct.hooks import IntacctHook
from airflow_provider_intacct.triggers import polling
from airflow_provider_intacct.triggers.record import IntacctRecordTrigger
from tests.airflow.conftest import Connect
from tests.sandbox_process import SandboxProcess

THERE = "LOCATIONID = '200'"
NEW = "DEPARTMENTID = 'D-NEW'"


def trigger(**arguments: Any) -> IntacctRecordTrigger:
    arguments = {"object": "LOCATIONENTITY", "fields": ["LOCATIONID"], "poke_interval": 0.05, **arguments}
    return IntacctRecordTrigger(**arguments)


def event(watching: IntacctRecordTrigger, seconds: float = 20) -> dict[str, Any]:
    """The one event of the trigger."""

    async def first() -> dict[str, Any]:
        events = [found async for found in watching.run()]
        assert len(events) == 1
        payload: dict[str, Any] = events[0].payload
        return payload

    return asyncio.run(asyncio.wait_for(first(), seconds))


def test_it_is_restored_from_what_it_serializes_and_that_is_plain_json() -> None:
    original = trigger(
        where=THERE,
        where_params={"a": "1"},
        minimum=2,
        max_records=5,
        show_private=True,
        case_insensitive=True,
        first_poll_at=datetime.now(UTC).isoformat(),
        exponential_backoff=True,
        max_wait=60.0,
        intacct_conn_id="other",
        entity_id="200",
    )
    path, arguments = original.serialize()
    assert json.loads(json.dumps(arguments)) == arguments
    assert import_string(path)(**arguments).serialize() == original.serialize()


def test_records_that_are_there_fire_at_the_first_poll(connect: Connect) -> None:
    connect()
    fired = event(trigger(where=THERE))
    assert fired["status"] == "success"
    assert fired["records"] == [{"LOCATIONID": "200"}]
    assert fired["more"] is False


def test_records_that_come_later_fire_then(connect: Connect) -> None:
    connect()

    async def watch() -> dict[str, Any]:
        from airflow_provider_intacct.client.xml import functions

        watching = trigger(object="DEPARTMENT", fields=["DEPARTMENTID"], where=NEW)
        waiting = asyncio.ensure_future(anext(watching.run()))
        async with await IntacctHook().async_client() as client:
            await client.call(functions.create("DEPARTMENT", [{"DEPARTMENTID": "D-NEW", "TITLE": "New"}]))
        payload: dict[str, Any] = (await asyncio.wait_for(waiting, 20)).payload
        return payload

    assert asyncio.run(watch())["records"] == [{"DEPARTMENTID": "D-NEW"}]


def test_it_waits_for_its_first_poll_and_one_that_is_overdue_comes_at_once(
    connect: Connect, sandbox: SandboxProcess
) -> None:
    connect()
    later = trigger(where=THERE, first_poll_at=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    with pytest.raises(TimeoutError):
        event(later, seconds=0.5)
    assert sandbox.control("/sandbox/log") == []
    overdue = trigger(where=THERE, first_poll_at=(datetime.now(UTC) - timedelta(hours=1)).isoformat())
    assert event(overdue)["status"] == "success"


@pytest.mark.parametrize("fault", ["http_503", "http_429", "gw_html", "reset_before", "reset_after", "truncated"])
def test_a_fault_that_passes_is_waited_out(
    connect: Connect, sandbox: SandboxProcess, fault: str, without_pauses: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "FIRST_PAUSE_SECONDS", 0.01)
    connect()
    sandbox.fault(fault, times=12)
    assert event(trigger(where=THERE))["status"] == "success"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"password": "wrong-Secret-555"}, "SignInError"),
        ({"user": "locked"}, "LockedOutError"),
        ({"sender": "STRANGER"}, "SenderNotAuthorisedError"),
        ({"sender_password": "wrong-Secret-666"}, "SenderError"),
        ({"company_id": ""}, "ConfigurationError"),
    ],
)
def test_what_a_person_must_mend_ends_the_wait_with_its_class_and_no_secret(
    connect: Connect, changes: dict[str, Any], code: str
) -> None:
    connect(**changes)
    fired = event(trigger(where=THERE))
    assert (fired["status"], fired["code"], fired["permanent"]) == ("failed", code, True)
    assert "Secret" not in json.dumps(fired)


def test_a_missing_connection_ends_the_wait_and_is_named() -> None:
    fired = event(trigger(intacct_conn_id="nowhere"))
    assert (fired["code"], fired["permanent"]) == ("AirflowNotFoundException", True)
    assert "nowhere" in fired["message"]


def test_an_unreadable_where_ends_the_wait(connect: Connect) -> None:
    connect()
    assert event(trigger(where="LOCATIONID ="))["code"] == "WhereError"


def test_an_unexpected_error_is_an_event_too_and_says_nothing_of_its_text(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect()

    async def broken(self: IntacctHook) -> Any:
        raise RuntimeError("etl-Secret-9Kd")

    monkeypatch.setattr(IntacctHook, "async_client", broken)
    fired = event(trigger())
    assert (fired["code"], fired["permanent"]) == ("RuntimeError", False)
    assert "Secret" not in json.dumps(fired)


def test_many_triggers_of_one_connection_share_one_sign_in(connect: Connect, sandbox: SandboxProcess) -> None:
    connect()

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*(anext(trigger(where=THERE).run()) for _ in range(8)))

    assert len(asyncio.run(all_of_them())) == 8
    calls = [call["function"] for call in sandbox.control("/sandbox/log")]
    assert calls.count("getAPISession") == 1


def test_the_interval_grows_only_when_asked_and_up_to_its_bound() -> None:
    assert [trigger(poke_interval=10)._interval(polls) for polls in (1, 5)] == [10, 10]
    growing = trigger(poke_interval=10, exponential_backoff=True, max_wait=60.0)
    assert [growing._interval(polls) for polls in (1, 2, 3, 99)] == [20, 40, 60, 60]


def test_pauses_after_failures_grow_to_ten_minutes_however_long_the_outage() -> None:
    assert [trigger()._pause(failures) for failures in (1, 2, 3, 7, 5000)] == [15, 30, 60, 600, 600]
    assert trigger(poke_interval=3600.0)._pause(5000) == 3600
