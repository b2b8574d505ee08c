"""What the functions of their own (create_invoice and its like) share: their lines, and the order of the schema.

Source: the content models of Sage's 3.0 schema; developer.intacct.com for what came after the schema was published:
tasks and cost types (2019 R4, 2020 R2) and taxes (2020 R4, 2021 R1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from airflow_provider_intacct.client.transactions.shape import CustomFields, Money, Part, Style, Transaction, rendered
from airflow_provider_intacct.client.transactions.values import Dimensions, Exchange, TaxEntry

Action = Literal["Submit", "Draft"]

Key = int | str
"""A record number (RECORDNO)."""

EXCHANGE = ("basecurr", "currency", "exchratedate", "exchratetype", "exchrate")

TAX = ("inclusivetax", "taxsolutionid")

LINE = (
    *("accountlabel", "glaccountno", "offsetglaccountno", "amount", "allocationid", "memo", "locationid"),
    *("departmentid", "item1099", "form1099type", "form1099box", "customfields", "revrectemplate", "defrevaccount"),
    *("revrecstartdate", "revrecenddate", "projectid", "taskid", "costtypeid", "customerid", "vendorid", "employeeid"),
    *("itemid", "classid", "contractid", "warehouseid", "billable", "totaltrxamount", "taxentries"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLine(Part):
    """What every line to an account, or to an account label, has."""

    account: Annotated[str | None, "glaccountno"] = None
    account_label: Annotated[str | None, "accountlabel"] = None
    dimensions: Dimensions | None = None
    amount_with_tax: Annotated[Money | None, "totaltrxamount"] = None
    tax_entries: Annotated[Sequence[TaxEntry], "taxentries/taxentry"] = ()
    billable: Annotated[bool | None, "billable"] = None
    custom_fields: CustomFields | None = None

    style: ClassVar[Style] = "legacy"
    money: ClassVar[str] = "amount"
    """The element of the amount, which is empty where Intacct takes the tax out of `amount_with_tax`."""

    def derived(self) -> dict[str, Any]:
        """Return the tax entries as the functions of their own spell them, and the empty amount."""
        empty = self.amount_with_tax is not None and getattr(self, "amount", None) is None
        return taxes_of(self.tax_entries) | ({self.money: ""} if empty else {})

    def problem(self) -> str:
        """Say that the amount or the account is missing or given twice, or nothing."""
        if getattr(self, "amount", None) is None and self.amount_with_tax is None:
            return "amount is missing"
        return one_account(self.account, self.account_label)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLine(AccountLine):
    """A line of an invoice, an adjustment or an other receipt, to an account or an account label.

    `amount_with_tax` goes with `inclusive_tax=True`: in place of `amount` on an other receipt, beside it on an
    adjustment.
    """

    amount: Annotated[Money | None, "amount"] = None
    offset_account: Annotated[str | None, "offsetglaccountno"] = None
    memo: Annotated[str | None, "memo"] = None
    allocation: Annotated[str | None, "allocationid"] = None
    form_1099: Annotated[bool | None, "item1099"] = None
    form_1099_type: Annotated[str | None, "form1099type"] = None
    form_1099_box: Annotated[str | None, "form1099box"] = None
    revenue_template: Annotated[str | None, "revrectemplate"] = None
    deferred_revenue_account: Annotated[str | None, "defrevaccount"] = None
    revenue_from: Annotated[date | None, "revrecstartdate"] = None
    revenue_until: Annotated[date | None, "revrecenddate"] = None

    order: ClassVar[tuple[str, ...]] = LINE


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment(Transaction):
    """What adjustments of a vendor's and of a customer's account have in common."""

    adjustment_date: Annotated[date, "datecreated"]
    posting_date: Annotated[date | None, "dateposted"] = None
    summary: Annotated[str | None, "batchkey"] = None
    number: Annotated[str | None, "adjustmentno"] = None
    action: Annotated[Action | None, "action"] = None
    description: Annotated[str | None, "description"] = None
    external_id: Annotated[str | None, "externalid"] = None
    exchange: Exchange | None = None
    no_gl: Annotated[bool | None, "nogl"] = None
    tax_solution: Annotated[str | None, "taxsolutionid"] = None

    style: ClassVar[Style] = "legacy"


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit that a payment uses up: what the fields call it, its key, the line it comes from, and how much of it."""

    name: str
    key: Key | None
    line: Key | None
    amount: Decimal | None


def credit_problem(money: Decimal | None, credits: Sequence[Credit]) -> str:
    """Say what is wrong with the money and the credits that pay something, or nothing."""
    for credit in credits:
        if (credit.key is None) != (credit.amount is None):
            return f"{credit.name} and its amount go together"
        if credit.line is not None and credit.key is None:
            return f"the line of {credit.name} goes with {credit.name}"
    paid = {"amount": money} | {f"the amount of {credit.name}": credit.amount for credit in credits}
    given = {name: Decimal(amount) for name, amount in paid.items() if amount is not None}
    if not given:
        return "nothing is paid; give amount, or a credit with its amount"
    wrong = next((f"{name} is {amount}" for name, amount in given.items() if amount <= 0), "")
    return f"{wrong}; a payment is more than zero" if wrong else ""


def paid_problem(
    name: str, key: Key | None, line: Key | None, *, debit_memo: Key | None, debit_memo_line: Key | None
) -> str:
    """Say what is wrong with the record that is paid, of which `name` is one or else a debit memo, or nothing."""
    if (key is None) == (debit_memo is None):
        return f"give either {name} or debit_memo, the record number of what is paid"
    if line is not None and key is None:
        return f"{name}_line goes with {name}"
    if debit_memo_line is not None and debit_memo is None:
        return "debit_memo_line goes with debit_memo"
    return ""


def when_due(due: date | None, terms: str | None) -> str:
    """Say that nothing tells when a document is due, or nothing."""
    return "give due or terms, which say when it is due" if due is None and terms is None else ""


def one_account(account: str | None, account_label: str | None) -> str:
    """Say that the account is missing or given twice, or nothing."""
    return "give either account or account_label" if (account is None) == (account_label is None) else ""


def taxes_of(entries: Sequence[TaxEntry]) -> dict[str, Any]:
    """Return tax entries as the functions of their own spell them."""
    spelled = [{name.lower(): value for name, value in rendered(entry, "").items()} for entry in entries]
    return {"taxentries": {"taxentry": spelled}} if spelled else {}


def one_amount(line: Any) -> str:
    """Say that a line has an amount twice, or nothing."""
    twice = line.amount is not None and line.amount_with_tax is not None
    return "it has both an amount and an amount_with_tax; give one of them" if twice else ""


def tax_included(lines: Sequence[Any], *, included: bool) -> str:
    """Say which line's amounts do not fit whether tax is included, or nothing."""
    for number, line in enumerate(lines, 1):
        if line.amount_with_tax is not None and not included:
            return f"{line.word} {number} has amount_with_tax; that needs inclusive_tax=True"
        if line.amount_with_tax is None and included:
            return f"{line.word} {number} has no amount_with_tax, which inclusive_tax=True needs"
    return ""


def with_amounts(lines: Sequence[DocumentLine]) -> str:
    """Say which line has an amount with tax alone, where Intacct asks for both, or nothing."""
    without = next((number for number, line in enumerate(lines, 1) if line.amount is None), 0)
    return f"line {without} has amount_with_tax alone; Intacct asks for amount as well here" if without else ""


def without_tax_included(lines: Sequence[DocumentLine]) -> str:
    """Say which line has an amount with tax, where Intacct knows none, or nothing."""
    given = next((number for number, line in enumerate(lines, 1) if line.amount_with_tax is not None), 0)
    return f"line {given} has amount_with_tax; an invoice takes amount, before tax" if given else ""


def same_signs(lines: Sequence[DocumentLine]) -> str:
    """Say which line has another sign than the first, or nothing.

    Source: developer.intacct.com, Accounts Payable > Adjustments: all lines positive, or all negative.
    """
    amounts = [Decimal(line.amount or 0) for line in lines]
    for number, amount in enumerate(amounts, 1):
        if amount == 0:
            return f"line {number} has the amount 0"
        if (amount < 0) != (amounts[0] < 0):
            return f"line {number} ({amount}) has another sign than line 1; make two adjustments of it"
    return ""
