"""Act on records that exist: reverse, approve, decline, submit, recall; each once. Thin: the client does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_intacct.compat import task_state_store
from airflow_provider_intacct.operators.writing import IntacctWriteOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_intacct.client import Credentials, IntacctClient
    from airflow_provider_intacct.client.posting import Outcome, Posting, Scope


class IntacctActOperator(IntacctWriteOperator):
    """Do one thing to each of some records, and return what became of each. Not for DAGs by itself.

    What is done to a record is done once, by whichever try of the task: Intacct refuses the act's id the second time,
    and the task finds `already_posted`. If a later try brings other records or other details for what was done, it
    fails before anything is sent and says what differs.

    :param object: the Intacct object, such as `APBILL`.
    :param keys: the records, one or a list: a record number, the id of an object named by one field (`V001` of VENDOR,
        a document id of PODOCUMENT), a natural key (`{"VENDORID": "V1", "RECORDID": "B-7"}`), or an outcome of a task
        that writes, such as `create.output`; JSON text of these, or a callable that returns them. Text of digits is a
        record number; for an id of digits write the mapping. Outcomes of records that were not booked are left out.
    :param idempotency_key: names the business event in place of DAG, run and task: two runs with the same key act once
        on each record.
    :param atomic: all acts of a request (100 at most) are carried out or none is; each stands for itself by default.
    """

    template_fields: Sequence[str] = ("object", "keys", *IntacctWriteOperator.template_fields)
    template_fields_renderers: ClassVar[dict[str, str]] = {
        "keys": "json",
        **IntacctWriteOperator.template_fields_renderers,
    }

    def __init__(
        self,
        *,
        object: str,
        keys: Any,
        idempotency_key: str | None = None,
        atomic: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(idempotency_key=idempotency_key, atomic=atomic, **kwargs)
        self.object = object
        self.keys = keys

    @property
    def act(self) -> str:
        """What is done: a name of the client's table of acts."""
        raise TypeError(f"{type(self).__name__} does not say what it does: it needs a property act.")

    @property
    def details(self) -> Mapping[str, Any]:
        """How it is done: date, memo, comment, ..."""
        return {}

    @property
    def legacy_function(self) -> str | None:
        """The legacy function to use instead of the usual one, if any."""
        return None

    def prepared(self, scope: Scope, credentials: Credentials) -> list[Posting]:
        """Return the acts, checked and named."""
        from airflow_provider_intacct.client.posting import prepare_acts

        return prepare_acts(
            self.object,
            self.act,
            self.keys,
            scope=scope,
            details=self.details,
            function=self.legacy_function or None,
            entity_id=credentials.entity_id,
        )

    def _scope(self, context: Context, company_id: str) -> Scope:
        from airflow_provider_intacct.client.errors import InvalidRequestError
        from airflow_provider_intacct.client.posting import Scope

        if not self.idempotency_key or self.allow_duplicates:
            return super()._scope(context, company_id)
        if not isinstance(self.idempotency_key, str):
            raise InvalidRequestError(
                "idempotency_key is one text here: it names the event, and the records are told apart by their keys. "
                "Nothing was sent."
            )
        return Scope(company_id, key=self.idempotency_key)

    def _post(self, context: Context, client: IntacctClient, postings: Sequence[Posting]) -> list[Outcome]:
        from airflow_provider_intacct.client.errors import InvalidRequestError
        from airflow_provider_intacct.operators.posted_ledger import PostedLedger

        if self.policy_id and self.act != "delete":
            raise InvalidRequestError(
                f"policy_id={self.policy_id!r}: what {self.act} did cannot be looked up by a number, so it is not sent "
                "asynchronously; leave policy_id out. Nothing was sent."
            )
        if self.policy_id:
            return super()._post(context, client, postings)
        ledger = PostedLedger(None if self.allow_duplicates else task_state_store(context))
        return client.act(
            postings,
            atomic=self.atomic,
            stop_at_rejection=self.on_reject == "fail",
            max_rejects=self._most_rejects,
            known=ledger.known,
            tell=ledger.tell,
        )


class IntacctReverseOperator(IntacctActOperator):
    """Reverse posted records in Intacct, each once, and return what became of each.

    Bills, invoices, payments made and received, expense reports and charge card transactions are reversed by the
    gateway's own functions, payment requests voided. For a journal entry it has none: the opposite entry is posted,
    whoever asks for it and how often; its reference number says which entry it reverses. Adjustments, deposits and
    other receipts cannot be reversed through the gateway; the task fails and names the way.

    Returns the list of outcomes that IntacctCreateOperator returns, with `act` "reverse". `key` is the record number
    that Intacct answers with: of the reversing record where it says so, else of the record reversed. A record that
    somebody else has reversed before is rejected, and so is a date in a closed period; `note` says so.

    :param object: `APBILL`, `ARINVOICE`, `APPYMT`, `ARPYMT`, `EEXPENSES`, `CCTRANSACTION`, `GLBATCH`, or
        `APPAYMENTREQUEST` (voided, without a date).
    :param keys: the records: see IntacctActOperator.
    :param date: the day of the reversal: a date, or `2026-03-31`.
    :param memo: what the reversal says about itself.
    :param idempotency_key: names the business event in place of DAG, run and task.
    """

    template_fields: Sequence[str] = ("date", "memo", *IntacctActOperator.template_fields)

    def __init__(self, *, date: date | str | None = None, memo: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.date = date
        self.memo = memo

    @property
    def act(self) -> str:
        """Payment requests are voided, everything else is reversed."""
        return "void" if self.object.upper() == "APPAYMENTREQUEST" else "reverse"

    @property
    def details(self) -> Mapping[str, Any]:
        """The day and the memo."""
        return {"date": self.date, "memo": self.memo}


class IntacctApprovalOperator(IntacctActOperator):
    """Approve, decline, submit or recall records, each once, and return what became of each.

    What the gateway offers: `approve` and `decline` for PODOCUMENT, TIMESHEET, VENDOR, APPYMT and APPAYMENTREQUEST;
    `submit` for GLBATCH, APBILL, ARINVOICE, APADJUSTMENT, ARADJUSTMENT, EEXPENSES, SODOCUMENT, PODOCUMENT and
    INVDOCUMENT; `recall` for APBILL; `send`, `confirm` and `void` for APPYMT and APPAYMENTREQUEST. Anything else, such
    as the approval of a bill or of a journal entry, is refused before anything is sent, with the way that can do it.

    The connection's user must be one who may approve; Intacct holds to its own approval rules. Returns the list of
    outcomes that IntacctCreateOperator returns, with `act`, the `state` that each record is in afterwards, and in
    `note` what is needed next, such as a further approval. What is in that state already, whoever did it, is
    `already_posted` and nothing is sent for it.

    :param action: `approve`, `decline`, `submit`, `recall`, `send`, `confirm` or `void`.
    :param object: the Intacct object, such as `PODOCUMENT`.
    :param keys: the records: see IntacctActOperator.
    :param comment: what the approver says, for PODOCUMENT, TIMESHEET and VENDOR.
    :param entries: of a timesheet, the record numbers of the entries meant; without it all of them.
    :param on_behalf_of: of a timesheet, the user who is recorded as the approver (needs the API Proxy permission).
    :param idempotency_key: names the business event in place of DAG, run and task.
    """

    template_fields: Sequence[str] = (
        "action",
        "comment",
        "entries",
        "on_behalf_of",
        *IntacctActOperator.template_fields,
    )

    def __init__(
        self,
        *,
        action: str,
        comment: str | None = None,
        entries: Sequence[int | str] | None = None,
        on_behalf_of: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.action = action
        self.comment = comment
        self.entries = entries
        self.on_behalf_of = on_behalf_of

    @property
    def act(self) -> str:
        """The action; deleting and reversing have operators of their own."""
        from airflow_provider_intacct.client.errors import InvalidRequestError

        action = self.action.strip().lower()
        if action in ("delete", "reverse"):
            raise InvalidRequestError(f"To {action} there is Intacct{action.capitalize()}Operator. Nothing was sent.")
        return action

    @property
    def details(self) -> Mapping[str, Any]:
        """Comment, entries and proxy."""
        return {"comment": self.comment, "entries": self.entries, "on_behalf_of": self.on_behalf_of}
