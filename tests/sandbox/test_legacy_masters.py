"""create_ and update_ of master data in the legacy dialect (wire/xml-gateway.md §7.9)."""

import pytest

from tests.sandbox.books import element, legacy_date, one, refused, rows, succeed
from tests.sandbox_process import SandboxProcess


def key(sandbox: SandboxProcess, body: str) -> str:
    return str(succeed(sandbox, body).findtext("key"))


def row(sandbox: SandboxProcess, object_name: str, column: str, value: str) -> dict[str, object]:
    (found,) = rows(sandbox, f'SELECT * FROM "{object_name}" WHERE "{column}" = ?', value)
    return found


@pytest.mark.parametrize(
    ("name", "object_name", "column", "fields", "changes", "attribute"),
    [
        ("department", "DEPARTMENT", "DEPARTMENTID", {"departmentid": "X1", "title": "Old", "parentid": "10"},
         {"title": "New"}, "departmentid"),
        ("class", "CLASS", "CLASSID", {"classid": "X1", "name": "Old", "description": "d"}, {"name": "New"}, "key"),
        ("location", "LOCATION", "LOCATIONID", {"locationid": "X1", "name": "Old"}, {"name": "New"}, "locationid"),
        ("glaccount", "GLACCOUNT", "ACCOUNTNO", {"glaccountno": "9999", "title": "Old", "normalbalance": "credit"},
         {"title": "New"}, "glaccountno"),
        ("item", "ITEM", "ITEMID", {"itemid": "X1", "name": "Old", "itemtype": "Inventory", "base_price": "9.50"},
         {"name": "New"}, "itemid"),
        ("project", "PROJECT", "PROJECTID",
         {"projectid": "X1", "name": "Old", "projectcategory": "Contract", "customerid": "C001"},
         {"projectid": "X1", "name": "New", "projectcategory": "Contract"}, "key"),
        ("contact", "CONTACT", "CONTACTNAME", {"contactname": "X1", "printas": "Old"}, {"printas": "New"},
         "contactname"),
    ],
)  # fmt: skip
def test_master_data_is_entered_and_changed_by_its_id(
    sandbox: SandboxProcess,
    name: str,
    object_name: str,
    column: str,
    fields: dict[str, str],
    changes: dict[str, str],
    attribute: str,
) -> None:
    id_ = next(iter(fields.values()))
    assert key(sandbox, element(f"create_{name}", fields)) == id_
    assert "Old" in row(sandbox, object_name, column, id_).values()
    change = element(f"update_{name}", changes).replace(f"<update_{name}>", f'<update_{name} {attribute}="{id_}">', 1)
    assert key(sandbox, change) == id_
    changed = row(sandbox, object_name, column, id_)
    assert "New" in changed.values()
    assert "Old" not in changed.values()
    missing = change.replace(f'{attribute}="{id_}"', f'{attribute}="NOPE"', 1)
    assert refused(sandbox, missing)[0][0] == f"Cannot update non-existing {object_name} with {column}=NOPE."


def test_a_vendor_brings_its_contact_and_is_entered_once(sandbox: SandboxProcess) -> None:
    contact = (
        "<contactinfo><contact><contactname>Acme</contactname><printas>Acme</printas><email1>a@acme.example</email1>"
        "<mailaddress><city>Rome</city></mailaddress></contact></contactinfo>"
    )
    payto = "<payto><contact><contactname>Acme AP</contactname><printas>Acme AP</printas></contact></payto>"
    head = "<vendorid>X1</vendorid><name>Acme</name><termname>N30</termname><creditlimit>500</creditlimit>"
    body = f"<create_vendor>{head}{payto}{contact}</create_vendor>"
    assert key(sandbox, body) == "X1"
    found = row(sandbox, "VENDOR", "VENDORID", "X1")
    assert (found["TERMNAME"], found["CREDITLIMIT"], found["PAYTO.CONTACTNAME"]) == ("N30", 50000, "Acme AP")
    display = row(sandbox, "CONTACT", "CONTACTNAME", "Acme(VX1)")
    assert (display["EMAIL1"], display["MAILADDRESS.CITY"]) == ("a@acme.example", "Rome")
    assert refused(sandbox, body)[0][0] == "BL34000061"
    assert key(sandbox, body.replace("<create_vendor>", '<create_vendor ignoreduplicates="true">')) == "X1"


def test_a_customer_is_changed_and_cleared_where_nulls_are_set(sandbox: SandboxProcess) -> None:
    key(
        sandbox, "<create_customer><customerid>X1</customerid><name>Acme</name><comments>c</comments></create_customer>"
    )
    emptied = '<update_customer customerid="X1"{}><name>Acme 2</name><comments></comments></update_customer>'
    key(sandbox, emptied.format(""))
    found = row(sandbox, "CUSTOMER", "CUSTOMERID", "X1")
    assert (found["NAME"], found["COMMENTS"]) == ("Acme 2", "c")
    key(sandbox, emptied.format(' set_nulls="true"'))
    assert row(sandbox, "CUSTOMER", "CUSTOMERID", "X1")["COMMENTS"] is None


def test_an_employee_names_a_contact_or_brings_one(sandbox: SandboxProcess) -> None:
    new = "<personalinfo><contact><contactname>Doe, Jo</contactname><printas>Jo Doe</printas></contact></personalinfo>"
    start = legacy_date("startdate", "2026-01-05")
    assert key(sandbox, f"<create_employee><employeeid>X1</employeeid>{start}{new}</create_employee>") == "X1"
    assert row(sandbox, "EMPLOYEE", "EMPLOYEEID", "X1")["PERSONALINFO.CONTACTNAME"] == "Doe, Jo"
    known = "<personalinfo><contactname>Nobody</contactname></personalinfo>"
    body = f"<create_employee><employeeid>X2</employeeid>{known}</create_employee>"
    assert refused(sandbox, body)[0][1] == "Invalid Contact 'Nobody' specified."


def test_a_task_is_named_by_its_record_number(sandbox: SandboxProcess) -> None:
    number = key(
        sandbox, "<create_task><taskname>Old</taskname><projectid>P001</projectid><taskid>X1</taskid></create_task>"
    )
    assert one(sandbox, "TASK", number)["NAME"] == "Old"
    key(sandbox, f'<update_task key="{number}"><taskname>New</taskname></update_task>')
    assert one(sandbox, "TASK", number)["NAME"] == "New"
