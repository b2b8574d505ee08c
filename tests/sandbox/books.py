"""Requests that write, as raw XML from the wire facts, and what an accountant checks afterwards in the books."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from xml.sax.saxutils import escape

from lxml import etree

from tests.gateway_requests import Answer, call
from tests.sandbox_process import SandboxProcess

TRANSACTION_FAILED = ("BL01001973", "Currently, we can't create the transaction")


def element(name: str, fields: Mapping[str, object], inner: str = "") -> str:
    """Return an element whose children are the fields; None is left out, "" is an empty element."""
    body = "".join(f"<{key}>{escape(str(value))}</{key}>" for key, value in fields.items() if value is not None)
    return f"<{name}>{body}{inner}</{name}>"


def create(*records: str) -> str:
    """Return a create of these records."""
    return f"<create>{''.join(records)}</create>"


def update(*records: str) -> str:
    """Return an update of these records."""
    return f"<update>{''.join(records)}</update>"


def delete(object_name: str, *keys: object) -> str:
    """Return a delete of these keys."""
    return f"<delete><object>{object_name}</object><keys>{','.join(map(str, keys))}</keys></delete>"


def line(account: str, amount: object, location: str | None = "100", **more: object) -> str:
    """Return a GLENTRY: a positive amount is a debit, a negative one a credit."""
    signed = Decimal(str(amount))
    fields = {
        "ACCOUNTNO": account,
        "LOCATION": location,
        "TR_TYPE": 1 if signed >= 0 else -1,
        "TRX_AMOUNT": abs(signed),
    }
    return element("GLENTRY", fields | more)


def journal_entry(*lines: str, inner: str = "", **header: object) -> str:
    """Return a GLBATCH of March 2026 in the general journal, unless the header says otherwise."""
    fields = {"JOURNAL": "GJ", "BATCH_DATE": "03/31/2026", "BATCH_TITLE": "Accrual"} | header
    return element("GLBATCH", fields, f"<ENTRIES>{''.join(lines)}</ENTRIES>{inner}")


def accrual(amount: object = "10.00", **header: object) -> str:
    """Return the smallest journal entry that balances."""
    return journal_entry(line("6500", amount), line("2100", f"-{amount}"), **header)


def bill_line(
    amount: object = "100.00", account: str | None = "6000", location: str | None = "100", **more: object
) -> str:
    """Return an APBILLITEM."""
    return element("APBILLITEM", {"ACCOUNTNO": account, "TRX_AMOUNT": amount, "LOCATIONID": location} | more)


def bill(*lines: str, **header: object) -> str:
    """Return an APBILL of vendor V001 of 2026-03-10, unless the header says otherwise."""
    fields = {"VENDORID": "V001", "WHENCREATED": "03/10/2026", "WHENDUE": "04/09/2026"} | header
    return element("APBILL", fields, f"<APBILLITEMS>{''.join(lines or (bill_line(),))}</APBILLITEMS>")


def adjustment(kind: str, *amounts: str, inner: str = "", day: str = "2026-03-12", line: str = "", **more: str) -> str:
    """Return a create_apadjustment or create_aradjustment (`kind`: ap, ar) with one line per amount."""
    party, account = (
        ("<vendorid>V001</vendorid>", "6000") if kind == "ap" else ("<customerid>C001</customerid>", "4000")
    )
    lines = "".join(
        f"<lineitem><glaccountno>{account}</glaccountno><amount>{amount}</amount>{line}<locationid>100</locationid></lineitem>"
        for amount in amounts
    )
    named = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in more.items())
    items = f"<{kind}adjustmentitems>{lines}</{kind}adjustmentitems>"
    header = f"{party}{legacy_date('datecreated', day)}{named}{inner}"
    return f"<create_{kind}adjustment>{header}{items}</create_{kind}adjustment>"


def legacy_date(name: str, day: str) -> str:
    """Return a date in parts from an ISO date."""
    year, month, rest = day.split("-")
    return f"<{name}><year>{year}</year><month>{month}</month><day>{rest}</day></{name}>"


def invoice(
    *amounts: str, customer: str = "C001", day: str = "2026-03-10", number: str = "", location: str = "100",
    currency: str = "",
) -> str:  # fmt: skip
    """Return a create_invoice with one line of revenue per amount, due in thirty days."""
    lines = "".join(
        f"<lineitem><glaccountno>4000</glaccountno><amount>{amount}</amount><locationid>{location}</locationid></lineitem>"
        for amount in amounts or ("100.00",)
    )
    named = f"<invoiceno>{escape(number)}</invoiceno>" if number else ""
    if currency:
        named += f"<currency>{currency}</currency><exchratetype>Intacct Daily Rate</exchratetype>"
    return (
        f"<create_invoice><customerid>{customer}</customerid>{legacy_date('datecreated', day)}<termname>N30</termname>"
        f"{named}<invoiceitems>{lines}</invoiceitems></create_invoice>"
    )


def payment(*details: tuple[object, object], **header: object) -> str:
    """Return an APPYMT of vendor V001 from the USD account; a detail is (bill key, amount)."""
    fields = {"FINANCIALENTITY": "BOA", "PAYMENTMETHOD": "EFT", "VENDORID": "V001", "PAYMENTDATE": "04/15/2026",
              "CURRENCY": "USD"} | header  # fmt: skip
    lines = "".join(element("APPYMTDETAIL", {"RECORDKEY": key, "TRX_PAYMENTAMOUNT": paid}) for key, paid in details)
    return element("APPYMT", fields, f"<APPYMTDETAILS>{lines}</APPYMTDETAILS>")


def receipt(*details: tuple[object, object], **header: object) -> str:
    """Return an ARPYMT of customer C001 into the USD account; a detail is (invoice key, amount)."""
    fields = {"FINANCIALENTITY": "BOA", "PAYMENTMETHOD": "Cash", "CUSTOMERID": "C001", "RECEIPTDATE": "04/15/2026",
              "CURRENCY": "USD"} | header  # fmt: skip
    lines = "".join(element("ARPYMTDETAIL", {"RECORDKEY": key, "TRX_PAYMENTAMOUNT": paid}) for key, paid in details)
    return element("ARPYMT", fields, f"<ARPYMTDETAILS>{lines}</ARPYMTDETAILS>")


def succeed(sandbox: SandboxProcess, body: str, **options: object) -> etree._Element:
    """Call one function that must succeed and return its result."""
    answer = call(sandbox, body, **options)
    assert answer.statuses == ["success"], answer.body.decode()
    return answer.results[0]


def key_of(sandbox: SandboxProcess, body: str, **options: object) -> int:
    """Call one function that writes one record and return its record number."""
    result = succeed(sandbox, body, **options)
    return int(result.findtext("key") or result.findtext("data/*/RECORDNO") or result.findtext("data/*/id") or "")


def refused(sandbox: SandboxProcess, body: str, **options: object) -> list[tuple[str | None, str]]:
    """Call one function that must fail and return its errors, most specific first."""
    answer: Answer = call(sandbox, body, **options)
    assert answer.statuses == ["failure"], answer.body.decode()
    return answer.errors()


@contextmanager
def reading(sandbox: SandboxProcess) -> Iterator[sqlite3.Connection]:
    """Open the company's file to look at."""
    db = sqlite3.connect(f"file:{sandbox.db}?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    try:
        yield db
    finally:
        db.close()


def rows(sandbox: SandboxProcess, sql: str, *values: object) -> list[dict[str, object]]:
    """Return rows of the company's file; amounts are whole cents there."""
    with reading(sandbox) as db:
        return [dict(row) for row in db.execute(sql, values)]


def one(sandbox: SandboxProcess, object_name: str, key: object) -> dict[str, object]:
    """Return the row of a record."""
    found = rows(sandbox, f'SELECT * FROM "{object_name}" WHERE "RECORDNO" = ?', key)
    assert len(found) == 1, found
    return found[0]


def postings(sandbox: SandboxProcess, batch: object) -> list[tuple[object, ...]]:
    """Return what a journal entry posted: (account, location, cents), in order."""
    found = rows(sandbox, 'SELECT * FROM "GLDETAIL" WHERE "BATCHKEY" = ? ORDER BY "RECORDNO"', batch)
    return [(row["ACCOUNTNO"], row["LOCATIONID"], row["AMOUNT"]) for row in found]


def balance(
    sandbox: SandboxProcess, account: str, location: str = "100", period: str = "Month Ended March 2026"
) -> int:
    """Return an account's ending balance in cents."""
    sql = """SELECT sum("ENDBAL") AS cents FROM "GLACCOUNTBALANCE"
             WHERE "ACCOUNTNO" = ? AND "LOCATIONID" = ? AND "PERIOD" = ?"""
    return int(str(rows(sandbox, sql, account, location, period)[0]["cents"] or 0))


def ledger_faults(db: sqlite3.Connection) -> list[str]:
    """Return what does not tie out in a company's books; empty when all of it does."""
    checks: Sequence[tuple[str, str]] = (
        (
            "a journal entry does not balance in an entity",
            """SELECT "BATCHKEY", "CHILDENTITY", sum("AMOUNT") FROM "GLDETAIL" WHERE "STATISTICAL" = 'false'
               GROUP BY 1, 2 HAVING sum("AMOUNT") != 0""",
        ),
        (
            "debits and credits are not the amounts",
            """SELECT "RECORDNO" FROM "GLDETAIL" WHERE "AMOUNT" != "DEBITAMOUNT" - "CREDITAMOUNT"
               OR "TRX_AMOUNT" != "TRX_DEBITAMOUNT" - "TRX_CREDITAMOUNT" OR min("DEBITAMOUNT", "CREDITAMOUNT") != 0""",
        ),
        (
            "a journal entry's lines are not what they posted",
            """SELECT e."RECORDNO" FROM "GLENTRY" AS e JOIN "GLDETAIL" AS d ON d."GLENTRYKEY" = e."RECORDNO"
               WHERE e."TR_TYPE" * e."AMOUNT" != d."AMOUNT" OR e."TR_TYPE" * e."TRX_AMOUNT" != d."TRX_AMOUNT"
               OR d."TR_TYPE" != e."TR_TYPE" """,
        ),
        (
            "accounts payable is not what bills owe",
            """SELECT e."BASELOCATION", e.due, l.owed FROM
               (SELECT "BASELOCATION", sum("AMOUNT" - "TOTALPAID") AS due FROM
                (SELECT i.* FROM (SELECT "RECORDKEY", "BASELOCATION", "AMOUNT", "TOTALPAID" FROM "APBILLITEM") AS i
                 JOIN "APBILL" AS b ON b."RECORDNO" = i."RECORDKEY" WHERE b."STATE" NOT IN ('D', 'S', 'PA', 'U')
                 UNION ALL
                 SELECT i.* FROM
                 (SELECT "RECORDKEY", "BASELOCATION", "AMOUNT", "TOTALPAID" FROM "APADJUSTMENTITEM") AS i
                 JOIN "APADJUSTMENT" AS b ON b."RECORDNO" = i."RECORDKEY" WHERE b."STATE" != 'D') GROUP BY 1) AS e
               LEFT JOIN (SELECT "CHILDENTITY", -sum("AMOUNT") AS owed FROM "GLDETAIL" WHERE "ACCOUNTNO" = '2000'
                GROUP BY 1) AS l ON l."CHILDENTITY" = e."BASELOCATION" WHERE e.due IS NOT coalesce(l.owed, 0)""",
        ),
        (
            "accounts receivable is not what customers owe",
            """SELECT e."BASELOCATION", e.due, l.owed FROM
               (SELECT "BASELOCATION", sum("AMOUNT" - "TOTALPAID") AS due FROM
                (SELECT i.* FROM (SELECT "RECORDKEY", "BASELOCATION", "AMOUNT", "TOTALPAID" FROM "ARINVOICEITEM") AS i
                 JOIN "ARINVOICE" AS b ON b."RECORDNO" = i."RECORDKEY" WHERE b."STATE" != 'D'
                 UNION ALL
                 SELECT i.* FROM
                 (SELECT "RECORDKEY", "BASELOCATION", "AMOUNT", "TOTALPAID" FROM "ARADJUSTMENTITEM") AS i
                 JOIN "ARADJUSTMENT" AS b ON b."RECORDNO" = i."RECORDKEY" WHERE b."STATE" != 'D') GROUP BY 1) AS e
               LEFT JOIN (SELECT "CHILDENTITY", sum("AMOUNT") AS owed FROM "GLDETAIL" WHERE "ACCOUNTNO" = '1200'
                GROUP BY 1) AS l ON l."CHILDENTITY" = e."BASELOCATION" WHERE e.due IS NOT coalesce(l.owed, 0)""",
        ),
        (
            "the control accounts are not the open documents",
            """SELECT 1 WHERE (SELECT coalesce(sum("TOTALDUE"), 0) FROM
                 (SELECT "TOTALDUE" FROM "APBILL" UNION ALL SELECT "TOTALDUE" FROM "APADJUSTMENT"))
                 != (SELECT -coalesce(sum("AMOUNT"), 0) FROM "GLDETAIL" WHERE "ACCOUNTNO" = '2000')
               OR (SELECT coalesce(sum("TOTALDUE"), 0) FROM
                 (SELECT "TOTALDUE" FROM "ARINVOICE" UNION ALL SELECT "TOTALDUE" FROM "ARADJUSTMENT"))
                 != (SELECT coalesce(sum("AMOUNT"), 0) FROM "GLDETAIL" WHERE "ACCOUNTNO" = '1200')""",
        ),
        *(
            (
                f"{header} totals are not those of its lines",
                f"""SELECT h."RECORDNO" FROM "{header}" AS h JOIN
                    (SELECT "RECORDKEY", sum("AMOUNT") AS a, sum("TRX_AMOUNT") AS t, sum("TOTALPAID") AS p
                     FROM "{header}ITEM" GROUP BY 1) AS i ON i."RECORDKEY" = h."RECORDNO"
                    WHERE h."TOTALENTERED" != i.a OR h."TRX_TOTALENTERED" != i.t OR h."TOTALPAID" != i.p
                    OR (h."STATE" NOT IN ('D', 'S', 'PA', 'U') AND h."TOTALDUE" != i.a - i.p)
                    OR (h."STATE" = 'P') !=
                      (h."STATE" NOT IN ('D', 'S', 'PA', 'U', 'SL', 'V', 'VR') AND h."TRX_TOTALDUE" = 0)""",
            )
            for header in ("APBILL", "ARINVOICE", "APADJUSTMENT", "ARADJUSTMENT", "ARADVANCE")
        ),
        *(
            (
                f"{payment} settled something else than the documents say",
                f"""SELECT i."RECORDNO" FROM "{header}ITEM" AS i JOIN "{header}" AS h ON h."RECORDNO" = i."RECORDKEY"
                    WHERE h."STATE" NOT IN ('V', 'VR') AND i."TRX_TOTALPAID" != (
                      SELECT coalesce(sum(s.trx), 0) FROM settlement AS s JOIN "{payment}" AS p
                        ON p."RECORDNO" = s.payment
                      WHERE s.item = i."RECORDNO" AND s.object = '{header}' AND s.field = 'TOTALPAID'
                        AND p."STATE" = 'C')""",
            )
            for header, payment in (
                ("APBILL", "APPYMT"),
                ("ARINVOICE", "ARPYMT"),
                ("APADJUSTMENT", "APPYMT"),
                ("ARADJUSTMENT", "ARPYMT"),
                ("ARADVANCE", "ARPYMT"),
            )
        ),
        *(
            (
                f"{payment} has details that are not what it settled",
                f"""SELECT p."RECORDNO" FROM "{payment}" AS p WHERE p."STATE" = 'C' AND (
                      SELECT coalesce(sum({" + ".join(f'coalesce(d."TRX_{name}AMOUNT", 0)' for name in sources)}), 0)
                      FROM "{payment}DETAIL" AS d WHERE d."PAYMENTKEY" = p."RECORDNO") != (
                      SELECT coalesce(sum(s.trx), 0) + coalesce((SELECT sum(
                        coalesce(d."TRX_ADJUSTMENTAMOUNT", 0) + coalesce(d."TRX_INLINEAMOUNT", 0)
                        - coalesce(d."TRX_POSTEDADVANCEAMOUNT", 0))
                        FROM "{payment}DETAIL" AS d WHERE d."PAYMENTKEY" = p."RECORDNO"), 0)
                      FROM settlement AS s WHERE s.payment = p."RECORDNO" AND s.field = 'TOTALPAID')""",
            )
            for payment, sources in (
                ("APPYMT", ("PAYMENT", "ADJUSTMENT", "INLINE", "DISCOUNT")),
                ("ARPYMT", ("PAYMENT", "ADJUSTMENT", "INLINE", "DISCOUNT", "POSTEDOVERPAYMENT", "POSTEDADVANCE")),
            )
        ),
        (
            "balances are not the sum of what was posted",
            """SELECT p."NAME" FROM "REPORTINGPERIOD" AS p
               WHERE p."NAME" IN ('Month Ended March 2026', 'Calendar Year Ended December 2026') AND
               (SELECT coalesce(sum("ENDBAL"), 0) FROM "GLACCOUNTBALANCE"
                WHERE "PERIOD" = p."NAME" AND "ACCOUNTNO" IN ('2000', '6500'))
               != (SELECT coalesce(sum("AMOUNT"), 0) FROM "GLDETAIL" WHERE "ENTRY_DATE" <= p."END_DATE"
                   AND "ACCOUNTNO" IN ('2000', '6500'))""",
        ),
        (
            "lines without a journal entry, or the other way round",
            """SELECT "RECORDNO" FROM "GLDETAIL" WHERE "BATCHKEY" NOT IN (SELECT "RECORDNO" FROM "GLBATCH")
               UNION ALL SELECT "RECORDNO" FROM "GLENTRY" WHERE "BATCHNO" NOT IN (SELECT "RECORDNO" FROM "GLBATCH")
               UNION ALL SELECT "RECORDNO" FROM "GLBATCH" WHERE "STATE" = 'P'
                 AND "RECORDNO" NOT IN (SELECT "BATCHKEY" FROM "GLDETAIL")""",
        ),
    )
    return [f"{words}: {found[:3]}" for words, sql in checks if (found := [tuple(row) for row in db.execute(sql)])]


def assert_books_tie_out(sandbox: SandboxProcess) -> None:
    """Hold every accounting invariant against the company."""
    with reading(sandbox) as db:
        assert ledger_faults(db) == []
