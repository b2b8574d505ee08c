"""The company's calendar: a transaction needs a reporting period, and the period must be open."""

from datetime import date

from .books import Books
from .refusals import closed_period, refused


def require_open(books: Books, day: date) -> None:
    """Refuse a date outside the fiscal calendar or in a period that is closed."""
    closed_through = str(books.switches["books_closed_through"])
    if closed_through and day <= date.fromisoformat(closed_through):
        raise closed_period(day, str(books.switches["closed_period_errorno"]))
    sql = """SELECT 1 FROM "REPORTINGPERIOD" WHERE "START_DATE" <= ?1 AND "END_DATE" >= ?1 AND "BUDGETING" = 'true'"""
    if books.db.execute(sql, (day.isoformat(),)).fetchone() is None:
        raise refused(f"There is no reporting period for the transaction date ({day:%m/%d/%Y}).")
