"""Records page by page, from the first request to the proof that all have come. A flow over a gateway.

Which page comes next is decided in `paging`, what is asked for in `selection`; here they are put together. Memory holds
the pages in flight.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import replace

from airflow_provider_intacct.client import paging
from airflow_provider_intacct.client import rows as pages
from airflow_provider_intacct.client.extraction import Column, ExtractionReport, Opening, RawPage
from airflow_provider_intacct.client.transport import Emit, Flow
from airflow_provider_intacct.client.where import all_of
from airflow_provider_intacct.client.windows import changed_in
from airflow_provider_intacct.client.xml.functions import AGGREGATE
from airflow_provider_intacct.client.xml.gateway import Gateway
from airflow_provider_intacct.client.xml.knowledge import Knowledge
from airflow_provider_intacct.client.xml.reply import Result
from airflow_provider_intacct.client.xml.selection import ReadOptions, select

log = logging.getLogger(__name__)


def read(
    gateway: Gateway,
    knowledge: Knowledge,
    object: str,
    page_size: int,
    options: ReadOptions,
    report: ExtractionReport,
) -> Flow[None]:
    """Flow: emit an Opening, then a RawPage for each page. `report` is brought up to date before each."""
    began, before = time.monotonic(), gateway.usage
    selection = yield from select(knowledge, object, page_size, options)
    extract = selection.extract
    report.object = extract.object
    columns = tuple(selection.column(name) for name in extract.fields)
    stamped: dict[str, str | None] = {}
    if name := options.get("stamp_entity"):
        report.entity_id = (yield from gateway.session()).entity_id or None
        stamped = {name: report.entity_id}
        columns += (Column(name),)
    if (window := options.get("window")) is not None:
        changed = changed_in("WHENMODIFIED", window, selection.formatting.zone_of(object))
        extract = replace(extract, where=all_of(changed, *([extract.where] if extract.where else [])))
        report.window = window
    yield Emit(Opening(columns, extract.key, selection.formatting, selection.typing))
    cursor: paging.Cursor | None = paging.first(extract)
    while cursor is not None:
        result = yield from gateway.call(cursor.function())
        page = cursor.advance(_rows(result, cursor.fields), result.counts.total)
        del result  # the reply in all its bytes, or its tree: the caller may take long over the rows made of it
        for row in page.rows if stamped else ():
            row.update(stamped)
        report.rows += len(page.rows)
        report.pages += 1
        used = gateway.usage - before
        report.api_transactions, report.requests, report.retries = used.transactions, used.requests, used.retries
        report.bytes_received, report.seconds_waited = used.bytes_received, used.seconds_waited
        report.seconds = time.monotonic() - began
        if progress := options.get("progress"):
            progress(report)
        cursor = page.next
        raw = RawPage("rows", len(page.rows), rows=page.rows)
        del page
        emitted = Emit(raw)
        del raw
        yield emitted
        del emitted
    if not report.rows and (entity_id := (yield from gateway.session()).entity_id):
        log.info(
            "No %s found in entity %s. The session sees the records of that entity and of the top level only.",
            extract.object,
            entity_id,
        )


def _rows(result: Result, fields: Sequence[str]) -> list[pages.Row]:
    named = [name for name in fields if not AGGREGATE.fullmatch(name)]  # what an aggregate comes back as is not sure
    if result.format != "xml" and result.body is not None:
        return pages.read(result.body, result.format, named)
    return pages.complete(pages.from_element(result.data), named)
