"""Attachments as `get` and `get_list` give them: what they are called, and their files, decoded piece by piece.

Source: developer.intacct.com, Company > Attachments; names of elements differ between captures, and either is read.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_provider_intacct.client.errors import MalformedReplyError
from airflow_provider_intacct.client.xml.files import PIECE

if TYPE_CHECKING:
    from lxml.etree import _Element

    from airflow_provider_intacct.client.xml.reply import Result


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file of an attachment: its name without the extension, the extension, and its base64."""

    name: str
    extension: str
    data: str = field(repr=False)

    @property
    def file_name(self) -> str:
        """Name and extension as a file is called."""
        return f"{self.name}.{self.extension}" if self.extension else self.name

    def pieces(self) -> Iterator[bytes]:
        """Yield the content, less than a megabyte at a time. Raises MalformedReplyError if it is no base64."""
        step = PIECE // 3 * 4
        text = self.data if not any(each in self.data for each in " \n\r\t") else "".join(self.data.split())
        try:
            for start in range(0, len(text), step):
                yield base64.b64decode(text[start : start + step], validate=True)
        except binascii.Error as error:
            raise MalformedReplyError(f"The data of the file {self.file_name} is no base64: {error}.") from error


@dataclass(frozen=True, slots=True)
class ReadAttachment:
    """An attachment and its files. `key` is its record number."""

    id: str
    key: str = ""
    name: str = ""
    folder: str = ""
    description: str = ""
    files: tuple[ReadFile, ...] = ()


def read_attachments(result: Result) -> list[ReadAttachment]:
    """Return the attachments in the answer of `get` or `get_list` of supdoc."""
    return [] if result.data is None else [_attachment(each) for each in result.data if each.tag == "supdoc"]


def _attachment(element: _Element) -> ReadAttachment:
    return ReadAttachment(
        id=_text(element, "supdocid"),
        key=_text(element, "recordno"),
        name=_text(element, "supdocname"),
        folder=_text(element, "supdocfoldername") or _text(element, "folder"),
        description=_text(element, "supdocdescription") or _text(element, "description"),
        files=tuple(
            ReadFile(
                _text(each, "attachmentname"), _text(each, "attachmenttype"), each.findtext("attachmentdata") or ""
            )
            for each in element.iterfind("attachments/attachment")
        ),
    )


def _text(element: _Element, name: str) -> str:
    return (element.findtext(name) or "").strip()
