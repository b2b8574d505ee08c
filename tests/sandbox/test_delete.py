"""delete: by keys, with a status for an answer; legacy delete_ functions (wire/xml-gateway.md §2.8, §3.3, §6.5)."""

import pytest

from tests.gateway_requests import AUDITOR, login
from tests.sandbox.books import (
    accrual,
    assert_books_tie_out,
    bill,
    create,
    delete,
    element,
    invoice,
    key_of,
    legacy_date,
    one,
    payment,
    receipt,
    refused,
    rows,
    succeed,
)
from tests.sandbox_process import SandboxProcess


def test_a_delete_answers_a_status_and_nothing_else(sandbox: SandboxProcess) -> None:
    keys = [key_of(sandbox, create(element("CLASS", {"CLASSID": name, "NAME": "n"}))) for name in ("U1", "U2")]
    result = succeed(sandbox, delete("CLASS", *keys))
    assert [child.tag for child in result] == ["status", "function", "controlid"]
    assert rows(sandbox, 'SELECT 1 FROM "CLASS" WHERE "RECORDNO" IN (?, ?)', *keys) == []


@pytest.mark.parametrize(("how", "left"), [("one_by_one", 1), ("together", 2)])
def test_a_record_that_is_not_there_is_named_and_ends_the_delete(sandbox: SandboxProcess, how: str, left: int) -> None:
    sandbox.switch(delete_keys=how)
    first, last = (key_of(sandbox, create(element("CLASS", {"CLASSID": name, "NAME": "n"}))) for name in ("U1", "U2"))
    before = sandbox.transactions()
    assert refused(sandbox, delete("CLASS", first, "UT01", last)) == [
        ("BL01001973", "Cannot find class with key 'UT01' to delete.")
    ]
    assert len(rows(sandbox, 'SELECT 1 FROM "CLASS" WHERE "RECORDNO" IN (?, ?)', first, last)) == left
    assert sandbox.transactions() == before + 2 - left


def test_a_posted_journal_entry_goes_with_all_it_posted(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(accrual(REVERSEDATE="04/01/2026")))
    (reversal,) = rows(sandbox, 'SELECT "RECORDNO" FROM "GLBATCH" WHERE "REVERSEDFROM" = ?', key)
    succeed(sandbox, f'<delete_gltransaction key="{key}"/>')
    for column, table in (("RECORDNO", "GLBATCH"), ("BATCHNO", "GLENTRY"), ("BATCHKEY", "GLDETAIL")):
        sql = f'SELECT 1 FROM "{table}" WHERE "{column}" IN (?, ?)'
        assert rows(sandbox, sql, key, reversal["RECORDNO"]) == []
    assert refused(sandbox, f'<delete_gltransaction key="{key}"/>')[0][0] == "DL03000005"


def test_what_a_subledger_posted_is_deleted_there_only(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill()))
    batch = one(sandbox, "APBILL", key)["GLBATCHKEY"]
    for body in (delete("GLBATCH", batch), f'<delete_gltransaction key="{batch}"/>'):
        assert refused(sandbox, body)[0][1].startswith("This journal entry was posted by a subledger")
    succeed(sandbox, delete("APBILL", key))
    assert rows(sandbox, 'SELECT 1 FROM "GLBATCH" WHERE "RECORDNO" = ?', batch) == []
    assert_books_tie_out(sandbox)


def test_what_was_paid_or_posted_as_a_payment_is_not_deleted(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill()))
    paid = key_of(sandbox, create(payment((key, "40.00"))))
    received = key_of(sandbox, create(receipt((key_of(sandbox, invoice()), "40.00"))))
    assert "has payments and cannot be deleted" in refused(sandbox, delete("APBILL", key))[0][1]
    assert "reverse it instead" in refused(sandbox, delete("APPYMT", paid))[0][1]
    assert "reverse it instead" in refused(sandbox, f'<delete_arpayment key="{received}"/>')[0][1]
    date = legacy_date("datereversed", "2026-04-20")
    succeed(sandbox, f'<reverse_appayment key="{paid}">{date}</reverse_appayment>')
    succeed(sandbox, delete("APBILL", key))
    assert_books_tie_out(sandbox)


@pytest.mark.parametrize(
    ("object_name", "fields", "attribute"),
    [
        ("CUSTOMER", {"CUSTOMERID": "GONE", "NAME": "Gone"}, 'delete_customer customerid="GONE"'),
        ("VENDOR", {"VENDORID": "GONE", "NAME": "Gone"}, 'delete_vendor vendorid="GONE"'),
        ("CONTACT", {"CONTACTNAME": "Gone", "PRINTAS": "Gone"}, 'delete_contact contactname="Gone"'),
        ("CLASS", {"CLASSID": "GONE", "NAME": "Gone"}, 'delete_class key="GONE"'),
        ("DEPARTMENT", {"DEPARTMENTID": "GONE", "TITLE": "Gone"}, 'delete_department departmentid="GONE"'),
        ("LOCATION", {"LOCATIONID": "GONE", "NAME": "Gone"}, 'delete_location locationid="GONE"'),
        ("GLACCOUNT", {"ACCOUNTNO": "9999", "TITLE": "Gone"}, 'delete_glaccount glaccountno="9999"'),
        ("ITEM", {"ITEMID": "GONE", "NAME": "Gone", "ITEMTYPE": "Inventory"}, 'delete_item itemid="GONE"'),
    ],
)
def test_legacy_deletes_name_a_record_by_its_id(
    sandbox: SandboxProcess, object_name: str, fields: dict[str, str], attribute: str
) -> None:
    key = key_of(sandbox, create(element(object_name, fields)))
    result = succeed(sandbox, f"<{attribute}/>")
    assert [child.tag for child in result] == ["status", "function", "controlid"]
    assert rows(sandbox, f'SELECT 1 FROM "{object_name}" WHERE "RECORDNO" = ?', key) == []
    name = next(iter(fields.values()))
    assert refused(sandbox, f"<{attribute}/>")[0] == (
        "BL01001973",
        f"Cannot find {object_name.lower()} with key '{name}' to delete.",
    )


def test_a_record_in_use_stays(sandbox: SandboxProcess) -> None:
    for object_name, column, value, user in (
        ("DEPARTMENT", "DEPARTMENTID", "10", "Department"),
        ("GLACCOUNT", "ACCOUNTNO", "6000", "GL account"),
        ("PROJECT", "PROJECTID", "P001", "Project"),
        ("LOCATION", "LOCATIONID", "100", "Location"),
        ("APTERM", "NAME", "N30", "AP term"),
    ):
        key = rows(sandbox, f'SELECT "RECORDNO" FROM "{object_name}" WHERE "{column}" = ?', value)[0]["RECORDNO"]
        errors = refused(sandbox, delete(object_name, key))
        assert errors[0][1].startswith(f"{user} '{value}' cannot be deleted: it is in use ("), errors


def test_a_deletion_is_remembered_after_the_record_is_gone(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(element("VENDOR", {"VENDORID": "GONE", "NAME": "Gone"})))
    batch = key_of(sandbox, create(accrual()))
    task = key_of(sandbox, create(element("TASK", {"TASKID": "T9", "NAME": "n", "PROJECTID": "P001"})))
    for object_name, number in (("VENDOR", key), ("GLBATCH", batch), ("TASK", task)):
        succeed(sandbox, delete(object_name, number))
    history = rows(sandbox, """SELECT * FROM "AUDITHISTORY" WHERE "ACCESSMODE" = 'D' ORDER BY "ID" DESC LIMIT 3""")
    assert [(row["OBJECTTYPE"], row["OBJECTKEY"]) for row in reversed(history)] == [
        ("vendor", f"{key}--REC"), ("glbatch", f"{batch}--REC"), ("task", str(task)),
    ]  # fmt: skip


def test_a_record_number_is_never_given_twice(sandbox: SandboxProcess) -> None:
    first = key_of(sandbox, create(element("CLASS", {"CLASSID": "U1", "NAME": "n"})))
    succeed(sandbox, delete("CLASS", first))
    assert key_of(sandbox, create(element("CLASS", {"CLASSID": "U1", "NAME": "n"}))) == first + 1


def test_an_unknown_object_is_named(sandbox: SandboxProcess) -> None:
    assert refused(sandbox, delete("VENDOR2", 1)) == [("WS", "Object definition VENDOR2 not found")]


def test_ledger_lines_cannot_be_deleted(sandbox: SandboxProcess) -> None:
    for name in ("GLDETAIL", "GLENTRY", "APBILLITEM"):
        assert refused(sandbox, delete(name, 1))[0][0] == "PL04000005"


def test_more_keys_than_a_hundred_are_refused(sandbox: SandboxProcess) -> None:
    assert refused(sandbox, delete("CLASS", *range(1, 102)))[0][0] == "XL03000006"


def test_who_may_not_delete_is_told_so(sandbox: SandboxProcess) -> None:
    assert refused(sandbox, delete("CLASS", 1), credential=login(AUDITOR))[0][0] == "PL04000005"


def test_each_record_deleted_is_one_api_transaction(sandbox: SandboxProcess) -> None:
    keys = [key_of(sandbox, create(element("CLASS", {"CLASSID": name, "NAME": "n"}))) for name in ("U1", "U2")]
    before = sandbox.transactions()
    succeed(sandbox, delete("CLASS", *keys))
    assert sandbox.transactions() == before + 2
