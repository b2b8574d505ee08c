"""Dead letters, mended and fed back: by whichever run, however often, a record is posted once and stays itself."""

import csv
import io
import json
import re
from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_intacct.client import IntacctClient
from airflow_provider_intacct.client.posting import RecordsInDoubtError
from tests.airflow.conftest import Connect
from tests.airflow.databases import Database
from tests.airflow.loads import COLUMNS, Ti, booked, counts, folder_of, load, load_query, rows, totals, write_csv
from tests.sandbox_process import SandboxProcess

NAMELESS: dict[str, Any] = {
    "header": {"VENDORID": "vendor", "WHENCREATED": "date", "WHENDUE": "due", "DESCRIPTION": {"value": "Nameless"}},
    "ignore_columns": "number",
    "group_by": None,
}
"""Bills without a number: only their content, or a dead letter, names them."""


def nameless(company: IntacctClient) -> int:
    """How many of these bills the company has."""
    return len(list(company.rows("APBILL", fields=["RECORDNO"], where="DESCRIPTION = 'Nameless'")))


def letters(summary: Mapping[str, Any]) -> Path:
    return Path(summary["dead_letters"].removeprefix("file://"))


def mend(path: Path, mended: Callable[[dict[str, str]], dict[str, str]]) -> Path:
    """Mend each row of dead letters in CSV, as a person would in a spreadsheet."""
    found = [mended(row) for row in csv.DictReader(io.StringIO(path.read_text(), newline=""))]
    write_csv(path, [list(row.values()) for row in found], list(found[0]))
    return path


@pytest.mark.parametrize(("column", "wrong", "right"), [("vendor", "NOBODY", "V001"), ("amount", "ten", "10.00")])
def test_a_record_without_a_name_is_posted_once_however_many_runs_feed_it_back(
    connect: Connect, company: IntacctClient, tmp_path: Path, column: str, wrong: str, right: str
) -> None:
    connect()
    cells = [dict(zip(COLUMNS, row, strict=True)) | {column: wrong} for row in rows([1, 1, 2], lines=1)]
    path = write_csv(tmp_path / "bills.csv", [list(row.values()) for row in cells])
    summary = load(path, tmp_path / "results", on_reject="collect", **NAMELESS)
    assert summary["rejected"] + summary["refused"] == 3
    letter = mend(letters(summary), lambda row: row | {column: right})
    assert counts(load(letter, tmp_path / "mended", Ti(run_id="one"), **NAMELESS)) == {"posted": 3}
    assert counts(load(letter, tmp_path / "mended", Ti(run_id="two"), **NAMELESS)) == {"already_posted": 3}
    assert nameless(company) == 3


def test_the_same_letter_mended_in_two_ways_is_posted_in_one(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    path = write_csv(tmp_path / "bills.csv", rows([1], lines=1, vendor="NOBODY"))
    letter = letters(load(path, tmp_path / "results", on_reject="collect", **NAMELESS))
    mend(letter, lambda row: row | {"vendor": "V001"})
    assert counts(load(letter, tmp_path / "mended", Ti(run_id="one"), **NAMELESS)) == {"posted": 1}
    mend(letter, lambda row: row | {"vendor": "V002"})
    other = load(letter, tmp_path / "mended", Ti(run_id="two"), on_reject="collect", **NAMELESS)
    assert counts(other) == {"rejected": 1}
    assert nameless(company) == 1


def test_what_a_letter_has_posted_the_load_it_comes_from_does_not_post_again(
    connect: Connect, sandbox: SandboxProcess, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    path = write_csv(tmp_path / "bills.csv", rows([1], lines=1))
    ti = Ti()
    sandbox.fault("reset_before", "create", times=99)  # in doubt, although Intacct has not carried it out
    with pytest.raises(RecordsInDoubtError):
        load(path, tmp_path / "results", ti, on_reject="collect", **NAMELESS)
    sandbox.control("/sandbox/faults", method="DELETE")
    letter = letters(ti.pushed["load"])
    assert counts(load(letter, tmp_path / "mended", Ti(run_id="another"), **NAMELESS)) == {"posted": 1}
    assert counts(load(path, tmp_path / "results", ti, on_reject="collect", **NAMELESS)) == {"already_posted": 1}
    assert nameless(company) == 1


@pytest.mark.parametrize("number", ["", "LB-1"])
def test_a_record_in_doubt_that_was_booked_is_not_booked_again_by_its_letter(
    connect: Connect, sandbox: SandboxProcess, company: IntacctClient, tmp_path: Path, without_pauses: None, number: str
) -> None:
    connect()
    path = write_csv(tmp_path / "bills.csv", rows([1], lines=1))
    ti = Ti()
    sandbox.fault("reset_after", "create", times=99)
    sandbox.fault("http_503", "query", times=99)  # nor can it be looked up
    with pytest.raises(RecordsInDoubtError):
        load(path, tmp_path / "results", ti, on_reject="collect", **NAMELESS)
    sandbox.control("/sandbox/faults", method="DELETE")
    assert nameless(company) == 1
    letter = letters(ti.pushed["load"])
    options = dict(NAMELESS)
    if number:  # whoever mends it gives it a number, which is another name
        options["header"] = {**NAMELESS["header"], "RECORDID": "number"}
        options["ignore_columns"] = None
    fed = Ti(run_id="another")
    if number:
        with pytest.raises(AirflowFailException, match="RECORDID is 'BILL-00001' there and 'LB-1' here"):
            load(letter, tmp_path / "mended", fed, **options)
    else:
        assert counts(load(letter, tmp_path / "mended", fed, **options)) == {"already_posted": 1}
    assert nameless(company) == 1


def in_doubt(sandbox: SandboxProcess, path: Path, results: Path, run_id: str, **options: Any) -> Path:
    """The letters of a load whose bills Intacct has booked, and whose replies are lost."""
    ti = Ti(run_id=run_id)
    sandbox.fault("reset_after", "create", times=99)
    with pytest.raises(RecordsInDoubtError):
        load(path, results, ti, on_reject="collect", **options)
    sandbox.control("/sandbox/faults", method="DELETE")
    return letters(ti.pushed["load"])


def test_a_letter_that_is_in_doubt_again_is_called_what_it_was_sent_as(
    connect: Connect, sandbox: SandboxProcess, company: IntacctClient, tmp_path: Path, without_pauses: None
) -> None:
    connect()
    path = write_csv(tmp_path / "bills.csv", rows([1], lines=1, amount="ten"))
    never_sent = letters(load(path, tmp_path / "results", on_reject="collect"))
    mended = mend(never_sent, lambda row: row | {"amount": "10.00"})
    letter = mend(in_doubt(sandbox, mended, tmp_path / "mended", "one"), lambda row: row | {"number": "LB-2"})
    with pytest.raises(AirflowFailException, match="RECORDID is 'LB-1' there and 'LB-2' here"):
        load(letter, tmp_path / "mended", Ti(run_id="two"))
    assert booked(company) == {"LB-1": 1}


@pytest.mark.parametrize("change", [{"amount": "ten"}, {"number": "LB-2", "account": "NONE"}])
def test_a_record_in_doubt_stays_so_although_its_letter_is_refused(
    connect: Connect,
    sandbox: SandboxProcess,
    company: IntacctClient,
    tmp_path: Path,
    without_pauses: None,
    change: dict[str, str],
) -> None:
    connect()
    path = write_csv(tmp_path / "bills.csv", rows([1], lines=1))
    letter = mend(in_doubt(sandbox, path, tmp_path / "results", "one"), lambda row: row | change)
    again = letters(load(letter, tmp_path / "mended", Ti(run_id="two"), on_reject="collect"))
    assert "in_doubt" in again.read_text()
    mend(again, lambda row: row | {"number": "LB-2", "amount": "10.00", "account": "6000"})
    with pytest.raises(AirflowFailException, match="RECORDID is 'LB-1' there and 'LB-2' here"):
        load(again, tmp_path / "mended", Ti(run_id="three"))
    assert booked(company) == {"LB-1": 1}


def test_a_record_in_doubt_that_turned_out_to_be_booked_with_other_content_stays_what_it_is(
    connect: Connect, sandbox: SandboxProcess, company: IntacctClient, tmp_path: Path, without_pauses: None
) -> None:
    connect()
    path = write_csv(tmp_path / "bills.csv", rows([1], lines=1))
    sandbox.fault("http_503", "query", times=99)  # nor can it be looked up
    letter = in_doubt(sandbox, path, tmp_path / "results", "one", **NAMELESS)
    numbered = {**NAMELESS, "header": {**NAMELESS["header"], "RECORDID": "number"}, "ignore_columns": None}
    for run in ("two", "three"):  # the letters of the letters, too
        summary = load(letter, tmp_path / "mended", Ti(run_id=run), on_reject="collect", **numbered)
        assert counts(summary) == {"rejected": 1}
        letter = letters(summary)
    assert nameless(company) == 1


def test_a_letter_copied_into_two_rows_is_refused_and_posted_as_two_when_one_is_unnamed(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    path = write_csv(tmp_path / "bills.csv", rows([1], lines=1, vendor="NOBODY"))
    letter = mend(
        letters(load(path, tmp_path / "results", on_reject="collect", **NAMELESS)), lambda row: row | {"vendor": "V001"}
    )
    head, line = letter.read_text().splitlines()
    letter.write_text(f"{head}\n{line}\n{line.replace('10.00', '11.00')}\n")
    with pytest.raises(AirflowFailException, match="or empty _intacct_record in one"):
        load(letter, tmp_path / "mended", Ti(run_id="one"), **NAMELESS)
    letter.write_text(f"{head}\n{line}\n{re.sub('af-[0-9a-f]+', '', line.replace('10.00', '11.00'))}\n")
    assert counts(load(letter, tmp_path / "mended", Ti(run_id="one"), **NAMELESS)) == {"posted": 2}


def test_a_name_that_no_letter_has_is_refused(connect: Connect, tmp_path: Path) -> None:
    connect()
    path = write_csv(tmp_path / "bills.csv", [[*rows([1], lines=1)[0], "mine"]], [*COLUMNS, "_intacct_record"])
    with pytest.raises(
        AirflowFailException, match="row 2, column _intacct_record: 'mine' is nothing that a dead letter"
    ):
        load(path, tmp_path / "results")


def test_a_number_that_is_mended_names_the_bill(connect: Connect, company: IntacctClient, tmp_path: Path) -> None:
    connect()
    path = write_csv(tmp_path / "bills.csv", rows([1], vendor="NOBODY"))
    summary = load(path, tmp_path / "results", on_reject="collect")
    letter = mend(letters(summary), lambda row: row | {"vendor": "V001", "number": "LB-2"})
    assert counts(load(letter, tmp_path / "mended", Ti(run_id="one"))) == {"posted": 1}
    both = write_csv(tmp_path / "both.csv", rows([1, 2]))
    assert counts(load(both, tmp_path / "mended", Ti(run_id="two"))) == {"posted": 1, "already_posted": 1}
    assert booked(company) == {"LB-1": 1, "LB-2": 1}


def test_two_bills_of_one_number_from_two_files_do_not_become_one_when_they_are_fed_back(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    write_csv(tmp_path / "a.csv", rows([1]))
    write_csv(tmp_path / "b.csv", rows([1], amount="99.00"))
    summary = load(tmp_path / "?.csv", tmp_path / "results", on_reject="collect")
    for run in ("one", "two"):  # the letters of the letters, too
        summary = load(letters(summary), tmp_path / "mended", Ti(run_id=run), on_reject="collect")
        assert counts(summary) == {"refused": 1}
    assert booked(company) == {}
    assert "rows 2-3 and 4-5 were of different records" in letters(summary).read_text()
    letter = mend(letters(summary), lambda row: row | {"number": "LB-1" if row["amount"] == "10.00" else "LB-2"})
    assert counts(load(letter, tmp_path / "mended", Ti(run_id="three"))) == {"posted": 2}
    assert totals(company) == {"LB-1": Decimal("20.00"), "LB-2": Decimal("198.00")}


def test_a_row_that_could_not_be_read_joins_its_record_when_it_is_mended(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    path = write_csv(tmp_path / "bills.csv", [*rows([1]), rows([1], lines=1)[0][:-1], *rows([2])])
    summary = load(path, tmp_path / "results", on_reject="collect")
    assert booked(company) == {}
    mended = mend(letters(summary), lambda row: row | {"memo": row["memo"] or "the third line", "_intacct_text": ""})
    assert counts(load(mended, tmp_path / "mended", Ti(run_id="one"))) == {"posted": 2}
    assert totals(company) == {"LB-1": Decimal("30.00"), "LB-2": Decimal("20.00")}


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_row_that_could_not_be_read_is_not_taken_for_one_that_can_when_it_is_fed_back_as_it_is(
    connect: Connect, company: IntacctClient, tmp_path: Path, delimiter: str
) -> None:
    connect()
    (torn,) = rows([3], lines=1)
    torn[5:6] = ["1", "50"]  # 1,50 without quotes: its cells say 1, and the memo 50
    cells = [*rows([1, 2], vendor="NOBODY"), torn, *rows([4], vendor="NOBODY"), *rows([3], lines=1)]
    path = write_csv(tmp_path / "bills.csv", cells, delimiter=delimiter)
    summary = load(path, tmp_path / "results", on_reject="collect", delimiter=delimiter)
    for run in ("one", "two"):  # the letters of the letters, too
        letter = letters(summary)
        letter.write_text(letter.read_text().replace("NOBODY", "V001"))
        summary = load(letter, tmp_path / "mended", Ti(run_id=run), on_reject="collect", delimiter=delimiter)
    assert booked(company) == {"LB-1": 1}  # the others are beside the row, or of its number
    assert delimiter.join(torn) in letters(summary).read_text().replace('"', "")
    assert "put what _intacct_text says into its columns, and empty that one" in letters(summary).read_text()


def test_a_line_that_is_no_json_keeps_its_text_until_it_is_mended(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    path = tmp_path / "vendors.jsonl"
    path.write_text('{"id": "LV-1", "name": "One"}\n{"id": "LV-2", "name": \n')
    options: dict[str, Any] = {
        "object": "VENDOR",
        "header": {"VENDORID": "id", "NAME": "name"},
        "lines": None,
        "group_by": None,
        "on_reject": "collect",
    }
    letter = letters(load(path, tmp_path / "results", **options))
    summary = load(letter, tmp_path / "mended", Ti(run_id="one"), **options)
    assert counts(summary) == {"refused": 1}
    (row,) = map(json.loads, letters(summary).read_text().splitlines())
    assert row["_intacct_text"] == '{"id": "LV-2", "name":'
    letter.write_text(json.dumps(row | {"id": "LV-2", "name": "Two", "_intacct_text": ""}))
    assert counts(load(letter, tmp_path / "mended", Ti(run_id="two"), **options)) == {"posted": 1}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_letters_are_read_back_in_the_encoding_of_their_file(
    connect: Connect, company: IntacctClient, tmp_path: Path, encoding: str
) -> None:
    connect()
    path = tmp_path / "bills.csv"
    write_csv(path, [[*row[:-1], "Büro"] for row in rows([1, 2], vendor="NOBODY")])
    path.write_bytes(path.read_text().encode(encoding))
    letter = letters(load(path, tmp_path / "results", on_reject="collect", encoding=encoding))
    letter.write_bytes(letter.read_bytes().decode(encoding).replace("NOBODY", "V001").encode(encoding))
    assert counts(load(letter, tmp_path / "mended", Ti(run_id="one"), encoding=encoding)) == {"posted": 2}


def test_letters_in_json_keep_what_a_database_has(connect: Connect, company: IntacctClient, tmp_path: Path) -> None:
    connect()
    row = dict(zip(COLUMNS, rows([1], lines=1, vendor="NOBODY")[0], strict=True))
    path = tmp_path / "bills.jsonl"
    path.write_text(json.dumps(row | {"due": "2026-03-31 00:00:00", "account": 6000, "number": 2**70}))
    summary = load(path, tmp_path / "results", on_reject="collect")
    letter = folder_of(summary) / "dead-letters.jsonl"
    assert json.loads(letter.read_text())["number"] == 2**70
    letter.write_text(letter.read_text().replace("NOBODY", "V001"))
    assert counts(load(letter, tmp_path / "mended", Ti(run_id="one"))) == {"posted": 1}
    assert booked(company, str(2**70)) == {str(2**70): 1}


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig", "UTF-8"])
def test_letters_in_json_are_read_back_in_the_encoding_of_their_file(
    connect: Connect, company: IntacctClient, tmp_path: Path, encoding: str
) -> None:
    connect()
    cells = [dict(zip(COLUMNS, [*row[:-1], "Büro"], strict=True)) for row in rows([1], vendor="NOBODY")]
    path = tmp_path / "bills.jsonl"
    path.write_bytes("\n".join(json.dumps(row, ensure_ascii=False) for row in cells).encode(encoding))
    letter = letters(load(path, tmp_path / "results", on_reject="collect", encoding=encoding))
    letter.write_bytes(letter.read_bytes().decode(encoding).replace("NOBODY", "V001").encode(encoding))
    assert counts(load(letter, tmp_path / "mended", Ti(run_id="one"), encoding=encoding)) == {"posted": 1}
    assert len(list(company.rows("APBILLITEM", fields=["RECORDNO"], where="ENTRYDESCRIPTION = 'Büro'"))) == 2


def test_letters_in_json_have_the_columns_that_only_other_rows_had(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    cells = [dict(zip(COLUMNS, row, strict=True)) for row in rows([1, 2], lines=1)]
    cells[0] = {name: value for name, value in cells[0].items() if name != "memo"} | {"vendor": "NOBODY"}
    path = tmp_path / "bills.jsonl"
    path.write_text("\n".join(map(json.dumps, cells)))
    letter = letters(load(path, tmp_path / "results", on_reject="collect"))
    letter.write_text(letter.read_text().replace("NOBODY", "V001"))
    assert counts(load(letter, tmp_path / "mended", Ti(run_id="one"))) == {"posted": 1}


def test_letters_of_parquet_files_whose_types_differ_are_text(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    first, second = (dict(zip(COLUMNS, row, strict=True)) for row in rows([1, 2], lines=1, vendor="NOBODY"))
    odd = {"at": time(9), "took": None, "tags": [("a", 1)]}
    types = pa.schema(
        [
            *((name, pa.string()) for name in COLUMNS),
            *(("at", pa.time64("us")), ("took", pa.duration("s")), ("tags", pa.map_(pa.string(), pa.int32()))),
        ]
    )
    pq.write_table(
        pa.Table.from_pylist([first | odd, first | odd | {"took": timedelta(1)}], types), tmp_path / "a.parquet"
    )
    amount = {"amount": Decimal("10.00"), "due": date(2026, 3, 31), "memo": None}
    pq.write_table(pa.Table.from_pylist([second | amount]), tmp_path / "b.parquet")
    options: dict[str, Any] = {"ignore_columns": ["at", "took", "tags"], "on_reject": "collect"}
    summary = load(tmp_path / "*.parquet", tmp_path / "results", **options)
    assert (summary["rejected"], summary["refused"]) == (1, 1)
    letter = letters(summary)
    found = pq.read_table(letter)
    assert found.column("_intacct_error").to_pylist()[1].startswith("row 2, column took cannot be loaded (a timedelta")
    assert found.column("at").to_pylist() == ["09:00:00", "09:00:00", None]
    mended = [row | {"vendor": "V001"} for row in found.to_pylist()]
    pq.write_table(pa.Table.from_pylist(mended, found.schema), letter)
    assert counts(load(letter, tmp_path / "mended", Ti(run_id="one"), **options)) == {"posted": 2}
    assert totals(company) == {"LB-1": Decimal("20.00"), "LB-2": Decimal("10.00")}


def test_letters_in_json_show_numbers_that_are_none(connect: Connect, postgres: Database, tmp_path: Path) -> None:
    connect()
    columns = (
        "'NOBODY' AS vendor, 'LB-1' AS number, DATE '2026-03-02' AS date, DATE '2026-03-31' AS due, '6000' AS account"
    )
    sql = f"SELECT {columns}, 'NaN'::numeric AS amount, 'Infinity'::float8 AS memo"
    letter = letters(load_query(tmp_path, sql=sql, on_reject="collect"))
    (row,) = map(json.loads, letter.read_text().splitlines())
    assert (row["amount"], row["memo"]) == ("NaN", "inf")
    refused = load(letter, tmp_path / "mended", Ti(run_id="one"), on_reject="collect")
    assert counts(refused) == {"refused": 1}
