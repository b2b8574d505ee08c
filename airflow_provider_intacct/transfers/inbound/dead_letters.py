"""The rows of the records that were not posted, in the format they came in, with what is wrong with them beside.

Mended, the file is fed back as it is: whoever reads rows leaves out the columns that begin with `_intacct_`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_intacct.client.errors import InvalidRequestError
from airflow_provider_intacct.transfers.inbound.rows import ERROR_PREFIX

if TYPE_CHECKING:
    from airflow_provider_intacct.transfers.folder import Folder, StagedFile
    from airflow_provider_intacct.transfers.inbound.spool import Group, Spool

NAME = "dead-letters"
ADDED = tuple(f"{ERROR_PREFIX}{name}" for name in ("file", "row", "status", "error"))
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
            sink.write(orjson.dumps(dict(row), default=exact, option=orjson.OPT_APPEND_NEWLINE))


class Csv:
    """CSV with the delimiter and the encoding of the source."""

    format = "csv"

    def __init__(self, delimiter: str, encoding: str) -> None:
        self._delimiter, self._encoding = delimiter, encoding

    def write(self, sink: StagedFile, columns: Sequence[str], rows: Iterator[Values]) -> None:
        """Write a header and all rows."""
        lines: list[str] = []
        writer = csv.writer(SimpleNamespace(write=lines.append), delimiter=self._delimiter)
        writer.writerow(columns)
        for row in rows:
            writer.writerow(["" if (value := row.get(name)) is None else value for name in columns])
            sink.write("".join(lines).encode(self._encoding, "backslashreplace"))
            lines.clear()
        sink.write("".join(lines).encode(self._encoding))


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


def write_dead_letters(folder: Folder, spool: Spool, style: Style) -> tuple[str, int]:
    """Write the rows of all records with a status; return the file's name and how many rows, or "" and none."""
    name = f"{NAME}.{style.format}"
    groups = spool.groups(unbooked=True)
    first = next(groups, None)
    if first is None:
        folder.remove(name)
        return "", 0
    counted = SimpleNamespace(rows=0)

    def rows() -> Iterator[Values]:
        for group in _chained(first, groups):
            for number, row in zip(group.numbers, group.rows, strict=True):
                counted.rows += 1
                yield {**row, **dict(zip(ADDED, (group.file, number, group.status, group.problem), strict=True))}

    staged = folder.stage()
    style.write(staged, [*spool.columns, *ADDED], rows())
    staged.close()
    folder.place(staged, name)
    return name, counted.rows


def _chained(first: Group, rest: Iterable[Group]) -> Iterator[Group]:
    yield first
    yield from rest
