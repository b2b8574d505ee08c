"""The dimensions a report is narrowed to or grouped by, and the records below a record in its hierarchy."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import orjson
from lxml import etree

from airflow_provider_intacct.sandbox.gateway.calls import Call
from airflow_provider_intacct.sandbox.gateway.reading.request import text_of
from airflow_provider_intacct.sandbox.gateway.reading.selection import Condition, Selection
from airflow_provider_intacct.sandbox.gateway.results import FunctionError
from airflow_provider_intacct.sandbox.records import find
from airflow_provider_intacct.sandbox.store import quoted

from .spans import invalid


@dataclass(frozen=True, slots=True)
class Dimension:
    """A dimension: its records, and the ledger's column that holds their `key`.

    Requests name a record by `id`, and by `name` in the prefix of elements: projectid, projectid_subs, projecttypeid.
    """

    name: str
    object: str
    column: str
    id: str
    title: str
    key: str = ""
    parent: str = ""
    type: str = ""
    subs_element: str = ""
    type_element: str = ""

    @property
    def key_field(self) -> str:
        """The field that the ledger's column and the field `parent` refer to."""
        return self.key or self.id


DIMENSIONS: tuple[Dimension, ...] = (
    Dimension("location", "LOCATION", "LOCATIONID", "LOCATIONID", "NAME", parent="PARENTID", subs_element="loc_subs"),
    Dimension(
        "department", "DEPARTMENT", "DEPARTMENTID", "DEPARTMENTID", "TITLE", parent="PARENTID",
        subs_element="dept_subs",
    ),
    Dimension(
        "project", "PROJECT", "PROJECTID", "PROJECTID", "NAME", parent="PARENTID", type="PROJECTTYPE",
        type_element="projecttypeid",
    ),
    Dimension("task", "TASK", "TASKKEY", "TASKID", "NAME", key="RECORDNO", parent="PARENTKEY"),
    Dimension(
        "customer", "CUSTOMER", "CUSTOMERID", "CUSTOMERID", "NAME", parent="PARENTID", type="CUSTTYPE",
        type_element="customertypeid",
    ),
    Dimension(
        "vendor", "VENDOR", "VENDORID", "VENDORID", "NAME", parent="PARENTID", type="VENDTYPE",
        type_element="vendortypeid",
    ),
    Dimension(
        "employee", "EMPLOYEE", "EMPLOYEEID", "EMPLOYEEID", "PERSONALINFO.CONTACTNAME", type="EMPLOYEETYPE",
        type_element="employeetypeid",
    ),
    Dimension("item", "ITEM", "ITEMID", "ITEMID", "NAME", type="PRODUCTLINEID", type_element="productlineid"),
    Dimension("class", "CLASS", "CLASSID", "CLASSID", "NAME", parent="PARENTID"),
    Dimension("warehouse", "WAREHOUSE", "WAREHOUSEID", "WAREHOUSEID", "NAME", parent="PARENTID"),
)  # fmt: skip
USER_DEFINED: tuple[Dimension, ...] = (Dimension("channel", "CHANNEL", "GLDIMCHANNEL", "id", "name"),)
_ABSENT = (("contractid", "Contract"), ("costtypeid", "Cost type"))  # what this company has none of


def narrowed(
    call: Call, selection: Selection, element: etree._Element, dimensions: Sequence[Dimension] = DIMENSIONS
) -> Condition:
    """Return the condition that a request's dimension filters put on lines. Raises where one names nothing."""
    for name, label in _ABSENT:
        if text_of(element, name):
            raise invalid(label, text_of(element, name))
    conditions = [
        _among(selection, dimension, keys) for dimension in dimensions for keys in _chosen(call, dimension, element)
    ]
    for item in element.iterfind("userDefinedDimensions/userDefinedDimension"):
        dimension = _user_defined(text_of(item, "objectName"))
        record_id, name = text_of(item, "recordId"), text_of(item, "recordName")
        field, value = (dimension.id, record_id) if record_id else (dimension.title, name)
        conditions.append(_among(selection, dimension, _keys(call, dimension, field, value, below=False)))
    return Condition.all_of(conditions)


def grouping(names: str) -> list[Dimension]:
    """Return the dimensions of a comma-separated `groupby`, in its order."""
    known = {dimension.name: dimension for dimension in (*DIMENSIONS, *USER_DEFINED)}
    asked = [name.strip() for name in names.split(",") if name.strip()]
    for name in asked:
        if name.lower() not in known:
            raise invalid("Group by", name)
    return [known[name.lower()] for name in asked]


def named_records(call: Call, dimension: Dimension) -> dict[object, tuple[str, str]]:
    """Return id and name of every record of a dimension, by what the ledger's column holds."""
    fields = ", ".join(quoted(field) for field in (dimension.key_field, dimension.id, dimension.title))
    rows = call.db.execute(f"SELECT {fields} FROM {quoted(dimension.object)}")
    return {key: (str(id_), name or "") for key, id_, name in rows}


def entity_of_location(call: Call, location: str) -> str | None:
    """Return the entity a location belongs to."""
    row = call.db.execute('SELECT "ENTITY" FROM "LOCATION" WHERE "LOCATIONID" = ?', (location,)).fetchone()
    return row[0] if row else None


def entity_currencies(call: Call) -> dict[str, str]:
    """Return the base currency of every entity."""
    entities = find(call.db, call.company.catalog["LOCATIONENTITY"], {})
    return {entity["LOCATIONID"]: entity["CURRENCY"] for entity in entities}


def require_place(call: Call, element: etree._Element) -> None:
    """Refuse a location outside the session's entity, and at the top level none at all: amounts would mix currencies.

    Source: developer.intacct.com, Trial Balances: locationid "is required in a multi-base currency company".
    """
    location = text_of(element, "locationid")
    if location and call.entity_id is not None and entity_of_location(call, location) != call.entity_id:
        raise invalid("Location", location)
    if location or call.entity_id is not None or not call.company.switches.on("reports_need_location"):
        return
    if len(set(entity_currencies(call).values())) > 1:
        raise FunctionError(
            "BL01001973",
            "Required field Location ID is missing",
            "Name a locationid or sign in to an entity: the entities of this company have different base currencies.",
        )


def _chosen(call: Call, dimension: Dimension, element: etree._Element) -> Iterator[Sequence[object]]:
    value = text_of(element, f"{dimension.name}id")
    if value:
        below = text_of(element, dimension.subs_element or f"{dimension.name}id_subs", "true").lower() == "true"
        yield _keys(call, dimension, dimension.id, value, below=below)
    kind = text_of(element, dimension.type_element) if dimension.type else ""
    if kind:
        yield _keys(call, dimension, dimension.type, kind, below=False)


def _keys(call: Call, dimension: Dimension, field: str, value: str, *, below: bool) -> Sequence[object]:
    """Return the keys of the records whose field has that value and, if asked, of all below them."""
    table, key = quoted(dimension.object), quoted(dimension.key_field)
    sql = f"SELECT {key} FROM {table} WHERE {quoted(field)} = ?"
    if below and dimension.parent:
        sql = (
            f"WITH RECURSIVE chosen(k) AS ({sql} UNION SELECT r.{key} FROM {table} AS r JOIN chosen"
            f" ON r.{quoted(dimension.parent)} = chosen.k) SELECT k FROM chosen"
        )
    keys = [row[0] for row in call.db.execute(sql, (value,))]
    if not keys:
        raise invalid(call.company.catalog[dimension.object].label, value)
    return keys


def _among(selection: Selection, dimension: Dimension, keys: Sequence[object]) -> Condition:
    column = selection.own(dimension.column)
    return Condition(f"{column} IN (SELECT value FROM json_each(?))", (orjson.dumps(keys).decode(),))


def _user_defined(name: str) -> Dimension:
    for dimension in USER_DEFINED:
        if dimension.object == name.upper():
            return dimension
    raise invalid("User defined dimension", name)
