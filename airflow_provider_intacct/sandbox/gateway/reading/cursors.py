"""Result sets that readMore continues: pinned when the query ran, bound to the session, forgotten after a while.

A cursor keeps the keys of its rows, not the rows: a record deleted meanwhile leaves its page one row shorter, which is
why `numremaining` and not the size of a page tells whether there is more.
"""

import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from airflow_provider_intacct.sandbox.catalog import Path
from airflow_provider_intacct.sandbox.company import Company

_SERVER = "web36"
_MOST = 2000


@dataclass(slots=True)
class Cursor:
    """One pinned result set and how far it was read. `rows` are keys, or whole rows of text where there is no key."""

    source: str
    object: str
    paths: Sequence[Path]
    rows: Sequence[int] | Sequence[tuple[str, ...]]
    page_size: int
    form: str
    session_id: str = ""
    result_id: str = ""
    position: int = 0
    expires: datetime | None = field(default=None)

    @property
    def remaining(self) -> int:
        """Rows not yet read."""
        return len(self.rows) - self.position


class Cursors:
    """The open result sets of a company."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._lock = threading.Lock()
        self._open: dict[str, Cursor] = {}
        self._last: dict[tuple[str, str], str] = {}

    def keep(self, cursor: Cursor, session_id: str) -> None:
        """Give a cursor its resultId and keep it for the session."""
        with self._lock:
            self._drop_expired()
            cursor.session_id = session_id
            cursor.result_id = _SERVER.encode().hex() + secrets.token_urlsafe(18) + "AAAA5"
            cursor.expires = self._company.clock.now() + self._lifetime()
            self._open[cursor.result_id] = cursor
            self._last[session_id, cursor.source] = cursor.result_id

    def forget_last(self, source: str, session_id: str) -> None:
        """A query that fits one page leaves nothing for readMore by object."""
        with self._lock:
            self._last.pop((session_id, source), None)

    def find(self, session_id: str, *, result_id: str = "", source: str = "") -> Cursor | None:
        """Return the session's cursor by its resultId, or the last one on an object or view, if rows are left."""
        with self._lock:
            cursor = self._open.get(result_id or self._last.get((session_id, source), ""))
            if cursor is None or cursor.session_id != session_id or not cursor.remaining:
                return None
            if cursor.expires is None or cursor.expires <= self._company.clock.now():
                return None
            return cursor

    def advance(self, cursor: Cursor) -> tuple[Sequence[int] | Sequence[tuple[str, ...]], int]:
        """Return a cursor's next page and how many rows remain after it; two requests never get the same page."""
        with self._lock:
            start = cursor.position
            cursor.position = min(len(cursor.rows), start + cursor.page_size)
            return cursor.rows[start : cursor.position], cursor.remaining

    def _lifetime(self) -> timedelta:
        return timedelta(seconds=self._company.switches.number("result_id_seconds"))

    def _drop_expired(self) -> None:
        now = self._company.clock.now()
        for result_id, cursor in list(self._open.items()):
            if len(self._open) >= _MOST or not cursor.remaining or cursor.expires is None or cursor.expires <= now:
                del self._open[result_id]
        self._last = {place: result_id for place, result_id in self._last.items() if result_id in self._open}
