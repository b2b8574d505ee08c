"""The legacy functions of balances: get_trialbalance, get_accountbalances, ...bydimensions, get_araging.

Sage's schema holds them to a strict order of elements; here they are built in that order from named arguments, and
their answers become rows of Decimals. Balances are signed: debits minus credits.
Source: developer.intacct.com, General Ledger > Trial balances, Account balances; Sage's schema.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any, Literal, TypedDict, Unpack

from lxml import etree

from airflow_provider_intacct.client.errors import InvalidRequestError, MalformedReplyError
from airflow_provider_intacct.client.flows import Flow
from airflow_provider_intacct.client.rows import Row, from_element
from airflow_provider_intacct.client.values import plain_number
from airflow_provider_intacct.client.xml.functions import Function, function
from airflow_provider_intacct.client.xml.gateway import Gateway

Statistical = Literal["include", "exclude", "only"]

ALTERNATIVES = ("project", "customer", "vendor", "employee")
"""Dimensions of which either members (`projectid`) or a whole type (`projecttypeid`) may be given, not both."""
DIMENSIONS = (
    *("projectid", "projectid_subs", "projecttypeid"),
    *("taskid", "taskid_subs", "costtypeid", "costtypeid_subs"),
    *("customerid", "customerid_subs", "customertypeid", "vendorid", "vendorid_subs", "vendortypeid"),
    *("employeeid", "employeeid_subs", "employeetypeid", "itemid", "productlineid"),
    *("classid", "classid_subs", "contractid", "contractid_subs", "warehouseid", "warehouseid_subs"),
    "userDefinedDimensions",
)
PLACES = ("departmentid", "dept_subs", "locationid", "loc_subs")
PERIOD = ("reportingperiodname", "startdate", "enddate")
ACCOUNTS = ("glaccountno", "accountgroupname", "startaccountno", "endaccountno")
BOOK = ("reportingbook", "adjbooks", "includereportingbook", "statistical")
ORDER: Mapping[str, tuple[str, ...]] = {
    "get_trialbalance": (
        *(*PERIOD, "showzerobalances", "showdeptdetail", "showlocdetail"),
        *(*BOOK, *PLACES, *DIMENSIONS),
    ),
    "get_accountbalances": (
        *(*PERIOD, *ACCOUNTS, "locationid", "departmentid", "showzerobalances"),
        *(*BOOK, "dept_subs", "loc_subs", *DIMENSIONS),
    ),
    "get_accountbalancesbydimensions": (*PERIOD, *ACCOUNTS, *BOOK, *PLACES, *DIMENSIONS, "groupby"),
}
"""The order of elements in Sage's schema; a set of elements that exclude each other stands side by side."""
AMOUNTS = ("balance", "debits", "credits", "difference", "amount")
"""How the names of amounts end, as far as the documentation and clients show answers."""


class BalanceOptions(TypedDict, total=False):
    """What all functions of balances take. Give `period`, or `start` and `end`.

    `period`               name of a reporting period, such as "Month Ended June 2026"
    `start`, `end`         first and last day instead: a date, or ISO 8601 text
    `book`                 ACCRUAL, CASH or a consolidation book; the company's own when left out
    `adjustment_books`     GAAP, TAX, or ids of user-defined books
    `include_book`         with adjustment books: whether the reporting book counts too
    `statistical`          include, exclude or only the statistical accounts
    `dimensions`           by Intacct's element names: {"locationid": "100", "loc_subs": False, "projectid": "P1"}
    """

    period: str | None
    start: date | str | None
    end: date | str | None
    book: str | None
    adjustment_books: Sequence[str]
    include_book: bool | None
    statistical: Statistical | None
    dimensions: Mapping[str, Any] | None


class TrialBalanceOptions(BalanceOptions, total=False):
    """Whether accounts without a balance are listed, and whether each department or location has rows of its own."""

    show_zero: bool
    by_department: bool
    by_location: bool


class AccountOptions(BalanceOptions, total=False):
    """Which accounts: one, a group, or a range. All, when nothing is given."""

    account: str | None
    account_group: str | None
    first_account: str | None
    last_account: str | None


def get_trial_balance(**options: Unpack[TrialBalanceOptions]) -> Function:
    """Return a `get_trialbalance`: every account with opening balance, debits, credits and closing balance."""
    details = {
        "showzerobalances": options.get("show_zero", False),
        "showdeptdetail": options.get("by_department", False),
        "showlocdetail": options.get("by_location", False),
    }
    return _built("get_trialbalance", {**_shared("get_trialbalance", options), **details})


def get_account_balances(*, show_zero: bool = False, **options: Unpack[AccountOptions]) -> Function:
    """Return a `get_accountbalances`. A multi-base-currency company wants `locationid` among the dimensions."""
    name = "get_accountbalances"
    given = {**_shared(name, options), **_accounts(name, options), "showzerobalances": show_zero}
    return _built(name, given)


def get_account_balances_by_dimensions(*, group_by: Sequence[str] = (), **options: Unpack[AccountOptions]) -> Function:
    """Return a `get_accountbalancesbydimensions`. `group_by` are dimension names: ["location", "department"].

    Of much data the answer may take too long: reports.standard_report asks for the same as a report.
    """
    name = "get_accountbalancesbydimensions"
    if isinstance(group_by, str):
        group_by = [part.strip() for part in group_by.split(",")]
    if "" in group_by:
        raise InvalidRequestError(f"{name}: group_by holds an empty name.")
    grouped = {"groupby": ",".join(group_by)} if group_by else {}
    given = {**_shared(name, options), **_accounts(name, options), **grouped}
    if task := next((each for each in ("taskid", "costtypeid") if each in given), None):
        raise InvalidRequestError(f"{name}: {task} is not among its dimensions in Sage's schema.")
    return _built(name, given)


def get_ar_aging(
    *,
    periods: str | None = None,
    customer_id: str | None = None,
    invoice_number: str | None = None,
    location_id: str | None = None,
    department_id: str | None = None,
    as_of: date | str | None = None,
    by_due_date: bool | None = None,
    details: bool | None = None,
    document_type: str | None = None,
    by_gl_date: bool | None = None,
    show_zero: bool | None = None,
) -> Function:
    """Return a `get_araging`: what customers owe, by age. `periods` such as "0-30,31-60,61-90,91-"."""
    given = {
        "agingperiods": periods,
        "customerid": customer_id,
        "invoiceno": invoice_number,
        "locationid": location_id,
        "departmentid": department_id,
        "asofdate": day(as_of, "get_araging: as_of") if as_of else None,
        "useduedate": by_due_date,
        "showdetails": details,
        "documenttype": document_type,
        "useglpostdate": by_gl_date,
        "showzerowithactivity": show_zero,
    }
    return function("get_araging", {name: value for name, value in given.items() if value is not None})


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of a trial balance in one book and currency, adjustments included."""

    debits: Decimal = Decimal()
    credits: Decimal = Decimal()

    @property
    def difference(self) -> Decimal:
        """Debits minus credits: zero in books that balance."""
        return self.debits - self.credits


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """The rows of a trial balance and their sums by (book, currency), "" where Intacct names none."""

    rows: list[Row]
    totals: Mapping[tuple[str, str], Totals] = field(default_factory=dict)

    @property
    def differences(self) -> dict[tuple[str, str], Decimal]:
        """Where debits and credits differ, and by how much: empty when it ties out.

        Meaningful for a whole company or entity. Statistical accounts, and a filter on department, project or the
        like, take one side of an entry without the other.
        """
        return {key: each.difference for key, each in self.totals.items() if each.difference}


def trial_balance(gateway: Gateway, options: TrialBalanceOptions) -> Flow[TrialBalance]:
    """Flow: a trial balance, without statistical accounts unless they are asked for: those have no other side."""
    asked = options.copy()
    asked["statistical"] = options.get("statistical") or "exclude"
    result = yield from gateway.call(get_trial_balance(**asked))
    return read_trial_balance(result.data)


def account_balances(gateway: Gateway, group_by: Sequence[str], options: AccountOptions) -> Flow[list[Row]]:
    """Flow: the balances of accounts by dimensions."""
    result = yield from gateway.call(get_account_balances_by_dimensions(group_by=group_by, **options))
    return read_balances(result.data)


def read_trial_balance(data: etree._Element | None) -> TrialBalance:
    """Return the trial balance in the `data` of a result."""
    rows = read_balances(data)
    totals: dict[tuple[str, str], Totals] = {}
    for row in rows:
        if "debits" not in row or "credits" not in row:
            raise MalformedReplyError(f"A row of the trial balance holds no debits or no credits: {sorted(row)}.")
        key = (row.get("reportingbook") or "", row.get("currency") or "")
        sums = totals.get(key, Totals())
        totals[key] = Totals(sums.debits + _sum(row, "debits"), sums.credits + _sum(row, "credits"))
    return TrialBalance(rows, totals)


def read_balances(data: etree._Element | None) -> list[Row]:
    """Return the balances in the `data` of a result: names as Intacct spells them, amounts Decimal, empty None."""
    return typed(from_element(data))


def typed(rows: Iterable[Row]) -> list[Row]:
    """Return rows of text with their amounts as Decimals and None for what is empty."""
    return [{name: _value(name, text) for name, text in row.items()} for row in rows]


def is_amount(name: str) -> bool:
    """Return whether an element of an answer holds an amount, by its name."""
    return name.lower().endswith(AMOUNTS)


def day(value: date | str, what: str) -> date:
    """Return a date from a date, or from ISO 8601 text such as a template renders."""
    if isinstance(value, datetime):
        raise InvalidRequestError(f"{what} is a day; a time of day ({value.isoformat()}) means nothing there.")
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise InvalidRequestError(f"{what} is {value!r}; give a date, or text like 2026-01-31.") from None


def _shared(name: str, options: BalanceOptions) -> dict[str, Any]:
    given: dict[str, Any] = _period(name, options.get("period"), options.get("start"), options.get("end"))
    if book := options.get("book"):
        given["reportingbook"] = book
    if adjustments := options.get("adjustment_books"):
        if isinstance(adjustments, str):
            adjustments = [part.strip() for part in adjustments.split(",")]
        given["adjbooks"] = {"adjbook": list(adjustments)}
    if (include := options.get("include_book")) is not None:
        given["includereportingbook"] = include
    if statistical := options.get("statistical"):
        if statistical not in ("include", "exclude", "only"):
            raise InvalidRequestError(f"{name}: statistical is {statistical!r}; Intacct knows include, exclude, only.")
        given["statistical"] = statistical
    return {**given, **_dimensions(name, options.get("dimensions") or {})}


def _period(name: str, period: str | None, start: date | str | None, end: date | str | None) -> dict[str, Any]:
    if period and not start and not end:
        return {"reportingperiodname": period}
    if period or not start or not end:
        raise InvalidRequestError(f"{name}: give the name of a period, or its first and last day, and not both.")
    first, last = day(start, f"{name}: start"), day(end, f"{name}: end")
    if last < first:
        raise InvalidRequestError(f"{name}: the last day, {last}, comes before the first, {first}.")
    return {"startdate": first, "enddate": last}


def _accounts(name: str, options: AccountOptions) -> dict[str, str]:
    ways = {
        "glaccountno": options.get("account"),
        "accountgroupname": options.get("account_group"),
        "startaccountno": options.get("first_account"),
        "endaccountno": options.get("last_account"),
    }
    given = {element: value for element, value in ways.items() if value}
    if len(given) > 1 and set(given) != {"startaccountno", "endaccountno"}:
        raise InvalidRequestError(f"{name}: give an account, an account group, or a first and a last account.")
    if given.keys() & {"startaccountno", "endaccountno"} and len(given) != 2:
        raise InvalidRequestError(f"{name}: a range of accounts has a first and a last account.")
    return given


def _dimensions(name: str, dimensions: Mapping[str, Any]) -> dict[str, Any]:
    known = {each.lower(): each for each in (*PLACES, *DIMENSIONS)}
    for key in dimensions:
        if key not in known.values():
            close = get_close_matches(key.lower(), known, n=1, cutoff=0.6)
            advice = f" Did you mean {known[close[0]]}?" if close else f" There are {', '.join(known.values())}."
            raise InvalidRequestError(f"{name}: {key!r} is no dimension.{advice}")
    for each in ALTERNATIVES:
        if f"{each}id" in dimensions and f"{each}typeid" in dimensions:
            raise InvalidRequestError(f"{name}: {each}id and {each}typeid exclude each other.")
    members = {"dept_subs": "departmentid", "loc_subs": "locationid", "taskid": "projectid", "costtypeid": "taskid"}
    for each in dimensions:
        needed = members.get(each) or (each.removesuffix("_subs") if each.endswith("_subs") else each)
        if needed not in dimensions:
            raise InvalidRequestError(f"{name}: {each} needs {needed} beside it.")
    return dict(dimensions)


def _built(name: str, given: Mapping[str, Any]) -> Function:
    """Return the function with its elements in the schema's order."""
    return function(name, [(element, given[element]) for element in ORDER[name] if element in given])


def _sum(row: Row, name: str) -> Decimal:
    amounts = [row.get(name), row.get(f"adj{name}")]
    return sum((amount for amount in amounts if isinstance(amount, Decimal)), Decimal())


def _value(name: str, text: Any) -> Any:
    if text == "":
        return None
    if isinstance(text, str) and is_amount(name):
        try:
            return plain_number(text)
        except (InvalidOperation, ValueError):
            raise MalformedReplyError(
                f"Intacct gave {text!r} as the {name} of a balance, which is no number."
            ) from None
    return text
