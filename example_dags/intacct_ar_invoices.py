"""Invoices for customers out of a billing database: a query's rows become AR invoices, each posted once.

The rows of an order are grouped into one typed invoice by an ordinary function, which a test of your own can call. An
invoice is its number: an hourly run that finds an order again does not book it again. What Intacct refuses becomes
dead letters; the others are posted. The last task holds the database against the ledger.

It runs as it stands against the sandbox (`make airflow`), out of any database that has an Airflow connection:
`warehouse` by default, with a table `orders` as `SQL` names it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import Param, dag, task
from airflow.timetables.interval import CronDataIntervalTimetable

from airflow_provider_intacct.operators.query import IntacctQueryOperator
from airflow_provider_intacct.transfers.sql_to_intacct import SqlToIntacctOperator

SQL = """
SELECT invoice, customer, invoiced, due, account, location, CAST(amount AS TEXT) AS amount, item
FROM orders ORDER BY invoice, line
"""


def invoice_of(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Return the invoice that the rows of one order make."""
    from airflow_provider_intacct.client.transactions import Dimensions, DocumentLine, Invoice

    first = rows[0]
    return Invoice(
        customer=first["customer"],
        number=first["invoice"],
        invoice_date=date.fromisoformat(str(first["invoiced"])),
        due=date.fromisoformat(str(first["due"])),
        description="Orders",
        lines=[
            DocumentLine(
                account=row["account"],
                amount=Decimal(row["amount"]),
                memo=row["item"],
                dimensions=Dimensions(location=row["location"]),
            )
            for row in rows
        ],
    )


@task
def tie_out(ordered: list[list[Any]], ledger: list[dict[str, Any]]) -> dict[str, str]:
    """Fail unless every invoice of the database is in the ledger, once and to the cent."""
    wanted = {str(invoice): Decimal(str(total)) for invoice, total in ordered}
    booked: dict[str, Decimal] = {}
    for line in ledger:
        if line["RECORDID"] in wanted:
            booked[line["RECORDID"]] = booked.get(line["RECORDID"], Decimal(0)) - Decimal(line["AMOUNT"])
    if booked != wanted:
        raise ValueError(f"The ledger has {booked}, the database {wanted}")
    return {invoice: str(total) for invoice, total in booked.items()}


@dag(
    schedule=CronDataIntervalTimetable("0 * * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    params={"results": Param("file:///tmp/intacct/ar_invoices", type="string", description="Where results go")},
    default_args={"retries": 3, "retry_delay": timedelta(minutes=5)},
    doc_md=__doc__,
    tags=["intacct", "example"],
)
def intacct_ar_invoices() -> None:
    invoices = SqlToIntacctOperator(
        task_id="post_invoices",
        sql_conn_id="warehouse",
        sql=SQL,
        group_by=["invoice"],
        record=invoice_of,
        results_path="{{ params.results }}",
        on_reject="collect",
        max_rejects=20,
    )
    ordered = SQLExecuteQueryOperator(
        task_id="read_orders",
        conn_id="warehouse",
        sql="SELECT invoice, CAST(SUM(amount) AS TEXT) FROM orders GROUP BY invoice",
    )
    ledger = IntacctQueryOperator(
        task_id="read_ledger",
        object="GLDETAIL",
        fields=["RECORDID", "AMOUNT"],
        where="RECORDTYPE = 'ri' AND TR_TYPE = -1 AND PRDESCRIPTION = 'Orders'",
    )
    invoices >> [ordered, ledger]
    tie_out(ordered.output, ledger.output)


intacct_ar_invoices()
