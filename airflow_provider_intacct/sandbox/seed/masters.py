"""Master data of the demo company: entities, calendar, chart of accounts, people, partners, projects, items."""

import calendar
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from airflow_provider_intacct.sandbox.ledger import allocations, masters, orders
from airflow_provider_intacct.sandbox.ledger.books import Books
from airflow_provider_intacct.sandbox.ledger.entities import DAILY_RATE
from airflow_provider_intacct.sandbox.records import insert

from .names import ACCOUNTS, CUSTOMERS, ITEMS, PEOPLE, PROJECTS, VENDORS

IMPORTED = datetime(2025, 3, 14, 9, 26, 53, tzinfo=UTC)
"""The second in which an import brought many items at once."""
NO_CHANGE_SINCE = ("VENDOR", "CUSTOMER", "ITEM", "DEPARTMENT", "GLACCOUNT")
"""Objects with some records that were never changed since they were entered: their WHENMODIFIED is empty."""


def enter(books: Books) -> None:
    """Enter all master data."""
    steps = (
        _users, _currencies, _entities, _calendar, _accounts, _journals, _departments, _classes, _types_and_terms,
        _labels, _vendors, _customers, _employees, _items, _projects, _banks, _channels, _subscriptions,
        _expense_types_and_cards, _transaction_definitions,
    )  # fmt: skip
    for number, step in enumerate(steps):
        step(replace(books, now=books.now + timedelta(hours=number)))
    for name in NO_CHANGE_SINCE:
        books.db.execute(f'UPDATE "{name}" SET "WHENMODIFIED" = NULL, "MODIFIEDBY" = NULL WHERE "RECORDNO" % 7 = 3')


def _create(books: Books, object_name: str, **record: Any) -> int:
    return masters.create(books, books.definition(object_name), record)


def _create_all(books: Books, object_name: str, fields: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> None:
    """Enter rows of one object, ten seconds apart, as someone at a keyboard would."""
    for number, row in enumerate(rows):
        at = replace(books, now=books.now + timedelta(seconds=10 * number))
        _create(at, object_name, **dict(zip(fields, row, strict=True)))


def _users(books: Books) -> None:
    definition = books.definition("USERINFO")
    people = (("etl", "Extract and Load", "T"), ("auditor", "Ada Auditor", "T"), ("west", "Wanda West", "T"),
              ("locked", "Lou Locked", "L"), ("approver", "Ann Approver", "T"),
              ("controller", "Carl Controller", "T"))  # fmt: skip
    for number, (login, name, status) in enumerate(people, start=1):
        key = _create(
            books, "USERINFO", LOGINID=login, DESCRIPTION=name, USERTYPE="B", ADMIN="N", STATUS=status,
            PWDNEVEREXPIRES=True, WEBSERVICESONLY=True, UNRESTRICTED=login != "west",
        )  # fmt: skip
        if key != number:
            raise ValueError(f"{definition.name} {login} has number {key}, the company expects {number}")


def _currencies(books: Books) -> None:
    for code, name, symbol, base in (
        ("USD", "US Dollar", "$", True), ("GBP", "Pound Sterling", "£", False), ("EUR", "Euro", "€", False),
    ):  # fmt: skip
        _create(books, "TRXCURRENCIES", CODE=code, DESCRIPTION=name, SYMBOL=symbol, DECIMALS=2, ISBASE=base)
    pairs = (("GBP", "USD", "1.2500"), ("EUR", "USD", "1.0800"), ("EUR", "GBP", "0.8600"))
    for month in months(date(2025, 1, 1), date(2026, 12, 1)):
        drift = Decimal((month.year * 12 + month.month) * 37 % 101 - 50).scaleb(-4)
        for source, target, start in pairs:
            _create(
                books, "EXCHANGERATE", TYPENAME=DAILY_RATE, FROM_CURRENCY=source, TO_CURRENCY=target,
                EFFECTIVE_DATE=month, EXCHANGE_RATE=Decimal(start) + drift,
            )  # fmt: skip


def _entities(books: Books) -> None:
    for id_, name, currency in (("100", "Demo East", "USD"), ("200", "Demo West", "USD"), ("300", "Demo UK", "GBP")):
        _create(books, "LOCATIONENTITY", LOCATIONID=id_, NAME=name, CURRENCY=currency, FIRSTMONTH=1, WEEKSTART=0)
    fields = ("LOCATIONID", "NAME", "PARENTID")
    rows = (("110", "Boston", "100"), ("120", "New York", "100"), ("210", "Seattle", "200"), ("310", "London", "300"))
    _create_all(books, "LOCATION", fields, iter(rows))


def _calendar(books: Books) -> None:
    for year in (2025, 2026):
        for month in range(1, 13):
            _period(books, f"Month Ended {calendar.month_name[month]} {year}", date(year, month, 1), 1, budgeting=True)
        for month in (1, 4, 7, 10):
            _period(books, f"Quarter Ended {calendar.month_name[month + 2]} {year}", date(year, month, 1), 3)
        _period(books, f"Calendar Year Ended December {year}", date(year, 1, 1), 12)
    definition = books.definition("REPORTINGPERIOD")
    for name in ("Current Month", "Current Quarter", "Current Year", "Prior Month", "Inception To Date"):
        stamps = {"WHENCREATED": books.now, "WHENMODIFIED": books.now, "CREATEDBY": 1, "MODIFIEDBY": 1}
        insert(books.db, definition, {"NAME": name, "BUDGETING": False, "STATUS": "T", **stamps})


def _period(books: Books, name: str, first: date, length: int, *, budgeting: bool = False) -> None:
    last = first.replace(month=first.month + length - 1)
    last = last.replace(day=calendar.monthrange(last.year, last.month)[1])
    _create(books, "REPORTINGPERIOD", NAME=name, START_DATE=first, END_DATE=last, BUDGETING=budgeting)


def _accounts(books: Books) -> None:
    for number, title, normal, closing, category in ACCOUNTS:
        _create(
            books, "GLACCOUNT", ACCOUNTNO=number, TITLE=title, NORMALBALANCE={"debit": "1", "credit": "-1"}[normal],
            ACCOUNTTYPE="incomestatement" if closing else "balancesheet", CLOSINGTYPE="C" if closing else "N",
            CLOSINGACCOUNTNO="3000" if closing else None, CATEGORY=category,
        )  # fmt: skip
    for number, title in (("9000", "Headcount"), ("9100", "Square feet"), ("9200", "Subscriptions")):
        _create(books, "STATACCOUNT", ACCOUNTNO=number, TITLE=title, ACCOUNTTYPE="F")


def _journals(books: Books) -> None:
    titles = {
        "GJ": "General Journal", "APJ": "Accounts Payable Journal", "ARJ": "Accounts Receivable Journal",
        "CDJ": "Cash Disbursements Journal", "CRJ": "Cash Receipts Journal", "SYSJ": "System Journal",
    }  # fmt: skip
    for symbol, title in titles.items():
        _create(books, "GLJOURNAL", SYMBOL=symbol, TITLE=title, ADJ=False, STATISTICAL=False)
    _create(books, "GLJOURNAL", SYMBOL="STJ", TITLE="Statistical Journal", ADJ=False, STATISTICAL=True)


def _departments(books: Books) -> None:
    rows = (
        ("10", "Sales", None), ("11", "Field Sales", "10"), ("20", "Engineering", None), ("30", "Finance", None),
        ("40", "Operations", None), ("50", "Customer Success", None),
    )  # fmt: skip
    _create_all(books, "DEPARTMENT", ("DEPARTMENTID", "TITLE", "PARENTID"), iter(rows))


def _classes(books: Books) -> None:
    rows = (("A", "Hardware", None), ("B", "Software", None), ("B1", "Cloud", "B"), ("C", "Services", None))
    _create_all(books, "CLASS", ("CLASSID", "NAME", "PARENTID"), iter(rows))


def _types_and_terms(books: Books) -> None:
    for name in ("Supplier", "Contractor", "Utility"):
        _create(books, "VENDTYPE", NAME=name)
    for name in ("Enterprise", "Small Business", "Nonprofit"):
        _create(books, "CUSTTYPE", NAME=name)
    after, next_month = "from invoice/bill date", "of next month from invoice/bill date"
    terms = (("N30", "Net 30", 30, after), ("N15", "Net 15", 15, after), ("N60", "Net 60", 60, after),
             ("DUE", "Due on receipt", 0, after), ("EOM10", "10th of next month", 10, next_month))  # fmt: skip
    for object_name in ("APTERM", "ARTERM"):
        for name, description, days, start in terms:
            _create(books, object_name, NAME=name, DESCRIPTION=description, DUEDATE=days, DUEFROM=start)


def _labels(books: Books) -> None:
    for object_name, name, account in (
        ("APACCOUNTLABEL", "Travel Expenses", "6300"), ("APACCOUNTLABEL", "Office Supplies", "6010"),
        ("ARACCOUNTLABEL", "Product Sales", "4000"), ("ARACCOUNTLABEL", "Services", "4020"),
    ):  # fmt: skip
        _create(books, object_name, ACCOUNTLABEL=name, DESCRIPTION=name, GLACCOUNTNO=account)
    entries = [{"LOCATIONID": "100", "VALUE": Decimal(60)}, {"LOCATIONID": "200", "VALUE": Decimal(40)}]
    allocations.create(books, {"ALLOCATIONID": "EAST-WEST", "ALLOCATIONENTRIES": entries})


def _vendors(books: Books) -> None:
    types, terms, ratings = (
        ("Supplier", "Contractor", "Utility"),
        ("N30", "N15", "N60", "EOM10"),
        ("Low", "Medium", "High"),
    )
    for number, (name, entity) in enumerate(VENDORS, start=1):
        at = replace(books, now=books.now + timedelta(minutes=number), entity=entity)
        contact = {
            "DISPLAYCONTACT.EMAIL1": f"billing{number}@vendor.example",
            "DISPLAYCONTACT.MAILADDRESS.CITY": "Boston",
        }
        _create(
            at, "VENDOR", VENDORID=f"V{number:03d}", NAME=name, VENDTYPE=types[number % 3], TERMNAME=terms[number % 4],
            TAXID=f"98-{number * 7919 % 10_000_000:07d}", CREDITLIMIT=Decimal(10_000 * (number % 5 + 1)),
            CURRENCY="GBP" if entity == "300" else "USD", RISK_RATING=ratings[number % 3], APACCOUNT="6000", **contact,
        )  # fmt: skip


def _customers(books: Books) -> None:
    types, terms = ("Enterprise", "Small Business", "Nonprofit"), ("N30", "N15", "N60")
    for number, (name, entity) in enumerate(CUSTOMERS, start=1):
        strategic = None if number < 20 else number % 2 == 0
        at = replace(books, now=books.now + timedelta(minutes=number), entity=entity)
        contact = {"DISPLAYCONTACT.EMAIL1": f"ap{number}@customer.example", "DISPLAYCONTACT.MAILADDRESS.CITY": "Denver"}
        parent = f"C{number - 1:03d}" if number % 10 == 2 else None
        _create(
            at, "CUSTOMER", CUSTOMERID=f"C{number:03d}", NAME=name, CUSTTYPE=types[number % 3], PARENTID=parent,
            TERMNAME=terms[number % 3], CREDITLIMIT=Decimal(25_000 * (number % 4 + 1)), CUST_RATING="ABC"[number % 3],
            CURRENCY="GBP" if entity == "300" else "USD", IS_STRATEGIC=strategic, **contact,
        )  # fmt: skip


def _employees(books: Books) -> None:
    locations = ("100", "200", "300")
    for number, (first, last) in enumerate(PEOPLE, start=1):
        contact = f"{last}, {first}"
        _create(
            books, "CONTACT", CONTACTNAME=contact, PRINTAS=f"{first} {last}", FIRSTNAME=first, LASTNAME=last,
            EMAIL1=f"employee{number}@demo.example",
        )  # fmt: skip
        _create(
            books, "EMPLOYEE", EMPLOYEEID=f"E{number:03d}", TITLE="Analyst", LOCATIONID=locations[number % 3],
            DEPARTMENTID=("10", "20", "30", "40")[number % 4], STARTDATE=date(2020, number, 1),
            SUPERVISORID="E001" if number > 1 else None, **{"PERSONALINFO.CONTACTNAME": contact},
        )  # fmt: skip


def _items(books: Books) -> None:
    for number, (name, kind, price) in enumerate(ITEMS, start=1):
        _create(
            books, "ITEM", ITEMID=f"I{number:03d}", NAME=name, ITEMTYPE=kind, BASEPRICE=Decimal(price), TAXABLE=False
        )
    for number in range(1, 251):
        _create(
            replace(books, now=IMPORTED), "ITEM", ITEMID=f"IMP-{number:04d}", NAME=f"Imported part {number}",
            ITEMTYPE="NI", BASEPRICE=Decimal(number).scaleb(-1), TAXABLE=number % 2 == 0,
        )  # fmt: skip
    for number, (id_, name, location) in enumerate(
        (("W1", "Boston", "110"), ("W2", "Seattle", "210"), ("W3", "London", "310"))
    ):
        at = replace(books, now=books.now + timedelta(minutes=number))
        _create(at, "WAREHOUSE", WAREHOUSEID=id_, NAME=f"{name} warehouse", LOCATIONID=location)


def _projects(books: Books) -> None:
    stages = ("Plan", "Build", "Review")
    for number, (name, category) in enumerate(PROJECTS, start=1):
        id_ = f"P{number:03d}"
        _create(
            books, "PROJECT", PROJECTID=id_, NAME=name, PROJECTCATEGORY=category, CUSTOMERID=f"C{number:03d}",
            MANAGERID=f"E{number % 10 + 1:03d}", BEGINDATE=date(2025, number, 1), BUDGETAMOUNT=Decimal(5_000 * number),
        )  # fmt: skip
        for stage, title in enumerate(stages, start=1):
            _create(books, "TASK", TASKID=f"{id_}-{stage}", NAME=title, PROJECTID=id_, TASKSTATUS="In Progress")


def _banks(books: Books) -> None:
    rows = (("BOA", "1000", "100", "USD", "Bank of the Atlantic"), ("WFB", "1010", "200", "USD", "Western Federal"),
            ("THAMES", "1020", "300", "GBP", "Thames Bank"),
            ("EURO", "1030", "100", "EUR", "Bank of the Atlantic"))  # fmt: skip
    fields = ("BANKACCOUNTID", "GLACCOUNTNO", "LOCATIONID", "CURRENCY", "BANKNAME")
    for number, row in enumerate(rows, start=1):
        _create(books, "CHECKINGACCOUNT", BANKACCOUNTNO=f"00{number}4477", **dict(zip(fields, row, strict=True)))
    savings = ("SAV", "1100", "100", "USD", "Bank of the Atlantic")
    _create(books, "SAVINGSACCOUNT", BANKACCOUNTNO="00990011", **dict(zip(fields, savings, strict=True)))


def _channels(books: Books) -> None:
    for code, name in (("WEB", "Web shop"), ("PAR", "Partners"), ("DIR", "Direct sales"), ("RET", "Retail")):
        _create(books, "CHANNEL", name=name, CODE=code)


def _subscriptions(books: Books) -> None:
    keys = [customer["RECORDNO"] for customer in books.find("CUSTOMER")]
    plans: Mapping[int, tuple[str, str]] = {
        0: ("Starter", "49.00"),
        1: ("Team", "199.00"),
        2: ("Enterprise", "1499.00"),
    }
    for number in range(1, 13):
        plan, fee = plans[number % 3]
        _create(
            books, "SUBSCRIPTION", name=f"{plan} {number:02d}", RCUSTOMER=keys[number - 1], RITEM=number, PLAN=plan,
            RCHANNEL=10_001 + number % 4, SEATS=number * 5, MONTHLY_FEE=Decimal(fee), DISCOUNT=Decimal(number % 3 * 5),
            START_DATE=date(2025, number, 1), RENEWAL_DATE=date(2026, number, 1), AUTO_RENEW=number % 2 == 0,
            ADD_ONS="Support#~#Training" if number % 4 == 0 else None,
        )  # fmt: skip


def _expense_types_and_cards(books: Books) -> None:
    for name, account in (("Travel", "6300"), ("Meals", "6300"), ("Office Supplies", "6010")):
        _create(books, "EEACCOUNTLABEL", ACCOUNTLABEL=name, DESCRIPTION=name, GLACCOUNTNO=account)
    for card, location in (("AMEX", "100"), ("VISA-UK", "300")):
        _create(books, "CREDITCARD", CARDID=card, CARDTYPE=card[:4], LIABACCTNO="2500", LOCATIONID=location)


def _transaction_definitions(books: Books) -> None:
    stamps = {"WHENCREATED": books.now, "WHENMODIFIED": books.now, "CREATEDBY": 1, "MODIFIEDBY": 1}
    for name, definition in orders.DEFINITIONS.items():
        record = {"DOCID": name, "DESCRIPTION": name, "DOCCLASS": definition.kind, "SEQUENCE": definition.prefix}
        target = books.definition(f"{definition.module.object}PARAMS")
        insert(books.db, target, {**record, "STATUS": "T", **stamps})


def months(first: date, last: date) -> Iterator[date]:
    """Yield the first day of each month from `first` to `last`, both included."""
    month = first
    while month <= last:
        yield month
        month = (month + timedelta(days=32)).replace(day=1)
