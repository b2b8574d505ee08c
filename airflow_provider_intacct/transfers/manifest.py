"""The manifest of a result: which files it is made of, what is in them, how they were read, what it cost.

`_manifest.json` beside the data is the whole of it; the task's XCom is the same, with long lists cut.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any

from airflow_provider_intacct.client.values import NUMBER
from airflow_provider_intacct.xcom import plain

if TYPE_CHECKING:
    from airflow_provider_intacct.client.extraction import Column, ExtractionReport
    from airflow_provider_intacct.transfers.parts import Part

VERSION = 1
XCOM_BYTES = 40_000
"""An XCom is kept in Airflow's metadata database."""
XCOM_NAMES = 100
DIGITS = Context(prec=120)
SUMMED = NUMBER - {"PERCENT"}
SAFE = Decimal(10) ** 15
"""Below it so many values as a page has add up without leaving 128 bits."""


class Totals:
    """Adds up the money columns of what is written, exactly, to be held against Intacct's own totals."""

    def __init__(self, columns: Iterable[Column]) -> None:
        self._sums = {column.name: Decimal(0) for column in columns if column.datatype.upper() in SUMMED}

    def add(self, records: Any) -> None:
        """Add the records of a page: typed rows, or an Arrow table."""
        for name in self._sums:
            summed = _sum_of_rows(records, name) if isinstance(records, list) else _sum_of_column(records.column(name))
            self._sums[name] = DIGITS.add(self._sums[name], summed)

    def plain(self) -> dict[str, str]:
        """Return the sums as exact text, without zeros that mean nothing."""
        return {name: trimmed(total) for name, total in self._sums.items()}


def trimmed(number: Decimal) -> str:
    """Return a number as text, at least two digits after the point."""
    whole, _, fraction = format(number, "f").partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"


def _sum_of_rows(rows: Sequence[Mapping[str, Any]], name: str) -> Decimal:
    total = Decimal(0)
    for row in rows:
        value = row[name]
        if isinstance(value, Decimal | int):
            total = DIGITS.add(total, Decimal(value))
    return total


def _sum_of_column(column: Any) -> Decimal:
    import pyarrow.compute as pc

    bounds = pc.min_max(column)
    low, high = bounds["min"].as_py(), bounds["max"].as_py()
    if low is None:
        return Decimal(0)
    if low > -SAFE and high < SAFE:
        found: Decimal = pc.sum(column).as_py()
        return found
    total = Decimal(0)
    for value in column.to_pylist():
        total = DIGITS.add(total, value or Decimal(0))
    return total


def files_of(parts: Iterable[Part]) -> list[dict[str, Any]]:
    """Return what a manifest says of files."""
    return [{"name": part.name, "rows": part.rows, "bytes": part.bytes, "sha256": part.sha256} for part in parts]


def listed(manifest: Mapping[str, Any] | None) -> set[str]:
    """Return the names of all files that a manifest lists, whatever they are for."""
    if manifest is None:
        return set()
    groups = [manifest, *(value for value in manifest.values() if isinstance(value, dict))]
    return {file["name"] for group in groups for file in group.get("files", ())}


def parse(content: bytes | None) -> dict[str, Any] | None:
    """Return a manifest as it was written; None for none, or for one that cannot be read and lists nothing."""
    try:
        found = json.loads(content or b"")
    except ValueError:
        return None
    return found if isinstance(found, dict) and found.get("manifest_version") == VERSION else None


def read_facts(
    report: ExtractionReport, columns: Mapping[str, str], key: str | None, entity_id: str | None
) -> dict[str, Any]:
    """Return what was read and what it cost."""
    return {
        "object": report.object,
        "entity_id": entity_id,
        "key": key,
        "columns": dict(columns),
        "dropped_fields": list(report.dropped_fields),
        "window": report.window.plain() if report.window else None,
        "cursor": list(report.cursor) if report.cursor else None,
        "first_key": report.first_key,
        "last_key": report.last_key,
        "method": report.method,
        "notes": list(report.notes),
        "records_read": report.rows,
        "distinct_keys": report.distinct_keys,
        "expected": report.expected,
        "swept": report.swept,
        "repeated": report.repeated,
        "pages": report.pages,
    }


def encoded(manifest: Mapping[str, Any]) -> bytes:
    """Return the manifest as it stands beside the data."""
    return json.dumps(plain(manifest), indent=1, ensure_ascii=False).encode() + b"\n"


def as_xcom(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest as XCom: whole if it is small, else with the first names of each list and how many more."""
    found: dict[str, Any] = plain(manifest)
    if len(json.dumps(found)) <= XCOM_BYTES:
        return found
    return {name: _cut(value) for name, value in found.items()}


def _cut(value: Any) -> Any:
    if isinstance(value, list) and len(value) > XCOM_NAMES:
        return [*value[:XCOM_NAMES], f"and {len(value) - XCOM_NAMES:,} more, in the manifest beside the data"]
    if isinstance(value, dict):
        if len(value) > XCOM_NAMES:
            kept = dict(list(value.items())[:XCOM_NAMES])
            return {**kept, "...": f"and {len(value) - XCOM_NAMES:,} more, in the manifest beside the data"}
        return {name: _cut(item) for name, item in value.items()}
    return value
