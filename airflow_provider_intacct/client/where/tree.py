"""The filter tree and its Python notation: `(field("AMOUNT") > 5) & ~field("STATE").in_(["Paid"])`.

A tree holds no NOT: `~` pushes it down at once by De Morgan's laws, which hold in SQL's three-valued logic too. So
`~(A = 1)` is `A != 1`, and a row whose A is empty satisfies neither: say `| field("A").is_null()` where it should.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, cast

from airflow_provider_intacct.client.errors import WhereError
from airflow_provider_intacct.client.xml.elements import FORBIDDEN

Value = str | bool | Decimal | date | datetime
Operator = Literal["=", "!=", "<", "<=", ">", ">="]

NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
OPPOSITE: dict[Operator, Operator] = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


class Condition:
    """What every node of the tree can do: `&`, `|`, `~`. It has no truth value: `and`, `or`, `not` raise."""

    __slots__ = ()

    def __and__(self, other: "Condition") -> "Condition":
        return all_of(self, other)

    def __or__(self, other: "Condition") -> "Condition":
        return any_of(self, other)

    def __invert__(self) -> "Condition":
        return negate(self)

    def __bool__(self) -> bool:
        raise WhereError("A condition is neither true nor false here: join conditions with &, | and ~, in parentheses.")


@dataclass(frozen=True, slots=True)
class Compare(Condition):
    """`field operator value`."""

    field: str
    operator: Operator
    value: Value

    def __post_init__(self) -> None:
        check_field(self.field)
        object.__setattr__(self, "value", check_value(self.field, self.value))


@dataclass(frozen=True, slots=True)
class Between(Condition):
    """`lower <= field <= upper`."""

    field: str
    lower: Value
    upper: Value

    def __post_init__(self) -> None:
        check_field(self.field)
        lower, upper = check_value(self.field, self.lower), check_value(self.field, self.upper)
        if comparable(lower, upper) and cast(Any, lower) > upper:
            raise WhereError(f"{self.field} BETWEEN {self.lower} AND {self.upper}: the lower bound comes first.")
        object.__setattr__(self, "lower", lower)
        object.__setattr__(self, "upper", upper)


@dataclass(frozen=True, slots=True)
class In(Condition):
    """The field equals one of `values` (`negated`: none of them)."""

    field: str
    values: tuple[Value, ...]
    negated: bool = False

    def __post_init__(self) -> None:
        check_field(self.field)
        if not self.values:
            raise WhereError(
                f"{self.field} IN (): an empty list matches nothing; leave the call out when there are no values."
            )
        object.__setattr__(self, "values", tuple(check_value(self.field, value) for value in self.values))


@dataclass(frozen=True, slots=True)
class Like(Condition):
    """The field matches `pattern`: `%` any text, `_` any character. Intacct has no escape for either."""

    field: str
    pattern: str
    negated: bool = False

    def __post_init__(self) -> None:
        check_field(self.field)
        if not isinstance(self.pattern, str):
            raise WhereError(f"{self.field} LIKE {self.pattern!r}: a pattern is text.")
        check_value(self.field, self.pattern)


@dataclass(frozen=True, slots=True)
class IsNull(Condition):
    """The field is empty (`negated`: it is not)."""

    field: str
    negated: bool = False

    def __post_init__(self) -> None:
        check_field(self.field)


@dataclass(frozen=True, slots=True)
class And(Condition):
    """All of two or more conditions hold. Ands within are taken apart."""

    conditions: tuple[Condition, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "conditions", joined(And, self.conditions))


@dataclass(frozen=True, slots=True)
class Or(Condition):
    """At least one of two or more conditions holds. Ors within are taken apart."""

    conditions: tuple[Condition, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "conditions", joined(Or, self.conditions))


class Field:
    """A field that conditions are made from; dotted names walk relationships: `field("VENDOR.NAME")`."""

    __hash__ = None  # type: ignore[assignment]  # == makes a condition, so a Field can be no key
    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = check_field(name)

    def __eq__(self, value: object) -> Condition:  # type: ignore[override]
        return Compare(self.name, "=", cast(Value, value))

    def __ne__(self, value: object) -> Condition:  # type: ignore[override]
        return Compare(self.name, "!=", cast(Value, value))

    def __lt__(self, value: Value) -> Condition:
        return Compare(self.name, "<", value)

    def __le__(self, value: Value) -> Condition:
        return Compare(self.name, "<=", value)

    def __gt__(self, value: Value) -> Condition:
        return Compare(self.name, ">", value)

    def __ge__(self, value: Value) -> Condition:
        return Compare(self.name, ">=", value)

    def between(self, lower: Value, upper: Value) -> Condition:
        """Both bounds belong to the range."""
        return Between(self.name, lower, upper)

    def in_(self, values: Iterable[Value]) -> Condition:
        """One of `values`, of which there is at least one."""
        return In(self.name, listed(self.name, values))

    def not_in(self, values: Iterable[Value]) -> Condition:
        """None of `values`."""
        return In(self.name, listed(self.name, values), negated=True)

    def like(self, pattern: str) -> Condition:
        """`%` stands for any text, `_` for any character."""
        return Like(self.name, pattern)

    def not_like(self, pattern: str) -> Condition:
        """The opposite of `like`."""
        return Like(self.name, pattern, negated=True)

    def is_null(self) -> Condition:
        """The field is empty."""
        return IsNull(self.name)

    def is_not_null(self) -> Condition:
        """The field is not empty."""
        return IsNull(self.name, negated=True)


def field(name: str) -> Field:
    """Return the field `name`, to make conditions from."""
    return Field(name)


def all_of(*conditions: Condition) -> Condition:
    """Return the condition that all of `conditions` hold."""
    return conditions[0] if len(conditions) == 1 else And(conditions)


def any_of(*conditions: Condition) -> Condition:
    """Return the condition that at least one of `conditions` holds."""
    return conditions[0] if len(conditions) == 1 else Or(conditions)


def negate(condition: Condition) -> Condition:
    """Return the opposite of `condition`, with no NOT left in it."""
    match condition:
        case And(conditions):
            return Or(tuple(map(negate, conditions)))
        case Or(conditions):
            return And(tuple(map(negate, conditions)))
        case Compare(name, operator, value):
            return Compare(name, OPPOSITE[operator], value)
        case Between(name, lower, upper):
            return Or((Compare(name, "<", lower), Compare(name, ">", upper)))
        case In() | Like() | IsNull():
            return replace(condition, negated=not condition.negated)
    raise WhereError(f"{condition!r} is not a condition.")


def leaves(condition: Condition) -> Iterator[Compare | Between | In | Like | IsNull]:
    """Yield the conditions on single fields, from left to right."""
    if isinstance(condition, And | Or):
        for part in condition.conditions:
            yield from leaves(part)
    elif isinstance(condition, Compare | Between | In | Like | IsNull):
        yield condition
    else:
        raise WhereError(f"{condition!r} is not a condition.")


def fields_of(condition: Condition) -> list[str]:
    """Return the names of the fields in the tree, each once, in order of appearance."""
    return list(dict.fromkeys(leaf.field for leaf in leaves(condition)))


def rename_fields(condition: Condition, rename: Callable[[str], str]) -> Condition:
    """Return the tree with every field name passed through `rename`."""
    if isinstance(condition, And | Or):
        return type(condition)(tuple(rename_fields(part, rename) for part in condition.conditions))
    if isinstance(condition, Compare | Between | In | Like | IsNull):
        return replace(condition, field=rename(condition.field))
    raise WhereError(f"{condition!r} is not a condition.")


def joined(kind: type[And] | type[Or], conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """Return `conditions` with those of the same kind taken apart; refuse fewer than two, and what is no condition."""
    flat: list[Condition] = []
    for condition in conditions:
        if isinstance(condition, kind):
            flat.extend(condition.conditions)
        elif isinstance(condition, Condition):
            flat.append(condition)
        else:
            raise WhereError(
                f"{condition!r} is not a condition; put each comparison in parentheses: (a == 1) & (b == 2)."
            )
    if len(flat) < 2:
        raise WhereError(f"{kind.__name__.upper()} joins two or more conditions, not {len(flat)}.")
    return tuple(flat)


def listed(name: str, values: Iterable[Value]) -> tuple[Value, ...]:
    """Return the values of an IN; a single text is not a list of its letters."""
    if isinstance(values, str):
        raise WhereError(f"{name} IN {values!r}: give a list of values, not one text.")
    return tuple(values)


def check_field(name: str) -> str:
    """Return `name` if it can name a field."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise WhereError(f"{name!r} is not a field name; dotted names such as VENDOR.NAME walk relationships.")
    return name


def check_value(name: str, value: object) -> Value:
    """Return `value` in the tree's types: text, Decimal, bool, date or datetime. Refuse None, float and the rest."""
    if value is None:
        raise WhereError(f"{name}: nothing equals NULL; use IS NULL or IS NOT NULL (in Python .is_null()).")
    if isinstance(value, bool | date):
        return value
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, str):
        if found := FORBIDDEN.search(value):
            raise WhereError(f"{name}: character U+{ord(found.group()):04X} cannot be sent in XML; remove it.")
        return str(value)
    if isinstance(value, float):
        raise WhereError(f"{name}: {value!r} is a float, which is not exact; give Decimal('{value!r}').")
    if isinstance(value, Field):
        raise WhereError(f"{name}: Intacct cannot compare two fields ({value.name}); read both and compare the rows.")
    raise WhereError(
        f"{name}: {type(value).__name__} is no value to compare with; give text, Decimal, bool, date or datetime."
    )


def comparable(lower: Value, upper: Value) -> bool:
    """Return whether the two bounds can be compared here as Intacct would: numbers, dates, or times of one kind."""
    if isinstance(lower, datetime) and isinstance(upper, datetime):
        return (lower.tzinfo is None) == (upper.tzinfo is None)
    if isinstance(lower, datetime) or isinstance(upper, datetime):
        return False
    return (isinstance(lower, Decimal) and isinstance(upper, Decimal)) or (
        isinstance(lower, date) and isinstance(upper, date)
    )
