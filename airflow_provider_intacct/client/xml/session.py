"""Sessions: how long they live, and one for each way in, shared by all threads and coroutines of the process.

Knows nothing of how a sign-in is sent: the pool is handed a flow that makes it, and decides who runs that flow.
Source: developer.intacct.com, Company > API sessions.
"""

from __future__ import annotations

import copy
import os
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime

from airflow_provider_intacct.client.credentials import Credentials, returned_endpoint
from airflow_provider_intacct.client.errors import IntacctError, MalformedReplyError, SignInError
from airflow_provider_intacct.client.flows import Await, Flow
from airflow_provider_intacct.client.xml.reply import Authentication, Reply

RENEW_AHEAD_SECONDS = 120.0
REMEMBER_REFUSAL_SECONDS = 300.0
_LONGEST_SIGN_IN_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Session:
    """A session with one company and entity, and until when it lives.

    `expires`      by the server's clock; None if Intacct does not say. It slides with every call
    `lifetime`     seconds from a call to the end, if no other follows
    `dies_at`      the same by this machine's monotonic clock, so that a wrong clock here does not matter
    `clock_offset` what to add to a server time to get it on that monotonic clock
    """

    credentials: Credentials
    session_id: str = field(repr=False)
    endpoint: str
    company_id: str
    user_id: str
    entity_id: str
    expires: datetime | None = None
    lifetime: float | None = field(default=None, repr=False)
    dies_at: float | None = field(default=None, repr=False)
    clock_offset: float | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Where this session is to be used: it is bound to the endpoint that Intacct returned with it."""
        return self.endpoint

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no log and no error may show."""
        return (*self.credentials.secrets, self.session_id)

    def is_fresh(self, now: float) -> bool:
        """Whether the session lives at least two minutes more (or half its whole life, if that is shorter)."""
        if self.dies_at is None or self.lifetime is None:
            return True
        return now < self.dies_at - min(RENEW_AHEAD_SECONDS, self.lifetime / 2)

    def slid(self, authentication: Authentication | None, now: float) -> Session:
        """Return the session after a call answered at `now`: each call sets its end to a whole lifetime from then.

        A JSON or CSV answer has no authentication block; its call slides the session all the same.
        """
        if authentication is not None and authentication.timeout is not None and self.clock_offset is not None:
            dies_at = authentication.timeout.timestamp() + self.clock_offset
            return replace(self, expires=authentication.timeout, dies_at=dies_at)
        if authentication is None and self.lifetime is not None:
            return replace(self, dies_at=now + self.lifetime)
        return self


def opened_session(credentials: Credentials, reply: Reply, asked_at: float) -> Session:
    """Return the session of a successful getAPISession that was sent at `asked_at` (monotonic).

    The server's clock is tied to ours here, once: whether its `sessiontimestamp` later moves on or stays at the
    sign-in is not documented, but at the sign-in both readings agree.
    """
    reply.raise_for_status()
    data = reply.results[0].data if reply.results else None
    session_id = "" if data is None else (data.findtext("api/sessionid") or "").strip()
    if data is None or not session_id:
        raise MalformedReplyError("Intacct accepted the sign-in but returned no session id.")
    endpoint = returned_endpoint(data.findtext("api/endpoint") or "", credentials.url)
    known = reply.authentication or Authentication("success")
    lifetime = known.seconds_left
    entity_id = (data.findtext("api/locationid") or "").strip() or known.entity_id or credentials.entity_id or ""
    return Session(
        credentials,
        session_id,
        endpoint,
        company_id=known.company_id or credentials.company_id,
        user_id=known.user_id or credentials.user_id,
        entity_id=entity_id,
        expires=known.timeout,
        lifetime=lifetime,
        dies_at=None if lifetime is None else asked_at + lifetime,
        clock_offset=None if known.timestamp is None else asked_at - known.timestamp.timestamp(),
    )


@dataclass(slots=True)
class _Entry:
    """What is known about one way in. Guarded by the pool's lock."""

    session: Session | None = None
    under_way: Future[Session | IntacctError | None] | None = None
    refusal: SignInError | None = None
    refused_at: float = 0.0


class SessionPool:
    """One session for each credentials, made once however many threads and coroutines ask for it at the same time.

    Whoever asks first signs in; the others wait for the outcome, a failure included: ten tasks with a wrong password
    are one failed sign-in, not ten and a locked user. A refused sign-in is remembered for five minutes.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._lock = threading.Lock()
        self._entries: dict[Credentials, _Entry] = {}
        _pools.add(self)

    def session(
        self, credentials: Credentials, sign_in: Callable[[], Flow[Session]], *, instead_of: Session | None = None
    ) -> Flow[Session]:
        """Flow: return a session that is alive, as far as is known; run `sign_in` if there is none.

        `instead_of`  a session that Intacct no longer accepts; another one is returned, its successor if someone has
                      made that already. Raises what the sign-in raises.
        """
        while True:
            with self._lock:
                entry = self._entries.setdefault(credentials, _Entry())
                self._check_refusal(entry)
                session = entry.session
                if session and session.is_fresh(self.clock()) and not _same(session, instead_of):
                    return session
                other = entry.under_way
                if other is None:
                    mine = entry.under_way = _begun()
            if other is None:
                return (yield from self._sign_in(entry, mine, sign_in))
            yield Await(other, _LONGEST_SIGN_IN_SECONDS)
            outcome = other.result() if other.done() else None
            if isinstance(outcome, IntacctError):
                raise copy.copy(outcome) from outcome
            with self._lock:  # who signs in was abandoned, or is stuck: do not wait for it again
                if entry.under_way is other:
                    entry.under_way = None

    def _sign_in(
        self, entry: _Entry, mine: Future[Session | IntacctError | None], sign_in: Callable[[], Flow[Session]]
    ) -> Flow[Session]:
        outcome: Session | IntacctError | None = None
        try:
            outcome = yield from sign_in()
        except IntacctError as error:
            outcome = error
            raise
        finally:  # also when the thread or coroutine that drives this flow is stopped: the others must not wait for it
            with self._lock:
                if isinstance(outcome, Session):
                    entry.session, entry.refusal = outcome, None
                if isinstance(outcome, SignInError):
                    entry.refusal, entry.refused_at = outcome, self.clock()
                if entry.under_way is mine:
                    entry.under_way = None
            mine.set_result(outcome)
        return outcome

    def _check_refusal(self, entry: _Entry) -> None:
        since = self.clock() - entry.refused_at
        if entry.refusal is not None and since < REMEMBER_REFUSAL_SECONDS:
            again = copy.copy(entry.refusal)
            again.request = (
                f"none sent: refused {since:.0f} s ago, and asked again {REMEMBER_REFUSAL_SECONDS:.0f} s after"
            )
            raise again from entry.refusal
        entry.refusal = None

    def slide(self, session: Session, authentication: Authentication | None) -> None:
        """Note that a call in `session` was answered, which sets its end anew."""
        with self._lock:
            entry = self._entries.get(session.credentials)
            if entry is not None and entry.session is not None and _same(entry.session, session):
                entry.session = entry.session.slid(authentication, self.clock())

    def forget(self, credentials: Credentials) -> None:
        """Drop what is known about these credentials, a remembered refusal included."""
        with self._lock:
            entry = self._entries.get(credentials)
            if entry is not None:
                entry.session = entry.refusal = None

    def _after_fork(self) -> None:
        """A forked child keeps the sessions (mere ids), but no lock and no sign-in that only its parent will finish."""
        self._lock = threading.Lock()
        for entry in self._entries.values():
            entry.under_way = None


def _begun() -> Future[Session | IntacctError | None]:
    future: Future[Session | IntacctError | None] = Future()
    future.set_running_or_notify_cancel()  # nobody who waits can cancel it for the others
    return future


def _same(session: Session, other: Session | None) -> bool:
    return other is not None and session.session_id == other.session_id


_pools: weakref.WeakSet[SessionPool] = weakref.WeakSet()


def _after_fork() -> None:
    for pool in list(_pools):
        pool._after_fork()


os.register_at_fork(after_in_child=_after_fork)

PROCESS_POOL = SessionPool()
"""The pool of this process. Every client uses it unless it is given its own."""
