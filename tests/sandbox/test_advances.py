"""AR advances: received before there is an invoice, applied by an AR payment.

Source: developer.intacct.com, Accounts Receivable > AR advances; AR payments, "Apply an advance".
"""

import pytest

from tests.gateway_requests import call, query
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
    refused,
    rows,
    succeed,
    update,
)
from tests.sandbox_process import SandboxProcess

RECEIVED = {"CUSTOMERID": "C001", "PAYMENTDATE": "03/11/2026", "RECEIPTDATE": "03/12/2026", "PAYMENTMETHOD": "Cash"}


def line(amount: str = "80.00", account: str = "2300", **more: object) -> str:
    return element("ARADVANCEITEM", {"ACCOUNTNO": account, "TRX_AMOUNT": amount, "LOCATIONID": "100"} | more)


def advance(*lines: str, **header: object) -> str:
    fields = {**RECEIVED, "FINANCIALENTITY": "BOA"} | header
    return element("ARADVANCE", fields, f"<ARADVANCEITEMS>{''.join(lines or (line(),))}</ARADVANCEITEMS>")


def applied(owed: int, held: int, amount: str, *, entry: int | None = None, inner: str = "", **header: object) -> str:
    fields = {"RECORDKEY": owed, "ADVANCEKEY": held, "ADVANCEENTRYKEY": entry, "TRX_POSTEDADVANCEAMOUNT": amount}
    named = {"CUSTOMERID": "C001", "PAYMENTMETHOD": "Cash", "RECEIPTDATE": "04/15/2026", "CURRENCY": "USD"} | header
    detail = element("ARPYMTDETAIL", fields)
    return element("ARPYMT", named, f"<ARPYMTDETAILS>{detail}{inner}</ARPYMTDETAILS>")


def left(sandbox: SandboxProcess, held: int) -> tuple[object, object]:
    row = one(sandbox, "ARADVANCE", held)
    return row["STATE"], row["TRX_TOTALDUE"]


def moved_by(sandbox: SandboxProcess, paid: int) -> dict[object, object]:
    return {account: cents for account, _, cents in postings(sandbox, one(sandbox, "ARPYMT", paid)["GLBATCHKEY"])}


def test_an_advance_is_owed_to_the_customer_on_the_accounts_of_its_lines(sandbox: SandboxProcess) -> None:
    held = key_of(sandbox, create(advance(line("60.00"), line("20.00", "2100"))))
    assert postings(sandbox, one(sandbox, "ARADVANCE", held)["GLBATCHKEY"]) == [
        ("2300", "100", -6000), ("2100", "100", -2000), ("1000", "100", 8000),
    ]  # fmt: skip
    row = one(sandbox, "ARADVANCE", held)
    assert (row["RECORDTYPE"], row["WHENCREATED"], row["WHENPOSTED"]) == ("rr", "2026-03-11", "2026-03-12")
    asked = query(
        "ARADVANCE",
        ["CUSTOMERNAME", "STATE", "TOTALDUE"],
        f"<filter><equalto><field>RECORDNO</field><value>{held}</value></equalto></filter>",
    )
    found = succeed(sandbox, asked).find("data/ARADVANCE")
    assert found is not None
    assert (found.findtext("STATE"), found.findtext("TOTALDUE")) == ("Posted", "80")
    assert_books_tie_out(sandbox)


def test_an_advance_pays_an_invoice_without_moving_money_and_is_given_back(sandbox: SandboxProcess) -> None:
    owed, held = key_of(sandbox, invoice()), key_of(sandbox, create(advance(line("50.00"), line("30.00", "2100"))))
    cash = element("ARPYMTDETAIL", {"RECORDKEY": owed, "TRX_PAYMENTAMOUNT": "30.00"})
    paid = key_of(sandbox, create(applied(owed, held, "70.00", inner=cash, FINANCIALENTITY="BOA")))
    moved = moved_by(sandbox, paid)
    assert moved == {"1200": -10000, "2300": 5000, "2100": 2000, "1000": 3000}
    assert one(sandbox, "ARINVOICE", owed)["STATE"] == "P"
    assert left(sandbox, held) == ("PP", 1000)
    details = rows(sandbox, 'SELECT * FROM "ARPYMTDETAIL" WHERE "ADVANCEKEY" = ?', held)
    assert [row["TRX_POSTEDADVANCEAMOUNT"] for row in details] == [5000, 2000]
    assert_books_tie_out(sandbox)
    succeed(sandbox, f'<reverse_arpayment key="{paid}">{legacy_date("datereversed", "2026-05-02")}</reverse_arpayment>')
    assert (one(sandbox, "ARINVOICE", owed)["STATE"], left(sandbox, held)) == ("A", ("A", 8000))
    assert_books_tie_out(sandbox)


def test_one_line_of_an_advance_can_be_named(sandbox: SandboxProcess) -> None:
    owed, held = key_of(sandbox, invoice()), key_of(sandbox, create(advance(line("50.00"), line("30.00", "2100"))))
    second = rows(sandbox, 'SELECT * FROM "ARADVANCEITEM" WHERE "RECORDKEY" = ? ORDER BY "LINE_NO"', held)[1]
    said = refused(sandbox, create(applied(owed, held, "30.01", entry=int(str(second["RECORDNO"])))))
    assert said[0][1].startswith("The credit of 30.01 is more than the 30.00 left of")
    key_of(sandbox, create(applied(owed, held, "30.00", entry=int(str(second["RECORDNO"])))))
    assert left(sandbox, held) == ("PP", 5000)
    assert_books_tie_out(sandbox)


def test_a_draft_payment_applies_an_advance_when_it_is_submitted(sandbox: SandboxProcess) -> None:
    owed, held = key_of(sandbox, invoice()), key_of(sandbox, create(advance()))
    first, second = (key_of(sandbox, create(applied(owed, held, "50.00", ACTION="Draft"))) for _ in range(2))
    assert left(sandbox, held) == ("A", 8000)
    submit = "<update><ARPYMT><RECORDNO>{}</RECORDNO></ARPYMT></update>"
    succeed(sandbox, submit.format(first))
    assert "is more than the 30" in refused(sandbox, submit.format(second))[0][1]
    assert left(sandbox, held) == ("PP", 3000)
    assert_books_tie_out(sandbox)


def test_an_advance_at_another_rate_makes_a_gain_or_a_loss(sandbox: SandboxProcess) -> None:
    euros = {"CURRENCY": "EUR", "FINANCIALENTITY": "EURO"}
    held = key_of(sandbox, create(advance(line("100.00"), **euros, EXCHANGE_RATE="1.3")))
    owed = key_of(sandbox, invoice("100.00", currency="EUR"))
    worth = int(str(one(sandbox, "ARINVOICE", owed)["TOTALENTERED"]))
    paid = key_of(sandbox, create(applied(owed, held, "100.00", CURRENCY="EUR", PAYMENTMETHOD=None)))
    moved = moved_by(sandbox, paid)
    assert moved == {"1200": -worth, "2300": 13000, "7900": worth - 13000}
    assert_books_tie_out(sandbox)


def test_an_undeposited_advance_is_brought_to_the_bank(sandbox: SandboxProcess) -> None:
    held = key_of(sandbox, create(advance(FINANCIALENTITY=None, UNDEPOSITEDACCOUNTNO="1150")))
    key_of(
        sandbox,
        f"<record_deposit><bankaccountid>BOA</bankaccountid>{legacy_date('depositdate', '2026-03-20')}"
        f"<depositid>D1</depositid><receiptkeys><receiptkey>{held}</receiptkey></receiptkeys></record_deposit>",
    )
    assert balance(sandbox, "1150") == 0
    change = update(element("ARADVANCE", {"RECORDNO": held, "DESCRIPTION": "Late"}))
    for body in (change, delete("ARADVANCE", held)):
        assert "is in deposit 'D1'" in refused(sandbox, body)[0][1]
    assert_books_tie_out(sandbox)


def test_an_advance_is_changed_until_it_is_applied(sandbox: SandboxProcess) -> None:
    owed, held = key_of(sandbox, invoice()), key_of(sandbox, create(advance()))
    items = f"<ARADVANCEITEMS>{line('10.00')}{line('90.00')}</ARADVANCEITEMS>"
    moved = {"RECORDNO": held, "UNDEPOSITEDACCOUNTNO": "1150", "RECEIPTDATE": "03/20/2026"}
    succeed(sandbox, update(element("ARADVANCE", moved, items)))
    row = one(sandbox, "ARADVANCE", held)
    assert (row["FINANCIALENTITY"], row["WHENPOSTED"], row["TOTALDUE"]) == (None, "2026-03-20", 10000)
    assert postings(sandbox, row["GLBATCHKEY"])[-1] == ("1150", "100", 10000)
    key_of(sandbox, create(applied(owed, held, "40.00")))
    succeed(sandbox, update(element("ARADVANCE", {"RECORDNO": held, "DESCRIPTION": "Retainer"})))
    said = refused(sandbox, update(element("ARADVANCE", {"RECORDNO": held, "RECEIPTDATE": "03/21/2026"})))
    assert "has payments" in said[0][1]
    assert "has payments" in refused(sandbox, delete("ARADVANCE", held))[0][1]
    assert_books_tie_out(sandbox)


def test_a_draft_advance_posts_nothing_and_cannot_be_applied(sandbox: SandboxProcess) -> None:
    owed, held = key_of(sandbox, invoice()), key_of(sandbox, create(advance(ACTION="Draft")))
    assert one(sandbox, "ARADVANCE", held)["GLBATCHKEY"] is None
    assert "is not posted" in refused(sandbox, create(applied(owed, held, "10.00")))[0][1]
    succeed(sandbox, delete("ARADVANCE", held))
    assert_books_tie_out(sandbox)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (advance(CUSTOMERID=None), "Customer ID"),
        (advance(PAYMENTMETHOD=None), "Payment method"),
        (advance(PAYMENTDATE=None), "Payment date"),
        (advance(RECEIPTDATE=None), "Receipt date"),
        (advance(FINANCIALENTITY=None), "Bank account"),
        (advance(FINANCIALENTITY="EURO", CURRENCY="USD"), "is not in USD"),
        (advance(RECEIPTDATE="12/31/2025"), "12/31/2025"),
        (advance(line("80.00"), line("-1.00")), "must be more than zero"),
    ],
)  # fmt: skip
def test_what_an_advance_lacks_is_said(sandbox: SandboxProcess, body: str, said: str) -> None:
    answer = call(sandbox, create(body))
    assert answer.statuses == ["failure"]
    assert said in answer.errors()[0][1]


def test_an_advance_pays_for_its_own_customer_only(sandbox: SandboxProcess) -> None:
    owed, held = key_of(sandbox, invoice()), key_of(sandbox, create(advance(CUSTOMERID="C002")))
    assert "does not belong to 'C001'" in refused(sandbox, create(applied(owed, held, "10.00")))[0][1]


def test_the_lines_of_an_advance_are_of_its_customer_or_of_one_below(sandbox: SandboxProcess) -> None:
    below = {"CUSTOMERID": "C-SUB", "NAME": "Branch", "PARENTID": "C001"}
    succeed(sandbox, create(element("CUSTOMER", below, "<DISPLAYCONTACT><PRINTAS>Branch</PRINTAS></DISPLAYCONTACT>")))
    for customer in ("C001", "C-SUB"):
        key_of(sandbox, create(advance(line(CUSTOMERID=customer))))
    said = refused(sandbox, create(advance(line(CUSTOMERID="C009"))))
    assert said[0][1] == "Customer 'C009' is neither 'C001' nor below it."
    assert_books_tie_out(sandbox)
