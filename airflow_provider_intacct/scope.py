"""Within what a record is posted once, unless its author says otherwise: one task of one DAG run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_intacct.client.posting import Scope


def task_scope(context: Context, company_id: str) -> Scope:
    """Return the scope of the running task: the same for its retries and after clearing, another for each map index."""
    from airflow_provider_intacct.client.posting import Scope

    ti = context["ti"]
    return Scope(company_id, ti.dag_id, ti.run_id, ti.task_id, -1 if ti.map_index is None else ti.map_index)
