"""One run of a transfer into Intacct: arguments checked, sources read, results put in place, and a summary."""

from __future__ import annotations

import json
import logging
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from airflow.sdk import ObjectStoragePath
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_intacct.arguments import is_dry_run, names, whole_number_if_any
from airflow_provider_intacct.client.errors import InvalidRequestError
from airflow_provider_intacct.client.posting import Scope
from airflow_provider_intacct.scope import task_scope
from airflow_provider_intacct.transfers.folder import Folder
from airflow_provider_intacct.transfers.inbound.dead_letters import Style, write_dead_letters
from airflow_provider_intacct.transfers.inbound.ledger import Ledger
from airflow_provider_intacct.transfers.inbound.load import Load, Manner
from airflow_provider_intacct.transfers.inbound.mapping import check_columns, mapped
from airflow_provider_intacct.transfers.inbound.recording import Asked, Recorder
from airflow_provider_intacct.transfers.inbound.rows import Source, SourceError
from airflow_provider_intacct.transfers.inbound.spool import Spool, temporary_database

if TYPE_CHECKING:
    import sqlite3

    from airflow.sdk import Context

    from airflow_provider_intacct.client import IntacctClient
    from airflow_provider_intacct.hooks.metering import Meter
    from airflow_provider_intacct.transfers.inbound.base import IntacctLoadingOperator

log = logging.getLogger(__name__)

MANIFEST = "_load.json"
UNSAFE = re.compile(r"[^\w.=-]+", re.ASCII)
STATUSES = ("posted", "already_posted", "rejected", "rolled_back", "in_doubt", "refused")
NAMED = 20
LONGEST = 200
"""Characters of a folder's name: a disk takes 255."""


@dataclass(slots=True)
class Sources:
    """What the rows come from. `style` tells, once they are read, how dead letters are written."""

    sources: Sequence[Source]
    style: Callable[[], Style]
    datasets: Sequence[tuple[str, str]] = field(default_factory=tuple)


class Run:
    """Checks the arguments and the place when it is made; `load` reads, posts and writes down."""

    def __init__(self, operator: IntacctLoadingOperator, context: Context, client: IntacctClient, meter: Meter) -> None:
        self.operator, self.client, self._meter = operator, client, meter
        self._asked = _asked(operator)
        self._only_check = is_dry_run(operator.only_check)
        self._group_by = names("group_by", operator.group_by) if operator.group_by else []
        self._ignored = _ignored(operator, self._asked)
        self._manner = self._manner_of(operator)
        self._run_scope = task_scope(context, client.credentials.company_id)
        self._try = context["ti"].try_number or 1
        self.folder = Folder(_place(operator, self._run_scope))
        self.records = self._rows = 0
        self._counts: Counter[str] = Counter()
        self._dead_letters = ""
        self._names: list[str] = []
        self._refused_sources: list[str] = []
        self._datasets: Sequence[tuple[str, str]] = ()

    def load(self) -> None:
        """Load. What was posted, and what was not, is written down whatever happens."""
        self.folder.prepare()
        self.folder.clean(())
        with (
            tempfile.TemporaryDirectory(prefix="intacct-load-") as folder,
            closing(temporary_database(folder)) as database,
        ):
            try:
                self._load(database)
            finally:
                self.folder.discard()

    def summary(self) -> dict[str, Any]:
        """Return the task's result, as plain JSON."""
        more = len(self._names) - NAMED
        return {
            "results": str(self.folder.path),
            "dead_letters": str(self.folder.path / self._dead_letters) if self._dead_letters else None,
            "sources": [*self._names[:NAMED], *([f"and {more:,} more"] if more > 0 else [])],
            "rows": self._rows,
            "records": self.records,
            **{status: self._counts[status] for status in STATUSES},
            "refused_sources": self._refused_sources[:NAMED],
            "api_transactions": self._meter.transactions,
            "seconds": round(self._meter.seconds, 3),
        }

    @property
    def words(self) -> str:
        """What was done, for the last line of the log."""
        counts = [f"{self._counts[status]:,} {status.replace('_', ' ')}" for status in STATUSES if self._counts[status]]
        return f"Loaded {self._rows:,} rows, {self.records:,} records: {', '.join(counts) or 'none'}"

    def lineage(self) -> dict[str, Any]:
        """Return what `load_lineage` takes."""
        return {
            "read": self._datasets,
            "company_id": self.client.credentials.company_id,
            "object": (self.operator.object or self.operator.function or "any").upper(),
            "rows": self._counts["posted"],
            "transactions": self._meter.transactions,
        }

    def _load(self, database: sqlite3.Connection) -> None:
        spool, ledger = Spool(database, self._group_by), Ledger(self.folder, database, self._try)
        ledger.load()
        with self.operator.sources() as sources:
            self._read(spool, sources)
            style = sources.style
        entity_id = self.client.credentials.entity_id
        company = Scope(self.client.credentials.company_id, key=f"load {entity_id or ''}")
        recorder = Recorder(self._asked, company, self._run_scope, entity_id)
        tried = self._try > 1 and not ledger.known_before
        load = Load(spool, recorder, ledger, self._manner, look_first=tried)
        whole = False
        try:
            load.check(self.client)
            if self._only_check:
                load.look(self.client)
            else:
                load.post(self.client)
            whole = True
        finally:
            self._counts = load.counts
            self._close(spool, ledger, style, whole=whole)

    def _read(self, spool: Spool, sources: Sources) -> None:
        """Read all sources into the spool. One that cannot be read leaves the others to be loaded, where that is asked.

        Raises SourceError if none can be read.
        """
        self._datasets = sources.datasets
        first: SourceError | None = None
        for number, source in enumerate(sources.sources, 1):
            self._names.append(source.name)
            try:
                spool.add(number, source, lambda columns, name=source.name: self._check_columns(name, columns))
            except SourceError as error:
                first = first or error
                spool.refuse_file(number, error.message)
                self._refused_sources.append(error.message)
        if first and len(self._refused_sources) == len(self._names):
            raise first
        self._rows, self.records = spool.rows, spool.count()
        log.info("Read %s rows, %s records, of %s.", f"{self._rows:,}", f"{self.records:,}", ", ".join(self._names[:3]))

    def _check_columns(self, name: str, columns: Sequence[str]) -> None:
        needed = dict.fromkeys(self._group_by, "group_by")
        needed |= dict.fromkeys(self._asked.key_columns, "idempotency_key")
        if self._asked.mapping is not None:
            needed |= self._asked.mapping.columns
        check_columns(name, columns, needed, self._ignored)

    def _close(self, spool: Spool, ledger: Ledger, style: Callable[[], Style], *, whole: bool) -> None:
        """Write what is left to write down: results, dead letters, and a summary of both."""
        results = ledger.close()
        rows = 0
        if self._manner.collect:
            self._dead_letters, rows = write_dead_letters(self.folder, spool, style(), self._run_scope)
        if rows:
            log.warning("%s rows of records that were not posted are in %s.", f"{rows:,}", self._dead_letters)
        told = {**self.summary(), "complete": whole, "results_files": results, "dead_letter_rows": rows}
        self.folder.put(MANIFEST, json.dumps(told, indent=1).encode() + b"\n")

    def _manner_of(self, operator: IntacctLoadingOperator) -> Manner:
        if operator.on_reject not in ("fail", "collect"):
            raise InvalidRequestError(
                f"on_reject is {operator.on_reject!r}; it is 'fail' or 'collect'. Nothing was sent."
            )
        most = operator.max_rejects
        return Manner(
            collect=operator.on_reject == "collect",
            atomic=operator.atomic,
            max_rejects=0 if str(most) == "0" else whole_number_if_any("max_rejects", most),
        )


def _asked(operator: IntacctLoadingOperator) -> Asked:
    mapping = None
    if operator.header is not None or operator.lines is not None:
        mapping = mapped(operator.header, operator.lines, quantities=operator.statistical)
    return Asked(
        act=operator.act,
        mapping=mapping,
        build=operator.record,
        object=operator.object or None,
        function=operator.function or None,
        key=tuple(names("key", operator.key)) if operator.key else (),
        skip_unchanged=operator.skip_unchanged,
        idempotency_key=operator.idempotency_key or "",
        stamp_reference=operator.stamp_reference,
        statistical=operator.statistical,
    )


def _ignored(operator: IntacctLoadingOperator, asked: Asked) -> list[str] | None:
    """Return the columns that need not be read, None for all: what a builder reads is not known."""
    if operator.ignore_columns == "*" or asked.mapping is None:
        return None
    return names("ignore_columns", operator.ignore_columns) if operator.ignore_columns else []


def _place(operator: IntacctLoadingOperator, run: Scope) -> ObjectStoragePath:
    """Return the folder of this task in this run: its name says which, and no other has it."""
    digest = sha256("\0".join(run.parts()).encode()).hexdigest()[:8]
    told = ".".join(UNSAFE.sub("_", part) for part in (run.dag_id, run.task_id, run.run_id))
    name = f"{told[:LONGEST]}.{digest}"
    try:
        return ObjectStoragePath(operator.results_path, conn_id=operator.results_conn_id or None) / name
    except (ValueError, ImportError) as error:
        raise AirflowFailException(f"{operator.results_path} is no path that Airflow knows: {error}") from error
