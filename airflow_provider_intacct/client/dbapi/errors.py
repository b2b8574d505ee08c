"""The exceptions of PEP 249. Each is an IntacctError too, says whether a later try may succeed, and names its cause.

IntacctError
└── Error
    ├── InterfaceError          the connection is misconfigured, or it or the cursor is closed
    └── DatabaseError
        ├── DataError           a value that the statement cannot work with
        ├── OperationalError    Intacct or the way to it failed: network, sign-in, permissions, limits
        ├── IntegrityError      never raised: nothing is written here
        ├── InternalError       an answer that is not an Intacct reply
        ├── ProgrammingError    the statement is wrong: syntax, an unknown object or field, parameters
        └── NotSupportedError   SQL that Intacct's query cannot do; says what to do instead
"""

import builtins
from collections.abc import Iterator
from contextlib import contextmanager

from airflow_provider_intacct.client import errors

Warning = builtins.Warning
"""PEP 249 asks for the name; nothing here warns."""


class Error(errors.IntacctError):
    """Root of what the DB-API raises."""


class InterfaceError(Error):
    """The connection is misconfigured, or it or the cursor is closed."""


class DatabaseError(Error):
    """Intacct, or what was asked of it."""


class DataError(DatabaseError):
    """A value that the statement cannot work with, such as text where a number is compared."""


class OperationalError(DatabaseError):
    """Intacct or the way to it failed: network, sign-in, permissions, limits. `retryable` says if to try again."""


class IntegrityError(DatabaseError):
    """Never raised: nothing is written here."""


class InternalError(DatabaseError):
    """An answer that is not an Intacct reply."""


class ProgrammingError(DatabaseError):
    """The statement is wrong: its syntax, an object or field that does not exist, its parameters."""


class NotSupportedError(DatabaseError):
    """SQL that Intacct's query cannot do; the text says what to do instead."""


KINDS: tuple[tuple[type[errors.IntacctError], type[Error]], ...] = (
    (errors.ConfigurationError, InterfaceError),
    (errors.InvalidRequestError, ProgrammingError),
    (errors.ObjectNotFoundError, ProgrammingError),
    (errors.MalformedReplyError, InternalError),
    (errors.IntacctError, OperationalError),
)


@contextmanager
def translated() -> Iterator[None]:
    """Raise the client's errors as those of PEP 249, with the same text and the same `retryable`."""
    try:
        yield
    except Error:
        raise
    except errors.IntacctError as error:
        kind = next(kind for given, kind in KINDS if isinstance(error, given))
        made = kind(str(error))
        made.retryable = error.retryable
        raise made from error
