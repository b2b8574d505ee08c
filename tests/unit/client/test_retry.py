"""The whole retry policy as a table."""

import pytest

from airflow_provider_intacct.client import errors as e
from airflow_provider_intacct.client.retry import DEFAULT, GiveUp, NewSession, RetryPolicy, Step, Wait, next_step

LOST = e.ReplyLostError("lost")
NOT_SENT = e.ConnectError("refused")
MALFORMED = e.MalformedReplyError("cut off")
CDN_PAGE = e.UnavailableError("page", in_doubt=True, http_status=502)
HTTP_524 = e.UnavailableError("page", in_doubt=True, http_status=524)
OFF_LINE = e.UnavailableError("off-line")
THROTTLED = e.ThrottledError("busy")
IN_PROCESS = e.InProcessError("running")
PASSING = e.FunctionError(
    "x", errors=(e.ErrorEntry("DL02000001", "Error", "There was an error processing the request."),)
)
SESSION = e.InvalidSessionError("gone")


@pytest.mark.parametrize(
    ("error", "attempt", "read", "guarded_write", "unguarded_write"),
    [
        # nothing was carried out: everything may be sent again
        (NOT_SENT, 1, Wait(1), Wait(1), Wait(1)),
        (NOT_SENT, 5, Wait(16), Wait(16), Wait(16)),
        (NOT_SENT, 6, GiveUp(), GiveUp(), GiveUp()),
        (THROTTLED, 1, Wait(1), Wait(1), Wait(1)),
        (THROTTLED, 4, Wait(8), Wait(8), Wait(8)),
        (THROTTLED, 6, GiveUp(), GiveUp(), GiveUp()),
        (OFF_LINE, 2, Wait(2), Wait(2), Wait(2)),
        (SESSION, 1, NewSession(), NewSession(), NewSession()),
        (SESSION, 6, NewSession(), NewSession(), NewSession()),
        # in doubt: an unguarded write is never sent again
        (LOST, 1, Wait(1), Wait(1), GiveUp()),
        (LOST, 3, GiveUp(), GiveUp(), GiveUp()),
        (MALFORMED, 1, Wait(1), Wait(1), GiveUp()),
        (CDN_PAGE, 1, Wait(1), Wait(1), GiveUp()),
        (CDN_PAGE, 6, GiveUp(), GiveUp(), GiveUp()),
        (HTTP_524, 2, Wait(2), Wait(2), GiveUp()),
        # an earlier try is still running
        (IN_PROCESS, 1, Wait(1), Wait(1), Wait(1)),
        (IN_PROCESS, 10, Wait(60), Wait(60), Wait(60)),
        (IN_PROCESS, 20, GiveUp(), GiveUp(), GiveUp()),
        # the generic error: once more, for reads
        (PASSING, 1, Wait(1), GiveUp(), GiveUp()),
        (PASSING, 2, GiveUp(), GiveUp(), GiveUp()),
    ],
)
def test_what_follows_an_error(
    error: e.IntacctError, attempt: int, read: Step, guarded_write: Step, unguarded_write: Step
) -> None:
    assert next_step(error, attempt, writes=False) == read
    assert next_step(error, attempt, writes=True, guarded=True) == guarded_write
    assert next_step(error, attempt, writes=True) == unguarded_write


@pytest.mark.parametrize(
    "kind",
    [
        e.SignInError, e.LockedOutError, e.SenderError, e.SenderNotAuthorisedError, e.NotSubscribedError,
        e.SchemaError, e.PermissionDeniedError, e.FieldsDeniedError, e.ObjectNotFoundError, e.RecordExistsError,
        e.RecordNotFoundError, e.AlreadyRecordedError, e.RolledBackError, e.CursorExpiredError, e.ClosedPeriodError,
        e.FunctionError, e.GatewayError, e.ConfigurationError, e.InvalidRequestError,
    ],
)  # fmt: skip
def test_what_needs_a_person_is_never_tried_again(kind: type[e.IntacctError]) -> None:
    for writes in (True, False):
        assert next_step(kind("no"), 1, writes=writes, guarded=True) == GiveUp()


def test_a_refused_certificate_is_not_tried_again() -> None:
    assert next_step(e.ConnectError("certificate", retryable=False), 1, writes=False) == GiveUp()


def test_a_session_is_renewed_once_for_a_request() -> None:
    assert next_step(SESSION, 2, writes=False, renewed=True) == GiveUp()


def test_the_server_decides_how_long_to_wait() -> None:
    assert next_step(e.ThrottledError("busy", retry_after=17.0), 1, writes=False, jitter=0.1) == Wait(17.0)
    assert next_step(e.ThrottledError("busy", retry_after=3.0), 4, writes=True, jitter=0.25) == Wait(3.0)


def test_a_server_that_asks_for_no_wait_is_not_hammered() -> None:
    assert next_step(e.ThrottledError("busy", retry_after=0.0), 4, writes=True) == Wait(8)


def test_a_slot_is_given_back_rather_than_slept_away_for_an_hour() -> None:
    assert next_step(e.ThrottledError("busy", retry_after=3600.0), 1, writes=False) == GiveUp()


@pytest.mark.parametrize("jitter", [0.0, 0.25, 1.0])
def test_waits_are_spread_from_nothing_to_the_bound(jitter: float) -> None:
    assert next_step(THROTTLED, 3, writes=False, jitter=jitter) == Wait(4 * jitter)


def test_an_earlier_try_is_given_its_full_time() -> None:
    assert next_step(IN_PROCESS, 3, writes=True, guarded=True, jitter=0.0) == Wait(4)


def test_a_wait_never_passes_its_longest() -> None:
    patient = RetryPolicy(attempts=100_000)
    assert next_step(THROTTLED, 99_999, writes=False, policy=patient) == Wait(DEFAULT.longest_wait)


def test_waiting_for_an_earlier_try_covers_the_time_intacct_allows_itself() -> None:
    waits = [next_step(IN_PROCESS, attempt, writes=True, guarded=True) for attempt in range(1, 20)]
    assert sum(each.seconds for each in waits if isinstance(each, Wait)) >= 14 * 60
