"""The jobs of readReport: processed one after the other, kept for their user, read once page by page.

A report shows the books as they stood when it was asked for; its rows wait in a file, so that their number costs no
memory. Reports live in the process: after a restart they do not exist.
"""

import secrets
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import IO

import orjson

from airflow_provider_intacct.sandbox.company import Company
from airflow_provider_intacct.sandbox.gateway.reading.formats import csv_body, json_body
from airflow_provider_intacct.sandbox.gateway.results import BodyResult, DataResult, FunctionError, Node, Result

_IN_MEMORY = 256 * 1024
_TICK = 0.02


@dataclass(frozen=True, slots=True)
class Form:
    """How a report's pages are written."""

    page_size: int
    format: str
    names: Sequence[str]


@dataclass(slots=True)
class Report:
    """One report and how far it was read. Moments are seconds of the company's time."""

    id: str
    user_id: str
    form: Form
    ready_at: float
    expires_at: float
    rows: IO[bytes]
    total: int
    position: int = 0

    @property
    def remaining(self) -> int:
        """Rows not yet read."""
        return self.total - self.position

    def next_page(self) -> list[tuple[str, ...]]:
        """Read the next page."""
        page = [tuple(orjson.loads(self.rows.readline())) for _ in range(min(self.form.page_size, self.remaining))]
        self.position += len(page)
        return page


class Reports:
    """The reports of a company that were asked for and not yet read to the end."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._lock = threading.Lock()
        self._open: dict[str, Report] = {}

    def submit(self, user_id: str, form: Form, rows: Iterable[Sequence[str]]) -> Report:
        """Queue a report behind those in process and return it."""
        spool, total = _spool(), 0
        for row in rows:
            spool.write(orjson.dumps(row) + b"\n")
            total += 1
        spool.seek(0)
        with self._lock:
            self._drop_expired()
            ready_at = self._start() + self._company.switches.number("report_seconds")
            expires_at = ready_at + self._company.switches.number("report_id_seconds")
            report = Report(secrets.token_urlsafe(48), user_id, form, ready_at, expires_at, spool, total)
            self._open[report.id] = report
            return report

    def is_ready(self, report: Report) -> bool:
        """Whether a report's job is done."""
        return report.ready_at <= self._now()

    def wait(self, report: Report, seconds: int) -> bool:
        """Wait so long for a report's job; whether it is done."""
        deadline = time.monotonic() + seconds
        while not self.is_ready(report) and time.monotonic() < deadline:
            time.sleep(_TICK)
        return self.is_ready(report)

    def find(self, report_id: str, user_id: str) -> Report:
        """Return a user's report. Raises the gateway's refusal of one that does not exist, or no longer."""
        with self._lock:
            self._drop_expired()
            report = self._open.get(report_id)
        if report is None or report.user_id != user_id:
            raise _gone(report_id)
        return report

    def next_page(self, report: Report) -> list[tuple[str, ...]]:
        """Read a report's next page; with the last one the report is deleted."""
        with self._lock:
            if report.id not in self._open:
                raise _gone(report.id)
            page = report.next_page()
            if not report.remaining:
                self._delete(report)
            return page

    def _start(self) -> float:
        """Return when the next job begins: at once, or when one of those in process ends."""
        now = self._now()
        ends = sorted(report.ready_at for report in self._open.values() if report.ready_at > now)
        places = max(1, int(self._company.switches.number("report_concurrency")))
        return now if len(ends) < places else ends[-places]

    def _drop_expired(self) -> None:
        now = self._now()
        for report in list(self._open.values()):
            if report.expires_at <= now:
                self._delete(report)

    def _delete(self, report: Report) -> None:
        del self._open[report.id]
        report.rows.close()

    def _now(self) -> float:
        return time.time() + self._company.clock.offset_seconds


def _spool() -> IO[bytes]:
    """Return a file that stays in memory while it is small; open until the report's last page was read."""
    return tempfile.SpooledTemporaryFile(_IN_MEMORY)


def submitted(report: Report, *, ready: bool) -> DataResult:
    """Return the answer of readReport: the report's id, and whether it is done already."""
    return DataResult([_status(report, "DONE" if ready else "PENDING")])


def read_on(company: Company, report_id: str, user_id: str) -> Result:
    """Return the answer of readMore for a report: PENDING, or its next page."""
    reports = company.part(Reports)
    report = reports.find(report_id, user_id)
    if reports.is_ready(report):
        return _page(company, report, reports.next_page(report))
    billed = 1 if company.switches.on("bill_report_polls") else 0
    if company.switches.text("report_pending_shape") == "report_results":
        return DataResult([_status(report, "PENDING")], transactions=billed)
    return DataResult([Node("report", [Node("data", {"STATUS": "PENDING"})])], transactions=billed)


def _page(company: Company, report: Report, rows: Sequence[tuple[str, ...]]) -> Result:
    names = report.form.names
    if report.form.format == "csv":
        return csv_body(names, rows)
    if report.form.format == "json":
        return _json(company, names, rows)
    content = [Node("data", dict(zip(names, row, strict=True))) for row in rows]
    if company.switches.on("report_done_status"):
        content.append(Node("STATUS", "DONE"))
    counts = {"count": len(rows), "totalcount": report.total, "numremaining": report.remaining}
    return DataResult([Node("report", content)] if content else [], "report", counts)


def _json(company: Company, names: Sequence[str], rows: Sequence[tuple[str, ...]]) -> BodyResult:
    if company.switches.text("report_json") == "array":
        return json_body(names, rows)
    page: dict[str, object] = {str(number): dict(zip(names, row, strict=True)) for number, row in enumerate(rows)}
    return BodyResult(orjson.dumps(page | {"STATUS": "DONE"}))


def _status(report: Report, word: str) -> Node:
    return Node("report_results", {"REPORTID": report.id, "STATUS": word})


def _gone(report_id: str) -> FunctionError:
    """Source: extacct (Elixir), the words after a report's last page."""
    return FunctionError("readMore failed", f"Results for reportId {report_id} do not exist.")
