"""The example DAGs that read, each run by Airflow itself, and what they wrote held against the company."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_intacct.client import IntacctClient
from tests.airflow.conftest import Connect
from tests.airflow.databases import *  # noqa: F403 - fixtures
from tests.airflow.databases import Database
from tests.airflow.test_dag_run import xcoms

EXAMPLES = Path(__file__).parents[2] / "example_dags"

RunExample = Callable[..., Any]


@pytest.fixture
def run_example(airflow_db: None, connect: Connect) -> RunExample:
    """Return a function that runs an example DAG as `airflow dags test` does, and returns the run; it must succeed."""
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.models.dagbundle import DagBundleModel
    from airflow.utils.session import create_session

    connect()
    with create_session() as session:
        session.merge(DagBundleModel(name="examples"))

    def run(dag_id: str, **options: Any) -> Any:
        bag = DagBag(dag_folder=str(EXAMPLES / f"{dag_id}.py"), bundle_name="examples")
        sync_bag_to_db(bag, "examples", None)
        dag = bag.dags[dag_id]
        ran = dag.test(**options)
        assert ran.state == "success"
        return ran

    return run


def lines_in(folder: Path) -> list[dict[str, Any]]:
    """The rows of all Parquet parts below a folder."""
    import pyarrow.parquet

    return [
        row for part in sorted(folder.rglob("part-*.parquet")) for row in pyarrow.parquet.read_table(part).to_pylist()
    ]


def test_ten_nights_of_the_general_ledger_are_the_same_as_one_full_read(
    run_example: RunExample, company: IntacctClient, tmp_path: Path
) -> None:
    first, nights = datetime(2026, 6, 22, 2, tzinfo=UTC), 10
    for night in range(nights):
        run_example(
            "intacct_gl_to_parquet",
            logical_date=first + timedelta(days=night),
            run_conf={"folder": (tmp_path / "gl").as_uri()},
        )
    run_example(  # a night that is run again writes its day again, not twice
        "intacct_gl_to_parquet", logical_date=first + timedelta(days=4), run_conf={"folder": (tmp_path / "gl").as_uri()}
    )

    nightly = lines_in(tmp_path / "gl")
    begin, end = first - timedelta(days=1), first + timedelta(days=nights - 1)
    full = {
        row["RECORDNO"]: row
        for row in company.rows("GLDETAIL", fields=list(nightly[0]))
        if begin <= row["WHENMODIFIED"] < end
    }
    assert len(full) > 30
    assert {row["RECORDNO"]: row for row in nightly} == full
    assert len(nightly) == len(full)


def test_entities_are_read_by_a_task_each(run_example: RunExample, company: IntacctClient, tmp_path: Path) -> None:
    ran = run_example("intacct_entities_to_files", run_conf={"folder": tmp_path.as_uri()})

    [counted] = xcoms(ran)["rows_by_entity"]
    assert list(counted) == [row["LOCATIONID"] for row in company.rows("LOCATIONENTITY", fields=["LOCATIONID"])]
    for entity, rows in counted.items():
        written = [
            json.loads(line)
            for part in sorted((tmp_path / f"entity={entity}").glob("part-*.jsonl"))
            for line in part.read_text().splitlines()
        ]
        assert len(written) == rows
        assert {row["ENTITY"] for row in written} <= {entity}
    assert sum(counted.values()) > 0


def test_vendors_and_bills_follow_what_happens_in_intacct(
    run_example: RunExample, company: IntacctClient, database: Database
) -> None:
    """Changes and deletes between two runs arrive with the second, in PostgreSQL and in SQLite."""
    from airflow_provider_intacct.client.xml import functions

    def load() -> None:
        time.sleep(1 - time.time() % 1)  # a change is stamped with its second, and read when that is past
        this_hour = datetime.now(UTC) + timedelta(hours=1)  # its run reads up to now
        run_example("intacct_ap_to_sql", logical_date=this_hour, run_conf={"from": "2000-01-01T00:00:00Z"})

    load()
    vendors = database.query("SELECT vendorid, name FROM vendor")
    assert len(vendors) == len(list(company.rows("VENDOR", fields=["VENDORID"])))

    [kept, *_] = company.rows("VENDOR", fields=["RECORDNO", "VENDORID"], limit=1)
    company.call(functions.update("VENDOR", [{"RECORDNO": kept["RECORDNO"], "NAME": "Renamed & moved"}]))
    company.call(functions.create("VENDOR", [{"VENDORID": "V-NEW", "NAME": "New one"}]))
    load()
    names = dict(database.query("SELECT vendorid, name FROM vendor"))
    assert (names[kept["VENDORID"]], names["V-NEW"]) == ("Renamed & moved", "New one")

    [new] = company.rows("VENDOR", fields=["RECORDNO"], where="VENDORID = 'V-NEW'")
    company.call(functions.delete("VENDOR", [new["RECORDNO"]]))
    load()
    assert "V-NEW" not in dict(database.query("SELECT vendorid, name FROM vendor"))

    owed = sum((row["TOTALDUE"] for row in company.rows("APBILL", fields=["TOTALDUE"])), Decimal(0))
    assert sum(Decimal(str(due)) for (due,) in database.query("SELECT totaldue FROM apbill")) == owed


def test_the_trial_balance_of_each_entity_ties_out_with_its_ledger(run_example: RunExample) -> None:
    ran = run_example("intacct_trial_balance")

    [debits] = xcoms(ran)["tie_out"]
    assert list(debits) == xcoms(ran)["list_entities"][0]
    assert all(Decimal(amount) > 0 for amount in debits.values())
