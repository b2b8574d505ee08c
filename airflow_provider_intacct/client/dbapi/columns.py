"""What the columns of a result are called and what they hold: `cursor.description`."""

from collections.abc import Iterable, Iterator
from typing import cast

from sqlglot import exp

from airflow_provider_intacct.client.dbapi.aggregates import DECIMAL_RESULTS
from airflow_provider_intacct.client.dbapi.errors import NotSupportedError
from airflow_provider_intacct.client.dbapi.expressions import PREDICATES, evaluate, written
from airflow_provider_intacct.client.dbapi.source import Source
from airflow_provider_intacct.client.dbapi.statement import Item, constant
from airflow_provider_intacct.client.dbapi.types import type_of

Description = tuple[str, str, None, None, None, None, None]


def all_items(source: Source) -> Iterator[Item]:
    """Yield the columns of the select list, * replaced by all fields of the object."""
    for item in source.select.items:
        if not is_star(item.node, source):
            yield item
        elif source.select.group_by or source.select.distinct:
            raise NotSupportedError("* is not possible with GROUP BY or DISTINCT: name the fields.")
        else:
            yield from (Item(each.id, exp.column(each.id)) for each in source.definition.fields)


def is_star(node: exp.Expression, source: Source) -> bool:
    """Return whether a node of the select list stands for all fields."""
    if not isinstance(node, exp.Column) or not isinstance(node.this, exp.Star):
        return isinstance(node, exp.Star)
    if node.table.upper() != source.qualifier:
        raise NotSupportedError(f"{written(node)} is not possible: * takes the fields of {source.object} only.")
    return True


def described(items: Iterable[Item], source: Source) -> tuple[Description, ...]:
    """Return the description of PEP 249: name and type code; Intacct tells nothing of the rest."""
    return tuple((name_of(item, source), code_of(item.node, source), None, None, None, None, None) for item in items)


def name_of(item: Item, source: Source) -> str:
    """Return a column's alias, else the field as Intacct spells it, else the expression as written."""
    if item.name:
        return item.name
    return source.field(item.node) if isinstance(item.node, exp.Column | exp.Dot) else written(item.node)


def code_of(node: exp.Expression, source: Source) -> str:
    """Return the type code of an expression, known before its value is."""
    node = cast(exp.Expression, node.unnest())
    match node:
        case exp.Column() | exp.Dot():
            return source.datatype(source.field(node))
        case exp.Count():
            return "INTEGER"
        case exp.Case():
            return code_of(node.args["ifs"][0].args["true"], source)
        case exp.Distinct():
            return code_of(node.expressions[0], source)
        case exp.Filter() | exp.Min() | exp.Max() | exp.Coalesce() | exp.Nullif() | exp.Abs() | exp.Neg():
            return code_of(node.this, source)
    if isinstance(node, PREDICATES):
        return "BOOLEAN"
    if node.find(*DECIMAL_RESULTS):
        return "DECIMAL"
    if node.find(exp.Count):
        return "INTEGER"
    return type_of(evaluate(node, constant(source.reading)))
