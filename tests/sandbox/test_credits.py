"""Credits and discounts in payments: memos, inline credits, overpayments, terms (wire/xml-gateway.md §7.5 to §7.7)."""

import pytest

from tests.gateway_requests import APPROVER, call, login
from tests.sandbox.books import (
    adjustment,
    assert_books_tie_out,
    bill,
    bill_line,
    create,
    element,
    invoice,
    key_of,
    legacy_date,
    one,
    postings,
    refused,
    rows,
    succeed,
)
from tests.sandbox_process import SandboxProcess

TERM = {"NAME": "2-10N30", "DUEDATE": 30, "DISCAMOUNT": "2", "DISCPERCAMN": "%", "DISCDATE": 10}


def payment(*details: dict[str, object], object_name: str = "APPYMT", **header: object) -> str:
    party = {"VENDORID": "V001", "PAYMENTDATE": "04/15/2026"}
    if object_name == "ARPYMT":
        party = {"CUSTOMERID": "C001", "RECEIPTDATE": "04/15/2026"}
    fields = {"FINANCIALENTITY": "BOA", "PAYMENTMETHOD": "EFT", **party, "CURRENCY": "USD"} | header
    lines = "".join(element(f"{object_name}DETAIL", detail) for detail in details)
    return element(object_name, fields, f"<{object_name}DETAILS>{lines}</{object_name}DETAILS>")


def due(sandbox: SandboxProcess, object_name: str, key: int) -> tuple[object, object]:
    row = one(sandbox, object_name, key)
    return row["STATE"], row["TOTALDUE"]


def details(sandbox: SandboxProcess, key: int, object_name: str = "APPYMT") -> list[dict[str, object]]:
    return rows(sandbox, f'SELECT * FROM "{object_name}DETAIL" WHERE "PAYMENTKEY" = ? ORDER BY "RECORDNO"', key)


def items(sandbox: SandboxProcess, object_name: str, key: int) -> list[dict[str, object]]:
    return rows(sandbox, f'SELECT * FROM "{object_name}ITEM" WHERE "RECORDKEY" = ? ORDER BY "LINE_NO"', key)


def test_a_memo_pays_part_of_a_bill_and_only_the_rest_leaves_the_bank(sandbox: SandboxProcess) -> None:
    owed, memo = key_of(sandbox, create(bill())), key_of(sandbox, adjustment("ap", "-40.00"))
    paid = key_of(
        sandbox,
        create(
            payment(
                {"RECORDKEY": owed, "TRX_PAYMENTAMOUNT": "60.00"},
                {"RECORDKEY": owed, "ADJUSTMENTKEY": memo, "TRX_ADJUSTMENTAMOUNT": "40.00"},
            )
        ),
    )
    assert (due(sandbox, "APBILL", owed), due(sandbox, "APADJUSTMENT", memo)) == (("P", 0), ("P", 0))
    header = one(sandbox, "APPYMT", paid)
    assert (header["TOTALENTERED"], header["TRX_TOTALPAID"]) == (6000, 6000)
    assert postings(sandbox, header["GLBATCHKEY"]) == [("2000", "100", 6000), ("1000", "100", -6000)]
    second = details(sandbox, paid)[1]
    assert (second["ADJUSTMENTKEY"], second["TRX_ADJUSTMENTAMOUNT"], second["TRX_PAYMENTAMOUNT"]) == (memo, 4000, None)
    assert_books_tie_out(sandbox)
    succeed(sandbox, f'<reverse_appayment key="{paid}">{legacy_date("datereversed", "2026-05-02")}</reverse_appayment>')
    assert (due(sandbox, "APBILL", owed), due(sandbox, "APADJUSTMENT", memo)) == (("A", 10000), ("A", -4000))
    assert_books_tie_out(sandbox)


def test_credits_alone_need_no_bank_and_move_no_money(sandbox: SandboxProcess) -> None:
    owed, memo = key_of(sandbox, create(bill())), key_of(sandbox, adjustment("ap", "-25.00", "-25.00"))
    body = payment(
        {"RECORDKEY": owed, "ADJUSTMENTKEY": memo, "TRX_ADJUSTMENTAMOUNT": "30.00"},
        FINANCIALENTITY=None, PAYMENTMETHOD=None,
    )  # fmt: skip
    paid = key_of(sandbox, create(body))
    header = one(sandbox, "APPYMT", paid)
    assert (header["GLBATCHKEY"], header["TOTALENTERED"], header["STATE"]) == (None, 0, "C")
    assert (due(sandbox, "APBILL", owed), due(sandbox, "APADJUSTMENT", memo)) == (("PP", 7000), ("PP", -2000))
    assert [item["TRX_TOTALPAID"] for item in items(sandbox, "APADJUSTMENT", memo)] == [-2500, -500]
    assert [row["TRX_ADJUSTMENTAMOUNT"] for row in details(sandbox, paid)] == [2500, 500]
    assert_books_tie_out(sandbox)


def test_a_credit_of_another_entity_is_settled_between_them(sandbox: SandboxProcess) -> None:
    owed = key_of(sandbox, create(bill(bill_line("30.00", location="200"))))
    memo = key_of(sandbox, adjustment("ap", "-30.00"))
    detail = {"RECORDKEY": owed, "ADJUSTMENTKEY": memo, "TRX_ADJUSTMENTAMOUNT": "30.00"}
    paid = key_of(sandbox, create(payment(detail, FINANCIALENTITY=None, PAYMENTMETHOD=None)))
    lines = postings(sandbox, one(sandbox, "APPYMT", paid)["GLBATCHKEY"])
    assert lines[:2] == [("2000", "200", 3000), ("2000", "100", -3000)]
    assert {line[0] for line in lines[2:]} == {"1850", "2850"}
    assert_books_tie_out(sandbox)


def test_credits_at_another_rate_make_a_gain_or_a_loss(sandbox: SandboxProcess) -> None:
    sandbox.switch(create_adjustment="accept")
    euro = {"CURRENCY": "EUR", "EXCHANGE_RATE": "1.1"}
    owed = key_of(sandbox, create(bill(bill_line("60.00"), bill_line("40.00"), **euro)))
    line = element("APADJUSTMENTITEM", {"ACCOUNTNO": "6000", "TRX_AMOUNT": "-33.33", "LOCATIONID": "100"})
    fields = {"VENDORID": "V001", "WHENCREATED": "03/12/2026", "CURRENCY": "EUR", "EXCHANGE_RATE": "1.2"}
    memo = key_of(sandbox, create(element("APADJUSTMENT", fields, f"<APADJUSTMENTITEMS>{line}</APADJUSTMENTITEMS>")))
    detail = {"RECORDKEY": owed, "ADJUSTMENTKEY": memo, "TRX_ADJUSTMENTAMOUNT": "33.33"}
    paid = key_of(sandbox, create(payment(detail, CURRENCY="EUR", FINANCIALENTITY=None, PAYMENTMETHOD=None)))
    assert postings(sandbox, one(sandbox, "APPYMT", paid)["GLBATCHKEY"]) == [
        ("2000", "100", -334), ("7900", "100", 334),
    ]  # fmt: skip
    assert_books_tie_out(sandbox)


def test_a_credit_can_leave_a_debit_in_one_currency_and_a_credit_in_the_other(sandbox: SandboxProcess) -> None:
    sandbox.switch(create_adjustment="accept")
    owed = key_of(sandbox, create(bill(bill_line("100.00"), CURRENCY="EUR", EXCHANGE_RATE="1.0")))
    line = element("APADJUSTMENTITEM", {"ACCOUNTNO": "6000", "TRX_AMOUNT": "-99.00", "LOCATIONID": "100"})
    fields = {"VENDORID": "V001", "WHENCREATED": "03/12/2026", "CURRENCY": "EUR", "EXCHANGE_RATE": "1.2"}
    memo = key_of(sandbox, create(element("APADJUSTMENT", fields, f"<APADJUSTMENTITEMS>{line}</APADJUSTMENTITEMS>")))
    details = (
        {"RECORDKEY": owed, "ADJUSTMENTKEY": memo, "TRX_ADJUSTMENTAMOUNT": "99.00"},
        {"RECORDKEY": owed, "TRX_PAYMENTAMOUNT": "1.00"},
    )
    paid = key_of(sandbox, create(payment(*details, CURRENCY="EUR", FINANCIALENTITY="EURO", EXCHANGE_RATE="1.0")))
    assert_books_tie_out(sandbox)
    succeed(
        sandbox,
        f'<reverse_appayment key="{paid}">{legacy_date("datereversed", "2026-05-02")}</reverse_appayment>',
    )
    assert (due(sandbox, "APBILL", owed), due(sandbox, "APADJUSTMENT", memo)) == (("A", 10000), ("A", -11880))
    assert_books_tie_out(sandbox)


def test_memo_lines_pay_and_are_paid_line_by_line(sandbox: SandboxProcess) -> None:
    owed, memo = key_of(sandbox, adjustment("ap", "5.00", "7.00")), key_of(sandbox, adjustment("ap", "-2.00", "-3.00"))
    target, lender = items(sandbox, "APADJUSTMENT", owed)[1], items(sandbox, "APADJUSTMENT", memo)[1]
    place = {"POSADJKEY": owed, "POSADJENTRYKEY": target["RECORDNO"]}
    credit = {"ADJUSTMENTKEY": memo, "ADJUSTMENTENTRYKEY": lender["RECORDNO"]}
    paid = key_of(
        sandbox,
        create(payment({**place, "TRX_PAYMENTAMOUNT": "1.00"}, {**place, **credit, "TRX_ADJUSTMENTAMOUNT": "1.01"})),
    )
    assert [item["TRX_TOTALPAID"] for item in items(sandbox, "APADJUSTMENT", owed)] == [0, 201]
    assert [item["TRX_TOTALPAID"] for item in items(sandbox, "APADJUSTMENT", memo)] == [0, -101]
    assert {row["POSADJENTRYKEY"] for row in details(sandbox, paid)} == {target["RECORDNO"]}
    assert_books_tie_out(sandbox)


def test_inline_credits_of_a_bill_pay_its_other_lines(sandbox: SandboxProcess) -> None:
    owed = key_of(sandbox, create(bill(bill_line("100.00"), bill_line("-30.00"))))
    detail = {"RECORDKEY": owed, "INLINEKEY": owed, "TRX_INLINEAMOUNT": "30.00"}
    key_of(sandbox, create(payment(detail, FINANCIALENTITY=None, PAYMENTMETHOD=None)))
    assert [item["TRX_TOTALPAID"] for item in items(sandbox, "APBILL", owed)] == [3000, -3000]
    assert due(sandbox, "APBILL", owed) == ("PP", 7000)
    key_of(sandbox, create(payment({"RECORDKEY": owed, "TRX_PAYMENTAMOUNT": "70.00"})))
    assert due(sandbox, "APBILL", owed) == ("P", 0)
    assert_books_tie_out(sandbox)


def test_what_a_credit_cannot_do_is_refused(sandbox: SandboxProcess) -> None:
    owed, memo = key_of(sandbox, create(bill())), key_of(sandbox, adjustment("ap", "-40.00"))
    draft = key_of(sandbox, adjustment("ap", "-40.00", action="Draft"))

    def words(**detail: object) -> str:
        return refused(sandbox, create(payment(detail)))[0][1]

    credit = {"RECORDKEY": owed, "ADJUSTMENTKEY": memo}
    assert words(**credit, TRX_ADJUSTMENTAMOUNT="40.01").startswith("The credit of 40.01 is more than the 40.00 left")
    assert words(**credit | {"ADJUSTMENTKEY": draft}, TRX_ADJUSTMENTAMOUNT="1.00").endswith("cannot be applied.")
    assert words(POSADJKEY=memo, TRX_PAYMENTAMOUNT="1.00").endswith("is a credit: apply it to what is owed.")
    assert (
        words(RECORDKEY=owed, ADVANCEKEY="77", TRX_POSTEDADVANCEAMOUNT="1.00") == "No record exits for the recordkey 77"
    )
    other = key_of(sandbox, create(bill(VENDORID="V002")))
    body = payment({"RECORDKEY": other, "ADJUSTMENTKEY": memo, "TRX_ADJUSTMENTAMOUNT": "1.00"}, VENDORID="V002")
    assert refused(sandbox, create(body))[0][1].endswith("does not belong to 'V002'.")
    assert_books_tie_out(sandbox)


@pytest.mark.parametrize(
    ("discount_date", "amount", "state"),
    [
        ("03/20/2026", "294.00", ("P", 0)),
        ("03/21/2026", "294.00", ("PP", 600)),
        ("03/20/2026", "290.00", ("PP", 1000)),
    ],
)
def test_a_discount_is_taken_in_time_and_with_the_whole_rest(
    sandbox: SandboxProcess, discount_date: str, amount: str, state: tuple[str, int]
) -> None:
    key_of(sandbox, create(element("APTERM", TERM)))
    owed = key_of(sandbox, create(bill(bill_line("100.00"), bill_line("200.00"), TERMNAME="2-10N30", WHENDUE=None)))
    assert one(sandbox, "APBILL", owed)["WHENDISCOUNT"] == "2026-03-20"
    detail = {"RECORDKEY": owed, "TRX_PAYMENTAMOUNT": amount, "DISCOUNTDATE": discount_date}
    paid = key_of(sandbox, create(payment(detail)))
    assert due(sandbox, "APBILL", owed) == state
    taken = sum(int(str(row["TRX_DISCOUNTAMOUNT"] or 0)) for row in details(sandbox, paid))
    assert taken == (600 if state[0] == "P" else 0)
    if taken:
        assert postings(sandbox, one(sandbox, "APPYMT", paid)["GLBATCHKEY"]) == [
            ("2000", "100", 30000), ("7200", "100", -600), ("1000", "100", -29400),
        ]  # fmt: skip
    assert_books_tie_out(sandbox)


def test_credits_and_discounts_wait_for_approval_with_their_payment(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_appymt=1)
    key_of(sandbox, create(element("APTERM", TERM)))
    owed = key_of(sandbox, create(bill(bill_line("100.00"), TERMNAME="2-10N30", WHENDUE=None)))
    other, memo = key_of(sandbox, create(bill())), key_of(sandbox, adjustment("ap", "-40.00"))
    paid = key_of(
        sandbox,
        create(
            payment(
                {"RECORDKEY": owed, "TRX_PAYMENTAMOUNT": "98.00", "DISCOUNTDATE": "03/20/2026"},
                {"RECORDKEY": other, "ADJUSTMENTKEY": memo, "TRX_ADJUSTMENTAMOUNT": "40.00"},
            )
        ),
    )
    assert {due(sandbox, "APBILL", owed)[0], due(sandbox, "APBILL", other)[0]} == {"SL"}
    assert due(sandbox, "APADJUSTMENT", memo) == ("SL", -4000)
    assert (
        "more than the 0"
        in refused(
            sandbox, create(payment({"RECORDKEY": other, "ADJUSTMENTKEY": memo, "TRX_ADJUSTMENTAMOUNT": "1.00"}))
        )[0][1]
    )
    assert_books_tie_out(sandbox)
    approve = f"<approve_appaymentrequest><appaymentkeys><appaymentkey>{paid}</appaymentkey></appaymentkeys>"
    succeed(sandbox, approve + "</approve_appaymentrequest>", credential=login(APPROVER))
    assert (due(sandbox, "APBILL", owed), due(sandbox, "APBILL", other)) == (("P", 0), ("PP", 6000))
    assert due(sandbox, "APADJUSTMENT", memo) == ("P", 0)
    assert_books_tie_out(sandbox)


def test_a_draft_is_submitted_as_it_stands_or_refused_when_others_were_faster(sandbox: SandboxProcess) -> None:
    owed, memo = (
        key_of(sandbox, create(bill(bill_line("110.00"), bill_line("-10.00")))),
        key_of(sandbox, adjustment("ap", "-40.00")),
    )
    details = (
        {"RECORDKEY": owed, "TRX_PAYMENTAMOUNT": "60.00"},
        {"RECORDKEY": owed, "ADJUSTMENTKEY": memo, "TRX_ADJUSTMENTAMOUNT": "40.00"},
    )
    first, second = (key_of(sandbox, create(payment(*details, ACTION="Draft"))) for _ in range(2))
    submit = "<update><APPYMT><RECORDNO>{}</RECORDNO><ACTION>Submit</ACTION></APPYMT></update>"
    succeed(sandbox, submit.format(first))
    assert (due(sandbox, "APBILL", owed), due(sandbox, "APADJUSTMENT", memo)) == (("P", 0), ("P", 0))
    assert_books_tie_out(sandbox)
    assert "is more than the 0" in refused(sandbox, submit.format(second))[0][1]
    assert one(sandbox, "APPYMT", second)["STATE"] == "D"


def test_a_draft_of_credits_alone_is_submitted_without_a_bank(sandbox: SandboxProcess) -> None:
    owed, memo = key_of(sandbox, create(bill())), key_of(sandbox, adjustment("ap", "-40.00"))
    detail = {"RECORDKEY": owed, "ADJUSTMENTKEY": memo, "TRX_ADJUSTMENTAMOUNT": "40.00"}
    draft = key_of(sandbox, create(payment(detail, ACTION="Draft", FINANCIALENTITY=None, PAYMENTMETHOD=None)))
    succeed(sandbox, f"<update><APPYMT><RECORDNO>{draft}</RECORDNO></APPYMT></update>")
    assert (due(sandbox, "APBILL", owed), due(sandbox, "APADJUSTMENT", memo)) == (("PP", 6000), ("P", 0))
    assert_books_tie_out(sandbox)


def test_a_customers_credit_memo_and_a_given_discount_settle_an_invoice(sandbox: SandboxProcess) -> None:
    owed, memo = key_of(sandbox, invoice()), key_of(sandbox, adjustment("ar", "-30.00"))
    paid = key_of(
        sandbox,
        create(
            payment(
                {"RECORDKEY": owed, "ADJUSTMENTKEY": memo, "TRX_ADJUSTMENTAMOUNT": "30.00"},
                {"RECORDKEY": owed, "TRX_PAYMENTAMOUNT": "60.00", "TRX_TOTALDISCOUNTTOAPPLY": "10.00"},
                object_name="ARPYMT",
            )
        ),
    )
    assert (due(sandbox, "ARINVOICE", owed), due(sandbox, "ARADJUSTMENT", memo)) == (("P", 0), ("P", 0))
    assert postings(sandbox, one(sandbox, "ARPYMT", paid)["GLBATCHKEY"]) == [
        ("1200", "100", -7000), ("4900", "100", 1000), ("1000", "100", 6000),
    ]  # fmt: skip
    assert_books_tie_out(sandbox)


def receipt(total: str) -> str:
    return (
        f"<create_arpayment><customerid>C001</customerid><paymentamount>{total}</paymentamount>"
        f"<bankaccountid>BOA</bankaccountid>{legacy_date('datereceived', '2026-04-15')}</create_arpayment>"
    )


def application(receipt_key: int, *items: tuple[int, str]) -> str:
    named = "".join(
        f"<arpaymentitem><invoicekey>{key}</invoicekey><amount>{amount}</amount></arpaymentitem>"
        for key, amount in items
    )
    return (
        f"<apply_arpayment><arpaymentkey>{receipt_key}</arpaymentkey>{legacy_date('paymentdate', '2026-04-20')}"
        f"<arpaymentitems>{named}</arpaymentitems></apply_arpayment>"
    )


def test_what_a_receipt_left_over_is_applied_later_and_given_back(sandbox: SandboxProcess) -> None:
    owed, held = key_of(sandbox, invoice()), key_of(sandbox, receipt("150.00"))
    applied = key_of(sandbox, application(held, (owed, "100.00")))
    assert due(sandbox, "ARINVOICE", owed) == ("P", 0)
    assert postings(sandbox, one(sandbox, "ARPYMT", applied)["GLBATCHKEY"]) == [
        ("1200", "100", -10000), ("2300", "100", 10000),
    ]  # fmt: skip
    assert_books_tie_out(sandbox)
    more = key_of(sandbox, invoice())
    words = refused(sandbox, application(held, (more, "50.01")))[0][1]
    assert words.startswith("The overpayment of 50.01 is not between zero and the 50.00 left")
    day = legacy_date("datereversed", "2026-05-02")
    assert "reverse it first" in refused(sandbox, f'<reverse_arpayment key="{held}">{day}</reverse_arpayment>')[0][1]
    succeed(sandbox, f'<reverse_arpayment key="{applied}">{day}</reverse_arpayment>')
    assert due(sandbox, "ARINVOICE", owed) == ("A", 10000)
    succeed(sandbox, f'<reverse_arpayment key="{held}">{day}</reverse_arpayment>')
    assert_books_tie_out(sandbox)


def test_an_overpayment_is_entered_and_used_by_the_generic_functions_too(sandbox: SandboxProcess) -> None:
    first, second = key_of(sandbox, invoice()), key_of(sandbox, invoice())
    paid = payment({"RECORDKEY": first, "TRX_PAYMENTAMOUNT": "100.00"}, object_name="ARPYMT", OVERPAYMENTAMOUNT="20.00")
    held = key_of(sandbox, create(paid))
    assert one(sandbox, "ARPYMT", held)["TOTALENTERED"] == 12000
    detail = {"RECORDKEY": second, "OVERPAYMENTKEY": held, "TRX_POSTEDOVERPAYMENTAMOUNT": "20.00"}
    words = refused(sandbox, create(payment(detail, detail, object_name="ARPYMT")))[0][1]
    assert words.startswith("The overpayment of 40.00 is not between zero and the 20.00 left")
    key_of(sandbox, create(payment(detail, object_name="ARPYMT")))
    assert due(sandbox, "ARINVOICE", second) == ("PP", 8000)
    assert_books_tie_out(sandbox)


def test_a_draft_receipt_uses_an_overpayment_when_it_is_submitted(sandbox: SandboxProcess) -> None:
    owed, held = key_of(sandbox, invoice()), key_of(sandbox, receipt("30.00"))
    detail = {"RECORDKEY": owed, "OVERPAYMENTKEY": held, "TRX_POSTEDOVERPAYMENTAMOUNT": "30.00"}
    draft = key_of(sandbox, create(payment(detail, object_name="ARPYMT", ACTION="Draft")))
    assert due(sandbox, "ARINVOICE", owed) == ("A", 10000)
    succeed(sandbox, f"<update><ARPYMT><RECORDNO>{draft}</RECORDNO></ARPYMT></update>")
    assert due(sandbox, "ARINVOICE", owed) == ("PP", 7000)
    assert_books_tie_out(sandbox)


def test_a_draft_receipt_keeps_its_overpayment_when_it_is_submitted(sandbox: SandboxProcess) -> None:
    owed = key_of(sandbox, invoice())
    detail = {"RECORDKEY": owed, "TRX_PAYMENTAMOUNT": "60.00"}
    header = {"object_name": "ARPYMT", "OVERPAYMENTAMOUNT": "40.00"}
    draft = key_of(sandbox, create(payment(detail, **header, ACTION="Draft")))
    succeed(sandbox, f"<update><ARPYMT><RECORDNO>{draft}</RECORDNO></ARPYMT></update>")
    assert one(sandbox, "ARPYMT", draft)["TOTALPAID"] == 10000
    rest = {"RECORDKEY": owed, "OVERPAYMENTKEY": draft, "TRX_POSTEDOVERPAYMENTAMOUNT": "40.00"}
    key_of(sandbox, create(payment(rest, object_name="ARPYMT")))
    assert due(sandbox, "ARINVOICE", owed) == ("P", 0)
    assert_books_tie_out(sandbox)


def test_a_draft_payment_waits_while_its_bill_is_submitted_again(sandbox: SandboxProcess) -> None:
    owed = key_of(sandbox, create(bill()))
    draft = key_of(sandbox, create(payment({"RECORDKEY": owed, "TRX_PAYMENTAMOUNT": "100.00"}, ACTION="Draft")))
    sandbox.switch(approval_apbill=1)
    succeed(sandbox, f"<update><APBILL><RECORDNO>{owed}</RECORDNO><DESCRIPTION>New</DESCRIPTION></APBILL></update>")
    said = refused(sandbox, f"<update><APPYMT><RECORDNO>{draft}</RECORDNO></APPYMT></update>")
    assert "is not approved and cannot be paid" in said[0][1]
    assert_books_tie_out(sandbox)


def request(*items: tuple[int, str, str, str]) -> str:
    named = "".join(
        f"<paymentrequestitem><key>{key}</key><paymentamount>{amount}</paymentamount><credittoapply>{credit}</credittoapply>"
        f"<discounttoapply>{discount}</discounttoapply></paymentrequestitem>"
        for key, amount, credit, discount in items
    )
    return (
        "<create_paymentrequest><bankaccountid>BOA</bankaccountid><vendorid>V001</vendorid><memo>Run</memo>"
        f"<paymentmethod>EFT</paymentmethod>{legacy_date('paymentdate', '2026-04-15')}"
        f"<paymentrequestitems>{named}</paymentrequestitems></create_paymentrequest>"
    )


def test_a_payment_request_uses_the_memos_it_names_and_then_the_oldest(sandbox: SandboxProcess) -> None:
    owed = key_of(sandbox, create(bill()))
    older = key_of(sandbox, adjustment("ap", "-9.00", day="2026-03-01"))
    newer, named = key_of(sandbox, adjustment("ap", "-9.00")), key_of(sandbox, adjustment("ap", "-5.00"))
    paid = key_of(sandbox, request((named, "5.00", "", ""), (owed, "80.00", "15.00", "5.00")))
    assert due(sandbox, "APBILL", owed) == ("P", 0)
    left = [due(sandbox, "APADJUSTMENT", key)[1] for key in (named, older, newer)]
    assert left == [0, 0, -800]
    assert postings(sandbox, one(sandbox, "APPYMT", paid)["GLBATCHKEY"])[-1] == ("1000", "100", -8000)
    assert_books_tie_out(sandbox)
    more = key_of(sandbox, create(bill()))
    words = refused(sandbox, request((more, "1.00", "50.00", "")))[0][1]
    assert words == "The credits of the vendor fall 42.00 short of the credit to apply."


def test_aging_counts_memos_and_what_they_paid(sandbox: SandboxProcess) -> None:
    def total(day: str, kind: str = "") -> float:
        named = f"<documenttype>{kind}</documenttype>" if kind else ""
        body = (
            f"<get_araging><agingperiods>0-9999</agingperiods><customerid>C001</customerid><locationid>100</locationid>"
            f"{legacy_date('asofdate', day)}{named}</get_araging>"
        )
        return float(call(sandbox, body).text(".//totalamount") or 0)

    before, invoices = total("2026-04-30"), total("2026-04-30", "invoice")
    owed, memo = key_of(sandbox, invoice()), key_of(sandbox, adjustment("ar", "-30.00"))
    assert (total("2026-04-30"), total("2026-04-30", "invoice")) == (before + 70, invoices + 100)
    earlier = total("2026-04-14", "invoice")
    detail = {"RECORDKEY": owed, "ADJUSTMENTKEY": memo, "TRX_ADJUSTMENTAMOUNT": "30.00"}
    key_of(sandbox, create(payment(detail, object_name="ARPYMT", FINANCIALENTITY=None, PAYMENTMETHOD=None)))
    assert (total("2026-04-30", "invoice"), total("2026-04-14", "invoice")) == (invoices + 70, earlier)
    assert (total("2026-04-30"), total("2026-04-30", "adjustment")) == (before + 70, before - invoices)
