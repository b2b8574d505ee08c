"""From the rows of one record to the record, by what its author declared: header, lines, constants. Pure.

All that is wrong with the rows is told at once, with row and column, so that a person mends them once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

from airflow_provider_intacct.client.errors import InvalidRequestError
from airflow_provider_intacct.client.posting.identity import canonical_text
from airflow_provider_intacct.transfers.inbound.cells import ABSENT, Cell, CellError, cell_of
from airflow_provider_intacct.transfers.inbound.rows import SourceError, own_columns

MOST_PROBLEMS = 10
Rows = Sequence[Mapping[str, Any]]


class RowsError(ValueError):
    """What is wrong with the rows of one record."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A declared mapping. `container` is the path of the lines, empty where records have none."""

    header: tuple[Cell, ...]
    lines: tuple[Cell, ...] = ()
    container: tuple[str, ...] = ()

    @property
    def columns(self) -> dict[str, str]:
        """The columns it reads, each with the first field made of it."""
        return {cell.column: cell.target for cell in reversed((*self.header, *self.lines)) if cell.column}

    def record(self, rows: Rows, numbers: Sequence[int]) -> dict[str, Any]:
        """Return the record that the rows say. Raises RowsError."""
        problems: list[str] = []
        record: dict[str, Any] = {}
        for cell in self.header:
            value = _of_header(cell, rows, numbers, problems)
            if value is not ABSENT:
                _put(record, cell.path, value)
        if self.lines:
            lines = list(_lines(self.lines, rows, numbers, problems))
            if not lines and not problems:
                columns = ", ".join(cell.column for cell in self.lines if cell.column)
                problems.append(f"a header without lines: {columns} are empty in all of its rows")
            _put(record, self.container, lines)
        if problems:
            more = f"; and {len(problems) - MOST_PROBLEMS} more" if len(problems) > MOST_PROBLEMS else ""
            raise RowsError("; ".join(problems[:MOST_PROBLEMS]) + more)
        return record


Build = Callable[[Rows, Sequence[int]], Any]


def mapped(header: Mapping[str, Any] | None, lines: Sequence[Any] | None, *, quantities: bool = False) -> Mapped:
    """Return the mapping an author declared. Raises InvalidRequestError."""
    if not isinstance(header, Mapping) or not header:
        raise InvalidRequestError(
            'header says which columns become which fields: {"VENDORID": "vendor", ...}. Nothing was sent.'
        )
    cells = tuple(cell_of(field, given) for field, given in header.items())
    if not lines:
        _check_paths([cell.path for cell in cells])
        return Mapped(cells)
    if isinstance(lines, str) or len(lines) != 2 or not isinstance(lines[1], Mapping) or not lines[1]:
        raise InvalidRequestError(
            'lines is the name of the container and what its lines are made of: ("APBILLITEMS", {"ACCOUNTNO": '
            '"account", ...}). Nothing was sent.'
        )
    container = tuple(str(lines[0]).split("/"))
    of_lines = tuple(cell_of(field, given, quantities=quantities) for field, given in lines[1].items())
    _check_paths([*(cell.path for cell in cells), container])
    _check_paths([cell.path for cell in of_lines])
    return Mapped(cells, of_lines, container)


def _check_paths(paths: Sequence[tuple[str, ...]]) -> None:
    """Raise InvalidRequestError if one is the beginning of another, so that it would be a value and hold others."""
    for outer, inner in permutations(paths, 2):
        if inner[: len(outer)] == outer:
            raise InvalidRequestError(
                f"{'/'.join(outer)} is given a value, and so is {'/'.join(inner)} within it: leave one out. Nothing "
                "was sent."
            )


def check_columns(name: str, columns: Sequence[str], needed: Mapping[str, str], ignored: Sequence[str] | None) -> None:
    """Raise SourceError for a column that is missing, or that nobody reads.

    `needed` are the columns with what they become; `ignored` those that need not be read, None for all.
    """
    there = own_columns(columns)
    if missing := [f"{column} (for {use})" for column, use in needed.items() if column not in there]:
        raise SourceError(
            f"{name} has no column {', '.join(missing)}; it has {', '.join(there)}. Name the columns as they are "
            "there, upper and lower case included, or mend the source."
        )
    if ignored is None:
        return
    if unknown := [column for column in there if column not in needed and column not in ignored]:
        raise SourceError(
            f"{name} has columns that are not mapped: {', '.join(unknown)}. Map them, or leave them out on purpose: "
            f"ignore_columns={unknown!r}, or '*' for all that are not mapped."
        )


def _of_header(cell: Cell, rows: Rows, numbers: Sequence[int], problems: list[str]) -> Any:
    """Return the one value that the rows of a record have in a column of its header; empty cells say nothing."""
    if not cell.column:
        return cell.value
    first, value, stands = "", ABSENT, 0
    for number, row in zip(numbers, rows, strict=True):
        found = row.get(cell.column)
        text = canonical_text(found).strip()
        if not text or text == first:
            continue
        if first:
            problems.append(
                f"row {number}, column {cell.column}: {found!r}, but {first!r} in row {stands}; both are {cell.target} "
                "of one record"
            )
            return value
        first, stands = text, number
        value = _read(cell, row, number, problems)
    return value if first else _read(cell, rows[0], numbers[0], problems)


def _lines(cells: Sequence[Cell], rows: Rows, numbers: Sequence[int], problems: list[str]) -> Iterator[dict[str, Any]]:
    """Yield a line for each row that says something of one."""
    for number, row in zip(numbers, rows, strict=True):
        if not any(cell.column and canonical_text(row.get(cell.column)).strip() for cell in cells):
            continue
        line: dict[str, Any] = {}
        for cell in cells:
            value = _read(cell, row, number, problems)
            if value is not ABSENT:
                _put(line, cell.path, value)
        yield line


def _read(cell: Cell, row: Mapping[str, Any], number: int, problems: list[str]) -> Any:
    try:
        return cell.read(row)
    except CellError as error:
        problems.append(f"row {number}, column {cell.column} ({cell.target}) {error}")
        return ABSENT


def _put(entries: dict[str, Any], path: Sequence[str], value: Any) -> None:
    *outer, name = path
    for each in outer:
        entries = entries.setdefault(each, {})
    entries[name] = value
