"""Whether a journal entry is one: at least two lines, each a debit or a credit, in balance. Pure; money is Decimal.

Per entity it cannot be judged here, for only the company knows which location belongs to which entity.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from airflow_provider_intacct.client.errors import InvalidRecordError, UnbalancedEntryError

SIGNS = {"1": 1, "-1": -1, "debit": 1, "credit": -1}


def check_journal_entry(lines: Sequence[Mapping[str, Any]], path: str) -> None:
    """Raise unless `lines` (GLENTRY, or the legacy glentry) balance in each transaction currency.

    Amounts are absolute; TR_TYPE 1 or "debit" is a debit, -1 or "credit" a credit.
    Source: developer.intacct.com, General Ledger > Journal entries, "Create".
    """
    if len(lines) < 2:
        found = "has no lines" if not lines else "has one line"
        raise UnbalancedEntryError(
            f"{path}: the journal entry {found}; it takes at least a debit and a credit. Nothing was sent. "
            "(An entry in a statistical journal takes one: pass statistical=True.)"
        )
    sums: dict[str, dict[int, Decimal]] = defaultdict(lambda: {1: Decimal(0), -1: Decimal(0)})
    for number, line in enumerate(lines, 1):
        sign, amount = _sign(line, f"{path}, line {number}"), _amount(line, f"{path}, line {number}")
        sums[str(line.get("CURRENCY") or line.get("currency") or "")][sign] += amount
    differing = [(currency, totals) for currency, totals in sums.items() if totals[1] != totals[-1]]
    if differing:
        words = "; ".join(_difference(currency, totals[1], totals[-1]) for currency, totals in differing)
        raise UnbalancedEntryError(f"{path}: the journal entry does not balance: {words}. Nothing was sent.")


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


def _difference(currency: str, debit: Decimal, credit: Decimal) -> str:
    where = f" in {currency}" if currency else ""
    return f"debits {debit} and credits {credit}{where} differ by {abs(debit - credit)}"
