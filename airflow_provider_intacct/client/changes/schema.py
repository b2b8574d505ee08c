"""What has changed in an object's columns between two reads. Pure: names and datatypes in, a sentence out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


class Typed(Protocol):
    """A column, as far as a schema cares."""

    @property
    def name(self) -> str: ...

    @property
    def datatype(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Drift:
    """Columns by name: those that are new and those that are gone with their datatype, others with the old and the new.

    False when there is none.
    """

    added: Mapping[str, str] = field(default_factory=dict)
    removed: Mapping[str, str] = field(default_factory=dict)
    retyped: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.retyped)

    def __str__(self) -> str:
        """`2 columns are new: X (TEXT), Y (DATE); 1 is gone: Z; 1 has another type: A (INTEGER, now DECIMAL)`."""
        if not self:
            return "the columns are the same"
        told = {
            ("is new", "are new"): [f"{name} ({kind})" for name, kind in self.added.items()],
            ("is gone", "are gone"): list(self.removed),
            ("has another type", "have other types"): [
                f"{name} ({before}, now {now})" for name, (before, now) in self.retyped.items()
            ],
        }
        parts = [
            f"{len(names)} {'column ' if len(names) == 1 else 'columns '}{verbs[len(names) > 1]}: {', '.join(names)}"
            for verbs, names in told.items()
            if names
        ]
        return "; ".join(parts)

    def plain(self) -> dict[str, object]:
        """Return the drift as JSON knows it, for a manifest."""
        return {
            "added": dict(self.added),
            "removed": dict(self.removed),
            "retyped": {name: list(kinds) for name, kinds in self.retyped.items()},
        }


def schema_of(columns: Iterable[Typed]) -> dict[str, str]:
    """Return the datatype of each column by its name: what a manifest keeps, and the next read is compared with."""
    return {column.name: column.datatype for column in columns}


def drift(previous: Mapping[str, str], now: Mapping[str, str]) -> Drift:
    """Return what has changed from one schema to the next. The order of columns does not count, nor does a name's case.

    A field that only changed its case is the same field: Intacct's names know no case.
    """
    before = {name.upper(): kind for name, kind in previous.items()}
    after = {name.upper() for name in now}
    return Drift(
        added={name: kind for name, kind in now.items() if name.upper() not in before},
        removed={name: kind for name, kind in previous.items() if name.upper() not in after},
        retyped={
            name: (before[name.upper()], kind)
            for name, kind in now.items()
            if before.get(name.upper(), kind).upper() != kind.upper()
        },
    )
