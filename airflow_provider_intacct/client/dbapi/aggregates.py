"""What an aggregate of the select list asks of Intacct, and what its value is once that is answered.

`COUNT(*)` counts the key. `SUM(CASE WHEN condition THEN x ELSE y END)` and its like, and FILTER, which Intacct does not
know, are answered by counting and adding what meets the condition in a query of their own.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from airflow_provider_intacct.client.dbapi.errors import NotSupportedError, OperationalError
from airflow_provider_intacct.client.dbapi.expressions import arithmetic, compared, evaluate, refused, shown
from airflow_provider_intacct.client.dbapi.statement import AGGREGATES, constant
from airflow_provider_intacct.client.dbapi.text import StatementReading
from airflow_provider_intacct.client.where import Condition

KEY = "*"
"""As the field of COUNT: the object's key, so that records are counted."""
DISTINCT = "COUNT DISTINCT"
DECIMAL_RESULTS = (exp.Sum, exp.Avg, exp.Min, exp.Max)
FUNCTIONS: dict[type[Any], str] = {exp.Count: "COUNT", exp.Sum: "SUM", exp.Avg: "AVG", exp.Min: "MIN", exp.Max: "MAX"}


@dataclass(frozen=True, slots=True)
class Measure:
    """One number to ask for: `function` of `field` over the records that also meet `condition`."""

    function: str
    field: str
    condition: Condition | None = None


Found = Mapping[Measure, Any]


@dataclass(frozen=True, slots=True)
class Plain:
    """An aggregate that Intacct knows, or the number of different values of a field."""

    measure: Measure

    @property
    def measures(self) -> tuple[Measure, ...]:
        return (self.measure,)

    def value(self, found: Found) -> Any:
        return found[self.measure]


@dataclass(frozen=True, slots=True)
class Conditional:
    """`function(CASE WHEN condition THEN then ELSE otherwise END)`; `field` where THEN is a field and no constant."""

    function: str
    condition: Condition
    node: exp.Expression
    field: str | None
    then: Any
    otherwise: Any

    @property
    def all(self) -> Measure:
        return Measure("COUNT", KEY)

    @property
    def met(self) -> Measure:
        return Measure("COUNT", KEY, self.condition)

    @property
    def of_field(self) -> Measure | None:
        return Measure(self.function, self.field, self.condition) if self.field else None

    @property
    def measures(self) -> tuple[Measure, ...]:
        return tuple(measure for measure in (self.all, self.met, self.of_field) if measure)

    def value(self, found: Found) -> Any:
        """Return the aggregate of as many `then` as there are records that meet the condition, and `otherwise`."""
        met, others = found[self.met], found[self.all] - found[self.met]
        if others < 0:
            error = OperationalError(f"{shown(self.node)}: records came or went while they were counted. Run it again.")
            error.retryable = True
            raise error
        first = found[self.of_field] if self.of_field else self.of_constant(self.then, met)
        parts = [part for part in (first, self.of_constant(self.otherwise, others)) if part is not None]
        if self.function == "COUNT":
            return sum(parts)
        if self.function == "SUM":
            return arithmetic(exp.Add, parts[0], parts[1], self.node) if len(parts) == 2 else next(iter(parts), None)
        if len(parts) == 2:
            smaller = compared(exp.LTE, parts[0], parts[1], self.node)
            return parts[0] if smaller == (self.function == "MIN") else parts[1]
        return parts[0] if parts else None

    def of_constant(self, value: Any, times: int) -> Any:
        """Return the aggregate of a constant that occurs so many times."""
        if value is None or not times:
            return None
        if self.function == "COUNT":
            return times
        return arithmetic(exp.Mul, value, times, self.node) if self.function == "SUM" else value


Aggregate = Plain | Conditional
Spell = Callable[[exp.Expression], str]


def aggregates_in(node: exp.Expression) -> Iterator[exp.Expression]:
    """Yield the outermost aggregates of an expression."""
    if isinstance(node, AGGREGATES):
        yield node
        return
    for part in node.iter_expressions():
        yield from aggregates_in(part)


def aggregate_of(
    node: exp.Expression,
    reading: StatementReading,
    spell: Spell,
    condition: Callable[[exp.Expression], Condition],
) -> Aggregate:
    """Return what an aggregate asks for; `spell` and `condition` read fields and filters as the object knows them."""
    filtered = condition(node.expression.this) if isinstance(node, exp.Filter) else None
    call = node.this if isinstance(node, exp.Filter) else node
    function = FUNCTIONS.get(type(call))
    if function is None:
        raise refused(call)
    argument = call.this.unnest() if call.this is not None else None
    if isinstance(node.parent, exp.Window):
        raise refused(node.parent)
    if argument is None or call.expressions:
        raise NotSupportedError(f"{shown(call)} is not possible: {function} takes one field.")
    if isinstance(argument, exp.Distinct):
        return distinct(function, argument, call, spell, filtered)
    if isinstance(argument, exp.Column | exp.Dot) and not isinstance(argument.this, exp.Star):
        return Plain(Measure(function, spell(argument), filtered))
    if function == "COUNT" and isinstance(argument, exp.Star | exp.Literal):
        return Plain(Measure("COUNT", KEY, filtered))
    if isinstance(argument, exp.Case) and filtered is None:
        return conditional(function, argument, call, reading, spell, condition)
    if argument.find(exp.Column) is None:
        raise NotSupportedError(f"{shown(call)} is not possible: {function} of a constant; use COUNT(*).")
    unknown = next((part for part in argument.walk() if isinstance(part, exp.Div | exp.Cast)), None)
    if unknown is not None:
        raise refused(unknown)
    raise NotSupportedError(
        f"{shown(call)} is not possible: Intacct aggregates fields, not expressions. Possible are a field, and "
        "CASE WHEN condition THEN field or constant ELSE constant END."
    )


def distinct(
    function: str, argument: exp.Distinct, call: exp.Expression, spell: Spell, condition: Condition | None
) -> Plain:
    """Return the aggregate of different values."""
    fields = [part.unnest() for part in argument.expressions]
    if len(fields) != 1 or not isinstance(fields[0], exp.Column | exp.Dot):
        raise NotSupportedError(f"{shown(call)} is not possible: DISTINCT takes one field here.")
    if function in ("SUM", "AVG"):
        raise NotSupportedError(f"{shown(call)} is not possible: read SELECT DISTINCT and calculate with the rows.")
    kind = DISTINCT if function == "COUNT" else function
    return Plain(Measure(kind, spell(fields[0]), condition))


def conditional(
    function: str,
    case: exp.Case,
    call: exp.Expression,
    reading: StatementReading,
    spell: Spell,
    condition: Callable[[exp.Expression], Condition],
) -> Conditional:
    """Return the aggregate of a CASE with one condition."""
    branches = case.args["ifs"]
    if case.this is not None or len(branches) != 1:
        raise NotSupportedError(
            f"{shown(call)} is not possible: CASE has one WHEN with a condition here. Write an aggregate for each."
        )
    if function == "AVG":
        raise NotSupportedError(f"{shown(call)} is not possible: an average of CASE is rarely exact; use SUM.")
    then = branches[0].args["true"].unnest()
    is_field = isinstance(then, exp.Column | exp.Dot)
    otherwise = case.args.get("default")
    return Conditional(
        function,
        condition(branches[0].this),
        call,
        field=spell(then) if is_field else None,
        then=None if is_field else evaluate(then, constant(reading)),
        otherwise=None if otherwise is None else evaluate(otherwise, constant(reading)),
    )
