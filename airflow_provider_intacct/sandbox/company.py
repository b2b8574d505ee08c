"""The company the sandbox plays: who may call it, what it owns, where it keeps its records.

Knows no XML and no HTTP; gateway/ speaks for it. founding.py opens one.
"""

import sqlite3
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

from .catalog import Catalog
from .clock import Clock
from .demo import DEMO_PROFILE, DEMO_SENDERS, DEMO_USERS, Profile
from .ledger.approvals import TABLES as APPROVAL_TABLES
from .ledger.settlement import TABLES as SETTLEMENT_TABLES
from .permissions import Permissions
from .store import Store
from .switches import Switches
from .users import Sender, User

Part = TypeVar("Part")

# What lives as long as the company but is no record of it: settings and the gateway's own memory.
TABLES = (
    "CREATE TABLE gateway_setting (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE gateway_sign_in (user_id TEXT PRIMARY KEY, failures INTEGER NOT NULL, locked INTEGER NOT NULL)",
    "CREATE TABLE gateway_session (id TEXT PRIMARY KEY, user_id TEXT NOT NULL, sender_id TEXT NOT NULL, "
    "entity_id TEXT, started TEXT NOT NULL, expires TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE gateway_control_id (scope TEXT, control_id TEXT, recorded TEXT NOT NULL, "
    "PRIMARY KEY (scope, control_id))",
    "CREATE TABLE gateway_transaction (function TEXT PRIMARY KEY, number INTEGER NOT NULL)",
    "CREATE TABLE gateway_dds_job (record_no INTEGER PRIMARY KEY, set_no INTEGER NOT NULL, "
    "specification TEXT NOT NULL)",
    *APPROVAL_TABLES,
    *SETTLEMENT_TABLES,
    "CREATE TABLE gateway_queue (number INTEGER PRIMARY KEY, policy_id TEXT NOT NULL, control_id TEXT NOT NULL, "
    "functions TEXT NOT NULL, document BLOB NOT NULL, due REAL NOT NULL, state TEXT NOT NULL, response BLOB, "
    "delivery TEXT)",
)


class Company:
    """One company, open. `part(kind)` gives a module a place of its own for what lives as long as the process."""

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        clock: Clock,
        switches: Switches,
        *,
        id: str = "DEMO",
        users: tuple[User, ...] = DEMO_USERS,
        senders: tuple[Sender, ...] = DEMO_SENDERS,
        profile: Profile = DEMO_PROFILE,
    ) -> None:
        self.id = id
        self.store = store
        self.catalog = catalog
        self.clock = clock
        self.switches = switches
        self.users: Mapping[str, User] = {user.id: user for user in users}
        self.senders: Mapping[str, Sender] = {sender.id: sender for sender in senders}
        self.profile = profile
        self.permissions = Permissions()
        self.endpoint = ""
        self.dds_folder: Path | None = None
        self.policy_folder: Path | None = None
        self._endings: list[Callable[[], None]] = []
        self._parts: dict[type, Any] = {}
        self._parts_lock = threading.RLock()

    def part(self, kind: Callable[["Company"], Part]) -> Part:
        """Return this company's only `kind`, made with `kind(company)` the first time; gone after a reset."""
        with self._parts_lock:
            if kind not in self._parts:
                self._parts[cast("type", kind)] = kind(self)
            return cast("Part", self._parts[cast("type", kind)])

    def at_end(self, ending: Callable[[], None]) -> None:
        """Remember what to do before the company is reset or closed: end a thread that works for it."""
        with self._parts_lock:
            self._endings.append(ending)

    def advance_clock(self, seconds: float) -> None:
        """Move the company's time, durably."""
        self.clock.advance(seconds)
        with self.store.write() as db:
            _set(db, "clock_offset", str(self.clock.offset_seconds))

    def reset(self) -> None:
        """Return to the seed: records, sessions, control ids, API transactions, clock and switches."""
        self._end()
        self.store.reset()
        with self._parts_lock:
            self._parts.clear()
        self.switches.reset()
        self.clock.offset_seconds = 0.0

    def close(self) -> None:
        """End what works for the company, and close the database."""
        self._end()
        self.store.close()

    def _end(self) -> None:
        with self._parts_lock:
            endings, self._endings = self._endings, []
        for ending in endings:
            ending()

    def setting(self, name: str) -> str | None:
        with self.store.read() as db:
            row = db.execute("SELECT value FROM gateway_setting WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None


def _set(db: sqlite3.Connection, name: str, value: str) -> None:
    db.execute("INSERT OR REPLACE INTO gateway_setting (name, value) VALUES (?, ?)", (name, value))
