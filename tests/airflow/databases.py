"""The databases a load goes into: PostgreSQL and SQLite, each behind the Airflow connection `warehouse`."""

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.postgres import postgres, postgres_server

__all__ = ["Database", "database", "postgres", "postgres_server", "sqlite"]


class Database(Protocol):
    """What a test asks of a database."""

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query, in a connection of its own."""
        ...


@dataclass(frozen=True)
class SqliteDatabase:
    """A file. Its path is all that leads to it."""

    path: Path

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query in a connection of its own."""
        connection = sqlite3.connect(self.path)
        try:
            with connection:
                return connection.execute(sql.replace("%s", "?"), values).fetchall()
        finally:
            connection.close()


@pytest.fixture
def sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SqliteDatabase:
    """A new file, and the Airflow connection `warehouse` to it."""
    path = tmp_path / "warehouse.db"
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(path)}))
    return SqliteDatabase(path)


@pytest.fixture(params=["postgres", "sqlite"])
def database(request: pytest.FixtureRequest) -> Database:
    """Each of the databases in turn."""
    found: Database = request.getfixturevalue(request.param)
    return found
