"""Payment run: pay what is due to some vendors, wait until a person has approved the payments, then tie out.

The payments are submitted with one call. Where the company wants them approved, `pay` says in its log whom they wait
for, gives its worker back and goes on when all are posted; a payment that is declined fails it at once. Clearing `pay`
pays nothing twice: the day and the bank name the run.

It runs as it stands against the sandbox (`make airflow`), where payments need no approval unless it is started with
`--set approval_appymt=1`; `POST /sandbox/approve` then plays the approver.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from airflow.sdk import Param, dag, task

from airflow_provider_intacct.operators.query import IntacctQueryOperator
from airflow_provider_intacct.operators.write import IntacctCreateOperator


@task
def selection(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values for the :names of the first query."""
    return {"vendors": params["vendors"], "until": params["due_until"], "currency": params["currency"]}


@task
def payments_of(bills: list[dict[str, Any]], params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one payment for each vendor, of all bills that are due."""
    due: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for bill in bills:
        due[bill["VENDORID"]].append(bill)
    return [
        {
            "FINANCIALENTITY": params["bank"],
            "PAYMENTMETHOD": "EFT",
            "VENDORID": vendor,
            "PAYMENTDATE": params["payment_date"],
            "CURRENCY": params["currency"],
            "DESCRIPTION": f"Payment run {params['payment_date']}",
            "APPYMTDETAILS": {
                "APPYMTDETAIL": [
                    {"RECORDKEY": bill["RECORDNO"], "TRX_PAYMENTAMOUNT": bill["TRX_TOTALDUE"]} for bill in owed
                ]
            },
        }
        for vendor, owed in sorted(due.items())
    ]


@task
def keys_for(payments: list[dict[str, Any]], params: Mapping[str, Any]) -> list[str]:
    """Return what names each payment as a business event, in place of the DAG run."""
    return [f"payment run {params['payment_date']} {params['bank']} {each['VENDORID']}" for each in payments]


@task
def column(rows: list[dict[str, Any]], name: str) -> list[str]:
    """Return one value of each row."""
    return [str(row[name]) for row in rows]


@task
def tie_out(
    payments: list[dict[str, Any]], outcomes: list[dict[str, Any]], bills: list[dict[str, Any]], ledger: list[dict]
) -> dict[str, str]:
    """Fail unless the bank account paid what the payments say, to the cent, and nothing is due on the bills."""
    paid = sum(
        Decimal(detail["TRX_PAYMENTAMOUNT"])
        for payment in payments
        for detail in payment["APPYMTDETAILS"]["APPYMTDETAIL"]
    )
    booked = -sum(Decimal(line["AMOUNT"]) for line in ledger)
    if booked != paid:
        raise ValueError(f"The bank account was credited with {booked}, the payments come to {paid}")
    if owing := {bill["RECORDID"]: bill["TRX_TOTALDUE"] for bill in bills if Decimal(bill["TRX_TOTALDUE"])}:
        raise ValueError(f"These bills are still due: {owing}")
    return {"paid": str(paid), "payments": str(len(outcomes)), "bills": str(len(bills))}


@dag(
    schedule=None,
    params={
        "vendors": Param(["V001", "V003"], type="array", description="Vendors to pay"),
        "due_until": Param("2026-06-30", type="string", format="date", description="Pay what is due by then"),
        "payment_date": Param("2026-06-30", type="string", format="date"),
        "bank": Param("BOA", type="string", description="Checking account the money comes from"),
        "bank_account": Param("1000", type="string", description="Its account in the general ledger"),
        "currency": Param("USD", type="string"),
    },
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
    doc_md=__doc__,
    tags=["intacct", "example"],
)
def intacct_payment_run() -> None:
    due = IntacctQueryOperator(
        task_id="read_due_bills",
        object="APBILL",
        fields=["RECORDNO", "RECORDID", "VENDORID", "TRX_TOTALDUE"],
        where="VENDORID IN :vendors AND WHENDUE <= :until AND CURRENCY = :currency AND BASECURR = :currency "
        "AND STATE IN ('Posted', 'Partially Paid') AND TRX_TOTALDUE > 0",
        where_params=selection(),
    )
    payments = payments_of(due.output)
    pay = IntacctCreateOperator(
        task_id="pay",
        object="APPYMT",
        records=payments,
        idempotency_key=keys_for(payments),
        require_state="Posted",
        on_state="wait",
        state_interval=10,  # a demonstration is impatient; every look is billed, so 300 is the default
    )
    bills = IntacctQueryOperator(
        task_id="read_bills_again",
        object="APBILL",
        fields=["RECORDID", "TRX_TOTALDUE"],
        where="RECORDNO IN :bills",
        where_params={"bills": column(due.output, "RECORDNO")},
    )
    ledger = IntacctQueryOperator(
        task_id="read_ledger",
        object="GLDETAIL",
        fields=["AMOUNT"],
        where="RECORDTYPE = 'pp' AND RECORDKEY IN :payments AND ACCOUNTNO = :bank",
        where_params={"payments": column(pay.output, "key"), "bank": "{{ params.bank_account }}"},
    )
    pay >> [bills, ledger]
    tie_out(payments, pay.output, bills.output, ledger.output)


intacct_payment_run()
