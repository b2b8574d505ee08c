"""What a read asks for: every name checked against the definitions, and spelled as Intacct spells it, beforehand."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, get_args

from airflow_provider_intacct.client.errors import FieldsDeniedError, InvalidRequestError
from airflow_provider_intacct.client.extraction import Column, ExtractionReport
from airflow_provider_intacct.client.flows import Flow
from airflow_provider_intacct.client.paging import Extract
from airflow_provider_intacct.client.values import Typing
from airflow_provider_intacct.client.where import Condition, fields_of, needs_zone, parse, rename_fields
from airflow_provider_intacct.client.windows import Window
from airflow_provider_intacct.client.xml import functions, metadata
from airflow_provider_intacct.client.xml.functions import AGGREGATE, ReturnFormat
from airflow_provider_intacct.client.xml.knowledge import Knowledge
from airflow_provider_intacct.client.xml.metadata import ObjectDefinition, UserFormatting

WRITTEN_BY_PREFERENCE = frozenset({"DATE", "TIMESTAMP", "DATETIME"})
NEVER_READ = frozenset({"PASSWORD"})
"""Datatypes that "*" leaves out: nobody wants them in a warehouse, and query refuses them."""


class ReadOptions(TypedDict, total=False):
    """What is read, and how.

    `fields`           names, dotted through relationships ("VENDOR.NAME"), or aggregates ("SUM(TOTALDUE)"); "*", the
                       default, is all that lookup lists
    `where`            SQL-like text or a condition of client.where; `params` fills the :names of the text
    `window`           only what changed in it, also what was created in it and never changed since
    `reread_parents`   with a window, of lines: also all lines of what owns them, where that changed. Always so for
                       lines that have no time of change
    `typed`            Decimal, date, aware datetime (UTC), bool, int, None for empty (default); else text as it came
    `order_by`         "NAME" or "NAME DESC"; leave it out to read by record number, which changes cannot disturb
    `limit`            at most so many rows, after the first `offset` of them (with order_by)
    `page_size`        rows in one page, at most 2,000
    `show_private`     from the top level, also what belongs to private entities
    `case_insensitive` compare text without regard to case
    `doc_par_id`       the transaction definition whose custom fields are wanted
    `returnformat`     how the pages travel: json (default, the quickest for rows), csv (for columns) or xml; the rows
                       are the same
    `on_denied_field`  "error" (default), or "drop": read on without the fields that this user may not read
    `stamp_entity`     the name of a column to add, with the entity of the session; None at the top level
    `progress`         called with the report after each page
    """

    fields: str | Sequence[str]
    where: str | Condition | None
    params: Mapping[str, Any] | None
    window: Window | None
    reread_parents: bool
    typed: bool
    order_by: str | Sequence[str] | None
    limit: int | None
    offset: int
    page_size: int | None
    show_private: bool
    case_insensitive: bool
    doc_par_id: str | None
    returnformat: ReturnFormat
    on_denied_field: Literal["error", "drop"]
    stamp_entity: str | None
    progress: Callable[[ExtractionReport], None] | None


@dataclass(frozen=True, slots=True)
class Selection:
    """A read with every name known."""

    extract: Extract
    definitions: Mapping[str, ObjectDefinition]
    formatting: UserFormatting
    typed: bool

    @property
    def definition(self) -> ObjectDefinition:
        return self.definitions[self.extract.object.upper()]

    def datatype(self, name: str) -> str | None:
        """The DATATYPE of a column; None if unknown."""
        return metadata.datatype_of(self.extract.object, name, self.definitions)

    @property
    def typing(self) -> Typing | None:
        """What types the rows; None if they stay text."""
        return Typing(self.extract.object, self.datatype, self.formatting) if self.typed else None

    def column(self, name: str, answered: Sequence[str] = ()) -> Column:
        """Return the column of a field or aggregate that was selected; `answered` are the names of a row, if known."""
        aggregate = AGGREGATE.fullmatch(name)
        if aggregate:
            choices = (f"{aggregate[1].upper()}.{aggregate[2]}", aggregate[2])
            name = next((each for each in choices if each in answered), result_name(name))
            kind = metadata.datatype_of(self.extract.object, choices[0], self.definitions)
            return Column(name, (kind or "DECIMAL").upper())
        found = metadata.resolve(self.extract.object, name, self.definitions)
        return Column(name, (self.datatype(name) or "TEXT").upper(), found[1].label if found else "")

    def checked_stamp(self, name: str) -> str:
        """Return the name of a column to be added, which no field has."""
        if name.upper() in (field.upper() for field in self.extract.fields):
            raise InvalidRequestError(f"stamp_entity: {self.extract.object} has a field {name} among those read.")
        return name


def check_options(object: str, options: ReadOptions) -> None:
    """Refuse an option that is none, or none of its values: a filter that is overlooked reads something else."""
    known = ReadOptions.__annotations__
    for name in options:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            advice = f"; did you mean {close[0]}?" if close else f". There are {', '.join(sorted(known))}."
            raise InvalidRequestError(f"rows of {object}: there is no option {name}{advice}")
    choices = {"returnformat": get_args(ReturnFormat), "on_denied_field": ("error", "drop")}
    for name, allowed in choices.items():
        if (value := options.get(name, allowed[0])) not in allowed:
            raise InvalidRequestError(f"rows of {object}: {name} is one of {', '.join(allowed)}, not {value!r}.")


def select(knowledge: Knowledge, object: str, page_size: int, options: ReadOptions) -> Flow[Selection]:
    """Flow: what to read. Raises InvalidRequestError, with the nearest names, for what the object does not have."""
    condition = _condition(object, options)
    asked = options.get("order_by") or ()
    order_by = [asked] if isinstance(asked, str) else list(asked)
    given = options.get("fields", "*")
    fields: Sequence[str] = () if given in ("*", ["*"], ("*",)) else functions.names(f"rows of {object}", given)
    names = [inner(name) for name in fields] + [item.split()[0] for item in order_by if item.strip()]
    names += fields_of(condition) if condition is not None else []
    document = options.get("doc_par_id")
    definitions = yield from knowledge.definitions(object, [name for name in names if name != "*"], document)
    definition = definitions[object.upper()]
    if not fields:
        fields = [item.id for item in definition.fields if item.datatype.upper() not in NEVER_READ]

    def spelled(name: str) -> str:
        return metadata.spell(object, name, definitions)

    def datatype(name: str) -> str | None:
        return metadata.datatype_of(object, name, definitions)

    condition = rename_fields(condition, spelled) if condition is not None else None
    selected = tuple(dict.fromkeys(_spelled_selection(name, spelled) for name in fields))
    typed = options.get("typed", True)
    kinds = {(datatype(inner(name)) or "").upper() for name in selected} if typed else set()
    by_preference = not kinds.isdisjoint(WRITTEN_BY_PREFERENCE)
    timed = options.get("window") is not None or (condition is not None and needs_zone(condition, datatype))
    formatting = (yield from knowledge.formatting()) if by_preference or timed else UserFormatting()
    extract = Extract(
        definition.name or object,
        selected,
        where=condition,
        order_by=tuple(_spelled_order(item, spelled) for item in order_by),
        key=definition.key,
        limit=options.get("limit"),
        offset=options.get("offset", 0),
        page_size=options.get("page_size") or page_size,
        return_format=options.get("returnformat", "json"),
        show_private=options.get("show_private", False),
        case_insensitive=options.get("case_insensitive", False),
        doc_par_id=document,
        zone=formatting.zone_of(object) if timed else None,
        datatype=datatype,
    )
    return Selection(extract, {**definitions, extract.object.upper(): definition}, formatting, typed)


def denied(selection: Selection, error: FieldsDeniedError) -> tuple[str, ...]:
    """Return the selected fields that `error` names; none if it is about a filter, or cannot be matched."""
    named = {object.upper(): {name.upper() for name in names} for object, names in error.fields.items()}
    found = []
    for name in selection.extract.fields:
        _, definition, rest = metadata.walk(selection.extract.object, inner(name), selection.definitions)
        own = named.get(selection.extract.object.upper(), ())
        if rest.upper() in named.get(definition.name.upper(), ()) or inner(name).upper() in own:
            found.append(name)
    return tuple(found)


def _condition(object: str, options: ReadOptions) -> Condition | None:
    where = options.get("where")
    if options.get("params") and not isinstance(where, str):
        raise InvalidRequestError(f"rows of {object}: params fill in a text; a condition holds its values itself.")
    return parse(where, options.get("params")) if isinstance(where, str) else where


def inner(name: str) -> str:
    """The field of an aggregate; the name itself if it is none."""
    aggregate = AGGREGATE.fullmatch(name)
    return aggregate[2] if aggregate else name


def result_name(name: str) -> str:
    """The name under which query answers a field or aggregate. SUM comes back plain; of AVG, MIN, MAX it is a guess.

    Source: developer.intacct.com, Web Services > Queries (samples of count and sum).
    """
    aggregate = AGGREGATE.fullmatch(name)
    if aggregate is None:
        return name
    return aggregate[2] if aggregate[1].upper() == "SUM" else f"{aggregate[1].upper()}.{aggregate[2]}"


def _spelled_selection(name: str, spelled: Callable[[str], str]) -> str:
    aggregate = AGGREGATE.fullmatch(name)
    if aggregate:
        return f"{aggregate[1].upper()}({spelled(aggregate[2])})"
    return name if name == "*" else spelled(name)  # "*" is refused, with the reason, where the query is built


def _spelled_order(item: str, spelled: Callable[[str], str]) -> str:
    name, *direction = item.split()
    return " ".join([spelled(name), *direction])
