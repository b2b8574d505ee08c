"""Every act the client can build is valid against Sage's schema, but for those that came after it."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from airflow_provider_intacct.client.posting import Scope, prepare_acts
from airflow_provider_intacct.client.posting.act_table import ACTS, DELETED_OTHERWISE, KEY_ATTRIBUTES
from airflow_provider_intacct.client.xml.envelope import build_request
from tests.conformance.test_functions_schema import CREDENTIALS

SINCE_2019 = {"recallApBill", "approveVendor", "declineVendor", "decline_appaymentrequest"}
"""Added by Sage after the schema it has published; developer.intacct.com has them."""

GIVEN: dict[str, Any] = {
    "date": date(2026, 3, 31),
    "memo": "Twice",
    "comment": "Fine",
    "nsf_closed_account": "true",
    "entries": [499, 328],
    "on_behalf_of": "James",
}
TASK = Scope("DEMO", key="conformance")


@pytest.mark.parametrize(
    ("object_name", "act"),
    [(name, act) for act, objects in ACTS.items() for name, how in objects.items() if not how.opposite],
)
def test_an_act_is_valid(object_name: str, act: str, schema_errors: Callable[[bytes], list[str]]) -> None:
    details = {name: value for name, value in GIVEN.items() if name in ACTS[act][object_name].takes}
    (posting,) = prepare_acts(object_name, act, {ACTS[act][object_name].key_field: "17"}, scope=TASK, details=details)
    errors = schema_errors(build_request(CREDENTIALS, [posting.function]))
    if posting.function.name in SINCE_2019:
        assert "This element is not expected" in errors[0]
    elif object_name == "TIMESHEET":
        assert "TIMESHEET" in errors[0]  # the schema's approve and decline know purchasing documents only
    else:
        assert errors == []


@pytest.mark.parametrize("function", sorted({*DELETED_OTHERWISE.values(), *KEY_ATTRIBUTES, "delete_bill"}))
def test_a_legacy_deletion_is_valid(function: str, schema_errors: Callable[[bytes], list[str]]) -> None:
    (posting,) = prepare_acts("X", "delete", ["17"], scope=TASK, function=function)
    assert schema_errors(build_request(CREDENTIALS, [posting.function])) == []
