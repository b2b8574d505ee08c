"""What payments and credits take off documents: settled or only selected, line by line, and given back.

Source: developer.intacct.com, AP payments, AR payments.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from airflow_provider_intacct.sandbox.records import Record
from airflow_provider_intacct.sandbox.records import update as write

from . import documents
from .books import Books
from .entities import cents
from .refusals import no_record, refused
from .subledgers import KINDS, Kind

TABLES = (
    "CREATE TABLE settlement (payment INTEGER NOT NULL, applied TEXT NOT NULL, object TEXT NOT NULL, "
    "document INTEGER NOT NULL, item INTEGER NOT NULL, trx INTEGER NOT NULL, base INTEGER NOT NULL, "
    "field TEXT NOT NULL)",
    "CREATE INDEX settlement_by_payment ON settlement (payment)",
    "CREATE INDEX settlement_by_item ON settlement (item)",
)
"""Each line that a payment took from, and how much, in cents; rows of a voided payment stay."""
PAID, SELECTED = "TOTALPAID", "TOTALSELECTED"
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Relief:
    """What is taken off one line of a document, in the document's currency and at the document's rate.

    Of a credit, whose line is negative, it is negative as well.
    """

    kind: Kind
    document: Record
    item: Record
    amount: Decimal
    base: Decimal

    @property
    def place(self) -> tuple[str, str]:
        """The location and the account in the ledger that it moves: the control account, of an advance its own."""
        return self.item["LOCATIONID"], self.item["ACCOUNTNO" if self.kind.prepaid else "OFFSETGLACCOUNTNO"]

    @property
    def owed(self) -> tuple[Decimal, Decimal]:
        """The amounts as what is owed falls by them: what is taken off an advance is owed to the other side."""
        return (-self.amount, -self.base) if self.kind.prepaid else (self.amount, self.base)


def open_amount(item: Record) -> Decimal:
    """Return what of a line is neither paid nor selected for payment."""
    return _open(item, "TRX_AMOUNT", "TRX_")


def relief(kind: Kind, document: Record, item: Record, amount: Decimal) -> Relief:
    """Return the relief of a line by an amount; its last one takes the rest of the base amount, to the cent."""
    due, base_due = open_amount(item), _open(item, "AMOUNT", "")
    return Relief(kind, document, item, amount, base_due if amount == due else cents(base_due * amount / due))


def after(taken: Relief) -> Record:
    """Return the line of a relief as it will be, for what else is taken off it before it is written."""
    item = taken.item
    paid = {f"TRX_{PAID}": (item[f"TRX_{PAID}"] or _ZERO) + taken.amount, PAID: (item[PAID] or _ZERO) + taken.base}
    return {**item, **paid}


def spread(kind: Kind, document: Record, items: Sequence[Record], amount: Decimal) -> list[Relief]:
    """Spread an amount over the lines in their order; credits on the document are used up first."""
    open_items = [(item, open_amount(item)) for item in items]
    left = amount - sum((due for _, due in open_items if due < 0), _ZERO)
    reliefs = [relief(kind, document, item, due) for item, due in open_items if due < 0]
    for item, due in open_items:
        if due > 0 and left > 0:
            part = min(due, left)
            reliefs.append(relief(kind, document, item, part))
            left -= part
    if left:
        raise refused(f"The payment of {amount} is more than what is due on the line.")
    return reliefs


def take(books: Books, payment: int, day: date, reliefs: Sequence[Relief], field: str) -> None:
    """Add reliefs to what of their lines is paid (PAID) or selected (SELECTED), and bring the documents in line."""
    for taken in reliefs:
        _add(books, taken, field)
        row = (payment, day.isoformat(), taken.kind.object, taken.document["RECORDNO"], taken.item["RECORDNO"])
        amounts = (_in_cents(taken.amount), _in_cents(taken.base), field)
        books.db.execute("INSERT INTO settlement VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*row, *amounts))
    for place in {(taken.kind.object, taken.document["RECORDNO"]): taken for taken in reliefs}.values():
        documents.refresh(books, place.kind, place.document["RECORDNO"], day)


def give_back(books: Books, payment: int) -> None:
    """Take back all that a payment settled or selected; what it only selected is forgotten."""
    for taken, field in list(_taken(books, payment)):
        _add(books, replace(taken, amount=-taken.amount, base=-taken.base), field)
        documents.refresh(books, taken.kind, taken.document["RECORDNO"], None)
    books.db.execute("DELETE FROM settlement WHERE payment = ? AND field = ?", (payment, SELECTED))


def document_and_item(books: Books, kind: Kind, key: int | None, item_key: int | None) -> tuple[Record, Record]:
    """Return a document and one of its lines as they stand now."""
    document = books.first(kind.object, RECORDNO=key)
    item = books.first(kind.items, RECORDNO=item_key)
    if document is None or item is None:
        raise no_record(key)
    return document, item


def _taken(books: Books, payment: int) -> Iterator[tuple[Relief, str]]:
    sql = "SELECT object, document, item, trx, base, field FROM settlement WHERE payment = ?"
    for name, key, item_key, trx, base, field in books.db.execute(sql, (payment,)).fetchall():
        document, item = document_and_item(books, KINDS[name], key, item_key)
        yield Relief(KINDS[name], document, item, Decimal(trx).scaleb(-2), Decimal(base).scaleb(-2)), field


def _add(books: Books, taken: Relief, field: str) -> None:
    item = books.first(taken.kind.items, RECORDNO=taken.item["RECORDNO"]) or taken.item
    values = {
        f"TRX_{field}": (item[f"TRX_{field}"] or _ZERO) + taken.amount,
        field: (item[field] or _ZERO) + taken.base,
    }
    write(books.db, books.definition(taken.kind.items), taken.item["RECORDNO"], values)


def _open(item: Record, amount: str, prefix: str) -> Decimal:
    taken = sum((item[f"{prefix}{name}"] or _ZERO for name in (PAID, SELECTED)), _ZERO)
    return Decimal(item[amount]) - taken


def _in_cents(amount: Decimal) -> int:
    return int(amount.scaleb(2))
