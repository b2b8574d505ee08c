"""The company's books as one write sees them: the open transaction, who writes, when, and from which entity."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_provider_intacct.sandbox.catalog import Catalog, ObjectDefinition
from airflow_provider_intacct.sandbox.records import Record, find

BASE_CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class Books:
    """One open transaction on the company's records, with what the rules need to know about the moment.

    `entity` is the entity the writer's session is in, None at the top level. `known` remembers what `master` found,
    for a writer that enters many transactions while nobody changes master data.
    """

    db: sqlite3.Connection
    catalog: Catalog
    switches: Mapping[str, Any]
    now: datetime
    user: str
    user_key: int
    entity: str | None = None
    known: dict[tuple[str, str, Any], Record | None] | None = None

    def definition(self, object_name: str) -> ObjectDefinition:
        """Return the definition of an object that the rules themselves name."""
        return self.catalog[object_name]

    def find(self, object_name: str, **equal: Any) -> Iterator[Record]:
        """Yield the records of an object whose stored fields equal the given values."""
        return find(self.db, self.catalog[object_name], equal)

    def first(self, object_name: str, **equal: Any) -> Record | None:
        """Return the first such record, None where there is none."""
        return next(self.find(object_name, **equal), None)

    def master(self, object_name: str, field: str, value: Any) -> Record | None:
        """Return the record of master data with that id, None where there is none."""
        if self.known is None:
            return self.first(object_name, **{field: value})
        place = (object_name, field, value)
        if place not in self.known:
            self.known[place] = self.first(object_name, **{field: value})
        return self.known[place]

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what the block wrote when it raises; what was written before stays."""
        self.db.execute("SAVEPOINT record")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK TO record")
            self.db.execute("RELEASE record")
            raise
        self.db.execute("RELEASE record")
