"""The demo company: the same wherever it is made, tied out in every size, and with what a reader must survive."""

import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_intacct.sandbox.founding import open_company
from tests.sandbox.books import ledger_faults, rows
from tests.sandbox_process import SandboxProcess


def contents(path: Path) -> str:
    """Return a digest of every record of a company's file."""
    digest = hashlib.sha256()
    db = sqlite3.connect(path)
    try:
        for statement in db.iterdump():
            if "gateway_" not in statement:
                digest.update(statement.encode())
    finally:
        db.close()
    return digest.hexdigest()


def test_the_company_ties_out(sandbox: SandboxProcess) -> None:
    db = sqlite3.connect(sandbox.db)
    try:
        assert ledger_faults(db) == []
    finally:
        db.close()


def test_the_same_size_is_the_same_company(tmp_path: Path) -> None:
    digests = set()
    for name in ("one", "two"):
        open_company(tmp_path / name, size="small").close()
        digests.add(contents(tmp_path / name))
    assert len(digests) == 1


@pytest.fixture(scope="module")
def medium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """The medium company's file."""
    path = tmp_path_factory.mktemp("medium") / "medium.db"
    open_company(path, size="medium").close()
    db = sqlite3.connect(path)
    db.row_factory = sqlite3.Row
    yield db
    db.close()


def test_the_medium_company_has_fifty_thousand_ledger_lines_that_tie_out(medium: sqlite3.Connection) -> None:
    assert medium.execute('SELECT count(*) FROM "GLDETAIL"').fetchone()[0] > 50_000
    assert ledger_faults(medium) == []


def test_numbers_go_on_after_the_rows_made_by_sql(medium: sqlite3.Connection) -> None:
    last = dict(medium.execute("SELECT name, last FROM sequence_number").fetchall())
    for table, sequence in (
        ("GLDETAIL", "GLDETAIL"), ("GLENTRY", "GLENTRY"), ("GLBATCH", "GLBATCH"), ("APBILL", "PRRECORD"),
        ("APBILLITEM", "PRENTRY"),
    ):  # fmt: skip
        assert last[sequence] >= medium.execute(f'SELECT max("RECORDNO") FROM "{table}"').fetchone()[0]
    highest = medium.execute("""SELECT max("BATCHNO") FROM "GLBATCH" WHERE "JOURNAL" = 'GJ'""").fetchone()[0]
    assert last["BATCHNO GJ"] == highest


@pytest.mark.parametrize(
    ("table", "where", "like"),
    [
        ("GLDETAIL", """"ACCOUNTNO" = '2000' AND "CURRENCY" = "BASECURR" AND "RECORDID" LIKE""", "B-2026%"),
        ("APBILL", """"STATE" = 'A' AND "CURRENCY" = "BASECURR" AND "RECORDID" LIKE""", "B-2026%"),
        ("APBILLITEM", """"CURRENCY" = "BASECURR" AND "DEPARTMENTID" = '40' AND "RECORDKEY" IN
                          (SELECT "RECORDNO" FROM "APBILL" WHERE "RECORDID" LIKE ?1) AND ?1 LIKE""", "B-2026%"),
        ("GLBATCH", """"JOURNAL" = 'APJ' AND "REFERENCENO" LIKE""", "B-2026%"),
    ],
)  # fmt: skip
def test_rows_made_by_sql_look_like_rows_made_by_the_rules(
    medium: sqlite3.Connection, table: str, where: str, like: str
) -> None:
    """The same columns are filled, whoever wrote a row."""
    optional = {"DESCRIPTION", "PRDESCRIPTION", "ENTRYDESCRIPTION", "DOCUMENT", "BILL_SOURCE", "CLASSID",
                "BILLTOPAYTOCONTACTNAME", "SHIPTORETURNTOCONTACTNAME", "DOCNUMBER", "MEGAENTITYID", "GLDIMCHANNEL",
                "TOTALSELECTED", "TRX_TOTALSELECTED"}  # fmt: skip
    sql = f'SELECT * FROM "{table}" WHERE {where} ?1 ORDER BY "RECORDNO" DESC LIMIT 1'
    by_rule, by_sql = (dict(medium.execute(sql, (pattern,)).fetchone()) for pattern in (like, "M-%"))
    filled = [{name for name, value in row.items() if value is not None} - optional for row in (by_rule, by_sql)]
    assert filled[0] == filled[1]


def test_a_cent_that_goes_missing_is_noticed(medium: sqlite3.Connection) -> None:
    medium.execute("""UPDATE "GLDETAIL" SET "AMOUNT" = "AMOUNT" - 1 WHERE "RECORDNO" =
                      (SELECT min("RECORDNO") FROM "GLDETAIL" WHERE "ACCOUNTNO" = '2000')""")
    faults = ledger_faults(medium)
    medium.rollback()
    assert len(faults) > 3


@pytest.mark.parametrize(
    ("what", "sql", "least"),
    [
        (
            "open bills of 2026",
            """SELECT count(*) FROM "APBILL" WHERE "STATE" = 'A' AND "TOTALDUE" > 0 AND "WHENCREATED" >= '2026'""",
            10,
        ),
        ("bills partly paid", """SELECT count(*) FROM "APBILL" WHERE "STATE" = 'PP'""", 3),
        ("private vendors", 'SELECT count(*) FROM "VENDOR" WHERE "MEGAENTITYID" IS NOT NULL', 3),
        ("private bills", 'SELECT count(*) FROM "APBILL" WHERE "MEGAENTITYID" IS NOT NULL', 3),
        ("never changed", 'SELECT count(*) FROM "VENDOR" WHERE "WHENMODIFIED" IS NULL', 3),
        ("an import in one second", 'SELECT count(*) FROM "ITEM" GROUP BY "WHENMODIFIED" ORDER BY 1 DESC', 200),
        ("deletions in the audit history", """SELECT count(*) FROM "AUDITHISTORY" WHERE "ACCESSMODE" = 'D'""", 5),
        ("drafts", """SELECT count(*) FROM "GLBATCH" WHERE "STATE" = 'I'""", 1),
        ("foreign currency", 'SELECT count(*) FROM "APBILL" WHERE "CURRENCY" != "BASECURR"', 3),
        ("entities in pounds", """SELECT count(*) FROM "GLDETAIL" WHERE "BASECURR" = 'GBP'""", 100),
        ("statistical lines", """SELECT count(*) FROM "GLDETAIL" WHERE "STATISTICAL" = 'true'""", 10),
        ("user-defined dimension", 'SELECT count(*) FROM "GLDETAIL" WHERE "GLDIMCHANNEL" IS NOT NULL', 10),
        ("odd names", """SELECT count(*) FROM "VENDOR" WHERE "NAME" GLOB '*[&<"'']*'""", 4),
        ("names beyond Latin", """SELECT count(*) FROM "VENDOR" WHERE "NAME" LIKE '%漢字%'""", 1),
        ("gains and losses", """SELECT count(*) FROM "GLDETAIL" WHERE "ACCOUNTNO" = '7900'""", 1),
    ],
)
def test_the_company_has_what_a_reader_must_survive(sandbox: SandboxProcess, what: str, sql: str, least: int) -> None:
    [count] = rows(sandbox, sql + " LIMIT 1")[0].values()
    assert int(str(count)) >= least, what


def test_people_are_numbered_as_the_company_expects(sandbox: SandboxProcess) -> None:
    users = rows(sandbox, 'SELECT "RECORDNO", "LOGINID" FROM "USERINFO" ORDER BY 1')
    assert [row["LOGINID"] for row in users] == ["etl", "auditor", "west", "locked", "approver", "controller"]


def test_the_calendar_covers_two_years(sandbox: SandboxProcess) -> None:
    months = rows(sandbox, """SELECT "NAME" FROM "REPORTINGPERIOD" WHERE "BUDGETING" = 'true' ORDER BY "START_DATE" """)
    assert (len(months), months[0]["NAME"], months[-1]["NAME"]) == (
        24, "Month Ended January 2025", "Month Ended December 2026",
    )  # fmt: skip
    names = {row["NAME"] for row in rows(sandbox, 'SELECT "NAME" FROM "REPORTINGPERIOD"')}
    assert names >= {"Current Month", "Quarter Ended March 2026", "Calendar Year Ended December 2025"}


def test_another_size_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="small, medium, large"):
        open_company(tmp_path / "x.db", size="huge")
