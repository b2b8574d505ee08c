"""Attachments and their folders: create_, update_ and delete_ are the only functions that write them.

Source: developer.intacct.com, Company > Attachments; the published schema.
"""

from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.results import KeyResult
from airflow_provider_intacct.sandbox.ledger import attachments, masters
from airflow_provider_intacct.sandbox.ledger.books import Books
from airflow_provider_intacct.sandbox.ledger.refusals import not_to_be_updated
from airflow_provider_intacct.sandbox.records import Record, find

from .acts import books_of, could_not, refusals_as_errors, within_reach
from .legacy import Dialect, values_of

_FILE = Dialect(
    "SUPDOCFILE",
    {"attachmentname": "ATTACHMENTNAME", "attachmenttype": "ATTACHMENTTYPE", "attachmentdata": "ATTACHMENTDATA"},
    container=attachments.FILES,
)
_SUPDOC = Dialect(
    "SUPDOC",
    {
        "supdocid": "SUPDOCID", "supdocname": "SUPDOCNAME", "supdocfoldername": "SUPDOCFOLDERNAME",
        "supdocdescription": "SUPDOCDESCRIPTION",
    },
    {"attachments": _FILE},
)  # fmt: skip
_FOLDER = Dialect(
    "SUPDOCFOLDER",
    {
        "supdocfoldername": "SUPDOCFOLDERNAME", "supdocfolderdescription": "SUPDOCFOLDERDESCRIPTION",
        "supdocparentfoldername": "SUPDOCPARENTFOLDERNAME",
    },
)  # fmt: skip


@function("create_supdoc", writes=True)
def create_supdoc(call: Call) -> KeyResult:
    """Enter an attachment with its files and answer its record number."""
    call.require("SUPDOC")
    books = books_of(call)
    with refusals_as_errors(*could_not("create", books.definition("SUPDOC"))):
        return KeyResult(str(attachments.create(books, values_of(call, _SUPDOC))))


@function("update_supdoc", writes=True)
def update_supdoc(call: Call) -> KeyResult:
    """Change an attachment that its id names, and add files to it."""
    call.require("SUPDOC")
    books = books_of(call)
    with refusals_as_errors(*could_not("update", books.definition("SUPDOC"))):
        changes = values_of(call, _SUPDOC)
        current = _named(books, "SUPDOC", changes)
        attachments.update(books, current, changes)
        return KeyResult(str(current["RECORDNO"]))


@function("create_supdocfolder", writes=True)
def create_supdocfolder(call: Call) -> KeyResult:
    """Enter a folder for attachments and answer its record number."""
    call.require("SUPDOCFOLDER")
    books = books_of(call)
    definition = books.definition("SUPDOCFOLDER")
    with refusals_as_errors(*could_not("create", definition)):
        return KeyResult(str(masters.create(books, definition, values_of(call, _FOLDER))))


@function("update_supdocfolder", writes=True)
def update_supdocfolder(call: Call) -> KeyResult:
    """Change a folder that its name names."""
    call.require("SUPDOCFOLDER")
    books = books_of(call)
    definition = books.definition("SUPDOCFOLDER")
    with refusals_as_errors(*could_not("update", definition)):
        changes = values_of(call, _FOLDER)
        current = _named(books, definition.name, changes)
        masters.update(books, definition, current, changes)
        return KeyResult(str(current["RECORDNO"]))


def _named(books: Books, object_name: str, changes: Record) -> Record:
    """Return the record that an update means, by its natural id."""
    definition = books.definition(object_name)
    name = changes.pop(definition.name_key, None)
    record = next(find(books.db, definition, {definition.name_key: name}), None) if name else None
    if record is None or not within_reach(books, record):
        raise not_to_be_updated(definition.name, definition.name_key, name or "")
    return record
