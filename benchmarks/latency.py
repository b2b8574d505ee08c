"""What is added to the server's own time, when a page takes it a second: nothing, and half with two pages in flight.

Run: python -m benchmarks.latency
"""

import sys

from benchmarks.measure import Order, measure
from benchmarks.static_gateway import serving
from benchmarks.table import Table

SECONDS, FIELDS, PAGE = 1.0, 60, 2000
ONE_BY_ONE, SIDE_BY_SIDE = 30, 60
"""Pages read, the last of them half full. With two in flight the first page and the search for the last number come
before the parts."""


def main(table: Table) -> None:
    table.head(f"Latency: {SECONDS:g} s of server time for each page, {FIELDS} fields")
    for reader, pages, ideal, limit in (
        ("rows typed", ONE_BY_ONE, ONE_BY_ONE * SECONDS, 1.05),
        ("rows typed, 2 in flight", SIDE_BY_SIDE, SIDE_BY_SIDE * SECONDS / 2, 1.10),
    ):
        records = pages * PAGE - PAGE // 2
        with serving(records, FIELDS, SECONDS) as gateway:
            [taken] = measure(Order(reader, gateway.endpoint, records, FIELDS, warm_up=0))
        table.add(f"{reader}, {pages} pages", f"{taken.wall:.2f} s, {taken.cpu:.2f} s of cpu")
        table.at_most(f"{reader} / {ideal:g} s", taken.wall / ideal, limit)


if __name__ == "__main__":
    result = Table()
    main(result)
    sys.exit(bool(result.missed))
