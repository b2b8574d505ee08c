"""Expressions over values that are there: what Intacct does not calculate is calculated here, exactly or not at all.

Three-valued logic as in SQL (None is unknown). Numbers are int and Decimal, never rounded. What databases do not agree
on, or what has no exact result, is refused by name.
"""

import operator
from collections.abc import Callable
from datetime import date, datetime
from decimal import Context, Decimal, Inexact
from typing import Any, cast

from sqlglot import exp

from airflow_provider_intacct.client.dbapi.errors import DataError, NotSupportedError
from airflow_provider_intacct.client.where.moments import moment_of
from airflow_provider_intacct.client.where.text import shortened
from airflow_provider_intacct.client.where.tree import NAME

Leaf = Callable[[exp.Expression], Any]
"""Tells the value of what is no operation: a field, an aggregate, a parameter."""

EXACT = Context(prec=1000, traps=[Inexact])
ARITHMETIC: dict[type[exp.Expression], Callable[[Any, Any], Any]] = {
    exp.Add: EXACT.add,
    exp.Sub: EXACT.subtract,
    exp.Mul: EXACT.multiply,
}
COMPARISONS: dict[type[exp.Expression], Callable[[Any, Any], bool]] = {
    exp.EQ: operator.eq,
    exp.NEQ: operator.ne,
    exp.LT: operator.lt,
    exp.LTE: operator.le,
    exp.GT: operator.gt,
    exp.GTE: operator.ge,
}
LEAVES = (exp.AggFunc, exp.Filter, exp.Column, exp.Dot, exp.Star, exp.Literal, exp.Boolean, exp.Null, exp.Placeholder)
LOGIC = (exp.And, exp.Or, exp.Not, exp.In, exp.Between, exp.Is)
PREDICATES = (*COMPARISONS, *LOGIC, exp.Boolean)
FUNCTIONS = (exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Abs, exp.Neg)
OPERATIONS = (*ARITHMETIC, *COMPARISONS, *LOGIC, *FUNCTIONS, exp.Paren)
NOT_POSSIBLE: tuple[tuple[tuple[type[exp.Expression], ...], str], ...] = (
    (
        (exp.Div, exp.IntDiv, exp.Mod),
        "Division is not possible: its result is rarely exact, and databases differ in it. Select both numbers and "
        "divide them, or multiply the other side: SUM(A) > 5 * COUNT(*).",
    ),
    (
        (exp.Subquery, exp.Select, exp.Exists, exp.SetOperation),
        "A subquery is not possible: Intacct has none. Read the inner list first and give it to IN (%s).",
    ),
    ((exp.Window,), "OVER (window functions) is not possible: Intacct groups with GROUP BY only."),
    ((exp.Cast, exp.TryCast), "CAST is not possible: values are typed. Only DATE '...' and TIMESTAMP '...' are known."),
    ((exp.DPipe, exp.Concat), "Joining text is not possible in the select list. Join it in the rows you have read."),
    ((exp.ILike,), "ILIKE is not possible: use LIKE in WHERE, and case_insensitive=True."),
    (
        (exp.CurrentDate, exp.CurrentTimestamp, exp.CurrentTime),
        "{} is not possible: Intacct has no clock in queries. Give the date as a parameter, or as {{{{ ds }}}}.",
    ),
)
"""What `refused` says of a node, the first that fits."""


def evaluate(node: exp.Expression, leaf: Leaf) -> Any:
    """Return the value of `node`. Raises NotSupportedError for what cannot be calculated exactly."""

    def value(part: exp.Expression) -> Any:
        return evaluate(part, leaf)

    match node:
        case exp.Paren():
            return value(node.this)
        case exp.Literal():
            return str(node.this) if node.is_string else number(node.this)
        case exp.Boolean():
            return bool(node.this)
        case exp.Null():
            return None
        case exp.Cast() if isinstance(node.this, exp.Literal):
            return moment(node)
    if type(node) in ARITHMETIC:
        return arithmetic(type(node), value(node.this), value(node.expression), node)
    if type(node) in COMPARISONS:
        return compared(type(node), value(node.this), value(node.expression), node)
    if isinstance(node, LOGIC):
        return logic(node, value)
    if isinstance(node, FUNCTIONS):
        return function(node, value)
    return leaf(node)


def function(node: exp.Expression, value: Leaf) -> Any:
    """Return what CASE, COALESCE, NULLIF, ABS or a minus sign come to."""
    match node:
        case exp.Case():
            return chosen(node, value)
        case exp.Coalesce():
            return next((found for part in (node.this, *node.expressions) if (found := value(part)) is not None), None)
        case exp.Nullif():
            first = value(node.this)
            return None if compared(exp.EQ, first, value(node.expression), node) else first
    operand = value(node.this)
    negative = isinstance(node, exp.Neg) or (isinstance(operand, int | Decimal) and operand < 0)
    return arithmetic(exp.Mul, operand, -1 if negative else 1, node)


def check(node: exp.Expression) -> None:
    """Refuse what `evaluate` cannot calculate, before anything is asked for. Aggregates are looked at elsewhere."""
    if isinstance(node, LEAVES) or (isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal)):
        return
    if not isinstance(node, OPERATIONS):
        raise refused(node)
    for part in node.iter_expressions():
        check(part)


def logic(node: exp.Expression, value: Leaf) -> bool | None:
    """Return what AND, OR, NOT, IS, IN or BETWEEN come to."""
    match node:
        case exp.Not():
            operand = truth(value(node.this), node)
            return None if operand is None else not operand
        case exp.And() | exp.Or():
            absorbing = isinstance(node, exp.Or)
            sides = [truth(value(side), node) for side in (node.this, node.expression)]
            return absorbing if absorbing in sides else None if None in sides else not absorbing
        case exp.Is():
            expected = value(node.expression)
            return value(node.this) is expected if expected is None or isinstance(expected, bool) else None
        case exp.Between():
            tested = value(node.this)
            sides = [
                compared(exp.GTE, tested, value(node.args["low"]), node),
                compared(exp.LTE, tested, value(node.args["high"]), node),
            ]
            return False if False in sides else None if None in sides else True
    if node.args.get("query") is not None:
        raise refused(node.args["query"])
    tested = value(node.this)
    sides = [compared(exp.EQ, tested, value(item), node) for item in node.expressions]
    return True if True in sides else None if None in sides else False


def chosen(node: exp.Case, value: Leaf) -> Any:
    """Return the value of the first branch of a CASE that holds."""
    for branch in node.args["ifs"]:
        if node.this is not None:
            holds = compared(exp.EQ, value(node.this), value(branch.this), node)
        else:
            holds = truth(value(branch.this), node)
        if holds:
            return value(branch.args["true"])
    default = node.args.get("default")
    return None if default is None else value(default)


def arithmetic(kind: type[exp.Expression], left: Any, right: Any, node: exp.Expression) -> Any:
    """Return the exact result on two numbers: an int of two ints, else a Decimal."""
    if left is None or right is None:
        return None
    for side in (left, right):
        if not isinstance(side, int | Decimal):
            raise DataError(f"{shown(node)}: {side!r} is not a number.")
    result: Decimal = ARITHMETIC[kind](Decimal(left), Decimal(right))
    return int(result) if isinstance(left, int) and isinstance(right, int) else result


def compared(kind: type[exp.Expression], left: Any, right: Any, node: exp.Expression) -> bool | None:
    """Return the comparison of two values of one kind; text beside a date or time is one in ISO form."""
    if left is None or right is None:
        return None
    left, right = alike(left, right, node), alike(right, left, node)
    try:
        return COMPARISONS[kind](left, right)
    except TypeError:
        raise unlike(left, right, node) from None


def alike(value: Any, other: Any, node: exp.Expression) -> Any:
    """Return `value` as what it means beside `other`. Raises DataError where the two cannot be compared."""
    if isinstance(value, str) and isinstance(other, date):
        try:
            made = datetime.fromisoformat(value) if isinstance(other, datetime) else date.fromisoformat(value)
        except ValueError:
            raise DataError(f"{shown(node)}: {value!r} is not a date; write it as 2026-01-31.") from None
        if isinstance(made, datetime) and isinstance(other, datetime) and made.tzinfo is None and other.tzinfo:
            raise DataError(f"{shown(node)}: {value!r} needs its offset from UTC: 2026-01-31 12:00:00+00:00.")
        return made
    if isinstance(value, str) != isinstance(other, str) and not isinstance(value, date):
        raise unlike(value, other, node)
    return value


def unlike(left: Any, right: Any, node: exp.Expression) -> DataError:
    """Return the error for two values that cannot be compared."""
    return DataError(f"{shown(node)}: {left!r} and {right!r} cannot be compared; a number has no quotation marks.")


def truth(value: Any, node: exp.Expression) -> bool | None:
    """Return a value as true, false or unknown; a number is true unless it is 0."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | Decimal):
        return value != 0
    raise DataError(f"{shown(node)}: {value!r} is neither true nor false.")


def number(written: str) -> int | Decimal:
    """Return the number that a literal writes."""
    return int(written) if written.isdigit() else Decimal(written)


def moment(node: exp.Cast) -> date:
    """Return the date or time of `DATE '...'` or `TIMESTAMP '...'`."""
    try:
        found = moment_of(node)
    except ValueError as error:
        raise DataError(f"{shown(node)}: {error}; write it as 2026-01-31.") from None
    if found is None:
        raise refused(node)
    return found


def refused(node: exp.Expression) -> NotSupportedError:
    """Return the error for a node that has no exact answer: its name, and what to do instead."""
    for kinds, reason in NOT_POSSIBLE:
        if isinstance(node, kinds):
            return NotSupportedError(f"{reason.format(shown(node))} (At {shown(node)}.)")
    if isinstance(node, exp.Func):
        name = node.name.upper() if node.key == "anonymous" else cast(Any, node).sql_name()
        return NotSupportedError(
            f"{name}() is not possible. Intacct's query knows COUNT, SUM, AVG, MIN and MAX of a field; COALESCE, "
            f"NULLIF, ABS and CASE are calculated of their results. (At {shown(node)}.)"
        )
    return NotSupportedError(
        f"{shown(node)} is not possible: the select list holds fields, constants, and calculations with aggregates."
    )


def shown(node: exp.Expression) -> str:
    """Return the SQL of a node, cut to a length for a message."""
    return shortened(written(node))


def written(node: exp.Expression) -> str:
    """Return the SQL of a node, names in quotation marks only where they need them."""
    copy = node.copy()
    for name in copy.find_all(exp.Identifier):
        name.set("quoted", NAME.fullmatch(name.this) is None)
    return copy.sql()
