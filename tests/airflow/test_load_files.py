"""ObjectStorageToIntacctOperator against the sandbox: what rows of any format become, and where the results are."""

import gzip
import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from airflow.sdk import Asset, ObjectStoragePath
from airflow.sdk.exceptions import AirflowFailException
from fsspec.implementations.local import LocalFileOpener
from s3fs.core import S3File

from airflow_provider_intacct.client import IntacctClient
from airflow_provider_intacct.client.transactions import Bill, BillLine, Dimensions
from airflow_provider_intacct.transfers.inbound.files import FileSource, Form
from tests.airflow.conftest import Connect
from tests.airflow.loads import (
    COLUMNS,
    MAPPING,
    Ti,
    booked,
    counts,
    csv_text,
    folder_of,
    load,
    results,
    rows,
    totals,
    write_csv,
)
from tests.airflow.test_object_storage_places import objects
from tests.sandbox_process import SandboxProcess


def test_rows_are_grouped_into_bills_and_each_is_posted(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    path = write_csv(tmp_path / "bills.csv", rows(range(1, 131)))
    summary = load(path, tmp_path / "results")
    assert counts(summary) == {"posted": 130}
    assert (summary["rows"], summary["records"]) == (260, 130)
    assert totals(company) == {f"LB-{bill}": Decimal("20.00") for bill in range(1, 131)}
    lines = results(summary)
    assert [line["rows"] for line in lines[:2]] == ["2-3", "4-5"]
    assert all(line["status"] == "posted" and line["key"] and line["file"] == str(path) for line in lines)
    assert lines[0]["natural_key"] == {"VENDORID": "V001", "RECORDID": "LB-1"}


def test_the_rows_of_a_record_need_not_stand_together(connect: Connect, company: IntacctClient, tmp_path: Path) -> None:
    connect()
    first, second = rows(range(1, 4), lines=1), rows(range(1, 4), lines=1, amount="5.00")
    summary = load(write_csv(tmp_path / "bills.csv", [*first, *second]), tmp_path / "results")
    assert totals(company) == {f"LB-{bill}": Decimal("15.00") for bill in range(1, 4)}
    assert [line["rows"] for line in results(summary)] == ["2, 5", "3, 6", "4, 7"]


def jsonl(path: Path, cells: list[list[Any]]) -> Path:
    """Numbers as JSON has them, which are read digit by digit."""
    lines = [json.dumps({**dict(zip(COLUMNS, row, strict=True)), "amount": 0}) for row in cells]
    amounts = [line.replace('"amount": 0', f'"amount": {row[5]}') for line, row in zip(lines, cells, strict=True)]
    path = path.with_suffix(".jsonl")
    path.write_text("\n".join(amounts))
    return path


def parquet(path: Path, cells: list[list[Any]]) -> Path:
    path = path.with_suffix(".parquet")
    table = [dict(zip(COLUMNS, row, strict=True)) for row in cells]
    typed = [
        {**row, "amount": Decimal(row["amount"]), "due": date.fromisoformat(row["due"]), "account": int(row["account"])}
        for row in table
    ]
    pq.write_table(pa.Table.from_pylist(typed), path)
    return path


def compressed(path: Path, cells: list[list[Any]]) -> Path:
    path = path.with_suffix(".csv.gz")
    path.write_bytes(gzip.compress(csv_text(cells).encode()))
    return path


def zstd(path: Path, cells: list[list[Any]]) -> Path:
    path = path.with_suffix(".csv.zst")
    with pa.CompressedOutputStream(str(path), "zstd") as out:
        out.write(csv_text(cells).encode())
    return path


@pytest.mark.parametrize("write", [jsonl, parquet, compressed, zstd])
def test_every_format_brings_the_same_bills(
    connect: Connect, company: IntacctClient, tmp_path: Path, write: Callable[[Path, list[list[Any]]], Path]
) -> None:
    connect()
    summary = load(write(tmp_path / "bills", rows(range(1, 3), amount="0.10")), tmp_path / "results")
    assert counts(summary) == {"posted": 2}
    assert totals(company) == {"LB-1": Decimal("0.20"), "LB-2": Decimal("0.20")}


def test_a_place_that_fails_is_no_damage_of_the_file(
    connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(self: Any, size: int = -1) -> bytes:
        raise ConnectionResetError(104, "Connection reset by peer")

    connect()
    path = zstd(tmp_path / "bills", rows([1]))
    monkeypatch.setattr(LocalFileOpener, "read", breaks, raising=False)
    with pytest.raises(ConnectionResetError):  # which Airflow tries again
        load(path, tmp_path / "results")
    monkeypatch.undo()
    connect()
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(AirflowFailException, match="is cut off or damaged"):
        load(path, tmp_path / "results")


def test_blanks_around_a_number_make_no_other_bill(connect: Connect, company: IntacctClient, tmp_path: Path) -> None:
    connect()
    path = write_csv(tmp_path / "bills.csv", [[vendor, f"{number} ", *rest] for vendor, number, *rest in rows([1])])
    assert counts(load(path, tmp_path / "results")) == {"posted": 1}
    write_csv(path, rows([1]))
    assert counts(load(path, tmp_path / "results", Ti(run_id="another"))) == {"already_posted": 1}
    assert booked(company) == {"LB-1": 1}


def test_a_folder_and_a_pattern_mean_their_files(connect: Connect, company: IntacctClient, tmp_path: Path) -> None:
    connect()
    folder = tmp_path / "in"
    folder.mkdir()
    write_csv(folder / "a.csv", rows([1]))
    write_csv(folder / "b.csv", rows([2]))
    (folder / "_manifest.json").write_text("{}")
    assert counts(load(folder, tmp_path / "results")) == {"posted": 2}
    summary = load(folder / "?.csv", tmp_path / "results", Ti(run_id="another"))
    assert counts(summary) == {"already_posted": 2}
    assert summary["sources"] == [str(folder / "a.csv"), str(folder / "b.csv")]


def test_s3_serves_rows_and_keeps_results(connect: Connect, company: IntacctClient, s3: str) -> None:
    connect()
    ObjectStoragePath("s3://lake/bills/one.csv", conn_id="lake").write_text(
        csv_text([*rows([1, 2]), *rows([3], vendor="NOBODY")])
    )
    summary = load("s3://lake/bills/*.csv", "s3://lake@lake/results", on_reject="collect", path_conn_id="lake")
    assert counts(summary) == {"posted": 2, "rejected": 1}
    assert booked(company) == {"LB-1": 1, "LB-2": 1}
    assert objects(summary["results"].replace("lake@", "")) == [
        "_load.json",
        "dead-letters.csv",
        "results-000001.jsonl",
    ]


def test_lines_of_a_store_are_read_in_blocks(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = ObjectStoragePath("s3://lake/bills/one.jsonl", conn_id="lake")
    path.write_text("\n".join(json.dumps(dict(zip(COLUMNS, row, strict=True))) for row in rows(range(5000), lines=2)))
    reads: list[int] = []
    read = S3File.read
    monkeypatch.setattr(S3File, "read", lambda *asked: reads.append(1) or read(*asked))
    source = FileSource(path.fs, path.path, Form())
    assert sum(1 for _ in source.rows()) == 10_000
    assert len(reads) < 5


def test_a_typed_builder_makes_the_records(connect: Connect, company: IntacctClient, tmp_path: Path) -> None:
    connect()

    def made(rows: Any) -> Bill:
        first = rows[0]
        lines = [
            BillLine(account=row["account"], amount=Decimal(row["amount"]), dimensions=Dimensions(location="100"))
            for row in rows
        ]
        return Bill(
            vendor=first["vendor"],
            number=first["number"],
            bill_date=date.fromisoformat(first["date"]),
            due=date.fromisoformat(first["due"]),
            lines=lines,
        )

    path = write_csv(tmp_path / "bills.csv", [*rows([1]), *rows([2], amount="ten")])
    options: dict[str, Any] = {"header": None, "lines": None, "object": None, "on_reject": "collect"}
    summary = load(path, tmp_path / "results", record=made, **options)
    assert counts(summary) == {"posted": 1, "refused": 1}
    (refused,) = [line for line in results(summary) if line["status"] == "rejected"]
    assert "record(rows) raised InvalidOperation" in refused["errors"][0]["text"]
    assert booked(company) == {"LB-1": 1}


def test_journal_entries_are_loaded_with_codes_and_formats(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    cells = [
        ["LJ-1", "31.03.2026", "S", "6000", "1.234,50"],
        ["LJ-1", "31.03.2026", "H", "2100", "1.234,50"],
        ["LJ-2", "31.03.2026", "S", "6000", "1,00"],
        ["LJ-2", "31.03.2026", "H", "2100", "2,00"],
    ]
    path = write_csv(tmp_path / "journal.csv", cells, ["ref", "day", "side", "konto", "betrag"], delimiter=";")
    summary = load(
        path,
        tmp_path / "results",
        object="GLBATCH",
        delimiter=";",
        on_reject="collect",
        group_by="ref",
        header={
            "JOURNAL": {"value": "GJ"},
            "REFERENCENO": "ref",
            "BATCH_DATE": {"column": "day", "date": "%d.%m.%Y"},
            "BATCH_TITLE": {"value": "Loaded"},
        },
        lines=(
            "ENTRIES",
            {
                "ACCOUNTNO": "konto",
                "TR_TYPE": {"column": "side", "codes": {"S": "1", "H": "-1"}},
                "TRX_AMOUNT": {"column": "betrag", "decimal_mark": ","},
                "LOCATION": {"value": "100"},
            },
        ),
    )
    assert counts(summary) == {"posted": 1, "refused": 1}
    (refused,) = [line for line in results(summary) if line["status"] == "rejected"]
    assert "debits 1" in refused["errors"][0]["text"]
    assert refused["rows"] == "4-5"


def test_records_without_a_number_are_posted_as_often_as_they_are_brought(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    header = {name: column for name, column in MAPPING["header"].items() if name != "RECORDID"}
    header["DESCRIPTION"] = {"value": "Without a number"}
    path = write_csv(
        tmp_path / "bills.csv", [row[:1] + row[2:] for row in rows([1, 1, 1], lines=1)], COLUMNS[:1] + COLUMNS[2:]
    )
    options: dict[str, Any] = {"header": header, "group_by": None}
    assert counts(load(path, tmp_path / "results", **options)) == {"posted": 3}
    assert counts(load(path, tmp_path / "results", **options)) == {"already_posted": 3}
    assert counts(load(path, tmp_path / "results", Ti(run_id="next month"), **options)) == {"posted": 3}
    found = list(company.rows("APBILL", fields=["RECORDNO"], where="DESCRIPTION = 'Without a number'"))
    assert len(found) == 6


def test_an_idempotency_key_of_columns_names_records_without_a_number(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    header = {"VENDORID": "vendor", "WHENCREATED": "date", "WHENDUE": "due", "DESCRIPTION": {"value": "Keyed"}}
    options: dict[str, Any] = {"header": header, "idempotency_key": "{vendor}-{number}"}
    path = write_csv(tmp_path / "bills.csv", rows([1, 2]))
    assert counts(load(path, tmp_path / "results", **options)) == {"posted": 2}
    assert counts(load(path, tmp_path / "results", Ti(run_id="another"), **options)) == {"already_posted": 2}


def test_an_idempotency_key_is_what_all_rows_of_a_record_say(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    header = {"VENDORID": "vendor", "WHENCREATED": "date", "WHENDUE": "due", "DESCRIPTION": {"value": "Keyed"}}
    options: dict[str, Any] = {"header": header, "idempotency_key": "{memo}", "group_by": "number"}
    path = write_csv(tmp_path / "bills.csv", rows([1]))
    with pytest.raises(AirflowFailException, match="is 'line 1' and 'line 2' in rows of one record"):
        load(path, tmp_path / "results", **options)
    said_once = [[*row[:-1], memo] for row, memo in zip(rows([1]), ("", "once"), strict=True)]
    for order in (1, -1):
        write_csv(path, said_once[::order])
        load(path, tmp_path / "results", Ti(run_id=f"{order}"), **options)
    assert len(list(company.rows("APBILL", fields=["RECORDNO"], where="DESCRIPTION = 'Keyed'"))) == 1


def test_vendors_are_updated_and_created(connect: Connect, company: IntacctClient, tmp_path: Path) -> None:
    connect()
    path = tmp_path / "vendors.csv"
    path.write_text("id,name,memo\nV001,New name,\nLV-1,One more,hello\n")
    options: dict[str, Any] = {
        "object": "VENDOR",
        "header": {"VENDORID": "id", "NAME": "name", "COMMENTS": "memo"},
        "lines": None,
        "group_by": None,
        "act": "upsert",
    }
    before = next(iter(company.rows("VENDOR", fields=["COMMENTS"], where="VENDORID = 'V001'")))
    summary = load(path, tmp_path / "results", **options)
    assert counts(summary) == {"posted": 2}
    assert [line["act"] for line in results(summary)] == ["update", "create"]
    found = {row["VENDORID"]: row for row in company.rows("VENDOR", fields=["VENDORID", "NAME", "COMMENTS"])}
    assert (found["V001"]["NAME"], found["V001"]["COMMENTS"]) == ("New name", before["COMMENTS"])
    assert found["LV-1"]["COMMENTS"] == "hello"
    assert counts(load(path, tmp_path / "results", Ti(run_id="another"), **options)) == {"already_posted": 2}


def test_a_dry_run_checks_all_and_sends_nothing(
    connect: Connect, sandbox: SandboxProcess, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    path = write_csv(tmp_path / "bills.csv", [*rows([1]), *rows([2], amount="x"), *rows([3], vendor="V-NONE")])
    summary = load(path, tmp_path / "results", on_reject="collect", dry_run="True")
    assert counts(summary) == {"refused": 2}
    unreadable, refused = results(summary)
    assert "is 'x'" in unreadable["errors"][0]["text"]
    assert (refused["rows"], refused["status"]) == ("6-7", "rejected")
    assert refused["errors"][0]["text"].startswith("VENDORID: there is no vendor 'V-NONE'; check the id")
    assert not {"create", "update"} & set(sandbox.control("/sandbox/transactions")["by_function"])
    assert booked(company) == {}


def test_a_dry_run_that_finds_something_wrong_fails_and_names_file_and_row(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    path = write_csv(tmp_path / "bills.csv", [*rows([1]), *rows([2], vendor="V-NONE")])
    with pytest.raises(
        AirflowFailException, match=r"(?s)1 records would be refused.*bills\.csv, rows 4-5: VENDORID: there"
    ):
        load(path, tmp_path / "results", dry_run=True)
    assert booked(company) == {}


def test_nothing_to_load_is_no_work(connect: Connect, sandbox: SandboxProcess, tmp_path: Path) -> None:
    connect()
    assert counts(load(write_csv(tmp_path / "bills.csv", []), tmp_path / "results")) == {}
    assert sandbox.transactions() == 0


def test_an_asset_event_says_what_was_loaded(connect: Connect, company: IntacctClient, tmp_path: Path) -> None:
    from types import SimpleNamespace

    from airflow_provider_intacct.transfers import ObjectStorageToIntacctOperator

    connect()
    asset = Asset(uri="intacct://DEMO/APBILL")
    event = SimpleNamespace(extra={})
    operator = ObjectStorageToIntacctOperator(
        task_id="load",
        path=str(write_csv(tmp_path / "bills.csv", rows([1]))),
        results_path=str(tmp_path / "results"),
        outlets=[asset],
        **MAPPING,
    )
    summary = operator.execute({"ti": Ti(), "outlet_events": {asset: event}})  # type: ignore[typeddict-item]
    assert event.extra["posted"] == 1
    assert event.extra["results"] == summary["results"]
    lineage = operator.get_openlineage_facets_on_complete(None)
    assert lineage.inputs[0].name == str(tmp_path / "bills.csv")
    assert (lineage.outputs[0].namespace, lineage.outputs[0].name) == ("intacct://DEMO", "APBILL")
    told = json.loads((folder_of(summary) / "_load.json").read_text())
    assert told["complete"]
    assert told["results_files"] == ["results-000001.jsonl"]
