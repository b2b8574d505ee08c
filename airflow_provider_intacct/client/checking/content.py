"""A prepared record seen as sections: its header and each of its lines, entry by entry, with the field each becomes.

Generic and legacy, typed and plain records look the same here. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_intacct.client.checking.documented import Entry, Shape, documented
from airflow_provider_intacct.client.posting.identity import DATE_PARTS, canonical, canonical_text
from airflow_provider_intacct.client.posting.kinds import Kind
from airflow_provider_intacct.client.posting.records import Posting

CUSTOM_FIELDS = "customfields"
ALLOCATIONS = frozenset({"ALLOCATION", "ALLOCATIONID"})
_LINE_OBJECTS = {"ENTRIES": "GLENTRY"}
_OTHER_NAMES = {"GLACCOUNTNO": "ACCOUNTNO", "JOURNALID": "JOURNAL", "SOURCEENTITY": "BASELOCATION_NO"}
"""Fields by the upper-case names that legacy functions give them, where the table of kinds does not say."""


@dataclass(frozen=True, slots=True)
class Section:
    """The header of a record, or one of its lines.

    `where`    "" for the header, "line 3", or "line 3, split 1" for what stands below a line
    `object`   the object whose fields the entries become; "" where it is not known
    `names`    entries that become a field of another name
    `custom`   entries of `customfields`, by integration name
    """

    posting: Posting
    where: str
    object: str
    entries: Mapping[str, Any] = field(repr=False)
    names: Mapping[str, str] = field(repr=False)
    shape: Shape | None = field(repr=False)
    custom: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def is_line(self) -> bool:
        return bool(self.where)

    @property
    def is_new(self) -> bool:
        """Whether the record is made, not changed; an upsert is what the look-up made of it."""
        return self.posting.function.name == self.posting.kind.function and self.posting.act != "update"

    @property
    def is_split(self) -> bool:
        """Whether it shares out what its line books."""
        return "," in self.where

    @property
    def is_allocated(self) -> bool:
        """Whether an allocation decides its dimensions: Intacct ignores those of the line then."""
        return any(name.upper() in ALLOCATIONS and not is_blank(value) for name, value in self.entries.items())

    @property
    def shares(self) -> list[Mapping[str, Any]]:
        """What of it is shared out by hand, share by share."""
        return [each for each in _listed(self.entries.get("SPLIT")) if isinstance(each, Mapping)]

    def path(self, entry: str = "") -> str:
        """Return where an entry stands, as a person says it: "line 3 ACCOUNTNO"."""
        return " ".join(part for part in (self.where, entry) if part)

    def field_of(self, entry: str) -> str:
        """Return the field that an entry becomes."""
        if entry in self.names or not self.posting.kind.legacy:
            return self.names.get(entry, entry)
        return _OTHER_NAMES.get(entry.upper(), entry.upper())

    def documented(self, entry: str) -> Entry | None:
        """Return what is documented of an entry; None if nothing is."""
        return None if self.shape is None else self.shape.entries.get(entry)

    def fields(self) -> Iterator[tuple[str, str, Any]]:
        """Yield (entry, field, value) of what holds a value, custom fields included."""
        for entry, value in [*self.entries.items(), *self.custom.items()]:
            if is_scalar(value) and not is_blank(value):
                yield entry, self.field_of(entry), value

    def value(self, field_name: str) -> Any:
        """Return the value that becomes a field; None without one."""
        return next((value for _, name, value in self.fields() if name.upper() == field_name.upper()), None)


def sections(posting: Posting) -> list[Section]:
    """Return the header of a record and its lines, in their order."""
    kind, lines = posting.kind, posting.kind.lines
    shape = documented(kind)
    header = {name: value for name, value in posting.record.items() if lines is None or name != lines.container}
    found = [_section(posting, "", kind.object_name, header, kind.fields, shape)]
    if lines is None:
        return found
    inner = _below(shape, lines.container, lines.line)
    for number, line in enumerate(lines_of(posting), 1):
        where = f"line {number}"
        found.append(_section(posting, where, line_object(kind), line, lines.fields, inner))
        splits = _listed(line.get("SPLIT"))
        below = _below(inner, "SPLIT")
        found += [
            _section(posting, f"{where}, split {number}", "", split, {}, below)
            for number, split in enumerate(splits, 1)
            if isinstance(split, Mapping)
        ]
    return found


def lines_of(posting: Posting) -> list[Mapping[str, Any]]:
    """Return the lines of a record."""
    lines = posting.kind.lines
    held = posting.record.get(lines.container) if lines is not None else None
    found = _listed(held.get(lines.line)) if lines is not None and isinstance(held, Mapping) else []
    return [line for line in found if isinstance(line, Mapping)]


def line_object(kind: Kind) -> str:
    """Return the object that the lines of a kind become: APBILLITEM for APBILLITEMS; "" where it is not known."""
    if kind.lines is None or not kind.object_name:
        return ""
    if not kind.legacy and not kind.lines.reads_as:
        return kind.lines.line
    container = kind.lines.read_container()
    return _LINE_OBJECTS.get(container, container.removesuffix("S")) if container.isupper() else ""


def is_scalar(value: Any) -> bool:
    """Whether a value is one value: text, a number, a date, also a date taken apart."""
    if isinstance(value, Mapping):
        return set(value) == DATE_PARTS
    return not isinstance(value, Sequence) or isinstance(value, str | bytes)


def is_blank(value: Any) -> bool:
    """Whether a value says nothing: None, or text without a character."""
    return value is None or (isinstance(value, str) and not value.strip())


def text_of(value: Any) -> str:
    """Return a value as Intacct is sent it, a date as mm/dd/yyyy."""
    written = canonical(value)
    return written if isinstance(written, str) else canonical_text(value)


def _section(
    posting: Posting, where: str, object: str, held: Mapping[str, Any], names: Mapping[str, str], shape: Shape | None
) -> Section:
    entries = {name: value for name, value in held.items() if name != CUSTOM_FIELDS and not name.startswith("@")}
    return Section(posting, where, object, entries, names, shape, _custom(held.get(CUSTOM_FIELDS)))


def _custom(held: Any) -> dict[str, Any]:
    """Return the custom fields of a legacy function by integration name."""
    given = _listed(held.get("customfield")) if isinstance(held, Mapping) else []
    return {
        str(each["customfieldname"]): each.get("customfieldvalue")
        for each in given
        if isinstance(each, Mapping) and each.get("customfieldname")
    }


def _below(shape: Shape | None, *path: str) -> Shape | None:
    for name in path:
        entry = shape.entries.get(name) if shape is not None else None
        shape = None if entry is None else entry.inner
    return shape


def _listed(held: Any) -> list[Any]:
    if held is None or held == "":
        return []
    return list(held) if isinstance(held, list | tuple) else [held]
