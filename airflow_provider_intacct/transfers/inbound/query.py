"""A query's result as rows, in batches from a cursor of the server where the driver has one. Knows no Intacct."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from airflow_provider_intacct.transfers.database import connected, dataset_name
from airflow_provider_intacct.transfers.inbound.rows import Row, SourceError
from airflow_provider_intacct.transfers.tables import TableError, TableName

ROWS_AT_A_TIME = 2000
DIALECTS = {"postgresql": "postgres", "mssql": "tsql"}
"""How sqlglot calls what SQLAlchemy calls otherwise."""


@contextlib.contextmanager
def query_source(
    sql_conn_id: str, sql: str, parameters: Mapping[str, Any] | Sequence[Any] | None
) -> Iterator[QuerySource]:
    """Yield the query of a connection of Airflow's. Raises SourceError."""
    try:
        with connected(sql_conn_id, writing=False) as connection:
            yield QuerySource(connection, sql_conn_id, sql, parameters)
    except TableError as error:
        raise SourceError(f"{error} Nothing was sent.") from error


class QuerySource:
    """One query. Its rows can be read once."""

    def __init__(
        self, connection: sa.Connection, conn_id: str, sql: str, parameters: Mapping[str, Any] | Sequence[Any] | None
    ) -> None:
        self.name = f"query of {conn_id}"
        self.columns: Sequence[str] | None = None
        self._connection, self._sql = connection, sql
        self._parameters = tuple(parameters) if isinstance(parameters, list) else parameters or None

    def rows(self) -> Iterator[Row]:
        """Yield the rows, in the order in which the database brings them."""
        options = self._connection.execution_options(
            stream_results=True, max_row_buffer=ROWS_AT_A_TIME, no_parameters=True
        )
        try:
            with options.exec_driver_sql(self._sql, self._parameters) as result:
                if not result.returns_rows:
                    raise SourceError(f"The {self.name} brings no rows: give a SELECT. Nothing was sent.")
                names = self._names(list(result.keys()))
                number = 0
                while page := result.fetchmany(ROWS_AT_A_TIME):
                    for values in page:
                        number += 1
                        yield Row(number, dict(zip(names, values, strict=True)))
        except sa.exc.DBAPIError as error:
            sqlite = self._connection.dialect.name == "sqlite"  # which calls a wrong name operational
            if error.connection_invalidated or (isinstance(error, sa.exc.OperationalError) and not sqlite):
                raise  # a later try may be luckier
            raise SourceError(f"The {self.name} failed: {error.orig}. Nothing was sent.") from error

    def datasets(self) -> list[tuple[str, str]]:
        """Return the tables that the query names, as OpenLineage calls them; none if it cannot be parsed."""
        from sqlglot import exp, parse_one
        from sqlglot.errors import SqlglotError

        dialect = self._connection.dialect.name
        try:
            tables = list(parse_one(self._sql, read=DIALECTS.get(dialect, dialect)).find_all(exp.Table))
        except (SqlglotError, ValueError):
            return []
        found = (TableName(table.name, table.db or None) for table in tables if table.name)
        return list(dict.fromkeys(dataset_name(self._connection, name) for name in found))

    def _names(self, names: Sequence[str]) -> Sequence[str]:
        if twice := [name for name in names if names.count(name) > 1]:
            raise SourceError(f"The {self.name} has two columns called {twice[0]!r}: rename one with AS.")
        self.columns = names
        return names
