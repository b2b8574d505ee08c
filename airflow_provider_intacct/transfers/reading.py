"""What all transfers out of Intacct share: which records, of which window, as which user, at what cost at most.

Knows no destination. The client reads; here are the arguments, and the window a DAG run stands for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow.sdk import BaseOperator

from airflow_provider_intacct.arguments import DEFAULT_CONN_ID, condition, names, whole_number_if_any

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_intacct.client import IntacctClient
    from airflow_provider_intacct.client.extraction import Extraction
    from airflow_provider_intacct.client.where import Condition
    from airflow_provider_intacct.client.windows import Window
    from airflow_provider_intacct.hooks.intacct import IntacctHook

OVERLAP = timedelta(hours=2)
"""Records can become visible long after the time they are stamped with: a client that runs in production re-reads two
hours. That covers a clock change, too, where the connection does not name the user's time zone.
"""


class IntacctReadingOperator(BaseOperator):
    """Base of the transfers out of Intacct; a transfer adds where the records go.

    :param object: the Intacct object, such as `GLDETAIL`.
    :param fields: the fields to read, dotted through relationships (`VENDOR.NAME`); a list, or text with commas.
        `*`, the default, reads all fields of the object itself. An incremental read always reads the record's key and
        its modification time too.
    :param where: SQL-like condition, such as `STATE = 'Posted'`; empty for all records.
    :param where_params: values for the `:names` in `where`, quoted for you. A date may be ISO 8601 text.
    :param incremental: read only what changed in the window, by modification time, instead of everything.
    :param window_start: begin of the window, a datetime with a zone or ISO 8601 text; default the begin of the run's
        data interval.
    :param window_end: end of the window, which is not part of it; default the end of the run's data interval.
    :param overlap: timedelta or seconds read again before the window, for records that became visible late; default two
        hours.
    :param on_denied_field: `error` if the user may not read one of the fields, or `drop` to go on without it.
    :param stamp_entity: name of a column to add, with the entity each record was read in.
    :param max_api_transactions: the most API transactions that may be spent; the task fails before it spends more.
    :param show_private: from the top level, also read records of private entities.
    :param doc_par_id: transaction definition, for the custom fields of SODOCUMENT, PODOCUMENT and INVDOCUMENT.
    :param intacct_conn_id: the Airflow connection.
    :param entity_id: read inside this entity instead of the connection's.
    """

    template_fields: Sequence[str] = (
        "object",
        "fields",
        "where",
        "where_params",
        "window_start",
        "window_end",
        "overlap",
        "on_denied_field",
        "stamp_entity",
        "max_api_transactions",
        "doc_par_id",
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
        fields: Sequence[str] | str = "*",
        where: str | Condition | None = None,
        where_params: Mapping[str, Any] | None = None,
        incremental: bool = False,
        window_start: datetime | str | None = None,
        window_end: datetime | str | None = None,
        overlap: timedelta | float | str = OVERLAP,
        on_denied_field: Literal["error", "drop"] = "error",
        stamp_entity: str | None = None,
        max_api_transactions: int | str | None = None,
        show_private: bool = False,
        doc_par_id: str | None = None,
        intacct_conn_id: str = DEFAULT_CONN_ID,
        entity_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.object = object
        self.fields = fields
        self.where = where
        self.where_params = where_params
        self.incremental = incremental
        self.window_start = window_start
        self.window_end = window_end
        self.overlap = overlap
        self.on_denied_field = on_denied_field
        self.stamp_entity = stamp_entity
        self.max_api_transactions = max_api_transactions
        self.show_private = show_private
        self.doc_par_id = doc_par_id
        self.intacct_conn_id = intacct_conn_id
        self.entity_id = entity_id

    def hook(self) -> IntacctHook:
        """Return the hook for the connection, entity and budget of this task."""
        from airflow_provider_intacct.hooks.intacct import IntacctHook

        budget = whole_number_if_any("max_api_transactions", self.max_api_transactions)
        return IntacctHook(self.intacct_conn_id, self.entity_id or None, max_api_transactions=budget)

    def condition(self) -> Condition | None:
        """Return `where` with its values filled in."""
        return condition(self.where, self.where_params)

    def asked_window(self, context: Context) -> Window | None:
        """Return the window this run stands for, None for everything.

        Raises InvalidRequestError when neither the arguments nor the run tell one.
        """
        from airflow_provider_intacct.client.errors import InvalidRequestError
        from airflow_provider_intacct.client.windows import window_of

        if self.incremental:
            return window_of(*self._bounds(context), self.overlap if self.overlap not in (None, "") else 0)
        if self.window_start not in (None, "") or self.window_end not in (None, ""):
            raise InvalidRequestError("window_start and window_end are for reads with incremental=True.")
        return None

    def window(self, context: Context) -> Window | None:
        """Return the window to be read: the one this run stands for, cut to now, for the rest of it is not past yet."""
        window = self.asked_window(context)
        if window is None:
            return None
        past = window.capped(datetime.now(UTC))
        if past != window:
            self.log.warning("The window %s is not past yet; read up to %s only.", window, past.end)
        return past

    def _bounds(self, context: Context) -> tuple[Any, Any]:
        from airflow_provider_intacct.client.errors import InvalidRequestError

        start = self.window_start or context.get("data_interval_start")
        end = self.window_end or context.get("data_interval_end")
        if not start or not end:
            raise InvalidRequestError(
                "This run has no data interval, so what to read is not said. Give window_start and window_end."
            )
        if start == end:
            raise InvalidRequestError(
                f"The data interval of this run is empty: it starts and ends at {start}. Airflow's plain cron "
                "schedules give none. Schedule the DAG with CronDataIntervalTimetable, or give window_start and "
                "window_end."
            )
        return start, end

    def asked_fields(self) -> list[str] | str:
        """Return the names in `fields`, or "*"."""
        return "*" if self.fields in ("*", ["*"]) else names("fields", self.fields)

    def extract(
        self,
        client: IntacctClient,
        window: Window | None,
        *,
        fields: Sequence[str] | str | None = None,
        typed: bool = True,
        returnformat: Literal["json", "csv", "xml"] = "json",
        reread_parents: bool = False,
    ) -> Extraction:
        """Return the extraction of this task, not opened yet; `fields` in place of the author's."""
        return client.extract(
            self.object,
            fields=self.asked_fields() if fields is None else fields,
            where=self.condition(),
            window=window,
            reread_parents=reread_parents,
            typed=typed,
            on_denied_field=self.on_denied_field,
            stamp_entity=self.stamp_entity or None,
            returnformat=returnformat,
            show_private=self.show_private,
            doc_par_id=self.doc_par_id or None,
        )
