"""IntacctUpsertOperator against the sandbox: what exists is updated, what does not is created, each record once."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_intacct.client import IntacctClient
from airflow_provider_intacct.client.posting import RecordsInDoubtError, Scope, prepare_upserts
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.operators.write import IntacctUpsertOperator
from tests.airflow.conftest import Connect
from tests.airflow.tries import Store, Task
from tests.faults.company import Books, sign_in
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def client(connect: Connect, sandbox: SandboxProcess) -> Iterator[IntacctClient]:
    connect()
    with sign_in(sandbox) as client:
        yield client


@pytest.fixture
def vendors(client: IntacctClient) -> Books:
    return Books(client, "VENDOR")


def upserting(stores: bool = True, *, run: str = "scheduled__2026-03-31") -> Task:
    task = Task(Store() if stores else None, operator=IntacctUpsertOperator, object="VENDOR")
    task.ti.run_id = run
    return task


def vendor(number: int = 1, **more: Any) -> dict[str, Any]:
    return {"VENDORID": f"V-T{number}", "NAME": f"Name {number}", **more}


def name(client: IntacctClient, number: int) -> str:
    query = functions.query("VENDOR", ["NAME"], where=f"VENDORID = 'V-T{number}'")
    (found,) = client.call(query).records
    return found.fields["NAME"]


def acts(outcomes: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(outcome["act"], outcome["status"]) for outcome in outcomes]


def test_night_after_night_only_what_changed_is_written(
    sandbox: SandboxProcess, client: IntacctClient, vendors: Books
) -> None:
    first = upserting(run="1").try_([vendor(1), vendor(2)])
    assert acts(first) == [("create", "posted")] * 2
    before = sandbox.transactions()
    second = upserting(run="2").try_([vendor(1), vendor(2, NAME="Eve"), vendor(3)])
    assert acts(second) == [("upsert", "already_posted"), ("update", "posted"), ("create", "posted")]
    assert sandbox.transactions() - before == 4  # a look-up, a read, and the two that changed
    assert [each["key"] for each in second] == vendors.added()
    assert name(client, 2) == "Eve"


def test_by_an_external_id_in_whatever_order(client: IntacctClient, vendors: Books) -> None:
    given = [vendor(n, TAXID=f"crm-{n}") for n in range(3)]
    upserting(run="1").try_(given, key="TAXID")
    changed = [{"TAXID": f"crm-{n}", "NAME": f"Other {n}"} for n in (2, 0)]
    assert acts(upserting(run="2").try_(changed, key=["TAXID"])) == [("update", "posted")] * 2
    assert len(vendors.added()) == 3
    assert [name(client, n) for n in range(3)] == ["Other 0", "Name 1", "Other 2"]


def test_null_leaves_and_empty_clears(client: IntacctClient) -> None:
    upserting(run="1").try_(vendor(TAXID="7", COMMENTS="kept"))
    upserting(run="2").try_(vendor(TAXID="", COMMENTS=None))
    query = functions.query("VENDOR", ["TAXID", "COMMENTS"], where="VENDORID = 'V-T1'")
    assert client.call(query).records[0].fields == {"TAXID": "", "COMMENTS": "kept"}


@pytest.mark.parametrize("stores", [True, False], ids=["Airflow 3.3", "Airflow 3.2"])
@pytest.mark.parametrize("fault", ["reset_after", "http_524_after", "kept", "reset_uncommitted"])
def test_a_cleared_or_lost_try_creates_once(
    sandbox: SandboxProcess, client: IntacctClient, vendors: Books, stores: bool, fault: str
) -> None:
    task = upserting(stores)
    if fault != "kept":
        sandbox.fault(fault, "create", times=9)
        with pytest.raises(RecordsInDoubtError):
            task.try_([vendor(1), vendor(2)])
        sandbox.control("/sandbox/faults", method="DELETE")
    outcomes = [task.try_([vendor(2), vendor(1)]) for _ in range(2)]
    assert sorted(each["key"] for each in outcomes[0]) == vendors.added()
    assert [each["status"] for each in outcomes[1]] == ["already_posted"] * 2


@pytest.mark.parametrize("stores", [True, False], ids=["Airflow 3.3", "Airflow 3.2"])
def test_other_content_in_a_later_try_is_not_written(client: IntacctClient, vendors: Books, stores: bool) -> None:
    task = upserting(stores)
    task.try_(vendor())
    with pytest.raises(AirflowFailException, match="NAME is 'Name 1' there and 'Eve' here"):
        task.try_(vendor(NAME="Eve"))
    assert name(client, 1) == "Name 1"


def test_two_records_with_the_key_are_refused_and_named(client: IntacctClient, vendors: Books) -> None:
    upserting(run="1").try_([vendor(1, TAXID="7"), vendor(2, TAXID="7")])
    first, second = vendors.added()
    with pytest.raises(AirflowFailException, match=f"TAXID 7: RECORDNO {first}, {second}. Nothing was sent"):
        upserting(run="2").try_([vendor(4, TAXID="8"), {"TAXID": "7", "NAME": "Eve"}], key="TAXID")
    assert vendors.added() == [first, second]
    outcomes = upserting(run="3").try_(
        [vendor(4, TAXID="8"), {"TAXID": "7", "NAME": "Eve"}], key="TAXID", on_reject="collect"
    )
    assert [each["status"] for each in outcomes] == ["posted", "rejected"]


def test_two_of_the_input_with_the_key_are_refused_or_collected(vendors: Books) -> None:
    given = [vendor(1), vendor(1, NAME="Eve"), vendor(2)]
    with pytest.raises(AirflowFailException, match="one and the same with different content"):
        upserting().try_(given)
    assert vendors.added() == []
    outcomes = upserting().try_(given, on_reject="collect")
    assert [each["status"] for each in outcomes] == ["rejected", "rejected", "posted"]


def test_too_many_rejects_fail_the_task_and_leave_the_outcomes(vendors: Books) -> None:
    given = [{"NAME": "no id"}, vendor(1), {"NAME": "nor this"}]
    task = upserting()
    with pytest.raises(AirflowFailException, match="2 rejected, 1 rolled back"):
        task.try_(given, on_reject="collect", max_rejects="1")
    assert [each["status"] for each in task.ti.pushed["outcomes"]] == ["rejected", "rolled_back", "rejected"]
    assert vendors.added() == []
    assert [each["status"] for each in task.try_(given, on_reject="collect", max_rejects=2)][1] == "posted"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"max_rejects": 3}, "give on_reject='collect' too"),
        ({"max_rejects": "many", "on_reject": "collect"}, "give a whole number"),
    ],
)
def test_arguments_that_contradict_themselves_are_refused(
    client: IntacctClient, arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(AirflowFailException, match=words):
        upserting().try_(vendor(), **arguments)


def test_two_loads_at_once_end_in_one_record_each(sandbox: SandboxProcess, vendors: Books) -> None:
    sandbox.switch(concurrency=4)
    ended: list[str] = []

    def load(run: str) -> None:
        given = [vendor(n, COMMENTS=run) for n in range(5)]
        postings = prepare_upserts(given, scope=Scope("DEMO", "sync", run, "t"), object_name="VENDOR")
        with sign_in(sandbox) as own:
            ended.extend(outcome.status for outcome in own.post(postings))

    loads = [threading.Thread(target=load, args=(run,)) for run in ("a", "b", "c")]
    for each in loads:
        each.start()
    for each in loads:
        each.join(60)
    assert len(vendors.added()) == 5
    assert set(ended) <= {"posted", "already_posted"}
    assert len(ended) == 15


def test_custom_objects_can_be_upserted_by_their_name(client: IntacctClient) -> None:
    for run, act in (("1", "create"), ("2", "update")):
        outcomes = upserting(run=run).try_({"name": "S-T", "SEATS": run}, object="SUBSCRIPTION", key="name")
        assert acts(outcomes) == [(act, "posted")]
    found = client.call(functions.query("SUBSCRIPTION", ["id", "SEATS"], where="name = 'S-T'")).records
    assert [each.fields["SEATS"] for each in found] == ["2"]


def test_a_dag_that_runs_again_writes_nothing_that_is_there(
    airflow_db: None, sandbox: SandboxProcess, client: IntacctClient, vendors: Books
) -> None:
    from airflow.dag_processing.dagbag import DagBag

    from tests.airflow.conftest import DAGS_FOLDER

    dag = DagBag(dag_folder=str(DAGS_FOLDER)).dags["keeps_vendors"]
    first = dag.test()
    assert (first.state, len(vendors.added())) == ("success", 4)
    query = functions.query("VENDOR", ["COMMENTS", "DISPLAYCONTACT.PRINTAS"], where="VENDORID LIKE 'V-D%'")
    found = [each.fields for each in client.call(query).records]
    assert sorted(each["COMMENTS"] for each in found) == ["", "", "kept in Oslo", "kept in Oslo"]
    assert "Oslo" in {each["DISPLAYCONTACT.PRINTAS"] for each in found}
    sandbox.control("/sandbox/log", method="DELETE")
    assert dag.test().state == "success"
    assert {call["function"] for call in sandbox.control("/sandbox/log")} <= {"getAPISession", "query", "read"}
