import pickle

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_intacct.client.credentials import (
    DEFAULT_ENDPOINT,
    Credentials,
    allowed_endpoint,
    returned_endpoint,
)
from airflow_provider_intacct.client.errors import ConfigurationError

WHOLE = {
    "company_id": "DEMO",
    "user_id": "etl",
    "password": "etl-Secret-9Kd",
    "sender_id": "SANDBOX",
    "sender_password": "sender-Secret-7Qf",
}


def credentials(**changes: str | None) -> Credentials:
    return Credentials(**{**WHOLE, **changes})  # type: ignore[arg-type]


def test_without_an_endpoint_intacct_itself_is_called() -> None:
    assert credentials().url == DEFAULT_ENDPOINT == "https://api.intacct.com/ia/xml/xmlgw.phtml"
    assert credentials(endpoint="").url == DEFAULT_ENDPOINT


def test_every_missing_value_is_named_at_once() -> None:
    with pytest.raises(ConfigurationError, match="lack company_id and sender_password"):
        credentials(company_id="", sender_password=None)


@pytest.mark.parametrize("name", [*WHOLE, "entity_id"])
def test_a_line_break_at_the_end_of_a_value_is_refused_without_showing_it(name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        credentials(**{name: "pasted-value\n"})
    assert name in str(caught.value)
    assert "pasted-value" not in str(caught.value)


def test_passwords_are_in_no_representation() -> None:
    shown = f"{credentials()!r} {credentials()}"
    assert "Secret" not in shown
    assert "etl" in shown


def test_an_entity_is_another_way_in() -> None:
    top = credentials()
    assert top.with_entity("100") != top
    assert top.with_entity("100").with_entity(None) == top
    assert credentials(entity_id="").entity_id is None


def test_credentials_survive_pickling() -> None:
    assert pickle.loads(pickle.dumps(credentials(entity_id="100"))) == credentials(entity_id="100")


@pytest.mark.parametrize(
    ("given", "called"),
    [
        ("https://api.intacct.com", DEFAULT_ENDPOINT),
        ("https://api.intacct.com/", DEFAULT_ENDPOINT),
        ("https://na12.intacct.com/ia/xml/xmlgw.phtml", "https://na12.intacct.com/ia/xml/xmlgw.phtml"),
        ("HTTPS://API.Intacct.COM/ia/xml/xmlgw.phtml", DEFAULT_ENDPOINT),
        ("https://api.intacct.com./ia/xml/xmlgw.phtml", DEFAULT_ENDPOINT),
        ("https://api.intacct.com:443/ia/xml/xmlgw.phtml", DEFAULT_ENDPOINT),
        ("https://preview.eu.intacct.com/x", "https://preview.eu.intacct.com/x"),
        ("http://127.0.0.1:8088", "http://127.0.0.1:8088/ia/xml/xmlgw.phtml"),
        ("http://localhost:8088/", "http://localhost:8088/ia/xml/xmlgw.phtml"),
        ("https://localhost:8443/gw", "https://localhost:8443/gw"),
        ("http://127.8.9.1:80/gw", "http://127.8.9.1:80/gw"),
        ("http://[::1]:8088", "http://[::1]:8088/ia/xml/xmlgw.phtml"),
    ],
)
def test_intacct_and_this_machine_may_be_called(given: str, called: str) -> None:
    assert allowed_endpoint(given) == called


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://evil-intacct.com/ia/xml/xmlgw.phtml",
        "https://evilintacct.com",
        "https://intacct.com.evil.com",
        "https://api.intacct.com.evil.com/",
        "https://intacct.com/",
        "https://.intacct.com/",
        "https://..intacct.com/",
        "https://api..intacct.com/",
        "https://api.intacct.com../",
        "https://api.intacct.com@evil.com/",
        "https://user:word@api.intacct.com/",
        "https://@api.intacct.com/",
        "https://evil.com#.intacct.com",
        "https://evil.com?.intacct.com",
        "https://evil.com/.intacct.com",
        "https://evil.com\\.intacct.com/",
        "https://evil.com\n.intacct.com/",
        "https://evil.com\t.intacct.com/",
        "https://evil.com .intacct.com/",
        "https://evil.com%2f.intacct.com/",
        "https://api.intacct.com:8443/",
        "https://api.intacct.com:99999/",
        "https://api.intacct.com:port/",
        "http://api.intacct.com/",
        "ftp://api.intacct.com/",
        "//api.intacct.com/",
        "api.intacct.com",
        "https://api.intacct.com/gw?x=1",
        "https://api.intacct.com/gw#x",
        "https://api.intacct\u3002com/",
        "https://\u0430pi.intacct.com/",
        "http://localhost.evil.com/",
        "http://127.0.0.1.evil.com/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.0.0.1/",
        "http://0.0.0.0/",
        "http://10.0.0.1/",
        "http://169.254.169.254/",
        "http://[::2]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[::1/",
        "https://",
        "",
        " ",
    ],
)
def test_no_other_host_is_called(endpoint: str) -> None:
    with pytest.raises(ConfigurationError, match="endpoint"):
        allowed_endpoint(endpoint)


def test_a_password_in_an_endpoint_is_not_repeated() -> None:
    with pytest.raises(ConfigurationError) as caught:
        credentials(endpoint="https://someone:hunter22@api.intacct.com/")
    assert "hunter22" not in str(caught.value)


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_surrounds_intaccts_name_only_its_own_hosts_pass(before: str, after: str) -> None:
    try:
        endpoint = allowed_endpoint(f"https://{before}.intacct.com{after}")
    except ConfigurationError:
        return
    url = httpx.URL(endpoint)  # the reading that counts is that of the library which connects
    assert url.host.endswith(".intacct.com")
    assert url.scheme == "https"
    assert url.port is None
    assert not url.userinfo


def test_the_returned_endpoint_is_held_to_the_same_rule() -> None:
    assert returned_endpoint("https://na12.intacct.com/ia/xml/xmlgw.phtml", DEFAULT_ENDPOINT).startswith(
        "https://na12."
    )
    assert returned_endpoint("", DEFAULT_ENDPOINT) == DEFAULT_ENDPOINT
    with pytest.raises(ConfigurationError, match="returned an endpoint"):
        returned_endpoint("https://intacct.com.evil.com/", DEFAULT_ENDPOINT)
    with pytest.raises(ConfigurationError, match="this machine"):
        returned_endpoint("http://127.0.0.1/", DEFAULT_ENDPOINT)
    assert returned_endpoint("http://127.0.0.1:9/gw", "http://localhost:9/gw") == "http://127.0.0.1:9/gw"
