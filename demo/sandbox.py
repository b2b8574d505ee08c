"""The sandbox as a process of the stack: started on a free port, killed and started again with the same books."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from demo.keeper import Keeper

COMMAND = [sys.executable, "-m", "airflow_provider_intacct.sandbox"]
READY = "Sandbox ready at "


class SandboxStartError(RuntimeError):
    """The sandbox ended, or said nothing, before it was ready; the text carries its last words."""


class SandboxProcess:
    """One company on one port; its books are in `folder` and survive `kill` and `restart`."""

    def __init__(self, keeper: Keeper, folder: Path, env: dict[str, str], *, size: str = "small") -> None:
        self._keeper, self._env, self._size = keeper, env, size
        self.db = folder / "company.db"
        self.log = folder / "sandbox.log"
        self._port = 0
        self._starts = 0
        self.url = ""
        self.restart()

    def restart(self) -> None:
        """Start the process (again), on the port it had before if it had one."""
        self._starts += 1
        said_before = self.log.stat().st_size if self.log.exists() else 0
        command = [*COMMAND, "--port", str(self._port), "--db", str(self.db), "--size", self._size]
        self.process = self._keeper.start(f"sandbox {self._starts}", command, env=self._env, log=self.log)
        self.url = self._wait_until_ready(said_before)
        self._port = int(self.url.rsplit(":", 1)[1])

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        self.process.kill()
        self.process.wait()

    def connection(self) -> dict[str, Any]:
        """Return the connection that the sandbox itself prints for its port."""
        command = [*COMMAND, "--port", str(self._port), "--print-connection"]
        printed = subprocess.run(command, env=self._env, check=True, capture_output=True, text=True).stdout
        return dict(json.loads(printed))

    def control(self, path: str, json: Any = None, method: str | None = None) -> Any:
        """Call one of the bench controls under /sandbox/ (never part of Intacct) and return the parsed body."""
        verb = method or ("GET" if json is None else "POST")
        reply = httpx.request(verb, f"{self.url}/sandbox/{path}", json=json, timeout=30, trust_env=False)
        reply.raise_for_status()
        return reply.json() if reply.content else None

    def transactions(self) -> int:
        """Return how many API transactions the company has billed so far."""
        return int(self.control("transactions")["total"])

    def _wait_until_ready(self, said_before: int, *, timeout: float = 60) -> str:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            said = self.log.read_bytes()[said_before:].decode()
            for line in said.splitlines(keepends=True):
                if line.startswith(READY) and line.endswith("\n"):
                    return line.removeprefix(READY).strip()
            if self.process.poll() is not None:
                raise SandboxStartError(f"the sandbox ended with status {self.process.returncode}:\n{said[-2000:]}")
            time.sleep(0.05)
        raise SandboxStartError(f"the sandbox was not ready after {timeout:.0f} s; its log is {self.log}")
