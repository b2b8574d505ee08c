"""What can be done to a record that exists, object by object, and the function that does it. A table, not code.

Sources: the content models of the 3.0 schema; developer.intacct.com, the pages of each object, for what came after it
(recallApBill, approveVendor, decline_appaymentrequest, approval of timesheets). What the gateway does not offer is
named too, with the way that does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_intacct.client.errors import InvalidRequestError
from airflow_provider_intacct.client.posting.lookups import DOCUMENT_ID, RECORD_NUMBER
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.client.xml.functions import Function

Details = Mapping[str, Any]
Build = Callable[[str, Details], Function]


@dataclass(frozen=True, slots=True)
class Act:
    """One act on one object.

    `build`      returns its function for a key and the details, which hold only names in `takes`
    `takes`      the details it has a place for; those in `needs` must be given
    `key_field`  the field that the function knows the record by; "" if keys are taken as they are
    `found_by`   the field to see by whether the record is there: the key's, or "" if Intacct cannot be asked
    `leads_to`   the states that show it as done; none if no state does
    `exactly`    only these show it, not those further along
    `opposite`   there is no such function: the opposite record is created, from what is read of this one
    """

    build: Build
    takes: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    key_field: str = RECORD_NUMBER
    found_by: str = RECORD_NUMBER
    leads_to: tuple[str, ...] = ()
    exactly: bool = False
    opposite: bool = False


def _given(pairs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries that have a value: what is left out of a function must not clear anything."""
    return {name: value for name, value in pairs.items() if value not in (None, "")}


def _reversal(function: str, memo: str = "description", states: tuple[str, ...] = ("Reversed",), **more: str) -> Act:
    def build(key: str, details: Details) -> Function:
        body = {"datereversed": details["date"], memo: details.get("memo")}
        body |= {element: details.get(name) for name, element in more.items()}
        return functions.function(function, _given(body), key=key)

    return Act(build, frozenset({"date", "memo", *more}), frozenset({"date"}), leads_to=states, exactly=True)


def _payments(function: str, *leads_to: str, exactly: bool = False) -> Act:
    def build(key: str, _: Details) -> Function:
        return functions.function(function, {"appaymentkeys": {"appaymentkey": key}})

    return Act(build, leads_to=leads_to, exactly=exactly)


def _document(name: str) -> Build:
    def build(key: str, details: Details) -> Function:
        return functions.function(name, {"PODOCUMENT": _given({"DOCID": key, "COMMENT": details.get("comment")})})

    return build


def _timesheet(name: str, by: str) -> Build:
    def build(key: str, details: Details) -> Function:
        body = {
            "RECORDNO": key,
            "ENTRYKEYS": ",".join(map(str, details.get("entries") or ())),
            "COMMENT": details.get("comment"),
            by: details.get("on_behalf_of"),
        }
        return functions.function(name, {"TIMESHEET": _given(body)})

    return build


def _vendor(name: str) -> Build:
    def build(key: str, details: Details) -> Function:
        return functions.function(name, _given({"recordno": key, "reviewcomments": details.get("comment")}))

    return build


def _generic_update(object_name: str, field: str, value: str) -> Build:
    """Header fields alone: an update without lines leaves the lines as they are."""

    def build(key: str, _: Details) -> Function:
        return functions.update(object_name, {"RECORDNO": key, field: value})

    return build


def _legacy_update(function: str, field: str, value: str) -> Build:
    def build(key: str, _: Details) -> Function:
        return functions.function(function, {field: value}, key=key)

    return build


def _recall(key: str, _: Details) -> Function:
    return functions.function("recallApBill", {"recordno": key})


def _entry_to_come(_: str, __: Details) -> Function:
    """`opposite.with_opposites` puts the entry in, once it has read the one to reverse."""
    return Function("create")


COMMENT = frozenset({"comment"})
SHEET = frozenset({"comment", "entries", "on_behalf_of"})
UNDONE = ("Voided", "Void", "Reversed")
REVERSE_RECEIPT = _reversal("reverse_arpayment", states=UNDONE, nsf_closed_account="nsfclosedaccount")
REVERSE_PAYMENT = _reversal("reverse_appayment", states=UNDONE)

ACTS: Mapping[str, Mapping[str, Act]] = {
    "approve": {
        "PODOCUMENT": Act(
            _document("approve"), COMMENT, key_field=DOCUMENT_ID, found_by=DOCUMENT_ID, leads_to=("Approved",)
        ),
        "TIMESHEET": Act(_timesheet("approve", "APPROVEDBY"), SHEET, leads_to=("Approved",)),
        "VENDOR": Act(_vendor("approveVendor"), COMMENT, leads_to=("Approved",)),
        "APPYMT": _payments("approve_appaymentrequest", "Approved"),
        "APPAYMENTREQUEST": _payments("approve_appaymentrequest", "Approved"),
    },
    "decline": {
        "PODOCUMENT": Act(
            _document("decline"),
            COMMENT,
            key_field=DOCUMENT_ID,
            found_by=DOCUMENT_ID,
            leads_to=("Declined",),
            exactly=True,
        ),
        "TIMESHEET": Act(_timesheet("decline", "DECLINEDBY"), SHEET, leads_to=("Declined",), exactly=True),
        "VENDOR": Act(_vendor("declineVendor"), COMMENT, leads_to=("Declined",), exactly=True),
        "APPYMT": _payments("decline_appaymentrequest", "Declined", exactly=True),
        "APPAYMENTREQUEST": _payments("decline_appaymentrequest", "Declined", exactly=True),
    },
    "submit": {
        "GLBATCH": Act(_generic_update("GLBATCH", "STATE", "Posted"), leads_to=("Submitted",)),
        "APBILL": Act(_generic_update("APBILL", "ACTION", "Submit"), leads_to=("Submitted",)),
        "ARINVOICE": Act(_legacy_update("update_invoice", "action", "Submit"), leads_to=("Submitted",)),
        "APADJUSTMENT": Act(_legacy_update("update_apadjustment", "action", "Submit"), leads_to=("Submitted",)),
        "ARADJUSTMENT": Act(_legacy_update("update_aradjustment", "action", "Submit"), leads_to=("Submitted",)),
        "EEXPENSES": Act(_legacy_update("update_expensereport", "state", "Submitted"), leads_to=("Submitted",)),
        # Of a document the function takes the action: Pending is what a draft is submitted as, whatever its definition.
        "SODOCUMENT": Act(
            _legacy_update("update_sotransaction", "state", "Pending"),
            key_field=DOCUMENT_ID,
            found_by=DOCUMENT_ID,
            leads_to=("Submitted",),
        ),
        "PODOCUMENT": Act(
            _legacy_update("update_potransaction", "state", "Pending"),
            key_field=DOCUMENT_ID,
            found_by=DOCUMENT_ID,
            leads_to=("Submitted",),
        ),
        "INVDOCUMENT": Act(
            _legacy_update("update_ictransaction", "state", "Pending"),
            key_field=DOCUMENT_ID,
            found_by=DOCUMENT_ID,
            leads_to=("Submitted",),
        ),
    },
    "recall": {"APBILL": Act(_recall, leads_to=("Draft",), exactly=True)},
    "send": {
        "APPYMT": _payments("send_appaymentrequest"),
        "APPAYMENTREQUEST": _payments("send_appaymentrequest"),
    },
    "confirm": {
        "APPYMT": _payments("confirm_appaymentrequest", "Confirmed"),
        "APPAYMENTREQUEST": _payments("confirm_appaymentrequest", "Confirmed"),
    },
    "reverse": {
        "GLBATCH": Act(_entry_to_come, frozenset({"date", "memo"}), frozenset({"date"}), opposite=True),
        "APBILL": _reversal("reverse_bill"),
        "ARINVOICE": _reversal("reverse_invoice"),
        "APPYMT": REVERSE_PAYMENT,
        "APPAYMENT": REVERSE_PAYMENT,
        "ARPYMT": REVERSE_RECEIPT,
        "ARPAYMENT": REVERSE_RECEIPT,
        "EEXPENSES": _reversal("reverse_expensereport"),
        "CCTRANSACTION": _reversal("reverse_cctransaction", memo="memo"),
    },
    "void": {
        "APPYMT": _payments("void_appaymentrequest", *UNDONE, exactly=True),
        "APPAYMENTREQUEST": _payments("void_appaymentrequest", *UNDONE, exactly=True),
    },
}
"""The acts by name, and for each the objects that the gateway offers it for."""

_REST = "Intacct's REST API has POST /workflows/{path}"
_BILL = _REST.format(path="accounts-payable/bill/{act}")
_WHOLE = (
    "an update of {object} replaces the whole record, so IntacctUpdateOperator has to bring all of it, with {entry}"
)

ELSEWHERE: Mapping[str, Mapping[str, str]] = {
    "approve": {
        "APBILL": f"a bill is approved in Intacct (Accounts Payable > Approve bills); {_BILL}",
        "GLBATCH": "a journal entry is approved in Intacct (General Ledger > Approve journal entries)",
        "EEXPENSES": "an expense report is approved in Intacct (Time & Expenses > Approve expenses)",
        "SODOCUMENT": "an order entry document is approved in Intacct",
    },
    "decline": {
        "APBILL": f"a bill is declined in Intacct (Accounts Payable > Approve bills); {_BILL}",
        "GLBATCH": "a journal entry is declined in Intacct (General Ledger > Approve journal entries)",
        "EEXPENSES": "an expense report is declined in Intacct (Time & Expenses > Approve expenses)",
        "SODOCUMENT": "an order entry document is declined in Intacct",
    },
    "submit": {
        "TIMESHEET": _WHOLE.format(object="TIMESHEET", entry="STATE Submitted"),
        "APPYMT": _WHOLE.format(object="APPYMT", entry="ACTION Submit"),
        "VENDOR": "a vendor is submitted by Intacct itself when it is created or edited",
    },
    "recall": {
        "EEXPENSES": "an expense report is recalled by its employee in Intacct; the REST API can do it too",
        "GLBATCH": "a submitted journal entry is taken back in Intacct",
    },
    "reverse": {
        "APADJUSTMENT": "create an adjustment of the opposite amount, or delete it while it is not applied; "
        + _REST.format(path="accounts-payable/adjustment/reverse"),
        "ARADJUSTMENT": "create an adjustment of the opposite amount, or delete it while it is not applied; "
        + _REST.format(path="accounts-receivable/adjustment/reverse"),
        "APPAYMENTREQUEST": 'a payment request is voided: act "void"',
        "DEPOSIT": "a deposit is reversed in Intacct (Cash Management > Deposits)",
        "OTHERRECEIPTS": "another receipt is reversed in Intacct (Cash Management > Other receipts)",
        "TIMESHEET": "a timesheet is deleted, or corrected by another one",
    },
}
"""What the gateway has no function for, and the way there is."""

DELETED_OTHERWISE: Mapping[str, str] = {
    "SUPDOC": "delete_supdoc",
    "SUPDOCFOLDER": "delete_supdocfolder",
    "APPAYMENTREQUEST": "delete_paymentrequest",
    "TERRITORY": "delete_territory",
    "CUSTOMERCHARGECARD": "delete_customerchargecard",
    "CUSTOMERBANKACCOUNT": "delete_customerbankaccount",
    "CUSTOMERACHINFO": "delete_customerachinfo",
    "ACHBANKCONFIGURATION": "delete_achbankconfiguration",
    "TAXSCHEDULE": "delete_taxschedule",
    "TAXSCHEDULEMAP": "delete_taxschedulemap",
    "SOPRICELIST": "delete_sopricelist",
    "POPRICELIST": "delete_popricelist",
}
"""Objects that only a function of their own deletes: the generic functions do not know them."""

KEY_ATTRIBUTES: Mapping[str, str] = {
    "delete_checkingaccount": "bankaccountid",
    "delete_savingsaccount": "bankaccountid",
    "delete_apaccountlabel": "accountlabel",
    "delete_araccountlabel": "accountlabel",
    "delete_contact": "contactname",
    "delete_customer": "customerid",
    "delete_department": "departmentid",
    "delete_employee": "employeeid",
    "delete_expensetype": "expensetype",
    "delete_glaccount": "glaccountno",
    "delete_statglaccount": "glaccountno",
    "delete_journal": "symbol",
    "delete_statjournal": "symbol",
    "delete_location": "locationid",
    "delete_vendor": "vendorid",
    "delete_territory": "territoryid",
    "delete_item": "itemid",
    "delete_sopricelist": "name",
    "delete_popricelist": "name",
    "delete_vsoepricelist": "name",
    "delete_invpricelistentry": "recordno",
    "delete_customerachinfo": "recordno",
    "delete_customerchargecard": "recordno",
    "delete_customerbankaccount": "recordno",
    "delete_taxdetail": "detailid",
    "delete_taxschedule": "scheduleid",
    "delete_taxscheduledetail": "recordno",
    "delete_contacttaxgroup": "name",
    "delete_itemtaxgroup": "name",
    "delete_taxschedulemap": "recordno",
    "delete_apterm": "name",
    "delete_arterm": "name",
    "delete_achbankconfiguration": "achbankid",
    "delete_expensepaymenttype": "name",
}
"""The attribute that names the record, for the legacy functions where it is not `key`. Source: the 3.0 schema."""

NAMED_ALIKE = frozenset(
    ["vendorid", "customerid", "employeeid", "departmentid", "locationid", "itemid", "contactname", "symbol"]
)
"""Attributes that have the name of the object's own field."""


def act_of(object_name: str, act: str) -> Act:
    """Return how `act` is done to records of `object_name`. Raises InvalidRequestError if the gateway cannot do it."""
    name = object_name.upper()
    if act == "delete":
        return _deletion(name, DELETED_OTHERWISE.get(name, "delete"))
    if act not in ACTS:
        raise InvalidRequestError(f"There is no act {act!r}; there are delete, {', '.join(ACTS)}. Nothing was sent.")
    if found := ACTS[act].get(name):
        return found
    elsewhere = ELSEWHERE.get(act, {}).get(name, "")
    instead = f"{elsewhere.format(act=act)}." if elsewhere else "Do it in Intacct."
    raise InvalidRequestError(
        f"The XML gateway has no function to {act} {object_name}; it has one for {', '.join(sorted(ACTS[act]))}. "
        f"{instead[0].upper()}{instead[1:]} Nothing was sent."
    )


def deletion_by(function: str) -> Act:
    """Return the deletion that a legacy function does, such as delete_vendor."""
    if not function.startswith("delete_"):
        raise InvalidRequestError(f"{function} does not delete; legacy functions that do begin with delete_.")
    return _deletion("", function)


def _deletion(object_name: str, function: str) -> Act:
    if function == "delete":
        return Act(lambda key, _: functions.delete(object_name, [key]))
    attribute = KEY_ATTRIBUTES.get(function, "key")
    found_by = attribute.upper() if attribute in NAMED_ALIKE else ""
    return Act(lambda key, _: functions.function(function, {f"@{attribute}": key}), key_field="", found_by=found_by)
