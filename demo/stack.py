"""A whole Airflow (scheduler, DAG processor, triggerer, API server) beside a sandbox, on free loopback ports.

    with stack(Path("example_dags")) as running:
        run_id = running.airflow.trigger("intacct_accrual")

Everything lives in one temporary folder and ends with the block. Fails with StackError, which says what did not
start and where its log is; the folder is kept then.
"""

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from demo.airflow_api import AirflowApi
from demo.keeper import Keeper
from demo.sandbox import SandboxProcess

START_SECONDS = 240.0
ALIVE = ("metadatabase", "scheduler", "triggerer", "dag_processor")


class StackError(RuntimeError):
    """A part of the stack did not start or did not stay; the text names it and its log."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack: Airflow behind its REST API, the company behind its gateway."""

    airflow: AirflowApi
    sandbox: SandboxProcess
    home: Path
    connection: Mapping[str, Any] = field(repr=False)
    env: Mapping[str, str] = field(repr=False)

    @property
    def logs(self) -> Path:
        """The folder of Airflow's task and trigger logs."""
        return self.home / "logs"

    @property
    def component_logs(self) -> Path:
        """The folder of what each process printed."""
        return self.home / "components"


@contextlib.contextmanager
def stack(dags_folder: Path, *, size: str = "small", env: Mapping[str, str] | None = None) -> Iterator[Stack]:
    """Start the sandbox and Airflow's four components over `dags_folder`; end them with the block."""
    home = Path(tempfile.mkdtemp(prefix="intacct-airflow-"))
    keeper = Keeper()
    keeper.remove_at_end(home)
    try:
        yield from _run(keeper, home, dags_folder, size, env or {})
    except BaseException as error:
        if not isinstance(error, SystemExit | KeyboardInterrupt | GeneratorExit):
            keeper.keep_after_all(home)
            sys.stderr.write(f"The logs are kept in {home / 'components'} and {home / 'logs'}\n")
        raise
    finally:
        keeper.close()


def _run(keeper: Keeper, home: Path, dags_folder: Path, size: str, extra_env: Mapping[str, str]) -> Iterator[Stack]:
    components = home / "components"
    components.mkdir()
    sandbox = SandboxProcess(keeper, components, _plain_environment(), size=size)
    connection = sandbox.connection()
    port = free_port()
    env = {**airflow_environment(home, dags_folder, port), "AIRFLOW_CONN_INTACCT_DEFAULT": json.dumps(connection)}
    env.update(extra_env)
    _migrate(env, components / "migrate.log")
    for name, arguments in _components(port).items():
        keeper.start(name, [sys.executable, "-m", "airflow", *arguments], env=env, log=components / f"{name}.log")
    with contextlib.closing(AirflowApi(f"http://127.0.0.1:{port}")) as airflow:
        _wait_until_healthy(keeper, airflow, components)
        yield Stack(airflow, sandbox, home, connection, env)


def _components(port: int) -> dict[str, list[str]]:
    # Logs are read from the shared folder, so nobody needs to serve them on a port of its own (--skip-serve-logs).
    return {
        "api-server": ["api-server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"],
        "scheduler": ["scheduler", "--skip-serve-logs"],
        "dag-processor": ["dag-processor"],
        "triggerer": ["triggerer", "--skip-serve-logs"],
    }


def airflow_environment(home: Path, dags_folder: Path, port: int) -> dict[str, str]:
    """Return the environment of an Airflow of its own: nothing of the user's Airflow settings is taken over."""
    url = f"http://127.0.0.1:{port}"
    settings = {
        "core__dags_folder": str(dags_folder.resolve()),
        "core__load_examples": "False",
        "core__executor": "LocalExecutor",
        "core__parallelism": "4",
        "core__dags_are_paused_at_creation": "False",
        "core__simple_auth_manager_all_admins": "True",
        "core__simple_auth_manager_passwords_file": str(home / "passwords.json"),
        "core__execution_api_server_url": f"{url}/execution/",
        "core__fernet_key": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "core__test_connection": "Enabled",
        "database__sql_alchemy_conn": f"sqlite:///{home}/airflow.db",
        "api__port": str(port),
        "api__base_url": url,
        "api__secret_key": secrets.token_urlsafe(32),
        "api_auth__jwt_secret": secrets.token_urlsafe(32),
        "logging__base_log_folder": str(home / "logs"),
        "dag_processor__refresh_interval": "10",
        # Without it, a trigger that fires soon after the deferral can meet a task that has not ended yet, and fails it.
        "workers__min_heartbeat_interval": "1",
        "usage_data_collection__enabled": "False",
    }
    return {
        **_plain_environment(),
        "AIRFLOW_HOME": str(home),
        **{f"AIRFLOW__{name.upper()}": value for name, value in settings.items()},
    }


def _plain_environment() -> dict[str, str]:
    taken = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    loopback = "127.0.0.1,localhost"
    return {**taken, "PYTHONUNBUFFERED": "1", "no_proxy": loopback, "NO_PROXY": loopback}


def _migrate(env: Mapping[str, str], log: Path) -> None:
    with log.open("wb") as output:
        command = [sys.executable, "-m", "airflow", "db", "migrate"]
        status = subprocess.run(command, env=dict(env), stdout=output, stderr=output, check=False).returncode
    if status:
        raise StackError(f"`airflow db migrate` ended with status {status}:\n{tail(log)}")


def _wait_until_healthy(keeper: Keeper, airflow: AirflowApi, components: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    health: dict[str, str | None] = {}
    while time.monotonic() < deadline:
        for name, process in keeper.processes.items():
            if process.poll() is not None:
                log = components / f"{name}.log"
                raise StackError(f"{name} ended with status {process.returncode}:\n{tail(log)}")
        with contextlib.suppress(httpx.HTTPError):
            health = airflow.health()
            if all(health.get(part) == "healthy" for part in ALIVE):
                airflow.sign_in()
                return
        time.sleep(0.3)
    raise StackError(
        f"Airflow is not healthy after {START_SECONDS:.0f} s: {health or 'the API server does not answer'}"
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tail(log: Path, characters: int = 3000) -> str:
    """Return the end of a log file, or say that it is missing."""
    return log.read_text(errors="replace")[-characters:] if log.exists() else f"(no log at {log})"
