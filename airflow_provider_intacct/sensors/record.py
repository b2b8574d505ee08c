"""Wait until records match a condition. Polling is the only way Intacct offers, and every poll is billed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseSensorOperator, PokeReturnValue, conf

from airflow_provider_intacct.arguments import DEFAULT_CONN_ID, condition, names, whole_number
from airflow_provider_intacct.hooks.failures import airflow_outcome, raise_failure
from airflow_provider_intacct.hooks.metering import transactions
from airflow_provider_intacct.metrics import metered
from airflow_provider_intacct.xcom import plain

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_intacct.hooks.intacct import IntacctHook

SECONDS_A_DAY = 86_400


class IntacctRecordSensor(BaseSensorOperator):
    """Succeed when at least `minimum` records of an object match `where`; return them, at most `max_records`.

    Polls once on the worker, then, with `deferrable`, goes on in the triggerer. Each poll is one API transaction; the
    log says at the start what that comes to in a day. The records are JSON, as those of IntacctQueryOperator.

    :param object: the Intacct object, such as `APBILL`.
    :param where: SQL-like condition, such as `STATE = 'Approved'`; empty for any record.
    :param where_params: values for the `:names` in `where`, quoted for you.
    :param fields: the fields of the returned records (custom objects have `id`, not RECORDNO).
    :param minimum: how many records must match.
    :param max_records: return at most so many of them; the log says when there are more.
    :param show_private: from the top level, also look at records of private entities.
    :param case_insensitive: compare text without regard to case.
    :param deferrable: wait in the triggerer; defaults to `[operators] default_deferrable`.
    :param poke_interval: seconds between two polls, 300 by default.
    :param intacct_conn_id: the Airflow connection.
    :param entity_id: look inside this entity instead of the connection's.
    """

    template_fields: Sequence[str] = (
        "object",
        "where",
        "where_params",
        "fields",
        "minimum",
        "max_records",
        "intacct_conn_id",
        "entity_id",
    )
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"fields": "json", "where": "sql", "where_params": "json"}
    ui_color = "#e3f1e8"

    def __init__(
        self,
        *,
        object: str,
        where: str | None = None,
        where_params: Mapping[str, Any] | None = None,
        fields: Sequence[str] | str = ("RECORDNO",),
        minimum: int | str = 1,
        max_records: int | str = 100,
        show_private: bool = False,
        case_insensitive: bool = False,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poke_interval: timedelta | float = 300,
        intacct_conn_id: str = DEFAULT_CONN_ID,
        entity_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(poke_interval=poke_interval, **kwargs)
        self.object = object
        self.where = where
        self.where_params = where_params
        self.fields = fields
        self.minimum = minimum
        self.max_records = max_records
        self.show_private = show_private
        self.case_insensitive = case_insensitive
        self.deferrable = deferrable
        self.intacct_conn_id = intacct_conn_id
        self.entity_id = entity_id
        self._cost_said = False

    @cached_property
    def hook(self) -> IntacctHook:
        """One hook for all pokes: in poke mode the session and what it has looked up stay."""
        from airflow_provider_intacct.hooks.intacct import IntacctHook

        return IntacctHook(self.intacct_conn_id, self.entity_id)

    def execute(self, context: Context) -> Any:
        """Poll, and wait on the worker or defer to the triggerer."""
        if not self.deferrable:
            return super().execute(context)
        first = self._first_poke(context)
        if first:
            return first.xcom_value
        return self.defer(
            trigger=self._trigger(), method_name="execute_complete", timeout=timedelta(seconds=self.timeout)
        )

    def poke(self, context: Context) -> PokeReturnValue:
        """Look once. Raises AirflowFailException for what waiting cannot mend."""
        with airflow_outcome(), self.hook.client as client, metered(self, client) as meter:
            minimum = whole_number("minimum", self.minimum)
            most = whole_number("max_records", self.max_records)
            rows = client.rows(
                self.object,
                fields=names("fields", self.fields),
                where=condition(self.where, self.where_params),
                limit=max(minimum, most + 1),
                show_private=self.show_private,
                case_insensitive=self.case_insensitive,
            )
            records = [plain(row) for row in rows]
            meter.done(f"Found {len(records)} of at least {minimum} {self.object} records", rows=len(records))
        if len(records) < minimum:
            self._say_cost(meter.transactions)
            return PokeReturnValue(is_done=False)
        return PokeReturnValue(is_done=True, xcom_value=self._bounded(records[:most], more=len(records) > most))

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> Any:
        """Return the records of the trigger's event, or raise what it reports."""
        raise_failure(event)
        records = self._bounded(event["records"], more=event["more"])
        found = f"{len(records)} {self.object} records"
        self.log.info("The trigger found %s; its last poll used %s.", found, transactions(event["transactions"]))
        return records

    def _first_poke(self, context: Context) -> PokeReturnValue:
        """Poll on the worker before deferring: done at once if the records are there, and wrong settings show here.

        Keeps the promises that BaseSensorOperator.execute makes for soft_fail, never_fail and silent_fail.
        """
        from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

        try:
            return self.poke(context)
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

    def _trigger(self) -> Any:
        from airflow_provider_intacct.triggers.record import IntacctRecordTrigger

        return IntacctRecordTrigger(
            object=self.object,
            fields=names("fields", self.fields),
            where=self.where,
            where_params=plain(self.where_params),
            minimum=whole_number("minimum", self.minimum),
            max_records=whole_number("max_records", self.max_records),
            show_private=self.show_private,
            case_insensitive=self.case_insensitive,
            poke_interval=self.poke_interval,
            first_poll_at=(datetime.now(UTC) + timedelta(seconds=self.poke_interval)).isoformat(),
            exponential_backoff=self.exponential_backoff,
            max_wait=self.max_wait.total_seconds() if self.max_wait else None,
            intacct_conn_id=self.intacct_conn_id,
            entity_id=self.entity_id,
        )

    def _say_cost(self, used: int) -> None:
        """Say once what waiting costs. A rescheduled poke is a new process, which signs in and looks up anew."""
        if self._cost_said:
            return
        self._cost_said = True
        each = used if self.reschedule and not self.deferrable else 1
        a_day = each * SECONDS_A_DAY / max(self.poke_interval, 1)
        bound = "at most " if self.exponential_backoff else "about "
        self.log.info("Polling every %g s costs %s%s a day.", self.poke_interval, bound, transactions(a_day))

    def _bounded(self, records: list[dict[str, Any]], *, more: bool) -> list[dict[str, Any]]:
        if more:
            self.log.warning("More than %s records match; these are the first %s.", len(records), len(records))
        return records
