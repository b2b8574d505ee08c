"""Which existing records an act is meant for: by record number, by natural key, or as the outcome of an earlier task.

Parsing is pure; one flow asks Intacct which records the natural keys name. It changes nothing.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_intacct.client.errors import InvalidRequestError
from airflow_provider_intacct.client.flows import Flow
from airflow_provider_intacct.client.posting.existing import Execute
from airflow_provider_intacct.client.posting.identity import canonical_text
from airflow_provider_intacct.client.posting.kinds import kind_of
from airflow_provider_intacct.client.posting.lookups import DOCUMENT_ID, MOST_VALUES, RECORD_NUMBER, rows
from airflow_provider_intacct.client.posting.outcome import BOOKED
from airflow_provider_intacct.client.posting.records import NaturalKey
from airflow_provider_intacct.client.where import Compare, Condition, In, all_of, any_of

DOCUMENTS = frozenset({"SODOCUMENT", "PODOCUMENT", "INVDOCUMENT"})
"""What is called by its document id, such as `Purchase Order-PO0213`, rather than by its number."""

MOST_NAMES = 100
"""Natural keys of several fields in one query; those of one field go by the thousand that `in` takes."""
NUMBERS = re.compile(r"\d+(\s*,\s*\d+)*", re.ASCII)
OUTCOME = {"status", "key", "control_id"}


@dataclass(frozen=True, slots=True)
class Target:
    """A record as the author names it: (field, value) pairs, the record number alone or a natural key."""

    name: NaturalKey

    @property
    def text(self) -> str:
        """How a person would call it: `VENDORID V1`."""
        return ", ".join(f"{field} {value}" for field, value in self.name)


def targets_of(object_name: str, given: Any, *, plain: bool = False) -> list[Target]:
    """Return the records that `given` names, each once, in their order.

    `given` is one or a list of: a record number (int, or text of digits), a text that is the record's id (only for an
    object with a natural key of one field), a mapping of natural key fields to values, or an outcome of an operator
    that writes, whose record it is; outcomes of what was not booked name nothing and are left out. Or JSON text of any
    of these, or numbers with commas between them. With `plain` every text is an id, also one of digits: some legacy
    functions take nothing else. Raises InvalidRequestError for anything else.
    """
    items = _items(given)
    found: dict[NaturalKey, Target] = {}
    for position, item in enumerate(items, 1):
        target = _target(object_name, item, f"key {position}", plain=plain)
        if target is not None:
            found.setdefault(target.name, target)
    return list(found.values())


def _items(given: Any) -> Sequence[Any]:
    if isinstance(given, str):
        text = given.strip()
        if NUMBERS.fullmatch(text):
            return text.replace(" ", "").split(",")
        try:
            given = json.loads(text)
        except ValueError:
            return [text]
    if isinstance(given, Mapping | str) or not isinstance(given, Sequence):
        return [given]
    return given


def _target(object_name: str, item: Any, path: str, *, plain: bool = False) -> Target | None:
    if isinstance(item, Mapping) and item.keys() >= OUTCOME:
        return _of_outcome(object_name, item, path)
    if isinstance(item, Mapping) and not plain:
        return _of_fields(item, path)
    if isinstance(item, bool) or not isinstance(item, int | str):
        raise InvalidRequestError(
            f"{path} is {item!r}; a key is a record number, an id, or a mapping of fields to values. Nothing was sent."
        )
    text = str(item).strip()
    if not text:
        raise InvalidRequestError(f"{path} is empty. Nothing was sent.")
    if plain:
        return Target((("id", text),))
    return Target(((RECORD_NUMBER if text.isdecimal() else _name_field(object_name, text, path), text),))


def _name_field(object_name: str, text: str, path: str) -> str:
    """Return the field that a plain text names a record by."""
    if object_name.upper() in DOCUMENTS:
        return DOCUMENT_ID
    names = kind_of(object_name).natural_key
    if len(names) == 1:
        return names[0]
    fields = ", ".join(f'"{name}": ...' for name in names)
    how = f"write {{{fields}}}" if names else "give its record number, or a mapping of fields to values"
    raise InvalidRequestError(
        f"{path} is {text!r}, which does not tell one {object_name} record; {how}. Nothing was sent."
    )


def _of_fields(item: Mapping[str, Any], path: str) -> Target:
    name = tuple(sorted((str(field), canonical_text(value)) for field, value in item.items()))
    if not name or not all(value for _, value in name):
        raise InvalidRequestError(f"{path} is {dict(item)!r}, which leaves a field empty. Nothing was sent.")
    numbers = [pair for pair in name if pair[0] == RECORD_NUMBER]
    return Target(tuple(numbers) or name)


def _of_outcome(object_name: str, outcome: Mapping[str, Any], path: str) -> Target | None:
    if outcome["status"] not in BOOKED:
        return None
    named = str(outcome.get("object") or object_name)
    is_of = kind_of(None, named).object_name or (object_name if "_" in named else named)
    if is_of.upper() != object_name.upper():
        raise InvalidRequestError(f"{path} is the outcome of a {named}, not of a {object_name}. Nothing was sent.")
    if not outcome["key"]:
        raise InvalidRequestError(
            f"{path} is the outcome of a {named} whose record number is not known ({outcome.get('note')}); name the "
            "record by its natural key. Nothing was sent."
        )
    return _target(object_name, str(outcome["key"]), path)


def find_targets(
    execute: Execute, object_name: str, names: Sequence[NaturalKey], key_field: str = RECORD_NUMBER
) -> Flow[dict[NaturalKey, list[str]]]:
    """Flow: the `key_field` of the records that each name stands for: none, one, or several.

    Names of one field cost a query for a thousand, others one for a hundred. Records of private entities are seen too.
    Raises FunctionError where Intacct refuses the query.
    """
    found: dict[NaturalKey, list[str]] = {name: [] for name in names}
    groups: dict[tuple[str, ...], list[NaturalKey]] = {}
    for name in found:
        groups.setdefault(tuple(field for field, _ in name), []).append(name)
    for fields, group in groups.items():
        most = MOST_VALUES if len(fields) == 1 else MOST_NAMES
        for start in range(0, len(group), most):
            where = _condition(fields, group[start : start + most])
            for row in (yield from rows(execute, object_name, [key_field, *fields], where)):
                name = tuple((field, canonical_text(row.get(field))) for field in fields)
                if name in found and row.get(key_field):
                    found[name].append(row[key_field])
    return found


def _condition(fields: tuple[str, ...], names: Sequence[NaturalKey]) -> Condition:
    if len(fields) == 1:
        return In(fields[0], tuple(name[0][1] for name in names))
    return any_of(*(all_of(*(Compare(field, "=", value) for field, value in name)) for name in names))


def keys_of(execute: Execute, object_name: str, given: Any) -> Flow[list[str]]:
    """Flow: the record numbers, or document ids, that `given` names (see `targets_of`), in its order.

    Raises InvalidRequestError for a name that stands for no record, or for several.
    """
    targets = targets_of(object_name, given)
    keyed = (RECORD_NUMBER, DOCUMENT_ID if object_name.upper() in DOCUMENTS else RECORD_NUMBER)
    asked = [target.name for target in targets if target.name[0][0] not in keyed]
    found = yield from find_targets(execute, object_name, asked)
    keys: list[str] = []
    for target in targets:
        there = found.get(target.name, [target.name[0][1]])
        if len(there) != 1:
            raise InvalidRequestError(f"{len(there)} {object_name} records have {target.text}; name one that is there.")
        keys += there
    return list(dict.fromkeys(keys))
