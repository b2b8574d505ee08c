"""What people post, typed: made by Tab, checked when made, posted as plain mappings are.

Money is Decimal, dates are dates; a mistake is named by line before anything is sent. Any of them goes wherever a
record goes: `prepare([...])`, `IntacctCreateOperator(records=[...])`. What has no type here is posted as a mapping.
"""

from airflow_provider_intacct.client.transactions.documents import DocumentLine
from airflow_provider_intacct.client.transactions.journal import (
    JournalEntry,
    JournalLine,
    Split,
    StatisticalJournalEntry,
    StatisticalLine,
    TaxEntry,
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
    Vendor,
    Warehouse,
)
from airflow_provider_intacct.client.transactions.payables import (
    ApAdjustment,
    Bill,
    BillLine,
    BillPayment,
    BillPaymentDetail,
)
from airflow_provider_intacct.client.transactions.receivables import (
    ArAdjustment,
    Invoice,
    ReceivedPayment,
    ReceivedPaymentDetail,
)
from airflow_provider_intacct.client.transactions.shape import Transaction
from airflow_provider_intacct.client.transactions.values import Address, Dimensions, Exchange

__all__ = [
    "Address",
    "ApAdjustment",
    "ArAdjustment",
    "Bill",
    "BillLine",
    "BillPayment",
    "BillPaymentDetail",
    "Class",
    "Contact",
    "ContactDetails",
    "Customer",
    "Department",
    "Dimensions",
    "DocumentLine",
    "Employee",
    "Exchange",
    "GLAccount",
    "Invoice",
    "Item",
    "JournalEntry",
    "JournalLine",
    "Location",
    "Project",
    "ReceivedPayment",
    "ReceivedPaymentDetail",
    "Split",
    "StatisticalJournalEntry",
    "StatisticalLine",
    "Task",
    "TaxEntry",
    "Transaction",
    "Vendor",
    "Warehouse",
]
