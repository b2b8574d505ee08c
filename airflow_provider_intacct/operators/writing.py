"""What all operators that write have in common: whose they act as, what a later try knows, what they report. Thin."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow.sdk import BaseOperator

from airflow_provider_intacct.arguments import DEFAULT_CONN_ID, is_dry_run
from airflow_provider_intacct.compat import task_state_store
from airflow_provider_intacct.hooks.failures import airflow_outcome, raise_failure
from airflow_provider_intacct.metrics import metered
from airflow_provider_intacct.operators.dry_run import FINDINGS, counted, log_findings
from airflow_provider_intacct.operators.required_state import check_state, hold_to_state, with_event
from airflow_provider_intacct.scope import task_scope

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_intacct.client import Credentials, IntacctClient
    from airflow_provider_intacct.client.checking import DryRun
    from airflow_provider_intacct.client.posting import Outcome, Posting, Scope
    from airflow_provider_intacct.hooks.intacct import IntacctHook

OUTCOMES = "outcomes"
"""The XCom that holds the outcomes of a task that failed; one that succeeds returns them."""


class IntacctWriteOperator(BaseOperator):
    """Carry out what a subclass prepares, each act once, and return what became of each. Not for DAGs by itself.

    A subclass gives `prepared(scope, credentials)`, and adds its own arguments to `template_fields`.

    :param idempotency_key: names the business event in place of DAG, run and task: two runs with the same key act
        once. A text for one record, a list of texts for several.
    :param atomic: all records of a request (100 at most) are written or none is.
    :param on_reject: `fail`, or `collect` to return rejected records among the outcomes and go on: what was rolled back
        with one is sent again without it.
    :param max_rejects: with `collect`: send nothing more, and fail, once more records than this are rejected.
    :param allow_duplicates: turn the guard off: every try acts again.
    :param dry_run: write nothing. What would be sent is checked against the company, and the
        exact requests are logged, secrets masked. Returns a verdict for each record and all problems; fails naming
        them if a record would be refused, unless `on_reject="collect"`. Costs reads only. May be a template.
    :param policy_id: an asynchronous policy of the company's: Intacct acknowledges, and carries out when it has time.
        The task leaves its worker until what it sent is found by its number, and reports as it does without. Records
        without any number are refused, and so is `allow_duplicates`.
    :param settle_timeout: seconds after which what is still not found is in doubt: the task fails, and a retry looks
        again before it sends anything. To see why a record does not come, run the task without `policy_id`.
    :param settle_interval: seconds between two looks; each is one API transaction for a hundred records.
    :param require_state: the state that every record must be in, or beyond, such as `Posted`; where approval is
        switched on, what is written may only be Submitted, Partially Approved or Draft.
    :param on_state: `fail` at once when a record is not in the required state, or `wait` for it in the triggerer and
        return the same outcomes then. What is declined meanwhile fails the task. Either way nothing is written again.
    :param state_timeout: with `wait`: seconds until the task gives up, a week by default.
    :param state_interval: with `wait`: seconds between two looks, each one API transaction.
    :param report_state: after something was posted, read back which state each record is in, for one API transaction,
        and say in its `note` what is needed next. Only for objects that have states.
    :param intacct_conn_id: the Airflow connection.
    :param entity_id: act inside this entity instead of the connection's.
    """

    template_fields: Sequence[str] = (
        "idempotency_key",
        "max_rejects",
        "only_check",
        "policy_id",
        "require_state",
        "intacct_conn_id",
        "entity_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"idempotency_key": "json"}
    ui_color = "#fbeed9"

    def __init__(
        self,
        *,
        idempotency_key: str | Sequence[str] | None = None,
        atomic: bool = True,
        on_reject: Literal["fail", "collect"] = "fail",
        max_rejects: int | str | None = None,
        allow_duplicates: bool = False,
        dry_run: bool | str = False,
        policy_id: str | None = None,
        settle_timeout: float = 3600.0,
        settle_interval: float = 60.0,
        require_state: str | None = None,
        on_state: Literal["fail", "wait"] = "fail",
        state_timeout: float = 604_800.0,
        state_interval: float = 300.0,
        report_state: bool = True,
        intacct_conn_id: str = DEFAULT_CONN_ID,
        entity_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.idempotency_key = idempotency_key
        self.atomic = atomic
        self.on_reject = on_reject
        self.max_rejects = max_rejects
        self.allow_duplicates = allow_duplicates
        self.only_check = dry_run  # dry_run is a method of every operator, for `airflow tasks test --dry-run`
        self.policy_id = policy_id
        self.settle_timeout = settle_timeout
        self.settle_interval = settle_interval
        self.require_state = require_state
        self.on_state = on_state
        self.state_timeout = state_timeout
        self.state_interval = state_interval
        self.report_state = report_state
        self.intacct_conn_id = intacct_conn_id
        self.entity_id = entity_id

    def prepared(self, scope: Scope, credentials: Credentials) -> list[Posting]:
        """Return what is to be carried out within `scope`, checked. Nothing has been sent when this raises."""
        raise TypeError(f"{type(self).__name__} does not say what it writes: it needs a method prepared().")

    def execute(self, context: Context) -> Any:
        """Carry it out. Raises AirflowFailException for what another try cannot mend."""
        with airflow_outcome():
            only_looking = is_dry_run(self.only_check)
        if only_looking:
            return self._look(context)
        return self._work(context, self._post, datetime.now(UTC) + timedelta(seconds=self.settle_timeout))

    def settled(self, context: Context, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Look what became of what was sent by the policy: the trigger has found it, or the time is up."""
        raise_failure(event)
        settle = partial(self._settle, decided=event["decided"])
        return self._work(context, settle, datetime.fromisoformat(event["until"]))

    def _work(
        self,
        context: Context,
        act: Callable[[Context, IntacctClient, Sequence[Posting]], list[Outcome]],
        until: datetime,
    ) -> list[dict[str, Any]]:
        from airflow_provider_intacct.client.posting import summary
        from airflow_provider_intacct.hooks.intacct import IntacctHook

        with airflow_outcome():
            hook = IntacctHook(self.intacct_conn_id, self.entity_id)
            postings = self._postings(context, hook)
            with hook.client as client, metered(self, client) as meter:
                outcomes = act(context, client, postings)
                news = self.report_state and any(outcome.status == "posted" for outcome in outcomes)
                if self.require_state or news:
                    outcomes = client.with_states(outcomes, asked=bool(self.require_state))
                count = f"{len(outcomes)} record{'' if len(outcomes) == 1 else 's'}"
                meter.done(f"{count}: {summary(outcomes)}", rows=len(outcomes))
            if self.policy_id and (act == self._post or datetime.now(UTC) < until):  # what was sent is looked for once
                self._wait(outcomes, until)
            told = self._told(context, outcomes)
            if self.require_state:
                self._hold_to_state(context, outcomes, told)
            return told

    def _look(self, context: Context) -> dict[str, Any]:
        """Check what would be sent, and send nothing of it."""
        from airflow_provider_intacct.hooks.intacct import IntacctHook

        with airflow_outcome():
            hook = IntacctHook(self.intacct_conn_id, self.entity_id)
            postings = self._postings(context, hook)
            with hook.client as client, metered(self, client) as meter:
                found = client.dry_run(postings, atomic=self.atomic, policy_id=self.policy_id or None)
                told = found.as_dict()
                meter.done(counted(told), rows=len(postings))
            log_findings(self, found)
            if found.refused and (self.on_reject == "fail" or self._too_many_refused(found)):
                context["ti"].xcom_push(key=FINDINGS, value=told)
                found.raise_if_refused()
        return told

    def in_state(self, context: Context, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the outcomes once all are in the required state, or raise what the trigger reports."""
        from airflow.sdk.exceptions import AirflowException

        try:
            return with_event(event)
        except AirflowException:
            context["ti"].xcom_push(key=OUTCOMES, value=event["told"])
            raise

    def _hold_to_state(self, context: Context, outcomes: Sequence[Outcome], told: list[dict[str, Any]]) -> None:
        from airflow_provider_intacct.client.posting.state import NotInStateError

        try:
            hold_to_state(self, outcomes, told)
        except NotInStateError:
            context["ti"].xcom_push(key=OUTCOMES, value=told)
            raise

    def keys_for(self, count: int) -> Sequence[str] | None:
        """Return one idempotency key for each of `count` records, or None."""
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

    def warn_of_lines(self, postings: Sequence[Posting]) -> None:
        """Log whose lines an update replaces."""
        from airflow_provider_intacct.client.posting import replaced_lines

        for container, labels in replaced_lines(postings).items():
            more = f" and {len(labels) - 5} more" if len(labels) > 5 else ""
            self.log.warning(
                "%s replaces all lines of a record that exists; lines not given are deleted in Intacct: %s%s.",
                container,
                ", ".join(labels[:5]),
                more,
            )

    @property
    def collects(self) -> bool:
        """Whether a record that cannot be sent is rejected among the outcomes, instead of failing the task."""
        return self.on_reject == "collect" or is_dry_run(self.only_check)

    @property
    def _most_rejects(self) -> int | None:
        from airflow_provider_intacct.client.errors import InvalidRequestError

        if self.max_rejects in (None, ""):
            return None
        if isinstance(self.max_rejects, bool) or not str(self.max_rejects).strip().isdecimal():
            raise InvalidRequestError(f"max_rejects is {self.max_rejects!r}; give a whole number. Nothing was sent.")
        return int(str(self.max_rejects))

    def _too_many(self, outcomes: Sequence[Outcome]) -> bool:
        most = self._most_rejects
        return most is not None and sum(outcome.status == "rejected" for outcome in outcomes) > most

    def _too_many_refused(self, found: DryRun) -> bool:
        most = self._most_rejects
        return most is not None and found.refused > most

    def _postings(self, context: Context, hook: IntacctHook) -> list[Posting]:
        from airflow_provider_intacct.client.errors import InvalidRequestError

        if self.on_reject not in ("fail", "collect"):
            raise InvalidRequestError(f"on_reject is {self.on_reject!r}; it is 'fail' or 'collect'. Nothing was sent.")
        if self.on_reject == "fail" and self._most_rejects is not None:
            raise InvalidRequestError(
                f"max_rejects={self.max_rejects!r} lets records be rejected, and on_reject='fail' fails for the first; "
                "give on_reject='collect' too. Nothing was sent."
            )
        if self.policy_id and self.allow_duplicates:
            raise InvalidRequestError(
                "policy_id needs the guard that allow_duplicates=True turns off: what was sent is found by its ids. "
                "Give one of the two. Nothing was sent."
            )
        credentials = hook.settings.credentials
        postings = self.prepared(self._scope(context, credentials.company_id), credentials)
        check_state(self, postings)
        return postings

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
        if self.policy_id:
            return client.submit(postings, policy_id=self.policy_id, atomic=self.atomic, known=known, tell=ledger.tell)
        tried_before = context["ti"].try_number > 1 and not known
        return client.post(
            postings,
            atomic=self.atomic,
            look_first=not self.allow_duplicates and (bool(self.idempotency_key) or tried_before),
            stop_at_rejection=self.on_reject == "fail",
            max_rejects=self._most_rejects,
            known=known,
            tell=ledger.tell,
        )

    def _settle(
        self,
        context: Context,
        client: IntacctClient,
        postings: Sequence[Posting],
        *,
        decided: Mapping[str, Sequence[Any]],
    ) -> list[Outcome]:
        from airflow_provider_intacct.client.posting import Known
        from airflow_provider_intacct.operators.posted_ledger import PostedLedger

        ledger = PostedLedger(task_state_store(context))
        known = {**ledger.known, **{name: Known(*entry) for name, entry in decided.items()}}
        return client.settle(postings, known=known, tell=ledger.tell)

    def _wait(self, outcomes: Sequence[Outcome], until: datetime) -> None:
        """Leave the worker until those in doubt are found or the time is up; return if there are none.

        What is decided already goes with the trigger, for not every Airflow has a store to keep it in.
        """
        from airflow_provider_intacct.client.posting import sought
        from airflow_provider_intacct.operators.posted_ledger import entry_of
        from airflow_provider_intacct.triggers.posting import IntacctPostingTrigger

        pending = [outcome.posting for outcome in outcomes if outcome.status == "in_doubt"]
        if not pending:
            return
        self.log.info("%d records are acknowledged; looking for them until %s.", len(pending), until.isoformat())
        first = min(until, datetime.now(UTC) + timedelta(seconds=self.settle_interval))
        self.defer(
            trigger=IntacctPostingTrigger(
                sought_records=[each.as_list() for each in sought(pending)],
                decided={
                    each.posting.control_id: [*entry_of(each), each.note]
                    for each in outcomes
                    if each.status != "in_doubt" and not each.posting.problem
                },
                until=until.isoformat(),
                poke_interval=self.settle_interval,
                first_poll_at=first.isoformat(),
                intacct_conn_id=self.intacct_conn_id,
                entity_id=self.entity_id,
            ),
            method_name="settled",
        )

    def _told(self, context: Context, outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
        """Return the outcomes as XCom; raise if they fail the task, leaving them in the XCom `outcomes`."""
        from airflow_provider_intacct.client.posting import (
            RecordsInDoubtError,
            RecordsRejectedError,
            raise_unless_posted,
        )

        for outcome in outcomes:
            self.log.info("%s", outcome)
        told = [outcome.as_dict() for outcome in outcomes]
        try:
            raise_unless_posted(outcomes)
        except (RecordsRejectedError, RecordsInDoubtError) as error:
            if self.on_reject == "fail" or isinstance(error, RecordsInDoubtError) or self._too_many(outcomes):
                context["ti"].xcom_push(key=OUTCOMES, value=told)
                raise
        return told


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


def names_of(given: str | Sequence[str]) -> Sequence[str]:
    """Return the names in a list, or in text with commas between."""
    if isinstance(given, str):
        given = given.split(",")
    return [name.strip() for name in given if name.strip()]
