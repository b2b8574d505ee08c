"""The bench controls: faults, switches, clock, API transactions, operations, log, reset. No Intacct has them.

Paths and JSON values in, JSON values out; what the caller did wrong is a BenchError.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from .company import Company
from .desk import Desk, DeskError
from .faults import FaultError, Faults, Rule
from .gateway import limits
from .gateway.asynchronous import Queue
from .gateway.exchange import Gateway
from .gateway.uniqueness import ControlIds
from .switches import SwitchError

_FURTHEST = 1_000_000_000


class BenchError(ValueError):
    """A control that cannot be done; the text names field and remedy."""


class Bench:
    """The controls of one sandbox, by method and path."""

    def __init__(self, company: Company, gateway: Gateway, faults: Faults) -> None:
        self._company = company
        self._gateway = gateway
        self._faults = faults
        desk = Desk(company)
        self._shows: Mapping[str, Callable[[], Any]] = {
            "/sandbox/faults": faults.listed,
            "/sandbox/switches": lambda: dict(company.switches),
            "/sandbox/time": self._time,
            "/sandbox/transactions": self._transactions,
            "/sandbox/operations": lambda: company.part(limits.Places).counts(),
            "/sandbox/control-ids": lambda: company.part(ControlIds).listed(),
            "/sandbox/queue": lambda: company.part(Queue).listed(),
            "/sandbox/log": lambda: [asdict(line) for line in gateway.log()],
            "/sandbox/approvals": desk.waiting,
        }
        self._changes: Mapping[tuple[str, str], Callable[[Mapping[str, Any]], Any]] = {
            ("POST", "/sandbox/faults"): lambda values: faults.add(Rule.read(values)),
            ("DELETE", "/sandbox/faults"): lambda _: faults.clear(),
            ("POST", "/sandbox/switches"): company.switches.change,
            ("POST", "/sandbox/time"): self._advance,
            ("DELETE", "/sandbox/control-ids"): lambda _: company.part(ControlIds).forget(),
            ("POST", "/sandbox/queue"): self._queue,
            ("DELETE", "/sandbox/queue"): lambda _: company.part(Queue).drop(),
            ("DELETE", "/sandbox/log"): lambda _: gateway.forget_log(),
            ("POST", "/sandbox/approve"): desk.approve,
            ("POST", "/sandbox/decline"): desk.decline,
            ("POST", "/sandbox/reset"): self._reset,
        }

    @property
    def paths(self) -> frozenset[str]:
        """The paths there are."""
        return frozenset(self._shows) | {path for _, path in self._changes}

    def control(self, method: str, path: str, values: object) -> Any:
        """Do a control and return its answer, or the state it leaves; GET only shows. Raises BenchError."""
        change = self._changes.get((method, path))
        if change is None and method != "GET":
            raise BenchError(f"{method} {path} is no control.")
        if not isinstance(values, dict):
            raise BenchError("The body must be a JSON object.")
        try:
            answer = None if change is None else change(values)
        except (SwitchError, FaultError, DeskError) as error:
            raise BenchError(str(error)) from error
        return self._shows.get(path, dict)() if answer is None else answer

    def _transactions(self) -> dict[str, Any]:
        with self._company.store.read() as db:
            counted = limits.transactions(db)
        return {"total": sum(counted.values()), "by_function": counted}

    def _time(self) -> dict[str, str]:
        return {"now": self._company.clock.now().isoformat()}

    def _advance(self, values: Mapping[str, Any]) -> None:
        seconds = values.get("advance_seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise BenchError(f"advance_seconds is a number of seconds, not {seconds!r}.")
        if not abs(self._company.clock.offset_seconds + seconds) <= _FURTHEST:
            raise BenchError(f"advance_seconds may take the clock {_FURTHEST} seconds from the present, no further.")
        self._company.advance_clock(seconds)

    def _queue(self, values: Mapping[str, Any]) -> None:
        hold, release = values.get("hold", False), values.get("release", 0)
        if set(values) - {"hold", "release"} or not isinstance(hold, bool):
            raise BenchError("The queue takes hold (true or false) and release (a whole number).")
        if isinstance(release, bool) or not isinstance(release, int) or release < 0:
            raise BenchError(f"release is a whole number of requests, not {release!r}.")
        self._company.part(Queue).control(values)

    def _reset(self, _: Mapping[str, Any]) -> None:
        self._company.reset()
        self._faults.clear()
        self._gateway.forget_log()
