"""Values as XCom: JSON and nothing else, so that any task, template, REST client or older worker can read them.

Money stays exact: a Decimal becomes its text, `"1234.50"`, and never a float. Dates become ISO 8601 (`"2026-01-31"`),
timestamps ISO 8601 with their offset, an empty field None. Knows no object and no client.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import Protocol

    class Node(Protocol):
        """An XML element, as far as this module cares."""

        tag: Any
        text: Any
        attrib: Any

        def __iter__(self) -> Any: ...


def plain(value: Any) -> Any:
    """Return `value` made of str, int, float, bool, None, list and dict only."""
    match value:
        case Decimal():
            return format(value, "f")
        case date():  # datetime is one too
            return value.isoformat()
        case Mapping():
            return {str(name): plain(item) for name, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
        case _:
            return value


def plain_element(element: Node) -> Any:
    """Return what an XML element holds: its text, None when empty, or a dict of its children and "@"-attributes.

    A child that occurs more than once becomes a list; one that occurs once does not.
    """
    children = [child for child in element if isinstance(child.tag, str)]
    attributes = {f"@{name}": str(value) for name, value in element.attrib.items()}
    if not children and not attributes:
        return (element.text or "").strip() or None
    if not children:
        return {**attributes, "#text": (element.text or "").strip() or None}
    return {**attributes, **_grouped(children)}


def _grouped(children: Iterable[Node]) -> dict[str, Any]:
    grouped: dict[str, list[Any]] = {}
    for child in children:
        grouped.setdefault(child.tag, []).append(plain_element(child))
    return {name: values[0] if len(values) == 1 else values for name, values in grouped.items()}
