"""Which records of the company are meant by updates, upserts and acts, as posting would find out. A flow of reads."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from airflow_provider_intacct.client.checking.problem import Problem
from airflow_provider_intacct.client.errors import FunctionError
from airflow_provider_intacct.client.flows import Flow
from airflow_provider_intacct.client.posting.acts import KEY, addressed, how_of
from airflow_provider_intacct.client.posting.carrying import named_twice
from airflow_provider_intacct.client.posting.existing import Execute
from airflow_provider_intacct.client.posting.judge import WRITTEN
from airflow_provider_intacct.client.posting.lookups import RECORD_NUMBER
from airflow_provider_intacct.client.posting.opposite import with_opposites
from airflow_provider_intacct.client.posting.outcome import Outcome
from airflow_provider_intacct.client.posting.records import Posting
from airflow_provider_intacct.client.posting.targets import find_targets
from airflow_provider_intacct.client.posting.upserts import comparable, decided

_RECORD = re.compile(r"record \d+(?: \([^()]*\))?(?:[,:] | (?=is |has ))")
_PLACE = re.compile(r"((?:line \d+ )?[A-Za-z_][\w./\[\]]*)(?:: | (?=is ))")
NOTHING_SENT = "Nothing was sent"


@dataclass(slots=True)
class Resolved:
    """The postings as they would be sent.

    `written`  those that bring content, an upsert having become what it would be
    `acts`     those that act on a record that is there
    `done`     control ids of what would not be sent, for the company says all of it already
    """

    written: list[Posting] = field(default_factory=list)
    acts: list[Posting] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    done: set[str] = field(default_factory=set)


def resolved(execute: Execute, postings: Sequence[Posting]) -> Flow[Resolved]:
    """Flow: the postings as they would be sent, and what is wrong with those that would not."""
    made = Resolved()
    made.problems += [refusal(posting) for posting in postings if posting.problem]
    ready = [posting for posting in postings if not posting.problem]
    acts = yield from _addressed(execute, [each for each in ready if each.act not in WRITTEN], made)
    acts, settled = yield from with_opposites(execute, acts, {})
    twice = named_twice(acts, {})
    _settle([*settled, *twice], made)
    held = {outcome.posting.control_id for outcome in twice}
    made.acts = [posting for posting in acts if posting.control_id not in held]
    content = comparable([each for each in ready if each.act in WRITTEN])
    named = [each for each in content if each.act == "update" and not each.looked_up and each.kind.object_name]
    yield from _found(execute, [each for each in named if each.natural_key], made)
    if any(each.looked_up or each.unless_same for each in content):
        content = yield from _decided(execute, content, made)
    made.written = content
    return made


def refusal(posting: Posting) -> Problem:
    """Return why a record could not be prepared."""
    text = posting.problem.replace(f" {NOTHING_SENT}.", "").removesuffix(".")
    if record := _RECORD.match(text):
        text = text[record.end() :]
        if place := _PLACE.match(text):
            return Problem(posting.position, place[1], text[place.end() :])
    return Problem(posting.position, "", text)


def _decided(execute: Execute, postings: Sequence[Posting], made: Resolved) -> Flow[list[Posting]]:
    try:
        pending, outcomes = yield from decided(execute, postings)
    except FunctionError as error:
        made.problems += [_unasked(posting, error) for posting in postings if posting.looked_up]
        return list(postings)
    _settle(outcomes, made)
    return pending


def _settle(outcomes: Sequence[Outcome], made: Resolved) -> None:
    """Note what would not be sent: done already, or refused."""
    for outcome in outcomes:
        if outcome.booked:
            made.done.add(outcome.posting.control_id)
        else:
            text = outcome.note.replace(f". {NOTHING_SENT}", "")
            made.problems.append(Problem(outcome.posting.position, "", text))


def _addressed(execute: Execute, acts: Sequence[Posting], made: Resolved) -> Flow[list[Posting]]:
    """Flow: the acts with the keys of their records; what names no one record becomes a problem."""
    asked = [posting for posting in acts if posting.natural_key and how_of(posting).key_field]
    found = yield from _found(execute, asked, made)
    unasked = {posting.control_id for posting in acts} - {posting.control_id for posting in asked}
    return [
        posting if posting.record[KEY] else addressed(posting, found[posting.control_id])
        for posting in acts
        if posting.control_id in found or posting.control_id in unasked
    ]


def _found(execute: Execute, asked: Sequence[Posting], made: Resolved) -> Flow[dict[str, str]]:
    """Flow: the keys of the records that postings name, by control id; what names none or several becomes a problem."""
    groups: dict[tuple[str, str], list[Posting]] = {}
    for posting in asked:
        field_name = RECORD_NUMBER if posting.act in WRITTEN else how_of(posting).key_field
        groups.setdefault((posting.kind.object_name, field_name), []).append(posting)
    found: dict[str, str] = {}
    for (object_name, field_name), group in groups.items():
        try:
            keys = yield from find_targets(execute, object_name, [each.natural_key for each in group], field_name)
        except FunctionError as error:
            made.problems += [_unasked(posting, error) for posting in group]
            continue
        for posting in group:
            there = keys.get(posting.natural_key, [])
            if len(there) == 1:
                found[posting.control_id] = there[0]
            else:
                made.problems.append(_no_one(posting, there))
    return found


def _no_one(posting: Posting, keys: Sequence[str]) -> Problem:
    name = ", ".join(map(" ".join, posting.natural_key))
    if keys:
        text = f"{len(keys)} {posting.kind.object_name} records have {name} ({', '.join(keys[:10])})"
        return Problem(posting.position, "", text, "give the record number")
    text = f"no {posting.kind.object_name} record has {name}"
    return Problem(posting.position, "", text, "check it, and that it is visible to this user in this entity")


def _unasked(posting: Posting, error: FunctionError) -> Problem:
    text = f"whether its record is there could not be looked up ({error.message})"
    return Problem(posting.position, "", text, level="unknown")
