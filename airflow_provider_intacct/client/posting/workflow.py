"""Reversals, approvals and the like: whether the record's state shows that they were carried out. Flows of reads."""

from collections.abc import Sequence

from airflow_provider_intacct.client.errors import FunctionError
from airflow_provider_intacct.client.flows import Flow
from airflow_provider_intacct.client.posting.acts import KEY, how_of
from airflow_provider_intacct.client.posting.existing import Execute, Found
from airflow_provider_intacct.client.posting.opposite import find_opposites, is_opposite
from airflow_provider_intacct.client.posting.records import Posting
from airflow_provider_intacct.client.posting.state import State, read_states
from airflow_provider_intacct.client.posting.state_table import states_of


def find_acted(execute: Execute, postings: Sequence[Posting]) -> Flow[dict[str, Found]]:
    """Flow: the acts whose record is in the state they lead to, shown as done; the others as not shown."""
    others = [posting for posting in postings if not is_opposite(posting)]
    states = yield from read_acted(execute, others)
    found = {
        posting.control_id: Found(posting.record[KEY], shown=shows(posting, states.get(posting.control_id)))
        for posting in others
    }
    return found | (yield from find_opposites(execute, [posting for posting in postings if is_opposite(posting)]))


def read_acted(execute: Execute, postings: Sequence[Posting]) -> Flow[dict[str, State]]:
    """Flow: the states of the records, by control id; those that cannot be read are left out."""
    found: dict[str, State] = {}
    groups: dict[str, list[Posting]] = {}
    for posting in postings:
        if posting.record[KEY]:
            groups.setdefault(posting.kind.object_name, []).append(posting)
    for object_name, group in groups.items():
        try:
            by_key = yield from read_states(execute, object_name, [posting.record[KEY] for posting in group])
        except FunctionError:
            continue
        found |= {posting.control_id: by_key[posting.record[KEY]] for posting in group if posting.record[KEY] in by_key}
    return found


def shows(posting: Posting, state: State | None) -> bool:
    """Whether a record in `state` shows that the posting's act was carried out."""
    how = how_of(posting)
    if state is None:
        return False
    known = states_of(posting.kind.object_name)
    if how.exactly:
        return known.label(state.label) in how.leads_to
    return any(known.reached(state.label, wanted) for wanted in how.leads_to)
