"""Filters: one frozen tree, read from SQL-like text or built in Python, written for each function that filters.

    parse("STATE = 'Posted' AND WHENDUE < :day", {"day": date(2026, 1, 31)})
    (field("STATE") == "Posted") & (field("WHENDUE") < date(2026, 1, 31))

are the same tree. The tree knows nothing of objects or the network; what a gateway function cannot do is refused when
the tree is written for it, with the reason and what to do instead.
"""

from airflow_provider_intacct.client.where.gateway import DataType, needs_zone, to_query_filter, to_read_by_query
from airflow_provider_intacct.client.where.text import parse, to_text
from airflow_provider_intacct.client.where.tree import (
    And,
    Between,
    Compare,
    Condition,
    Field,
    In,
    IsNull,
    Like,
    Or,
    Value,
    all_of,
    any_of,
    field,
    fields_of,
    rename_fields,
)

__all__ = [
    "And",
    "Between",
    "Compare",
    "Condition",
    "DataType",
    "Field",
    "In",
    "IsNull",
    "Like",
    "Or",
    "Value",
    "all_of",
    "any_of",
    "field",
    "fields_of",
    "needs_zone",
    "parse",
    "rename_fields",
    "to_query_filter",
    "to_read_by_query",
    "to_text",
]
