"""The demo company's fixed people, credentials and settings, as its README lists them."""

from collections.abc import Mapping
from dataclasses import dataclass

from .users import ALL_RIGHTS, READING_RIGHTS, Grants, Sender, User


@dataclass(frozen=True, slots=True)
class Profile:
    """What the company says of itself in company information, financial setup and preferences."""

    title: str
    base_currency: str
    default_book: str
    first_fiscal_month: str
    first_tax_month: str
    week_start: str
    applications: Mapping[str, str]
    preferences: Mapping[str, Mapping[str, str]]


_FULL = Grants(everywhere=ALL_RIGHTS, except_for={}, denied_fields={})
_APPROVE = Grants(everywhere=READING_RIGHTS, except_for={}, denied_fields={})
_AUDIT = Grants(
    everywhere=READING_RIGHTS,
    except_for={
        ("Platform Services", "Custom reports"): (),
        ("General Ledger", "Approve journal entries"): (),
        ("Accounts Payable", "Approve vendors"): (),
        ("Accounts Payable", "Approve bills"): (),
        ("Accounts Payable", "Approve payments"): (),
        ("Time and Expenses", "Approve expense reports"): (),
        ("Time and Expenses", "Approve timesheets"): (),
        ("Purchasing", "Approve transactions"): (),
    },
    denied_fields={"VENDOR": frozenset({"TAXID", "CREDITLIMIT"}), "CUSTOMER": frozenset({"CREDITLIMIT"})},
)

DEMO_USERS = (
    User("etl", "etl-Secret-9Kd", 1, "Extract and Load", _FULL),
    User("auditor", "auditor-Secret-2Lm", 2, "Ada Auditor", _AUDIT),
    User("west", "west-Secret-5Xp", 3, "Wanda West", _FULL, entity_ids=("200",)),
    User("locked", "locked-Secret-3Tz", 4, "Lou Locked", _FULL, locked=True),
    User("approver", "approver-Secret-6Vb", 5, "Ann Approver", _APPROVE),
    User("controller", "controller-Secret-8Zt", 6, "Carl Controller", _APPROVE),
)
DEMO_SENDERS = (
    Sender("SANDBOX", "sender-Secret-7Qf"),
    Sender("STRANGER", "stranger-Secret-4Rt", authorised=False),
)
DEMO_PROFILE = Profile(
    title="Demo Company",
    base_currency="USD",
    default_book="ACCRUAL",
    first_fiscal_month="January",
    first_tax_month="January",
    week_start="Sunday",
    applications={
        "GEN": "Company", "GL": "General Ledger", "AP": "Accounts Payable", "AR": "Accounts Receivable",
        "CM": "Cash Management", "PROJACCT": "Projects", "INV": "Inventory Control", "PT": "Platform Services",
    },
    preferences={
        "GEN": {"PRIMARY_ACCTNO_LENGTH": "4", "SUB_ACCTNO_LENGTH": "0", "FISCAL_FIRST_MONTH": "1",
                "TAX_FIRST_MONTH": "1", "WEEK_START": "0"},
        "GL": {"ENABLE_JE_APPROVAL": "F", "AUTO_BATCH_NUMBER": "T"},
        "AP": {"ENABLE_BILL_APPROVAL": "F", "BILL_SUMMARY": "Daily"},
        "AR": {"INVOICE_SUMMARY": "Daily"},
        "CM": {}, "PROJACCT": {}, "INV": {}, "PT": {},
    },
)  # fmt: skip
