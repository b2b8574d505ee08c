"""Run a Data Delivery Service job, once per DAG run, and say what it delivered. Thin: the client does the work."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow.sdk import BaseOperator, conf

from airflow_provider_intacct.arguments import DEFAULT_CONN_ID
from airflow_provider_intacct.hooks.failures import airflow_outcome, raise_failure
from airflow_provider_intacct.metrics import metered
from airflow_provider_intacct.xcom import plain

if TYPE_CHECKING:
    from airflow.sdk import Context, ObjectStoragePath

    from airflow_provider_intacct.client import IntacctClient
    from airflow_provider_intacct.client.xml.dds import DdsJob
    from airflow_provider_intacct.client.xml.functions import Function

LONGEST_INTERVAL_SECONDS = 600.0


class IntacctDdsJobOperator(BaseOperator):
    """Have Intacct deliver an object's records as CSV files into a cloud storage folder, and wait until they are there.

    One job per DAG run, task and map index: it is sent with uniqueid and a control id, and its record number is kept
    in the task state store (Airflow 3.3 and later), so that a retried or cleared task, or a lost reply, waits for the
    job that runs instead of starting a second one. A job that failed is the exception: the next try starts another.

    The result is a dict: `record_number` and `name` of the DDSJOB, `object`, `job_type`, `status`, `queued_at`,
    `started_at` and `ended_at` (UTC), `created`, `updated`, `deleted` (records), and `files`, each with its `name` and,
    when `delivery_path` tells where the files arrive, its `path` and `bytes`. Each poll is one API transaction.

    :param object: the DDS object, such as `GLDETAIL`; `client.dds_objects()` lists them.
    :param cloud_delivery: name of the cloud storage destination, as set up in Intacct.
    :param job_type: `all` records, or what has changed (`change`) since the last delivery or `since`.
    :param since: for changes: a datetime with a zone, or ISO 8601 text, such as `{{ data_interval_start }}`.
    :param period: of GLACCOUNTBALANCE only: name of a reporting period; or `period_start` and `period_end`.
    :param file_configuration: any of `delimiter`, `enclosure`, `include_headers`, `file_format`, `split_size`,
        `compress`; see client.xml.dds.FileConfiguration.
    :param delivery_path: where the files arrive, as an ObjectStoragePath or its URI, with the Airflow connection of the
        storage in it: `s3://aws_default@bucket/folder`. The task fails if a delivered file is not found there.
    :param allow_duplicates: turn the guard off: every try starts a job of its own.
    :param poll_interval: seconds between two looks at the job; doubles each time, up to 600.
    :param timeout: seconds to wait for the job in all, 12 hours by default.
    :param deferrable: leave the worker meanwhile; defaults to `[operators] default_deferrable`.
    :param intacct_conn_id: the Airflow connection.
    :param entity_id: sign in to this entity instead of the connection's; DDS itself always delivers the top level.
    """

    template_fields: Sequence[str] = (
        "object",
        "cloud_delivery",
        "job_type",
        "since",
        "period",
        "period_start",
        "period_end",
        "file_configuration",
        "delivery_path",
        "intacct_conn_id",
        "entity_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"file_configuration": "json"}
    ui_color = "#e3f1e8"

    def __init__(
        self,
        *,
        object: str,
        cloud_delivery: str,
        job_type: Literal["all", "change"] = "all",
        since: datetime | str | None = None,
        period: str | None = None,
        period_start: date | str | None = None,
        period_end: date | str | None = None,
        file_configuration: Mapping[str, Any] | None = None,
        delivery_path: ObjectStoragePath | str | None = None,
        allow_duplicates: bool = False,
        poll_interval: float = 60.0,
        timeout: timedelta | float = 12 * 3600.0,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        intacct_conn_id: str = DEFAULT_CONN_ID,
        entity_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.object = object
        self.cloud_delivery = cloud_delivery
        self.job_type = job_type
        self.since = since
        self.period = period
        self.period_start = period_start
        self.period_end = period_end
        self.file_configuration = file_configuration
        self.delivery_path = delivery_path
        self.allow_duplicates = allow_duplicates
        self.poll_interval = poll_interval
        self.timeout = timeout
        self.deferrable = deferrable
        self.intacct_conn_id = intacct_conn_id
        self.entity_id = entity_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Start the job, or find the one an earlier try has started; wait; return what it delivered."""
        from airflow_provider_intacct.hooks.intacct import IntacctHook
        from airflow_provider_intacct.operators.dds_start import OneJob

        seconds = self.timeout.total_seconds() if isinstance(self.timeout, timedelta) else float(self.timeout)
        hook = IntacctHook(self.intacct_conn_id, self.entity_id or None)
        with airflow_outcome(), hook.client as client, metered(self, client) as meter:
            job = OneJob(client, context, guarded=not self.allow_duplicates).start(self._made(), self.job_type)
            if not job.ended and self.deferrable:
                meter.done(f"DDS job {job.record_number} of {job.object} is {job.status.lower()}")
                self._leave(job, seconds)
            job = self._waited(client, job, seconds)
            meter.done(_done(job), rows=job.created + job.updated)
        return self._result(context, job)

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the job delivered, or raise what the trigger reports."""
        from airflow_provider_intacct.hooks.intacct import IntacctHook

        raise_failure(event)
        hook = IntacctHook(self.intacct_conn_id, self.entity_id or None)
        with airflow_outcome(), hook.client as client, metered(self, client) as meter:
            job = client.dds_job(event["record_number"])
            meter.done(_done(job), rows=job.created + job.updated)
        return self._result(context, job)

    def _made(self) -> Function:
        from airflow_provider_intacct.client.errors import InvalidRequestError
        from airflow_provider_intacct.client.xml import dds

        try:
            files = dds.FileConfiguration(**self.file_configuration) if self.file_configuration else None
        except TypeError as error:
            raise InvalidRequestError(f"file_configuration: {error}.") from None
        return dds.run_dds_job(
            self.object,
            self.cloud_delivery,
            self.job_type,
            since=_moment(self.since),
            period=self.period or None,
            period_start=self.period_start or None,
            period_end=self.period_end or None,
            files=files,
        )

    def _leave(self, job: DdsJob, seconds: float) -> None:
        from airflow_provider_intacct.triggers.dds import IntacctDdsJobTrigger

        self.defer(
            trigger=IntacctDdsJobTrigger(
                record_number=job.record_number,
                poke_interval=self.poll_interval,
                first_poll_at=(datetime.now(UTC) + timedelta(seconds=self.poll_interval)).isoformat(),
                exponential_backoff=True,
                max_wait=LONGEST_INTERVAL_SECONDS,
                intacct_conn_id=self.intacct_conn_id,
                entity_id=self.entity_id or None,
            ),
            method_name="execute_complete",
            timeout=timedelta(seconds=seconds),
        )

    def _waited(self, client: IntacctClient, job: DdsJob, seconds: float) -> DdsJob:
        from airflow_provider_intacct.client.errors import ReportNotReadyError

        until, polls = time.monotonic() + seconds, 0
        while not job.ended:
            pause = min(LONGEST_INTERVAL_SECONDS, float(self.poll_interval) * 2 ** min(polls, 30))
            if time.monotonic() + pause > until:
                raise ReportNotReadyError(
                    f"DDS job {job.record_number} of {job.object} was {job.status.lower()} after {seconds:.0f} s. It "
                    "goes on; the next try of this task waits for it."
                )
            self.log.info("DDS job %s is %s; looking again in %.0f s.", job.record_number, job.status, pause)
            time.sleep(pause)
            polls += 1
            job = client.dds_job(job.record_number)
        return job

    def _result(self, context: Context, job: DdsJob) -> dict[str, Any]:
        from airflow.sdk.exceptions import AirflowException

        from airflow_provider_intacct.assets import tell_outlets

        if not job.completed:
            reason = job.error or "Intacct gives no reason"
            raise AirflowException(
                f"DDS job {job.record_number} of {job.object} ended as {job.status}: {reason}. The next try of this "
                "task starts another."
            )
        result = {
            "record_number": job.record_number,
            "name": job.name,
            "object": job.object,
            "job_type": job.job_type,
            "status": job.status,
            "queued_at": plain(job.queued_at),
            "started_at": plain(job.started_at),
            "ended_at": plain(job.ended_at),
            "created": job.created,
            "updated": job.updated,
            "deleted": job.deleted,
            "files": self._files(job),
        }
        tell_outlets(context, self.outlets, {name: result[name] for name in ("name", "created", "updated", "deleted")})
        return result

    def _files(self, job: DdsJob) -> list[dict[str, Any]]:
        """The files the job names, with where and how large they are if the author says where they arrive."""
        if not self.delivery_path:
            return [{"name": name} for name in job.files]
        from airflow.sdk import ObjectStoragePath
        from airflow.sdk.exceptions import AirflowException

        folder = ObjectStoragePath(self.delivery_path)
        found = {path.name: path for path in folder.rglob("*") if path.is_file()} if job.files else {}
        missing = [name for name in job.files if _base(name) not in found]
        if missing:
            raise AirflowException(
                f"DDS job {job.record_number} has delivered {len(job.files)} files, of which {len(missing)} are not in "
                f"{folder}: {', '.join(missing[:10])}. Check delivery_path against the cloud storage destination "
                f"{self.cloud_delivery!r} in Intacct; the next try looks again and starts no other job."
            )
        paths = [(name, found[_base(name)]) for name in job.files]
        return [{"name": name, "path": str(path), "bytes": path.stat().st_size} for name, path in paths]


def _moment(since: datetime | str | None) -> datetime | None:
    from airflow_provider_intacct.client.errors import InvalidRequestError

    if not isinstance(since, str):
        return since
    try:
        return datetime.fromisoformat(since) if since else None
    except ValueError:
        raise InvalidRequestError(f"'since' must be a datetime or ISO 8601 text, not {since!r}.") from None


def _base(name: str) -> str:
    return name.rpartition("/")[2]


def _done(job: DdsJob) -> str:
    return f"DDS job {job.record_number} of {job.object} is {job.status.lower()}, with {len(job.files)} files"
