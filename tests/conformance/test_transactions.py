"""Every typed transaction is valid against Sage's schema; the sandbox's company takes them and gives them back."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from airflow_provider_intacct.client import Credentials, IntacctClient
from airflow_provider_intacct.client.checking import errors
from airflow_provider_intacct.client.posting import Outcome, Scope, TypedRecord, prepare
from airflow_provider_intacct.client.posting.compare import differences
from airflow_provider_intacct.client.transactions import (
    Address,
    Bill,
    BillLine,
    BillPayment,
    BillPaymentDetail,
    Class,
    Contact,
    ContactDetails,
    Customer,
    Department,
    Dimensions,
    DocumentLine,
    Employee,
    Exchange,
    GLAccount,
    Invoice,
    Item,
    JournalEntry,
    JournalLine,
    Location,
    Project,
    ReceivedPayment,
    ReceivedPaymentDetail,
    Split,
    StatisticalJournalEntry,
    StatisticalLine,
    Task,
    Transaction,
    Vendor,
    Warehouse,
)
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.client.xml.envelope import build_request
from tests.sandbox_process import SandboxProcess
from tests.unit.client.transactions.examples import EXAMPLES, NAMES

WAY_IN = Credentials(company_id="DEMO", user_id="etl", password="user", sender_id="SANDBOX", sender_password="sender")
MARCH = date(2026, 3, 15)
EAST = Dimensions(location="100", department="10", project="P001", class_="A", user_defined={"CHANNEL": "10001"})
WEST = Dimensions(location="200")


LATER = (
    *("taskid", "costtypeid", "inclusivetax", "taxsolutionid", "totaltrxamount", "taxentries", "ccpayitem/billable"),
    *("needbydate", "trackingnumber", "shippeddate", "customerponumber", "promiseddate"),
    "create_potransaction/projectid",
)
"""What Sage documents and its schema of 2019 does not have. Source: wire/xml-gateway.md §1.6."""


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_a_typed_transaction_is_valid_as_sage_validates_it(
    schema_errors: Callable[[bytes], list[str]], example: Transaction
) -> None:
    (posting,) = prepare([example], scope=Scope("DEMO", key="x"))
    request = etree.fromstring(build_request(WAY_IN, [posting.function], unique=True))
    for name in LATER:
        for element in request.iterfind(f".//{name}"):
            parent = element.getparent()
            assert parent is not None
            parent.remove(element)
    assert schema_errors(etree.tostring(request)) == []


@pytest.fixture
def client(sandbox: SandboxProcess) -> Iterator[IntacctClient]:
    extra = sandbox.connection["extra"]
    credentials = Credentials(
        company_id=extra["company_id"],
        user_id=sandbox.connection["login"],
        password=sandbox.connection["password"],
        sender_id=extra["sender_id"],
        sender_password=extra["sender_password"],
        endpoint=sandbox.endpoint,
    )
    with IntacctClient(credentials) as made:
        yield made


def posted(client: IntacctClient, transaction: TypedRecord) -> str:
    """Check, post, read back whole, and return the key; what was written must be what is there."""
    assert errors(client.check(prepare([transaction], scope=Scope("DEMO", key="test")))) == []
    (outcome,) = _post(client, transaction)
    assert outcome.status == "posted", str(outcome)
    (again,) = _post(client, transaction)
    assert again.status == "already_posted"
    assert again.key == (outcome.key if outcome.posting.numbers else "")  # payments have no number of their own
    data = client.call(functions.read(transaction.object_name, [outcome.key])).data
    assert data is not None
    assert [each for each in differences(outcome.posting, data[0]) if not _is_spread(each, transaction)] == []
    return outcome.key


def _is_spread(difference: str, transaction: TypedRecord) -> bool:
    """Whether Intacct keeps what is paid by line of the bill, where the payment gave one amount for all of it."""
    return transaction.object_name in ("APPYMT", "ARPYMT") and "lines there" in difference


def _post(client: IntacctClient, transaction: TypedRecord) -> list[Outcome]:
    return client.post(prepare([transaction], scope=Scope("DEMO", key="test")))


def row(client: IntacctClient, object_name: str, key: str, *fields: str) -> tuple[Any, ...]:
    (found,) = client.rows(object_name, fields=fields, where=f"RECORDNO = {key}")
    return tuple(found[each] for each in fields)


def journal_entry(*lines: JournalLine, **more: Any) -> JournalEntry:
    return JournalEntry(journal="GJ", posting_date=MARCH, description="Accrual", lines=lines, **more)


def lines_of(client: IntacctClient, key: str, *fields: str) -> list[tuple[Any, ...]]:
    rows = client.rows("GLENTRY", fields=["LINE_NO", *fields], where=f"BATCHNO = {key}")
    return [tuple(each[name] for name in fields) for each in sorted(rows, key=lambda each: each["LINE_NO"])]


def test_a_journal_entry_and_its_reversal(client: IntacctClient) -> None:
    amount = Decimal("1234567.89")
    entry = journal_entry(
        JournalLine(account="6500", debit=amount, dimensions=EAST, memo="rent <&> é", document="D-1"),
        JournalLine(account="2100", credit=amount, dimensions=EAST),
        reverse_on=date(2026, 4, 1),
        reference="T-1",
    )
    key = posted(client, entry)
    assert lines_of(client, key, "ACCOUNTNO", "TR_TYPE", "AMOUNT", "LOCATION", "DEPARTMENT", "GLDIMCHANNEL") == [
        ("6500", 1, amount, "100", "10", 10001),
        ("2100", -1, amount, "100", "10", 10001),
    ]
    (reversal,) = client.rows("GLBATCH", fields=["BATCH_DATE"], where=f"REVERSEDFROM = {key}")
    assert reversal["BATCH_DATE"] == date(2026, 4, 1)


def test_a_journal_entry_across_entities(client: IntacctClient) -> None:
    entry = journal_entry(
        JournalLine(account="6500", debit=Decimal("10.01"), dimensions=EAST),
        JournalLine(account="2100", credit=Decimal("10.01"), dimensions=WEST),
        source_entity="100",
    )
    key = posted(client, entry)
    assert row(client, "GLBATCH", key, "BASELOCATION_NO") == ("100",)
    assert lines_of(client, key, "TR_TYPE", "AMOUNT", "LOCATION") == [
        (1, Decimal("10.01"), "100"),
        (-1, Decimal("10.01"), "200"),
    ]


def test_a_journal_entry_in_another_currency(client: IntacctClient) -> None:
    euro = Exchange(currency="EUR", rate=Decimal("1.0825"))
    entry = journal_entry(
        JournalLine(account="6500", debit=Decimal("100.00"), dimensions=EAST, exchange=euro),
        JournalLine(account="2100", credit=Decimal("100.00"), dimensions=EAST, exchange=euro),
    )
    key = posted(client, entry)
    assert lines_of(client, key, "TRX_AMOUNT", "CURRENCY", "AMOUNT") == [(Decimal(100), "EUR", Decimal("108.25"))] * 2


def test_the_splits_of_a_journal_line(client: IntacctClient) -> None:
    shares = [Split(amount=Decimal("3.33"), dimensions=EAST), Split(amount=Decimal("6.67"), dimensions=EAST)]
    entry = journal_entry(
        JournalLine(account="6500", debit=Decimal(10), splits=shares),
        JournalLine(account="2100", credit=Decimal(10), dimensions=EAST),
    )
    (outcome,) = _post(client, entry)
    assert outcome.status == "posted", str(outcome)
    sides = lines_of(client, outcome.key, "TR_TYPE", "AMOUNT")
    assert sum(side * amount for side, amount in sides) == 0
    assert sum(amount for side, amount in sides if side == 1) == 10


def test_a_statistical_entry(client: IntacctClient) -> None:
    counted = [StatisticalLine(account="9000", quantity=Decimal(each), dimensions=WEST) for each in ("12", "-2")]
    entry = StatisticalJournalEntry(journal="STJ", posting_date=MARCH, description="Heads", lines=counted)
    assert lines_of(client, posted(client, entry), "TR_TYPE", "AMOUNT") == [(1, Decimal(12)), (-1, Decimal(2))]


def test_the_shares_of_a_statistical_line(client: IntacctClient) -> None:
    shares = [Split(amount=Decimal(5), dimensions=EAST), Split(amount=Decimal(7), dimensions=WEST)]
    counted = [StatisticalLine(account="9000", quantity=Decimal(12), splits=shares)]
    entry = StatisticalJournalEntry(journal="STJ", posting_date=MARCH, description="Heads", lines=counted)
    (outcome,) = _post(client, entry)
    assert outcome.status == "posted", str(outcome)
    assert lines_of(client, outcome.key, "AMOUNT", "LOCATION") == [(Decimal(5), "100"), (Decimal(7), "200")]


def bill(number: str, *amounts: str, **more: Any) -> Bill:
    lines = [BillLine(account="6500", amount=Decimal(each), dimensions=EAST, memo=f"of {each}") for each in amounts]
    return Bill(vendor="V001", bill_date=MARCH, due=date(2026, 4, 15), number=number, lines=lines, **more)


def test_a_bill_and_its_payment(client: IntacctClient) -> None:
    key = posted(client, bill("T-1", "100.12", "-0.13", description="Office", reference="PO 7", terms="N30"))
    assert row(client, "APBILL", key, "TOTALENTERED", "TOTALDUE", "STATE") == (Decimal("99.99"),) * 2 + ("Posted",)
    paid = BillPayment(
        vendor="V001",
        payment_date=date(2026, 3, 20),
        currency="USD",
        bank="BOA",
        method="EFT",
        details=[BillPaymentDetail(bill=key, amount=Decimal("33.33"))],
    )
    payment = posted(client, paid)
    assert row(client, "APPYMT", payment, "TOTALENTERED") == (Decimal("33.33"),)
    assert row(client, "APBILL", key, "TOTALPAID", "TOTALDUE") == (Decimal("33.33"), Decimal("66.66"))


def test_a_draft_bill_in_another_currency(client: IntacctClient) -> None:
    euro = Exchange(currency="EUR", base="USD", rate=Decimal("1.1"))
    key = posted(client, bill("T-2", "10.00", exchange=euro, action="Draft"))
    assert row(client, "APBILL", key, "TRX_TOTALENTERED", "TOTALENTERED", "STATE") == (
        Decimal(10),
        Decimal(11),
        "Draft",
    )


def test_an_invoice_and_its_payment(client: IntacctClient) -> None:
    lines = [
        DocumentLine(account="4000", amount=Decimal(each), dimensions=EAST, memo="x") for each in ("76.43", "0.07")
    ]
    invoice = Invoice(customer="C001", invoice_date=MARCH, due=date(2026, 4, 15), number="T-1", lines=lines)
    key = posted(client, invoice)
    assert row(client, "ARINVOICE", key, "TOTALENTERED", "TOTALDUE") == (Decimal("76.50"),) * 2
    (line, _) = client.rows("ARINVOICEITEM", fields=["GLDIMCHANNEL", "PROJECTID"], where=f"RECORDKEY = {key}")
    assert line == {"GLDIMCHANNEL": 10001, "PROJECTID": "P001"}
    received = ReceivedPayment(
        method="EFT",
        receipt_date=date(2026, 3, 20),
        currency="USD",
        customer="C001",
        bank="BOA",
        details=[ReceivedPaymentDetail(invoice=key, amount=Decimal("76.49"))],
    )
    payment = posted(client, received)
    assert row(client, "ARPYMT", payment, "TOTALENTERED") == (Decimal("76.49"),)
    assert row(client, "ARINVOICE", key, "TOTALDUE") == (Decimal("0.01"),)


PERSON = ContactDetails(print_as="Nia", email="nia@example.com", address=Address(city="Oslo", country_code="NO"))
MASTER: list[Transaction] = [
    Vendor(name="New & Co", id="VT", contact=PERSON, terms="N30", credit_limit=Decimal("5000.50")),
    Customer(name="New & Co", id="CT", contact=PERSON, custom_fields={"IS_STRATEGIC": True}),
    Contact(name="T, Nia", print_as="Nia T", first_name="Nia", address=Address(line1="1 Road", city="Oslo")),
    Employee(contact="Silva, Ana", id="ET", title="Clerk", location="100", start=MARCH),
    Project(name="P", category="Contract", id="PT", begin=MARCH, budget=Decimal("1.01")),
    Task(project="P001", name="Plan", task_status="Planned", id="TT", budget_hours=Decimal("1.5")),
    Item(id="IT", name="I", type="Non-Inventory"),
    Location(id="LT", name="L", parent="100"),
    Department(id="DT", title="D", parent="10"),
    Class(id="KT", name="K"),
    GLAccount(number="6997", title="G", requires_department=False),
    Warehouse(id="WT", name="W", location="100"),
]


@pytest.mark.parametrize("record", MASTER, ids=lambda record: type(record).__name__)
def test_what_transactions_refer_to(client: IntacctClient, record: Transaction) -> None:
    assert posted(client, record)


def test_a_vendor_is_paid_as_he_was_entered(client: IntacctClient) -> None:
    vendor = Vendor(
        name="New",
        id="VP",
        contact=PERSON,
        pay_to="Silva, Ana",
        payment_method="EFT",
        payment_priority="high",
        do_not_pay=True,
    )
    assert not errors(client.check(prepare([vendor], scope=Scope("DEMO", key="checked"))))
    fields = ("PAYTO.CONTACTNAME", "PAYMETHODKEY", "DONOTCUTCHECK", "DISPLAYCONTACT.MAILADDRESS.COUNTRYCODE")
    assert row(client, "VENDOR", posted(client, vendor), *fields) == ("Silva, Ana", "EFT", True, "NO")


def test_a_warehouse_is_at_its_location(client: IntacctClient) -> None:
    key = posted(client, Warehouse(id="WL", name="W", location="100"))
    assert row(client, "WAREHOUSE", key, "LOCATIONID") == ("100",)
    key = posted(client, Item(id="IG", name="I", type="Inventory", tax_group="Goods"))
    assert row(client, "ITEM", key, "TAXGROUP") == ("Goods",)
