"""Typed values as a database takes them: text for COPY, exact text for SQLite, as they are for any other driver.

A value that is not what its column holds is refused with its record and field. Knows no table and no connection.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Literal

from airflow_provider_intacct.transfers.tables import SCALE, Kind, LoadColumn, TableError

Form = Literal["copy", "sqlite", "native"]
Row = Mapping[str, Any]
Read = Callable[[Any], Any]

NUL = "\0"
COPY_NULL = "\\N"
SPECIAL = re.compile(r"[\\\t\n\r]")
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
PLAIN_TEXT = frozenset({str, type(None)})
SHOWN = 80


def cells(rows: Sequence[Row], columns: Sequence[LoadColumn], form: Form) -> list[list[Any]]:
    """Return the values of each column, None for an empty one. Raises TableError naming record, field and value."""
    readers = READERS[form]
    found = []
    for column in columns:
        read = readers[column.kind]
        try:
            values = [row.get(column.field) for row in rows]
            if column.kind != "text" or set(map(type, values)) - PLAIN_TEXT:
                values = [None if value is None else read(value) for value in values]
        except (TypeError, ValueError):
            raise _misfit(rows, columns, column, read) from None
        if column.key and None in values:
            raise TableError(
                f"A record came without {column.field}, which is the table's key: {rows[values.index(None)]}."
            )
        found.append(values)
    return found


def copy_text(rows: Sequence[Row], columns: Sequence[LoadColumn], first: int = 0) -> str:
    """Return the rows in the text format of PostgreSQL's COPY; a last column counts them from `first`.

    Source: postgresql.org/docs/current/sql-copy.html, "Text Format".
    """
    found = [*map(_copied, cells(rows, columns, "copy"), columns), [str(first + place) for place in range(len(rows))]]
    text = "".join("\t".join(line) + "\n" for line in zip(*found, strict=True))
    if NUL in text:
        raise _with_nul(rows, columns)
    return text


def key_value(column: LoadColumn, key: str, form: Form) -> Any:
    """Return a record's key, which Intacct tells as text, as the column holds it."""
    value: Any = key
    try:
        if column.kind in ("record", "whole", "number"):
            value = int(key) if key.strip().lstrip("-").isdigit() else Decimal(key)
        return READERS[form][column.kind](value)
    except (TypeError, ValueError, ArithmeticError):
        raise TableError(f"{key!r} is no {column.field}: a deleted record cannot be told by it.") from None


def _copied(values: list[Any], column: LoadColumn) -> list[str]:
    """Return a column with its special characters escaped, if there are any, and its empty values written out."""
    if column.kind == "text" and SPECIAL.search("".join(filter(None, values))):
        values = [value and value.translate(ESCAPES) for value in values]
    return [COPY_NULL if value is None else value for value in values]


def _number(value: Any) -> Any:
    if type(value) is not Decimal and type(value) is not int:
        raise TypeError
    return value


def _bounded_number(value: Any) -> Any:
    """Refuse digits that a database with bounds would round away."""
    number = _number(value)
    if type(number) is Decimal and number != round(number, SCALE):
        raise ValueError
    return number


def _record_number(value: Any) -> int:
    if type(value) is not int:
        raise TypeError
    return value


def _text(value: Any) -> str:
    """Text is what an unread value is; the others come here by `column_types`."""
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)


def _boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise TypeError
    return value


def _day(value: Any) -> date:
    if type(value) is not date:
        raise TypeError
    return value


def _moment(value: Any) -> datetime:
    """A day without a time, chosen by a person, becomes its first moment in UTC: the same day for whoever reads UTC."""
    if isinstance(value, datetime):
        return value if value.tzinfo is UTC else value.astimezone(UTC)
    return datetime.combine(_day(value), time(), UTC)


def _iso_moment(value: Any) -> str:
    return _moment(value).isoformat(sep=" ")


def _exact_text(value: Any) -> str:
    return format(_number(value), "f") if type(value) is Decimal else str(_number(value))


def _whole_or_text(value: Any) -> int | str:
    return value if type(value) is int else _exact_text(value)


READERS: dict[Form, dict[Kind, Read]] = {
    "native": {
        "text": _text,
        "number": _bounded_number,
        "whole": _bounded_number,
        "record": _record_number,
        "boolean": _boolean,
        "date": _day,
        "moment": _moment,
    },
    "sqlite": {
        "text": _text,
        "number": _exact_text,
        "whole": _whole_or_text,
        "record": _record_number,
        "boolean": _boolean,
        "date": lambda value: _day(value).isoformat(),
        "moment": _iso_moment,
    },
    "copy": {
        "text": _text,
        "number": lambda value: str(_number(value)),
        "whole": lambda value: str(_number(value)),
        "record": lambda value: str(_record_number(value)),
        "boolean": lambda value: "t" if _boolean(value) else "f",
        "date": lambda value: _day(value).isoformat(),
        "moment": _iso_moment,
    },
}


def _misfit(rows: Sequence[Row], columns: Sequence[LoadColumn], column: LoadColumn, read: Read) -> TableError:
    for row in rows:
        value = row.get(column.field)
        try:
            if value is not None:
                read(value)
        except (TypeError, ValueError):
            return TableError(
                f"{_record(row, columns)}: {column.field} is {column.datatype}, but holds {str(value)[:SHOWN]!r}. "
                f'What to do: mend the record, or keep text with column_types={{"{column.field}": "TEXT"}}.'
            )
    return TableError(f"{column.field} holds values that are not {column.datatype}.")


def _with_nul(rows: Sequence[Row], columns: Sequence[LoadColumn]) -> TableError:
    for row in rows:
        for column in columns:
            if isinstance(value := row.get(column.field), str) and NUL in value:
                return TableError(
                    f"{_record(row, columns)}: {column.field} holds a NUL character, which PostgreSQL cannot store: "
                    f"{value[:SHOWN]!r}. What to do: mend the record in Intacct, or leave the field out of `fields`."
                )
    return TableError("A value holds a NUL character, which PostgreSQL's text cannot hold.")


def _record(row: Row, columns: Sequence[LoadColumn]) -> str:
    key = ", ".join(f"{column.field} {row.get(column.field)}" for column in columns if column.key)
    return f"The record with {key}" if key else "A record"
