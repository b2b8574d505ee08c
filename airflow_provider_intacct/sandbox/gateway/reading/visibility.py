"""Which rows a session sees: what belongs to its entity, and at the top level what belongs to no entity.

Records carry their owner in MEGAENTITYID; ledger lines belong to the entity of their location. A header entered at the
top level is seen in an entity when one of its lines is there. GLDETAIL and balances belong to nobody: the top level
sees them all, private or not (UNSOURCED).
"""

from airflow_provider_intacct.sandbox.catalog import Catalog, ObjectDefinition
from airflow_provider_intacct.sandbox.store import quoted

from .selection import Condition, Selection

_IN_ENTITY = 'IN (SELECT "LOCATIONID" FROM "LOCATION" WHERE "ENTITY" = ? OR "LOCATIONID" = ?)'


def visible_rows(selection: Selection, entity_id: str | None, *, show_private: bool) -> Condition:
    """Return the condition on an object's own rows."""
    parts = [selection.rows()]
    if entity_id is not None:
        parts.append(_inside(selection, entity_id))
    elif not show_private:
        parts.append(_not_private(selection))
    return Condition.all_of(part for part in parts if part.sql != "1")


def _inside(selection: Selection, entity_id: str) -> Condition:
    definition = selection.definition
    if definition.located_by:
        return Condition(f"{selection.own(definition.located_by)} {_IN_ENTITY}", (entity_id, entity_id))
    if not definition.owned_by_entity:
        return _lines_of_visible_headers(selection, entity_id)
    owner = selection.own("MEGAENTITYID")
    shared = _lines_inside(selection, entity_id)
    return Condition(f"{owner} = ? OR ({owner} IS NULL AND {shared.sql})", (entity_id, *shared.values))


def _lines_inside(selection: Selection, entity_id: str) -> Condition:
    for lines in selection.definition.lines:
        line = selection.catalog[lines.object]
        if line.located_by:
            return Condition(
                f"EXISTS (SELECT 1 FROM {quoted(line.table)} AS l WHERE l.{quoted(lines.parent)} = "
                f"{selection.own(selection.definition.key)} AND l.{quoted(line.located_by)} {_IN_ENTITY})",
                (entity_id, entity_id),
            )
    return Condition("1")


def _lines_of_visible_headers(selection: Selection, entity_id: str) -> Condition:
    """Lines without a location of their own are seen with their header."""
    header = _header(selection.catalog, selection.definition)
    if header is None:
        return Condition("1")
    return Condition(
        f"{selection.own(selection.definition.parent)} IN (SELECT {quoted(header.key)} FROM {quoted(header.table)}"
        f' WHERE "MEGAENTITYID" IS NULL OR "MEGAENTITYID" = ?)',
        (entity_id,),
    )


def _not_private(selection: Selection) -> Condition:
    definition = selection.definition
    if definition.owned_by_entity:
        return Condition(f"{selection.own('MEGAENTITYID')} IS NULL")
    header = _header(selection.catalog, definition)
    if header is None:
        return Condition("1")
    return Condition(
        f"{selection.own(definition.parent)} NOT IN (SELECT {quoted(header.key)} FROM {quoted(header.table)}"
        f' WHERE "MEGAENTITYID" IS NOT NULL)'
    )


def _header(catalog: Catalog, definition: ObjectDefinition) -> ObjectDefinition | None:
    header = catalog.parent_of(definition) if definition.parent else None
    return header if header and header.owned_by_entity else None
