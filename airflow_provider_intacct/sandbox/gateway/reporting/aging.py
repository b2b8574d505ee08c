"""get_araging: what customers owe as of a day, by how many days it is old or overdue."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from lxml import etree

from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.reading.legacy import date_object
from airflow_provider_intacct.sandbox.gateway.reading.request import is_true, text_of
from airflow_provider_intacct.sandbox.gateway.reading.selection import Condition, Selection
from airflow_provider_intacct.sandbox.gateway.reading.visibility import visible_rows
from airflow_provider_intacct.sandbox.gateway.results import Content, DataResult, Node

from .balances import money
from .dimensions import DIMENSIONS, narrowed, require_place
from .spans import day_of, invalid, today

_DEFAULT_PERIODS = "0-30,31-60,61-90,91-120,121-"
_PERIOD = re.compile(r"(\d+)\s*-\s*(\d*)")
_FOREVER = 10**9
_PLACES = [dimension for dimension in DIMENSIONS if dimension.name in ("location", "department")]

# What one line of a document still owed on a day: its amount less what payments had settled that stood on that day.
_OWED = """
SELECT i."CUSTOMERID", i."RECORDID", {basis}, sum(t0."AMOUNT" - coalesce((
  SELECT sum(s.base) FROM settlement AS s JOIN "ARPYMT" AS p ON p."RECORDNO" = s.payment
  WHERE s.item = t0."RECORDNO" AND s.object = '{document}' AND s.field = 'TOTALPAID' AND s.applied <= ?
    AND (p."STATE" = 'C' OR (p."STATE" = 'V' AND p."REVERSALDATE" > ?))), 0))
FROM "{document}" AS i JOIN "{document}ITEM" AS t0 ON t0."RECORDKEY" = i."RECORDNO"
WHERE i."WHENPOSTED" <= ? AND i."STATE" NOT IN ('D', 'VR') AND (i."REVERSALDATE" IS NULL OR i."REVERSALDATE" > ?)
  AND {where}
GROUP BY i."RECORDNO" ORDER BY i."CUSTOMERID", {basis}, i."RECORDNO"
"""


@dataclass(frozen=True, slots=True)
class Owed:
    """What an invoice owed on the day, in cents, and its age in days by the date the request ages by."""

    customer: str
    invoice: str
    dated: date
    cents: int
    age: int


@dataclass(frozen=True, slots=True)
class Period:
    """A range of ages, as the request writes it."""

    text: str
    youngest: int
    oldest: int

    def holds(self, owed: Owed) -> bool:
        """Whether an invoice's age lies in the range."""
        return self.youngest <= owed.age <= self.oldest


@function("get_araging")
def get_ar_aging(call: Call) -> DataResult:
    """List each customer's total by aging period. What is of an age that no period holds is in none."""
    call.require("ARAGING")
    require_place(call, call.element)
    periods = _periods(text_of(call.element, "agingperiods", _DEFAULT_PERIODS))
    with_zero = is_true(call.element, "showzerowithactivity")
    by_customer: dict[str, list[Owed]] = {}
    for owed in _owed(call):
        if owed.cents or with_zero:
            by_customer.setdefault(owed.customer, []).append(owed)
    return DataResult([_customer(call, name, owed, periods) for name, owed in by_customer.items()])


def _customer(call: Call, name: str, owed: Sequence[Owed], periods: Sequence[Period]) -> Node:
    nodes = [Node("customerid", name)]
    for period in periods:
        within = [item for item in owed if period.holds(item)]
        content: dict[str, Content] = {"agingperiod": period.text, "totalamount": money(sum(i.cents for i in within))}
        if is_true(call.element, "showdetails"):
            content["agingdetails"] = [Node("agingdetail", _detail(item)) for item in within]
        nodes.append(Node("aging", content))
    return Node("araging", nodes)


def _detail(owed: Owed) -> Mapping[str, Content]:
    return {
        "invoiceno": owed.invoice,
        "totaldue": money(owed.cents),
        "agingdate": date_object(owed.dated.isoformat()),
        "age": str(owed.age),
    }


def _owed(call: Call) -> Iterator[Owed]:
    element = call.element
    as_of = day_of(element, "asofdate") if element.find("asofdate") is not None else today(call)
    basis = "WHENDUE" if is_true(element, "useduedate") else "WHENCREATED"
    basis = "WHENPOSTED" if is_true(element, "useglpostdate") else basis
    day = as_of.isoformat()
    for document in _documents(element):
        where = _where(call, document)
        sql = _OWED.format(basis=f'i."{basis}"', where=where.sql, document=document)
        for customer, invoice, dated, cents in call.db.execute(sql, (day, day, day, day, *where.values)):
            start = date.fromisoformat(dated)
            yield Owed(customer, invoice, start, cents, (as_of - start).days)


def _documents(element: etree._Element) -> tuple[str, ...]:
    """Return the objects that a documenttype means; without one, all that customers owe."""
    kinds = {"": ("ARINVOICE", "ARADJUSTMENT"), "invoice": ("ARINVOICE",), "adjustment": ("ARADJUSTMENT",)}
    return kinds.get(text_of(element, "documenttype", "").lower(), ())


def _where(call: Call, document: str) -> Condition:
    """Return the condition on document lines: seen from the session, of the place, customer and number asked for."""
    element = call.element
    selection = Selection(call.company.catalog, call.company.catalog[f"{document}ITEM"])
    parts = [
        visible_rows(selection, call.entity_id, show_private=True),
        narrowed(call, selection, element, _PLACES),
    ]
    if customer := text_of(element, "customerid"):
        known = call.db.execute('SELECT 1 FROM "CUSTOMER" WHERE "CUSTOMERID" = ?', (customer,)).fetchone()
        if known is None:
            raise invalid("Customer", customer)
        parts.append(Condition('i."CUSTOMERID" = ?', (customer,)))
    if invoice := text_of(element, "invoiceno"):
        parts.append(Condition('i."RECORDID" = ?', (invoice,)))
    return Condition.all_of(parts)


def _periods(text: str) -> list[Period]:
    """Return the ranges of a comma-separated list such as `0-30,31-60,61-`; they must not overlap."""
    periods = []
    for item in text.split(","):
        match = _PERIOD.fullmatch(item.strip())
        if match is None:
            raise invalid("Aging period", item.strip())
        periods.append(Period(item.strip(), int(match[1]), int(match[2] or _FOREVER)))
    in_order = sorted(periods, key=lambda period: period.youngest)
    for earlier, later in itertools.pairwise(in_order):
        if later.youngest <= earlier.oldest:
            raise invalid("Aging period", later.text)
    return periods
