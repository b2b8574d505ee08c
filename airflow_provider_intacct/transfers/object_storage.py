"""Records of Intacct as files anywhere Airflow has a path to: a disk, S3, Google Cloud Storage, Azure and others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow_provider_intacct.arguments import whole_number_if_any
from airflow_provider_intacct.transfers.reading import IntacctReadingOperator

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Context, ObjectStoragePath

    from airflow_provider_intacct.client import IntacctClient
    from airflow_provider_intacct.hooks.metering import Meter
    from airflow_provider_intacct.transfers.delivery import Form
    from airflow_provider_intacct.transfers.folder import Folder


class IntacctToObjectStorageOperator(IntacctReadingOperator):
    """Write the records of an object as Parquet, JSON lines or CSV files: all of a run, or nothing.

    The files `part-...` become visible in the folder when all have come, and with them `_manifest.json`, which says
    what they hold; the same is the task's result. The same run again replaces what it wrote before and leaves the rest
    alone. Without `incremental` the folder is `path` itself; with it, each window has a folder of its own in `path`,
    `window=20260101T000000Z--20260102T000000Z`, so that backfills do not meet.

    Values are exact: money is decimal128 in Parquet and text in JSON lines, dates and times are ISO 8601 and UTC.

    :param path: a folder: `s3://bucket/gl/{{ ds }}`, `/data/gl`, or any path that Airflow's ObjectStoragePath takes.
    :param path_conn_id: the Airflow connection of the place; may also stand in the path, `s3://my_aws@bucket/gl`.
    :param format: `parquet`, `jsonl` or `csv`. Parquet needs pyarrow (the extra `parquet`).
    :param compression: `snappy` (default), `zstd`, `gzip` or `none` for Parquet; `gzip`, `zstd` or `none` (default)
        for the others.
    :param typed: False writes each value as the text Intacct sent.
    :param column_types: data types to keep Parquet columns in instead of Intacct's, by field: `{"RATE": "TEXT"}`.
    :param deletes: also tell the records deleted in the window, in files `_deletes-...` with key_field, key,
        deleted_at and method: by the audit history (audit), by comparing keys with those of the window before
        (key_set, which reads all keys, 2,000 for one API transaction), or, for lines, by naming the documents whose
        lines were all read again, so that a line not among them is gone (parent). True takes the way that suits the
        object; `key_set` compares keys in any case, for users who may not read the audit history.
    :param max_rows_per_file: begin another file after so many records.
    :param max_bytes_per_file: begin another file before this one becomes larger.
    """

    template_fields: Sequence[str] = (
        *IntacctReadingOperator.template_fields,
        "path",
        "path_conn_id",
        "format",
        "compression",
        "max_rows_per_file",
        "max_bytes_per_file",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **IntacctReadingOperator.template_fields_renderers,
        "column_types": "json",
    }

    def __init__(
        self,
        *,
        path: str,
        path_conn_id: str | None = None,
        format: str = "parquet",
        compression: str | None = None,
        typed: bool = True,
        column_types: Mapping[str, str] | None = None,
        deletes: bool | Literal["key_set"] = False,
        max_rows_per_file: int | str | None = 1_000_000,
        max_bytes_per_file: int | str | None = 256 * 2**20,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.path = path
        self.path_conn_id = path_conn_id
        self.format = format
        self.compression = compression
        self.typed = typed
        self.column_types = column_types
        self.deletes = deletes
        self.max_rows_per_file = max_rows_per_file
        self.max_bytes_per_file = max_bytes_per_file

    def execute(self, context: Context) -> dict[str, Any]:
        """Write, and return the manifest. Raises AirflowFailException for what another try cannot mend."""
        from airflow_provider_intacct.hooks.failures import airflow_outcome
        from airflow_provider_intacct.metrics import metered
        from airflow_provider_intacct.transfers.manifest import as_xcom
        from airflow_provider_intacct.transfers.run import Run

        with airflow_outcome(), self.hook().client as client, metered(self, client) as meter:
            run = Run(self, client, context)
            try:
                manifest = run.manifest(meter)
            finally:
                run.folder.discard()
            self._tell(context, client, run.folder, manifest, meter)
            return {"path": str(run.folder.path), **as_xcom(manifest)}

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """Return what was read and written, for OpenLineage."""
        from airflow_provider_intacct.lineage import operator_lineage

        read, written = self._lineage
        return operator_lineage(read, written, transactions=self._transactions)

    def form(self) -> Form:
        """Return what the files are to be like."""
        from airflow_provider_intacct.transfers.delivery import Form

        def bound(name: str) -> int | None:
            return whole_number_if_any(name, getattr(self, name))

        return Form(
            self.format,
            self.compression or None,
            self.typed,
            bound("max_rows_per_file"),
            bound("max_bytes_per_file"),
            self.column_types or {},
        )

    def _tell(
        self, context: Context, client: IntacctClient, folder: Folder, manifest: Mapping[str, Any], meter: Meter
    ) -> None:
        """Say what was done: in the log, to the events of asset outlets, and, when asked, to OpenLineage."""
        from airflow_provider_intacct.assets import tell_outlets
        from airflow_provider_intacct.lineage import ReadFrom, WrittenTo

        rows, files = manifest["rows"], len(manifest["files"])
        what = f"Wrote {rows:,} {manifest['object']} record{'' if rows == 1 else 's'}"
        meter.done(f"{what} into {files} file{'' if files == 1 else 's'} of {folder.path}", rows=rows)
        facts = {name: manifest[name] for name in ("object", "entity_id", "window", "rows", "cursor")}
        tell_outlets(context, self.outlets, {"path": str(folder.path), **facts})
        self._transactions = meter.transactions
        self._lineage = (
            [ReadFrom(client.credentials.company_id, manifest["object"], manifest["columns"])],
            [WrittenTo(*dataset_name(folder.path), rows=rows, bytes=manifest["bytes"])],
        )


def dataset_name(path: ObjectStoragePath) -> tuple[str, str]:
    """Return a folder's namespace and name as OpenLineage has them."""
    if path.protocol in ("", "file"):
        return "file", path.path
    bucket, _, key = path.path.strip("/").partition("/")
    return f"{path.protocol}://{bucket}", key or "/"
