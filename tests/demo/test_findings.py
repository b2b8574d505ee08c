"""The demonstration fails when what it promises does not hold."""

from dataclasses import replace
from decimal import Decimal

import pytest

from demo.accrual import Demonstration, Round
from demo.airflow_api import TaskState
from demo.books import JournalEntry

ENTRY = JournalEntry(
    header={"RECORDNO": 7},
    lines=(
        {"ACCOUNTNO": "6100", "LOCATION": "100", "TR_TYPE": 1, "TRX_AMOUNT": Decimal("10.50")},
        {"ACCOUNTNO": "2100", "LOCATION": "100", "TR_TYPE": -1, "TRX_AMOUNT": Decimal("10.50")},
    ),
)
BEFORE = {("2100", "100"): Decimal(-5)}
AFTER = {("2100", "100"): Decimal("-15.50"), ("6100", "100"): Decimal("10.50")}
TASKS = [TaskState("post_accrual", -1, "success", 1, 0.5)]
FIRST = Round("success", TASKS, {}, {"status": "posted", "key": "7"}, [ENTRY], AFTER, transactions=9, seconds=1.0)
SECOND = replace(FIRST, outcome={"status": "already_posted", "key": "7"})
SEEN = Demonstration(BEFORE, True, ["post_accrual"], FIRST, SECOND, asset_events=[{}, {}])


def broken(seen: Demonstration) -> list[str]:
    return [claim for claim, held in seen.findings() if not held]


def test_all_of_it_holds_when_the_second_round_books_nothing() -> None:
    assert broken(SEEN) == []


@pytest.mark.parametrize(
    ("seen", "claim"),
    [
        (replace(SEEN, second=replace(SECOND, entries=[ENTRY, ENTRY])), "the journal entry exists exactly once"),
        (replace(SEEN, second=replace(SECOND, balances=BEFORE)), "the second round changed no balance"),
        (
            replace(SEEN, second=replace(SECOND, outcome={"status": "posted"})),
            "the second round found it already posted",
        ),
        (replace(SEEN, first=replace(FIRST, state="failed")), "every task of both rounds succeeded"),
        (replace(SEEN, deferred=False), "the sensor waited in the triggerer until the bill was there"),
        (replace(SEEN, before=AFTER), "the balances moved by exactly that entry"),
        (replace(SEEN, asset_events=[{}]), "each round wrote its asset event"),
    ],
)
def test_each_promise_that_is_broken_is_named(seen: Demonstration, claim: str) -> None:
    assert broken(seen) == [claim]


def test_a_round_that_failed_before_posting_is_reported_all_the_same() -> None:
    nothing = replace(FIRST, state="failed", outcome={}, entries=[], balances=BEFORE)
    assert "the first round posted the journal entry" in broken(replace(SEEN, first=nothing, second=nothing))
