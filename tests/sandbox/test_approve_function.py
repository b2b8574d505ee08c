"""The approve and decline functions: purchasing documents, timesheets and their entries (wire/xml-gateway.md §6.7)."""

from tests.gateway_requests import APPROVER, AUDITOR, call, login, query
from tests.sandbox.books import (
    assert_books_tie_out,
    create,
    element,
    key_of,
    legacy_date,
    one,
    refused,
    rows,
    succeed,
    update,
)
from tests.sandbox_process import SandboxProcess


def purchase(kind: str = "Purchase Order", source: str = "") -> str:
    contact = "<contactname></contactname>"
    made = f"<createdfrom>{source}</createdfrom>" if source else ""
    line = element("potransitem", {"itemid": "I001", "quantity": 3, "price": "5.00", "locationid": "100"})
    return (
        f"<create_potransaction><transactiontype>{kind}</transactiontype>{legacy_date('datecreated', '2026-03-10')}"
        f"{made}<vendorid>V001</vendorid>{legacy_date('datedue', '2026-04-10')}<returnto>{contact}</returnto>"
        f"<payto>{contact}</payto><potransitems>{line}</potransitems></create_potransaction>"
    )


def decide(verb: str, object_name: str, **said: object) -> str:
    return f"<{verb}>{element(object_name, said)}</{verb}>"


def document(sandbox: SandboxProcess, name: str) -> dict[str, object]:
    return rows(sandbox, 'SELECT * FROM "PODOCUMENT" WHERE "DOCID" = ?', name)[0]


def timesheet(sandbox: SandboxProcess, *hours: object) -> tuple[int, list[object]]:
    lines = "".join(element("TIMESHEETENTRY", {"ENTRYDATE": "03/09/2026", "QTY": qty}) for qty in hours)
    fields = {"EMPLOYEEID": "E001", "BEGINDATE": "03/09/2026", "STATE": "Submitted"}
    key = key_of(sandbox, create(element("TIMESHEET", fields, f"<TIMESHEETENTRIES>{lines}</TIMESHEETENTRIES>")))
    found = rows(sandbox, 'SELECT "RECORDNO" FROM "TIMESHEETENTRY" WHERE "TIMESHEETKEY" = ? ORDER BY 1', key)
    return key, [row["RECORDNO"] for row in found]


def test_a_purchase_order_can_be_converted_once_it_is_approved(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_podocument=1)
    name = str(succeed(sandbox, purchase()).findtext("key"))
    assert document(sandbox, name)["STATE"] == "S"
    assert "cannot be converted" in refused(sandbox, purchase("Vendor Invoice", name))[0][1]
    assert refused(sandbox, decide("approve", "PODOCUMENT", DOCID=name))[0][1].endswith("cannot approve it.")
    assert (
        refused(sandbox, decide("approve", "PODOCUMENT", DOCID=name), credential=login(AUDITOR))[0][0] == "PL04000005"
    )
    succeed(sandbox, decide("approve", "PODOCUMENT", DOCID=name, COMMENT="ok"), credential=login(APPROVER))
    assert document(sandbox, name)["STATE"] == "O"
    missing = refused(sandbox, decide("approve", "PODOCUMENT", DOCID="Nothing"), credential=login(APPROVER))
    assert missing[0] == ("DL03000005", "No record exits for the recordkey Nothing")


def test_a_vendor_invoice_becomes_a_bill_with_its_approval(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_podocument=1)
    name = str(succeed(sandbox, purchase("Vendor Invoice")).findtext("key"))
    assert document(sandbox, name)["PRRECORDKEY"] is None
    succeed(sandbox, decide("approve", "PODOCUMENT", DOCID=name), credential=login(APPROVER))
    assert one(sandbox, "APBILL", document(sandbox, name)["PRRECORDKEY"])["TOTALDUE"] == 1500
    assert_books_tie_out(sandbox)


def test_a_declined_document_waits_for_another_submission(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_podocument=1)
    name = str(succeed(sandbox, purchase()).findtext("key"))
    succeed(sandbox, decide("decline", "PODOCUMENT", DOCID=name), credential=login(APPROVER))
    assert document(sandbox, name)["STATE"] == "R"
    answer = call(
        sandbox,
        query(
            "PODOCUMENT", ["STATE"], f"<filter><equalto><field>DOCID</field><value>{name}</value></equalto></filter>"
        ),
    )
    assert answer.text(".//PODOCUMENT/STATE") == "Declined"


def test_a_timesheet_is_approved_as_a_whole_or_entry_by_entry(sandbox: SandboxProcess) -> None:
    key, entries = timesheet(sandbox, 1, 2)
    succeed(sandbox, decide("approve", "TIMESHEET", RECORDNO=key, ENTRYKEYS=entries[0]), credential=login(APPROVER))
    assert one(sandbox, "TIMESHEET", key)["STATE"] == "X"
    assert [one(sandbox, "TIMESHEETENTRY", entry)["STATE"] for entry in entries] == ["A", "S"]
    succeed(sandbox, decide("approve", "TIMESHEET", RECORDNO=key, ENTRYKEYS=entries[1]), credential=login(APPROVER))
    assert one(sandbox, "TIMESHEET", key)["STATE"] == "A"
    whole, lines = timesheet(sandbox, 3, 4)
    succeed(sandbox, decide("approve", "TIMESHEET", RECORDNO=whole), credential=login(APPROVER))
    assert [one(sandbox, "TIMESHEETENTRY", line)["STATE"] for line in lines] == ["A", "A"]
    again = refused(sandbox, decide("approve", "TIMESHEET", RECORDNO=whole), credential=login(APPROVER))
    assert again[0][1] == "This timesheet does not wait for approval and cannot be approved."


def test_a_declined_timesheet_is_mended_and_submitted_again(sandbox: SandboxProcess) -> None:
    key, entries = timesheet(sandbox, 1, 2)
    succeed(sandbox, decide("decline", "TIMESHEET", RECORDNO=key, ENTRYKEYS=entries[0]), credential=login(APPROVER))
    assert one(sandbox, "TIMESHEET", key)["STATE"] == "E"
    succeed(sandbox, update(element("TIMESHEET", {"RECORDNO": key, "STATE": "Submitted"})))
    assert one(sandbox, "TIMESHEET", key)["STATE"] == "S"
    succeed(sandbox, decide("decline", "TIMESHEET", RECORDNO=key), credential=login(APPROVER))
    assert one(sandbox, "TIMESHEET", key)["STATE"] == "R"


def test_a_web_services_user_decides_on_behalf_of_an_approver(sandbox: SandboxProcess) -> None:
    key, _ = timesheet(sandbox, 1)
    asked = {"RECORDNO": key, "APPROVEDBY": "auditor"}
    assert refused(sandbox, decide("approve", "TIMESHEET", **asked))[0][0] == "PL04000005"
    assert refused(sandbox, decide("approve", "TIMESHEET", **asked | {"APPROVEDBY": "nobody"}))[0][0] == "BL03000025"
    succeed(sandbox, decide("approve", "TIMESHEET", **asked | {"APPROVEDBY": "approver"}))
    assert one(sandbox, "TIMESHEET", key)["MODIFIEDBY"] == 5


def test_a_timesheet_that_needs_no_approval_is_approved_at_once(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_timesheet=0)
    key, entries = timesheet(sandbox, 1)
    assert (one(sandbox, "TIMESHEET", key)["STATE"], one(sandbox, "TIMESHEETENTRY", entries[0])["STATE"]) == ("A", "A")
