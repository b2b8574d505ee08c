"""Legacy functions that settle with what is there: create_paymentrequest and apply_arpayment.

Source: developer.intacct.com, AP payments > Create AP Payment Request, AR payments; the published schema.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.results import KeyResult
from airflow_provider_intacct.sandbox.ledger import documents, payment_postings, payments
from airflow_provider_intacct.sandbox.ledger.books import BASE_CURRENCY, Books
from airflow_provider_intacct.sandbox.ledger.checks import missing
from airflow_provider_intacct.sandbox.ledger.refusals import (
    TRANSACTION_NOT_CREATED,
    invalid_reference,
    no_record,
    refused,
)
from airflow_provider_intacct.sandbox.ledger.settlement import open_amount
from airflow_provider_intacct.sandbox.ledger.subledgers import BILL_ADJUSTMENT, BILL_PAYMENT, INVOICE_PAYMENT
from airflow_provider_intacct.sandbox.records import Record, fetch

from .acts import books_of, refusals_as_errors, within_reach
from .legacy import Dialect, values_of

_ZERO = Decimal(0)
_REQUEST = Dialect(
    "APPYMT",
    {
        "bankaccountid": "FINANCIALENTITY", "vendorid": "VENDORID", "paymentmethod": "PAYMENTMETHOD",
        "paymentdate": "PAYMENTDATE", "paymentoption": "PAYMENTREQUESTMETHOD", "documentnumber": "DOCNUMBER",
        "memo": "DESCRIPTION",
    },
)  # fmt: skip
_ITEM = Dialect("APPYMTDETAIL", {"key": "RECORDKEY", "paymentamount": "TRX_PAYMENTAMOUNT",
                                 "credittoapply": "TRX_ADJUSTMENTAMOUNT",
                                 "discounttoapply": "TRX_DISCOUNTAMOUNT"})  # fmt: skip
_APPLIED = Dialect("ARPYMTDETAIL", {"invoicekey": "RECORDKEY", "amount": "TRX_POSTEDOVERPAYMENTAMOUNT"})


@dataclass(slots=True)
class Credit:
    """A memo that can pay, and what is left of it while a request is read."""

    key: int
    left: Decimal


@function("create_paymentrequest", writes=True)
def create_payment_request(call: Call) -> KeyResult:
    """Enter a payment of bills and memos by their keys and answer its record number.

    A negative memo among the items lends its amount to what the bills name as credit; what is still wanted comes from
    the vendor's oldest credits.
    """
    call.require("APPYMT")
    books = books_of(call)
    with refusals_as_errors(TRANSACTION_NOT_CREATED):
        if call.element.find("chargecardid") is not None:
            raise invalid_reference("Charge card", call.element.findtext("chargecardid"))
        record = values_of(call, _REQUEST)
        items = [values_of(call, _ITEM, item) for item in call.element.iterfind("paymentrequestitems/*")]
        if not items:
            raise missing(books, "Payment request items")
        record["CURRENCY"] = _currency(books, record, items)
        record[BILL_PAYMENT.container] = list(_details(books, str(record.get("VENDORID")), items))
        return KeyResult(str(payments.create(books, BILL_PAYMENT, record)))


@function("apply_arpayment", writes=True)
def apply_ar_payment(call: Call) -> KeyResult:
    """Apply what a receipt left over to invoices, and answer the record number of the application."""
    call.require("ARPYMT")
    books = books_of(call)
    with refusals_as_errors(TRANSACTION_NOT_CREATED):
        receipt = _receipt(books, (call.element.findtext("arpaymentkey") or "").strip())
        values = values_of(call, Dialect("ARPYMT", {"paymentdate": "RECEIPTDATE", "memo": "DESCRIPTION"}))
        items = [values_of(call, _APPLIED, item) for item in call.element.iterfind("arpaymentitems/arpaymentitem")]
        details = [{**item, "OVERPAYMENTKEY": receipt["RECORDNO"]} for item in items]
        kept = {name: receipt[name] for name in ("CUSTOMERID", "PAYERNAME", "CURRENCY")}
        record = {**kept, **values, INVOICE_PAYMENT.container: details}
        return KeyResult(str(payments.create(books, INVOICE_PAYMENT, record)))


def _receipt(books: Books, key: str) -> Record:
    known = key.isdecimal() and len(key) < 19
    receipt = fetch(books.db, books.definition("ARPYMT"), int(key)) if known else None
    if receipt is None or not within_reach(books, receipt):
        raise no_record(key)
    return receipt


def _currency(books: Books, record: Record, items: list[Record]) -> str:
    """Return the currency of the first item, else of the bank account."""
    key = items[0].get("RECORDKEY")
    first = books.first("APBILL", RECORDNO=key) or books.first("APADJUSTMENT", RECORDNO=key)
    if first is not None:
        return str(first["CURRENCY"])
    bank = payment_postings.bank_account(books, str(record.get("FINANCIALENTITY")))
    return str(bank["CURRENCY"] or BASE_CURRENCY)


def _details(books: Books, vendor: str, items: list[Record]) -> Iterator[Record]:
    """Yield the payment's details: bills and positive memos with their cash, and a detail for each credit used."""
    memos = {item["RECORDKEY"]: books.first("APADJUSTMENT", RECORDNO=item["RECORDKEY"]) for item in items}
    pool: list[Credit] = []
    for item in items:
        memo = memos[item["RECORDKEY"]]
        if memo is not None and memo["TRX_TOTALENTERED"] < 0:
            pool.append(Credit(memo["RECORDNO"], item.get("TRX_PAYMENTAMOUNT") or _ZERO))
    pool += _oldest_credits(books, vendor, {credit.key for credit in pool})
    for item in items:
        memo = memos[item["RECORDKEY"]]
        if memo is not None and memo["TRX_TOTALENTERED"] < 0:
            continue
        target = {"RECORDKEY" if memo is None else "POSADJKEY": item["RECORDKEY"]}
        yield from ({**target, **used} for used in _lent(pool, item.get("TRX_ADJUSTMENTAMOUNT") or _ZERO))
        cash = item.get("TRX_PAYMENTAMOUNT") or _ZERO
        if cash:
            discount = item.get("TRX_DISCOUNTAMOUNT") or None
            yield {**target, "TRX_PAYMENTAMOUNT": cash, "TRX_TOTALDISCOUNTTOAPPLY": discount}


def _lent(pool: list[Credit], wanted: Decimal) -> Iterator[Record]:
    """Yield the credits that make up the amount, and take them off the pool."""
    for credit in pool:
        part = min(wanted, credit.left)
        if part > 0:
            credit.left -= part
            wanted -= part
            yield {"ADJUSTMENTKEY": credit.key, "TRX_ADJUSTMENTAMOUNT": part}
    if wanted:
        raise refused(f"The credits of the vendor fall {wanted} short of the credit to apply.")


def _oldest_credits(books: Books, vendor: str, named: set[int]) -> list[Credit]:
    memos = books.find("APADJUSTMENT", VENDORID=vendor)
    posted = [memo for memo in memos if memo["STATE"] not in BILL_ADJUSTMENT.unposted]
    found = []
    for memo in sorted(posted, key=lambda memo: (memo["WHENCREATED"], memo["RECORDNO"])):
        lines = documents.items_of(books, BILL_ADJUSTMENT, memo["RECORDNO"])
        left = -sum((open_amount(line) for line in lines), _ZERO)
        if left > 0 and memo["RECORDNO"] not in named:
            found.append(Credit(memo["RECORDNO"], left))
    return found
