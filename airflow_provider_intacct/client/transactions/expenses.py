"""What employees spend and how long they work. Source: developer.intacct.com, Time and Expenses; Sage's 3.0 schema."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from airflow_provider_intacct.client.transactions.documents import tax_included, taxes_of
from airflow_provider_intacct.client.transactions.shape import CustomFields, Money, Number, Part, Style, Transaction
from airflow_provider_intacct.client.transactions.values import Dimensions, TaxEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Expense(Part):
    """One expense, of a type or to an account. `currency` and `foreign_amount` are what was paid abroad."""

    expense_type: Annotated[str | None, "expensetype"] = None
    account: Annotated[str | None, "glaccountno"] = None
    amount: Annotated[Money | None, "amount"] = None
    currency: Annotated[str | None, "currency"] = None
    foreign_amount: Annotated[Money | None, "trx_amount"] = None
    exchange_rate: Annotated[Number | None, "exchrate"] = None
    exchange_rate_type: Annotated[str | None, "exchratetype"] = None
    exchange_rate_date: Annotated[date | None, "exchratedate"] = None
    spent_on: Annotated[date | None, "expensedate"] = None
    memo: Annotated[str | None, "memo"] = None
    form_1099: Annotated[bool | None, "form1099"] = None
    form_1099_type: Annotated[str | None, "form1099type"] = None
    form_1099_box: Annotated[str | None, "form1099box"] = None
    paid_for: Annotated[str | None, "paidfor"] = None
    dimensions: Dimensions | None = None
    billable: Annotated[bool | None, "billable"] = None
    payment_type: Annotated[str | None, "exppmttype"] = None
    quantity: Annotated[Number | None, "quantity"] = None
    rate: Annotated[Number | None, "rate"] = None
    amount_with_tax: Annotated[Money | None, "totaltrxamount"] = None
    tax_entries: Annotated[Sequence[TaxEntry], "taxentries/taxentry"] = ()
    custom_fields: CustomFields | None = None

    word: ClassVar[str] = "expense"
    style: ClassVar[Style] = "legacy"
    order: ClassVar[tuple[str, ...]] = (
        *("expensetype", "glaccountno", "amount", "currency", "trx_amount", "exchratedate", "exchratetype", "exchrate"),
        *("expensedate", "memo", "form1099", "form1099type", "form1099box", "paidfor", "locationid", "departmentid"),
        *("customfields", "projectid", "taskid", "costtypeid", "customerid", "vendorid", "employeeid", "itemid"),
        *("classid", "contractid", "warehouseid", "billable", "exppmttype", "quantity", "rate", "totaltrxamount"),
        "taxentries",
    )

    def derived(self) -> dict[str, Any]:
        """Return the tax entries as the functions of their own spell them."""
        return taxes_of(self.tax_entries)

    def problem(self) -> str:
        """Say what is missing or given twice, or nothing."""
        if (self.expense_type is None) == (self.account is None):
            return "give either expense_type or account"
        if self.amount is None and self.foreign_amount is None:
            return "give amount, or foreign_amount with its currency"
        if (self.foreign_amount is None) != (self.currency is None):
            return "foreign_amount and currency go together"
        if self.exchange_rate is not None and self.exchange_rate_type is not None:
            return "give either exchange_rate or exchange_rate_type"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpenseReport(Transaction):
    """An employee's expenses. Without `state` Intacct takes it as Submitted. Its natural key is the number.

    `amount_with_tax` on expenses goes with `inclusive_tax=True`.
    """

    employee: Annotated[str, "employeeid"]
    report_date: Annotated[date, "datecreated"]
    expenses: Annotated[Sequence[Expense], "expenses/expense"]
    number: Annotated[str | None, "expensereportno"] = None
    posting_date: Annotated[date | None, "dateposted"] = None
    summary: Annotated[str | None, "batchkey"] = None
    state: Annotated[Literal["Draft", "Submitted"] | None, "state"] = None
    description: Annotated[str | None, "description"] = None
    memo: Annotated[str | None, "memo"] = None
    external_id: Annotated[str | None, "externalid"] = None
    base_currency: Annotated[str | None, "basecurr"] = None
    currency: Annotated[str | None, "currency"] = None
    attachment: Annotated[str | None, "supdocid"] = None
    inclusive_tax: Annotated[bool | None, "inclusivetax"] = None
    tax_solution: Annotated[str | None, "taxsolutionid"] = None
    custom_fields: CustomFields | None = None

    object_name: ClassVar[str] = "EEXPENSES"
    function: ClassVar[str] = "create_expensereport"
    style: ClassVar[Style] = "legacy"

    def problem(self) -> str:
        """Say which expense's amounts do not fit whether tax is included, or nothing."""
        return tax_included(self.expenses, included=bool(self.inclusive_tax))


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesheetEntry(Part):
    """Hours of one day. `task_key` is the task's record number, in place of a task among the dimensions."""

    day: Annotated[date, "ENTRYDATE"]
    hours: Annotated[Number, "QTY"]
    description: Annotated[str | None, "DESCRIPTION"] = None
    notes: Annotated[str | None, "NOTES"] = None
    task_key: Annotated[int | str | None, "TASKKEY"] = None
    time_type: Annotated[str | None, "TIMETYPE"] = None
    billable: Annotated[bool | None, "BILLABLE"] = None
    billing_rate: Annotated[Number | None, "EXTBILLRATE"] = None
    cost_rate: Annotated[Number | None, "EXTCOSTRATE"] = None
    dimensions: Dimensions | None = None
    custom_fields: CustomFields | None = None

    word: ClassVar[str] = "entry"

    def problem(self) -> str:
        """Say that there are no hours, or that the task is given twice, or nothing."""
        if self.task_key is not None and self.dimensions is not None and self.dimensions.task is not None:
            return "it has both a task_key and a task among its dimensions; give one of them"
        return "hours is 0; leave the entry out" if Decimal(self.hours) == 0 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timesheet(Transaction):
    """An employee's hours. Without `state` Intacct keeps it as a Draft (the legacy create_timesheet submits it)."""

    employee: Annotated[str, "EMPLOYEEID"]
    begin: Annotated[date, "BEGINDATE"]
    entries: Annotated[Sequence[TimesheetEntry], "TIMESHEETENTRIES/TIMESHEETENTRY"]
    posting_date: Annotated[date | None, "GLPOSTDATE"] = None
    description: Annotated[str | None, "DESCRIPTION"] = None
    attachment: Annotated[str | None, "SUPDOCID"] = None
    state: Annotated[Literal["Draft", "Submitted"] | None, "STATE"] = None
    custom_fields: CustomFields | None = None

    object_name: ClassVar[str] = "TIMESHEET"

    def problem(self) -> str:
        """Say which entry lies before the timesheet begins, or nothing."""
        early = next((number for number, each in enumerate(self.entries, 1) if each.day < self.begin), 0)
        return f"entry {early} lies before the timesheet begins on {self.begin}" if early else ""
