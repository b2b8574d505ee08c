"""One extraction into one folder: pages to parts, and a manifest that says what was read, written and left out.

Knows the order in which things happen; formats are `parts`, places `folder`, windows `overlap`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_intacct.client.errors import InvalidRequestError
from airflow_provider_intacct.transfers import manifest as manifests
from airflow_provider_intacct.transfers.parts import Parts, check_form, writer_of

if TYPE_CHECKING:
    from airflow_provider_intacct.client.extraction import Column, Extraction
    from airflow_provider_intacct.transfers.folder import Folder
    from airflow_provider_intacct.transfers.overlap import Overlap
    from airflow_provider_intacct.transfers.parts import Part


@dataclass(frozen=True, slots=True)
class Form:
    """What the files are like. Raises InvalidRequestError or ConfigurationError for what cannot be written here."""

    format: str
    compression: str | None = None
    typed: bool = True
    most_rows: int | None = None
    most_bytes: int | None = None
    column_types: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_form(self.format, self.compression)
        if self.column_types and (self.format != "parquet" or not self.typed):
            raise InvalidRequestError("column_types is for typed Parquet; other files have no types to choose.")

    @property
    def returnformat(self) -> Literal["csv", "json"]:
        """How pages had best travel: CSV becomes columns, JSON becomes rows, with the least work."""
        return "csv" if self.format == "parquet" else "json"

    def columns(self, columns: Sequence[Column]) -> list[Column]:
        """Return the columns as they are written: with the types that the author chose instead of Intacct's."""
        if not self.typed:
            return [replace(column, datatype="TEXT") for column in columns]
        chosen = {name.upper(): kind.upper() for name, kind in self.column_types.items()}
        if unknown := chosen.keys() - {column.name.upper() for column in columns}:
            raise InvalidRequestError(f"column_types names {', '.join(sorted(unknown))}, which is not read.")
        return [replace(column, datatype=chosen.get(column.name.upper(), column.datatype)) for column in columns]

    def parts(self, folder: Folder, kind: str, columns: Sequence[Column]) -> Parts:
        """Return the files `kind` of a folder, to be written."""
        schema = None
        if self.format == "parquet":
            from airflow_provider_intacct.client.columns import arrow_schema

            schema = arrow_schema(columns)
        writer = writer_of(self.format, self.compression, [column.name for column in columns], schema)
        return Parts(folder, kind, writer, most_rows=self.most_rows, most_bytes=self.most_bytes)

    def pages(self, extraction: Extraction, columns: Sequence[Column]) -> Iterator[Any]:
        """Yield the pages of an open extraction: tables for Parquet, else rows."""
        if self.format != "parquet":
            yield from extraction.pages()
            return
        from airflow_provider_intacct.client.columns import Tables

        tables = Tables(extraction.report.object, columns, extraction.formatting)
        for page in extraction.raw_pages():
            yield tables.table(page)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What was written, all still under temporary names: the parts, and the sums of their money columns."""

    parts: list[Part]
    totals: dict[str, str]

    def facts(self, form: Form) -> dict[str, Any]:
        """Return what a manifest says of the files."""
        return {
            "format": form.format,
            "compression": form.compression or ("snappy" if form.format == "parquet" else "none"),
            "typed": form.typed,
            "column_types": dict(form.column_types),
            "rows": sum(part.rows for part in self.parts),
            "bytes": sum(part.bytes for part in self.parts),
            "files": manifests.files_of(self.parts),
            "totals": self.totals,
        }


def deliver(extraction: Extraction, folder: Folder, form: Form, overlap: Overlap | None = None) -> Delivered:
    """Read to the end and write it under temporary names, what `overlap` knows excepted. The extraction is open."""
    columns = form.columns(extraction.columns)
    parts, totals = form.parts(folder, "part", columns), manifests.Totals(columns)
    for page in form.pages(extraction, columns):
        fresh = page if overlap is None else overlap.fresh(page)
        totals.add(fresh)
        parts.write(fresh)
    return Delivered(parts.finish(), totals.plain())
