"""The request that is shown: exact, but for what is nobody's to read."""

import re
from decimal import Decimal

from airflow_provider_intacct.client import Credentials
from airflow_provider_intacct.client.checking import rendered
from airflow_provider_intacct.client.posting import Scope, prepare
from airflow_provider_intacct.client.xml.envelope import build_request
from airflow_provider_intacct.client.xml.session import Session

WAY_IN = Credentials("DEMO", "etl", "pass<word&1", "SENDER", "sender<word&2", entity_id="100")
RECORD = {
    "JOURNAL": "GJ",
    "BATCH_DATE": "2026-03-31",
    "BATCH_TITLE": "A & B",
    "ENTRIES": [
        {"ACCOUNTNO": "6000", "TR_TYPE": side, "TRX_AMOUNT": Decimal("1.00"), "LOCATION": "100"} for side in (1, -1)
    ],
}
SCOPE = Scope("DEMO", "close", "run", "task")


def test_it_is_the_request_that_would_be_sent_but_for_the_secrets() -> None:
    postings = prepare([RECORD], scope=SCOPE, object_name="GLBATCH")
    session = Session(WAY_IN, "session-id", WAY_IN.url, "DEMO", "etl", "100")
    sent = build_request(session, [postings[0].function], control_id="made-when-sent", unique=True, atomic=True)
    secrets = ("<password>.*?</password>", "<password>***</password>"), ("session-id", "***")
    text = sent.decode()
    for secret, mask in secrets:
        text = re.sub(secret, mask, text)
    assert rendered(postings, WAY_IN, atomic=True) == text


def test_no_credential_is_in_it_in_any_form() -> None:
    shown = rendered(prepare([RECORD], scope=SCOPE, object_name="GLBATCH"), WAY_IN)
    assert not [secret for secret in ("pass<word", "pass&lt;word", "sender<word", "sender&lt;word") if secret in shown]
    assert "<sessionid>***</sessionid>" in shown


def test_a_password_that_a_record_holds_is_struck_out() -> None:
    user = {"LOGINID": "ann", "PASSWORD": "hush", "CONTACTINFO": {"NEWPASSWORD": "hush"}}
    shown = rendered(prepare([user], scope=SCOPE, object_name="USERINFO"), WAY_IN)
    assert "hush" not in shown
    assert "<LOGINID>ann</LOGINID>" in shown


def test_a_file_is_told_by_its_length() -> None:
    attached = {"attachmentname": "a", "attachmenttype": "pdf", "attachmentdata": "A" * 5000}
    record = {"supdocid": "S-1", "attachments": {"attachment": [attached]}}
    shown = rendered(prepare([record], scope=SCOPE, function="create_supdoc"), WAY_IN)
    assert "<attachmentdata>(5000 characters)</attachmentdata>" in shown


def test_it_says_whether_all_is_one_transaction() -> None:
    postings = prepare([RECORD], scope=SCOPE, object_name="GLBATCH")
    assert '<operation transaction="true">' in rendered(postings, WAY_IN, atomic=True)
    assert '<operation transaction="false">' in rendered(postings, WAY_IN, atomic=False)
