"""Whether records are in the company already, under the number that they bring. A flow of queries and reads."""

from collections.abc import Sequence

from airflow_provider_intacct.client.checking.problem import Problem
from airflow_provider_intacct.client.flows import Flow
from airflow_provider_intacct.client.posting.existing import Execute
from airflow_provider_intacct.client.posting.records import Posting
from airflow_provider_intacct.client.posting.resolving import find

NOT_UNIQUE = frozenset({"GLBATCH"})
"""Objects of which several may have one number: reference numbers of journal entries are the author's own."""


def duplicate_problems(execute: Execute, postings: Sequence[Posting]) -> Flow[list[Problem]]:
    """Flow: what the company has under the same number with other content, or with a stamp of ours.

    What it has with the same content is no problem: posting it again would find it.
    """
    created = [posting for posting in postings if posting.act == "create"]
    found = yield from find(execute, created)
    problems = []
    for posting in created:
        there = found.get(posting.control_id)
        if there is None or not there.differences:
            continue
        what = "; ".join(there.differences)
        named = ", ".join(" ".join(pair) for pair in posting.numbers)
        text = f"the company has {named} already, as {there.key}, with other content: {what}"
        if posting.kind.object_name in NOT_UNIQUE and not posting.reference:
            remedy = "it may be another entry of that number; give this one another if it is"
            problems.append(Problem(posting.position, "", text, remedy, "unknown"))
        else:
            remedy = "give it another number, or mend the record that is there"
            problems.append(Problem(posting.position, "", text, remedy))
    return problems
