"""What a check has to say about one record. A value; nothing here asks or decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["error", "unknown"]
"""error    as the record stands, Intacct would refuse it, or take it for something else than what was meant
unknown  it could not be checked; that says nothing against the record"""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, or that nobody could check.

    `position`  of the record in the call, from 1; 0 for the call as a whole
    `path`      where in the record: "line 3 ACCOUNTNO"; "" for the record as a whole
    `remedy`    what to do about it
    """

    position: int
    path: str
    text: str
    remedy: str = ""
    level: Level = "error"

    def as_dict(self) -> dict[str, Any]:
        """Return the problem as plain JSON values."""
        return {
            "position": self.position,
            "path": self.path,
            "text": self.text,
            "remedy": self.remedy,
            "level": self.level,
        }

    @property
    def words(self) -> str:
        """What is wrong and what to do, without the record."""
        words = f"{self.path}: {self.text}" if self.path else self.text
        return f"{words}; {self.remedy}" if self.remedy else words

    def __str__(self) -> str:
        record = f"record {self.position}{', ' if self.path else ': '}" if self.position else ""
        return f"{'not checked: ' if self.level == 'unknown' else ''}{record}{self.words}"


def errors(problems: Sequence[Problem]) -> list[Problem]:
    """Return those that stand against a record."""
    return [problem for problem in problems if problem.level == "error"]
