"""What a task used of Intacct: API transactions, which cost money, and seconds. Knows only a client's counter."""

import time
from dataclasses import dataclass, field
from typing import Protocol


class Counter(Protocol):
    """A client, as far as a meter cares."""

    @property
    def transactions_used(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Meter:
    """Started when it is made; counts what `client` uses from then on."""

    client: Counter
    transactions_before: int = 0
    started: float = field(default_factory=time.monotonic)

    @classmethod
    def start(cls, client: Counter) -> "Meter":
        return cls(client, transactions_before=client.transactions_used)

    @property
    def transactions(self) -> int:
        """API transactions used so far."""
        return self.client.transactions_used - self.transactions_before

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def line(self, what: str) -> str:
        """Return the last line of a task's log: what was done, for how many API transactions, in what time."""
        return f"{what}; {transactions(self.transactions)} used, {self.seconds:.2f} s."


def transactions(count: float) -> str:
    """Return `1 API transaction`, `288 API transactions`."""
    return f"{count:,.0f} API transaction{'' if round(count) == 1 else 's'}"
