"""readReport: check what is asked for, queue the report, and answer with its id."""

from collections.abc import Iterable, Sequence

from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.reading.request import (
    page_size,
    return_format,
    text_of,
    whole_number,
)
from airflow_provider_intacct.sandbox.gateway.results import DataResult, FunctionError

from .account_balances import balances_by_dimensions
from .custom_reports import arguments_of, custom_rows
from .definitions import find_report
from .runs import Form, Reports, submitted

_STANDARD = "get_accountbalancesbydimensions"
_LONGEST_WAIT = 30


@function("readReport")
def read_report(call: Call) -> DataResult:
    """Answer a report's id, done or pending; with returnDef its definition, and nothing is run."""
    element = call.element
    name, kind = text_of(element, "report"), call.attributes.get("type", "").strip().lower()
    seconds = whole_number(element, "waitTime", 0)
    if not 0 <= seconds <= _LONGEST_WAIT:
        raise FunctionError("XL03000006", f"waitTime must be between 0 and {_LONGEST_WAIT}, not {seconds}")
    size, form = page_size(call), return_format(element, "returnFormat")
    rows: Iterable[Sequence[str]]
    if kind == "standard":
        names, rows = _standard_rows(call, name)
    else:
        library = call.attributes.get("libraryReport", "").lower() == "true"
        call.require("REPORT")
        definition = find_report(name, kind, library=library)
        if _wants_definition(call):
            return DataResult([definition.node()])
        names = [column.name for column in definition.columns]
        rows = custom_rows(call, definition, text_of(element, "listSeparator"))
    reports = call.company.part(Reports)
    report = reports.submit(call.user.id, Form(size, form, names), rows)
    return submitted(report, ready=reports.wait(report, seconds))


def _standard_rows(call: Call, name: str) -> tuple[list[str], Iterable[Sequence[str]]]:
    if name != _STANDARD or _wants_definition(call):
        raise FunctionError("readReport failed", f"Report {name} does not exist.")
    names, rows = balances_by_dimensions(call, arguments_of(call.element, name))
    return names, ([row[column] for column in names] for row in rows)


def _wants_definition(call: Call) -> bool:
    return call.attributes.get("returnDef", "").strip().lower() == "true"
