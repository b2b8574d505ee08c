"""The client of the Web Services gateway, for threads and for coroutines. Both are thin: the flows do the work."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from airflow_provider_intacct.client.credentials import Credentials
from airflow_provider_intacct.client.retry import DEFAULT, RetryPolicy
from airflow_provider_intacct.client.transport import AsyncTransport, Transport, arun, run
from airflow_provider_intacct.client.xml.functions import Function
from airflow_provider_intacct.client.xml.gateway import Gateway, OnSecret
from airflow_provider_intacct.client.xml.reply import Reply, Result
from airflow_provider_intacct.client.xml.session import Session, SessionPool


class IntacctClient:
    """Calls one company as one user, from any number of threads. Close it, or use it as a context manager.

    `timeout`          seconds to wait for a reply; Intacct itself stops at 15 minutes
    `page_size`        rows in one page of `rows`, at most 2,000
    `max_concurrency`  requests in flight at a time; others wait. Intacct's standard level of service runs one at a time
    `on_secret`        told each session id the moment it exists, so that it can be masked in logs
    `retry`            how patient to be; see client.retry
    `pool`             where sessions live; by default one for the whole process, so clients share theirs
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
    ) -> None:
        self._gateway = Gateway(credentials, pool=pool, policy=retry, on_secret=on_secret)
        self._transport = Transport(timeout=timeout, max_concurrency=max_concurrency)
        self._page_size = page_size

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
        return self._gateway.transactions_used

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
    ) -> None:
        self._gateway = Gateway(credentials, pool=pool, policy=retry, on_secret=on_secret)
        self._transport = AsyncTransport(timeout=timeout, max_concurrency=max_concurrency)
        self._page_size = page_size

    @property
    def credentials(self) -> Credentials:
        return self._gateway.credentials

    @property
    def transactions_used(self) -> int:
        """API transactions this client has been billed: one per record written, one per read call and page."""
        return self._gateway.transactions_used

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
