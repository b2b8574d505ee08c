"""Write records, each once: a retry, a cleared task or a lost reply books nothing twice. Thin: the client does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_intacct.arguments import whole_number
from airflow_provider_intacct.operators.delete import IntacctDeleteOperator as IntacctDeleteOperator
from airflow_provider_intacct.operators.writing import IntacctWriteOperator, names_of, records_of

if TYPE_CHECKING:
    from airflow_provider_intacct.client import Credentials
    from airflow_provider_intacct.client.posting import Posting, Scope, TypedRecord


class IntacctCreateOperator(IntacctWriteOperator):
    """Create records in Intacct, each of them once, and return what became of each.

    Every record is sent under an id made of company, DAG, run, task, map index and the record's own identity: its
    number (JOURNAL and REFERENCENO, VENDORID and RECORDID, CUSTOMERID, ...), else its content. Intacct refuses an id it
    has carried out before, so a retried or cleared task books nothing twice; it finds the existing record and succeeds
    with `already_posted`. If a later try brings other content for a posted record, or no longer brings it, the task
    fails before anything is sent and says what differs.

    Returns a list with one dict for each record: `position`, `object`, `act`, `status` (posted or already_posted; with
    `on_reject="collect"` also rejected or rolled_back), `key` (Intacct's record number), `control_id`, `reference`
    (stamped into an empty reference field), `natural_key`, `state`, `errors` (Intacct's own stack) and `note`. A task
    that fails leaves the same list in the XCom `outcomes`.

    Fails without a retry for a rejected record and for input that Intacct could only refuse, such as a journal entry
    out of balance. A record whose reply was lost is in doubt: the task fails with RecordsInDoubtError, and Airflow's
    retry settles it.

    :param records: a record, a list of them, or JSON text of either. A record is a mapping of field names to values;
        money is Decimal or text, never a float. Lines are a list: `{"ENTRIES": [{...}, {...}]}`. A typed record from
        `client.transactions`, such as `Bill(...)`, says object and function itself.
    :param object: the object to create, such as `GLBATCH`. Without it each record names its own:
        `{"GLBATCH": {...}}`.
    :param function: a create function of its own, such as `create_invoice`, whose records are its body in the schema's
        order. Then leave `object` out.
    :param attachments: files to attach, for each record a path, a list of paths, or None; a path for one record. They
        go in the same request as the record, which needs `atomic`, so neither is there alone. The attachment's id is
        the record's own (`attachment`, `SUPDOCID`) if it has one, else made of its control id. Files are read when they
        are sent, one attachment at a time. Each attachment has an outcome of its own, just before its record's.
    :param attachment_folder: the folder in Intacct that holds them; it exists.
    :param attachments_conn_id: the Airflow connection of the place of the files.
    :param max_file_bytes: refuse larger files: one attachment is held in memory about five times over.
    :param idempotency_key: names the business event, such as `accrual-2026-03-100`, in place of DAG, run and task: two
        runs with the same key post once. A text for one record, a list of texts for several.
    :param atomic: all records of a request (100 at most) are booked or none is.
    :param on_reject: `fail`, or `collect` to return rejected records among the outcomes and post the others; what
        Intacct could only refuse is rejected without being sent.
    :param max_rejects: with `collect`: send nothing more, and fail, once more records than this are rejected.
    :param stamp_reference: write a short id into the reference field the author left empty, so that a person finds in
        Intacct what the task posted.
    :param statistical: the entries are of a statistical journal, which has quantities and no balance.
    :param allow_duplicates: turn the guard off: every try posts again.
    :param intacct_conn_id: the Airflow connection.
    :param entity_id: post inside this entity instead of the connection's.
    """

    template_fields: Sequence[str] = (
        "records",
        "object",
        "function",
        "attachments",
        "attachment_folder",
        "attachments_conn_id",
        *IntacctWriteOperator.template_fields,
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        "records": "json",
        "attachments": "json",
        **IntacctWriteOperator.template_fields_renderers,
    }

    def __init__(
        self,
        *,
        records: Sequence[Mapping[str, Any] | TypedRecord] | Mapping[str, Any] | TypedRecord | str,
        object: str | None = None,
        function: str = "create",
        stamp_reference: bool = True,
        statistical: bool = False,
        attachments: Sequence[str | Sequence[str] | None] | str | None = None,
        attachment_folder: str | None = None,
        attachments_conn_id: str | None = None,
        max_file_bytes: int | str = 50 * 2**20,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.records = records
        self.object = object
        self.function = function
        self.stamp_reference = stamp_reference
        self.statistical = statistical
        self.attachments = attachments
        self.attachment_folder = attachment_folder
        self.attachments_conn_id = attachments_conn_id
        self.max_file_bytes = max_file_bytes

    def prepared(self, scope: Scope, credentials: Credentials) -> list[Posting]:
        """Return the records, checked and named."""
        from airflow_provider_intacct.client.errors import InvalidRequestError
        from airflow_provider_intacct.client.posting import prepare

        if self.object and self.function != "create":
            raise InvalidRequestError(
                f"{self.function} says itself what it creates; leave object={self.object!r} out. Nothing was sent."
            )
        records = records_of(self.records)
        options: dict[str, Any] = {
            "scope": scope,
            "object_name": self.object or None,
            "function": self.function,
            "keys": self.keys_for(len(records)),
            "entity_id": credentials.entity_id,
            "stamp_reference": self.stamp_reference,
            "statistical": self.statistical,
            "collect": self.collects,
        }
        return self._attached(records, options) if self.attachments else prepare(records, **options)

    def _attached(self, records: Sequence[Any], options: Mapping[str, Any]) -> list[Posting]:
        """Return the records, and before each the attachment of its files."""
        from airflow_provider_intacct.client.errors import InvalidRequestError
        from airflow_provider_intacct.client.posting import prepare_attached
        from airflow_provider_intacct.transfers.attached_files import files_of_records

        if not self.atomic or not self.attachment_folder:
            raise InvalidRequestError(
                "attachments need attachment_folder, the folder in Intacct that holds them, and atomic=True, so that "
                "neither they nor the records are there alone. Nothing was sent."
            )
        most = whole_number("max_file_bytes", self.max_file_bytes)
        files = files_of_records(self.attachments, len(records), self.attachments_conn_id or None, most)
        return prepare_attached(records, files, folder=self.attachment_folder, **options)


class IntacctUpdateOperator(IntacctWriteOperator):
    """Change existing records, each once, and return what became of each.

    Only the fields that are given change: None leaves a field as it is, an empty text clears it. **Lines are replaced
    as a whole**: to change or add one, bring all of them, for those that are left out are deleted in Intacct; without
    the line container all lines stay. The log says whose lines are replaced.

    A record says which one it is by RECORDNO (of a custom object by `id`), else by its natural key or the fields of
    `key`. Two records of Intacct with that key are refused, both named.

    Exactly once, and the outcomes, as in IntacctCreateOperator: a retry or a cleared task writes nothing again. If the
    record says something else than what an earlier try wrote, somebody changed it since: the task fails and says what
    differs, and overwrites nothing.

    :param records: a record, a list of them, or JSON text of either; typed records too.
    :param object: the object to update, such as `VENDOR`. Without it each record names its own: `{"VENDOR": {...}}`.
    :param function: an update function of its own, such as `update_bill`, whose records are its body in the schema's
        order, with the key as its first entry: `{"@key": "1234", "description": "Rent"}`. It changes lines by their
        number. Then leave `object` out.
    :param key: the fields that single a record out, such as an external id, where that is not the natural key.
    :param skip_unchanged: read the records first, and do not send those that say all of it already.
    :param idempotency_key: names the business event in place of DAG, run and task: two runs with the same key write
        once. A text for one record, a list of texts for several.
    :param atomic: all records of a request (100 at most) are written or none is.
    :param on_reject: `fail`, or `collect` to return rejected records among the outcomes and write the others.
    :param max_rejects: with `collect`: send nothing more, and fail, once more records than this are rejected.
    :param statistical: the entries are of a statistical journal, which has quantities and no balance.
    :param allow_duplicates: turn the guard off: every try writes again.
    :param intacct_conn_id: the Airflow connection.
    :param entity_id: write inside this entity instead of the connection's.
    """

    template_fields: Sequence[str] = ("records", "object", "function", "key", *IntacctWriteOperator.template_fields)
    template_fields_renderers: ClassVar[dict[str, str]] = {
        "records": "json",
        **IntacctWriteOperator.template_fields_renderers,
    }

    def __init__(
        self,
        *,
        records: Sequence[Mapping[str, Any] | TypedRecord] | Mapping[str, Any] | TypedRecord | str,
        object: str | None = None,
        function: str = "update",
        key: str | Sequence[str] = (),
        skip_unchanged: bool = False,
        statistical: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.records = records
        self.object = object
        self.function = function
        self.key = key
        self.skip_unchanged = skip_unchanged
        self.statistical = statistical

    def prepared(self, scope: Scope, credentials: Credentials) -> list[Posting]:
        """Return the updates, checked and named."""
        from airflow_provider_intacct.client.errors import InvalidRequestError
        from airflow_provider_intacct.client.posting import prepare_updates

        if self.object and self.function != "update":
            raise InvalidRequestError(
                f"{self.function} says itself what it updates; leave object={self.object!r} out. Nothing was sent."
            )
        records = records_of(self.records)
        postings = prepare_updates(
            records,
            scope=scope,
            object_name=self.object or None,
            function=self.function,
            key=names_of(self.key),
            keys=self.keys_for(len(records)),
            entity_id=credentials.entity_id,
            skip_unchanged=self.skip_unchanged,
            statistical=self.statistical,
            collect=self.collects,
        )
        self.warn_of_lines(postings)
        return postings


class IntacctUpsertOperator(IntacctWriteOperator):
    """Update the records that exist and create those that do not, each once, and return what became of each.

    Records are found by their natural key (VENDORID, ...) or by the fields of `key`, a thousand to an API transaction.
    What a record says already is not sent (`already_posted`); reading a hundred of them to know that costs one API
    transaction. A record that appears between look-up and write is updated, one that goes is created. Two records of
    Intacct with the same key are refused, both named; so are two of the input.

    None leaves a field as it is, an empty text clears it. **Lines are replaced as a whole**: bring all of them, or
    leave the line container out. The log says whose lines are replaced.

    Exactly once, and the outcomes, as in IntacctCreateOperator; `act` says create or update of what was sent;
    by a `policy_id` it stays upsert, for nothing tells what Intacct made of it.

    :param records: a record, a list of them, or JSON text of either; typed records too.
    :param object: the object, such as `VENDOR`. Without it each record names its own: `{"VENDOR": {...}}`.
    :param key: the fields that single a record out, such as an external id, in place of the natural key.
    :param skip_unchanged: False writes every record without comparing it first.
    :param idempotency_key: names the business event in place of DAG, run and task: two runs with the same key write
        once. A text for one record, a list of texts for several.
    :param atomic: all records of a request (100 at most) are written or none is.
    :param on_reject: `fail`, or `collect` to return rejected records among the outcomes and write the others.
    :param max_rejects: with `collect`: send nothing more, and fail, once more records than this are rejected.
    :param statistical: the entries are of a statistical journal, which has quantities and no balance.
    :param allow_duplicates: turn the guard off: every try writes again.
    :param intacct_conn_id: the Airflow connection.
    :param entity_id: write inside this entity instead of the connection's.
    """

    template_fields: Sequence[str] = ("records", "object", "key", *IntacctWriteOperator.template_fields)
    template_fields_renderers: ClassVar[dict[str, str]] = {
        "records": "json",
        **IntacctWriteOperator.template_fields_renderers,
    }

    def __init__(
        self,
        *,
        records: Sequence[Mapping[str, Any] | TypedRecord] | Mapping[str, Any] | TypedRecord | str,
        object: str | None = None,
        key: str | Sequence[str] = (),
        skip_unchanged: bool = True,
        statistical: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.records = records
        self.object = object
        self.key = key
        self.skip_unchanged = skip_unchanged
        self.statistical = statistical

    def prepared(self, scope: Scope, credentials: Credentials) -> list[Posting]:
        """Return the records, checked and named."""
        from airflow_provider_intacct.client.posting import prepare_upserts

        records = records_of(self.records)
        postings = prepare_upserts(
            records,
            scope=scope,
            object_name=self.object or None,
            key=names_of(self.key),
            keys=self.keys_for(len(records)),
            entity_id=credentials.entity_id,
            skip_unchanged=self.skip_unchanged,
            statistical=self.statistical,
            collect=self.collects,
        )
        self.warn_of_lines(postings)
        return postings
