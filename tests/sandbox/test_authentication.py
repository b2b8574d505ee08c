"""Who may come in: the order of the checks and the level and text of each refusal (wire/xml-gateway.md §2.4, §3.3)."""

import pytest

from tests.gateway_requests import (
    ETL,
    LOCKED,
    STRANGER,
    WEST,
    Answer,
    begin_session,
    call,
    create_department,
    departments,
    login,
    session,
)
from tests.sandbox_process import SandboxProcess

WRONG_SIGN_IN = ("XL03000006", "Sign-in information is incorrect")
LOCKED_OUT = [("PL04000076", "This user is in LOCKEDOUT state"), WRONG_SIGN_IN]


def sign_in_refusal(answer: Answer) -> list[tuple[str | None, str]]:
    """The errors of an authentication-level failure: control success, no result, no time stamps."""
    assert answer.text("control/status") == "success"
    assert answer.text("operation/authentication/status") == "failure"
    assert answer.root.find("operation/authentication/sessiontimestamp") is None
    assert answer.results == []
    return answer.errors("operation/errormessage/error")


def test_a_wrong_sender_password_fails_at_control_level(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, "<getAPISession/>", sender=("SANDBOX", "wrong"))
    assert answer.root.find("operation") is None
    assert answer.errors() == [("XL03000006", "Incorrect Intacct XML Partner ID or password.")]


def test_sender_ids_are_case_sensitive(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, "<getAPISession/>", sender=("sandbox", "sender-Secret-7Qf"))
    assert answer.text("control/status") == "failure"


@pytest.mark.parametrize(
    "credential",
    [
        login(("etl", "wrong")),
        login(("nobody", ETL[1])),
        login(company="OTHER"),
        login(location="999"),
        login(WEST, location="100"),
    ],
    ids=["password", "user", "company", "location", "location out of reach"],
)
def test_a_wrong_sign_in_is_told_in_one_sentence_whatever_is_wrong(sandbox: SandboxProcess, credential: str) -> None:
    answer = call(sandbox, "<getAPISession/>", credential=credential)
    assert sign_in_refusal(answer) == [WRONG_SIGN_IN]
    assert answer.text("operation/authentication/userid")
    assert answer.text("operation/authentication/companyid")


def test_the_sender_is_asked_before_the_user(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, "<getAPISession/>", sender=("SANDBOX", "wrong"), credential=login(("etl", "wrong")))
    assert answer.errors() == [("XL03000006", "Incorrect Intacct XML Partner ID or password.")]


def test_the_policy_is_asked_between_sender_and_user(sandbox: SandboxProcess) -> None:
    policy = "<policyid>p</policyid>"
    wrong_user = login(("etl", "wrong"))
    answer = call(sandbox, "<getAPISession/>", credential=wrong_user, control=policy)
    assert answer.errors() == [("XL03000006", "p is not a valid transport policy.")]
    answer = call(sandbox, "<getAPISession/>", sender=("SANDBOX", "wrong"), control=policy)
    assert answer.errors() == [("XL03000006", "Incorrect Intacct XML Partner ID or password.")]


def test_the_user_is_asked_before_the_senders_authorisation(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, "<getAPISession/>", sender=STRANGER, credential=login(("etl", "wrong")))
    assert sign_in_refusal(answer) == [WRONG_SIGN_IN]


def test_an_unauthorised_sender_is_told_whom_to_ask(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, "<getAPISession/>", sender=STRANGER)
    assert sign_in_refusal(answer) == [
        (
            "XL03000006",
            "The sender ID 'STRANGER' is not authorized to make Web Services requests to company ID 'DEMO'.",
        )
    ]
    assert answer.text(".//error/description") == "Invalid Web Services Authorization"
    assert answer.text(".//error/correction") == (
        "Contact the company administrator to grant Web Services authorization to this sender ID."
    )


def test_an_unauthorised_sender_cannot_use_anothers_session(sandbox: SandboxProcess) -> None:
    credential = session(begin_session(sandbox))
    assert sign_in_refusal(call(sandbox, "<get_applications/>", sender=STRANGER, credential=credential))


@pytest.mark.parametrize("password", [LOCKED[1], "wrong"])
def test_a_locked_user_gets_two_errors_whatever_the_password(sandbox: SandboxProcess, password: str) -> None:
    answer = call(sandbox, "<getAPISession/>", credential=login(("locked", password)))
    assert sign_in_refusal(answer) == LOCKED_OUT


def test_five_wrong_passwords_in_a_row_lock_the_user(sandbox: SandboxProcess) -> None:
    wrong, right = login(("etl", "wrong")), login(ETL)
    for _ in range(4):
        call(sandbox, "<getAPISession/>", credential=wrong)
    assert call(sandbox, "<getAPISession/>", credential=right).statuses == ["success"], "a success starts over"
    for _ in range(5):
        assert sign_in_refusal(call(sandbox, "<getAPISession/>", credential=wrong)) == [WRONG_SIGN_IN]
    assert sign_in_refusal(call(sandbox, "<getAPISession/>", credential=right)) == LOCKED_OUT


def test_a_lockout_survives_a_restart(fresh_sandbox: SandboxProcess) -> None:
    for _ in range(5):
        call(fresh_sandbox, "<getAPISession/>", credential=login(("etl", "wrong")))
    fresh_sandbox.kill()
    fresh_sandbox.restart()
    assert sign_in_refusal(call(fresh_sandbox, "<getAPISession/>")) == LOCKED_OUT


def test_the_number_of_tries_is_a_switch(sandbox: SandboxProcess) -> None:
    sandbox.switch(lockout_after=0)
    for _ in range(9):
        call(sandbox, "<getAPISession/>", credential=login(("etl", "wrong")))
    assert call(sandbox, "<getAPISession/>").statuses == ["success"]


def test_nothing_is_executed_for_who_is_not_let_in(sandbox: SandboxProcess) -> None:
    call(sandbox, create_department("D1"), credential=login(("etl", "wrong")))
    assert departments(sandbox, ["D1"]) == []


def test_a_gateway_before_the_company_may_refuse_unknown_companies_and_senders(sandbox: SandboxProcess) -> None:
    sandbox.switch(front_door="gateway")
    for refused in (
        call(sandbox, "<getAPISession/>", credential=login(company="OTHER")),
        call(sandbox, "<getAPISession/>", sender=("OTHER", "x")),
    ):
        assert refused.status == 400
        assert refused.text("errormessage/error/errorno") == "GW-0011"
        assert (refused.text("errormessage/error/description") or "").startswith("Invalid Request [Request ID: ")
        assert refused.root.find("control/senderid") is None


def test_an_expired_demo_company_answers_with_blank_ids(sandbox: SandboxProcess) -> None:
    sandbox.switch(company_expired=True)
    answer = call(sandbox, "<getAPISession/>")
    assert answer.errors() == [("PL04000055", "This company is a demo company and has expired.")]
    assert answer.text("control/senderid") == ""
    assert answer.root.find("control/dtdversion") is None


def test_a_company_without_web_services_says_so(sandbox: SandboxProcess) -> None:
    sandbox.switch(web_services_subscription=False)
    ((_, text),) = sign_in_refusal(call(sandbox, "<getAPISession/>"))
    assert text == "This company is not authorized for XML transactions. Please subscribe to the XML Gateway."


def test_no_refusal_and_no_log_repeats_a_secret(fresh_sandbox: SandboxProcess) -> None:
    secrets = ["etl-Secret-9Kd", "sender-Secret-7Qf", "wrong-Secret-0Zz"]
    answers = [
        call(fresh_sandbox, "<getAPISession/>"),
        call(fresh_sandbox, "<getAPISession/>", credential=login(("etl", "wrong-Secret-0Zz"))),
        call(fresh_sandbox, "<getAPISession/>", sender=("SANDBOX", "wrong-Secret-0Zz")),
    ]
    session_id = answers[0].text("operation/result/data/api/sessionid") or "missing"
    call(fresh_sandbox, "<get_applications/>", credential=session(session_id))
    said = b"".join(answer.body for answer in answers).decode() + str(fresh_sandbox.control("/sandbox/log"))
    assert not [secret for secret in secrets if secret in said + fresh_sandbox.log]
    assert session_id not in fresh_sandbox.log + str(fresh_sandbox.control("/sandbox/log"))
