"""From a statement to its columns and its rows, which are read as they are asked for. Memory holds one page."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, cast

from sqlglot import exp

from airflow_provider_intacct.client.dbapi.columns import Description, all_items, described
from airflow_provider_intacct.client.dbapi.errors import NotSupportedError, ProgrammingError
from airflow_provider_intacct.client.dbapi.expressions import evaluate, shown
from airflow_provider_intacct.client.dbapi.groups import Record, groups, totals
from airflow_provider_intacct.client.dbapi.source import Options, Source
from airflow_provider_intacct.client.dbapi.statement import Item, Statement, constant
from airflow_provider_intacct.client.where import Condition

if TYPE_CHECKING:
    from airflow_provider_intacct.client import IntacctClient


@dataclass(frozen=True, slots=True)
class Answer:
    """The columns of a result, and its rows."""

    description: tuple[Description, ...]
    rows: Iterator[Record]


def answer(client: "IntacctClient", statement: Statement, options: Options) -> Answer:
    """Return the answer to a statement. What is wrong in it is raised before the first page is asked for."""
    answers = [select_answer(Source(client, select, statement.reading, options)) for select in statement.selects]
    return Answer(answers[0].description, chain.from_iterable(each.rows for each in answers))


def select_answer(source: Source) -> Answer:
    """Return the answer to one select."""
    select = source.select
    if select.object is None:
        return constants(source)
    items = list(all_items(source))
    where, empty = source.where()
    if select.group_by or (select.distinct and not select.aggregated):
        rows = groups(source, items, where)
    elif select.aggregated:
        if select.order_by:
            raise ProgrammingError("ORDER BY has no meaning for the one row of aggregates; leave it out.")
        return Answer(described(items, source), totals(source, items, where, empty=empty))
    else:
        rows = records(source, items, where)
    return Answer(described(items, source), iter(()) if empty else rows)


def constants(source: Source) -> Answer:
    """Return the answer to a select without FROM. It signs in: `SELECT 1` asks whether the connection works."""
    select = source.select
    named = any(item.node.find(exp.Column, exp.Dot, exp.Star) for item in select.items)
    if named or select.where or select.order_by or select.aggregated:
        raise ProgrammingError("The statement has no FROM: name an object, such as FROM GLDETAIL.")
    row = tuple(evaluate(item.node, constant(source.reading)) for item in select.items)
    description = described(select.items, source)

    def rows() -> Iterator[Record]:
        _ = source.client.session
        yield row

    return Answer(description, islice(rows(), *source.window()))


def records(source: Source, items: Iterable[Item], where: Condition | None) -> Iterator[Record]:
    """Return a row for each record."""
    columns = [column(item.node, source) for item in items]
    names = list(dict.fromkeys(name for name, _ in columns if name is not None))
    rows = source.read(names or [source.first_field], where, source.order())
    own = [name for name, _ in columns if name is not None]
    if len(own) == len(columns):
        return (tuple([row[name] for name in own]) for row in rows)
    return (tuple([value if name is None else row[name] for name, value in columns]) for row in rows)


def column(node: exp.Expression, source: Source) -> tuple[str | None, Any]:
    """Return the field that a column is; None and its value for a constant."""
    node = cast(exp.Expression, node.unnest())
    if isinstance(node, exp.Column | exp.Dot):
        return source.field(node), None
    if node.find(exp.Column, exp.Dot, exp.Query) is None:
        return None, evaluate(node, constant(source.reading))
    raise NotSupportedError(
        f"{shown(node)} is not possible: Intacct returns fields as they are and calculates nothing of a record. Select "
        "the fields and calculate with the rows you have read; conditions stand in WHERE."
    )
