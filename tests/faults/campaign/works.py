"""What is written, and through which operator: one line for each way of writing.

Amounts differ from record to record where the records differ, so that rows of the ledger tell which record they are.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tests.faults.campaign.ledger import GL, View
from tests.faults.company import entry, generic_bill, invoice, legacy_entry

CREATE = "airflow_provider_intacct.operators.write:IntacctCreateOperator"
FUNCTION = "airflow_provider_intacct.operators.function:IntacctFunctionOperator"

Record = dict[str, Any]
Records = list[Record]

GLBATCH = View("GLBATCH", ("JOURNAL", "BATCH_TITLE", "STATE"))
APBILL = View("APBILL", ("VENDORID", "TOTALENTERED", "TOTALDUE", "STATE"))
ARINVOICE = View("ARINVOICE", ("CUSTOMERID", "TOTALENTERED", "TOTALDUE", "STATE"))
APPYMT = View("APPYMT", ("VENDORID", "TOTALENTERED", "STATE"))
ARPYMT = View("ARPYMT", ("CUSTOMERID", "TOTALENTERED", "STATE"))
VENDOR = View("VENDOR", ("VENDORID", "NAME", "STATUS"))
CUSTOMER = View("CUSTOMER", ("CUSTOMERID", "NAME", "CREDITLIMIT"))
DEPARTMENT = View("DEPARTMENT", ("DEPARTMENTID", "TITLE"))


@dataclass(frozen=True, slots=True)
class Work:
    """Some records and the operator that writes them.

    `function`  the gateway's function that carries them, which faults strike at
    `views`     the rows that it adds to; the first is that of the records themselves
    `records`   made anew for every try; the argument numbers the business event
    `numbered`  whether a second business event needs other numbers
    `findable`  whether a record can be looked up, by its number or by a stamped reference
    `changed`   the same records with other content for the last of them
    """

    name: str
    function: str
    views: tuple[View, ...]
    records: Callable[[int], Records]
    operator: str = CREATE
    object: str | None = None
    options: Mapping[str, Any] | None = None
    numbered: bool = False
    findable: bool = True
    changed: Callable[[Records], Records] | None = None

    def arguments(self, records: Sequence[Record]) -> dict[str, Any]:
        """Return the operator's arguments for these records."""
        options = dict(self.options or {})
        if self.operator == FUNCTION:
            (body,) = records
            return {"function": self.function, "body": body, **options}
        own = self.object if self.function == "create" else None
        return {"records": list(records), "object": own, "function": self.function, **options}


def entries(count: int, *, number: str = "") -> Callable[[int], Records]:
    def made(event: int) -> Records:
        more = [{"REFERENCENO": f"{number}{event}-{n}"} if number else {} for n in range(count)]
        return [entry(amount=f"{10 + n}.25", title=f"Accrual {n}", **more[n]) for n in range(count)]

    return made


def bill(vendor: str, number: str | None, amount: str) -> Record:
    return {
        "vendorid": vendor,
        "datecreated": "2026-03-02",
        "datedue": "2026-03-31",
        **({"billno": number} if number else {}),
        "description": "Rent",
        "billitems": [{"glaccountno": "6000", "amount": Decimal(amount), "locationid": "100"}],
    }


def payment(event: int) -> Records:
    return [
        {
            "FINANCIALENTITY": "BOA",
            "PAYMENTMETHOD": "EFT",
            "VENDORID": "V013",
            "PAYMENTDATE": "2026-06-30",
            "CURRENCY": "USD",
            "APPYMTDETAILS": [{"RECORDKEY": "351", "TRX_PAYMENTAMOUNT": Decimal("100.50")}],
        }
    ]


def receipt(event: int) -> Records:
    return [
        {
            "FINANCIALENTITY": "BOA",
            "PAYMENTMETHOD": "Cash",
            "CUSTOMERID": "C007",
            "RECEIPTDATE": "2026-06-30",
            "CURRENCY": "USD",
            "ARPYMTDETAILS": [{"RECORDKEY": "372", "TRX_PAYMENTAMOUNT": Decimal("125.75")}],
        }
    ]


def legacy_receipt(event: int) -> Records:
    return [
        {
            "customerid": "C007",
            "paymentamount": Decimal("77.25"),
            "bankaccountid": "BOA",
            "datereceived": "2026-06-30",
            "paymentmethod": "Cash",
            "arpaymentitem": [{"invoicekey": "372", "amount": Decimal("77.25")}],
        }
    ]


def vendors(event: int) -> Records:
    return [{"VENDORID": f"V-T{event}{n}", "NAME": f"Vendor {n}"} for n in range(3)]


def customers(event: int) -> Records:
    return [
        {
            "CUSTOMERID": f"C-T{event}",
            "NAME": "Ada",
            "DISPLAYCONTACT": {"PRINTAS": "Ada", "EMAIL1": "ada@example.com"},
            "CREDITLIMIT": Decimal("1000.50"),
        }
    ]


def mixed(event: int) -> Records:
    return [{"VENDOR": vendors(event)[0]}, {"GLBATCH": entries(1)(event)[0]}, {"APBILL": generic_bill(f"BM-{event}")}]


def costlier(path: str, field: str) -> Callable[[Records], Records]:
    """Return what makes the last record cost more: each of its lines in `path`."""

    def changed(records: Records) -> Records:
        last = records[-1]
        return [*records[:-1], {**last, path: [{**line, field: Decimal("99.00")} for line in last[path]]}]

    return changed


def renamed(records: Records) -> Records:
    return [*records[:-1], {**records[-1], "NAME": "Another name"}]


DEARER_ENTRY = costlier("ENTRIES", "TRX_AMOUNT")
DEARER_BILL = costlier("billitems", "amount")

WORKS: tuple[Work, ...] = (
    Work("entry", "create", (GLBATCH, GL), entries(1), object="GLBATCH", changed=DEARER_ENTRY),
    Work(
        "numbered entries",
        "create",
        (GLBATCH, GL),
        entries(3, number="R-"),
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
    ),
    Work(
        "entries one by one",
        "create",
        (GLBATCH, GL),
        entries(3),
        object="GLBATCH",
        options={"atomic": False},
        changed=DEARER_ENTRY,
    ),
    Work("101 entries", "create", (GLBATCH, GL), entries(101), object="GLBATCH", changed=DEARER_ENTRY),
    Work(
        "unstamped entries",
        "create",
        (GLBATCH, GL),
        entries(2),
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
        changed=costlier("APBILLITEMS", "TRX_AMOUNT"),
    ),
    Work("legacy bill", "create_bill", (APBILL, GL), lambda event: [bill("V001", None, "50.00")], changed=DEARER_BILL),
    Work(
        "numbered legacy bills",
        "create_bill",
        (APBILL, GL),
        lambda event: [bill("V001", f"BL-{event}-{n}", f"5{n}.00") for n in range(2)],
        numbered=True,
        changed=DEARER_BILL,
    ),
    Work(
        "invoices",
        "create_invoice",
        (ARINVOICE, GL),
        lambda event: [invoice("C001", f"IT-{event}"), invoice("C002", f"IU-{event}")],
        numbered=True,
        changed=costlier("invoiceitems", "amount"),
    ),
    Work("payment", "create", (APPYMT, GL), payment, object="APPYMT"),
    Work("receipt", "create", (ARPYMT, GL), receipt, object="ARPYMT"),
    Work("legacy receipt", "create_arpayment", (ARPYMT, GL), legacy_receipt, findable=False),
    Work("vendors", "create", (VENDOR,), vendors, object="VENDOR", numbered=True, changed=renamed),
    Work("customer", "create", (CUSTOMER,), customers, object="CUSTOMER", numbered=True, changed=renamed),
    Work("vendor, entry and bill", "create", (VENDOR, GLBATCH, APBILL, GL), mixed, numbered=True),
    Work(
        "function: department",
        "create",
        (DEPARTMENT,),
        lambda event: [{"DEPARTMENT": {"DEPARTMENTID": f"D-{event}", "TITLE": "Treasury"}}],
        operator=FUNCTION,
        numbered=True,
        findable=False,
    ),
    Work(
        "function: entry",
        "create",
        (GLBATCH, GL),
        lambda event: [{"GLBATCH": {**entry(), "ENTRIES": {"GLENTRY": entry()["ENTRIES"]}}}],
        operator=FUNCTION,
        findable=False,
    ),
    Work(
        "function: bill",
        "create_bill",
        (APBILL, GL),
        lambda event: [
            {
                **bill("V002", None, "8.00"),
                "datecreated": date(2026, 3, 2),
                "datedue": date(2026, 3, 31),
                "billitems": {"lineitem": bill("V002", None, "8.00")["billitems"]},
            }
        ],
        operator=FUNCTION,
        findable=False,
    ),
)
