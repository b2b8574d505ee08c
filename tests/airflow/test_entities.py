"""The company's entities as a list, and a task mapped over them."""

from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_intacct.hooks import IntacctHook
from airflow_provider_intacct.operators import IntacctEntitiesOperator
from tests.airflow.conftest import DAGS_FOLDER, Connect
from tests.airflow.test_dag_run import xcoms
from tests.sandbox_process import SandboxProcess


def entities(**arguments: Any) -> list[str | None]:
    return IntacctEntitiesOperator(task_id="entities", **arguments).execute({})


def test_the_ids_of_all_entities_are_returned_for_one_api_transaction(
    connect: Connect, sandbox: SandboxProcess
) -> None:
    connect()
    assert entities() == ["100", "200", "300"]
    assert sandbox.transactions() == 1
    hook = IntacctHook()
    with hook.client:
        assert hook.entities() == ["100", "200", "300"]


def test_the_top_level_comes_first_and_what_is_excluded_is_left_out(connect: Connect) -> None:
    connect()
    assert entities(include_top_level=True, exclude=["200"]) == [None, "100", "300"]
    assert entities(exclude="100, 300") == ["200"]
    assert entities(exclude="") == ["100", "200", "300"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"exclude": ["100", "4OO"]}, "'exclude' names 4OO; the company's entities are: 100, 200, 300"),
        ({"exclude": "100,200,300"}, "tasks mapped over nothing would be skipped"),
    ],
)
def test_a_list_that_would_run_the_wrong_tasks_fails_for_good(
    connect: Connect, arguments: dict[str, Any], expected: str
) -> None:
    connect()
    with pytest.raises(AirflowFailException, match=expected):
        entities(**arguments)


def test_the_top_level_alone_is_a_list_too(connect: Connect) -> None:
    connect()
    assert entities(include_top_level=True, exclude="100,200,300") == [None]


def test_a_connection_inside_an_entity_does_not_reach_the_top_level(connect: Connect) -> None:
    connect(entity_id="200")
    with pytest.raises(AirflowFailException, match="works inside entity '200'"):
        entities(include_top_level=True)


def test_a_dag_runs_one_task_in_each_entity(airflow_db: None, connect: Connect, sandbox: SandboxProcess) -> None:
    from airflow.dag_processing.dagbag import DagBag

    connect()
    run = DagBag(dag_folder=str(DAGS_FOLDER)).dags["reads_each_entity"].test()
    assert run.state == "success"
    results = xcoms(run)
    assert results["entities"] == [[None, "100", "200"]]
    top, east, west = ({row["LOCATIONID"] for row in rows} for rows in results["locations"])
    assert {location[0] for location in east} == {"1"}
    assert {location[0] for location in west} == {"2"}
    assert top > east | west
