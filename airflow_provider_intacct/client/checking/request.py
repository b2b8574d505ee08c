"""The exact request that would post records, to be looked at: every credential struck out. Pure; sends nothing."""

import re
from collections.abc import Sequence
from dataclasses import replace

from airflow_provider_intacct.client.credentials import Credentials
from airflow_provider_intacct.client.posting.records import Posting
from airflow_provider_intacct.client.xml.elements import Element
from airflow_provider_intacct.client.xml.envelope import build_request
from airflow_provider_intacct.client.xml.files import FileText
from airflow_provider_intacct.client.xml.functions import Function
from airflow_provider_intacct.client.xml.session import Session

MASK = "***"
MADE_WHEN_SENT = "made-when-sent"
SECRET = re.compile(r"password|passwd|secret|token|pwd", re.IGNORECASE)
"""Elements of records whose text is nobody's to read: a user's password, say."""

LONG = 2_000
BULKY = frozenset({"attachmentdata"})
"""Elements whose text is a file, and told by its length where it is longer than that many characters."""


def rendered(
    postings: Sequence[Posting], credentials: Credentials, *, atomic: bool = True, policy_id: str | None = None
) -> str:
    """Return the XML of the request that posts all of `postings`: as it would be sent, with secrets masked.

    Masked are the passwords, the session (a request of an asynchronous policy signs in by itself instead), and what
    records hold in elements that are named like a password.
    The request's own control id is made when it is sent.
    """
    nobody = replace(credentials, password=MASK, sender_password=MASK)
    session = Session(nobody, MASK, nobody.url, nobody.company_id, nobody.user_id, nobody.entity_id or "")
    body = build_request(
        nobody if policy_id else session,
        [_shown(posting.function) for posting in postings],
        control_id=MADE_WHEN_SENT,
        unique=True,
        atomic=atomic,
        policy_id=policy_id,
    )
    return body.decode()


def _shown(function: Function) -> Function:
    return replace(function, body=tuple(map(_without_secrets, function.body)))


def _without_secrets(element: Element) -> Element:
    if element.text and SECRET.search(element.tag):
        return replace(element, text=MASK)
    size = element.text.length if isinstance(element.text, FileText) else len(element.text)
    if element.tag in BULKY and size > LONG:
        return replace(element, text=f"({size} characters)")
    return replace(element, children=tuple(map(_without_secrets, element.children)))
