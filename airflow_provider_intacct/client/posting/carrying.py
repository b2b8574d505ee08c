"""Carry out acts on records that exist: ask which records are meant, post the acts, and say what became of each.

One flow on top of `flow.post`, which keeps every act from being carried out twice. What is added here: natural keys
become the keys that the functions take, and a refusal is explained by what the record itself shows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from airflow_provider_intacct.client.errors import AlreadyRecordedError
from airflow_provider_intacct.client.flows import Flow
from airflow_provider_intacct.client.posting.acts import KEY, addressed, how_of
from airflow_provider_intacct.client.posting.existing import Execute
from airflow_provider_intacct.client.posting.explaining import UNDOES, explained
from airflow_provider_intacct.client.posting.flow import NOT_SENT, TOO_MANY, post, refuse_changes
from airflow_provider_intacct.client.posting.opposite import with_opposites
from airflow_provider_intacct.client.posting.outcome import Known, Outcome, Sending, Settled
from airflow_provider_intacct.client.posting.records import NaturalKey, Posting, twins
from airflow_provider_intacct.client.posting.targets import find_targets
from airflow_provider_intacct.client.posting.workflow import read_acted, shows
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.client.xml.functions import MAX_RECORDS

GONE = "an earlier try of this task deleted it"
LOST = "an earlier try of this task sent it, and the record is not found any more; look for it in Intacct"
NOT_THERE = "no {object} record has {name}, or this user does not see it; nothing was sent for it"
SEVERAL = "{name} names {count} {object} records ({keys}); give the record number. Nothing was sent for it"
ALREADY = "it is {state} already, so nothing was sent"
TWICE = "record {others} of this call is the same {object}, key {key}, by another name, so it is not sent: name it once"
Tell = Callable[[Sending | Settled], None]


def carry_out(
    execute: Execute,
    postings: Sequence[Posting],
    *,
    atomic: bool = False,
    stop_at_rejection: bool = True,
    max_rejects: int | None = None,
    known: Mapping[str, Known] | None = None,
    tell: Tell | None = None,
) -> Flow[list[Outcome]]:
    """Flow: carry out the acts that `prepare_acts` returned and return an outcome for each, in their order.

    See `flow.post` for the options. An outcome's key is what Intacct returns (for a reversal it may be the reversing
    record), else that of the record acted on. Approvals and the like have the state they led to, and what is needed
    next in the note.

    A record that is gone is `already_posted` for the task that deleted it: it finds so in `known`, or Intacct refuses
    the control id. For any other it is `rejected`, and the note says what the audit history knows of it.
    """
    known = known or {}
    ready, settled = yield from _addressed(execute, postings, known)
    yield from refuse_changes(execute, [*ready, *(each.posting for each in settled)], known)
    settled = yield from deleted_before(execute, settled)
    ready, reversed_before = yield from with_opposites(execute, ready, known)
    settled += reversed_before
    open_acts = [each for each in ready if each.control_id not in known and each.act not in UNDOES]
    settled += yield from _done_already(execute, open_acts)
    done = {outcome.posting.control_id for outcome in settled}
    settled += named_twice([posting for posting in ready if posting.control_id not in done], known)
    if settled and tell is not None:
        tell(Settled(tuple(settled)))
    decided = {outcome.posting.control_id: outcome for outcome in settled}
    rest = [posting for posting in ready if posting.control_id not in decided]
    rejects = sum(not outcome.booked for outcome in settled)
    most = 0 if stop_at_rejection else max_rejects
    if most is not None and rejects > most:
        why = NOT_SENT if stop_at_rejection else TOO_MANY.format(most=max_rejects)
        posted = [_unsent(posting, known, why) for posting in rest]
    else:
        posted = yield from post(
            execute,
            rest,
            atomic=atomic,
            stop_at_rejection=stop_at_rejection,
            max_rejects=None if max_rejects is None else max_rejects - rejects,
            known={name: before for name, before in known.items() if name not in decided},
            tell=tell,
        )
    decided |= {outcome.posting.control_id: _with_key(outcome) for outcome in posted}
    told = yield from explained(execute, decided.values())
    decided |= {outcome.posting.control_id: outcome for outcome in told}
    return [decided[posting.control_id] for posting in postings]


def _addressed(
    execute: Execute, postings: Sequence[Posting], known: Mapping[str, Known]
) -> Flow[tuple[list[Posting], list[Outcome]]]:
    """Flow: the acts with the keys of their records, and the outcomes of those whose names stand for no one record."""
    asked: dict[tuple[str, str], list[NaturalKey]] = {}
    for posting in postings:
        if not _has_key(posting, known):
            asked.setdefault((posting.kind.object_name, how_of(posting).key_field), []).append(posting.natural_key)
    found: dict[tuple[str, NaturalKey], list[str]] = {}
    for (object_name, key_field), names in asked.items():
        keys = yield from find_targets(execute, object_name, names, key_field)
        found |= {(object_name, name): those for name, those in keys.items()}
    ready: list[Posting] = []
    settled: list[Outcome] = []
    for posting in postings:
        keys_there = found.get((posting.kind.object_name, posting.natural_key), [])
        if _has_key(posting, known):
            ready.append(posting)
        elif len(keys_there) == 1:
            ready.append(addressed(posting, keys_there[0]))
        else:
            settled.append(_unaddressed(posting, keys_there, known.get(posting.control_id)))
    return ready, settled


def _has_key(posting: Posting, known: Mapping[str, Known]) -> bool:
    before = known.get(posting.control_id)
    return bool(posting.record[KEY]) or (before is not None and before.booked)


def _unaddressed(posting: Posting, keys: Sequence[str], before: Known | None) -> Outcome:
    name = ", ".join(map(" ".join, posting.natural_key))
    object_name = posting.kind.object_name
    if keys:
        note = SEVERAL.format(name=name, count=len(keys), object=object_name, keys=", ".join(keys[:10]))
        return Outcome(posting, "rejected", note=note)
    if before is None or before.settled:
        return Outcome(posting, "rejected", note=NOT_THERE.format(object=object_name, name=name))
    if posting.act == "delete":
        return Outcome(posting, "already_posted", note=GONE)
    return Outcome(posting, "in_doubt", note=LOST)


def deleted_before(execute: Execute, outcomes: Sequence[Outcome]) -> Flow[list[Outcome]]:
    """Flow: the outcomes; deletions whose record is not there are booked if Intacct has carried out their control id.

    So a task that lost what it knew finds what it did. Asked is by deleting record number 0, which nothing has: the
    control id is checked before anything else, and who never sent it learns only that there is no such record.
    """
    doubtful = [
        each
        for each in outcomes
        if each.posting.act == "delete" and each.status == "rejected" and how_of(each.posting).key_field
    ]
    found: dict[str, Outcome] = {}
    for start in range(0, len(doubtful), MAX_RECORDS):
        batch = doubtful[start : start + MAX_RECORDS]
        asked = [
            functions.delete(each.posting.kind.object_name, ["0"]).with_control_id(each.posting.control_id)
            for each in batch
        ]
        reply = yield from execute(asked, unique=True)
        found |= {
            each.posting.control_id: Outcome(each.posting, "already_posted", note=GONE)
            for each, result in zip(batch, reply.results, strict=True)
            if isinstance(result.error, AlreadyRecordedError)
        }
    return [found.get(outcome.posting.control_id, outcome) for outcome in outcomes]


def _done_already(execute: Execute, postings: Sequence[Posting]) -> Flow[list[Outcome]]:
    """Flow: the acts whose record is already in the state they lead to, whoever brought it there."""
    states = yield from read_acted(execute, [each for each in postings if how_of(each).leads_to])
    return [
        Outcome(
            posting,
            "already_posted",
            key=posting.record[KEY],
            state=states[posting.control_id].label,
            note=ALREADY.format(state=states[posting.control_id].label),
        )
        for posting in postings
        if shows(posting, states.get(posting.control_id))
    ]


def named_twice(postings: Sequence[Posting], known: Mapping[str, Known]) -> list[Outcome]:
    """Return the outcomes of those that are about the same record as another, and that no earlier try has sent.

    Under another name an act has another control id, so Intacct would not refuse it.
    """
    return [
        Outcome(posting, "rejected", note=TWICE.format(others=others, object=posting.kind.object_name, key=key))
        for posting, key, others in twins((posting, posting.record[KEY]) for posting in postings)
        if (before := known.get(posting.control_id)) is None or before.settled
    ]


def _unsent(posting: Posting, known: Mapping[str, Known], why: str) -> Outcome:
    before = known.get(posting.control_id)
    if before is not None and before.booked:
        return Outcome(posting, "already_posted", key=before.key)
    if before is not None and not before.settled:
        return Outcome(posting, "in_doubt", note=LOST)
    return Outcome(posting, "rolled_back", note=why)


def _with_key(outcome: Outcome) -> Outcome:
    """Return the outcome with the record acted on as its key, where Intacct gave none."""
    return outcome if outcome.key or not outcome.booked else replace(outcome, key=outcome.posting.record[KEY])
