"""Read the catalogue's data files: one TOML file per object, fragments that several objects include."""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from .model import SCALED_TYPES, Field, Lines, ObjectDefinition, Relationship, Total, ValidValue

_HERE = Path(__file__).parent
_DEFAULT_SCALE = {"CURRENCY": 2, "PERCENT": 2, "DECIMAL": 4}
_LISTS = ("relationships", "lines", "fields")


def load_definitions() -> dict[str, ObjectDefinition]:
    """Return every object of the data files by name, with fields of related records completed from their owners."""
    fragments = {path.stem: _parsed(path) for path in (_HERE / "fragments").glob("*.toml")}
    shared = {name: _values(spec) for name, spec in _parsed(_HERE / "values.toml").items()}
    definitions = {}
    for path in sorted((_HERE / "objects").glob("*.toml")):
        definition = _definition(_parsed(path), fragments, shared)
        definitions[definition.name] = definition
    return {name: _completed(definition, definitions) for name, definition in definitions.items()}


def follow(
    definitions: Mapping[str, ObjectDefinition], definition: ObjectDefinition, name: str
) -> tuple[tuple[Relationship, ...], Field] | None:
    """Walk a dotted name to the field that holds its value; None where a step does not exist.

    A field that itself lives in a related record is followed further, so the result always names a stored field, a
    code or a total of the last object. Only one hop is allowed along a relationship of an object with itself.
    """
    field = definition.fields.get(name)
    if field is not None and field.of != name:
        return follow(definitions, definition, field.of) if field.of else ((), field)
    head, _, rest = name.partition(".")
    relationship = definition.relationships.get(head)
    if relationship is None or not rest:
        return None
    found = follow(definitions, definitions[relationship.object], rest)
    if found is None:
        return None
    hops, field = found
    if relationship.object == definition.name and hops and hops[0] == relationship:
        return None
    return (relationship, *hops), field


def _parsed(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _values(spec: list[Any]) -> tuple[ValidValue, ...]:
    pairs = (entry if isinstance(entry, list) else [entry, entry] for entry in spec)
    return tuple(ValidValue(label=label, code=code) for label, code in pairs)


def _definition(
    spec: dict[str, Any], fragments: Mapping[str, dict[str, Any]], shared: Mapping[str, tuple[ValidValue, ...]]
) -> ObjectDefinition:
    parts = [spec, *(fragments[name] for name in spec.pop("include", ()))]
    merged: dict[str, dict[str, Any]] = {key: {} for key in _LISTS}
    for part in parts:
        for key in _LISTS:
            merged[key] |= {name: value for name, value in part.get(key, {}).items() if name not in merged[key]}
    scalars = {key: value for part in reversed(parts) for key, value in part.items() if key not in _LISTS}
    scalars["indices"] = tuple(tuple(index) for index in scalars.get("indices", ()))
    scalars["needs_filter"] = tuple(scalars.get("needs_filter", ()))
    name = scalars["name"]
    return ObjectDefinition(
        **{
            "plural": scalars["label"] + "s",
            "key": "RECORDNO",
            "table": name,
            "sequence": scalars.get("table", name),
            **scalars,
        },
        fields={id_: _field(id_, merged["fields"][id_], shared) for id_ in _in_order(merged["fields"])},
        relationships={
            path: Relationship(**{"path": path, "to": value["by"], **value})
            for path, value in merged["relationships"].items()
        },
        lines=tuple(Lines(element=element, **value) for element, value in merged["lines"].items()),
    )


def _in_order(fields: Mapping[str, Any]) -> list[str]:
    """Return field names as lookup lists them: the record number first, audit columns last."""
    last = ("MEGAENTITYKEY", "MEGAENTITYID", "MEGAENTITYNAME", "WHENMODIFIED", "CREATEDBY", "MODIFIEDBY")
    return sorted(fields, key=lambda name: (name in last) - (name in ("RECORDNO", "id")))


def _field(id_: str, spec: dict[str, Any], shared: Mapping[str, tuple[ValidValue, ...]]) -> Field:
    values = spec.get("values", ())
    total = spec.get("total")
    kind = spec.get("type", "TEXT")
    own: dict[str, Any] = {
        "label": id_.replace("_", " ").replace(".", " ").capitalize(),
        "scale": _DEFAULT_SCALE.get(kind, 0),
        **spec,
        "values": shared[values] if isinstance(values, str) else _values(values),
        "total": _total(total) if total else None,
    }
    if own.get("of") is True:
        own["of"] = id_
    if own.get("of") or own.get("code_of") or total:
        own["readonly"] = own.get("readonly", True)
    return Field(id=id_, **own)


def _total(spec: dict[str, Any]) -> Total:
    return Total(tuple(spec["objects"]), spec["field"], spec["by"], tuple(spec["states"]))


def _completed(definition: ObjectDefinition, definitions: Mapping[str, ObjectDefinition]) -> ObjectDefinition:
    """Give a field of a related record the type, scale and values that it has there; check every reference."""
    fields = dict(definition.fields)
    for id_, field in definition.fields.items():
        if field.of:
            found = follow(definitions, definition, field.of)
            if found is None:
                raise ValueError(f"{definition.name}.{id_}: no path {field.of!r}")
            origin = found[1]
            fields[id_] = replace(
                field,
                type=origin.type,
                scale=origin.scale,
                values=origin.values,
                length=field.length or origin.length,
            )
        elif field.type in SCALED_TYPES and not 0 < field.scale <= 12:
            raise ValueError(f"{definition.name}.{id_}: a {field.type} needs a scale of 1 to 12")
    for relationship in definition.relationships.values():
        if relationship.by not in fields or relationship.to not in definitions[relationship.object].fields:
            raise ValueError(f"{definition.name}: relationship {relationship.path} joins on a field that is not there")
    return replace(definition, fields=fields)
