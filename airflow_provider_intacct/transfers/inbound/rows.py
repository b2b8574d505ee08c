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
from math import isfinite
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

UNREAD = f"{ERROR_PREFIX}text"
"""The text of a row that could not be read. While it stands in a dead letter, the row counts as not mended."""

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

    marked = {name: value if type(value) in NATIVE else _marked(value) for name, value in values.items()}
    return orjson.dumps(marked)


def packed_as_text(values: Values) -> tuple[bytes, str]:
    """Return the values packed, with what is no value as text, and what is wrong with that; "" if nothing is."""
    kept, wrong = dict(values), []
    for name, value in values.items():
        try:
            packed({name: value})
        except TypeError as error:
            kept[name] = ascii(value)[1:-1] if isinstance(value, str) else str(value)
            wrong.append(f"column {name} cannot be loaded ({error}): bring it as text")
    return packed(kept), "; ".join(wrong)


def unpacked(content: bytes) -> dict[str, Any]:
    """Return the values that were packed."""
    import orjson

    found: dict[str, Any] = orjson.loads(content)
    for name, value in found.items():
        if type(value) is dict or type(value) is list:
            found[name] = _unmarked(value)
    return found


def beyond_json(value: Any) -> bool:
    """Whether a value is a number that JSON's writer does not take: a large one, or none at all."""
    return (type(value) is int and not -(2**63) <= value < 2**63) or (type(value) is float and not isfinite(value))


def _marked(value: Any) -> Any:
    """Return what stands for a value in JSON: a mapping with one mark for all but plain texts, numbers and lists."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return {"$int": str(value)} if beyond_json(value) else value
        case float():
            return {"$float": str(value)} if beyond_json(value) else value
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
        case dict():
            return {"$dict": {name: _marked(item) for name, item in value.items()}}
        case list() | tuple():
            return [_marked(item) for item in value]
    raise TypeError(f"a {type(value).__name__} is no value")


def _unmarked(value: Any) -> Any:
    if isinstance(value, list):
        return [_unmarked(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((mark, held),) = value.items()
    return READ[mark](held)


NATIVE = frozenset({str, bool, type(None)})
"""Types of which JSON has all values; asking so takes less time than a call."""

READ: Mapping[str, Any] = {
    "$decimal": Decimal,
    "$int": int,
    "$float": float,
    "$datetime": datetime.fromisoformat,
    "$date": date.fromisoformat,
    "$text": str,
    "$bytes": base64.b64decode,
    "$dict": lambda held: {name: _unmarked(item) for name, item in held.items()},
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
