"""Whether the company has a period for the days that records are posted on. Pure.

Whether a period is open cannot be asked: no documented function or object of the gateway tells. That is said.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from airflow_provider_intacct.client.checking.content import Section
from airflow_provider_intacct.client.checking.problem import Problem
from airflow_provider_intacct.client.checking.values import day
from airflow_provider_intacct.client.where import all_of, field
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.client.xml.functions import Function

PERIODS = "REPORTINGPERIOD"

POSTED_ON: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "GLBATCH": (("BATCH_DATE",), ("REVERSEDATE",)),
    **dict.fromkeys(("APBILL", "ARINVOICE", "APADJUSTMENT", "ARADJUSTMENT"), (("WHENPOSTED", "WHENCREATED"),)),
    "APPYMT": (("PAYMENTDATE", "WHENCREATED"),),
    "ARPYMT": (("RECEIPTDATE", "PAYMENTDATE"),),
}
"""Fields that say when a record of an object is posted: of each group the first that is given."""

PostingDay = tuple[Section, str, date]
"""A header, the entry that says when it is posted, and that day."""


def posting_days(header: Section) -> Iterator[PostingDay]:
    """Yield the days that a record is posted on."""
    given = {name.upper(): (entry, value) for entry, name, value in header.fields()}
    for names in POSTED_ON.get(header.object, ()):
        for name in names:
            if name in given:
                entry, value = given[name]
                if (when := day(value)) is not None:
                    yield header, entry, when
                break


def query(days: Iterable[PostingDay]) -> Function:
    """Return the query for the periods that touch the days."""
    listed = [when for *_, when in days]
    within = all_of(field("START_DATE") <= max(listed), field("END_DATE") >= min(listed))
    return functions.query(PERIODS, ["NAME", "START_DATE", "END_DATE"], where=within, datatype=lambda _: "DATE")


def period_problems(
    days: Sequence[PostingDay], periods: Sequence[Mapping[str, str]], unasked: str
) -> Iterator[Problem]:
    """Yield the days without a period, and that it is not known whether the others' periods are open."""
    spans = [(day(each.get("START_DATE")), day(each.get("END_DATE"))) for each in periods]
    lacking = 0
    for header, entry, when in days:
        if not unasked and not any(start <= when <= end for start, end in spans if start and end):
            lacking += 1
            text = f"no reporting period of the company holds {when:%m/%d/%Y}"
            yield Problem(header.posting.position, entry, text, "check the date, or have the period made")
    if unasked:
        yield Problem(
            0, "", f"whether the days have a reporting period could not be looked up ({unasked})", "", "unknown"
        )
    if len(days) > lacking:
        first, last = min(when for *_, when in days), max(when for *_, when in days)
        span = f"{first:%m/%d/%Y}" + (f" to {last:%m/%d/%Y}" if last != first else "")
        text = f"whether the books are open on {span}; Intacct tells that only when it posts"
        yield Problem(0, "", text, "see General Ledger > Open books", "unknown")
