"""Vendor approval: new and changed vendors wait, nothing posts for them (Intacct's help, "About vendor approvals")."""

from tests.gateway_requests import APPROVER, AUDITOR, call, login, query
from tests.sandbox.books import adjustment, bill, create, element, key_of, payment, refused, succeed, update
from tests.sandbox_process import SandboxProcess

NOT_APPROVED = "Vendor 'V900' is not approved; save the transaction as a draft."


def vendor(sandbox: SandboxProcess) -> int:
    return key_of(sandbox, create(element("VENDOR", {"VENDORID": "V900", "NAME": "New Vendor"})))


def review(verb: str, key: int) -> str:
    return f"<{verb}Vendor><recordno>{key}</recordno><reviewcomments>Seen</reviewcomments></{verb}Vendor>"


def state(sandbox: SandboxProcess, name: str = "V900") -> str | None:
    filtered = f"<filter><equalto><field>VENDORID</field><value>{name}</value></equalto></filter>"
    return call(sandbox, query("VENDOR", ["STATE"], filtered)).text(".//VENDOR/STATE")


def test_a_new_vendor_waits_and_only_drafts_are_taken_for_it(sandbox: SandboxProcess) -> None:
    sandbox.switch(approval_vendor=1)
    key = vendor(sandbox)
    assert (state(sandbox), state(sandbox, "V001")) == ("Submitted", "Approved")
    assert refused(sandbox, create(bill(VENDORID="V900")))[0][1] == NOT_APPROVED
    assert refused(sandbox, adjustment("ap", "1.00").replace("V001", "V900"))[0][1] == NOT_APPROVED
    draft = key_of(sandbox, create(bill(VENDORID="V900", ACTION="Draft")))
    listed = call(sandbox, "<getVendorsToApprove/>", credential=login(APPROVER))
    assert listed.texts(".//vendor/VENDORID") == ["V900"]
    assert refused(sandbox, review("approve", key))[0][1] == "etl submitted this vendor and cannot approve it."
    assert refused(sandbox, review("approve", key), credential=login(AUDITOR))[0][0] == "PL04000005"
    succeed(sandbox, review("approve", key), credential=login(APPROVER))
    assert state(sandbox) == "Approved"
    told = call(sandbox, f"<getVendorApprovalHistory><recordno>{key}</recordno></getVendorApprovalHistory>")
    assert (told.texts(".//approval/action"), told.texts(".//approval/comments")) == (
        ["Submit", "Approve"],
        ["", "Seen"],
    )
    succeed(sandbox, update(element("APBILL", {"RECORDNO": draft, "ACTION": "Submit"})))


def test_a_change_submits_a_vendor_again_but_not_while_it_is_being_paid(sandbox: SandboxProcess) -> None:
    owed = key_of(sandbox, create(bill()))
    sandbox.switch(approval_vendor=1, approval_appymt=1)
    change = update("<VENDOR><VENDORID>V001</VENDORID><COMMENTS>New bank</COMMENTS></VENDOR>")
    waiting = key_of(sandbox, create(payment((owed, "10.00"))))
    assert refused(sandbox, change)[0][1] == "Vendor 'V001' has payment requests under way and cannot be changed."
    succeed(sandbox, f'<delete_paymentrequest key="{waiting}"/>')
    succeed(sandbox, change)
    assert state(sandbox, "V001") == "Submitted"
    words = refused(sandbox, create(payment((owed, "10.00"))))[0][1]
    assert words == NOT_APPROVED.replace("V900", "V001")
    succeed(sandbox, review("decline", 1), credential=login(APPROVER))
    assert state(sandbox, "V001") == "Declined"
    succeed(sandbox, change)
    assert state(sandbox, "V001") == "Submitted"


def test_without_vendor_approval_every_vendor_is_approved(sandbox: SandboxProcess) -> None:
    vendor(sandbox)
    assert state(sandbox) == "Approved"
    key_of(sandbox, create(bill(VENDORID="V900")))
