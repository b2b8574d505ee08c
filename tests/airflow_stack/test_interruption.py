"""An interrupted stack leaves no process and no folder behind; test_keeper.py has the other ways to end."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent.parent


def test_ctrl_c_ends_all_that_the_demo_started(tmp_path: Path) -> None:
    env = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "demo", "--stay"], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True
    ) as demo:
        assert demo.stdout is not None
        said = next((line for line in demo.stdout if "Ctrl-C" in line), "")
        started = psutil.Process(demo.pid).children(recursive=True)
        demo.send_signal(signal.SIGINT)
        status = demo.wait(timeout=60)

    assert said
    assert status == 128 + signal.SIGINT
    assert len(started) >= 6  # the guard, the sandbox and Airflow's four, with whatever these have started
    assert psutil.wait_procs(started, timeout=10)[1] == []
    assert list(tmp_path.iterdir()) == []
