"""Acts are prepared with one identity for each record; what the gateway cannot do is refused with the way that can."""

from datetime import date
from typing import Any

import pytest

from airflow_provider_intacct.client.errors import InvalidRequestError
from airflow_provider_intacct.client.posting import Posting, Scope, prepare_acts
from airflow_provider_intacct.client.xml.elements import write

TASK = Scope("DEMO", "month_end", "scheduled__2026-03-31", "act")
OTHER_RUN = Scope("DEMO", "month_end", "scheduled__2026-04-30", "act")


def prepared(object_name: str, act: str, keys: Any, **more: Any) -> list[Posting]:
    return prepare_acts(object_name, act, keys, **{"scope": TASK, **more})


def xml(posting: Posting) -> str:
    return write(posting.function.element)


@pytest.mark.parametrize(
    ("object_name", "act", "key", "details", "written"),
    [
        ("VENDOR", "delete", "28", {}, "<delete><object>VENDOR</object><keys>28</keys></delete>"),
        ("SUPDOC", "delete", "ATT-1", {}, '<delete_supdoc key="ATT-1"/>'),
        (
            "APBILL",
            "reverse",
            "7",
            {"date": "2026-03-31", "memo": "Twice"},
            '<reverse_bill key="7"><datereversed><year>2026</year><month>03</month><day>31</day></datereversed>'
            "<description>Twice</description></reverse_bill>",
        ),
        (
            "CCTRANSACTION",
            "reverse",
            "7",
            {"date": date(2026, 3, 31), "memo": "Twice"},
            '<reverse_cctransaction key="7"><datereversed><year>2026</year><month>03</month><day>31</day>'
            "</datereversed><memo>Twice</memo></reverse_cctransaction>",
        ),
        (
            "PODOCUMENT",
            "approve",
            "Purchase Order-PO1",
            {"comment": "ok"},
            "<approve><PODOCUMENT><DOCID>Purchase Order-PO1</DOCID><COMMENT>ok</COMMENT></PODOCUMENT></approve>",
        ),
        (
            "TIMESHEET",
            "decline",
            "2",
            {"entries": [499, 328], "on_behalf_of": "James"},
            "<decline><TIMESHEET><RECORDNO>2</RECORDNO><ENTRYKEYS>499,328</ENTRYKEYS><DECLINEDBY>James</DECLINEDBY>"
            "</TIMESHEET></decline>",
        ),
        ("VENDOR", "approve", "5", {}, "<approveVendor><recordno>5</recordno></approveVendor>"),
        (
            "APPYMT",
            "approve",
            "9",
            {},
            "<approve_appaymentrequest><appaymentkeys><appaymentkey>9</appaymentkey></appaymentkeys>"
            "</approve_appaymentrequest>",
        ),
        ("APBILL", "recall", "4", {}, "<recallApBill><recordno>4</recordno></recallApBill>"),
        (
            "APBILL",
            "submit",
            "4",
            {},
            "<update><APBILL><RECORDNO>4</RECORDNO><ACTION>Submit</ACTION></APBILL></update>",
        ),
        (
            "EEXPENSES",
            "submit",
            "4",
            {},
            '<update_expensereport key="4"><state>Submitted</state></update_expensereport>',
        ),
    ],
)
def test_an_act_becomes_the_function_that_does_it(
    object_name: str, act: str, key: str, details: dict[str, Any], written: str
) -> None:
    (posting,) = prepared(object_name, act, key, details=details)
    assert xml(posting) == written


def test_a_legacy_function_takes_its_own_ids_even_of_digits() -> None:
    (posting,) = prepared("VENDOR", "delete", ["20000"], function="delete_vendor")
    assert xml(posting) == '<delete_vendor vendorid="20000"/>'


def test_the_same_act_on_the_same_record_has_the_same_control_id_in_any_list() -> None:
    alone, among = prepared("VENDOR", "delete", "28"), prepared("VENDOR", "delete", [1, "V002", 28])
    assert among[2].control_id == alone[0].control_id


def test_other_acts_records_and_runs_have_other_control_ids() -> None:
    made = [
        *prepared("APPYMT", "delete", [1, 2]),
        *prepared("APPYMT", "approve", [1, 2]),
        *prepared("APPYMT", "decline", [1, 2]),
        *prepared("APPYMT", "delete", [1, 2], scope=OTHER_RUN),
    ]
    assert len({posting.control_id for posting in made}) == len(made)


def test_another_date_of_a_reversal_is_other_content_of_the_same_act() -> None:
    first, second = (
        prepared("APBILL", "reverse", "7", details={"date": day})[0] for day in ("2026-03-31", "04/01/2026")
    )
    assert first.control_id == second.control_id
    assert first.digest != second.digest


def test_a_date_written_either_way_is_the_same_content() -> None:
    digests = {
        prepared("APBILL", "reverse", "7", details={"date": day})[0].digest
        for day in ("2026-03-31", "03/31/2026", date(2026, 3, 31), "2026-03-31T00:00:00+00:00")
    }
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("object_name", "act", "details", "said"),
    [
        ("APBILL", "approve", {}, "workflows/accounts-payable/bill/approve"),
        ("GLBATCH", "decline", {}, "General Ledger"),
        ("APPYMT", "submit", {}, "ACTION Submit"),
        ("GLBATCH", "recall", {}, "taken back in Intacct"),
        ("ARADJUSTMENT", "reverse", {"date": "2026-03-31"}, "an adjustment of the opposite amount"),
        ("CLASS", "approve", {}, "APPAYMENTREQUEST, APPYMT, PODOCUMENT, TIMESHEET, VENDOR"),
        ("APBILL", "shred", {}, "There is no act 'shred'"),
        ("APBILL", "reverse", {}, "it needs date"),
        ("APBILL", "reverse", {"date": "soon"}, "is no day"),
        ("APBILL", "recall", {"memo": "x"}, "it has no place for memo; it takes none"),
        ("VENDOR", "approve", {"memo": "x"}, "it takes comment"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_way_that_can(
    object_name: str, act: str, details: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        prepared(object_name, act, ["1"], details=details)
    assert said in str(refused.value)
    assert "Nothing was sent" in str(refused.value)
