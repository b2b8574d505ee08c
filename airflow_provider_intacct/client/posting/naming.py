"""Where in a record something stands, in words: "line 3 ACCOUNTNO". Intacct names the value it refuses, never the line.

Pure.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from airflow_provider_intacct.client.errors import ErrorEntry
from airflow_provider_intacct.client.posting.identity import canonical
from airflow_provider_intacct.client.posting.kinds import Kind

Place = tuple[str, str, str]
"""Where an entry stands, its name, and its value as text."""

QUOTED = re.compile(r"'([^']+)'|\"([^\"]+)\"|\b(\d\d/\d\d/\d{4})\b")
WORDS = re.compile(r"[A-Za-z]{4,}")
_PATH = re.compile(r"(record \d+ \([^()]*\))/(\S.*)", re.DOTALL)
MOST_PLACES = 5


def in_words(message: str, kind: Kind) -> str:
    """Return `message` with "record 1 (GLBATCH), line 2 ACCOUNTNO" for "record 1 (GLBATCH)/ENTRIES[2]/ACCOUNTNO"."""
    if not (found := _PATH.match(message)):
        return message
    record, rest = found.groups()
    if kind.lines is not None:
        line = re.match(rf"{kind.lines.container}(?:/{kind.lines.line})?(?:\[(\d+)\])?/?", rest)
        if line is not None and line.end() and (line[1] or rest[: line.end()].endswith(f"{kind.lines.line}/")):
            within = rest[line.end() :]
            joint = "" if within.startswith((":", " ")) else " "
            return f"{record}, line {line[1] or 1}{joint}{within}"
    return f"{record}, {rest}"


def named(record: Mapping[str, Any], kind: Kind, errors: Sequence[ErrorEntry]) -> str:
    """Return where the values stand that Intacct's errors quote, or "" if they quote none of the record's."""
    places = list(_places(record, kind))
    said: list[str] = []
    for error in errors:
        for value in dict.fromkeys("".join(groups) for groups in QUOTED.findall(error.text)):
            found = [place for place in places if place[2] == value]
            nearer = [place for place in found if _is_about(error.text, place[1])]
            if listed := [where for where, _, _ in nearer or found]:
                more = f" and {len(listed) - MOST_PLACES} more" if len(listed) > MOST_PLACES else ""
                said.append(f"{value!r} stands in {', '.join(listed[:MOST_PLACES])}{more}")
    return "; ".join(dict.fromkeys(said))


def _is_about(text: str, name: str) -> bool:
    """Whether an error speaks of an entry: "Invalid Location '7'" of LOCATIONID."""
    unquoted = QUOTED.sub("", text).upper()
    return any(word in name.upper() for word in WORDS.findall(unquoted))


def _places(record: Mapping[str, Any], kind: Kind) -> Iterator[Place]:
    for name, value in record.items():
        if kind.lines is not None and name == kind.lines.container and isinstance(value, Mapping):
            held = value.get(kind.lines.line, [])
            for number, line in enumerate(held if isinstance(held, list) else [held], 1):
                yield from _below(line, f"line {number}")
        else:
            yield from _entry(name, value, "")


def _below(held: Any, where: str) -> Iterator[Place]:
    if isinstance(held, Mapping):
        for name, value in held.items():
            yield from _entry(name, value, where)


def _entry(name: str, value: Any, where: str) -> Iterator[Place]:
    path = f"{where} {name}".strip()
    written = canonical(value)
    if isinstance(written, str):
        yield path, name, written
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value, 1):
            yield from _below(item, f"{path} {number}")
    else:
        yield from _below(value, path)
