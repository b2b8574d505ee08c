"""The demonstration itself: run the example DAG, clear its posting task, run on, and hold the books against each other.

Knows the stack, the API and the books; prints nothing. What it saw is in the values that it returns.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from demo.airflow_api import TaskState
from demo.books import Balances, Books, JournalEntry
from demo.stack import Stack

DAG_ID = "intacct_accrual"
POSTING_TASK = "post_accrual"
SENSOR_TASK = "wait_for_bills"
PERIOD_END = date(2026, 5, 31)
CUTOFF_DAYS = 15
CURRENCY = "USD"
REFERENCE = f"ACCR {PERIOD_END} {CURRENCY}"
ACCRUED_LIABILITIES = "2100"
LOG_TAIL = 3000  # characters


@dataclass(frozen=True, slots=True)
class Round:
    """One pass of the DAG run: its tasks, what became of the record, what the books say, what it cost.

    `failures` has the end of the log of each task that failed.
    """

    state: str
    tasks: list[TaskState]
    failures: dict[str, str]
    outcome: dict[str, Any]
    entries: list[JournalEntry]
    balances: Balances
    transactions: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Demonstration:
    """All that the demonstration saw."""

    before: Balances
    deferred: bool
    cleared: list[str]
    first: Round
    second: Round
    asset_events: list[dict[str, Any]]

    def findings(self) -> list[tuple[str, bool]]:
        """Return each claim of the demonstration and whether it held."""
        rounds = (self.first, self.second)
        entry = self.first.entries[0] if len(self.first.entries) == 1 else None
        return [
            ("the sensor waited in the triggerer until the bill was there", self.deferred),
            ("every task of both rounds succeeded", all(_all_succeeded(each) for each in rounds)),
            ("the first round posted the journal entry", self.first.outcome.get("status") == "posted"),
            ("the balances moved by exactly that entry", entry is not None and self.moved() == amounts(entry)),
            ("the second round found it already posted", self.second.outcome.get("status") == "already_posted"),
            ("the journal entry exists exactly once", all(len(each.entries) == 1 for each in rounds)),
            ("the second round changed no balance", self.second.balances == self.first.balances),
            ("each round wrote its asset event", len(self.asset_events) == len(rounds)),
        ]

    def moved(self) -> Balances:
        """Return by how much the first round moved each balance, where it did."""
        places = self.before.keys() | self.first.balances.keys()
        moves = {at: self.first.balances.get(at, Decimal(0)) - self.before.get(at, Decimal(0)) for at in places}
        return {at: move for at, move in moves.items() if move}


def amounts(entry: JournalEntry) -> Balances:
    """Return what a journal entry moves on each account and location."""
    found: Balances = {}
    for line in entry.lines:
        at = line["ACCOUNTNO"], line["LOCATION"]
        found[at] = found.get(at, Decimal(0)) + line["TR_TYPE"] * line["TRX_AMOUNT"]
    return {at: amount for at, amount in found.items() if amount}


def demonstrate(stack: Stack, books: Books, say: Callable[[str], None]) -> Demonstration:
    """Run the two rounds; `say` is told of each step as it happens."""
    airflow = stack.airflow
    bills = books.open_bills(PERIOD_END, CUTOFF_DAYS, CURRENCY)
    say(f"{len(bills)} open bills dated after {PERIOD_END}; the DAG is told to wait for one more.")
    conf = {
        "period_end": PERIOD_END.isoformat(),
        "cutoff_days": CUTOFF_DAYS,
        "currency": CURRENCY,
        "expected_bills": len(bills) + 1,
    }
    started, used = time.monotonic(), stack.sandbox.transactions()
    run_id = airflow.trigger(DAG_ID, conf)
    deferred = airflow.wait_for_task(DAG_ID, run_id, SENSOR_TASK, ("deferred", "failed")) == "deferred"
    own = books.client.transactions_used
    if deferred:
        say("The sensor has deferred to the triggerer. Now a vendor's bill arrives ...")
        _enter_another_bill(books, bills)
    accounts = _expense_accounts(books)
    before = books.balances(PERIOD_END, accounts)
    own = books.client.transactions_used - own
    first = _round(stack, books, run_id, accounts, started, used + own)

    say(f"Clearing {POSTING_TASK} and all that follows it, and letting the run go on ...")
    started, used = time.monotonic(), stack.sandbox.transactions()
    cleared = airflow.clear(DAG_ID, run_id, [POSTING_TASK])
    second = _round(stack, books, run_id, accounts, started, used)
    return Demonstration(before, deferred, cleared, first, second, airflow.asset_events(DAG_ID, run_id))


def _round(stack: Stack, books: Books, run_id: str, accounts: list[str], started: float, used: int) -> Round:
    airflow = stack.airflow
    state = airflow.wait_for_run(DAG_ID, run_id)
    seconds, transactions = time.monotonic() - started, stack.sandbox.transactions() - used
    tasks = airflow.task_states(DAG_ID, run_id)
    failures = {
        task.task_id: airflow.log(DAG_ID, run_id, task.task_id, task.try_number)[-LOG_TAIL:]
        for task in tasks
        if task.state == "failed"
    }
    posted = any(task.task_id == POSTING_TASK and task.state == "success" for task in tasks)
    outcome = airflow.xcom(DAG_ID, run_id, POSTING_TASK)[0] if posted else {}
    return Round(
        state,
        tasks,
        failures,
        outcome,
        books.entries(REFERENCE),
        books.balances(PERIOD_END, accounts),
        transactions,
        seconds,
    )


def _enter_another_bill(books: Books, bills: list[dict[str, Any]]) -> None:
    books.enter_bill(bills[0]["VENDORID"], "DEMO-1", PERIOD_END + timedelta(days=2), "6100", "100", Decimal("1234.56"))


def _expense_accounts(books: Books) -> list[str]:
    rows = books.client.rows("GLACCOUNT", fields=["RECORDNO", "ACCOUNTNO"], where="ACCOUNTTYPE = 'incomestatement'")
    return sorted({row["ACCOUNTNO"] for row in rows} | {ACCRUED_LIABILITIES})


def _all_succeeded(each: Round) -> bool:
    return each.state == "success" and all(task.state == "success" for task in each.tasks)
