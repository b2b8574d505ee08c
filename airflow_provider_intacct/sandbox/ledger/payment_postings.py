"""What a payment does to the general ledger: control accounts relieved, cash moved, discounts, gains and losses."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from airflow_provider_intacct.sandbox.records import Record

from . import postings
from .books import Books
from .checks import missing
from .entities import base_currency, cents, entity_of, exchange_rate
from .payment_details import CASH, DISCOUNT, Part
from .postings import Line
from .refusals import invalid_reference, refused
from .subledgers import EXCHANGE_GAIN_OR_LOSS, UNAPPLIED_RECEIPTS, PaymentKind

Place = tuple[str, str]
_ZERO = Decimal(0)


def bank_account(books: Books, name: str) -> Record:
    """Return a checking or savings account."""
    kinds = ("CHECKINGACCOUNT", "SAVINGSACCOUNT")
    found = next(filter(None, (books.master(kind, "BANKACCOUNTID", name) for kind in kinds)), None)
    if found is None:
        raise invalid_reference("Bank account", name)
    return found


def require_bank_currency(bank: Record, currency: str | None) -> None:
    """Refuse money in another currency than the bank account's own."""
    if bank["CURRENCY"] not in (None, currency):
        raise refused(f"Bank account '{bank['BANKACCOUNTID']}' is not in {currency}.")


def lines_of(
    books: Books, kind: PaymentKind, header: Record, parts: Sequence[Part], unapplied: Decimal
) -> tuple[list[Line], Decimal]:
    """Return the ledger lines of a payment and its base amount in cash.

    The control account is relieved at the rate of each document, the bank account moves at the rate of the day; the
    difference is a gain or a loss, as is that between the rates of a document and its credit. An unapplied receipt is
    owed to the customer until it is used. What pays for itself at one place moves nothing there.
    """
    bank = bank_account(books, header["FINANCIALENTITY"]) if header.get("FINANCIALENTITY") else None
    side = kind.documents.side
    control, cash, gains, discounts = _sums(parts)
    if unapplied:
        home = _home(books, header, bank, parts)
        base = cents(unapplied * _day_rate(books, header, home))
        for sums in (control, cash):
            _add(sums, (home, UNAPPLIED_RECEIPTS), unapplied, base)
    lines: list[Line] = []
    moved: dict[str, list[Decimal]] = defaultdict(lambda: [_ZERO, _ZERO])
    for place, (trx, base) in control.items():
        location, account = place
        paid, at_rate = cash.get(place, [_ZERO, _ZERO])
        at_day = at_rate if account == UNAPPLIED_RECEIPTS else cents(paid * _day_rate(books, header, location))
        difference = at_day - at_rate + gains.get(place, _ZERO)
        if trx or base:
            sides = _one_sided(side * trx, side * base)
            lines += [_line(books, kind, header, location, account, *amounts) for amounts in sides]
        if difference:
            lines.append(_line(books, kind, header, location, EXCHANGE_GAIN_OR_LOSS, _ZERO, side * difference))
        if paid:
            where = (bank or {}).get("LOCATIONID") or location
            moved[where][0] += paid
            moved[where][1] += at_day
    for location, (trx, base) in discounts.items():
        lines.append(_line(books, kind, header, location, kind.discount_account, -side * trx, -side * base))
    for where, (trx, base) in moved.items():
        account = bank["GLACCOUNTNO"] if bank else header["UNDEPOSITEDACCOUNTNO"]
        lines.append(_line(books, kind, header, where, account, -side * trx, -side * base))
    return lines, sum((base for _, base in moved.values()), _ZERO)


def enter(books: Books, kind: PaymentKind, header: Record, lines: Sequence[Line]) -> int | None:
    """Post a payment and return the journal entry's number, None where nothing moved."""
    if not lines:
        return None
    bank = bank_account(books, header["FINANCIALENTITY"]) if header.get("FINANCIALENTITY") else None
    source = bank["LOCATIONID"] if bank else lines[0].location
    shared = source is not None and len({line.entity for line in lines}) > 1
    batch = {
        "JOURNAL": kind.journal,
        "BATCH_DATE": header["WHENPOSTED"],
        "BATCH_TITLE": f"{kind.name} {header['RECORDID']}"[:80],
        "MODULE": kind.documents.module,
        "REFERENCENO": header["RECORDID"][:20],
        "BASELOCATION_NO": entity_of(books, str(source)) if shared else None,
        "PRBATCHKEY": header["RECORDNO"],
        "PRBATCHRECTYPE": header["RECORDTYPE"],
    }
    return postings.enter(books, batch, lines, header)


def _sums(
    parts: Sequence[Part],
) -> tuple[dict[Place, list[Decimal]], dict[Place, list[Decimal]], dict[Place, Decimal], dict[str, list[Decimal]]]:
    """Return what is relieved and what is paid in cash by place and control account, gains, and discounts by place."""
    control: dict[Place, list[Decimal]] = {}
    cash: dict[Place, list[Decimal]] = {}
    gains: dict[Place, Decimal] = defaultdict(Decimal)
    discounts: dict[str, list[Decimal]] = defaultdict(lambda: [_ZERO, _ZERO])
    for part in parts:
        place = part.target.place
        _add(control, place, part.target.amount, part.target.base)
        if part.source == CASH:
            _add(cash, place, part.target.amount, part.target.base)
        elif part.source == DISCOUNT:
            discounts[place[0]][0] += part.target.amount
            discounts[place[0]][1] += part.target.base
        elif part.credit is not None:
            amount, base = part.credit.owed
            _add(control, part.credit.place, amount, base)
            gains[place] -= base + part.target.base
    return control, cash, gains, discounts


def _add(sums: dict[Place, list[Decimal]], place: Place, amount: Decimal, base: Decimal) -> None:
    found = sums.setdefault(place, [_ZERO, _ZERO])
    found[0] += amount
    found[1] += base


def _one_sided(trx: Decimal, base: Decimal) -> list[tuple[Decimal, Decimal]]:
    """Return amounts as those of one ledger line, or of two where they are on different sides.

    A credit at a higher rate than the bill it pays can leave less in base than it leaves in the currency.
    """
    return [(trx, base)] if trx * base >= 0 else [(trx, _ZERO), (_ZERO, base)]


def _home(books: Books, header: Record, bank: Record | None, parts: Sequence[Part]) -> str:
    """Return the place that holds what a receipt does not apply."""
    first = parts[0].target.item["LOCATIONID"] if parts else None
    asked = header.get("OVERPAYMENTLOCATIONID")
    home = (bank or {}).get("LOCATIONID") or asked or first or books.entity
    if not home:
        raise missing(books, "Overpayment location")
    return str(home)


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
