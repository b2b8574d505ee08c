"""The rows of a report as files in a folder: all of them put in place together, with a manifest. For running tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import ObjectStoragePath
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_intacct.client.errors import ColumnTypeError
from airflow_provider_intacct.client.extraction import Column
from airflow_provider_intacct.client.xml.reports import types_of
from airflow_provider_intacct.transfers import manifest as manifests
from airflow_provider_intacct.transfers.delivery import Delivered, Form
from airflow_provider_intacct.transfers.folder import Folder

if TYPE_CHECKING:
    from airflow_provider_intacct.client.rows import Row
    from airflow_provider_intacct.client.xml.reports import Report


class ReportFiles:
    """A folder for the files of one report. Raises AirflowFailException when it is made for one that cannot be used."""

    def __init__(self, path: str, path_conn_id: str | None, format: str, compression: str | None) -> None:
        self._form = Form(format, compression)
        self._folder = Folder(ObjectStoragePath(path, conn_id=path_conn_id))
        self._before = manifests.parse(self._folder.prepare())

    def deliver(
        self, report: Report, rows: list[Row], types: Mapping[str, str], entity_id: str | None
    ) -> dict[str, Any]:
        """Write the typed rows, put them in place of what the same report left there, and return the manifest."""
        held = {"object": f"report {report.name}", "entity_id": entity_id or None}
        if self._before is not None and {name: self._before.get(name) for name in held} != held:
            raise AirflowFailException(
                f"{self._folder.path} holds {self._before.get('object')}, which {held['object']} would replace. Give "
                "each a path of its own."
            )
        kinds = {name.upper(): kind for name, kind in types_of(report, rows, types).items()}
        names = rows[0] if rows else types
        columns = self._form.columns([Column(name, kinds.get(name.upper(), "TEXT").upper()) for name in names])
        try:
            delivered = self._write(rows, columns)
            manifest = {
                "manifest_version": manifests.VERSION,
                **held,
                "columns": {column.name: column.datatype for column in columns},
                **delivered.facts(self._form),
            }
            self._folder.commit({part.name: part.staged for part in delivered.parts}, manifests.encoded(manifest))
        finally:
            self._folder.discard()
        return {"path": str(self._folder.path), **manifests.as_xcom(manifest)}

    def _write(self, rows: list[Row], columns: Sequence[Column]) -> Delivered:
        page = _table(rows, columns) if self._form.format == "parquet" else rows
        parts, totals = self._form.parts(self._folder, "part", columns), manifests.Totals(columns)
        totals.add(page)
        parts.write(page)
        return Delivered(parts.finish(), totals.plain())


def _table(rows: list[Row], columns: Sequence[Column]) -> Any:
    import pyarrow as pa

    from airflow_provider_intacct.client.columns import arrow_schema

    try:
        return pa.Table.from_pylist(rows, schema=arrow_schema(columns))
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise ColumnTypeError(f"A value of the report does not fit the type its column is given: {error}.") from None
