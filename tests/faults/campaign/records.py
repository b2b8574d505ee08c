"""The records that are written: made anew for every try, for a business event by its number.

Amounts differ from record to record where the records differ, so that rows of the ledger tell which record they are.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.faults.company import entry, generic_bill

Record = dict[str, Any]
Records = list[Any]


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


def renamed_vendors(event: int) -> Records:
    """Two vendors of the demo company, others for each event."""
    return [{"VENDORID": f"V0{2 * event + n:02}", "NAME": f"Renamed {event} {n}"} for n in range(2)]


def upserted_vendors(event: int) -> Records:
    """A vendor of the demo company, and two that it does not have."""
    return [*renamed_vendors(event)[:1], *vendors(event)[:2]]


def replaced_lines(event: int) -> Records:
    """New lines for an entry of the demo company."""
    amount = f"{20 + event}.00"
    return [{"RECORDNO": ("496", "495")[event - 1], "ENTRIES": entry(amount=amount)["ENTRIES"]}]


def described_bills(event: int) -> Records:
    """A bill of the demo company, by a legacy update function."""
    return [{"@key": ("377", "359")[event - 1], "description": f"Described {event}"}]


def redescribed(records: Records) -> Records:
    return [*records[:-1], {**records[-1], "description": "Something else"}]


def rows_of_bills(event: int) -> Records:
    """Bills, each as the rows that a file has for it."""
    return [
        [
            {
                "vendor": "V001",
                "number": f"LB-{event}-{bill}",
                "date": "2026-03-02",
                "due": "2026-03-31",
                "account": "6000",
                "amount": f"{bill + 1}{line}.50",
                "event": f"load {event} {bill}",
            }
            for line in range(2)
        ]
        for bill in range(3)
    ]


def unnumbered_rows_of_bills(event: int) -> Records:
    return [[{**row, "number": ""} for row in bill] for bill in rows_of_bills(event)]


def costlier_rows(records: Records) -> Records:
    return [*records[:-1], [{**row, "amount": "99.00"} for row in records[-1]]]


def new_vendors_to_delete() -> str:
    """The functions that create, by hand, what the deletions delete."""
    numbers = [f"V-D{event}{n}" for event in (1, 2) for n in range(3)]
    vendors = "".join(f"<VENDOR><VENDORID>{each}</VENDORID><NAME>{each}</NAME></VENDOR>" for each in numbers)
    return f'<function controlid="setup"><create>{vendors}</create></function>'


def two_drafts() -> str:
    """The function that enters, by hand, the drafts that are then submitted: entries 513 and 514."""
    lines = "".join(
        f"<GLENTRY><ACCOUNTNO>{account}</ACCOUNTNO><LOCATION>100</LOCATION><TR_TYPE>{side}</TR_TYPE>"
        "<TRX_AMOUNT>31.00</TRX_AMOUNT></GLENTRY>"
        for account, side in (("6000", "1"), ("2100", "-1"))
    )
    draft = (
        "<GLBATCH><JOURNAL>GJ</JOURNAL><BATCH_DATE>06/30/2026</BATCH_DATE><BATCH_TITLE>Draft</BATCH_TITLE>"
        f"<STATE>Draft</STATE><ENTRIES>{lines}</ENTRIES></GLBATCH>"
    )
    return f'<function controlid="setup"><create>{draft}{draft}</create></function>'


def two_submitted_bills() -> str:
    """The function that enters, by hand, the bills that are then recalled: 391 and 392."""
    line = (
        "<APBILLITEM><ACCOUNTNO>6000</ACCOUNTNO><TRX_AMOUNT>41.00</TRX_AMOUNT><LOCATIONID>100</LOCATIONID></APBILLITEM>"
    )
    bill = (
        "<APBILL><VENDORID>V001</VENDORID><WHENCREATED>06/30/2026</WHENCREATED><WHENDUE>07/31/2026</WHENDUE>"
        f"<APBILLITEMS>{line}</APBILLITEMS></APBILL>"
    )
    return f'<function controlid="setup"><create>{bill}{bill}</create></function>'


def two_submitted_payments() -> str:
    """The function that enters, by hand, the payments that are then approved: 391 and 392."""
    payments = "".join(
        "<APPYMT><FINANCIALENTITY>BOA</FINANCIALENTITY><PAYMENTMETHOD>EFT</PAYMENTMETHOD>"
        f"<VENDORID>{vendor}</VENDORID><PAYMENTDATE>06/30/2026</PAYMENTDATE><CURRENCY>USD</CURRENCY>"
        f"<APPYMTDETAILS><APPYMTDETAIL><RECORDKEY>{bill}</RECORDKEY><TRX_PAYMENTAMOUNT>51.00</TRX_PAYMENTAMOUNT>"
        "</APPYMTDETAIL></APPYMTDETAILS></APPYMT>"
        for vendor, bill in (("V013", "351"), ("V006", "377"))
    )
    return f'<function controlid="setup"><create>{payments}</create></function>'
