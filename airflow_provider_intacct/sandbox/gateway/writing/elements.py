"""Read the records of a request: XML in, typed values under the catalogue's field names out.

Formats: mm/dd/yyyy and ISO dates, timestamps in the API user's zone or ISO, true/false, plain decimals, enumeration
labels. An empty element is None, which clears the field.
Source: developer.intacct.com, "Parameter formats"; clients that send ISO dates to create.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from lxml import etree

from airflow_provider_intacct.sandbox.catalog import WHOLE_TYPES, Catalog, Field, ObjectDefinition
from airflow_provider_intacct.sandbox.ledger.refusals import RefusedError, refused
from airflow_provider_intacct.sandbox.ledger.rules import PARTS, WRITE_ONLY
from airflow_provider_intacct.sandbox.records import Record
from airflow_provider_intacct.sandbox.switches import Switches

_US_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_TRUE, _FALSE = ("true", "t", "1", "yes"), ("false", "f", "0", "no")
_LARGEST = Decimal(10) ** 14


@dataclass(frozen=True, slots=True)
class Reader:
    """How one request's records are read."""

    catalog: Catalog
    zone: ZoneInfo
    switches: Switches

    def record(self, element: etree._Element, definition: ObjectDefinition) -> Record:
        """Return the values of a record element: fields by name, lines as lists under their container's name.

        Fields that are read-only are passed over, as Intacct does; the key is kept, it says which record is meant.
        """
        values: Record = {}
        for child in _children(element):
            name = _tag(child)
            lines = definition.lines_in(name) or definition.lines_in(name.upper())
            part = PARTS.get(definition.name, {}).get(name)
            if lines is not None:
                values[lines.element] = self._lines(child, self.catalog[lines.object])
            elif part is not None:
                values.setdefault(name, []).append(self.record(child, self.catalog[part]))
            else:
                self._read_field(child, name, definition, values)
        return values

    def value(self, field: Field, text: str) -> Any:
        """Return the typed value of a field's text; None where it is empty."""
        word = text.strip()
        if not word:
            return None
        try:
            return self._typed(field, word, text)
        except (ValueError, InvalidOperation):
            raise self._invalid(field, word) from None

    def _lines(self, container: etree._Element, definition: ObjectDefinition) -> list[Record]:
        lines = []
        for child in _children(container):
            if _tag(child).upper() != definition.name:
                raise refused(f"Element {_tag(child)} is not expected; expected is {definition.name}.")
            lines.append(self.record(child, definition))
        return lines

    def _read_field(self, element: etree._Element, name: str, definition: ObjectDefinition, values: Record) -> None:
        children = list(_children(element))
        if children:
            for child in children:
                self._read_field(child, f"{name}.{_tag(child)}", definition, values)
            return
        extra = WRITE_ONLY.get(definition.name, {})
        field = definition.fields.get(name) or extra.get(name) or definition.fields.get(name.upper())
        if field is None:
            if self.switches.text("unknown_field") == "refuse":
                raise refused(f"Field {name} is not a field of {definition.name}.")
            return
        if field.readonly and field.id != definition.key:
            return
        values[field.id] = self.value(field, text_of(element))

    def _typed(self, field: Field, word: str, text: str) -> Any:
        if field.values:
            return _code(field, word)
        if field.scaled:
            return _number(word)
        if field.type in WHOLE_TYPES:
            number = _number(word)
            if number != number.to_integral_value():
                raise ValueError(word)
            return int(number)
        if field.type == "BOOLEAN":
            if word.lower() not in (*_TRUE, *_FALSE):
                raise ValueError(word)
            return word.lower() in _TRUE
        if field.type == "DATE":
            return _day(word)
        if field.type == "TIMESTAMP":
            return self._moment(word)
        if field.length and len(text) > field.length:
            raise ValueError(text)
        return text

    def _moment(self, word: str) -> datetime:
        if _ISO_DATE.match(word):
            moment = datetime.fromisoformat(word.replace("Z", "+00:00"))
        else:
            day, _, clock = word.partition(" ")
            moment = datetime.combine(_day(day), time.fromisoformat(clock or "00:00:00"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=self.zone)).astimezone(UTC)

    def _invalid(self, field: Field, word: str) -> RefusedError:
        errorno = self.switches.text("invalid_value_errorno")
        label = field.label or field.id
        if field.values:
            valid = ", ".join(value.label for value in field.values)
            return refused(f"'{word}' is not a valid value for {label}. Valid values: {valid}.", errorno)
        if field.length and len(word) > field.length:
            return refused(f"{label} is longer than {field.length} characters.", errorno)
        return refused(f"Illegal format for {label} : {word}", errorno)


def text_of(element: etree._Element) -> str:
    """Return an element's text, comments left out."""
    return "".join([element.text or "", *(child.tail or "" for child in element)])


def _code(field: Field, word: str) -> str:
    """Return the stored code of a label; codes themselves and labels in another case are understood as well."""
    code = field.code(word)
    if code is not None:
        return code
    for value in field.values:
        if word == value.code or word.casefold() == value.label.casefold():
            return value.code
    raise ValueError(word)


def _number(word: str) -> Decimal:
    number = Decimal(word)
    if not number.is_finite() or abs(number) >= _LARGEST or "_" in word:
        raise ValueError(word)
    return number


def _day(word: str) -> date:
    if match := _US_DATE.fullmatch(word):
        month, day, year = match.groups()
    elif match := _ISO_DATE.fullmatch(word.partition("T")[0]):
        year, month, day = match.groups()
    else:
        raise ValueError(word)
    return date(int(year), int(month), int(day))


def _children(element: etree._Element) -> list[etree._Element]:
    return [child for child in element if isinstance(child.tag, str)]


def _tag(element: etree._Element) -> str:
    return str(element.tag)
