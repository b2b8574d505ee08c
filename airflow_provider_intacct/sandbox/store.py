"""The company's records in SQLite: one table per object of the catalogue, exact money, durable commits.

Statements are built from the catalogue's own names, values are always bound. Knows nothing of XML, rules or rights.

Columns hold: scaled integers for DECIMAL, CURRENCY and PERCENT (the scale is in the catalogue), ISO dates,
`YYYY-MM-DDTHH:MM:SSZ` for timestamps (UTC), 'true'/'false' for booleans, codes for enumerations, NULL for empty.
"""

import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from .catalog import WHOLE_TYPES, Catalog, Field, ObjectDefinition

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA foreign_keys = OFF",
    "PRAGMA busy_timeout = 30000",
    "PRAGMA cache_size = -65536",
    "PRAGMA mmap_size = 1073741824",
    "PRAGMA temp_store = MEMORY",
)


class OtherVersionError(Exception):
    """The database file was made with another catalogue: columns are missing, or there are others."""


class Store:
    """One company's database file. Connections are pooled; there is one writer at a time, readers never wait for it.

    `tables` are statements for what is kept beside the records. Not `durable`: for a file that is worthless until it
    is complete; `keep_seed` makes what was written durable. `now` stamps the records that are deleted.
    """

    def __init__(
        self,
        path: str | Path,
        catalog: Catalog,
        tables: Sequence[str] = (),
        *,
        durable: bool = True,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.path = Path(path)
        self.catalog = catalog
        self._now = now
        self._synchronous = "FULL" if durable else "OFF"
        self._idle: list[sqlite3.Connection] = []
        self._pool_lock = threading.Lock()
        self._writer = threading.Lock()
        self._closed = False
        self._make_tables(";\n".join((schema(catalog), *tables)))

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that sees one state of the company, whatever is written meanwhile."""
        with self._connection() as db:
            db.execute("BEGIN")
            try:
                yield db
            finally:
                db.execute("ROLLBACK")

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Give the one writing connection: committed at the end, rolled back when the block raises."""
        with self._writer, self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    def keep_seed(self) -> None:
        """Remember the present state as the one `reset` returns to."""
        part = self._seed_path.with_suffix(".part")
        part.unlink(missing_ok=True)
        with self._writer, self._connection() as db:
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            db.execute(f"PRAGMA synchronous = {self._synchronous}")
            target = sqlite3.connect(part)
            try:
                db.backup(target)
            finally:
                target.close()
        part.replace(self._seed_path)

    def reset(self) -> None:
        """Return to the state of `keep_seed`. Waits for the writer; open reads keep the state they began with."""
        if not self._seed_path.exists():
            raise FileNotFoundError(f"{self._seed_path}: no seed was kept for this company")
        seed = sqlite3.connect(f"file:{self._seed_path}?mode=ro", uri=True)
        try:
            with self._writer, self._connection() as db:
                seed.backup(db)
        finally:
            seed.close()

    def close(self) -> None:
        """Close the pooled connections; the file can be opened again."""
        with self._pool_lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for db in idle:
            db.close()

    def _make_tables(self, statements: str) -> None:
        """Make the tables of a new file, and mark it with them; raise OtherVersionError where others are there."""
        version = zlib.crc32(statements.encode()) & 0x7FFFFFFF
        with self._connection() as db:
            (found,) = db.execute("PRAGMA user_version").fetchone()
            if not found:
                db.executescript(f"BEGIN; {statements}; PRAGMA user_version = {version}; COMMIT;")
        if found not in (0, version):
            self.close()
            raise OtherVersionError(
                f"{self.path} was made by another version of the sandbox; name another file or remove it."
            )

    @property
    def _seed_path(self) -> Path:
        return self.path.with_name(self.path.name + ".seed")

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with self._pool_lock:
            db = self._idle.pop() if self._idle else None
        db = db or _connect(self.path, self._synchronous, self._now)
        try:
            yield db
        finally:
            with self._pool_lock:
                keep = not self._closed and not db.in_transaction
                if keep:
                    self._idle.append(db)
            if not keep:
                db.close()


def schema(catalog: Catalog) -> str:
    """Return the statements that create every table, view and index of the catalogue."""
    statements = [
        "CREATE TABLE sequence_number (name TEXT PRIMARY KEY, last INTEGER NOT NULL)",
        "CREATE TABLE deletion (place TEXT NOT NULL, kind TEXT, key INTEGER NOT NULL, moment TEXT NOT NULL)",
        "CREATE INDEX by_deletion ON deletion (place, moment)",
    ]
    tables: dict[str, list[ObjectDefinition]] = {}
    for definition in catalog:
        if not definition.view:
            tables.setdefault(definition.table, []).append(definition)
    for table, definitions in tables.items():
        statements.extend(_table_statements(table, definitions))
    statements.extend(
        f"CREATE VIEW {quoted(definition.table)} AS {definition.view}" for definition in catalog if definition.view
    )
    return ";\n".join(statements)


@cache
def quoted(name: str) -> str:
    """Return a catalogue name as an SQL identifier; dots are part of the name."""
    return '"' + name.replace('"', '""') + '"'


def next_number(db: sqlite3.Connection, sequence: str, first: int = 1) -> int:
    """Draw the next number of a sequence. A number is never given twice, unless its transaction was rolled back."""
    return next_numbers(db, sequence, 1, first)[0]


def next_numbers(db: sqlite3.Connection, sequence: str, count: int, first: int = 1) -> range:
    """Draw the next numbers of a sequence, so many at once."""
    row = db.execute(
        "INSERT INTO sequence_number (name, last) VALUES (?1, ?2 + ?3 - 1) "
        "ON CONFLICT (name) DO UPDATE SET last = last + ?3 RETURNING last",
        (sequence, first, count),
    ).fetchone()
    return range(row[0] - count + 1, row[0] + 1)


def _connect(path: Path, synchronous: str, now: Callable[[], datetime]) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
    for pragma in _PRAGMAS:
        db.execute(pragma)
    db.execute(f"PRAGMA synchronous = {synchronous}")
    db.create_function("casefold", 1, _casefold, deterministic=True)
    db.create_function("company_now", 0, lambda: now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    return db


def _casefold(value: str | int | None) -> str | int | None:
    return value.casefold() if isinstance(value, str) else value


def _table_statements(table: str, definitions: list[ObjectDefinition]) -> Iterator[str]:
    columns: dict[str, str] = {}
    indices: dict[tuple[str, ...], str] = {}
    for definition in definitions:
        for name in definition.rows:
            columns.setdefault(name, "TEXT")
        for field in definition.stored_fields:
            columns.setdefault(field.id, _column_type(field, definition))
        for index in _indices(definition):
            indices.setdefault(index, "UNIQUE" if index == (definition.name_key,) else "")
    body = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns.items())
    yield f"CREATE TABLE {quoted(table)} ({body})"
    for index, unique in indices.items():
        name = quoted("by_" + "_".join((table, *index[:3])))
        yield f"CREATE {unique} INDEX {name} ON {quoted(table)} ({', '.join(map(quoted, index))})"
    yield _remembering_deletions(table, definitions)


def _remembering_deletions(table: str, definitions: list[ObjectDefinition]) -> str:
    """Return the trigger that notes every deleted record, whoever deletes it; `kind` tells objects of a table apart."""
    kinds = {name for definition in definitions for name in definition.rows}
    kind = f"old.{quoted(min(kinds))}" if kinds else "NULL"
    return (
        f"CREATE TRIGGER {quoted('deleted_' + table)} AFTER DELETE ON {quoted(table)} BEGIN INSERT INTO deletion "
        f"VALUES ('{table}', {kind}, old.{quoted(definitions[0].key)}, company_now()); END"
    )


def _column_type(field: Field, definition: ObjectDefinition) -> str:
    if field.id == definition.key:
        return "INTEGER PRIMARY KEY"
    return "INTEGER" if field.scaled or field.type in WHOLE_TYPES else "TEXT"


def _indices(definition: ObjectDefinition) -> Iterator[tuple[str, ...]]:
    if definition.name_key:
        yield (definition.name_key,)
    if "WHENMODIFIED" in definition.fields:
        yield ("WHENMODIFIED", definition.key)
    if definition.parent:
        yield (definition.parent,)
    yield from definition.indices
