"""Volume by SQL: journal entries and bills by the hundred thousand, tied out like those that the rules enter.

Every amount, account and date follows from the number of its entry, so the same size is the same company. What is
written is what ledger/postings.py would write; a test holds both against the same invariants.
"""

import sqlite3
from dataclasses import dataclass

from airflow_provider_intacct.sandbox.catalog import ObjectDefinition
from airflow_provider_intacct.sandbox.ledger.books import Books
from airflow_provider_intacct.sandbox.store import quoted

_FIRST_DAY, _DAYS = "2025-01-01", 545
_PAIRS = 5
_PLACES = (("100", "100", "USD"), ("200", "200", "USD"), ("300", "300", "GBP"), ("100", "110", "USD"),
           ("200", "210", "USD"), ("300", "310", "GBP"), ("100", "120", "USD"))  # fmt: skip
_DEPARTMENTS = ("10", "11", "20", "30", "40", "50")
_DEBITS = (
    "5000",
    "5010",
    "5020",
    "6000",
    "6010",
    "6100",
    "6110",
    "6200",
    "6300",
    "6400",
    "6500",
    "6600",
    "6700",
    "6710",
)
_CREDITS = ("2100", "1400", "2110", "1300", "2400")


@dataclass(frozen=True, slots=True)
class Volume:
    """How many journal entries of ten lines, and bills of two, a size adds."""

    entries: int
    bills: int


VOLUMES = {"small": Volume(0, 0), "medium": Volume(4_800, 600), "large": Volume(98_000, 10_000)}


def enter(books: Books, size: str) -> None:
    """Add a size's volume to the company."""
    volume = VOLUMES[size]
    if not volume.entries:
        return
    db = books.db
    _choices(db)
    _journal_entries(books, volume.entries)
    _bills(books, volume.bills)
    for name in ("places", "departments", "debits", "credits", "entries", "pairs", "bills", "vendors"):
        db.execute(f"DROP TABLE IF EXISTS temp.bulk_{name}")


def _choices(db: sqlite3.Connection) -> None:
    """Put what the entries choose from into numbered tables."""
    db.execute("CREATE TEMP TABLE bulk_places (n INTEGER PRIMARY KEY, entity TEXT, location TEXT, currency TEXT)")
    db.executemany("INSERT INTO bulk_places VALUES (?, ?, ?, ?)", ((n, *row) for n, row in enumerate(_PLACES)))
    for name, values in (("departments", _DEPARTMENTS), ("debits", _DEBITS), ("credits", _CREDITS)):
        db.execute(f"CREATE TEMP TABLE bulk_{name} (n INTEGER PRIMARY KEY, id TEXT)")
        db.executemany(f"INSERT INTO bulk_{name} VALUES (?, ?)", enumerate(values))


def _journal_entries(books: Books, count: int) -> None:
    """Entries of five debits and five credits, spread evenly over a year and a half, each in one location."""
    db = books.db
    last = _reserve(books, "GLBATCH", count)
    number = _reserve_name(db, "BATCHNO GJ", count)
    db.execute(
        f"""CREATE TEMP TABLE bulk_entries AS
        WITH RECURSIVE entry (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM entry WHERE i + 1 < {count})
        SELECT i, {last} + 1 + i AS key, {number} + 1 + i AS batch_no,
          date('{_FIRST_DAY}', '+' || (i * {_DAYS} / {count}) || ' days') AS day,
          p.entity, p.location, p.currency, 'Daily summary ' || i AS title
        FROM entry JOIN bulk_places AS p ON p.n = i % {len(_PLACES)} ORDER BY i"""
    )
    _fill(
        books,
        "GLBATCH",
        {
            **_stamps("day"),
            "RECORDNO": "key", "BATCHNO": "batch_no", "BATCH_TITLE": "title", "JOURNAL": "'GJ'", "BATCH_DATE": "day",
            "BALANCE": "0", "MODULE": "'2.GL'", "USERINFO": "'etl'", "USERKEY": "1", "STATE": "'P'",
            "REFERENCENO": "'D-' || i", "MODIFIED": "day || 'T20:00:00Z'", "MODIFIEDBYID": "'etl'",
        },
        "bulk_entries",
    )  # fmt: skip
    db.execute(
        f"""CREATE TEMP TABLE bulk_pairs AS
        WITH RECURSIVE pair (j) AS (SELECT 0 UNION ALL SELECT j + 1 FROM pair WHERE j + 1 < {_PAIRS}),
        side (sign) AS (VALUES (1), (-1))
        SELECT e.*, pair.j * 2 + (sign = -1) + 1 AS line_no, sign,
          100 + (e.i * 7919 + pair.j * 104729) % 500000 AS cents,
          CASE sign WHEN 1 THEN d.id ELSE c.id END AS account, p.id AS department
        FROM bulk_entries AS e CROSS JOIN pair CROSS JOIN side
        JOIN bulk_debits AS d ON d.n = (e.i + pair.j) % {len(_DEBITS)}
        JOIN bulk_credits AS c ON c.n = (e.i + pair.j) % {len(_CREDITS)}
        JOIN bulk_departments AS p ON p.n = (e.i + pair.j) % {len(_DEPARTMENTS)}
        ORDER BY e.i, line_no"""
    )
    _ledger_lines(books, "bulk_pairs", count * _PAIRS * 2, symbol="GJ", module="2.GL", extra={})


def _bills(books: Books, count: int) -> None:
    """Posted bills of two lines that nobody paid yet, all of 2026."""
    db = books.db
    db.execute(
        """CREATE TEMP TABLE bulk_vendors AS SELECT row_number() OVER (ORDER BY "RECORDNO") - 1 AS n, "VENDORID" AS id
        FROM "VENDOR" WHERE "MEGAENTITYID" IS NULL AND "STATUS" = 'T'"""
    )
    vendors = db.execute("SELECT count(*) FROM bulk_vendors").fetchone()[0]
    bill, batch = _reserve(books, "APBILL", count), _reserve(books, "GLBATCH", count)
    number = _reserve_name(db, "BATCHNO APJ", count)
    db.execute(
        f"""CREATE TEMP TABLE bulk_bills AS
        WITH RECURSIVE entry (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM entry WHERE i + 1 < {count})
        SELECT i, {bill} + 1 + i AS bill, {batch} + 1 + i AS key, {number} + 1 + i AS batch_no,
          date('2026-01-01', '+' || (i * 180 / {count}) || ' days') AS day,
          date('2026-01-01', '+' || (i * 180 / {count} + 30) || ' days') AS due,
          p.entity, p.location, p.currency, v.id AS vendor, 'M-' || i AS number, 'Bill M-' || i AS title,
          100 + i * 7919 % 90000 AS first, 100 + i * 104729 % 90000 AS second
        FROM entry JOIN bulk_places AS p ON p.n = i % {len(_PLACES)} JOIN bulk_vendors AS v ON v.n = i % {vendors}
        ORDER BY i"""
    )
    total = {f"{prefix}{name}": "first + second" for prefix in ("", "TRX_") for name in ("TOTALENTERED", "TOTALDUE")}
    zero = {f"{prefix}{name}": "0" for prefix in ("", "TRX_") for name in ("TOTALPAID", "TOTALSELECTED")}
    header = {
        **_stamps("day"), **total, **zero,
        "RECORDNO": "bill", "RECORDTYPE": "'pi'", "RECORDID": "number", "STATE": "'A'", "VENDORID": "vendor",
        "WHENCREATED": "day", "WHENPOSTED": "day", "WHENDUE": "due", "TERMNAME": "'N30'", "CURRENCY": "currency",
        "BASECURR": "currency", "EXCHANGE_RATE": "10000000000", "MODULEKEY": "'3.AP'", "GLBATCHKEY": "key",
    }  # fmt: skip
    _fill(books, "APBILL", header, "bulk_bills")
    first = _reserve(books, "APBILLITEM", 2 * count)
    for line, (amount, account) in enumerate((("first", "'6000'"), ("second", "'6500'"))):
        item = {
            **_stamps("day"),
            "RECORDNO": f"{first} + 1 + i * 2 + {line}", "RECORDKEY": "bill", "LINE_NO": str(line + 1),
            "LINEITEM": "'true'", "ACCOUNTNO": account, "OFFSETGLACCOUNTNO": "'2000'", "AMOUNT": amount,
            "TRX_AMOUNT": amount, "TOTALPAID": "0", "TRX_TOTALPAID": "0", "CURRENCY": "currency",
            "BASECURR": "currency", "EXCHANGE_RATE": "10000000000", "ENTRY_DATE": "day", "BASELOCATION": "entity",
            "LOCATIONID": "location", "DEPARTMENTID": "'40'",
        }  # fmt: skip
        _fill(books, "APBILLITEM", item, "bulk_bills")
    batch_row = {
        **_stamps("day"),
        "RECORDNO": "key", "BATCHNO": "batch_no", "BATCH_TITLE": "title", "JOURNAL": "'APJ'", "BATCH_DATE": "day",
        "BALANCE": "0", "MODULE": "'3.AP'", "USERINFO": "'etl'", "USERKEY": "1", "STATE": "'P'",
        "REFERENCENO": "number", "PRBATCHKEY": "bill", "PRBATCHRECTYPE": "'pi'", "MODIFIED": "day || 'T20:00:00Z'",
        "MODIFIEDBYID": "'etl'",
    }  # fmt: skip
    _fill(books, "GLBATCH", batch_row, "bulk_bills")
    db.execute(
        """CREATE TEMP TABLE bulk_bill_lines AS
        SELECT *, 1 AS line_no, 1 AS sign, first AS cents, '6000' AS account, '40' AS department FROM bulk_bills
        UNION ALL SELECT *, 2, 1, second, '6500', '40' FROM bulk_bills
        UNION ALL SELECT *, 3, -1, first + second, '2000', NULL FROM bulk_bills ORDER BY key, 2"""
    )
    source = {
        "RECORDKEY": "bill", "RECORDTYPE": "'pi'", "RECORDID": "number", "VENDORID": "vendor", "WHENDUE": "due",
        "TOTALENTERED": "first + second", "TOTALDUE": "first + second", "TOTALPAID": "0",
    }  # fmt: skip
    _ledger_lines(books, "bulk_bill_lines", 3 * count, symbol="APJ", module="3.AP", extra=source)
    db.execute("DROP TABLE temp.bulk_bill_lines")


def _ledger_lines(books: Books, source: str, count: int, *, symbol: str, module: str, extra: dict[str, str]) -> None:
    """Write the journal lines of a temporary table and what they post."""
    entry, detail = _reserve(books, "GLENTRY", count), _reserve(books, "GLDETAIL", count)
    places = {"ENTRY_DATE": "day", "ACCOUNTNO": "account", "TR_TYPE": "sign", "LINE_NO": "line_no",
              "CURRENCY": "currency", "BASECURR": "currency", "EXCHANGE_RATE": "10000000000"}  # fmt: skip
    vendor = {"VENDORID": extra["VENDORID"]} if "VENDORID" in extra else {}
    _fill(
        books,
        "GLENTRY",
        {
            **_stamps("day"), **places, **vendor, "RECORDNO": f"{entry} + rowid", "BATCHNO": "key", "AMOUNT": "cents",
            "TRX_AMOUNT": "cents", "LOCATION": "location", "DEPARTMENT": "department", "DESCRIPTION": "title",
        },
        source,
    )  # fmt: skip
    debit, credit = "CASE sign WHEN 1 THEN cents ELSE 0 END", "CASE sign WHEN 1 THEN 0 ELSE cents END"
    _fill(
        books,
        "GLDETAIL",
        {
            **_stamps("day", created="AUWHENCREATED"), **places, **extra,
            "RECORDNO": f"{detail} + rowid", "BATCHKEY": "key", "GLENTRYKEY": f"{entry} + rowid", "BATCH_DATE": "day",
            "BATCH_TITLE": "title", "BATCH_NO": "batch_no", "SYMBOL": f"'{symbol}'", "BOOKID": "'ACCRUAL'",
            "CHILDENTITY": "entity", "MODULEKEY": f"'{module}'", "ADJ": "'false'", "STATISTICAL": "'false'",
            "ENTRY_STATE": "'P'", "AMOUNT": "sign * cents", "DEBITAMOUNT": debit, "CREDITAMOUNT": credit,
            "TRX_AMOUNT": "sign * cents", "TRX_DEBITAMOUNT": debit, "TRX_CREDITAMOUNT": credit,
            "DESCRIPTION": "title", "ENTRYDESCRIPTION": "title", "LOCATIONID": "location",
            "DEPARTMENTID": "department", "WHENCREATED": "day",
        },
        source,
    )  # fmt: skip


def _stamps(day: str, created: str = "") -> dict[str, str]:
    moment = f"{day} || 'T20:00:00Z'"
    return {created or "CREATED": moment, "WHENMODIFIED": moment, "CREATEDBY": "1", "MODIFIEDBY": "1"}


def _fill(books: Books, object_name: str, columns: dict[str, str], source: str) -> None:
    """Insert one row per row of a temporary table: column names and the expressions that give their values."""
    definition: ObjectDefinition = books.definition(object_name)
    created = "AUWHENCREATED" if "AUWHENCREATED" in definition.fields else "WHENCREATED"
    named = {created if name == "CREATED" else name: value for name, value in columns.items()}
    into, values = ", ".join(map(quoted, named)), ", ".join(named.values())
    books.db.execute(
        f"INSERT INTO {quoted(definition.table)} ({into}) SELECT {values} FROM temp.{source} ORDER BY rowid"
    )


def _reserve(books: Books, object_name: str, count: int) -> int:
    """Take `count` numbers from an object's sequence and return the last one given before them."""
    definition = books.definition(object_name)
    return _reserve_name(books.db, definition.sequence, count, definition.first_number)


def _reserve_name(db: sqlite3.Connection, sequence: str, count: int, first: int = 1) -> int:
    row = db.execute(
        "INSERT INTO sequence_number (name, last) VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET last = last + ? RETURNING last",
        (sequence, first - 1 + count, count),
    ).fetchone()
    return int(row[0]) - count
