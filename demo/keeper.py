"""Make sure that nothing outlives the stack, however the stack ends: normally, by Ctrl-C, or killed.

`Keeper` starts processes, each in a session of its own, and tells a small guard process of each one. The guard reads
from a pipe; when the pipe closes - because the keeper was closed, or because the process that held it is gone - it
ends every process group it was told of and removes the folders it was given. So there is one way of cleaning up, and
no Ctrl-C can interrupt it.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO

import psutil


class Interrupted(SystemExit):
    """SIGINT, SIGTERM or SIGHUP arrived; the exit status is the one a shell expects (128 + signal)."""


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGINT, SIGTERM and SIGHUP raise Interrupted, so that context managers clean up. Main thread only."""

    def interrupt(number: int, _frame: FrameType | None) -> None:
        for each in signals:
            signal.signal(each, signal.SIG_IGN)  # the second Ctrl-C of an impatient user must not stop the cleaning up
        raise Interrupted(128 + number)

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {each: signal.signal(each, interrupt) for each in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Keeper:
    """Starts processes and ends them all on `close`; the guard does so even if this process is killed."""

    def __init__(self, grace_seconds: float = 10.0) -> None:
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._guard = subprocess.Popen(
            [sys.executable, "-m", "demo.keeper", str(grace_seconds)],
            cwd=Path(__file__).parent.parent,
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def start(self, name: str, command: Sequence[str], *, env: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
        """Start `command` in a session of its own, its output appended to `log`."""
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                env=dict(env),
                cwd=log.parent,  # neutral: `python -m` would import from where the user happens to be
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.processes[name] = process
        self._tell(f"group {process.pid}")
        return process

    def remove_at_end(self, folder: Path) -> None:
        self._tell(f"remove {folder}")

    def keep_after_all(self, folder: Path) -> None:
        self._tell(f"keep {folder}")

    def close(self) -> None:
        """End every process group and wait until it is gone. Safe to call twice."""
        pipe = self._pipe
        if not pipe.closed:
            pipe.close()
        self._guard.wait()
        for process in self.processes.values():
            process.wait()

    def _tell(self, line: str) -> None:
        self._pipe.write(f"{line}\n".encode())
        self._pipe.flush()

    @property
    def _pipe(self) -> IO[bytes]:
        assert self._guard.stdin is not None
        return self._guard.stdin


def living_members(groups: set[int]) -> list[psutil.Process]:
    """Return the living processes of these process groups or sessions; zombies have ended already."""
    members = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            if os.getpgid(process.pid) in groups or os.getsid(process.pid) in groups:
                members.append(process)
    return members


def end(groups: set[int], grace_seconds: float) -> None:
    """Ask the groups to end, wait so long, then kill what is left, until nothing is left."""
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    while members := living_members(groups):
        if time.monotonic() > deadline:
            for process in members:
                with contextlib.suppress(psutil.Error):
                    process.kill()
        time.sleep(0.1)


def guard(lines: IO[str], grace_seconds: float) -> None:
    """Note groups and folders until the pipe closes, then end the groups and remove the folders."""
    groups: set[int] = set()
    folders: set[str] = set()
    for line in lines:
        order, _, value = line.rstrip("\n").partition(" ")
        if order == "group":
            groups.add(int(value))
        elif order == "remove":
            folders.add(value)
        elif order == "keep":
            folders.discard(value)
    end(groups, grace_seconds)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    guard(sys.stdin, float(sys.argv[1]))
