"""Where the records of a JSON or CSV body stand in the order of the read, found without making rows of it.

For the next request the key of each record is enough, so it leaves before the page is decoded; and a page that goes to
a file as columns is parsed once, by whoever makes the columns. In CSV the key is asked for as the first column.
"""

import re
from collections.abc import Sequence

from airflow_provider_intacct.client import rows
from airflow_provider_intacct.client.paging.extract import Place, Places, places_of

HEADER = re.compile(rb'(?:\xef\xbb\xbf)?"?([\w.]+)"?(?:,"?([\w.]+)"?)?')
HEAD = 80
"""Bytes of a line of CSV that are looked at; more than LINE takes."""
NUMBER, ASCII = r'"([0-9]{1,20})"', r'"([ !#-~]{0,40})"'
LINE = {1: re.compile(rf"\n{NUMBER}(?=[,\r\n]|\Z)"), 2: re.compile(rf"\n{NUMBER},{ASCII}(?=[,\r\n]|\Z)")}
"""How a line of CSV begins that is a record with a key, or with a key and a time of change."""


def leading(fields: Sequence[str], place: Place) -> tuple[str, ...]:
    """Return `fields` with those of the place first, the key before the time of change."""
    first = tuple(reversed(place))
    taken = {name.upper() for name in first}
    return first + tuple(name for name in fields if name.upper() not in taken)


def json_places(body: bytes, place: Place) -> Places | None:
    """Return the place of each record of a JSON body that is whole; None if they can only be told by decoding it.

    The records are flat and all text, and inside a text a quote is escaped, so `"RECORDNO":"` stands in each of them
    once, at its beginning or further on. Whether it really did shows when the page is decoded: see RawPage.
    """
    if not (body.startswith(b"[{") and body[-16:].rstrip().endswith(b"}]")):
        return None
    columns = []
    for name in place:
        values = body.split(b'"%s":' % name.encode())[1:]
        if not values or not all(value.startswith(b'"') for value in values):
            return None
        column = b'"'.join([value[1 : value.find(b'"', 1)] for value in values])
        if b"\\" in column:
            return None
        columns.append(column.decode().split('"'))
    return Places(*reversed(columns)) if len(set(map(len, columns))) == 1 else None


def csv_places(body: bytes, fields: Sequence[str], place: Place, object: str) -> Places:
    """Return the place of each record of a CSV body with `fields`, asked for in the order of `leading`.

    A line that begins with a quoted number is a record: inside a field a quote is doubled, so no line of a text can
    begin so. If every line does, the lines are the records; else the body is parsed. So is one whose last line holds
    an odd number of quotes: it was cut.
    """
    header, *lines = body.rstrip(b"\r\n").split(b"\n")
    start = HEADER.match(header)
    names = [] if start is None else [name.decode().upper() for name in start.groups(b"")[: len(place)]]
    if lines and lines[-1].count(b'"') % 2 == 0 and names == [name.upper() for name in reversed(place)]:
        heads = b"\n".join([b"", *[line[:HEAD] for line in lines]]).decode("latin-1")
        found = LINE[len(place)].findall(heads)
        if len(found) == len(lines):
            return Places(found) if len(place) == 1 else Places(*map(list, zip(*found, strict=True)))
    return places_of(rows.from_csv(body, fields), place, object)
