"""create: up to a hundred records of any objects, one after the other, stopping at the first that is refused."""

from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.results import DataResult, FunctionError, Node
from airflow_provider_intacct.sandbox.ledger.rules import not_permitted, rules_of
from airflow_provider_intacct.sandbox.records import fetch

from .acts import answer, books_of, could_not, object_named, reader_of, record_elements, refusals_as_errors, written


@function("create", writes=True)
def create(call: Call) -> DataResult:
    """Create the records in their order. What was created before a refusal stays, and is listed beside the errors."""
    nodes: list[Node] = []
    books, reader = books_of(call), reader_of(call)
    for element in record_elements(call):
        try:
            definition = object_named(call, str(element.tag))
        except FunctionError as error:
            raise FunctionError.stack(error.entries, committed=answer(nodes)) from error
        with refusals_as_errors(*could_not("create", definition), committed=answer(nodes)), books.savepoint():
            if definition.name == "ARINVOICE" and books.switches["create_arinvoice"] == "refuse":
                raise not_permitted(definition.name, "CREATE")
            record = reader.record(element, definition)
            record.pop(definition.key, None)
            key = rules_of(definition).create(books, record)
        nodes.append(written(definition, fetch(books.db, definition, key) or {}))
    return answer(nodes)
