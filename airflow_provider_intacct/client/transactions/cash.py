"""Charge card transactions, deposits and other receipts.

Source: developer.intacct.com, Cash Management; the content models of Sage's 3.0 schema.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar

from airflow_provider_intacct.client.transactions.documents import (
    EXCHANGE,
    TAX,
    AccountLine,
    DocumentLine,
    one_amount,
    tax_included,
)
from airflow_provider_intacct.client.transactions.shape import CustomFields, Money, Style, Transaction
from airflow_provider_intacct.client.transactions.values import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeCardLine(AccountLine):
    """What was bought, to an account or an account label. `amount_with_tax` stands in place of `amount`."""

    amount: Annotated[Money | None, "paymentamount"] = None
    description: Annotated[str | None, "description"] = None

    order: ClassVar[tuple[str, ...]] = (
        *("glaccountno", "accountlabel", "description", "paymentamount", "departmentid", "locationid", "customerid"),
        *("vendorid", "employeeid", "projectid", "taskid", "costtypeid", "itemid", "classid", "contractid"),
        *("warehouseid", "customfields", "totaltrxamount", "taxentries", "billable"),
    )
    money: ClassVar[str] = "paymentamount"

    def problem(self) -> str:
        """Say that the amount or the account is missing or given twice, or nothing."""
        return AccountLine.problem(self) or one_amount(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeCardTransaction(Transaction):
    """A purchase by charge card. `amount_with_tax` on lines goes with `inclusive_tax=True`."""

    card: Annotated[str, "chargecardid"]
    payment_date: Annotated[date, "paymentdate"]
    lines: Annotated[Sequence[ChargeCardLine], "ccpayitems/ccpayitem"]
    reference: Annotated[str | None, "referenceno"] = None
    payee: Annotated[str | None, "payee"] = None
    description: Annotated[str | None, "description"] = None
    attachment: Annotated[str | None, "supdocid"] = None
    exchange: Exchange | None = None
    inclusive_tax: Annotated[bool | None, "inclusivetax"] = None
    tax_solution: Annotated[str | None, "taxsolutionid"] = None
    custom_fields: CustomFields | None = None

    object_name: ClassVar[str] = "CCTRANSACTION"
    function: ClassVar[str] = "record_cctransaction"
    style: ClassVar[Style] = "legacy"
    order: ClassVar[tuple[str, ...]] = (
        *("chargecardid", "paymentdate", "referenceno", "payee", "description", "supdocid", *EXCHANGE[1:]),
        *("customfields", *TAX, "ccpayitems"),
    )

    def problem(self) -> str:
        """Say which line's amounts do not fit whether tax is included, or nothing."""
        return tax_included(self.lines, included=bool(self.inclusive_tax))


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit(Transaction):
    """Undeposited receipts brought to a bank. `receipts` are their record numbers. Its natural key is bank and id."""

    bank: Annotated[str, "bankaccountid"]
    deposit_date: Annotated[date, "depositdate"]
    id: Annotated[str, "depositid"]
    receipts: Annotated[Sequence[str], "receiptkeys/receiptkey"]
    description: Annotated[str | None, "description"] = None
    attachment: Annotated[str | None, "supdocid"] = None
    custom_fields: CustomFields | None = None

    object_name: ClassVar[str] = "DEPOSIT"
    function: ClassVar[str] = "record_deposit"
    style: ClassVar[Style] = "legacy"
    order: ClassVar[tuple[str, ...]] = (
        *("bankaccountid", "depositdate", "depositid", "receiptkeys", "description", "supdocid", "customfields"),
    )

    def problem(self) -> str:
        """Say which receipt is named twice, or nothing."""
        twice = next((each for number, each in enumerate(self.receipts) if each in self.receipts[:number]), "")
        return f"receipt {twice} is named twice" if twice else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherReceipt(Transaction):
    """Money that no customer's invoice is paid with. It goes to a bank, or to an account of undeposited funds."""

    payment_date: Annotated[date, "paymentdate"]
    payer: Annotated[str, "payee"]
    received: Annotated[date, "receiveddate"]
    method: Annotated[str, "paymentmethod"]
    lines: Annotated[Sequence[DocumentLine], "receiptitems/lineitem"]
    bank: Annotated[str | None, "bankaccountid"] = None
    deposit_date: Annotated[date | None, "depositdate"] = None
    undeposited_account: Annotated[str | None, "undepglaccountno"] = None
    reference: Annotated[str | None, "refid"] = None
    description: Annotated[str | None, "description"] = None
    attachment: Annotated[str | None, "supdocid"] = None
    exchange: Exchange | None = None
    inclusive_tax: Annotated[bool | None, "inclusivetax"] = None
    tax_solution: Annotated[str | None, "taxsolutionid"] = None
    custom_fields: CustomFields | None = None

    object_name: ClassVar[str] = "OTHERRECEIPTS"
    function: ClassVar[str] = "record_otherreceipt"
    style: ClassVar[Style] = "legacy"
    order: ClassVar[tuple[str, ...]] = (
        *("paymentdate", "payee", "receiveddate", "paymentmethod", "undepglaccountno", "bankaccountid", "depositdate"),
        *("refid", "description", "supdocid", *EXCHANGE[1:], "customfields", *TAX, "receiptitems"),
    )

    def problem(self) -> str:
        """Say what is wrong with where the money goes, or nothing."""
        if (self.bank is None) == (self.undeposited_account is None):
            return "give either bank or undeposited_account: where the money goes"
        if self.deposit_date is not None and self.bank is None:
            return "deposit_date goes with bank"
        problems = ((number, one_amount(line)) for number, line in enumerate(self.lines, 1))
        twice = next((f"line {number}: {problem}" for number, problem in problems if problem), "")
        return twice or tax_included(self.lines, included=bool(self.inclusive_tax))
