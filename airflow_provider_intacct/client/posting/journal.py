"""Whether a journal entry is one: at least two lines, each a debit or a credit, in balance. Pure; money is Decimal.

Per entity it cannot be judged here, for only the company knows which location belongs to which entity.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from airflow_provider_intacct.client.errors import InvalidRecordError, UnbalancedEntryError

Booked = tuple[Decimal, Mapping[str, Any]]
"""What a line books, negative for a credit, and the line."""

SIGNS = {"1": 1, "-1": -1, "debit": 1, "credit": -1}


def check_journal_entry(lines: Sequence[Mapping[str, Any]], path: str) -> None:
    """Raise unless `lines` (GLENTRY, or the legacy glentry) balance in each transaction currency.

    Amounts are absolute; TR_TYPE 1 or "debit" is a debit, -1 or "credit" a credit. Whether the tax on a line counts is
    not documented, so the entry may balance with it or without.
    Source: developer.intacct.com, General Ledger > Journal entries, "Create".
    """
    if len(lines) < 2:
        found = "has no lines" if not lines else "has one line"
        raise UnbalancedEntryError(
            f"{path}: the journal entry {found}; it takes at least a debit and a credit. Nothing was sent. "
            "(An entry in a statistical journal takes one: pass statistical=True.)"
        )
    booked = [(what_is_booked(line, f"{path}, line {number}"), line) for number, line in enumerate(lines, 1)]
    if _differing(booked) and _differing(
        [(amount + _sign(line, path) * tax_of(line), line) for amount, line in booked]
    ):
        words = "; ".join(_difference(currency, amounts) for currency, amounts in _differing(booked).items())
        raise UnbalancedEntryError(f"{path}: the journal entry does not balance: {words}. Nothing was sent.")


def what_is_booked(line: Mapping[str, Any], path: str) -> Decimal:
    """Return what a line books, negative for a credit. Raises InvalidRecordError."""
    return _sign(line, path) * _amount(line, path)


def _differing(booked: Sequence[Booked]) -> dict[str, list[Booked]]:
    """Return what is booked, by currency, in those currencies that do not balance."""
    by_currency: dict[str, list[Booked]] = defaultdict(list)
    for amount, line in booked:
        by_currency[str(line.get("CURRENCY") or line.get("currency") or "")].append((amount, line))
    return {currency: each for currency, each in by_currency.items() if sum(amount for amount, _ in each)}


def tax_of(line: Mapping[str, Any]) -> Decimal:
    """Return the tax that a line says it bears."""
    held = line.get("TAXENTRIES")
    entries = held.get("TAXENTRY", []) if isinstance(held, Mapping) else []
    entries = entries if isinstance(entries, list | tuple) else [entries]
    given = [each.get("TRX_TAX") for each in entries if isinstance(each, Mapping)]
    return sum((Decimal(each) for each in given if isinstance(each, Decimal | int)), Decimal(0))


def _sign(line: Mapping[str, Any], path: str) -> int:
    given = line.get("TR_TYPE", line.get("trtype"))
    sign = SIGNS.get(str(given).strip().lower())
    if sign is None:
        words = "has no TR_TYPE" if given in (None, "") else f"has TR_TYPE {given!r}"
        raise InvalidRecordError(f"{path} {words}; it is 1 for a debit and -1 for a credit. Nothing was sent.")
    return sign


def _amount(line: Mapping[str, Any], path: str) -> Decimal:
    amount = next((line[name] for name in ("TRX_AMOUNT", "AMOUNT", "amount") if line.get(name) not in (None, "")), None)
    if not isinstance(amount, Decimal):
        raise InvalidRecordError(f"{path} has no amount; give TRX_AMOUNT as a Decimal. Nothing was sent.")
    if amount < 0:
        raise InvalidRecordError(
            f"{path} has the negative amount {amount}; amounts are absolute, TR_TYPE says debit or credit. "
            "Nothing was sent."
        )
    return amount


def _difference(currency: str, booked: Sequence[Booked]) -> str:
    where = f" in {currency}" if currency else ""
    debit, credit = _totals(booked)
    words = f"debits {debit} and credits {credit}{where} differ by {abs(debit - credit)}"
    return words + _by_location(booked)


def _by_location(booked: Sequence[Booked]) -> str:
    """Return the difference of each location that does not balance by itself: one of them is where to look."""
    by_location: dict[str, list[Booked]] = defaultdict(list)
    for amount, line in booked:
        by_location[str(line.get("LOCATION") or line.get("locationid") or "none")].append((amount, line))
    if len(by_location) < 2:
        return ""
    totals = {location: _totals(each) for location, each in by_location.items()}
    told = [f"{name}: debits {debit}, credits {credit}" for name, (debit, credit) in totals.items() if debit != credit]
    return f" (by location {'; '.join(told)})"


def _totals(booked: Sequence[Booked]) -> tuple[Decimal, Decimal]:
    debit = sum((amount for amount, _ in booked if amount > 0), Decimal(0))
    return debit, -sum((amount for amount, _ in booked if amount < 0), Decimal(0))
