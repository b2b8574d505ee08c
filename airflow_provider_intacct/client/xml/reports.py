"""Reports and views: started, waited for, and read to the end or not at all.

Each page of a report can be read once, and reading the last one deletes the report. So nothing is handed out before all
of it is here, and every page must add up: the rows read so far and those still to come make the total that Intacct
says. After a lost reply the next page tells by that sum whether one is missing; then the report is started again.
Source: developer.intacct.com, General Ledger > Account balances > asynchronous; Platform Services > Views.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypedDict

from lxml import etree

from airflow_provider_intacct.client.errors import (
    CursorExpiredError,
    IncompleteReadError,
    IntacctError,
    InvalidRequestError,
    MalformedReplyError,
    ReportFailedError,
    ReportNotReadyError,
)
from airflow_provider_intacct.client.flows import Flow, Sleep
from airflow_provider_intacct.client.rows import Row, complete, from_record
from airflow_provider_intacct.client.values import Typing
from airflow_provider_intacct.client.xml import balances
from airflow_provider_intacct.client.xml.elements import Element, Style, check_text, elements
from airflow_provider_intacct.client.xml.functions import MAX_READ_PAGE, Function, read_more, read_view, text, within
from airflow_provider_intacct.client.xml.gateway import Gateway
from airflow_provider_intacct.client.xml.knowledge import Knowledge
from airflow_provider_intacct.client.xml.reply import Result
from airflow_provider_intacct.client.xml.selection import WRITTEN_BY_PREFERENCE

log = logging.getLogger(__name__)

MAX_WAIT = 30
"""Seconds the server waits for a report before it answers that it is pending. Source: intacct-sdk-php, ReadReport."""
FIRST_POLL_SECONDS = 5.0
LONGEST_POLL_SECONDS = 120.0
STARTS = 3
"""How often a report is started before its pages are given up."""

UNDER_WAY = frozenset({"PENDING", "QUEUED", "PROCESSING", "RUNNING", "IN PROGRESS", "IN_PROGRESS"})
READY = frozenset({"DONE", "COMPLETE", "COMPLETED", "READY", "SUCCESS"})
"""PENDING is documented, DONE was seen by a client; the others mean the same in Intacct's other jobs."""


BESIDE_ROWS = frozenset({"STATUS", "REPORTID"})
"""Elements that stand beside the rows of a page and are none of them."""


class PagesLostError(IncompleteReadError):
    """Pages of a report or view are gone: what is left does not add up to the total. It must be started again."""

    advice = "start it again from the beginning; the client does so by itself a few times."


@dataclass(frozen=True, slots=True)
class Report:
    """What is asked: a report by its name, with the answers to its prompts. A value; `function` makes the request.

    `arguments`  by prompt name, or the function itself for a standard report (get_account_balances_by_dimensions(...))
    `kind`       "interactive" for an interactive custom report, "STANDARD" for a standard one; None for custom reports
    `library`    the report comes from the report library
    `page_size`  rows of one page, 1 to 1,000: each page is one API transaction
    """

    name: str
    arguments: Mapping[str, Any] | Function | None = None
    kind: Literal["interactive", "STANDARD"] | None = None
    library: bool = False
    page_size: int = MAX_READ_PAGE
    list_separator: str | None = None

    def function(self, wait: int = MAX_WAIT) -> Function:
        """Return the `readReport` that starts it, waiting on the server for up to `wait` seconds."""
        title = f"readReport {self.name}"
        within(self.page_size, 1, MAX_READ_PAGE, f"{title}: page size")
        within(wait, 0, MAX_WAIT, f"{title}: wait")
        parts = [text("report", self.name, title), *self._arguments()]
        parts += [Element("waitTime", str(wait)), Element("pagesize", str(self.page_size))]
        if self.list_separator is not None:
            parts.append(Element("listSeparator", check_text(self.list_separator, f"{title}: list separator")))
        return Function("readReport", tuple(parts), self._attributes(define=False))

    def definition(self) -> Function:
        """Return the `readReport` that asks for the report's definition instead of running it."""
        return Function("readReport", (text("report", self.name, "readReport"),), self._attributes(define=True))

    def _arguments(self) -> tuple[Element, ...]:
        if isinstance(self.arguments, Function):
            return (Element("arguments", children=(self.arguments.element,)),)
        if not self.arguments:
            return ()
        return tuple(elements("arguments", self.arguments, Style(legacy=self.kind == "STANDARD")))

    def _attributes(self, *, define: bool) -> tuple[tuple[str, str], ...]:
        if self.kind not in (None, "interactive", "STANDARD"):
            raise InvalidRequestError(
                f"readReport {self.name}: kind {self.kind!r} is neither interactive nor STANDARD."
            )
        given = {
            "type": self.kind,
            "returnDef": "true" if define else "false" if self.kind == "STANDARD" else None,
            "libraryReport": "true" if self.library else None,
        }
        return tuple((name, value) for name, value in given.items() if value is not None)


def standard_report(function: Function, *, page_size: int = MAX_READ_PAGE) -> Report:
    """Return a function of balances as a report, for answers too large or too slow to wait for."""
    return Report(function.name, function, "STANDARD", page_size=page_size)


@dataclass(frozen=True, slots=True)
class Pending:
    """A report that Intacct is making, under this id. Any session of the same user may ask for it.

    `starts`  how often it was started, this time included
    """

    report_id: str
    status: str = "PENDING"
    starts: int = 1


@dataclass(frozen=True, slots=True)
class Page:
    """One page, as far as a reply holds one, and how many rows there are in all and still to come."""

    rows: list[Row]
    total: int
    remaining: int
    continued_by: str = ""


@dataclass(slots=True)
class Pages:
    """The pages of one report or view so far. `add` refuses one that shows that another was lost."""

    what: str
    rows: list[Row] = field(default_factory=list)
    complete: bool = False

    def add(self, page: Page) -> None:
        read = len(self.rows) + len(page.rows)
        if read + page.remaining != page.total or (page.remaining and not page.rows):
            raise PagesLostError(
                f"{self.what}: {read} rows read and {page.remaining} to come are not the {page.total} that Intacct "
                "counts, so a page was lost on the way."
            )
        self.rows += page.rows
        self.complete = not page.remaining


class ReportOptions(TypedDict, total=False):
    """How a report is asked for; see Report."""

    arguments: Mapping[str, Any] | Function | None
    kind: Literal["interactive", "STANDARD"] | None
    library: bool
    page_size: int
    list_separator: str | None


def run_report(gateway: Gateway, report: Report, *, wait: int = MAX_WAIT, timeout: float = 3600.0) -> Flow[list[Row]]:
    """Flow: all rows of the report, as text. Waits up to `timeout` seconds for it."""
    deadline = time.monotonic() + timeout
    outcome = yield from ask_report(gateway, report, wait=wait)
    polls = 0
    while isinstance(outcome, Pending):
        pause = poll_seconds(polls)
        if time.monotonic() + pause > deadline:
            raise ReportNotReadyError(f"Report {report.name} was not ready after {timeout:.0f} s.")
        log.info("Report %s is %s; asking again in %.0f s", report.name, outcome.status.lower(), pause)
        yield Sleep(pause)
        polls += 1
        outcome = yield from ask_report(gateway, report, outcome, wait=wait)
    return outcome


def ask_report(
    gateway: Gateway, report: Report, pending: Pending | None = None, *, wait: int = MAX_WAIT
) -> Flow[Pending | list[Row]]:
    """Flow: start the report, or ask for one that is `pending`; return that it is (still), or all its rows.

    Asking is what reads the first page, so a report that is ready is read to its end. If it is gone or has lost a page
    it is started again, `STARTS` times in all.
    """
    starts = pending.starts if pending else 0
    while True:
        try:
            if pending is not None:
                outcome = yield from _poll(gateway, report, pending.report_id)
            else:
                starts += 1
                # Begun anew, it is asked for without waiting: such an answer always holds the id that pages go by.
                outcome = yield from _start(gateway, report, wait if starts == 1 else 0)
        except (CursorExpiredError, PagesLostError) as error:
            if starts >= STARTS:
                raise
            log.warning("Report %s is started again: %s", report.name, error.message)
            pending = None
        else:
            return replace(outcome, starts=starts) if isinstance(outcome, Pending) else outcome


def _start(gateway: Gateway, report: Report, wait: int) -> Flow[Pending | list[Row]]:
    result = yield from gateway.call(report.function(wait))
    outcome = read_answer(result, report.name)
    if isinstance(outcome, Pending):
        if outcome.status in READY:
            return (yield from _poll(gateway, report, outcome.report_id))
        return outcome
    return (yield from _read_on(gateway, outcome, f"Report {report.name}", by_report=True))


def _poll(gateway: Gateway, report: Report, report_id: str) -> Flow[Pending | list[Row]]:
    result = yield from _ask(gateway, read_more(report_id=report_id))
    outcome = read_answer(result, report.name, report_id)
    if isinstance(outcome, Pending):
        return outcome
    return (yield from _read_on(gateway, outcome, f"Report {report.name}", by_report=True))


def run_view(
    gateway: Gateway, view: str, filters: Sequence[tuple[str, str, Any]] = (), **options: Any
) -> Flow[list[Row]]:
    """Flow: all rows of a view, as text. See functions.read_view for the filters and options."""
    for start in range(1, STARTS + 1):
        try:
            result = yield from gateway.call(read_view(view, filters, **options))
            return (yield from _read_on(gateway, read_page(result), f"View {view}", by_report=False))
        except (CursorExpiredError, PagesLostError) as error:
            if start == STARTS:
                raise
            log.warning("View %s is read again: %s", view, error.message)
    raise AssertionError("unreachable")  # pragma: no cover - the loop returns or raises


def definition(gateway: Gateway, report: Report) -> Flow[Row]:
    """Flow: what Intacct says of a report: REPORTNAME, REPORTTYPE, ROOT, PARAMETERS."""
    result = yield from gateway.call(report.definition())
    found = None if result.data is None else next(result.data.iter("report_definition"), None)
    if found is None:
        raise MalformedReplyError(f"The answer about report {report.name} holds no report_definition.")
    return from_record(found)


def poll_seconds(polls: int) -> float:
    """Return how long to wait after so many polls: each costs an API transaction, so waits grow."""
    grown: float = FIRST_POLL_SECONDS * 2 ** min(polls, 10)
    return min(LONGEST_POLL_SECONDS, grown)


def read_answer(result: Result, name: str, report_id: str = "") -> Pending | Page:
    """Return what an answer to readReport or readMore says: pending, or a page."""
    data = result.data
    status = None if data is None else data.findtext(".//STATUS")
    announced = data is not None and data.find("report_results") is not None
    found = report_id or ((data.findtext(".//REPORTID") or "").strip() if data is not None else "")
    if not announced and (status is None or result.counts.remaining is not None):
        # A page; a STATUS in it is a column, or says DONE.
        page = read_page(result)
        return replace(page, continued_by=found or page.continued_by)
    status = (status or "").strip().upper()
    if status not in UNDER_WAY | READY:
        raise ReportFailedError(f"Intacct did not make report {name or found}: its status is {status or 'empty'}.")
    if not found:
        raise MalformedReplyError(f"The answer to readReport {name} holds no REPORTID.")
    return Pending(found, status)


def read_page(result: Result) -> Page:
    """Return the page of a report or view. Raises MalformedReplyError unless it says how many rows remain."""
    rows = _rows(result.data)
    counts = result.counts
    if counts.remaining is None or counts.total is None:
        raise MalformedReplyError(f"The answer to {result.function} does not say how many rows there are.")
    if counts.count is not None and counts.count != len(rows):
        raise MalformedReplyError(f"The answer to {result.function} counts {counts.count} rows and holds {len(rows)}.")
    return Page(rows, counts.total, counts.remaining, result.result_id)


def types_of(report: Report, rows: Sequence[Row], types: Mapping[str, str]) -> dict[str, str]:
    """Return the DATATYPE of each column that is known: a report's definition tells none, so the caller does.

    A standard report of balances has amounts that are known by their names.
    """
    amounts = [name for name in (rows[0] if rows else ()) if balances.is_amount(name)]
    return {**(dict.fromkeys(amounts, "DECIMAL") if report.kind == "STANDARD" else {}), **types}


def typed_report(knowledge: Knowledge, report: Report, rows: list[Row], types: Mapping[str, str]) -> Flow[list[Row]]:
    """Flow: the rows of a report typed by `types`: {"AMOUNT": "CURRENCY"}. Others stay text, None where empty."""
    return (yield from _typed(knowledge, f"Report {report.name}", rows, types_of(report, rows, types)))


def typed_view(knowledge: Knowledge, view: str, rows: list[Row]) -> Flow[list[Row]]:
    """Flow: the rows of a view typed by the definition of its object, which is the view's name up to the first "#"."""
    object = view.partition("#")[0]
    definition = yield from knowledge.definition(object)
    kinds = {each.id: each.datatype for each in definition.fields}
    return (yield from _typed(knowledge, f"View {view}", rows, kinds))


def _typed(knowledge: Knowledge, what: str, rows: list[Row], types: Mapping[str, str]) -> Flow[list[Row]]:
    kinds = {name.upper(): kind for name, kind in types.items()}
    written_by_preference = not WRITTEN_BY_PREFERENCE.isdisjoint(kind.upper() for kind in kinds.values())
    formatting = (yield from knowledge.formatting()) if written_by_preference else None

    def datatype(column: str) -> str | None:
        return kinds.get(column.upper())

    return Typing(what, datatype, formatting).apply(complete(rows, ()))


def _rows(data: etree._Element | None) -> list[Row]:
    """The rows of a reply: `<report><data>columns</data>...</report>`, or a record each below `<data>`."""
    rows: list[Row] = []
    for element in () if data is None else data:
        if element.tag == "report" and not _columns(element):
            rows += map(from_record, element.findall("data"))
        elif isinstance(element.tag, str) and element.tag not in BESIDE_ROWS:
            rows.append(from_record(element))
    return rows


def _columns(report: etree._Element) -> bool:
    """Whether a `<report>` is a row itself, rather than what holds the rows."""
    return any(child.tag not in BESIDE_ROWS and child.tag != "data" for child in report)


def _read_on(gateway: Gateway, first: Page, what: str, *, by_report: bool) -> Flow[list[Row]]:
    """Read from the first page to the last."""
    pages, page = Pages(what), first
    pages.add(page)
    while not pages.complete:
        cursor = first.continued_by
        if not cursor:
            raise PagesLostError(f"{what} has more rows, but no id by which they could be read.")
        more = read_more(report_id=cursor) if by_report else read_more(result_id=cursor)
        result = yield from _ask(gateway, more)
        outcome = read_answer(result, what, cursor) if by_report else read_page(result)
        if isinstance(outcome, Pending):
            raise PagesLostError(f"{what} is {outcome.status} again in the middle of its pages.")
        pages.add(outcome)
    return pages.rows


def _ask(gateway: Gateway, function: Function) -> Flow[Result]:
    """Send a readMore, and again if its reply is lost: whether a page went with it, the next one's counts will tell."""
    policy, attempt = gateway.policy, 0
    while True:
        attempt += 1
        try:
            return (yield from gateway.call(function))
        except IntacctError as error:
            if not (error.in_doubt and error.retryable) or attempt >= policy.attempts:
                raise
            pause = gateway.jitter(policy.bound(attempt))
            log.warning("%s Asking for the page again in %.1f s", error.message, pause)
        yield from gateway.wait(pause)
