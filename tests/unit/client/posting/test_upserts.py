"""Upserts: create or update is decided by a look-up, and turned round when a record comes or goes in between."""

from typing import Any

import pytest

from airflow_provider_intacct.client.errors import FunctionError, InvalidRecordError
from airflow_provider_intacct.client.posting import Known, Outcome, Posting, Scope, prepare_upserts
from airflow_provider_intacct.client.transactions import Vendor
from airflow_provider_intacct.client.xml.elements import write

from .answers import ALREADY, DENIED, EXISTS, UNDONE, Intacct, booked, canned, record, refused, rows, statuses

TASK = Scope("DEMO", "sync", "scheduled__2026-03-31", "vendors")
GONE = canned.error("", "Cannot update non-existing VENDOR with RECORDNO=12.")


def upserts(*records: Any, object_name: str | None = "VENDOR", **options: Any) -> list[Posting]:
    return prepare_upserts(records, scope=TASK, object_name=object_name, **options)


def vendor(number: int = 1, **more: Any) -> dict[str, Any]:
    return {"VENDORID": f"V{number}", "NAME": f"Name {number}", **more}


def there(number: int, key: str) -> dict[str, str]:
    return {"RECORDNO": key, "VENDORID": f"V{number}"}


def functions(intacct: Intacct) -> list[list[str]]:
    return [[each.name for each in asked] for asked in intacct.asked]


def acts(outcomes: list[Outcome]) -> list[tuple[str, str, str]]:
    return [(outcome.act, outcome.status, outcome.key) for outcome in outcomes]


def test_creates_what_is_missing_and_updates_what_is_there_in_one_request() -> None:
    postings = upserts(vendor(1), vendor(2), skip_unchanged=False)
    intacct = Intacct([[rows(there(2, "12"))], [booked("40"), booked("12")]])
    assert acts(intacct.post(postings)) == [("create", "posted", "40"), ("update", "posted", "12")]
    assert [write(each.element) for each in intacct.asked[1]] == [
        "<create><VENDOR><VENDORID>V1</VENDORID><NAME>Name 1</NAME></VENDOR></create>",
        "<update><VENDOR><RECORDNO>12</RECORDNO><NAME>Name 2</NAME></VENDOR></update>",
    ]


def test_looks_a_thousand_up_at_a_time() -> None:
    postings = upserts(*map(vendor, range(1200)), skip_unchanged=False)
    requests = [[booked("1")] * 100] * 12
    intacct = Intacct([[rows()], [rows()], *requests])
    intacct.post(postings)
    assert [len(write(each[0].element).split("<value>")) - 1 for each in intacct.asked[:2]] == [1000, 200]


def test_reads_on_until_all_that_there_is_was_seen() -> None:
    (posting,) = upserts({"STATUS": "active", "NAME": "A"}, key=["STATUS"])
    first = '<data listtype="R" count="1" numremaining="1"><R><RECORDNO>1</RECORDNO><STATUS>active</STATUS></R></data>'
    page = lambda function: canned.result(function.name, function.control_id or "", first)  # noqa: E731
    intacct = Intacct([[page], [rows({"RECORDNO": "2", "STATUS": "active"})]])
    (outcome,) = intacct.post([posting])
    assert outcome.status == "rejected"
    assert "several records are a VENDOR with STATUS active: RECORDNO 1, 2" in outcome.note
    assert "<offset>1</offset>" in write(intacct.asked[1][0].element)
    assert intacct.writes == []


def test_what_a_record_says_already_is_not_sent() -> None:
    (posting,) = upserts(vendor(TAXID="7"))
    intacct = Intacct([[rows(there(1, "12"))], [record("12", posting)]])
    assert acts(intacct.post([posting])) == [("upsert", "already_posted", "12")]


@pytest.mark.parametrize("changed", [{"NAME": "Eve"}, {"TAXID": "7"}])
def test_what_it_does_not_say_is_sent(changed: dict[str, str]) -> None:
    (posting,) = upserts(vendor(TAXID=""))
    intacct = Intacct([[rows(there(1, "12"))], [record("12", posting, **changed)], [booked("12")]])
    assert acts(intacct.post([posting])) == [("update", "posted", "12")]


def test_an_ambiguous_key_stops_all_before_anything_is_sent_or_is_passed_over() -> None:
    postings = upserts(vendor(1), vendor(2), skip_unchanged=False)
    found = rows(there(1, "12"), there(1, "15"))
    intacct = Intacct([[found]])
    assert statuses(intacct.post(postings)) == [("rejected", ""), ("rolled_back", "")]
    intacct = Intacct([[found], [booked("40")]])
    assert statuses(intacct.post(postings, stop_at_rejection=False)) == [("rejected", ""), ("posted", "40")]


def test_a_user_who_may_not_query_upserts_nothing() -> None:
    with pytest.raises(FunctionError):
        Intacct([[refused(DENIED)]]).post(upserts(vendor()))


@pytest.mark.parametrize("atomic", [True, False])
def test_a_record_that_appears_after_the_look_up_is_updated(atomic: bool) -> None:
    postings = upserts(vendor(1), vendor(2))
    culprit = refused(EXISTS, *([canned.ROLLED_BACK] if atomic else []))
    second = [booked("40"), booked("41")] if atomic else [booked("40")]
    intacct = Intacct(
        [[rows()], [culprit, UNDONE if atomic else booked("41")], [rows(there(1, "40"))], second],
    )
    assert acts(intacct.post(postings, atomic=atomic)) == [("update", "posted", "40"), ("create", "posted", "41")]
    assert len({id_ for request in intacct.writes for id_ in request}) == 2  # under the same two control ids


def test_a_record_that_goes_after_the_look_up_is_created() -> None:
    (posting,) = upserts(vendor(), skip_unchanged=False)
    intacct = Intacct([[rows(there(1, "12"))], [refused(GONE)], [rows()], [booked("40")]])
    assert acts(intacct.post([posting])) == [("create", "posted", "40")]


def test_one_that_comes_and_goes_ends_in_intacct_s_words() -> None:
    (posting,) = upserts(vendor(), skip_unchanged=False)
    intacct = Intacct(
        [
            *([rows(there(1, "12"))], [refused(GONE)], [rows()], [refused(EXISTS)]),
            *([rows(there(1, "13"))], [refused(GONE)]),
        ]
    )
    assert statuses(intacct.post([posting])) == [("rejected", "")]


def test_what_exists_and_cannot_be_seen_is_rejected() -> None:
    (posting,) = upserts(vendor())
    (outcome,) = Intacct([[rows()], [refused(EXISTS)], [rows()]]).post([posting])
    assert outcome.status == "rejected"
    assert outcome.errors[0].errorno == "BL03002185"


def test_a_create_whose_reply_was_lost_is_found_by_the_next_try() -> None:
    (posting,) = upserts(vendor())
    known = {posting.control_id: Known("sending", posting.digest, "", posting.label)}
    intacct = Intacct([[rows(there(1, "40"))], [record("40", posting)]])
    assert statuses(intacct.post([posting], known=known)) == [("already_posted", "40")]


def test_carried_out_before_and_changed_since_is_not_written_over() -> None:
    (posting,) = upserts(vendor())
    changed = record("40", posting, NAME="Eve")
    intacct = Intacct(
        [[rows(there(1, "40"))], [changed], [refused(ALREADY)], [rows(there(1, "40"))], [changed]],
    )
    (outcome,) = intacct.post([posting])
    assert outcome.status == "rejected"
    assert "NAME is 'Eve' there" in outcome.note


def test_both_halves_go_under_one_control_id() -> None:
    (posting,) = upserts(vendor(), skip_unchanged=False)
    ids = set()
    for found in (rows(), rows(there(1, "12"))):
        intacct = Intacct([[found], [booked("12")]])
        intacct.post([posting])
        ids |= set(intacct.writes[0])
    assert ids == {posting.control_id}


def test_a_custom_object_is_numbered_by_its_id() -> None:
    (posting,) = upserts({"name": "S1", "SEATS": "3"}, object_name="SUBSCRIPTION", key=["name"], skip_unchanged=False)
    fields = "<Field><ID>id</ID><DATATYPE>INTEGER</DATATYPE></Field><Field><ID>name</ID></Field>"
    data = f'<data listtype="All" count="1"><Type Name="SUBSCRIPTION"><Fields>{fields}</Fields></Type></data>'
    definition = lambda function: canned.result(function.name, function.control_id or "", data)  # noqa: E731
    intacct = Intacct([[definition], [rows({"id": "7", "name": "S1"})], [booked("7")]])
    assert statuses(intacct.post([posting])) == [("posted", "7")]
    assert "<id>7</id><SEATS>3</SEATS>" in write(intacct.asked[2][0].element)


@pytest.mark.parametrize(
    ("given", "options", "words"),
    [
        ({"NAME": "A"}, {}, "has no VENDORID to look it up by"),
        ({"NAME": "A"}, {"object_name": "THING"}, "has no natural key to look it up by"),
        ({"VENDORID": "V1", "EXTERNALID": ""}, {"key": ["EXTERNALID"]}, "has no EXTERNALID to look it up by"),
        ({"VENDORID": "V1", "RECORDNO": "7"}, {}, "has a RECORDNO, so it exists"),
    ],
)
def test_what_cannot_be_looked_up_is_refused(given: dict[str, Any], options: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRecordError, match=words):
        upserts(given, **options)


@pytest.mark.parametrize("keys", [None, ["one", "two"]])
def test_two_of_the_input_with_one_key_are_refused(keys: list[str] | None) -> None:
    with pytest.raises(InvalidRecordError, match="record 1 are one and the same"):
        upserts(vendor(), vendor(), keys=keys)


def test_typed_records_can_be_upserted() -> None:
    (posting,) = upserts(Vendor(id="V1", name="Name 1"), object_name=None)
    assert posting.natural_key == (("VENDORID", "V1"),)
