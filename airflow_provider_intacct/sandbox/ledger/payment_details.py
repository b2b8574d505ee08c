"""What the details of a payment name: a document or memo that is paid, and the cash, credit or discount that pays it.

Each pair of a paid line and what pays it is a detail of its own in the books.
Source: developer.intacct.com, AP payments > APPYMTDETAIL, AR payments > ARPYMTDETAIL.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from airflow_provider_intacct.sandbox.records import Record

from . import documents, settlement
from .books import Books
from .checks import missing
from .entities import cents
from .refusals import already_paid, no_record, refused
from .settlement import Relief, open_amount
from .subledgers import (
    DRAFT,
    PAID,
    PAYMENT_POSTED,
    REVERSAL,
    REVERSED,
    UNAPPLIED_RECEIPTS,
    Kind,
    PaymentKind,
)
from .terms import discount_of

CASH, DISCOUNT, OVERPAYMENT = "PAYMENT", "DISCOUNT", "POSTEDOVERPAYMENT"
_MEMO, _INLINE, _ADVANCE = "ADJUSTMENT", "INLINE", "POSTEDADVANCE"
_SOURCES = (CASH, DISCOUNT, _MEMO, _INLINE, _ADVANCE, OVERPAYMENT)
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Part:
    """One paid line, and what pays it: cash, a discount, a credit, an advance, or an earlier overpayment.

    `credit` is what is taken off the credit; of an overpayment it has no document of its own but the receipt.
    """

    target: Relief
    source: str
    credit: Relief | None = None

    @property
    def reliefs(self) -> list[Relief]:
        """What the part takes off documents."""
        return [self.target] if self.credit is None or self.source == OVERPAYMENT else [self.target, self.credit]


def parts_of(
    books: Books, kind: PaymentKind, header: Record, detail: Mapping[str, Any], take: Callable[[list[Part]], None]
) -> list[Part]:
    """Return the parts of one detail, each held against the books as they stand after `take` of the ones before."""
    for name in ("NEGATIVEINVOICEKEY",) if kind.advances else ("NEGATIVEINVOICEKEY", "ADVANCEKEY"):
        if detail.get(name) is not None:
            raise no_record(detail[name])
    found: list[Part] = []
    steps = (_discounted, _from_memo, _from_inline, _from_advance, _from_overpayment, _in_cash)
    for step in steps:
        parts = step(books, kind, header, detail)
        if parts:
            take(parts)
            found += parts
    if not found:
        raise missing(books, "Transaction payment amount")
    return found


def stored_parts(books: Books, kind: PaymentKind, header: Record) -> Iterator[tuple[int, Part]]:
    """Yield the parts of a payment that is not posted yet as its details keep them, each with its detail's key.

    What was paid or selected otherwise since it was entered is refused.
    """
    for detail in list(books.find(kind.details, PAYMENTKEY=header["RECORDNO"])):
        memo = detail["POSADJKEY"] is not None
        of = kind.adjustments if memo else kind.documents
        keys = ("POSADJKEY", "POSADJENTRYKEY") if memo else ("RECORDKEY", "ENTRYKEY")
        source = next(name for name in _SOURCES if detail.get(f"TRX_{name}AMOUNT") is not None)
        amount = detail[f"TRX_{source}AMOUNT"]
        document, item = settlement.document_and_item(books, of, *(detail[key] for key in keys))
        _require_of_party(kind, header, of, document)
        _require_posted(of, document)
        _require_open(document, item, amount)
        target = settlement.relief(of, document, item, amount)
        credit = None
        lender = {_MEMO: kind.adjustments, _INLINE: kind.documents, _ADVANCE: kind.advances}.get(source)
        if lender is not None:
            keys = (f"{_key_of(source)}KEY", f"{_key_of(source)}ENTRYKEY")
            place = settlement.document_and_item(books, lender, *(detail[key] for key in keys))
            lent = amount if lender.prepaid else -amount
            _require_open(*place, lent)
            credit = settlement.relief(lender, *place, lent)
        elif source == OVERPAYMENT:
            credit = _overpaid(books, _lending_receipt(books, kind, header, detail, _ZERO), target)
        yield int(detail["RECORDNO"]), Part(target, source, credit)


def _require_open(document: Record, item: Record, amount: Decimal) -> None:
    left = open_amount(item)
    if left * amount < 0 or abs(amount) > abs(left):
        raise refused(f"The payment of {amount} is more than the {left} due on '{document['RECORDID']}'.")


def row_of(kind: PaymentKind, header: Record, part: Part) -> Record:
    """Return the detail of the books that keeps a part."""
    paid, item = part.target.document["RECORDNO"], part.target.item["RECORDNO"]
    memo = part.target.kind == kind.adjustments
    row: Record = {
        "PAYMENTKEY": header["RECORDNO"],
        "POSADJKEY" if memo else "RECORDKEY": paid,
        "POSADJENTRYKEY" if memo else "ENTRYKEY": item,
        f"{part.source}AMOUNT": part.target.base,
        f"TRX_{part.source}AMOUNT": part.target.amount,
        "CURRENCY": header["CURRENCY"],
    }
    if part.source == DISCOUNT:
        row["DISCOUNTDATE"] = part.target.document.get("WHENDISCOUNT")
    elif part.source == OVERPAYMENT and part.credit is not None:
        row["OVERPAYMENTKEY"] = part.credit.document["RECORDNO"]
    elif part.credit is not None:
        row[f"{_key_of(part.source)}KEY"] = part.credit.document["RECORDNO"]
        row[f"{_key_of(part.source)}ENTRYKEY"] = part.credit.item["RECORDNO"]
    return row


def _unapplied(books: Books, kind: PaymentKind, receipt: Record, but: int) -> Decimal:
    """Return what of a receipt is neither applied by itself nor used by a posted payment other than `but`."""
    own = books.find(kind.details, PAYMENTKEY=receipt["RECORDNO"])
    used = sum((detail["TRX_PAYMENTAMOUNT"] or _ZERO for detail in own), _ZERO)
    for detail in books.find(kind.details, OVERPAYMENTKEY=receipt["RECORDNO"]):
        user = books.first(kind.object, RECORDNO=detail["PAYMENTKEY"])
        if user is not None and user["RECORDNO"] != but and user["STATE"] == PAYMENT_POSTED:
            used += detail["TRX_POSTEDOVERPAYMENTAMOUNT"]
    return Decimal(receipt["TRX_TOTALENTERED"]) - used


def _in_cash(books: Books, kind: PaymentKind, header: Record, detail: Mapping[str, Any]) -> list[Part]:
    amount = detail.get("TRX_PAYMENTAMOUNT")
    amount = detail.get("PAYMENTAMOUNT") if amount is None else amount
    if amount is None:
        return []
    of, document, items = _target(books, kind, header, detail, cents(amount))
    return [Part(taken, CASH) for taken in settlement.spread(of, document, items, cents(amount))]


def _discounted(books: Books, kind: PaymentKind, header: Record, detail: Mapping[str, Any]) -> list[Part]:
    """Return the discount of the terms, where it is not too late and the payment is all that is left; or a given one.

    Source: AP payments, DISCOUNTDATE: discounts are not applied where lines are named, nor to part of a bill.
    """
    given, day, paid = (
        detail.get("TRX_TOTALDISCOUNTTOAPPLY"),
        detail.get("DISCOUNTDATE"),
        detail.get("TRX_PAYMENTAMOUNT"),
    )
    if (given is None and day is None) or paid is None or detail.get("ENTRYKEY") is not None:
        return []
    of, document, items = _target(books, kind, header, detail, cents(paid))
    due = sum((open_amount(item) for item in items), _ZERO)
    discount = cents(given) if given is not None else _term_discount(books, of, document, day)
    if not discount or (given is None and cents(paid) != due - discount):
        return []
    if discount + cents(paid) > due:
        raise refused(f"The discount of {discount} is more than is left of what is due on '{document['RECORDID']}'.")
    return [Part(taken, DISCOUNT) for taken in _shared(of, document, items, discount)]


def _term_discount(books: Books, of: Kind, document: Record, day: Any) -> Decimal:
    last = document.get("WHENDISCOUNT")
    term = books.master(of.term, "NAME", document["TERMNAME"]) if of.term and last else None
    return discount_of(term, document["TRX_TOTALENTERED"]) if term is not None and day <= last else _ZERO


def _shared(of: Kind, document: Record, items: Sequence[Record], amount: Decimal) -> list[Relief]:
    """Share an amount over the lines by what each owes; the last takes the cents."""
    owing = [item for item in items if open_amount(item) > 0]
    total = sum((open_amount(item) for item in owing), _ZERO)
    left, reliefs = amount, []
    for item in owing:
        part = left if item is owing[-1] else min(left, cents(amount * open_amount(item) / total))
        if part:
            reliefs.append(settlement.relief(of, document, item, part))
        left -= part
    return reliefs


def _from_memo(books: Books, kind: PaymentKind, header: Record, detail: Mapping[str, Any]) -> list[Part]:
    return _from_credit(books, kind, header, detail, kind.adjustments, _MEMO)


def _from_inline(books: Books, kind: PaymentKind, header: Record, detail: Mapping[str, Any]) -> list[Part]:
    return _from_credit(books, kind, header, detail, kind.documents, _INLINE)


def _from_advance(books: Books, kind: PaymentKind, header: Record, detail: Mapping[str, Any]) -> list[Part]:
    """Return what an advance of the customer pays. Source: AR payments, "Apply an advance against an invoice"."""
    return _from_credit(books, kind, header, detail, kind.advances, _ADVANCE) if kind.advances else []


def _key_of(source: str) -> str:
    """Return how the keys of a source begin: ADVANCEKEY beside TRX_POSTEDADVANCEAMOUNT."""
    return source.removeprefix("POSTED")


def _left_of(lender: Kind, item: Record) -> Decimal:
    """Return what a line of a credit can still pay: what an advance has left, or what a memo or document owes less."""
    return open_amount(item) if lender.prepaid else -open_amount(item)


def _from_credit(
    books: Books, kind: PaymentKind, header: Record, detail: Mapping[str, Any], lender: Kind, source: str
) -> list[Part]:
    """Return what the negative lines of a memo, or of a document, or the lines of an advance, pay."""
    key = detail.get(f"{_key_of(source)}KEY")
    if key is None:
        return []
    amount = detail.get(f"TRX_{source}AMOUNT")
    if amount is None or amount <= 0:
        raise missing(books, f"Transaction {_key_of(source).lower()} amount")
    credit = _found(books, lender, key)
    _require_of_party(kind, header, lender, credit)
    if credit["STATE"] in (*lender.unposted, REVERSED, REVERSAL):
        raise refused(f"{lender.name} '{credit['RECORDID']}' is not posted and cannot be applied.")
    named = _items(books, lender, credit, detail.get(f"{_key_of(source)}ENTRYKEY"))
    lent = [item for item in named if _left_of(lender, item) > 0]
    left = sum((_left_of(lender, item) for item in lent), _ZERO)
    if cents(amount) > left:
        raise refused(f"The credit of {cents(amount)} is more than the {left} left of '{credit['RECORDID']}'.")
    of, document, items = _target(books, kind, header, detail, cents(amount), credit=True)
    return list(_paired(of, document, items, lender, credit, lent, cents(amount), source))


def _paired(
    of: Kind, document: Record, items: Sequence[Record], lender: Kind, credit: Record, lent: Sequence[Record],
    amount: Decimal, source: str,
) -> Iterator[Part]:  # fmt: skip
    """Yield a part for each stretch of a paid line and a lending line, both in their order."""
    paid = deque((item, open_amount(item)) for item in items if open_amount(item) > 0)
    lending = deque((item, _left_of(lender, item)) for item in lent)
    while amount > 0:
        if not paid:
            raise refused(f"The credit is more than what is due on the lines of '{document['RECORDID']}'.")
        (item, due), (loan, left) = paid.popleft(), lending.popleft()
        part = min(amount, due, left)
        off = settlement.relief(of, document, item, part)
        lent_now = settlement.relief(lender, credit, loan, part if lender.prepaid else -part)
        yield Part(off, source, lent_now)
        amount -= part
        if due > part:
            paid.appendleft((settlement.after(off), due - part))
        if left > part:
            lending.appendleft((settlement.after(lent_now), left - part))


def _from_overpayment(books: Books, kind: PaymentKind, header: Record, detail: Mapping[str, Any]) -> list[Part]:
    """Return what an earlier receipt of the customer pays that was not applied: it stands on the deposits account."""
    key = detail.get("OVERPAYMENTKEY")
    if key is None:
        return []
    amount = cents(detail.get("TRX_POSTEDOVERPAYMENTAMOUNT") or _ZERO)
    receipt = _lending_receipt(books, kind, header, detail, amount)
    of, document, items = _target(books, kind, header, detail, amount, credit=True)
    reliefs = settlement.spread(of, document, items, amount)
    return [Part(taken, OVERPAYMENT, _overpaid(books, receipt, taken)) for taken in reliefs]


def _lending_receipt(
    books: Books, kind: PaymentKind, header: Record, detail: Mapping[str, Any], more: Decimal
) -> Record:
    """Return the receipt whose overpayment a detail uses, after checking that so much, and `more`, is left of it."""
    key = detail["OVERPAYMENTKEY"]
    receipt = books.first(kind.object, RECORDNO=key)
    if receipt is None or receipt["STATE"] != PAYMENT_POSTED:
        raise no_record(key)
    _require_of_party(kind, header, kind.documents, receipt)
    present = books.find(kind.details, PAYMENTKEY=header["RECORDNO"], OVERPAYMENTKEY=key)
    amount = sum((row["TRX_POSTEDOVERPAYMENTAMOUNT"] for row in present), more)
    left = _unapplied(books, kind, receipt, header["RECORDNO"])
    if amount <= 0 or amount > left:
        raise refused(
            f"The overpayment of {amount} is not between zero and the {left} left of '{receipt['RECORDID']}'."
        )
    return receipt


def _overpaid(books: Books, receipt: Record, taken: Relief) -> Relief:
    """Return what a relief takes off the account on which a receipt left its overpayment, at the receipt's rate."""
    place = {"LOCATIONID": _deposit_place(books, receipt), "OFFSETGLACCOUNTNO": UNAPPLIED_RECEIPTS, "RECORDNO": None}
    rate = Decimal(receipt["EXCHANGE_RATE"] or 1)
    return Relief(taken.kind, receipt, place, -taken.amount, -cents(taken.amount * rate))


def _deposit_place(books: Books, receipt: Record) -> str:
    entry = books.first("GLENTRY", BATCHNO=receipt["GLBATCHKEY"], ACCOUNTNO=UNAPPLIED_RECEIPTS)
    if entry is None:
        raise no_record(receipt["RECORDNO"])
    return str(entry["LOCATION"])


def _target(
    books: Books, kind: PaymentKind, header: Record, detail: Mapping[str, Any], amount: Decimal, *, credit: bool = False
) -> tuple[Kind, Record, list[Record]]:
    """Return what a detail pays: its kind, the document, and the lines in question, after every rule was held."""
    memo = detail.get("POSADJKEY") is not None
    of = kind.adjustments if memo else kind.documents
    key = detail.get("POSADJKEY" if memo else "RECORDKEY")
    if key is None:
        raise missing(books, books.definition(kind.details).fields["RECORDKEY"].label)
    document = _found(books, of, key)
    _require_payable(kind, header, of, document, amount)
    items = _items(books, of, document, detail.get("POSADJENTRYKEY" if memo else "ENTRYKEY"))
    own_credit = credit and detail.get("INLINEKEY") is not None
    return of, document, [item for item in items if open_amount(item) > 0] if own_credit else items


def _found(books: Books, of: Kind, key: Any) -> Record:
    document = books.first(of.object, RECORDNO=key)
    if document is None:
        raise no_record(key)
    return document


def _items(books: Books, of: Kind, document: Record, entry: Any) -> list[Record]:
    items = documents.items_of(books, of, document["RECORDNO"])
    if entry is not None:
        items = [item for item in items if item["RECORDNO"] == entry]
        if not items:
            raise no_record(entry)
    return items


def _require_of_party(kind: PaymentKind, header: Record, of: Kind, document: Record) -> None:
    party = header.get(kind.documents.party_field)
    name = document["RECORDID"]
    if party and document[kind.documents.party_field] != party:
        raise refused(f"{of.name} '{name}' does not belong to '{party}'.")
    if document["CURRENCY"] != header["CURRENCY"]:
        raise refused(f"{of.name} '{name}' is in {document['CURRENCY']}, not {header['CURRENCY']}.")


def _require_posted(of: Kind, document: Record) -> None:
    if document["STATE"] in of.unposted:
        why = "is a draft" if document["STATE"] == DRAFT else "is not approved"
        raise refused(f"{of.name} '{document['RECORDID']}' {why} and cannot be paid.")


def _require_payable(kind: PaymentKind, header: Record, of: Kind, document: Record, amount: Decimal) -> None:
    name = document["RECORDID"]
    if document["STATE"] in of.unposted:
        _require_of_party(kind, header, of, document)
        _require_posted(of, document)
    due = document["TRX_TOTALENTERED"] - (document["TRX_TOTALPAID"] or _ZERO)
    if document["STATE"] in (PAID, REVERSED, REVERSAL) or not due:
        raise already_paid(name)
    due -= document["TRX_TOTALSELECTED"] or _ZERO
    if not due:
        raise refused(f"{of.name} '{name}' is selected for another payment already.")
    _require_of_party(kind, header, of, document)
    if amount <= 0:
        raise refused("The payment amount must be more than zero.")
    if due < 0:
        raise refused(f"{of.name} '{name}' is a credit: apply it to what is owed.")
    if amount > due:
        raise refused(f"The payment of {amount} is more than the {due} due on '{name}'.")
