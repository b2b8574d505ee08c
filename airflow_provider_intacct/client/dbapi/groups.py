"""Selects with aggregates: one row for each group, or one for all records.

Intacct gives the numbers, `expressions` calculates with them. Numbers under different conditions are asked one after
the other: what changes in between is seen by the later ones only.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from sqlglot import exp

from airflow_provider_intacct.client.dbapi.aggregates import (
    DISTINCT,
    KEY,
    Aggregate,
    Found,
    Measure,
    aggregate_of,
    aggregates_in,
)
from airflow_provider_intacct.client.dbapi.errors import InternalError, NotSupportedError, ProgrammingError
from airflow_provider_intacct.client.dbapi.expressions import Leaf, evaluate, shown
from airflow_provider_intacct.client.dbapi.source import Source
from airflow_provider_intacct.client.dbapi.statement import AGGREGATES, Item, constant
from airflow_provider_intacct.client.rows import Row
from airflow_provider_intacct.client.where import Condition, all_of

Record = tuple[Any, ...]
Aggregates = Mapping[exp.Expression, Aggregate]


def groups(source: Source, items: list[Item], where: Condition | None) -> Iterator[Record]:
    """Return a row for each group of records."""
    fields = group_fields(source, items)
    aggregates = aggregates_of(source, items)
    measures = list(measures_of(aggregates))
    if wrong := [measure for measure in measures if measure.condition is not None or measure.function == DISTINCT]:
        raise NotSupportedError(
            f"{wrong[0].function} with CASE, FILTER or DISTINCT is not possible beside GROUP BY. Put the condition "
            "into WHERE, in a statement of its own."
        )
    asked = measures or [Measure("COUNT", source.first_field)]  # an aggregate is what makes Intacct group
    names = {node: source.field(node) for item in items for node in fields_outside(item.node)}
    rows = source.read([*fields, *(written(measure, source) for measure in asked)], where, source.order(fields))

    def calculated() -> Iterator[Record]:
        for row in rows:
            found = {measure: told(row, measure, measures, source, fields) for measure in measures}
            if missing := [measure for measure, value in found.items() if value is NOT_TOLD]:
                raise InternalError(
                    f"Intacct's answer does not tell {written(missing[0], source)} from another column of the same "
                    "field. Select them in two statements."
                )
            yield tuple(evaluate(item.node, leaf(source, aggregates, found, row, names)) for item in items)

    return calculated()


def group_fields(source: Source, items: list[Item]) -> list[str]:
    """Return the fields that Intacct groups by: those of GROUP BY, else all of SELECT DISTINCT."""
    plain = {source.field(node): node for item in items for node in fields_outside(item.node)}
    fields = list(dict.fromkeys(map(source.field, source.select.group_by))) or list(plain)
    if wrong := plain.keys() - fields:
        raise ProgrammingError(f"{shown(plain[min(wrong)])} must stand in GROUP BY, or in an aggregate.")
    if source.select.group_by and source.select.distinct and plain.keys() != set(fields):
        raise NotSupportedError("DISTINCT is not possible when not all fields of GROUP BY are selected; select them.")
    return fields


def totals(source: Source, items: list[Item], where: Condition | None, *, empty: bool) -> Iterator[Record]:
    """Return the one row of aggregates over all records; `empty` when a constant condition leaves none of them."""
    for item in items:
        for node in fields_outside(item.node):
            raise ProgrammingError(f"{shown(node)} must stand in GROUP BY, or in an aggregate.")
    aggregates = aggregates_of(source, items)

    def calculated() -> Iterator[Record]:
        measures = measures_of(aggregates)
        found = {measure: nothing(measure) for measure in measures} if empty else measured(source, measures, where)
        yield tuple(evaluate(item.node, leaf(source, aggregates, found, {}, {})) for item in items)

    return islice(calculated(), *source.window())


def fields_outside(node: exp.Expression) -> Iterator[exp.Expression]:
    """Yield the fields of an expression that stand in no aggregate."""
    if isinstance(node, exp.Column | exp.Dot):
        yield node
    elif not isinstance(node, AGGREGATES):
        for part in node.iter_expressions():
            yield from fields_outside(part)


def aggregates_of(source: Source, items: Iterable[Item]) -> Aggregates:
    """Return what each aggregate in the select list asks for."""
    nodes = dict.fromkeys(node for item in items for node in aggregates_in(item.node))
    return {node: aggregate_of(node, source.reading, source.field, source.condition) for node in nodes}


def measures_of(aggregates: Aggregates) -> Iterable[Measure]:
    """Return the numbers to ask for, each once."""
    return dict.fromkeys(measure for each in aggregates.values() for measure in each.measures)


def leaf(source: Source, aggregates: Aggregates, found: Found, row: Row, names: Mapping[exp.Expression, str]) -> Leaf:
    """Return what tells the values of aggregates, of the fields of a group (`names` of the row), and of parameters."""
    otherwise = constant(source.reading)

    def value(node: exp.Expression) -> Any:
        if node in aggregates:
            return aggregates[node].value(found)
        return row[names[node]] if node in names else otherwise(node)

    return value


# What is asked, and how the answer is read

NOT_TOLD = object()


def written(measure: Measure, source: Source) -> str:
    """Return a measure as `client.rows` takes it: `SUM(AMOUNT)`."""
    return f"{measure.function}({field_of(measure, source)})"


def field_of(measure: Measure, source: Source) -> str:
    """Return the field of a measure; COUNT(*) counts the key."""
    if measure.field != KEY:
        return measure.field
    if source.definition.key is None:
        raise NotSupportedError(
            f"COUNT(*) is not possible: {source.object} has no record number to count. Count a field that is never "
            "empty."
        )
    return source.definition.key


def measured(source: Source, measures: Iterable[Measure], where: Condition | None) -> dict[Measure, Any]:
    """Ask for the measures, those under one condition together, and return the values."""
    found: dict[Measure, Any] = {}
    for condition in dict.fromkeys(measure.condition for measure in measures):
        parts = [part for part in (where, condition) if part is not None]
        together = all_of(*parts) if parts else None
        same = [measure for measure in measures if measure.condition == condition]
        plain = [measure for measure in same if measure.function != DISTINCT]
        found |= asked(source, plain, together)
        for measure in same:
            if measure.function == DISTINCT:
                found[measure] = different(source, measure.field, together)
    return found


def asked(source: Source, measures: list[Measure], where: Condition | None) -> dict[Measure, Any]:
    """Ask for measures in one query; what its answer does not tell apart is asked again alone."""
    if not measures:
        return {}
    fields = [written(measure, source) for measure in measures]
    rows = list(source.client.rows(source.object, fields=fields, where=where, **source.options))
    if not rows:
        return {measure: nothing(measure) for measure in measures}
    found = {measure: told(rows[0], measure, measures, source, ()) for measure in measures}
    for measure, value in found.items():
        if value is NOT_TOLD and len(measures) > 1:
            found |= asked(source, [measure], where)
        elif value is NOT_TOLD:
            raise InternalError(f"Intacct's answer to {fields[0]} of {source.object} does not hold it.")
    return found


def different(source: Source, field: str, where: Condition | None) -> int:
    """Return how many values a field has, by reading each of them once."""
    if field == source.definition.key:
        return int(asked(source, [Measure("COUNT", field)], where)[Measure("COUNT", field)])
    fields = [field, f"COUNT({source.first_field})"]
    rows = source.client.rows(source.object, fields=fields, where=where, **source.options)
    return sum(row[field] is not None for row in rows)


def told(row: Row, measure: Measure, measures: Iterable[Measure], source: Source, fields: Iterable[str]) -> Any:
    """Return a measure's value in a row of the reply, NOT_TOLD where the reply may mean another.

    COUNT comes back as COUNT.RECORDNO, SUM in the documentation's sample under the field's own name; what AVG, MIN and
    MAX are called is not documented. So both names are understood, the field's own only if it can mean one thing.
    Source: developer.intacct.com, Web Services > Queries.
    """
    name = field_of(measure, source)
    value = row.get(f"{measure.function}.{name}", NOT_TOLD)
    if value is NOT_TOLD and name not in fields:
        alike = [each for each in measures if field_of(each, source) == name and f"{each.function}.{name}" not in row]
        value = row.get(name, NOT_TOLD) if len(alike) == 1 else NOT_TOLD
    if measure.function == "COUNT" and value is not NOT_TOLD:
        return int(value or 0)
    return value


def nothing(measure: Measure) -> int | None:
    """Return a measure of no records."""
    return 0 if measure.function in ("COUNT", DISTINCT) else None
