"""AP payments on their way to the ledger: selected, approved, declined, confirmed, voided (wire facts §7.6)."""

import pytest

from tests.gateway_requests import APPROVER, AUDITOR, CONTROLLER, call, login, query
from tests.sandbox.books import (
    assert_books_tie_out,
    bill,
    bill_line,
    create,
    delete,
    element,
    key_of,
    one,
    payment,
    postings,
    refused,
    rows,
    succeed,
    update,
)
from tests.sandbox_process import SandboxProcess


def act(verb: str, *keys: int) -> str:
    named = "".join(f"<appaymentkey>{key}</appaymentkey>" for key in keys)
    return f"<{verb}_appaymentrequest><appaymentkeys>{named}</appaymentkeys></{verb}_appaymentrequest>"


def state(sandbox: SandboxProcess, object_name: str, key: int) -> str | None:
    filtered = f"<filter><equalto><field>RECORDNO</field><value>{key}</value></equalto></filter>"
    return call(sandbox, query(object_name, ["STATE"], filtered)).text(f".//{object_name}/STATE")


def selected(sandbox: SandboxProcess, key: int) -> tuple[str | None, object, object]:
    """A bill's state, what payments have selected, and what is due, in cents."""
    row = one(sandbox, "APBILL", key)
    return state(sandbox, "APBILL", key), row["TOTALSELECTED"], row["TOTALDUE"]


def test_a_submitted_payment_selects_the_bill_and_the_last_approval_pays_it(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_appymt=2)
    key = key_of(sandbox, create(bill()))
    paid = key_of(sandbox, create(payment((key, "60.00"))))
    assert state(sandbox, "APPYMT", paid) == "Submitted"
    assert selected(sandbox, key) == ("Selected", 6000, 10000)
    assert one(sandbox, "APPYMT", paid)["GLBATCHKEY"] is None
    assert_books_tie_out(sandbox)
    succeed(sandbox, act("approve", paid), credential=login(APPROVER))
    assert state(sandbox, "APPYMT", paid) == "Partially Approved"
    assert selected(sandbox, key) == ("Selected", 6000, 10000)
    succeed(sandbox, act("approve", paid), credential=login(CONTROLLER))
    assert state(sandbox, "APPYMT", paid) == "Posted"
    assert selected(sandbox, key) == ("Partially Paid", 0, 4000)
    header = one(sandbox, "APPYMT", paid)
    assert (header["STATE"], header["TRX_TOTALPAID"]) == ("C", 6000)
    assert postings(sandbox, header["GLBATCHKEY"]) == [("2000", "100", 6000), ("1000", "100", -6000)]
    assert_books_tie_out(sandbox)


def test_a_payment_reads_as_a_payment_request_too(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_appymt=1)
    paid = key_of(sandbox, create(payment((key_of(sandbox, create(bill())), "60.00"))))
    filtered = f"<filter><equalto><field>RECORDNO</field><value>{paid}</value></equalto></filter>"
    answer = call(sandbox, query("APPAYMENTREQUEST", ["STATE", "PAYMENTAMOUNT", "VENDORID"], filtered))
    found = {child.tag: child.text for child in answer.root.iterfind(".//APPAYMENTREQUEST/*")}
    assert found == {"STATE": "Submitted", "PAYMENTAMOUNT": "60", "VENDORID": "V001"}


def test_selected_amounts_belong_to_one_payment(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_appymt=1)
    key = key_of(sandbox, create(bill()))
    key_of(sandbox, create(payment((key, "60.00"))))
    words = refused(sandbox, create(payment((key, "50.00"))))[0][1]
    assert words.startswith("The payment of 50.00 is more than the 40.00 due")
    key_of(sandbox, create(payment((key, "40.00"))))
    assert selected(sandbox, key)[:2] == ("Selected", 10000)
    assert "selected for another payment" in refused(sandbox, create(payment((key, "1.00"))))[0][1]
    assert "has payments" in refused(sandbox, delete("APBILL", key))[0][1]
    assert_books_tie_out(sandbox)


def test_a_declined_payment_frees_the_bill_and_can_be_submitted_again(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_appymt=1)
    key = key_of(sandbox, create(bill(bill_line("70.00"), bill_line("-10.00"))))
    paid = key_of(sandbox, create(payment((key, "60.00"))))
    succeed(sandbox, act("decline", paid), credential=login(APPROVER))
    assert (state(sandbox, "APPYMT", paid), selected(sandbox, key)) == ("Declined", ("Posted", 0, 6000))
    detail = element("APPYMTDETAIL", {"RECORDKEY": key, "TRX_PAYMENTAMOUNT": "60.00"})
    change = element(
        "APPYMT", {"RECORDNO": paid, "WHENCREATED": "04/20/2026"}, f"<APPYMTDETAILS>{detail}</APPYMTDETAILS>"
    )
    succeed(sandbox, update(change))
    assert (state(sandbox, "APPYMT", paid), selected(sandbox, key)[0]) == ("Submitted", "Selected")
    assert "cannot be changed" in refused(sandbox, update(change))[0][1]
    succeed(sandbox, act("approve", paid), credential=login(APPROVER))
    assert (one(sandbox, "APPYMT", paid)["WHENPOSTED"], selected(sandbox, key)) == ("2026-04-20", ("Paid", 0, 0))
    assert_books_tie_out(sandbox)


def test_only_approvers_approve_and_never_their_own(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_appymt=1)
    key = key_of(sandbox, create(bill()))
    paid = key_of(sandbox, create(payment((key, "60.00"))))
    assert refused(sandbox, act("approve", paid), credential=login(AUDITOR)) == [
        (
            "PL04000005",
            "You do not have permission for API operation APPROVE_APPAYMENTREQUEST on objects of type appymt",
        )
    ]
    assert refused(sandbox, act("approve", paid))[0][1] == "etl submitted this payment and cannot approve it."
    assert refused(sandbox, act("approve", 999999), credential=login(APPROVER))[0][0] == "DL03000005"
    denied = refused(sandbox, act("confirm", paid), credential=login(APPROVER))
    assert denied[0][0] == "PL04000005"


def test_keys_of_one_function_are_decided_together_or_not_at_all(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_appymt=1)
    key = key_of(sandbox, create(bill()))
    first, second = (key_of(sandbox, create(payment((key, "20.00")))) for _ in range(2))
    refused(sandbox, act("approve", first, 999999), credential=login(APPROVER))
    assert state(sandbox, "APPYMT", first) == "Submitted"
    before = sandbox.transactions()
    succeed(sandbox, act("approve", first, second), credential=login(APPROVER))
    assert sandbox.transactions() == before + 2
    assert selected(sandbox, key) == ("Partially Paid", 0, 6000)
    assert_books_tie_out(sandbox)


@pytest.mark.parametrize(("approvals", "expected"), [(0, "Approved"), (1, "Submitted")])
def test_a_printed_check_waits_for_its_confirmation_where_the_switch_says_so(
    sandbox: SandboxProcess, approvals: int, expected: str
) -> None:
    sandbox.switch(approval_appymt=approvals, payment_confirmation="checks")
    key = key_of(sandbox, create(bill()))
    paid = key_of(sandbox, create(payment((key, "60.00"), PAYMENTMETHOD="Printed Check")))
    assert state(sandbox, "APPYMT", paid) == expected
    if approvals:
        assert refused(sandbox, act("confirm", paid))[0][1] == "Only an approved payment can be confirmed."
        succeed(sandbox, act("approve", paid), credential=login(APPROVER))
    assert (one(sandbox, "APPYMT", paid)["STATE"], selected(sandbox, key)) == ("A", ("Selected", 6000, 10000))
    succeed(sandbox, act("confirm", paid))
    assert (state(sandbox, "APPYMT", paid), selected(sandbox, key)) == ("Posted", ("Partially Paid", 0, 4000))
    assert_books_tie_out(sandbox)


def test_a_payment_that_is_not_posted_gives_up_what_it_selected_when_voided_or_deleted(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_appymt=1)
    key = key_of(sandbox, create(bill()))
    voided, removed, erased = (key_of(sandbox, create(payment((key, "20.00")))) for _ in range(3))
    succeed(sandbox, act("void", voided))
    succeed(sandbox, f'<delete_paymentrequest key="{removed}"/>')
    succeed(sandbox, delete("APPYMT", erased))
    assert (state(sandbox, "APPYMT", voided), selected(sandbox, key)) == ("Voided", ("Posted", 0, 10000))
    assert rows(sandbox, 'SELECT * FROM "APPYMT" WHERE "RECORDNO" IN (?, ?)', removed, erased) == []
    assert sandbox.control("/sandbox/approvals") == []
    assert_books_tie_out(sandbox)


def test_a_posted_payment_is_voided_today(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill()))
    paid = key_of(sandbox, create(payment((key, "60.00"))))
    succeed(sandbox, act("void", paid))
    assert (state(sandbox, "APPYMT", paid), selected(sandbox, key)) == ("Voided", ("Posted", 0, 10000))
    today = sandbox.control("/sandbox/time")["now"][:10]
    assert one(sandbox, "APPYMT", paid)["REVERSALDATE"] == today
    assert_books_tie_out(sandbox)


def test_a_foreign_payment_is_posted_to_the_cent_when_it_is_approved(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_appymt=1)
    key = key_of(sandbox, create(bill(bill_line("60.00"), bill_line("40.00"), CURRENCY="EUR", EXCHANGE_RATE="1.1")))
    euro = {"CURRENCY": "EUR", "FINANCIALENTITY": "EURO", "EXCHANGE_RATE": "1.2"}
    parts = [key_of(sandbox, create(payment((key, amount), **euro))) for amount in ("33.33", "66.67")]
    succeed(sandbox, act("approve", *reversed(parts)), credential=login(APPROVER))
    assert selected(sandbox, key) == ("Paid", 0, 0)
    assert_books_tie_out(sandbox)


def test_whether_selecting_lowers_what_is_due_is_a_switch(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_appymt=1, selected_lowers_due=True)
    key = key_of(sandbox, create(bill()))
    paid = key_of(sandbox, create(payment((key, "60.00"))))
    assert selected(sandbox, key) == ("Selected", 6000, 4000)
    succeed(sandbox, act("approve", paid), credential=login(APPROVER))
    assert selected(sandbox, key) == ("Partially Paid", 0, 4000)
    assert_books_tie_out(sandbox)


def test_sending_needs_a_subscription_that_the_company_lacks(sandbox: SandboxProcess) -> None:
    assert refused(sandbox, act("send", 1))[0] == (
        "PL04000005", "This company is not subscribed to Vendor Payment Services.",
    )  # fmt: skip
