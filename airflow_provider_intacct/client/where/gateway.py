"""The filter tree written for the XML gateway: the `filter` of query, and the text of readByQuery.

Dates and times are written as the gateway wants them (`mm/dd/yyyy`, in the API user's zone). Text that looks like an
ISO date or time is one, unless `datatype` says that the field holds something else.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Literal

from airflow_provider_intacct.client.errors import InvalidRequestError, WhereError
from airflow_provider_intacct.client.where.tree import (
    And,
    Between,
    Compare,
    Condition,
    In,
    IsNull,
    Like,
    Or,
    Value,
    all_of,
    any_of,
    leaves,
)
from airflow_provider_intacct.client.xml.elements import Element, number, scalar, timestamp

DataType = Callable[[str], str | None]
"""Tells a field's DATATYPE from lookup; None when it is not known."""

MAX_VALUES = 1000
"""Values in one `in` or `notin`. Source: developer.intacct.com, Web Services > Queries; the gateway's schema."""

ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
OPERATORS = {
    "=": "equalto",
    "!=": "notequalto",
    "<": "lessthan",
    "<=": "lessthanorequalto",
    ">": "greaterthan",
    ">=": "greaterthanorequalto",
}
UP = frozenset({"<", ">="})
"""With these a fraction of a second rounds up: Intacct counts whole seconds, so t >= 1.5 means t >= 2."""


def to_query_filter(condition: Condition, *, zone: tzinfo | None = None, datatype: DataType | None = None) -> Element:
    """Return the one element below `filter`. More than 1,000 values of an IN become several, joined by OR (AND if NOT).

    Aware datetimes are moved to `zone`, the API user's own; without it they are refused. Raises `WhereError`.
    """
    match condition:
        case And(conditions) | Or(conditions):
            parts = tuple(to_query_filter(part, zone=zone, datatype=datatype) for part in conditions)
            return Element("and" if isinstance(condition, And) else "or", children=parts)
        case IsNull(name, negated):
            return Element("isnotnull" if negated else "isnull", children=(Element("field", name),))
        case Like(name, pattern, negated):
            return operation("notlike" if negated else "like", name, [write_value(name, pattern, zone)])
        case Compare(name, operator, value):
            written = write_value(name, as_moment(name, value, datatype), zone, direction(operator))
            return operation(OPERATORS[operator], name, [written])
        case Between(name, lower, upper):
            first = write_value(name, as_moment(name, lower, datatype), zone, "up")
            last = write_value(name, as_moment(name, upper, datatype), zone, "down")
            return operation("between", name, [first, last])
        case In(name, values, negated) if len(values) > MAX_VALUES:
            chunks = [In(name, values[at : at + MAX_VALUES], negated) for at in range(0, len(values), MAX_VALUES)]
            whole = all_of(*chunks) if negated else any_of(*chunks)
            return to_query_filter(whole, zone=zone, datatype=datatype)
        case In(name, values, negated):
            written_values = [write_value(name, as_moment(name, value, datatype), zone) for value in values]
            return operation("notin" if negated else "in", name, written_values)
    raise WhereError(f"{condition!r} is not a condition.")


def operation(tag: str, name: str, values: Sequence[str]) -> Element:
    """Return an operator element of query: a field and its values."""
    return Element(tag, children=(Element("field", name), *(Element("value", value) for value in values)))


def to_read_by_query(condition: Condition, *, zone: tzinfo | None = None, datatype: DataType | None = None) -> str:
    """Return the text of a readByQuery. It knows no BETWEEN, no `!=` and no dotted fields; the first two are reworded.

    Enumerations are compared by their stored code here (`STATE = 'A'`), not by the label that query takes.
    Source: developer.intacct.com, Platform Services > Records > readByQuery.
    """
    for leaf in leaves(condition):
        if "." in leaf.field:
            raise WhereError(f"{leaf.field}: readByQuery cannot follow relationships; use query, which can.")
    return sentence(condition, zone, datatype)


def sentence(condition: Condition, zone: tzinfo | None, datatype: DataType | None) -> str:
    """Return one condition as readByQuery text."""

    def quoted(name: str, value: Value, way: "Way | None" = None) -> str:
        return literal(name, as_moment(name, value, datatype), zone, way)

    match condition:
        case And(conditions):
            return " AND ".join(nested(part, zone, datatype) for part in conditions)
        case Or(conditions):
            return " OR ".join(nested(part, zone, datatype) for part in conditions)
        case IsNull(name, negated):
            return f"{name} IS {'NOT ' if negated else ''}NULL"
        case Like(name, pattern, negated):
            return f"{name} {'not ' if negated else ''}like {literal(name, pattern, zone)}"
        case Compare(name, "!=", value):
            return f"{name} not in ({quoted(name, value, 'exact')})"
        case Compare(name, operator, value):
            return f"{name} {operator} {quoted(name, value, direction(operator))}"
        case Between(name, lower, upper):
            return f"({name} >= {quoted(name, lower, 'up')} AND {name} <= {quoted(name, upper, 'down')})"
        case In(name, values, negated):
            return f"{name} {'not ' if negated else ''}in ({', '.join(quoted(name, value) for value in values)})"
    raise WhereError(f"{condition!r} is not a condition.")


def nested(condition: Condition, zone: tzinfo | None, datatype: DataType | None) -> str:
    """Return a part of AND or OR, in parentheses where it joins others itself."""
    written = sentence(condition, zone, datatype)
    return f"({written})" if isinstance(condition, And | Or) else written


def literal(name: str, value: Value, zone: tzinfo | None, way: "Way | None" = None) -> str:
    """Return a value as readByQuery writes it: numbers plain, all else quoted, booleans 'T' and 'F'."""
    if isinstance(value, bool):
        return "'T'" if value else "'F'"
    if isinstance(value, Decimal):
        return number(value)
    written = write_value(name, value, zone, way or "exact")
    if "\\" in written:
        raise WhereError(
            f"{name}: how readByQuery reads a backslash is not documented ({written!r}); use query instead."
        )
    return "'" + written.replace("'", "\\'") + "'"


Way = Literal["up", "down", "exact"]


def direction(operator: str) -> Way:
    """Return how a fraction of a second is rounded for `operator` so that the result stays the same."""
    return "exact" if operator in ("=", "!=") else "up" if operator in UP else "down"


def write_value(name: str, value: Value, zone: tzinfo | None, way: Way = "exact") -> str:
    """Return a value as query writes it. Intacct's null is the empty element, which no comparison is known to meet."""
    if value == "":
        raise WhereError(f"{name}: nothing is compared with empty text; write {name} IS NULL or {name} IS NOT NULL.")
    try:
        if isinstance(value, datetime):
            return timestamp(whole_second(name, value, way), name, zone)
        return scalar(value, name)
    except WhereError:
        raise
    except InvalidRequestError as error:
        raise WhereError(str(error)) from None


def whole_second(name: str, value: datetime, way: Way) -> datetime:
    """Return `value` without its fraction of a second, rounded the way that keeps the comparison's result."""
    if not value.microsecond:
        return value
    if way == "exact":
        raise WhereError(
            f"{name}: Intacct keeps whole seconds, so nothing can equal {value.isoformat()}; compare with < or >."
        )
    floor = value.replace(microsecond=0)
    return floor + timedelta(seconds=1) if way == "up" else floor


def as_moment(name: str, value: Value, datatype: DataType | None) -> Value:
    """Return what `value` means for the field: ISO text as date or time, a time's own date if the field is a date."""
    kind = (datatype(name) if datatype else None) or ""
    if isinstance(value, str) and kind.upper() in ("", "DATE", "TIMESTAMP") and ISO.fullmatch(value):
        try:
            value = date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
        except ValueError:
            raise WhereError(f"{name}: {value!r} is not a day of the calendar.") from None
    if isinstance(value, datetime) and kind.upper() == "DATE":
        return value.date()
    return value


def needs_zone(condition: Condition, datatype: DataType | None = None) -> bool:
    """Return whether the tree holds a time with a zone, so that writing it needs the API user's own zone."""
    for leaf in leaves(condition):
        values: tuple[Value, ...] = ()
        match leaf:
            case Compare(_, _, value):
                values = (value,)
            case Between(_, lower, upper):
                values = (lower, upper)
            case In(_, listed, _):
                values = listed
        moments = (as_moment(leaf.field, value, datatype) for value in values)
        if any(isinstance(moment, datetime) and moment.tzinfo is not None for moment in moments):
            return True
    return False
