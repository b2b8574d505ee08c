"""How one object's changes and deletes are read: what the table knows, fitted to the object's definition. Pure.

Where facts are missing the answer is the dearer way that is always right: comparing keys rather than trusting an audit
history that might not mention a delete. `reason` is what a task tells its readers.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from airflow_provider_intacct.client.changes.table import (
    AUDITED,
    DOCUMENT_DATED,
    GROWING,
    LINES,
    NAMED,
    UNAUDITED,
    WHOLE,
)
from airflow_provider_intacct.client.xml.metadata import ObjectDefinition

Deletes = Literal["audit", "key_set", "parent", "none"]
"""How deletes are seen: in AUDITHISTORY; by comparing keys; lines anew with what owns them; not at all."""

NUMBERS = frozenset({"INTEGER", "SEQUENCE", "DECIMAL", "NUMBER"})
MOMENTS = frozenset({"TIMESTAMP", "DATETIME"})


@dataclass(frozen=True, slots=True)
class ChangePolicy:
    """How one object's changes and deletes are read.

    `modified`      the field that tells when a record changed; None: there is none, the object is read whole
    `created`       the field that tells when it was entered, for records whose `modified` is empty because nobody has
                    changed them since; None: none is known to, so all records without `modified` are read
    `deletes`       see Deletes; `reason` says in one line why
    `audit_type`    OBJECTTYPE in AUDITHISTORY, where deletes are "audit"
    `parent`, `parent_field`  the object that owns these lines, and the lines' field that holds its record number

    That a record may have no `modified` holds for every object that has the field: why some have none is not known.
    """

    object: str
    modified: str | None
    created: str | None
    deletes: Deletes
    reason: str
    audit_type: str | None = None
    parent: str | None = None
    parent_field: str | None = None


def policy_of(subject: ObjectDefinition | str) -> ChangePolicy:
    """Return the policy for an object, fitted to its definition where that is given.

    For a name alone the table speaks; whether the object has the fields it names is not known then.
    """
    if isinstance(subject, str):
        return listed(subject.upper())
    policy = listed(subject.name.upper())
    if policy.object in GROWING or policy.object in WHOLE:
        return policy
    modified = first_of(subject, ("WHENMODIFIED", "UPDATEDAT"))
    policy = replace(policy, modified=modified, created=created_field(subject))
    if policy.deletes == "parent":
        policy = with_parent(policy, subject)
    if policy.deletes != "parent" and subject.key is None:
        why = "its records have no number, so deletes are not seen"
        return replace(policy, deletes="none", audit_type=None, reason=why)
    return policy


def listed(name: str) -> ChangePolicy:
    """Return what the table says of an object, `name` in upper case."""
    if name in GROWING:
        return ChangePolicy(name, GROWING[name], None, "none", "a log only grows")
    if name in WHOLE:
        return ChangePolicy(name, None, None, "none", f"{WHOLE[name]}; it is read whole")
    policy = ChangePolicy(
        name,
        "WHENMODIFIED",
        "AUWHENCREATED" if DOCUMENT_DATED.fullmatch(name) else "WHENCREATED",
        "key_set",
        "whether the audit history names deleted ones by number is not known; keys are compared",
    )
    if name in LINES:
        parent, candidates = LINES[name]
        return replace(
            policy,
            deletes="parent",
            parent=parent,
            parent_field=next(iter(candidates), None),
            reason=f"deleted lines leave no trace; all lines of each changed {parent} are read again",
        )
    if name in AUDITED:
        why = "the audit history names deleted ones by their number"
        return replace(policy, deletes="audit", audit_type=name.lower(), reason=why)
    if name in NAMED:
        why = f"the audit history names deleted ones by {NAMED[name]}, not by number; keys are compared"
        return replace(policy, reason=why)
    if name in UNAUDITED:
        return replace(policy, reason="deleted ones never appear in the audit history; keys are compared")
    return policy


def with_parent(policy: ChangePolicy, definition: ObjectDefinition) -> ChangePolicy:
    """Return the policy of lines with the field that holds their parent's number; without one, keys are compared."""
    field = parent_field(definition, policy)
    if field is not None:
        return replace(policy, parent_field=field)
    why = f"no field is known to hold the number of the {policy.parent} that owns a line; keys are compared"
    return replace(policy, deletes="key_set", parent=None, parent_field=None, reason=why)


def parent_field(definition: ObjectDefinition, policy: ChangePolicy) -> str | None:
    """Return the field of the lines that holds their parent's number: a known one, else what relates them to it."""
    _, candidates = LINES[policy.object]
    if known := first_of(definition, candidates):
        return known
    for relationship in definition.relationships:
        related = definition.field(relationship.related_by)
        if relationship.object.upper() == policy.parent and related and related.datatype.upper() in NUMBERS:
            return related.id
    return None


def created_field(definition: ObjectDefinition) -> str | None:
    """Return the field with the time of entry: AUWHENCREATED, else WHENCREATED where it is no document's date.

    Custom objects have createdAt.
    """
    if found := definition.field("AUWHENCREATED"):
        return found.id
    name = definition.name.upper()
    if DOCUMENT_DATED.fullmatch(name) and name not in LINES:
        return None
    for candidate in ("WHENCREATED", "CREATEDAT"):
        if (found := definition.field(candidate)) and found.datatype.upper() in MOMENTS:
            return found.id
    return None


def first_of(definition: ObjectDefinition, names: Iterable[str]) -> str | None:
    """Return the first of `names` that the object has, as Intacct spells it."""
    return next((found.id for name in names if (found := definition.field(name))), None)
