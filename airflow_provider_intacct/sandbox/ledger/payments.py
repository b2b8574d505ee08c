"""Payments to vendors and from customers: what they settle, how they reach the bank account, and how they are voided.

Source: developer.intacct.com, Accounts Payable > AP payments and Accounts Receivable > AR payments.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from airflow_provider_intacct.sandbox.records import Record, insert
from airflow_provider_intacct.sandbox.records import delete as erase
from airflow_provider_intacct.sandbox.records import update as write

from . import approvals, documents, payment_details, payment_postings, postings, settlement
from .audit import remember, stamps_of_change, stamps_of_creation
from .books import Books
from .calendar import require_open
from .checks import missing, require_active, require_references
from .entities import require_currency
from .payment_details import CASH, Part
from .refusals import refused
from .subledgers import (
    PAYMENT_APPROVED,
    PAYMENT_DECLINED,
    PAYMENT_DRAFT,
    PAYMENT_POSTED,
    PAYMENT_VOIDED,
    PaymentKind,
)

_ZERO = Decimal(0)


def create(books: Books, kind: PaymentKind, record: Mapping[str, Any]) -> int:
    """Enter a payment and return its number.

    It settles what its details name and is posted, unless its ACTION is Draft; one that has to be approved or confirmed
    first selects what it will settle.
    """
    header = _header(books, kind, record)
    details = record.get(kind.container) or ()
    if not details and not header.get("OVERPAYMENTAMOUNT"):
        raise missing(books, kind.container)
    definition = books.definition(kind.object)
    header |= stamps_of_creation(books, definition)
    header |= {"RECORDTYPE": kind.record_type, "MODULEKEY": kind.documents.module, "MEGAENTITYID": books.entity}
    header["RECORDNO"] = insert(books.db, definition, header)
    _fill(books, kind, header, details)
    _note_submission(books, kind, header)
    remember(books, definition, header, "Create")
    return int(header["RECORDNO"])


def update(books: Books, kind: PaymentKind, current: Record, changes: Mapping[str, Any]) -> None:
    """Change a draft or declined payment, its details replaced as a whole; of a posted one only the description.

    Without an ACTION it is submitted. Source: developer.intacct.com, Update AP Payment.
    """
    definition = books.definition(kind.object)
    if current["STATE"] in kind.holding:
        raise refused("A payment that was submitted or approved cannot be changed.")
    if current["STATE"] not in (PAYMENT_DRAFT, PAYMENT_DECLINED):
        asked = {
            name: value
            for name, value in changes.items()
            if name in definition.fields and definition.fields[name].stored and current.get(name) != value
        }
        fixed = [name for name in asked if name not in ("DESCRIPTION", "DOCNUMBER", "SUPDOCID")]
        if fixed or changes.get(kind.container) is not None:
            raise refused("A posted payment cannot be changed; reverse it instead.")
        write(books.db, definition, current["RECORDNO"], asked | stamps_of_change(books, definition))
    else:
        day = changes.get("WHENCREATED") or current["WHENCREATED"]
        given = changes.get(kind.container)
        details = list(books.find(kind.details, PAYMENTKEY=current["RECORDNO"])) if given is None else given
        asked = {**current, "WHENPOSTED": None, kind.date_field: day, **changes, kind.container: details}
        header = {**current, **_header(books, kind, asked)}
        write(books.db, definition, current["RECORDNO"], header | stamps_of_change(books, definition))
        if given is None:
            _settle_stored(books, kind, header)
        else:
            _erase_details(books, kind, current["RECORDNO"])
            _fill(books, kind, header, given)
        _note_submission(books, kind, header)
    remember(books, definition, current, "Modify")


def delete(books: Books, kind: PaymentKind, current: Record) -> None:
    """Delete a payment that was not posted; a posted one has to be reversed."""
    if current["STATE"] not in (PAYMENT_DRAFT, PAYMENT_DECLINED, *kind.holding):
        raise refused("A posted payment cannot be deleted; reverse it instead.")
    release(books, kind, current)
    approvals.forget(books, kind.object, current["RECORDNO"])
    _erase_details(books, kind, current["RECORDNO"])
    erase(books.db, books.definition(kind.object), current["RECORDNO"])
    remember(books, books.definition(kind.object), current, "Delete")


def confirm(books: Books, kind: PaymentKind, current: Record) -> None:
    """Settle and post what an approved payment has selected."""
    require_open(books, current["WHENPOSTED"])
    header = {**current, "STATE": PAYMENT_POSTED, "WHENPAID": current["WHENCREATED"]}
    release(books, kind, current)
    header |= stamps_of_change(books, books.definition(kind.object))
    _settle_stored(books, kind, header)


def release(books: Books, kind: PaymentKind, current: Record) -> None:
    """Give up what a payment that is not posted has selected; a draft has selected nothing."""
    if current["STATE"] in kind.holding:
        settlement.give_back(books, current["RECORDNO"])


def landing_approved(books: Books, header: Record) -> str:
    """Return the state of a payment that needs no more approval: posted, or waiting to be confirmed."""
    which = books.switches["payment_confirmation"]
    waits = which == "always" or (which == "checks" and header.get("PAYMENTMETHOD") == "Printed Check")
    return PAYMENT_APPROVED if waits else PAYMENT_POSTED


def void(books: Books, kind: PaymentKind, current: Record, day: date, memo: str | None) -> int:
    """Void a posted payment on a day: what it settled is due again, and the ledger shows the opposite entry."""
    if current["STATE"] != PAYMENT_POSTED:
        raise refused("Only a posted payment can be reversed.")
    require_open(books, day)
    definition = books.definition(kind.object)
    _require_unused(books, kind, current)
    settlement.give_back(books, current["RECORDNO"])
    batch = books.first("GLBATCH", RECORDNO=current["GLBATCHKEY"])
    if batch is not None:
        key = postings.enter(
            books,
            {
                **{name: batch[name] for name in ("JOURNAL", "MODULE", "REFERENCENO", "BASELOCATION_NO")},
                **{name: batch[name] for name in ("PRBATCHKEY", "PRBATCHRECTYPE")},
                "BATCH_DATE": day,
                "BATCH_TITLE": f"Reversed - {memo or batch['BATCH_TITLE']}"[:80],
                "REVERSEDFROM": batch["RECORDNO"],
            },
            postings.flipped(postings.posted_lines(books, batch["RECORDNO"])),
            current,
        )
        write(books.db, books.definition("GLBATCH"), batch["RECORDNO"], {"REVERSED": day, "REVERSEDKEY": key})
    changes = {"STATE": PAYMENT_VOIDED, "REVERSALDATE": day, **stamps_of_change(books, definition)}
    write(books.db, definition, current["RECORDNO"], changes)
    remember(books, definition, current, "Modify")
    return int(current["RECORDNO"])


def _header(books: Books, kind: PaymentKind, record: Mapping[str, Any]) -> Record:
    """Return the stored header fields of a payment as asked for, checked."""
    definition = books.definition(kind.object)
    header = {
        name: value
        for name, value in record.items()
        if name in definition.fields and definition.fields[name].stored and not definition.fields[name].readonly
    }
    action = record.get("ACTION") or "Submit"
    if action not in ("Submit", "Draft"):
        raise refused(f"ACTION must be Submit or Draft, not '{action}'.")
    header["STATE"] = PAYMENT_DRAFT if action == "Draft" else _landing(books, kind, header)
    _require_party(books, kind, header)
    day = record.get(kind.date_field)
    if day is None:
        raise missing(books, "Payment date" if kind.date_field == "PAYMENTDATE" else "Receipt date")
    header["WHENCREATED"] = day
    header["WHENPOSTED"] = header.get("WHENPOSTED") or day
    if header["STATE"] != PAYMENT_DRAFT:
        require_open(books, header["WHENPOSTED"])
    if header["STATE"] == PAYMENT_POSTED:
        header["WHENPAID"] = day
    if not header.get("CURRENCY"):
        raise missing(books, "Currency")
    require_currency(books, header["CURRENCY"])
    require_references(books, definition, {"SUPDOCID": header.get("SUPDOCID")})
    if header.get("FINANCIALENTITY") or _moves_cash(record, kind):
        if not header.get("PAYMENTMETHOD"):
            raise missing(books, "Payment method")
        _require_account(books, header)
    return header


def _moves_cash(record: Mapping[str, Any], kind: PaymentKind) -> bool:
    """Whether a payment is more than credits. Source: FINANCIALENTITY and PAYMENTMETHOD of a credit-only payment."""
    details = record.get(kind.container)
    if not details or record.get("OVERPAYMENTAMOUNT"):
        return True
    return any(detail.get(name) is not None for detail in details for name in ("TRX_PAYMENTAMOUNT", "PAYMENTAMOUNT"))


def _landing(books: Books, kind: PaymentKind, header: Record) -> str:
    if kind.workflow is None:
        return PAYMENT_POSTED
    state = approvals.landing(books, kind.workflow)
    return landing_approved(books, header) if state == PAYMENT_POSTED else state


def _note_submission(books: Books, kind: PaymentKind, header: Record) -> None:
    if kind.workflow:
        approvals.note_submission(books, kind.workflow, header["RECORDNO"], header["STATE"])


def _require_party(books: Books, kind: PaymentKind, header: Record) -> None:
    name = header.get(kind.documents.party_field)
    if name:
        party = require_active(books, kind.documents.party, name)
        if header["STATE"] != PAYMENT_DRAFT:
            approvals.require_approved_party(books, party)
    elif not (kind.documents.party == "CUSTOMER" and header.get("PAYERNAME")):
        raise missing(books, books.definition(kind.object).fields[kind.documents.party_field].label)


def _require_account(books: Books, header: Record) -> None:
    if header.get("FINANCIALENTITY"):
        bank = payment_postings.bank_account(books, header["FINANCIALENTITY"])
        payment_postings.require_bank_currency(bank, header["CURRENCY"])
    elif header.get("UNDEPOSITEDACCOUNTNO"):
        require_active(books, "GLACCOUNT", header["UNDEPOSITEDACCOUNTNO"])
    else:
        raise missing(books, "Bank account")


def _fill(books: Books, kind: PaymentKind, header: Record, details: Sequence[Mapping[str, Any]]) -> None:
    """Write a payment's details and totals; settle and post, or select, as its state says."""
    parts: list[Part] = []

    def keep(taken: Sequence[Part]) -> None:
        _take(books, kind, header, taken)
        _write_details(books, kind, header, taken)

    for detail in details:
        parts += payment_details.parts_of(books, kind, header, detail, keep)
    _complete(books, kind, header, parts)


def _settle_stored(books: Books, kind: PaymentKind, header: Record) -> None:
    """Settle and post, or select, what the details of an unposted payment name, as its state says now."""
    parts = []
    for key, part in payment_details.stored_parts(books, kind, header):
        _take(books, kind, header, [part])
        write(books.db, books.definition(kind.details), key, {f"{part.source}AMOUNT": part.target.base})
        parts.append(part)
    _complete(books, kind, header, parts)


def _take(books: Books, kind: PaymentKind, header: Record, parts: Sequence[Part]) -> None:
    """Settle, or select, what a posted or a held payment takes off documents; a draft takes nothing."""
    posted = header["STATE"] == PAYMENT_POSTED
    if posted or header["STATE"] in kind.holding:
        field = settlement.PAID if posted else settlement.SELECTED
        reliefs = [relief for part in parts for relief in part.reliefs]
        settlement.take(books, header["RECORDNO"], header["WHENCREATED"], reliefs, field)


def _write_details(books: Books, kind: PaymentKind, header: Record, parts: Sequence[Part]) -> None:
    definition = books.definition(kind.details)
    for part in parts:
        row = payment_details.row_of(kind, header, part)
        insert(books.db, definition, {**stamps_of_creation(books, definition), **row})


def _erase_details(books: Books, kind: PaymentKind, key: int) -> None:
    for detail in list(books.find(kind.details, PAYMENTKEY=key)):
        erase(books.db, books.definition(kind.details), detail["RECORDNO"])


def _complete(books: Books, kind: PaymentKind, header: Record, parts: Sequence[Part]) -> None:
    """Write a payment's totals, in cash, and, where it is posted, what it does to the ledger."""
    unapplied = header.get("OVERPAYMENTAMOUNT") or _ZERO
    posted = header["STATE"] == PAYMENT_POSTED
    lines, base = payment_postings.lines_of(books, kind, header, parts, unapplied)
    trx = sum((part.target.amount for part in parts if part.source == CASH), unapplied)
    totals = {name: value if posted else _ZERO for name, value in (("TRX_TOTALPAID", trx), ("TOTALPAID", base))}
    totals |= {"TRX_TOTALENTERED": trx, "TOTALENTERED": base, "TRX_TOTALDUE": _ZERO, "TOTALDUE": _ZERO}
    rate = lines[0].rate if lines else parts[0].target.document["EXCHANGE_RATE"]
    currency = lines[0].base_currency if lines else parts[0].target.document["BASECURR"]
    header |= totals | {"BASECURR": currency, "EXCHANGE_RATE": rate}
    header["RECORDID"] = header.get("RECORDID") or f"{kind.record_type.upper()}-{header['RECORDNO']}"
    if posted:
        header["GLBATCHKEY"] = payment_postings.enter(books, kind, header, lines)
    write(books.db, books.definition(kind.object), header["RECORDNO"], header)


def _require_unused(books: Books, kind: PaymentKind, current: Record) -> None:
    """Refuse to void a receipt that is in a deposit, or whose overpayment a later payment has used."""
    documents.require_undeposited(books, current, "reversed")
    if "OVERPAYMENTKEY" not in books.definition(kind.details).fields:
        return
    for detail in books.find(kind.details, OVERPAYMENTKEY=current["RECORDNO"]):
        user = books.first(kind.object, RECORDNO=detail["PAYMENTKEY"])
        if user is not None and user["STATE"] == PAYMENT_POSTED:
            raise refused(f"Payment '{user['RECORDID']}' uses this payment's overpayment; reverse it first.")
