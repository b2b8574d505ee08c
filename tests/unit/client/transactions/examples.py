"""One of each typed transaction with every field filled, for the tests that look at their shape."""

import dataclasses
from datetime import date
from decimal import Decimal
from typing import Any

from airflow_provider_intacct.client.transactions import (
    ApAdjustment,
    Applied,
    ArAdjustment,
    Attachment,
    AttachmentFolder,
    Bill,
    BillLine,
    BillPayment,
    BillPaymentDetail,
    ChargeCardLine,
    ChargeCardTransaction,
    Class,
    Contact,
    Contract,
    ContractLine,
    Customer,
    Department,
    Deposit,
    Dimensions,
    DocumentLine,
    Employee,
    Exchange,
    Expense,
    ExpenseReport,
    GLAccount,
    InventoryDocument,
    InventoryLine,
    Invoice,
    Item,
    ItemDetail,
    JournalEntry,
    JournalLine,
    Location,
    OtherReceipt,
    PaymentApplication,
    PaymentOnAccount,
    Project,
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
    Task,
    Timesheet,
    TimesheetEntry,
    Transaction,
    TransferLine,
    User,
    UserContact,
    Vendor,
    Warehouse,
    WarehouseTransfer,
)
from airflow_provider_intacct.client.transactions.shape import Part, Slot, class_slots

DAY = date(2026, 3, 31)
AMOUNT = Decimal("12.34")
AT_RATE = Exchange(currency="EUR", rate=Decimal("1.0825"))
BY_TYPE = Exchange(currency="EUR", base="USD", rate_type="Intacct Daily Rate", rate_date=DAY)
EVERYWHERE = Dimensions(
    location="100", department="10", project="P", task="T", cost_type="K", customer="C", vendor="V", employee="E",
    item="I", class_="A", contract="N", warehouse="W", user_defined={"CHANNEL": "10001"},
)  # fmt: skip


def filled(kind: type[Part], *without: str, **given: Any) -> Any:
    """Return a part with all fields filled, but those of `without`."""
    slots = [slot for slot in class_slots(kind) if slot.attribute not in without]
    return kind(**{slot.attribute: given.get(slot.attribute, sample(slot)) for slot in slots})


def sample(slot: Slot) -> Any:
    """Return a value that the field takes."""
    kind = slot.types[0] if slot.types else None
    if slot.choices:
        return slot.choices[0]
    if slot.many and kind is str:
        return ["100", "200"]
    if kind is Dimensions:
        return EVERYWHERE
    if kind is Exchange:
        return AT_RATE
    if isinstance(kind, type) and issubclass(kind, Part):
        return [filled(kind)] if slot.many else filled(kind)
    samples = {dict: {"OWN_FIELD": "a & b"}, date: DAY, Decimal: AMOUNT, bool: True, int: 7, bytes: b"\x00\xff"}
    return samples.get(kind, f"{slot.attribute} <&> é") if kind is not None else None


def _document_lines(*without: str) -> list[DocumentLine]:
    return [
        filled(DocumentLine, "account_label", *without),
        filled(DocumentLine, "account", *without, amount=Decimal("0.10")),
    ]


DEBIT = filled(JournalLine, "credit", "splits", "allocation")
CREDIT = filled(JournalLine, "debit", "allocation", "dimensions", splits=[Split(amount=AMOUNT, dimensions=EVERYWHERE)])
SPREAD = filled(JournalLine, "debit", "splits", "dimensions")
LINES = _document_lines("amount_with_tax")
WITH_TAX = _document_lines()
TAX_ALONE = [filled(DocumentLine, "account_label", "amount")]
ADVANCE = ("advance", "advance_line", "advance_amount")
ADJUSTMENT = ("adjustment", "adjustment_line", "adjustment_amount")
INLINE = ("inline_credit", "inline_line", "inline_amount")
OF_A_MEMO = ("debit_memo", "debit_memo_line")
OF_A_BILL = ("bill", "bill_line", "discount_date")
PAID = [
    filled(BillPaymentDetail, *OF_A_MEMO, "discount_date", *ADJUSTMENT, *INLINE),
    filled(BillPaymentDetail, *OF_A_MEMO, "bill_line", "joint_payee", *ADVANCE, *ADJUSTMENT, *INLINE),
    filled(BillPaymentDetail, *OF_A_BILL, "amount", *ADVANCE),
]
OVERPAYMENT = ("overpayment", "overpayment_line", "overpayment_amount")
NEGATIVE_INVOICE = ("negative_invoice", "negative_invoice_line", "negative_invoice_amount")
CREDITS = (ADVANCE, ADJUSTMENT, INLINE, OVERPAYMENT, NEGATIVE_INVOICE)
RECEIVED = [
    filled(ReceivedPaymentDetail, *OF_A_MEMO, "discount_date", *[name for names in CREDITS for name in names]),
    *[
        filled(
            ReceivedPaymentDetail,
            *("invoice", "invoice_line", "discount"),
            *[name for names in CREDITS if names is not kept for name in names],
        )
        for kept in CREDITS
    ],
]

DETAILS = [filled(ItemDetail, "lot_number"), filled(ItemDetail, "serial_number")]
APPLIED = [filled(Applied)]
NO_WAREHOUSE = dataclasses.replace(EVERYWHERE, warehouse=None)
OF_CONTRACT = Dimensions(
    location="100", department="10", project="P", task="T", vendor="V", employee="E", class_="A"
)  # fmt: skip
NO_ITEM = dataclasses.replace(EVERYWHERE, item=None)
SUBTOTALS = [filled(Subtotal, dimensions=NO_WAREHOUSE)]
EXPENSES = [
    filled(Expense, "account", "exchange_rate", dimensions=EVERYWHERE),
    filled(Expense, "expense_type", "exchange_rate_type", "exchange_rate_date", dimensions=EVERYWHERE),
]
CARD_LINES = [
    filled(ChargeCardLine, "account_label", "amount"),
    filled(ChargeCardLine, "account", "amount"),
]

EXAMPLES: list[Transaction] = [
    filled(ExpenseReport, expenses=EXPENSES),
    filled(Timesheet, entries=[filled(TimesheetEntry, "dimensions"), filled(TimesheetEntry, "task_key")]),
    filled(ChargeCardTransaction, lines=CARD_LINES),
    filled(Deposit, receipts=["12", "13"]),
    filled(OtherReceipt, "undeposited_account", lines=TAX_ALONE),
    filled(OtherReceipt, "bank", "deposit_date", "inclusive_tax", lines=LINES),
    filled(
        SalesDocument,
        lines=[filled(SalesLine, dimensions=NO_ITEM, details=DETAILS)],
        subtotals=SUBTOTALS,
        exchange=BY_TYPE,
    ),
    filled(
        PurchasingDocument, lines=[filled(PurchasingLine, dimensions=NO_ITEM, details=DETAILS)], subtotals=SUBTOTALS
    ),
    filled(InventoryDocument, lines=[filled(InventoryLine, dimensions=NO_ITEM, details=DETAILS)], subtotals=SUBTOTALS),
    filled(WarehouseTransfer, lines=[filled(TransferLine)]),
    filled(Attachment),
    filled(AttachmentFolder),
    filled(JournalEntry, lines=[DEBIT, CREDIT], reverse_on=date(2026, 4, 1)),
    filled(JournalEntry, lines=[DEBIT, SPREAD], reverse_on=date(2026, 4, 1)),
    *[
        filled(StatisticalJournalEntry, reverse_on=date(2026, 4, 1), lines=[line])
        for line in (
            filled(StatisticalLine, "allocation", "dimensions", splits=[Split(amount=AMOUNT, dimensions=EVERYWHERE)]),
            filled(StatisticalLine, "splits", "dimensions"),
            filled(StatisticalLine, "splits", "allocation"),
        )
    ],
    filled(Bill, lines=[filled(BillLine, "account_label", "amount"), filled(BillLine, "account", "amount")]),
    filled(Bill, "inclusive_tax", lines=[filled(BillLine, "account", "amount_with_tax")]),
    filled(BillPayment, details=PAID),
    filled(ApAdjustment, lines=WITH_TAX, exchange=BY_TYPE),
    filled(Invoice, lines=LINES),
    filled(Invoice, lines=LINES, exchange=BY_TYPE),
    filled(ReceivedPayment, "payer", "undeposited_account", "summary", "exchange_rate", details=RECEIVED),
    filled(ReceivedPayment, "customer", "bank", "summary", "exchange_rate_type", details=RECEIVED),
    filled(ReceivedPayment, "customer", "bank", "undeposited_account", "exchange_rate", details=RECEIVED),
    filled(ArAdjustment, lines=WITH_TAX),
    filled(PaymentOnAccount, "undeposited_account", "summary", applied=APPLIED),
    filled(PaymentOnAccount, "bank", "summary", applied=APPLIED, exchange=BY_TYPE),
    filled(PaymentOnAccount, "bank", "undeposited_account", applied=APPLIED),
    filled(PaymentApplication, applied=APPLIED),
    filled(Contract, "evergreen_template", dimensions=OF_CONTRACT),
    filled(Contract, "end", dimensions=OF_CONTRACT, term_type="Evergreen"),
    filled(ContractLine, dimensions=OF_CONTRACT),
    filled(Vendor, restriction="Restricted"),
    filled(Customer, restriction="Restricted"),
    filled(User, contact=UserContact(name="Silva, Ana")),
    filled(User, contact=filled(UserContact, "name")),
    *[
        filled(kind)
        for kind in (
            *(Contact, Employee, Project, Task, Item),
            *(Location, Department, Class, GLAccount, Warehouse),
        )
    ],
]
NAMES = [f"{type(each).__name__}-{number}" for number, each in enumerate(EXAMPLES)]
