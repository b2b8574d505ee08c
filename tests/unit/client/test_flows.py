"""Flows beside a flow: they run at the same time, their failures travel, and they end with it."""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import closing
from contextvars import ContextVar
from typing import Any

import pytest

from airflow_provider_intacct.client.errors import ConnectError, ReplyLostError
from airflow_provider_intacct.client.flows import (
    AwaitAny,
    Emit,
    Flow,
    Request,
    Send,
    Sleep,
    Start,
    Started,
    arun,
    astream,
    run,
    stream,
)
from airflow_provider_intacct.client.transport import AsyncTransport, Transport

from .gateway_server import Answer, Server, in_turn, serving

WORD: ContextVar[str] = ContextVar("word", default="")


def drive(flow: Flow[Any], way: str, most: int = 4) -> Any:
    if way == "threads":
        with Transport(timeout=5, max_concurrency=most) as transport:
            return run(flow, transport)

    async def main() -> Any:
        async with AsyncTransport(timeout=5, max_concurrency=most) as transport:
            return await arun(flow, transport)

    return asyncio.run(main())


@pytest.fixture(params=["threads", "coroutines"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def one(server: Server, word: str) -> Flow[str]:
    answer = yield Send(Request(server.endpoint, word.encode()))
    return str(answer.body.decode())


def gathered(flows: list[Flow[str]]) -> Flow[list[str]]:
    left: list[Started] = []
    for flow in flows:
        left.append((yield Start(flow)))
    came = []
    while left:
        yield AwaitAny(left)
        for started in [each for each in left if each.done()]:
            left.remove(started)
            came.append(started.result())
    return came


def test_what_is_started_runs_at_the_same_time(way: str) -> None:
    together = threading.Barrier(3, timeout=5)

    def script(server: Server, seen: Any) -> Answer:
        together.wait()  # broken, and the test with it, unless three are here at once
        return Answer(seen.text.encode())

    with serving(script) as server:
        came = drive(gathered([one(server, word) for word in ("a", "b", "c")]), way)
    assert sorted(came) == ["a", "b", "c"]


def test_the_first_that_is_done_comes_first(way: str) -> None:
    gate = threading.Event()

    def script(server: Server, seen: Any) -> Answer:
        return Answer(seen.text.encode(), wait_for=gate if seen.text == "late" else None)

    def flow(server: Server) -> Flow[list[str]]:
        late = yield Start(one(server, "late"))
        early = yield Start(one(server, "early"))
        yield AwaitAny((late, early))
        order = [early.result(), str(late.done())]
        gate.set()
        yield AwaitAny((late,))
        return [*order, late.result()]

    with serving(script) as server:
        assert drive(flow(server), way) == ["early", "False", "late"]


def test_a_wait_for_any_ends_after_its_seconds(way: str) -> None:
    gate = threading.Event()

    def flow(server: Server) -> Flow[bool]:
        started = yield Start(one(server, "x"))
        yield AwaitAny((started,), 0.05)
        done = started.done()
        gate.set()
        yield AwaitAny((started,))
        return bool(done)

    with serving(lambda server, seen: Answer(b"x", wait_for=gate)) as server:
        assert drive(flow(server), way) is False


def test_failures_travel_to_whoever_asks_for_the_result(way: str) -> None:
    def odd() -> Flow[None]:
        yield Sleep(0)
        raise KeyError("of the flow's own")

    def flow(server: Server) -> Flow[list[str]]:
        lost = yield Start(one(server, "x"))
        own = yield Start(odd())
        yield AwaitAny((lost,))
        yield AwaitAny((own,))
        seen = []
        for started in (lost, own):
            try:
                started.result()
            except (ReplyLostError, KeyError) as error:
                seen.append(type(error).__name__)
        return seen

    with serving(lambda server, seen: Answer(drop=True)) as server:
        assert drive(flow(server), way) == ["ReplyLostError", "KeyError"]


def test_a_flow_that_is_closed_stops_what_it_started(way: str) -> None:
    """One beside it waits for a reply, one is about to send its second request: neither sends anything more."""
    gate = threading.Event()
    ended: list[str] = []

    def twice(server: Server, word: str) -> Flow[None]:
        try:
            yield from one(server, word)
            yield from one(server, "never " + word)
        finally:
            ended.append(word)

    def sleeper() -> Flow[None]:
        try:
            yield Sleep(60)
        finally:
            ended.append("sleeper")

    def flow(server: Server) -> Flow[None]:
        yield Start(twice(server, "a"))
        yield Start(sleeper())
        yield Emit("begun")
        yield Emit("never")

    with serving(lambda server, seen: Answer(b"x", wait_for=gate)) as server:
        if way == "threads":
            with Transport(timeout=5, max_concurrency=2) as transport, closing(stream(flow(server), transport)) as it:
                assert next(it) == "begun"
                wait_until(lambda: len(server.seen) == 1)
        else:

            async def main() -> None:
                async with AsyncTransport(timeout=5, max_concurrency=2) as transport:
                    it = astream(flow(server), transport)
                    assert await anext(it) == "begun"
                    while not server.seen:
                        await asyncio.sleep(0.005)
                    await it.aclose()

            asyncio.run(main())
        gate.set()
        wait_until(lambda: len(ended) == 2)
        assert sorted(ended) == ["a", "sleeper"]
        assert [seen.text for seen in server.seen] == ["a"]


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_what_is_started_knows_the_context_of_logging(way: str, caplog: pytest.LogCaptureFixture) -> None:
    def flow() -> Flow[None]:
        logging.getLogger("flow").warning("word is %s", WORD.get())
        yield Sleep(0)

    def both() -> Flow[None]:
        started = yield Start(flow())
        yield AwaitAny((started,))

    token = WORD.set("known")
    try:
        drive(both(), way)
    finally:
        WORD.reset(token)
    assert "word is known" in caplog.text


def test_a_forked_child_does_not_wait_for_its_parents_reply() -> None:
    gate = threading.Event()

    def flow(server: Server) -> Flow[None]:
        started = yield Start(one(server, "x"))
        yield Emit("begun")
        yield AwaitAny((started,))

    with (
        serving(lambda server, seen: Answer(b"x", wait_for=gate)) as server,
        Transport(timeout=5, max_concurrency=2) as transport,
        closing(stream(flow(server), transport)) as it,
    ):
        assert next(it) == "begun"
        child = os.fork()
        if child == 0:
            try:
                next(it)
            except ReplyLostError:
                os._exit(7)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        gate.set()
        assert list(it) == []


def test_a_flow_started_by_a_started_one_ends_with_it(way: str) -> None:
    def outer(server: Server) -> Flow[str]:
        inner = yield Start(one(server, "inner"))
        yield AwaitAny((inner,))
        return str(inner.result())

    with serving(in_turn(Answer(b"inner"))) as server:
        assert drive(gathered([outer(server)]), way) == ["inner"]


def test_nothing_was_sent_if_no_connection_was_made(way: str) -> None:
    with serving(in_turn(Answer(b""))) as server:
        endpoint = server.endpoint

    def gone() -> Flow[None]:
        yield Send(Request(endpoint, b"x"))

    def flow() -> Flow[None]:
        started = yield Start(gone())
        yield AwaitAny((started,))
        started.result()

    with pytest.raises(ConnectError):
        drive(flow(), way)
