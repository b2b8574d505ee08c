"""Functions commit one by one, or all or nothing (wire/xml-gateway.md §2.5, §5)."""

from tests.gateway_requests import Answer, call, create_department, departments
from tests.sandbox_process import SandboxProcess

ROLLED_BACK = (
    "XL03000009",
    "The entire transaction in this operation has been rolled back due to an error.",
)
FAILING = "<getUserPermissions><userId>nobody</userId></getUserPermissions>"
OWN_ERROR = ("BL03000025", "Login ID nobody does not exist.")


def errors_of(answer: Answer, number: int) -> list[tuple[str | None, str]]:
    return answer.errors(f"operation/result[{number}]/errormessage/error")


def test_without_a_transaction_each_function_stands_for_itself(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, create_department("A"), FAILING, create_department("B"))
    assert answer.statuses == ["success", "failure", "success"]
    assert departments(sandbox, ["A", "B"]) == ["A", "B"]


def test_an_atomic_operation_commits_together(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, create_department("A"), create_department("B"), atomic=True)
    assert answer.statuses == ["success", "success"]
    assert departments(sandbox, ["A", "B"]) == ["A", "B"]


def test_one_failure_rolls_everything_back(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, create_department("A"), FAILING, create_department("B"), atomic=True)
    assert answer.text("operation/authentication/status") == "success"
    assert answer.statuses == ["aborted", "failure", "aborted"]
    assert errors_of(answer, 1) == [ROLLED_BACK]
    assert errors_of(answer, 2) == [OWN_ERROR, ROLLED_BACK]
    assert errors_of(answer, 3) == [ROLLED_BACK]
    assert departments(sandbox, ["A", "B"]) == []


def test_the_culprit_may_be_called_aborted_too(sandbox: SandboxProcess) -> None:
    sandbox.switch(rollback_culprit="aborted")
    answer = call(sandbox, FAILING, atomic=True)
    assert answer.statuses == ["aborted"]
    assert errors_of(answer, 1) == [OWN_ERROR, ROLLED_BACK]


def test_a_session_that_was_rolled_back_does_not_exist(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, "<getAPISession/>", FAILING, atomic=True)
    assert answer.statuses == ["aborted", "failure"]
    assert answer.root.find(".//sessionid") is None


def test_a_create_stops_at_the_first_bad_record_and_keeps_those_before(sandbox: SandboxProcess) -> None:
    departments_of_one_call = "".join(
        f"<DEPARTMENT><DEPARTMENTID>{name}</DEPARTMENTID><TITLE>x</TITLE></DEPARTMENT>" for name in ("A", "B", "A", "C")
    )
    answer = call(sandbox, f"<create>{departments_of_one_call}</create>")
    assert answer.statuses == ["failure"]
    data = answer.root.find("operation/result/data")
    assert data is not None
    assert data.get("count") == "2"
    assert len(data) == 2
    assert errors_of(answer, 1)
    assert departments(sandbox, ["A", "B", "C"]) == ["A", "B"]


def test_a_create_that_stops_inside_a_transaction_keeps_nothing(sandbox: SandboxProcess) -> None:
    records = 2 * "<DEPARTMENT><DEPARTMENTID>A</DEPARTMENTID><TITLE>x</TITLE></DEPARTMENT>"
    answer = call(sandbox, f"<create>{records}</create>", atomic=True)
    assert answer.statuses == ["failure"]
    assert answer.root.find("operation/result/data") is None
    assert departments(sandbox, ["A"]) == []


def test_what_was_acknowledged_survives_a_kill(fresh_sandbox: SandboxProcess) -> None:
    names = [f"D{number}" for number in range(5)]
    for name in names:
        assert call(fresh_sandbox, create_department(name)).statuses == ["success"]
    fresh_sandbox.kill()
    fresh_sandbox.restart()
    assert departments(fresh_sandbox, names) == names
