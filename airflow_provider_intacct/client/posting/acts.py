"""Acts on records that exist: delete, reverse, approve, ...; prepared as new records are, and carried out once.

postings = prepare_acts("APBILL", "reverse", ["1204"], scope=Scope(...), details={"date": date(2026, 3, 31)})
outcomes = client.act(postings)
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from airflow_provider_intacct.client.errors import InvalidRequestError
from airflow_provider_intacct.client.posting.act_table import Act, act_of, deletion_by
from airflow_provider_intacct.client.posting.identity import Scope, content_digest, control_id
from airflow_provider_intacct.client.posting.kinds import Kind
from airflow_provider_intacct.client.posting.records import NaturalKey, Posting, identity_of
from airflow_provider_intacct.client.posting.targets import Target, targets_of
from airflow_provider_intacct.client.xml.functions import Function

REFERENCE = "reference"
"""Under this name the record of a journal entry's reversal holds what marks the reversal as this task's own."""

GUARD = "company"
"""Under this name it holds the company whose tasks all reverse the entry under one control id."""

KEY = "key"
"""Under this name a posting's record holds what the function knows the record by; "" until Intacct was asked for it."""


def prepare_acts(
    object_name: str,
    act: str,
    keys: Any,
    *,
    scope: Scope,
    details: Mapping[str, Any] | None = None,
    function: str | None = None,
    entity_id: str | None = None,
) -> list[Posting]:
    """Return one posting for each record that `keys` names (see `targets_of`), in their order.

    `act` is "delete" or a name of `act_table.ACTS`; `details` are what that act takes: date, memo, comment, entries,
    on_behalf_of, nsf_closed_account. `function` is a legacy one that deletes, such as delete_vendor, whose keys are the
    ids it takes; then `object_name` only says what they are.

    What is done to a record within a scope is done once, whatever else happens to the list. Raises InvalidRequestError
    for what the gateway cannot do, with the way that can, and for details that are wrong or missing.
    """
    how = deletion_by(function) if function else act_of(object_name, act)
    given = _details(how, f"{act} {object_name}", details or {})
    kind = Kind(object_name.upper(), object_name.upper())
    return [
        _posting(position, kind, act, how, target, given, scope=scope, entity_id=entity_id, function=function)
        for position, target in enumerate(targets_of(object_name, keys, plain=not how.key_field), 1)
    ]


def how_of(posting: Posting) -> Act:
    """Return how the posting's act is done."""
    function = posting.record.get("function")
    return deletion_by(function) if function else act_of(posting.kind.name, posting.act)


def addressed(posting: Posting, key: str) -> Posting:
    """Return the posting with the key that the function knows its record by."""
    record = {**posting.record, KEY: key}
    return replace(posting, record=record, function=_function(how_of(posting), key, record, posting.control_id))


def _posting(
    position: int,
    kind: Kind,
    act: str,
    how: Act,
    target: Target,
    details: Mapping[str, Any],
    *,
    scope: Scope,
    entity_id: str | None,
    function: str | None,
) -> Posting:
    identity = identity_of(kind, target.name, act=act)
    own_id = control_id(scope, identity)
    marked: dict[str, str] = {}
    if how.opposite:
        marked = {REFERENCE: own_id[3:8].upper(), GUARD: scope.company_id}
        own_id = opposite_id(scope.company_id, kind, target.name)
    content = {"name": [f"{field}={value}" for field, value in target.name], "function": function, **details}
    known = target.name[0][0] == how.key_field or not how.key_field
    key = target.name[0][1] if known else ""
    return Posting(
        position=position,
        kind=kind,
        record={KEY: key, "function": function, **details, **marked},
        # Without a key nothing is sent: `carrying.carry_out` asks for it first.
        function=_function(how, key, details, own_id) if key else Function(act, control_id=own_id),
        identity=identity,
        control_id=own_id,
        digest=content_digest(content, kind=f"{act} {kind.name}", entity_id=entity_id),
        natural_key=target.name,
        act=act,
    )


def opposite_id(company_id: str, kind: Kind, name: NaturalKey) -> str:
    """Return the control id of the reversal of the journal entry `name`: the same for all tasks of the company."""
    return control_id(Scope(company_id, key="opposite entries"), identity_of(kind, name, act="reverse"))


def _function(how: Act, key: str, details: Mapping[str, Any], own_id: str) -> Function:
    return how.build(key, details).with_control_id(own_id)


def _details(how: Act, what: str, details: Mapping[str, Any]) -> dict[str, Any]:
    """Return the details that have a value, the date as a date. Raises InvalidRequestError for others than it takes."""
    given = {name: value for name, value in details.items() if value not in (None, "", [], ())}
    if unknown := sorted(given.keys() - how.takes):
        takes = f"it takes {', '.join(sorted(how.takes))}" if how.takes else "it takes none"
        raise InvalidRequestError(f"{what}: it has no place for {', '.join(unknown)}; {takes}. Nothing was sent.")
    if missing := sorted(how.needs - given.keys()):
        raise InvalidRequestError(f"{what}: it needs {', '.join(missing)}. Nothing was sent.")
    if "date" in given:
        given["date"] = day_of(given["date"], what)
    return given


def day_of(value: Any, what: str) -> date:
    """Return a day given as a date, or as `2026-03-31` or `03/31/2026`."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = str(value).strip()
    written = re.fullmatch(r"(\d\d)/(\d\d)/(\d{4})", text, re.ASCII)
    try:
        return date.fromisoformat(f"{written[3]}-{written[1]}-{written[2]}" if written else text[:10])
    except ValueError:
        raise InvalidRequestError(
            f"{what}: {value!r} is no day; write it as 2026-03-31 or 03/31/2026. Nothing was sent."
        ) from None
