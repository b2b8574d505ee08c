"""The example DAGs that write, each run by Airflow itself; what they booked ties out in the ledger, once."""

import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_intacct.client import IntacctClient
from tests.airflow.databases import *  # noqa: F403 - fixtures
from tests.airflow.test_dag_run import xcoms
from tests.airflow.test_example_dags import RunExample, run_example
from tests.sandbox_process import SandboxProcess

__all__ = ["run_example"]


def booked(company: IntacctClient, where: str) -> Decimal:
    """The sum of the ledger lines that `where` admits."""
    return sum((row["AMOUNT"] for row in company.rows("GLDETAIL", fields=["AMOUNT"], where=where)), Decimal(0))


def test_bills_of_a_file_are_posted_and_what_was_refused_is_mended_and_fed_back(
    run_example: RunExample, company: IntacctClient, tmp_path: Path
) -> None:
    for _ in range(2):  # a second run finds everything posted
        ran = run_example("intacct_ap_load", run_conf={"results": tmp_path.as_uri()})
    told = xcoms(ran)
    assert told["tie_out"] == [
        {
            "AP-2026-0601": "200.00",
            "AP-2026-0602": "18.25",
            "AP-2026-0603": "960.00",
            "AP-2026-0604": "1310.77",
            "AP-2026-0605": "91.97",
        }
    ]
    [load], [fed] = told["load_bills"], told["feed_back"]
    assert (load["posted"], load["already_posted"], load["rejected"] + load["refused"]) == (0, 3, 2)
    assert (fed["posted"], fed["already_posted"]) == (0, 2)
    where = "RECORDTYPE = 'pi' AND RECORDID LIKE 'AP-2026-06%'"
    assert booked(company, where) == 0
    assert booked(company, f"{where} AND TR_TYPE = 1") == Decimal("2580.99")


@pytest.fixture
def approver(sandbox: SandboxProcess) -> Iterator[None]:
    """A person who approves every payment that waits, after the DAG has begun to wait."""
    sandbox.control("/sandbox/switches", {"approval_appymt": 1})
    stop = threading.Event()

    def approve() -> None:
        while not stop.wait(0.2):
            for waiting in sandbox.control("/sandbox/approvals"):
                sandbox.control("/sandbox/approve", {"object": waiting["object"], "key": waiting["key"]})

    person = threading.Thread(target=approve)
    person.start()
    yield
    stop.set()
    person.join()
    sandbox.control("/sandbox/switches", {"approval_appymt": 0})


def test_a_payment_run_waits_for_approval_and_pays_each_bill_once(
    run_example: RunExample, company: IntacctClient, approver: None
) -> None:
    [told] = xcoms(run_example("intacct_payment_run"))["tie_out"]
    assert int(told["payments"]) == 2
    assert booked(company, "RECORDTYPE = 'pp' AND PRDESCRIPTION = 'Payment run 2026-06-30' AND ACCOUNTNO = '1000'") == (
        -Decimal(told["paid"])
    )


def test_orders_of_a_database_become_invoices_once(
    run_example: RunExample, company: IntacctClient, database: Any, tmp_path: Path
) -> None:
    database.query(
        "CREATE TABLE orders (invoice TEXT, line INT, customer TEXT, invoiced TEXT, due TEXT, account TEXT, "
        "location TEXT, amount NUMERIC(12, 2), item TEXT)"
    )
    for invoice, line, amount in (("O-1", 1, "100.10"), ("O-1", 2, "0.20"), ("O-2", 1, "5.55")):
        database.query(
            "INSERT INTO orders VALUES (%s, %s, 'C001', '2026-06-02', '2026-07-02', '4000', '100', %s, 'Thing')",
            invoice,
            line,
            amount,
        )
    for _ in range(2):
        ran = run_example("intacct_ar_invoices", run_conf={"results": tmp_path.as_uri()})
    told = xcoms(ran)
    assert {name: Decimal(total) for name, total in told["tie_out"][0].items()} == {
        "O-1": Decimal("100.30"),
        "O-2": Decimal("5.55"),
    }
    [load] = told["post_invoices"]
    assert (load["posted"], load["already_posted"]) == (0, 2)
    assert booked(company, "RECORDTYPE = 'ri' AND PRDESCRIPTION = 'Orders' AND TR_TYPE = -1") == Decimal("-105.85")


def test_vendors_are_created_updated_or_left_alone(
    run_example: RunExample, company: IntacctClient, sandbox: SandboxProcess
) -> None:
    [terms] = [row["TERMNAME"] for row in company.rows("VENDOR", fields=["TERMNAME"], where="VENDORID = 'V002'")]
    ran = run_example("intacct_vendor_upsert")
    assert xcoms(ran)["tie_out"] == [3]
    acts = [(outcome["act"], outcome["status"]) for outcome in xcoms(ran)["upsert_vendors"][0]]
    assert acts == [("update", "posted"), ("upsert", "already_posted"), ("create", "posted")]
    [left] = [row["TERMNAME"] for row in company.rows("VENDOR", fields=["TERMNAME"], where="VENDORID = 'V002'")]
    assert left == terms

    sandbox.control("/sandbox/log", method="DELETE")
    again = run_example("intacct_vendor_upsert")
    assert {outcome["status"] for outcome in xcoms(again)["upsert_vendors"][0]} == {"already_posted"}
    assert {call["function"] for call in sandbox.control("/sandbox/log")} <= {
        "query",
        "read",
        "lookup",
        "getAPISession",
    }
