"""Waiting for approval: the state sensor and its trigger, and `require_state` of the operators that write."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from airflow.sdk._shared.module_loading import import_string
from airflow.sdk.exceptions import AirflowException, AirflowFailException, TaskDeferred

from airflow_provider_intacct.client import IntacctClient
from airflow_provider_intacct.client.posting import Scope, prepare_acts
from airflow_provider_intacct.client.where import field
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.operators import IntacctCreateOperator, IntacctDeleteOperator, IntacctUpdateOperator
from airflow_provider_intacct.sensors import IntacctStateSensor
from airflow_provider_intacct.triggers.state import IntacctStateTrigger
from tests.airflow.conftest import Connect
from tests.airflow.test_acts_operators import Task, statuses
from tests.faults.company import bill, generic_bill, sign_in
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def client(sandbox: SandboxProcess, connect: Connect) -> Iterator[IntacctClient]:
    connect()
    sandbox.switch(approval_apbill=1)
    with sign_in(sandbox) as client:
        yield client


def posting(*numbers: str, **arguments: Any) -> IntacctCreateOperator:
    records = [bill("V001", number) for number in numbers]
    arguments = {"state_interval": 0.05, **arguments}
    return IntacctCreateOperator(task_id="create", function="create_bill", records=records, **arguments)


def decide(sandbox: SandboxProcess, what: str, outcome: dict[str, Any]) -> None:
    """What a person does in Intacct."""
    sandbox.control(f"/sandbox/{what}", {"object": "APBILL", "key": int(outcome["key"])})


def event_of(trigger: Any, seconds: float = 20) -> dict[str, Any]:
    """The one event of a trigger that is restored from the database."""
    path, arguments = trigger.serialize()
    restored = import_string(path)(**json.loads(json.dumps(arguments)))

    async def first() -> Any:
        return (await anext(restored.run())).payload

    payload: dict[str, Any] = json.loads(json.dumps(asyncio.run(asyncio.wait_for(first(), seconds))))
    return payload


def resumed(operator: Any, task: Task, deferred: TaskDeferred) -> Any:
    """Wait out a deferral, and resume in a new process with nothing but the trigger's event."""
    return getattr(operator, deferred.method_name)({"ti": task.ti}, event=event_of(deferred.trigger))


def told(deferred: TaskDeferred) -> list[dict[str, Any]]:
    """The outcomes that the trigger hands back."""
    outcomes: list[dict[str, Any]] = deferred.trigger.serialize()[1]["told"]
    return outcomes


def wait(**arguments: Any) -> IntacctStateSensor:
    arguments = {"object": "APBILL", "poke_interval": 0.05, "timeout": 20, **arguments}
    return IntacctStateSensor(task_id="wait", **arguments)


def deferral(operator: Any, task: Task) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as deferred:
        task.try_(operator)
    return deferred.value


def test_a_sensor_waits_until_a_person_has_approved(sandbox: SandboxProcess, client: IntacctClient) -> None:
    created = Task().try_(posting("W-1", "W-2"))
    operator, task = wait(keys=created, deferrable=True), Task()
    left = deferral(operator, task)
    for outcome in created:
        decide(sandbox, "approve", outcome)
    assert resumed(operator, task, left) == {outcome["key"]: "Posted" for outcome in created}


def test_a_sensor_in_poke_mode_returns_the_states(sandbox: SandboxProcess, client: IntacctClient) -> None:
    (created,) = Task().try_(posting("W-1"))
    decide(sandbox, "approve", created)
    assert wait(keys={"VENDORID": "V001", "RECORDID": "W-1"}).execute({"ti": Task().ti}) == {created["key"]: "Posted"}


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_declined_record_ends_the_wait_at_once(
    sandbox: SandboxProcess, client: IntacctClient, deferrable: bool
) -> None:
    (created,) = Task().try_(posting("W-1"))
    decide(sandbox, "decline", created)
    with pytest.raises(AirflowFailException, match=f"APBILL {created['key']}: Declined .it was declined"):
        wait(keys=created, deferrable=deferrable).execute({"ti": Task().ti})


def test_a_record_that_is_declined_while_the_trigger_waits_ends_the_wait(
    sandbox: SandboxProcess, client: IntacctClient
) -> None:
    created = Task().try_(posting("W-1"))
    operator, task = wait(keys=created, deferrable=True), Task()
    left = deferral(operator, task)
    decide(sandbox, "decline", created[0])
    with pytest.raises(AirflowFailException, match="StateEnded"):
        resumed(operator, task, left)


def test_a_condition_waits_for_all_that_match(sandbox: SandboxProcess, client: IntacctClient) -> None:
    first, second = Task().try_(posting("W-1", "W-2"))
    where = {"where": "RECORDID LIKE :number", "where_params": {"number": "W-%"}}
    decide(sandbox, "approve", first)
    operator, task = wait(**where, deferrable=True), Task()
    left = deferral(operator, task)
    decide(sandbox, "approve", second)
    assert sorted(resumed(operator, task, left)) == sorted([first["key"], second["key"]])


def test_a_condition_that_nothing_matches_goes_on_waiting(client: IntacctClient) -> None:
    left = deferral(wait(where="RECORDID = 'NOT-YET'", deferrable=True), Task())
    late = IntacctStateTrigger(
        keys={"APBILL": []}, state="Posted", where="RECORDID = 'NOT-YET'", poke_interval=0.05,
        until="2026-01-01T00:00:00+00:00",
    )  # fmt: skip
    assert isinstance(left.trigger, IntacctStateTrigger)
    assert event_of(late)["code"] == "StateTimeout"


def test_a_poll_is_one_transaction_for_all_records_and_its_cost_is_said(
    sandbox: SandboxProcess, client: IntacctClient, capsys: pytest.CaptureFixture[str]
) -> None:
    created = Task().try_(posting(*(f"W-{number}" for number in range(20))))
    before = sandbox.transactions()
    deferral(wait(keys=created, deferrable=True, poke_interval=600), Task())
    assert sandbox.transactions() - before == 1
    said = capsys.readouterr().out
    assert "costs about 144 API transactions a day" in said
    assert "an approver has to approve it" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"keys": "1", "state": "Booked"}, "it has Draft, Submitted"),
        ({}, "Give keys, or where"),
        ({"keys": "1", "where": "RECORDNO = 1"}, "Give keys, or where"),
        ({"keys": ["W-1"]}, "does not tell one APBILL record"),
        ({"keys": {"RECORDID": "NONE", "VENDORID": "V001"}}, "0 APBILL records"),
        ({"keys": "987654"}, "not there"),
    ],
)
def test_what_waiting_cannot_mend_fails_at_once(client: IntacctClient, arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(AirflowFailException) as failed:
        wait(**arguments).execute({"ti": Task().ti})
    assert said in str(failed.value)


def test_a_posting_that_needs_approval_says_so_and_succeeds_without_require_state(client: IntacctClient) -> None:
    (created,) = Task().try_(posting("W-1"))
    assert (created["status"], created["state"]) == ("posted", "Submitted")
    assert "an approver has to approve it" in created["note"]


def test_a_posting_whose_state_cannot_be_read_is_posted_all_the_same(
    sandbox: SandboxProcess, client: IntacctClient
) -> None:
    sandbox.fault("reset_before", function="query", times=20)
    (created,) = Task().try_(posting("W-1"))
    assert (created["status"], created["state"]) == ("posted", "")


def test_a_required_state_that_is_not_reached_fails_and_is_found_later(
    sandbox: SandboxProcess, client: IntacctClient
) -> None:
    task = Task()
    with pytest.raises(AirflowFailException, match=r"not in state Posted.*\n.*Submitted") as failed:
        task.try_(posting("W-1", require_state="Posted"))
    assert "nothing has to be written again" in str(failed.value)
    (left,) = task.ti.pushed["outcomes"]
    assert (left["status"], left["state"]) == ("posted", "Submitted")
    decide(sandbox, "approve", left)
    (again,) = task.try_(posting("W-1", require_state="Posted"))
    assert (again["status"], again["state"], again["key"]) == ("already_posted", "Posted", left["key"])


def test_a_required_state_is_waited_for_and_the_outcomes_are_the_same(
    sandbox: SandboxProcess, client: IntacctClient
) -> None:
    operator, task = posting("W-1", "W-2", require_state="Posted", on_state="wait"), Task()
    left = deferral(operator, task)
    before = told(left)
    assert statuses(before) == ["posted", "posted"]
    for outcome in before:
        decide(sandbox, "approve", outcome)
    outcomes = resumed(operator, task, left)
    assert [outcome["key"] for outcome in outcomes] == [outcome["key"] for outcome in before]
    assert {(outcome["status"], outcome["state"], outcome["note"]) for outcome in outcomes} == {
        ("posted", "Posted", "")
    }


def test_records_of_two_objects_with_one_number_keep_their_own_states(client: IntacctClient) -> None:
    (draft,) = Task().try_(
        IntacctCreateOperator(task_id="draft", object="APBILL", records=generic_bill() | {"ACTION": "Draft"})
    )
    key = draft["key"]
    query = functions.query("GLBATCH", ["BATCH_TITLE"], where=field("RECORDNO") == key, show_private=True)
    (entry,) = client.call(query).records
    both = [{"APBILL": {"RECORDNO": key, "DESCRIPTION": "Other"}}, {"GLBATCH": {"RECORDNO": key, **entry.fields}}]
    operator = IntacctUpdateOperator(
        task_id="update",
        records=both,
        skip_unchanged=True,
        require_state="Submitted",
        on_state="wait",
        state_interval=0.05,
    )
    task = Task()
    left = deferral(operator, task)
    client.act(prepare_acts("APBILL", "submit", key, scope=Scope("DEMO", key="somebody")))
    outcomes = resumed(operator, task, left)
    assert [(each["object"], each["key"], each["state"]) for each in outcomes] == [
        ("APBILL", key, "Submitted"),
        ("GLBATCH", key, "Posted"),
    ]


def test_a_worker_killed_while_it_waits_posts_nothing_again(sandbox: SandboxProcess, client: IntacctClient) -> None:
    operator, task = posting("W-1", require_state="Posted", on_state="wait"), Task()
    (first,) = told(deferral(operator, task))
    left = deferral(posting("W-1", require_state="Posted", on_state="wait"), task)
    decide(sandbox, "approve", first)
    (outcome,) = resumed(operator, task, left)
    assert (outcome["status"], outcome["key"], outcome["state"]) == ("already_posted", first["key"], "Posted")


def test_a_declined_record_fails_the_task_that_waits_and_leaves_the_outcomes(
    sandbox: SandboxProcess, client: IntacctClient
) -> None:
    operator, task = posting("W-1", require_state="Posted", on_state="wait"), Task()
    left = deferral(operator, task)
    (posted,) = told(left)
    decide(sandbox, "decline", posted)
    with pytest.raises(AirflowException, match="Declined"):
        resumed(operator, task, left)
    assert task.ti.pushed["outcomes"] == [posted]


def test_waiting_ends_with_its_time(client: IntacctClient) -> None:
    operator, task = posting("W-1", require_state="Posted", on_state="wait", state_timeout=0), Task()
    left = deferral(operator, task)
    with pytest.raises(AirflowFailException, match="StateTimeout"):
        resumed(operator, task, left)


@pytest.mark.parametrize(
    ("operator", "said"),
    [
        (posting("W-1", require_state="Booked"), "it has Draft, Submitted"),
        (posting("W-1", require_state="Posted", on_state="hope"), "'fail' or 'wait'"),
        (
            IntacctCreateOperator(
                task_id="t", object="VENDOR", records={"VENDORID": "Z", "NAME": "Z"}, require_state="Posted"
            ),
            "VENDOR has no state 'Posted'; it has Submitted",
        ),
        (
            IntacctCreateOperator(
                task_id="t", object="CLASS", records={"CLASSID": "Z", "NAME": "Z"}, require_state="Posted"
            ),
            "create CLASS leads to no state",
        ),
        (IntacctDeleteOperator(task_id="t", object="APBILL", keys="1", require_state="Posted"), "delete APBILL"),
    ],
)
def test_a_state_that_cannot_be_is_refused_before_anything_is_sent(
    sandbox: SandboxProcess, client: IntacctClient, operator: Any, said: str
) -> None:
    before = sandbox.transactions()
    with pytest.raises(AirflowFailException) as failed:
        Task().try_(operator)
    assert said in str(failed.value)
    assert sandbox.transactions() == before


def test_the_triggers_row_is_plain_json_without_a_secret(client: IntacctClient) -> None:
    left = deferral(posting("W-1", require_state="Posted", on_state="wait"), Task())
    row = json.dumps([left.trigger.serialize(), left.kwargs])
    assert "Secret" not in row
    assert IntacctStateTrigger(**left.trigger.serialize()[1]).serialize() == left.trigger.serialize()
