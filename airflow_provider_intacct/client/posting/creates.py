"""From what an author wrote to what can be posted once: check each record, say who it is, stamp it. Pure.

Everything that can be refused without asking Intacct is refused here, naming record, field and remedy, for all records
of the call before the first of them is sent.
"""

from collections import Counter
from collections.abc import MutableMapping, Sequence
from datetime import tzinfo
from typing import Any

from airflow_provider_intacct.client.posting.checked import check_record
from airflow_provider_intacct.client.posting.gathering import gather
from airflow_provider_intacct.client.posting.identity import (
    Scope,
    canonical_text,
    content_digest,
    control_id,
    reference,
)
from airflow_provider_intacct.client.posting.kinds import Kind
from airflow_provider_intacct.client.posting.records import (
    NaturalKey,
    Posting,
    Record,
    TypedRecord,
    identity_of,
    is_typed,
    kind_and_record,
    natural_key,
    written,
)


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
    collect: bool = False,
) -> list[Posting]:
    """Return one posting per record, in their order.

    Without `object_name`, a record of the generic `create` names its object itself: `{"GLBATCH": {...}}`. `keys` are
    the author's idempotency keys, one per record. `statistical` says that journal entries are of a statistical
    journal, which has quantities and no balance; `zone` is the API user's, needed only for aware datetimes. `equals` is
    how many records of each content other calls of the same scope have brought; it is counted on.

    A typed record says its object, function and journal itself, and may stand beside plain ones.

    Records and lines are mappings; the `(name, value)` pairs that `functions` takes are refused here. Raises
    `InvalidRecordError` or `UnbalancedEntryError` for the first record that cannot be posted, and
    `InvalidRecordError` for two records that would be one. With `collect` such records become postings with a
    `problem` instead, which are rejected without being sent.
    """
    counted = Counter[str]() if equals is None else equals

    def make(position: int, given: Any, key: str | None) -> Posting:
        kind, record = kind_and_record(given, object_name, function, position)
        without_balance = statistical or (is_typed(given) and given.statistical)
        record = check_record(record, kind, f"record {position} ({kind.name})", statistical=without_balance)
        natural = natural_key(record, kind)
        content = content_digest(record, kind=kind.name)
        own_id = control_id(scope, identity := _identity(kind, natural, content, key, counted))
        digest = content_digest(record, kind=kind.name, entity_id=entity_id) if entity_id else content
        stamp = reference(own_id, digest) if stamp_reference and _lacks_reference(record, kind) else ""
        if stamp:
            record = _stamped(record, kind, stamp)
        return Posting(
            position=position,
            kind=kind,
            record=record,
            function=written(kind, kind.function, record, position, zone).with_control_id(own_id),
            identity=identity,
            control_id=own_id,
            digest=digest,
            by_content=not (natural or key),
            natural_key=natural_key(record, kind),
            reference=stamp,
        )

    return gather(records, keys, make, object_name or function, collect=collect)


def _identity(kind: Kind, natural: NaturalKey, content: str, key: str | None, equals: MutableMapping[str, int]) -> str:
    """Return who a new record is: if nothing names it, its content and how many of the same came before."""
    if key is not None or natural:
        return identity_of(kind, natural, key)
    equals[content] += 1
    return f"{kind.name} content {content} {equals[content]}"


def _lacks_reference(record: Record, kind: Kind) -> bool:
    entry, value = kind.unstamped
    if entry and canonical_text(record.get(entry)) == value:
        return False
    return bool(kind.reference) and canonical_text(record.get(kind.reference)) == ""


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
