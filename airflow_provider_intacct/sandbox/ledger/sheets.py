"""Records with lines that post nothing to the ledger: timesheets and warehouse transfers.

Source: developer.intacct.com, Timesheets, Warehouse transfers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from airflow_provider_intacct.sandbox.catalog import ObjectDefinition
from airflow_provider_intacct.sandbox.records import Record, insert
from airflow_provider_intacct.sandbox.records import delete as erase
from airflow_provider_intacct.sandbox.records import update as write
from airflow_provider_intacct.sandbox.store import next_number

from . import approvals
from .approvals import Workflow
from .audit import remember, stamps_of_change, stamps_of_creation, stamps_of_update
from .books import Books
from .checks import missing, require_active, require_fields, require_references
from .journals import line_dimensions
from .refusals import no_record, refused


@dataclass(frozen=True, slots=True)
class Sheet:
    """A kind of such record: its lines, and `settle`, which checks header and lines as a whole and completes them.

    `open` are the states in which it can be changed and deleted, as stored codes.
    """

    object: str
    items: str
    container: str
    parent: str
    settle: Callable[[Books, Record, list[Record]], None]
    open: frozenset[str]
    workflow: Workflow | None = None


def create(books: Books, sheet: Sheet, record: Mapping[str, Any]) -> int:
    """Enter a record with its lines and return its record number."""
    definition = books.definition(sheet.object)
    header, lines = _checked(books, sheet, record, record.get(sheet.container) or ())
    header |= {"MEGAENTITYID": books.entity, **stamps_of_creation(books, definition)}
    header["RECORDNO"] = insert(books.db, definition, header)
    _write_lines(books, sheet, header["RECORDNO"], lines)
    if sheet.workflow:
        approvals.note_submission(books, sheet.workflow, header["RECORDNO"], header["STATE"])
    remember(books, definition, header, "Create")
    return int(header["RECORDNO"])


def update(books: Books, sheet: Sheet, current: Record, changes: Mapping[str, Any]) -> None:
    """Change a record that is still open: named header fields only; lines, when given, replace all lines."""
    definition = books.definition(sheet.object)
    _require_open(sheet, definition, current, "changed")
    given = changes.get(sheet.container)
    lines = _lines_of(books, sheet, current["RECORDNO"]) if given is None else given
    header, lines = _checked(books, sheet, {**current, **changes}, lines)
    header |= stamps_of_update(books, definition, changes) or stamps_of_change(books, definition)
    write(books.db, definition, current["RECORDNO"], header)
    _write_lines(books, sheet, current["RECORDNO"], lines)
    if sheet.workflow:
        approvals.note_submission(books, sheet.workflow, current["RECORDNO"], header["STATE"])
    remember(books, definition, current, "Modify")


def delete(books: Books, sheet: Sheet, current: Record) -> None:
    """Delete a record that is still open, with its lines."""
    definition = books.definition(sheet.object)
    _require_open(sheet, definition, current, "deleted")
    _erase_lines(books, sheet, current["RECORDNO"])
    erase(books.db, definition, current["RECORDNO"])
    remember(books, definition, current, "Delete")


def decide_entries(books: Books, current: Record, keys: Sequence[int], verdict: str) -> str:
    """Approve (A) or decline (R) entries of a timesheet, all where none is named; return the state it comes to."""
    lines = _lines_of(books, TIMESHEET, current["RECORDNO"])
    unknown = set(keys) - {line["RECORDNO"] for line in lines}
    if unknown:
        raise no_record(min(unknown))
    for line in lines:
        if not keys or line["RECORDNO"] in keys:
            line["STATE"] = verdict
            write(books.db, books.definition(TIMESHEET.items), line["RECORDNO"], {"STATE": verdict})
    states = {line["STATE"] for line in lines}
    state = states.pop() if len(states) == 1 else "E" if "R" in states else "X"
    write(books.db, books.definition(TIMESHEET.object), current["RECORDNO"], {"STATE": state})
    return state


def _checked(
    books: Books, sheet: Sheet, record: Mapping[str, Any], given: Sequence[Mapping[str, Any]]
) -> tuple[Record, list[Record]]:
    definition = books.definition(sheet.object)
    header = {**_stored(definition, record), "ACTION": record.get("ACTION")}
    require_fields(books, definition, header)
    require_references(books, definition, header)
    if not given:
        raise missing(books, sheet.container)
    lines = [_line(books, books.definition(sheet.items), line) for line in given]
    sheet.settle(books, header, lines)
    del header["ACTION"]
    return header, lines


def _line(books: Books, definition: ObjectDefinition, line: Mapping[str, Any]) -> Record:
    values = _stored(definition, line)
    require_fields(books, definition, values)
    if values.get("LOCATIONID"):
        require_active(books, "LOCATION", values["LOCATIONID"])
    return values | line_dimensions(books, line)


def _write_lines(books: Books, sheet: Sheet, key: int, lines: Sequence[Record]) -> None:
    _erase_lines(books, sheet, key)
    definition = books.definition(sheet.items)
    for number, line in enumerate(lines, start=1):
        own = {sheet.parent: key, "LINENO": number, "RECORDNO": None}
        insert(books.db, definition, {**line, **stamps_of_creation(books, definition), **own})


def _lines_of(books: Books, sheet: Sheet, key: int) -> list[Record]:
    return sorted(books.find(sheet.items, **{sheet.parent: key}), key=lambda line: line["LINENO"])


def _erase_lines(books: Books, sheet: Sheet, key: int) -> None:
    for line in _lines_of(books, sheet, key):
        erase(books.db, books.definition(sheet.items), line["RECORDNO"])


def _require_open(sheet: Sheet, definition: ObjectDefinition, current: Record, done: str) -> None:
    if current["STATE"] not in sheet.open:
        state = definition.fields["STATE"].value_label(current["STATE"])
        raise refused(f"{definition.label} {current['RECORDNO']} is {state} and cannot be {done}.")


def _stored(definition: ObjectDefinition, record: Mapping[str, Any]) -> Record:
    fields = definition.fields
    return {name: value for name, value in record.items() if name in fields and fields[name].stored}


def _settle_timesheet(books: Books, header: Record, lines: list[Record]) -> None:
    require_active(books, "EMPLOYEE", header["EMPLOYEEID"])
    header["STATE"] = header.get("STATE") or "I"
    if header["STATE"] not in ("I", "S", "V", "R", "E"):
        raise refused("A timesheet can be entered as Draft or Submitted.")
    if header["STATE"] == "S":
        header["STATE"] = approvals.landing(books, approvals.TIMESHEET)
    header["ENDDATE"] = header["BEGINDATE"] + timedelta(days=6)
    header["HOURS"] = sum((line["QTY"] for line in lines), Decimal(0))
    for line in lines:
        line["STATE"] = header["STATE"]
        if line["ENTRYDATE"] < header["BEGINDATE"]:
            raise refused(f"The entry date {line['ENTRYDATE']:%m/%d/%Y} is before the timesheet begins.")


def _settle_transfer(books: Books, header: Record, lines: list[Record]) -> None:
    action = header["ACTION"] or "Post"
    if action not in ("Post", "Draft"):
        raise refused(f"ACTION must be Post or Draft, not '{action}'.")
    header["STATE"] = "Draft" if action == "Draft" else "Posted"
    header["TRANSFERTYPE"] = header.get("TRANSFERTYPE") or "Immediate"
    header["DOCNO"] = header.get("DOCNO") or f"WT-{next_number(books.db, 'ICTRANSFER DOCNO'):05d}"
    pairs = zip(lines[::2], lines[1::2], strict=False)
    same = all(
        (out["IN_OUT"], into["IN_OUT"]) == ("O", "I")
        and (out["ITEMID"], out["QUANTITY"]) == (into["ITEMID"], into["QUANTITY"])
        for out, into in pairs
    )
    if len(lines) % 2 or not same:
        raise refused("The lines of a warehouse transfer are pairs: out (O), then in (I), of one item and quantity.")
    for out, into in zip(lines[::2], lines[1::2], strict=True):
        if out["WAREHOUSEID"] == into["WAREHOUSEID"]:
            raise refused(f"Item '{out['ITEMID']}' is transferred to the warehouse it comes from.")


TIMESHEET = Sheet(
    "TIMESHEET", "TIMESHEETENTRY", "TIMESHEETENTRIES", "TIMESHEETKEY", _settle_timesheet,
    frozenset({"I", "V", "R", "E"}), approvals.TIMESHEET,
)  # fmt: skip
WAREHOUSE_TRANSFER = Sheet(
    "ICTRANSFER", "ICTRANSFERITEM", "ICTRANSFERITEMS", "TRANSFERKEY", _settle_transfer, frozenset({"Draft"})
)
