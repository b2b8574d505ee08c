"""The type objects and constructors of PEP 249. A column's type code is its DATATYPE from lookup: `"CURRENCY"`."""

from datetime import UTC, date, datetime, time
from typing import Any

from airflow_provider_intacct.client import values


class TypeObject:
    """Equals the type codes of its kind: `NUMBER == description[0][1]`."""

    def __init__(self, name: str, *datatypes: str) -> None:
        self.name = name
        self.datatypes = frozenset(datatypes)

    def __eq__(self, other: object) -> bool:
        return other is self or other in self.datatypes

    def __hash__(self) -> int:
        return hash(self.datatypes)

    def __repr__(self) -> str:
        return self.name


STRING = TypeObject("STRING", *values.TEXT)
NUMBER = TypeObject("NUMBER", *values.NUMBER, "INTEGER")
DATETIME = TypeObject("DATETIME", "DATE", "TIMESTAMP", "DATETIME")
BINARY = TypeObject("BINARY")
"""Intacct's query has no binary fields."""
ROWID = TypeObject("ROWID")
"""Records are numbered by an ordinary field, RECORDNO."""

Date = date
Time = time
Timestamp = datetime
Binary = bytes


def DateFromTicks(ticks: float) -> date:  # noqa: N802 - PEP 249 names it
    """Return the day, in UTC, of a number of seconds since 1970."""
    return TimestampFromTicks(ticks).date()


def TimeFromTicks(ticks: float) -> time:  # noqa: N802
    """Return the time of day, in UTC, of a number of seconds since 1970."""
    return TimestampFromTicks(ticks).time()


def TimestampFromTicks(ticks: float) -> datetime:  # noqa: N802
    """Return the moment of a number of seconds since 1970."""
    return datetime.fromtimestamp(ticks, UTC)


def type_of(value: Any) -> str:
    """Return the type code of a constant."""
    for kind, code in ((bool, "BOOLEAN"), (int, "INTEGER"), (datetime, "TIMESTAMP"), (date, "DATE"), (str, "TEXT")):
        if isinstance(value, kind):
            return code
    return "TEXT" if value is None else "DECIMAL"
