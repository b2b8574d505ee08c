"""Journal entries: what balances is posted, what does not is refused (wire/xml-gateway.md §7.1, §7.2)."""

import pytest

from tests.gateway_requests import begin_session, login, session
from tests.sandbox.books import (
    TRANSACTION_FAILED,
    accrual,
    assert_books_tie_out,
    balance,
    create,
    delete,
    element,
    journal_entry,
    key_of,
    line,
    one,
    postings,
    refused,
    rows,
    succeed,
    update,
)
from tests.sandbox_process import SandboxProcess

CLOSED = (
    "Periods are closed.  Your transaction date (12/31/2025) is within a period that's been closed.  You can add, "
    "modify, or delete a transaction only if the date of the transaction is within a period that's open."
)


def test_a_journal_entry_answers_its_record_number_only(sandbox: SandboxProcess) -> None:
    result = succeed(sandbox, create(accrual()))
    data = result.find("data")
    assert data is not None
    assert dict(data.attrib) == {"listtype": "objects", "count": "1"}
    assert [child.tag for child in data] == ["glbatch"]
    assert [child.tag for child in data[0]] == ["RECORDNO"]


def test_a_posted_entry_reaches_the_ledger_and_the_balances(sandbox: SandboxProcess) -> None:
    before = balance(sandbox, "6500"), balance(sandbox, "2100")
    key = key_of(sandbox, create(accrual("12.34", REFERENCENO="A-1")))
    assert postings(sandbox, key) == [("6500", "100", 1234), ("2100", "100", -1234)]
    assert (balance(sandbox, "6500"), balance(sandbox, "2100")) == (before[0] + 1234, before[1] - 1234)
    batch = one(sandbox, "GLBATCH", key)
    assert (batch["STATE"], batch["MODULE"], batch["REFERENCENO"]) == ("P", "2.GL", "A-1")
    assert_books_tie_out(sandbox)


def test_amount_is_accepted_in_place_of_trx_amount(sandbox: SandboxProcess) -> None:
    sides = (("6500", "1"), ("2100", "-1"))
    lines = [
        element("GLENTRY", {"ACCOUNTNO": account, "LOCATION": "100", "TR_TYPE": side, "AMOUNT": "5.00"})
        for account, side in sides
    ]
    key = key_of(sandbox, create(journal_entry(*lines)))
    assert postings(sandbox, key) == [("6500", "100", 500), ("2100", "100", -500)]


def test_amounts_are_rounded_half_up_without_a_word(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(accrual("10.005")))
    assert postings(sandbox, key) == [("6500", "100", 1001), ("2100", "100", -1001)]


def test_an_unbalanced_entry_is_refused_and_leaves_nothing(sandbox: SandboxProcess) -> None:
    entry = journal_entry(line("6500", "10.00"), line("2100", "-9.99"))
    assert refused(sandbox, create(entry)) == [
        ("BL01001973", "Debits and credits are not equal for entity 100 in USD: difference 0.01"),
        TRANSACTION_FAILED,
    ]
    assert rows(sandbox, 'SELECT 1 FROM "GLBATCH" WHERE "BATCH_TITLE" = ?', "Accrual") == []


def test_the_words_for_an_unbalanced_entry_are_a_switch(sandbox: SandboxProcess) -> None:
    sandbox.switch(unbalanced_text="Out of balance by {difference}", unbalanced_errorno="GL-0001")
    entry = journal_entry(line("6500", "10.00"), line("2100", "-7.00"))
    assert refused(sandbox, create(entry))[0] == ("GL-0001", "Out of balance by 3.00")


def test_each_entity_balances_for_itself(sandbox: SandboxProcess) -> None:
    entry = journal_entry(line("6500", "10.00", "100"), line("2100", "-10.00", "200"))
    assert "entity 100" in refused(sandbox, create(entry))[0][1]


def test_a_source_entity_lets_entities_owe_each_other(sandbox: SandboxProcess) -> None:
    entry = journal_entry(line("6500", "10.00", "200"), line("1000", "-10.00", "100"), BASELOCATION_NO="100")
    key = key_of(sandbox, create(entry))
    assert postings(sandbox, key) == [
        ("6500", "200", 1000), ("1000", "100", -1000), ("2850", "200", -1000), ("1850", "100", 1000),
    ]  # fmt: skip
    assert_books_tie_out(sandbox)


def test_a_source_entity_does_not_excuse_an_unbalanced_entry(sandbox: SandboxProcess) -> None:
    entry = journal_entry(line("6500", "10.00", "200"), line("1000", "-9.00", "100"), BASELOCATION_NO="100")
    assert "difference 1.00" in refused(sandbox, create(entry))[0][1]


def test_an_entry_needs_a_debit_and_a_credit(sandbox: SandboxProcess) -> None:
    assert "two lines" in refused(sandbox, create(journal_entry(line("6500", "0.00"))))[0][1]
    assert refused(sandbox, create(journal_entry()))[0] == ("BL01001973", "Required field Entries is missing")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ((line("6599", "1"), line("2100", "-1")), "Invalid GL account '6599' specified."),
        ((line("6500", "1"), line("2100", "-1", "999")), "Invalid Location '999' specified."),
        ((line("6500", "1", DEPARTMENT="99"), line("2100", "-1")), "Invalid Department '99' specified."),
        ((line("6500", "1", PROJECTID="10064"), line("2100", "-1")), "Invalid Project '10064' specified."),
        ((line("6500", "1", GLDIMCHANNEL="7"), line("2100", "-1")), "Invalid Channel '7' specified."),
        (
            (line("6500", "1", None), line("2100", "-1")),
            "Use of empty Location is invalid. A valid Multi-Entity Location must be specified.",
        ),
        ((line("9000", "1"), line("2100", "-1")), "Invalid GL account '9000' specified."),
    ],
)
def test_what_a_line_names_must_exist(sandbox: SandboxProcess, lines: tuple[str, ...], words: str) -> None:
    assert refused(sandbox, create(journal_entry(*lines)))[0] == ("BL01001973", words)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({"JOURNAL": "XX"}, "Invalid Journal 'XX' specified."),
        ({"BATCH_TITLE": None}, "Required field Description is missing"),
        ({"BATCH_DATE": None}, "Required field Posting date is missing"),
        ({"BATCH_DATE": "12/31/2025"}, CLOSED),
        ({"BATCH_DATE": "01/01/2027"}, "There is no reporting period for the transaction date (01/01/2027)."),
        ({"REVERSEDATE": "03/31/2026"}, "The reverse date must be later than the posting date."),
    ],
)
def test_a_header_is_held_to_the_rules(sandbox: SandboxProcess, header: dict[str, object], words: str) -> None:
    assert refused(sandbox, create(accrual(**header)))[0] == ("BL01001973", words)


def test_dates_and_numbers_that_are_none_are_refused(sandbox: SandboxProcess) -> None:
    assert refused(sandbox, create(accrual(BATCH_DATE="31.03.2026")))[0] == (
        "BL03000018", "Illegal format for Posting date : 31.03.2026",
    )  # fmt: skip
    entry = journal_entry(line("6500", "1"), line("2100", "-1")).replace(">1<", ">1,000.00<", 2)
    assert refused(sandbox, create(entry))[0][0] == "BL03000018"


def test_an_inactive_account_takes_no_posting(sandbox: SandboxProcess) -> None:
    succeed(sandbox, update("<GLACCOUNT><ACCOUNTNO>6990</ACCOUNTNO><STATUS>inactive</STATUS></GLACCOUNT>"))
    entry = journal_entry(line("6990", "1"), line("2100", "-1"))
    assert refused(sandbox, create(entry))[0][1] == "GL account '6990' is inactive."


def test_a_line_reaches_gldetail_with_all_its_dimensions(sandbox: SandboxProcess) -> None:
    dimensions = {"DEPARTMENT": "20", "PROJECTID": "P001", "TASKID": "P001-2", "CUSTOMERID": "C001", "VENDORID": "V001",
                  "EMPLOYEEID": "E001", "ITEMID": "I001", "CLASSID": "B1", "WAREHOUSEID": "W1",
                  "GLDIMCHANNEL": "10002"}  # fmt: skip
    key = key_of(sandbox, create(journal_entry(line("6500", "1", **dimensions), line("2100", "-1"))))
    detail = rows(sandbox, 'SELECT * FROM "GLDETAIL" WHERE "BATCHKEY" = ? AND "TR_TYPE" = 1', key)[0]
    task = rows(sandbox, 'SELECT * FROM "TASK" WHERE "TASKID" = ?', "P001-2")[0]
    expected = {"DEPARTMENTID": "20", "PROJECTID": "P001", "TASKKEY": task["RECORDNO"], "CUSTOMERID": "C001",
                "VENDORID": "V001", "EMPLOYEEID": "E001", "ITEMID": "I001", "CLASSID": "B1", "WAREHOUSEID": "W1",
                "GLDIMCHANNEL": 10002}  # fmt: skip
    assert {name: detail[name] for name in expected} == expected


def test_a_draft_posts_nothing_until_it_is_posted(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(accrual(STATE="Draft")))
    assert postings(sandbox, key) == []
    succeed(sandbox, update(element("GLBATCH", {"RECORDNO": key, "STATE": "Posted"})))
    assert postings(sandbox, key) == [("6500", "100", 1000), ("2100", "100", -1000)]
    words = refused(sandbox, update(element("GLBATCH", {"RECORDNO": key, "STATE": "Draft"})))[0][1]
    assert words == "A posted journal entry cannot become a draft."


def test_a_reverse_date_books_the_opposite_entry_there(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(accrual(REVERSEDATE="04/01/2026")))
    reversal = rows(sandbox, 'SELECT * FROM "GLBATCH" WHERE "REVERSEDFROM" = ?', key)[0]
    assert (reversal["BATCH_DATE"], reversal["STATE"]) == ("2026-04-01", "P")
    assert postings(sandbox, reversal["RECORDNO"]) == [("6500", "100", -1000), ("2100", "100", 1000)]
    original = one(sandbox, "GLBATCH", key)
    assert (original["REVERSED"], original["REVERSEDKEY"]) == ("2026-04-01", reversal["RECORDNO"])
    assert_books_tie_out(sandbox)


def test_a_posted_entry_is_reversed_by_an_update_and_the_reversal_taken_back_by_another(
    sandbox: SandboxProcess,
) -> None:
    key = key_of(sandbox, create(accrual()))
    reversing = 'SELECT * FROM "GLBATCH" WHERE "REVERSEDFROM" = ?'
    succeed(sandbox, update(element("GLBATCH", {"RECORDNO": key, "REVERSEDATE": "04/15/2026"})))
    (reversal,) = rows(sandbox, reversing, key)
    assert one(sandbox, "GLBATCH", key)["REVERSEDKEY"] == reversal["RECORDNO"]
    assert sorted(postings(sandbox, reversal["RECORDNO"])) == sorted(
        (account, place, -int(str(cents))) for account, place, cents in postings(sandbox, key)
    )
    succeed(sandbox, update(element("GLBATCH", {"RECORDNO": key, "REVERSEDATE": ""})))
    assert rows(sandbox, reversing, key) == []
    assert one(sandbox, "GLBATCH", key)["REVERSEDKEY"] is None
    assert_books_tie_out(sandbox)


def test_deleting_an_entry_removes_its_postings_and_its_reversal(sandbox: SandboxProcess) -> None:
    before = balance(sandbox, "6500", period="Month Ended April 2026")
    key = key_of(sandbox, create(accrual(REVERSEDATE="04/01/2026")))
    succeed(sandbox, delete("GLBATCH", key))
    assert rows(sandbox, 'SELECT 1 FROM "GLBATCH" WHERE "RECORDNO" = ? OR "REVERSEDFROM" = ?', key, key) == []
    assert postings(sandbox, key) == []
    assert balance(sandbox, "6500", period="Month Ended April 2026") == before
    assert_books_tie_out(sandbox)


def test_an_update_with_lines_replaces_all_of_them(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(accrual()))
    lines = [line("6510", "3.00"), line("6500", "4.00"), line("2100", "-7.00")]
    succeed(sandbox, update(element("GLBATCH", {"RECORDNO": key}, f"<ENTRIES>{''.join(lines)}</ENTRIES>")))
    assert postings(sandbox, key) == [("6510", "100", 300), ("6500", "100", 400), ("2100", "100", -700)]
    assert len(rows(sandbox, 'SELECT 1 FROM "GLENTRY" WHERE "BATCHNO" = ?', key)) == 3
    assert_books_tie_out(sandbox)


def test_an_update_without_lines_leaves_them_and_moves_their_date(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(accrual()))
    number = one(sandbox, "GLBATCH", key)["BATCHNO"]
    succeed(sandbox, update(element("GLBATCH", {"RECORDNO": key, "BATCH_DATE": "04/30/2026", "BATCH_TITLE": "Moved"})))
    assert postings(sandbox, key) == [("6500", "100", 1000), ("2100", "100", -1000)]
    dates = {row["ENTRY_DATE"] for row in rows(sandbox, 'SELECT * FROM "GLDETAIL" WHERE "BATCHKEY" = ?', key)}
    assert (dates, one(sandbox, "GLBATCH", key)["BATCHNO"]) == ({"2026-04-30"}, number)


def test_an_update_that_does_not_balance_changes_nothing(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(accrual()))
    lines = f"<ENTRIES>{line('6500', '4.00')}{line('2100', '-7.00')}</ENTRIES>"
    refused(sandbox, update(element("GLBATCH", {"RECORDNO": key, "BATCH_TITLE": "Other"}, lines)))
    assert postings(sandbox, key) == [("6500", "100", 1000), ("2100", "100", -1000)]
    assert one(sandbox, "GLBATCH", key)["BATCH_TITLE"] == "Accrual"


def test_a_closed_period_lets_nothing_be_changed_or_deleted(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(accrual()))
    sandbox.switch(books_closed_through="2026-03-31")
    for body in (update(element("GLBATCH", {"RECORDNO": key, "BATCH_TITLE": "x"})), delete("GLBATCH", key)):
        assert "within a period that's been closed" in refused(sandbox, body)[0][1]
    assert len(postings(sandbox, key)) == 2


def test_what_a_subledger_posted_is_changed_in_the_subledger(sandbox: SandboxProcess) -> None:
    batch = rows(sandbox, """SELECT * FROM "GLBATCH" WHERE "MODULE" = '3.AP' AND "BATCH_DATE" > '2026'""")[0]
    for body in (
        delete("GLBATCH", batch["RECORDNO"]),
        update(element("GLBATCH", {"RECORDNO": batch["RECORDNO"], "BATCH_TITLE": "x"})),
    ):
        assert "posted by a subledger" in refused(sandbox, body)[0][1]


def test_entries_of_a_journal_are_numbered_one_after_the_other(sandbox: SandboxProcess) -> None:
    first, second = (key_of(sandbox, create(accrual())) for _ in range(2))
    numbers = [int(str(one(sandbox, "GLBATCH", key)["BATCHNO"])) for key in (first, second)]
    assert numbers[1] == numbers[0] + 1
    succeed(sandbox, delete("GLBATCH", second))
    third = key_of(sandbox, create(accrual()))
    assert int(str(one(sandbox, "GLBATCH", third)["BATCHNO"])) == numbers[1] + 1
    assert third > second


def test_a_foreign_currency_is_converted_at_the_rate_of_the_day(sandbox: SandboxProcess) -> None:
    rate_type = {"CURRENCY": "GBP", "EXCH_RATE_TYPE_ID": "Intacct Daily Rate"}
    key = key_of(
        sandbox, create(journal_entry(line("6500", "100.00", **rate_type), line("2100", "-100.00", **rate_type)))
    )
    rate = rows(
        sandbox,
        'SELECT "EXCHANGE_RATE" FROM "EXCHANGERATE" WHERE "FROM_CURRENCY" = ? AND "EFFECTIVE_DATE" = ?',
        "GBP",
        "2026-03-01",
    )[0]["EXCHANGE_RATE"]
    base = round(int(str(rate)) / 10**10 * 10000)
    details = rows(sandbox, 'SELECT * FROM "GLDETAIL" WHERE "BATCHKEY" = ? ORDER BY "LINE_NO"', key)
    assert [(row["AMOUNT"], row["TRX_AMOUNT"], row["CURRENCY"], row["BASECURR"]) for row in details] == [
        (base, 10000, "GBP", "USD"), (-base, -10000, "GBP", "USD"),
    ]  # fmt: skip


def test_a_given_rate_is_used_and_no_cent_is_lost_in_conversion(sandbox: SandboxProcess) -> None:
    rate = {"CURRENCY": "EUR", "EXCHANGE_RATE": "1.1111"}
    lines = [
        line("6500", "33.33", **rate),
        line("6510", "33.33", **rate),
        line("6520", "33.34", **rate),
        line("2100", "-100.00", **rate),
    ]
    key = key_of(sandbox, create(journal_entry(*lines)))
    assert sum(int(str(row[2])) for row in postings(sandbox, key)) == 0
    assert_books_tie_out(sandbox)


def test_a_foreign_currency_needs_a_rate(sandbox: SandboxProcess) -> None:
    entry = journal_entry(line("6500", "1", CURRENCY="GBP"), line("2100", "-1", CURRENCY="GBP"))
    assert refused(sandbox, create(entry))[0][1] == "Required field Exchange rate type is missing"
    unknown = journal_entry(line("6500", "1", CURRENCY="XXX", EXCHANGE_RATE="2"), line("2100", "-1"))
    assert refused(sandbox, create(unknown))[0][1] == "Invalid Currency 'XXX' specified."


def test_a_custom_allocation_splits_a_line(sandbox: SandboxProcess) -> None:
    splits = element("SPLIT", {"AMOUNT": "6.00", "LOCATIONID": "100", "DEPARTMENTID": "10"}) + element(
        "SPLIT", {"AMOUNT": "4.00", "LOCATIONID": "110", "DEPARTMENTID": "20"}
    )
    debit = element(
        "GLENTRY", {"ACCOUNTNO": "6500", "TR_TYPE": 1, "TRX_AMOUNT": "10.00", "ALLOCATION": "Custom"}, splits
    )
    key = key_of(sandbox, create(journal_entry(debit, line("2100", "-10.00"))))
    assert postings(sandbox, key) == [("6500", "100", 600), ("6500", "110", 400), ("2100", "100", -1000)]
    wrong = debit.replace("4.00", "3.00")
    assert "add up to 9.00" in refused(sandbox, create(journal_entry(wrong, line("2100", "-10.00"))))[0][1]
    signed = debit.replace(">4.00<", ">-4.00<").replace(">6.00<", ">14.00<")
    assert "cannot be negative" in refused(sandbox, create(journal_entry(signed, line("2100", "-10.00"))))[0][1]


def test_a_statistical_entry_needs_no_balance(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(journal_entry(line("9000", "17"), JOURNAL="STJ")))
    assert postings(sandbox, key) == [("9000", "100", 1700)]
    entry = journal_entry(line("6500", "17"), JOURNAL="STJ")
    assert refused(sandbox, create(entry))[0][1] == "Invalid Statistical account '6500' specified."


def test_a_session_in_an_entity_posts_there_and_nowhere_else(sandbox: SandboxProcess) -> None:
    in_west = session(begin_session(sandbox, location="200"))
    key = key_of(sandbox, create(journal_entry(line("6500", "1", None), line("2100", "-1", None))), credential=in_west)
    assert postings(sandbox, key) == [("6500", "200", 100), ("2100", "200", -100)]
    assert one(sandbox, "GLBATCH", key)["MEGAENTITYID"] == "200"
    errors = refused(sandbox, create(accrual()), credential=in_west)
    assert errors[0] == ("BL01001973", "Invalid Location '100' specified.")


def test_an_entry_of_one_entity_is_out_of_reach_for_another(sandbox: SandboxProcess) -> None:
    entry = create(journal_entry(line("6500", "1", "200"), line("2100", "-1", "200")))
    key = key_of(sandbox, entry, credential=login(location="200"))
    assert refused(sandbox, delete("GLBATCH", key), credential=login(location="300")) == [
        ("BL01001973", f"Cannot find glbatch with key '{key}' to delete.")
    ]


def test_the_legacy_functions_enter_the_same_journal_entries(sandbox: SandboxProcess) -> None:
    lines = "".join(
        f"<glentry><trtype>{side}</trtype><amount>8.00</amount><glaccountno>{account}</glaccountno>"
        f"<memo>m</memo><locationid>100</locationid></glentry>"
        for side, account in (("debit", "6500"), ("credit", "2100"))
    )
    key = key_of(
        sandbox,
        "<create_gltransaction><journalid>GJ</journalid><datecreated><year>2026</year><month>03</month><day>31</day>"
        "</datecreated><description>Legacy</description><referenceno>R1</referenceno>"
        f"<gltransactionentries>{lines}</gltransactionentries></create_gltransaction>",
    )
    assert postings(sandbox, key) == [("6500", "100", 800), ("2100", "100", -800)]
    assert one(sandbox, "GLBATCH", key)["REFERENCENO"] == "R1"
