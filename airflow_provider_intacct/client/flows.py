"""A flow is a generator that yields commands and is sent their results; it does no I/O. Here it is driven.

`run` and `stream` drive a flow in a thread, `arun` and `astream` in a coroutine; nothing else in the package is written
twice. What sends, a Transport, is handed in.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import os
import threading
from collections.abc import AsyncGenerator, Awaitable, Collection, Generator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar, cast

from airflow_provider_intacct.client.errors import ReplyLostError, TransportError

if TYPE_CHECKING:
    from airflow_provider_intacct.client.transport import AsyncTransport, Transport

T = TypeVar("T")

PAGE_THREAD = "intacct-page"
"""Name of the threads that flows beside others run in."""


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
        threading.Thread(target=work, name=PAGE_THREAD, daemon=True).start()
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
