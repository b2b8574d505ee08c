"""What all transfers into Intacct share: how rows become records, what is done with them, where the results go. Thin.

Knows no source: a transfer adds where the rows come from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow.sdk import BaseOperator

from airflow_provider_intacct.arguments import DEFAULT_CONN_ID

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Context

    from airflow_provider_intacct.transfers.inbound.run import Run, Sources

LOAD = "load"
"""The XCom that holds the summary of a load that failed; one that succeeds returns it."""


class IntacctLoadingOperator(BaseOperator):
    """Base of the transfers into Intacct; a transfer adds where the rows come from.

    Rows are read once and grouped into records. All of them are checked before anything is sent; then they are posted,
    100 records in a request. What was sent, and what became of it, stands in files of results, by which a later try of
    the task goes: killed at any point, it posts what is left. If the source has changed meanwhile, so that what was
    posted is different or missing, it stops and says what differs.

    Every record is posted once: under its number (VENDORID and RECORDID, ...) or its `idempotency_key`, once in the
    company, whichever DAG run brings it; under its content if it has neither, once in its DAG run. Dead letters, once
    mended, can be fed back by any run, twice too: what has no name, or is in doubt, goes by `_intacct_record`.

    The results stand in a folder of the run's own below `results_path`: `results-000001.jsonl` and so on, a line for
    each record (status, file, row, rows, object, act, key, natural_key, reference, errors, note, control_id); with
    `on_reject="collect"` also `dead-letters.csv` (or .jsonl, .parquet), the rows of records that were not posted with
    all of their columns and six more. On the way in these are no columns of the record, but leave
    `_intacct_record` and `_intacct_status` as they are: they say which record a row is of, and whether it is in doubt.
    `_intacct_text` has a row that could not be read: put it right in the row's columns, and empty it.
    The task returns a dict: results (the folder), dead_letters, sources, rows, records, posted, already_posted,
    rejected, rolled_back, in_doubt, refused (before anything was sent), refused_sources, api_transactions, seconds. A
    task that fails leaves it in the XCom `load`.

    :param header: the fields of a record, each from a column: `{"VENDORID": "vendor", "WHENCREATED": {"column": "date",
        "date": "%d.%m.%Y"}, "DESCRIPTION": {"value": "Loaded"}}`. Such a dict may have column, value (a constant), date
        (a format), decimal_mark, codes (`{"D": "1", "C": "-1"}`), default, required, empty ("clear"). An empty cell is
        left out of the record.
    :param lines: the container of the lines and their fields: `("APBILLITEMS", {"ACCOUNTNO": "account", ...})`.
    :param group_by: the columns that say which rows are one record; without it each row is one. The rows of a record
        stand in one file, in any order.
    :param record: instead of header and lines a function that makes a record, plain or typed, of the rows of one:
        `lambda rows: Bill(vendor=rows[0]["vendor"], ...)`. It must make the same of the same rows every time.
    :param object: the object, such as `APBILL`. A typed record says it itself.
    :param function: a function of its own, such as `create_invoice` or `update_bill`. Then leave `object` out.
    :param act: `create`, `update` (records that exist; see IntacctUpdateOperator) or `upsert` (those that exist are
        updated, the others created; see IntacctUpsertOperator). Lines that are given replace all lines of a record.
    :param key: for update and upsert, the fields that single a record out in place of its natural key.
    :param skip_unchanged: for update and upsert, do not send what a record says already.
    :param idempotency_key: what names a record that has no number: a column, or text with columns in braces,
        `"{vendor}-{month}"`.
    :param results_path: where the folder of results is made: any path that ObjectStoragePath takes.
    :param results_conn_id: the Airflow connection of that place.
    :param on_reject: `fail` sends nothing if a record is wrong, and stops at the first that Intacct rejects; `collect`
        posts the others.
    :param max_rejects: with `collect`, stop and fail after more rejected records than that.
    :param atomic: all records of a request (100 at most) are written or none is.
    :param ignore_columns: columns of the source that are not read, a list, or `*` for all. Others are refused.
    :param stamp_reference: write a short id into the reference field that the source leaves empty.
    :param statistical: the entries are of a statistical journal, which has quantities and no balance.
    :param dry_run: read everything, check it against the company too (accounts, vendors and dimensions that are named,
        balance by entity, periods, numbers that are taken), write the results, and send nothing. May be a template.
    :param intacct_conn_id: the Airflow connection.
    :param entity_id: post inside this entity instead of the connection's.
    """

    template_fields: Sequence[str] = (
        "header",
        "lines",
        "group_by",
        "object",
        "function",
        "act",
        "key",
        "idempotency_key",
        "results_path",
        "results_conn_id",
        "on_reject",
        "max_rejects",
        "only_check",
        "ignore_columns",
        "intacct_conn_id",
        "entity_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"header": "json", "lines": "json"}
    ui_color = "#fbeed9"

    def __init__(
        self,
        *,
        header: Mapping[str, Any] | None = None,
        lines: Sequence[Any] | None = None,
        group_by: Sequence[str] | str | None = None,
        record: Callable[[Sequence[Mapping[str, Any]]], Any] | None = None,
        object: str | None = None,
        function: str | None = None,
        act: Literal["create", "update", "upsert"] = "create",
        key: Sequence[str] | str = (),
        skip_unchanged: bool = True,
        idempotency_key: str | None = None,
        results_path: str,
        results_conn_id: str | None = None,
        on_reject: Literal["fail", "collect"] = "fail",
        max_rejects: int | str | None = None,
        atomic: bool = False,
        ignore_columns: Sequence[str] | str | None = None,
        stamp_reference: bool = True,
        statistical: bool = False,
        dry_run: bool | str = False,
        intacct_conn_id: str = DEFAULT_CONN_ID,
        entity_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.header = header
        self.lines = lines
        self.group_by = group_by
        self.record = record
        self.object = object
        self.function = function
        self.act = act
        self.key = key
        self.skip_unchanged = skip_unchanged
        self.idempotency_key = idempotency_key
        self.results_path = results_path
        self.results_conn_id = results_conn_id
        self.on_reject = on_reject
        self.max_rejects = max_rejects
        self.atomic = atomic
        self.ignore_columns = ignore_columns
        self.stamp_reference = stamp_reference
        self.statistical = statistical
        self.only_check = dry_run  # `dry_run` is a method of Airflow's
        self.intacct_conn_id = intacct_conn_id
        self.entity_id = entity_id

    def sources(self) -> AbstractContextManager[Sources]:
        """Return what opens the files or the query that the rows come from."""
        raise TypeError(f"{type(self).__name__} does not say where its rows come from: it needs a method sources().")

    def execute(self, context: Context) -> dict[str, Any]:
        """Load, and return what was loaded. Raises AirflowFailException for what another try cannot mend."""
        from airflow_provider_intacct.hooks.failures import airflow_outcome
        from airflow_provider_intacct.hooks.intacct import IntacctHook
        from airflow_provider_intacct.metrics import metered
        from airflow_provider_intacct.transfers.inbound.run import Run

        with airflow_outcome():
            hook = IntacctHook(self.intacct_conn_id, self.entity_id or None)
            with hook.client as client, metered(self, client) as meter:
                run = Run(self, context, client, meter)
                done = False
                try:
                    run.load()
                    done = True
                finally:
                    meter.done(run.words, rows=run.records)
                    if not done:
                        context["ti"].xcom_push(key=LOAD, value=run.summary())
                self._tell(context, run)
                return run.summary()

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """Return what was read and written, for OpenLineage."""
        from airflow_provider_intacct.lineage import load_lineage

        return load_lineage(**self._lineage)

    def _tell(self, context: Context, run: Run) -> None:
        """Tell the events of asset outlets, and OpenLineage when it asks."""
        from airflow_provider_intacct.assets import tell_outlets

        summary = run.summary()
        told = ("results", "rows", "records", "posted", "already_posted", "rejected", "refused")
        tell_outlets(context, self.outlets, {name: summary[name] for name in told})
        self._lineage = run.lineage()
