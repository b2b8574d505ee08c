"""Connection and Cursor of PEP 249 over a client. Read-only: commit and rollback have nothing to do."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self, Unpack

from airflow_provider_intacct.client.dbapi import errors
from airflow_provider_intacct.client.dbapi.answer import answer
from airflow_provider_intacct.client.dbapi.columns import Description
from airflow_provider_intacct.client.dbapi.errors import InterfaceError, NotSupportedError, ProgrammingError, translated
from airflow_provider_intacct.client.dbapi.groups import Record
from airflow_provider_intacct.client.dbapi.source import Options
from airflow_provider_intacct.client.dbapi.statement import read_statement

if TYPE_CHECKING:
    from airflow_provider_intacct.client import IntacctClient

Parameters = Sequence[Any] | Mapping[str, Any]


def connect(client: "IntacctClient", **options: Unpack[Options]) -> "Connection":
    """Return a connection over `client`. Closing it closes the client's sockets; its session stays.

    `show_private`      from the top level, also what belongs to private entities
    `case_insensitive`  compare text without regard to case
    `doc_par_id`        the transaction definition whose custom fields are wanted
    """
    return Connection(client, options)


class Connection:
    """A connection to one company, and one entity if the client's credentials name one. Threads may share it."""

    Warning = errors.Warning
    Error = errors.Error
    InterfaceError = errors.InterfaceError
    DatabaseError = errors.DatabaseError
    DataError = errors.DataError
    OperationalError = errors.OperationalError
    IntegrityError = errors.IntegrityError
    InternalError = errors.InternalError
    ProgrammingError = errors.ProgrammingError
    NotSupportedError = errors.NotSupportedError

    autocommit = False

    def __init__(self, client: "IntacctClient", options: Options) -> None:
        self.client = client
        self.options = options
        self.closed = False

    def cursor(self) -> "Cursor":
        """Return a new cursor."""
        self.check_open()
        return Cursor(self)

    def commit(self) -> None:
        """Do nothing: nothing is written here."""
        self.check_open()

    def rollback(self) -> None:
        """Do nothing: nothing is written here."""
        self.check_open()

    def close(self) -> None:
        """Close the connection; its cursors cannot be used any more."""
        self.closed = True
        self.client.close()

    def check_open(self) -> None:
        if self.closed:
            raise InterfaceError("The connection is closed.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Cursor:
    """One statement at a time and its rows, read page by page. For one thread."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.arraysize = 1
        self.description: tuple[Description, ...] | None = None
        self.rowcount = -1
        """Known when the last row has been fetched; -1 before, for the pages have not been read yet."""
        self.rownumber: int | None = None
        self.closed = False
        self._rows: Iterator[Record] | None = None

    def execute(self, operation: str, parameters: Parameters | None = None) -> "Cursor":
        """Run a SELECT. `%s` takes its values from a list, `%(name)s` from a mapping; they are quoted for you.

        The first page is read now, the others when they are fetched. Raises NotSupportedError naming what Intacct
        cannot do and what to do instead, ProgrammingError for what is wrong.
        """
        self._check_open()
        self._release()
        with translated():
            found = answer(self.connection.client, read_statement(operation, parameters), self.connection.options)
            first = list(islice(found.rows, 1))
        self._rows = chain(first, found.rows)
        self.description, self.rownumber = found.description, 0
        if not first:
            self.rowcount = 0
        return self

    def executemany(self, *_: object) -> NoReturn:
        """Raise NotSupportedError: it is for writing."""
        raise NotSupportedError(
            "executemany() is not possible: SQL on Intacct is read-only. Write with IntacctCreateOperator; for a read "
            "with many values use IN (%s) and a list."
        )

    def fetchone(self) -> Record | None:
        """Return the next row, None after the last."""
        rows = self._fetch(1)
        return rows[0] if rows else None

    def fetchmany(self, size: int | None = None) -> list[Record]:
        """Return the next `size` rows (`arraysize` unless given), fewer at the end."""
        return self._fetch(self.arraysize if size is None else size)

    def fetchall(self) -> list[Record]:
        """Return all rows that are left."""
        return self._fetch(None)

    def _fetch(self, size: int | None) -> list[Record]:
        self._check_open()
        if self._rows is None:
            raise ProgrammingError("There is no result to fetch from: execute a statement first.")
        with translated():
            rows = list(islice(self._rows, size))
        self.rownumber = (self.rownumber or 0) + len(rows)
        if size is None or len(rows) < size:
            self.rowcount = self.rownumber
        return rows

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Record:
        row = self.fetchone()
        if row is None:
            raise StopIteration
        return row

    def close(self) -> None:
        """Close the cursor and what it still reads."""
        self._release()
        self.closed = True

    def _release(self) -> None:
        """Forget the result of the last statement. A read that is under way ends with its last reference."""
        self._rows = self.description = self.rownumber = None
        self.rowcount = -1

    def _check_open(self) -> None:
        if self.closed:
            raise InterfaceError("The cursor is closed.")
        self.connection.check_open()

    def setinputsizes(self, sizes: Sequence[Any]) -> None:
        """Do nothing, as PEP 249 allows."""

    def setoutputsize(self, size: int, column: int | None = None) -> None:
        """Do nothing, as PEP 249 allows."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
