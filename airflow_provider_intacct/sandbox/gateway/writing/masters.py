"""Legacy functions for master data: create_ and update_ of customers, vendors, contacts, employees and the dimensions.

An element is the field of its name in capitals, unless the object's table says otherwise; what the catalogue has no
field for is read over. Source: the published schema; developer.intacct.com, "ignoreduplicates".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from lxml import etree

from airflow_provider_intacct.sandbox.catalog import Catalog, ObjectDefinition
from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.results import KeyResult
from airflow_provider_intacct.sandbox.ledger import masters
from airflow_provider_intacct.sandbox.ledger.books import Books
from airflow_provider_intacct.sandbox.ledger.refusals import not_to_be_updated
from airflow_provider_intacct.sandbox.records import Record, find

from .acts import books_of, could_not, refusals_as_errors, within_reach
from .legacy import Dialect, changes_of, values_of

_DISPLAY = "DISPLAYCONTACT."


@dataclass(frozen=True, slots=True)
class Master:
    """One object in the dialect: the attribute that names a record in an update and the field it holds, other names.

    `contacts` are elements that hold a contact or its name, and the field for the name; a contact in `contactinfo` is
    a customer's or a vendor's own.
    """

    object: str
    attribute: str
    id: str
    names: Mapping[str, str] = field(default_factory=dict)
    contacts: Mapping[str, str] = field(default_factory=dict)


_PRIMARY = {"primary": "CONTACTINFO.CONTACTNAME"}
MASTERS: Mapping[str, Master] = {
    "customer": Master(
        "CUSTOMER", "customerid", "CUSTOMERID", {"glaccountno": "ARACCOUNT"},
        {**_PRIMARY, "billto": "BILLTO.CONTACTNAME", "shipto": "SHIPTO.CONTACTNAME"},
    ),
    "vendor": Master(
        "VENDOR", "vendorid", "VENDORID", {"glaccountno": "APACCOUNT"},
        {**_PRIMARY, "payto": "PAYTO.CONTACTNAME", "returnto": "RETURNTO.CONTACTNAME"},
    ),
    "contact": Master("CONTACT", "contactname", "CONTACTNAME"),
    "employee": Master("EMPLOYEE", "employeeid", "EMPLOYEEID", {}, {"personalinfo": "PERSONALINFO.CONTACTNAME"}),
    "project": Master("PROJECT", "key", "PROJECTID", {"budgetedcost": "BUDGETCOST"}),
    "task": Master("TASK", "key", "RECORDNO", {"taskname": "NAME", "taskdescription": "DESCRIPTION"}),
    "item": Master(
        "ITEM", "itemid", "ITEMID",
        {"base_price": "BASEPRICE", "inventory_precision": "INV_PRECISION", "purchasing_precision": "PO_PRECISION",
         "sales_precision": "SO_PRECISION", "itaxgroup": "TAXGROUP"},
    ),
    "class": Master("CLASS", "key", "CLASSID"),
    "department": Master("DEPARTMENT", "departmentid", "DEPARTMENTID"),
    "location": Master("LOCATION", "locationid", "LOCATIONID", {}, _PRIMARY),
    "glaccount": Master("GLACCOUNT", "glaccountno", "ACCOUNTNO", {"glaccountno": "ACCOUNTNO"}),
}  # fmt: skip


@function(*(f"create_{name}" for name in MASTERS), writes=True)
def create_master(call: Call) -> KeyResult:
    """Enter a record and answer its id; with `ignoreduplicates` one that is there is left as it is."""
    master = MASTERS[call.name.removeprefix("create_")]
    call.require(master.object)
    books = books_of(call)
    definition = books.definition(master.object)
    with refusals_as_errors(*could_not("create", definition)):
        values = values_of(call, _dialect(master.object, definition))
        known = values.get(master.id)
        if call.attributes.get("ignoreduplicates") == "true" and known and _named(books, master, str(known)):
            return KeyResult(str(known))
        key = masters.create(books, definition, values | _contacts(call, books, master))
        record = next(find(books.db, definition, {definition.key: key}))
        return KeyResult(str(record[master.id]))


@function(*(f"update_{name}" for name in MASTERS), writes=True)
def update_master(call: Call) -> KeyResult:
    """Change the record that the function's attribute names and answer its id."""
    master = MASTERS[call.name.removeprefix("update_")]
    call.require(master.object)
    books = books_of(call)
    definition = books.definition(master.object)
    name = call.attributes[master.attribute].strip()
    with refusals_as_errors(*could_not("update", definition)):
        current = _named(books, master, name)
        if current is None:
            raise not_to_be_updated(definition.name, master.id, name)
        changes = changes_of(call, _dialect(master.object, definition)) | _contacts(call, books, master)
        masters.update(books, definition, current, changes)
        return KeyResult(str(current[master.id]))


@cache
def _names(object_name: str) -> Mapping[str, str]:
    definition = Catalog.load()[object_name]
    own = {name.lower(): name for name, field in definition.fields.items() if field.stored and not field.readonly}
    master = next(master for master in MASTERS.values() if master.object == object_name)
    return {**own, **master.names}


def _dialect(object_name: str, definition: ObjectDefinition) -> Dialect:
    return Dialect(definition.name, _names(object_name))


def _named(books: Books, master: Master, name: str) -> Record | None:
    definition = books.definition(master.object)
    if master.id == definition.key and not (name.isdecimal() and len(name) < 19):
        return None
    record = next(find(books.db, definition, {master.id: name}), None)
    return record if record is not None and within_reach(books, record) else None


def _contacts(call: Call, books: Books, master: Master) -> Record:
    """Return the contacts that the function names or brings; one that it brings for another purpose is entered."""
    values: Record = {}
    own = call.element.find("contactinfo/contact")
    if own is not None and master.object in ("CUSTOMER", "VENDOR"):
        values |= {_DISPLAY + name: value for name, value in _contact(call, books, own).items()}
    address = call.element.find("mailaddress")
    if address is not None:
        values |= _address(address)
    for element, target in master.contacts.items():
        found = call.element.find(element)
        brought = None if found is None else found.find("contact")
        if found is not None and brought is not None:
            contact = _contact(call, books, brought)
            masters.create(books, books.definition("CONTACT"), contact)
            values[target] = contact.get("CONTACTNAME")
        elif found is not None:
            values[target] = (found.findtext("contactname") or "").strip() or None
    return values


def _contact(call: Call, books: Books, element: etree._Element) -> Record:
    address = element.find("mailaddress")
    values = values_of(call, _dialect("CONTACT", books.definition("CONTACT")), element)
    return values | (_address(address) if address is not None else {})


def _address(element: etree._Element) -> Record:
    names = {"isocountrycode": "COUNTRYCODE"}
    parts = ((names.get(str(part.tag), str(part.tag).upper()), (part.text or "").strip()) for part in element)
    return {f"MAILADDRESS.{name}": text or None for name, text in parts if name not in ("LATITUDE", "LONGITUDE")}
