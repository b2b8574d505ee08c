"""The legacy get_list and get: lower-case elements, dates as year, month and day, their own names for fields."""

from collections.abc import Mapping, Sequence
from typing import Any

from lxml import etree

from airflow_provider_intacct.sandbox.catalog import ObjectDefinition, Path
from airflow_provider_intacct.sandbox.catalog.legacy import LegacyRecord, legacy_records
from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.results import Content, FunctionError, ListResult, Node, Result

from .comparison import Comparer
from .literals import malformed
from .rendering import Cell, Writer, written
from .request import checked_number, literal_reader, object_zone, refuse_kept_fields
from .selection import Condition, Selection
from .visibility import visible_rows

_OPERATORS: Mapping[str, str] = {
    "=": "equalto",
    "!=": "notequalto",
    "<": "lessthan",
    "<=": "lessthanorequalto",
    ">": "greaterthan",
    ">=": "greaterthanorequalto",
    "like": "like",
    "is null": "isnull",
}


@function("get_list")
def get_list(call: Call) -> Result:
    """Return a page of records with filter, sorts and fields."""
    if call.attributes["object"] == "company_info":
        return ListResult("company_info", [_company_info(call)], 0, 0, 1)
    listing = _Listing(call, _record_type(call))
    start = checked_number("start", call.attributes.get("start", ""), 0)
    default = int(call.company.switches.number("get_list_page"))
    most = checked_number("maxitems", call.attributes.get("maxitems", ""), default)
    show_private = call.attributes.get("showprivate") == "true"
    condition = listing.filter(call.element.find("filter"))
    total, nodes = listing.page(condition, start, most, show_private=show_private, with_lines=False)
    return ListResult(listing.record.name, nodes, start, max(start, start + len(nodes) - 1), total)


@function("get")
def get(call: Call) -> Result:
    """Return one record by its key, with its lines."""
    if call.attributes["object"] == "company_info":
        return ListResult("company_info", [_company_info(call)], 0, 0, 1)
    listing = _Listing(call, _record_type(call))
    key = call.attributes.get("key", "")
    if call.attributes.get("externalkey") == "true":
        by = listing.record.fields.get("externalid", "EXTERNALID")
    else:
        by = listing.record.key
    path = call.company.catalog.path(listing.definition, by)
    if path is None:
        raise FunctionError("XL03000006", f"{listing.record.name} has no external key")
    condition = listing.comparer.compare(path, "equalto", [key])
    total, nodes = listing.page(condition, 0, 1, show_private=True, with_lines=True)
    if not nodes:
        raise FunctionError("BL03002028", "No Data Found")
    return ListResult(listing.record.name, nodes, 0, 0, total)


def _record_type(call: Call) -> LegacyRecord:
    name = call.attributes["object"]
    record = legacy_records().get(name)
    if record is None or not record.object:
        raise FunctionError(
            call.company.switches.text("not_implemented_errorno"),
            f"The sandbox does not implement {call.name} of object {name}",
        )
    call.require(record.object)
    return record


def _company_info(call: Call) -> Node:
    return Node("company_info", {"title": call.company.id, "name": call.company.profile.title})


class _Listing:
    """One call's view of a legacy record type: its fields, its filter, its page."""

    def __init__(self, call: Call, record: LegacyRecord) -> None:
        self.call = call
        self.record = record
        self.definition: ObjectDefinition = call.company.catalog[record.object]
        self._zone = object_zone(call, self.definition)
        self._selection = Selection(call.company.catalog, self.definition)
        self.comparer = Comparer(self._selection, literal_reader(call, self.definition, "labels"))
        self._names = self._asked_names()

    def filter(self, element: etree._Element | None) -> Condition:
        """Return the condition of a filter element, all rows without one."""
        node = None if element is None else next((item for item in element if isinstance(item.tag, str)), None)
        return Condition("1") if node is None else self._node(node)

    def page(
        self, condition: Condition, start: int, most: int, *, show_private: bool, with_lines: bool
    ) -> tuple[int, list[Node]]:
        """Return the number of matching records and the nodes of one page."""
        refuse_kept_fields(self.call, self.definition, [self._path(name) for name in self._names])
        seen = visible_rows(self._selection, self.call.entity_id, show_private=show_private)
        where = Condition.all_of([seen, condition])
        order = self._order()
        paths = [self._path(name) for name in self._names]
        key = self._selection.own(self.definition.key)
        columns = [key, *(self._selection.expression(path) for path in paths)]
        counting = self._selection.statement(["count(*)"], where)
        total = int(self.call.db.execute(counting.sql, counting.values).fetchone()[0])
        listing = self._selection.statement(columns, where, order=[*order, key], limit=most, offset=start)
        rows = self.call.db.execute(listing.sql, listing.values).fetchall()
        texts = written([row[1:] for row in rows], self._cells(paths))
        lined = self._tells_lines() if self.record.lists_lines else with_lines and bool(self.record.lines)
        return total, [
            Node(self.record.name, self._content(paths, text, self._lines(row[0]) if lined else None))
            for row, text in zip(rows, texts, strict=True)
        ]

    def _asked(self) -> list[str]:
        return [(field.text or "").strip() for field in self.call.element.iterfind("fields/field")]

    def _tells_lines(self) -> bool:
        return not self._asked() or self.record.lines in self._asked()

    def _asked_names(self) -> list[str]:
        asked = self._asked()
        known = list(self.record.fields)
        if not asked:
            denied = self.call.company.permissions.denied_fields(self.call.user, self.definition.name)
            return [name for name in known if self.record.fields[name] not in denied]
        return [name for item in asked for name in self._matching(item)]

    def _matching(self, asked: str) -> list[str]:
        """Return the elements a field name stands for: itself, or all inside a group such as contactinfo."""
        if self.record.lists_lines and asked == self.record.lines:
            return []
        found = [name for name in self.record.fields if name == asked or name.startswith(asked + "/")]
        if not found:
            raise FunctionError("XL03000006", f"Invalid field {asked} for object {self.record.name}")
        return found

    def _path(self, name: str) -> Path:
        path = self.call.company.catalog.path(self.definition, self.record.fields[name])
        if path is None:
            raise KeyError(f"legacy.toml: {self.record.name}.{name}")
        return path

    def _node(self, node: etree._Element) -> Condition:
        if node.tag == "logical":
            parts = [self._node(item) for item in node if isinstance(item.tag, str)]
            return Condition.any_of(parts) if node.get("logical_operator") == "or" else Condition.all_of(parts)
        name = (node.findtext("field") or "").strip()
        operator = (node.findtext("operator") or "").strip().lower()
        if name not in self.record.fields or operator not in _OPERATORS:
            raise malformed()
        return self.comparer.compare(self._path(name), _OPERATORS[operator], [node.findtext("value") or ""])

    def _order(self) -> list[str]:
        order = []
        for item in self.call.element.iterfind("sorts/sortfield"):
            name = (item.text or "").strip()
            if name not in self.record.fields:
                raise malformed()
            direction = " DESC" if item.get("order") == "desc" else ""
            order.append(self._selection.expression(self._path(name)) + direction)
        return order

    def _cells(self, paths: Sequence[Path]) -> list[Cell]:
        writer = Writer(self._zone, missing_boolean="false")
        return [Cell(str) if path.field.type == "DATE" else writer.cell(path.field) for path in paths]

    def _content(self, paths: Sequence[Path], texts: Sequence[str], lines: Content) -> Content:
        content: dict[str, Any] = {}
        for name, path, text in zip(self._names, paths, texts, strict=True):
            *outer, last = name.split("/")
            place = content
            for step in outer:
                place = place.setdefault(step, {})
            place[last] = date_object(text) if path.field.type == "DATE" else text
        if lines is not None:
            content[self.record.lines] = lines
        return content

    def _lines(self, key: int) -> Content:
        catalog = self.call.company.catalog
        owned = self.definition.lines[0]
        definition = catalog[owned.object]
        record = legacy_records()[self.record.line]
        selection = Selection(catalog, definition)
        paths = [path for field in record.fields.values() if (path := catalog.path(definition, field))]
        where = Condition(f"{selection.own(owned.parent)} = ?", (key,))
        columns = [selection.expression(path) for path in paths]
        if self.call.name == "get_list" and not self.call.company.switches.on("attachment_data_in_lists"):
            columns = [
                "''" if name == "attachmentdata" else column
                for name, column in zip(record.fields, columns, strict=True)
            ]
        statement = selection.statement(columns, where, order=[selection.own("LINE_NO"), selection.own(definition.key)])
        rows = self.call.db.execute(statement.sql, statement.values).fetchall()
        return [
            Node(
                record.name,
                {
                    name: date_object(text) if path.field.type == "DATE" else text
                    for name, path, text in zip(record.fields, paths, texts, strict=True)
                },
            )
            for texts in written(rows, self._cells(paths))
        ]


def date_object(text: str) -> Content:
    """Return an ISO date as the legacy functions write dates: year, month and day."""
    if not text:
        return None
    year, month, day = text.split("-")
    return {"year": year, "month": month, "day": day}
