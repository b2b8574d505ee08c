"""update: up to a hundred records, named fields only; a line container that is given replaces all lines."""

from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.results import DataResult, FunctionError, Node
from airflow_provider_intacct.sandbox.ledger.rules import not_permitted, rules_of
from airflow_provider_intacct.sandbox.records import fetch

from .acts import (
    answer,
    books_of,
    could_not,
    object_named,
    present_record,
    reader_of,
    record_elements,
    refusals_as_errors,
    written,
)


@function("update", writes=True)
def update(call: Call) -> DataResult:
    """Change the records in their order. What was changed before a refusal stays, and is listed beside the errors."""
    nodes: list[Node] = []
    books, reader = books_of(call), reader_of(call)
    for element in record_elements(call):
        try:
            definition = object_named(call, str(element.tag))
        except FunctionError as error:
            raise FunctionError.stack(error.entries, committed=answer(nodes)) from error
        with refusals_as_errors(*could_not("update", definition), committed=answer(nodes)), books.savepoint():
            if definition.name == "ARINVOICE" and books.switches["create_arinvoice"] == "refuse":
                raise not_permitted(definition.name, "UPDATE")
            changes = reader.record(element, definition)
            current = present_record(books, definition, changes)
            changes.pop(definition.key, None)
            rules_of(definition).update(books, current, changes)
        nodes.append(written(definition, fetch(books.db, definition, current[definition.key]) or {}))
    return answer(nodes)
