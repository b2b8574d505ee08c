"""Start a Data Delivery Service job once, whatever becomes of the try that starts it. Imported when a task runs.

The gateway refuses a control id it has carried out, the task state store remembers which job that was, and where it
does not (before Airflow 3.3, or a lost reply), the job is found again among the DDS jobs.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_intacct.client.errors import (
    AlreadyRecordedError,
    MalformedReplyError,
    RecordNotFoundError,
    ReportFailedError,
)
from airflow_provider_intacct.client.posting.identity import Scope, content_digest, control_id
from airflow_provider_intacct.client.xml import dds
from airflow_provider_intacct.client.xml.elements import write
from airflow_provider_intacct.compat import task_state_store
from airflow_provider_intacct.operators.posted_ledger import KEPT
from airflow_provider_intacct.scope import task_scope

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_intacct.client import IntacctClient
    from airflow_provider_intacct.client.xml.dds import DdsJob
    from airflow_provider_intacct.client.xml.functions import Function

log = logging.getLogger(__name__)

KEY = "intacct_dds_job"
CLOCKS_DIFFER = timedelta(minutes=5)
MOST_FAILED = 20
"""Jobs of one task that failed one after the other, before something other than bad luck is to blame."""


class OneJob:
    """The one job of a task instance. `guarded=False` starts another with every try."""

    def __init__(self, client: IntacctClient, context: Context, *, guarded: bool = True) -> None:
        self._client = client
        self._context = context
        self._store = task_state_store(context) if guarded else None
        company = client.credentials.company_id
        self._scope = task_scope(context, company) if guarded else Scope.unguarded(company)

    def start(self, made: Function, job_type: str) -> DdsJob:
        """Return the job that runs or has run for `made`; start one if there is none, or if it failed."""
        object = next(part.text for part in made.body if part.tag == "object")
        asked = content_digest(
            {"request": write(made.element)}, kind=made.name, entity_id=self._client.credentials.entity_id
        )
        kept = self._kept(asked)
        failed = str(kept.get("after", ""))
        if kept.get("record_number"):
            job = self._client.dds_job(str(kept["record_number"]))
            if not job.failed:
                log.info("DDS job %s of an earlier try is %s.", job.record_number, job.status)
                return job
            failed = job.record_number
        since = kept.get("sent_at")
        for _ in range(MOST_FAILED):
            # A job that failed delivered nothing: its successor is another event, with a control id of its own.
            event = f"{asked} after {failed}" if failed else asked
            since = since or datetime.now(UTC).isoformat()
            self._keep({"asked": asked, "after": failed, "sent_at": since})
            job = self._send(made.with_control_id(control_id(self._scope, event)), object, job_type, failed, since)
            self._keep({"asked": asked, "after": failed, "sent_at": since, "record_number": job.record_number})
            if not job.failed:
                return job
            log.warning("DDS job %s of an earlier try has failed: %s. Starting another.", job.record_number, job.error)
            failed, since = job.record_number, None
        raise ReportFailedError(f"{MOST_FAILED} DDS jobs of this task have failed one after the other.")

    def _send(self, made: Function, object: str, job_type: str, failed: str, since: str) -> DdsJob:
        try:
            reply = self._client.execute([made], unique=True)
            reply.raise_for_status()
        except AlreadyRecordedError:
            log.warning("The job was started by an earlier try of this task; looking for it among the DDS jobs.")
            return self._found(object, job_type, failed, datetime.fromisoformat(since))
        jobs = dds.read_jobs(reply.results[0].data)
        if len(jobs) != 1:
            raise MalformedReplyError(f"runDdsJob answered with {len(jobs)} jobs instead of one.")
        log.info("Started DDS job %s (%s).", jobs[0].record_number, jobs[0].name)
        return jobs[0]

    def _found(self, object: str, job_type: str, failed: str, sent_at: datetime) -> DdsJob:
        """The job an earlier try has started: the first of this object and type since then."""
        since = min(sent_at, self._run_began() if self._store is None else sent_at) - CLOCKS_DIFFER
        rows = self._client.rows(
            "DDSJOB", fields=dds.FIELDS, where="OBJECT = :object", params={"object": object}, typed=False
        )
        jobs = [
            job
            for job in map(dds.read_job, rows)
            if job.job_type.lower() == job_type
            and (job.queued_at is None or job.queued_at >= since)
            and (not failed or int(job.record_number) > int(failed))
        ]
        if not jobs:
            raise RecordNotFoundError(
                f"An earlier try of this task has started a DDS job of {object}, but none since {since.isoformat()} is "
                "found. See Company > DDS jobs in Intacct; allow_duplicates=True starts another.",
                function="runDdsJob",
                object="DDSJOB",
            )
        first = min(jobs, key=lambda job: int(job.record_number))
        if len(jobs) > 1:
            log.warning("There are %d such jobs; the first, %s, is taken for ours.", len(jobs), first.record_number)
        return self._client.dds_job(first.record_number)

    def _run_began(self) -> datetime:
        run: Any = self._context.get("dag_run")
        began = getattr(run, "run_after", None) or getattr(run, "start_date", None)
        return began if isinstance(began, datetime) else datetime.now(UTC)

    def _kept(self, asked: str) -> Mapping[str, Any]:
        kept = self._store.get(KEY) if self._store is not None else None
        return kept if isinstance(kept, Mapping) and kept.get("asked") == asked else {}

    def _keep(self, what: Mapping[str, Any]) -> None:
        if self._store is not None:
            self._store.set(KEY, dict(what), retention=KEPT)
