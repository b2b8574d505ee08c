"""A load with records that cannot be sent: the first stops it, or each is rejected and the others go on."""

from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_intacct.client.errors import InvalidRecordError, InvalidRequestError
from airflow_provider_intacct.client.posting import Known, Posting, Scope, prepare, prepare_updates

from .answers import CLOSED, Intacct, booked, refused, statuses

TASK = Scope("DEMO", "load", "scheduled__2026-03-31", "vendors")


def vendors(*records: Any, **options: Any) -> list[Posting]:
    return prepare(records, scope=TASK, object_name="VENDOR", collect=True, **options)


GOOD = {"VENDORID": "V1", "NAME": "A"}


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("text", "record 1 (VENDOR) is a str"),
        ({}, "record 1 (VENDOR) is empty"),
        ({"VENDORID": "V2", "CREDITLIMIT": 1.5}, "CREDITLIMIT is the float 1.5"),
        ({"VENDORID": "V2", "NAME": "\x00"}, "U+0000"),
    ],
)
def test_what_cannot_be_sent_is_rejected_with_the_reason_and_the_rest_is_posted(bad: Any, words: str) -> None:
    intacct = Intacct([[booked("12")]])
    outcomes = intacct.post(vendors(bad, GOOD), stop_at_rejection=False)
    assert statuses(outcomes) == [("rejected", ""), ("posted", "12")]
    assert words in outcomes[0].note


def test_an_entry_out_of_balance_is_rejected_alone() -> None:
    line = {"ACCOUNTNO": "6000", "LOCATION": "100", "TR_TYPE": "1", "TRX_AMOUNT": Decimal(5)}
    header = {"JOURNAL": "GJ", "BATCH_DATE": "2026-03-31", "BATCH_TITLE": "A"}
    lines = [line, {**line, "TR_TYPE": "-1"}]
    wrong = [line, {**line, "TR_TYPE": "-1", "TRX_AMOUNT": Decimal(4)}]
    given = [{**header, "ENTRIES": wrong}, {**header, "ENTRIES": lines}]
    postings = prepare(given, scope=TASK, object_name="GLBATCH", collect=True)
    outcomes = Intacct([[booked("9")]]).post(postings, stop_at_rejection=False)
    assert statuses(outcomes) == [("rejected", ""), ("posted", "9")]
    assert "differ by 1" in outcomes[0].note


def test_of_twins_that_say_the_same_the_first_goes_and_of_others_none() -> None:
    postings = vendors(GOOD, GOOD, {"VENDORID": "V2", "NAME": "B"}, {"VENDORID": "V2", "NAME": "C"})
    assert [bool(posting.problem) for posting in postings] == [False, True, True, True]
    assert "record 2 (VENDOR, VENDORID V1) and record 1 are one and the same with the same" in postings[1].problem
    assert "record 3 (VENDOR, VENDORID V2) and record 4 are one and the same with diff" in postings[2].problem


def test_the_refused_say_which_record_they_are() -> None:
    (outcome,) = Intacct([]).post(vendors({"VENDORID": "V2", "CREDITLIMIT": 1.5}), stop_at_rejection=False)
    assert outcome.as_dict()["natural_key"] == {"VENDORID": "V2"}
    assert outcome.as_dict()["control_id"] == ""


def test_a_posted_record_that_becomes_unsendable_stops_a_later_try() -> None:
    (first,) = vendors(GOOD)
    known = {first.control_id: Known("posted", first.digest, "12", first.label)}
    with pytest.raises(InvalidRequestError, match="is missing now"):
        Intacct([]).post(vendors({**GOOD, "CREDITLIMIT": 1.5}), known=known, stop_at_rejection=False)


def test_nothing_of_a_refused_record_is_remembered() -> None:
    told: list[Any] = []
    Intacct([]).post(vendors("text"), stop_at_rejection=False, tell=told.append)
    assert told == []


def test_without_collecting_the_first_is_raised() -> None:
    with pytest.raises(InvalidRecordError, match="record 2"):
        prepare_updates([{"VENDORID": "V1", "NAME": "A"}, {}], scope=TASK, object_name="VENDOR")


@pytest.mark.parametrize(("most", "sent"), [(None, 3), (1, 2), (0, 1), (2, 3)])
def test_no_more_is_sent_once_too_many_are_rejected(most: int | None, sent: int) -> None:
    postings = vendors(*({"VENDORID": f"V{n}", "NAME": "A"} for n in range(300)))
    reply = [refused(CLOSED), *[booked("1")] * 99]
    intacct = Intacct([reply] * sent)
    outcomes = intacct.post(postings, atomic=False, stop_at_rejection=False, max_rejects=most)
    assert sum(outcome.status == "rejected" for outcome in outcomes) == sent
    left = [outcome for outcome in outcomes if outcome.status == "rolled_back"]
    assert len(left) == 300 - 100 * sent
    assert all(f"more than {most} records" in outcome.note for outcome in left)
