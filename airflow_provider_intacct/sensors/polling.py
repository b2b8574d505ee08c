"""What the sensors share: poll once on the worker, then wait there or in the triggerer, and say what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator, PokeReturnValue, conf

from airflow_provider_intacct.arguments import DEFAULT_CONN_ID
from airflow_provider_intacct.hooks.metering import transactions

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_intacct.hooks.intacct import IntacctHook

SECONDS_A_DAY = 86_400


class IntacctPollingSensor(BaseSensorOperator):
    """Base of the sensors; one adds `poke`, `trigger` and `execute_complete`. Not for DAGs by itself.

    :param deferrable: wait in the triggerer; defaults to `[operators] default_deferrable`.
    :param poke_interval: seconds between two polls, 300 by default.
    :param intacct_conn_id: the Airflow connection.
    :param entity_id: look inside this entity instead of the connection's.
    """

    template_fields: Sequence[str] = ("intacct_conn_id", "entity_id")
    ui_color = "#e3f1e8"

    def __init__(
        self,
        *,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poke_interval: timedelta | float = 300,
        intacct_conn_id: str = DEFAULT_CONN_ID,
        entity_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(poke_interval=poke_interval, **kwargs)
        self.deferrable = deferrable
        self.intacct_conn_id = intacct_conn_id
        self.entity_id = entity_id
        self._cost_said = False

    @cached_property
    def hook(self) -> IntacctHook:
        """One hook for all pokes: in poke mode the session and what it has looked up stay."""
        from airflow_provider_intacct.hooks.intacct import IntacctHook

        return IntacctHook(self.intacct_conn_id, self.entity_id)

    def trigger(self) -> Any:
        """Return the trigger that goes on polling in the triggerer."""
        raise TypeError(f"{type(self).__name__} does not say how it waits: it needs a method trigger().")

    def execute(self, context: Context) -> Any:
        """Poll, and wait on the worker or defer to the triggerer."""
        if not self.deferrable:
            return super().execute(context)
        first = self._first_poke(context)
        if first:
            return first.xcom_value
        return self.defer(
            trigger=self.trigger(), method_name="execute_complete", timeout=timedelta(seconds=self.timeout)
        )

    @property
    def timing(self) -> dict[str, Any]:
        """When and as whom a trigger polls: arguments that all our polling triggers take."""
        return {
            "poke_interval": self.poke_interval,
            "first_poll_at": (datetime.now(UTC) + timedelta(seconds=self.poke_interval)).isoformat(),
            "exponential_backoff": self.exponential_backoff,
            "max_wait": self.max_wait.total_seconds() if self.max_wait else None,
            "intacct_conn_id": self.intacct_conn_id,
            "entity_id": self.entity_id,
        }

    def say_cost(self, used: int, *, each: int = 1) -> None:
        """Say once what waiting costs: `each` API transactions a poll.

        A rescheduled poke is a new process, which signs in and looks up anew, and so costs what this one `used`.
        """
        if self._cost_said:
            return
        self._cost_said = True
        a_poll = used if self.reschedule and not self.deferrable else each
        a_day = a_poll * SECONDS_A_DAY / max(self.poke_interval, 1)
        bound = "at most " if self.exponential_backoff else "about "
        self.log.info("Polling every %g s costs %s%s a day.", self.poke_interval, bound, transactions(a_day))

    def _first_poke(self, context: Context) -> PokeReturnValue:
        """Poll on the worker before deferring: done at once if it is there, and wrong settings show here.

        Keeps the promises that BaseSensorOperator.execute makes for soft_fail, never_fail and silent_fail.
        """
        from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

        try:
            poked = self.poke(context)
        except AirflowFailException as error:
            if self.soft_fail or self.never_fail:
                raise AirflowSkipException(f"Skipped, as soft_fail or never_fail asks: {error}") from error
            raise
        except Exception as error:
            if self.never_fail:
                raise AirflowSkipException(f"Skipped, as never_fail asks: {type(error).__name__}") from error
            if not self.silent_fail:
                raise
            self.log.exception("The first poll failed; waiting goes on, as silent_fail asks")
            return PokeReturnValue(is_done=False)
        return poked if isinstance(poked, PokeReturnValue) else PokeReturnValue(is_done=bool(poked))
