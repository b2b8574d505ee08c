"""The catalogue: every object that is promised, fields that lead somewhere, relationships that join."""

import pytest

from airflow_provider_intacct.sandbox.catalog import Catalog, ObjectDefinition
from airflow_provider_intacct.sandbox.catalog.legacy import legacy_records

CATALOG = Catalog.load()
PROMISED = frozenset(
    {
        "GLACCOUNT", "STATACCOUNT", "GLJOURNAL", "GLBATCH", "GLENTRY", "GLDETAIL",
        "GLACCOUNTBALANCE", "REPORTINGPERIOD", "LOCATION", "LOCATIONENTITY", "DEPARTMENT", "CLASS",
        "CONTACT", "VENDOR", "VENDTYPE", "APTERM", "APBILL", "APBILLITEM",
        "APPYMT", "APPYMTDETAIL", "CUSTOMER", "CUSTTYPE", "ARTERM", "ARINVOICE",
        "ARINVOICEITEM", "ARPYMT", "ARPYMTDETAIL", "EMPLOYEE", "PROJECT", "TASK",
        "ITEM", "WAREHOUSE", "CHECKINGACCOUNT", "SAVINGSACCOUNT", "TRXCURRENCIES", "EXCHANGERATE",
        "USERINFO", "AUDITHISTORY", "SUBSCRIPTION", "CHANNEL",
    }
)  # fmt: skip
every_object = pytest.mark.parametrize("definition", list(CATALOG), ids=lambda definition: definition.name)


def test_every_promised_object_is_there() -> None:
    assert set(CATALOG.objects) >= PROMISED


@every_object
def test_every_field_resolves_to_a_column_of_some_table(definition: ObjectDefinition) -> None:
    for name in definition.fields:
        path = CATALOG.path(definition, name)
        assert path is not None, name
        owner = CATALOG[path.hops[-1].object] if path.hops else definition
        column = path.field.code_of or path.field.id
        assert path.field.total or owner.fields[column].stored, name


@every_object
def test_relationships_join_stored_columns(definition: ObjectDefinition) -> None:
    for relationship in definition.relationships.values():
        assert definition.fields[relationship.by].stored, relationship.path
        assert CATALOG[relationship.object].fields[relationship.to].stored, relationship.path


@every_object
def test_enumerations_have_one_code_per_label(definition: ObjectDefinition) -> None:
    for field in definition.fields.values():
        codes = [value.code for value in field.values]
        assert len(set(codes)) == len(codes), field.id


def test_the_main_objects_have_dozens_of_fields() -> None:
    sparse = [name for name in ("APBILL", "ARINVOICE", "VENDOR", "CUSTOMER", "GLDETAIL", "PROJECT", "EMPLOYEE")
              if len(CATALOG[name].fields) < 40]  # fmt: skip
    assert sparse == []


def test_a_name_with_dots_walks_several_relationships() -> None:
    path = CATALOG.path(CATALOG["APBILLITEM"], "APBILL.VENDOR.TERM.DUEDATE")
    assert path is not None
    assert [hop.object for hop in path.hops] == ["APBILL", "VENDOR", "APTERM"]


def test_a_hierarchy_is_walked_one_step_and_no_further() -> None:
    assert CATALOG.path(CATALOG["ARINVOICE"], "CUSTOMER.PARENT.NAME") is not None
    assert CATALOG.path(CATALOG["ARINVOICE"], "CUSTOMER.PARENT.PARENT.NAME") is None


def test_journal_lines_say_location_where_bills_say_locationid() -> None:
    assert {"LOCATION", "DEPARTMENT"} <= set(CATALOG["GLENTRY"].fields)
    assert "LOCATIONID" not in CATALOG["GLENTRY"].fields
    assert {"LOCATIONID", "DEPARTMENTID"} <= set(CATALOG["APBILLITEM"].fields)


def test_documents_keep_the_moment_of_entry_apart_from_their_date() -> None:
    for name in ("APBILL", "ARINVOICE", "APPYMT", "ARPYMT"):
        fields = CATALOG[name].fields
        assert (fields["WHENCREATED"].type, fields["AUWHENCREATED"].type) == ("DATE", "TIMESTAMP"), name


def test_custom_objects_are_keyed_by_id_and_speak_iso() -> None:
    assert (CATALOG["SUBSCRIPTION"].key, CATALOG["SUBSCRIPTION"].platform) == ("id", True)


def test_legacy_names_lead_to_fields_of_the_catalogue() -> None:
    for record in legacy_records().values():
        if record.object:
            definition = CATALOG[record.object]
            assert [f for f in (*record.fields.values(), record.key) if not CATALOG.path(definition, f)] == []
