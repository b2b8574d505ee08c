"""Typed transactions of the other applications: each is taken by the sandbox's company, once."""

from datetime import date
from decimal import Decimal
from typing import Any

from airflow_provider_intacct.client import IntacctClient
from airflow_provider_intacct.client.checking import errors
from airflow_provider_intacct.client.posting import Outcome, Scope, TypedRecord, prepare
from airflow_provider_intacct.client.transactions import (
    ApAdjustment,
    Applied,
    ArAdjustment,
    Bill,
    BillLine,
    BillPayment,
    BillPaymentDetail,
    ChargeCardLine,
    ChargeCardTransaction,
    Contract,
    ContractLine,
    Deposit,
    Dimensions,
    DocumentLine,
    Expense,
    ExpenseReport,
    InventoryDocument,
    InventoryLine,
    Invoice,
    ItemDetail,
    OtherReceipt,
    PaymentApplication,
    PaymentOnAccount,
    PurchasingDocument,
    PurchasingLine,
    ReceivedPayment,
    ReceivedPaymentDetail,
    SalesDocument,
    SalesLine,
    Timesheet,
    TimesheetEntry,
    TransferLine,
    User,
    UserContact,
    WarehouseTransfer,
)
from airflow_provider_intacct.client.xml import functions
from tests.conformance.test_transactions import client as client
from tests.conformance.test_transactions import row

MARCH = date(2026, 3, 16)
LATER = date(2026, 4, 15)
EAST = Dimensions(location="100", department="10")


def posted(client: IntacctClient, record: TypedRecord, *, can_be_compared: bool = True) -> str:
    """Post it twice in one scope, and return its key: it is booked by the first, and found or refused by the second."""
    first, again = post(client, record), post(client, record)
    assert first.status == "posted", str(first)
    assert again.status == ("already_posted" if can_be_compared else "in_doubt"), str(again)
    assert again.key in (first.key, "")  # "" where Intacct has nothing to find it by
    return first.key


def post(client: IntacctClient, record: TypedRecord) -> Outcome:
    (outcome,) = client.post(prepare([record], scope=Scope("DEMO", key="typed")))
    return outcome


def lines(*amounts: str) -> list[DocumentLine]:
    return [DocumentLine(account="4000", amount=Decimal(each), dimensions=EAST) for each in amounts]


def bill(client: IntacctClient, number: str, amount: str, **more: Any) -> str:
    line = BillLine(account="6500", amount=Decimal(amount), dimensions=EAST)
    return posted(client, Bill(vendor="V001", bill_date=MARCH, due=LATER, number=number, lines=[line], **more))


def test_adjustments(client: IntacctClient) -> None:
    debit = ApAdjustment(vendor="V001", adjustment_date=MARCH, number="A-1", lines=lines("-10.00", "-0.50"))
    credit = ArAdjustment(customer="C001", adjustment_date=MARCH, number="A-1", lines=lines("-7.25"))
    assert row(client, "APADJUSTMENT", posted(client, debit), "TOTALENTERED") == (Decimal("-10.50"),)
    assert row(client, "ARADJUSTMENT", posted(client, credit), "TOTALENTERED") == (Decimal("-7.25"),)


def test_a_bill_is_paid_by_a_credit_and_money(client: IntacctClient) -> None:
    key = bill(client, "T-1", "100.00")
    memo = posted(client, ApAdjustment(vendor="V001", adjustment_date=MARCH, number="A-2", lines=lines("-30.00")))
    paid = [
        BillPaymentDetail(bill=key, amount=Decimal("70.00")),
        BillPaymentDetail(bill=key, adjustment=memo, adjustment_amount=Decimal("30.00")),
    ]
    payment = BillPayment(vendor="V001", payment_date=LATER, currency="USD", bank="BOA", method="EFT", details=paid)
    posted(client, payment)
    assert row(client, "APBILL", key, "TOTALDUE", "STATE") == (Decimal(0), "Paid")
    assert row(client, "APADJUSTMENT", memo, "TOTALDUE") == (Decimal(0),)


def test_an_invoice_is_paid_by_a_credit_memo_and_the_discount_of_a_draft(client: IntacctClient) -> None:
    key = posted(client, Invoice(customer="C001", invoice_date=MARCH, due=LATER, number="T-7", lines=lines("100.00")))
    memo = posted(client, ArAdjustment(customer="C001", adjustment_date=MARCH, number="A-7", lines=lines("-30.00")))
    details = [
        ReceivedPaymentDetail(invoice=key, adjustment=memo, adjustment_amount=Decimal("30.00")),
        ReceivedPaymentDetail(invoice=key, amount=Decimal("68.00"), discount=Decimal("2.00")),
    ]
    received = ReceivedPayment(
        method="EFT", receipt_date=LATER, currency="USD", customer="C001", bank="BOA", details=details, action="Draft"
    )
    assert not errors(client.check(prepare([received], scope=Scope("DEMO", key="checked"))))
    payment = posted(client, received)
    assert row(client, "ARINVOICE", key, "TOTALDUE") == (Decimal(100),)
    client.call(functions.update("ARPYMT", {"RECORDNO": payment, "ACTION": "Submit"}))
    assert row(client, "ARINVOICE", key, "TOTALDUE", "STATE") == (Decimal(0), "Paid")
    assert row(client, "ARADJUSTMENT", memo, "TOTALDUE") == (Decimal(0),)


def test_an_invoice_of_a_task_and_a_purchase_with_the_vendors_own_contacts(client: IntacctClient) -> None:
    task = Dimensions(location="100", project="P001", task="P001-2")
    line = DocumentLine(account="4000", amount=Decimal(5), dimensions=task)
    posted(client, Invoice(customer="C001", invoice_date=MARCH, due=LATER, number="T-8", lines=[line]))
    order = PurchasingDocument(
        type="Purchase Order",
        document_date=MARCH,
        vendor="V001",
        due=LATER,
        number="T-8",
        lines=[PurchasingLine(item="I001", quantity=Decimal(1), price=Decimal(5), unit="Each", dimensions=task)],
    )
    assert posted(client, order) == "Purchase Order-T-8"


def test_a_payment_on_account_is_applied_later(client: IntacctClient) -> None:
    invoice = Invoice(customer="C001", invoice_date=MARCH, due=LATER, number="T-1", lines=lines("60.00"))
    key = posted(client, invoice)
    received = PaymentOnAccount(customer="C001", amount=Decimal("60.00"), received=MARCH, bank="BOA", method="EFT")
    payment = posted(client, received)
    posted(
        client,
        PaymentApplication(
            payment=payment, application_date=LATER, applied=[Applied(invoice=key, amount=Decimal("60.00"))]
        ),
    )
    assert row(client, "ARINVOICE", key, "TOTALDUE") == (Decimal(0),)


def test_an_expense_report_and_a_timesheet(client: IntacctClient) -> None:
    expenses = [Expense(expense_type="Travel", amount=Decimal("12.30"), spent_on=MARCH, dimensions=EAST)]
    report = ExpenseReport(employee="E001", report_date=MARCH, number="T-1", expenses=expenses)
    assert row(client, "EEXPENSES", posted(client, report, can_be_compared=False), "TOTALENTERED") == (
        Decimal("12.30"),
    )
    sheet = Timesheet(employee="E001", begin=MARCH, entries=[TimesheetEntry(day=MARCH, hours=Decimal("7.5"))])
    assert row(client, "TIMESHEET", posted(client, sheet), "STATE") == ("Draft",)


def test_a_charge_card_a_receipt_and_its_deposit(client: IntacctClient) -> None:
    bought = [ChargeCardLine(account="6500", amount=Decimal("9.99"), dimensions=EAST)]
    posted(client, ChargeCardTransaction(card="AMEX", payment_date=MARCH, lines=bought, reference="T-1"))
    receipt = OtherReceipt(
        payment_date=MARCH,
        payer="Insurance",
        received=MARCH,
        method="Printed Check",
        undeposited_account="1150",
        lines=lines("500.00"),
    )
    key = posted(client, receipt)
    posted(client, Deposit(bank="BOA", deposit_date=LATER, id="D-1", receipts=[key]), can_be_compared=False)


def test_an_order_becomes_an_invoice(client: IntacctClient) -> None:
    details = [ItemDetail(serial_number="S-1", quantity=Decimal(1))]
    order = SalesDocument(
        type="Sales Order",
        document_date=MARCH,
        customer="C001",
        number="T-1",
        due=LATER,
        lines=[
            SalesLine(
                item="I001", quantity=Decimal(2), unit="Each", price=Decimal("5.00"), dimensions=EAST, details=details
            )
        ],
    )
    key = posted(client, order)
    assert key == "Sales Order-T-1"
    (line,) = client.rows("SODOCUMENTENTRY", fields=["RECORDNO"], where=f"DOCHDRID = '{key}'")
    invoice = SalesDocument(
        type="Sales Invoice",
        document_date=LATER,
        customer="C001",
        number="T-2",
        due=LATER,
        created_from=key,
        lines=[
            SalesLine(
                item="I001",
                quantity=Decimal(2),
                unit="Each",
                price=Decimal("5.00"),
                source_line=str(line["RECORDNO"]),
                dimensions=EAST,
            )
        ],
    )
    assert posted(client, invoice) == "Sales Invoice-T-2"


def test_a_purchase_and_stock(client: IntacctClient) -> None:
    order = PurchasingDocument(
        type="Purchase Order",
        document_date=MARCH,
        vendor="V001",
        due=LATER,
        return_to="Silva, Ana",
        pay_to="Silva, Ana",
        number="T-1",
        lines=[PurchasingLine(item="I001", quantity=Decimal(3), unit="Each", price=Decimal("4.00"), dimensions=EAST)],
    )
    assert posted(client, order) == "Purchase Order-T-1"
    warehouse = Dimensions(location="100", warehouse="W1")
    increase = InventoryDocument(
        type="Inventory Adjustment Increase",
        document_date=MARCH,
        number="T-1",
        lines=[InventoryLine(item="I001", quantity=Decimal(3), unit="Each", dimensions=warehouse)],
    )
    assert posted(client, increase) == "Inventory Adjustment Increase-T-1"
    moved = TransferLine(item="I001", quantity=Decimal(1), unit="Each", from_warehouse="W1", to_warehouse="W2")
    posted(client, WarehouseTransfer(transfer_date=MARCH, lines=[moved]))


def test_a_contract_and_its_line(client: IntacctClient) -> None:
    contract = Contract(
        id="CON-T",
        customer="C001",
        name="Support",
        begin=MARCH,
        end=date(2027, 3, 15),
        terms="N30",
        billing_frequency="Monthly",
        currency="USD",
        dimensions=Dimensions(location="100"),
    )
    line = ContractLine(
        contract="CON-T",
        item="I001",
        begin=MARCH,
        end=date(2027, 3, 15),
        billing_options="One-time",
        flat_amount=Decimal("1200.00"),
        dimensions=EAST,
    )
    assert row(client, "CONTRACT", posted(client, contract), "CONTRACTID", "NAME") == ("CON-T", "Support")
    assert row(client, "CONTRACTDETAIL", posted(client, line), "CONTRACTID", "ITEMID") == ("CON-T", "I001")


def test_a_user_of_a_contact_there_is_and_of_a_new_one(client: IntacctClient) -> None:
    named = User(login="ana", contact=UserContact(name="Silva, Ana"), name="Ana", web_services_only=True)
    assert row(client, "USERINFO", posted(client, named), "LOGINID") == ("ana",)
    contact = UserContact(last_name="New", first_name="Nia", email="nia@example.com")
    assert post(client, User(login="nia", contact=contact, name="Nia New", type="business user")).status == "posted"
