"""The sandbox over HTTP/1.1: the gateway's address, and the bench controls that no Intacct has. Refuses to know XML.

A thread for each connection, on the standard library's server: importing a web framework took longer than founding
the company.
"""

import contextlib
import gzip
import json
import logging
import socket
import socketserver
import string
import struct
import sys
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from io import BufferedIOBase
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from .bench import Bench, BenchError
from .company import Company
from .faults import Faults
from .gateway.exchange import Answer, Gateway

GATEWAY_PATH = "/ia/xml/xmlgw.phtml"
_BACKLOG = 128
_LONGEST_LINE = 1024
_LARGEST_BODY = 64 * 1024 * 1024
_GZIP_FROM = 500
_FAREWELL_SECONDS = 5.0
_log = logging.getLogger("airflow_provider_intacct.sandbox")


def serve(company: Company, schema: etree.XMLSchema, listener: socket.socket, ready: str) -> None:
    """Answer requests on a bound socket until an exception (a signal's) ends it; print `ready` when it can.

    Requests that have arrived by then are answered first, for some seconds.
    """
    faults = Faults()
    gateway = Gateway(company, schema, faults)
    server = _Server(listener, gateway, Bench(company, gateway, faults))
    sys.stdout.write(ready + "\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    finally:
        server.stop()


class _ResetError(Exception):
    """The connection is to be reset, as a fault demands."""


class _Server(socketserver.TCPServer):
    def __init__(self, listener: socket.socket, gateway: Gateway, bench: Bench) -> None:
        super().__init__(listener.getsockname(), _Conversation, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.gateway = gateway
        self.bench = bench
        self._open: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        listener.listen(_BACKLOG)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give a new connection its thread."""
        # A daemon: a request that outlives the farewell does not keep the process.
        thread = threading.Thread(target=self._converse, args=(request, client_address), daemon=True)
        with self._lock:
            self._open[request] = thread
        thread.start()

    def stop(self) -> None:
        """Accept nothing more, answer what has arrived, and close."""
        self.server_close()
        with self._lock:
            open_now = dict(self._open)
        for connection in open_now:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        until = time.monotonic() + _FAREWELL_SECONDS
        for thread in open_now.values():
            thread.join(max(0.0, until - time.monotonic()))

    def _converse(self, connection: socket.socket, address: Any) -> None:
        try:
            self.finish_request(connection, address)
        except _ResetError:
            # No farewell, and unsent bytes are dropped.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        except OSError:
            _log.debug("a caller went away", exc_info=True)
        finally:
            self.shutdown_request(connection)
            with self._lock:
                del self._open[connection]


class _RefusedError(Exception):
    """A request that HTTP itself refuses."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class _Conversation(BaseHTTPRequestHandler):
    """One connection: requests and answers in turn."""

    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 75  # seconds; an idle connection outlives a sensor's pause, or a poke would race its end
    disable_nagle_algorithm = True

    def respond(self) -> None:
        """Answer one request."""
        try:
            body = self._body()
        except _RefusedError as refusal:
            self.send_error(refusal.status)
            return
        path = urlsplit(self.path).path
        try:
            answer = self._answer(path, body)
        except Exception:  # a bug: the caller is told, and the thread ends with its traceback
            self.send_error(HTTPStatus.INTERNAL_SERVER_ERROR)
            raise
        self._send(answer)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the gateway keeps the log, and never a credential in it."""

    def _body(self) -> bytes:
        if "Transfer-Encoding" in self.headers:
            return _chunks(self.rfile)
        length = self.headers.get("Content-Length", "0")
        return _exactly(self.rfile, _size(length, 10)) if length != "0" else b""

    def _answer(self, path: str, body: bytes) -> Answer:
        if path == GATEWAY_PATH:
            if self.command != "POST":
                return self.server.gateway.refuse_method()
            return self.server.gateway.answer(self.headers.get("Content-Type", ""), body)
        if path in self.server.bench.paths:
            return _control(self.server.bench, self.command, path, body)
        return Answer(b"Not Found", "text/plain; charset=utf-8", 404)

    def _send(self, answer: Answer) -> None:
        if answer.ending == "reset":
            raise _ResetError
        content, headers = answer.body, dict(answer.headers)
        if "gzip" in self.headers.get("Accept-Encoding", "").lower() and len(content) >= _GZIP_FROM:
            content = gzip.compress(content, compresslevel=1)
            headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        headers |= {"Content-Type": answer.content_type, "Content-Length": str(len(content))}
        if answer.ending == "cut":
            content, self.close_connection = content[: max(1, len(content) // 2)], True
        self.send_response_only(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Date", self.date_time_string())
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _control(bench: Bench, method: str, path: str, body: bytes) -> Answer:
    status = 200
    try:
        shown = bench.control(method, path, json.loads(body) if body else {})
    except BenchError as error:
        status, shown = 400, {"error": str(error)}
    except ValueError as error:
        status, shown = 400, {"error": f"The body is no JSON: {error}"}
    return Answer(json.dumps(shown).encode(), "application/json", status)


def _chunks(stream: BufferedIOBase) -> bytes:
    """Read a body in chunked transfer coding, and its trailers."""
    body = bytearray()
    while size := _size(stream.readline(_LONGEST_LINE).partition(b";")[0].decode("latin-1").strip(), 16):
        if len(body) + size > _LARGEST_BODY:
            raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        body += _exactly(stream, size)
        stream.readline(_LONGEST_LINE)
    while stream.readline(_LONGEST_LINE).strip():
        pass
    return bytes(body)


def _exactly(stream: BufferedIOBase, size: int) -> bytes:
    if size > _LARGEST_BODY:
        raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    body = stream.read(size)
    if len(body) < size:
        raise ConnectionError("the caller left in the middle of a request")
    return body


def _size(text: str, base: int) -> int:
    digits = string.digits if base == 10 else string.hexdigits
    if not text or len(text) > 18 or text.strip(digits):
        raise _RefusedError(HTTPStatus.BAD_REQUEST)
    return int(text, base)


for _method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
    setattr(_Conversation, f"do_{_method}", _Conversation.respond)
