"""Which location is of which entity, and what a record looks like to the checks."""

from airflow_provider_intacct.client.checking.balance import entities_of
from airflow_provider_intacct.client.checking.content import sections
from airflow_provider_intacct.client.checking.documented import documented
from airflow_provider_intacct.client.posting import Scope, prepare
from airflow_provider_intacct.client.posting.kinds import kind_of


def test_a_location_is_of_the_entity_that_its_parents_lead_to() -> None:
    parents = {"100": "", "110": "100", "111": "110", "lost": "gone", "a": "b", "b": "a"}
    assert entities_of(parents, ["100"]) == {"100": "100", "110": "100", "111": "100"}


def test_lines_and_what_stands_below_them_are_sections_of_their_own() -> None:
    record = {
        "journalid": "GJ",
        "datecreated": "2026-03-31",
        "description": "x",
        "gltransactionentries": [
            {"trtype": "debit", "amount": "1", "glaccountno": "6000", "locationid": "100"},
            {
                "trtype": "credit",
                "amount": "1",
                "glaccountno": "2100",
                "customfields": {"customfield": [{"customfieldname": "GLDIMCHANNEL", "customfieldvalue": "10001"}]},
            },
        ],
    }
    (posting,) = prepare([record], scope=Scope("DEMO"), function="create_gltransaction")
    header, first, second = sections(posting)
    assert (header.object, first.object, second.where) == ("GLBATCH", "GLENTRY", "line 2")
    assert header.value("JOURNAL") == "GJ"
    assert (first.value("ACCOUNTNO"), first.value("LOCATION")) == ("6000", "100")
    assert second.value("GLDIMCHANNEL") == "10001"


def test_what_is_documented_of_a_kind_is_read_from_its_typed_transaction() -> None:
    bill = documented(kind_of("APBILL"))
    assert bill is not None
    assert bill.entries["VENDORID"].required
    assert bill.entries["ACTION"].choices == ("Submit", "Draft")
    lines = bill.entries["APBILLITEMS"].inner
    assert lines is not None
    assert "LOCATIONID" in (lines.entries["APBILLITEM"].inner or lines).entries


def test_a_journal_entry_spells_its_dimensions_its_own_way() -> None:
    entry = documented(kind_of("GLBATCH"))
    assert entry is not None
    lines = entry.entries["ENTRIES"].inner
    assert lines is not None
    assert {"LOCATION", "DEPARTMENT"} <= set((lines.entries["GLENTRY"].inner or lines).entries)
