"""Payments reduce what is due, reach the bank, and can be taken back (wire/xml-gateway.md §7.6, §7.7)."""

import pytest

from tests.sandbox.books import (
    TRANSACTION_FAILED,
    assert_books_tie_out,
    bill,
    bill_line,
    create,
    delete,
    element,
    invoice,
    key_of,
    legacy_date,
    one,
    payment,
    postings,
    receipt,
    refused,
    rows,
    succeed,
    update,
)
from tests.sandbox_process import SandboxProcess


def void(function: str, key: int, day: str = "2026-05-02") -> str:
    return f'<{function} key="{key}">{legacy_date("datereversed", day)}</{function}>'


def due(sandbox: SandboxProcess, object_name: str, key: int) -> tuple[object, object, object]:
    header = one(sandbox, object_name, key)
    return header["STATE"], header["TOTALDUE"], header["WHENPAID"]


def test_a_payment_settles_a_bill_and_leaves_the_bank(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill()))
    paid = key_of(sandbox, create(payment((key, "100.00"))))
    assert due(sandbox, "APBILL", key) == ("P", 0, "2026-04-15")
    header = one(sandbox, "APPYMT", paid)
    assert (header["STATE"], header["TOTALENTERED"], header["WHENCREATED"], header["RECORDTYPE"]) == (
        "C", 10000, "2026-04-15", "pp",
    )  # fmt: skip
    assert one(sandbox, "GLBATCH", header["GLBATCHKEY"])["JOURNAL"] == "CDJ"
    assert postings(sandbox, header["GLBATCHKEY"]) == [("2000", "100", 10000), ("1000", "100", -10000)]
    assert_books_tie_out(sandbox)


def test_a_partial_payment_leaves_the_rest_due(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill(bill_line("60.00"), bill_line("40.00"))))
    key_of(sandbox, create(payment((key, "70.00"))))
    assert due(sandbox, "APBILL", key) == ("PP", 3000, None)
    paid = rows(sandbox, 'SELECT "TOTALPAID" FROM "APBILLITEM" WHERE "RECORDKEY" = ? ORDER BY "LINE_NO"', key)
    assert [row["TOTALPAID"] for row in paid] == [6000, 1000]
    key_of(sandbox, create(payment((key, "30.00"), PAYMENTDATE="05/01/2026")))
    assert due(sandbox, "APBILL", key) == ("P", 0, "2026-05-01")
    assert_books_tie_out(sandbox)


def test_a_payment_can_name_the_line_it_settles(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill(bill_line("60.00"), bill_line("40.00"))))
    second = rows(sandbox, 'SELECT * FROM "APBILLITEM" WHERE "RECORDKEY" = ? AND "LINE_NO" = 2', key)[0]["RECORDNO"]
    detail = element("APPYMTDETAIL", {"RECORDKEY": key, "ENTRYKEY": second, "TRX_PAYMENTAMOUNT": "40.00"})
    key_of(sandbox, create(payment().replace("<APPYMTDETAILS>", f"<APPYMTDETAILS>{detail}")))
    assert one(sandbox, "APBILLITEM", second)["TOTALPAID"] == 4000
    assert_books_tie_out(sandbox)


def test_one_payment_settles_several_bills(sandbox: SandboxProcess) -> None:
    keys = [key_of(sandbox, create(bill())) for _ in range(3)]
    key_of(sandbox, create(payment(*((key, "100.00") for key in keys))))
    assert {due(sandbox, "APBILL", key)[0] for key in keys} == {"P"}
    assert_books_tie_out(sandbox)


def test_a_credit_line_is_used_up_by_the_payment(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill(bill_line("100.00"), bill_line("-27.47"))))
    key_of(sandbox, create(payment((key, "72.53"))))
    assert due(sandbox, "APBILL", key)[:2] == ("P", 0)
    assert_books_tie_out(sandbox)


def test_a_settled_bill_takes_no_payment(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill(RECORDID="DONE")))
    key_of(sandbox, create(payment((key, "100.00"))))
    assert refused(sandbox, create(payment((key, "1.00")))) == [
        ("BL03000130", "The transaction DONE has already been paid."),
        TRANSACTION_FAILED,
    ]
    assert_books_tie_out(sandbox)


def test_more_than_is_due_is_refused_and_nothing_of_the_payment_stays(sandbox: SandboxProcess) -> None:
    first, second = (key_of(sandbox, create(bill(RECORDID=name))) for name in ("ONE", "TWO"))
    errors = refused(sandbox, create(payment((first, "100.00"), (second, "100.01"))))
    assert errors[0][1] == "The payment of 100.01 is more than the 100.00 due on 'TWO'."
    assert due(sandbox, "APBILL", first) == ("A", 10000, None)
    twice = refused(sandbox, create(payment((first, "60.00"), (first, "60.00"))))
    assert twice[0][1] == "The payment of 60.00 is more than the 40.00 due on 'ONE'."
    assert_books_tie_out(sandbox)


@pytest.mark.parametrize(
    ("header", "error"),
    [
        ({"PAYMENTDATE": None}, ("BL01001973", "Required field Payment date is missing")),
        ({"CURRENCY": None}, ("BL01001973", "Required field Currency is missing")),
        ({"VENDORID": "V002"}, ("BL01001973", "Bill 'TO-PAY' does not belong to 'V002'.")),
        ({"FINANCIALENTITY": "NONE"}, ("BL01001973", "Invalid Bank account 'NONE' specified.")),
        ({"FINANCIALENTITY": None}, ("BL01001973", "Required field Bank account is missing")),
        ({"PAYMENTMETHOD": None}, ("BL01001973", "Required field Payment method is missing")),
        ({"CURRENCY": "EUR", "FINANCIALENTITY": "EURO"}, ("BL01001973", "Bill 'TO-PAY' is in USD, not EUR.")),
        ({"CURRENCY": "EUR"}, ("BL01001973", "Bank account 'BOA' is not in EUR.")),
    ],
)
def test_a_payment_is_held_to_the_rules(
    sandbox: SandboxProcess, header: dict[str, object], error: tuple[str, str]
) -> None:
    key = key_of(sandbox, create(bill(RECORDID="TO-PAY")))
    assert refused(sandbox, create(payment((key, "1.00"), **header)))[0] == error


def test_a_payment_names_a_bill_that_is_there_and_posted(sandbox: SandboxProcess) -> None:
    assert refused(sandbox, create(payment((999999, "1.00"))))[0] == (
        "DL03000005", "No record exits for the recordkey 999999",
    )  # fmt: skip
    draft = key_of(sandbox, create(bill(ACTION="Draft", RECORDID="DR")))
    assert refused(sandbox, create(payment((draft, "1.00"))))[0][1] == "Bill 'DR' is a draft and cannot be paid."
    assert refused(sandbox, create(payment()))[0][1] == "Required field APPYMTDETAILS is missing"
    key = key_of(sandbox, create(bill()))
    assert refused(sandbox, create(payment((key, "0.00"))))[0][1] == "The payment amount must be more than zero."


def test_a_closed_period_takes_no_payment(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill()))
    errors = refused(sandbox, create(payment((key, "1.00"), PAYMENTDATE="12/31/2025")))
    assert errors[0][1].startswith("Periods are closed.")


def test_a_voided_payment_makes_the_bill_due_again(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill()))
    paid = key_of(sandbox, create(payment((key, "100.00"))))
    assert key_of(sandbox, void("reverse_appayment", paid)) == paid
    assert due(sandbox, "APBILL", key) == ("A", 10000, None)
    assert one(sandbox, "APPYMT", paid)["STATE"] == "V"
    batch = rows(sandbox, 'SELECT * FROM "GLBATCH" WHERE "PRBATCHKEY" = ? AND "REVERSEDFROM" IS NOT NULL', paid)[0]
    assert postings(sandbox, batch["RECORDNO"]) == [("2000", "100", -10000), ("1000", "100", 10000)]
    assert batch["BATCH_DATE"] == "2026-05-02"
    assert_books_tie_out(sandbox)
    assert refused(sandbox, void("reverse_appayment", paid))[0][1] == "Only a posted payment can be reversed."


def test_a_bank_of_one_entity_pays_for_another(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill(bill_line("30.00", location="200"))))
    paid = key_of(sandbox, create(payment((key, "30.00"))))
    assert postings(sandbox, one(sandbox, "APPYMT", paid)["GLBATCHKEY"]) == [
        ("2000", "200", 3000), ("1000", "100", -3000), ("2850", "200", -3000), ("1850", "100", 3000),
    ]  # fmt: skip
    assert_books_tie_out(sandbox)
    key_of(sandbox, void("reverse_appayment", paid))
    assert_books_tie_out(sandbox)


def test_a_rate_that_moved_is_a_gain_or_a_loss(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill(bill_line("60.00"), bill_line("40.00"), CURRENCY="EUR", EXCHANGE_RATE="1.1")))
    euro = {"CURRENCY": "EUR", "FINANCIALENTITY": "EURO", "EXCHANGE_RATE": "1.2"}
    first = key_of(sandbox, create(payment((key, "33.33"), **euro)))
    assert postings(sandbox, one(sandbox, "APPYMT", first)["GLBATCHKEY"]) == [
        ("2000", "100", 3666), ("7900", "100", 334), ("1030", "100", -4000),
    ]  # fmt: skip
    key_of(sandbox, create(payment((key, "66.67"), **euro)))
    assert due(sandbox, "APBILL", key)[:2] == ("P", 0)
    assert_books_tie_out(sandbox)


def test_a_draft_payment_settles_nothing_and_can_be_changed_and_deleted(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill()))
    draft = key_of(sandbox, create(payment((key, "40.00"), ACTION="Draft")))
    assert (one(sandbox, "APPYMT", draft)["STATE"], due(sandbox, "APBILL", key)[1]) == ("D", 10000)
    detail = element("APPYMTDETAIL", {"RECORDKEY": key, "TRX_PAYMENTAMOUNT": "55.00"})
    body = f"<APPYMTDETAILS>{detail}</APPYMTDETAILS>"
    succeed(sandbox, update(element("APPYMT", {"RECORDNO": draft, "ACTION": "Submit"}, body)))
    assert due(sandbox, "APBILL", key)[:2] == ("PP", 4500)
    assert_books_tie_out(sandbox)
    other = key_of(sandbox, create(payment((key, "1.00"), ACTION="Draft")))
    succeed(sandbox, delete("APPYMT", other))
    assert refused(sandbox, delete("APPYMT", draft))[0][1] == "A posted payment cannot be deleted; reverse it instead."
    assert_books_tie_out(sandbox)


def test_a_receipt_settles_an_invoice_and_reaches_the_bank(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, invoice())
    paid = key_of(sandbox, create(receipt((key, "100.00"))))
    assert due(sandbox, "ARINVOICE", key) == ("P", 0, "2026-04-15")
    header = one(sandbox, "ARPYMT", paid)
    assert (header["STATE"], header["RECEIPTDATE"], header["RECORDTYPE"]) == ("C", "2026-04-15", "rp")
    assert postings(sandbox, header["GLBATCHKEY"]) == [("1200", "100", -10000), ("1000", "100", 10000)]
    assert refused(sandbox, create(receipt((key, "1.00"))))[0][0] == "BL03000130"
    key_of(sandbox, void("reverse_arpayment", paid))
    assert due(sandbox, "ARINVOICE", key) == ("A", 10000, None)
    assert_books_tie_out(sandbox)


def test_a_receipt_waits_in_undeposited_funds(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, invoice())
    paid = key_of(sandbox, create(receipt((key, "100.00"), FINANCIALENTITY=None, UNDEPOSITEDACCOUNTNO="1150")))
    assert postings(sandbox, one(sandbox, "ARPYMT", paid)["GLBATCHKEY"])[1] == ("1150", "100", 10000)


def test_a_payer_can_settle_invoices_of_several_customers(sandbox: SandboxProcess) -> None:
    keys = [key_of(sandbox, invoice(customer=customer)) for customer in ("C001", "C002")]
    details = [(key, "100.00") for key in keys]
    assert refused(sandbox, create(receipt(*details)))[0][1].endswith("does not belong to 'C001'.")
    key_of(sandbox, create(receipt(*details, CUSTOMERID=None, PAYERNAME="Holding")))
    assert {due(sandbox, "ARINVOICE", key)[0] for key in keys} == {"P"}
    assert_books_tie_out(sandbox)


def legacy_receipt(total: str, *items: tuple[int, str]) -> str:
    applied = "".join(
        f"<arpaymentitem><invoicekey>{key}</invoicekey><amount>{amount}</amount></arpaymentitem>"
        for key, amount in items
    )
    return (
        f"<create_arpayment><customerid>C001</customerid><paymentamount>{total}</paymentamount>"
        f"<bankaccountid>BOA</bankaccountid><refid>R-7</refid>{legacy_date('datereceived', '2026-04-15')}"
        f"<paymentmethod>Printed Check</paymentmethod>{applied}</create_arpayment>"
    )


def test_what_a_legacy_receipt_does_not_apply_is_owed_to_the_customer(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, invoice())
    paid = key_of(sandbox, legacy_receipt("130.00", (key, "100.00")))
    assert due(sandbox, "ARINVOICE", key)[0] == "P"
    assert postings(sandbox, one(sandbox, "ARPYMT", paid)["GLBATCHKEY"]) == [
        ("1200", "100", -10000), ("2300", "100", -3000), ("1000", "100", 13000),
    ]  # fmt: skip
    assert one(sandbox, "ARPYMT", paid)["TOTALENTERED"] == 13000
    assert_books_tie_out(sandbox)
    words = refused(sandbox, legacy_receipt("5.00", (key, "6.00")))[0][1]
    assert words == "The amounts applied add up to 6.00, the payment is 5.00."


def test_a_payment_shows_in_the_ledger_lines_of_the_bill(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill()))
    key_of(sandbox, create(payment((key, "100.00"))))
    lines = rows(sandbox, 'SELECT * FROM "GLDETAIL" WHERE "RECORDKEY" = ?', key)
    assert {(row["TOTALPAID"], row["TOTALDUE"], row["WHENPAID"]) for row in lines} == {(10000, 0, "2026-04-15")}


def test_whether_a_payment_touches_the_bill_is_a_switch(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill()))
    sandbox.advance(60)
    stamp = one(sandbox, "APBILL", key)["WHENMODIFIED"]
    sandbox.switch(payment_touches_document=False)
    key_of(sandbox, create(payment((key, "10.00"))))
    assert one(sandbox, "APBILL", key)["WHENMODIFIED"] == stamp
    sandbox.switch(payment_touches_document=True)
    key_of(sandbox, create(payment((key, "10.00"))))
    assert str(one(sandbox, "APBILL", key)["WHENMODIFIED"]) > str(stamp)
