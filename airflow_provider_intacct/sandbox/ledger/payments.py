"""Payments to vendors and from customers: what they settle, how they reach the bank account, and how they are voided.

Source: developer.intacct.com, Accounts Payable > AP payments and Accounts Receivable > AR payments.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from airflow_provider_intacct.sandbox.records import Record, insert
from airflow_provider_intacct.sandbox.records import delete as erase
from airflow_provider_intacct.sandbox.records import update as write

from . import approvals, documents, postings
from .audit import remember, stamps_of_change, stamps_of_creation
from .books import Books
from .calendar import require_open
from .checks import missing, require_active, require_references
from .entities import base_currency, cents, entity_of, exchange_rate, require_currency
from .postings import Line
from .refusals import already_paid, invalid_reference, no_record, refused
from .subledgers import (
    DRAFT,
    EXCHANGE_GAIN_OR_LOSS,
    PAID,
    PAYMENT_APPROVED,
    PAYMENT_DECLINED,
    PAYMENT_DRAFT,
    PAYMENT_POSTED,
    PAYMENT_VOIDED,
    REVERSAL,
    REVERSED,
    UNAPPLIED_RECEIPTS,
    PaymentKind,
)

_CREDIT_KEYS = ("ADJUSTMENTKEY", "ADVANCEKEY", "INLINEKEY", "POSADJKEY")
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Relief:
    """What a payment takes off one line of a document, in the document's currency and at the document's rate."""

    document: Record
    item: Record
    amount: Decimal
    base: Decimal


def create(books: Books, kind: PaymentKind, record: Mapping[str, Any]) -> int:
    """Enter a payment and return its number.

    It settles what its details name and is posted, unless its ACTION is Draft; one that has to be approved or confirmed
    first selects what it will settle.
    """
    header = _header(books, kind, record)
    details = record.get(kind.container) or ()
    unapplied = record.get("UNAPPLIED") or _ZERO
    if not details and not unapplied:
        raise missing(books, kind.container)
    definition = books.definition(kind.object)
    header |= stamps_of_creation(books, definition)
    header |= {"RECORDTYPE": kind.record_type, "MODULEKEY": kind.documents.module, "MEGAENTITYID": books.entity}
    header["RECORDNO"] = insert(books.db, definition, header)
    _fill(books, kind, header, details, unapplied)
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
        asked = {**current, "WHENPOSTED": None, kind.date_field: day, **changes}
        header = {**current, **_header(books, kind, asked)}
        write(books.db, definition, current["RECORDNO"], header | stamps_of_change(books, definition))
        present = list(books.find(kind.details, PAYMENTKEY=current["RECORDNO"]))
        for detail in present:
            erase(books.db, books.definition(kind.details), detail["RECORDNO"])
        given = changes.get(kind.container)
        _fill(books, kind, header, present if given is None else given, _ZERO)
        _note_submission(books, kind, header)
    remember(books, definition, current, "Modify")


def delete(books: Books, kind: PaymentKind, current: Record) -> None:
    """Delete a payment that was not posted; a posted one has to be reversed."""
    if current["STATE"] not in (PAYMENT_DRAFT, PAYMENT_DECLINED, *kind.holding):
        raise refused("A posted payment cannot be deleted; reverse it instead.")
    release(books, kind, current)
    approvals.forget(books, kind.object, current["RECORDNO"])
    for detail in books.find(kind.details, PAYMENTKEY=current["RECORDNO"]):
        erase(books.db, books.definition(kind.details), detail["RECORDNO"])
    erase(books.db, books.definition(kind.object), current["RECORDNO"])
    remember(books, books.definition(kind.object), current, "Delete")


def confirm(books: Books, kind: PaymentKind, current: Record) -> None:
    """Settle and post what an approved payment has selected."""
    require_open(books, current["WHENPOSTED"])
    header = {**current, "STATE": PAYMENT_POSTED, "WHENPAID": current["WHENCREATED"]}
    release(books, kind, current)
    reliefs = []
    for detail in books.find(kind.details, PAYMENTKEY=current["RECORDNO"]):
        relief = _stored_relief(books, kind, detail)
        _apply(books, kind, header, [relief])
        write(books.db, books.definition(kind.details), detail["RECORDNO"], {"PAYMENTAMOUNT": relief.base})
        reliefs.append(relief)
    header |= stamps_of_change(books, books.definition(kind.object))
    _complete(books, kind, header, reliefs, _ZERO)


def release(books: Books, kind: PaymentKind, current: Record) -> None:
    """Give up what a payment that is not posted has selected; a draft has selected nothing."""
    if current["STATE"] not in kind.holding:
        return
    for detail in books.find(kind.details, PAYMENTKEY=current["RECORDNO"]):
        relief = _stored_relief(books, kind, detail, selected=True)
        _write_relief(books, kind, replace(relief, amount=-relief.amount, base=-relief.base), "TOTALSELECTED")
        documents.refresh(books, kind.documents, detail["RECORDKEY"], None)


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
    for detail in books.find(kind.details, PAYMENTKEY=current["RECORDNO"]):
        item = books.first(kind.documents.items, RECORDNO=detail["ENTRYKEY"])
        if item is not None:
            taken = Relief({}, item, -detail["TRX_PAYMENTAMOUNT"], -detail["PAYMENTAMOUNT"])
            _write_relief(books, kind, taken)
            documents.refresh(books, kind.documents, detail["RECORDKEY"], None)
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
    if not header.get("PAYMENTMETHOD"):
        raise missing(books, "Payment method")
    _require_account(books, header)
    return header


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
        require_active(books, kind.documents.party, name)
    elif not (kind.documents.party == "CUSTOMER" and header.get("PAYERNAME")):
        raise missing(books, books.definition(kind.object).fields[kind.documents.party_field].label)


def _require_account(books: Books, header: Record) -> None:
    if header.get("FINANCIALENTITY"):
        bank = bank_account(books, header["FINANCIALENTITY"])
        if bank["CURRENCY"] not in (None, header["CURRENCY"]):
            raise refused(f"Bank account '{header['FINANCIALENTITY']}' is not in {header['CURRENCY']}.")
    elif header.get("UNDEPOSITEDACCOUNTNO"):
        require_active(books, "GLACCOUNT", header["UNDEPOSITEDACCOUNTNO"])
    else:
        raise missing(books, "Bank account")


def bank_account(books: Books, name: str) -> Record:
    """Return a checking or savings account."""
    kinds = ("CHECKINGACCOUNT", "SAVINGSACCOUNT")
    found = next(filter(None, (books.master(kind, "BANKACCOUNTID", name) for kind in kinds)), None)
    if found is None:
        raise invalid_reference("Bank account", name)
    return found


def _fill(
    books: Books, kind: PaymentKind, header: Record, details: Sequence[Mapping[str, Any]], unapplied: Decimal
) -> None:
    """Write a payment's details and totals; settle and post, or select, as its state says."""
    reliefs: list[Relief] = []
    for detail in details:
        asked = _reliefs(books, kind, header, detail)
        reliefs += asked
        _apply(books, kind, header, asked)
    definition = books.definition(kind.details)
    for relief in reliefs:
        row = {
            **stamps_of_creation(books, definition),
            "PAYMENTKEY": header["RECORDNO"],
            "RECORDKEY": relief.document["RECORDNO"],
            "ENTRYKEY": relief.item["RECORDNO"],
            "PAYMENTAMOUNT": relief.base,
            "TRX_PAYMENTAMOUNT": relief.amount,
            "CURRENCY": header["CURRENCY"],
        }
        insert(books.db, definition, row)
    _complete(books, kind, header, reliefs, unapplied)


def _apply(books: Books, kind: PaymentKind, header: Record, reliefs: Sequence[Relief]) -> None:
    """Settle, or select, what a posted or a held payment takes off one document; a draft takes nothing."""
    posted = header["STATE"] == PAYMENT_POSTED
    if posted or header["STATE"] in kind.holding:
        for relief in reliefs:
            _write_relief(books, kind, relief, "TOTALPAID" if posted else "TOTALSELECTED")
        documents.refresh(books, kind.documents, reliefs[0].document["RECORDNO"], header["WHENCREATED"])


def _complete(books: Books, kind: PaymentKind, header: Record, reliefs: Sequence[Relief], unapplied: Decimal) -> None:
    """Write a payment's totals and, where it is posted, what it does to the ledger."""
    posted = header["STATE"] == PAYMENT_POSTED
    lines, base = _lines(books, kind, header, reliefs, unapplied)
    trx = sum((relief.amount for relief in reliefs), unapplied)
    totals = {name: value if posted else _ZERO for name, value in (("TRX_TOTALPAID", trx), ("TOTALPAID", base))}
    totals |= {"TRX_TOTALENTERED": trx, "TOTALENTERED": base, "TRX_TOTALDUE": _ZERO, "TOTALDUE": _ZERO}
    header |= totals | {"BASECURR": lines[0].base_currency, "EXCHANGE_RATE": lines[0].rate}
    header["RECORDID"] = header.get("RECORDID") or f"{kind.record_type.upper()}-{header['RECORDNO']}"
    if posted:
        header["GLBATCHKEY"] = _post(books, kind, header, lines)
    write(books.db, books.definition(kind.object), header["RECORDNO"], header)


def _reliefs(books: Books, kind: PaymentKind, header: Record, detail: Mapping[str, Any]) -> list[Relief]:
    """Return what one detail takes off the lines of its document, after every rule has been held against it."""
    for name in _CREDIT_KEYS:
        if detail.get(name) is not None:
            raise no_record(detail[name])
    key = detail.get("RECORDKEY")
    if key is None:
        raise missing(books, books.definition(kind.details).fields["RECORDKEY"].label)
    document = books.first(kind.documents.object, RECORDNO=key)
    if document is None:
        raise no_record(key)
    amount = detail.get("TRX_PAYMENTAMOUNT")
    if amount is None:
        amount = detail.get("PAYMENTAMOUNT")
    if amount is None:
        raise missing(books, "Transaction payment amount")
    amount = cents(amount)
    _require_payable(kind, header, document, amount)
    items = documents.items_of(books, kind.documents, key)
    if detail.get("ENTRYKEY") is not None:
        items = [item for item in items if item["RECORDNO"] == detail["ENTRYKEY"]]
        if not items:
            raise no_record(detail["ENTRYKEY"])
    return _spread(document, items, amount)


def _require_payable(kind: PaymentKind, header: Record, document: Record, amount: Decimal) -> None:
    party = header.get(kind.documents.party_field)
    name = document["RECORDID"]
    if party and document[kind.documents.party_field] != party:
        raise refused(f"{kind.documents.name} '{name}' does not belong to '{party}'.")
    if document["STATE"] in kind.documents.unposted:
        why = "is a draft" if document["STATE"] == DRAFT else "is not approved"
        raise refused(f"{kind.documents.name} '{name}' {why} and cannot be paid.")
    due = document["TRX_TOTALENTERED"] - (document["TRX_TOTALPAID"] or _ZERO)
    if document["STATE"] in (PAID, REVERSED, REVERSAL) or not due:
        raise already_paid(name)
    due -= document["TRX_TOTALSELECTED"] or _ZERO
    if not due:
        raise refused(f"{kind.documents.name} '{name}' is selected for another payment already.")
    if document["CURRENCY"] != header["CURRENCY"]:
        raise refused(f"{kind.documents.name} '{name}' is in {document['CURRENCY']}, not {header['CURRENCY']}.")
    if amount <= 0:
        raise refused("The payment amount must be more than zero.")
    if amount > due:
        raise refused(f"The payment of {amount} is more than the {due} due on '{name}'.")


def _spread(document: Record, items: Sequence[Record], amount: Decimal) -> list[Relief]:
    """Spread an amount over the lines in their order; credits on the document are used up first."""
    open_items = [(item, _open(item, "TRX_AMOUNT", "TRX_")) for item in items]
    left = amount - sum((due for _, due in open_items if due < 0), _ZERO)
    reliefs = [_relief(document, item, due) for item, due in open_items if due < 0]
    for item, due in open_items:
        if due > 0 and left > 0:
            part = min(due, left)
            reliefs.append(_relief(document, item, part))
            left -= part
    if left:
        raise refused(f"The payment of {amount} is more than what is due on the line.")
    return reliefs


def _relief(document: Record, item: Record, amount: Decimal) -> Relief:
    """A line's last payment takes the rest of its base amount, so that no cent stays behind."""
    due, base_due = _open(item, "TRX_AMOUNT", "TRX_"), _open(item, "AMOUNT", "")
    return Relief(document, item, amount, base_due if amount == due else cents(base_due * amount / due))


def _open(item: Record, amount: str, prefix: str) -> Decimal:
    """Return what of a line is neither paid nor selected for payment."""
    taken = sum((item[f"{prefix}{name}"] or _ZERO for name in ("TOTALPAID", "TOTALSELECTED")), _ZERO)
    return Decimal(item[amount]) - taken


def _stored_relief(books: Books, kind: PaymentKind, detail: Record, *, selected: bool = False) -> Relief:
    """Return what a detail of an unposted payment takes off its line; `selected`: as it was selected."""
    document = books.first(kind.documents.object, RECORDNO=detail["RECORDKEY"])
    item = books.first(kind.documents.items, RECORDNO=detail["ENTRYKEY"])
    if document is None or item is None:
        raise no_record(detail["RECORDKEY"])
    amount = detail["TRX_PAYMENTAMOUNT"]
    return Relief(document, item, amount, detail["PAYMENTAMOUNT"]) if selected else _relief(document, item, amount)


def _write_relief(books: Books, kind: PaymentKind, relief: Relief, field: str = "TOTALPAID") -> None:
    """Add a relief to what of its line is paid, or selected (TOTALSELECTED)."""
    taken = {
        f"TRX_{field}": (relief.item[f"TRX_{field}"] or _ZERO) + relief.amount,
        field: (relief.item[field] or _ZERO) + relief.base,
    }
    write(books.db, books.definition(kind.documents.items), relief.item["RECORDNO"], taken)


def _lines(
    books: Books, kind: PaymentKind, header: Record, reliefs: Sequence[Relief], unapplied: Decimal
) -> tuple[list[Line], Decimal]:
    """Return the ledger lines of a payment and its base amount.

    The control account is relieved at the rate of each document, the bank account moves at the rate of the day; the
    difference is a gain or a loss. An unapplied receipt is owed to the customer until it is used.
    """
    bank = bank_account(books, header["FINANCIALENTITY"]) if header.get("FINANCIALENTITY") else None
    account = bank["GLACCOUNTNO"] if bank else header["UNDEPOSITEDACCOUNTNO"]
    side = kind.documents.side
    relieved: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [_ZERO, _ZERO])
    for relief in reliefs:
        place = (relief.item["LOCATIONID"], relief.item["OFFSETGLACCOUNTNO"])
        relieved[place][0] += relief.amount
        relieved[place][1] += relief.base
    if unapplied:
        home = (bank or {}).get("LOCATIONID") or header.get("OVERPAYLOCATIONID") or next(iter(relieved), ("", ""))[0]
        if not home:
            raise missing(books, "Overpayment location")
        rate = _day_rate(books, header, home)
        relieved[home, UNAPPLIED_RECEIPTS][0] += unapplied
        relieved[home, UNAPPLIED_RECEIPTS][1] += cents(unapplied * rate)
    lines: list[Line] = []
    cash: dict[str, list[Decimal]] = defaultdict(lambda: [_ZERO, _ZERO])
    for (location, control), (trx, base) in relieved.items():
        at_day = base if control == UNAPPLIED_RECEIPTS else cents(trx * _day_rate(books, header, location))
        lines.append(_line(books, kind, header, location, control, side * trx, side * base))
        if at_day != base:
            difference = side * (at_day - base)
            lines.append(_line(books, kind, header, location, EXCHANGE_GAIN_OR_LOSS, _ZERO, difference))
        where = (bank or {}).get("LOCATIONID") or location
        cash[where][0] += trx
        cash[where][1] += at_day
    lines += [
        _line(books, kind, header, where, account, -side * trx, -side * base) for where, (trx, base) in cash.items()
    ]
    return lines, sum((base for _, base in cash.values()), _ZERO)


def _day_rate(books: Books, header: Record, location: str) -> Decimal:
    base = base_currency(books, entity_of(books, location))
    if header["CURRENCY"] == base:
        return Decimal(1)
    if header.get("EXCHANGE_RATE"):
        return Decimal(header["EXCHANGE_RATE"])
    day = header.get("EXCH_RATE_DATE") or header["WHENCREATED"]
    return exchange_rate(books, header.get("EXCH_RATE_TYPE_ID"), header["CURRENCY"], base, day)


def _line(
    books: Books, kind: PaymentKind, header: Record, location: str, account: str, trx: Decimal, base: Decimal
) -> Line:
    entity = entity_of(books, location)
    party = {kind.documents.party_field: header.get(kind.documents.party_field)}
    return Line(
        account,
        trx,
        base,
        entity,
        location,
        header["CURRENCY"],
        base_currency(books, entity),
        _day_rate(books, header, location),
        dimensions=postings.dimensions_of(party),
        memo=header.get("DESCRIPTION"),
        document=header.get("DOCNUMBER"),
    )


def _post(books: Books, kind: PaymentKind, header: Record, lines: Sequence[Line]) -> int:
    bank = bank_account(books, header["FINANCIALENTITY"]) if header.get("FINANCIALENTITY") else None
    entities = {line.entity for line in lines}
    source = bank["LOCATIONID"] if bank and len(entities) > 1 else None
    batch = {
        "JOURNAL": kind.journal,
        "BATCH_DATE": header["WHENPOSTED"],
        "BATCH_TITLE": f"{kind.name} {header['RECORDID']}"[:80],
        "MODULE": kind.documents.module,
        "REFERENCENO": header["RECORDID"][:20],
        "BASELOCATION_NO": entity_of(books, source) if source else None,
        "PRBATCHKEY": header["RECORDNO"],
        "PRBATCHRECTYPE": header["RECORDTYPE"],
    }
    return postings.enter(books, batch, lines, header)
