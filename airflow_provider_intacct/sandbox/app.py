"""The sandbox over HTTP: the gateway's address, and the bench controls that no Intacct has. Refuses to know XML.

Requests run in threads, off the event loop; at most so many at a time are in flight.
"""

import asyncio
import gzip
import json
import socket
import struct
import sys

import anyio
import uvicorn
from lxml import etree
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from .bench import Bench, BenchError
from .company import Company
from .faults import Faults
from .gateway.answers import Answer
from .gateway.asynchronous import Queue
from .gateway.delivery.jobs import Jobs
from .gateway.exchange import Gateway

GATEWAY_PATH = "/ia/xml/xmlgw.phtml"
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_IN_FLIGHT = 64
_GZIP_FROM = 500


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


class Broken(Response):
    """A response that does not end: reset before its first byte, or closed in the middle of the body."""

    def __init__(self, answer: Answer, connections: OpenConnections) -> None:
        super().__init__(answer.body, answer.status, {"Content-Type": answer.content_type})
        self._cut = answer.ending == "cut"
        self._sent = answer.sent
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a part of the answer or nothing, and break the connection."""
        if self._cut:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": bytes(self.body)[: self._sent], "more_body": True})
            self._connections.close(scope)
        else:
            self._connections.reset(scope)
        while (await receive())["type"] != "http.disconnect":
            pass


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

    def application(self) -> ASGIApp:
        """Return the ASGI application."""
        gateway = Route(GATEWAY_PATH, self._answer, methods=_METHODS)
        return Router([gateway, *(Route(path, self._control, methods=_METHODS) for path in self._bench.paths)])

    async def _answer(self, request: Request) -> Response:
        body = await request.body()
        zipped = "gzip" in request.headers.get("accept-encoding", "").lower()
        content_type = request.headers.get("content-type", "")
        if request.method != "POST":
            answer = self._gateway.refuse_method()
        else:
            answer = await anyio.to_thread.run_sync(self._gateway.answer, content_type, body, limiter=self._places())
        if answer.ending != "proper":
            return Broken(answer, self.connections)
        headers = dict(answer.headers)
        content = answer.body
        if zipped and len(content) >= _GZIP_FROM:
            content = await anyio.to_thread.run_sync(_zip, content)
            headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return Response(content, answer.status, {**headers, "Content-Type": answer.content_type})

    def _places(self) -> anyio.CapacityLimiter:
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(_IN_FLIGHT)
        return self._limiter

    async def _control(self, request: Request) -> Response:
        body = await request.body()
        try:
            values = json.loads(body) if body else {}
            shown = await anyio.to_thread.run_sync(self._bench.control, request.method, request.url.path, values)
        except BenchError as error:
            return JSONResponse({"error": str(error)}, 400)
        except ValueError as error:
            return JSONResponse({"error": f"The body is no JSON: {error}"}, 400)
        return JSONResponse(shown)


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
        sandbox.application(),
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
