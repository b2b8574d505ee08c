"""What a declared mapping makes of rows, and what it says of rows that it cannot make a record of."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_intacct.client.errors import InvalidRequestError
from airflow_provider_intacct.transfers.inbound.mapping import RowsError, check_columns, mapped
from airflow_provider_intacct.transfers.inbound.rows import SourceError, packed, ranges, unpacked

HEADER = {"VENDORID": "vendor", "RECORDID": "number"}
LINES = ("APBILLITEMS", {"ACCOUNTNO": "account", "TRX_AMOUNT": "amount", "LOCATIONID": {"value": "100"}})


def row(**changes: Any) -> dict[str, Any]:
    return {"vendor": "V1", "number": "7", "account": "6000", "amount": "10.00", **changes}


def record(*rows: dict[str, Any], header: Any = HEADER, lines: Any = LINES) -> dict[str, Any]:
    return mapped(header, lines).record(rows, range(2, 2 + len(rows)))


def field(given: Any, value: Any, name: str = "DESCRIPTION") -> Any:
    return record({"x": value}, header={name: given}, lines=None).get(name, "left out")


def problem(given: Any, value: Any, name: str = "DESCRIPTION") -> str:
    with pytest.raises(RowsError) as refused:
        field(given, value, name)
    return str(refused.value)


def test_each_row_becomes_a_line_and_the_first_value_the_header() -> None:
    made = record(row(), row(account="6100", amount="5"))
    assert made["VENDORID"] == "V1"
    assert [line["ACCOUNTNO"] for line in made["APBILLITEMS"]] == ["6000", "6100"]
    assert made["APBILLITEMS"][1]["TRX_AMOUNT"] == Decimal(5)


def test_a_row_of_its_own_may_hold_the_header() -> None:
    made = record(row(account=None, amount=None), row(vendor=None, number=""))
    assert made["VENDORID"] == "V1"
    assert len(made["APBILLITEMS"]) == 1


def test_rows_of_one_record_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(RowsError, match=r"row 3, column vendor: 'V2', but 'V1' in row 2; both are VENDORID of one"):
        record(row(), row(vendor="V2"))


def test_a_header_without_lines_is_refused() -> None:
    with pytest.raises(RowsError, match="a header without lines: account, amount are empty in all of its rows"):
        record(row(account="", amount=None))


def test_all_that_is_wrong_is_told_at_once_with_row_and_column() -> None:
    with pytest.raises(RowsError) as refused:
        record(row(amount="1,00"), row(amount="x"))
    assert "row 2, column amount (TRX_AMOUNT) is '1,00'" in str(refused.value)
    assert "row 3, column amount (TRX_AMOUNT) is 'x'" in str(refused.value)


def test_a_path_puts_a_field_into_another() -> None:
    header = {"NAME": "x", "DISPLAYCONTACT/PRINTAS": "x", "DISPLAYCONTACT/EMAIL1": {"value": "a@b.c"}}
    made = record({"x": "Ada"}, header=header, lines=None)
    assert made == {"NAME": "Ada", "DISPLAYCONTACT": {"PRINTAS": "Ada", "EMAIL1": "a@b.c"}}


@pytest.mark.parametrize(
    ("given", "value", "name", "expected"),
    [
        ("x", "2026-03-31", "WHENDUE", date(2026, 3, 31)),
        ("x", "03/31/2026", "WHENDUE", date(2026, 3, 31)),
        ({"column": "x", "date": "%d.%m.%Y"}, "31.03.2026", "WHENDUE", date(2026, 3, 31)),
        ({"column": "x", "date": "%d.%m.%Y"}, "2026-03-31", "WHENDUE", date(2026, 3, 31)),
        ("x", datetime(2026, 3, 31), "WHENDUE", date(2026, 3, 31)),  # noqa: DTZ001
        ("x", date(2026, 3, 31), "WHENDUE", date(2026, 3, 31)),
        ({"column": "x", "decimal_mark": ","}, "1.234,50", "TRX_AMOUNT", Decimal("1234.50")),
        ("x", " -10.5 ", "TRX_AMOUNT", Decimal("-10.5")),
        ("x", 7, "TRX_AMOUNT", Decimal(7)),
        ({"column": "x", "codes": {"D": "1", "C": "-1"}}, "C", "TR_TYPE", "-1"),
        ({"column": "x", "default": "none"}, " ", "DESCRIPTION", "none"),
        ({"column": "x", "empty": "clear"}, None, "DESCRIPTION", ""),
        ("x", "", "DESCRIPTION", "left out"),
        ("x", " LB-1 ", "RECORDID", "LB-1"),
        ("x", True, "ONHOLD", True),
        ({"value": 0}, "", "DESCRIPTION", 0),
    ],
)
def test_a_cell_becomes_what_its_field_needs(given: Any, value: Any, name: str, expected: Any) -> None:
    assert field(given, value, name) == expected


@pytest.mark.parametrize(
    ("given", "value", "name", "words"),
    [
        (
            "x",
            "31.03.2026",
            "WHENDUE",
            "is '31.03.2026', which is no date as in 2026-03-31 or 03/31/2026; give its format",
        ),
        ({"column": "x", "date": "%d.%m.%Y"}, "31.13.2026", "WHENDUE", "which is no date of the form %d.%m.%Y"),
        ("x", datetime(2026, 3, 31, 9), "WHENDUE", "bring the date it falls on"),  # noqa: DTZ001
        ("x", 0.1, "TRX_AMOUNT", "is the float 0.1, which cannot carry money exactly"),
        ("x", 0.5, "DESCRIPTION", "is the float 0.5, which may not be exact"),
        ("x", "1,234.50", "TRX_AMOUNT", "which is no amount; write it plainly, as in 1234.56"),
        ("x", "1.234,50", "TRX_AMOUNT", 'or give decimal_mark=","'),
        ({"column": "x", "decimal_mark": ","}, "1,234.50", "TRX_AMOUNT", "write it plainly, as in 1234,56"),
        ("x", "1.005", "TRX_AMOUNT", "Intacct keeps two decimals and would round it"),
        ("x", "NaN", "TRX_AMOUNT", "which is no amount"),
        ("x", Decimal("Infinity"), "TRX_AMOUNT", "which is no amount"),
        ("x", "a\x0bb", "DESCRIPTION", "has the character U+000B at position 2, which XML cannot carry"),
        ("x", b"b", "DESCRIPTION", "is a bytes: bring it as text"),
        ("x", ["b"], "DESCRIPTION", "is a list: bring it as text"),
        ({"column": "x", "codes": {"D": "1"}}, "H", "TR_TYPE", "is 'H'; it is one of 'D'"),
        ({"column": "x", "required": True}, "", "RECORDID", "is empty, and RECORDID is required"),
    ],
)
def test_a_cell_that_does_not_hold_what_its_field_needs_is_refused(
    given: Any, value: Any, name: str, words: str
) -> None:
    assert words in problem(given, value, name)
    assert problem(given, value, name).startswith(f"row 2, column x ({name}) ")


@pytest.mark.parametrize(
    ("header", "lines", "words"),
    [
        (None, LINES, "header says which columns become which fields"),
        ({"A B": "x"}, None, "'A B' cannot be a field's name"),
        ({"A": 7}, None, "A: give a column's name, or a dict of"),
        ({"A": {"col": "x"}}, None, "'col' is none of them"),
        ({"A": {"column": "x", "value": 1}}, None, "either a column or a constant value"),
        ({"A": {"column": "x", "decimal_mark": "x"}}, None, "decimal_mark is '.' or ','"),
        ({"A": "x", "A/B": "x"}, None, "A is given a value, and so is A/B within it"),
        ({"ITEMS": "x"}, ("ITEMS", {"C": "x"}), "ITEMS is given a value, and so is ITEMS within it"),
        ({"A": "x"}, ("ITEMS", {"B/C": "x", "B": "x"}), "B is given a value, and so is B/C within it"),
        (HEADER, {"ACCOUNTNO": "account"}, "lines is the name of the container"),
    ],
)
def test_a_mapping_that_says_nothing_is_refused(header: Any, lines: Any, words: str) -> None:
    with pytest.raises(InvalidRequestError, match="Nothing was sent") as refused:
        mapped(header, lines)
    assert words in str(refused.value)


def test_a_missing_column_is_named_with_what_it_is_for() -> None:
    with pytest.raises(SourceError, match=r"bills.csv has no column amount \(for TRX_AMOUNT\); it has vendor, Amount"):
        check_columns("bills.csv", ["vendor", "Amount"], {"vendor": "VENDORID", "amount": "TRX_AMOUNT"}, None)


def test_a_column_that_nobody_reads_is_refused_unless_it_is_left_out_on_purpose() -> None:
    with pytest.raises(SourceError, match=r"not mapped: tax\. .* ignore_columns=\['tax'\]"):
        check_columns("bills.csv", ["vendor", "tax"], {"vendor": "VENDORID"}, [])
    check_columns("bills.csv", ["vendor", "tax"], {"vendor": "VENDORID"}, ["tax"])
    check_columns("bills.csv", ["vendor", "tax"], {"vendor": "VENDORID"}, None)
    check_columns("bills.csv", ["vendor", "_intacct_error"], {"vendor": "VENDORID"}, [])


def test_values_come_back_from_disk_as_they_were() -> None:
    values = {
        "text": "ä\u2028",
        "whole": 7,
        "large": 2**70,
        "money": Decimal("1.50"),
        "day": date(2026, 3, 31),
        "moment": datetime(2026, 3, 31, 9, 30),  # noqa: DTZ001
        "nothing": None,
        "truth": True,
        "bytes": b"\xff",
        "nested": [{"a": Decimal("0.10"), "large": 2**70}],
        "like ours": {"$date": "2026-03-31T00:00:00Z"},
        "endless": float("inf"),
    }
    assert unpacked(packed(values)) == values
    assert str(unpacked(packed(values))["money"]) == "1.50"
    assert str(unpacked(packed({"x": float("nan")}))["x"]) == "nan"


def test_rows_are_told_in_ranges() -> None:
    assert ranges([2, 3, 4, 6, 8, 9]) == "2-4, 6, 8-9"
