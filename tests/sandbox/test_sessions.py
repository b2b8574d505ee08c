"""Sessions begin, slide, expire and enter entities (wire/xml-gateway.md §3.1, §3.2)."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.gateway_requests import WEST, Answer, begin_session, call, login, session
from tests.sandbox_process import SandboxProcess

API = "operation/result/data/api/"
AUTHENTICATION = "operation/authentication/"


def stamp(answer: Answer, name: str) -> datetime:
    text = answer.text(AUTHENTICATION + name)
    assert text is not None
    assert text.endswith("+00:00")
    return datetime.fromisoformat(text)


def enter(sandbox: SandboxProcess, session_id: str, location: str) -> Answer:
    inner = f"<getAPISession><locationid>{location}</locationid></getAPISession>"
    return call(sandbox, inner, credential=session(session_id))


def test_a_session_comes_with_endpoint_and_place(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, "<getAPISession/>")
    api = answer.root.find("operation/result/data/api")
    assert api is not None
    assert [child.tag for child in api] == ["sessionid", "endpoint", "locationid"]
    assert answer.text(API + "endpoint") == sandbox.endpoint
    assert answer.text(API + "locationid") == ""
    assert len(answer.text(API + "sessionid") or "") > 20


def test_the_authentication_block_has_the_gateways_order(sandbox: SandboxProcess) -> None:
    block = call(sandbox, "<getAPISession/>").root.find("operation/authentication")
    assert block is not None
    assert [child.tag for child in block] == [
        *("status", "userid", "companyid", "locationid", "sessiontimestamp", "sessiontimeout")
    ]


def test_a_session_stands_for_user_company_and_entity(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, "<get_applications/>", credential=session(begin_session(sandbox, location="300")))
    assert answer.statuses == ["success"]
    assert answer.text(AUTHENTICATION + "userid") == "etl"
    assert answer.text(AUTHENTICATION + "companyid") == "DEMO"
    assert answer.text(AUTHENTICATION + "locationid") == "300"


def test_every_call_slides_the_timeout(sandbox: SandboxProcess) -> None:
    credential = session(begin_session(sandbox))
    first = stamp(call(sandbox, "<get_applications/>", credential=credential), "sessiontimeout")
    assert timedelta(seconds=7190) < first - datetime.now(UTC) <= timedelta(seconds=7200)
    sandbox.advance(3600)
    second = stamp(call(sandbox, "<get_applications/>", credential=credential), "sessiontimeout")
    assert timedelta(seconds=3600) <= second - first < timedelta(seconds=3610)
    sandbox.advance(7100)
    assert call(sandbox, "<get_applications/>", credential=credential).statuses == ["success"]


def test_an_expired_session_is_an_invalid_session(sandbox: SandboxProcess) -> None:
    session_id = begin_session(sandbox)
    sandbox.advance(7201)
    answer = call(sandbox, "<get_applications/>", credential=session(session_id))
    assert answer.errors("operation/errormessage/error") == [("XL03000006", f"Invalid session {session_id[0]}....")]
    assert answer.text(AUTHENTICATION + "userid") == ""
    assert answer.text(AUTHENTICATION + "companyid") == ""


def test_an_unknown_session_may_be_repeated_in_full(sandbox: SandboxProcess) -> None:
    sandbox.switch(invalid_session_text="full")
    answer = call(sandbox, "<get_applications/>", credential=session("qwerty"))
    assert answer.errors() == [("XL03000006", "Invalid session qwerty")]


def test_whether_a_failed_call_slides_is_a_switch(sandbox: SandboxProcess) -> None:
    failing = "<getUserPermissions><userId>nobody</userId></getUserPermissions>"
    credential = session(begin_session(sandbox))
    before = stamp(call(sandbox, "<get_applications/>", credential=credential), "sessiontimeout")
    sandbox.advance(600)
    sandbox.switch(failed_call_slides=False)
    assert stamp(call(sandbox, failing, credential=credential), "sessiontimeout") == before
    sandbox.switch(failed_call_slides=True)
    assert stamp(call(sandbox, failing, credential=credential), "sessiontimeout") > before


def test_the_time_stamp_is_of_the_call_or_of_the_start(sandbox: SandboxProcess) -> None:
    credential = session(begin_session(sandbox))
    sandbox.advance(600)
    of_call = stamp(call(sandbox, "<get_applications/>", credential=credential), "sessiontimestamp")
    sandbox.switch(session_timestamp="start")
    of_start = stamp(call(sandbox, "<get_applications/>", credential=credential), "sessiontimestamp")
    assert timedelta(seconds=600) <= of_call - of_start < timedelta(seconds=610)


def test_a_session_enters_an_entity_and_returns_to_the_top(sandbox: SandboxProcess) -> None:
    top = begin_session(sandbox)
    entered = enter(sandbox, top, "200")
    assert entered.text(API + "locationid") == "200"
    inside = entered.text(API + "sessionid") or ""
    assert call(sandbox, "<get_applications/>", credential=session(inside)).text(AUTHENTICATION + "locationid") == "200"
    assert enter(sandbox, inside, "").text(API + "locationid") == ""
    assert call(sandbox, "<get_applications/>", credential=session(top)).text(AUTHENTICATION + "locationid") == ""


def test_a_session_without_location_stays_where_it_is(sandbox: SandboxProcess) -> None:
    inside = begin_session(sandbox, location="200")
    again = call(sandbox, "<getAPISession/>", credential=session(inside))
    assert again.text(API + "locationid") == "200"
    assert again.text(API + "sessionid") != inside


def test_an_unknown_entity_is_a_failed_function(sandbox: SandboxProcess) -> None:
    answer = enter(sandbox, begin_session(sandbox), "999")
    assert answer.statuses == ["failure"]
    assert answer.errors()[0][0] == "Get API Session Failed"


@pytest.mark.parametrize("place", ["", "100"])
def test_a_restricted_user_cannot_leave_the_entity(sandbox: SandboxProcess, place: str) -> None:
    session_id = begin_session(sandbox, WEST)
    answer = enter(sandbox, session_id, place)
    assert answer.text(AUTHENTICATION + "locationid") == "200"
    assert answer.statuses == ["failure"]


def test_a_restricted_user_may_be_refused_at_the_top(sandbox: SandboxProcess) -> None:
    sandbox.switch(restricted_user_login="refused")
    refused = call(sandbox, "<getAPISession/>", credential=login(WEST))
    assert refused.text(AUTHENTICATION + "status") == "failure"
    assert call(sandbox, "<getAPISession/>", credential=login(WEST, location="200")).statuses == ["success"]


def test_a_session_survives_a_kill(fresh_sandbox: SandboxProcess) -> None:
    session_id = begin_session(fresh_sandbox)
    fresh_sandbox.kill()
    fresh_sandbox.restart()
    assert call(fresh_sandbox, "<get_applications/>", credential=session(session_id)).statuses == ["success"]


def test_the_endpoint_can_be_another(sandbox: SandboxProcess) -> None:
    sandbox.switch(returned_endpoint="https://evil.example/ia/xml/xmlgw.phtml")
    assert call(sandbox, "<getAPISession/>").text(API + "endpoint") == "https://evil.example/ia/xml/xmlgw.phtml"
