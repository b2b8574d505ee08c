"""The year-end close: income and expense of a year go to retained earnings in one journal entry per entity."""

from datetime import date
from decimal import Decimal

from airflow_provider_intacct.sandbox.ledger import postings
from airflow_provider_intacct.sandbox.ledger.audit import remember
from airflow_provider_intacct.sandbox.ledger.books import Books
from airflow_provider_intacct.sandbox.ledger.postings import Line

RETAINED_EARNINGS = "3000"


def close_year(books: Books, year: int) -> None:
    """Enter the closing entries of a year: every closing account, location and department stands at zero after it."""
    last_day = date(year, 12, 31)
    rows = books.db.execute(
        """SELECT d."CHILDENTITY", d."BASECURR", d."ACCOUNTNO", d."LOCATIONID", d."DEPARTMENTID", sum(d."AMOUNT")
           FROM "GLDETAIL" AS d JOIN "GLACCOUNT" AS a ON a."ACCOUNTNO" = d."ACCOUNTNO"
           WHERE a."CLOSINGTYPE" = 'C' AND a."STATISTICAL" = 'false' AND d."ENTRY_DATE" <= ?
           GROUP BY 1, 2, 3, 4, 5 HAVING sum(d."AMOUNT") != 0 ORDER BY 1, 2, 3, 4, 5""",
        (last_day.isoformat(),),
    ).fetchall()
    for entity in sorted({row[0] for row in rows}):
        lines = []
        for _, currency, account, location, department, balance in (row for row in rows if row[0] == entity):
            amount = Decimal(balance).scaleb(-2)
            for number, signed, place in ((account, -amount, department), (RETAINED_EARNINGS, amount, None)):
                lines.append(Line(number, signed, signed, entity, location, currency, currency, Decimal(1), place))
        header = {"JOURNAL": "SYSJ", "BATCH_DATE": last_day, "BATCH_TITLE": f"Close of fiscal year {year} - {entity}"}
        key = postings.enter(books, header, lines)
        remember(books, books.definition("GLBATCH"), {**header, "RECORDNO": key}, "Create")
