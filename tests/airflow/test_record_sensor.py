"""IntacctRecordSensor against the sandbox: one poll before it defers, the cost said, the promises of sensors kept."""

import importlib.util
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    TaskDeferred,
)

from airflow_provider_intacct.sensors.record import IntacctRecordSensor
from airflow_provider_intacct.triggers.record import IntacctRecordTrigger
from tests.airflow.conftest import Connect
from tests.sandbox_process import SandboxProcess

THERE = "LOCATIONID = '200'"
NOT_THERE = "LOCATIONID = 'NOWHERE'"


@pytest.fixture
def sensor(connect: Connect) -> Callable[..., IntacctRecordSensor]:
    connect()

    def sensor(where: str = THERE, **arguments: Any) -> IntacctRecordSensor:
        arguments = {"object": "LOCATIONENTITY", "fields": ["LOCATIONID"], "timeout": 5, **arguments}
        return IntacctRecordSensor(task_id="wait", where=where, **arguments)

    return sensor


Sensor = Callable[..., IntacctRecordSensor]


def deferral(sensor: IntacctRecordSensor) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as deferred:
        sensor.execute({})
    return deferred.value


def test_records_that_are_there_end_the_wait_and_are_returned(sensor: Sensor) -> None:
    assert sensor().execute({}) == [{"LOCATIONID": "200"}]


def test_a_deferrable_sensor_does_not_defer_when_the_records_are_there(sensor: Sensor) -> None:
    assert sensor(deferrable=True).execute({}) == [{"LOCATIONID": "200"}]


def test_a_deferrable_sensor_polls_once_and_then_hands_over_to_the_trigger(
    sensor: Sensor, sandbox: SandboxProcess
) -> None:
    deferred = deferral(sensor(NOT_THERE, deferrable=True, timeout=3600, poke_interval=timedelta(minutes=10)))
    queries = [call for call in sandbox.control("/sandbox/log") if call["function"] == "query"]
    assert len(queries) == 1
    assert deferred.timeout == timedelta(seconds=3600)
    assert deferred.method_name == "execute_complete"
    trigger = deferred.trigger
    assert isinstance(trigger, IntacctRecordTrigger)
    assert trigger.poke_interval == 600
    wait = datetime.fromisoformat(str(trigger.first_poll_at)) - datetime.now().astimezone()
    assert timedelta(minutes=9) < wait <= timedelta(minutes=10)


def test_a_minimum_of_several_waits_for_all_of_them(sensor: Sensor) -> None:
    assert len(sensor("", minimum=3).execute({})) == 3
    deferral(sensor("", minimum=4, deferrable=True))


def test_more_records_than_wanted_are_cut_off_and_the_log_says_so(
    sensor: Sensor, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(sensor("", max_records=2).execute({})) == 2
    assert "More than 2 records match; these are the first 2." in capsys.readouterr().out


def test_the_log_says_at_the_start_what_a_day_of_waiting_costs(
    sensor: Sensor, capsys: pytest.CaptureFixture[str]
) -> None:
    deferral(sensor(NOT_THERE, deferrable=True, poke_interval=300))
    assert "Polling every 300 s costs about 288 API transactions a day." in capsys.readouterr().out


def test_rescheduled_polls_sign_in_and_look_up_anew_and_their_cost_says_so(
    sensor: Sensor, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not sensor(NOT_THERE, mode="reschedule", poke_interval=300).poke({})
    assert "Polling every 300 s costs about 576 API transactions a day." in capsys.readouterr().out


def test_polling_stops_at_the_timeout(sensor: Sensor) -> None:
    with pytest.raises(AirflowSensorTimeout):
        sensor(NOT_THERE, poke_interval=0.05, timeout=0.1).execute({})
    with pytest.raises(AirflowSkipException):
        sensor(NOT_THERE, poke_interval=0.05, timeout=0.1, soft_fail=True).execute({})


def test_the_polls_of_one_wait_share_one_sign_in(sensor: Sensor, sandbox: SandboxProcess) -> None:
    waiting = sensor(NOT_THERE)
    assert [waiting.poke({}).is_done for _ in range(3)] == [False] * 3
    calls = [call["function"] for call in sandbox.control("/sandbox/log")]
    assert (calls.count("getAPISession"), calls.count("query")) == (1, 3)


@pytest.mark.parametrize("deferrable", [True, False])
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"where": "LOCATIONID ="}, "WhereError"),
        ({"minimum": "some"}, "'minimum' must be a whole number"),
        ({"max_records": 0}, "'max_records' must be at least 1"),
        ({"object": "NO_SUCH_OBJECT"}, "NO_SUCH_OBJECT"),
        ({"fields": ["NO_SUCH_FIELD"]}, "NO_SUCH_FIELD"),
    ],
)
def test_what_waiting_cannot_mend_fails_at_the_first_poll(
    sensor: Sensor, deferrable: bool, arguments: dict[str, Any], expected: str
) -> None:
    with pytest.raises(AirflowFailException, match=expected):
        sensor(deferrable=deferrable, **arguments).execute({})
    with pytest.raises(AirflowSkipException):
        sensor(deferrable=deferrable, soft_fail=True, **arguments).execute({})


def test_never_fail_skips_whatever_the_first_poll_meets(
    sensor: Sensor, sandbox: SandboxProcess, without_pauses: None
) -> None:
    sandbox.fault("http_503", times=100)
    with pytest.raises(AirflowSkipException):
        sensor(deferrable=True, never_fail=True).execute({})


def test_silent_fail_goes_on_waiting_after_an_outage_at_the_first_poll(
    sensor: Sensor, sandbox: SandboxProcess, without_pauses: None
) -> None:
    sandbox.fault("http_503", times=100)
    deferral(sensor(deferrable=True, silent_fail=True))


def test_the_event_of_the_trigger_becomes_the_result(sensor: Sensor) -> None:
    event = {"status": "success", "records": [{"LOCATIONID": "200"}], "more": False, "transactions": 1}
    assert sensor().execute_complete({}, event) == [{"LOCATIONID": "200"}]


@pytest.mark.parametrize(
    ("permanent", "kind"), [(True, AirflowFailException), (False, AirflowException)], ids=["permanent", "passing"]
)
def test_a_failure_of_the_trigger_is_raised_with_its_code(
    sensor: Sensor, permanent: bool, kind: type[Exception]
) -> None:
    event = {"status": "failed", "code": "LockedOutError", "message": "user etl", "permanent": permanent}
    with pytest.raises(kind, match="LockedOutError: user etl") as error:
        sensor().execute_complete({}, event)
    assert type(error.value) is kind


def test_soft_fail_holds_after_the_deferral_too(sensor: Sensor) -> None:
    event = {"status": "failed", "code": "LockedOutError", "message": "user etl", "permanent": True}
    with pytest.raises(AirflowSkipException):
        sensor(soft_fail=True).resume_execution("execute_complete", {"event": event}, {})


def test_deferring_follows_the_deployments_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE", "true")
    spec = importlib.util.find_spec("airflow_provider_intacct.sensors.polling")
    assert spec is not None
    assert spec.loader is not None
    fresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fresh)
    assert fresh.IntacctPollingSensor(task_id="wait").deferrable
