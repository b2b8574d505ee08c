"""create: up to a hundred records of any objects, one after the other, stopping at the first that is refused."""

from airflow_provider_intacct.sandbox.catalog import ObjectDefinition
from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.results import DataResult
from airflow_provider_intacct.sandbox.ledger.books import Books
from airflow_provider_intacct.sandbox.ledger.rules import rules_of
from airflow_provider_intacct.sandbox.records import Record

from .acts import write_each


@function("create", writes=True)
def create(call: Call) -> DataResult:
    """Create the records in their order. What was created before a refusal stays, and is listed beside the errors."""
    return write_each(call, "create", _create)


def _create(books: Books, definition: ObjectDefinition, record: Record) -> int:
    record.pop(definition.key, None)
    return rules_of(definition).create(books, record)
