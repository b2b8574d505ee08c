"""Timesheets, warehouse transfers, contracts and their lines (wire/xml-gateway.md §7.8)."""

import pytest

from tests.sandbox.books import create, delete, element, key_of, legacy_date, one, refused, rows, succeed, update
from tests.sandbox_process import SandboxProcess


def entry(day: str = "03/09/2026", hours: object = "7.5", **more: object) -> str:
    return element("TIMESHEETENTRY", {"ENTRYDATE": day, "QTY": hours} | more)


def timesheet(*entries: str, **header: object) -> str:
    inner = f"<TIMESHEETENTRIES>{''.join(entries or (entry(),))}</TIMESHEETENTRIES>"
    return element("TIMESHEET", {"EMPLOYEEID": "E001", "BEGINDATE": "03/09/2026"} | header, inner)


def moved(way: str, warehouse: str, quantity: object = 3) -> str:
    return element("ICTRANSFERITEM", {"IN_OUT": way, "ITEMID": "I001", "WAREHOUSEID": warehouse, "QUANTITY": quantity})


def transfer(*items: str, **header: object) -> str:
    inner = f"<ICTRANSFERITEMS>{''.join(items or (moved('O', 'W1'), moved('I', 'W2')))}</ICTRANSFERITEMS>"
    return element("ICTRANSFER", {"TRANSACTIONDATE": "03/09/2026"} | header, inner)


def contract(**fields: object) -> str:
    return element("CONTRACT", {
        "CONTRACTID": "CON-1", "CUSTOMERID": "C001", "NAME": "Support", "BEGINDATE": "01/01/2026",
        "ENDDATE": "12/31/2026", "BILLINGFREQUENCY": "Monthly", "TERMNAME": "N30", "LOCATIONID": "100",
    } | fields)  # fmt: skip


def test_a_timesheet_is_a_draft_generically_and_submitted_in_the_legacy_dialect(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(timesheet(entry(PROJECTID="P001"), entry("03/10/2026", 8))))
    found = one(sandbox, "TIMESHEET", key)
    assert (found["STATE"], found["HOURS"], found["ENDDATE"]) == ("I", 155000, "2026-03-15")
    body = f"<employeeid>E001</employeeid>{legacy_date('begindate', '2026-03-09')}"
    item = f"<timesheetitem>{legacy_date('entrydate', '2026-03-09')}<qty>1</qty></timesheetitem>"
    legacy = f"<create_timesheet>{body}<timesheetitems>{item}</timesheetitems></create_timesheet>"
    submitted = key_of(sandbox, legacy)
    assert one(sandbox, "TIMESHEET", submitted)["STATE"] == "S"
    assert refused(sandbox, delete("TIMESHEET", submitted))[0][1].endswith("is Submitted and cannot be deleted.")


def test_a_draft_timesheet_has_its_lines_replaced_and_is_deleted_with_them(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(timesheet()))
    lines = f"<TIMESHEETENTRIES>{entry(hours=1)}{entry(hours=2)}</TIMESHEETENTRIES>"
    succeed(sandbox, update(element("TIMESHEET", {"RECORDNO": key, "DESCRIPTION": "Week 11"}, lines)))
    assert one(sandbox, "TIMESHEET", key)["HOURS"] == 30000
    succeed(sandbox, update(element("TIMESHEET", {"RECORDNO": key, "DESCRIPTION": ""})))
    assert len(rows(sandbox, 'SELECT 1 FROM "TIMESHEETENTRY" WHERE "TIMESHEETKEY" = ?', key)) == 2
    succeed(sandbox, f'<delete_timesheet key="{key}"/>')
    assert rows(sandbox, 'SELECT 1 FROM "TIMESHEET" UNION ALL SELECT 1 FROM "TIMESHEETENTRY"') == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (timesheet(EMPLOYEEID="E999"), "Invalid Employee 'E999' specified."),
        (timesheet(entry("03/08/2026")), "The entry date 03/08/2026 is before the timesheet begins."),
        (timesheet(entry(PROJECTID="P999")), "Invalid Project 'P999' specified."),
        (timesheet(STATE="Approved"), "A timesheet can be entered as Draft or Submitted."),
        (transfer(moved("O", "W1")), "The lines of a warehouse transfer are pairs"),
        (transfer(moved("O", "W1"), moved("I", "W2", 4)), "The lines of a warehouse transfer are pairs"),
        (transfer(moved("O", "W1"), moved("I", "W1")), "Item 'I001' is transferred to the warehouse it comes from."),
        (transfer(moved("O", "W1"), moved("I", "W9")), "Invalid Warehouse 'W9' specified."),
        (contract(CUSTOMERID="C999"), "Invalid Customer 'C999' specified."),
        (contract(BILLINGFREQUENCY="Hourly"), "'Hourly' is not a valid value for Billing frequency."),
        (contract(TERMNAME=""), "Required field Payment term is missing"),
    ],
)
def test_what_does_not_fit_is_refused(sandbox: SandboxProcess, body: str, said: str) -> None:
    assert refused(sandbox, create(body))[0][1].startswith(said)


def test_a_warehouse_transfer_is_posted_unless_it_is_a_draft(sandbox: SandboxProcess) -> None:
    posted, draft = key_of(sandbox, create(transfer())), key_of(sandbox, create(transfer(ACTION="Draft")))
    assert [one(sandbox, "ICTRANSFER", key)["STATE"] for key in (posted, draft)] == ["Posted", "Draft"]
    assert "cannot be changed" in refused(sandbox, update(element("ICTRANSFER", {"RECORDNO": posted})))[0][1]
    succeed(sandbox, update(element("ICTRANSFER", {"RECORDNO": draft, "ACTION": "Post"})))
    assert one(sandbox, "ICTRANSFER", draft)["STATE"] == "Posted"


def test_contract_lines_are_records_of_their_own(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(contract()))
    assert one(sandbox, "CONTRACT", key)["STATE"] == "In progress"
    line = {"CONTRACTID": "CON-1", "ITEMID": "I001", "BILLINGMETHOD": "Fixed price", "QUANTITY": 2, "RATE": "50.00"}
    before = sandbox.transactions()
    keys = [key_of(sandbox, create(element("CONTRACTDETAIL", line))) for _ in range(2)]
    assert sandbox.transactions() == before + 2
    found = [one(sandbox, "CONTRACTDETAIL", number) for number in keys]
    assert [(row["LINENO"], row["FLATAMOUNT"], row["ENDDATE"]) for row in found] == [
        (1, 10000, "2026-12-31"), (2, 10000, "2026-12-31"),
    ]  # fmt: skip
    assert "it is in use (Contract line)" in refused(sandbox, delete("CONTRACT", key))[0][1]
    assert refused(sandbox, create(element("CONTRACTDETAIL", line | {"CONTRACTID": "NOPE"})))[0][1] == (
        "Invalid Contract 'NOPE' specified."
    )
