"""Open the company that a database file keeps; found the demo company where there is no file."""

import contextlib
import sqlite3
from pathlib import Path

from .catalog import Catalog
from .clock import Clock
from .company import TABLES, Company
from .store import Store
from .switches import Switches


class NotACompanyError(Exception):
    """The database file holds something else."""


def open_company(path: str | Path, *, size: str = "small", switches: Switches | None = None) -> Company:
    """Open the company kept in a database file; a file that is new is filled with the demo company of that size.

    Size is "small", "medium" or "large"; it matters only where the file is new. Raises NotACompanyError,
    OtherVersionError, and what SQLite raises for a file it cannot read.
    """
    path, switches = Path(path), switches or Switches()
    if not path.exists():
        _found(path, size, switches)
    _require_company(path)
    company = _company(path, switches)
    company.clock.advance(float(company.setting("clock_offset") or 0))
    return company


def _company(path: Path, switches: Switches, *, durable: bool = True) -> Company:
    catalog, clock = Catalog.load(), Clock()
    return Company(Store(path, catalog, TABLES, durable=durable, now=clock.now), catalog, clock, switches)


def _require_company(path: Path) -> None:
    """Raise NotACompanyError, without a change to the file, unless a sandbox made it."""
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    if "gateway_setting" not in tables:
        raise NotACompanyError(f"{path} is not the database of a sandbox company; name another file or remove it.")


def _found(path: Path, size: str, switches: Switches) -> None:
    """Fill a new company beside its final place, so that a process killed meanwhile leaves no half company."""
    from .seed import seed  # only a new company needs it

    part = path.with_name(path.name + ".part")
    for suffix in ("", "-wal", "-shm"):
        part.with_name(part.name + suffix).unlink(missing_ok=True)
    company = _company(part, switches, durable=False)
    seed(company, size)
    company.store.keep_seed()
    company.close()
    part.with_name(part.name + ".seed").replace(path.with_name(path.name + ".seed"))
    part.replace(path)
