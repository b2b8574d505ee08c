"""Approval: whether a posting waits for people, who may decide on it, and what they decided so far.

Knows no accounting: what a last approval posts, and what a refusal frees, is in workflows.py.
Source: developer.intacct.com, Bills, AP payments, Journal entries; Intacct's help on bill, payment and journal entry
approvals.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_intacct.sandbox.records import Record

from .books import Books
from .refusals import RefusedError, refused

TABLES = (
    "CREATE TABLE approval_event (object TEXT NOT NULL, record_no INTEGER NOT NULL, act TEXT NOT NULL, "
    "user_id TEXT NOT NULL, moment TEXT NOT NULL, comment TEXT)",
    "CREATE INDEX approval_event_by_record ON approval_event (object, record_no)",
)
"""The approval history: what was decided since the last submission, and by whom."""
SUBMITTED, APPROVED = "Submit", "Approve"


@dataclass(frozen=True, slots=True)
class Workflow:
    """The states that records of one object pass on their way to the ledger, as stored codes, and its switch."""

    object: str
    name: str
    draft: str
    submitted: str
    partly_approved: str
    declined: str
    posted: str
    asked: Callable[[Mapping[str, Any]], Any]

    @property
    def waiting(self) -> frozenset[str]:
        """The states of a record that somebody has to decide on."""
        return frozenset({self.submitted, self.partly_approved})

    @property
    def unposted(self) -> frozenset[str]:
        """The states of a record that has not reached the ledger."""
        return self.waiting | {self.draft, self.declined}

    def levels(self, books: Books) -> int:
        """Return how many approvals a submitted record needs; 0 where the object has no approval."""
        return int(self.asked(books.switches))


BILL = Workflow("APBILL", "Bill", "D", "S", "PA", "U", "A", lambda switches: switches["approval_apbill"])
PAYMENT = Workflow("APPYMT", "Payment", "D", "S", "PA", "R", "C", lambda switches: switches["approval_appymt"])
ENTRY = Workflow("GLBATCH", "Journal entry", "I", "S", "X", "R", "P", lambda switches: switches["approval_glbatch"])
EXPENSES = Workflow(
    "EEXPENSES", "Expense report", "D", "S", "PA", "U", "A", lambda switches: switches["approval_eexpenses"]
)
PURCHASE = Workflow("PODOCUMENT", "Document", "I", "S", "X", "R", "O", lambda switches: switches["approval_podocument"])
TIMESHEET = Workflow("TIMESHEET", "Timesheet", "I", "S", "X", "R", "A", lambda switches: switches["approval_timesheet"])
VENDOR = Workflow("VENDOR", "Vendor", "S", "S", "PA", "R", "A", lambda switches: switches["approval_vendor"])
NONE_NEEDED: Mapping[str, Any] = {
    "approval_apbill": 0, "approval_appymt": 0, "approval_glbatch": 0, "approval_eexpenses": 0,
    "approval_podocument": 0, "approval_vendor": 0, "payment_confirmation": "never",
}  # fmt: skip
"""The switches under which everything posts at once, as it does while a company is founded."""


def landing(books: Books, workflow: Workflow) -> str:
    """Return the state in which a record lands that its author submits."""
    levels = workflow.levels(books)
    given = 1 if books.switches["self_approval"] == "automatic" else 0
    if levels <= given:
        return workflow.posted
    return workflow.partly_approved if given else workflow.submitted


def landing_after_edit(books: Books, workflow: Workflow) -> str:
    """Return the state in which a posted record lands that somebody changes."""
    after = books.switches["edit_after_approval"]
    if not workflow.levels(books) or after == "keep":
        return workflow.posted
    if after == "refuse":
        raise _wrong_state(books, f"This {workflow.name.lower()} has been approved and cannot be changed.")
    return landing(books, workflow)


def note_submission(books: Books, workflow: Workflow, key: int, state: str) -> None:
    """Begin the history of a record that was entered or changed: empty, unless it waits for approval now."""
    forget(books, workflow.object, key)
    if state not in workflow.waiting:
        return
    _note(books, workflow, key, SUBMITTED, None)
    if state == workflow.partly_approved:
        _note(books, workflow, key, APPROVED, None)


def forget(books: Books, object_name: str, key: int) -> None:
    """Drop the history of a record that is deleted, recalled or submitted anew."""
    books.db.execute("DELETE FROM approval_event WHERE object = ? AND record_no = ?", (object_name, key))


def approve(books: Books, workflow: Workflow, record: Record, comment: str | None) -> bool:
    """Record the writer's approval and return whether it was the last that is needed."""
    require_approvable(books, workflow, record)
    approvers = decided(books, workflow.object, record["RECORDNO"])[1]
    if books.user in approvers and books.switches["approvers_differ"]:
        raise _wrong_state(books, f"{books.user} has approved this {workflow.name.lower()} already.")
    _note(books, workflow, record["RECORDNO"], APPROVED, comment)
    return len(approvers) + 1 >= workflow.levels(books)


def require_approvable(books: Books, workflow: Workflow, record: Record) -> None:
    """Refuse to approve what does not wait, or what the writer submitted."""
    _require_waiting(books, workflow, record, "approved")
    submitter = decided(books, workflow.object, record["RECORDNO"])[0]
    if books.user == submitter and books.switches["self_approval"] == "refused":
        raise _wrong_state(books, f"{books.user} submitted this {workflow.name.lower()} and cannot approve it.")


def decline(books: Books, workflow: Workflow, record: Record, comment: str | None) -> None:
    """Record that the writer declines; any one refusal is enough, the author's own included."""
    _require_waiting(books, workflow, record, "declined")
    _note(books, workflow, record["RECORDNO"], "Decline", comment)


def recall(books: Books, workflow: Workflow, record: Record) -> None:
    """Take a submission back. Source: Intacct's help, "Recall a submitted bill": not once it is partly approved, and
    only where the record was created: its entity, or the top level."""
    if record["STATE"] != workflow.submitted:
        raise _wrong_state(books, f"Only a submitted {workflow.name.lower()} can be recalled.")
    if record.get("MEGAENTITYID") != books.entity:
        where = record.get("MEGAENTITYID") or "the top level"
        raise _wrong_state(books, f"This {workflow.name.lower()} can be recalled only at {where}.")
    forget(books, workflow.object, record["RECORDNO"])


def require_decided(books: Books, workflow: Workflow, record: Record) -> None:
    """Refuse a change of what others are asked to decide on."""
    if record["STATE"] in workflow.waiting:
        raise _wrong_state(books, f"This {workflow.name.lower()} waits for approval and cannot be changed.")


def require_approved_party(books: Books, party: Record) -> None:
    """Refuse to post for a vendor that is not approved. Source: Intacct's help, "About vendor approvals"."""
    if party.get("VENDORID") and party.get("STATE") in VENDOR.unposted and VENDOR.levels(books):
        raise _wrong_state(books, f"Vendor '{party['VENDORID']}' is not approved; save the transaction as a draft.")


def require_deletable(books: Books, workflow: Workflow, record: Record) -> None:
    """Refuse, unless the switch allows it, to delete what others are asked to decide on."""
    if record["STATE"] in workflow.waiting and books.switches["delete_submitted"] == "refuse":
        raise _wrong_state(books, f"This {workflow.name.lower()} waits for approval and cannot be deleted.")


def decided(books: Books, object_name: str, key: int) -> tuple[str | None, list[str]]:
    """Return who submitted a record, and who approved it since."""
    events = history(books, object_name, key)
    submitter = next((event["user_id"] for event in events if event["act"] == SUBMITTED), None)
    return submitter, [event["user_id"] for event in events if event["act"] == APPROVED]


def history(books: Books, object_name: str, key: int) -> list[dict[str, Any]]:
    """Return what was decided on a record since its last submission, oldest first."""
    names = ("act", "user_id", "moment", "comment")
    sql = "SELECT act, user_id, moment, comment FROM approval_event WHERE object = ? AND record_no = ? ORDER BY rowid"
    return [dict(zip(names, row, strict=True)) for row in books.db.execute(sql, (object_name, key))]


def _require_waiting(books: Books, workflow: Workflow, record: Record, verb: str) -> None:
    if record["STATE"] not in workflow.waiting:
        raise _wrong_state(books, f"This {workflow.name.lower()} does not wait for approval and cannot be {verb}.")


def _wrong_state(books: Books, text: str) -> RefusedError:
    return refused(text, str(books.switches["approval_errorno"]))


def _note(books: Books, workflow: Workflow, key: int, act: str, comment: str | None) -> None:
    values = (workflow.object, key, act, books.user, books.now.isoformat(), comment)
    books.db.execute("INSERT INTO approval_event VALUES (?, ?, ?, ?, ?, ?)", values)
