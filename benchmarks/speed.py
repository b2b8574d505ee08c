"""How fast rows are read, as ratios of what cannot be done without: downloading and decoding.

Run: python -m benchmarks.speed
"""

import sys
from dataclasses import replace

from benchmarks.measure import Order, Taken, alternate, measure
from benchmarks.static_gateway import serving
from benchmarks.table import Table

RECORDS, FIELDS, ROUNDS, REPEATS = 100_000, 20, 2, 3
PARQUET = "typed Parquet via csv"
PEER = "sageintacctsdk get_all"
QUICK = ("download", "download + orjson", "rows json")
"""What takes a second or less is read more often: there a busy moment of the machine weighs more."""
SLOW = (
    "orjson alone",
    "lxml + dict alone",
    "download + lxml + dict",
    "rows xml",
    "rows csv",
    "rows typed",
    PARQUET,
)


def main(table: Table) -> None:
    table.head(f"Speed: {RECORDS:,} records of {FIELDS} fields, 8 of them typed, pages of 2,000, loopback")
    with serving(RECORDS, FIELDS) as gateway:
        order = Order("", gateway.endpoint, RECORDS, FIELDS, repeats=REPEATS)
        once = replace(order, repeats=1, warm_up=0)
        quick = alternate(QUICK, 2 * ROUNDS, order)
        quick[PEER] = measure(replace(once, reader=PEER))[0]
        slow = alternate((*QUICK, *SLOW), ROUNDS, order)  # each is compared with what was read in turns with it
        for reader, taken in (slow | quick).items():
            table.add(reader, f"{taken.wall:.3f} s, {taken.cpu:.3f} s of cpu, {RECORDS / taken.wall:9,.0f}/s")
        ratios(table, quick, slow)
        table.head(f"API transactions for {RECORDS:,} records")
        for reader, looked_up in (("rows json", 0), ("rows xml", 0), ("rows typed", 1), (PARQUET, 1)):
            gateway.take_calls()
            measure(replace(once, reader=reader))
            used = sum(count for function, count in gateway.take_calls().items() if function != "getAPISession")
            table.at_most(reader, used, -(-RECORDS // 2000) + 1 + looked_up, "calls", 0)


def ratios(table: Table, quick: dict[str, Taken], slow: dict[str, Taken]) -> None:
    """Hold the ratios to their targets."""

    def over(reader: str, base: str, medians: dict[str, Taken] = slow) -> float:
        return medians[reader].wall / medians[base].wall

    table.at_most("rows json / download + orjson", over("rows json", "download + orjson", quick), 1.3)
    table.at_least("sageintacctsdk get_all / rows json", over(PEER, "rows json", quick), 15)
    table.at_most("rows xml / download + lxml + dict", over("rows xml", "download + lxml + dict"), 1.2)
    table.at_most("rows typed / rows json", over("rows typed", "rows json"), 3)
    table.at_most(f"{PARQUET} / download + orjson", over(PARQUET, "download + orjson"), 1.6)
    table.add(f"{PARQUET} / orjson alone, pages downloaded before", f"{over(PARQUET, 'orjson alone'):.2f} x")


if __name__ == "__main__":
    result = Table()
    main(result)
    sys.exit(bool(result.missed))
