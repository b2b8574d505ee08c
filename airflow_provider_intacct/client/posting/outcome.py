"""What became of each record, and the errors that say so. Values only; nothing here sends or looks up."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from airflow_provider_intacct.client.errors import ErrorEntry, IntacctError, InvalidRequestError
from airflow_provider_intacct.client.posting.records import Posting

Status = Literal["posted", "already_posted", "rejected", "rolled_back", "in_doubt"]
"""posted          booked by this call
already_posted  booked before, with the same content; not booked again
rejected        refused by Intacct, or in conflict with what was booked before; not booked
rolled_back     not booked, though nothing is wrong with it: a neighbour was rejected, or it was not sent any more
in_doubt        sent, and nobody knows: the same call again settles it"""

BOOKED: frozenset[str] = frozenset({"posted", "already_posted"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one record.

    `key`       Intacct's record number, or the document id some legacy functions return; "" if not booked or not known
    `errors`    Intacct's error stack, the most specific first
    `note`      what to know or do, in a sentence; "" when there is nothing to add
    `state`     the state it is in, such as "Submitted"; "" where it has none or nobody asked
    """

    posting: Posting
    status: Status
    key: str = ""
    errors: tuple[ErrorEntry, ...] = ()
    note: str = ""
    state: str = ""

    @property
    def booked(self) -> bool:
        """Whether the record is known to be in the books."""
        return self.status in BOOKED

    @property
    def act(self) -> str:
        """What was done, or was to be: of an upsert that was carried out, which it came to, if that is known."""
        came_to = self.posting.act == "upsert" and self.status == "posted" and not self.posting.looked_up
        return self.posting.function.name if came_to else self.posting.act

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome as plain JSON values."""
        posting = self.posting
        return {
            "position": posting.position,
            "object": posting.kind.object_name or posting.kind.name,
            "act": self.act,
            "status": self.status,
            "key": self.key,
            "control_id": "" if posting.problem else posting.control_id,
            "reference": posting.reference,
            "natural_key": dict(posting.natural_key),
            "state": self.state,
            "errors": [
                {"errorno": entry.errorno, "text": entry.text, "correction": entry.correction} for entry in self.errors
            ],
            "note": self.note,
        }

    def __str__(self) -> str:
        words = [f"{self.posting.label}: {self.status}", *([f"key {self.key}"] if self.key else [])]
        words += [self.state] if self.state else []
        words += [self.note] if self.note else []
        words += [str(entry) for entry in self.errors]
        return "; ".join(words)


@dataclass(frozen=True, slots=True)
class Known:
    """What earlier tries of the same scope left behind about one control id."""

    status: Literal["sending"] | Status
    digest: str
    key: str = ""
    label: str = ""
    note: str = ""

    @property
    def booked(self) -> bool:
        """Whether the record is known to be in the books."""
        return self.status in BOOKED

    @property
    def settled(self) -> bool:
        """Whether the record is known not to be in the books, so that it may be changed or left out."""
        return self.status in ("rejected", "rolled_back")


@dataclass(frozen=True, slots=True)
class Sending:
    """Told just before these records are sent for the first time by this call."""

    postings: tuple[Posting, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """Told as soon as the outcome of these records is known."""

    outcomes: tuple[Outcome, ...]


class PostingError(IntacctError):
    """Not every record was posted. `outcomes` has one entry for each record of the call, in its order."""

    def __init__(self, message: str, outcomes: Sequence[Outcome] = ()) -> None:
        super().__init__(message)
        self.outcomes = tuple(outcomes)

    def _details(self) -> list[str]:
        telling = [outcome for outcome in self.outcomes if outcome.status in ("rejected", "in_doubt")]
        lines = [f"- {outcome}" for outcome in telling[:20]]
        more = [f"- and {len(telling) - 20} more"] if len(telling) > 20 else []
        return [*lines, *more, *super()._details()]


class RecordsRejectedError(PostingError):
    """Intacct refused at least one record. Sent again as they are, they are refused again."""

    advice = "mend the records named above and run again: what is posted stays posted, and is not posted twice."


class RecordsInDoubtError(PostingError):
    """The replies to these records were lost, so nobody knows whether they are booked. Another try settles it."""

    retryable = True
    in_doubt = True
    advice = (
        "run the same records again in the same scope (an Airflow retry or a cleared task does): the control ids are "
        "the same, so Intacct books each of them once at most. Do not post them by other means before that."
    )


class ChangedSincePostedError(InvalidRequestError):
    """A later try brings other content for a record that is posted, or no longer brings it. Nothing was sent."""

    advice = (
        "a person decides: correct the posted record in Intacct (reverse or edit it), or bring the same content again. "
        "To post the new content as a record of its own, give it another idempotency key."
    )


def raise_unless_posted(outcomes: Sequence[Outcome]) -> None:
    """Raise RecordsInDoubtError or RecordsRejectedError unless every record is in the books."""
    if all(outcome.booked for outcome in outcomes):
        return
    doubt = any(outcome.status == "in_doubt" for outcome in outcomes)
    kind = RecordsInDoubtError if doubt else RecordsRejectedError
    raise kind(f"Not everything was posted: {summary(outcomes)}.", outcomes)


def summary(outcomes: Sequence[Outcome]) -> str:
    """Return `3 posted, 1 already posted`, in the order of the statuses."""
    counts: Mapping[str, int] = Counter(outcome.status for outcome in outcomes)
    order = ("posted", "already_posted", "rejected", "rolled_back", "in_doubt")
    return ", ".join(f"{counts[status]} {status.replace('_', ' ')}" for status in order if counts[status]) or "none"
