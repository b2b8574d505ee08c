"""What is owed to vendors and paid to them: bills, adjustments, payments.

Source: developer.intacct.com, Accounts Payable > Bills, Adjustments, AP payments.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar, Literal

from airflow_provider_intacct.client.transactions.documents import (
    EXCHANGE,
    TAX,
    Action,
    Adjustment,
    Credit,
    DocumentLine,
    Key,
    credit_problem,
    one_account,
    paid_problem,
    same_signs,
    tax_included,
    with_amounts,
)
from airflow_provider_intacct.client.transactions.shape import CustomFields, Money, Part, Transaction
from airflow_provider_intacct.client.transactions.values import Dimensions, Exchange, TaxEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine(Part):
    """A line of a bill, to an account or an account label. A negative amount is a credit within the bill."""

    amount: Annotated[Money | None, "TRX_AMOUNT"] = None
    amount_with_tax: Annotated[Money | None, "TOTALTRXAMOUNT"] = None
    account: Annotated[str | None, "ACCOUNTNO"] = None
    account_label: Annotated[str | None, "ACCOUNTLABEL"] = None
    offset_account: Annotated[str | None, "OFFSETGLACCOUNTNO"] = None
    dimensions: Dimensions | None = None
    memo: Annotated[str | None, "ENTRYDESCRIPTION"] = None
    allocation: Annotated[str | None, "ALLOCATION"] = None
    form_1099: Annotated[bool | None, "FORM1099"] = None
    form_1099_type: Annotated[str | None, "FORM1099TYPE"] = None
    form_1099_box: Annotated[str | None, "FORM1099BOX"] = None
    billable: Annotated[bool | None, "BILLABLE"] = None
    partial_exemption: Annotated[bool | None, "PARTIALEXEMPT"] = None
    tax_entries: Annotated[Sequence[TaxEntry], "TAXENTRIES/TAXENTRY"] = ()
    custom_fields: CustomFields | None = None

    def problem(self) -> str:
        """Say what is missing or given twice, or nothing."""
        if (self.amount is None) == (self.amount_with_tax is None):
            return "give either amount or amount_with_tax"
        return one_account(self.account, self.account_label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill(Transaction):
    """A vendor's bill. `due` may be left out of a draft only.

    Its natural key is VENDORID and RECORDID, the number the vendor gave it; DOCNUMBER is a reference of yours, stamped
    if empty. `amount_with_tax` on lines goes with `inclusive_tax=True`. `tax_solution` is needed at the top level of a
    company of several tax jurisdictions.
    """

    vendor: Annotated[str, "VENDORID"]
    bill_date: Annotated[date, "WHENCREATED"]
    lines: Annotated[Sequence[BillLine], "APBILLITEMS/APBILLITEM"]
    due: Annotated[date | None, "WHENDUE"] = None
    number: Annotated[str | None, "RECORDID"] = None
    reference: Annotated[str | None, "DOCNUMBER"] = None
    description: Annotated[str | None, "DESCRIPTION"] = None
    posting_date: Annotated[date | None, "WHENPOSTED"] = None
    discount_until: Annotated[date | None, "WHENDISCOUNT"] = None
    terms: Annotated[str | None, "TERMNAME"] = None
    exchange: Exchange | None = None
    on_hold: Annotated[bool | None, "ONHOLD"] = None
    pay_to: Annotated[str | None, "BILLTOPAYTOCONTACTNAME"] = None
    return_to: Annotated[str | None, "SHIPTORETURNTOCONTACTNAME"] = None
    summary: Annotated[str | None, "PRBATCH"] = None
    recommended_payment_date: Annotated[date | None, "RECPAYMENTDATE"] = None
    payment_priority: Annotated[Literal["urgent", "high", "normal", "low"] | None, "PAYMENTPRIORITY"] = None
    inclusive_tax: Annotated[bool | None, "INCLUSIVETAX"] = None
    tax_solution: Annotated[str | None, "TAXSOLUTIONID"] = None
    attachment: Annotated[str | None, "SUPDOCID"] = None
    external_id: Annotated[str | None, "EXTERNALID"] = None
    action: Annotated[Action | None, "ACTION"] = None
    custom_fields: CustomFields | None = None

    object_name: ClassVar[str] = "APBILL"

    def problem(self) -> str:
        """Say what is wrong with the due date or with tax, or nothing."""
        if self.due is None and self.action != "Draft":
            return 'due is missing; only a draft (action="Draft") goes without'
        return tax_included(self.lines, included=bool(self.inclusive_tax))


@dataclass(frozen=True, slots=True, kw_only=True)
class BillPaymentDetail(Part):
    """What is paid of one bill: by money, by a credit, or both. All keys are record numbers (RECORDNO).

    `debit_memo` pays a positive adjustment instead of a bill. `advance`, `adjustment` and `inline_credit` (a negative
    bill or line) use up a credit of the vendor's, each with its amount and, if wanted, the line it comes from.

    `discount_date` takes all discounts that terms give on that day. Intacct wants the whole bill paid then: `amount`
    is what is due less the discount, and there is no `bill_line`.
    """

    bill: Annotated[Key | None, "RECORDKEY"] = None
    bill_line: Annotated[Key | None, "ENTRYKEY"] = None
    debit_memo: Annotated[Key | None, "POSADJKEY"] = None
    debit_memo_line: Annotated[Key | None, "POSADJENTRYKEY"] = None
    amount: Annotated[Money | None, "TRX_PAYMENTAMOUNT"] = None
    discount_date: Annotated[date | None, "DISCOUNTDATE"] = None
    advance: Annotated[Key | None, "ADVANCEKEY"] = None
    advance_line: Annotated[Key | None, "ADVANCEENTRYKEY"] = None
    advance_amount: Annotated[Money | None, "TRX_POSTEDADVANCEAMOUNT"] = None
    adjustment: Annotated[Key | None, "ADJUSTMENTKEY"] = None
    adjustment_line: Annotated[Key | None, "ADJUSTMENTENTRYKEY"] = None
    adjustment_amount: Annotated[Money | None, "TRX_ADJUSTMENTAMOUNT"] = None
    inline_credit: Annotated[Key | None, "INLINEKEY"] = None
    inline_line: Annotated[Key | None, "INLINEENTRYKEY"] = None
    inline_amount: Annotated[Money | None, "TRX_INLINEAMOUNT"] = None
    currency: Annotated[str | None, "CURRENCY"] = None
    joint_payee: Annotated[str | None, "JOINTPAYEEPRINTAS"] = None

    def problem(self) -> str:
        """Say what is missing or has the wrong sign, or nothing."""
        memo, memo_line = self.debit_memo, self.debit_memo_line
        paid = paid_problem("bill", self.bill, self.bill_line, debit_memo=memo, debit_memo_line=memo_line)
        return paid or self._credit_problem() or self._discount_problem()

    def _credit_problem(self) -> str:
        credits = [
            Credit("advance", self.advance, self.advance_line, self.advance_amount),
            Credit("adjustment", self.adjustment, self.adjustment_line, self.adjustment_amount),
            Credit("inline_credit", self.inline_credit, self.inline_line, self.inline_amount),
        ]
        return credit_problem(self.amount, credits)

    def _discount_problem(self) -> str:
        if self.discount_date is None:
            return ""
        if self.bill is None or self.bill_line is not None:
            return "a discount is taken for a whole bill: give bill, and no bill_line"
        if self.amount is None:
            return "a discount needs amount: what is due less the discount"
        return "a joint payee gets no discount" if self.joint_payee is not None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillPayment(Transaction):
    """A payment to a vendor: of bills, with money from `bank` (`FINANCIALENTITY`) or by credits alone.

    `action="Draft"` leaves it in the outbox; otherwise it is submitted, and posted unless payments need approval.
    `bank_amount` is what the bank pays where its currency is another than the payment's.
    """

    vendor: Annotated[str, "VENDORID"]
    payment_date: Annotated[date, "PAYMENTDATE"]
    currency: Annotated[str, "CURRENCY"]
    details: Annotated[Sequence[BillPaymentDetail], "APPYMTDETAILS/APPYMTDETAIL"]
    bank: Annotated[str | None, "FINANCIALENTITY"] = None
    method: Annotated[str | None, "PAYMENTMETHOD"] = None
    request_method: Annotated[Literal["vendorpref", "vendor", "bill", "payto"] | None, "PAYMENTREQUESTMETHOD"] = None
    provider: Annotated[str | None, "PAYMENTPROVIDER"] = None
    document_number: Annotated[str | None, "DOCNUMBER"] = None
    description: Annotated[str | None, "DESCRIPTION"] = None
    base_currency: Annotated[str | None, "BASECURR"] = None
    bank_amount: Annotated[Money | None, "AMOUNTTOPAY"] = None
    exchange_rate_type: Annotated[str | None, "EXCH_RATE_TYPE_ID"] = None
    exchange_rate_date: Annotated[date | None, "EXCH_RATE_DATE"] = None
    pay_to: Annotated[str | None, "BILLTOPAYTOCONTACTNAME"] = None
    summary: Annotated[str | None, "PRBATCH"] = None
    action: Annotated[Action | None, "ACTION"] = None
    custom_fields: CustomFields | None = None

    object_name: ClassVar[str] = "APPYMT"

    def problem(self) -> str:
        """Say what is missing for a payment with money, or nothing."""
        pays_money = any(each.amount is not None for each in self.details)
        if pays_money and (self.bank is None or self.method is None):
            return "bank and method are needed where money is paid (only credits go without)"
        if self.method == "Joint Check" and self.request_method != "bill":
            return 'a Joint Check pays bills one by one: give request_method="bill"'
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApAdjustment(Adjustment):
    """An adjustment of a vendor's account. Its lines are all positive or all negative.

    Its natural key is the vendor and the number.
    """

    vendor: Annotated[str, "vendorid"]
    lines: Annotated[Sequence[DocumentLine], "apadjustmentitems/lineitem"]
    bill_number: Annotated[str | None, "billno"] = None
    inclusive_tax: Annotated[bool | None, "inclusivetax"] = None
    custom_fields: CustomFields | None = None

    object_name: ClassVar[str] = "APADJUSTMENT"
    function: ClassVar[str] = "create_apadjustment"
    order: ClassVar[tuple[str, ...]] = (
        *("vendorid", "datecreated", "dateposted", "batchkey", "adjustmentno", "action", "billno", "description"),
        *("externalid", *EXCHANGE, "nogl", "customfields", *TAX, "apadjustmentitems"),
    )

    def problem(self) -> str:
        """Say that a line has no amount, that they differ in sign, or nothing."""
        return (
            tax_included(self.lines, included=bool(self.inclusive_tax))
            or with_amounts(self.lines)
            or same_signs(self.lines)
        )
