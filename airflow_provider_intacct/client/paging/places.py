"""Where the records of a JSON or CSV body stand in the order of the read, found without making rows of it.

For the next request the key of each record is enough, so it leaves before the page is decoded; and a page that goes to
a file as columns is parsed once, by whoever makes the columns. In CSV the key is asked for as the first column.
"""

import re
from collections.abc import Sequence

from airflow_provider_intacct.client import rows
from airflow_provider_intacct.client.paging.extract import Place, places_of

HEADER = re.compile(rb'(?:\xef\xbb\xbf)?"?([\w.]+)"?(?:,"?([\w.]+)"?)?')


def leading(fields: Sequence[str], place: Place) -> tuple[str, ...]:
    """Return `fields` with those of the place first, the key before the time of change."""
    first = tuple(reversed(place))
    taken = {name.upper() for name in first}
    return first + tuple(name for name in fields if name.upper() not in taken)


def json_places(body: bytes, place: Place) -> list[Place] | None:
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
    return list(zip(*columns, strict=True)) if len(set(map(len, columns))) == 1 else None


def csv_places(body: bytes, fields: Sequence[str], place: Place, object: str) -> list[Place]:
    """Return the place of each record of a CSV body with `fields`, asked for in the order of `leading`.

    A line that begins with a quoted number is a record: inside a field a quote is doubled, so no line of a text can
    begin so. If every line does, the lines are the records; else the body is parsed. So is one whose last line holds
    an odd number of quotes: it was cut.
    """
    body = body.rstrip(b"\r\n")
    lines = body.count(b"\n")
    header = HEADER.match(body)
    names = [] if header is None else [name.decode().upper() for name in header.groups(b"")[: len(place)]]
    whole = body.count(b'"', body.rfind(b"\n") + 1) % 2 == 0
    if lines and whole and names == [name.upper() for name in reversed(place)]:
        pattern = rb'\n"(\d+)"(?=[,\r\n]|\Z)' if len(place) == 1 else rb'\n"(\d+)","([^"\r\n]*)"(?=[,\r\n]|\Z)'
        found = re.findall(pattern, body)
        if len(found) == lines:
            if len(place) == 1:
                return list(zip(b" ".join(found).decode().split(" "), strict=True))
            return [(moment.decode(), key.decode()) for key, moment in found]
    return places_of(rows.from_csv(body, fields), place, object)
