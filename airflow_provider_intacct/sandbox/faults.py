"""What can go wrong on the way, on demand: rules that strike at the nth request with a function.

Stages: before (nothing was executed), within (a part was), during (the rest goes on unheard), after (everything was
executed and committed).
"""

import threading
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

BEFORE = {
    "http_429": "HTTP 429 with GW-0010; nothing is executed",
    "http_503": "HTTP 503 with a plain page; nothing is executed",
    "http_524": "HTTP 524 with a Cloudflare page; nothing is executed",
    "gw_html": "HTTP 502 with an HTML page of the content delivery network; nothing is executed",
    "reset_before": "the connection is reset; nothing is executed",
    "expired_session": "the request's session has expired: the company answers as to any invalid session",
    "slow": "execution takes `seconds`; meanwhile the operation holds its place and its control ids",
    "throttled_text": "HTTP 200 whose body says `API rate limit exceeded`; nothing is executed",
    "concurrent_refusal": "HTTP 200, too many operations in process; nothing is executed",
    "late_commit": "what is written is stamped `seconds` before it becomes visible: the transaction took so long",
    "large_page": "the functions fail with DL02000001, as what is too much to process does; nothing is executed",
    "kill_before": "the sandbox process dies by SIGKILL; nothing is executed",
}
WITHIN = {
    "kill_uncommitted": "the sandbox process dies by SIGKILL when a function was executed and is not committed",
    "reset_uncommitted": "the connection is reset when a function was executed; it is undone, the rest is left out",
    "kill_between": "the sandbox process dies by SIGKILL when a function was committed; the rest is not executed",
    "reset_between": "the connection is reset when a function was committed; the rest is not executed",
    "gw_html_between": "HTTP 502 with an HTML page when a function was committed; the rest is not executed",
}
DURING = {
    "http_524_during": "HTTP 524 at once; everything is executed and committed `seconds` later",
    "reset_during": "the connection is reset at once; everything is executed and committed `seconds` later",
}
AFTER = {
    "http_524_after": "HTTP 524 with a Cloudflare page; everything was executed and committed",
    "reset_after": "the connection is reset; everything was executed and committed",
    "http_503_after": "HTTP 503 with a plain page; everything was executed and committed",
    "gw_html_after": "HTTP 502 with an HTML page; everything was executed and committed",
    "slow_after": "the reply waits `seconds`; everything was executed and committed",
    "truncated": "the connection closes in the middle of the reply, or after `at_byte`; everything was executed",
    "shortened": "the reply ends in its middle, or after `at_byte`, as if it were whole; everything was executed",
    "session_ends": "the reply is proper and the session has ended; everything was executed and committed",
    "delivered_twice": "the request is executed twice, as if a proxy had sent it again; the second reply is given",
    "kill_after": "the sandbox process dies by SIGKILL; everything was executed and committed",
}
_LONGEST = 3600
KINDS = {**BEFORE, **WITHIN, **DURING, **AFTER}


class FaultError(ValueError):
    """A rule that cannot be used; the text names the field and the choices."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Strike at the `nth` request from now on that holds `function` ("*": any), `times` times in a row.

    With `rows`, only requests for pages of more than so many records count. `position` is the function of the request
    that a fault within strikes at (0: the last one), `at_byte` where a reply is cut (negative: from its end, None: in
    the middle). With `expire` the request's session has ended as well. With `queued` asynchronous requests count when
    they are carried out, and no others.
    """

    fault: str
    function: str = "*"
    nth: int = 1
    times: int = 1
    seconds: float = 1.0
    rows: int = 0
    position: int = 0
    at_byte: int | None = None
    expire: bool = False
    queued: bool = False

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> "Rule":
        """Return the rule of a JSON object; raises FaultError."""
        unknown = set(values) - set(cls.__slots__)
        if unknown:
            raise FaultError(f"A fault has no {', '.join(sorted(unknown))}. Fields: {', '.join(cls.__slots__)}.")
        if values.get("fault") not in KINDS:
            raise FaultError(f"There is no fault {values.get('fault')!r}. Faults: {', '.join(KINDS)}.")
        try:
            rule = cls(
                fault=str(values["fault"]),
                function=str(values.get("function", "*")),
                nth=int(values.get("nth", 1)),
                times=int(values.get("times", 1)),
                seconds=float(values.get("seconds", 1.0)),
                rows=int(values.get("rows", 0)),
                position=int(values.get("position", 0)),
                at_byte=None if values.get("at_byte") is None else int(values["at_byte"]),
                expire=values.get("expire", False) is True,
                queued=values.get("queued", False) is True,
            )
        except (TypeError, ValueError) as error:
            text = "nth, times, rows, position and at_byte are whole numbers, seconds is a number"
            raise FaultError(f"{text}: {error}") from error
        if rule.nth < 1 or rule.times < 1 or rule.position < 0 or not 0 <= rule.seconds <= _LONGEST:
            raise FaultError(f"nth and times start at 1, position at 0, seconds are 0 to {_LONGEST}.")
        if rule.expire and rule.fault.startswith("kill") and rule.fault in WITHIN:
            raise FaultError(f"{rule.fault} leaves no process that could expire a session.")
        return rule

    def cut(self, length: int) -> int:
        """Return how many bytes of a reply of that length are sent by the faults that cut it."""
        if self.at_byte is None:
            return max(1, length // 2)
        return min(length, max(0, length + self.at_byte if self.at_byte < 0 else self.at_byte))

    def concerns(self, functions: Collection[str], page_size: int, *, queued: bool) -> bool:
        """Whether a request with these functions, the largest of its pages so large, is one this rule counts."""
        if queued is not self.queued:
            return False
        return (self.function == "*" or self.function in functions) and (not self.rows or page_size > self.rows)


class Faults:
    """The rules in force, and how many requests each has seen."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._seen: list[int] = []

    def add(self, rule: Rule) -> None:
        """Put a rule in force; it counts from now."""
        with self._lock:
            self._rules.append(rule)
            self._seen.append(0)

    def clear(self) -> None:
        """Remove all rules."""
        with self._lock:
            self._rules, self._seen = [], []

    def listed(self) -> list[dict[str, Any]]:
        """Return the rules with the number of requests each has seen."""
        with self._lock:
            return [{**asdict(rule), "seen": seen} for rule, seen in zip(self._rules, self._seen, strict=True)]

    def strike(self, functions: Collection[str], page_size: int = 0, *, queued: bool = False) -> Rule | None:
        """Count a request with these functions and its largest page, and return the first rule that strikes."""
        struck: Rule | None = None
        with self._lock:
            for index, rule in enumerate(self._rules):
                if rule.concerns(functions, page_size, queued=queued):
                    self._seen[index] += 1
                    if struck is None and rule.nth <= self._seen[index] < rule.nth + rule.times:
                        struck = rule
        return struck
