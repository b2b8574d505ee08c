"""A DAG of reading tasks, as an author would write it: templates, parameters, mapping over an XCom, deferral."""

from airflow.sdk import DAG, task

from airflow_provider_intacct.operators import IntacctFunctionOperator, IntacctQueryOperator
from airflow_provider_intacct.sensors import IntacctRecordSensor

with DAG("reads_intacct", schedule=None, params={"entity": "200", "expected": 1}):
    wait = IntacctRecordSensor(
        task_id="wait",
        object="DEPARTMENT",
        where="DEPARTMENTID = :department",
        where_params={"department": "{{ 'D-' ~ 'NEW' }}"},
        fields=["DEPARTMENTID", "TITLE"],
        minimum="{{ params.expected }}",
        deferrable=True,
        poke_interval=1,
        timeout=60,
    )
    entities = IntacctQueryOperator(
        task_id="entities",
        object="LOCATIONENTITY",
        fields=["LOCATIONID", "NAME"],
        where="LOCATIONID <= :last",
        where_params={"last": "{{ params.entity }}"},
        order_by="LOCATIONID",
    )
    journals = IntacctQueryOperator.partial(
        task_id="journals", object="GLJOURNAL", fields="SYMBOL, TITLE", order_by="SYMBOL DESC", limit=1
    ).expand(entity_id=entities.output.map(lambda entity: entity["LOCATIONID"]))
    details = IntacctFunctionOperator(task_id="details", function="readEntityDetails")

    @task
    def count(details: dict[str, object]) -> object:
        return details["count"]

    wait >> entities
    count(details.output)
