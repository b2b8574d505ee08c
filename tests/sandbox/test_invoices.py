"""AR invoices: entered by the legacy functions alone, owed by customers, reversed and deleted (§7.4)."""

from tests.gateway_requests import query
from tests.sandbox.books import (
    assert_books_tie_out,
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
    update,
)
from tests.sandbox_process import SandboxProcess


def test_an_invoice_is_owed_and_posted(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, invoice("76.43", "23.57", number="N-1"))
    header = one(sandbox, "ARINVOICE", key)
    assert (header["RECORDID"], header["RECORDTYPE"], header["STATE"], header["TOTALDUE"], header["WHENDUE"]) == (
        "N-1", "ri", "A", 10000, "2026-04-09",
    )  # fmt: skip
    assert postings(sandbox, header["GLBATCHKEY"]) == [
        ("4000", "100", -7643), ("4000", "100", -2357), ("1200", "100", 10000),
    ]  # fmt: skip
    assert one(sandbox, "GLBATCH", header["GLBATCHKEY"])["JOURNAL"] == "ARJ"
    assert_books_tie_out(sandbox)


def test_the_generic_create_is_not_there_for_invoices_unless_switched_on(sandbox: SandboxProcess) -> None:
    item = element("ARINVOICEITEM", {"ACCOUNTNO": "4000", "TRX_AMOUNT": "5.00", "LOCATIONID": "100"})
    record = element(
        "ARINVOICE",
        {"CUSTOMERID": "C001", "WHENCREATED": "03/10/2026", "WHENDUE": "04/10/2026"},
        f"<ARINVOICEITEMS>{item}</ARINVOICEITEMS>",
    )
    assert refused(sandbox, create(record))[0][0] == "PL04000005"
    sandbox.switch(create_arinvoice="accept")
    assert one(sandbox, "ARINVOICE", key_of(sandbox, create(record)))["TOTALDUE"] == 500
    assert_books_tie_out(sandbox)


def test_an_invoice_names_a_customer_that_exists(sandbox: SandboxProcess) -> None:
    assert refused(sandbox, invoice(customer="NOBODY"))[0] == ("BL01001973", "Invalid Customer 'NOBODY' specified.")


def test_an_invoice_number_exists_once_per_customer(sandbox: SandboxProcess) -> None:
    key_of(sandbox, invoice(number="N-2"))
    assert refused(sandbox, invoice(number="N-2"))[0][0] == "BL03002185"


def test_custom_fields_come_in_a_list(sandbox: SandboxProcess) -> None:
    custom = (
        "<customfields><customfield><customfieldname>CAMPAIGN</customfieldname>"
        "<customfieldvalue>Autumn &amp; Winter</customfieldvalue></customfield></customfields>"
    )
    key = key_of(sandbox, invoice().replace("<invoiceitems>", custom + "<invoiceitems>"))
    assert one(sandbox, "ARINVOICE", key)["CAMPAIGN"] == "Autumn & Winter"


def test_a_draft_invoice_posts_when_it_is_submitted(sandbox: SandboxProcess) -> None:
    draft = invoice().replace("<invoiceitems>", "<action>Draft</action><invoiceitems>")
    key = key_of(sandbox, draft)
    assert (one(sandbox, "ARINVOICE", key)["STATE"], one(sandbox, "ARINVOICE", key)["GLBATCHKEY"]) == ("D", None)
    key_of(sandbox, f'<update_invoice key="{key}"><action>Submit</action></update_invoice>')
    assert one(sandbox, "ARINVOICE", key)["TOTALDUE"] == 10000
    assert_books_tie_out(sandbox)


def test_a_line_of_an_invoice_is_patched_by_its_number(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, invoice("10.00", "20.00"))
    line = '<updatelineitem line_num="1"><amount>11.00</amount></updatelineitem>'
    key_of(sandbox, f'<update_invoice key="{key}"><updateinvoiceitems>{line}</updateinvoiceitems></update_invoice>')
    assert one(sandbox, "ARINVOICE", key)["TOTALDUE"] == 3100
    assert_books_tie_out(sandbox)


def test_an_invoice_can_be_reversed_and_an_unpaid_one_deleted(sandbox: SandboxProcess) -> None:
    first, second, third = (key_of(sandbox, invoice()) for _ in range(3))
    key_of(sandbox, f'<reverse_invoice key="{first}">{legacy_date("datereversed", "2026-03-20")}</reverse_invoice>')
    assert one(sandbox, "ARINVOICE", first)["STATE"] == "V"
    succeed(sandbox, f'<delete_invoice key="{second}"/>')
    succeed(sandbox, delete("ARINVOICE", third))
    assert rows(sandbox, 'SELECT 1 FROM "ARINVOICE" WHERE "RECORDNO" IN (?, ?)', second, third) == []
    assert_books_tie_out(sandbox)


def test_a_paid_invoice_cannot_be_reversed_or_deleted(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, invoice())
    succeed(sandbox, create(receipt((key, "100.00"))))
    reverse = f'<reverse_invoice key="{key}">{legacy_date("datereversed", "2026-05-20")}</reverse_invoice>'
    assert "cannot be reversed" in refused(sandbox, reverse)[0][1]
    assert "has payments" in refused(sandbox, delete("ARINVOICE", key))[0][1]


def test_a_customer_with_invoices_cannot_be_deleted_or_renamed(sandbox: SandboxProcess) -> None:
    customer = key_of(sandbox, create("<CUSTOMER><CUSTOMERID>NEW</CUSTOMERID><NAME>New</NAME></CUSTOMER>"))
    key_of(sandbox, invoice(customer="NEW"))
    errors = refused(sandbox, delete("CUSTOMER", customer))
    assert errors[0][1] == "Customer 'NEW' cannot be deleted: it is in use (AR invoice)."
    rename = element("CUSTOMER", {"RECORDNO": customer, "CUSTOMERID": "OLD"})
    assert "its ID cannot change" in refused(sandbox, update(rename))[0][1]


def test_a_line_is_booked_to_a_task_of_its_project(sandbox: SandboxProcess) -> None:
    place = "<locationid>100</locationid>"
    task = f"{place}<projectid>P001</projectid><taskid>P001-2</taskid>"
    owed = key_of(sandbox, invoice().replace(place, task))
    of_it = f"<filter><equalto><field>RECORDKEY</field><value>{owed}</value></equalto></filter>"
    assert succeed(sandbox, query("ARINVOICEITEM", ["TASKID"], of_it)).findtext("data/ARINVOICEITEM/TASKID") == "P001-2"
    assert "Task" in refused(sandbox, invoice().replace(place, task.replace("P001-2", "NONE")))[0][1]


def test_taxes_are_refused_as_what_the_sandbox_does_not_do(sandbox: SandboxProcess) -> None:
    place = "<locationid>100</locationid>"
    entry = "<taxentries><taxentry><detailid>G1</detailid><trx_tax></trx_tax></taxentry></taxentries>"
    said = refused(sandbox, invoice().replace(place, place + entry))
    assert said[0][1] == "The sandbox works no taxes out: leave taxentries out."
