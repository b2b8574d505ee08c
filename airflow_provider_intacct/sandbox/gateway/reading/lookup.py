"""lookup and inspect: what an object is made of. Both answer whatever the user's rights."""

from collections.abc import Iterator

from airflow_provider_intacct.sandbox.catalog import Field, ObjectDefinition, Relationship
from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.results import Content, DataResult, FunctionError, Node, Result

from .request import text_of

_DATA_NAMES = {
    "TEXT": ("Pt_FieldString", "string"),
    "ENUM": ("Pt_FieldString", "string"),
    "INTEGER": ("Pt_FieldInt", "integer"),
    "SEQUENCE": ("Pt_FieldInt", "integer"),
    "BOOLEAN": ("Pt_FieldBoolean", "boolean"),
    "DATE": ("Pt_FieldDate", "date"),
    "TIMESTAMP": ("Pt_FieldDateTime", "datetime"),
    "DECIMAL": ("Pt_FieldDouble", "number"),
    "PERCENT": ("Pt_FieldDouble", "number"),
    "CURRENCY": ("Pt_FieldDouble", "currency"),
}
_IDS_PER_OBJECT = 1_000_000
_FIRST_CUSTOM_ID = 1000


@function("lookup")
def lookup(call: Call) -> Result:
    """Describe an object's fields and relationships. Owned lines are not described."""
    name = text_of(call.element, "object") or text_of(call.element, "name")
    definition = call.company.catalog.find(name)
    if definition is None:
        raise FunctionError("WS", f"Object definition {name} not found")
    fields = [Node("Field", _looked_up(field)) for field in definition.fields.values()]
    catalog = call.company.catalog
    told = [item for item in definition.relationships.values() if catalog[item.object].generic]
    relationships = [Node("Relationship", _related(item)) for item in told]
    content: Content = {"Fields": fields, "Relationships": relationships}
    return DataResult([Node("Type", content, {"Name": definition.name, "DocumentType": ""})], "All", {"count": 1})


@function("inspect")
def inspect(call: Call) -> Result:
    """List the object types (`*`), an object's field names, or with detail="1" its fields."""
    name = text_of(call.element, "object") or text_of(call.element, "name")
    if name == "*":
        types = [Node("type", item.label, {"typename": item.name}) for item in call.company.catalog if item.generic]
        return DataResult(types, "All", {"count": 1})
    definition = call.company.catalog.find(name)
    if definition is None:
        raise FunctionError("XXX", f"Object type {name} not found")
    detailed = call.attributes.get("detail") == "1"
    content = _detailed(call, definition) if detailed else _names(definition)
    return DataResult([Node("Type", content, {"Name": definition.name})], "All", {"count": 1})


def _looked_up(field: Field) -> Content:
    content: dict[str, Content] = {
        "ID": field.id,
        "LABEL": field.label,
        "DESCRIPTION": field.description,
        "REQUIRED": _word(field.required),
        "READONLY": _word(field.readonly),
        "DATATYPE": field.shown_type or field.type,
    }
    if field.values:
        content["VALIDVALUES"] = [Node("VALIDVALUE", value.label) for value in field.values]
    return {**content, "ISCUSTOM": _word(field.custom)}


def _related(item: Relationship) -> Content:
    return {
        "OBJECTPATH": item.path,
        "OBJECTNAME": item.shown_as or item.object,
        "LABEL": item.label,
        "RELATIONSHIPTYPE": "MANY2ONE",
        "RELATEDBY": item.by,
    }


def _names(definition: ObjectDefinition) -> Content:
    return {"Fields": [Node("Field", name) for name in definition.fields]}


def _detailed(call: Call, definition: ObjectDefinition) -> Content:
    number = list(call.company.catalog.objects).index(definition.name) + 1
    fields = [
        Node("Field", _inspected(field, number * _IDS_PER_OBJECT + place)) for field, place in _places(definition)
    ]
    return {
        "Attributes": {
            "SingularName": definition.label,
            "PluralName": definition.plural,
            "Description": definition.description,
        },
        "Fields": fields,
    }


def _places(definition: ObjectDefinition) -> Iterator[tuple[Field, int]]:
    """Number the fields: custom fields from 1000 on, the mark by which clients tell them."""
    standard, custom = 0, _FIRST_CUSTOM_ID
    for field in definition.fields.values():
        if field.custom:
            yield field, custom
            custom += 1
        else:
            standard += 1
            yield field, standard


def _inspected(field: Field, id_: int) -> Content:
    data_name, external = _DATA_NAMES[field.type]
    return {
        "Name": field.id,
        "GroupName": "",
        "dataName": data_name,
        "externalDataName": external,
        "isRequired": _word(field.required),
        "isReadOnly": _word(field.readonly),
        "maxLength": str(field.length or ""),
        "DisplayLabel": field.label,
        "Description": field.description,
        "id": str(id_),
    }


def _word(value: bool) -> str:
    return "true" if value else "false"
