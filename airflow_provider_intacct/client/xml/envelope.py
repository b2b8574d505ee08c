"""Functions -> the bytes of a request, in the order of Sage's schema. Pure; sends nothing, and knows no reply.

Source: developer.intacct.com, Web Services > Requests.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING

from airflow_provider_intacct.client.credentials import Credentials
from airflow_provider_intacct.client.errors import InvalidRequestError
from airflow_provider_intacct.client.xml.elements import Element, check_text, write
from airflow_provider_intacct.client.xml.functions import MAX_CONTROL_ID, Function

if TYPE_CHECKING:
    from airflow_provider_intacct.client.xml.session import Session

MAX_POLICY_ID = 40
MAX_ASYNCHRONOUS = 500_000
"""Characters of a request by an asynchronous policy. Source: developer.intacct.com, Synchronous or asynchronous."""


def build_request(
    way_in: Credentials | Session,
    functions: Sequence[Function],
    *,
    control_id: str | None = None,
    unique: bool = False,
    atomic: bool = False,
    policy_id: str | None = None,
) -> bytes:
    """Return the XML of one request, UTF-8. It holds credentials: never log it.

    `way_in`      credentials (signs in with every request) or a session
    `control_id`  names the request in Intacct's logs, 1 to 256 characters; made up when absent; not checked for repeats
    `unique`      Intacct refuses a function whose own control id it has carried out before (uniqueid)
    `atomic`      all functions are one transaction: one failure undoes them all
    `policy_id`   an asynchronous policy: Intacct only acknowledges, and posts the reply elsewhere later

    A function without a control id gets one made up, unless `unique`: a made-up id guards against nothing.
    Raises InvalidRequestError, also for a request larger than an asynchronous one may be.
    """
    content = Element("content", children=tuple(map(_function, with_control_ids(functions))))
    credentials = way_in if isinstance(way_in, Credentials) else way_in.credentials
    control = [
        _text("senderid", credentials.sender_id),
        _text("password", credentials.sender_password),
        _text("controlid", new_control_id() if control_id is None else checked_control_id(control_id, "the request")),
        _text("uniqueid", "true" if unique else "false"),
        _text("dtdversion", "3.0"),
        *([_text("policyid", _checked_policy(policy_id))] if policy_id else []),
        _text("includewhitespace", "false"),
    ]
    operation = Element(
        "operation",
        attributes=(("transaction", "true" if atomic else "false"),),
        children=(Element("authentication", children=(_authentication(way_in),)), content),
    )
    request = Element("request", children=(Element("control", children=tuple(control)), operation))
    written = write(request, '<?xml version="1.0" encoding="UTF-8"?>')
    if policy_id and len(written) > MAX_ASYNCHRONOUS:
        raise InvalidRequestError(
            f"The request has {len(written):,} characters; by an asynchronous policy Intacct takes "
            f"{MAX_ASYNCHRONOUS:,}. Send it in parts, or without the policy."
        )
    return written.encode()


def new_control_id() -> str:
    """Return a control id that no other request has."""
    return secrets.token_hex(12)


def checked_control_id(control_id: str, owner: str) -> str:
    """Return `control_id` if Intacct takes it: 1 to 256 characters, no control characters."""
    if not 1 <= len(control_id) <= MAX_CONTROL_ID:
        raise InvalidRequestError(
            f"The control id of {owner} has {len(control_id)} characters; Intacct takes 1 to {MAX_CONTROL_ID}."
        )
    return check_text(control_id, f"control id of {owner}")


def _checked_policy(policy_id: str) -> str:
    if len(policy_id) > MAX_POLICY_ID:
        raise InvalidRequestError(
            f"The policy id {policy_id!r} is longer than the {MAX_POLICY_ID} characters it may have."
        )
    return policy_id


def with_control_ids(functions: Sequence[Function]) -> tuple[Function, ...]:
    """Return the functions, each with a control id: its own, or one made up, which guards resends of this call only."""
    if not functions:
        raise InvalidRequestError("A request needs at least one function.")
    complete = tuple(
        each if each.control_id is not None else each.with_control_id(new_control_id()) for each in functions
    )
    seen: set[str | None] = set()
    for each in complete:
        if each.control_id in seen:
            raise InvalidRequestError(
                f"Control id {each.control_id!r} stands on more than one function of the request: their results could "
                "not be told apart. Give each function its own."
            )
        seen.add(each.control_id)
    return complete


def _function(function: Function) -> Element:
    control_id = checked_control_id(function.control_id or "", function.name)
    return Element("function", attributes=(("controlid", control_id),), children=(function.element,))


def _authentication(way_in: Credentials | Session) -> Element:
    if not isinstance(way_in, Credentials):
        return _text("sessionid", way_in.session_id)
    login = [
        _text("userid", way_in.user_id),
        _text("companyid", way_in.company_id),
        _text("password", way_in.password),
        *([_text("locationid", way_in.entity_id)] if way_in.entity_id else []),
    ]
    return Element("login", children=tuple(login))


def _text(tag: str, text: str) -> Element:
    return Element(tag, check_text(text, tag))
