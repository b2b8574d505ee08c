"""A sandbox in its own process, over a real socket: started, asked, killed and started again by tests."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from airflow_provider_intacct.sandbox.__main__ import connection

GATEWAY_PATH = "/ia/xml/xmlgw.phtml"
READY = "Sandbox ready at "


@dataclass
class SandboxProcess:
    """`python -m airflow_provider_intacct.sandbox` on a free port with a database of its own.

    `connection` is what `--print-connection` prints, for this port: {"conn_type", "login", "password", "extra"}.
    A restart keeps port and database.
    """

    db: Path
    size: str = "small"
    port: int = 0
    arguments: tuple[str, ...] = ()
    process: subprocess.Popen[str] | None = field(default=None, repr=False)

    def start(self) -> "SandboxProcess":
        """Start the process and wait for its ready line; whatever it said instead is in the AssertionError."""
        stderr = self._log_path.open("a", encoding="utf-8")
        with stderr:
            self.process = subprocess.Popen(
                [*self._command, "--verbose"], stdout=subprocess.PIPE, stderr=stderr, text=True, env=_environment()
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line.startswith(READY):
            self.kill()
            raise AssertionError(f"no ready line but {line!r}; it said:\n{self.log[-4000:]}")
        self.port = int(line.strip().rpartition(":")[2])
        return self

    @property
    def url(self) -> str:
        """Base address, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def endpoint(self) -> str:
        """Where the XML gateway listens."""
        return self.url + GATEWAY_PATH

    @property
    def connection(self) -> dict[str, Any]:
        """The Airflow connection that reaches this sandbox as the user etl."""
        return connection(self.port)

    @property
    def log(self) -> str:
        """What the process wrote to stderr: one line per call."""
        return self._log_path.read_text(encoding="utf-8") if self._log_path.exists() else ""

    @property
    def dds_folder(self) -> Path:
        """Where DDS jobs deliver their files: `<folder>/DEMO/<OBJECT>....csv`."""
        return self.db.with_suffix(".dds")

    def control(self, path: str, json: Any = None, method: str | None = None) -> Any:
        """Call a bench control such as "/sandbox/faults"; POST when `json` is given, else GET. Returns the answer."""
        status, answer = self._exchange(method or ("GET" if json is None else "POST"), path, json)
        assert status < 400, f"{path}: HTTP {status}: {answer}"
        return answer

    def fault(self, fault: str, function: str = "*", nth: int = 1, times: int = 1, **more: Any) -> None:
        """Inject a fault at the nth call of a function from now on."""
        self.control("/sandbox/faults", {"function": function, "nth": nth, "times": times, "fault": fault, **more})

    def switch(self, **settings: Any) -> None:
        """Set switches until the next reset."""
        self.control("/sandbox/switches", settings)

    def advance(self, seconds: float) -> None:
        """Move the company's clock."""
        self.control("/sandbox/time", {"advance_seconds": seconds})

    def reset(self) -> None:
        """Return to the seed: records, sessions, control ids, faults, switches, clock."""
        self.control("/sandbox/reset", {})
        if any(self.control("/sandbox/operations").values()):  # of a caller that gave up; they would count as new ones
            self.wait_for_operations(0, seconds=60)
            self.control("/sandbox/reset", {})

    def transactions(self) -> int:
        """Return the API transactions counted so far."""
        return int(self.control("/sandbox/transactions")["total"])

    def wait_for_operations(self, in_process: int, waiting: int = 0, seconds: float = 10.0) -> None:
        """Wait until exactly so many operations are in process and waiting for a place."""
        deadline = time.monotonic() + seconds
        wanted = {"in_process": in_process, "waiting": waiting}
        while (found := self.control("/sandbox/operations")) != wanted:
            assert time.monotonic() < deadline, f"{found}, not {wanted}"
            time.sleep(0.005)

    def kill(self) -> None:
        """SIGKILL: no farewell, as when the machine dies."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        return self._end(signal.SIGTERM)

    def interrupt(self) -> int:
        """SIGINT, as Ctrl-C sends it, and the exit status."""
        return self._end(signal.SIGINT)

    def wait_until_dead(self, seconds: float = 10.0) -> int:
        """Wait for a process that ends by itself (fault kill_after) and return its exit status."""
        assert self.process is not None
        status = self.process.wait(seconds)
        self._close_pipe()
        return status

    def restart(self) -> "SandboxProcess":
        """Start again on the same port and database; stops the process first where it still runs."""
        if self.process is not None and self.process.poll() is None:
            self.stop()
        deadline = time.monotonic() + 10
        while True:
            try:
                return self.start()
            except AssertionError:
                if "in use" not in self.log[-400:] or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    @property
    def _command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "airflow_provider_intacct.sandbox", "--port", str(self.port)),
            *("--db", str(self.db), "--size", self.size, "--dds-folder", str(self.dds_folder), *self.arguments),
        ]

    @property
    def _log_path(self) -> Path:
        return self.db.with_suffix(".log")

    def _end(self, number: int) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(15)
        self._close_pipe()
        return status

    def _close_pipe(self) -> None:
        if self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()

    def _exchange(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
        try:
            connection.request(
                method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"}
            )
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        try:
            return response.status, json.loads(text)
        except ValueError:
            return response.status, text


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONUNBUFFERED": "1"}
