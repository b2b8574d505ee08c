"""The company as these tests see it: a client with little patience, what to post, and what the books then hold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from airflow_provider_intacct.client import Credentials, IntacctClient
from airflow_provider_intacct.client.posting import Outcome, Posting, Scope, prepare
from airflow_provider_intacct.client.retry import RetryPolicy
from airflow_provider_intacct.client.where import Condition, field
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.client.xml.session import SessionPool
from tests.sandbox_process import SandboxProcess

TASK = Scope("DEMO", "close", "scheduled__2026-03-31", "post")
HURRIED = RetryPolicy(
    first_wait=0.01, longest_wait=0.05, attempts=3, attempts_after_lost_reply=3, attempts_while_in_process=40
)


ZONE = "America/Los_Angeles"
"""The zone of the user etl, by name: of its offset alone autumn could not be told."""


def sign_in(sandbox: SandboxProcess, *, timeout: float = 30.0, retry: RetryPolicy = HURRIED) -> IntacctClient:
    """A client as a new worker process would have: without a session, and quick to give up."""
    credentials = Credentials(
        "DEMO", "etl", "etl-Secret-9Kd", "SANDBOX", "sender-Secret-7Qf", endpoint=sandbox.endpoint
    )
    return IntacctClient(credentials, timeout=timeout, retry=retry, pool=SessionPool(), time_zone=ZONE)


@dataclass(frozen=True)
class Work:
    """Some records to post: how they are made and where they are found."""

    name: str
    object: str
    function: str
    make: Callable[[], list[dict[str, Any]]]

    def postings(self, *, scope: Scope = TASK, **options: Any) -> list[Posting]:
        """The records, as one try of the task brings them."""
        object_name = self.object if self.function == "create" else None
        return prepare(self.make(), scope=scope, object_name=object_name, function=self.function, **options)


def entry(title: str = "Accrual", amount: str = "100.00", **more: Any) -> dict[str, Any]:
    lines = [
        {"ACCOUNTNO": "6000", "LOCATION": "100", "TR_TYPE": "1", "TRX_AMOUNT": Decimal(amount)},
        {"ACCOUNTNO": "2100", "LOCATION": "100", "TR_TYPE": "-1", "TRX_AMOUNT": Decimal(amount)},
    ]
    return {"JOURNAL": "GJ", "BATCH_DATE": "2026-03-31", "BATCH_TITLE": title, "ENTRIES": lines, **more}


def bill(vendor: str, number: str | None = None, amount: str = "50.00") -> dict[str, Any]:
    numbered = {"billno": number} if number else {}
    return {
        "vendorid": vendor,
        "datecreated": "2026-03-02",
        "datedue": "2026-03-31",
        **numbered,
        "description": "Rent",
        "billitems": [{"glaccountno": "6000", "amount": Decimal(amount), "locationid": "100"}],
    }


def legacy_entry(number: str | None = None) -> dict[str, Any]:
    lines = [
        {"trtype": side, "amount": Decimal("3.00"), "glaccountno": account, "memo": "Legacy", "locationid": "100"}
        for side, account in (("debit", "6000"), ("credit", "2100"))
    ]
    numbered = {"referenceno": number} if number else {}
    header = {"journalid": "GJ", "datecreated": "2026-03-31", "description": "Accrual", **numbered}
    return {**header, "gltransactionentries": lines}


def generic_bill(number: str | None = None, amount: str = "5.00") -> dict[str, Any]:
    numbered = {"RECORDID": number} if number else {}
    lines = [{"ACCOUNTNO": "6000", "TRX_AMOUNT": Decimal(amount), "LOCATIONID": "100", "ENTRYDESCRIPTION": "Rent"}]
    dates = {"WHENCREATED": "2026-03-01", "WHENDUE": "2026-03-31"}
    return {"VENDORID": "V001", **numbered, **dates, "DESCRIPTION": "Rent", "APBILLITEMS": lines}


def invoice(customer: str, number: str) -> dict[str, Any]:
    return {
        "customerid": customer,
        "datecreated": "2026-03-02",
        "datedue": "2026-03-31",
        "invoiceno": number,
        "invoiceitems": [{"glaccountno": "4000", "amount": Decimal("75.00"), "locationid": "100"}],
    }


WORK = [
    Work("a journal entry", "GLBATCH", "create", lambda: [entry()]),
    Work("numbered entries", "GLBATCH", "create", lambda: [entry(REFERENCENO=f"R-{n}") for n in range(3)]),
    Work("equal entries", "GLBATCH", "create", lambda: [entry(), entry(), entry(amount="7.50")]),
    Work("a bill without a number", "APBILL", "create_bill", lambda: [bill("V001")]),
    Work("numbered bills", "APBILL", "create_bill", lambda: [bill("V001", f"B-{n}") for n in range(2)]),
    Work("an invoice", "ARINVOICE", "create_invoice", lambda: [invoice("C001", "INV-TEST-1")]),
    Work("vendors", "VENDOR", "create", lambda: [{"VENDORID": f"V-T{n}", "NAME": f"Test {n}"} for n in range(2)]),
]

MORE_WORK = [
    Work("a legacy entry", "GLBATCH", "create_gltransaction", lambda: [legacy_entry()]),
    Work("a numbered legacy entry", "GLBATCH", "create_gltransaction", lambda: [legacy_entry("R-77")]),
    Work("bills", "APBILL", "create", lambda: [generic_bill(), generic_bill("B-9"), generic_bill(amount="6.00")]),
    Work(
        "a customer with a contact",
        "CUSTOMER",
        "create",
        lambda: [
            {
                "CUSTOMERID": "C-T",
                "NAME": "Ada",
                "DISPLAYCONTACT": {"PRINTAS": "Ada", "EMAIL1": "ada@example.com"},
                "CREDITLIMIT": Decimal("1000.50"),
                "ONHOLD": False,
            }
        ],
    ),
]


class Books:
    """What has been added to an object since this was made."""

    def __init__(self, client: IntacctClient, object_name: str) -> None:
        self._client = client
        self._object = object_name
        self._last = max(self._keys(), key=int, default="0")

    def added(self) -> list[str]:
        """The record numbers that came since, in order."""
        return sorted(self._keys(field("RECORDNO") > self._last), key=int)

    def _keys(self, where: Condition | None = None) -> list[str]:
        query = functions.query(self._object, ["RECORDNO"], where=where, show_private=True)
        return [record.record_number for record in self._client.call(query).records]


def keys(outcomes: Sequence[Outcome]) -> list[str]:
    """The keys that the outcomes tell, in the order of the books."""
    return sorted((outcome.key for outcome in outcomes), key=int)
