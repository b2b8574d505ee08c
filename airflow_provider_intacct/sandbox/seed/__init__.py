"""The demo company: deterministic, in three sizes, entered through the ledger's own rules so that it ties out.

No clock and no chance: the same size gives the same records, numbers and times, wherever and whenever it is made.
"""

from dataclasses import replace
from datetime import UTC, datetime

from airflow_provider_intacct.sandbox.company import Company
from airflow_provider_intacct.sandbox.ledger.approvals import NONE_NEEDED
from airflow_provider_intacct.sandbox.ledger.books import Books

from . import bulk, closing, masters, transactions

SIZES = ("small", "medium", "large")
FOUNDED = datetime(2024, 12, 2, 17, 0, 0, tzinfo=UTC)


def seed(company: Company, size: str) -> None:
    """Fill an empty company. small: some hundred documents; medium: 50,000 GLDETAIL rows; large: a million."""
    if size not in SIZES:
        raise ValueError(f"size is one of {', '.join(SIZES)}, not {size!r}")
    switches = {**company.switches, **NONE_NEEDED, "books_closed_through": ""}
    with company.store.write() as db:
        books = Books(db, company.catalog, switches, FOUNDED, "etl", 1)
        masters.enter(books)
        transactions.enter(replace(books, known={}))
        bulk.enter(books, size)
        closing.close_year(replace(books, now=datetime(2026, 1, 20, 18, 0, 0, tzinfo=UTC)), 2025)
        db.execute("DELETE FROM deletion")  # stamped by the real clock, and before the company's time
