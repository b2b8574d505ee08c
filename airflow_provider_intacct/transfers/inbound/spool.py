"""All rows of a load, kept in a temporary SQLite file until it ends: grouped into records, in bounded memory.

A source is read once, so a query runs once, and nothing that changes meanwhile can tear a record apart. The rows of a
record need not stand together, but in one file. What is wrong with a record is noted here until the dead letters are
written. Knows no mapping and no Intacct.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from airflow_provider_intacct.client.posting.identity import canonical_text
from airflow_provider_intacct.transfers.inbound.rows import (
    ERROR_PREFIX,
    IN_DOUBT,
    RECORD,
    STATUS,
    UNREAD,
    Row,
    Source,
    Values,
    own_columns,
    packed,
    packed_as_text,
    ranges,
    unpacked,
)

BUFFERED = 500
LONGEST = 1000
"""Characters of what is wrong with a record after which no more is noted: it may have a million such rows beside it."""
SCHEMA = """
CREATE TABLE file (id INTEGER PRIMARY KEY, name TEXT, problem TEXT NOT NULL DEFAULT '');
CREATE TABLE row (
    id INTEGER PRIMARY KEY, grp INTEGER, file INTEGER, number INTEGER, data BLOB, letter TEXT, doubtful INTEGER
);
CREATE TABLE grp (
    id INTEGER PRIMARY KEY, file INTEGER, key TEXT, problem TEXT NOT NULL DEFAULT '', status TEXT NOT NULL DEFAULT '',
    ordinal INTEGER NOT NULL DEFAULT 0, control_id TEXT, digest TEXT
);
CREATE UNIQUE INDEX grp_key ON grp(file, key) WHERE key IS NOT NULL;
CREATE UNIQUE INDEX grp_control_id ON grp(control_id) WHERE control_id IS NOT NULL;
CREATE TABLE suspect (file INTEGER, key TEXT, number INTEGER);
CREATE TABLE content (digest TEXT PRIMARY KEY, records INTEGER) WITHOUT ROWID;
"""
GROUPS = """
SELECT grp.id, file.name, row.number, row.data, row.letter, row.doubtful, grp.key IS NULL,
    grp.problem, grp.status, grp.ordinal, grp.digest, grp.control_id
FROM row CROSS JOIN grp ON grp.id = row.grp JOIN file ON file.id = row.file
WHERE NOT :unbooked OR grp.status <> '' ORDER BY row.id
"""
SUSPECTS = """
SELECT grp.id, suspect.number FROM suspect CROSS JOIN grp ON grp.file = suspect.file AND grp.key = suspect.key
WHERE suspect.file = ? AND NOT instr(grp.problem, 'row ' || suspect.number || ' beside it')
"""
MEND = f"it could not be read; put what {UNREAD} says into its columns, and empty that one"
NEIGHBOUR = "{where} beside it cannot be read, and may belong to this record"
SUSPECT = "{where} cannot be read, and seems to belong to this record"


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one record, in their order. `problem` is what is wrong with it; "" so far.

    `letters` say of each row which record it was of, if it comes from a dead-letter file; `doubtful`, that one was in
    doubt. `loose` is a row that cannot be told to a record.
    """

    id: int
    file: str
    numbers: tuple[int, ...]
    rows: tuple[dict[str, Any], ...]
    letters: tuple[str, ...] = ()
    doubtful: bool = False
    loose: bool = False
    problem: str = ""
    status: str = ""
    ordinal: int = 0
    digest: str | None = None
    control_id: str | None = None

    @property
    def letter(self) -> str:
        """The record its rows were of in a dead-letter file; "" for none."""
        return next(filter(None, self.letters), "")

    @property
    def where(self) -> str:
        """Where it stands, in words: `bills.csv, rows 2-6`."""
        return f"{self.file}, row{'' if len(self.numbers) == 1 else 's'} {ranges(self.numbers)}"


def temporary_database(folder: str) -> sqlite3.Connection:
    """Return a SQLite file that need not outlive the process."""
    connection = sqlite3.connect(Path(folder, "load.db"), isolation_level=None, check_same_thread=False)
    for setting in ("journal_mode = OFF", "synchronous = OFF", "temp_store = FILE", "locking_mode = EXCLUSIVE"):
        connection.execute(f"PRAGMA {setting}")
    connection.execute("BEGIN")
    return connection


class Spool:
    """The rows and records of one load. `group_by` are the columns that say which rows are one record; none: each."""

    def __init__(self, database: sqlite3.Connection, group_by: Sequence[str] = ()) -> None:
        self._db = database
        self._group_by = tuple(group_by)
        self._rows: list[tuple[Any, ...]] = []
        self._last: tuple[int, str, int] = (0, "", 0)
        self._groups = 0
        self._unread = ""
        self._scattered = False
        self.rows = 0
        self.columns: dict[str, None] = {}
        for statement in filter(str.strip, SCHEMA.split(";")):
            database.execute(statement)

    def add(self, file: int, source: Source, check: Any) -> int:
        """Add all rows of a source; return how many. Raises SourceError if it cannot be read as a whole.

        `check(columns)` is called with the source's columns, as soon as they are known, and raises SourceError.
        """
        self._db.execute("INSERT INTO file (id, name) VALUES (?, ?)", (file, source.name))
        self._last, self._unread = (file, "", 0), ""
        count, seen = 0, dict[str, int]()
        checked = False
        for row in source.rows():
            if not checked and source.columns is not None:
                check(source.columns)
                checked = True
            if source.columns is None and not row.problem:
                for name in row.values:
                    seen.setdefault(name, row.number)
            self._add(file, row)
            count += 1
        self._flush()
        for group, number in self._db.execute(SUSPECTS, (file,)):
            self._note(group, SUSPECT.format(where=f"row {number}"))
        if source.columns is not None and not checked:
            check(source.columns)
        elif source.columns is None and count:
            check(list(seen))
        self.columns |= dict.fromkeys(own_columns(source.columns if source.columns is not None else seen))
        self.rows += count
        return count

    def refuse_file(self, file: int, problem: str) -> None:
        """Forget the rows of a file that cannot be read as a whole, and note why."""
        self._rows.clear()
        self._db.execute("DELETE FROM row WHERE file = ?", (file,))
        self._db.execute("DELETE FROM grp WHERE file = ?", (file,))
        self._db.execute("UPDATE file SET problem = ? WHERE id = ?", (problem, file))

    def refused_files(self) -> list[tuple[str, str]]:
        """Return name and problem of the files that could not be read."""
        return list(self._db.execute("SELECT name, problem FROM file WHERE problem <> '' ORDER BY id"))

    def groups(self, *, unbooked: bool = False) -> Iterator[Group]:
        """Yield the records in the order of their first rows; `unbooked`: those that have a problem or a status."""
        if self._scattered:
            self._db.execute("CREATE INDEX IF NOT EXISTS row_grp ON row(grp)")
        query = GROUPS.replace("ORDER BY row.id", "ORDER BY row.grp, row.id") if self._scattered else GROUPS
        found = self._db.execute(query, {"unbooked": unbooked})
        for id, lines in groupby(found, key=lambda line: line[0]):
            rows = list(lines)
            _, file, _, _, _, _, keyless, *noted = rows[0]
            yield Group(
                id,
                file,
                tuple(line[2] for line in rows),
                tuple(unpacked(line[3]) for line in rows),
                tuple(line[4] for line in rows),
                any(line[5] for line in rows),
                bool(keyless and self._group_by),
                *noted,
            )

    def where(self, id: int) -> str:
        """Return where a record stands."""
        found = self._db.execute(
            "SELECT file.name, row.number FROM row JOIN file ON file.id = row.file WHERE grp = ? ORDER BY row.id", (id,)
        ).fetchall()
        return Group(id, found[0][0], tuple(number for _, number in found), ()).where

    def mark(self, id: int, status: str, problem: str) -> None:
        """Note what became of a record that is not booked."""
        self._db.execute("UPDATE grp SET status = ?, problem = ? WHERE id = ?", (status, problem, id))

    def claim(self, id: int, control_id: str, digest: str) -> tuple[int, str] | None:
        """Note who a record is; or return the record that is the same one already: its id and digest."""
        try:
            self._db.execute(
                "UPDATE grp SET control_id = ?, digest = ? WHERE id = ?",
                (control_id, digest, id),
            )
        except sqlite3.IntegrityError:
            found: tuple[int, str] = self._db.execute(
                "SELECT id, digest FROM grp WHERE control_id = ?", (control_id,)
            ).fetchone()
            return found
        return None

    def ordinal(self, id: int, content: str) -> int:
        """Return how many records before this one have the same content, and note it."""
        before = self._db.execute("SELECT records FROM content WHERE digest = ?", (content,)).fetchone()
        ordinal = before[0] if before else 0
        self._db.execute("INSERT OR REPLACE INTO content VALUES (?, ?)", (content, ordinal + 1))
        self._db.execute("UPDATE grp SET ordinal = ? WHERE id = ?", (ordinal, id))
        return ordinal

    def count(self) -> int:
        """Return how many records there are."""
        counted: int = self._db.execute("SELECT count(*) FROM grp").fetchone()[0]
        return counted

    def _add(self, file: int, row: Row) -> None:
        problem, values = row.problem, row.values
        letter = (canonical_text(values.get(RECORD)).strip(), values.get(STATUS) == IN_DOUBT)
        if not problem and canonical_text(values.get(UNREAD)).strip():
            problem = MEND
        if not problem:
            values = {column: value for column, value in values.items() if not column.startswith(ERROR_PREFIX)}
        wrong = ""
        try:
            data = packed(values)
        except TypeError:
            data, wrong = packed_as_text(values)
        key = self._key(values) if self._group_by else None
        if key == "" and not problem:
            problem = f"{_words(self._group_by)} empty, so it cannot be told to which record the row belongs"
        if problem:
            if key:  # that of the record it is of, if its cells stand where they should
                self._db.execute("INSERT INTO suspect VALUES (?, ?, ?)", (file, key, row.number))
            self._refuse_row(file, row.number, data, letter, problem)
            return
        group = self._group(file, key)
        if self._unread:
            self._note(group, NEIGHBOUR.format(where=self._unread))
            self._unread = ""
        if wrong:
            self._note(group, f"row {row.number}, {wrong}")
        self._put(group, file, row.number, data, *letter)

    def _refuse_row(self, file: int, number: int, data: bytes, letter: tuple[str, bool], problem: str) -> None:
        """Keep a row that belongs nowhere. Those beside it may be of the same record, which then lacks a line."""
        where = f"row {number}"
        if self._group_by and (before := self._last[2]):
            self._note(before, NEIGHBOUR.format(where=where))
        self._unread = where if self._group_by else ""
        last = self._last
        group = self._group(file, None)
        self._last = last
        self._note(group, f"{where}: {problem}")
        self._put(group, file, number, data, *letter)

    def _key(self, values: Values) -> str:
        """Return what the rows of a record have in common; "" where it is empty."""
        texts = [canonical_text(values.get(name)).strip() for name in self._group_by]
        return json.dumps(texts) if any(texts) else ""

    def _group(self, file: int, key: str | None) -> int:
        """Return the record a row belongs to, a new one if it is the first."""
        if key is not None and self._last[:2] == (file, key):
            return self._last[2]
        if key is not None:
            found = self._db.execute("SELECT id FROM grp WHERE file = ? AND key = ?", (file, key)).fetchone()
            if found:
                self._scattered = True
                self._last = (file, key, found[0])
                return self._last[2]
        self._groups += 1
        self._db.execute("INSERT INTO grp (id, file, key) VALUES (?, ?, ?)", (self._groups, file, key))
        self._last = (file, key or "", self._groups)
        return self._groups

    def _note(self, group: int, problem: str) -> None:
        self._db.execute(
            "UPDATE grp SET status = 'rejected', problem = problem || CASE problem WHEN '' THEN '' ELSE '; ' END || ? "
            "WHERE id = ? AND length(problem) < ?",
            (problem, group, LONGEST),
        )

    def _put(self, *row: Any) -> None:
        self._rows.append(row)
        if len(self._rows) >= BUFFERED:
            self._flush()

    def _flush(self) -> None:
        self._db.executemany(
            "INSERT INTO row (grp, file, number, data, letter, doubtful) VALUES (?, ?, ?, ?, ?, ?)", self._rows
        )
        self._rows.clear()


def _words(names: Sequence[str]) -> str:
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'}"
