"""One page of a reply as rows: the same list of dicts whether it came as JSON, CSV or XML.

A row maps field names to text as Intacct wrote it, "" where a field is empty. `values` makes typed values of that.
Line breaks within a text are line feeds, which is all that XML leaves of them (XML 1.0, 2.11).
Errors arrive as XML whatever was asked for; recognising them is `xml.reply`'s business.
"""

import csv
import io
import json
from collections.abc import Sequence
from itertools import chain
from typing import Any, Literal

import msgspec
from lxml import etree

from airflow_provider_intacct.client.errors import MalformedReplyError

Row = dict[str, Any]

descendants = etree.XPath("count(descendant::*)")
_all_text = msgspec.json.Decoder(list[dict[str, str]])  # as fast as a decoder that does not look at types


def read(body: bytes, form: Literal["json", "csv"], fields: Sequence[str] = ()) -> list[Row]:
    """Return the rows of a JSON or CSV body. Every row has all of `fields`, empty ones that were left out included."""
    rows = from_json(body) if form == "json" else from_csv(body, fields)
    return complete(rows, fields)


def from_json(body: bytes) -> list[Row]:
    """Return the rows of a JSON array of flat objects. Source: developer.intacct.com, Web Services > Queries."""
    if not body.strip():
        return []
    try:
        rows = _all_text.decode(body)
        returns = b"\\" in body and (b"\\r" in body or b"\\u000" in body)  # JSON has no other way to write one
    except msgspec.ValidationError:
        rows, returns = made_text(body), True
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedReplyError(f"The JSON of the reply breaks off or is malformed: {error}.") from None
    return [{name: with_line_feeds(value) for name, value in row.items()} for row in rows] if returns else rows


def made_text(body: bytes) -> list[Row]:
    """Return the rows of a JSON body that holds more than text, all as text. Numbers keep their digits."""
    try:
        rows = as_text(json.loads(body, parse_float=str, parse_int=str, parse_constant=str))
    except (ValueError, RecursionError) as error:
        raise MalformedReplyError(f"The JSON of the reply breaks off or is malformed: {error}.") from None
    if not isinstance(rows, list) or not set(map(type, rows)) <= {dict}:
        raise MalformedReplyError("The JSON of the reply is not a list of records.")
    return rows


def as_text(value: Any) -> Any:
    """Return a JSON value as the text that XML would carry; what is nested stays nested."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return {name: as_text(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [as_text(inner) for inner in value]
    return value


def from_csv(body: bytes, fields: Sequence[str] = ()) -> list[Row]:
    """Return the rows of a CSV body with a header, which names all `fields`; an empty body has none.

    Any text is CSV: what a proxy says instead of an answer must not pass for a page without rows.
    """
    try:
        lines = csv.reader(io.StringIO(with_line_feeds(body.decode("utf-8-sig")), newline=""), strict=True)
        header = next(lines, [])
        rows = [dict(zip(header, line, strict=True)) for line in lines if line]
    except (csv.Error, ValueError) as error:
        raise MalformedReplyError(f"The CSV of the reply breaks off or is malformed: {error}.") from None
    if header and (missing := {name.upper() for name in fields} - {name.upper() for name in header}):
        raise MalformedReplyError(f"The CSV of the reply lacks the columns {', '.join(sorted(missing))}.")
    return rows


def with_line_feeds(value: Any) -> Any:
    """Return a text with its line breaks as an XML parser makes them; what is no text as it is."""
    if isinstance(value, str) and "\r" in value:
        return value.replace("\r\n", "\n").replace("\r", "\n")
    return value


def complete(rows: list[Row], fields: Sequence[str]) -> list[Row]:
    """Return `rows`, each with all names that any of them or `fields` has: an empty field may have been left out."""
    widths = set(map(len, rows))
    if len(widths) > 1 or (fields and widths and widths != {len(fields)}):
        names = dict.fromkeys(chain(rows[0], fields, *rows))
        for row in rows:
            for name in names:
                row.setdefault(name, "")
    return rows


def remove(rows: list[Row], names: Sequence[str]) -> None:
    """Take fields out of rows, in whatever case these spell them."""
    if rows and names:
        surplus = {name.upper() for name in names}
        for name in [each for each in rows[0] if each.upper() in surplus]:
            for row in rows:
                del row[name]


def from_element(data: etree._Element | None) -> list[Row]:
    """Return the rows below the `data` element of a result. Lines that a record owns are a list of rows in it."""
    if data is None:
        return []
    rows = [{field.tag: field.text or "" for field in record} for record in data]
    if all(rows) and len(rows) + sum(map(len, rows)) == descendants(data):
        return rows
    # There is more below `data` than that: a name repeats, something is nested, or there are values without records.
    try:
        return [from_record(record) for record in data]
    except RecursionError:
        raise MalformedReplyError("The XML of the reply is nested too deeply to be records.") from None


def from_record(record: etree._Element) -> Row:
    """Return an element as a row: nested elements as rows, lines and repeated names as lists.

    An element without children is a value of its own (get_applications, inspect of *): its name, its `@attributes`.
    """
    row: Row = {f"@{name!s}": value for name, value in record.attrib.items()}
    if not len(record) and (record.text or row):
        row[str(record.tag)] = record.text or ""
    for field in record:
        name, value = str(field.tag), content(field)
        if name not in row:
            row[name] = value
        elif isinstance(row[name], list):
            row[name].append(value)
        else:
            row[name] = [row[name], value]
    return row


def content(field: etree._Element) -> Any:
    """Return the text of a field, its row, or its lines.

    A container of lines (`APBILLITEMS` of `apbillitem`, `billitems` of `lineitem`) is always a list, also of one line:
    it has one kind of child, with fields of their own, and a plural name or several of them.
    """
    if not len(field):
        return field.text or ""
    kinds = {child.tag for child in field}
    plural = len(field) > 1 or str(field.tag).lower().endswith("s")
    if len(kinds) == 1 and plural and all(len(child) for child in field):
        return [from_record(child) for child in field]
    return from_record(field)
