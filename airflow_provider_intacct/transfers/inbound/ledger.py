"""What a load has sent and what became of it: the results beside its dead letters, which a later try goes by.

`results-000050.jsonl` holds a line for each record. Before a chunk of records goes out it is written down in
`_chunk-000051.jsonl`, with the state "sending", and again with the outcomes when they are known; every so many chunks
become a file of results. Numbers only grow, over all tries, so that of two lines of one record the later one counts.
A later try reads all of it into SQLite, not into memory.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_intacct.client.errors import InvalidRequestError
from airflow_provider_intacct.client.posting import Known, Outcome, Posting, Sending, Settled

if TYPE_CHECKING:
    from airflow_provider_intacct.transfers.folder import Folder

NAMES = re.compile(r"(?P<kind>_chunk|results)-(?P<number>\d{6})\.jsonl")
LINES_PER_FILE = 2000
SENDING = "sending"
SCHEMA = """
CREATE TABLE ledger (
    control_id TEXT PRIMARY KEY, digest TEXT, status TEXT, key TEXT, label TEXT, place TEXT, brought INTEGER DEFAULT 0
) WITHOUT ROWID
"""
MISSING = "FROM ledger WHERE brought = 0 AND status IN ('posted', 'already_posted', 'sending', 'in_doubt')"
"""What is, or may be, in the books, and is not brought. Whatever else it was may be changed, or left out."""

Line = dict[str, Any]
Place = Mapping[str, Any]


class Ledger:
    """The results of one task of one DAG run, over all its tries. `try_number` stands in each line."""

    def __init__(self, folder: Folder, database: sqlite3.Connection, try_number: int) -> None:
        self._folder, self._db, self._try = folder, database, try_number
        self._lines: list[Line] = []
        self._chunks: list[str] = []
        self._earlier: list[str] = []
        self._number = 0
        self._outdated = False
        self.known_before = 0
        database.execute(SCHEMA)

    def load(self) -> None:
        """Read what earlier tries have left."""
        names = [
            (found["number"], found["kind"], name) for name in self._folder.names() if (found := NAMES.fullmatch(name))
        ]
        for number, _, name in sorted(names):  # a chunk comes before the results that were made of it
            self._number = int(number)
            try:
                for line in _lines(self._folder.read(name)):
                    self._index(line, name)
            except (ValueError, LookupError, TypeError) as error:
                raise InvalidRequestError(
                    f"{self._folder.path / name}, in which an earlier try wrote down what it sent, cannot be read "
                    f"({error}). Bring it back as it was; or remove the whole folder, then all is looked up in Intacct "
                    "before it is sent. Nothing was sent."
                ) from error
            self._earlier.append(name)
        self.known_before = self._db.execute("SELECT count(*) FROM ledger").fetchone()[0]

    def known(self, postings: Iterable[Posting]) -> dict[str, Known]:
        """Return what earlier tries left behind of these records."""
        if not self.known_before:
            return {}
        found = ((posting.control_id, self.brought(posting.control_id)) for posting in postings)
        return {control_id: before for control_id, before in found if before}

    def brought(self, control_id: str) -> Known | None:
        """Return what earlier tries left behind of a record, and note that this one brings it too."""
        if not self.known_before:
            return None
        found = self._db.execute(
            "UPDATE ledger SET brought = 1 WHERE control_id = ? RETURNING status, digest, key, label", (control_id,)
        ).fetchone()
        return Known(*found) if found else None

    def missing(self, most: int) -> tuple[dict[str, Known], int]:
        """Return what is, or may be, booked and is not brought any more: the first of them, and how many there are."""
        count = self._db.execute(f"SELECT count(*) {MISSING}").fetchone()[0]
        found = self._db.execute(f"SELECT control_id, status, digest, key, label {MISSING} LIMIT ?", (most,))
        return {control_id: Known(*rest) for control_id, *rest in found}, count

    def add(self, line: Line) -> None:
        """Write down a record that was not sent."""
        self._lines.append({**line, "try_number": self._try})
        self._write_if_full()

    def chunk(self, places: Mapping[str, Place]) -> Chunk:
        """Return what writes down the records of one chunk, which stand where `places` says, by control id."""
        self._number += 1
        return Chunk(self, f"_chunk-{self._number:06d}.jsonl", places)

    def write(self, name: str, lines: Sequence[Line]) -> None:
        """Write the state of a chunk."""
        self._folder.put(name, _encoded(lines))

    def keep(self, name: str, lines: Iterable[Line]) -> None:
        """Take over the lines of a chunk that has been settled."""
        self._chunks.append(name)
        for line in lines:
            if self.known_before:
                self._db.execute("UPDATE ledger SET place = '' WHERE control_id = ?", (line["control_id"],))
            self._lines.append(line)
        self._write_if_full()

    def line(self, posting: Posting, place: Place, told: Mapping[str, Any]) -> Line:
        """Return the line of a record."""
        return {
            "status": "",
            **place,
            "object": posting.kind.object_name or posting.kind.name,
            "act": posting.act,
            **told,
            "control_id": posting.control_id,
            "digest": posting.digest,
            "try_number": self._try,
        }

    def outdate(self) -> None:
        """Note that this try has brought all its records: earlier lines of those refused or left out are stale."""
        self._outdated = True

    def close(self) -> list[str]:
        """Write what is left, drop what later lines say anew, and return the names of the files of results.

        What earlier tries have sent, and this one has not come to, stays as they wrote it.
        """
        self._write()
        for name in self._earlier:
            self._keep_valid(name)
        return [name for name in self._folder.names() if name.startswith("results-")]

    def _write_if_full(self) -> None:
        if len(self._lines) >= LINES_PER_FILE:
            self._write()

    def _write(self) -> None:
        """Make a file of results of the settled chunks, and only then remove theirs."""
        if not self._lines:
            return
        if not self._chunks:
            self._number += 1
        last = self._chunks[-1] if self._chunks else f"_chunk-{self._number:06d}.jsonl"
        self._folder.put(last.replace("_chunk-", "results-"), _encoded(self._lines))
        for name in self._chunks:
            self._folder.remove(name)
        self._lines, self._chunks = [], []

    def _index(self, line: Line, place: str) -> None:
        if not line["control_id"]:
            return
        self._db.execute(
            "INSERT INTO ledger (control_id, digest, status, key, label, place) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET digest = excluded.digest, status = excluded.status, key = excluded.key, "
            "label = excluded.label, place = excluded.place",
            (line["control_id"], line["digest"], line["status"], line["key"], _label(line), place),
        )

    def _keep_valid(self, name: str) -> None:
        """Leave in an earlier try's file what no later line says anew; a settled chunk's becomes one of results."""
        before = list(_lines(self._folder.read(name)))
        kept = [line for line in before if self._is_valid(line, name)]
        place = name.replace("_chunk-", "results-") if _settled(kept) else name
        if len(kept) == len(before) and place == name:
            return
        if kept:
            self._folder.put(place, _encoded(kept))
        if not kept or place != name:
            self._folder.remove(name)

    def _is_valid(self, line: Line, name: str) -> bool:
        if not line["control_id"]:
            return not self._outdated
        found = self._db.execute(
            "SELECT place = ? AND (brought OR NOT ?) FROM ledger WHERE control_id = ?",
            (name, self._outdated, line["control_id"]),
        ).fetchone()
        return found is None or bool(found[0])


class Chunk:
    """The records of one call of `client.post`: give it `tell`, and `settle` what came of it."""

    def __init__(self, ledger: Ledger, name: str, places: Mapping[str, Place]) -> None:
        self._ledger, self._name, self._places = ledger, name, places
        self._lines: dict[str, Line] = {}
        self._told: dict[str, Outcome] = {}

    @property
    def told(self) -> list[Outcome]:
        """What is known so far."""
        return list(self._told.values())

    def tell(self, news: Sending | Settled) -> None:
        """Write down what is about to be sent, or what became of it. Returns when it is on the disk."""
        if isinstance(news, Sending):
            for posting in news.postings:
                told = {"status": SENDING, "key": "", "natural_key": dict(posting.natural_key), "errors": []}
                self._lines[posting.control_id] = self._line(posting, told)
        else:
            self._take(news.outcomes)
        self._ledger.write(self._name, list(self._lines.values()))

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Take the outcomes over into the results, unless there are records that were sent and have none."""
        self._take(outcomes)
        if _settled(self._lines.values()):
            self._ledger.keep(self._name, self._lines.values())

    def _take(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            told = outcome.as_dict()
            del told["position"]
            self._told[outcome.posting.control_id] = outcome
            self._lines[outcome.posting.control_id] = self._line(outcome.posting, told)

    def _line(self, posting: Posting, told: Mapping[str, Any]) -> Line:
        return self._ledger.line(posting, self._places[posting.control_id], told)


def _settled(lines: Iterable[Line]) -> bool:
    return all(line["status"] != SENDING for line in lines)


def _encoded(lines: Iterable[Line]) -> bytes:
    return b"".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for line in lines)


def _lines(content: bytes | None) -> Iterator[Line]:
    for line in (content or b"").splitlines():
        found: Line = json.loads(line)
        yield found


def _label(line: Line) -> str:
    numbers = " ".join(f"{name} {value}" for name, value in (line.get("natural_key") or {}).items())
    rows = f", rows {line['rows']}" if line.get("rows") else ""
    return f"{line['file']}{rows} ({' '.join(filter(None, [line['object'], numbers]))})"
