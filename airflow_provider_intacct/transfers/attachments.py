"""Attachments of Intacct as files anywhere Airflow has a path to. One attachment at a time is in memory."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator

from airflow_provider_intacct.arguments import DEFAULT_CONN_ID, condition

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_intacct.client import IntacctClient
    from airflow_provider_intacct.client.xml.attachments import ReadAttachment, ReadFile
    from airflow_provider_intacct.transfers.folder import Folder, StagedFile

NO_DATA = "BL03002028"
"""Intacct's errorno for "No Data Found"."""

UNSAFE = re.compile(r"[^\w .()+@,=~-]|^[ .]+|[ .]+$")


class IntacctAttachmentsToObjectStorageOperator(BaseOperator):
    """Write the files of attachments into a folder: `<path>/<attachment id>/<file name>`, all of them or nothing.

    The files become visible when all have come, and with them `_manifest.json`: a list of the attachments, each with
    id, name, folder, description and files (path, bytes, sha256). The same run again replaces what it wrote before.
    Characters that a place may not take in names become `_`, and such a name ends in `~` and a few digits of its own.

    Intacct hands out the files of an attachment in one reply, as base64 inside the XML, so one attachment is held in
    memory, about four times over; what is written is decoded in pieces.

    Returns `path`, and how many `attachments`, `files` and `bytes`.

    :param path: a folder: `s3://bucket/attachments/{{ ds }}`, or any path that Airflow's ObjectStoragePath takes.
    :param path_conn_id: the Airflow connection of the place; may also stand in the path, `s3://my_aws@bucket/x`.
    :param ids: ids of attachments, a list or text with commas between.
    :param object: instead of `ids`: those that the records of this object name, such as `APBILL`.
    :param where: SQL-like condition that the records match; None for all.
    :param where_params: values for the `:names` in `where`.
    :param id_field: the field of the records that names the attachment.
    :param intacct_conn_id: the Airflow connection.
    :param entity_id: read inside this entity instead of the connection's.
    """

    template_fields: Sequence[str] = (
        "path",
        "path_conn_id",
        "ids",
        "object",
        "where",
        "where_params",
        "intacct_conn_id",
        "entity_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"ids": "json", "where": "sql", "where_params": "json"}
    ui_color = "#dcebf7"

    def __init__(
        self,
        *,
        path: str,
        path_conn_id: str | None = None,
        ids: Sequence[str] | str | None = None,
        object: str | None = None,
        where: Any = None,
        where_params: Mapping[str, Any] | None = None,
        id_field: str = "SUPDOCID",
        intacct_conn_id: str = DEFAULT_CONN_ID,
        entity_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.path = path
        self.path_conn_id = path_conn_id
        self.ids = ids
        self.object = object
        self.where = where
        self.where_params = where_params
        self.id_field = id_field
        self.intacct_conn_id = intacct_conn_id
        self.entity_id = entity_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Write, and return what was written. Raises AirflowFailException for what another try cannot mend."""
        from airflow.sdk import ObjectStoragePath

        from airflow_provider_intacct.hooks.failures import airflow_outcome
        from airflow_provider_intacct.hooks.intacct import IntacctHook
        from airflow_provider_intacct.metrics import metered
        from airflow_provider_intacct.transfers.folder import Folder

        hook = IntacctHook(self.intacct_conn_id, self.entity_id or None)
        with airflow_outcome(), hook.client as client, metered(self, client) as meter:
            folder = Folder(ObjectStoragePath(self.path, conn_id=self.path_conn_id or None))
            folder.prepare()
            try:
                listed, files = self._fetch(client, folder)
                folder.commit(files, json.dumps(listed, indent=1).encode())
            finally:
                folder.discard()
            size = sum(each["bytes"] for one in listed for each in one["files"])
            meter.done(f"Wrote {len(files)} files of {len(listed)} attachments into {folder.path}", rows=len(files))
        return {"path": str(folder.path), "attachments": len(listed), "files": len(files), "bytes": size}

    def _fetch(self, client: IntacctClient, folder: Folder) -> tuple[list[dict[str, Any]], dict[str, StagedFile]]:
        listed: list[dict[str, Any]] = []
        files: dict[str, StagedFile] = {}
        for attachment_id in self._wanted(client):
            attachment = _read(client, attachment_id)
            told = []
            for file in attachment.files:
                name = _free(f"{safe(attachment.id)}/{safe(file.file_name)}", files)
                files[name] = _stage(folder, file)
                told.append({"file": name, "bytes": files[name].bytes, "sha256": files[name].sha256})
            about = {name: getattr(attachment, name) for name in ("id", "name", "folder", "description")}
            listed.append({**about, "files": told})
        return listed, files

    def _wanted(self, client: IntacctClient) -> Iterator[str]:
        from airflow_provider_intacct.client.errors import InvalidRequestError

        if bool(self.ids) == bool(self.object):
            raise InvalidRequestError("Give either ids, or the object whose records name attachments.")
        if self.object:
            rows = client.rows(
                self.object, fields=[self.id_field], where=condition(self.where, self.where_params), typed=False
            )
            found: Iterator[Any] = (row[self.id_field] for row in rows)
        else:
            found = iter(self.ids.split(",") if isinstance(self.ids, str) else self.ids or ())
        yield from dict.fromkeys(each for item in found if (each := str(item or "").strip()))


def _read(client: IntacctClient, attachment_id: str) -> ReadAttachment:
    from airflow_provider_intacct.client.errors import FunctionError, RecordNotFoundError
    from airflow_provider_intacct.client.xml import functions
    from airflow_provider_intacct.client.xml.attachments import read_attachments

    absent = RecordNotFoundError(f"There is no attachment {attachment_id}, or this user does not see it.")
    try:
        found = read_attachments(client.call(functions.get("supdoc", attachment_id)))
    except FunctionError as error:
        if error.has(NO_DATA):
            raise absent from error
        raise
    if not found:
        raise absent
    return found[0]


def _stage(folder: Folder, file: ReadFile) -> StagedFile:
    staged = folder.stage()
    for piece in file.pieces():
        staged.write(piece)
    staged.close()
    return staged


def safe(name: str) -> str:
    """Return a name that no place takes for a path, different for different names."""
    plain = UNSAFE.sub("_", name)
    if plain == name and plain:
        return plain
    digest = hashlib.sha256(name.encode()).hexdigest()[:6]
    stem, dot, extension = plain.rpartition(".")
    return f"{stem}~{digest}.{extension}" if dot else f"{plain}~{digest}"


def _free(name: str, taken: Mapping[str, Any]) -> str:
    """Return `name`, numbered if an attachment has two files of it."""
    stem, _, extension = name.rpartition(".")
    number, free = 2, name
    while free in taken:
        free = f"{stem} ({number}).{extension}" if stem else f"{name} ({number})"
        number += 1
    return free
