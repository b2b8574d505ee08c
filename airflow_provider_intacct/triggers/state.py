"""Wait without a worker until records are in a state. Polls with the async client; knows plain JSON arguments only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import TriggerEvent

from airflow_provider_intacct.arguments import DEFAULT_CONN_ID, condition
from airflow_provider_intacct.hooks.metering import Meter
from airflow_provider_intacct.triggers.polling import IntacctPollingTrigger

if TYPE_CHECKING:
    from airflow_provider_intacct.client import AsyncIntacctClient
    from airflow_provider_intacct.client.posting.state import State

MOST_TOLD = 20


class IntacctStateTrigger(IntacctPollingTrigger):
    """Fire once when all records are in `state` or further along, or when one of them will not come there any more.

    The event is `{"status": "success", "states": {object: {key: state}}, "transactions": int}`; or `{"status":
    "failed", "code", "message", "permanent": bool}` with the code StateEnded when a record was declined, reversed or
    deleted, and StateTimeout when it is later than `until`.

    :param keys: the keys of the records by object; empty for the object whose records `where` finds.
    :param state: the state, as Intacct spells it.
    :param where: SQL-like condition, in place of keys; at least one record must match.
    :param where_params: values for the `:names` in `where`, as JSON.
    :param until: ISO 8601 moment at which to give up; None to leave that to the task.
    :param told: handed back with the event as it is, for the task to go on with; plain JSON.
    :param poke_interval: seconds between two polls; each is one API transaction for a thousand records of an object.
    :param first_poll_at: ISO 8601 moment of the first poll; a triggerer that starts later polls at once.
    :param exponential_backoff: double the interval after each poll, up to `max_wait` seconds.
    :param intacct_conn_id: the Airflow connection.
    :param entity_id: read inside this entity instead of the connection's.
    """

    arguments = (
        "keys",
        "state",
        "where",
        "where_params",
        "until",
        "told",
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
        keys: Mapping[str, Sequence[str]],
        state: str,
        where: str | None = None,
        where_params: Mapping[str, Any] | None = None,
        until: str | None = None,
        told: Sequence[Mapping[str, Any]] | None = None,
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
        self.keys = {name: list(some) for name, some in keys.items()}
        self.state = state
        self.where = where
        self.where_params = where_params
        self.until = until
        self.told = told

    @property
    def sought(self) -> str:
        return f"state {self.state} of {', '.join(self.keys)}"

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll until it is decided, and yield one event. `dag.test()` would lose what a deferral keeps by itself."""
        async for event in super().run():
            yield event if self.told is None else TriggerEvent({**event.payload, "told": self.told})

    async def poll(self, client: AsyncIntacctClient) -> dict[str, Any] | None:
        """Look once at all of them."""
        from airflow_provider_intacct.client.posting.state import progress

        meter = Meter(client)
        states: dict[str, dict[str, str]] = {}
        waiting: list[str] = []
        ended: list[str] = []
        for name in self.keys:
            keys, found = await self._found(client, name)
            far = progress(name, self.state, keys, found)
            states[name] = dict(far.reached)
            waiting += [f"{name} {key}: {told}" for key, told in far.waiting.items()]
            waiting += [] if keys else [f"{name}: no record matches yet"]
            ended += [f"{name} {key}: {told}" for key, told in far.ended.items()]
        there = sum(map(len, states.values()))
        meter.done(f"{there} in state {self.state}, {len(waiting)} waiting, {len(ended)} ended", rows=there)
        self.log.info("%s", meter.line)
        if ended:
            return failed("StateEnded", f"These will not come to state {self.state} by themselves", ended)
        if not waiting:
            return {"status": "success", "states": states, "transactions": meter.transactions}
        if self.until and datetime.now(UTC) >= datetime.fromisoformat(self.until):
            return failed(
                "StateTimeout", f"Waited until {self.until}, and these are not in state {self.state}", waiting
            )
        return None

    async def _found(self, client: AsyncIntacctClient, name: str) -> tuple[list[str], dict[str, State]]:
        from airflow_provider_intacct.client.posting.state import state_rows

        if not self.where:
            return self.keys[name], await client.states(name, self.keys[name])
        where, fields = condition(self.where, self.where_params), ["RECORDNO", "STATE"]
        rows = [row async for row in client.rows(name, fields=fields, where=where, typed=False)]
        found = state_rows(name, rows)
        return list(found), found


def failed(code: str, what: str, records: Sequence[str]) -> dict[str, Any]:
    """Return the event of a wait that is over in vain, with the records that are the reason."""
    lines = "".join(f"\n- {record}" for record in records[:MOST_TOLD])
    more = f"\n- and {len(records) - MOST_TOLD} more" if len(records) > MOST_TOLD else ""
    return {"status": "failed", "code": code, "message": f"{what}:{lines}{more}", "permanent": True}
