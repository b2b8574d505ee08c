"""Why an act was refused, and which state it led to, in words: what the outcome alone does not say. Flows of reads."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from airflow_provider_intacct.client.errors import ClosedPeriodError, IntacctError, RecordNotFoundError
from airflow_provider_intacct.client.flows import Flow
from airflow_provider_intacct.client.posting.acts import KEY, how_of
from airflow_provider_intacct.client.posting.deletion import UNTOLD, find_existing, missing_notes
from airflow_provider_intacct.client.posting.existing import Execute
from airflow_provider_intacct.client.posting.lookups import RECORD_NUMBER
from airflow_provider_intacct.client.posting.outcome import Outcome
from airflow_provider_intacct.client.posting.state import State
from airflow_provider_intacct.client.posting.workflow import read_acted, shows
from airflow_provider_intacct.client.xml.refusal import refusal

UNDOES = frozenset({"delete", "reverse"})
"""What somebody else may have done before is no success of these; of the other acts it is the state that was wanted."""

CLOSED = "the date falls in a closed period: choose a date in an open one, or have the period opened"
UNNAMED = "the audit history does not name the records of a legacy function"
DONE_BEFORE = "it is {state} already, and not by this task as far as is known; nothing was done now"


def explained(execute: Execute, outcomes: Iterable[Outcome]) -> Flow[list[Outcome]]:
    """Flow: those of the outcomes that have more to say, with it.

    A look-up that fails only means that less is said: what became of the acts must not be lost behind it.
    """
    refused = [each for each in outcomes if each.status == "rejected" and not each.note]
    booked = [each for each in outcomes if each.booked and not each.state and each.posting.act not in UNDOES]
    told: list[Outcome] = []
    try:
        told += yield from _with_states(execute, [each for each in booked if how_of(each.posting).leads_to])
        told += yield from _refused(execute, [each for each in refused if each.posting.act != "delete"])
        told += yield from _not_deleted(execute, [each for each in refused if each.posting.act == "delete"])
    except IntacctError:
        return told
    return told


def _with_states(execute: Execute, outcomes: Sequence[Outcome]) -> Flow[list[Outcome]]:
    states = yield from read_acted(execute, [outcome.posting for outcome in outcomes])
    return [
        replace(outcome, state=state.label, note=outcome.note or state.next)
        for outcome in outcomes
        if (state := states.get(outcome.posting.control_id))
    ]


def _refused(execute: Execute, outcomes: Sequence[Outcome]) -> Flow[list[Outcome]]:
    states = yield from read_acted(execute, [outcome.posting for outcome in outcomes])
    return [_refusal_told(outcome, states.get(outcome.posting.control_id)) for outcome in outcomes]


def _refusal_told(outcome: Outcome, state: State | None) -> Outcome:
    if shows(outcome.posting, state) and state is not None:
        return replace(outcome, state=state.label, note=DONE_BEFORE.format(state=state.label))
    if outcome.errors and isinstance(refusal(outcome.errors, "function"), ClosedPeriodError):
        return replace(outcome, note=CLOSED)
    if state is None or not state.label:
        return outcome
    note = f"it is {state.label}" + (f": {state.next}" if state.next else "")
    return replace(outcome, state=state.label, note=note)


def _not_deleted(execute: Execute, outcomes: Sequence[Outcome]) -> Flow[list[Outcome]]:
    there = yield from find_existing(execute, [outcome.posting for outcome in outcomes])
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        if there.get(outcome.posting.control_id) is False and how_of(outcome.posting).found_by == RECORD_NUMBER:
            groups.setdefault(outcome.posting.kind.object_name, []).append(outcome)
    told = [
        replace(outcome, note=UNTOLD.format(why=UNNAMED))
        for outcome in outcomes
        if not how_of(outcome.posting).key_field and _says_missing(outcome)
    ]
    for object_name, group in groups.items():
        notes = yield from missing_notes(execute, object_name, [outcome.posting.record[KEY] for outcome in group])
        told += [replace(outcome, note=notes[outcome.posting.record[KEY]]) for outcome in group]
    return told


def _says_missing(outcome: Outcome) -> bool:
    return bool(outcome.errors) and isinstance(refusal(outcome.errors, "function"), RecordNotFoundError)
