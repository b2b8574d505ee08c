"""Which page to ask for next, when several may be asked for at once. Pure: no clock, no I/O.

A source gives requests while there are any to give, and is told what became of each. `Chain` is one page after the
other. `Ranges` takes a range of keys from both ends, and splits what is left where more may be in flight: each request
covers what no other has brought, and where two meet the keys say so.
"""

from dataclasses import dataclass, replace
from typing import Protocol

from airflow_provider_intacct.client.extraction import RawPage
from airflow_provider_intacct.client.paging.endings import Progress
from airflow_provider_intacct.client.paging.extract import Places
from airflow_provider_intacct.client.paging.keys import KeyCursor
from airflow_provider_intacct.client.paging.modified import ChangeCursor
from airflow_provider_intacct.client.paging.offsets import OffsetCursor
from airflow_provider_intacct.client.rows import remove

Cursor = KeyCursor | ChangeCursor | OffsetCursor


def sized(cursor: Cursor, page_size: int) -> Cursor:
    """Return the cursor of the same page, of at most so many rows."""
    return replace(cursor, extract=cursor.extract.sized(page_size))


@dataclass(slots=True)
class Fetched:
    """One page as it came, after `seconds`: `places` tell where its records stand, `total` is what Intacct counted."""

    page: RawPage
    places: Places
    total: int | None = None
    seconds: float = 0.0


@dataclass(eq=False, slots=True)
class Request:
    """A page to be asked for: of `part`, as it was split `epoch` times, after `taken` records of it were handed out."""

    cursor: Cursor
    part: "Part | None" = None
    epoch: int = 0
    taken: int = 0


class Source(Protocol):
    """Gives requests, and takes what came.

    `expected`  how many rows Intacct counted when the first page was asked for; None if it did not
    `begun`     whether a page has come
    """

    expected: int | None
    begun: bool

    def next(self, page_size: int) -> Request | None:
        """Return a request, or None if there is none to make before one of those in flight is answered."""

    def again(self, request: Request) -> None:
        """Take back a request that failed; it comes again, perhaps with a smaller page."""

    def arrived(self, request: Request, fetched: Fetched) -> Fetched:
        """Take the answer to `request`; return what of it is to be handed out."""


class Chain:
    """One page after the other."""

    def __init__(self, first: Cursor) -> None:
        self.expected: int | None = None
        self.begun = False
        self._waiting: Cursor | None = first

    def next(self, page_size: int) -> Request | None:
        """Return the next page, unless it is in flight or was the last."""
        cursor, self._waiting = self._waiting, None
        return None if cursor is None else Request(sized(cursor, page_size))

    def again(self, request: Request) -> None:
        """Ask for the page again."""
        self._waiting = request.cursor

    def arrived(self, request: Request, fetched: Fetched) -> Fetched:
        """Return the page; its successor is the next request."""
        cursor = request.cursor
        if not self.begun:
            self.begun, self.expected = True, fetched.total
        if not isinstance(cursor, OffsetCursor):
            self._waiting = cursor.after(fetched.places, fetched.total)
            return fetched
        page = cursor.advance(fetched.page.rows or [], fetched.total)
        self._waiting = page.next
        remove(page.rows, [name for name in cursor.fields if name not in cursor.extract.fields])
        fetched.page.rows, fetched.page.count = page.rows, len(page.rows)
        return fetched


@dataclass(eq=False, slots=True)
class Part:
    """The keys above `low` and below `high` that nobody has brought yet.

    `left`     how many records that should be, as `counted` or else guessed; None before anything is known
    `taken`    records of it handed out so far; `epoch` how often it was split
    `doubt`    a page was shorter than it should be: the next one must count
    `rising`, `falling`   whether a page is in flight at that end
    """

    low: str | None = None
    high: str | None = None
    left: int | None = None
    counted: bool = False
    taken: int = 0
    epoch: int = 0
    doubt: bool = False
    rising: bool = False
    falling: bool = False
    done: bool = False

    def wants(self, page_size: int) -> bool:
        """Whether another page is expected beyond those in flight."""
        in_flight = self.rising + self.falling
        return in_flight == 0 or (in_flight == 1 and (self.left is None or self.left > page_size))

    @property
    def width(self) -> int:
        """How many keys lie between the bounds; 0 if that is not known."""
        if self.low is None or self.high is None:
            return 0
        return int(self.high) - int(self.low) - 1


class Ranges:
    """All keys, taken from both ends and in parts. Pages come in the order in which they are answered.

    At an upper end pages are asked for in falling order. Nothing is lost or repeated whoever writes meanwhile: a part
    is done when its ends have met, or when a page shows that nothing is left between them.
    """

    def __init__(self, first: KeyCursor) -> None:
        self.expected: int | None = None
        self.begun = False
        self._first = first
        self._parts = [Part()]
        self._in_flight: list[Request] = []
        self._one_way = False

    def next(self, page_size: int) -> Request | None:
        """Return a page where the fewest are in flight and most is left; split what is left if all ends are busy."""
        free = [part for part in self._parts if part.wants(page_size) and not (self._one_way and part.rising)]
        part = max(free, key=lambda each: (-each.rising - each.falling, each.left or 0), default=None)
        part = part or self._split(page_size)
        if part is None:
            return None
        falling = part.rising
        if falling:
            part.falling = True
        else:
            part.rising = True
        last, until = (part.high, part.low) if falling else (part.low, part.high)
        progress = Progress(left=part.left if part.counted else None, doubt=part.doubt)
        extract = self._first.extract.sized(page_size)
        cursor = replace(self._first, extract=extract, last=last, until=until, falling=falling, progress=progress)
        request = Request(cursor, part, part.epoch, part.taken)
        self._in_flight.append(request)
        return request

    def _split(self, page_size: int) -> Part | None:
        """Cut the upper half off the part with most left, and return it. What is in flight there goes with it."""
        busy = [part for part in self._parts if (part.left or 0) > 3 * page_size and part.width > 3 * page_size]
        part = max(busy, key=lambda each: each.left or 0, default=None)
        if part is None or self._one_way:
            return None
        middle = int(part.low or 0) + part.width // 2
        half = (part.left or 0) // 2
        upper = Part(str(middle), part.high, left=half, falling=part.falling)
        part.high, part.left, part.counted, part.falling = str(middle + 1), half, False, False
        part.epoch += 1
        for request in self._in_flight:
            if request.part is part and isinstance(request.cursor, KeyCursor) and request.cursor.falling:
                request.part, request.epoch = upper, -1  # what it counts is more than the upper half
        self._parts.append(upper)
        return upper

    def again(self, request: Request) -> None:
        """Leave the page to whoever is free next."""
        self._free(request)

    def _free(self, request: Request) -> Part:
        self._in_flight.remove(request)
        part, cursor = request.part, request.cursor
        assert part is not None
        assert isinstance(cursor, KeyCursor)
        if cursor.falling:
            part.falling = False
        else:
            part.rising = False
        return part

    def arrived(self, request: Request, fetched: Fetched) -> Fetched:
        """Return the records that no other page has brought."""
        cursor = request.cursor
        assert isinstance(cursor, KeyCursor)
        part = self._free(request)
        following = cursor.after(fetched.places, fetched.total)
        keys = fetched.places.keys
        if not self.begun:
            self.begun, self.expected = True, fetched.total
        if not all(key.isdecimal() for key in keys):
            self._one_way = True  # where two ends meet cannot be told, so what came from above is left for later
        if part.done or (self._one_way and cursor.falling):
            return _cut(fetched, 0, cursor)
        bound = part.low if cursor.falling else part.high
        fresh = sum(_before(key, bound, falling=cursor.falling) for key in keys)
        self._count(part, request, len(keys), fetched.total)
        part.taken += fresh
        part.doubt = following is not None and following.progress.doubt
        if keys and cursor.falling:
            part.high = keys[-1]
        elif keys:
            part.low = keys[-1]
        met = fresh < len(keys) or (not self._one_way and part.low is not None and part.high and part.width <= 0)
        if following is None or met:
            part.done = True
            self._parts.remove(part)
        return _cut(fetched, fresh, cursor)

    def _count(self, part: Part, request: Request, came: int, total: int | None) -> None:
        """Note how many records are left in `part`, as far as can be told."""
        if total is not None and request.epoch == part.epoch:
            part.left, part.counted = max(0, total - came - (part.taken - request.taken)), True
        elif part.left is not None:
            part.left = max(0, part.left - came)


def _before(key: str, bound: str | None, *, falling: bool) -> bool:
    if bound is None or not (key.isdecimal() and bound.isdecimal()):
        return True
    return int(key) > int(bound) if falling else int(key) < int(bound)


def _cut(fetched: Fetched, count: int, cursor: KeyCursor) -> Fetched:
    """Return the first `count` records of a page, those of a falling one turned round where that is free."""
    page = fetched.page
    if count < page.count:
        rows = page.as_rows(cursor.extract.fields)[:count]
        page = replace(page, format="rows", count=count, rows=rows, body=None, turned=False)
        fetched = replace(fetched, page=page, places=Places(fetched.places.keys[:count]))
    if cursor.falling and page.format != "csv":
        if page.rows is None:
            page.turned = True
        else:
            page.rows.reverse()
        fetched.places.reverse()
    return fetched
