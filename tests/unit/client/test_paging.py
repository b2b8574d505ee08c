"""Pages: every record once, whatever the page size, and never silence about a record that might be missing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_intacct.client.errors import IncompleteReadError, InvalidRequestError, MalformedReplyError
from airflow_provider_intacct.client.paging import Cursor, Extract, KeyCursor, OffsetCursor, first, places_of
from airflow_provider_intacct.client.rows import remove
from airflow_provider_intacct.client.where import parse
from airflow_provider_intacct.client.xml.elements import Element, write
from airflow_provider_intacct.client.xml.functions import Function

Row = dict[str, Any]


class Table:
    """Records that answer queries as the gateway does: filter, order, offset, page size. `shuffle` is its own order."""

    def __init__(self, records: list[Row], counts: bool = False) -> None:
        self.records = records
        self.counts = counts
        self.queries: list[Function] = []

    def answer(self, function: Function) -> tuple[list[Row], int | None]:
        self.queries.append(function)
        parts = {part.tag: part for part in function.body}
        found = [row for row in self.records if matches(row, parts.get("filter"))]
        for order in reversed(parts["orderby"].children if "orderby" in parts else ()):
            name, direction = order.children[0].text, order.children[1].tag
            found.sort(key=lambda row: sortable(row[name]), reverse=direction == "descending")
        offset, size = int(parts["offset"].text), int(parts["pagesize"].text)
        names = [field.text for field in parts["select"].children]
        page = [{name: row[name] for name in names} for row in found[offset : offset + size]]
        return page, len(found) if self.counts else None


def matches(row: Row, condition: Element | None) -> bool:
    if condition is None:
        return True
    if condition.tag in ("filter", "and"):
        return all(matches(row, part) for part in condition.children)
    name, value = (part.text for part in condition.children)
    compared = {"greaterthan": Decimal.__gt__, "lessthan": Decimal.__lt__}[condition.tag]
    return bool(compared(Decimal(row[name]), Decimal(value)))


def sortable(value: str) -> tuple[Decimal, str]:
    return (Decimal(value), "") if value.lstrip("-").isdigit() else (Decimal(0), value)


@dataclass
class Page:
    rows: list[Row]
    next: Cursor | None


def advance(cursor: Cursor, rows: list[Row], total: int | None = None) -> Page:
    """What a read does with the answer to `cursor`."""
    if isinstance(cursor, OffsetCursor):
        page = cursor.advance(rows, total)
        rows, following = page.rows, page.next
    else:
        following = cursor.after(places_of(rows, cursor.place, cursor.extract.object), total)
    remove(rows, [name for name in cursor.fields if name not in cursor.extract.fields])
    return Page(rows, following)


def pages(extract: Extract, table: Table, between: Callable[[int], None] = lambda number: None) -> Iterator[list[Row]]:
    cursor = first(extract)
    number = 0
    while cursor is not None:
        rows, total = table.answer(cursor.function())
        page = advance(cursor, rows, total)
        yield page.rows
        cursor = page.next
        number += 1
        between(number)
        assert number < 1000, "the cursor does not end"


def all_rows(extract: Extract, table: Table, **options: Any) -> list[Row]:
    return [row for page in pages(extract, table, **options) for row in page]


def records(*numbers: int) -> list[Row]:
    return [{"RECORDNO": str(n), "NAME": f"n{n % 3}", "AMOUNT": str(n * 10)} for n in numbers]


EXTRACT = Extract("VENDOR", ("NAME", "AMOUNT"), page_size=3)


# --- by key ---------------------------------------------------------------------------------------------------------


@given(
    st.lists(st.integers(1, 10**9), unique=True, max_size=40),
    st.integers(1, 9),
    st.none() | st.integers(1, 45),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_every_record_comes_once_in_the_order_of_the_key(
    numbers: list[int], size: int, limit: int | None, counts: bool, selected: bool
) -> None:
    fields = ("RECORDNO", "NAME") if selected else ("NAME", "AMOUNT")
    table = Table(records(*numbers), counts)
    read = all_rows(Extract("VENDOR", fields, page_size=size, limit=limit), table)
    expected = sorted(table.records, key=lambda row: int(row["RECORDNO"]))[:limit]
    assert read == [{name: row[name] for name in fields} for row in expected]


def test_a_page_asks_for_what_is_above_the_last_key_within_the_authors_filter() -> None:
    table = Table(records(*range(1, 8)))
    read = all_rows(replace(EXTRACT, where=parse("AMOUNT > 20 AND AMOUNT < 70"), return_format="xml"), table)
    assert [row["AMOUNT"] for row in read] == ["30", "40", "50", "60"]
    assert write(table.queries[1].element) == (
        "<query><object>VENDOR</object>"
        "<select><field>NAME</field><field>AMOUNT</field><field>RECORDNO</field></select>"
        "<filter><and><greaterthan><field>AMOUNT</field><value>20</value></greaterthan>"
        "<lessthan><field>AMOUNT</field><value>70</value></lessthan>"
        "<greaterthan><field>RECORDNO</field><value>5</value></greaterthan></and></filter>"
        "<orderby><order><field>RECORDNO</field><ascending/></order></orderby>"
        "<pagesize>3</pagesize><offset>0</offset></query>"
    )


def test_a_short_page_is_the_last_and_costs_no_further_call() -> None:
    table = Table(records(1, 2, 3, 4, 5))
    assert len(all_rows(EXTRACT, table)) == 5
    assert len(table.queries) == 2


def test_a_full_last_page_costs_another_call_only_where_nothing_is_counted() -> None:
    uncounted, counted = Table(records(*range(6))), Table(records(*range(6)), counts=True)
    assert all_rows(EXTRACT, uncounted) == all_rows(EXTRACT, counted)
    assert (len(uncounted.queries), len(counted.queries)) == (3, 2)


def test_records_that_come_and_go_in_between_shift_nothing() -> None:
    table = Table(records(*range(10, 100, 10)))

    def change(number: int) -> None:
        if number == 1:
            table.records = [row for row in table.records if row["RECORDNO"] != "10"] + records(5, 95)

    assert [row["AMOUNT"] for row in all_rows(EXTRACT, table, between=change)] == [
        *(str(n * 10) for n in range(10, 100, 10)),
        "950",
    ]


def test_other_keys_than_recordno_are_used_where_the_object_has_them() -> None:
    table = Table([{"id": str(n), "NAME": str(n)} for n in range(7)])
    read = all_rows(Extract("SUBSCRIPTION", ("NAME",), key="id", page_size=2), table)
    assert read == [{"NAME": str(n)} for n in range(7)]
    assert "<field>id</field>" in write(table.queries[0].element)


def test_the_key_is_found_in_whatever_case_it_comes_back() -> None:
    cursor = first(Extract("SUBSCRIPTION", ("NAME",), key="id", page_size=1))
    page = advance(cursor, [{"NAME": "x", "ID": "7"}])
    assert page.rows == [{"NAME": "x"}]
    assert isinstance(page.next, KeyCursor)
    assert page.next.last == "7"


@pytest.mark.parametrize(
    "second",
    [
        ["1", "2", "3"],  # the same page again
        ["3", "4", "5"],  # begins with the last row
        ["4", "6", "5"],  # not in order
        ["4", "4", "5"],  # one twice
        ["2"],  # goes back
    ],
)
def test_a_server_whose_pages_do_not_go_on_is_not_believed(second: list[str]) -> None:
    page = advance(first(EXTRACT), records(1, 2, 3))
    assert page.next is not None
    with pytest.raises(MalformedReplyError, match=r"RECORDNO 3 .*nothing of it was used"):
        advance(page.next, [{"RECORDNO": key, "NAME": "x", "AMOUNT": "1"} for key in second])


def test_keys_that_are_no_numbers_may_not_come_twice() -> None:
    cursor = first(Extract("AUDITHISTORY", ("ACCESSTIME",), key="ID", page_size=2))
    page = advance(cursor, [{"ACCESSTIME": "t", "ID": "a9"}, {"ACCESSTIME": "t", "ID": "a10"}])
    assert page.next is not None
    with pytest.raises(MalformedReplyError):
        advance(page.next, [{"ACCESSTIME": "t", "ID": "a10"}])
    assert advance(page.next, [{"ACCESSTIME": "t", "ID": "b1"}]).rows == [{"ACCESSTIME": "t"}]


@pytest.mark.parametrize("keys", [["1", "2", ""], ["", "1"], ["a", ""]])
def test_a_record_without_its_key_ends_the_read(keys: list[str]) -> None:
    with pytest.raises(MalformedReplyError, match="without RECORDNO"):
        advance(first(EXTRACT), [{"RECORDNO": key, "NAME": "x", "AMOUNT": "1"} for key in keys])


def test_a_reply_that_counts_rows_and_brings_none_or_fewer_is_not_the_end() -> None:
    with pytest.raises(MalformedReplyError, match="counts 5 rows"):
        advance(first(EXTRACT), [], 5)
    page = advance(first(EXTRACT), records(1, 2), 5)
    assert isinstance(page.next, KeyCursor)


def test_rows_without_the_key_are_refused() -> None:
    with pytest.raises(MalformedReplyError, match="lack RECORDNO"):
        advance(first(EXTRACT), [{"NAME": "x", "AMOUNT": "1"}])


def test_nothing_is_read_from_nothing() -> None:
    for extract in (EXTRACT, replace(EXTRACT, order_by=("NAME",))):
        for counts in (False, True):
            assert all_rows(extract, Table([], counts)) == []


# --- by offset ------------------------------------------------------------------------------------------------------


@given(
    st.lists(st.integers(1, 10**6), unique=True, max_size=40),
    st.integers(1, 9),
    st.none() | st.integers(1, 45),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_an_authors_order_is_kept_with_the_key_as_tie_break(
    numbers: list[int], size: int, limit: int | None, counts: bool, selected: bool
) -> None:
    fields = ("RECORDNO", "NAME") if selected else ("NAME", "AMOUNT")
    table = Table(records(*numbers), counts)
    extract = Extract("VENDOR", fields, order_by=("NAME desc",), page_size=size, limit=limit)
    expected = sorted(table.records, key=lambda row: int(row["RECORDNO"]))
    expected.sort(key=lambda row: row["NAME"], reverse=True)
    assert all_rows(extract, table) == [{name: row[name] for name in fields} for row in expected[:limit]]


@given(st.lists(st.sampled_from("abcd"), max_size=12), st.integers(1, 4))
def test_objects_without_a_number_are_ordered_by_all_fields(names: list[str], size: int) -> None:
    table = Table([{"PREF": name, "VALUE": name * 2} for name in names])
    extract = Extract("COMPANYPREF", ("PREF", "VALUE"), key=None, page_size=size)
    assert all_rows(extract, table) == sorted(table.records, key=lambda row: row["PREF"])


def test_groups_are_ordered_by_what_they_are_grouped_by() -> None:
    cursor = first(Extract("APBILL", ("VENDORID", "STATE", "SUM(TOTALDUE)"), order_by=("STATE desc",)))
    assert isinstance(cursor, OffsetCursor)
    assert cursor.order_by == ("STATE desc", "VENDORID")
    assert cursor.fields == ("VENDORID", "STATE", "SUM(TOTALDUE)")
    total = first(Extract("APBILL", ("COUNT(RECORDNO)",)))
    assert "orderby" not in write(total.function().element)
    assert advance(total, [{"COUNT.RECORDNO": "5"}]).next is None


@pytest.mark.parametrize("total", [2, 3, 900])
def test_groups_end_with_a_short_page_whatever_the_total_counts(total: int) -> None:
    groups = [{"VENDORID": name, "SUM.TOTALDUE": "1"} for name in "abc"]
    page = first(Extract("APBILL", ("VENDORID", "SUM(TOTALDUE)"), page_size=2)).advance(groups[:2], total)
    assert page.next is not None
    last = advance(page.next, groups[1:], total)
    assert (page.rows + last.rows, last.next) == (groups, None)


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("change", ["insert", "delete"])
def test_a_shift_between_pages_fails_the_read_instead_of_losing_a_row(change: str, counts: bool) -> None:
    table = Table(records(*range(10, 100, 10)), counts)

    def shift(number: int) -> None:
        if number == 1:
            table.records = records(5) + table.records if change == "insert" else table.records[1:]

    with pytest.raises(IncompleteReadError, match="after 3 rows") as raised:
        all_rows(replace(EXTRACT, order_by=("AMOUNT",)), table, between=shift)
    assert raised.value.retryable


def test_a_record_that_comes_twice_in_a_page_fails_the_read() -> None:
    with pytest.raises(IncompleteReadError, match="twice"):
        advance(first(replace(EXTRACT, order_by=("NAME",))), records(1, 2, 1))


def test_the_largest_page_leaves_room_for_the_repeated_row() -> None:
    extract = Extract("VENDOR", ("NAME",), order_by=("NAME",))
    following = advance(first(extract), [{"NAME": "x", "RECORDNO": str(n)} for n in range(2000)]).next
    assert following is not None
    written = write(following.function().element)
    assert "<pagesize>2000</pagesize><offset>1999</offset>" in written


@pytest.mark.parametrize("options", [{"page_size": 0}, {"page_size": 2001}, {"limit": 0}, {"limit": True}])
def test_sizes_out_of_range_are_refused_before_anything_is_sent(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError):
        Extract("VENDOR", ("NAME",), **options)
