"""What a task has sent and posted, kept in Airflow's task state store for its later tries. Holds ids, never content.

The store survives a retry and a cleared task, for its rows belong to the DAG run; they go with the run. Where it is
missing (before Airflow 3.3, or emptied by `[state_store] clear_on_success`) nothing is known, and Intacct's own refusal
of a control id and the look-up by number have to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_intacct.client.posting import Known, Outcome, Posting, Sending, Settled

if TYPE_CHECKING:
    from airflow_provider_intacct.compat import TaskStateStore

INDEX = "intacct_posted"
ENTRIES_PER_KEY = 150
"""Airflow advises at most 64 KB for a value; an entry takes about 250 bytes."""

KEPT = timedelta.max
"""airflow.sdk.NEVER_EXPIRE. The default, 30 days, would forget before an accountant clears a task of last quarter."""


class PostedLedger:
    """The entries of one task instance, read once and written through. Give it to `client.post(tell=...)`.

    An entry is `[status, digest, key, label]` under its control id; the entries are spread over numbered keys of the
    store, and the key `intacct_posted` says how many there are.
    """

    def __init__(self, store: TaskStateStore | None) -> None:
        self._store = store
        self._parts: list[dict[str, list[str]]] = []
        if store is not None:
            count = int((store.get(INDEX) or {}).get("parts", 0))
            self._parts = [dict(store.get(f"{INDEX}_{number}") or {}) for number in range(count)]
        self._part_of = {name: number for number, part in enumerate(self._parts) for name in part}

    @property
    def known(self) -> Mapping[str, Known]:
        """What earlier tries left behind, by control id."""
        return {name: _read(entry) for part in self._parts for name, entry in part.items()}

    def tell(self, news: Sending | Settled) -> None:
        """Write down what is about to be sent, or what became of it. Returns when Airflow has it."""
        if isinstance(news, Sending):
            self._write([(each, ["sending", each.digest, "", each.label]) for each in news.postings])
        else:
            self._write([(each.posting, entry_of(each)) for each in news.outcomes])

    def _write(self, entries: Sequence[tuple[Posting, list[str]]]) -> None:
        if self._store is None:
            return
        before = len(self._parts)
        touched = set()
        for posting, entry in entries:
            number = self._place(posting.control_id)
            self._parts[number][posting.control_id] = entry
            touched.add(number)
        for number in sorted(touched):
            self._store.set(f"{INDEX}_{number}", self._parts[number], retention=KEPT)
        if len(self._parts) > before:
            # Last, so that the index never promises a part that a killed worker has not written.
            self._store.set(INDEX, {"parts": len(self._parts)}, retention=KEPT)

    def _place(self, control_id: str) -> int:
        if control_id not in self._part_of:
            if not self._parts or len(self._parts[-1]) >= ENTRIES_PER_KEY:
                self._parts.append({})
            self._part_of[control_id] = len(self._parts) - 1
        return self._part_of[control_id]


def entry_of(outcome: Outcome) -> list[str]:
    """Return what is kept of an outcome: the beginning of `Known`."""
    return [outcome.status, outcome.posting.digest, outcome.key, outcome.posting.label]


def _read(entry: Sequence[Any]) -> Known:
    status, digest, key, label = entry
    return Known(status, digest, key, label)
