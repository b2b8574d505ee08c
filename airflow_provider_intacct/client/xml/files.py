"""Files in requests and replies. Intacct takes and gives them as base64 inside the XML, so one attachment, with all its
files, is the least that is held in memory; what is never held is a second one, or a file before its turn.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from airflow_provider_intacct.client.errors import InvalidRecordError

PIECE = 3 * 2**18
"""Bytes taken at a time: a multiple of three, so that base64 of the pieces is the base64 of the whole."""


@dataclass(frozen=True, slots=True)
class FileContent:
    """What is in a file that is read when it is sent. `read` yields its bytes in pieces, from the start each time."""

    size: int
    sha256: str
    read: Callable[[], Iterator[bytes]] = field(repr=False, compare=False)

    @classmethod
    def of(cls, content: bytes) -> "FileContent":
        """Return bytes that are in memory anyway."""
        return cls(len(content), hashlib.sha256(content).hexdigest(), lambda: iter((content,)))


class FileText(str):
    """The text of an element that holds a file: written as base64 with the request, and known by its digest till then.

    So a record that carries a file is compared, digested and shown by what identifies the content, not by the content.
    """

    PREFIX = "sha256:"
    content: FileContent

    def __new__(cls, content: FileContent) -> "FileText":
        made = super().__new__(cls, f"{cls.PREFIX}{content.sha256}")
        made.content = content
        return made

    @property
    def length(self) -> int:
        """Characters of the base64."""
        return (self.content.size + 2) // 3 * 4

    def encoded(self) -> Iterator[str]:
        """Yield the base64. Raises InvalidRecordError if the file is no longer what was announced."""
        digest, size, rest = hashlib.sha256(), 0, b""
        for piece in self.content.read():
            digest.update(piece)
            size += len(piece)
            whole = rest + piece
            cut = len(whole) // 3 * 3
            yield base64.b64encode(whole[:cut]).decode("ascii")
            rest = whole[cut:]
        if (size, digest.hexdigest()) != (self.content.size, self.content.sha256):
            raise InvalidRecordError(
                f"A file changed while it was being sent: it had {self.content.size:,} bytes, and has {size:,} now. "
                "The request that was to hold it was not sent."
            )
        yield base64.b64encode(rest).decode("ascii")
