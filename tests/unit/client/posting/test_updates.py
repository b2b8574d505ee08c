"""Updates: which record is meant, what is left and what is cleared, and what becomes of one that was sent before."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from airflow_provider_intacct.client.errors import InvalidRecordError, InvalidRequestError, ReplyLostError
from airflow_provider_intacct.client.posting import (
    ChangedSincePostedError,
    Known,
    Posting,
    Scope,
    prepare,
    prepare_updates,
    replaced_lines,
)
from airflow_provider_intacct.client.transactions import Bill, Invoice, Vendor
from airflow_provider_intacct.client.xml.elements import write

from .answers import (
    ALREADY,
    DENIED,
    DUPLICATE_SHAPES,
    EXISTS,
    UNDONE,
    Intacct,
    Result,
    booked,
    canned,
    record,
    refused,
    rows,
    statuses,
)

TASK = Scope("DEMO", "sync", "scheduled__2026-03-31", "vendors")


def updates(*records: Any, object_name: str | None = "VENDOR", **options: Any) -> list[Posting]:
    return prepare_updates(records, scope=TASK, object_name=object_name, **options)


def sent(posting: Posting) -> str:
    return write(posting.function.element)


class TestWhichRecordIsMeant:
    @pytest.mark.parametrize(
        ("given", "key", "looked_up"),
        [
            ({"RECORDNO": 12, "NAME": "A"}, (("RECORDNO", "12"),), False),
            ({"RECORDNO": "12", "VENDORID": "V1"}, (("RECORDNO", "12"),), False),
            ({"VENDORID": "V1", "NAME": "A"}, (("VENDORID", "V1"),), False),
        ],
    )
    def test_is_said_by_its_number_or_its_id(self, given: dict[str, Any], key: Any, looked_up: bool) -> None:
        (posting,) = updates(given)
        assert (posting.natural_key, posting.looked_up) == (key, looked_up)

    def test_of_a_transaction_is_looked_up_by_its_number(self) -> None:
        (posting,) = updates({"VENDORID": "V1", "RECORDID": "B-1", "DESCRIPTION": "Rent"}, object_name="APBILL")
        assert posting.natural_key == (("VENDORID", "V1"), ("RECORDID", "B-1"))
        assert posting.looked_up

    def test_may_be_said_by_a_field_of_the_authors(self) -> None:
        (posting,) = updates({"EXTERNALID": "crm-7", "NAME": "A"}, key=["EXTERNALID"])
        assert posting.natural_key == (("EXTERNALID", "crm-7"),)
        assert posting.looked_up

    def test_of_a_custom_object_is_its_id(self) -> None:
        (posting,) = updates({"id": 7, "SEATS": 3}, object_name="SUBSCRIPTION")
        assert posting.natural_key == (("id", "7"),)

    @pytest.mark.parametrize(
        ("function", "given", "key"),
        [
            ("update_bill", {"@key": "12", "description": "Rent"}, (("RECORDNO", "12"),)),
            ("update_bill", {"@set_nulls": "true", "@key": "12", "description": ""}, (("RECORDNO", "12"),)),
            ("update_vendor", {"@vendorid": "V1", "name": "A"}, (("VENDORID", "V1"),)),
            ("update_glaccount", {"@glaccountno": "6000", "title": "A"}, (("ACCOUNTNO", "6000"),)),
            ("update_sotransaction", {"@key": "Sales Order-SO1", "message": "A"}, (("DOCID", "Sales Order-SO1"),)),
            ("update_supdoc", {"supdocid": "A1", "supdocname": "A"}, (("SUPDOCID", "A1"),)),
        ],
    )
    def test_of_a_function_of_its_own_is_its_attribute(self, function: str, given: dict[str, Any], key: Any) -> None:
        (posting,) = updates(given, object_name=None, function=function)
        assert posting.natural_key == key

    def test_by_an_external_id_in_a_function_of_its_own_is_known_by_its_content(self) -> None:
        given = {"@key": "crm-7", "@externalkey": "true", "description": "A"}
        (one,), (other,) = (
            updates(each, object_name=None, function="update_bill") for each in (given, {**given, "description": "B"})
        )
        assert one.by_content
        assert one.control_id != other.control_id

    @pytest.mark.parametrize(
        ("given", "options", "words"),
        [
            ({"NAME": "A"}, {}, "no RECORDNO and no VENDORID"),
            ({"NAME": "A"}, {"object_name": "THING"}, "no RECORDNO and no number"),
            ({"VENDORID": "V1", "NAME": "A"}, {"key": ["EXTERNALID"]}, "no RECORDNO and no EXTERNALID"),
            ({"VENDORID": "V1"}, {}, "nothing to write"),
            ({"VENDORID": "V1", "NAME": None}, {}, "nothing to write"),
            ({"description": "A"}, {"object_name": None, "function": "update_bill"}, 'such as "@key"'),
            ({"NAME": "A"}, {"object_name": None}, "does not say of which object"),
            (Invoice.__name__, {}, "is a str; a record is a mapping"),
        ],
    )
    def test_must_be_said(self, given: Any, options: dict[str, Any], words: str) -> None:
        with pytest.raises(InvalidRecordError, match=words):
            updates(given, **options)

    def test_two_updates_of_one_record_are_refused_under_whatever_keys(self) -> None:
        both = [{"VENDORID": "V1", "NAME": "A"}, {"VENDORID": "V1", "CREDITLIMIT": 5}]
        for keys in (None, ["one", "two"]):
            with pytest.raises(InvalidRecordError, match="one and the same with different content"):
                updates(*both, keys=keys)

    def test_is_another_act_than_creating_it(self) -> None:
        (created,) = prepare([{"VENDORID": "V1", "NAME": "A"}], scope=TASK, object_name="VENDOR")
        (updated,) = updates({"VENDORID": "V1", "NAME": "A"})
        assert created.control_id != updated.control_id


class TestWhatIsWritten:
    def test_none_leaves_a_field_and_empty_clears_it(self) -> None:
        (posting,) = updates({"VENDORID": "V1", "NAME": None, "TAXID": "", "DISPLAYCONTACT": {"FAX": None, "URL1": ""}})
        assert sent(posting) == (
            "<update><VENDOR><VENDORID>V1</VENDORID><TAXID/><DISPLAYCONTACT><URL1/></DISPLAYCONTACT></VENDOR></update>"
        )

    def test_leaving_and_clearing_are_not_the_same_content(self) -> None:
        given = {"VENDORID": "V1", "NAME": "A"}
        digests = {updates({**given, **more})[0].digest for more in ({}, {"TAXID": ""}, {"FAX": ""}, {"TAXID": None})}
        assert len(digests) == 3

    def test_lines_that_are_given_replace_all_and_that_is_told(self) -> None:
        lines = [{"ACCOUNTNO": "6000", "TRX_AMOUNT": "5", "MEMO": None}]
        postings = updates(
            {"RECORDNO": "7", "DESCRIPTION": "A"}, {"RECORDNO": "8", "APBILLITEMS": lines}, object_name="APBILL"
        )
        assert replaced_lines(postings) == {"APBILLITEMS": ["record 2 (APBILL, RECORDNO 8)"]}
        assert "<APBILLITEMS><APBILLITEM><ACCOUNTNO>6000</ACCOUNTNO><TRX_AMOUNT>5</TRX_AMOUNT></APBILLITEM>" in sent(
            postings[1]
        )

    def test_an_entry_whose_new_lines_do_not_balance_is_refused(self) -> None:
        line = {"ACCOUNTNO": "6000", "LOCATION": "100", "TR_TYPE": "1", "TRX_AMOUNT": Decimal(5)}
        lines = [line, {**line, "TR_TYPE": "-1", "TRX_AMOUNT": Decimal(4)}]
        with pytest.raises(InvalidRequestError, match="differ by 1"):
            updates({"RECORDNO": "7", "ENTRIES": lines}, object_name="GLBATCH")

    def test_a_typed_record_says_its_object(self) -> None:
        (posting,) = updates(Vendor(id="V1", name="Ada"), object_name=None)
        assert sent(posting) == "<update><VENDOR><NAME>Ada</NAME><VENDORID>V1</VENDORID></VENDOR></update>"

    def test_a_typed_record_made_by_a_function_of_its_own_is_refused_with_the_way_out(self) -> None:
        made = next(each for each in (Bill, Invoice) if each.function != "create")
        given = object.__new__(made)
        with pytest.raises(InvalidRecordError, match="which has no update of the same shape"):
            updates(given, object_name=None)


class TestWhatWasSentBefore:
    @pytest.mark.parametrize("duplicate", DUPLICATE_SHAPES)
    def test_is_posted_already_if_the_record_says_it(self, duplicate: Result) -> None:
        (posting,) = updates({"RECORDNO": "12", "NAME": "Ada", "TAXID": ""})
        intacct = Intacct([[duplicate], [rows({"RECORDNO": "12"})], [record("12", posting)]])
        assert statuses(intacct.post([posting])) == [("already_posted", "12")]

    @pytest.mark.parametrize("there", [{"NAME": "Eve"}, {"TAXID": "not cleared"}])
    def test_is_not_written_over_what_somebody_changed_since(self, there: dict[str, str]) -> None:
        (posting,) = updates({"RECORDNO": "12", "NAME": "Ada", "TAXID": ""})
        intacct = Intacct([[refused(ALREADY)], [rows({"RECORDNO": "12"})], [record("12", posting, **there)]])
        (outcome,) = intacct.post([posting])
        assert outcome.status == "rejected"
        assert f"{next(iter(there))} is '{next(iter(there.values()))}' there" in outcome.note

    def test_of_lines_counts_as_there_only_if_they_are_those(self) -> None:
        lines = [{"ACCOUNTNO": "6000", "TRX_AMOUNT": "5"}]
        (posting,) = updates({"RECORDNO": "7", "APBILLITEMS": lines}, object_name="APBILL")
        for changed, status in (({}, "already_posted"), ({"TRX_AMOUNT": "6"}, "rejected")):
            replies = [[refused(ALREADY)], [rows({"RECORDNO": "7"})], [record("7", posting, **changed)]]
            assert Intacct(replies).post([posting])[0].status == status

    def test_and_does_not_read_back_is_believed_when_intacct_says_so(self) -> None:
        (posting,) = updates({"@key": "7", "updatebillitems": "x"}, object_name=None, function="update_bill")
        bare = '<data listtype="X" count="1"><X><RECORDNO>7</RECORDNO></X></data>'
        there: Result = lambda function: canned.result(function.name, function.control_id or "", bare)  # noqa: E731
        intacct = Intacct([[refused(ALREADY)], [rows({"RECORDNO": "7"})], [there]])
        assert statuses(intacct.post([posting])) == [("already_posted", "7")]
        intacct = Intacct([[rows({"RECORDNO": "7"})], [there], [booked("7")]])
        assert statuses(intacct.post([posting], look_first=True)) == [("posted", "7")]  # but not without its word

    def test_and_whose_record_is_gone_is_for_a_person(self) -> None:
        (posting,) = updates({"RECORDNO": "12", "NAME": "Ada"})
        (outcome,) = Intacct([[refused(ALREADY)], [rows()]]).post([posting])
        assert outcome.status == "in_doubt"
        assert "RECORDNO 12" in outcome.note

    def test_a_name_that_is_taken_is_no_repetition(self) -> None:
        (posting,) = updates({"RECORDNO": "12", "NAME": "Ada"})
        assert Intacct([[refused(EXISTS)]]).post([posting])[0].status == "rejected"

    def test_with_other_content_stops_before_sending(self) -> None:
        (first,), (second,) = updates({"VENDORID": "V1", "TAXID": "7"}), updates({"VENDORID": "V1", "TAXID": ""})
        known = {first.control_id: Known("posted", first.digest, "12", first.label)}
        intacct = Intacct([[rows({"RECORDNO": "12", "VENDORID": "V1"})], [record("12", first)]])
        with pytest.raises(ChangedSincePostedError, match="TAXID is '7' there and '' here"):
            intacct.post([second], known=known)
        assert intacct.writes == []

    def test_that_may_have_been_carried_out_is_looked_for_first(self) -> None:
        (posting,) = updates({"RECORDNO": "12", "NAME": "Ada"})
        known = {posting.control_id: Known("sending", posting.digest, "", posting.label)}
        intacct = Intacct([[rows({"RECORDNO": "12"})], [record("12", posting)]])
        assert statuses(intacct.post([posting], known=known)) == [("already_posted", "12")]

    def test_and_whose_reply_is_lost_is_in_doubt(self) -> None:
        (posting,) = updates({"RECORDNO": "12", "NAME": "Ada"})
        (outcome,) = Intacct([ReplyLostError("cut")]).post([posting])
        assert (outcome.status, outcome.as_dict()["act"]) == ("in_doubt", "update")


class TestSkippingWhatIsThere:
    def test_sends_only_what_would_change(self) -> None:
        postings = updates({"RECORDNO": "12", "NAME": "Ada"}, {"RECORDNO": "13", "NAME": "Bob"}, skip_unchanged=True)
        both = [record("12", postings[0]), record("13", postings[1], NAME="Eve")]
        together = "".join(
            each(postings[0].function).partition("count=")[2].partition(">")[2].partition("</data>")[0] for each in both
        )
        read: Result = lambda function: canned.result(  # noqa: E731
            function.name, function.control_id or "", f'<data listtype="X" count="2">{together}</data>'
        )
        intacct = Intacct([[read], [booked("13")]])
        assert statuses(intacct.post(postings)) == [("already_posted", "12"), ("posted", "13")]

    def test_sends_what_cannot_be_compared(self) -> None:
        (posting,) = updates({"RECORDNO": "12", "NAME": "Ada", "ACTION": "Submit"}, skip_unchanged=True)
        assert statuses(Intacct([[record("12", posting)], [booked("12")]]).post([posting])) == [("posted", "12")]

    def test_sends_all_if_the_user_may_not_read(self) -> None:
        (posting,) = updates({"RECORDNO": "12", "NAME": "Ada"}, skip_unchanged=True)
        assert statuses(Intacct([[refused(DENIED)], [booked("12")]]).post([posting])) == [("posted", "12")]

    def test_looks_ids_up_for_it(self) -> None:
        (posting,) = updates({"VENDORID": "V1", "NAME": "Ada"}, skip_unchanged=True)
        intacct = Intacct([[rows({"RECORDNO": "12", "VENDORID": "V1"})], [record("12", posting)]])
        assert statuses(intacct.post([posting])) == [("already_posted", "12")]


class TestLookingUpTheNumber:
    BILL: ClassVar = {"VENDORID": "V1", "RECORDID": "B-1", "DESCRIPTION": "Rent"}

    def test_writes_to_the_one_there_is(self) -> None:
        (posting,) = updates(self.BILL, object_name="APBILL")
        intacct = Intacct([[rows({"RECORDNO": "12", "VENDORID": "V1", "RECORDID": "B-1"})], [booked("12")]])
        assert statuses(intacct.post([posting])) == [("posted", "12")]
        assert write(intacct.asked[1][0].element) == (
            "<update><APBILL><RECORDNO>12</RECORDNO><DESCRIPTION>Rent</DESCRIPTION></APBILL></update>"
        )

    @pytest.mark.parametrize(
        ("numbers", "words"),
        [
            (["12", "15"], "several records are a APBILL with VENDORID V1 and RECORDID B-1: RECORDNO 12, 15"),
            ([], "there is no APBILL with VENDORID V1 and RECORDID B-1"),
        ],
    )
    def test_refuses_none_and_several_and_sends_nothing(self, numbers: Sequence[str], words: str) -> None:
        (posting,) = updates(self.BILL, object_name="APBILL")
        found = rows(*({"RECORDNO": each, "VENDORID": "V1", "RECORDID": "B-1"} for each in numbers))
        intacct = Intacct([[found]])
        (outcome,) = intacct.post([posting])
        assert outcome.status == "rejected"
        assert words in outcome.note
        assert intacct.writes == []

    def test_passes_over_another_vendors_bill_of_the_number(self) -> None:
        postings = updates(self.BILL, {**self.BILL, "VENDORID": "V2", "RECORDID": "B-2"}, object_name="APBILL")
        found = rows(
            {"RECORDNO": "12", "VENDORID": "V1", "RECORDID": "B-1"},
            {"RECORDNO": "13", "VENDORID": "V2", "RECORDID": "B-1"},
            {"RECORDNO": "14", "VENDORID": "V2", "RECORDID": "B-2"},
        )
        intacct = Intacct([[found], [booked("12"), booked("14")]])
        assert statuses(intacct.post(postings)) == [("posted", "12"), ("posted", "14")]

    def test_rolled_back_neighbours_are_sent_again_once_what_was_there_is_taken_out(self) -> None:
        postings = updates({"RECORDNO": "12", "NAME": "Ada"}, {"RECORDNO": "13", "NAME": "Bob"})
        replies = [
            [refused(ALREADY, canned.ROLLED_BACK), UNDONE],
            [rows({"RECORDNO": "12"}, {"RECORDNO": "13"})],
            [record("12", postings[0])],
            [booked("13")],
        ]
        assert statuses(Intacct(replies).post(postings)) == [("already_posted", "12"), ("posted", "13")]
