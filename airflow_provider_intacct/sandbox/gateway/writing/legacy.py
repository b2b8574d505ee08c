"""The legacy functions' dialect: lower-case names, dates in parts, custom fields in a list, records by @key.

Translates a legacy element into the values that the generic functions use, so that the ledger knows one language.
Source: the published schema (api.xsd, version 3.0).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lxml import etree

from airflow_provider_intacct.sandbox.catalog import Field, ObjectDefinition
from airflow_provider_intacct.sandbox.gateway.calls import Call
from airflow_provider_intacct.sandbox.ledger.books import Books
from airflow_provider_intacct.sandbox.ledger.refusals import no_record, refused
from airflow_provider_intacct.sandbox.ledger.rules import WRITE_ONLY
from airflow_provider_intacct.sandbox.records import Record, fetch

from .acts import reader_of, within_reach
from .elements import text_of

MONEY = {"currency": "CURRENCY", "basecurr": "BASECURR", "exchratedate": "EXCH_RATE_DATE",
         "exchratetype": "EXCH_RATE_TYPE_ID", "exchrate": "EXCHANGE_RATE"}  # fmt: skip
DIMENSIONS = {
    "projectid": "PROJECTID", "taskid": "TASKID", "customerid": "CUSTOMERID", "vendorid": "VENDORID",
    "employeeid": "EMPLOYEEID", "itemid": "ITEMID", "classid": "CLASSID", "warehouseid": "WAREHOUSEID",
}  # fmt: skip

TAXES = frozenset({"inclusivetax", "taxsolutionid", "totaltrxamount", "partialexempt", "taxentries"})
"""What the functions take for taxes, which this company does not work out."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a legacy element names the fields of an object, and what its lines are called.

    `lines` maps container elements to the line object's dialect; `words` translates the values of a field.
    """

    object: str
    names: Mapping[str, str]
    lines: Mapping[str, "Dialect"] = field(default_factory=dict)
    container: str = ""
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def values_of(call: Call, dialect: Dialect, element: etree._Element | None = None) -> Record:
    """Return the values of the call's element, or of one of its lines, under the catalogue's names."""
    definition = call.company.catalog[dialect.object]
    values: Record = {}
    for child in call.element if element is None else element:
        name = str(child.tag)
        if name in dialect.lines:
            values[dialect.lines[name].container] = [values_of(call, dialect.lines[name], line) for line in child]
        elif name == "customfields":
            values |= _custom_fields(call, definition, child)
        elif name in TAXES and (len(child) or _text(child) not in (None, "", "false")):
            raise refused(f"The sandbox works no taxes out: leave {name} out.")
        elif name in dialect.names:
            target = dialect.names[name]
            text = dialect.words.get(name, {}).get(_text(child), _text(child))
            values[target] = reader_of(call).value(_field(definition, target), text)
    return values


def changes_of(call: Call, dialect: Dialect) -> Record:
    """Return the header values of an update; empty ones clear their fields where set_nulls asks for it.

    Source: the published schema, where set_nulls is false unless it is given. What false means is a switch.
    """
    changes = values_of(call, replace(dialect, lines={}))
    if call.attributes.get("set_nulls") == "true" or call.company.switches.text("legacy_nulls") == "always":
        return changes
    return {name: value for name, value in changes.items() if value is not None}


def keyed_record(call: Call, books: Books, definition: ObjectDefinition) -> Record:
    """Return the record that the function's key attribute names."""
    key = call.attributes.get("key", "").strip()
    record = fetch(books.db, definition, int(key)) if key.isdecimal() and len(key) < 19 else None
    if record is None or not within_reach(books, record):
        raise no_record(key)
    return record


def date_of(call: Call, name: str) -> Any:
    """Return a date child of the call's element, None where it is absent or empty."""
    child = call.element.find(name)
    return None if child is None else reader_of(call).value(Field(name, "DATE", name), _text(child))


def _custom_fields(call: Call, definition: ObjectDefinition, container: etree._Element) -> Record:
    values: Record = {}
    for custom in container:
        name = (custom.findtext("customfieldname") or "").strip()
        known = definition.fields.get(name)
        if known is not None and known.custom:
            values[name] = reader_of(call).value(known, custom.findtext("customfieldvalue") or "")
        elif call.company.switches.text("unknown_field") == "refuse":
            raise refused(f"Field {name} is not a field of {definition.name}.")
    return values


def _field(definition: ObjectDefinition, name: str) -> Field:
    return definition.fields.get(name) or WRITE_ONLY.get(definition.name, {})[name]


def _text(element: etree._Element) -> str:
    """Return an element's text; a date in parts becomes mm/dd/yyyy."""
    if element.find("year") is None:
        return text_of(element)
    parts = ((element.findtext(part) or "").strip() for part in ("month", "day", "year"))
    return "/".join(parts)
