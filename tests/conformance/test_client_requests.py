"""What the clients really send is valid against Sage's schema: caught on the wire, and any envelope they can build."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_intacct.client import Credentials, IntacctClient
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.client.xml.envelope import build_request
from airflow_provider_intacct.client.xml.functions import Function, function
from airflow_provider_intacct.client.xml.session import Session, SessionPool
from tests.unit.client.gateway_server import Server, serving, succeed
from tests.unit.client.test_client import company

Errors = Callable[[bytes], list[str]]

WAY_IN = {
    "company_id": "DEMO", "user_id": "etl", "password": "p<&>w", "sender_id": "SANDBOX", "sender_password": "s'p",
}  # fmt: skip


def sent(server: Server, work: Callable[[IntacctClient], object], **way_in: str) -> list[bytes]:
    """Return the requests that `work` made, the sign-in first."""
    credentials = Credentials(**{**WAY_IN, "endpoint": server.endpoint, **way_in})
    with IntacctClient(credentials, pool=SessionPool()) as client:
        work(client)
    return [seen.text.encode() for seen in server.seen]


@pytest.mark.parametrize("entity", ["", "100"])
def test_signing_in_and_reading_rows(schema_errors: Errors, entity: str) -> None:
    with serving(company) as server:
        requests = sent(
            server,
            lambda client: list(
                client.rows(
                    "APBILL",
                    fields=["NAME", "TOTALDUE", "WHENMODIFIED", "VENDOR.NAME"],
                    where="NAME LIKE 'R%' AND (TOTALDUE > 5 OR WHENDUE IS NULL)",
                    page_size=1,
                    show_private=True,
                    case_insensitive=True,
                )
            ),
            entity_id=entity,
        )
    assert len(requests) == 1 + 3 + 3  # sign-in, two lookups and the zone, three pages: as many as were counted
    assert [schema_errors(request) for request in requests] == [[]] * len(requests)


def test_a_transaction_of_many_functions(schema_errors: Errors) -> None:
    with serving(succeed) as server:
        requests = sent(
            server,
            lambda client: client.execute(
                [
                    functions.create("GLBATCH", {"JOURNAL": "GJ", "ENTRIES": {"GLENTRY": [{"AMOUNT": "1"}] * 2}}),
                    functions.delete("VENDOR", [1, 2]),
                    function("reverse_bill", {"datereversed": {"year": "2026", "month": "03", "day": "31"}}, key="12"),
                ],
                atomic=True,
                unique=True,
            ),
        )
    assert [schema_errors(request) for request in requests] == [[], []]


XML_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), min_size=1
)
NAMES = XML_TEXT.filter(str.isprintable)


@given(
    NAMES,
    NAMES,
    st.none() | NAMES,
    st.lists(NAMES.filter(lambda text: len(text) <= 256), max_size=4, unique=True),
    st.booleans(),
    st.booleans(),
    st.none() | NAMES,
)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_every_envelope(
    schema_errors: Errors,
    name: str,
    secret: str,
    entity: str | None,
    control_ids: list[str],
    unique: bool,
    atomic: bool,
    policy: str | None,
) -> None:
    credentials = Credentials(
        company_id=name, user_id=name, password=secret, sender_id=name, sender_password=secret, entity_id=entity
    )
    each = [
        Function("getDimensions"),
        *(Function("getDimensions", control_id=control_id) for control_id in control_ids),
    ]
    for way_in in (credentials, Session(credentials, secret, "https://api.intacct.com/gw", name, name, "")):
        request = build_request(way_in, each, unique=unique, atomic=atomic, policy_id=policy)
        assert schema_errors(request) == []
