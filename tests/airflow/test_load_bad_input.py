"""What is wrong with files and rows is said with file, row, column and remedy, before anything is sent."""

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_intacct.client import IntacctClient
from tests.airflow.conftest import Connect
from tests.airflow.loads import COLUMNS, Ti, booked, counts, csv_text, folder_of, load, results, rows, write_csv
from tests.sandbox_process import SandboxProcess

GOOD = csv_text(rows([1, 2]))
HEAD = ",".join(COLUMNS)
LINE = "V001,LB-9,2026-03-02,2026-03-31,6000,10.00,memo"


def refusal(path: Path, results: Path, **options: Any) -> str:
    with pytest.raises(AirflowFailException) as refused:
        load(path, results, **options)
    return str(refused.value)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("\r\n", "\n").encode(),
        GOOD.encode() + b"\r\n\r\n",
        GOOD.encode() + b",,,,,,\r\n , ,\r\n",
    ],
    ids=["byte order mark", "line feeds", "blank lines at the end", "rows of delimiters at the end"],
)
def test_what_spreadsheets_write_is_read(
    connect: Connect, company: IntacctClient, tmp_path: Path, content: bytes
) -> None:
    connect()
    path = tmp_path / "bills.csv"
    path.write_bytes(content)
    assert counts(load(path, tmp_path / "results")) == {"posted": 2}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("b.csv", b"", "is empty: a CSV file begins with a row of column names"),
        ("b.csv", f"\n{GOOD}".encode(), "row 1 is blank: it is the row of column names. Remove what is before it"),
        ("b.csv", f",,\n{GOOD}".encode(), "row 1 is blank"),
        ("b.csv", GOOD.replace(",", ";").encode(), "its delimiter seems to be ';'. Give delimiter=';'"),
        ("b.csv", GOOD.encode("utf-16"), "or give its encoding, as it seems encoding='utf-16'"),
        ("b.csv", GOOD.replace("line 1", "Büro").encode("cp1252"), "is not utf-8: byte 0xfc is none of its characters"),
        ("b.csv", f"{HEAD},memo\n{LINE},x\n".encode(), "row 1: two columns are called 'memo'"),
        ("b.csv", f"{HEAD},\n{LINE},x\n".encode(), "row 1: column 8 has no name"),
        ("b.csv", f"{HEAD},tax\n{LINE},x\n".encode(), "has columns that are not mapped: tax"),
        ("b.csv", f"{HEAD.replace('amount', 'Amount')}\n{LINE}\n".encode(), "has no column amount (for TRX_AMOUNT)"),
        ("b.csv", f'{HEAD}\n{LINE}\n"V001,LB-1'.encode(), "after row 2: unexpected end of data"),
        ("b.jsonl.gz", b"", "is cut off: nothing is in it"),
        ("b.csv.gz", b"\x1f\x8b\x08\x00garbage", "is cut off or damaged"),
        ("b.txt", GOOD.encode(), "its name does not tell what it is. Give format='csv'"),
        ("b.jsonl", b'[{"vendor": 1}]', "is a JSON array. Write JSON lines"),
        ("b.jsonl", b'\xef\xbb\xbf\n [{"vendor": "' + b"x" * 2**24, "is a JSON array. Write JSON lines"),
        ("b.jsonl.gz", gzip.compress(b'[{"vendor": 1}]'), "is a JSON array. Write JSON lines"),
        ("b.jsonl", b'{"vendor": "' + b"x" * 2**24, "line 1 is longer than 16,777,215 characters, so it is not jsonl"),
        ("b.csv", GOOD.encode() + b"x" * 2**24, "line 6 is longer than 16,777,215 characters, so it is not csv"),
        ("b.jsonl", '{"vendor": "V001"}'.encode("utf-16"), "or give its encoding, as it seems encoding='utf-16'"),
        ("b.jsonl", b'{"vendor": "V001"}', "has no column number"),
        ("b.parquet", b"PAR1", "is no Parquet file that can be read"),
    ],
    ids=lambda given: given[:40] if isinstance(given, str) else "",
)
def test_a_file_that_cannot_be_read_is_refused_with_a_remedy(
    connect: Connect, sandbox: SandboxProcess, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    connect()
    path = tmp_path / name
    path.write_bytes(content)
    message = refusal(path, tmp_path / "results")
    assert words in message
    assert str(path) in message
    assert sandbox.transactions() == 0


def test_a_path_without_files_is_refused(connect: Connect, tmp_path: Path) -> None:
    connect()
    assert "there is no such file" in refusal(tmp_path / "*.csv", tmp_path / "results")


BAD_ROWS = [
    ("V001,LB-9,2026-03-02,2026-03-31,6000,10.00", "row 6: it has 6 cells, the header 7"),
    (f"{LINE},more", "row 6: it has 8 cells, the header 7; beyond them: ['more']"),
    (LINE.replace("10.00", "ten"), "row 6, column amount (TRX_AMOUNT) is 'ten', which is no amount"),
    (LINE.replace("10.00", "10.005"), "Intacct keeps two decimals"),
    (LINE.replace("2026-03-31", "31.03.2026"), "row 6, column due (WHENDUE) is '31.03.2026', which is no date"),
    (LINE.replace("memo", "m\x01emo"), "has the character U+0001 at position 2, which XML cannot carry"),
    (LINE.replace("6000,10.00,memo", ",,"), "a header without lines: account, amount, memo are empty"),
    (LINE.replace("V001,LB-9", ","), "vendor, number are empty, so it cannot be told to which record the row belongs"),
]


@pytest.mark.parametrize(("line", "words"), BAD_ROWS, ids=[words[:30] for _, words in BAD_ROWS])
def test_a_bad_row_is_refused_and_nothing_is_sent(
    connect: Connect, sandbox: SandboxProcess, tmp_path: Path, line: str, words: str
) -> None:
    connect()
    path = tmp_path / "bills.csv"
    path.write_text(GOOD + line + "\r\n", newline="")
    message = refusal(path, tmp_path / "results")
    assert f"{path}, row 6: " in message
    assert words in message
    assert "records cannot be posted. Nothing was sent." in message
    assert sandbox.transactions() == 0


@pytest.mark.parametrize(("line", "words"), BAD_ROWS, ids=[words[:30] for _, words in BAD_ROWS])
def test_the_rest_of_the_load_is_not_lost(
    connect: Connect, company: IntacctClient, tmp_path: Path, line: str, words: str
) -> None:
    connect()
    path = tmp_path / "bills.csv"
    path.write_text(GOOD + line + "\r\n" + csv_text(rows([3, 4])).partition("\r\n")[2], newline="")
    summary = load(path, tmp_path / "results", on_reject="collect")
    unsure = "cells" in words or "cannot be told" in words  # then the records beside it may lack the row
    assert booked(company) == ({"LB-1": 1, "LB-4": 1} if unsure else {f"LB-{bill}": 1 for bill in range(1, 5)})
    letters = (folder_of(summary) / "dead-letters.csv").read_text().splitlines()
    assert (
        letters[0] == f"{HEAD},_intacct_file,_intacct_row,_intacct_status,_intacct_error,_intacct_record,_intacct_text"
    )
    assert any(words in letter.replace('""', '"') for letter in letters[1:])


def test_a_record_elsewhere_in_the_file_is_not_posted_without_its_row_that_cannot_be_read(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    cut = rows([1], lines=1)[0][:-1]
    path = write_csv(tmp_path / "bills.csv", [*rows([1, 2, 3, 4]), cut, *rows([5, 6])])
    summary = load(path, tmp_path / "results", on_reject="collect")
    assert booked(company) == {"LB-2": 1, "LB-3": 1, "LB-6": 1}
    assert len({tuple(sorted(line)) for line in results(summary)}) == 1  # all lines have the same entries
    told = {line["rows"]: line["errors"][0]["text"] for line in results(summary) if line["errors"]}
    assert told["2-3"] == "row 10 cannot be read, and seems to belong to this record"
    assert told["8-9"] == "row 10 beside it cannot be read, and may belong to this record"


def test_duplicate_numbers_are_refused_naming_both_places(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    write_csv(tmp_path / "a.csv", [*rows([1]), *rows([2])])
    write_csv(tmp_path / "b.csv", [*rows([1], amount="99.00"), *rows([2]), *rows([3])])
    summary = load(tmp_path / "?.csv", tmp_path / "results", on_reject="collect")
    assert booked(company) == {"LB-2": 1, "LB-3": 1}
    told = {(line["file"][-5:], line["rows"]): line["errors"][0]["text"] for line in results(summary) if line["errors"]}
    assert f"{tmp_path}/b.csv, rows 2-3 and this are one and the same record with different" in told["a.csv", "2-3"]
    assert f"{tmp_path}/a.csv, rows 2-3 and this are one and the same record with different" in told["b.csv", "2-3"]
    assert f"{tmp_path}/a.csv, rows 4-5 and this are one and the same record with the same" in told["b.csv", "4-5"]
    assert "Give each its own number, or leave one out" in told["b.csv", "4-5"]


def test_a_wrong_file_among_others_is_left_out_and_named(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    write_csv(tmp_path / "a.csv", rows([1]))
    write_csv(tmp_path / "b.csv", rows([2]), delimiter=";")
    summary = load(tmp_path / "?.csv", tmp_path / "results", on_reject="collect")
    assert counts(summary) == {"posted": 1, "refused": 1}
    assert "its delimiter seems to be ';'" in summary["refused_sources"][0]
    assert "its delimiter seems to be ';'" in refusal(tmp_path / "?.csv", tmp_path / "results", ti=Ti(run_id="another"))


def test_money_that_is_a_float_is_refused(connect: Connect, tmp_path: Path) -> None:
    connect()
    path = tmp_path / "bills.parquet"
    table = [{**dict(zip(COLUMNS, row, strict=True)), "amount": 0.1} for row in rows([1])]
    pq.write_table(pa.Table.from_pylist(table), path)
    assert "row 1, column amount (TRX_AMOUNT) is the float 0.1, which cannot carry" in refusal(
        path, tmp_path / "results"
    )


def test_lines_that_are_no_json_go_to_the_dead_letters(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    good = [json.dumps(dict(zip(COLUMNS, row, strict=True))) for row in rows([1, 2, 3], lines=1)]
    path = tmp_path / "bills.jsonl"
    path.write_text("\n".join([good[0], '{"vendor": ', '{"vendor": "\\ud800"}', good[1], "[1]", good[2]]))
    summary = load(path, tmp_path / "results", on_reject="collect", group_by=None)
    assert counts(summary) == {"posted": 3, "refused": 3}
    letters = [json.loads(line) for line in (folder_of(summary) / "dead-letters.jsonl").read_text().splitlines()]
    assert letters[0]["_intacct_text"] == '{"vendor":'
    assert "it is no JSON (" in letters[0]["_intacct_error"]
    assert [letter["_intacct_row"] for letter in letters] == [2, 3, 5]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "cp1252", "utf-8-sig"])
def test_json_lines_are_read_in_any_encoding(
    connect: Connect, company: IntacctClient, tmp_path: Path, encoding: str
) -> None:
    connect()
    path = tmp_path / "bills.jsonl"
    cells = [dict(zip(COLUMNS, [*row[:-1], "Büro"], strict=True)) for row in rows([1, 2])]
    path.write_bytes("\n".join(json.dumps(row, ensure_ascii=False) for row in cells).encode(encoding))
    assert counts(load(path, tmp_path / "results", encoding=encoding)) == {"posted": 2}
    assert len(list(company.rows("APBILLITEM", fields=["RECORDNO"], where="ENTRYDESCRIPTION = 'Büro'"))) == 4


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ('"memo": {"$date": "2026-03-31T00:00:00Z"}', "row 2, column memo (ENTRYDESCRIPTION) is a dict: bring it as"),
        ('"memo": {"$decimal": "x"}', "row 2, column memo (ENTRYDESCRIPTION) is a dict: bring it as text"),
        ('"memo": "\\ud800"', "row 2, column memo cannot be loaded (str is not valid UTF-8"),
        ('"memo": 1, "memo": 2', "row 2: it is no JSON ('memo' stands in it twice)"),
        ('"memo": 1e999999999', "row 2: it is no JSON (1e999999999 has too many digits)"),
        ('"memo": 1e99999999999999999999', "row 2: it is no JSON (1e99999999999999999999 has too many digits)"),
        ('"memo": ' + "[" * 10**5, "row 2: it is no JSON (maximum recursion depth exceeded"),
    ],
)
def test_a_cell_that_json_has_and_no_record_is_refused_by_itself(
    connect: Connect, company: IntacctClient, tmp_path: Path, cell: str, words: str
) -> None:
    connect()
    cells = [dict(zip(COLUMNS[:-1], row, strict=False)) for row in rows([1, 2, 3], lines=1)]
    first, second, third = (json.dumps(row)[:-1] for row in cells)
    path = tmp_path / "bills.jsonl"
    path.write_text(f'{first}, "memo": ""}}\n{second}, {cell}}}\n{third}}}')
    grouped = "no JSON" not in words  # by what is told of it, it stands by itself
    options: dict[str, Any] = {} if grouped else {"group_by": None}
    summary = load(path, tmp_path / "results", on_reject="collect", **options)
    assert booked(company) == {"LB-1": 1, "LB-3": 1}
    (refused,) = [line for line in results(summary) if line["errors"]]
    assert refused["errors"][0]["text"].startswith(words)
    (letter,) = map(json.loads, (folder_of(summary) / "dead-letters.jsonl").read_text().splitlines())
    assert grouped == (letter["vendor"] == "V001")


def test_a_number_that_is_none_is_refused_and_not_taken_for_empty(connect: Connect, tmp_path: Path) -> None:
    connect()
    path = tmp_path / "bills.parquet"
    schema = pa.schema([(name, pa.float64() if name == "memo" else pa.string()) for name in COLUMNS])
    pq.write_table(pa.table([*zip(*[row[:-1] for row in rows([1])], strict=True), [1.5, float("nan")]], schema), path)
    message = refusal(path, tmp_path / "results")
    assert "row 2, column memo (ENTRYDESCRIPTION) is the float nan, which may not be exact" in message


def test_unreadable_rows_without_end_beside_a_record_are_not_all_told_of_it(
    connect: Connect, company: IntacctClient, tmp_path: Path
) -> None:
    connect()
    ragged = [[*row, "one too many"] for row in rows([1], lines=3000)]  # of the record, too
    path = write_csv(tmp_path / "bills.csv", [*rows([1]), *ragged, *rows([2, 3])])
    summary = load(path, tmp_path / "results", on_reject="collect")
    assert booked(company) == {"LB-3": 1}
    told = {line["rows"]: line["errors"][0]["text"] for line in results(summary) if line["errors"]}
    assert 1000 <= len(told["2-3"]) < 1200
    assert told["2-3"].startswith("row 4 beside it cannot be read")
    assert told["3004-3005"] == "row 3003 beside it cannot be read, and may belong to this record"


def test_more_rejects_than_allowed_stop_the_load(connect: Connect, company: IntacctClient, tmp_path: Path) -> None:
    connect()
    path = write_csv(tmp_path / "bills.csv", [*rows([1], amount="x"), *rows([2], amount="x"), *rows([3])])
    assert counts(load(path, tmp_path / "results", on_reject="collect", max_rejects=2)) == {"posted": 1, "refused": 2}
    ti = Ti(run_id="another")
    with pytest.raises(AirflowFailException, match=r"2 records were rejected, max_rejects=1\. Nothing was sent"):
        load(path, tmp_path / "results", ti, on_reject="collect", max_rejects="1")
    assert ti.pushed["load"]["refused"] == 2
    write_csv(path, rows([4, 5], vendor="NOBODY"))
    with pytest.raises(AirflowFailException, match=r"2 records were rejected, max_rejects=1\. What is posted stays"):
        load(path, tmp_path / "results", Ti(run_id="a third"), on_reject="collect", max_rejects=1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"object": None}, "Say with object what the rows become"),
        ({"record": lambda rows: {}}, "Give either header and lines"),
        ({"act": "delete"}, "act is one of create, update, upsert"),
        ({"on_reject": "ignore"}, "on_reject is 'ignore'"),
        ({"encoding": "utf-7bit"}, "there is no encoding 'utf-7bit'"),
        ({"format": "xlsx"}, "format must be one of csv, jsonl, parquet"),
        ({"function": "create_bill"}, "create_bill says itself what it writes"),
        ({"group_by": ["vendor", "nr"]}, "has no column nr (for group_by)"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(
    connect: Connect, sandbox: SandboxProcess, tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    connect()
    path = write_csv(tmp_path / "bills.csv", rows([1]))
    assert words in refusal(path, tmp_path / "results", **options)
    assert sandbox.transactions() == 0
