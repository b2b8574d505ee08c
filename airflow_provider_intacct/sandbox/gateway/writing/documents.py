"""Legacy functions for bills, invoices and adjustments: create_, update_ and reverse_.

Source: developer.intacct.com, Bills, Invoices; the published schema.
"""

from collections.abc import Sequence
from typing import Any

from lxml import etree

from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.results import KeyResult
from airflow_provider_intacct.sandbox.ledger import documents
from airflow_provider_intacct.sandbox.ledger.books import Books
from airflow_provider_intacct.sandbox.ledger.refusals import TRANSACTION_NOT_CREATED, refused
from airflow_provider_intacct.sandbox.ledger.subledgers import BILL, BILL_ADJUSTMENT, INVOICE, INVOICE_ADJUSTMENT, Kind
from airflow_provider_intacct.sandbox.records import Record

from .acts import books_of, refusals_as_errors
from .legacy import DIMENSIONS, MONEY, Dialect, changes_of, date_of, keyed_record, values_of

_LINE = {
    "glaccountno": "ACCOUNTNO", "accountlabel": "ACCOUNTLABEL", "offsetglaccountno": "OFFSETGLACCOUNTNO",
    "amount": "TRX_AMOUNT", "allocationid": "ALLOCATION", "memo": "ENTRYDESCRIPTION", "locationid": "LOCATIONID",
    "departmentid": "DEPARTMENTID", "billable": "BILLABLE", "item1099": "FORM1099", "form1099type": "FORM1099TYPE",
    "form1099box": "FORM1099BOX", **DIMENSIONS,
}  # fmt: skip
_HEADER = {
    "vendorid": "VENDORID", "customerid": "CUSTOMERID", "datecreated": "WHENCREATED", "dateposted": "WHENPOSTED",
    "datedue": "WHENDUE", "termname": "TERMNAME", "action": "ACTION", "billno": "RECORDID", "invoiceno": "RECORDID",
    "ponumber": "DOCNUMBER", "onhold": "ONHOLD", "description": "DESCRIPTION", "externalid": "EXTERNALID",
    "nogl": "NOGL", "supdocid": "SUPDOCID", **MONEY,
}  # fmt: skip
_BILL = Dialect("APBILL", _HEADER, {"billitems": Dialect("APBILLITEM", _LINE, container=BILL.container)}, words={})
_INVOICE = Dialect("ARINVOICE", _HEADER, {"invoiceitems": Dialect("ARINVOICEITEM", _LINE, container=INVOICE.container)})

_MEMO = {**_HEADER, "adjustmentno": "RECORDID", "billno": "DOCNUMBER", "invoiceno": "DOCNUMBER"}
_POSTED = {"action": {"Posted": "Submit"}}  # the documentation's sample of update_aradjustment says Posted
_BILL_ADJUSTMENT = Dialect(
    "APADJUSTMENT",
    _MEMO,
    {"apadjustmentitems": Dialect("APADJUSTMENTITEM", _LINE, container=BILL_ADJUSTMENT.container)},
    words=_POSTED,
)
_INVOICE_ADJUSTMENT = Dialect(
    "ARADJUSTMENT",
    _MEMO,
    {"aradjustmentitems": Dialect("ARADJUSTMENTITEM", _LINE, container=INVOICE_ADJUSTMENT.container)},
    words=_POSTED,
)


@function("create_bill", writes=True)
def create_bill(call: Call) -> KeyResult:
    """Enter a bill and answer its record number."""
    return _create(call, BILL, _BILL)


@function("create_invoice", writes=True)
def create_invoice(call: Call) -> KeyResult:
    """Enter an invoice and answer its record number."""
    return _create(call, INVOICE, _INVOICE)


@function("update_bill", writes=True)
def update_bill(call: Call) -> KeyResult:
    """Change a bill; lines are patched by their number, lines without one are added."""
    return _update(call, BILL, _BILL, "updatebillitems")


@function("update_invoice", writes=True)
def update_invoice(call: Call) -> KeyResult:
    """Change an invoice; lines are patched by their number, lines without one are added."""
    return _update(call, INVOICE, _INVOICE, "updateinvoiceitems")


@function("create_apadjustment", writes=True)
def create_ap_adjustment(call: Call) -> KeyResult:
    """Enter an AP adjustment, a credit memo where its amounts are positive, and answer its record number."""
    return _create(call, BILL_ADJUSTMENT, _BILL_ADJUSTMENT)


@function("create_aradjustment", writes=True)
def create_ar_adjustment(call: Call) -> KeyResult:
    """Enter an AR adjustment, a debit memo where its amounts are positive, and answer its record number."""
    return _create(call, INVOICE_ADJUSTMENT, _INVOICE_ADJUSTMENT)


@function("update_apadjustment", writes=True)
def update_ap_adjustment(call: Call) -> KeyResult:
    """Change an AP adjustment; lines are patched by their number, lines without one are added."""
    return _update(call, BILL_ADJUSTMENT, _BILL_ADJUSTMENT, "updateapadjustmentitems")


@function("update_aradjustment", writes=True)
def update_ar_adjustment(call: Call) -> KeyResult:
    """Change an AR adjustment; lines are patched by their number, lines without one are added."""
    return _update(call, INVOICE_ADJUSTMENT, _INVOICE_ADJUSTMENT, "updatearadjustmentitems")


@function("reverse_bill", writes=True)
def reverse_bill(call: Call) -> KeyResult:
    """Reverse an unpaid bill on a date."""
    return reverse(call, BILL)


@function("reverse_invoice", writes=True)
def reverse_invoice(call: Call) -> KeyResult:
    """Reverse an unpaid invoice on a date."""
    return reverse(call, INVOICE)


def _create(call: Call, kind: Kind, dialect: Dialect) -> KeyResult:
    call.require(kind.object)
    books = books_of(call)
    with refusals_as_errors(TRANSACTION_NOT_CREATED):
        record = values_of(call, dialect) | _contacts(call)
        return KeyResult(str(documents.create(books, kind, record)))


def _update(call: Call, kind: Kind, dialect: Dialect, container: str) -> KeyResult:
    call.require(kind.object)
    books = books_of(call)
    with refusals_as_errors(TRANSACTION_NOT_CREATED):
        current = keyed_record(call, books, books.definition(kind.object))
        changes = changes_of(call, dialect) | _contacts(call)
        lines = call.element.find(container)
        if lines is not None:
            line_dialect = next(iter(dialect.lines.values()))
            changes[kind.container] = patched(call, books, kind, current, lines, line_dialect)
        documents.update(books, kind, current, changes)
        return KeyResult(str(current["RECORDNO"]))


def patched(
    call: Call, books: Books, kind: Kind, current: Record, lines: etree._Element, dialect: Dialect
) -> Sequence[Record]:
    """Return all lines of a document: one with a number changes the line of that number, one without is added."""
    items: list[dict[str, Any]] = documents.items_of(books, kind, current["RECORDNO"])
    for line in lines:
        values = values_of(call, dialect, line)
        if line.get("line_num") is None:
            items.append(values)
            continue
        number = str(line.get("line_num"))
        if not number.isdecimal() or not 0 < int(number) <= len(items):
            raise refused(f"{kind.name} '{current['RECORDID']}' has no line {number}.")
        if values.get("ACCOUNTLABEL"):
            values = {"ACCOUNTNO": None, **values}
        items[int(number) - 1] |= values
    return items


def reverse(call: Call, kind: Kind, memo: str = "description") -> KeyResult:
    """Reverse a document on a date and answer its record number, or that of its reversal (a switch)."""
    call.require(kind.object)
    books = books_of(call)
    with refusals_as_errors(TRANSACTION_NOT_CREATED):
        current = keyed_record(call, books, books.definition(kind.object))
        day = date_of(call, "datereversed")
        key = documents.reverse(books, kind, current, day, call.element.findtext(memo))
        if books.switches["reversal_key"] == "reversal":
            key = (books.first(kind.object, RECORDNO=key) or current)["REVERSALKEY"]
        return KeyResult(str(key))


def _contacts(call: Call) -> Record:
    """Return the contacts of a document: the bill-to or pay-to one, and the ship-to or return-to one."""
    found = {}
    for names, target in (
        (("payto", "billto"), "BILLTOPAYTOCONTACTNAME"),
        (("returnto", "shipto"), "SHIPTORETURNTOCONTACTNAME"),
    ):
        for name in names:
            text = (call.element.findtext(f"{name}/contactname") or "").strip()
            if text:
                found[target] = text
    return found
