"""What a typed transaction refuses when it is made, and that it says where and what to do."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_intacct.client.errors import InvalidRecordError, UnbalancedEntryError
from airflow_provider_intacct.client.transactions import (
    ApAdjustment,
    Applied,
    AttachedFile,
    Attachment,
    Bill,
    BillLine,
    BillPayment,
    BillPaymentDetail,
    ChargeCardLine,
    ChargeCardTransaction,
    ContactDetails,
    Contract,
    ContractLine,
    Deposit,
    Dimensions,
    DocumentLine,
    Exchange,
    Expense,
    ExpenseReport,
    GLAccount,
    InventoryDocument,
    InventoryLine,
    Invoice,
    ItemDetail,
    JournalEntry,
    JournalLine,
    OtherReceipt,
    PaymentApplication,
    PaymentOnAccount,
    PurchasingDocument,
    PurchasingLine,
    ReceivedPayment,
    ReceivedPaymentDetail,
    SalesDocument,
    SalesLine,
    Split,
    StatisticalJournalEntry,
    StatisticalLine,
    Subtotal,
    TaxEntry,
    Timesheet,
    TimesheetEntry,
    TransferLine,
    User,
    UserContact,
    Vendor,
    WarehouseTransfer,
)

DAY = date(2026, 3, 31)
TEN = Decimal("10.00")
EAST, WEST = Dimensions(location="100"), Dimensions(location="200")


def entry(*lines: Any, **more: Any) -> JournalEntry:
    given = lines or (debit(TEN), credit(TEN))
    return JournalEntry(**{"journal": "GJ", "posting_date": DAY, "description": "x", "lines": given} | more)


def debit(amount: Any, **more: Any) -> JournalLine:
    return JournalLine(account="6500", debit=amount, **more)


def credit(amount: Any, **more: Any) -> JournalLine:
    return JournalLine(account="2100", credit=amount, **more)


def bill(*lines: Any, **more: Any) -> Bill:
    given = lines or (BillLine(account="6500", amount=TEN),)
    return Bill(**{"vendor": "V", "bill_date": DAY, "due": DAY, "lines": given} | more)


def invoice(*lines: Any, **more: Any) -> Invoice:
    given = lines or (DocumentLine(account="4000", amount=TEN),)
    return Invoice(**{"customer": "C", "invoice_date": DAY, "due": DAY, "lines": given} | more)


def payment(detail: BillPaymentDetail, **more: Any) -> BillPayment:
    given = {"vendor": "V", "payment_date": DAY, "currency": "USD", "bank": "BOA", "method": "EFT"}
    return BillPayment(details=[detail], **given | more)  # type: ignore[arg-type]


def receipt(**more: Any) -> ReceivedPayment:
    details = [ReceivedPaymentDetail(invoice=1, amount=TEN)]
    given: dict[str, Any] = {"method": "EFT", "receipt_date": DAY, "currency": "USD", "details": details}
    return ReceivedPayment(**given | {"customer": "C", "bank": "BOA"} | more)


def adjustment(*amounts: str) -> ApAdjustment:
    lines = [DocumentLine(account="6500", amount=Decimal(each)) for each in amounts]
    return ApAdjustment(vendor="V", adjustment_date=DAY, lines=lines)


def card(*lines: Any, **more: Any) -> ChargeCardTransaction:
    return ChargeCardTransaction(card="AMEX", payment_date=DAY, lines=lines, **more)


def deposit(*receipts: Any) -> Deposit:
    return Deposit(bank="BOA", deposit_date=DAY, id="D", receipts=receipts)


def expenses(*made: Expense) -> ExpenseReport:
    return ExpenseReport(employee="E", report_date=DAY, expenses=made)


def timesheet(day: date, hours: str) -> Timesheet:
    return Timesheet(employee="E", begin=DAY, entries=[TimesheetEntry(day=day, hours=Decimal(hours))])


def transfer(quantity: str, to: str) -> WarehouseTransfer:
    line = TransferLine(item="I", quantity=Decimal(quantity), unit="Each", from_warehouse="W1", to_warehouse=to)
    return WarehouseTransfer(transfer_date=DAY, lines=[line])


def file(name: str) -> AttachedFile:
    return AttachedFile(name=name, extension="pdf", content=b"x")


def attached(**more: Any) -> Attachment:
    return Attachment(**{"id": "A", "name": "a", "folder": "F", "files": [file("a")]} | more)


def counted(*details: ItemDetail) -> InventoryDocument:
    line = InventoryLine(item="I", quantity=TEN, dimensions=Dimensions(warehouse="W"), details=details)
    return InventoryDocument(type="Adjustment", document_date=DAY, lines=[line])


def paid(header: dict[str, Any] | None = None, **detail: Any) -> BillPayment:
    given = {"vendor": "V", "payment_date": DAY, "currency": "USD", "bank": "B", "method": "EFT"} | (header or {})
    return BillPayment(details=[BillPaymentDetail(**detail)], **given)  # type: ignore[arg-type]


def on_account(**more: Any) -> PaymentOnAccount:
    return PaymentOnAccount(**{"customer": "C", "amount": TEN, "received": DAY, "bank": "B"} | more)


def contract(**more: Any) -> Contract:
    given = {"customer": "C", "name": "N", "begin": DAY, "end": DAY, "terms": "N30", "dimensions": EAST}
    return Contract(**given | more)  # type: ignore[arg-type]


def contract_line(**more: Any) -> ContractLine:
    return ContractLine(**{"contract": "C", "item": "I", "dimensions": EAST} | more)


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "float money": (
        lambda: entry(debit(TEN), credit(TEN), debit(1.1)),
        "JournalEntry, line 3: debit is the float 1.1, which cannot hold an amount exactly; give Decimal('1.1')",
    ),
    "three decimals": (
        lambda: bill(BillLine(account="6500", amount=Decimal("10.005"))),
        "Bill, line 1: amount is 10.005: Intacct keeps two decimals and would round it without a word",
    ),
    "no number": (lambda: entry(debit("1,000.00"), credit(TEN)), "line 1: debit is '1,000.00', which is no number"),
    "not a number": (lambda: entry(debit(Decimal("NaN")), credit(TEN)), "line 1: debit is NaN, which is no number"),
    "a truth as money": (lambda: entry(debit(True), credit(TEN)), "line 1: debit is True; give a Decimal"),
    "a negative debit": (
        lambda: entry(debit(Decimal(-10)), credit(TEN)),
        "line 1: debit is -10; amounts are never negative, give credit 10",
    ),
    "both sides": (
        lambda: entry(JournalLine(account="1", debit=TEN, credit=TEN), credit(TEN)),
        "line 1: it has both a debit and a credit",
    ),
    "neither side": (lambda: entry(JournalLine(account="1"), credit(TEN)), "line 1: it has neither debit nor credit"),
    "splits that fall short": (
        lambda: entry(debit(TEN, splits=[Split(amount=Decimal("9.99"), dimensions=EAST)]), credit(TEN)),
        "line 1: its splits add up to 9.99 and debit is 10.00; they differ by 0.01",
    ),
    "a split's own money": (
        lambda: entry(debit(TEN, splits=[Split(amount=Decimal("9.999"), dimensions=EAST)]), credit(TEN)),
        "JournalEntry, line 1, split 1: amount is 9.999",
    ),
    "allocation and splits": (
        lambda: entry(debit(TEN, allocation="A", splits=[Split(amount=TEN, dimensions=EAST)]), credit(TEN)),
        "line 1: it has both an allocation and splits",
    ),
    "no lines": (lambda: entry(lines=[]), "JournalEntry: it has no lines; give at least one JournalLine"),
    "no bill lines": (lambda: bill(lines=[]), "Bill: it has no lines; give at least one BillLine"),
    "lines of a generator": (
        lambda: bill(lines=(each for each in ())),
        "lines is a generator; give a list of BillLine",
    ),
    "a mapping as a line": (lambda: bill({"ACCOUNTNO": "1"}), "Bill, line 1: give a BillLine, not {'ACCOUNTNO': '1'}"),
    "a text date": (
        lambda: bill(bill_date="2026-03-31"),
        "Bill: bill_date is '2026-03-31'; give a date, as in date(2026, 3, 31)",
    ),
    "a point in time": (lambda: bill(due=datetime(2026, 3, 31, 12, tzinfo=UTC)), "due is a point in time"),
    "a number as an id": (lambda: bill(vendor=20000), 'Bill: vendor is 20000; give text: "20000"'),
    "an empty id": (lambda: bill(vendor=" "), "Bill: vendor is empty; it is required"),
    "an empty optional": (lambda: bill(number=""), "Bill: number is empty; leave it out"),
    "none where required": (lambda: bill(vendor=None), "Bill: vendor is missing"),
    "text as a truth": (lambda: bill(on_hold="true"), "on_hold is 'true'; give True or False"),
    "an unknown action": (lambda: bill(action="Post"), "action is 'Post'; it is one of 'Submit', 'Draft'"),
    "what XML forbids": (lambda: bill(description="a\x00b"), "Bill: description: U+0000 at position 2"),
    "what XML forbids in a custom field": (lambda: bill(custom_fields={"A": "\x0b"}), "custom_fields A: U+000B"),
    "a float in a custom field": (lambda: bill(custom_fields={"A": 1.5}), "a float cannot carry money exactly"),
    "no name of a custom field": (lambda: bill(custom_fields={"My field": "x"}), "cannot be an element name"),
    "a field given twice": (lambda: bill(custom_fields={"VENDORID": "x"}), "Bill: VENDORID is given twice"),
    "custom fields that are none": (lambda: bill(custom_fields=[1]), "custom_fields is [1]; give a mapping"),
    "a bill without a due date": (lambda: bill(due=None), "Bill: due is missing; only a draft"),
    "two accounts": (
        lambda: bill(BillLine(account="1", account_label="Rent", amount=TEN)),
        "line 1: give either account or account_label",
    ),
    "two amounts": (
        lambda: bill(BillLine(account="1", amount=TEN, amount_with_tax=TEN)),
        "line 1: give either amount or amount_with_tax",
    ),
    "tax included unsaid": (lambda: bill(BillLine(account="1", amount_with_tax=TEN)), "needs inclusive_tax=True"),
    "an invoice never due": (lambda: invoice(due=None), "Invoice: give due or terms"),
    "no account on an invoice line": (
        lambda: invoice(DocumentLine(amount=TEN)),
        "Invoice, line 1: give either account or account_label",
    ),
    "a dimension the schema lacks": (
        lambda: InventoryDocument(
            type="Adjustment",
            document_date=DAY,
            lines=[InventoryLine(item="I", quantity=TEN, dimensions=Dimensions(warehouse="W"))],
            subtotals=[Subtotal(description="Freight", total=TEN, dimensions=Dimensions(warehouse="W"))],
        ),
        "InventoryDocument, subtotal 1: Intacct takes no warehouseid here",
    ),
    "no amount": (lambda: invoice(DocumentLine(account="1")), "Invoice, line 1: amount is missing"),
    "an invoice with tax included": (
        lambda: invoice(DocumentLine(account="1", amount=TEN, amount_with_tax=TEN)),
        "Invoice: line 1 has amount_with_tax; an invoice takes amount, before tax",
    ),
    "an adjustment with tax alone": (
        lambda: ApAdjustment(
            vendor="V",
            adjustment_date=DAY,
            inclusive_tax=True,
            lines=[DocumentLine(account="1", amount_with_tax=TEN)],
        ),
        "ApAdjustment: line 1 has amount_with_tax alone",
    ),
    "tax included of one line only": (
        lambda: card(ChargeCardLine(account="1", amount=TEN), inclusive_tax=True),
        "ChargeCardTransaction: line 1 has no amount_with_tax, which inclusive_tax=True needs",
    ),
    "a charge before tax and after": (
        lambda: card(ChargeCardLine(account="1", amount=TEN, amount_with_tax=TEN), inclusive_tax=True),
        "line 1: it has both an amount and an amount_with_tax",
    ),
    "a receipt with tax, unsaid": (
        lambda: OtherReceipt(
            payment_date=DAY,
            payer="P",
            received=DAY,
            method="EFT",
            bank="BOA",
            lines=[DocumentLine(account="1", amount_with_tax=TEN)],
        ),
        "OtherReceipt: line 1 has amount_with_tax; that needs inclusive_tax=True",
    ),
    "tax that a journal line leaves to Intacct": (
        lambda: entry(debit(TEN, tax_entries=[TaxEntry(detail="VAT")]), credit(TEN)),
        "JournalEntry, line 1: a journal line takes one tax entry, with its tax",
    ),
    "tax of no direction": (
        lambda: entry(tax_implications="Both"),
        "tax_implications is 'Both'; it is one of 'None', 'Inbound', 'Outbound'",
    ),
    "dimensions beside an allocation": (
        lambda: entry(debit(TEN, allocation="A", dimensions=EAST), credit(TEN)),
        "line 1: it has dimensions and an allocation, and Intacct ignores the dimensions then",
    ),
    "a negative share": (
        lambda: entry(
            debit(
                TEN,
                splits=[
                    Split(amount=Decimal(15), dimensions=EAST),
                    Split(amount=Decimal(-5), dimensions=WEST),
                ],
            ),
            credit(TEN),
        ),
        "line 1: a split is negative",
    ),
    "an account closed into nothing": (
        lambda: GLAccount(number="6000", title="Rent", closing_type="closing account"),
        "GLAccount: a closing account needs the closing_account",
    ),
    "expenses with tax, unsaid": (
        lambda: expenses(Expense(account="1", amount=TEN, amount_with_tax=TEN)),
        "ExpenseReport: expense 1 has amount_with_tax; that needs inclusive_tax=True",
    ),
    "a quantity that is not its shares": (
        lambda: StatisticalJournalEntry(
            journal="STJ",
            posting_date=DAY,
            description="x",
            lines=[StatisticalLine(account="9000", quantity=-12, splits=[Split(amount=TEN, dimensions=EAST)])],
        ),
        "StatisticalJournalEntry, line 1: its splits add up to 10.00 and quantity is 12; they differ by 2.00",
    ),
    "a task twice": (
        lambda: Timesheet(
            employee="E",
            begin=DAY,
            entries=[TimesheetEntry(day=DAY, hours=TEN, task_key=7, dimensions=Dimensions(task="T"))],
        ),
        "Timesheet, entry 1: it has both a task_key and a task among its dimensions",
    ),
    "a restriction to nowhere": (
        lambda: Vendor(name="N", restriction="Restricted"),
        'Vendor: restriction="Restricted" goes with restricted_to_locations',
    ),
    "a tax schedule of no solution": (
        lambda: Vendor(name="N", contact=ContactDetails(print_as="N", tax_schedule="Standard")),
        "Vendor, contact: tax_schedule needs its tax_solution",
    ),
    "a deposit of one receipt twice": (lambda: deposit("12", "13", "12"), "Deposit: receipt 12 is named twice"),
    "a purchase due at no time": (
        lambda: PurchasingDocument(
            type="Purchase Order", document_date=DAY, vendor="V", lines=[PurchasingLine(item="I", quantity=TEN)]
        ),
        "PurchasingDocument: give due or terms",
    ),
    "an exchange without a rate": (lambda: bill(exchange=Exchange(currency="EUR")), "Bill: the exchange has no rate"),
    "an exchange with two rates": (
        lambda: bill(exchange=Exchange(currency="EUR", rate=TEN, rate_type="x")),
        "the exchange has both a rate and a rate_type",
    ),
    "a dated rate of one's own": (
        lambda: bill(exchange=Exchange(currency="EUR", rate=TEN, rate_date=DAY)),
        "rate_date goes with rate_type",
    ),
    "a rate of nothing": (
        lambda: bill(exchange=Exchange(currency="EUR", rate=Decimal(0))),
        "the exchange rate is 0; it is more than zero",
    ),
    "a reversal before the entry": (lambda: entry(reverse_on=DAY), "reverse_on 2026-03-31 is not after posting_date"),
    "nothing counted": (
        lambda: StatisticalJournalEntry(
            journal="STJ",
            posting_date=DAY,
            description="x",
            lines=[StatisticalLine(account="9000", quantity=Decimal(0))],
        ),
        "StatisticalJournalEntry, line 1: quantity is 0; leave the line out",
    ),
    "mixed signs": (lambda: adjustment("5", "-2.50"), "ApAdjustment: line 2 (-2.50) has another sign than line 1"),
    "nothing adjusted": (lambda: adjustment("5", "0"), "ApAdjustment: line 2 has the amount 0"),
    "nothing paid": (lambda: payment(BillPaymentDetail(bill=1)), "BillPayment, line 1: nothing is paid"),
    "a payment of nobody knows what": (
        lambda: payment(BillPaymentDetail(amount=TEN)),
        "line 1: give either bill or debit_memo",
    ),
    "a negative payment": (
        lambda: payment(BillPaymentDetail(bill=1, amount=Decimal(-1))),
        "line 1: amount is -1; a payment is more than zero",
    ),
    "a credit without its amount": (
        lambda: payment(BillPaymentDetail(bill=1, advance=2, amount=TEN)),
        "line 1: advance and its amount go together",
    ),
    "money from nowhere": (
        lambda: payment(BillPaymentDetail(bill=1, amount=TEN), bank=None),
        "BillPayment: bank and method are needed where money is paid",
    ),
    "a receipt to nowhere": (lambda: receipt(bank=None), "give one of bank, undeposited_account and summary"),
    "a receipt to two places": (lambda: receipt(summary="S"), "give one of bank, undeposited_account and summary"),
    "a receipt from nobody": (lambda: receipt(customer=None), "give either customer, or payer"),
    "an unknown method": (lambda: receipt(method="Barter"), "method is 'Barter'; it is one of 'Printed Check'"),
    "nothing received": (
        lambda: receipt(details=[ReceivedPaymentDetail(invoice=1, amount=Decimal(0))]),
        "ReceivedPayment, line 1: amount is 0; a payment is more than zero",
    ),
    "a credit memo without its amount": (
        lambda: receipt(details=[ReceivedPaymentDetail(invoice=1, adjustment=2)]),
        "ReceivedPayment, line 1: adjustment and its amount go together",
    ),
    "credits of two kinds": (
        lambda: receipt(
            details=[
                ReceivedPaymentDetail(invoice=1, adjustment=2, adjustment_amount=TEN, advance=3, advance_amount=TEN)
            ]
        ),
        "line 1: it uses adjustment and advance; Intacct wants a detail for each kind of credit",
    ),
    "a discount twice": (
        lambda: receipt(details=[ReceivedPaymentDetail(invoice=1, amount=TEN, discount=Decimal(1), discount_date=DAY)]),
        "line 1: it has both a discount and a discount_date",
    ),
    "a discount on nothing": (
        lambda: receipt(
            details=[ReceivedPaymentDetail(invoice=1, adjustment=2, adjustment_amount=TEN, discount=Decimal(1))]
        ),
        "line 1: a discount needs amount",
    ),
    "a line of no debit memo": (
        lambda: receipt(details=[ReceivedPaymentDetail(invoice=1, debit_memo_line=2, amount=TEN)]),
        "line 1: debit_memo_line goes with debit_memo",
    ),
    "a receipt at two rates": (
        lambda: receipt(exchange_rate=Decimal("1.1"), exchange_rate_type="Intacct Daily Rate"),
        "it has both an exchange_rate and an exchange_rate_type",
    ),
    "received for nobody knows what": (
        lambda: receipt(details=[ReceivedPaymentDetail(amount=TEN)]),
        "line 1: give either invoice or debit_memo",
    ),
    "a deposit of nothing": (lambda: deposit(), "Deposit: it has no receipts; give at least one str"),
    "a receipt by number": (lambda: deposit("12", 13), 'Deposit, number 2: receipts is 13; give text: "13"'),
    "an expense of no amount": (lambda: expenses(Expense(account="1")), "ExpenseReport, expense 1: give amount"),
    "an expense of no kind": (lambda: expenses(Expense(amount=TEN)), "expense 1: give either expense_type or account"),
    "no hours": (lambda: timesheet(DAY, "0"), "Timesheet, entry 1: hours is 0; leave the entry out"),
    "hours too early": (
        lambda: timesheet(date(2026, 3, 1), "8"),
        "Timesheet: entry 1 lies before the timesheet begins",
    ),
    "a transfer to itself": (lambda: transfer("1", "W1"), "line 1: it leaves warehouse W1 for the same"),
    "a transfer of less than nothing": (lambda: transfer("-1", "W2"), "line 1: quantity is -1; it is more than zero"),
    "an item in no warehouse": (
        lambda: InventoryDocument(
            type="Adjustment",
            document_date=DAY,
            lines=[InventoryLine(item="I", quantity=TEN, dimensions=EAST)],
        ),
        "InventoryDocument, line 1: give the warehouse",
    ),
    "an empty file": (
        lambda: Attachment(id="A", name="a", folder="F", files=[AttachedFile(name="a", extension="pdf", content=b"")]),
        "Attachment, file 1: content is empty",
    ),
    "text as a file": (
        lambda: Attachment(id="A", name="a", folder="F", files=[AttachedFile(name="a", extension="txt", content="x")]),  # type: ignore[arg-type]
        "Attachment, file 1: content is 'x'; give bytes",
    ),
    "a file that keeps its extension": (
        lambda: attached(files=[file("invoice.pdf")]),
        "Attachment, file 1: name is 'invoice.pdf'; Intacct wants a file's name and extension apart",
    ),
    "a file in a folder": (lambda: attached(files=[file("2026/invoice")]), "file 1: name is '2026/invoice'"),
    "an attachment's id that is too long": (
        lambda: attached(id="ATT-00000000000000001"),
        "Attachment: id is 'ATT-00000000000000001', of 21 characters; Intacct takes 20",
    ),
    "an attachment's id with a space too many": (lambda: attached(id="ATT 1 "), "neither begins nor ends with a space"),
    "a folder with a space too many": (lambda: attached(folder=" Bills"), "Attachment: folder is ' Bills'"),
    "a file twice": (lambda: attached(files=[file("a"), file("A")]), "Attachment: a.pdf is there twice"),
    "a dimension beside its own field": (
        lambda: SalesDocument(
            type="Order",
            document_date=DAY,
            customer="C",
            lines=[SalesLine(item="I", quantity=TEN, dimensions=Dimensions(item="J"))],
        ),
        "SalesDocument, line 1: itemid is given twice: in dimensions and by its own field",
    ),
    "a serial and a lot number": (
        lambda: counted(ItemDetail(serial_number="S", lot_number="L")),
        "InventoryDocument, line 1, item detail 1: give either serial_number or lot_number",
    ),
    "an item detail of nothing": (lambda: counted(ItemDetail()), "item detail 1: it says nothing; leave it out"),
    "a discount on a line": (
        lambda: paid(bill=1, bill_line=2, amount=TEN, discount_date=DAY),
        "BillPayment, line 1: a discount is taken for a whole bill",
    ),
    "a discount without money": (
        lambda: paid(bill=1, advance=2, advance_amount=TEN, discount_date=DAY),
        "line 1: a discount needs amount: what is due less the discount",
    ),
    "the line of no credit": (
        lambda: paid(bill=1, amount=TEN, adjustment_line=3),
        "line 1: the line of adjustment goes with adjustment",
    ),
    "the line of another bill": (
        lambda: paid(debit_memo=1, bill_line=3, amount=TEN),
        "line 1: bill_line goes with bill",
    ),
    "a joint check for many": (
        lambda: paid(bill=1, amount=TEN, header={"method": "Joint Check"}),
        'BillPayment: a Joint Check pays bills one by one: give request_method="bill"',
    ),
    "more applied than paid": (
        lambda: on_account(applied=[Applied(invoice=1, amount=Decimal(11))]),
        "PaymentOnAccount: 11 are applied of a payment of 10.00",
    ),
    "nothing paid on account": (lambda: on_account(amount=Decimal(0)), "amount is 0; a payment is more than zero"),
    "a payment on account to nowhere": (lambda: on_account(bank=None), "give one of bank, undeposited_account"),
    "less than nothing applied": (
        lambda: PaymentApplication(payment=1, application_date=DAY, applied=[Applied(invoice=1, amount=Decimal(-1))]),
        "PaymentApplication, line 1: amount is -1; it is more than zero",
    ),
    "a contract nowhere": (lambda: contract(dimensions=Dimensions()), "Contract: give the location"),
    "a contract without end": (lambda: contract(end=None), "Contract: end is missing; only a contract with term_type"),
    "a contract that ends too early": (lambda: contract(end=date(2026, 3, 30)), "lies before begin"),
    "an evergreen that ends": (
        lambda: contract(term_type="Evergreen", evergreen_template="E"),
        "a contract of term type Evergreen has an evergreen_template, and no end",
    ),
    "billing ahead of what": (lambda: contract(bill_ahead=3), "bill_ahead and bill_ahead_unit go together"),
    "a renewal that is none": (lambda: contract(renewal_length=12), "need renewal=True"),
    "a line without time": (lambda: contract_line(), "ContractLine: begin and end are missing"),
    "a committed quantity": (
        lambda: contract_line(begin=DAY, end=DAY, usage_type="Committed"),
        "a committed quantity needs unused_quantity and excess_quantity",
    ),
    "a template by quantity": (
        lambda: contract_line(
            begin=DAY, end=DAY, billing_method="Quantity based", billing_options="Use billing template"
        ),
        "a billing template goes with the billing method Fixed price",
    ),
    "a user who is nobody": (
        lambda: User(login="u", contact=UserContact(last_name="Silva")),
        "User, contact: a new contact needs last_name, first_name and email",
    ),
    "a user who is two": (
        lambda: User(login="u", contact=UserContact(name="Silva, Ana", email="a@example.com")),
        "User, contact: give either the name of a contact, or what makes a new one",
    ),
    "a CRM user who signs in": (
        lambda: User(login="u", contact=UserContact(name="Silva, Ana"), type="CRM user"),
        "User: a CRM user cannot sign in to the application",
    ),
    "a nested value": (
        lambda: Vendor(name="V", credit_limit=Decimal("0.001")),
        "Vendor: credit_limit is 0.001: Intacct keeps two decimals",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_names_the_place_and_the_remedy(case: str) -> None:
    make, words = REFUSED[case]
    with pytest.raises(InvalidRecordError) as refused:
        make()
    assert words in str(refused.value)
    assert str(refused.value).endswith("Nothing was sent.")


def test_an_unbalanced_entry_tells_the_difference_by_currency_and_location() -> None:
    euro = Exchange(currency="EUR", rate=Decimal("1.1"))
    lines = [
        debit(TEN, dimensions=EAST),
        credit(Decimal("12.50"), dimensions=WEST),
        debit(Decimal(3), dimensions=EAST, exchange=euro),
        credit(Decimal(1), dimensions=EAST, exchange=euro),
    ]
    with pytest.raises(UnbalancedEntryError) as refused:
        entry(*lines)
    assert str(refused.value) == (
        "JournalEntry: the journal entry does not balance: debits 10.00 and credits 12.50 differ by 2.50 "
        "(by location 100: debits 10.00, credits 0; 200: debits 0, credits 12.50); "
        "debits 3 and credits 1 in EUR differ by 2. Nothing was sent."
    )


def test_tax_may_be_part_of_the_balance_or_not() -> None:
    taxed = [TaxEntry(detail="VAT", tax=Decimal("2.00"))]
    entry(debit(TEN, tax_entries=taxed), credit(Decimal(12)))
    entry(debit(TEN, tax_entries=taxed), credit(TEN))
    with pytest.raises(UnbalancedEntryError, match=r"differ by 1\.00"):
        entry(debit(TEN, tax_entries=taxed), credit(Decimal(11)))


def test_a_draft_needs_no_due_date() -> None:
    assert bill(due=None, action="Draft").record()["ACTION"] == "Draft"


def test_credits_alone_need_no_bank() -> None:
    made = payment(BillPaymentDetail(bill=1, adjustment=2, adjustment_amount=TEN), bank=None, method=None)
    assert made.record()["APPYMTDETAILS"]["APPYMTDETAIL"] == [
        {"RECORDKEY": 1, "ADJUSTMENTKEY": 2, "TRX_ADJUSTMENTAMOUNT": TEN}
    ]


CENTS = st.decimals(min_value="0.01", max_value="99999999999.99", places=2)


@given(st.lists(CENTS, min_size=1, max_size=8))
def test_any_debits_balance_with_their_sum_and_are_posted_to_the_cent(amounts: list[Decimal]) -> None:
    made = entry(*(debit(each) for each in amounts), credit(sum(amounts)))
    lines = made.record()["ENTRIES"]["GLENTRY"]
    assert sum(line["TR_TYPE"] * line["TRX_AMOUNT"] for line in lines) == 0
    assert [line["TRX_AMOUNT"] for line in lines[:-1]] == amounts


@given(CENTS, CENTS)
def test_any_other_sum_is_refused(amount: Decimal, more: Decimal) -> None:
    with pytest.raises(UnbalancedEntryError, match="differ by"):
        entry(debit(amount), credit(amount + more))


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=0, max_value=10**12))
def test_money_is_taken_as_it_is_or_refused_never_rounded(amount: Decimal) -> None:
    whole_cents = amount == amount.quantize(Decimal("0.01")) if amount < 10**12 else amount == int(amount)
    if whole_cents:
        made = bill(BillLine(account="6500", amount=amount))
        assert made.record()["APBILLITEMS"]["APBILLITEM"][0]["TRX_AMOUNT"] == amount
    else:
        with pytest.raises(InvalidRecordError, match="two decimals"):
            bill(BillLine(account="6500", amount=amount))
