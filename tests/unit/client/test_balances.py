"""Functions of balances: elements in the schema's order, nothing sent that cannot be meant, amounts exact."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from airflow_provider_intacct.client.errors import InvalidRequestError, MalformedReplyError
from airflow_provider_intacct.client.xml import balances
from airflow_provider_intacct.client.xml.balances import Totals
from airflow_provider_intacct.client.xml.elements import write

JANUARY = "<startdate><year>2026</year><month>01</month><day>01</day></startdate>"
JANUARY += "<enddate><year>2026</year><month>01</month><day>31</day></enddate>"
UDD = {"userDefinedDimension": [{"objectName": "CHANNEL", "recordId": "7"}]}
MONTH: dict[str, Any] = {"start": date(2026, 1, 1), "end": "2026-01-31"}


def tags(made: Any) -> list[str]:
    return [part.tag for part in made.body]


def test_a_trial_balance_is_asked_for_by_period_or_by_its_days() -> None:
    flags = "<showzerobalances>false</showzerobalances><showdeptdetail>true</showdeptdetail>"
    flags += "<showlocdetail>false</showlocdetail>"
    by_period = balances.get_trial_balance(period="Month Ended January 2026", by_department=True)
    assert write(by_period.element) == (
        f"<get_trialbalance><reportingperiodname>Month Ended January 2026</reportingperiodname>{flags}"
        "</get_trialbalance>"
    )
    by_days = balances.get_trial_balance(by_department=True, **MONTH)
    assert write(by_days.element) == f"<get_trialbalance>{JANUARY}{flags}</get_trialbalance>"


def test_options_stand_in_the_schemas_order_however_they_are_given() -> None:
    made = balances.get_trial_balance(
        dimensions={"userDefinedDimensions": UDD, "loc_subs": False, "locationid": "100", "departmentid": ""},
        statistical="exclude",
        include_book=False,
        adjustment_books="GAAP, OBL",
        book="ACCRUAL",
        **MONTH,
    )
    assert tags(made)[5:] == [
        *("reportingbook", "adjbooks", "includereportingbook", "statistical", "departmentid", "locationid", "loc_subs"),
        "userDefinedDimensions",
    ]
    assert "<adjbooks><adjbook>GAAP</adjbook><adjbook>OBL</adjbook></adjbooks>" in write(made.element)
    assert "<departmentid/>" in write(made.element)


def test_account_balances_put_the_location_before_the_department() -> None:
    made = balances.get_account_balances(
        account="4000", dimensions={"departmentid": "10", "dept_subs": True, "locationid": "100"}, **MONTH
    )
    assert tags(made) == [
        *("startdate", "enddate", "glaccountno", "locationid", "departmentid", "showzerobalances", "dept_subs"),
    ]


def test_balances_by_dimensions_end_with_what_they_are_grouped_by() -> None:
    for group_by in (["location", "department"], "location, department"):
        made = balances.get_account_balances_by_dimensions(
            group_by=group_by, first_account="4000", last_account="4999", dimensions={"locationid": "1"}, **MONTH
        )
        assert tags(made)[-1] == "groupby"
        assert "<groupby>location,department</groupby>" in write(made.element)
        assert not made.writes


def test_aging_takes_a_day() -> None:
    made = balances.get_ar_aging(periods="0-30,31-60", as_of="2026-01-31", by_due_date=True, customer_id="C1")
    assert tags(made) == ["agingperiods", "customerid", "asofdate", "useduedate"]
    assert "<asofdate><year>2026</year><month>01</month><day>31</day></asofdate>" in write(made.element)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "its first and last day"),
        ({"period": "x", "start": date(2026, 1, 1)}, "not both"),
        ({"start": date(2026, 1, 1)}, "its first and last day"),
        ({"start": "2026-02-01", "end": "2026-01-01"}, "2026-01-01, comes before"),
        ({"start": "01/02/2026", "end": "2026-01-01"}, "text like 2026-01-31"),
        ({"start": datetime(2026, 1, 1, 5, tzinfo=UTC), "end": "2026-01-01"}, "a time of day"),
        ({**MONTH, "statistical": "maybe"}, "include, exclude, only"),
        ({**MONTH, "dimensions": {"locationId": "1"}}, "Did you mean locationid"),
        ({**MONTH, "dimensions": {"galaxy": "1"}}, "There are departmentid"),
        ({**MONTH, "dimensions": {"vendorid": "1", "vendortypeid": "2"}}, "exclude each other"),
        ({**MONTH, "dimensions": {"taskid": "1"}}, "taskid needs projectid"),
        ({**MONTH, "dimensions": {"loc_subs": False}}, "loc_subs needs locationid"),
        ({**MONTH, "dimensions": {"classid_subs": False}}, "classid_subs needs classid"),
    ],
)
def test_what_cannot_be_meant_is_not_sent(options: Any, words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        balances.get_trial_balance(**options)


@pytest.mark.parametrize(
    "accounts",
    [{"account": "1", "account_group": "x"}, {"first_account": "1"}, {"account": "1", "last_account": "2"}],
)
def test_accounts_are_chosen_in_one_way(accounts: Any) -> None:
    with pytest.raises(InvalidRequestError, match=r"an account, an account group|a first and a last"):
        balances.get_account_balances(**accounts, **MONTH)


def test_tasks_are_no_dimension_of_balances_by_dimensions() -> None:
    with pytest.raises(InvalidRequestError, match="taskid is not among"):
        balances.get_account_balances_by_dimensions(dimensions={"projectid": "P", "taskid": "T"}, **MONTH)
    with pytest.raises(InvalidRequestError, match="an empty name"):
        balances.get_account_balances_by_dimensions(group_by=["location", ""], **MONTH)


def trial_balance(*rows: tuple[str, str, str, str]) -> Any:
    written = "".join(
        f"<trialbalance><glaccountno>{account}</glaccountno><startbalance>0</startbalance><debits>{debits}</debits>"
        f"<credits>{credits}</credits><adjdebits>0.05</adjdebits><adjcredits/><endbalance>1</endbalance>"
        f"<reportingbook>ACCRUAL</reportingbook><currency>{currency}</currency><departmentid/></trialbalance>"
        for account, debits, credits, currency in rows
    )
    return etree.fromstring(f"<data>{written}</data>")


def test_a_trial_balance_is_read_exactly_and_summed_by_book_and_currency() -> None:
    read = balances.read_trial_balance(
        trial_balance(("1000", "0.1", "0", "USD"), ("2000", "0.2", "0.4", "USD"), ("1000", "5", "5.05", "GBP"))
    )
    assert read.rows[0]["debits"] == Decimal("0.1")
    assert read.rows[0]["glaccountno"] == "1000"
    assert (read.rows[0]["departmentid"], read.rows[0]["adjcredits"]) == (None, None)
    assert read.totals["ACCRUAL", "USD"] == Totals(Decimal("0.40"), Decimal("0.4"))
    assert read.differences == {}


def test_what_does_not_tie_out_is_told_by_book_and_currency() -> None:
    read = balances.read_trial_balance(trial_balance(("1000", "1.00", "0", "USD"), ("2000", "0", "0.99", "USD")))
    assert read.differences == {("ACCRUAL", "USD"): Decimal("0.11")}


def test_an_empty_trial_balance_ties_out() -> None:
    assert balances.read_trial_balance(etree.fromstring("<data/>")).differences == {}
    assert balances.read_trial_balance(None).rows == []


@pytest.mark.parametrize(
    "row", ["<glaccountno>1</glaccountno>", "<debits>x</debits><credits>1</credits>", "<debits>1</debits>"]
)
def test_an_answer_that_is_no_trial_balance_is_refused(row: str) -> None:
    with pytest.raises(MalformedReplyError):
        balances.read_trial_balance(etree.fromstring(f"<data><trialbalance>{row}</trialbalance></data>"))


def test_account_balances_are_typed_by_the_names_of_their_amounts() -> None:
    data = etree.fromstring(
        "<data><accountbalance><glaccountno>4000</glaccountno><startbalance>0</startbalance>"
        "<periodbalance>-2040.17</periodbalance><endbalance>-2040.17</endbalance><currency>USD</currency>"
        "<locationid>1</locationid><budgetbalance>150.00</budgetbalance><difference/></accountbalance></data>"
    )
    assert balances.read_balances(data) == [
        {
            "glaccountno": "4000", "startbalance": Decimal(0), "periodbalance": Decimal("-2040.17"),
            "endbalance": Decimal("-2040.17"), "currency": "USD", "locationid": "1",
            "budgetbalance": Decimal("150.00"), "difference": None,
        }
    ]  # fmt: skip
