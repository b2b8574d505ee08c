"""What the company knows about its objects: fields, relationships, owned lines, keys. Values only; knows no SQL."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

FieldType = Literal[
    "TEXT", "INTEGER", "SEQUENCE", "BOOLEAN", "DATE", "TIMESTAMP", "ENUM", "DECIMAL", "CURRENCY", "PERCENT"
]
SCALED_TYPES = frozenset({"DECIMAL", "CURRENCY", "PERCENT"})
WHOLE_TYPES = frozenset({"INTEGER", "SEQUENCE"})


@dataclass(frozen=True, slots=True)
class ValidValue:
    """One value of an enumeration: `query`, lookup and create speak the label, readByQuery the stored code."""

    label: str
    code: str


@dataclass(frozen=True, slots=True)
class Total:
    """A field that sums a field of the records of some objects whose `by` equals ours and whose STATE is listed."""

    objects: tuple[str, ...]
    field: str
    by: str
    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One field as lookup shows it, and where its value lives.

    Exactly one of four places: a column of its own (the default), a related record (`of`, a dotted path), the stored
    code of another field (`code_of`), or a sum over other records (`total`). `shown_type` is lookup's word for the type
    where it is not ours: GLBATCH.STATE is an enumeration that calls itself TEXT.
    """

    id: str
    type: FieldType = "TEXT"
    label: str = ""
    description: str = ""
    required: bool = False
    readonly: bool = False
    custom: bool = False
    queryable: bool = True
    length: int = 0
    scale: int = 0
    values: tuple[ValidValue, ...] = ()
    codes_in_query: bool = False
    shown_type: str = ""
    of: str = ""
    code_of: str = ""
    total: Total | None = None

    @property
    def stored(self) -> bool:
        """Whether the object's table has a column for it."""
        return not (self.of or self.code_of or self.total)

    @property
    def scaled(self) -> bool:
        """Whether the column holds an integer: the amount times ten to the power of `scale`."""
        return self.type in SCALED_TYPES

    def code(self, label: str) -> str | None:
        """Return the stored code of a label, None where the enumeration has no such label."""
        return next((value.code for value in self.values if value.label == label), None)

    def value_label(self, code: str) -> str:
        """Return the label of a stored code; a code outside the enumeration is shown as it is."""
        return next((value.label for value in self.values if value.code == code), code)


@dataclass(frozen=True, slots=True)
class Relationship:
    """A MANY2ONE path that dotted names walk: our `by` column equals the target object's `to` column."""

    path: str
    object: str
    by: str
    to: str
    label: str = ""
    shown_as: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """Records owned by a header: the container element, the line object and the line's field with the header's key."""

    element: str
    object: str
    parent: str


@dataclass(frozen=True, slots=True)
class ObjectDefinition:
    """One object of the company. Without `generic` it has functions of its own, and lookup keeps silent about it."""

    name: str
    label: str
    plural: str
    key: str
    fields: Mapping[str, Field]
    description: str = ""
    name_key: str = ""
    sequence: str = ""
    first_number: int = 1
    table: str = ""
    rows: Mapping[str, str] = field(default_factory=dict)
    view: str = ""
    relationships: Mapping[str, Relationship] = field(default_factory=dict)
    lines: tuple[Lines, ...] = ()
    parent: str = ""
    indices: tuple[tuple[str, ...], ...] = ()
    platform: bool = False
    owned_by_entity: bool = False
    located_by: str = ""
    readable: bool = True
    writable: bool = True
    generic: bool = True
    needs_filter: tuple[str, ...] = ()
    audited: Literal["", "record", "key", "name"] = "record"

    @property
    def stored_fields(self) -> Iterator[Field]:
        """The fields that have a column, in the catalogue's order."""
        return (item for item in self.fields.values() if item.stored)

    @property
    def listed_fields(self) -> tuple[Field, ...]:
        """The fields that `*` stands for in readByQuery."""
        return tuple(item for item in self.fields.values() if item.queryable)

    def lines_in(self, element: str) -> Lines | None:
        """Return the owned lines of a container element such as APBILLITEMS."""
        return next((lines for lines in self.lines if lines.element == element), None)
