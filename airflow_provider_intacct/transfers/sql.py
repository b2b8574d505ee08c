"""Records of Intacct into a table of any SQL database Airflow has a connection to."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_intacct.transfers.reading import IntacctReadingOperator

if TYPE_CHECKING:
    import sqlalchemy as sa
    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Context

    from airflow_provider_intacct.client import IntacctClient
    from airflow_provider_intacct.client.changes import ChangePolicy
    from airflow_provider_intacct.client.extraction import Extraction, ExtractionReport
    from airflow_provider_intacct.hooks.metering import Meter
    from airflow_provider_intacct.transfers.loading import Deletes, Load, Loaded, Target
    from airflow_provider_intacct.transfers.staging import StagedKeys
    from airflow_provider_intacct.transfers.tables import ColumnNames


class IntacctToSqlOperator(IntacctReadingOperator):
    """Load the records of an object into a database table: added, changed and deleted ones, all of a run or nothing.

    The table is made from Intacct's own types, money as NUMERIC (on SQLite as text), and gets a new column when the
    object gets a new field. Rows wait in a temporary table until all have come; then one transaction brings them in,
    takes deleted records out, and writes what was loaded into `_intacct_loads`, in the same schema. So readers never
    see half a load or an empty table, and a task that dies leaves the table as it was. The same run again gives the
    same table.

    A table made by hand is filled if it is empty. Rows in it that no load brought are never taken for records that
    were deleted; with `deletes="ignore"` a first load takes them over.

    Without `incremental` the table becomes what Intacct holds now: what is gone there is deleted. With it, what changed
    in the window is brought in, and deletes are found as the object allows: in the audit history, by comparing all
    keys, or for lines by reading all of a changed document. The log and the result say which.

    One run at a time (`max_active_runs=1`) brings changes in the order in which they were made. Mapped tasks that stamp
    their entity may run together.

    The result is a dict: table, object, entity_id, rows, inserted, updated, deleted, deletes (how they were found),
    window, cursor, api_transactions, seconds, dropped_fields, changes of the table, and drift (fields added, removed or
    retyped since the last load).

    :param sql_conn_id: the Airflow connection of the database, of any type with a DbApiHook.
    :param table: `vendors`, or `raw.vendors` in a schema that exists; default the object's name in lower case.
    :param column_names: `lower` for Intacct's names in lower case, or `intacct` for its own; dots become `__`.
    :param column_types: data types to use instead of Intacct's, by field: `{"RATE": "TEXT"}`. TEXT, DECIMAL, INTEGER,
        BOOLEAN, DATE or TIMESTAMP.
    :param deletes: `apply` deletes what Intacct no longer has, `mark` writes the time into the column `_deleted_at`,
        `ignore` leaves it.
    """

    template_fields: Sequence[str] = (*IntacctReadingOperator.template_fields, "sql_conn_id", "table", "deletes")

    def __init__(
        self,
        *,
        sql_conn_id: str,
        table: str | None = None,
        column_names: ColumnNames = "lower",
        column_types: Mapping[str, str] | None = None,
        deletes: Deletes = "apply",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.sql_conn_id = sql_conn_id
        self.table = table
        self.column_names = column_names
        self.column_types = column_types
        self.deletes = deletes

    def execute(self, context: Context) -> dict[str, Any]:
        """Load, and return what was loaded. Raises AirflowFailException for what another try cannot mend."""
        from airflow_provider_intacct.hooks.failures import airflow_outcome
        from airflow_provider_intacct.metrics import metered
        from airflow_provider_intacct.transfers.database import connected

        with (
            airflow_outcome(),
            _table_outcome(),
            self.hook().client as client,
            metered(self, client) as meter,
            connected(self.sql_conn_id) as connection,
        ):
            self._check_arguments()
            return self._load(context, client, connection, meter)

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """Return what was read and written, for OpenLineage."""
        from airflow_provider_intacct.lineage import operator_lineage

        read, written = self._lineage
        return operator_lineage(read, written, transactions=self._transactions)

    def _check_arguments(self) -> None:
        from airflow_provider_intacct.client.errors import InvalidRequestError

        for name, allowed in (("deletes", ("apply", "mark", "ignore")), ("column_names", ("lower", "intacct"))):
            if getattr(self, name) not in allowed:
                raise InvalidRequestError(f"{name} is one of {', '.join(allowed)}, not {getattr(self, name)!r}.")

    def _load(self, context: Context, client: IntacctClient, connection: sa.Connection, meter: Meter) -> dict[str, Any]:
        from airflow_provider_intacct.client.changes import policy_of
        from airflow_provider_intacct.transfers.deletes import key_fields, method_of, needed_fields
        from airflow_provider_intacct.transfers.loading import Load

        window, asked = self.window(context), self.asked_fields()
        definition = client.lookup(self.object, doc_par_id=self.doc_par_id or None)
        policy, key = policy_of(definition), key_fields(definition, asked)
        method = method_of(policy, window, key)
        fields = needed_fields(policy, key, asked)
        reread = method == "parent" and self.deletes != "ignore"
        with self.extract(client, window, fields=fields, reread_parents=reread) as extraction:
            load = Load(connection, self._target(client, connection, extraction, key), method)
            load.check()
            for page in extraction.pages():
                load.stage.add(self._stamped(page))
        if load.method == "none" and self.deletes != "ignore":
            self.log.info("Deleted %s records are not looked for: %s.", policy.object, policy.reason)
        keys = self._told(client, load, policy, extraction)
        loaded = load.apply(self._facts(context, extraction.report, meter), keys)
        result = self._summary(load, loaded, extraction.report, meter)
        self._tell(context, client, load, loaded, result, meter)
        return result

    def _target(
        self, client: IntacctClient, connection: sa.Connection, extraction: Extraction, key: Sequence[str]
    ) -> Target:
        from airflow_provider_intacct.transfers.loading import Target
        from airflow_provider_intacct.transfers.tables import load_columns, table_name

        dialect, entity_id = connection.dialect, client.session.entity_id or ""
        stamp = self.stamp_entity or None
        columns = load_columns(
            extraction.columns,
            (stamp, *key) if stamp and key else key,
            dialect,
            names=self.column_names,
            types=self.column_types,
        )
        return Target(
            name=table_name(self.table or self.object.lower(), dialect),
            columns=columns,
            object=extraction.report.object.upper(),
            scope=self._scope(entity_id),
            entity_id=entity_id,
            stamp=next((column for column in columns if column.field == stamp), None),
            deletes=self.deletes,
        )

    def _scope(self, entity_id: str) -> str:
        """Return in words which records this task loads, to be compared with what other loads of the table did."""
        parts = [f"where={self.where} {dict(self.where_params or {})}"] if self.where else []
        parts += [f"entity_id={entity_id}"] if entity_id and not self.stamp_entity else []
        parts += [f"doc_par_id={self.doc_par_id}"] if self.doc_par_id else []
        parts += ["show_private"] if self.show_private else []
        return ", ".join(parts) or "all records"

    def _stamped(self, page: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Give records of the top level an empty entity: the column is part of the key, which cannot be NULL."""
        if stamp := self.stamp_entity:
            for row in page:
                row[stamp] = row[stamp] or ""
        return page

    def _told(
        self, client: IntacctClient, load: Load, policy: ChangePolicy, extraction: Extraction
    ) -> StagedKeys | None:
        """Ask Intacct by which keys deletes are told; compare keys where the audit history does not tell them."""
        from airflow_provider_intacct.client.errors import AuditHistoryError
        from airflow_provider_intacct.transfers.deletes import told_keys

        if load.method in ("absence", "none"):
            return None
        field, told = told_keys(
            client,
            policy,
            load.method,
            extraction.report.window,
            where=self.condition(),
            parents=extraction.report.parents,
            show_private=self.show_private,
            doc_par_id=self.doc_par_id or None,
        )
        keys = load.staged_keys(field or extraction.key or "")
        try:
            keys.add(told)
        except AuditHistoryError as error:
            self.log.warning("%s So all keys are compared, which costs more API transactions.", error.message)
            keys.drop()
            load.method = "key_set"
            return self._told(client, load, policy, extraction)
        return keys

    def _facts(self, context: Context, report: ExtractionReport, meter: Meter) -> dict[str, Any]:
        """Return what the record of the load says of its task."""
        ti = context.get("ti")
        run = {name: getattr(ti, name, None) for name in ("dag_id", "task_id", "run_id", "map_index", "try_number")}
        return {
            "window_start": report.window.start if report.window else None,
            "window_end": report.window.end if report.window else None,
            "cursor": report.cursor,
            "api_transactions": meter.transactions,
            **run,
        }

    def _summary(self, load: Load, loaded: Loaded, report: ExtractionReport, meter: Meter) -> dict[str, Any]:
        """Return the task's result."""
        target = load.target
        return {
            "table": str(target.name),
            "object": target.object,
            "entity_id": target.entity_id or None,
            "rows": report.rows,
            "inserted": loaded.inserted,
            "updated": loaded.updated,
            "deleted": loaded.deleted,
            "deletes": load.method,
            "window": report.window.plain() if report.window else None,
            "cursor": list(report.cursor) if report.cursor else None,
            "api_transactions": meter.transactions,
            "seconds": round(meter.seconds, 3),
            "dropped_fields": list(report.dropped_fields),
            "changes": str(loaded.changes),
            "drift": loaded.drift.plain() if loaded.drift else None,
        }

    def _tell(
        self, context: Context, client: IntacctClient, load: Load, loaded: Loaded, result: dict[str, Any], meter: Meter
    ) -> None:
        """Say what was done: in the log, to the events of asset outlets, and, when asked, to OpenLineage."""
        from airflow_provider_intacct.assets import tell_outlets
        from airflow_provider_intacct.lineage import ReadFrom, WrittenTo
        from airflow_provider_intacct.transfers.database import dataset_name

        object, table, rows = result["object"], result["table"], result["rows"]
        if loaded.drift:
            self.log.warning("What is read of %s differs from the last load of %s: %s.", object, table, loaded.drift)
        if loaded.changes:
            self.log.info("Table %s: %s.", table, loaded.changes)
        what = f"{loaded.inserted:,} inserted, {loaded.updated:,} updated, {loaded.deleted:,} deleted ({load.method})"
        records = f"{rows:,} {object} record{'' if rows == 1 else 's'}"
        meter.done(f"Loaded {records} into {table}: {what}", rows=rows)
        told = ("table", "object", "entity_id", "window", "rows", "inserted", "updated", "deleted", "cursor")
        tell_outlets(context, self.outlets, {name: result[name] for name in told})
        self._transactions = meter.transactions
        self._lineage = (
            [ReadFrom(client.credentials.company_id, object, load.schema)],
            [WrittenTo(*dataset_name(load.connection, load.target.name), rows=rows)],
        )


@contextlib.contextmanager
def _table_outcome() -> Iterator[None]:
    """Raise what does not fit a table as AirflowFailException: another try would meet it again."""
    from airflow.sdk.exceptions import AirflowFailException

    from airflow_provider_intacct.transfers.tables import TableError

    try:
        yield
    except TableError as error:
        raise AirflowFailException(str(error)) from error
