"""What an Intacct error means to Airflow: fail for good, or let the task's retries try again. Decided here only.

An error that another try cannot mend (credentials, a locked user, a permission, a bad filter, a refused record) becomes
AirflowFailException, so that Airflow does not retry it: another login attempt would only keep a locked user locked.
An error that may pass (network, throttling, an outage) is raised as it is and Airflow retries as the task says.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any


@contextlib.contextmanager
def airflow_outcome() -> Iterator[None]:
    """Raise permanent IntacctErrors of the block as AirflowFailException, with the client's own message."""
    from airflow.sdk.exceptions import AirflowFailException

    from airflow_provider_intacct.client.errors import IntacctError

    try:
        yield
    except IntacctError as error:
        if error.retryable:
            raise
        raise AirflowFailException(f"{type(error).__name__}: {error}") from error


def raise_failure(event: Mapping[str, Any]) -> None:
    """Raise what a trigger's event reports, for good or for the task's retries; nothing if it reports success."""
    from airflow.sdk.exceptions import AirflowException, AirflowFailException

    if event["status"] != "success":
        failure = AirflowFailException if event.get("permanent") else AirflowException
        raise failure(f"{event.get('code')}: {event.get('message')}")
