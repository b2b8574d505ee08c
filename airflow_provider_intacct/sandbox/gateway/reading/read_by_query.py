"""readByQuery, readView and readMore: a text query, stored codes, result sets that are pinned and read page by page."""

from array import array
from collections.abc import Sequence
from typing import Any, cast

from airflow_provider_intacct.sandbox.catalog import ObjectDefinition, Path
from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.reporting.runs import read_on
from airflow_provider_intacct.sandbox.gateway.results import DataResult, FunctionError, Result

from .comparison import Comparer
from .cursors import Cursor, Cursors
from .formats import csv_body, json_body, xml_records
from .literals import malformed
from .query import queried_object
from .query_text import Both, Comparison, Either, Expression, Negation, parse_query
from .rendering import Writer, written
from .request import (
    as_number,
    listed,
    literal_reader,
    object_zone,
    page_size,
    refuse_kept_fields,
    refuse_poison,
    return_format,
    text_of,
)
from .selection import Condition, Selection
from .views import View, find_view, view_condition
from .visibility import visible_rows

_OLDEST_ROW, _LATEST_ROW = 1, 2**62


@function("readByQuery")
def read_by_query(call: Call) -> Result:
    """Answer the first page and pin the rest."""
    element = call.element
    definition = queried_object(call, text_of(element, "object"))
    paths = listed_paths(call, definition, text_of(element, "fields", "*"))
    expression, first, last = _without_rownum(definition, parse_query(element.findtext("query") or ""))
    compared = [_own_field(call, definition, name) for name in _fields_of(expression)]
    refuse_kept_fields(call, definition, compared)
    for name in definition.needs_filter:
        if name not in {path.name for path in compared}:
            raise malformed()

    selection = Selection(call.company.catalog, definition)
    reader = literal_reader(call, definition, "codes")
    condition = _compiled(call, definition, Comparer(selection, reader), expression)
    rows = _pinned(call, selection, condition, paths)[first - 1 : last]
    form = return_format(element, "returnFormat")
    cursor = Cursor(definition.name, definition.name, paths, rows, page_size(call), form)
    return _first_page(call, cursor)


@function("readView")
def read_view(call: Call) -> Result:
    """Answer the first page of a saved view, narrowed by the request's filters."""
    element = call.element
    view = find_view(text_of(element, "view"))
    definition = call.company.catalog[view.object]
    call.require(definition.name)
    paths = [_own_field(call, definition, name) for name in view.fields]
    refuse_kept_fields(call, definition, paths)
    selection = Selection(call.company.catalog, definition)
    reader = literal_reader(call, definition, "codes")
    condition = _view_rows(call, definition, view, Comparer(selection, reader))
    rows = _pinned(call, selection, condition, paths)
    form = return_format(element, "returnFormat")
    return _first_page(call, Cursor(view.id, definition.name, paths, rows, page_size(call), form))


@function("readMore")
def read_more(call: Call) -> Result:
    """Answer the next page of a result set of this session."""
    element = call.element
    if report_id := text_of(element, "reportId"):
        return read_on(call.company, report_id, call.user.id)
    result_id = text_of(element, "resultId")
    source = text_of(element, "object").upper() or text_of(element, "view")
    cursor = call.company.part(Cursors).find(call.session.id, result_id=result_id, source=source)
    if cursor is None:
        raise FunctionError(
            "readMore failed", f"Attempt to readMore with an invalid or expired resultId: {result_id or source}"
        )
    call.require(cursor.object)
    return _page(call, cursor)


def listed_paths(call: Call, definition: ObjectDefinition, fields: str) -> list[Path]:
    """Return the fields of a comma-separated list; `*` is every field the user may have."""
    if fields == "*":
        denied = call.company.permissions.denied_fields(call.user, definition.name)
        return [_own_field(call, definition, field.id) for field in definition.listed_fields if field.id not in denied]
    paths = [_own_field(call, definition, name) for name in listed(fields)]
    refuse_kept_fields(call, definition, paths)
    return paths


def _own_field(call: Call, definition: ObjectDefinition, name: str) -> Path:
    """Return one of the object's own fields, in any case; readByQuery walks no relationships."""
    known = definition.fields
    match = name if name in known else next((field for field in known if field.upper() == name.upper()), None)
    path = call.company.catalog.path(definition, match) if match else None
    if path is None:
        raise malformed()
    return path


def _first_page(call: Call, cursor: Cursor) -> Result:
    cursors = call.company.part(Cursors)
    if len(cursor.rows) > cursor.page_size:
        cursors.keep(cursor, call.session.id)
    else:
        cursors.forget_last(cursor.source, call.session.id)
    return _page(call, cursor)


def _page(call: Call, cursor: Cursor) -> Result:
    definition = call.company.catalog[cursor.object]
    page, remaining = call.company.part(Cursors).advance(cursor)
    names = [path.name for path in cursor.paths]
    refuse_poison(call, definition, lambda: cast("Sequence[int]", page))
    if definition.key:
        rows = _rows_of_keys(call, definition, cursor.paths, cast("Sequence[int]", page))
    else:
        rows = list(cast("Sequence[tuple[str, ...]]", page))
    if cursor.form == "json":
        return json_body(names, rows)
    if cursor.form == "csv":
        return csv_body(names, rows)
    counts: dict[str, str | int] = {
        "count": len(rows),
        "totalcount": len(cursor.rows),
        "numremaining": remaining,
        "resultId": cursor.result_id,
    }
    lower = definition.name.lower()
    return DataResult(xml_records(lower, names, rows), lower, counts)


def _pinned(
    call: Call, selection: Selection, condition: Condition, paths: Sequence[Path]
) -> Sequence[int] | list[tuple[str, ...]]:
    """Return the result set: keys in their order, or the rows themselves where the object has no key."""
    definition = selection.definition
    show_private = not call.company.switches.on("read_by_query_hides_private")
    where = Condition.all_of([visible_rows(selection, call.entity_id, show_private=show_private), condition])
    if not definition.key:
        statement = selection.statement([selection.expression(path) for path in paths], where)
        return _rendered(call, definition, paths, call.db.execute(statement.sql, statement.values).fetchall())
    key = selection.own(definition.key)
    statement = selection.statement([key], where, order=[key])
    return array("q", (row[0] for row in call.db.execute(statement.sql, statement.values)))


def _rows_of_keys(
    call: Call, definition: ObjectDefinition, paths: Sequence[Path], keys: Sequence[int]
) -> list[tuple[str, ...]]:
    selection = Selection(call.company.catalog, definition)
    key = selection.own(definition.key)
    columns = [selection.expression(path) for path in paths]
    # keys go in as one JSON value, so that a page of any size is one prepared statement
    where = Condition(f"{key} IN (SELECT value FROM json_each(?))", (str(list(keys)),))
    statement = selection.statement(columns, where, order=[key])
    return _rendered(call, definition, paths, call.db.execute(statement.sql, statement.values).fetchall())


def _rendered(
    call: Call, definition: ObjectDefinition, paths: Sequence[Path], rows: Sequence[tuple[Any, ...]]
) -> list[tuple[str, ...]]:
    writer = Writer(object_zone(call, definition), iso=definition.platform)
    return written(rows, [writer.cell(path.field) for path in paths])


def _compiled(call: Call, definition: ObjectDefinition, comparer: Comparer, expression: Expression | None) -> Condition:
    if expression is None:
        return Condition("1")
    if isinstance(expression, Both | Either):
        parts = [_compiled(call, definition, comparer, part) for part in expression.parts]
        return Condition.all_of(parts) if isinstance(expression, Both) else Condition.any_of(parts)
    if isinstance(expression, Negation):
        inside = _compiled(call, definition, comparer, expression.part)
        return Condition(f"NOT ({inside.sql})", inside.values)
    path = _own_field(call, definition, expression.field)
    return comparer.compare(path, expression.operator, expression.literals)


def text_condition(call: Call, definition: ObjectDefinition, selection: Selection, text: str) -> Condition:
    """Return the condition of a query text on an object's own fields; every row for an empty text."""
    comparer = Comparer(selection, literal_reader(call, definition, "codes"))
    return _compiled(call, definition, comparer, parse_query(text))


def _view_rows(call: Call, definition: ObjectDefinition, view: View, comparer: Comparer) -> Condition:
    saved = _compiled(call, definition, comparer, parse_query(view.query))
    asked = view_condition(
        call.element,
        lambda name, operator, literals: comparer.compare(_own_field(call, definition, name), operator, literals),
    )
    return Condition.all_of([saved, asked])


def _fields_of(expression: Expression | None) -> list[str]:
    if expression is None:
        return []
    if isinstance(expression, Comparison):
        return [expression.field]
    parts = expression.parts if isinstance(expression, Both | Either) else (expression.part,)
    return [name for part in parts for name in _fields_of(part)]


def _without_rownum(definition: ObjectDefinition, expression: Expression | None) -> tuple[Expression | None, int, int]:
    """Take `rownum` conditions out of the query: the rest, and the first and last row they leave.

    Custom objects only, and only as a condition that all others are joined to with AND.
    """
    parts = expression.parts if isinstance(expression, Both) else (expression,) if expression else ()
    first, last, rest = _OLDEST_ROW, _LATEST_ROW, []
    for part in parts:
        if isinstance(part, Comparison) and part.field.lower() == "rownum" and definition.platform:
            lowest, highest = _row_range(part)
            first, last = max(first, lowest), min(last, highest)
        else:
            rest.append(part)
    if not rest:
        return None, first, last
    return (rest[0] if len(rest) == 1 else Both(tuple(rest))), first, max(last, first - 1)


def _row_range(comparison: Comparison) -> tuple[int, int]:
    number = as_number(comparison.literals[0]) if comparison.literals else None
    if number is None:
        raise malformed()
    ranges = {
        "equalto": (number, number),
        "lessthan": (_OLDEST_ROW, number - 1),
        "lessthanorequalto": (_OLDEST_ROW, number),
        "greaterthan": (number + 1, _LATEST_ROW),
        "greaterthanorequalto": (number, _LATEST_ROW),
    }
    if comparison.operator not in ranges:
        raise malformed()
    return ranges[comparison.operator]
