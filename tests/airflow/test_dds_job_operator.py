"""IntacctDdsJobOperator and its trigger against the sandbox: one job a run, waited for, its files found."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import Asset
from airflow.sdk._shared.module_loading import import_string
from airflow.sdk.exceptions import AirflowException, AirflowFailException, TaskDeferred

from airflow_provider_intacct.client import errors as e
from airflow_provider_intacct.hooks import IntacctHook
from airflow_provider_intacct.operators import IntacctDdsJobOperator
from airflow_provider_intacct.triggers import IntacctDdsJobTrigger, polling
from tests.airflow.conftest import Connect
from tests.airflow.running import Store, context, finished, resumed
from tests.sandbox_process import SandboxProcess


@pytest.fixture(autouse=True)
def company(connect: Connect, sandbox: SandboxProcess, without_pauses: None) -> SandboxProcess:
    connect()
    return sandbox


def folder(company: SandboxProcess) -> str:
    return f"file://{company.dds_folder}"


def operator(**arguments: Any) -> IntacctDdsJobOperator:
    given = {"object": "VENDOR", "cloud_delivery": "AWS-S3-DDS", "poll_interval": 0.05, **arguments}
    return IntacctDdsJobOperator(task_id="task", **given)


def jobs() -> list[str]:
    with IntacctHook().client as client:
        return [row["RECORDNO"] for row in client.rows("DDSJOB", fields=["RECORDNO"], typed=False)]


def test_a_job_is_waited_for_and_its_files_are_listed_with_their_sizes(company: SandboxProcess) -> None:
    company.switch(dds_seconds=0.3)
    result = operator(delivery_path=folder(company), file_configuration={"include_headers": True}).execute(context())
    assert json.loads(json.dumps(result)) == result
    assert (result["status"], result["object"], result["job_type"]) == ("Completed", "VENDOR", "all")
    assert result["queued_at"].endswith("+00:00")
    (file,) = result["files"]
    content = Path(file["path"].removeprefix("file://")).read_bytes()
    assert file["bytes"] == len(content)
    assert content.count(b"\n") == result["created"] + 1
    assert b"VENDORID" in content


def test_without_a_delivery_path_the_files_are_named() -> None:
    (file,) = operator().execute(context())["files"]
    assert set(file) == {"name"}
    assert file["name"].startswith("VENDOR.")


def test_the_worker_is_left_while_the_job_runs(company: SandboxProcess) -> None:
    company.switch(dds_seconds=0.5)
    result, deferrals = finished(operator(deferrable=True, delivery_path=folder(company)), context(Store()))
    assert deferrals == 1
    assert result["files"][0]["bytes"] > 0
    assert len(jobs()) == 1


def test_changes_since_a_moment_are_asked_for_as_templates_render_it() -> None:
    result = operator(job_type="change", since="2026-01-01T00:00:00+00:00").execute(context())
    assert result["job_type"] == "change"
    with pytest.raises(AirflowFailException, match="ISO 8601"):
        operator(job_type="change", since="yesterday").execute(context())


@pytest.mark.parametrize("store", [Store, lambda: None], ids=["with a state store", "without"])
def test_a_task_killed_while_it_waits_does_not_start_a_second_job(company: SandboxProcess, store: Any) -> None:
    kept = store()
    company.switch(dds_seconds=0.5)
    with pytest.raises(TaskDeferred):
        operator(deferrable=True).execute(context(kept))
    result, _ = finished(operator(deferrable=True), context(kept, try_number=2))
    assert result["status"] == "Completed"
    assert jobs() == [result["record_number"]]


@pytest.mark.parametrize("store", [Store, lambda: None], ids=["with a state store", "without"])
def test_a_cleared_task_returns_what_its_job_delivered(store: Any) -> None:
    kept = store()
    first = operator().execute(context(kept))
    assert operator().execute(context(kept, try_number=2)) == first
    assert jobs() == [first["record_number"]]


@pytest.mark.parametrize("store", [Store, lambda: None], ids=["with a state store", "without"])
@pytest.mark.parametrize("fault", ["reset_after", "http_524_after", "truncated"])
def test_a_lost_reply_starts_one_job(company: SandboxProcess, fault: str, store: Any) -> None:
    company.fault(fault, "runDdsJob")
    result = operator().execute(context(store()))
    assert jobs() == [result["record_number"]]


def test_a_task_that_never_heard_of_its_job_finds_it_on_the_next_try(company: SandboxProcess) -> None:
    store = Store()
    company.fault("http_524_after", "runDdsJob", nth=1)
    company.fault("http_524", "*", nth=2, times=20)
    with pytest.raises(e.UnavailableError):
        operator().execute(context(store))
    company.control("/sandbox/faults", method="DELETE")
    result = operator().execute(context(store, try_number=2))
    assert jobs() == [result["record_number"]]


def test_another_run_another_map_index_and_another_request_have_jobs_of_their_own() -> None:
    found = [
        operator().execute(context())["record_number"],
        operator().execute(context(run_id="manual__2"))["record_number"],
        operator().execute(context(map_index=3))["record_number"],
        operator(object="CUSTOMER").execute(context())["record_number"],
    ]
    assert len(set(found)) == 4


def test_duplicates_can_be_allowed() -> None:
    again = operator(allow_duplicates=True)
    assert again.execute(context(Store()))["record_number"] != again.execute(context(Store()))["record_number"]


@pytest.mark.parametrize("store", [Store, lambda: None], ids=["with a state store", "without"])
def test_a_job_that_failed_is_followed_by_another_on_the_next_try(company: SandboxProcess, store: Any) -> None:
    kept = store()
    company.switch(dds_error="Cannot reach the bucket", dds_seconds=0.2)
    for number in (1, 2):
        with pytest.raises(AirflowException, match="Cannot reach the bucket") as failed:
            finished(operator(deferrable=True), context(kept, try_number=number))
        assert not isinstance(failed.value, AirflowFailException)
    company.switch(dds_error="", dds_seconds=0)
    result, _ = finished(operator(deferrable=True), context(kept, try_number=3))
    assert result["status"] == "Completed"
    assert len(jobs()) == 3


def test_a_delivery_that_is_elsewhere_fails_the_try_and_starts_no_other_job(
    company: SandboxProcess, tmp_path: Path
) -> None:
    store = Store()
    with pytest.raises(AirflowException, match="1 are not in"):
        operator(delivery_path=f"file://{tmp_path}").execute(context(store))
    assert operator(delivery_path=folder(company)).execute(context(store, try_number=2))["files"]
    assert len(jobs()) == 1


def test_a_job_that_takes_too_long_is_waited_for_by_the_next_try(company: SandboxProcess) -> None:
    store = Store()
    company.switch(dds_seconds=1)
    with pytest.raises(e.ReportNotReadyError, match="It goes on"):
        operator(timeout=0.1).execute(context(store))
    assert finished(operator(deferrable=True), context(store, try_number=2))[0]["status"] == "Completed"
    assert len(jobs()) == 1


def test_the_events_of_outlets_tell_what_was_delivered() -> None:
    from types import SimpleNamespace

    asset = Asset("file:///delivered")
    events = {asset: SimpleNamespace(extra={})}
    result = operator(outlets=[asset]).execute({**context(), "outlet_events": events})
    assert events[asset].extra["created"] == result["created"] > 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"job_type": "some"}, "job type"),
        ({"file_configuration": {"split_size": 5}}, "split size"),
        ({"file_configuration": {"comma": ";"}}, "comma"),
        ({"object": "NO_SUCH_OBJECT"}, "NO_SUCH_OBJECT"),
        ({"cloud_delivery": "Nowhere"}, "Nowhere"),
    ],
)
def test_what_another_try_cannot_mend_fails_for_good(arguments: dict[str, Any], expected: str) -> None:
    with pytest.raises(AirflowFailException, match=expected):
        operator(**arguments).execute(context())


# --- the trigger ----------------------------------------------------------------------------------------------------


def event(trigger: IntacctDdsJobTrigger) -> dict[str, Any]:
    async def first() -> dict[str, Any]:
        events = [found async for found in trigger.run()]
        assert len(events) == 1
        payload: dict[str, Any] = events[0].payload
        return payload

    return asyncio.run(asyncio.wait_for(first(), 20))


def test_the_trigger_is_restored_from_what_it_serializes() -> None:
    original = IntacctDdsJobTrigger(
        record_number="12", poke_interval=5.0, first_poll_at="2026-01-01T00:00:00+00:00", exponential_backoff=True,
        max_wait=60.0, intacct_conn_id="other", entity_id="200",
    )  # fmt: skip
    path, arguments = original.serialize()
    assert json.loads(json.dumps(arguments)) == arguments
    assert import_string(path)(**arguments).serialize() == original.serialize()


def test_the_trigger_tells_a_failed_job_from_a_failure_to_look(company: SandboxProcess) -> None:
    company.switch(dds_error="Cannot reach the bucket")
    with pytest.raises(AirflowException):
        operator().execute(context())
    (number,) = jobs()
    assert event(IntacctDdsJobTrigger(record_number=number)) == {
        "status": "success", "record_number": number, "job_status": "Failed",
    }  # fmt: skip
    missing = event(IntacctDdsJobTrigger(record_number="77"))
    assert (missing["status"], missing["code"], missing["permanent"]) == ("failed", "RecordNotFoundError", True)


def test_the_trigger_waits_out_what_passes(company: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "FIRST_PAUSE_SECONDS", 0.01)
    number = operator().execute(context())["record_number"]
    company.fault("http_503", "read", times=10)
    assert event(IntacctDdsJobTrigger(record_number=number))["job_status"] == "Completed"


def test_a_trigger_that_gave_up_fails_the_task_as_it_says() -> None:
    left = TaskDeferred(trigger=IntacctDdsJobTrigger(record_number="77"), method_name="execute_complete")
    with pytest.raises(AirflowFailException, match="RecordNotFoundError"):
        resumed(operator(), context(), left)
