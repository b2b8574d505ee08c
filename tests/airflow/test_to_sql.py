"""IntacctToSqlOperator: the sandbox's records into a real PostgreSQL and SQLite, again and again while they change."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_intacct.client import IntacctClient
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.hooks.intacct import IntacctHook
from airflow_provider_intacct.transfers.sql import IntacctToSqlOperator
from tests.airflow.conftest import Connect
from tests.airflow.databases import Database
from tests.postgres import PostgresDatabase
from tests.sandbox_process import SandboxProcess

TI = SimpleNamespace(dag_id="d", task_id="t", run_id="r", map_index=-1, try_number=1)


def load(object: str = "VENDOR", context: dict[str, Any] | None = None, **arguments: Any) -> dict[str, Any]:
    """Run the operator once."""
    return IntacctToSqlOperator(task_id="load", object=object, sql_conn_id="warehouse", **arguments).execute(
        {"ti": TI, **(context or {})}  # type: ignore[typeddict-item]
    )


def refusal(object: str = "VENDOR", **arguments: Any) -> str:
    with pytest.raises(AirflowFailException) as error:
        load(object, **arguments)
    return str(error.value)


def counts(result: dict[str, Any]) -> tuple[int, int, int]:
    return result["inserted"], result["updated"], result["deleted"]


@pytest.fixture
def client(connect: Connect) -> Iterator[IntacctClient]:
    """A client that works in the company meanwhile, as its users do."""
    connect()
    with IntacctHook().client as client:
        yield client


def window(hours: float = 2) -> dict[str, Any]:
    """The last hours, as a DAG run's data interval."""
    now = datetime.now(UTC)
    return {"data_interval_start": now - timedelta(hours=hours), "data_interval_end": now}


@pytest.fixture
def past(sandbox: SandboxProcess, client: IntacctClient) -> IntacctClient:
    """The client in a company whose clock is half an hour behind: what changes now lies in a window that is past."""
    sandbox.advance(-1800)
    return client


def vendors(client: IntacctClient) -> list[tuple[Any, ...]]:
    fields = ["RECORDNO", "VENDORID", "NAME"]
    return [tuple(row.values()) for row in client.rows("VENDOR", fields=fields)]


def change_vendors(client: IntacctClient) -> None:
    """Create, change and delete one each."""
    client.call(functions.create("VENDOR", {"VENDORID": "V-NEW", "NAME": 'O\'Brien \\ "Söhne"\tGmbH'}))
    client.call(functions.create("VENDOR", {"VENDORID": "V-GONE", "NAME": "Soon gone"}))
    client.call(functions.update("VENDOR", {"RECORDNO": "1", "NAME": "Renamed"}))


def delete_vendor(client: IntacctClient, vendor: str = "V-GONE") -> None:
    ((number, _, _),) = [row for row in vendors(client) if row[1] == vendor]
    client.call(functions.delete("VENDOR", [number]))


def stored(
    database: Database, columns: str = "recordno, vendorid, name", table: str = "vendor"
) -> list[tuple[Any, ...]]:
    return database.query(f"SELECT {columns} FROM {table} ORDER BY 1")


def test_a_whole_object_arrives_with_its_money_dates_and_times(
    client: IntacctClient, postgres: PostgresDatabase
) -> None:
    result = load("APBILL", table="bills")
    fields = ["RECORDNO", "TOTALENTERED", "WHENDUE", "WHENMODIFIED"]
    read = [tuple(row.values()) for row in client.rows("APBILL", fields=fields)]
    assert postgres.query("SELECT recordno, totalentered, whendue, whenmodified FROM bills ORDER BY 1") == read
    assert counts(result) == (len(read), 0, 0)
    assert result["rows"] == len(read)
    assert result["changes"] == "created"
    assert postgres.query("SELECT sum(totalentered) FROM bills") == [(sum(row[1] for row in read),)]


def test_sqlite_keeps_money_to_the_cent(client: IntacctClient, sqlite: Database) -> None:
    load("APBILL", table="bills", fields="RECORDNO, TOTALENTERED")
    read = [row["TOTALENTERED"] for row in client.rows("APBILL", fields=["TOTALENTERED"])]
    found = sqlite.query("SELECT totalentered, typeof(totalentered) FROM bills ORDER BY recordno")
    assert [Decimal(text) for text, _ in found] == read
    assert {kind for _, kind in found} <= {"text", "null"}


def test_a_full_load_again_brings_in_changes_and_takes_out_deletes(client: IntacctClient, database: Database) -> None:
    before = len(vendors(client))
    assert counts(load()) == (before, 0, 0)
    change_vendors(client)
    assert counts(load()) == (2, 1, 0)
    delete_vendor(client)
    result = load()
    assert counts(result) == (0, 0, 1)
    assert result["deletes"] == "absence"
    assert stored(database) == vendors(client)


def test_an_incremental_load_of_vendors_compares_keys_to_see_deletes(past: IntacctClient, database: Database) -> None:
    load()
    change_vendors(past)
    result = load(incremental=True, context=window())
    assert counts(result) == (2, 1, 0)
    assert result["deletes"] == "key_set"
    assert result["rows"] == 3
    delete_vendor(past)
    assert counts(load(incremental=True, context=window())) == (0, 0, 1)
    assert stored(database) == vendors(past)


def bills(client: IntacctClient) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in client.rows("APBILL", fields=["RECORDNO", "DESCRIPTION", "TOTALENTERED"])]


def create_bill(client: IntacctClient, description: str) -> str:
    """Create a bill of two lines and return its number."""
    line = {"ACCOUNTNO": "6000", "TRX_AMOUNT": Decimal("12.34"), "LOCATIONID": "100", "ENTRYDESCRIPTION": "Rent"}
    dates = {"WHENCREATED": "2026-03-01", "WHENDUE": "2026-03-31"}
    lines = {"APBILLITEM": [line, line]}
    bill = {"VENDORID": "V001", **dates, "DESCRIPTION": description, "APBILLITEMS": lines}
    return client.call(functions.create("APBILL", bill)).records[0].record_number


def test_bills_between_two_runs_are_followed_through_the_audit_history(past: IntacctClient, database: Database) -> None:
    load("APBILL", table="bills")
    kept, gone = create_bill(past, "kept"), create_bill(past, "gone")
    assert counts(load("APBILL", table="bills", incremental=True, context=window())) == (2, 0, 0)
    past.call(functions.update("APBILL", {"RECORDNO": kept, "DESCRIPTION": "changed"}))
    past.call(functions.delete("APBILL", [gone]))
    result = load("APBILL", table="bills", incremental=True, context=window())
    assert counts(result) == (0, 1, 1)
    assert result["deletes"] == "audit"
    found = database.query("SELECT recordno, description, totalentered FROM bills ORDER BY 1")
    assert [(number, text, Decimal(amount)) for number, text, amount in found] == bills(past)
    again = load("APBILL", table="bills", incremental=True, context=window())
    assert counts(again) == (0, 0, 0)


def test_keys_are_compared_where_the_user_may_not_see_the_audit_history(
    past: IntacctClient, connect: Connect, database: Database
) -> None:
    gone = create_bill(past, "gone")
    connect(user="auditor")
    fields = "DESCRIPTION"
    load("APBILL", table="bills", fields=fields)
    past.call(functions.delete("APBILL", [gone]))
    result = load("APBILL", table="bills", fields=fields, incremental=True, context=window())
    assert counts(result) == (0, 0, 1)
    assert result["deletes"] == "key_set"


def test_lines_follow_their_document(past: IntacctClient, database: Database) -> None:
    load("APBILLITEM", table="lines")
    changed, gone = create_bill(past, "kept"), create_bill(past, "gone")
    assert counts(load("APBILLITEM", table="lines", incremental=True, context=window())) == (4, 0, 0)
    one = {"ACCOUNTNO": "6100", "TRX_AMOUNT": Decimal("1.00"), "LOCATIONID": "100"}
    past.call(functions.update("APBILL", {"RECORDNO": changed, "APBILLITEMS": {"APBILLITEM": [one]}}))
    past.call(functions.delete("APBILL", [gone]))
    result = load("APBILLITEM", table="lines", incremental=True, context=window())
    assert result["deletes"] == "parent"
    wanted = [(row["RECORDNO"],) for row in past.rows("APBILLITEM", fields=["RECORDNO"])]
    assert database.query("SELECT recordno FROM lines ORDER BY 1") == wanted


def test_lines_of_a_few_fields_follow_their_document_too(past: IntacctClient, database: Database) -> None:
    gone = create_bill(past, "gone")
    load("APBILLITEM", table="lines", fields=["AMOUNT"])
    past.call(functions.delete("APBILL", [gone]))
    load("APBILLITEM", table="lines", fields=["AMOUNT"], incremental=True, context=window())
    wanted = [(row["RECORDNO"],) for row in past.rows("APBILLITEM", fields=["RECORDNO"])]
    assert database.query("SELECT recordno FROM lines ORDER BY 1") == wanted


def test_the_same_window_again_gives_the_same_table(past: IntacctClient, database: Database) -> None:
    load()
    change_vendors(past)
    interval = window()
    load(incremental=True, context=interval)
    once = database.query("SELECT * FROM vendor ORDER BY recordno")
    assert counts(load(incremental=True, context=interval)) == (0, 0, 0)
    assert database.query("SELECT * FROM vendor ORDER BY recordno") == once
    assert len(database.query("SELECT * FROM _intacct_loads WHERE window_start IS NOT NULL")) == 2


def test_a_record_that_became_visible_late_comes_with_the_overlap(past: IntacctClient, database: Database) -> None:
    change_vendors(past)
    late = datetime.now(UTC) - timedelta(minutes=20)  # a quarter of an hour after the changes
    interval = {"data_interval_start": late, "data_interval_end": datetime.now(UTC)}
    assert load(incremental=True, context=interval, overlap=0)["rows"] == 0
    assert load(incremental=True, context=interval, overlap=1800)["rows"] == 3
    assert len(stored(database)) == 3


def test_deleted_vendors_can_be_kept_with_a_mark(client: IntacctClient, database: Database) -> None:
    change_vendors(client)
    load(deletes="mark")
    delete_vendor(client)
    assert counts(load(deletes="mark")) == (0, 0, 1)
    assert database.query("SELECT vendorid FROM vendor WHERE _deleted_at IS NOT NULL") == [("V-GONE",)]


def test_one_row_and_no_row_are_loads_too(client: IntacctClient, database: Database) -> None:
    assert counts(load(where="VENDORID = 'V001'", table="one")) == (1, 0, 0)
    assert counts(load(where="VENDORID = 'V-NOBODY'", table="none")) == (0, 0, 0)
    assert stored(database, "vendorid", "one") == [("V001",)]
    assert stored(database, "vendorid", "none") == []


def test_the_key_is_loaded_though_it_was_not_asked_for(client: IntacctClient, database: Database) -> None:
    load(fields=["vendorid"], column_names="intacct")
    assert database.query('SELECT "RECORDNO", "VENDORID" FROM vendor ORDER BY 1')[0] == (1, "V001")


def test_more_fields_become_more_columns_and_are_told(client: IntacctClient, database: Database) -> None:
    load(fields="VENDORID")
    result = load(fields="VENDORID, NAME, TOTALDUE, DISPLAYCONTACT.CONTACTNAME")
    assert result["drift"]["added"]["NAME"] == "TEXT"
    assert "column displaycontact__contactname added" in result["changes"]
    assert stored(database) == vendors(client)


def test_two_entities_share_a_table_and_leave_each_others_rows_alone(client: IntacctClient, database: Database) -> None:
    for entity in ("100", "200"):
        load("LOCATION", entity_id=entity, stamp_entity="READ_IN")
    both = database.query("SELECT read_in, recordno FROM location ORDER BY 1, 2")
    assert {entity for entity, _ in both} == {"100", "200"}
    assert counts(
        load("LOCATION", entity_id="200", stamp_entity="READ_IN", where="LOCATIONID = '200'", deletes="ignore")
    )
    result = load("LOCATION", entity_id="100", stamp_entity="READ_IN")
    assert counts(result) == (0, 0, 0)
    assert result["entity_id"] == "100"
    assert database.query("SELECT read_in, recordno FROM location ORDER BY 1, 2") == both


def test_entities_without_a_stamp_are_not_mixed(client: IntacctClient, database: Database) -> None:
    load("LOCATION", entity_id="100")
    message = refusal("LOCATION", entity_id="200")
    assert "entity_id=100" in message
    assert "entity_id=200" in message


def test_records_of_the_top_level_are_stamped_with_an_empty_entity(client: IntacctClient, database: Database) -> None:
    load("LOCATION", stamp_entity="READ_IN")
    assert {entity for (entity,) in database.query("SELECT read_in FROM location")} == {""}


def test_a_stamp_that_is_a_field_already_is_refused(client: IntacctClient, sqlite: Database) -> None:
    assert "LOCATION has a field ENTITY" in refusal("LOCATION", stamp_entity="ENTITY")


def test_a_column_of_another_type_is_refused_before_a_page_is_read(
    sandbox: SandboxProcess, client: IntacctClient, database: Database
) -> None:
    database.query("CREATE TABLE vendor (recordno bigint PRIMARY KEY, name date)")
    message = refusal(fields="NAME")
    assert "Column name: NAME is TEXT" in message
    calls = sandbox.control("/sandbox/transactions")["by_function"]
    assert "query" not in calls


def test_a_budget_that_is_too_small_leaves_no_table(client: IntacctClient, postgres: PostgresDatabase) -> None:
    assert "max_api_transactions" in refusal("GLDETAIL", max_api_transactions=2)
    assert postgres.query("SELECT to_regclass('gldetail')") == [(None,)]


def test_a_connection_that_is_no_database_is_refused(client: IntacctClient) -> None:
    with pytest.raises(AirflowFailException, match="no SQL database"):
        IntacctToSqlOperator(task_id="load", object="VENDOR", sql_conn_id="intacct_default").execute({})


@pytest.mark.parametrize("wrong", [{"deletes": "all"}, {"column_names": "upper"}, {"column_types": {"NAME": "JSON"}}])
def test_wrong_arguments_are_named(client: IntacctClient, sqlite: Database, wrong: dict[str, Any]) -> None:
    assert next(iter(wrong)) in refusal(**wrong)


def test_the_record_of_a_load_tells_task_window_and_cost(
    past: IntacctClient, connect: Connect, database: Database
) -> None:
    connect(time_zone="America/Los_Angeles")  # with the zone known by name, changes are read in their order
    change_vendors(past)
    result = load(incremental=True, context=window())
    columns = "object, rows_read, api_transactions, dag_id, task_id, run_id, try_number"
    ((object, *numbers, dag, task, run, tried),) = database.query(f"SELECT {columns} FROM _intacct_loads")
    assert (object, dag, task, run, int(tried)) == ("VENDOR", "d", "t", "r", 1)
    assert list(map(int, numbers)) == [3, result["api_transactions"]]
    assert result["window"]["start"] is not None
    assert result["cursor"]


def test_openlineage_hears_of_object_and_table(client: IntacctClient, postgres: PostgresDatabase) -> None:
    operator = IntacctToSqlOperator(task_id="load", object="VENDOR", fields="NAME", sql_conn_id="warehouse")
    rows = operator.execute({})["rows"]
    lineage = operator.get_openlineage_facets_on_complete(None)
    ((source,), (target,)) = lineage.inputs, lineage.outputs
    assert (source.namespace, source.name) == ("intacct://DEMO", "VENDOR")
    assert target.namespace == f"postgres://{postgres.socket}:5432"
    assert target.name == f"{postgres.name}.public.vendor"
    assert target.outputFacets["outputStatistics"].rowCount == rows


def test_denied_fields_are_left_out_and_told(client: IntacctClient, connect: Connect, database: Database) -> None:
    connect(user="auditor")
    refusal()
    result = load(on_denied_field="drop")
    assert result["dropped_fields"]
    assert counts(result) == (result["rows"], 0, 0)
    columns = database.query("SELECT * FROM _intacct_loads WHERE rows_read > 0")
    assert len(columns) == 1


def test_mapped_tasks_of_two_entities_fill_one_table_at_the_same_time(
    client: IntacctClient, database: Database
) -> None:
    def one(entity: str) -> dict[str, Any]:
        return load("LOCATION", entity_id=entity, stamp_entity="READ_IN", fields="LOCATIONID, NAME")

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(one, ["100", "200"]))
    found = dict(database.query("SELECT read_in, count(*) FROM location GROUP BY read_in"))
    assert found == {result["entity_id"]: result["rows"] for result in results}
