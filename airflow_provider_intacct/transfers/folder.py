"""The folder of one result, on a disk or in an object store: files become visible in it when all are whole, or never.

Files are written under temporary names. They are put in place under names that carry a digest of their bytes, so that
nothing of the earlier result is overwritten; then the manifest, which lists the files of the result, is replaced in one
step; then what it no longer lists is removed. Whoever reads by the manifest sees one result or the other, also when the
writer is killed at any point; what that one left behind, the next one removes. Files of other names are never touched.
Knows no format and no Intacct.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException
from fsspec.implementations.local import LocalFileSystem

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

MANIFEST = "_manifest.json"
TEMPORARY = re.compile(r"\.intacct-[0-9a-f]{32}\.tmp")
OURS = re.compile(r"_?[a-z]+-\d{5}-[0-9a-f]{16}(\.[a-z]+){1,2}")
WITHOUT_FOLDERS = frozenset({"s3", "s3a", "s3n", "gs", "gcs", "abfs", "abfss", "adl", "az"})
"""Stores in which a folder is but the beginning of names; making one there would make the bucket."""
BLOCK_BYTES = 8 * 2**20
"""Sent to a store in one piece, and held in memory until then."""


class Folder:
    """The folder `path`, for one run of one task. Not for two at a time: who comes second to commit fails."""

    def __init__(self, path: ObjectStoragePath) -> None:
        self.path = path
        with reachable(path):
            self._fs = path.fs
        self._root = path.path.rstrip("/")
        self._found: bytes | None = None
        self._staged: list[StagedFile] = []

    def prepare(self) -> bytes | None:
        """Make the folder if need be, see that it can be written to, and return its manifest, None without one.

        Raises AirflowFailException naming what is wrong with the place.
        """
        with reachable(self.path):
            if self.path.protocol not in WITHOUT_FOLDERS:
                self._fs.makedirs(self._root, exist_ok=True)
            probe = self.stage()
            probe.write(b"written to see whether one can\n")
            probe.close()
            self._fs.rm_file(probe.place)
            self._staged.remove(probe)
            self._found = self.read(MANIFEST)
        return self._found

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a file; None if there is no such file."""
        try:
            content: bytes = self._fs.cat_file(f"{self._root}/{name}")
        except FileNotFoundError:
            return None
        return content

    def stage(self) -> StagedFile:
        """Return a new file under a temporary name, open for writing."""
        staged = StagedFile(self._fs, f"{self._root}/.intacct-{uuid.uuid4().hex}.tmp")
        self._staged.append(staged)
        return staged

    def put(self, name: str, content: bytes) -> None:
        """Write a small file in one step, over what is there: whoever reads sees the old one or the new."""
        if isinstance(self._fs, LocalFileSystem):
            staged = self.stage()
            staged.write(content)
            staged.close()
            self.place(staged, name)
        else:
            self._fs.pipe_file(f"{self._root}/{name}", content)

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            self._fs.rm_file(f"{self._root}/{name}")

    def commit(self, files: Mapping[str, StagedFile], manifest: bytes) -> None:
        """Put `files`, all closed, in place under their names, then `manifest`; remove what was there before."""
        if self.read(MANIFEST) != self._found:
            raise RuntimeError(
                f"Another run has written to {self.path} in the meantime; nothing of this one was kept. A retry reads "
                "again. Let one run at a time write there (max_active_runs=1), or give each its own path."
            )
        listed = self.stage()
        listed.write(manifest)
        listed.close()
        for name, staged in files.items():
            self.place(staged, name)
        self.place(listed, MANIFEST)
        self._found = manifest
        self.clean(files)

    def clean(self, keep: Iterable[str]) -> None:
        """Remove what runs that were killed have left, and results that were replaced: all of ours but `keep`."""
        keep = {MANIFEST, *keep}
        for name in self.names():
            if name not in keep and (TEMPORARY.fullmatch(name) or OURS.fullmatch(name)):
                self._fs.rm_file(f"{self._root}/{name}")

    def names(self) -> list[str]:
        """Return the names in the folder, those of folders in it included."""
        self._fs.invalidate_cache(self._root)
        try:
            found: list[str] = self._fs.ls(self._root, detail=False)
        except FileNotFoundError:
            return []
        return sorted(name.rstrip("/").rpartition("/")[2] for name in found)

    def discard(self) -> None:
        """Remove what was staged and not put in place."""
        for staged in self._staged:
            staged.abandon()
        self._staged.clear()

    def place(self, staged: StagedFile, name: str) -> None:
        """Put a closed file in place under its name, over what is there."""
        place = f"{self._root}/{name}"
        if "/" in name and self.path.protocol not in WITHOUT_FOLDERS:
            self._fs.makedirs(place.rpartition("/")[0], exist_ok=True)
        if isinstance(self._fs, LocalFileSystem):
            Path(staged.place).replace(place)  # one step, over what is there
        else:
            self._fs.cp_file(staged.place, place)
            self._fs.rm_file(staged.place)
        self._staged.remove(staged)


class StagedFile:
    """A file being written under a temporary name: what was written to it is counted and digested in passing."""

    def __init__(self, fs: Any, place: str) -> None:
        self.place = place
        self.bytes = 0
        self._fs = fs
        self._digest = hashlib.sha256()
        self._abandoned = False
        self._file = fs.open(place, "wb", block_size=BLOCK_BYTES)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    @property
    def closed(self) -> bool:
        return bool(self._file.closed)

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.bytes

    def write(self, content: Any) -> int:
        length = memoryview(content).nbytes
        if not self._abandoned:  # encoders that are collected after a failure write what they still hold
            self._digest.update(content)
            self._file.write(content)
            self.bytes += length
        return length

    def flush(self) -> None:
        """Do nothing: a store takes whole blocks, and a file is of use only when it is closed."""

    def close(self) -> None:
        self._file.close()

    def abandon(self) -> None:
        """Remove the file, written or not. A store that cannot be reached any more keeps it, for the next run."""
        self._abandoned = True
        with contextlib.suppress(OSError):
            if self.closed or isinstance(self._fs, LocalFileSystem):
                self._file.close()
                self._fs.rm_file(self.place)
            else:
                self._file.discard()
                self._file.closed = True  # or it would be sent after all, when it is collected


@contextlib.contextmanager
def reachable(path: ObjectStoragePath) -> Iterator[None]:
    """Raise what is wrong with a place, and no other try can mend, as AirflowFailException naming it."""
    try:
        yield
    except (PermissionError, NotADirectoryError, FileNotFoundError, FileExistsError, ImportError, ValueError) as error:
        conn = f" with connection {path.conn_id!r}" if path.conn_id else ""
        raise AirflowFailException(
            f"Cannot write to {path}{conn}; nothing was read from Intacct. {type(error).__name__}: {error}"
        ) from error
