"""Fixtures every test may use: a sandbox over a real socket."""

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from airflow_provider_intacct.client.flows import PAGE_THREAD
from tests.sandbox_process import SandboxProcess

# The same examples in every run, so that a run says something about the change it is made for. EXPLORE=1 looks for new
# ones. How long an example takes says nothing on a machine that others use too.
settings.register_profile("repeatable", derandomize="EXPLORE" not in os.environ, deadline=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def seeded_db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small demo company's database file, seeded once per worker and copied by whoever needs one."""
    path = tmp_path_factory.mktemp("seed") / "seed.db"
    SandboxProcess(path).start().stop()
    return path


@pytest.fixture(scope="session")
def shared_sandbox(seeded_db: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """The worker's one running sandbox. Use `sandbox`, which resets it."""
    process = _copy(seeded_db, tmp_path_factory.mktemp("sandbox")).start()
    yield process
    process.stop()


@pytest.fixture
def sandbox(shared_sandbox: SandboxProcess) -> SandboxProcess:
    """A sandbox in the state of the seed, whatever earlier tests did; the process is shared, do not kill it."""
    for thread in threading.enumerate():
        if thread.name == PAGE_THREAD:
            thread.join(30)  # a page that an earlier test asked for and gave up still arrives, and would be counted
    shared_sandbox.reset()
    return shared_sandbox


@pytest.fixture
def fresh_sandbox(seeded_db: Path, tmp_path: Path) -> Iterator[SandboxProcess]:
    """A sandbox with its own process and database, to be killed and restarted."""
    process = _copy(seeded_db, tmp_path).start()
    yield process
    process.stop()


def _copy(seeded: Path, folder: Path) -> SandboxProcess:
    db = folder / "intacct.db"
    for suffix in ("", ".seed"):
        shutil.copyfile(seeded.with_name(seeded.name + suffix), db.with_name(db.name + suffix))
    return SandboxProcess(db)
