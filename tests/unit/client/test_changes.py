"""How the changes and deletes of an object are seen: the table, fitted to what the company's definition says."""

import json

import pytest

from airflow_provider_intacct.client.changes import Drift, drift, policy_of, schema_of
from airflow_provider_intacct.client.changes.table import AUDITED, GROWING, LINES, NAMED, UNAUDITED, WHOLE
from airflow_provider_intacct.client.extraction import Column
from airflow_provider_intacct.client.xml.metadata import FieldDefinition, ObjectDefinition, Relationship

NUMBER = FieldDefinition("RECORDNO", "INTEGER")
MODIFIED = FieldDefinition("WHENMODIFIED", "TIMESTAMP")
DOCUMENT_DATE = FieldDefinition("WHENCREATED", "DATE")
ENTERED = FieldDefinition("WHENCREATED", "TIMESTAMP")
AUDIT_ENTERED = FieldDefinition("AUWHENCREATED", "TIMESTAMP")


def definition(name: str, *fields: FieldDefinition, relationships: tuple[Relationship, ...] = ()) -> ObjectDefinition:
    return ObjectDefinition(name, fields, relationships)


@pytest.mark.parametrize("name", ["VENDOR", "CUSTOMER", "PROJECT", "ITEM", "EMPLOYEE", "SODOCUMENT"])
def test_deletes_of_what_people_name_are_found_by_comparing_keys(name: str) -> None:
    policy = policy_of(name.lower())
    assert (policy.object, policy.deletes, policy.audit_type) == (name, "key_set", None)
    assert NAMED[name] in policy.reason
    assert "keys are compared" in policy.reason


@pytest.mark.parametrize("name", ["APBILL", "ARINVOICE", "APPYMT", "ARPYMT", "GLBATCH", "TASK"])
def test_deletes_of_transactions_are_read_from_the_audit_history(name: str) -> None:
    policy = policy_of(name)
    assert (policy.deletes, policy.audit_type) == ("audit", name.lower())


@pytest.mark.parametrize("name", ["ARADJUSTMENT", "NOT_IN_ANY_TABLE"])
def test_what_the_audit_history_may_not_mention_is_compared_by_key(name: str) -> None:
    assert policy_of(name).deletes == "key_set"


@pytest.mark.parametrize(
    ("name", "parent", "field"),
    [
        ("APBILLITEM", "APBILL", "RECORDKEY"),
        ("ARINVOICEITEM", "ARINVOICE", "RECORDKEY"),
        ("GLENTRY", "GLBATCH", "BATCHNO"),
        ("GLDETAIL", "GLBATCH", "BATCHKEY"),
        ("APPYMTDETAIL", "APPYMT", "PAYMENTKEY"),
        ("ARPYMTDETAIL", "ARPYMT", "PAYMENTKEY"),
    ],
)
def test_lines_are_read_again_with_what_owns_them(name: str, parent: str, field: str) -> None:
    fitted = policy_of(definition(name, NUMBER, MODIFIED, FieldDefinition(field, "INTEGER")))
    for policy in (policy_of(name), fitted):
        assert (policy.deletes, policy.parent, policy.parent_field) == ("parent", parent, field)
        assert parent in policy.reason


def test_a_payment_detail_without_its_payment_is_not_taken_for_a_line_of_the_bill_it_pays() -> None:
    policy = policy_of(definition("APPYMTDETAIL", NUMBER, MODIFIED, FieldDefinition("RECORDKEY", "INTEGER")))
    assert (policy.deletes, policy.parent, policy.parent_field) == ("key_set", None, None)
    assert "APPYMT that owns a line" in policy.reason


def test_the_parent_is_found_by_the_relationship_where_no_field_is_known() -> None:
    budget = FieldDefinition("BUDGETKEY", "INTEGER")
    by_name = FieldDefinition("BUDGETID", "TEXT")
    related = (Relationship("HEAD", "GLBUDGETHEADER", "MANY2ONE", "BUDGETKEY"),)
    policy = policy_of(definition("GLBUDGETITEM", NUMBER, budget, relationships=related))
    assert (policy.parent_field, policy.modified) == ("BUDGETKEY", None)
    named = (Relationship("HEAD", "GLBUDGETHEADER", "MANY2ONE", "BUDGETID"),)
    assert policy_of(definition("GLBUDGETITEM", NUMBER, by_name, relationships=named)).deletes == "key_set"


def test_the_time_of_entry_is_never_the_date_of_a_document() -> None:
    assert policy_of(definition("VENDOR", NUMBER, MODIFIED, ENTERED)).created == "WHENCREATED"
    assert policy_of(definition("GLBATCH", NUMBER, MODIFIED, ENTERED)).created == "WHENCREATED"
    assert policy_of(definition("APBILL", NUMBER, MODIFIED, DOCUMENT_DATE, AUDIT_ENTERED)).created == "AUWHENCREATED"
    assert policy_of(definition("APBILL", NUMBER, MODIFIED, DOCUMENT_DATE)).created is None
    assert policy_of(definition("ARPYMT", NUMBER, MODIFIED, ENTERED)).created is None
    assert policy_of(definition("SOMETHING", NUMBER, MODIFIED, DOCUMENT_DATE)).created is None
    assert policy_of("APBILL").created == "AUWHENCREATED"
    assert policy_of("VENDOR").created == "WHENCREATED"


def test_an_object_without_a_time_of_change_has_none() -> None:
    assert policy_of(definition("GLENTRY", NUMBER, FieldDefinition("BATCHNO", "INTEGER"))).modified is None


def test_custom_objects_have_times_and_keys_of_their_own() -> None:
    policy = policy_of(
        definition(
            "SUBSCRIPTION",
            FieldDefinition("id", "INTEGER"),
            FieldDefinition("createdAt", "TIMESTAMP"),
            FieldDefinition("updatedAt", "TIMESTAMP"),
        )
    )
    assert (policy.modified, policy.created, policy.deletes) == ("updatedAt", "createdAt", "key_set")


@pytest.mark.parametrize("name", ["APBILL", "VENDOR", "NOT_IN_ANY_TABLE"])
def test_without_record_numbers_deletes_are_not_seen_and_that_is_said(name: str) -> None:
    policy = policy_of(definition(name, MODIFIED))
    assert (policy.deletes, policy.audit_type) == ("none", None)
    assert "no number" in policy.reason


def test_logs_only_grow_and_balances_are_read_whole() -> None:
    assert [policy_of(name).modified for name in sorted(GROWING)] == ["CREATED_AT", "ACCESSTIME", "ACCESSTIME"]
    balance = definition("GLACCOUNTBALANCE", FieldDefinition("PERIOD"))
    assert policy_of(balance) == policy_of("glaccountbalance")
    assert (policy_of(balance).modified, policy_of(balance).deletes) == (None, "none")


def test_no_object_is_in_two_tables_and_every_reason_is_one_line() -> None:
    tables = [set(AUDITED), set(NAMED), set(UNAUDITED), set(LINES), set(GROWING), set(WHOLE)]
    names = set().union(*tables)
    assert sum(map(len, tables)) == len(names)
    assert all(0 < len(policy_of(name).reason) < 120 and "\n" not in policy_of(name).reason for name in names)


BEFORE = {"RECORDNO": "INTEGER", "AMOUNT": "INTEGER", "NOTE": "TEXT", "OLD": "DATE"}


def test_drift_says_what_is_new_gone_and_of_another_type() -> None:
    columns = [
        FieldDefinition("RECORDNO", "INTEGER"),
        FieldDefinition("AMOUNT", "DECIMAL"),
        FieldDefinition("NEW", "TEXT"),
        FieldDefinition("NEWER", "DATE"),
        FieldDefinition("note", "text"),
    ]
    now = schema_of(Column(column.id, column.datatype) for column in columns)
    found = drift(BEFORE, now)
    assert found == Drift({"NEW": "TEXT", "NEWER": "DATE"}, {"OLD": "DATE"}, {"AMOUNT": ("INTEGER", "DECIMAL")})
    assert str(found) == (
        "2 columns are new: NEW (TEXT), NEWER (DATE); 1 column is gone: OLD; "
        "1 column has another type: AMOUNT (INTEGER, now DECIMAL)"
    )
    assert json.loads(json.dumps(found.plain())) == {
        "added": {"NEW": "TEXT", "NEWER": "DATE"},
        "removed": {"OLD": "DATE"},
        "retyped": {"AMOUNT": ["INTEGER", "DECIMAL"]},
    }
    assert found


def test_the_order_of_columns_and_the_case_of_names_are_no_drift() -> None:
    same = drift(BEFORE, {name.lower(): BEFORE[name] for name in reversed(BEFORE)})
    assert not same
    assert str(same) == "the columns are the same"
