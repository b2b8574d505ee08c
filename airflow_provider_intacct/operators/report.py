"""Run an Intacct report and return its rows, without a worker while Intacct makes it."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow.sdk import BaseOperator, conf

from airflow_provider_intacct.arguments import DEFAULT_CONN_ID, whole_number, whole_number_if_any
from airflow_provider_intacct.compat import task_state_store
from airflow_provider_intacct.hooks.failures import airflow_outcome
from airflow_provider_intacct.metrics import metered
from airflow_provider_intacct.xcom import plain

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Context

    from airflow_provider_intacct.client import IntacctClient
    from airflow_provider_intacct.client.xml.reports import Pending, Report
    from airflow_provider_intacct.operators.report_files import ReportFiles

REMEMBERED = "intacct_report"
LONGEST_INTERVAL_SECONDS = 600.0


class IntacctReportOperator(BaseOperator):
    """Run a custom, interactive or standard report, wait for it, and return its rows as a list of dicts.

    Whether a report is ready can only be learned by asking for its first page, and each page is handed out once. So
    the triggerer only keeps the time, and the worker asks, for a few seconds, at intervals that double up to ten
    minutes. Each time costs one API transaction, as does each page. The report's id is kept in the task state store
    (Airflow 3.3 and later), so that a retry goes on with the report an earlier try has started. If Intacct has dropped
    the report meanwhile, or a page was lost on the way, it is started again.

    The result is JSON, as that of IntacctQueryOperator, and bounded: an XCom is kept in Airflow's metadata database.
    With a `path` the rows go into files instead, which become visible together, and the result is the manifest that
    stands beside them.

    :param report: the report's name.
    :param arguments: values for its prompts, by name. Of a standard report, the function with its elements:
        `{"get_accountbalancesbydimensions": {"reportingperiodname": "...", "groupby": "location"}}`.
    :param kind: `interactive` for an interactive custom report, `STANDARD` for a standard one, else None.
    :param library: the report comes from the report library.
    :param types: Intacct data types of columns, `{"AMOUNT": "CURRENCY", "WHENDUE": "DATE"}`: a report does not tell
        them. Columns without one stay text; amounts of a standard report of balances are known.
    :param page_size: rows of one page, 1 to 1000.
    :param max_rows: the most rows an XCom of yours may hold; with more the task fails and returns nothing.
    :param path: a folder for files, such as `s3://bucket/aging/{{ ds }}`; without one the rows are the result.
    :param path_conn_id: the Airflow connection of the place; may also stand in the path, `s3://my_aws@bucket/aging`.
    :param format: `parquet`, `jsonl` or `csv`, of the files. Parquet needs pyarrow (the extra `parquet`).
    :param compression: as of IntacctToObjectStorageOperator.
    :param poll_interval: seconds before the report is asked for again; doubles each time, up to 600.
    :param timeout: seconds to wait for the report in all, 6 hours by default.
    :param deferrable: leave the worker meanwhile; defaults to `[operators] default_deferrable`.
    :param max_api_transactions: the most API transactions one stretch of work may spend.
    :param intacct_conn_id: the Airflow connection.
    :param entity_id: run it inside this entity instead of the connection's.
    """

    template_fields: Sequence[str] = (
        "report",
        "arguments",
        "types",
        "page_size",
        "max_rows",
        "path",
        "path_conn_id",
        "format",
        "compression",
        "max_api_transactions",
        "intacct_conn_id",
        "entity_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"arguments": "json", "types": "json"}
    ui_color = "#e3f1e8"

    def __init__(
        self,
        *,
        report: str,
        arguments: Mapping[str, Any] | None = None,
        kind: Literal["interactive", "STANDARD"] | None = None,
        library: bool = False,
        types: Mapping[str, str] | None = None,
        page_size: int | str = 1000,
        max_rows: int | str = 1000,
        path: str | None = None,
        path_conn_id: str | None = None,
        format: str = "parquet",
        compression: str | None = None,
        poll_interval: float = 30.0,
        timeout: timedelta | float = 6 * 3600.0,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        max_api_transactions: int | str | None = None,
        intacct_conn_id: str = DEFAULT_CONN_ID,
        entity_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.report = report
        self.arguments = arguments
        self.kind = kind
        self.library = library
        self.types = types
        self.page_size = page_size
        self.max_rows = max_rows
        self.path = path
        self.path_conn_id = path_conn_id
        self.format = format
        self.compression = compression
        self.poll_interval = poll_interval
        self.timeout = timeout
        self.deferrable = deferrable
        self.max_api_transactions = max_api_transactions
        self.intacct_conn_id = intacct_conn_id
        self.entity_id = entity_id

    def execute(self, context: Context) -> Any:
        """Start the report, or go on with the one an earlier try has started; wait; return its rows or manifest."""
        seconds = self.timeout.total_seconds() if isinstance(self.timeout, timedelta) else float(self.timeout)
        return self._work(context, self._remembered(context), 0, datetime.now(UTC) + timedelta(seconds=seconds))

    def resume(self, context: Context, event: Mapping[str, Any]) -> Any:
        """Ask for the report again, as the time for that has come."""
        from airflow_provider_intacct.client.xml.reports import Pending

        pending = Pending(event["report_id"], starts=event["starts"])
        return self._work(context, pending, event["polls"], datetime.fromisoformat(event["until"]))

    def _work(self, context: Context, pending: Pending | None, polls: int, until: datetime) -> Any:
        from airflow_provider_intacct.assets import tell_outlets
        from airflow_provider_intacct.client.xml.reports import Pending

        with airflow_outcome(), self._client() as client, metered(self, client) as meter:
            report = self._report()
            files = self._files()
            while True:
                outcome = self._ask(context, client, report, pending)
                if not isinstance(outcome, Pending):
                    break
                self._remember(context, outcome)
                pause = min(LONGEST_INTERVAL_SECONDS, float(self.poll_interval) * 2 ** min(polls, 30))
                if datetime.now(UTC) + timedelta(seconds=pause) > until:
                    raise self._not_ready()
                meter.done(f"Report {self.report} is {outcome.status.lower()}, to be asked for again in {pause:.0f} s")
                polls += 1
                if self.deferrable:
                    self._leave(outcome, pause, polls, until)
                time.sleep(pause)
                pending = outcome
            self._remember(context, None)
            rows = len(outcome)
            if files is None:
                result: Any = self._bounded(outcome)
            else:
                result = files.deliver(report, outcome, self.types or {}, client.session.entity_id)
            meter.done(f"Read {rows} rows of report {self.report}", rows=rows)
            self._read = (client.credentials.company_id, meter.transactions, None if files is None else result)
        tell_outlets(context, self.outlets, {"report": self.report, "rows": rows})
        return result

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """Return what was read and written, for OpenLineage."""
        from airflow_provider_intacct.lineage import ReadFrom, WrittenTo, operator_lineage

        company_id, transactions, manifest = self._read
        read = ReadFrom(company_id, f"report {self.report}", manifest["columns"] if manifest else None)
        if manifest is None:
            return operator_lineage([read], transactions=transactions)
        from airflow.sdk import ObjectStoragePath

        from airflow_provider_intacct.transfers.object_storage import dataset_name

        place = dataset_name(ObjectStoragePath(manifest["path"]))
        written = WrittenTo(*place, rows=manifest["rows"], bytes=manifest["bytes"])
        return operator_lineage([read], [written], transactions=transactions)

    def _client(self) -> IntacctClient:
        from airflow_provider_intacct.hooks.intacct import IntacctHook

        budget = whole_number_if_any("max_api_transactions", self.max_api_transactions)
        return IntacctHook(self.intacct_conn_id, self.entity_id or None, max_api_transactions=budget).client

    def _report(self) -> Report:
        from airflow_provider_intacct.client.xml.reports import Report

        size = whole_number("page_size", self.page_size)
        return Report(self.report, self.arguments, self.kind, self.library, page_size=size)

    def _files(self) -> ReportFiles | None:
        """Where the rows go, looked at before Intacct is asked for anything."""
        if not self.path:
            return None
        from airflow_provider_intacct.operators.report_files import ReportFiles

        return ReportFiles(self.path, self.path_conn_id or None, self.format, self.compression or None)

    def _ask(
        self, context: Context, client: IntacctClient, report: Report, pending: Pending | None
    ) -> Pending | list[dict[str, Any]]:
        """Ask once. While a report is being made, an outage is waited out as the report itself is."""
        from airflow_provider_intacct.client import errors

        try:
            return client.ask_report(report, pending, types=self.types)
        except (errors.TransportError, errors.UnavailableError, errors.ThrottledError) as error:
            if pending is None:
                raise
            self.log.warning("Asking for report %s failed; trying again later: %s", self.report, error.message)
            return pending
        except errors.BudgetError:
            raise
        except errors.IntacctError:
            self._remember(context, None)  # whatever it is, the next try is better off with a report of its own
            raise

    def _leave(self, pending: Pending, seconds: float, polls: int, until: datetime) -> None:
        from airflow_provider_intacct.triggers.report import IntacctReportTrigger

        self.defer(
            trigger=IntacctReportTrigger(
                report_id=pending.report_id,
                starts=pending.starts,
                polls=polls,
                until=until.isoformat(),
                moment=(datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(),
            ),
            method_name="resume",
        )

    def _not_ready(self) -> Exception:
        from airflow_provider_intacct.client.errors import ReportNotReadyError

        return ReportNotReadyError(f"Report {self.report} was not ready in the time allowed ({self.timeout} s).")

    def _remembered(self, context: Context) -> Pending | None:
        """The report that an earlier try of this task left with Intacct, if it was asked the same."""
        from airflow_provider_intacct.client.xml.reports import Pending

        store = task_state_store(context)
        kept = store.get(REMEMBERED) if store is not None else None
        if not isinstance(kept, Mapping) or kept.get("asked") != self._digest():
            return None
        self.log.info("Going on with report %s, which an earlier try has started.", self.report)
        return Pending(str(kept["report_id"]))

    def _remember(self, context: Context, pending: Pending | None) -> None:
        store = task_state_store(context)
        if store is None:
            return
        if pending is None:
            store.delete(REMEMBERED)
        else:
            store.set(REMEMBERED, {"report_id": pending.report_id, "asked": self._digest()})

    def _digest(self) -> str:
        asked = [self.report, plain(self.arguments), self.kind, self.library, self.intacct_conn_id, self.entity_id]
        return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()[:32]

    def _bounded(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        from airflow_provider_intacct.client.errors import InvalidRequestError

        most = whole_number("max_rows", self.max_rows)
        if len(rows) > most:
            raise InvalidRequestError(
                f"Report {self.report} has {len(rows)} rows, and an XCom is kept in Airflow's metadata database. "
                "Nothing was returned. Give a `path` for files, narrow its arguments, or raise `max_rows`."
            )
        return [plain(row) for row in rows]
