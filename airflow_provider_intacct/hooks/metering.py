"""What a task used of Intacct: API transactions, which cost money, and seconds. Knows only a client's counter."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Protocol

    class Counter(Protocol):
        """A client, as far as a meter cares."""

        @property
        def transactions_used(self) -> int: ...


class Meter:
    """Counts what `client` uses from the moment the meter is made. (No dataclass: they cost a DAG file 2 ms each.)"""

    def __init__(self, client: Counter) -> None:
        self._client = client
        self._before = client.transactions_used
        self._started = time.monotonic()

    @property
    def transactions(self) -> int:
        """API transactions used so far."""
        return self._client.transactions_used - self._before

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def line(self, what: str) -> str:
        """Return the last line of a task's log: what was done, for how many API transactions, in what time."""
        return f"{what}; {transactions(self.transactions)} used, {self.seconds:.2f} s."


def transactions(count: float) -> str:
    """Return `1 API transaction`, `288 API transactions`."""
    return f"{count:,.0f} API transaction{'' if round(count) == 1 else 's'}"
