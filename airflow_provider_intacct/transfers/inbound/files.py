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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, BinaryIO

from airflow_provider_intacct.client.errors import InvalidRequestError
from airflow_provider_intacct.transfers.inbound.rows import ERROR_PREFIX, Row, SourceError
from airflow_provider_intacct.transfers.parts import pyarrow

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

SUFFIXES = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
COMPRESSED = {".gz": "gzip", ".zst": "zstd"}
DELIMITERS = {",": "','", ";": "';'", "\t": "'\\t'", "|": "'|'"}
BATCH_ROWS = 1000
UNREAD = f"{ERROR_PREFIX}text"
"""The column of a line that is no JSON."""


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
        text = io.TextIOWrapper(stream, _with_bom(self.form.encoding), newline="")
        reader = csv.reader(text, delimiter=self.form.delimiter, strict=True)
        number = 1
        try:
            header = self._header(next(reader, None))
            for number, cells in enumerate(reader, 2):
                if cells:
                    yield _csv_row(number, header, cells)
        except csv.Error as error:
            raise SourceError(
                f"{self.name}, after row {number}: {error}. A quote inside a cell is written twice, and a cell with "
                "quotes, line ends or delimiters stands in quotes."
            ) from error
        finally:
            text.detach()

    def _header(self, cells: list[str] | None) -> list[str]:
        if cells is None:
            raise SourceError(f"{self.name} is empty: a CSV file begins with a row of column names.")
        names = [cell.strip() for cell in cells]
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

    def _json_lines(self, stream: BinaryIO) -> Iterator[Row]:
        for number, line in enumerate(stream, 1):
            content = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if number == 1 and content.lstrip().startswith(b"["):
                raise SourceError(f"{self.name} is a JSON array. Write JSON lines: one object in each line, no commas.")
            if content.strip():
                yield _json_row(number, content, self.form.encoding)

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


def _csv_row(number: int, header: Sequence[str], cells: Sequence[str]) -> Row:
    values = {name: cell or None for name, cell in zip(header, cells, strict=False)}
    if len(cells) == len(header):
        return Row(number, values)
    extra = f"; beyond them: {cells[len(header) :]!r}" if len(cells) > len(header) else ""
    problem = (
        f"it has {len(cells)} cells, the header {len(header)}{extra}. A cell with the delimiter or a line end in it "
        "stands in quotes"
    )
    return Row(number, values, problem)


def _json_row(number: int, content: bytes, encoding: str) -> Row:
    text = content.decode(encoding, "replace").strip()
    try:
        found = json.loads(content.decode(encoding), parse_float=Decimal, parse_constant=_no_constant)
    except ValueError as error:
        return Row(number, {UNREAD: text}, f"it is no JSON ({error}). Write one JSON object in each line")
    if not isinstance(found, dict):
        return Row(number, {UNREAD: text}, "it is no JSON object. Write column names and values in braces")
    return Row(number, found)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


@contextlib.contextmanager
def _decompressed(stream: Any, name: str) -> Iterator[Any]:
    kind = COMPRESSED.get(_compression_suffix(name))
    if kind == "gzip":
        with gzip.GzipFile(fileobj=stream) as opened:
            yield opened
    elif kind == "zstd":
        lib = pyarrow("reading zstd")
        try:
            with lib.CompressedInputStream(lib.PythonFile(stream, "r"), "zstd") as opened:
                yield io.BufferedReader(opened)
        except OSError as error:
            raise SourceError(f"{name} is cut off or damaged ({error}): bring it again as a whole.") from error
    else:
        yield stream


def _compression_suffix(name: str) -> str:
    return next((suffix for suffix in COMPRESSED if name.endswith(suffix)), "")


def _with_bom(encoding: str) -> str:
    """Return the codec that takes a byte order mark for what it is."""
    return "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
