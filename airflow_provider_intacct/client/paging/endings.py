"""When a read is over, for pages that are taken by key.

An answer in XML counts the rows that match (`totalcount`), one in JSON or CSV does not. There a page shorter than asked
for is the last only if nothing more was expected: servers have been seen to cut pages short.
"""

from dataclasses import dataclass, replace

from airflow_provider_intacct.client.xml.functions import ReturnFormat


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a read has come.

    `read`     rows so far
    `left`     rows that Intacct counted and that are still to come; None before it has counted
    `doubt`    the page before was short, yet more rows are expected: the next one must count
    """

    read: int = 0
    left: int | None = None
    doubt: bool = False

    def counts(self, room: int, limit: int | None) -> bool:
        """Return whether the next page, of at most `room` rows, should be asked in XML, which counts.

        The first should, if more may follow; and a page that, if it comes full, may be the last or not.
        """
        if limit is not None and self.read + room >= limit:
            return False
        return self.doubt or self.left is None or self.left <= 0 or self.left == room

    def form(self, wanted: ReturnFormat, room: int, limit: int | None) -> ReturnFormat:
        """Return the format to ask the next page in."""
        return "xml" if self.counts(room, limit) else wanted

    def after(self, count: int, room: int, total: int | None, limit: int | None) -> "Progress | None":
        """Return how far the read has come with a page of `count` rows, or None if it has ended."""
        read = self.read + count
        left = total if total is not None else self.left
        left = None if left is None else left - count
        if count == 0 or read == limit or (total is not None and count >= total):
            return None
        short = count < room
        if short and (left is None or left <= 0):
            return None
        return replace(self, read=read, left=left, doubt=short)


START = Progress()
