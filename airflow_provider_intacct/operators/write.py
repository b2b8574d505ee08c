"""Write records, each once: a retry, a cleared task or a lost reply books nothing twice. Thin: the client does it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow.sdk import BaseOperator

from airflow_provider_intacct.arguments import DEFAULT_CONN_ID
from airflow_provider_intacct.compat import task_state_store
from airflow_provider_intacct.hooks.failures import airflow_outcome
from airflow_provider_intacct.metrics import metered
from airflow_provider_intacct.operators.scope import task_scope

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_intacct.client import IntacctClient
    from airflow_provider_intacct.client.posting import Outcome, Posting, Scope, TypedRecord
    from airflow_provider_intacct.hooks.intacct import IntacctHook

OUTCOMES = "outcomes"
"""The XCom that holds the outcomes of a task that failed; one that succeeds returns them."""


class IntacctCreateOperator(BaseOperator):
    """Create records in Intacct, each of them once, and return what became of each.

    Every record is sent under an id made of company, DAG, run, task, map index and the record's own identity: its
    number (JOURNAL and REFERENCENO, VENDORID and RECORDID, CUSTOMERID, ...), else its content. Intacct refuses an id it
    has carried out before, so a retried or cleared task books nothing twice; it finds the existing record and succeeds
    with `already_posted`. If a later try brings other content for a posted record, or no longer brings it, the task
    fails before anything is sent and says what differs.

    Returns a list with one dict for each record: `position`, `object`, `status` (posted or already_posted; with
    `on_reject="collect"` also rejected or rolled_back), `key` (Intacct's record number), `control_id`, `reference`
    (stamped into an empty reference field), `natural_key`, `errors` (Intacct's own stack) and `note`. A task that fails
    leaves the same list in the XCom `outcomes`.

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
    :param idempotency_key: names the business event, such as `accrual-2026-03-100`, in place of DAG, run and task: two
        runs with the same key post once. A text for one record, a list of texts for several.
    :param atomic: all records of a request (100 at most) are booked or none is.
    :param on_reject: `fail`, or `collect` to return rejected records among the outcomes and go on.
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
        "idempotency_key",
        "intacct_conn_id",
        "entity_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"records": "json", "idempotency_key": "json"}
    ui_color = "#fbeed9"

    def __init__(
        self,
        *,
        records: Sequence[Mapping[str, Any] | TypedRecord] | Mapping[str, Any] | TypedRecord | str,
        object: str | None = None,
        function: str = "create",
        idempotency_key: str | Sequence[str] | None = None,
        atomic: bool = True,
        on_reject: Literal["fail", "collect"] = "fail",
        stamp_reference: bool = True,
        statistical: bool = False,
        allow_duplicates: bool = False,
        intacct_conn_id: str = DEFAULT_CONN_ID,
        entity_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.records = records
        self.object = object
        self.function = function
        self.idempotency_key = idempotency_key
        self.atomic = atomic
        self.on_reject = on_reject
        self.stamp_reference = stamp_reference
        self.statistical = statistical
        self.allow_duplicates = allow_duplicates
        self.intacct_conn_id = intacct_conn_id
        self.entity_id = entity_id

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Post the records. Raises AirflowFailException for what another try cannot mend."""
        from airflow_provider_intacct.client.posting import (
            RecordsInDoubtError,
            RecordsRejectedError,
            raise_unless_posted,
            summary,
        )
        from airflow_provider_intacct.hooks.intacct import IntacctHook

        with airflow_outcome():
            hook = IntacctHook(self.intacct_conn_id, self.entity_id)
            postings = self._postings(context, hook)
            with hook.client as client, metered(self, client) as meter:
                outcomes = self._post(context, client, postings)
                count = f"{len(outcomes)} record{'' if len(outcomes) == 1 else 's'}"
                meter.done(f"{count}: {summary(outcomes)}", rows=len(outcomes))
            for outcome in outcomes:
                self.log.info("%s", outcome)
            told = [outcome.as_dict() for outcome in outcomes]
            try:
                raise_unless_posted(outcomes)
            except (RecordsRejectedError, RecordsInDoubtError) as error:
                if self.on_reject == "fail" or isinstance(error, RecordsInDoubtError):
                    context["ti"].xcom_push(key=OUTCOMES, value=told)
                    raise
        return told

    def _postings(self, context: Context, hook: IntacctHook) -> list[Posting]:
        """Return the records, checked and named. Nothing has been sent when this raises."""
        from airflow_provider_intacct.client.errors import InvalidRequestError
        from airflow_provider_intacct.client.posting import prepare

        if self.on_reject not in ("fail", "collect"):
            raise InvalidRequestError(f"on_reject is {self.on_reject!r}; it is 'fail' or 'collect'. Nothing was sent.")
        if self.object and self.function != "create":
            raise InvalidRequestError(
                f"{self.function} says itself what it creates; leave object={self.object!r} out. Nothing was sent."
            )
        records = records_of(self.records)
        credentials = hook.settings.credentials
        return prepare(
            records,
            scope=self._scope(context, credentials.company_id),
            object_name=self.object or None,
            function=self.function,
            keys=self._keys(len(records)),
            entity_id=credentials.entity_id,
            stamp_reference=self.stamp_reference,
            statistical=self.statistical,
        )

    def _keys(self, count: int) -> Sequence[str] | None:
        """Return one idempotency key per record, or None."""
        from airflow_provider_intacct.client.errors import InvalidRequestError

        if not self.idempotency_key:
            return None
        if self.allow_duplicates:
            raise InvalidRequestError(
                "idempotency_key makes a record be posted once, allow_duplicates=True makes every try post it; "
                "give one of the two. Nothing was sent."
            )
        if isinstance(self.idempotency_key, str) and count > 1:
            raise InvalidRequestError(
                f"idempotency_key={self.idempotency_key!r} names one record, and {count} were given; give a list with "
                "a key for each. Nothing was sent."
            )
        return [self.idempotency_key][:count] if isinstance(self.idempotency_key, str) else list(self.idempotency_key)

    def _scope(self, context: Context, company_id: str) -> Scope:
        from airflow_provider_intacct.client.posting import Scope

        if self.allow_duplicates:
            return Scope.unguarded(company_id)
        if self.idempotency_key:
            return Scope(company_id, key="")  # each record has a key of its own
        return task_scope(context, company_id)

    def _post(self, context: Context, client: IntacctClient, postings: Sequence[Posting]) -> list[Outcome]:
        from airflow_provider_intacct.operators.posted_ledger import PostedLedger

        ledger = PostedLedger(None if self.allow_duplicates else task_state_store(context))
        known = ledger.known
        tried_before = context["ti"].try_number > 1 and not known
        return client.post(
            postings,
            atomic=self.atomic,
            look_first=not self.allow_duplicates and (bool(self.idempotency_key) or tried_before),
            stop_at_rejection=self.on_reject == "fail",
            known=known,
            tell=ledger.tell,
        )


def records_of(given: Any) -> list[Any]:
    """Return the records as a list, from a list, a single record or JSON text. Raises InvalidRecordError."""
    from airflow_provider_intacct.client.errors import InvalidRecordError
    from airflow_provider_intacct.client.posting import TypedRecord

    if isinstance(given, str):
        try:
            given = json.loads(given, parse_float=Decimal)
        except ValueError as error:
            raise InvalidRecordError(
                f"records is text and no JSON ({error}); render a list with `| tojson`, or pass the XCom itself. "
                "Nothing was sent."
            ) from None
    if isinstance(given, (Mapping, TypedRecord)):
        return [given]
    if not isinstance(given, Sequence) or isinstance(given, str | bytes):
        raise InvalidRecordError(
            f"records is a {type(given).__name__}; give a list of mappings of field names to values. Nothing was sent."
        )
    return list(given)
