"""Every fault the gateway is known for, at every kind of record: the books hold it once, and the outcome says so."""

import random
from collections.abc import Iterator

import pytest

from airflow_provider_intacct.client import IntacctClient
from airflow_provider_intacct.client.errors import IntacctError
from airflow_provider_intacct.client.posting import RecordsInDoubtError, RecordsRejectedError, raise_unless_posted
from airflow_provider_intacct.client.retry import RetryPolicy
from tests.faults.company import HURRIED, MORE_WORK, TASK, WORK, Books, Work, bill, entry, keys, sign_in
from tests.sandbox_process import SandboxProcess

FAULTS = [
    "reset_before",
    "reset_after",
    "http_524",
    "http_524_after",
    "http_503",
    "http_429",
    "truncated",
    "expired_session",
    "gw_html",
    "concurrent_refusal",
    "throttled_text",
]
ONE_TRY = RetryPolicy(attempts=1, attempts_after_lost_reply=1, attempts_while_in_process=1)
ENTRY, EQUAL_ENTRIES, NUMBERED_BILLS = WORK[0], WORK[2], WORK[4]

some_works = pytest.mark.parametrize("work", WORK, ids=lambda work: work.name)
works = pytest.mark.parametrize("work", WORK + MORE_WORK, ids=lambda work: work.name)
faults = pytest.mark.parametrize("fault", FAULTS)


@pytest.fixture
def client(sandbox: SandboxProcess) -> Iterator[IntacctClient]:
    with sign_in(sandbox) as client:
        yield client


@some_works
@faults
def test_a_fault_in_passing_books_each_record_once(
    sandbox: SandboxProcess, client: IntacctClient, work: Work, fault: str
) -> None:
    books, postings = Books(client, work.object), work.postings()
    sandbox.fault(fault, function=work.function)
    outcomes = client.post(postings)
    raise_unless_posted(outcomes)
    assert books.added() == keys(outcomes)
    assert len(books.added()) == len(postings)


@pytest.mark.parametrize("work", WORK[::2], ids=lambda work: work.name)
@faults
def test_a_fault_that_outlasts_the_try_is_mended_by_the_next(
    sandbox: SandboxProcess, client: IntacctClient, work: Work, fault: str
) -> None:
    books = Books(client, work.object)
    sandbox.fault(fault, function=work.function)
    with sign_in(sandbox, retry=ONE_TRY) as hasty:
        try:
            first = {outcome.status for outcome in hasty.post(work.postings())}
        except IntacctError:
            first = {"turned away"}
    assert first in ({"turned away"}, {"posted"}, {"in_doubt"})
    if first == {"turned away"}:
        assert books.added() == []
    with sign_in(sandbox) as retried:
        second = retried.post(work.postings())
    raise_unless_posted(second)
    assert books.added() == keys(second)
    assert len(books.added()) == len(second)


@works
def test_a_cleared_task_finds_what_it_posted(client: IntacctClient, work: Work) -> None:
    books = Books(client, work.object)
    first = client.post(work.postings())
    second = client.post(work.postings())
    assert {outcome.status for outcome in second} == {"already_posted"}
    assert keys(second) == keys(first) == books.added()


@works
@pytest.mark.parametrize("shape", ["error", "no_status", "bare"])
@pytest.mark.parametrize("atomic", [True, False])
def test_either_shape_of_the_refusal_leads_to_the_record(
    sandbox: SandboxProcess, client: IntacctClient, work: Work, shape: str, atomic: bool
) -> None:
    sandbox.switch(uniqueid_reply=shape)
    first = client.post(work.postings(), atomic=atomic)
    second = client.post(work.postings(), atomic=atomic)
    assert [(outcome.status, outcome.key) for outcome in second] == [("already_posted", each.key) for each in first]


@pytest.mark.parametrize("culprit", ["failure", "aborted"])
@pytest.mark.parametrize("shape", ["error", "no_status", "bare"])
@pytest.mark.parametrize("rolls_back", [True, False])
def test_what_is_new_is_posted_beside_what_was_posted(
    sandbox: SandboxProcess, client: IntacctClient, culprit: str, shape: str, rolls_back: bool
) -> None:
    sandbox.switch(rollback_culprit=culprit, uniqueid_reply=shape, uniqueid_rolls_back=rolls_back)
    books = Books(client, "APBILL")
    old, new = NUMBERED_BILLS.postings()
    first = client.post([old])
    second = client.post([old, new])
    assert [outcome.status for outcome in second] == ["already_posted", "posted"]
    assert second[0].key == first[0].key
    assert books.added() == keys(second)


@works
def test_the_records_may_come_in_another_order(client: IntacctClient, work: Work) -> None:
    books = Books(client, work.object)
    client.post(work.postings())
    moved = Work(work.name, work.object, work.function, lambda: random.Random(7).sample(work.make(), len(work.make())))
    second = client.post(moved.postings())
    assert {outcome.status for outcome in second} == {"already_posted"}
    assert keys(second) == books.added()


def test_other_content_under_the_same_key_is_not_posted_and_the_difference_is_said(client: IntacctClient) -> None:
    books = Books(client, "GLBATCH")
    march = Work("march", "GLBATCH", "create", lambda: [entry()])
    april = Work("april", "GLBATCH", "create", lambda: [entry(amount="80.00")])
    client.post(march.postings(keys=["accrual"]))
    outcomes = client.post(april.postings(keys=["accrual"]))
    with pytest.raises(RecordsRejectedError, match=r"other content: line 1 \(ACCOUNTNO 6000.*TRX_AMOUNT 80"):
        raise_unless_posted(outcomes)
    assert len(books.added()) == 1


def test_other_content_under_the_same_number_is_not_posted_and_the_difference_is_said(client: IntacctClient) -> None:
    books = Books(client, "APBILL")
    before = Work("before", "APBILL", "create_bill", lambda: [bill("V001", "B-1")])
    after = Work("after", "APBILL", "create_bill", lambda: [bill("V001", "B-1", "60.00")])
    client.post(before.postings())
    outcomes = client.post(after.postings())
    assert [outcome.status for outcome in outcomes] == ["rejected"]
    assert "other content" in outcomes[0].note
    assert len(books.added()) == 1


@pytest.mark.parametrize("work", [EQUAL_ENTRIES, NUMBERED_BILLS], ids=lambda work: work.name)
def test_a_record_that_is_wrong_leaves_nothing_behind_and_can_be_mended(client: IntacctClient, work: Work) -> None:
    books = Books(client, work.object)
    good = work.make()
    lines, account = ("ENTRIES", "ACCOUNTNO") if work.object == "GLBATCH" else ("billitems", "glaccountno")
    bad = [*good[:-1], {**good[-1], lines: [{**line, account: "no such"} for line in good[-1][lines]]}]
    outcomes = client.post(Work("bad", work.object, work.function, lambda: bad).postings())
    assert [outcome.status for outcome in outcomes] == ["rolled_back"] * (len(good) - 1) + ["rejected"]
    assert outcomes[-1].errors
    assert books.added() == []
    assert keys(client.post(work.postings())) == books.added()


@pytest.mark.parametrize("slow", ["slow", "slow_after"])
def test_a_slow_reply_that_is_not_waited_for_books_once(
    sandbox: SandboxProcess, client: IntacctClient, slow: str
) -> None:
    books = Books(client, "GLBATCH")
    sandbox.fault(slow, function="create", seconds=0.6)
    with sign_in(sandbox, timeout=0.2) as hasty:
        outcomes = hasty.post(ENTRY.postings())
    if any(outcome.status == "in_doubt" for outcome in outcomes):
        outcomes = client.post(ENTRY.postings())
    raise_unless_posted(outcomes)
    assert keys(outcomes) == books.added()


def test_a_session_that_ends_in_between_changes_nothing(sandbox: SandboxProcess, client: IntacctClient) -> None:
    books = Books(client, "GLBATCH")
    first = client.post(ENTRY.postings())
    sandbox.advance(24 * 3600)
    second = client.post(ENTRY.postings())
    assert (second[0].status, second[0].key) == ("already_posted", first[0].key)
    assert keys(second) == books.added()


@works
def test_an_id_that_intacct_has_forgotten_is_found_by_its_number(
    sandbox: SandboxProcess, client: IntacctClient, work: Work
) -> None:
    sandbox.switch(uniqueid_days=1)
    books = Books(client, work.object)
    first = client.post(work.postings())
    sandbox.advance(3 * 24 * 3600)
    second = client.post(work.postings(), look_first=True)
    assert [(outcome.status, outcome.key) for outcome in second] == [("already_posted", each.key) for each in first]
    assert books.added() == keys(first)


@pytest.mark.parametrize("look_first", [True, False])
def test_a_reversing_entry_is_found_though_its_reversal_bears_the_same_number(
    client: IntacctClient, look_first: bool
) -> None:
    lines = [{**line, "CURRENCY": "USD", "EXCHANGE_RATE": "1", "DEPARTMENT": None} for line in entry()["ENTRIES"]]
    accrual = entry(REFERENCENO="ACCR 2026-03-31 USD", REVERSEDATE="2026-04-01", ENTRIES=lines)
    work = Work("a reversing entry", "GLBATCH", "create", lambda: [accrual])
    first = client.post(work.postings())
    second = client.post(work.postings(), look_first=look_first)
    assert [(outcome.status, outcome.key) for outcome in second] == [("already_posted", first[0].key)]


def test_without_a_reference_the_refusal_alone_prevents_the_second_booking(client: IntacctClient) -> None:
    books = Books(client, "GLBATCH")
    client.post(ENTRY.postings(stamp_reference=False))
    second = client.post(ENTRY.postings(stamp_reference=False))
    assert [(outcome.status, outcome.key) for outcome in second] == [("already_posted", "")]
    assert len(books.added()) == 1


@pytest.mark.parametrize("after", ["reset_after", "http_524_after", "truncated"])
def test_a_server_that_dies_with_the_reply_leaves_a_doubt_that_the_next_try_settles(
    fresh_sandbox: SandboxProcess, after: str
) -> None:
    with sign_in(fresh_sandbox) as client:
        books = Books(client, "GLBATCH")
        fresh_sandbox.fault(after, function="create", times=3)
        with pytest.raises(RecordsInDoubtError, match="AF-"):
            raise_unless_posted(client.post(EQUAL_ENTRIES.postings()))
        fresh_sandbox.kill()
        fresh_sandbox.restart()
        outcomes = client.post(EQUAL_ENTRIES.postings())
        raise_unless_posted(outcomes)
        assert keys(outcomes) == books.added()
        assert len(books.added()) == 3


def test_a_sandbox_killed_before_it_commits_has_booked_nothing_and_then_books_once(
    fresh_sandbox: SandboxProcess,
) -> None:
    with sign_in(fresh_sandbox) as client:
        books = Books(client, "GLBATCH")
        fresh_sandbox.fault("kill_before", function="create")
        assert {outcome.status for outcome in client.post(EQUAL_ENTRIES.postings())} == {"in_doubt"}
        fresh_sandbox.wait_until_dead()
        fresh_sandbox.restart()
        assert books.added() == []
        assert keys(client.post(EQUAL_ENTRIES.postings())) == books.added()


@some_works
def test_a_sandbox_killed_between_commit_and_reply_has_booked_once(fresh_sandbox: SandboxProcess, work: Work) -> None:
    with sign_in(fresh_sandbox) as client:
        books = Books(client, work.object)
        fresh_sandbox.fault("kill_after", function=work.function)
        first = client.post(work.postings())
        assert {outcome.status for outcome in first} == {"in_doubt"}
        fresh_sandbox.wait_until_dead()
        fresh_sandbox.restart()
        committed = books.added()
        second = client.post(work.postings())
        assert {outcome.status for outcome in second} == {"already_posted"}
        assert keys(second) == books.added() == committed
        assert len(committed) == len(second)


def test_many_records_survive_a_fault_in_each_of_their_requests(sandbox: SandboxProcess, client: IntacctClient) -> None:
    many = Work("many", "GLBATCH", "create", lambda: [entry(amount=f"{n}.00") for n in range(1, 251)])
    books = Books(client, "GLBATCH")
    sandbox.fault("reset_after", function="create", nth=1)
    outcomes = client.post(many.postings())
    raise_unless_posted(outcomes)
    assert keys(outcomes) == books.added()
    assert len(books.added()) == 250


def test_two_tries_at_once_book_once(sandbox: SandboxProcess, client: IntacctClient) -> None:
    from concurrent.futures import ThreadPoolExecutor

    books = Books(client, "GLBATCH")
    sandbox.switch(concurrency=4)
    with ThreadPoolExecutor(4) as pool:
        tries = list(pool.map(lambda _: _one_try(sandbox), range(4)))
    assert books.added() == keys(tries[0])
    assert all(keys(each) == books.added() for each in tries)


def _one_try(sandbox: SandboxProcess) -> list:
    with sign_in(sandbox, retry=HURRIED) as zombie:
        outcomes = zombie.post(EQUAL_ENTRIES.postings(scope=TASK))
    raise_unless_posted(outcomes)
    return outcomes
