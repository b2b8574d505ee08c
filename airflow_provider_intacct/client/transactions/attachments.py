"""Attachments and the folders they are kept in. A transaction links one by its id, `attachment="..."`.

Source: developer.intacct.com, Company > Attachments; the content models of Sage's 3.0 schema.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from airflow_provider_intacct.client.transactions.shape import Part, Style, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedFile(Part):
    """A file: its name without the extension, the extension, and what is in it."""

    name: Annotated[str, "attachmentname"]
    extension: Annotated[str, "attachmenttype"]
    content: Annotated[bytes, "attachmentdata"] = field(repr=False)

    word: ClassVar[str] = "file"

    def derived(self) -> dict[str, Any]:
        """Return the content as text."""
        return {"attachmentdata": base64.b64encode(self.content).decode("ascii")}

    def problem(self) -> str:
        """Say that the file is empty, or nothing."""
        return "" if self.content else "content is empty"


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
