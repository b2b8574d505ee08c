"""Records of the store as Python values: Decimal, date, aware datetime, bool, int, str; None for empty.

Enumerations carry their stored code. Refuses to know rules: what may be written is decided by the ledger.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

from .catalog import WHOLE_TYPES, Field, ObjectDefinition
from .store import next_number, quoted

Record = dict[str, Any]


def insert(db: sqlite3.Connection, definition: ObjectDefinition, values: Mapping[str, Any]) -> int:
    """Store a new record and return its key; a key that is not given is drawn from the object's sequence.

    `values` names stored fields only; a name that is no column is a KeyError.
    """
    key = values.get(definition.key)
    if key is None:
        key = next_number(db, definition.sequence, definition.first_number)
    row = {**definition.rows, **_stored(definition, values), definition.key: int(key)}
    columns = ", ".join(map(quoted, row))
    marks = ", ".join("?" * len(row))
    db.execute(f"INSERT INTO {quoted(definition.table)} ({columns}) VALUES ({marks})", tuple(row.values()))
    return int(key)


def update(db: sqlite3.Connection, definition: ObjectDefinition, key: int, values: Mapping[str, Any]) -> None:
    """Change the named fields of one record, the others stay."""
    row = _stored(definition, values)
    if row:
        changes = ", ".join(f"{quoted(name)} = ?" for name in row)
        db.execute(
            f"UPDATE {quoted(definition.table)} SET {changes} WHERE {quoted(definition.key)} = ?", (*row.values(), key)
        )


def delete(db: sqlite3.Connection, definition: ObjectDefinition, key: int) -> None:
    """Remove one record. Owned lines are the ledger's to remove."""
    db.execute(f"DELETE FROM {quoted(definition.table)} WHERE {quoted(definition.key)} = ?", (key,))


def fetch(db: sqlite3.Connection, definition: ObjectDefinition, key: int) -> Record | None:
    """Return the stored fields of the record with that key."""
    return next(find(db, definition, {definition.key: key}), None)


def find(
    db: sqlite3.Connection, definition: ObjectDefinition, equal: Mapping[str, Any], order: Sequence[str] = ()
) -> Iterator[Record]:
    """Yield the records whose stored fields equal the given values (None: is empty), by key unless ordered."""
    fields = tuple(definition.stored_fields)
    conditions = {**definition.rows, **{name: to_stored(definition.fields[name], v) for name, v in equal.items()}}
    where = " AND ".join(f"{quoted(name)} IS ?" for name in conditions) or "1"
    columns = ", ".join(quoted(field.id) for field in fields)
    by = ", ".join(map(quoted, order or (definition.key,)))
    sql = f"SELECT {columns} FROM {quoted(definition.table)} WHERE {where} ORDER BY {by}"
    for row in db.execute(sql, tuple(conditions.values())).fetchall():
        yield {field.id: from_stored(field, value) for field, value in zip(fields, row, strict=True)}


def to_stored(field: Field, value: Any) -> str | int | None:
    """Return a Python value as its column holds it; amounts are rounded half up to the field's scale."""
    if value is None or value == "":
        return None
    if field.scaled:
        return int(Decimal(value).scaleb(field.scale).to_integral_value(ROUND_HALF_UP))
    if field.type in WHOLE_TYPES:
        return int(value)
    if field.type == "BOOLEAN":
        return "true" if value in (True, "true") else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def from_stored(field: Field, value: Any) -> Any:
    """Return a column's content as a Python value."""
    return None if value is None else _decoder(field.type, field.scale)(value)


@cache
def _decoder(kind: str, scale: int) -> Callable[[Any], Any]:
    if scale and kind in ("DECIMAL", "CURRENCY", "PERCENT"):
        return lambda value: Decimal(value).scaleb(-scale)
    if kind == "BOOLEAN":
        return lambda value: value == "true"
    if kind == "DATE":
        return date.fromisoformat
    if kind == "TIMESTAMP":
        return datetime.fromisoformat
    return lambda value: value


def _stored(definition: ObjectDefinition, values: Mapping[str, Any]) -> dict[str, str | int | None]:
    row = {}
    for name, value in values.items():
        field = definition.fields[name]
        if not field.stored:
            raise KeyError(f"{definition.name}.{name} has no column: it is read from {field.of or field.code_of}")
        row[name] = to_stored(field, value)
    return row
