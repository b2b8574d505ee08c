"""An Airflow connection read as Intacct settings, every field checked. Knows field names; opens and sends nothing.

Form, JSON, URI and environment connections differ only in that a URI carries numbers as text and a form leaves empty
fields as "" or null; all of them end up as the same settings here.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from airflow_provider_intacct.client import Credentials

Number = TypeVar("Number", int, float)

# conn-fields of get_provider_info.py; a near miss of one of these is a mistake that must not go unnoticed.
EXTRA_FIELDS = {
    "company_id": "Company ID",
    "entity_id": "Entity ID",
    "sender_id": "Web Services sender ID",
    "sender_password": "Web Services sender password",
    "endpoint": "Endpoint",
    "timeout": "Timeout (seconds)",
    "max_concurrency": "Calls in flight",
    "page_size": "Page size (rows)",
    "time_zone": "Time zone of the API user",
}
MAX_TIMEOUT_SECONDS = 900  # the gateway drops a synchronous sender after 15 minutes
MAX_CONCURRENCY = 50
MAX_PAGE_SIZE = 2000


class ConnectionFields(Protocol):
    """What the connections of the Task SDK and of the API server have in common."""

    conn_id: Any
    host: Any
    login: Any
    password: Any
    extra: Any


@dataclass(frozen=True, slots=True)
class Settings:
    """A connection's contents, ready for the client. `timeout` is in seconds. Secrets are in no repr."""

    credentials: Credentials
    timeout: float = 300.0
    max_concurrency: int = 1
    page_size: int = MAX_PAGE_SIZE
    time_zone: str | None = None


def read_settings(connection: ConnectionFields, *, entity_id: str | None = None) -> Settings:
    """Return the settings in `connection`; `entity_id` overrides its entity.

    Raises ConfigurationError naming the connection, the field and the remedy, before anything is sent.
    """
    from airflow_provider_intacct.client import Credentials
    from airflow_provider_intacct.client.errors import ConfigurationError

    name = f"Connection {str(connection.conn_id)!r}"
    extra = _extra(connection, name)
    refuse_misspelt(extra, name)
    if connection.host:
        raise ConfigurationError(
            f"{name}: the host field is not used. Clear it; to call another endpoint, set 'endpoint' in the extra."
        )
    user_id = _required(connection.login, name, "login", "Web Services user ID")
    password = _required(connection.password, name, "password", "Web Services user password", strip=False)
    company = {
        key: _required(extra.get(key), name, key, EXTRA_FIELDS[key], strip=key != "sender_password")
        for key in ("company_id", "sender_id", "sender_password")
    }
    try:
        credentials = Credentials(
            user_id=user_id,
            password=password,
            entity_id=_text(entity_id) or _text(extra.get("entity_id")) or None,
            endpoint=_text(extra.get("endpoint")) or None,
            **company,
        )
    except ConfigurationError as error:
        raise ConfigurationError(f"{name}: {error}") from None
    return Settings(
        credentials=credentials,
        timeout=_number(extra, name, "timeout", float, default=300.0, highest=MAX_TIMEOUT_SECONDS),
        max_concurrency=_number(extra, name, "max_concurrency", int, default=1, highest=MAX_CONCURRENCY),
        page_size=_number(extra, name, "page_size", int, default=MAX_PAGE_SIZE, highest=MAX_PAGE_SIZE),
        time_zone=_time_zone(extra, name),
    )


def _extra(connection: ConnectionFields, name: str) -> Mapping[str, Any]:
    from airflow_provider_intacct.client.errors import ConfigurationError

    if not connection.extra:
        return {}
    try:
        # Not extra_dejson: it answers {} to what it cannot read, and the remedy would name the wrong field.
        extra = json.loads(connection.extra)
    except ValueError:
        extra = None
    if not isinstance(extra, dict):
        raise ConfigurationError(
            f'{name}: the extra is not a JSON object. Write it as {{"company_id": "...", "sender_id": "...", '
            '"sender_password": "..."}, or use the fields of the connection form.'
        )
    return extra


def refuse_misspelt(given: Mapping[str, Any], name: str) -> None:
    """A misspelt optional field would be ignored, and an entity ignored means posting at the top level."""
    from airflow_provider_intacct.client.errors import ConfigurationError

    for key in given.keys() - EXTRA_FIELDS.keys():
        meant = difflib.get_close_matches(key.lower(), EXTRA_FIELDS, n=1, cutoff=0.8)
        if meant:
            raise ConfigurationError(f"{name}: the field {key!r} is unknown. Did you mean {meant[0]!r}?")


def _required(value: Any, name: str, field: str, label: str, *, strip: bool = True) -> str:
    from airflow_provider_intacct.client.errors import ConfigurationError

    text = _text(value, strip=strip)
    if not text:
        where = f"as {field!r} in the connection's extra" if field in EXTRA_FIELDS else f"as its {field}"
        raise ConfigurationError(f"{name}: {field!r} is missing. Fill in {label!r} in the connection form, or {where}.")
    return text


def _time_zone(extra: Mapping[str, Any], name: str) -> str | None:
    from airflow_provider_intacct.client.errors import ConfigurationError
    from airflow_provider_intacct.client.xml.metadata import named_zone

    zone = _text(extra.get("time_zone")) or None
    try:
        return zone if zone is None or named_zone(zone) else None
    except ConfigurationError as error:
        raise ConfigurationError(f"{name}: 'time_zone': {error}") from None


def _text(value: Any, *, strip: bool = True) -> str:
    # A company or entity that looks like a number ("100") arrives as one from hand-written JSON.
    text = "" if value is None else str(value)
    return text.strip() if strip else text


def _number(
    extra: Mapping[str, Any], name: str, field: str, kind: Callable[[str], Number], *, default: Number, highest: int
) -> Number:
    from airflow_provider_intacct.client.errors import ConfigurationError

    text = _text(extra.get(field))
    if not text:
        return default
    try:
        number = kind(text)
    except ValueError:
        number = kind("0")
    if not 1 <= number <= highest:
        expected = "a whole number" if kind is int else "a number"
        raise ConfigurationError(
            f"{name}: {field!r} must be {expected} from 1 to {highest}, not {text[:40]!r}. "
            f"Correct {EXTRA_FIELDS[field]!r} in the connection form or the extra; empty means {default:g}."
        )
    return number
