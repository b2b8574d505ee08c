"""Posting once, record by record: new ones beside old ones, wrong ones, changed ones. The faults are in campaign."""

from collections.abc import Iterator

import pytest

from airflow_provider_intacct.client import IntacctClient
from airflow_provider_intacct.client.posting import Known, RecordsRejectedError, raise_unless_posted
from tests.faults.company import HURRIED, TASK, WORK, Books, Work, bill, entry, keys, sign_in
from tests.sandbox_process import SandboxProcess

ENTRY, EQUAL_ENTRIES, NUMBERED_BILLS = WORK[0], WORK[2], WORK[4]


@pytest.fixture
def client(sandbox: SandboxProcess) -> Iterator[IntacctClient]:
    with sign_in(sandbox) as client:
        yield client


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


def test_other_content_under_the_same_key_is_not_posted_and_the_difference_is_said(client: IntacctClient) -> None:
    books = Books(client, "GLBATCH")
    march = Work("march", "GLBATCH", "create", lambda: [entry()])
    april = Work("april", "GLBATCH", "create", lambda: [entry(amount="80.00")])
    client.post(march.postings(keys=["accrual"]))
    outcomes = client.post(april.postings(keys=["accrual"]))
    with pytest.raises(RecordsRejectedError, match=r"other content: line 1 \(ACCOUNTNO 6000.*TRX_AMOUNT 80"):
        raise_unless_posted(outcomes)
    assert len(books.added()) == 1


@pytest.mark.parametrize("look_first", [True, False])
@pytest.mark.parametrize("atomic", [True, False])
@pytest.mark.parametrize("booked_before", [0, 1])
def test_of_equal_entries_with_one_number_and_two_keys_each_is_booked(
    client: IntacctClient, booked_before: int, atomic: bool, look_first: bool
) -> None:
    other = Work("other", "GLBATCH", "create", lambda: [entry("Another", REFERENCENO="DAILY")])
    client.post(other.postings(keys=["other"]))
    books = Books(client, "GLBATCH")
    equal = Work("equal", "GLBATCH", "create", lambda: [entry(REFERENCENO="DAILY"), entry(REFERENCENO="DAILY")])
    postings = equal.postings(keys=["first", "second"])
    client.post([postings[booked_before]])
    outcomes = client.post(postings, atomic=atomic, look_first=look_first)
    assert sorted(outcome.status for outcome in outcomes) == ["already_posted", "posted"]
    assert outcomes[booked_before].status == "already_posted"
    assert keys(outcomes) == books.added()
    again = client.post(postings, atomic=atomic, look_first=True)
    assert [outcome.status for outcome in again] == ["already_posted"] * 2
    assert keys(again) == books.added()


def test_an_entry_equal_to_one_that_is_known_is_not_taken_for_it(client: IntacctClient) -> None:
    books = Books(client, "GLBATCH")
    equal = Work("equal", "GLBATCH", "create", lambda: [entry(REFERENCENO="DAILY"), entry(REFERENCENO="DAILY")])
    first, second = equal.postings(keys=["first", "second"])
    (booked,) = client.post([first])
    known = {
        first.control_id: Known("posted", first.digest, booked.key),
        second.control_id: Known("in_doubt", second.digest),
    }
    outcomes = client.post([first, second], known=known)
    assert [outcome.status for outcome in outcomes] == ["already_posted", "posted"]
    assert keys(outcomes) == books.added()


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
