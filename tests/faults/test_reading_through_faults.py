"""The client against a company that misbehaves: every row comes once, the sign-in is right, and the bill is known."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from airflow_provider_intacct.client import AsyncIntacctClient, Credentials, IntacctClient
from airflow_provider_intacct.client import errors as e
from airflow_provider_intacct.client.retry import RetryPolicy
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.client.xml.session import SessionPool
from tests.sandbox_process import SandboxProcess

QUICK = RetryPolicy(first_wait=0.02, longest_wait=0.1)


def credentials(sandbox: SandboxProcess, **changes: str | None) -> Credentials:
    etl = {
        "company_id": "DEMO", "user_id": "etl", "password": "etl-Secret-9Kd", "sender_id": "SANDBOX",
        "sender_password": "sender-Secret-7Qf", "endpoint": sandbox.endpoint,
    }  # fmt: skip
    return Credentials(**{**etl, **changes})  # type: ignore[arg-type]


def connected(sandbox: SandboxProcess, **changes: str | None) -> IntacctClient:
    return IntacctClient(credentials(sandbox, **changes), pool=SessionPool(), retry=QUICK, timeout=5, page_size=300)


@pytest.fixture
def client(sandbox: SandboxProcess) -> Iterator[IntacctClient]:
    with connected(sandbox) as made:
        yield made


def numbers(client: IntacctClient, **options: Any) -> list[int]:
    return [row["RECORDNO"] for row in client.rows("GLDETAIL", fields=["RECORDNO", "AMOUNT"], **options)]


def test_every_row_comes_once_in_every_format(sandbox: SandboxProcess, client: IntacctClient) -> None:
    rows = numbers(client)
    assert len(rows) > 500
    assert rows == sorted(set(rows))
    assert numbers(client, returnformat="xml", page_size=2000) == rows
    assert numbers(client, returnformat="csv") == rows
    assert numbers(client, order_by="AMOUNT DESC", page_size=300) != rows
    assert sorted(numbers(client, order_by="AMOUNT DESC", page_size=300)) == rows


@pytest.mark.parametrize(
    "fault",
    ["http_429", "http_503", "http_524", "gw_html", "reset_before", "reset_after", "expired_session", "truncated",
     "throttled_text"],
)  # fmt: skip
def test_no_fault_between_pages_costs_or_doubles_a_row(
    sandbox: SandboxProcess, client: IntacctClient, fault: str
) -> None:
    whole = numbers(client)
    sandbox.fault(fault, "query", nth=2)
    sandbox.fault(fault, "query", nth=5)
    assert numbers(client) == whole


def test_a_restart_between_pages_costs_no_row(fresh_sandbox: SandboxProcess) -> None:
    with connected(fresh_sandbox) as client:
        whole = numbers(client)
        rows = client.rows("GLDETAIL", fields=["RECORDNO"], page_size=300)
        begun = [next(rows)["RECORDNO"] for _ in range(150)]
        fresh_sandbox.kill()
        fresh_sandbox.restart()
        assert begun + [row["RECORDNO"] for row in rows] == whole


def test_the_client_knows_the_bill(sandbox: SandboxProcess, client: IntacctClient) -> None:
    before = sandbox.transactions()
    numbers(client)
    client.call(functions.get_dimensions())
    two = [{"VENDORID": f"BILL-{each}", "NAME": f"Bill {each}"} for each in (1, 2)]
    client.call(functions.create("VENDOR", two))
    assert client.transactions_used == sandbox.transactions() - before


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"password": "wrong-Secret"}, e.SignInError),
        ({"company_id": "ELSEWHERE"}, e.SignInError),
        ({"user_id": "locked", "password": "locked-Secret-3Tz"}, e.LockedOutError),
        ({"sender_password": "wrong-Secret"}, e.SenderError),
        ({"sender_id": "STRANGER", "sender_password": "stranger-Secret-4Rt"}, e.SenderNotAuthorisedError),
        ({"entity_id": "999"}, e.SignInError),
    ],
)
def test_a_refused_sign_in_is_told_apart(
    sandbox: SandboxProcess, changes: dict[str, str], kind: type[e.GatewayError]
) -> None:
    with connected(sandbox, **changes) as client, pytest.raises(e.GatewayError) as caught:
        client.call(functions.get_dimensions())
    assert type(caught.value) is kind
    assert "Secret" not in str(caught.value)


def test_many_tasks_with_a_wrong_password_do_not_lock_the_user(sandbox: SandboxProcess) -> None:
    pool = SessionPool()
    refused: list[type[e.IntacctError]] = []

    def work() -> None:
        with IntacctClient(credentials(sandbox, password="wrong-Secret"), pool=pool) as client:
            try:
                client.call(functions.get_dimensions())
            except e.IntacctError as error:
                refused.append(type(error))

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == [e.SignInError] * 20
    with connected(sandbox) as client:
        assert client.session.user_id == "etl"


def test_a_session_that_ran_out_overnight_is_renewed(sandbox: SandboxProcess, client: IntacctClient) -> None:
    first = client.session.session_id
    sandbox.advance(48 * 3600)
    assert client.call(functions.get_dimensions()).ok
    assert client.session.session_id != first


def test_an_entity_sees_its_own_records(sandbox: SandboxProcess, client: IntacctClient) -> None:
    with connected(sandbox, entity_id="200") as west:
        assert west.session.entity_id == "200"
        own = numbers(west)
    everything = numbers(client)
    assert set(own) < set(everything)


def test_coroutines_read_side_by_side(sandbox: SandboxProcess, client: IntacctClient) -> None:
    whole = numbers(client)

    async def main() -> list[list[int]]:
        async with AsyncIntacctClient(credentials(sandbox), pool=SessionPool(), retry=QUICK, page_size=400) as other:

            async def read() -> list[int]:
                return [row["RECORDNO"] async for row in other.rows("GLDETAIL", fields=["RECORDNO"])]

            return await asyncio.gather(read(), read(), read())

    assert asyncio.run(main()) == [whole] * 3
