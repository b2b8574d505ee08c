"""Month-end accrual: what vendors billed just after the month's end was received before it, so it belongs to the month.

The DAG waits until such bills are posted and open, books one journal entry for them (each line's expense account
against accrued liabilities, reversing itself on the next day), reads ledger and balances back and checks that exactly
this was booked. Only then it reports the asset event that other DAGs can be scheduled on.

It runs as it stands against the sandbox (`make airflow`); the connection is `intacct_default`. A retry of
`post_accrual`, or clearing it, books nothing twice: Intacct itself refuses the second booking.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from airflow.sdk import Asset, Param, dag, task

from airflow_provider_intacct.operators.query import IntacctQueryOperator
from airflow_provider_intacct.operators.write import IntacctCreateOperator
from airflow_provider_intacct.sensors.record import IntacctRecordSensor

ACCRUED_LIABILITIES = "2100"
JOURNAL_ENTRIES = Asset("intacct://DEMO/GLBATCH")

# Values for the :names in `where` are quoted by the operator; templates are rendered before.
PERIOD_END = {"period_end": "{{ params.period_end }}"}
CUTOFF = {
    **PERIOD_END,
    "cutoff": "{{ macros.ds_add(params.period_end, params.cutoff_days) }}",
    "currency": "{{ params.currency }}",
}


@task
def build_accrual(lines: list[dict[str, Any]], params: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one journal entry: the bills' expenses per entity, account and department, against what is owed."""
    expenses: dict[tuple[str, str, str | None], Decimal] = defaultdict(Decimal)  # money is never a float
    accrued: dict[tuple[str, str, str | None], Decimal] = defaultdict(Decimal)
    for line in lines:
        amount = Decimal(line["AMOUNT"])
        expenses[line["LOCATIONID"], line["ACCOUNTNO"], line["DEPARTMENTID"]] += amount
        accrued[line["LOCATIONID"], ACCRUED_LIABILITIES, None] -= amount
    period_end = date.fromisoformat(params["period_end"])
    entry = {
        "JOURNAL": "GJ",
        "BATCH_DATE": period_end.isoformat(),
        "REVERSEDATE": (period_end + timedelta(days=1)).isoformat(),
        "BATCH_TITLE": f"Accrual of bills dated after {period_end}",
        "REFERENCENO": f"ACCR {period_end} {params['currency']}",
        "ENTRIES": [
            {
                "ACCOUNTNO": account,
                "LOCATION": location,
                "DEPARTMENT": department,
                "CURRENCY": params["currency"],
                "EXCHANGE_RATE": "1",
                "TR_TYPE": 1 if amount > 0 else -1,  # debit or credit; the amount itself carries no sign
                "TRX_AMOUNT": str(abs(amount)),
            }
            for (location, account, department), amount in [*expenses.items(), *accrued.items()]
            if amount
        ],
    }
    return [entry]


@task
def accounts_of(entries: list[dict[str, Any]]) -> list[str]:
    """Return the accounts that the journal entry moves."""
    return sorted({line["ACCOUNTNO"] for entry in entries for line in entry["ENTRIES"]})


@task(outlets=[JOURNAL_ENTRIES])
def check_books(
    entries: list[dict[str, Any]],
    ledger: list[dict[str, Any]],
    balances: list[dict[str, Any]],
    outlet_events: Mapping[Any, Any],
) -> dict[str, Any]:
    """Fail unless the ledger has the entry's lines, once and to the cent, and the balances contain them."""
    wanted = sorted(
        (line["LOCATION"], line["ACCOUNTNO"], line["DEPARTMENT"] or "", line["TR_TYPE"] * Decimal(line["TRX_AMOUNT"]))
        for entry in entries
        for line in entry["ENTRIES"]
    )
    booked = sorted(
        (line["LOCATIONID"], line["ACCOUNTNO"], line["DEPARTMENTID"] or "", Decimal(line["AMOUNT"])) for line in ledger
    )
    if booked != wanted:
        raise ValueError(f"The ledger has {booked}, the accrual is {wanted}")
    credits = {place(row): Decimal(row["TOTCREDIT"]) for row in balances}
    debits = {place(row): Decimal(row["TOTDEBIT"]) for row in balances}
    for location, account, department, amount in booked:
        moved = (debits if amount > 0 else credits).get((location, account, department), Decimal(0))
        if moved < abs(amount):
            raise ValueError(f"Account {account} of entity {location} moved by {moved} only; the accrual is {amount}")
    report = {
        "keys": sorted({line["BATCHKEY"] for line in ledger}),
        "accrued": str(sum(amount for *_, amount in booked if amount > 0)),
        "balances": {" ".join(filter(None, place(row))): row["ENDBAL"] for row in balances},
    }
    outlet_events[JOURNAL_ENTRIES].extra = report
    return report


def place(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row["LOCATIONID"], row["ACCOUNTNO"], row["DEPARTMENTID"] or ""


@dag(
    schedule=None,
    params={
        "period_end": Param("2026-05-31", type="string", format="date", description="Last day of the month to close"),
        "cutoff_days": Param(15, type="integer", minimum=1, description="How many days after it bills still count"),
        "currency": Param("USD", type="string", description="Base currency of the entities to accrue for"),
        "expected_bills": Param(1, type="integer", minimum=1, description="Go on as soon as so many bills are there"),
    },
    default_args={"retries": 2, "retry_delay": timedelta(seconds=5)},
    doc_md=__doc__,
    tags=["intacct", "example"],
)
def intacct_accrual() -> None:
    bills = IntacctRecordSensor(
        task_id="wait_for_bills",
        object="APBILL",
        fields=["RECORDNO", "RECORDID", "VENDORNAME", "WHENCREATED", "TOTALDUE"],
        where="STATE = 'Posted' AND WHENCREATED > :period_end AND WHENCREATED <= :cutoff AND BASECURR = :currency",
        where_params=CUTOFF,
        minimum="{{ params.expected_bills }}",
        deferrable=True,
        poke_interval=10,  # a demonstration is impatient; every poll is billed, so 300 is the default
        timeout=timedelta(hours=12).total_seconds(),
    )
    bill_lines = IntacctQueryOperator(
        task_id="read_open_bills",
        object="APBILLITEM",
        fields=["RECORDKEY", "LINE_NO", "ACCOUNTNO", "LOCATIONID", "DEPARTMENTID", "AMOUNT"],
        where="APBILL.STATE = 'Posted' AND APBILL.BASECURR = :currency "
        "AND APBILL.WHENCREATED > :period_end AND APBILL.WHENCREATED <= :cutoff",
        where_params=CUTOFF,
    )
    entries = build_accrual(bill_lines.output)
    post_accrual = IntacctCreateOperator(
        task_id="post_accrual",
        object="GLBATCH",
        records=entries,
        # Names the business event: another run of this DAG for the same month finds the entry posted, too.
        idempotency_key="accrual {{ params.period_end }} {{ params.currency }}",
    )
    ledger = IntacctQueryOperator(
        task_id="read_ledger",
        object="GLDETAIL",
        fields=["BATCHKEY", "ACCOUNTNO", "LOCATIONID", "DEPARTMENTID", "AMOUNT"],
        where="BATCHKEY = :entry",
        where_params={"entry": "{{ ti.xcom_pull('post_accrual')[0]['key'] }}"},
    )
    period = IntacctQueryOperator(
        task_id="read_period",
        object="REPORTINGPERIOD",
        fields=["NAME"],
        where="START_DATE = :first AND END_DATE = :period_end",
        where_params={**PERIOD_END, "first": "{{ params.period_end[:8] }}01"},
    )
    balances = IntacctQueryOperator(
        task_id="read_balances",
        object="GLACCOUNTBALANCE",
        fields=["ACCOUNTNO", "LOCATIONID", "DEPARTMENTID", "TOTDEBIT", "TOTCREDIT", "ENDBAL"],
        where="PERIOD = :period AND ACCOUNTNO IN :accounts",
        where_params={"period": "{{ ti.xcom_pull('read_period')[0]['NAME'] }}", "accounts": accounts_of(entries)},
        order_by=["ACCOUNTNO", "LOCATIONID", "DEPARTMENTID"],
    )

    bills >> bill_lines
    post_accrual >> [ledger, balances]
    period >> balances
    check_books(entries, ledger.output, balances.output)


intacct_accrual()
