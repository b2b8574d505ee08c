"""control/uniqueid: what succeeded under a function's control id is not executed again (wire/xml-gateway.md §5)."""

import contextlib
import http.client
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.gateway_requests import Answer, call, create_department, departments, function, login
from tests.sandbox_process import SandboxProcess

FAILING = "<getUserPermissions><userId>nobody</userId></getUserPermissions>"


def create(sandbox: SandboxProcess, name: str, control_id: str, unique: bool | None = True) -> Answer:
    return call(sandbox, function(create_department(name), control_id), unique=unique)


def is_refused(answer: Answer, control_id: str) -> bool:
    texts = [text for _, text in answer.errors("operation/result/errormessage/error")]
    return texts == [f"A successful transaction has already been recorded with the control id {control_id}"]


@pytest.mark.parametrize("unique", [True, None], ids=["true", "left out"])
def test_a_control_id_is_good_for_one_success(sandbox: SandboxProcess, unique: bool | None) -> None:
    assert create(sandbox, "A", "id-1", unique).statuses == ["success"]
    again = create(sandbox, "B", "id-1", unique)
    assert again.statuses == ["failure"]
    assert is_refused(again, "id-1")
    assert again.root.find(".//RECORDNO") is None, "the first result is not told again"
    assert departments(sandbox, ["A", "B"]) == ["A"]


def test_without_uniqueid_anything_goes(sandbox: SandboxProcess) -> None:
    assert create(sandbox, "A", "id-1", unique=False).statuses == ["success"]
    assert create(sandbox, "B", "id-1", unique=False).statuses == ["success"]
    assert create(sandbox, "C", "id-1", unique=True).statuses == ["success"], "nothing was remembered"


def test_the_controls_own_id_is_never_checked(sandbox: SandboxProcess) -> None:
    for name in ("A", "B"):
        answer = call(sandbox, function(create_department(name), "id-" + name), unique=True, control_id="same")
        assert answer.statuses == ["success"]


def test_a_failure_is_not_remembered(sandbox: SandboxProcess) -> None:
    assert call(sandbox, function(FAILING, "id-1"), unique=True).statuses == ["failure"]
    assert create(sandbox, "A", "id-1").statuses == ["success"]


def test_the_same_id_twice_in_one_request_is_refused_the_second_time(sandbox: SandboxProcess) -> None:
    twice = [function(create_department(name), "id-1") for name in ("A", "B")]
    assert call(sandbox, *twice, unique=True).statuses == ["success", "failure"]
    assert departments(sandbox, ["A", "B"]) == ["A"]


def test_the_refusal_may_lack_its_status(sandbox: SandboxProcess) -> None:
    create(sandbox, "A", "id-1")
    sandbox.switch(uniqueid_reply="no_status", uniqueid_errorno="XL0")
    answer = create(sandbox, "B", "id-1")
    assert answer.statuses == [None]
    assert answer.text("operation/result/errormessage/error/errorno") == "XL0"
    sandbox.switch(uniqueid_reply="bare")
    answer = create(sandbox, "B", "id-1")
    assert [child.tag for child in answer.results[0]] == ["function", "controlid"]


def test_a_rollback_forgets(sandbox: SandboxProcess) -> None:
    first = [function(create_department("A"), "id-1"), function(FAILING, "id-2")]
    assert call(sandbox, *first, unique=True, atomic=True).statuses == ["aborted", "failure"]
    assert create(sandbox, "A", "id-1").statuses == ["success"]


def test_a_repeated_id_rolls_its_operation_back(sandbox: SandboxProcess) -> None:
    create(sandbox, "A", "id-1")
    batch = [function(create_department("B"), "id-2"), function(create_department("A"), "id-1")]
    answer = call(sandbox, *batch, unique=True, atomic=True)
    assert answer.statuses == ["aborted", "failure"]
    assert departments(sandbox, ["A", "B"]) == ["A"]


def test_a_repeated_id_may_leave_its_operation_standing(sandbox: SandboxProcess) -> None:
    create(sandbox, "A", "id-1")
    sandbox.switch(uniqueid_rolls_back=False)
    batch = [function(create_department("A"), "id-1"), function(create_department("B"), "id-2")]
    assert call(sandbox, *batch, unique=True, atomic=True).statuses == ["failure", "success"]
    assert departments(sandbox, ["A", "B"]) == ["A", "B"]


def test_reads_are_remembered_unless_switched_off(sandbox: SandboxProcess) -> None:
    read = function("<get_applications/>", "id-1")
    assert call(sandbox, read, unique=True).statuses == ["success"]
    assert call(sandbox, read, unique=True).statuses == ["failure"]
    sandbox.switch(uniqueid_covers_reads=False)
    assert call(sandbox, read, unique=True).statuses == ["success"]


def test_the_memory_is_shared_by_all_users_of_a_sender_by_default(sandbox: SandboxProcess) -> None:
    west = login(("west", "west-Secret-5Xp"))
    read = function("<get_applications/>", "id-1")
    assert call(sandbox, read, unique=True).statuses == ["success"]
    assert call(sandbox, read, unique=True, credential=west).statuses == ["failure"]
    sandbox.switch(uniqueid_scope="user")
    assert call(sandbox, read, unique=True, credential=west).statuses == ["success"]


def test_the_memory_may_be_limited_in_days(sandbox: SandboxProcess) -> None:
    create(sandbox, "A", "id-1")
    sandbox.switch(uniqueid_days=30)
    assert create(sandbox, "B", "id-1").statuses == ["failure"]
    sandbox.advance(31 * 86400)
    assert create(sandbox, "B", "id-1").statuses == ["success"]


def test_the_memory_may_hold_so_many_ids_only(sandbox: SandboxProcess) -> None:
    for name in ("A", "B", "C"):
        create(sandbox, name, f"id-{name}")
    sandbox.switch(uniqueid_kept=2)
    assert create(sandbox, "X", "id-C").statuses == ["failure"]
    assert create(sandbox, "X", "id-B").statuses == ["failure"]
    assert create(sandbox, "X", "id-A").statuses == ["success"]
    assert create(sandbox, "Y", "id-B").statuses == ["success"], "id-A is among the last two again"


def test_the_bench_can_make_the_gateway_forget(sandbox: SandboxProcess) -> None:
    create(sandbox, "A", "id-1")
    assert [line["controlid"] for line in sandbox.control("/sandbox/control-ids")] == ["id-1"]
    assert sandbox.control("/sandbox/control-ids", method="DELETE") == []
    assert create(sandbox, "B", "id-1").statuses == ["success"]


def test_number_and_text_of_the_refusal_are_open(sandbox: SandboxProcess) -> None:
    create(sandbox, "A", "id-1")
    sandbox.switch(uniqueid_errorno="GW-1234", uniqueid_text="Already seen: {control_id} {x}")
    assert create(sandbox, "A", "id-1").errors() == [("GW-1234", "Already seen: id-1 {x}")]


@pytest.mark.parametrize(
    ("told", "reply", "statuses", "texts"),
    [
        ("error", "error", ["aborted", "failure"], 2),
        ("silent", "error", ["aborted", "aborted"], 1),
        ("alone", "error", ["aborted", "failure"], 1),
        ("alone", "no_status", ["aborted", None], 1),
        ("alone", "bare", ["aborted", None], 0),
    ],
)
def test_how_a_rolled_back_operation_tells_its_repeated_id_is_open(
    sandbox: SandboxProcess, told: str, reply: str, statuses: list[str | None], texts: int
) -> None:
    create(sandbox, "A", "id-1")
    sandbox.switch(uniqueid_in_rollback=told, uniqueid_reply=reply)
    batch = [function(create_department("B"), "id-2"), function(create_department("A"), "id-1")]
    answer = call(sandbox, *batch, unique=True, atomic=True)
    assert [result.findtext("status") for result in answer.results] == statuses
    assert len(answer.results[1].findall("errormessage/error")) == texts
    assert departments(sandbox, ["A", "B"]) == ["A"]


def test_a_create_that_stopped_halfway_may_count_as_a_success(sandbox: SandboxProcess) -> None:
    half = "<create><CLASS><CLASSID>U1</CLASSID><NAME>n</NAME></CLASS><CLASS><CLASSID>U2</CLASSID></CLASS></create>"
    other = half.replace("U1", "U3")
    assert call(sandbox, function(half, "id-1"), unique=True).statuses == ["failure"]
    assert not is_refused(call(sandbox, function(other, "id-1"), unique=True), "id-1")
    sandbox.switch(uniqueid_covers_partial=True)
    assert call(sandbox, function(half.replace("U1", "U4"), "id-2"), unique=True).statuses == ["failure"]
    assert is_refused(call(sandbox, function(half.replace("U1", "U5"), "id-2"), unique=True), "id-2")


def test_an_id_in_process_may_be_waited_for(sandbox: SandboxProcess) -> None:
    sandbox.fault("slow", function="create", seconds=0.5)
    sandbox.switch(concurrency=2, uniqueid_concurrent="wait")
    with ThreadPoolExecutor() as pool:
        running = pool.submit(create, sandbox, "A", "id-1")
        sandbox.wait_for_operations(in_process=1)
        assert is_refused(create(sandbox, "B", "id-1"), "id-1")
        assert running.result().statuses == ["success"]
    assert departments(sandbox, ["A", "B"]) == ["A"]


def test_an_id_still_in_process_is_refused_as_such(sandbox: SandboxProcess) -> None:
    sandbox.fault("slow", function="create", seconds=2)
    sandbox.switch(concurrency=2)
    with ThreadPoolExecutor() as pool:
        running = pool.submit(create, sandbox, "A", "id-1")
        sandbox.wait_for_operations(in_process=1)
        assert create(sandbox, "B", "id-1").errors() == [("BL01001973", "concurrent request in process")]
        assert running.result().statuses == ["success"]
    assert is_refused(create(sandbox, "B", "id-1"), "id-1")
    assert departments(sandbox, ["A", "B"]) == ["A"]


@pytest.mark.parametrize("fault", ["kill_after", "kill_before"])
def test_effect_and_memory_live_or_die_together(fresh_sandbox: SandboxProcess, fault: str) -> None:
    fresh_sandbox.fault(fault, function="create")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        create(fresh_sandbox, "A", "id-1")
    fresh_sandbox.wait_until_dead()
    fresh_sandbox.restart()
    executed = fault == "kill_after"
    assert departments(fresh_sandbox, ["A"]) == (["A"] if executed else [])
    assert create(fresh_sandbox, "A", "id-1").statuses == ["failure" if executed else "success"]
    assert departments(fresh_sandbox, ["A"]) == ["A"]


def test_a_kill_amid_many_writes_loses_and_doubles_nothing(fresh_sandbox: SandboxProcess) -> None:
    names = [f"D{number:03}" for number in range(100)]
    fresh_sandbox.switch(concurrency=4)
    fresh_sandbox.fault("kill_after", function="create", nth=40)
    acknowledged: list[str] = []

    def post_one(name: str) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if create(fresh_sandbox, name, f"id-{name}").statuses == ["success"]:
                acknowledged.append(name)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(post_one, names))
    fresh_sandbox.wait_until_dead()
    fresh_sandbox.restart()
    survived = departments(fresh_sandbox, names)
    assert set(acknowledged) <= set(survived)
    assert len(acknowledged) < len(survived) < len(names), "one was committed and never acknowledged"
    again = [create(fresh_sandbox, name, f"id-{name}") for name in names]
    refused = [name for name, answer in zip(names, again, strict=True) if is_refused(answer, f"id-{name}")]
    assert refused == sorted(survived)
    assert sorted(departments(fresh_sandbox, names)) == names
