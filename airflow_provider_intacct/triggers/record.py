"""Wait for records without a worker. Polls with the async client; knows plain JSON arguments and never a secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_intacct.arguments import DEFAULT_CONN_ID, condition
from airflow_provider_intacct.hooks.metering import Meter
from airflow_provider_intacct.triggers.polling import IntacctPollingTrigger
from airflow_provider_intacct.xcom import plain

if TYPE_CHECKING:
    from airflow_provider_intacct.client import AsyncIntacctClient


class IntacctRecordTrigger(IntacctPollingTrigger):
    """Fire once when at least `minimum` records of `object` match `where`.

    The event is `{"status": "success", "records": [...], "more": bool, "transactions": int}`, or
    `{"status": "failed", "code": name of the error class, "message": text, "permanent": bool}`.

    :param object: the Intacct object.
    :param fields: the fields of the records in the event.
    :param where: SQL-like condition; None for all records.
    :param where_params: values for the `:names` in `where`, as JSON.
    :param minimum: how many records must match.
    :param max_records: the most records the event carries; `more` says whether there were others.
    :param poke_interval: seconds between two polls; each poll is one API transaction.
    :param first_poll_at: ISO 8601 moment of the first poll; a triggerer that starts later polls at once.
    :param exponential_backoff: double the interval after each poll, up to `max_wait` seconds.
    :param intacct_conn_id: the Airflow connection.
    :param entity_id: read inside this entity instead of the connection's.
    """

    arguments = (
        "object",
        "fields",
        "where",
        "where_params",
        "minimum",
        "max_records",
        "show_private",
        "case_insensitive",
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
        object: str,
        fields: Sequence[str],
        where: str | None = None,
        where_params: Mapping[str, Any] | None = None,
        minimum: int = 1,
        max_records: int = 100,
        show_private: bool = False,
        case_insensitive: bool = False,
        poke_interval: float = 300.0,
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
        self.object = object
        self.fields = list(fields)
        self.where = where
        self.where_params = where_params
        self.minimum = minimum
        self.max_records = max_records
        self.show_private = show_private
        self.case_insensitive = case_insensitive

    @property
    def sought(self) -> str:
        return f"{self.object} records"

    async def poll(self, client: AsyncIntacctClient) -> dict[str, Any] | None:
        """Look once for the records."""
        meter = Meter(client)
        wanted = max(self.minimum, self.max_records + 1)
        rows = client.rows(
            self.object,
            fields=self.fields,
            where=condition(self.where, self.where_params),
            limit=wanted,
            show_private=self.show_private,
            case_insensitive=self.case_insensitive,
        )
        records = [plain(row) async for row in rows]
        meter.done(f"Found {len(records)} of at least {self.minimum} {self.object} records", rows=len(records))
        self.log.info("%s", meter.line)
        if len(records) < self.minimum:
            return None
        return {
            "status": "success",
            "records": records[: self.max_records],
            "more": len(records) > self.max_records,
            "transactions": meter.transactions,
        }
