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
    """The company's memory of control ids. Its rows are numbered in the order of their successes."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._changed = threading.Condition()
        self._running: set[tuple[str, str]] = set()

    def scope(self, session: Session) -> str:
        """Return who shares a memory with the caller."""
        parts = {"company": (), "sender": (session.sender_id,), "user": (session.sender_id, session.user_id)}
        return "\n".join((self._company.id, *parts[self._company.switches.text("uniqueid_scope")]))

    def claim(self, scope: str, control_ids: Iterable[str]) -> frozenset[str]:
        """Mark control ids as in process and return those that were free; `release` them afterwards."""
        wanted = {(scope, name) for name in control_ids}
        with self._changed:
            if self._company.switches.text("uniqueid_concurrent") == "wait":
                limit = self._company.switches.number("queue_seconds")
                self._changed.wait_for(lambda: not wanted & self._running, limit)
            free = wanted - self._running
            self._running |= free
        return frozenset(name for _, name in free)

    def release(self, scope: str, control_ids: Iterable[str]) -> None:
        """End the marks of `claim`."""
        with self._changed:
            self._running -= {(scope, name) for name in control_ids}
            self._changed.notify_all()

    def check(self, db: sqlite3.Connection, scope: str, control_id: str) -> None:
        """Raise RepeatedError when a function already succeeded under this control id."""
        row = db.execute(
            "SELECT rowid, recorded FROM gateway_control_id WHERE scope = ? AND control_id = ?", (scope, control_id)
        ).fetchone()
        if row is None or self._outlived(row[1]) or self._displaced(db, scope, row[0]):
            return
        switches = self._company.switches
        text = switches.text("uniqueid_text").replace("{control_id}", control_id)
        raise RepeatedError(switches.text("uniqueid_errorno"), text)

    def record(self, db: sqlite3.Connection, scope: str, control_id: str) -> None:
        """Remember a success, in the transaction of its effect."""
        db.execute(
            "INSERT OR REPLACE INTO gateway_control_id (scope, control_id, recorded) VALUES (?, ?, ?)",
            (scope, control_id, self._company.clock.now().isoformat()),
        )

    def in_process(self) -> FunctionError:
        """Return the refusal of a control id that is being executed at this moment."""
        return FunctionError(
            self._company.switches.text("uniqueid_concurrent_errorno"), "concurrent request in process"
        )

    def listed(self) -> list[dict[str, str]]:
        """Return what is remembered, oldest first."""
        with self._company.store.read() as db:
            rows = db.execute("SELECT control_id, recorded FROM gateway_control_id ORDER BY rowid").fetchall()
        return [{"controlid": control_id, "recorded": recorded} for control_id, recorded in rows]

    def forget(self) -> None:
        """Forget every control id, as a gateway does whose memory ends."""
        with self._company.store.write() as db:
            db.execute("DELETE FROM gateway_control_id")

    def _outlived(self, recorded: str) -> bool:
        days = self._company.switches.number("uniqueid_days")
        return days > 0 and self._company.clock.now() - datetime.fromisoformat(recorded) > timedelta(days=days)

    def _displaced(self, db: sqlite3.Connection, scope: str, number: int) -> bool:
        """Whether so many later ids of the scope are remembered that this one is not."""
        kept = int(self._company.switches.number("uniqueid_kept"))
        if not kept:
            return False
        sql = "SELECT count(*) FROM gateway_control_id WHERE scope = ? AND rowid > ?"
        return bool(db.execute(sql, (scope, number)).fetchone()[0] >= kept)
