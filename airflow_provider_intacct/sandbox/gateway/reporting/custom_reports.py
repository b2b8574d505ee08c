"""Run a saved report: its arguments checked, its rows as text."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date

from lxml import etree

from airflow_provider_intacct.sandbox.catalog import ObjectDefinition, Path
from airflow_provider_intacct.sandbox.gateway.calls import Call
from airflow_provider_intacct.sandbox.gateway.reading.comparison import Comparer
from airflow_provider_intacct.sandbox.gateway.reading.literals import malformed
from airflow_provider_intacct.sandbox.gateway.reading.read_by_query import text_condition
from airflow_provider_intacct.sandbox.gateway.reading.rendering import Cell, Writer, written
from airflow_provider_intacct.sandbox.gateway.reading.request import literal_reader, object_zone, refuse_kept_fields
from airflow_provider_intacct.sandbox.gateway.reading.selection import Condition, Selection
from airflow_provider_intacct.sandbox.gateway.reading.visibility import visible_rows
from airflow_provider_intacct.sandbox.gateway.results import FunctionError

from .definitions import Column, Parameter, ReportDefinition
from .spans import invalid, named_span, today

_CHUNK = 1000
_MULTIPLE = "#~#"


def custom_rows(call: Call, report: ReportDefinition, separator: str) -> Iterator[Sequence[str]]:
    """Return a report's rows, in its order. Raises what refuses the run before the first row."""
    run = _Run(call, report)
    return run.rows(separator)


class _Run:
    """One run of a saved report."""

    def __init__(self, call: Call, report: ReportDefinition) -> None:
        self._call = call
        self._report = report
        self._root: ObjectDefinition = call.company.catalog[report.root]
        call.company.permissions.require(call.user, "query", report.root)
        self._selection = Selection(call.company.catalog, self._root)
        self._arguments = self._checked_arguments()
        self._as_of = self._day_of_ages()
        fields = [name for column in report.columns for name in (column.field, column.aged) if name]
        refuse_kept_fields(call, self._root, [self._path(name) for name in fields])

    def rows(self, separator: str) -> Iterator[Sequence[str]]:
        """Execute the report and return its rows as they come."""
        columns = [self._column(column) for column in self._report.columns]
        plain = [self._sql(column) for column in self._report.columns if not column.aggregate]
        group = [condition.sql for condition in plain] if self._report.summarised else []
        order = [self._selection.expression(self._path(name)) for name in self._report.sort]
        if not self._report.summarised and self._root.key:
            order.append(self._selection.own(self._root.key))
        statement = self._selection.statement(
            [condition.sql for condition in columns], self._condition(), group=group, order=order
        )
        values = [value for condition in columns for value in condition.values]
        found = self._call.db.execute(statement.sql, (*values, *statement.values))
        return self._written(found, separator)

    def _written(self, found: sqlite3.Cursor, separator: str) -> Iterator[Sequence[str]]:
        writer = Writer(object_zone(self._call, self._root), iso=self._root.platform)
        cells = [self._cell(writer, column) for column in self._report.columns]
        while chunk := found.fetchmany(_CHUNK):
            for row in written(chunk, cells):
                yield [text.replace(_MULTIPLE, separator) for text in row] if separator else row

    def _cell(self, writer: Writer, column: Column) -> Cell:
        if column.aggregate == "count" or not column.field:
            return Cell(str)
        return writer.cell(self._path(column.field).field)

    def _column(self, column: Column) -> Condition:
        inner = self._sql(column)
        if column.aggregate == "count":
            return Condition("count(*)")
        return Condition(f"sum({inner.sql})", inner.values) if column.aggregate else inner

    def _sql(self, column: Column) -> Condition:
        """Return the SQL of a column before it is summed."""
        if not column.aged:
            return Condition(self._selection.expression(self._path(column.field)) if column.field else "1")
        dated = self._selection.expression(self._path(column.aged))
        age = Condition(f"CAST(julianday(?) - julianday({dated}) AS INTEGER)", (self._as_of.isoformat(),))
        if column.ages is None:
            return age
        amount = self._selection.expression(self._path(column.field))
        return Condition(f"CASE WHEN {age.sql} BETWEEN ? AND ? THEN {amount} ELSE 0 END", (*age.values, *column.ages))

    def _condition(self) -> Condition:
        call, selection = self._call, self._selection
        parts = [
            visible_rows(selection, call.entity_id, show_private=False),
            text_condition(call, self._root, selection, self._report.where),
        ]
        comparer = Comparer(selection, literal_reader(call, self._root, "labels"))
        for parameter, value in self._arguments:
            if parameter.kind == "period":
                span = named_span(call, value)
                days = (span.start.isoformat(), span.end.isoformat())
                parts.append(Condition(f"{selection.expression(self._path(parameter.field))} BETWEEN ? AND ?", days))
            elif parameter.kind == "value":
                parts.append(comparer.compare(self._path(parameter.field), "equalto", [value]))
        return Condition.all_of(parts)

    def _checked_arguments(self) -> list[tuple[Parameter, str]]:
        """Return the arguments that have a value. Raises the refusal of a wrong, a wrongly filled or a missing one."""
        given = [
            (self._report.parameter(str(item.tag)), (item.text or "").strip())
            for item in self._call.element.iterfind("arguments/*")
            if isinstance(item.tag, str)
        ]
        arguments = [(parameter, value) for parameter, value in given if value]
        named = {parameter.name for parameter, _ in arguments}
        for parameter in self._report.parameters:
            if parameter.required and parameter.name not in named:
                raise FunctionError(
                    "readReport failed", f"A value for {parameter.name} is required to run report {self._report.name}."
                )
        return arguments

    def _day_of_ages(self) -> date:
        for parameter, value in self._arguments:
            if parameter.kind == "asof":
                return _us_day(value)
        return today(self._call)

    def _path(self, name: str) -> Path:
        path = self._call.company.catalog.path(self._root, name)
        if path is None:
            raise malformed()
        return path


def arguments_of(element: etree._Element, name: str) -> etree._Element:
    """Return the arguments of a standard report, which stand in an element of the report's name."""
    inner = element.find(f"arguments/{name}")
    if inner is None:
        raise FunctionError("readReport failed", f"Invalid arguments for report {name}.")
    return inner


def _us_day(text: str) -> date:
    parts = text.split("/")
    try:
        month, day, year = map(int, parts)
        return date(year, month, day)
    except ValueError as error:
        raise invalid("date", text) from error
