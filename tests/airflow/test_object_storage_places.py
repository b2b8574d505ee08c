"""Where files go: a disk and S3 over HTTP, what is wrong with a place, and what is there after a kill at any point."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from airflow.sdk import Asset, ObjectStoragePath

from airflow_provider_intacct.operators import ObjectStorageToIntacctAttachmentsOperator
from airflow_provider_intacct.transfers import (
    IntacctAttachmentsToObjectStorageOperator,
    IntacctToObjectStorageOperator,
)
from airflow_provider_intacct.transfers.folder import MANIFEST, Folder
from tests.airflow.conftest import Connect
from tests.airflow.running import context
from tests.airflow.test_object_storage import parts, read_back, refusal, visible, write
from tests.sandbox_process import SandboxProcess

FIELDS = ["RECORDNO", "AMOUNT", "DESCRIPTION"]


# --- S3 -------------------------------------------------------------------------------------------------------------


def objects(url: str) -> list[str]:
    """The folder's names, read past every cache."""
    path = ObjectStoragePath(url, conn_id="lake")
    path.fs.invalidate_cache()
    return sorted(each.name for each in path.iterdir())


@pytest.mark.parametrize("form", ["parquet", "jsonl", "csv"])
def test_s3_holds_the_same_files_as_a_disk(connect: Connect, s3: str, tmp_path: Path, form: str) -> None:
    connect()
    write(tmp_path, fields=FIELDS, format=form, max_rows_per_file=600)
    manifest = write(f"s3://lake@lake/same/{form}", fields=FIELDS, format=form, max_rows_per_file=600)
    assert objects(f"s3://lake/same/{form}") == visible(tmp_path)
    for part in parts(tmp_path):
        assert ObjectStoragePath(f"s3://lake/same/{form}/{part.name}", conn_id="lake").read_bytes() == part.read_bytes()
    assert manifest["path"] == f"s3://lake@lake/same/{form}"


def test_attachments_come_from_s3_and_go_there(connect: Connect, s3: str) -> None:
    connect()
    incoming = ObjectStoragePath("s3://lake/invoices", conn_id="lake")
    content = os.urandom(3 * 2**20 + 1)
    for name in ("INV-1.pdf", "INV-2/one.png", "INV-2/two.png"):
        (incoming / name).write_bytes(content + name.encode())
    brought = ObjectStorageToIntacctAttachmentsOperator(
        task_id="bring", path="s3://lake/invoices", path_conn_id="lake", folder="Invoices", create_folder=True
    ).execute(context())
    assert [outcome["status"] for outcome in brought] == ["posted"] * 3
    IntacctAttachmentsToObjectStorageOperator(task_id="fetch", path="s3://lake@lake/out", ids="INV-1,INV-2").execute(
        context()
    )
    out = ObjectStoragePath("s3://lake/out", conn_id="lake")
    for name, there in (("INV-1.pdf", "INV-1/INV-1.pdf"), ("INV-2/one.png", "INV-2/one.png")):
        assert (out / there).read_bytes() == content + name.encode()
    assert objects("s3://lake/out") == ["INV-1", "INV-2", MANIFEST]


def test_s3_keeps_no_leftovers_of_the_run_before(connect: Connect, s3: str) -> None:
    connect()
    options: dict[str, Any] = {"fields": FIELDS, "path_conn_id": "lake", "format": "jsonl"}
    write("s3://lake/again", **options, max_rows_per_file=200)
    assert len(objects("s3://lake/again")) > 5
    manifest = write("s3://lake/again", **options, where="RECORDNO <= 10")
    assert objects("s3://lake/again") == ["_manifest.json", manifest["files"][0]["name"]]


def test_nothing_of_a_failed_run_is_in_s3(
    connect: Connect, sandbox: SandboxProcess, s3: str, without_pauses: None
) -> None:
    connect(page_size=200)
    write("s3://lake@lake/failed", fields=FIELDS)
    before = objects("s3://lake/failed")
    sandbox.fault("truncated", function="query", nth=3, times=50)
    with pytest.raises(Exception, match="query"):
        write("s3://lake@lake/failed", fields=FIELDS, max_rows_per_file=100)
    assert objects("s3://lake/failed") == before


def test_windows_in_s3_leave_out_what_the_window_before_delivered(connect: Connect, s3: str) -> None:
    connect()
    options: dict[str, Any] = {"fields": FIELDS, "incremental": True, "overlap": 3 * 86400}
    write("s3://lake@lake/gl", window_start="2026-06-13T00:00Z", window_end="2026-06-21T00:00Z", **options)
    second = write("s3://lake@lake/gl", window_start="2026-06-21T00:00Z", window_end="2026-06-24T00:00Z", **options)
    assert second["overlap"]["dropped"] > 0
    assert objects("s3://lake/gl") == [
        "window=20260613T000000Z--20260621T000000Z",
        "window=20260621T000000Z--20260624T000000Z",
    ]


# --- what is wrong with a place is said before anything is read ----------------------------------------------------


def test_a_folder_that_cannot_be_made_is_named_before_anything_is_read(
    connect: Connect, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    connect()
    (tmp_path / "file").write_text("in the way")
    message = refusal(tmp_path / "file" / "gl", fields=FIELDS)
    assert f"Cannot write to {tmp_path}/file/gl; nothing was read from Intacct. NotADirectoryError" in message
    assert sandbox.transactions() == 0


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("foo://bucket/gl", "foo://bucket/gl is no path that Airflow knows"),
        ("s3://lake@no-such-bucket/gl", "Cannot write to s3://lake@no-such-bucket/gl with connection 'lake'"),
        ("", "path must name a folder"),
    ],
)
def test_a_place_that_is_not_there_is_named_before_anything_is_read(
    connect: Connect, sandbox: SandboxProcess, s3: str, path: str, expected: str
) -> None:
    connect()
    assert expected in refusal(path, fields=FIELDS)
    assert sandbox.transactions() == 0


def test_a_folder_without_the_right_to_write_is_named(
    connect: Connect, sandbox: SandboxProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fsspec.implementations.local import LocalFileSystem

    def denied(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    connect()
    monkeypatch.setattr(LocalFileSystem, "_open", denied)  # root may write anywhere
    assert "PermissionError" in refusal(tmp_path, fields=FIELDS)
    assert sandbox.transactions() == 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"format": "xlsx"}, "format must be parquet, jsonl, csv, not 'xlsx'"),
        ({"format": "csv", "compression": "snappy"}, "compression of csv must be one of gzip, zstd, none"),
        ({"compression": "lz77"}, "compression of parquet must be one of snappy, zstd, gzip, none"),
        ({"max_rows_per_file": 0}, "'max_rows_per_file' must be at least 1"),
        ({"max_bytes_per_file": "much"}, "'max_bytes_per_file' must be a whole number"),
        ({"format": "jsonl", "column_types": {"AMOUNT": "TEXT"}}, "column_types is for typed Parquet"),
    ],
)
def test_a_form_that_cannot_be_written_is_refused_before_anything_is_sent(
    connect: Connect, sandbox: SandboxProcess, tmp_path: Path, arguments: dict[str, Any], expected: str
) -> None:
    connect()
    assert expected in refusal(tmp_path, fields=FIELDS, **arguments)
    assert sandbox.transactions() == 0
    assert visible(tmp_path) == []


@pytest.mark.parametrize("arguments", [{}, {"format": "jsonl", "compression": "zstd"}])
def test_without_pyarrow_the_extra_is_named_before_anything_is_read(
    connect: Connect, sandbox: SandboxProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: Any
) -> None:
    connect()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "pip install 'airflow-provider-intacct[parquet]'" in refusal(tmp_path, fields=FIELDS, **arguments)
    assert sandbox.transactions() == 0


def test_json_lines_and_csv_need_no_pyarrow(connect: Connect, tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from airflow_provider_intacct.transfers import IntacctToObjectStorageOperator as Operator\n"
        f"options = dict(object='LOCATIONENTITY', fields='LOCATIONID', path={str(tmp_path)!r}, incremental=True,\n"
        "    window_start='2020-01-01T00:00Z', window_end='2026-06-01T00:00Z', deletes=True)\n"
        "for form in ('jsonl', 'csv'):\n"
        "    assert Operator(task_id='x', format=form, compression='gzip', **options).execute({})['rows'] == 3\n"
    )
    connection = connect()
    ran = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={**os.environ, "AIRFLOW_CONN_INTACCT_DEFAULT": json.dumps(connection)},
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]


def test_a_folder_of_other_records_is_not_replaced(connect: Connect, tmp_path: Path) -> None:
    connect()
    write(tmp_path, fields=FIELDS, where="RECORDNO <= 10")
    before = visible(tmp_path)
    assert "holds GLDETAIL of the top level where RECORDNO <= 10 and this task would replace it by VENDOR" in refusal(
        tmp_path, object="VENDOR", fields=["NAME"]
    )
    assert "replace it by GLDETAIL of entity 200" in refusal(tmp_path, fields=FIELDS, entity_id="200")
    assert visible(tmp_path) == before


def test_what_another_task_filtered_is_not_replaced_by_other_records(connect: Connect, tmp_path: Path) -> None:
    connect()
    east, west = (context(task_id="gl", map_index=index) for index in (0, 1))
    write(tmp_path, fields=FIELDS, where="LOCATIONID = '100'", context=east)
    before = visible(tmp_path)
    message = refusal(tmp_path, fields=FIELDS, where="LOCATIONID = '200'", context=west)
    assert "holds GLDETAIL of the top level where LOCATIONID = '100'" in message
    assert "replace it by GLDETAIL of the top level where LOCATIONID = '200'" in message
    assert visible(tmp_path) == before
    write(tmp_path, fields=FIELDS, where="LOCATIONID = '200'", context=east)
    write(tmp_path, fields=FIELDS, where="LOCATIONID = '200'", context=west)


def test_who_comes_second_to_commit_fails_and_the_first_stays(connect: Connect, tmp_path: Path) -> None:
    slow, quick = Folder(ObjectStoragePath(str(tmp_path))), Folder(ObjectStoragePath(str(tmp_path)))
    slow.prepare()
    quick.prepare()
    quick.commit({}, b"quick")
    with pytest.raises(RuntimeError, match="Another run has written"):
        slow.commit({}, b"slow")
    slow.discard()
    assert (tmp_path / MANIFEST).read_bytes() == b"quick"
    assert visible(tmp_path) == [MANIFEST]


# --- what authors ask for -------------------------------------------------------------------------------------------


def test_a_column_is_kept_in_the_type_that_the_author_chose(connect: Connect, tmp_path: Path) -> None:
    connect()
    write(tmp_path, fields=FIELDS, where="RECORDNO <= 3", column_types={"recordno": "decimal", "AMOUNT": "TEXT"})
    assert [str(kind) for kind in pq.read_schema(parts(tmp_path)[0]).types] == [
        *("decimal128(38, 18)", "string", "string"),
    ]
    assert "column_types names NOTTHERE" in refusal(tmp_path, fields=FIELDS, column_types={"NotThere": "TEXT"})


def test_denied_fields_are_left_out_when_asked_and_named(connect: Connect, tmp_path: Path) -> None:
    connect(user="auditor")
    fields = ["VENDORID", "TAXID", "NAME"]
    assert "TAXID" in refusal(tmp_path, object="VENDOR", fields=fields)
    manifest = write(tmp_path, object="VENDOR", fields=fields, on_denied_field="drop")
    assert manifest["dropped_fields"] == ["TAXID"]
    assert list(read_back(tmp_path)[0]) == ["VENDORID", "NAME"]


@pytest.mark.parametrize("form", ["parquet", "jsonl", "csv"])
def test_the_entity_is_stamped_on_records(connect: Connect, tmp_path: Path, form: str) -> None:
    connect()
    manifest = write(tmp_path, fields=FIELDS, entity_id="200", stamp_entity="_ENTITY", format=form)
    rows = read_back(tmp_path)
    assert {row["_ENTITY"] for row in rows} == {"200"}
    assert list(rows[0]) == [*FIELDS, "_ENTITY"]
    assert manifest["entity_id"] == "200"


def test_a_budget_that_is_used_up_leaves_nothing_behind(connect: Connect, tmp_path: Path) -> None:
    connect(page_size=100)
    assert "max_api_transactions is 5" in refusal(tmp_path, fields=FIELDS, max_api_transactions="5")
    assert visible(tmp_path) == []


def test_the_last_log_line_and_the_lineage_tell_what_was_written(
    connect: Connect, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    connect()
    operator = IntacctToObjectStorageOperator(
        task_id="write", object="GLDETAIL", fields=FIELDS, path=str(tmp_path), outlets=[Asset("gl_files")]
    )
    events: dict[Any, Any] = {operator.outlets[0]: type("Event", (), {"extra": {}})()}
    manifest = operator.execute({"outlet_events": events})  # type: ignore[typeddict-item]
    assert f"Wrote {manifest['rows']:,} GLDETAIL records into 1 file of {tmp_path}; " in capsys.readouterr().out
    assert events[operator.outlets[0]].extra["rows"] == manifest["rows"]
    lineage = operator.get_openlineage_facets_on_complete(None)
    assert [(each.namespace, each.name) for each in lineage.inputs] == [("intacct://DEMO", "GLDETAIL")]
    assert [(each.namespace, each.name) for each in lineage.outputs] == [("file", str(tmp_path))]


# --- kills ----------------------------------------------------------------------------------------------------------


def result(folder: Path) -> list[bytes]:
    """What a reader that goes by the manifest sees; the manifest lists names here, one on a line."""
    names = (folder / MANIFEST).read_text().split()
    return [(folder / name).read_bytes() for name in names]


def deliver(folder: Path, content: list[bytes]) -> None:
    """Write `content` as a run does: each a file, and a manifest that lists them."""
    place = Folder(ObjectStoragePath(str(folder)))
    listed = (place.prepare() or b"").decode().split()
    place.clean(listed)
    files = {}
    for number, each in enumerate(content):
        staged = place.stage()
        staged.write(each)
        staged.close()
        files[f"part-{number:05d}-{staged.sha256[:16]}.txt"] = staged
    place.commit(files, "\n".join(files).encode())


def killed(folder: Path, content: list[bytes], steps: int) -> bool:
    """Write `content` in a process that is killed before its n-th step on the disk. False if it came to the end."""
    from fsspec.implementations.local import LocalFileOpener, LocalFileSystem

    child = os.fork()
    if not child:
        left = [steps]

        def counted(owner: Any, name: str) -> None:
            plain = getattr(owner, name)

            def step(*args: Any, **kwargs: Any) -> Any:
                left[0] -= 1
                if not left[0]:
                    os.kill(os.getpid(), signal.SIGKILL)
                return plain(*args, **kwargs)

            setattr(owner, name, step)

        for owner, names in (
            (LocalFileSystem, ("_open", "rm_file")),
            (LocalFileOpener, ("close",)),
            (Path, ("replace",)),
        ):
            for name in names:
                counted(owner, name)
        try:
            deliver(folder, content)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_after_a_kill_at_any_point_readers_see_one_result_or_the_other_and_the_next_run_leaves_nothing(
    tmp_path: Path,
) -> None:
    old, new = [b"old 1", b"old 2", b"the same", b"old 4"], [b"new 1", b"new 2", b"the same"]
    steps, outcomes = 1, []
    while True:
        folder = tmp_path / str(steps)
        deliver(folder, old)
        died = killed(folder, new, steps)
        assert result(folder) in (old, new)
        outcomes.append(result(folder) == new)
        deliver(folder, new)
        assert result(folder) == new
        assert len(visible(folder)) == 4
        if not died:
            break
        steps += 1
    assert steps > 15
    assert outcomes == sorted(outcomes)


def test_a_task_killed_while_it_reads_leaves_nothing_that_a_reader_would_take_for_data(
    connect: Connect, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    connection = connect(page_size=100)
    write(tmp_path, fields=FIELDS, where="RECORDNO <= 10")
    before = visible(tmp_path)
    sandbox.fault("slow", function="query", nth=6, seconds=60)
    script = (
        "from airflow_provider_intacct.transfers import IntacctToObjectStorageOperator as Operator\n"
        f"Operator(task_id='x', object='GLDETAIL', fields={FIELDS!r}, path={str(tmp_path)!r},\n"
        "    max_rows_per_file=100).execute({})\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, "AIRFLOW_CONN_INTACCT_DEFAULT": json.dumps(connection)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        deadline = time.monotonic() + 60
        while len(visible(tmp_path)) < len(before) + 3 and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.02)
        process.kill()
    left = set(visible(tmp_path)) - set(before)
    assert left
    assert all(name.startswith(".") and name.endswith(".tmp") for name in left)
    sandbox.reset()
    manifest = write(tmp_path, fields=FIELDS, where="RECORDNO <= 10")
    assert visible(tmp_path) == before == ["_manifest.json", manifest["files"][0]["name"]]
