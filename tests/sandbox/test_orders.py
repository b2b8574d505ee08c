"""Sales, purchasing and inventory documents, converted one from another (wire/xml-gateway.md §7.8, §10)."""

import pytest

from tests.gateway_requests import query
from tests.sandbox.books import (
    assert_books_tie_out,
    create,
    delete,
    element,
    legacy_date,
    one,
    payment,
    postings,
    refused,
    rows,
    succeed,
)
from tests.sandbox_process import SandboxProcess

SOURCE = "Sales Order-SO-00001"


def item(quantity: object = 2, id: str = "I001", price: str | None = "10.00", source: object = None) -> str:
    fields = {"itemid": id, "warehouseid": None, "quantity": quantity, "price": price, "sourcelinekey": source}
    return element("sotransitem", {**fields, "locationid": "100"})


def sale(
    *items: str, kind: str = "Sales Order", source: str | None = None, number: str | None = None, **more: str
) -> str:
    head = f"<transactiontype>{kind}</transactiontype>{legacy_date('datecreated', '2026-03-10')}"
    head += f"<createdfrom>{source}</createdfrom>" if source else ""
    head += f"<customerid>{more.get('customer', 'C001')}</customerid>"
    head += f"<documentno>{number}</documentno>" if number else ""
    state = f"<state>{more['state']}</state>" if "state" in more else ""
    lines = f"<sotransitems>{''.join(items or (item(),))}</sotransitems>"
    return f"<create_sotransaction>{head}<termname>N30</termname>{state}{lines}</create_sotransaction>"


def purchase(kind: str = "Purchase Order", source: str | None = None, id: str = "I001") -> str:
    contact = "<contactname></contactname>"
    head = f"<transactiontype>{kind}</transactiontype>{legacy_date('datecreated', '2026-03-10')}"
    head += (f"<createdfrom>{source}</createdfrom>" if source else "") + "<vendorid>V001</vendorid>"
    head += f"{legacy_date('datedue', '2026-04-10')}<returnto>{contact}</returnto><payto>{contact}</payto>"
    line = element("potransitem", {"itemid": id, "quantity": 3, "price": "5.00", "locationid": "100"})
    return f"<create_potransaction>{head}<potransitems>{line}</potransitems></create_potransaction>"


def key(sandbox: SandboxProcess, body: str) -> str:
    return str(succeed(sandbox, body).findtext("key"))


def document(sandbox: SandboxProcess, name: str, object_name: str = "SODOCUMENT") -> dict[str, object]:
    (found,) = rows(sandbox, f'SELECT * FROM "{object_name}" WHERE "DOCID" = ?', name)
    return found


def lines(sandbox: SandboxProcess, name: str) -> list[dict[str, object]]:
    number = document(sandbox, name)["RECORDNO"]
    return rows(sandbox, 'SELECT * FROM "SODOCUMENTENTRY" WHERE "DOCHDRNO" = ? ORDER BY "LINE_NO"', number)


def test_an_order_is_named_by_its_definition_and_number_and_posts_nothing(sandbox: SandboxProcess) -> None:
    assert key(sandbox, sale(item(), item(1, price=None))) == SOURCE
    found = document(sandbox, SOURCE)
    assert (found["STATE"], found["CUSTVENDID"], found["PRRECORDKEY"]) == ("O", "C001", None)
    assert [(line["LINE_NO"], line["QUANTITY"]) for line in lines(sandbox, SOURCE)] == [(0, 20000), (1, 10000)]
    assert key(sandbox, sale(number="X7")) == "Sales Order-X7"
    assert refused(sandbox, sale(number="X7"))[0][0] == "BL03002185"
    shown = succeed(sandbox, query("SODOCUMENT", ["DOCID", "STATE", "CUSTVENDNAME"]))
    assert shown.findtext("data/SODOCUMENT/STATE") == "Pending"


def test_an_invoice_made_from_an_order_posts_and_takes_its_quantities(sandbox: SandboxProcess) -> None:
    key(sandbox, sale(item(2), item(5)))
    first, second = (line["RECORDNO"] for line in lines(sandbox, SOURCE))
    made = key(sandbox, sale(item(2, source=first), item(1, source=second), kind="Sales Invoice", source=SOURCE))
    assert document(sandbox, SOURCE)["STATE"] == "P"
    invoice = one(sandbox, "ARINVOICE", document(sandbox, made)["PRRECORDKEY"])
    assert (invoice["RECORDID"], invoice["MODULEKEY"], invoice["TOTALDUE"]) == ("SI-00001", "8.SO", 3000)
    assert ("4000", "100", -2000) in postings(sandbox, invoice["GLBATCHKEY"])
    too_much = sale(item(5, source=second), kind="Sales Invoice", source=SOURCE)
    assert "is more than the 4.0000 left to convert" in refused(sandbox, too_much)[0][1]
    key(sandbox, sale(item(4, source=second), kind="Sales Invoice", source=SOURCE))
    assert document(sandbox, SOURCE)["STATE"] == "C"
    assert "has been converted" in refused(sandbox, sale(kind="Sales Invoice", source=SOURCE))[0][1]
    assert "has been converted" in refused(sandbox, f'<delete_sotransaction key="{SOURCE}"/>')[0][1]
    succeed(sandbox, f'<delete_sotransaction key="{made}"/>')
    assert document(sandbox, SOURCE)["STATE"] == "P"
    assert_books_tie_out(sandbox)


def test_a_vendor_invoice_becomes_a_bill_that_gets_a_new_key_with_every_change(sandbox: SandboxProcess) -> None:
    order = key(sandbox, purchase())
    made = key(sandbox, purchase("Vendor Invoice", order))
    before = document(sandbox, made, "PODOCUMENT")["PRRECORDKEY"]
    assert one(sandbox, "APBILL", before)["MODULEKEY"] == "9.PO"
    line = '<updatepotransitem line_num="1"><quantity>4</quantity></updatepotransitem>'
    change = f"<updatepotransitems>{line}</updatepotransitems>"
    assert key(sandbox, f'<update_potransaction key="{made}">{change}</update_potransaction>') == made
    after = document(sandbox, made, "PODOCUMENT")["PRRECORDKEY"]
    assert after != before
    assert rows(sandbox, 'SELECT 1 FROM "APBILL" WHERE "RECORDNO" = ?', before) == []
    assert one(sandbox, "APBILL", after)["TOTALDUE"] == 2000
    assert "comes from another module" in refused(sandbox, delete("APBILL", after))[0][1]
    succeed(sandbox, create(payment((after, "20.00"))))
    assert "has payments" in refused(sandbox, f'<delete_potransaction key="{made}"/>')[0][1]
    assert_books_tie_out(sandbox)


def test_inventory_documents_move_items_and_post_nothing(sandbox: SandboxProcess) -> None:
    line = element("ictransitem", {"itemid": "I001", "warehouseid": "W1", "quantity": 5, "cost": "2.00"})
    head = f"<transactiontype>Inventory Adjustment Increase</transactiontype>{legacy_date('datecreated', '2026-03-10')}"
    made = key(sandbox, f"<create_ictransaction>{head}<ictransitems>{line}</ictransitems></create_ictransaction>")
    assert made == "Inventory Adjustment Increase-AI-00001"
    found = document(sandbox, made, "INVDOCUMENT")
    (entry,) = rows(sandbox, 'SELECT * FROM "INVDOCUMENTENTRY" WHERE "DOCHDRNO" = ?', found["RECORDNO"])
    assert (entry["WAREHOUSEID"], entry["LOCATIONID"], entry["TOTAL"]) == ("W1", "110", 1000)


def test_a_draft_is_changed_by_line_number_from_one(sandbox: SandboxProcess) -> None:
    made = key(sandbox, sale(item(2), item(3), kind="Sales Invoice", state="Draft"))
    assert document(sandbox, made)["PRRECORDKEY"] is None
    changed = '<updatesotransitem line_num="2"><price>1.00</price></updatesotransitem>'
    body = f"<state>Pending</state><updatesotransitems>{changed}{item(1)}</updatesotransitems>"
    key(sandbox, f'<update_sotransaction key="{made}">{body}</update_sotransaction>')
    assert [line["TOTAL"] for line in lines(sandbox, made)] == [2000, 300, 1000]
    assert one(sandbox, "ARINVOICE", document(sandbox, made)["PRRECORDKEY"])["TOTALDUE"] == 3300
    wrong = '<updatesotransitems><updatesotransitem line_num="9"></updatesotransitem></updatesotransitems>'
    refusal = refused(sandbox, f'<update_sotransaction key="{SOURCE}">{wrong}</update_sotransaction>')
    assert refusal[0] == ("DL03000005", f"No record exits for the recordkey {SOURCE}")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (sale(kind="Sales Dream"), "Invalid Transaction definition 'Sales Dream' specified."),
        (sale(kind="Purchase Order"), "Invalid Transaction definition 'Purchase Order' specified."),
        (sale(customer="C999"), "Invalid Customer 'C999' specified."),
        (sale(item(id="NOPE")), "Invalid Item 'NOPE' specified."),
        (sale(item(0)), "The quantity must be more than zero."),
        (sale(source="Sales Quote-SQ-9"), "Invalid Source document 'Sales Quote-SQ-9' specified."),
        (sale(state="Closed"), "A document can be entered as Draft or Pending."),
    ],
)
def test_what_cannot_be_sold_is_refused(sandbox: SandboxProcess, body: str, said: str) -> None:
    assert refused(sandbox, body)[0][1] == said
    assert refused(sandbox, body)[1] == ("BL01001973", "Could not create Document record!")


def test_a_unit_is_the_items_unit_character_for_character(sandbox: SandboxProcess) -> None:
    succeed(
        sandbox,
        create(element("ITEM", {"ITEMID": "BOX", "NAME": "Box", "ITEMTYPE": "Inventory", "STANDARD_UNIT": "Each"})),
    )
    each = item(id="BOX").replace("<price>", "<unit>{}</unit><price>")
    assert refused(sandbox, sale(each.format("each")))[0] == ("BL03000018", "Missing unit")
    assert key(sandbox, sale(each.format("Each"))) == SOURCE


def test_the_definitions_there_are_can_be_asked_for(sandbox: SandboxProcess) -> None:
    result = succeed(sandbox, query("SODOCUMENTPARAMS", ["DOCID", "DOCCLASS"]))
    found = {row.findtext("DOCID"): row.findtext("DOCCLASS") for row in result.iterfind("data/SODOCUMENTPARAMS")}
    assert found == {"Sales Quote": "Quote", "Sales Order": "Order", "Sales Invoice": "Invoice"}
    assert refused(sandbox, create(element("SODOCUMENTPARAMS", {"DOCID": "Mine"})))[0][0] == "PL04000005"


def test_the_states_of_documents_have_the_codes_that_readbyquery_filters_by(sandbox: SandboxProcess) -> None:
    names = {code: key(sandbox, sale(state=state)) for code, state in (("I", "Draft"), ("O", "Pending"))}
    for code, name in names.items():
        asked = {"object": "SODOCUMENT", "fields": "DOCID", "query": f"STATE = '{code}'"}
        result = succeed(sandbox, element("readByQuery", asked))
        assert [found.text for found in result.iterfind("data/sodocument/DOCID")] == [name]
