"""The conversation of one client with the gateway, as flows: sign in, send, retry, renew, and count what it costs.

Written once, without I/O, for both clients. Knows functions, not what they mean: reading and posting build on it.
"""

import copy
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from airflow_provider_intacct.client import retry
from airflow_provider_intacct.client.credentials import Credentials
from airflow_provider_intacct.client.errors import (
    GatewayError,
    IntacctError,
    InvalidRequestError,
    MalformedReplyError,
    ReplyLostError,
)
from airflow_provider_intacct.client.flows import Await, Flow, HttpReply, Request, Send, Sleep
from airflow_provider_intacct.client.pacing import in_flight_of
from airflow_provider_intacct.client.retry import GiveUp, NewSession, RetryPolicy, Wait
from airflow_provider_intacct.client.usage import Counter, Usage
from airflow_provider_intacct.client.xml.elements import Element
from airflow_provider_intacct.client.xml.envelope import build_request, with_control_ids
from airflow_provider_intacct.client.xml.functions import Function, get_api_session
from airflow_provider_intacct.client.xml.reply import Format, Reply, Result, parse_reply
from airflow_provider_intacct.client.xml.session import PROCESS_POOL, Session, SessionPool, opened_session

log = logging.getLogger(__name__)
_dice = random.SystemRandom()  # many processes that fail together must not come back together

SIGN_IN = "getAPISession"

OnSecret = Callable[[str], Awaitable[None] | None]


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked in one request, whoever asks it and however often it takes."""

    functions: tuple[Function, ...]
    unique: bool = False
    atomic: bool = False
    policy_id: str = ""
    format: Format = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "format", _format_of(self.functions))

    @property
    def writes(self) -> bool:
        """Whether a second execution might change the company a second time. A cursor that moves counts as a change."""
        return not all(function.repeatable for function in self.functions)

    @property
    def transactions(self) -> int:
        """API transactions that it costs if all goes well."""
        return sum(function.transactions for function in self.functions if function.name != SIGN_IN)

    def __str__(self) -> str:
        first = self.functions[0]
        more = f" and {len(self.functions) - 1} more" if len(self.functions) > 1 else ""
        return f"{first.name} {object_of(first)}".strip() + f" (control id {first.control_id}){more}"


class Gateway:
    """One client's side of the conversation. Its methods are flows.

    `pool`       where sessions live; the process's own by default
    `policy`     how patient to be
    `on_secret`  told each session id before anything else can mention it; may be a coroutine function
    `max_api_transactions`   a request that would cost more in all is not sent: BudgetError
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        pool: SessionPool | None = None,
        policy: RetryPolicy = retry.DEFAULT,
        on_secret: OnSecret | None = None,
        max_api_transactions: int | None = None,
    ) -> None:
        self.credentials = credentials
        self.policy = policy
        self._pool = pool or PROCESS_POOL
        self._on_secret = on_secret
        self._told = ""
        self.in_flight = in_flight_of(f"{credentials.company_id} at {credentials.url}")
        self._counter = Counter(max_api_transactions)
        self._server_ahead: timedelta | None = None

    @property
    def usage(self) -> Usage:
        """What has been used so far.

        Billed are one API transaction for each record written and one for each read call, pages included. Signing in
        is not billed, nor is a request that was turned away as a whole. Source: Sage Intacct help, View API usage, "API
        transactions"; release notes 2024 R1, API usage dashboard.
        """
        return self._counter.usage

    def session(self, *, instead_of: Session | None = None) -> Flow[Session]:
        """Flow: the session, signing in if there is none that lives long enough."""
        session = yield from self._pool.session(self.credentials, self._sign_in, instead_of=instead_of)
        if self._on_secret is not None and session.session_id != self._told:
            told = self._on_secret(session.session_id)
            if told is not None:
                yield Await(told)
            self._told = session.session_id  # only now: if telling failed, the next call tells again
        return session

    def sign_in(self) -> Flow[Session]:
        """Flow: sign in anew, whatever session is held and whatever refusal is remembered."""
        self._pool.forget(self.credentials)
        return (yield from self.session())

    def execute(
        self,
        functions: Sequence[Function],
        *,
        atomic: bool = False,
        unique: bool = False,
        policy: RetryPolicy | None = None,
        policy_id: str = "",
    ) -> Flow[Reply]:
        """Flow: send the functions as one request, as often as it takes, and return the reply.

        Raises when the request as a whole failed. Failures of functions stay in the reply, unless all failed for a
        reason that passes with time; then they are tried again too. `policy` is the client's unless given.

        With `policy_id`, that of an asynchronous policy, Intacct only acknowledges: `reply.acknowledged`, no results.
        The request then carries the login instead of a session, which might end while the request is in the queue.
        """
        call = Call(with_control_ids(functions), unique=unique, atomic=atomic, policy_id=policy_id)
        session = yield from self.session()  # also with a policy: a wrong password is told, and remembered, here
        return (yield from self._converse(self.credentials if policy_id else session, call, policy or self.policy))

    def call(self, function: Function, *, policy: RetryPolicy | None = None) -> Flow[Result]:
        """Flow: send one function alone; return its result or raise its error."""
        reply = yield from self.execute([function], unique=function.writes, policy=policy)
        reply.raise_for_status()
        return reply.results[0]

    def wait(self, seconds: float) -> Flow[None]:
        """Flow: wait before a request is sent again, and count that."""
        self._counter.add(retries=1, seconds_waited=seconds)
        if seconds > 0:
            yield Sleep(seconds)

    def jitter(self, bound: float) -> float:
        """Return a random wait of at most `bound` seconds."""
        return bound * _dice.random()

    def now(self) -> datetime:
        """Return the time, by this machine's clock or the server's, whichever is ahead.

        The server's is known from the times in its replies, at the latest; while nothing has been heard, only ours is.
        """
        ours = datetime.now(UTC)
        return ours if self._server_ahead is None else max(ours, ours + self._server_ahead)

    def _sign_in(self) -> Flow[Session]:
        call = Call(with_control_ids([get_api_session()]))
        asked_at = self._pool.clock()
        reply = yield from self._converse(self.credentials, call, self.policy)
        try:
            session = opened_session(self.credentials, reply, asked_at)
        except IntacctError as error:
            _given_up(error, call, reply.attempts, doubt=False)
            raise
        log.info("Signed in to Intacct company %s as %s%s", session.company_id, session.user_id, _entity(session))
        return session

    def _converse(self, way_in: Credentials | Session, call: Call, policy: RetryPolicy) -> Flow[Reply]:
        """Send `call` until it is answered, or until trying again cannot help or is not safe."""
        attempt, renewed, doubt = 0, isinstance(way_in, Credentials), False
        while True:
            attempt += 1
            reply: Reply | None = None
            failure: IntacctError | None
            try:
                reply = yield from self._exchange(way_in, call)
                failure = _passing_failure(reply)
            except IntacctError as error:
                failure = error
            if failure is None:
                assert reply is not None
                return replace(reply, attempts=attempt, in_doubt=doubt)
            step = retry.next_step(
                failure,
                attempt,
                writes=call.writes,
                guarded=call.unique,
                renewed=renewed,
                jitter=_dice.random(),
                policy=policy,
            )
            match step:
                case Wait(seconds):
                    log.warning(
                        "%s: %s Trying again in %.1f s (try %d failed)", call, failure.message, seconds, attempt
                    )
                    yield from self.wait(seconds)
                case NewSession():
                    self._counter.add(retries=1)
                    log.info("%s: the session is no longer accepted; signing in again", call)
                    assert isinstance(way_in, Session)
                    try:
                        way_in, renewed = (yield from self.session(instead_of=way_in)), True
                    except IntacctError as error:
                        if not doubt:
                            raise
                        # A copy: a refused sign-in is remembered, and told to others who have nothing in doubt.
                        raise _given_up(copy.copy(error), call, attempt, doubt) from error
                case GiveUp():
                    if reply is not None:  # of functions, then; their errors are the caller's to raise
                        return replace(reply, attempts=attempt, in_doubt=doubt)
                    raise _given_up(failure, call, attempt, doubt)
            doubt = doubt or (call.writes and failure.in_doubt)

    def _exchange(self, way_in: Credentials | Session, call: Call) -> Flow[Reply]:
        """Send `call` once and read the answer. Raises if the request failed as a whole."""
        body = build_request(
            way_in, call.functions, unique=call.unique, atomic=call.atomic, policy_id=call.policy_id or None
        )
        self._counter.reserve(call.transactions, str(call))
        billed = 0
        try:
            reply = yield from self._answer(way_in, call, body)
            # What is acknowledged is billed when it is carried out, whose reply nobody here will see.
            billed = call.transactions if reply.acknowledged else sum(map(_billed, call.functions, reply.results))
        finally:
            self._counter.settle(call.transactions, billed)
        return reply

    def _answer(self, way_in: Credentials | Session, call: Call, body: bytes) -> Flow[Reply]:
        """Send the body of `call` and make a reply of what comes back."""
        began = time.monotonic()
        self._counter.add(requests=1, bytes_sent=len(body))
        answer: HttpReply = yield Send(Request(way_in.url, body))
        self._counter.add(bytes_received=answer.travelled)
        log.debug("%s: HTTP %d, %d bytes in %.3f s", call, answer.status, len(answer.body), time.monotonic() - began)
        reply = parse_reply(
            answer.body,
            answer.content_type,
            answer.status,
            expected=call.format,
            retry_after=answer.retry_after,
            by_session=isinstance(way_in, Session),
            unique=call.unique,
            withhold=way_in.secrets,
        )
        self.in_flight.answered(answer.headers)
        if reply.authentication is not None and (stamp := reply.authentication.timestamp) is not None:
            ahead = stamp - datetime.now(UTC)
            self._server_ahead = ahead if self._server_ahead is None else max(ahead, self._server_ahead)
        if isinstance(way_in, Session) and reply.access_error is None:
            self._pool.slide(way_in, reply.authentication)
        reply.raise_for_access()
        if reply.results and reply.results[0].format == "csv" and not answer.says_its_end:
            raise ReplyLostError("The CSV ended with the connection, so whether rows are missing cannot be told.")
        return reply if reply.acknowledged and call.policy_id else _matched(reply, call)


def object_of(function: Function) -> str:
    """The object a function is about, as far as its own elements tell: "GLBATCH", "" for a legacy function."""
    if function.name in {"create", "update"}:
        return ", ".join(dict.fromkeys(part.tag for part in function.body))
    named = next((part.text for part in function.body if part.tag in ("object", "view")), "")
    return named or dict(function.attributes).get("object", "")


def _format_of(functions: Sequence[Function]) -> Format:
    """The format of the answer. JSON and CSV come without an envelope, so only one function can ask for them."""
    formats = {_format(function) for function in functions}
    if len(functions) > 1 and formats != {"xml"}:
        raise InvalidRequestError(
            "A function that answers in json or csv must be alone in its request: its answer has no envelope to hold "
            "the others' results."
        )
    return formats.pop()


def _format(function: Function) -> Format:
    def asked(parts: tuple[Element, ...]) -> str:
        for part in parts:
            if part.tag in ("returnformat", "returnFormat"):
                return part.text
            if part.tag == "options" and (within := asked(part.children)):
                return within
        return ""

    match asked(function.body):
        case "json":
            return "json"
        case "csv":
            return "csv"
    return "xml"


def _passing_failure(reply: Reply) -> GatewayError | None:
    """The error of a request all of whose functions failed and wrote nothing; None if any of them did something."""
    if not reply.results or any(result.ok or result.records for result in reply.results):
        return None
    return reply.error


def _given_up(error: IntacctError, call: Call, attempts: int, doubt: bool) -> IntacctError:
    """Return `error` with what it is about: the request, how often it was sent, and what an earlier try left open."""
    error.request, error.attempts, error.doubt_before = str(call), attempts, doubt
    error.in_doubt = call.writes and (error.in_doubt or doubt)  # a read that is lost, a sign-in too, changes nothing
    return error


def _matched(reply: Reply, call: Call) -> Reply:
    """Return the reply with the results in the order of the functions, each knowing its function and object."""
    if len(reply.results) != len(call.functions):
        raise MalformedReplyError(
            f"Intacct answered {len(reply.results)} of the {len(call.functions)} functions of {call}."
        )
    by_id = {result.control_id: result for result in reply.results}
    ids = [function.control_id or "" for function in call.functions]
    results = [by_id[each] for each in ids] if set(by_id) == set(ids) else list(reply.results)
    return replace(
        reply,
        results=tuple(
            replace(
                result,
                function=result.function or function.name,
                control_id=result.control_id or function.control_id or "",
                object=object_of(function),
            )
            for function, result in zip(call.functions, results, strict=True)
        ),
    )


def _billed(function: Function, result: Result) -> int:
    if function.name == SIGN_IN:
        return 0
    if not function.writes:
        return 1
    if not result.ok:
        return len(result.records) if result.list_type == "objects" else 0
    return function.transactions


def _entity(session: Session) -> str:
    return f", entity {session.entity_id}" if session.entity_id else ", top level"
