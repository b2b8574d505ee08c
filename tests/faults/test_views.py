"""The rows of saved views, page by page, against the sandbox, and with a page lost on the way."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from airflow_provider_intacct.client import IntacctClient
from tests.faults.test_reading_through_faults import connected
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def client(sandbox: SandboxProcess) -> Iterator[IntacctClient]:
    with connected(sandbox) as made:
        yield made


def test_a_view_is_read_whole_and_typed(client: IntacctClient) -> None:
    rows = client.view("VENDOR#10001@10001", page_size=5)

    wanted = {row["VENDORID"] for row in client.rows("VENDOR", fields=["VENDORID"], where="STATUS = 'active'")}
    assert {row["VENDORID"] for row in rows} == wanted
    assert len(rows) == len(wanted) > 5


def test_a_view_takes_filters(client: IntacctClient) -> None:
    rows = client.view("APBILL#10003@10001", [("TOTALDUE", "greater than", "500")])

    wanted = client.rows(
        "APBILL", fields=["RECORDNO"], where="TOTALDUE > 500 AND STATE IN ('Posted', 'Partially Paid', 'Selected')"
    )
    assert sorted(row["RECORDNO"] for row in rows) == sorted(row["RECORDNO"] for row in wanted)
    assert all(row["TOTALDUE"] > Decimal(500) for row in rows)


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_page_of_a_view_that_is_lost_loses_no_row(client: IntacctClient, sandbox: SandboxProcess, nth: int) -> None:
    whole = client.view("VENDOR#10001@10001", page_size=5)
    sandbox.fault("reset_after", function="readMore", nth=nth)

    assert client.view("VENDOR#10001@10001", page_size=5) == whole
