"""Text of rows to typed values, by the DATATYPE of each column: one reader per column, no decision per value.

Money is Decimal, never float. Timestamps, which Intacct writes in the API user's zone, become aware and UTC. An empty
field is None. What does not fit its type stays text and is said once in the log: data is never dropped for its form.
A local time of the autumn hour that comes twice is read as the first of the two; Intacct's text does not tell which.
"""

import logging
import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from airflow_provider_intacct.client.errors import ConfigurationError
from airflow_provider_intacct.client.rows import Row
from airflow_provider_intacct.client.xml.metadata import UserFormatting

log = logging.getLogger(__name__)

Reader = Callable[[str], Any]
DataType = Callable[[str], str | None]

TEXT = frozenset({"TEXT", "ENUM", "SEQUENCE", "STRING"})
NUMBER = frozenset({"DECIMAL", "CURRENCY", "PERCENT", "NUMBER", "DOUBLE", "FLOAT"})
NO_OFFSET = timedelta(0)
BOOLEAN = {"true": True, "false": False, "T": True, "F": False, "True": True, "False": False}
MOMENT = re.compile(r"(\S+)[ T](\d{1,2}):(\d\d)(?::(\d\d))?(?:\.\d+)?\s*([AaPp][Mm])?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
CACHED = 16_384
"""Distinct days remembered per column: they repeat, and reading one costs ten times a look-up."""


class Typing:
    """Types the rows of one read. `datatype` tells a column's DATATYPE, `formatting` how the API user sees time."""

    def __init__(
        self,
        object: str,
        datatype: DataType,
        formatting: UserFormatting | None = None,
    ) -> None:
        self.object = object
        self.datatype = datatype
        self.formatting = formatting or UserFormatting()
        self.readers: dict[str, Reader | None] = {}
        self.told: set[str] = set()

    def apply(self, rows: list[Row]) -> list[Row]:
        """Return the same rows, their text replaced by typed values. Nested rows stay text."""
        for column in rows[0] if rows else ():
            if column not in self.readers:
                self.readers[column] = self.reader(column)
            reader = self.readers[column]
            try:
                type_column(rows, column, reader)
            except (ValueError, InvalidOperation, KeyError, TypeError, AttributeError):
                self.type_each(rows, column, reader)
        return rows

    def reader(self, column: str) -> Reader | None:
        """Return what reads the text of a column; None leaves it text."""
        kind = self.datatype(column)
        known = (kind or "TEXT").upper()
        if known in TEXT:
            return None
        if known in NUMBER:
            return plain_number
        if known == "INTEGER":
            return whole_number
        if known == "BOOLEAN":
            return BOOLEAN.__getitem__
        if known == "DATE":
            return lru_cache(CACHED)(day_reader(self.formatting))
        if known in ("TIMESTAMP", "DATETIME"):
            return moment_reader(self.formatting, self.formatting.zone_of(self.object))
        self.tell(column, f"has the unknown type {kind}; its values stay text.")
        return None

    def type_each(self, rows: Iterable[Row], column: str, reader: Reader | None) -> None:
        """Type a column that does not fit its type everywhere, value by value."""
        for row in rows:
            text = row.setdefault(column, "")
            if text == "":
                row[column] = None
            elif isinstance(text, str) and reader is not None:
                try:
                    row[column] = reader(text)
                except (ValueError, InvalidOperation, KeyError):
                    self.tell(column, f"is {self.datatype(column)}, but holds values that are not; those stay text.")

    def tell(self, column: str, what: str) -> None:
        """Log once per column."""
        if column not in self.told:
            self.told.add(column)
            log.warning("%s.%s %s", self.object, column, what)


def type_column(rows: list[Row], column: str, reader: Reader | None) -> None:
    """Replace the text of one column by its values. The hot loop of a typed read."""
    if reader is None:
        for row in rows:
            if not row[column]:
                row[column] = None
    else:
        for row in rows:
            text = row[column]
            row[column] = reader(text) if text else None


def plain_number(text: str) -> Decimal:
    """Return the number; what only Python takes for one ("1_000", "NaN", digits of other scripts) is none."""
    number = Decimal(text)
    if "_" in text or not text.isascii() or not number.is_finite():
        raise ValueError(text)
    return number


def whole_number(text: str) -> int | Decimal:
    """Return an int where the value is one; INTEGER fields of real companies hold decimals too."""
    try:
        number = int(text)
    except ValueError:
        return plain_number(text)
    if "_" in text or not text.isascii():
        raise ValueError(text)
    return number


def day_reader(formatting: UserFormatting) -> Callable[[str], date]:
    """Return what reads dates: as the gateway writes them (mm/dd/yyyy), as the user prefers them, or ISO.

    The documentation says that the API's dates follow no preference, a client that runs in production says they do.
    So both are read; a preference that cannot be told from the documented form is refused.
    """
    separator, order = formatting.date_format[:1] or "/", formatting.date_format[1:] or "mdY"
    if separator == "/" and order not in ("mdY", "Ymd"):
        raise ConfigurationError(
            f"The API user's date format ({formatting.date_format!r}) cannot be told from mm/dd/yyyy, so no date can "
            "be trusted. Set it to mm/dd/yyyy in the user's preferences in Intacct, or read with typed=False."
        )

    def read(text: str) -> date:
        if text[2:3] == "/" and text[5:6] == "/":
            return date.fromisoformat(f"{text[6:]}-{text[:2]}-{text[3:5]}")
        if ISO_DAY.fullmatch(text):
            return date.fromisoformat(text)
        parts = dict(zip(order, text.split(separator), strict=True))
        if len(parts.get("Y", "")) != 4:
            raise ValueError(text)
        return date(int(parts["Y"]), int(parts["m"]), int(parts["d"]))

    return read


def moment_reader(formatting: UserFormatting, zone: tzinfo) -> Callable[[str], datetime | date]:
    """Return what reads timestamps into aware UTC datetimes.

    A date without a time stays a date: it is a day chosen by a person (an invoice's), which no zone may move.
    """
    read_day = day_reader(formatting)

    def read(text: str) -> datetime | date:
        if len(text) == 19 and text[2] == "/" and text[5] == "/" and text[10] == " " and text[16] == ":":
            # The documented form, ten times faster than the general way: columns hold hundreds of thousands of them.
            local = datetime.fromisoformat(f"{text[6:10]}-{text[:2]}-{text[3:5]}{text[10:]}+00:00")
            return local - (zone.utcoffset(local) or NO_OFFSET)
        match = MOMENT.fullmatch(text)
        if match is None:
            return read_day(text)
        day, hour, minute, second, half, offset = match.groups()
        hours = int(hour)
        if half:
            hours = hours % 12 + (12 if half.lower() == "pm" else 0)
        own = datetime.fromisoformat(f"2000-01-01T00:00:00{offset}").tzinfo if offset else zone
        at = time(hours, int(minute), int(second or 0), tzinfo=own)
        return datetime.combine(read_day(day), at).astimezone(UTC)

    return read
