"""Whether a record that was read says the same as one that was to be posted. Pure.

Compared is every value that was written and that reads back under a known name; states are not, for they move on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from airflow_provider_intacct.client.posting.identity import DATE_PARTS, canonical, plain_number
from airflow_provider_intacct.client.posting.kinds import Lines
from airflow_provider_intacct.client.posting.records import Posting

if TYPE_CHECKING:
    from lxml.etree import _Element

MOVING = frozenset({"STATE", "ACTION", "HISTORY_COMMENT"})
"""What workflow changes after the record was posted, or what is said to it and not kept."""

OTHER_AMOUNT = {"AMOUNT": "TRX_AMOUNT", "TRX_AMOUNT": "AMOUNT"}
"""Intacct takes either name for a line's amount and gives both back."""

_Entry = tuple[str, str, list[str]]
"""A field, what is written to it, and what stands there."""

SIDES = {"debit": "1", "credit": "-1"}
"""How the legacy functions write TR_TYPE."""


def differences(posting: Posting, found: _Element) -> Iterator[str]:
    """Yield what differs, in words; nothing if `found` says all that `posting` says.

    What does not read back is passed over: see `unread`. A field that an update clears differs while it says something.
    """
    for field, text, there in _header(posting, found):
        if there and (text or posting.act != "create") and not any(_same(text, each) for each in there):
            yield f"{field} is {there[0]!r} there and {text!r} here"
    lines = posting.kind.lines
    if lines is not None and lines.comparable and (posting.act == "create" or lines.container in posting.record):
        yield from _differing_lines(posting.record.get(lines.container), lines, found)


def unread(posting: Posting, found: _Element) -> Iterator[str]:
    """Yield the names of what `posting` writes and `found` does not tell."""
    yield from (field for field, _, there in _header(posting, found) if not there)
    yield from (name for name in posting.record if name.upper() in MOVING)


def _header(posting: Posting, found: _Element) -> Iterator[_Entry]:
    """Yield the entries of the record, without its lines and without a reference that was stamped into it."""
    lines, reference = posting.kind.lines, posting.kind.reference
    left_out = {lines.container if lines else "", reference if posting.reference else ""}
    record = {name: value for name, value in posting.record.items() if name not in left_out}
    return _entries(record, posting.kind.fields, found)


def _entries(record: Mapping[str, Any], names: Mapping[str, str], found: _Element) -> Iterator[_Entry]:
    """Yield each value that is written: its field, its text, and the texts that stand there; none if unknown."""
    for name, value in record.items():
        field = names.get(name, name)
        if field.upper() in MOVING or name.startswith("@"):
            continue
        if isinstance(value, Mapping) and set(value) != DATE_PARTS:
            inner = _child(found, field)
            if inner is not None and len(inner):
                yield from _entries(value, {}, inner)
            else:
                yield from _entries({f"{field}.{name}": each for name, each in value.items()}, {}, found)
            continue
        text = canonical(value)
        if not isinstance(text, str):
            yield field, "", []  # a list has no field to stand in
            continue
        yield field, SIDES.get(text.strip(), text.strip()) if field == "TR_TYPE" else text.strip(), _texts(found, field)


def _differing(record: Mapping[str, Any], names: Mapping[str, str], found: _Element) -> bool:
    """Return whether a line says something else. Lines are replaced as a whole: what is empty was not written."""
    entries = _entries(record, names, found)
    return any(there and text and not any(_same(text, each) for each in there) for _, text, there in entries)


def _differing_lines(held: Any, lines: Lines, found: _Element) -> Iterator[str]:
    container = _child(found, lines.read_container())
    if container is None:
        yield "its lines, which could not be read"
        return
    sent = held.get(lines.line, []) if isinstance(held, Mapping) else []
    sent = sent if isinstance(sent, Sequence) else [sent]
    if lines.summed:
        yield from _differing_sums(sent, lines.summed, container)
        return
    unmatched = list(container)
    if len(sent) != len(unmatched):
        yield f"it has {len(unmatched)} lines there and {len(sent)} here"
        return
    for number, line in enumerate(sent, 1):
        match = next((each for each in unmatched if not _differing(line, lines.fields, each)), None)
        if match is None:
            yield f"line {number} ({_summary(line)}) has no equal there"
        else:
            unmatched.remove(match)


def _differing_sums(sent: Sequence[Mapping[str, Any]], names: tuple[str, str], found: _Element) -> Iterator[str]:
    """Yield the keys of which the lines sent and those that are there add up to different amounts."""
    key, amount = names
    here: dict[str, Decimal] = {}
    for line in sent:
        if (number := _written(line.get(key))) and isinstance(line.get(amount), Decimal):
            here[number] = here.get(number, Decimal(0)) + line[amount]
    there: dict[str, Decimal] = {}
    for each in found:
        (number, *_), (text, *_) = (_texts(each, key) or [""], _texts(each, amount) or [""])
        there[number] = there.get(number, Decimal(0)) + Decimal(text or 0)
    for number, total in here.items():
        if there.get(number) != total:
            yield f"{amount} of {key} {number} is {there.get(number, 0)} there and {total} here"


def _summary(line: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_written(value)}" for name, value in line.items() if _written(value))


def _child(element: _Element, name: str) -> _Element | None:
    """Return the child `name`, whatever its case: what is nested inside a read record may be lower-case."""
    return next((each for each in element if isinstance(each.tag, str) and each.tag.upper() == name.upper()), None)


def _texts(element: _Element, field: str) -> list[str]:
    children = (_child(element, name) for name in (field, OTHER_AMOUNT.get(field)) if name)
    return [(each.text or "").strip() for each in children if each is not None and not len(each)]


def _written(value: Any) -> str:
    written = canonical(value)
    return written.strip() if isinstance(written, str) else ""


def _same(written: str, read: str) -> bool:
    return written == read or _comparable(written) == _comparable(read)


def _comparable(text: str) -> str:
    """Return numbers without trailing zeros, ISO dates as mm/dd/yyyy, T and F as true and false."""
    if iso := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", text, re.ASCII):
        return f"{iso[2]}/{iso[3]}/{iso[1]}"
    if text in ("T", "F"):
        return "true" if text == "T" else "false"
    if not re.fullmatch(r"-?\d+\.\d*", text, re.ASCII):
        return text
    return plain_number(Decimal(text))
