"""What a client has used of Intacct: API transactions, which cost money, requests, bytes, tries and waits.

Counts and a budget; knows nothing of what is sent. Safe from any number of threads.
"""

import os
import threading
import weakref
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from airflow_provider_intacct.client.errors import BudgetError


@dataclass(frozen=True, slots=True)
class Usage:
    """A snapshot of the counters. The difference of two is what was used in between.

    `transactions`    API transactions billed: one for each record written, one for each read call, pages included
    `requests`        sent, whatever came of them; signing in included
    `bytes_sent`, `bytes_received`   bodies as they travelled, compressed where they were
    `retries`         requests sent again after a failure or refusal
    `seconds_waited`  spent in waits before those, not in waiting for replies
    """

    transactions: int = 0
    requests: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    retries: int = 0
    seconds_waited: float = 0.0

    def __add__(self, other: Self) -> Self:
        return replace(self, **{item.name: getattr(self, item.name) + getattr(other, item.name) for item in _FIELDS})

    def __sub__(self, other: Self) -> Self:
        return replace(self, **{item.name: getattr(self, item.name) - getattr(other, item.name) for item in _FIELDS})


_FIELDS = fields(Usage)


class Counter:
    """Adds up usage, and holds it to a budget of API transactions, if there is one."""

    def __init__(self, most: int | None = None) -> None:
        self.most = most
        self._usage = Usage()
        self._reserved = 0
        self._lock = threading.Lock()
        _counters.add(self)

    @property
    def usage(self) -> Usage:
        """What has been used so far."""
        with self._lock:
            return self._usage

    def add(self, **used: Any) -> None:
        """Count what was used, by the names of Usage."""
        with self._lock:
            self._usage += Usage(**used)

    def reserve(self, transactions: int, request: str) -> None:
        """Set aside what a request will cost, before it is sent. Raises BudgetError when that is more than is left."""
        with self._lock:
            spent = self._usage.transactions + self._reserved
            if self.most is not None and transactions and spent + transactions > self.most:
                raise BudgetError(
                    f"max_api_transactions is {self.most:,} and {spent:,} are used; {request} would cost "
                    f"{transactions:,} more and was not sent.",
                    budget=self.most,
                    used=spent,
                )
            self._reserved += transactions

    def settle(self, reserved: int, billed: int) -> None:
        """Replace what was set aside by what was billed."""
        with self._lock:
            self._reserved -= reserved
            self._usage += Usage(transactions=billed)

    def _after_fork(self) -> None:
        """A forked child counts on alone; what other threads of the parent had set aside is theirs."""
        self._lock = threading.Lock()
        self._reserved = 0


_counters: weakref.WeakSet[Counter] = weakref.WeakSet()


def _after_fork() -> None:
    for counter in list(_counters):
        counter._after_fork()


os.register_at_fork(after_in_child=_after_fork)
