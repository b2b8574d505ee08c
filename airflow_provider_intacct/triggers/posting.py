"""Wait for what was sent by an asynchronous policy, without a worker. Knows numbers of records, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_intacct.arguments import DEFAULT_CONN_ID
from airflow_provider_intacct.triggers.polling import IntacctPollingTrigger

if TYPE_CHECKING:
    from airflow_provider_intacct.client import AsyncIntacctClient


class IntacctPostingTrigger(IntacctPollingTrigger):
    """Fire once when all that is looked for is there (or gone), or when the time is up.

    The event is `{"status": "success", "missing": count, "decided": ..., "until": text}`, or `{"status": "failed",
    "code": name of the error class, "message": text, "permanent": bool}`.

    :param sought_records: what to look for: lists of object, fields, values and whether it shall be gone, as
        `client.posting.Sought.as_list` writes them. Without any it fires at the first poll.
    :param decided: handed back with the event as it is: what is known of other records of the task; plain JSON.
    :param until: ISO 8601 moment at which it fires in any case.
    :param poke_interval: seconds between two polls; each is one API transaction for a hundred records of an object.
    :param first_poll_at: ISO 8601 moment of the first poll; a triggerer that starts later polls at once.
    :param exponential_backoff: double the interval after each poll, up to `max_wait` seconds.
    :param intacct_conn_id: the Airflow connection.
    :param entity_id: look inside this entity instead of the connection's.
    """

    arguments = (
        "sought_records",
        "decided",
        "until",
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
        sought_records: Sequence[Sequence[Any]],
        decided: Mapping[str, Sequence[Any]],
        until: str,
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
        self.sought_records = [list(each) for each in sought_records]
        self.decided = decided
        self.until = until
        self._left = self.sought_records

    @property
    def sought(self) -> str:
        return f"{len(self.sought_records)} records sent by an asynchronous policy"

    async def poll(self, client: AsyncIntacctClient) -> dict[str, Any] | None:
        """Look once for those that have not been found yet, unless the time is up: then the task itself looks."""
        from airflow_provider_intacct.client.posting import Sought

        if datetime.now(UTC) >= datetime.fromisoformat(self.until):
            return self._event
        left = await client.missing([Sought.of(each) for each in self._left])
        self._left = [each.as_list() for each in left]
        self.log.info("%d of %d records are still to come.", len(self._left), len(self.sought_records))
        return None if self._left else self._event

    @property
    def _event(self) -> dict[str, Any]:
        return {"status": "success", "missing": len(self._left), "decided": self.decided, "until": self.until}
