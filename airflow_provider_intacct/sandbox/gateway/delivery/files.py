"""The CSV files of a job: delimiter, enclosure, headers, line ends, parts of so many records, compression.

Parts are written under another name and appear all together when the job is complete. Refuses to know records.
"""

import gzip
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path

_LINE_ENDS = {"unix": "\n", "windows": "\r\n", "mac": "\r"}
_CLOSING = {"[": "]"}


@dataclass(frozen=True, slots=True)
class FileConfiguration:
    """How a job's files are written. Defaults are the schema's."""

    delimiter: str = ","
    enclosure: str = '"'
    headers: bool = False
    format: str = "unix"
    split: int = 100_000
    compress: bool = False

    def enclosed(self, write: Callable[[object], str]) -> Callable[[object], str]:
        """Return a writer of values that encloses what another one writes; the closing mark inside is doubled."""
        start = self.enclosure
        end = _CLOSING.get(start, start)
        twice = end + end

        def enclose(value: object) -> str:
            text = write(value)
            return f"{start}{text.replace(end, twice) if end in text else text}{end}"

        return enclose


class JobFiles:
    """The files of one job, while they are written. Not thread-safe."""

    def __init__(self, folder: Path, stem: str, configuration: FileConfiguration, header: Sequence[str]) -> None:
        self._folder = folder
        self._stem = stem
        self._configuration = configuration
        name = configuration.enclosed(str)
        self._header = [name(column) for column in header] if configuration.headers else []
        self._names: list[str] = []
        self._closing = ExitStack()
        self._open: gzip.GzipFile | BufferedWriter | None = None
        self._room = 0

    def add(self, rows: Sequence[Sequence[str]]) -> None:
        """Write rows of finished values, beginning a new part where one is full."""
        while rows:
            if not self._room:
                self.begin_part()
            fitting, rows = rows[: self._room], rows[self._room :]
            self._write(fitting)
            self._room -= len(fitting)

    def begin_part(self) -> None:
        """Begin the next part; a job with nothing to deliver still delivers one file."""
        self._end_part()
        ending = ".csv.gz" if self._configuration.compress else ".csv"
        self._names.append(f"{self._stem}.{len(self._names) + 1}{ending}")
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._unfinished(self._names[-1])
        file = self._closing.enter_context(path.open("wb"))
        compress = self._configuration.compress
        self._open = self._closing.enter_context(gzip.GzipFile("", "wb", 1, file)) if compress else file
        self._room = self._configuration.split
        if self._header:
            self._write([self._header])

    def deliver(self) -> list[str]:
        """Put every part in its place and return their names in order."""
        self._end_part()
        for name in self._names:
            self._unfinished(name).replace(self._folder / name)
        return list(self._names)

    def discard(self) -> None:
        """Remove what was written."""
        self._end_part()
        for name in self._names:
            self._unfinished(name).unlink(missing_ok=True)

    def _write(self, rows: Sequence[Sequence[str]]) -> None:
        assert self._open is not None
        between, end = self._configuration.delimiter, _LINE_ENDS[self._configuration.format]
        self._open.write("".join(between.join(row) + end for row in rows).encode())

    def _end_part(self) -> None:
        self._closing.close()
        self._open = None

    def _unfinished(self, name: str) -> Path:
        return self._folder / f".{name}.part"
