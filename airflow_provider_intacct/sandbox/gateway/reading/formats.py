"""Pages in the three return formats: XML records, a JSON array of flat objects, CSV with a header."""

import csv
import io
from collections.abc import Sequence

import orjson

from airflow_provider_intacct.sandbox.gateway.results import BodyResult, Node

Row = tuple[str, ...]


def xml_records(element: str, names: Sequence[str], rows: Sequence[Row]) -> list[Node]:
    """Return one node per row; an empty value is an empty element."""
    return [Node(element, dict(zip(names, row, strict=True))) for row in rows]


def json_body(names: Sequence[str], rows: Sequence[Row]) -> BodyResult:
    """Return the page as a JSON array: every value a string, dotted names kept, no counts."""
    return BodyResult(orjson.dumps([dict(zip(names, row, strict=True)) for row in rows]))


def csv_body(names: Sequence[str], rows: Sequence[Row]) -> BodyResult:
    """Return the page as CSV, quoted where a comma or quote asks for it; no rows is an empty body."""
    text = io.StringIO()
    if rows:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)
    return BodyResult(text.getvalue().encode(), "csv")
