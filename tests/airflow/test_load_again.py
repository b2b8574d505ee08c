"""A load that is tried again, after whatever: everything is posted once, and what changed meanwhile stops it."""

import json
import os
import shutil
import subprocess
import sys
import time
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_intacct.client import IntacctClient
from airflow_provider_intacct.client.errors import ThrottledError
from airflow_provider_intacct.client.posting import RecordsInDoubtError, Sending
from airflow_provider_intacct.transfers.folder import Folder
from tests.airflow.conftest import Connect
from tests.airflow.loads import COLUMNS, Ti, booked, counts, folder_of, load, results, rows, totals, write_csv
from tests.faults.company import sign_in
from tests.sandbox_process import SandboxProcess

SCRIPT = """
import sys
from tests.airflow.loads import Ti, load
load(sys.argv[1], sys.argv[2], Ti(try_number=int(sys.argv[3])), on_reject="collect")
"""


def test_a_cleared_task_sends_nothing_in_whatever_order_the_rows_come(
    connect: Connect, sandbox: SandboxProcess, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    ti = Ti()
    first = load(write_csv(tmp_path / "bills.csv", rows(range(1, 121))), tmp_path / "results", ti)
    before = sandbox.transactions()
    again = load(write_csv(tmp_path / "bills.csv", rows(range(1, 121))[::-1]), tmp_path / "results", ti)
    assert counts(again) == {"already_posted": 120}
    assert sandbox.transactions() == before
    assert results(again) == results(first)


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (rows([1, 2], amount="11.00"), "record 1 (APBILL, VENDORID V001, RECORDID LB-1"),
        (rows([1]), "LB-2) is posted as"),
        (rows([1, 3]), "and is missing now"),
    ],
    ids=["other amounts", "one missing", "another one"],
)
def test_a_source_that_changed_between_tries_stops_the_load(
    connect: Connect, company: IntacctClient, tmp_path: Path, second: Any, words: str
) -> None:
    connect()
    ti = Ti()
    load(write_csv(tmp_path / "bills.csv", rows([1, 2])), tmp_path / "results", ti)
    with pytest.raises(AirflowFailException, match="What an earlier try posted is not what this one brings") as changed:
        load(write_csv(tmp_path / "bills.csv", second), tmp_path / "results", ti, on_reject="collect")
    assert words in str(changed.value)
    assert totals(company).keys() == {"LB-1", "LB-2"}


def test_what_differs_is_said_by_field(connect: Connect, company: IntacctClient, tmp_path: Path) -> None:
    connect()
    ti = Ti()
    load(write_csv(tmp_path / "bills.csv", rows([1], lines=1)), tmp_path / "results", ti)
    with pytest.raises(AirflowFailException) as changed:
        load(write_csv(tmp_path / "bills.csv", rows([1], lines=1, amount="11.00")), tmp_path / "results", ti)
    assert "11" in str(changed.value)
    assert f"stands in {tmp_path}/bills.csv, row 2" in "".join(changed.value.__cause__.__notes__)


def test_rejected_records_may_be_mended_in_the_same_run(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    ti = Ti()
    wrong = [*rows([1]), *rows([2], vendor="NOBODY")]
    first = load(write_csv(tmp_path / "bills.csv", wrong), tmp_path / "results", ti, on_reject="collect")
    assert counts(first) == {"posted": 1, "rejected": 1}
    second = load(write_csv(tmp_path / "bills.csv", rows([1, 2])), tmp_path / "results", ti, on_reject="collect")
    assert counts(second) == {"posted": 1, "already_posted": 1}
    assert booked(company) == {"LB-1": 1, "LB-2": 1}
    assert not (folder_of(second) / "dead-letters.csv").exists()


def test_dead_letters_are_mended_and_fed_back_by_another_run(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    path = write_csv(
        tmp_path / "bills.csv", [*rows([1]), *rows([2], vendor="NOBODY"), *rows([3], amount="1,50"), *rows([4])]
    )
    summary = load(path, tmp_path / "results", on_reject="collect")
    assert counts(summary) == {"posted": 2, "rejected": 1, "refused": 1}
    letters = Path(summary["dead_letters"].removeprefix("file://"))
    text = letters.read_text()
    assert text.count("\n") == 5
    assert "NOBODY" in text
    letters.write_text(text.replace("NOBODY", "V001").replace('"1,50"', "1.50"))
    fed = load(letters, tmp_path / "mended", Ti(run_id="manual__2"))
    assert counts(fed) == {"posted": 2}
    assert counts(load(letters, tmp_path / "mended", Ti(run_id="manual__3"))) == {"already_posted": 2}
    assert counts(load(path, tmp_path / "results", Ti(run_id="manual__4"), on_reject="collect")) == {
        "already_posted": 2,
        "rejected": 1,
        "refused": 1,
    }
    assert booked(company) == {f"LB-{bill}": 1 for bill in range(1, 5)}


def test_dead_letters_of_parquet_keep_its_types_and_can_be_fed_back(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    table = [
        {**dict(zip(COLUMNS, row, strict=True)), "amount": Decimal(row[5]), "due": date.fromisoformat(row[3])}
        for row in [*rows([1]), *rows([2], vendor="NOBODY")]
    ]
    path = tmp_path / "bills.parquet"
    pq.write_table(pa.Table.from_pylist(table), path)
    summary = load(path, tmp_path / "results", on_reject="collect")
    assert counts(summary) == {"posted": 1, "rejected": 1}
    letters = folder_of(summary) / "dead-letters.parquet"
    found = pq.read_table(letters)
    assert found.schema.field("amount").type == pq.read_schema(path).field("amount").type
    assert found.column("_intacct_row").to_pylist() == [3, 4]
    assert "NOBODY" in found.column("_intacct_error").to_pylist()[0]
    mended = [{**row, "vendor": "V001"} for row in found.to_pylist()]
    pq.write_table(pa.Table.from_pylist(mended, found.schema), letters)
    assert counts(load(letters, tmp_path / "mended", Ti(run_id="manual__2"))) == {"posted": 1}
    assert booked(company) == {"LB-1": 1, "LB-2": 1}


def test_another_run_does_not_book_other_content_under_a_number_that_is_posted(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    load(write_csv(tmp_path / "bills.csv", rows([1, 2])), tmp_path / "results")
    changed = [*rows([1], amount="99.00"), *rows([2, 3])]
    summary = load(
        write_csv(tmp_path / "bills.csv", changed), tmp_path / "results", Ti(run_id="another"), on_reject="collect"
    )
    assert counts(summary) == {"posted": 1, "already_posted": 1, "rejected": 1}
    assert totals(company) == {f"LB-{bill}": Decimal("20.00") for bill in (1, 2, 3)}
    (rejected,) = [line for line in results(summary) if line["status"] == "rejected"]
    assert "99" in json.dumps(rejected)


def test_a_rejected_neighbour_of_a_transaction_does_not_take_the_others_along(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    path = write_csv(tmp_path / "bills.csv", [*rows([1, 2]), *rows([3], vendor="NOBODY"), *rows([4])])
    summary = load(path, tmp_path / "results", on_reject="collect", atomic=True)
    assert counts(summary) == {"posted": 3, "rejected": 1}
    assert booked(company) == {"LB-1": 1, "LB-2": 1, "LB-4": 1}


def test_without_collecting_the_load_stops_at_the_first_rejection_and_goes_on_when_it_is_mended(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    ti = Ti()
    path = write_csv(tmp_path / "bills.csv", [*rows(range(1, 121), lines=1), *rows([121], vendor="NOBODY", lines=1)])
    with pytest.raises(AirflowFailException, match="RecordsRejectedError"):
        load(path, tmp_path / "results", ti)
    assert ti.pushed["load"]["rejected"] == 1
    assert len(booked(company)) == 120
    write_csv(tmp_path / "bills.csv", rows(range(1, 122), lines=1))
    assert counts(load(path, tmp_path / "results", ti)) == {"posted": 1, "already_posted": 120}
    assert set(booked(company).values()) == {1}


@pytest.mark.parametrize("fault", ["http_524_after", "reset_after", "truncated", "reset_before", "http_503"])
def test_a_lost_reply_books_nothing_twice(
    connect: Connect,
    sandbox: SandboxProcess,
    company: IntacctClient,
    tmp_path: Path,
    without_pauses: None,
    fault: str,
) -> None:
    connect()
    ti = Ti()
    path = write_csv(tmp_path / "bills.csv", rows(range(1, 151), lines=1))
    sandbox.fault(fault, "create", nth=2, times=99)
    with pytest.raises(Exception, match=r".") as failed:
        load(path, tmp_path / "results", ti)
    assert fault in ("reset_before", "http_503") or isinstance(failed.value, RecordsInDoubtError)
    sandbox.control("/sandbox/faults", method="DELETE")
    again = load(path, tmp_path / "results", ti)
    assert again["posted"] + again["already_posted"] == 150
    assert booked(company) == {f"LB-{bill}": 1 for bill in range(1, 151)}
    statuses = [line["status"] for line in results(again)]
    assert len(statuses) == 150
    assert set(statuses) <= {"posted", "already_posted"}
    assert not list(folder_of(again).glob("_chunk-*"))


def test_what_was_posted_before_a_request_failed_is_counted_and_written_down(
    connect: Connect, sandbox: SandboxProcess, company: IntacctClient, tmp_path: Path, without_pauses: None
) -> None:
    connect()
    ti = Ti()
    long = [[*row[:-1], "x" * 900] for row in rows(range(1, 61), lines=10)]  # two requests of one chunk
    path = write_csv(tmp_path / "bills.csv", long)
    sandbox.fault("http_429", "create", nth=2, times=99)
    with pytest.raises(ThrottledError):
        load(path, tmp_path / "results", ti, on_reject="collect")
    sandbox.control("/sandbox/faults", method="DELETE")
    done = len(booked(company))
    assert 0 < done < 60
    assert counts(ti.pushed["load"]) == {"posted": done, "rolled_back": 60 - done}
    assert [line["status"] for line in results(ti.pushed["load"])].count("posted") == done
    again = load(path, tmp_path / "results", ti, on_reject="collect")
    assert counts(again) == {"posted": 60 - done, "already_posted": done}
    assert [line["status"] for line in results(again)] == ["posted"] * 60
    assert booked(company) == {f"LB-{bill}": 1 for bill in range(1, 61)}


def chunks(folder: Path) -> list[Path]:
    return list(folder.glob("*/_chunk-*"))


def start(connection: dict[str, Any], path: Path, folder: Path, try_number: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "AIRFLOW_CONN_INTACCT_DEFAULT": json.dumps(connection)}
    command = [sys.executable, "-c", SCRIPT, str(path), str(folder), str(try_number)]
    return subprocess.Popen(command, env=environment, cwd=Path(__file__).parents[2])


@pytest.mark.parametrize("point", ["before it is executed", "after it was executed"])
def test_a_load_killed_between_two_chunks_posts_everything_once(
    connect: Connect, sandbox: SandboxProcess, company: IntacctClient, tmp_path: Path, point: str
) -> None:
    connection = connect()
    path = write_csv(tmp_path / "bills.csv", rows(range(1, 251), lines=1))
    sandbox.fault("slow" if "before" in point else "slow_after", "create", nth=2, times=1, seconds=3)
    task = start(connection, path, tmp_path / "results", 1)
    try:
        deadline = time.monotonic() + 60
        while not (len(chunks(tmp_path / "results")) == 2 and sandbox.control("/sandbox/operations")["in_process"]):
            assert task.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        task.kill()
        task.wait()
    sandbox.control("/sandbox/faults", method="DELETE")
    summary = load(path, tmp_path / "results", Ti(try_number=2), on_reject="collect")
    assert summary["posted"] + summary["already_posted"] == 250
    assert summary["already_posted"] >= 100
    assert booked(company) == {f"LB-{bill}": 1 for bill in range(1, 251)}
    assert len(results(summary)) == 250


class Killed(BaseException):
    """The process dies here."""


@pytest.mark.parametrize("write", range(1, 9))
def test_a_load_that_dies_at_any_write_of_its_results_posts_everything_once(
    connect: Connect,
    company: IntacctClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    write: int,
) -> None:
    from airflow_provider_intacct.transfers.inbound import ledger

    connect()
    monkeypatch.setattr(ledger, "LINES_PER_FILE", 100)
    path = write_csv(tmp_path / "bills.csv", [*rows(range(1, 151), lines=1), *rows([151], vendor="NOBODY")])
    left = [write]
    put, remove = Folder.put, Folder.remove

    def dying(act: Any) -> Any:
        def act_or_die(*arguments: Any) -> None:
            left[0] -= 1
            if left[0] <= 0:
                raise Killed
            act(*arguments)

        return act_or_die

    ti = Ti()
    with monkeypatch.context() as patched:
        patched.setattr(Folder, "put", dying(put))
        patched.setattr(Folder, "remove", dying(remove))
        with pytest.raises(Killed):
            load(path, tmp_path / "results", ti, on_reject="collect")
    summary = load(path, tmp_path / "results", ti, on_reject="collect")
    assert booked(company) == {f"LB-{bill}": 1 for bill in range(1, 151)}
    lines = results(summary)
    assert sorted(line["natural_key"]["RECORDID"] for line in lines) == sorted(f"LB-{bill}" for bill in range(1, 152))
    assert [line["status"] for line in lines].count("rejected") == 1


def test_a_try_that_fails_again_leaves_one_line_for_each_record(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    ti = Ti()
    tries = [
        ([*rows([1]), *rows([2], amount="x"), *rows([3], amount="x")], {"4-5": "not sent", "6-7": "not sent"}),
        ([*rows([1, 2]), *rows([3], amount="x")], {"6-7": "not sent"}),
        ([*rows([1, 2]), *rows([3], vendor="NOBODY")], {"2-3": "posted", "4-5": "posted", "6-7": "rejected"}),
        ([*rows([1, 2]), *rows([3], vendor="NONE")], {"2-3": "posted", "4-5": "posted", "6-7": "rejected"}),
    ]
    for cells, expected in tries:
        with pytest.raises(AirflowFailException):
            load(write_csv(tmp_path / "bills.csv", cells), tmp_path / "results", ti)
        lines = results(ti.pushed["load"])
        told = {line["rows"]: line["note"] if line["note"] == "not sent" else line["status"] for line in lines}
        assert told == expected
        assert len(lines) == len(told)
    assert "NONE" in json.dumps(lines)
    done = load(write_csv(tmp_path / "bills.csv", rows([1, 2, 3])), tmp_path / "results", ti)
    assert [line["status"] for line in results(done)] == ["posted"] * 3
    assert booked(company) == {"LB-1": 1, "LB-2": 1, "LB-3": 1}


def test_what_was_sent_and_has_no_outcome_is_no_result_until_it_has_one(
    connect: Connect, company: IntacctClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(self: IntacctClient, postings: Any, *, tell: Any, **options: Any) -> Any:
        tell(Sending(tuple(postings)))
        raise RuntimeError("no error of Intacct's")

    connect()
    ti = Ti()
    path = write_csv(tmp_path / "bills.csv", rows([1, 2]))
    with monkeypatch.context() as patched:
        patched.setattr(IntacctClient, "post", breaks)
        with pytest.raises(RuntimeError):
            load(path, tmp_path / "results", ti, on_reject="collect")
    write_csv(path, rows([1], amount="11.00"))
    with pytest.raises(AirflowFailException, match=r"(?s)was sent .* different: .*LB-2.* is not known"):
        load(path, tmp_path / "results", ti, on_reject="collect")
    assert results(ti.pushed["load"]) == []
    assert len(chunks(tmp_path / "results")) == 1
    write_csv(path, rows([1, 2]))
    done = load(path, tmp_path / "results", ti, on_reject="collect")
    assert counts(done) == {"posted": 2}
    assert [line["status"] for line in results(done)] == ["posted"] * 2
    assert not chunks(tmp_path / "results")


def test_what_a_killed_try_was_writing_is_removed_by_the_next(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    ti = Ti()
    path = write_csv(tmp_path / "bills.csv", rows([1]))
    folder = folder_of(load(path, tmp_path / "results", ti))
    names = sorted(each.name for each in folder.iterdir())
    (folder / f".intacct-{'0' * 32}.tmp").write_text("half of the dead letters")
    load(path, tmp_path / "results", ti)
    assert sorted(each.name for each in folder.iterdir()) == names


def test_a_later_try_whose_results_were_removed_looks_before_it_posts(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    ti = Ti()
    path = write_csv(tmp_path / "bills.csv", rows([1, 2]))
    load(path, tmp_path / "results", ti)
    summary = load(path, tmp_path / "elsewhere", ti)
    assert counts(summary) == {"already_posted": 2}
    assert booked(company) == {"LB-1": 1, "LB-2": 1}


def test_results_of_an_earlier_try_that_are_damaged_stop_the_load_and_may_be_removed(
    connect: Connect, sandbox: SandboxProcess, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    ti = Ti()
    path = write_csv(tmp_path / "bills.csv", rows([1, 2]))
    folder = folder_of(load(path, tmp_path / "results", ti))
    (file,) = folder.glob("results-*")
    file.write_bytes(file.read_bytes()[:-20])  # as a machine that lost its power leaves it
    before = sandbox.transactions()
    with pytest.raises(AirflowFailException, match=rf"{file.name}, in which .* Bring it back as it was; or remove"):
        load(path, tmp_path / "results", ti)
    assert sandbox.transactions() == before
    shutil.rmtree(folder)
    assert counts(load(path, tmp_path / "results", ti)) == {"already_posted": 2}


def test_a_long_name_of_a_task_makes_a_folder_that_a_disk_takes(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    path = write_csv(tmp_path / "bills.csv", rows([1]))
    names = ["x" * 250, "x" * 249 + "y"]
    summaries = [load(path, tmp_path / "results", Ti(dag_id=name)) for name in names]
    assert [counts(each) for each in summaries] == [{"posted": 1}, {"already_posted": 1}]
    assert len({each["results"] for each in summaries}) == 2


def test_runs_and_tasks_do_not_share_results(connect: Connect, company: IntacctClient, tmp_path: Path) -> None:
    connect()
    path = write_csv(tmp_path / "bills.csv", rows([1]))
    folders = {
        load(path, tmp_path / "results", Ti(run_id=run_id, map_index=index))["results"]
        for run_id in ("a/b", "a:b")
        for index in (0, 1)
    }
    assert len(folders) == 4


def test_a_gateway_that_forgot_does_not_make_another_run_book_twice(
    connect: Connect, sandbox: SandboxProcess, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    sandbox.switch(uniqueid_days=1)
    path = write_csv(tmp_path / "bills.csv", rows([1, 2]))
    load(path, tmp_path / "results")
    sandbox.advance(3 * 86400)
    assert counts(load(path, tmp_path / "results", Ti(run_id="another"))) == {"already_posted": 2}
    with sign_in(sandbox) as client:
        assert booked(client) == {"LB-1": 1, "LB-2": 1}
