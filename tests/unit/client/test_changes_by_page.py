"""Pages by time of change and key: seconds with more changes than a page holds, and records without a time."""

import random
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from airflow_provider_intacct.client.errors import MalformedReplyError
from airflow_provider_intacct.client.paging import ChangeCursor, Changes, Extract, Places, first
from airflow_provider_intacct.client.where import And, Compare, Condition, IsNull, Or
from airflow_provider_intacct.client.windows import Window, changed_in
from airflow_provider_intacct.client.xml.metadata import UserFormatting
from airflow_provider_intacct.client.xml.windows import may_repeat_an_hour, repeats_an_hour

Row = dict[str, Any]
START = datetime(2026, 3, 1, tzinfo=UTC).replace(tzinfo=None)
ZONE = UserFormatting().zone
WINDOW = Window(START.replace(tzinfo=ZONE), (START + timedelta(seconds=20)).replace(tzinfo=ZONE))


def written(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%m/%d/%Y %H:%M:%S}"


def moment(text: str) -> datetime:
    return datetime.strptime(f"{text} +0000", "%m/%d/%Y %H:%M:%S %z").replace(tzinfo=None)


CHANGES = Changes(
    "WHENMODIFIED", changed_in("WHENMODIFIED", WINDOW, ZONE), changed_in("WHENCREATED", WINDOW, ZONE), moment, ZONE
)


def meets(row: Row, condition: Condition) -> bool:
    match condition:
        case And(conditions):
            return all(meets(row, part) for part in conditions)
        case Or(conditions):
            return any(meets(row, part) for part in conditions)
        case IsNull(name, _):
            return row[name] is None
        case Compare(name, operator, value):
            if row[name] is None:
                return False
            have: Any = row[name]
            want: Any = int(str(value)) if name == "RECORDNO" else value
            return {">": have > want, "<": have < want, "=": have == want, ">=": have >= want, "<=": have <= want}[
                operator
            ]
    raise AssertionError(condition)


def company(chance: random.Random, count: int) -> list[Row]:
    rows = []
    for number in range(1, count + 1):
        created = START + timedelta(seconds=chance.randint(-3, 22))
        changed = None if chance.random() < 0.3 else START + timedelta(seconds=chance.choice([-1, 0, 5, 5, 5, 19, 20]))
        rows.append({"RECORDNO": number, "WHENCREATED": created, "WHENMODIFIED": changed})
    chance.shuffle(rows)
    return rows


def in_window(row: Row) -> bool:
    at = row["WHENMODIFIED"] or row["WHENCREATED"]
    return bool(START <= at < START + timedelta(seconds=20))


@pytest.mark.parametrize("nulls_first", [True, False])
@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("seed", range(25))
def test_every_change_of_the_window_comes_once(seed: int, counted: bool, nulls_first: bool) -> None:
    chance = random.Random(seed)
    table = company(chance, chance.choice([0, 1, 30, 60]))
    expected = {row["RECORDNO"] for row in table if in_window(row)}
    size = chance.choice([1, 2, 7, 30])
    cursor = first(Extract("VENDOR", ("RECORDNO",), page_size=size), CHANGES)
    read: list[int] = []
    pages = 0
    while cursor is not None:
        assert isinstance(cursor, ChangeCursor)
        pages += 1
        found = [row for row in table if meets(row, cursor.where())]
        found.sort(key=lambda row: ((row["WHENMODIFIED"] is None) != nulls_first, row["WHENMODIFIED"] or START,
                                    row["RECORDNO"]))  # fmt: skip
        page = found[:size]
        read += [row["RECORDNO"] for row in page]
        places = Places([str(row["RECORDNO"]) for row in page], [written(row["WHENMODIFIED"]) for row in page])
        cursor = cursor.after(places, len(found) if counted else None)
    assert len(read) == len(set(read))
    assert set(read) == expected
    assert pages <= -(-len(expected) // size) + 1


@pytest.mark.parametrize(
    "second",
    [
        [(written(START), "3")],  # goes back in time
        [(written(START + timedelta(seconds=5)), "9")],  # the same record again
        [(written(START + timedelta(seconds=5)), "8")],  # goes back in number within the second
        [(written(START + timedelta(seconds=6)), "2"), (written(START + timedelta(seconds=6)), "1")],
    ],
)
def test_a_server_whose_pages_do_not_go_on_is_not_believed(second: list[tuple[str, str]]) -> None:
    cursor = first(Extract("VENDOR", ("RECORDNO",), page_size=1), CHANGES)
    assert isinstance(cursor, ChangeCursor)
    following = cursor.after(Places(["9"], [written(START + timedelta(seconds=5))]), 7)
    assert following is not None
    with pytest.raises(MalformedReplyError, match="by time of change"):
        following.after(Places([key for _, key in second], [moment for moment, _ in second]), 3)


def test_a_window_with_an_hour_that_comes_twice_is_not_paged_by_time() -> None:
    from zoneinfo import ZoneInfo

    pacific = ZoneInfo("America/Los_Angeles")

    def window(*days: tuple[int, int]) -> Window:
        start, end = (datetime(2026, *day, tzinfo=pacific) for day in days)
        return Window(start, end)

    assert repeats_an_hour(window((10, 31), (11, 2)), pacific)
    assert not repeats_an_hour(window((3, 1), (4, 1)), pacific)
    assert not repeats_an_hour(window((10, 31), (11, 2)), ZoneInfo("UTC"))
    assert repeats_an_hour(Window(None, datetime(2026, 3, 1, tzinfo=pacific)), pacific)


def test_where_only_an_offset_is_known_weekends_of_autumn_are_not_paged_by_time() -> None:
    pacific = timezone(timedelta(hours=-8))

    def window(start: tuple[int, int], end: tuple[int, int]) -> Window:
        return Window(datetime(2026, *start, 8, tzinfo=UTC), datetime(2026, *end, 8, tzinfo=UTC))

    assert may_repeat_an_hour(window((10, 31), (11, 1)), pacific)
    assert may_repeat_an_hour(window((4, 3), (4, 5)), pacific)
    assert not may_repeat_an_hour(window((11, 2), (11, 6)), pacific)
    assert not may_repeat_an_hour(window((6, 1), (6, 30)), pacific)
    assert may_repeat_an_hour(Window(None, datetime(2026, 6, 1, tzinfo=UTC)), pacific)
