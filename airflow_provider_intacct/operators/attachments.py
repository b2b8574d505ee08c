"""Bring files into Intacct as attachments, each once. Thin: the client does it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_intacct.arguments import whole_number
from airflow_provider_intacct.operators.writing import IntacctWriteOperator

if TYPE_CHECKING:
    from airflow_provider_intacct.client import Credentials
    from airflow_provider_intacct.client.posting import Posting, Scope
    from airflow_provider_intacct.client.transactions import Attachment


class ObjectStorageToIntacctAttachmentsOperator(IntacctWriteOperator):
    """Make attachments in Intacct of files on a disk or in an object store, each once.

    A file becomes an attachment of its own, whose id is its name without the extension; a folder within `path` becomes
    one attachment with all files directly in it, whose id is the folder's name. Ids have 20 characters at most.
    To attach files to records in the same request, use `attachments` of IntacctCreateOperator.

    Files are read when they are sent. Intacct takes them as base64 inside the XML, so one attachment at a time is held
    in memory, about five times over. Intacct's own limit is not known; if it reads XML as libxml2 does, which its
    error messages suggest, it refuses a file of more than 7.5 MB before anything is carried out.

    An attachment that is there already with the same files is `already_posted`; one with other files under the id is
    rejected, for Intacct changes no file.

    Returns the outcomes, as IntacctCreateOperator does.

    :param path: a file, or a folder of files and folders: `s3://bucket/invoices/{{ ds }}`. Names that begin with a dot
        or an underscore are left alone.
    :param path_conn_id: the Airflow connection of the place; may also stand in the path, `s3://my_aws@bucket/x`.
    :param folder: the folder in Intacct that holds them.
    :param create_folder: make that folder first if it is not there.
    :param max_file_bytes: refuse larger files.
    :param idempotency_key: names the business event in place of DAG, run and task: two runs with the same key post
        once. A text for one attachment, a list of texts for several, in the order of the names.
    :param atomic: all attachments of a request are made or none is; large ones go alone.
    :param on_reject: `fail`, or `collect` to return rejected ones among the outcomes and go on.
    :param intacct_conn_id: the Airflow connection.
    :param entity_id: make them inside this entity instead of the connection's.
    """

    template_fields: Sequence[str] = ("path", "path_conn_id", "folder", *IntacctWriteOperator.template_fields)

    def __init__(
        self,
        *,
        path: str,
        folder: str,
        path_conn_id: str | None = None,
        create_folder: bool = False,
        max_file_bytes: int | str = 50 * 2**20,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.path = path
        self.path_conn_id = path_conn_id
        self.folder = folder
        self.create_folder = create_folder
        self.max_file_bytes = max_file_bytes

    def prepared(self, scope: Scope, credentials: Credentials) -> list[Posting]:
        """Return the attachments, checked and named, the folder before them if it is to be made."""
        from airflow_provider_intacct.client.posting import prepare
        from airflow_provider_intacct.client.transactions import AttachmentFolder

        found = list(self._attachments())
        made = prepare(found, scope=scope, keys=self.keys_for(len(found)), entity_id=credentials.entity_id)
        if not self.create_folder:
            return made
        return [*prepare([AttachmentFolder(name=self.folder)], scope=scope), *made]

    def _attachments(self) -> Iterator[Attachment]:
        from airflow_provider_intacct.client.errors import InvalidRecordError
        from airflow_provider_intacct.client.transactions import Attachment
        from airflow_provider_intacct.transfers.attached_files import attached_file, place

        most = whole_number("max_file_bytes", self.max_file_bytes)
        root = place(self.path, self.path_conn_id or None)
        entries = sorted(_visible(root), key=lambda each: each.name) if root.is_dir() else [root]
        if not entries:
            raise InvalidRecordError(f"There is no file in {root}. Nothing was sent.")
        for entry in entries:
            within = sorted(_visible(entry), key=lambda each: each.name) if entry.is_dir() else [entry]
            files = [attached_file(each, most) for each in within if not each.is_dir()]
            name = entry.name if entry.is_dir() else entry.name.rpartition(".")[0]
            if files:
                yield Attachment(id=name, name=name, folder=self.folder, files=files)


def _visible(folder: Any) -> list[Any]:
    return [each for each in folder.iterdir() if not each.name.startswith((".", "_"))]
