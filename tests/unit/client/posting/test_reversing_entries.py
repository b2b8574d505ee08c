"""A journal entry is reversed by the opposite entry: once, whoever asks, and so that nothing is left of it."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_intacct.client import IntacctClient
from airflow_provider_intacct.client.errors import IntacctError
from airflow_provider_intacct.client.flows import Flow, run
from airflow_provider_intacct.client.posting import (
    ChangedSincePostedError,
    Outcome,
    Posting,
    Scope,
    prepare,
    prepare_acts,
)
from airflow_provider_intacct.client.posting.carrying import carry_out
from airflow_provider_intacct.client.xml.functions import Function
from airflow_provider_intacct.client.xml.reply import Reply
from tests.faults.company import TASK, bill, entry, sign_in
from tests.sandbox_process import SandboxProcess
from tests.unit.client.posting.test_acting import ONE_TRY, SOMEBODY, Ledger


@pytest.fixture
def client(sandbox: SandboxProcess) -> Iterator[IntacctClient]:
    with sign_in(sandbox) as client:
        yield client


def entries(client: IntacctClient, *records: dict[str, Any]) -> list[Outcome]:
    return client.post(prepare(list(records), scope=TASK, object_name="GLBATCH"))


def reversals(keys: Any, scope: Scope = TASK, day: str = "2026-04-01", **more: str) -> list[Posting]:
    return prepare_acts("GLBATCH", "reverse", keys, scope=scope, details={"date": day, **more})


def opposites(client: IntacctClient, key: str) -> list[dict[str, Any]]:
    fields = ["RECORDNO", "BATCH_DATE", "BATCH_TITLE", "REFERENCENO"]
    return list(client.rows("GLBATCH", fields=fields, where=f"REFERENCENO LIKE 'REV-{key}-%'"))


def test_nothing_is_left_of_a_reversed_entry(client: IntacctClient) -> None:
    (made,) = entries(client, entry(amount="123.45"))
    (outcome,) = client.act(reversals(made.key, memo="Wrong month"))
    assert outcome.status == "posted"
    (opposite,) = opposites(client, made.key)
    assert opposite["BATCH_TITLE"] == "Wrong month"
    assert str(opposite["RECORDNO"]) == outcome.key
    both = f"BATCHKEY IN ({made.key}, {outcome.key})"
    left: dict[tuple[str, str], Decimal] = {}
    for line in client.rows("GLDETAIL", fields=["ACCOUNTNO", "LOCATIONID", "DEBITAMOUNT", "CREDITAMOUNT"], where=both):
        place = (line["ACCOUNTNO"], line["LOCATIONID"])
        left[place] = left.get(place, Decimal(0)) + (line["DEBITAMOUNT"] or 0) - (line["CREDITAMOUNT"] or 0)
    assert len(left) == 2
    assert set(left.values()) == {Decimal(0)}


@pytest.mark.parametrize("forgets", [False, True])
def test_an_entry_is_reversed_once_even_where_intacct_forgets_control_ids(
    sandbox: SandboxProcess, client: IntacctClient, forgets: bool
) -> None:
    (made,) = entries(client, entry())
    acts = reversals(made.key)
    (first,) = client.act(acts)
    if forgets:
        sandbox.control("/sandbox/control-ids", method="DELETE")
    (second,) = client.act(acts)
    assert (second.status, second.key) == ("already_posted", first.key)
    assert len(opposites(client, made.key)) == 1


def test_an_entry_called_by_two_names_is_not_reversed_twice(client: IntacctClient) -> None:
    (made,) = entries(client, entry(REFERENCENO="R-5"))
    name = {"JOURNAL": "GJ", "REFERENCENO": "R-5"}
    outcomes = client.act(reversals([name, made.key]))
    assert [each.status for each in outcomes] == ["rejected", "rejected"]
    assert opposites(client, made.key) == []
    client.act(reversals([name]))
    (again,) = client.act(reversals([made.key]))
    assert again.status == "rejected"
    assert len(opposites(client, made.key)) == 1


def test_two_tasks_at_once_that_call_an_entry_by_different_names_reverse_it_once(
    sandbox: SandboxProcess, client: IntacctClient
) -> None:
    (made,) = entries(client, entry(REFERENCENO="R-5"))

    def execute(functions: Sequence[Function], **options: Any) -> Flow[Reply]:
        if functions[0].writes:  # the other one comes between look-up and write
            with sign_in(sandbox) as other:
                other.act(reversals([made.key], scope=SOMEBODY))
        return client._gateway.execute(functions, **options)

    (outcome,) = run(carry_out(execute, reversals([{"JOURNAL": "GJ", "REFERENCENO": "R-5"}])), client._transport)
    assert outcome.status == "rejected"
    assert "not by this task" in outcome.note
    assert len(opposites(client, made.key)) == 1


@pytest.mark.parametrize("known", [True, False])
def test_a_reversal_that_was_made_on_another_day_is_not_called_this_one(client: IntacctClient, known: bool) -> None:
    (made,) = entries(client, entry())
    ledger = Ledger()
    (first,) = client.act(reversals(made.key), tell=ledger.tell)
    in_doubt = {name: replace(before, status="in_doubt", key="") for name, before in ledger.known.items()}
    later = reversals(made.key, day="2026-05-01")
    if known:
        with pytest.raises(ChangedSincePostedError, match=f"by entry {first.key}, of 04/01/2026 and not of 05/01/2026"):
            client.act(later, known=in_doubt)
    else:
        (second,) = client.act(later)
        assert (second.status, second.key) == ("rejected", first.key)
        assert "of 04/01/2026 and not of 05/01/2026" in second.note


def test_what_another_task_reversed_is_rejected_with_its_entry(client: IntacctClient) -> None:
    (made,) = entries(client, entry())
    (first,) = client.act(reversals(made.key, scope=SOMEBODY))
    (second,) = client.act(reversals(made.key))
    assert (second.status, second.key) == ("rejected", first.key)
    assert "not by this task" in second.note
    assert len(opposites(client, made.key)) == 1


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "http_524_after", "truncated"])
def test_a_lost_reply_reverses_once(sandbox: SandboxProcess, client: IntacctClient, fault: str) -> None:
    (made,) = entries(client, entry())
    ledger, acts = Ledger(), reversals(made.key)
    sandbox.fault(fault, function="create")
    with sign_in(sandbox, retry=ONE_TRY) as hasty, contextlib.suppress(IntacctError):
        hasty.act(acts, tell=ledger.tell)
    (outcome,) = client.act(acts, known=ledger.known)
    assert outcome.booked
    (opposite,) = opposites(client, made.key)
    assert str(opposite["RECORDNO"]) == outcome.key


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (entry(STATE="Draft"), "it is Draft"),
        (entry(REVERSEDATE="2026-04-01"), "it is reversed already"),
    ],
)
def test_an_entry_that_cannot_be_reversed_says_why(client: IntacctClient, record: dict[str, Any], said: str) -> None:
    (made,) = entries(client, record)
    (outcome,) = client.act(reversals(made.key))
    assert outcome.status == "rejected"
    assert said in outcome.note
    assert opposites(client, made.key) == []


def test_an_entry_of_a_subledger_is_reversed_where_it_comes_from(client: IntacctClient) -> None:
    client.post(prepare([bill("V001", "SUB-1")], scope=TASK, function="create_bill"))
    (batch, *_) = client.rows("GLBATCH", fields=["RECORDNO"], where="MODULE = '3.AP'", limit=1)
    (outcome,) = client.act(reversals(str(batch["RECORDNO"])))
    assert outcome.status == "rejected"
    assert "reverse the record it comes from" in outcome.note


def test_an_entry_that_is_not_there_is_rejected(client: IntacctClient) -> None:
    (outcome,) = client.act(reversals("987654"))
    assert outcome.status == "rejected"
    assert "no such journal entry" in outcome.note


def test_a_closed_period_is_named(client: IntacctClient) -> None:
    (made,) = entries(client, entry())
    (outcome,) = client.act(reversals(made.key, day="2025-04-01"))
    assert outcome.status == "rejected"
    assert "closed period" in outcome.note
