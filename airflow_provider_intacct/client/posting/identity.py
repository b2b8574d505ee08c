"""Who a record is, whichever try brings it. Pure: digests of what the author wrote, no clock, no position, no I/O.

A control id is the digest of a scope (the task, or a key the author chose) and of an identity within it. The gateway
remembers control ids of functions that succeeded, so equal ids are what keeps a second try from booking twice.
"""

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

Canonical = str | dict[str, "Canonical"] | list["Canonical"]

DATE_PARTS = {"year", "month", "day"}


@dataclass(frozen=True, slots=True)
class Scope:
    """What a record is identified within: one task instance of one DAG run, or whatever `key` names.

    With a `key` (the author's idempotency key) the DAG, run and task do not count: two runs that name the same
    business event with the same key post it once in that company.
    """

    company_id: str
    dag_id: str = ""
    run_id: str = ""
    task_id: str = ""
    map_index: int = -1
    key: str | None = None

    def parts(self) -> list[str]:
        """Return the texts the control ids of this scope are made of."""
        if self.key is not None:
            return ["key", self.company_id, self.key]
        return ["task", self.company_id, self.dag_id, self.run_id, self.task_id, str(self.map_index)]

    @classmethod
    def unguarded(cls, company_id: str) -> "Scope":
        """Return a scope no other call shares: lost replies stay safe, but a repeated task posts again."""
        return cls(company_id=company_id, key=f"unguarded {uuid.uuid4()}")


def control_id(scope: Scope, identity: str) -> str:
    """Return the function control id of the record `identity` in `scope`: 35 printable ASCII characters.

    The gateway compares the function's controlid, not the request's, with operations "previously executed and
    completed" (at most 256 characters). Source: developer.intacct.com, Web Services > Requests, "uniqueid".
    """
    return f"af-{_digest([*scope.parts(), identity])[:32]}"


def reference(control_id: str, tag: str) -> str:
    """Return the text stamped into an empty reference field: 20 characters that begin like the control id.

    The first 15 say which record of which task it is, the last 5 (`tag`) what it contained.
    """
    return f"{reference_prefix(control_id)}{tag[:5]}".upper()


def reference_prefix(control_id: str) -> str:
    """Return the part of a stamped reference that does not depend on the record's content."""
    return control_id[:15].upper()


def content_digest(record: Mapping[str, Any], *, kind: str, entity_id: str | None = None) -> str:
    """Return the digest of what `record` says: 64 hex digits.

    Equal for equal content: the order of fields, the order of lines, `10.0` against `10.00`, a date against its
    mm/dd/yyyy text, and empty against absent make no difference. The entity posted in does, where it is given.

    Text is text, save in the fields of money, which `prepare` makes Decimals: an EXCHANGE_RATE or a quantity given as
    "1.10" on one try and as Decimal("1.1") on the next is other content. Give it the same way on every try.
    """
    return _digest([kind, entity_id or "", canonical(record)])


def canonical(value: object) -> Canonical:
    """Return `value` as the plain text, sorted mapping or sorted list that stands for its content."""
    if type(value) is str:  # as most are; asking whether a value is a mapping takes ten times as long
        return value
    if isinstance(value, Decimal):
        return plain_number(value)
    if isinstance(value, Mapping):
        if set(value) == DATE_PARTS and all(str(part).isdecimal() for part in value.values()):
            return f"{int(value['month']):02}/{int(value['day']):02}/{int(value['year']):04}"
        entries = {str(name): canonical(item) for name, item in value.items()}
        return {name: entries[name] for name in sorted(entries) if entries[name] not in ("", [], {})}
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        # A line keeps its meaning wherever it stands, and a query without ORDER BY brings lines in any order.
        items = sorted((canonical(item) for item in value), key=_text)
        return items[0] if len(items) == 1 else items
    return canonical_text(value)


def canonical_text(value: object) -> str:
    """Return the text of a scalar: numbers without trailing zeros, dates as the gateway writes them."""
    if type(value) is str:
        return value
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return plain_number(Decimal(value))
        case datetime():
            return value.strftime("%m/%d/%Y %H:%M:%S%z")
        case date():
            return value.strftime("%m/%d/%Y")
        case _:
            return str(value)


def plain_number(number: Decimal) -> str:
    """Return `number` without exponent and trailing zeros, so that 10, 10.0 and 1E+1 are one text."""
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _digest(parts: Sequence[Canonical]) -> str:
    # A lone surrogate is no text that XML can carry; it is refused by name when the record is written.
    return hashlib.sha256(_text(list(parts)).encode(errors="surrogatepass")).hexdigest()


def _text(value: Canonical) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
