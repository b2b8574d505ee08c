"""Post prepared records, each once at most, and learn what became of each. One flow, without I/O of its own.

What makes it safe: every function carries the control id of its record and every request uniqueid=true, so Intacct
refuses what it has carried out before, whoever asks and however often. The gateway below sends a request again when its
reply is lost; here the refusals of such a second try are resolved to the records that the first one booked.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from airflow_provider_intacct.client.errors import IntacctError
from airflow_provider_intacct.client.flows import Flow
from airflow_provider_intacct.client.posting.existing import Execute, Found, can_be_found
from airflow_provider_intacct.client.posting.judge import (
    Answer,
    already_posted,
    in_doubt,
    judge,
    turned_away,
    unexplained,
)
from airflow_provider_intacct.client.posting.outcome import (
    ChangedSincePostedError,
    Known,
    Outcome,
    Sending,
    Settled,
    summary,
)
from airflow_provider_intacct.client.posting.records import Posting
from airflow_provider_intacct.client.posting.resolving import find
from airflow_provider_intacct.client.posting.upserts import comparable, decided, turned
from airflow_provider_intacct.client.xml.elements import length, write
from airflow_provider_intacct.client.xml.functions import MAX_RECORDS

MAX_BYTES = 400_000
"""Of records in one request. Intacct's own limit is 500,000 characters for an asynchronous request; it gives none for
a synchronous one. Source: developer.intacct.com, Web Services > Synchronous and asynchronous."""

CHANGED = "What an earlier try posted is not what this one brings. Nothing was sent."
ACKNOWLEDGED = "acknowledged by Intacct, which carries it out later; it is looked up until it is found"
TURNED_AWAY = "the request it was in was turned away as a whole, so nothing of it was carried out"
SENT_BEFORE = "an earlier try sent it, and what became of that is not known; now it cannot be sent again"
NOT_SENT = "not sent: an earlier record of this call was not posted"
TOO_MANY = "not sent: more than {most} records of this call were rejected"


def post(
    execute: Execute,
    postings: Sequence[Posting],
    *,
    atomic: bool = True,
    look_first: bool = False,
    stop_at_rejection: bool = True,
    max_rejects: int | None = None,
    known: Mapping[str, Known] | None = None,
    tell: Callable[[Sending | Settled], None] | None = None,
) -> Flow[list[Outcome]]:
    """Flow: post the records and return one outcome for each, in their order.

    `atomic`             each request (100 records at most) is one transaction: all of it is booked or nothing
    `look_first`         an earlier try may have sent these, so look them up before sending anything
    `stop_at_rejection`  send no further request after one that was not booked entirely; if not, what was rolled back
                         with a rejected record is sent again without that one
    `max_rejects`        send no further request once more records than this are rejected
    `known`              what earlier tries left behind, by control id
    `tell`               called with `Sending` before records go out and with `Settled` when their outcome is known, so
                         that the caller can write both down

    Raises ChangedSincePostedError before anything is sent if what is posted has changed; raises what the
    gateway raises (sign-in, schema, network) when a request certainly was not carried out.
    """
    known, tell = known or {}, tell or _say_nothing
    yield from refuse_changes(execute, postings, known)
    outcomes = {
        posting.control_id: Outcome(posting, "already_posted", key=before.key)
        for posting in postings
        if (before := known.get(posting.control_id)) and before.booked
    }
    outcomes |= {each.control_id: Outcome(each, "rejected", note=each.problem) for each in postings if each.problem}
    doubtful = [
        posting
        for posting in postings
        if posting.control_id not in outcomes and (look_first or _unsettled(known.get(posting.control_id)))
    ]
    if doubtful:
        booked = yield from _booked_already(execute, doubtful, list(outcomes.values()))
        if booked:
            outcomes |= {outcome.posting.control_id: outcome for outcome in booked}
            tell(Settled(tuple(booked)))
    updated = [each for each in outcomes.values() if each.booked and each.key and each.posting.act == "update"]
    pending = [posting for posting in postings if posting.control_id not in outcomes]
    pending = comparable(pending, [outcome.posting for outcome in updated])
    new = {
        posting.control_id
        for posting in pending
        if not _unsettled(known.get(posting.control_id)) and (not look_first or can_be_found(posting))
    }
    if updated or any(posting.looked_up or posting.unless_same for posting in pending):
        pending, settled = yield from decided(execute, pending, updated)
        settled = [
            _still_in_doubt(each)
            if each.status == "rejected" and _unsettled(known.get(each.posting.control_id))
            else each
            for each in settled
        ]
        outcomes |= {outcome.posting.control_id: outcome for outcome in settled}
        if settled:
            tell(Settled(tuple(settled)))

    def stopped() -> str:
        return _stopped(outcomes.values(), stop_at_rejection, max_rejects)

    for batch in batches(pending):
        if why := stopped():
            outcomes |= {posting.control_id: Outcome(posting, "rolled_back", note=why) for posting in batch}
            continue
        try:
            yield from _post_batch(execute, batch, outcomes, new, atomic=atomic, stopped=stopped, tell=tell)
        except IntacctError as error:
            if outcomes:
                error.add_note(f"Before this error: {summary(list(outcomes.values()))}.")
            raise
    return [outcomes[posting.control_id] for posting in postings]


def _stopped(outcomes: Collection[Outcome], stop_at_rejection: bool, max_rejects: int | None) -> str:
    """Return why nothing more is to be sent, or ""."""
    if stop_at_rejection:
        return "" if all(outcome.booked for outcome in outcomes) else NOT_SENT
    rejected = sum(outcome.status == "rejected" for outcome in outcomes)
    return TOO_MANY.format(most=max_rejects) if max_rejects is not None and rejected > max_rejects else ""


def _say_nothing(_: Sending | Settled) -> None:
    """Nobody keeps what the flow has to tell."""


def _unsettled(before: Known | None) -> bool:
    return before is not None and not before.settled


def _still_in_doubt(outcome: Outcome) -> Outcome:
    """Return the outcome of a record that cannot be sent now, and that an earlier try may have written."""
    return replace(outcome, status="in_doubt", note=f"{SENT_BEFORE}: {outcome.note}")


def refuse_changes(execute: Execute, postings: Sequence[Posting], known: Mapping[str, Known]) -> Flow[None]:
    """Flow: raise if a posting that is, or may be, booked says something else now, or is not brought any more."""
    brought = {posting.control_id for posting in postings}
    missing = {name: before for name, before in known.items() if name not in brought and not before.settled}
    changed = [
        posting
        for posting in postings
        if (before := known.get(posting.control_id)) and not before.settled and before.digest != posting.digest
    ]
    if not missing and not changed:
        return
    found = (yield from find(execute, changed)) if changed else {}
    lines = [f"- {_change(posting, known[posting.control_id], found)}" for posting in changed]
    lines += [f"- {_absence(name, before)}" for name, before in list(missing.items())[:20]]
    lines += [f"- and {len(missing) - 20} more"] if len(missing) > 20 else []
    raise ChangedSincePostedError(f"{CHANGED}\n" + "\n".join(lines))


def _booked_already(execute: Execute, postings: Sequence[Posting], known: Sequence[Outcome]) -> Flow[list[Outcome]]:
    """Flow: those of the records that are in the company; raise if one carries our stamp and says something else.

    Other content under a number that the author gave is left to Intacct: it may be another record of that number. So
    are equal journal entries of one number of which fewer are there: Intacct knows them by their control ids.
    """
    found = yield from find(execute, postings)
    lines = [
        f"- {posting.label} is posted as {there.key} (control id {posting.control_id}); "
        f"different: {'; '.join(there.differences)}"
        for posting in postings
        if posting.reference and (there := found.get(posting.control_id)) and there.differences
    ]
    if lines:
        raise ChangedSincePostedError(f"{CHANGED}\n" + "\n".join(lines))
    taken = {(outcome.posting.kind.object_name, outcome.key) for outcome in known if outcome.booked}
    done = {name: there for name, there in found.items() if there.done}
    short = {posting.digest for posting in postings if _may_have_equals(posting) and posting.control_id not in done}
    return [
        already_posted(posting, there)
        for posting in postings
        if (there := done.get(posting.control_id))
        and not (
            _may_have_equals(posting) and (posting.digest in short or (posting.kind.object_name, there.key) in taken)
        )
    ]


def _may_have_equals(posting: Posting) -> bool:
    """Whether another record may be the same but for its idempotency key: a journal entry that we have not stamped."""
    return posting.act == "create" and posting.kind.journal and not posting.reference


def _change(posting: Posting, before: Known, found: Mapping[str, Found]) -> str:
    there = found.get(posting.control_id)
    state = f"was {before.status.replace('_', ' ')}" if before.status != "sending" else "was sent"
    key = (there.key if there else "") or before.key
    what = "; ".join(there.differences) if there and there.differences else "its content"
    return f"{posting.label} {state}{f' as {key}' if key else ''} (control id {posting.control_id}); different: {what}"


def _absence(name: str, before: Known) -> str:
    state = {"sending": "was sent and its reply is not known", "in_doubt": "is in doubt"}.get(
        before.status, "is posted"
    )
    return f"{before.label} {state}{f' as {before.key}' if before.key else ''} (control id {name}), and is missing now"


def batches(postings: Sequence[Posting]) -> Iterator[list[Posting]]:
    """Yield the records of one request after another: 100 at most, and not too many bytes.

    What is bound to the record before it goes with that.
    """
    batch: list[Posting] = []
    size = 0
    for several in _bound(postings):
        own = sum(map(_characters, several))
        if batch and (len(batch) + len(several) > MAX_RECORDS or size + own > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch += several
        size += own
    if batch:
        yield batch


def _bound(postings: Sequence[Posting]) -> Iterator[list[Posting]]:
    """Yield the records that must go in one request, one after another; most are alone."""
    together: list[Posting] = []
    for posting in postings:
        if together and posting.bound_to != together[-1].control_id:
            yield together
            together = []
        together.append(posting)
    if together:
        yield together


def _characters(posting: Posting) -> int:
    element = posting.function.element
    return length(element) if posting.kind.listed else len(write(element))  # files are not read for this


def _post_batch(
    execute: Execute,
    batch: Sequence[Posting],
    outcomes: dict[str, Outcome],
    new: Collection[str],
    *,
    atomic: bool,
    stopped: Callable[[], str],
    tell: Callable[[Sending | Settled], None],
) -> Flow[None]:
    """Flow: post the records of one request, with as many requests as it takes to know what became of each.

    They are added to `outcomes` as they become known, so that they are not lost should a later request fail. `new` are
    the control ids that no earlier try has left open: of those a request that is turned away has booked nothing.
    """

    def settle(decided: Sequence[Outcome]) -> None:
        outcomes.update((outcome.posting.control_id, outcome) for outcome in decided)
        if decided:
            tell(Settled(tuple(decided)))

    pending = list(batch)
    unanswered: Collection[str] = new
    tell(Sending(tuple(pending)))
    while pending:
        together = atomic and len(pending) > 1  # by itself, what is refused is answered in plainer words
        try:
            reply = yield from execute([posting.function for posting in pending], atomic=together, unique=True)
        except IntacctError as failure:
            if not failure.in_doubt:
                _tell_turned_away(pending, unanswered, tell)
                raise
            settle([in_doubt(posting, failure) for posting in pending])
            break
        if reply.acknowledged:  # by an asynchronous policy: carried out later, if at all
            settle([Outcome(posting, "in_doubt", note=ACKNOWLEDGED) for posting in pending])
            break
        answers = [Answer(posting, result) for posting, result in zip(pending, reply.results, strict=True)]
        if busy := turned_away(answers, atomic=together):
            if not reply.in_doubt:
                _tell_turned_away(pending, unanswered, tell)
                raise busy
            settle([in_doubt(posting, busy) for posting in pending])  # an attempt before may have been carried out
            break
        unanswered = ()
        other = yield from turned(execute, answers)
        if not (other and together and any(answer.result.rolled_back for answer in answers)):
            answers = [answer for answer in answers if answer.posting.control_id not in other]
            found, problem = yield from _find_repeated(execute, answers, doubt=reply.in_doubt)
            news = judge(answers, found, problem, atomic=together)
            undone = [outcome for outcome in news if outcome.status == "rolled_back"]
            settle([outcome for outcome in news if outcome.status != "rolled_back"])
            rejected = {outcome.posting.control_id for outcome in news if outcome.status == "rejected"}
            if rejected and not stopped():  # the others are sent again without them
                undone = [outcome for outcome in undone if _goes_with(outcome.posting, rejected, batch)]
            settle(undone)
        pending = [other.get(each.control_id, each) for each in pending if each.control_id not in outcomes]


def _goes_with(posting: Posting, rejected: Collection[str], batch: Sequence[Posting]) -> bool:
    """Whether the posting is bound to one that was rejected, or one that was rejected to it."""
    bound = {each.bound_to for each in batch if each.control_id in rejected}
    return posting.control_id in bound or posting.bound_to in rejected


def _tell_turned_away(
    pending: Sequence[Posting], unanswered: Collection[str], tell: Callable[[Sending | Settled], None]
) -> None:
    """Tell that those are not booked which no request before this one held: they may be mended and sent anew."""
    new = [posting for posting in pending if posting.control_id in unanswered]
    if new:
        tell(Settled(tuple(Outcome(posting, "rolled_back", note=TURNED_AWAY) for posting in new)))


def _find_repeated(
    execute: Execute, answers: Sequence[Answer], *, doubt: bool
) -> Flow[tuple[dict[str, Found], IntacctError | None]]:
    """Flow: if any may have been refused as a repetition, what exists already of those not booked; or why no one knows.

    What was rolled back together with a repetition was most likely booked together with it too. A repetition may be
    hidden: in a transaction that was rolled back for no reason given, and, with an earlier reply of this call lost
    (`doubt`), behind any refusal but one: that there is no record to delete, for the control id is looked at before.
    """
    if not (doubt or unexplained(answers) or any(answer.repeated for answer in answers)):
        return {}, None
    suspects = [
        each.posting
        for each in sorted(answers, key=lambda each: not each.repeated)  # what is found belongs to those first
        if each.repeated or each.undone or (doubt and each.refused and not each.without_record)
    ]
    try:
        return (yield from find(execute, suspects)), None
    except IntacctError as error:
        return {}, error  # they are in doubt then, which must not be lost behind the failure of a query
