"""What tells accounts payable from receivable: objects, journals, control accounts, and the side they book on."""

from collections.abc import Mapping
from dataclasses import dataclass

from . import approvals
from .approvals import Workflow


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document: bills of vendors, invoices to customers, adjustments of either.

    `side` is 1 where a document's lines are debits and the control account is credited, -1 the other way round.
    Without `party` it is nobody's. `label` is the object of its account labels; `workflow` is None where nobody ever
    has to approve. `prepaid` is money in advance: its lines, not its control account, are what it leaves to be applied.
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
    label: str
    workflow: Workflow | None = None
    prepaid: bool = False

    @property
    def signed(self) -> bool:
        """Whether a document may be negative, and has no terms: a memo, not a bill."""
        return not self.term

    @property
    def memo(self) -> bool:
        """Whether a document is a debit or a credit memo as a whole."""
        return self.signed and self.party in ("VENDOR", "CUSTOMER") and not self.prepaid

    @property
    def unposted(self) -> frozenset[str]:
        """The states of a document that has not reached the ledger."""
        return self.workflow.unposted if self.workflow else frozenset({DRAFT})


@dataclass(frozen=True, slots=True)
class PaymentKind:
    """A kind of payment, the documents and the memos that it settles, where discounts go, and advances it can apply."""

    name: str
    object: str
    details: str
    container: str
    date_field: str
    record_type: str
    journal: str
    documents: Kind
    adjustments: Kind
    discount_account: str
    workflow: Workflow | None = None
    advances: Kind | None = None

    @property
    def holding(self) -> frozenset[str]:
        """The states of a payment that has selected what it will settle, and has not settled it."""
        return self.workflow.waiting | {PAYMENT_APPROVED} if self.workflow else frozenset()


BILL = Kind(
    "Bill", "APBILL", "APBILLITEM", "APBILLITEMS", "VENDOR", "VENDORID", "APTERM", "pi", "3.AP", "APJ", "2000", 1,
    "APACCOUNTLABEL", approvals.BILL,
)  # fmt: skip
INVOICE = Kind(
    "Invoice", "ARINVOICE", "ARINVOICEITEM", "ARINVOICEITEMS", "CUSTOMER", "CUSTOMERID", "ARTERM", "ri", "4.AR", "ARJ",
    "1200", -1, "ARACCOUNTLABEL",
)  # fmt: skip
BILL_ADJUSTMENT = Kind(
    "Adjustment", "APADJUSTMENT", "APADJUSTMENTITEM", "APADJUSTMENTITEMS", "VENDOR", "VENDORID", "", "pa", "3.AP",
    "APJ", "2000", 1, "APACCOUNTLABEL",
)  # fmt: skip
INVOICE_ADJUSTMENT = Kind(
    "Adjustment", "ARADJUSTMENT", "ARADJUSTMENTITEM", "ARADJUSTMENTITEMS", "CUSTOMER", "CUSTOMERID", "", "ra", "4.AR",
    "ARJ", "1200", -1, "ARACCOUNTLABEL",
)  # fmt: skip
ADVANCE = Kind(
    "Advance", "ARADVANCE", "ARADVANCEITEM", "ARADVANCEITEMS", "CUSTOMER", "CUSTOMERID", "", "rr", "4.AR", "CRJ",
    "1150", -1, "ARACCOUNTLABEL", prepaid=True,
)  # fmt: skip
EXPENSE_REPORT = Kind(
    "Expense report", "EEXPENSES", "EEXPENSESITEM", "EEXPENSESITEMS", "EMPLOYEE", "EMPLOYEEID", "", "ei", "6.EE",
    "APJ", "2110", 1, "EEACCOUNTLABEL", approvals.EXPENSES,
)  # fmt: skip
CARD_CHARGE = Kind(
    "Charge", "CCTRANSACTION", "CCTRANSACTIONENTRY", "CCTRANSACTIONENTRIES", "CREDITCARD", "FINANCIALENTITY", "", "cn",
    "11.CM", "CDJ", "2500", 1, "APACCOUNTLABEL",
)  # fmt: skip
OTHER_RECEIPT = Kind(
    "Other receipt", "OTHERRECEIPTS", "OTHERRECEIPTSENTRY", "OTHERRECEIPTSENTRIES", "", "", "", "ro", "11.CM", "CRJ",
    "1150", -1, "ARACCOUNTLABEL",
)  # fmt: skip
DEPOSIT = Kind(
    "Deposit", "DEPOSIT", "DEPOSITENTRY", "DEPOSITENTRIES", "", "", "", "cd", "11.CM", "CRJ", "1150", -1, "",
)  # fmt: skip
BILL_PAYMENT = PaymentKind(
    "Payment", "APPYMT", "APPYMTDETAIL", "APPYMTDETAILS", "PAYMENTDATE", "pp", "CDJ", BILL, BILL_ADJUSTMENT,
    "7200", approvals.PAYMENT,
)  # fmt: skip
INVOICE_PAYMENT = PaymentKind(
    "Receipt", "ARPYMT", "ARPYMTDETAIL", "ARPYMTDETAILS", "RECEIPTDATE", "rp", "CRJ", INVOICE, INVOICE_ADJUSTMENT,
    "4900", advances=ADVANCE,
)  # fmt: skip
DOCUMENTS = (
    BILL, INVOICE, BILL_ADJUSTMENT, INVOICE_ADJUSTMENT, ADVANCE, EXPENSE_REPORT, CARD_CHARGE, OTHER_RECEIPT, DEPOSIT,
)  # fmt: skip
KINDS: Mapping[str, Kind] = {kind.object: kind for kind in DOCUMENTS}
EXCHANGE_GAIN_OR_LOSS = "7900"
UNAPPLIED_RECEIPTS = "2300"

DRAFT, POSTED, SELECTED, PARTLY_PAID, PAID, REVERSED, REVERSAL = "D", "A", "SL", "PP", "P", "V", "VR"
"""Stored codes of a document's STATE."""
PAYMENT_DRAFT, PAYMENT_APPROVED, PAYMENT_POSTED, PAYMENT_DECLINED, PAYMENT_VOIDED = "D", "A", "C", "R", "V"
"""Stored codes of a payment's STATE."""
