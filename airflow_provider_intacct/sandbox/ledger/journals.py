"""Journal entries that people enter: GLBATCH with its lines, statistical ones and automatic reversals included.

Source: developer.intacct.com, General Ledger > Journal entries, Statistical journal entries.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from airflow_provider_intacct.sandbox.records import Record
from airflow_provider_intacct.sandbox.records import update as write

from . import allocations, approvals, postings
from .audit import remember, stamps_of_update
from .books import Books
from .calendar import require_open
from .checks import missing, require_active, require_fields, require_references
from .entities import base_currency, cents, entity_of, exchange_rate, require_currency
from .postings import DRAFT, POSTED, Line
from .refusals import invalid_reference, no_account, refused

_OWN_MODULE = "2.GL"
_DIMENSION_FLAGS = {
    "DEPARTMENT": "REQUIREDEPT", "PROJECTID": "REQUIREPROJECT", "TASKKEY": "REQUIRETASK",
    "CUSTOMERID": "REQUIRECUSTOMER", "VENDORID": "REQUIREVENDOR", "EMPLOYEEID": "REQUIREEMPLOYEE",
    "ITEMID": "REQUIREITEM", "CLASSID": "REQUIRECLASS", "WAREHOUSEID": "REQUIREWAREHOUSE",
    "GLDIMCHANNEL": "REQUIREGLDIMCHANNEL",
}  # fmt: skip


def create(books: Books, record: Mapping[str, Any]) -> int:
    """Enter a journal entry with its lines under ENTRIES and return its record number.

    It is posted unless its STATE is Draft, or somebody has to approve it first.
    """
    definition = books.definition("GLBATCH")
    header = {name: value for name, value in record.items() if name in definition.fields}
    header["STATE"] = _state(books, header.get("STATE") or POSTED, None)
    require_fields(books, definition, header)
    require_references(books, definition, header)
    lines = _checked(books, header, record.get("ENTRIES") or ())
    key = postings.enter(books, header, lines)
    approvals.note_submission(books, approvals.ENTRY, key, header["STATE"])
    remember(books, definition, {**header, "RECORDNO": key}, "Create")
    _reverse_later(books, {**header, "RECORDNO": key}, lines)
    return key


def update(books: Books, current: Record, changes: Mapping[str, Any]) -> None:
    """Change a journal entry: named header fields only; ENTRIES, when given, replace all lines."""
    definition = books.definition("GLBATCH")
    _require_own(current)
    approvals.require_decided(books, approvals.ENTRY, current)
    _require_open_if_posted(books, current)
    header = {**current, **{name: value for name, value in changes.items() if name in definition.fields}}
    header["JOURNAL"] = current["JOURNAL"]
    header["STATE"] = _state(books, changes.get("STATE"), current["STATE"])
    require_fields(books, definition, header)
    require_references(books, definition, header)
    entries = changes.get("ENTRIES")
    if entries is None:
        entries = _entries_again(books, current)
    _remove_reversal(books, current)
    lines = _checked(books, header, entries)
    header |= stamps_of_update(books, definition, changes) | {"REVERSED": None, "REVERSEDKEY": None}
    postings.remove_lines(books, current["RECORDNO"])
    write(books.db, definition, current["RECORDNO"], header)
    postings.write_lines(books, header, lines)
    approvals.note_submission(books, approvals.ENTRY, header["RECORDNO"], header["STATE"])
    remember(books, definition, header, "Modify")
    _reverse_later(books, header, lines)


def post_approved(books: Books, current: Record) -> None:
    """Post a journal entry that its last approver has approved, and enter its automatic reversal."""
    require_open(books, current["BATCH_DATE"])
    header = {**current, "STATE": POSTED}
    write(books.db, books.definition("GLBATCH"), current["RECORDNO"], {"STATE": POSTED})
    keys = [entry["RECORDNO"] for entry in _entries_again(books, current)]
    lines = postings.posted_lines(books, current["RECORDNO"])
    postings.post_lines(books, header, keys, lines)
    _reverse_later(books, header, lines)


def delete(books: Books, current: Record) -> None:
    """Delete a journal entry of an open period with all that it posted, its automatic reversal included."""
    _require_own(current)
    approvals.require_deletable(books, approvals.ENTRY, current)
    approvals.forget(books, "GLBATCH", current["RECORDNO"])
    _require_open_if_posted(books, current)
    _remove_reversal(books, current)
    original = current.get("REVERSEDFROM")
    if original is not None:
        write(
            books.db,
            books.definition("GLBATCH"),
            original,
            {"REVERSED": None, "REVERSEDKEY": None, "REVERSEDATE": None},
        )
    postings.remove(books, current["RECORDNO"])
    remember(books, books.definition("GLBATCH"), current, "Delete")


def _checked(books: Books, header: Record, entries: Sequence[Mapping[str, Any]]) -> list[Line]:
    """Return the lines of a journal entry after every rule has been held against them."""
    journal = require_active(books, "GLJOURNAL", header["JOURNAL"])
    statistical = bool(journal["STATISTICAL"])
    _require_dates(books, header)
    if not entries:
        raise missing(books, "Entries")
    if len(entries) < 2 and not statistical:
        raise refused("A journal entry needs at least two lines, a debit and a credit.")
    lines: list[Line] = []
    for number, entry in enumerate(entries, start=1):
        lines.extend(_lines(books, entry, header["BATCH_DATE"], number, statistical=statistical))
    if statistical:
        return lines
    source = header.get("BASELOCATION_NO")
    postings.require_balance(books, lines, entity_of(books, source) if source else None)
    return postings.settled(lines)


def _require_dates(books: Books, header: Record) -> None:
    if header["STATE"] != DRAFT:
        require_open(books, header["BATCH_DATE"])
    reverse_on = header.get("REVERSEDATE")
    if reverse_on is not None:
        if reverse_on <= header["BATCH_DATE"]:
            raise refused("The reverse date must be later than the posting date.")
        require_open(books, reverse_on)


def _lines(books: Books, entry: Mapping[str, Any], day: date, number: int, *, statistical: bool) -> list[Line]:
    """Return the line of an entry, or one line for each of its splits."""
    if entry.get("TR_TYPE") not in (1, -1):
        raise refused("TR_TYPE must be 1 (debit) or -1 (credit).")
    amount = entry.get("TRX_AMOUNT") if entry.get("TRX_AMOUNT") is not None else entry.get("AMOUNT")
    if amount is None:
        raise missing(books, "Transaction amount")
    if amount < 0:
        raise refused("The transaction amount is absolute; TR_TYPE says debit or credit.")
    splits = _splits(books, entry, cents(amount))
    return [
        _line(
            books,
            {**entry, **split},
            entry["TR_TYPE"] * cents(split["TRX_AMOUNT"]),
            day,
            number,
            statistical=statistical,
        )
        for split in splits
    ]


def _splits(books: Books, entry: Mapping[str, Any], amount: Decimal) -> list[Record]:
    """Return what each part of the line overrides: one part, or the parts of a named or a custom allocation."""
    allocation, splits = entry.get("ALLOCATION"), entry.get("SPLIT")
    if not allocation and not splits:
        return [{"TRX_AMOUNT": amount}]
    if allocation and allocation != "Custom":
        none = dict.fromkeys(("LOCATION", "DEPARTMENT", "TASKID", *postings.DIMENSIONS))
        return [{**none, **_placed(part)} for part in allocations.split(books, allocation, amount)]
    if not allocation:
        raise invalid_reference("Allocation", "")
    if not splits:
        raise missing(books, "Split")
    parts = []
    for split in splits:
        part = _placed(split)
        part["TRX_AMOUNT"] = cents(split.get("AMOUNT") or Decimal(0))
        parts.append({name: value for name, value in part.items() if value is not None})
    if any(part["TRX_AMOUNT"] < 0 for part in parts):
        raise refused("A split amount is absolute: it cannot be negative.")
    total = sum((part["TRX_AMOUNT"] for part in parts), Decimal(0))
    if total != amount:
        raise refused(f"The split amounts add up to {total}, the transaction amount is {amount}.")
    return parts


def _placed(part: Mapping[str, Any]) -> Record:
    """Return a part under a journal line's own names: LOCATION and DEPARTMENT."""
    return {"LOCATION": part.get("LOCATIONID"), "DEPARTMENT": part.get("DEPARTMENTID"), **part}


def _line(
    books: Books, entry: Mapping[str, Any], amount: Decimal, day: date, number: int, *, statistical: bool
) -> Line:
    if not entry.get("ACCOUNTNO"):
        raise no_account(number)
    account = _account(books, entry["ACCOUNTNO"], statistical=statistical)
    location = entry.get("LOCATION") or books.entity
    if not location:
        raise refused("Use of empty Location is invalid. A valid Multi-Entity Location must be specified.")
    entity = entity_of(books, location)
    if books.entity and entity != books.entity:
        raise invalid_reference("Location", location)
    dimensions = line_dimensions(books, entry)
    _require_dimensions(books, account, {**dimensions, "DEPARTMENT": entry.get("DEPARTMENT")})
    details = {"ALLOCATION": entry.get("ALLOCATION"), "STATISTICAL": statistical, "BILLABLE": entry.get("BILLABLE")}
    common: dict[str, Any] = {
        "account": account["ACCOUNTNO"],
        "amount": amount,
        "entity": entity,
        "location": location,
        "department": entry.get("DEPARTMENT"),
        "dimensions": dimensions,
        "memo": entry.get("DESCRIPTION"),
        "document": entry.get("DOCUMENT"),
    }
    if statistical:
        return Line(**common, base=amount, currency=None, base_currency=None, details=details)
    base = base_currency(books, entity)
    currency = entry.get("CURRENCY") or base
    rate = _rate(books, entry, currency, base, day)
    details |= {name: entry.get(name) for name in ("EXCH_RATE_DATE", "EXCH_RATE_TYPE_ID")}
    return Line(**common, base=cents(amount * rate), currency=currency, base_currency=base, rate=rate, details=details)


def line_dimensions(books: Books, line: Mapping[str, Any]) -> Record:
    """Return the dimensions of a line after checking that each exists and is active; a task is found in its project."""
    values = dict(line)
    if values.get("TASKID"):
        project = values.get("PROJECTID")
        task = books.first("TASK", PROJECTID=project, TASKID=values["TASKID"]) if project else None
        if task is None:
            raise invalid_reference("Task", values["TASKID"])
        values["TASKKEY"] = task["RECORDNO"]
    definition = books.definition("GLENTRY")
    found = postings.dimensions_of(values)
    for relationship in definition.relationships.values():
        if relationship.by in found:
            target = books.definition(relationship.object)
            if relationship.to == target.name_key:
                require_active(books, relationship.object, found[relationship.by])
            elif books.first(relationship.object, **{relationship.to: found[relationship.by]}) is None:
                raise invalid_reference(target.label, found[relationship.by])
    if values.get("DEPARTMENT") or values.get("DEPARTMENTID"):
        require_active(books, "DEPARTMENT", values.get("DEPARTMENT") or values.get("DEPARTMENTID"))
    return found


def _account(books: Books, number: str, *, statistical: bool) -> Record:
    account = require_active(books, "STATACCOUNT" if statistical else "GLACCOUNT", number)
    if account["SUBLEDGERCONTROLON"]:
        raise refused(f"Account '{number}' does not allow direct posting.")
    return account


def _require_dimensions(books: Books, account: Record, given: Mapping[str, Any]) -> None:
    for name, flag in _DIMENSION_FLAGS.items():
        if account.get(flag) and not given.get(name):
            raise missing(books, name.removesuffix("ID").capitalize())


def _rate(books: Books, entry: Mapping[str, Any], currency: str, base: str, day: date) -> Decimal:
    if currency == base:
        return Decimal(1)
    require_currency(books, currency)
    if entry.get("EXCHANGE_RATE"):
        return Decimal(entry["EXCHANGE_RATE"])
    if not entry.get("EXCH_RATE_TYPE_ID"):
        raise missing(books, "Exchange rate type")
    return exchange_rate(books, entry["EXCH_RATE_TYPE_ID"], currency, base, entry.get("EXCH_RATE_DATE") or day)


def _state(books: Books, asked: str | None, present: str | None) -> str:
    """Return the state in which an entry lands: what was asked for, or where approval holds it."""
    if asked not in (None, DRAFT, POSTED):
        raise refused("A journal entry can be entered as Draft or Posted.")
    if present == POSTED and asked == DRAFT:
        raise refused("A posted journal entry cannot become a draft.")
    if present == POSTED:
        return approvals.landing_after_edit(books, approvals.ENTRY)
    if asked == POSTED:
        return approvals.landing(books, approvals.ENTRY)
    return asked or present or POSTED


def _require_own(current: Record) -> None:
    if current["MODULE"] != _OWN_MODULE:
        raise refused("This journal entry was posted by a subledger; change the transaction it comes from.")


def _require_open_if_posted(books: Books, current: Record) -> None:
    if current["STATE"] == POSTED:
        require_open(books, current["BATCH_DATE"])


def _reverse_later(books: Books, header: Record, lines: Sequence[Line]) -> None:
    """Enter the automatic reversal of a posted entry that has a reverse date."""
    reverse_on = header.get("REVERSEDATE")
    if reverse_on is None or header["STATE"] != POSTED:
        return
    reversal = {
        "JOURNAL": header["JOURNAL"],
        "BATCH_DATE": reverse_on,
        "BATCH_TITLE": f"Reversed - {header['BATCH_TITLE']}"[:80],
        "REFERENCENO": header.get("REFERENCENO"),
        "BASELOCATION_NO": header.get("BASELOCATION_NO"),
        "REVERSEDFROM": header["RECORDNO"],
    }
    key = postings.enter(books, reversal, postings.flipped(lines))
    definition = books.definition("GLBATCH")
    remember(books, definition, {**reversal, "RECORDNO": key}, "Create")
    write(books.db, definition, header["RECORDNO"], {"REVERSED": reverse_on, "REVERSEDKEY": key})


def _remove_reversal(books: Books, current: Record) -> None:
    reversal = books.first("GLBATCH", REVERSEDFROM=current["RECORDNO"])
    if reversal is not None:
        require_open(books, reversal["BATCH_DATE"])
        postings.remove(books, reversal["RECORDNO"])
        remember(books, books.definition("GLBATCH"), reversal, "Delete")


def _entries_again(books: Books, current: Record) -> list[Record]:
    """Return the present lines as if they had been given again; custom splits are lines of their own by now."""
    entries = sorted(books.find("GLENTRY", BATCHNO=current["RECORDNO"]), key=lambda entry: entry["LINE_NO"])
    return [{**entry, "ALLOCATION": None} for entry in entries]
