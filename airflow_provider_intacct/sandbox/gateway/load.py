"""What a caller hears of the load: refusals of too many requests or operations, and the limit headers.

Every form is a switch: the facts name the headers for the REST API only, and know no recorded refusal of the gateway.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from airflow_provider_intacct.sandbox.company import Company

from .answers import Answer, refused, unavailable
from .authentication import ControlRefusedError
from .envelope import NO_CONTROL, Control
from .limits import Places, Throttle
from .results import ErrorEntry

_TRY_LATER = "Please Try Again Later"


def too_many_requests(company: Company) -> Answer:
    """Return HTTP 429 with GW-0010."""
    entry = ErrorEntry("GW-0010", description="API rate limit exceeded")
    return _marked(company, refused(ControlRefusedError(entry, NO_CONTROL, status=429, bare=True)))


def throttled(company: Company) -> Answer:
    """Return the refusal of a request beyond the rate, in the form the company has."""
    match company.switches.text("throttle_refusal"):
        case "http_503":
            return _marked(company, unavailable())
        case "text":
            return throttled_text(NO_CONTROL)
    return too_many_requests(company)


def throttled_text(control: Control) -> Answer:
    """Return the rate refusal that hides in an HTTP 200."""
    entry = ErrorEntry("XL03000006", "API rate limit exceeded", _TRY_LATER)
    return refused(ControlRefusedError(entry, control), whitespace=control.whitespace)


def too_many_operations(company: Company, control: Control) -> Answer:
    """Return the refusal of an operation that found no place, in the form the company has."""
    match company.switches.text("concurrency_refusal"):
        case "http_429":
            return too_many_requests(company)
        case "http_503":
            return _marked(company, unavailable())
    return too_many_operations_text(company, control)


def too_many_operations_text(company: Company, control: Control) -> Answer:
    """Return the refusal of an operation that hides in an HTTP 200."""
    entry = ErrorEntry(company.switches.text("concurrency_errorno"), "too many operations", _TRY_LATER)
    return refused(ControlRefusedError(entry, control), whitespace=control.whitespace)


def with_limits(company: Company, answer: Answer) -> Answer:
    """Return a served request's answer with the limit headers, where the company sends them."""
    if not company.switches.on("limit_headers"):
        return answer
    counts = company.part(Places).counts()
    free = int(company.part(Places).limit) - 1 - counts["in_process"] - counts["waiting"]
    return replace(answer, headers={**answer.headers, **_headers(company, max(0, free))})


def _marked(company: Company, answer: Answer) -> Answer:
    """Return a refusal with the headers that say how long to wait."""
    seconds = int(company.switches.number("retry_after"))
    headers = _headers(company, 0) if company.switches.on("limit_headers") else {}
    if seconds:
        if headers:
            headers |= {"X-IA-Throttle-Limit-RetryAfter": str(seconds)}
            headers |= {"X-IA-TENANT-Throttle-Limit-Retry-After": str(seconds)}
        headers["Retry-After"] = _retry_after(company, seconds)
    return replace(answer, headers={**answer.headers, **headers})


def _retry_after(company: Company, seconds: int) -> str:
    if company.switches.text("retry_after_form") == "date":
        return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
    return str(seconds)


def _headers(company: Company, free: int) -> dict[str, str]:
    """Return the limit headers; what an application may use and what the company may use are one number here.

    Source: developer.sage.com, transaction volume and http headers, as the wire facts spell them.
    """
    places = str(int(company.part(Places).limit))
    headers: dict[str, str] = {
        "X-IA-Throttle-Limit": places,
        "X-IA-Throttle-Limit-Remaining": str(free),
        "X-IA-TENANT-Throttle-Limit": places,
        "X-IA-TENANT-Throttle-Limit-Remaining": str(free),
    }
    for window, (limit, left) in _rates(company).items():
        headers[f"X-IA-{window}-Rate-Limit"] = str(limit)
        headers[f"X-IA-{window}-Rate-Limit-Remaining"] = str(left)
    return headers


def _rates(company: Company) -> Mapping[str, tuple[int, int]]:
    return company.part(Throttle).left()
