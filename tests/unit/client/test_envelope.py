from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from airflow_provider_intacct.client.credentials import Credentials
from airflow_provider_intacct.client.errors import ConfigurationError, InvalidRequestError
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.client.xml.envelope import build_request
from airflow_provider_intacct.client.xml.functions import Function
from airflow_provider_intacct.client.xml.session import Session

WAY_IN = Credentials(
    company_id="DEMO", user_id="etl", password="p<&>w", sender_id="SANDBOX", sender_password='s"p', entity_id="100"
)
SESSION = Session(WAY_IN, "sid-1", "https://na12.intacct.com/gw", "DEMO", "etl", "100")


def built(*each: Function, way_in: Credentials | Session = SESSION, **how: object) -> etree._Element:
    return etree.fromstring(build_request(way_in, each, **how))  # type: ignore[arg-type]


def tags(element: etree._Element | None) -> list[str]:
    assert element is not None
    return [str(child.tag) for child in element]


def test_the_parts_stand_in_the_order_of_the_schema() -> None:
    request = built(functions.get_dimensions(), way_in=WAY_IN, policy_id="nightly")
    assert tags(request) == ["control", "operation"]
    assert tags(request.find("control")) == [
        "senderid", "password", "controlid", "uniqueid", "dtdversion", "policyid", "includewhitespace",
    ]  # fmt: skip
    assert tags(request.find("operation")) == ["authentication", "content"]
    assert tags(request.find("operation/authentication/login")) == ["userid", "companyid", "password", "locationid"]


def test_a_session_needs_the_sender_but_no_password_of_the_user() -> None:
    request = built(functions.get_dimensions())
    assert request.findtext("control/password") == 's"p'
    assert request.findtext("operation/authentication/sessionid") == "sid-1"
    assert "p&lt;" not in etree.tostring(request).decode()


def test_without_an_entity_the_login_names_none() -> None:
    request = built(functions.get_dimensions(), way_in=WAY_IN.with_entity(None))
    assert request.find(".//locationid") is None


def test_uniqueid_is_always_said_for_its_default_is_true() -> None:
    assert built(functions.get_dimensions()).findtext("control/uniqueid") == "false"
    assert built(functions.get_dimensions(), unique=True).findtext("control/uniqueid") == "true"


def test_a_transaction_is_asked_for_in_the_operation() -> None:
    operation = built(functions.get_dimensions(), atomic=True).find("operation")
    assert operation is not None
    assert operation.get("transaction") == "true"


def test_functions_without_a_control_id_get_one_each_and_others_keep_theirs() -> None:
    mine = functions.get_dimensions().with_control_id("mine")
    request = built(functions.get_dimensions(), mine, functions.get_dimensions())
    ids = [str(each.get("controlid")) for each in request.iter("function")]
    assert ids[1] == "mine"
    assert len(set(ids)) == 3
    assert all(ids)


def test_a_control_id_that_stands_twice_is_refused() -> None:
    twice = functions.get_dimensions().with_control_id("mine")
    with pytest.raises(InvalidRequestError, match="'mine' stands on more than one"):
        build_request(SESSION, [twice, twice])


@pytest.mark.parametrize("control_id", ["", "x" * 257])
def test_a_control_id_of_no_or_too_many_characters_is_refused(control_id: str) -> None:
    with pytest.raises(InvalidRequestError, match="1 to 256"):
        build_request(SESSION, [Function("getDimensions", control_id=control_id)])
    with pytest.raises(InvalidRequestError, match="1 to 256"):
        build_request(SESSION, [functions.get_dimensions()], control_id=control_id)


def test_a_request_without_functions_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="at least one function"):
        build_request(SESSION, [])


def test_a_character_that_xml_forbids_is_refused_with_its_place() -> None:
    with pytest.raises(InvalidRequestError, match=r"NAME.*U\+0008"):
        functions.create("VENDOR", {"NAME": "Ac\bme"})
    with pytest.raises(ConfigurationError, match="password"):
        Credentials(company_id="D", user_id="u", password="a\x08b", sender_id="s", sender_password="p")


XML_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"))
PRINTABLE = XML_TEXT.filter(str.isprintable).filter(bool)


@given(PRINTABLE, PRINTABLE, PRINTABLE.filter(lambda text: len(text) <= 256), XML_TEXT)
def test_whatever_is_put_in_comes_out_on_the_other_side(secret: str, user: str, control_id: str, value: str) -> None:
    way_in = Credentials(company_id="DEMO", user_id=user, password=secret, sender_id="S", sender_password=secret)
    create = functions.create("VENDOR", {"NAME": value, "@note": value}).with_control_id(control_id)
    request = built(create, way_in=way_in, control_id=control_id)
    assert request.findtext("control/password") == secret
    assert request.findtext("control/controlid") == control_id
    assert request.findtext("operation/authentication/login/userid") == user
    function = request.find("operation/content/function")
    assert function is not None
    assert function.get("controlid") == control_id
    assert (function.findtext("create/VENDOR/NAME") or "") == value
    record = function.find("create/VENDOR")
    assert record is not None
    assert record.get("note") == value
    assert len(list(request.iter())) == 19


@given(st.text(alphabet="\t\n\r ab<&", max_size=20))
def test_white_space_is_sent_as_it_is(value: str) -> None:
    request = built(functions.create("VENDOR", {"NAME": value, "@note": value}))
    assert (request.findtext(".//NAME") or "") == value
    record = request.find(".//VENDOR")
    assert record is not None
    assert record.get("note") == value


def test_amounts_keep_their_digits() -> None:
    request = built(functions.create("GLENTRY", {"AMOUNT": Decimal("1E+3"), "TRX_AMOUNT": Decimal("0.10")}))
    assert request.findtext(".//AMOUNT") == "1000"
    assert request.findtext(".//TRX_AMOUNT") == "0.10"
