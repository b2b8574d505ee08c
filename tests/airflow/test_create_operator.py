"""IntacctCreateOperator against the sandbox: outcomes as XCom, and what a later try of the task does and refuses."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_intacct.client import IntacctClient
from airflow_provider_intacct.client.posting import (
    Known,
    Outcome,
    RecordsInDoubtError,
    Scope,
    Sending,
    Settled,
    prepare,
)
from airflow_provider_intacct.operators.posted_ledger import INDEX, PostedLedger
from airflow_provider_intacct.operators.writing import records_of
from tests.airflow.conftest import Connect
from tests.airflow.tries import Store, Task, TaskInstance
from tests.faults.company import Books, bill, entry, sign_in
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def client(connect: Connect, sandbox: SandboxProcess) -> Iterator[IntacctClient]:
    connect()
    with sign_in(sandbox) as client:
        yield client


@pytest.fixture
def journals(client: IntacctClient) -> Books:
    return Books(client, "GLBATCH")


def statuses(outcomes: list[dict[str, Any]]) -> list[str]:
    return [outcome["status"] for outcome in outcomes]


def test_returns_what_became_of_each_record_and_where_it_is(journals: Books) -> None:
    outcomes = Task().try_([entry(), entry(amount="5.00")])
    assert statuses(outcomes) == ["posted", "posted"]
    assert sorted(outcome["key"] for outcome in outcomes) == journals.added()
    assert outcomes[0]["natural_key"] == {"JOURNAL": "GJ", "REFERENCENO": outcomes[0]["reference"]}


@pytest.mark.parametrize(
    "given",
    [
        entry(),
        [entry()],
        (entry(),),
        json.dumps([entry()], default=str),
        json.dumps(entry(), default=str),
    ],
    ids=["one", "list", "tuple", "JSON list", "JSON of one"],
)
def test_takes_records_in_any_usual_form(journals: Books, given: Any) -> None:
    assert statuses(Task().try_(given)) == ["posted"]
    assert len(journals.added()) == 1


def test_numbers_in_json_text_stay_exact() -> None:
    assert records_of('[{"TRX_AMOUNT": 0.10}]') == [{"TRX_AMOUNT": Decimal("0.10")}]


def test_posts_through_a_create_function_of_its_own(client: IntacctClient) -> None:
    bills = Books(client, "APBILL")
    outcomes = Task().try_([bill("V001", "B-1")], object=None, function="create_bill")
    assert [outcome["key"] for outcome in outcomes] == bills.added()


def test_each_record_may_name_its_object(client: IntacctClient) -> None:
    vendors = Books(client, "VENDOR")
    outcomes = Task().try_(
        [{"VENDOR": {"VENDORID": "V-T", "NAME": "Ada"}}, {"GLBATCH": entry()}], object=None, function="create"
    )
    assert [outcome["object"] for outcome in outcomes] == ["VENDOR", "GLBATCH"]
    assert vendors.added() == [outcomes[0]["key"]]


def test_no_records_are_no_work(sandbox: SandboxProcess, client: IntacctClient) -> None:
    before = sandbox.transactions()
    assert Task().try_([]) == []
    assert sandbox.transactions() == before


@pytest.mark.parametrize("store", [Store(), None], ids=["Airflow 3.3", "Airflow 3.2"])
def test_a_cleared_task_does_not_post_the_journal_twice(journals: Books, store: Store | None) -> None:
    task = Task(store)
    first = task.try_([entry(), entry(), entry(amount="5.00")])
    second = task.try_([entry(), entry(amount="5.00"), entry()])
    assert statuses(second) == ["already_posted"] * 3
    assert {each["key"] for each in second} == {each["key"] for each in first}
    assert len(journals.added()) == 3


def test_a_cleared_task_whose_state_is_gone_does_not_post_twice(journals: Books) -> None:
    task = Task()
    first = task.try_([entry()])
    task.store = Store()
    assert task.try_([entry()])[0]["key"] == first[0]["key"]
    assert len(journals.added()) == 1


def test_a_cleared_task_does_not_post_twice_even_if_intacct_has_forgotten_too(
    sandbox: SandboxProcess, journals: Books
) -> None:
    sandbox.switch(uniqueid_days=1)
    task = Task(store=None)
    first = task.try_([entry()])
    sandbox.advance(5 * 24 * 3600)
    assert task.try_([entry()])[0]["key"] == first[0]["key"]
    assert len(journals.added()) == 1


def test_a_later_try_that_knows_all_is_posted_asks_intacct_nothing(sandbox: SandboxProcess, journals: Books) -> None:
    task = Task()
    task.try_([entry()])
    before = sandbox.transactions()
    assert statuses(task.try_([entry()])) == ["already_posted"]
    assert sandbox.transactions() == before


def test_other_content_in_a_later_try_stops_before_anything_is_sent(journals: Books) -> None:
    task = Task()
    task.try_([entry(REFERENCENO="MARCH")])
    with pytest.raises(AirflowFailException, match=r"(?s)Nothing was sent.*TRX_AMOUNT 80.* has no equal there"):
        task.try_([entry(REFERENCENO="MARCH", amount="80.00"), entry(REFERENCENO="APRIL")])
    assert len(journals.added()) == 1


def test_a_posted_record_that_a_later_try_no_longer_brings_stops_it(journals: Books) -> None:
    task = Task()
    first = task.try_([entry(), entry(amount="5.00")])
    with pytest.raises(AirflowFailException, match=f"as {first[0]['key']} .* is missing now"):
        task.try_([entry(amount="5.00"), entry(amount="6.00")])
    assert len(journals.added()) == 2


def test_a_lost_reply_is_a_doubt_that_the_retry_settles(sandbox: SandboxProcess, journals: Books) -> None:
    task = Task()
    sandbox.fault("reset_after", function="create", times=3)
    with pytest.raises(RecordsInDoubtError, match="run the same records again"):
        task.try_([entry()])
    assert statuses(task.ti.pushed["outcomes"]) == ["in_doubt"]
    assert statuses(task.try_([entry()])) == ["already_posted"]
    assert len(journals.added()) == 1


def test_a_worker_that_dies_while_sending_has_said_so_before(journals: Books) -> None:
    task = Task()

    class Dies(Store):
        def set(self, key: str, value: Any, *, retention: timedelta | None = None) -> None:
            if "posted" in json.dumps(value):
                raise SystemExit("killed")
            super().set(key, value, retention=retention)

    task.store = Dies()
    with pytest.raises(SystemExit):
        task.try_([entry()])
    task.store = Store(task.store)
    assert [known.status for known in PostedLedger(task.store).known.values()] == ["sending"]
    assert statuses(task.try_([entry()])) == ["already_posted"]
    assert len(journals.added()) == 1


def test_a_record_whose_request_was_turned_away_may_be_mended(client: IntacctClient) -> None:
    bills, task = Books(client, "APBILL"), Task(object=None)
    with pytest.raises(AirflowFailException, match="SchemaError"):
        task.try_([bill("V001", "B-1") | {"nonsense": "1"}, bill("V001", "B-2")], function="create_bill")
    (outcome,) = task.try_([bill("V001", "B-1")], function="create_bill")
    assert (outcome["status"], [outcome["key"]]) == ("posted", bills.added())


def test_a_rejected_record_fails_the_task_with_intacct_s_words(journals: Books) -> None:
    task = Task()
    wrong = entry(amount="5.00")
    wrong["ENTRIES"][0]["ACCOUNTNO"] = "no such"
    with pytest.raises(AirflowFailException, match=r"(?s)1 rejected, 1 rolled back.*record 2 \(GLBATCH.*no such"):
        task.try_([entry(), wrong])
    assert statuses(task.ti.pushed["outcomes"]) == ["rolled_back", "rejected"]
    assert task.ti.pushed["outcomes"][1]["errors"][0]["text"]
    assert journals.added() == []
    assert statuses(task.try_([entry(), entry(amount="5.00")])) == ["posted", "posted"]


@pytest.mark.parametrize("atomic", [True, False])
def test_rejected_records_can_be_collected_and_the_others_are_booked(journals: Books, atomic: bool) -> None:
    wrong, wronger = entry(amount="5.00"), entry(amount="6.00")
    wrong["ENTRIES"][0]["ACCOUNTNO"] = "no such"
    wronger["ENTRIES"][0]["ACCOUNTNO"] = "none at all"
    given = [wrong, entry(), wronger, entry(amount="7.00")]
    outcomes = Task().try_(given, on_reject="collect", max_rejects=2, atomic=atomic)
    assert statuses(outcomes) == ["rejected", "posted", "rejected", "posted"]
    assert sorted(outcome["key"] for outcome in outcomes if outcome["key"]) == journals.added()
    with pytest.raises(AirflowFailException, match="2 rejected"):
        Task(ti=TaskInstance(run_id="other")).try_(given, on_reject="collect", max_rejects=1, atomic=atomic)


def out_of_balance() -> dict[str, Any]:
    wrong = entry()
    wrong["ENTRIES"][0]["TRX_AMOUNT"] = "90.00"
    return wrong


@pytest.mark.parametrize(
    ("records", "arguments", "words"),
    [
        ([entry(), out_of_balance()], {}, "UnbalancedEntryError: record 2 .*differ by 10.00"),
        (entry(ENTRIES=[]), {}, "has no lines"),
        (["no mapping"], {}, "a record is a mapping"),
        ([entry(RATE=1.5)], {}, "float"),
        ("no json", {}, "is text and no JSON"),
        (7, {}, "records is a int|records is an int"),
        ([entry()], {"object": None}, "give object_name"),
        ([entry()], {"function": "create_bill"}, "leave object='GLBATCH' out"),
        ([entry()], {"on_reject": "ignore"}, "on_reject is 'ignore'"),
        ([entry()], {"idempotency_key": "a", "allow_duplicates": True}, "give one of the two"),
        ([entry(), entry(amount="1.00")], {"idempotency_key": "a"}, "names one record, and 2 were given"),
        ([entry()], {"idempotency_key": ["a", "b"]}, "2 idempotency keys for 1 records"),
    ],
)
def test_bad_input_fails_for_good_before_anything_is_sent(
    sandbox: SandboxProcess, client: IntacctClient, records: Any, arguments: dict[str, Any], words: str
) -> None:
    before = sandbox.transactions()
    with pytest.raises(AirflowFailException, match=words):
        Task().try_(records, **arguments)
    assert sandbox.transactions() == before


def test_two_runs_that_name_the_same_business_event_post_it_once(journals: Books) -> None:
    first = Task().try_([entry()], idempotency_key="accrual 2026-03")
    other_run = Task(ti=TaskInstance(dag_id="other", run_id="manual__2"))
    assert other_run.try_([entry()], idempotency_key="accrual 2026-03")[0]["key"] == first[0]["key"]
    assert len(journals.added()) == 1


def test_two_runs_that_bring_other_content_for_the_same_event_do_not_post_it(journals: Books) -> None:
    Task().try_([entry()], idempotency_key="accrual 2026-03")
    other_run = Task(ti=TaskInstance(run_id="manual__2"))
    with pytest.raises(AirflowFailException, match=r"(?s)not what this one brings.*different: line 1"):
        other_run.try_([entry(amount="80.00")], idempotency_key="accrual 2026-03")
    assert len(journals.added()) == 1


def test_two_runs_of_a_dag_and_two_mapped_tasks_post_each_for_itself(journals: Books) -> None:
    for ti in (TaskInstance(), TaskInstance(run_id="manual__2"), TaskInstance(map_index=0), TaskInstance(map_index=1)):
        assert statuses(Task(ti=ti).try_([entry()])) == ["posted"]
    assert len(journals.added()) == 4


def test_a_key_for_each_of_several_records(journals: Books) -> None:
    keys = ["accrual 2026-03 100", "accrual 2026-03 200"]
    Task().try_([entry(), entry()], idempotency_key=keys)
    again = Task(ti=TaskInstance(run_id="manual__2")).try_([entry(), entry()], idempotency_key=keys)
    assert statuses(again) == ["already_posted"] * 2
    assert len(journals.added()) == 2


def test_the_guard_can_be_turned_off_by_name(journals: Books) -> None:
    task = Task()
    for _ in range(2):
        assert statuses(task.try_([entry()], allow_duplicates=True)) == ["posted"]
    assert len(journals.added()) == 2


def test_a_statistical_entry_has_no_balance(journals: Books) -> None:
    with pytest.raises(AirflowFailException, match="statistical=True"):
        Task().try_([{**entry(), "JOURNAL": "STJ", "ENTRIES": entry()["ENTRIES"][:1]}])
    assert journals.added() == []


def test_posts_inside_an_entity(client: IntacctClient, journals: Books) -> None:
    lines = [{**line, "LOCATION": "200"} for line in entry()["ENTRIES"]]
    outcomes = Task().try_([entry(ENTRIES=lines)], entity_id="200")
    assert [outcome["key"] for outcome in outcomes] == journals.added()


def test_wrong_credentials_fail_for_good(connect: Connect, sandbox: SandboxProcess) -> None:
    connect(password="wrong-Secret-0")
    with pytest.raises(AirflowFailException, match="refused the sign-in"):
        Task().try_([entry()])


class TestThePostedLedger:
    postings = prepare(
        [entry(amount=f"{number}.00") for number in range(1, 402)], scope=Scope("DEMO"), object_name="GLBATCH"
    )

    def test_gives_back_what_was_told(self) -> None:
        store = Store()
        PostedLedger(store).tell(Settled((Outcome(self.postings[0], "posted", key="77"),)))
        posting = self.postings[0]
        assert PostedLedger(store).known == {posting.control_id: Known("posted", posting.digest, "77", posting.label)}

    def test_keeps_each_value_small_however_many_records_there_are(self) -> None:
        store = Store()
        ledger = PostedLedger(store)
        for start in range(0, len(self.postings), 100):
            ledger.tell(Sending(tuple(self.postings[start : start + 100])))
        assert len(PostedLedger(store).known) == 401
        assert max(len(json.dumps(value)) for value in store.values()) < 64_000

    def test_changes_what_it_knows_in_place(self) -> None:
        store = Store()
        PostedLedger(store).tell(Sending(tuple(self.postings)))
        ledger = PostedLedger(store)
        parts = store[INDEX]
        ledger.tell(Settled(tuple(Outcome(posting, "posted") for posting in self.postings)))
        assert store[INDEX] == parts
        assert {known.status for known in PostedLedger(store).known.values()} == {"posted"}

    def test_knows_nothing_without_a_store(self) -> None:
        ledger = PostedLedger(None)
        ledger.tell(Sending(tuple(self.postings)))
        assert ledger.known == {}


def test_a_dag_run_that_is_deleted_and_made_again_posts_nothing_twice(
    airflow_db: None, client: IntacctClient, journals: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.models.dagrun import DagRun

    from tests.airflow.conftest import DAGS_FOLDER

    monkeypatch.setattr(DagRun, "generate_run_id", lambda **about: "manual__2026-03-31")
    day = datetime(2026, 3, 31, tzinfo=UTC)
    dag = DagBag(dag_folder=str(DAGS_FOLDER)).dags["posts_entries"]
    posted = [outcome["key"] for outcome in posted_by(dag.test(logical_date=day))]
    again = posted_by(dag.test(logical_date=day))  # Airflow deletes the first run, and its state with it
    assert statuses(again) == ["already_posted"] * 3
    assert sorted(outcome["key"] for outcome in again) == sorted(posted) == journals.added()


def test_clearing_a_task_keeps_what_it_knows(airflow_db: None, client: IntacctClient) -> None:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.models.taskinstance import TaskInstance as Row
    from airflow.models.taskinstance import clear_task_instances
    from airflow.utils.session import create_session
    from sqlalchemy import select

    from tests.airflow.conftest import DAGS_FOLDER

    state_store = pytest.importorskip("airflow.models.task_state_store", reason="Airflow keeps task state from 3.3 on")
    kept_row = state_store.TaskStateStoreModel
    run = DagBag(dag_folder=str(DAGS_FOLDER)).dags["posts_entries"].test()
    kept = select(kept_row.map_index, kept_row.key, kept_row.expires_at).where(
        kept_row.run_id == run.run_id, kept_row.task_id == "post"
    )
    everything = [(index, key, None) for index in (0, 1) for key in (INDEX, f"{INDEX}_0")]
    with create_session() as session:
        assert sorted(map(tuple, session.execute(kept))) == everything
        rows = session.scalars(select(Row).where(Row.run_id == run.run_id, Row.task_id == "post")).all()
        clear_task_instances(list(rows), session)
    with create_session() as session:
        assert sorted(map(tuple, session.execute(kept))) == everything


def posted_by(run: Any) -> list[dict[str, Any]]:
    """The outcomes of both mapped tasks of a run of posts_entries."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    assert run.state == "success"
    with create_session() as session:
        found = session.scalars(XComModel.get_many(run_id=run.run_id, key="return_value", task_ids="post")).all()
        ordered = sorted(found, key=lambda xcom: xcom.map_index)
        return [outcome for xcom in ordered for outcome in XComModel.deserialize_value(xcom)]
