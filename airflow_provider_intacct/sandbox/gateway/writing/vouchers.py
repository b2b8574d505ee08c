"""Expense reports, charge card transactions, other receipts and deposits: functions with names and lines of their own.

Source: developer.intacct.com, Expense reports, Cash Management; the published schema.
"""

from collections.abc import Mapping

from lxml import etree

from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.results import KeyResult
from airflow_provider_intacct.sandbox.ledger import cash, documents
from airflow_provider_intacct.sandbox.ledger.books import Books
from airflow_provider_intacct.sandbox.ledger.refusals import TRANSACTION_NOT_CREATED
from airflow_provider_intacct.sandbox.ledger.subledgers import CARD_CHARGE, EXPENSE_REPORT, OTHER_RECEIPT, Kind
from airflow_provider_intacct.sandbox.records import Record

from .acts import books_of, refusals_as_errors
from .documents import patched, reverse
from .legacy import DIMENSIONS, MONEY, Dialect, changes_of, keyed_record, values_of

_PLACES = {"locationid": "LOCATIONID", "departmentid": "DEPARTMENTID", **DIMENSIONS}
_EXPENSE = {
    "expensetype": "ACCOUNTLABEL", "glaccountno": "ACCOUNTNO", "amount": "TRX_AMOUNT", "trx_amount": "TRX_AMOUNT",
    "expensedate": "EXPENSEDATE", "memo": "ENTRYDESCRIPTION", "form1099": "FORM1099", "form1099type": "FORM1099TYPE",
    "form1099box": "FORM1099BOX", "paidfor": "PAIDFOR", "billable": "BILLABLE", "exppmttype": "EXPPMTTYPE",
    "quantity": "QUANTITY", "rate": "UNITRATE", **_PLACES,
}  # fmt: skip
_EXPENSE_REPORT = Dialect(
    "EEXPENSES",
    {
        "employeeid": "EMPLOYEEID", "datecreated": "WHENCREATED", "dateposted": "WHENPOSTED", "state": "ACTION",
        "expensereportno": "RECORDID", "description": "DESCRIPTION", "memo": "MEMO", "externalid": "EXTERNALID",
        "supdocid": "SUPDOCID", **MONEY,
    },
    {"expenses": Dialect("EEXPENSESITEM", _EXPENSE, container=EXPENSE_REPORT.container)},
    words={"state": {"Submitted": "Submit"}},
)  # fmt: skip
_CHARGE_LINE = {
    "glaccountno": "ACCOUNTNO", "accountlabel": "ACCOUNTLABEL", "description": "ENTRYDESCRIPTION",
    "paymentamount": "TRX_AMOUNT", **_PLACES,
}  # fmt: skip
_CHARGE = Dialect(
    "CCTRANSACTION",
    {
        "chargecardid": "FINANCIALENTITY", "paymentdate": "WHENCREATED", "referenceno": "DOCNUMBER",
        "payee": "DESCRIPTION2", "description": "DESCRIPTION", "supdocid": "SUPDOCID", **MONEY,
    },
    {"ccpayitems": Dialect("CCTRANSACTIONENTRY", _CHARGE_LINE, container=CARD_CHARGE.container)},
)  # fmt: skip
_RECEIPT_LINE = {
    "glaccountno": "ACCOUNTNO", "accountlabel": "ACCOUNTLABEL", "amount": "TRX_AMOUNT", "memo": "ENTRYDESCRIPTION",
    **_PLACES,
}  # fmt: skip
_RECEIPT = Dialect(
    "OTHERRECEIPTS",
    {
        "paymentdate": "WHENCREATED", "payee": "DESCRIPTION2", "receiveddate": "RECEIPTDATE",
        "paymentmethod": "PAYMETHOD", "undepglaccountno": "UNDEPOSITEDACCOUNTNO", "bankaccountid": "FINANCIALENTITY",
        "depositdate": "DEPOSITDATE", "refid": "DOCNUMBER", "description": "DESCRIPTION", "supdocid": "SUPDOCID",
        **MONEY,
    },
    {"receiptitems": Dialect("OTHERRECEIPTSENTRY", _RECEIPT_LINE, container=OTHER_RECEIPT.container)},
)  # fmt: skip
_DEPOSIT = Dialect(
    "DEPOSIT",
    {
        "bankaccountid": "FINANCIALENTITY", "depositdate": "WHENCREATED", "depositid": "RECORDID",
        "description": "DESCRIPTION", "supdocid": "SUPDOCID",
    },
)  # fmt: skip


@function("create_expensereport", writes=True)
def create_expensereport(call: Call) -> KeyResult:
    """Enter an expense report, submitted unless it says Draft, and answer its record number."""
    call.require("EEXPENSES")
    books = books_of(call)
    with refusals_as_errors(TRANSACTION_NOT_CREATED):
        return KeyResult(str(documents.create(books, EXPENSE_REPORT, values_of(call, _EXPENSE_REPORT))))


@function("update_expensereport", writes=True)
def update_expensereport(call: Call) -> KeyResult:
    """Change an expense report; an updateexpense changes the line of that number, an expense adds one."""
    return _update(call, EXPENSE_REPORT, _EXPENSE_REPORT, "updateexpenses")


@function("reverse_expensereport", writes=True)
def reverse_expensereport(call: Call) -> KeyResult:
    """Reverse an expense report on a date."""
    return reverse(call, EXPENSE_REPORT)


@function("record_cctransaction", writes=True)
def record_cctransaction(call: Call) -> KeyResult:
    """Enter what was paid by a charge card and answer its record number."""
    call.require("CCTRANSACTION")
    books = books_of(call)
    with refusals_as_errors(TRANSACTION_NOT_CREATED):
        return KeyResult(str(cash.charge(books, values_of(call, _CHARGE))))


@function("update_cctransaction", writes=True)
def update_cctransaction(call: Call) -> KeyResult:
    """Change a charge card transaction; lines are patched by their number, lines without one are added."""
    return _update(call, CARD_CHARGE, _CHARGE, "updateccpayitems")


@function("reverse_cctransaction", writes=True)
def reverse_cctransaction(call: Call) -> KeyResult:
    """Reverse a charge card transaction on a date."""
    return reverse(call, CARD_CHARGE, memo="memo")


@function("record_otherreceipt", writes=True)
def record_otherreceipt(call: Call) -> KeyResult:
    """Enter money received that no invoice asked for, in a bank account or undeposited; answer its record number."""
    call.require("OTHERRECEIPTS")
    books = books_of(call)
    with refusals_as_errors(TRANSACTION_NOT_CREATED):
        return KeyResult(str(cash.receive(books, values_of(call, _RECEIPT))))


@function("record_deposit", writes=True)
def record_deposit(call: Call) -> KeyResult:
    """Bring undeposited receipts to the bank, those named by key or entered with the deposit; answer its number."""
    call.require("DEPOSIT")
    books = books_of(call)
    with refusals_as_errors(TRANSACTION_NOT_CREATED):
        keys = [_whole(key.text) for key in call.element.iterfind("receiptkeys/receiptkey")]
        entered = [values_of(call, _RECEIPT, receipt) for receipt in call.element.iterfind("receipts/receipt")]
        keys += [cash.receive(books, receipt) for receipt in entered]
        return KeyResult(str(cash.deposit(books, values_of(call, _DEPOSIT), keys)))


def _update(call: Call, kind: Kind, dialect: Dialect, container: str) -> KeyResult:
    call.require(kind.object)
    books = books_of(call)
    with refusals_as_errors(TRANSACTION_NOT_CREATED):
        current = keyed_record(call, books, books.definition(kind.object))
        changes = changes_of(call, dialect)
        lines = call.element.find(container)
        if lines is not None:
            changes[kind.container] = _lines(call, books, kind, current, lines, next(iter(dialect.lines.values())))
        documents.update(books, kind, current, changes)
        return KeyResult(str(current["RECORDNO"]))


def _lines(
    call: Call, books: Books, kind: Kind, current: Record, lines: etree._Element, dialect: Dialect
) -> list[Mapping[str, object]]:
    """Return the lines after the change; each stays on the control account that the first one has."""
    control = documents.items_of(books, kind, current["RECORDNO"])[0]["OFFSETGLACCOUNTNO"]
    return [{**line, "OFFSETGLACCOUNTNO": control} for line in patched(call, books, kind, current, lines, dialect)]


def _whole(text: str | None) -> int:
    word = (text or "").strip()
    return int(word) if word.isdecimal() and len(word) < 19 else 0
