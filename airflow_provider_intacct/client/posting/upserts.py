"""Update the records that are there and create those that are not, found by a natural key; each is done once.

The look-up decides which of the two a record is, and shows when two postings mean one record by different names. One
that comes or goes between the look-up and the write is turned round, so that two loads at once end in one record. Both
acts share one control id: a later try repeats neither.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Any

from airflow_provider_intacct.client.errors import InvalidRecordError, RecordExistsError, RecordNotFoundError
from airflow_provider_intacct.client.flows import Flow
from airflow_provider_intacct.client.posting.checked import check_record
from airflow_provider_intacct.client.posting.existing import Execute, compared, own_number, record_numbers
from airflow_provider_intacct.client.posting.gathering import gather
from airflow_provider_intacct.client.posting.identity import Scope, control_id
from airflow_provider_intacct.client.posting.judge import Answer, already_posted
from airflow_provider_intacct.client.posting.kinds import KINDS
from airflow_provider_intacct.client.posting.outcome import Outcome
from airflow_provider_intacct.client.posting.records import (
    Posting,
    Record,
    TypedRecord,
    identity_of,
    kind_and_record,
    natural_key,
    twins,
    written,
)
from airflow_provider_intacct.client.posting.updates import digest_of, is_statistical, keyed_by, left
from airflow_provider_intacct.client.xml import functions, metadata
from airflow_provider_intacct.client.xml.elements import Element
from airflow_provider_intacct.client.xml.functions import Function


def prepare_upserts(
    records: Sequence[Record | TypedRecord],
    *,
    scope: Scope,
    object_name: str | None = None,
    key: Sequence[str] = (),
    keys: Sequence[str] | None = None,
    entity_id: str | None = None,
    skip_unchanged: bool = True,
    statistical: bool = False,
    zone: tzinfo | None = None,
    collect: bool = False,
) -> list[Posting]:
    """Return one posting per record, in their order; whether it creates or updates is found out before it is sent.

    `key` names the fields that single a record out, such as an external id; by default the object's natural key.
    `skip_unchanged` does not send what the record says already. None leaves a field as it is, "" clears it, and lines
    that are given replace all lines. The rest is as in `prepare`.
    """

    def make(position: int, given: Any, own_key: str | None) -> Posting:
        kind, record = kind_and_record(given, object_name, "create", position)
        path = f"record {position} ({kind.name})"
        if kind.legacy:
            raise InvalidRecordError(
                f"{path} is made by a function of its own, and has no update of the same shape. Nothing was sent."
            )
        record = check_record(left(record), kind, path, statistical=statistical or is_statistical(given), partial=True)
        kind = keyed_by(kind, key)
        target = natural_key(record, kind)
        if not target:
            raise InvalidRecordError(
                f"{path} has no {' and '.join(kind.natural_key) or 'natural key'} to look it up by; give it, or name "
                "the fields that single it out with key=[...]. Nothing was sent."
            )
        if "RECORDNO" in record:
            raise InvalidRecordError(
                f"{path} has a RECORDNO, so it exists: update it, or leave RECORDNO out. Nothing was sent."
            )
        own_id = control_id(scope, identity := identity_of(kind, target, own_key, act="upsert"))
        return Posting(
            position=position,
            kind=kind,
            record=record,
            function=written(kind, "create", record, position, zone).with_control_id(own_id),
            identity=identity,
            control_id=own_id,
            digest=digest_of(record, kind, "upsert", entity_id),
            natural_key=target,
            act="upsert",
            looked_up=True,
            unless_same=skip_unchanged,
        )

    return gather(records, keys, make, object_name or "create", collect=collect)


def comparable(postings: Sequence[Posting], others: Sequence[Posting] = ()) -> list[Posting]:
    """Return the postings; updates by name are looked up where another of the same object says a record number.

    Only the company tells whether the two mean one record. `others` are those of the call that are booked already.
    """
    updates = [posting for posting in postings if posting.act == "update" and not posting.kind.legacy]
    numbered = {posting.kind.object_name for posting in [*updates, *others] if own_number(posting)}
    named = {each.control_id for each in updates if each.kind.object_name in numbered and not own_number(each)}
    return [replace(each, looked_up=True) if each.control_id in named else each for each in postings]


def decided(
    execute: Execute, postings: Sequence[Posting], booked: Sequence[Outcome] = ()
) -> Flow[tuple[list[Posting], list[Outcome]]]:
    """Flow: the postings as they are to be sent, and the outcomes of those that are not to be.

    `booked` are the outcomes of the call's records that an earlier try has written.

    Raises if the user may not query an object: nobody knows then what would be overwritten or booked twice.
    """
    ready = yield from _with_record_keys(execute, postings)
    numbers = yield from record_numbers(execute, [posting for posting in ready if posting.looked_up])
    outcomes: list[Outcome] = []
    pending: list[Posting] = []
    for posting in ready:
        found = numbers.get(posting.control_id, ())
        problem = _problem(posting, found) if posting.looked_up else ""
        if problem:
            outcomes.append(Outcome(posting, "rejected", note=problem))
        else:
            pending.append(_as_update(posting, found[0]) if found else replace(posting, looked_up=False))
    refused = _of_one_record(pending, numbers, booked)
    outcomes += refused.values()
    pending = [posting for posting in pending if posting.control_id not in refused]
    same = yield from compared(execute, [each for each in pending if each.unless_same], numbers)
    outcomes += [already_posted(posting, same[posting.control_id]) for posting in pending if posting.control_id in same]
    return [posting for posting in pending if posting.control_id not in same], outcomes


def _of_one_record(
    postings: Sequence[Posting], numbers: Mapping[str, Sequence[str]], booked: Sequence[Outcome]
) -> dict[str, Outcome]:
    """Return the outcomes of those that mean the same record as another, or as one that is booked, by control id.

    None of them is sent: the later one would silently write over the earlier, and nobody knows which is meant to stay.
    """
    numbered = [(each, next(iter(numbers.get(each.control_id, ())), own_number(each))) for each in postings]
    pending = {posting.control_id for posting in postings}
    return {
        posting.control_id: Outcome(posting, "rejected", note=_same_record(posting, number, others))
        for posting, number, others in twins([*numbered, *((each.posting, each.key) for each in booked)])
        if posting.control_id in pending
    }


def _same_record(posting: Posting, number: str, others: str) -> str:
    return (
        f"record {others} of this call means the same {posting.kind.name}, {posting.kind.record_key} {number}, by "
        "another name. Nothing was sent: bring all that shall change of it in one record"
    )


def turned(execute: Execute, answers: Sequence[Answer]) -> Flow[dict[str, Posting]]:
    """Flow: upserts that were refused because the record came or went since the look-up, as their other half."""
    suspects = [answer for answer in answers if _turnable(answer)]
    if not suspects:
        return {}
    numbers = yield from record_numbers(execute, [answer.posting for answer in suspects])
    made: dict[str, Posting] = {}
    for answer in suspects:
        posting, found = answer.posting, numbers.get(answer.posting.control_id, ())
        if posting.otherwise is not None and not found:
            made[posting.control_id] = replace(posting, function=posting.otherwise, otherwise=None)
        elif posting.otherwise is None and len(found) == 1:
            made[posting.control_id] = replace(_as_update(posting, found[0]), otherwise=None)
    return made


def _turnable(answer: Answer) -> bool:
    posting, error = answer.posting, answer.error
    if posting.act != "upsert":
        return False
    if posting.function.name == "create":
        return isinstance(error, RecordExistsError)
    return posting.otherwise is not None and isinstance(error, RecordNotFoundError)


def _with_record_keys(execute: Execute, postings: Sequence[Posting]) -> Flow[list[Posting]]:
    """Flow: the postings, knowing what numbers the records of objects that are in no table of ours: custom objects."""
    unknown = dict.fromkeys(each.kind.name for each in postings if each.looked_up and each.kind.name not in KINDS)
    keys: dict[str, str] = {}
    for name in unknown:
        reply = yield from execute([functions.lookup(name)])
        reply.raise_for_status()
        keys[name] = metadata.read_definition(reply.results[0].data).record_key
    return [
        replace(each, kind=replace(each.kind, record_key=keys[each.kind.name])) if each.kind.name in keys else each
        for each in postings
    ]


def _problem(posting: Posting, found: Sequence[str]) -> str:
    what = f"{posting.kind.name} with {' and '.join(' '.join(pair) for pair in posting.natural_key)}"
    if len(found) > 1:
        return (
            f"several records are a {what}: {posting.kind.record_key} {', '.join(found[:10])}. Nothing was sent: name "
            "fields that single one out, or merge them in Intacct"
        )
    if not found and posting.act == "update":
        return f"there is no {what}, or this user does not see it. Nothing was sent"
    return ""


def _as_update(posting: Posting, number: str) -> Posting:
    """Return the posting as an update of the record `number`, which keeps the fields it was found by."""
    return replace(
        posting,
        function=_update(posting, number),
        looked_up=False,
        otherwise=posting.function if posting.act == "upsert" else None,
    )


def _update(posting: Posting, number: str) -> Function:
    (record,) = posting.function.body
    kept = tuple(child for child in record.children if child.tag not in posting.kind.natural_key)
    own = replace(record, children=(Element(posting.kind.record_key, number), *kept))
    return Function("update", (own,), control_id=posting.control_id, records=1)
