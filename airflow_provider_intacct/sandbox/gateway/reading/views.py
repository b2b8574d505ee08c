"""Saved views of the company for readView, and the filters a request may add to one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from airflow_provider_intacct.sandbox.gateway.results import FunctionError

from .selection import Condition

_OPERATORS: Mapping[str, str] = {
    "equal to": "equalto",
    "equals": "equalto",
    "not equal to": "notequalto",
    "less than": "lessthan",
    "less than or equal to": "lessthanorequalto",
    "greater than": "greaterthan",
    "greater than or equal to": "greaterthanorequalto",
    "=": "equalto",
    "!=": "notequalto",
    "<": "lessthan",
    "<=": "lessthanorequalto",
    ">": "greaterthan",
    ">=": "greaterthanorequalto",
    "like": "like",
    "not like": "notlike",
    "in": "in",
    "not in": "notin",
    "is null": "isnull",
    "is not null": "isnotnull",
}
Compare = Callable[[str, str, Sequence[str]], Condition]


@dataclass(frozen=True, slots=True)
class View:
    """A view somebody saved: an object, its columns, a condition in readByQuery's text."""

    id: str
    object: str
    fields: tuple[str, ...]
    query: str = ""


VIEWS: tuple[View, ...] = (
    View("VENDOR#10001@10001", "VENDOR", ("RECORDNO", "VENDORID", "NAME", "TOTALDUE", "CREDITLIMIT"), "STATUS = 'T'"),
    View("CUSTOMER#10002@10001", "CUSTOMER", ("RECORDNO", "CUSTOMERID", "NAME", "TOTALDUE"), "STATUS = 'T'"),
    View(
        "APBILL#10003@10001",
        "APBILL",
        ("RECORDNO", "RECORDID", "VENDORID", "VENDORNAME", "WHENDUE", "TOTALDUE", "STATE"),
        "STATE IN ('A', 'PP', 'SL')",
    ),
    View("GLACCOUNT#10004@10001", "GLACCOUNT", ("RECORDNO", "ACCOUNTNO", "TITLE", "NORMALBALANCE")),
)


def find_view(name: str) -> View:
    """Return the view of that id, or of the object's name before the `#`. Raises the refusal of an unknown one."""
    view = next((view for view in VIEWS if name in (view.id, view.id.partition("#")[0])), None)
    if view is None:
        raise FunctionError("Query Failed", f"View {name} not found")
    return view


def view_condition(element: etree._Element, compare: Compare) -> Condition:
    """Return the condition of a request's `filters`; its expressions are joined with AND, or with OR if it says so."""
    conditions = [
        compare(
            (item.findtext("field") or "").strip(),
            _operator((item.findtext("operator") or "").strip()),
            [value.text or "" for value in item.iterfind("value")],
        )
        for item in element.iterfind("filters/filterExpression")
    ]
    if not conditions:
        return Condition("1")
    word = (element.findtext("filters/filterCondition") or "AND").strip().upper()
    return Condition.any_of(conditions) if word == "OR" else Condition.all_of(conditions)


def _operator(name: str) -> str:
    if name.lower() not in _OPERATORS:
        raise FunctionError("Query Failed", f"Operator {name} is not valid in a view filter")
    return _OPERATORS[name.lower()]
