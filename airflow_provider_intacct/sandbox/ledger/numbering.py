"""The ids that the company draws for records entered without one."""

from airflow_provider_intacct.sandbox.catalog import ObjectDefinition
from airflow_provider_intacct.sandbox.store import next_number, quoted

from .books import Books

_PREFIXES = {"VENDOR": "VEND-", "CUSTOMER": "CUST-", "EMPLOYEE": "EMP-", "PROJECT": "PROJ-", "SUPDOC": "ATT-",
             "CONTRACT": "CN-"}  # fmt: skip
_DOCUMENT_PREFIXES = {
    "APBILL": "BILL-", "ARINVOICE": "INV-", "APADJUSTMENT": "ADJ-", "ARADJUSTMENT": "ADJ-", "EEXPENSES": "EXP-",
    "CCTRANSACTION": "CC-", "OTHERRECEIPTS": "REC-", "DEPOSIT": "DEP-", "ARADVANCE": "ADV-",
}  # fmt: skip


def numbered(definition: ObjectDefinition) -> bool:
    """Whether the company numbers records of this object that come without an id; attachments are a switch."""
    return definition.name in _PREFIXES and definition.generic


def next_id(books: Books, definition: ObjectDefinition) -> str:
    """Draw an id for a master record, past those that were given by hand."""
    return _free(books, definition, definition.name_key, _PREFIXES[definition.name])


def next_document_id(books: Books, definition: ObjectDefinition) -> str:
    """Draw a number for a bill or an invoice, past those that were given by hand."""
    return _free(books, definition, "RECORDID", _DOCUMENT_PREFIXES[definition.name])


def _free(books: Books, definition: ObjectDefinition, column: str, prefix: str) -> str:
    while True:
        candidate = f"{prefix}{next_number(books.db, f'{definition.name} {column}'):05d}"
        sql = f"SELECT 1 FROM {quoted(definition.table)} WHERE {quoted(column)} = ?"
        if books.db.execute(sql, (candidate,)).fetchone() is None:
            return candidate
