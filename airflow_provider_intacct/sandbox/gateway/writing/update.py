"""update: up to a hundred records, named fields only; a line container that is given replaces all lines."""

from airflow_provider_intacct.sandbox.catalog import ObjectDefinition
from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.results import DataResult
from airflow_provider_intacct.sandbox.ledger.books import Books
from airflow_provider_intacct.sandbox.ledger.rules import rules_of
from airflow_provider_intacct.sandbox.records import Record

from .acts import present_record, write_each


@function("update", writes=True)
def update(call: Call) -> DataResult:
    """Change the records in their order. What was changed before a refusal stays, and is listed beside the errors."""
    return write_each(call, "update", _update)


def _update(books: Books, definition: ObjectDefinition, changes: Record) -> int:
    current = present_record(books, definition, changes)
    changes.pop(definition.key, None)
    if books.switches["empty_element"] == "keeps":
        changes = {name: value for name, value in changes.items() if value is not None}
    rules_of(definition).update(books, current, changes)
    return int(current[definition.key])
