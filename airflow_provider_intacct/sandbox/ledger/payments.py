"""Payments to vendors and from customers: what they settle, how they reach the bank account, and how they are voided.

Source: developer.intacct.com, Accounts Payable > AP payments and Accounts Receivable > AR payments.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from airflow_provider_intacct.sandbox.records import Record, insert
from airflow_provider_intacct.sandbox.records import delete as erase
from airflow_provider_intacct.sandbox.records import update as write

from . import documents, postings
from .audit import remember, stamps_of_change, stamps_of_creation
from .books import Books
from .calendar import require_open
from .checks import missing, require_active
from .entities import base_currency, cents, entity_of, exchange_rate, require_currency
from .postings import Line
from .refusals import already_paid, invalid_reference, no_record, refused
from .subledgers import (
    DRAFT,
    EXCHANGE_GAIN_OR_LOSS,
    PAID,
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
    """Enter a payment, settle what its details name and post it, unless its ACTION is Draft. Return its number."""
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
    remember(books, definition, header, "Create")
    return int(header["RECORDNO"])


def update(books: Books, kind: PaymentKind, current: Record, changes: Mapping[str, Any]) -> None:
    """Change a draft payment, its details replaced as a whole; of a posted one only the description."""
    definition = books.definition(kind.object)
    if current["STATE"] != PAYMENT_DRAFT:
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
        asked = {kind.date_field: current["WHENCREATED"], "ACTION": "Draft", **current, **changes}
        header = {**current, **_header(books, kind, asked)}
        write(books.db, definition, current["RECORDNO"], header | stamps_of_change(books, definition))
        present = list(books.find(kind.details, PAYMENTKEY=current["RECORDNO"]))
        for detail in present:
            erase(books.db, books.definition(kind.details), detail["RECORDNO"])
        given = changes.get(kind.container)
        _fill(books, kind, header, present if given is None else given, _ZERO)
    remember(books, definition, current, "Modify")


def delete(books: Books, kind: PaymentKind, current: Record) -> None:
    """Delete a draft payment; a posted one has to be reversed."""
    if current["STATE"] != PAYMENT_DRAFT:
        raise refused("A posted payment cannot be deleted; reverse it instead.")
    for detail in books.find(kind.details, PAYMENTKEY=current["RECORDNO"]):
        erase(books.db, books.definition(kind.details), detail["RECORDNO"])
    erase(books.db, books.definition(kind.object), current["RECORDNO"])
    remember(books, books.definition(kind.object), current, "Delete")


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
    header["STATE"] = PAYMENT_DRAFT if action == "Draft" else PAYMENT_POSTED
    _require_party(books, kind, header)
    day = record.get(kind.date_field)
    if day is None:
        raise missing(books, "Payment date" if kind.date_field == "PAYMENTDATE" else "Receipt date")
    header["WHENCREATED"] = day
    header["WHENPOSTED"] = header.get("WHENPOSTED") or day
    if header["STATE"] == PAYMENT_POSTED:
        require_open(books, header["WHENPOSTED"])
        header["WHENPAID"] = day
    if not header.get("CURRENCY"):
        raise missing(books, "Currency")
    require_currency(books, header["CURRENCY"])
    if not header.get("PAYMENTMETHOD"):
        raise missing(books, "Payment method")
    _require_account(books, header)
    return header


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
    """Write a payment's details and totals and, unless it is a draft, settle the documents and post."""
    posted = header["STATE"] == PAYMENT_POSTED
    reliefs: list[Relief] = []
    for detail in details:
        asked = _reliefs(books, kind, header, detail)
        reliefs += asked
        if posted:
            for relief in asked:
                _write_relief(books, kind, relief)
            documents.refresh(books, kind.documents, asked[0].document["RECORDNO"], header["WHENCREATED"])
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
    if document["STATE"] == DRAFT:
        raise refused(f"{kind.documents.name} '{name}' is a draft and cannot be paid.")
    if document["STATE"] in (PAID, REVERSED, REVERSAL) or not document["TRX_TOTALDUE"]:
        raise already_paid(name)
    if document["CURRENCY"] != header["CURRENCY"]:
        raise refused(f"{kind.documents.name} '{name}' is in {document['CURRENCY']}, not {header['CURRENCY']}.")
    if amount <= 0:
        raise refused("The payment amount must be more than zero.")
    if amount > document["TRX_TOTALDUE"]:
        raise refused(f"The payment of {amount} is more than the {document['TRX_TOTALDUE']} due on '{name}'.")


def _spread(document: Record, items: Sequence[Record], amount: Decimal) -> list[Relief]:
    """Spread an amount over the lines in their order; credits on the document are used up first."""
    open_items = [(item, item["TRX_AMOUNT"] - (item["TRX_TOTALPAID"] or _ZERO)) for item in items]
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
    due = item["TRX_AMOUNT"] - (item["TRX_TOTALPAID"] or _ZERO)
    base_due = item["AMOUNT"] - (item["TOTALPAID"] or _ZERO)
    return Relief(document, item, amount, base_due if amount == due else cents(base_due * amount / due))


def _write_relief(books: Books, kind: PaymentKind, relief: Relief) -> None:
    paid = {
        "TRX_TOTALPAID": (relief.item["TRX_TOTALPAID"] or _ZERO) + relief.amount,
        "TOTALPAID": (relief.item["TOTALPAID"] or _ZERO) + relief.base,
    }
    write(books.db, books.definition(kind.documents.items), relief.item["RECORDNO"], paid)


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
