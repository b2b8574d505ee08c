"""A loopback server that answers as it is told: canned gateway bytes, or the misbehaviour of a network.

It parses nothing but the function names and control ids of a request, so that what it says is what the test wrote.
"""

import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from . import canned


@dataclass
class Answer:
    """What to send back. `drop` resets the connection instead; `cut` sends only so many bytes of the body."""

    body: bytes = b""
    status: int = 200
    content_type: str = 'text/xml; encoding="UTF-8"'
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    cut: int | None = None
    wait_for: threading.Event | None = None


@dataclass
class Seen:
    """A request as it arrived."""

    text: str
    headers: dict[str, str]

    @property
    def functions(self) -> list[str]:
        return re.findall(r'<function controlid="[^"]*"><(\w+)', self.text)

    @property
    def control_ids(self) -> list[str]:
        return re.findall(r'<function controlid="([^"]*)"', self.text)

    @property
    def session_id(self) -> str:
        found = re.search(r"<sessionid>([^<]*)", self.text)
        return found.group(1) if found else ""

    @property
    def password(self) -> str:
        found = re.search(r"<login>.*<password>([^<]*)", self.text)
        return found.group(1) if found else ""


Script = Callable[["Server", Seen], Answer | bytes]


class Server(ThreadingHTTPServer):
    """Signs in everyone by itself unless `sign_in` says otherwise; everything else is the test's `script`."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = script
        self.seen: list[Seen] = []
        self.sign_in: Script = Server.signs_in
        self.lifetime: float | None = 21600
        self.connections = 0
        self._count = threading.Lock()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/ia/xml/xmlgw.phtml"

    @property
    def logins(self) -> list[Seen]:
        return [seen for seen in self.seen if "getAPISession" in seen.functions]

    @property
    def calls(self) -> list[Seen]:
        return [seen for seen in self.seen if "getAPISession" not in seen.functions]

    def signs_in(self, seen: Seen) -> bytes:
        entity = re.search(r"<locationid>([^<]*)", seen.text)
        return canned.session_answer(
            f"session-{len(self.logins)}-of-this-server",
            self.endpoint,
            seen.control_ids[0],
            entity=entity.group(1) if entity else "",
            lifetime=self.lifetime,
        )

    def answer(self, seen: Seen) -> Answer:
        with self._count:
            self.seen.append(seen)
        script = self.sign_in if "getAPISession" in seen.functions else self.script
        given = script(self, seen)
        return given if isinstance(given, Answer) else Answer(given)


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        answer = self.server.answer(Seen(text, {name.lower(): value for name, value in self.headers.items()}))
        if answer.wait_for is not None:
            answer.wait_for.wait(30)
        if answer.drop:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body if answer.cut is None else answer.body[: answer.cut])
        if answer.cut is not None:
            self.close_connection = True

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, ValueError):  # a connection that a test cut
            self.close_connection = True

    def finish(self) -> None:
        try:
            super().finish()
        except (ConnectionError, ValueError, OSError):
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(script: Script) -> Iterator[Server]:
    server = Server(script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def succeed(server: Server, seen: Seen) -> bytes:
    """Answer every function with success and no data."""
    pairs = zip(seen.functions, seen.control_ids, strict=True)
    return canned.response(*(canned.result(name, control_id) for name, control_id in pairs))


def in_turn(*answers: Answer | bytes | Script) -> Script:
    """Answer the first call with the first, and so on; the last answers all that follow."""
    left = list(answers)

    def script(server: Server, seen: Seen) -> Answer | bytes:
        each = left.pop(0) if len(left) > 1 else left[0]
        return each(server, seen) if callable(each) else each

    return script
