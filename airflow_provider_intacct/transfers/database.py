"""A SQL connection of Airflow's as SQLAlchemy sees it: quoting, types, which tables there are, and what makes them fit.

The driver's connection is the Airflow hook's own, with all that the hook knows about signing in. Knows no Intacct.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from airflow.providers.common.sql.hooks.sql import DbApiHook
from airflow.sdk import BaseHook
from sqlalchemy.pool import NullPool

from airflow_provider_intacct.transfers.tables import (
    Changes,
    Existing,
    LoadColumn,
    TableError,
    TableName,
    compare,
    existing_column,
    existing_sqlite_column,
)

SQLITE_PATIENCE_MS = 60_000
"""How long a task waits for another one that writes to the same SQLite file."""


@contextlib.contextmanager
def connected(sql_conn_id: str, *, writing: bool = True) -> Iterator[sa.Connection]:
    """Yield a connection through the Airflow connection's hook. What it does not commit is undone at the end."""
    connection: Any = BaseHook.get_connection(sql_conn_id)
    hook = connection.get_hook()
    if not isinstance(hook, DbApiHook) or hook.conn_type == "intacct":
        raise TableError(f"The connection {sql_conn_id!r} is of type {hook.conn_type!r}, which is no SQL database.")
    driver = hook.get_conn()
    try:
        engine = _engine(hook, driver, writing=writing)
        with engine.connect() as opened:
            yield opened
    finally:
        driver.close()


def _engine(hook: DbApiHook, driver: Any, *, writing: bool) -> sa.Engine:
    try:
        url = hook.sqlalchemy_url
    except NotImplementedError:
        url = sa.make_url(hook.get_uri())
    module = type(driver).__module__.partition(".")[0]
    if url.get_backend_name() == "postgresql" and module in ("psycopg", "psycopg2"):
        # The URL may name another driver than the hook has taken; and rows must be tuples, whatever its extra says.
        url = url.set(drivername=f"postgresql+{module}")
        if module == "psycopg":
            from psycopg.rows import tuple_row

            driver.row_factory = tuple_row
        else:
            driver.cursor_factory = None
    engine = sa.create_engine(url, creator=lambda: driver, poolclass=NullPool)
    if engine.dialect.name == "sqlite" and writing:
        _begin_in_earnest(engine)
    return engine


def _begin_in_earnest(engine: sa.Engine) -> None:
    """Let SQLite hold tables made and records written in one transaction: its driver begins none before a CREATE.

    Source: docs.sqlalchemy.org, "SQLite: Serializable isolation / Savepoints / Transactional DDL".
    """

    def prepare(driver: Any, _record: Any) -> None:
        driver.isolation_level = None
        driver.execute(f"PRAGMA busy_timeout = {SQLITE_PATIENCE_MS}")

    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    sa.event.listen(engine, "connect", prepare)
    sa.event.listen(engine, "begin", begin)


def dataset_name(connection: sa.Connection, name: TableName) -> tuple[str, str]:
    """Return a table's namespace and name as OpenLineage has them. Source: openlineage.io, "Naming Conventions"."""
    url = connection.engine.url
    backend = url.get_backend_name()
    if backend == "sqlite":
        return "file", f"{url.database}/{name}"
    scheme, port = ("postgres", url.port or 5432) if backend == "postgresql" else (backend, url.port)
    schema = name.schema or connection.dialect.default_schema_name
    host = f"{url.host or 'localhost'}{f':{port}' if port else ''}"
    return f"{scheme}://{host}", ".".join(part for part in (url.database, schema, name.name) if part)


def take_turns(connection: sa.Connection, name: TableName) -> None:
    """Let one task at a time write to a table, and make it; readers are not kept waiting. Ends with the transaction.

    SQLite needs nothing: whoever begins to write waits for the one who does. Source: postgresql.org, "Advisory Locks".
    """
    if connection.dialect.name == "postgresql":
        lock = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
        connection.execute(lock, {"name": f"airflow-provider-intacct {name}"})


def existing_columns(connection: sa.Connection, name: TableName) -> dict[str, Existing] | None:
    """Return the columns the table has, by name; None where there is no such table. Raises TableError for a view."""
    inspector = sa.inspect(connection)
    if not inspector.has_table(name.name, schema=name.schema):
        return None
    if name.name in inspector.get_view_names(schema=name.schema):
        raise TableError(f"{name} is a view, and records are loaded into tables. What to do: name the table below it.")
    if connection.dialect.name == "sqlite":
        declared = sa.text("SELECT name, type FROM pragma_table_info(:table, :schema)")
        rows = connection.execute(declared, {"table": name.name, "schema": name.schema or "main"})
        return {column: existing_sqlite_column(column, words) for column, words in rows}
    columns = inspector.get_columns(name.name, schema=name.schema)
    return {item["name"]: existing_column(item["name"], item["type"], connection.dialect) for item in columns}


def fitting(
    connection: sa.Connection,
    name: TableName,
    table: sa.Table,
    columns: Sequence[LoadColumn],
    existing: Mapping[str, Existing] | None,
) -> Changes:
    """Return what the table still needs. Raises TableError for what cannot be made to fit; changes nothing."""
    if existing is None:
        _check_schema(connection, name)
    changes = compare(table, columns, existing, connection.dialect)
    if existing is not None:
        _check_key(connection, name, table)
    return changes


def fit(connection: sa.Connection, table: sa.Table, changes: Changes) -> None:
    """Make the table, or add and widen its columns."""
    if changes.create:
        table.create(connection)
    quote = connection.dialect.identifier_preparer
    alter = f"ALTER TABLE {quote.format_table(table)}"
    add = "ADD" if connection.dialect.name in ("mssql", "oracle") else "ADD COLUMN"
    for name in changes.add:
        column = table.columns[name]
        words = column.type.compile(dialect=connection.dialect)
        connection.exec_driver_sql(f"{alter} {add} {quote.format_column(column)} {words}".rstrip())
    for name in changes.widen:
        column = table.columns[name]
        words = column.type.compile(dialect=connection.dialect)
        connection.exec_driver_sql(f"{alter} ALTER COLUMN {quote.format_column(column)} TYPE {words}")


def _check_schema(connection: sa.Connection, name: TableName) -> None:
    if name.schema and name.schema not in sa.inspect(connection).get_schema_names():
        quoted = connection.dialect.identifier_preparer.quote(name.schema)
        raise TableError(
            f"There is no schema {name.schema} for the table {name}. Make it first: CREATE SCHEMA {quoted}."
        )


def _check_key(connection: sa.Connection, name: TableName, table: sa.Table) -> None:
    """Refuse a table that tells records apart by another key: it would reject rows, or keep two of one."""
    found = sa.inspect(connection).get_pk_constraint(name.name, schema=name.schema)["constrained_columns"]
    wanted = [column.name for column in table.primary_key]
    if found and set(found) != set(wanted):
        raise TableError(
            f"{name} has the primary key ({', '.join(found)}), the records have ({', '.join(wanted)}). What to do: "
            "read with the stamp_entity and column_names that made the table, or load into another table."
        )
