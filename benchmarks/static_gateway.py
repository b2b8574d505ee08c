"""A gateway that answers from memory, in a process of its own, so that readers are measured and not it.

It knows one object, GLDETAIL, whose record numbers are 1 to N without gaps. What it sends is made beforehand as far as
that is possible: the fields of ten thousand records, in each format, to which a page only adds the numbers.
Run: python -m benchmarks.static_gateway '{"records": 10000, "fields": 20}'
"""

import contextlib
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import orjson

KEPT = 128
"""Pages of each format that are kept once they are made, so that the reads that count get them ready."""
PERIOD = 10_000
"""From here on the records repeat but for their number: a million of them would fill the memory of the machine."""
KINDS = (
    *("INTEGER", "CURRENCY", "TEXT", "DATE", "TEXT", "TEXT", "TIMESTAMP", "TEXT", "CURRENCY", "TEXT"),
    *("TEXT", "DATE", "TEXT", "TIMESTAMP", "TEXT", "TEXT", "CURRENCY", "TEXT", "TEXT", "TEXT"),
)
"""Of twenty fields eight are numbers, dates or times, as in the general ledger."""
TIMES = (
    "<sessiontimestamp>2026-01-01T00:00:00+00:00</sessiontimestamp>"
    "<sessiontimeout>2026-01-02T00:00:00+00:00</sessiontimeout>"
)
BOUNDS = re.compile(
    r"<(greaterthan|greaterthanorequalto|lessthan|lessthanorequalto)><field>RECORDNO</field><value>(\d+)<"
)


def field_names(count: int) -> list[str]:
    """Return RECORDNO and `count - 1` others, their types taken in turn."""
    return ["RECORDNO", *(f"{KINDS[at % len(KINDS)]}FIELD{at}" for at in range(1, count))]


def value(at: int, record: int) -> str:
    """Return one value, of the look and the repetition that ledgers have; every fifth text is empty."""
    day = f"{record // 500 % 12 + 1:02}/{record // 40 % 28 + 1:02}/2026"
    return {
        "INTEGER": str(record * 7 + at),
        "CURRENCY": f"{record * 3 % 100_000}.{at:02}",
        "DATE": day,
        "TIMESTAMP": f"{day} {record % 24:02}:{record % 60:02}:00",
        "TEXT": f"Some text of {record % 97} words & signs" if (record + at) % 5 else "",
    }[KINDS[at % len(KINDS)]]


def envelope(function: str, control_id: str, data: str) -> bytes:
    """Return a successful reply with one result."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><response><control><status>success</status><senderid>S</senderid>'
        "<controlid>c</controlid><uniqueid>false</uniqueid><dtdversion>3.0</dtdversion></control><operation>"
        "<authentication><status>success</status><userid>etl</userid><companyid>DEMO</companyid><locationid/>"
        f"{TIMES}</authentication><result><status>success</status><function>{function}</function>"
        f"<controlid>{control_id}</controlid>{data}</result></operation></response>"
    ).encode()


class Records:
    """All records, ready to be sent in any format."""

    def __init__(self, records: int, fields: int) -> None:
        self.count = records
        self.names = field_names(fields)
        rest = self.names[1:]
        sample = [
            {name: value(at, record) for at, name in enumerate(rest, start=1)}
            for record in range(min(records + 1, PERIOD))
        ]
        self.json = [b'","' + orjson.dumps(row)[2:] for row in sample]
        self.csv = [('",' + ",".join(f'"{text}"' for text in row.values()) + "\n").encode() for row in sample]
        self.xml = ["</RECORDNO>" + "".join(map(element, row.items())) + "</GLDETAIL>" for row in sample]
        self.header = ",".join(f'"{name}"' for name in self.names).encode() + b"\n"
        listed = "".join(
            f"<Field><ID>{name}</ID><DATATYPE>{KINDS[at % len(KINDS)]}</DATATYPE></Field>"
            for at, name in enumerate(self.names)
        )
        self.lookup = f'<data><Type Name="GLDETAIL" DocumentType=""><Fields>{listed}</Fields></Type></data>'

    @lru_cache(KEPT)  # noqa: B019 - there is one Records, and it lives as long as the process
    def json_page(self, numbers: range) -> bytes:
        parts = [b'{"RECORDNO":"%d%s' % (number, self.json[number % PERIOD]) for number in numbers]
        return b"[" + b",".join(parts) + b"]"

    @lru_cache(KEPT)  # noqa: B019
    def csv_page(self, numbers: range) -> bytes:
        parts = [b'"%d%s' % (number, self.csv[number % PERIOD]) for number in numbers]
        return self.header + b"".join(parts) if parts else b""

    @lru_cache(KEPT)  # noqa: B019
    def xml_page(self, numbers: range, total: int, offset: int) -> str:
        parts = [f"<GLDETAIL><RECORDNO>{number}{self.xml[number % PERIOD]}" for number in numbers]
        return (
            f'<data listtype="GLDETAIL" totalcount="{total}" offset="{offset}" count="{len(parts)}" '
            f'numremaining="{total - offset - len(parts)}">{"".join(parts)}</data>'
        )


def element(item: tuple[str, str]) -> str:
    """Return a field of a record as XML."""
    name, text = item
    return f"<{name}>{text.replace('&', '&amp;')}</{name}>"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together, so that no reader waits for the end of a page to be let go
    disable_nagle_algorithm = True
    server: "StaticGateway"

    def do_POST(self) -> None:
        request = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.reply(*self.server.answer(request))

    def do_GET(self) -> None:
        """Say how many calls of each function there were since the last time somebody asked."""
        self.reply("application/json", self.server.take_calls())

    def reply(self, form: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", form)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class StaticGateway(ThreadingHTTPServer):
    """Answers getAPISession, lookup, readUserFormatting, and query pages by number or by offset.

    `seconds`  what a page takes the server, whatever its size; pages asked at the same time take it together
    """

    daemon_threads = True

    def __init__(self, records: int, fields: int, seconds: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.records = Records(records, fields)
        self.seconds = seconds
        self.calls: dict[str, int] = {}
        self.lock = threading.Lock()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/ia/xml/xmlgw.phtml"

    def take_calls(self) -> bytes:
        with self.lock:
            calls, self.calls = self.calls, {}
        return orjson.dumps(calls)

    def answer(self, request: str) -> tuple[str, bytes]:
        """Return content type and body."""
        match = re.search(r'<function controlid="([^"]*)"><(\w+)', request)
        control_id, function = match.groups() if match else ("", "")
        with self.lock:
            self.calls[function] = self.calls.get(function, 0) + 1
        if function == "query":
            began = time.monotonic()
            form, data = self.page(request)
            time.sleep(max(0.0, began + self.seconds - time.monotonic()))
            if isinstance(data, bytes):
                return form, data
        else:
            data = {
                "getAPISession": f"<data><api><sessionid>bench</sessionid><endpoint>{self.endpoint}</endpoint>"
                "<locationid/></api></data>",
                "lookup": self.records.lookup,
                "readUserFormatting": "<data><userformatting><recordno>1</recordno><locale>en_US</locale>"
                "<dateformat>/mdY</dateformat><gmtoffset>-08:00</gmtoffset><clock>24</clock></userformatting></data>",
            }[function]
        return 'text/xml; encoding="UTF-8"', envelope(function, control_id, data)

    def page(self, request: str) -> tuple[str, bytes | str]:
        """Return the page a query asks for: the numbers within its bounds, from its offset, in its order."""
        low, high = 1, self.records.count
        for operator, bound in BOUNDS.findall(request):
            number = int(bound)
            if operator.startswith("greater"):
                low = max(low, number if operator.endswith("to") else number + 1)
            else:
                high = min(high, number if operator.endswith("to") else number - 1)
        offset, size = number_in(request, "offset", 0), number_in(request, "pagesize", 100)
        total = max(0, high - low + 1)
        numbers = range(low + offset, min(low + offset + size, high + 1))
        if "<descending" in request:
            numbers = range(high - offset, max(high - offset - size, low - 1), -1)
        if "<returnformat>json</returnformat>" in request:
            return "application/json", self.records.json_page(numbers)
        if "<returnformat>csv</returnformat>" in request:
            return "text/csv", self.records.csv_page(numbers)
        return "text/xml", self.records.xml_page(numbers, total, offset)


def number_in(request: str, name: str, default: int) -> int:
    found = re.search(rf"<{name}>(\d+)</{name}>", request)
    return int(found[1]) if found else default


class Serving:
    """A static gateway in another process."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def take_calls(self) -> dict[str, int]:
        """Return how many calls of each function there were since the last time."""
        return dict(httpx.get(self.endpoint).json())


@contextmanager
def serving(records: int, fields: int, seconds: float = 0.0) -> Iterator[Serving]:
    """Serve so many records on a free port of the loopback interface."""
    settings: dict[str, Any] = {"records": records, "fields": fields, "seconds": seconds}
    command = [sys.executable, "-m", "benchmarks.static_gateway", json.dumps(settings)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Serving(process.stdout.readline().strip())
        finally:
            process.terminate()


if __name__ == "__main__":
    with StaticGateway(**json.loads(sys.argv[1])) as server, contextlib.suppress(KeyboardInterrupt):
        print(server.endpoint, flush=True)
        server.serve_forever()
