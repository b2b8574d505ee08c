"""A dry run of an operator that writes: it reads, says what is wrong and what would be sent, and writes nothing."""

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_intacct.client import IntacctClient
from airflow_provider_intacct.operators import (
    IntacctApprovalOperator,
    IntacctCreateOperator,
    IntacctDeleteOperator,
    IntacctReverseOperator,
    IntacctUpdateOperator,
    IntacctUpsertOperator,
)
from tests.airflow.conftest import SENDERS, USERS, Connect
from tests.airflow.test_create_operator import Store, Task
from tests.faults.company import Books, entry, generic_bill, sign_in
from tests.sandbox_process import SandboxProcess

READS = {"getAPISession", "lookup", "inspect", "query", "read", "readEntityDetails"}


@pytest.fixture
def client(connect: Connect, sandbox: SandboxProcess) -> Iterator[IntacctClient]:
    connect()
    with sign_in(sandbox) as client:
        yield client


@pytest.fixture
def logged(capfd: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """What tasks have logged so far: Airflow prints it."""
    heard: list[str] = []

    def listen() -> str:
        heard.extend(capfd.readouterr())
        return "".join(heard)

    return listen


def run(operator: BaseOperator, task: Task) -> dict[str, Any]:
    """What the operator returns; JSON as an XCom is."""
    context: Any = {"ti": task.ti, "task_state_store": task.store}
    found = operator.execute(context)
    assert json.loads(json.dumps(found)) == found
    assert isinstance(found, dict)
    return found


def create(records: Any, object: str | None = "GLBATCH", **arguments: Any) -> IntacctCreateOperator:
    return IntacctCreateOperator(task_id="post", records=records, object=object, dry_run=True, **arguments)


def wrong(**line: Any) -> dict[str, Any]:
    """An entry whose first line is changed."""
    made = entry()
    made["ENTRIES"][0] |= line
    return made


def test_it_refuses_one_record_by_two_names(client: IntacctClient) -> None:
    number = next(iter(client.rows("VENDOR", fields=["RECORDNO"], where="VENDORID = 'V001'")))["RECORDNO"]
    records = [{"RECORDNO": number, "NAME": "A"}, {"VENDORID": "V001", "NAME": "B"}, {"VENDORID": "V002", "NAME": "C"}]
    update = IntacctUpdateOperator(
        task_id="t", object="VENDOR", records=records, dry_run=True, atomic=False, on_reject="collect"
    )
    delete = IntacctDeleteOperator(
        task_id="t", object="VENDOR", keys=[number, "V001", "V002"], dry_run=True, on_reject="collect"
    )
    for operator in (update, delete):
        found = run(operator, Task())
        assert [each["verdict"] for each in found["records"]] == ["refused", "refused", "ready"]
        assert any("by another name" in each["text"] for each in found["problems"])


def test_it_returns_a_verdict_for_each_record_and_writes_nothing(
    sandbox: SandboxProcess, client: IntacctClient
) -> None:
    books = Books(client, "GLBATCH")
    sandbox.control("/sandbox/log", method="DELETE")
    task = Task()
    found = run(create([entry(), entry(amount="5.00")]), task)
    calls = {call["function"] for call in sandbox.control("/sandbox/log")}
    assert (found["dry_run"], found["ready"], found["refused"]) == (True, 2, 0)
    assert [record["verdict"] for record in found["records"]] == ["ready", "ready"]
    assert calls <= READS
    assert books.added() == []
    assert task.store == Store()


def test_it_logs_the_request_that_is_then_sent(
    sandbox: SandboxProcess, client: IntacctClient, logged: Callable[[], str]
) -> None:
    found = run(create([entry(), entry(amount="5.00")]), Task())
    shown = logged()
    assert "Request 1 of 1 that would be sent, secrets masked:" in shown
    assert '<operation transaction="true">' in shown
    assert shown.count("<GLBATCH>") == 2
    posted = Task().try_([entry(), entry(amount="5.00")])
    assert [each["control_id"] for each in posted] == re.findall(r'<function controlid="([^"]*)"', shown)
    assert [each["control_id"] for each in posted] == [each["control_id"] for each in found["records"]]


def test_no_secret_is_in_the_request_the_log_or_what_is_returned(
    client: IntacctClient, logged: Callable[[], str]
) -> None:
    found = run(create([entry()]), Task())
    session = client.session.session_id
    texts = [logged(), json.dumps(found)]
    assert "<password>***</password>" in texts[0]
    assert not [each for each in (*USERS.values(), *SENDERS.values(), session) if any(each in text for text in texts)]


def test_it_fails_with_all_that_is_wrong_at_once(client: IntacctClient, logged: Callable[[], str]) -> None:
    records = [
        wrong(ACCOUNTNO="nope", TRX_AMOUNT=Decimal("100.00")),
        entry(),
        wrong(TRX_AMOUNT="90.00"),
        wrong(TRX_AMOUNT="1.005"),
        entry(JOURNAL="ZZ", BATCH_TITLE="a\x07b"),
        entry(ENTRIES=[]),
        wrong(LOCATION="nowhere"),
    ]
    task = Task()
    with pytest.raises(AirflowFailException, match="6 of 7 records would not be taken") as failure:
        run(create(records), task)
    text = str(failure.value)
    for words in (
        "record 1, line 1 ACCOUNTNO: there is no account 'nope'",
        "record 3: the journal entry does not balance: debits 90.00 and credits 100.00 differ by 10.00",
        "is 1.005: Intacct keeps two decimals and would round it without a word; round it yourself",
        "U+0007 at position 2 cannot be sent in XML; remove it",
        "record 6: the journal entry has no lines",
        "record 7, line 1 LOCATION: there is no location 'nowhere'",
    ):
        assert words in text
        assert words in logged()
    told = task.ti.pushed["dry_run"]
    assert [each["verdict"] for each in told["records"]] == ["refused", "ready", *["refused"] * 5]
    assert task.store == Store()


def test_problems_can_be_collected(client: IntacctClient) -> None:
    found = run(create([wrong(ACCOUNTNO="nope"), entry()], on_reject="collect"), Task())
    assert [each["verdict"] for each in found["records"]] == ["refused", "ready"]
    (problem,) = found["records"][0]["problems"]
    assert (problem["path"], problem["level"]) == ("line 1 ACCOUNTNO", "error")
    assert found["records"][1]["problems"] == []


def test_too_many_problems_fail_even_where_some_may_be_collected(client: IntacctClient) -> None:
    records = [wrong(ACCOUNTNO="a"), wrong(ACCOUNTNO="b"), entry()]
    with pytest.raises(AirflowFailException, match="2 of 3 records"):
        run(create(records, on_reject="collect", max_rejects=1), Task())


def test_what_nobody_can_tell_is_returned_as_unknown_and_fails_nothing(client: IntacctClient) -> None:
    found = run(create([entry()]), Task())
    (problem,) = found["problems"]
    assert (problem["level"], problem["position"]) == ("unknown", 0)
    assert "whether the books are open on 03/31/2026" in problem["text"]


def test_what_the_company_says_already_is_told_as_unchanged_and_not_in_the_request(
    client: IntacctClient, logged: Callable[[], str]
) -> None:
    vendors = [{"VENDORID": "V001", "NAME": "Acme Office Supply"}, {"VENDORID": "V-NEW", "NAME": "New"}]
    found = run(IntacctUpsertOperator(task_id="upsert", records=vendors, object="VENDOR", dry_run=True), Task())
    assert [each["verdict"] for each in found["records"]] == ["unchanged", "ready"]
    assert "<VENDORID>V001</VENDORID>" not in logged()
    assert "<create><VENDOR>" in logged()


def test_an_upsert_shows_the_update_that_it_would_be(client: IntacctClient, logged: Callable[[], str]) -> None:
    vendors = [{"VENDORID": "V001", "NAME": "Acme Ltd"}]
    found = run(IntacctUpsertOperator(task_id="upsert", records=vendors, object="VENDOR", dry_run=True), Task())
    assert found["ready"] == 1
    assert "<update><VENDOR><RECORDNO>1</RECORDNO><NAME>Acme Ltd</NAME></VENDOR></update>" in logged()
    assert list(client.rows("VENDOR", fields=["NAME"], where="VENDORID = 'V001'")) == [{"NAME": "Acme Office Supply"}]


def test_an_update_of_a_record_that_is_not_there_is_named(client: IntacctClient) -> None:
    records = [
        {"RECORDNO": "1", "NAME": "Acme Ltd"},
        {"RECORDNO": "987654", "NAME": "Nobody"},
        {"RECORDNO": "2", "NAMEE": "x"},
    ]
    operator = IntacctUpdateOperator(
        task_id="update", records=records, object="VENDOR", dry_run=True, on_reject="collect"
    )
    found = run(operator, Task())
    assert [each["verdict"] for each in found["records"]] == ["ready", "refused", "refused"]
    assert found["records"][1]["problems"][0]["text"] == "no VENDOR record has RECORDNO 987654"
    assert "did you mean NAME?" in found["records"][2]["problems"][0]["remedy"]


def test_a_request_of_an_asynchronous_policy_is_shown_as_one(client: IntacctClient, logged: Callable[[], str]) -> None:
    run(create([generic_bill("B-1")], object="APBILL", policy_id="NIGHTLY"), Task())
    assert "<policyid>NIGHTLY</policyid>" in logged()
    assert "<login><userid>etl</userid><companyid>DEMO</companyid><password>***</password>" in logged()


ON_BILLS: dict[str, Any] = {"task_id": "act", "object": "APBILL", "dry_run": True, "on_reject": "collect"}
ACTS = {
    "delete": (IntacctDeleteOperator, {}, "<delete><object>APBILL</object><keys>{key}</keys></delete>"),
    "reverse": (IntacctReverseOperator, {"date": "2026-03-31"}, '<reverse_bill key="{key}">'),
    "recall": (IntacctApprovalOperator, {"action": "recall"}, "<recallApBill>"),
}


@pytest.mark.parametrize("act", ACTS)
def test_an_act_on_records_is_shown_and_the_record_it_cannot_find_is_named(
    client: IntacctClient, logged: Callable[[], str], act: str
) -> None:
    key = Task().try_([generic_bill("B-5")], object="APBILL")[0]["key"]
    kind, details, request = ACTS[act]
    keys = [{"VENDORID": "V001", "RECORDID": "B-5"}, 987654]
    found = run(kind(keys=keys, **ON_BILLS, **details), Task())
    assert [each["verdict"] for each in found["records"]] == ["ready", "refused"]
    assert found["records"][1]["problems"][0]["text"] == "no APBILL record has RECORDNO 987654"
    assert request.format(key=key) in logged()
    assert [row["STATE"] for row in client.rows("APBILL", fields=["STATE"], where=f"RECORDNO = {key}")] == ["Posted"]


@pytest.mark.parametrize(("given", "looks"), [("True", True), ("false", False), ("", False), (None, False)])
def test_it_may_be_a_template(client: IntacctClient, given: Any, looks: bool) -> None:
    operator = IntacctCreateOperator(task_id="post", records=[entry()], object="GLBATCH", dry_run="{{ params.dry }}")
    operator.only_check = given
    found = operator.execute({"ti": Task().ti})  # type: ignore[typeddict-item]
    assert isinstance(found, dict) == looks
    assert "only_check" in operator.template_fields


def test_anything_else_than_yes_or_no_writes_nothing(client: IntacctClient) -> None:
    books = Books(client, "GLBATCH")
    with pytest.raises(AirflowFailException, match="dry_run is 'perhaps'; it is True or False"):
        Task().try_([entry()], dry_run="perhaps")
    assert books.added() == []


def test_airflow_s_own_dry_run_of_a_task_still_works(client: IntacctClient) -> None:
    assert callable(create([entry()]).dry_run)
