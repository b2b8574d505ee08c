"""Deleting, reversing and approving from a task: outcomes as XCom, and what a later try of the task knows."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_intacct.client import IntacctClient
from airflow_provider_intacct.operators import (
    IntacctApprovalOperator,
    IntacctCreateOperator,
    IntacctDeleteOperator,
    IntacctReverseOperator,
)
from tests.airflow.conftest import Connect
from tests.airflow.test_create_operator import Store, TaskInstance
from tests.faults.company import bill, entry, sign_in
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def client(sandbox: SandboxProcess, connect: Connect) -> Iterator[IntacctClient]:
    connect()
    with sign_in(sandbox) as client:
        yield client


class Task:
    """One task instance, with a state store (Airflow 3.3) or without."""

    def __init__(self, *, store: bool = True) -> None:
        self.store, self.ti = Store() if store else None, TaskInstance()

    def try_(self, operator: Any) -> list[dict[str, Any]]:
        context: Any = {"ti": self.ti, **({} if self.store is None else {"task_state_store": self.store})}
        try:
            outcomes: list[dict[str, Any]] = operator.execute(context)
        finally:
            self.ti.try_number += 1
        assert json.loads(json.dumps(outcomes)) == outcomes
        return outcomes


def vendors(*ids: str) -> list[dict[str, Any]]:
    records = [{"VENDORID": name, "NAME": f"Vendor {name}"} for name in ids]
    return Task().try_(IntacctCreateOperator(task_id="create", object="VENDOR", records=records))


def bills(*numbers: str) -> list[dict[str, Any]]:
    records = [bill("V001", number) for number in numbers]
    return Task().try_(IntacctCreateOperator(task_id="create", function="create_bill", records=records))


def deletion(keys: Any, **arguments: Any) -> IntacctDeleteOperator:
    return IntacctDeleteOperator(task_id="delete", object="VENDOR", keys=keys, **arguments)


def statuses(outcomes: list[dict[str, Any]]) -> list[str]:
    return [outcome["status"] for outcome in outcomes]


@pytest.mark.parametrize("store", [True, False])
def test_what_another_task_created_is_deleted_once_by_its_outcomes(client: IntacctClient, store: bool) -> None:
    created, task = vendors("Z1", "Z2"), Task(store=store)
    assert statuses(task.try_(deletion(created))) == ["posted", "posted"]
    again = task.try_(deletion(json.dumps(created)))
    assert statuses(again) == ["already_posted", "already_posted"]
    assert [outcome["act"] for outcome in again] == ["delete", "delete"]


def test_a_refused_deletion_fails_the_task_and_leaves_the_outcomes(client: IntacctClient) -> None:
    task = Task()
    with pytest.raises(AirflowFailException, match="V001"):
        task.try_(deletion(["V001"]))
    assert statuses(task.ti.pushed["outcomes"]) == ["rejected"]


def test_collecting_goes_on_and_says_which_were_refused(client: IntacctClient) -> None:
    vendors("Z1")
    outcomes = Task().try_(deletion(["NOBODY", "V001", "Z1"], on_reject="collect"))
    assert statuses(outcomes) == ["rejected", "rejected", "posted"]
    assert "no VENDOR record has VENDORID NOBODY" in outcomes[0]["note"]


def test_more_rejects_than_allowed_fail_the_task_before_the_rest_is_sent(client: IntacctClient) -> None:
    vendors("Z1")
    task = Task()
    with pytest.raises(AirflowFailException):
        task.try_(deletion(["NOBODY", "NEVER", "Z1"], on_reject="collect", max_rejects=1))
    assert statuses(task.ti.pushed["outcomes"]) == ["rejected", "rejected", "rolled_back"]


def test_a_deletion_of_two_runs_with_one_idempotency_key_is_made_once(client: IntacctClient) -> None:
    (created,) = vendors("Z1")
    first, second = Task(), Task()
    second.ti.run_id = "scheduled__2026-04-30"
    key = {"idempotency_key": "clean-up 2026"}
    assert statuses(first.try_(deletion(created["key"], **key))) == ["posted"]
    assert statuses(second.try_(deletion(created["key"], **key))) == ["already_posted"]


def reversal(keys: Any, **arguments: Any) -> IntacctReverseOperator:
    arguments = {"object": "APBILL", "date": "2026-04-01", "memo": "Entered twice", **arguments}
    return IntacctReverseOperator(task_id="reverse", keys=keys, **arguments)


def test_a_bill_is_reversed_once_by_its_number(client: IntacctClient) -> None:
    bills("R-1")
    task = Task()
    key = {"VENDORID": "V001", "RECORDID": "R-1"}
    assert statuses(task.try_(reversal(key))) == ["posted"]
    assert statuses(task.try_(reversal(key))) == ["already_posted"]


def test_what_somebody_else_reversed_fails_and_says_so(client: IntacctClient) -> None:
    made = bills("R-1")
    other, task = Task(), Task()
    other.ti.task_id = "by_hand"
    other.try_(reversal(made))
    with pytest.raises(AirflowFailException, match="Reversed already, and not by this task"):
        task.try_(reversal(made))


def test_a_closed_period_is_named(client: IntacctClient) -> None:
    made = bills("R-1")
    with pytest.raises(AirflowFailException, match="closed period"):
        Task().try_(reversal(made, date="2025-04-01"))


@pytest.mark.parametrize(
    ("operator", "said"),
    [
        (IntacctReverseOperator(task_id="t", object="ARADJUSTMENT", keys="1", date="2026-04-01"), "opposite amount"),
        (IntacctReverseOperator(task_id="t", object="APBILL", keys="1"), "needs date"),
        (IntacctApprovalOperator(task_id="t", object="APBILL", keys="1", action="approve"), "Approve bills"),
        (IntacctApprovalOperator(task_id="t", object="APBILL", keys="1", action="delete"), "IntacctDeleteOperator"),
        (IntacctDeleteOperator(task_id="t", object="APBILL", keys=["B-7"]), '"VENDORID": ..., "RECORDID": ...'),
        (
            IntacctReverseOperator(task_id="t", object="APBILL", keys="1", date="2026-04-01", policy_id="P"),
            "leave policy_id out",
        ),
        (IntacctDeleteOperator(task_id="t", object="VENDOR", keys="1", require_state="Posted"), "no state"),
        (IntacctReverseOperator(task_id="t", object="APBILL", keys="1", date="2026-04-01", require_state="X"), "Draft"),
    ],
)
def test_what_cannot_be_done_fails_before_anything_is_sent(
    sandbox: SandboxProcess, client: IntacctClient, operator: Any, said: str
) -> None:
    before = sandbox.transactions()
    with pytest.raises(AirflowFailException) as failed:
        Task().try_(operator)
    assert said in str(failed.value)
    assert sandbox.transactions() == before


def approval(action: str, keys: Any, object: str = "APPYMT", **arguments: Any) -> IntacctApprovalOperator:
    return IntacctApprovalOperator(task_id=action, object=object, keys=keys, action=action, **arguments)


def payment(number: str = "P-1") -> list[dict[str, Any]]:
    (made,) = bills(number)
    details = [{"RECORDKEY": made["key"], "TRX_PAYMENTAMOUNT": "50.00"}]
    record = {
        "FINANCIALENTITY": "BOA",
        "PAYMENTMETHOD": "EFT",
        "VENDORID": "V001",
        "PAYMENTDATE": "2026-04-15",
        "CURRENCY": "USD",
        "APPYMTDETAILS": {"APPYMTDETAIL": details},
    }
    return Task().try_(IntacctCreateOperator(task_id="pay", object="APPYMT", records=record))


def test_a_payment_that_waits_for_approval_says_what_is_needed_next(
    sandbox: SandboxProcess, client: IntacctClient
) -> None:
    sandbox.switch(approval_appymt=2)
    (made,) = payment()
    assert (made["status"], made["state"]) == ("posted", "Submitted")
    assert 'IntacctApprovalOperator(action="approve")' in made["note"]


def test_an_approval_leads_to_the_next_state_once(
    sandbox: SandboxProcess, client: IntacctClient, connect: Connect
) -> None:
    sandbox.switch(approval_appymt=2)
    made = payment()
    connect(user="approver")
    task = Task()
    (first,) = task.try_(approval("approve", made))
    assert (first["status"], first["state"]) == ("posted", "Partially Approved")
    assert "further approval" in first["note"]
    assert statuses(task.try_(approval("approve", made))) == ["already_posted"]
    connect(user="controller")
    second = Task()
    second.ti.task_id = "second"
    (last,) = second.try_(approval("approve", made))
    assert (last["status"], last["state"]) == ("posted", "Posted")


def test_nobody_approves_what_he_submitted_and_the_task_says_so(sandbox: SandboxProcess, client: IntacctClient) -> None:
    sandbox.switch(approval_appymt=1)
    made = payment()
    with pytest.raises(AirflowFailException, match="it is Submitted"):
        Task().try_(approval("approve", made))


def test_a_declined_payment_is_declined_once_and_says_what_to_mend(
    sandbox: SandboxProcess, client: IntacctClient, connect: Connect
) -> None:
    sandbox.switch(approval_appymt=1)
    made = payment()
    connect(user="approver")
    (declined,) = Task().try_(approval("decline", made))
    assert (declined["status"], declined["state"]) == ("posted", "Declined")
    assert "submit it again" in declined["note"]


def test_a_submitted_bill_is_recalled_and_submitted_again(sandbox: SandboxProcess, client: IntacctClient) -> None:
    sandbox.switch(approval_apbill=1)
    made = bills("S-1")
    assert made[0]["state"] == "Submitted"
    (recalled,) = Task().try_(approval("recall", made, "APBILL"))
    assert (recalled["status"], recalled["state"]) == ("posted", "Draft")
    (submitted,) = Task().try_(approval("submit", made, "APBILL"))
    assert (submitted["status"], submitted["state"]) == ("posted", "Submitted")


def order(vendor: str = "V001") -> list[dict[str, Any]]:
    record = {
        "transactiontype": "Purchase Order",
        "datecreated": "2026-04-01",
        "vendorid": vendor,
        "datedue": "2026-04-30",
        "returnto": {"contactname": ""},
        "payto": {"contactname": ""},
        "potransitems": {
            "potransitem": {"itemid": "I001", "quantity": "2", "unit": "Each", "price": "10.00", "locationid": "100"}
        },
    }
    return Task().try_(IntacctCreateOperator(task_id="order", function="create_potransaction", records=record))


def test_a_purchase_order_is_approved_by_its_document_id_or_its_number(
    sandbox: SandboxProcess, client: IntacctClient, connect: Connect
) -> None:
    sandbox.switch(approval_podocument=1)
    (first,), (second,) = order(), order("V002")
    assert first["state"] == "Submitted"
    found = client.rows("PODOCUMENT", fields=["RECORDNO"], where="DOCID = :id", params={"id": second["key"]})
    (number,) = [row["RECORDNO"] for row in found]
    connect(user="approver")
    (approved, declined) = (
        Task().try_(approval("approve", first["key"], "PODOCUMENT", comment="in the budget")),
        Task().try_(approval("decline", number, "PODOCUMENT", comment="not in the budget")),
    )
    assert [(each["status"], each["state"]) for each in approved] == [("posted", "Pending")]
    assert [(each["status"], each["state"]) for each in declined] == [("posted", "Declined")]


def test_a_timesheet_is_approved_entry_by_entry(client: IntacctClient, connect: Connect) -> None:
    entries = [{"ENTRYDATE": f"2026-04-0{day}", "QTY": "8", "LOCATIONID": "100"} for day in (6, 7)]
    record = {
        "EMPLOYEEID": "E001",
        "BEGINDATE": "2026-04-06",
        "STATE": "Submitted",
        "TIMESHEETENTRIES": {"TIMESHEETENTRY": entries},
    }
    (sheet,) = Task().try_(IntacctCreateOperator(task_id="sheet", object="TIMESHEET", records=record))
    first, _ = client.rows("TIMESHEETENTRY", fields=["RECORDNO"], where=f"TIMESHEETKEY = {sheet['key']}")
    connect(user="approver")
    (partly,) = Task().try_(approval("approve", sheet["key"], "TIMESHEET", entries=[first["RECORDNO"]]))
    assert (partly["status"], partly["state"]) == ("posted", "Partially Approved")
    rest = Task()
    rest.ti.task_id = "rest"
    (whole,) = rest.try_(approval("approve", sheet["key"], "TIMESHEET"))
    assert (whole["status"], whole["state"]) == ("posted", "Approved")


def test_what_is_in_the_state_already_is_not_sent(sandbox: SandboxProcess, client: IntacctClient) -> None:
    made = bills("S-1")
    (outcome,) = Task().try_(approval("submit", made, "APBILL"))
    assert (outcome["status"], outcome["state"]) == ("already_posted", "Posted")
    assert "nothing was sent" in outcome["note"]


def test_a_dry_run_shows_what_would_be_done_and_does_nothing_of_it(client: IntacctClient) -> None:
    created = vendors("Z1")
    looked = Task().try_(deletion([*created, "NOBODY"], dry_run=True, on_reject="collect"))
    text = json.dumps(looked)
    assert "no VENDOR record has VENDORID NOBODY" in text
    assert statuses(Task().try_(deletion(created))) == ["posted"]


def test_a_dry_run_of_an_entrys_reversal_shows_the_opposite_entry(
    client: IntacctClient, capsys: pytest.CaptureFixture[str]
) -> None:
    (made,) = Task().try_(IntacctCreateOperator(task_id="create", object="GLBATCH", records=entry(amount="77.70")))
    Task().try_(reversal(made["key"], object="GLBATCH", dry_run=True))
    shown = capsys.readouterr().out
    assert f"REV-{made['key']}-" in shown
    assert statuses(Task().try_(reversal(made["key"], object="GLBATCH"))) == ["posted"]


def test_keys_may_come_from_a_callable(client: IntacctClient) -> None:
    created = vendors("Z1")
    operator = deletion(lambda context, jinja_env: [created[0]["key"], context["more"]], on_reject="collect")
    operator.render_template_fields({"more": "NOBODY"})
    assert statuses(Task().try_(operator)) == ["posted", "rejected"]
