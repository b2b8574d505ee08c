"""What happens after the fault: which tries follow, with what, and what they may find. One line for each."""

from dataclasses import dataclass
from typing import Literal

Brings = Literal["the same", "another order", "other content", "one less"]


@dataclass(frozen=True, slots=True)
class Next:
    """The try after the struck one.

    `always`      even if the struck one succeeded: somebody clears the task. Otherwise Airflow retries what failed.
    `brings`      the records, as upstream gives them now
    `run`         the DAG run, and
    `map_index`   the mapped task that it belongs to
    `event`       the business event; another one is posted beside the first
    `struck`      it is struck by the same fault again
    """

    always: bool = False
    brings: Brings = "the same"
    run: str = "scheduled__2026-03-31"
    map_index: int = -1
    event: int = 1
    struck: bool = False


@dataclass(frozen=True, slots=True)
class Recovery:
    """What follows a struck try. What fails after that is tried again, as it was given at first, until it succeeds.

    `killed`    the worker of the struck try dies the moment the fault has struck
    `beside`    the next try starts while the struck one is still at work
    `keeps`     Airflow keeps the task's state (3.3), or does not (3.2)
    `keyed`     the records have an idempotency key
    `forgets`   Intacct forgets control ids in between
    """

    name: str
    next: Next = Next()
    killed: bool = False
    beside: bool = False
    keeps: bool = True
    keyed: bool = False
    forgets: bool = False

    @property
    def events(self) -> int:
        """How many business events there are in all."""
        return self.next.event


OTHER_RUN = "manual__2026-04-01"

RECOVERIES: tuple[Recovery, ...] = (
    Recovery("retry"),
    Recovery("clear", Next(always=True)),
    Recovery("kill", killed=True),
    Recovery("retry without state", keeps=False),
    Recovery("clear without state", Next(always=True), keeps=False),
    Recovery("kill without state", killed=True, keeps=False),
    Recovery("struck again", Next(struck=True)),
    Recovery("struck again without state", Next(struck=True), keeps=False),
    Recovery("another order", Next(always=True, brings="another order")),
    Recovery("upstream changed", Next(always=True, brings="other content")),
    Recovery("upstream lost one", Next(always=True, brings="one less")),
    Recovery("two runs of one event", Next(always=True, run=OTHER_RUN), keyed=True),
    Recovery("two runs of one event, killed", Next(always=True, run=OTHER_RUN), keyed=True, killed=True),
    Recovery("mapped", Next(always=True, map_index=1, event=2)),
    Recovery("two runs", Next(always=True, run=OTHER_RUN, event=2)),
    Recovery("worker thought dead", Next(always=True), beside=True),
    Recovery("forgotten by Intacct", Next(always=True), forgets=True),
    Recovery("forgotten by both", Next(always=True), forgets=True, keeps=False),
)
CORE = ("retry", "clear", "kill")
"""These meet every fault at each principal work."""
