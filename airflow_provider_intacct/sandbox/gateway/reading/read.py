"""read, readByName and readRelated: whole records by key, with their owned lines inside."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from airflow_provider_intacct.sandbox.catalog import Lines, ObjectDefinition, Path
from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.results import (
    BodyResult,
    Content,
    DataResult,
    FunctionError,
    Node,
    Result,
)

from .formats import csv_body
from .rendering import Writer, written
from .request import keys_of, listed, object_zone, record_numbers, refuse_kept_fields, return_format, text_of
from .selection import Condition, Selection
from .visibility import visible_rows

Record = dict[str, Any]


@function("read")
def read(call: Call) -> Result:
    """Return records by RECORDNO, custom objects by id; a key that is not there is left out."""
    definition = _readable(call, text_of(call.element, "object"))
    keys = keys_of(call.element, call.company.switches.number("batch_limit"))
    return _answer(call, definition, definition.key, record_numbers(keys))


@function("readByName")
def read_by_name(call: Call) -> Result:
    """Return records by their natural id, such as VENDORID."""
    definition = _readable(call, text_of(call.element, "object"))
    keys = keys_of(call.element, call.company.switches.number("batch_limit"))
    if not definition.name_key:
        # an object without a name of its own is named by its key (UNSOURCED)
        return _answer(call, definition, definition.key, record_numbers(keys))
    return _answer(call, definition, definition.name_key, keys)


@function("readRelated")
def read_related(call: Call) -> Result:
    """Return the records related to custom objects' records, in either direction of the relationship."""
    definition = _readable(call, text_of(call.element, "object"))
    if not definition.platform:
        raise FunctionError("XL03000006", f"readRelated is not supported on objects of type {definition.name}")
    keys = record_numbers(keys_of(call.element, call.company.switches.number("batch_limit")))
    relation = text_of(call.element, "relation")
    forward = next((item for path, item in definition.relationships.items() if path.lower() == relation.lower()), None)
    if forward is not None:
        related = call.company.catalog[forward.object]
        return _answer(call, related, forward.to, _column_of(call, definition, forward.by, keys))
    for related in call.company.catalog:
        for item in related.relationships.values():
            if item.object == definition.name and f"r{related.name}".lower() == relation.lower():
                return _answer(call, related, item.by, keys)
    raise FunctionError("XL03000006", f"Relationship {relation} not found on object {definition.name}")


def _readable(call: Call, name: str) -> ObjectDefinition:
    definition = call.company.catalog.find(name)
    if definition is None:
        raise FunctionError("WS", f"Object definition {name} not found")
    call.require(definition.name)
    if not definition.readable:
        raise FunctionError(
            "PL04000005", f"{call.name.upper()} operation cannot be performed on objects of type {definition.name}"
        )
    return definition


def _column_of(call: Call, definition: ObjectDefinition, column: str, keys: Sequence[int]) -> list[Any]:
    selection = Selection(call.company.catalog, definition)
    where = Condition(f"{selection.own(definition.key)} IN (SELECT value FROM json_each(?))", (str(keys),))
    statement = selection.statement([selection.own(column)], where)
    return [row[0] for row in call.db.execute(statement.sql, statement.values) if row[0] is not None]


def _answer(call: Call, definition: ObjectDefinition, by: str, keys: Sequence[Any]) -> Result:
    paths, lines = _asked_fields(call, definition, text_of(call.element, "fields", "*"))
    form = return_format(call.element, "returnFormat")
    rows = _rows(call, definition, paths, by, keys)
    names = [path.name for path in paths]
    if form == "csv":
        return csv_body(names, [texts for _, texts in rows])
    owned = [{item: _owned(call, item, key) for item in lines} for key, _ in rows]
    records = [_nested(names, texts) for _, texts in rows]
    if form == "json":
        return BodyResult(orjson.dumps([_json(record, own) for record, own in zip(records, owned, strict=True)]))
    nodes = [Node(definition.name, _xml(record, own)) for record, own in zip(records, owned, strict=True)]
    return DataResult(nodes, definition.name, {"count": len(nodes)})


def _asked_fields(call: Call, definition: ObjectDefinition, fields: str) -> tuple[list[Path], tuple[Lines, ...]]:
    """Return the fields to read and the owned lines to put inside; `*` is all that the user may have."""
    catalog = call.company.catalog
    if fields == "*":
        denied = call.company.permissions.denied_fields(call.user, definition.name)
        names = [name for name in definition.fields if name not in denied]
        return [path for name in names if (path := catalog.path(definition, name))], definition.lines
    upper = {name.upper(): name for name in definition.fields}
    paths, lines, unknown = [], [], []
    for name in listed(fields):
        container = definition.lines_in(name.upper())
        path = catalog.path(definition, upper.get(name.upper(), ""))
        if container:
            lines.append(container)
        elif path:
            paths.append(path)
        else:
            unknown.append(name)
    if unknown:
        raise FunctionError(f"Invalid fields list {','.join(unknown)}")
    refuse_kept_fields(call, definition, paths, queryable_only=False)
    return paths, tuple(lines)


def _rows(
    call: Call, definition: ObjectDefinition, paths: Sequence[Path], by: str, keys: Iterable[Any]
) -> list[tuple[Any, tuple[str, ...]]]:
    """Return (key, texts) of the visible records, in the order in which the keys were given."""
    selection = Selection(call.company.catalog, definition)
    columns = [selection.expression(path) for path in paths]
    wanted = selection.own(by)
    keys = list(dict.fromkeys(keys))
    where = Condition.all_of(
        [
            visible_rows(selection, call.entity_id, show_private=not call.company.switches.on("read_hides_private")),
            Condition(f"{wanted} IN ({', '.join('?' * len(keys))})", tuple(keys)),
        ]
    )
    statement = selection.statement([wanted, selection.own(definition.key), *columns], where)
    found = call.db.execute(statement.sql, statement.values).fetchall()
    place = {key: number for number, key in enumerate(keys)}
    found.sort(key=lambda row: (place.get(row[0], 0), row[1]))
    writer = Writer(object_zone(call, definition), iso=definition.platform, missing_boolean="false")
    texts = written([row[2:] for row in found], [writer.cell(path.field) for path in paths])
    return [(row[1], text) for row, text in zip(found, texts, strict=True)]


def _owned(call: Call, lines: Lines, key: int) -> list[Record]:
    definition = call.company.catalog[lines.object]
    paths, _ = _asked_fields(call, definition, "*")
    rows = _rows(call, definition, paths, lines.parent, [key])
    return [_nested([path.name for path in paths], texts) for _, texts in rows]


def _nested(names: Sequence[str], texts: Sequence[str]) -> Record:
    """Return dotted names as records inside records, as `read` shows them."""
    record: Record = {}
    for name, text in zip(names, texts, strict=True):
        *outer, last = name.split(".")
        place = record
        for step in outer:
            inner = place.get(step)
            if not isinstance(inner, dict):
                inner = place[step] = {}
            place = inner
        place.setdefault(last, text)
    return record


def _xml(record: Record, owned: Mapping[Lines, list[Record]]) -> Content:
    lines = {item.element: [Node(item.object.lower(), line) for line in records] for item, records in owned.items()}
    return {**record, **lines}


def _json(record: Record, owned: Mapping[Lines, list[Record]]) -> Record:
    return {**record, **{item.element: records for item, records in owned.items()}}
