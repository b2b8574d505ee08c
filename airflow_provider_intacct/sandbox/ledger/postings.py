"""Lines into the general ledger: a journal entry with its lines, and the GLDETAIL rows that post them.

The one place that writes GLBATCH, GLENTRY and GLDETAIL. What arrives here has been checked; what leaves balances.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from airflow_provider_intacct.sandbox.records import Record, insert, insert_all, to_stored
from airflow_provider_intacct.sandbox.store import next_number, quoted

from .audit import stamps_of_creation
from .books import Books
from .refusals import refused

DRAFT, POSTED = "I", "P"
INTER_ENTITY_RECEIVABLE, INTER_ENTITY_PAYABLE = "1850", "2850"
DIMENSIONS = (
    "PROJECTID", "TASKKEY", "CUSTOMERID", "VENDORID", "EMPLOYEEID", "ITEMID", "CLASSID", "WAREHOUSEID", "GLDIMCHANNEL",
)  # fmt: skip
_SUBLEDGER_FIELDS = (
    "RECORDTYPE", "RECORDID", "DOCNUMBER", "WHENCREATED", "WHENDUE", "WHENPAID", "TOTALENTERED", "TOTALPAID",
    "TOTALDUE", "FINANCIALENTITY",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a journal entry. Amounts are signed: debit positive, credit negative.

    `amount` is in the currency of the transaction, `base` in the base currency of the line's entity.
    """

    account: str
    amount: Decimal
    base: Decimal
    entity: str
    location: str
    currency: str | None
    base_currency: str | None
    rate: Decimal | None = None
    department: str | None = None
    dimensions: Mapping[str, Any] = field(default_factory=dict)
    memo: str | None = None
    document: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


def dimensions_of(record: Mapping[str, Any]) -> Record:
    """Return the dimensions that a record or line carries, without location and department."""
    return {name: record[name] for name in DIMENSIONS if record.get(name) is not None}


def flipped(lines: Iterable[Line]) -> list[Line]:
    """Return the lines with debits and credits exchanged."""
    return [replace(line, amount=-line.amount, base=-line.base) for line in lines]


def require_balance(books: Books, lines: Sequence[Line], source_entity: str | None) -> None:
    """Refuse lines that do not balance: per entity and currency, or per currency where a source entity is named."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in lines:
        sums[source_entity or line.entity, str(line.currency)] += line.amount
    for (entity, currency), difference in sums.items():
        if difference:
            words = str(books.switches["unbalanced_text"])
            text = words.format(entity=entity, currency=currency, difference=difference)
            raise refused(text, str(books.switches["unbalanced_errorno"]))


def settled(lines: Sequence[Line]) -> list[Line]:
    """Return lines whose base amounts balance per entity: rounding cents go to the entity's largest line.

    Lines that balance in their own currency can miss a cent in base after conversion, never more than one per line.
    """
    result = list(lines)
    for entity in {line.entity for line in lines}:
        mine = [number for number, line in enumerate(result) if line.entity == entity]
        if sum(result[number].amount for number in mine) != 0:
            continue
        difference = sum((result[number].base for number in mine), Decimal(0))
        if difference:
            largest = max(mine, key=lambda number: (abs(result[number].base), number))
            result[largest] = replace(result[largest], base=result[largest].base - difference)
    return result


def inter_entity(lines: Sequence[Line], source_entity: str) -> list[Line]:
    """Return the due-to and due-from lines that make every entity balance against the source entity."""
    net: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    sample: dict[str, Line] = {}
    for line in lines:
        net[line.entity][0] += line.amount
        net[line.entity][1] += line.base
        sample.setdefault(line.entity, line)
    if len({line.base_currency for line in lines}) > 1:
        raise refused("Entities with different base currencies cannot share one inter-entity transaction.")
    result = []
    for entity, (amount, base) in sorted(net.items()):
        if entity == source_entity or not (amount or base):
            continue
        like = sample[entity]
        ours, theirs = _inter_entity_accounts(owes=base > 0)
        for where, account, sign in ((entity, ours, -1), (source_entity, theirs, 1)):
            result.append(
                Line(
                    account, sign * amount, sign * base, where, where, like.currency, like.base_currency, like.rate,
                    memo=f"Inter-entity {source_entity} - {entity}",
                )
            )  # fmt: skip
    return result


def enter(books: Books, header: Mapping[str, Any], lines: Sequence[Line], source: Record | None = None) -> int:
    """Write a journal entry with its lines and, unless it is a draft, post it. Return its record number.

    `header` holds GLBATCH fields; `source` is the subledger record that the entry posts.
    """
    definition = books.definition("GLBATCH")
    number = next_number(books.db, f"BATCHNO {header['JOURNAL']}")
    batch: Record = {
        "STATE": POSTED,
        "MODULE": "2.GL",
        "USERINFO": books.user,
        "USERKEY": books.user_key,
        "MODIFIED": books.now,
        "MODIFIEDBYID": books.user,
        "MEGAENTITYID": books.entity,
        **stamps_of_creation(books, definition),
        **header,
        "BATCHNO": number,
        "BALANCE": Decimal(0),
    }
    batch["RECORDNO"] = insert(books.db, definition, batch)
    write_lines(books, batch, lines, source)
    return int(batch["RECORDNO"])


def write_lines(books: Books, batch: Record, lines: Sequence[Line], source: Record | None = None) -> None:
    """Write the lines of a journal entry that has none, and post them if the entry is posted."""
    definition = books.definition("GLENTRY")
    stamps = stamps_of_creation(books, definition)
    entries = [stamps | _entry(batch, number, line) for number, line in enumerate(lines, start=1)]
    keys = insert_all(books.db, definition, entries)
    if batch["STATE"] == POSTED:
        post_lines(books, batch, keys, lines, source)


def post_lines(
    books: Books, batch: Record, keys: Sequence[int], lines: Sequence[Line], source: Record | None = None
) -> None:
    """Post the lines of a journal entry that were written under these keys, with what balances its entities."""
    source_entity = batch.get("BASELOCATION_NO")
    extra = inter_entity(lines, source_entity) if source_entity else []
    journal = books.master("GLJOURNAL", "SYMBOL", batch["JOURNAL"])
    common = _posting(books, batch, journal or {}, source)
    numbered = zip([*keys, *(None for _ in extra)], [*lines, *extra], strict=True)
    details = [common | _detail(line, key, number) for number, (key, line) in enumerate(numbered, start=1)]
    insert_all(books.db, books.definition("GLDETAIL"), details)


def remove_lines(books: Books, batch_key: int) -> None:
    """Remove the lines of a journal entry and what they posted."""
    for table, column in (("GLENTRY", "BATCHNO"), ("GLDETAIL", "BATCHKEY")):
        books.db.execute(f"DELETE FROM {quoted(table)} WHERE {quoted(column)} = ?", (batch_key,))


def remove(books: Books, batch_key: int) -> None:
    """Remove a journal entry altogether."""
    remove_lines(books, batch_key)
    books.db.execute('DELETE FROM "GLBATCH" WHERE "RECORDNO" = ?', (batch_key,))


def posted_lines(books: Books, batch_key: int) -> list[Line]:
    """Return the lines of a journal entry as they were posted, without the inter-entity ones."""
    return [
        Line(
            entry["ACCOUNTNO"],
            entry["TR_TYPE"] * entry["TRX_AMOUNT"],
            entry["TR_TYPE"] * entry["AMOUNT"],
            str((books.first("LOCATION", LOCATIONID=entry["LOCATION"]) or {}).get("ENTITY")),
            entry["LOCATION"],
            entry["CURRENCY"],
            entry["BASECURR"],
            entry["EXCHANGE_RATE"],
            entry["DEPARTMENT"],
            dimensions_of(entry),
            entry["DESCRIPTION"],
            entry["DOCUMENT"],
            {name: entry[name] for name in ("EXCH_RATE_DATE", "EXCH_RATE_TYPE_ID", "ALLOCATION", "STATISTICAL")},
        )
        for entry in sorted(books.find("GLENTRY", BATCHNO=batch_key), key=lambda entry: entry["LINE_NO"])
    ]


def refresh_source(books: Books, source: Record) -> None:
    """Show a subledger record's present totals on the GLDETAIL rows that it posted."""
    definition = books.definition("GLDETAIL")
    values = {name: source.get(name) for name in ("WHENDUE", "WHENPAID", "TOTALPAID", "TOTALDUE")}
    changes = ", ".join(f"{quoted(name)} = ?" for name in values)
    stored = [to_stored(definition.fields[name], value) for name, value in values.items()]
    books.db.execute(f'UPDATE "GLDETAIL" SET {changes} WHERE "RECORDKEY" = ?', (*stored, source["RECORDNO"]))


def _entry(batch: Record, number: int, line: Line) -> Record:
    return {
        **line.dimensions,
        **line.details,
        "BATCHNO": batch["RECORDNO"],
        "LINE_NO": number,
        "ACCOUNTNO": line.account,
        "TR_TYPE": _side(line),
        "AMOUNT": abs(line.base),
        "TRX_AMOUNT": abs(line.amount),
        "CURRENCY": line.currency,
        "BASECURR": line.base_currency,
        "EXCHANGE_RATE": line.rate,
        "ENTRY_DATE": batch["BATCH_DATE"],
        "LOCATION": line.location,
        "DEPARTMENT": line.department,
        "DESCRIPTION": line.memo,
        "DOCUMENT": line.document,
    }


def _posting(books: Books, batch: Record, journal: Mapping[str, Any], source: Record | None) -> Record:
    day: date = batch["BATCH_DATE"]
    row: Record = {
        **stamps_of_creation(books, books.definition("GLDETAIL")),
        "BATCHKEY": batch["RECORDNO"],
        "BATCH_DATE": day,
        "BATCH_TITLE": batch["BATCH_TITLE"],
        "BATCH_NO": batch["BATCHNO"],
        "SYMBOL": batch["JOURNAL"],
        "BOOKID": journal.get("BOOKID") or "ACCRUAL",
        "ADJ": bool(journal.get("ADJ")),
        "STATISTICAL": bool(journal.get("STATISTICAL")),
        "MODULEKEY": batch["MODULE"],
        "ENTRY_DATE": day,
        "ENTRY_STATE": "P",
        "DESCRIPTION": batch["BATCH_TITLE"],
        "DOCNUMBER": batch.get("REFERENCENO"),
        "WHENCREATED": day,
    }
    if source is not None:
        row |= {name: source[name] for name in _SUBLEDGER_FIELDS if source.get(name) is not None}
        row |= {"RECORDKEY": source["RECORDNO"], "PRDESCRIPTION": source.get("DESCRIPTION")}
        row |= {name: source[name] for name in ("VENDORID", "CUSTOMERID") if source.get(name) is not None}
    return row


def _detail(line: Line, entry_key: int | None, number: int) -> Record:
    zero = Decimal(0)
    return {
        **line.dimensions,
        "GLENTRYKEY": entry_key,
        "LINE_NO": number,
        "TR_TYPE": _side(line),
        "ACCOUNTNO": line.account,
        "AMOUNT": line.base,
        "DEBITAMOUNT": max(line.base, zero),
        "CREDITAMOUNT": max(-line.base, zero),
        "TRX_AMOUNT": line.amount,
        "TRX_DEBITAMOUNT": max(line.amount, zero),
        "TRX_CREDITAMOUNT": max(-line.amount, zero),
        "CURRENCY": line.currency,
        "BASECURR": line.base_currency,
        "EXCHANGE_RATE": line.rate,
        "LOCATIONID": line.location,
        "DEPARTMENTID": line.department,
        "ENTRYDESCRIPTION": line.memo,
        "DOCUMENT": line.document,
        "CHILDENTITY": line.entity,
        "PRENTRYKEY": None,
    }


def _side(line: Line) -> int:
    return -1 if line.amount < 0 or (not line.amount and line.base < 0) else 1


def _inter_entity_accounts(*, owes: bool) -> tuple[str, str]:
    """Return the accounts of the entity and of the source: who got more debits than credits owes the source."""
    if owes:
        return INTER_ENTITY_PAYABLE, INTER_ENTITY_RECEIVABLE
    return INTER_ENTITY_RECEIVABLE, INTER_ENTITY_PAYABLE
