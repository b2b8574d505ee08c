"""The sandbox over HTTP: the gateway's address, and the bench controls that no Intacct has. Refuses to know XML.

Requests run in threads, off the event loop; at most so many at a time are in flight.
"""

import asyncio
import gzip
import json
import socket
import struct
import sys
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from types import MappingProxyType
from typing import Any

import anyio
import uvicorn
from lxml import etree
from uvicorn.protocols.http.h11_impl import H11Protocol

from .bench import Bench, BenchError
from .company import Company
from .faults import Faults
from .gateway.answers import Answer
from .gateway.asynchronous import Queue
from .gateway.delivery.jobs import Jobs
from .gateway.exchange import Gateway

GATEWAY_PATH = "/ia/xml/xmlgw.phtml"
_IN_FLIGHT = 64
_GZIP_FROM = 500

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class OpenConnections:
    """The transports of open connections by peer address, so that a fault can break one as a network would."""

    def __init__(self) -> None:
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}

    def protocol(self) -> type[H11Protocol]:
        """Return the HTTP protocol class that tells this register of its connections."""
        transports = self._transports

        class Registered(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                if self.client is not None:
                    transports[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client is not None:
                    transports.pop(self.client, None)
                super().connection_lost(exc)

        return Registered

    def reset(self, scope: Scope) -> None:
        """Abort the connection of a request with a TCP reset: no farewell, unsent bytes are dropped."""
        transport = self._transports[tuple(scope["client"])]
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()

    def close(self, scope: Scope) -> None:
        """Close the connection of a request after the bytes already sent."""
        self._transports[tuple(scope["client"])].close()


class Sandbox:
    """The company, its gateway and the bench controls, as one ASGI application."""

    def __init__(self, company: Company, schema: etree.XMLSchema) -> None:
        self.company = company
        self.connections = OpenConnections()
        faults = Faults()
        self._gateway = Gateway(company, schema, faults)
        self._bench = Bench(company, self._gateway, faults)
        company.part(Jobs).resume()
        company.part(Queue).resume(self._gateway.carry_out)
        self._limiter: anyio.CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = await _body(receive)
        if body is None:
            return
        path, method = scope["path"], scope["method"]
        if path == GATEWAY_PATH:
            await self._answer(scope, body, receive, send)
        elif path in self._bench.paths:
            status, shown = await self._control(method, path, body)
            await _send(send, status, "application/json", json.dumps(shown).encode())
        else:
            await _send(send, 404, "text/plain; charset=utf-8", b"Not Found")

    async def _answer(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            answer = self._gateway.refuse_method()
        else:
            content_type = _header(scope, b"content-type")
            answer = await anyio.to_thread.run_sync(self._gateway.answer, content_type, body, limiter=self._places())
        if answer.ending != "proper":
            await self._break(answer, scope, receive, send)
            return
        headers, content = dict(answer.headers), answer.body
        if "gzip" in _header(scope, b"accept-encoding").lower() and len(content) >= _GZIP_FROM:
            content = await anyio.to_thread.run_sync(_zip, content)
            headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        await _send(send, answer.status, answer.content_type, content, headers)

    async def _break(self, answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a part of the answer and close, or send nothing and reset the connection."""
        if answer.ending == "cut":
            await send(_start(answer.status, answer.content_type, len(answer.body)))
            await send({"type": "http.response.body", "body": answer.body[: answer.sent], "more_body": True})
            self.connections.close(scope)
        else:
            self.connections.reset(scope)
        while (await receive())["type"] != "http.disconnect":
            pass

    def _places(self) -> anyio.CapacityLimiter:
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(_IN_FLIGHT)
        return self._limiter

    async def _control(self, method: str, path: str, body: bytes) -> tuple[int, object]:
        """Return the status and the content of a bench control's answer."""
        try:
            values = json.loads(body) if body else {}
            return 200, await anyio.to_thread.run_sync(self._bench.control, method, path, values)
        except BenchError as error:
            return 400, {"error": str(error)}
        except ValueError as error:
            return 400, {"error": f"The body is no JSON: {error}"}


async def _body(receive: Receive) -> bytes | None:
    """Return the body of a request, None where the caller left before its end."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _start(status: int, content_type: str, length: int, headers: Mapping[str, str] = MappingProxyType({})) -> Message:
    told = {**headers, "Content-Length": str(length), "Content-Type": content_type}
    pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in told.items()]
    return {"type": "http.response.start", "status": status, "headers": pairs}


async def _send(
    send: Send, status: int, content_type: str, body: bytes, headers: Mapping[str, str] = MappingProxyType({})
) -> None:
    await send(_start(status, content_type, len(body), headers))
    await send({"type": "http.response.body", "body": body})


class _Announcing(uvicorn.Server):
    """Says its line once requests are answered."""

    def __init__(self, config: uvicorn.Config, ready: str) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            sys.stdout.write(self._ready + "\n")
            sys.stdout.flush()


def serve(sandbox: Sandbox, listener: socket.socket, ready: str) -> None:
    """Answer requests on a bound socket until the process is told to stop; print `ready` when it can."""
    config = uvicorn.Config(
        sandbox,
        http=sandbox.connections.protocol(),
        loop="asyncio",
        ws="none",  # neither spoken nor, at start, imported
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,  # an idle connection outlives a sensor's pause, or a poke would race its end
        timeout_graceful_shutdown=5,
    )
    _Announcing(config, ready).run(sockets=[listener])


def _zip(content: bytes) -> bytes:
    return gzip.compress(content, compresslevel=1)
