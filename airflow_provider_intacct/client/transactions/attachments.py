"""Attachments and the folders they are kept in. A transaction links one by its id, `attachment="..."`.

Source: developer.intacct.com, Company > Attachments; the content models of Sage's 3.0 schema.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from airflow_provider_intacct.client.transactions.shape import Part, Style, Transaction
from airflow_provider_intacct.client.xml.files import FileContent, FileText

MAX_ID = 20
"""Characters of an attachment's id. Source: DataBlend's guide to attachments in Intacct ("free text (20)"); Sage's own
pages name no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedFile(Part):
    """A file: its name without the extension, the extension, and what is in it (FileContent: read when it is sent)."""

    name: Annotated[str, "attachmentname"]
    extension: Annotated[str, "attachmenttype"]
    content: Annotated[bytes | FileContent, "attachmentdata"] = field(repr=False)

    word: ClassVar[str] = "file"

    def derived(self) -> dict[str, Any]:
        """Return the content as text that is made when it is written."""
        content = FileContent.of(self.content) if isinstance(self.content, bytes) else self.content
        return {"attachmentdata": FileText(content)}

    def problem(self) -> str:
        """Say what is wrong with the name or the content, or nothing."""
        for what, text in (("name", self.name), ("extension", self.extension)):
            if "." in text or "/" in text or "\\" in text:
                return (
                    f"{what} is {text!r}; Intacct wants a file's name and extension apart, without a period or a folder"
                )
        empty = not (len(self.content) if isinstance(self.content, bytes) else self.content.size)
        return "content is empty" if empty else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment(Transaction):
    """Files under one id, in a folder that exists. Its natural key is the id."""

    id: Annotated[str, "supdocid"]
    name: Annotated[str, "supdocname"]
    folder: Annotated[str, "supdocfoldername"]
    files: Annotated[Sequence[AttachedFile], "attachments/attachment"]
    description: Annotated[str | None, "supdocdescription"] = None

    object_name: ClassVar[str] = "SUPDOC"
    function: ClassVar[str] = "create_supdoc"
    style: ClassVar[Style] = "legacy"
    order: ClassVar[tuple[str, ...]] = (
        *("supdocid", "supdocname", "supdocfoldername", "supdocdescription", "attachments"),
    )

    def problem(self) -> str:
        """Say what is wrong with the id, the folder or the names of the files, or nothing."""
        if problem := id_problem(self.id):
            return problem
        if self.folder != self.folder.strip():
            return f"folder is {self.folder!r}; its name neither begins nor ends with a space"
        names = Counter((each.name.upper(), each.extension.upper()) for each in self.files)
        twice = [
            f"{each.name}.{each.extension}"
            for each in self.files
            if names[each.name.upper(), each.extension.upper()] > 1
        ]
        return f"{twice[0]} is there twice; give each file its own name" if twice else ""


def id_problem(attachment_id: str) -> str:
    """Say what is wrong with the id of an attachment, or nothing."""
    if len(attachment_id) > MAX_ID:
        return f"id is {attachment_id!r}, of {len(attachment_id)} characters; Intacct takes {MAX_ID}"
    if attachment_id != attachment_id.strip() or not attachment_id.isprintable():
        return f"id is {attachment_id!r}; it is printable, and neither begins nor ends with a space"
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentFolder(Transaction):
    """A folder of attachments. Its natural key is the name."""

    name: Annotated[str, "supdocfoldername"]
    description: Annotated[str | None, "supdocfolderdescription"] = None
    parent: Annotated[str | None, "supdocparentfoldername"] = None

    object_name: ClassVar[str] = "SUPDOCFOLDER"
    function: ClassVar[str] = "create_supdocfolder"
    style: ClassVar[Style] = "legacy"
    order: ClassVar[tuple[str, ...]] = ("supdocfoldername", "supdocfolderdescription", "supdocparentfoldername")
