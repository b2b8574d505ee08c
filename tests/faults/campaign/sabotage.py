"""Ways to break the client on purpose, in the process of one try: a campaign that does not notice is worth nothing."""

import dataclasses
import functools
import uuid
from collections.abc import Callable, Mapping
from typing import Any


def _another_id_on_every_try() -> None:
    from airflow_provider_intacct.client.posting.identity import Scope

    Scope.parts = lambda self: ["task", uuid.uuid4().hex]  # type: ignore[method-assign]


def _no_uniqueid() -> None:
    from airflow_provider_intacct.client.xml import gateway

    build = gateway.build_request

    @functools.wraps(build)
    def unguarded(*arguments: Any, **options: Any) -> bytes:
        return build(*arguments, **{**options, "unique": False})

    gateway.build_request = unguarded


def _doubt_called_failure() -> None:
    from airflow_provider_intacct.client.posting import flow

    in_doubt = flow.in_doubt
    flow.in_doubt = lambda *arguments: dataclasses.replace(in_doubt(*arguments), status="rolled_back")


def _state_forgotten() -> None:
    from airflow_provider_intacct.operators.posted_ledger import PostedLedger

    PostedLedger.known = property(lambda self: {})  # type: ignore[assignment,method-assign]


SABOTAGE: Mapping[str, Callable[[], None]] = {
    "another id on every try": _another_id_on_every_try,
    "no uniqueid": _no_uniqueid,
    "doubt called failure": _doubt_called_failure,
    "state forgotten": _state_forgotten,
}
