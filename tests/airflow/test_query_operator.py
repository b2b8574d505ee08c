"""IntacctQueryOperator against the sandbox: what becomes an XCom, what is refused, what Airflow retries."""

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_intacct.operators.query import IntacctQueryOperator
from airflow_provider_intacct.xcom import plain
from tests.airflow.conftest import Connect
from tests.sandbox_process import SandboxProcess


def read(object: str, fields: Sequence[str] | str, **arguments: Any) -> list[dict[str, Any]]:
    return IntacctQueryOperator(task_id="read", object=object, fields=fields, **arguments).execute({})


def refusal(object: str, fields: Sequence[str] | str, **arguments: Any) -> str:
    with pytest.raises(AirflowFailException) as error:
        read(object, fields, **arguments)
    return str(error.value)


def test_the_matching_records_come_back_in_the_order_asked_for(connect: Connect) -> None:
    connect()
    found = read("LOCATIONENTITY", ["LOCATIONID"], where="LOCATIONID IN ('100', '300')", order_by="LOCATIONID DESC")
    assert found == [{"LOCATIONID": "300"}, {"LOCATIONID": "100"}]


def test_values_are_json_and_money_stays_exact(connect: Connect) -> None:
    connect()
    rows = read("GLDETAIL", ["RECORDNO", "AMOUNT", "ENTRY_DATE", "WHENMODIFIED", "DEPARTMENTID"], limit=200)
    assert json.loads(json.dumps(rows)) == rows
    amounts = [row["AMOUNT"] for row in rows]
    assert all(isinstance(amount, str) for amount in amounts)
    assert sum(map(Decimal, amounts)).as_tuple().exponent == -2
    assert all(date.fromisoformat(row["ENTRY_DATE"]) for row in rows)
    assert rows[0]["WHENMODIFIED"].endswith("+00:00")
    assert {type(row["DEPARTMENTID"]) for row in rows} <= {str, type(None)}


def test_untyped_values_are_what_intacct_sent(connect: Connect) -> None:
    connect()
    (typed,) = read("GLDETAIL", ["ENTRY_DATE"], limit=1)
    (raw,) = read("GLDETAIL", ["ENTRY_DATE"], limit=1, typed=False)
    year, month, day = typed["ENTRY_DATE"].split("-")
    assert raw["ENTRY_DATE"] == f"{month}/{day}/{year}"


def test_more_records_than_an_xcom_may_hold_are_refused_and_not_cut_off(connect: Connect) -> None:
    connect()
    message = refusal("GLDETAIL", ["RECORDNO"], max_rows=10)
    assert "More than 10 GLDETAIL records match" in message
    assert "limit" in message
    assert "max_rows" in message


def test_exactly_as_many_records_as_allowed_are_returned(connect: Connect) -> None:
    connect()
    assert len(read("LOCATIONENTITY", ["LOCATIONID"], max_rows=3)) == 3


def test_a_limit_takes_the_first_records_on_purpose(connect: Connect) -> None:
    connect()
    assert len(read("GLDETAIL", ["RECORDNO"], limit="7", max_rows=10)) == 7
    assert "more records than max_rows=10 allows" in refusal("GLDETAIL", ["RECORDNO"], limit=11, max_rows=10)


def test_values_with_quotes_reach_intacct_as_they_are(connect: Connect) -> None:
    connect()
    assert read("VENDOR", ["VENDORID"], where="NAME = :name", where_params={"name": "O'Neil' OR '1'='1"}) == []


def test_an_empty_where_means_all_records(connect: Connect) -> None:
    connect()
    assert len(read("LOCATIONENTITY", "LOCATIONID, NAME", where="  ")) == 3


def test_the_entity_argument_chooses_where_to_read(connect: Connect) -> None:
    connect()
    everywhere = read("GLDETAIL", ["LOCATIONID"], limit=1000)
    inside = read("GLDETAIL", ["LOCATIONID"], limit=1000, entity_id="200")
    assert {row["LOCATIONID"][0] for row in everywhere} == {"1", "2", "3"}
    assert {row["LOCATIONID"][0] for row in inside} == {"2"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"fields": []}, "'fields' must be a list of names"),
        ({"fields": ["LOCATIONID", None]}, "'fields' holds something that is no name"),
        ({"max_rows": "many"}, "'max_rows' must be a whole number"),
        ({"max_rows": 0}, "'max_rows' must be at least 1"),
        ({"where": "LOCATIONID ="}, "WhereError"),
        ({"where": "LOCATIONID = :entity"}, "entity"),
        ({"object": "VENDOR OR 1"}, "VENDOR OR 1"),
    ],
)
def test_arguments_that_cannot_be_sent_are_refused_before_anything_is_sent(
    connect: Connect, sandbox: SandboxProcess, arguments: dict[str, Any], expected: str
) -> None:
    connect()
    assert expected in refusal(**{"object": "LOCATIONENTITY", "fields": ["LOCATIONID"], **arguments})
    assert sandbox.transactions() == 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"object": "NO_SUCH_OBJECT"}, "NO_SUCH_OBJECT"),
        ({"fields": ["NO_SUCH_FIELD"]}, "NO_SUCH_FIELD"),
        ({"where": "NO_SUCH_FIELD = 1"}, "NO_SUCH_FIELD"),
    ],
)
def test_what_the_company_does_not_have_fails_for_good_and_is_named(
    connect: Connect, arguments: dict[str, Any], expected: str
) -> None:
    connect()
    assert expected in refusal(**{"object": "LOCATIONENTITY", "fields": ["LOCATIONID"], **arguments})


def test_wrong_credentials_fail_the_task_for_good(connect: Connect) -> None:
    connect(password="wrong-Secret-444")
    assert "SignInError" in refusal("LOCATIONENTITY", ["LOCATIONID"])


def test_a_locked_user_fails_the_task_for_good(connect: Connect) -> None:
    connect(user="locked")
    assert "LockedOutError" in refusal("LOCATIONENTITY", ["LOCATIONID"])


def test_a_missing_connection_field_fails_the_task_for_good(connect: Connect) -> None:
    connect(company_id="")
    assert "'company_id' is missing" in refusal("LOCATIONENTITY", ["LOCATIONID"])


def test_an_outage_leaves_the_task_to_airflows_retries(connect: Connect, without_pauses: None) -> None:
    from airflow_provider_intacct.client.errors import ConnectError

    connect(endpoint="http://127.0.0.1:9/ia/xml/xmlgw.phtml")
    with pytest.raises(ConnectError):
        read("LOCATIONENTITY", ["LOCATIONID"])


def test_an_expired_session_is_renewed_without_the_author_noticing(connect: Connect, sandbox: SandboxProcess) -> None:
    connect()
    read("LOCATIONENTITY", ["LOCATIONID"])
    sandbox.advance(7 * 24 * 3600)
    assert len(read("LOCATIONENTITY", ["LOCATIONID"])) == 3


def test_the_last_log_line_says_rows_transactions_and_seconds(
    connect: Connect, capsys: pytest.CaptureFixture[str], sandbox: SandboxProcess
) -> None:
    connect()
    read("LOCATIONENTITY", ["LOCATIONID"])
    last = capsys.readouterr().out.splitlines()[-1]
    assert f"Read 3 LOCATIONENTITY records; {sandbox.transactions()} API transactions used, " in last
    assert " s. " in last


def test_plain_values_keep_what_json_cannot_say() -> None:
    assert plain({"a": Decimal("1E+3"), "b": [date(2026, 1, 31), None, True, 1]}) == {
        "a": "1000",
        "b": ["2026-01-31", None, True, 1],
    }


def test_a_budget_stops_the_task_before_it_spends_more(connect: Connect, sandbox: SandboxProcess) -> None:
    connect()
    read = IntacctQueryOperator(task_id="read", object="VENDOR", fields="VENDORID", max_api_transactions="1")
    before = sandbox.transactions()

    with pytest.raises(AirflowFailException, match="max_api_transactions is 1 and 1 are used"):
        read.execute({})

    assert sandbox.transactions() == before + 1  # the lookup
