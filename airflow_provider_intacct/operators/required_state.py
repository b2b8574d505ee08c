"""`require_state` of the operators that write: what is booked must also be in a state, such as Posted.

Booked it is in any case: a task that fails here, or waits, books nothing again when it is run again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_intacct.hooks.failures import raise_failure

if TYPE_CHECKING:
    from airflow_provider_intacct.client.posting import Outcome, Posting
    from airflow_provider_intacct.operators.writing import IntacctWriteOperator

GRACE = timedelta(minutes=10)
"""Given to the trigger beyond its own time, so that it is the one to say what was waited for in vain."""


UNNUMBERED = "its record number is not known, and so neither is its state"


def check_state(operator: IntacctWriteOperator, postings: Sequence[Posting]) -> None:
    """Raise InvalidRequestError, before anything is sent, for a state that one of the records cannot be in."""
    from airflow_provider_intacct.client.errors import InvalidRequestError
    from airflow_provider_intacct.client.posting.state_table import state_object, states_of

    if operator.on_state not in ("fail", "wait"):
        raise InvalidRequestError(f"on_state is {operator.on_state!r}; it is 'fail' or 'wait'. Nothing was sent.")
    attachments = {posting.bound_to for posting in postings}  # which go with their record, and have no state
    for posting in postings if operator.require_state else ():
        if posting.control_id in attachments:
            continue
        object_name = state_object(posting.kind)
        if not object_name or posting.act == "delete":
            what = posting.kind.object_name or posting.kind.name
            raise InvalidRequestError(
                f"require_state={operator.require_state!r}: {posting.act} {what} leads to no state that can be read. "
                "Leave it out. Nothing was sent."
            )
        states_of(object_name).check(str(operator.require_state))


def hold_to_state(operator: IntacctWriteOperator, outcomes: Sequence[Outcome], told: list[dict[str, Any]]) -> None:
    """Raise unless all that is booked is in the required state: a failure, or the deferral that waits for it."""
    from airflow_provider_intacct.client.posting.state import NotInStateError, State, progress
    from airflow_provider_intacct.client.posting.state_table import state_object
    from airflow_provider_intacct.triggers.state import IntacctStateTrigger

    wanted = str(operator.require_state)
    groups: dict[str, dict[str, State]] = {}
    missing: list[str] = []
    for outcome in outcomes:
        object_name = state_object(outcome.posting.kind)
        if outcome.booked and object_name and outcome.key:
            groups.setdefault(object_name, {})[outcome.key] = State(outcome.state, outcome.note)
        elif outcome.booked and object_name:
            missing.append(f"{outcome.posting.label}: {outcome.note or UNNUMBERED}")
    waiting: dict[str, list[str]] = {}
    ended = bool(missing)
    for object_name, states in groups.items():
        far = progress(object_name, wanted, list(states), states)
        missing += [f"{object_name} {key}: {why}" for key, why in [*far.ended.items(), *far.waiting.items()]]
        ended = ended or bool(far.ended)
        if far.waiting:
            waiting[object_name] = list(far.waiting)
    if not missing:
        return
    if ended or operator.on_state == "fail":
        raise NotInStateError(wanted, missing, outcomes)
    now, limit = datetime.now(UTC), timedelta(seconds=operator.state_timeout)
    for line in missing:
        operator.log.info("Waiting for state %s: %s", wanted, line)
    operator.defer(
        trigger=IntacctStateTrigger(
            keys=waiting,
            state=wanted,
            until=(now + limit).isoformat(),
            told=told,
            poke_interval=operator.state_interval,
            first_poll_at=(now + timedelta(seconds=operator.state_interval)).isoformat(),
            intacct_conn_id=operator.intacct_conn_id,
            entity_id=operator.entity_id,
        ),
        method_name="in_state",
        timeout=limit + GRACE,
    )


def with_event(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the outcomes that the trigger hands back, with the states it found. Raises what it reports instead."""
    from airflow_provider_intacct.client.posting.outcome import BOOKED
    from airflow_provider_intacct.client.posting.state_table import read_from

    raise_failure(event)
    told: list[dict[str, Any]] = []
    for outcome in event["told"]:
        states = event["states"].get(read_from(outcome["object"]), {})
        found = states.get(outcome["key"]) if outcome["status"] in BOOKED else None
        told.append({**outcome, "state": found, "note": ""} if found else dict(outcome))
    return told
