"""An Airflow connection, in every form in which people write one, becomes a client; what is wrong in it is named."""

import asyncio
import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from airflow_provider_intacct.client.errors import ConfigurationError, PermissionDeniedError, SignInError
from airflow_provider_intacct.hooks import IntacctHook
from airflow_provider_intacct.hooks.masking import forms
from tests.airflow.conftest import Connect, connection_to
from tests.sandbox_process import SandboxProcess

ENDPOINT = "http://127.0.0.1:9/ia/xml/xmlgw.phtml"


def set_connection(monkeypatch: pytest.MonkeyPatch, value: Any, conn_id: str = "intacct_default") -> None:
    text = value if isinstance(value, str) else json.dumps(value)
    monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", text)


def refused(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> str:
    """The message for a connection with these changes."""
    set_connection(monkeypatch, connection_to(ENDPOINT, **changes))
    with pytest.raises(ConfigurationError) as error:
        _ = IntacctHook().client
    return str(error.value)


def test_a_json_connection_fills_every_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    set_connection(
        monkeypatch,
        connection_to(
            ENDPOINT, entity_id="200", timeout=12.5, max_concurrency=3, page_size=500, time_zone=" Europe/London "
        ),
    )
    settings = IntacctHook().settings
    assert settings.time_zone == "Europe/London"
    assert (settings.timeout, settings.max_concurrency, settings.page_size) == (12.5, 3, 500)
    credentials = settings.credentials
    assert (credentials.company_id, credentials.user_id, credentials.entity_id) == ("DEMO", "etl", "200")
    assert (credentials.sender_id, credentials.endpoint) == ("SANDBOX", ENDPOINT)
    assert (credentials.password, credentials.sender_password) == ("etl-Secret-9Kd", "sender-Secret-7Qf")


def test_a_uri_connection_says_the_same_as_a_json_one(monkeypatch: pytest.MonkeyPatch) -> None:
    password = "p@ss/w&rd:%20 <ü>"
    as_json = connection_to(ENDPOINT, password=password, page_size=500, timeout=30)
    set_connection(monkeypatch, as_json, "as_json")
    uri = f"intacct://etl:{quote(password, safe='')}@/?{urlencode(as_json['extra'])}"
    set_connection(monkeypatch, uri, "as_uri")
    assert IntacctHook("as_uri").settings == IntacctHook("as_json").settings
    assert IntacctHook("as_uri").settings.credentials.password == password


def test_the_round_trip_of_airflows_own_connection_test_keeps_every_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The UI tests a connection through its URI, under a random id."""
    from airflow.models.connection import Connection

    original = connection_to(ENDPOINT, password="%41&?#+ /", page_size=500)
    built = Connection(
        conn_id="x", conn_type="intacct", login="etl", password="%41&?#+ /", extra=json.dumps(original["extra"])
    )
    set_connection(monkeypatch, original, "original")
    set_connection(monkeypatch, built.get_uri(), "qwertyui")
    assert IntacctHook("qwertyui").settings == IntacctHook("original").settings


def test_empty_form_fields_mean_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = dict.fromkeys(("entity_id", "timeout", "max_concurrency", "time_zone"), "") | {"page_size": None}
    set_connection(monkeypatch, connection_to("", **empty))
    settings = IntacctHook().settings
    assert (settings.timeout, settings.max_concurrency, settings.page_size) == (300.0, 1, 2000)
    assert settings.credentials.entity_id is None
    assert settings.credentials.endpoint == "https://api.intacct.com/ia/xml/xmlgw.phtml"


def test_the_entity_of_the_operator_overrides_that_of_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    set_connection(monkeypatch, connection_to(ENDPOINT, entity_id="100"))
    assert IntacctHook().settings.credentials.entity_id == "100"
    assert IntacctHook(entity_id="300").settings.credentials.entity_id == "300"


def test_rest_credentials_in_the_same_connection_do_not_disturb(monkeypatch: pytest.MonkeyPatch) -> None:
    set_connection(monkeypatch, connection_to(ENDPOINT, client_id="c", client_secret="s"))
    assert IntacctHook().settings.credentials.company_id == "DEMO"


@pytest.mark.parametrize("field", ["company_id", "sender_id", "sender_password", "login", "password"])
@pytest.mark.parametrize("nothing", ["", None])
def test_a_missing_field_is_named_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, field: str, nothing: str | None
) -> None:
    message = refused(monkeypatch, **{field: nothing})
    assert f"'{field}' is missing" in message
    assert "intacct_default" in message
    assert "connection form" in message


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("page_size", "many", "'page_size' must be a whole number from 1 to 2000, not 'many'"),
        ("page_size", 2001, "from 1 to 2000, not '2001'"),
        ("page_size", "12.5", "whole number"),
        ("time_zone", "Pacific", "'time_zone': 'Pacific' is no time zone; give an IANA name"),
        ("timezone", "UTC", "Did you mean 'time_zone'?"),
        ("timeout", "soon", "'timeout' must be a number from 1 to 900, not 'soon'"),
        ("timeout", "nan", "from 1 to 900"),
        ("timeout", "inf", "from 1 to 900"),
        ("timeout", -1, "from 1 to 900"),
        ("max_concurrency", 0, "'max_concurrency' must be a whole number from 1 to 50"),
        ("max_concurrency", True, "whole number"),
        ("endpoint", "https://intacct.com.evil.example/x", "is not one of Intacct's"),
        ("endpoint", "http://api.intacct.com/ia/xml/xmlgw.phtml", "must be called by https"),
        ("endpoint", "api.intacct.com", "not a complete URL"),
        ("enttiy_id", "100", "unknown. Did you mean 'entity_id'?"),
        ("Company_ID", "DEMO", "unknown. Did you mean 'company_id'?"),
    ],
)
def test_a_wrong_field_is_named_with_what_it_may_be(
    monkeypatch: pytest.MonkeyPatch, field: str, value: Any, expected: str
) -> None:
    assert expected in refused(monkeypatch, **{field: value})


def test_a_host_is_refused_rather_than_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    set_connection(monkeypatch, {**connection_to(ENDPOINT), "host": "api.intacct.com"})
    with pytest.raises(ConfigurationError, match="host field is not used"):
        _ = IntacctHook().settings


@pytest.mark.parametrize("extra", ["{not json", "[1]", '"text"'])
def test_an_extra_that_is_no_json_object_is_called_that(monkeypatch: pytest.MonkeyPatch, extra: str) -> None:
    from airflow.sdk import Connection

    monkeypatch.setattr(
        IntacctHook,
        "get_connection",
        lambda self, conn_id: Connection(conn_id=conn_id, login="etl", password="secret-1", extra=extra),
    )
    with pytest.raises(ConfigurationError, match="not a JSON object"):
        _ = IntacctHook().settings


def test_no_message_about_a_wrong_connection_holds_its_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong: list[dict[str, Any]] = [
        {"company_id": ""},
        {"page_size": "x"},
        {"endpoint": "https://etl:etl-Secret-9Kd@x.example"},
        {"sender_password": "sender-Secret-7Qf\n"},
    ]
    for changes in wrong:
        message = refused(monkeypatch, **changes)
        assert "Secret" not in message, changes


def test_an_unknown_connection_is_airflows_own_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowNotFoundException

    with pytest.raises(AirflowNotFoundException, match="nowhere"):
        _ = IntacctHook("nowhere").client


def test_secrets_are_masked_in_the_forms_that_logs_could_show() -> None:
    assert {"a&b<c'd%", "a&amp;b&lt;c'd%", "a&amp;b&lt;c&apos;d%", "a%26b%3Cc%27d%25"} <= set(forms("a&b<c'd%"))


def test_the_hook_reads_records(connect: Connect) -> None:
    connect()
    with IntacctHook().client as client:
        rows = list(client.rows("LOCATIONENTITY", fields=["LOCATIONID"], order_by="LOCATIONID"))
    assert [row["LOCATIONID"] for row in rows] == ["100", "200", "300"]


def test_the_async_client_reads_the_connection_once_and_then_only_intacct(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect()

    async def read() -> list[str]:
        client = await IntacctHook().async_client()
        monkeypatch.delenv("AIRFLOW_CONN_INTACCT_DEFAULT")
        async with client:
            return [row["LOCATIONID"] async for row in client.rows("LOCATIONENTITY", fields=["LOCATIONID"])]

    assert sorted(asyncio.run(read())) == ["100", "200", "300"]


def test_an_entity_restricts_what_the_hook_reads(connect: Connect) -> None:
    connect(entity_id="200")
    with IntacctHook().client as client:
        assert client.session.entity_id == "200"


def test_a_wrong_password_is_tried_once_however_often_the_hook_is_asked(
    connect: Connect, sandbox: SandboxProcess
) -> None:
    connect(password="wrong-Secret-000")
    for _ in range(3):
        with IntacctHook().client as client, pytest.raises(SignInError):
            repr(client.session)
    sign_ins = [call for call in sandbox.control("/sandbox/log") if call["function"] == "getAPISession"]
    assert len(sign_ins) <= 1


def test_what_the_user_may_not_do_is_a_permission_error(connect: Connect) -> None:
    from airflow_provider_intacct.client.xml import functions

    connect(user="auditor")
    with IntacctHook().client as client, pytest.raises(PermissionDeniedError):
        client.call(functions.create("DEPARTMENT", [{"DEPARTMENTID": "D9", "TITLE": "Nine"}]))
