import asyncio
import gc
import gzip
import logging
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from airflow_provider_intacct import __version__
from airflow_provider_intacct.client import transport as transport_module
from airflow_provider_intacct.client.errors import ConfigurationError, ConnectError, ReplyLostError
from airflow_provider_intacct.client.flows import (
    Await,
    Emit,
    Flow,
    HttpReply,
    Request,
    Send,
    Sleep,
    arun,
    astream,
    run,
    stream,
)
from airflow_provider_intacct.client.transport import AsyncTransport, Transport

from .gateway_server import Answer, Server, in_turn, serving

XML = b"<request>word-that-is-secret</request>"


def once(url: str) -> Flow[HttpReply]:
    return (yield Send(Request(url, XML)))


def exchange(url: str, way: str, timeout: float = 5.0) -> HttpReply:
    """Send one request by the driver for threads or by the one for coroutines."""
    if way == "run":
        with Transport(timeout=timeout) as transport:
            return run(once(url), transport)

    async def main() -> HttpReply:
        async with AsyncTransport(timeout=timeout) as transport:
            return await arun(once(url), transport)

    return asyncio.run(main())


BOTH = pytest.mark.parametrize("way", ["run", "arun"])


@BOTH
def test_a_request_carries_who_sends_it_and_what_it_is(way: str) -> None:
    with serving(in_turn(b"<ok/>")) as server:
        reply = exchange(server.endpoint, way)
    assert (reply.status, reply.body) == (200, b"<ok/>")
    assert reply.content_type == 'text/xml; encoding="UTF-8"'
    (seen,) = server.seen
    assert seen.headers["content-type"] == "application/xml"
    assert seen.headers["user-agent"] == f"airflow-provider-intacct/{__version__}"
    assert "gzip" in seen.headers["accept-encoding"]


@BOTH
def test_compressed_replies_are_read(way: str) -> None:
    answer = Answer(gzip.compress(b"<ok/>" * 1000), headers={"Content-Encoding": "gzip"})
    with serving(in_turn(answer)) as server:
        assert exchange(server.endpoint, way).body == b"<ok/>" * 1000


@BOTH
@pytest.mark.parametrize("status", [302, 404, 429, 503])
def test_whatever_comes_back_is_a_reply_and_a_redirect_is_not_followed(way: str, status: int) -> None:
    with serving(in_turn(Answer(b"no", status, headers={"Location": "http://127.0.0.1:1/"}))) as server:
        assert exchange(server.endpoint, way).status == status
    assert len(server.seen) == 1


@BOTH
def test_a_server_that_is_down_got_nothing(way: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(
        ConnectError, match=rf"No connection to 127.0.0.1:{port}: .*refused. Nothing was sent"
    ) as caught:
        exchange(f"http://127.0.0.1:{port}/gw", way)
    assert not caught.value.in_doubt
    assert caught.value.retryable


@BOTH
def test_a_connection_cut_after_the_request_leaves_a_doubt(way: str) -> None:
    with serving(in_turn(Answer(drop=True))) as server, pytest.raises(ReplyLostError) as caught:
        exchange(server.endpoint, way)
    assert caught.value.in_doubt
    assert "secret" not in str(caught.value)


@BOTH
def test_a_reply_that_breaks_off_leaves_a_doubt(way: str) -> None:
    with serving(in_turn(Answer(b"<response>" * 100, cut=50))) as server, pytest.raises(ReplyLostError):
        exchange(server.endpoint, way)


@BOTH
def test_a_reply_that_cannot_be_decompressed_leaves_a_doubt(way: str) -> None:
    with (
        serving(in_turn(Answer(b"no gzip at all", headers={"Content-Encoding": "gzip"}))) as server,
        pytest.raises(ReplyLostError),
    ):
        exchange(server.endpoint, way)


@BOTH
def test_compressed_data_without_its_end_is_not_taken_for_a_short_answer(way: str) -> None:
    whole = gzip.compress(b'"RECORDNO"\n' + b'"1"\n' * 5000)
    cut = Answer(whole[: len(whole) // 2], headers={"Content-Encoding": "gzip"})
    with serving(in_turn(cut)) as server, pytest.raises(ReplyLostError, match="broke off"):
        exchange(server.endpoint, way)


@BOTH
def test_a_small_answer_does_not_unpack_to_fill_the_memory(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "MAX_REPLY_BYTES", 1 << 20)
    bomb = Answer(gzip.compress(bytes(8 << 20)), headers={"Content-Encoding": "gzip"})
    with serving(in_turn(bomb)) as server, pytest.raises(ReplyLostError, match="more than 1 MiB"):
        exchange(server.endpoint, way)


def test_compressed_data_may_come_in_several_members_or_be_none_at_all() -> None:
    members = Answer(gzip.compress(b"<ok") + gzip.compress(b"/>"), headers={"Content-Encoding": "gzip"})
    nothing = Answer(b"", headers={"Content-Encoding": "gzip"})
    with serving(in_turn(members, nothing)) as server:
        assert [exchange(server.endpoint, "run").body for _ in range(2)] == [b"<ok/>", b""]


@BOTH
def test_cookies_are_not_kept(way: str) -> None:
    def twice(url: str) -> Flow[None]:
        yield Send(Request(url, XML))
        yield Send(Request(url, XML))

    with serving(in_turn(Answer(b"<ok/>", headers={"Set-Cookie": "SESSION=another; Path=/"}))) as server:
        if way == "run":
            with Transport() as transport:
                run(twice(server.endpoint), transport)
        else:

            async def main() -> None:
                async with AsyncTransport() as transport:
                    await arun(twice(server.endpoint), transport)

            asyncio.run(main())
    assert ["cookie" in seen.headers for seen in server.seen] == [False, False]


@BOTH
@pytest.mark.parametrize("proxy", ["socks4://u:pa55@proxy:1", "ftp://u:pa55@proxy:21", "http://u:pa55#x@proxy:1"])
def test_a_proxy_that_cannot_be_used_is_a_setting_to_mend(
    way: str, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(ConfigurationError, match="HTTPS_PROXY") as caught:
        exchange("https://api.intacct.com/ia/xml/xmlgw.phtml", way)
    assert "pa55" not in f"{caught.value} {caught.value.__cause__}"


@BOTH
def test_a_reply_that_ends_with_the_connection_does_not_say_its_end(way: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                received = b""
                while not received.endswith(XML):  # closing before all is read would reset the connection
                    received += connection.recv(65536)
                connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: text/csv\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        assert not exchange(f"http://127.0.0.1:{listening.getsockname()[1]}/gw", way).says_its_end
    with serving(in_turn(b"<ok/>")) as server:
        assert exchange(server.endpoint, way).says_its_end


@BOTH
def test_a_reply_that_takes_too_long_leaves_a_doubt(way: str) -> None:
    late = threading.Event()
    with serving(in_turn(Answer(b"late", wait_for=late))) as server:
        with pytest.raises(ReplyLostError, match="did not answer in time"):
            exchange(server.endpoint, way, timeout=0.2)
        late.set()


def test_a_certificate_that_is_not_trusted_is_not_worth_another_try() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        try:
            raise ssl.SSLCertVerificationError("certificate verify failed: self-signed")
        except ssl.SSLError as cause:
            raise httpx.ConnectError("tls") from cause

    with Transport() as transport:
        transport._client = httpx.Client(transport=httpx.MockTransport(refuse))
        with pytest.raises(ConnectError, match="self-signed") as caught:
            transport.send(Request("https://api.intacct.com/", b""))
    assert not caught.value.retryable


def test_connections_are_used_again() -> None:
    with serving(in_turn(b"<ok/>")) as server, Transport() as transport:
        for _ in range(5):
            transport.send(Request(server.endpoint, XML))
        assert server.connections == 1


def test_a_proxy_of_the_environment_never_sees_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with serving(in_turn(b"<ok/>")) as server, Transport() as transport:
        assert transport.send(Request(server.endpoint, XML)).status == 200


@BOTH
def test_httpx_does_not_fill_the_log_with_a_line_for_every_page(way: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="httpx")  # Airflow, if it is loaded, has raised the level
    with serving(in_turn(b"<ok/>")) as server:
        exchange(server.endpoint, way)
        assert "HTTP Request" not in caplog.text
        httpx.post(server.endpoint, content=XML)  # somebody else's
    assert "HTTP Request" in caplog.text


def test_a_closed_transport_opens_anew() -> None:
    with serving(in_turn(b"<ok/>")) as server, Transport() as transport:
        transport.send(Request(server.endpoint, XML))
        transport.close()
        transport.close()
        assert transport.send(Request(server.endpoint, XML)).status == 200


def test_a_send_that_meets_a_close_has_sent_nothing() -> None:
    class Closing(Transport):
        def _open(self) -> httpx.Client:
            client = super()._open()
            self.close()  # as another thread may at this very moment
            return client

    with serving(in_turn(b"<ok/>")) as server, pytest.raises(ConnectError, match=r"closed .*Nothing was sent"):
        Closing().send(Request(server.endpoint, XML))
    assert server.seen == []


def test_a_coroutine_that_waits_for_its_turn_when_the_transport_closes_has_sent_nothing() -> None:
    arrived, go_on = threading.Event(), threading.Event()

    def script(server: Server, seen: object) -> bytes:
        arrived.set()
        go_on.wait(10)
        return b"<ok/>"

    async def main(url: str) -> list[object]:
        transport = AsyncTransport(timeout=5)
        sends = [asyncio.create_task(transport.send(Request(url, XML))) for _ in range(2)]
        await asyncio.to_thread(arrived.wait, 10)
        await transport.close()
        go_on.set()
        return list(await asyncio.gather(*sends, return_exceptions=True))

    with serving(script) as server:
        first, second = asyncio.run(main(server.endpoint))
    assert isinstance(first, ReplyLostError)
    assert isinstance(second, ConnectError)
    assert len(server.seen) == 1


def test_one_request_is_in_flight_at_a_time_unless_more_are_allowed() -> None:
    flying, most, lock = 0, 0, threading.Lock()

    def script(server: Server, seen: object) -> bytes:
        nonlocal flying, most
        with lock:
            flying += 1
            most = max(most, flying)
        time.sleep(0.02)
        with lock:
            flying -= 1
        return b"<ok/>"

    for allowed in (1, 3):
        most = 0
        with serving(script) as server, Transport(max_concurrency=allowed) as transport:
            url = server.endpoint
            threads = [threading.Thread(target=transport.send, args=(Request(url, XML),)) for _ in range(9)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert 1 <= most <= allowed
        assert len(server.seen) == 9


def test_every_event_loop_has_connections_of_its_own() -> None:
    with serving(in_turn(b"<ok/>")) as server:
        transport = AsyncTransport()

        async def main() -> int:
            async with transport:
                return (await transport.send(Request(server.endpoint, XML))).status

        assert [asyncio.run(main()) for _ in range(3)] == [200, 200, 200]
        threads = [threading.Thread(target=lambda: asyncio.run(main())) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(server.seen) == 6


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # sockets left open, on purpose
def test_event_loops_that_ended_are_forgotten() -> None:
    with serving(in_turn(b"<ok/>")) as server:
        transport = AsyncTransport()
        for _ in range(3):  # without closing, as a notebook would
            asyncio.run(transport.send(Request(server.endpoint, XML)))
        assert len(transport._loops) == 1
        transport._loops.clear()
        gc.collect()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")
def test_a_forked_process_does_not_use_its_parents_connections() -> None:
    with serving(in_turn(b"<ok/>")) as server, Transport() as transport:
        transport.send(Request(server.endpoint, XML))
        with transport._lock:  # as if another thread held it while this one forks
            child = os.fork()
        if child == 0:
            ok = transport.send(Request(server.endpoint, XML)).status == 200
            os._exit(0 if ok else 1)
        assert os.waitpid(child, 0)[1] == 0
        transport.send(Request(server.endpoint, XML))
    assert server.connections == 2


# --- the drivers -------------------------------------------------------------------------------------------------


def counting(left: int, log: list[str]) -> Flow[str]:
    try:
        for number in range(left):
            yield Emit(number)
            yield Sleep(0)
        return "done"
    finally:
        log.append("closed")


def test_a_stream_hands_out_values_and_returns_the_result() -> None:
    log: list[str] = []

    def consume() -> Iterator[int]:
        result = yield from stream(counting(3, log), Transport())
        assert result == "done"

    assert list(consume()) == [0, 1, 2]
    assert log == ["closed"]


def test_a_stream_left_early_closes_its_flow() -> None:
    log: list[str] = []
    values = stream(counting(3, log), Transport())
    assert next(values) == 0
    values.close()
    assert log == ["closed"]


def test_an_asynchronous_stream_hands_out_values_and_closes_its_flow() -> None:
    log: list[str] = []

    async def main() -> list[int]:
        assert [value async for value in astream(counting(3, log), AsyncTransport())] == [0, 1, 2]
        values = astream(counting(3, log), AsyncTransport())
        first = [await anext(values)]
        await values.aclose()
        return first

    assert asyncio.run(main()) == [0]
    assert log == ["closed", "closed"]


def test_a_flow_that_emits_is_not_run_as_if_it_did_not() -> None:
    log: list[str] = []
    with pytest.raises(TypeError, match="stream"):
        run(counting(1, log), Transport())
    with pytest.raises(TypeError, match="astream"):
        asyncio.run(arun(counting(1, log), AsyncTransport()))
    assert log == ["closed", "closed"]


@BOTH
def test_an_error_of_the_network_is_thrown_into_the_flow(way: str) -> None:
    def recovering() -> Flow[str]:
        try:
            yield Send(Request("http://127.0.0.1:1/gw", b""))
        except ConnectError:
            return "recovered"
        return "sent"

    if way == "run":
        assert run(recovering(), Transport()) == "recovered"
    else:
        assert asyncio.run(arun(recovering(), AsyncTransport())) == "recovered"


@BOTH
def test_a_future_is_waited_for_and_no_longer_than_asked(way: str) -> None:
    done: Future[str] = Future()
    never: Future[str] = Future()
    never.set_running_or_notify_cancel()

    def waiting() -> Flow[tuple[str, bool]]:
        yield Await(done, 10)
        yield Await(never, 0.01)
        return done.result(), never.done()

    threading.Timer(0.05, done.set_result, ["here"]).start()
    if way == "run":
        assert run(waiting(), Transport()) == ("here", False)
    else:
        assert asyncio.run(arun(waiting(), AsyncTransport())) == ("here", False)


def test_a_coroutine_that_gives_up_waiting_does_not_cancel_the_future_for_others() -> None:
    shared: Future[str] = Future()
    shared.set_running_or_notify_cancel()

    def waiting() -> Flow[None]:
        yield Await(shared)

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(arun(waiting(), AsyncTransport()), 0.02)

    asyncio.run(main())
    assert not shared.cancelled()
    shared.set_result("still good")


def test_an_awaitable_is_awaited_by_the_asynchronous_driver_only() -> None:
    told: list[str] = []

    async def tell() -> None:
        told.append("told")

    def telling() -> Flow[None]:
        yield Await(tell())

    asyncio.run(arun(telling(), AsyncTransport()))
    assert told == ["told"]
    awaitable = tell()
    with pytest.raises(TypeError, match="asynchronous client"):
        run(flow_of(Await(awaitable)), Transport())
    awaitable.close()


def flow_of(*commands: Await | Sleep) -> Flow[None]:
    yield from commands


def test_neither_request_nor_reply_shows_its_body() -> None:
    assert "secret" not in repr(Send(Request("http://127.0.0.1/", XML)))
    assert "secret" not in repr(HttpReply(200, {}, XML))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("2024 Jan 2024 +999999999900:00:00", None),
        ("9" * 400, float("inf")),
    ],
)
def test_retry_after_is_read_in_seconds_and_as_a_date(header: str, seconds: float | None) -> None:
    assert HttpReply(429, {"retry-after": header}, b"").retry_after == seconds


def test_a_date_to_come_is_so_many_seconds_away() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    asked = HttpReply(429, {"retry-after": later}, b"").retry_after
    assert asked is not None
    assert 80 < asked <= 90
