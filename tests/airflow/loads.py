"""What the tests of loads share: rows of bills, tasks that load them, and what the company then holds."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from airflow_provider_intacct.client import IntacctClient
from airflow_provider_intacct.transfers import ObjectStorageToIntacctOperator, SqlToIntacctOperator

COLUMNS = ["vendor", "number", "date", "due", "account", "amount", "memo"]
MAPPING: dict[str, Any] = {
    "object": "APBILL",
    "header": {"VENDORID": "vendor", "RECORDID": "number", "WHENCREATED": "date", "WHENDUE": "due"},
    "lines": (
        "APBILLITEMS",
        {
            "ACCOUNTNO": "account",
            "TRX_AMOUNT": "amount",
            "ENTRYDESCRIPTION": "memo",
            "LOCATIONID": {"value": "100"},
        },
    ),
    "group_by": ["vendor", "number"],
}
QUERY = "SELECT vendor, number, day AS date, due, account, amount, memo FROM bills ORDER BY number, memo"


@dataclass
class Ti:
    """A task instance, as far as a load asks; `pushed` are its XComs."""

    run_id: str = "scheduled__2026-03-31T00:00:00+00:00"
    dag_id: str = "payables"
    task_id: str = "load"
    map_index: int = -1
    try_number: int = 1
    pushed: dict[str, Any] = field(default_factory=dict)

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = json.loads(json.dumps(value))


def rows(bills: Iterable[int], lines: int = 2, *, vendor: str = "V001", amount: str = "10.00") -> list[list[Any]]:
    """Rows of bills LB-1, LB-2, ..., each with so many lines."""
    return [
        [vendor, f"LB-{bill}", "2026-03-02", "2026-03-31", "6000", amount, f"line {line}"]
        for bill in bills
        for line in range(1, lines + 1)
    ]


def csv_text(rows: Sequence[Sequence[Any]], columns: Sequence[str] = COLUMNS, **options: Any) -> str:
    out = io.StringIO()
    csv.writer(out, **options).writerows([columns, *rows])
    return out.getvalue()


def write_csv(path: Path, rows: Sequence[Sequence[Any]], columns: Sequence[str] = COLUMNS, **options: Any) -> Path:
    path.write_text(csv_text(rows, columns, **options), newline="")
    return path


def load(path: Any, results: Any, ti: Ti | None = None, **options: Any) -> dict[str, Any]:
    """One try of a load of files, in a worker of its own: only the results outlive it."""
    ti = ti or Ti()
    operator = ObjectStorageToIntacctOperator(
        task_id="load", path=str(path), results_path=str(results), **{**MAPPING, **options}
    )
    summary = _tried(operator, ti)
    assert json.loads(json.dumps(summary)) == summary
    return summary


def load_query(results: Any, ti: Ti | None = None, *, sql: str = QUERY, **options: Any) -> dict[str, Any]:
    """One try of a load of the rows of a query."""
    operator = SqlToIntacctOperator(
        task_id="load", sql_conn_id="warehouse", sql=sql, results_path=str(results), **{**MAPPING, **options}
    )
    return _tried(operator, ti or Ti())


def _tried(operator: ObjectStorageToIntacctOperator | SqlToIntacctOperator, ti: Ti) -> dict[str, Any]:
    try:
        return operator.execute({"ti": ti})  # type: ignore[typeddict-item]
    finally:
        ti.try_number += 1


def counts(summary: dict[str, Any]) -> dict[str, int]:
    """The outcomes that there are."""
    names = ("posted", "already_posted", "rejected", "rolled_back", "in_doubt", "refused")
    return {name: summary[name] for name in names if summary[name]}


def results(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines of all files of results."""
    folder = Path(summary["results"].removeprefix("file://"))
    return [json.loads(line) for path in sorted(folder.glob("results-*")) for line in path.read_text().splitlines()]


def folder_of(summary: dict[str, Any]) -> Path:
    return Path(summary["results"].removeprefix("file://"))


def booked(company: IntacctClient, like: str = "LB-%") -> Counter[str]:
    """How often the company has each bill whose number is like that."""
    found = company.rows("APBILL", fields=["RECORDID", "TOTALENTERED"], where=f"RECORDID LIKE '{like}'")
    return Counter(str(row["RECORDID"]) for row in found)


def totals(company: IntacctClient, like: str = "LB-%") -> dict[str, Decimal]:
    """The total of each bill."""
    found = company.rows("APBILL", fields=["RECORDID", "TOTALENTERED"], where=f"RECORDID LIKE '{like}'")
    return {str(row["RECORDID"]): row["TOTALENTERED"] for row in found}
