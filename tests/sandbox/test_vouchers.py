"""Expense reports, charge card transactions, other receipts and deposits (wire/xml-gateway.md §7.8)."""

import pytest

from tests.gateway_requests import query
from tests.sandbox.books import (
    assert_books_tie_out,
    balance,
    create,
    delete,
    element,
    invoice,
    key_of,
    legacy_date,
    one,
    postings,
    receipt,
    refused,
    rows,
    succeed,
)
from tests.sandbox_process import SandboxProcess


def report(*expenses: str, state: str | None = None, employee: str = "E001") -> str:
    head = f"<employeeid>{employee}</employeeid>{legacy_date('datecreated', '2026-03-10')}"
    said = f"<state>{state}</state>" if state else ""
    lines = "".join(expenses or (expense(),))
    return f"<create_expensereport>{head}{said}<expenses>{lines}</expenses></create_expensereport>"


def expense(amount: str = "12.34", kind: str = "Travel", memo: str | None = None) -> str:
    return element("expense", {"expensetype": kind, "amount": amount, "memo": memo, "locationid": "100"})


def charge(*items: str, card: str = "AMEX") -> str:
    lines = "".join(
        items or (element("ccpayitem", {"glaccountno": "6000", "paymentamount": "20.00", "locationid": "100"}),)
    )
    return (
        f"<record_cctransaction><chargecardid>{card}</chargecardid>{legacy_date('paymentdate', '2026-03-11')}"
        f"<payee>Shop</payee><ccpayitems>{lines}</ccpayitems></record_cctransaction>"
    )


def other_receipt(where: str = "<undepglaccountno>1150</undepglaccountno>", tag: str = "record_otherreceipt") -> str:
    line = element("lineitem", {"glaccountno": "4020", "amount": "55.00", "locationid": "100"})
    return (
        f"<{tag}>{legacy_date('paymentdate', '2026-03-12')}<payee>Guest</payee>"
        f"{legacy_date('receiveddate', '2026-03-12')}<paymentmethod>Cash</paymentmethod>{where}"
        f"<receiptitems>{line}</receiptitems></{tag}>"
    )


def deposit(inner: str, number: str = "D1", bank: str = "BOA") -> str:
    return (
        f"<record_deposit><bankaccountid>{bank}</bankaccountid>{legacy_date('depositdate', '2026-03-20')}"
        f"<depositid>{number}</depositid>{inner}</record_deposit>"
    )


def keys(*numbers: int) -> str:
    return f"<receiptkeys>{''.join(f'<receiptkey>{number}</receiptkey>' for number in numbers)}</receiptkeys>"


def test_an_expense_report_is_owed_to_the_employee(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, report(expense(), expense("7.66", "Meals", memo="Lunch")))
    found = one(sandbox, "EEXPENSES", key)
    assert (found["STATE"], found["EMPLOYEEID"], found["TOTALDUE"], found["RECORDID"]) == (
        "A",
        "E001",
        2000,
        "EXP-00001",
    )
    assert sorted(postings(sandbox, found["GLBATCHKEY"])) == [
        ("2110", "100", -2000),
        ("6300", "100", 766),
        ("6300", "100", 1234),
    ]
    lines = rows(sandbox, 'SELECT "ACCOUNTLABEL" FROM "EEXPENSESITEM" WHERE "RECORDKEY" = ? ORDER BY "LINE_NO"', key)
    assert [line["ACCOUNTLABEL"] for line in lines] == ["Travel", "Meals"]
    shown = succeed(sandbox, query("EEXPENSES", ["RECORDNO", "STATE", "EMPLOYEENAME"]))
    assert shown.findtext("data/EEXPENSES/STATE") == "Posted"
    assert_books_tie_out(sandbox)


def test_a_draft_expense_report_is_changed_line_by_line_and_submitted(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, report(state="Draft"))
    assert one(sandbox, "EEXPENSES", key)["GLBATCHKEY"] is None
    changed = '<updateexpense line_num="1"><expensetype>Meals</expensetype><amount>1.00</amount></updateexpense>'
    lines = f"<updateexpenses>{changed}{expense('2.00')}</updateexpenses>"
    change = f'<update_expensereport key="{key}"><state>Submitted</state>{lines}</update_expensereport>'
    assert key_of(sandbox, change) == key
    found = one(sandbox, "EEXPENSES", key)
    assert (found["STATE"], found["TOTALENTERED"]) == ("A", 300)
    assert_books_tie_out(sandbox)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (report(employee="E999"), "Invalid Employee 'E999' specified."),
        (report(expense(kind="Gifts")), "Invalid Expense type 'Gifts' specified."),
        (charge(card="NOPE"), "Invalid Charge card account 'NOPE' specified."),
        (other_receipt("<bankaccountid>NOPE</bankaccountid>"), "Invalid Bank account 'NOPE' specified."),
        (deposit(keys(999999)), "No record exits for the recordkey 999999"),
    ],
)
def test_what_names_nothing_is_refused(sandbox: SandboxProcess, body: str, said: str) -> None:
    assert refused(sandbox, body)[0][1] == said


@pytest.mark.parametrize(("answered", "own"), [("original", True), ("reversal", False)])
def test_expense_reports_and_charges_are_reversed(sandbox: SandboxProcess, answered: str, own: bool) -> None:
    sandbox.switch(reversal_key=answered)
    for object_name, body, name in (
        ("EEXPENSES", report(), "reverse_expensereport"),
        ("CCTRANSACTION", charge(), "reverse_cctransaction"),
    ):
        key = key_of(sandbox, body)
        told = key_of(sandbox, f'<{name} key="{key}">{legacy_date("datereversed", "2026-03-31")}</{name}>')
        assert (told == key) is own
        found = one(sandbox, object_name, key)
        assert (found["STATE"], found["REVERSALKEY"]) == ("V", told if not own else found["REVERSALKEY"])
        assert one(sandbox, object_name, found["REVERSALKEY"])["TOTALENTERED"] == -int(str(found["TOTALENTERED"]))
    assert_books_tie_out(sandbox)


def test_a_charge_is_owed_to_the_issuer_of_the_card(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, charge())
    found = one(sandbox, "CCTRANSACTION", key)
    assert sorted(postings(sandbox, found["GLBATCHKEY"])) == [("2500", "100", -2000), ("6000", "100", 2000)]
    line = '<updateccpayitem line_num="1"><paymentamount>30.00</paymentamount></updateccpayitem>'
    key_of(
        sandbox, f'<update_cctransaction key="{key}"><updateccpayitems>{line}</updateccpayitems></update_cctransaction>'
    )
    found = one(sandbox, "CCTRANSACTION", key)
    assert sorted(postings(sandbox, found["GLBATCHKEY"])) == [("2500", "100", -3000), ("6000", "100", 3000)]
    assert_books_tie_out(sandbox)


def test_money_received_is_banked_at_once_or_deposited_once(sandbox: SandboxProcess) -> None:
    banked = key_of(sandbox, other_receipt("<bankaccountid>BOA</bankaccountid>"))
    assert sorted(postings(sandbox, one(sandbox, "OTHERRECEIPTS", banked)["GLBATCHKEY"])) == [
        ("1000", "100", 5500), ("4020", "100", -5500),
    ]  # fmt: skip
    kept = key_of(sandbox, other_receipt())
    paid = key_of(
        sandbox,
        create(
            receipt((key_of(sandbox, invoice("45.00")), "45.00"), FINANCIALENTITY=None, UNDEPOSITEDACCOUNTNO="1150")
        ),
    )
    key = key_of(sandbox, deposit(keys(kept, paid)))
    assert sorted(postings(sandbox, one(sandbox, "DEPOSIT", key)["GLBATCHKEY"])) == [
        ("1000", "100", 10000), ("1150", "100", -5500), ("1150", "100", -4500),
    ]  # fmt: skip
    assert refused(sandbox, deposit(keys(kept), "D2"))[0][1] == f"The receipt {kept} has been deposited already."
    assert refused(sandbox, deposit(keys(banked), "D2"))[0][1] == f"The receipt {banked} is in a bank account already."
    assert_books_tie_out(sandbox)


def test_a_deposit_that_names_a_receipt_twice_is_refused(sandbox: SandboxProcess) -> None:
    kept = key_of(sandbox, other_receipt())
    assert refused(sandbox, deposit(keys(kept, kept)))[0][1] == f"The receipt {kept} is named twice."
    assert balance(sandbox, "1150") == 5500


def test_what_is_in_a_deposit_stays_until_the_deposit_is_deleted(sandbox: SandboxProcess) -> None:
    owed, kept = key_of(sandbox, invoice("45.00")), key_of(sandbox, other_receipt())
    paid = key_of(sandbox, create(receipt((owed, "45.00"), FINANCIALENTITY=None, UNDEPOSITEDACCOUNTNO="1150")))
    banked = key_of(sandbox, deposit(keys(kept, paid)))
    reverse = f'<reverse_arpayment key="{paid}">{legacy_date("datereversed", "2026-04-20")}</reverse_arpayment>'
    remove = f'<delete_otherreceipt key="{kept}"/>'
    for body, done in ((reverse, "reversed"), (remove, "deleted")):
        assert f"is in deposit 'D1' and cannot be {done}" in refused(sandbox, body)[0][1]
    succeed(sandbox, delete("DEPOSIT", banked))
    succeed(sandbox, reverse)
    succeed(sandbox, remove)
    assert (one(sandbox, "ARINVOICE", owed)["TOTALDUE"], balance(sandbox, "1150")) == (4500, 0)
    assert_books_tie_out(sandbox)


def test_a_deposit_takes_foreign_money_out_of_undeposited_funds_at_the_rate_it_came_in(sandbox: SandboxProcess) -> None:
    euros = {"CURRENCY": "EUR", "FINANCIALENTITY": None, "UNDEPOSITEDACCOUNTNO": "1150"}
    owed = key_of(sandbox, invoice("100.00", currency="EUR"))
    paid, other = (
        key_of(sandbox, create(receipt((owed, "50.00"), **euros, EXCHANGE_RATE=rate))) for rate in ("1.2", "1.3")
    )
    assert refused(sandbox, deposit(keys(paid)))[0][1] == "Bank account 'BOA' is not in EUR."
    assert "at one exchange rate" in refused(sandbox, deposit(keys(paid, other), bank="EURO"))[0][1]
    banked = key_of(sandbox, deposit(keys(paid), bank="EURO"))
    assert sorted(postings(sandbox, one(sandbox, "DEPOSIT", banked)["GLBATCHKEY"])) == [
        ("1030", "100", 6000), ("1150", "100", -6000),
    ]  # fmt: skip
    assert_books_tie_out(sandbox)


def test_receipts_can_come_with_their_deposit(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, deposit(f"<receipts>{other_receipt(tag='receipt')}</receipts>"))
    assert one(sandbox, "DEPOSIT", key)["TOTALENTERED"] == 5500
    assert len(rows(sandbox, 'SELECT 1 FROM "OTHERRECEIPTS"')) == 1


def test_what_has_functions_of_its_own_is_not_created_generically(sandbox: SandboxProcess) -> None:
    for name in ("EEXPENSES", "CCTRANSACTION", "OTHERRECEIPTS", "DEPOSIT"):
        assert refused(sandbox, create(element(name, {"WHENCREATED": "03/10/2026"})))[0][0] == "PL04000005"


def test_expense_reports_and_receipts_are_deleted(sandbox: SandboxProcess) -> None:
    entered = key_of(sandbox, report())
    succeed(sandbox, delete("EEXPENSES", entered))
    drafted = key_of(sandbox, report(state="Draft"))
    succeed(sandbox, f'<delete_expensereport key="{drafted}"/>')
    received = key_of(sandbox, other_receipt())
    succeed(sandbox, f'<delete_otherreceipt key="{received}"/>')
    assert rows(sandbox, 'SELECT 1 FROM "EEXPENSES" UNION ALL SELECT 1 FROM "OTHERRECEIPTS"') == []
    assert_books_tie_out(sandbox)
