"""Several benches side by side, each in a process of its own, that take cases as they are free."""

import atexit
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.faults.campaign.bench import Bench
from tests.faults.campaign.cases import Case, case
from tests.faults.campaign.goldens import Goldens
from tests.faults.campaign.play import Played, play
from tests.sandbox_process import SandboxProcess

BATCH = 8
"""Cases that a bench takes at a time."""

_here: list[tuple[Bench, Goldens]] = []


def play_all(
    cases: Sequence[Case], benches: int, progress: Callable[[Sequence[Played], int, int], None]
) -> list[Played]:
    """Play the cases and return what came of them; `progress` is told of the new ones, and how many
    there are so far of how many."""
    batches = [[each.id for each in cases[start : start + BATCH]] for start in range(0, len(cases), BATCH)]
    done: list[Played] = []
    with TemporaryDirectory(prefix="faults-seed-") as folder:
        seed = Path(folder) / "seed.db"
        SandboxProcess(seed).start().stop()
        pool = ProcessPoolExecutor(
            min(benches, len(batches)) or 1, get_context("spawn"), initializer=_open, initargs=[seed]
        )
        with pool:
            for future in as_completed([pool.submit(_play, each) for each in batches]):
                new = future.result()
                done += new
                progress(new, len(done), len(cases))
    return done


def _open(seed: Path) -> None:
    bench = Bench(seed)
    atexit.register(bench.close)
    _here.append((bench, Goldens(bench)))


def _play(ids: Sequence[str]) -> list[Played]:
    (here,) = _here
    return [play(case(each), *here) for each in ids]
