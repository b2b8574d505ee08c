"""Records as rows, page by page, and what is asked of Intacct to read them rightly: definitions and the user's zone.

Flows over a gateway. Which page comes next is decided in `paging`, what a reply holds in `rows` and `values`; here they
are put together. Memory holds one page at a time.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Required, TypedDict

from airflow_provider_intacct.client import paging
from airflow_provider_intacct.client import rows as pages
from airflow_provider_intacct.client.errors import InvalidRequestError
from airflow_provider_intacct.client.transport import Emit, Flow
from airflow_provider_intacct.client.values import Typing
from airflow_provider_intacct.client.where import Condition, fields_of, needs_zone, parse, rename_fields
from airflow_provider_intacct.client.xml import functions, metadata
from airflow_provider_intacct.client.xml.functions import AGGREGATE, ReturnFormat
from airflow_provider_intacct.client.xml.gateway import Gateway
from airflow_provider_intacct.client.xml.metadata import ObjectDefinition, UserFormatting
from airflow_provider_intacct.client.xml.reply import Result

log = logging.getLogger(__name__)

_WRITTEN_BY_PREFERENCE = frozenset({"DATE", "TIMESTAMP", "DATETIME"})


class ReadOptions(TypedDict, total=False):
    """How `rows` reads. Only `fields` is required.

    `fields`           names, dotted through relationships ("VENDOR.NAME"), or aggregates ("SUM(TOTALDUE)")
    `where`            SQL-like text or a condition of client.where; `params` fills the :names of the text
    `typed`            Decimal, date, aware datetime (UTC), bool, int, None for empty (default); else text as it came
    `order_by`         "NAME" or "NAME DESC"; leave it out to read by record number, which changes cannot disturb
    `limit`            at most so many rows
    `page_size`        rows in one page, at most 2,000
    `show_private`     from the top level, also what belongs to private entities
    `case_insensitive` compare text without regard to case
    `doc_par_id`       the transaction definition whose custom fields are wanted
    `returnformat`     how the pages travel: json (default, the quickest), csv or xml; the rows are the same
    """

    fields: Required[Sequence[str]]
    where: str | Condition | None
    params: Mapping[str, Any] | None
    typed: bool
    order_by: str | Sequence[str] | None
    limit: int | None
    page_size: int | None
    show_private: bool
    case_insensitive: bool
    doc_par_id: str | None
    returnformat: ReturnFormat


@dataclass(slots=True)
class Knowledge:
    """What one client has asked Intacct once: definitions by (object, document type), and the user's formatting."""

    gateway: Gateway
    time_zone: str | None = None
    _definitions: dict[tuple[str, str], ObjectDefinition] = field(default_factory=dict)
    _formatting: UserFormatting | None = None

    def definition(self, object: str, doc_par_id: str | None = None) -> Flow[ObjectDefinition]:
        """Flow: the fields and relationships of an object. Raises ObjectNotFoundError."""
        key = (object.upper(), doc_par_id or "")
        if key not in self._definitions:
            result = yield from self.gateway.call(functions.lookup(object, doc_par_id=doc_par_id))
            self._definitions[key] = metadata.read_definition(result.data)
        return self._definitions[key]

    def formatting(self) -> Flow[UserFormatting]:
        """Flow: how Intacct writes dates and times for this user, and in which zone."""
        if self._formatting is None:
            session = yield from self.gateway.session()
            result = yield from self.gateway.call(functions.read_user_formatting(user_id=session.user_id))
            self._formatting = metadata.read_formatting(result.data, self.time_zone)
        return self._formatting

    def definitions(
        self, object: str, names: Iterable[str], doc_par_id: str | None
    ) -> Flow[dict[str, ObjectDefinition]]:
        """Flow: the definition of an object, and of those that dotted `names` lead to, by name in upper case."""
        names = list(names)
        known = {object.upper(): (yield from self.definition(object, doc_par_id))}
        while missing := metadata.needed_definitions(object, names, known):
            for each in sorted(missing):
                known[each] = yield from self.definition(each)
        return known


def read_rows(gateway: Gateway, knowledge: Knowledge, object: str, page_size: int, options: ReadOptions) -> Flow[None]:
    """Flow: emit the rows, a list for each page. Field names are spelled as Intacct spells them."""
    extract, typing = yield from _prepared(knowledge, object, page_size, options)
    cursor: paging.Cursor | None = paging.first(extract)
    found = 0
    while cursor is not None:
        result = yield from gateway.call(cursor.function())
        page = cursor.advance(_rows(result, cursor.fields), result.counts.total)
        found += len(page.rows)
        del result  # the reply in all its bytes, or its tree: the caller may take long over the rows made of it
        yield Emit(typing.apply(page.rows) if typing else page.rows)
        cursor = page.next
        del page
    if not found and (entity_id := (yield from gateway.session()).entity_id):
        log.info(
            "No %s found in entity %s. The session sees the records of that entity and of the top level only.",
            extract.object,
            entity_id,
        )


def _prepared(
    knowledge: Knowledge, object: str, page_size: int, options: ReadOptions
) -> Flow[tuple[paging.Extract, Typing | None]]:
    """Flow: what to read, every name checked against the definitions before the first page is asked for."""
    where = options.get("where")
    condition = parse(where, options.get("params")) if isinstance(where, str) else where
    if options.get("params") and not isinstance(where, str):
        raise InvalidRequestError(f"rows of {object}: params fill in a text; a condition holds its values itself.")
    fields = functions.names(f"rows of {object}", options["fields"])
    asked = options.get("order_by") or ()
    order_by = [asked] if isinstance(asked, str) else list(asked)
    names = [_inner(name) for name in fields] + [item.split()[0] for item in order_by if item.strip()]
    names += fields_of(condition) if condition is not None else []
    document = options.get("doc_par_id")
    definitions = yield from knowledge.definitions(object, [name for name in names if name != "*"], document)

    def spelled(name: str) -> str:
        return metadata.spell(object, name, definitions)

    def datatype(name: str) -> str | None:
        return metadata.datatype_of(object, name, definitions)

    definition = definitions[object.upper()]
    condition = rename_fields(condition, spelled) if condition is not None else None
    selected = tuple(dict.fromkeys(_spelled_selection(name, spelled) for name in fields))
    typed = options.get("typed", True)
    kinds = {(datatype(_inner(name)) or "").upper() for name in selected} if typed else set()
    by_preference = not kinds.isdisjoint(_WRITTEN_BY_PREFERENCE)
    timed = condition is not None and needs_zone(condition, datatype)
    formatting = (yield from knowledge.formatting()) if by_preference or timed else UserFormatting()
    extract = paging.Extract(
        definition.name or object,
        selected,
        where=condition,
        order_by=tuple(_spelled_order(item, spelled) for item in order_by),
        key=definition.key,
        limit=options.get("limit"),
        page_size=options.get("page_size") or page_size,
        return_format=options.get("returnformat", "json"),
        show_private=options.get("show_private", False),
        case_insensitive=options.get("case_insensitive", False),
        doc_par_id=document,
        zone=formatting.zone_of(object) if timed else None,
        datatype=datatype,
    )
    return extract, Typing(extract.object, datatype, formatting) if typed else None


def _rows(result: Result, fields: Sequence[str]) -> list[pages.Row]:
    named = [name for name in fields if not AGGREGATE.fullmatch(name)]  # what an aggregate comes back as is not sure
    if result.format != "xml" and result.body is not None:
        return pages.read(result.body, result.format, named)
    return pages.complete(pages.from_element(result.data), named)


def _inner(name: str) -> str:
    """The field of an aggregate; the name itself if it is none."""
    aggregate = AGGREGATE.fullmatch(name)
    return aggregate[2] if aggregate else name


def _spelled_selection(name: str, spelled: Callable[[str], str]) -> str:
    aggregate = AGGREGATE.fullmatch(name)
    if aggregate:
        return f"{aggregate[1].upper()}({spelled(aggregate[2])})"
    return name if name == "*" else spelled(name)  # "*" is refused, with the reason, where the query is built


def _spelled_order(item: str, spelled: Callable[[str], str]) -> str:
    name, *direction = item.split()
    return " ".join([spelled(name), *direction])
