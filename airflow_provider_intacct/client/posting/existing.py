"""Find what is in the company already, by natural key or stamped reference, and compare it with what was to be posted.

Flows of queries and reads; they change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Protocol, TypeVar

from airflow_provider_intacct.client.errors import FunctionError
from airflow_provider_intacct.client.flows import Flow
from airflow_provider_intacct.client.posting.compare import differences, unread
from airflow_provider_intacct.client.posting.identity import canonical_text, reference_prefix
from airflow_provider_intacct.client.posting.records import Posting
from airflow_provider_intacct.client.where import In, Like, all_of, any_of
from airflow_provider_intacct.client.where.gateway import MAX_VALUES
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.client.xml.functions import MAX_RECORDS, Function
from airflow_provider_intacct.client.xml.reply import Reply

if TYPE_CHECKING:
    from lxml.etree import _Element

T = TypeVar("T")


class Execute(Protocol):
    """How a flow sends functions as one request: `Gateway.execute`."""

    def __call__(self, functions: Sequence[Function], *, atomic: bool = False, unique: bool = False) -> Flow[Reply]:
        """Return the flow that sends them and brings the reply."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the company shows of a posting: a record that has its natural key, or that it acts upon.

    `differences` is empty if it says what the posting says. `shown` is False if nothing of that can be read back, so
    that only a refusal of its control id tells that it was carried out.
    """

    key: str
    differences: tuple[str, ...] = ()
    shown: bool = True

    @property
    def done(self) -> bool:
        """Whether the company itself shows that there is nothing left to do."""
        return self.shown and not self.differences


@dataclass(frozen=True, slots=True)
class _Candidate:
    posting: Posting
    key: str
    same_stamp: bool


def can_be_found(posting: Posting) -> bool:
    """Whether there is anything to look the record up by."""
    return bool(posting.kind.object_name and posting.natural_key) or bool(posting.reference)


def find_records(execute: Execute, postings: Sequence[Posting]) -> Flow[dict[str, Found]]:
    """Flow: the records that are in the company already, by control id.

    Costs a query for a hundred records of an object, and a read if any of those found has a natural key of its own, for
    then the content has to be compared. A stamped reference tells identity and content by itself.

    What the user may not query counts as not found. A record is found for one posting only, the first of those that say
    the same: equal journal entries may share a reference number.
    """
    found: dict[str, Found] = {}
    searchable = sorted(filter(can_be_found, postings), key=lambda posting: posting.kind.object_name)
    for _, group in groupby(searchable, key=lambda posting: posting.kind.object_name):
        taken: set[str] = set()
        for batch in _batches(list(group)):
            candidates = yield from _candidates(execute, batch)
            found |= {each.posting.control_id: Found(each.key) for each in candidates if each.same_stamp}
            others = [each for each in candidates if each.key and not each.same_stamp]
            compared = yield from _compared(execute, others, taken)
            found |= {name: each for name, each in compared.items() if name not in found}
    return found


def record_numbers(execute: Execute, postings: Sequence[Posting]) -> Flow[dict[str, tuple[str, ...]]]:
    """Flow: the numbers of the records that have each posting's natural key, by control id. All there are are seen.

    Costs a query for a thousand records of an object. Raises if the user may not query it.
    """
    numbers: dict[str, tuple[str, ...]] = {}
    for _, group in groupby(sorted(postings, key=_search), key=_search):
        for batch in _batches(list(group), MAX_VALUES):
            fields = [name for name, _ in batch[0].natural_key]
            there: dict[tuple[str, ...], list[str]] = {}
            for row in (yield from _every_row(execute, batch, fields)):
                values = tuple(canonical_text(row.get(name)) for name in fields)
                there.setdefault(values, []).append(row.get(batch[0].kind.record_key, ""))
            for posting in batch:
                numbers[posting.control_id] = tuple(there.get(_values(posting), ()))
    return numbers


def compared(
    execute: Execute, postings: Sequence[Posting], numbers: Mapping[str, Sequence[str]]
) -> Flow[dict[str, Found]]:
    """Flow: those of the postings whose record says all of it already, by control id. Costs a read for a hundred.

    `numbers` are the record numbers that were looked up; the others are their postings' own.
    """
    candidates = [
        _Candidate(posting, number, same_stamp=False)
        for posting in sorted(postings, key=lambda posting: posting.kind.object_name)
        if (number := next(iter(numbers.get(posting.control_id, ())), own_number(posting)))
    ]
    found: dict[str, Found] = {}
    for _, group in groupby(candidates, key=lambda each: each.posting.kind.object_name):
        found |= yield from _compared(execute, list(group), set())
    return {name: each for name, each in found.items() if each.done}


def own_number(posting: Posting) -> str:
    """Return the record number the posting itself says, or ""."""
    return dict(posting.natural_key).get(posting.kind.record_key, "") if not posting.looked_up else ""


def _search(posting: Posting) -> tuple[str, tuple[str, ...]]:
    return posting.kind.object_name, tuple(name for name, _ in posting.natural_key)


def _every_row(execute: Execute, batch: Sequence[Posting], fields: Sequence[str]) -> Flow[list[dict[str, str]]]:
    """Flow: number and natural key of all records that have one of the values in each field of the natural key."""
    kind = batch[0].kind
    columns = zip(*map(_values, batch), strict=True)
    where = all_of(*(In(name, tuple(dict.fromkeys(values))) for name, values in zip(fields, columns, strict=True)))
    rows: list[dict[str, str]] = []
    while True:
        page = functions.query(
            kind.object_name,
            list(dict.fromkeys([kind.record_key, *fields])),
            where=where,
            order_by=kind.record_key,
            offset=len(rows),
            show_private=True,
            datatype=lambda _: "TEXT",  # a number that looks like a date is a number
        )
        reply = yield from execute([page])
        reply.raise_for_status()
        result = reply.results[0]
        rows += [dict(record.fields) for record in result.records]
        if not result.records or not result.counts.remaining:
            return rows


def _values(posting: Posting) -> tuple[str, ...]:
    return tuple(value for _, value in posting.natural_key)


def _batches(items: Sequence[T], size: int = MAX_RECORDS) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _candidates(execute: Execute, batch: Sequence[Posting]) -> Flow[list[_Candidate]]:
    """Flow: the records whose natural key, or stamped reference, is that of a posting of the batch."""
    rows: list[dict[str, str]] = []
    for query in _queries(batch):
        rows += yield from _rows(execute, query)
    candidates: list[_Candidate] = []
    for posting in batch:
        for row in reversed(rows):  # the oldest first: of equal entries the latest may be another's, posted just now
            stamp = row.get(_searched(posting), "")
            same_stamp = bool(posting.reference) and stamp == posting.reference
            if same_stamp or _is_of(posting, row, stamp):
                candidates.append(_Candidate(posting, row.get(posting.kind.record_key, ""), same_stamp))
    return candidates


def _is_of(posting: Posting, row: dict[str, str], stamp: str) -> bool:
    if posting.reference:
        return stamp.startswith(reference_prefix(posting.control_id))
    return all(canonical_text(row.get(name)) == value for name, value in posting.natural_key)


def _searched(posting: Posting) -> str:
    """Return the field that narrows the search most: the stamped one, or the last of the natural key."""
    return posting.kind.reads_as(posting.kind.reference) if posting.reference else posting.natural_key[-1][0]


def _queries(batch: Sequence[Posting]) -> Iterator[Function]:
    """Yield one query per searched field: for the numbers the author gave, and for the stamps of the others."""
    for name, group in groupby(sorted(batch, key=_searched), key=_searched):
        postings = list(group)
        number = postings[0].kind.record_key
        fields = dict.fromkeys([number, name, *(key for each in postings for key, _ in each.natural_key)])
        numbers = tuple(dict.fromkeys(each.natural_key[-1][1] for each in postings if not each.reference))
        stamps = [Like(name, f"{reference_prefix(each.control_id)}%") for each in postings if each.reference]
        yield functions.query(
            postings[0].kind.object_name,
            list(fields),
            where=any_of(*([In(name, numbers)] if numbers else []), *stamps),
            order_by=f"{number} DESC",  # should a number have been used more often than a page is long: the latest
            show_private=True,
            datatype=lambda _: "TEXT",  # a bill number that looks like a date is a bill number
        )


def _rows(execute: Execute, query: Function) -> Flow[list[dict[str, str]]]:
    reply = yield from execute([query])
    error = reply.error
    if isinstance(error, FunctionError):
        return []
    reply.raise_for_status()
    return [dict(record.fields) for record in reply.results[0].records]


def _compared(execute: Execute, candidates: Sequence[_Candidate], taken: set[str]) -> Flow[dict[str, Found]]:
    """Flow: of each posting's candidates the one with the same content, else the first, with what differs.

    `taken` are the records that are the same as another posting; those found here are added.
    """
    found: dict[str, Found] = {}
    for batch in _batches(candidates):
        object_name = batch[0].posting.kind.object_name
        reply = yield from execute([functions.read(object_name, list(dict.fromkeys(each.key for each in batch)))])
        if isinstance(reply.error, FunctionError):
            continue
        reply.raise_for_status()
        data = reply.results[0].data
        records = {} if data is None else {_number(each, batch[0].posting.kind.record_key): each for each in data}
        for each in batch:
            record = records.get(each.key)
            if record is None:
                continue
            what = tuple(differences(each.posting, record))
            if not what and each.posting.reference and each.posting.act == "create":
                what = ("something that does not read back, such as the entity it was posted in",)
            known = found.get(each.posting.control_id)
            if not what and each.key in taken:
                continue
            if known is None or (known.differences and not what):
                taken.update([] if what else [each.key])
                shown = each.posting.act == "create" or not any(unread(each.posting, record))
                returned = _number(record, each.posting.kind.returns) if each.posting.kind.returns else ""
                found[each.posting.control_id] = Found(returned or each.key, what, shown)
    return found


def _number(record: _Element, name: str) -> str:
    return (record.findtext(name) or "").strip()
