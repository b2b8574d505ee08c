"""How large a page is and how many requests are in flight, as answers, refusals and headers teach it."""

import pytest

from airflow_provider_intacct.client.pacing import GOOD_ANSWERS, GOOD_PAGES, LEAST_PAGE, InFlight, PageSize
from airflow_provider_intacct.client.seen import Seen


def test_pages_halve_down_to_the_least_and_grow_back_by_doubling() -> None:
    sizes = PageSize(2000)
    halves = []
    while sizes.failed(sizes.now):
        halves.append(sizes.now)
    assert halves == [1000, 500, 250, 125, 62, LEAST_PAGE]
    for _ in range(2000):
        sizes.came(sizes.now)
    assert sizes.now == 2000


def test_pages_that_failed_once_more_grow_back_later() -> None:
    sizes = PageSize(2000)
    sizes.failed(2000)
    needed = []
    for _ in range(2):
        count = 0
        while sizes.now < 2000:
            sizes.came(sizes.now)
            count += 1
        needed.append(count)
        sizes.failed(2000)
    assert needed[0] == GOOD_PAGES * 2
    assert needed[1] == needed[0] * 2


def test_several_failures_of_one_size_halve_it_once() -> None:
    sizes = PageSize(2000)
    for _ in range(3):
        sizes.failed(2000)
    assert sizes.now == 1000


def test_good_pages_of_a_smaller_size_prove_nothing() -> None:
    sizes = PageSize(2000)
    sizes.failed(2000)
    for _ in range(100):
        sizes.came(500)
    assert sizes.now == 1000


def test_a_page_smaller_than_the_least_stays_as_it_is() -> None:
    sizes = PageSize(10)
    assert not sizes.failed(10)
    assert sizes.now == 10


def test_each_refusal_takes_one_request_back_and_growth_is_careful() -> None:
    limit = InFlight()
    assert limit.allowed(4) == 4
    limit.refused(4)
    limit.refused(3)
    assert limit.allowed(4) == 2
    assert limit.allowed(1) == 1
    for _ in range(GOOD_ANSWERS * 4 - 1):
        limit.answered({})
    assert limit.allowed(4) == 2
    limit.answered({})
    assert limit.allowed(4) == 3


def test_alone_in_flight_one_stays_allowed() -> None:
    limit = InFlight()
    limit.refused(1)
    assert limit.allowed(4) == 1


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, 8),
        ({"x-ia-throttle-limit": "2"}, 2),
        ({"x-ia-throttle-limit": "6", "x-ia-tenant-throttle-limit": "3"}, 3),
        ({"x-ia-throttle-limit": "many"}, 8),
        ({"x-ia-throttle-limit": "0"}, 1),
        ({"x-ia-minute-rate-limit": "2"}, 8),  # requests in a minute, not at a time
    ],
)
def test_a_limit_that_headers_tell_is_kept(headers: dict[str, str], allowed: int) -> None:
    limit = InFlight()
    limit.answered(headers)
    assert limit.allowed(8) == allowed


@pytest.mark.parametrize("name", ["x-ia-throttle-limit-remaining", "x-ia-throttle-remaining"])
def test_nothing_grows_while_no_place_is_left(name: str) -> None:
    limit = InFlight()
    limit.refused(3)
    for _ in range(1000):
        limit.answered({name: "0"})
    assert limit.allowed(8) == 2


def test_a_limit_told_is_not_outgrown() -> None:
    limit = InFlight()
    for _ in range(1000):
        limit.answered({"x-ia-throttle-limit": "2"})
    assert limit.allowed(8) == 2


def test_keys_are_seen_once() -> None:
    seen = Seen()
    keys = ["1", "255", "256", "a", "1000000000000", "b", "0"]
    assert [seen.add(key) for key in keys] == [True] * len(keys)
    assert [seen.add(key) for key in keys] == [False] * len(keys)
    assert len(seen) == len(keys)


def test_a_million_keys_take_little_memory() -> None:
    import tracemalloc

    tracemalloc.start()
    seen = Seen()
    for key in range(100_000):
        seen.add(str(key))
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(seen) == 100_000
    assert used < 300_000
