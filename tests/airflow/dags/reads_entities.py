"""One reading task, to look at everything that a run leaves behind."""

from airflow.sdk import DAG

from airflow_provider_intacct.operators import IntacctFunctionOperator, IntacctQueryOperator

with DAG("reads_entities", schedule=None):
    IntacctQueryOperator(task_id="read", object="LOCATIONENTITY", fields=["LOCATIONID", "NAME"])
    IntacctFunctionOperator(task_id="call", function="readEntityDetails")
