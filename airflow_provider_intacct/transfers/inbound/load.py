"""One load: what is wrong is told before anything is sent, the rest is posted in chunks that a later try knows of.

The order in which things happen, and nothing else: rows wait in `spool`, `recording` makes postings of them, `ledger`
writes down what is sent, the client posts.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_provider_intacct.client.checking import errors
from airflow_provider_intacct.client.errors import InvalidRecordError
from airflow_provider_intacct.client.posting import (
    ChangedSincePostedError,
    Known,
    Outcome,
    Posting,
    RecordsRejectedError,
    raise_unless_posted,
)
from airflow_provider_intacct.client.xml.functions import MAX_RECORDS
from airflow_provider_intacct.transfers.inbound.mapping import RowsError
from airflow_provider_intacct.transfers.inbound.rows import RECORD, ranges
from airflow_provider_intacct.transfers.inbound.spool import Group

if TYPE_CHECKING:
    from airflow_provider_intacct.client import IntacctClient
    from airflow_provider_intacct.transfers.inbound.ledger import Chunk, Ledger, Place
    from airflow_provider_intacct.transfers.inbound.recording import Recorder
    from airflow_provider_intacct.transfers.inbound.spool import Spool

log = logging.getLogger(__name__)

Item = TypeVar("Item")

LOOKED_AT = 1000
"""Records that are checked against the company at a time: each number of them costs the same few queries."""

TOLD = 20
"""How many of what is wrong an exception names; the results and the dead letters have all."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a load goes about it; see IntacctLoadingOperator."""

    collect: bool = False
    atomic: bool = False
    max_rejects: int | None = None


class Load:
    """The records of a spool, to be posted once each. `counts` has their number by outcome.

    `look_first`: an earlier try may have posted some, and nothing is known of it. What another run may have posted is
    looked up in any case.
    """

    def __init__(
        self, spool: Spool, recorder: Recorder, ledger: Ledger, manner: Manner, *, look_first: bool = False
    ) -> None:
        self._spool, self._recorder, self._ledger, self._manner = spool, recorder, ledger, manner
        self._look_first = look_first
        self.counts: Counter[str] = Counter()
        self.refused = 0
        self._booked_before = 0

    def check(self, client: IntacctClient) -> None:
        """Look at every record before any is sent.

        Raises ChangedSincePostedError if what an earlier try posted has changed or is missing, and InvalidRecordError
        if records cannot be posted and that is not to be collected.
        """
        changed: dict[str, tuple[Posting, Known]] = {}
        for group in self._spool.groups():
            posting = None if group.problem else self._checked(group)
            before = self._ledger.brought(posting.control_id) if posting else None
            if posting and before and not before.settled and before.digest != posting.digest and len(changed) < TOLD:
                changed[posting.control_id] = (posting, before)
        missing, more = self._ledger.missing(TOLD)
        if changed or missing:
            self._refuse_changes(client, changed, missing, more)
        self._tell_refused()

    def look(self, client: IntacctClient) -> None:
        """Check what would be posted against the company, and post nothing of it.

        Raises InvalidRecordError if records would be refused and that is not to be collected.
        """
        first: list[str] = []
        count = 0
        for chunk in _chunks(self._to_post(), LOOKED_AT):
            found = client.check([posting for _, posting in chunk])
            for problem in found:
                if problem.level == "unknown":
                    log.warning("%s", problem)
            wrong: dict[int, list[str]] = {}
            for problem in errors(found):
                wrong.setdefault(problem.position, []).append(problem.words)
            for group, posting in chunk:
                if problems := wrong.get(posting.position):
                    self._refuse(group, "; ".join(problems))
                    count += 1
                    if count <= TOLD:
                        first.append(f"- {group.where}: {'; '.join(problems)}")
        self.counts["refused"] = self.refused
        if first and not self._manner.collect:
            more = [f"- and {count - TOLD} more, in the results"] if count > TOLD else []
            told = "\n".join([*first, *more])
            raise InvalidRecordError(f"{count:,} records would be refused. Nothing was sent.\n{told}")
        self._stop_at_too_many()

    def _refuse(self, group: Group, problem: str) -> None:
        self._spool.mark(group.id, "rejected", problem)
        self._ledger.add(_refused(group.file, group.numbers, problem))
        self.refused += 1

    def post(self, client: IntacctClient) -> None:
        """Post what is left to post. Raises PostingError, and what the gateway raises."""
        self._stop_at_too_many()
        try:
            with closing(_ahead(_chunks(self._to_post(), MAX_RECORDS))) as chunks:
                for chunk in chunks:
                    self._post(client, chunk)
        finally:
            self.counts["already_posted"] += self._booked_before

    def _checked(self, group: Group) -> Posting | None:
        """Return the posting of a record; None if it cannot be posted, which is noted."""
        try:
            posting = self._recorder.posting(group, lambda content: self._spool.ordinal(group.id, content))
        except RowsError as error:
            self._spool.mark(group.id, "rejected", str(error))
            return None
        other = self._spool.claim(group.id, posting.control_id, posting.digest)
        if other is None:
            return posting
        first, digest = other
        how = "with the same content" if digest == posting.digest else "with different content"
        advice = f"Give each its own number, or leave one out{f', or empty {RECORD} in one' if group.letter else ''}"
        same = f"one and the same record {how}: both are {posting.identity!r}. {advice}"
        self._spool.mark(group.id, "rejected", f"{self._spool.where(first)} and this are {same}")
        if digest != posting.digest:  # nobody can tell which of them is meant
            self._spool.mark(first, "rejected", f"{group.where} and this are {same}")
        return posting

    def _refuse_changes(
        self, client: IntacctClient, changed: dict[str, tuple[Posting, Known]], missing: dict[str, Known], more: int
    ) -> None:
        """Raise ChangedSincePostedError; the client knows to say what differs."""
        places = [f"{name} stands in {self._spool.where(posting.position)}" for name, (posting, _) in changed.items()]
        try:
            client.post(
                [posting for posting, _ in changed.values()],
                known={**{name: before for name, (_, before) in changed.items()}, **missing},
            )
        except ChangedSincePostedError as error:
            for place in places:
                error.add_note(f"Control id {place}.")
            if more > len(missing):
                error.add_note(f"{more:,} records that are, or may be, posted are missing in all.")
            raise

    def _tell_refused(self) -> None:
        """Write down what cannot be posted; raise if that is not to be collected."""
        first: list[str] = []
        for group in self._spool.groups(unbooked=True):
            self._ledger.add(_refused(group.file, group.numbers, group.problem))
            self.refused += 1
            if len(first) < TOLD:
                first.append(f"- {group.where}: {group.problem}")
        for name, problem in self._spool.refused_files():
            self._ledger.add(_refused(name, (), problem))
            self.refused += 1
            first.insert(0, f"- {problem}")
        self._ledger.outdate()
        self.counts["refused"] = self.refused
        if first and not self._manner.collect:
            count = f"{self.refused:,} of {self._spool.count():,} records" if self._spool.count() else "The source"
            more = [f"- and {self.refused - TOLD} more, in the results"] if self.refused > TOLD else []
            raise InvalidRecordError("\n".join([f"{count} cannot be posted. Nothing was sent.", *first[:TOLD], *more]))

    def _to_post(self) -> Iterator[tuple[Group, Posting]]:
        """Yield what is not booked yet, as far as is known here."""
        for group in self._spool.groups():
            if group.problem:
                continue
            before = self._ledger.brought(group.control_id or "")
            if before and before.booked:
                self._booked_before += 1
                continue
            posting = self._recorder.posting(group, lambda _, group=group: group.ordinal)  # type: ignore[misc]
            if posting.digest != group.digest:
                raise InvalidRecordError(
                    f"{group.where}: record(rows) made another record of the same rows the second time. It must not "
                    "depend on anything else, such as the time of day."
                )
            yield group, posting

    def _post(self, client: IntacctClient, chunk: Sequence[tuple[Group, Posting]]) -> None:
        """Post one chunk, written down before and after."""
        postings = [posting for _, posting in chunk]
        groups = {posting.control_id: group for group, posting in chunk}
        record = self._ledger.chunk({name: place(group.file, group.numbers) for name, group in groups.items()})
        look_first = self._look_first or any(each.act == "create" and not each.by_content for each in postings)
        outcomes: list[Outcome] | None = None
        try:
            outcomes = self._outcomes(client, postings, record.tell, look_first=look_first)
        finally:  # before one of its requests failed, another may have been carried out
            self._settle(record, record.told if outcomes is None else outcomes, groups)
        if any(outcome.status == "in_doubt" for outcome in outcomes) or not self._manner.collect:
            raise_unless_posted(outcomes)
        self._stop_at_too_many(outcomes)

    def _settle(self, record: Chunk, outcomes: Sequence[Outcome], groups: Mapping[str, Group]) -> None:
        """Write down, count and note what became of records of a chunk."""
        record.settle(outcomes)
        for outcome in outcomes:
            self.counts[outcome.status] += 1
            if not outcome.booked:
                self._spool.mark(groups[outcome.posting.control_id].id, outcome.status, _why(outcome))

    def _outcomes(
        self, client: IntacctClient, postings: Sequence[Posting], tell: Any, *, look_first: bool
    ) -> list[Outcome]:
        """Post, and where rejected records are collected, post those too that stand beside one that has changed."""
        try:
            return client.post(
                postings,
                atomic=self._manner.atomic,
                look_first=look_first,
                stop_at_rejection=not self._manner.collect,
                known=self._ledger.known(postings),
                tell=tell,
            )
        except ChangedSincePostedError as error:
            return self._without_changed(client, postings, tell, error)

    def _without_changed(
        self, client: IntacctClient, postings: Sequence[Posting], tell: Any, error: ChangedSincePostedError
    ) -> list[Outcome]:
        """Another run posted one of them with other content: find it by halves, and post the others."""
        if not self._manner.collect:
            raise error
        if len(postings) == 1:
            return [Outcome(postings[0], "rejected", note=" ".join(error.message.split()))]
        half = len(postings) // 2
        parts = (postings[:half], postings[half:])
        return [outcome for part in parts for outcome in self._outcomes(client, part, tell, look_first=True)]

    def _stop_at_too_many(self, outcomes: Sequence[Outcome] = ()) -> None:
        """Raise RecordsRejectedError if more records were rejected than the author allows; `outcomes` of those sent."""
        most, rejected = self._manner.max_rejects, self.refused + self.counts["rejected"]
        if most is not None and rejected > most:
            sent = "What is posted stays posted" if outcomes else "Nothing was sent"
            raise RecordsRejectedError(f"{rejected:,} records were rejected, max_rejects={most}. {sent}.", outcomes)


def _ahead(items: Iterator[Item]) -> Generator[Item, None, None]:
    """Yield the items, and have the next one made while this one is posted: meanwhile there is but to wait.

    Where SQLite is not built to be shared by threads, each is made in its turn.
    """
    if sqlite3.threadsafety < 3:
        yield from items
        return
    with ThreadPoolExecutor(1, thread_name_prefix="intacct-load") as thread:
        coming = thread.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, items, None)
            yield item


def _chunks(found: Iterator[tuple[Group, Posting]], size: int) -> Iterator[list[tuple[Group, Posting]]]:
    while chunk := list(islice(found, size)):
        yield chunk


def place(file: str, numbers: Sequence[int]) -> Place:
    """Return where a record stands, for its line of the results."""
    return {"file": file, "row": numbers[0] if numbers else None, "rows": ranges(numbers)}


def _refused(file: str, numbers: Sequence[int], problem: str) -> dict[str, Any]:
    """Return the line of a record, or a file, that cannot be posted."""
    return {
        "status": "rejected",
        **place(file, numbers),
        "object": "",
        "act": "",
        "key": "",
        "natural_key": {},
        "reference": "",
        "state": "",
        "errors": [{"errorno": "", "text": problem, "correction": ""}],
        "note": "not sent",
        "control_id": "",
        "digest": "",
    }


def _why(outcome: Outcome) -> str:
    return "; ".join([*map(str, outcome.errors), *([outcome.note] if outcome.note else [])])
