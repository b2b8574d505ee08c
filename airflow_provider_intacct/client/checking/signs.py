"""Whether the amounts of a document have the sign that its kind of record takes. Pure.

Journal lines, adjustments of both signs and payments of nothing are refused before; these are totals.
Source: developer.intacct.com, Accounts Payable > Adjustments, Accounts Receivable > Adjustments.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from airflow_provider_intacct.client.checking.content import Section
from airflow_provider_intacct.client.checking.problem import Problem

OWED = {"APBILL": ("bill", "create_apadjustment"), "ARINVOICE": ("invoice", "create_aradjustment")}
"""Objects whose total is owed, what a person calls them, and what makes a credit."""

AMOUNTS = ("TRX_AMOUNT", "AMOUNT", "TOTALTRXAMOUNT")


def sign_problems(header: Section, lines: Sequence[Section]) -> Iterator[Problem]:
    """Yield that a bill or an invoice comes to less than nothing."""
    if header.object not in OWED:
        return
    word, credit = OWED[header.object]
    total = sum((_amount(line) for line in lines), Decimal(0))
    if total < 0:
        text = f"the lines of the {word} come to {total}, and a {word} is owed"
        yield Problem(header.posting.position, "", text, f"post what reduces a debt as an adjustment ({credit})")


def _amount(line: Section) -> Decimal:
    given = (line.value(name) for name in AMOUNTS)
    return next((each for each in given if isinstance(each, Decimal)), Decimal(0))
