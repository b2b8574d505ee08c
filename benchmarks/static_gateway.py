"""A gateway that answers from memory: pages are made before the clock starts, so that readers are measured, not it."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson

KINDS = ("INTEGER", "CURRENCY", "DATE", "TIMESTAMP", "BOOLEAN", "TEXT")
TIMES = (
    "<sessiontimestamp>2026-01-01T00:00:00+00:00</sessiontimestamp>"
    "<sessiontimeout>2026-01-02T00:00:00+00:00</sessiontimeout>"
)


def field_names(count: int) -> list[str]:
    """Return RECORDNO and `count - 1` others, their types taken in turn."""
    return ["RECORDNO", *(f"{KINDS[at % len(KINDS)]}FIELD{at}" for at in range(1, count))]


def value(at: int, record: int) -> str:
    """Return one value, of the look and the repetition that ledgers have; every fifth text is empty."""
    if at == 0:
        return str(record)
    day = f"{record // 500 % 12 + 1:02}/{record // 40 % 28 + 1:02}/2026"
    kind = KINDS[at % len(KINDS)]
    return {
        "INTEGER": str(record * 7 + at),
        "CURRENCY": f"{record * 3 % 100_000}.{at:02}",
        "DATE": day,
        "TIMESTAMP": f"{day} {record % 24:02}:{record % 60:02}:00",
        "BOOLEAN": "true" if record % 2 else "false",
        "TEXT": f"Some text of {record % 97} words & signs" if (record + at) % 5 else "",
    }[kind]


def envelope(function: str, control_id: str, data: str) -> bytes:
    """Return a successful reply with one result."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><response><control><status>success</status><senderid>S</senderid>'
        "<controlid>c</controlid><uniqueid>false</uniqueid><dtdversion>3.0</dtdversion></control><operation>"
        "<authentication><status>success</status><userid>etl</userid><companyid>DEMO</companyid><locationid/>"
        f"{TIMES}</authentication><result><status>success</status><function>{function}</function>"
        f"<controlid>{control_id}</controlid>{data}</result></operation></response>"
    ).encode()


class Pages:
    """The pages of one object, as JSON bodies and as the data of XML replies, and what lookup says of it."""

    def __init__(self, records: int, fields: int, page_size: int) -> None:
        self.records, self.page_size = records, page_size
        self.names = field_names(fields)
        self.json: list[bytes] = []
        self.xml: list[str] = []
        for start in range(1, records + 1, page_size):
            numbers = range(start, min(start + page_size, records + 1))
            rows = [{name: value(at, record) for at, name in enumerate(self.names)} for record in numbers]
            self.json.append(orjson.dumps(rows))
            inner = "".join(f"<GLDETAIL>{''.join(map(element, row.items()))}</GLDETAIL>" for row in rows)
            left = records - start + 1
            self.xml.append(
                f'<data listtype="GLDETAIL" totalcount="{left}" offset="0" count="{len(rows)}" '
                f'numremaining="{left - len(rows)}">{inner}</data>'
            )
        listed = "".join(
            f"<Field><ID>{name}</ID><DATATYPE>{KINDS[at % len(KINDS)] if at else 'INTEGER'}</DATATYPE></Field>"
            for at, name in enumerate(self.names)
        )
        self.lookup = f'<data><Type Name="GLDETAIL" DocumentType=""><Fields>{listed}</Fields></Type></data>'


def element(item: tuple[str, str]) -> str:
    """Return a field of a record as XML."""
    name, text = item
    return f"<{name}>{text.replace('&', '&amp;')}</{name}>"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "StaticGateway"

    def do_POST(self) -> None:
        request = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form, body = self.server.answer(request)
        self.send_response(200)
        self.send_header("Content-Type", form)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class StaticGateway(ThreadingHTTPServer):
    """Answers getAPISession, lookup, readUserFormatting, and query pages by the key they begin after."""

    daemon_threads = True

    def __init__(self, pages: Pages) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages = pages

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/ia/xml/xmlgw.phtml"

    def answer(self, request: str) -> tuple[str, bytes]:
        """Return content type and body."""
        match = re.search(r'<function controlid="([^"]*)"><(\w+)', request)
        control_id, function = match.groups() if match else ("", "")
        if function == "query":
            after = re.findall(r"<greaterthan><field>RECORDNO</field><value>(\d+)</value>", request)
            page = int(after[-1]) // self.pages.page_size if after else 0
            if "<returnformat>json</returnformat>" in request:
                return "application/json", self.pages.json[page] if page < len(self.pages.json) else b"[]"
            data = self.pages.xml[page] if page < len(self.pages.xml) else '<data count="0" totalcount="0"/>'
        else:
            data = {
                "getAPISession": f"<data><api><sessionid>bench</sessionid><endpoint>{self.endpoint}</endpoint>"
                "<locationid/></api></data>",
                "lookup": self.pages.lookup,
                "readUserFormatting": "<data><userformatting><recordno>1</recordno><locale>en_US</locale>"
                "<dateformat>/mdY</dateformat><gmtoffset>-08:00</gmtoffset><clock>24</clock></userformatting></data>",
            }[function]
        return 'text/xml; encoding="UTF-8"', envelope(function, control_id, data)


@contextmanager
def serving(pages: Pages) -> Iterator[StaticGateway]:
    """Serve `pages` on a free port of the loopback interface."""
    server = StaticGateway(pages)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
