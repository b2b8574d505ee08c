"""A SELECT as values: what one object is asked for, and what each column of the result is made of.

Clauses that Intacct's query cannot do are refused here by name, with the alternative. A subquery in FROM is possible
where it only names things, as Airflow's SQL check operators write it: it is put into the outer select list.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from sqlglot import exp

from airflow_provider_intacct.client.dbapi.errors import NotSupportedError, ProgrammingError
from airflow_provider_intacct.client.dbapi.expressions import check, evaluate, refused, shown
from airflow_provider_intacct.client.dbapi.text import StatementReading
from airflow_provider_intacct.client.where.text import operands

AGGREGATES = (exp.AggFunc, exp.Filter)
CLAUSES = {
    "joins": "JOIN is not possible: a query reads one object. Walk the relationship with a dotted name such as "
    "VENDOR.NAME, or read both objects and join them where the data goes.",
    "having": "HAVING is not possible: Intacct filters records, not groups. Put what concerns records into WHERE, and "
    "leave out groups in the rows you have read.",
    "with": "WITH is not possible: Intacct has no subqueries. Write one SELECT ... FROM an object.",
    "laterals": "LATERAL is not possible: a query reads one object. Walk relationships with dotted names.",
    "windows": "WINDOW is not possible: Intacct groups with GROUP BY only.",
    "qualify": "QUALIFY is not possible: Intacct groups with GROUP BY only.",
    "locks": "FOR UPDATE is not possible: SQL on Intacct is read-only.",
    "into": "SELECT INTO is not possible: SQL on Intacct is read-only. GenericTransfer or IntacctToSqlOperator copies.",
    "sample": "TABLESAMPLE is not possible: Intacct does not choose records at random. Use LIMIT.",
    "pivots": "PIVOT is not possible: Intacct groups with GROUP BY only.",
}
SELECT_ARGS = frozenset({"expressions", "from", "where", "group", "order", "limit", "offset", "distinct"})
SUBQUERY = (
    "A subquery is possible only in the form that Airflow's SQL check operators write: SELECT columns, or MIN of one, "
    "FROM (SELECT ... FROM object WHERE ...). Put all into one SELECT."
)


@dataclass(frozen=True, slots=True)
class Item:
    """One column of the result: its name (None: as Intacct spells the field, or as written) and what it is."""

    name: str | None
    node: exp.Expression

    @property
    def aggregated(self) -> bool:
        return self.node.find(*AGGREGATES) is not None


@dataclass(frozen=True, slots=True)
class Order:
    node: exp.Expression
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Select:
    """What one object is asked for; `object` None asks nothing (`SELECT 1`). `where` are conditions that all hold."""

    object: str | None
    items: tuple[Item, ...]
    alias: str = ""
    where: tuple[exp.Expression, ...] = ()
    group_by: tuple[exp.Expression, ...] = ()
    order_by: tuple[Order, ...] = ()
    distinct: bool = False
    limit: int | None = None
    offset: int = 0

    @property
    def aggregated(self) -> bool:
        """Whether one row stands for many records."""
        return bool(self.group_by) or any(item.aggregated for item in self.items)


@dataclass(frozen=True, slots=True)
class Statement:
    """The selects whose rows follow each other, nearly always one, and the reading that knows the parameters."""

    selects: tuple[Select, ...]
    reading: StatementReading


def read_statement(text: str, params: Any = None) -> Statement:
    """Return what `text` asks for. Raises NotSupportedError and ProgrammingError; nothing has been sent then."""
    if not isinstance(text, str) or not text.strip():
        raise ProgrammingError("The statement is empty.")
    reading = StatementReading(text, params)
    selects = tuple(selects_of(reading.select(), reading))
    same_columns(selects)
    return Statement(selects, reading)


def same_columns(selects: Sequence[Select]) -> None:
    """Refuse selects whose rows cannot follow each other."""
    if len({len(select.items) for select in selects}) > 1:
        raise ProgrammingError("The parts of UNION ALL have different numbers of columns.")


def selects_of(tree: exp.Expression, reading: StatementReading) -> Iterator[Select]:
    """Yield the selects of a tree, subqueries in FROM put into the outer select list."""
    if isinstance(tree, exp.Union) and not tree.args.get("distinct"):
        for part in operands(tree):
            yield from selects_of(cast(exp.Expression, part.unnest()), reading)
        return
    if not isinstance(tree, exp.Select):
        raise NotSupportedError(f"{SUBQUERY} (At {shown(tree)}.)")
    args = {name.rstrip("_"): value for name, value in tree.args.items() if value}
    for name in args.keys() - SELECT_ARGS:
        words = name.upper().replace("_", " ")
        raise NotSupportedError(CLAUSES.get(name, f"{words} is not possible in a query of Intacct; leave it out."))
    outer = outer_select(args, reading)
    source = args["from"].this if "from" in args else None
    if source is None:
        yield outer
    elif isinstance(source, exp.Table):
        yield replace(outer, object=object_name(source), alias=source.alias)
    elif isinstance(source, exp.Subquery):
        inner = list(selects_of(source.this, reading))
        same_columns(inner)
        names = [each.name or each.node.name for each in inner[0].items]
        for select in inner:
            columns = {name.upper(): each.node for name, each in zip(names, select.items, strict=True)}
            yield merged(outer, select, source.alias, columns)
    else:
        raise NotSupportedError(f"{SUBQUERY} (At {shown(source)}.)")


def outer_select(args: Mapping[str, Any], reading: StatementReading) -> Select:
    """Return a select without its source."""
    if "distinct" in args and args["distinct"].args.get("on"):
        raise NotSupportedError("DISTINCT ON is not possible: Intacct groups with GROUP BY only. Use MIN or MAX.")
    items = tuple(map(item, args.get("expressions", ())))
    if not items:
        raise ProgrammingError("The select list is empty: name fields or aggregates, or * for all fields.")
    order = args["order"].expressions if "order" in args else ()
    return Select(
        object=None,
        items=items,
        where=tuple(conjuncts(args["where"].this)) if "where" in args else (),
        group_by=tuple(group(args["group"], items)) if "group" in args else (),
        order_by=tuple(Order(named(each.this, items), bool(each.args.get("desc"))) for each in order),
        distinct="distinct" in args,
        limit=count_of("LIMIT", args.get("limit"), reading),
        offset=count_of("OFFSET", args.get("offset"), reading) or 0,
    )


def item(node: exp.Expression) -> Item:
    """Return one column of the select list."""
    star = node.this if isinstance(node, exp.Column) and isinstance(node.this, exp.Star) else node
    if isinstance(star, exp.Star) and any(star.args.values()):
        raise NotSupportedError("* with exceptions is not possible: name the fields you want.")
    made = Item(node.alias, node.this) if isinstance(node, exp.Alias) else Item(None, node)
    check(made.node)
    return made


def conjuncts(node: exp.Expression) -> Iterator[exp.Expression]:
    """Yield the conditions that AND joins at the top."""
    node = cast(exp.Expression, node.unnest())
    if isinstance(node, exp.And):
        for part in operands(node):
            yield from conjuncts(part)
    else:
        yield node


def group(clause: exp.Expression, items: tuple[Item, ...]) -> Iterator[exp.Expression]:
    """Yield the fields of GROUP BY."""
    others = [name for name, value in clause.args.items() if value and name != "expressions"]
    if others:
        raise NotSupportedError(f"GROUP BY {others[0].upper()} is not possible: name the fields to group by.")
    for node in clause.expressions:
        found = named(node, items)
        if not isinstance(found, exp.Column | exp.Dot):
            raise NotSupportedError(f"GROUP BY {shown(node)} is not possible: Intacct groups by fields, nothing else.")
        yield found


def named(node: exp.Expression, items: tuple[Item, ...]) -> exp.Expression:
    """Return what an item of GROUP BY or ORDER BY means: a place in the select list, an alias in it, or itself."""
    node = cast(exp.Expression, node.unnest())
    if isinstance(node, exp.Literal) and not node.is_string:
        place = int(node.this) if node.this.isdigit() else 0
        if not 1 <= place <= len(items):
            raise ProgrammingError(f"There is no column {node.this} in the select list, which has {len(items)}.")
        return cast(exp.Expression, items[place - 1].node.unnest())
    if isinstance(node, exp.Column) and not node.table:
        for each in items:
            if each.name and each.name.upper() == node.name.upper():
                return cast(exp.Expression, each.node.unnest())
    return node


def count_of(clause: str, node: exp.Expression | None, reading: StatementReading) -> int | None:
    """Return the number of rows that LIMIT or OFFSET gives, None without the clause."""
    if node is None:
        return None
    if node.expressions or (isinstance(node, exp.Fetch) and ties_or_percent(node)):
        raise NotSupportedError(f"{shown(node)} is not possible: {clause} takes a number of rows.")
    written = node.args.get("count") if isinstance(node, exp.Fetch) else node.expression
    value = 1 if written is None else evaluate(written, constant(reading))
    if isinstance(value, str) and value.isdigit():
        value = int(value)  # a rendered template is text
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ProgrammingError(f"{clause} takes a number of rows, not {value!r}.")
    return value


def ties_or_percent(node: exp.Fetch) -> bool:
    """Return whether FETCH asks for more than a number of rows."""
    options = node.args.get("limit_options")
    return options is not None and bool(options.args.get("percent") or options.args.get("with_ties"))


def constant(reading: StatementReading) -> Any:
    """Return the leaf of expressions in which nothing but parameters may stand."""

    def leaf(node: exp.Expression) -> Any:
        if isinstance(node, exp.Placeholder):
            return reading.parameter(node)
        raise refused(node)

    return leaf


def object_name(table: exp.Table) -> str:
    """Return the object that FROM names."""
    args = {name for name, value in table.args.items() if value} - {"this", "alias"}
    for name in args & CLAUSES.keys():
        raise NotSupportedError(CLAUSES[name])
    alias = table.args.get("alias")
    if args or not isinstance(table.this, exp.Identifier) or (alias is not None and alias.args.get("columns")):
        raise NotSupportedError(f"FROM {shown(table)} is not possible: FROM takes one object's name, such as GLDETAIL.")
    return table.name


def merged(outer: Select, inner: Select, alias: str, columns: Mapping[str, exp.Expression]) -> Select:
    """Return one select for a select list over a subquery. Raises NotSupportedError where the two do not make one."""
    if outer.where or outer.group_by or outer.order_by or outer.distinct or outer.limit is not None or outer.offset:
        raise NotSupportedError(SUBQUERY)
    single = inner.aggregated and not inner.group_by
    if outer.aggregated and (
        inner.group_by or inner.distinct or inner.order_by or inner.limit is not None or inner.offset
    ):
        raise NotSupportedError(SUBQUERY)
    items: list[Item] = []
    for each in outer.items:
        if isinstance(each.node, exp.Star):
            items.extend(inner.items)
            continue
        name = each.name or (each.node.name if isinstance(each.node, exp.Column) else None)
        node = inlined(each.node, alias, columns)
        items.append(Item(name, single_row(node) if single and each.aggregated else node))
    return replace(inner, items=tuple(items))


def inlined(node: exp.Expression, alias: str, columns: Mapping[str, exp.Expression]) -> exp.Expression:
    """Return the expression with each column of the subquery replaced by what it is there."""

    def put(part: exp.Expression) -> exp.Expression:
        if not isinstance(part, exp.Column):
            return part
        found = columns.get(part.name.upper())
        if found is None or (part.table and part.table.upper() != alias.upper()):
            raise ProgrammingError(f"The subquery has no column {part.sql()}.")
        return exp.Paren(this=found.copy())

    return cast(exp.Expression, node.copy().transform(put).unnest())


def single_row(node: exp.Expression) -> exp.Expression:
    """Return the expression without the aggregates around a subquery's one row: MIN of one value is the value."""
    if isinstance(node, exp.Min | exp.Max | exp.Sum) and not node.expressions:
        return cast(exp.Expression, node.this.unnest())
    raise NotSupportedError(f"{SUBQUERY} (At {shown(node)}.)")
