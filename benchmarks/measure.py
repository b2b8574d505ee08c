"""Run one reader in a process of its own and say what each read took, and what memory the process had at most.

Run by the others: python -m benchmarks.measure '{"reader": "rows json", ...}' result.json
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.readers import work
from benchmarks.static_gateway import field_names


@dataclass(frozen=True)
class Order:
    """What to measure: how often `reader` is to read `records` records of so many fields, after `warm_up` reads."""

    reader: str
    endpoint: str
    records: int
    fields: int
    repeats: int = 1
    warm_up: int = 1


@dataclass(frozen=True)
class Taken:
    """Seconds on the clock and of the processor for one read; the most memory the process ever had, in MB."""

    wall: float
    cpu: float
    peak_mb: float


def measure(order: Order) -> list[Taken]:
    """Measure in a new process. Raises SystemExit when a read is not complete."""
    with tempfile.TemporaryDirectory() as folder:
        result, said = Path(folder, "taken.json"), Path(folder, "said.txt")
        command = [sys.executable, "-m", "benchmarks.measure", json.dumps(asdict(order)), str(result)]
        with said.open("wb") as log:  # Airflow logs where it likes
            ran = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False)
        if ran.returncode:
            raise SystemExit(f"{order.reader} failed:\n{said.read_text()}")
        return [Taken(**taken) for taken in json.loads(result.read_text())]


def median(taken: Iterable[Taken]) -> Taken:
    """Return the medians, each of its own."""
    return Taken(
        *(statistics.median(column) for column in zip(*((t.wall, t.cpu, t.peak_mb) for t in taken), strict=True))
    )


def alternate(readers: Sequence[str], rounds: int, order: Order) -> dict[str, Taken]:
    """Measure all readers in turns, so that a machine that grows slow is slow for all, and return the medians."""
    taken: dict[str, list[Taken]] = {reader: [] for reader in readers}
    for _ in range(rounds):
        for reader in readers:
            taken[reader] += measure(replace(order, reader=reader))
    return {reader: median(each) for reader, each in taken.items()}


def read_all(order: Order) -> list[Taken]:
    """Read as ordered, in this process."""
    read_everything = work(order.reader, order.endpoint, field_names(order.fields))
    complete = (order.records, order.records * (order.records + 1) // 2)
    taken = []
    for _ in range(order.warm_up + order.repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        read = read_everything()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        taken.append(Taken(wall, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))
        if read != complete:
            raise SystemExit(f"{order.reader} read {read[0]:,} of {order.records:,} records, or not these.")
    return taken[order.warm_up :]


if __name__ == "__main__":
    measured = [asdict(taken) for taken in read_all(Order(**json.loads(sys.argv[1])))]
    Path(sys.argv[2]).write_text(json.dumps(measured))
