"""readByQuery, readMore and readView: the text grammar, stored codes, result sets pinned and bound to a session."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_intacct.sandbox import records
from tests.sandbox.reading_company import Answer, ReadingCompany

MALFORMED = ("DL02000001", "There was an error processing the request.")


def request(query: str, object_name: str = "APBILL", fields: str = "RECORDID", more: str = "") -> str:
    text = query.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return (
        f"<readByQuery><object>{object_name}</object><fields>{fields}</fields><query>{text}</query>{more}</readByQuery>"
    )


@pytest.fixture
def shown(own_company: ReadingCompany) -> ReadingCompany:
    """A company whose readByQuery shows private records too, so that all four bills are seen."""
    own_company.company.switches.change({"read_by_query_hides_private": False})
    return own_company


@pytest.mark.parametrize(
    ("query", "bills"),
    [
        ("", "B-1 B-2 B-3 B-4"),
        ("STATE = 'A'", "B-1 B-4"),
        ("STATE='Posted'", ""),
        ("state = 'A' and vendorid = 'V1'", "B-1"),
        ("STATE = 'A' AND NOT VENDORID = 'V1'", "B-4"),
        ("NOT (STATE = 'A' OR STATE = 'D')", "B-2"),
        ("RECORDID = 'B-1' OR VENDORID = 'V1' AND STATE = 'P'", "B-1 B-2"),
        ("(RECORDID = 'B-1' OR VENDORID = 'V1') AND STATE = 'P'", "B-2"),
        ("TOTALDUE > 100.09", "B-1 B-4"),
        ("TOTALDUE >= '100.10' AND TOTALDUE <= 750", "B-1 B-4"),
        ("TOTALPAID < 1", "B-1 B-3"),
        ("STATE in ('D', 'P')", "B-2 B-3"),
        ("STATE not in ('D', 'P')", "B-1 B-4"),
        ("RECORDID like 'B-_'", "B-1 B-2 B-3 B-4"),
        ("RECORDID not like '%1'", "B-2 B-3 B-4"),
        ("VENDORNAME = 'Gamma\\'s & Sons'", "B-4"),
        ("DESCRIPTION IS NULL AND VENDORID IS NOT NULL", "B-1 B-2 B-3 B-4"),
        ("WHENCREATED >= '03/10/2026'", "B-3 B-4"),
        ("WHENMODIFIED > '07/01/2026 04:59:59'", "B-1 B-2 B-3 B-4"),
        ("WHENMODIFIED > '07/01/2026 05:00:00'", ""),
        (" OR ".join(f"RECORDNO = {number}" for number in range(2, 3000)), "B-2 B-3 B-4"),
    ],
)
def test_the_text_grammar(shown: ReadingCompany, query: str, bills: str) -> None:
    assert shown.ask(request(query)).column("RECORDID") == bills.split()


@pytest.mark.parametrize(
    "query",
    [
        "STATE = 'A' ORDER BY RECORDNO",
        "STATE =",
        "STATE = A",
        "STATE = 'A' AND",
        "(STATE = 'A'",
        "STATE = 'A')",
        "STATE = 'A",
        "STATE <> 'A'",
        "STATE != 'A'",
        'STATE = "A"',
        "VENDOR.NAME = 'Acme'",
        "NOSUCH = 'A'",
        "WHENCREATED > '2026-01-01'",
        "RECORDNO = 'one'",
        "RECORDNO = '1e999999999'",
        "RECORDNO = 'NaN'",
        "upper(STATE) = 'A'",
        "STATE = 'A'; DROP TABLE APBILL",
        "rownum < 5",
        "STATE IN ()",
        "STATE IS 'A'",
        "(" * 5000 + "STATE = 'A'" + ")" * 5000,
        "NOT " * 5000 + "STATE = 'A'",
    ],
)
def test_what_the_grammar_lacks_is_refused_without_saying_what(shown: ReadingCompany, query: str) -> None:
    assert shown.refusal(request(query)) == MALFORMED


def test_booleans_are_letters_and_an_added_boolean_is_empty(own_company: ReadingCompany) -> None:
    own_company.put("CUSTOMER", CUSTOMERID="C1", NAME="Old")
    own_company.put("CUSTOMER", CUSTOMERID="C2", NAME="New", IS_STRATEGIC=False)

    def found(query: str) -> list[str]:
        return own_company.ask(request(query, "CUSTOMER", "CUSTOMERID")).column("CUSTOMERID")

    assert found("IS_STRATEGIC = 'F'") == ["C2"]
    assert found("IS_STRATEGIC = 'false'") == []
    assert found("IS_STRATEGIC IS NULL") == ["C1"]
    read = own_company.ask("<read><object>CUSTOMER</object><keys>1</keys><fields>IS_STRATEGIC</fields></read>")
    assert read.rows == [{"IS_STRATEGIC": "false"}]


def test_records_are_lower_case_and_their_fields_labelled(shown: ReadingCompany) -> None:
    answer = shown.ask(request("RECORDNO = 1", fields="RECORDNO, STATE,RAWSTATE,VENDORNAME"))
    assert answer.elements == ["apbill"]
    assert answer.list_type == "apbill"
    assert answer.rows == [{"RECORDNO": "1", "STATE": "Posted", "RAWSTATE": "A", "VENDORNAME": "Acme Supply"}]
    assert answer.counts == {"count": 1, "totalcount": 1, "numremaining": 0, "resultId": ""}


@pytest.mark.parametrize("fields", ["<fields>*</fields>", "", "<fields/>"])
def test_no_fields_are_all_fields_dotted_ones_included_and_never_lines(shown: ReadingCompany, fields: str) -> None:
    row = shown.ask(f"<readByQuery><object>VENDOR</object>{fields}<query>VENDORID = 'V1'</query></readByQuery>").rows[0]
    assert row["DISPLAYCONTACT.MAILADDRESS.CITY"] == "Portland"
    bill = shown.ask(f"<readByQuery><object>APBILL</object>{fields}<query>RECORDNO = 1</query></readByQuery>").rows[0]
    assert len(bill) > 50
    assert "APBILLITEMS" not in bill


def pages(company: ReadingCompany, first: str, **who: Any) -> list[Answer]:
    answers = [company.ask(first, **who)]
    while int(answers[-1].counts["numremaining"]):
        result_id = answers[-1].counts["resultId"]
        answers.append(company.ask(f"<readMore><resultId>{result_id}</resultId></readMore>", **who))
    return answers


def test_read_more_goes_through_the_whole_result_and_keeps_its_id(shown: ReadingCompany) -> None:
    answers = pages(shown, request("", more="<pagesize>3</pagesize>"))
    assert [answer.column("RECORDID") for answer in answers] == [["B-1", "B-2", "B-3"], ["B-4"]]
    assert [answer.counts["numremaining"] for answer in answers] == [1, 0]
    assert answers[0].counts["resultId"] == answers[1].counts["resultId"] != ""
    assert str(answers[0].counts["resultId"]).startswith(b"web36".hex())


def test_a_result_set_is_pinned_when_the_query_runs(shown: ReadingCompany) -> None:
    first = shown.ask(request("", more="<pagesize>1</pagesize>"))
    shown.put("APBILL", RECORDID="LATER", STATE="A")
    bill = shown.company.catalog["APBILL"]
    with shown.company.store.write() as db:
        records.delete(db, bill, 3)
    seen, remaining = [], []
    for _ in range(3):
        page = shown.ask(f"<readMore><resultId>{first.counts['resultId']}</resultId></readMore>")
        seen.append(page.column("RECORDID"))
        remaining.append(page.counts["numremaining"])
    assert seen == [["B-2"], [], ["B-4"]]
    assert remaining == [2, 1, 0]


def test_read_more_by_object_continues_the_sessions_last_query_on_it(shown: ReadingCompany) -> None:
    shown.ask(request("STATE = 'A'", more="<pagesize>1</pagesize>"))
    shown.ask(request("", more="<pagesize>1</pagesize>"))
    assert shown.ask("<readMore><object>APBILL</object></readMore>").column("RECORDID") == ["B-2"]


def test_a_result_belongs_to_its_session(shown: ReadingCompany) -> None:
    result_id = shown.ask(request("", more="<pagesize>1</pagesize>")).counts["resultId"]
    more = f"<readMore><resultId>{result_id}</resultId></readMore>"
    expected = ("readMore failed", f"Attempt to readMore with an invalid or expired resultId: {result_id}")
    assert shown.refusal(more, user="auditor") == expected


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ("<resultId>bad</resultId>", "Attempt to readMore with an invalid or expired resultId: bad"),
        ("<object>VENDOR</object>", "Attempt to readMore with an invalid or expired resultId: VENDOR"),
        ("<reportId>xyz789</reportId>", "Results for reportId xyz789 do not exist."),
    ],
)
def test_what_cannot_be_continued(shown: ReadingCompany, more: str, text: str) -> None:
    assert shown.refusal(f"<readMore>{more}</readMore>") == ("readMore failed", text)


def test_a_result_id_ends_with_its_last_page_and_with_time(shown: ReadingCompany) -> None:
    answers = pages(shown, request("", more="<pagesize>2</pagesize>"))
    done = answers[-1].counts["resultId"]
    assert shown.refusal(f"<readMore><resultId>{done}</resultId></readMore>")[0] == "readMore failed"
    late = shown.ask(request("", more="<pagesize>2</pagesize>")).counts["resultId"]
    shown.company.clock.advance(shown.company.switches.number("result_id_seconds") + 1)
    assert shown.refusal(f"<readMore><resultId>{late}</resultId></readMore>")[0] == "readMore failed"


def test_json_and_csv(shown: ReadingCompany) -> None:
    json = shown.ask(request("RECORDNO < 3", more="<returnFormat>json</returnFormat>"))
    assert json.text == '[{"RECORDID":"B-1"},{"RECORDID":"B-2"}]'
    csv = shown.ask(request("RECORDNO < 2", more="<returnFormat>csv</returnFormat>"))
    assert csv.text == "RECORDID\nB-1\n"
    assert shown.ask(request("RECORDNO < 0", more="<returnFormat>csv</returnFormat>")).text == ""


def test_json_pages_continue_too(shown: ReadingCompany) -> None:
    first = shown.ask(request("", more="<pagesize>3</pagesize><returnFormat>json</returnFormat>"))
    second = shown.ask("<readMore><object>APBILL</object></readMore>")
    assert [len(first.rows), len(second.rows)] == [3, 1]


@pytest.mark.parametrize(
    ("query", "names"),
    [("rownum = 1", "A"), ("rownum < 3", "A B"), ("rownum > 2", "C D"), ("SEATS > 1 and rownum <= 2", "B C"),
     ("rownum > 9", ""), ("rownum > 2 AND rownum < 2", "")],
)  # fmt: skip
def test_rownum_counts_the_rows_of_a_custom_object(own_company: ReadingCompany, query: str, names: str) -> None:
    for seats, name in enumerate("ABCD", start=1):
        own_company.put("SUBSCRIPTION", name=name, SEATS=seats)
    assert own_company.ask(request(query, "SUBSCRIPTION", "name")).column("name") == names.split()


def test_audit_history_has_words(own_company: ReadingCompany) -> None:
    own_company.put("AUDITHISTORY", OBJECTTYPE="vendor", ACCESSMODE="D")
    answer = own_company.ask(request("ACCESSMODE = 'Delete'", "AUDITHISTORY", "OBJECTTYPE,ACCESSMODE"))
    assert answer.rows == [{"OBJECTTYPE": "vendor", "ACCESSMODE": "Delete"}]
    assert own_company.ask(request("ACCESSMODE = 'D'", "AUDITHISTORY", "OBJECTTYPE")).rows == []


def test_balances_without_a_record_number_are_paged_too(own_company: ReadingCompany) -> None:
    own_company.put("REPORTINGPERIOD", NAME="June", START_DATE=date(2026, 6, 1), END_DATE=date(2026, 6, 30))
    for account in ("1000", "2000", "6000"):
        own_company.put(
            "GLDETAIL", ENTRY_DATE=date(2026, 6, 1), ACCOUNTNO=account, DEBITAMOUNT=Decimal(1), CREDITAMOUNT=Decimal(0),
            ENTRY_STATE="P",
        )  # fmt: skip
    query = "PERIOD = 'June' AND NOT (TOTDEBIT = 0 AND TOTCREDIT = 0)"
    answers = pages(own_company, request(query, "GLACCOUNTBALANCE", "ACCOUNTNO,ENDBAL", "<pagesize>2</pagesize>"))
    assert [row["ACCOUNTNO"] for answer in answers for row in answer.rows] == ["1000", "2000", "6000"]
    assert own_company.refusal(request("", "GLACCOUNTBALANCE", "ENDBAL")) == MALFORMED


def test_private_records_are_left_out_at_the_top(own_company: ReadingCompany) -> None:
    assert own_company.ask(request("")).column("RECORDID") == ["B-1", "B-2", "B-3"]


def test_an_unknown_object_and_a_denied_one(shared_company: ReadingCompany) -> None:
    assert shared_company.refusal(request("", "BADOBJECT")) == ("Query Failed", "Object definition BADOBJECT not found")


def test_a_page_larger_than_the_limit_is_refused(shared_company: ReadingCompany) -> None:
    assert shared_company.refusal(request("", more="<pagesize>1001</pagesize>"))[0] == "XL03000006"


def test_a_view_is_filtered_paged_and_continued(shown: ReadingCompany) -> None:
    view = "<view>VENDOR#10001@10001</view>"
    filter_ = (
        "<filters><filterCondition>AND</filterCondition><filterExpression><field>totaldue</field>"
        "<operator>greater than</operator><value>30</value></filterExpression></filters>"
    )
    answer = shown.ask(f"<readView>{view}<pagesize>1</pagesize>{filter_}</readView>")
    assert answer.elements == ["vendor"]
    assert (answer.column("VENDORID"), answer.counts["numremaining"]) == (["V1"], 1)
    assert shown.ask(f"<readMore>{view}</readMore>").column("VENDORID") == ["V3"]
    assert shown.refusal("<readView><view>NOPE</view></readView>") == ("Query Failed", "View NOPE not found")
