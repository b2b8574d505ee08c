"""An extraction: the records of one object page by page, with their columns, and a report of what was read.

The face of a read, for threads and for coroutines. What is asked, in which order and how often is `xml.reading`'s
business; here pages are handed out, typed, and counted.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self

from airflow_provider_intacct.client import rows as reading
from airflow_provider_intacct.client.errors import MalformedReplyError
from airflow_provider_intacct.client.rows import Row
from airflow_provider_intacct.client.values import Typing
from airflow_provider_intacct.client.windows import Window
from airflow_provider_intacct.client.xml.metadata import UserFormatting


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the rows: its name as Intacct spells it, its DATATYPE in upper case (TEXT if unknown), its label."""

    name: str
    datatype: str = "TEXT"
    label: str = ""


@dataclass(slots=True)
class RawPage:
    """One page before it is typed.

    `format`   "json", "csv": `body` holds the records as Intacct sent them, of `names` (more than the columns that were
               asked for, where paging needs more); "rows": `rows` are dicts of text, "" for empty
    `count`    records in it
    `turned`   a body holds them last first
    `stamped`  values that every record has and a body lacks (`stamp_entity`); rows have them already
    """

    format: Literal["json", "csv", "rows"]
    count: int
    body: bytes | None = field(default=None, repr=False)
    rows: list[Row] | None = field(default=None, repr=False)
    names: tuple[str, ...] = ()
    turned: bool = False
    stamped: Mapping[str, str | None] = field(default_factory=dict)

    def as_rows(self, names: tuple[str, ...]) -> list[Row]:
        """Return the records as dicts of text with `names`, of which the stamped ones come last.

        Raises MalformedReplyError for a body that is broken, or holds another number of records than was counted.
        """
        if self.format == "rows":
            return self.rows or []
        rows = reading.read(self.body or b"", self.format, self.names)
        if len(rows) != self.count:
            raise MalformedReplyError(f"The reply has {self.count} keys for {len(rows)} records.")
        if self.turned:
            rows.reverse()
        if self.format == "json":
            wanted = {name.upper() for name in names}
            reading.remove(rows, [name for name in self.names if name.upper() not in wanted])
            for row in rows if self.stamped else ():
                row.update(self.stamped)
            return rows
        spelled = {name.upper(): name for name in (rows[0] if rows else ())}
        kept = [(name, spelled[name.upper()]) for name in names if name.upper() in spelled]
        return [{name: row[own] for name, own in kept} | {**self.stamped} for row in rows]


@dataclass(slots=True)
class ExtractionReport:
    """What was read, and what it cost. Counts grow while pages are read and are complete when all have come.

    `rows`, `distinct_keys`     records handed out; distinct_keys is None where records have no number
    `expected`        how many Intacct counted at the beginning; None where it did not
    `method`          how pages were taken: "key", "change", "offset", "parent" or "all"; `notes` say why
    `window`          what was read of it, ends cut to the past; None where the object is read whole all the same
    `swept`           records without a WHENMODIFIED, found by when they were created
    `repeated`        records that came twice because they were changed meanwhile; the newer comes last
    `cursor`          WHENMODIFIED and key of the last change that was read
    `parents`         keys of the changed records whose lines were read again
    `dropped_fields`  fields that the user may not read
    `api_transactions` to `seconds_waited`   what the client used meanwhile; `seconds` from first to last page
    """

    object: str
    entity_id: str | None = None
    window: Window | None = None
    method: str = ""
    notes: tuple[str, ...] = ()
    rows: int = 0
    distinct_keys: int | None = None
    expected: int | None = None
    pages: int = 0
    api_transactions: int = 0
    requests: int = 0
    retries: int = 0
    bytes_received: int = 0
    seconds_waited: float = 0.0
    seconds: float = 0.0
    dropped_fields: tuple[str, ...] = ()
    swept: int = 0
    repeated: int = 0
    cursor: tuple[str, str] | None = None
    first_key: str | None = None
    last_key: str | None = None
    parents: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known before the first page is handed out."""

    columns: tuple[Column, ...]
    key: str | None
    formatting: UserFormatting
    typing: Typing | None

    def typed(self, page: RawPage) -> list[Row]:
        """Return the rows of a page, typed if that was asked for."""
        rows = page.as_rows(tuple(column.name for column in self.columns))
        return self.typing.apply(rows) if self.typing else rows


class _Opened:
    """What both kinds of extraction know once they are open."""

    report: ExtractionReport
    _opening: Opening | None
    _closed: bool = False

    def _check_not_read(self) -> None:
        if self._closed:  # handing out nothing a second time would look like an empty object
            raise RuntimeError(f"This extraction of {self.report.object} was read or closed before; make another.")

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the rows, those the user may not read left out."""
        return self._known.columns

    @property
    def key(self) -> str | None:
        """The field that numbers the records, whether or not it is among the columns; None if they have no number."""
        return self._known.key

    @property
    def formatting(self) -> UserFormatting:
        """How Intacct writes dates and times for this user; asked for only if there are any."""
        return self._known.formatting

    @property
    def _known(self) -> Opening:
        if self._opening is None:
            raise RuntimeError("The extraction is not open: use it in a with statement.")
        return self._opening


class Extraction(_Opened):
    """The records of one object. Use it in a `with` statement, or simply iterate over its rows.

    `pages()`, `raw_pages()` and iteration go through the same pages once. The last step raises IncompleteReadError
    when what came cannot be shown to be whole; `report` is complete then.
    """

    def __init__(self, flow: Callable[[ExtractionReport], Generator[Any, None, None]], object: str) -> None:
        self.report = ExtractionReport(object)
        self._opening: Opening | None = None
        self._emitted = flow(self.report)

    def __enter__(self) -> Self:
        self._check_not_read()
        if self._opening is None:
            self._opening = next(self._emitted)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def raw_pages(self) -> Iterator[RawPage]:
        """Yield pages as they come, for whoever makes columns of them."""
        with self:
            yield from self._emitted

    def pages(self) -> Iterator[list[Row]]:
        """Yield the rows of each page, typed unless `typed=False` was said."""
        with self:
            for page in self._emitted:
                rows = self._known.typed(page)
                del page  # memory holds the page that is used and the one that is on its way
                yield rows
                del rows

    def __iter__(self) -> Iterator[Row]:
        for page in self.pages():
            yield from page

    def close(self) -> None:
        """Stop reading. What is under way is given up."""
        self._closed = True
        self._emitted.close()


class AsyncExtraction(_Opened):
    """The same as Extraction, for coroutines: `async with`, `async for`."""

    def __init__(self, flow: Callable[[ExtractionReport], AsyncGenerator[Any, None]], object: str) -> None:
        self.report = ExtractionReport(object)
        self._opening: Opening | None = None
        self._emitted = flow(self.report)

    async def __aenter__(self) -> Self:
        self._check_not_read()
        if self._opening is None:
            self._opening = await anext(self._emitted)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        await self._emitted.aclose()

    async def raw_pages(self) -> AsyncIterator[RawPage]:
        """See Extraction.raw_pages."""
        async with self:
            async for page in self._emitted:
                yield page

    async def pages(self) -> AsyncGenerator[list[Row], None]:
        """See Extraction.pages."""
        async with self:
            async for page in self._emitted:
                yield self._known.typed(page)

    async def __aiter__(self) -> AsyncGenerator[Row, None]:
        async with aclosing(self.pages()) as pages:
            async for page in pages:
                for row in page:
                    yield row
