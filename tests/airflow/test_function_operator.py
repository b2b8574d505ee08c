"""IntacctFunctionOperator against the sandbox: any function, its answer as JSON, and a write carried out once."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_intacct.hooks import IntacctHook
from airflow_provider_intacct.operators.function import IntacctFunctionOperator
from tests.airflow.conftest import Connect
from tests.sandbox_process import SandboxProcess


class Store(dict[str, Any]):
    """A task state store, as Airflow 3.3 puts it into the context."""

    def set(self, key: str, value: Any) -> None:
        self[key] = json.loads(json.dumps(value))


def context(store: Store | None = None, **changes: Any) -> dict[str, Any]:
    ti = {"dag_id": "close", "run_id": "manual__1", "task_id": "call", "map_index": -1, "try_number": 1, **changes}
    return {"ti": SimpleNamespace(**ti), **({} if store is None else {"task_state_store": store})}


def call(function: str, body: Any = None, *, run: dict[str, Any] | None = None, **arguments: Any) -> dict[str, Any]:
    operator = IntacctFunctionOperator(task_id="call", function=function, body=body, **arguments)
    return operator.execute(run or context())


def new_department(number: str = "D-900") -> dict[str, Any]:
    return {"DEPARTMENT": {"DEPARTMENTID": number, "TITLE": f"Department {number}"}}


def departments(number: str = "D-900") -> int:
    with IntacctHook().client as client:
        return len(list(client.rows("DEPARTMENT", fields=["DEPARTMENTID"], where=f"DEPARTMENTID = '{number}'")))


def test_the_answer_of_a_reading_function_is_json_by_record(connect: Connect) -> None:
    connect()
    answer = call("readEntityDetails")
    assert json.loads(json.dumps(answer)) == answer
    assert answer["status"] == "success"
    assert [record["id"] for record in answer["records"]] == ["100", "200", "300"]


def test_a_body_is_a_mapping_in_the_schemas_order(connect: Connect) -> None:
    connect()
    answer = call("readByName", {"object": "DEPARTMENT", "keys": "none-such", "fields": "DEPARTMENTID"})
    assert answer["records"] == []


def test_attributes_belong_to_the_functions_own_element(connect: Connect) -> None:
    connect()
    answer = call("get_list", attributes={"object": "company_info"})
    assert answer["status"] == "success"


def test_a_reading_function_has_no_guard_and_can_be_repeated(connect: Connect) -> None:
    connect()
    assert call("readEntityDetails")["status"] == call("readEntityDetails")["status"] == "success"


def test_a_retried_task_does_not_carry_out_the_write_twice(connect: Connect) -> None:
    connect()
    first = call("create", new_department(), run=context(try_number=1))
    again = call("create", new_department(), run=context(try_number=2))
    assert (first["status"], again["status"]) == ("success", "already_done")
    assert first["control_id"] == again["control_id"]
    assert first.keys() == again.keys()
    assert departments() == 1


def test_with_a_state_store_the_second_try_returns_the_first_answer(connect: Connect) -> None:
    connect()
    store = Store()
    first = call("create", new_department(), run=context(store))
    again = call("create", new_department(), run=context(store))
    assert again == {**first, "status": "already_done"}
    assert again["records"][0]["RECORDNO"]


def test_a_lost_reply_is_settled_without_a_second_record(connect: Connect, sandbox: SandboxProcess) -> None:
    connect()
    sandbox.fault("reset_after", function="create")
    answer = call("create", new_department())
    assert answer["status"] == "already_done"
    assert departments() == 1


def test_another_run_carries_the_write_out_again(connect: Connect) -> None:
    connect()
    one = call("create", new_department("D-901"), run=context(run_id="manual__1"))
    with pytest.raises(AirflowFailException, match="RecordExistsError"):
        call("create", new_department("D-901"), run=context(run_id="manual__2"))
    two = call("create", new_department("D-902"), run=context(run_id="manual__2"))
    assert one["control_id"] != two["control_id"]


def test_mapped_tasks_do_not_take_each_other_for_a_retry(connect: Connect) -> None:
    connect()
    ids = {call("create", new_department(f"D-91{n}"), run=context(map_index=n))["control_id"] for n in range(3)}
    assert len(ids) == 3


def test_an_idempotency_key_makes_two_runs_act_once(connect: Connect) -> None:
    connect()
    key = {"idempotency_key": "department 2026"}
    first = call("create", new_department(), run=context(run_id="manual__1"), **key)
    again = call("create", new_department(), run=context(run_id="manual__2"), **key)
    assert (first["status"], again["status"]) == ("success", "already_done")


def test_without_the_guard_every_try_acts_again(connect: Connect) -> None:
    connect()
    call("create", new_department(), allow_duplicates=True)
    with pytest.raises(AirflowFailException, match="RecordExistsError"):
        call("create", new_department(), allow_duplicates=True)


def test_a_refused_function_fails_for_good_with_intacct_own_words(connect: Connect) -> None:
    connect()
    with pytest.raises(AirflowFailException, match="NO_SUCH_OBJECT"):
        call("create", {"NO_SUCH_OBJECT": {"NAME": "x"}})


@pytest.mark.parametrize("function", ["getAPISession", "init_session"])
def test_a_session_id_cannot_be_asked_for_as_an_xcom(connect: Connect, function: str) -> None:
    connect()
    with pytest.raises(AirflowFailException, match="must not become an XCom"):
        call(function)


@pytest.mark.parametrize(("function", "body"), [("read<x>", None), ("readByName", "text"), ("", None)])
def test_what_is_no_function_is_refused_before_anything_is_sent(
    connect: Connect, sandbox: SandboxProcess, function: str, body: Any
) -> None:
    connect()
    with pytest.raises(AirflowFailException, match="Error"):
        call(function, body)
    assert sandbox.transactions() == 0


def test_more_records_than_an_xcom_may_hold_are_refused(connect: Connect) -> None:
    connect()
    with pytest.raises(AirflowFailException, match="max_records=2"):
        call("readEntityDetails", max_records=2)
