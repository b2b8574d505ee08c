"""Run the ledger's rules for the records of a call, each in a savepoint, and word what they refuse."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from lxml import etree

from airflow_provider_intacct.sandbox.catalog import ObjectDefinition
from airflow_provider_intacct.sandbox.gateway.calls import Call
from airflow_provider_intacct.sandbox.gateway.results import DataResult, ErrorEntry, FunctionError, Node
from airflow_provider_intacct.sandbox.ledger.books import Books
from airflow_provider_intacct.sandbox.ledger.refusals import (
    CATCH_ALL,
    TRANSACTION_NOT_CREATED,
    Reason,
    RefusedError,
    not_to_be_updated,
    refused,
)
from airflow_provider_intacct.sandbox.ledger.rules import LEGACY_ONLY, not_permitted, require_writable, rules_of
from airflow_provider_intacct.sandbox.records import Record, fetch, find

from .elements import Reader

_SPELT_WITH_CAPITAL = frozenset({"CUSTOMER", "VENDOR", "CONTACT", "EMPLOYEE"})


def books_of(call: Call) -> Books:
    """Return the company's books as the call may write them."""
    company = call.company
    return Books(
        call.db,
        company.catalog,
        company.switches,
        call.now,
        call.user.id,
        call.user.record_no,
        call.entity_id,
    )


def reader_of(call: Call) -> Reader:
    """Return the reader of the call's records."""
    return Reader(call.company.catalog, ZoneInfo(call.user.time_zone), call.company.switches)


def record_elements(call: Call) -> list[etree._Element]:
    """Return the record elements of create or update; more than the limit are refused."""
    elements = [child for child in call.element if isinstance(child.tag, str)]
    require_batch(call, len(elements))
    return elements


def require_batch(call: Call, count: int) -> None:
    """Refuse more records than one call may bring (UNSOURCED: the gateway's own reaction)."""
    limit = call.company.switches.number("batch_limit")
    if limit and count > limit:
        raise FunctionError(
            call.company.switches.text("batch_limit_errorno"),
            f"The number of records, {count}, exceeds the maximum of {limit:.0f}",
        )


def object_named(call: Call, name: str) -> ObjectDefinition:
    """Return the object a record element or a delete names, after asking whether the user may do this to it."""
    definition = call.company.catalog.find(name)
    if definition is None:
        raise FunctionError("WS", f"Object definition {name} not found")
    call.require(definition.name)
    with refusals_as_errors():
        require_writable(definition, call.name.upper())
    return definition


def present_record(books: Books, definition: ObjectDefinition, values: Mapping[str, Any]) -> Record:
    """Return the record that an update means: by its key, else by its natural id."""
    key = values.get(definition.key)
    name = values.get(definition.name_key) if definition.name_key else None
    if key is not None:
        asked = (definition.key, key)
        record = fetch(books.db, definition, key)
    elif name is not None:
        asked = (definition.name_key, name)
        record = next(find(books.db, definition, {definition.name_key: name}), None)
    else:
        raise refused(f"Required field {definition.key} is missing", str(books.switches["missing_field_errorno"]))
    if record is None or not within_reach(books, record):
        raise not_to_be_updated(definition.name, *asked)
    return record


def within_reach(books: Books, record: Record) -> bool:
    """Whether the writer's session may touch the record: an entity's own records are not for another entity."""
    return books.entity is None or record.get("MEGAENTITYID") in (None, books.entity)


def _undocumented(books: Books, definition: ObjectDefinition) -> bool:
    """Whether create and update of an object are documented nowhere, and switched off."""
    if definition.name in LEGACY_ONLY:
        return True
    if definition.name == "ARINVOICE":
        return bool(books.switches["create_arinvoice"] == "refuse")
    adjustment = definition.name in ("APADJUSTMENT", "ARADJUSTMENT")
    return adjustment and bool(books.switches["create_adjustment"] == "refuse")


def written(definition: ObjectDefinition, record: Record) -> Node:
    """Return a record as create and update answer it: lower-case, its key and its natural id."""
    content = {definition.key: str(record[definition.key])}
    if definition.name_key:
        content[definition.name_key] = str(record[definition.name_key])
    return Node(definition.name.lower(), content)


def answer(nodes: Sequence[Node]) -> DataResult:
    """Return what create and update answer: the records written so far."""
    return DataResult(list(nodes), "objects", {"count": len(nodes)}, transactions=len(nodes))


@contextmanager
def refusals_as_errors(*general: Reason, committed: DataResult | None = None) -> Iterator[None]:
    """Turn a refusal of the ledger into the gateway's error stack, the general reasons below the specific ones."""
    try:
        yield
    except RefusedError as refusal:
        raise FunctionError.stack(
            [ErrorEntry(reason.errorno, reason.text, reason.correction) for reason in _stacked(refusal, general)],
            committed=committed,
        ) from refusal
    except FunctionError as error:
        raise FunctionError.stack(error.entries, committed=committed) from error


def could_not(verb: str, definition: ObjectDefinition) -> tuple[Reason, ...]:
    """Return the general reasons below a refused record. Source: JF, PSI and PHP SDK captures; intacct-sdk-js #86."""
    if rules_of(definition).transaction:
        return (TRANSACTION_NOT_CREATED,)
    capital = definition.name in _SPELT_WITH_CAPITAL
    name = definition.name.capitalize() if capital else definition.name.lower()
    reasons = [Reason(CATCH_ALL, f"Could not {verb} {name} record!")]
    if definition.name == "PROJECT":
        reasons.append(Reason(CATCH_ALL, "Error while saving the Project info"))
    return tuple(reasons)


def _stacked(refusal: RefusedError, general: Sequence[Reason]) -> Sequence[Reason]:
    """A reason whose words stand in errorno comes alone, as it was seen."""
    return refusal.reasons if not refusal.reasons[0].text else (*refusal.reasons, *general)


def write_each(call: Call, verb: str, write: Callable[[Books, ObjectDefinition, Record], int]) -> DataResult:
    """Write the call's records in their order with `write`, which returns the key of what it wrote.

    What was written before a refusal stays, and is listed beside the errors.
    """
    nodes: list[Node] = []
    known: dict[tuple[str, str, Any], Record | None] = {}
    books, reader = replace(books_of(call), known=known), reader_of(call)
    for element in record_elements(call):
        try:
            definition = object_named(call, str(element.tag))
        except FunctionError as error:
            raise FunctionError.stack(error.entries, committed=answer(nodes)) from error
        with refusals_as_errors(*could_not(verb, definition), committed=answer(nodes)), books.savepoint():
            if _undocumented(books, definition):
                raise not_permitted(definition.name, verb.upper())
            key = write(books, definition, reader.record(element, definition))
            if not rules_of(definition).transaction:
                known.clear()  # it may be master data, which the records after it see
        nodes.append(written(definition, fetch(books.db, definition, key) or {}))
    return answer(nodes)
