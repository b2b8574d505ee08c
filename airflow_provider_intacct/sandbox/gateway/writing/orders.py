"""Sales, purchasing and inventory documents, and timesheets: create_, update_ and delete_ in the legacy dialect.

A document is named by its id, such as Sales Order-SO-00001; update counts lines from 1, read tells them from 0.
Source: developer.intacct.com, Order Entry, Purchasing, Inventory Control, Timesheets; the published schema.
"""

from collections.abc import Mapping
from typing import Any

from lxml import etree

from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.results import EmptyResult, KeyResult
from airflow_provider_intacct.sandbox.ledger import orders, sheets
from airflow_provider_intacct.sandbox.ledger.books import Books
from airflow_provider_intacct.sandbox.ledger.orders import INVENTORY, PURCHASING, SALES, Module
from airflow_provider_intacct.sandbox.ledger.refusals import (
    CATCH_ALL,
    TRANSACTION_NOT_CREATED,
    Reason,
    no_record,
    refused,
)
from airflow_provider_intacct.sandbox.records import Record

from .acts import books_of, refusals_as_errors, within_reach
from .legacy import DIMENSIONS, MONEY, Dialect, changes_of, values_of

_NOT_CREATED = (Reason(CATCH_ALL, "Could not create Document record!"), TRANSACTION_NOT_CREATED)
_LINE = {
    "itemid": "ITEMID", "itemdesc": "ITEMDESC", "quantity": "QUANTITY", "unit": "UNIT", "price": "PRICE",
    "cost": "PRICE", "discountpercent": "DISCOUNTPERCENT", "sourcelinekey": "SOURCE_DOCLINEKEY",
    "locationid": "LOCATIONID", "departmentid": "DEPARTMENTID", "memo": "MEMO", "billable": "BILLABLE", **DIMENSIONS,
}  # fmt: skip
_HEADER = {
    "transactiontype": "DOCPARID", "datecreated": "WHENCREATED", "dateposted": "WHENPOSTED",
    "createdfrom": "CREATEDFROM", "customerid": "CUSTVENDID", "vendorid": "CUSTVENDID", "documentno": "DOCNO",
    "origdocdate": "ORIGDOCDATE",
    "referenceno": "PONUMBER", "vendordocno": "VENDORDOCNO", "termname": "TERMNAME", "datedue": "WHENDUE",
    "message": "MESSAGE", "shippingmethod": "SHIPVIA", "supdocid": "SUPDOCID", "externalid": "EXTERNALID",
    "state": "STATE", "projectid": "PROJECT", **MONEY,
}  # fmt: skip
_CONTACTS = {
    "shipto": "SHIPTOCONTACTNAME", "returnto": "SHIPTOCONTACTNAME", "billto": "BILLTOCONTACTNAME",
    "payto": "BILLTOCONTACTNAME", "deliverto": "DELIVERTOCONTACTNAME",
}  # fmt: skip
_DIALECTS: Mapping[str, tuple[Module, Dialect]] = {
    name: (
        module,
        Dialect(
            module.object, _HEADER, {f"{name}transitems": Dialect(module.items, _LINE, container=module.container)}
        ),
    )
    for name, module in (("so", SALES), ("po", PURCHASING), ("ic", INVENTORY))
}
_ENTRY = {
    "entrydate": "ENTRYDATE", "qty": "QTY", "timesheetentrydescription": "DESCRIPTION", "notes": "NOTES",
    "timetype": "TIMETYPE", "billable": "BILLABLE", "locationid": "LOCATIONID", "departmentid": "DEPARTMENTID",
    "extbillrate": "EXTBILLRATE", "extcostrate": "EXTCOSTRATE", **DIMENSIONS,
}  # fmt: skip
_TIMESHEET = Dialect(
    "TIMESHEET",
    {
        "employeeid": "EMPLOYEEID", "begindate": "BEGINDATE", "glpostdate": "GLPOSTDATE",
        "timesheetdescription": "DESCRIPTION", "state": "STATE",
    },
    {"timesheetitems": Dialect("TIMESHEETENTRY", _ENTRY, container=sheets.TIMESHEET.container)},
)  # fmt: skip


@function("create_sotransaction", "create_potransaction", "create_ictransaction", writes=True)
def create_transaction(call: Call) -> KeyResult:
    """Enter a document and answer its id."""
    module, dialect = _DIALECTS[call.name.removeprefix("create_")[:2]]
    call.require(module.object)
    books = books_of(call)
    with refusals_as_errors(*_NOT_CREATED):
        record = values_of(call, dialect) | _contacts(call)
        return KeyResult(str(orders.create(books, module, record)["DOCID"]))


@function("update_sotransaction", "update_potransaction", "update_ictransaction", writes=True)
def update_transaction(call: Call) -> KeyResult:
    """Change a document; a line with a number changes the one of that number, one without is added."""
    name = call.name.removeprefix("update_")[:2]
    module, dialect = _DIALECTS[name]
    call.require(module.object)
    books = books_of(call)
    with refusals_as_errors(*_NOT_CREATED):
        current = _document(call, books, module)
        changes = changes_of(call, dialect) | _contacts(call)
        lines = call.element.find(f"update{name}transitems")
        if lines is not None:
            changes[module.container] = _patched(call, books, module, current, lines)
        orders.update(books, module, current, changes)
        return KeyResult(str(current["DOCID"]))


@function("delete_sotransaction", "delete_potransaction", "delete_ictransaction", writes=True)
def delete_transaction(call: Call) -> EmptyResult:
    """Delete a document that its id names."""
    module, _ = _DIALECTS[call.name.removeprefix("delete_")[:2]]
    call.require(module.object)
    books = books_of(call)
    with refusals_as_errors():
        orders.delete(books, module, _document(call, books, module))
    return EmptyResult()


@function("create_timesheet", writes=True)
def create_timesheet(call: Call) -> KeyResult:
    """Enter a timesheet, submitted unless it says Draft, and answer its record number."""
    call.require("TIMESHEET")
    books = books_of(call)
    with refusals_as_errors(TRANSACTION_NOT_CREATED):
        record = values_of(call, _TIMESHEET)
        record["STATE"] = record.get("STATE") or "S"
        return KeyResult(str(sheets.create(books, sheets.TIMESHEET, record)))


def _document(call: Call, books: Books, module: Module) -> Record:
    key = call.attributes["key"].strip()
    record = books.first(module.object, DOCID=key)
    if record is None or not within_reach(books, record):
        raise no_record(key)
    return record


def _patched(
    call: Call, books: Books, module: Module, current: Record, lines: etree._Element
) -> list[Mapping[str, Any]]:
    items = orders.lines_of(books, module, current["RECORDNO"])
    dialect = Dialect(module.items, _LINE)
    for line in lines:
        values, number = values_of(call, dialect, line), line.get("line_num")
        if number is None:
            items.append(values)
        elif not str(number).isdecimal() or not 0 < int(number) <= len(items):
            raise refused(f"'{current['DOCID']}' has no line {number}.")
        else:
            items[int(number) - 1] |= values
    return list(items)


def _contacts(call: Call) -> Record:
    found = {target: (call.element.findtext(f"{name}/contactname") or "").strip() for name, target in _CONTACTS.items()
             if call.element.find(name) is not None}  # fmt: skip
    return {target: name for target, name in found.items() if name}
