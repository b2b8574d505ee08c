"""HTTP answers as values: the gateway's refusals as documents, and the pages of what stands before it. No sockets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from . import reply
from .authentication import ControlRefusedError

XML = 'text/xml; encoding="UTF-8"'
HTML = "text/html; charset=UTF-8"
_CDN_PAGE = (
    '<!DOCTYPE html>\n<html lang="en-US">\n<head>\n<title>intacct.com | {status}: {reason}</title>\n'
    '<meta charset="UTF-8">\n<meta name="robots" content="noindex, nofollow">\n</head>\n<body>\n'
    '<div id="cf-wrapper"><div id="cf-error-details" class="p-0"><h1>{reason} <span>Error code {status}</span></h1>'
    "<p>Cloudflare</p></div></div>\n</body>\n</html>\n"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, and how the connection ends: properly, reset before the first byte, or cut after `sent` bytes."""

    body: bytes
    content_type: str = XML
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    ending: Literal["proper", "reset", "cut"] = "proper"
    sent: int = 0


def refused(error: ControlRefusedError, *, whitespace: bool = True, style: reply.Style = reply.PLAIN) -> Answer:
    """Return the answer of a refusal at the control level, or of the gateway tier before it."""
    if error.bare:
        document = reply.bare_failure(error.entry)
    else:
        document = reply.response(reply.control(error.control, "failure"), reply.errormessage([error.entry], style))
    return Answer(reply.render(document, whitespace=whitespace), status=error.status)


def cdn_page(status: int, reason: str) -> Answer:
    """Return an error page of the content delivery network."""
    return Answer(_CDN_PAGE.format(status=status, reason=reason).encode(), HTML, status)


def unavailable() -> Answer:
    """Return the plain page of a server that is overloaded or down."""
    return Answer(b"<html><body><h1>503 Service Unavailable</h1></body></html>\n", HTML, 503)
