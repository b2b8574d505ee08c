"""First steps: wait for a bill, read what is due, post a journal entry."""

from datetime import timedelta

from airflow.sdk import dag

from airflow_provider_intacct.operators.query import IntacctQueryOperator
from airflow_provider_intacct.operators.write import IntacctCreateOperator
from airflow_provider_intacct.sensors.record import IntacctRecordSensor


@dag(schedule=None, default_args={"retries": 3, "retry_delay": timedelta(minutes=1)}, tags=["intacct", "example"])
def intacct_first_steps() -> None:
    bill_is_due = IntacctRecordSensor(
        task_id="wait_for_a_bill",
        object="APBILL",
        where="STATE = 'Posted' AND TOTALDUE > 0",
        deferrable=True,
    )
    bills = IntacctQueryOperator(
        task_id="read_bills",
        object="APBILL",
        fields=["RECORDID", "VENDOR.NAME", "WHENDUE", "TOTALDUE"],
        where="STATE = 'Posted' AND TOTALDUE > :least",
        where_params={"least": "1000"},
    )
    line = {"LOCATION": "100", "CURRENCY": "USD", "EXCHANGE_RATE": "1", "TRX_AMOUNT": "12.50"}
    post = IntacctCreateOperator(
        task_id="post_journal_entry",
        object="GLBATCH",
        records={
            "JOURNAL": "GJ",
            "BATCH_DATE": "2026-06-30",
            "BATCH_TITLE": "Office supplies not billed yet",
            "ENTRIES": [
                {"ACCOUNTNO": "6010", "TR_TYPE": 1, **line},  # 1 is a debit
                {"ACCOUNTNO": "2100", "TR_TYPE": -1, **line},  # -1 is a credit
            ],
        },
    )
    bill_is_due >> bills >> post


intacct_first_steps()
