"""Files with rows: which of them a path means, and how JSON lines, CSV and Parquet become rows. Knows no Intacct.

What makes a whole file unreadable raises SourceError; a row that cannot be read is a row with a problem.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, AnyStr, BinaryIO

from airflow_provider_intacct.client.errors import InvalidRequestError
from airflow_provider_intacct.transfers.inbound.rows import UNREAD, Row, SourceError
from airflow_provider_intacct.transfers.parts import pyarrow

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

SUFFIXES = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
COMPRESSED = {".gz": "gzip", ".zst": "zstd"}
DELIMITERS = {",": "','", ";": "';'", "\t": "'\\t'", "|": "'|'"}
BATCH_ROWS = 1000
READ_BYTES = 2**20
LONGEST_LINE = 16 * 2**20
MOST_DIGITS = 100
BEFORE_JSON = codecs.BOM_UTF8 + codecs.BOM_UTF16_LE + b"\0 \t\r\n"
"""Bytes that may stand before it."""


@dataclass(frozen=True, slots=True)
class Form:
    """What the files are like. Without `format` their names tell."""

    format: str | None = None
    delimiter: str = ","
    encoding: str = "utf-8"

    def __post_init__(self) -> None:
        if self.format not in (None, *SUFFIXES.values()):
            raise InvalidRequestError(
                f"format must be one of csv, jsonl, parquet, not {self.format!r}. Nothing was sent."
            )
        if len(self.delimiter) != 1:
            raise InvalidRequestError(f"delimiter is one character, not {self.delimiter!r}. Nothing was sent.")
        try:
            codecs.lookup(self.encoding)
        except LookupError:
            raise InvalidRequestError(f"there is no encoding {self.encoding!r}. Nothing was sent.") from None

    def of(self, name: str) -> str:
        """Return the format of a file. Raises SourceError where its name does not tell it."""
        plain = name.removesuffix(_compression_suffix(name))
        found = self.format or next((kind for end, kind in SUFFIXES.items() if plain.endswith(end)), None)
        if found is None:
            raise SourceError(
                f"{name}: its name does not tell what it is. Give format='csv', 'jsonl' or 'parquet', or a path that "
                "leaves it out."
            )
        return found


def files(path: ObjectStoragePath, form: Form) -> list[FileSource]:
    """Return the files that `path` means, by name: itself, those that match it, or those in the folder.

    In a folder, names that begin with a dot or an underscore are left alone, as readers of folders do.
    """
    fs, place = path.fs, path.path.rstrip("/")
    fs.invalidate_cache()
    if any(sign in place for sign in "*?[") and not fs.exists(place):
        found = [name for name in fs.glob(place) if not fs.isdir(name)]
    elif fs.isdir(place):
        found = [each["name"] for each in fs.ls(place, detail=True) if each["type"] == "file"]
        found = [name for name in found if not name.rpartition("/")[2].startswith((".", "_"))]
    else:
        found = [place] if fs.exists(place) else []
    if not found:
        raise SourceError(f"{path}: there is no such file. Nothing was sent.")
    sources = [FileSource(fs, name, form) for name in sorted(found)]
    if len(kinds := {source.format for source in sources}) > 1:
        raise SourceError(f"{path} has files of several formats ({', '.join(sorted(kinds))}); load one at a time.")
    return sources


class FileSource:
    """One file. It is opened anew each time its rows are read."""

    def __init__(self, fs: Any, place: str, form: Form) -> None:
        self.name = place
        self.format = form.of(place)
        self.form = form
        self.columns: Sequence[str] | None = None
        self.schema: Any = None
        self._fs = fs

    def rows(self) -> Iterator[Row]:
        """Yield the rows."""
        with contextlib.ExitStack() as opened:
            stream = opened.enter_context(self._fs.open(self.name, "rb"))
            try:
                if self.format == "parquet":
                    yield from self._parquet(stream)
                    return
                plain = opened.enter_context(_decompressed(stream, self.name))
                yield from self._csv(plain) if self.format == "csv" else self._json_lines(plain)
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                raise SourceError(f"{self.name} is cut off or damaged ({error}): bring it again as a whole.") from error
            except UnicodeDecodeError as error:
                found = "utf-16" if error.object.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else ""
                seems = f"as it seems encoding={found!r}" if found else "such as encoding='cp1252'"
                raise SourceError(
                    f"{self.name} is not {self.form.encoding}: byte {error.object[error.start]:#04x} is none of its "
                    f"characters. Save it as UTF-8, or give its encoding, {seems}."
                ) from error

    def _csv(self, stream: BinaryIO) -> Iterator[Row]:
        number = 1
        try:
            with _text(stream, _with_bom(self.form.encoding), newline="") as text:
                reader = csv.reader(self._lines(text.readline), delimiter=self.form.delimiter, strict=True)
                header = self._header(next(reader, None))
                for number, cells in enumerate(reader, 2):
                    if any(map(str.strip, cells)):  # spreadsheets end with rows of delimiters
                        yield _csv_row(number, header, cells, self.form.delimiter)
        except csv.Error as error:
            raise SourceError(
                f"{self.name}, after row {number}: {error}. A quote inside a cell is written twice, and a cell with "
                "quotes, line ends or delimiters stands in quotes."
            ) from error

    def _lines(self, readline: Callable[[int], AnyStr]) -> Iterator[AnyStr]:
        """Yield the lines. Raises SourceError for one that memory should not hold: then it is another kind of file."""
        number = 0
        while line := readline(LONGEST_LINE):
            number += 1
            if len(line) == LONGEST_LINE:
                raise SourceError(
                    f"{self.name}: line {number} is longer than {LONGEST_LINE - 1:,} characters, so it is not "
                    f"{self.format} with a row in each line."
                )
            yield line

    def _header(self, cells: list[str] | None) -> list[str]:
        if cells is None:
            raise SourceError(f"{self.name} is empty: a CSV file begins with a row of column names.")
        names = [cell.strip() for cell in cells]
        if not any(names):
            raise SourceError(f"{self.name}, row 1 is blank: it is the row of column names. Remove what is before it.")
        others = [words for sign, words in DELIMITERS.items() if sign != self.form.delimiter and sign in names[0]]
        if len(names) == 1 and others:
            raise SourceError(
                f"{self.name}, row 1 is one column, {names[0]!r}: its delimiter seems to be {others[0]}. "
                f"Give delimiter={others[0]}."
            )
        if "" in names:
            raise SourceError(f"{self.name}, row 1: column {names.index('') + 1} has no name. Name it, or remove it.")
        if twice := [name for name in names if names.count(name) > 1]:
            raise SourceError(f"{self.name}, row 1: two columns are called {twice[0]!r}. Rename one of them.")
        self.columns = names
        return names

    def _json_lines(self, stream: io.BufferedReader) -> Iterator[Row]:
        if stream.peek(100).lstrip(BEFORE_JSON).startswith(b"["):
            raise SourceError(f"{self.name} is a JSON array. Write JSON lines: one object in each line, no commas.")
        if "\n".encode(self.form.encoding) == b"\n":
            yield from self._json_rows(self._lines(stream.readline), self.form.encoding)
            return
        with _text(stream, self.form.encoding, newline="\n") as text:  # a line's end is more than a byte
            yield from self._json_rows((line.encode() for line in self._lines(text.readline)), "utf-8")

    def _json_rows(self, lines: Iterator[bytes], encoding: str) -> Iterator[Row]:
        for number, line in enumerate(lines, 1):
            content = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if number == 1 and content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                content.decode(encoding)  # raises, so that the file is refused, and not each of its lines
            if content.strip():
                yield _json_row(number, content, encoding)

    def _parquet(self, stream: BinaryIO) -> Iterator[Row]:
        lib = pyarrow("format='parquet'")
        from pyarrow.parquet import ParquetFile

        try:
            file = ParquetFile(stream, pre_buffer=False)
            self.schema = file.schema_arrow
            self.columns = self.schema.names
            number = 0
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                for values in batch.to_pylist():
                    number += 1
                    yield Row(number, values)
        except lib.ArrowException as error:
            raise SourceError(f"{self.name} is no Parquet file that can be read: {error}.") from error


def _csv_row(number: int, header: Sequence[str], cells: Sequence[str], delimiter: str) -> Row:
    values = {name: cell or None for name, cell in zip(header, cells, strict=False)}
    if len(cells) == len(header):
        return Row(number, values)
    extra = f"; beyond them: {cells[len(header) :]!r}" if len(cells) > len(header) else ""
    problem = (
        f"it has {len(cells)} cells, the header {len(header)}{extra}. A cell with the delimiter or a line end in it "
        "stands in quotes"
    )
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="").writerow(cells)
    return Row(number, {**values, UNREAD: text.getvalue()}, problem)


def _json_row(number: int, content: bytes, encoding: str) -> Row:
    text = content.decode(encoding, "replace").strip()
    try:
        found = json.loads(
            content.decode(encoding), parse_float=_number, parse_constant=_no_constant, object_pairs_hook=_entries
        )
    except (ValueError, RecursionError) as error:
        return Row(number, {UNREAD: text}, f"it is no JSON ({error}). Write one JSON object in each line")
    if not isinstance(found, dict):
        return Row(number, {UNREAD: text}, "it is no JSON object. Write column names and values in braces")
    return Row(number, found)


def _number(text: str) -> Decimal:
    with contextlib.suppress(InvalidOperation):
        number = Decimal(text)
        if abs(number.adjusted()) < MOST_DIGITS:  # written out, 1e999999999 takes a gigabyte
            return number
    raise ValueError(f"{text[:MOST_DIGITS]} has too many digits")


def _entries(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} stands in it twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


@contextlib.contextmanager
def _decompressed(stream: Any, name: str) -> Iterator[Any]:
    kind = COMPRESSED.get(_compression_suffix(name))
    if kind and not stream.read(1):
        raise SourceError(f"{name} is cut off: nothing is in it, and a compressed file has a beginning and an end.")
    stream.seek(0)
    if kind == "gzip":
        with gzip.GzipFile(fileobj=stream) as opened:
            yield opened
    elif kind == "zstd":
        lib = pyarrow("reading zstd")
        try:
            with lib.CompressedInputStream(lib.PythonFile(stream, "r"), "zstd") as opened:
                yield io.BufferedReader(opened)
        except OSError as error:
            if error.errno is not None:  # of the place the file is in
                raise
            raise SourceError(f"{name} is cut off or damaged ({error}): bring it again as a whole.") from error
    else:
        with io.BufferedReader(stream, READ_BYTES) as opened:  # a store's own file looks for each line end in a block
            yield opened


@contextlib.contextmanager
def _text(stream: BinaryIO, encoding: str, *, newline: str) -> Iterator[io.TextIOWrapper]:
    text = io.TextIOWrapper(stream, encoding, newline=newline)
    try:
        yield text
    finally:
        text.detach()


def _compression_suffix(name: str) -> str:
    return next((suffix for suffix in COMPRESSED if name.endswith(suffix)), "")


def _with_bom(encoding: str) -> str:
    """Return the codec that takes a byte order mark for what it is."""
    return "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
