"""IntacctReportOperator against the sandbox: it waits without a worker and returns the whole report or nothing."""

import csv
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from airflow.sdk._shared.module_loading import import_string
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred

from airflow_provider_intacct.client import errors as e
from airflow_provider_intacct.client.xml import reports
from airflow_provider_intacct.operators import IntacctReportOperator
from tests.airflow.conftest import Connect
from tests.airflow.running import Store, context, finished, resumed
from tests.sandbox_process import SandboxProcess

DETAIL: dict[str, Any] = {"report": "GL detail by period", "arguments": {"REPORTPERIOD": "Month Ended March 2026"}}


def operator(**arguments: Any) -> IntacctReportOperator:
    return IntacctReportOperator(task_id="task", **{**DETAIL, "poll_interval": 0.1, **arguments})


@pytest.fixture(autouse=True)
def company(connect: Connect, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> SandboxProcess:
    connect()
    monkeypatch.setattr(reports, "MAX_WAIT", 0)  # or the server itself would wait for these little reports
    sandbox.switch(report_seconds=0.3)
    return sandbox


def carried(left: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = left.value.trigger.serialize()[1]
    return arguments


def carried_by(task: IntacctReportOperator) -> dict[str, Any]:
    with pytest.raises(TaskDeferred) as left:
        task.execute(context())
    return carried(left)


def started(company: SandboxProcess) -> int:
    return sum(call["function"] == "readReport" for call in company.control("/sandbox/log"))


def test_the_rows_of_a_report_are_json() -> None:
    rows = operator(types={"DEBITAMOUNT": "CURRENCY", "ENTRY_DATE": "DATE"}).execute(context())
    assert json.loads(json.dumps(rows)) == rows
    assert len(rows) > 60
    assert rows[0]["ENTRY_DATE"].startswith("2026-03-")
    assert Decimal(rows[0]["DEBITAMOUNT"]) >= 0


def test_the_worker_is_left_while_intacct_makes_the_report(company: SandboxProcess) -> None:
    company.switch(report_seconds=1.5)
    rows, deferrals = finished(operator(deferrable=True, page_size=20), context(Store()))
    company.switch(report_seconds=0)
    assert rows == operator().execute(context())
    assert deferrals >= 2
    assert started(company) == 2  # one for each of the two tasks


def test_a_deferral_carries_the_reports_id_and_no_secret() -> None:
    with pytest.raises(TaskDeferred) as left:
        operator(deferrable=True).execute(context())
    path, carried = left.value.trigger.serialize()
    assert set(carried) == {"report_id", "starts", "polls", "until", "moment"}
    assert json.loads(json.dumps(carried)) == carried
    assert import_string(path)(**carried).serialize() == (path, carried)


def test_a_report_that_is_ready_at_once_needs_no_deferral(
    company: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "MAX_WAIT", 30)
    rows, deferrals = finished(operator(deferrable=True), context())
    assert rows
    assert deferrals == 0


def test_a_killed_workers_next_try_goes_on_with_the_same_report(company: SandboxProcess) -> None:
    store = Store()
    with pytest.raises(TaskDeferred):
        operator(deferrable=True).execute(context(store))
    rows, _ = finished(operator(deferrable=True), context(store, try_number=2))
    assert rows
    assert started(company) == 1
    assert store == {}


def test_without_a_state_store_the_next_try_starts_its_own_report(company: SandboxProcess) -> None:
    with pytest.raises(TaskDeferred):
        operator(deferrable=True).execute(context())
    assert finished(operator(deferrable=True), context(try_number=2))[0]
    assert started(company) == 2


def test_a_try_that_asks_for_something_else_starts_its_own_report(company: SandboxProcess) -> None:
    store = Store()
    with pytest.raises(TaskDeferred):
        operator(deferrable=True).execute(context(store))
    other = {"REPORTPERIOD": "Month Ended April 2026"}
    rows, _ = finished(operator(deferrable=True, arguments=other), context(store, try_number=2))
    assert {row["ENTRY_DATE"][:2] for row in rows} == {"04"}
    assert started(company) == 2


def test_a_report_that_is_gone_when_the_task_resumes_is_started_again(company: SandboxProcess) -> None:
    company.switch(report_id_seconds=60)
    with pytest.raises(TaskDeferred) as left:
        operator(deferrable=True).execute(context())
    company.advance(3600)
    with pytest.raises(TaskDeferred) as again:
        resumed(operator(deferrable=True), context(), left.value)
    assert carried(again)["starts"] == 2
    assert finished(operator(deferrable=True), context(), again.value)[0]
    assert started(company) == 2


@pytest.mark.parametrize("fault", ["reset_after", "http_524_after"])
def test_a_lost_last_page_starts_the_report_again_and_loses_no_row(
    company: SandboxProcess, fault: str, without_pauses: None
) -> None:
    whole = operator().execute(context())
    company.switch(report_seconds=0)
    company.fault(fault, "readMore", nth=-(-len(whole) // 20))
    rows, _ = finished(operator(deferrable=True, page_size=20), context())
    assert rows == whole
    assert started(company) == 3


def test_an_outage_while_waiting_is_waited_out(company: SandboxProcess, without_pauses: None) -> None:
    with pytest.raises(TaskDeferred) as left:
        operator(deferrable=True).execute(context())
    company.fault("http_503", "readMore", times=6)
    with pytest.raises(TaskDeferred) as again:
        resumed(operator(deferrable=True), context(), left.value)
    assert carried(again)["report_id"] == carried(left)["report_id"]
    assert finished(operator(deferrable=True), context(), again.value)[0]
    assert started(company) == 1


def test_a_report_that_takes_too_long_is_left_for_the_next_try(company: SandboxProcess) -> None:
    store = Store()
    company.switch(report_seconds=1)
    with pytest.raises(e.ReportNotReadyError, match="not ready in the time allowed"):
        operator(timeout=0.2).execute(context(store))
    rows, _ = finished(operator(deferrable=True), context(store, try_number=2))
    assert rows
    assert started(company) == 1


def test_more_rows_than_an_xcom_may_hold_are_refused_and_not_cut_off() -> None:
    with pytest.raises(AirflowFailException, match="rows, and an XCom is kept"):
        operator(max_rows=10).execute(context())


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"report": "No such report"}, "No such report"),
        ({"arguments": {}}, "REPORTPERIOD"),
        ({"page_size": 2000}, "page size is 2000"),
        ({"kind": "custom"}, "neither interactive nor STANDARD"),
    ],
)
def test_what_another_try_cannot_mend_fails_for_good(arguments: dict[str, Any], expected: str) -> None:
    with pytest.raises(AirflowFailException, match=expected):
        operator(**arguments).execute(context())


def test_a_standard_report_brings_amounts() -> None:
    function = {
        "get_accountbalancesbydimensions": {
            "reportingperiodname": "Month Ended March 2026", "locationid": "100", "groupby": "department",
        }
    }  # fmt: skip
    rows = operator(report="get_accountbalancesbydimensions", arguments=function, kind="STANDARD").execute(context())
    assert all(
        Decimal(row["endbalance"]) == Decimal(row["startbalance"]) + Decimal(row["periodbalance"]) for row in rows
    )


# --- into files -----------------------------------------------------------------------------------------------------

TYPES = {"DEBITAMOUNT": "CURRENCY", "CREDITAMOUNT": "CURRENCY", "ENTRY_DATE": "DATE"}


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet"])
def test_with_a_path_the_rows_go_into_files_and_the_manifest_is_the_result(tmp_path: Path, format: str) -> None:
    rows = operator(types=TYPES).execute(context())
    manifest = operator(types=TYPES, path=f"file://{tmp_path}", format=format, max_rows=1).execute(context())
    assert json.loads(json.dumps(manifest)) == manifest
    assert manifest["rows"] == len(rows)
    assert manifest["totals"]["DEBITAMOUNT"] == f"{sum(Decimal(row['DEBITAMOUNT']) for row in rows):.2f}"
    (file,) = manifest["files"]
    written = tmp_path / file["name"]
    if format == "jsonl":
        assert [json.loads(line) for line in written.read_text().splitlines()] == rows
    elif format == "csv":
        with written.open(newline="") as lines:
            read = list(csv.DictReader(lines))
        assert [row["RECORDNO"] for row in read] == [row["RECORDNO"] for row in rows]
    else:
        table = pq.read_table(written)
        assert table.schema.field("DEBITAMOUNT").type.precision == 38
        assert [str(day) for day in table["ENTRY_DATE"].to_pylist()] == [row["ENTRY_DATE"] for row in rows]


def test_openlineage_is_told_what_was_read_and_written(tmp_path: Path) -> None:
    task = operator(types=TYPES, path=str(tmp_path))
    rows = task.execute(context())["rows"]
    lineage = task.get_openlineage_facets_on_complete(None)
    assert [(each.namespace, each.name) for each in lineage.inputs] == [("intacct://DEMO", f"report {task.report}")]
    (written,) = lineage.outputs
    assert (written.namespace, written.name) == ("file", str(tmp_path))
    assert written.outputFacets["outputStatistics"].rowCount == rows
    task = operator()
    task.execute(context())
    assert task.get_openlineage_facets_on_complete(None).outputs == []


def test_the_same_report_replaces_what_it_left_and_another_is_refused(tmp_path: Path) -> None:
    for _ in range(2):
        operator(path=str(tmp_path), format="jsonl").execute(context())
    assert len(list(tmp_path.iterdir())) == 2  # a part and the manifest
    with pytest.raises(AirflowFailException, match="Give each a path of its own"):
        operator(report="TestBill2", arguments=None, path=str(tmp_path), format="jsonl").execute(context())
    assert len(list(tmp_path.iterdir())) == 2


def test_a_place_that_cannot_be_written_to_is_told_before_the_report_is_started(
    company: SandboxProcess, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(AirflowFailException, match="Cannot write to"):
        operator(path=str(tmp_path / "file"), format="jsonl").execute(context())
    assert started(company) == 0


def test_an_empty_report_leaves_an_empty_file_with_the_types_it_would_have(tmp_path: Path) -> None:
    nothing = {"REPORTPERIOD": "Month Ended March 2026", "ACCOUNTNO": "1020", "LOCATIONID": "100"}
    manifest = operator(arguments=nothing, types=TYPES, path=str(tmp_path)).execute(context())
    assert manifest["rows"] == 0
    assert pq.read_table(tmp_path / manifest["files"][0]["name"]).column_names == list(TYPES)


def test_a_value_that_does_not_fit_its_type_fails_for_good_and_is_not_changed(tmp_path: Path) -> None:
    with pytest.raises(AirflowFailException, match="ColumnTypeError"):
        operator(types={"BATCH_TITLE": "CURRENCY"}, path=str(tmp_path)).execute(context())
    assert [path.name for path in tmp_path.iterdir()] == []


def test_a_budget_holds_for_each_stretch_of_work() -> None:
    with pytest.raises(AirflowFailException, match="BudgetError"):
        operator(page_size=1, max_api_transactions=5).execute(context())


def test_waits_double_up_to_ten_minutes(company: SandboxProcess) -> None:
    company.switch(report_seconds=30)
    waits, event = [], carried_by(operator(deferrable=True, poll_interval=200))
    for polls in (1, 2, 9):
        with pytest.raises(TaskDeferred) as left:
            operator(deferrable=True, poll_interval=200).resume(context(), {**event, "polls": polls})
        moment = datetime.fromisoformat(carried(left)["moment"])
        waits.append((moment - datetime.now(UTC)).total_seconds())
    assert [round(wait, -1) for wait in waits] == [400, 600, 600]
