"""What the reading functions ask of their call alike: the object, its fields, the user's zone, page and rights."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Literal
from zoneinfo import ZoneInfo

from lxml import etree

from airflow_provider_intacct.sandbox.catalog import ObjectDefinition, Path
from airflow_provider_intacct.sandbox.gateway.calls import Call
from airflow_provider_intacct.sandbox.gateway.results import FunctionError
from airflow_provider_intacct.sandbox.permissions import refuse_fields

from .literals import Dialect, Reader, malformed
from .selection import owner_of

_NUMBER = re.compile(r"-?[0-9]{1,18}")  # what the store can hold


def text_of(parent: etree._Element, name: str, default: str = "") -> str:
    """Return the trimmed text of a child, the default where it is absent or empty."""
    return (parent.findtext(name) or "").strip() or default


def whole_number(parent: etree._Element, name: str, default: int) -> int:
    """Return a child's number; the schema has already refused what is none where it says so."""
    return checked_number(name, text_of(parent, name), default)


def page_size(call: Call) -> int:
    """Return the page size of readByQuery and its kin, 100 where none is asked for."""
    size, limit = whole_number(call.element, "pagesize", 100), call.company.switches.number("read_by_query_page_limit")
    if size < 1 or (limit and size > limit):
        raise FunctionError("XL03000006", f"pagesize must be between 1 and {limit:.0f}, not {size}")
    return page_limit(call, size)


def checked_number(name: str, text: str, default: int) -> int:
    """Return a number that a request gives as text, the default for an empty one."""
    if not text:
        return default
    number = as_number(text)
    if number is None:
        raise FunctionError("XL03000006", f"{name} must be a whole number, not {text}")
    return number


def as_number(text: str) -> int | None:
    """Return the whole number a text says, None where it says none that a record could have."""
    return int(text) if _NUMBER.fullmatch(text) else None


def page_limit(call: Call, asked: int) -> int:
    """Return how many records a page may have: as many as asked for, unless the company caps pages."""
    cap = int(call.company.switches.number("page_cap"))
    return min(asked, cap) if cap else asked


def is_true(parent: etree._Element, name: str) -> bool:
    """Whether a child says true."""
    return text_of(parent, name).lower() in ("true", "1", "t")


def user_zone(call: Call) -> ZoneInfo:
    """Return the API user's time zone, in which the gateway reads and writes timestamps."""
    return ZoneInfo(call.user.time_zone)


def object_zone(call: Call, definition: ObjectDefinition) -> ZoneInfo:
    """Return the zone of an object's timestamps: the user's, except that DDS and, it may be, audit history keep GMT."""
    if definition.name == "DDSJOB":
        return ZoneInfo("UTC")
    if definition.name == "AUDITHISTORY" and call.company.switches.text("audit_history_zone") == "gmt":
        return ZoneInfo("UTC")
    return user_zone(call)


def literal_reader(call: Call, definition: ObjectDefinition, dialect: Dialect) -> Reader:
    """Return how the literals of a condition on this object are read."""
    strict = call.company.switches.text("unknown_label") == "refuse"
    fold: Literal[0, 1] = 1 if call.company.switches.text("ambiguous_hour") == "second" else 0
    return Reader(dialect, object_zone(call, definition), iso=definition.platform, strict=strict, fold=fold)


def refuse_poison(call: Call, definition: ObjectDefinition, keys: Callable[[], Iterable[int]]) -> None:
    """Raise the refusal of a page of AUDITHISTORY that holds a row which the gateway cannot process."""
    poison = set(listed(call.company.switches.text("poison_audit_rows")))
    if poison and definition.name == "AUDITHISTORY" and not poison.isdisjoint(map(str, keys())):
        raise malformed()


def return_format(parent: etree._Element, name: str) -> str:
    """Return xml, json or csv; another word is refused."""
    asked = text_of(parent, name, "xml").lower()
    if asked not in ("xml", "json", "csv"):
        raise FunctionError("XL03000006", f"{asked} is not a valid return format")
    return asked


def listed(text: str) -> list[str]:
    """Return the items of a comma-separated list."""
    return [item.strip() for item in text.split(",") if item.strip()]


def refuse_kept_fields(
    call: Call, definition: ObjectDefinition, paths: Iterable[Path], *, queryable_only: bool = True
) -> None:
    """Raise the gateway's refusal when a field is kept from the user, or cannot be queried at all."""
    kept: dict[str, list[str]] = {}
    for path in paths:
        owner = owner_of(call.company.catalog, definition, path)
        denied = path.field.id in call.company.permissions.denied_fields(call.user, owner.name)
        if denied or (queryable_only and not path.field.queryable):
            names = kept.setdefault(owner.name, [])
            if path.field.id not in names:
                names.append(path.field.id)
    refuse_fields(kept)


def record_numbers(keys: Iterable[str]) -> list[int]:
    """Return the keys that could be record numbers; the others belong to no record."""
    return [number for key in keys if (number := as_number(key)) is not None]


def keys_of(parent: etree._Element, limit: float) -> Sequence[str]:
    """Return the keys of read and its kin. More than the limit are refused (UNSOURCED: the gateway's own reaction)."""
    keys = listed(parent.findtext("keys") or "")
    if limit and len(keys) > limit:
        raise FunctionError("XL03000006", f"The number of keys, {len(keys)}, exceeds the maximum of {limit:.0f}")
    return keys
