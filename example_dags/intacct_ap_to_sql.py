"""Accounts payable in a database: vendors, bills and bill lines as tables that follow Intacct.

Each run brings in what changed in its data interval and takes out what was deleted, all of a table or nothing. How
deletes are seen differs by object (audit history, a comparison of keys, or the lines of changed bills read again); the
result of each task says which. The tables are made from Intacct's own types.

It runs as it stands against the sandbox (`make airflow`), into any database that has an Airflow connection: `warehouse`
by default, such as AIRFLOW_CONN_WAREHOUSE=postgresql://user@host/db or sqlite:////tmp/intacct/warehouse.db.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import dag
from airflow.timetables.interval import CronDataIntervalTimetable

from airflow_provider_intacct.transfers.sql import IntacctToSqlOperator

OBJECTS = {
    "VENDOR": ["VENDORID", "NAME", "STATUS", "TERMNAME", "TOTALDUE", "WHENMODIFIED"],
    "APBILL": ["RECORDID", "VENDORID", "STATE", "WHENCREATED", "WHENDUE", "CURRENCY", "TOTALENTERED", "TOTALDUE"],
    "APBILLITEM": ["RECORDKEY", "LINE_NO", "ACCOUNTNO", "LOCATIONID", "DEPARTMENTID", "AMOUNT"],
}


@dag(
    schedule=CronDataIntervalTimetable("0 * * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=5), "sql_conn_id": "warehouse"},
    doc_md=__doc__,
    tags=["intacct", "example"],
)
def intacct_ap_to_sql() -> None:
    previous = None
    for name, fields in OBJECTS.items():
        load = IntacctToSqlOperator(
            task_id=f"load_{name.lower()}",
            object=name,
            fields=fields,
            incremental=True,
            # The first run, or one that is asked to (conf {"from": "2020-01-01T00:00:00Z"}), reads all from there on.
            window_start="{{ dag_run.conf.get('from', '') }}",
        )
        if previous is not None:
            previous >> load  # one after the other: the company allows few calls at a time
        previous = load


intacct_ap_to_sql()
