"""Legacy functions for payments: create_arpayment, reverse_arpayment and reverse_appayment.

Source: developer.intacct.com, AR payments, AP payments; the published schema.
"""

from collections.abc import Sequence
from decimal import Decimal

from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.results import KeyResult
from airflow_provider_intacct.sandbox.ledger import payment_postings, payments
from airflow_provider_intacct.sandbox.ledger.books import BASE_CURRENCY, Books
from airflow_provider_intacct.sandbox.ledger.refusals import TRANSACTION_NOT_CREATED, refused
from airflow_provider_intacct.sandbox.ledger.subledgers import BILL_PAYMENT, INVOICE_PAYMENT, PaymentKind
from airflow_provider_intacct.sandbox.records import Record

from .acts import books_of, refusals_as_errors
from .legacy import MONEY, Dialect, date_of, keyed_record, values_of

_RECEIPT = Dialect(
    "ARPYMT",
    {
        "customerid": "CUSTOMERID", "bankaccountid": "FINANCIALENTITY", "undepfundsacct": "UNDEPOSITEDACCOUNTNO",
        "refid": "DOCNUMBER", "datereceived": "RECEIPTDATE", "paymentmethod": "PAYMENTMETHOD",
        "paymentamount": "TRX_TOTALENTERED", **MONEY,
    },
)  # fmt: skip
_APPLIED = Dialect("ARPYMTDETAIL", {"invoicekey": "RECORDKEY", "amount": "TRX_PAYMENTAMOUNT"})


@function("create_arpayment", writes=True)
def create_arpayment(call: Call) -> KeyResult:
    """Enter a receipt, apply it to invoices, and keep what is left over as owed to the customer."""
    call.require("ARPYMT")
    books = books_of(call)
    with refusals_as_errors(TRANSACTION_NOT_CREATED):
        record = values_of(call, _RECEIPT)
        items: list[Record] = [values_of(call, _APPLIED, item) for item in call.element.findall("arpaymentitem")]
        total = record.pop("TRX_TOTALENTERED") or Decimal(0)
        applied = sum((item.get("TRX_PAYMENTAMOUNT") or Decimal(0) for item in items), Decimal(0))
        if applied > total:
            raise refused(f"The amounts applied add up to {applied}, the payment is {total}.")
        record |= {
            "CURRENCY": record.get("CURRENCY") or _currency(books, record, items),
            "PAYMENTMETHOD": record.get("PAYMENTMETHOD") or "Printed Check",
            "RECEIPTDATE": record.get("RECEIPTDATE") or books.now.date(),
            "OVERPAYMENTLOCATIONID": (call.element.findtext("overpaylocid") or "").strip() or books.entity,
            "OVERPAYMENTAMOUNT": total - applied,
            INVOICE_PAYMENT.container: items,
        }
        return KeyResult(str(payments.create(books, INVOICE_PAYMENT, record)))


@function("reverse_arpayment", writes=True)
def reverse_arpayment(call: Call) -> KeyResult:
    """Reverse a receipt on a date: the invoices it settled are due again."""
    return _reverse(call, INVOICE_PAYMENT)


@function("reverse_appayment", writes=True)
def reverse_appayment(call: Call) -> KeyResult:
    """Void a payment on a date: the bills it settled are due again."""
    return _reverse(call, BILL_PAYMENT)


def _currency(books: Books, record: Record, items: Sequence[Record]) -> str:
    """Return the currency of a receipt that names none: that of its first invoice, else of its bank account."""
    invoice = books.first("ARINVOICE", RECORDNO=items[0].get("RECORDKEY")) if items else None
    if invoice is not None:
        return str(invoice["CURRENCY"])
    if record.get("FINANCIALENTITY"):
        return str(payment_postings.bank_account(books, record["FINANCIALENTITY"])["CURRENCY"] or BASE_CURRENCY)
    return BASE_CURRENCY


def _reverse(call: Call, kind: PaymentKind) -> KeyResult:
    call.require(kind.object)
    books = books_of(call)
    with refusals_as_errors(TRANSACTION_NOT_CREATED):
        current = keyed_record(call, books, books.definition(kind.object))
        day, memo = date_of(call, "datereversed"), call.element.findtext("description")
        return KeyResult(str(payments.void(books, kind, current, day, memo)))
