"""Files at any place that Airflow has a path to, as files of attachments: digested now, read in pieces when sent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_intacct.client.errors import InvalidRecordError
from airflow_provider_intacct.client.transactions import AttachedFile
from airflow_provider_intacct.client.xml.files import PIECE, FileContent

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath


def files_of_records(given: Any, count: int, conn_id: str | None, most_bytes: int) -> list[list[AttachedFile]]:
    """Return the files of each of `count` records: a path, a list of paths, or None for each; a path for one record."""
    if isinstance(given, str):
        given = [given]
    if not isinstance(given, Sequence) or len(given) != count:
        raise InvalidRecordError(
            f"attachments has {len(given) if isinstance(given, Sequence) else 'no'} entries, and there are {count} "
            "records; give a path, a list of paths, or None for each. Nothing was sent."
        )
    several = [[each] if isinstance(each, str) else list(each or ()) for each in given]
    return [[attached_file(place(path, conn_id), most_bytes) for path in paths] for paths in several]


def place(path: str, conn_id: str | None) -> ObjectStoragePath:
    """Return the path with its connection. Raises InvalidRecordError for one that is none."""
    from airflow.sdk import ObjectStoragePath

    try:
        return ObjectStoragePath(path, conn_id=conn_id)
    except (ValueError, ImportError) as error:
        raise InvalidRecordError(f"Cannot read {path}: {error}. Nothing was sent.") from error


def attached_file(path: ObjectStoragePath, most_bytes: int) -> AttachedFile:
    """Return the file at `path`, named as it is there; Intacct takes no period within a name, so it becomes a hyphen.

    Reads it once, for its digest. Raises InvalidRecordError for one that cannot be read, is too large, or has no
    extension.
    """
    stem, _, extension = path.name.rpartition(".")
    if not stem or not extension:
        raise InvalidRecordError(f"{path} has no extension; Intacct asks for one. Nothing was sent.")
    digest, size = hashlib.sha256(), 0
    try:
        for piece in _pieces(path):
            size += len(piece)
            if size > most_bytes:
                raise InvalidRecordError(
                    f"{path} has more than {most_bytes:,} bytes. One attachment is held in memory, about five times "
                    "over, while it is sent; raise max_file_bytes if the worker can bear that. Nothing was sent."
                )
            digest.update(piece)
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        raise InvalidRecordError(f"Cannot read {path}: {type(error).__name__}: {error}. Nothing was sent.") from error
    content = FileContent(size, digest.hexdigest(), lambda: _pieces(path))
    return AttachedFile(name=stem.replace(".", "-"), extension=extension, content=content)


def _pieces(path: ObjectStoragePath) -> Iterator[bytes]:
    with path.fs.open(path.path, "rb") as file:
        while piece := file.read(PIECE):
            yield piece
