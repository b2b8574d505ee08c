"""Call any function of the gateway and return its answer as XCom; one that writes is carried out once per DAG run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator

from airflow_provider_intacct.arguments import DEFAULT_CONN_ID
from airflow_provider_intacct.compat import task_state_store
from airflow_provider_intacct.hooks.failures import airflow_outcome
from airflow_provider_intacct.metrics import metered
from airflow_provider_intacct.scope import task_scope
from airflow_provider_intacct.xcom import plain, plain_element

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_intacct.client import Credentials
    from airflow_provider_intacct.client.posting.identity import Scope
    from airflow_provider_intacct.client.xml.functions import Function
    from airflow_provider_intacct.client.xml.reply import Result

SESSION_FUNCTIONS = frozenset({"getAPISession", "init_session"})
MOST_REMEMBERED = 60_000  # characters; Airflow advises 64 KB for a value of the state store


class IntacctFunctionOperator(BaseOperator):
    """Call one function of the Web Services gateway by its own name, and return its answer as a dict.

    A function that may write (all but `query`, `lookup`, `inspect`, `get*` and `read*`) is sent with uniqueid and a
    control id made of company, DAG, run, task, map index and content, so that a retried or cleared task, or a lost
    reply, does not carry it out twice. The second time the answer has the status `already_done`; its keys are those of
    the first time where Airflow's task state store (3.3 and later) has kept them, and otherwise None.

    The answer: `status` ("success" or "already_done"), `function`, `control_id`, `key` (what legacy create functions
    return), `list_type`, `count`, `total`, `remaining`, `result_id`, and `records`, one dict for each record. Values
    are the text Intacct sent, None for an empty element; an element that occurs more than once becomes a list.

    :param function: the function's name, such as `readEntityDetails` or `reverse_bill`.
    :param body: its content: a mapping, in the schema's order; a list repeats its element, `@name` is an attribute.
    :param attributes: attributes of the function's own element, such as `{"key": "1234"}`.
    :param idempotency_key: names the business event; then two runs with the same key and content act once.
    :param allow_duplicates: turn the guard off: every try carries the function out again.
    :param max_records: fail when the answer to a reading function holds more, for an XCom is kept in the database.
    :param intacct_conn_id: the Airflow connection.
    :param entity_id: work inside this entity instead of the connection's.
    """

    template_fields: Sequence[str] = (
        "function",
        "body",
        "attributes",
        "idempotency_key",
        "intacct_conn_id",
        "entity_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"body": "json", "attributes": "json"}
    ui_color = "#e3f1e8"

    def __init__(
        self,
        *,
        function: str,
        body: Mapping[str, Any] | Sequence[tuple[str, Any]] | None = None,
        attributes: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        allow_duplicates: bool = False,
        max_records: int = 1000,
        intacct_conn_id: str = DEFAULT_CONN_ID,
        entity_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.function = function
        self.body = body
        self.attributes = attributes
        self.idempotency_key = idempotency_key
        self.allow_duplicates = allow_duplicates
        self.max_records = max_records
        self.intacct_conn_id = intacct_conn_id
        self.entity_id = entity_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Return the answer. Raises AirflowFailException for what another try cannot mend."""
        from airflow_provider_intacct.hooks.intacct import IntacctHook

        with airflow_outcome():
            made = self._made()
            hook = IntacctHook(self.intacct_conn_id, self.entity_id)
            if made.writes:
                made = made.with_control_id(self._control_id(context, hook.settings.credentials))
            with hook.client as client, metered(self, client) as meter:
                answer = self._call(client, made, context)
                if answer["remaining"]:
                    self.log.warning("%s holds %s more records than this answer.", self.function, answer["remaining"])
                count = len(answer["records"])
                records = f"{count} record{'' if count == 1 else 's'}"
                meter.done(f"{self.function}: {answer['status']}, {records}", rows=count)
        return answer

    def _made(self) -> Function:
        from airflow_provider_intacct.client.errors import InvalidRequestError
        from airflow_provider_intacct.client.xml import functions

        if self.function in SESSION_FUNCTIONS:
            raise InvalidRequestError(
                f"{self.function} answers with a session id, a secret that must not become an XCom. The client signs "
                "in by itself; in a task of your own use IntacctHook(...).client."
            )
        return functions.function(self.function, self.body, **(self.attributes or {}))

    def _control_id(self, context: Context, credentials: Credentials) -> str:
        from airflow_provider_intacct.client.posting.identity import content_digest, control_id

        content = {"body": self.body, "attributes": self.attributes}
        identity = content_digest(content, kind=self.function, entity_id=credentials.entity_id)
        return control_id(self._scope(context, credentials.company_id), identity)

    def _scope(self, context: Context, company_id: str) -> Scope:
        from airflow_provider_intacct.client.posting.identity import Scope

        if self.allow_duplicates:
            return Scope.unguarded(company_id)
        if self.idempotency_key:
            return Scope(company_id, key=self.idempotency_key)
        return task_scope(context, company_id)

    def _call(self, client: Any, made: Function, context: Context) -> dict[str, Any]:
        from airflow_provider_intacct.client.errors import AlreadyRecordedError, InvalidRequestError

        try:
            reply = client.execute([made], unique=made.writes)
            reply.raise_for_status()
        except AlreadyRecordedError:
            return self._already_done(made, context)
        answer = answer_of(reply.results[0], self.function)
        if made.writes:
            self._remember(answer, made, context)
        elif len(answer["records"]) > self.max_records:
            raise InvalidRequestError(
                f"{self.function} answered with {len(answer['records'])} records, more than max_records="
                f"{self.max_records} lets into an XCom. Ask for fewer, or raise max_records."
            )
        return answer

    def _already_done(self, made: Function, context: Context) -> dict[str, Any]:
        from airflow_provider_intacct.client.xml.reply import Result

        self.log.warning(
            "%s was carried out by an earlier try of this task (control id %s) and was not carried out again.",
            self.function,
            made.control_id,
        )
        store = task_state_store(context)
        kept = store.get(_state_key(made)) if store is not None else None
        answer = json.loads(kept) if isinstance(kept, str) else answer_of(Result("success"), self.function)
        return {**answer, "status": "already_done", "control_id": made.control_id}

    def _remember(self, answer: Mapping[str, Any], made: Function, context: Context) -> None:
        """Keep the answer for a later try: Intacct does not repeat it."""
        store, text = task_state_store(context), json.dumps(answer)
        if store is not None and len(text) <= MOST_REMEMBERED:
            store.set(_state_key(made), text)


def answer_of(result: Result, function: str) -> dict[str, Any]:
    """Return a successful result as plain JSON values."""
    if result.body is not None:
        records = json.loads(result.body) if result.format == "json" else [{"text": result.body.decode()}]
    elif result.data is None:
        records = []
    else:
        records = [plain_element(element) for element in result.data if isinstance(element.tag, str)]
    return {
        "status": "success",
        "function": function,
        "control_id": result.control_id,
        "key": result.key,
        "list_type": result.list_type,
        "count": len(records) if result.counts.count is None else result.counts.count,
        "total": result.counts.total,
        "remaining": result.counts.remaining,
        "result_id": result.result_id,
        "records": plain(records),
    }


def _state_key(made: Function) -> str:
    return f"intacct_function_{made.control_id}"
