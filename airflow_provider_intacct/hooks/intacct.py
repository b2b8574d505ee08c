"""IntacctHook: an Airflow connection becomes a client, and a database that SQL can read.

Importing it costs 120 ms, for Airflow's DbApiHook: operators, sensors and triggers do so when a task runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.providers.common.sql.hooks.sql import DbApiHook

from airflow_provider_intacct.arguments import DEFAULT_CONN_ID
from airflow_provider_intacct.hooks.failures import airflow_outcome
from airflow_provider_intacct.hooks.metering import Meter
from airflow_provider_intacct.metrics import send

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_provider_intacct.client import AsyncIntacctClient, IntacctClient
    from airflow_provider_intacct.client.dbapi import Connection
    from airflow_provider_intacct.hooks.connection import Settings

NO_SQLALCHEMY = (
    "SQLAlchemy is not possible: it needs a dialect, and Intacct has no SQL of its own. Use get_records(), get_df(), "
    "get_conn() or hook.client."
)


class IntacctHook(DbApiHook):
    """Sage Intacct through an Airflow connection of type `intacct`.

    `hook.client` is everything: `hook.client.rows(...)`, `hook.client.execute([...])`. Use it as a context manager, or
    call `close()`, to release its sockets; the Intacct session stays, shared by all of the process.

    It is a DbApiHook too: `get_records`, `get_first`, `get_df` and Airflow's SQL operators, checks and sensors read
    with SQL, as client.dbapi describes. Read-only; what Intacct cannot do is refused by name, with the alternative.

    :param intacct_conn_id: the Airflow connection.
    :param entity_id: work inside this entity instead of the connection's. For Airflow's SQL operators:
        `hook_params={"entity_id": "200"}`.
    :param max_api_transactions: the most API transactions the client may spend; it sends nothing beyond them.
    :param read_options: how SQL reads: `show_private`, `case_insensitive`, `doc_par_id`; see client.dbapi.connect.
    """

    conn_name_attr = "intacct_conn_id"
    default_conn_name = DEFAULT_CONN_ID
    conn_type = "intacct"
    hook_name = "Sage Intacct"
    supports_autocommit = False
    placeholder = "%s"
    dialect_name = "default"

    def __init__(
        self,
        intacct_conn_id: str = default_conn_name,
        entity_id: str | None = None,
        *,
        max_api_transactions: int | None = None,
        read_options: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        # Airflow's SQL operators hand over all of the connection's extra; it is read from the connection itself.
        from airflow_provider_intacct.hooks.connection import refuse_misspelt

        refuse_misspelt(kwargs, "hook_params")
        super().__init__(intacct_conn_id=intacct_conn_id, **kwargs)
        self.intacct_conn_id = intacct_conn_id
        self.entity_id = entity_id
        self.max_api_transactions = max_api_transactions
        self.read_options = read_options

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

    def get_conn(self) -> Connection:
        """Return a DB-API connection over `client`. What SQL cannot ask for is asked of `client` itself."""
        from airflow_provider_intacct.client import dbapi

        return dbapi.connect(self.client, **(self.read_options or {}))

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Run SQL as DbApiHook.run does. Raises AirflowFailException for what another try cannot mend."""
        with self._metered():
            return super().run(*args, **kwargs)

    def _get_pandas_df(self, sql: Any, parameters: Any = None, **kwargs: Any) -> Any:
        with self._metered():
            return super()._get_pandas_df(sql, parameters, **_exact(kwargs))

    def _get_pandas_df_by_chunks(self, sql: Any, parameters: Any = None, *, chunksize: int, **kwargs: Any) -> Any:
        with self._metered():
            yield from super()._get_pandas_df_by_chunks(sql, parameters, chunksize=chunksize, **_exact(kwargs))

    def _get_polars_df(self, sql: Any, parameters: Any = None, **kwargs: Any) -> Any:
        chunks = list(self._get_polars_df_by_chunks(sql, parameters, chunksize=None, **kwargs))
        return chunks[0]

    def _get_polars_df_by_chunks(self, sql: Any, parameters: Any = None, *, chunksize: Any, **kwargs: Any) -> Any:
        # Not polars.read_database: it asks SQLAlchemy or drivers that it knows by name.
        polars = import_module("polars")
        with self._metered(), self.get_conn() as connection, connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            names = [column[0] for column in cursor.description or ()]
            options = {"orient": "row", "infer_schema_length": None, **kwargs}
            rows = cursor.fetchmany(chunksize) if chunksize else cursor.fetchall()
            yield polars.DataFrame(rows, schema=names, **options)
            while chunksize and (rows := cursor.fetchmany(chunksize)):
                yield polars.DataFrame(rows, schema=names, **options)

    @contextmanager
    def _metered(self) -> Iterator[None]:
        """Say at the end what was used of Intacct, also after a failure; fail for good where no other try helps."""
        from airflow_provider_intacct.client.errors import IntacctError

        with airflow_outcome():
            meter = Meter(self.client)
            try:
                yield
                meter.done("Read with SQL")
            except OSError as error:
                if isinstance(error.__cause__, IntacctError):  # pandas before 3 wraps what a connection raises
                    raise error.__cause__ from None
                raise
            finally:
                self.log.info("%s", meter.line)
                send(meter, {"conn_id": self.intacct_conn_id, **_task()})

    def get_table_schema(self, table_name: str, schema: str | None = None) -> list[dict[str, str]]:
        """Return name and DATATYPE of an object's fields, from lookup."""
        if schema:
            _refuse(f"schema={schema!r} is not possible: in Intacct an object has no schema before its name.")
        with self._metered(), self.client as client:
            return [{"name": field.id, "type": field.datatype} for field in client.lookup(table_name).fields]

    def insert_rows(self, *_: Any, **__: Any) -> NoReturn:
        """Raise AirflowFailException: SQL on Intacct is read-only."""
        _refuse("insert_rows() is not possible: SQL on Intacct is read-only. Write with IntacctCreateOperator.")

    def bulk_load(self, *_: Any, **__: Any) -> NoReturn:
        """Raise AirflowFailException: SQL on Intacct is read-only."""
        _refuse("bulk_load() is not possible: SQL on Intacct is read-only. Write with IntacctCreateOperator.")

    def bulk_dump(self, *_: Any, **__: Any) -> NoReturn:
        """Raise AirflowFailException, naming the operator that writes files."""
        _refuse("bulk_dump() is not possible. IntacctToObjectStorageOperator writes records to files.")

    @property
    def sqlalchemy_url(self) -> NoReturn:
        """Raise AirflowFailException: SQLAlchemy knows no dialect of Intacct."""
        _refuse(NO_SQLALCHEMY)

    def get_sqlalchemy_engine(self, *_: Any, **__: Any) -> NoReturn:
        """Raise AirflowFailException: SQLAlchemy knows no dialect of Intacct."""
        _refuse(NO_SQLALCHEMY)

    def get_openlineage_default_schema(self) -> None:
        """Return None: an object has no schema before its name."""

    @property
    def schema(self) -> None:
        """None. The `database` of Airflow's SQL operators lands here, and there is none in Intacct."""

    @schema.setter
    def schema(self, value: Any) -> None:
        _refuse(
            f"database={value!r} is not possible: a connection has one company. To work inside an entity give "
            "hook_params={'entity_id': ...}."
        )

    def test_connection(self) -> Any:  # tuple[bool, str]; that of DbApiHook is read as returning None
        """Go through the checklist of a first sign-in and say which step failed and what to do, or who signed in."""
        from airflow_provider_intacct.client.errors import ConfigurationError
        from airflow_provider_intacct.hooks.checklist import check
        from airflow_provider_intacct.hooks.masking import mask

        try:
            settings = self.settings
        except ConfigurationError as error:
            return False, str(error)
        return check(settings, on_secret=mask)


def _refuse(what: str) -> NoReturn:
    from airflow.sdk.exceptions import AirflowFailException

    raise AirflowFailException(what)


def _exact(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options for pandas, which would turn Decimal into float unless told not to."""
    return {"coerce_float": False, **options}


def _task() -> dict[str, str]:
    """Return the tags of metrics that name the running task; none where no task runs."""
    from airflow.sdk import get_current_context

    try:
        ti = get_current_context()["ti"]
    except RuntimeError:
        return {}
    return {"dag_id": ti.dag_id, "task_id": ti.task_id}
