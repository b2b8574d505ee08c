"""Numbers that the company draws: one after the other, never twice, free again only when a transaction was undone."""

from tests.gateway_requests import call
from tests.sandbox.books import accrual, bill, create, delete, element, invoice, key_of, one, rows, succeed
from tests.sandbox_process import SandboxProcess


def test_bills_invoices_and_payments_share_their_record_numbers(sandbox: SandboxProcess) -> None:
    first, second, third = (key_of(sandbox, body) for body in (create(bill()), invoice(), create(bill())))
    assert (second, third) == (first + 1, first + 2)


def test_a_refused_record_uses_no_number(sandbox: SandboxProcess) -> None:
    first = key_of(sandbox, create(accrual()))
    call(sandbox, create(accrual(), accrual(JOURNAL="NONE")))
    assert key_of(sandbox, create(accrual())) == first + 2


def test_a_transaction_that_is_undone_gives_its_numbers_back(sandbox: SandboxProcess) -> None:
    first = key_of(sandbox, create(bill()))
    answer = call(sandbox, create(bill()), create(bill(VENDORID="NOBODY")), atomic=True)
    assert answer.statuses == ["aborted", "failure"]
    second = key_of(sandbox, create(bill()))
    assert second == first + 1
    assert one(sandbox, "APBILL", second)["RECORDID"] == "BILL-00002"


def test_a_number_given_by_hand_is_stepped_over(sandbox: SandboxProcess) -> None:
    key_of(sandbox, create(bill(RECORDID="BILL-00001", VENDORID="V002")))
    assert one(sandbox, "APBILL", key_of(sandbox, create(bill())))["RECORDID"] == "BILL-00002"


def test_each_journal_counts_for_itself(sandbox: SandboxProcess) -> None:
    sql = 'SELECT max("BATCHNO") AS n FROM "GLBATCH" WHERE "JOURNAL" = ?'
    before = {journal: rows(sandbox, sql, journal)[0]["n"] for journal in ("GJ", "SYSJ")}
    key = key_of(sandbox, create(accrual(JOURNAL="SYSJ")))
    assert one(sandbox, "GLBATCH", key)["BATCHNO"] == int(str(before["SYSJ"])) + 1
    assert rows(sandbox, sql, "GJ")[0]["n"] == before["GJ"]


def test_employees_and_projects_are_numbered_too(sandbox: SandboxProcess) -> None:
    project = succeed(sandbox, create(element("PROJECT", {"NAME": "x", "PROJECTCATEGORY": "Contract"})))
    assert project.findtext("data/project/PROJECTID") == "PROJ-00001"
    contact = "<PERSONALINFO><CONTACTNAME>Silva, Ana</CONTACTNAME></PERSONALINFO>"
    employee = succeed(sandbox, create(element("EMPLOYEE", {}, contact)))
    assert employee.findtext("data/employee/EMPLOYEEID") == "EMP-00001"
    succeed(sandbox, delete("EMPLOYEE", employee.findtext("data/employee/RECORDNO")))
    again = succeed(sandbox, create(element("EMPLOYEE", {}, contact)))
    assert again.findtext("data/employee/EMPLOYEEID") == "EMP-00002"
