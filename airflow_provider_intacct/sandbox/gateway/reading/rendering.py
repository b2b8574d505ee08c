"""Write stored values as the gateway shows them: mm/dd/yyyy, the user's clock, labels, plain decimals, no NULL."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any

from airflow_provider_intacct.sandbox.catalog import WHOLE_TYPES, Field

_FORBIDDEN_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Cell:
    """How one column is written: a function for what is there, a text for what is not."""

    write: Callable[[Any], str]
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Writer:
    """How one reply's values are written: whose clock, ISO or not, enumerations by label or by code.

    `missing_boolean` is what an empty boolean shows: `read` says false, query and readByQuery say nothing.
    """

    zone: tzinfo
    iso: bool = False
    codes: bool = False
    missing_boolean: str = ""

    def cell(self, field: Field) -> Cell:
        """Return how this field's stored values are written."""
        return Cell(self._function(field), self.missing_boolean if field.type == "BOOLEAN" else "")

    def _function(self, field: Field) -> Callable[[Any], str]:
        if field.scaled:
            return decimal_writer(field.scale)
        if field.type in WHOLE_TYPES:
            return str
        if field.type == "DATE":
            return clean if self.iso else _us_date
        if field.type == "TIMESTAMP":
            return clean if self.iso else _clock(self.zone)
        if field.values and not (self.codes and field.codes_in_query):
            labels = {value.code: value.label for value in field.values}
            return lambda value: labels.get(value) or clean(value)
        return clean


def written(rows: Iterable[Sequence[Any]], cells: Sequence[Cell]) -> list[tuple[str, ...]]:
    """Return rows of stored values as rows of text. Works by column: a page of thousands of rows is the usual case."""
    if not cells:
        return [() for _ in rows]
    columns = [
        [cell.missing if value is None else cell.write(value) for value in column]
        for cell, column in zip(cells, zip(*rows, strict=True), strict=False)
    ]
    return list(zip(*columns, strict=True))


@lru_cache(maxsize=16)
def decimal_writer(scale: int) -> Callable[[int], str]:
    """Return the writer of a scaled integer: `379700` at scale 2 is 3797, `10012` is 100.12."""
    unit = 10**scale

    def write(value: int) -> str:
        whole, fraction = divmod(abs(value), unit)
        text = f"{whole}.{fraction:0{scale}}".rstrip("0") if fraction else str(whole)
        return "-" + text if value < 0 else text

    return write


def clean(value: str) -> str:
    """Return a text without the characters that no XML document may hold."""
    return value if value.isascii() and value.isprintable() else _FORBIDDEN_IN_XML.sub("", value)


def timestamp(value: str, zone: tzinfo) -> str:
    """Return a stored timestamp as a user in that zone reads it: MM/DD/YYYY HH:MM:SS."""
    moment = datetime.fromisoformat(value).astimezone(zone)
    return f"{moment.month:02}/{moment.day:02}/{moment.year:04} {moment:%H:%M:%S}"


def _us_date(value: str) -> str:
    return f"{value[5:7]}/{value[8:10]}/{value[:4]}"


@lru_cache(maxsize=64)
def _clock(zone: tzinfo) -> Callable[[str], str]:
    """Return a zone's writer of timestamps; rows entered together share a moment, so each is worked out once."""

    @lru_cache(maxsize=65536)
    def write(value: str) -> str:
        return timestamp(value, zone)

    return write
