"""A DAG that keeps vendors as another system has them: found by tax id, and written where they differ."""

from airflow.sdk import DAG, task

from airflow_provider_intacct.operators import IntacctUpdateOperator, IntacctUpsertOperator

with DAG("keeps_vendors", schedule=None, params={"city": "Oslo", "most": 3}):

    @task
    def vendors() -> list[dict[str, object]]:
        where = {"PRINTAS": "Oslo"}
        return [{"VENDORID": f"V-D{n}", "TAXID": f"T-{n}", "NAME": f"Name {n}", "COMMENTS": None} for n in range(3)] + [
            {"VENDORID": "V-D3", "TAXID": "T-3", "NAME": "Name 3", "DISPLAYCONTACT": where}
        ]

    kept = IntacctUpsertOperator(
        task_id="keep",
        object="VENDOR",
        key="TAXID",
        records=vendors(),
        on_reject="collect",
        max_rejects="{{ params.most }}",
    )
    kept >> IntacctUpdateOperator.partial(task_id="mark", object="VENDOR", skip_unchanged=True).expand(
        records=[[{"VENDORID": f"V-D{n}", "COMMENTS": "kept in {{ params.city }}"}] for n in range(2)]
    )
