"""A read from the first request to the proof that all records have come: a flow over a gateway.

`selection` says what is asked for, `windows` how changes are found, `fetching` brings the pages, `paging` orders them.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC
from itertools import compress
from typing import Any

from airflow_provider_intacct.client import paging
from airflow_provider_intacct.client.errors import BudgetError, FieldsDeniedError, IncompleteReadError, TransportError
from airflow_provider_intacct.client.extraction import Column, ExtractionReport, Opening, RawPage
from airflow_provider_intacct.client.flows import Emit, Flow
from airflow_provider_intacct.client.pacing import PageSize
from airflow_provider_intacct.client.paging import Changes, Extract, KeyCursor
from airflow_provider_intacct.client.paging.sources import Chain, Fetched, Ranges, Source
from airflow_provider_intacct.client.seen import Seen
from airflow_provider_intacct.client.usage import Usage
from airflow_provider_intacct.client.where import Compare, In, all_of
from airflow_provider_intacct.client.where.gateway import MAX_VALUES
from airflow_provider_intacct.client.windows import Window
from airflow_provider_intacct.client.xml.fetching import Fetching
from airflow_provider_intacct.client.xml.gateway import Gateway
from airflow_provider_intacct.client.xml.knowledge import Knowledge
from airflow_provider_intacct.client.xml.selection import ReadOptions, Selection, denied, select
from airflow_provider_intacct.client.xml.windows import Incremental, by_key, incremental

log = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES = 30.0


def read(
    gateway: Gateway,
    knowledge: Knowledge,
    object: str,
    page_size: int,
    max_concurrency: int,
    options: ReadOptions,
    report: ExtractionReport,
) -> Flow[None]:
    """Flow: emit an Opening, then a RawPage for each page. `report` is brought up to date before each."""
    reading = Reading(gateway, knowledge, object, page_size, max_concurrency, options, report)
    try:
        yield from reading.all()
    except BudgetError as error:
        error.read_so_far = f"{report.rows:,} rows of {report.object} in {report.pages} pages"
        raise
    finally:
        reading.account()


@dataclass(slots=True)
class Reading:
    """One read under way."""

    gateway: Gateway
    knowledge: Knowledge
    object: str
    page_size: int
    max_concurrency: int
    options: ReadOptions
    report: ExtractionReport
    stamped: Mapping[str, str | None] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    pending: Source | None = None
    came: int = 0
    seen: Seen | None = None
    only_new: bool = False
    changes: Changes | None = None
    began: float = field(default_factory=time.monotonic)
    told: float = field(default_factory=time.monotonic)
    before: Usage = field(init=False)
    fetching: Fetching = field(init=False)

    def __post_init__(self) -> None:
        self.before = self.gateway.usage
        size = self.options.get("page_size") or self.page_size
        self.fetching = Fetching(self.gateway, PageSize(size), self.max_concurrency, self.took)

    def all(self) -> Flow[None]:
        """Flow: the whole read."""
        selection = yield from select(self.knowledge, self.object, self.page_size, self.options)
        self.fields = selection.extract.fields
        self.report.object = selection.extract.object
        if name := self.options.get("stamp_entity"):
            self.report.entity_id = (yield from self.gateway.session()).entity_id or None
            self.stamped = {selection.checked_stamp(name): self.report.entity_id}
        window = self.capped_window()
        if window is None:
            yield from self.whole(selection)
        else:
            yield from self.window(selection, window)
        if not self.report.rows:
            yield from self.explain_nothing()

    def capped_window(self) -> Window | None:
        """The window, as far as it is past: what changes later must not count as read."""
        window = self.options.get("window")
        if window is None:
            return None
        capped = window.capped(self.gateway.now())
        if capped != window:
            log.warning("The window %s has not ended yet: %s is read up to %s.", window, self.object, capped.end)
        self.report.window = capped
        return capped

    # --- what is read ----------------------------------------------------------------------------------------------

    def whole(self, selection: Selection) -> Flow[None]:
        """Flow: all records that the author's filter admits."""
        self.report.method = "key" if selection.extract.by_key else "offset"
        selection = yield from self.open(selection)
        yield from self.complete(selection.extract)

    def window(self, selection: Selection, window: Window) -> Flow[None]:
        """Flow: the records that changed in `window`, by whatever shows it."""
        found = incremental(selection.definition, window, selection.formatting)
        policy = found.policy
        lines = policy.deletes == "parent" and policy.parent is not None and policy.parent_field is not None
        if lines and (found.changes is None or self.options.get("reread_parents", False)):
            self.report.method = "parent"
            self.seen = Seen()
            yield from self.lines(selection, found, window)
        elif found.changes is None:
            self.report.method, self.report.window = "all", None
            self.report.notes += (f"no time of change: {policy.reason}",)
            log.warning("%s has no time of change: all of it is read, whatever the window.", self.report.object)
            selection = yield from self.open(selection)
            yield from self.complete(selection.extract)
        else:
            yield from self.changed(selection, found.changes, found.by_change)

    def changed(self, selection: Selection, changes: Changes, by_change: bool) -> Flow[None]:
        """Flow: the records whose own time of change lies in the window."""
        extract = selection.extract
        if by_change and extract.by_key and self.max_concurrency == 1:
            self.report.method, self.changes = "change", changes
            self.seen = self.seen or Seen()
        else:
            self.report.method = "key" if extract.by_key else "offset"
            selection = replace(selection, extract=by_key(extract, changes))
        selection = yield from self.open(selection)
        yield from self.complete(selection.extract)

    def lines(self, selection: Selection, found: Incremental, window: Window) -> Flow[None]:
        """Flow: all lines of what changed in the window; then those that changed by themselves."""
        policy, wanted = found.policy, selection.extract.where
        assert policy.parent is not None
        assert policy.parent_field is not None
        parents = yield from self.changed_parents(policy.parent, window)
        self.report.parents = tuple(parents)
        opened = False
        for at in range(0, len(parents), MAX_VALUES):
            batch = In(policy.parent_field, tuple(parents[at : at + MAX_VALUES]))
            where = batch if wanted is None else all_of(wanted, batch)
            part = replace(selection, extract=replace(selection.extract, where=where))
            part = (yield from self.open(part)) if not opened else part
            selection, opened = replace(selection, extract=replace(part.extract, where=wanted)), True
            yield from self.complete(part.extract)
        if found.changes is not None:
            self.only_new = True
            part = replace(selection, extract=by_key(selection.extract, found.changes))
            part = (yield from self.open(part)) if not opened else part
            yield from self.complete(part.extract)
        elif not opened:
            yield from self.open(selection)

    def changed_parents(self, parent: str, window: Window) -> Flow[list[str]]:
        """Flow: the keys of the `parent` records that changed in the window."""
        report = ExtractionReport(parent)
        definition = yield from self.knowledge.definition(parent)
        key = definition.key or "RECORDNO"
        asked: ReadOptions = {"fields": [key], "window": window, "typed": False}
        if self.options.get("show_private"):
            asked["show_private"] = True
        inner = Reading(self.gateway, self.knowledge, parent, self.page_size, self.max_concurrency, asked, report)
        keys: dict[str, None] = {}

        def take(emitted: Opening | RawPage) -> None:
            if isinstance(emitted, RawPage):
                keys.update((row[key], None) for row in emitted.as_rows((key,)))

        yield from each_emitted(inner.all(), take)
        return list(keys)

    # --- how it is read --------------------------------------------------------------------------------------------

    def open(self, selection: Selection) -> Flow[Selection]:
        """Flow: emit the Opening. Where columns depend on the answer, the first page comes before it.

        Returns the selection that is read: without the fields denied to the user, if these are to be dropped.
        """
        names: list[str] = []
        if self.options.get("on_denied_field", "error") == "drop" or selection.extract.grouped:
            while self.pending is None:
                source = self.source(selection.extract)
                try:
                    yield from self.fetching.begin(source)
                    self.pending = source
                except FieldsDeniedError as error:
                    selection = self.without_denied(selection, error)
            names = self.fetching.names_of_first
        columns = tuple(selection.column(name, names) for name in selection.extract.fields)
        columns += tuple(Column(name) for name in self.stamped)
        yield Emit(Opening(columns, selection.extract.key, selection.formatting, selection.typing))
        return selection

    def without_denied(self, selection: Selection, error: FieldsDeniedError) -> Selection:
        """Return the selection without the fields that `error` names; raises it if that is not all there is to it."""
        names = denied(selection, error)
        if self.options.get("on_denied_field") != "drop" or not names:
            raise error
        self.report.dropped_fields += names
        log.warning("%s is read without %s: denied to this user.", self.report.object, ", ".join(names))
        left = tuple(name for name in selection.extract.fields if name not in names)
        if not left:
            raise error
        return replace(selection, extract=replace(selection.extract, fields=left))

    def source(self, extract: Extract) -> Source:
        """Return where the pages of `extract` come from: one after the other, or from several parts of its keys."""
        cursor = paging.first(extract, self.changes)
        if isinstance(cursor, KeyCursor) and self.max_concurrency > 1 and extract.limit is None:
            return Ranges(cursor)
        return Chain(cursor)

    def complete(self, extract: Extract) -> Flow[None]:
        """Flow: emit all pages of `extract`, and show that all have come."""
        source = self.pending or self.source(extract)
        if self.pending is None:
            self.came = 0
        self.pending = None
        yield from self.fetching.pages(source)
        if not extract.by_key or source.expected is None:
            return  # pages by offset check each other
        expected = source.expected if extract.limit is None else min(source.expected, extract.limit)
        self.report.expected = (self.report.expected or 0) + expected
        if self.came < expected:
            yield from self.recount(extract, expected)

    def recount(self, extract: Extract, expected: int) -> Flow[None]:
        """Flow: find out whether the records that did not come are still there. Raises IncompleteReadError if so."""
        if self.changes is not None:
            extract = by_key(extract, self.changes)
        elif self.report.last_key is not None and extract.key is not None:
            read = Compare(extract.key, "<=", self.report.last_key)
            extract = replace(extract, where=read if extract.where is None else all_of(extract.where, read))
        key = extract.key or ""
        result = yield from self.gateway.call(extract.page([key], extract.where, [key], 1, form="xml"))
        now = result.counts.total
        if now is None or now > self.came:
            raise IncompleteReadError(
                f"{extract.object}: {self.came:,} records came, but Intacct counted {expected:,} when the read began "
                f"and counts {now or 0:,} now."
            )
        log.info(
            "%s: %d of %d records were deleted, or changed so that the filter leaves them out, while they were read.",
            extract.object,
            expected - self.came,
            expected,
        )

    # --- what is told ----------------------------------------------------------------------------------------------

    def took(self, fetched: Fetched) -> Fetched:
        """Count a page, and make it ready to be handed out."""
        self.came += fetched.page.count
        keys = fetched.places.keys
        if self.seen is not None and keys:
            fetched = self.deduplicated(fetched, keys)
        page = fetched.page
        page.stamped = self.stamped
        for row in (page.rows or ()) if self.stamped else ():
            row.update(self.stamped)
        report = self.report
        report.rows += page.count
        report.pages += 1
        if keys:
            numbers = [report.first_key or keys[0], report.last_key or keys[0], keys[0], keys[-1]]
            report.first_key, report.last_key = min(numbers, key=_order), max(numbers, key=_order)
            report.distinct_keys = report.rows if self.seen is None else len(self.seen)
        if self.changes is not None:
            self.note_changes(fetched)
        self.account()
        if (progress := self.options.get("progress")) is not None:
            progress(report)
        return fetched

    def deduplicated(self, fetched: Fetched, keys: list[str]) -> Fetched:
        """Note the keys of a page. Of lines that came with what owns them, a second coming is left out."""
        assert self.seen is not None
        new = [self.seen.add(key) for key in keys]
        if all(new):
            return fetched
        if not self.only_new:
            self.report.repeated += new.count(False)
            return fetched
        page = fetched.page
        rows = list(compress(page.as_rows(self.fields), new))
        page = RawPage("rows", len(rows), rows=rows, names=self.fields)
        return Fetched(page, fetched.places.only(new), fetched.total)

    def note_changes(self, fetched: Fetched) -> None:
        """Note how far the changes have come, and how many records were never changed."""
        assert self.changes is not None
        places = fetched.places.only(map(bool, fetched.places.moments))
        self.report.swept += len(fetched.places) - len(places)
        if places.keys:
            moment, key = places.moments[-1], places.keys[-1]
            local = self.changes.moment(moment).replace(tzinfo=self.changes.zone)
            self.report.cursor = (local.astimezone(UTC).isoformat(), key)

    def account(self) -> None:
        """Bring the report's counts of what was used up to date, and say a line now and then."""
        used, report, now = self.gateway.usage - self.before, self.report, time.monotonic()
        report.api_transactions, report.requests, report.retries = used.transactions, used.requests, used.retries
        report.bytes_received, report.seconds_waited = used.bytes_received, used.seconds_waited
        report.seconds = now - self.began
        if now - self.told >= SECONDS_BETWEEN_LINES:
            self.told = now
            log.info(
                "%s: %s rows in %d pages, %.0f rows/s, %d API transactions so far",
                report.object,
                f"{report.rows:,} of {expected:,}" if (expected := self.fetching.expected) else f"{report.rows:,}",
                report.pages,
                report.rows / report.seconds,
                report.api_transactions,
            )

    def explain_nothing(self) -> Flow[None]:
        """Flow: say in the log what an empty result may be due to."""
        if entity_id := (yield from self.gateway.session()).entity_id:
            log.info(
                "No %s found in entity %s. The session sees the records of that entity and of the top level only.",
                self.report.object,
                entity_id,
            )


def each_emitted(flow: Flow[None], take: Callable[[Any], None]) -> Flow[None]:
    """Flow: the same, with what it emits given to `take`."""
    with contextlib.closing(flow):
        try:
            command = next(flow)
            while True:
                if isinstance(command, Emit):
                    take(command.value)
                    command = flow.send(None)
                    continue
                try:
                    answer = yield command
                except TransportError as error:
                    command = flow.throw(error)
                else:
                    command = flow.send(answer)
        except StopIteration:
            return


def _order(key: str) -> tuple[int, int | str]:
    return (len(key), int(key)) if key.isdecimal() else (0, key)
