"""A small company for the tests of reading: records put straight into the store, functions called without a socket.

Bypasses envelope, dispatch and ledger on purpose: what is tested is what a function answers for records it is given.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
from lxml import etree

from airflow_provider_intacct.sandbox import records
from airflow_provider_intacct.sandbox.catalog import Catalog
from airflow_provider_intacct.sandbox.clock import Clock
from airflow_provider_intacct.sandbox.company import Company
from airflow_provider_intacct.sandbox.gateway.calls import FUNCTIONS, Call
from airflow_provider_intacct.sandbox.gateway.reading import audit_trail as _audit_trail
from airflow_provider_intacct.sandbox.gateway.reading import legacy as _legacy
from airflow_provider_intacct.sandbox.gateway.reading import lookup as _lookup
from airflow_provider_intacct.sandbox.gateway.reading import query as _query
from airflow_provider_intacct.sandbox.gateway.reading import read as _read
from airflow_provider_intacct.sandbox.gateway.reading import read_by_query as _read_by_query
from airflow_provider_intacct.sandbox.gateway.results import (
    BodyResult,
    DataResult,
    FunctionError,
    ListResult,
    Node,
    Result,
)
from airflow_provider_intacct.sandbox.gateway.sessions import Session
from airflow_provider_intacct.sandbox.store import Store
from airflow_provider_intacct.sandbox.switches import Switches

REGISTERED = (_audit_trail, _legacy, _lookup, _query, _read, _read_by_query)
SUMMER = datetime(2026, 7, 1, 12, 0, 0, tzinfo=UTC)
WINTER = datetime(2026, 1, 15, 12, 0, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Answer:
    """A function's result, in plain values."""

    result: Result

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The records: plain dictionaries, nested where the reply nests."""
        if isinstance(self.result, BodyResult):
            return list(orjson.loads(self.result.body))
        assert isinstance(self.result, DataResult | ListResult)
        return [plain(node) for node in self.result.nodes]

    @property
    def elements(self) -> list[str]:
        """The element names of the records."""
        assert isinstance(self.result, DataResult | ListResult)
        return [node.name for node in self.result.nodes]

    @property
    def counts(self) -> dict[str, Any]:
        """The attributes of data after listtype."""
        assert isinstance(self.result, DataResult)
        return dict(self.result.counts)

    @property
    def list_type(self) -> str | None:
        """The listtype attribute of data."""
        assert isinstance(self.result, DataResult)
        return self.result.list_type

    @property
    def text(self) -> str:
        """A body without envelope."""
        assert isinstance(self.result, BodyResult)
        return self.result.body.decode()

    def column(self, name: str) -> list[Any]:
        """One field of every record."""
        return [row[name] for row in self.rows]


def plain(node: Node) -> Any:
    """Return a node's content as dictionaries, lists and texts."""
    return _content(node.content)


def _content(content: Any) -> Any:
    if content is None or isinstance(content, str):
        return content or ""
    if isinstance(content, dict):
        return {name: _content(value) for name, value in content.items()}
    return [(node.name, plain(node)) for node in content]


class ReadingCompany:
    """A company on disk, and calls of its functions."""

    def __init__(self, path: Path) -> None:
        catalog = Catalog.load()
        self.company = Company(Store(path, catalog), catalog, Clock(), Switches())

    def put(self, object_name: str, **values: Any) -> int:
        """Store one record and return its key. Dotted field names: double underscore for the dot."""
        with self.company.store.write() as db:
            return records.insert(
                db, self.company.catalog[object_name], {name.replace("__", "."): v for name, v in values.items()}
            )

    def ask(self, xml: str, *, user: str = "etl", entity: str | None = None) -> Answer:
        """Run one function and return its answer; a refusal is raised."""
        with self.call(xml, user=user, entity=entity) as call:
            return Answer(FUNCTIONS[call.name].run(call))

    def refusal(self, xml: str, *, user: str = "etl", entity: str | None = None) -> tuple[str | None, str]:
        """Run one function that is refused and return errorno and text of the first entry."""
        try:
            answer = self.ask(xml, user=user, entity=entity)
        except FunctionError as error:
            return error.entries[0].errorno, error.entries[0].description2
        raise AssertionError(f"was answered: {answer}")

    def query(self, object_name: str, fields: str, filter_: str = "", *, more: str = "", **who: Any) -> Answer:
        """Query fields (separated by blanks) with the inside of a filter and further elements."""
        select = "".join(f if f.startswith("<") else f"<field>{f}</field>" for f in fields.split())
        where = f"<filter>{filter_}</filter>" if filter_ else ""
        return self.ask(f"<query><object>{object_name}</object><select>{select}</select>{where}{more}</query>", **who)

    @contextmanager
    def call(self, xml: str, *, user: str, entity: str | None) -> Iterator[Call]:
        """Give a call of a signed-in user; the same user and entity share a session."""
        now = self.company.clock.now()
        session = Session(f"session-{user}-{entity}", user, "SANDBOX", entity, now, now + timedelta(hours=1))
        with self.company.store.read() as db:
            yield Call(etree.fromstring(xml), "f1", self.company, session, db)

    def sql(self) -> sqlite3.Connection:
        """Return a connection of its own to look into the store."""
        return sqlite3.connect(self.company.store.path)

    def close(self) -> None:
        """Close the store."""
        self.company.store.close()


def fill(company: ReadingCompany) -> None:
    """Put in the records that the tests of reading share."""
    for id_, name, currency in (("100", "Demo East", "USD"), ("200", "Demo West", "USD"), ("300", "Demo UK", "GBP")):
        company.put("LOCATIONENTITY", LOCATIONID=id_, NAME=name, CURRENCY=currency, STATUS="T")
    company.put("LOCATION", LOCATIONID="210", NAME="West warehouse", PARENTID="200", ENTITY="200", STATUS="T")
    company.put("DEPARTMENT", DEPARTMENTID="SALES", TITLE="Sales", STATUS="T")
    for number, title in (("2000", "Accounts payable"), ("6000", "Rent"), ("6100", "Travel")):
        company.put("GLACCOUNT", ACCOUNTNO=number, TITLE=title, ACCOUNTTYPE="incomestatement", STATUS="T")
    for name, city in (("Acme", "Portland"), ("Beta", "Basel")):
        company.put("CONTACT", CONTACTNAME=name, PRINTAS=name, EMAIL1=f"{name}@example.com", MAILADDRESS__CITY=city)
    company.put("APTERM", NAME="N30", TERMVALUE="::#30#:O:", DUEDATE=30, STATUS="T")
    vendors = (
        ("V1", "Acme Supply", "Acme", Decimal("1000"), WINTER, None),
        ("V2", "beta works", "Beta", None, SUMMER, None),
        ("V3", "Gamma's & Sons", None, Decimal("5.5"), SUMMER, "200"),
    )
    for id_, name, contact, limit, changed, entity in vendors:
        company.put(
            "VENDOR", VENDORID=id_, NAME=name, STATUS="T", CREDITLIMIT=limit, DISPLAYCONTACT__CONTACTNAME=contact,
            TERMNAME="N30", WHENMODIFIED=changed, WHENCREATED=WINTER, ONETIME=id_ == "V2", MEGAENTITYID=entity,
        )  # fmt: skip
    bills = (
        ("B-1", "V1", "A", Decimal("100.10"), Decimal("0"), date(2026, 1, 10), None),
        ("B-2", "V1", "P", Decimal("50"), Decimal("50"), date(2026, 2, 10), None),
        ("B-3", "V2", "D", Decimal("37.97"), Decimal("0"), date(2026, 3, 10), None),
        ("B-4", "V3", "A", Decimal("1000.00"), Decimal("250"), date(2026, 4, 10), "200"),
    )
    for number, vendor, state, total, paid, day, entity in bills:
        key = company.put(
            "APBILL", RECORDID=number, VENDORID=vendor, STATE=state, TOTALENTERED=total, TOTALPAID=paid,
            TOTALDUE=total - paid, WHENCREATED=day, WHENMODIFIED=SUMMER, MEGAENTITYID=entity, RECORDTYPE="pi",
        )  # fmt: skip
        company.put(
            "APBILLITEM", RECORDKEY=key, LINE_NO=1, ACCOUNTNO="6000", AMOUNT=total, TRX_AMOUNT=total,
            LOCATIONID="210" if entity else "100", DEPARTMENTID="SALES",
        )  # fmt: skip
