"""What a gateway function is given (`Call`), what it answers (a `Result` or a `FunctionError`), and how it is found.

A module in gateway/reading, gateway/writing or gateway/administration.py registers plain functions:

    @function("delete", writes=True)
    def delete(call: Call) -> Result: ...

`discover()` imports every module of those places. Refuses to know XML syntax, HTTP, sessions and transactions: dispatch
opens `call.db`, commits when the function returns, rolls back when it raises.
"""

import importlib
import pkgutil
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self, TypeAlias

from lxml import etree

if TYPE_CHECKING:
    from airflow_provider_intacct.sandbox.company import Company, User

    from .sessions import Session

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
    content_type: str = "application/json"
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
    errors, as create and update do when they stop at the first bad record. The caller has undone the bad record's own
    changes (a savepoint per record).
    """

    def __init__(
        self,
        errorno: str | None,
        description2: str = "",
        correction: str = "",
        description: str = "",
        *,
        committed: DataResult | None = None,
    ) -> None:
        super().__init__(description2 or description or errorno)
        self.entries: tuple[ErrorEntry, ...] = (ErrorEntry(errorno, description2, correction, description),)
        self.committed = committed

    @classmethod
    def stack(cls, entries: Sequence[ErrorEntry], *, committed: DataResult | None = None) -> Self:
        """Return one refusal made of several entries, most specific first."""
        first = entries[0]
        error = cls(first.errorno, first.description2, first.correction, first.description, committed=committed)
        error.entries = tuple(entries)
        return error


@dataclass(frozen=True, slots=True)
class Call:
    """One function of a request, as its implementation sees it.

    `db` is open for the whole function: the writing connection where the function is registered with `writes=True` or
    the operation is atomic, a reading snapshot otherwise. `entity_id` is None at the top level.
    """

    element: etree._Element
    control_id: str
    company: "Company"
    session: "Session"
    db: sqlite3.Connection

    @property
    def name(self) -> str:
        """The function's element name, such as readByQuery."""
        return str(self.element.tag)

    @property
    def attributes(self) -> Mapping[str, str]:
        """The attributes of the function element, such as get_list's object."""
        return {str(name): str(value) for name, value in self.element.attrib.items()}

    @property
    def user(self) -> "User":
        """Who calls."""
        return self.company.users[self.session.user_id]

    @property
    def entity_id(self) -> str | None:
        """The entity the session is in, None at the top level."""
        return self.session.entity_id

    def require(self, object_name: str) -> None:
        """Raise the gateway's denial when the user may not do this function on that object."""
        self.company.permissions.require(self.user, self.name, object_name)

    def require_fields(self, fields: Mapping[str, Sequence[str]]) -> None:
        """Raise the gateway's denial when a field, by object, is kept from the user."""
        self.company.permissions.require_fields(self.user, fields)


@dataclass(frozen=True, slots=True)
class Implementation:
    """A registered function. `spends=False` marks what is no API transaction, such as getAPISession."""

    name: str
    run: Callable[[Call], Result]
    writes: bool
    spends: bool


FUNCTIONS: dict[str, Implementation] = {}


def function(
    *names: str, writes: bool = False, spends: bool = True
) -> Callable[[Callable[[Call], Result]], Callable[[Call], Result]]:
    """Register the decorated function as the implementation of the named gateway functions."""

    def register(run: Callable[[Call], Result]) -> Callable[[Call], Result]:
        for name in names:
            if name in FUNCTIONS:
                raise ValueError(f"gateway function {name} is implemented twice")
            FUNCTIONS[name] = Implementation(name, run, writes, spends)
        return run

    return register


def discover() -> Mapping[str, Implementation]:
    """Import every module that implements functions and return the registry."""
    from . import reading, writing

    importlib.import_module(f"{__package__}.administration")
    for package in (reading, writing):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            importlib.import_module(module.name)
    return FUNCTIONS
