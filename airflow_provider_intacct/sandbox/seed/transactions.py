"""A year and a half of business: opening balances, bills, invoices, payments, payroll, accruals and a few mistakes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from airflow_provider_intacct.sandbox.ledger import documents, journals, masters, payments
from airflow_provider_intacct.sandbox.ledger.books import Books
from airflow_provider_intacct.sandbox.ledger.entities import DAILY_RATE
from airflow_provider_intacct.sandbox.ledger.subledgers import BILL, BILL_PAYMENT, INVOICE, INVOICE_PAYMENT
from airflow_provider_intacct.sandbox.records import Record

from .masters import months
from .names import CUSTOMERS, VENDORS

FIRST_MONTH, LAST_MONTH = date(2025, 1, 1), date(2026, 6, 1)
PAID_BEFORE = date(2026, 4, 1)
"""Documents of earlier months are settled, most of them; later ones are open."""
_EXPENSES = ("6010", "6110", "6300", "6500", "6700", "5010", "5020", "6400", "6600", "6710")
_REVENUES = ("4000", "4010", "4020")
_BANKS = {"100": "BOA", "200": "WFB", "300": "THAMES"}


def enter(books: Books) -> None:
    """Enter everything that happened, in the order of its dates."""
    _opening_balances(at(books, date(2025, 1, 1)))
    for number, month in enumerate(months(FIRST_MONTH, LAST_MONTH)):
        for document in range(6):
            _bill(books, month, number * 6 + document)
            _invoice(books, month, number * 6 + document)
        _payroll(books, month)
        _accrual(books, month)
        _headcount(books, month, number)
        if month.month % 3 == 0:
            _shared_cost(books, month)
    _drafts(books)
    _corrections(books)


def at(books: Books, day: date, hour: int = 17) -> Books:
    """Return the books as someone sees them who works on that day."""
    return replace(books, now=datetime.combine(day, time(hour), UTC))


def amount(number: int, least: int, most: int) -> Decimal:
    """Return an amount in cents' steps between two whole amounts: scattered, but the same for the same number."""
    return Decimal(least * 100 + number * 2_654_435_761 % ((most - least) * 100)).scaleb(-2)


def _opening_balances(books: Books) -> None:
    for entity, bank, cash in (("100", "1000", 750_000), ("200", "1010", 400_000), ("300", "1020", 250_000)):
        lines = [("1500", 120_000), ("1590", -20_000), (bank, cash), ("3100", -100_000), ("3000", -cash)]
        _journal(books, date(2025, 1, 1), f"Opening balances {entity}", [(a, b, entity, None) for a, b in lines])
    _journal(
        books, date(2025, 1, 2), "Move to savings", [("1100", 50_000, "100", None), ("1000", -50_000, "100", None)]
    )


def _journal(books: Books, day: date, title: str, lines: list[tuple[str, Any, str, str | None]], **header: Any) -> int:
    entries = [
        {
            "ACCOUNTNO": account,
            "TR_TYPE": 1 if value > 0 else -1,
            "TRX_AMOUNT": abs(Decimal(value)),
            "LOCATION": location,
            "DEPARTMENT": department,
            "DESCRIPTION": title,
        }
        for account, value, location, department in lines
    ]
    record = {"JOURNAL": "GJ", "BATCH_DATE": day, "BATCH_TITLE": title, "ENTRIES": entries, **header}
    return journals.create(at(books, day), record)


def _place(number: int, owner: str | None) -> str:
    if owner:
        return owner
    return ("100", "200", "110", "300", "210", "100", "120")[number % 7]


def _entity(location: str) -> str:
    return f"{location[0]}00"


def _bill(books: Books, month: date, number: int) -> None:
    party = number * 11 % len(VENDORS)
    owner = VENDORS[party][1]
    location = _place(number, owner)
    day = month + timedelta(days=number * 7 % 27)
    euros = number % 17 == 5 and _entity(location) != "300"
    items = [
        {
            "ACCOUNTNO": _EXPENSES[(number + line) % len(_EXPENSES)],
            "TRX_AMOUNT": amount(number * 31 + line, 40, 4_000),
            "LOCATIONID": location,
            "DEPARTMENTID": ("10", "20", "30", "40", "50")[(number + line) % 5],
            "ENTRYDESCRIPTION": f"Line {line} <of> bill & co",
            "CLASSID": "C" if number % 4 == 0 else None,
            "GLDIMCHANNEL": 10_001 + number % 4 if number % 5 == 0 else None,
        }
        for line in range(1, number % 3 + 2)
    ]
    currency = {"CURRENCY": "EUR", "EXCH_RATE_TYPE_ID": DAILY_RATE} if euros else {}
    key = documents.create(
        replace(at(books, day), entity=owner),
        BILL,
        {
            "VENDORID": f"V{party + 1:03d}",
            "WHENCREATED": day,
            "RECORDID": f"B-{day:%Y%m}-{number:04d}",
            "DESCRIPTION": f"Bill {number}",
            "BILL_SOURCE": ("mail", "portal", None)[number % 3],
            "APBILLITEMS": items,
            **currency,
        },
    )
    _settle(books, "bill", number, key)


def _invoice(books: Books, month: date, number: int) -> None:
    party = number * 13 % len(CUSTOMERS)
    owner = CUSTOMERS[party][1]
    location = _place(number + 3, owner)
    day = month + timedelta(days=number * 5 % 27)
    items = [
        {
            "ACCOUNTNO": _REVENUES[(number + line) % 3],
            "TRX_AMOUNT": amount(number * 53 + line, 300, 9_000),
            "LOCATIONID": location,
            "DEPARTMENTID": "10" if line % 2 else "50",
            "ITEMID": f"I{(number + line) % 12 + 1:03d}",
            "PROJECTID": f"P{number % 8 + 1:03d}" if number % 6 == 0 else None,
        }
        for line in range(1, number % 2 + 2)
    ]
    key = documents.create(
        replace(at(books, day), entity=owner),
        INVOICE,
        {
            "CUSTOMERID": f"C{party + 1:03d}",
            "WHENCREATED": day,
            "RECORDID": f"S-{day:%Y%m}-{number:04d}",
            "DESCRIPTION": f"Invoice {number}",
            "CAMPAIGN": "Spring" if number % 9 == 0 else None,
            "ARINVOICEITEMS": items,
        },
    )
    _settle(books, "invoice", number, key)


def _settle(books: Books, what: str, number: int, key: int) -> None:
    """Pay a document on its due date: in full as a rule, every ninth in part, every thirteenth not at all."""
    kind = BILL_PAYMENT if what == "bill" else INVOICE_PAYMENT
    document = books.first(kind.documents.object, RECORDNO=key) or {}
    if document["WHENCREATED"] >= PAID_BEFORE or number % 13 == 7:
        return
    item = documents.items_of(books, kind.documents, key)[0]
    due: Decimal = document["TRX_TOTALDUE"]
    part = (due / 2).quantize(Decimal("0.01")) if number % 9 == 4 else due
    bank = "EURO" if document["CURRENCY"] == "EUR" else _BANKS[_entity(item["LOCATIONID"])]
    payments.create(
        replace(at(books, document["WHENDUE"], 18), entity=document["MEGAENTITYID"]),
        kind,
        {
            kind.documents.party_field: document[kind.documents.party_field],
            kind.date_field: document["WHENDUE"],
            "PAYMENTMETHOD": ("EFT", "Printed Check")[number % 2] if what == "bill" else "Cash",
            "CURRENCY": document["CURRENCY"],
            "FINANCIALENTITY": bank,
            kind.container: [{"RECORDKEY": key, "TRX_PAYMENTAMOUNT": part}],
        },
    )


def _payroll(books: Books, month: date) -> None:
    day = _last_day(month)
    for number, (entity, bank) in enumerate((("100", "1000"), ("200", "1010"), ("300", "1020"))):
        salaries = [
            (department, amount(month.month * 7 + number + int(department), 4_000, 9_000))
            for department in ("10", "20", "40")
        ]
        taxes = sum((value for _, value in salaries), Decimal(0)) / 10
        taxes = taxes.quantize(Decimal("0.01"))
        lines: list[tuple[str, Any, str, str | None]] = [
            ("6200", value, entity, department) for department, value in salaries
        ]
        lines += [("6210", taxes, entity, "30"), (bank, -taxes, entity, None)]
        lines += [(bank, -sum((value for _, value in salaries), Decimal(0)), entity, None)]
        _journal(books, day, f"Payroll {month:%B %Y} {entity}", lines, REFERENCENO=f"PAY-{month:%Y%m}-{entity}")


def _accrual(books: Books, month: date) -> None:
    """Rent that is billed late: accrued at month end, reversed on the first of the next month."""
    day = _last_day(month)
    lines: list[tuple[str, Any, str, str | None]] = [("6100", 5_000, "100", "40"), ("2100", -5_000, "100", "40")]
    _journal(books, day, f"Accrued rent {month:%B %Y}", lines, REVERSEDATE=day + timedelta(days=1))


def _headcount(books: Books, month: date, number: int) -> None:
    day = _last_day(month)
    entries = [
        {"ACCOUNTNO": "9000", "TR_TYPE": 1, "TRX_AMOUNT": Decimal(count), "LOCATION": entity, "DEPARTMENT": "20"}
        for entity, count in (("100", 12 + number), ("200", 7), ("300", 5))
    ]
    record = {"JOURNAL": "STJ", "BATCH_DATE": day, "BATCH_TITLE": f"Headcount {month:%B %Y}", "ENTRIES": entries}
    journals.create(at(books, day), record)


def _shared_cost(books: Books, month: date) -> None:
    """Insurance that East pays for West too: an inter-entity entry."""
    lines: list[tuple[str, Any, str, str | None]] = [
        ("6600", 900, "100", "30"), ("6600", 600, "200", "30"), ("1000", -1_500, "100", None),
    ]  # fmt: skip
    _journal(books, _last_day(month), f"Insurance {month:%B %Y}", lines, BASELOCATION_NO="100")


def _drafts(books: Books) -> None:
    day = date(2026, 6, 15)
    item = {"ACCOUNTNO": "6000", "TRX_AMOUNT": Decimal("77.70"), "LOCATIONID": "100"}
    bill = {"VENDORID": "V001", "WHENCREATED": day, "RECORDID": "B-DRAFT-1", "ACTION": "Draft", "APBILLITEMS": [item]}
    documents.create(at(books, day), BILL, bill)
    lines: list[tuple[str, Any, str, str | None]] = [("6500", 10, "100", None), ("2100", -10, "100", None)]
    _journal(books, day, "Accrual to be reviewed", lines, STATE="I")


def _corrections(books: Books) -> None:
    """What went wrong and was put right: a reversed bill, a voided payment, records deleted again."""
    day = date(2026, 5, 20)
    twice = {"ACCOUNTNO": "6010", "TRX_AMOUNT": Decimal("412.34"), "LOCATIONID": "200", "DEPARTMENTID": "40"}
    bill = {"VENDORID": "V002", "WHENCREATED": day, "RECORDID": "B-TWICE", "APBILLITEMS": [twice]}
    wrong = documents.create(at(books, day), BILL, bill)
    documents.reverse(at(books, day, 19), BILL, books.first("APBILL", RECORDNO=wrong) or {}, day, "Entered twice")
    paid = documents.create(at(books, day), BILL, {**bill, "VENDORID": "V007", "RECORDID": "B-VOIDED"})
    payment = payments.create(
        at(books, day, 18),
        BILL_PAYMENT,
        {
            "VENDORID": "V007", "PAYMENTDATE": day, "PAYMENTMETHOD": "EFT", "CURRENCY": "USD", "FINANCIALENTITY": "WFB",
            "APPYMTDETAILS": [{"RECORDKEY": paid, "TRX_PAYMENTAMOUNT": Decimal("412.34")}],
        },
    )  # fmt: skip
    current = books.first("APPYMT", RECORDNO=payment) or {}
    payments.void(at(books, day, 20), BILL_PAYMENT, current, day + timedelta(days=1), "Bank details wrong")
    for number in range(3):
        gone = documents.create(at(books, day), BILL, {**bill, "RECORDID": f"B-GONE-{number}"})
        documents.delete(at(books, day, 21), BILL, books.first("APBILL", RECORDNO=gone) or {})
    for record in _short_lived(books, day):
        definition = books.definition("VENDOR")
        masters.delete(at(books, day, 22), definition, record)


def _short_lived(books: Books, day: date) -> Iterator[Record]:
    definition = books.definition("VENDOR")
    for number in range(2):
        key = masters.create(at(books, day), definition, {"VENDORID": f"TEMP{number}", "NAME": f"Temporary {number}"})
        yield books.first("VENDOR", RECORDNO=key) or {}


def _last_day(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)
