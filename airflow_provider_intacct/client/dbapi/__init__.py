"""DB-API 2.0 (PEP 249) over Intacct's `query`: SQL for people and tools that know nothing else. Read-only.

    from airflow_provider_intacct.client import dbapi

    with dbapi.connect(client) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT VENDORID, SUM(TOTALDUE) FROM APBILL WHERE STATE = %s GROUP BY VENDORID", ["Posted"])
        for vendor_id, due in cursor: ...

`SELECT fields or aggregates FROM object WHERE ... GROUP BY ... ORDER BY ... LIMIT ...`, dotted names through
relationships, calculations with aggregates. Values are those of `client.rows`: money is Decimal. What Intacct cannot do
is refused by name, with what to do instead.
"""

from airflow_provider_intacct.client.dbapi.connection import Connection, Cursor, connect
from airflow_provider_intacct.client.dbapi.errors import (
    DatabaseError,
    DataError,
    Error,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    Warning,
)
from airflow_provider_intacct.client.dbapi.types import (
    BINARY,
    DATETIME,
    NUMBER,
    ROWID,
    STRING,
    Binary,
    Date,
    DateFromTicks,
    Time,
    TimeFromTicks,
    Timestamp,
    TimestampFromTicks,
)

apilevel = "2.0"
threadsafety = 2
"""Threads may share the module and connections, not cursors."""
paramstyle = "pyformat"
"""`%(name)s`, and `%s` for a list."""

__all__ = [
    "BINARY",
    "DATETIME",
    "NUMBER",
    "ROWID",
    "STRING",
    "Binary",
    "Connection",
    "Cursor",
    "DataError",
    "DatabaseError",
    "Date",
    "DateFromTicks",
    "Error",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "NotSupportedError",
    "OperationalError",
    "ProgrammingError",
    "Time",
    "TimeFromTicks",
    "Timestamp",
    "TimestampFromTicks",
    "Warning",
    "apilevel",
    "connect",
    "paramstyle",
    "threadsafety",
]
