"""Post records exactly once: say who a record is, send it under an id that never changes, learn what became of it.

postings = prepare(records, scope=Scope("DEMO", key="accrual 2026-03"), object_name="GLBATCH")
outcomes = client.post(postings)
"""

from airflow_provider_intacct.client.posting.acts import prepare_acts
from airflow_provider_intacct.client.posting.asynchronous import Sought, missing, settle, sought, submit
from airflow_provider_intacct.client.posting.attaching import prepare_attached
from airflow_provider_intacct.client.posting.creates import prepare
from airflow_provider_intacct.client.posting.flow import post
from airflow_provider_intacct.client.posting.identity import Scope, content_digest, control_id
from airflow_provider_intacct.client.posting.outcome import (
    ChangedSincePostedError,
    Known,
    Outcome,
    PostingError,
    RecordsInDoubtError,
    RecordsRejectedError,
    Sending,
    Settled,
    raise_unless_posted,
    summary,
)
from airflow_provider_intacct.client.posting.records import Posting, TypedRecord
from airflow_provider_intacct.client.posting.updates import prepare_updates, replaced_lines
from airflow_provider_intacct.client.posting.upserts import prepare_upserts

__all__ = [
    "ChangedSincePostedError",
    "Known",
    "Outcome",
    "Posting",
    "PostingError",
    "RecordsInDoubtError",
    "RecordsRejectedError",
    "Scope",
    "Sending",
    "Settled",
    "Sought",
    "TypedRecord",
    "content_digest",
    "control_id",
    "missing",
    "post",
    "prepare",
    "prepare_acts",
    "prepare_attached",
    "prepare_updates",
    "prepare_upserts",
    "raise_unless_posted",
    "replaced_lines",
    "settle",
    "sought",
    "submit",
    "summary",
]
