"""Who changed what, when: the audit columns of a record and its line in AUDITHISTORY."""

from collections.abc import Mapping
from typing import Any, Literal

from airflow_provider_intacct.sandbox.catalog import ObjectDefinition
from airflow_provider_intacct.sandbox.records import Record, insert

from .books import Books

Mode = Literal["Create", "Modify", "Delete", "Workflow"]


def stamps_of_creation(books: Books, definition: ObjectDefinition) -> Record:
    """Return the audit columns of a new record. WHENCREATED is the document date where there is an AUWHENCREATED."""
    created = "AUWHENCREATED" if "AUWHENCREATED" in definition.fields else "WHENCREATED"
    modified = books.now if books.switches["whenmodified_on_create"] else None
    stamps = {
        created: books.now,
        "WHENMODIFIED": modified,
        "CREATEDBY": books.user_key,
        "MODIFIEDBY": books.user_key if modified else None,
        "createdAt": books.now,
        "createdBy": books.user,
        "updatedAt": books.now,
        "updatedBy": books.user,
    }
    return _of(definition, stamps)


def stamps_of_change(books: Books, definition: ObjectDefinition) -> Record:
    """Return the audit columns of a changed record."""
    stamps = {
        "WHENMODIFIED": books.now,
        "MODIFIEDBY": books.user_key,
        "MODIFIED": books.now,
        "MODIFIEDBYID": books.user,
        "updatedAt": books.now,
        "updatedBy": books.user,
    }
    return _of(definition, stamps)


def remember(
    books: Books, definition: ObjectDefinition, record: Mapping[str, Any], mode: Mode, action: str | None = None
) -> None:
    """Write what was done to a record into AUDITHISTORY; objects that Intacct never audits leave no line.

    `action` names what a Workflow line did, such as Approve.
    """
    if not definition.audited:
        return
    history = books.definition("AUDITHISTORY")
    name = record.get(definition.name_key) if definition.name_key else None
    insert(
        books.db,
        history,
        {
            "OBJECTTYPE": definition.name.lower(),
            "OBJECTKEY": _object_key(definition, record, named=books.switches["audit_object_key"] == "name"),
            "OBJECTDESC": name or record.get("RECORDID") or record.get("BATCH_TITLE") or record.get("NAME"),
            "USERID": books.user,
            "ACCESSTIME": books.now,
            "ACCESSMODE": history.fields["ACCESSMODE"].code(mode),
            "WORKFLOWACTION": action,
            "SOURCE": "api",
        },
    )


def _object_key(definition: ObjectDefinition, record: Mapping[str, Any], *, named: bool) -> str:
    """Return how audit history names a record: `123--REC`, `123` for TASK, the id alone for PROJECT.

    Source: clients that read deletions. ADVAUDITHISTORY is documented with the natural id for all (`named`).
    """
    key, form = record[definition.key], definition.audited
    if form == "name" or (named and definition.name_key):
        return str(record.get(definition.name_key) or key)
    return str(key) if form == "key" else f"{key}--REC"


def stamps_of_update(books: Books, definition: ObjectDefinition, changes: Mapping[str, Any]) -> Record:
    """Return the audit columns of a header after an update; one of its lines alone may leave them as they were."""
    lines = {lines.element for lines in definition.lines}
    lines_only = lines | {definition.key} >= set(changes)
    if lines_only and not books.switches["line_update_touches_header"]:
        return {}
    return stamps_of_change(books, definition)


def _of(definition: ObjectDefinition, stamps: Record) -> Record:
    return {name: value for name, value in stamps.items() if name in definition.fields}
