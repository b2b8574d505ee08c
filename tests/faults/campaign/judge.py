"""Whether what a try reported is what the books say. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.faults.campaign.cases import Case
from tests.faults.campaign.ledger import Books
from tests.faults.campaign.tries import Died, Ended, Raised, Returned

BOOKED = ("posted", "already_posted")
STATUSES = {"sending": "in_doubt", "refused": "rejected"}
"""How a load calls what is still under way, and what it did not send."""

NOTHING_SENT = "Nothing was sent."


@dataclass(frozen=True, slots=True)
class Brought:
    """The records of a try. `order` has, for each, its place among the records of its business event."""

    event: int
    records: list[dict[str, Any]]
    order: list[int]
    brings: str


@dataclass(frozen=True, slots=True)
class Golden:
    """The books after tries that nothing disturbed, and the row of each record: object and content."""

    books: Books
    rows: dict[tuple[int, int], tuple[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Told:
    """What a try says of one record."""

    status: str
    key: str
    object: str = ""


def told(ended: Ended) -> list[Told]:
    """Return what a try said of its records, wherever it said it; nothing if it did not come to that."""
    value = (
        ended.value
        if isinstance(ended, Returned)
        else ended.pushed.get("outcomes")
        if isinstance(ended, Raised)
        else None
    )
    if isinstance(value, dict):
        records = value.get("records") or [{}]
        key = value.get("key") or records[0].get("RECORDNO") or ""
        return [Told({"success": "posted", "already_done": "already_posted"}[value["status"]], key)]
    return [Told(STATUSES.get(each["status"], each["status"]), each["key"], each["object"]) for each in value or []]


def complaints_about(
    case: Case, ended: Ended, brought: Brought, golden: Golden, *, before: Books | None, after: Books, struck: bool
) -> list[str]:
    """Return what is wrong with the report of a try; `before` is None for one that was not alone."""
    if isinstance(ended, Died):
        return []
    outcomes = told(ended)
    complaints = _keys(case, outcomes, brought, golden, after=after, struck=struck)
    objects = {view.object for view in case.work.views} - {"GLDETAIL"}
    if before is not None:
        grown = {(name, key) for name in objects for key in after.of(name)} - {
            (name, key) for name in objects for key in before.of(name)
        }
        news = {each.key for each in outcomes if each.status == "posted" and each.key}
        old = news - {key for _, key in grown} if case.work.creates else set()
        complaints += [f"{key} is called posted, and was there before" for key in old]
        said = sum(each.status in (*BOOKED, "in_doubt") for each in outcomes)
        ours = set(golden.rows.values())
        added = [each for each in grown if (each[0], tuple(after.of(each[0])[each[1]].values())) in ours]
        if outcomes and len(added) > said:
            complaints.append(f"{len(added)} records were added, and {said} are said to be, or in doubt")
        if isinstance(ended, Raised) and not outcomes and NOTHING_SENT in ended.message and grown:
            complaints.append(f"it says that nothing was sent, and {sorted(grown)} were added")
    if isinstance(ended, Returned) and any(each.status not in BOOKED for each in outcomes):
        complaints.append(f"it succeeds with {sorted({each.status for each in outcomes})}")
    if isinstance(ended, Returned) and len(outcomes) != len(brought.records):
        complaints.append(f"it tells of {len(outcomes)} records, and was given {len(brought.records)}")
    if isinstance(ended, Raised) and ended.for_good and brought.brings in ("the same", "another order"):
        complaints.append(f"it fails for good: {ended}")
    return complaints


def _keys(
    case: Case, outcomes: Sequence[Told], brought: Brought, golden: Golden, *, after: Books, struck: bool
) -> list[str]:
    complaints: list[str] = []
    if not case.work.answers:
        return complaints
    keys = [each.key for each in outcomes if each.key]
    if len(set(keys)) != len(keys):
        complaints.append(f"it names one record twice: {keys}")
    for each, index in zip(outcomes, brought.order, strict=False):
        if each.status not in BOOKED:
            continue
        object_name, row = golden.rows[brought.event, index]
        rows = {row} if not case.work.loads else {row for _, row in golden.rows.values()}  # told by rows of any try
        found = after.of(object_name).get(each.key)
        if not each.key:
            if case.work.findable and not struck:
                complaints.append(f"record {index} is {each.status} without a key, though it can be found")
        elif found is None:
            complaints.append(f"{each.status} as {object_name} {each.key}, which is not in the books")
        elif brought.brings != "other content" and tuple(found.values()) not in rows:
            complaints.append(f"{each.status} as {object_name} {each.key}, which says {found} and not {row}")
    return complaints
