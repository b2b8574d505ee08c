"""get_araging: what is owed today is the receivables account, and what was owed earlier is what it was."""

from decimal import Decimal

import pytest
from lxml import etree

from tests.gateway_requests import WEST, call, login
from tests.sandbox.books import create, element, invoice, key_of, receipt, rows
from tests.sandbox.reporting import ENTITIES, entity, refusal
from tests.sandbox_process import SandboxProcess


def aging(inner: str = "") -> str:
    return f"<get_araging>{inner}</get_araging>"


def as_of(day: str) -> str:
    year, month, rest = day.split("-")
    return element("asofdate", {"year": year, "month": month, "day": rest})


def customers(sandbox: SandboxProcess, body: str, **options: object) -> list[etree._Element]:
    answer = call(sandbox, body, **options)
    assert answer.statuses == ["success"], answer.body
    return answer.root.findall("operation/result/data/araging")


def totals(found: list[etree._Element]) -> dict[str, Decimal]:
    """The total of each aging period over all customers."""
    sums: dict[str, Decimal] = {}
    for period in (item for customer in found for item in customer.iterfind("aging")):
        name = period.findtext("agingperiod")
        sums[name] = sums.get(name, Decimal(0)) + Decimal(period.findtext("totalamount"))
    return sums


def receivables(sandbox: SandboxProcess, entity_id: str, day: str) -> Decimal:
    """The balance of the receivables account of an entity on a day."""
    [row] = rows(
        sandbox,
        'SELECT coalesce(sum("AMOUNT"), 0) AS n FROM "GLDETAIL" WHERE "ACCOUNTNO" = \'1200\''
        ' AND "LOCATIONID" LIKE ? AND "ENTRY_DATE" <= ?',
        entity_id[0] + "%",
        day,
    )
    return Decimal(row["n"]).scaleb(-2)


@pytest.mark.parametrize("entity_id", ENTITIES)
@pytest.mark.parametrize("day", ["2025-06-30", "2026-02-15", "2026-06-30", "2026-12-31"])
def test_it_ties_out_with_the_receivables_account_on_any_day(sandbox: SandboxProcess, entity_id: str, day: str) -> None:
    found = customers(sandbox, aging("<agingperiods>0-</agingperiods>" + as_of(day)), **entity(entity_id))
    assert sum(totals(found).values()) == receivables(sandbox, entity_id, day)


def test_the_periods_are_five_unless_named_and_every_customer_has_them_all(sandbox: SandboxProcess) -> None:
    found = customers(sandbox, aging(as_of("2026-06-30")), **entity("100"))
    periods = ["0-30", "31-60", "61-90", "91-120", "121-"]
    assert all([item.findtext("agingperiod") for item in customer.iterfind("aging")] == periods for customer in found)
    named = customers(sandbox, aging("<agingperiods>0-60,61-</agingperiods>" + as_of("2026-06-30")), **entity("100"))
    five, two = totals(found), totals(named)
    assert two == {"0-60": five["0-30"] + five["31-60"], "61-": five["61-90"] + five["91-120"] + five["121-"]}


def test_details_name_each_invoice_its_date_and_its_age(sandbox: SandboxProcess) -> None:
    key_of(sandbox, invoice("250.00", customer="C001"))
    inner = "<customerid>C001</customerid>" + as_of("2026-06-30") + "<showdetails>true</showdetails>"
    [customer] = customers(sandbox, aging(inner), **entity("100"))
    for period in customer.iterfind("aging"):
        details = period.findall("agingdetails/agingdetail")
        assert sum(Decimal(item.findtext("totaldue")) for item in details) == Decimal(period.findtext("totalamount"))
        assert all([child.tag for child in item] == ["invoiceno", "totaldue", "agingdate", "age"] for item in details)
    assert "agingdetails" not in str(call(sandbox, aging(inner.partition("<showd")[0]), **entity("100")).body)


def test_a_receipt_lowers_what_is_due_from_its_day_on(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, invoice("250.00", customer="C001"))
    options = entity("100")
    before = {day: totals(customers(sandbox, aging(as_of(day)), **options)) for day in ("2026-04-01", "2026-06-01")}
    key_of(sandbox, create(receipt((key, "100.00"), RECEIPTDATE="05/15/2026")))
    after = {day: totals(customers(sandbox, aging(as_of(day)), **options)) for day in before}
    assert after["2026-04-01"] == before["2026-04-01"]
    assert sum(before["2026-06-01"].values()) - sum(after["2026-06-01"].values()) == 100


def test_ages_count_from_the_due_date_on_request(sandbox: SandboxProcess) -> None:
    day = as_of("2026-06-30")
    wide = "<agingperiods>0-</agingperiods>"
    everything = totals(customers(sandbox, aging(wide + day), **entity("100")))["0-"]
    overdue = totals(customers(sandbox, aging(wide + day + "<useduedate>true</useduedate>"), **entity("100")))["0-"]
    [row] = rows(
        sandbox,
        """SELECT sum("TOTALDUE") AS n FROM "ARINVOICE" WHERE "WHENDUE" <= '2026-06-30' AND "RECORDNO" IN
           (SELECT "RECORDKEY" FROM "ARINVOICEITEM" WHERE "LOCATIONID" IN ('100', '110', '120'))""",
    )
    assert overdue == Decimal(row["n"]).scaleb(-2) < everything


def test_customers_that_owe_nothing_come_only_with_activity(sandbox: SandboxProcess) -> None:
    day = as_of("2026-06-30")
    owing = {item.findtext("customerid") for item in customers(sandbox, aging(day), **entity("100"))}
    active = "<showzerowithactivity>true</showzerowithactivity>"
    everyone = {item.findtext("customerid") for item in customers(sandbox, aging(day + active), **entity("100"))}
    assert owing < everyone


@pytest.mark.parametrize("periods", ["0-30,20-60", "soon", "0-30,,31-60"])
def test_aging_periods_must_be_ranges_that_do_not_overlap(sandbox: SandboxProcess, periods: str) -> None:
    errorno, text = refusal(sandbox, aging(f"<agingperiods>{periods}</agingperiods>"), **entity("100"))
    assert errorno == "BL01001973"
    assert text.startswith("Invalid Aging period '")


def test_a_location_is_wanted_at_the_top_level_and_not_in_an_entity(sandbox: SandboxProcess) -> None:
    assert refusal(sandbox, aging())[1] == "Required field Location ID is missing"
    assert customers(sandbox, aging(), credential=login(WEST))
