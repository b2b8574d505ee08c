"""control/uniqueid: a function whose control id already succeeded is refused, one still in process as well.

The memory is written on the connection of the effect itself, so that both are there after a kill, or neither.
"""

import sqlite3
import threading
from collections.abc import Iterable
from datetime import datetime, timedelta

from airflow_provider_intacct.sandbox.company import Company

from .results import FunctionError
from .sessions import Session


class RepeatedError(FunctionError):
    """The control id was used before: the function is not executed again, and its first result is not told."""


class ControlIds:
    """The company's memory of control ids."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._lock = threading.Lock()
        self._running: set[tuple[str, str]] = set()

    def scope(self, session: Session) -> str:
        """Return who shares a memory with the caller."""
        parts = {"company": (), "sender": (session.sender_id,), "user": (session.sender_id, session.user_id)}
        return "\n".join((self._company.id, *parts[self._company.switches.text("uniqueid_scope")]))

    def claim(self, scope: str, control_ids: Iterable[str]) -> frozenset[str]:
        """Mark control ids as in process and return those that were free; `release` them afterwards."""
        with self._lock:
            free = frozenset(name for name in control_ids if (scope, name) not in self._running)
            self._running |= {(scope, name) for name in free}
        return free

    def release(self, scope: str, control_ids: Iterable[str]) -> None:
        """End the marks of `claim`."""
        with self._lock:
            self._running -= {(scope, name) for name in control_ids}

    def check(self, db: sqlite3.Connection, scope: str, control_id: str) -> None:
        """Raise RepeatedError when a function already succeeded under this control id."""
        row = db.execute(
            "SELECT recorded FROM gateway_control_id WHERE scope = ? AND control_id = ?", (scope, control_id)
        ).fetchone()
        if row is None or self._outlived(row[0]):
            return
        errorno = self._company.switches.text("uniqueid_errorno")
        raise RepeatedError(
            errorno, f"A successful transaction has already been recorded with the control id {control_id}"
        )

    def record(self, db: sqlite3.Connection, scope: str, control_id: str) -> None:
        """Remember a success, in the transaction of its effect."""
        db.execute(
            "INSERT OR REPLACE INTO gateway_control_id (scope, control_id, recorded) VALUES (?, ?, ?)",
            (scope, control_id, self._company.clock.now().isoformat()),
        )

    def in_process(self) -> FunctionError:
        """Return the refusal of a control id that is being executed at this moment."""
        return FunctionError(self._company.switches.text("uniqueid_errorno"), "concurrent request in process")

    def _outlived(self, recorded: str) -> bool:
        days = self._company.switches.number("uniqueid_days")
        return days > 0 and self._company.clock.now() - datetime.fromisoformat(recorded) > timedelta(days=days)
