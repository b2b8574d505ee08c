"""Trial balance of a period, entity by entity, and the proof that it is the ledger's.

For each entity one task reads the trial balance (it fails if debits and credits differ) and another sums up the ledger
lines of the same days, by account, inside Intacct. `tie_out` holds them against each other to the cent: opening balance
plus the period's lines must be the closing balance, for every account of every entity.

It runs as it stands against the sandbox (`make airflow`).
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from airflow.sdk import Param, dag, task

from airflow_provider_intacct.operators.balances import IntacctTrialBalanceOperator
from airflow_provider_intacct.operators.entities import IntacctEntitiesOperator
from airflow_provider_intacct.operators.query import IntacctQueryOperator


@task
def tie_out(
    entities: list[str], balances: list[dict[str, Any]], movements: list[list[dict[str, Any]]]
) -> dict[str, str]:
    """Return the debits of each entity. Raises ValueError naming the first account that is not what the ledger says."""
    debits = {}
    for entity, balance, lines in zip(entities, balances, movements, strict=True):
        moved = {line["ACCOUNTNO"]: Decimal(line["AMOUNT"]) for line in lines}
        for account in balance["rows"]:
            number = account["glaccountno"]
            by_balance = Decimal(account["endbalance"]) - Decimal(account["startbalance"])
            by_ledger = moved.pop(number, Decimal(0))
            if by_balance != by_ledger:
                raise ValueError(
                    f"Entity {entity}, account {number}: moved by {by_balance}, the ledger has {by_ledger}"
                )
        if left := {number: amount for number, amount in moved.items() if amount}:
            raise ValueError(f"Entity {entity}: the trial balance lacks accounts {left}")
        debits[entity] = str(sum(Decimal(account["debits"]) for account in balance["rows"]))
    return debits


@dag(
    schedule=None,
    params={
        "period": Param("Month Ended May 2026", type="string", description="Reporting period by its name"),
        "first": Param("2026-05-01", type="string", format="date", description="Its first day"),
        "last": Param("2026-05-31", type="string", format="date", description="Its last day"),
    },
    default_args={"retries": 3, "retry_delay": timedelta(minutes=1)},
    doc_md=__doc__,
    tags=["intacct", "example"],
)
def intacct_trial_balance() -> None:
    entities = IntacctEntitiesOperator(task_id="list_entities")
    balances = IntacctTrialBalanceOperator.partial(
        task_id="read_trial_balance",
        period="{{ params.period }}",
        show_zero=True,
        max_active_tis_per_dagrun=1,  # the company allows few calls at a time
    ).expand(entity_id=entities.output)
    movements = IntacctQueryOperator.partial(
        task_id="sum_up_ledger",
        object="GLDETAIL",
        fields=["ACCOUNTNO", "SUM(AMOUNT)"],
        # Statistical accounts hold quantities; a trial balance leaves them out.
        where="ENTRY_DATE >= :first AND ENTRY_DATE <= :last AND STATISTICAL = 'false'",
        where_params={"first": "{{ params.first }}", "last": "{{ params.last }}"},
        max_active_tis_per_dagrun=1,
    ).expand(entity_id=entities.output)
    balances >> movements
    tie_out(entities.output, balances.output, movements.output)


intacct_trial_balance()
