"""AP bills, generic and legacy: dates, numbers, lines, what they post and how they end (wire/xml-gateway.md §7.3)."""

import pytest

from tests.gateway_requests import begin_session, login, session
from tests.sandbox.books import (
    TRANSACTION_FAILED,
    assert_books_tie_out,
    bill,
    bill_line,
    create,
    delete,
    element,
    key_of,
    legacy_date,
    one,
    payment,
    postings,
    refused,
    rows,
    succeed,
    update,
)
from tests.sandbox_process import SandboxProcess


def items(sandbox: SandboxProcess, key: object) -> list[dict[str, object]]:
    return rows(sandbox, 'SELECT * FROM "APBILLITEM" WHERE "RECORDKEY" = ? ORDER BY "LINE_NO"', key)


def legacy_bill(amount: str = "55.50", due: str = "<termname>N30</termname>", **header: str) -> str:
    named = "".join(f"<{name}>{value}</{name}>" for name, value in header.items())
    return (
        f"<create_bill><vendorid>V001</vendorid>{legacy_date('datecreated', '2026-03-10')}{due}{named}"
        f"<billitems><lineitem><glaccountno>6010</glaccountno><amount>{amount}</amount><memo>Paper &amp; pens</memo>"
        "<locationid>100</locationid><departmentid>40</departmentid></lineitem></billitems></create_bill>"
    )


def reversal(key: int, day: str = "2026-04-02", function: str = "reverse_bill") -> str:
    return f'<{function} key="{key}">{legacy_date("datereversed", day)}<description>Wrong</description></{function}>'


def test_a_bill_is_owed_and_posted(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill(bill_line("100.12"), bill_line("50.00", "6010"), RECORDID="X-1")))
    header = one(sandbox, "APBILL", key)
    assert (header["RECORDID"], header["RECORDTYPE"], header["STATE"]) == ("X-1", "pi", "A")
    assert (header["TOTALENTERED"], header["TOTALDUE"], header["TOTALPAID"]) == (15012, 15012, 0)
    assert (header["WHENPOSTED"], header["MODULEKEY"]) == ("2026-03-10", "3.AP")
    batch = one(sandbox, "GLBATCH", header["GLBATCHKEY"])
    assert (batch["JOURNAL"], batch["PRBATCHKEY"]) == ("APJ", key)
    assert postings(sandbox, batch["RECORDNO"]) == [
        ("6000", "100", 10012), ("6010", "100", 5000), ("2000", "100", -15012),
    ]  # fmt: skip
    assert [item["LINE_NO"] for item in items(sandbox, key)] == [1, 2]
    assert_books_tie_out(sandbox)


def test_ledger_lines_of_a_bill_tell_which_bill(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill(RECORDID="X-2", DOCNUMBER="PO 7")))
    lines = rows(sandbox, 'SELECT * FROM "GLDETAIL" WHERE "RECORDKEY" = ?', key)
    assert {
        (row["RECORDID"], row["RECORDTYPE"], row["VENDORID"], row["DOCNUMBER"], row["TOTALDUE"]) for row in lines
    } == {("X-2", "pi", "V001", "PO 7", 10000)}


def test_lines_in_two_entities_balance_in_each(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill(bill_line("10.00"), bill_line("20.00", location="200"))))
    assert postings(sandbox, one(sandbox, "APBILL", key)["GLBATCHKEY"]) == [
        ("6000", "100", 1000), ("6000", "200", 2000), ("2000", "100", -1000), ("2000", "200", -2000),
    ]  # fmt: skip
    assert_books_tie_out(sandbox)


def test_a_credit_line_lowers_the_bill(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill(bill_line("100.00"), bill_line("-27.47"))))
    assert one(sandbox, "APBILL", key)["TOTALDUE"] == 7253
    assert postings(sandbox, one(sandbox, "APBILL", key)["GLBATCHKEY"])[1] == ("6000", "100", -2747)
    words = refused(sandbox, create(bill(bill_line("-1.00"))))[0][1]
    assert words == "The total of a bill cannot be negative."


def test_the_due_date_follows_from_the_terms(sandbox: SandboxProcess) -> None:
    for term, due in (("N30", "2026-04-09"), ("N15", "2026-03-25"), ("DUE", "2026-03-10"), ("EOM10", "2026-04-10")):
        key = key_of(sandbox, create(bill(WHENDUE=None, TERMNAME=term)))
        assert one(sandbox, "APBILL", key)["WHENDUE"] == due


def test_the_vendors_terms_serve_where_the_bill_names_none(sandbox: SandboxProcess) -> None:
    succeed(sandbox, update("<VENDOR><VENDORID>V001</VENDORID><TERMNAME>N60</TERMNAME></VENDOR>"))
    key = key_of(sandbox, create(bill(WHENDUE=None)))
    assert (one(sandbox, "APBILL", key)["WHENDUE"], one(sandbox, "APBILL", key)["TERMNAME"]) == ("2026-05-09", "N60")
    succeed(sandbox, update("<VENDOR><VENDORID>V001</VENDORID><TERMNAME></TERMNAME></VENDOR>"))
    assert refused(sandbox, create(bill(WHENDUE=None)))[0] == ("BL01001973", "Required field Date Due is missing")


@pytest.mark.parametrize(
    ("record", "error"),
    [
        (bill(VENDORID=None), ("BL01001973", "Required field Vendor ID is missing")),
        (bill(VENDORID="V999"), ("BL01001973", "Invalid Vendor 'V999' specified.")),
        (bill(WHENCREATED=None), ("BL01001973", "Required field Date Created is missing")),
        (bill(TERMNAME="N99"), ("BL01001973", "Invalid AP term 'N99' specified.")),
        (bill(bill_line(account="6599")), ("BL01001973", "Invalid GL account '6599' specified.")),
        (
            bill(bill_line(account=None)),
            ("BL01001973", "Enter an account number on line item 1, and try again."),
        ),
        (bill(bill_line(amount=None)), ("BL01001973", "Required field Transaction amount is missing")),
        (bill(bill_line(PROJECTID="10064")), ("BL01001973", "Invalid Project '10064' specified.")),
        (bill(ACTION="Approve"), ("BL01001973", "ACTION must be Submit or Draft, not 'Approve'.")),
    ],
)
def test_a_bill_is_held_to_the_rules(sandbox: SandboxProcess, record: str, error: tuple[str, str]) -> None:
    before = rows(sandbox, 'SELECT count(*) AS n FROM "APBILL"')
    assert refused(sandbox, create(record)) == [error, TRANSACTION_FAILED]
    assert rows(sandbox, 'SELECT count(*) AS n FROM "APBILL"') == before


def test_a_bill_without_lines_is_refused(sandbox: SandboxProcess) -> None:
    record = (
        "<APBILL><VENDORID>V001</VENDORID><WHENCREATED>03/10/2026</WHENCREATED><WHENDUE>04/09/2026</WHENDUE></APBILL>"
    )
    assert refused(sandbox, create(record))[0][1] == "Required field APBILLITEMS is missing"


def test_a_bill_number_exists_once_per_vendor(sandbox: SandboxProcess) -> None:
    key_of(sandbox, create(bill(RECORDID="TWICE")))
    assert refused(sandbox, create(bill(RECORDID="TWICE")))[0] == (
        "BL03002185", "A transaction with that number already exists",
    )  # fmt: skip
    key_of(sandbox, create(bill(RECORDID="TWICE", VENDORID="V002")))
    sandbox.switch(duplicate_document_number="accept")
    key_of(sandbox, create(bill(RECORDID="TWICE")))


def test_a_bill_without_a_number_draws_one_unless_numbering_is_off(sandbox: SandboxProcess) -> None:
    numbers = [one(sandbox, "APBILL", key_of(sandbox, create(bill())))["RECORDID"] for _ in range(2)]
    assert numbers == ["BILL-00001", "BILL-00002"]
    sandbox.switch(document_numbering=False)
    assert refused(sandbox, create(bill())) == [
        ("BL03002128", "Enter a Bill number, and try again."),
        TRANSACTION_FAILED,
    ]


def test_a_closed_period_takes_no_bill(sandbox: SandboxProcess) -> None:
    errors = refused(sandbox, create(bill(WHENCREATED="12/30/2025")))
    assert errors[0][1].startswith("Periods are closed.  Your transaction date (12/30/2025)")
    key_of(sandbox, create(bill(WHENCREATED="12/30/2025", WHENPOSTED="01/02/2026")))


def test_a_draft_owes_nothing_until_it_is_submitted(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(element("APBILL", {"ACTION": "Draft"}, f"<APBILLITEMS>{bill_line()}</APBILLITEMS>")))
    header = one(sandbox, "APBILL", key)
    assert (header["STATE"], header["TOTALDUE"], header["GLBATCHKEY"]) == ("D", 0, None)
    fields = {
        "RECORDNO": key,
        "VENDORID": "V001",
        "WHENCREATED": "03/10/2026",
        "WHENDUE": "04/10/2026",
        "ACTION": "Submit",
    }
    succeed(sandbox, update(element("APBILL", fields)))
    header = one(sandbox, "APBILL", key)
    assert (header["STATE"], header["TOTALDUE"]) == ("A", 10000)
    assert_books_tie_out(sandbox)


def test_an_update_with_lines_replaces_all_of_them(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill(bill_line("10.00"), bill_line("20.00"))))
    body = f"<APBILLITEMS>{bill_line('7.00', '6010')}</APBILLITEMS>"
    succeed(sandbox, update(element("APBILL", {"RECORDNO": key}, body)))
    assert [(item["ACCOUNTNO"], item["AMOUNT"]) for item in items(sandbox, key)] == [("6010", 700)]
    assert one(sandbox, "APBILL", key)["TOTALDUE"] == 700
    assert_books_tie_out(sandbox)


def test_an_update_of_the_header_leaves_lines_and_moves_the_posting(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill(TERMNAME="N30", WHENDUE=None)))
    kept = [item["RECORDNO"] for item in items(sandbox, key)]
    succeed(sandbox, update(element("APBILL", {"RECORDNO": key, "WHENCREATED": "04/01/2026", "DESCRIPTION": "Moved"})))
    header = one(sandbox, "APBILL", key)
    assert (header["WHENPOSTED"], header["WHENDUE"], header["DESCRIPTION"]) == ("2026-04-01", "2026-05-01", "Moved")
    assert [item["RECORDNO"] for item in items(sandbox, key)] == kept
    assert one(sandbox, "GLBATCH", header["GLBATCHKEY"])["BATCH_DATE"] == "2026-04-01"
    assert_books_tie_out(sandbox)


def test_an_empty_element_clears_a_field(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill(DESCRIPTION="x", BILL_SOURCE="mail")))
    assert one(sandbox, "APBILL", key)["BILL_SOURCE"] == "mail"
    succeed(sandbox, update(element("APBILL", {"RECORDNO": key, "DESCRIPTION": "", "BILL_SOURCE": ""})))
    assert (one(sandbox, "APBILL", key)["DESCRIPTION"], one(sandbox, "APBILL", key)["BILL_SOURCE"]) == (None, None)


def test_deleting_a_bill_removes_all_of_it(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill()))
    batch = one(sandbox, "APBILL", key)["GLBATCHKEY"]
    assert succeed(sandbox, delete("APBILL", key)).find("data") is None
    assert (items(sandbox, key), postings(sandbox, batch)) == ([], [])
    assert_books_tie_out(sandbox)


def test_a_paid_bill_stays(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill(RECORDID="PAID-1")))
    succeed(sandbox, create(payment((key, "60.00"))))
    assert refused(sandbox, delete("APBILL", key))[0][1] == "Bill 'PAID-1' has payments and cannot be deleted."
    body = f"<APBILLITEMS>{bill_line('1.00')}</APBILLITEMS>"
    assert "its lines cannot be changed" in refused(sandbox, update(element("APBILL", {"RECORDNO": key}, body)))[0][1]
    words = refused(sandbox, update(element("APBILL", {"RECORDNO": key, "VENDORID": "V002"})))[0][1]
    assert "VENDORID cannot be changed" in words
    succeed(sandbox, update(element("APBILL", {"RECORDNO": key, "DESCRIPTION": "late"})))
    assert_books_tie_out(sandbox)


def test_a_reversal_is_a_second_bill_and_both_are_settled(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill(RECORDID="OOPS")))
    assert key_of(sandbox, reversal(key)) == key
    original = one(sandbox, "APBILL", key)
    assert (original["STATE"], original["TOTALDUE"], original["WHENPAID"]) == ("V", 0, "2026-04-02")
    second = one(sandbox, "APBILL", original["REVERSALKEY"])
    assert (second["RECORDID"], second["STATE"], second["TOTALENTERED"], second["TOTALDUE"]) == (
        "Reversed - OOPS", "VR", -10000, 0,
    )  # fmt: skip
    assert postings(sandbox, second["GLBATCHKEY"]) == [("6000", "100", -10000), ("2000", "100", 10000)]
    assert_books_tie_out(sandbox)
    assert "cannot be reversed" in refused(sandbox, reversal(key))[0][1]
    assert "has been reversed" in refused(sandbox, delete("APBILL", key))[0][1]


def test_the_legacy_function_enters_the_same_bill(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, legacy_bill(billno="L-1", ponumber="PO9", description="Legacy"))
    header = one(sandbox, "APBILL", key)
    assert (header["RECORDID"], header["DOCNUMBER"], header["TOTALDUE"], header["WHENDUE"]) == (
        "L-1", "PO9", 5550, "2026-04-09",
    )  # fmt: skip
    item = items(sandbox, key)[0]
    assert (item["ENTRYDESCRIPTION"], item["DEPARTMENTID"]) == ("Paper & pens", "40")
    assert_books_tie_out(sandbox)


def test_the_legacy_function_answers_a_key_and_nothing_else(sandbox: SandboxProcess) -> None:
    result = succeed(sandbox, legacy_bill())
    assert [child.tag for child in result] == ["status", "function", "controlid", "key"]


def test_legacy_updates_patch_a_line_by_its_number(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill(bill_line("10.00"), bill_line("20.00"))))
    lines = '<updatelineitem line_num="2"><amount>25.00</amount></updatelineitem>' + (
        "<lineitem><glaccountno>6010</glaccountno><amount>5.00</amount><locationid>100</locationid></lineitem>"
    )
    body = (
        f'<update_bill key="{key}"><description>d</description><updatebillitems>{lines}</updatebillitems></update_bill>'
    )
    assert key_of(sandbox, body) == key
    assert [item["AMOUNT"] for item in items(sandbox, key)] == [1000, 2500, 500]
    assert "has no line 9" in refused(sandbox, body.replace('"2"', '"9"'))[0][1]
    assert_books_tie_out(sandbox)


def test_legacy_functions_name_a_record_that_is_not_there(sandbox: SandboxProcess) -> None:
    error = ("DL03000005", "No record exits for the recordkey 999999")
    assert refused(sandbox, reversal(999999))[0] == error
    assert refused(sandbox, '<delete_bill key="999999"/>') == [error]


def test_a_bill_in_another_currency_is_owed_at_its_rate(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill(CURRENCY="EUR", EXCHANGE_RATE="1.1")))
    header = one(sandbox, "APBILL", key)
    assert (header["TRX_TOTALDUE"], header["TOTALDUE"], header["BASECURR"]) == (10000, 11000, "USD")
    assert_books_tie_out(sandbox)


def test_vendors_owe_what_their_bills_say(sandbox: SandboxProcess) -> None:
    asked = """<read><object>VENDOR</object><keys>1</keys><fields>TOTALDUE</fields></read>"""
    before = float(succeed(sandbox, asked).findtext("data/VENDOR/TOTALDUE") or 0)
    key_of(sandbox, create(bill(bill_line("12.50"))))
    assert float(succeed(sandbox, asked).findtext("data/VENDOR/TOTALDUE") or 0) == before + 12.5


def test_bills_entered_in_an_entity_belong_to_it(sandbox: SandboxProcess) -> None:
    in_west = session(begin_session(sandbox, location="200"))
    key = key_of(sandbox, create(bill(bill_line(location=None))), credential=in_west)
    assert one(sandbox, "APBILL", key)["MEGAENTITYID"] == "200"
    assert refused(sandbox, delete("APBILL", key), credential=login(location="300"))[0][1].startswith("Cannot find")


def test_a_vendor_of_one_entity_is_unknown_in_another(sandbox: SandboxProcess) -> None:
    private = rows(sandbox, """SELECT "VENDORID" FROM "VENDOR" WHERE "MEGAENTITYID" = '200'""")[0]["VENDORID"]
    record = create(bill(bill_line(location=None), VENDORID=private))
    key_of(sandbox, record, credential=login(location="200"))
    errors = refused(sandbox, record, credential=login(location="300"))
    assert errors[0] == ("BL01001973", f"Invalid Vendor '{private}' specified.")
