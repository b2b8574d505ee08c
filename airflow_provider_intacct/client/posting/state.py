"""The states that records are in: read for many at once, told with the outcomes, held against the one that is wanted.

The answer to a create or an approval does not tell the state it led to, so it is read back: one query for a thousand
records of an object.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from airflow_provider_intacct.client.errors import FunctionError, IntacctError
from airflow_provider_intacct.client.flows import Flow
from airflow_provider_intacct.client.posting.existing import Execute
from airflow_provider_intacct.client.posting.lookups import RECORD_NUMBER, rows_of_keys
from airflow_provider_intacct.client.posting.outcome import Outcome, PostingError
from airflow_provider_intacct.client.posting.state_table import state_object, states_of


class NotInStateError(PostingError):
    """What was written is in the books, but not in the state that the author requires."""

    advice = (
        "nothing has to be written again: have the records approved, or mended, in Intacct, then run the task again; "
        'it finds what it wrote and looks at the states anew. on_state="wait" waits for it.'
    )

    def __init__(self, wanted: str, missing: Sequence[str], outcomes: Sequence[Outcome]) -> None:
        lines = "".join(f"\n- {line}" for line in missing[:20])
        more = f"\n- and {len(missing) - 20} more" if len(missing) > 20 else ""
        super().__init__(f"Booked, but not in state {wanted}:{lines}{more}", outcomes)


@dataclass(frozen=True, slots=True)
class State:
    """The state a record is in: its label, "" where it could not be read, and what is needed next."""

    label: str
    next: str = ""


def read_states(execute: Execute, object_name: str, keys: Sequence[str]) -> Flow[dict[str, State]]:
    """Flow: the states of records by key: record numbers, or document ids where the object has those.

    One query for a thousand keys. What is not found is left out. Raises FunctionError where Intacct refuses to say.
    """
    known = states_of(object_name)
    named = [key for key in keys if known.name_key and not key.isdecimal()]
    numbers = [key for key in keys if key not in set(named)]
    found: dict[str, State] = {}
    for key_field, wanted in ((RECORD_NUMBER, numbers), (known.name_key, named)):
        by_key = yield from rows_of_keys(execute, known.object, key_field, wanted, [known.field])
        found |= state_rows(object_name, by_key.values(), key_field)
    return found


def state_rows(object_name: str, rows: Iterable[Mapping[str, Any]], key_field: str = RECORD_NUMBER) -> dict[str, State]:
    """Return the states that rows of an object tell, by key."""
    known = states_of(object_name)
    found: dict[str, State] = {}
    for row in rows:
        label = known.label(str(row.get(known.field) or ""))
        found[str(row.get(key_field) or "")] = State(label, known.next_step(label))
    return found


def described(execute: Execute, outcomes: Sequence[Outcome], *, asked: bool = False) -> Flow[list[Outcome]]:
    """Flow: the outcomes with the states of their records, and in the note, if it is empty, what is needed next.

    One query for a thousand records of an object; none for objects without a state. Those that cannot be read stay as
    they are: what was posted is posted, whether or not its state can be read. `asked` also reads states that only some
    companies have, and raises where Intacct cannot be reached.
    """
    open_ones = [outcome for outcome in outcomes if not outcome.state and (asked or _is_told(outcome))]
    try:
        found = yield from states(execute, open_ones)
    except IntacctError:
        if asked:
            raise
        return list(outcomes)
    return [
        replace(outcome, state=state.label, note=outcome.note or state.next)
        if (state := found.get(outcome.posting.control_id))
        else outcome
        for outcome in outcomes
    ]


def _is_told(outcome: Outcome) -> bool:
    return states_of(state_object(outcome.posting.kind)).told


def states(execute: Execute, outcomes: Sequence[Outcome]) -> Flow[dict[str, State]]:
    """Flow: the states of the records that are in the books, by control id; those that cannot be read are left out."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        object_name = state_object(outcome.posting.kind)
        if outcome.booked and outcome.key and object_name and outcome.posting.act != "delete":
            groups.setdefault(object_name, []).append(outcome)
    found: dict[str, State] = {}
    for object_name, group in groups.items():
        try:
            by_key = yield from read_states(execute, object_name, [outcome.key for outcome in group])
        except FunctionError:
            continue
        found |= {each.posting.control_id: by_key[each.key] for each in group if each.key in by_key}
    return found


@dataclass(frozen=True, slots=True)
class Progress:
    """How far some records of one object are on the way to a state: their keys, and for those not there, why."""

    reached: Mapping[str, str]
    waiting: Mapping[str, str]
    ended: Mapping[str, str]

    @property
    def done(self) -> bool:
        """Whether all of them are there."""
        return not self.waiting and not self.ended


def progress(object_name: str, wanted: str, keys: Sequence[str], found: Mapping[str, State]) -> Progress:
    """Return how far the records are: those reached with their state, the others with words that say what is missing.

    A record that is not there any more has ended.
    """
    known = states_of(object_name)
    reached: dict[str, str] = {}
    waiting: dict[str, str] = {}
    ended: dict[str, str] = {}
    for key in keys:
        state = found.get(key)
        if state is None:
            ended[key] = "not there, or not seen by this user"
        elif known.reached(state.label, wanted):
            reached[key] = state.label
        else:
            told = state.label or "in no state that this user can read"
            told += f" ({state.next})" if state.next else ""
            (ended if known.ended(state.label, wanted) else waiting)[key] = told
    return Progress(reached, waiting, ended)
