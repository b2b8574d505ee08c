"""From what an author wrote to what can be posted once: check each record, say who it is, stamp it. Pure.

Everything that can be refused without asking Intacct is refused here, naming record, field and remedy, for all records
of the call before the first of them is sent.
"""

from collections import Counter
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, Protocol, runtime_checkable

from airflow_provider_intacct.client.errors import InvalidRecordError, InvalidRequestError
from airflow_provider_intacct.client.posting.checked import check_record
from airflow_provider_intacct.client.posting.identity import (
    Scope,
    canonical_text,
    content_digest,
    control_id,
    reference,
)
from airflow_provider_intacct.client.posting.kinds import Kind, kind_of
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.client.xml.functions import Function

Record = Mapping[str, Any]
NaturalKey = tuple[tuple[str, str], ...]


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


def prepare(
    records: Sequence[Record | TypedRecord],
    *,
    scope: Scope,
    object_name: str | None = None,
    function: str = "create",
    keys: Sequence[str] | None = None,
    entity_id: str | None = None,
    stamp_reference: bool = True,
    statistical: bool = False,
    zone: tzinfo | None = None,
    equals: MutableMapping[str, int] | None = None,
) -> list[Posting]:
    """Return one posting per record, in their order.

    Without `object_name`, a record of the generic `create` names its object itself: `{"GLBATCH": {...}}`. `keys` are
    the author's idempotency keys, one per record. `statistical` says that journal entries are of a statistical
    journal, which has quantities and no balance; `zone` is the API user's, needed only for aware datetimes. `equals` is
    how many records of each content other calls of the same scope have brought; it is counted on.

    A typed record says its object, function and journal itself, and may stand beside plain ones.

    Records and lines are mappings; the `(name, value)` pairs that `functions` takes are refused here. Raises
    `InvalidRecordError` or `UnbalancedEntryError` for the first record that cannot be posted, and
    `InvalidRecordError` for two records that would be one.
    """
    check_keys(keys, len(records))
    postings: list[Posting] = []
    equals = Counter[str]() if equals is None else equals
    for position, given in enumerate(records, 1):
        kind, record = _kind_and_record(given, object_name, function, position)
        without_balance = statistical or (isinstance(given, TypedRecord) and given.statistical)
        record = check_record(record, kind, f"record {position} ({kind.name})", statistical=without_balance)
        content = content_digest(record, kind=kind.name)
        natural = natural_key(record, kind)
        identity = _identity(kind, natural, content, keys[position - 1] if keys else None, equals)
        own_id = control_id(scope, identity)
        digest = content_digest(record, kind=kind.name, entity_id=entity_id) if entity_id else content
        stamp = reference(own_id, digest) if stamp_reference and _lacks_reference(record, kind) else ""
        if stamp:
            record = _stamped(record, kind, stamp)
        postings.append(
            Posting(
                position=position,
                kind=kind,
                record=record,
                function=_function(kind, record, own_id, position, zone),
                identity=identity,
                control_id=own_id,
                digest=digest,
                by_content=not (natural or keys),
                natural_key=natural_key(record, kind),
                reference=stamp,
            )
        )
    refuse_duplicates(postings)
    return postings


def natural_key(record: Record, kind: Kind) -> NaturalKey:
    """Return the (field of the object, value) pairs that single the record out in Intacct, or () if one is empty."""
    values = tuple((kind.reads_as(name), canonical_text(record.get(name))) for name in kind.natural_key)
    return values if values and all(value for _, value in values) else ()


def _kind_and_record(given: Any, object_name: str | None, function: str, position: int) -> tuple[Kind, Any]:
    if not isinstance(given, TypedRecord):
        name, record = _named(given, object_name, function, position)
        return kind_of(name, function), record
    for asked, own in ((object_name, given.object_name), (function if function != "create" else None, given.function)):
        if asked is not None and asked.upper() != own.upper():
            raise InvalidRecordError(
                f"record {position} is a {type(given).__name__}, which is no {asked}; a typed record says itself what "
                "it is: leave object and function out. Nothing was sent."
            )
    return kind_of(given.object_name, given.function), given.record()


def _named(given: Any, object_name: str | None, function: str, position: int) -> tuple[str | None, Any]:
    if function != "create" or object_name is not None:
        return object_name, given
    if isinstance(given, Mapping) and len(given) == 1:
        ((name, record),) = given.items()
        if isinstance(record, Mapping):
            return str(name), record
    raise InvalidRecordError(
        f"record {position} does not say of which object it is; give object_name, or one mapping "
        '{"GLBATCH": {...}} per record. Nothing was sent.'
    )


def check_keys(keys: Sequence[str] | None, count: int) -> None:
    """Raise InvalidRequestError unless there are no idempotency keys, or one for each of `count` records."""
    if keys is None:
        return
    if len(keys) != count:
        raise InvalidRequestError(
            f"{len(keys)} idempotency keys for {count} records; give one key per record. Nothing was sent."
        )
    if not all(str(key).strip() for key in keys):
        raise InvalidRequestError("an idempotency key is empty; give each record its own. Nothing was sent.")


def identity_of(kind: Kind, natural: NaturalKey, key: str | None = None, *, act: str = "create") -> str:
    """Return who a record is by the author's word, else by its natural key; and what is done with it."""
    name = kind.name if act == "create" else f"{kind.name} {act}"
    if key is not None:
        return f"{name} key {key}"
    return f"{name} " + " ".join(f"{field_name}={value}" for field_name, value in natural)


def _identity(kind: Kind, natural: NaturalKey, content: str, key: str | None, equals: MutableMapping[str, int]) -> str:
    """Return who a new record is: if nothing names it, its content and how many of the same came before."""
    if key is not None or natural:
        return identity_of(kind, natural, key)
    equals[content] += 1
    return f"{kind.name} content {content} {equals[content]}"


def _lacks_reference(record: Record, kind: Kind) -> bool:
    return bool(kind.reference) and canonical_text(record.get(kind.reference)) == ""


def _function(kind: Kind, record: Record, own_id: str, position: int, zone: tzinfo | None) -> Function:
    """Return the record's function. Values that XML or Intacct cannot hold are refused here."""
    body = record if kind.legacy else {kind.name: record}
    try:
        return functions.function(kind.function, body, zone=zone).with_control_id(own_id)
    except InvalidRequestError as error:
        raise InvalidRecordError(f"record {position}: {error.message} Nothing was sent.") from error


def _stamped(record: dict[str, Any], kind: Kind, stamp: str) -> dict[str, Any]:
    """Return `record` with its reference field set, at the place the schema of a legacy function asks for."""
    stamped: dict[str, Any] = {}
    for name, value in record.items():
        if name in kind.before and kind.reference not in stamped:
            stamped[kind.reference] = stamp
        if name != kind.reference:
            stamped[name] = value
    stamped.setdefault(kind.reference, stamp)
    return stamped


def refuse_duplicates(postings: Sequence[Posting]) -> None:
    """Raise InvalidRecordError for two postings that would be one."""
    first: dict[str, Posting] = {}
    for posting in postings:
        other = first.setdefault(posting.control_id, posting)
        if other is not posting:
            how = "with the same content" if other.digest == posting.digest else "with different content"
            raise InvalidRecordError(
                f"{posting.label} and record {other.position} are one and the same {how}: both are "
                f"{posting.identity!r}. Give each its own number, or its own idempotency key. Nothing was sent."
            )
