"""The query function: select, filter, order, aggregates, offsets. Enumerations by label, each page its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lxml import etree

from airflow_provider_intacct.sandbox.catalog import ObjectDefinition, Path
from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.results import DataResult, FunctionError, Result

from .comparison import Comparer
from .formats import csv_body, json_body, xml_records
from .literals import malformed
from .rendering import Cell, Writer, written
from .request import (
    is_true,
    literal_reader,
    object_zone,
    page_limit,
    refuse_kept_fields,
    refuse_poison,
    return_format,
    text_of,
    whole_number,
)
from .selection import Condition, Selection
from .visibility import visible_rows

_AGGREGATES = ("count", "avg", "min", "max", "sum")
_DIGITS_OF_AVERAGE = Decimal("1e-10")


@function("query")
def query(call: Call) -> Result:
    """Answer one page of a query."""
    element = call.element
    definition = queried_object(call, text_of(element, "object"))
    options = element.find("options")
    options = etree.Element("options") if options is None else options
    asked = Asked.read(call, definition)
    refuse_kept_fields(call, definition, asked.paths)
    _refuse_missing_filters(definition, asked)

    show_private = is_true(options, "showprivate")
    insensitive = is_true(options, "caseinsensitive")
    where = Where(call, definition, asked.filter, show_private, insensitive)
    page_size, offset = page_limit(call, whole_number(element, "pagesize", 100)), whole_number(element, "offset", 0)

    if not asked.aggregated:
        refuse_poison(call, definition, lambda: _keys(call, definition, asked, where, page_size, offset))
    names, rows = _page(call, definition, asked, where, page_size, offset)
    form = return_format(options, "returnformat")
    if form == "json":
        return json_body(names, rows)
    if form == "csv":
        return csv_body(names, rows)
    known = len(rows) < page_size and (rows or not offset)
    total = offset + len(rows) if known else _total(call, definition, asked, where)
    counts = {
        "totalcount": total,
        "offset": offset,
        "count": len(rows),
        "numremaining": max(0, total - offset - len(rows)),
    }
    return DataResult(xml_records(definition.name, names, rows), definition.name, counts)


def queried_object(call: Call, name: str) -> ObjectDefinition:
    """Return the object of a query the user may list. Raises the gateway's refusals."""
    definition = call.company.catalog.find(name)
    if definition is None:
        raise FunctionError("Query Failed", f"Object definition {name} not found")
    call.require(definition.name)
    return definition


@dataclass(frozen=True, slots=True)
class Column:
    """One item of select: a field, or an aggregate over it."""

    path: Path
    aggregate: str = ""

    def sql(self, selection: Selection) -> Sequence[str]:
        """Return the columns to fetch: two for an average, which is divided exactly afterwards."""
        expression = selection.expression(self.path)
        if self.aggregate == "avg":
            return (f"sum({expression})", f"count({expression})")
        return (f"{self.aggregate}({expression})" if self.aggregate else expression,)

    def name(self, naming: str) -> str:
        """Return the element name in the answer. Known: COUNT.X for count, plain X for sum; the rest is a switch."""
        prefixed = self.aggregate == "count" or (self.aggregate in ("avg", "min", "max") and naming == "prefixed")
        return f"{self.aggregate.upper()}.{self.path.name}" if prefixed else self.path.name

    def cell(self, writer: Writer) -> Cell:
        """Return how this column's values are written."""
        if self.aggregate == "count":
            return Cell(str)
        if self.aggregate == "avg":
            return Cell(_average(self.path.field.scale))
        return writer.cell(self.path.field)


@dataclass(frozen=True, slots=True)
class Order:
    path: Path
    descending: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What the request names, resolved against the catalogue."""

    columns: Sequence[Column]
    filter: etree._Element | None
    filtered: Sequence[Path]
    order: Sequence[Order]

    @classmethod
    def read(cls, call: Call, definition: ObjectDefinition) -> "Asked":
        element = call.element
        select = element.find("select")
        items = [] if select is None else [item for item in select if isinstance(item.tag, str)]
        columns = [
            Column(resolved(call, definition, item.text), str(item.tag) if item.tag in _AGGREGATES else "")
            for item in items
        ]
        if any(column.aggregate in ("sum", "avg") and not _is_number(column.path) for column in columns):
            raise malformed()
        condition = next((child for child in element.iterfind("filter/*") if isinstance(child.tag, str)), None)
        fields = [] if condition is None else condition.iter("field")
        orders = [
            Order(resolved(call, definition, order.findtext("field")), order.find("descending") is not None)
            for order in element.iterfind("orderby/order")
        ]
        filtered = [resolved(call, definition, field.text) for field in fields]
        return cls(columns, condition, filtered, orders)

    @property
    def paths(self) -> list[Path]:
        """Every field the request touches."""
        return [column.path for column in self.columns] + list(self.filtered) + [order.path for order in self.order]

    @property
    def aggregated(self) -> bool:
        """Whether rows are grouped."""
        return any(column.aggregate for column in self.columns)


@dataclass(frozen=True, slots=True)
class Where:
    """The rows asked for and seen; builds its condition into any selection, so the count needs no joins of the page."""

    call: Call
    definition: ObjectDefinition
    filter: etree._Element | None
    show_private: bool
    insensitive: bool

    def condition(self, selection: Selection) -> Condition:
        """Return the condition, joining what the filter walks."""
        seen = visible_rows(selection, self.call.entity_id, show_private=self.show_private)
        if self.filter is None:
            return seen
        reader = literal_reader(self.call, self.definition, "labels")
        comparer = Comparer(selection, reader, self.insensitive)
        return Condition.all_of([seen, self._node(comparer, self.filter)])

    def _node(self, comparer: Comparer, node: etree._Element) -> Condition:
        if node.tag in ("and", "or"):
            parts = [self._node(comparer, child) for child in node if isinstance(child.tag, str)]
            return Condition.all_of(parts) if node.tag == "and" else Condition.any_of(parts)
        path = resolved(self.call, self.definition, node.findtext("field"))
        return comparer.compare(path, str(node.tag), [value.text or "" for value in node.iterfind("value")])


def resolved(call: Call, definition: ObjectDefinition, name: str | None) -> Path:
    """Return the path of a field name. Raises the refusal of an unknown field."""
    name = (name or "").strip()
    path = call.company.catalog.path(definition, name)
    if path is None:
        raise FunctionError("XL03000010", f"Field {name} not found in object {definition.name}")
    return path


def _page(
    call: Call, definition: ObjectDefinition, asked: Asked, where: Where, limit: int, offset: int
) -> tuple[list[str], list[tuple[str, ...]]]:
    selection = Selection(call.company.catalog, definition)
    columns = [column.sql(selection) for column in asked.columns]
    statement = selection.statement(
        [sql for parts in columns for sql in parts],
        where.condition(selection),
        group=group_of(asked, selection),
        order=order_of(call, definition, asked, selection),
        limit=limit,
        offset=offset,
    )
    raw: list[tuple[Any, ...]] = call.db.execute(statement.sql, statement.values).fetchall()
    if any(len(parts) > 1 for parts in columns):
        raw = [folded(row, columns) for row in raw]
    writer = Writer(object_zone(call, definition), iso=definition.platform, codes=True)
    naming = call.company.switches.text("aggregate_names")
    names = [column.name(naming) for column in asked.columns]
    return names, written(raw, [column.cell(writer) for column in asked.columns])


def _keys(call: Call, definition: ObjectDefinition, asked: Asked, where: Where, limit: int, offset: int) -> list[int]:
    selection = Selection(call.company.catalog, definition)
    key, condition = selection.own(definition.key), where.condition(selection)
    order = order_of(call, definition, asked, selection)
    statement = selection.statement([key], condition, order=order, limit=limit, offset=offset)
    return [row[0] for row in call.db.execute(statement.sql, statement.values)]


def folded(row: tuple[Any, ...], columns: Sequence[Sequence[str]]) -> tuple[Any, ...]:
    """Bring an average's sum and count together as one value."""
    values = iter(row)
    return tuple(next(values) if len(parts) == 1 else (next(values), next(values)) for parts in columns)


def _average(scale: int) -> Callable[[tuple[int | None, int]], str]:
    def write(value: tuple[int | None, int]) -> str:
        total, count = value
        if not count or total is None:
            return ""
        average = (Decimal(total).scaleb(-scale) / count).quantize(_DIGITS_OF_AVERAGE).normalize()
        return f"{average:f}"

    return write


def group_of(asked: Asked, selection: Selection) -> list[str]:
    if not asked.aggregated:
        return []
    return [selection.expression(column.path) for column in asked.columns if not column.aggregate]


def order_of(call: Call, definition: ObjectDefinition, asked: Asked, selection: Selection) -> list[str]:
    if asked.order:
        last = call.company.switches.text("nulls_in_order") == "last"
        directions = {False: " NULLS LAST" if last else "", True: " DESC NULLS FIRST" if last else " DESC"}
        return [_ordered(asked, order, selection) + directions[order.descending] for order in asked.order]
    if asked.aggregated or not definition.key:
        return []
    key = selection.own(definition.key)
    if call.company.switches.text("unordered_query") == "key":
        return [key]
    # "no default order": rows come as a hash of the key has it, the same each time, in no order one could lean on
    return [f"({key} * 2654435761) % 4294967291", key]


def _ordered(asked: Asked, order: Order, selection: Selection) -> str:
    expression = selection.expression(order.path)
    if not asked.aggregated:
        return expression
    column = next((column for column in asked.columns if column.path.name == order.path.name), None)
    if column is None:
        raise malformed()
    return f"{column.aggregate}({expression})" if column.aggregate else expression


def _total(call: Call, definition: ObjectDefinition, asked: Asked, where: Where) -> int:
    selection = Selection(call.company.catalog, definition)
    group = group_of(asked, selection)
    condition = where.condition(selection)
    if not asked.aggregated:
        statement = selection.statement(["count(*)"], condition)
        return int(call.db.execute(statement.sql, statement.values).fetchone()[0])
    if not group:
        return 1
    statement = selection.statement(["1"], condition, group=group)
    return int(call.db.execute(f"SELECT count(*) FROM ({statement.sql})", statement.values).fetchone()[0])


def _is_number(path: Path) -> bool:
    return path.field.scaled or path.field.type in ("INTEGER", "SEQUENCE")


def _refuse_missing_filters(definition: ObjectDefinition, asked: Asked) -> None:
    given = {path.name for path in asked.filtered}
    for name in definition.needs_filter:
        if name not in given:
            raise FunctionError(
                "DL02000001", f"A value for {name} is required to query {definition.name}.", description="Error"
            )
