"""What table would hold the files of an object: a PostgreSQL statement, its columns in the order of the files."""

import re
from collections.abc import Iterator

from airflow_provider_intacct.sandbox.catalog import Field, ObjectDefinition

from .rows import CHANGE_TYPE, READ_TIME

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# reserved in PostgreSQL, and names of fields somewhere
_RESERVED = frozenset(
    {
        *("ALL", "ANY", "ASC", "CASE", "CHECK", "COLUMN", "DEFAULT", "DESC", "END", "FROM", "GROUP", "IN", "LIMIT"),
        *("NOT", "OFFSET", "ORDER", "PRIMARY", "TABLE", "TO", "UNIQUE", "USER", "WHEN", "WITH"),
    }
)
_TYPES = {
    "INTEGER": "integer",
    "SEQUENCE": "integer",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
}


def create_table(definition: ObjectDefinition) -> str:
    """Return the statement. A name that PostgreSQL would not take as it is stands in quotes."""
    columns = [f"{_name(name)} {kind}" for name, kind in _columns(definition)]
    return f"create table {_name(definition.name)} ({', '.join(columns)})"


def _columns(definition: ObjectDefinition) -> Iterator[tuple[str, str]]:
    for field in definition.listed_fields:
        yield field.id, _type(field)
    yield READ_TIME, "timestamp"
    yield CHANGE_TYPE, "varchar(10)"


def _type(field: Field) -> str:
    if field.scaled:
        return f"numeric(38,{field.scale})"
    return _TYPES.get(field.type) or (f"varchar({field.length})" if field.length else "text")


def _name(name: str) -> str:
    return name if _PLAIN.fullmatch(name) and name.upper() not in _RESERVED else f'"{name}"'
