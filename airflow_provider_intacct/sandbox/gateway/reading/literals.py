"""Translate a value of a request into what its column holds, as `query` or as readByQuery understands it.

`query` speaks labels (Posted, true), readByQuery stored codes (A, T). Dates are mm/dd/yyyy; ISO dates are for custom
objects only. Timestamps are in the API user's time zone.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from typing import Literal

from airflow_provider_intacct.sandbox.catalog import WHOLE_TYPES, Field
from airflow_provider_intacct.sandbox.gateway.results import FunctionError

Dialect = Literal["labels", "codes"]

_US = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(Z|[+-]\d{2}:?\d{2})?)?")
_NOTHING = "\0"  # equal to no stored text


@dataclass(frozen=True, slots=True)
class Reader:
    """How one request's literals are read: the function's dialect, the user's zone, whether ISO dates are known.

    `strict` refuses a value that an enumeration does not have, which otherwise matches nothing. `fold` 1 takes the
    second of two moments where summer time's end repeats an hour.
    """

    dialect: Dialect
    zone: tzinfo
    iso: bool = False
    strict: bool = False
    fold: Literal[0, 1] = 0

    def stored(self, field: Field, text: str) -> object:
        """Return the value to compare a column with. Raises the gateway's refusal of a malformed literal."""
        if field.scaled or field.type in WHOLE_TYPES:
            return _number(text, field.scale)
        if field.type == "DATE":
            return self._moment(text, None)
        if field.type == "TIMESTAMP":
            return self._moment(text, self.zone)
        if field.type == "BOOLEAN":
            words = {"T": "true", "F": "false"} if self.dialect == "codes" else {"true": "true", "false": "false"}
            return words.get(text, _NOTHING)
        if self.speaks_labels(field):
            code = field.code(text)
            if code is None and self.strict:
                raise malformed()
            return _NOTHING if code is None else code
        return text

    def speaks_labels(self, field: Field) -> bool:
        """Whether this function names the values of an enumeration by label."""
        return bool(field.values) and ((self.dialect == "labels") is not field.codes_in_query)

    def _moment(self, text: str, zone: tzinfo | None) -> str:
        text = text.strip()
        if match := _US.fullmatch(text):
            month, day, year, *clock = match.groups()
            offset = None
        elif self.iso and (match := _ISO.fullmatch(text)):
            year, month, day, *clock, offset = match.groups()
        else:
            raise malformed()
        try:
            hour, minute, second = (int(part or 0) for part in clock)
            moment = datetime.combine(date(int(year), int(month), int(day)), time(hour, minute, second))
        except ValueError as error:
            raise malformed() from error
        if zone is None:
            # a DATE column: midnight is the day itself, a later hour comes after it in text order
            return moment.date().isoformat() if moment.time().isoformat() == "00:00:00" else moment.isoformat()
        if offset:
            moment = datetime.fromisoformat(moment.isoformat() + offset.replace("Z", "+00:00"))
        else:
            moment = moment.replace(tzinfo=zone, fold=self.fold)
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def malformed() -> FunctionError:
    """Return the gateway's refusal of a query it cannot process; it says no more than this."""
    return FunctionError("DL02000001", "There was an error processing the request.", description="Error")


def _number(text: str, scale: int) -> int | float:
    try:
        value = Decimal(text.strip()).scaleb(scale)
    except ArithmeticError as error:
        raise malformed() from error
    if not value.is_finite() or abs(value) > 2**62:
        raise malformed()
    return int(value) if value == value.to_integral_value() else float(value)
