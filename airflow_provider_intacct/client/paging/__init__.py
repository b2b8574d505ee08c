"""Which page to ask for next, and whether the pages so far are whole. Pure: rows in, next request out.

    cursor = first(extract)
    while cursor:
        rows = ...                                      # send cursor.function(), read the reply
        cursor = cursor.after(places_of(rows, cursor.place, object), total)

Each call of query stands alone: pages by offset shift when somebody inserts or deletes in between. So pages are taken
by key (`RECORDNO > last ORDER BY RECORDNO`), which nothing can shift. Where that is impossible (the author's own order,
groups, objects without a number) offsets are used, each page beginning with the last row of the one before, so that a
shift is seen and the read fails rather than lose a row. `sources` says which pages to ask for at the same time.
"""

from airflow_provider_intacct.client.paging.endings import Progress
from airflow_provider_intacct.client.paging.extract import Extract, Place, Places, column_of, places_of
from airflow_provider_intacct.client.paging.keys import KeyCursor
from airflow_provider_intacct.client.paging.modified import ChangeCursor, Changes
from airflow_provider_intacct.client.paging.offsets import OffsetCursor
from airflow_provider_intacct.client.paging.places import csv_places, json_places, leading

__all__ = [
    "ChangeCursor",
    "Changes",
    "Cursor",
    "Extract",
    "KeyCursor",
    "OffsetCursor",
    "Place",
    "Places",
    "Progress",
    "column_of",
    "csv_places",
    "first",
    "json_places",
    "leading",
    "places_of",
]

Cursor = KeyCursor | ChangeCursor | OffsetCursor


def first(extract: Extract, changes: Changes | None = None) -> Cursor:
    """Return the cursor of the first page: by key, unless the author's order, groups or a missing key forbid it.

    `changes` reads by time of change instead.
    """
    if extract.grouped:
        return OffsetCursor(extract, None, offset=extract.offset)
    if extract.key is None or extract.order_by:
        return OffsetCursor(extract, extract.key, offset=extract.offset)
    return KeyCursor(extract, extract.key) if changes is None else ChangeCursor(extract, extract.key, changes)
