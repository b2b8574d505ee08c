"""The company's objects as data: `Catalog.load()` reads the files beside this module.

Whoever reads or writes a record asks here for fields, keys, relationships and lines; nothing else is named in code.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Self

from .loading import follow, load_definitions
from .model import (
    SCALED_TYPES,
    WHOLE_TYPES,
    Field,
    FieldType,
    Lines,
    ObjectDefinition,
    Relationship,
    Total,
    ValidValue,
)

__all__ = [
    "SCALED_TYPES",
    "WHOLE_TYPES",
    "Catalog",
    "Field",
    "FieldType",
    "Lines",
    "ObjectDefinition",
    "Path",
    "Relationship",
    "Total",
    "ValidValue",
]


@dataclass(frozen=True, slots=True)
class Path:
    """A field name of a request, resolved: the relationships to walk and the field at their end."""

    name: str
    hops: tuple[Relationship, ...]
    field: Field


@dataclass(frozen=True, slots=True)
class Catalog:
    """All object definitions of one company, by upper-case name."""

    objects: Mapping[str, ObjectDefinition]

    @classmethod
    def load(cls) -> Self:
        """Return the catalogue of the data files, read once per process."""
        return cls(_definitions())

    def __iter__(self) -> Iterator[ObjectDefinition]:
        return iter(self.objects.values())

    def __getitem__(self, name: str) -> ObjectDefinition:
        return self.objects[name]

    def find(self, name: str) -> ObjectDefinition | None:
        """Return the object that a request names, in any case; None where no generic function knows it."""
        found = self.objects.get(name.upper())
        return found if found is not None and found.generic else None

    def path(self, definition: ObjectDefinition, name: str) -> Path | None:
        """Resolve a field name, dotted or not; None where it leads nowhere."""
        found = follow(self.objects, definition, name)
        return Path(name, *found) if found else None

    def parent_of(self, definition: ObjectDefinition) -> ObjectDefinition | None:
        """Return the header object that owns these lines, None for an object that stands alone."""
        for candidate in self.objects.values():
            if any(lines.object == definition.name for lines in candidate.lines):
                return candidate
        return None


@cache
def _definitions() -> dict[str, ObjectDefinition]:
    return load_definitions()
