"""Pages on their way: asked for, several at a time where that is allowed, asked for again, and handed out in turn.

Memory holds the pages in flight and those that have come. What a page's place in the read is, `paging` knows.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from airflow_provider_intacct.client import retry
from airflow_provider_intacct.client import rows as reading
from airflow_provider_intacct.client.errors import IntacctError
from airflow_provider_intacct.client.extraction import RawPage
from airflow_provider_intacct.client.flows import AwaitAny, Emit, Flow, Start, Started
from airflow_provider_intacct.client.pacing import LEAST_PAGE, PageSize
from airflow_provider_intacct.client.paging import Cursor, OffsetCursor, csv_places, json_places, leading, places_of
from airflow_provider_intacct.client.paging.sources import Fetched, Request, Source
from airflow_provider_intacct.client.retry import Wait, cut_short, next_step, turned_away
from airflow_provider_intacct.client.xml.functions import AGGREGATE
from airflow_provider_intacct.client.xml.gateway import Gateway
from airflow_provider_intacct.client.xml.reply import Result

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 0.2
"""So long the first page is awaited before a second one joins it: a small table has answered by then."""
WORTH_A_THREAD_SECONDS = 0.1
"""A page that takes less is here before another thread would be: then the next one waits until it is wanted."""
HEAD_START_SECONDS = 0.01
"""So long a page that was just asked for has the processor, before the one at hand is decoded: threads take turns in
slices of 5 ms, and a request takes several to get away."""
TRIES_OF_A_FAILING_PAGE = 4
"""How often a page is asked for that Intacct says it cannot process: it may be large, or the query wrong."""


@dataclass(slots=True)
class Fetching:
    """The pages of one read. `most` requests are in flight at a time; `took` is told of each page before it is used."""

    gateway: Gateway
    sizes: PageSize
    most: int
    took: Callable[[Fetched], Fetched]
    _flying: dict[Started, Request] = field(default_factory=dict)
    _ready: deque[RawPage] = field(default_factory=deque)
    _handed_out: int = 0
    _failures: int = 0
    _refusals: int = 0
    _impatient: bool = False
    _slow: bool = False
    _expected: int | None = None

    @property
    def expected(self) -> int | None:
        """How many rows there should be, where that is known."""
        return self._expected

    @property
    def names_of_first(self) -> list[str]:
        """The names in the page that waits to be handed out; none if it is empty."""
        page = self._ready[0] if self._ready else None
        rows = page.as_rows(page.names) if page else None
        return list(rows[0]) if rows else []

    def begin(self, source: Source) -> Flow[None]:
        """Flow: get the first page, so that a refusal comes before anything is handed out."""
        while not source.begun and (request := source.next(self.sizes.now)):
            yield from self._fetch_here(source, request)

    def pages(self, source: Source) -> Flow[None]:
        """Flow: emit all pages of `source`."""
        while True:
            if not self._ready:
                if not self._flying and self._allowed == 1:
                    request = source.next(self.sizes.now)
                    if request is None:
                        return
                    yield from self._fetch_here(source, request)
                    continue
                yield from self._fill(source)
                if not self._flying:
                    return
                yield from self._await(source)
            else:
                page = self._ready.popleft()
                # A page too many costs money: none is asked for before a second one is wanted.
                if self._allowed > 1 or (self._handed_out and self._slow):
                    started = yield from self._fill(source)
                    if started and self._slow:
                        yield AwaitAny((started,), HEAD_START_SECONDS)
                    del started
                self._handed_out += 1
                emitted = Emit(page)
                del page
                yield emitted
                del emitted

    @property
    def _allowed(self) -> int:
        return self.gateway.in_flight.allowed(self.most)

    def _fill(self, source: Source) -> Flow[Started | None]:
        """Flow: start as many requests as may be in flight, those whose pages wait to be used counted in.

        Returns the last that was started, if any was.
        """
        started: Started | None = None
        while len(self._flying) + len(self._ready) < self._allowed:
            if self._flying and not source.begun and not self._impatient:
                break
            request = source.next(self.sizes.now)
            if request is None:
                break
            flow = fetch(self.gateway, request.cursor, later=self._slow)
            started = cast(Started, (yield Start(flow)))
            self._flying[started] = request
        return started

    def _await(self, source: Source) -> Flow[None]:
        """Flow: wait for one of the requests in flight, and see what became of it."""
        first = not source.begun and not self._impatient and self._allowed > 1
        yield AwaitAny(tuple(self._flying), PATIENCE_SECONDS if first else None)
        self._impatient = self._impatient or first
        for started in [each for each in self._flying if each.done()]:
            request = self._flying.pop(started)
            try:
                fetched = started.result()
            except IntacctError as error:
                yield from self._failed(source, request, error)
            else:
                self._came(source, request, fetched)

    def _fetch_here(self, source: Source, request: Request) -> Flow[None]:
        """Flow: get one page without starting anything beside."""
        try:
            fetched = yield from fetch(self.gateway, request.cursor)
        except IntacctError as error:
            yield from self._failed(source, request, error)
        else:
            self._came(source, request, fetched)

    def _came(self, source: Source, request: Request, fetched: Fetched) -> None:
        self._failures = self._refusals = 0
        self._slow = fetched.seconds >= WORTH_A_THREAD_SECONDS
        self.sizes.came(request.cursor.extract.page_size)
        arrived = source.arrived(request, fetched)
        self._expected = source.expected
        page = self.took(arrived).page
        if page.count:
            self._ready.append(page)

    def _failed(self, source: Source, request: Request, error: IntacctError) -> Flow[None]:
        """Flow: put the page back, to be asked for again in a better way; raises `error` if there is none."""
        if turned_away(error):
            yield from self._refused(error)
        elif cut_short(error):
            yield from self._shrunk(request.cursor, error)
        else:
            raise error
        source.again(request)

    def _refused(self, error: IntacctError) -> Flow[None]:
        """Flow: one request less in flight, at once. Alone in flight there is nothing but to wait."""
        self.gateway.in_flight.refused(len(self._flying) + 1)
        if self._flying:
            log.info("%s At most %d in flight from now on.", error.message, self._allowed)
            yield from self.gateway.wait(0)
            return
        self._refusals += 1
        policy = self.gateway.policy
        match next_step(error, self._refusals, writes=False, jitter=self.gateway.jitter(1), policy=policy):
            case Wait(seconds):
                log.warning("%s Trying again in %.1f s (try %d failed)", error.message, seconds, self._refusals)
                yield from self.gateway.wait(seconds)
            case _:
                error.attempts = self._refusals
                raise error

    def _shrunk(self, cursor: Cursor, error: IntacctError) -> Flow[None]:
        """Flow: a smaller page next, after a moment. Gives up when it cannot be any smaller, or is not to blame."""
        self._failures += 1
        policy, size = self.gateway.policy, cursor.extract.page_size
        smaller = self.sizes.failed(size) if size > LEAST_PAGE else False
        tries = policy.attempts_after_lost_reply
        if getattr(error, "errorno", "") == retry.LARGE_PAGE_FAILED:
            tries = TRIES_OF_A_FAILING_PAGE if smaller else 2
        elif smaller:
            tries = self._failures + 1
        if self._failures >= tries:
            error.attempts = self._failures
            raise error
        seconds = self.gateway.jitter(policy.bound(self._failures))
        log.warning("%s Asking for %d rows instead of %d in %.1f s", error.message, self.sizes.now, size, seconds)
        yield from self.gateway.wait(seconds)


def fetch(gateway: Gateway, cursor: Cursor, *, later: bool = False) -> Flow[Fetched]:
    """Flow: ask for one page and make rows of it. CSV is left as it came, if its records can be placed without.

    So is JSON, if it is to be decoded `later`: the next page, which takes long, can be asked for before that.
    """
    policy = replace(gateway.policy, resends_cut_reads=False, waits_out_refusals=False)
    began = time.monotonic()
    result = yield from gateway.call(cursor.function(), policy=policy)
    return replace(_fetched(result, cursor, later), seconds=time.monotonic() - began)


def _fetched(result: Result, cursor: Cursor, later: bool) -> Fetched:
    extract, total = cursor.extract, result.counts.total
    if result.format == "csv" and not isinstance(cursor, OffsetCursor):
        names = leading(cursor.fields, cursor.place)
        places = csv_places(result.body or b"", names, cursor.place, extract.object)
        return Fetched(RawPage("csv", len(places), body=result.body, names=names), places, total)
    if later and result.format == "json" and not isinstance(cursor, OffsetCursor):
        found = json_places(result.body or b"", cursor.place)
        if found is not None:
            return Fetched(RawPage("json", len(found), body=result.body, names=cursor.fields), found, total)
    rows = rows_of(result, cursor.fields)
    places = places_of(rows, cursor.place, extract.object)
    if not isinstance(cursor, OffsetCursor):
        reading.remove(rows, [name for name in cursor.fields if name not in extract.fields])
    return Fetched(RawPage("rows", len(rows), rows=rows, names=extract.fields), places, total)


def rows_of(result: Result, fields: Sequence[str]) -> list[reading.Row]:
    """Return the rows of a query's answer in any format, each with all `fields`."""
    named = [name for name in fields if not AGGREGATE.fullmatch(name)]  # what an aggregate comes back as is not sure
    if result.format != "xml" and result.body is not None:
        return reading.read(result.body, result.format, named)
    return reading.complete(reading.from_element(result.data), named)
