"""The company's saved reports, read from data files: an object, columns, a condition, and what a run is asked for."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from airflow_provider_intacct.sandbox.gateway.results import Content, FunctionError, Node

ParameterKind = Literal["value", "period", "asof"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """What an argument of a run narrows.

    value: `field` equals it; period: `field` lies in the reporting period of that name; asof: the day ages count to.
    """

    name: str
    label: str
    kind: ParameterKind = "value"
    field: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column: a field, the sum of one, the number of records, or a date's age in days.

    `aged` is the date field whose age it is; with `ages` the sum counts only records of that age, both included.
    """

    name: str
    label: str
    field: str = ""
    aggregate: Literal["", "sum", "count"] = ""
    aged: str = ""
    ages: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class ReportDefinition:
    """A saved report. Type: "" for an original custom report, "interactive" for one of the interactive writer."""

    name: str
    root: str
    columns: tuple[Column, ...]
    parameters: tuple[Parameter, ...] = ()
    sort: tuple[str, ...] = ()
    where: str = ""
    type: str = ""
    library: bool = False

    @property
    def summarised(self) -> bool:
        """Whether records are brought together under the plain columns."""
        return any(column.aggregate for column in self.columns)

    def parameter(self, name: str) -> Parameter:
        """Return a parameter. Raises the refusal of an argument the report does not have."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        raise FunctionError("readReport failed", f"Invalid argument {name} for report {self.name}.")

    def node(self) -> Node:
        """Return the definition as returnDef shows it. Known: the first four elements and SORTBY; the rest is ours."""
        parameters = [
            Node(
                "PARAMETER",
                {"NAME": item.name, "label": item.label, "promptOnRun": "true" if item.required else "false"},
            )
            for item in self.parameters
        ]
        columns = [Node("COLUMN", {"NAME": column.name, "label": column.label}) for column in self.columns]
        content: Mapping[str, Content] = {
            "REPORTNAME": self.name,
            "REPORTTYPE": "tabular",
            "ROOT": self.root,
            "PARAMETERS": parameters,
            "COLUMNS": columns,
            "SORTBY": [Node("NAME", name) for name in self.sort],
        }
        return Node("report_definition", content)


def find_report(name: str, kind: str, *, library: bool) -> ReportDefinition:
    """Return a saved report of that name and type. Raises the refusal of an unknown one."""
    for report in saved_reports():
        if (report.name, report.type, report.library) == (name, kind, library):
            return report
    raise FunctionError("readReport failed", f"Report {name} does not exist.")


@cache
def saved_reports() -> tuple[ReportDefinition, ...]:
    """Return every saved report, by name."""
    files = sorted((Path(__file__).parent / "reports").glob("*.toml"))
    reports = [_definition(tomllib.loads(path.read_text(encoding="utf-8"))) for path in files]
    return tuple(sorted(reports, key=lambda report: report.name))


def _definition(spec: Mapping[str, Any]) -> ReportDefinition:
    columns = tuple(_column(name, dict(item)) for name, item in spec["columns"].items())
    parameters = tuple(Parameter(name=name, **item) for name, item in spec.get("parameters", {}).items())
    plain = {key: value for key, value in spec.items() if key not in ("columns", "parameters", "sort")}
    return ReportDefinition(columns=columns, parameters=parameters, sort=tuple(spec.get("sort", ())), **plain)


def _column(name: str, spec: dict[str, Any]) -> Column:
    ages = spec.pop("ages", None)
    computed = "aged" in spec or spec.get("aggregate") == "count"
    field = spec.pop("field", "" if computed and ages is None else name)
    return Column(name=name, field=field, ages=tuple(ages) if ages else None, **spec)
