"""Which exception a refusal of Intacct is. Pure: a table read from top to bottom, by level and text, then by number.

The number alone says little: XL03000006 stands for at least six different refusals, errorno may hold prose or nothing,
and a stack of errors begins with the culprit and ends with generalities.
"""

import re
from dataclasses import dataclass
from typing import Any

from airflow_provider_intacct.client.errors import (
    ROLLED_BACK,
    AlreadyRecordedError,
    ClosedPeriodError,
    CursorExpiredError,
    ErrorEntry,
    FieldsDeniedError,
    FunctionError,
    GatewayError,
    InProcessError,
    IntacctError,
    InvalidSessionError,
    Level,
    LockedOutError,
    MalformedReplyError,
    NotSubscribedError,
    ObjectNotFoundError,
    PermissionDeniedError,
    PolicyError,
    RecordExistsError,
    RecordKey,
    RecordNotFoundError,
    RolledBackError,
    SchemaError,
    SenderError,
    SenderNotAuthorisedError,
    SignInError,
    ThrottledError,
    UnavailableError,
)


@dataclass(frozen=True, slots=True)
class _Rule:
    """A refusal is of class `raises` if an error's text matches `text`, or its number is one of `numbers`."""

    raises: type[GatewayError]
    text: str = r"(?!)"
    numbers: frozenset[str] = frozenset()

    def fits(self, text: str, numbers: frozenset[str]) -> bool:
        return bool(self.numbers & numbers) or re.search(self.text, text, re.IGNORECASE) is not None


def _numbers(text: str) -> frozenset[str]:
    return frozenset(text.split())


SHORTEST_TELLING_ID = 16

_ANYWHERE = (
    _Rule(ThrottledError, r"rate limit exceeded|too many operations|too many requests", _numbers("GW-0010")),
    _Rule(UnavailableError, r"service is temporarily (off-?line|unavailable)"),
    _Rule(InProcessError, r"concurrent request in process"),
    _Rule(AlreadyRecordedError, r"already been recorded with the control ?id"),
)

_FRONT_DOOR = _Rule(
    UnavailableError, r"unable to process request", frozenset(f"GW-000{digit}" for digit in range(1, 10))
)

_CONTROL = (
    _FRONT_DOOR,
    _Rule(SchemaError, r"XML Parse (schema )?error", _numbers("XL03000003")),
    _Rule(PolicyError, r"not a valid transport policy"),
    _Rule(SenderError, r"partner id or password", _numbers("GW-0011 invalidRequest")),
    _Rule(NotSubscribedError, r"company .*\bexpired|subscribe to the xml gateway", _numbers("PL04000055")),
)

_AUTHENTICATION = (
    _Rule(LockedOutError, r"locked ?out", _numbers("PL04000076")),
    _Rule(SenderNotAuthorisedError, r"invalid web services authorization|sender id .* is not authorized"),
    _Rule(NotSubscribedError, r"subscribe to the xml gateway|not authorized for xml|company .*\bexpired"),
    _Rule(InvalidSessionError, r"invalid session|session .*(expired|timed out|no longer)"),
)

_SIGN_IN = _Rule(SignInError, r"sign-?in information is incorrect", _numbers("XMLGW_JPP0002 UJPP0002"))

_FUNCTION = (
    _Rule(FieldsDeniedError, r"fields cannot be queried"),
    _Rule(CursorExpiredError, r"readmore.*(invalid|expired)|expired resultid|results for reportid"),
    _Rule(
        PermissionDeniedError, r"do not have permission|cannot be performed on objects of type", _numbers("PL04000005")
    ),
    _Rule(ObjectNotFoundError, r"object (definition|type) .+ not found"),
    _Rule(RecordNotFoundError, r"cannot find .+ with key|cannot update non-existing|no record exi?s?ts for"),
    _Rule(RecordExistsError, r"\balready exists\b", _numbers("BL34000061 BL03002185 PL05000104")),
    # Intacct's own text for a closed period is not known; only words that leave no doubt are taken for one.
    _Rule(
        ClosedPeriodError,
        r"\bperiod\b[^.]*\b(is|been) closed|\bperiods are closed|\bclosed (accounting |reporting |fiscal )?period",
    ),
)


def refusal(
    errors: tuple[ErrorEntry, ...],
    level: Level,
    *,
    function: str = "",
    object: str = "",
    control_id: str = "",
    committed: tuple[RecordKey, ...] = (),
    rolled_back: bool = False,
    http_status: int | None = None,
    retry_after: float | None = None,
    by_session: bool = False,
    no_status: bool = False,
    unique: bool | None = None,
) -> GatewayError:
    """Return the exception for a refusal at `level`.

    `by_session`  the request showed a session, no password: what is refused at the sign-in is then that session
    `no_status`   the result came without a status, which is how a function answers that was carried out before
    """
    kind = _kind(errors, level, http_status, by_session)
    if kind is FunctionError and unique is not False and _names(control_id, errors):
        kind = AlreadyRecordedError  # in whatever words: nothing else is refused by naming the id it was sent under
    if no_status and not errors:
        kind = AlreadyRecordedError if unique is not False else FunctionError
    about: dict[str, Any] = {
        "errors": errors,
        "level": level,
        "function": function,
        "object": object,
        "control_id": control_id,
        "committed": committed,
        "rolled_back": rolled_back,
        "http_status": http_status,
        "retry_after": retry_after,
    }
    if kind is UnavailableError and (_FRONT_DOOR.fits(*_joined(errors)) or (http_status or 0) >= 500):
        # The front door may have handed the request on before it failed; only the gateway itself knows that it did not.
        return UnavailableError(_headline(kind, errors, function, object, level), in_doubt=True, **about)
    return kind(_headline(kind, errors, function, object, level), **about)


def _names(control_id: str, errors: tuple[ErrorEntry, ...]) -> bool:
    """Return whether Intacct says the control id of the function it refuses; a short one may stand there by chance."""
    if len(control_id) < SHORTEST_TELLING_ID:
        return False
    texts = (" ".join((entry.description, entry.description2)) for entry in errors)
    return any(re.search(rf"(?<![\w-]){re.escape(control_id)}(?![\w-])", text) for text in texts)


def _kind(
    errors: tuple[ErrorEntry, ...], level: Level, http_status: int | None, by_session: bool
) -> type[GatewayError]:
    own = tuple(entry for entry in errors if entry.errorno != ROLLED_BACK or "rolled back" not in entry.text)
    if errors and not own:
        return RolledBackError
    rules, fallback = _rules(level, by_session)
    # A function's errors come with the culprit first, so the first that any rule knows decides. At the sign-in the
    # second may be the graver one (a lockout is followed by "incorrect"), so the first rule that fits any decides.
    stacks = [(entry,) for entry in own] if level == "function" else [own]
    for stack in stacks:
        text, numbers = _joined(stack)
        for rule in rules:
            if rule.fits(text, numbers):
                return rule.raises
    return _by_http_status(http_status) or fallback


def _joined(stack: tuple[ErrorEntry, ...]) -> tuple[str, frozenset[str]]:
    """Return all texts of the errors, and their numbers."""
    text = "\n".join(" ".join((e.errorno, e.description, e.description2, e.correction)) for e in stack)
    return text, frozenset(entry.errorno.strip() for entry in stack)


def _rules(level: Level, by_session: bool) -> tuple[tuple[_Rule, ...], type[GatewayError]]:
    if level == "function":
        return (*_ANYWHERE, *_FUNCTION), FunctionError
    if level == "authentication" and by_session:
        return (*_ANYWHERE, *_AUTHENTICATION), InvalidSessionError
    if level == "authentication":
        return (*_ANYWHERE, *_AUTHENTICATION, _SIGN_IN), SignInError
    return (*_ANYWHERE, *_CONTROL, *_AUTHENTICATION, _SIGN_IN), GatewayError


def _by_http_status(status: int | None) -> type[GatewayError] | None:
    if status == 429:
        return ThrottledError
    if status == 498:
        return InvalidSessionError
    return UnavailableError if status is not None and status >= 500 else None


_HEADLINES: dict[type[GatewayError], str] = {
    SenderError: "Intacct does not accept the sender",
    PolicyError: "Intacct does not know the policy for asynchronous requests",
    SignInError: "Intacct refused the sign-in",
    LockedOutError: "Intacct refused the sign-in: the user is locked out",
    SenderNotAuthorisedError: "The company has not authorised the sender",
    NotSubscribedError: "The company cannot be reached by Web Services",
    InvalidSessionError: "Intacct does not accept the session",
    SchemaError: "Intacct could not read the request",
    ThrottledError: "Intacct is too busy with this company to do {what}",
    UnavailableError: "Intacct is not available for {what}",
    AlreadyRecordedError: "Intacct has carried out {what} before",
    InProcessError: "Intacct is still carrying out {what}",
    RolledBackError: "Intacct undid {what}",
}


def _headline(
    kind: type[GatewayError], errors: tuple[ErrorEntry, ...], function: str, object: str, level: Level
) -> str:
    what = " of ".join(part for part in (function, object) if part) or (
        "the function" if level == "function" else "the request"
    )
    head = _HEADLINES.get(kind, "Intacct refused {what}").format(what=what)
    culprit = errors[0].text if errors else ""
    return f"{head}: {culprit.rstrip('.')}." if culprit else f"{head}."


def undelivered(
    what: str,
    *,
    page: bool = False,
    status: int | None = None,
    content_type: str = "",
    retry_after: float | None = None,
) -> IntacctError:
    """Return the exception for an answer that holds no Intacct reply. `what` says what it is instead."""
    kind_shown = content_type[:80]  # whoever answers writes it
    shown = f"HTTP {status}, {kind_shown or 'no content type'}" if status is not None else kind_shown
    sentence = f"The answer {what}{f' ({shown})' if shown else ''}."
    about: dict[str, Any] = {"level": "edge", "http_status": status, "retry_after": retry_after}
    if status is not None and 300 <= status < 400:
        return MalformedReplyError(f"{sentence} A redirect is not followed: it would carry the credentials along.")
    kind = _by_http_status(status)
    if kind is UnavailableError or (kind is None and page and (status is None or status == 200)):
        return UnavailableError(f"Intacct cannot be reached for the moment. {sentence}", in_doubt=True, **about)
    if kind is not None:
        return kind(f"Intacct turned the request away. {sentence}", **about)
    if status is not None and status >= 400:
        return GatewayError(f"The endpoint refused the request. {sentence}", **about)
    return MalformedReplyError(sentence)
