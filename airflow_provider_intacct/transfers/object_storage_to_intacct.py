"""Files anywhere Airflow has a path to, as records of Intacct: JSON lines, CSV and Parquet."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_intacct.transfers.inbound.base import IntacctLoadingOperator

if TYPE_CHECKING:
    from airflow_provider_intacct.transfers.inbound.dead_letters import Style
    from airflow_provider_intacct.transfers.inbound.files import FileSource, Form
    from airflow_provider_intacct.transfers.inbound.run import Sources


class ObjectStorageToIntacctOperator(IntacctLoadingOperator):
    """Post the rows of files as records of Intacct, each once; see IntacctLoadingOperator for how, and the results.

    Money is exact: text in CSV, numbers or text in JSON lines (read digit by digit), decimals or text in Parquet; a
    float is refused.

    :param path: a file, a folder, or names with `*`: `s3://bucket/bills/{{ ds }}/*.csv.gz`. In a folder, names that
        begin with a dot or an underscore are left alone. Files may be compressed: `.gz`, `.zst`.
    :param path_conn_id: the Airflow connection of the place; may also stand in the path, `s3://my_aws@bucket/bills`.
    :param format: `csv`, `jsonl` or `parquet`; without it the names of the files tell.
    :param delimiter: of CSV.
    :param encoding: of CSV and JSON lines; a byte order mark is understood.
    """

    template_fields: Sequence[str] = (
        *IntacctLoadingOperator.template_fields,
        "path",
        "path_conn_id",
        "format",
        "delimiter",
        "encoding",
    )

    def __init__(
        self,
        *,
        path: str,
        path_conn_id: str | None = None,
        format: str | None = None,
        delimiter: str = ",",
        encoding: str = "utf-8",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.path = path
        self.path_conn_id = path_conn_id
        self.format = format
        self.delimiter = delimiter
        self.encoding = encoding

    @contextlib.contextmanager
    def sources(self) -> Iterator[Sources]:
        """Yield the files."""
        from airflow.sdk import ObjectStoragePath
        from airflow.sdk.exceptions import AirflowFailException

        from airflow_provider_intacct.transfers.inbound.files import Form, files
        from airflow_provider_intacct.transfers.inbound.run import Sources
        from airflow_provider_intacct.transfers.object_storage import dataset_name

        form = Form(self.format or None, self.delimiter, self.encoding)
        try:
            path = ObjectStoragePath(self.path, conn_id=self.path_conn_id or None)
            found = files(path, form)
        except (ValueError, ImportError, PermissionError) as error:
            raise AirflowFailException(f"Cannot read {self.path}: {error}. Nothing was sent.") from error
        yield Sources(found, lambda: _style(found, form), [dataset_name(path)])


def _style(found: Sequence[FileSource], form: Form) -> Style:
    """Return how the files are written."""
    from airflow_provider_intacct.transfers.inbound.dead_letters import Csv, JsonLines, Parquet

    if found[0].format == "csv":
        return Csv(form.delimiter, form.encoding)
    if found[0].format == "jsonl":
        return JsonLines(form.encoding)
    return Parquet([source.schema for source in found if source.schema is not None])
