"""One load: staged rows, deletes and their record go into the table in one transaction, or the table stays as it was.

Knows records and tables, not where the records come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import uuid4

import sqlalchemy as sa

from airflow_provider_intacct.client.changes import Drift, drift
from airflow_provider_intacct.transfers import merging
from airflow_provider_intacct.transfers.bookkeeping import Bookkeeping
from airflow_provider_intacct.transfers.database import existing_columns, fit, fitting, take_turns
from airflow_provider_intacct.transfers.staging import Stage, StagedKeys, form_of
from airflow_provider_intacct.transfers.tables import (
    DELETED_AT,
    Changes,
    LoadColumn,
    TableError,
    TableName,
    target_table,
)

Deletes = Literal["apply", "mark", "ignore"]
Method = Literal["absence", "key_set", "audit", "parent", "none"]
"""How deleted records are known: not among all that were read, not among all keys, told by the audit history or with
their parent, or not at all."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where records go. `stamp` is the column with the entity, `scope` what was asked for, in words that compare."""

    name: TableName
    columns: tuple[LoadColumn, ...]
    object: str
    scope: str
    entity_id: str | None = None
    stamp: LoadColumn | None = None
    deletes: Deletes = "apply"

    @property
    def keyed(self) -> bool:
        """Whether records can be told apart."""
        return any(column.key for column in self.columns)

    def column(self, field: str) -> LoadColumn:
        """Return the column of an Intacct field. Raises TableError where it is not loaded."""
        for column in self.columns:
            if column.field.upper() == field.upper():
                return column
        raise TableError(f"Deletes in {self.object} are told by {field}, which is not among the fields read: add it.")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did. `drift` is how Intacct's fields differ from those of the load before, None for the first."""

    inserted: int
    updated: int
    deleted: int
    changes: Changes
    drift: Drift | None


class Load:
    """A load into one table: `check` early, fill `stage`, then `apply`."""

    def __init__(self, connection: sa.Connection, target: Target, method: Method) -> None:
        self.connection = connection
        self.target = target
        self.method: Method = "none" if target.deletes == "ignore" else method
        self.books = Bookkeeping(connection, target.name)
        self.stage = Stage(connection, target.columns)

    def check(self) -> None:
        """Raise TableError for what would stop `apply`, before Intacct is read. Leaves nothing behind."""
        if not self.target.keyed and self.target.deletes != "apply":
            raise TableError(
                f"{self.target.object} has no key to tell records apart, so they replace those of the load before: "
                f'deletes="apply" only, not {self.target.deletes!r}.'
            )
        with self.connection.begin():
            table, changes = self._fitting()
            if not changes.create:
                self._check_history(table)

    def staged_keys(self, field: str) -> StagedKeys:
        """Return where to put keys told by the values of `field`."""
        return StagedKeys(self.connection, self.target.column(field))

    def apply(self, facts: Mapping[str, Any], keys: StagedKeys | None = None) -> Loaded:
        """Bring the staged rows and `keys` into the table. `facts` go into the load's record."""
        now = datetime.now(UTC)
        self.stage.finish()
        if keys is not None:
            keys.finish()
        with self.connection.begin():
            take_turns(self.connection, self.target.name)
            table, changes = self._fitting()
            self.books.prepare()
            if changes.create:
                self.books.forget()
            else:
                self._check_history(table)
            previous = self.books.schema()
            fit(self.connection, table, changes)
            inserted, updated, deleted = self._merge(table, keys, now)
            self.books.record(
                {
                    "load_id": str(uuid4()),
                    "object": self.target.object,
                    "entity_id": self.target.entity_id,
                    "scope": self.target.scope,
                    "rows_read": self.stage.rows,
                    "rows_inserted": inserted,
                    "rows_updated": updated,
                    "rows_deleted": deleted,
                    "deletes": self.method,
                    "schema": self.schema,
                    "loaded_at": now,
                    **facts,
                }
            )
        return Loaded(inserted, updated, deleted, changes, None if previous is None else drift(previous, self.schema))

    @property
    def schema(self) -> dict[str, str]:
        """Intacct's fields and datatypes of this load."""
        return {column.field: column.datatype for column in self.target.columns if column != self.target.stamp}

    def _fitting(self) -> tuple[sa.Table, Changes]:
        """Return the table as it should be, and what it needs for that."""
        target = self.target
        existing = existing_columns(self.connection, target.name)
        marks = target.deletes == "mark" or DELETED_AT in (existing or ())
        table = target_table(target.name, target.columns, self.connection.dialect, marks=marks)
        return table, fitting(self.connection, target.name, table, target.columns, existing)

    def _check_history(self, table: sa.Table) -> None:
        """Refuse what earlier loads forbid: another object's records, and deletes that cannot be told."""
        if not self.books.begun or self.books.schema() is None:
            self._check_stranger(table)
            return
        self.books.check_object(self.target.object)
        if self.method in ("absence", "key_set", "parent"):
            self.books.check_scope(self.target.scope, self.target.entity_id, stamped=self.target.stamp is not None)

    def _check_stranger(self, table: sa.Table) -> None:
        """Refuse a table that was never loaded, but has rows: they are none of ours to delete.

        Also one without the key's columns: adding them would leave what is there without a key.
        """
        name = self.target.name
        existing = existing_columns(self.connection, name) or {}
        for key in table.primary_key:
            if key.name not in existing:
                raise TableError(
                    f"{name} has no column {key.name}, by which {self.target.object} records are told apart. Nothing "
                    "was changed. What to do: load into another table."
                )
        if self.method in ("absence", "key_set") and self.connection.execute(merging.any_row(table)).first():
            raise TableError(
                f"{name} holds rows that no load recorded in {self.books.loads} has brought. They would be deleted, as "
                "if Intacct had deleted them. Nothing was changed. What to do: load into another table; or empty this "
                'one; or, if its rows are Intacct\'s, load once with deletes="ignore", which takes them over.'
            )

    def _merge(self, table: sa.Table, keys: StagedKeys | None, now: datetime) -> tuple[int, int, int]:
        connection, stage = self.connection, self.stage
        scope = merging.scope_of(table, self.target.stamp, self.target.entity_id)
        if not self.target.keyed:
            inserted, deleted = merging.replace(connection, table, stage, scope)
            return inserted, 0, deleted
        inserted, updated = merging.upsert(connection, table, stage)
        gone = self._gone(table, keys)
        if gone is None:
            return inserted, updated, 0
        mark: Any = None
        if self.target.deletes == "mark":
            mark = now.isoformat(sep=" ") if form_of(connection) == "sqlite" else now
            if keys is not None and self.method == "audit":
                mark = merging.deleted_at(table, keys)
        deleted = merging.delete(connection, table, [scope, *gone], mark=mark)
        return inserted, updated, deleted

    def _gone(self, table: sa.Table, keys: StagedKeys | None) -> Sequence[merging.Where] | None:
        """Return the conditions of a deleted record; None where none can be told.

        What was read is alive: it was there after the window's end, and with it after any delete that is told.
        """
        absent = merging.not_staged(table, self.stage)
        if self.method == "absence":
            return [absent]
        if keys is None or self.method == "none":
            return None
        return [absent, ~merging.told(table, keys) if self.method == "key_set" else merging.told(table, keys)]
