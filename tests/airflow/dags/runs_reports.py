"""What `query` cannot give, as an author would ask for it: a report, trial balances of all entities, a delivery."""

from airflow.sdk import DAG, task

from airflow_provider_intacct.operators import (
    IntacctDdsJobOperator,
    IntacctEntitiesOperator,
    IntacctReportOperator,
    IntacctTrialBalanceOperator,
)

with DAG("runs_reports", schedule=None, params={"month": "March 2026"}, render_template_as_native_obj=True):
    bills = IntacctReportOperator(
        task_id="bills",
        report="Open AP bills by vendor",
        page_size=10,
        deferrable=True,
        poll_interval=1,
    )
    entities = IntacctEntitiesOperator(task_id="entities")
    balances = IntacctTrialBalanceOperator.partial(
        task_id="balances", period="Month Ended {{ params.month }}", max_rows=500
    ).expand(entity_id=entities.output)
    vendors = IntacctDdsJobOperator(
        task_id="vendors",
        object="VENDOR",
        cloud_delivery="AWS-S3-DDS",
        file_configuration={"include_headers": True},
        deferrable=True,
        poll_interval=1,
    )

    @task
    def ties_out(balance: dict[str, object]) -> object:
        return balance["ties_out"]

    ties_out.expand(balance=balances.output)
