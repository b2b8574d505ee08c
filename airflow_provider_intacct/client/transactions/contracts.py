"""Contracts of customers and their lines. A line is a record of its own, made after its contract.

Source: developer.intacct.com, Contracts and Revenue Management > Contracts, Contract lines.
"""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar, Literal

from airflow_provider_intacct.client.transactions.shape import CustomFields, Money, Number, Part, Transaction
from airflow_provider_intacct.client.transactions.values import Dimensions

Frequency = Literal["Monthly", "Quarterly", "Annually"]
Ahead = Literal["days", "months"]
Source = Literal["Contract value", "User-specified value"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Located(Part):
    """What contracts and their lines have in common. The dimensions name the location."""

    dimensions: Dimensions
    bill_to: Annotated[str | None, "BILLTOCONTACTNAME"] = None
    ship_to: Annotated[str | None, "SHIPTOCONTACTNAME"] = None
    renewal: Annotated[bool | None, "RENEWAL"] = None
    billing_frequency: Annotated[Frequency | None, "BILLINGFREQUENCY"] = None
    custom_fields: CustomFields | None = None

    def problem(self) -> str:
        """Say that the location is missing, or nothing."""
        return "" if self.dimensions.location else "give the location: dimensions=Dimensions(location=...)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract(Located, Transaction):
    """A contract. Without `state` it is In progress at once; a Draft is moved there with Intacct's `post`.

    A termed contract has an `end`; one of term type Evergreen has an `evergreen_template` instead. Its natural key is
    the id; leave it out where the company numbers contracts by itself.
    """

    customer: Annotated[str, "CUSTOMERID"]
    name: Annotated[str, "NAME"]
    begin: Annotated[date, "BEGINDATE"]
    terms: Annotated[str, "TERMNAME"]
    end: Annotated[date | None, "ENDDATE"] = None
    id: Annotated[str | None, "CONTRACTID"] = None
    state: Annotated[Literal["In progress", "Draft"] | None, "STATE"] = None
    type: Annotated[str | None, "CONTRACTTYPE"] = None
    term_type: Annotated[Literal["Termed", "Evergreen"] | None, "TERMTYPE"] = None
    evergreen_template: Annotated[str | None, "EVERGREENMACRO"] = None
    application: Annotated[Literal["C", "O"] | None, "APPLICATION"] = None
    description: Annotated[str | None, "DESCRIPTION"] = None
    additional_contact: Annotated[str | None, "ADDITIONALCONTACTNAME"] = None
    price_list: Annotated[str | None, "PRCLIST"] = None
    fair_value_price_list: Annotated[str | None, "MEAPRCLIST"] = None
    bill_ahead: Annotated[int | None, "ADVBILLBY"] = None
    bill_ahead_unit: Annotated[Ahead | None, "ADVBILLBYTYPE"] = None
    renewal_bill_ahead: Annotated[int | None, "RENEWALADVBILLBY"] = None
    renewal_bill_ahead_unit: Annotated[Ahead | None, "RENEWALADVBILLBYTYPE"] = None
    currency: Annotated[str | None, "CURRENCY"] = None
    exchange_rate_type: Annotated[str | None, "EXCHRATETYPE"] = None
    renewal_template: Annotated[str | None, "RENEWALMACRO"] = None
    renewal_length: Annotated[int | None, "RENEWTERMLENGTH"] = None
    renewal_period: Annotated[Literal["Years", "Months", "Days"] | None, "RENEWTERMPERIOD"] = None
    attachment: Annotated[str | None, "SUPDOCID"] = None

    object_name: ClassVar[str] = "CONTRACT"

    def problem(self) -> str:
        """Say what is missing or contradicts itself, or nothing."""
        if problem := Located.problem(self):
            return problem
        if self.term_type == "Evergreen":
            if self.evergreen_template is None or self.end is not None:
                return "a contract of term type Evergreen has an evergreen_template, and no end"
        elif self.end is None:
            return 'end is missing; only a contract with term_type="Evergreen" goes without'
        elif self.end < self.begin:
            return f"end {self.end} lies before begin {self.begin}"
        for name in ("bill_ahead", "renewal_bill_ahead"):
            if (getattr(self, name) is None) != (getattr(self, f"{name}_unit") is None):
                return f"{name} and {name}_unit go together"
        if not self.renewal and (self.renewal_template or self.renewal_length or self.renewal_period):
            return "renewal_template, renewal_length and renewal_period need renewal=True"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractLine(Located, Transaction):
    """A product or service of a contract, at a fixed price or by quantity. A recurring line has neither begin nor end.

    It has no number of its own to be found by: lines of one contract may be alike.
    """

    contract: Annotated[str, "CONTRACTID"]
    item: Annotated[str, "ITEMID"]
    billing_method: Annotated[Literal["Fixed price", "Quantity based"], "BILLINGMETHOD"] = "Fixed price"
    begin: Annotated[date | None, "BEGINDATE"] = None
    end: Annotated[date | None, "ENDDATE"] = None
    state: Annotated[Literal["In progress", "Draft", "Renewal only"] | None, "STATE"] = None
    description: Annotated[str | None, "ITEMDESC"] = None
    recurring: Annotated[bool | None, "RECURRING"] = None
    billing_options: Annotated[
        Literal["One-time", "Use billing template", "Include with every invoice"] | None, "BILLINGOPTIONS"
    ] = None
    prorate: Annotated[bool | None, "PRORATEBILLINGPERIOD"] = None
    billing_template: Annotated[str | None, "BILLINGTEMPLATENAME"] = None
    billing_from: Annotated[date | None, "BILLINGSTARTDATE"] = None
    billing_until: Annotated[date | None, "BILLINGENDDATE"] = None
    renewal_billing_template: Annotated[str | None, "RENEWALBILLINGTEMPLATENAME"] = None
    flat_amount: Annotated[Money | None, "FLATAMOUNT"] = None
    quantity: Annotated[Number | None, "QUANTITY"] = None
    price: Annotated[Number | None, "PRICE"] = None
    multiplier: Annotated[Number | None, "MULTIPLIER"] = None
    discount_percent: Annotated[Number | None, "DISCOUNTPERCENT"] = None
    usage_type: Annotated[Literal["Variable", "Committed"] | None, "USAGELINETYPE"] = None
    usage_reset: Annotated[Literal["After each invoice", "After each renewal"] | None, "USAGEQTYRESETPERIOD"] = None
    usage_recurs: Annotated[bool | None, "USAGEQTYRECUR"] = None
    unused_quantity: Annotated[
        Literal["Bill unused quantity", "Cancel unused quantity", "Do nothing"] | None, "COMMITTEDUSAGEENDACTION"
    ] = None
    excess_quantity: Annotated[str | None, "COMMITTEDUSAGEEXCESS"] = None
    posting_date: Annotated[date | None, "GLPOSTINGDATE"] = None
    exchange_rate: Annotated[Number | None, "EXCHANGE_RATE"] = None
    exchange_rate_date: Annotated[date | None, "EXCH_RATE_DATE"] = None
    revenue_on_invoice: Annotated[bool | None, "REV_REC_ON_INVOICE"] = None
    revenue_template: Annotated[str | None, "REVENUETEMPLATENAME"] = None
    revenue_from: Annotated[date | None, "REVENUESTARTDATE"] = None
    revenue_until: Annotated[date | None, "REVENUEENDDATE"] = None
    second_revenue_template: Annotated[str | None, "REVENUE2TEMPLATENAME"] = None
    second_revenue_from: Annotated[date | None, "REVENUE2STARTDATE"] = None
    second_revenue_until: Annotated[date | None, "REVENUE2ENDDATE"] = None
    bill_to_source: Annotated[Source | None, "BILLTOSOURCE"] = None
    ship_to_source: Annotated[Source | None, "SHIPTOSOURCE"] = None

    object_name: ClassVar[str] = "CONTRACTDETAIL"

    def problem(self) -> str:
        """Say what is missing or contradicts itself, or nothing."""
        if problem := Located.problem(self):
            return problem
        if not self.recurring and (self.begin is None or self.end is None):
            return "begin and end are missing; only a recurring line goes without"
        if self.begin is not None and self.end is not None and self.end < self.begin:
            return f"end {self.end} lies before begin {self.begin}"
        if self.billing_method != "Fixed price" and self.billing_options == "Use billing template":
            return "a billing template goes with the billing method Fixed price"
        if self.usage_type == "Committed" and (self.unused_quantity is None or self.excess_quantity is None):
            return (
                "a committed quantity needs unused_quantity and excess_quantity: what is done with the rest and beyond"
            )
        return ""
