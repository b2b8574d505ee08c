"""The rows of the records that were not posted, in the format they came in, with what is wrong with them beside.

Mended, the file is fed back as it is. Of the columns that begin with `_intacct_`, `_intacct_record` tells records
apart, and what nothing else names, or `_intacct_status` calls in doubt, is posted under it: once, however often, and by
whom, it is fed back. A row that could not be read has its text in `_intacct_text`, and is refused until that is empty:
what could be told of its cells may be wrong.
"""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_intacct.client.posting.identity import Scope, content_digest, control_id
from airflow_provider_intacct.transfers.inbound.rows import ERROR_PREFIX, IN_DOUBT, RECORD, STATUS, UNREAD, beyond_json

if TYPE_CHECKING:
    from airflow_provider_intacct.transfers.folder import Folder, StagedFile
    from airflow_provider_intacct.transfers.inbound.spool import Group, Spool

NAME = "dead-letters"
ADDED = (f"{ERROR_PREFIX}file", f"{ERROR_PREFIX}row", STATUS, f"{ERROR_PREFIX}error", RECORD, UNREAD)
ROWS_AT_A_TIME = 1000
BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
Values = Mapping[str, Any]


class Style(Protocol):
    """How the source writes rows."""

    format: str

    def write(self, sink: StagedFile, columns: Sequence[str], rows: Iterator[Values]) -> None:
        """Write all rows."""


class JsonLines:
    """JSON lines in the encoding of the source: numbers stay numbers, digit for digit; dates are ISO 8601."""

    format = "jsonl"

    def __init__(self, encoding: str = "utf-8") -> None:
        self._encoding = codecs.lookup(encoding).name

    def write(self, sink: StagedFile, columns: Sequence[str], rows: Iterator[Values]) -> None:
        """Write all rows, each with all columns: which ones there are is told by the rows."""
        import orjson

        encoder = codecs.getincrementalencoder(self._encoding)()
        for row in rows:
            entries = {name: _exact(value) for name, value in {**dict.fromkeys(columns), **row}.items()}
            line = orjson.dumps(entries, default=str, option=orjson.OPT_APPEND_NEWLINE)
            if self._encoding != "utf-8":  # plain ASCII, with escapes, is what every encoding has
                line = encoder.encode(BEYOND_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], line.decode()))
            sink.write(line)


def _exact(value: Any) -> Any:
    """Return what is written for a value in JSON, in which there are no numbers that are none."""
    import orjson

    match value:
        case dict():
            return {name: _exact(item) for name, item in value.items()}
        case list():
            return [_exact(item) for item in value]
        case Decimal() if value.is_finite():
            return orjson.Fragment(format(value, "f"))
        case int() if beyond_json(value):
            return orjson.Fragment(str(value))
        case float() if beyond_json(value):
            return str(value)
    return value


class Csv:
    """CSV with the delimiter and the encoding of the source."""

    format = "csv"

    def __init__(self, delimiter: str, encoding: str) -> None:
        self._delimiter, self._encoding = delimiter, encoding

    def write(self, sink: StagedFile, columns: Sequence[str], rows: Iterator[Values]) -> None:
        """Write a header and all rows."""
        lines: list[str] = []
        encoder = codecs.getincrementalencoder(self._encoding)("backslashreplace")  # a byte order mark stands once
        writer = csv.writer(SimpleNamespace(write=lines.append), delimiter=self._delimiter)
        writer.writerow(columns)
        for row in rows:
            writer.writerow(["" if (value := row.get(name)) is None else value for name in columns])
            sink.write(encoder.encode("".join(lines)))
            lines.clear()
        sink.write(encoder.encode("".join(lines), final=True))


class Parquet:
    """Parquet with the columns and types of the source."""

    format = "parquet"

    def __init__(self, schemas: Sequence[Any]) -> None:
        self._schemas = schemas

    def write(self, sink: StagedFile, columns: Sequence[str], rows: Iterator[Values]) -> None:
        """Write all rows."""
        import pyarrow as pa
        from pyarrow.parquet import ParquetWriter

        kinds = self._kinds() | dict.fromkeys(ADDED, pa.string()) | {ADDED[1]: pa.int64()}
        schema = pa.schema([(name, kinds[name]) for name in columns])
        texts = [name for name in columns if kinds[name] == pa.string()]
        with ParquetWriter(sink, schema) as file:
            while page := list(islice(rows, ROWS_AT_A_TIME)):
                told = [{**row, **{name: _text(row.get(name)) for name in texts}} for row in page]
                file.write_table(pa.Table.from_pylist(told, schema))

    def _kinds(self) -> dict[str, Any]:
        """Return the type of each column: text where the files differ, or where its values wait on disk as text."""
        import pyarrow as pa

        kinds: dict[str, Any] = {}
        for field in (field for schema in self._schemas for field in schema):
            kind = pa.string() if _waits_as_text(field.type) else field.type
            known = kinds.setdefault(field.name, kind)
            if pa.types.is_null(known):
                kinds[field.name] = kind
            elif not (kind == known or pa.types.is_null(kind)):
                kinds[field.name] = pa.string()
        return kinds


def _waits_as_text(kind: Any) -> bool:
    """Whether values of a type of Arrow's are not what they were when they come back from the disk."""
    from pyarrow import BaseExtensionType, types

    asked = (types.is_time, types.is_duration, types.is_interval, types.is_map)
    return (
        isinstance(kind, BaseExtensionType)
        or any(asks(kind) for asks in asked)
        or any(_waits_as_text(kind.field(number).type) for number in range(kind.num_fields))
    )


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)


def write_dead_letters(folder: Folder, spool: Spool, style: Style, run: Scope) -> tuple[str, int]:
    """Write the rows of all records with a status; return the file's name and how many rows, or "" and none.

    `run` is the scope within which records are named that have no name of their own.
    """
    name = f"{NAME}.{style.format}"
    groups = spool.groups(unbooked=True)
    first = next(groups, None)
    if first is None:
        folder.remove(name)
        return "", 0
    counted = SimpleNamespace(rows=0)

    def rows() -> Iterator[Values]:
        for group in _chained(first, groups):
            own = _record(group, spool, run)
            status = IN_DOUBT if group.doubtful else group.status  # it may be booked, whatever was refused since
            for number, row, letter in zip(group.numbers, group.rows, group.letters, strict=True):
                counted.rows += 1
                called = group.control_id or letter or own
                told = (group.file, number, status, group.problem, called, row.get(UNREAD))
                yield {**row, **dict(zip(ADDED, told, strict=True))}

    staged = folder.stage()
    style.write(staged, [*spool.columns, *ADDED], rows())
    staged.close()
    folder.place(staged, name)
    return name, counted.rows


def _record(group: Group, spool: Spool, run: Scope) -> str:
    """Return what tells the record of a group from all others, the same on every try; "" if that cannot be told.

    Of a record that was sent it is the control id it was sent under: fed back under it, it is not booked a second time.
    """
    if group.loose:
        return ""
    if known := group.control_id or group.letter:
        return known
    content = content_digest({"row": list(group.rows)}, kind="rows")
    return control_id(run, f"rows {content} {spool.ordinal(group.id, content)}")


def _chained(first: Group, rest: Iterable[Group]) -> Iterator[Group]:
    yield first
    yield from rest
