"""What is written, and through which operator: one line for each way of writing."""

import csv
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

from tests.faults.campaign import records as made
from tests.faults.campaign.ledger import GL, View
from tests.faults.campaign.records import Records
from tests.faults.company import entry, generic_bill, invoice, legacy_entry

CREATE = "airflow_provider_intacct.operators.write:IntacctCreateOperator"
UPDATE = "airflow_provider_intacct.operators.write:IntacctUpdateOperator"
UPSERT = "airflow_provider_intacct.operators.write:IntacctUpsertOperator"
DELETE = "airflow_provider_intacct.operators.delete:IntacctDeleteOperator"
REVERSE = "airflow_provider_intacct.operators.acts:IntacctReverseOperator"
APPROVE = "airflow_provider_intacct.operators.acts:IntacctApprovalOperator"
FUNCTION = "airflow_provider_intacct.operators.function:IntacctFunctionOperator"
FILES = "airflow_provider_intacct.transfers.object_storage_to_intacct:ObjectStorageToIntacctOperator"
SQL = "airflow_provider_intacct.transfers.sql_to_intacct:SqlToIntacctOperator"

Given = Literal["records", "body", "attributes", "keys", "file", "table"]

GLBATCH = View("GLBATCH", ("JOURNAL", "BATCH_TITLE", "STATE"))
APBILL = View("APBILL", ("VENDORID", "TOTALENTERED", "TOTALDUE", "STATE"))
ARINVOICE = View("ARINVOICE", ("CUSTOMERID", "TOTALENTERED", "TOTALDUE", "STATE"))
APPYMT = View("APPYMT", ("VENDORID", "TOTALENTERED", "STATE"))
ARPYMT = View("ARPYMT", ("CUSTOMERID", "TOTALENTERED", "STATE"))
VENDOR = View("VENDOR", ("VENDORID", "NAME", "STATUS"))
CUSTOMER = View("CUSTOMER", ("CUSTOMERID", "NAME", "CREDITLIMIT"))
DEPARTMENT = View("DEPARTMENT", ("DEPARTMENTID", "TITLE"))


OLD_VENDORS = View(
    "VENDOR", ("VENDORID", "NAME"), where="<lessthan><field>RECORDNO</field><value>26</value></lessthan>"
)
OLD_BILLS = View(
    "APBILL",
    ("VENDORID", "DESCRIPTION", "TOTALDUE", "STATE"),
    where="<greaterthan><field>RECORDNO</field><value>340</value></greaterthan>",
)
OLD_ENTRIES = View(
    "GLBATCH",
    ("JOURNAL", "BATCH_TITLE", "STATE"),
    where="<greaterthan><field>RECORDNO</field><value>450</value></greaterthan>",
)


@dataclass(frozen=True, slots=True)
class Work:
    """Some records and the operator that writes them.

    `function`   the gateway's function that carries them, which faults strike at
    `views`      the rows that it adds to or changes; the first is that of the records themselves
    `records`    made anew for every try; the argument numbers the business event
    `given`      how the operator takes them
    `setup`      functions, as XML, that make beforehand what is then changed
    `switches`   settings of the sandbox that it needs
    `user`       whose connection the task has, with the password, where it is not the usual one
    `principal`  meets every fault with every core recovery; one for each operator and kind at least
    `numbered`   whether a second business event needs other numbers
    `findable`   whether a record can be looked up, by its number or by a stamped reference
    `creates`    whether it adds rows, so that what is called posted cannot have been there before
    `answers`    whether the operator tells a key for each record that is found in the first view
    `changed`    the same records with other content for the last of them
    """

    name: str
    function: str
    views: tuple[View, ...]
    records: Callable[[int], Records]
    operator: str = CREATE
    object: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    given: Given = "records"
    setup: Callable[[], str] | None = None
    switches: Mapping[str, Any] = field(default_factory=dict)
    user: tuple[str, str] | None = None
    principal: bool = False
    numbered: bool = False
    findable: bool = True
    creates: bool = True
    answers: bool = True
    changed: Callable[[Records], Records] | None = None

    def arguments(self, records: Records, folder: Path) -> dict[str, Any]:
        """Return the operator's arguments for these records; files for them are made in `folder`."""
        match self.given:
            case "body":
                return {"function": self.function, "body": records[0], **self.options}
            case "attributes":
                return {"function": self.function, "attributes": records[0], **self.options}
            case "keys":
                return {"object": self.object, "keys": list(records), **self.options}
            case "file":
                return {"path": str(_file(records, folder)), **_load(folder), **self.options}
            case "table":
                _table(records, folder)
                return {"sql_conn_id": "warehouse", "sql": "SELECT * FROM bills", **_load(folder), **self.options}
        own = {"object": self.object} if self.object else {"function": self.function}
        return {"records": list(records), **(own if self.function != "create" or self.object else {}), **self.options}

    def keyed(self, event: int, order: list[int]) -> Any:
        """Return the idempotency keys for these records, as the operator takes them."""
        if self.given in ("file", "table"):
            return "{event}"
        keys = [f"event {event} record {index}" for index in order]
        return f"event {event}" if self.given in ("body", "attributes", "keys") else keys

    @property
    def loads(self) -> bool:
        """Whether it is a transfer, which keeps its own results."""
        return self.given in ("file", "table")


def warehouse(folder: Path) -> Path:
    """Return the database that the loads of `folder` read from."""
    return folder / "warehouse.db"


def _load(folder: Path) -> dict[str, Any]:
    return {
        "object": "APBILL",
        "header": {"VENDORID": "vendor", "RECORDID": "number", "WHENCREATED": "date", "WHENDUE": "due"},
        "lines": (
            "APBILLITEMS",
            {"ACCOUNTNO": "account", "TRX_AMOUNT": "amount", "LOCATIONID": {"value": "100"}},
        ),
        "group_by": ["event"],
    }


def _file(records: Records, folder: Path) -> Path:
    path = folder / "bills.csv"
    with path.open("w", newline="") as file:
        rows = csv.DictWriter(file, list(records[0][0]))
        rows.writeheader()
        rows.writerows(row for rows in records for row in rows)
    return path


def _table(records: Records, folder: Path) -> None:
    with sqlite3.connect(warehouse(folder)) as database:
        names = ", ".join(records[0][0])
        database.execute("DROP TABLE IF EXISTS bills")
        database.execute(f"CREATE TABLE bills ({names})")
        values = [tuple(row.values()) for rows in records for row in rows]
        database.executemany(f"INSERT INTO bills VALUES ({', '.join('?' * len(records[0][0]))})", values)
    database.close()


DEARER_ENTRY = made.costlier("ENTRIES", "TRX_AMOUNT")
DEARER_BILL = made.costlier("billitems", "amount")

WORKS: tuple[Work, ...] = (
    Work("entry", "create", (GLBATCH, GL), made.entries(1), object="GLBATCH", changed=DEARER_ENTRY),
    Work(
        "numbered entries",
        "create",
        (GLBATCH, GL),
        made.entries(3, number="R-"),
        object="GLBATCH",
        numbered=True,
        changed=DEARER_ENTRY,
    ),
    Work(
        "equal entries",
        "create",
        (GLBATCH, GL),
        lambda event: [entry(), entry(), entry(amount="7.50")],
        object="GLBATCH",
        changed=DEARER_ENTRY,
        principal=True,
    ),
    Work(
        "entries one by one",
        "create",
        (GLBATCH, GL),
        made.entries(3),
        object="GLBATCH",
        options={"atomic": False},
        changed=DEARER_ENTRY,
    ),
    Work("101 entries", "create", (GLBATCH, GL), made.entries(101), object="GLBATCH", changed=DEARER_ENTRY),
    Work(
        "unstamped entries",
        "create",
        (GLBATCH, GL),
        made.entries(2),
        object="GLBATCH",
        options={"stamp_reference": False},
        findable=False,
        changed=DEARER_ENTRY,
    ),
    Work("legacy entry", "create_gltransaction", (GLBATCH, GL), lambda event: [legacy_entry()]),
    Work(
        "bills",
        "create",
        (APBILL, GL),
        lambda event: [generic_bill(), generic_bill(f"BG-{event}", "6.00"), generic_bill(amount="7.00")],
        object="APBILL",
        numbered=True,
        changed=made.costlier("APBILLITEMS", "TRX_AMOUNT"),
        principal=True,
    ),
    Work(
        "legacy bill",
        "create_bill",
        (APBILL, GL),
        lambda event: [made.bill("V001", None, "50.00")],
        changed=DEARER_BILL,
    ),
    Work(
        "numbered legacy bills",
        "create_bill",
        (APBILL, GL),
        lambda event: [made.bill("V001", f"BL-{event}-{n}", f"5{n}.00") for n in range(2)],
        numbered=True,
        changed=DEARER_BILL,
        principal=True,
    ),
    Work(
        "invoices",
        "create_invoice",
        (ARINVOICE, GL),
        lambda event: [invoice("C001", f"IT-{event}"), invoice("C002", f"IU-{event}")],
        numbered=True,
        changed=made.costlier("invoiceitems", "amount"),
        principal=True,
    ),
    Work("payment", "create", (APPYMT, GL), made.payment, object="APPYMT", principal=True),
    Work("receipt", "create", (ARPYMT, GL), made.receipt, object="ARPYMT"),
    Work("legacy receipt", "create_arpayment", (ARPYMT, GL), made.legacy_receipt, findable=False),
    Work(
        "vendors",
        "create",
        (VENDOR,),
        made.vendors,
        object="VENDOR",
        numbered=True,
        changed=made.renamed,
    ),
    Work("customer", "create", (CUSTOMER,), made.customers, object="CUSTOMER", numbered=True, changed=made.renamed),
    Work("vendor, entry and bill", "create", (VENDOR, GLBATCH, APBILL, GL), made.mixed, numbered=True),
    Work(
        "function: department",
        "create",
        (DEPARTMENT,),
        lambda event: [{"DEPARTMENT": {"DEPARTMENTID": f"D-{event}", "TITLE": "Treasury"}}],
        operator=FUNCTION,
        given="body",
        numbered=True,
        findable=False,
    ),
    Work(
        "function: entry",
        "create",
        (GLBATCH, GL),
        lambda event: [{"GLBATCH": {**entry(), "ENTRIES": {"GLENTRY": entry()["ENTRIES"]}}}],
        operator=FUNCTION,
        given="body",
        findable=False,
        principal=True,
    ),
    Work(
        "function: bill",
        "create_bill",
        (APBILL, GL),
        lambda event: [
            {
                **made.bill("V002", None, "8.00"),
                "datecreated": date(2026, 3, 2),
                "datedue": date(2026, 3, 31),
                "billitems": {"lineitem": made.bill("V002", None, "8.00")["billitems"]},
            }
        ],
        operator=FUNCTION,
        given="body",
        findable=False,
    ),
    Work(
        "function: reversal",
        "reverse_bill",
        (OLD_BILLS, GL),
        lambda event: [{"key": ("377", "359")[event - 1]}],
        operator=FUNCTION,
        given="attributes",
        options={"body": [("datereversed", date(2026, 6, 30))]},
        findable=False,
        creates=False,
    ),
    Work(
        "updated vendors",
        "update",
        (OLD_VENDORS,),
        made.renamed_vendors,
        operator=UPDATE,
        object="VENDOR",
        principal=True,
        creates=False,
        changed=made.renamed,
    ),
    Work(
        "updated lines",
        "update",
        (OLD_ENTRIES, GL),
        made.replaced_lines,
        operator=UPDATE,
        object="GLBATCH",
        creates=False,
        changed=DEARER_ENTRY,
    ),
    Work(
        "updated bill",
        "update_bill",
        (OLD_BILLS, GL),
        made.described_bills,
        operator=UPDATE,
        creates=False,
        changed=made.redescribed,
    ),
    Work(
        "upserted vendors",
        "create",
        (OLD_VENDORS, VENDOR),
        made.upserted_vendors,
        operator=UPSERT,
        object="VENDOR",
        principal=True,
        creates=False,
        changed=made.renamed,
    ),
    Work(
        "file of bills",
        "create",
        (APBILL, GL),
        made.rows_of_bills,
        operator=FILES,
        given="file",
        principal=True,
        numbered=True,
        changed=made.costlier_rows,
    ),
    Work(
        "file of bills without numbers",
        "create",
        (APBILL, GL),
        made.unnumbered_rows_of_bills,
        operator=FILES,
        given="file",
        options={"atomic": True},
        changed=made.costlier_rows,
    ),
    Work(
        "table of bills",
        "create",
        (APBILL, GL),
        made.rows_of_bills,
        operator=SQL,
        given="table",
        options={"on_reject": "collect"},
        principal=True,
        numbered=True,
        changed=made.costlier_rows,
    ),
    Work(
        "deleted vendors",
        "delete",
        (VENDOR,),
        lambda event: [f"V-D{event}{n}" for n in range(3)],
        operator=DELETE,
        object="VENDOR",
        given="keys",
        setup=made.new_vendors_to_delete,
        principal=True,
        creates=False,
        answers=False,
    ),
    Work(
        "reversed bills",
        "reverse_bill",
        (OLD_BILLS, GL),
        lambda event: [["377", "359"], ["351"]][event - 1],
        operator=REVERSE,
        object="APBILL",
        given="keys",
        options={"date": "2026-06-30"},
        principal=True,
        findable=False,  # that a bill is reversed is found, but not by whom
        creates=False,
    ),
    Work(
        "reversed entry",
        "create",
        (OLD_ENTRIES, GL),
        lambda event: [("496", "495")[event - 1]],
        operator=REVERSE,
        object="GLBATCH",
        given="keys",
        options={"date": "2026-06-30"},
        creates=False,
    ),
    Work(
        "submitted draft",
        "update",
        (OLD_ENTRIES, GL),
        lambda event: [("513", "514")[event - 1]],
        operator=APPROVE,
        object="GLBATCH",
        given="keys",
        options={"action": "submit"},
        setup=made.two_drafts,
        principal=True,
        creates=False,
    ),
    Work(
        "entries by a policy",
        "create",
        (GLBATCH, GL),
        made.entries(2),
        object="GLBATCH",
        options={"policy_id": "OFFLINE", "settle_interval": 0.05, "settle_timeout": 3.0},
        principal=True,
        changed=DEARER_ENTRY,
    ),
    Work(
        "recalled bill",
        "recallApBill",
        (OLD_BILLS, GL),
        lambda event: [("391", "392")[event - 1]],
        operator=APPROVE,
        object="APBILL",
        given="keys",
        options={"action": "recall"},
        setup=made.two_submitted_bills,
        switches={"approval_apbill": 1},
        creates=False,
    ),
    Work(
        "approved payment",
        "approve_appaymentrequest",
        (APPYMT, GL),
        lambda event: [("391", "392")[event - 1]],
        operator=APPROVE,
        object="APPYMT",
        given="keys",
        options={"action": "approve"},
        setup=made.two_submitted_payments,
        switches={"approval_appymt": 1},
        user=("approver", "approver-Secret-6Vb"),
        principal=True,
        creates=False,
    ),
)
