"""What a task used of Intacct: API transactions, which cost money, bytes, waits, seconds. Knows a client's counters."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Protocol

    from airflow_provider_intacct.client.usage import Usage

    class Counted(Protocol):
        """A client, as far as a meter cares."""

        @property
        def usage(self) -> Usage: ...


class Meter:
    """Counts what `client` uses from the moment the meter is made. (No dataclass: they cost a DAG file 2 ms each.)

    `what` says what was done, `rows` how many records were read or written; whoever does it fills them in.
    """

    def __init__(self, client: Counted) -> None:
        self._client = client
        self._before = client.usage
        self._started = time.monotonic()
        self.what = "Ended early"
        self.rows = 0

    def done(self, what: str, *, rows: int = 0) -> None:
        """Say what was done."""
        self.what, self.rows = what, rows

    @property
    def usage(self) -> Usage:
        """What was used so far."""
        return self._client.usage - self._before

    @property
    def transactions(self) -> int:
        """API transactions used so far."""
        return self.usage.transactions

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    @property
    def line(self) -> str:
        """The last line of a task's log: what was done, for how many API transactions, in what time."""
        usage = self.usage
        parts = [f"{transactions(usage.transactions)} used", f"{size(usage.bytes_received)} received"]
        if usage.retries:
            parts.append(f"{usage.retries} {'retry' if usage.retries == 1 else 'retries'}")
        if usage.seconds_waited >= 0.05:
            parts.append(f"{usage.seconds_waited:.1f} s waited")
        return f"{self.what}; {', '.join(parts)}, {self.seconds:.2f} s."


def transactions(count: float) -> str:
    """Return `1 API transaction`, `288 API transactions`."""
    return f"{count:,.0f} API transaction{'' if round(count) == 1 else 's'}"


def size(count: float) -> str:
    """Return a number of bytes as `640 B`, `12.3 kB`, `1.5 MB`."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:,.1f} GB"
