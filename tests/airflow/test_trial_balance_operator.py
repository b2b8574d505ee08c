"""IntacctTrialBalanceOperator against the sandbox: exact, per entity, and red when debits and credits differ."""

import json
from decimal import Decimal
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_intacct.client import IntacctClient
from airflow_provider_intacct.client.xml.balances import Totals, TrialBalance
from airflow_provider_intacct.operators import IntacctTrialBalanceOperator
from tests.airflow.conftest import Connect
from tests.airflow.running import context

MARCH = "Month Ended March 2026"


def read(**arguments: Any) -> dict[str, Any]:
    return IntacctTrialBalanceOperator(task_id="task", **{"period": MARCH, **arguments}).execute(context())


@pytest.fixture(autouse=True)
def company(connect: Connect) -> None:
    connect()


def test_a_trial_balance_is_json_and_ties_out() -> None:
    balance = read(location_id="100")
    assert json.loads(json.dumps(balance)) == balance
    assert balance["ties_out"] is True
    (total,) = balance["totals"]
    assert (total["currency"], total["book"]) == ("USD", "ACCRUAL")
    assert Decimal(total["difference"]) == 0
    assert sum(Decimal(row["debits"]) + Decimal(row["adjdebits"]) for row in balance["rows"]) == Decimal(
        total["debits"]
    )


@pytest.mark.parametrize("entity", ["100", "200", "300"])
def test_every_entity_has_its_own(entity: str) -> None:
    balance = read(entity_id=entity)
    assert balance["ties_out"]
    assert balance["rows"]


def test_days_as_templates_render_them_serve_as_well_as_a_period() -> None:
    assert read(period="", start="2026-03-01", end="2026-03-31", location_id="100") == read(location_id="100")


def test_details_by_department_add_up() -> None:
    detailed = read(location_id="100", by_department=True)
    assert len(detailed["rows"]) > len(read(location_id="100")["rows"])
    assert detailed["ties_out"]


def uneven(monkeypatch: pytest.MonkeyPatch) -> None:
    """Intacct's books balance, and so do the sandbox's: only made-up ones do not."""
    totals = {("ACCRUAL", "USD"): Totals(Decimal("10.01"), Decimal("10.00"))}
    monkeypatch.setattr(IntacctClient, "trial_balance", lambda *_, **__: TrialBalance([], totals))


def test_one_that_does_not_tie_out_fails_for_good_and_says_by_how_much(monkeypatch: pytest.MonkeyPatch) -> None:
    uneven(monkeypatch)
    with pytest.raises(AirflowFailException, match=r"differ by 0\.01 USD in book ACCRUAL"):
        read()


@pytest.mark.parametrize(
    "arguments", [{"must_tie": False}, {"statistical": "include"}, {"dimensions": {"departmentid": "10"}}]
)
def test_where_one_side_is_asked_for_it_need_not_tie_out(
    arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    uneven(monkeypatch)
    assert read(**arguments)["ties_out"] is False


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, "location"),
        ({"period": None}, "its first and last day"),
        ({"start": "2026-01-01"}, "not both"),
        ({"dimensions": {"galaxy": "1"}}, "is no dimension"),
        ({"location_id": "100", "max_rows": 3}, "rows, and an XCom is kept"),
    ],
)
def test_what_another_try_cannot_mend_fails_for_good(arguments: dict[str, Any], expected: str) -> None:
    with pytest.raises(AirflowFailException, match=f"(?i){expected}"):
        read(**arguments)
