"""The days a report is about: a reporting period by its name, or a first and a last day."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from lxml import etree

from airflow_provider_intacct.sandbox.gateway.calls import Call
from airflow_provider_intacct.sandbox.gateway.reading.request import text_of, user_zone
from airflow_provider_intacct.sandbox.gateway.results import FunctionError

_BEGINNING = date(1, 1, 1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """From a first to a last day, both included."""

    start: date
    end: date


def span_of(call: Call, element: etree._Element) -> Span:
    """Return the span of `reportingperiodname`, or of `startdate` and `enddate`."""
    if element.find("startdate") is None:
        return named_span(call, text_of(element, "reportingperiodname"))
    span = Span(day_of(element, "startdate"), day_of(element, "enddate"))
    if span.start > span.end:
        raise FunctionError("XL03000006", f"The start date {span.start} is later than the end date {span.end}.")
    return span


def named_span(call: Call, name: str) -> Span:
    """Return the span of a reporting period of the company, or of one that the system reckons from today."""
    if name in _SYSTEM_PERIODS:
        return _SYSTEM_PERIODS[name](today(call))
    row = call.db.execute(
        'SELECT "START_DATE", "END_DATE" FROM "REPORTINGPERIOD" WHERE "NAME" = ? AND "START_DATE" IS NOT NULL', (name,)
    ).fetchone()
    if row is None:
        raise invalid("Reporting period", name)
    return Span(date.fromisoformat(row[0]), date.fromisoformat(row[1]))


def today(call: Call) -> date:
    """Return the day it is for the user."""
    return call.company.clock.now().astimezone(user_zone(call)).date()


def day_of(element: etree._Element, name: str) -> date:
    """Return a date given as year, month and day."""
    part = element.find(name)
    words = [text_of(part, unit) if part is not None else "" for unit in ("year", "month", "day")]
    try:
        return date(*map(int, words))
    except ValueError as error:
        raise invalid(name, "/".join(words)) from error


def invalid(label: str, value: object) -> FunctionError:
    """Return the refusal of a value that names nothing. Source: fyle-intacct-api tests, "Invalid Project ..."."""
    return FunctionError("BL01001973", f"Invalid {label} '{value}' specified.")


def _month(day: date) -> Span:
    first = day.replace(day=1)
    return Span(first, (first + 31 * _DAY).replace(day=1) - _DAY)


def _quarter(day: date) -> Span:
    first = date(day.year, day.month - (day.month - 1) % 3, 1)
    return Span(first, _month(first + 62 * _DAY).end)


def _year(day: date) -> Span:
    return Span(date(day.year, 1, 1), date(day.year, 12, 31))


_SYSTEM_PERIODS: Mapping[str, Callable[[date], Span]] = {
    "Today": lambda day: Span(day, day),
    "Yesterday": lambda day: Span(day - _DAY, day - _DAY),
    "Current Month": _month,
    "Current Month To Date": lambda day: Span(_month(day).start, day),
    "Prior Month": lambda day: _month(_month(day).start - _DAY),
    "Current Quarter": _quarter,
    "Prior Quarter": lambda day: _quarter(_quarter(day).start - _DAY),
    "Current Year": _year,
    "Current Year To Date": lambda day: Span(_year(day).start, day),
    "Prior Year": lambda day: _year(_year(day).start - _DAY),
    "Inception To Date": lambda day: Span(_BEGINNING, day),
}
