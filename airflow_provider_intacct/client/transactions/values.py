"""Values that many transactions share: dimensions, a foreign currency, an address. Given once, used on any line."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar

from airflow_provider_intacct.client.transactions.shape import Money, Number, Part, Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimensions(Spread):
    """What a line is booked to. The same value fits every line; journal lines spell location and department otherwise.

    `user_defined` are record ids of user-defined dimensions by integration name: `{"CHANNEL": "10001"}`.
    Source: developer.intacct.com, General Ledger > Dimensions.
    """

    location: Annotated[str | None, "LOCATIONID"] = None
    department: Annotated[str | None, "DEPARTMENTID"] = None
    project: Annotated[str | None, "PROJECTID"] = None
    task: Annotated[str | None, "TASKID"] = None
    cost_type: Annotated[str | None, "COSTTYPEID"] = None
    customer: Annotated[str | None, "CUSTOMERID"] = None
    vendor: Annotated[str | None, "VENDORID"] = None
    employee: Annotated[str | None, "EMPLOYEEID"] = None
    item: Annotated[str | None, "ITEMID"] = None
    class_: Annotated[str | None, "CLASSID"] = None
    contract: Annotated[str | None, "CONTRACTID"] = None
    warehouse: Annotated[str | None, "WAREHOUSEID"] = None
    user_defined: Annotated[Mapping[str, str | int] | None, "GLDIM"] = None

    spelled: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "journal": {"LOCATIONID": "LOCATION", "DEPARTMENTID": "DEPARTMENT"}
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange(Spread):
    """A currency other than the company's own: at `rate`, or at the rate that `rate_type` has on `rate_date`."""

    currency: Annotated[str, "CURRENCY"]
    base: Annotated[str | None, "BASECURR"] = None
    rate: Annotated[Number | None, "EXCHANGE_RATE"] = None
    rate_type: Annotated[str | None, "EXCH_RATE_TYPE_ID"] = None
    rate_date: Annotated[date | None, "EXCH_RATE_DATE"] = None

    spelled: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "legacy": {
            "EXCHANGE_RATE": "exchrate",
            "EXCH_RATE_TYPE_ID": "exchratetype",
            "EXCH_RATE_DATE": "exchratedate",
        }
    }

    def problem(self) -> str:
        """Say what is wrong with the rate, or nothing."""
        if (self.rate is None) == (self.rate_type is None):
            return "the exchange has no rate" if self.rate is None else "the exchange has both a rate and a rate_type"
        if self.rate is not None and self.rate_date is not None:
            return "rate_date goes with rate_type, not with a rate of your own"
        return "" if self.rate is None or self.rate > 0 else f"the exchange rate is {self.rate}; it is more than zero"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxEntry(Part):
    """The tax on a line: the tax detail it falls under, and the amount where Intacct is not to work it out.

    For companies of Australia, South Africa and the United Kingdom. Source: developer.intacct.com, "taxentry".
    """

    detail: Annotated[str, "DETAILID"]
    tax: Annotated[Money | None, "TRX_TAX"] = None

    word: ClassVar[str] = "tax entry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address(Part):
    """Where a contact gets mail."""

    line1: Annotated[str | None, "ADDRESS1"] = None
    line2: Annotated[str | None, "ADDRESS2"] = None
    line3: Annotated[str | None, "ADDRESS3"] = None
    city: Annotated[str | None, "CITY"] = None
    state: Annotated[str | None, "STATE"] = None
    postal_code: Annotated[str | None, "ZIP"] = None
    country: Annotated[str | None, "COUNTRY"] = None
    country_code: Annotated[str | None, "COUNTRYCODE"] = None
