"""What people post, typed: made by Tab, checked when made, posted as plain mappings are.

Money is Decimal, dates are dates; a mistake is named by line before anything is sent. Any of them goes wherever a
record goes: `prepare([...])`, `IntacctCreateOperator(records=[...])`. What has no type here is posted as a mapping.
"""

from airflow_provider_intacct.client.transactions.attachments import (
    AttachedFile,
    Attachment,
    AttachmentFolder,
)
from airflow_provider_intacct.client.transactions.cash import (
    ChargeCardLine,
    ChargeCardTransaction,
    Deposit,
    OtherReceipt,
)
from airflow_provider_intacct.client.transactions.contracts import Contract, ContractLine
from airflow_provider_intacct.client.transactions.documents import DocumentLine
from airflow_provider_intacct.client.transactions.expenses import (
    Expense,
    ExpenseReport,
    Timesheet,
    TimesheetEntry,
)
from airflow_provider_intacct.client.transactions.journal import (
    JournalEntry,
    JournalLine,
    Split,
    StatisticalJournalEntry,
    StatisticalLine,
)
from airflow_provider_intacct.client.transactions.master import (
    Class,
    Contact,
    ContactDetails,
    Customer,
    Department,
    Employee,
    GLAccount,
    Item,
    Location,
    Project,
    Task,
    User,
    UserContact,
    Vendor,
    Warehouse,
)
from airflow_provider_intacct.client.transactions.orders import (
    InventoryDocument,
    InventoryLine,
    ItemDetail,
    PurchasingDocument,
    PurchasingLine,
    SalesDocument,
    SalesLine,
    Subtotal,
    TransferLine,
    WarehouseTransfer,
)
from airflow_provider_intacct.client.transactions.payables import (
    ApAdjustment,
    Bill,
    BillLine,
    BillPayment,
    BillPaymentDetail,
)
from airflow_provider_intacct.client.transactions.receivables import (
    Applied,
    ArAdjustment,
    Invoice,
    PaymentApplication,
    PaymentOnAccount,
    ReceivedPayment,
    ReceivedPaymentDetail,
)
from airflow_provider_intacct.client.transactions.shape import Transaction
from airflow_provider_intacct.client.transactions.values import Address, Dimensions, Exchange, TaxEntry

__all__ = [
    "Address",
    "ApAdjustment",
    "Applied",
    "ArAdjustment",
    "AttachedFile",
    "Attachment",
    "AttachmentFolder",
    "Bill",
    "BillLine",
    "BillPayment",
    "BillPaymentDetail",
    "ChargeCardLine",
    "ChargeCardTransaction",
    "Class",
    "Contact",
    "ContactDetails",
    "Contract",
    "ContractLine",
    "Customer",
    "Department",
    "Deposit",
    "Dimensions",
    "DocumentLine",
    "Employee",
    "Exchange",
    "Expense",
    "ExpenseReport",
    "GLAccount",
    "InventoryDocument",
    "InventoryLine",
    "Invoice",
    "Item",
    "ItemDetail",
    "JournalEntry",
    "JournalLine",
    "Location",
    "OtherReceipt",
    "PaymentApplication",
    "PaymentOnAccount",
    "Project",
    "PurchasingDocument",
    "PurchasingLine",
    "ReceivedPayment",
    "ReceivedPaymentDetail",
    "SalesDocument",
    "SalesLine",
    "Split",
    "StatisticalJournalEntry",
    "StatisticalLine",
    "Subtotal",
    "Task",
    "TaxEntry",
    "Timesheet",
    "TimesheetEntry",
    "Transaction",
    "TransferLine",
    "User",
    "UserContact",
    "Vendor",
    "Warehouse",
    "WarehouseTransfer",
]
