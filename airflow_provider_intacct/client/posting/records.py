"""From what an author wrote to what can be posted once: check each record, say who it is, stamp it. Pure.

Everything that can be refused without asking Intacct is refused here, naming record, field and remedy, for all records
of the call before the first of them is sent.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol, runtime_checkable

from airflow_provider_intacct.client.errors import InvalidRecordError, InvalidRequestError
from airflow_provider_intacct.client.posting.identity import (
    Scope,
    canonical_text,
    content_digest,
    control_id,
    reference,
)
from airflow_provider_intacct.client.posting.journal import check_journal_entry
from airflow_provider_intacct.client.posting.kinds import Kind, Lines, kind_of
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.client.xml.functions import Function

MONEY = frozenset({"AMOUNT", "TRX_AMOUNT", "TRX_PAYMENTAMOUNT", "TOTALTRXAMOUNT", "PAYMENTAMOUNT"})
"""Entries, in either case, that hold money. Intacct rounds more than two decimals without a word."""

DATED = re.compile(r"date\w*|\w*date|when\w+", re.ASCII | re.IGNORECASE)
"""Entries that hold a date where they hold the text of one: BATCH_DATE, WHENCREATED, datecreated."""

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
    """One record, ready to be posted once.

    `position`    where it stood in the call, from 1; only messages use it
    `control_id`  the same on every try of the same scope
    `digest`      of its content: what may not change once it is posted
    `by_content`  whether the identity is the content itself, so that the same control id means the same content
    `natural_key` (field, value) pairs it can be found by in Intacct; empty when it has none
    `reference`   the text stamped into its empty reference field, or ""
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
) -> list[Posting]:
    """Return one posting per record, in their order.

    Without `object_name`, a record of the generic `create` names its object itself: `{"GLBATCH": {...}}`. `keys` are
    the author's idempotency keys, one per record. `statistical` says that journal entries are of a statistical
    journal, which has quantities and no balance; `zone` is the API user's, needed only for aware datetimes.

    A typed record says its object, function and journal itself, and may stand beside plain ones.

    Records and lines are mappings; the `(name, value)` pairs that `functions` takes are refused here. Raises
    `InvalidRecordError` or `UnbalancedEntryError` for the first record that cannot be posted, and
    `InvalidRecordError` for two records that would be one.
    """
    if keys is not None and len(keys) != len(records):
        raise InvalidRequestError(
            f"{len(keys)} idempotency keys for {len(records)} records; give one key per record. Nothing was sent."
        )
    postings: list[Posting] = []
    equals: Counter[str] = Counter()
    for position, given in enumerate(records, 1):
        kind, record = _kind_and_record(given, object_name, function, position)
        without_balance = statistical or (isinstance(given, TypedRecord) and given.statistical)
        record = check_record(record, kind, f"record {position} ({kind.name})", statistical=without_balance)
        content = content_digest(record, kind=kind.name)
        natural = natural_key(record, kind)
        identity = _identity(kind, natural, content, keys[position - 1] if keys else None, equals)
        own_id = control_id(scope, identity)
        digest = content_digest(record, kind=kind.name, entity_id=entity_id)
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
    _refuse_duplicates(postings)
    return postings


def check_record(record: Any, kind: Kind, path: str, *, statistical: bool = False) -> dict[str, Any]:
    """Return a copy of `record` with its lines in their container and its money as Decimal, or say what is wrong."""
    if not isinstance(record, Mapping):
        raise InvalidRecordError(
            f"{path} is a {type(record).__name__}; a record is a mapping of field names to values. Nothing was sent."
        )
    if not record:
        raise InvalidRecordError(f"{path} is empty. Nothing was sent.")
    checked: dict[str, Any] = _checked(record, path, check_money=not statistical)
    if kind.lines:
        lines = _lines(checked, kind.lines, path)
        if kind.journal and not statistical:
            check_journal_entry(lines, path)
        elif not lines:
            raise InvalidRecordError(
                f"{path} has no lines; it takes at least one {kind.lines.container}/{kind.lines.line}. "
                "Nothing was sent."
            )
    return checked


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


def _checked(value: Any, path: str, *, check_money: bool) -> Any:
    if isinstance(value, Mapping):
        return {name: _entry(str(name), item, f"{path}/{name}", check_money) for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return [_checked(item, f"{path}[{number}]", check_money=check_money) for number, item in enumerate(value, 1)]
    if isinstance(value, float):
        raise InvalidRecordError(
            f"{path} is the float {value!r}, which cannot carry money exactly; give Decimal('{value!r}') or text. "
            "Nothing was sent."
        )
    return value


def _dated(value: str) -> date | str:
    """Return the date that `2026-03-31` or `03/31/2026` is, so that it is written as the function wants dates."""
    written = re.fullmatch(r"(\d\d)/(\d\d)/(\d{4})", value.strip(), re.ASCII)
    try:
        return date.fromisoformat(f"{written[3]}-{written[1]}-{written[2]}" if written else value.strip())
    except ValueError:
        return value


def _entry(name: str, value: Any, path: str, check_money: bool) -> Any:
    if check_money and name.upper() in MONEY and not isinstance(value, Mapping | list | tuple):
        return _money(value, path)
    if isinstance(value, str) and DATED.fullmatch(name):
        return _dated(value)
    return _checked(value, path, check_money=check_money)


def _money(value: Any, path: str) -> Decimal | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        remedy = f": give Decimal('{value!r}')" if isinstance(value, float) else ""
        raise InvalidRecordError(f"{path} is {value!r}; an amount is a Decimal{remedy}. Nothing was sent.")
    try:
        amount = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        raise InvalidRecordError(
            f"{path} is {value!r}, which is no amount; write it plainly, as in 1234.56. Nothing was sent."
        ) from None
    if not amount.is_finite():
        raise InvalidRecordError(f"{path} is {amount}, which is no amount. Nothing was sent.")
    exponent = amount.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -2:
        raise InvalidRecordError(
            f"{path} is {amount}: Intacct keeps two decimals and would round it without a word; round it yourself. "
            "Nothing was sent."
        )
    return amount


def _lines(record: dict[str, Any], lines: Lines, path: str) -> list[Mapping[str, Any]]:
    """Return the record's lines, after putting a plain list of them into its container's line element."""
    held = record.get(lines.container)
    misspelled = [name for name in record if name != lines.container and name.upper() == lines.container.upper()]
    if held is None and misspelled:
        raise InvalidRecordError(f"{path} has {misspelled[0]}; write it {lines.container}. Nothing was sent.")
    if isinstance(held, list):
        held = record[lines.container] = {lines.line: held}
    if held in (None, ""):
        return []
    if not isinstance(held, Mapping):
        raise InvalidRecordError(f"{path}/{lines.container} holds {held!r} instead of lines. Nothing was sent.")
    found = held.get(lines.line, [])
    found = found if isinstance(found, list) else [found]
    for number, line in enumerate(found, 1):
        if not isinstance(line, Mapping):
            raise InvalidRecordError(
                f"{path}, line {number} is a {type(line).__name__}; a line is a mapping of field names to values. "
                "Nothing was sent."
            )
    return found


def _identity(kind: Kind, natural: NaturalKey, content: str, key: str | None, equals: Counter[str]) -> str:
    """Return who the record is: the author's word, else its natural key, else its content and how many came before."""
    if key is not None:
        if not str(key).strip():
            raise InvalidRequestError("an idempotency key is empty; give each record its own. Nothing was sent.")
        return f"{kind.name} key {key}"
    if natural:
        return f"{kind.name} " + " ".join(f"{name}={value}" for name, value in natural)
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


def _refuse_duplicates(postings: Sequence[Posting]) -> None:
    first: dict[str, Posting] = {}
    for posting in postings:
        other = first.setdefault(posting.control_id, posting)
        if other is not posting:
            how = "with the same content" if other.digest == posting.digest else "with different content"
            raise InvalidRecordError(
                f"{posting.label} and record {other.position} are one and the same {how}: both are "
                f"{posting.identity!r}. Give each its own number, or its own idempotency key. Nothing was sent."
            )
