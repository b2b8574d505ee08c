"""Pages as Arrow tables of typed columns, for files that keep types. The values are those of `rows` and `values`.

The schema follows from the columns' DATATYPE alone, never from the values, so that it is the same for every page and
every run: numbers decimal128(38, 18), INTEGER int64, DATE date32, timestamps UTC in microseconds, BOOLEAN bool, all
else text; an empty field is null. A value that does not fit its column is an error that names it: nothing is rounded.
What is common is converted whole columns at a time; what is not, value by value, by the same readers as rows are.
"""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from itertools import chain
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from airflow_provider_intacct.client import rows as pages
from airflow_provider_intacct.client.errors import ColumnTypeError, MalformedReplyError
from airflow_provider_intacct.client.rows import Row
from airflow_provider_intacct.client.values import NUMBER, Typing
from airflow_provider_intacct.client.xml.functions import AGGREGATE
from airflow_provider_intacct.client.xml.metadata import UserFormatting

if TYPE_CHECKING:

    class Column(Protocol):
        """A column of an extraction, as far as this module cares."""

        @property
        def name(self) -> str: ...

        @property
        def datatype(self) -> str: ...

    class RawPage(Protocol):
        """A page as it came: `count` records as csv, with values `stamped` on all, or what makes rows of text."""

        @property
        def format(self) -> str: ...

        @property
        def count(self) -> int: ...

        @property
        def body(self) -> bytes | None: ...

        def as_rows(self, names: tuple[str, ...]) -> list[Row]: ...

        @property
        def stamped(self) -> Mapping[str, str | None]: ...


NUMBERS = pa.decimal128(38, 18)
"""20 digits before the point and 18 after it: exchange rates, unit prices and averages fit unrounded."""
MOMENTS = pa.timestamp("us", "UTC")
DISTINCT = pa.dictionary(pa.int32(), pa.string())
TOO_LARGE = Decimal(10) ** 20
EPOCH = date(1970, 1, 1).toordinal()
LATEST = time(23, 59, 59)
HEADER = re.compile(rb"[^\n]*\n?")


def arrow_type(datatype: str) -> pa.DataType:
    """Return the Arrow type of an Intacct DATATYPE; text for one that is unknown."""
    known = datatype.upper()
    if known in NUMBER:
        return NUMBERS
    moments = dict.fromkeys(("TIMESTAMP", "DATETIME"), MOMENTS)
    return {"INTEGER": pa.int64(), "BOOLEAN": pa.bool_(), "DATE": pa.date32(), **moments}.get(known, pa.string())


def arrow_schema(columns: Iterable["Column"]) -> pa.Schema:
    """Return the schema of `columns`: all may be null, and each carries its `intacct.datatype`."""
    return pa.schema(
        [
            pa.field(column.name, arrow_type(column.datatype), metadata={"intacct.datatype": column.datatype.upper()})
            for column in columns
        ]
    )


class Tables:
    """Makes tables of the pages of one read: `columns` as its extraction tells them, `formatting` the API user's."""

    def __init__(self, object: str, columns: Sequence["Column"], formatting: UserFormatting | None = None) -> None:
        self.object = object
        self.columns = columns
        self.schema = arrow_schema(columns)
        self._datatypes = {column.name: column.datatype for column in columns}
        typing = Typing(object, self._datatypes.get, formatting)
        self._readers = {column.name: typing.reader(column.name) for column in columns}
        self._zone = typing.formatting.zone_of(object)
        self._days: dict[str, int | None] = {}

    def table(self, page: "RawPage") -> pa.Table:
        """Return the page as a table of `schema`.

        Raises MalformedReplyError for a page that is broken, ColumnTypeError for a value that does not fit.
        """
        if page.format != "csv":
            return self._from_rows(page.as_rows(tuple(column.name for column in self.columns)))
        return self._from_csv(page.body or b"", page.count, page.stamped)

    def _from_rows(self, rows: list[Row]) -> pa.Table:
        if not rows:
            return self.schema.empty_table()
        found = self._found(dict.fromkeys(chain.from_iterable(rows)))
        own = [found[field.name] for field in self.schema]  # asking a field for its name takes longer than a row
        arrays = [
            self._typed(self._texts([row.get(name) for row in rows], field), field)
            for name, field in zip(own, self.schema, strict=True)
        ]
        return pa.Table.from_arrays(arrays, schema=self.schema)

    def _texts(self, values: list[Any], field: pa.Field) -> pa.Array:
        try:
            return pa.array([value or None for value in values], pa.string())
        except pa.ArrowException:
            self._misfit(field, next(value for value in values if not isinstance(value, str | None)))

    def _from_csv(self, body: bytes, count: int, stamped: Mapping[str, str | None]) -> pa.Table:
        """Let Arrow read the text, and numbers in passing; what it could misread or refuses is read as rows are."""
        if b"\r" in body:
            body = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")  # line breaks as XML leaves them; see rows
        start = HEADER.match(body)
        header = body[: start.end()] if start else b""
        names = _names(header)
        found = self._found([*names, *stamped]) if names else {}
        last = body[body.rfind(b"\n", 0, len(body) - 1) + 1 :]
        if not names or len(header) == len(body) or last.count(b'"') % 2:
            return self._parsed(body, stamped)
        types = {found[field.name]: _in_csv(field.type) for field in self.schema}
        try:
            read = pyarrow.csv.read_csv(
                pa.BufferReader(body),
                read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=len(body) + 1),
                parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
                convert_options=pyarrow.csv.ConvertOptions(
                    column_types={name: types.get(name, pa.string()) for name in names},
                    null_values=[""],
                    strings_can_be_null=True,
                ),
            )
        except pa.ArrowInvalid:
            return self._parsed(body, stamped)
        if len(read) != count:  # a text that is not closed has swallowed records
            return self._parsed(body, stamped)
        for name, text in stamped.items():
            read = read.append_column(name, pa.array([text or None] * len(read), pa.string()))
        arrays = [self._typed(read.column(found[field.name]).combine_chunks(), field) for field in self.schema]
        return pa.Table.from_arrays(arrays, schema=self.schema)

    def _parsed(self, body: bytes, stamped: Mapping[str, str | None]) -> pa.Table:
        """Return the table of a body that Arrow could misread or refuses."""
        return self._from_rows([{**row, **stamped} for row in pages.from_csv(body)])

    def _found(self, names: Iterable[str]) -> Mapping[str, str]:
        """Return under which of `names`, those of a page, each column comes."""
        by_spelling = {name.upper(): name for name in names}
        found = {
            column.name: next((by_spelling[each] for each in _spellings(column.name) if each in by_spelling), "")
            for column in self.columns
        }
        if missing := sorted(name for name, there in found.items() if not there):
            raise MalformedReplyError(f"The reply for {self.object} lacks the columns {', '.join(missing)}.")
        return found

    def _typed(self, array: pa.Array, field: pa.Field) -> pa.Array:
        """Return a column of text, or of numbers that Arrow has read, in the type of `field`."""
        if field.type == pa.string():
            return array
        if field.type == NUMBERS:
            return self._numbers(array, field)
        if field.type == MOMENTS:
            known = self._documented_moments(array)
            return known if known is not None else self._each(array, field)
        if field.type == pa.int64():
            return self._cast(array, field)
        distinct = array if array.type == DISTINCT else array.dictionary_encode()
        return self._each(distinct.dictionary, field).take(distinct.indices)

    def _numbers(self, array: pa.Array, field: pa.Field) -> pa.Array:
        numbers = array if array.type == NUMBERS else self._cast(array, field)
        # Arrow lets 21 digits before the point pass as 38 digits in all; other readers of the file would not.
        bounds = pc.min_max(numbers)
        for bound in (bounds["min"].as_py(), bounds["max"].as_py()):
            if bound is not None and bound.copy_abs() >= TOO_LARGE:
                self._misfit(field, f"{bound:f}".rstrip("0").rstrip("."))
        return numbers

    def _cast(self, array: pa.Array, field: pa.Field) -> pa.Array:
        hexadecimal = pc.any(pc.match_substring(array, "x", ignore_case=True)).as_py()  # a number to Arrow only
        try:
            return self._each(array, field) if hexadecimal else array.cast(field.type)
        except pa.ArrowInvalid:
            return self._each(array, field)

    def _each(self, array: pa.Array, field: pa.Field) -> pa.Array:
        """Convert value by value."""
        texts = array.to_pylist()
        values = [None if text is None else self._value(text, field) for text in texts]
        try:
            return pa.array(values, field.type)
        except (pa.ArrowException, OverflowError):
            self._misfit(field, next(text for text, value in zip(texts, values, strict=True) if not fits(value, field)))

    def _value(self, text: str, field: pa.Field) -> Any:
        reader = self._readers[field.name]
        assert reader is not None
        try:
            value = reader(text)
        except (ValueError, InvalidOperation, KeyError):
            self._misfit(field, text)
        if field.type == MOMENTS and not isinstance(value, datetime):
            return datetime.combine(value, time(), UTC)  # a day without a time is its first moment, moved by no zone
        if field.type == pa.int64() and isinstance(value, Decimal):
            return int(value) if value == value.to_integral_value() else self._misfit(field, text)
        return value

    def _misfit(self, field: pa.Field, value: Any) -> NoReturn:
        shown = str(value)
        raise ColumnTypeError(
            f"{self.object}.{field.name} is {self._datatypes[field.name]} and is kept as {field.type}, which cannot "
            f"hold {shown[:60]!r}{'...' if len(shown) > 60 else ''}."
        )

    def _documented_moments(self, array: pa.Array) -> pa.Array | None:
        """Return a column of `mm/dd/yyyy hh:mm:ss` as moments; None if a value is anything else.

        Days are few and the clock is arithmetic. So each day is looked at once: on which the zone's offset does not
        change, all its times are as far from UTC.
        """
        lengths = pc.min_max(pc.binary_length(array))
        if lengths["min"].as_py() != 19 or lengths["max"].as_py() != 19:
            return None if lengths["min"].as_py() is not None else pa.nulls(len(array), MOMENTS)
        days = pc.utf8_slice_codeunits(array, 0, 11).dictionary_encode()
        starts = [self._start(day) for day in days.dictionary.to_pylist()]
        if None in starts:
            return None
        try:
            clock = pc.binary_replace_slice(array, 0, 11, "1970-01-01 ").cast(pa.timestamp("s")).cast(pa.int64())
        except pa.ArrowInvalid:
            return None
        seconds = pc.add(pa.array(starts, pa.int64()).take(days.indices), clock)
        return seconds.cast(pa.timestamp("s", "UTC")).cast(MOMENTS)

    def _start(self, day: str) -> int | None:
        """Return the second at which a day, `mm/dd/yyyy` and a space, began in UTC; None if that does not tell all."""
        if day not in self._days:
            self._days[day] = start_of_day(day, self._zone)
        return self._days[day]


def fits(value: Any, field: pa.Field) -> bool:
    """Return whether Arrow takes a value into a column."""
    try:
        pa.scalar(value, field.type)
    except (pa.ArrowException, OverflowError):
        return False
    return True


def start_of_day(day: str, zone: tzinfo) -> int | None:
    """Return the Unix time at which a day, `mm/dd/yyyy` and a space, began in `zone`.

    None if it is written otherwise, or if the zone's offset changes in the course of it.
    """
    if (day[2:3], day[5:6], day[10:]) != ("/", "/", " "):
        return None
    try:
        found = date.fromisoformat(f"{day[6:10]}-{day[:2]}-{day[3:5]}")
    except ValueError:
        return None
    offsets = {zone.utcoffset(datetime.combine(found, at)) or timedelta(0) for at in (time(), LATEST)}
    if len(offsets) > 1:
        return None
    return (found.toordinal() - EPOCH) * 86400 - int(offsets.pop().total_seconds())


def _in_csv(kind: pa.DataType) -> pa.DataType:
    """Return the type in which Arrow reads a column of CSV: what repeats, as distinct values and places.

    Whole numbers as text: Arrow takes hexadecimal ones for numbers too, which Intacct's are not.
    """
    if kind in (pa.bool_(), pa.date32()):
        return DISTINCT
    return NUMBERS if kind == NUMBERS else pa.string()


def _names(header: bytes) -> list[str]:
    """Return the names in the header line of a CSV body; none if it cannot be read."""
    try:
        return next(csv.reader([header.decode("utf-8-sig")], strict=True), [])
    except (csv.Error, ValueError):
        return []


def _spellings(name: str) -> tuple[str, ...]:
    """Return how a reply may name a column, in upper case: SUM.X is what SUM(X) comes back as."""
    aggregate = AGGREGATE.fullmatch(name)
    return (name.upper(), f"{aggregate[1]}.{aggregate[2]}".upper()) if aggregate else (name.upper(),)
