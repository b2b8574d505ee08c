"""Add up the ledger: what each account held before a span of days, what moved within it, what it holds after.

Every figure is a sum over posted GLDETAIL lines in cents, so that it ties out with GLACCOUNTBALANCE to the last one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from airflow_provider_intacct.sandbox.gateway.calls import Call
from airflow_provider_intacct.sandbox.gateway.reading.rendering import decimal_writer
from airflow_provider_intacct.sandbox.gateway.reading.request import text_of
from airflow_provider_intacct.sandbox.gateway.reading.selection import Condition, Selection
from airflow_provider_intacct.sandbox.gateway.reading.visibility import visible_rows

from .dimensions import Dimension, entity_currencies, entity_of_location, narrowed, require_place
from .spans import Span, invalid, span_of

money = decimal_writer(2)
"""Writes cents: 379700 is 3797."""


@dataclass(frozen=True, slots=True)
class Balance:
    """One account's figures in cents, debit positive; `group` holds the values of the dimensions grouped by."""

    account: str
    currency: str
    group: tuple[object, ...] = ()
    start: int = 0
    debits: int = 0
    credits: int = 0
    adjusting_debits: int = 0
    adjusting_credits: int = 0

    @property
    def moved(self) -> int:
        """What the span added."""
        return self.debits - self.credits + self.adjusting_debits - self.adjusting_credits

    @property
    def end(self) -> int:
        """The balance after the span."""
        return self.start + self.moved

    @property
    def moves(self) -> bool:
        """Whether anything was booked within the span."""
        return any((self.debits, self.credits, self.adjusting_debits, self.adjusting_credits))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a balance function asks of the books: span, place, book and accounts, checked."""

    span: Span
    currency: str
    book: str
    statistical: str
    accounts: Condition


def asked_of(call: Call, element: etree._Element, statistical: str) -> Asked:
    """Return what a request asks; `statistical` is the function's default for statistical accounts."""
    require_place(call, element)
    book = text_of(element, "reportingbook", call.company.profile.default_book)
    if book != call.company.profile.default_book:
        raise invalid("Reporting book", book)
    for adjustment in element.iterfind("adjbooks/adjbook"):
        raise invalid("Adjustment book", (adjustment.text or "").strip())
    which = text_of(element, "statistical", statistical).lower()
    if which not in ("include", "exclude", "only"):
        raise invalid("Statistical", which)
    return Asked(span_of(call, element), _currency(call, element), book, which, _accounts(call, element, which))


def balances(call: Call, element: etree._Element, asked: Asked, groups: Sequence[Dimension] = ()) -> list[Balance]:
    """Return the accounts with entries up to the span's end, by number, currency and group."""
    selection = Selection(call.company.catalog, call.company.catalog["GLDETAIL"])
    day, adjusts = selection.own("ENTRY_DATE"), f"{selection.own('ADJ')} IS 'true'"
    debit, credit = selection.own("DEBITAMOUNT"), selection.own("CREDITAMOUNT")
    keys = [selection.own(name) for name in ("ACCOUNTNO", "BASECURR", *(group.column for group in groups))]
    sums = [f"sum(CASE WHEN {day} < ? THEN {debit} - {credit} ELSE 0 END)"]
    sums += [
        f"sum(CASE WHEN {day} >= ? AND {adjusting} THEN {amount} ELSE 0 END)"
        for adjusting in (f"NOT {adjusts}", adjusts)
        for amount in (debit, credit)
    ]
    start, end = asked.span.start.isoformat(), asked.span.end.isoformat()
    conditions = [
        visible_rows(selection, call.entity_id, show_private=True),
        Condition(f"{selection.own('ENTRY_STATE')} = 'P' AND {day} <= ?", (end,)),
        Condition(f"{selection.own('ACCOUNTNO')} IN ({asked.accounts.sql})", asked.accounts.values),
        narrowed(call, selection, element),
    ]
    statement = selection.statement([*keys, *sums], Condition.all_of(conditions), group=keys, order=keys)
    rows = call.db.execute(statement.sql, (*[start] * len(sums), *statement.values))
    split = 2 + len(groups)
    return [Balance(row[0], row[1] or "", tuple(row[2:split]), *row[split:]) for row in rows]


def with_idle_accounts(call: Call, asked: Asked, found: Sequence[Balance]) -> list[Balance]:
    """Return the balances, and a zero one of every account asked for that has none."""
    busy = {balance.account for balance in found}
    rows = call.db.execute(
        f'SELECT "ACCOUNTNO", "STATISTICAL" FROM "GLACCOUNT" WHERE "ACCOUNTNO" IN ({asked.accounts.sql})',
        asked.accounts.values,
    )
    idle = [
        Balance(number, "" if statistical == "true" else asked.currency)
        for number, statistical in rows
        if number not in busy
    ]
    return sorted([*found, *idle], key=lambda balance: balance.account)


def _accounts(call: Call, element: etree._Element, statistical: str) -> Condition:
    """Return the SELECT of the account numbers asked for."""
    conditions = [Condition("1")]
    if statistical != "include":
        conditions.append(Condition('"STATISTICAL" = ?', ("true" if statistical == "only" else "false",)))
    if number := text_of(element, "glaccountno"):
        known = call.db.execute('SELECT 1 FROM "GLACCOUNT" WHERE "ACCOUNTNO" = ?', (number,)).fetchone()
        if known is None:
            raise invalid("GL account", number)
        conditions.append(Condition('"ACCOUNTNO" = ?', (number,)))
    if group := text_of(element, "accountgroupname"):
        raise invalid("Account group", group)
    first, last = text_of(element, "startaccountno"), text_of(element, "endaccountno")
    if first or last:
        conditions.append(Condition('"ACCOUNTNO" BETWEEN ? AND ?', (first, last)))
    where = Condition.all_of(conditions)
    return Condition(f'SELECT "ACCOUNTNO" FROM "GLACCOUNT" WHERE {where.sql}', where.values)


def _currency(call: Call, element: etree._Element) -> str:
    """Return the base currency of the place the request is about."""
    location = text_of(element, "locationid")
    entity = call.entity_id or (entity_of_location(call, location) if location else None)
    return entity_currencies(call).get(entity or "", call.company.profile.base_currency)
