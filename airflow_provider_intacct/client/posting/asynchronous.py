"""Post through an asynchronous policy: Intacct acknowledges, carries out later, and replies to an address of its own.

No reply comes here, so what became of a record is looked up: `submit` sends, `settle` looks, as often as it takes. The
control ids are those of synchronous posting: what is sent twice, by whichever way, is booked once.
Source: developer.intacct.com, Web Services > Synchronous or asynchronous.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Protocol

from airflow_provider_intacct.client.errors import InvalidRecordError, InvalidRequestError
from airflow_provider_intacct.client.flows import Flow
from airflow_provider_intacct.client.posting.acts import KEY
from airflow_provider_intacct.client.posting.carrying import NOT_THERE, deleted_before
from airflow_provider_intacct.client.posting.deletion import find_existing
from airflow_provider_intacct.client.posting.existing import Execute, Found, can_be_found
from airflow_provider_intacct.client.posting.flow import NOT_SENT, post, refuse_changes
from airflow_provider_intacct.client.posting.identity import canonical_text
from airflow_provider_intacct.client.posting.outcome import Known, Outcome, Sending, Settled
from airflow_provider_intacct.client.posting.records import Posting
from airflow_provider_intacct.client.posting.resolving import find
from airflow_provider_intacct.client.where import In
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.client.xml.elements import length
from airflow_provider_intacct.client.xml.envelope import MAX_ASYNCHRONOUS
from airflow_provider_intacct.client.xml.functions import MAX_RECORDS, Function
from airflow_provider_intacct.client.xml.reply import Reply

LEFT_IN_THE_CONTENT = ("update", "upsert")
"""Acts that leave no sign but the content of a record that was there before."""

ACTS = ("create", *LEFT_IN_THE_CONTENT, "delete")
"""Acts that can be looked up afterwards."""

REFUSED = "not sent by the policy; the outcomes of that call say why"

ENVELOPE = 5_000
"""Characters left to the request around a record."""


class ExecuteByPolicy(Protocol):
    """How a flow sends functions as one request, by a policy if one is named: `Gateway.execute`."""

    def __call__(
        self, functions: Sequence[Function], *, atomic: bool = False, unique: bool = False, policy_id: str = ""
    ) -> Flow[Reply]:
        """Return the flow that sends them and brings the reply, or the acknowledgement."""


def submit(
    execute: ExecuteByPolicy,
    postings: Sequence[Posting],
    *,
    policy_id: str,
    atomic: bool = True,
    known: Mapping[str, Known] | None = None,
    tell: Callable[[Sending | Settled], None] | None = None,
) -> Flow[list[Outcome]]:
    """Flow: send the records by the policy and return one outcome for each, in their order.

    What Intacct acknowledges is `in_doubt` until `settle` finds it; what is there already is `already_posted` and not
    sent. `known` and `tell` are those of `post`.

    A deletion whose record is not there is `rejected`, and nothing is sent.

    Raises PolicyError if Intacct does not know the policy, and InvalidRecordError, before anything is sent, for a
    record that could not be found afterwards or is too large.
    """
    if not policy_id.strip():
        raise InvalidRequestError("policy_id is empty; give the id of the asynchronous policy. Nothing was sent.")
    for posting in postings:
        if not posting.problem:
            _refuse_unsuitable(posting)

    def send(functions: Sequence[Function], *, atomic: bool = False, unique: bool = False) -> Flow[Reply]:
        by_policy = policy_id if any(function.writes for function in functions) else ""
        return execute(functions, atomic=atomic, unique=unique, policy_id=by_policy)

    deletions = [posting for posting in postings if posting.act == "delete"]
    absent = yield from _absent(execute, deletions, known or {})
    if any(outcome.status == "rejected" for outcome in absent.values()):
        # Later nobody could tell it from a record that this call has deleted.
        return [absent.get(each.control_id) or Outcome(each, "rolled_back", note=NOT_SENT) for each in postings]
    # Each request stands for itself: no later one is held back, for what became of this one is not known in time.
    sent = yield from post(
        send,
        [posting for posting in postings if posting.control_id not in absent],
        atomic=atomic,
        look_first=not deletions,
        stop_at_rejection=False,
        known={name: before for name, before in (known or {}).items() if name not in absent},
        tell=tell,
    )
    outcomes = absent | {outcome.posting.control_id: outcome for outcome in sent}
    return [outcomes[posting.control_id] for posting in postings]


def _absent(execute: Execute, deletions: Sequence[Posting], known: Mapping[str, Known]) -> Flow[dict[str, Outcome]]:
    """Flow: the deletions, none of an earlier try as far as is known, whose record is not there to be deleted."""
    new = [posting for posting in deletions if (before := known.get(posting.control_id)) is None or before.settled]
    there = yield from find_existing(execute, new)
    missing = [
        Outcome(posting, "rejected", note=NOT_THERE.format(object=posting.kind.object_name, name=_numbers(posting)))
        for posting in new
        if there.get(posting.control_id) is False
    ]
    settled = yield from deleted_before(execute, missing)
    return {outcome.posting.control_id: outcome for outcome in settled}


def settle(
    execute: Execute,
    postings: Sequence[Posting],
    *,
    known: Mapping[str, Known] | None = None,
    tell: Callable[[Sending | Settled], None] | None = None,
) -> Flow[list[Outcome]]:
    """Flow: look once what became of records that were submitted: `posted`, or `in_doubt` while they are not found.

    What `known` says of a record stands, and is not looked up. `tell` is told what is found. Raises
    ChangedSincePostedError if the records are not those that were submitted.
    """
    known = known or {}
    yield from refuse_changes(execute, postings, known)
    outcomes = {
        posting.control_id: _remembered(posting, before)
        for posting in postings
        if (before := known.get(posting.control_id)) and (before.booked or before.settled)
    }
    outcomes |= {each.control_id: Outcome(each, "rejected", note=each.problem) for each in postings if each.problem}
    open_ = [posting for posting in postings if posting.control_id not in outcomes]
    found = yield from find(execute, open_)
    done = [
        Outcome(posting, "posted", key=there.key)
        for posting in open_
        if (there := found.get(posting.control_id)) and there.done
    ]
    if done and tell is not None:
        tell(Settled(tuple(done)))
    outcomes |= {outcome.posting.control_id: outcome for outcome in done}
    return [
        outcomes.get(posting.control_id) or _not_found(posting, found.get(posting.control_id)) for posting in postings
    ]


@dataclass(frozen=True, slots=True)
class Sought:
    """What to look for until it is there, without anything that the record says beside its number.

    `values` are those of `fields`, the last of them being the one that narrows the search most. `gone` waits for the
    record to be there no longer.
    """

    object_name: str
    fields: tuple[str, ...]
    values: tuple[str, ...]
    gone: bool = False

    def as_list(self) -> list[Any]:
        """Return it as plain JSON; `Sought.of` reads it."""
        return [self.object_name, list(self.fields), list(self.values), self.gone]

    @classmethod
    def of(cls, plain: Sequence[Any]) -> "Sought":
        """Return what `as_list` wrote."""
        object_name, fields, values, gone = plain
        return cls(object_name, tuple(fields), tuple(values), gone)


def sought(postings: Sequence[Posting]) -> list[Sought]:
    """Return what to look for while these are carried out: nothing for those that only their content tells."""
    wanted = []
    for posting in postings:
        if posting.act in LEFT_IN_THE_CONTENT:
            continue
        key = posting.natural_key
        if posting.reference:
            key = ((posting.kind.reads_as(posting.kind.reference), posting.reference),)
        names, values = zip(*key, strict=True)
        wanted.append(Sought(posting.kind.object_name, names, values, gone=posting.act == "delete"))
    return wanted


def missing(execute: Execute, wanted: Sequence[Sought]) -> Flow[list[Sought]]:
    """Flow: those of `wanted` that are not there yet (or not gone yet). A query for a hundred of an object."""
    left: list[Sought] = []
    ordered = sorted(wanted, key=lambda each: (each.object_name, each.fields, each.gone))
    for (object_name, fields, gone), group in groupby(ordered, lambda each: (each.object_name, each.fields, each.gone)):
        several = list(group)
        for start in range(0, len(several), MAX_RECORDS):
            batch = several[start : start + MAX_RECORDS]
            there = yield from _there(execute, object_name, fields, [each.values[-1] for each in batch])
            left += [each for each in batch if (each.values in there) == gone]
    return left


def _there(
    execute: Execute, object_name: str, fields: tuple[str, ...], numbers: Sequence[str]
) -> Flow[set[tuple[str, ...]]]:
    query = functions.query(
        object_name,
        list(dict.fromkeys(["RECORDNO", *fields])),
        where=In(fields[-1], tuple(dict.fromkeys(numbers))),
        order_by="RECORDNO DESC",  # should a number have been used more often than a page is long: the latest
        show_private=True,
        datatype=lambda _: "TEXT",
    )
    reply = yield from execute([query])
    reply.raise_for_status()
    return {tuple(canonical_text(record.fields.get(name)) for name in fields) for record in reply.results[0].records}


def _refuse_unsuitable(posting: Posting) -> None:
    if posting.act not in ACTS:
        raise InvalidRecordError(
            f"{posting.label}: what became of a {posting.act} cannot be looked up, and by an asynchronous policy no "
            "reply comes here. Leave policy_id out. Nothing was sent."
        )
    if posting.act == "delete" and not posting.record.get(KEY):
        raise InvalidRecordError(
            f"{posting.label} is named by {_numbers(posting)}; by an asynchronous policy name what is to be deleted by "
            "its record number. Nothing was sent."
        )
    if not posting.kind.object_name or not can_be_found(posting):
        raise InvalidRecordError(
            f"{posting.label} has no number to be found by, and by an asynchronous policy no reply comes here. "
            f"{_remedy(posting)} Nothing was sent."
        )
    size = length(posting.function.element)
    if size > MAX_ASYNCHRONOUS - ENVELOPE:
        raise InvalidRecordError(
            f"{posting.label} has {size:,} characters; by an asynchronous policy Intacct takes "
            f"{MAX_ASYNCHRONOUS:,} for a whole request. Post it without policy_id. Nothing was sent."
        )


def _remedy(posting: Posting) -> str:
    kind = posting.kind
    if not kind.object_name or not (kind.natural_key or kind.reference):
        return "Records of this kind have none in Intacct: leave policy_id out."
    named = " and ".join(kind.natural_key)
    stamped = " or leave stamp_reference on," if kind.reference else ""
    return f"Give it {named or kind.reference},{stamped} or leave policy_id out."


def _remembered(posting: Posting, before: Known) -> Outcome:
    if before.status == "sending":
        return _not_found(posting, None)
    note = "" if before.booked else REFUSED
    return Outcome(posting, before.status, key=before.key, note=before.note or note)


def _numbers(posting: Posting) -> str:
    return ", ".join(map(" ".join, posting.numbers))


def _not_found(posting: Posting, there: Found | None) -> Outcome:
    other = f"; what is there as {there.key} differs: {'; '.join(there.differences)}" if there else ""
    what = "still there" if posting.act == "delete" else f"not found by {_numbers(posting)}"
    note = (
        f"handed to Intacct's queue (control id {posting.control_id}) and {what}{other}. What became "
        "of it is told to the address of the policy. To learn it here, run the same records in the same scope without "
        "policy_id: what was carried out is found, and the rest is posted, or refused with the reason"
    )
    return Outcome(posting, "in_doubt", note=note)
