"""The rows of the small queries that acts need: which records there are, in which state. Flows that change nothing.

`in` takes a thousand values at most, so long lists of keys are asked for in parts.
"""

from collections.abc import Sequence

from airflow_provider_intacct.client.flows import Flow
from airflow_provider_intacct.client.posting.existing import Execute
from airflow_provider_intacct.client.where import Condition, In
from airflow_provider_intacct.client.xml import functions

RECORD_NUMBER = "RECORDNO"
DOCUMENT_ID = "DOCID"
MOST_VALUES = 1000
"""Values in one `in`. Source: the schema of query."""


def rows(execute: Execute, object_name: str, fields: Sequence[str], where: Condition) -> Flow[list[dict[str, str]]]:
    """Flow: all rows that match, those of private entities too. Raises FunctionError where Intacct refuses."""
    found: list[dict[str, str]] = []
    while True:
        query = functions.query(
            object_name,
            list(dict.fromkeys(fields)),
            where=where,
            order_by=fields[0],
            offset=len(found),
            show_private=True,
            datatype=_datatype,
        )
        reply = yield from execute([query])
        reply.raise_for_status()
        page = reply.results[0]
        found += [dict(record.fields) for record in page.records]
        if not page.records or not page.counts.remaining:
            return found


def rows_of_keys(
    execute: Execute, object_name: str, key_field: str, keys: Sequence[str], fields: Sequence[str] = ()
) -> Flow[dict[str, dict[str, str]]]:
    """Flow: the rows whose `key_field` is one of `keys`, by that key; what is not there is left out."""
    found: dict[str, dict[str, str]] = {}
    wanted = list(dict.fromkeys(keys))
    for start in range(0, len(wanted), MOST_VALUES):
        some = In(key_field, tuple(wanted[start : start + MOST_VALUES]))
        page = yield from rows(execute, object_name, [key_field, *fields], some)
        found |= {row.get(key_field, ""): row for row in page}
    return found


def _datatype(field: str) -> str:
    """Return the type to write a value as: an id that looks like a date is an id."""
    return "INTEGER" if field == RECORD_NUMBER else "TEXT"
