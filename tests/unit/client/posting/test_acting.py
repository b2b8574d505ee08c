"""Acts on records that exist, against a running company: each once, with an outcome that says what happened."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from airflow_provider_intacct.client import IntacctClient
from airflow_provider_intacct.client.errors import IntacctError
from airflow_provider_intacct.client.posting import (
    ChangedSincePostedError,
    Known,
    Outcome,
    Posting,
    Scope,
    Sending,
    Settled,
    prepare,
    prepare_acts,
)
from airflow_provider_intacct.client.retry import RetryPolicy
from tests.faults.company import TASK, bill, sign_in
from tests.sandbox_process import SandboxProcess

SOMEBODY = Scope("DEMO", "somebody", "manual", "else")
ONE_TRY = RetryPolicy(attempts=1, attempts_after_lost_reply=1, attempts_while_in_process=1)
OPEN_DAY, CLOSED_DAY = {"date": "2026-04-01"}, {"date": "2025-04-01"}


@pytest.fixture
def client(sandbox: SandboxProcess) -> Iterator[IntacctClient]:
    with sign_in(sandbox) as client:
        yield client


class Ledger:
    """What a task keeps for its later tries."""

    def __init__(self) -> None:
        self.known: dict[str, Known] = {}

    def tell(self, news: Sending | Settled) -> None:
        if isinstance(news, Sending):
            self.known |= {each.control_id: Known("sending", each.digest) for each in news.postings}
        else:
            self.known |= {
                each.posting.control_id: Known(each.status, each.posting.digest, each.key) for each in news.outcomes
            }


def vendors(client: IntacctClient, *ids: str) -> list[Outcome]:
    records = [{"VENDORID": name, "NAME": f"Vendor {name}"} for name in ids]
    return client.post(prepare(records, scope=TASK, object_name="VENDOR"))


def bills(client: IntacctClient, *numbers: str) -> list[Outcome]:
    return client.post(prepare([bill("V001", number) for number in numbers], scope=TASK, function="create_bill"))


def deletions(keys: Any, scope: Scope = TASK, object_name: str = "VENDOR") -> list[Posting]:
    return prepare_acts(object_name, "delete", keys, scope=scope)


def reversals(keys: Any, scope: Scope = TASK, details: Mapping[str, Any] = OPEN_DAY) -> list[Posting]:
    return prepare_acts("APBILL", "reverse", keys, scope=scope, details=details)


def there(client: IntacctClient, *ids: str) -> list[str]:
    found = client.rows("VENDOR", fields=["VENDORID"], where="VENDORID IN (:ids)", params={"ids": list(ids)})
    return [row["VENDORID"] for row in found]


def test_a_delete_by_number_and_by_name_has_an_outcome_for_each(client: IntacctClient) -> None:
    made = vendors(client, "Z1", "Z2")
    outcomes = client.act(deletions(["Z1", made[1].key]))
    assert [(each.status, each.key) for each in outcomes] == [("posted", made[0].key), ("posted", made[1].key)]
    assert there(client, "Z1", "Z2") == []


@pytest.mark.parametrize("shape", ["error", "no_status", "bare"])
def test_a_task_finds_its_own_deletion_whatever_it_still_knows(
    sandbox: SandboxProcess, client: IntacctClient, shape: str
) -> None:
    sandbox.switch(uniqueid_reply=shape)
    made, ledger = vendors(client, "Z1", "Z2"), Ledger()
    acts = deletions(["Z1", made[1].key])
    client.act(acts, tell=ledger.tell)
    for known in ({}, ledger.known):
        assert [each.status for each in client.act(acts, known=known)] == ["already_posted"] * 2


def test_what_was_never_there_is_rejected_and_said_so(client: IntacctClient) -> None:
    outcomes = client.act(deletions(["NOBODY", "987654"]), stop_at_rejection=False)
    assert [each.status for each in outcomes] == ["rejected", "rejected"]
    assert "no VENDOR record has VENDORID NOBODY" in outcomes[0].note
    assert "there is no such record" in outcomes[1].note


def test_what_was_never_there_is_not_called_deleted_for_a_lost_reply(
    sandbox: SandboxProcess, client: IntacctClient
) -> None:
    sandbox.fault("reset_after", function="delete")
    (outcome,) = client.act(deletions(["987654"], object_name="APBILL"))
    assert outcome.status == "rejected"
    assert "never existed" in outcome.note


def test_what_somebody_else_deleted_is_rejected_with_who_and_when(client: IntacctClient) -> None:
    (made,) = vendors(client, "Z1")
    client.act(deletions([made.key], scope=SOMEBODY))
    (outcome,) = client.act(deletions([made.key]))
    assert outcome.status == "rejected"
    assert "deleted before" in outcome.note
    assert "by etl" in outcome.note


def test_where_the_audit_history_names_by_number_and_knows_nothing_it_never_existed(client: IntacctClient) -> None:
    (outcome,) = client.act(deletions(["987654"], object_name="APBILL"))
    assert outcome.status == "rejected"
    assert "never existed" in outcome.note


def test_a_name_that_fails_stops_the_task_before_anything_is_sent(client: IntacctClient) -> None:
    vendors(client, "Z1")
    outcomes = client.act(deletions(["Z1", "NOBODY"]))
    assert [each.status for each in outcomes] == ["rolled_back", "rejected"]
    assert there(client, "Z1") == ["Z1"]


@pytest.mark.parametrize("atomic", [True, False])
def test_two_names_of_one_record_are_refused_and_nothing_is_done_to_it(client: IntacctClient, atomic: bool) -> None:
    made = vendors(client, "Z1", "Z2")
    outcomes = client.act(deletions(["Z1", made[0].key, "Z2"]), atomic=atomic, stop_at_rejection=False)
    assert [each.status for each in outcomes] == ["rejected", "rejected", "posted"]
    assert f"record 2 of this call is the same VENDOR, key {made[0].key}, by another name" in outcomes[0].note
    assert there(client, "Z1", "Z2") == ["Z1"]


def test_too_many_rejections_hold_the_rest_back_and_say_so(client: IntacctClient) -> None:
    vendors(client, "Z1")
    outcomes = client.act(deletions(["A", "Z1", "B"]), stop_at_rejection=False, max_rejects=1)
    assert [each.status for each in outcomes] == ["rejected", "rolled_back", "rejected"]
    assert outcomes[1].note == "not sent: more than 1 records of this call were rejected"
    assert there(client, "Z1") == ["Z1"]


def test_a_name_of_several_records_is_rejected_with_their_numbers(client: IntacctClient) -> None:
    made = bills(client, "TWIN-1", "TWIN-2")
    (outcome,) = client.act(deletions([{"DESCRIPTION": "Rent", "VENDORID": "V001"}], object_name="APBILL"))
    assert outcome.status == "rejected"
    assert all(each.key in outcome.note for each in made)


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "http_524_after", "truncated"])
def test_a_lost_reply_is_settled_by_the_next_try(sandbox: SandboxProcess, client: IntacctClient, fault: str) -> None:
    made, ledger = vendors(client, "Z1", "Z2"), Ledger()
    acts = deletions([made[0].key, "Z2"])
    sandbox.fault(fault, function="delete")
    with sign_in(sandbox, retry=ONE_TRY) as hasty:
        try:
            first = {each.status for each in hasty.act(acts, tell=ledger.tell)}
        except IntacctError:
            first = {"turned away"}
    assert first <= {"in_doubt", "turned away"}
    second = client.act(acts, known=ledger.known, tell=ledger.tell)
    assert all(each.booked for each in second)
    assert there(client, "Z1", "Z2") == []


def test_a_reversal_is_made_once_and_by_whom_is_told(client: IntacctClient) -> None:
    made = bills(client, "R-1")
    acts = reversals(made[0].key)
    assert [each.status for each in client.act(acts)] == ["posted"]
    assert [each.status for each in client.act(acts)] == ["already_posted"]
    assert client.states("APBILL", [made[0].key])[made[0].key].label == "Reversed"
    (other,) = client.act(reversals(made[0].key, scope=SOMEBODY))
    assert other.status == "rejected"
    assert "it is Reversed already, and not by this task" in other.note


def test_a_reversal_into_a_closed_period_says_so(client: IntacctClient) -> None:
    (outcome,) = client.act(reversals([each.as_dict() for each in bills(client, "R-2")], details=CLOSED_DAY))
    assert outcome.status == "rejected"
    assert "closed period" in outcome.note


def test_another_date_on_the_next_try_stops_before_anything_is_sent(client: IntacctClient) -> None:
    made, ledger = bills(client, "R-3"), Ledger()
    client.act(reversals(made[0].key), tell=ledger.tell)
    with pytest.raises(ChangedSincePostedError, match="content"):
        client.act(reversals(made[0].key, details={"date": "2026-05-01"}), known=ledger.known)


def test_a_key_that_is_no_longer_brought_stops_before_anything_is_sent(client: IntacctClient) -> None:
    vendors(client, "Z1", "Z2")
    ledger = Ledger()
    client.act(deletions(["Z1"]), tell=ledger.tell)
    with pytest.raises(ChangedSincePostedError, match="is missing now"):
        client.act(deletions(["Z2"]), known=ledger.known)
    assert there(client, "Z2") == ["Z2"]


def test_states_are_read_for_many_records_in_one_query(sandbox: SandboxProcess, client: IntacctClient) -> None:
    keys = [str(row["RECORDNO"]) for row in client.rows("APBILL", fields=["RECORDNO"])]
    before = sandbox.transactions()
    found = client.states("APBILL", [*keys, "987654"])
    assert sorted(found) == sorted(keys)
    assert sandbox.transactions() - before == 1


def test_a_legacy_deletion_is_made_once_and_says_what_was_not_there(client: IntacctClient) -> None:
    vendors(client, "Z1")
    acts = prepare_acts("VENDOR", "delete", ["Z1", "NOBODY"], scope=TASK, function="delete_vendor")
    first = client.act(acts, stop_at_rejection=False)
    assert [each.status for each in first] == ["posted", "rejected"]
    assert "there is no such record" in first[1].note
    assert client.act(acts, stop_at_rejection=False)[0].status == "already_posted"


def test_deletions_of_one_transaction_are_undone_together_and_done_by_a_later_try(client: IntacctClient) -> None:
    made = [each.key for each in vendors(client, "Z1", "Z2")]
    refused = client.act(deletions([*made, "1"]), atomic=True)
    assert [each.status for each in refused] == ["rolled_back", "rolled_back", "rejected"]
    assert len(there(client, "Z1", "Z2")) == 2
    client.act(deletions([made[0]]), atomic=True)
    assert [each.status for each in client.act(deletions(made), atomic=True)] == ["already_posted", "posted"]


@pytest.mark.parametrize(("object_name", "undone"), [("ARINVOICE", "Reversed"), ("ARPYMT", "Voided")])
def test_what_customers_owe_and_paid_is_reversed_once(client: IntacctClient, object_name: str, undone: str) -> None:
    posted = client.rows(object_name, fields=["RECORDNO"], where="STATE = 'Posted'", order_by="RECORDNO DESC", limit=1)
    (key,) = [str(row["RECORDNO"]) for row in posted]
    acts = prepare_acts(object_name, "reverse", key, scope=TASK, details={"date": "2026-06-01"})
    assert [each.status for each in client.act(acts)] == ["posted"]
    assert [each.status for each in client.act(acts)] == ["already_posted"]
    assert client.states(object_name, [key])[key].label == undone
