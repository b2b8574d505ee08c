"""Records into files of a bounded size, as JSON lines, CSV or Parquet. Knows formats; where files live is the folder's.

JSON lines and CSV are written from typed rows, Parquet from Arrow tables. Money is exact in all of them: text in JSON
lines, digits in CSV, decimal128 in Parquet. Dates and times are ISO 8601. The bytes follow from the records alone.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import accumulate
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args

from airflow_provider_intacct.client.errors import ConfigurationError, InvalidRequestError

if TYPE_CHECKING:
    from airflow_provider_intacct.transfers.folder import Folder, StagedFile

Format = Literal["parquet", "jsonl", "csv"]
SUFFIXES = {None: "", "gzip": ".gz", "zstd": ".zst"}
PARQUET = {"snappy": "snappy", "zstd": "zstd", "gzip": "gzip", "none": "none", None: "snappy"}
GROUP_BYTES = 3 * 2**20
"""Of a table before it is encoded: a row group is held in memory, and is what readers of the file hold."""
TRAILER_BYTES = 64
CAUTION = 1.25
"""How much worse than what came before it the next piece may compress, without the file outgrowing its bound."""


@dataclass(frozen=True, slots=True)
class Part:
    """A whole file, still under its temporary name, and the name it is to have."""

    name: str
    rows: int
    bytes: int
    sha256: str
    staged: StagedFile


class Writer(Protocol):
    """Writes one file after the other. A batch is a sequence of records, in whatever shape suits the format."""

    suffix: str

    def begin(self, sink: StagedFile) -> None:
        """Begin a file."""

    def encode(self, records: Any) -> Any:
        """Return the batch of a page's records."""

    def fit(self, batch: Any, most_bytes: int) -> int:
        """Return how many records of the batch, from its first on, the file has room for."""

    def write(self, batch: Any) -> None:
        """Write a batch."""

    def end(self) -> None:
        """Finish the file; its sink stays open."""


class Parts:
    """Cuts what is written to it into files of at most `most_rows` records and `most_bytes`.

    `kind` is what their names begin with. A record larger than `most_bytes` has a file of its own.
    """

    def __init__(
        self, folder: Folder, kind: str, writer: Writer, *, most_rows: int | None = None, most_bytes: int | None = None
    ) -> None:
        self._folder, self._kind, self._writer = folder, kind, writer
        self._most_rows, self._most_bytes = most_rows, most_bytes
        self._sink: StagedFile | None = None
        self._rows = 0
        self.done: list[Part] = []

    def write(self, records: Any) -> None:
        """Write the records of a page: rows, or a table."""
        batch = self._writer.encode(records)
        while len(batch):
            if self._sink is None:
                self._begin()
            take = self._room(batch)
            if not take and self._rows:
                self._end()
                continue
            take = max(take, 1)
            self._writer.write(batch[:take])
            self._rows += take
            batch = batch[take:]

    def finish(self) -> list[Part]:
        """Return all files, closed; without any record there is one file with none."""
        if self._sink is None and not self.done:
            self._begin()
        if self._sink is not None:
            self._end()
        return self.done

    def _room(self, batch: Any) -> int:
        take = len(batch) if self._most_rows is None else min(len(batch), self._most_rows - self._rows)
        if self._most_bytes is None or not take:
            return take
        return min(take, max(self._writer.fit(batch[:take], self._most_bytes), 0))

    def _begin(self) -> None:
        self._sink, self._rows = self._folder.stage(), 0
        self._writer.begin(self._sink)

    def _end(self) -> None:
        sink = self._sink
        assert sink is not None
        self._writer.end()
        sink.close()
        name = f"{self._kind}-{len(self.done):05d}-{sink.sha256[:16]}{self._writer.suffix}"
        self.done.append(Part(name, self._rows, sink.bytes, sink.sha256, sink))
        self._sink = None


class LinesWriter:
    """JSON lines or CSV: a batch is a list of lines. Compressed with gzip by Python itself, with zstd by pyarrow."""

    def __init__(self, format: Literal["jsonl", "csv"], names: Sequence[str], compression: str | None) -> None:
        self.suffix = f".{format}{SUFFIXES[compression]}"
        self._compression = compression
        self._names = list(names)
        self._lines: Callable[[Iterable[Sequence[Any]]], list[bytes]] = csv_lines
        self._header = csv_lines([self._names]) if format == "csv" else []
        if format == "jsonl":
            self._lines = self._json_lines
        self._ratio = 1.0
        self._sink: StagedFile | None = None
        self._stream: Any = None

    def begin(self, sink: StagedFile) -> None:
        self._sink, self._stream = sink, sink
        if self._compression == "gzip":
            # Without the name and time of the file the same records are the same bytes.
            self._stream = gzip.GzipFile(filename="", mode="wb", fileobj=sink, mtime=0)
        elif self._compression == "zstd":
            self._stream = pyarrow("compression='zstd'").CompressedOutputStream(sink, "zstd")
        self._stream.write(b"".join(self._header))

    def encode(self, records: list[dict[str, Any]]) -> list[bytes]:
        """Return a line for each row."""
        return self._lines([row[name] for name in self._names] for row in records)

    def fit(self, batch: list[bytes], most_bytes: int) -> int:
        assert self._sink is not None
        room = most_bytes - self._sink.bytes - (TRAILER_BYTES if self._compression else 0)
        return bisect_right(list(accumulate(map(len, batch))), room / self._ratio)

    def write(self, batch: list[bytes]) -> None:
        assert self._sink is not None
        before = self._sink.bytes
        content = b"".join(batch)
        self._stream.write(content)
        if self._compression == "gzip":
            self._stream.flush(zlib.Z_SYNC_FLUSH)
        elif self._compression:
            self._stream.flush()
        if self._compression:
            self._ratio = min(CAUTION * (self._sink.bytes - before) / len(content), 1.0)

    def end(self) -> None:
        if self._compression:
            self._stream.close()

    def _json_lines(self, rows: Iterable[Sequence[Any]]) -> list[bytes]:
        import orjson

        names, dumps, line = self._names, orjson.dumps, orjson.OPT_APPEND_NEWLINE
        return [dumps(dict(zip(names, row, strict=True)), exact, line) for row in rows]


def exact(value: Any) -> str:
    """Return as text what JSON has no exact value for."""
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} is no value of a typed row.")


CELLS: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "true" if value else "false",
    Decimal: exact,
    date: date.isoformat,
    datetime: datetime.isoformat,
}


def csv_lines(rows: Iterable[Sequence[Any]]) -> list[bytes]:
    """Return rows as lines of CSV as RFC 4180 has it, in UTF-8; None is empty."""
    lines: list[str] = []
    writer = csv.writer(SimpleNamespace(write=lines.append))
    writer.writerows([cell(value) if (cell := CELLS.get(type(value))) else value for value in row] for row in rows)
    return [line.encode() for line in lines]


class ParquetWriter:
    """Parquet: a batch is an Arrow table, all of one schema. Row groups are as large as memory should hold."""

    def __init__(self, schema: Any, compression: str | None) -> None:
        self.suffix = ".parquet"
        self._schema = schema
        self._compression = PARQUET[compression]
        # Numbers and times hardly repeat: listing the distinct ones costs time and memory, and makes the file larger.
        self._repeating = [field.name for field in schema if WIDTHS.get(str(field.type), 1) < 8]
        width = sum(WIDTHS.get(str(field.type), 24) for field in schema)
        self._group_rows = max(GROUP_BYTES // max(width, 1), 1)
        self._empty_bytes = _empty_bytes(schema)
        self._ratio = 1.0
        self._pending: list[Any] = []
        self._pending_rows = self._groups = 0
        self._sink: StagedFile | None = None
        self._file: Any = None

    def begin(self, sink: StagedFile) -> None:
        from pyarrow.parquet import ParquetWriter as ArrowWriter

        self._sink, self._groups = sink, 0
        self._file = ArrowWriter(
            sink, self._schema, compression=self._compression, use_dictionary=self._repeating or False
        )

    def encode(self, records: Any) -> Any:
        """Return the table as it is."""
        return records

    def fit(self, batch: Any, most_bytes: int) -> int:
        found = self._fit(batch, most_bytes)
        if found < len(batch) and self._pending:
            self._flush(self._pending_rows)  # what is written is known, what is pending was an estimate
            found = self._fit(batch, most_bytes)
        return found

    def _fit(self, batch: Any, most_bytes: int) -> int:
        assert self._sink is not None
        pending = sum(table.nbytes for table in self._pending)
        footer = self._empty_bytes + (self._groups + 2) * len(self._schema) * FOOTER_BYTES
        room = most_bytes - self._sink.bytes - footer - pending * self._ratio
        return int(room / (max(batch.nbytes, 1) / len(batch) * self._ratio))

    def write(self, batch: Any) -> None:
        self._pending.append(batch)
        self._pending_rows += len(batch)
        while self._pending_rows >= self._group_rows:
            self._flush(self._group_rows)

    def end(self) -> None:
        if self._pending_rows:
            self._flush(self._pending_rows)
        self._file.close()

    def _flush(self, rows: int) -> None:
        """Write the first `rows` of what is pending as a row group."""
        import pyarrow

        assert self._sink is not None
        pending = pyarrow.concat_tables(self._pending)
        group, left = pending[:rows], pending[rows:]
        before = self._sink.bytes
        self._file.write_table(group, row_group_size=rows)
        self._ratio = min(CAUTION * (self._sink.bytes - before) / max(group.nbytes, 1), 1.0)
        self._pending = [left] if len(left) else []
        self._pending_rows = len(left)
        self._groups += 1
        del pending, group, left
        pyarrow.default_memory_pool().release_unused()  # it keeps what it has had, and pages come for hours


def _empty_bytes(schema: Any) -> int:
    """Return the size of a file without records: what says how the columns are called and typed."""
    from pyarrow import BufferOutputStream
    from pyarrow.parquet import write_table

    sink = BufferOutputStream()
    write_table(schema.empty_table(), sink)
    size: int = sink.tell()
    return size


WIDTHS = {"bool": 1, "date32[day]": 4, "int64": 8, "timestamp[us, tz=UTC]": 8, "decimal128(38, 18)": 16}
FOOTER_BYTES = 240
"""What the end of a Parquet file says of one column of one row group, about."""


def check_form(format: str, compression: str | None) -> None:
    """Refuse a format, or a compression that it does not have; and say what is missing to write it."""
    if format not in get_args(Format):
        raise InvalidRequestError(f"format must be {', '.join(get_args(Format))}, not {format!r}.")
    known = PARQUET if format == "parquet" else {**SUFFIXES, "none": ""}
    if compression not in known:
        names = ", ".join(str(name) for name in known if name)
        raise InvalidRequestError(f"compression of {format} must be one of {names}, not {compression!r}.")
    if format == "parquet":
        pyarrow("format='parquet'")
    elif compression == "zstd":
        pyarrow("compression='zstd'")


def pyarrow(what: str) -> Any:
    """Return pyarrow. Raises ConfigurationError saying how to get it."""
    try:
        import pyarrow
    except ImportError:
        raise ConfigurationError(
            f"{what} needs pyarrow, which is not installed: pip install 'airflow-provider-intacct[parquet]'."
        ) from None
    return pyarrow


def writer_of(format: str, compression: str | None, names: Sequence[str], schema: Any = None) -> Writer:
    """Return the writer of a format that `check_form` let pass; `schema` is the Arrow schema for Parquet."""
    if format == "parquet":
        return ParquetWriter(schema, compression)
    return LinesWriter("csv" if format == "csv" else "jsonl", names, None if compression == "none" else compression)
