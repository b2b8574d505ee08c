"""delete: by keys, all or none, with a status for an answer (wire/xml-gateway.md §2.8, §3.3, §6.5)."""

from tests.gateway_requests import AUDITOR, login
from tests.sandbox.books import accrual, create, delete, element, key_of, refused, rows, succeed
from tests.sandbox_process import SandboxProcess


def test_a_delete_answers_a_status_and_nothing_else(sandbox: SandboxProcess) -> None:
    keys = [key_of(sandbox, create(element("CLASS", {"CLASSID": name, "NAME": "n"}))) for name in ("U1", "U2")]
    result = succeed(sandbox, delete("CLASS", *keys))
    assert [child.tag for child in result] == ["status", "function", "controlid"]
    assert rows(sandbox, 'SELECT 1 FROM "CLASS" WHERE "RECORDNO" IN (?, ?)', *keys) == []


def test_a_record_that_is_not_there_is_named_and_the_others_stay(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(element("CLASS", {"CLASSID": "U1", "NAME": "n"})))
    assert refused(sandbox, delete("CLASS", key, "UT01")) == [
        ("BL01001973", "Cannot find class with key 'UT01' to delete.")
    ]
    assert len(rows(sandbox, 'SELECT 1 FROM "CLASS" WHERE "RECORDNO" = ?', key)) == 1


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
