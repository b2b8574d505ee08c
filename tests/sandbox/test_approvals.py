"""Approval rules: what waits, who decides, and that nothing reaches the ledger before (Intacct's help on approvals)."""

import http.client
import json
from typing import Any

import pytest

from tests.gateway_requests import AUDITOR, call, login, query
from tests.sandbox.books import (
    accrual,
    assert_books_tie_out,
    bill,
    bill_line,
    create,
    delete,
    element,
    key_of,
    legacy_date,
    one,
    postings,
    refused,
    rows,
    succeed,
    update,
)
from tests.sandbox_process import SandboxProcess

BILL_CHANGE = "<APBILLITEMS>" + bill_line("80.00") + "</APBILLITEMS>"


def decide(sandbox: SandboxProcess, verb: str, object_name: str, key: int, user: str | None = None) -> dict[str, Any]:
    asked = {"object": object_name, "key": key} | ({"user": user} if user else {})
    answer = sandbox.control(f"/sandbox/{verb}", asked)
    assert isinstance(answer, dict)
    return answer


def refusal(sandbox: SandboxProcess, path: str, values: dict[str, object]) -> str:
    """The reason with which a bench control answers 400."""
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=30)
    connection.request("POST", path, json.dumps(values))
    response = connection.getresponse()
    body = response.read()
    connection.close()
    assert response.status == 400, body
    return str(json.loads(body)["error"])


def state(sandbox: SandboxProcess, object_name: str, key: int) -> str | None:
    filtered = f"<filter><equalto><field>RECORDNO</field><value>{key}</value></equalto></filter>"
    return call(sandbox, query(object_name, ["STATE"], filtered)).text(f".//{object_name}/STATE")


def test_a_submitted_bill_is_neither_due_nor_posted_until_it_is_approved(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_apbill=1)
    key = key_of(sandbox, create(bill()))
    header = one(sandbox, "APBILL", key)
    assert (state(sandbox, "APBILL", key), header["STATE"], header["TOTALDUE"]) == ("Submitted", "S", 0)
    assert header["GLBATCHKEY"] is None
    assert rows(sandbox, 'SELECT * FROM "GLDETAIL" WHERE "RECORDKEY" = ?', key) == []
    assert_books_tie_out(sandbox)
    assert decide(sandbox, "approve", "APBILL", key, "approver") == {
        "object": "APBILL", "key": key, "by": "approver", "state": "Posted", "submitted_by": "etl",
        "approved_by": ["approver"],
    }  # fmt: skip
    header = one(sandbox, "APBILL", key)
    assert (state(sandbox, "APBILL", key), header["STATE"], header["TOTALDUE"]) == ("Posted", "A", 10000)
    assert postings(sandbox, header["GLBATCHKEY"]) == [("6000", "100", 10000), ("2000", "100", -10000)]
    assert_books_tie_out(sandbox)


def test_two_levels_pass_partially_approved_and_take_two_people(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_apbill=2)
    key = key_of(sandbox, create(bill()))
    assert decide(sandbox, "approve", "APBILL", key)["state"] == "Partially Approved"
    assert one(sandbox, "APBILL", key)["STATE"] == "PA"
    waiting = sandbox.control("/sandbox/approvals")
    assert waiting == [
        {"object": "APBILL", "key": key, "state": "Partially Approved", "submitted_by": "etl",
         "approved_by": ["approver"], "needed": 2}
    ]  # fmt: skip
    again = {"object": "APBILL", "key": key, "user": "approver"}
    assert refusal(sandbox, "/sandbox/approve", again) == "approver has approved this bill already."
    assert decide(sandbox, "approve", "APBILL", key)["by"] == "controller"
    assert state(sandbox, "APBILL", key) == "Posted"
    assert sandbox.control("/sandbox/approvals") == []
    assert_books_tie_out(sandbox)


def test_nobody_approves_what_he_submitted_unless_the_switch_says_so(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_apbill=1)
    key = key_of(sandbox, create(bill()))
    own = {"object": "APBILL", "key": key, "user": "etl"}
    assert refusal(sandbox, "/sandbox/approve", own) == "etl submitted this bill and cannot approve it."
    sandbox.switch(self_approval="allowed")
    assert decide(sandbox, "approve", "APBILL", key, "etl")["state"] == "Posted"
    sandbox.switch(self_approval="automatic")
    assert state(sandbox, "APBILL", key_of(sandbox, create(bill()))) == "Posted"
    sandbox.switch(approval_apbill=2)
    half = key_of(sandbox, create(bill()))
    assert state(sandbox, "APBILL", half) == "Partially Approved"
    assert decide(sandbox, "approve", "APBILL", half)["approved_by"] == ["etl", "approver"]
    assert_books_tie_out(sandbox)


def test_a_declined_bill_can_be_changed_and_submitted_again(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_apbill=1)
    key = key_of(sandbox, create(bill()))
    assert decide(sandbox, "decline", "APBILL", key)["state"] == "Declined"
    assert one(sandbox, "APBILL", key)["STATE"] == "U"
    succeed(sandbox, update(element("APBILL", {"RECORDNO": key}, BILL_CHANGE)))
    assert state(sandbox, "APBILL", key) == "Declined"
    succeed(sandbox, update(element("APBILL", {"RECORDNO": key, "ACTION": "Submit"})))
    assert state(sandbox, "APBILL", key) == "Submitted"
    decide(sandbox, "approve", "APBILL", key)
    assert one(sandbox, "APBILL", key)["TOTALDUE"] == 8000
    assert_books_tie_out(sandbox)


def test_what_waits_can_be_neither_changed_nor_paid_nor_deleted(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_apbill=2, approval_glbatch=1)
    key, entry = key_of(sandbox, create(bill())), key_of(sandbox, create(accrual()))
    for _ in range(2):
        words = refused(sandbox, update(element("APBILL", {"RECORDNO": key, "DESCRIPTION": "New"})))[0][1]
        assert words == "This bill waits for approval and cannot be changed."
        words = refused(sandbox, delete("APBILL", key))[0][1]
        assert words == "This bill waits for approval and cannot be deleted."
        words = refused(sandbox, create(payment_of(key)))[0][1]
        assert words.endswith("is not approved and cannot be paid.")
        if state(sandbox, "APBILL", key) == "Submitted":
            decide(sandbox, "approve", "APBILL", key)
    assert "waits for approval" in refused(sandbox, update(f"<GLBATCH><RECORDNO>{entry}</RECORDNO></GLBATCH>"))[0][1]
    assert "waits for approval" in refused(sandbox, delete("GLBATCH", entry))[0][1]
    sandbox.switch(delete_submitted="accept")
    succeed(sandbox, delete("APBILL", key))
    succeed(sandbox, delete("GLBATCH", entry))
    assert sandbox.control("/sandbox/approvals") == []


def payment_of(key: int, amount: str = "100.00", **header: object) -> str:
    fields = {"FINANCIALENTITY": "BOA", "PAYMENTMETHOD": "EFT", "VENDORID": "V001", "PAYMENTDATE": "04/15/2026",
              "CURRENCY": "USD"} | header  # fmt: skip
    detail = element("APPYMTDETAIL", {"RECORDKEY": key, "TRX_PAYMENTAMOUNT": amount})
    return element("APPYMT", fields, f"<APPYMTDETAILS>{detail}</APPYMTDETAILS>")


def test_a_submitted_bill_is_recalled_where_it_was_created_until_somebody_approved_it(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_apbill=2)
    key = key_of(sandbox, create(bill()))
    recall = f"<recallApBill><recordno>{key}</recordno></recallApBill>"
    words = refused(sandbox, recall, credential=login(location="100"))[0][1]
    assert words == "This bill can be recalled only at the top level."
    assert refused(sandbox, recall, credential=login(AUDITOR))[0][0] == "PL04000005"
    succeed(sandbox, recall)
    assert state(sandbox, "APBILL", key) == "Draft"
    succeed(sandbox, update(element("APBILL", {"RECORDNO": key, "ACTION": "Submit"}, BILL_CHANGE)))
    decide(sandbox, "approve", "APBILL", key)
    assert refused(sandbox, recall)[0][1] == "Only a submitted bill can be recalled."
    decide(sandbox, "approve", "APBILL", key)
    assert refused(sandbox, recall)[0][1] == "Only a submitted bill can be recalled."
    assert_books_tie_out(sandbox)


def test_drafts_and_legacy_bills_follow_the_same_rules(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_apbill=1)
    draft = key_of(sandbox, create(bill(ACTION="Draft")))
    assert state(sandbox, "APBILL", draft) == "Draft"
    legacy = key_of(
        sandbox,
        f"<create_bill><vendorid>V001</vendorid>{legacy_date('datecreated', '2026-03-10')}<termname>N30</termname>"
        "<billitems><lineitem><glaccountno>6010</glaccountno><amount>9.00</amount><locationid>100</locationid>"
        "</lineitem></billitems></create_bill>",
    )
    assert state(sandbox, "APBILL", legacy) == "Submitted"
    succeed(sandbox, update(element("APBILL", {"RECORDNO": draft, "ACTION": "Submit"})))
    assert state(sandbox, "APBILL", draft) == "Submitted"


@pytest.mark.parametrize(
    ("setting", "expected"), [("resubmit", "Submitted"), ("keep", "Posted"), ("refuse", None)]
)  # fmt: skip
def test_what_a_change_of_a_posted_bill_means_is_a_switch(
    sandbox: SandboxProcess, setting: str, expected: str | None
) -> None:
    sandbox.switch(approval_apbill=1, edit_after_approval=setting)
    key = key_of(sandbox, create(bill()))
    decide(sandbox, "approve", "APBILL", key)
    change = update(element("APBILL", {"RECORDNO": key}, BILL_CHANGE))
    if expected is None:
        assert refused(sandbox, change)[0][1] == "This bill has been approved and cannot be changed."
    else:
        succeed(sandbox, change)
        assert state(sandbox, "APBILL", key) == expected
    posted = {"resubmit": 0, "keep": 1, "refuse": 1}[setting]
    assert len(rows(sandbox, 'SELECT * FROM "GLBATCH" WHERE "PRBATCHKEY" = ?', key)) == posted
    assert_books_tie_out(sandbox)


def test_a_period_that_closed_meanwhile_stops_the_approval(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_apbill=1)
    key = key_of(sandbox, create(bill()))
    sandbox.switch(books_closed_through="2026-03-31")
    words = refusal(sandbox, "/sandbox/approve", {"object": "APBILL", "key": key})
    assert words.startswith("Periods are closed.")
    assert state(sandbox, "APBILL", key) == "Submitted"


def test_a_journal_entry_posts_with_its_last_approval_and_keeps_its_lines(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_glbatch=2)
    key = key_of(sandbox, create(accrual(REVERSEDATE="04/01/2026")))
    assert state(sandbox, "GLBATCH", key) == "Submitted"
    lines = rows(sandbox, 'SELECT "RECORDNO" FROM "GLENTRY" WHERE "BATCHNO" = ?', key)
    assert (len(lines), postings(sandbox, key)) == (2, [])
    assert decide(sandbox, "approve", "GLBATCH", key)["state"] == "Partially Approved"
    assert (one(sandbox, "GLBATCH", key)["STATE"], postings(sandbox, key)) == ("X", [])
    assert decide(sandbox, "approve", "GLBATCH", key)["state"] == "Posted"
    assert postings(sandbox, key) == [("6500", "100", 1000), ("2100", "100", -1000)]
    assert rows(sandbox, 'SELECT "RECORDNO" FROM "GLENTRY" WHERE "BATCHNO" = ?', key) == lines
    posted = rows(sandbox, 'SELECT "GLENTRYKEY" FROM "GLDETAIL" WHERE "BATCHKEY" = ?', key)
    assert [row["GLENTRYKEY"] for row in posted] == [line["RECORDNO"] for line in lines]
    reversal = rows(sandbox, 'SELECT * FROM "GLBATCH" WHERE "REVERSEDFROM" = ?', key)[0]
    assert postings(sandbox, reversal["RECORDNO"]) == [("6500", "100", -1000), ("2100", "100", 1000)]
    assert_books_tie_out(sandbox)


def test_a_declined_journal_entry_is_posted_by_a_second_submission(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_glbatch=1)
    key = key_of(sandbox, create(accrual()))
    decide(sandbox, "decline", "GLBATCH", key)
    assert one(sandbox, "GLBATCH", key)["STATE"] == "R"
    succeed(sandbox, update(element("GLBATCH", {"RECORDNO": key, "BATCH_TITLE": "Mended"})))
    assert state(sandbox, "GLBATCH", key) == "Declined"
    succeed(sandbox, update(element("GLBATCH", {"RECORDNO": key, "STATE": "Posted"})))
    assert state(sandbox, "GLBATCH", key) == "Submitted"
    decide(sandbox, "approve", "GLBATCH", key)
    assert (state(sandbox, "GLBATCH", key), len(postings(sandbox, key))) == ("Posted", 2)
    draft = key_of(sandbox, create(accrual(STATE="Draft")))
    assert state(sandbox, "GLBATCH", draft) == "Draft"
    assert_books_tie_out(sandbox)


def test_entries_of_subledgers_need_no_approval(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_glbatch=1)
    key = key_of(sandbox, create(bill()))
    assert state(sandbox, "GLBATCH", int(str(one(sandbox, "APBILL", key)["GLBATCHKEY"]))) == "Posted"


def test_decisions_stamp_the_record_and_stand_in_its_audit_history(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_apbill=2)
    key = key_of(sandbox, create(bill()))
    stamp = one(sandbox, "APBILL", key)["WHENMODIFIED"]
    sandbox.advance(60)
    decide(sandbox, "approve", "APBILL", key)
    changed = one(sandbox, "APBILL", key)
    assert (str(changed["WHENMODIFIED"]) > str(stamp), changed["MODIFIEDBY"]) == (True, 5)
    decide(sandbox, "decline", "APBILL", key)
    trail = rows(
        sandbox,
        'SELECT "USERID", "ACCESSMODE", "WORKFLOWACTION" FROM "AUDITHISTORY" WHERE "OBJECTKEY" = ? '
        'AND "OBJECTTYPE" = \'apbill\' ORDER BY "ID"',
        f"{key}--REC",
    )
    assert [tuple(row.values()) for row in trail] == [
        ("etl", "C", None), ("approver", "W", "Approve"), ("controller", "W", "Decline"),
    ]  # fmt: skip


def test_an_expense_report_waits_as_a_bill_does(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_eexpenses=1)
    line = "<expense><glaccountno>6300</glaccountno><amount>9.00</amount><locationid>100</locationid></expense>"
    key = key_of(
        sandbox,
        f"<create_expensereport><employeeid>E001</employeeid>{legacy_date('datecreated', '2026-03-10')}"
        f"<expenses>{line}</expenses></create_expensereport>",
    )
    assert (state(sandbox, "EEXPENSES", key), one(sandbox, "EEXPENSES", key)["GLBATCHKEY"]) == ("Submitted", None)
    assert decide(sandbox, "approve", "EEXPENSES", key)["state"] == "Posted"
    assert postings(sandbox, one(sandbox, "EEXPENSES", key)["GLBATCHKEY"])[0] == ("6300", "100", 900)
    assert_books_tie_out(sandbox)


def test_the_company_tells_which_postings_need_approval(sandbox: SandboxProcess) -> None:
    asked = '<get_companyprefs application="GL"/>'
    told = call(sandbox, asked).root
    assert "F" in [item.findtext("prefvalue") for item in told.iter("companypref")]
    sandbox.switch(approval_glbatch=1)
    preferences = {
        item.findtext("preference"): item.findtext("prefvalue")
        for item in call(sandbox, asked).root.iter("companypref")
    }
    assert preferences["ENABLE_JE_APPROVAL"] == "T"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"object": "ITEM", "key": 1},
            "object is one of APBILL, APPYMT, GLBATCH, EEXPENSES, VENDOR, PODOCUMENT, TIMESHEET, not 'ITEM'.",
        ),
        ({"object": "APBILL", "key": "x"}, "key is a RECORDNO, not 'x'."),
        ({"object": "APBILL", "key": 999999}, "There is no APBILL 999999."),
        ({"object": "APBILL", "key": 1, "by": "me"}, "by: a decision has object, key, user and comment."),
        ({"object": "APBILL", "key": 1, "user": "auditor"}, "auditor may not approve APBILL."),
    ],
)
def test_the_desk_says_what_was_wrong(sandbox: SandboxProcess, values: dict[str, object], words: str) -> None:
    assert refusal(sandbox, "/sandbox/approve", values) == words


def test_what_does_not_wait_cannot_be_decided_on(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill()))
    for verb, word in (("approve", "approved"), ("decline", "declined")):
        said = refusal(sandbox, f"/sandbox/{verb}", {"object": "APBILL", "key": key})
        assert said == f"This bill does not wait for approval and cannot be {word}."


def test_approvals_survive_a_restart(fresh_sandbox: SandboxProcess) -> None:
    fresh_sandbox.switch(approval_apbill=2)
    key = key_of(fresh_sandbox, create(bill()))
    decide(fresh_sandbox, "approve", "APBILL", key)
    fresh_sandbox.kill()
    fresh_sandbox.start()
    fresh_sandbox.switch(approval_apbill=2)
    assert decide(fresh_sandbox, "approve", "APBILL", key)["approved_by"] == ["approver", "controller"]
    assert state(fresh_sandbox, "APBILL", key) == "Posted"
