"""A real Airflow for these tests: a home of its own for each test process, and connections to the sandbox."""

import atexit
import fcntl
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.request import Request, urlopen

from tests.airflow.databases import database as database
from tests.airflow.databases import postgres as postgres
from tests.airflow.databases import postgres_server as postgres_server
from tests.airflow.databases import sqlite as sqlite

# Airflow reads its configuration when it is first imported, so its home must be set before any test module does so.
AIRFLOW_HOME = Path(tempfile.mkdtemp(prefix=f"airflow-{os.environ.get('PYTEST_XDIST_WORKER', 'home')}-"))
DAGS_FOLDER = Path(__file__).parent / "dags"
atexit.register(shutil.rmtree, AIRFLOW_HOME, ignore_errors=True)
os.environ.update(
    AIRFLOW_HOME=str(AIRFLOW_HOME),
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__DAGS_FOLDER=str(DAGS_FOLDER),
    AIRFLOW__CORE__TEST_CONNECTION="Enabled",
    AIRFLOW__CORE__UNIT_TEST_MODE="False",
    AIRFLOW__LOGGING__LOGGING_LEVEL="INFO",
)

import pytest  # noqa: E402 - see above

from airflow_provider_intacct.client import Credentials, IntacctClient  # noqa: E402
from tests.sandbox_process import SandboxProcess  # noqa: E402

USERS = {
    "etl": "etl-Secret-9Kd",
    "auditor": "auditor-Secret-2Lm",
    "west": "west-Secret-5Xp",
    "locked": "locked-Secret-3Tz",
    "approver": "approver-Secret-6Vb",
    "controller": "controller-Secret-8Zt",
}
SENDERS = {"SANDBOX": "sender-Secret-7Qf", "STRANGER": "stranger-Secret-4Rt"}

Connect = Callable[..., dict[str, Any]]


def connection_to(endpoint: str, /, *, user: str = "etl", sender: str = "SANDBOX", **changes: Any) -> dict[str, Any]:
    """Return an Airflow connection in JSON form; `changes` replace login, password or fields of the extra."""
    extra = {
        "company_id": "DEMO",
        "sender_id": sender,
        "sender_password": SENDERS[sender],
        "endpoint": endpoint,
    }
    connection: dict[str, Any] = {"conn_type": "intacct", "login": user, "password": USERS[user], "extra": extra}
    for name, value in changes.items():
        (connection if name in connection else extra)[name] = value
    return connection


def airflow_cli(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Airflow's command line in its own process, as a person would."""
    return subprocess.run(
        [sys.executable, "-m", "airflow", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "400", **environment},
        timeout=120,
        check=False,
    )


@pytest.fixture
def connect(sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Return a function that makes `intacct_default` lead to the sandbox; see `connection_to`."""

    def connect(conn_id: str = "intacct_default", **changes: Any) -> dict[str, Any]:
        connection = connection_to(sandbox.endpoint, **changes)
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))
        return connection

    return connect


@pytest.fixture(autouse=True)
def process_without_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin like a new process: without the sessions and refusals that earlier tests met."""
    from airflow_provider_intacct.client.xml import gateway, session

    monkeypatch.setattr(gateway, "PROCESS_POOL", session.SessionPool())


@pytest.fixture
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the client try again at once: its pauses are a random share of a bound, here none of it."""
    from airflow_provider_intacct.client.xml import gateway

    monkeypatch.setattr(gateway, "_dice", SimpleNamespace(random=lambda: 0.0))


@pytest.fixture(scope="session")
def airflow_db(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> None:
    """A migrated metadata database in this process's Airflow home. One process makes it, the others copy it."""
    own = AIRFLOW_HOME / "airflow.db"
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "airflow.db"
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.exists():
            migrated = airflow_cli("db", "migrate")
            assert migrated.returncode == 0, migrated.stdout + migrated.stderr
            copy_database(own, shared)
    if not own.exists():
        copy_database(shared, own)


def copy_database(source: Path, target: Path) -> None:
    """Copy a SQLite database; it is there when it is whole."""
    partial = target.with_suffix(".partial")
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(partial)) as new:
        old.backup(new)
    partial.rename(target)


@pytest.fixture
def company(sandbox: SandboxProcess) -> Iterator[IntacctClient]:
    """A client of the sandbox's company, to look and to change things behind the tasks' backs."""
    credentials = Credentials("DEMO", "etl", USERS["etl"], "SANDBOX", SENDERS["SANDBOX"], endpoint=sandbox.endpoint)
    with IntacctClient(credentials) as client:
        yield client


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of an S3 of this process, with the bucket `lake`.

    One for all tests: Airflow keeps what it once made of a path's connection.
    """
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    with urlopen(Request(f"{url}/lake", method="PUT")) as answer:
        assert answer.status == 200
    yield url
    server.stop()


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address, reached by the Airflow connection `lake`."""
    connection = {
        "conn_type": "aws",
        "login": "AKIAEXAMPLE",
        "password": "s3-Secret-1Qw",
        "extra": {"endpoint_url": s3_server, "region_name": "us-east-1"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_LAKE", json.dumps(connection))
    return s3_server
