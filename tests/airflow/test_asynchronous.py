"""Writing by an asynchronous policy: acknowledged, waited for without a worker, found; once, whatever happens."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, TaskDeferred

from airflow_provider_intacct.client import IntacctClient
from airflow_provider_intacct.client.posting import RecordsInDoubtError
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.operators.delete import IntacctDeleteOperator
from airflow_provider_intacct.operators.write import (
    IntacctCreateOperator,
    IntacctUpdateOperator,
    IntacctUpsertOperator,
)
from airflow_provider_intacct.operators.writing import OUTCOMES
from airflow_provider_intacct.triggers.posting import IntacctPostingTrigger
from tests.airflow.conftest import USERS, Connect
from tests.airflow.running import Store, context, finished, resumed
from tests.faults.company import Books, entry, generic_bill, sign_in
from tests.sandbox_process import SandboxProcess

POLICY = "OFFLINE"
BRIEFLY = {"settle_timeout": 0.3, "settle_interval": 0.01}


@pytest.fixture
def client(connect: Connect, sandbox: SandboxProcess) -> Iterator[IntacctClient]:
    connect()
    with sign_in(sandbox) as client:
        yield client


@pytest.fixture
def bills(client: IntacctClient) -> Books:
    return Books(client, "APBILL")


class Task:
    """One task instance, whose tries share the state store (or have none, before Airflow 3.3)."""

    def __init__(self, *, store: bool = True) -> None:
        self.store = Store() if store else None
        self.tries = 0
        self.pushed: dict[str, Any] = {}

    def operator(self, records: Any, **arguments: Any) -> IntacctCreateOperator:
        given = {"object": "APBILL", "policy_id": POLICY, "settle_interval": 0.01, **arguments}
        return IntacctCreateOperator(task_id="post", records=records, **given)

    def try_(self) -> dict[str, Any]:
        self.tries += 1
        made = context(self.store, try_number=self.tries)
        made["ti"].xcom_push = lambda key, value: self.pushed.update({key: json.loads(json.dumps(value))})
        return made

    def run(self, records: Any, **arguments: Any) -> list[dict[str, Any]]:
        """Run to the end, through all deferrals, each resumption being a new operator in a new process."""
        outcomes, self.deferrals = finished(self.operator(records, **arguments), self.try_())
        return outcomes  # type: ignore[no-any-return]

    def leave(self, records: Any, **arguments: Any) -> TaskDeferred:
        """Run until it is deferred, and stop there: the task is killed or cleared, or waits."""
        with pytest.raises(TaskDeferred) as deferred:
            self.operator(records, **arguments).execute(self.try_())
        return deferred.value


def numbered(**more: Any) -> dict[str, Any]:
    """A bill whose author gave both numbers, so that nothing is stamped."""
    return generic_bill("B-1", **more) | {"DOCNUMBER": "PO 7"}


def statuses(outcomes: list[dict[str, Any]]) -> list[str]:
    return [outcome["status"] for outcome in outcomes]


def responses(sandbox: SandboxProcess) -> list[str]:
    return [each["state"] for each in sandbox.control("/sandbox/queue")["requests"]]


def hold(sandbox: SandboxProcess) -> None:
    sandbox.control("/sandbox/queue", {"hold": True})


def release(sandbox: SandboxProcess) -> None:
    sandbox.control("/sandbox/queue", {"hold": False})


def test_reports_what_the_queue_has_carried_out(bills: Books) -> None:
    task = Task()
    outcomes = task.run([generic_bill("B-1"), generic_bill()])
    assert statuses(outcomes) == ["posted", "posted"]
    assert sorted(outcome["key"] for outcome in outcomes) == bills.added()
    assert task.deferrals >= 1


def test_leaves_the_worker_with_numbers_only(sandbox: SandboxProcess, client: IntacctClient) -> None:
    hold(sandbox)
    trigger = Task().leave([numbered(), generic_bill()]).trigger
    assert isinstance(trigger, IntacctPostingTrigger)
    path, arguments = trigger.serialize()
    row = json.dumps(arguments)
    assert path == "airflow_provider_intacct.triggers.posting.IntacctPostingTrigger"
    assert json.loads(row) == arguments
    assert [each[:2] for each in arguments["sought_records"]] == [
        ["APBILL", ["VENDORID", "RECORDID"]],
        ["APBILL", ["DOCNUMBER"]],
    ]
    for hidden in ("Rent", "5.00", "6000", USERS["etl"], "sender-Secret-7Qf"):
        assert hidden not in row
    assert IntacctPostingTrigger(**arguments).serialize() == (path, arguments)


@pytest.mark.parametrize("store", [True, False], ids=["with a state store", "without"])
def test_a_task_that_is_killed_while_it_waits_books_nothing_twice(
    sandbox: SandboxProcess, bills: Books, store: bool
) -> None:
    hold(sandbox)
    task = Task(store=store)
    records = [generic_bill("B-1"), generic_bill()]
    task.leave(records)
    left = task.leave(records)  # not found yet, so sent again, under the same control ids
    release(sandbox)
    outcomes, _ = finished(task.operator(records), task.try_(), left)
    assert statuses(outcomes) == ["posted", "posted"]
    assert len(bills.added()) == 2


def test_a_cleared_task_finds_what_was_carried_out_and_sends_nothing(sandbox: SandboxProcess, bills: Books) -> None:
    task = Task()
    records = [generic_bill("B-1"), generic_bill()]
    first = task.run(records)
    again = task.run(records)
    assert statuses(again) == ["already_posted", "already_posted"]
    assert [each["key"] for each in again] == [each["key"] for each in first]
    assert len(sandbox.control("/sandbox/queue")["requests"]) == 1
    assert len(bills.added()) == 2


def test_a_lost_acknowledgement_is_asked_for_again(sandbox: SandboxProcess, bills: Books, without_pauses: None) -> None:
    hold(sandbox)
    sandbox.fault("reset_after", function="create")
    task = Task()
    left = task.leave([generic_bill()])
    release(sandbox)
    outcomes, _ = finished(task.operator([generic_bill()]), task.try_(), left)
    assert statuses(outcomes) == ["posted"]
    assert len(bills.added()) == 1


def test_what_does_not_come_in_time_is_in_doubt_and_settled_by_the_same_records_without_the_policy(
    sandbox: SandboxProcess, bills: Books
) -> None:
    hold(sandbox)
    task = Task()
    with pytest.raises(RecordsInDoubtError, match="run the same records in the same scope without policy_id"):
        task.run([generic_bill()], **BRIEFLY)
    assert statuses(task.pushed[OUTCOMES]) == ["in_doubt"]
    assert statuses(task.run([generic_bill()], policy_id=None)) == ["posted"]
    release(sandbox)
    assert statuses(Task().run([generic_bill("B-2")])) == ["posted"]  # behind the held one in the queue
    assert len(bills.added()) == 2


def test_why_a_record_does_not_come_is_told_without_the_policy(bills: Books) -> None:
    closed = generic_bill() | {"WHENCREATED": "2025-03-01", "WHENPOSTED": "2025-03-01"}
    task = Task()
    with pytest.raises(RecordsInDoubtError):
        task.run([closed], **BRIEFLY)
    with pytest.raises(AirflowFailException, match="RecordsRejectedError"):
        task.run([closed], policy_id=None)
    assert bills.added() == []


def test_a_bill_of_another_content_under_the_number_is_not_taken_for_it(bills: Books) -> None:
    Task().run([numbered()])
    with pytest.raises(RecordsInDoubtError, match=r"what is there as \d+ differs: line 1"):
        Task().run([numbered(amount="6.00")], **BRIEFLY)
    assert len(bills.added()) == 1


def test_another_content_of_what_waits_is_refused(sandbox: SandboxProcess, client: IntacctClient) -> None:
    hold(sandbox)
    task = Task()
    left = task.leave([generic_bill("B-1")], **BRIEFLY)
    changed = task.operator([generic_bill("B-1", amount="6.00")], **BRIEFLY)
    with pytest.raises(AirflowFailException, match="What an earlier try posted is not what this one brings"):
        resumed(changed, task.try_(), left)


def test_an_unknown_policy_fails_for_good_and_says_what_to_check(bills: Books) -> None:
    with pytest.raises(AirflowFailException, match=r"(?s)PolicyError.*WEEKLY.*check policy_id"):
        Task().run([generic_bill()], policy_id="WEEKLY")
    assert bills.added() == []


def test_a_record_without_a_number_is_refused_before_anything_is_sent(sandbox: SandboxProcess, bills: Books) -> None:
    with pytest.raises(AirflowFailException, match="Give it VENDORID and RECORDID, or leave stamp_reference on"):
        Task().run([generic_bill("B-1"), generic_bill()], stamp_reference=False)
    assert responses(sandbox) == []


def test_the_guard_cannot_be_off(client: IntacctClient) -> None:
    with pytest.raises(AirflowFailException, match="policy_id needs the guard"):
        Task().run([generic_bill()], allow_duplicates=True)


def test_an_entry_of_a_run_that_names_the_business_event_is_found_by_another(client: IntacctClient) -> None:
    journals = Books(client, "GLBATCH")
    given = {"object": "GLBATCH", "idempotency_key": "accrual 2026-03"}
    assert statuses(Task().run([entry()], **given)) == ["posted"]
    assert statuses(Task().run([entry()], **given)) == ["already_posted"]
    assert len(journals.added()) == 1


def test_a_trigger_that_cannot_sign_in_ends_the_wait(
    sandbox: SandboxProcess, client: IntacctClient, connect: Connect
) -> None:
    hold(sandbox)
    task = Task()
    left = task.leave([generic_bill()])
    connect(password="wrong")
    with pytest.raises(AirflowException, match="SignInError"):
        resumed(task.operator([generic_bill()]), task.try_(), left)


def test_an_update_is_waited_for_until_the_record_says_it(sandbox: SandboxProcess, client: IntacctClient) -> None:
    hold(sandbox)
    task = Task()

    def operator() -> IntacctUpdateOperator:
        return IntacctUpdateOperator(
            task_id="post",
            object="VENDOR",
            records=[{"VENDORID": "V001", "NAME": "Renamed"}],
            policy_id=POLICY,
            settle_interval=0.01,
        )

    with pytest.raises(TaskDeferred) as deferred:
        operator().execute(task.try_())
    release(sandbox)
    outcomes, _ = finished(operator(), task.try_(), deferred.value)
    assert [(each["act"], each["status"]) for each in outcomes] == [("update", "posted")]
    (row,) = client.rows("VENDOR", fields=["NAME"], where="VENDORID = 'V001'")
    assert row["NAME"] == "Renamed"


def test_an_upsert_says_nothing_that_only_the_queue_knows(client: IntacctClient) -> None:
    records = [{"VENDORID": "V001", "NAME": "Renamed"}, {"VENDORID": "V-NEW", "NAME": "New"}]
    operator = IntacctUpsertOperator(
        task_id="post", object="VENDOR", records=records, policy_id=POLICY, settle_interval=0.01
    )
    outcomes, _ = finished(operator, Task().try_())
    assert [(each["act"], each["status"]) for each in outcomes] == [("upsert", "posted")] * 2
    names = client.rows("VENDOR", fields=["NAME"], where="VENDORID IN ('V001', 'V-NEW')", order_by="VENDORID")
    assert sorted(row["NAME"] for row in names) == ["New", "Renamed"]


@pytest.mark.parametrize("store", [True, False], ids=["with a state store", "without"])
def test_what_is_known_before_the_wait_is_told_after_it(client: IntacctClient, store: bool) -> None:
    client.call(functions.update("VENDOR", {"RECORDNO": "2", "TAXID": "22"}))
    (first, second) = client.rows("VENDOR", fields=["NAME"], where="RECORDNO IN (1, 2)", order_by="RECORDNO")
    records = [{"NAME": "Nobody", "TAXID": "1"}, {**first, "TAXID": "11"}, {**second, "TAXID": "22"}]
    operator = IntacctUpdateOperator(
        task_id="post",
        object="VENDOR",
        key="NAME",
        records=records,
        on_reject="collect",
        policy_id=POLICY,
        settle_interval=0.01,
    )
    outcomes, deferrals = finished(operator, Task(store=store).try_())
    assert statuses(outcomes) == ["rejected", "posted", "already_posted"]
    assert "there is no VENDOR with NAME Nobody" in outcomes[0]["note"]
    assert deferrals >= 1


@pytest.mark.parametrize("store", [Store(), None], ids=["with a state store", "without"])
def test_a_deletion_is_waited_for_until_the_record_is_gone(
    sandbox: SandboxProcess, client: IntacctClient, bills: Books, store: Store | None
) -> None:
    (created,) = Task().run([generic_bill("B-1")], policy_id=None)
    hold(sandbox)

    def operator(*keys: str) -> IntacctDeleteOperator:
        return IntacctDeleteOperator(
            task_id="post", object="APBILL", keys=list(keys), policy_id=POLICY, settle_interval=0.01
        )

    def run(**more: Any) -> dict[str, Any]:
        return context(store, xcom_push=lambda key, value: None, **more)

    with pytest.raises(TaskDeferred) as deferred:
        operator(created["key"]).execute(run())
    assert deferred.value.trigger.serialize()[1]["sought_records"] == [["APBILL", ["RECORDNO"], [created["key"]], True]]
    release(sandbox)
    outcomes, _ = finished(operator(created["key"]), run(), deferred.value)
    assert statuses(outcomes) == ["posted"]
    assert bills.added() == []
    again, _ = finished(operator(created["key"]), run(try_number=2))
    assert statuses(again) == ["already_posted"]
    with pytest.raises(AirflowFailException, match="no APBILL record has RECORDNO 999999"):
        operator("999999").execute(context(Store(), xcom_push=lambda key, value: None, task_id="other"))


def test_a_deletion_by_name_is_refused(client: IntacctClient) -> None:
    named = IntacctDeleteOperator(task_id="post", object="VENDOR", keys=["V001"], policy_id=POLICY)
    with pytest.raises(AirflowFailException, match="name what is to be deleted by its record number"):
        named.execute(context(Store()))
