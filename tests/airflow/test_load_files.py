"""ObjectStorageToIntacctOperator against the sandbox: what rows become, and what is told of each."""

from pathlib import Path

from airflow_provider_intacct.client import IntacctClient
from tests.airflow.conftest import Connect
from tests.airflow.loads import booked, counts, load, results, rows, write_csv


def test_rows_are_grouped_into_bills_and_each_is_posted(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    path = write_csv(tmp_path / "bills.csv", rows(range(1, 251)))
    summary = load(path, tmp_path / "results")
    assert counts(summary) == {"posted": 250}
    assert (summary["rows"], summary["records"]) == (500, 250)
    assert len(booked(company)) == 250
    lines = results(summary)
    assert [line["rows"] for line in lines[:2]] == ["2-3", "4-5"]
    assert all(line["status"] == "posted" and line["key"] for line in lines)
