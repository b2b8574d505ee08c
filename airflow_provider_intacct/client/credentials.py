"""Who calls, which company, which entity, and which hosts may be called. Values only; knows nothing of sessions."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import SplitResult, urlsplit

from airflow_provider_intacct.client.errors import ConfigurationError

GATEWAY_PATH = "/ia/xml/xmlgw.phtml"
DEFAULT_ENDPOINT = f"https://api.intacct.com{GATEWAY_PATH}"

_HOST = re.compile(r"(?!-)[a-z0-9-]+(?:\.[a-z0-9-]+)*")
_ADVICE = (
    "Allowed are https://<name>.intacct.com and, for a sandbox on this machine, http(s)://localhost or 127.0.0.1. "
    "Leave the endpoint empty for Intacct's own."
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """One way into one company.

    `user_id`, `password`  of a Web Services user of the company
    `sender_id`, `sender_password`  of the Web Services developer licence; the company must have authorised it
    `entity_id`  sign in to this entity instead of the top level
    `endpoint`  where to call first; https://*.intacct.com or a loopback address

    Raises ConfigurationError naming every value that is missing or not allowed. Passwords are in no repr.
    Source: developer.intacct.com, Web Services > Requests, "login".
    """

    company_id: str
    user_id: str
    password: str = field(repr=False)
    sender_id: str
    sender_password: str = field(repr=False)
    entity_id: str | None = None
    endpoint: str | None = None

    def __post_init__(self) -> None:
        names = ("company_id", "user_id", "password", "sender_id", "sender_password")
        missing = [name for name in names if not getattr(self, name)]
        if missing:
            raise ConfigurationError(f"The Intacct credentials lack {' and '.join(missing)}: set each of them.")
        wrong = [name for name in (*names, "entity_id") if not _is_plain(getattr(self, name))]
        if wrong:
            raise ConfigurationError(
                f"The Intacct credentials hold a line break, a control character or no text in {' and '.join(wrong)}: "
                "a value pasted from a file often ends with a line break."
            )
        object.__setattr__(self, "entity_id", self.entity_id or None)
        object.__setattr__(self, "endpoint", allowed_endpoint(self.endpoint or DEFAULT_ENDPOINT))

    @property
    def url(self) -> str:
        """The endpoint to call first, checked and complete."""
        return self.endpoint or DEFAULT_ENDPOINT

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no log and no error may show."""
        return (self.password, self.sender_password)

    def with_entity(self, entity_id: str | None) -> Credentials:
        """The same way in, to another entity (None: the top level). It leads to a session of its own."""
        return dataclasses.replace(self, entity_id=entity_id)


def allowed_endpoint(endpoint: str) -> str:
    """Return `endpoint` in its normal form (lower-case host, gateway path filled in) if it may be called.

    Credentials travel in every request, so they go to Intacct's hosts and to this machine only; the endpoint that
    Intacct returns at sign-in is held to the same rule. Raises ConfigurationError.
    """
    parts = _split(endpoint)
    host = (parts.hostname or "").lower().removesuffix(".")
    loopback = _is_loopback(host)
    if not loopback and not (_HOST.fullmatch(host) and host.endswith(".intacct.com")):
        raise ConfigurationError(f"The endpoint's host {_quoted(host)} is not one of Intacct's. {_ADVICE}")
    if parts.scheme != "https" and not (loopback and parts.scheme == "http"):
        raise ConfigurationError(f"The endpoint {_quoted(host)} must be called by https. {_ADVICE}")
    port = _port(parts)
    if not loopback and port not in (None, 443):
        raise ConfigurationError(f"The endpoint's port {port} is not Intacct's (443). {_ADVICE}")
    if parts.query or parts.fragment:
        raise ConfigurationError(f"The endpoint of {_quoted(host)} must end with its path, without ? or #. {_ADVICE}")
    name = f"[{host}]" if ":" in host else host
    shown_port = f":{port}" if port and not (port == 443 and not loopback) else ""
    return f"{parts.scheme}://{name}{shown_port}{parts.path.rstrip('/') or GATEWAY_PATH}"


def returned_endpoint(returned: str, asked: str) -> str:
    """Return the endpoint that Intacct names at sign-in, if it may be called; nothing returned means stay with `asked`.

    An Intacct host cannot send the client to this machine: only a sandbox, itself on this machine, can.
    """
    if not returned.strip():
        return asked
    try:
        endpoint = allowed_endpoint(returned.strip())
    except ConfigurationError as error:
        raise ConfigurationError(f"Intacct returned an endpoint at sign-in that may not be called. {error}") from None
    if _is_loopback(urlsplit(endpoint).hostname or "") and not _is_loopback(urlsplit(asked).hostname or ""):
        raise ConfigurationError("Intacct returned an endpoint on this machine at sign-in. It is not called.")
    return endpoint


def _split(endpoint: str) -> SplitResult:
    # urlsplit drops tabs and line breaks and tolerates backslashes, where a URL library may read another host.
    if not endpoint.isascii() or not endpoint.isprintable() or set(endpoint) & set(' \\<>"'):
        raise ConfigurationError(f"The endpoint contains a character that no Intacct address has. {_ADVICE}")
    try:
        parts = urlsplit(endpoint)
    except ValueError:
        raise ConfigurationError(f"The endpoint is not a URL. {_ADVICE}") from None
    if "@" in parts.netloc:  # never shown: what stands before the @ may be a password
        raise ConfigurationError(f"The endpoint must not hold a user name or password. {_ADVICE}")
    if not parts.scheme or not parts.netloc:
        raise ConfigurationError(f"The endpoint is not a complete URL: it needs https:// and a host. {_ADVICE}")
    return parts


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:
        raise ConfigurationError(f"The endpoint's port is not a number from 1 to 65535. {_ADVICE}") from None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return IPv6Address(host) == IPv6Address("::1") if ":" in host else IPv4Address(host).is_loopback
    except AddressValueError:
        return False


def _is_plain(value: object) -> bool:
    return value is None or (isinstance(value, str) and value.isprintable())


def _quoted(host: str) -> str:
    return f"{host[:100]!r}"
