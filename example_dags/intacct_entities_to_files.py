"""Each entity's bills as files of its own: one task per entity, as many as the company has today.

`list_entities` asks Intacct which entities there are; the reading task is mapped over them and each of its instances
works inside its entity, so it sees what that entity sees. The entity stands in a column of every record, too, because
no field of Intacct's says it on all objects.

It runs as it stands against the sandbox (`make airflow`).
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, task

from airflow_provider_intacct.operators.entities import IntacctEntitiesOperator
from airflow_provider_intacct.transfers.object_storage import IntacctToObjectStorageOperator


@task
def rows_by_entity(manifests: list[dict[str, Any]]) -> dict[str, int]:
    """Return how many bills each entity has."""
    return {manifest["entity_id"]: manifest["rows"] for manifest in manifests}


@task
def folder_of(entity_id: str, params: dict[str, Any]) -> dict[str, str]:
    """Return what is different from entity to entity: where the files go."""
    return {"entity_id": entity_id, "path": f"{params['folder']}/entity={entity_id}"}


@dag(
    schedule=None,
    params={"folder": Param("file:///tmp/intacct/bills", type="string", description="Any ObjectStoragePath")},
    default_args={"retries": 3, "retry_delay": timedelta(minutes=1)},
    doc_md=__doc__,
    tags=["intacct", "example"],
)
def intacct_entities_to_files() -> None:
    entities = IntacctEntitiesOperator(task_id="list_entities")
    bills = IntacctToObjectStorageOperator.partial(
        task_id="read_bills",
        object="APBILL",
        fields=["RECORDNO", "RECORDID", "VENDORID", "WHENCREATED", "TOTALENTERED", "TOTALDUE"],
        format="jsonl",
        stamp_entity="ENTITY",
        max_active_tis_per_dagrun=1,  # the company allows few calls at a time
    ).expand_kwargs(folder_of.expand(entity_id=entities.output))
    rows_by_entity(bills.output)


intacct_entities_to_files()
