"""Build one SELECT over an object and the related records its fields live in. Names come from the catalogue only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Self

from airflow_provider_intacct.sandbox.catalog import Catalog, ObjectDefinition, Path, Relationship
from airflow_provider_intacct.sandbox.store import quoted

_OWN = "t0"


@dataclass(frozen=True, slots=True)
class Condition:
    """An SQL condition and the values bound to it."""

    sql: str
    values: tuple[object, ...] = ()

    @classmethod
    def all_of(cls, conditions: Iterable[Self]) -> Self:
        """Return the conjunction; of none, what is always true."""
        return cls._joined(" AND ", conditions, empty="1")

    @classmethod
    def any_of(cls, conditions: Iterable[Self]) -> Self:
        """Return the disjunction; of none, what is never true."""
        return cls._joined(" OR ", conditions, empty="0")

    @classmethod
    def _joined(cls, word: str, conditions: Iterable[Self], empty: str) -> Self:
        parts = list(conditions)
        values = tuple(value for part in parts for value in part.values)
        return cls(_tree(word, [part.sql for part in parts]) if parts else empty, values)


def _tree(word: str, parts: Sequence[str]) -> str:
    """Join conditions by halves: SQLite limits the depth of an expression, and a plain chain is as deep as long."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return f"({_tree(word, parts[:middle])}){word}({_tree(word, parts[middle:])})"


@dataclass(slots=True)
class Selection:
    """The FROM part of one statement, growing a join for each relationship that an expression walks."""

    catalog: Catalog
    definition: ObjectDefinition
    _aliases: dict[tuple[Relationship, ...], str] = field(default_factory=dict)
    _joins: list[str] = field(default_factory=list)

    def expression(self, path: Path) -> str:
        """Return the SQL of a field's stored value."""
        alias = self._alias(path.hops)
        item = path.field
        if item.total:
            by, summed = quoted(item.total.by), quoted(item.total.field)
            states = ", ".join(f"'{state}'" for state in item.total.states)
            sums = (
                f"(SELECT coalesce(sum(s.{summed}), 0) FROM {quoted(self.catalog[name].table)} AS s"
                f' WHERE s.{by} = {alias}.{by} AND s."STATE" IN ({states}))'
                for name in item.total.objects
            )
            return f"({' + '.join(sums)})"
        return f"{alias}.{quoted(item.code_of or item.id)}"

    def own(self, name: str) -> str:
        """Return the SQL of a column of the object itself."""
        return f"{_OWN}.{quoted(name)}"

    def rows(self) -> Condition:
        """Return what tells the object's rows from others in the same table."""
        rows = self.definition.rows
        return Condition.all_of(Condition(f"{self.own(name)} = ?", (value,)) for name, value in rows.items())

    def statement(
        self,
        columns: Sequence[str],
        where: Condition,
        *,
        group: Sequence[str] = (),
        order: Sequence[str] = (),
        limit: int | None = None,
        offset: int = 0,
    ) -> Condition:
        """Return the whole SELECT with its values."""
        sql = f"SELECT {', '.join(columns)} FROM {quoted(self.definition.table)} AS {_OWN}{''.join(self._joins)}"
        sql += f" WHERE {where.sql}"
        if group:
            sql += f" GROUP BY {', '.join(group)}"
        if order:
            sql += f" ORDER BY {', '.join(order)}"
        values = where.values
        if limit is not None:
            sql += " LIMIT ? OFFSET ?"
            values += (limit, offset)
        return Condition(sql, values)

    def _alias(self, hops: tuple[Relationship, ...]) -> str:
        if not hops:
            return _OWN
        if hops not in self._aliases:
            owner = self._alias(hops[:-1])
            hop = hops[-1]
            alias = f"t{len(self._aliases) + 1}"
            table = quoted(self.catalog[hop.object].table)
            self._joins.append(f" LEFT JOIN {table} AS {alias} ON {alias}.{quoted(hop.to)} = {owner}.{quoted(hop.by)}")
            self._aliases[hops] = alias
        return self._aliases[hops]


def owner_of(catalog: Catalog, definition: ObjectDefinition, path: Path) -> ObjectDefinition:
    """Return the object whose field a path ends at."""
    return catalog[path.hops[-1].object] if path.hops else definition
