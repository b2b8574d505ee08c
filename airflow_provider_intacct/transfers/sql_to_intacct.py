"""Rows of any SQL database Airflow has a connection to, as records of Intacct."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_intacct.transfers.inbound.base import IntacctLoadingOperator

if TYPE_CHECKING:
    from airflow_provider_intacct.transfers.inbound.run import Sources


class SqlToIntacctOperator(IntacctLoadingOperator):
    """Post the rows of a query as records of Intacct, each once; see IntacctLoadingOperator for how, and the results.

    The query runs once and is read in batches. Money is exact if its column is: NUMERIC or text; a float is refused.
    Dead letters are JSON lines, to be fed back with ObjectStorageToIntacctOperator and the same mapping.

    :param sql_conn_id: the Airflow connection of the database, of any type with a DbApiHook.
    :param sql: the query, or the name of a `.sql` file. Its columns are what the mapping names.
    :param parameters: values for the query's placeholders, in the form that the database's driver has.
    """

    template_fields: Sequence[str] = (*IntacctLoadingOperator.template_fields, "sql_conn_id", "sql", "parameters")
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **IntacctLoadingOperator.template_fields_renderers,
        "sql": "sql",
        "parameters": "json",
    }

    def __init__(
        self,
        *,
        sql_conn_id: str,
        sql: str,
        parameters: Mapping[str, Any] | Sequence[Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.sql_conn_id = sql_conn_id
        self.sql = sql
        self.parameters = parameters

    @contextlib.contextmanager
    def sources(self) -> Iterator[Sources]:
        """Yield the query."""
        from airflow_provider_intacct.transfers.inbound.dead_letters import JsonLines
        from airflow_provider_intacct.transfers.inbound.query import query_source
        from airflow_provider_intacct.transfers.inbound.run import Sources

        with query_source(self.sql_conn_id, self.sql, self.parameters) as source:
            yield Sources([source], JsonLines, source.datasets())
