"""Rows as a file or a query brings them, before anybody has looked at what they mean; and how they wait on disk.

Values are what the source has: text from CSV, Decimal for every number with a point in JSON, typed from Parquet and
SQL.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from airflow_provider_intacct.client.errors import InvalidRequestError

ERROR_PREFIX = "_intacct_"
"""Begins the names of the columns that a dead-letter file adds. They are no values of the record."""

RECORD = f"{ERROR_PREFIX}record"
"""The one of them that says which record the row was of: heeded when the file is fed back."""

STATUS = f"{ERROR_PREFIX}status"
IN_DOUBT = "in_doubt"
"""The one status that is heeded, too: the record may be booked under what it is called, whatever number it has now."""

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `number` is as a person counts: a spreadsheet's row, a line of JSON, the place in a query's result.

    `problem` says why it cannot be read; `values` are then what could be told of it.
    """

    number: int
    values: Values
    problem: str = ""


class SourceError(InvalidRequestError):
    """A file, or a query, that cannot be read as a whole. The message says what to do."""


class Source(Protocol):
    """A file or a query. `columns` are known once `rows` has begun; None where each row names its own."""

    name: str
    columns: Sequence[str] | None

    def rows(self) -> Iterator[Row]:
        """Yield the rows. Raises SourceError."""


def own_columns(names: Iterable[str]) -> list[str]:
    """Return the columns that are the source's own: all but those a dead-letter file adds."""
    return [name for name in names if not name.startswith(ERROR_PREFIX)]


def packed(values: Values) -> bytes:
    """Return the values as JSON that `unpacked` makes the same values of. Raises TypeError for what is no value."""
    import orjson

    marked = {name: _marked(value) if beyond_json(value) else value for name, value in values.items()}
    return orjson.dumps(marked, default=_marked, option=orjson.OPT_PASSTHROUGH_DATETIME)


def unpacked(content: bytes) -> dict[str, Any]:
    """Return the values that were packed."""
    import orjson

    found: dict[str, Any] = orjson.loads(content)
    for name, value in found.items():
        if type(value) is dict or type(value) is list:
            found[name] = _unmarked(value)
    return found


def beyond_json(value: Any) -> bool:
    """Whether a value is a number larger than JSON's writer takes."""
    return type(value) is int and not -(2**63) <= value < 2**63


def _marked(value: Any) -> dict[str, Any]:
    match value:
        case Decimal():
            return {"$decimal": str(value)}
        case datetime():
            return {"$datetime": value.isoformat()}
        case date():
            return {"$date": value.isoformat()}
        case time():
            return {"$text": value.isoformat()}
        case bytes() | bytearray() | memoryview():
            return {"$bytes": base64.b64encode(bytes(value)).decode()}
        case UUID():
            return {"$text": str(value)}
        case int():
            return {"$int": str(value)}
    raise TypeError(f"a {type(value).__name__} is no value that can be loaded")


def _unmarked(value: Any) -> Any:
    if isinstance(value, list):
        return [_unmarked(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((mark, text),) = value.items()
        if read := READ.get(mark):
            return read(text)
    return {name: _unmarked(item) for name, item in value.items()}


READ: Mapping[str, Any] = {
    "$decimal": Decimal,
    "$int": int,
    "$datetime": datetime.fromisoformat,
    "$date": date.fromisoformat,
    "$text": str,
    "$bytes": base64.b64decode,
}


def ranges(numbers: Iterable[int]) -> str:
    """Return `2-6, 9` for 2, 3, 4, 5, 6 and 9."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)
