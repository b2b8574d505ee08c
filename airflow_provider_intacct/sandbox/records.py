"""Records of the store as Python values: Decimal, date, aware datetime, bool, int, str; None for empty.

Enumerations carry their stored code. Refuses to know rules: what may be written is decided by the ledger.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from typing import Any

from .catalog import SCALED_TYPES, WHOLE_TYPES, Field, ObjectDefinition
from .store import next_numbers, quoted

Record = dict[str, Any]


def insert(db: sqlite3.Connection, definition: ObjectDefinition, values: Mapping[str, Any]) -> int:
    """Store a new record and return its key; a key that is not given is drawn from the object's sequence.

    `values` names stored fields only; a name that is no column is a KeyError.
    """
    return insert_all(db, definition, (values,))[0]


def insert_all(db: sqlite3.Connection, definition: ObjectDefinition, records: Sequence[Mapping[str, Any]]) -> list[int]:
    """Store new records of one object in their order, as `insert` does, and return their keys."""
    drawn = sum(values.get(definition.key) is None for values in records)
    numbers = iter(next_numbers(db, definition.sequence, drawn, definition.first_number) if drawn else ())
    keys = []
    for values in records:
        given = values.get(definition.key)
        key = next(numbers) if given is None else int(given)
        row = {**definition.rows, **_stored(definition, values), definition.key: key}
        db.execute(_insertion(definition.table, tuple(row)), tuple(row.values()))
        keys.append(key)
    return keys


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
    conditions = {**definition.rows, **{name: to_stored(definition.fields[name], v) for name, v in equal.items()}}
    columns = _columns(definition)
    names, decoders = columns.names, columns.decoders
    sql = _selection(definition.table, names, tuple(conditions), tuple(order) or (definition.key,))
    for row in db.execute(sql, tuple(conditions.values())).fetchall():
        yield {
            name: None if value is None else decode(value)
            for name, decode, value in zip(names, decoders, row, strict=True)
        }


def to_stored(field: Field, value: Any) -> str | int | None:
    """Return a Python value as its column holds it; amounts are rounded half up to the field's scale."""
    return None if value is None or value == "" else _encoder(field.type, field.scale)(value)


def from_stored(field: Field, value: Any) -> Any:
    """Return a column's content as a Python value."""
    return None if value is None else _decoder(field.type, field.scale)(value)


class _Columns:
    """An object's columns, with what turns a value into a column's content and back; worked out once per object."""

    __slots__ = ("decoders", "encoders", "names", "of")

    def __init__(self, definition: ObjectDefinition) -> None:
        fields = tuple(definition.stored_fields)
        self.of = definition
        self.names = tuple(field.id for field in fields)
        self.decoders = tuple(_decoder(field.type, field.scale) for field in fields)
        self.encoders = {field.id: _encoder(field.type, field.scale) for field in fields}


_KNOWN: dict[int, _Columns] = {}


def _columns(definition: ObjectDefinition) -> _Columns:
    """A definition is known by its identity; it is kept with its columns, so the identity stays its own."""
    columns = _KNOWN.get(id(definition))
    if columns is None:
        columns = _KNOWN[id(definition)] = _Columns(definition)
    return columns


@cache
def _insertion(table: str, names: tuple[str, ...]) -> str:
    columns, marks = ", ".join(map(quoted, names)), ", ".join("?" * len(names))
    return f"INSERT INTO {quoted(table)} ({columns}) VALUES ({marks})"


@cache
def _selection(table: str, names: tuple[str, ...], equal: tuple[str, ...], order: tuple[str, ...]) -> str:
    where = " AND ".join(f"{quoted(name)} IS ?" for name in equal) or "1"
    columns, by = ", ".join(map(quoted, names)), ", ".join(map(quoted, order))
    return f"SELECT {columns} FROM {quoted(table)} WHERE {where} ORDER BY {by}"


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


@cache
def _encoder(kind: str, scale: int) -> Callable[[Any], str | int]:
    if kind in SCALED_TYPES:
        return lambda value: int(Decimal(value).scaleb(scale).to_integral_value(ROUND_HALF_UP))
    if kind in WHOLE_TYPES:
        return int
    if kind == "BOOLEAN":
        return lambda value: "true" if value in (True, "true") else "false"
    return _text


def _text(value: Any) -> str:
    if type(value) is str:  # nearly every value of a company being founded
        return value
    if isinstance(value, datetime):
        return _moment(value)
    return value.isoformat() if isinstance(value, date) else str(value)


@lru_cache(64)
def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat()[:19] + "Z"


def _stored(definition: ObjectDefinition, values: Mapping[str, Any]) -> dict[str, str | int | None]:
    encoders = _columns(definition).encoders
    try:
        return {
            name: None if value is None or (value.__class__ is str and not value) else encoders[name](value)
            for name, value in values.items()
        }
    except KeyError as error:
        field = definition.fields[error.args[0]]
        origin = field.of or field.code_of or "other records"
        raise KeyError(f"{definition.name}.{field.id} has no column: it is read from {origin}") from error
