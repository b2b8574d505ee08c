"""What is to be read, whatever way its pages are taken, and what every way checks."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from itertools import compress, islice
from operator import gt, itemgetter, lt
from typing import Any

from airflow_provider_intacct.client.errors import InvalidRequestError, MalformedReplyError
from airflow_provider_intacct.client.rows import Row
from airflow_provider_intacct.client.where import Condition, DataType
from airflow_provider_intacct.client.xml.functions import (
    AGGREGATE,
    MAX_QUERY_PAGE,
    Function,
    ReturnFormat,
    query,
    within,
)

Place = tuple[str, ...]
"""The fields that tell where a record stands in the order of a read: the key, or the time of change and the key."""


@dataclass(slots=True)
class Places:
    """Where the records of a page stand, one after the other: their keys, and in a read of changes their times.

    Columns, because a tuple for each of a million records costs more time than all that is done with them.
    """

    keys: list[str]
    moments: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.keys)

    def only(self, wanted: Iterable[bool]) -> "Places":
        """Return those of the records that are wanted, told in their order."""
        chosen = list(wanted)
        return Places(list(compress(self.keys, chosen)), list(compress(self.moments, chosen)))

    def reverse(self) -> None:
        """Turn their order round."""
        self.keys.reverse()
        self.moments.reverse()


@dataclass(frozen=True, slots=True)
class Extract:
    """What is to be read: all records of `object` that meet `where`, `fields` of each, at most `limit`.

    `key` is the field that numbers the records (`ObjectDefinition.key`); None reads by offset. `offset` skips so many
    records of the author's own order.
    """

    object: str
    fields: tuple[str, ...]
    where: Condition | None = None
    order_by: tuple[str, ...] = ()
    key: str | None = "RECORDNO"
    limit: int | None = None
    offset: int = 0
    page_size: int = MAX_QUERY_PAGE
    return_format: ReturnFormat = "json"
    show_private: bool = False
    case_insensitive: bool = False
    doc_par_id: str | None = None
    zone: tzinfo | None = None
    datatype: DataType | None = None

    def __post_init__(self) -> None:
        within(self.page_size, 1, MAX_QUERY_PAGE, f"query {self.object}: page size")
        if self.limit is not None:
            within(self.limit, 1, None, f"query {self.object}: limit")
        within(self.offset, 0, None, f"query {self.object}: offset")
        if self.offset and not (self.order_by or self.grouped):
            raise InvalidRequestError(f"query {self.object}: an offset means nothing without order_by.")

    @property
    def grouped(self) -> bool:
        """Whether an aggregate makes groups of the records, which have no number."""
        return any(AGGREGATE.fullmatch(name) for name in self.fields)

    @property
    def by_key(self) -> bool:
        """Whether pages can be taken by key: not in the author's own order, of groups, or without a number."""
        return self.key is not None and not self.order_by and not self.grouped

    @property
    def plain_fields(self) -> tuple[str, ...]:
        """The fields that are no aggregates: in a grouped read they tell the rows apart."""
        return tuple(name for name in self.fields if not AGGREGATE.fullmatch(name))

    def room(self, read: int) -> int:
        """Return how many rows the next page may bring after `read` of them."""
        return self.page_size if self.limit is None else min(self.page_size, self.limit - read)

    def page(
        self,
        fields: Sequence[str],
        where: Condition | None,
        order_by: Sequence[str],
        page_size: int,
        offset: int = 0,
        form: ReturnFormat | None = None,
    ) -> Function:
        """Return the query for one page."""
        return query(
            self.object,
            fields,
            where=where,
            order_by=order_by,
            page_size=page_size,
            offset=offset,
            show_private=self.show_private,
            case_insensitive=self.case_insensitive,
            return_format=form or self.return_format,
            doc_par_id=self.doc_par_id,
            zone=self.zone,
            datatype=self.datatype,
        )

    def selects(self, name: str) -> bool:
        """Whether the author asked for a field."""
        return name.upper() in (each.upper() for each in self.fields)

    def sized(self, page_size: int) -> "Extract":
        """Return the same with pages of at most so many rows."""
        return self if page_size == self.page_size else replace(self, page_size=page_size)


def check_total(extract: Extract, count: int, total: int | None) -> None:
    """Refuse an empty page of a reply that counts rows."""
    if not count and total:
        raise MalformedReplyError(f"query {extract.object}: the reply counts {total} rows and brings none.")


def column_of(row: Row, key: str, object: str) -> str:
    """Return the name under which a row carries the key, whatever its case."""
    if key in row:
        return key
    for name in row:
        if name.upper() == key.upper():
            return name
    raise MalformedReplyError(f"query {object}: the rows of the reply lack {key}, which was asked for.")


def places_of(rows: list[Row], place: Place, object: str) -> Places:
    """Return where rows stand by the fields of `place`."""
    if not rows or not place:
        return Places([])
    columns = [list(map(itemgetter(column_of(rows[0], name, object)), rows)) for name in place]
    return Places(*reversed(columns))


def rises(keys: list[str], *, falling: bool = False) -> bool:
    """Return whether each key lies above the one before (below it, if `falling`).

    Keys that are no numbers are ordered by rules of the server's; that none comes twice can be told.
    """
    beyond: Callable[[Any, Any], bool] = gt if falling else lt
    digits = "".join(keys)
    if len(set(map(len, keys))) == 1 and digits.isascii() and digits.isdecimal():
        return all(map(beyond, keys, islice(keys, 1, None)))  # numbers of one length stand in the order of their texts
    try:
        numbers = list(map(int, keys))
    except ValueError:
        return len(set(keys)) == len(keys)
    return all(map(beyond, numbers, islice(numbers, 1, None)))
