"""Who may do what: policies that group objects, and the gateway's denials.

The same tables answer getUserPermissions, so what a user is told is what is enforced.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .gateway.results import FunctionError
from .users import User

_RIGHT_OF = {
    "query": "List", "readByQuery": "List", "readMore": "List", "readView": "List", "get_list": "List",
    "read": "View", "readByName": "View", "readRelated": "View", "get": "View", "getAuditTrail": "View",
    "getVendorApprovalHistory": "View",
    "readReport": "View",
    "getDdsObjects": "List", "getDdsDdl": "List", "runDdsJob": "Add",
    "create": "Add", "update": "Edit", "delete": "Delete", "reverse": "Add", "reclassify": "Edit", "record": "Add",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Policy:
    """A line of the permissions page: the application it belongs to and the objects it covers.

    `approves` is the object whose records it lets a user approve and decline who has the right List under it.
    """

    application: str
    name: str
    objects: tuple[str, ...]
    approves: str = ""


POLICIES: tuple[Policy, ...] = (
    Policy("Company", "Locations", ("LOCATION",)),
    Policy("Company", "Entities", ("LOCATIONENTITY",)),
    Policy("Company", "Departments", ("DEPARTMENT",)),
    Policy("Company", "Classes", ("CLASS",)),
    Policy("Company", "Contacts", ("CONTACT",)),
    Policy("Company", "Employees", ("EMPLOYEE",)),
    Policy("Company", "Attachments", ("SUPDOC", "SUPDOCFOLDER")),
    Policy("Company", "Users", ("USERINFO",)),
    Policy("Company", "Currencies", ("TRXCURRENCIES", "EXCHANGERATE")),
    Policy("Company", "Reporting periods", ("REPORTINGPERIOD",)),
    Policy("Company", "Data Delivery Service", ("DDSJOB",)),
    Policy("General Ledger", "Accounts", ("GLACCOUNT", "STATACCOUNT")),
    Policy("General Ledger", "Allocations", ("ALLOCATION", "ALLOCATIONENTRY")),
    Policy("General Ledger", "Journals", ("GLJOURNAL", "STATJOURNAL")),
    Policy("General Ledger", "Journal entries", ("GLBATCH", "GLENTRY", "GLDETAIL", "GLACCOUNTBALANCE")),
    Policy("General Ledger", "Approve journal entries", (), "GLBATCH"),
    Policy("General Ledger", "Reports", ("TRIALBALANCE", "ACCOUNTBALANCE")),
    Policy("Accounts Payable", "Vendors", ("VENDOR", "VENDTYPE")),
    Policy("Accounts Payable", "Approve vendors", (), "VENDOR"),
    Policy("Accounts Payable", "Terms", ("APTERM",)),
    Policy("Accounts Payable", "Account labels", ("APACCOUNTLABEL",)),
    Policy("Accounts Payable", "Bills", ("APBILL", "APBILLITEM")),
    Policy("Accounts Payable", "Adjustments", ("APADJUSTMENT", "APADJUSTMENTITEM")),
    Policy("Accounts Payable", "Approve bills", (), "APBILL"),
    Policy("Accounts Payable", "Payments", ("APPYMT", "APPYMTDETAIL", "APPAYMENTREQUEST")),
    Policy("Accounts Payable", "Approve payments", (), "APPYMT"),
    Policy("Accounts Receivable", "Customers", ("CUSTOMER", "CUSTTYPE")),
    Policy("Accounts Receivable", "Terms", ("ARTERM",)),
    Policy("Accounts Receivable", "Account labels", ("ARACCOUNTLABEL",)),
    Policy("Accounts Receivable", "Invoices", ("ARINVOICE", "ARINVOICEITEM")),
    Policy("Accounts Receivable", "Adjustments", ("ARADJUSTMENT", "ARADJUSTMENTITEM")),
    Policy("Accounts Receivable", "Advances", ("ARADVANCE", "ARADVANCEITEM")),
    Policy("Accounts Receivable", "Payments", ("ARPYMT", "ARPYMTDETAIL")),
    Policy("Accounts Receivable", "Reports", ("ARAGING",)),
    Policy("Order Entry", "Transactions", ("SODOCUMENT", "SODOCUMENTENTRY", "SODOCUMENTPARAMS")),
    Policy("Purchasing", "Transactions", ("PODOCUMENT", "PODOCUMENTENTRY", "PODOCUMENTPARAMS")),
    Policy("Purchasing", "Approve transactions", (), "PODOCUMENT"),
    Policy("Inventory Control", "Transactions", ("INVDOCUMENT", "INVDOCUMENTENTRY", "INVDOCUMENTPARAMS")),
    Policy("Contracts", "Contracts", ("CONTRACT", "CONTRACTDETAIL")),
    Policy("Inventory Control", "Warehouse transfers", ("ICTRANSFER", "ICTRANSFERITEM")),
    Policy("Time and Expenses", "Timesheets", ("TIMESHEET", "TIMESHEETENTRY")),
    Policy("Time and Expenses", "Approve timesheets", (), "TIMESHEET"),
    Policy("Cash Management", "Charge cards", ("CREDITCARD", "CCTRANSACTION", "CCTRANSACTIONENTRY")),
    Policy("Cash Management", "Deposits", ("DEPOSIT", "DEPOSITENTRY")),
    Policy("Cash Management", "Other receipts", ("OTHERRECEIPTS", "OTHERRECEIPTSENTRY")),
    Policy("Time and Expenses", "Expense types", ("EEACCOUNTLABEL",)),
    Policy("Time and Expenses", "Expense reports", ("EEXPENSES", "EEXPENSESITEM")),
    Policy("Time and Expenses", "Approve expense reports", (), "EEXPENSES"),
    Policy("Cash Management", "Bank accounts", ("CHECKINGACCOUNT", "SAVINGSACCOUNT")),
    Policy("Inventory Control", "Items", ("ITEM",)),
    Policy("Inventory Control", "Warehouses", ("WAREHOUSE",)),
    Policy("Projects", "Projects", ("PROJECT",)),
    Policy("Projects", "Tasks", ("TASK",)),
    Policy("Platform Services", "Custom reports", ("AUDITHISTORY", "REPORT")),
    Policy("Platform Services", "Custom objects", ()),
)
_ELSEWHERE = POLICIES[-1]
_POLICY_OF = {object_name: policy for policy in POLICIES for object_name in policy.objects}
_APPROVED_UNDER = {policy.approves: policy for policy in POLICIES if policy.approves}


class Permissions:
    """Answers for every user of the company. Texts are the gateway's own."""

    def allows(self, user: User, function: str, object_name: str) -> bool:
        """Whether the user may run a gateway function on an object."""
        policy = _POLICY_OF.get(object_name.upper(), _ELSEWHERE)
        return _right(function) in user.grants.rights(policy.application, policy.name)

    def require(self, user: User, function: str, object_name: str) -> None:
        """Raise FunctionError when the user may not run that function on that object."""
        if self.allows(user, function, object_name):
            return
        if object_name.upper() == "AUDITHISTORY":
            raise FunctionError(None, "You do not have permission to view audit history.")
        raise _denied(function, object_name)

    def may_approve(self, user: User, object_name: str) -> bool:
        """Whether the user may approve and decline records of an object."""
        policy = _APPROVED_UNDER[object_name]
        return "List" in user.grants.rights(policy.application, policy.name)

    def require_approver(self, user: User, function: str, object_name: str) -> None:
        """Raise FunctionError when the user may not approve and decline records of an object."""
        if not self.may_approve(user, object_name):
            raise _denied(function, object_name)

    def denied_fields(self, user: User, object_name: str) -> frozenset[str]:
        """Return the fields of an object that are kept from the user."""
        return user.grants.denied_fields.get(object_name.upper(), frozenset())

    def require_fields(self, user: User, fields: Mapping[str, Sequence[str]]) -> None:
        """Raise FunctionError naming every field, by object, that is kept from the user."""
        denied = {
            name.upper(): [field for field in asked if field in self.denied_fields(user, name)]
            for name, asked in fields.items()
        }
        refuse_fields({name: found for name, found in denied.items() if found})

    def subscriptions(self, user: User) -> Iterator[tuple[str, list[tuple[str, tuple[str, ...]]]]]:
        """Yield (application, [(policy, rights)]) as getUserPermissions lists them, granted policies only."""
        for application in dict.fromkeys(policy.application for policy in POLICIES):
            granted = [
                (policy.name, rights)
                for policy in POLICIES
                if policy.application == application
                if (rights := user.grants.rights(application, policy.name))
            ]
            if granted:
                yield application, granted


def refuse_fields(denied: Mapping[str, Sequence[str]]) -> None:
    """Raise the refusal of fields that cannot be queried, by object; nothing where there is none."""
    if denied:
        objects = ", ".join(f"{name}: [{', '.join(fields)}] " for name, fields in denied.items())
        raise FunctionError("XL03000006", f"The following fields cannot be queried: [{objects}]")


def _denied(function: str, object_name: str) -> FunctionError:
    return FunctionError(
        "PL04000005",
        f"You do not have permission for API operation {_operation(function)} on objects of type {object_name.lower()}",
    )


def _right(function: str) -> str:
    return _RIGHT_OF.get(function) or _RIGHT_OF.get(function.partition("_")[0], "Edit")


def _operation(function: str) -> str:
    name = function.partition("_")[0] if function.partition("_")[0] in _RIGHT_OF else function
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper()
