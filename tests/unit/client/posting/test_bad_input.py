"""What can be told to be wrong without asking Intacct is refused: record, line, field and remedy are named."""

from decimal import Decimal
from typing import Any, ClassVar

import pytest

from airflow_provider_intacct.client.errors import ErrorEntry, InvalidRecordError, InvalidRequestError
from airflow_provider_intacct.client.posting import Scope, prepare
from airflow_provider_intacct.client.posting.kinds import kind_of
from airflow_provider_intacct.client.posting.naming import named
from airflow_provider_intacct.client.xml import functions

SCOPE = Scope("DEMO", "close", "run", "task")


def line(side: int, amount: Any = "10.00", **more: Any) -> dict[str, Any]:
    return {"ACCOUNTNO": "6000", "TR_TYPE": side, "TRX_AMOUNT": amount, "LOCATION": "100", **more}


def entry(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    header = {"JOURNAL": "GJ", "BATCH_DATE": "2026-03-31", "BATCH_TITLE": "Accrual"}
    return {**header, "ENTRIES": list(lines or (line(1), line(-1))), **more}


def bill(*amounts: Any, **more: Any) -> dict[str, Any]:
    lines = [{"ACCOUNTNO": "6000", "TRX_AMOUNT": amount} for amount in amounts]
    return {"VENDORID": "V1", "WHENCREATED": "2026-03-31", "WHENDUE": "2026-04-30", "APBILLITEMS": lines, **more}


def adjustment(*amounts: str) -> dict[str, Any]:
    lines = [{"glaccountno": "6000", "amount": amount} for amount in amounts]
    return {"vendorid": "V1", "datecreated": "2026-03-31", "apadjustmentitems": {"lineitem": lines}}


def payment(**amounts: str) -> dict[str, Any]:
    detail = {"RECORDKEY": "7", **amounts}
    return {"VENDORID": "V1", "PAYMENTDATE": "2026-03-31", "CURRENCY": "USD", "APPYMTDETAILS": [detail]}


REFUSED: list[tuple[str, Any, str]] = [
    ("GLBATCH", entry(line(1, "10.00"), line(-1, "9.50")), "record 2 (GLBATCH): the journal entry does not balance: "
     "debits 10.00 and credits 9.50 differ by 0.50"),
    ("GLBATCH", entry(line(1, CURRENCY="EUR"), line(-1, CURRENCY="USD")), "record 2 (GLBATCH): the journal entry does "
     "not balance: debits 10.00 and credits 0 in EUR differ by 10.00; debits 0 and credits 10.00 in USD"),
    ("GLBATCH", entry(line(1, "-10.00"), line(-1, "-10.00")), "record 2 (GLBATCH), line 1 has the negative amount "
     "-10.00; amounts are absolute, TR_TYPE says debit or credit"),
    ("GLBATCH", entry(line(1), line(0)), "record 2 (GLBATCH), line 2 has TR_TYPE 0; it is 1 for a debit and -1"),
    ("GLBATCH", entry(line(1, "1.005"), line(-1, "1.005")), "record 2 (GLBATCH), line 1 TRX_AMOUNT is 1.005: Intacct "
     "keeps two decimals and would round it without a word; round it yourself"),
    ("GLBATCH", entry(ENTRIES={"GLENTRY": [line(1), line(-1, "1,000.00")]}), "record 2 (GLBATCH), line 2 TRX_AMOUNT is "
     "'1,000.00', which is no amount; write it plainly"),
    ("GLBATCH", entry(line(1, 0.1), line(-1, 0.1)), "record 2 (GLBATCH), line 1 TRX_AMOUNT is the float 0.1, which "
     "cannot carry money exactly; give Decimal('0.1')"),
    ("GLBATCH", entry(line(1), line(-1, DESCRIPTION="a\x0bb")), "record 2 (GLBATCH), line 2 DESCRIPTION: U+000B at "
     "position 2 cannot be sent in XML; remove it"),
    ("GLBATCH", entry(BATCH_TITLE="\ud800"), "record 2 (GLBATCH), BATCH_TITLE: U+D800 at position 1 cannot be sent"),
    ("GLBATCH", entry(ENTRIES=[]), "record 2 (GLBATCH): the journal entry has no lines; it takes at least a debit and"),
    ("GLBATCH", entry(**{"BATCH DATE": "x"}), "record 2 (GLBATCH), BATCH DATE: 'BATCH DATE' cannot be an element name"),
    ("APBILL", bill(), "record 2 (APBILL) has no lines; it takes at least one APBILLITEMS/APBILLITEM"),
    ("APBILL", bill("1.00", "2.999"), "record 2 (APBILL), line 2 TRX_AMOUNT is 2.999: Intacct keeps two decimals"),
    ("APBILL", bill("1.00", Decimal("NaN")), "record 2 (APBILL), line 2 TRX_AMOUNT is NaN, which is no amount"),
    ("VENDOR", {"NAME": "x", "CREDITLIMIT": "1.001"}, "record 2 (VENDOR), CREDITLIMIT is 1.001: Intacct keeps two"),
    ("APPYMT", payment(TRX_PAYMENTAMOUNT="-1.00"), "record 2 (APPYMT), line 1 TRX_PAYMENTAMOUNT is -1.00; a payment"),
    ("APPYMT", payment(TRX_ADJUSTMENTAMOUNT="1.001"), "record 2 (APPYMT), line 1 TRX_ADJUSTMENTAMOUNT is 1.001"),
    ("APPYMT", payment(TRX_TOTALDISCOUNTTOAPPLY="1.001"), "record 2 (APPYMT), line 1 TRX_TOTALDISCOUNTTOAPPLY is"),
    ("create_apadjustment", adjustment("5.00", "-2.00"), "record 2 (create_apadjustment), line 2 amount is -2.00, and "
     "has another sign than line 1 (5.00); make two adjustments of it"),
    ("create_apadjustment", adjustment("0", "-2.00"), "record 2 (create_apadjustment), line 1 amount is 0; leave the"),
    *[(f"create_{name}transaction", {"transactiontype": "x"}, f"record 2 (create_{name}transaction) has no lines; it "
       f"takes at least one {name}transitems/{name}transitem") for name in ("so", "po", "ic")],
]  # fmt: skip


@pytest.mark.parametrize(("kind", "bad", "words"), REFUSED, ids=[words[9:60] for *_, words in REFUSED])
def test_a_bad_record_is_refused_by_record_line_and_field(kind: str, bad: Any, words: str) -> None:
    object_name, function = (None, kind) if kind.startswith("create_") else (kind, "create")
    with pytest.raises(InvalidRequestError) as refused:
        prepare([GOOD[kind], bad], scope=SCOPE, object_name=object_name, function=function)
    assert refused.value.message.startswith(words)
    assert "Nothing was sent." in refused.value.message


ITEMS = [{"itemid": "I", "quantity": "1"}]
GOOD: dict[str, dict[str, Any]] = {
    "GLBATCH": entry(),
    "APBILL": bill("1.00"),
    "VENDOR": {"VENDORID": "V9", "CREDITLIMIT": "1.00"},
    "APPYMT": payment(TRX_PAYMENTAMOUNT="1.00"),
    "create_apadjustment": adjustment("1.00"),
    **{f"create_{name}transaction": {f"{name}transitems": ITEMS} for name in ("so", "po", "ic")},
}


def test_the_rest_of_a_load_is_not_lost_with_a_bad_record() -> None:
    records = [bill("1.00"), bill("1.999"), bill(), bill("2.00")]
    postings = prepare(records, scope=SCOPE, object_name="APBILL", collect=True)
    assert [bool(posting.problem) for posting in postings] == [False, True, True, False]


@pytest.mark.parametrize("name", ["create", "update"])
def test_a_hundred_and_one_records_in_one_function_are_refused(name: str) -> None:
    vendors = [{"VENDORID": f"V{number}", "NAME": "x"} for number in range(101)]
    for build in (
        lambda: functions.function(name, {"VENDOR": vendors}),
        lambda: functions.function(name, [("VENDOR", vendor) for vendor in vendors]),
        lambda: functions.write_records(name, "VENDOR", vendors, None),
    ):
        with pytest.raises(InvalidRecordError, match=r"101 records; the gateway takes 1 to 100\. Send several"):
            build()
    assert functions.function(name, {"VENDOR": vendors[:100]}).records == 100


def test_two_records_of_one_number_are_refused_whatever_their_keys() -> None:
    twins = [bill("1.00", RECORDID="B-1"), bill("2.00", RECORDID="B-1")]
    for keys in (None, ["a", "b"]):
        with pytest.raises(InvalidRecordError, match=r"record 2 \(APBILL, VENDORID V1, RECORDID B-1.* and record 1"):
            prepare(twins, scope=SCOPE, object_name="APBILL", keys=keys)


def test_journal_entries_of_one_reference_number_may_each_have_a_key() -> None:
    entries = [entry(REFERENCENO="PAYROLL"), entry(line(1, "2.00"), line(-1, "2.00"), REFERENCENO="PAYROLL")]
    assert len(prepare(entries, scope=SCOPE, object_name="GLBATCH", keys=["march", "april"])) == 2


class TestWhereIntacctsWordsPoint:
    kind = kind_of("GLBATCH")
    record: ClassVar[dict[str, Any]] = {
        "JOURNAL": "GJ",
        "BATCH_DATE": "03/31/2025",
        "ENTRIES": {"GLENTRY": [line(1), line(-1, ACCOUNTNO="nope", GLDIMCHANNEL="1")]},
    }

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("Invalid GL account 'nope' specified.", "'nope' stands in line 2 ACCOUNTNO"),
            ("Invalid Channel '1' specified.", "'1' stands in line 2 GLDIMCHANNEL"),
            ("Invalid Location '100' specified.", "'100' stands in line 1 LOCATION, line 2 LOCATION"),
            ('Invalid Journal "GJ" specified.', "'GJ' stands in JOURNAL"),
            ("Your transaction date (03/31/2025) is within a period", "'03/31/2025' stands in BATCH_DATE"),
            ("Something is wrong with 'another'.", ""),
            ("Could not create glbatch record!", ""),
        ],
    )
    def test_a_quoted_value_is_found_in_the_record(self, text: str, words: str) -> None:
        assert named(self.record, self.kind, [ErrorEntry("BL01001973", "", text)]) == words

    def test_many_places_are_counted(self) -> None:
        record = {"ENTRIES": {"GLENTRY": [line(1, LOCATION="x") for _ in range(8)]}}
        told = named(record, self.kind, [ErrorEntry("", "", "Invalid Location 'x' specified.")])
        assert told.endswith("line 5 LOCATION and 3 more")
