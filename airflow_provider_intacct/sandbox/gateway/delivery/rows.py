"""What a job delivers: every record, or those created, updated and deleted since a moment, page by page.

Values are UTC and ISO, whoever asked. Data is extracted from the top level, private entities included.
Source: developer.intacct.com, Data Delivery Service, "DDS job output file".
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree

from airflow_provider_intacct.sandbox.catalog import Catalog, Field, ObjectDefinition
from airflow_provider_intacct.sandbox.gateway.calls import Call
from airflow_provider_intacct.sandbox.gateway.reading.query import (
    Asked,
    Column,
    Where,
    folded,
    group_of,
    order_of,
)
from airflow_provider_intacct.sandbox.gateway.reading.read_by_query import listed_paths
from airflow_provider_intacct.sandbox.gateway.reading.rendering import Cell, Writer, written
from airflow_provider_intacct.sandbox.gateway.reading.selection import Condition, Selection
from airflow_provider_intacct.sandbox.store import quoted

from .files import FileConfiguration

READ_TIME, CHANGE_TYPE = "ddsReadTime", "ddsChangeType"
_PAGE = 2000
_NUMBERS = ("INTEGER", "SEQUENCE")
_BALANCES = "GLACCOUNTBALANCE"
_NEVER = ("AUDITHISTORY", "DDSJOB")


@dataclass(frozen=True, slots=True)
class Stamps:
    """The columns that tell when a record was made and last changed."""

    created: str
    modified: str


@dataclass(frozen=True, slots=True)
class Page:
    """Finished rows of a file, and how many of them are of each kind of change."""

    rows: Sequence[Sequence[str]]
    created: int = 0
    updated: int = 0


def objects(catalog: Catalog) -> list[str]:
    """Return the objects that can be delivered: those whose changes can be told, and the balances."""
    return [
        item.name
        for item in catalog
        if item.generic and item.name not in _NEVER and (item.name == _BALANCES or (item.key and stamps(item)))
    ]


def stamps(definition: ObjectDefinition) -> Stamps | None:
    """Return an object's time stamps, None where it has none."""
    names = [field.id for field in definition.stored_fields if field.type == "TIMESTAMP"]
    created = next((name for name in ("AUWHENCREATED", "WHENCREATED", "createdAt") if name in names), "")
    modified = next((name for name in ("WHENMODIFIED", "updatedAt") if name in names), "")
    return Stamps(created, modified) if created and modified else None


def asked_for(call: Call, definition: ObjectDefinition) -> Asked:
    """Return what a job for a whole object selects, or what the query of the job does."""
    if call.element.find("select") is None:
        columns = [Column(path) for path in listed_paths(call, definition, "*")]
        return Asked(columns, None, (), ())
    return Asked.read(call, definition)


def header(asked: Asked, naming: str) -> list[str]:
    """Return the names of a file's columns: what was asked for, and what every job file holds."""
    return [column.name(naming) for column in asked.columns] + [READ_TIME, CHANGE_TYPE]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One job's reading. `call.element` is its query, or an element without a select for a whole object."""

    call: Call
    definition: ObjectDefinition
    files: FileConfiguration
    read: datetime
    since: datetime | None = None
    changes: bool = False
    periods: Sequence[str] = ()

    @property
    def header(self) -> list[str]:
        """The names of the columns."""
        return header(self._asked, self._naming)

    def pages(self) -> Iterator[Page]:
        """Yield the records, by key unless the query orders them; never the whole object at once."""
        asked = self._asked
        selection = Selection(self.call.company.catalog, self.definition)
        columns = [column.sql(selection) for column in asked.columns]
        where = Where(self.call, self.definition, asked.filter, show_private=True, insensitive=False)
        condition = Condition.all_of(
            [where.condition(selection), self._changed(selection), self._in_periods(selection)]
        )
        expressions = [sql for parts in columns for sql in parts]
        statement = selection.statement(
            [*expressions, f"'{self._read_time}'", self._change_type(selection, asked)],
            condition,
            group=group_of(asked, selection),
            order=self._order(asked, selection),
        )
        cells = self._cells(asked)
        cursor = self.call.db.execute(statement.sql, statement.values)
        averages = len(expressions) > len(columns)
        while rows := cursor.fetchmany(_PAGE):
            if averages:
                rows = [(*folded(row[:-2], columns), *row[-2:]) for row in rows]
            kinds = Counter(row[-1] for row in rows)
            yield Page(written(rows, cells), kinds["create"] if self.changes else len(rows), kinds["update"])

    def deletions(self) -> Iterator[Page]:
        """Yield the records deleted since: their key, when it was read, and that it is a deletion."""
        if not self.changes or self.since is None or not self.definition.key:
            return
        kinds = tuple(self.definition.rows.values())
        rows = self.call.db.execute(
            "SELECT DISTINCT key FROM deletion WHERE place = ? AND moment >= ? AND (? IS NULL OR kind = ?) AND key NOT "
            f"IN (SELECT {quoted(self.definition.key)} FROM {quoted(self.definition.table)}) ORDER BY key",
            (self.definition.table, _stored(self.since), *(kinds * 2 or (None, None))),
        )
        names = [column.path.name for column in self._asked.columns]
        end = [cell.write(value) for cell, value in zip(self._last_cells(), (self._read_time, "delete"), strict=True)]
        while keys := rows.fetchmany(_PAGE):
            yield Page(
                [[*(str(key) if name == self.definition.key else "" for name in names), *end] for (key,) in keys]
            )

    @property
    def _asked(self) -> Asked:
        return asked_for(self.call, self.definition)

    @property
    def _naming(self) -> str:
        return self.call.company.switches.text("aggregate_names")

    @property
    def _read_time(self) -> str:
        return _stored(self.read)

    def _cells(self, asked: Asked) -> list[Cell]:
        writer = Writer(UTC, iso=True)
        return [self._cell(column.cell(writer), column.path.field) for column in asked.columns] + self._last_cells()

    def _last_cells(self) -> list[Cell]:
        return [Cell(self.files.enclosed(str)), Cell(self.files.enclosed(str))]

    def _cell(self, cell: Cell, field: Field) -> Cell:
        """Return how a value stands in the file: numbers bare, everything else enclosed, nothing for nothing."""
        bare = (field.scaled or field.type in _NUMBERS) and self.files.delimiter != "."
        return cell if bare else Cell(self.files.enclosed(cell.write))

    def _order(self, asked: Asked, selection: Selection) -> list[str]:
        if asked.order or asked.aggregated or not self.definition.key:
            return order_of(self.call, self.definition, asked, selection)
        return [selection.own(self.definition.key)]

    def _changed(self, selection: Selection) -> Condition:
        marks = stamps(self.definition)
        if not self.changes or self.since is None or marks is None:
            return Condition("1")
        modified, created = selection.own(marks.modified), selection.own(marks.created)
        moment = _stored(self.since)
        return Condition(f"{modified} >= ? OR ({modified} IS NULL AND {created} >= ?)", (moment, moment))

    def _change_type(self, selection: Selection, asked: Asked) -> str:
        marks = stamps(self.definition)
        if not self.changes or asked.aggregated:
            return "NULL"
        if self.since is None or marks is None:
            return "'update'" if marks is None else "'create'"
        return f"CASE WHEN {selection.own(marks.created)} >= '{_stored(self.since)}' THEN 'create' ELSE 'update' END"

    def _in_periods(self, selection: Selection) -> Condition:
        if self.definition.name != _BALANCES or not self.periods:
            return Condition("1")
        marks = ", ".join("?" * len(self.periods))
        return Condition(f"{selection.own('PERIOD')} IN ({marks})", tuple(self.periods))


def periods_between(call: Call, start: str, end: str) -> list[str]:
    """Return the budgetable reporting periods that touch the days from start to end (ISO), whole periods always."""
    period = call.company.catalog["REPORTINGPERIOD"]
    rows = call.db.execute(
        f'SELECT "NAME" FROM {quoted(period.table)} WHERE "BUDGETING" = \'true\' AND "START_DATE" <= ? '
        'AND "END_DATE" >= ? ORDER BY "START_DATE", "NAME"',
        (end, start),
    )
    return [name for (name,) in rows]


def query_element(text: str) -> etree._Element:
    """Return the query of a job, an empty one for a job on a whole object."""
    return etree.fromstring(text) if text else etree.Element("query")


def _stored(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
