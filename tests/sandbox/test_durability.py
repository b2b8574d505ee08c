"""What was acknowledged is there after a kill, what was not is there once or not at all, and the books tie out."""

import http.client
import threading

import pytest

from tests.gateway_requests import begin_session, call, session
from tests.sandbox.books import accrual, assert_books_tie_out, bill, create, key_of, payment, postings, rows
from tests.sandbox_process import SandboxProcess

BROKEN = (http.client.HTTPException, OSError)


def entries(sandbox: SandboxProcess, reference: str) -> list[int]:
    found = rows(sandbox, 'SELECT "RECORDNO" FROM "GLBATCH" WHERE "REFERENCENO" = ?', reference)
    return [int(str(row["RECORDNO"])) for row in found]


def test_an_acknowledged_record_survives_a_kill(fresh_sandbox: SandboxProcess) -> None:
    key = key_of(fresh_sandbox, create(accrual()))
    fresh_sandbox.kill()
    fresh_sandbox.restart()
    assert postings(fresh_sandbox, key) == [("6500", "100", 1000), ("2100", "100", -1000)]
    assert_books_tie_out(fresh_sandbox)
    assert key_of(fresh_sandbox, create(accrual())) == key + 1


def test_a_kill_between_commit_and_reply_leaves_the_record_once(fresh_sandbox: SandboxProcess) -> None:
    fresh_sandbox.fault("kill_after", "create")
    with pytest.raises(BROKEN):
        call(fresh_sandbox, create(accrual(REFERENCENO="ONCE")))
    fresh_sandbox.wait_until_dead()
    fresh_sandbox.restart()
    assert len(entries(fresh_sandbox, "ONCE")) == 1
    assert_books_tie_out(fresh_sandbox)


def test_a_kill_before_the_commit_leaves_nothing(fresh_sandbox: SandboxProcess) -> None:
    fresh_sandbox.fault("kill_before", "create")
    with pytest.raises(BROKEN):
        call(fresh_sandbox, create(accrual(REFERENCENO="NEVER")))
    fresh_sandbox.wait_until_dead()
    fresh_sandbox.restart()
    assert entries(fresh_sandbox, "NEVER") == []


def test_a_kill_amid_many_writers_loses_nothing_acknowledged(fresh_sandbox: SandboxProcess) -> None:
    """Three writers enter entries and pay bills until the process dies under them."""
    acknowledged: list[tuple[str, int]] = []
    enough = threading.Event()

    def write(writer: int) -> None:
        credential = session(begin_session(fresh_sandbox))
        for number in range(500):
            reference = f"W{writer}-{number}"
            try:
                key = key_of(fresh_sandbox, create(accrual(REFERENCENO=reference)), credential=credential)
                acknowledged.append((reference, key))
                owed = key_of(fresh_sandbox, create(bill(RECORDID=f"B{reference}")), credential=credential)
                key_of(fresh_sandbox, create(payment((owed, "40.00"))), credential=credential)
            except BROKEN:
                return
            if len(acknowledged) >= 20:
                enough.set()

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(3)]
    for writer in writers:
        writer.start()
    assert enough.wait(60)
    fresh_sandbox.kill()
    for writer in writers:
        writer.join(60)
    fresh_sandbox.restart()
    for reference, key in acknowledged:
        assert entries(fresh_sandbox, reference) == [key]
    found = rows(
        fresh_sandbox, """SELECT count(*) AS n FROM "GLBATCH" WHERE "REFERENCENO" LIKE 'W_-%' AND "JOURNAL" = 'GJ'"""
    )
    assert len(acknowledged) <= int(str(found[0]["n"])) <= len(acknowledged) + len(writers)
    assert_books_tie_out(fresh_sandbox)
