"""Records with files: the attachment and the record that names it go in one request, so neither is there alone. Pure.

The attachment's id is the record's own if it has one, else made of the record's control id: the same on every try.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_intacct.client.errors import InvalidRecordError, InvalidRequestError
from airflow_provider_intacct.client.posting.creates import prepare
from airflow_provider_intacct.client.posting.identity import Scope, reference_prefix
from airflow_provider_intacct.client.posting.records import Posting, Record, TypedRecord
from airflow_provider_intacct.client.transactions.attachments import AttachedFile, Attachment

NAMES = ("SUPDOCID", "supdocid")
"""The entry of a record that names its attachment, in the generic create and in functions of their own."""


def prepare_attached(
    records: Sequence[Record | TypedRecord],
    files: Sequence[Sequence[AttachedFile]],
    *,
    folder: str,
    scope: Scope,
    **options: Any,
) -> list[Posting]:
    """Return postings of the records and, each just before its record and bound to it, of their attachments.

    `files` are those of each record, none for a record without; `folder` is the attachments' and exists. The options
    are those of `prepare`. Post them with `atomic=True`. Raises what `prepare` raises, and InvalidRecordError for a
    record that takes no attachment.
    """
    if len(files) != len(records):
        raise InvalidRequestError(
            f"attachments were given for {len(files)} records, and there are {len(records)}; give one entry for each, "
            "None where there is nothing to attach. Nothing was sent."
        )
    unnamed = prepare(records, scope=scope, **options)
    ids = [
        _own_id(record) or reference_prefix(posting.control_id) if several else ""
        for record, posting, several in zip(records, unnamed, files, strict=True)
    ]
    named = [
        _naming(record, each, f"record {position}") if each else record
        for position, (record, each) in enumerate(zip(records, ids, strict=True), 1)
    ]
    attachments = [
        Attachment(id=each, name=each, folder=folder, files=several)
        for each, several in zip(ids, files, strict=True)
        if several
    ]
    before = iter(prepare(attachments, scope=scope, entity_id=options.get("entity_id")))
    postings: list[Posting] = []
    for posting, each in zip(prepare(named, scope=scope, **options), ids, strict=True):
        if each:
            problem = f"its record cannot be sent: {posting.problem}" if posting.problem else ""
            attachment = dataclasses.replace(next(before), position=posting.position, problem=problem)
            postings += [attachment, dataclasses.replace(posting, bound_to=attachment.control_id)]
        else:
            postings.append(posting)
    return postings


def _own_id(record: Record | TypedRecord) -> str:
    if isinstance(record, Mapping):
        inner = _inner(record)
        return next((str(inner[name]).strip() for name in NAMES if inner.get(name)), "")
    return str(getattr(record, "attachment", None) or "")


def _inner(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the record, without the name of its object around it."""
    if len(record) == 1:
        ((_, only),) = record.items()
        if isinstance(only, Mapping):
            return only
    return record


def _naming(record: Record | TypedRecord, attachment_id: str, where: str) -> Record | TypedRecord:
    """Return the record with its attachment's id in it."""
    if _own_id(record):
        return record
    if not isinstance(record, Mapping):
        if not hasattr(record, "attachment"):
            raise InvalidRecordError(
                f"{where}: Intacct takes no attachment with a {type(record).__name__}. Nothing was sent."
            )
        return dataclasses.replace(record, attachment=attachment_id)  # type: ignore[type-var]
    inner = _inner(record)
    if any(name.islower() for name in inner):
        raise InvalidRecordError(
            f"{where}: a function of its own wants its elements in order; put supdocid with an id of your own where it "
            "belongs, or give a typed record. Nothing was sent."
        )
    if inner is record:
        return {**record, NAMES[0]: attachment_id}
    return {name: {**inner, NAMES[0]: attachment_id} for name in record}
