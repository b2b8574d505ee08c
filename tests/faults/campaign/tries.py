"""One try of a task, as a value, and what a worker process brought back from it."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Try:
    """What one worker process is told to run. `store` is the folder of the task's state, None before Airflow 3.3.

    `timeout`      seconds that the client waits for a reply
    `results`      where a load keeps its results
    `sabotage`     what is broken in the client, to show that the campaign would notice: see `sabotage`
    `dies_noting`  the worker dies when it is about to write down how the records fared
    """

    operator: str
    arguments: dict[str, Any]
    connection: dict[str, Any]
    ti: dict[str, Any]
    store: Path | None
    result: Path
    log: Path
    timeout: float = 30.0
    dies_noting: bool = False
    results: Path | None = None
    sabotage: str = ""
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Returned:
    """The try succeeded."""

    value: Any


@dataclass(frozen=True, slots=True)
class Raised:
    """The try failed. `kinds` are the names of the exception's classes, `pushed` what it left as XComs."""

    kinds: tuple[str, ...]
    message: str
    pushed: dict[str, Any]

    @property
    def for_good(self) -> bool:
        """Whether Airflow will not try again by itself."""
        return "AirflowFailException" in self.kinds

    def __str__(self) -> str:
        return f"{self.kinds[0]}: {self.message}"


@dataclass(frozen=True, slots=True)
class Died:
    """The worker was killed."""

    signal: int


Ended = Returned | Raised | Died


def ended(job: Try, status: int) -> Ended:
    """Return how a try ended whose process ended with `status`, as `os.waitpid` gives it."""
    if status & 0x7F:
        return Died(status & 0x7F)
    if not job.result.exists():
        raise AssertionError(f"the worker ended with {status >> 8} and said nothing:\n{tail(job.log)}")
    told = json.loads(job.result.read_text())
    if "value" in told:
        return Returned(told["value"])
    return Raised(tuple(told["kinds"]), told["message"], told["pushed"])


def tail(log: Path, characters: int = 3000) -> str:
    """Return the end of what a worker wrote."""
    return log.read_text(errors="replace")[-characters:] if log.exists() else ""
