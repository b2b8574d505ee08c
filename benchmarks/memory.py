"""Whether memory grows with the table: peak of a process that reads 10,000 records, and of one that reads a million.

Run: python -m benchmarks.memory
"""

import sys

from benchmarks.measure import Order, measure
from benchmarks.speed import PARQUET
from benchmarks.static_gateway import serving
from benchmarks.table import Table

FEW, MANY, FIELDS = 10_000, 1_000_000, 20
READERS = ("rows json", "rows typed", "JSONL", PARQUET)


def main(table: Table) -> None:
    table.head(f"Memory: peak of the process from {FEW:,} to {MANY:,} records of {FIELDS} fields")
    peaks: dict[str, list[float]] = {reader: [] for reader in READERS}
    for records in (FEW, MANY):
        with serving(records, FIELDS) as gateway:
            for reader in READERS:
                [taken] = measure(Order(reader, gateway.endpoint, records, FIELDS, warm_up=0))
                peaks[reader].append(taken.peak_mb)
    for reader, (few, many) in peaks.items():
        table.add(reader, f"{few:.1f} MB, then {many:.1f} MB")
        table.at_most(f"{reader}: growth", many - few, 10, "MB", 1)


if __name__ == "__main__":
    result = Table()
    main(result)
    sys.exit(bool(result.missed))
