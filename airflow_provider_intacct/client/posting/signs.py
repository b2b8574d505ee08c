"""Whether the amounts of a plain record have the sign that its kind takes. Pure; typed transactions say so themselves.

Source: developer.intacct.com, Accounts Payable > Adjustments (all lines positive, or all negative), AP payments;
Accounts Receivable > AR payments.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from airflow_provider_intacct.client.errors import InvalidRecordError
from airflow_provider_intacct.client.posting.kinds import Kind

OF_ONE_SIGN = frozenset({"APADJUSTMENT", "create_apadjustment"})
PAYMENTS = frozenset({"APPYMT", "ARPYMT"})
PAID = ("TRX_PAYMENTAMOUNT", "TRX_ADJUSTMENTAMOUNT", "TRX_POSTEDADVANCEAMOUNT", "TRX_INLINEAMOUNT")
AMOUNTS = ("TRX_AMOUNT", "AMOUNT", "amount")


def check_signs(kind: Kind, lines: Sequence[Mapping[str, Any]], path: str) -> None:
    """Raise InvalidRecordError for the first line whose amount has a sign that Intacct does not take."""
    if kind.name in PAYMENTS:
        for number, line in enumerate(lines, 1):
            for name in PAID:
                if isinstance(amount := line.get(name), Decimal) and amount <= 0:
                    raise InvalidRecordError(
                        f"{path}, line {number} {name} is {amount}; a payment, or a credit used up, is more than zero. "
                        "Nothing was sent."
                    )
    if kind.name in OF_ONE_SIGN:
        _check_one_sign(lines, path)


def _check_one_sign(lines: Sequence[Mapping[str, Any]], path: str) -> None:
    first: Decimal | None = None
    for number, line in enumerate(lines, 1):
        name, amount = next(
            ((name, line[name]) for name in AMOUNTS if isinstance(line.get(name), Decimal)), ("", Decimal(0))
        )
        if not name:
            continue
        if amount == 0:
            raise InvalidRecordError(f"{path}, line {number} {name} is 0; leave the line out. Nothing was sent.")
        if first is not None and (amount < 0) != (first < 0):
            raise InvalidRecordError(
                f"{path}, line {number} {name} is {amount}, and has another sign than line 1 ({first}); make two "
                "adjustments of it. Nothing was sent."
            )
        first = amount if first is None else first
