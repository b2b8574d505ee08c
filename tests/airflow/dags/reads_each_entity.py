"""One task for each entity of the company, and one at the top level, as an author would write it."""

from airflow.sdk import DAG

from airflow_provider_intacct.operators import IntacctEntitiesOperator, IntacctQueryOperator

with DAG("reads_each_entity", schedule=None, params={"without": "300"}):
    entities = IntacctEntitiesOperator(task_id="entities", include_top_level=True, exclude="{{ params.without }}")
    IntacctQueryOperator.partial(
        task_id="locations", object="GLDETAIL", fields=["LOCATIONID", "COUNT(RECORDNO)"], where="ENTRY_STATE = 'P'"
    ).expand(entity_id=entities.output)
