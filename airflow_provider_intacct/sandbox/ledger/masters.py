"""Records without accounting of their own: customers, accounts, projects, custom objects. Rules from the catalogue."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from airflow_provider_intacct.sandbox.catalog import ObjectDefinition
from airflow_provider_intacct.sandbox.records import Record, find, insert
from airflow_provider_intacct.sandbox.records import delete as erase
from airflow_provider_intacct.sandbox.records import update as write

from . import approvals, parties
from .audit import remember, stamps_of_change, stamps_of_creation
from .books import BASE_CURRENCY, Books
from .checks import referring_label, require_fields, require_references, require_unique
from .numbering import next_id, numbered
from .refusals import already_exists, invalid_reference, refused
from .subledgers import BILL_PAYMENT
from .terms import term_value

_BUSINESS_ID = {"GLJOURNAL": ("SYMBOL",), "TRXCURRENCIES": ("CODE",), "TASK": ("PROJECTID", "TASKID"),
                "EXCHANGERATE": ("TYPENAME", "FROM_CURRENCY", "TO_CURRENCY", "EFFECTIVE_DATE")}  # fmt: skip
_PARTIES = {"CUSTOMER": "C", "VENDOR": "V"}


def create(books: Books, definition: ObjectDefinition, record: Mapping[str, Any]) -> int:
    """Enter a record and return its key."""
    values = dict(record)
    if definition.name_key and not values.get(definition.name_key) and numbered(definition):
        values[definition.name_key] = next_id(books, definition)
    if "STATUS" in definition.fields:
        values.setdefault("STATUS", definition.fields["STATUS"].code("active"))
    values |= _derived(books, definition, values)
    require_fields(books, definition, values)
    _require_unique(books, definition, values, None)
    require_references(books, definition, values)
    if definition.name in _PARTIES:
        values["DISPLAYCONTACT.CONTACTNAME"] = parties.bring_contact(books, definition, values)
    if definition.name == "USERINFO":
        values["CONTACTINFO.CONTACTNAME"] = parties.bring_user_contact(books, values)
    if definition.name == "CONTACT":
        parties.require_address(values.get("EMAIL1"))
    if definition.owned_by_entity:
        values["MEGAENTITYID"] = books.entity
    values |= stamps_of_creation(books, definition)
    if definition.name == "VENDOR":
        values["STATE"] = approvals.landing(books, approvals.VENDOR)
    stored = _stored(definition, values)
    stored[definition.key] = insert(books.db, definition, stored)
    if definition.name == "VENDOR":
        approvals.note_submission(books, approvals.VENDOR, stored[definition.key], values["STATE"])
    if definition.name == "LOCATIONENTITY":
        books.db.execute('UPDATE "LOCATION" SET "ENTITY" = "LOCATIONID" WHERE "RECORDNO" = ?', (stored["RECORDNO"],))
    remember(books, definition, stored, "Create")
    return int(stored[definition.key])


def update(books: Books, definition: ObjectDefinition, current: Record, changes: Mapping[str, Any]) -> None:
    """Change the named fields of a record; an id may change as long as nothing refers to it."""
    _require_free_ids(books, definition, current, changes)
    values = {**current, **changes}
    values |= _derived(books, definition, values)
    require_fields(books, definition, values)
    _require_unique(books, definition, values, current[definition.key])
    require_references(books, definition, {name: value for name, value in values.items() if name in changes})
    _require_no_circle(books, definition, values)
    _require_same_entity(books, definition, current, values)
    if definition.name in _PARTIES:
        _change_party_contact(books, definition, current, values, changes)
    if definition.name == "USERINFO":
        parties.change_user_contact(books, current, changes)
    if definition.name == "CONTACT":
        parties.require_address(values.get("EMAIL1"))
    if definition.name == "VENDOR":
        values["STATE"] = _submit_vendor(books, current)
    stored = _stored(definition, values | stamps_of_change(books, definition))
    write(books.db, definition, current[definition.key], stored)
    if definition.name == "LOCATION":
        _move_children(books, stored)
    remember(books, definition, stored, "Modify")


def delete(books: Books, definition: ObjectDefinition, current: Record) -> None:
    """Delete a record that nothing refers to."""
    label = referring_label(books, definition, current)
    if label:
        key = current.get(definition.name_key) or current[definition.key]
        raise refused(f"{definition.label} '{key}' cannot be deleted: it is in use ({label}).")
    erase(books.db, definition, current[definition.key])
    remember(books, definition, current, "Delete")


def _submit_vendor(books: Books, current: Record) -> str:
    """Return the state of a vendor that is changed: submitted, where vendors need approval.

    Source: Intacct's help, "About vendor approvals": not while a payment request is under way.
    """
    if not approvals.VENDOR.levels(books):
        return str(current["STATE"])
    if any(payment["STATE"] in BILL_PAYMENT.holding for payment in books.find("APPYMT", VENDORID=current["VENDORID"])):
        raise refused(f"Vendor '{current['VENDORID']}' has payment requests under way and cannot be changed.")
    state = approvals.landing(books, approvals.VENDOR)
    approvals.note_submission(books, approvals.VENDOR, current["RECORDNO"], state)
    return state


def _stored(definition: ObjectDefinition, values: Mapping[str, Any]) -> Record:
    return {
        name: value for name, value in values.items() if name in definition.fields and definition.fields[name].stored
    }


def _require_unique(books: Books, definition: ObjectDefinition, values: Mapping[str, Any], own: int | None) -> None:
    if definition.name_key:
        require_unique(books, definition, values[definition.name_key], own)
    columns = _BUSINESS_ID.get(definition.name)
    if columns:
        same = find(books.db, definition, {column: values.get(column) for column in columns})
        if any(record[definition.key] != own for record in same):
            shown = definition.fields[columns[-1]]
            raise already_exists(definition.label, values.get(shown.id))


def _require_free_ids(books: Books, definition: ObjectDefinition, current: Record, changes: Mapping[str, Any]) -> None:
    """Refuse a new id for a record that others refer to by the old one."""
    ids = {
        relationship.to
        for other in books.catalog
        for relationship in other.relationships.values()
        if books.definition(relationship.object).table == definition.table
    }
    changed = [name for name in ids & changes.keys() if changes[name] not in (None, current.get(name))]
    label = referring_label(books, definition, current) if changed else None
    if label:
        raise refused(f"{definition.label} '{current[changed[0]]}' is in use ({label}); its ID cannot change.")


def _require_no_circle(books: Books, definition: ObjectDefinition, values: Mapping[str, Any]) -> None:
    """Refuse a parent that lies below the record itself."""
    up = definition.relationships.get("PARENT")
    if up is None:
        return
    seen, parent = {values[up.to]}, values.get(up.by)
    while parent is not None:
        if parent in seen:
            raise invalid_reference(f"parent {definition.label}", values[up.by])
        seen.add(parent)
        parent = (next(find(books.db, definition, {up.to: parent}), None) or {}).get(up.by)


def _require_same_entity(
    books: Books, definition: ObjectDefinition, current: Record, values: Mapping[str, Any]
) -> None:
    """Refuse to move a location with postings to another entity, or to change the currency of an entity with some."""
    column = {"LOCATION": "ENTITY", "LOCATIONENTITY": "CURRENCY"}.get(definition.name)
    if column is None or values.get(column) == current.get(column):
        return
    posted = books.db.execute(
        'SELECT 1 FROM "GLDETAIL" WHERE "LOCATIONID" = ?1 OR "CHILDENTITY" = ?1 LIMIT 1', (current["LOCATIONID"],)
    )
    if posted.fetchone():
        label = definition.fields[column].label
        raise refused(f"{definition.label} '{current['LOCATIONID']}' has postings; its {label.lower()} cannot change.")


def _change_party_contact(
    books: Books, definition: ObjectDefinition, current: Record, values: Record, changes: Mapping[str, Any]
) -> None:
    if current.get("DISPLAYCONTACT.CONTACTNAME"):
        parties.change_contact(books, current, changes)
        values["DISPLAYCONTACT.CONTACTNAME"] = current["DISPLAYCONTACT.CONTACTNAME"]
    elif any(name.startswith("DISPLAYCONTACT.") for name in changes):
        asked = {name: value for name, value in values.items() if not name.startswith("DISPLAYCONTACT.")}
        asked |= {name: value for name, value in changes.items() if name.startswith("DISPLAYCONTACT.")}
        values["DISPLAYCONTACT.CONTACTNAME"] = parties.bring_contact(books, definition, asked)


def _derived(books: Books, definition: ObjectDefinition, values: Mapping[str, Any]) -> Record:
    """Return the fields that the company itself fills in for this object."""
    derive = _DERIVED.get(definition.name)
    return derive(books, values) if derive else {}


def _location(books: Books, values: Mapping[str, Any]) -> Record:
    parent = books.first("LOCATION", LOCATIONID=values["PARENTID"]) if values.get("PARENTID") else None
    if parent is not None:
        return {"ENTITY": parent["ENTITY"]}
    own = books.first("LOCATIONENTITY", LOCATIONID=values.get("LOCATIONID"))
    return {"ENTITY": values["LOCATIONID"] if own else None}


def _entity(books: Books, values: Mapping[str, Any]) -> Record:
    del books
    return {"CURRENCY": values.get("CURRENCY") or BASE_CURRENCY}


def _customer(books: Books, values: Mapping[str, Any]) -> Record:
    del books
    return {"ENTITY": f"C{values.get('CUSTOMERID')}"}


def _vendor(books: Books, values: Mapping[str, Any]) -> Record:
    del books
    return {"ENTITY": f"V{values.get('VENDORID')}"}


def _account(books: Books, values: Mapping[str, Any]) -> Record:
    del books
    return {
        "ACCOUNTTYPE": values.get("ACCOUNTTYPE") or "balancesheet",
        "NORMALBALANCE": values.get("NORMALBALANCE") or "1",
        "CLOSINGTYPE": values.get("CLOSINGTYPE") or "N",
    }


def _journal(books: Books, values: Mapping[str, Any]) -> Record:
    del books
    return {"BOOKID": values.get("BOOKID") or "ACCRUAL", "BOOKTYPE": values.get("BOOKTYPE") or "ACCRUAL"}


def _term(books: Books, values: Mapping[str, Any]) -> Record:
    del books
    return {"TERMVALUE": term_value(values)}


def _rate(books: Books, values: Mapping[str, Any]) -> Record:
    del books
    rate = values.get("EXCHANGE_RATE")
    return {"RECIPROCAL_RATE": 1 / Decimal(rate) if rate else None}


def _checking(books: Books, values: Mapping[str, Any]) -> Record:
    del books, values
    return {"BANKACCOUNTTYPE": "checking"}


def _savings(books: Books, values: Mapping[str, Any]) -> Record:
    del books, values
    return {"BANKACCOUNTTYPE": "savings"}


def _contract(books: Books, values: Mapping[str, Any]) -> Record:
    del books
    return {"STATE": values.get("STATE") or "In progress", "CURRENCY": values.get("CURRENCY") or BASE_CURRENCY}


def _contract_line(books: Books, values: Mapping[str, Any]) -> Record:
    """Number a new line within its contract, and give it the contract's dates and what its rate comes to."""
    contract = books.first("CONTRACT", CONTRACTID=values.get("CONTRACTID")) or {}
    derived = {name: values.get(name) or contract.get(name) for name in ("BEGINDATE", "ENDDATE")}
    if values.get("LINENO") is None:
        derived["LINENO"] = 1 + sum(1 for _ in books.find("CONTRACTDETAIL", CONTRACTID=values.get("CONTRACTID")))
    if values.get("FLATAMOUNT") is None and values.get("QUANTITY") is not None and values.get("RATE") is not None:
        derived["FLATAMOUNT"] = values["QUANTITY"] * values["RATE"] * (values.get("MULTIPLIER") or 1)
    return {**derived, "STATE": values.get("STATE") or "In progress"}


_DERIVED: dict[str, Callable[[Books, Mapping[str, Any]], Record]] = {
    "LOCATION": _location,
    "LOCATIONENTITY": _entity,
    "CUSTOMER": _customer,
    "VENDOR": _vendor,
    "GLACCOUNT": _account,
    "GLJOURNAL": _journal,
    "APTERM": _term,
    "ARTERM": _term,
    "EXCHANGERATE": _rate,
    "CHECKINGACCOUNT": _checking,
    "SAVINGSACCOUNT": _savings,
    "CONTRACT": _contract,
    "CONTRACTDETAIL": _contract_line,
}


def _move_children(books: Books, location: Record) -> None:
    """Give the locations below a moved one its entity."""
    books.db.execute(
        """WITH RECURSIVE below (id) AS (
             SELECT "LOCATIONID" FROM "LOCATION" WHERE "PARENTID" = ?1
             UNION SELECT "LOCATIONID" FROM "LOCATION" JOIN below ON "PARENTID" = below.id)
           UPDATE "LOCATION" SET "ENTITY" = ?2 WHERE "LOCATIONID" IN below""",
        (location["LOCATIONID"], location["ENTITY"]),
    )
