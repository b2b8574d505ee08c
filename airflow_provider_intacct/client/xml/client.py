"""The client of the Web Services gateway, for threads and for coroutines. Both are thin: the flows do the work."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypedDict, Unpack

from airflow_provider_intacct.client.changes.deletes import AUDIT_HISTORY, FIELDS, AuditRead, Tombstone
from airflow_provider_intacct.client.credentials import Credentials
from airflow_provider_intacct.client.extraction import AsyncExtraction, Extraction, ExtractionReport
from airflow_provider_intacct.client.flows import arun, astream, run, stream
from airflow_provider_intacct.client.retry import DEFAULT, RetryPolicy
from airflow_provider_intacct.client.transport import AsyncTransport, Transport
from airflow_provider_intacct.client.usage import Usage
from airflow_provider_intacct.client.windows import Window
from airflow_provider_intacct.client.xml import balances, dds, functions, metadata, reports
from airflow_provider_intacct.client.xml.balances import AccountOptions, TrialBalance, TrialBalanceOptions
from airflow_provider_intacct.client.xml.dds import DdsJob
from airflow_provider_intacct.client.xml.functions import Function
from airflow_provider_intacct.client.xml.gateway import Gateway, OnSecret
from airflow_provider_intacct.client.xml.knowledge import Knowledge
from airflow_provider_intacct.client.xml.metadata import Entity, ObjectDefinition, UserFormatting
from airflow_provider_intacct.client.xml.reading import read
from airflow_provider_intacct.client.xml.reply import Reply, Result
from airflow_provider_intacct.client.xml.reports import Pending, Report, ReportOptions
from airflow_provider_intacct.client.xml.selection import ReadOptions, check_options
from airflow_provider_intacct.client.xml.session import Session, SessionPool

if TYPE_CHECKING:
    from airflow_provider_intacct.client.checking import DryRun, Problem
    from airflow_provider_intacct.client.posting import Known, Outcome, Posting, Sending, Settled, Sought
    from airflow_provider_intacct.client.posting.state import State


class PostOptions(TypedDict, total=False):
    """How `post` posts; see client.posting.flow.post. `atomic` is True unless said otherwise."""

    atomic: bool
    look_first: bool
    stop_at_rejection: bool
    max_rejects: int | None
    known: Mapping[str, Known] | None
    tell: Callable[[Sending | Settled], None] | None


class ActOptions(TypedDict, total=False):
    """How `act` acts; see client.posting.carrying.carry_out. `atomic` is False unless said otherwise."""

    atomic: bool
    stop_at_rejection: bool
    max_rejects: int | None
    known: Mapping[str, Known] | None
    tell: Callable[[Sending | Settled], None] | None


class SettleOptions(TypedDict, total=False):
    """What `settle` may know and tell; see client.posting.asynchronous.settle."""

    known: Mapping[str, Known] | None
    tell: Callable[[Sending | Settled], None] | None


class SubmitOptions(SettleOptions, total=False):
    """How `submit` sends; see client.posting.asynchronous.submit. `atomic` is True unless said otherwise."""

    atomic: bool


class DryRunOptions(TypedDict, total=False):
    """How the records would be posted: `atomic` is True unless said otherwise."""

    atomic: bool
    policy_id: str | None


class IntacctClient:
    """Calls one company as one user, from any number of threads. Close it, or use it as a context manager.

    `timeout`          seconds to wait for a reply; Intacct itself stops at 15 minutes
    `page_size`        rows in one page of `rows`, at most 2,000
    `max_concurrency`  requests in flight at a time; others wait. Intacct's standard level of service runs one at a time
    `on_secret`        told each session id the moment it exists, so that it can be masked in logs
    `retry`            how patient to be; see client.retry
    `pool`             where sessions live; by default one for the whole process, so clients share theirs
    `time_zone`        the API user's zone by name (America/Los_Angeles); without it the offset from GMT that Intacct
                       gives is used, in summer and winter alike
    `max_api_transactions`   a request that would make this client use more in all is not sent: BudgetError
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        timeout: float = 300.0,
        page_size: int = 2000,
        max_concurrency: int = 1,
        on_secret: OnSecret | None = None,
        retry: RetryPolicy = DEFAULT,
        pool: SessionPool | None = None,
        time_zone: str | None = None,
        max_api_transactions: int | None = None,
    ) -> None:
        self._gateway = Gateway(
            credentials, pool=pool, policy=retry, on_secret=on_secret, max_api_transactions=max_api_transactions
        )
        self._knowledge = Knowledge(self._gateway, time_zone)
        self._transport = Transport(timeout=timeout, max_concurrency=max_concurrency)
        self._page_size = page_size
        self._max_concurrency = max_concurrency
        self._server_wait = min(reports.MAX_WAIT, int(timeout / 2))  # a report that is waited for must still answer

    @property
    def credentials(self) -> Credentials:
        return self._gateway.credentials

    @property
    def session(self) -> Session:
        """The session: company, user, entity and its end. Signs in if there is none."""
        return run(self._gateway.session(), self._transport)

    @property
    def transactions_used(self) -> int:
        """API transactions this client has been billed: one per record written, one per read call and page."""
        return self._gateway.usage.transactions

    @property
    def usage(self) -> Usage:
        """What this client has used so far: API transactions, requests, bytes, retries, waits. A snapshot."""
        return self._gateway.usage

    def sign_in(self) -> Session:
        """Sign in anew, whatever session is held and whatever refusal is remembered. A connection test wants this."""
        return run(self._gateway.sign_in(), self._transport)

    def execute(self, functions: Sequence[Function], *, atomic: bool = False, unique: bool = False) -> Reply:
        """Send the functions as one request and return the reply, results in the order of the functions.

        `atomic`  one transaction: a failure undoes them all
        `unique`  Intacct refuses a function whose control id it has carried out before; a lost reply is then safe to
                  ask for again, and the client does so

        Raises when the request as a whole failed (network, sender, sign-in, schema); failures of functions stay in the
        reply until `reply.raise_for_status()`. JSON and CSV answers need a request of one function.
        """
        return run(self._gateway.execute(functions, atomic=atomic, unique=unique), self._transport)

    def call(self, function: Function) -> Result:
        """Send one function alone. Return its result, or raise its error."""
        return run(self._gateway.call(function), self._transport)

    def rows(self, object: str, **options: Unpack[ReadOptions]) -> Iterator[dict[str, Any]]:
        """Yield the records of `object` as dicts of Intacct's field names, asking for a page when it is needed.

        See ReadOptions. Unknown fields are named, with the nearest there are, before the first page is asked for.
        """
        with self.extract(object, **options) as extraction:
            for page in extraction.pages():
                yield from page

    def extract(self, object: str, **options: Unpack[ReadOptions]) -> Extraction:
        """Return an extraction of `object`: its columns, its pages as rows or as they came, and a report in the end.

        See ReadOptions. Nothing is asked before it is entered or iterated over.
        """
        check_options(object, options)

        def begin(report: ExtractionReport) -> Generator[Any, None, None]:
            flow = read(self._gateway, self._knowledge, object, self._page_size, self._max_concurrency, options, report)
            return stream(flow, self._transport)

        return Extraction(begin, object)

    def report(
        self,
        name: str,
        *,
        timeout: float = 3600.0,
        types: Mapping[str, str] | None = None,
        **options: Unpack[ReportOptions],
    ) -> list[dict[str, Any]]:
        """Run a report and return all its rows, as text or typed by `types`: {"AMOUNT": "CURRENCY", "DUE": "DATE"}.

        Waits up to `timeout` seconds for it. A report is read to the end or not at all: Intacct hands out each page
        once, so after a lost reply it may be started again. See reports.Report for the options.
        """
        report = Report(name, **options)
        wanted = reports.run_report(self._gateway, report, wait=self._server_wait, timeout=timeout)
        rows = run(wanted, self._transport)
        return run(reports.typed_report(self._knowledge, report, rows, types or {}), self._transport)

    def ask_report(
        self, report: Report, pending: Pending | None = None, *, types: Mapping[str, str] | None = None
    ) -> Pending | list[dict[str, Any]]:
        """Start a report, or ask for one that is `pending`: that it is (still), or all its rows. See reports."""
        outcome = run(reports.ask_report(self._gateway, report, pending, wait=self._server_wait), self._transport)
        if isinstance(outcome, Pending):
            return outcome
        return run(reports.typed_report(self._knowledge, report, outcome, types or {}), self._transport)

    def report_definition(self, name: str) -> dict[str, Any]:
        """Return what Intacct says of a report: its name, type, root object, parameters."""
        return run(reports.definition(self._gateway, Report(name)), self._transport)

    def view(
        self, view: str, filters: Sequence[tuple[str, str, Any]] = (), *, typed: bool = True, **options: Any
    ) -> list[dict[str, Any]]:
        """Return the rows of a view, such as "VENDOR#135422@10051", typed by the definition of its object.

        See functions.read_view for the filters and options.
        """
        rows = run(reports.run_view(self._gateway, view, filters, **options), self._transport)
        return run(reports.typed_view(self._knowledge, view, rows), self._transport) if typed else rows

    def trial_balance(self, **options: Unpack[TrialBalanceOptions]) -> TrialBalance:
        """Return the trial balance of a period, amounts as Decimals, and where it does not tie out.

        Statistical accounts are left out unless asked for. See balances.BalanceOptions.
        """
        return run(balances.trial_balance(self._gateway, options), self._transport)

    def account_balances(
        self, *, group_by: Sequence[str] = (), **options: Unpack[AccountOptions]
    ) -> list[dict[str, Any]]:
        """Return the balances of accounts by dimensions ("location", "department", ...), amounts as Decimals.

        See balances.AccountOptions. Where the answer takes too long, the same can be had as a report:
        `client.report(name, kind="STANDARD", arguments=function)` with name and value of the function of balances.
        """
        return run(balances.account_balances(self._gateway, group_by, options), self._transport)

    def dds_job(self, record_number: str) -> DdsJob:
        """Return how far a Data Delivery Service job is, and what it delivered."""
        return dds.read_one(self.call(dds.read_dds_job(record_number)).data, record_number)

    def dds_objects(self) -> list[str]:
        """Return the names of all objects that the Data Delivery Service can deliver."""
        return dds.read_objects(self.call(dds.get_dds_objects()).data)

    def dds_ddl(self, object: str) -> str:
        """Return the `create table` for an object's delivered files, as PostgreSQL understands it."""
        return dds.read_ddl(self.call(dds.get_dds_ddl(object)).data)

    def keys(self, object: str, **options: Unpack[ReadOptions]) -> Iterator[str]:
        """Yield the record numbers of `object`, 2,000 for an API transaction: what is missing here was deleted.

        The options are those of `rows`, `fields` and `typed` apart.
        """
        key = self.lookup(object, doc_par_id=options.get("doc_par_id")).record_key
        only_keys: ReadOptions = {**options, "fields": [key], "typed": False}
        for row in self.rows(object, **only_keys):
            yield row[key]

    def tombstones(self, object: str, window: Window) -> Iterator[Tombstone]:
        """Yield the records of `object` deleted in a window, from the audit history; each once, in no order of time.

        For objects whose policy (client.changes.policy_of) says deletes are seen by "audit"; InvalidRequestError for
        others. AuditHistoryError where the user lacks the right. Read the rows of a window before its tombstones.
        """
        read = AuditRead(object, window, self.user_formatting().zone)
        with read.refusals_explained():
            for row in self.rows(AUDIT_HISTORY, fields=FIELDS, where=read.where):
                if (tombstone := read.tombstone(row)) is not None:
                    yield tombstone

    def entities(self) -> list[Entity]:
        """Return the entities of the company: what `Credentials.entity_id` may be."""
        return metadata.read_entities(self.call(functions.read_entity_details()).data)

    def lookup(self, object: str, *, doc_par_id: str | None = None) -> ObjectDefinition:
        """Return the fields and relationships of an object (of a transaction definition). Asked once per client."""
        return run(self._knowledge.definition(object, doc_par_id), self._transport)

    def user_formatting(self) -> UserFormatting:
        """Return the API user's zone, date format and clock. Asked once per client."""
        return run(self._knowledge.formatting(), self._transport)

    def post(self, postings: Sequence[Posting], **options: Unpack[PostOptions]) -> list[Outcome]:
        """Carry out what client.posting.prepare, prepare_updates or prepare_upserts made, each once at most.

        Returns an outcome for each, in their order. See client.posting.flow.post for the options and what is raised.
        """
        from airflow_provider_intacct.client.posting import post

        return run(post(self._gateway.execute, postings, **options), self._transport)

    def check(self, postings: Sequence[Posting]) -> list[Problem]:
        """Return what is wrong with prepared records, and what could not be checked. Reads only, nothing is posted.

        Checked are names, types and lengths of fields, what the records refer to, balance by entity, signs, periods,
        and numbers that the company has already. See client.checking.
        """
        from airflow_provider_intacct.client.checking import check

        return run(check(self._gateway.execute, self._knowledge, postings), self._transport)

    def dry_run(self, postings: Sequence[Posting], **options: Unpack[DryRunOptions]) -> DryRun:
        """Check prepared records, and return the exact requests that would be sent too, with secrets masked."""
        from airflow_provider_intacct.client.checking import dry_run

        found = dry_run(self._gateway.execute, self._knowledge, self.credentials, postings, **options)
        return run(found, self._transport)

    def submit(self, postings: Sequence[Posting], *, policy_id: str, **options: Unpack[SubmitOptions]) -> list[Outcome]:
        """Send prepared records by an asynchronous policy: what Intacct acknowledges is in doubt until it is settled.

        See client.posting.asynchronous.
        """
        from airflow_provider_intacct.client.posting import submit

        return run(submit(self._gateway.execute, postings, policy_id=policy_id, **options), self._transport)

    def settle(self, postings: Sequence[Posting], **options: Unpack[SettleOptions]) -> list[Outcome]:
        """Look once what became of records that were submitted. See client.posting.asynchronous."""
        from airflow_provider_intacct.client.posting import settle

        return run(settle(self._gateway.execute, postings, **options), self._transport)

    def act(self, postings: Sequence[Posting], **options: Unpack[ActOptions]) -> list[Outcome]:
        """Carry out acts prepared by client.posting.prepare_acts, each once at most, and return an outcome for each.

        See client.posting.carrying.carry_out for the options and what the outcomes say.
        """
        from airflow_provider_intacct.client.posting.carrying import carry_out

        return run(carry_out(self._gateway.execute, postings, **options), self._transport)

    def states(self, object: str, keys: Sequence[str]) -> dict[str, State]:
        """Return the states of records by key; those that are not there are left out. A query for a thousand keys."""
        from airflow_provider_intacct.client.posting.state import read_states

        return run(read_states(self._gateway.execute, object, keys), self._transport)

    def keys_of(self, object: str, given: Any) -> list[str]:
        """Return the record numbers, or document ids, that `given` names; see client.posting.targets.targets_of.

        Natural keys are looked up. Raises InvalidRequestError for one that names no record, or several.
        """
        from airflow_provider_intacct.client.posting.targets import keys_of

        return run(keys_of(self._gateway.execute, object, given), self._transport)

    def with_states(self, outcomes: Sequence[Outcome], *, asked: bool = False) -> list[Outcome]:
        """Return the outcomes with the states that their records are in, and what is needed next in the note.

        See client.posting.state.described.
        """
        from airflow_provider_intacct.client.posting.state import described

        return run(described(self._gateway.execute, outcomes, asked=asked), self._transport)

    def close(self) -> None:
        """Close the connections. The session lives on for the other clients of the process."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.credentials!r})"


class AsyncIntacctClient:
    """The same as IntacctClient, for coroutines. `on_secret` may be a coroutine function."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        timeout: float = 300.0,
        page_size: int = 2000,
        max_concurrency: int = 1,
        on_secret: OnSecret | None = None,
        retry: RetryPolicy = DEFAULT,
        pool: SessionPool | None = None,
        time_zone: str | None = None,
        max_api_transactions: int | None = None,
    ) -> None:
        self._gateway = Gateway(
            credentials, pool=pool, policy=retry, on_secret=on_secret, max_api_transactions=max_api_transactions
        )
        self._knowledge = Knowledge(self._gateway, time_zone)
        self._transport = AsyncTransport(timeout=timeout, max_concurrency=max_concurrency)
        self._page_size = page_size
        self._max_concurrency = max_concurrency
        self._server_wait = min(reports.MAX_WAIT, int(timeout / 2))  # a report that is waited for must still answer

    @property
    def credentials(self) -> Credentials:
        return self._gateway.credentials

    @property
    def transactions_used(self) -> int:
        """API transactions this client has been billed: one per record written, one per read call and page."""
        return self._gateway.usage.transactions

    @property
    def usage(self) -> Usage:
        """What this client has used so far: API transactions, requests, bytes, retries, waits. A snapshot."""
        return self._gateway.usage

    async def session(self) -> Session:
        """The session: company, user, entity and its end. Signs in if there is none."""
        return await arun(self._gateway.session(), self._transport)

    async def sign_in(self) -> Session:
        """Sign in anew, whatever session is held and whatever refusal is remembered."""
        return await arun(self._gateway.sign_in(), self._transport)

    async def execute(self, functions: Sequence[Function], *, atomic: bool = False, unique: bool = False) -> Reply:
        """See IntacctClient.execute."""
        return await arun(self._gateway.execute(functions, atomic=atomic, unique=unique), self._transport)

    async def call(self, function: Function) -> Result:
        """Send one function alone. Return its result, or raise its error."""
        return await arun(self._gateway.call(function), self._transport)

    async def rows(self, object: str, **options: Unpack[ReadOptions]) -> AsyncIterator[dict[str, Any]]:
        """See IntacctClient.rows; for `async for`."""
        async with self.extract(object, **options) as extraction:
            async for row in extraction:
                yield row

    def extract(self, object: str, **options: Unpack[ReadOptions]) -> AsyncExtraction:
        """See IntacctClient.extract; for `async with` and `async for`."""
        check_options(object, options)

        def begin(report: ExtractionReport) -> AsyncGenerator[Any, None]:
            flow = read(self._gateway, self._knowledge, object, self._page_size, self._max_concurrency, options, report)
            return astream(flow, self._transport)

        return AsyncExtraction(begin, object)

    async def keys(self, object: str, **options: Unpack[ReadOptions]) -> AsyncIterator[str]:
        """See IntacctClient.keys."""
        key = (await self.lookup(object, doc_par_id=options.get("doc_par_id"))).record_key
        only_keys: ReadOptions = {**options, "fields": [key], "typed": False}
        async with self.extract(object, **only_keys) as extraction:
            async for row in extraction:
                yield row[key]

    async def tombstones(self, object: str, window: Window) -> AsyncIterator[Tombstone]:
        """See IntacctClient.tombstones."""
        read = AuditRead(object, window, (await self.user_formatting()).zone)
        with read.refusals_explained():
            async with self.extract(AUDIT_HISTORY, fields=FIELDS, where=read.where) as extraction:
                async for row in extraction:
                    if (tombstone := read.tombstone(row)) is not None:
                        yield tombstone

    async def entities(self) -> list[Entity]:
        """See IntacctClient.entities."""
        return metadata.read_entities((await self.call(functions.read_entity_details())).data)

    async def report(
        self,
        name: str,
        *,
        timeout: float = 3600.0,
        types: Mapping[str, str] | None = None,
        **options: Unpack[ReportOptions],
    ) -> list[dict[str, Any]]:
        """See IntacctClient.report."""
        report = Report(name, **options)
        wanted = reports.run_report(self._gateway, report, wait=self._server_wait, timeout=timeout)
        rows = await arun(wanted, self._transport)
        return await arun(reports.typed_report(self._knowledge, report, rows, types or {}), self._transport)

    async def view(
        self, view: str, filters: Sequence[tuple[str, str, Any]] = (), *, typed: bool = True, **options: Any
    ) -> list[dict[str, Any]]:
        """See IntacctClient.view."""
        rows = await arun(reports.run_view(self._gateway, view, filters, **options), self._transport)
        return await arun(reports.typed_view(self._knowledge, view, rows), self._transport) if typed else rows

    async def trial_balance(self, **options: Unpack[TrialBalanceOptions]) -> TrialBalance:
        """See IntacctClient.trial_balance."""
        return await arun(balances.trial_balance(self._gateway, options), self._transport)

    async def account_balances(
        self, *, group_by: Sequence[str] = (), **options: Unpack[AccountOptions]
    ) -> list[dict[str, Any]]:
        """See IntacctClient.account_balances."""
        return await arun(balances.account_balances(self._gateway, group_by, options), self._transport)

    async def dds_job(self, record_number: str) -> DdsJob:
        """See IntacctClient.dds_job."""
        return dds.read_one((await self.call(dds.read_dds_job(record_number))).data, record_number)

    async def lookup(self, object: str, *, doc_par_id: str | None = None) -> ObjectDefinition:
        """Return the fields and relationships of an object (of a transaction definition). Asked once per client."""
        return await arun(self._knowledge.definition(object, doc_par_id), self._transport)

    async def user_formatting(self) -> UserFormatting:
        """Return the API user's zone, date format and clock. Asked once per client."""
        return await arun(self._knowledge.formatting(), self._transport)

    async def post(self, postings: Sequence[Posting], **options: Unpack[PostOptions]) -> list[Outcome]:
        """See IntacctClient.post."""
        from airflow_provider_intacct.client.posting import post

        return await arun(post(self._gateway.execute, postings, **options), self._transport)

    async def check(self, postings: Sequence[Posting]) -> list[Problem]:
        """See IntacctClient.check."""
        from airflow_provider_intacct.client.checking import check

        return await arun(check(self._gateway.execute, self._knowledge, postings), self._transport)

    async def dry_run(self, postings: Sequence[Posting], **options: Unpack[DryRunOptions]) -> DryRun:
        """See IntacctClient.dry_run."""
        from airflow_provider_intacct.client.checking import dry_run

        found = dry_run(self._gateway.execute, self._knowledge, self.credentials, postings, **options)
        return await arun(found, self._transport)

    async def submit(
        self, postings: Sequence[Posting], *, policy_id: str, **options: Unpack[SubmitOptions]
    ) -> list[Outcome]:
        """See IntacctClient.submit."""
        from airflow_provider_intacct.client.posting import submit

        return await arun(submit(self._gateway.execute, postings, policy_id=policy_id, **options), self._transport)

    async def settle(self, postings: Sequence[Posting], **options: Unpack[SettleOptions]) -> list[Outcome]:
        """See IntacctClient.settle."""
        from airflow_provider_intacct.client.posting import settle

        return await arun(settle(self._gateway.execute, postings, **options), self._transport)

    async def missing(self, wanted: Sequence[Sought]) -> list[Sought]:
        """Return those records that are not there yet, looked up by their numbers alone."""
        from airflow_provider_intacct.client.posting import missing

        return await arun(missing(self._gateway.execute, wanted), self._transport)

    async def act(self, postings: Sequence[Posting], **options: Unpack[ActOptions]) -> list[Outcome]:
        """See IntacctClient.act."""
        from airflow_provider_intacct.client.posting.carrying import carry_out

        return await arun(carry_out(self._gateway.execute, postings, **options), self._transport)

    async def states(self, object: str, keys: Sequence[str]) -> dict[str, State]:
        """See IntacctClient.states."""
        from airflow_provider_intacct.client.posting.state import read_states

        return await arun(read_states(self._gateway.execute, object, keys), self._transport)

    async def close(self) -> None:
        """Close the connections of the running event loop."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.credentials!r})"
