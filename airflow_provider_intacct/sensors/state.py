"""Wait until records are approved, posted, paid: in a state. What will not come there ends the wait at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import PokeReturnValue

from airflow_provider_intacct.arguments import condition
from airflow_provider_intacct.hooks.failures import airflow_outcome, raise_failure
from airflow_provider_intacct.hooks.metering import transactions
from airflow_provider_intacct.metrics import metered
from airflow_provider_intacct.sensors.polling import IntacctPollingSensor
from airflow_provider_intacct.xcom import plain

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_intacct.client import IntacctClient
    from airflow_provider_intacct.client.posting.state import State

MOST_TOLD = 20


class IntacctStateSensor(IntacctPollingSensor):
    """Succeed when all the records are in `state` or further along; return their states by key.

    A bill that is Paid is Posted too. A record that was declined, reversed, voided or deleted will not come to the
    state by itself: the sensor then fails at once, and names it. Polls once on the worker, then, with `deferrable`,
    goes on in the triggerer. Each poll is one API transaction for a thousand records; the log says at the start what
    that comes to in a day, and for each record that is not there yet what is needed next.

    :param object: the Intacct object, such as `APBILL`.
    :param keys: the records: record numbers, document ids, natural keys, or outcomes of a task that writes, such as
        `create.output`; see IntacctActOperator. Natural keys are looked up once, at the start.
    :param where: SQL-like condition, such as `VENDORID = 'V1' AND WHENDUE <= '2026-03-31'`, in place of keys: all that
        match must be in the state, and at least one must match.
    :param where_params: values for the `:names` in `where`, quoted for you.
    :param state: the state, as Intacct spells it: `Posted` by default.
    :param deferrable: wait in the triggerer; defaults to `[operators] default_deferrable`.
    :param poke_interval: seconds between two polls, 300 by default.
    :param intacct_conn_id: the Airflow connection.
    :param entity_id: look inside this entity instead of the connection's.
    """

    template_fields: Sequence[str] = (
        "object",
        "keys",
        "where",
        "where_params",
        "state",
        *IntacctPollingSensor.template_fields,
    )
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"keys": "json", "where": "sql", "where_params": "json"}

    def __init__(
        self,
        *,
        object: str,
        keys: Any = None,
        where: str | None = None,
        where_params: Mapping[str, Any] | None = None,
        state: str = "Posted",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.object = object
        self.keys = keys
        self.where = where
        self.where_params = where_params
        self.state = state
        self._looked_up: list[str] | None = None

    def poke(self, context: Context) -> PokeReturnValue:
        """Look once. Raises AirflowFailException for what waiting cannot mend."""
        from airflow_provider_intacct.client.posting.state import progress
        from airflow_provider_intacct.client.posting.state_table import states_of

        with airflow_outcome(), self.hook.client as client, metered(self, client) as meter:
            wanted = states_of(self.object).check(self.state)
            keys, found = self._found(client)
            far = progress(self.object, wanted, keys, found)
            count = f"{len(far.reached)} of {len(keys)} {self.object} records"
            meter.done(f"{count} in state {wanted}", rows=len(keys))
        if far.ended:
            raise_failure(_ended(self.object, wanted, far.ended))
        if far.done and (keys or not self.where):
            return PokeReturnValue(is_done=True, xcom_value=dict(far.reached))
        for key, told in list(far.waiting.items())[:MOST_TOLD]:
            self.log.info("%s %s: %s", self.object, key, told)
        self.say_cost(meter.transactions, each=max(1, -(-len(keys) // 1000)))
        return PokeReturnValue(is_done=False)

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> dict[str, str]:
        """Return the states of the trigger's event, or raise what it reports."""
        raise_failure(event)
        states: dict[str, str] = event["states"][self.object]
        used = transactions(event["transactions"])
        self.log.info(
            "%s %s records are in state %s; the last poll used %s.", len(states), self.object, self.state, used
        )
        return states

    def trigger(self) -> Any:
        """Return the trigger that goes on polling."""
        from airflow_provider_intacct.triggers.state import IntacctStateTrigger

        return IntacctStateTrigger(
            keys={self.object: self._looked_up or []},
            state=self.state,
            where=self.where or None,
            where_params=plain(self.where_params),
            **self.timing,
        )

    def _found(self, client: IntacctClient) -> tuple[list[str], dict[str, State]]:
        """Return the keys of the records, and the states of those that are there."""
        from airflow_provider_intacct.client.errors import InvalidRequestError
        from airflow_provider_intacct.client.posting.state import state_rows

        if bool(self.where) == (self.keys is not None):
            raise InvalidRequestError("Give keys, or where: the records to wait for.")
        if self.where:
            where = condition(self.where, self.where_params)
            rows = client.rows(self.object, fields=["RECORDNO", "STATE"], where=where, typed=False)
            found = state_rows(self.object, rows)
            return list(found), found
        if self._looked_up is None:
            self._looked_up = client.keys_of(self.object, self.keys)
        return self._looked_up, client.states(self.object, self._looked_up)


def _ended(object_name: str, wanted: str, ended: Mapping[str, str]) -> dict[str, Any]:
    from airflow_provider_intacct.triggers.state import failed

    records = [f"{object_name} {key}: {told}" for key, told in ended.items()]
    return failed("StateEnded", f"These will not come to state {wanted} by themselves", records)
