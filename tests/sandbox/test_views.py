"""readView over the socket: saved views, a request's filters, pages continued by id or by view."""

import json
from decimal import Decimal

import pytest

from tests.gateway_requests import AUDITOR, WEST, begin_session, call, login, session
from tests.sandbox.reporting import entity, refusal
from tests.sandbox_process import SandboxProcess

VENDORS = "VENDOR#10001@10001"
VIEWS = (VENDORS, "CUSTOMER#10002@10001", "APBILL#10003@10001", "GLACCOUNT#10004@10001")


def view(name: str, *expressions: tuple[str, str, str], condition: str = "", more: str = "") -> str:
    items = "".join(
        f"<filterExpression><field>{field}</field><operator>{operator}</operator><value>{value}</value></filterExpression>"
        for field, operator, value in expressions
    )
    how = f"<filterCondition>{condition}</filterCondition>" if condition else ""
    filters = f"<filters>{how}{items}</filters>" if items else ""
    return f"<readView><view>{name}</view>{more}{filters}</readView>"


def due(sandbox: SandboxProcess, *expressions: tuple[str, str, str], condition: str = "") -> dict[str, Decimal]:
    """TOTALDUE by vendor of the vendors' view."""
    answer = call(sandbox, view(VENDORS, *expressions, condition=condition, more="<pagesize>1000</pagesize>"))
    assert answer.statuses == ["success"], answer.body
    records = answer.root.findall("operation/result/data/vendor")
    return {record.findtext("VENDORID"): Decimal(record.findtext("TOTALDUE")) for record in records}


@pytest.mark.parametrize("name", VIEWS)
def test_every_saved_view_is_read_as_read_by_query_would(sandbox: SandboxProcess, name: str) -> None:
    data = call(sandbox, view(name)).root.find("operation/result/data")
    assert list(data.attrib) == ["listtype", "count", "totalcount", "numremaining", "resultId"]
    assert data.get("listtype") == name.partition("#")[0].lower()
    assert int(data.get("count")) == len(data) > 0


def test_filters_are_joined_with_and_unless_they_say_or(sandbox: SandboxProcess) -> None:
    everyone = due(sandbox)
    much, some = ("totaldue", "greater than", "3000"), ("totaldue", "less than", "6000")
    assert due(sandbox, much) == {name: value for name, value in everyone.items() if value > 3000}
    both = {name: value for name, value in everyone.items() if 3000 < value < 6000}
    assert due(sandbox, much, some) == due(sandbox, much, some, condition="AND") == both
    assert due(sandbox, much, some, condition="OR") == everyone
    assert 0 < len(both) < len(everyone)


def test_a_view_is_continued_by_its_name_in_the_same_session(sandbox: SandboxProcess) -> None:
    credential = session(begin_session(sandbox))
    first = call(sandbox, view(VENDORS, more="<pagesize>9</pagesize>"), credential=credential)
    found = first.texts("operation/result/data/vendor/VENDORID")
    while int(first.root.find("operation/result/data").get("numremaining")):
        first = call(sandbox, f"<readMore><view>{VENDORS}</view></readMore>", credential=credential)
        found += first.texts("operation/result/data/vendor/VENDORID")
    assert found == list(due(sandbox))
    assert len(found) > 18


def test_a_view_comes_as_json_too(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, view(VENDORS, more="<returnFormat>json</returnFormat><pagesize>1000</pagesize>"))
    assert {row["VENDORID"]: Decimal(row["TOTALDUE"]) for row in json.loads(answer.body)} == due(sandbox)


def test_views_keep_to_rights_and_entities(sandbox: SandboxProcess) -> None:
    denied = refusal(sandbox, view(VENDORS), credential=login(AUDITOR))
    assert denied == ("XL03000006", "The following fields cannot be queried: [VENDOR: [CREDITLIMIT] ]")
    own = call(sandbox, view(VENDORS), credential=login(WEST)).texts("operation/result/data/vendor/VENDORID")
    assert own == call(sandbox, view(VENDORS), **entity("200")).texts("operation/result/data/vendor/VENDORID")
    assert set(own) - set(due(sandbox)), "vendors of the entity alone"


def test_an_unknown_view_field_or_operator_is_refused(sandbox: SandboxProcess) -> None:
    assert refusal(sandbox, view("VENDOR#1@1")) == ("Query Failed", "View VENDOR#1@1 not found")
    assert refusal(sandbox, view(VENDORS, ("moon", "equals", "1")))[0] == "DL02000001"
    wrong = refusal(sandbox, view(VENDORS, ("totaldue", "about", "1")))
    assert wrong == ("Query Failed", "Operator about is not valid in a view filter")
