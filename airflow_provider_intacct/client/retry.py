"""Decide what to do after a failed exchange. Pure: no clock, no dice, no I/O; the whole policy is one table of tests.

Knows errors, not requests: the caller says whether the request writes, and whether Intacct guards it against a second
execution.
"""

from dataclasses import dataclass

from airflow_provider_intacct.client.errors import (
    ConnectError,
    FunctionError,
    GatewayError,
    InProcessError,
    IntacctError,
    InvalidSessionError,
    MalformedReplyError,
    ReplyLostError,
    ThrottledError,
    UnavailableError,
)


@dataclass(frozen=True, slots=True)
class Wait:
    """Send the same request again after `seconds`."""

    seconds: float


@dataclass(frozen=True, slots=True)
class NewSession:
    """Sign in again, then send the same functions again in the new session."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Raise the error to the caller."""


Step = Wait | NewSession | GiveUp


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patient the client is. Seconds; attempts count the first try.

    A wait doubles from `first_wait` up to `longest_wait`, and is as long as the server asks at least. A server that
    asks for more than `longest_asked` gets a GiveUp: an Airflow slot is better given back than slept away.
    """

    first_wait: float = 1.0
    longest_wait: float = 60.0
    longest_asked: float = 300.0
    attempts: int = 6
    attempts_after_lost_reply: int = 3
    attempts_while_in_process: int = 20


DEFAULT = RetryPolicy()
IMPATIENT = RetryPolicy(attempts=2, attempts_after_lost_reply=1, attempts_while_in_process=1, longest_wait=1.0)
"""For a person who waits at a form: one retry at most."""


def next_step(
    error: IntacctError,
    attempt: int,
    *,
    writes: bool,
    guarded: bool = False,
    renewed: bool = False,
    jitter: float = 1.0,
    policy: RetryPolicy = DEFAULT,
) -> Step:
    """Return the next step after `error` on try number `attempt` (1-based).

    `writes`   the request may change the company
    `guarded`  it was sent with uniqueid=true and will be sent again with the same control ids: Intacct refuses a
               function it has already carried out, so a second try is safe and its answer settles the doubt
    `renewed`  a new session was made for this request already
    `jitter`   a number from 0 to 1, random in production: the wait is that share of its upper bound

    What may have been carried out (a lost reply, HTTP 5xx, a page of the CDN) is sent again only if it reads or is
    guarded. Wrong credentials and lockouts never are: each try brings the lock nearer, or keeps it.
    Source: developer.intacct.com, Web Services > Requests, "uniqueid"; Error handling, "GW-0010".
    """
    if isinstance(error, InvalidSessionError):
        return GiveUp() if renewed else NewSession()
    if error.in_doubt and writes and not guarded:
        return GiveUp()
    if attempt >= _attempts(error, policy, writes=writes):
        return GiveUp()
    asked = (error.retry_after if isinstance(error, GatewayError) else None) or 0.0
    if asked > policy.longest_asked:
        return GiveUp()
    bound = min(policy.longest_wait, policy.first_wait * 2 ** min(attempt - 1, 32))
    if isinstance(error, InProcessError):
        return Wait(bound)  # the earlier try needs its time; coming sooner by chance only costs a refusal
    return Wait(max(asked, bound * jitter))  # a server that asks for no wait at all is not hammered


def _attempts(error: IntacctError, policy: RetryPolicy, *, writes: bool) -> int:
    """How many tries this error is worth in all; 1 means no second one."""
    match error:
        case InProcessError():
            return policy.attempts_while_in_process
        case ReplyLostError() | MalformedReplyError():
            return policy.attempts_after_lost_reply
        case ConnectError(retryable=retryable):
            return policy.attempts if retryable else 1
        case ThrottledError() | UnavailableError():
            return policy.attempts
        case FunctionError() if error.errorno == "DL02000001" and not writes:
            return 2  # "There was an error processing the request": a wrong query, or a passing fault of a large read
        case _:
            return 1
