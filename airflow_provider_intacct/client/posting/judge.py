"""What one reply says about each record it answers. Pure: the rules of design.md, "Writing", as one function.

What the reply leaves open gets no outcome, and is to be sent again; every reply decides one record at least.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from airflow_provider_intacct.client.errors import (
    AlreadyRecordedError,
    ErrorEntry,
    GatewayError,
    InProcessError,
    IntacctError,
    RecordNotFoundError,
    RolledBackError,
    ThrottledError,
    UnavailableError,
)
from airflow_provider_intacct.client.posting.existing import Found, can_be_found
from airflow_provider_intacct.client.posting.naming import named
from airflow_provider_intacct.client.posting.outcome import Outcome
from airflow_provider_intacct.client.posting.records import Posting
from airflow_provider_intacct.client.posting.resolving import RESOLVERS
from airflow_provider_intacct.client.xml.reply import Result

WRITTEN = frozenset({"create", "update", "upsert"})
"""Acts that bring what a record says."""

UNDONE = "undone with the transaction it was sent in; nothing is known to be wrong with it"
RUNNING = "an earlier try of it is still running in Intacct"
WITHOUT_NUMBER = (
    "Intacct has carried out this control id before, so it is booked once; but the record has no number or reference "
    "to look it up by, so nobody can tell whether with this content. Look at it in Intacct. A number of your own, or "
    "stamp_reference=True where there is a field for it, lets a later try tell"
)
BOOKED_WITH_IT = "it, or a record sent with it, was booked before, and it could not be looked up"
CONTRADICTION = "Intacct called it a success inside a transaction that it rolled back"


@dataclass(frozen=True, slots=True)
class Answer:
    """A record and the result that Intacct gave for it."""

    posting: Posting
    result: Result

    @property
    def error(self) -> GatewayError | None:
        """The refusal; None for a success."""
        return self.result.error

    @property
    def repeated(self) -> bool:
        """Whether it was refused because it was, or may have been, carried out before."""
        return isinstance(self.error, (AlreadyRecordedError, *RESOLVERS[self.posting.act].refusals))

    @property
    def undone(self) -> bool:
        """Whether it only shares the fate of another function of its transaction."""
        return isinstance(self.error, RolledBackError)

    @property
    def refused(self) -> bool:
        """Whether it was refused for itself."""
        return self.error is not None and not (self.repeated or self.undone or self.passing)

    @property
    def without_record(self) -> bool:
        """Whether it is a deletion that found no record, and so was not carried out before under its control id."""
        return self.posting.act == "delete" and isinstance(self.error, RecordNotFoundError)

    @property
    def passing(self) -> bool:
        """Whether it was refused for a reason that time mends."""
        return isinstance(self.error, InProcessError | ThrottledError | UnavailableError)


def judge(
    answers: Sequence[Answer],
    found: Mapping[str, Found],
    problem: IntacctError | None = None,
    *,
    atomic: bool,
) -> list[Outcome]:
    """Return the outcomes that a reply decides.

    `found`    what is in the company already of those not booked by this reply, by control id
    `problem`  why they could not be looked up
    """
    if all(answer.result.ok for answer in answers):
        return [_posted(answer) for answer in answers]
    decided = [
        _repeated(answer, found.get(answer.posting.control_id), problem) for answer in answers if answer.repeated
    ]
    decided += [
        already_posted(answer.posting, there)
        for answer in answers
        if (answer.undone or answer.refused) and (there := found.get(answer.posting.control_id)) and there.done
    ]
    settled = {outcome.posting.control_id for outcome in decided}
    decided += [_rejected(each) for each in answers if each.refused and each.posting.control_id not in settled]
    settled = {outcome.posting.control_id for outcome in decided}
    others = [answer for answer in answers if answer.posting.control_id not in settled]
    if not (atomic and any(answer.result.rolled_back for answer in answers)):
        # Each stands for itself. In a transaction too, if Intacct says nowhere that it was rolled back.
        if all(answer.passing for answer in answers):
            return [_bystander(answer) for answer in answers]  # and the gateway has waited for them already
        outcomes = [_posted(answer) for answer in others if answer.result.ok]
        return decided + outcomes + [_bystander(answer) for answer in others if answer.undone]
    if decided and problem is None and all(outcome.status != "rejected" for outcome in decided):
        return decided  # booked before: taken out, and the rest, which was rolled back with them, is sent again
    if any(isinstance(answer.error, InProcessError) for answer in others):
        return decided + [_running(answer) for answer in others]  # the earlier try may be about to book all of them
    booked_before = unexplained(answers) or any(isinstance(answer.error, AlreadyRecordedError) for answer in answers)
    return decided + [
        _perhaps_booked(answer)
        if booked_before and answer.undone and (problem is not None or not can_be_found(answer.posting))
        else _bystander(answer)
        for answer in others
    ]


def unexplained(answers: Sequence[Answer]) -> bool:
    """Return whether a transaction was rolled back and no function says why: one may have been a repetition."""
    return all(answer.undone for answer in answers)


def turned_away(answers: Sequence[Answer], *, atomic: bool) -> GatewayError | None:
    """Return the error of a reply that says only that Intacct was too busy, and so booked nothing; else None."""
    busy = [answer.error for answer in answers if isinstance(answer.error, ThrottledError | UnavailableError)]
    whole = all(answer.passing or (atomic and answer.undone) for answer in answers)
    running = any(isinstance(answer.error, InProcessError) for answer in answers)
    return busy[0] if busy and whole and not running else None


def already_posted(posting: Posting, found: Found) -> Outcome:
    """Return the outcome of a record that is in the company with the same content."""
    return Outcome(posting, "already_posted", key=found.key)


def in_doubt(posting: Posting, error: IntacctError) -> Outcome:
    """Return the outcome of a record that was sent and whose answer is lost."""
    errors = error.errors if isinstance(error, GatewayError) else ()
    return Outcome(posting, "in_doubt", errors=errors, note=_settling(posting, error.message))


def _posted(answer: Answer) -> Outcome:
    records = answer.result.records
    key = answer.result.key or (records[0].record_number if records else "")
    return Outcome(answer.posting, "posted", key=key)


def _rejected(answer: Answer) -> Outcome:
    posting, errors = answer.posting, _errors(answer)
    note = named(posting.record, posting.kind, errors) if posting.act in WRITTEN else ""
    return Outcome(posting, "rejected", errors=errors, note=note)


def _bystander(answer: Answer) -> Outcome:
    """Return the outcome of a record that was not booked, or not for certain, through no fault of its own."""
    if answer.result.ok:
        return Outcome(answer.posting, "in_doubt", note=_settling(answer.posting, CONTRADICTION))
    if isinstance(answer.error, InProcessError):
        return _running(answer)
    return Outcome(answer.posting, "rolled_back", errors=_errors(answer), note=UNDONE)


def _perhaps_booked(answer: Answer) -> Outcome:
    """Return the outcome of a record undone with one that was booked before, most likely together with it."""
    return Outcome(answer.posting, "in_doubt", errors=_errors(answer), note=_settling(answer.posting, BOOKED_WITH_IT))


def _running(answer: Answer) -> Outcome:
    """Return the outcome of a record whose earlier try has not ended yet."""
    return Outcome(answer.posting, "in_doubt", errors=_errors(answer), note=_settling(answer.posting, RUNNING))


def _repeated(answer: Answer, found: Found | None, problem: IntacctError | None) -> Outcome:
    posting = answer.posting
    if found is not None and not found.differences:
        return already_posted(posting, found)
    if found is not None:
        conflict = RESOLVERS[posting.act].conflict
        note = conflict.format(key=found.key, what="; ".join(found.differences))
        return Outcome(posting, "rejected", key=found.key, errors=_errors(answer), note=note)
    if problem is not None:
        note = _settling(posting, f"booked before, and looking it up failed: {problem.message}")
        return Outcome(posting, "in_doubt", errors=_errors(answer), note=note)
    if not isinstance(answer.error, AlreadyRecordedError):
        return _rejected(answer)
    if posting.by_content and not can_be_found(posting):
        return Outcome(posting, "already_posted", note="has no number or reference to look its key up by")
    if not can_be_found(posting):
        return Outcome(posting, "in_doubt", errors=_errors(answer), note=WITHOUT_NUMBER)
    note = (
        "Intacct has carried out this control id before, but the record cannot be found by "
        f"{_where(posting)}: it was deleted, it is in an entity this user does not see, or the user may not query "
        f"{posting.kind.object_name or 'it'}. If it shall be booked anew, give it another idempotency key"
    )
    return Outcome(posting, "in_doubt", errors=_errors(answer), note=note)


def _settling(posting: Posting, what: str) -> str:
    return (
        f"{what.rstrip('.')}. The same call settles it (control id {posting.control_id}); to see for yourself, "
        f"look for {_where(posting)} in Intacct"
    )


def _where(posting: Posting) -> str:
    return ", ".join([posting.kind.object_name or posting.kind.name, *map(" ".join, posting.numbers)])


def _errors(answer: Answer) -> tuple[ErrorEntry, ...]:
    return answer.error.errors if answer.error is not None else ()
