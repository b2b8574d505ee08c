"""What the company tells about itself and its users, and what each user may do (wire/xml-gateway.md §6.7, §3.3)."""

import pytest

from tests.gateway_requests import AUDITOR, WEST, begin_session, call, create_department, departments, login, query
from tests.gateway_requests import session as session_block
from tests.sandbox_process import SandboxProcess

DATA = "operation/result/data/"


def test_user_permissions_list_applications_policies_and_rights(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, "<getUserPermissions><userId>auditor</userId></getUserPermissions>")
    subscription = DATA + "permissions/appSubscription"
    assert "General Ledger " in answer.texts(subscription + "/applicationName"), "the space at the end is real"
    policies = answer.root.findall(subscription + "/policies/policy")
    rights = {policy.findtext("policyName"): policy.findtext("rights") for policy in policies}
    assert rights["Journal entries"] == "List|View"
    assert "Custom reports" not in rights
    full = call(sandbox, "<getUserPermissions><userId>etl</userId></getUserPermissions>")
    assert "List|View|Add|Edit|Delete" in full.texts(subscription + "/policies/policy/rights")


@pytest.mark.parametrize("asked", ["<userId>etl</userId>", "<key>1</key>"])
def test_user_formatting_is_found_by_id_or_record_number(sandbox: SandboxProcess, asked: str) -> None:
    answer = call(sandbox, f"<readUserFormatting>{asked}</readUserFormatting>")
    formatting = answer.root.find(DATA + "userformatting")
    assert formatting is not None
    found = {child.tag: child.text for child in formatting}
    assert list(found) == ["recordno", "locale", "dateformat", "gmtoffset", "clock"]
    assert found["gmtoffset"] in ("-08:00", "-07:00")
    assert (found["locale"], found["dateformat"], found["clock"]) == ("en_US", "/mdY", "24")


def test_user_formatting_and_user_records_agree_on_the_number(sandbox: SandboxProcess) -> None:
    for user_id in ("etl", "auditor", "west", "locked", "approver", "controller"):
        told = call(sandbox, f"<readUserFormatting><userId>{user_id}</userId></readUserFormatting>")
        filtered = f"<filter><equalto><field>LOGINID</field><value>{user_id}</value></equalto></filter>"
        record = call(sandbox, query("USERINFO", ["RECORDNO"], filtered))
        assert told.text(DATA + "userformatting/recordno") == record.text(DATA + "USERINFO/RECORDNO")


def test_an_unknown_user_is_named(sandbox: SandboxProcess) -> None:
    for asked in ("<readUserFormatting><key>99</key></readUserFormatting>",
                  "<getUserPermissions><userId>99</userId></getUserPermissions>"):  # fmt: skip
        answer = call(sandbox, asked)
        assert answer.errors() == [("BL03000025", "Login ID 99 does not exist.")]
        assert answer.text(".//correction") == "Provide a valid USER.LOGINID value."


def test_the_financial_setup_follows_the_companys_entities(sandbox: SandboxProcess) -> None:
    setup = call(sandbox, "<getFinancialSetup/>").root.find(DATA + "financialSetup")
    assert setup is not None
    assert {child.tag: child.text for child in setup} == {
        "baseCurrency": "USD",
        "defaultBook": "ACCRUAL",
        "firstFiscalMonth": "January",
        "multiBaseCurrency": "true",
        "multiBook": "false",
        "multiCurrency": "true",
        "multiEntityShared": "true",
    }


def test_entity_details_list_every_entity_or_the_one_we_are_in(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, "<readEntityDetails/>")
    assert answer.texts(DATA + "entity/id") == ["100", "200", "300"]
    assert answer.texts(DATA + "entity/currency") == ["USD", "USD", "GBP"]
    first = answer.root.find(DATA + "entity")
    assert first is not None
    assert [child.tag for child in first] == [
        *("id", "name", "recordno", "currency", "firstfiscalmonth", "firstfiscaltaxmonth", "weekstart")
    ]
    inside = call(sandbox, "<readEntityDetails/>", credential=login(location="300"))
    assert inside.texts(DATA + "entity/id") == ["300"]


def test_dimensions_name_the_user_defined_one(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, "<getDimensions/>")
    dimensions = {
        dimension.findtext("objectName"): dimension.findtext("userDefinedDimension")
        for dimension in answer.root.findall(DATA + "dimensions/dimension")
    }
    assert {"LOCATION", "DEPARTMENT", "VENDOR", "CUSTOMER", "PROJECT", "CLASS"} <= set(dimensions)
    assert [name for name, user_defined in dimensions.items() if user_defined == "true"] == ["CHANNEL"]


def test_dimension_relationships_say_which_refers_to_which(sandbox: SandboxProcess) -> None:
    relationships = call(sandbox, "<getDimensionRelationships/>").root.findall(DATA + "relationship")
    related = {item.findtext("dimension"): item.findall("related") for item in relationships}
    assert "PROJECT" in [item.findtext("dimension") for item in related["TASK"]]
    assert {item.findtext("source_side") for item in related["TASK"]} == {"Many"}


def test_preferences_are_told_by_application(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, '<get_companyprefs application="GEN"/>')
    preferences = answer.root.findall(DATA + "companypref")
    assert {item.findtext("application") for item in preferences} == {"GEN"}
    found = {item.findtext("preference"): item.findtext("prefvalue") for item in preferences}
    assert found["PRIMARY_ACCTNO_LENGTH"] == "4"
    assert call(sandbox, '<get_companyprefs application="XX"/>').errors() == [("BL03002028", "No Data Found")]
    assert {"GL", "AP", "AR"} <= set(call(sandbox, "<get_applications/>").texts(DATA + "application"))


def test_the_companys_name_comes_by_get_list(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, '<get_list object="company_info"/>')
    assert answer.text(DATA + "company_info/title")
    assert answer.text(DATA + "company_info/name")


def test_a_reader_may_not_write(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, create_department("A"), credential=login(AUDITOR))
    assert answer.statuses == ["failure"]
    assert (
        "PL04000005",
        "You do not have permission for API operation CREATE on objects of type department",
    ) in answer.errors()
    assert departments(sandbox, ["A"]) == []


@pytest.mark.parametrize(
    "asked",
    [
        query("AUDITHISTORY", ["ID"]),
        "<readByQuery><object>AUDITHISTORY</object><query/></readByQuery>",
    ],
)
def test_the_denial_of_audit_history_has_no_errorno(sandbox: SandboxProcess, asked: str) -> None:
    answer = call(sandbox, asked, credential=login(AUDITOR))
    ((errorno, text),) = answer.errors()
    assert errorno is None
    assert text.startswith("You do not have permission to view audit history")
    assert call(sandbox, asked).statuses == ["success"]


def test_denied_fields_are_listed_by_object(sandbox: SandboxProcess) -> None:
    asked = query("VENDOR", ["VENDORID", "TAXID", "CREDITLIMIT"])
    denied = call(sandbox, asked, credential=login(AUDITOR))
    assert denied.errors() == [
        ("XL03000006", "The following fields cannot be queried: [VENDOR: [TAXID, CREDITLIMIT] ]")
    ]
    assert call(sandbox, query("VENDOR", ["VENDORID"]), credential=login(AUDITOR)).statuses == ["success"]
    assert call(sandbox, asked).statuses == ["success"]


def test_an_entity_restricted_user_reads_within_the_entity(sandbox: SandboxProcess) -> None:
    asked = "<query><object>GLDETAIL</object><select><count>RECORDNO</count></select></query>"
    count = DATA + "GLDETAIL/COUNT.RECORDNO"
    everything = int(call(sandbox, asked).text(count) or 0)
    west = call(sandbox, asked, credential=session_block(begin_session(sandbox, WEST)))
    assert 0 < int(west.text(count) or 0) < everything
