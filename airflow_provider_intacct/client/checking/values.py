"""Whether a value fits the field it is given for: its type, the values there are, its length. Pure."""

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any

from airflow_provider_intacct.client.checking.content import text_of
from airflow_provider_intacct.client.posting.identity import plain_number
from airflow_provider_intacct.client.xml.metadata import FieldDefinition

Fault = tuple[str, str]
"""What is wrong with a value, and what to do about it."""

BOOLEANS = frozenset({"true", "false", "t", "f"})
PRICE = re.compile("PRICE|COST|RATE", re.IGNORECASE)
"""Fields of a currency that may have more than two decimals, for they are multiplied before they are booked."""
NUMBERS = frozenset({"DECIMAL", "CURRENCY", "PERCENT", "NUMBER"})


def fault(definition: FieldDefinition, value: Any, *, money: bool = True, most: int | None = None) -> Fault | None:
    """Return what is wrong with `value` for a field, or None.

    `money`  whether amounts have two decimals at most; not so in statistical journals
    `most`   the characters a text may have, where that is known
    """
    written = text_of(value).strip()
    if definition.values and written.lower() not in (each.lower() for each in definition.values):
        return _not_listed(written, definition.values)
    kind = definition.datatype.upper()
    if kind == "BOOLEAN" and written.lower() not in BOOLEANS:
        return f"{written!r} is neither true nor false", "give True or False"
    if kind == "DATE":
        return _date_fault(value, written)
    if kind == "INTEGER" and not re.fullmatch(r"[+-]?\d+(\.0*)?", written, re.ASCII):
        return f"{written!r} is no whole number", "give digits only"
    if kind in NUMBERS:
        return _number_fault(written, two_decimals=money and kind == "CURRENCY" and not PRICE.search(definition.id))
    if most is not None and kind == "TEXT" and len(written) > most:
        return f"it has {len(written)} characters, and the field holds {most}", "shorten it"
    return None


def choice_fault(choices: tuple[Any, ...], value: Any) -> Fault | None:
    """Return what is wrong with a value of which only some are documented, or None."""
    written = text_of(value)
    return None if written in map(str, choices) else _not_listed(written, tuple(map(str, choices)))


def _not_listed(written: str, values: tuple[str, ...]) -> Fault:
    by_lower = {each.lower(): each for each in values}
    close = [by_lower[match] for match in get_close_matches(written.lower(), by_lower, n=1)]
    advice = f"did you mean {close[0]!r}?" if close else f"give one of {', '.join(map(repr, values))}"
    return f"{written!r} is none of its values", advice


def _number_fault(written: str, *, two_decimals: bool) -> Fault | None:
    try:
        number = Decimal(written)
    except InvalidOperation:
        return f"{written!r} is no number", "write it plainly, as in 1234.56: no thousands separator, no currency sign"
    if not number.is_finite():
        return f"{written!r} is no number", "give a number"
    if two_decimals and "." in plain_number(number) and len(plain_number(number).partition(".")[2]) > 2:
        return f"{written} has more than two decimals; Intacct would round it without a word", "round it yourself"
    return None


def _date_fault(value: Any, written: str) -> Fault | None:
    if isinstance(value, date) or day(value) is not None:
        return None
    return f"{written!r} is no date", "give a date, or its text as 2026-03-31 or 03/31/2026"


def day(value: Any) -> date | None:
    """Return the day that a value is: a date, one taken apart, or the text of one; None if it is none."""
    written = text_of(value).strip()
    parts = re.fullmatch(r"(\d\d)/(\d\d)/(\d{4})(?: .*)?", written, re.ASCII)
    iso = f"{parts[3]}-{parts[1]}-{parts[2]}" if parts else written
    try:
        return date.fromisoformat(iso)
    except ValueError:
        return None
