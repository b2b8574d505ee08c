"""Who a record is, what may be posted, and what becomes of it, whatever Intacct answers."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_intacct.client.errors import (
    InvalidRecordError,
    InvalidRequestError,
    LockedOutError,
    ReplyLostError,
    ThrottledError,
    UnbalancedEntryError,
)
from airflow_provider_intacct.client.flows import Flow
from airflow_provider_intacct.client.posting import (
    ChangedSincePostedError,
    Known,
    Posting,
    RecordsInDoubtError,
    RecordsRejectedError,
    Scope,
    Sending,
    Settled,
    control_id,
    post,
    prepare,
    raise_unless_posted,
)
from airflow_provider_intacct.client.posting.flow import MAX_BYTES
from airflow_provider_intacct.client.posting.identity import canonical, content_digest, reference_prefix
from airflow_provider_intacct.client.posting.kinds import KINDS
from airflow_provider_intacct.client.xml.elements import write
from airflow_provider_intacct.client.xml.functions import Function
from airflow_provider_intacct.client.xml.reply import Reply, parse_reply
from tests.unit.client import canned

from .answers import (
    ALREADY,
    CLOSED,
    CONCURRENT,
    DENIED,
    DUPLICATE_SHAPES,
    EXISTS,
    NO_STATUS,
    TOO_MANY,
    UNDONE,
    Intacct,
    Result,
    booked,
    record,
    refused,
    rows,
    stamp,
    statuses,
)

TASK = Scope("DEMO", "close", "scheduled__2026-03-31", "post_accrual")


def entry(amount: object = Decimal("100.00"), **more: Any) -> dict[str, Any]:
    """A journal entry in balance."""
    lines = [
        {"ACCOUNTNO": "6500", "LOCATION": "100", "TR_TYPE": "1", "TRX_AMOUNT": amount},
        {"ACCOUNTNO": "2100", "LOCATION": "100", "TR_TYPE": "-1", "TRX_AMOUNT": amount},
    ]
    return {"JOURNAL": "GJ", "BATCH_DATE": date(2026, 3, 31), "BATCH_TITLE": "Accrual", "ENTRIES": lines, **more}


def bill(number: str = "", vendor: str = "V1", amount: str = "10.00") -> dict[str, Any]:
    """An AP bill for the legacy function, in its schema's order."""
    numbered = {"billno": number} if number else {}
    return {
        "vendorid": vendor,
        "datecreated": date(2026, 3, 1),
        "datedue": date(2026, 3, 31),
        **numbered,
        "description": "Rent",
        "billitems": {"lineitem": [{"glaccountno": "6100", "amount": Decimal(amount), "locationid": "100"}]},
    }


def entries(*records: dict[str, Any], scope: Scope = TASK, **options: Any) -> list[Posting]:
    return prepare(records, scope=scope, object_name="GLBATCH", **options)


def sent(posting: Posting) -> str:
    return write(posting.function.element)


class TestTheControlId:
    def test_is_printable_and_short(self) -> None:
        made = control_id(TASK, "GLBATCH JOURNAL=GJ")
        assert made.isascii()
        assert made.isprintable()
        assert len(made) == 35

    @pytest.mark.parametrize(
        "other",
        [
            replace(TASK, company_id="OTHER"),
            replace(TASK, dag_id="open"),
            replace(TASK, run_id="manual__1"),
            replace(TASK, task_id="reverse"),
            replace(TASK, map_index=0),
            replace(TASK, key="2026-03"),
        ],
    )
    def test_differs_with_each_part_of_the_scope(self, other: Scope) -> None:
        assert control_id(other, "x") != control_id(TASK, "x")

    def test_is_the_same_for_two_runs_that_name_the_same_business_event(self) -> None:
        first, second = replace(TASK, key="2026-03"), Scope("DEMO", "other", "manual", "task", 4, key="2026-03")
        assert control_id(first, "x") == control_id(second, "x")

    def test_cannot_be_confused_by_moving_text_between_the_parts(self) -> None:
        assert control_id(Scope("DEMO", "a", "bc"), "x") != control_id(Scope("DEMO", "ab", "c"), "x")

    def test_is_new_each_time_without_the_guard(self) -> None:
        assert control_id(Scope.unguarded("DEMO"), "x") != control_id(Scope.unguarded("DEMO"), "x")


scalars = st.one_of(
    st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=8),
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=0, max_value=10**9),
    st.dates(),
    st.booleans(),
    st.none(),
)
contents = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text("ABC", min_size=1), inner, max_size=4)
    ),
    max_leaves=12,
)


def shuffled(value: Any, random: Any) -> Any:
    """The same content, fields and lines in another order."""
    if isinstance(value, dict):
        items = list(value.items())
        random.shuffle(items)
        return {name: shuffled(item, random) for name, item in items}
    if isinstance(value, list):
        items = [shuffled(item, random) for item in value]
        random.shuffle(items)
        return items
    return value


class TestTheKind:
    def test_is_known_in_whatever_case_an_object_is_written(self) -> None:
        with pytest.raises(UnbalancedEntryError):
            prepare([entry(ENTRIES=[])], scope=TASK, object_name="glbatch")
        assert "<GLBATCH>" in sent(prepare([entry()], scope=TASK, object_name="glbatch")[0])


class TestTheContent:
    @given(content=contents, random=st.randoms(use_true_random=False))
    def test_does_not_depend_on_the_order_of_fields_and_lines(self, content: Any, random: Any) -> None:
        assert canonical(shuffled(content, random)) == canonical(content)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (Decimal("10.0"), Decimal("10.00")),
            (Decimal("10"), 10),
            (Decimal("1E+2"), "100"),
            (Decimal("-0.00"), 0),
            (date(2026, 3, 31), "03/31/2026"),
            ({"year": "2026", "month": "03", "day": "31"}, date(2026, 3, 31)),
            (True, "true"),
            ({"A": None}, {}),
            ({"A": {"B": ""}}, {}),
            ([{"A": "1"}], {"A": "1"}),
        ],
    )
    def test_is_the_same_however_it_is_written(self, one: Any, other: Any) -> None:
        assert canonical(one) == canonical(other)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (Decimal("10.01"), Decimal("10.00")),
            ("007", "7"),
            ({"year": "2026", "month": "\u00b2", "day": "1"}, {"year": "2026", "month": "2", "day": "1"}),
            (["a", "a"], ["a"]),
            ({"A": "1"}, {"B": "1"}),
            ({"A": "1", "B": "2"}, {"A": "2", "B": "1"}),
            (date(2026, 3, 31), date(2026, 3, 30)),
        ],
    )
    def test_differs_where_the_books_would(self, one: Any, other: Any) -> None:
        assert canonical(one) != canonical(other)

    def test_of_large_numbers_is_exact(self) -> None:
        assert canonical(Decimal("12345678901234567890123456789012.01")).endswith("012.01")  # type: ignore[union-attr]

    def test_counts_the_entity_it_is_posted_in(self) -> None:
        record = {"A": "1"}
        assert content_digest(record, kind="X", entity_id="100") != content_digest(record, kind="X", entity_id="200")


class TestIdentity:
    @given(random=st.randoms(use_true_random=False), amounts=st.lists(st.integers(1, 5), min_size=1, max_size=8))
    def test_of_a_list_of_records_does_not_depend_on_their_order(self, random: Any, amounts: list[int]) -> None:
        records = [entry(Decimal(amount)) for amount in amounts]
        moved = [shuffled(record, random) for record in records]
        random.shuffle(moved)
        assert {p.control_id for p in entries(*records)} == {p.control_id for p in entries(*moved)}

    def test_equal_records_without_a_key_are_several_records(self) -> None:
        first, second = entries(entry(), entry())
        assert first.control_id != second.control_id
        assert first.reference != second.reference

    def test_a_natural_key_outlives_a_change_of_content(self) -> None:
        first, second = entries(entry(REFERENCENO="R1")), entries(entry(Decimal(5), REFERENCENO="R1"))
        assert first[0].control_id == second[0].control_id
        assert first[0].digest != second[0].digest

    def test_an_idempotency_key_of_its_own_beats_natural_key_and_content(self) -> None:
        one = entries(entry(REFERENCENO="R1"), keys=["march"])[0]
        other = entries(entry(Decimal(5), REFERENCENO="R2"), keys=["march"])[0]
        assert one.control_id == other.control_id

    def test_the_same_key_on_two_kinds_of_record_names_two_records(self) -> None:
        journal = entries(entry(), keys=["march"])[0]
        invoice = prepare([bill()], scope=TASK, function="create_bill", keys=["march"])[0]
        assert journal.control_id != invoice.control_id

    @pytest.mark.parametrize(
        ("kind", "record", "key"),
        [
            ("GLBATCH", entry(REFERENCENO="R1"), (("JOURNAL", "GJ"), ("REFERENCENO", "R1"))),
            ("create_bill", bill("B-7"), (("VENDORID", "V1"), ("RECORDID", "B-7"))),
            ("CUSTOMER", {"CUSTOMERID": "C1", "NAME": "Ada"}, (("CUSTOMERID", "C1"),)),
            ("create_vendor", {"vendorid": "V9", "name": "Ada"}, (("VENDORID", "V9"),)),
            ("REPORTINGPERIOD", {"NAME": "Month Ended March 2026"}, (("NAME", "Month Ended March 2026"),)),
            ("CUSTOMER", {"NAME": "numbered by Intacct"}, ()),
            ("SUBSCRIPTION", {"NAME": "anything"}, ()),
        ],
    )
    def test_the_natural_key_is_read_from_the_record(self, kind: str, record: dict[str, Any], key: Any) -> None:
        legacy = kind.startswith("create_")
        made = prepare(
            [record], scope=TASK, object_name=None if legacy else kind, function=kind if legacy else "create"
        )
        assert made[0].natural_key == key

    @pytest.mark.parametrize("amount", [Decimal("100.00"), Decimal("5")])
    def test_the_same_number_twice_in_one_call_is_refused(self, amount: Decimal) -> None:
        with pytest.raises(InvalidRecordError, match=r"record 2 .* and record 1 are one and the same"):
            entries(entry(REFERENCENO="R1"), entry(amount, REFERENCENO="R1"))

    def test_every_record_needs_its_own_key(self) -> None:
        with pytest.raises(InvalidRequestError, match="1 idempotency keys for 2 records"):
            entries(entry(), entry(), keys=["a"])
        with pytest.raises(InvalidRequestError, match="is empty"):
            entries(entry(), keys=[" "])
        with pytest.raises(InvalidRecordError, match="one and the same"):
            entries(entry(), entry(Decimal(5)), keys=["a", "a"])


class TestTheReference:
    def test_is_stamped_where_the_author_left_it_empty(self) -> None:
        made = entries(entry(REFERENCENO=""))[0]
        assert len(made.reference) == 20
        assert made.reference.startswith(made.control_id[:15].upper())
        assert f"<REFERENCENO>{made.reference}</REFERENCENO>" in sent(made)

    def test_is_the_authors_where_there_is_one(self) -> None:
        made = entries(entry(REFERENCENO="R1"))[0]
        assert (made.reference, made.natural_key[-1]) == ("", ("REFERENCENO", "R1"))

    def test_can_be_turned_off_without_changing_who_the_record_is(self) -> None:
        stamped, plain = entries(entry())[0], entries(entry(), stamp_reference=False)[0]
        assert "REFERENCENO" not in sent(plain)
        assert (plain.control_id, plain.digest) == (stamped.control_id, stamped.digest)

    def test_tells_other_content_of_the_same_record(self) -> None:
        one, other = entries(entry(), keys=["march"])[0], entries(entry(Decimal(5)), keys=["march"])[0]
        assert one.reference != other.reference
        assert reference_prefix(one.control_id) == reference_prefix(other.control_id)

    def test_stands_where_the_schema_of_a_legacy_function_wants_it(self) -> None:
        made = prepare([bill("B-7")], scope=TASK, function="create_bill")[0]
        tags = [part.tag for part in made.function.body]
        assert tags.index("billno") < tags.index("ponumber") < tags.index("description")
        taxed = {
            "vendorid": "V1",
            "datecreated": "2026-03-31",
            "taxsolutionid": "VAT",
            "billitems": bill("B-7")["billitems"],
        }
        made = prepare([taxed], scope=TASK, function="create_bill")[0]
        tags = [part.tag for part in made.function.body]
        assert tags.index("ponumber") < tags.index("taxsolutionid") < tags.index("billitems")

    def test_does_not_touch_what_the_author_gave(self) -> None:
        given_ = entry()
        before = copy.deepcopy(given_)
        entries(given_)
        assert given_ == before


class TestWhatIsRefusedBeforeAnythingIsSent:
    @pytest.mark.parametrize("record", ["text", 7, None, ["a", "list"], [("JOURNAL", "GJ")]])
    def test_what_is_no_mapping(self, record: Any) -> None:
        with pytest.raises(InvalidRecordError, match=r"record 2 .*a record is a mapping"):
            entries(entry(), record)

    def test_an_empty_record(self) -> None:
        with pytest.raises(InvalidRecordError, match="is empty"):
            prepare([{}], scope=TASK, object_name="CUSTOMER")

    def test_a_record_that_does_not_name_its_object(self) -> None:
        with pytest.raises(InvalidRecordError, match="give object_name"):
            prepare([entry()], scope=TASK)
        assert prepare([{"GLBATCH": entry()}], scope=TASK)[0].kind is KINDS["GLBATCH"]

    @pytest.mark.parametrize(
        ("lines", "words"),
        [
            ([], "has no lines"),
            ({"GLENTRY": []}, "has no lines"),
            (None, "has no lines"),
            ([{"ACCOUNTNO": "1", "TR_TYPE": 1, "TRX_AMOUNT": 1}], "has one line"),
        ],
    )
    def test_an_entry_without_a_debit_and_a_credit(self, lines: Any, words: str) -> None:
        with pytest.raises(UnbalancedEntryError, match=words):
            entries(entry(ENTRIES=lines))

    def test_lines_under_a_name_in_other_letters(self) -> None:
        lower = entry()
        lower["entries"] = lower.pop("ENTRIES")
        with pytest.raises(InvalidRecordError, match=r"has entries; write it ENTRIES"):
            entries(lower)

    def test_an_entry_out_of_balance_with_the_difference(self) -> None:
        off = entry()
        off["ENTRIES"][1]["TRX_AMOUNT"] = "90.50"
        with pytest.raises(UnbalancedEntryError, match=r"debits 100.00 and credits 90.50 differ by 9.50"):
            entries(off)

    def test_an_entry_that_balances_only_across_currencies(self) -> None:
        off = entry()
        off["ENTRIES"][0]["CURRENCY"], off["ENTRIES"][1]["CURRENCY"] = "USD", "GBP"
        with pytest.raises(UnbalancedEntryError, match=r"in USD differ by 100.00; .* in GBP differ by 100.00"):
            entries(off)

    def test_a_legacy_entry_out_of_balance(self) -> None:
        lines = [
            {"trtype": "debit", "amount": "5", "glaccountno": "1"},
            {"trtype": "credit", "amount": "4", "glaccountno": "2"},
        ]
        record = {"journalid": "GJ", "datecreated": "2026-03-31", "description": "x", "gltransactionentries": lines}
        with pytest.raises(UnbalancedEntryError, match="differ by 1"):
            prepare([record], scope=TASK, function="create_gltransaction")

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ({"TR_TYPE": 1, "TRX_AMOUNT": Decimal("-1")}, "negative amount -1"),
            ({"TR_TYPE": 2, "TRX_AMOUNT": 1}, "TR_TYPE 2"),
            ({"TRX_AMOUNT": 1}, "has no TR_TYPE"),
            ({"TR_TYPE": 1}, "has no amount"),
            ({"TR_TYPE": 1, "TRX_AMOUNT": 1.5}, r"give Decimal\('1\.5'\)"),
            ({"TR_TYPE": 1, "TRX_AMOUNT": "1.005"}, "keeps two decimals"),
            ({"TR_TYPE": 1, "TRX_AMOUNT": "1,000.00"}, "is no amount"),
            ({"TR_TYPE": 1, "TRX_AMOUNT": Decimal("NaN")}, "is no amount"),
            ({"TR_TYPE": 1, "TRX_AMOUNT": True}, "an amount is a Decimal"),
            ("no line", "a line is a mapping"),
        ],
    )
    def test_a_line_that_is_none(self, line: Any, words: str) -> None:
        with pytest.raises(InvalidRecordError, match=words):
            entries(entry(ENTRIES=[line, {"TR_TYPE": -1, "TRX_AMOUNT": 1}]))

    @pytest.mark.parametrize("record", [{"NAME": "x", "CREDITLIMIT": 0.1}, {"NAME": "x", "A": {"B": [1.5]}}])
    def test_a_float_anywhere(self, record: dict[str, Any]) -> None:
        with pytest.raises(InvalidRecordError, match=r"record 1 .*float"):
            prepare([record], scope=TASK, object_name="CUSTOMER")

    def test_what_xml_cannot_hold(self) -> None:
        with pytest.raises(InvalidRecordError, match=r"record 1 .*U\+0000"):
            prepare([{"NAME": "a\0b"}], scope=TASK, object_name="CUSTOMER")

    @pytest.mark.parametrize("kind", ["create_bill", "create_invoice", "APBILL"])
    def test_a_header_without_lines(self, kind: str) -> None:
        legacy = kind.startswith("create_")
        with pytest.raises(InvalidRecordError, match="has no lines"):
            prepare(
                [{"vendorid": "V1"}],
                scope=TASK,
                object_name=None if legacy else kind,
                function=kind if legacy else "create",
            )

    def test_but_a_statistical_entry_needs_no_balance(self) -> None:
        lines = [{"ACCOUNTNO": "9000", "TR_TYPE": 1, "AMOUNT": Decimal("12.125")}]
        assert entries(entry(JOURNAL="STJ", ENTRIES=lines), statistical=True)


class TestHowARecordIsWritten:
    @pytest.mark.parametrize("day", [date(2026, 3, 31), "2026-03-31", "03/31/2026"])
    def test_a_date_may_be_text(self, day: Any) -> None:
        assert "<BATCH_DATE>03/31/2026</BATCH_DATE>" in sent(entries(entry(BATCH_DATE=day))[0])
        legacy = prepare([{**bill(), "datecreated": day}], scope=TASK, function="create_bill")[0]
        assert "<datecreated><year>2026</year><month>03</month><day>31</day></datecreated>" in sent(legacy)

    def test_a_number_that_looks_like_a_date_stays_a_number(self) -> None:
        assert "<REFERENCENO>2026-03-31</REFERENCENO>" in sent(entries(entry(REFERENCENO="2026-03-31"))[0])

    def test_lines_may_be_a_plain_list_or_stand_in_their_element(self) -> None:
        plain, nested = entry(), entry()
        nested["ENTRIES"] = {"GLENTRY": nested["ENTRIES"]}
        assert sent(entries(plain)[0]) == sent(entries(nested)[0])
        assert sent(entries(plain)[0]).count("<GLENTRY>") == 2


class TestPosting:
    def test_one_function_per_record_in_one_transaction_under_unique_ids(self) -> None:
        intacct = Intacct([[booked("1"), booked("2")]])
        postings = entries(entry(), entry(Decimal(5)))
        assert statuses(intacct.post(postings)) == [("posted", "1"), ("posted", "2")]
        assert intacct.modes == [(True, True)]
        assert intacct.writes == [[each.control_id for each in postings]]

    def test_a_hundred_records_to_a_request(self) -> None:
        postings = entries(*(entry(Decimal(each)) for each in range(1, 206)))
        intacct = Intacct([[booked("1")] * 100, [booked("1")] * 100, [booked("1")] * 5])
        assert len(intacct.post(postings)) == 205

    def test_fewer_of_large_records(self) -> None:
        postings = entries(*(entry(Decimal(each), BATCH_TITLE="x" * (MAX_BYTES // 3)) for each in range(1, 5)))
        assert [len(each) for each in _sizes(postings)] == [2, 2]

    def test_the_key_of_a_legacy_function(self) -> None:
        key = "<key>4711</key>"
        intacct = Intacct([[lambda function: canned.result(function.name, function.control_id or "", key)]])
        assert statuses(intacct.post(prepare([bill()], scope=TASK, function="create_bill"))) == [("posted", "4711")]

    def test_nothing_to_post(self) -> None:
        assert Intacct([]).post([]) == []

    def test_the_caller_hears_before_and_after(self) -> None:
        told: list[Sending | Settled] = []
        Intacct([[booked("1")]]).post(entries(entry()), tell=told.append)
        assert [type(each) for each in told] == [Sending, Settled]


def _sizes(postings: list[Posting]) -> list[tuple[Function, ...]]:
    sizes: list[tuple[Function, ...]] = []

    def execute(functions: Sequence[Function], *, atomic: bool = False, unique: bool = False) -> Flow[Reply]:
        sizes.append(tuple(functions))
        yield from ()
        results = [booked("1")(each) for each in functions]
        return parse_reply(canned.response(*results, unique="true"), unique=unique)

    with pytest.raises(StopIteration):
        next(post(execute, postings))
    return sizes


class TestARejectedRecord:
    def test_rolls_its_neighbours_back(self) -> None:
        intacct = Intacct([[UNDONE, refused(CLOSED, canned.ROLLED_BACK, status="aborted"), UNDONE]])
        outcomes = intacct.post(entries(entry(), entry(Decimal(5)), entry(Decimal(6))))
        assert [each.status for each in outcomes] == ["rolled_back", "rejected", "rolled_back"]
        assert outcomes[1].errors[0].text == "The period is not open"

    def test_stands_alone_when_not_atomic(self) -> None:
        intacct = Intacct([[booked("1"), refused(CLOSED), booked("3")]])
        outcomes = intacct.post(entries(entry(), entry(Decimal(5)), entry(Decimal(6))), atomic=False)
        assert statuses(outcomes) == [("posted", "1"), ("rejected", ""), ("posted", "3")]

    def test_stops_the_requests_that_would_follow(self) -> None:
        postings = entries(*(entry(Decimal(each)) for each in range(1, 102)))
        intacct = Intacct([[refused(CLOSED, canned.ROLLED_BACK), *[UNDONE] * 99]])
        outcomes = intacct.post(postings)
        assert outcomes[100].status == "rolled_back"
        assert "not sent" in outcomes[100].note

    def test_may_be_passed_over(self) -> None:
        postings = entries(*(entry(Decimal(each)) for each in range(1, 102)))
        neighbours = [booked(str(each)) for each in range(2, 101)]
        intacct = Intacct([[refused(CLOSED, canned.ROLLED_BACK), *[UNDONE] * 99], neighbours, [booked("101")]])
        outcomes = statuses(intacct.post(postings, stop_at_rejection=False))
        assert outcomes == [("rejected", ""), *(("posted", str(each)) for each in range(2, 102))]

    def test_of_too_many_leaves_its_neighbours_undone(self) -> None:
        intacct = Intacct([[refused(CLOSED, canned.ROLLED_BACK), UNDONE]])
        outcomes = intacct.post(entries(entry(), entry(Decimal(5))), stop_at_rejection=False, max_rejects=0)
        assert [each.status for each in outcomes] == ["rejected", "rolled_back"]

    def test_a_success_within_a_rolled_back_transaction_is_not_believed(self) -> None:
        intacct = Intacct([[booked("1"), refused(CLOSED, canned.ROLLED_BACK)]])
        outcomes = intacct.post(entries(entry(), entry(Decimal(5))))
        assert [each.status for each in outcomes] == ["in_doubt", "rejected"]


class TestWhatWasBookedBefore:
    @pytest.mark.parametrize("duplicate", DUPLICATE_SHAPES)
    def test_is_found_by_its_stamp(self, duplicate: Result) -> None:
        postings = entries(entry())
        intacct = Intacct([[duplicate], [rows(stamp("77", postings[0]))]])
        assert statuses(intacct.post(postings)) == [("already_posted", "77")]

    @pytest.mark.parametrize("duplicate", DUPLICATE_SHAPES)
    def test_is_found_by_its_natural_key_and_compared(self, duplicate: Result) -> None:
        postings = entries(entry(REFERENCENO="R1"))
        key = {"RECORDNO": "77", "JOURNAL": "GJ", "REFERENCENO": "R1"}
        intacct = Intacct([[duplicate], [rows(key)], [record("77", postings[0])]])
        assert statuses(intacct.post(postings)) == [("already_posted", "77")]

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"BATCH_TITLE": "Other"}, "BATCH_TITLE is 'Other' there and 'Accrual' here"),
            ({"TRX_AMOUNT": "5.00"}, r"line 1 \(ACCOUNTNO 6500.* has no equal there"),
            ({"BATCH_DATE": "04/01/2026"}, "BATCH_DATE is '04/01/2026' there and '03/31/2026' here"),
            ({"ENTRIES": "<GLENTRY/>"}, "1 lines there and 2 here"),
        ],
    )
    def test_with_other_content_is_a_conflict_that_says_what_differs(self, changed: dict[str, str], words: str) -> None:
        postings = entries(entry(REFERENCENO="R1"))
        key = {"RECORDNO": "77", "JOURNAL": "GJ", "REFERENCENO": "R1"}
        outcome = Intacct([[refused(ALREADY)], [rows(key)], [record("77", postings[0], **changed)]]).post(postings)[0]
        assert (outcome.status, outcome.key) == ("rejected", "77")
        with pytest.raises(RecordsRejectedError, match=words):
            raise_unless_posted([outcome])

    @pytest.mark.parametrize(
        "changed",
        [{"TRX_AMOUNT": "100"}, {"BATCH_DATE": "2026-03-31"}, {"STATE": "Reversed"}],
        ids=["amount", "date", "state"],
    )
    def test_may_be_written_another_way(self, changed: dict[str, str]) -> None:
        postings = entries(entry(REFERENCENO="R1", STATE="Posted"))
        key = {"RECORDNO": "77", "JOURNAL": "GJ", "REFERENCENO": "R1"}
        intacct = Intacct([[refused(ALREADY)], [rows(key)], [record("77", postings[0], **changed)]])
        assert statuses(intacct.post(postings)) == [("already_posted", "77")]

    def test_another_record_of_the_same_number_does_not_count(self) -> None:
        postings = entries(entry(REFERENCENO="R1"))
        other = {"RECORDNO": "76", "JOURNAL": "APJ", "REFERENCENO": "R1"}
        outcome = Intacct([[refused(ALREADY)], [rows(other)]]).post(postings)[0]
        assert outcome.status == "in_doubt"
        assert "REFERENCENO R1" in outcome.note

    def test_of_two_records_with_the_number_the_one_that_says_the_same_counts(self) -> None:
        postings = entries(entry(REFERENCENO="R1"))
        keys = [{"RECORDNO": each, "JOURNAL": "GJ", "REFERENCENO": "R1"} for each in ("76", "77")]

        def both(function: Function) -> str:
            one = record("76", postings[0], BATCH_TITLE="Other")(function)
            other = record("77", postings[0])(function)
            return one.replace("</data></result>", "") + other[other.index("<X>") :]

        assert statuses(Intacct([[refused(ALREADY)], [rows(*keys)], [both]]).post(postings)) == [
            ("already_posted", "77")
        ]

    def test_with_a_stamp_of_other_content_is_a_conflict(self) -> None:
        before = entries(entry(Decimal(5)), keys=["march"])[0]
        postings = entries(entry(), keys=["march"])
        there = rows(stamp("77", before))
        outcome = Intacct([[NO_STATUS], [there], [record("77", before)]]).post(postings)[0]
        assert outcome.status == "rejected"
        assert "has no equal there" in outcome.note

    def test_and_cannot_be_found_any_more_is_for_a_person_to_decide(self) -> None:
        outcome = Intacct([[refused(ALREADY)], [rows()]]).post(entries(entry()))[0]
        assert outcome.status == "in_doubt"
        assert "it was deleted" in outcome.note

    def test_and_is_found_without_a_number_is_not_read(self) -> None:
        postings = entries(entry(REFERENCENO="R1"))
        there = rows({"JOURNAL": "GJ", "REFERENCENO": "R1"})
        outcome = Intacct([[refused(ALREADY)], [there]]).post(postings)[0]
        assert outcome.status == "in_doubt"

    def test_and_taken_out_is_told_when_the_request_with_the_rest_fails(self) -> None:
        postings = entries(entry(), entry(Decimal(5)))
        there = rows(stamp("77", postings[0]))
        intacct = Intacct([[refused(ALREADY, canned.ROLLED_BACK), UNDONE], [there], LockedOutError("locked")])
        with pytest.raises(LockedOutError) as raised:
            next(post(intacct.execute, postings))
        assert "1 already posted" in raised.value.__notes__[0]

    def test_and_may_not_be_queried_is_in_doubt(self) -> None:
        outcome = Intacct([[refused(ALREADY)], [refused(DENIED)]]).post(entries(entry()))[0]
        assert outcome.status == "in_doubt"

    def test_and_cannot_be_looked_up_for_the_network_is_in_doubt(self) -> None:
        outcome = Intacct([[refused(ALREADY)], ReplyLostError("The line went dead.")]).post(entries(entry()))[0]
        assert outcome.status == "in_doubt"
        assert "The line went dead" in outcome.note

    def test_needs_no_look_up_if_its_id_is_its_content_and_it_has_no_number(self) -> None:
        postings = prepare([{"NAME": "a custom object"}], scope=TASK, object_name="SUBSCRIPTION")
        assert statuses(Intacct([[NO_STATUS]]).post(postings)) == [("already_posted", "")]

    def test_is_taken_out_of_the_transaction_and_the_rest_sent_again_under_the_same_ids(self) -> None:
        postings = entries(entry(), entry(Decimal(5)), entry(Decimal(6)))
        there = rows(stamp("77", postings[1]))
        intacct = Intacct(
            [[UNDONE, refused(ALREADY, canned.ROLLED_BACK), UNDONE], [there], [booked("78"), booked("79")]]
        )
        assert statuses(intacct.post(postings)) == [("posted", "78"), ("already_posted", "77"), ("posted", "79")]
        ids = [each.control_id for each in postings]
        assert intacct.writes == [ids, [ids[0], ids[2]]]

    def test_takes_its_neighbours_out_too_where_the_whole_transaction_was_booked(self) -> None:
        postings = entries(entry(), entry(Decimal(5)), entry(Decimal(6)))
        there = rows(*(stamp(str(number), each) for number, each in enumerate(postings, 1)))
        intacct = Intacct([[refused(ALREADY, canned.ROLLED_BACK), UNDONE, UNDONE], [there]])
        assert statuses(intacct.post(postings)) == [
            ("already_posted", "1"),
            ("already_posted", "2"),
            ("already_posted", "3"),
        ]

    def test_leaves_its_neighbours_booked_where_intacct_rolls_nothing_back(self) -> None:
        postings = entries(entry(), entry(Decimal(5)))
        intacct = Intacct([[refused(ALREADY), booked("78")], [rows(stamp("77", postings[0]))]])
        assert statuses(intacct.post(postings)) == [("already_posted", "77"), ("posted", "78")]

    def test_does_not_hide_a_neighbour_that_is_wrong(self) -> None:
        postings = entries(entry(), entry(Decimal(5)), entry(Decimal(6)))
        replies = [[refused(ALREADY), refused(CLOSED), UNDONE], [rows(stamp("77", postings[0]))]]
        outcomes = Intacct(replies).post(postings)
        assert [each.status for each in outcomes] == ["already_posted", "rejected", "rolled_back"]

    def test_by_number_in_the_ledger_counts_as_posted_if_it_says_the_same(self) -> None:
        postings = prepare([{"CUSTOMERID": "C1", "NAME": "Ada"}], scope=TASK, object_name="CUSTOMER")
        replies = [[refused(EXISTS)], [rows({"RECORDNO": "5", "CUSTOMERID": "C1"})], [record("5", postings[0])]]
        assert statuses(Intacct(replies).post(postings)) == [("already_posted", "5")]

    def test_by_number_in_the_ledger_is_rejected_if_it_does_not(self) -> None:
        postings = prepare([{"CUSTOMERID": "C1", "NAME": "Ada"}], scope=TASK, object_name="CUSTOMER")
        replies = [
            [refused(EXISTS)],
            [rows({"RECORDNO": "5", "CUSTOMERID": "C1"})],
            [record("5", postings[0], NAME="Bob")],
        ]
        outcome = Intacct(replies).post(postings)[0]
        assert outcome.status == "rejected"
        assert "NAME is 'Bob' there and 'Ada' here" in outcome.note

    def test_is_found_before_sending_when_an_earlier_try_may_have_sent_it(self) -> None:
        postings = entries(entry(), entry(Decimal(5)))
        intacct = Intacct([[rows(stamp("77", postings[0]))], [booked("78")]])
        assert statuses(intacct.post(postings, look_first=True)) == [("already_posted", "77"), ("posted", "78")]

    def test_with_other_content_stops_before_sending_where_the_stamp_is_ours(self) -> None:
        before, now = entries(entry(), keys=["march"])[0], entries(entry(Decimal(5)), keys=["march"])[0]
        intacct = Intacct([[rows(stamp("77", before))], [record("77", before)]])
        with pytest.raises(ChangedSincePostedError, match=r"is posted as 77 .*line 1 \(ACCOUNTNO 6500"):
            intacct.post([now], look_first=True)

    def test_with_other_content_under_the_authors_own_number_may_be_another_record(self) -> None:
        last_month, now = entries(entry(REFERENCENO="RENT"))[0], entries(entry(Decimal(5), REFERENCENO="RENT"))[0]
        key = {"RECORDNO": "70", "JOURNAL": "GJ", "REFERENCENO": "RENT"}
        intacct = Intacct([[rows(key)], [record("70", last_month)], [booked("77")]])
        assert statuses(intacct.post([now], look_first=True)) == [("posted", "77")]


class TestALostReply:
    def test_leaves_the_records_in_doubt_and_says_how_to_settle_it(self) -> None:
        postings = entries(entry())
        outcome = Intacct([ReplyLostError("No reply within 300 s.")]).post(postings)[0]
        assert outcome.status == "in_doubt"
        with pytest.raises(RecordsInDoubtError) as raised:
            raise_unless_posted([outcome])
        assert raised.value.retryable
        for words in (
            "No reply within 300 s",
            postings[0].control_id,
            postings[0].reference,
            "run the same records again",
        ):
            assert words in str(raised.value)

    def test_sends_no_further_request(self) -> None:
        postings = entries(*(entry(Decimal(each)) for each in range(1, 102)))
        outcomes = Intacct([ReplyLostError("lost")]).post(postings)
        assert [outcomes[0].status, outcomes[100].status] == ["in_doubt", "rolled_back"]

    def test_hidden_behind_a_later_failure_is_a_doubt_all_the_same(self) -> None:
        refusal = LockedOutError("locked")
        refusal.in_doubt = True
        assert Intacct([refusal]).post(entries(entry()))[0].status == "in_doubt"

    def test_is_none_when_no_try_got_further_than_the_door(self) -> None:
        busy = ThrottledError("busy")
        busy.attempts = 6
        with pytest.raises(ThrottledError):
            next(post(Intacct([busy]).execute, entries(entry())))

    def test_is_none_when_the_request_was_turned_away(self) -> None:
        flow = post(Intacct([LockedOutError("locked")]).execute, entries(entry()))
        with pytest.raises(LockedOutError):
            next(flow)

    def test_what_was_posted_before_a_failure_is_said(self) -> None:
        postings = entries(*(entry(Decimal(each)) for each in range(1, 102)))
        flow = post(Intacct([[booked("1")] * 100, LockedOutError("locked")]).execute, postings)
        with pytest.raises(LockedOutError) as raised:
            next(flow)
        assert "100 posted" in raised.value.__notes__[0]

    @pytest.mark.parametrize("atomic", [True, False])
    def test_a_try_that_still_runs_is_in_doubt(self, atomic: bool) -> None:
        answer = [refused(CONCURRENT), UNDONE if atomic else refused(CONCURRENT)]
        outcomes = Intacct([answer]).post(entries(entry(), entry(Decimal(5))), atomic=atomic)
        assert [each.status for each in outcomes] == ["in_doubt", "in_doubt"]  # what runs is one transaction of both

    def test_a_try_that_still_runs_among_others_is_asked_for_again(self) -> None:
        postings = entries(entry(), entry(Decimal(5)))
        intacct = Intacct([[booked("1"), refused(CONCURRENT)], [booked("2")]])
        assert statuses(intacct.post(postings, atomic=False)) == [("posted", "1"), ("posted", "2")]
        assert intacct.writes[1] == [postings[1].control_id]

    def test_too_many_requests_is_no_doubt(self) -> None:
        flow = post(Intacct([[refused(TOO_MANY), UNDONE]]).execute, entries(entry(), entry(Decimal(5))))
        with pytest.raises(ThrottledError):
            next(flow)


class TestWhatEarlierTriesLeftBehind:
    def test_what_is_posted_is_not_sent_again(self) -> None:
        done, new = entries(entry(), entry(Decimal(5)))
        known = {done.control_id: Known("posted", done.digest, key="77")}
        intacct = Intacct([[booked("78")]])
        assert statuses(intacct.post([done, new], known=known)) == [("already_posted", "77"), ("posted", "78")]

    @pytest.mark.parametrize("status", ["sending", "in_doubt"])
    def test_what_may_be_posted_is_looked_up_first(self, status: Any) -> None:
        posting = entries(entry())[0]
        known = {posting.control_id: Known(status, posting.digest)}
        assert statuses(Intacct([[rows(stamp("77", posting))]]).post([posting], known=known)) == [
            ("already_posted", "77")
        ]

    @pytest.mark.parametrize("status", ["sending", "in_doubt", "posted", "already_posted"])
    def test_other_content_stops_before_sending_and_says_what_differs(self, status: Any) -> None:
        before, now = entries(entry(), keys=["march"])[0], entries(entry(Decimal(5)), keys=["march"])[0]
        known = {before.control_id: Known(status, before.digest)}
        intacct = Intacct([[rows(stamp("77", before))], [record("77", before)]])
        with pytest.raises(ChangedSincePostedError, match=r"as 77 .*line 1 \(ACCOUNTNO 6500"):
            intacct.post([now], known=known)
        assert intacct.writes == []

    @pytest.mark.parametrize("status", ["sending", "in_doubt", "posted", "already_posted"])
    def test_a_record_that_is_not_brought_any_more_stops_before_sending(self, status: Any) -> None:
        before, now = entries(entry())[0], entries(entry(Decimal(5)))[0]
        known = {before.control_id: Known(status, before.digest, key="77", label="record 1 (GLBATCH)")}
        intacct = Intacct([])
        with pytest.raises(ChangedSincePostedError, match=r"record 1 \(GLBATCH\) .* as 77 .* is missing now"):
            intacct.post([now], known=known)

    def test_what_may_be_posted_is_not_forgotten_for_a_request_that_is_turned_away(self) -> None:
        before, new = entries(entry(), entry(Decimal(5)))
        known = {before.control_id: Known("in_doubt", before.digest)}
        told: list[Sending | Settled] = []
        intacct = Intacct([[rows()], ThrottledError("busy")])
        with pytest.raises(ThrottledError):
            next(post(intacct.execute, [before, new], known=known, tell=told.append))
        settled = [each for news in told if isinstance(news, Settled) for each in news.outcomes]
        assert [(each.posting.control_id, each.status) for each in settled] == [(new.control_id, "rolled_back")]

    @pytest.mark.parametrize("status", ["rejected", "rolled_back"])
    def test_what_was_not_booked_may_change_or_stay_away(self, status: Any) -> None:
        before, now = entries(entry(REFERENCENO="R1"))[0], entries(entry(Decimal(5), REFERENCENO="R1"))[0]
        gone = {"af-gone": Known(status, "x")}
        known = {before.control_id: Known(status, before.digest), **gone}
        assert statuses(Intacct([[booked("1")]]).post([now], known=known)) == [("posted", "1")]


class TestTheOutcome:
    def test_is_plain_json(self) -> None:
        posting = entries(entry())[0]
        outcome = Intacct([[refused(CLOSED)]]).post([posting])[0]
        assert outcome.as_dict() == {
            "position": 1,
            "object": "GLBATCH",
            "status": "rejected",
            "key": "",
            "control_id": posting.control_id,
            "reference": posting.reference,
            "natural_key": {"JOURNAL": "GJ", "REFERENCENO": posting.reference},
            "errors": [{"errorno": "BL01001973", "text": "The period is not open", "correction": ""}],
            "note": "",
            "act": "create",
            "state": "",
        }

    def test_of_a_success_raises_nothing(self) -> None:
        raise_unless_posted(Intacct([[booked("1")]]).post(entries(entry())))
