"""Payment terms: when a document is due, and the server's own notation of a term that leaks into TERMVALUE."""

import calendar
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

_AFTER_DATE = "from invoice/bill date"
_OF_MONTH = "of the month of invoice/bill date"
_OF_NEXT_MONTH = "of next month from invoice/bill date"


def due_date(term: Mapping[str, Any], document_date: date) -> date:
    """Return the day on which a document of that date is due under the term.

    DUEDATE counts days after the document (the default), or after the end of its month, or is a day of the same or of
    the next month, as DUEFROM says; a day that the month lacks is its last.
    """
    days = int(term.get("DUEDATE") or 0)
    start = term.get("DUEFROM") or _AFTER_DATE
    if start == _AFTER_DATE:
        return document_date + timedelta(days=days)
    if start == _OF_MONTH:
        return _day_of_month(document_date, days)
    if start == _OF_NEXT_MONTH:
        return _day_of_month(_end_of_month(document_date) + timedelta(days=1), days)
    return _end_of_month(document_date) + timedelta(days=days)


def discount_date(term: Mapping[str, Any], document_date: date) -> date | None:
    """Return the last day on which the term's discount can be taken, grace days included; None where it has none."""
    if not term.get("DISCAMOUNT"):
        return None
    return document_date + timedelta(days=int(term.get("DISCDATE") or 0) + int(term.get("DISCFUDGEDAYS") or 0))


def discount_of(term: Mapping[str, Any], total: Decimal) -> Decimal:
    """Return the discount that a term grants on a document's total: an amount, or a percentage (the default)."""
    amount = Decimal(term.get("DISCAMOUNT") or 0)
    return (amount if term.get("DISCPERCAMN") == "$" else total * amount / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)


def term_value(term: Mapping[str, Any]) -> str:
    """Return TERMVALUE: discount, due and penalty parts, as in ` ::#30#:O:`. Source: a PsIntacct capture."""
    discount = ""
    if term.get("DISCAMOUNT"):
        unit = term.get("DISCPERCAMN") or "%"
        discount = f"#{Decimal(term['DISCAMOUNT']).normalize():f}{unit}#{term.get('DISCDATE') or 0}#"
    code = {_AFTER_DATE: "O", _OF_MONTH: "M", _OF_NEXT_MONTH: "N"}.get(term.get("DUEFROM") or _AFTER_DATE, "E")
    return f"{discount}::#{int(term.get('DUEDATE') or 0)}#:{code}:"


def _end_of_month(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _day_of_month(month: date, day: int) -> date:
    return month.replace(day=min(max(day, 1), calendar.monthrange(month.year, month.month)[1]))
