"""Journal entries, as `create` GLBATCH takes them. Source: developer.intacct.com, General Ledger > Journal entries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from airflow_provider_intacct.client.posting.journal import check_journal_entry
from airflow_provider_intacct.client.transactions.shape import (
    CustomFields,
    Money,
    Number,
    Part,
    Style,
    Transaction,
    refuse,
    rendered,
)
from airflow_provider_intacct.client.transactions.values import Dimensions, Exchange, TaxEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Split(Part):
    """A share of a journal line's amount, booked to dimensions of its own. The splits of a line add up to it."""

    amount: Annotated[Money, "AMOUNT"]
    dimensions: Dimensions

    word: ClassVar[str] = "split"


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine(Part):
    """A debit or a credit. `exchange` is needed in a currency other than the entity's.

    `allocation` names an allocation of the company that spreads the amount; `splits` spread it by hand. Either decides
    the dimensions. `tax_entries` has one at most, with its amount.
    """

    account: Annotated[str, "ACCOUNTNO"]
    debit: Annotated[Money | None, "TRX_AMOUNT"] = None
    credit: Annotated[Money | None, "TRX_AMOUNT"] = None
    dimensions: Dimensions | None = None
    memo: Annotated[str | None, "DESCRIPTION"] = None
    document: Annotated[str | None, "DOCUMENT"] = None
    exchange: Exchange | None = None
    allocation: Annotated[str | None, "ALLOCATION"] = None
    splits: Annotated[Sequence[Split], "SPLIT"] = ()
    tax_entries: Annotated[Sequence[TaxEntry], "TAXENTRIES/TAXENTRY"] = ()
    billable: Annotated[bool | None, "BILLABLE"] = None
    custom_fields: CustomFields | None = None

    style: ClassVar[Style] = "journal"

    def derived(self) -> dict[str, Any]:
        """Return TR_TYPE, and the allocation that says that there are splits."""
        side = {"TR_TYPE": -1 if self.debit is None else 1}
        return side | ({"ALLOCATION": "Custom"} if self.splits else {})

    def problem(self) -> str:
        """Say what is wrong with the amount or how it is spread, or nothing."""
        if (self.debit is None) == (self.credit is None):
            return "it has neither debit nor credit" if self.debit is None else "it has both a debit and a credit"
        name, given = ("credit", self.credit) if self.debit is None else ("debit", self.debit)
        if (amount := Decimal(given or 0)) < 0:
            other = "debit" if name == "credit" else "credit"
            return f"{name} is {amount}; amounts are never negative, give {other} {-amount}"
        if len(self.tax_entries) > 1 or any(entry.tax is None for entry in self.tax_entries):
            return "a journal line takes one tax entry, with its tax: Intacct works none out here"
        return spread_problem(self, name, amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Transaction):
    """What every entry in a journal has."""

    journal: Annotated[str, "JOURNAL"]
    posting_date: Annotated[date, "BATCH_DATE"]
    description: Annotated[str, "BATCH_TITLE"]
    reference: Annotated[str | None, "REFERENCENO"] = None
    reverse_on: Annotated[date | None, "REVERSEDATE"] = None
    attachment: Annotated[str | None, "SUPDOCID"] = None
    state: Annotated[Literal["Posted", "Draft"] | None, "STATE"] = None
    comment: Annotated[str | None, "HISTORY_COMMENT"] = None
    custom_fields: CustomFields | None = None

    object_name: ClassVar[str] = "GLBATCH"

    def problem(self) -> str:
        """Say what is wrong with the dates, or nothing."""
        if self.reverse_on is not None and self.reverse_on <= self.posting_date:
            return f"reverse_on {self.reverse_on} is not after posting_date {self.posting_date}"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry(Entry):
    """A journal entry: debits and credits that balance in every currency.

    `reverse_on` books the opposite on a later day. `source_entity` is the entity that the entry is made in where it
    does not balance within each entity; Intacct then books what they owe each other. Tax on purchases is Inbound and
    of a `tax_vendor`, tax on sales Outbound and of a `tax_customer`. Its natural key is JOURNAL and REFERENCENO;
    without a reference one is stamped there.
    """

    lines: Annotated[Sequence[JournalLine], "ENTRIES/GLENTRY"]
    source_entity: Annotated[str | None, "BASELOCATION_NO"] = None
    tax_implications: Annotated[Literal["None", "Inbound", "Outbound"] | None, "TAXIMPLICATIONS"] = None
    tax_vendor: Annotated[str | None, "VATVENDORID"] = None
    tax_customer: Annotated[str | None, "VATCUSTOMERID"] = None
    tax_contact: Annotated[str | None, "VATCONTACTID"] = None
    tax_solution: Annotated[str | None, "TAXSOLUTIONID"] = None

    def record(self) -> dict[str, Any]:
        """Return the plain mapping. Raises UnbalancedEntryError with the difference per currency and location."""
        record = rendered(self, "JournalEntry")
        check_journal_entry(record["ENTRIES"]["GLENTRY"], "JournalEntry")
        return record


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticalLine(Part):
    """A quantity that goes up, or down where it is negative.

    `allocation` and `splits` spread it, as those of a journal line do; splits have no sign.
    """

    account: Annotated[str, "ACCOUNTNO"]
    quantity: Annotated[Number, "QUANTITY"]
    dimensions: Dimensions | None = None
    memo: Annotated[str | None, "DESCRIPTION"] = None
    document: Annotated[str | None, "DOCUMENT"] = None
    allocation: Annotated[str | None, "ALLOCATION"] = None
    splits: Annotated[Sequence[Split], "SPLIT"] = ()
    custom_fields: CustomFields | None = None

    style: ClassVar[Style] = "journal"

    def derived(self) -> dict[str, Any]:
        """Return the allocation that says that there are splits."""
        return {"ALLOCATION": "Custom"} if self.splits else {}

    def problem(self) -> str:
        """Say what is wrong with how it is spread, or nothing."""
        return spread_problem(self, "quantity", abs(Decimal(self.quantity)))


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticalJournalEntry(Entry):
    """An entry in a statistical journal: quantities, such as head count, that need not balance."""

    lines: Annotated[Sequence[StatisticalLine], "ENTRIES/GLENTRY"]

    statistical: ClassVar[bool] = True

    def record(self) -> dict[str, Any]:
        """Return the plain mapping. Intacct takes the quantity without its sign, and the sign as TR_TYPE."""
        record = rendered(self, "StatisticalJournalEntry")
        for number, line in enumerate(record["ENTRIES"]["GLENTRY"], 1):
            quantity = line.pop("QUANTITY")
            if quantity == 0:
                refuse(f"StatisticalJournalEntry, line {number}", "quantity is 0; leave the line out")
            line |= {"TR_TYPE": 1 if quantity > 0 else -1, "TRX_AMOUNT": abs(quantity)}
        return record


def spread_problem(line: "JournalLine | StatisticalLine", name: str, amount: Decimal) -> str:
    """Say what is wrong with how a line spreads its `amount`, which messages call `name`, or nothing."""
    if not line.splits and line.allocation is None:
        return ""
    if line.splits and line.allocation is not None:
        return "it has both an allocation and splits of its own; give one of them"
    if line.dimensions is not None:
        what = "splits" if line.splits else "an allocation"
        return f"it has dimensions and {what}, and Intacct ignores the dimensions then; leave them out"
    if any(Decimal(split.amount) < 0 for split in line.splits):
        return "a split is negative; shares have no sign, for the line has it"
    shared = sum((Decimal(split.amount) for split in line.splits), Decimal(0))
    if line.splits and shared != amount:
        return f"its splits add up to {shared} and {name} is {amount}; they differ by {abs(shared - amount)}"
    return ""
