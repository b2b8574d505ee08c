"""update: named fields only, by record number or natural id (wire/xml-gateway.md §2.5, §6.5)."""

import pytest

from tests.gateway_requests import AUDITOR, begin_session, call, login, session
from tests.sandbox.books import bill, create, element, key_of, one, refused, rows, succeed, update
from tests.sandbox_process import SandboxProcess


def class_(id_: str = "UT01", **fields: object) -> str:
    return element("CLASS", {"CLASSID": id_, "NAME": "n"} | fields)


def test_only_named_fields_change(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(class_(DESCRIPTION="d")))
    result = succeed(sandbox, update(element("CLASS", {"RECORDNO": key, "NAME": "renamed"})))
    assert (result.findtext("data/class/RECORDNO"), result.findtext("data/class/CLASSID")) == (str(key), "UT01")
    stored = one(sandbox, "CLASS", key)
    assert (stored["NAME"], stored["DESCRIPTION"], stored["STATUS"]) == ("renamed", "d", "T")


def test_the_natural_id_serves_in_place_of_the_record_number(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(class_()))
    succeed(sandbox, update(element("CLASS", {"CLASSID": "UT01", "NAME": "by id"})))
    assert one(sandbox, "CLASS", key)["NAME"] == "by id"


def test_a_record_that_is_not_there_is_named_in_errorno(sandbox: SandboxProcess) -> None:
    assert refused(sandbox, update(element("CLASS", {"CLASSID": "UT99", "NAME": "x"}))) == [
        ("Cannot update non-existing CLASS with CLASSID=UT99.", "")
    ]
    assert refused(sandbox, update(element("CLASS", {"RECORDNO": "999999", "NAME": "x"}))) == [
        ("Cannot update non-existing CLASS with RECORDNO=999999.", "")
    ]


def test_an_update_says_which_record(sandbox: SandboxProcess) -> None:
    assert refused(sandbox, update("<CLASS><NAME>x</NAME></CLASS>"))[0][1] == "Required field RECORDNO is missing"


def test_an_empty_element_clears_and_a_required_field_cannot_be_cleared(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(class_(DESCRIPTION="d")))
    succeed(sandbox, update(element("CLASS", {"RECORDNO": key, "DESCRIPTION": ""})))
    assert one(sandbox, "CLASS", key)["DESCRIPTION"] is None
    assert (
        refused(sandbox, update(element("CLASS", {"RECORDNO": key, "NAME": ""})))[0][1]
        == "Required field Name is missing"
    )


def test_an_empty_element_may_leave_its_field_as_it_is(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill(DESCRIPTION="Before")))
    emptied = element("APBILL", {"RECORDNO": key, "DESCRIPTION": ""})
    sandbox.switch(empty_element="keeps")
    succeed(sandbox, update(emptied))
    assert one(sandbox, "APBILL", key)["DESCRIPTION"] == "Before"
    sandbox.switch(empty_element="clears")
    succeed(sandbox, update(emptied))
    assert one(sandbox, "APBILL", key)["DESCRIPTION"] is None


@pytest.mark.parametrize(
    ("attribute", "nulls", "left"),
    [("", "asked", "Before"), (' set_nulls="false"', "asked", "Before"), (' set_nulls="true"', "asked", None),
     ("", "always", None)],
)  # fmt: skip
def test_a_legacy_update_clears_what_it_is_asked_to(
    sandbox: SandboxProcess, attribute: str, nulls: str, left: str | None
) -> None:
    key = key_of(sandbox, create(bill(DESCRIPTION="Before")))
    sandbox.switch(legacy_nulls=nulls)
    succeed(sandbox, f'<update_bill key="{key}"{attribute}><description></description></update_bill>')
    assert one(sandbox, "APBILL", key)["DESCRIPTION"] == left


def test_what_was_changed_before_a_refusal_stays_and_is_listed(sandbox: SandboxProcess) -> None:
    keys = [key_of(sandbox, create(class_(f"U{number}"))) for number in range(2)]
    records = [element("CLASS", {"RECORDNO": key, "NAME": "new"}) for key in (keys[0], 999999, keys[1])]
    answer = call(sandbox, update(*records))
    found = answer.root.find("operation/result/data")
    assert found is not None
    assert (answer.statuses, found.get("count")) == (["failure"], "1")
    assert [one(sandbox, "CLASS", key)["NAME"] for key in keys] == ["new", "n"]


def test_a_change_is_stamped_and_remembered(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(class_()))
    before = one(sandbox, "CLASS", key)
    sandbox.advance(90)
    succeed(sandbox, update(element("CLASS", {"RECORDNO": key, "NAME": "new"})))
    after = one(sandbox, "CLASS", key)
    assert after["WHENCREATED"] == before["WHENCREATED"]
    assert str(after["WHENMODIFIED"]) > str(before["WHENMODIFIED"])
    history = rows(sandbox, 'SELECT "ACCESSMODE" FROM "AUDITHISTORY" WHERE "OBJECTKEY" = ? AND "OBJECTTYPE" = ?',
                   f"{key}--REC", "class")  # fmt: skip
    assert [row["ACCESSMODE"] for row in history] == ["C", "M"]


def test_a_reference_that_does_not_exist_is_refused(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(class_()))
    errors = refused(sandbox, update(element("CLASS", {"RECORDNO": key, "PARENTID": "NONE"})))
    assert errors == [
        ("BL01001973", "Invalid Class 'NONE' specified."),
        ("BL01001973", "Could not update class record!"),
    ]


def test_an_id_that_another_has_is_refused(sandbox: SandboxProcess) -> None:
    key_of(sandbox, create(class_("ONE")))
    key = key_of(sandbox, create(class_("TWO")))
    errors = refused(sandbox, update(element("CLASS", {"RECORDNO": key, "CLASSID": "ONE"})))
    assert errors[0] == ("BL34000061", "Another Class with the given value(s) ONE  already exists")
    succeed(sandbox, update(element("CLASS", {"RECORDNO": key, "CLASSID": "THREE"})))


def test_the_contact_of_a_vendor_changes_with_it(sandbox: SandboxProcess) -> None:
    contact = "<DISPLAYCONTACT><EMAIL1>new@vendor.example</EMAIL1></DISPLAYCONTACT>"
    succeed(sandbox, update(element("VENDOR", {"VENDORID": "V001"}, contact)))
    vendor = rows(sandbox, """SELECT * FROM "VENDOR" WHERE "VENDORID" = 'V001'""")[0]
    stored = rows(sandbox, 'SELECT * FROM "CONTACT" WHERE "CONTACTNAME" = ?', vendor["DISPLAYCONTACT.CONTACTNAME"])[0]
    assert stored["EMAIL1"] == "new@vendor.example"


def test_custom_objects_are_changed_by_id(sandbox: SandboxProcess) -> None:
    succeed(sandbox, update("<SUBSCRIPTION><id>10001</id><SEATS>99</SEATS></SUBSCRIPTION>"))
    assert rows(sandbox, 'SELECT "SEATS" FROM "SUBSCRIPTION" WHERE "id" = 10001') == [{"SEATS": 99}]


def test_a_record_of_another_entity_is_not_there(sandbox: SandboxProcess) -> None:
    private = rows(sandbox, """SELECT * FROM "CUSTOMER" WHERE "MEGAENTITYID" = '200'""")[0]
    record = update(element("CUSTOMER", {"RECORDNO": private["RECORDNO"], "COMMENTS": "x"}))
    in_uk = session(begin_session(sandbox, location="300"))
    assert refused(sandbox, record, credential=in_uk)[0][0].startswith("Cannot update non-existing CUSTOMER")
    succeed(sandbox, record, credential=session(begin_session(sandbox, location="200")))


def test_who_may_not_write_is_told_so(sandbox: SandboxProcess) -> None:
    errors = refused(sandbox, update("<CLASS><CLASSID>A</CLASSID><NAME>x</NAME></CLASS>"), credential=login(AUDITOR))
    assert errors == [("PL04000005", "You do not have permission for API operation UPDATE on objects of type class")]


def test_a_record_cannot_be_its_own_ancestor(sandbox: SandboxProcess) -> None:
    for parent in ("10", "11"):
        errors = refused(sandbox, update(element("DEPARTMENT", {"DEPARTMENTID": "10", "PARENTID": parent})))
        assert errors[0] == ("BL01001973", f"Invalid parent Department '{parent}' specified.")


def test_a_location_with_postings_stays_in_its_entity(sandbox: SandboxProcess) -> None:
    errors = refused(sandbox, update(element("LOCATION", {"LOCATIONID": "110", "PARENTID": "200"})))
    assert errors[0] == ("BL01001973", "Location '110' has postings; its entity cannot change.")
    errors = refused(sandbox, update(element("LOCATIONENTITY", {"LOCATIONID": "100", "CURRENCY": "EUR"})))
    assert errors[0] == ("BL01001973", "Entity '100' has postings; its base currency cannot change.")


def test_a_journal_in_use_keeps_its_symbol(sandbox: SandboxProcess) -> None:
    journal = rows(sandbox, """SELECT "RECORDNO" FROM "GLJOURNAL" WHERE "SYMBOL" = 'GJ'""")[0]["RECORDNO"]
    errors = refused(sandbox, update(element("GLJOURNAL", {"RECORDNO": journal, "SYMBOL": "GX"})))
    assert errors[0][1] == "Journal 'GJ' is in use (Journal entry); its ID cannot change."
