"""The record of what was loaded: one row of `_intacct_loads` for each load, written in the load's own transaction.

So a window is in its table together with its record, or not at all. The rows are a history: a window that is loaded
again has two. The table lies in the schema of the tables it tells of.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from airflow_provider_intacct.transfers.cells import Form, cells
from airflow_provider_intacct.transfers.database import existing_columns, fit, fitting, take_turns
from airflow_provider_intacct.transfers.tables import Kind, LoadColumn, TableError, TableName, target_table

LOADS = "_intacct_loads"
KINDS: dict[str, Kind] = {
    "load_id": "text",
    "table_name": "text",
    "object": "text",
    "entity_id": "text",
    "scope": "text",
    "window_start": "moment",
    "window_end": "moment",
    "rows_read": "whole",
    "rows_inserted": "whole",
    "rows_updated": "whole",
    "rows_deleted": "whole",
    "deletes": "text",
    "cursor": "text",
    "schema": "text",
    "api_transactions": "whole",
    "loaded_at": "moment",
    "dag_id": "text",
    "task_id": "text",
    "run_id": "text",
    "map_index": "whole",
    "try_number": "whole",
}
COLUMNS = tuple(LoadColumn(name, kind, name, kind, key=name == "load_id") for name, kind in KINDS.items())


class Bookkeeping:
    """The history of one table's loads, used inside a transaction. The first load of a schema makes its table."""

    def __init__(self, connection: sa.Connection, name: TableName) -> None:
        self.connection = connection
        self.name = name
        self.loads = TableName(LOADS, name.schema)
        self.table = target_table(self.loads, COLUMNS, connection.dialect)

    def prepare(self) -> None:
        """Make the table, or add what an older version of this package did not write."""
        existing = existing_columns(self.connection, self.loads)
        if existing is None:
            take_turns(self.connection, self.loads)  # loads of other tables of the schema may be the first ones too
            existing = existing_columns(self.connection, self.loads)
        fit(self.connection, self.table, fitting(self.connection, self.loads, self.table, COLUMNS, existing))

    @property
    def begun(self) -> bool:
        """Whether anything was ever loaded in this schema."""
        return existing_columns(self.connection, self.loads) is not None

    def forget(self) -> None:
        """Remove what was recorded of a table of this name that is there no longer."""
        self.connection.execute(self.table.delete().where(self.table.c.table_name == self.name.name))

    def schema(self) -> dict[str, str] | None:
        """Return the fields and datatypes of the last load of the table; None before the first."""
        loads = self.table.c
        last = (
            sa.select(loads.schema).where(loads.table_name == self.name.name).order_by(loads.loaded_at.desc()).limit(1)
        )
        found = self.connection.execute(last).scalar()
        return None if found is None else json.loads(found)

    def check_object(self, object: str) -> None:
        """Refuse to mix the records of two objects."""
        loads = self.table.c
        others = sa.select(loads.object).where(loads.table_name == self.name.name, loads.object != object).limit(1)
        if other := self.connection.execute(others).scalar():
            raise TableError(
                f"{self.name} holds {other} records, and would mix them with {object}: load into another table."
            )

    def check_scope(self, scope: str, entity_id: str | None, *, stamped: bool) -> None:
        """Refuse to take for deleted what other loads brought: it would be missing from this read for its filter.

        Of a table with stamped entities only the loads of the same entity count.
        """
        loads = self.table.c
        others = sa.select(loads.scope).where(loads.table_name == self.name.name, loads.scope != scope).limit(1)
        if stamped:
            others = others.where(loads.entity_id == entity_id)
        if other := self.connection.execute(others).scalar():
            raise TableError(
                f"{self.name} was also loaded with {other}, and now it is {scope}. So a record's absence does not tell "
                "that it was deleted: it may be outside of the filter. Nothing was changed. What to do: add and update "
                'only, with deletes="ignore", or have a table for each filter, entity and document type. To begin with '
                "another filter, drop the table."
            )

    def record(self, load: Mapping[str, Any]) -> None:
        """Write the row of one load."""
        form: Form = "sqlite" if self.connection.dialect.name == "sqlite" else "native"
        row = {
            name: json.dumps(value) if isinstance(value, dict | list | tuple) else value for name, value in load.items()
        }
        values = cells([{**row, "table_name": self.name.name}], COLUMNS, form)
        line = dict(zip(KINDS, (value for (value,) in values), strict=True))
        self.connection.execute(self.table.insert(), [line])
