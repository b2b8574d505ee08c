"""What tells accounts payable from receivable: objects, journals, control accounts, and the side they book on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document: bills of vendors, invoices to customers.

    `side` is 1 where a document's lines are debits and the control account is credited, -1 the other way round.
    """

    name: str
    object: str
    items: str
    container: str
    party: str
    party_field: str
    term: str
    record_type: str
    module: str
    journal: str
    control_account: str
    side: int


@dataclass(frozen=True, slots=True)
class PaymentKind:
    """A kind of payment and the documents that it settles."""

    name: str
    object: str
    details: str
    container: str
    date_field: str
    record_type: str
    journal: str
    documents: Kind


BILL = Kind(
    "Bill", "APBILL", "APBILLITEM", "APBILLITEMS", "VENDOR", "VENDORID", "APTERM", "pi", "3.AP", "APJ", "2000", 1
)
INVOICE = Kind(
    "Invoice", "ARINVOICE", "ARINVOICEITEM", "ARINVOICEITEMS", "CUSTOMER", "CUSTOMERID", "ARTERM", "ri", "4.AR", "ARJ",
    "1200", -1,
)  # fmt: skip
BILL_PAYMENT = PaymentKind("Payment", "APPYMT", "APPYMTDETAIL", "APPYMTDETAILS", "PAYMENTDATE", "pp", "CDJ", BILL)
INVOICE_PAYMENT = PaymentKind("Receipt", "ARPYMT", "ARPYMTDETAIL", "ARPYMTDETAILS", "RECEIPTDATE", "rp", "CRJ", INVOICE)
EXCHANGE_GAIN_OR_LOSS = "7900"
UNAPPLIED_RECEIPTS = "2300"

DRAFT, POSTED, PARTLY_PAID, PAID, REVERSED, REVERSAL = "D", "A", "PP", "P", "V", "VR"
"""Stored codes of a document's STATE."""
PAYMENT_DRAFT, PAYMENT_POSTED, PAYMENT_VOIDED = "D", "C", "V"
"""Stored codes of a payment's STATE."""
