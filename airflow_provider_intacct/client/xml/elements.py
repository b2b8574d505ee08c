"""Python values as XML elements: the one place that knows how Intacct writes a date, an amount, a blank.

An `Element` is a finished value: everything in it is text, checked and ready to be written. It knows nothing of
functions, envelopes or sessions.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from airflow_provider_intacct.client.errors import InvalidRequestError
from airflow_provider_intacct.client.xml.files import FileText

NAME = re.compile(r"[A-Za-z_][\w.\-]*", re.ASCII)
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
TEXT_ONLY = frozenset({"customfieldvalue", "value", "datepaid", "exch_rate_date", "expirydate"})
"""Elements of legacy functions that hold a date as text; every other date there has year, month and day below it."""


@dataclass(frozen=True, slots=True)
class Element:
    """One XML element. It holds `text` or `children`, never both."""

    tag: str
    text: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    children: "tuple[Element, ...]" = ()


@dataclass(frozen=True, slots=True)
class Style:
    """How values are written: `legacy` functions take dates apart; aware datetimes are moved to `zone`."""

    legacy: bool = False
    zone: tzinfo | None = None


GENERIC = Style()


def write(element: Element, before: str = "") -> str:
    """Return `before`, a declaration, and the element as XML text, escaped, without white space of its own."""
    parts = [before]
    _write(element, parts.append)
    return "".join(parts)  # once: a file is not to be copied at each level


def _write(element: Element, put: Callable[[str], None]) -> None:
    attributes = ""
    if element.attributes:
        attributes = "".join(f" {name}={quoteattr(value)}" for name, value in element.attributes)
    if element.children:
        put(f"<{element.tag}{attributes}>")
        for child in element.children:
            _write(child, put)
        put(f"</{element.tag}>")
    elif isinstance(element.text, FileText):
        put(f"<{element.tag}{attributes}>")
        for piece in element.text.encoded():
            put(piece)
        put(f"</{element.tag}>")
    elif element.text:
        # A bare carriage return would reach the other side as a line feed (XML 1.0, 2.11).
        text = escape(element.text).replace("\r", "&#13;")
        put(f"<{element.tag}{attributes}>{text}</{element.tag}>")
    else:
        put(f"<{element.tag}{attributes}/>")


def length(element: Element) -> int:
    """Return how many characters `write` makes of the element, without reading the files in it."""
    if isinstance(element.text, FileText):
        return len(write(replace(element, text="x"))) - 1 + element.text.length
    if not element.children:
        return len(write(element))
    return len(write(replace(element, text="x", children=()))) - 1 + sum(map(length, element.children))


def elements(tag: str, value: Any, style: Style = GENERIC, path: str = "") -> Iterator[Element]:
    """Yield the elements that `value` becomes under the name `tag`: one, or one per item of a sequence.

    A mapping becomes children in its own order; `@name` keys are attributes and `#text` is the text beside them. A
    sequence of `(name, value)` tuples becomes children too, for names that repeat in mixed order. None and "" become
    an empty element, which clears a field. Raises `InvalidRequestError` naming the path of what cannot be sent.
    """
    path = f"{path}/{tag}" if path else tag
    check_name(tag, path)
    if isinstance(value, (str, Decimal)):  # most are; asking whether a value is a sequence takes ten times as long
        yield Element(tag, scalar(value, path, style.zone))
    elif isinstance(value, Sequence) and not isinstance(value, bytes | bytearray) and not is_pairs(value):
        if not value:
            raise InvalidRequestError(f'{path}: an empty list sends nothing; leave the name out, or give "" to clear.')
        for position, item in enumerate(value, 1):
            yield one(tag, item, style, f"{path}[{position}]")
    else:
        yield one(tag, value, style, path)


def one(tag: str, value: Any, style: Style, path: str) -> Element:
    """Return the single element that `value` becomes."""
    if isinstance(value, Mapping):
        return from_pairs(tag, list(value.items()), style, path)
    if is_pairs(value):
        return from_pairs(tag, value, style, path)
    if style.legacy and isinstance(value, date) and not isinstance(value, datetime) and tag not in TEXT_ONLY:
        parts = (("year", f"{value.year:04}"), ("month", f"{value.month:02}"), ("day", f"{value.day:02}"))
        return Element(tag, children=tuple(Element(name, text) for name, text in parts))
    return Element(tag, scalar(value, path, style.zone))


def from_pairs(tag: str, pairs: Sequence[tuple[Any, Any]], style: Style, path: str) -> Element:
    """Return an element whose children and attributes are `pairs`, in their order."""
    attributes: list[tuple[str, str]] = []
    children: list[Element] = []
    text = ""
    for name, value in pairs:
        if type(value) is str and type(name) is str and NAME.fullmatch(name) and not FORBIDDEN.search(value):
            children.append(Element(name, value))  # as most are: what follows takes three times as long
            continue
        if not isinstance(name, str):
            raise InvalidRequestError(f"{path}: element names are text, not {type(name).__name__} ({name!r}).")
        if name == "#text":
            text = scalar(value, path, style.zone)
        elif name.startswith("@"):
            check_name(name[1:], f"{path}/{name}")
            attributes.append((name[1:], scalar(value, f"{path}/{name}", style.zone)))
        else:
            children.extend(elements(name, value, style, path))
    if text and children:
        raise InvalidRequestError(f"{path}: an element holds text or other elements, not both.")
    return Element(tag, text, tuple(attributes), tuple(children))


def is_pairs(value: Any) -> bool:
    """Return whether `value` is a sequence of `(name, value)` tuples."""
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str) for item in value)
    )


def scalar(value: Any, path: str, zone: tzinfo | None = None) -> str:
    """Return `value` as Intacct writes it: dates `mm/dd/yyyy`, numbers plain, booleans `true` or `false`, None "".

    Source: developer.intacct.com, Web Services > Parameter formats.
    """
    if value is None:
        return ""
    if isinstance(value, FileText):
        return value
    if isinstance(value, str):
        return check_text(value, path)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, Decimal):
        return number(value, path)
    if isinstance(value, datetime):
        return timestamp(value, path, zone)
    if isinstance(value, date):
        return f"{value:%m/%d}/{value.year:04}"
    raise InvalidRequestError(f"{path}: {unsendable(value)}")


def unsendable(value: Any) -> str:
    """Say why `value` has no written form, and what to give instead."""
    if isinstance(value, float):
        return f"a float cannot carry money exactly ({value!r}); give Decimal('{value!r}') or text."
    if isinstance(value, bytes | bytearray):
        return "bytes have no encoding; decode them to text (attachments: base64) first."
    if isinstance(value, time):
        return "a time of day is not an Intacct value; give text in the form the field expects."
    return f"{type(value).__name__} is not an Intacct value; give text, Decimal, int, bool, date, datetime or None."


def number(value: Decimal, path: str = "number") -> str:
    """Return a Decimal in plain notation, never with an exponent, keeping its digits."""
    if not value.is_finite():
        raise InvalidRequestError(f"{path}: {value} is not a number that Intacct can store.")
    return f"{value:f}"


def timestamp(value: datetime, path: str = "timestamp", zone: tzinfo | None = None) -> str:
    """Return `mm/dd/yyyy HH:MM:SS` in the API user's zone: a naive value is already there, an aware one is moved.

    Source: developer.intacct.com, Web Services > Parameter formats (timestamps follow the user's time zone).
    """
    if value != value:  # pandas.NaT calls itself a datetime
        raise InvalidRequestError(f"{path}: not a point in time ({value!r}); give None for an empty field.")
    if value.tzinfo is not None:
        if zone is None:
            raise InvalidRequestError(
                f"{path}: {value.isoformat()} has a time zone, and Intacct takes times in the API user's own zone. "
                "Give zone=client.user_formatting().zone, or a datetime without a zone that is already in it."
            )
        value = value.astimezone(zone)
    return f"{value:%m/%d}/{value.year:04} {value:%H:%M:%S}"


def check_text(value: str, path: str) -> str:
    """Return `value` if XML can carry it; refuse control characters and lone surrogates, which it cannot."""
    if found := FORBIDDEN.search(value):
        raise InvalidRequestError(
            f"{path}: U+{ord(found.group()):04X} at position {found.start() + 1} cannot be sent in XML; remove it."
        )
    return str(value)


def check_name(name: str, path: str) -> str:
    """Return `name` if it can name an element."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise InvalidRequestError(
            f"{path}: {name!r} cannot be an element name; use the field's integration name (letters, digits, _ . -)."
        )
    return name
