"""delete: records of one object by their keys, all of them or none."""

from airflow_provider_intacct.sandbox.catalog import ObjectDefinition
from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.results import EmptyResult
from airflow_provider_intacct.sandbox.ledger.books import Books
from airflow_provider_intacct.sandbox.ledger.refusals import not_to_be_deleted
from airflow_provider_intacct.sandbox.ledger.rules import rules_of
from airflow_provider_intacct.sandbox.records import Record, fetch

from .acts import books_of, could_not, object_named, refusals_as_errors, require_batch, within_reach


@function("delete", writes=True)
def delete(call: Call) -> EmptyResult:
    """Delete the named records. Answers with a status only."""
    definition = object_named(call, (call.element.findtext("object") or "").strip())
    keys = [key.strip() for key in (call.element.findtext("keys") or "").split(",") if key.strip()]
    require_batch(call, len(keys))
    books = books_of(call)
    for key in keys:
        with refusals_as_errors():
            record = record_to_delete(books, definition, key)
        with refusals_as_errors(*could_not("delete", definition)):
            rules_of(definition).delete(books, record)
    return EmptyResult(transactions=len(keys))


def record_to_delete(books: Books, definition: ObjectDefinition, key: str) -> Record:
    """Return the record with that key, refused in Intacct's words where there is none within reach."""
    record = fetch(books.db, definition, int(key)) if key.isdecimal() and len(key) < 19 else None
    if record is None or not within_reach(books, record):
        raise not_to_be_deleted(definition.name.lower(), key)
    return record
