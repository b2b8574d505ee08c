"""From what an author wrote to updates that are carried out once: which record is meant, and what of it changes. Pure.

None leaves a field as it is; "" clears it. Lines that are given replace all lines of the record; without them the
lines stay. The legacy functions (update_bill, ...) change lines by their number instead.
Source: developer.intacct.com, Platform Services > Records, "Update"; the pages of each object.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Any

from airflow_provider_intacct.client.errors import InvalidRecordError
from airflow_provider_intacct.client.posting.checked import check_record
from airflow_provider_intacct.client.posting.gathering import gather
from airflow_provider_intacct.client.posting.identity import Scope, canonical_text, content_digest, control_id
from airflow_provider_intacct.client.posting.kinds import KINDS, NAME_KEYS, Kind
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

NOT_A_KEY = frozenset({"@set_nulls", "@externalkey", "@partial_edit", "@disablevalidation"})
"""Attributes of the legacy update functions that do not say which record is meant."""

KEYS_IN_BODY = ("supdocid", "supdocfoldername", "recordno")
"""Where the legacy update functions without such an attribute say it."""

READS_AS = {"GLACCOUNTNO": "ACCOUNTNO", "KEY": "RECORDNO"}
"""Fields of the record that those names stand for; otherwise it is the name itself, in capitals."""


def prepare_updates(
    records: Sequence[Record | TypedRecord],
    *,
    scope: Scope,
    object_name: str | None = None,
    function: str = "update",
    key: Sequence[str] = (),
    keys: Sequence[str] | None = None,
    entity_id: str | None = None,
    skip_unchanged: bool = False,
    statistical: bool = False,
    zone: tzinfo | None = None,
    collect: bool = False,
) -> list[Posting]:
    """Return one posting per record, in their order.

    A record says which one it is by RECORDNO (a custom object's by `id`), else by the object's natural key, else by the
    fields that `key` names, such as an external id; a record of a legacy function by its attribute: `{"@key": "12"}`.
    What names no number, nor the id of a master record, is looked up before it is sent.

    `skip_unchanged` reads the records first and sends only those that would change. The rest is as in `prepare`.
    """

    def make(position: int, given: Any, own_key: str | None) -> Posting:
        kind, record = kind_and_record(given, object_name, function, position)
        path = f"record {position} ({kind.name})"
        record = check_record(left(record), kind, path, statistical=statistical or is_statistical(given), partial=True)
        kind, target, looked_up = _target(kind, record, function, key, path)
        looked_up = looked_up or (skip_unchanged and not kind.legacy and kind.record_key not in record)
        if set(record) <= ({kind.record_key} if kind.record_key in record else set(kind.natural_key)):
            raise InvalidRecordError(f"{path} says which record it is and nothing to write. Nothing was sent.")
        digest = digest_of(record, kind, "update", entity_id)
        identity = identity_of(kind, target or (("content", digest),), own_key, act="update")
        own_id = control_id(scope, identity)
        return Posting(
            position=position,
            kind=kind,
            record=record,
            function=written(kind, function, record, position, zone).with_control_id(own_id),
            identity=identity,
            control_id=own_id,
            digest=digest,
            by_content=not (target or own_key),
            natural_key=target,
            act="update",
            looked_up=looked_up,
            unless_same=skip_unchanged,
        )

    return gather(records, keys, make, object_name or function, collect=collect)


def replaced_lines(postings: Sequence[Posting]) -> dict[str, list[str]]:
    """Return the line containers that the postings bring, and the labels of the records that bring them."""
    found: dict[str, list[str]] = {}
    for posting in postings:
        if posting.kind.legacy or posting.problem:
            continue
        for name, value in posting.record.items():
            inner = value.values() if isinstance(value, Mapping) else [value]
            if any(isinstance(each, list) for each in inner):
                found.setdefault(name, []).append(posting.label)
    return found


def left(record: Any) -> Any:
    """Return the record without what is None, which an update leaves as it is."""
    if isinstance(record, Mapping):
        return {name: left(value) for name, value in record.items() if value is not None}
    if isinstance(record, list | tuple):
        return [left(item) for item in record]
    return record


def is_statistical(given: Any) -> bool:
    """Whether a typed record is an entry of a statistical journal."""
    return is_typed(given) and given.statistical


def digest_of(record: Record, kind: Kind, act: str, entity_id: str | None) -> str:
    """Return the digest of what is written. Unlike in a create, it counts which fields are cleared."""
    return content_digest(
        {**record, "@cleared": sorted(_cleared(record))}, kind=f"{act} {kind.name}", entity_id=entity_id
    )


def keyed_by(kind: Kind, key: Sequence[str]) -> Kind:
    """Return the kind with `key`, if any, as its natural key."""
    return replace(kind, natural_key=tuple(key)) if key else kind


def _cleared(record: Record, path: str = "") -> Iterator[str]:
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from _cleared(value, f"{path}{name}/")
        elif value == "":
            yield f"{path}{name}"


def _target(kind: Kind, record: Record, function: str, key: Sequence[str], path: str) -> tuple[Kind, NaturalKey, bool]:
    """Return the kind, the (field, value) pairs of the record that is meant, and whether it has to be looked up."""
    if function != "update":
        return _legacy_target(function, record, path)
    number = next((name for name in ("RECORDNO", "id") if canonical_text(record.get(name))), "")
    if number:
        return replace(kind, record_key=number), ((number, canonical_text(record[number])),), False
    kind = keyed_by(kind, key)
    target = natural_key(record, kind)
    if not target:
        missing = " and ".join(kind.natural_key) or "number"
        raise InvalidRecordError(
            f"{path} does not say which record to update: it has no RECORDNO and no {missing}. Give one of the two, or "
            "name the fields that do with key=[...]. Nothing was sent."
        )
    return kind, target, bool(key) or kind.name not in NAME_KEYS


def _legacy_target(function: str, record: Record, path: str) -> tuple[Kind, NaturalKey, bool]:
    made = KINDS.get(f"create_{function.partition('update_')[2]}")
    kind = Kind(function, made.object_name if made else "", function=function, fields=made.fields if made else {})
    attribute = next((name for name in record if name.startswith("@") and name not in NOT_A_KEY), "")
    name = attribute or next((each for each in KEYS_IN_BODY if each in record), "")
    if not name or not canonical_text(record[name]):
        raise InvalidRecordError(
            f'{path} does not say which record to update; give the attribute of {function}, such as "@key", as its '
            "first entry. Nothing was sent."
        )
    if str(record.get("@externalkey", "")).lower() == "true":
        return kind, (), False
    field = name.lstrip("@").upper()
    if function.endswith(("_sotransaction", "_potransaction", "_ictransaction")):
        field = "DOCID"
    return kind, ((READS_AS.get(field, field), canonical_text(record[name])),), False
