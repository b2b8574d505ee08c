"""One record and what is to be done with it, as a value; and who the record is. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, Protocol, TypeGuard, runtime_checkable

from airflow_provider_intacct.client.errors import InvalidRecordError, InvalidRequestError
from airflow_provider_intacct.client.posting.identity import canonical_text
from airflow_provider_intacct.client.posting.kinds import Kind, kind_of
from airflow_provider_intacct.client.posting.naming import in_words
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.client.xml.functions import Function

Record = Mapping[str, Any]
NaturalKey = tuple[tuple[str, str], ...]

GENERIC = frozenset({"create", "update"})
"""Functions whose records name their object as the element they are in."""


@runtime_checkable
class TypedRecord(Protocol):
    """A record that says itself what it is and how it is created: see `client.transactions`."""

    @property
    def object_name(self) -> str:
        """The object it becomes."""

    @property
    def function(self) -> str:
        """The function that creates it: `create`, or one of its own."""

    @property
    def statistical(self) -> bool:
        """Whether it is an entry of a statistical journal."""

    def record(self) -> Record:
        """Return it as a plain mapping."""


def is_typed(given: object) -> TypeGuard[TypedRecord]:
    """Whether a record is typed. A protocol looks at every attribute, so what is a plain dict is not asked."""
    return not isinstance(given, dict) and isinstance(given, TypedRecord)


@dataclass(frozen=True, slots=True)
class Posting:
    """One record and what is to be done with it, ready to be carried out once.

    `position`    where it stood in the call, from 1; only messages use it
    `control_id`  the same on every try of the same scope
    `digest`      of its content: what may not change once it is posted
    `by_content`  whether the identity is the content itself, so that the same control id means the same content
    `natural_key` (field, value) pairs it can be found by in Intacct; empty when it has none
    `reference`   the text stamped into its empty reference field, or ""
    `act`         what is done: "create", "update", ...; the table in `resolving` names them
    `looked_up`   its record number has yet to be looked up: then it is an update, else (of an upsert) a create
    `unless_same` it is not sent if the record says all of it already
    `otherwise`   the function to send instead should the record have come or gone since the look-up
    `bound_to`    control id of the posting before this one, if both must go in one request
    `problem`     why it cannot be sent at all; "" if it can
    """

    position: int
    kind: Kind
    record: Record = field(repr=False)
    function: Function = field(repr=False)
    identity: str
    control_id: str
    digest: str
    by_content: bool = False
    natural_key: NaturalKey = ()
    reference: str = ""
    act: str = "create"
    looked_up: bool = False
    unless_same: bool = False
    otherwise: Function | None = field(default=None, repr=False)
    bound_to: str = ""
    problem: str = ""

    @property
    def numbers(self) -> NaturalKey:
        """What a person can search for in Intacct: the natural key, and a stamped reference that is no part of it."""
        field_name = self.kind.reads_as(self.kind.reference)
        if not self.reference or (field_name, self.reference) in self.natural_key:
            return self.natural_key
        return (*self.natural_key, (field_name, self.reference))

    @property
    def label(self) -> str:
        """How a person would call it: `record 2 (APBILL, VENDORID V1, RECORDID 4711)`."""
        return f"record {self.position} ({', '.join([self.kind.name, *map(' '.join, self.numbers)])})"


def twins(numbered: Iterable[tuple[Posting, str]]) -> Iterator[tuple[Posting, str, str]]:
    """Yield each posting that means the same record as another, with its number and the positions of the others.

    `numbered` says the number of each posting's record, "" where it is not known.
    """
    groups: dict[tuple[str, str], list[Posting]] = {}
    for posting, number in numbered:
        if number:
            groups.setdefault((posting.kind.object_name or posting.kind.name, number), []).append(posting)
    for (_, number), group in groups.items():
        for posting in group if len(group) > 1 else ():
            yield posting, number, ", ".join(str(each.position) for each in group if each is not posting)


def natural_key(record: Record, kind: Kind) -> NaturalKey:
    """Return the (field of the object, value) pairs that single the record out in Intacct, or () if one is empty."""
    values = tuple((kind.reads_as(name), canonical_text(record.get(name))) for name in kind.natural_key)
    return values if values and all(value for _, value in values) else ()


def identity_of(kind: Kind, natural: NaturalKey, key: str | None = None, *, act: str = "create") -> str:
    """Return who a record is by the author's word, else by its natural key; and what is done with it."""
    name = kind.name if act == "create" else f"{kind.name} {act}"
    if key is not None:
        return f"{name} key {key}"
    return f"{name} " + " ".join(f"{field_name}={value}" for field_name, value in natural)


def kind_and_record(given: Any, object_name: str | None, function: str, position: int) -> tuple[Kind, Any]:
    """Return what is known of a record that was given for `function`, and the record. Raises InvalidRecordError."""
    if not is_typed(given):
        name, record = _named(given, object_name, function, position)
        return kind_of(name, "create" if function in GENERIC else function), record
    own = given.function
    if function == "update" and own != "create":
        raise InvalidRecordError(
            f"record {position} is a {type(given).__name__}, made by {own}, which has no update of the same shape; "
            f"give a mapping, and function={own.replace('create_', 'update_')!r}. Nothing was sent."
        )
    for asked, said in ((object_name, given.object_name), (function if function not in GENERIC else None, own)):
        if asked is not None and asked.upper() != said.upper():
            raise InvalidRecordError(
                f"record {position} is a {type(given).__name__}, which is no {asked}; a typed record says itself what "
                "it is: leave object and function out. Nothing was sent."
            )
    return kind_of(given.object_name, own), given.record()


def written(kind: Kind, function: str, record: Record, position: int, zone: tzinfo | None) -> Function:
    """Return the function that writes the record. Values that XML or Intacct cannot hold are refused here."""
    body = {kind.name: record} if function in GENERIC else record
    try:
        return functions.function(function, body, zone=zone)
    except InvalidRequestError as error:
        path = error.message.removeprefix(f"{function}/").removeprefix(f"{kind.name}/")
        told = in_words(f"record {position} ({kind.name})/{path} Nothing was sent.", kind)
        raise InvalidRecordError(told) from error


def _named(given: Any, object_name: str | None, function: str, position: int) -> tuple[str | None, Any]:
    if function not in GENERIC or object_name is not None:
        return object_name, given
    if isinstance(given, Mapping) and len(given) == 1:
        ((name, record),) = given.items()
        if isinstance(record, Mapping):
            return str(name), record
    raise InvalidRecordError(
        f"record {position} does not say of which object it is; give object_name, or one mapping "
        '{"GLBATCH": {...}} per record. Nothing was sent.'
    )
