"""How many requests are in flight, and how large a page is: both learnt from what the server answers. Pure: no clock.

A refusal takes back one request at once, so going over the limit costs no more than the refused request itself; a
page that fails for its size is asked for by halves. Both grow back, more carefully each time that was too soon.
"""

import os
import re
import threading
from collections.abc import Mapping

LEAST_PAGE = 50
GOOD_PAGES = 2
"""Pages of a size that must come before the next larger one is tried. Doubles each time that pages fail again."""
GOOD_ANSWERS = 8
"""Answers that must come before one more request is let into flight. Doubles with each refusal."""
MOST_GOOD = 512

LIMIT_HEADER = re.compile(r"x-ia-(?:tenant-)?throttle-limit")
REMAINING_HEADER = re.compile(r"x-ia-(?:tenant-)?throttle(?:-limit)?-?remaining")
"""Source: Sage Intacct REST API guide, rate limits. The hyphens of the guide's table are damaged, so both are read."""


class PageSize:
    """The size of the pages of one read, at most `most` rows."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.now = most
        self._good = 0
        self._needed = GOOD_PAGES
        self._calm = True  # until a page fails, and again when one has come

    def came(self, size: int) -> None:
        """Note that a page of `size` rows at most came whole."""
        self._calm = True
        if size < self.now or self.now == self.most:
            return
        self._good += 1
        if self._good >= self._needed:
            self.now, self._good = min(self.most, self.now * 2), 0

    def failed(self, size: int) -> bool:
        """Note that a page of `size` rows failed; return whether it is now asked for with fewer."""
        smaller = max(LEAST_PAGE, size // 2)
        if self._calm:
            self._needed = min(self._needed * 2, MOST_GOOD)
        self._good, self._calm = 0, False
        self.now = min(self.now, max(1, smaller))
        return self.now < size


class InFlight:
    """How many requests a company takes at a time, as far as this process has learnt. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._limit: int | None = None
        self._good = 0
        self._needed = GOOD_ANSWERS

    def allowed(self, most: int) -> int:
        """Return how many requests may be in flight, of the `most` that the caller would send."""
        return most if self._limit is None else max(1, min(most, self._limit))

    def refused(self, in_flight: int) -> None:
        """Note that a request was refused for its number; `in_flight` counts it in."""
        with self._lock:
            known = in_flight if self._limit is None else self._limit
            self._limit = max(1, min(known, in_flight - 1))
            self._good, self._needed = 0, min(self._needed * 2, MOST_GOOD)

    def answered(self, headers: Mapping[str, str]) -> None:
        """Note an answer, and what its headers (names in lower case) say of the limit. Most say nothing."""
        limits, remaining = _numbers(headers, LIMIT_HEADER), _numbers(headers, REMAINING_HEADER)
        with self._lock:
            if limits and (self._limit is None or min(limits) < self._limit):
                self._limit, self._good = max(1, min(limits)), 0
            elif self._limit is not None and 0 not in remaining and (not limits or self._limit < min(limits)):
                self._good += 1
                if self._good >= self._needed:
                    self._limit, self._good = self._limit + 1, 0

    def _after_fork(self) -> None:
        self._lock = threading.Lock()


def _numbers(headers: Mapping[str, str], name: re.Pattern[str]) -> list[int]:
    return [int(value) for key, value in headers.items() if name.fullmatch(key) and value.strip().isdecimal()]


_companies: dict[str, InFlight] = {}


def in_flight_of(company: str) -> InFlight:
    """Return what this process has learnt of a company, whichever client learnt it."""
    return _companies.setdefault(company, InFlight())


def _after_fork() -> None:
    for learnt in _companies.values():
        learnt._after_fork()


os.register_at_fork(after_in_child=_after_fork)
