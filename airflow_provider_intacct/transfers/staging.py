"""Rows on their way into a table: page by page into a temporary table of the same columns, by COPY where there is one.

A temporary table is seen by its own connection only and goes with it, whatever becomes of the task. Each page is
committed by itself, so that no transaction stays open while Intacct is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from io import StringIO
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa

from airflow_provider_intacct.transfers.cells import Form, Row, cells, copy_text, key_value
from airflow_provider_intacct.transfers.tables import LoadColumn, sql_type

ORDINAL = "_n"
"""The order in which rows came: of two with the same key the later one was read later, so it is the newer."""

CHUNK = 2000
COPIES = frozenset({"psycopg", "psycopg2"})
Item = TypeVar("Item")


class Stage:
    """The rows of one load, in a temporary table of the target's columns."""

    def __init__(self, connection: sa.Connection, columns: Sequence[LoadColumn]) -> None:
        self.connection = connection
        self.columns = columns
        self.form = form_of(connection)
        self.rows = 0
        dialect = connection.dialect
        typed = [sa.Column(column.name, sql_type(column.kind, dialect, key=column.key)) for column in columns]
        self.table = _temporary("_intacct_stage", connection, *typed, sa.Column(ORDINAL, sa.BigInteger()))
        with connection.begin():
            self.table.create(connection)

    def add(self, rows: Sequence[Row]) -> None:
        """Put a page of typed rows there. Raises TableError for a value that its column cannot hold."""
        if not rows:
            return
        if self.form == "copy":
            text = copy_text(rows, self.columns, self.rows)
            with self.connection.begin():
                _copy(self.connection, self.table, text)
        else:
            values = [*cells(rows, self.columns, self.form), range(self.rows, self.rows + len(rows))]
            names = [column.name for column in self.table.columns]
            lines = [dict(zip(names, line, strict=True)) for line in zip(*values, strict=True)]
            with self.connection.begin():
                self.connection.execute(self.table.insert(), lines)
        self.rows += len(rows)

    def finish(self) -> None:
        """Leave one row for each key, the one that was read last, and let the database know how many there are."""
        key = [self.table.columns[column.name] for column in self.columns if column.key]
        with self.connection.begin():
            if key:
                sa.Index("_intacct_stage_key", *key).create(self.connection)
                self._drop_repeated([column.name for column in key])
            if self.connection.dialect.name == "postgresql":  # it gathers nothing about temporary tables by itself
                self.connection.exec_driver_sql(f"ANALYZE {self.table.name}")

    def _drop_repeated(self, key: Sequence[str]) -> None:
        table = self.table
        keys = [table.columns[name] for name in key]
        repeated = sa.select(sa.func.count()).select_from(
            sa.select(*keys).group_by(*keys).having(sa.func.count() > 1).subquery()
        )
        if not self.connection.execute(repeated).scalar():
            return
        newest = sa.select(*keys, sa.func.max(table.c[ORDINAL]).label(ORDINAL)).group_by(*keys).subquery()
        same = sa.and_(*(newest.c[name] == table.c[name] for name in key), newest.c[ORDINAL] > table.c[ORDINAL])
        self.connection.execute(table.delete().where(sa.exists(sa.select(1).select_from(newest).where(same))))


class StagedKeys:
    """Keys that were told beside the rows: of deleted records, of all there are, or of parents that were read again."""

    def __init__(self, connection: sa.Connection, column: LoadColumn) -> None:
        self.connection = connection
        self.column = column
        self.form = form_of(connection)
        kind = sql_type(column.kind, connection.dialect, key=True)
        moment = sql_type("moment", connection.dialect)
        self.table = _temporary("_intacct_keys", connection, sa.Column("key", kind), sa.Column("at", moment))
        with connection.begin():
            self.table.create(connection)

    def add(self, keys: Iterable[tuple[str, datetime | None]]) -> int:
        """Put keys there as Intacct writes them, with the moment of deletion where it is known. Return how many."""
        found = 0
        native: Form = "sqlite" if self.form == "sqlite" else "native"
        at = LoadColumn("ACCESSTIME", "TIMESTAMP", "at", "moment")
        for chunk in chunks(keys, CHUNK):
            (moments,) = cells([{"ACCESSTIME": moment} for _, moment in chunk], [at], native)
            lines = [
                {"key": key_value(self.column, key, native), "at": moment}
                for (key, _), moment in zip(chunk, moments, strict=True)
            ]
            with self.connection.begin():
                self.connection.execute(self.table.insert(), lines)
            found += len(chunk)
        return found

    def drop(self) -> None:
        """Make room for others."""
        with self.connection.begin():
            self.table.drop(self.connection)

    def finish(self) -> None:
        """Let the database know how many there are."""
        with self.connection.begin():
            sa.Index("_intacct_keys_key", self.table.c.key).create(self.connection)
            if self.connection.dialect.name == "postgresql":
                self.connection.exec_driver_sql(f"ANALYZE {self.table.name}")


def form_of(connection: sa.Connection) -> Form:
    """Return how values reach this database best."""
    if connection.dialect.name == "sqlite":
        return "sqlite"
    driver = type(connection.connection.driver_connection).__module__.partition(".")[0]
    return "copy" if connection.dialect.name == "postgresql" and driver in COPIES else "native"


def chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield lists of at most `size` items. (itertools.batched begins with Python 3.12.)"""
    source = iter(items)
    while chunk := list(islice(source, size)):
        yield chunk


def _temporary(name: str, connection: sa.Connection, *columns: sa.Column[Any]) -> sa.Table:
    if connection.dialect.name == "mssql":
        return sa.Table(f"#{name}", sa.MetaData(), *columns)
    return sa.Table(name, sa.MetaData(), *columns, prefixes=["TEMPORARY"])


def _copy(connection: sa.Connection, table: sa.Table, text: str) -> None:
    quote = connection.dialect.identifier_preparer
    names = ", ".join(quote.format_column(column) for column in table.columns)
    # SQLAlchemy doubles percent signs for statements with parameters; this one has none.
    statement = f"COPY {quote.format_table(table)} ({names}) FROM STDIN".replace("%%", "%")
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor:
        if hasattr(cursor, "copy_expert"):  # psycopg2
            cursor.copy_expert(statement, StringIO(text))
        else:
            with cursor.copy(statement) as copy:
                copy.write(text)
