"""Wait for records without a worker. Polls with the async client; knows plain JSON arguments and never a secret.

`run` never raises: what a person must mend ends the wait with a failure event, what may pass is waited out with growing
pauses until the sensor's timeout. The trigger keeps no state, so a triggerer that takes over simply goes on polling.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_intacct.arguments import DEFAULT_CONN_ID, condition
from airflow_provider_intacct.hooks.metering import Meter
from airflow_provider_intacct.xcom import plain

if TYPE_CHECKING:
    from airflow_provider_intacct.client import AsyncIntacctClient

FIRST_PAUSE_SECONDS = 15.0
LONGEST_PAUSE_SECONDS = 600.0
_jitter = random.SystemRandom()


class IntacctRecordTrigger(BaseTrigger):
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
        super().__init__()
        self.object = object
        self.fields = list(fields)
        self.where = where
        self.where_params = where_params
        self.minimum = minimum
        self.max_records = max_records
        self.show_private = show_private
        self.case_insensitive = case_insensitive
        self.poke_interval = poke_interval
        self.first_poll_at = first_poll_at
        self.exponential_backoff = exponential_backoff
        self.max_wait = max_wait
        self.intacct_conn_id = intacct_conn_id
        self.entity_id = entity_id

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the constructor's arguments, all of them plain JSON."""
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
        return f"{type(self).__module__}.{type(self).__qualname__}", {name: getattr(self, name) for name in arguments}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll until the records are there, and yield one event."""
        try:
            event = await self._watch()
        except Exception as error:
            # A trigger that raises shows its reason in the triggerer's log only, so the event carries the class; the
            # text stays in the log, for who knows what a foreign exception quotes.
            self.log.exception("Waiting for %s records failed", self.object)
            event = _failure(type(error).__name__, "unexpected error, see the triggerer's log", permanent=False)
        yield TriggerEvent(event)

    async def _watch(self) -> dict[str, Any]:
        from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError

        from airflow_provider_intacct.client.errors import IntacctError
        from airflow_provider_intacct.hooks.intacct import IntacctHook

        await asyncio.sleep(self._seconds_to_first_poll())
        failures = polls = 0
        client: AsyncIntacctClient | None = None
        try:
            while True:
                try:
                    client = client or await IntacctHook(self.intacct_conn_id, self.entity_id).async_client()
                    found = await self._poll(client)
                    if found is not None:
                        return found
                    failures, polls = 0, polls + 1
                    pause = self._interval(polls)
                except AirflowNotFoundException as error:
                    return _failure(type(error).__name__, str(error), permanent=True)
                except (IntacctError, AirflowRuntimeError) as error:
                    if isinstance(error, IntacctError) and not error.retryable:
                        return _failure(type(error).__name__, str(error), permanent=True)
                    failures += 1
                    pause = self._pause(failures)
                    self.log.warning(
                        "Poll failed (%s in a row), next in about %.0f s: %s", failures, pause, type(error).__name__
                    )
                await asyncio.sleep(pause * _jitter.uniform(0.9, 1.1))
        finally:
            if client is not None:
                await client.close()

    async def _poll(self, client: AsyncIntacctClient) -> dict[str, Any] | None:
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

    def _seconds_to_first_poll(self) -> float:
        if not self.first_poll_at:
            return 0.0
        return max(0.0, (datetime.fromisoformat(self.first_poll_at) - datetime.now(UTC)).total_seconds())

    def _pause(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row; an outage may last as long as the sensor's timeout."""
        grown: float = FIRST_PAUSE_SECONDS * 2 ** min(failures - 1, 30)
        return min(grown, max(LONGEST_PAUSE_SECONDS, self.poke_interval))

    def _interval(self, polls: int) -> float:
        if not self.exponential_backoff:
            return self.poke_interval
        grown: float = self.poke_interval * 2 ** min(polls, 30)
        return min(grown, self.max_wait) if self.max_wait else grown


def _failure(code: str, message: str, *, permanent: bool) -> dict[str, Any]:
    return {"status": "failed", "code": code, "message": message, "permanent": permanent}
