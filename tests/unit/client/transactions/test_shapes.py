"""What typed transactions become: the mapping that is posted, under the spelling and in the order Intacct asks for."""

import copy
import dataclasses
import pickle
from datetime import date
from decimal import Decimal

import pytest

from airflow_provider_intacct.client import transactions
from airflow_provider_intacct.client.errors import InvalidRecordError
from airflow_provider_intacct.client.posting import Scope, prepare
from airflow_provider_intacct.client.posting.kinds import kind_of
from airflow_provider_intacct.client.transactions import (
    Address,
    AttachedFile,
    Attachment,
    Bill,
    BillLine,
    ChargeCardLine,
    ChargeCardTransaction,
    Contact,
    ContactDetails,
    Dimensions,
    DocumentLine,
    Exchange,
    Invoice,
    JournalEntry,
    JournalLine,
    PurchasingDocument,
    PurchasingLine,
    SalesDocument,
    SalesLine,
    Split,
    StatisticalJournalEntry,
    StatisticalLine,
    TaxEntry,
    Transaction,
    TransferLine,
    Vendor,
    WarehouseTransfer,
)
from airflow_provider_intacct.client.xml.elements import write
from tests.unit.client.transactions.examples import EXAMPLES, NAMES

DAY = date(2026, 3, 31)
EAST = Dimensions(location="100", department="10", user_defined={"CHANNEL": "10001"})
TEN = Decimal("10.00")
SCOPE = Scope("DEMO", key="test")


def entry(*lines: JournalLine, **more: object) -> JournalEntry:
    given = lines or (JournalLine(account="6500", debit=TEN), JournalLine(account="2100", credit=TEN))
    return JournalEntry(journal="GJ", posting_date=DAY, description="Accrual", lines=given, **more)  # type: ignore[arg-type]


def test_every_type_has_an_example_and_every_field_of_it_is_filled() -> None:
    exported = {getattr(transactions, name) for name in transactions.__all__} - {Transaction}
    types = {each for each in exported if issubclass(each, Transaction)}
    assert {type(each) for each in EXAMPLES} == types
    for kind in types:
        examples = [each for each in EXAMPLES if type(each) is kind]
        empty = [
            field.name for field in dataclasses.fields(kind) if not any(getattr(each, field.name) for each in examples)
        ]
        assert not empty, kind


def test_taxes_and_tasks_stand_where_sages_pages_list_them() -> None:
    place = Dimensions(location="AUS", project="P", task="T", cost_type="K", item="I")
    line = DocumentLine(
        account="4000",
        amount=TEN,
        dimensions=place,
        tax_entries=[TaxEntry(detail="G1"), TaxEntry(detail="G4", tax=TEN)],
    )
    invoice = Invoice(
        customer="C",
        invoice_date=DAY,
        terms="N30",
        lines=[line],
        tax_solution="Australia - GST",
        custom_fields={"A": "b"},
    )
    made = prepare([invoice], scope=SCOPE)[0].function.body
    names = [each.tag for each in made]
    assert names == [
        "customerid", "datecreated", "termname", "ponumber", "nogl", "customfields", "taxsolutionid", "invoiceitems",
    ]  # fmt: skip
    (written,) = made[-1].children
    assert [each.tag for each in written.children] == [
        "glaccountno", "amount", "locationid", "projectid", "taskid", "costtypeid", "itemid", "taxentries",
    ]  # fmt: skip
    entries = written.children[-1].children
    assert [[(each.tag, each.text) for each in entry.children] for entry in entries] == [
        [("detailid", "G1")],
        [("detailid", "G4"), ("trx_tax", "10.00")],
    ]


def test_an_amount_that_intacct_works_out_is_there_and_empty() -> None:
    line = ChargeCardLine(account="7400", amount_with_tax=TEN, dimensions=EAST, billable=True)
    card = ChargeCardTransaction(card="A", payment_date=DAY, inclusive_tax=True, lines=[line])
    (written,) = prepare([card], scope=SCOPE)[0].function.body[-1].children
    assert [(each.tag, each.text) for each in written.children if not each.children] == [
        ("glaccountno", "7400"), ("paymentamount", ""), ("departmentid", "10"), ("locationid", "100"),
        ("totaltrxamount", "10.00"), ("billable", "true"),
    ]  # fmt: skip


def test_contacts_of_a_purchase_that_are_not_named_are_the_vendors_own() -> None:
    order = PurchasingDocument(
        type="Purchase Order",
        document_date=DAY,
        vendor="V",
        terms="N30",
        lines=[PurchasingLine(item="I", quantity=TEN)],
        pay_to="Ana",
    )
    record = order.record()
    assert list(record) == [
        "transactiontype", "datecreated", "vendorid", "termname", "returnto", "payto", "potransitems",
    ]  # fmt: skip
    assert (record["returnto"], record["payto"]) == ({"contactname": ""}, {"contactname": "Ana"})


def test_a_country_code_is_spelled_as_the_contact_asks() -> None:
    lyon = Address(city="Lyon", country="France", country_code="FR")
    vendor = Vendor(
        name="N", contact=ContactDetails(print_as="N", address=lyon), restriction="Restricted",
        restricted_to_locations=["100", "200"],
    )  # fmt: skip
    assert vendor.record()["DISPLAYCONTACT"]["MAILADDRESS"] == {
        "CITY": "Lyon", "COUNTRY": "France", "ISOCOUNTRYCODE": "FR",
    }  # fmt: skip
    assert vendor.record()["RESTRICTEDLOCATIONS"] == "100#~#200"
    assert Contact(name="N", print_as="N", address=lyon).record()["MAILADDRESS"]["COUNTRYCODE"] == "FR"


def test_dimensions_are_spelled_as_the_line_asks() -> None:
    journal = entry(JournalLine(account="6500", debit=TEN, dimensions=EAST), JournalLine(account="1", credit=TEN))
    bill = Bill(
        vendor="V", bill_date=DAY, due=DAY, lines=[BillLine(account="6500", amount=TEN, dimensions=EAST)]
    )  # fmt: skip
    invoice = Invoice(
        customer="C", invoice_date=DAY, due=DAY, lines=[DocumentLine(account="4000", amount=TEN, dimensions=EAST)]
    )
    assert journal.record()["ENTRIES"]["GLENTRY"][0] == {
        "ACCOUNTNO": "6500", "TRX_AMOUNT": TEN, "LOCATION": "100", "DEPARTMENT": "10", "GLDIMCHANNEL": "10001",
        "TR_TYPE": 1,
    }  # fmt: skip
    assert bill.record()["APBILLITEMS"]["APBILLITEM"] == [
        {"TRX_AMOUNT": TEN, "ACCOUNTNO": "6500", "LOCATIONID": "100", "DEPARTMENTID": "10", "GLDIMCHANNEL": "10001"}
    ]
    assert invoice.record()["invoiceitems"]["lineitem"] == [
        {
            "glaccountno": "4000", "amount": TEN, "locationid": "100", "departmentid": "10",
            "customfields": {
                "customfield": [{"customfieldname": "GLDIMCHANNEL", "customfieldvalue": "10001"}]
            },
        }
    ]  # fmt: skip


def test_splits_and_currencies_of_a_journal_line() -> None:
    shares = [Split(amount=Decimal(each), dimensions=EAST) for each in ("4", "6")]
    euro = Exchange(currency="EUR", rate=Decimal("1.08"))
    line, _ = entry(
        JournalLine(account="6500", debit=TEN, splits=shares, exchange=euro),
        JournalLine(account="2100", credit=TEN, exchange=euro),
    ).record()["ENTRIES"]["GLENTRY"]
    assert line["ALLOCATION"] == "Custom"
    assert [split["AMOUNT"] for split in line["SPLIT"]] == [4, 6]
    assert line["SPLIT"][0]["LOCATIONID"] == "100"  # splits spell it as bills do
    assert (line["CURRENCY"], line["EXCHANGE_RATE"]) == ("EUR", Decimal("1.08"))


def test_a_statistical_quantity_keeps_its_digits_and_its_sign_becomes_a_side() -> None:
    lines = [StatisticalLine(account="9000", quantity=Decimal(each)) for each in ("1.375", "-2")]
    made = StatisticalJournalEntry(journal="STJ", posting_date=DAY, description="Heads", lines=lines)
    assert made.record()["ENTRIES"]["GLENTRY"] == [
        {"ACCOUNTNO": "9000", "TR_TYPE": 1, "TRX_AMOUNT": Decimal("1.375")},
        {"ACCOUNTNO": "9000", "TR_TYPE": -1, "TRX_AMOUNT": Decimal(2)},
    ]
    assert [each.kind.name for each in prepare([made], scope=SCOPE)] == ["GLBATCH"]


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_a_typed_record_is_posted_as_its_mapping_would_be(example: Transaction) -> None:
    (typed,) = prepare([example], scope=SCOPE)
    (plain,) = prepare(
        [example.record()],
        scope=SCOPE,
        object_name=None if example.function != "create" else example.object_name,
        function=example.function,
        statistical=example.statistical,
    )
    assert (typed.control_id, typed.digest, typed.reference) == (plain.control_id, plain.digest, plain.reference)
    assert write(typed.function.element) == write(plain.function.element)


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_a_filled_record_is_known_by_its_natural_key(example: Transaction) -> None:
    (posting,) = prepare([example], scope=SCOPE)
    names = kind_of(example.object_name, example.function).natural_key
    if names and all(name in example.record() for name in names):  # one who pays for several customers names none
        assert posting.natural_key
        assert not posting.by_content


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_a_transaction_can_be_copied_and_pickled_and_never_changed(example: Transaction) -> None:
    assert copy.deepcopy(example) == example
    assert pickle.loads(pickle.dumps(example)) == example
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(example, dataclasses.fields(example)[0].name, "x")  # type: ignore[arg-type]


def test_a_list_that_grows_later_changes_nothing() -> None:
    lines = [JournalLine(account="6500", debit=TEN), JournalLine(account="2100", credit=TEN)]
    custom = {"A": "1"}
    made = JournalEntry(journal="GJ", posting_date=DAY, description="x", lines=lines, custom_fields=custom)
    lines.clear()
    custom["B"] = "2"
    assert len(made.lines) == 2
    assert made.custom_fields == {"A": "1"}


def test_typed_and_plain_records_in_one_call() -> None:
    postings = prepare([entry(), Vendor(name="N", id="V9"), {"CLASS": {"CLASSID": "Z", "NAME": "z"}}], scope=SCOPE)
    assert [each.kind.name for each in postings] == ["GLBATCH", "VENDOR", "CLASS"]
    assert postings[0].reference  # stamped, as a plain one is


@pytest.mark.parametrize(
    ("asked", "said"), [({"object_name": "APBILL"}, "APBILL"), ({"function": "create_bill"}, "create_bill")]
)
def test_a_typed_record_for_another_object_is_refused(asked: dict[str, str], said: str) -> None:
    with pytest.raises(InvalidRecordError, match=f"record 1 is a JournalEntry, which is no {said}"):
        prepare([entry()], scope=SCOPE, **asked)  # type: ignore[arg-type]
    prepare([entry()], scope=SCOPE, object_name="glbatch")


def test_a_transfer_line_goes_out_of_one_warehouse_and_into_the_other() -> None:
    line = TransferLine(item="I", quantity=TEN, unit="Each", from_warehouse="W1", to_warehouse="W2", to_location="200")
    made = WarehouseTransfer(transfer_date=DAY, lines=[line]).record()
    common = {"ITEMID": "I", "QUANTITY": TEN, "UNIT": "Each"}
    assert made["ICTRANSFERITEMS"]["ICTRANSFERITEM"] == [
        {"IN_OUT": "O", "WAREHOUSEID": "W1", **common},
        {"IN_OUT": "I", "WAREHOUSEID": "W2", "LOCATIONID": "200", **common},
    ]


def test_a_file_is_sent_as_base64_and_not_shown() -> None:
    file = AttachedFile(name="scan", extension="pdf", content=b"\x00\xffsecret")
    made = Attachment(id="A1", name="scans", folder="Bills", files=[file])
    (posting,) = prepare([made], scope=SCOPE)
    assert "<attachmentdata>AP9zZWNyZXQ=</attachmentdata>" in write(posting.function.element)
    assert "secret" not in repr(made)


def test_a_document_is_made_from_another() -> None:
    line = SalesLine(item="I", quantity=TEN, source_line=17)
    made = SalesDocument(
        type="Sales Invoice", document_date=DAY, customer="C", created_from="Sales Order-SO-00029", lines=[line]
    )
    assert made.record() == {
        "transactiontype": "Sales Invoice",
        "datecreated": DAY,
        "createdfrom": "Sales Order-SO-00029",
        "customerid": "C",
        "sotransitems": {"sotransitem": [{"itemid": "I", "quantity": TEN, "sourcelinekey": 17}]},
    }
