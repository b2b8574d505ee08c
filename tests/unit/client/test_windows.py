"""A window's bounds in local time: nothing is skipped where clocks go back or forward, whoever reads the bound."""

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

import pendulum
import pytest

from airflow_provider_intacct.client.errors import InvalidRequestError
from airflow_provider_intacct.client.where import Compare, all_of
from airflow_provider_intacct.client.windows import Window, changed_in, local_end, local_start, window_of

LOS_ANGELES = ZoneInfo("America/Los_Angeles")
LONDON = ZoneInfo("Europe/London")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # goes back by half an hour
DAY = timedelta(days=1)
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_window_reads_its_overlap_and_is_half_open() -> None:
    window = Window(NOON, NOON + DAY, timedelta(hours=2))
    assert window.reads == (at("2026-01-31T10:00Z"), at("2026-02-01T12:00Z"))
    assert Window(None, NOON, timedelta(hours=2)).reads == (None, NOON)


def test_a_window_from_the_beginning_of_the_calendar_reads_from_the_beginning() -> None:
    first = datetime(1, 1, 1, tzinfo=UTC)
    assert Window(first, NOON, timedelta(hours=2)).reads == (None, NOON)
    assert Window(first, NOON).reads == (None, NOON)
    assert Window(NOON, NOON + DAY, timedelta.max).reads == (None, NOON + DAY)


def test_bounds_are_kept_in_utc_as_plain_datetimes() -> None:
    local = pendulum.datetime(2026, 1, 31, 4, tz="America/Los_Angeles")
    window = Window(local, local.add(days=1))
    assert window == Window(NOON, NOON + DAY)
    assert type(window.start) is datetime
    assert window.start is not None
    assert window.start.tzinfo is UTC


def test_an_hour_that_comes_twice_is_two_hours_long() -> None:
    first = datetime(2026, 11, 1, 1, 30, tzinfo=LOS_ANGELES)
    second = first.replace(fold=1)
    assert not first < second
    window = Window(first, second)
    assert window.start is not None
    assert window.end - window.start == timedelta(hours=1)


@pytest.mark.parametrize(
    ("start", "end", "overlap", "expected"),
    [
        (NOON.replace(tzinfo=None), NOON, timedelta(0), "start must be a datetime with a time zone"),
        (NOON, (NOON + DAY).replace(tzinfo=None), timedelta(0), "end must be a datetime with a time zone"),
        (None, None, timedelta(0), "end must be a datetime with a time zone"),
        (date(2026, 1, 1), NOON, timedelta(0), "start must be a datetime"),
        (NOON, NOON, timedelta(0), "must start before it ends"),
        (NOON, NOON - DAY, timedelta(0), "must start before it ends"),
        (NOON, NOON + DAY, timedelta(seconds=-1), "zero or more"),
        (NOON, NOON + DAY, 5, "zero or more"),
    ],
)
def test_what_is_no_window_is_refused_with_the_reason(
    start: datetime, end: datetime, overlap: timedelta, expected: str
) -> None:
    with pytest.raises(InvalidRequestError, match=expected):
        Window(start, end, overlap)


def test_a_window_is_cut_to_the_last_whole_second_that_is_past() -> None:
    window = Window(NOON, NOON + DAY, timedelta(hours=1))
    assert window.capped(NOON + 2 * DAY) is window
    assert window.capped(NOON + timedelta(hours=1, microseconds=700_000)) == Window(
        NOON, NOON + timedelta(hours=1), timedelta(hours=1)
    )
    with pytest.raises(InvalidRequestError, match="has not begun"):
        window.capped(NOON)
    assert Window(None, NOON).capped(NOON - DAY) == Window(None, NOON - DAY)


def test_a_split_window_leaves_no_gap_and_overlaps_once() -> None:
    window = Window(NOON, NOON + timedelta(hours=60), timedelta(hours=1))
    parts = window.split(DAY)
    assert [part.reads for part in parts] == [
        (NOON - timedelta(hours=1), NOON + DAY),
        (NOON + DAY, NOON + 2 * DAY),
        (NOON + 2 * DAY, NOON + timedelta(hours=60)),
    ]
    for impossible in (timedelta(0), -DAY):
        with pytest.raises(InvalidRequestError, match="cannot be split"):
            window.split(impossible)
    with pytest.raises(InvalidRequestError, match="cannot be split"):
        Window(None, NOON).split(DAY)


def test_a_window_says_itself_in_text_and_in_json() -> None:
    window = window_of("2026-01-31T04:00:00-08:00", NOON + DAY, "90")
    assert str(window) == "2026-01-31T12:00:00+00:00/2026-02-01T12:00:00+00:00"
    assert window.plain() == {
        "start": "2026-01-31T12:00:00+00:00",
        "end": "2026-02-01T12:00:00+00:00",
        "overlap_seconds": 90.0,
    }
    assert str(window_of(None, "2026-01-31T12:00:00Z")) == "../2026-01-31T12:00:00+00:00"
    assert window_of("", NOON).plain()["start"] is None
    for start, overlap in (("yesterday", 0), ("2026-01-31T12:00:00", 0), (NOON, "long"), (NOON, "nan")):
        with pytest.raises(InvalidRequestError):
            window_of(start, NOON + DAY, overlap)


@pytest.mark.parametrize(
    ("zone", "instant", "start", "end"),
    [
        (UTC, "2026-07-01T00:00Z", "2026-07-01T00:00", "2026-07-01T00:00"),
        (LOS_ANGELES, "2026-07-01T00:00Z", "2026-06-30T17:00", "2026-06-30T17:00"),
        (LOS_ANGELES, "2026-12-01T00:00Z", "2026-11-30T16:00", "2026-11-30T16:00"),
        # 2026-11-01: 02:00 -07:00 is 01:00 -08:00
        (LOS_ANGELES, "2026-11-01T07:59:59Z", "2026-11-01T00:59:59", "2026-11-01T00:59:59"),
        (LOS_ANGELES, "2026-11-01T08:00Z", "2026-11-01T00:59:59", "2026-11-01T01:00"),
        (LOS_ANGELES, "2026-11-01T08:30Z", "2026-11-01T00:59:59", "2026-11-01T01:30"),
        (LOS_ANGELES, "2026-11-01T09:00Z", "2026-11-01T01:00", "2026-11-01T02:00"),
        (LOS_ANGELES, "2026-11-01T09:30Z", "2026-11-01T01:30", "2026-11-01T02:00"),
        (LOS_ANGELES, "2026-11-01T10:00Z", "2026-11-01T02:00", "2026-11-01T02:00"),
        # 2026-03-08: after 01:59:59 -08:00 comes 03:00 -07:00
        (LOS_ANGELES, "2026-03-08T09:59:59Z", "2026-03-08T01:59:59", "2026-03-08T01:59:59"),
        (LOS_ANGELES, "2026-03-08T10:00Z", "2026-03-08T03:00", "2026-03-08T03:00"),
        # 2026-10-25: 02:00 +01:00 is 01:00 +00:00
        (LONDON, "2026-10-25T00:15Z", "2026-10-25T00:59:59", "2026-10-25T01:15"),
        (LONDON, "2026-10-25T01:15Z", "2026-10-25T01:15", "2026-10-25T02:00"),
        (LONDON, "2026-03-29T01:00Z", "2026-03-29T02:00", "2026-03-29T02:00"),
        # 2026-04-05: 02:00 +11:00 is 01:30 +10:30
        (LORD_HOWE, "2026-04-04T14:29:59Z", "2026-04-05T01:29:59", "2026-04-05T01:29:59"),
        (LORD_HOWE, "2026-04-04T14:45Z", "2026-04-05T01:29:59", "2026-04-05T01:45"),
        (LORD_HOWE, "2026-04-04T15:15Z", "2026-04-05T01:45", "2026-04-05T02:00"),
        (LORD_HOWE, "2026-10-03T15:30Z", "2026-10-04T02:30", "2026-10-04T02:30"),
    ],
)
def test_the_bounds_of_an_instant_in_local_time(zone: tzinfo, instant: str, start: str, end: str) -> None:
    assert local_start(at(instant), zone) == at(start)
    assert local_end(at(instant), zone) == at(end)


@pytest.mark.parametrize("zone", [LOS_ANGELES, LONDON, LORD_HOWE, UTC, timezone(timedelta(hours=-8))])
@pytest.mark.parametrize("day", ["2026-03-08", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25", "2026-11-01"])
def test_no_stamp_is_skipped_whether_the_gateway_compares_text_or_either_instant(zone: tzinfo, day: str) -> None:
    first = at(f"{day}T00:00:00+00:00") - timedelta(hours=16)
    stamps = [first + timedelta(minutes=10 * step) for step in range(6 * 40)]
    for bound in stamps[::3]:
        lower, upper = local_start(bound, zone), local_end(bound, zone)
        for stamp in stamps:
            text = stamp.astimezone(zone).replace(tzinfo=None, fold=0)
            readings = [lower.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
            if stamp >= bound:
                assert text >= lower
                assert all(stamp >= reading.astimezone(UTC) for reading in readings)
            readings = [upper.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
            if stamp < bound:
                assert text < upper
                assert all(stamp < reading.astimezone(UTC) for reading in readings)


def test_with_a_fixed_offset_the_bounds_rise_as_the_instants_do() -> None:
    zone = timezone(timedelta(hours=-8))
    instants = [datetime(2026, 10, 31, 12, tzinfo=UTC) + timedelta(minutes=7 * step) for step in range(300)]
    for bounds in ([local_start(each, zone) for each in instants], [local_end(each, zone) for each in instants]):
        assert all(first < second for first, second in pairwise(bounds))


def test_fractions_of_a_second_round_up_so_that_windows_meet() -> None:
    half = NOON + timedelta(microseconds=500_000)
    assert local_start(half, UTC) == local_end(half, UTC) == at("2026-01-31T12:00:01")


def test_a_window_becomes_a_condition_in_local_time() -> None:
    window = Window(at("2026-07-01T00:00Z"), at("2026-07-02T00:00Z"), timedelta(hours=1))
    assert changed_in("WHENMODIFIED", window, LOS_ANGELES) == all_of(
        Compare("WHENMODIFIED", ">=", at("2026-06-30T16:00")), Compare("WHENMODIFIED", "<", at("2026-07-01T17:00"))
    )
    assert changed_in("ACCESSTIME", Window(None, NOON), UTC) == Compare("ACCESSTIME", "<", at("2026-01-31T12:00"))


def test_a_field_that_holds_days_is_read_for_the_days_begun_and_ended() -> None:
    window = Window(at("2026-07-01T12:00Z"), at("2026-07-02T00:00Z"))
    assert changed_in("WHENCREATED", window, UTC, by_day=True) == all_of(
        Compare("WHENCREATED", ">=", date(2026, 7, 1)), Compare("WHENCREATED", "<=", date(2026, 7, 1))
    )
