"""IntacctUpdateOperator against the sandbox: what changes, what stays, and what a later try does and refuses."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_intacct.client import IntacctClient
from airflow_provider_intacct.client.posting import RecordsInDoubtError
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.operators.write import IntacctUpdateOperator
from tests.airflow.conftest import Connect
from tests.airflow.tries import Store, Task
from tests.faults.company import bill, entry, generic_bill, sign_in
from tests.sandbox_process import SandboxProcess

EITHER = pytest.mark.parametrize("stores", [True, False], ids=["Airflow 3.3", "Airflow 3.2"])


@pytest.fixture
def client(connect: Connect, sandbox: SandboxProcess) -> Iterator[IntacctClient]:
    connect()
    with sign_in(sandbox) as client:
        yield client


@pytest.fixture
def vendor(client: IntacctClient) -> str:
    """The record number of the vendor V-T."""
    given = {"VENDORID": "V-T", "NAME": "Ada", "TAXID": "77", "CREDITLIMIT": "100"}
    return client.call(functions.create("VENDOR", given)).records[0].record_number


def updating(stores: bool = False) -> Task:
    return Task(Store() if stores else None, operator=IntacctUpdateOperator, object="VENDOR")


def read(client: IntacctClient, object: str, key: str, *fields: str) -> list[str]:
    """The fields of a record, as text."""
    data = client.call(functions.read(object, [key])).data
    assert data is not None
    return [data[0].findtext(each) or "" for each in fields]


def statuses(outcomes: list[dict[str, Any]]) -> list[str]:
    return [outcome["status"] for outcome in outcomes]


def test_changes_what_is_given_leaves_none_and_clears_what_is_empty(client: IntacctClient, vendor: str) -> None:
    (outcome,) = updating().try_({"VENDORID": "V-T", "NAME": "Eve", "CREDITLIMIT": None, "TAXID": ""})
    assert (outcome["status"], outcome["act"], outcome["key"]) == ("posted", "update", vendor)
    assert read(client, "VENDOR", vendor, "NAME", "CREDITLIMIT", "TAXID") == ["Eve", "100", ""]


def test_lines_that_are_given_replace_all_lines_and_the_log_says_whose(
    client: IntacctClient, capsys: pytest.CaptureFixture[str]
) -> None:
    made = client.call(functions.create("APBILL", {**generic_bill("B-1"), "APBILLITEMS": _lines("5.00", "7.00")}))
    key = made.records[0].record_number
    task = Task(None, operator=IntacctUpdateOperator, object="APBILL")
    task.try_({"VENDORID": "V001", "RECORDID": "B-1", "DESCRIPTION": "June"})
    assert read(client, "APBILL", key, "DESCRIPTION", "TOTALENTERED") == ["June", "12"]
    assert "replaces all lines" not in capsys.readouterr().out
    other = Task(None, operator=IntacctUpdateOperator, object="APBILL")
    other.ti.run_id = "another"
    other.try_({"RECORDNO": key, "APBILLITEMS": _lines("9.00")["APBILLITEM"]})
    assert read(client, "APBILL", key, "DESCRIPTION", "TOTALENTERED") == ["June", "9"]
    told = capsys.readouterr().out
    assert "APBILLITEMS replaces all lines of a record that exists; lines not given are deleted in Intacct" in told
    assert f"RECORDNO {key}" in told


def test_the_legacy_functions_change_lines_by_number(client: IntacctClient) -> None:
    (made,) = Task(object=None).try_(bill("V001", "B-1"), function="create_bill")
    body = {
        "@key": made["key"],
        "description": "June",
        "updatebillitems": {"updatelineitem": [{"@line_num": 1, "memo": "first"}]},
    }
    task = Task(operator=IntacctUpdateOperator, object=None)
    outcomes = [task.try_(body, function="update_bill") for _ in range(2)]
    assert [statuses(each) for each in outcomes] == [["posted"], ["already_posted"]]
    assert outcomes[0][0]["natural_key"] == {"RECORDNO": made["key"]}
    assert read(client, "APBILL", made["key"], "DESCRIPTION", "TOTALENTERED") == ["June", "50"]


@EITHER
def test_a_cleared_task_writes_nothing_again(client: IntacctClient, vendor: str, stores: bool) -> None:
    task, given = updating(stores), {"VENDORID": "V-T", "NAME": "Eve"}
    task.try_(given)
    before = read(client, "VENDOR", vendor, "WHENMODIFIED")
    assert [(each["status"], each["key"]) for each in task.try_(given)] == [("already_posted", vendor)]
    assert read(client, "VENDOR", vendor, "WHENMODIFIED") == before


@EITHER
def test_other_content_in_a_later_try_is_not_written(client: IntacctClient, vendor: str, stores: bool) -> None:
    task = updating(stores)
    task.try_({"VENDORID": "V-T", "TAXID": "88"})
    with pytest.raises(AirflowFailException, match="TAXID is '88' there and '' here"):
        task.try_({"VENDORID": "V-T", "TAXID": ""})
    assert read(client, "VENDOR", vendor, "TAXID") == ["88"]


def test_what_somebody_changed_since_is_not_written_over(client: IntacctClient, vendor: str) -> None:
    task = updating()
    task.try_({"VENDORID": "V-T", "NAME": "Eve"})
    client.call(functions.update("VENDOR", {"RECORDNO": vendor, "NAME": "Mallory"}))
    with pytest.raises(AirflowFailException, match="NAME is 'Mallory' there and 'Eve' here"):
        task.try_({"VENDORID": "V-T", "NAME": "Eve"})
    assert read(client, "VENDOR", vendor, "NAME") == ["Mallory"]


@EITHER
@pytest.mark.parametrize("reply", ["error", "no_status", "bare"])
def test_a_lost_reply_is_settled_by_the_ledger(
    sandbox: SandboxProcess, client: IntacctClient, vendor: str, stores: bool, reply: str
) -> None:
    sandbox.switch(uniqueid_reply=reply)
    sandbox.fault("reset_after", "update")
    (outcome,) = updating(stores).try_({"VENDORID": "V-T", "NAME": "Eve"})
    assert outcome["status"] == "already_posted"
    assert read(client, "VENDOR", vendor, "NAME") == ["Eve"]


def test_a_lost_reply_of_what_was_not_carried_out_is_no_success(
    sandbox: SandboxProcess, client: IntacctClient, vendor: str
) -> None:
    task = updating(True)
    sandbox.fault("reset_uncommitted", "update", times=9)
    with pytest.raises(RecordsInDoubtError):
        task.try_({"VENDORID": "V-T", "NAME": "Eve"})
    assert task.ti.pushed["outcomes"][0]["status"] == "in_doubt"
    assert read(client, "VENDOR", vendor, "NAME") == ["Ada"]
    sandbox.control("/sandbox/faults", method="DELETE")
    assert statuses(task.try_({"VENDORID": "V-T", "NAME": "Eve"})) == ["posted"]


def test_an_id_that_intacct_has_forgotten_is_told_by_what_the_record_says(
    sandbox: SandboxProcess, client: IntacctClient, vendor: str
) -> None:
    sandbox.switch(uniqueid_days=1)
    task = updating()
    task.try_({"VENDORID": "V-T", "NAME": "Eve"})
    sandbox.advance(2 * 86400)
    before = read(client, "VENDOR", vendor, "WHENMODIFIED")
    assert statuses(task.try_({"VENDORID": "V-T", "NAME": "Eve"})) == ["already_posted"]
    assert read(client, "VENDOR", vendor, "WHENMODIFIED") == before


def test_several_are_one_transaction_unless_told_otherwise(client: IntacctClient, vendor: str) -> None:
    both = [{"VENDORID": "V-T", "NAME": "Eve"}, {"VENDORID": "V-NONE", "NAME": "Bob"}]
    with pytest.raises(AirflowFailException, match="Cannot update non-existing VENDOR"):
        updating().try_(both)
    assert read(client, "VENDOR", vendor, "NAME") == ["Ada"]
    outcomes = updating().try_(both, atomic=False, on_reject="collect")
    assert statuses(outcomes) == ["posted", "rejected"]
    assert read(client, "VENDOR", vendor, "NAME") == ["Eve"]


def test_by_a_key_of_the_authors_one_record_is_meant_or_none(client: IntacctClient, vendor: str) -> None:
    given = {"TAXID": "77", "NAME": "Eve"}
    assert statuses(updating().try_(given, key="TAXID")) == ["posted"]
    client.call(functions.create("VENDOR", {"VENDORID": "V-U", "NAME": "Bob", "TAXID": "77"}))
    with pytest.raises(AirflowFailException, match=rf"several records are a VENDOR with TAXID 77: RECORDNO {vendor}, "):
        updating().try_({**given, "NAME": "Mallory"}, key="TAXID")
    assert read(client, "VENDOR", vendor, "NAME") == ["Eve"]


def test_two_updates_of_one_record_by_different_names_are_refused(client: IntacctClient, vendor: str) -> None:
    both = [{"VENDORID": "V-T", "NAME": "Bea"}, {"RECORDNO": vendor, "TAXID": "99"}, {"VENDORID": "V001", "TAXID": "1"}]
    outcomes = updating().try_(both, atomic=False, on_reject="collect")
    assert statuses(outcomes) == ["rejected", "rejected", "posted"]
    assert f"record 2 of this call means the same VENDOR, RECORDNO {vendor}, by another name" in outcomes[0]["note"]
    assert "record 1 of this call" in outcomes[1]["note"]
    assert read(client, "VENDOR", vendor, "NAME", "TAXID") == ["Ada", "77"]
    assert statuses(updating().try_(both, atomic=False, on_reject="collect"))[:2] == ["rejected"] * 2


@pytest.mark.parametrize("stores", [True, False])
@pytest.mark.parametrize("numbered_first", [True, False])
def test_an_update_that_an_earlier_try_made_is_not_written_over_by_another_name(
    client: IntacctClient, vendor: str, numbered_first: bool, stores: bool
) -> None:
    by_number, by_id = {"RECORDNO": vendor, "NAME": "Bea"}, {"VENDORID": "V-T", "NAME": "Bea"}
    first, second = (by_number, by_id) if numbered_first else (by_id, by_number)
    task = updating(stores)
    assert statuses(task.try_([first])) == ["posted"]
    both = task.try_([first, {**second, "NAME": "Cleo"}], on_reject="collect")
    assert statuses(both) == ["already_posted", "rejected"]
    assert "record 1 of this call means the same VENDOR" in both[1]["note"]
    assert read(client, "VENDOR", vendor, "NAME") == ["Bea"]


def test_an_update_in_doubt_whose_record_has_another_name_now_stays_in_doubt(
    sandbox: SandboxProcess, client: IntacctClient, vendor: str
) -> None:
    task, record = updating(stores=True), {"NAME": "Ada", "TAXID": "99"}
    sandbox.fault("reset_after", function="update", times=20)
    for _ in range(2):
        with pytest.raises(RecordsInDoubtError):
            task.try_([record], key="NAME")
        sandbox.control("/sandbox/faults", method="DELETE")
        client.call(functions.update("VENDOR", {"RECORDNO": vendor, "NAME": "Renamed"}))
    (outcome,) = task.ti.pushed["outcomes"]
    assert "an earlier try sent it" in outcome["note"]
    assert "there is no VENDOR with NAME Ada" in outcome["note"]


def test_what_is_there_already_is_not_sent_if_asked_for(
    sandbox: SandboxProcess, client: IntacctClient, vendor: str
) -> None:
    sandbox.control("/sandbox/log", method="DELETE")
    assert statuses(updating().try_({"VENDORID": "V-T", "NAME": "Ada"}, skip_unchanged=True)) == ["already_posted"]
    assert "update" not in {call["function"] for call in sandbox.control("/sandbox/log")}


def test_an_entry_keeps_its_balance(client: IntacctClient) -> None:
    key = client.call(functions.create("GLBATCH", {**entry(), "ENTRIES": {"GLENTRY": entry()["ENTRIES"]}}))
    number = key.records[0].record_number
    task = Task(None, operator=IntacctUpdateOperator, object="GLBATCH")
    lines = entry(amount="8.00")["ENTRIES"]
    with pytest.raises(AirflowFailException, match="differ by 1"):
        task.try_({"RECORDNO": number, "ENTRIES": [lines[0], {**lines[1], "TRX_AMOUNT": Decimal(7)}]})
    assert statuses(task.try_({"RECORDNO": number, "ENTRIES": lines})) == ["posted"]
    assert statuses(task.try_({"RECORDNO": number, "ENTRIES": lines})) == ["already_posted"]


def _lines(*amounts: str) -> dict[str, Any]:
    line = generic_bill()["APBILLITEMS"][0]
    return {"APBILLITEM": [{**line, "TRX_AMOUNT": Decimal(amount)} for amount in amounts]}
