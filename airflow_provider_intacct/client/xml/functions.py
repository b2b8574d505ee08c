"""The functions of the Web Services gateway as values, checked and rendered when they are built.

A `Function` says what to do, not for whom: no session, no control block, no I/O. Whatever can be known to be wrong
without asking Intacct is refused here, with the remedy. Sage's schema is not shipped, so `function()` keeps the order
of the mapping it is given: legacy functions (`create_bill`, ...) are strict sequences and need their documented order.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Any, Literal

from airflow_provider_intacct.client.errors import InvalidRecordError, InvalidRequestError
from airflow_provider_intacct.client.where import Condition, DataType, parse, to_query_filter, to_read_by_query
from airflow_provider_intacct.client.xml.elements import Element, Style, check_name, check_text, elements, scalar

ReturnFormat = Literal["xml", "json", "csv"]

MAX_RECORDS = 100
"""Records in one create or update, keys in one read or delete. Source: developer.intacct.com, Records."""
MAX_QUERY_PAGE = 2000
MAX_READ_PAGE = 1000
MAX_CONTROL_ID = 256

READS = frozenset({"query", "lookup", "inspect", "validate", "describe", "describeall", "retrievepdf", "get"})
READ_PREFIXES = ("read", "get")
AGGREGATE = re.compile(r"(count|avg|min|max|sum)\s*\(\s*([A-Za-z_][\w.]*)\s*\)", re.ASCII | re.IGNORECASE)
FIELD = re.compile(r"[A-Za-z_]\w*(\.\w+)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Function:
    """One function of a request. `records` counts what it writes: Intacct bills one API transaction for each."""

    name: str
    body: tuple[Element, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    control_id: str | None = None
    records: int = 0

    @property
    def element(self) -> Element:
        """The function's own element, without the `<function>` around it."""
        return Element(self.name, attributes=self.attributes, children=self.body)

    @property
    def writes(self) -> bool:
        """Whether the function may change the company. What is not known to read is held to write."""
        return self.name not in READS and not self.name.startswith(READ_PREFIXES)

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice answers the same: true of reads, except readMore, which moves a cursor."""
        return not self.writes and self.name != "readMore"

    @property
    def transactions(self) -> int:
        """API transactions that Intacct bills for one execution: a read is one, a write one for each record."""
        return max(1, self.records)

    def with_control_id(self, control_id: str) -> "Function":
        """Return the same function under `control_id` (1 to 256 characters)."""
        if not 1 <= len(control_id) <= MAX_CONTROL_ID:
            raise InvalidRequestError(f"{self.name}: a control id has 1 to {MAX_CONTROL_ID} characters.")
        return replace(self, control_id=check_text(control_id, f"{self.name} control id"))


def function(name: str, body: Any = None, *, zone: tzinfo | None = None, **attributes: Any) -> Function:
    """Return any function: `body` is a mapping, or a sequence of (name, value) tuples, in the schema's order.

    A sequence as a value repeats its element, `@name` keys are attributes, None is an empty element. In legacy
    functions (names with an underscore) dates become year, month and day; elsewhere `mm/dd/yyyy`. Attributes of the
    function itself are keywords: `function("reverse_bill", {...}, key="12")`. An aware datetime needs `zone`, the API
    user's own. Source: developer.intacct.com, API reference; the order of a legacy function is that of its page.
    """
    check_name(name, "function")
    style = Style(legacy="_" in name, zone=zone)
    whole = next(elements(name, {} if body is None else body, style))
    if whole.text:
        raise InvalidRequestError(f"{name}: its content is a mapping of names to values, not {type(body).__name__}.")
    own = tuple((key, scalar(value, f"{name}/@{key}")) for key, value in attributes.items() if value is not None)
    made = Function(name, whole.children, whole.attributes + own)
    if name in {"create", "update"} and len(made.body) > MAX_RECORDS:
        raise InvalidRecordError(
            f"{name}: {len(made.body)} records; the gateway takes 1 to {MAX_RECORDS}. Send several functions."
        )
    return replace(made, records=count_records(made)) if made.writes else made


def count_records(made: Function) -> int:
    """Return how many records a writing function writes."""
    if made.name in {"create", "update"}:
        return len(made.body)
    if made.name == "delete":
        return sum(len(part.text.split(",")) for part in made.body if part.tag == "keys") or 1
    return 1


def query(
    object: str,
    fields: Sequence[str],
    *,
    where: str | Condition | None = None,
    params: Mapping[str, Any] | None = None,
    order_by: str | Sequence[str] = (),
    page_size: int = MAX_QUERY_PAGE,
    offset: int = 0,
    show_private: bool = False,
    case_insensitive: bool = False,
    return_format: ReturnFormat = "xml",
    doc_par_id: str | None = None,
    zone: tzinfo | None = None,
    datatype: DataType | None = None,
) -> Function:
    """Return a `query`: one page of `fields` of `object`.

    `fields` are names, dotted through relationships, or aggregates such as `SUM(TOTALDUE)`, which group by the plain
    fields beside them. `order_by` items are `"NAME"`, `"NAME ASC"` or `"NAME DESC"`. `where` is text (with `:name`
    taken from `params`) or a condition. Source: developer.intacct.com, Web Services > Queries.
    """
    title = f"query {object}"
    within(page_size, 1, MAX_QUERY_PAGE, f"{title}: page size")
    within(offset, 0, None, f"{title}: offset")
    parts = [text("object", object, title), Element("select", children=selection(title, fields))]
    if where is not None:
        condition = parse(where, params) if isinstance(where, str) else where
        top = to_query_filter(condition, zone=zone, datatype=datatype)
        parts.append(Element("filter", children=(top,)))
    if orders := ordering(title, [order_by] if isinstance(order_by, str) else order_by):
        parts.append(Element("orderby", children=orders))
    if options := query_options(title, case_insensitive, show_private, return_format):
        parts.append(Element("options", children=options))
    parts += [Element("pagesize", str(page_size)), Element("offset", str(offset))]
    if doc_par_id is not None:
        parts.append(text("docparid", doc_par_id, title))
    return Function("query", tuple(parts))


def selection(title: str, fields: Sequence[str]) -> tuple[Element, ...]:
    """Return the children of `select`."""
    made = []
    for name in names(title, fields):
        if name == "*":
            raise InvalidRequestError(
                f"{title}: query cannot return all fields; name them (lookup lists what there is)."
            )
        if aggregate := AGGREGATE.fullmatch(name):
            made.append(Element(aggregate[1].lower(), aggregate[2]))
        elif FIELD.fullmatch(name):
            made.append(Element("field", name))
        else:
            raise InvalidRequestError(
                f"{title}: {name!r} is neither a field nor one of COUNT, SUM, AVG, MIN, MAX of a field."
            )
    return tuple(made)


def ordering(title: str, order_by: Sequence[str]) -> tuple[Element, ...]:
    """Return the children of `orderby`."""
    made = []
    for item in order_by:
        match = re.fullmatch(rf"({FIELD.pattern})(?:\s+(asc|desc))?", item.strip(), re.ASCII | re.IGNORECASE)
        if match is None:
            raise InvalidRequestError(f'{title}: order {item!r} is not "NAME", "NAME ASC" or "NAME DESC".')
        direction = "descending" if (match[3] or "").lower() == "desc" else "ascending"
        made.append(Element("order", children=(Element("field", match[1]), Element(direction))))
    return tuple(made)


def query_options(
    title: str, case_insensitive: bool, show_private: bool, return_format: ReturnFormat
) -> tuple[Element, ...]:
    """Return the children of `options` that differ from the gateway's defaults, in its order."""
    made = []
    if case_insensitive:
        made.append(Element("caseinsensitive", "true"))
    if show_private:
        made.append(Element("showprivate", "true"))
    if check_format(title, return_format) != "xml":
        made.append(Element("returnformat", return_format))
    return tuple(made)


def read_by_query(
    object: str,
    fields: Sequence[str] = ("*",),
    *,
    where: str | Condition | None = None,
    params: Mapping[str, Any] | None = None,
    page_size: int = MAX_READ_PAGE,
    return_format: ReturnFormat = "xml",
    doc_par_id: str | None = None,
    zone: tzinfo | None = None,
    datatype: DataType | None = None,
) -> Function:
    """Return a `readByQuery`: the first page; `read_more` brings the others. Enums are compared by their stored code.

    Text in `where` is the same language as in `query`, and is translated. Source: developer.intacct.com, Records.
    """
    title = f"readByQuery {object}"
    within(page_size, 1, MAX_READ_PAGE, f"{title}: page size")
    condition = parse(where, params) if isinstance(where, str) else where
    written = "" if condition is None else to_read_by_query(condition, zone=zone, datatype=datatype)
    parts = [
        text("object", object, title),
        field_list(title, fields),
        Element("query", check_text(written, title)),
        Element("pagesize", str(page_size)),
    ]
    return Function("readByQuery", (*parts, *format_and_document(title, return_format, doc_par_id)))


def read_more(
    *, result_id: str | None = None, object: str | None = None, view: str | None = None, report_id: str | None = None
) -> Function:
    """Return a `readMore` for exactly one of a result id (pins its result set), an object, a view or a report id.

    By object or view it continues the session's latest query of it. Sessions are shared by all of a process with the
    same credentials, so that may be another thread's query, and after a renewal there is none: prefer `result_id`.
    """
    given = [
        (name, value)
        for name, value in (("resultId", result_id), ("object", object), ("view", view), ("reportId", report_id))
        if value
    ]
    if len(given) != 1:
        raise InvalidRequestError("readMore: give exactly one of result_id, object, view and report_id.")
    return Function("readMore", (text(given[0][0], given[0][1], "readMore"),))


def read(
    object: str,
    keys: Sequence[int | str],
    fields: Sequence[str] = ("*",),
    *,
    return_format: ReturnFormat = "xml",
    doc_par_id: str | None = None,
) -> Function:
    """Return a `read` of up to 100 record numbers (custom objects: ids). Lines an object owns come with it."""
    return keyed_read("read", object, keys, fields, return_format, doc_par_id)


def read_by_name(
    object: str,
    keys: Sequence[int | str],
    fields: Sequence[str] = ("*",),
    *,
    return_format: ReturnFormat = "xml",
    doc_par_id: str | None = None,
) -> Function:
    """Return a `readByName` of up to 100 natural ids, such as VENDORID."""
    return keyed_read("readByName", object, keys, fields, return_format, doc_par_id)


def keyed_read(
    name: str,
    object: str,
    keys: Sequence[int | str],
    fields: Sequence[str],
    return_format: ReturnFormat,
    doc_par_id: str | None,
) -> Function:
    """Return the function `name` that reads `object` by `keys`."""
    title = f"{name} {object}"
    parts = (text("object", object, title), key_list(title, keys), field_list(title, fields))
    return Function(name, (*parts, *format_and_document(title, return_format, doc_par_id)))


def read_related(
    object: str,
    keys: Sequence[int | str],
    relation: str,
    fields: Sequence[str] = ("*",),
    *,
    return_format: ReturnFormat = "xml",
) -> Function:
    """Return a `readRelated`: the records that `relation` leads to, of custom objects only."""
    title = f"readRelated {object}"
    parts = (text("object", object, title), key_list(title, keys), text("relation", relation, title))
    return Function(
        "readRelated", (*parts, field_list(title, fields), *format_and_document(title, return_format, None))
    )


def read_view(
    view: str,
    filters: Sequence[tuple[str, str, Any]] = (),
    *,
    filter_condition: Literal["AND", "OR"] = "AND",
    page_size: int = MAX_READ_PAGE,
    return_format: ReturnFormat = "xml",
) -> Function:
    """Return a `readView`. `filters` are (field, operator, value), operator in the view's words: "greater than".

    Source: developer.intacct.com, Platform Services > Views.
    """
    title = f"readView {view}"
    within(page_size, 1, MAX_READ_PAGE, f"{title}: page size")
    parts = [text("view", view, title), Element("pagesize", str(page_size))]
    if filters:
        expressions = [
            (
                "filterExpression",
                {"field": field, "operator": operator, "value": value},
            )
            for field, operator, value in filters
        ]
        parts += elements("filters", [("filterCondition", filter_condition), *expressions])
    return Function("readView", (*parts, *format_and_document(title, return_format, None)))


def lookup(object: str, *, doc_par_id: str | None = None) -> Function:
    """Return a `lookup`: the fields and relationships of an object (of one transaction definition)."""
    title = f"lookup {object}"
    parts = [text("object", object, title)]
    if doc_par_id is not None:
        parts.append(text("docparid", doc_par_id, title))
    return Function("lookup", tuple(parts))


def inspect(object: str | None = None, *, name: str | None = None, detail: bool = False) -> Function:
    """Return an `inspect` of an object (`"*"` lists all) or, by `name`, of a transaction definition."""
    if bool(object) == bool(name):
        raise InvalidRequestError("inspect: give an object or the name of a transaction definition.")
    part = text("object", object, "inspect") if object else text("name", name, "inspect")
    return Function("inspect", (part,), (("detail", "1"),) if detail else ())


def create(
    object: str, records: Mapping[str, Any] | Sequence[Mapping[str, Any]], *, zone: tzinfo | None = None
) -> Function:
    """Return a `create` of 1 to 100 records of `object`, each a mapping of field names to values.

    Lines are a mapping of their own: `{"ENTRIES": {"GLENTRY": [{...}, {...}]}}`. The gateway commits record by record
    and stops at the first it refuses. Source: developer.intacct.com, Records > create.
    """
    return write_records("create", object, records, zone)


def update(
    object: str, records: Mapping[str, Any] | Sequence[Mapping[str, Any]], *, zone: tzinfo | None = None
) -> Function:
    """Return an `update` of 1 to 100 records of `object`, each with RECORDNO (or the object's id) and what changes.

    Fields left out stay as they are, None clears. Lines that are given replace all lines of the record.
    """
    return write_records("update", object, records, zone)


def write_records(
    name: str, object: str, records: Mapping[str, Any] | Sequence[Mapping[str, Any]], zone: tzinfo | None
) -> Function:
    """Return the function `name` that writes `records`."""
    check_name(object, f"{name}: object")
    if isinstance(records, Mapping):
        records = [records]
    if not isinstance(records, list | tuple):
        raise InvalidRecordError(
            f"{name} {object}: records are a mapping or a list of them, not {type(records).__name__}."
        )
    if not 1 <= len(records) <= MAX_RECORDS:
        raise InvalidRecordError(
            f"{name} {object}: {len(records)} records; the gateway takes 1 to {MAX_RECORDS}. Send several functions."
        )
    made = []
    for position, record in enumerate(records, 1):
        title = f"{name} {object}, record {position}"
        if not isinstance(record, Mapping):
            raise InvalidRecordError(
                f"{title}: a record is a mapping of field names to values, not {type(record).__name__}."
            )
        if not record:
            raise InvalidRecordError(f"{title}: the record is empty.")
        made.append(record_element(title, object, record, zone))
    return Function(name, tuple(made), records=len(made))


def record_element(title: str, object: str, record: Mapping[str, Any], zone: tzinfo | None) -> Element:
    """Return one record as an element; an error names the record and the path to the value."""
    try:
        return next(elements(object, record, Style(zone=zone)))
    except InvalidRequestError as error:
        raise InvalidRecordError(f"{title}: {error}") from None


def delete(object: str, keys: Sequence[int | str]) -> Function:
    """Return a `delete` of up to 100 record numbers (custom objects: ids)."""
    title = f"delete {object}"
    return Function("delete", (text("object", object, title), key_list(title, keys)), records=len(keys))


def get_list(
    object: str,
    *,
    filter: Mapping[str, Any] | None = None,
    sorts: Sequence[str] = (),
    fields: Sequence[str] = (),
    start: int = 0,
    max_items: int = 100,
    show_private: bool = False,
) -> Function:
    """Return a legacy `get_list`: `start` counts from 0, names are lower-case. Some objects exist only here (supdoc).

    `filter` is `{"expression": {"field", "operator", "value"}}` or `{"logical": {"@logical_operator": "and", ...}}`.
    Source: developer.intacct.com, Web Services > Legacy get_list; Sage's schema for the order.
    """
    title = f"get_list {object}"
    within(start, 0, None, f"{title}: start")
    within(max_items, 1, None, f"{title}: max items")
    parts: list[Element] = []
    if filter:
        parts += elements("filter", filter, Style(legacy=True))
    if orders := ordering(title, sorts):
        parts.append(Element("sorts", children=tuple(map(sort_field, orders))))
    if fields:
        parts.append(Element("fields", children=tuple(text("field", name, title) for name in names(title, fields))))
    attributes = [("object", check_text(object, title)), ("start", str(start)), ("maxitems", str(max_items))]
    if show_private:
        attributes.append(("showprivate", "true"))
    return Function("get_list", tuple(parts), tuple(attributes))


def sort_field(order: Element) -> Element:
    """Return an `order` of query as a legacy `sortfield`."""
    field, direction = order.children
    return Element("sortfield", field.text, (("order", "desc" if direction.tag == "descending" else "asc"),))


def get(object: str, key: int | str, *, fields: Sequence[str] = (), external_key: bool = False) -> Function:
    """Return a legacy `get` of one record by its key (`external_key`: by its external id)."""
    title = f"get {object}"
    attributes = [("object", check_text(object, title)), ("key", scalar(key, f"{title} key"))]
    if external_key:
        attributes.append(("externalkey", "true"))
    listed = tuple(text("field", name, title) for name in names(title, fields)) if fields else ()
    return Function("get", (Element("fields", children=listed),) if listed else (), tuple(attributes))


def get_api_session(entity_id: str | None = None) -> Function:
    """Return a `getAPISession`: the same level, an entity, or with "" back to the top level."""
    return Function(
        "getAPISession", () if entity_id is None else (Element("locationid", check_text(entity_id, "entity")),)
    )


def get_user_permissions(user_id: str) -> Function:
    """Return a `getUserPermissions`: what a user may do, per application."""
    return Function("getUserPermissions", (text("userId", user_id, "getUserPermissions"),))


def read_user_formatting(*, user_id: str | None = None, key: int | str | None = None) -> Function:
    """Return a `readUserFormatting`: locale, date format, clock and UTC offset of a user, by login or record number."""
    if (user_id is None) == (key is None):
        raise InvalidRequestError("readUserFormatting: give a user id or the user's record number.")
    part = text("key", str(key), "readUserFormatting") if user_id is None else text("userId", user_id, "user id")
    return Function("readUserFormatting", (part,))


def get_financial_setup() -> Function:
    """Return a `getFinancialSetup`: base currency, first fiscal month, multi-entity and the like."""
    return Function("getFinancialSetup")


def read_entity_details() -> Function:
    """Return a `readEntityDetails`: id, name, currency and fiscal start of each entity."""
    return Function("readEntityDetails")


def get_dimensions() -> Function:
    """Return a `getDimensions`: the dimensions of the company, user-defined ones included."""
    return Function("getDimensions")


def get_audit_trail(object: str, *, record_no: int | str | None = None, object_key: str | None = None) -> Function:
    """Return a `getAuditTrail` of one record, by record number or by object key."""
    if (record_no is None) == (object_key is None):
        raise InvalidRequestError(f"getAuditTrail {object}: give a record number or an object key.")
    title = f"getAuditTrail {object}"
    part = text("recordNo", str(record_no), title) if object_key is None else text("objectKey", object_key, title)
    return Function("getAuditTrail", (text("object", object, title), part))


def text(tag: str, value: Any, title: str) -> Element:
    """Return an element that must have text."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidRequestError(f"{title}: {tag} is empty.")
    return Element(tag, check_text(value, f"{title}: {tag}"))


def names(title: str, fields: Sequence[str]) -> Sequence[str]:
    """Return `fields`, which must be a list of non-empty names."""
    if isinstance(fields, str) or not isinstance(fields, Sequence):
        raise InvalidRequestError(f"{title}: fields are a list of names, not {type(fields).__name__}.")
    if not fields or not all(isinstance(name, str) and name.strip() for name in fields):
        raise InvalidRequestError(f"{title}: name at least one field, and no empty ones.")
    return [check_text(name.strip(), f"{title}: fields") for name in fields]


def field_list(title: str, fields: Sequence[str]) -> Element:
    """Return the comma-separated `fields` element of the read functions."""
    return Element("fields", ",".join(names(title, fields)))


def key_list(title: str, keys: Sequence[int | str]) -> Element:
    """Return the comma-separated `keys` element of 1 to 100 keys."""
    if isinstance(keys, str) or not isinstance(keys, Sequence):
        raise InvalidRequestError(f"{title}: keys are a list, not {type(keys).__name__}.")
    if not 1 <= len(keys) <= MAX_RECORDS:
        raise InvalidRequestError(
            f"{title}: {len(keys)} keys; the gateway takes 1 to {MAX_RECORDS}. Send several functions."
        )
    written = [scalar(key, f"{title}: key {position}").strip() for position, key in enumerate(keys, 1)]
    for position, key in enumerate(written, 1):
        if not key or "," in key:
            raise InvalidRequestError(
                f"{title}: key {position} ({key!r}) is empty or holds a comma, which separates keys."
            )
    return Element("keys", ",".join(written))


def format_and_document(title: str, return_format: ReturnFormat, doc_par_id: str | None) -> list[Element]:
    """Return the `returnFormat` and `docparid` of the read functions, where they differ from the defaults."""
    made = [] if check_format(title, return_format) == "xml" else [Element("returnFormat", return_format)]
    if doc_par_id is not None:
        made.append(text("docparid", doc_par_id, title))
    return made


def check_format(title: str, return_format: str) -> str:
    """Return `return_format` if the gateway knows it."""
    if return_format not in ("xml", "json", "csv"):
        raise InvalidRequestError(f"{title}: return format {return_format!r}; the gateway knows xml, json and csv.")
    return return_format


def within(value: int, low: int, high: int | None, what: str) -> None:
    """Refuse a count that is no whole number or outside the gateway's range."""
    if isinstance(value, bool) or not isinstance(value, int) or value < low or (high is not None and value > high):
        limits = f"{low} to {high}" if high is not None else f"{low} or more"
        raise InvalidRequestError(f"{what} is {value!r}; it must be a whole number, {limits}.")
