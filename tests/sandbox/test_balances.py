"""Balances follow postings, whatever happens in whatever order: the books tie out after every step."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.gateway_requests import call, query
from tests.sandbox.books import (
    accrual,
    assert_books_tie_out,
    balance,
    bill,
    bill_line,
    create,
    delete,
    element,
    invoice,
    journal_entry,
    key_of,
    legacy_date,
    line,
    payment,
    receipt,
    rows,
    update,
)
from tests.sandbox_process import SandboxProcess


def test_a_posting_opens_every_later_period(sandbox: SandboxProcess) -> None:
    periods = ("Month Ended February 2026", "Month Ended March 2026", "Month Ended April 2026",
               "Quarter Ended March 2026", "Calendar Year Ended December 2026")  # fmt: skip
    before = {period: balance(sandbox, "2100", period=period) for period in periods}
    key_of(sandbox, create(accrual("10.00")))
    moved = {period: balance(sandbox, "2100", period=period) - before[period] for period in periods}
    assert moved == dict(zip(periods, (0, -1000, -1000, -1000, -1000), strict=True))


def test_a_balance_is_read_by_period_with_its_movement(sandbox: SandboxProcess) -> None:
    key_of(sandbox, create(journal_entry(line("7000", "-10.00"), line("1000", "10.00"))))
    key_of(sandbox, create(journal_entry(line("7000", "4.00"), line("1000", "-4.00"))))
    asked = query(
        "GLACCOUNTBALANCE",
        ["OPENBAL", "TOTDEBIT", "TOTCREDIT", "FORBAL", "ENDBAL"],
        "<filter><and><equalto><field>PERIOD</field><value>Month Ended March 2026</value></equalto>"
        "<equalto><field>ACCOUNTNO</field><value>7000</value></equalto></and></filter>",
    )
    [found] = call(sandbox, asked).root.findall("operation/result/data/GLACCOUNTBALANCE")
    values = [float(found.findtext(name) or 0) for name in ("OPENBAL", "TOTDEBIT", "TOTCREDIT", "FORBAL", "ENDBAL")]
    assert values == [0, 4, 10, -6, -6]


def test_income_and_expense_start_the_year_at_zero(sandbox: SandboxProcess) -> None:
    sql = """SELECT sum("OPENBAL") AS cents FROM "GLACCOUNTBALANCE"
             WHERE "PERIOD" = 'Month Ended January 2026' AND "ACCOUNTNO" BETWEEN '4000' AND '7999' GROUP BY "ACCOUNTNO"
          """
    assert {row["cents"] for row in rows(sandbox, sql)} <= {0}


@dataclass
class Clerk:
    """Someone who enters, changes, pays and takes back at random, and remembers what is there."""

    sandbox: SandboxProcess
    chance: random.Random
    bills: list[int] = field(default_factory=list)
    invoices: list[int] = field(default_factory=list)
    payments: list[int] = field(default_factory=list)
    receipts: list[int] = field(default_factory=list)
    entries: list[int] = field(default_factory=list)
    done: int = 0

    def act(self) -> None:
        """Do one thing; what the company refuses is no harm, as long as it leaves nothing behind."""
        what: list[Callable[[], None]] = [
            self.enter_bill, self.enter_invoice, self.pay, self.receive, self.void_payment, self.void_receipt,
            self.enter_entry, self.change_bill, self.delete_something, self.reverse_bill, self.change_entry,
        ]  # fmt: skip
        self.chance.choice(what)()

    def amount(self) -> str:
        return f"{self.chance.randint(1, 99_999) / 100:.2f}"

    def place(self) -> str:
        return self.chance.choice(("100", "110", "200", "210"))

    def day(self) -> str:
        return f"{self.chance.randint(1, 12):02d}/{self.chance.randint(1, 28):02d}/2026"

    def write(self, body: str) -> int | None:
        answer = call(self.sandbox, body)
        if answer.statuses != ["success"]:
            assert answer.statuses == ["failure"], answer.body
            return None
        self.done += 1
        result = answer.results[0]
        return int(result.findtext("key") or result.findtext("data/*/RECORDNO") or 0)

    def keep(self, where: list[int], body: str) -> None:
        key = self.write(body)
        if key:
            where.append(key)

    def lines(self) -> tuple[str, ...]:
        return tuple(bill_line(self.amount(), location=self.place()) for _ in range(self.chance.randint(1, 3)))

    def enter_bill(self) -> None:
        euros = {"CURRENCY": "EUR", "EXCHANGE_RATE": "1.137"} if self.chance.random() < 0.3 else {}
        self.keep(self.bills, create(bill(*self.lines(), WHENCREATED=self.day(), **euros)))

    def enter_invoice(self) -> None:
        self.keep(self.invoices, invoice(self.amount(), self.amount(), location=self.place()))

    def open_part(self, header: str, key: int) -> tuple[str, str] | None:
        found = rows(self.sandbox, f'SELECT * FROM "{header}" WHERE "RECORDNO" = ?', key)
        if not found:
            return None
        due = int(str(found[0]["TRX_TOTALDUE"]))
        part = due if self.chance.random() < 0.5 else self.chance.randint(1, max(due, 1) + 50)
        return f"{part / 100:.2f}", str(found[0]["CURRENCY"])

    def pay(self) -> None:
        key = self.chance.choice(self.bills or [1])
        part = self.open_part("APBILL", key)
        if part:
            euros = {"CURRENCY": "EUR", "FINANCIALENTITY": "EURO", "EXCHANGE_RATE": "1.093"} if part[1] == "EUR" else {}
            self.keep(self.payments, create(payment((key, part[0]), PAYMENTDATE=self.day(), **euros)))

    def receive(self) -> None:
        key = self.chance.choice(self.invoices or [1])
        part = self.open_part("ARINVOICE", key)
        if part:
            self.keep(self.receipts, create(receipt((key, part[0]), RECEIPTDATE=self.day())))

    def void_payment(self) -> None:
        key = self.chance.choice(self.payments or [1])
        self.write(f'<reverse_appayment key="{key}">{legacy_date("datereversed", "2026-12-01")}</reverse_appayment>')

    def void_receipt(self) -> None:
        key = self.chance.choice(self.receipts or [1])
        self.write(f'<reverse_arpayment key="{key}">{legacy_date("datereversed", "2026-12-01")}</reverse_arpayment>')

    def enter_entry(self) -> None:
        amount, reverse = self.amount(), {"REVERSEDATE": "12/31/2026"} if self.chance.random() < 0.3 else {}
        lines = [line("6500", amount, self.place()), line("1000", f"-{amount}", self.place())]
        self.keep(self.entries, create(journal_entry(*lines, BASELOCATION_NO="100", BATCH_DATE=self.day(), **reverse)))

    def change_entry(self) -> None:
        amount, place = self.amount(), self.place()
        lines = f"<ENTRIES>{line('6510', amount, place)}{line('2100', f'-{amount}', place)}</ENTRIES>"
        key = self.chance.choice(self.entries or [1])
        self.write(update(element("GLBATCH", {"RECORDNO": key, "BATCH_DATE": self.day()}, lines)))

    def change_bill(self) -> None:
        body = f"<APBILLITEMS>{''.join(self.lines())}</APBILLITEMS>"
        self.write(update(element("APBILL", {"RECORDNO": self.chance.choice(self.bills or [1])}, body)))

    def reverse_bill(self) -> None:
        key = self.chance.choice(self.bills or [1])
        self.write(f'<reverse_bill key="{key}">{legacy_date("datereversed", "2026-11-30")}</reverse_bill>')

    def delete_something(self) -> None:
        name, keys = self.chance.choice(
            (("APBILL", self.bills), ("ARINVOICE", self.invoices), ("GLBATCH", self.entries), ("APPYMT", self.payments))
        )
        self.write(delete(name, self.chance.choice(keys or [1])))


@pytest.mark.parametrize("seed", range(4))
def test_whatever_a_clerk_does_the_books_tie_out(sandbox: SandboxProcess, seed: int) -> None:
    clerk = Clerk(sandbox, random.Random(seed))
    for _ in range(12):
        for _ in range(10):
            clerk.act()
        assert_books_tie_out(sandbox)
    assert clerk.done > 40
