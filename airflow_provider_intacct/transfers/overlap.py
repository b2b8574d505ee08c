"""What belongs to a window: its folder, and which of the records it reads again were delivered with the window before.

A window begins a little early, for records that became visible late. Those that the preceding window delivered, in the
same state, are left out; it noted them beside its manifest. Without that note nothing is left out: a record may then
come twice, but none is missing.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import compress
from typing import TYPE_CHECKING, Any

from airflow_provider_intacct.client.windows import BEGINNING
from airflow_provider_intacct.transfers import manifest as manifests
from airflow_provider_intacct.transfers.folder import MANIFEST, Folder

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

    from airflow_provider_intacct.client.windows import Window
    from airflow_provider_intacct.transfers.folder import StagedFile

SEEN = "_seen"


def folder_of(window: Window) -> str:
    """Return the name of a window's folder: `window=20260101T000000Z--20260102T000000Z`. Names sort as windows do."""
    return f"window={_stamp(window.start)}--{_stamp(window.end)}"


def _stamp(at: datetime | None) -> str:
    if at is None:
        return "beginning"
    fraction = f"{at:.%f}" if at.microsecond else ""
    return f"{at:%Y%m%dT%H%M%S}{fraction}Z"


class Preceding:
    """The results of the windows that end where `window` starts; usually one, or none. `path` holds all windows."""

    def __init__(self, path: ObjectStoragePath, window: Window) -> None:
        ending = f"--{_stamp(window.start)}"
        found = [] if window.start is None else [name for name in Folder(path).names() if name.endswith(ending)]
        folders = {name: Folder(path / name) for name in found}
        read = {name: manifests.parse(folder.read(MANIFEST)) for name, folder in folders.items()}
        self.manifests = {name: manifest for name, manifest in read.items() if manifest is not None}
        self._folders = folders

    @property
    def latest(self) -> dict[str, Any] | None:
        """The manifest of one of them."""
        return next(reversed(self.manifests.values()), None)

    def lines(self, group: str, kind: str) -> list[str] | None:
        """Return the lines of the note `kind` that their manifests list under `group`; None if there is none."""
        noted = [
            (self._folders[name], file["name"])
            for name, manifest in self.manifests.items()
            for file in (manifest.get(group) or {}).get("files", ())
            if file["name"].startswith(f"{kind}-")
        ]
        found = [content for folder, note in noted if (content := folder.read(note)) is not None]
        return [line for content in found for line in gzip.decompress(content).decode().splitlines()] if found else None


class Note:
    """Lines of text kept beside a manifest for the next window, compressed."""

    def __init__(self, folder: Folder, kind: str) -> None:
        self._kind = kind
        self._staged = folder.stage()
        self._file = gzip.GzipFile(filename="", mode="wb", fileobj=self._staged, mtime=0)
        self.rows = 0

    def add(self, lines: Sequence[str]) -> None:
        """Write lines, which hold no line breaks."""
        self._file.write("".join(f"{line}\n" for line in lines).encode())
        self.rows += len(lines)

    def finish(self) -> tuple[dict[str, Any], dict[str, StagedFile]]:
        """Return what the manifest says of the note, and the file under the name it is to have."""
        self._file.close()
        self._staged.close()
        name = f"{self._kind}-00000-{self._staged.sha256[:16]}.txt.gz"
        facts = {"name": name, "rows": self.rows, "bytes": self._staged.bytes, "sha256": self._staged.sha256}
        return facts, {name: self._staged}


class Overlap:
    """Leaves out what the preceding window delivered, and notes what the next one will read again.

    A record is told by `key` and `modified`, columns of typed records. One that has no time of change is told by its
    key alone: it was never changed.
    """

    def __init__(
        self, folder: Folder, window: Window, key: str, modified: str, delivered: Sequence[str] | None
    ) -> None:
        self._window, self._key, self._modified = window, key, modified
        self._delivered = frozenset(delivered or ())
        self._tail = window.end - min(window.overlap, window.end - BEGINNING)
        self._note = Note(folder, SEEN)
        self.dropped = 0

    def fresh(self, records: Any) -> Any:
        """Return the records of a page without those that were delivered: typed rows, or an Arrow table."""
        told = self._told(records)
        start, tail = self._window.start, self._tail
        self._note.add([line for line, at in told.values() if at is None or at >= tail])
        drop = {
            place
            for place, (line, at) in told.items()
            if (at is None or start is None or at < start) and line in self._delivered
        }
        self.dropped += len(drop)
        if not drop:
            return records
        keep = [place not in drop for place in range(len(records))]
        return list(compress(records, keep)) if isinstance(records, list) else records.filter(keep)

    def finish(self) -> tuple[dict[str, Any], dict[str, StagedFile]]:
        """Return the manifest's words on the note, and its file; see Note."""
        return self._note.finish()

    def _told(self, records: Any) -> dict[int, tuple[str, datetime | None]]:
        """Return, for each record near one of the window's ends or without a time, its place, its line and its time."""
        start, tail = self._window.start, self._tail
        rows, places = (records, range(len(records))) if isinstance(records, list) else self._near(records, tail)
        found = {}
        for place, row in zip(places, rows, strict=True):
            at = row[self._modified]
            at = at.astimezone(UTC) if isinstance(at, datetime) else None
            if at is None or at >= tail or (start is not None and at < start):
                found[place] = (f"{row[self._key]}\t{at.isoformat() if at else ''}", at)
        return found

    def _near(self, table: Any, tail: datetime) -> tuple[list[dict[str, Any]], Sequence[int]]:
        """Return such records of a table as rows of key and time, and their places: most pages have none."""
        import pyarrow as pa
        import pyarrow.compute as pc

        at = table.column(self._modified)
        near = pc.greater_equal(at, pa.scalar(tail, at.type))
        if self._window.start is not None:
            near = pc.or_(near, pc.less(at, pa.scalar(self._window.start, at.type)))
        places = pc.indices_nonzero(pc.fill_null(near, True))
        return table.select([self._key, self._modified]).take(places).to_pylist(), places.to_pylist()
