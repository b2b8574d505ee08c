"""Legacy functions for account labels: create_ and update_. delete_ is among the deletions.

Source: developer.intacct.com, AP account labels, AR account labels; the published schema.
"""

from airflow_provider_intacct.sandbox.gateway.calls import Call, function
from airflow_provider_intacct.sandbox.gateway.results import KeyResult
from airflow_provider_intacct.sandbox.ledger import masters
from airflow_provider_intacct.sandbox.ledger.refusals import not_to_be_updated

from .acts import books_of, could_not, refusals_as_errors
from .legacy import Dialect, values_of

_NAMES = {
    "glaccountno": "GLACCOUNTNO", "accountlabel": "ACCOUNTLABEL", "description": "DESCRIPTION",
    "offsetglaccountno": "OFFSETGLACCOUNTNO", "status": "STATUS", "taxcode": "TAXCODE",
}  # fmt: skip
_LABELS = {"ap": Dialect("APACCOUNTLABEL", _NAMES), "ar": Dialect("ARACCOUNTLABEL", _NAMES)}


@function("create_apaccountlabel", "create_araccountlabel", writes=True)
def create_account_label(call: Call) -> KeyResult:
    """Enter a label and answer its name; with `ignoreduplicates` a label that is there is left as it is."""
    dialect = _LABELS[call.name.removeprefix("create_")[:2]]
    call.require(dialect.object)
    books = books_of(call)
    definition = books.definition(dialect.object)
    with refusals_as_errors(*could_not("create", definition)):
        values = values_of(call, dialect)
        name = values.get("ACCOUNTLABEL")
        ignored = call.attributes.get("ignoreduplicates") == "true"
        if not (ignored and books.first(dialect.object, ACCOUNTLABEL=name)):
            masters.create(books, definition, values)
        return KeyResult(str(name))


@function("update_apaccountlabel", "update_araccountlabel", writes=True)
def update_account_label(call: Call) -> KeyResult:
    """Change a label and answer its name."""
    dialect = _LABELS[call.name.removeprefix("update_")[:2]]
    call.require(dialect.object)
    books = books_of(call)
    definition = books.definition(dialect.object)
    name = call.attributes["accountlabel"]
    with refusals_as_errors(*could_not("update", definition)):
        current = books.first(dialect.object, ACCOUNTLABEL=name)
        if current is None:
            raise not_to_be_updated(definition.name, "ACCOUNTLABEL", name)
        masters.update(books, definition, current, values_of(call, dialect))
        return KeyResult(name)
