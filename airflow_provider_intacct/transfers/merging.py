"""Staged rows and told deletes into their table, within the transaction of whoever calls.

Written as UPDATE ... FROM and INSERT ... SELECT, which many databases know and which count what they did; rows that
are as they were are left alone. Two tasks cannot insert the same key: they take turns (see database.take_turns).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from airflow_provider_intacct.transfers.staging import Stage, StagedKeys
from airflow_provider_intacct.transfers.tables import DELETED_AT, LoadColumn

Where = sa.ColumnElement[bool]


def upsert(connection: sa.Connection, table: sa.Table, stage: Stage) -> tuple[int, int]:
    """Insert staged rows of new keys, update those that differ. Return how many of each."""
    same = _same_key(table, stage)
    others = [column.name for column in stage.columns if not column.key]
    names = [column.name for column in stage.columns]
    updated = 0
    changed = [table.c[name].is_distinct_from(stage.table.c[name]) for name in others]
    values: dict[str, Any] = {name: stage.table.c[name] for name in others}
    if DELETED_AT in table.c:
        changed.append(table.c[DELETED_AT].is_not(None))
        values[DELETED_AT] = sa.null()
    if changed:
        updated = connection.execute(table.update().values(values).where(same, sa.or_(*changed))).rowcount
    known = sa.exists(sa.select(1).select_from(table).where(same))
    new = sa.select(*(stage.table.c[name] for name in names)).where(~known)
    return _insert(connection, table, names, new), updated


def replace(connection: sa.Connection, table: sa.Table, stage: Stage, scope: Where) -> tuple[int, int]:
    """Put the staged rows in the place of all in scope, for records without a key. Return rows inserted and deleted."""
    deleted = connection.execute(table.delete().where(scope)).rowcount
    names = [column.name for column in stage.columns]
    rows = sa.select(*(stage.table.c[name] for name in names))
    return _insert(connection, table, names, rows), deleted


def any_row(table: sa.Table) -> sa.Select[int]:
    """Return the query for whether the table has rows at all."""
    return sa.select(sa.literal(1)).select_from(table).limit(1)


def not_staged(table: sa.Table, stage: Stage) -> Where:
    """Return the condition that a row of the table did not come with this read."""
    return ~sa.exists(sa.select(1).select_from(stage.table).where(_same_key(table, stage)))


def told(table: sa.Table, keys: StagedKeys) -> Where:
    """Return the condition that the row's key is among `keys`: by the key itself, or by the parent they name."""
    return sa.exists(sa.select(1).select_from(keys.table).where(keys.table.c.key == table.c[keys.column.name]))


def scope_of(table: sa.Table, stamp: LoadColumn | None, entity_id: str | None) -> Where:
    """Return the condition that a row belongs to what this task loads: its entity's rows, or the whole table."""
    return sa.true() if stamp is None else table.c[stamp.name] == entity_id


def delete(connection: sa.Connection, table: sa.Table, gone: Sequence[Where], *, mark: Any = None) -> int:
    """Delete the rows for which all of `gone` holds, or give them the mark of deletion. Return how many."""
    if mark is None:
        return connection.execute(table.delete().where(*gone)).rowcount
    marked = table.update().values({DELETED_AT: mark}).where(*gone, table.c[DELETED_AT].is_(None))
    return connection.execute(marked).rowcount


def deleted_at(table: sa.Table, keys: StagedKeys) -> sa.ColumnElement[datetime]:
    """Return the moment at which a row's record was deleted, as it was told."""
    newest = sa.select(sa.func.max(keys.table.c["at"])).where(keys.table.c.key == table.c[keys.column.name])
    return newest.correlate(table).scalar_subquery()


def _insert(connection: sa.Connection, table: sa.Table, names: Sequence[str], rows: sa.Select[Any]) -> int:
    counted = table.insert().from_select(names, rows).execution_options(preserve_rowcount=True)
    return connection.execute(counted).rowcount


def _same_key(table: sa.Table, stage: Stage) -> Where:
    return sa.and_(*(table.c[column.name] == stage.table.c[column.name] for column in stage.columns if column.key))
