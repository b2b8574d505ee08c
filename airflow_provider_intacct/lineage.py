"""What a task read and wrote, for OpenLineage, whose packages (extra `openlineage`) are imported when it asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage


class ReadFrom:
    """An object that was read: company, object, and its columns with their Intacct data types."""

    def __init__(self, company_id: str, object: str, columns: Mapping[str, str] | None = None) -> None:
        self.company_id = company_id
        self.object = object
        self.columns = columns or {}


class WrittenTo:
    """A file, folder or table that was written, as OpenLineage names it, with what went in."""

    def __init__(self, namespace: str, name: str, *, rows: int | None = None, bytes: int | None = None) -> None:
        self.namespace = namespace
        self.name = name
        self.rows = rows
        self.bytes = bytes


def operator_lineage(
    read: Iterable[ReadFrom], written: Sequence[WrittenTo] = (), *, transactions: int | None = None
) -> OperatorLineage[Any, Any]:
    """Return the lineage: what was read with its schema, what was written with its counts and the same schema.

    `transactions`  the API transactions used, as run facet `intacct`
    """
    from airflow.providers.common.compat.openlineage.facet import (
        Dataset,
        OutputDataset,
        OutputStatisticsOutputDatasetFacet,
        RunFacet,
        SchemaDatasetFacet,
        SchemaDatasetFacetFields,
    )
    from airflow.providers.openlineage.extractors import OperatorLineage

    def schema(columns: Mapping[str, str]) -> dict[str, Any]:
        if not columns:
            return {}
        fields = [SchemaDatasetFacetFields(name=name, type=kind) for name, kind in columns.items()]
        return {"schema": SchemaDatasetFacet(fields=fields)}

    read = list(read)
    columns = {name: kind for source in read for name, kind in source.columns.items()}
    lineage: OperatorLineage[Any, Any] = OperatorLineage(
        inputs=[
            Dataset(namespace=f"intacct://{source.company_id}", name=source.object, facets=schema(source.columns))
            for source in read
        ],
        outputs=[
            OutputDataset(
                namespace=target.namespace,
                name=target.name,
                facets=schema(columns),
                outputFacets={
                    "outputStatistics": OutputStatisticsOutputDatasetFacet(rowCount=target.rows, size=target.bytes)
                },
            )
            for target in written
        ],
    )
    if transactions is not None:
        facet = RunFacet().with_additional_properties(apiTransactions=transactions)
        lineage.run_facets["intacct"] = facet
    return lineage


def load_lineage(
    read: Iterable[tuple[str, str]], *, company_id: str, object: str, rows: int, transactions: int
) -> OperatorLineage[Any, Any]:
    """Return the lineage of a load into Intacct: files or tables by namespace and name, the object that was written."""
    from airflow.providers.common.compat.openlineage.facet import Dataset

    written = [WrittenTo(f"intacct://{company_id}", object, rows=rows)]
    lineage = operator_lineage([], written, transactions=transactions)
    lineage.inputs = [Dataset(namespace=namespace, name=name) for namespace, name in read]
    return lineage
