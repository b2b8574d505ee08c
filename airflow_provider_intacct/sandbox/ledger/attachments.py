"""Attachments: supporting documents with their files, in folders.

Files can be added to an attachment and never changed. Source: developer.intacct.com, Company > Attachments.
"""

import binascii
from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_intacct.sandbox.records import Record, insert
from airflow_provider_intacct.sandbox.records import delete as erase

from . import masters
from .books import Books
from .checks import missing, require_fields
from .numbering import next_id
from .refusals import already_exists, refused

FILES = "ATTACHMENTS"


def create(books: Books, record: Mapping[str, Any]) -> int:
    """Enter an attachment with its files and return its record number."""
    definition = books.definition("SUPDOC")
    header = {name: value for name, value in record.items() if name != FILES}
    if not header.get("SUPDOCID") and books.switches["attachment_numbering"]:
        header["SUPDOCID"] = next_id(books, definition)
    if not header.get("SUPDOCNAME"):
        if books.switches["attachment_name_required"]:
            raise missing(books, definition.fields["SUPDOCNAME"].label)
        header["SUPDOCNAME"] = header.get("SUPDOCID")
    key = masters.create(books, definition, header)
    _add(books, key, record.get(FILES) or ())
    return key


def update(books: Books, current: Record, changes: Mapping[str, Any]) -> None:
    """Change what an attachment says of itself, and add files."""
    masters.update(
        books, books.definition("SUPDOC"), current, {name: value for name, value in changes.items() if name != FILES}
    )
    _add(books, current["RECORDNO"], changes.get(FILES) or ())


def delete(books: Books, current: Record) -> None:
    """Delete an attachment that no record names, with its files."""
    masters.delete(books, books.definition("SUPDOC"), current)
    for file in books.find("SUPDOCFILE", SUPDOCKEY=current["RECORDNO"]):
        erase(books.db, books.definition("SUPDOCFILE"), file["RECORDNO"])


def _add(books: Books, key: int, files: Sequence[Mapping[str, Any]]) -> None:
    definition = books.definition("SUPDOCFILE")
    present = [(file["ATTACHMENTNAME"], file["ATTACHMENTTYPE"]) for file in books.find("SUPDOCFILE", SUPDOCKEY=key)]
    for file in files:
        require_fields(books, definition, file)
        name, extension = file["ATTACHMENTNAME"], file["ATTACHMENTTYPE"]
        if (name, extension) in present:
            raise already_exists(definition.label, f"{name}.{extension}")
        _require_plain(books, name, extension)
        _require_content(books, name, file["ATTACHMENTDATA"])
        present.append((name, extension))
        insert(books.db, definition, {**file, "SUPDOCKEY": key, "LINE_NO": len(present)})


def _require_plain(books: Books, name: str, extension: str) -> None:
    """Neither the name of a file nor its extension has a period."""
    if "." in name + extension and books.switches["attachment_periods"] == "refuse":
        raise refused(f"The file name '{name}' and its extension '{extension}' may not have a period.")


def _require_content(books: Books, name: str, data: str) -> None:
    try:
        size = len(b64decode("".join(data.split()), validate=True))
    except binascii.Error:
        raise refused(f"The data of the file '{name}' is not base64.") from None
    limit = int(books.switches["attachment_bytes"])
    if limit and size > limit:
        raise refused(f"The file '{name}' has {size} bytes; a file may have {limit}.")
