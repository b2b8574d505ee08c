"""Deciding on what waits: approve, decline, confirm and void payments, recall a bill, approve and decline timesheets
and purchasing documents.

The API has no function that approves a bill, an expense report or a journal entry: people do that, see desk.py.
Source: developer.intacct.com, AP payments, Bills, Timesheets, Purchasing transactions; the published schema.
"""

from collections.abc import Callable
from dataclasses import replace

from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.results import DataResult, EmptyResult, FunctionError, Node
from airflow_provider_intacct.sandbox.ledger import workflows
from airflow_provider_intacct.sandbox.ledger.approvals import VENDOR, history
from airflow_provider_intacct.sandbox.ledger.books import Books
from airflow_provider_intacct.sandbox.ledger.refusals import no_record
from airflow_provider_intacct.sandbox.records import Record, fetch

from .acts import books_of, refusals_as_errors, require_batch, within_reach


@function("approve_appaymentrequest", writes=True)
def approve_ap_payment_request(call: Call) -> EmptyResult:
    """Approve the named payments, all of them or none."""
    call.company.permissions.require_approver(call.user, call.name, "APPYMT")
    return _each_payment(call, lambda books, record: workflows.approve(books, "APPYMT", record))


@function("decline_appaymentrequest", writes=True)
def decline_ap_payment_request(call: Call) -> EmptyResult:
    """Decline the named payments, all of them or none."""
    call.company.permissions.require_approver(call.user, call.name, "APPYMT")
    return _each_payment(call, lambda books, record: workflows.decline(books, "APPYMT", record))


@function("confirm_appaymentrequest", writes=True)
def confirm_ap_payment_request(call: Call) -> EmptyResult:
    """Confirm the named approved payments, which posts them, all of them or none."""
    call.require("APPYMT")
    return _each_payment(call, workflows.confirm_payment)


@function("void_appaymentrequest", writes=True)
def void_ap_payment_request(call: Call) -> EmptyResult:
    """Void the named payments, posted today or not posted at all, all of them or none."""
    call.require("APPYMT")
    return _each_payment(call, workflows.void_payment)


@function("send_appaymentrequest", writes=True)
def send_ap_payment_request(call: Call) -> EmptyResult:
    """Refuse: the company has no subscription to Vendor Payment Services, which the function requires."""
    call.require("APPYMT")
    raise FunctionError("PL04000005", "This company is not subscribed to Vendor Payment Services.")


@function("approve", "decline", writes=True)
def decide(call: Call) -> EmptyResult:
    """Approve or decline a purchasing document, or a timesheet as a whole or some of its entries.

    APPROVEDBY (DECLINEDBY) names the user on whose behalf a Web Services user decides.
    """
    (element,) = (child for child in call.element if isinstance(child.tag, str))
    name = str(element.tag)
    call.company.permissions.require_approver(call.user, call.name, name)
    said = {str(child.tag): (child.text or "").strip() for child in element if isinstance(child.tag, str)}
    books = _on_behalf(call, name, said.get("APPROVEDBY") or said.get("DECLINEDBY") or "")
    approved, comment = call.name == "approve", said.get("COMMENT")
    with refusals_as_errors():
        record = _document(books, said["DOCID"]) if name == "PODOCUMENT" else _record(books, name, said["RECORDNO"])
        if said.get("ENTRYKEYS"):
            workflows.decide_entries(books, record, _keys(said["ENTRYKEYS"]), approved=approved)
        else:
            (workflows.approve if approved else workflows.decline)(books, name, record, comment)
    return EmptyResult()


@function("approveVendor", "declineVendor", writes=True)
def decide_on_vendor(call: Call) -> EmptyResult:
    """Approve or decline a vendor."""
    call.company.permissions.require_approver(call.user, call.name, "VENDOR")
    books = books_of(call)
    verdict = workflows.approve if call.name == "approveVendor" else workflows.decline
    with refusals_as_errors():
        record = _record(books, "VENDOR", (call.element.findtext("recordno") or "").strip())
        verdict(books, "VENDOR", record, call.element.findtext("reviewcomments"))
    return EmptyResult()


@function("getVendorsToApprove")
def get_vendors_to_approve(call: Call) -> DataResult:
    """List the vendors that wait for approval (UNSOURCED: the shape)."""
    call.company.permissions.require_approver(call.user, call.name, "VENDOR")
    books = books_of(call)
    names = ("RECORDNO", "VENDORID", "NAME")
    waiting = [record for state in sorted(VENDOR.waiting) for record in books.find("VENDOR", STATE=state)]
    nodes = [Node("vendor", {name: str(record[name]) for name in names}) for record in waiting]
    return DataResult(nodes, "vendor", {"count": len(nodes)})


@function("getVendorApprovalHistory")
def get_vendor_approval_history(call: Call) -> DataResult:
    """List what was decided on a vendor since its last submission (UNSOURCED: the shape)."""
    call.require("VENDOR")
    books = books_of(call)
    with refusals_as_errors():
        record = _record(books, "VENDOR", (call.element.findtext("recordno") or "").strip())
    events = history(books, "VENDOR", record["RECORDNO"])
    nodes = [
        Node(
            "approval",
            {
                "action": event["act"],
                "userid": event["user_id"],
                "date": event["moment"],
                "comments": event["comment"],
            },
        )
        for event in events
    ]
    return DataResult(nodes, "approval", {"count": len(nodes)})


def _on_behalf(call: Call, name: str, user_id: str) -> Books:
    """Return the books as the named user writes them, who must be an approver too; without one, as the caller."""
    books = books_of(call)
    if not user_id:
        return books
    user = call.company.users.get(user_id)
    if user is None:
        raise FunctionError("BL03000025", f"Login ID {user_id} does not exist.", "Provide a valid USER.LOGINID value.")
    call.company.permissions.require_approver(user, call.name, name)
    return replace(books, user=user.id, user_key=user.record_no)


def _keys(text: str) -> list[int]:
    keys = [key.strip() for key in text.split(",") if key.strip()]
    wrong = next((key for key in keys if not key.isdecimal()), None)
    if wrong is not None:
        raise no_record(wrong)
    return [int(key) for key in keys]


def _document(books: Books, name: str) -> Record:
    record = books.first("PODOCUMENT", DOCID=name)
    if record is None or not within_reach(books, record):
        raise no_record(name)
    return record


@function("recallApBill", writes=True)
def recall_ap_bill(call: Call) -> EmptyResult:
    """Take a submitted bill back into a draft. It needs the right to edit bills."""
    call.require("APBILL")
    books = books_of(call)
    with refusals_as_errors():
        workflows.recall(books, "APBILL", _record(books, "APBILL", call.element.findtext("recordno") or ""))
    return EmptyResult()


def _each_payment(call: Call, decide: Callable[[Books, Record], None]) -> EmptyResult:
    keys = [(element.text or "").strip() for element in call.element.iterfind("appaymentkeys/appaymentkey")]
    require_batch(call, len(keys))
    books = books_of(call)
    for key in keys:
        with refusals_as_errors():
            decide(books, _record(books, "APPYMT", key))
    return EmptyResult(transactions=len(keys))


def _record(books: Books, object_name: str, key: str) -> Record:
    known = key.isdecimal() and len(key) < 19
    record = fetch(books.db, books.definition(object_name), int(key)) if known else None
    if record is None or not within_reach(books, record):
        raise no_record(key)
    return record
