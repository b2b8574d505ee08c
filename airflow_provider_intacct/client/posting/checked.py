"""Whether a plain record can be posted: a copy with its money as Decimal, its dates as dates, its lines in their place.

Pure. What is wrong is named with record, line, field and remedy; nothing has been sent by then.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from airflow_provider_intacct.client.errors import InvalidRecordError
from airflow_provider_intacct.client.posting.journal import check_journal_entry
from airflow_provider_intacct.client.posting.kinds import Kind, Lines
from airflow_provider_intacct.client.posting.naming import in_words
from airflow_provider_intacct.client.posting.signs import check_signs

MONEY = frozenset(
    {
        *("AMOUNT", "TRX_AMOUNT", "TRX_PAYMENTAMOUNT", "TOTALTRXAMOUNT", "PAYMENTAMOUNT", "TRANSLATEDAMOUNT"),
        *("TRX_ADJUSTMENTAMOUNT", "TRX_POSTEDADVANCEAMOUNT", "TRX_INLINEAMOUNT", "TRX_TAX", "AMOUNTTOPAY"),
        *("TRX_AMOUNTTOPAY", "TRX_TOTALDISCOUNTTOAPPLY", "TRX_NEGATIVEINVOICEAMOUNT", "OVERPAYMENTAMOUNT"),
        *("TRX_POSTEDOVERPAYMENTAMOUNT", "OVERRIDETAXAMOUNT"),
        *("CREDITLIMIT", "BUDGETAMOUNT", "CONTRACTAMOUNT", "FLATAMOUNT"),
    }
)
"""Entries, in either case, that hold money. Intacct rounds more than two decimals without a word."""

DATED = re.compile(r"date\w*|\w*date|when\w+", re.ASCII | re.IGNORECASE)
"""Entries that hold a date where they hold the text of one: BATCH_DATE, WHENCREATED, datecreated."""


def check_record(
    record: Any, kind: Kind, path: str, *, statistical: bool = False, partial: bool = False
) -> dict[str, Any]:
    """Return a copy of `record` with its lines in their container and its money as Decimal, or say what is wrong.

    `statistical`  it is an entry of a statistical journal, which has quantities and no balance
    `partial`      it changes an existing record, whose lines it need not bring
    """
    if not isinstance(record, Mapping):
        raise InvalidRecordError(
            f"{path} is a {type(record).__name__}; a record is a mapping of field names to values. Nothing was sent."
        )
    if not record:
        raise InvalidRecordError(f"{path} is empty. Nothing was sent.")
    try:
        checked: dict[str, Any] = _checked(record, path, check_money=not statistical)
    except InvalidRecordError as error:
        raise InvalidRecordError(in_words(error.message, kind)) from None
    if kind.lines and not (partial and not any(str(name).upper() == kind.lines.container.upper() for name in checked)):
        lines = _lines(checked, kind.lines, path)
        if kind.journal and not statistical:
            check_journal_entry(lines, path)
        elif not lines:
            raise InvalidRecordError(
                f"{path} has no lines; it takes at least one {kind.lines.container}/{kind.lines.line}. "
                "Nothing was sent."
            )
        check_signs(kind, lines, path)
    return checked


def _checked(value: Any, path: str, *, check_money: bool) -> Any:
    if isinstance(value, Mapping):
        return {name: _entry(str(name), item, f"{path}/{name}", check_money) for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return [_checked(item, f"{path}[{number}]", check_money=check_money) for number, item in enumerate(value, 1)]
    if isinstance(value, float):
        raise InvalidRecordError(_float(value, path))
    return value


def _float(value: float, path: str) -> str:
    return (
        f"{path} is the float {value!r}, which cannot carry money exactly; give Decimal('{value!r}') or text. "
        "Nothing was sent."
    )


def _dated(value: str) -> date | str:
    """Return the date that `2026-03-31` or `03/31/2026` is, so that it is written as the function wants dates."""
    written = re.fullmatch(r"(\d\d)/(\d\d)/(\d{4})", value.strip(), re.ASCII)
    try:
        return date.fromisoformat(f"{written[3]}-{written[1]}-{written[2]}" if written else value.strip())
    except ValueError:
        return value


def _entry(name: str, value: Any, path: str, check_money: bool) -> Any:
    if check_money and name.upper() in MONEY and not isinstance(value, Mapping | list | tuple):
        return _money(value, path)
    if isinstance(value, str):
        return _dated(value) if DATED.fullmatch(name) else value
    return _checked(value, path, check_money=check_money)


def _money(value: Any, path: str) -> Decimal | None:
    if value is None or value == "":
        return None
    if isinstance(value, float):
        raise InvalidRecordError(_float(value, path))
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise InvalidRecordError(f"{path} is {value!r}; an amount is a Decimal. Nothing was sent.")
    try:
        amount = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        raise InvalidRecordError(
            f"{path} is {value!r}, which is no amount; write it plainly, as in 1234.56. Nothing was sent."
        ) from None
    if not amount.is_finite():
        raise InvalidRecordError(f"{path} is {amount}, which is no amount. Nothing was sent.")
    exponent = amount.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -2:
        raise InvalidRecordError(
            f"{path} is {amount}: Intacct keeps two decimals and would round it without a word; round it yourself. "
            "Nothing was sent."
        )
    return amount


def _lines(record: dict[str, Any], lines: Lines, path: str) -> list[Mapping[str, Any]]:
    """Return the record's lines, after putting a plain list of them into its container's line element."""
    held = record.get(lines.container)
    misspelled = [name for name in record if name != lines.container and name.upper() == lines.container.upper()]
    if held is None and misspelled:
        raise InvalidRecordError(f"{path} has {misspelled[0]}; write it {lines.container}. Nothing was sent.")
    if isinstance(held, list):
        held = record[lines.container] = {lines.line: held}
    if held in (None, ""):
        return []
    if not isinstance(held, Mapping):
        raise InvalidRecordError(f"{path}/{lines.container} holds {held!r} instead of lines. Nothing was sent.")
    found = held.get(lines.line, [])
    found = found if isinstance(found, list) else [found]
    for number, line in enumerate(found, 1):
        if not isinstance(line, Mapping):
            raise InvalidRecordError(
                f"{path}, line {number} is a {type(line).__name__}; a line is a mapping of field names to values. "
                "Nothing was sent."
            )
    return found
