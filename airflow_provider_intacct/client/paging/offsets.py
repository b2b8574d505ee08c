"""Pages by offset, for what has no key to go by: the author's own order, groups, objects without a number."""

from dataclasses import dataclass, replace
from typing import Any

from airflow_provider_intacct.client.errors import IncompleteReadError
from airflow_provider_intacct.client.paging.extract import Extract, Place, column_of
from airflow_provider_intacct.client.rows import Row
from airflow_provider_intacct.client.xml.functions import MAX_QUERY_PAGE, Function


@dataclass(frozen=True, slots=True)
class Page:
    """The author's rows of one page, and the cursor of the next; None after the last."""

    rows: list[Row]
    next: "OffsetCursor | None"


@dataclass(frozen=True, slots=True)
class OffsetCursor:
    """Pages by offset, in the author's order and then by key. Each begins with the row that ended the one before.

    `total` is how many rows Intacct counted at first; None if it did not.
    """

    extract: Extract
    key: str | None
    offset: int = 0
    previous: Row | None = None
    read: int = 0
    total: int | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields asked for: the author's, and the key where it is not among them."""
        return self.extract.fields + (() if self.key is None or self.extract.selects(self.key) else (self.key,))

    @property
    def place(self) -> Place:
        """The fields that tell where a row stands: none, its offset does."""
        return ()

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
        form = "xml" if self.counts else self.extract.return_format
        return self.extract.page(self.fields, self.extract.where, self.order_by, self.page_size, self.offset, form=form)

    @property
    def counts(self) -> bool:
        """Whether the page is asked in XML, which counts: the first, if more may follow, and what should be the last.

        Of groups it is not documented what is counted.
        """
        if self.extract.grouped or self.extract.return_format == "xml":
            return False
        if self.previous is None:
            return self.extract.limit is None or self.extract.limit > self.page_size
        return self.total is not None and self.offset + self.page_size >= self.total

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
        counted = self.total if total is None else total
        short = len(rows) < self.page_size
        ended = end >= counted if counted is not None and (short or total is not None) else short
        ended = ended or read == self.extract.limit
        if not fresh and not ended:
            raise self.incomplete(f"there should be {counted} rows, but no more came after row {end}")
        if ended:
            return Page(fresh, None)
        return Page(fresh, replace(self, offset=end - 1, previous=dict(rows[-1]), read=read, total=counted))

    def identity(self, row: Row) -> Any:
        """Return what tells a row from others: its key, or all of it."""
        return row if self.key is None else row[column_of(row, self.key, self.extract.object)]

    def incomplete(self, what: str) -> IncompleteReadError:
        """Return the error for a read that has lost its place."""
        return IncompleteReadError(f"query {self.extract.object}, read by offset: {what}, after {self.read} rows.")
