"""Named allocations: how an amount is split over places and dimensions, and entering them with their lines.

Source: developer.intacct.com, General Ledger > Transaction allocations.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from airflow_provider_intacct.sandbox.records import Record, insert
from airflow_provider_intacct.sandbox.records import delete as erase

from . import masters
from .audit import stamps_of_creation
from .books import Books
from .checks import missing, require_active, require_references
from .entities import cents
from .postings import DIMENSIONS
from .refusals import refused

_CONTAINER = "ALLOCATIONENTRIES"
_ABSOLUTE, _OVER_UNDER = "Absolute", "Fixed amount with over/under logic"
_WHOLE = Decimal(100)


def create(books: Books, record: Mapping[str, Any]) -> int:
    """Enter an allocation with its lines and return its record number."""
    header = {"TYPE": "Percentage", **{name: value for name, value in record.items() if value is not None}}
    entries = _entries(books, str(header["TYPE"]), record.get(_CONTAINER) or ())
    key = masters.create(books, books.definition("ALLOCATION"), header)
    _write(books, key, entries)
    return key


def update(books: Books, current: Record, changes: Mapping[str, Any]) -> None:
    """Change an allocation; its lines, when given, are replaced as a whole."""
    given = changes.get(_CONTAINER)
    kind = str(changes.get("TYPE") or current["TYPE"])
    entries = _entries(books, kind, _lines(books, current["RECORDNO"]) if given is None else given)
    masters.update(books, books.definition("ALLOCATION"), current, changes)
    _erase(books, current["RECORDNO"])
    _write(books, current["RECORDNO"], entries)


def delete(books: Books, current: Record) -> None:
    """Delete an allocation with its lines."""
    masters.delete(books, books.definition("ALLOCATION"), current)
    _erase(books, current["RECORDNO"])


def split(books: Books, name: str, amount: Decimal) -> list[Record]:
    """Return the parts of an amount: what each says of place and dimensions, and its `TRX_AMOUNT`.

    Fixed amounts come first, as far as the amount reaches; percentages share what is left, the last takes the cents.
    """
    allocation = require_active(books, "ALLOCATION", name)
    lines = _lines(books, allocation["RECORDNO"])
    fixed = [line for line in lines if line["VALUETYPE"] == "Amount"]
    shares = [line for line in lines if line["VALUETYPE"] == "Percent"]
    sign, left = (-1 if amount < 0 else 1), abs(amount)
    parts = []
    for line in fixed:
        part = min(cents(line["VALUE"]), left)
        left -= part
        parts.append((line, part))
    if left and not shares:
        raise refused(f"The amounts of allocation '{name}' leave {left} of the transaction amount unallocated.")
    rest = left
    for number, line in enumerate(shares, start=1):
        part = rest if number == len(shares) else cents(left * line["VALUE"] / _WHOLE)
        rest -= part
        parts.append((line, part))
    return [{**_places(line), "TRX_AMOUNT": sign * part} for line, part in parts if part]


def _places(line: Record) -> Record:
    return {name: line[name] for name in ("LOCATIONID", "DEPARTMENTID", *DIMENSIONS) if line[name] is not None}


def _entries(books: Books, kind: str, given: Sequence[Mapping[str, Any]]) -> list[Record]:
    """Return the lines of an allocation after every rule has been held against them."""
    if not given:
        raise missing(books, "Allocation entries")
    definition = books.definition("ALLOCATIONENTRY")
    default = "Amount" if kind == _ABSOLUTE else "Percent"
    entries = []
    for number, entry in enumerate(given, start=1):
        values = {
            name: value
            for name, value in entry.items()
            if name in definition.fields and definition.fields[name].stored and name != "RECORDNO"
        }
        values["VALUETYPE"] = values.get("VALUETYPE") or (None if kind == _OVER_UNDER else default)
        if values["VALUETYPE"] is None:
            raise missing(books, "Value type")
        if values.get("VALUE") is None:
            raise missing(books, "Value")
        if values["VALUE"] <= 0 or (kind != _OVER_UNDER and values["VALUETYPE"] != default):
            raise refused(f"Line {number} of a {kind} allocation needs a positive {default.lower()}.")
        require_references(books, definition, values)
        entries.append({**values, "LINE_NO": number})
    _require_order_and_sum(kind, entries)
    return entries


def _require_order_and_sum(kind: str, entries: Sequence[Record]) -> None:
    types = [entry["VALUETYPE"] for entry in entries]
    if types != sorted(types):
        raise refused("Allocation entries for amounts must come before entries for percentages.")
    total = sum((entry["VALUE"] for entry in entries if entry["VALUETYPE"] == "Percent"), Decimal(0))
    if kind != _ABSOLUTE and total != _WHOLE:
        raise refused(f"The percentages of an allocation must add up to 100, not {total.normalize():f}.")


def _lines(books: Books, key: int) -> list[Record]:
    return sorted(books.find("ALLOCATIONENTRY", ALLOCATIONKEY=key), key=lambda line: line["LINE_NO"])


def _write(books: Books, key: int, entries: Sequence[Record]) -> None:
    definition = books.definition("ALLOCATIONENTRY")
    for entry in entries:
        insert(books.db, definition, {**entry, **stamps_of_creation(books, definition), "ALLOCATIONKEY": key})


def _erase(books: Books, key: int) -> None:
    for line in _lines(books, key):
        erase(books.db, books.definition("ALLOCATIONENTRY"), line["RECORDNO"])
