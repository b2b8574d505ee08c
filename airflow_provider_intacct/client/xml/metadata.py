"""What lookup and readUserFormatting tell: the fields of an object, how they are typed, how the API user sees time.

Pure: the replies are read here, asking for them is the client's business. Dotted names are resolved through
relationships, for which the definitions of the related objects are needed: `needed_definitions` says which.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from difflib import get_close_matches
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lxml import etree

from airflow_provider_intacct.client.errors import ConfigurationError, InvalidRequestError, MalformedReplyError

AGGREGATES = ("COUNT", "SUM", "AVG", "MIN", "MAX")
AUDIT_OBJECTS = frozenset({"AUDITHISTORY", "ADVAUDITHISTORY"})
OFFSET = re.compile(r"(?:GMT|UTC)?\s*([+-]?)(\d{1,2}):?(\d\d)?(?::\d\d)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FieldDefinition:
    """One field as lookup describes it. `required` is advisory; `values` are the labels that query knows."""

    id: str
    datatype: str = "TEXT"
    label: str = ""
    description: str = ""
    required: bool = False
    readonly: bool = False
    custom: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Relationship:
    """A way from an object to another: `path` is what stands before the dot of a dotted field."""

    path: str
    object: str
    kind: str = ""
    related_by: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class ObjectDefinition:
    """An object as lookup describes it. Lines that the object owns are objects of their own."""

    name: str
    fields: tuple[FieldDefinition, ...]
    relationships: tuple[Relationship, ...] = ()
    document_type: str = ""
    _fields: Mapping[str, FieldDefinition] = field(init=False, repr=False, compare=False)
    _relationships: Mapping[str, Relationship] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_fields", {item.id.upper(): item for item in self.fields})
        object.__setattr__(self, "_relationships", {item.path.upper(): item for item in self.relationships})

    def field(self, name: str) -> FieldDefinition | None:
        """Return the field `name`, in whatever case it is written; None if there is none."""
        return self._fields.get(name.upper())

    def relationship(self, path: str) -> Relationship | None:
        """Return the relationship `path`, in whatever case it is written; None if there is none."""
        return self._relationships.get(path.upper())

    @property
    def key(self) -> str | None:
        """The field that numbers the records: RECORDNO, of custom objects `id`, of AUDITHISTORY `ID`; None without one.

        Source: developer.intacct.com, Records (read takes RECORDNO, custom objects id).
        """
        for name in ("RECORDNO", "ID"):
            # A text field called ID is a name that people give (ALLOCATIONID-like), not the record's number.
            if (found := self.field(name)) and (name == "RECORDNO" or self.numbers(found)):
                return found.id
        return None

    @property
    def record_key(self) -> str:
        """The same, for what cannot do without. Raises InvalidRequestError where the records have no number."""
        if self.key is None:
            raise InvalidRequestError(f"The records of {self.name} have no number, so there are no keys to compare.")
        return self.key

    def numbers(self, found: FieldDefinition) -> bool:
        """Return whether the field `ID` numbers this object's records."""
        return found.datatype.upper() in ("INTEGER", "SEQUENCE") or self.name.upper() in AUDIT_OBJECTS


def read_definition(data: etree._Element | None) -> ObjectDefinition:
    """Return the definition in the `data` of a lookup result."""
    kind = None if data is None else next(data.iter("Type"), None)
    if kind is None:
        raise MalformedReplyError("The answer to lookup holds no Type.")
    return ObjectDefinition(
        name=kind.get("Name") or "",
        document_type=kind.get("DocumentType") or "",
        fields=tuple(read_field(element) for element in kind.findall("Fields/Field")),
        relationships=tuple(read_relationship(element) for element in kind.findall("Relationships/Relationship")),
    )


def read_field(element: etree._Element) -> FieldDefinition:
    """Return one field of a lookup result."""
    return FieldDefinition(
        id=words(element, "ID"),
        datatype=words(element, "DATATYPE") or "TEXT",
        label=words(element, "LABEL"),
        description=words(element, "DESCRIPTION"),
        required=words(element, "REQUIRED").lower() == "true",
        readonly=words(element, "READONLY").lower() == "true",
        custom=words(element, "ISCUSTOM").lower() == "true",
        values=tuple((value.text or "").strip() for value in element.findall("VALIDVALUES/VALIDVALUE")),
    )


def read_relationship(element: etree._Element) -> Relationship:
    """Return one relationship of a lookup result."""
    return Relationship(
        path=words(element, "OBJECTPATH"),
        object=words(element, "OBJECTNAME"),
        kind=words(element, "RELATIONSHIPTYPE"),
        related_by=words(element, "RELATEDBY"),
        label=words(element, "LABEL"),
    )


def read_lengths(data: etree._Element | None) -> dict[str, int]:
    """Return the longest text that each field takes, by upper-case name, of the `data` of a detailed inspect."""
    found: dict[str, int] = {}
    for element in () if data is None else data.iter("Field"):
        length = words(element, "maxLength")
        if length.isdecimal() and int(length):
            found[words(element, "Name").upper()] = int(length)
    return found


def words(element: etree._Element, path: str) -> str:
    """Return the text of a child, "" when it is empty or absent."""
    return (element.findtext(path) or "").strip()


def needed_definitions(object: str, names: Iterable[str], definitions: Mapping[str, ObjectDefinition]) -> set[str]:
    """Return the objects whose definitions are missing for resolving `names` of `object`; call again with them added.

    `definitions` is keyed by object name in upper case.
    """
    missing: set[str] = set()
    for name in names:
        here: str | None = object.upper()
        path = name
        while here is not None:
            definition = definitions.get(here)
            if definition is None:
                missing.add(here)
                break
            here, path = step(definition, path)
    return missing


def step(definition: ObjectDefinition, path: str) -> tuple[str | None, str]:
    """Return the object that the first part of a dotted path leads to, and the rest; None where the path ends."""
    head, dot, rest = path.partition(".")
    if not dot or definition.field(path):
        return None, path
    relationship = definition.relationship(head)
    return (relationship.object.upper(), rest) if relationship else (None, path)


def resolve(object: str, name: str, definitions: Mapping[str, ObjectDefinition]) -> tuple[str, FieldDefinition] | None:
    """Return a field's name as Intacct spells it and its definition, through relationships; None if there is none."""
    before, definition, path = walk(object, name, definitions)
    found = definition.field(path)
    return (before + found.id, found) if found else None


def walk(object: str, name: str, definitions: Mapping[str, ObjectDefinition]) -> tuple[str, ObjectDefinition, str]:
    """Follow a dotted name as far as relationships lead: what was passed, the object arrived at, and what is left."""
    before, definition, path = "", definitions[object.upper()], name
    while (arrived := step(definition, path))[0] in definitions:
        relationship = definition.relationship(path.partition(".")[0])
        before += f"{relationship.path if relationship else ''}."
        definition, path = definitions[arrived[0] or ""], arrived[1]
    return before, definition, path


def spell(object: str, name: str, definitions: Mapping[str, ObjectDefinition]) -> str:
    """Return a field's name as Intacct spells it. Raises `InvalidRequestError` with the nearest names."""
    before, definition, path = walk(object, name, definitions)
    if found := definition.field(path):
        return before + found.id
    choices = {item.id.upper(): item.id for item in definition.fields}
    if "." in path:
        choices = {item.path.upper(): item.path for item in definition.relationships}
    head, dot, rest = path.partition(".")
    close = [f"{before}{choices[match]}{dot}{rest}" for match in get_close_matches(head.upper(), choices, n=3)]
    what = f"leads nowhere by {head}" if dot else f"has no field {path}"
    advice = f"did you mean {' or '.join(close)}?" if close else "lookup lists what there is."
    raise InvalidRequestError(f"{name}: {definition.name or object} {what}; {advice}")


def datatype_of(object: str, name: str, definitions: Mapping[str, ObjectDefinition]) -> str | None:
    """Return the DATATYPE of a field, or of an aggregate as query names it (`COUNT.RECORDNO`); None if unknown.

    Output names of avg, min and max are not documented; both the prefixed and the plain name are understood.
    """
    if found := resolve(object, name, definitions):
        return found[1].datatype
    prefix, dot, rest = name.partition(".")
    if not dot or prefix.upper() not in AGGREGATES:
        return None
    if prefix.upper() == "COUNT":
        return "INTEGER"
    inner = resolve(object, rest, definitions)
    return inner[1].datatype if inner and prefix.upper() in ("MIN", "MAX") else "DECIMAL"


@dataclass(frozen=True, slots=True)
class UserFormatting:
    """How the API user's company writes dates and times. `zone` is a fixed offset unless a zone name was given.

    A fixed offset knows no daylight saving: times of the other half of the year are off by an hour with it. Name the
    zone (the connection's `time_zone`) where that matters. Source: developer.intacct.com, readUserFormatting.
    """

    zone: tzinfo = UTC
    date_format: str = "/mdY"
    clock: str = "24"
    locale: str = "en_US"
    record_number: str = ""

    def zone_of(self, object: str) -> tzinfo:
        """Return the zone of an object's timestamps: the user's, but GMT for audit histories (documented so)."""
        return UTC if object.upper() in AUDIT_OBJECTS else self.zone


def read_formatting(
    data: etree._Element | None, zone_name: str | None = None, *, now: datetime | None = None
) -> UserFormatting:
    """Return the formatting in the `data` of a readUserFormatting result. `zone_name` gives its offset a zone.

    Raises ConfigurationError when that zone has no such offset in the year of `now` (the current one).
    """
    found = None if data is None else next(data.iter("userformatting"), None)
    if found is None:
        raise MalformedReplyError("The answer to readUserFormatting holds no userformatting.")
    offset = words(found, "gmtoffset")
    return UserFormatting(
        zone=checked_zone(zone_name, offset, now or datetime.now(UTC)) if zone_name else fixed_zone(offset),
        date_format=words(found, "dateformat") or "/mdY",
        clock=words(found, "clock") or "24",
        locale=words(found, "locale"),
        record_number=words(found, "recordno"),
    )


def checked_zone(name: str, offset: str, now: datetime) -> tzinfo:
    """Return the zone `name`, if the offset that Intacct gives for the user is one of the zone's, standard or daylight.

    Which of the two Intacct gives in summer is not documented. A zone that does not fit would shift every timestamp.
    """
    zone = named_zone(name)
    if not OFFSET.fullmatch(offset):
        return zone
    weeks = [now + timedelta(weeks=count) for count in range(-26, 27)]
    offsets = {week.astimezone(zone).utcoffset() or timedelta(0) for week in weeks}
    if fixed_zone(offset).utcoffset(None) not in offsets:
        listed = " or ".join(sorted(written_offset(each) for each in offsets))
        raise ConfigurationError(
            f"The connection's time_zone is {name!r} ({listed} from GMT), but the API user's offset in Intacct is "
            f"{offset}. Name the zone that is set in the user's preferences in Intacct, or set it there."
        )
    return zone


def written_offset(offset: timedelta) -> str:
    """Return an offset from GMT as people write it: `-08:00`."""
    minutes = round(offset.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def named_zone(name: str) -> tzinfo:
    """Return the zone of an IANA name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: "America" is a folder of zones
        raise ConfigurationError(f"{name!r} is no time zone; give an IANA name such as America/Los_Angeles.") from None


def fixed_zone(offset: str) -> tzinfo:
    """Return the zone of an offset such as `-08:00`; UTC where there is none."""
    if not offset:
        return UTC
    match = OFFSET.fullmatch(offset)
    if match is None or int(match[2]) > 14:
        raise MalformedReplyError(
            f"readUserFormatting gave {offset!r} as the offset from GMT; name the time zone instead."
        )
    minutes = int(match[2]) * 60 + int(match[3] or 0)
    return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))


@dataclass(frozen=True, slots=True)
class Entity:
    """A legal entity of the company: the location id that a session enters, its name, and its currency."""

    id: str
    name: str = ""
    currency: str = ""


def read_entities(data: etree._Element | None) -> list[Entity]:
    """Return the entities in the `data` of a readEntityDetails result; a company of one has none."""
    if data is None:
        raise MalformedReplyError("The answer to readEntityDetails holds no data.")
    found = [Entity(words(each, "id"), words(each, "name"), words(each, "currency")) for each in data.iter("entity")]
    if not all(entity.id for entity in found):
        raise MalformedReplyError("The answer to readEntityDetails holds an entity without an id.")
    return found
