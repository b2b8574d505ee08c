"""One real Airflow beside one sandbox for all tests of this folder, which therefore share a worker."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from demo.accrual import CURRENCY, CUTOFF_DAYS, DAG_ID, PERIOD_END, REFERENCE
from demo.books import Books, JournalEntry
from demo.stack import Stack, stack

EXAMPLES = Path(__file__).parent.parent.parent / "example_dags"


@pytest.hookimpl(tryfirst=True)  # before xdist looks for the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Starting Airflow takes longer than a test may; a stack for each worker would be too much for a laptop."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("airflow_stack"))
            item.add_marker(pytest.mark.timeout(420))


@dataclass
class Accruals:
    """The running stack as the tests use it: the example DAG and the books it writes to."""

    stack: Stack
    books: Books
    sessions: set[str]

    def note_sessions(self) -> set[str]:
        """Return the id of every session that the company is seen to have given out, in this test or an earlier one."""
        with closing(sqlite3.connect(self.stack.sandbox.db)) as db:
            self.sessions.update(row[0] for row in db.execute("SELECT id FROM gateway_session"))
        return self.sessions

    def start(self, *, period_end: date = PERIOD_END, more_bills: int = 0) -> str:
        """Trigger the DAG and return its run id; with `more_bills` it has to wait for so many more than there are."""
        bills = len(self.books.open_bills(period_end, CUTOFF_DAYS, CURRENCY))
        conf = {"period_end": period_end.isoformat(), "expected_bills": bills + more_bills}
        return self.stack.airflow.trigger(DAG_ID, conf)

    def finish(self, run_id: str) -> str:
        return self.stack.airflow.wait_for_run(DAG_ID, run_id)

    def enter_bill_like(self, bill: dict[str, Any]) -> None:
        """Enter one more open bill of the same vendor, which the DAG waits for."""
        self.books.enter_bill(
            bill["VENDORID"], "TEST-1", PERIOD_END + timedelta(days=3), "6100", "100", Decimal("99.95")
        )

    def outcome(self, run_id: str) -> dict[str, Any]:
        """Return what the posting task says of its one record."""
        [outcome] = self.stack.airflow.xcom(DAG_ID, run_id, "post_accrual")
        return dict(outcome)

    def entries(self) -> list[JournalEntry]:
        return self.books.entries(REFERENCE)

    def tries(self, run_id: str, task_id: str) -> int:
        return {task.task_id: task.try_number for task in self.stack.airflow.task_states(DAG_ID, run_id)}[task_id]

    def fault(self, fault: str, function: str, **more: Any) -> None:
        self.stack.sandbox.control("faults", {"fault": fault, "function": function, **more})


@pytest.fixture(scope="session")
def running() -> Iterator[Stack]:
    with stack(EXAMPLES) as started:
        yield started


@pytest.fixture(scope="session")
def sessions() -> set[str]:
    """The session ids that were given out, remembered across resets of the company."""
    return set()


@pytest.fixture
def accruals(running: Stack, sessions: set[str]) -> Iterator[Accruals]:
    """The stack with the company as it was seeded, whatever earlier tests booked."""
    running.sandbox.control("reset", {})
    with closing(Books(running.connection)) as books:
        accruals = Accruals(running, books, sessions)
        yield accruals
        accruals.note_sessions()
