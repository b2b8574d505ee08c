"""delete: records of one object by their keys; and the legacy delete_ functions, one record each.

Source: developer.intacct.com, Records; the published schema. Several keys: one after the other, stopping at the first
that is refused, as create and update do (UNSOURCED, a switch).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from airflow_provider_intacct.sandbox.catalog import ObjectDefinition
from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.results import EmptyResult, FunctionError
from airflow_provider_intacct.sandbox.ledger.books import Books
from airflow_provider_intacct.sandbox.ledger.refusals import no_record, not_to_be_deleted, refused
from airflow_provider_intacct.sandbox.ledger.rules import rules_of
from airflow_provider_intacct.sandbox.records import Record, fetch, find

from .acts import books_of, could_not, object_named, refusals_as_errors, require_batch, within_reach


@dataclass(frozen=True, slots=True)
class Deletion:
    """What a legacy delete_ function deletes: the record of `object` whose `field` is the function's attribute."""

    object: str
    attribute: str = "key"
    field: str = "RECORDNO"


DELETIONS: Mapping[str, Deletion] = {
    "delete_apaccountlabel": Deletion("APACCOUNTLABEL", "accountlabel", "ACCOUNTLABEL"),
    "delete_apadjustment": Deletion("APADJUSTMENT"),
    "delete_apterm": Deletion("APTERM", "name", "NAME"),
    "delete_araccountlabel": Deletion("ARACCOUNTLABEL", "accountlabel", "ACCOUNTLABEL"),
    "delete_aradjustment": Deletion("ARADJUSTMENT"),
    "delete_arpayment": Deletion("ARPYMT"),
    "delete_arterm": Deletion("ARTERM", "name", "NAME"),
    "delete_bill": Deletion("APBILL"),
    "delete_checkingaccount": Deletion("CHECKINGACCOUNT", "bankaccountid", "BANKACCOUNTID"),
    "delete_class": Deletion("CLASS", field="CLASSID"),
    "delete_contact": Deletion("CONTACT", "contactname", "CONTACTNAME"),
    "delete_customer": Deletion("CUSTOMER", "customerid", "CUSTOMERID"),
    "delete_department": Deletion("DEPARTMENT", "departmentid", "DEPARTMENTID"),
    "delete_employee": Deletion("EMPLOYEE", "employeeid", "EMPLOYEEID"),
    "delete_expensereport": Deletion("EEXPENSES"),
    "delete_glaccount": Deletion("GLACCOUNT", "glaccountno", "ACCOUNTNO"),
    "delete_gltransaction": Deletion("GLBATCH"),
    "delete_invoice": Deletion("ARINVOICE"),
    "delete_item": Deletion("ITEM", "itemid", "ITEMID"),
    "delete_journal": Deletion("GLJOURNAL", "symbol", "SYMBOL"),
    "delete_location": Deletion("LOCATION", "locationid", "LOCATIONID"),
    "delete_paymentrequest": Deletion("APPYMT"),
    "delete_otherreceipt": Deletion("OTHERRECEIPTS"),
    "delete_project": Deletion("PROJECT", field="PROJECTID"),
    "delete_savingsaccount": Deletion("SAVINGSACCOUNT", "bankaccountid", "BANKACCOUNTID"),
    "delete_statglaccount": Deletion("STATACCOUNT", "glaccountno", "ACCOUNTNO"),
    "delete_statjournal": Deletion("GLJOURNAL", "symbol", "SYMBOL"),
    "delete_supdoc": Deletion("SUPDOC", field="SUPDOCID"),
    "delete_supdocfolder": Deletion("SUPDOCFOLDER", field="SUPDOCFOLDERNAME"),
    "delete_task": Deletion("TASK"),
    "delete_timesheet": Deletion("TIMESHEET"),
    "delete_vendor": Deletion("VENDOR", "vendorid", "VENDORID"),
}
_EXTERNAL = "EXTERNALID"


@function("delete", writes=True)
def delete(call: Call) -> EmptyResult:
    """Delete the named records. Answers with a status only: what was deleted before a refusal is not told."""
    definition = object_named(call, (call.element.findtext("object") or "").strip())
    keys = [key.strip() for key in (call.element.findtext("keys") or "").split(",") if key.strip()]
    require_batch(call, len(keys))
    books = books_of(call)
    one_by_one = call.company.switches.text("delete_keys") == "one_by_one"
    for number, key in enumerate(keys):
        try:
            with books.savepoint():
                _erase(books, definition, key)
        except FunctionError as error:
            committed = EmptyResult(transactions=number) if one_by_one and number else None
            raise FunctionError.stack(error.entries, committed=committed) from error
    return EmptyResult(transactions=len(keys))


@function(*DELETIONS, writes=True)
def delete_one(call: Call) -> EmptyResult:
    """Delete the record that the function's attribute names. Answers with a status only."""
    deletion = DELETIONS[call.name]
    call.require(deletion.object)
    books = books_of(call)
    definition = books.definition(deletion.object)
    field = _EXTERNAL if call.attributes.get("externalkey") == "true" else deletion.field
    key = call.attributes[deletion.attribute].strip()
    with refusals_as_errors():
        if field not in definition.fields:
            raise refused(f"{definition.label} has no external key.")
        record = _found(books, definition, field, key)
        if record is None:
            raise no_record(key) if field == definition.key else not_to_be_deleted(definition.name.lower(), key)
    with refusals_as_errors(*could_not("delete", definition)):
        rules_of(definition).delete(books, record)
    return EmptyResult()


def _erase(books: Books, definition: ObjectDefinition, key: str) -> None:
    with refusals_as_errors():
        record = _found(books, definition, definition.key, key)
        if record is None:
            raise not_to_be_deleted(definition.name.lower(), key)
    with refusals_as_errors(*could_not("delete", definition)):
        rules_of(definition).delete(books, record)


def _found(books: Books, definition: ObjectDefinition, field: str, key: str) -> Record | None:
    """Return the record with that key or name, None where there is none within reach."""
    if field == definition.key:
        record = fetch(books.db, definition, int(key)) if key.isdecimal() and len(key) < 19 else None
    else:
        record = next(find(books.db, definition, {field: key}), None)
    return record if record is not None and within_reach(books, record) else None
