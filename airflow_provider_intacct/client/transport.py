"""Run a flow over the network. A flow is a generator that yields commands and is sent their results; it does no I/O.

The only module that knows httpx. `run` and `stream` drive a flow in a thread, `arun` and `astream` in a coroutine;
nothing else in the package is written twice. Knows HTTP, nothing of Intacct.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import logging
import os
import ssl
import threading
import weakref
import zlib
from collections.abc import AsyncGenerator, Awaitable, Collection, Generator, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar, cast
from urllib.parse import urlsplit

import httpx

from airflow_provider_intacct import __version__
from airflow_provider_intacct.client.errors import (
    ConfigurationError,
    ConnectError,
    ReplyLostError,
    TransportError,
)

T = TypeVar("T")

CONNECT_SECONDS = 10.0
MAX_REPLY_BYTES = 512 << 20
"""Of one reply, unpacked. A page of 2,000 wide rows has a few MiB; a small answer that unpacks to this is an attack."""
_KEEP_IDLE_SECONDS = 15.0  # servers drop idle connections at random later times; a reply lost that way costs a doubt


@dataclass(frozen=True, slots=True)
class Request:
    """One POST. The body holds credentials and is in no repr."""

    url: str
    body: bytes = field(repr=False)
    content_type: str = "application/xml"


@dataclass(frozen=True, slots=True)
class HttpReply:
    """What came back, decompressed. Header names are lower-case; `travelled` is the size of the body on the wire."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    travelled: int = 0

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")

    @property
    def says_its_end(self) -> bool:
        """Whether a reply cut short would have been noticed; not if it merely ends with the connection."""
        return "content-length" in self.headers or "chunked" in self.headers.get("transfer-encoding", "").lower()

    @property
    def retry_after(self) -> float | None:
        """Seconds the server asks to wait (Retry-After, in seconds or as a date); None if it does not say."""
        asked = self.headers.get("retry-after", "").strip()
        if asked.isdecimal():
            return float(asked)
        try:
            moment = parsedate_to_datetime(asked)
        except (ValueError, OverflowError):
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())


@dataclass(frozen=True, slots=True)
class Send:
    """Send the request; the flow receives an HttpReply, or ConnectError or ReplyLostError is thrown into it."""

    request: Request


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Await:
    """Wait until the future is done, at most so many seconds. The flow looks at the future itself.

    An awaitable instead of a future is awaited to its end; only a coroutine can do that.
    """

    future: Future[Any] | Awaitable[Any]
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Emit:
    """Hand a value to the caller of `stream`; the flow goes on when the caller asks for the next."""

    value: Any


class Started(Protocol):
    """A flow that runs beside the one that started it. The flow asks only when it is done."""

    def done(self) -> bool: ...

    def result(self) -> Any:
        """What the flow returned; raises what it raised."""


@dataclass(frozen=True, slots=True)
class Start:
    """Begin another flow, which emits nothing, beside this one; the answer is a `Started`.

    When the flow that started it ends or is closed, what it started is given up: it sends nothing more.
    """

    flow: Flow[Any]


@dataclass(frozen=True, slots=True)
class AwaitAny:
    """Wait until one of those started is done, at most so many seconds."""

    started: Collection[Started]
    seconds: float | None = None


Command = Send | Sleep | Await | Emit | Start | AwaitAny
Flow = Generator[Command, Any, T]


def run(flow: Flow[T], transport: Transport) -> T:
    """Run a flow that emits nothing to its end, in this thread, and return its result."""
    return _run(flow, transport, threading.Event())


def _run(flow: Flow[T], transport: Transport, stop: threading.Event) -> T:
    with contextlib.closing(flow), _Beside(transport) as beside:
        outcome = _START
        while True:
            try:
                command = outcome.resume(flow)
            except StopIteration as end:
                return cast(T, end.value)
            outcome = _perform(command, transport, beside, stop)


def stream(flow: Flow[T], transport: Transport) -> Generator[Any, None, T]:
    """Run a flow in this thread, yielding what it emits as it comes. Closing the iterator early closes the flow."""
    stop = threading.Event()
    with contextlib.closing(flow), _Beside(transport) as beside:
        outcome = _START
        while True:
            try:
                command = outcome.resume(flow)
            except StopIteration as end:
                return cast(T, end.value)
            if isinstance(command, Emit):
                outcome = _START  # before the caller takes its time: it holds the last reply
                yield command.value
            else:
                outcome = _perform(command, transport, beside, stop)


async def arun(flow: Flow[T], transport: AsyncTransport) -> T:
    """Run a flow that emits nothing to its end, in this coroutine, and return its result."""
    with contextlib.closing(flow):
        async with _TasksBeside(transport) as beside:
            outcome = _START
            while True:
                try:
                    command = outcome.resume(flow)
                except StopIteration as end:
                    return cast(T, end.value)
                outcome = await _aperform(command, transport, beside)


async def astream(flow: Flow[Any], transport: AsyncTransport) -> AsyncGenerator[Any, None]:
    """Run a flow in this coroutine, yielding what it emits as it comes. Closing the iterator early closes the flow."""
    with contextlib.closing(flow):
        async with _TasksBeside(transport) as beside:
            outcome = _START
            while True:
                try:
                    command = outcome.resume(flow)
                except StopIteration:
                    return
                if isinstance(command, Emit):
                    outcome = _START  # before the caller takes its time: it holds the last reply
                    yield command.value
                else:
                    outcome = await _aperform(command, transport, beside)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a command came to: an answer to send into the flow, or an error to throw into it."""

    answer: Any = None
    error: TransportError | None = None

    def resume(self, flow: Flow[Any]) -> Command:
        return flow.throw(self.error) if self.error else flow.send(self.answer)


_START = _Outcome()


class _GivenUp(BaseException):
    """Ends a flow that runs beside another one which has ended. No flow may take it for a failure."""


class _Beside:
    """The flows that one flow has started, each in a thread of its own. Leaving the context gives them up.

    What is on the wire then is let go: its thread ends when the reply comes, and never holds up the end of the process.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._stop: threading.Event | None = None
        self._process = os.getpid()

    def start(self, flow: Flow[Any]) -> Started:
        """Run `flow` in a new thread, which knows the context (of logging, say) of this one."""
        if self._stop is None:
            self._stop = threading.Event()
        future: Future[Any] = Future()
        work = functools.partial(contextvars.copy_context().run, self._work, flow, future, self._stop)
        threading.Thread(target=work, name="intacct-page", daemon=True).start()
        return future

    def _work(self, flow: Flow[Any], future: Future[Any], stop: threading.Event) -> None:
        try:
            future.set_result(_run(flow, self._transport, stop))
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised where the result is asked for
            future.set_exception(error)

    def wait(self, started: Collection[Started], seconds: float | None) -> None:
        """Wait until one of `started` is done."""
        if os.getpid() != self._process:
            raise ReplyLostError("The process was forked while a reply was awaited; only its parent will see it.")
        wait(cast(Collection[Future[Any]], started), timeout=seconds, return_when=FIRST_COMPLETED)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stop is not None:
            self._stop.set()


class _TasksBeside:
    """The flows that one flow has started, each in a task of its own. Leaving the context cancels them."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, flow: Flow[Any]) -> Started:
        """Run `flow` in a new task."""
        task = asyncio.create_task(arun(flow, self._transport))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        left = list(self._tasks)
        for task in left:
            task.cancel()
        if left:
            await asyncio.gather(*left, return_exceptions=True)


def _perform(command: Command, transport: Transport, beside: _Beside, stop: threading.Event) -> _Outcome:
    if stop.is_set():
        raise _GivenUp
    match command:
        case Send(request):
            try:
                return _Outcome(transport.send(request))
            except TransportError as error:
                return _Outcome(error=error)
        case Sleep(seconds):
            stop.wait(seconds)
        case Start(flow):
            return _Outcome(beside.start(flow))
        case AwaitAny(started, seconds):
            try:
                beside.wait(started, seconds)
            except TransportError as error:
                return _Outcome(error=error)
        case Await(Future() as future, seconds):
            wait([future], timeout=seconds)
        case Await():
            raise TypeError("an awaitable needs the asynchronous client")
        case Emit():
            raise TypeError("this flow emits values: use stream()")
    return _START


async def _aperform(command: Command, transport: AsyncTransport, beside: _TasksBeside) -> _Outcome:
    match command:
        case Send(request):
            try:
                return _Outcome(await transport.send(request))
            except TransportError as error:
                return _Outcome(error=error)
        case Sleep(seconds):
            await asyncio.sleep(seconds)
        case Start(flow):
            return _Outcome(beside.start(flow))
        case AwaitAny(started, seconds):
            await asyncio.wait(
                cast(Collection[asyncio.Task[Any]], started), timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
        case Await(Future() as future, seconds):
            waiting = asyncio.wrap_future(future)
            try:
                await asyncio.wait([waiting], timeout=seconds)
            finally:
                waiting.cancel()  # this wait only: a future whose work has begun cannot be cancelled
        case Await(awaitable):
            await cast(Awaitable[Any], awaitable)
        case Emit():
            raise TypeError("this flow emits values: use astream()")
    return _START


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
