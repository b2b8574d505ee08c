"""Deleted records as a file beside a window's own: which are gone, since when, and how that is known.

How is the object's ChangePolicy's to say. Where keys must be compared, those of each window are noted beside it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_intacct.client.errors import InvalidRequestError
from airflow_provider_intacct.client.extraction import Column
from airflow_provider_intacct.transfers.overlap import Note

if TYPE_CHECKING:
    from airflow_provider_intacct.client.changes import ChangePolicy
    from airflow_provider_intacct.transfers.delivery import Form
    from airflow_provider_intacct.transfers.folder import Folder, StagedFile
    from airflow_provider_intacct.transfers.parts import Part

KEYS = "_keys"
DELETES = "_deletes"
COLUMNS = (
    Column("key_field", "TEXT"),
    Column("key", "INTEGER"),
    Column("deleted_at", "TIMESTAMP"),
    Column("method", "TEXT"),
)
PAGE_ROWS = 2000

Told = Iterable[tuple[str, datetime | None]]


class Tombstones:
    """Writes the deleted records of one window. `key` is the record's, `before` the keys that the window before noted.

    `told` is what the policy's way of looking brings: keys of deleted records (audit), of all there are (key_set), or
    of documents whose lines were all read again, so that a line not among them is gone (parent).
    """

    def __init__(self, folder: Folder, form: Form, policy: ChangePolicy, key: str | None) -> None:
        self._folder, self._policy = folder, policy
        self._key = key or ""
        self._parts = form.parts(folder, DELETES, COLUMNS)
        self._format = form.format
        self._staged: dict[str, StagedFile] = {}
        self._notes: list[dict[str, Any]] = []
        self._note = policy.reason

    def write(self, field: str | None, told: Told, before: Iterable[str] | None) -> None:
        """Write what is gone, `field` of the records being what was told, None for their key."""
        method = self._policy.deletes
        if method == "key_set":
            if before is None:
                self._note += "; there are no keys of the window before to compare with yet"
            gone: Iterator[tuple[str, datetime | None]] = self._missing(before or (), (key for key, _ in told))
        else:
            gone = iter(told)
        page = []
        for key, deleted_at in gone:
            page.append(
                {"key_field": field or self._key, "key": number(key), "deleted_at": deleted_at, "method": method}
            )
            if len(page) == PAGE_ROWS:
                self._write_page(page)
                page = []
        self._write_page(page)

    def finish(self) -> tuple[dict[str, Any], dict[str, StagedFile]]:
        """Return what the manifest says of deletes, and the files under the names they are to have."""
        from airflow_provider_intacct.transfers.manifest import files_of

        parts: list[Part] = self._parts.finish()
        staged = {**{part.name: part.staged for part in parts}, **self._staged}
        facts = {
            "method": self._policy.deletes,
            "note": self._note,
            "rows": sum(part.rows for part in parts),
            "files": [*files_of(parts), *self._notes],
        }
        return facts, staged

    def _missing(self, before: Iterable[str], now: Iterable[str]) -> Iterator[tuple[str, None]]:
        """Yield the keys of `before` that are not among those of `now`, which are noted for the next window."""
        known = array("q", sorted(map(number, before)))
        there = bytearray(len(known))
        note = Note(self._folder, KEYS)
        for key in now:
            note.add([key])
            place = bisect_left(known, number(key))
            if place < len(known) and known[place] == number(key):
                there[place] = True
        facts, staged = note.finish()
        self._notes.append(facts)
        self._staged.update(staged)
        yield from ((str(key), None) for key, found in zip(known, there, strict=True) if not found)

    def _write_page(self, page: list[dict[str, Any]]) -> None:
        if not page:
            return
        if self._format == "parquet":
            import pyarrow as pa

            from airflow_provider_intacct.client.columns import arrow_schema

            self._parts.write(pa.Table.from_pylist(page, arrow_schema(COLUMNS)))
        else:
            self._parts.write(page)


def number(key: str) -> int:
    """Return a record's number. Raises InvalidRequestError for a key that is none."""
    try:
        return int(key)
    except ValueError:
        raise InvalidRequestError(f"Deletes cannot be told of an object whose key {key[:40]!r} is no number.") from None
