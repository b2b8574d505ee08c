"""One run of a transfer to files: what is checked before anything is read, what is read, what is put in place."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow.sdk import ObjectStoragePath
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_intacct.client.changes import ChangePolicy, drift, policy_of, schema_of
from airflow_provider_intacct.client.errors import InvalidRequestError
from airflow_provider_intacct.transfers import manifest as manifests
from airflow_provider_intacct.transfers.deletes import told_keys
from airflow_provider_intacct.transfers.delivery import deliver
from airflow_provider_intacct.transfers.folder import Folder
from airflow_provider_intacct.transfers.overlap import SEEN, Overlap, Preceding, folder_of
from airflow_provider_intacct.transfers.tombstones import KEYS, Tombstones

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_intacct.client import IntacctClient
    from airflow_provider_intacct.client.extraction import Extraction
    from airflow_provider_intacct.client.xml.metadata import ObjectDefinition
    from airflow_provider_intacct.hooks.metering import Meter
    from airflow_provider_intacct.transfers.folder import StagedFile
    from airflow_provider_intacct.transfers.object_storage import IntacctToObjectStorageOperator

log = logging.getLogger(__name__)


class Run:
    """Checks the arguments and the place when it is made; `manifest` reads, writes and puts in place."""

    def __init__(self, operator: IntacctToObjectStorageOperator, client: IntacctClient, context: Context) -> None:
        self.operator, self.client = operator, client
        self.form = operator.form()
        self.window, asked = operator.window(context), operator.asked_window(context)
        if operator.deletes and self.window is None:
            raise InvalidRequestError("deletes=True is for incremental=True: a full read holds all that there is.")
        path = _path(operator)
        self.folder = Folder(path if asked is None else path / folder_of(asked))
        self.previous = manifests.parse(self.folder.prepare())
        self.entity_id = client.session.entity_id or None
        self.task = _task(context)
        self._check_place()
        self.folder.clean(manifests.listed(self.previous))
        self.preceding = None if asked is None else Preceding(path, asked)
        self._staged: dict[str, StagedFile] = {}

    def manifest(self, meter: Meter) -> dict[str, Any]:
        """Read, write, put in place; return the manifest of what was put there."""
        operator, client = self.operator, self.client
        policy, fields = None, operator.asked_fields()
        if self.window is not None:
            definition = client.lookup(operator.object, doc_par_id=operator.doc_par_id or None)
            policy = _policy(operator, definition)
            fields = _with_identity(fields, definition, policy, lines=_rereads(operator, policy))
        with operator.extract(
            client,
            self.window,
            fields=fields,
            typed=self.form.typed,
            returnformat=self.form.returnformat,
            reread_parents=_rereads(operator, policy),
        ) as extraction:
            overlap, note = self._overlap(extraction, policy)
            delivered = deliver(extraction, self.folder, self.form, overlap)
        self._staged.update({part.name: part.staged for part in delivered.parts})
        columns = schema_of(extraction.columns)
        manifest = {
            "manifest_version": manifests.VERSION,
            **manifests.read_facts(extraction.report, columns, extraction.key, self.entity_id),
            "where": self._where,
            "task": self.task,
            **delivered.facts(self.form),
            "overlap": self._overlap_facts(overlap, note),
            "deletes": self._deletes_facts(policy, extraction),
            "drift": self._drift(columns),
            "api_transactions": meter.transactions,
            "seconds": round(meter.seconds, 3),
        }
        self.folder.commit(self._staged, manifests.encoded(manifest))
        return manifest

    def _check_place(self) -> None:
        """Refuse a folder that holds other records, which would be removed: of another object, entity or filter.

        A task whose own filter has become another one replaces what it wrote.
        """
        if self.previous is None:
            return
        now = {"object": self.operator.object.upper(), "entity_id": self.entity_id, "where": self._where}
        held = {**self.previous, "object": str(self.previous.get("object")).upper()}
        same = all(now[name] == held.get(name) for name in ("object", "entity_id"))
        own = self.task is None or held.get("task") in (None, self.task)
        if not same or not (own or held.get("where") == now["where"]):
            raise AirflowFailException(
                f"{self.folder.path} holds {_words(held)} and this task would replace it by {_words(now)}. Give each "
                "a path of its own. Nothing was read from Intacct."
            )

    @property
    def _where(self) -> str | None:
        """The author's filter in words that compare."""
        operator = self.operator
        params = f" {dict(operator.where_params)}" if operator.where_params else ""
        return f"{operator.where}{params}" if operator.where else None

    def _overlap(self, extraction: Extraction, policy: ChangePolicy | None) -> tuple[Overlap | None, str]:
        """Return what leaves out the records that were delivered already; None, and why, where nothing can."""
        if self.window is None or self.preceding is None or policy is None:
            return None, ""
        names = {column.name.upper(): column.name for column in extraction.columns}
        key, modified = names.get((extraction.key or "").upper()), names.get((policy.modified or "").upper())
        if not self.window.overlap:
            return None, "nothing is read again"
        if _rereads(self.operator, policy):
            return None, "lines are read with all of their document, and replace those read before"
        if key is None or modified is None or not self.form.typed:
            return None, "records read again are not told from others: that takes typed keys and times of change"
        delivered = self.preceding.lines("overlap", SEEN)
        note = "" if delivered is not None else "the window before noted none, so records may come twice"
        return Overlap(self.folder, self.window, key, modified, delivered), note

    def _overlap_facts(self, overlap: Overlap | None, note: str) -> dict[str, Any] | None:
        if self.window is None or self.preceding is None:
            return None
        facts: dict[str, Any] = {
            "dropped": 0 if overlap is None else overlap.dropped,
            "compared_with": list(self.preceding.manifests),
            "note": note,
            "files": [],
        }
        if overlap is not None:
            file, staged = overlap.finish()
            facts["files"].append(file)
            self._staged.update(staged)
        return facts

    def _deletes_facts(self, policy: ChangePolicy | None, extraction: Extraction) -> dict[str, Any] | None:
        if not self.operator.deletes or policy is None or self.preceding is None:
            return None
        if policy.deletes == "none":
            log.warning("Deleted %s records are not seen: %s.", policy.object, policy.reason)
            return {"method": "none", "note": policy.reason, "rows": 0, "files": []}
        tombstones = Tombstones(self.folder, self.form, policy, extraction.key)
        field, told = told_keys(
            self.client,
            policy,
            policy.deletes,
            self.window,
            where=self.operator.condition(),
            parents=extraction.report.parents,
            show_private=self.operator.show_private,
            doc_par_id=self.operator.doc_par_id or None,
        )
        tombstones.write(field, told, self.preceding.lines("deletes", KEYS))
        facts, staged = tombstones.finish()
        self._staged.update(staged)
        return facts

    def _drift(self, columns: Mapping[str, str]) -> dict[str, Any] | None:
        """Return how the columns differ from those of the last run before; None if there was none."""
        before = (self.preceding and self.preceding.latest) or self.previous
        if before is None:
            return None
        found = drift(before["columns"], columns)
        if found:
            log.warning("%s has changed since it was last read: %s.", self.operator.object, found)
        return found.plain()


def _policy(operator: IntacctToObjectStorageOperator, definition: ObjectDefinition) -> ChangePolicy:
    """Return how changes and deletes of the object are read; the author may have deletes told by keys."""
    policy = policy_of(definition)
    if operator.deletes == "key_set" and definition.key is not None:
        return replace(policy, deletes="key_set", audit_type=None, reason="keys are compared, as was asked for")
    return policy


def _path(operator: IntacctToObjectStorageOperator) -> ObjectStoragePath:
    if not operator.path:
        raise InvalidRequestError("path must name a folder.")
    try:
        return ObjectStoragePath(operator.path, conn_id=operator.path_conn_id or None)
    except (ValueError, ImportError) as error:
        raise AirflowFailException(f"{operator.path} is no path that Airflow knows: {error}") from error


def _with_identity(
    fields: list[str] | str, definition: ObjectDefinition, policy: ChangePolicy, *, lines: bool
) -> list[str] | str:
    """Return the fields with those that tell a record and its state apart: a window without them cannot be merged.

    `lines` also need what tells their document.
    """
    if isinstance(fields, str):
        return fields
    known = {name.upper() for name in fields}
    identity = [definition.key, policy.modified, policy.parent_field if lines else None]
    return [*(name for name in identity if name is not None and name.upper() not in known), *fields]


def _rereads(operator: IntacctToObjectStorageOperator, policy: ChangePolicy | None) -> bool:
    """Return whether all lines of a changed document are read, which is how deleted lines are told."""
    return bool(operator.deletes) and policy is not None and policy.deletes == "parent"


def _words(held: Mapping[str, Any]) -> str:
    where = f" where {held['where']}" if held.get("where") else ""
    entity_id = held.get("entity_id")
    return f"{held['object']} of {f'entity {entity_id}' if entity_id else 'the top level'}{where}"


def _task(context: Context) -> list[Any] | None:
    """Return which task this is, in all its runs: DAG, task and map index; None outside of Airflow."""
    ti = context.get("ti")
    return None if ti is None else [getattr(ti, name, None) for name in ("dag_id", "task_id", "map_index")]
