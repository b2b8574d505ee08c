"""Whether a value fits its field, told without a company."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_intacct.client.checking.values import choice_fault, day, fault
from airflow_provider_intacct.client.xml.metadata import FieldDefinition


@pytest.mark.parametrize(
    ("datatype", "value"),
    [
        ("BOOLEAN", True),
        ("BOOLEAN", "false"),
        ("BOOLEAN", "T"),
        ("DATE", date(2026, 3, 31)),
        ("DATE", "03/31/2026"),
        ("DATE", "2026-03-31"),
        ("DATE", {"year": "2026", "month": "3", "day": "31"}),
        ("INTEGER", 7),
        ("INTEGER", "-1"),
        ("INTEGER", "7.0"),
        ("CURRENCY", "1234.50"),
        ("CURRENCY", Decimal("1E+2")),
        ("CURRENCY", "1.100"),
        ("DECIMAL", "1.08251234"),
        ("PERCENT", "12.5"),
        ("TEXT", "ten chars."),
        ("SOMETHING NEW", "whatever"),
    ],
)
def test_a_value_that_fits_is_no_fault(datatype: str, value: Any) -> None:
    assert fault(FieldDefinition("F", datatype), value, most=10) is None


@pytest.mark.parametrize(
    ("datatype", "value", "words"),
    [
        ("BOOLEAN", "maybe", "'maybe' is neither true nor false; give True or False"),
        ("DATE", "31.03.2026", "'31.03.2026' is no date; give a date"),
        ("DATE", "02/30/2026", "'02/30/2026' is no date"),
        ("INTEGER", "7a", "'7a' is no whole number; give digits only"),
        ("INTEGER", "7.5", "'7.5' is no whole number"),
        ("CURRENCY", "1,234.50", "'1,234.50' is no number; write it plainly"),
        ("CURRENCY", "$5", "'$5' is no number"),
        ("CURRENCY", "NaN", "'NaN' is no number"),
        ("CURRENCY", Decimal("1.005"), "1.005 has more than two decimals; Intacct would round it"),
        ("TEXT", "eleven char", "it has 11 characters, and the field holds 10; shorten it"),
    ],
)
def test_a_value_that_does_not_fit_is_told_with_what_to_do(datatype: str, value: Any, words: str) -> None:
    assert "; ".join(fault(FieldDefinition("F", datatype), value, most=10) or ()).startswith(words)


def test_quantities_of_statistical_journals_may_have_more_decimals() -> None:
    assert fault(FieldDefinition("TRX_AMOUNT", "CURRENCY"), Decimal("1.005"), money=False) is None


def test_prices_may_have_more_decimals() -> None:
    assert fault(FieldDefinition("BASEPRICE", "CURRENCY"), Decimal("1.005")) is None


def test_a_value_of_an_enumeration_is_told_in_any_case_and_its_nearest_named() -> None:
    priority = FieldDefinition("PRIORITY", "ENUM", values=("urgent", "high", "normal", "low"))
    assert fault(priority, "High") is None
    assert fault(priority, "hihg") == ("'hihg' is none of its values", "did you mean 'high'?")
    assert fault(priority, "x") == ("'x' is none of its values", "give one of 'urgent', 'high', 'normal', 'low'")


def test_only_documented_states_may_be_asked_for() -> None:
    assert choice_fault(("Posted", "Draft"), "Draft") is None
    assert choice_fault(("Posted", "Draft"), "Reversed") is not None


@pytest.mark.parametrize("value", ["2026-03-31", "03/31/2026", "03/31/2026 12:00:00", date(2026, 3, 31)])
def test_a_day_is_read_however_it_is_written(value: Any) -> None:
    assert day(value) == date(2026, 3, 31)


def test_what_is_no_day_is_none() -> None:
    assert [day(value) for value in ("", None, "soon", "31/03/2026")] == [None] * 4
