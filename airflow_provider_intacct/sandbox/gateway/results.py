"""What a gateway function answers, or refuses, as values. Refuses to know how either is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Self, TypeAlias

Content: TypeAlias = "str | Mapping[str, Content] | Sequence[Node] | None"


@dataclass(frozen=True, slots=True)
class Node:
    """One element of a reply. Content: text, None (empty element), a mapping of child names, or child nodes in order.

    Text is plain: the reply writer escapes it. The case of `name` is what the wire shows.
    """

    name: str
    content: Content = None
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DataResult:
    """`<data listtype=... count=...>` with its nodes. `counts` are the attributes after listtype, in wire order.

    `transactions` is what the call costs in API transactions: 1 for a read, one per record for a write.
    """

    nodes: Sequence[Node]
    list_type: str | None = None
    counts: Mapping[str, str | int] = field(default_factory=dict)
    transactions: int = 1


@dataclass(frozen=True, slots=True)
class ListResult:
    """The answer of the legacy get_list and get: `<listtype start end total>` before `<data>`."""

    list_type: str
    nodes: Sequence[Node]
    start: int
    end: int
    total: int
    transactions: int = 1


@dataclass(frozen=True, slots=True)
class KeyResult:
    """`<key>`: the answer of the legacy create_, update_ and reverse_ functions."""

    key: str
    transactions: int = 1


@dataclass(frozen=True, slots=True)
class EmptyResult:
    """Status only: the answer of delete and of the legacy delete_ functions."""

    transactions: int = 1


@dataclass(frozen=True, slots=True)
class BodyResult:
    """A whole HTTP body without envelope: what the JSON and CSV return formats answer."""

    body: bytes
    form: Literal["json", "csv"] = "json"
    transactions: int = 1


Result: TypeAlias = DataResult | ListResult | KeyResult | EmptyResult | BodyResult


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """One `<error>`. `errorno` None leaves the element out, as the gateway does in some denials."""

    errorno: str | None
    description2: str = ""
    correction: str = ""
    description: str = ""


class FunctionError(Exception):
    """A function's refusal: its error stack, most specific entry first.

    With `committed` the records that were already written stay: dispatch commits, and the reply lists them beside the
    errors, as create and update do when they stop at the first bad record (delete lists nothing). The caller has undone
    the bad record's own changes (a savepoint per record).
    """

    def __init__(
        self,
        errorno: str | None,
        description2: str = "",
        correction: str = "",
        description: str = "",
        *,
        committed: "DataResult | EmptyResult | None" = None,
    ) -> None:
        super().__init__(description2 or description or errorno)
        self.entries: tuple[ErrorEntry, ...] = (ErrorEntry(errorno, description2, correction, description),)
        self.committed = committed

    @classmethod
    def stack(cls, entries: Sequence[ErrorEntry], *, committed: "DataResult | EmptyResult | None" = None) -> Self:
        """Return one refusal made of several entries, most specific first."""
        first = entries[0]
        error = cls(first.errorno, first.description2, first.correction, first.description, committed=committed)
        error.entries = tuple(entries)
        return error
