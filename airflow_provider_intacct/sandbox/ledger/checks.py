"""What holds for every record: required fields, references that exist, unique names. Driven by the catalogue."""

from collections.abc import Iterable, Mapping
from typing import Any

from airflow_provider_intacct.sandbox.catalog import Field, ObjectDefinition, Relationship
from airflow_provider_intacct.sandbox.records import Record, to_stored
from airflow_provider_intacct.sandbox.store import quoted

from .books import Books
from .refusals import RefusedError, already_exists, invalid_reference, missing_field, refused


def require_fields(
    books: Books, definition: ObjectDefinition, values: Mapping[str, Any], *, given: Iterable[str] = ()
) -> None:
    """Refuse a record without a field that the catalogue calls required; `given` names what the rules fill in."""
    filled = set(given)
    for field in definition.fields.values():
        if field.required and not field.readonly and field.id not in filled and values.get(field.id) in (None, ""):
            raise missing(books, field.label)


def missing(books: Books, label: str) -> RefusedError:
    """Return the refusal of a record without the named field."""
    return missing_field(label, str(books.switches["missing_field_errorno"]))


def require_references(books: Books, definition: ObjectDefinition, values: Mapping[str, Any]) -> None:
    """Refuse a value that names a record of another object that does not exist."""
    for relationship in definition.relationships.values():
        value = values.get(relationship.by)
        field = definition.fields[relationship.by]
        if value in (None, "") or not field.stored or (field.readonly and relationship.by != definition.parent):
            continue
        if relationship.object == "SUPDOC" and books.switches["unknown_attachment"] == "accept":
            continue
        if not exists(books, relationship, value):
            raise invalid_reference(books.definition(relationship.object).label, value)


def exists(books: Books, relationship: Relationship, value: Any) -> bool:
    """Whether the record that the relationship leads to is there; a bank account may be of either kind."""
    target = books.definition(relationship.object)
    sql = f"SELECT 1 FROM {quoted(target.table)} WHERE {quoted(relationship.to)} = ? LIMIT 1"
    return books.db.execute(sql, (to_stored(target.fields[relationship.to], value),)).fetchone() is not None


def require_active(books: Books, object_name: str, name: Any) -> Record:
    """Return the named record; refuse one that is unknown, inactive, or another entity's own."""
    definition = books.definition(object_name)
    record = books.master(object_name, definition.name_key or _name_field(definition), name)
    if record is None or (books.entity and record.get("MEGAENTITYID") not in (None, books.entity)):
        raise invalid_reference(definition.label, name)
    if "STATUS" in definition.fields and record["STATUS"] == _inactive(definition.fields["STATUS"]):
        raise refused(f"{definition.label} '{name}' is inactive.")
    return record


def require_unique(books: Books, definition: ObjectDefinition, name: Any, own_key: int | None = None) -> None:
    """Refuse a natural id that another record of the same table has."""
    sql = (
        f"SELECT 1 FROM {quoted(definition.table)} WHERE {quoted(definition.name_key)} = ? "
        f"AND {quoted(definition.key)} IS NOT ?"
    )
    if books.db.execute(sql, (str(name), own_key)).fetchone():
        raise already_exists(definition.label, name)


def referring_label(books: Books, definition: ObjectDefinition, record: Mapping[str, Any]) -> str | None:
    """Return the label of an object with a record that refers to this one, None where nothing does."""
    for other in books.catalog:
        if other.view:
            continue
        for relationship in other.relationships.values():
            if books.definition(relationship.object).table != definition.table:
                continue
            if other.parent == relationship.by and other.name in {lines.object for lines in definition.lines}:
                continue
            value = record.get(relationship.to)
            if value is not None and _refers(books, other, definition, relationship, value, record):
                return other.label
    return None


def _refers(
    books: Books,
    other: ObjectDefinition,
    definition: ObjectDefinition,
    relationship: Relationship,
    value: Any,
    record: Mapping[str, Any],
) -> bool:
    field = other.fields[relationship.by]
    if not field.stored:
        return False
    sql = f"SELECT 1 FROM {quoted(other.table)} WHERE {quoted(relationship.by)} = ?"
    parameters: list[Any] = [to_stored(field, value)]
    if other.table == definition.table:
        sql += f" AND {quoted(other.key)} IS NOT ?"
        parameters.append(record[definition.key])
    return books.db.execute(sql + " LIMIT 1", parameters).fetchone() is not None


def _name_field(definition: ObjectDefinition) -> str:
    """Objects that readByName does not know still have a business id: GLJOURNAL.SYMBOL, TRXCURRENCIES.CODE."""
    return next(name for name in ("SYMBOL", "CODE", "NAME") if name in definition.fields)


def _inactive(status: Field) -> str | None:
    return status.code("inactive")
