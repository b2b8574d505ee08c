"""Intacct objects as assets: one spelling, one meaning to OpenLineage, events that say what happened."""

import pytest
from airflow.sdk import Asset
from airflow.sdk.execution_time.context import OutletEventAccessors

from airflow_provider_intacct.assets import convert_asset_to_openlineage, create_asset, tell_outlets
from airflow_provider_intacct.lineage import ReadFrom, WrittenTo, operator_lineage


def test_an_asset_has_one_spelling_whoever_writes_it() -> None:
    made = create_asset(company_id="DEMO", object="gldetail")

    assert made.uri == "intacct://DEMO/GLDETAIL"
    assert Asset("intacct://DEMO/gldetail/").uri == made.uri


def test_what_one_entity_sees_is_an_asset_of_its_own() -> None:
    assert (
        create_asset(company_id="DEMO", object="APBILL", entity_id="West 1").uri
        == "intacct://DEMO/APBILL?entity=West+1"
    )


@pytest.mark.parametrize(
    "uri",
    ["intacct://DEMO", "intacct:///GLDETAIL", "intacct://DEMO/A/B", "intacct://DEMO/A?x=1"],
)
def test_a_uri_that_names_no_object_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match=r"intacct://COMPANY/OBJECT|only \?entity="):
        Asset(uri)


def test_openlineage_knows_the_asset_by_company_and_object() -> None:
    dataset = convert_asset_to_openlineage(create_asset(company_id="DEMO", object="GLDETAIL", entity_id="100"), None)

    assert (dataset.namespace, dataset.name) == ("intacct://DEMO", "GLDETAIL")


def test_the_events_of_a_tasks_assets_carry_what_happened() -> None:
    file, ledger = Asset("file:///tmp/gl"), create_asset(company_id="DEMO", object="GLDETAIL")
    events = OutletEventAccessors()
    events[ledger].extra = {"by": "author"}

    tell_outlets({"outlet_events": events}, [file, ledger, "not an asset"], {"rows": 3})

    assert events[file].extra == {"rows": 3}
    assert events[ledger].extra == {"by": "author", "rows": 3}


def test_lineage_tells_what_was_read_with_its_types_and_what_was_written_with_its_counts() -> None:
    lineage = operator_lineage(
        [ReadFrom("DEMO", "GLDETAIL", {"AMOUNT": "CURRENCY"})],
        [WrittenTo("s3://b", "gl", rows=3, bytes=90)],
        transactions=2,
    )

    [read], [written] = lineage.inputs, lineage.outputs
    assert (read.namespace, read.name) == ("intacct://DEMO", "GLDETAIL")
    assert [(field.name, field.type) for field in read.facets["schema"].fields] == [("AMOUNT", "CURRENCY")]
    assert (written.namespace, written.name) == ("s3://b", "gl")
    statistics = written.outputFacets["outputStatistics"]
    assert (statistics.rowCount, statistics.size) == (3, 90)
    assert lineage.run_facets["intacct"].apiTransactions == 2
