"""Fixtures every test may use: a sandbox over a real socket."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox_process import SandboxProcess


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
