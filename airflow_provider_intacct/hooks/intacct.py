"""IntacctHook: an Airflow connection becomes a client. What a task needs is imported when it runs."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook

if TYPE_CHECKING:
    from airflow_provider_intacct.client import AsyncIntacctClient, IntacctClient
    from airflow_provider_intacct.hooks.connection import Settings


class IntacctHook(BaseHook):
    """Sage Intacct through an Airflow connection of type `intacct`.

    `hook.client` is everything: `hook.client.rows(...)`, `hook.client.execute([...])`. Use it as a context manager, or
    call `close()`, to release its sockets; the Intacct session stays, shared by all of the process.

    :param intacct_conn_id: the Airflow connection.
    :param entity_id: work inside this entity instead of the connection's.
    :param max_api_transactions: the most API transactions the client may spend; it sends nothing beyond them.
    """

    conn_name_attr = "intacct_conn_id"
    default_conn_name = "intacct_default"
    conn_type = "intacct"
    hook_name = "Sage Intacct"

    def __init__(
        self,
        intacct_conn_id: str = default_conn_name,
        entity_id: str | None = None,
        *,
        max_api_transactions: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.intacct_conn_id = intacct_conn_id
        self.entity_id = entity_id
        self.max_api_transactions = max_api_transactions

    @cached_property
    def settings(self) -> Settings:
        """The connection's contents, checked. Raises ConfigurationError naming the field that is wrong."""
        from airflow_provider_intacct.hooks.connection import read_settings
        from airflow_provider_intacct.hooks.masking import mask

        settings = read_settings(self.get_connection(self.intacct_conn_id), entity_id=self.entity_id)
        mask(*settings.credentials.secrets)
        return settings

    @cached_property
    def client(self) -> IntacctClient:
        """The client for this connection. It signs in with the first call."""
        from airflow_provider_intacct.client import IntacctClient
        from airflow_provider_intacct.hooks.masking import mask

        settings = self.settings
        return IntacctClient(
            settings.credentials,
            timeout=settings.timeout,
            page_size=settings.page_size,
            max_concurrency=settings.max_concurrency,
            time_zone=settings.time_zone,
            on_secret=mask,
            max_api_transactions=self.max_api_transactions,
        )

    def entities(self) -> list[str]:
        """Return the ids of the company's entities: what `entity_id` may be, here and in operators."""
        return [entity.id for entity in self.client.entities()]

    async def async_client(self) -> AsyncIntacctClient:
        """Return a new client for coroutines. Reads the connection now; it never asks Airflow again."""
        from airflow_provider_intacct.client import AsyncIntacctClient
        from airflow_provider_intacct.hooks.connection import read_settings
        from airflow_provider_intacct.hooks.masking import amask

        connection = await self.aget_connection(self.intacct_conn_id)
        settings = read_settings(connection, entity_id=self.entity_id)
        await amask(*settings.credentials.secrets)
        return AsyncIntacctClient(
            settings.credentials,
            timeout=settings.timeout,
            page_size=settings.page_size,
            max_concurrency=settings.max_concurrency,
            time_zone=settings.time_zone,
            on_secret=amask,
            max_api_transactions=self.max_api_transactions,
        )

    def get_conn(self) -> IntacctClient:
        """Return `client`: the name other hooks give it."""
        return self.client

    def test_connection(self) -> tuple[bool, str]:
        """Go through the checklist of a first sign-in and say which step failed and what to do, or who signed in."""
        from airflow_provider_intacct.client.errors import ConfigurationError
        from airflow_provider_intacct.hooks.checklist import check
        from airflow_provider_intacct.hooks.masking import mask

        try:
            settings = self.settings
        except ConfigurationError as error:
            return False, str(error)
        return check(settings, on_secret=mask)
