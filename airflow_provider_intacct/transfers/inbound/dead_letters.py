"""The rows of the records that were not posted, in the format they came in, with what is wrong with them beside.

Mended, the file is fed back as it is. Of the columns that begin with `_intacct_`, `_intacct_record` tells records
apart, and what nothing else names, or `_intacct_status` calls in doubt, is posted under it: once, however often, and by
whom, it is fed back.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_intacct.client.errors import InvalidRequestError
from airflow_provider_intacct.client.posting.identity import Scope, content_digest, control_id
from airflow_provider_intacct.transfers.inbound.rows import ERROR_PREFIX, IN_DOUBT, RECORD, STATUS, beyond_json

if TYPE_CHECKING:
    from airflow_provider_intacct.transfers.folder import Folder, StagedFile
    from airflow_provider_intacct.transfers.inbound.spool import Group, Spool

NAME = "dead-letters"
ADDED = (f"{ERROR_PREFIX}file", f"{ERROR_PREFIX}row", STATUS, f"{ERROR_PREFIX}error", RECORD)
ROWS_AT_A_TIME = 1000
Values = Mapping[str, Any]


class Style(Protocol):
    """How the source writes rows."""

    format: str

    def write(self, sink: StagedFile, columns: Sequence[str], rows: Iterator[Values]) -> None:
        """Write all rows."""


class JsonLines:
    """JSON lines: numbers stay numbers, digit for digit; dates are ISO 8601."""

    format = "jsonl"

    def write(self, sink: StagedFile, columns: Sequence[str], rows: Iterator[Values]) -> None:
        """Write all rows, each with the columns it has."""
        import orjson

        def exact(value: Any) -> Any:
            return orjson.Fragment(format(value, "f")) if isinstance(value, Decimal) else str(value)

        for row in rows:
            large = {name: orjson.Fragment(str(value)) for name, value in row.items() if beyond_json(value)}
            sink.write(orjson.dumps({**row, **large}, default=exact, option=orjson.OPT_APPEND_NEWLINE))


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

        try:
            source = pa.unify_schemas([schema.remove_metadata() for schema in self._schemas])
        except pa.ArrowException as error:
            raise InvalidRequestError(
                f"The files have the same column in different types, so their dead letters are not one file: {error}. "
                "Load them one by one."
            ) from error
        types = {name: pa.string() for name in ADDED} | {ADDED[1]: pa.int64()}
        fields = [field for field in source if field.name not in ADDED]
        schema = pa.schema([*fields, *(pa.field(name, kind) for name, kind in types.items())])
        with ParquetWriter(sink, schema) as file:
            while page := list(islice(rows, ROWS_AT_A_TIME)):
                file.write_table(pa.Table.from_pylist(page, schema))


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
                told = (group.file, number, status, group.problem, group.control_id or letter or own)
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
