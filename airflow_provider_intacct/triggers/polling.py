"""Poll Intacct without a worker until something is there: the loop that all triggers of ours share.

`run` never raises: what a person must mend ends the wait with a failure event, what may pass is waited out with growing
pauses until the task's own timeout. A trigger keeps no state, so a triggerer that takes over simply goes on polling.
"""

from __future__ import annotations

import asyncio
import random
from abc import abstractmethod
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.triggers.base import BaseTrigger, TriggerEvent

if TYPE_CHECKING:
    from airflow_provider_intacct.client import AsyncIntacctClient

FIRST_PAUSE_SECONDS = 15.0
LONGEST_PAUSE_SECONDS = 600.0
_jitter = random.SystemRandom()


class IntacctPollingTrigger(BaseTrigger):
    """Base of the triggers; one adds what it looks for (`poll`), its arguments, and what to call that in the log.

    The event is `{"status": "success", ...}` as `poll` returns it, or `{"status": "failed", "code": name of the error
    class, "message": text, "permanent": bool}`.

    :param poke_interval: seconds between two polls.
    :param first_poll_at: ISO 8601 moment of the first poll; a triggerer that starts later polls at once.
    :param exponential_backoff: double the interval after each poll, up to `max_wait` seconds.
    :param intacct_conn_id: the Airflow connection.
    :param entity_id: read inside this entity instead of the connection's.
    """

    arguments: ClassVar[tuple[str, ...]]
    """The constructor's arguments by name, all of them plain JSON."""

    def __init__(
        self,
        *,
        poke_interval: float,
        first_poll_at: str | None,
        exponential_backoff: bool,
        max_wait: float | None,
        intacct_conn_id: str,
        entity_id: str | None,
    ) -> None:
        super().__init__()
        self.poke_interval = poke_interval
        self.first_poll_at = first_poll_at
        self.exponential_backoff = exponential_backoff
        self.max_wait = max_wait
        self.intacct_conn_id = intacct_conn_id
        self.entity_id = entity_id

    @property
    @abstractmethod
    def sought(self) -> str:
        """What is waited for, for the log."""

    @abstractmethod
    async def poll(self, client: AsyncIntacctClient) -> dict[str, Any] | None:
        """Look once. Return the event, or None to go on waiting."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the constructor's arguments."""
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, {name: getattr(self, name) for name in self.arguments}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll until it is there, and yield one event."""
        try:
            event = await self._watch()
        except Exception as error:
            # A trigger that raises shows its reason in the triggerer's log only, so the event carries the class; the
            # text stays in the log, for who knows what a foreign exception quotes.
            self.log.exception("Waiting for %s failed", self.sought)
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
                    found = await self.poll(client)
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

    def _seconds_to_first_poll(self) -> float:
        if not self.first_poll_at:
            return 0.0
        return max(0.0, (datetime.fromisoformat(self.first_poll_at) - datetime.now(UTC)).total_seconds())

    def _pause(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row; an outage may last as long as the task's timeout."""
        grown: float = FIRST_PAUSE_SECONDS * 2 ** min(failures - 1, 30)
        return min(grown, max(LONGEST_PAUSE_SECONDS, self.poke_interval))

    def _interval(self, polls: int) -> float:
        if not self.exponential_backoff:
            return self.poke_interval
        grown: float = self.poke_interval * 2 ** min(polls, 30)
        return min(grown, self.max_wait) if self.max_wait else grown


def _failure(code: str, message: str, *, permanent: bool) -> dict[str, Any]:
    return {"status": "failed", "code": code, "message": message, "permanent": permanent}
