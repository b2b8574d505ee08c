"""All benchmarks, one after the other, in one table. Run: python -m benchmarks (or make bench)

Exit status 1 means that a target was missed.
"""

import sys
import time

from benchmarks import latency, memory, parse_cost, speed
from benchmarks.table import Table


def main() -> int:
    table, began = Table(), time.monotonic()
    for benchmark in (speed, memory, latency, parse_cost):
        benchmark.main(table)
    held = sum(line.held is True for line in table.lines)
    table.head(f"{held} targets held, {len(table.missed)} missed, in {time.monotonic() - began:.0f} s")
    for line in table.missed:
        print(line)
    return int(bool(table.missed))


if __name__ == "__main__":
    sys.exit(main())
