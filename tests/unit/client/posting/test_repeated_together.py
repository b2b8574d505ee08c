"""Records that were booked together by a request whose reply was lost, when the repetition is refused as a whole."""

from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_intacct.client.errors import ReplyLostError
from airflow_provider_intacct.client.posting import Posting, Scope, prepare

from .answers import ALREADY, CLOSED, DENIED, UNDONE, Intacct, booked, canned, record, refused, rows, stamp, statuses

KEYED = Scope("DEMO", key="")
REPEATED = refused(ALREADY, canned.ROLLED_BACK)


def entries(*titles: str, **options: Any) -> list[Posting]:
    line = {"ACCOUNTNO": "6000", "LOCATION": "100", "TR_TYPE": "1", "TRX_AMOUNT": Decimal(5)}
    header = {"JOURNAL": "GJ", "BATCH_DATE": "2026-03-31", "ENTRIES": [line, {**line, "TR_TYPE": "-1"}]}
    given = [{**header, "BATCH_TITLE": title} for title in titles]
    return prepare(given, scope=KEYED, object_name="GLBATCH", keys=list(titles), **options)


def payment(**more: Any) -> dict[str, Any]:
    details = [{"RECORDKEY": "9", "TRX_PAYMENTAMOUNT": "30"}, {"RECORDKEY": "9", "TRX_PAYMENTAMOUNT": "20"}]
    return {"VENDORID": "V1", "PAYMENTMETHOD": "EFT", "PAYMENTDATE": "2026-03-31", "APPYMTDETAILS": details, **more}


def payments(*records: dict[str, Any]) -> list[Posting]:
    return prepare(records, scope=KEYED, object_name="APPYMT", keys=[str(n) for n in range(len(records))])


def test_are_all_in_doubt_when_they_cannot_be_looked_up_for_the_network() -> None:
    intacct = Intacct([[REPEATED, UNDONE, UNDONE], ReplyLostError("cut")])
    outcomes = intacct.post(entries("a", "b", "c"))
    assert statuses(outcomes) == [("in_doubt", "")] * 3
    assert "was booked before, and it could not be looked up" in outcomes[2].note


def test_are_asked_for_one_by_one_when_one_cannot_be_found() -> None:
    postings = entries("a", "b")
    intacct = Intacct([[REPEATED, UNDONE], [rows()], [refused(ALREADY)], [rows(stamp("8", postings[1]))]])
    assert statuses(intacct.post(postings)) == [("in_doubt", ""), ("already_posted", "8")]


def test_are_asked_for_one_by_one_when_the_user_may_not_query() -> None:
    intacct = Intacct([[REPEATED, UNDONE], [refused(DENIED)], [refused(ALREADY)], [refused(DENIED)]])
    assert statuses(intacct.post(entries("a", "b"))) == [("in_doubt", "")] * 2


def test_are_asked_for_one_by_one_when_nothing_names_them() -> None:
    intacct = Intacct([[REPEATED, UNDONE], [booked("8")]])
    outcomes = intacct.post(entries("a", "b", stamp_reference=False))
    assert statuses(outcomes) == [("in_doubt", ""), ("posted", "8")]
    assert "has no number or reference" in outcomes[0].note


def test_are_not_held_to_be_undone_beside_one_that_was_changed_since() -> None:
    postings = payments(payment(DOCNUMBER="1"), payment(PAYMENTMETHOD="Printed Check"))
    found = rows({"RECORDNO": "7", "VENDORID": "V1", "DOCNUMBER": "1"})
    intacct = Intacct([[REPEATED, UNDONE], [found], [record("7", postings[0], PAYMENTMETHOD="Cash")]])
    assert statuses(intacct.post(postings)) == [("rejected", "7"), ("in_doubt", "")]


def test_are_undone_beside_one_that_is_wrong() -> None:
    intacct = Intacct([[refused(CLOSED, canned.ROLLED_BACK), UNDONE]])
    assert statuses(intacct.post(entries("a", "b"))) == [("rejected", ""), ("rolled_back", "")]


def test_a_payment_is_stamped_and_found_by_that() -> None:
    (posting,) = payments(payment())
    found = rows({"RECORDNO": "7", "VENDORID": "V1", "DOCNUMBER": posting.reference})
    assert statuses(Intacct([[refused(ALREADY)], [found]]).post([posting])) == [("already_posted", "7")]


def test_a_check_gets_its_number_when_it_is_printed_and_no_stamp() -> None:
    (posting,) = payments(payment(PAYMENTMETHOD="Printed Check"))
    assert posting.reference == ""


@pytest.mark.parametrize(("amount", "status"), [("25", "already_posted"), ("26", "rejected")])
def test_a_payment_is_compared_by_what_each_bill_gets(amount: str, status: str) -> None:
    (posting,) = payments(payment(DOCNUMBER="1"))
    found = rows({"RECORDNO": "7", "VENDORID": "V1", "DOCNUMBER": "1"})
    split = "".join(
        f"<appymtdetail><RECORDKEY>9</RECORDKEY><TRX_PAYMENTAMOUNT>{each}</TRX_PAYMENTAMOUNT></appymtdetail>"
        for each in (amount, "25.00")
    )
    read = f'<data listtype="X" count="1"><X><RECORDNO>7</RECORDNO><APPYMTDETAILS>{split}</APPYMTDETAILS></X></data>'
    answer = lambda function: canned.result(function.name, function.control_id or "", read)  # noqa: E731
    assert Intacct([[refused(ALREADY)], [found], [answer]]).post([posting])[0].status == status


def test_a_received_payment_is_stamped_where_the_schema_wants_it() -> None:
    record = {"customerid": "C1", "paymentamount": "50", "bankaccountid": "B", "paymentmethod": "Cash"}
    (posting,) = prepare([record], scope=KEYED, function="create_arpayment", keys=["k"])
    assert list(posting.record) == ["customerid", "paymentamount", "bankaccountid", "refid", "paymentmethod"]


@pytest.mark.parametrize("count", [1, 2])
def test_what_goes_alone_is_no_transaction(count: int) -> None:
    intacct = Intacct([[booked(str(number)) for number in range(count)]])
    intacct.post(entries("a", "b")[:count])
    assert intacct.modes == [(count > 1, True)]


def test_a_transaction_rolled_back_for_no_reason_given_may_have_been_carried_out_before() -> None:
    postings = entries("a", "b", "c")
    both = rows(stamp("8", postings[0]), stamp("9", postings[1]))
    intacct = Intacct([[UNDONE] * 3, [both], [booked("10")]])
    assert statuses(intacct.post(postings)) == [("already_posted", "8"), ("already_posted", "9"), ("posted", "10")]


def test_and_was_not_if_nothing_of_it_is_there() -> None:
    intacct = Intacct([[UNDONE] * 2, [rows()]])
    assert statuses(intacct.post(entries("a", "b"))) == [("rolled_back", "")] * 2


def test_and_is_in_doubt_if_nothing_names_it() -> None:
    intacct = Intacct([[UNDONE] * 2])
    assert statuses(intacct.post(entries("a", "b", stamp_reference=False))) == [("in_doubt", "")] * 2


def test_a_refusal_after_a_lost_reply_is_looked_into_whatever_its_words() -> None:
    (posting,) = entries("a")
    for found, outcome in ((rows(stamp("8", posting)), ("already_posted", "8")), (rows(), ("rejected", ""))):
        intacct = Intacct([[refused(CLOSED)], [found]], lost_before=1)
        assert statuses(intacct.post([posting])) == [outcome]
