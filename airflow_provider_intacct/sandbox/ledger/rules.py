"""Which rules hold for which object: the ledger's front door for whoever creates, changes or deletes a record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from airflow_provider_intacct.sandbox.catalog import Field, ObjectDefinition
from airflow_provider_intacct.sandbox.records import Record

from . import allocations, attachments, cash, documents, journals, masters, orders, payments, sheets
from .books import Books
from .orders import MODULES, Module
from .refusals import RefusedError, refused
from .sheets import TIMESHEET, WAREHOUSE_TRANSFER, Sheet
from .subledgers import ADVANCE, BILL_PAYMENT, DOCUMENTS, INVOICE_PAYMENT, Kind, PaymentKind


@dataclass(frozen=True, slots=True)
class Rules:
    """How records of one object are entered, changed and deleted. `transaction` decides how refusals are stacked."""

    create: Callable[[Books, Mapping[str, Any]], int]
    update: Callable[[Books, Record, Mapping[str, Any]], None]
    delete: Callable[[Books, Record], None]
    transaction: bool = False


def _documents(kind: Kind) -> Rules:
    def create(books: Books, record: Mapping[str, Any]) -> int:
        return documents.create(books, kind, record)

    def update(books: Books, current: Record, changes: Mapping[str, Any]) -> None:
        documents.update(books, kind, current, changes)

    def delete(books: Books, current: Record) -> None:
        documents.delete(books, kind, current)

    return Rules(create, update, delete, transaction=True)


def _payments(kind: PaymentKind) -> Rules:
    def create(books: Books, record: Mapping[str, Any]) -> int:
        return payments.create(books, kind, record)

    def update(books: Books, current: Record, changes: Mapping[str, Any]) -> None:
        payments.update(books, kind, current, changes)

    def delete(books: Books, current: Record) -> None:
        payments.delete(books, kind, current)

    return Rules(create, update, delete, transaction=True)


def _sheets(sheet: Sheet) -> Rules:
    def create(books: Books, record: Mapping[str, Any]) -> int:
        return sheets.create(books, sheet, record)

    def update(books: Books, current: Record, changes: Mapping[str, Any]) -> None:
        sheets.update(books, sheet, current, changes)

    def delete(books: Books, current: Record) -> None:
        sheets.delete(books, sheet, current)

    return Rules(create, update, delete)


def _orders(module: Module) -> Rules:
    def create(books: Books, record: Mapping[str, Any]) -> int:
        return int(orders.create(books, module, record)["RECORDNO"])

    def update(books: Books, current: Record, changes: Mapping[str, Any]) -> None:
        orders.update(books, module, current, changes)

    def delete(books: Books, current: Record) -> None:
        orders.delete(books, module, current)

    return Rules(create, update, delete, transaction=True)


def _masters(definition: ObjectDefinition) -> Rules:
    def create(books: Books, record: Mapping[str, Any]) -> int:
        return masters.create(books, definition, record)

    def update(books: Books, current: Record, changes: Mapping[str, Any]) -> None:
        masters.update(books, definition, current, changes)

    def delete(books: Books, current: Record) -> None:
        masters.delete(books, definition, current)

    return Rules(create, update, delete)


_TRANSACTIONS = {
    "GLBATCH": Rules(journals.create, journals.update, journals.delete, transaction=True),
    **{kind.object: _documents(kind) for kind in DOCUMENTS},
    "ARADVANCE": replace(_documents(ADVANCE), create=cash.advance, update=cash.change_advance),
    **{kind.object: _payments(kind) for kind in (BILL_PAYMENT, INVOICE_PAYMENT)},
    "ALLOCATION": Rules(allocations.create, allocations.update, allocations.delete),
    **{module.object: _orders(module) for module in MODULES},
    **{sheet.object: _sheets(sheet) for sheet in (TIMESHEET, WAREHOUSE_TRANSFER)},
    "SUPDOC": Rules(attachments.create, attachments.update, attachments.delete),
}

_COUNTRY_CODE = "DISPLAYCONTACT.MAILADDRESS.ISOCOUNTRYCODE"
"""How vendors and customers spell it in a request. Source: developer.intacct.com, Vendors, Customers, MAILADDRESS."""

WRITE_ONLY: Mapping[str, Mapping[str, Field]] = MappingProxyType(
    {
        "APBILL": {"ACTION": Field("ACTION")},
        "ARINVOICE": {"ACTION": Field("ACTION")},
        "APADJUSTMENT": {"ACTION": Field("ACTION")},
        "ARADJUSTMENT": {"ACTION": Field("ACTION")},
        **{
            party: {_COUNTRY_CODE: Field("DISPLAYCONTACT.MAILADDRESS.COUNTRYCODE", length=2)}
            for party in ("VENDOR", "CUSTOMER")
        },
        "WAREHOUSE": {"LOC.LOCATIONID": Field("LOCATIONID", length=20)},
        "ITEM": {"TAXGROUP.NAME": Field("TAXGROUP", length=100)},
        "ICTRANSFER": {"ACTION": Field("ACTION")},
        "EEXPENSES": {"ACTION": Field("ACTION")},
        "APPYMT": {"ACTION": Field("ACTION"), "PAYMENTDATE": Field("PAYMENTDATE", "DATE")},
        "ARPYMT": {"ACTION": Field("ACTION")},
        "ARADVANCE": {"ACTION": Field("ACTION"), "PAYMENTDATE": Field("PAYMENTDATE", "DATE")},
    }
)
"""What a request may say of an object that no field of it keeps, or that a field of another name keeps."""

PARTS: Mapping[str, Mapping[str, str]] = MappingProxyType({"GLENTRY": {"SPLIT": "APBILLITEM"}})
"""Elements that repeat inside a line, and the object whose fields they use: a split names places as AP lines do."""

LEGACY_ONLY = frozenset(
    {"SODOCUMENT", "PODOCUMENT", "INVDOCUMENT", "EEXPENSES", "CCTRANSACTION", "OTHERRECEIPTS", "DEPOSIT"}
)
"""Objects that functions of their own enter and change; generic functions read and delete them."""


def rules_of(definition: ObjectDefinition) -> Rules:
    """Return the rules of an object; those without accounting of their own follow the catalogue."""
    return _TRANSACTIONS.get(definition.name) or _masters(definition)


def require_writable(definition: ObjectDefinition, operation: str) -> None:
    """Refuse objects that only the company itself writes, and lines, which come and go with their header."""
    if not definition.writable or definition.view or definition.parent:
        raise not_permitted(definition.name, operation)


def not_permitted(object_name: str, operation: str) -> RefusedError:
    """Source: the words of PL04000005, which Intacct uses for whatever reason an operation is not to be had."""
    return refused(
        f"You do not have permission for API operation {operation} on objects of type {object_name.lower()}",
        "PL04000005",
    )
