"""The object that a select reads: its names as Intacct spells them, and its rows.

Names come from lookup, rows from `client.rows` and nowhere else: without ORDER BY by key, so that nothing that happens
meanwhile loses or repeats a record, and page by page.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, TypedDict

from sqlglot import exp

from airflow_provider_intacct.client.dbapi.errors import NotSupportedError, ProgrammingError
from airflow_provider_intacct.client.dbapi.expressions import evaluate, shown
from airflow_provider_intacct.client.dbapi.statement import Select, constant
from airflow_provider_intacct.client.dbapi.text import StatementReading
from airflow_provider_intacct.client.rows import Row
from airflow_provider_intacct.client.where import Condition, all_of, rename_fields
from airflow_provider_intacct.client.xml import metadata
from airflow_provider_intacct.client.xml.metadata import ObjectDefinition

if TYPE_CHECKING:
    from airflow_provider_intacct.client import IntacctClient


class Options(TypedDict, total=False):
    """How a connection reads; see ReadOptions of the client."""

    show_private: bool
    case_insensitive: bool
    doc_par_id: str | None


@dataclass(slots=True)
class Source:
    """One object as one select reads it."""

    client: "IntacctClient"
    select: Select
    reading: StatementReading
    options: Options
    definitions: dict[str, ObjectDefinition] = field(default_factory=dict)

    @property
    def object(self) -> str:
        """The object's name. Raises ProgrammingError for a select without FROM."""
        if self.select.object is None:
            raise ProgrammingError("The statement has no FROM: name an object, such as FROM GLDETAIL.")
        return self.select.object

    @property
    def qualifier(self) -> str:
        """What may stand before a field and means this object, in upper case."""
        return (self.select.alias or self.object).upper()

    @property
    def definition(self) -> ObjectDefinition:
        """The object's fields and relationships."""
        return self.defined(self.object)

    @property
    def first_field(self) -> str:
        """A field that every record has: the key, else the first there is."""
        return self.definition.key or self.definition.fields[0].id

    def defined(self, object: str) -> ObjectDefinition:
        """Return an object's definition. The client asks for it once."""
        key = object.upper()
        if key not in self.definitions:
            document = self.options.get("doc_par_id") if key == self.object.upper() else None
            self.definitions[key] = self.client.lookup(object, doc_par_id=document)
        return self.definitions[key]

    def spelled(self, name: str) -> str:
        """Return a field's name as Intacct spells it, without its own object's name before it."""
        head, dot, rest = name.partition(".")
        own = bool(self.select.alias) or self.definition.relationship(head) is None
        if dot and own and head.upper() == self.qualifier:
            name = rest
        while missing := metadata.needed_definitions(self.object, [name], self.definitions):
            for each in missing:
                self.defined(each)
        return metadata.spell(self.object, name, self.definitions)

    def field(self, node: exp.Expression) -> str:
        """Return the field that a node names, as Intacct spells it."""
        return self.spelled(self.reading.name(node))

    def datatype(self, name: str) -> str:
        """Return a field's type code."""
        return (metadata.datatype_of(self.object, name, self.definitions) or "TEXT").upper()

    def condition(self, node: exp.Expression) -> Condition:
        """Return the condition of a node, fields spelled as Intacct does."""
        return rename_fields(self.reading.condition(node), self.spelled)

    def where(self) -> tuple[Condition | None, bool]:
        """Return the condition on the records, and whether a constant one (`1 = 0`) leaves none of them."""
        conditions: list[Condition] = []
        empty = False
        for node in self.select.where:
            if node.find(exp.Column, exp.Dot, exp.Query) is None:
                empty = empty or evaluate(node, constant(self.reading)) is not True
            else:
                conditions.append(self.condition(node))
        return (all_of(*conditions) if conditions else None), empty

    def order(self, allowed: Iterable[str] | None = None) -> list[str]:
        """Return ORDER BY as `client.rows` takes it; `allowed` are the fields of a group."""
        made = []
        for order in self.select.order_by:
            if not isinstance(order.node, exp.Column | exp.Dot):
                raise NotSupportedError(
                    f"ORDER BY {shown(order.node)} is not possible: Intacct orders by fields, nothing else. Sort the "
                    "rows you have read."
                )
            name = self.field(order.node)
            if allowed is not None and name not in allowed:
                raise ProgrammingError(f"ORDER BY {name}: it is no field of GROUP BY or DISTINCT.")
            made.append(f"{name} DESC" if order.descending else name)
        if self.select.offset and not made:
            raise NotSupportedError(
                "OFFSET is not possible without ORDER BY: Intacct has no order of its own, so that pages would repeat "
                "and lose rows. Add ORDER BY RECORDNO, or read all rows at once: they come page by page."
            )
        if made == [self.definition.key] and not self.select.offset:
            return []  # so the client reads anyhow, and then by key
        return made

    def window(self) -> tuple[int, int | None]:
        """Return how many rows OFFSET passes over, and how many are read before LIMIT ends it."""
        start, limit = self.select.offset, self.select.limit
        return start, None if limit is None else start + limit

    def read(self, fields: list[str], where: Condition | None, order: list[str]) -> Iterator[Row]:
        """Return the rows that LIMIT and OFFSET leave."""
        start, end = self.window()
        if self.select.limit == 0:
            return iter(())
        rows = self.client.rows(
            self.object, fields=fields, where=where, order_by=order or None, limit=end, **self.options
        )
        return islice(rows, start, None) if start else rows
