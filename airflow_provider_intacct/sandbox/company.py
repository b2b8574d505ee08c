"""The company the sandbox plays: who may call it, what it owns, where it keeps its records.

People and credentials are the fixed ones of the demo company. Knows no XML and no HTTP; gateway/ speaks for it.
"""

import contextlib
import secrets
import sqlite3
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar, cast

from .catalog import Catalog
from .clock import Clock
from .permissions import ALL_RIGHTS, READING_RIGHTS, Grants, Permissions
from .store import Store
from .switches import Switches

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class User:
    """A person or a program that signs in. `record_no` is its RECORDNO in USERINFO, where LOGINID is `id`.

    `entity_ids` restricts the user to those entities; empty means the top level and every entity.
    """

    id: str
    password: str = field(repr=False)
    record_no: int
    name: str
    grants: Grants = field(repr=False)
    entity_ids: tuple[str, ...] = ()
    locked: bool = False
    time_zone: str = "America/Los_Angeles"
    locale: str = "en_US"
    date_format: str = "/mdY"
    clock: str = "24"


@dataclass(frozen=True, slots=True)
class Sender:
    """A Web Services sender id, and whether the company authorised it."""

    id: str
    password: str = field(repr=False)
    authorised: bool = True


@dataclass(frozen=True, slots=True)
class Profile:
    """What the company says of itself in company information, financial setup and preferences."""

    title: str
    base_currency: str
    default_book: str
    first_fiscal_month: str
    first_tax_month: str
    week_start: str
    applications: Mapping[str, str]
    preferences: Mapping[str, Mapping[str, str]]


_FULL = Grants(everywhere=ALL_RIGHTS, except_for={}, denied_fields={})
_AUDIT = Grants(
    everywhere=READING_RIGHTS,
    except_for={("Platform Services", "Custom reports"): ()},
    denied_fields={"VENDOR": frozenset({"TAXID", "CREDITLIMIT"}), "CUSTOMER": frozenset({"CREDITLIMIT"})},
)

DEMO_USERS = (
    User("etl", "etl-Secret-9Kd", 1, "Extract and Load", _FULL),
    User("auditor", "auditor-Secret-2Lm", 2, "Ada Auditor", _AUDIT),
    User("west", "west-Secret-5Xp", 3, "Wanda West", _FULL, entity_ids=("200",)),
    User("locked", "locked-Secret-3Tz", 4, "Lou Locked", _FULL, locked=True),
)
DEMO_SENDERS = (
    Sender("SANDBOX", "sender-Secret-7Qf"),
    Sender("STRANGER", "stranger-Secret-4Rt", authorised=False),
)
DEMO_PROFILE = Profile(
    title="Demo Company",
    base_currency="USD",
    default_book="ACCRUAL",
    first_fiscal_month="January",
    first_tax_month="January",
    week_start="Sunday",
    applications={
        "GEN": "Company", "GL": "General Ledger", "AP": "Accounts Payable", "AR": "Accounts Receivable",
        "CM": "Cash Management", "PROJACCT": "Projects", "INV": "Inventory Control", "PT": "Platform Services",
    },
    preferences={
        "GEN": {"PRIMARY_ACCTNO_LENGTH": "4", "SUB_ACCTNO_LENGTH": "0", "FISCAL_FIRST_MONTH": "1",
                "TAX_FIRST_MONTH": "1", "WEEK_START": "0"},
        "GL": {"ENABLE_JE_APPROVAL": "F", "AUTO_BATCH_NUMBER": "T"},
        "AP": {"ENABLE_BILL_APPROVAL": "F", "BILL_SUMMARY": "Daily"},
        "AR": {"INVOICE_SUMMARY": "Daily"},
        "CM": {}, "PROJACCT": {}, "INV": {}, "PT": {},
    },
)  # fmt: skip

_TABLES = (
    "CREATE TABLE IF NOT EXISTS gateway_setting (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS gateway_sign_in (user_id TEXT PRIMARY KEY, failures INTEGER NOT NULL, "
    "locked INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS gateway_session (id TEXT PRIMARY KEY, user_id TEXT NOT NULL, sender_id TEXT NOT NULL, "
    "entity_id TEXT, started TEXT NOT NULL, expires TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS gateway_control_id (scope TEXT, control_id TEXT, recorded TEXT NOT NULL, "
    "PRIMARY KEY (scope, control_id)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS gateway_transaction (function TEXT PRIMARY KEY, number INTEGER NOT NULL)",
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
        self._parts: dict[type, Any] = {}
        self._parts_lock = threading.RLock()

    @classmethod
    def open(cls, path: str | Path, *, size: str = "small", switches: Switches | None = None) -> Self:
        """Open the company kept in a database file; a file that is new is filled with the demo company of that size.

        Size is "small", "medium" or "large"; it matters only where the file is new.
        """
        switches = switches or Switches()
        if not Path(path).exists():
            _found(cls, Path(path), size, switches)
        _require_company(Path(path))
        company = cls._at(path, switches)
        company.clock.advance(float(company._setting("clock_offset") or 0))
        return company

    @classmethod
    def _at(cls, path: str | Path, switches: Switches) -> Self:
        catalog = Catalog.load()
        store = Store(path, catalog)
        with store.write() as db:
            for statement in _TABLES:
                db.execute(statement)
        return cls(store, catalog, Clock(), switches)

    def part(self, kind: Callable[["Company"], Part]) -> Part:
        """Return this company's only `kind`, made with `kind(company)` the first time; gone after a reset."""
        with self._parts_lock:
            if kind not in self._parts:
                self._parts[cast("type", kind)] = kind(self)
            return cast("Part", self._parts[cast("type", kind)])

    def advance_clock(self, seconds: float) -> None:
        """Move the company's time, durably."""
        self.clock.advance(seconds)
        with self.store.write() as db:
            _set(db, "clock_offset", str(self.clock.offset_seconds))

    def reset(self) -> None:
        """Return to the seed: records, sessions, control ids, API transactions, clock and switches."""
        self.store.reset()
        with self._parts_lock:
            self._parts.clear()
        self.switches.reset()
        self.clock.offset_seconds = 0.0

    def close(self) -> None:
        """Close the database."""
        self.store.close()

    def _setting(self, name: str) -> str | None:
        with self.store.read() as db:
            row = db.execute("SELECT value FROM gateway_setting WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None


class NotACompanyError(Exception):
    """The database file holds something else."""


def _require_company(path: Path) -> None:
    """Raise NotACompanyError, without a change to the file, unless a sandbox made it."""
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    if "gateway_setting" not in tables:
        raise NotACompanyError(f"{path} is not the database of a sandbox company; name another file or remove it.")


def _found(kind: type[Company], path: Path, size: str, switches: Switches) -> None:
    """Fill a new company beside its final place, so that a process killed meanwhile leaves no half company.

    seed.py's `seed(company, size)` writes the records through `company.store.write()`.
    """
    from .seed import seed

    part = path.with_name(path.name + ".part")
    for name in (part.name, part.name + "-wal", part.name + "-shm"):
        part.with_name(name).unlink(missing_ok=True)
    company = kind._at(part, switches)
    seed(company, size)
    with company.store.write() as db:
        _set(db, "size", size)
    company.store.keep_seed()
    company.close()
    part.with_name(part.name + ".seed").replace(path.with_name(path.name + ".seed"))
    part.replace(path)


def new_identifier() -> str:
    """Return a session id: hard to guess, as long as the gateway's own."""
    return secrets.token_urlsafe(33) + ".."


def _set(db: sqlite3.Connection, name: str, value: str) -> None:
    db.execute("INSERT OR REPLACE INTO gateway_setting (name, value) VALUES (?, ?)", (name, value))
