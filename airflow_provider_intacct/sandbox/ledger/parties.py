"""The contacts that customers and vendors bring along: each creates a contact of its own, or fails with it."""

import re
from collections.abc import Mapping
from typing import Any

from airflow_provider_intacct.sandbox.catalog import ObjectDefinition
from airflow_provider_intacct.sandbox.records import Record, insert
from airflow_provider_intacct.sandbox.records import update as write

from .audit import remember, stamps_of_change, stamps_of_creation
from .books import Books
from .checks import require_unique
from .refusals import CATCH_ALL, Reason, RefusedError, refused

_PATH, _USER_PATH = "DISPLAYCONTACT.", "CONTACTINFO."
_NOT_CREATED = (
    Reason(CATCH_ALL, "Could not create Contact record!"),
    Reason(CATCH_ALL, "Error While Saving the Display Contact"),
)
_BAD_VERSION = (
    Reason(CATCH_ALL, "Validate contactversion record failed!"),
    Reason(CATCH_ALL, "Could not create contactversion record!"),
    Reason(CATCH_ALL, "Could not create ContactVersion record!"),
)
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


def bring_contact(books: Books, party: ObjectDefinition, record: Record) -> str:
    """Create the display contact of a new customer or vendor and return its name: the party's, and its id.

    A contact of that name makes the whole party fail. Source: PsIntacct, New-Customer.Tests (stacks of four and of
    seven errors).
    """
    given = {name.removeprefix(_PATH): value for name, value in record.items() if name.startswith(_PATH)}
    definition = books.definition("CONTACT")
    contact = {name: value for name, value in given.items() if name in definition.fields and value is not None}
    contact.setdefault("PRINTAS", record["NAME"])
    name = f"{record['NAME']}({party.name[0]}{record[party.name_key]})"
    contact |= {"CONTACTNAME": name, "STATUS": "T", "MEGAENTITYID": books.entity}
    try:
        require_unique(books, definition, name)
        require_address(contact.get("EMAIL1"))
    except RefusedError as refusal:
        raise refusal.under(*_NOT_CREATED) from None
    contact["RECORDNO"] = insert(books.db, definition, {**stamps_of_creation(books, definition), **contact})
    remember(books, definition, contact, "Create")
    return name


def bring_user_contact(books: Books, record: Mapping[str, Any]) -> str | None:
    """Create the contact that a new user brings and return its name; None where it brings none, or names one."""
    given = {name.removeprefix(_USER_PATH): value for name, value in record.items() if name.startswith(_USER_PATH)}
    named = given.pop("CONTACTNAME", None)
    contact = {name: value for name, value in given.items() if value is not None}
    if named or not contact:
        return str(named) if named else None
    definition = books.definition("CONTACT")
    person = " ".join(filter(None, (contact.get("FIRSTNAME"), contact.get("LASTNAME")))) or record["LOGINID"]
    name = f"{person}(U{record['LOGINID']})"
    require_unique(books, definition, name)
    require_address(contact.get("EMAIL1"))
    contact = {"PRINTAS": person, **contact, "CONTACTNAME": name, "STATUS": "T", "MEGAENTITYID": books.entity}
    contact["RECORDNO"] = insert(books.db, definition, {**stamps_of_creation(books, definition), **contact})
    remember(books, definition, contact, "Create")
    return name


def change_user_contact(books: Books, current: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
    """Carry the CONTACTINFO fields of a changed user over to its contact."""
    change_contact(books, current, changes, _USER_PATH)


def change_contact(
    books: Books, current: Mapping[str, Any], changes: Mapping[str, Any], path: str = "DISPLAYCONTACT."
) -> None:
    """Carry the contact fields of a changed record over to its contact: DISPLAYCONTACT of customers and vendors."""
    definition = books.definition("CONTACT")
    name = current.get(path + "CONTACTNAME")
    values = {
        field.removeprefix(path): value
        for field, value in changes.items()
        if field.startswith(path) and field.removeprefix(path) in definition.fields
    }
    values.pop("CONTACTNAME", None)
    contact = books.first("CONTACT", CONTACTNAME=name) if name else None
    if contact is None or not values:
        return
    require_address(values.get("EMAIL1"))
    write(books.db, definition, contact["RECORDNO"], values | stamps_of_change(books, definition))
    remember(books, definition, contact, "Modify")


def require_address(email: str | None) -> None:
    """Refuse an email address without a name or a host."""
    if email and not all(_ADDRESS.fullmatch(part.strip()) for part in re.split("[,;]", email)):
        first = refused(f"Illegal format for Contactversion : Primary Email Address {email}.", "BL03000018")
        raise first.under(*_BAD_VERSION)
