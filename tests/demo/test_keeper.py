"""Nothing that the demo starts outlives it, whether it ends, fails, is interrupted or is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from demo.keeper import Keeper, living_members

ROOT = Path(__file__).parent.parent.parent
# A process with a child of its own, as a scheduler has: both have to go.
PARENT_AND_CHILD = [sys.executable, "-c", "import subprocess; subprocess.run(['sleep', '600'])"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('up'); time.sleep(600)",
]

HOLDER = """
import sys, time
from pathlib import Path
from demo.keeper import Keeper, interruptible
folder = Path(sys.argv[1])
with interruptible():
    keeper = Keeper()
    try:
        keeper.remove_at_end(folder)
        process = keeper.start("child", ["sleep", "600"], env={"PATH": "/usr/bin:/bin"}, log=folder / "log")
        print(process.pid, flush=True)
        time.sleep(600)
    finally:
        keeper.close()
"""


def wait_until(condition, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def members(group: int) -> int:
    return len(living_members({group}))


def test_closing_ends_every_process_and_its_children(tmp_path: Path) -> None:
    keeper = Keeper()
    started = keeper.start("parent", PARENT_AND_CHILD, env=os.environ, log=tmp_path / "log")
    assert wait_until(lambda: members(started.pid) == 2)

    keeper.close()

    assert members(started.pid) == 0
    assert started.returncode == -signal.SIGTERM


def test_a_process_that_ignores_being_asked_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper = Keeper(grace_seconds=0.5)
    started = keeper.start("stubborn", STUBBORN, env={**os.environ, "PYTHONUNBUFFERED": "1"}, log=tmp_path / "log")
    assert wait_until(lambda: "up" in (tmp_path / "log").read_text())

    keeper.close()

    assert started.returncode == -signal.SIGKILL


def test_folders_are_removed_unless_they_are_kept(tmp_path: Path) -> None:
    for name in ("scratch", "evidence"):
        (tmp_path / name).mkdir()
    keeper = Keeper()
    keeper.remove_at_end(tmp_path / "scratch")
    keeper.remove_at_end(tmp_path / "evidence")
    keeper.keep_after_all(tmp_path / "evidence")

    keeper.close()

    assert [path.name for path in tmp_path.iterdir()] == ["evidence"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_is_left_when_the_holder_is_ended_by(number: signal.Signals, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(scratch)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as holder:
        assert holder.stdout is not None
        child = int(holder.stdout.readline())
        assert psutil.pid_exists(child)
        holder.send_signal(number)
        status = holder.wait(timeout=30)

    assert status == (-number if number == signal.SIGKILL else 128 + number)
    assert wait_until(lambda: members(child) == 0 and not scratch.exists())
