"""The example DAGs on the real scheduler, DAG processor, triggerer and API server."""

from pathlib import Path

from demo.accrual import demonstrate
from tests.airflow_stack.conftest import EXAMPLES, Accruals

WITHOUT_DAGS = {"__init__.py"}


def test_every_example_dag_is_there_without_an_import_error(accruals: Accruals) -> None:
    airflow = accruals.stack.airflow

    assert airflow.import_errors() == []
    files = {path.name for path in EXAMPLES.glob("*.py")} - WITHOUT_DAGS
    found = {Path(dag["relative_fileloc"]).name for dag in airflow.call("GET", "/dags", limit=100)["dags"]}
    assert found == files


def test_the_dag_of_the_manual_runs_and_is_the_one_that_is_shipped(accruals: Accruals) -> None:
    shipped = (EXAMPLES / "intacct_first_steps.py").read_text()
    assert f"```python\n{shipped}```" in (EXAMPLES.parent / "README.md").read_text()

    run_id = accruals.stack.airflow.trigger("intacct_first_steps")

    assert accruals.stack.airflow.wait_for_run("intacct_first_steps", run_id) == "success"
    [posted] = accruals.stack.airflow.xcom("intacct_first_steps", run_id, "post_journal_entry")
    assert posted["status"] == "posted"


def test_the_demonstration_holds(accruals: Accruals) -> None:
    """Sensor, trigger, reads, posting, check and asset event; then the posting task is cleared and runs again."""
    said: list[str] = []
    seen = demonstrate(accruals.stack, accruals.books, said.append)

    assert [claim for claim, held in seen.findings() if not held] == []
    assert seen.asset_events[0]["extra"]["keys"] == [seen.first.entries[0].header["RECORDNO"]]
    assert 0 < seen.second.transactions < seen.first.transactions


def test_a_second_run_for_the_same_month_does_not_accrue_it_again(accruals: Accruals) -> None:
    first, second = accruals.start(), None
    assert accruals.finish(first) == "success"
    second = accruals.start()
    assert accruals.finish(second) == "success"

    assert accruals.outcome(first)["status"] == "posted"
    assert accruals.outcome(second)["status"] == "already_posted"
    assert len(accruals.entries()) == 1
