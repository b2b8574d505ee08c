"""Read records and return them as XCom, all of them or none. Thin: the client does the work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator

from airflow_provider_intacct.arguments import DEFAULT_CONN_ID, condition, names, whole_number, whole_number_if_any
from airflow_provider_intacct.hooks.failures import airflow_outcome
from airflow_provider_intacct.metrics import metered
from airflow_provider_intacct.operators.function import IntacctFunctionOperator
from airflow_provider_intacct.xcom import plain

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_intacct.client.where import Condition

__all__ = ["IntacctFunctionOperator", "IntacctQueryOperator"]


class IntacctQueryOperator(BaseOperator):
    """Read the records of an object that match `where`, and return them as a list of dicts.

    The result is JSON: money as exact text (`"1234.50"`), dates and timestamps as ISO 8601 text, True and False, and
    None for an empty field. It is bounded, because an XCom is kept in Airflow's metadata database: with more matching
    records than `max_rows` the task fails and returns nothing, rather than a part that looks like the whole.

    :param object: the Intacct object, such as `APBILL`.
    :param fields: the fields to return, dotted through relationships (`VENDOR.NAME`). A list, or text with commas.
    :param where: SQL-like condition, such as `STATE = 'Approved' AND WHENDUE <= :today`; empty for all records.
    :param where_params: values for the `:names` in `where`, quoted for you. A date may be ISO 8601 text.
    :param order_by: `"WHENDUE DESC"`, or a list of such. Without it records come by their record number.
    :param limit: take the first so many records on purpose.
    :param max_rows: the most records an XCom of yours may hold.
    :param typed: False returns each value as the text Intacct sent.
    :param show_private: from the top level, also return records of private entities.
    :param case_insensitive: compare text without regard to case.
    :param doc_par_id: transaction definition, for the custom fields of SODOCUMENT, PODOCUMENT and INVDOCUMENT.
    :param max_api_transactions: the most API transactions that may be spent; the task fails before it spends more.
    :param intacct_conn_id: the Airflow connection.
    :param entity_id: read inside this entity instead of the connection's.
    """

    template_fields: Sequence[str] = (
        "object",
        "fields",
        "where",
        "where_params",
        "order_by",
        "limit",
        "max_rows",
        "doc_par_id",
        "max_api_transactions",
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
        fields: Sequence[str] | str,
        where: str | Condition | None = None,
        where_params: Mapping[str, Any] | None = None,
        order_by: Sequence[str] | str | None = None,
        limit: int | str | None = None,
        max_rows: int | str = 1000,
        typed: bool = True,
        show_private: bool = False,
        case_insensitive: bool = False,
        doc_par_id: str | None = None,
        max_api_transactions: int | str | None = None,
        intacct_conn_id: str = DEFAULT_CONN_ID,
        entity_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.object = object
        self.fields = fields
        self.where = where
        self.where_params = where_params
        self.order_by = order_by
        self.limit = limit
        self.max_rows = max_rows
        self.typed = typed
        self.show_private = show_private
        self.case_insensitive = case_insensitive
        self.doc_par_id = doc_par_id
        self.max_api_transactions = max_api_transactions
        self.intacct_conn_id = intacct_conn_id
        self.entity_id = entity_id

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Return the records. Raises AirflowFailException for what another try cannot mend."""
        from airflow_provider_intacct.hooks.intacct import IntacctHook

        with airflow_outcome():
            budget = whole_number_if_any("max_api_transactions", self.max_api_transactions)
            hook = IntacctHook(self.intacct_conn_id, self.entity_id, max_api_transactions=budget)
            with hook.client as client, metered(self, client) as meter:
                rows = self._rows(client)
                meter.done(f"Read {len(rows)} {self.object} record{'' if len(rows) == 1 else 's'}", rows=len(rows))
        return rows

    def _rows(self, client: Any) -> list[dict[str, Any]]:
        from airflow_provider_intacct.client.errors import InvalidRequestError

        most = whole_number("max_rows", self.max_rows)
        limit = whole_number_if_any("limit", self.limit)
        if limit is not None and limit > most:
            raise InvalidRequestError(f"limit={limit} asks for more records than max_rows={most} allows.")
        rows = client.rows(
            self.object,
            fields=names("fields", self.fields),
            where=condition(self.where, self.where_params),
            order_by=names("order_by", self.order_by) if self.order_by else None,
            limit=most + 1 if limit is None else limit,
            typed=self.typed,
            show_private=self.show_private,
            case_insensitive=self.case_insensitive,
            doc_par_id=self.doc_par_id or None,
        )
        found = [plain(row) for row in rows]
        if len(found) > most:
            raise InvalidRequestError(
                f"More than {most} {self.object} records match, and an XCom is kept in Airflow's metadata database. "
                "Nothing was returned. Narrow `where`, take fewer on purpose with `limit`, raise `max_rows`, or stream "
                "them in a task of your own: `for row in IntacctHook(...).client.rows(...)`."
            )
        return found
