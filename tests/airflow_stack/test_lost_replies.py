"""The journal entry is booked, but the answer never arrives: it exists once all the same."""

from demo.accrual import DAG_ID
from tests.airflow_stack.conftest import Accruals


def test_a_reply_lost_after_the_commit_is_settled_in_the_same_try(accruals: Accruals) -> None:
    accruals.fault("reset_after", "create")
    run_id = accruals.start()

    assert accruals.finish(run_id) == "success"
    assert len(accruals.entries()) == 1
    assert accruals.outcome(run_id)["key"] == str(accruals.entries()[0].header["RECORDNO"])
    assert accruals.tries(run_id, "post_accrual") == 1


def test_intacct_dies_between_commit_and_reply_and_airflows_retry_books_nothing_twice(accruals: Accruals) -> None:
    airflow, sandbox = accruals.stack.airflow, accruals.stack.sandbox
    accruals.fault("kill_after", "create")
    run_id = accruals.start()

    sandbox.process.wait(timeout=120)
    airflow.wait_for_task(DAG_ID, run_id, "post_accrual", ["up_for_retry", "queued"])
    sandbox.restart()

    assert accruals.finish(run_id) == "success"
    assert len(accruals.entries()) == 1
    assert accruals.outcome(run_id)["status"] == "already_posted"
    assert accruals.outcome(run_id)["key"] == str(accruals.entries()[0].header["RECORDNO"])
    assert accruals.tries(run_id, "post_accrual") > 1
