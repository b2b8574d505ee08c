"""Web Services sessions: begun, slid by every call, expired by the company's clock, kept across a restart.

from airflow_provider_intacct.sandbox.company import Company

A slide is written down only when it moves the end by a minute or more, so that a read costs no disk write.
"""

import secrets
import sqlite3
import threading
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from airflow_provider_intacct.sandbox.company import Company

_WRITE_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in user at the top level (`entity_id` None) or in an entity. Times are aware UTC."""

    id: str = field(repr=False)
    user_id: str
    sender_id: str
    entity_id: str | None
    started: datetime
    expires: datetime


class Sessions:
    """The sessions of one company."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._lock = threading.Lock()
        self._live: dict[str, Session] = {}
        self._written: dict[str, datetime] = {}

    def passing(self, user_id: str, sender_id: str, entity_id: str | None) -> Session:
        """Return the session of one request that signs in by itself; it is not kept."""
        now = self._company.clock.now()
        return Session(_new_identifier(), user_id, sender_id, entity_id, now, now + self._duration())

    def begin(self, db: sqlite3.Connection, user_id: str, sender_id: str, entity_id: str | None) -> Session:
        """Begin a session; it is there when the transaction of `db` is."""
        session = self.passing(user_id, sender_id, entity_id)
        _insert(db, session)
        return session

    def find(self, session_id: str) -> Session | None:
        """Return a session that has not expired."""
        with self._lock:
            session = self._live.get(session_id) or self._read(session_id)
            if session is None:
                return None
            if session.expires <= self._company.clock.now():
                self._forget(session_id)
                return None
            return session

    def slide(self, session: Session) -> Session:
        """Return the session with its end moved to now plus the session duration."""
        slid = replace(session, expires=self._company.clock.now() + self._duration())
        with self._lock:
            if session.id in self._live:
                self._live[session.id] = slid
                if abs(slid.expires - self._written[session.id]) >= _WRITE_AFTER:
                    self._write(slid)
        return slid

    def end(self, session_id: str) -> None:
        """Make a session invalid now."""
        with self._lock:
            self._forget(session_id)

    def _duration(self) -> timedelta:
        return timedelta(seconds=self._company.switches.number("session_seconds"))

    def _read(self, session_id: str) -> Session | None:
        with self._company.store.read() as db:
            row = db.execute(
                "SELECT id, user_id, sender_id, entity_id, started, expires FROM gateway_session WHERE id = ?",
                (session_id,),
            ).fetchone()
        if row is None:
            return None
        key, user_id, sender_id, entity_id, started, expires = row
        times = datetime.fromisoformat(started), datetime.fromisoformat(expires)
        session = Session(key, user_id, sender_id, entity_id, *times)
        self._live[session.id] = session
        self._written[session.id] = session.expires
        return session

    def _write(self, session: Session) -> None:
        with self._company.store.write() as db:
            _insert(db, session)
        self._live[session.id] = session
        self._written[session.id] = session.expires

    def _forget(self, session_id: str) -> None:
        self._live.pop(session_id, None)
        self._written.pop(session_id, None)
        with self._company.store.write() as db:
            db.execute("DELETE FROM gateway_session WHERE id = ?", (session_id,))


def _insert(db: sqlite3.Connection, session: Session) -> None:
    times = session.started.isoformat(), session.expires.isoformat()
    db.execute(
        "INSERT OR REPLACE INTO gateway_session (id, user_id, sender_id, entity_id, started, expires) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (session.id, session.user_id, session.sender_id, session.entity_id, *times),
    )


def _new_identifier() -> str:
    """Return a session id: hard to guess, as long as the gateway's own."""
    return secrets.token_urlsafe(33) + ".."
