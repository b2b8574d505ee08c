"""Keep secrets out of Airflow's logs, in every form one could appear in. Knows no connection and no client.

A password with `&` or `%` in it appears XML-escaped in a request and URL-encoded in a connection URI; Airflow masks
only the form it was given.
"""

import json
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

from airflow.sdk.log import mask_secret

from airflow_provider_intacct.compat import amask_secret

_QUOTES = {'"': "&quot;", "'": "&apos;"}


def forms(secret: str) -> list[str]:
    """Return `secret` and its XML-escaped, URL-encoded and JSON-escaped forms, each once."""
    escaped = escape(secret)
    numeric = escape(secret, {'"': "&#34;", "'": "&#39;"})
    spellings = (
        secret,
        escaped,
        escape(secret, _QUOTES),
        numeric,
        numeric.replace("&#39;", "&#039;"),
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
    )
    return list(dict.fromkeys(spellings))


def mask(*secrets: str) -> None:
    """Mask all forms of `secrets` in the logs of this process and of its supervisor."""
    for secret in secrets:
        for form in forms(secret):
            mask_secret(form)


async def amask(*secrets: str) -> None:
    """Do the same from inside a coroutine."""
    for secret in secrets:
        for form in forms(secret):
            await amask_secret(form)
