"""Send requests over the network, for threads and for coroutines. Knows HTTP, nothing of Intacct.

The only module that knows httpx.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import os
import ssl
import threading
import weakref
import zlib
from collections.abc import Iterator
from contextvars import ContextVar
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from airflow_provider_intacct import __version__
from airflow_provider_intacct.client.errors import (
    ConfigurationError,
    ConnectError,
    ReplyLostError,
)
from airflow_provider_intacct.client.flows import HttpReply, Request

CONNECT_SECONDS = 10.0
MAX_REPLY_BYTES = 512 << 20
"""Of one reply, unpacked. A page of 2,000 wide rows has a few MiB; a small answer that unpacks to this is an attack."""
_KEEP_IDLE_SECONDS = 15.0  # servers drop idle connections at random later times; a reply lost that way costs a doubt


class Transport:
    """Connections for the threads of this process. At most `max_concurrency` requests are in flight at a time.

    `timeout` is in seconds, between two pieces of a reply: Intacct allows itself up to 15 minutes.
    """

    def __init__(self, *, timeout: float = 300.0, max_concurrency: int = 1) -> None:
        self._timeout = timeout
        self._max_concurrency = max_concurrency
        self._start_afresh()
        _transports.add(self)

    def _start_afresh(self) -> None:
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(self._max_concurrency)
        self._client: httpx.Client | None = None

    def _after_fork(self) -> None:
        if self._client is not None:
            _inherited.append(self._client)
        self._start_afresh()

    def send(self, request: Request) -> HttpReply:
        """Send once and return whatever came back, also a 4xx or 5xx. Raises ConnectError or ReplyLostError."""
        with (
            self._slots,
            _translated(request.url),
            _unannounced(),
            self._open().stream("POST", request.url, **_content(request)) as reply,
        ):
            return _reply(reply, b"".join(reply.iter_raw()))

    def _open(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                with _proxies_checked():
                    self._client = httpx.Client(**_settings(self._timeout, self._max_concurrency))
            return self._client

    def close(self) -> None:
        """Close the connections. A later send opens new ones."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncTransport:
    """Connections for coroutines: a set of its own for every event loop, for sockets belong to the loop that made them.

    At most `max_concurrency` requests of one event loop are in flight at a time.
    """

    def __init__(self, *, timeout: float = 300.0, max_concurrency: int = 1) -> None:
        self._timeout = timeout
        self._max_concurrency = max_concurrency
        self._start_afresh()
        _transports.add(self)

    def _start_afresh(self) -> None:
        self._lock = threading.Lock()
        self._loops: dict[asyncio.AbstractEventLoop, tuple[httpx.AsyncClient, asyncio.Semaphore]] = {}

    def _after_fork(self) -> None:
        _inherited.append(self._loops)
        self._start_afresh()

    async def send(self, request: Request) -> HttpReply:
        """Send once and return whatever came back, also a 4xx or 5xx. Raises ConnectError or ReplyLostError."""
        client, slots = self._open()
        async with slots:
            with _translated(request.url), _unannounced():
                async with client.stream("POST", request.url, **_content(request)) as reply:
                    return _reply(reply, b"".join([piece async for piece in reply.aiter_raw()]))

    def _open(self) -> tuple[httpx.AsyncClient, asyncio.Semaphore]:
        loop = asyncio.get_running_loop()
        with self._lock:
            if loop not in self._loops:
                for ended in [each for each in self._loops if each.is_closed()]:
                    del self._loops[ended]  # whose connections, left open, hold it alive
                with _proxies_checked():
                    client = httpx.AsyncClient(**_settings(self._timeout, self._max_concurrency))
                self._loops[loop] = (client, asyncio.Semaphore(self._max_concurrency))
            return self._loops[loop]

    async def close(self) -> None:
        """Close the connections of the running event loop. A later send opens new ones."""
        with self._lock:
            opened = self._loops.pop(asyncio.get_running_loop(), None)
        if opened is not None:
            await opened[0].aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


# Plain http is only ever spoken to this machine, where a proxy of the environment has no business.
_NEVER_BY_PROXY = ("http://", "all://localhost", "all://127.0.0.1", "all://[::1]")


@functools.cache
def _trust() -> ssl.SSLContext:
    """The certificate authorities, read once: that costs more than all else in opening a client."""
    return httpx.create_ssl_context()


def _settings(timeout: float, max_concurrency: int) -> dict[str, Any]:
    return {
        "verify": _trust(),
        "timeout": httpx.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout)),
        "limits": httpx.Limits(
            max_connections=max_concurrency,
            max_keepalive_connections=max_concurrency,
            keepalive_expiry=_KEEP_IDLE_SECONDS,
        ),
        "follow_redirects": False,  # a redirect would carry the credentials to wherever it points
        "cookies": CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # none: a session is its id and nothing else
        "headers": {"User-Agent": f"airflow-provider-intacct/{__version__}", "Accept-Encoding": "gzip"},
        "mounts": dict.fromkeys(_NEVER_BY_PROXY),
        "trust_env": True,  # proxies and private certificate authorities come by HTTPS_PROXY and SSL_CERT_FILE
    }


@contextlib.contextmanager
def _proxies_checked() -> Iterator[None]:
    """httpx looks at the proxies of the environment when a client is made. Its words may repeat their passwords."""
    try:
        yield
    except (ValueError, ImportError, httpx.InvalidURL):
        raise ConfigurationError(
            "A proxy of the environment (HTTPS_PROXY, ALL_PROXY) cannot be used. It is written http://host:port, with "
            "special characters of a user or password percent-encoded; socks5:// needs the package httpx[socks]."
        ) from None


def _content(request: Request) -> dict[str, Any]:
    return {"content": request.body, "headers": {"Content-Type": request.content_type}}


def _reply(reply: httpx.Response, raw: bytes) -> HttpReply:
    # httpx ties a reply to its stream in a circle, and so would hold the request's body until that is collected.
    reply.stream = httpx.ByteStream(b"")
    headers = {name.lower(): value for name, value in reply.headers.items()}
    body = _unpacked(raw, headers.get("content-encoding", "").strip().lower())
    return HttpReply(reply.status_code, headers, body, len(raw))


def _unpacked(raw: bytes, encoding: str) -> bytes:
    """Return the body of a reply, whole.

    httpx would take compressed data that ends too soon for a short answer, and a short page of CSV for the last one.
    """
    if encoding in ("", "identity") or not raw:
        return raw
    body = b""
    while raw:  # a gzip file may have several members
        unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS + 32)  # gzip or deflate, whichever the data says
        try:
            body += unpacking.decompress(raw, MAX_REPLY_BYTES - len(body) + 1)
        except zlib.error:
            raise ReplyLostError(f"The reply cannot be decompressed ({encoding}).") from None
        if len(body) > MAX_REPLY_BYTES:
            raise ReplyLostError(f"The reply unpacks to more than {MAX_REPLY_BYTES >> 20} MiB; ask for smaller pages.")
        if not unpacking.eof:
            raise ReplyLostError("The reply broke off: its compressed data has no end.")
        raw = unpacking.unused_data
    return body


@contextlib.contextmanager
def _translated(url: str) -> Iterator[None]:
    """Tell apart what was never sent from what may have been carried out."""
    host = urlsplit(url).netloc
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
        reason = _reason(error)
        trusted = not isinstance(reason, ssl.SSLCertVerificationError)
        words = "it took too long" if isinstance(error, httpx.TimeoutException) else _words(reason)
        raise ConnectError(f"No connection to {host}: {words}. Nothing was sent.", retryable=trusted) from error
    except RuntimeError as error:
        if "client has been closed" not in str(error):  # what httpx says before it sends anything
            raise
        raise ConnectError(f"The connections to {host} were closed just now. Nothing was sent.") from error
    except httpx.TimeoutException as error:
        raise ReplyLostError(f"{host} took the request but did not answer in time ({type(error).__name__}).") from error
    except httpx.TransportError as error:
        raise ReplyLostError(
            f"The connection to {host} broke before the reply was complete: {_words(error)}."
        ) from error


_sending: ContextVar[bool] = ContextVar("sending", default=False)


@contextlib.contextmanager
def _unannounced() -> Iterator[None]:
    """httpx says a line at INFO for every request; a task that reads ten thousand pages has no use for them."""
    token = _sending.set(True)
    try:
        yield
    finally:
        _sending.reset(token)


def _is_worth_saying(record: logging.LogRecord) -> bool:
    return record.levelno > logging.INFO or not _sending.get()


logging.getLogger("httpx").addFilter(_is_worth_saying)  # only requests of this module; what others send is still told


def _reason(error: BaseException) -> BaseException:
    """The innermost cause: httpx wraps the operating system's error twice."""
    cause = error.__cause__ or error.__context__
    return _reason(cause) if cause is not None else error


def _words(error: BaseException) -> str:
    if isinstance(error, ConnectionError) and error.errno:
        return os.strerror(error.errno)  # "Connection refused", whichever library tried
    return f"{error}".strip().rstrip(".") or type(error).__name__


_transports: weakref.WeakSet[Transport | AsyncTransport] = weakref.WeakSet()
_inherited: list[
    object
] = []  # connections of the parent process: kept, so that nothing in the child closes or uses them


def _after_fork() -> None:
    for transport in list(_transports):
        transport._after_fork()


os.register_at_fork(after_in_child=_after_fork)
