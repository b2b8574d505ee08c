"""What the company's level of service allows: operations in process, requests a minute, API transactions counted."""

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from airflow_provider_intacct.sandbox.company import Company

_MINUTE, _HOUR = 60.0, 3600.0


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

    @property
    def limit(self) -> float:
        """How many operations may be in process at a time."""
        return max(1, self._switches.number("concurrency"))

    def _free(self) -> bool:
        return self._busy < self.limit


class Throttle:
    """Requests of the last minute and the last hour."""

    def __init__(self, company: Company) -> None:
        self._switches = company.switches
        self._lock = threading.Lock()
        self._times: deque[float] = deque()

    def admits(self) -> bool:
        """Count a request; False when it is one too many."""
        limits = self._limits()
        if not limits:
            return True
        with self._lock:
            admitted = all(self._since(seconds) < limit for _, limit, seconds in limits)
            if admitted:
                self._times.append(time.monotonic())
            return admitted

    def left(self) -> Mapping[str, tuple[int, int]]:
        """Return, by window ("Minute", "Hour"), the limit and how many requests it still admits."""
        with self._lock:
            return {name: (limit, max(0, limit - self._since(seconds))) for name, limit, seconds in self._limits()}

    def _limits(self) -> list[tuple[str, int, float]]:
        minute, hour = self._switches.number("requests_per_minute"), self._switches.number("requests_per_hour")
        limits = [("Minute", int(minute), _MINUTE), ("Hour", int(hour), _HOUR)]
        return [item for item in limits if item[1]]

    def _since(self, seconds: float) -> int:
        now = time.monotonic()
        while self._times and self._times[0] <= now - _HOUR:
            self._times.popleft()
        return sum(1 for moment in self._times if moment > now - seconds)


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
