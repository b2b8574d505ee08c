"""A client of a company that lives in SQLite: it answers `lookup` and `rows`, the two things that SQL is made of.

So the same statement can be put to SQLite itself, and both must say the same.
"""

import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from airflow_provider_intacct.client.errors import ObjectNotFoundError
from airflow_provider_intacct.client.where import Condition, to_text
from airflow_provider_intacct.client.xml.functions import AGGREGATE
from airflow_provider_intacct.client.xml.metadata import FieldDefinition, ObjectDefinition, Relationship

FIELDS = {
    "RECORDNO": "INTEGER",
    "ACCOUNT": "TEXT",
    "DEPARTMENT": "TEXT",
    "AMOUNT": "CURRENCY",
    "TR_TYPE": "INTEGER",
    "ENTRY_DATE": "DATE",
}
DETAIL = ObjectDefinition(
    "DETAIL", tuple(map(FieldDefinition, FIELDS, FIELDS.values())), (Relationship("VENDOR", "VENDOR"),)
)
VENDOR = ObjectDefinition("VENDOR", (FieldDefinition("RECORDNO", "INTEGER"), FieldDefinition("NAME", "TEXT")))
KEYLESS = ObjectDefinition("KEYLESS", (FieldDefinition("NAME", "TEXT"),))
OBJECTS = {each.name: each for each in (DETAIL, VENDOR, KEYLESS)}

Rows = list[tuple[Any, ...]]


class Ledger:
    """The client. `asked` holds what was read: fields, condition and options of each call of `rows`."""

    def __init__(self, details: Rows = (), *, prefixed: bool = True) -> None:  # type: ignore[assignment]
        self.db = sqlite3.connect(":memory:")
        self.db.execute(f"CREATE TABLE DETAIL ({', '.join(f'{name} {kind}' for name, kind in sqlite_types())})")
        self.db.executemany("INSERT INTO DETAIL VALUES (?, ?, ?, ?, ?, ?)", details)
        self.prefixed = prefixed
        self.asked: list[tuple[list[str], str | None, dict[str, Any]]] = []
        self.handed_out = 0
        self.signed_in = 0
        self.closed = 0

    @property
    def session(self) -> str:
        self.signed_in += 1
        return "signed in"

    def close(self) -> None:
        self.closed += 1

    def lookup(self, object: str, *, doc_par_id: str | None = None) -> ObjectDefinition:
        if object.upper() not in OBJECTS:
            raise ObjectNotFoundError(f"Object definition {object} not found", level="function")
        return OBJECTS[object.upper()]

    def rows(
        self,
        object: str,
        *,
        fields: list[str],
        where: Condition | None = None,
        order_by: list[str] | None = None,
        limit: int | None = None,
        **options: Any,
    ) -> Iterator[dict[str, Any]]:
        text = None if where is None else to_text(where)
        self.asked.append((fields, text, {"order_by": order_by, "limit": limit, **options}))
        plain = [name for name in fields if not AGGREGATE.fullmatch(name)]
        sql = f"SELECT {', '.join(fields)} FROM {object}"
        sql += f" WHERE {text}" if text else ""
        sql += f" GROUP BY {', '.join(plain)}" if len(plain) < len(fields) and plain else ""
        sql += f" ORDER BY {', '.join(order_by)}" if order_by else ""
        sql += f" LIMIT {limit}" if limit is not None else ""
        for row in self.db.execute(sql):
            self.handed_out += 1
            yield {self.told(name): typed(name, value) for name, value in zip(fields, row, strict=True)}

    def told(self, name: str) -> str:
        """What Intacct calls a column; what it calls averages, minima and maxima is not documented."""
        aggregate = AGGREGATE.fullmatch(name)
        if aggregate is None:
            return name
        own = self.prefixed or aggregate[1].upper() == "COUNT"
        return f"{aggregate[1].upper()}.{aggregate[2]}" if own else aggregate[2]


def sqlite_types() -> Iterator[tuple[str, str]]:
    """Amounts are whole cents: SQLite has no exact decimals."""
    for name, kind in FIELDS.items():
        yield name, "TEXT" if kind in ("TEXT", "DATE") else "INTEGER"


def typed(name: str, value: Any) -> Any:
    return Decimal(value) if "AMOUNT" in name and "COUNT" not in name and value is not None else value
