"""What a database table for Intacct records looks like: its names, its types, and what an existing one lacks of them.

Decides only; runs no SQL. Money is exact everywhere: NUMERIC, and on SQLite, which has no exact decimal, text.

    Intacct             PostgreSQL                 SQLite              other databases
    text, enum          TEXT                       TEXT                TEXT, in a key VARCHAR(255)
    decimal, currency   NUMERIC                    DECIMAL_TEXT        NUMERIC(38, 10)
    integer             NUMERIC, as a key BIGINT   none, key BIGINT    NUMERIC(38, 10), as a key BIGINT
    boolean             BOOLEAN                    BOOLEAN (0 and 1)   BOOLEAN
    date                DATE                       DATE_TEXT (ISO)     DATE
    timestamp           TIMESTAMPTZ                TIMESTAMP_TEXT      a timestamp, with time zone where there is one

On SQLite a declared type with TEXT in its name keeps text as it is; a column without a type keeps whole numbers whole,
and as text the decimals that Intacct's INTEGER fields may hold. Source: sqlite.org/datatype3.html, "Column Affinity".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine, UserDefinedType

from airflow_provider_intacct.client.values import NUMBER

if TYPE_CHECKING:
    from airflow_provider_intacct.client.extraction import Column

Kind = Literal["text", "number", "whole", "record", "boolean", "date", "moment"]
"""What a column holds: `whole` is an INTEGER field (decimals happen), `record` an INTEGER key (they do not)."""

ColumnNames = Literal["lower", "intacct"]

DELETED_AT = "_deleted_at"
"""When a record was found deleted; NULL while it lives. Only with deletes="mark"."""

KINDS: dict[str, Kind] = {
    **dict.fromkeys(sorted(NUMBER), "number"),
    "INTEGER": "whole",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "moment",
    "DATETIME": "moment",
}
ASKABLE = ("TEXT", "DECIMAL", "INTEGER", "BOOLEAN", "DATE", "TIMESTAMP")
PRECISION, SCALE = 38, 10
"""Of numbers where a database wants bounds: the most that all of them have, with the digits of an exchange rate."""
WIDENED: dict[str, frozenset[str]] = {"integer": frozenset({"record", "whole", "number"})}
HOLDS: dict[str, frozenset[str]] = {
    "number": frozenset({"whole", "record"}),
    "whole": frozenset({"number", "record"}),
    "integer": frozenset(),
}
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class TableError(Exception):
    """The records do not fit the table, or the table not the arguments. Another try would not mend it."""


class Declared(UserDefinedType[Any]):
    """A type by the very words of its declaration; values pass as they are."""

    cache_ok = True

    def __init__(self, words: str) -> None:
        self.words = words

    def get_col_spec(self, **_: Any) -> str:
        """Return the words for SQLAlchemy's DDL."""
        return self.words


ON_SQLITE: dict[Kind, TypeEngine[Any]] = {
    "text": sa.Text(),
    "number": Declared("DECIMAL_TEXT"),
    "whole": Declared(""),
    "record": sa.BigInteger(),
    "boolean": sa.Boolean(),
    "date": Declared("DATE_TEXT"),
    "moment": Declared("TIMESTAMP_TEXT"),
}


@dataclass(frozen=True, slots=True)
class LoadColumn:
    """One column to load: `field` and `datatype` are Intacct's, `name` the database's."""

    field: str
    datatype: str
    name: str
    kind: Kind
    key: bool = False


@dataclass(frozen=True, slots=True)
class TableName:
    """A table's name and schema; None is the connection's own."""

    name: str
    schema: str | None = None

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(frozen=True, slots=True)
class Existing:
    """A column that the database has: its type in words, and what it is able to hold."""

    name: str
    words: str
    family: str
    bounded: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What a table needs before records are loaded into it."""

    create: bool = False
    add: tuple[str, ...] = ()
    widen: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.create or self.add or self.widen)

    def __str__(self) -> str:
        words = ["created"] if self.create else []
        words += [f"column {name} added" for name in self.add]
        return ", ".join(words + [f"column {name} widened" for name in self.widen])


def table_name(text: str, dialect: sa.Dialect) -> TableName:
    """Return the name in `text`: `vendors`, or `raw.vendors` with its schema. Quoting is SQLAlchemy's business."""
    parts = text.split(".")
    if len(parts) > 2 or not all(part.strip() == part and part for part in parts):
        raise TableError(f"{text!r} is no table name: give `table` or `schema.table`.")
    for part in parts:
        check_identifier(part, dialect)
    return TableName(parts[-1], parts[0] if len(parts) == 2 else None)


def check_identifier(name: str, dialect: sa.Dialect) -> None:
    """Refuse what no quoting makes a name, and what PostgreSQL would silently cut off."""
    if CONTROL.search(name):
        raise TableError(f"{name!r} holds a control character and cannot name a table or a column.")
    if len(name.encode()) > dialect.max_identifier_length:
        raise TableError(f"{name!r} is longer than the {dialect.max_identifier_length} bytes a name may have here.")


def load_columns(
    columns: Sequence[Column],
    key: Sequence[str],
    dialect: sa.Dialect,
    *,
    names: ColumnNames = "lower",
    types: Mapping[str, str] | None = None,
) -> tuple[LoadColumn, ...]:
    """Return the columns to load. `key` names Intacct's fields; `types` overrules datatypes by field.

    Names are Intacct's in lower case, or as they are (`names="intacct"`), with two underscores for a dot. Raises
    TableError for two fields that would share a column, and for a field of `types` that is not read.
    """
    wanted = _asked_types(types or {}, columns)
    found = tuple(_load_column(column, key, names, wanted) for column in columns)
    taken = {DELETED_AT: "the mark of deleted records"}
    for column in found:
        check_identifier(column.name, dialect)
        if other := taken.get(column.name.lower()):
            raise TableError(
                f"{column.field} and {other} would both be the column {column.name}: leave out one, or stamp the "
                "entity under another name."
            )
        taken[column.name.lower()] = column.field
    return found


def _asked_types(types: Mapping[str, str], columns: Sequence[Column]) -> dict[str, str]:
    fields = {column.name.upper() for column in columns}
    for name, datatype in types.items():
        if name.upper() not in fields:
            raise TableError(f"column_types names {name}, which is not among the fields read.")
        if str(datatype).upper() not in ASKABLE:
            raise TableError(f"column_types: {name} cannot be {datatype!r}; there are {', '.join(ASKABLE)}.")
    return {name.upper(): datatype.upper() for name, datatype in types.items()}


def _load_column(column: Column, key: Sequence[str], names: ColumnNames, types: Mapping[str, str]) -> LoadColumn:
    name = column.name.replace(".", "__")
    kind = KINDS.get(types.get(column.name.upper(), column.datatype.upper()), "text")
    in_key = column.name in key
    return LoadColumn(
        field=column.name,
        datatype=column.datatype.upper(),
        name=name.lower() if names == "lower" else name,
        kind="record" if in_key and kind == "whole" else kind,
        key=in_key,
    )


def target_table(
    name: TableName, columns: Sequence[LoadColumn], dialect: sa.Dialect, *, marks: bool = False
) -> sa.Table:
    """Return the table as it should be. Its primary key is the columns' key; `marks` adds the column of deletes."""
    made = [
        sa.Column(
            column.name,
            sql_type(column.kind, dialect, key=column.key),
            primary_key=column.key,
            autoincrement=False,
            nullable=not column.key,
        )
        for column in columns
    ]
    if marks:
        made.append(sa.Column(DELETED_AT, sql_type("moment", dialect)))
    return sa.Table(name.name, sa.MetaData(), *made, schema=name.schema)


def sql_type(kind: Kind, dialect: sa.Dialect, *, key: bool = False) -> TypeEngine[Any]:
    """Return the type that holds `kind` exactly in this database."""
    if dialect.name == "sqlite":
        return ON_SQLITE[kind]
    match kind:
        case "text":
            return sa.Text() if dialect.name == "postgresql" or not key else sa.String(255)
        case "number" | "whole":
            return sa.Numeric() if dialect.name == "postgresql" else sa.Numeric(PRECISION, SCALE)
        case "record":
            return sa.BigInteger()
        case "boolean":
            return sa.Boolean()
        case "date":
            return sa.Date()
        case "moment":
            return sa.DateTime(timezone=True)


def existing_column(name: str, found: TypeEngine[Any], dialect: sa.Dialect) -> Existing:
    """Return what the database's own description of a column means here."""
    words = "" if isinstance(found, sa.types.NullType) else found.compile(dialect=dialect)
    if isinstance(found, sa.Numeric):
        bounded = found.precision is not None and (found.precision < PRECISION or (found.scale or 0) < SCALE)
        return Existing(name, words, "number", bounded or (dialect.name == "postgresql" and bool(found.precision)))
    if isinstance(found, sa.String) and not isinstance(found, sa.Enum):
        return Existing(name, words, "text", dialect.name == "postgresql" and found.length is not None)
    if isinstance(found, sa.Boolean) or words.startswith("TINYINT"):
        return Existing(name, words, "boolean")
    if isinstance(found, sa.BigInteger):
        return Existing(name, words, "record")
    if isinstance(found, sa.Integer):
        return Existing(name, words, "integer")
    if isinstance(found, sa.DateTime):
        zoneless = dialect.name == "postgresql" and not found.timezone
        return Existing(name, words, "moment without time zone" if zoneless else "moment")
    return Existing(name, words, "date" if isinstance(found, sa.Date) else words.lower())


def existing_sqlite_column(name: str, words: str) -> Existing:
    """Return what a column's declaration means; SQLAlchemy would tell its affinity only."""
    declared = words.upper()
    ours = {"DECIMAL_TEXT": "number", "DATE_TEXT": "date", "TIMESTAMP_TEXT": "moment", "BOOLEAN": "boolean"}
    plain = {"": "whole", "BIGINT": "record", "INTEGER": "record", "INT": "record"}
    if family := ours.get(declared) or plain.get(declared):
        return Existing(name, words, family)
    return Existing(name, words, "text" if re.match("TEXT|CLOB|N?(VAR)?CHAR", declared) else declared.lower())


def compare(
    table: sa.Table, columns: Sequence[LoadColumn], existing: Mapping[str, Existing] | None, dialect: sa.Dialect
) -> Changes:
    """Return what `table` still needs; `existing` is None where there is no such table.

    Raises TableError for every column that would have to become narrower or another type, before anything is changed.
    """
    if existing is None:
        return Changes(create=True)
    widen: list[str] = []
    refused: list[str] = []
    spelled = {each.lower(): each for each in existing} if dialect.name == "sqlite" else {}
    for column in columns:
        found = existing.get(column.name)
        if found is None:
            if other := spelled.get(column.name.lower()):
                refused.append(
                    f"Column {other}: {column.field} is loaded into {column.name}, and SQLite takes both for one. What "
                    "to do: choose the spelling with column_names, rename the column, or load into another table."
                )
            continue
        fitting = _fit(found, column.kind, dialect)
        if fitting == "widen":
            widen.append(column.name)
        elif fitting == "refuse":
            needed = table.columns[column.name].type.compile(dialect=dialect) or "no declared type"
            refused.append(_refusal(column, found, needed))
    if refused:
        name = f"{table.schema}.{table.name}" if table.schema else table.name
        raise TableError(f"{name} does not fit the records, and nothing was changed.\n" + "\n".join(refused))
    add = tuple(column.name for column in table.columns if column.name not in existing)
    return Changes(add=add, widen=tuple(widen))


def _fit(found: Existing, kind: Kind, dialect: sa.Dialect) -> Literal["same", "widen", "refuse"]:
    able = dialect.name == "postgresql"  # elsewhere a column's type is changed in other words, or not at all
    same = found.family == kind or kind in HOLDS.get(found.family, ())
    if same and not found.bounded:
        return "same"
    if same or kind in WIDENED.get(found.family, ()) or (found.family == "record" and kind in ("whole", "number")):
        return "widen" if able else "refuse"
    return "refuse"


def _refusal(column: LoadColumn, found: Existing, needed: str) -> str:
    remedy = "convert the column, or load into another table"
    if found.family == "text":
        remedy = f'keep its text with column_types={{"{column.field}": "TEXT"}}, ' + remedy
    return (
        f"Column {column.name}: {column.field} is {column.datatype} and needs {needed}, the column is "
        f"{found.words or 'without a type'}. What to do: {remedy}."
    )
