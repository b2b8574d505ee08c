"""Requests for reports and balances, as raw XML from the wire facts, and their answers as plain values."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.gateway_requests import Answer, call, login
from tests.sandbox_process import SandboxProcess

MARCH = "<reportingperiodname>Month Ended March 2026</reportingperiodname>"
EAST = "<locationid>100</locationid>"
ENTITIES = ("100", "200", "300")


def entity(location: str) -> dict[str, Any]:
    """Options of a call made inside an entity."""
    return {"credential": login(location=location)}


def records(sandbox: SandboxProcess, body: str, **options: Any) -> list[dict[str, str]]:
    """The records that a balance function answers."""
    answer = call(sandbox, body, **options)
    assert answer.statuses == ["success"], answer.body
    return [{field.tag: field.text or "" for field in record} for record in answer.root.find("operation/result/data")]


def refusal(sandbox: SandboxProcess, body: str, **options: Any) -> tuple[str | None, str]:
    """errorno and text of a function's refusal."""
    answer = call(sandbox, body, **options)
    assert answer.statuses == ["failure"], answer.body
    return answer.errors()[0]


def total(rows: list[dict[str, str]], name: str) -> Decimal:
    """The sum of a column."""
    return sum((Decimal(row[name]) for row in rows), Decimal(0))


def run_report(name: str, arguments: str = "", more: str = "", attributes: str = "") -> str:
    """A readReport; `arguments` is the inside of the element, `more` follows it."""
    inside = f"<arguments>{arguments}</arguments>" if arguments else ""
    return f"<readReport{attributes}><report>{name}</report>{inside}{more}</readReport>"


@dataclass(frozen=True)
class Reader:
    """Runs reports and reads them."""

    sandbox: SandboxProcess
    options: dict[str, Any]

    def submit(self, body: str) -> tuple[str, str]:
        """Ask for a report: its id and status."""
        answer = call(self.sandbox, body, **self.options)
        assert answer.statuses == ["success"], answer.body
        place = "operation/result/data/report_results/"
        return answer.text(place + "REPORTID") or "", answer.text(place + "STATUS") or ""

    def more(self, report_id: str) -> Answer:
        """Ask for the next page."""
        return call(self.sandbox, f"<readMore><reportId>{report_id}</reportId></readMore>", **self.options)

    def pages(self, body: str) -> Iterator[list[dict[str, str]]]:
        """Run a report, wait for it, and yield its pages."""
        report_id, status = self.submit(body)
        assert status == "DONE", "asked with a waitTime"
        remaining = 1
        while remaining:
            data = self.more(report_id).root.find("operation/result/data")
            yield [{field.tag: field.text or "" for field in row} for row in data.iterfind("report/data")]
            remaining = int(data.get("numremaining"))

    def rows(self, body: str) -> list[dict[str, str]]:
        """Every row of a report."""
        return [row for page in self.pages(body) for row in page]


def reader(sandbox: SandboxProcess, **options: Any) -> Reader:
    """Return a reader with the options of a call."""
    return Reader(sandbox, options)
