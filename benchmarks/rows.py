"""How much reading rows costs over downloading and decoding them. Run: python -m benchmarks.rows

A static gateway on the loopback interface serves the same pages to every reader. Each reader is a process of its own,
warms up once and reads everything several times; rounds alternate between readers, and medians are compared. Targets
are held against processor time: the loopback interface is no bottleneck, and a busy machine disturbs it less.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from benchmarks.static_gateway import Pages, serving

Taken = tuple[float, float]
"""Seconds on the clock, and of the processor."""

TARGETS = {"rows json": 1.3, "rows xml": 1.2}
BASELINES = {
    "rows json": "download + orjson",
    "rows json typed": "download + orjson",
    "rows xml": "download + lxml + dict",
}


def query_body(names: list[str], form: str, after: int, page_size: int) -> bytes:
    """Return a request for one page, as a script without our client would send it."""
    fields = "".join(f"<field>{name}</field>" for name in names)
    above = (
        f"<filter><greaterthan><field>RECORDNO</field><value>{after}</value></greaterthan></filter>" if after else ""
    )
    return (
        f'<request><function controlid="f"><query><object>GLDETAIL</object><select>{fields}</select>{above}'
        f"<options><returnformat>{form}</returnformat></options><pagesize>{page_size}</pagesize></query></function></request>"
    ).encode()


def plain_reader(form: str, decode: Callable[[bytes], list[dict[str, str]]]) -> Callable[..., int]:
    """Return a reader that downloads with httpx, which our client uses too, and decodes page by page."""

    def read(endpoint: str, names: list[str], page_size: int) -> int:
        import httpx

        count = last = 0
        with httpx.Client() as client:
            while True:
                rows = decode(client.post(endpoint, content=query_body(names, form, last, page_size)).content)
                count += len(rows)
                if len(rows) < page_size:
                    return count
                last = int(rows[-1]["RECORDNO"])

    return read


def decode_json(body: bytes) -> list[dict[str, str]]:
    import orjson

    return list(orjson.loads(body))


def decode_xml(body: bytes) -> list[dict[str, str]]:
    from lxml import etree

    data = etree.fromstring(body).find("operation/result/data")
    return [] if data is None else [{field.tag: field.text for field in record} for record in data]


def client_reader(form: str, typed: bool) -> Callable[..., int]:
    """Return a reader that uses the package's client."""

    def read(endpoint: str, names: list[str], page_size: int) -> int:
        from airflow_provider_intacct.client import Credentials, IntacctClient

        credentials = Credentials(
            company_id="DEMO", user_id="etl", password="p", sender_id="S", sender_password="s", endpoint=endpoint
        )
        with IntacctClient(credentials, page_size=page_size) as client:
            return sum(1 for _ in client.rows("GLDETAIL", fields=names, typed=typed, returnformat=form))

    return read


READERS: dict[str, Callable[..., int]] = {
    "download + orjson": plain_reader("json", decode_json),
    "rows json": client_reader("json", typed=False),
    "rows json typed": client_reader("json", typed=True),
    "download + lxml + dict": plain_reader("xml", decode_xml),
    "rows xml": client_reader("xml", typed=False),
}


def measure(reader: str, endpoint: str, names: list[str], page_size: int, records: int, repeats: int) -> list[Taken]:
    """Return what each repeat took, after one that does not count."""
    taken = []
    for _ in range(repeats + 1):
        wall, cpu = time.perf_counter(), time.process_time()
        count = READERS[reader](endpoint, names, page_size)
        taken.append((time.perf_counter() - wall, time.process_time() - cpu))
        if count != records:
            raise SystemExit(f"{reader} read {count} of {records} records.")
    return taken[1:]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rows", description=__doc__)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--fields", type=int, default=60)
    parser.add_argument("--page-size", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=3, help="reads in one process that count")
    parser.add_argument("--rounds", type=int, default=2, help="processes of each reader")
    parser.add_argument("--reader", choices=READERS, help=argparse.SUPPRESS)
    parser.add_argument("--endpoint", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.reader:
        from benchmarks.static_gateway import field_names

        sizes = field_names(options.fields), options.page_size, options.records, options.repeats
        print(*(f"{wall} {cpu}" for wall, cpu in measure(options.reader, options.endpoint, *sizes)), sep="\n")
        return 0
    return compare(options)


def compare(options: argparse.Namespace) -> int:
    """Run every reader and print what each took, and how that compares with its baseline. 1 if a target is missed."""
    pages = Pages(options.records, options.fields, options.page_size)
    taken: dict[str, list[Taken]] = {reader: [] for reader in READERS}
    sizes = {"records": options.records, "fields": options.fields, "page-size": options.page_size}
    settings = [f"--{name}={number}" for name, number in {**sizes, "repeats": options.repeats}.items()]
    with serving(pages) as server:
        for _ in range(options.rounds):
            for reader in READERS:
                command = [
                    sys.executable,
                    "-m",
                    "benchmarks.rows",
                    f"--reader={reader}",
                    f"--endpoint={server.endpoint}",
                ]
                ran = subprocess.run(command + settings, stdout=subprocess.PIPE, text=True, check=True)
                for line in ran.stdout.splitlines():
                    wall, cpu = map(float, line.split())
                    taken[reader].append((wall, cpu))
    medians = {reader: tuple(map(statistics.median, zip(*each, strict=True))) for reader, each in taken.items()}
    print(f"{options.records:,} records of {options.fields} fields, pages of {options.page_size:,}, loopback")
    print(f"{'':24}{'wall s':>8}{'cpu s':>8}{'records/s':>11}   ratio of wall and cpu")
    missed = False
    for reader, (wall, cpu) in medians.items():
        line = f"{reader:24}{wall:8.3f}{cpu:8.3f}{options.records / wall:11,.0f}"
        if baseline := BASELINES.get(reader):
            ratio, target = cpu / medians[baseline][1], TARGETS.get(reader)
            missed = missed or (target is not None and ratio > target)
            wanted = f" (target {target})" if target else ""
            line += f"   {wall / medians[baseline][0]:.2f} and {ratio:.2f} x {baseline}{wanted}"
        print(line)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
