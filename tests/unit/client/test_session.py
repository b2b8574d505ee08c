"""Signing in, staying signed in, and sharing a session: over real sockets, with a clock of our own."""

import asyncio
import os
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

import pytest

from airflow_provider_intacct.client import AsyncIntacctClient, Credentials, IntacctClient
from airflow_provider_intacct.client import errors as e
from airflow_provider_intacct.client.retry import RetryPolicy
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.client.xml.session import SessionPool

from . import canned
from .gateway_server import Answer, Script, Seen, Server, in_turn, serving, succeed

QUICK = RetryPolicy(first_wait=0.01, longest_wait=0.02)
READ = functions.get_dimensions()


@dataclass
class Clock:
    """A monotonic clock that moves when told."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Office:
    """A server, a pool and the clients of one process."""

    server: Server
    clock: Clock = field(default_factory=Clock)
    pool: SessionPool = field(init=False)

    def __post_init__(self) -> None:
        self.pool = SessionPool(clock=self.clock)

    def credentials(self, **changes: str | None) -> Credentials:
        given = {
            "company_id": "DEMO",
            "user_id": "etl",
            "password": "etl-Secret-9Kd",
            "sender_id": "SANDBOX",
            "sender_password": "sender-Secret-7Qf",
            "endpoint": self.server.endpoint,
        }
        return Credentials(**{**given, **changes})  # type: ignore[arg-type]

    def client(self, on_secret: Callable[[str], None] | None = None, **changes: str | None) -> IntacctClient:
        return IntacctClient(self.credentials(**changes), pool=self.pool, retry=QUICK, timeout=10, on_secret=on_secret)

    def async_client(self, **changes: str | None) -> AsyncIntacctClient:
        return AsyncIntacctClient(self.credentials(**changes), pool=self.pool, retry=QUICK, timeout=10)


@pytest.fixture
def office() -> Iterator[Office]:
    with serving(succeed) as server:
        yield Office(server)


# --- the sign-in -------------------------------------------------------------------------------------------------


def test_the_sign_in_is_a_request_of_its_own(office: Office) -> None:
    with office.client() as client:
        client.call(READ)
        client.call(READ)
    assert [seen.functions for seen in office.server.seen] == [["getAPISession"], ["getDimensions"], ["getDimensions"]]
    login, *calls = office.server.seen
    assert login.password == "etl-Secret-9Kd"
    assert [seen.session_id for seen in calls] == ["session-1-of-this-server"] * 2
    assert not any(seen.password for seen in calls)


def test_the_endpoint_that_comes_with_the_session_is_called(office: Office) -> None:
    with serving(succeed) as other:
        office.server.sign_in = lambda server, seen: canned.session_answer("sid-elsewhere", other.endpoint)
        with office.client() as client:
            client.call(READ)
            assert client.session.endpoint == other.endpoint
    assert [seen.session_id for seen in other.seen] == ["sid-elsewhere"]
    assert office.server.calls == []


def test_an_endpoint_elsewhere_is_not_called(office: Office) -> None:
    office.server.sign_in = lambda server, seen: canned.session_answer("sid", "https://intacct.com.evil.com/gw")
    with office.client() as client, pytest.raises(e.ConfigurationError, match="returned an endpoint"):
        client.call(READ)


def test_the_session_tells_who_is_signed_in(office: Office) -> None:
    with office.client(entity_id="100") as client:
        session = client.session
    assert (session.company_id, session.user_id, session.entity_id) == ("DEMO", "etl", "100")
    assert session.expires == datetime(2026, 3, 1, 18, 0, tzinfo=UTC)
    assert "of-this-server" not in repr(session)


def test_a_sign_in_without_a_session_id_is_malformed(office: Office) -> None:
    office.server.sign_in = succeed
    with office.client() as client, pytest.raises(e.MalformedReplyError, match="no session id"):
        client.call(READ)


def test_a_refused_function_of_the_sign_in_is_told(office: Office) -> None:
    office.server.sign_in = lambda server, seen: canned.response(
        canned.result(
            "getAPISession", seen.control_ids[0], canned.errors(canned.error("X", "Entity 999 is unknown")), "failure"
        )
    )
    with office.client() as client, pytest.raises(e.FunctionError, match="Entity 999 is unknown"):
        client.call(READ)


def test_each_session_id_is_told_before_it_is_used(office: Office) -> None:
    told: list[tuple[str, int]] = []
    with office.client(on_secret=lambda secret: told.append((secret, len(office.server.calls)))) as client:
        client.call(READ)
        client.call(READ)
    assert told == [("session-1-of-this-server", 0)]


def test_a_session_found_in_the_pool_is_told_too(office: Office) -> None:
    told: list[str] = []
    with office.client() as first, office.client(on_secret=told.append) as second:
        first.call(READ)
        second.call(READ)
    assert told == ["session-1-of-this-server"]
    assert len(office.server.logins) == 1


def test_a_session_id_that_could_not_be_told_is_told_again(office: Office) -> None:
    told: list[str] = []

    def tell(secret: str) -> None:
        told.append(secret)
        if len(told) == 1:
            raise OSError("the log is closed")

    with office.client(on_secret=tell) as client:
        with pytest.raises(OSError, match="the log is closed"):
            client.call(READ)
        client.call(READ)
    assert told == ["session-1-of-this-server"] * 2


def test_a_coroutine_may_be_told_the_session_id(office: Office) -> None:
    told: list[str] = []

    async def tell(secret: str) -> None:
        await asyncio.sleep(0)
        told.append(secret)

    async def main() -> None:
        async with AsyncIntacctClient(office.credentials(), pool=office.pool, on_secret=tell) as client:
            await client.call(READ)

    asyncio.run(main())
    assert told == ["session-1-of-this-server"]


# --- refusals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (canned.WRONG_PASSWORD, e.SignInError),
        (canned.LOCKED_OUT, e.LockedOutError),
        (canned.WRONG_SENDER, e.SenderError),
        (canned.UNAUTHORISED_SENDER, e.SenderNotAuthorisedError),
    ],
)
def test_a_refused_sign_in_is_tried_once(office: Office, answer: bytes, kind: type[e.IntacctError]) -> None:
    office.server.sign_in = in_turn(answer)
    with office.client() as client, pytest.raises(kind) as caught:
        client.call(READ)
    assert len(office.server.seen) == 1
    assert "Secret" not in f"{caught.value} {caught.value!r}"


@pytest.mark.parametrize("answer", [canned.WRONG_PASSWORD, canned.LOCKED_OUT])
def test_a_refused_password_is_not_sent_again_for_five_minutes(office: Office, answer: bytes) -> None:
    office.server.sign_in = in_turn(answer)
    for _ in range(4):
        with office.client() as client, pytest.raises(e.SignInError):
            client.call(READ)
        office.clock.now += 70
    assert len(office.server.seen) == 1
    office.clock.now -= 60
    with office.client() as client, pytest.raises(e.SignInError, match="none sent: refused 220 s ago"):
        client.call(READ)
    office.clock.now += 81
    with office.client() as client, pytest.raises(e.SignInError):
        client.call(READ)
    assert len(office.server.seen) == 2


def test_another_password_is_tried_at_once(office: Office) -> None:
    office.server.sign_in = lambda server, seen: (
        Server.signs_in(server, seen) if seen.password == "right-password" else canned.WRONG_PASSWORD
    )
    with office.client() as client, pytest.raises(e.SignInError):
        client.call(READ)
    with office.client(password="right-password") as client:
        client.call(READ)


def test_a_person_who_asks_for_a_sign_in_gets_one(office: Office) -> None:
    office.server.sign_in = in_turn(canned.LOCKED_OUT, Server.signs_in)
    with office.client() as client:
        with pytest.raises(e.LockedOutError):
            client.sign_in()
        assert client.sign_in().user_id == "etl"
        client.sign_in()
    assert len(office.server.logins) == 3


def test_a_passing_fault_of_the_sign_in_is_tried_again(office: Office) -> None:
    office.server.sign_in = in_turn(
        Answer(drop=True), Answer(canned.CLOUDFLARE, 524, "text/html"), Answer(canned.THROTTLED, 429), Server.signs_in
    )
    with office.client() as client:
        client.call(READ)
    assert len(office.server.logins) == 4


# --- life --------------------------------------------------------------------------------------------------------


def test_the_session_is_renewed_two_minutes_before_its_end(office: Office) -> None:
    with office.client() as client:
        client.call(READ)
        office.server.script = in_turn(Answer(drop=True))  # a call that fails slides nothing
        office.clock.now += 21600 - 121
        assert client.session.session_id == "session-1-of-this-server"
        office.clock.now += 2
        assert client.session.session_id == "session-2-of-this-server"


def test_every_reply_slides_the_end(office: Office) -> None:
    clock = office.clock
    began = clock.now

    def slide(server: Server, seen: Seen) -> bytes:
        """As the gateway does: the end is a whole duration from now; the stamp stays at the sign-in."""
        elapsed = clock.now - began
        return canned.response(canned.result("getDimensions", seen.control_ids[0]), lifetime=21600 + elapsed)

    office.server.script = slide
    with office.client() as client:
        for _ in range(10):
            client.call(READ)
            clock.now += 20000
    assert len(office.server.logins) == 1


def test_a_stamp_that_moves_with_the_replies_slides_just_the_same(office: Office) -> None:
    clock = office.clock
    began = clock.now

    def slide(server: Server, seen: Seen) -> bytes:
        at = datetime.fromtimestamp(canned.NOW.timestamp() + clock.now - began, UTC)
        return canned.response(canned.result("getDimensions", seen.control_ids[0]), at=at)

    office.server.script = slide
    with office.client() as client:
        for _ in range(10):
            client.call(READ)
            clock.now += 20000
    assert len(office.server.logins) == 1


def test_json_pages_slide_the_end_though_they_do_not_say_so(office: Office) -> None:
    office.server.script = in_turn(Answer(b"[]", content_type="application/json"))
    page = functions.query("VENDOR", ["NAME"], return_format="json")
    with office.client() as client:
        for _ in range(5):
            client.call(page)
            office.clock.now += 20000
    assert len(office.server.logins) == 1


def test_a_session_shorter_than_the_margin_is_used_for_half_its_life(office: Office) -> None:
    office.server.lifetime = 60
    office.server.script = lambda server, seen: canned.response(
        canned.result("getDimensions", seen.control_ids[0]), lifetime=60
    )
    with office.client() as client:
        client.call(READ)
        office.clock.now += 29
        assert client.session.session_id == "session-1-of-this-server"
        office.clock.now += 2
        assert client.session.session_id == "session-2-of-this-server"


def test_a_session_without_a_known_end_is_used_until_it_is_refused(office: Office) -> None:
    office.server.lifetime = None
    with office.client() as client:
        client.call(READ)
        office.clock.now += 10_000_000
        client.call(READ)
    assert len(office.server.logins) == 1


@pytest.mark.parametrize("year", [1999, 2099])
def test_a_server_with_another_idea_of_the_time_does_no_harm(office: Office, year: int) -> None:
    at = datetime(year, 1, 1, tzinfo=UTC)
    stamped = canned.session_answer("sid", office.server.endpoint).replace(b"2026-03-01T12", str(at)[:13].encode())
    stamps = re.sub(rb"<sessiontime.*</sessiontimeout>", _stamps(at), stamped)
    office.server.sign_in = in_turn(stamps)
    office.server.script = lambda server, seen: canned.response(
        canned.result("getDimensions", seen.control_ids[0]), at=at
    )
    with office.client() as client:
        for _ in range(3):
            client.call(READ)
            office.clock.now += 3600
        assert len(office.server.logins) == 1
        office.clock.now += 21600
        client.call(READ)
    assert len(office.server.logins) == 2


def _stamps(at: datetime) -> bytes:
    return re.findall(rb"<sessiontime.*</sessiontimeout>", canned.authentication(at=at).encode())[0]


def test_a_refused_session_is_renewed_and_the_call_replayed(office: Office) -> None:
    office.server.script = in_turn(canned.INVALID_SESSION, succeed)
    create = functions.create("VENDOR", {"NAME": "Acme"}).with_control_id("mine")
    with office.client() as client:
        client.execute([create], unique=False).raise_for_status()
    assert [seen.session_id for seen in office.server.calls] == ["session-1-of-this-server", "session-2-of-this-server"]
    assert [seen.control_ids for seen in office.server.calls] == [["mine"], ["mine"]]


def test_a_session_refused_again_at_once_is_an_error(office: Office) -> None:
    office.server.script = in_turn(canned.INVALID_SESSION)
    with office.client() as client, pytest.raises(e.InvalidSessionError, match="getDimensions"):
        client.call(READ)
    assert len(office.server.logins) == 2
    assert len(office.server.calls) == 2


def test_entities_have_sessions_of_their_own(office: Office) -> None:
    with office.client() as top, office.client(entity_id="100") as east, office.client(entity_id="200") as west:
        for client in (top, east, west, east, top):
            client.call(READ)
    assert [re.findall("<locationid>([^<]*)", seen.text) for seen in office.server.logins] == [[], ["100"], ["200"]]
    numbers = [seen.session_id.split("-")[1] for seen in office.server.calls]
    assert numbers == ["1", "2", "3", "2", "1"]


# --- sharing -----------------------------------------------------------------------------------------------------


def slow_sign_in(open_door: threading.Event, then: Script = Server.signs_in) -> Script:
    def script(server: Server, seen: Seen) -> Answer | bytes:
        open_door.wait(10)
        return then(server, seen)

    return script


def in_threads(number: int, work: Callable[[], object]) -> list[object]:
    """Return what `work` returned or raised, from so many threads at once."""

    def attempt() -> object:
        try:
            return work()
        except e.IntacctError as error:
            return error

    with ThreadPoolExecutor(number) as pool:
        return [future.result() for future in [pool.submit(attempt) for _ in range(number)]]


def test_threads_that_start_together_sign_in_once(office: Office) -> None:
    door = threading.Event()
    office.server.sign_in = slow_sign_in(door)
    threading.Timer(0.2, door.set).start()

    def work() -> bool:
        with office.client() as client:
            return client.call(READ).ok

    assert in_threads(12, work) == [True] * 12
    assert len(office.server.logins) == 1


def test_coroutines_that_start_together_sign_in_once(office: Office) -> None:
    door = threading.Event()
    office.server.sign_in = slow_sign_in(door)
    threading.Timer(0.2, door.set).start()

    async def main() -> list[bool]:
        async with office.async_client() as client:
            results = await asyncio.gather(*(client.call(READ) for _ in range(12)))
        return [result.ok for result in results]

    assert asyncio.run(main()) == [True] * 12
    assert len(office.server.logins) == 1


def test_threads_and_event_loops_share_one_session(office: Office) -> None:
    door = threading.Event()
    office.server.sign_in = slow_sign_in(door)
    threading.Timer(0.2, door.set).start()
    turn = count()

    def work() -> bool:
        if next(turn) % 2:
            with office.client() as client:
                return client.call(READ).ok

        async def main() -> bool:
            async with office.async_client() as client:
                return (await client.call(READ)).ok

        return asyncio.run(main())

    assert in_threads(8, work) == [True] * 8
    assert len(office.server.logins) == 1


def test_many_tasks_with_a_wrong_password_are_one_failed_sign_in(office: Office) -> None:
    door = threading.Event()
    office.server.sign_in = slow_sign_in(door, in_turn(canned.WRONG_PASSWORD))
    threading.Timer(0.2, door.set).start()

    def work() -> None:
        with office.client() as client:
            client.call(READ)

    outcomes = in_threads(10, work)
    assert [type(outcome) for outcome in outcomes] == [e.SignInError] * 10
    assert len(office.server.logins) == 1


def test_a_failed_connection_is_told_to_all_who_waited(office: Office) -> None:
    door = threading.Event()
    office.server.sign_in = slow_sign_in(door, in_turn(Answer(canned.CLOUDFLARE, 503, "text/html")))
    threading.Timer(0.2, door.set).start()

    def work() -> None:
        with IntacctClient(office.credentials(), pool=office.pool, retry=RetryPolicy(attempts=1), timeout=10) as client:
            client.call(READ)

    outcomes = in_threads(6, work)
    assert {type(outcome) for outcome in outcomes} == {e.UnavailableError}
    assert 1 <= len(office.server.logins) < 6


def test_threads_whose_session_ended_make_one_new_session(office: Office) -> None:
    barrier = threading.Barrier(6)

    def script(server: Server, seen: Seen) -> Answer | bytes:
        if seen.session_id == "session-1-of-this-server":
            barrier.wait(10)  # all six are refused at the same time
            return canned.INVALID_SESSION
        return succeed(server, seen)

    office.server.script = script

    def work() -> bool:
        with office.client() as client:
            return client.call(READ).ok

    with office.client() as client:
        assert client.session
    assert in_threads(6, work) == [True] * 6
    assert len(office.server.logins) == 2


def test_a_task_that_is_stopped_while_it_signs_in_does_not_hold_up_the_others(office: Office) -> None:
    door = threading.Event()
    office.server.sign_in = in_turn(slow_sign_in(door), Server.signs_in)

    async def main() -> bool:
        async with office.async_client() as client:
            first = asyncio.create_task(client.call(READ))
            while not office.server.logins:
                await asyncio.sleep(0.01)
            second = asyncio.create_task(client.call(READ))
            await asyncio.sleep(0.05)
            first.cancel()
            return (await asyncio.wait_for(second, 5)).ok

    try:
        assert asyncio.run(main())
    finally:
        door.set()
    assert len(office.server.logins) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")
def test_a_process_forked_during_a_sign_in_signs_in_by_itself(office: Office) -> None:
    door = threading.Event()
    office.server.sign_in = in_turn(slow_sign_in(door), Server.signs_in)
    with office.client() as client:
        parent = threading.Thread(target=client.call, args=(READ,))
        parent.start()
        while not office.server.logins:
            door.wait(0.01)
        child = os.fork()
        if child == 0:
            ok = client.call(READ).ok
            os._exit(0 if ok else 1)
        status = os.waitpid(child, 0)[1]
        door.set()
        parent.join()
    assert status == 0
    assert len(office.server.logins) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")
def test_a_forked_process_uses_the_session_its_parent_had(office: Office) -> None:
    with office.client() as client:
        client.call(READ)
        child = os.fork()
        if child == 0:
            ok = client.call(READ).ok
            os._exit(0 if ok else 1)
        assert os.waitpid(child, 0)[1] == 0
    assert len(office.server.logins) == 1
