"""Incremental reads to files: each window its folder, late and deleted records seen, nothing lost and nothing twice."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from airflow_provider_intacct.client import IntacctClient
from airflow_provider_intacct.client.windows import Window
from airflow_provider_intacct.client.xml import functions
from tests.airflow.conftest import Connect
from tests.airflow.test_object_storage import company, parts, read_back, refusal, visible, write
from tests.sandbox_process import SandboxProcess

__all__ = ["company"]

FIELDS = ["RECORDNO", "AMOUNT", "ENTRY_DATE", "WHENMODIFIED"]
DAY = timedelta(days=1)
FIRST = datetime(2026, 6, 13, tzinfo=UTC)


def write_window(path: Path, start: datetime, end: datetime, **arguments: Any) -> dict[str, Any]:
    options = {"fields": FIELDS, "incremental": True, "window_start": start, "window_end": end, **arguments}
    return write(path, **options)


def delivered(path: Path) -> list[dict[str, Any]]:
    """The records of all windows, in the order of the windows."""
    return [row for folder in sorted(path.glob("window=*")) for row in read_back(folder)]


def changed(company: IntacctClient, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """The same from a full read: what was changed in a time."""
    rows = [row for row in company.rows("GLDETAIL", fields=FIELDS) if row["WHENMODIFIED"]]
    return sorted((row for row in rows if start <= row["WHENMODIFIED"] < end), key=lambda row: row["RECORDNO"])


def by_number(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: row["RECORDNO"])


def days(count: int) -> Iterator[tuple[datetime, datetime]]:
    return ((FIRST + number * DAY, FIRST + (number + 1) * DAY) for number in range(count))


def test_ten_days_of_windows_hold_what_one_full_read_holds(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    for start, end in days(10):
        write_window(tmp_path, start, end)
    expected = changed(company, FIRST, FIRST + 10 * DAY)
    assert len(expected) > 10
    assert by_number(delivered(tmp_path)) == expected
    manifests = [json.loads(each.read_text()) for each in sorted(tmp_path.glob("window=*/_manifest.json"))]
    assert len(manifests) == 10
    assert sum(Decimal(each["totals"]["AMOUNT"]) for each in manifests) == sum(row["AMOUNT"] for row in expected)
    assert sum(each["rows"] for each in manifests) == len(expected)


def test_the_data_interval_of_the_run_is_the_window(connect: Connect, tmp_path: Path) -> None:
    connect()
    context = {"data_interval_start": FIRST, "data_interval_end": FIRST + DAY}
    manifest = write(tmp_path, fields=FIELDS, incremental=True, context=context)
    assert manifest["path"] == str(tmp_path / "window=20260613T000000Z--20260614T000000Z")
    assert manifest["window"]["start"] == FIRST.isoformat()
    assert manifest["rows"] > 0


def test_a_window_written_again_is_the_same_and_others_stay(connect: Connect, tmp_path: Path) -> None:
    connect()
    for start, end in days(3):
        write_window(tmp_path, start, end, format="jsonl")
    before = {each: each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()}
    write_window(tmp_path, FIRST + DAY, FIRST + 2 * DAY, format="jsonl")
    after = {each: each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()}
    assert after.keys() == before.keys()
    assert {each for each in before if before[each] != after[each]} <= {
        tmp_path / "window=20260614T000000Z--20260615T000000Z" / "_manifest.json"
    }


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_records_read_again_are_left_out_and_late_ones_delivered(
    connect: Connect, company: IntacctClient, tmp_path: Path, form: str
) -> None:
    connect()
    border, end = FIRST + 8 * DAY, FIRST + 11 * DAY
    expected = changed(company, FIRST, end)
    late = [row["RECORDNO"] for row in expected if border - 3 * DAY <= row["WHENMODIFIED"] < border][-1]
    options: dict[str, Any] = {"overlap": 3 * DAY, "format": form}
    write_window(tmp_path, FIRST, border, where=f"RECORDNO <> {late}", **options)
    second = write_window(tmp_path, border, end, **options)
    assert sorted(row["RECORDNO"] for row in delivered(tmp_path)) == [row["RECORDNO"] for row in expected]
    assert late in [row["RECORDNO"] for row in read_back(Path(second["path"]))]
    assert second["overlap"]["dropped"] > 0
    assert second["overlap"]["compared_with"] == [f"window={FIRST:%Y%m%d}T000000Z--{border:%Y%m%d}T000000Z"]


def test_without_the_window_before_nothing_is_left_out_and_the_manifest_says_so(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    start = FIRST + 8 * DAY
    manifest = write_window(tmp_path, start, start + DAY, overlap=(3 * DAY).total_seconds())
    assert by_number(delivered(tmp_path)) == changed(company, start - 3 * DAY, start + DAY)
    assert manifest["overlap"]["dropped"] == 0
    assert "may come twice" in manifest["overlap"]["note"]


def test_an_overlap_longer_than_there_are_dates_reads_from_the_beginning(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    options: dict[str, Any] = {"object": "DEPARTMENT", "fields": ["TITLE"], "overlap": 10_000 * 365 * DAY}
    manifest = write_window(tmp_path, FIRST, FIRST + DAY, **options)
    assert manifest["rows"] == len([*company.rows("DEPARTMENT", fields=["RECORDNO"], window=Window(None, FIRST + DAY))])


def test_a_record_changed_again_is_delivered_again(
    connect: Connect, company: IntacctClient, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    connect()
    now = datetime.now(UTC)
    border = now - timedelta(minutes=30)
    options: dict[str, Any] = {"object": "DEPARTMENT", "fields": ["TITLE"], "overlap": 7200}
    sandbox.advance(-3600)
    number = new_department(company, "AGAIN")
    write_window(tmp_path, border - DAY, border, **options)
    again = write_window(tmp_path, border, now, **options)
    assert (again["rows"], again["overlap"]["dropped"]) == (0, 1)
    sandbox.advance(3540)
    company.call(functions.update("DEPARTMENT", [{"RECORDNO": number, "TITLE": "after"}]))
    write_window(tmp_path, border, now, **options)
    assert [row["TITLE"] for row in delivered(tmp_path)] == ["AGAIN", "after"]
    assert set(delivered(tmp_path)[0]) == {"RECORDNO", "WHENMODIFIED", "TITLE"}


def new_department(company: IntacctClient, name: str) -> int:
    company.call(functions.create("DEPARTMENT", [{"DEPARTMENTID": name, "TITLE": name}]))
    (found,) = company.rows("DEPARTMENT", fields=["RECORDNO"], where="DEPARTMENTID = :name", params={"name": name})
    return int(found["RECORDNO"])


def test_records_that_nobody_changed_since_they_were_made_come_once(connect: Connect, tmp_path: Path) -> None:
    connect()
    first = datetime(2024, 12, 1, tzinfo=UTC)
    options: dict[str, Any] = {"object": "VENDOR", "fields": ["VENDORID", "WHENCREATED"], "overlap": 86400}
    for number in range(4):
        write_window(tmp_path, first + number * DAY, first + (number + 1) * DAY, **options)
    names = [row["VENDORID"] for row in delivered(tmp_path)]
    assert len(names) == len(set(names)) == 21
    assert [row for row in delivered(tmp_path) if row["WHENMODIFIED"] is None]


def test_deleted_records_are_told_by_comparing_keys(connect: Connect, company: IntacctClient, tmp_path: Path) -> None:
    connect()
    department = new_department(company, "GONE")
    options: dict[str, Any] = {"object": "DEPARTMENT", "fields": "*", "deletes": True}
    first = write_window(tmp_path, FIRST, FIRST + DAY, **options)
    assert first["deletes"]["rows"] == 0
    assert "no keys of the window before" in first["deletes"]["note"]
    company.call(functions.delete("DEPARTMENT", [str(department)]))
    second = write_window(tmp_path, FIRST + DAY, FIRST + 2 * DAY, **options)
    assert second["deletes"]["method"] == "key_set"
    (file,) = Path(second["path"]).glob("_deletes-*.parquet")
    assert pq.read_table(file).to_pylist() == [
        {"key_field": "RECORDNO", "key": department, "deleted_at": None, "method": "key_set"}
    ]
    third = write_window(tmp_path, FIRST + 2 * DAY, FIRST + 3 * DAY, **options)
    assert third["deletes"]["rows"] == 0


def test_deleted_records_are_told_by_the_audit_history(
    connect: Connect, company: IntacctClient, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    connect()
    sandbox.advance(-60)
    bill = next(iter(company.rows("APBILL", fields=["RECORDNO"], where="STATE = 'Draft'", limit=1)), None)
    assert bill is not None
    now = datetime.now(UTC)
    company.call(functions.delete("APBILL", [str(bill["RECORDNO"])]))
    manifest = write_window(
        tmp_path, now - DAY, now + DAY, object="APBILL", fields=["RECORDNO"], deletes=True, format="jsonl"
    )
    assert (manifest["deletes"]["method"], manifest["deletes"]["rows"]) == ("audit", 1)
    (file,) = Path(manifest["path"]).glob("_deletes-*.jsonl")
    told = json.loads(file.read_text())
    assert (told["key"], told["key_field"], told["method"]) == (bill["RECORDNO"], "RECORDNO", "audit")
    assert abs(datetime.fromisoformat(told["deleted_at"]) - now) < timedelta(minutes=5)


def test_a_user_without_right_to_the_audit_history_is_told_so_and_may_compare_keys(
    connect: Connect, tmp_path: Path
) -> None:
    connect(user="auditor")
    options: dict[str, Any] = {"object": "APBILL", "fields": ["RECORDNO"], "incremental": True}
    window = {"window_start": FIRST, "window_end": FIRST + DAY}
    assert "AuditHistoryError" in refusal(tmp_path, deletes=True, **options, **window)
    manifest = write(tmp_path, deletes="key_set", **options, **window)
    assert manifest["deletes"]["method"] == "key_set"


def test_deleted_lines_are_told_by_their_documents(connect: Connect, company: IntacctClient, tmp_path: Path) -> None:
    connect()
    manifest = write_window(
        tmp_path, FIRST, FIRST + 9 * DAY, object="APBILLITEM", fields=["AMOUNT"], deletes=True, format="csv"
    )
    assert manifest["deletes"]["method"] == "parent"
    folder = Path(manifest["path"])
    lines = read_back(folder)
    (file,) = folder.glob("_deletes-*.csv")
    documents = {line.split(",")[1] for line in file.read_text().splitlines()[1:]}
    assert documents == {row["RECORDKEY"] for row in lines} != set()
    everything = list(company.rows("APBILLITEM", fields=["RECORDNO", "RECORDKEY"], typed=False))
    assert {row["RECORDNO"] for row in lines} == {
        row["RECORDNO"] for row in everything if row["RECORDKEY"] in documents
    }


def test_changed_columns_are_reported(connect: Connect, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    connect()
    write_window(tmp_path, FIRST, FIRST + DAY)
    with caplog.at_level(logging.WARNING):
        manifest = write_window(tmp_path, FIRST + DAY, FIRST + 2 * DAY, fields=["RECORDNO", "DESCRIPTION"])
    assert manifest["drift"] == {
        "added": {"DESCRIPTION": "TEXT"},
        "removed": {"AMOUNT": "CURRENCY", "ENTRY_DATE": "DATE"},
        "retyped": {},
    }
    assert "GLDETAIL has changed since it was last read: 1 column is new: DESCRIPTION (TEXT)" in caplog.text


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"incremental": True}, "no data interval"),
        (
            {"incremental": True, "context": {"data_interval_start": FIRST, "data_interval_end": FIRST}},
            "CronDataIntervalTimetable",
        ),
        ({"incremental": True, "window_start": "2026-01-01", "window_end": "2026-01-02"}, "time zone"),
        ({"incremental": True, "window_start": "yesterday", "window_end": "2026-01-02T00:00Z"}, "ISO 8601"),
        ({"incremental": True, "window_start": FIRST + DAY, "window_end": FIRST}, "must start before it ends"),
        ({"incremental": True, "window_start": FIRST, "window_end": FIRST + DAY, "overlap": "long"}, "overlap"),
        ({"incremental": True, "window_start": FIRST + 9999 * DAY, "window_end": FIRST + 10000 * DAY}, "not begun"),
        ({"window_start": FIRST}, "incremental=True"),
        ({"deletes": True}, "incremental=True"),
    ],
)
def test_a_window_that_cannot_be_read_is_refused_before_anything_is_sent(
    connect: Connect, sandbox: SandboxProcess, tmp_path: Path, arguments: dict[str, Any], expected: str
) -> None:
    connect()
    assert expected in refusal(tmp_path, fields=FIELDS, **arguments)
    assert sandbox.transactions() == 0
    assert visible(tmp_path) == []


def test_a_window_that_is_not_past_yet_is_read_up_to_now(
    connect: Connect, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    connect()
    start = datetime(2026, 6, 13, tzinfo=UTC)
    manifest = write_window(tmp_path, start, start + 3650 * DAY)
    assert datetime.fromisoformat(manifest["window"]["end"]) <= datetime.now(UTC)
    assert manifest["path"].endswith("window=20260613T000000Z--20360610T000000Z")
    assert "not past yet" in capsys.readouterr().out
    assert len(parts(Path(manifest["path"]))) == 1
