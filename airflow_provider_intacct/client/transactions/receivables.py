"""What customers owe and pay: invoices, adjustments, payments received.

Source: developer.intacct.com, Accounts Receivable > Invoices, Adjustments, AR payments.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from airflow_provider_intacct.client.transactions.documents import (
    EXCHANGE,
    Action,
    Adjustment,
    Credit,
    DocumentLine,
    Key,
    credit_problem,
    paid_problem,
    when_due,
    with_amounts,
    without_tax_included,
)
from airflow_provider_intacct.client.transactions.shape import CustomFields, Money, Number, Part, Style, Transaction
from airflow_provider_intacct.client.transactions.values import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice(Transaction):
    """An invoice to a customer, due on `due` or by `terms`. Intacct documents no generic create for it.

    Its natural key is the number. `reference` (the customer's order number) is stamped if empty.
    """

    customer: Annotated[str, "customerid"]
    invoice_date: Annotated[date, "datecreated"]
    lines: Annotated[Sequence[DocumentLine], "invoiceitems/lineitem"]
    due: Annotated[date | None, "datedue"] = None
    terms: Annotated[str | None, "termname"] = None
    number: Annotated[str | None, "invoiceno"] = None
    reference: Annotated[str | None, "ponumber"] = None
    description: Annotated[str | None, "description"] = None
    posting_date: Annotated[date | None, "dateposted"] = None
    summary: Annotated[str | None, "batchkey"] = None
    exchange: Exchange | None = None
    bill_to: Annotated[str | None, "billto/contactname"] = None
    ship_to: Annotated[str | None, "shipto/contactname"] = None
    no_gl: Annotated[bool | None, "nogl"] = None
    tax_solution: Annotated[str | None, "taxsolutionid"] = None
    attachment: Annotated[str | None, "supdocid"] = None
    external_id: Annotated[str | None, "externalid"] = None
    action: Annotated[Action | None, "action"] = None
    custom_fields: CustomFields | None = None

    object_name: ClassVar[str] = "ARINVOICE"
    function: ClassVar[str] = "create_invoice"
    style: ClassVar[Style] = "legacy"
    order: ClassVar[tuple[str, ...]] = (
        *("customerid", "datecreated", "dateposted", "datedue", "termname", "batchkey", "action", "invoiceno"),
        *("ponumber", "description", "externalid", "billto", "shipto", *EXCHANGE, "nogl", "supdocid"),
        *("customfields", "taxsolutionid", "invoiceitems"),
    )

    def derived(self) -> dict[str, Any]:
        """Say `nogl` where a tax solution is named: a reference that is stamped finds its place before it."""
        return {"nogl": False} if self.tax_solution is not None and self.no_gl is None else {}

    def problem(self) -> str:
        """Say that nothing tells when it is due, that a line has no amount, or nothing."""
        return when_due(self.due, self.terms) or without_tax_included(self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedPaymentDetail(Part):
    """What is paid of one invoice: by money, by a credit, or both. All keys are record numbers (RECORDNO).

    `debit_memo` is paid instead of an invoice. `adjustment` (a credit memo), `advance`, `overpayment` (of an earlier
    payment), `inline_credit` (a negative line) and `negative_invoice` use up a credit of the customer's, each with its
    amount and, if wanted, the line it comes from; a detail uses one kind of credit.

    `discount_date` takes the discount that terms give on that day, `discount` one of your own.
    """

    amount: Annotated[Money | None, "TRX_PAYMENTAMOUNT"] = None
    invoice: Annotated[Key | None, "RECORDKEY"] = None
    invoice_line: Annotated[Key | None, "ENTRYKEY"] = None
    debit_memo: Annotated[Key | None, "POSADJKEY"] = None
    debit_memo_line: Annotated[Key | None, "POSADJENTRYKEY"] = None
    adjustment: Annotated[Key | None, "ADJUSTMENTKEY"] = None
    adjustment_line: Annotated[Key | None, "ADJUSTMENTENTRYKEY"] = None
    adjustment_amount: Annotated[Money | None, "TRX_ADJUSTMENTAMOUNT"] = None
    inline_credit: Annotated[Key | None, "INLINEKEY"] = None
    inline_line: Annotated[Key | None, "INLINEENTRYKEY"] = None
    inline_amount: Annotated[Money | None, "TRX_INLINEAMOUNT"] = None
    advance: Annotated[Key | None, "ADVANCEKEY"] = None
    advance_line: Annotated[Key | None, "ADVANCEENTRYKEY"] = None
    advance_amount: Annotated[Money | None, "TRX_POSTEDADVANCEAMOUNT"] = None
    overpayment: Annotated[Key | None, "OVERPAYMENTKEY"] = None
    overpayment_line: Annotated[Key | None, "OVERPAYMENTENTRYKEY"] = None
    overpayment_amount: Annotated[Money | None, "TRX_POSTEDOVERPAYMENTAMOUNT"] = None
    negative_invoice: Annotated[Key | None, "NEGATIVEINVOICEKEY"] = None
    negative_invoice_line: Annotated[Key | None, "NEGATIVEINVOICEENTRYKEY"] = None
    negative_invoice_amount: Annotated[Money | None, "TRX_NEGATIVEINVOICEAMOUNT"] = None
    discount: Annotated[Money | None, "TRX_TOTALDISCOUNTTOAPPLY"] = None
    discount_date: Annotated[date | None, "DISCOUNTDATE"] = None

    def problem(self) -> str:
        """Say what is missing or has the wrong sign, or nothing."""
        memo, memo_line = self.debit_memo, self.debit_memo_line
        paid = paid_problem("invoice", self.invoice, self.invoice_line, debit_memo=memo, debit_memo_line=memo_line)
        return paid or self._credit_problem() or self._discount_problem()

    def _credit_problem(self) -> str:
        credits = [
            Credit("adjustment", self.adjustment, self.adjustment_line, self.adjustment_amount),
            Credit("inline_credit", self.inline_credit, self.inline_line, self.inline_amount),
            Credit("advance", self.advance, self.advance_line, self.advance_amount),
            Credit("overpayment", self.overpayment, self.overpayment_line, self.overpayment_amount),
            Credit("negative_invoice", self.negative_invoice, self.negative_invoice_line, self.negative_invoice_amount),
        ]
        if problem := credit_problem(self.amount, credits):
            return problem
        used = [each.name for each in credits if each.key is not None]
        if len(used) > 1:
            return f"it uses {' and '.join(used)}; Intacct wants a detail for each kind of credit"
        return ""

    def _discount_problem(self) -> str:
        if self.discount is not None and self.discount_date is not None:
            return "it has both a discount and a discount_date; give one of them"
        if self.discount is not None and Decimal(self.discount) <= 0:
            return f"discount is {self.discount}; it is more than zero"
        if (self.discount is not None or self.discount_date is not None) and self.amount is None:
            return "a discount needs amount: what is due less the discount"
        return ""


ReceiptMethod = Literal["Printed Check", "Cash", "EFT", "Credit Card", "Online Charge Card", "Online ACH Debit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedPayment(Transaction):
    """A customer's payment, applied to invoices. It goes to a bank, to undeposited funds, or into a summary.

    `payer` in place of `customer` names one who pays for several customers. `action="Draft"` posts nothing yet.
    `overpayment` is what is received beyond the details and kept for later, at `overpayment_location`. In a currency
    other than the bank's, `bank_amount` is what it gets for `amount`, the whole payment.
    """

    method: Annotated[ReceiptMethod, "PAYMENTMETHOD"]
    receipt_date: Annotated[date, "RECEIPTDATE"]
    currency: Annotated[str, "CURRENCY"]
    details: Annotated[Sequence[ReceivedPaymentDetail], "ARPYMTDETAILS/ARPYMTDETAIL"]
    customer: Annotated[str | None, "CUSTOMERID"] = None
    payer: Annotated[str | None, "PAYERNAME"] = None
    bank: Annotated[str | None, "FINANCIALENTITY"] = None
    undeposited_account: Annotated[str | None, "UNDEPOSITEDACCOUNTNO"] = None
    summary: Annotated[str | None, "PRBATCH"] = None
    payment_date: Annotated[date | None, "PAYMENTDATE"] = None
    document_number: Annotated[str | None, "DOCNUMBER"] = None
    description: Annotated[str | None, "DESCRIPTION"] = None
    base_currency: Annotated[str | None, "BASECURR"] = None
    amount: Annotated[Money | None, "TRX_AMOUNTTOPAY"] = None
    bank_amount: Annotated[Money | None, "AMOUNTTOPAY"] = None
    exchange_rate: Annotated[Number | None, "EXCHANGE_RATE"] = None
    exchange_rate_type: Annotated[str | None, "EXCH_RATE_TYPE_ID"] = None
    exchange_rate_date: Annotated[date | None, "EXCH_RATE_DATE"] = None
    overpayment: Annotated[Money | None, "OVERPAYMENTAMOUNT"] = None
    overpayment_location: Annotated[str | None, "OVERPAYMENTLOCATIONID"] = None
    overpayment_department: Annotated[str | None, "OVERPAYMENTDEPARTMENTID"] = None
    action: Annotated[Action | None, "ACTION"] = None
    custom_fields: CustomFields | None = None

    object_name: ClassVar[str] = "ARPYMT"

    def problem(self) -> str:
        """Say what is missing or given twice, or nothing."""
        if self.exchange_rate is not None and self.exchange_rate_type is not None:
            return "it has both an exchange_rate and an exchange_rate_type; give one of them"
        if self.overpayment is not None and Decimal(self.overpayment) <= 0:
            return f"overpayment is {self.overpayment}; it is more than zero"
        if (self.customer is None) == (self.payer is None):
            return "give either customer, or payer for one who pays for several"
        places = [each for each in (self.bank, self.undeposited_account, self.summary) if each is not None]
        return "" if len(places) == 1 else "give one of bank, undeposited_account and summary: where the money goes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied(Part):
    """What of a payment goes to one invoice, by its record number (RECORDNO)."""

    invoice: Annotated[Key, "invoicekey"]
    amount: Annotated[Money, "amount"]

    style: ClassVar[Style] = "legacy"
    order: ClassVar[tuple[str, ...]] = ("invoicekey", "amount")

    def problem(self) -> str:
        """Say that the amount has the wrong sign, or nothing."""
        return "" if Decimal(self.amount) > 0 else f"amount is {self.amount}; it is more than zero"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOnAccount(Transaction):
    """A customer's payment of which any part may stay unapplied, to be applied later with `PaymentApplication`.

    It goes to a bank, to undeposited funds, or into a summary.
    """

    customer: Annotated[str, "customerid"]
    amount: Annotated[Money, "paymentamount"]
    received: Annotated[date, "datereceived"]
    method: Annotated[str | None, "paymentmethod"] = None
    bank: Annotated[str | None, "bankaccountid"] = None
    undeposited_account: Annotated[str | None, "undepfundsacct"] = None
    summary: Annotated[str | None, "batchkey"] = None
    reference: Annotated[str | None, "refid"] = None
    base_amount: Annotated[Money | None, "translatedamount"] = None
    overpayment_location: Annotated[str | None, "overpaylocid"] = None
    overpayment_department: Annotated[str | None, "overpaydeptid"] = None
    exchange: Exchange | None = None
    applied: Annotated[Sequence[Applied], "arpaymentitem"] = ()

    object_name: ClassVar[str] = "ARPYMT"
    function: ClassVar[str] = "create_arpayment"
    style: ClassVar[Style] = "legacy"
    order: ClassVar[tuple[str, ...]] = (
        *("customerid", "paymentamount", "translatedamount", "batchkey", "bankaccountid", "undepfundsacct", "refid"),
        *("overpaylocid", "overpaydeptid", "datereceived", "paymentmethod", *EXCHANGE, "arpaymentitem"),
    )

    def problem(self) -> str:
        """Say what is missing, given twice, or too much, or nothing."""
        if Decimal(self.amount) <= 0:
            return f"amount is {self.amount}; a payment is more than zero"
        applied = sum((Decimal(each.amount) for each in self.applied), Decimal(0))
        if applied > Decimal(self.amount):
            return f"{applied} are applied of a payment of {self.amount}"
        places = [each for each in (self.bank, self.undeposited_account, self.summary) if each is not None]
        return "" if len(places) == 1 else "give one of bank, undeposited_account and summary: where the money goes"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentApplication(Transaction):
    """Applies a payment that was received on account to invoices. `payment` is its record number (RECORDNO)."""

    payment: Annotated[Key, "arpaymentkey"]
    application_date: Annotated[date, "paymentdate"]
    applied: Annotated[Sequence[Applied], "arpaymentitems/arpaymentitem"]
    summary: Annotated[str | None, "batchkey"] = None
    memo: Annotated[str | None, "memo"] = None
    overpayment_location: Annotated[str | None, "overpaylocid"] = None
    overpayment_department: Annotated[str | None, "overpaydeptid"] = None

    object_name: ClassVar[str] = "ARPYMT"
    function: ClassVar[str] = "apply_arpayment"
    style: ClassVar[Style] = "legacy"
    order: ClassVar[tuple[str, ...]] = (
        *("arpaymentkey", "paymentdate", "batchkey", "memo", "overpaylocid", "overpaydeptid", "arpaymentitems"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ArAdjustment(Adjustment):
    """A debit memo (lines positive) or credit memo (lines negative) of a customer's account.

    Its natural key is the customer and the number.
    """

    customer: Annotated[str, "customerid"]
    lines: Annotated[Sequence[DocumentLine], "aradjustmentitems/lineitem"]
    invoice_number: Annotated[str | None, "invoiceno"] = None

    object_name: ClassVar[str] = "ARADJUSTMENT"
    function: ClassVar[str] = "create_aradjustment"
    order: ClassVar[tuple[str, ...]] = (
        *("customerid", "datecreated", "dateposted", "batchkey", "adjustmentno", "action", "invoiceno"),
        *("description", "externalid", *EXCHANGE, "nogl", "taxsolutionid", "aradjustmentitems"),
    )

    def problem(self) -> str:
        """Say that a line has no amount, or nothing."""
        return with_amounts(self.lines)
