"""What approving, declining and recalling do to a record, whoever decides and wherever: API, or a person at the UI."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from airflow_provider_intacct.sandbox.records import Record
from airflow_provider_intacct.sandbox.records import update as write

from . import approvals, documents, journals, orders, payments, sheets
from .approvals import Workflow
from .audit import remember, stamps_of_change
from .books import Books
from .refusals import refused
from .subledgers import BILL, BILL_PAYMENT, EXPENSE_REPORT, PAYMENT_APPROVED, PAYMENT_POSTED, PAYMENT_VOIDED


@dataclass(frozen=True, slots=True)
class Consequences:
    """What the last approval does, and what a record that is declined or recalled gives up.

    `approved` leaves the record in its state.
    """

    workflow: Workflow
    approved: Callable[[Books, Record], None]
    given_up: Callable[[Books, Record], None] | None = None


def _bill_approved(books: Books, record: Record) -> None:
    documents.post_approved(books, BILL, record)


def _expenses_approved(books: Books, record: Record) -> None:
    documents.post_approved(books, EXPENSE_REPORT, record)


def _payment_approved(books: Books, record: Record) -> None:
    if payments.landing_approved(books, record) == PAYMENT_POSTED:
        payments.confirm(books, BILL_PAYMENT, record)
    else:
        write(books.db, books.definition("APPYMT"), record["RECORDNO"], {"STATE": PAYMENT_APPROVED})


def _timesheet_approved(books: Books, record: Record) -> None:
    sheets.decide_entries(books, record, (), "A")


def _timesheet_given_up(books: Books, record: Record) -> None:
    sheets.decide_entries(books, record, (), "R")


def _vendor_approved(books: Books, record: Record) -> None:
    write(books.db, books.definition("VENDOR"), record["RECORDNO"], {"STATE": approvals.VENDOR.posted})


def _payment_given_up(books: Books, record: Record) -> None:
    payments.release(books, BILL_PAYMENT, record)


CONSEQUENCES: Mapping[str, Consequences] = MappingProxyType(
    {
        "APBILL": Consequences(approvals.BILL, _bill_approved),
        "APPYMT": Consequences(approvals.PAYMENT, _payment_approved, _payment_given_up),
        "GLBATCH": Consequences(approvals.ENTRY, journals.post_approved),
        "EEXPENSES": Consequences(approvals.EXPENSES, _expenses_approved),
        "VENDOR": Consequences(approvals.VENDOR, _vendor_approved),
        "PODOCUMENT": Consequences(approvals.PURCHASE, orders.post_approved),
        "TIMESHEET": Consequences(approvals.TIMESHEET, _timesheet_approved, _timesheet_given_up),
    }
)


def approve(books: Books, object_name: str, record: Record, comment: str | None = None) -> None:
    """Approve a record as the writer; the last approval posts it."""
    of = CONSEQUENCES[object_name]
    if approvals.approve(books, of.workflow, record, comment):
        of.approved(books, record)
        _moved(books, of.workflow, record, "Approve", None)
    else:
        _moved(books, of.workflow, record, "Approve", of.workflow.partly_approved)


def decline(books: Books, object_name: str, record: Record, comment: str | None = None) -> None:
    """Decline a record as the writer: it can be changed and submitted again."""
    of = CONSEQUENCES[object_name]
    approvals.decline(books, of.workflow, record, comment)
    _give_up(books, of, record)
    _moved(books, of.workflow, record, "Decline", of.workflow.declined)


def recall(books: Books, object_name: str, record: Record) -> None:
    """Take a submitted record back into a draft."""
    of = CONSEQUENCES[object_name]
    approvals.recall(books, of.workflow, record)
    _give_up(books, of, record)
    _moved(books, of.workflow, record, "Recall", of.workflow.draft)


def decide_entries(books: Books, record: Record, keys: Sequence[int], *, approved: bool) -> None:
    """Approve or decline some entries of a submitted timesheet as the writer."""
    approvals.require_approvable(books, approvals.TIMESHEET, record)
    sheets.decide_entries(books, record, keys, "A" if approved else "R")
    _moved(books, approvals.TIMESHEET, record, "Approve" if approved else "Decline", None)


def confirm_payment(books: Books, record: Record) -> None:
    """Settle and post an approved payment: its check is printed."""
    if record["STATE"] != PAYMENT_APPROVED:
        raise refused("Only an approved payment can be confirmed.", str(books.switches["approval_errorno"]))
    payments.confirm(books, BILL_PAYMENT, record)
    _moved(books, approvals.PAYMENT, record, "Confirm", None)


def void_payment(books: Books, record: Record) -> None:
    """Void a payment: a posted one is reversed today, one that is not posted gives up what it selected."""
    if record["STATE"] not in BILL_PAYMENT.holding:
        payments.void(books, BILL_PAYMENT, record, books.now.date(), None)
        return
    payments.release(books, BILL_PAYMENT, record)
    approvals.forget(books, "APPYMT", record["RECORDNO"])
    _moved(books, approvals.PAYMENT, record, "Void", PAYMENT_VOIDED)


def _give_up(books: Books, of: Consequences, record: Record) -> None:
    if of.given_up is not None:
        of.given_up(books, record)


def _moved(books: Books, workflow: Workflow, record: Record, action: str, state: str | None) -> None:
    """Stamp a record that was decided on, with its new state where there is one to write, and audit it."""
    definition = books.definition(workflow.object)
    changes = stamps_of_change(books, definition) | ({} if state is None else {"STATE": state})
    write(books.db, definition, record["RECORDNO"], changes)
    remember(books, definition, record, "Workflow", action)
