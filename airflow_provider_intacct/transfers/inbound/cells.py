"""One field of a record from one cell of a row: dates by their format, money as Decimal, constants, codes. Pure.

A cell that does not hold what its field needs raises CellError with the remedy; the mapping says where it stands.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from airflow_provider_intacct.client.errors import InvalidRequestError
from airflow_provider_intacct.client.posting.checked import DATED, MONEY
from airflow_provider_intacct.client.posting.identity import canonical_text
from airflow_provider_intacct.client.xml.elements import FORBIDDEN, NAME
from airflow_provider_intacct.transfers.inbound.rows import Values

SHOWN = 60
PLAIN = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
AMERICAN = re.compile(r"(\d\d)/(\d\d)/(\d{4})", re.ASCII)
WITH_COMMA = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?", re.ASCII)


class Absent:
    """The type of ABSENT: a field that is left out of the record."""


ABSENT = Absent()


class CellError(ValueError):
    """What is wrong with a cell, and what to do."""


@dataclass(frozen=True, slots=True)
class Cell:
    """How one field, `target`, is filled; `A/B` is the field B in the element A.

    As a mapping writes it: a column's name, or a dict of these.

    `column`        the column it comes from
    `value`         a constant, instead of a column
    `date`          the format of its dates, as in strptime: "%d.%m.%Y". Without it ISO 8601 and mm/dd/yyyy are read
    `decimal_mark`  "," where amounts are written 1.234,56
    `codes`         what the column's texts become: {"D": "1", "C": "-1"}
    `default`       what an empty cell becomes
    `required`      refuse an empty cell
    `empty`         "clear" sends an empty cell as such, which clears the field; otherwise it is left out
    """

    target: str
    column: str = ""
    value: Any = None
    date: str = ""
    decimal_mark: str = "."
    codes: Mapping[str, Any] | None = None
    default: Any = None
    required: bool = False
    empty: str = ""
    quantities: bool = False
    path: tuple[str, ...] = field(init=False)
    money: bool = field(init=False)
    dated: bool = field(init=False)

    def __post_init__(self) -> None:
        """Look at the field's name once, not for each row."""
        path = tuple(self.target.split("/"))
        object.__setattr__(self, "path", path)
        object.__setattr__(self, "money", path[-1].upper() in MONEY)
        object.__setattr__(self, "dated", bool(self.date or DATED.fullmatch(path[-1])))

    def read(self, values: Values) -> Any:
        """Return the field's value, ABSENT where the record goes without it. Raises CellError."""
        if not self.column:
            return self.value
        found = values.get(self.column)
        if found is None or (isinstance(found, str) and not found.strip()):
            return self._empty()
        if self.codes is not None:
            return self._coded(found)
        if self.money or self.decimal_mark != ".":
            return amount(found, self.decimal_mark, decimals=2 if self.money and not self.quantities else None)
        if self.dated:
            return day(found, self.date)
        return plain(found)

    def _empty(self) -> Any:
        if self.default is not None:
            return self.default
        if self.required:
            raise CellError(f"is empty, and {self.target} is required")
        return "" if self.empty == "clear" else ABSENT

    def _coded(self, found: Any) -> Any:
        assert self.codes is not None
        text = canonical_text(found).strip()
        if text not in self.codes:
            raise CellError(f"is {_shown(found)}; it is one of {', '.join(map(repr, self.codes))}")
        return self.codes[text]


OPTIONS = {each.name for each in fields(Cell)} - {"target", "quantities", "path", "money", "dated"}


def cell_of(target: str, given: Any, *, quantities: bool = False) -> Cell:
    """Return what a mapping says of one field. Raises InvalidRequestError."""
    if isinstance(given, str):
        given = {"column": given}
    if not all(NAME.fullmatch(part) for part in str(target).split("/")):
        raise InvalidRequestError(f"{target!r} cannot be a field's name. Nothing was sent.")
    if not isinstance(given, Mapping) or (unknown := [name for name in given if name not in OPTIONS]):
        what = f"{unknown[0]!r} is none of them" if isinstance(given, Mapping) else f"not {given!r}"
        raise InvalidRequestError(
            f"{target}: give a column's name, or a dict of {', '.join(sorted(OPTIONS))}; {what}. Nothing was sent."
        )
    cell = Cell(target, quantities=quantities, **given)
    if bool(cell.column) == (cell.value is not None):
        raise InvalidRequestError(f"{target}: give either a column or a constant value. Nothing was sent.")
    if cell.decimal_mark not in (".", ",") or cell.empty not in ("", "clear"):
        raise InvalidRequestError(f"{target}: decimal_mark is '.' or ',', empty is 'clear'. Nothing was sent.")
    return cell


def amount(found: Any, mark: str = ".", *, decimals: int | None = 2) -> Decimal:
    """Return a number as the exact Decimal it is. Raises CellError."""
    if isinstance(found, float):
        raise CellError(f"is the float {found!r}, which cannot carry money exactly: bring it as a decimal or as text")
    if isinstance(found, str):
        text = found.strip()
        written = WITH_COMMA if mark == "," else PLAIN
        if not written.fullmatch(text):
            example = "1234,56" if mark == "," else "1234.56"
            other = "" if mark == "," or not WITH_COMMA.fullmatch(text) else ', or give decimal_mark=","'
            raise CellError(f"is {_shown(found)}, which is no amount; write it plainly, as in {example}{other}")
        found = Decimal(text.replace(".", "").replace(",", ".") if mark == "," else text)
    if isinstance(found, bool) or not isinstance(found, int | Decimal):
        raise CellError(f"is {_shown(found)}, which is no amount")
    try:
        number = Decimal(found)
        exponent = number.normalize().as_tuple().exponent
    except InvalidOperation:
        raise CellError(f"is {_shown(found)}, which is no amount") from None
    if not isinstance(exponent, int):
        raise CellError(f"is {number}, which is no amount")
    if decimals is not None and exponent < -decimals:
        raise CellError(
            f"is {number:f}: Intacct keeps two decimals and would round it without a word; round it yourself"
        )
    return number


def day(found: Any, form: str = "") -> date:
    """Return the date a cell holds. Raises CellError."""
    if isinstance(found, datetime):
        if found.time() != time():
            raise CellError(f"is the point in time {found.isoformat()}; bring the date it falls on")
        return found.date()
    if isinstance(found, date):
        return found
    text = canonical_text(found).strip()
    written = None if form else AMERICAN.fullmatch(text)
    with contextlib.suppress(ValueError):
        if form:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
    with contextlib.suppress(ValueError):  # what a dead-letter file holds of a typed date is ISO 8601 in any case
        return date.fromisoformat(f"{written[3]}-{written[1]}-{written[2]}" if written else text)
    moment = None
    with contextlib.suppress(ValueError):
        moment = datetime.fromisoformat(text)
    if moment is not None:
        return day(moment)
    wanted = f"of the form {form}" if form else "as in 2026-03-31 or 03/31/2026; give its format, such as %d.%m.%Y"
    raise CellError(f"is {_shown(found)}, which is no date {wanted}")


def plain(found: Any) -> Any:
    """Return a value that needs no reading, if XML can carry it. Raises CellError."""
    if isinstance(found, str):
        if forbidden := FORBIDDEN.search(found):
            raise CellError(
                f"has the character U+{ord(forbidden.group()):04X} at position {forbidden.start() + 1}, which XML "
                "cannot carry: remove it"
            )
        return found.strip()  # as rows are told apart: "LB-1 " is no other bill than "LB-1"
    if isinstance(found, float):
        raise CellError(f"is the float {found!r}, which may not be exact: bring it as a decimal, an integer or as text")
    if isinstance(found, Decimal) and not found.is_finite():
        raise CellError(f"is {found}, which is no number")
    if isinstance(found, bool | int | Decimal | date):
        return found
    raise CellError(f"is a {type(found).__name__}: bring it as text")


def _shown(found: Any) -> str:
    text = repr(found)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
