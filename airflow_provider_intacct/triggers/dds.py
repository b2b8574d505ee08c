"""Wait for a Data Delivery Service job without a worker. Knows the job's record number and never a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_intacct.arguments import DEFAULT_CONN_ID
from airflow_provider_intacct.triggers.polling import IntacctPollingTrigger

if TYPE_CHECKING:
    from airflow_provider_intacct.client import AsyncIntacctClient


class IntacctDdsJobTrigger(IntacctPollingTrigger):
    """Fire once when the job has ended, well or not.

    The event is `{"status": "success", "record_number": text, "job_status": "Completed" or "Failed"}`, or
    `{"status": "failed", "code": name of the error class, "message": text, "permanent": bool}`.

    :param record_number: RECORDNO of the DDSJOB.
    :param poke_interval: seconds between two polls; each poll is one API transaction.
    :param first_poll_at: ISO 8601 moment of the first poll; a triggerer that starts later polls at once.
    :param exponential_backoff: double the interval after each poll, up to `max_wait` seconds.
    :param intacct_conn_id: the Airflow connection.
    :param entity_id: work inside this entity instead of the connection's.
    """

    arguments = (
        "record_number",
        "poke_interval",
        "first_poll_at",
        "exponential_backoff",
        "max_wait",
        "intacct_conn_id",
        "entity_id",
    )

    def __init__(
        self,
        *,
        record_number: str,
        poke_interval: float = 60.0,
        first_poll_at: str | None = None,
        exponential_backoff: bool = False,
        max_wait: float | None = None,
        intacct_conn_id: str = DEFAULT_CONN_ID,
        entity_id: str | None = None,
    ) -> None:
        super().__init__(
            poke_interval=poke_interval,
            first_poll_at=first_poll_at,
            exponential_backoff=exponential_backoff,
            max_wait=max_wait,
            intacct_conn_id=intacct_conn_id,
            entity_id=entity_id,
        )
        self.record_number = record_number

    @property
    def sought(self) -> str:
        return f"DDS job {self.record_number}"

    async def poll(self, client: AsyncIntacctClient) -> dict[str, Any] | None:
        """Look once how far the job is."""
        job = await client.dds_job(self.record_number)
        self.log.info("DDS job %s is %s.", self.record_number, job.status)
        if not job.ended:
            return None
        return {"status": "success", "record_number": job.record_number, "job_status": job.status}
