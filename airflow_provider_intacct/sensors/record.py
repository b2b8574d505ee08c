"""Wait until records match a condition. Polling is the only way Intacct offers, and every poll is billed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import PokeReturnValue

from airflow_provider_intacct.arguments import condition, names, whole_number
from airflow_provider_intacct.hooks.failures import airflow_outcome, raise_failure
from airflow_provider_intacct.hooks.metering import transactions
from airflow_provider_intacct.metrics import metered
from airflow_provider_intacct.sensors.polling import IntacctPollingSensor
from airflow_provider_intacct.xcom import plain

if TYPE_CHECKING:
    from airflow.sdk import Context


class IntacctRecordSensor(IntacctPollingSensor):
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
        *IntacctPollingSensor.template_fields,
    )
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"fields": "json", "where": "sql", "where_params": "json"}

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
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.object = object
        self.where = where
        self.where_params = where_params
        self.fields = fields
        self.minimum = minimum
        self.max_records = max_records
        self.show_private = show_private
        self.case_insensitive = case_insensitive

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
            self.say_cost(meter.transactions)
            return PokeReturnValue(is_done=False)
        return PokeReturnValue(is_done=True, xcom_value=self._bounded(records[:most], more=len(records) > most))

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> Any:
        """Return the records of the trigger's event, or raise what it reports."""
        raise_failure(event)
        records = self._bounded(event["records"], more=event["more"])
        found = f"{len(records)} {self.object} records"
        self.log.info("The trigger found %s; its last poll used %s.", found, transactions(event["transactions"]))
        return records

    def trigger(self) -> Any:
        """Return the trigger that goes on polling."""
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
            **self.timing,
        )

    def _bounded(self, records: list[dict[str, Any]], *, more: bool) -> list[dict[str, Any]]:
        if more:
            self.log.warning("More than %s records match; these are the first %s.", len(records), len(records))
        return records
