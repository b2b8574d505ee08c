"""IntacctToObjectStorageOperator against the sandbox: what is in the files, what is in the folder, what is refused."""

import csv
import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_intacct.client import Credentials, IntacctClient
from airflow_provider_intacct.transfers import IntacctToObjectStorageOperator
from tests.airflow.conftest import SENDERS, USERS, Connect
from tests.sandbox_process import SandboxProcess

FIELDS = ["RECORDNO", "AMOUNT", "ENTRY_DATE", "WHENMODIFIED", "DESCRIPTION", "DEPARTMENTID"]


def write(path: Path | str, object: str = "GLDETAIL", **arguments: Any) -> dict[str, Any]:
    context = arguments.pop("context", {})
    operator = IntacctToObjectStorageOperator(task_id="write", object=object, path=str(path), **arguments)
    manifest: dict[str, Any] = operator.execute(context)
    return manifest


def refusal(path: Path | str, **arguments: Any) -> str:
    with pytest.raises(AirflowFailException) as error:
        write(path, **arguments)
    return str(error.value)


def visible(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def parts(folder: Path) -> list[Path]:
    return sorted(folder.glob("part-*"))


def read_back(folder: Path) -> list[dict[str, Any]]:
    """The records of all parts, as typed rows would be."""
    rows: list[dict[str, Any]] = []
    for part in parts(folder):
        content = part.read_bytes()
        if part.suffix == ".gz":
            content = gzip.decompress(content)
        if ".parquet" in part.suffixes:
            rows += pq.read_table(part).to_pylist()
        elif ".jsonl" in part.suffixes:
            rows += [json.loads(line) for line in content.splitlines()]
        else:
            rows += list(csv.DictReader(content.decode().splitlines(keepends=True)))
    return rows


@pytest.fixture
def company(sandbox: SandboxProcess) -> Iterator[IntacctClient]:
    """A client beside the operator's, to see and to change what is in the company."""
    credentials = Credentials("DEMO", "etl", USERS["etl"], "SANDBOX", SENDERS["SANDBOX"], endpoint=sandbox.endpoint)
    with IntacctClient(credentials) as client:
        yield client


def rows_of(company: IntacctClient, object: str = "GLDETAIL", **options: Any) -> list[dict[str, Any]]:
    return list(company.rows(object, fields=FIELDS if object == "GLDETAIL" else options.pop("fields"), **options))


def test_parquet_holds_what_typed_rows_hold(connect: Connect, company: IntacctClient, tmp_path: Path) -> None:
    connect(page_size=500)
    write(tmp_path, fields=FIELDS)
    assert read_back(tmp_path) == rows_of(company)
    assert pq.read_schema(parts(tmp_path)[0]).types == [
        *(pa.int64(), pa.decimal128(38, 18), pa.date32(), pa.timestamp("us", "UTC"), pa.string(), pa.string()),
    ]


def test_json_lines_hold_exact_money_and_iso_times(connect: Connect, company: IntacctClient, tmp_path: Path) -> None:
    connect()
    write(tmp_path, fields=FIELDS, format="jsonl", compression="gzip")
    found = read_back(tmp_path)
    assert [
        {
            **row,
            "AMOUNT": Decimal(row["AMOUNT"]),
            "ENTRY_DATE": date.fromisoformat(row["ENTRY_DATE"]),
            "WHENMODIFIED": datetime.fromisoformat(row["WHENMODIFIED"]),
        }
        for row in found
    ] == rows_of(company)
    assert all(isinstance(row["AMOUNT"], str) for row in found)
    assert list(found[0]) == FIELDS


def test_csv_holds_the_same_in_the_order_asked_for(connect: Connect, company: IntacctClient, tmp_path: Path) -> None:
    connect()
    write(tmp_path, fields=FIELDS, format="csv")
    as_text: Callable[[Any], str] = lambda value: "" if value is None else str(value)  # noqa: E731
    assert read_back(tmp_path) == [
        {name: value.isoformat() if isinstance(value, datetime) else as_text(value) for name, value in row.items()}
        for row in rows_of(company)
    ]


def test_untyped_files_hold_the_text_that_intacct_sent(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    expected = [{name: text or None for name, text in row.items()} for row in rows_of(company, typed=False, limit=10)]
    write(tmp_path / "p", fields=FIELDS, typed=False, where="RECORDNO <= 10")
    assert read_back(tmp_path / "p") == expected
    assert set(pq.read_schema(parts(tmp_path / "p")[0]).types) == {pa.string()}
    write(tmp_path / "j", fields=FIELDS, typed=False, where="RECORDNO <= 10", format="jsonl")
    assert [{name: text or None for name, text in row.items()} for row in read_back(tmp_path / "j")] == expected


def test_the_manifest_says_what_is_in_the_files(connect: Connect, company: IntacctClient, tmp_path: Path) -> None:
    connect(page_size=500)
    result = write(tmp_path, fields=FIELDS, max_rows_per_file=700)
    manifest = json.loads((tmp_path / "_manifest.json").read_text())
    assert {**manifest, "path": str(tmp_path)} == result
    assert [file["name"] for file in manifest["files"]] == [part.name for part in parts(tmp_path)]
    for file, part in zip(manifest["files"], parts(tmp_path), strict=True):
        content = part.read_bytes()
        assert (file["bytes"], file["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
        assert file["rows"] == pq.read_metadata(part).num_rows
    rows = rows_of(company)
    assert manifest["rows"] == len(rows) == sum(file["rows"] for file in manifest["files"])
    assert Decimal(manifest["totals"]["AMOUNT"]) == sum(row["AMOUNT"] for row in rows)
    assert manifest["columns"]["AMOUNT"] == "CURRENCY"
    assert (manifest["object"], manifest["key"], manifest["window"]) == ("GLDETAIL", "RECORDNO", None)
    assert manifest["api_transactions"] > 0


@pytest.mark.parametrize("form", ["parquet", "jsonl", "csv"])
def test_no_record_is_a_file_without_records(connect: Connect, tmp_path: Path, form: str) -> None:
    connect()
    manifest = write(tmp_path, fields=FIELDS, format=form, where="RECORDNO < 0")
    assert (manifest["rows"], len(manifest["files"])) == (0, 1)
    assert read_back(tmp_path) == []
    if form == "parquet":
        write(tmp_path / "full", fields=FIELDS, where="RECORDNO < 10")
        assert pq.read_schema(parts(tmp_path)[0]).equals(pq.read_schema(parts(tmp_path / "full")[0]))


@pytest.mark.parametrize("form", ["parquet", "jsonl", "csv"])
def test_odd_characters_come_through(connect: Connect, company: IntacctClient, tmp_path: Path, form: str) -> None:
    from airflow_provider_intacct.client.xml import functions

    connect()
    odd = "a,\"b\"; <c> & 'd'\n\té 漢字 🎉 \\ 0x10"
    company.call(functions.create("DEPARTMENT", [{"DEPARTMENTID": "ODD", "TITLE": odd}]))
    write(tmp_path, object="DEPARTMENT", fields="DEPARTMENTID, TITLE", where="DEPARTMENTID = 'ODD'", format=form)
    assert read_back(tmp_path) == [{"DEPARTMENTID": "ODD", "TITLE": odd}]


@pytest.mark.parametrize(
    ("form", "compression"),
    [
        *(("parquet", name) for name in ("snappy", "zstd", "gzip", "none")),
        *((form, name) for form in ("jsonl", "csv") for name in ("gzip", "zstd", "none")),
    ],
)
def test_files_stay_below_their_bounds_and_lose_nothing(
    connect: Connect, tmp_path: Path, form: str, compression: str
) -> None:
    connect(page_size=400)
    manifest = write(tmp_path, fields=FIELDS, format=form, compression=compression, max_bytes_per_file=12_000)
    assert manifest["rows"] == sum(file["rows"] for file in manifest["files"]) > 1000
    assert len(manifest["files"]) > 1
    assert max(part.stat().st_size for part in parts(tmp_path)) <= 12_000
    if compression != "zstd" or form == "parquet":
        assert len({int(row["RECORDNO"]) for row in read_back(tmp_path)}) == manifest["rows"]
    by_rows = write(tmp_path, fields=FIELDS, format=form, compression=compression, max_rows_per_file=1000)
    assert [file["rows"] for file in by_rows["files"]] == [1000, manifest["rows"] - 1000]


@pytest.mark.parametrize("form", ["parquet", "jsonl", "csv"])
def test_the_same_run_again_writes_the_same_bytes(connect: Connect, tmp_path: Path, form: str) -> None:
    connect()
    write(tmp_path, fields=FIELDS, format=form, max_rows_per_file=1000)
    first = {part.name: part.read_bytes() for part in parts(tmp_path)}
    write(tmp_path, fields=FIELDS, format=form, max_rows_per_file=1000)
    assert {part.name: part.read_bytes() for part in parts(tmp_path)} == first


def test_a_run_replaces_what_the_one_before_wrote_and_nothing_else(connect: Connect, tmp_path: Path) -> None:
    connect()
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "window=other").mkdir()
    (tmp_path / "window=other" / "part-00000-0123456789abcdef.jsonl").write_text("another's")
    write(tmp_path, fields=FIELDS, format="csv", max_rows_per_file=200)
    assert len(parts(tmp_path)) > 5
    manifest = write(tmp_path, fields=FIELDS, format="jsonl", where="RECORDNO <= 10")
    assert visible(tmp_path) == sorted(["_manifest.json", "notes.txt", "window=other", manifest["files"][0]["name"]])
    assert visible(tmp_path / "window=other") == ["part-00000-0123456789abcdef.jsonl"]


def test_nothing_of_a_failed_run_is_visible(
    connect: Connect, sandbox: SandboxProcess, tmp_path: Path, without_pauses: None
) -> None:
    connect(page_size=200)
    write(tmp_path, fields=FIELDS)
    before = {name: (tmp_path / name).read_bytes() for name in visible(tmp_path)}
    sandbox.fault("truncated", function="query", nth=3, times=50)
    with pytest.raises(Exception, match="query"):
        write(tmp_path, fields=FIELDS, max_rows_per_file=100)
    assert {name: (tmp_path / name).read_bytes() for name in visible(tmp_path)} == before
