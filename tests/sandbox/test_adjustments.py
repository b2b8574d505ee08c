"""AP and AR adjustments and account labels: entered, posted, changed and deleted (wire/xml-gateway.md §7.5)."""

import pytest

from tests.gateway_requests import AUDITOR, call, login, query
from tests.sandbox.books import (
    adjustment,
    assert_books_tie_out,
    bill,
    create,
    delete,
    element,
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

VENDOR_DUE = query(
    "VENDOR", ["TOTALDUE"], "<filter><equalto><field>VENDORID</field><value>V001</value></equalto></filter>"
)


def items(sandbox: SandboxProcess, kind: str, key: int) -> list[dict[str, object]]:
    return rows(sandbox, f'SELECT * FROM "{kind.upper()}ADJUSTMENTITEM" WHERE "RECORDKEY" = ? ORDER BY "LINE_NO"', key)


@pytest.mark.parametrize(
    ("kind", "amount", "lines"),
    [
        ("ap", "40.00", [("6000", "100", 4000), ("2000", "100", -4000)]),
        ("ap", "-40.00", [("6000", "100", -4000), ("2000", "100", 4000)]),
        ("ar", "40.00", [("4000", "100", -4000), ("1200", "100", 4000)]),
        ("ar", "-40.00", [("4000", "100", 4000), ("1200", "100", -4000)]),
    ],
)
def test_a_positive_adjustment_is_owed_and_a_negative_one_is_a_credit(
    sandbox: SandboxProcess, kind: str, amount: str, lines: list[tuple[str, str, int]]
) -> None:
    key = key_of(
        sandbox, adjustment(kind, amount, adjustmentno="A-1", **{"billno" if kind == "ap" else "invoiceno": "X-9"})
    )
    header = one(sandbox, f"{kind.upper()}ADJUSTMENT", key)
    assert (header["RECORDID"], header["DOCNUMBER"], header["RECORDTYPE"]) == (
        "A-1",
        "X-9",
        {"ap": "pa", "ar": "ra"}[kind],
    )
    assert (header["STATE"], header["TOTALDUE"]) == ("A", 4000 if amount[0] != "-" else -4000)
    assert postings(sandbox, header["GLBATCHKEY"]) == lines
    assert_books_tie_out(sandbox)


def test_lines_are_all_positive_or_all_negative(sandbox: SandboxProcess) -> None:
    words = refused(sandbox, adjustment("ap", "10.00", "-2.00"))[0][1]
    assert words == "The amounts of an adjustment must be all positive or all negative."
    key = key_of(sandbox, adjustment("ap", "-10.00", "-2.00"))
    assert one(sandbox, "APADJUSTMENT", key)["TOTALENTERED"] == -1200


def test_an_adjustment_changes_what_the_party_owes_altogether(sandbox: SandboxProcess) -> None:
    before = float(call(sandbox, VENDOR_DUE).text(".//TOTALDUE") or 0)
    key_of(sandbox, create(bill()))
    key_of(sandbox, adjustment("ap", "-40.00"))
    assert float(call(sandbox, VENDOR_DUE).text(".//TOTALDUE") or 0) == before + 60


def test_an_adjustment_is_updated_line_by_line_and_deleted(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, adjustment("ar", "10.00", "20.00", action="Draft"))
    assert (one(sandbox, "ARADJUSTMENT", key)["STATE"], one(sandbox, "ARADJUSTMENT", key)["GLBATCHKEY"]) == ("D", None)
    change = (
        f'<update_aradjustment key="{key}"><action>Posted</action><description>Mended</description>'
        '<updatearadjustmentitems><updatelineitem line_num="2"><amount>25.00</amount></updatelineitem>'
        "<lineitem><accountlabel>Services</accountlabel><amount>5.00</amount><locationid>100</locationid></lineitem>"
        "</updatearadjustmentitems></update_aradjustment>"
    )
    assert key_of(sandbox, change) == key
    header = one(sandbox, "ARADJUSTMENT", key)
    assert (header["STATE"], header["TOTALDUE"], header["DESCRIPTION"]) == ("A", 4000, "Mended")
    assert [item["ACCOUNTNO"] for item in items(sandbox, "ar", key)] == ["4000", "4000", "4020"]
    assert_books_tie_out(sandbox)
    succeed(sandbox, f'<delete_aradjustment key="{key}"/>')
    other = key_of(sandbox, adjustment("ap", "10.00"))
    succeed(sandbox, delete("APADJUSTMENT", other))
    assert rows(sandbox, 'SELECT * FROM "GLDETAIL" WHERE "RECORDKEY" IN (?, ?)', key, other) == []
    assert_books_tie_out(sandbox)


def test_generic_create_of_adjustments_is_undocumented_and_a_switch(sandbox: SandboxProcess) -> None:
    line = element("APADJUSTMENTITEM", {"ACCOUNTNO": "6000", "TRX_AMOUNT": "-7.00", "LOCATIONID": "100"})
    fields = {"VENDORID": "V001", "WHENCREATED": "03/10/2026"}
    body = create(element("APADJUSTMENT", fields, f"<APADJUSTMENTITEMS>{line}</APADJUSTMENTITEMS>"))
    assert refused(sandbox, body)[0] == (
        "PL04000005", "You do not have permission for API operation CREATE on objects of type apadjustment",
    )  # fmt: skip
    sandbox.switch(create_adjustment="accept")
    key = key_of(sandbox, body)
    assert (one(sandbox, "APADJUSTMENT", key)["TOTALDUE"], one(sandbox, "APADJUSTMENT", key)["RECORDID"]) == (
        -700,
        "ADJ-00001",
    )
    assert_books_tie_out(sandbox)


def test_read_shows_an_adjustment_with_its_lines(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, adjustment("ap", "-10.00"))
    answer = call(sandbox, f"<read><object>APADJUSTMENT</object><keys>{key}</keys><fields>*</fields></read>")
    assert answer.text(".//APADJUSTMENT/STATE") == "Posted"
    assert answer.text(".//APADJUSTMENTITEMS/apadjustmentitem/TRX_AMOUNT") in ("-10", "-10.00")


def test_adjustments_and_labels_are_listed_in_the_legacy_dialect(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, adjustment("ap", "-10.00", adjustmentno="M-1", billno="X-9"))
    listed = call(sandbox, '<get_list object="apadjustment"/>').root.find(".//apadjustment")
    assert listed is not None
    found = {name: listed.findtext(name) for name in ("key", "adjustmentno", "billno", "vendorid", "state", "totaldue")}
    assert found == {
        "key": str(key), "adjustmentno": "M-1", "billno": "X-9", "vendorid": "V001", "state": "Posted",
        "totaldue": "-10",
    }  # fmt: skip
    label = call(sandbox, '<get object="araccountlabel" key="Services"/>').root
    assert label.findtext(".//araccountlabel/glaccountno") == "4020"


def test_who_may_not_enter_adjustments_is_refused(sandbox: SandboxProcess) -> None:
    assert refused(sandbox, adjustment("ap", "1.00"), credential=login(AUDITOR))[0][0] == "PL04000005"


def test_a_label_stands_for_its_account_and_offset(sandbox: SandboxProcess) -> None:
    label = {
        "ACCOUNTLABEL": "Legal advice",
        "DESCRIPTION": "Lawyers",
        "GLACCOUNTNO": "6510",
        "OFFSETGLACCOUNTNO": "2100",
    }
    key_of(sandbox, create(element("APACCOUNTLABEL", label)))
    line = element("APBILLITEM", {"ACCOUNTLABEL": "Legal advice", "TRX_AMOUNT": "10.00", "LOCATIONID": "100"})
    key = key_of(sandbox, create(bill(line)))
    assert postings(sandbox, one(sandbox, "APBILL", key)["GLBATCHKEY"]) == [
        ("6510", "100", 1000),
        ("2100", "100", -1000),
    ]
    wrong = element("APBILLITEM", {"ACCOUNTLABEL": "Nothing", "TRX_AMOUNT": "10.00", "LOCATIONID": "100"})
    assert refused(sandbox, create(bill(wrong)))[0][1] == "Invalid AP account label 'Nothing' specified."
    assert "in use" in refused(sandbox, '<delete_apaccountlabel accountlabel="Legal advice"/>')[0][1]


def test_labels_are_entered_changed_and_deleted_by_name(sandbox: SandboxProcess) -> None:
    made = (
        "<create_araccountlabel{}><glaccountno>4010</glaccountno><accountlabel>Subscriptions</accountlabel>"
        "<description>Plans</description></create_araccountlabel>"
    )
    assert succeed(sandbox, made.format("")).findtext("key") == "Subscriptions"
    assert refused(sandbox, made.format(""))[0][0] == "BL34000061"
    succeed(sandbox, made.format(' ignoreduplicates="true"'))
    succeed(
        sandbox,
        '<update_araccountlabel accountlabel="Subscriptions"><glaccountno>4020</glaccountno></update_araccountlabel>',
    )
    found = rows(sandbox, 'SELECT "GLACCOUNTNO" FROM "ARACCOUNTLABEL" WHERE "ACCOUNTLABEL" = ?', "Subscriptions")
    assert found == [{"GLACCOUNTNO": "4020"}]
    invoice = (
        f"<create_invoice><customerid>C001</customerid>{legacy_date('datecreated', '2026-03-10')}"
        "<termname>N30</termname>"
        "<invoiceitems><lineitem><accountlabel>Subscriptions</accountlabel><amount>9.00</amount>"
        "<locationid>100</locationid></lineitem></invoiceitems></create_invoice>"
    )
    key = key_of(sandbox, invoice)
    assert postings(sandbox, one(sandbox, "ARINVOICE", key)["GLBATCHKEY"])[0] == ("4020", "100", -900)
    unused = element("APACCOUNTLABEL", {"ACCOUNTLABEL": "Spare", "DESCRIPTION": "x", "GLACCOUNTNO": "6000"})
    key_of(sandbox, create(unused))
    succeed(
        sandbox, update("<APACCOUNTLABEL><ACCOUNTLABEL>Spare</ACCOUNTLABEL><STATUS>inactive</STATUS></APACCOUNTLABEL>")
    )
    line = element("APBILLITEM", {"ACCOUNTLABEL": "Spare", "TRX_AMOUNT": "1.00", "LOCATIONID": "100"})
    assert refused(sandbox, create(bill(line)))[0][1] == "AP account label 'Spare' is inactive."
    succeed(sandbox, '<delete_apaccountlabel accountlabel="Spare"/>')
