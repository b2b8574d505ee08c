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

LARGE_PAGE_FAILED = "DL02000001"
""""There was an error processing the request": a wrong query, or a passing fault of a large read."""


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

    `resends_cut_reads` and `waits_out_refusals` are off for the pages of a read, which has better answers: a smaller
    page, and one request less in flight.

    A wait doubles from `first_wait` up to `longest_wait`, and is as long as the server asks at least. A server that
    asks for more than `longest_asked` gets a GiveUp: an Airflow slot is better given back than slept away.
    """

    first_wait: float = 1.0
    longest_wait: float = 60.0
    longest_asked: float = 300.0
    attempts: int = 6
    attempts_after_lost_reply: int = 3
    attempts_while_in_process: int = 20
    resends_cut_reads: bool = True
    waits_out_refusals: bool = True

    def bound(self, attempt: int) -> float:
        """Return the longest wait after try number `attempt` (1-based)."""
        return min(self.longest_wait, self.first_wait * float(2 ** min(attempt - 1, 32)))


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
    if not policy.waits_out_refusals and turned_away(error):
        return GiveUp()
    if not writes and not policy.resends_cut_reads and cut_short(error):
        return GiveUp()
    asked = (error.retry_after if isinstance(error, GatewayError) else None) or 0.0
    if asked > policy.longest_asked:
        return GiveUp()
    bound = policy.bound(attempt)
    if isinstance(error, InProcessError):
        return Wait(bound)  # the earlier try needs its time; coming sooner by chance only costs a refusal
    return Wait(max(asked, bound * jitter))  # a server that asks for no wait at all is not hammered


def turned_away(error: IntacctError) -> bool:
    """Return whether the company had no place for the request, at this moment."""
    return isinstance(error, ThrottledError) or (isinstance(error, UnavailableError) and error.http_status == 503)


def cut_short(error: IntacctError) -> bool:
    """Return whether a read may have failed for its size: time ran out, or the reply broke off on its way.

    A 503 says that nobody is there to answer, which a smaller page does not mend.
    """
    match error:
        case ReplyLostError() | MalformedReplyError():
            return True
        case UnavailableError(http_status=status, errors=errors):
            return status != 503 and (not errors or (status or 0) >= 500)  # else Intacct says it is off-line
        case FunctionError(errorno=number):
            return number == LARGE_PAGE_FAILED
    return False


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
        case FunctionError() if error.errorno == LARGE_PAGE_FAILED and not writes:
            return 2  # "There was an error processing the request": a wrong query, or a passing fault of a large read
        case _:
            return 1
