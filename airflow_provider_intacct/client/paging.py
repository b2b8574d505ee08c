"""Which page to ask for next, and whether the pages so far are whole. Pure: rows in, next request out.

    cursor = first(extract)
    while cursor:
        rows = ...            # send cursor.function(), read the reply
        page = cursor.advance(rows, total)
        cursor = page.next    # page.rows are the author's

Each call of query stands alone: pages by offset shift when somebody inserts or deletes in between. So pages are taken
by key (`RECORDNO > last ORDER BY RECORDNO`), which nothing can shift. Where that is impossible (the author's own order,
groups, objects without a number) offsets are used, each page beginning with the last row of the one before, so that a
shift is seen and the read fails rather than lose a row.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from itertools import pairwise
from typing import Any

from airflow_provider_intacct.client.errors import IncompleteReadError, MalformedReplyError
from airflow_provider_intacct.client.rows import Row
from airflow_provider_intacct.client.where import Compare, Condition, DataType, all_of
from airflow_provider_intacct.client.xml.functions import (
    AGGREGATE,
    MAX_QUERY_PAGE,
    Function,
    ReturnFormat,
    query,
    within,
)


@dataclass(frozen=True, slots=True)
class Extract:
    """What is to be read: all records of `object` that meet `where`, `fields` of each, at most `limit`.

    `key` is the field that numbers the records (`ObjectDefinition.key`); None reads by offset.
    """

    object: str
    fields: tuple[str, ...]
    where: Condition | None = None
    order_by: tuple[str, ...] = ()
    key: str | None = "RECORDNO"
    limit: int | None = None
    page_size: int = MAX_QUERY_PAGE
    return_format: ReturnFormat = "json"
    show_private: bool = False
    case_insensitive: bool = False
    doc_par_id: str | None = None
    zone: tzinfo | None = None
    datatype: DataType | None = None

    def __post_init__(self) -> None:
        within(self.page_size, 1, MAX_QUERY_PAGE, f"query {self.object}: page size")
        if self.limit is not None:
            within(self.limit, 1, None, f"query {self.object}: limit")

    @property
    def grouped(self) -> bool:
        """Whether an aggregate makes groups of the records, which have no number."""
        return any(AGGREGATE.fullmatch(name) for name in self.fields)

    @property
    def plain_fields(self) -> tuple[str, ...]:
        """The fields that are no aggregates: in a grouped read they tell the rows apart."""
        return tuple(name for name in self.fields if not AGGREGATE.fullmatch(name))

    def room(self, read: int) -> int:
        """Return how many rows the next page may bring after `read` of them."""
        return self.page_size if self.limit is None else min(self.page_size, self.limit - read)

    def page(
        self,
        fields: Sequence[str],
        where: Condition | None,
        order_by: Sequence[str],
        page_size: int,
        offset: int = 0,
    ) -> Function:
        """Return the query for one page."""
        return query(
            self.object,
            fields,
            where=where,
            order_by=order_by,
            page_size=page_size,
            offset=offset,
            show_private=self.show_private,
            case_insensitive=self.case_insensitive,
            return_format=self.return_format,
            doc_par_id=self.doc_par_id,
            zone=self.zone,
            datatype=self.datatype,
        )


@dataclass(frozen=True, slots=True)
class Page:
    """The author's rows of one page, and the cursor of the next; None after the last."""

    rows: list[Row]
    next: "KeyCursor | OffsetCursor | None"


@dataclass(frozen=True, slots=True)
class KeyCursor:
    """Pages by key: what is asked for is everything above `last`, the key of the last row read."""

    extract: Extract
    key: str
    last: str | None = None
    read: int = 0

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields asked for: the author's, and the key where it is not among them."""
        added = () if self.selected else (self.key,)
        return self.extract.fields + added

    @property
    def selected(self) -> bool:
        """Whether the author asked for the key."""
        return self.key.upper() in (name.upper() for name in self.extract.fields)

    def function(self) -> Function:
        """Return the query for this page."""
        conditions = [] if self.extract.where is None else [self.extract.where]
        if self.last is not None:
            conditions.append(Compare(self.key, ">", self.last))
        where = all_of(*conditions) if conditions else None
        return self.extract.page(self.fields, where, [self.key], self.extract.room(self.read))

    def advance(self, rows: list[Row], total: int | None = None) -> Page:
        """Return the page that `rows` are, and what comes next. `total` is the reply's totalcount, where it has one.

        Raises MalformedReplyError for a page that does not lead on from the one before.
        """
        check_total(self.extract, rows, total)
        if not rows:
            return Page(rows, None)
        column = column_of(rows[0], self.key, self.extract.object)
        last = self.check_order([row[column] for row in rows])
        read = self.read + len(rows)
        ended = len(rows) >= total if total is not None else len(rows) < self.extract.room(self.read)
        ended = ended or read == self.extract.limit
        if not self.selected:
            for row in rows:
                del row[column]
        return Page(rows, None if ended else replace(self, last=last, read=read))

    def check_order(self, keys: list[str]) -> str:
        """Return the last of `keys`, which must all rise above the one before: else rows are lost or read twice."""
        if not all(keys):
            raise MalformedReplyError(
                f"query {self.extract.object}: the reply has records without {self.key}, so the next page cannot be "
                "told. Read with order_by, which does not need it."
            )
        before = [] if self.last is None else [self.last]
        try:
            numbers = [int(key) for key in before + keys]
        except ValueError:
            # Keys that are no numbers are ordered by rules of the server's; that none comes twice can be told.
            advanced = len({*before, *keys}) == len(before) + len(keys)
        else:
            advanced = all(first < second for first, second in pairwise(numbers))
        if not advanced:
            raise MalformedReplyError(
                f"query {self.extract.object}: the page after {self.key} {self.last or '(none)'} does not go on in the "
                f"order of {self.key} (it runs from {keys[0]} to {keys[-1]}, {len(keys)} rows); nothing of it was used."
            )
        return keys[-1]


@dataclass(frozen=True, slots=True)
class OffsetCursor:
    """Pages by offset, in the author's order and then by key. Each begins with the row that ended the one before."""

    extract: Extract
    key: str | None
    offset: int = 0
    previous: Row | None = None
    read: int = 0
    total: int | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields asked for: the author's, and the key where it is not among them."""
        added = () if self.key is None or self.selected else (self.key,)
        return self.extract.fields + added

    @property
    def selected(self) -> bool:
        """Whether the author asked for the key."""
        return self.key is not None and self.key.upper() in (name.upper() for name in self.extract.fields)

    @property
    def order_by(self) -> tuple[str, ...]:
        """The author's order, made total by the key, or by all fields where records have no number."""
        ordered = {item.split()[0].upper() for item in self.extract.order_by}
        ties = (self.key,) if self.key is not None else self.extract.plain_fields
        return self.extract.order_by + tuple(name for name in ties if name.upper() not in ordered)

    @property
    def overlap(self) -> int:
        """How many rows of this page were read before: one, from the second page on."""
        return 0 if self.previous is None else 1

    @property
    def page_size(self) -> int:
        """How many rows are asked for, the repeated one included."""
        return min(self.extract.room(self.read) + self.overlap, MAX_QUERY_PAGE)

    def function(self) -> Function:
        """Return the query for this page."""
        return self.extract.page(self.fields, self.extract.where, self.order_by, self.page_size, self.offset)

    def advance(self, rows: list[Row], total: int | None = None) -> Page:
        """Return the page that `rows` are, and what comes next. `total` is the reply's totalcount, where it has one.

        Raises IncompleteReadError when the rows have shifted since the page before.
        """
        if self.extract.grouped:
            total = None  # whether it counts groups or the records in them is not documented
        if self.total is not None and total is not None and total != self.total:
            raise self.incomplete(f"there were {self.total} rows at first and are {total} now")
        if self.previous is not None and (not rows or self.identity(rows[0]) != self.identity(self.previous)):
            raise self.incomplete(f"row {self.offset + 1} is no longer the one it was")
        fresh = rows[self.overlap :]
        if self.key is not None and len({self.identity(row) for row in rows}) < len(rows):
            raise self.incomplete("the same record came twice")
        end = self.offset + len(rows)
        read = self.read + len(fresh)
        ended = end >= total if total is not None else len(rows) < self.page_size
        if total is not None and not fresh and not ended:
            raise self.incomplete(f"the reply has {total} rows, but no more came after row {end}")
        ended = ended or read == self.extract.limit
        following = (
            replace(self, offset=end - 1, previous=dict(rows[-1]), read=read, total=total) if not ended else None
        )
        if self.key is not None and not self.selected and fresh:
            column = column_of(fresh[0], self.key, self.extract.object)
            for row in fresh:
                del row[column]
        return Page(fresh, following)

    def identity(self, row: Row) -> Any:
        """Return what tells a row from others: its key, or all of it."""
        return row if self.key is None else row[column_of(row, self.key, self.extract.object)]

    def incomplete(self, what: str) -> IncompleteReadError:
        """Return the error for a read that has lost its place."""
        return IncompleteReadError(f"query {self.extract.object}, read by offset: {what}, after {self.read} rows.")


Cursor = KeyCursor | OffsetCursor


def first(extract: Extract) -> Cursor:
    """Return the cursor of the first page: by key, unless the author's order, groups or a missing key forbid it."""
    if extract.grouped:
        return OffsetCursor(extract, None)
    if extract.key is None or extract.order_by:
        return OffsetCursor(extract, extract.key)
    return KeyCursor(extract, extract.key)


def check_total(extract: Extract, rows: list[Row], total: int | None) -> None:
    """Refuse an empty page of a reply that counts rows."""
    if not rows and total:
        raise MalformedReplyError(f"query {extract.object}: the reply counts {total} rows and brings none.")


def column_of(row: Row, key: str, object: str) -> str:
    """Return the name under which a row carries the key, whatever its case."""
    if key in row:
        return key
    for name in row:
        if name.upper() == key.upper():
            return name
    raise MalformedReplyError(f"query {object}: the rows of the reply lack {key}, which was asked for.")
