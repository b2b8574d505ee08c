"""What the company's level of service allows: operations in process, requests a minute, API transactions counted."""

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from airflow_provider_intacct.sandbox.company import Company

_MINUTE = 60.0


class TooManyOperationsError(Exception):
    """No place became free for the operation."""


class Places:
    """Operations in process: so many at a time, the others wait their turn in order of arrival."""

    def __init__(self, company: Company) -> None:
        self._switches = company.switches
        self._changed = threading.Condition()
        self._busy = 0
        self._queue: deque[object] = deque()

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place; raises TooManyOperationsError when the queue is full or the wait was too long."""
        self._enter()
        try:
            yield
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def counts(self) -> dict[str, int]:
        """Return how many operations are in process, and how many wait."""
        with self._changed:
            return {"in_process": self._busy, "waiting": len(self._queue)}

    def _enter(self) -> None:
        ticket = object()
        with self._changed:
            if not self._free() and len(self._queue) >= self._switches.number("queue_length"):
                raise TooManyOperationsError
            self._queue.append(ticket)
            try:
                if not self._changed.wait_for(
                    lambda: self._queue[0] is ticket and self._free(), self._switches.number("queue_seconds")
                ):
                    raise TooManyOperationsError
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()
            self._busy += 1

    def _free(self) -> bool:
        return self._busy < max(1, self._switches.number("concurrency"))


class Throttle:
    """Requests of the last minute."""

    def __init__(self, company: Company) -> None:
        self._switches = company.switches
        self._lock = threading.Lock()
        self._times: deque[float] = deque()

    def admits(self) -> bool:
        """Count a request; False when it is one too many."""
        limit = self._switches.number("requests_per_minute")
        if not limit:
            return True
        now = time.monotonic()
        with self._lock:
            while self._times and self._times[0] <= now - _MINUTE:
                self._times.popleft()
            if len(self._times) >= limit:
                return False
            self._times.append(now)
            return True


def count_transactions(db: sqlite3.Connection, function: str, number: int) -> None:
    """Add to the API transactions of a function, in the transaction of its effect."""
    if number:
        db.execute(
            "INSERT INTO gateway_transaction (function, number) VALUES (?, ?) "
            "ON CONFLICT (function) DO UPDATE SET number = number + excluded.number",
            (function, number),
        )


def transactions(db: sqlite3.Connection) -> dict[str, int]:
    """Return the API transactions counted so far, by function."""
    return dict(db.execute("SELECT function, number FROM gateway_transaction ORDER BY function").fetchall())
