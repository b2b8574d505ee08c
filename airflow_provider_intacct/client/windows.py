"""The window of an incremental read, and its bounds in the API user's local time. Pure: no clock, no I/O.

Intacct stamps and compares changes in the user's local time, whole seconds, without an offset. In autumn an hour of it
comes twice. Whether the gateway compares the text or takes it for an instant, and for which of the two, is not
documented; so a bound that falls there is moved out of the hour, to where all readings agree that nothing is skipped.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from airflow_provider_intacct.client.errors import InvalidRequestError
from airflow_provider_intacct.client.where import Compare, Condition, all_of

NOTHING = timedelta(0)
SECOND = timedelta(seconds=1)
BEGINNING = datetime(1, 1, 3, tzinfo=UTC)
"""No calendar reaches further back, in any time zone."""


@dataclass(frozen=True, slots=True)
class Window:
    """Changes from `start` on and before `end`; a `start` of None is the beginning of time.

    `overlap` is read again before `start`, for records that became visible after later-stamped ones. Bounds are kept
    in UTC: two local times of one zone compare by their clock faces, which go back in autumn. Raises
    InvalidRequestError for bounds without a zone, an empty window and a negative overlap.
    """

    start: datetime | None
    end: datetime
    overlap: timedelta = NOTHING

    def __post_init__(self) -> None:
        start = None if self.start is None else as_utc("start", self.start)
        end = as_utc("end", self.end)
        if start is not None and start >= end:
            raise InvalidRequestError(f"A window must start before it ends, but {start} is not before {end}.")
        if not isinstance(self.overlap, timedelta) or self.overlap < NOTHING:
            raise InvalidRequestError(f"A window's overlap must be a timedelta of zero or more, not {self.overlap!r}.")
        object.__setattr__(self, "start", start)
        object.__setattr__(self, "end", end)

    @property
    def reads(self) -> tuple[datetime | None, datetime]:
        """What is read: from `start - overlap` on, before `end`."""
        if self.start is None or self.start - BEGINNING < self.overlap:
            return None, self.end
        return self.start - self.overlap, self.end

    def capped(self, now: datetime) -> "Window":
        """Return the part that is past: what changes later than `now` cannot be read yet, and must not count as read.

        Cut to a whole second, since a change at 12:00:00.7 is stamped 12:00:00. Raises InvalidRequestError when the
        window has not begun.
        """
        past = as_utc("now", now).replace(microsecond=0)
        if past >= self.end:
            return self
        if self.start is not None and past <= self.start:
            raise InvalidRequestError(f"The window {self} has not begun at {past}; read it after its end.")
        return replace(self, end=past)

    def split(self, step: timedelta) -> tuple["Window", ...]:
        """Return the window as consecutive ones of at most `step`. Only the first overlaps what lies before it."""
        if self.start is None or step <= NOTHING:
            raise InvalidRequestError(f"The window {self} cannot be split: it needs a start, and a step above zero.")
        parts = []
        start, overlap = self.start, self.overlap
        while start < self.end:
            end = min(start + step, self.end)
            parts.append(Window(start, end, overlap))
            start, overlap = end, NOTHING
        return tuple(parts)

    def plain(self) -> dict[str, Any]:
        """Return the window as JSON knows it: ISO 8601 text in UTC, and the overlap in seconds."""
        return {
            "start": None if self.start is None else self.start.isoformat(),
            "end": self.end.isoformat(),
            "overlap_seconds": self.overlap.total_seconds(),
        }

    def __str__(self) -> str:
        """`2026-01-01T00:00:00+00:00/2026-01-02T00:00:00+00:00`; `..` where it has no start."""
        return f"{'..' if self.start is None else self.start.isoformat()}/{self.end.isoformat()}"


def window_of(start: Any, end: Any, overlap: timedelta | float | str = NOTHING) -> Window:
    """Return the window of rendered arguments: datetimes or ISO 8601 text, the overlap a timedelta or seconds."""
    if not isinstance(overlap, timedelta):
        try:
            overlap = timedelta(seconds=float(overlap))
        except (ValueError, TypeError, OverflowError):
            raise InvalidRequestError(f"A window's overlap must be seconds or a timedelta, not {overlap!r}.") from None
    return Window(None if start in (None, "") else _moment("start", start), _moment("end", end), overlap)


def _moment(bound: str, value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise InvalidRequestError(f"A window's {bound} must be a datetime or ISO 8601 text, not {value!r}.") from None


def as_utc(bound: str, value: datetime) -> datetime:
    """Return an aware datetime in UTC. Raises InvalidRequestError for one that has no zone, or is none."""
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise InvalidRequestError(
            f"A window's {bound} must be a datetime with a time zone, not {value!r}: without one it names no instant."
        )
    moved = value.astimezone(UTC)
    return datetime.combine(moved.date(), moved.time(), UTC)  # a plain one: pendulum's print and subtract differently


def local_start(instant: datetime, zone: tzinfo) -> datetime:
    """Return the local time, without a zone, from which on nothing stamped at `instant` or later is skipped.

    In the first run of an hour that comes twice, it is the second before that hour: the second run begins earlier on
    the clock's face than the first one has come to.
    """
    local = _rounded(instant).astimezone(zone)
    if local.fold == 0 and (change := _set_back(local)):
        return change[0] - SECOND
    return local.replace(tzinfo=None, fold=0)


def local_end(instant: datetime, zone: tzinfo) -> datetime:
    """Return the local time, without a zone, before which everything stamped earlier than `instant` lies.

    In the second run of an hour that comes twice, it is that hour's end: the first run came further than this.
    """
    local = _rounded(instant).astimezone(zone)
    if local.fold == 1 and (change := _set_back(local)):
        return change[1]
    return local.replace(tzinfo=None, fold=0)


def changed_in(field: str, window: Window, zone: tzinfo, *, by_day: bool = False) -> Condition:
    """Return the condition that `field` lies in what the window reads, in the local time of `zone`.

    With `by_day` the field holds days: those on which the window begins and ends are read whole.
    """
    start, end = window.reads
    last = local_end(end, zone)
    upper: Condition = Compare(field, "<=", (last - SECOND).date()) if by_day else Compare(field, "<", last)
    if start is None:
        return upper
    first: datetime | date = local_start(start, zone)
    return all_of(Compare(field, ">=", first.date() if by_day and isinstance(first, datetime) else first), upper)


def _rounded(instant: datetime) -> datetime:
    """Round up to a whole second: stamps have no fractions, so `t >= 1.5` is `t >= 2` and `t < 1.5` is `t < 2`."""
    floor = instant.astimezone(UTC).replace(microsecond=0)
    return floor + SECOND if instant.microsecond else floor


def _set_back(local: datetime) -> tuple[datetime, datetime] | None:
    """Return where the stretch that comes twice begins and ends on the clock's face; None if `local` is in none."""
    face, zone = local.replace(tzinfo=None, fold=0), local.tzinfo
    first, second = local.replace(fold=0).utcoffset(), local.replace(fold=1).utcoffset()
    if zone is None or first is None or second is None or first <= second:
        return None
    before, after = (face - first).replace(tzinfo=UTC), (face - second).replace(tzinfo=UTC)
    while after - before > SECOND:  # the moment of change lies after `before`, at `after` or earlier
        middle = before + (after - before) // SECOND // 2 * SECOND
        if middle.astimezone(zone).utcoffset() == first:
            before = middle
        else:
            after = middle
    change = after.replace(tzinfo=None)
    return change + second, change + first
