"""Legacy functions for journal entries: create_gltransaction and create_statgltransaction.

Source: the published schema.
"""

from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.results import KeyResult
from airflow_provider_intacct.sandbox.ledger import journals
from airflow_provider_intacct.sandbox.ledger.refusals import TRANSACTION_NOT_CREATED

from .acts import books_of, refusals_as_errors
from .legacy import DIMENSIONS, MONEY, Dialect, values_of

_LINE = Dialect(
    "GLENTRY",
    {
        "trtype": "TR_TYPE", "amount": "TRX_AMOUNT", "glaccountno": "ACCOUNTNO", "accountno": "ACCOUNTNO",
        "document": "DOCUMENT", "memo": "DESCRIPTION", "locationid": "LOCATION", "departmentid": "DEPARTMENT",
        **DIMENSIONS, **MONEY,
    },
    container="ENTRIES",
    words={"trtype": {"debit": "1", "credit": "-1"}},
)  # fmt: skip
_ENTRY = Dialect(
    "GLBATCH",
    {
        "journalid": "JOURNAL", "datecreated": "BATCH_DATE", "reversedate": "REVERSEDATE",
        "description": "BATCH_TITLE", "referenceno": "REFERENCENO", "sourceentity": "BASELOCATION_NO",
    },
    {"gltransactionentries": _LINE, "statgltransactionentries": _LINE},
)  # fmt: skip


@function("create_gltransaction", "create_statgltransaction", writes=True)
def create_gltransaction(call: Call) -> KeyResult:
    """Enter and post a journal entry and answer its record number."""
    call.require("GLBATCH")
    books = books_of(call)
    with refusals_as_errors(TRANSACTION_NOT_CREATED):
        return KeyResult(str(journals.create(books, values_of(call, _ENTRY))))
