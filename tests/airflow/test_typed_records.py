"""Typed transactions in a DAG file: written there as they stand, kept by Airflow, posted once."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException
from airflow.serialization.serialized_objects import DagSerialization

from airflow_provider_intacct.client import IntacctClient
from airflow_provider_intacct.client.errors import UnbalancedEntryError
from airflow_provider_intacct.client.transactions import Dimensions, JournalEntry, JournalLine, Vendor
from airflow_provider_intacct.operators.write import IntacctCreateOperator
from tests.airflow.conftest import Connect
from tests.airflow.test_create_operator import Task
from tests.faults.company import Books, sign_in
from tests.sandbox_process import SandboxProcess

EAST = Dimensions(location="100", department="10")


@pytest.fixture
def client(connect: Connect, sandbox: SandboxProcess) -> Iterator[IntacctClient]:
    connect()
    with sign_in(sandbox) as client:
        yield client


@pytest.fixture
def journals(client: IntacctClient) -> Books:
    return Books(client, "GLBATCH")


def accrual(amount: str, owed: str | None = None) -> JournalEntry:
    return JournalEntry(
        journal="GJ",
        posting_date=date(2026, 3, 31),
        description="Accrual",
        lines=[
            JournalLine(account="6500", debit=Decimal(amount), dimensions=EAST),
            JournalLine(account="2100", credit=Decimal(owed or amount), dimensions=EAST),
        ],
    )


@pytest.mark.parametrize("records", [accrual("10.01"), [accrual("10.01")]], ids=["one", "a list"])
def test_a_typed_journal_entry_is_posted_once_however_often_the_task_runs(journals: Books, records: Any) -> None:
    task = Task()
    (first,) = task.try_(records, object=None)
    (again,) = task.try_(records, object=None)
    assert (first["status"], again["status"]) == ("posted", "already_posted")
    assert again["key"] == first["key"]
    assert len(journals.added()) == 1


def test_typed_and_plain_records_of_several_objects_in_one_task(client: IntacctClient) -> None:
    outcomes = Task().try_(
        [accrual("1.00"), Vendor(name="New", id="V-NEW"), {"CLASS": {"CLASSID": "Z9", "NAME": "z"}}], object=None
    )
    assert [each["object"] for each in outcomes] == ["GLBATCH", "VENDOR", "CLASS"]
    assert {each["status"] for each in outcomes} == {"posted"}
    assert list(client.rows("VENDOR", fields=["NAME"], where="VENDORID = 'V-NEW'")) == [{"NAME": "New"}]


def test_an_entry_out_of_balance_breaks_the_dag_file_not_the_ledger() -> None:
    with pytest.raises(UnbalancedEntryError, match=r"differ by 0\.50"):
        accrual("10.00", "10.50")


def test_a_typed_record_of_another_object_than_the_operator_names_fails_for_good(journals: Books) -> None:
    with pytest.raises(AirflowFailException, match="record 1 is a JournalEntry, which is no APBILL"):
        Task().try_([accrual("1.00")], object="APBILL")
    assert journals.added() == []


def test_airflow_keeps_a_dag_with_typed_records() -> None:
    with DAG("close", schedule=None) as dag:
        IntacctCreateOperator(task_id="post", records=[accrual("10.00")])
    kept = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    assert "JournalEntry" in str(kept.get_task("post").records)
