"""The sandbox as a process: its one line, its options, its ends (design.md "Sandbox")."""

import contextlib
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway_requests import call, create_department, departments, login
from tests.sandbox_process import SandboxProcess


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    command = [sys.executable, "-m", "airflow_provider_intacct.sandbox", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


def test_it_says_one_line_and_stops_on_sigterm(fresh_sandbox: SandboxProcess) -> None:
    assert call(fresh_sandbox, "<getAPISession/>").statuses == ["success"]
    assert fresh_sandbox.process is not None
    assert fresh_sandbox.process.stdout is not None
    fresh_sandbox.process.terminate()
    assert fresh_sandbox.process.stdout.read() == "", "nothing after the ready line"
    assert fresh_sandbox.stop() == 0
    assert "Traceback" not in fresh_sandbox.log


def test_it_stops_on_interrupt_too(fresh_sandbox: SandboxProcess) -> None:
    assert fresh_sandbox.interrupt() == 0
    assert "Traceback" not in fresh_sandbox.log


def test_a_clean_stop_and_a_new_start_keep_the_company(fresh_sandbox: SandboxProcess) -> None:
    call(fresh_sandbox, create_department("A"))
    fresh_sandbox.stop()
    fresh_sandbox.restart()
    assert departments(fresh_sandbox, ["A"]) == ["A"]


def test_the_companys_clock_keeps_its_lead_over_a_restart(fresh_sandbox: SandboxProcess) -> None:
    fresh_sandbox.advance(10 * 86400)
    before = fresh_sandbox.control("/sandbox/time")["now"]
    fresh_sandbox.kill()
    fresh_sandbox.restart()
    assert fresh_sandbox.control("/sandbox/time")["now"][:10] == before[:10]


def test_it_listens_on_the_loopback_interface_only(sandbox: SandboxProcess) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as other:
        other.settimeout(5)
        with pytest.raises(OSError, match=r"refused|unreachable|timed out"):
            other.connect(("127.0.0.2", sandbox.port))


def test_the_printed_connection_reaches_the_sandbox(sandbox: SandboxProcess) -> None:
    printed = run("--print-connection", "--port", str(sandbox.port))
    assert printed.returncode == 0
    connection = json.loads(printed.stdout)
    assert connection == sandbox.connection
    assert connection["conn_type"] == "intacct"
    extra = connection["extra"]
    assert extra["endpoint"] == sandbox.endpoint
    answer = call(
        sandbox,
        "<getAPISession/>",
        sender=(extra["sender_id"], extra["sender_password"]),
        credential=login((connection["login"], connection["password"]), company=extra["company_id"]),
    )
    assert answer.statuses == ["success"]


def test_switches_can_be_set_at_the_start(tmp_path: Path) -> None:
    process = SandboxProcess(
        tmp_path / "intacct.db", arguments=("--set", "concurrency=4", "--set", "support_ids=false")
    )
    process.start()
    try:
        switches = process.control("/sandbox/switches")
        assert (switches["concurrency"], switches["support_ids"]) == (4, False)
        process.switch(concurrency=1)
        process.reset()
        assert process.control("/sandbox/switches")["concurrency"] == 4, "a reset returns to the start"
    finally:
        process.stop()


def test_without_a_database_it_keeps_none(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "airflow_provider_intacct.sandbox", "--port", "0"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Sandbox ready at ")
        assert list(tmp_path.iterdir())
        process.terminate()
        assert process.wait(15) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_start_that_was_killed_leaves_no_half_company(tmp_path: Path) -> None:
    db = tmp_path / "intacct.db"
    (tmp_path / "intacct.db.part").write_bytes(b"half a company")
    process = SandboxProcess(db).start()
    try:
        assert call(process, "<getAPISession/>").statuses == ["success"]
    finally:
        process.stop()
    assert not (tmp_path / "intacct.db.part").exists()


def test_a_port_in_use_is_named(taken_port: int) -> None:
    ended = run("--port", str(taken_port))
    assert ended.returncode == 2
    assert f"Port {taken_port} cannot be used" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--set", "colour=red"), "There is no switch 'colour'"),
        (("--set", "concurrency"), "--set takes SWITCH=VALUE"),
        (("--set", "concurrency=lots"), "Switch concurrency takes a value like 1"),
        (("--port", "70000"), "Port 70000 cannot be used"),
        (("--size", "huge"), "invalid choice: 'huge'"),
        (("--schema", "/no/such.xsd"), "/no/such.xsd cannot be read"),
        (("--schema", __file__), "is no XML schema"),
        (("--db", "/no/such/folder/intacct.db"), "/no/such/folder/intacct.db cannot be opened"),
        (("--db", __file__), "cannot be opened"),
    ],
)
def test_what_is_wrong_on_the_command_line_is_said_without_a_traceback(arguments: tuple[str, ...], said: str) -> None:
    ended = run("--port", "0", *arguments)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE mine (a)")
    before = path.read_bytes()
    ended = run("--port", "0", "--db", str(path))
    assert ended.returncode == 2
    assert "is not the database of a sandbox company" in ended.stderr
    assert path.read_bytes() == before


def test_a_company_of_another_version_is_left_alone(seeded_db: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(seeded_db, tmp_path))
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 1")
    ended = run("--port", "0", "--db", str(path))
    assert ended.returncode == 2
    assert "was made by another version of the sandbox; name another file or remove it" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_damaged_company_is_named(seeded_db: Path, tmp_path: Path) -> None:
    path = tmp_path / "intacct.db"
    path.write_bytes(seeded_db.read_bytes()[:5000])
    ended = run("--port", "0", "--db", str(path))
    assert ended.returncode == 2
    assert f"{path} cannot be opened" in ended.stderr
    assert "Traceback" not in ended.stderr
