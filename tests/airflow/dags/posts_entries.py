"""A DAG that posts: entries made by a task and mapped over, as an author would write it."""

from decimal import Decimal

from airflow.sdk import DAG, task

from airflow_provider_intacct.operators import IntacctCreateOperator

with DAG("posts_entries", schedule=None, params={"title": "Posted by a DAG"}):

    @task
    def entries() -> list[list[dict[str, object]]]:
        def entry(amount: str) -> dict[str, object]:
            lines = [
                {"ACCOUNTNO": "6000", "LOCATION": "100", "TR_TYPE": 1, "TRX_AMOUNT": Decimal(amount)},
                {"ACCOUNTNO": "2100", "LOCATION": "100", "TR_TYPE": -1, "TRX_AMOUNT": Decimal(amount)},
            ]
            title = "{{ params.title }}"
            return {"JOURNAL": "GJ", "BATCH_DATE": "2026-03-31", "BATCH_TITLE": title, "ENTRIES": lines}

        return [[entry("10.00"), entry("20.00")], [entry("10.00")]]

    IntacctCreateOperator.partial(task_id="post", object="GLBATCH").expand(records=entries())
