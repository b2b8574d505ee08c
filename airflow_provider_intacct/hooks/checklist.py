"""What a person would check when a connection is new, in that order: network, sender, user, company, entity.

Says which step failed and what to do. Its words are its own: Airflow shows them unmasked, so they never hold a
credential or a reply, and no square brackets, which Airflow's command line would take for markup.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from airflow_provider_intacct.hooks.metering import transactions

if TYPE_CHECKING:
    from airflow_provider_intacct.client import IntacctClient
    from airflow_provider_intacct.client.errors import IntacctError
    from airflow_provider_intacct.client.xml.session import Session
    from airflow_provider_intacct.hooks.connection import Settings

TIMEOUT_SECONDS = 4.0
"""An API server thread waits here, and a person before it."""


def check(settings: Settings, *, on_secret: Callable[[str], None]) -> tuple[bool, str]:
    """Sign in as a task would, and return whether that works and what to tell the person who asked.

    Signs in at the top level first and enters the entity then, for a sign-in straight into a wrong entity is refused
    in the same words as a wrong password. Asks once: a second try would only bring a lock nearer.
    """
    from airflow_provider_intacct.client import IntacctClient
    from airflow_provider_intacct.client.errors import ConfigurationError, IntacctError
    from airflow_provider_intacct.client.retry import RetryPolicy
    from airflow_provider_intacct.client.xml.session import SessionPool

    once = RetryPolicy(attempts=1, attempts_after_lost_reply=1, attempts_while_in_process=1)
    started = time.monotonic()
    with IntacctClient(
        settings.credentials.with_entity(None),
        timeout=min(settings.timeout, TIMEOUT_SECONDS),
        on_secret=on_secret,
        retry=once,
        pool=SessionPool(),  # neither the sessions of running tasks nor a refusal they remember
    ) as client:
        try:
            session = client.sign_in()
        except IntacctError as error:
            return False, _refused(settings, error)
        entity = settings.credentials.entity_id
        if entity:
            try:
                _enter(client, entity, on_secret)
            except IntacctError as error:
                return False, _entity_refused(client, settings, error)
        try:
            known = f"{_signed_in(settings, session)} {_formatting(client, session, settings.time_zone)}"
        except ConfigurationError as error:
            return False, f"Failed at the time zone: {error.message}"
        seconds = time.monotonic() - started
        return True, f"{known} The test used {transactions(client.transactions_used)} and {seconds:.1f} s."


def _enter(client: IntacctClient, entity: str, on_secret: Callable[[str], None]) -> None:
    from airflow_provider_intacct.client.xml import functions

    data = client.call(functions.get_api_session(entity)).data
    on_secret("" if data is None else data.findtext("api/sessionid") or "")


def _signed_in(settings: Settings, session: Session) -> str:
    asked, landed = settings.credentials.entity_id, session.entity_id
    place = f"entity {asked}" if asked else f"entity {landed}, the user's own" if landed else "the top level"
    return (
        f"Signed in to company {session.company_id} as user {session.user_id} through sender "
        f"{settings.credentials.sender_id}, at {place}."
    )


def _formatting(client: IntacctClient, session: Session, time_zone: str | None) -> str:
    """The user's locale and time zone, in which Intacct writes. Raises ConfigurationError if `time_zone` is another."""
    from airflow_provider_intacct.client.errors import ConfigurationError, IntacctError
    from airflow_provider_intacct.client.xml import functions
    from airflow_provider_intacct.client.xml.metadata import read_formatting

    try:
        data = client.call(functions.read_user_formatting(user_id=session.user_id)).data
        if time_zone:
            read_formatting(data, time_zone)
    except ConfigurationError:
        raise
    except IntacctError as error:
        return f"The user's locale and time zone could not be read ({type(error).__name__})."
    read = {} if data is None else {str(node.tag): (node.text or "").strip() for node in data.iter()}
    offset = read.get("gmtoffset") or " unknown"
    unnamed = "; name it in time_zone if it knows daylight saving" if offset.strip("+-0:") else ""
    zone = f"{time_zone} (UTC{offset})" if time_zone else f"UTC{offset}{unnamed}"
    return (
        f"Locale {read.get('locale') or 'unknown'}, date format {read.get('dateformat') or 'unknown'}, "
        f"{read.get('clock') or 'unknown'}-hour clock, time zone {zone}."
    )


def _refused(settings: Settings, error: IntacctError) -> str:
    """Say at which step the sign-in failed, and what to do."""
    from airflow_provider_intacct.client import errors

    who = settings.credentials
    host = urlsplit(who.url).netloc
    user = f"user {who.user_id!r} of company {who.company_id!r}"
    steps: tuple[tuple[type[IntacctError], str, str, str], ...] = (
        (errors.ConnectError, "network", f"no connection to {host}; nothing was sent.", ""),
        (
            errors.ReplyLostError,
            "network",
            f"{host} took the request and gave no complete answer within {TIMEOUT_SECONDS:g} s.",
            "try again; see status.intacct.com, and whether a proxy or firewall stands between.",
        ),
        (errors.MalformedReplyError, "network", f"what answers at {host} is not Intacct.", ""),
        (errors.UnavailableError, "network", f"Intacct at {host} is not available for the moment.", ""),
        (errors.ThrottledError, "network", "Intacct turns requests away because there are too many.", ""),
        (
            errors.SenderError,
            "sender",
            f"Intacct did not accept the sender ID {who.sender_id!r} with its password.",
            "check sender_id and sender_password, both case-sensitive. They belong to the Web Services licence, "
            "not to the company's user. Check company_id too.",
        ),
        (errors.LockedOutError, "user", f"{user} is locked out.", ""),
        (
            errors.SignInError,
            "user",
            f"Intacct did not accept {user} with its password; it does not say which of the three is wrong.",
            "check company_id, login and password. Do not simply try again: a few wrong passwords lock the user.",
        ),
        (
            errors.SenderNotAuthorisedError,
            "sender authorisation",
            f"company {who.company_id!r} does not admit the sender {who.sender_id!r}.",
            "",
        ),
        (
            errors.NotSubscribedError,
            "Web Services subscription",
            f"company {who.company_id!r} cannot be called through Web Services.",
            "",
        ),
    )
    for kind, step, what, advice in steps:
        if isinstance(error, kind):
            return _failed(step, what, advice or error.advice, error)
    return _failed("sign-in", f"Intacct refused it ({type(error).__name__}).", error.advice, error)


def _entity_refused(client: IntacctClient, settings: Settings, error: IntacctError) -> str:
    who = settings.credentials
    known = _entities(client)
    listed = f" Entities the company has: {', '.join(known[:20])}{', ...' if len(known) > 20 else ''}." if known else ""
    return _failed(
        "entity",
        f"user {who.user_id!r} signed in to company {who.company_id!r}, but could not enter entity {who.entity_id!r}.",
        f"check that entity_id is an entity's ID, and that the user may enter it.{listed}",
        error,
    )


def _entities(client: IntacctClient) -> list[str]:
    from airflow_provider_intacct.client.errors import IntacctError
    from airflow_provider_intacct.client.xml import functions

    try:
        data = client.call(functions.read_entity_details()).data
    except IntacctError:  # only advice; what failed is known already
        return []
    return [] if data is None else [found for node in data if (found := (node.findtext("id") or "").strip())]


def _failed(step: str, what: str, advice: str, error: IntacctError) -> str:
    support_id = getattr(error, "support_id", "")
    quoted = f" Support ID {support_id}." if support_id else ""
    return f"Failed at the {step}: {what}{quoted} What to do: {advice[:1].upper()}{advice[1:]}"
