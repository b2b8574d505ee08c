"""The query function: operators, labels, dotted names, aggregates, order, pages, formats, what a session sees."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from airflow_provider_intacct.sandbox.gateway.results import DataResult
from tests.sandbox.reading_company import ReadingCompany

BY_KEY = "<orderby><order><field>RECORDNO</field><ascending/></order></orderby>"
ALL = "<options><showprivate>true</showprivate></options>"
JSON = "<options><returnformat>json</returnformat></options>"


def condition(operator: str, field: str, *values: str) -> str:
    return f"<{operator}><field>{field}</field>{''.join(f'<value>{value}</value>' for value in values)}</{operator}>"


@pytest.mark.parametrize(
    ("filter_", "bills"),
    [
        (condition("equalto", "RECORDID", "B-1"), "B-1"),
        (condition("notequalto", "RECORDID", "B-1"), "B-2 B-3 B-4"),
        (condition("lessthan", "TOTALENTERED", "50"), "B-3"),
        (condition("lessthanorequalto", "TOTALENTERED", "50.00"), "B-2 B-3"),
        (condition("greaterthan", "TOTALENTERED", "100.1"), "B-4"),
        (condition("greaterthanorequalto", "TOTALENTERED", "100.1"), "B-1 B-4"),
        (condition("greaterthan", "TOTALENTERED", "100.099"), "B-1 B-4"),
        (condition("between", "TOTALENTERED", "37.97", "50"), "B-2 B-3"),
        (condition("in", "STATE", "Posted", "Paid"), "B-1 B-2 B-4"),
        (condition("notin", "STATE", "Posted", "Paid"), "B-3"),
        (condition("like", "RECORDID", "B-%"), "B-1 B-2 B-3 B-4"),
        (condition("like", "RECORDID", "b-_"), ""),
        (condition("like", "RECORDID", "_-3"), "B-3"),
        (condition("notlike", "VENDORNAME", "Acme%"), "B-3 B-4"),
        (condition("like", "STATE", "P%"), "B-1 B-2 B-4"),
        (condition("isnull", "DESCRIPTION"), "B-1 B-2 B-3 B-4"),
        (condition("isnotnull", "DESCRIPTION"), ""),
        (condition("equalto", "RAWSTATE", "A"), "B-1 B-4"),
        (condition("equalto", "STATE", "A"), ""),
        (condition("equalto", "VENDOR.ONETIME", "true"), "B-3"),
        (condition("greaterthanorequalto", "WHENCREATED", "03/10/2026"), "B-3 B-4"),
        (condition("equalto", "WHENCREATED", "3/10/2026"), "B-3"),
        (condition("equalto", "VENDORNAME", "Gamma's &amp; Sons"), "B-4"),
        (
            "<or>" + condition("equalto", "RECORDID", "B-1") + "<and>" + condition("equalto", "VENDORID", "V1")
            + condition("equalto", "STATE", "Paid") + "</and>" + condition("equalto", "RECORDID", "B-3") + "</or>",
            "B-1 B-2 B-3",
        ),
    ],
)  # fmt: skip
def test_operators(shared_company: ReadingCompany, filter_: str, bills: str) -> None:
    answer = shared_company.query("APBILL", "RECORDID", filter_, more=BY_KEY + ALL)
    assert answer.column("RECORDID") == bills.split()


def test_long_lists_and_many_alternatives_are_answered(shared_company: ReadingCompany) -> None:
    thousand = condition("in", "RECORDID", "B-1", *(f"N-{number}" for number in range(999)))
    alternatives = "".join(condition("equalto", "RECORDID", f"N-{number}") for number in range(3000))
    many = f"<or>{alternatives}{thousand * 40}</or>"
    assert shared_company.query("APBILL", "RECORDID", many).column("RECORDID") == ["B-1"]
    unlisted = condition("notin", "RECORDNO", "2", "3")
    assert shared_company.query("APBILL", "RECORDID", unlisted).column("RECORDID") == ["B-1"]


def test_case_counts_unless_asked_otherwise(shared_company: ReadingCompany) -> None:
    insensitive = "<options><caseinsensitive>true</caseinsensitive></options>"
    for filter_ in (
        condition("equalto", "NAME", "BETA WORKS"),
        condition("like", "NAME", "BETA%"),
        condition("in", "NAME", "x", "Beta Works"),
    ):
        assert shared_company.query("VENDOR", "VENDORID", filter_).rows == []
        assert shared_company.query("VENDOR", "VENDORID", filter_, more=insensitive).column("VENDORID") == ["V2"]
    posted = condition("equalto", "STATE", "posted")
    assert shared_company.query("APBILL", "RECORDID", posted, more=insensitive).column("RECORDID") == ["B-1"]


def test_values_are_written_as_the_gateway_writes_them(shared_company: ReadingCompany) -> None:
    fields = "RECORDNO STATE RAWSTATE TOTALENTERED TOTALPAID WHENCREATED WHENMODIFIED DESCRIPTION VENDOR.CREDITLIMIT"
    answer = shared_company.query("APBILL", fields, condition("equalto", "RECORDID", "B-1"))
    assert answer.elements == ["APBILL"]
    assert answer.rows == [
        {
            "RECORDNO": "1", "STATE": "Posted", "RAWSTATE": "A", "TOTALENTERED": "100.1", "TOTALPAID": "0",
            "WHENCREATED": "01/10/2026", "WHENMODIFIED": "07/01/2026 05:00:00", "DESCRIPTION": "",
            "VENDOR.CREDITLIMIT": "1000",
        }
    ]  # fmt: skip


def test_an_empty_result_has_counts_and_no_records(shared_company: ReadingCompany) -> None:
    answer = shared_company.query("VENDOR", "VENDORID", condition("equalto", "VENDORID", "NOBODY"))
    assert answer.result == DataResult([], "VENDOR", {"totalcount": 0, "offset": 0, "count": 0, "numremaining": 0})
    assert list(answer.counts) == ["totalcount", "offset", "count", "numremaining"]


def test_timestamps_are_compared_and_shown_in_the_users_zone_on_both_sides_of_daylight_saving(
    own_company: ReadingCompany,
) -> None:
    # clocks in Los Angeles go forward on 8 March 2026 at 02:00 and back on 1 November 2026 at 02:00
    moments = {
        "before": datetime(2026, 3, 8, 9, 59, 59, tzinfo=UTC),
        "after": datetime(2026, 3, 8, 10, 0, 0, tzinfo=UTC),
        "autumn": datetime(2026, 11, 1, 9, 0, 0, tzinfo=UTC),
    }
    for name, moment in moments.items():
        own_company.put("CLASS", CLASSID=name, NAME=name, WHENMODIFIED=moment)
    shown = own_company.query("CLASS", "CLASSID WHENMODIFIED", more=BY_KEY).rows
    assert {row["CLASSID"]: row["WHENMODIFIED"] for row in shown} == {
        "before": "03/08/2026 01:59:59",
        "after": "03/08/2026 03:00:00",
        "autumn": "11/01/2026 01:00:00",
    }
    later = condition("greaterthanorequalto", "WHENMODIFIED", "03/08/2026 03:00:00")
    assert own_company.query("CLASS", "CLASSID", later, more=BY_KEY).column("CLASSID") == ["after", "autumn"]
    same = condition("equalto", "WHENMODIFIED", "03/08/2026 01:59:59")
    assert own_company.query("CLASS", "CLASSID", same).column("CLASSID") == ["before"]


def test_aggregates_group_by_the_plain_fields(shared_company: ReadingCompany) -> None:
    answer = shared_company.query(
        "APBILL",
        "VENDORID <count>RECORDNO</count> <sum>TOTALENTERED</sum>",
        more="<orderby><order><field>VENDORID</field></order></orderby>" + ALL,
    )
    assert answer.rows == [
        {"VENDORID": "V1", "COUNT.RECORDNO": "2", "TOTALENTERED": "150.1"},
        {"VENDORID": "V2", "COUNT.RECORDNO": "1", "TOTALENTERED": "37.97"},
        {"VENDORID": "V3", "COUNT.RECORDNO": "1", "TOTALENTERED": "1000"},
    ]
    assert answer.counts["totalcount"] == 3


def test_an_average_is_exact_and_its_name_a_switch(own_company: ReadingCompany) -> None:
    select = "<avg>TOTALENTERED</avg> <min>WHENCREATED</min> <max>WHENCREATED</max>"
    assert own_company.query("APBILL", select).rows == [
        {"AVG.TOTALENTERED": "62.69", "MIN.WHENCREATED": "01/10/2026", "MAX.WHENCREATED": "03/10/2026"}
    ]
    own_company.company.switches.change({"aggregate_names": "plain"})
    assert own_company.query("APBILL", "<avg>TOTALENTERED</avg>").rows == [{"TOTALENTERED": "62.69"}]


def test_without_an_order_rows_come_in_none(own_company: ReadingCompany) -> None:
    for number in range(200):
        own_company.put("CLASS", CLASSID=f"C{number:03}", NAME=f"Class {number}")
    keys = [
        int(key) for key in own_company.query("CLASS", "RECORDNO", more="<pagesize>300</pagesize>").column("RECORDNO")
    ]
    rising = sum(before < after for before, after in pairwise(keys))
    assert sorted(keys) == list(range(1, 201))
    assert 40 < rising < 160
    own_company.company.switches.change({"unordered_query": "key"})
    assert own_company.query("CLASS", "RECORDNO", more="<pagesize>3</pagesize>").column("RECORDNO") == ["1", "2", "3"]


def test_pages_by_key_cover_everything_once(own_company: ReadingCompany) -> None:
    for number in range(25):
        own_company.put("CLASS", CLASSID=f"C{number}", NAME="Class")
    last, seen = 0, []
    while True:
        after = condition("greaterthan", "RECORDNO", str(last))
        page = own_company.query("CLASS", "RECORDNO", after, more=BY_KEY + "<pagesize>10</pagesize>")
        seen += page.column("RECORDNO")
        assert page.counts["numremaining"] == 25 - len(seen)
        if not page.rows:
            break
        last = int(seen[-1])
    assert seen == [str(number) for number in range(1, 26)]


def test_offsets_and_page_size(shared_company: ReadingCompany) -> None:
    answer = shared_company.query("APBILL", "RECORDID", more=BY_KEY + ALL + "<pagesize>2</pagesize><offset>1</offset>")
    assert answer.column("RECORDID") == ["B-2", "B-3"]
    assert answer.counts == {"totalcount": 4, "offset": 1, "count": 2, "numremaining": 1}
    beyond = shared_company.query("APBILL", "RECORDID", more=BY_KEY + "<offset>9</offset>")
    assert beyond.counts == {"totalcount": 3, "offset": 9, "count": 0, "numremaining": 0}


def test_order_by_several_fields_in_both_directions(shared_company: ReadingCompany) -> None:
    order = (
        "<orderby><order><field>VENDORID</field><descending/></order>"
        "<order><field>WHENCREATED</field><ascending/></order></orderby>"
    )
    assert shared_company.query("APBILL", "RECORDID", more=order + ALL).column("RECORDID") == [
        "B-4",
        "B-3",
        "B-1",
        "B-2",
    ]


def test_json_is_flat_objects_of_strings(shared_company: ReadingCompany) -> None:
    answer = shared_company.query("APBILL", "RECORDNO TOTALPAID VENDOR.CREDITLIMIT", more=BY_KEY + JSON)
    assert answer.text == (
        '[{"RECORDNO":"1","TOTALPAID":"0","VENDOR.CREDITLIMIT":"1000"},'
        '{"RECORDNO":"2","TOTALPAID":"50","VENDOR.CREDITLIMIT":"1000"},'
        '{"RECORDNO":"3","TOTALPAID":"0","VENDOR.CREDITLIMIT":""}]'
    )
    none = condition("equalto", "RECORDID", "none")
    assert shared_company.query("APBILL", "RECORDNO", none, more=JSON).text == "[]"


def test_csv_has_a_header_quotes_what_needs_it_and_is_empty_without_rows(own_company: ReadingCompany) -> None:
    own_company.put("CLASS", CLASSID="C1", NAME='Ackman, "Al"', DESCRIPTION="two\nlines")
    csv = "<options><returnformat>csv</returnformat></options>"
    answer = own_company.query("CLASS", "CLASSID NAME DESCRIPTION STATUS", more=csv)
    assert answer.text == 'CLASSID,NAME,DESCRIPTION,STATUS\nC1,"Ackman, ""Al""","two\nlines",\n'
    assert own_company.query("CLASS", "CLASSID", condition("isnull", "CLASSID"), more=csv).text == ""


def test_characters_that_xml_forbids_never_come_out(own_company: ReadingCompany) -> None:
    own_company.put("CLASS", CLASSID="C1", NAME="a\x00b\x0bc\ufffed\te")
    assert own_company.query("CLASS", "NAME").column("NAME") == ["abcd\te"]


@pytest.mark.parametrize(
    ("xml", "errorno", "text"),
    [
        (
            "<query><object>BADOBJECT</object><select><field>RECORDNO</field></select></query>",
            "Query Failed",
            "Object definition BADOBJECT not found",
        ),
        (
            "<query><object>VENDOR</object><select><field>NOSUCH</field></select></query>",
            "XL03000010",
            "Field NOSUCH not found in object VENDOR",
        ),
        (
            "<query><object>VENDOR</object><select><field>*</field></select></query>",
            "XL03000010",
            "Field * not found in object VENDOR",
        ),
        (
            "<query><object>PROJECT</object><select><field>PROJECTID</field><field>CFDA</field>"
            "<field>FUNDEDNAME</field></select></query>",
            "XL03000006",
            "The following fields cannot be queried: [PROJECT: [CFDA, FUNDEDNAME] ]",
        ),
        (
            "<query><object>APBILL</object><select><field>RECORDNO</field></select><filter><greaterthan>"
            "<field>WHENCREATED</field><value>2026-01-01</value></greaterthan></filter></query>",
            "DL02000001",
            "There was an error processing the request.",
        ),
        (
            "<query><object>APBILL</object><select><field>RECORDNO</field></select><filter><greaterthan>"
            "<field>WHENMODIFIED</field><value>2026-01-01T00:00:00Z</value></greaterthan></filter></query>",
            "DL02000001",
            "There was an error processing the request.",
        ),
        (
            "<query><object>APBILL</object><select><field>RECORDNO</field></select><filter><equalto>"
            "<field>RECORDNO</field><value>one</value></equalto></filter></query>",
            "DL02000001",
            "There was an error processing the request.",
        ),
        (
            "<query><object>APBILL</object><select><sum>VENDORID</sum></select></query>",
            "DL02000001",
            "There was an error processing the request.",
        ),
        (
            "<query><object>GLACCOUNTBALANCE</object><select><field>ENDBAL</field></select></query>",
            "DL02000001",
            "A value for PERIOD is required to query GLACCOUNTBALANCE.",
        ),
    ],
)
def test_refusals(shared_company: ReadingCompany, xml: str, errorno: str, text: str) -> None:
    assert shared_company.refusal(xml) == (errorno, text)


def test_fields_kept_from_a_user_are_named_with_their_object(shared_company: ReadingCompany) -> None:
    xml = "<query><object>APBILL</object><select><field>VENDOR.CREDITLIMIT</field></select></query>"
    text = "The following fields cannot be queried: [VENDOR: [CREDITLIMIT] ]"
    assert shared_company.refusal(xml, user="auditor") == ("XL03000006", text)


def test_audit_history_without_the_right_is_refused_without_errorno(shared_company: ReadingCompany) -> None:
    xml = "<query><object>AUDITHISTORY</object><select><field>ID</field></select></query>"
    assert shared_company.refusal(xml, user="auditor") == (None, "You do not have permission to view audit history.")


def test_private_records_show_at_the_top_only_when_asked_and_always_in_their_entity(
    shared_company: ReadingCompany,
) -> None:
    assert sorted(shared_company.query("VENDOR", "VENDORID").column("VENDORID")) == ["V1", "V2"]
    assert sorted(shared_company.query("VENDOR", "VENDORID", more=ALL).column("VENDORID")) == ["V1", "V2", "V3"]
    west = shared_company.query("VENDOR", "VENDORID MEGAENTITYID", user="west", entity="200")
    assert sorted(west.column("VENDORID")) == ["V1", "V2", "V3"]
    east = shared_company.query("VENDOR", "VENDORID", entity="100")
    assert sorted(east.column("VENDORID")) == ["V1", "V2"]


def test_lines_of_private_bills_hide_with_their_bill(shared_company: ReadingCompany) -> None:
    assert len(shared_company.query("APBILLITEM", "RECORDNO").rows) == 3
    assert len(shared_company.query("APBILLITEM", "RECORDNO", more=ALL).rows) == 4


def test_an_entity_sees_its_own_locations_and_bills_with_lines_there(shared_company: ReadingCompany) -> None:
    def seen(object_name: str, field: str, entity: str) -> list[str]:
        return sorted(shared_company.query(object_name, field, entity=entity).column(field))

    assert seen("LOCATION", "LOCATIONID", "200") == ["200", "210"]
    assert seen("LOCATIONENTITY", "LOCATIONID", "200") == ["200"]
    assert seen("APBILL", "RECORDID", "200") == ["B-4"]
    assert seen("APBILL", "RECORDID", "100") == ["B-1", "B-2", "B-3"]
    assert seen("APBILLITEM", "LOCATIONID", "200") == ["210"]


def test_payment_details_are_seen_with_their_payment(own_company: ReadingCompany) -> None:
    for entity in ("200", None):
        payment = own_company.put("APPYMT", VENDORID="V1", MEGAENTITYID=entity)
        own_company.put("APPYMTDETAIL", PAYMENTKEY=payment, RECORDKEY=1)
    for who, seen in (({"entity": "200"}, 2), ({"entity": "100"}, 1), ({}, 1)):
        assert len(own_company.query("APPYMTDETAIL", "RECORDNO", **who).rows) == seen


def test_locations_include_entities(shared_company: ReadingCompany) -> None:
    assert sorted(shared_company.query("LOCATION", "LOCATIONID").column("LOCATIONID")) == ["100", "200", "210", "300"]


def test_custom_objects_speak_iso_and_walk_to_standard_ones(own_company: ReadingCompany) -> None:
    customer = own_company.put("CUSTOMER", CUSTOMERID="C1", NAME="Delta", CUST_RATING="A")
    moment = datetime(2026, 6, 11, 17, 52, 0, tzinfo=UTC)
    own_company.put(
        "SUBSCRIPTION", name="Gold", RCUSTOMER=customer, START_DATE=moment.date(), updatedAt=moment,
        MONTHLY_FEE=Decimal("99.90"), ADD_ONS="Support#~#Training",
    )  # fmt: skip
    fields = "id name RCUSTOMER.NAME RCUSTOMER.CUST_RATING START_DATE updatedAt MONTHLY_FEE ADD_ONS"
    for day in ("2026-06-11", "06/11/2026"):
        answer = own_company.query("SUBSCRIPTION", fields, condition("equalto", "START_DATE", day))
        assert answer.rows == [
            {
                "id": "10001", "name": "Gold", "RCUSTOMER.NAME": "Delta", "RCUSTOMER.CUST_RATING": "A",
                "START_DATE": "2026-06-11", "updatedAt": "2026-06-11T17:52:00Z", "MONTHLY_FEE": "99.9",
                "ADD_ONS": "Support#~#Training",
            }
        ]  # fmt: skip
    since = condition("greaterthan", "updatedAt", "2026-06-11T17:51:59Z")
    assert own_company.query("SUBSCRIPTION", "id", since).column("id") == ["10001"]


def test_a_vendors_total_due_counts_what_is_posted_and_open(shared_company: ReadingCompany) -> None:
    rows = shared_company.query("VENDOR", "VENDORID TOTALDUE", more=ALL).rows
    assert {row["VENDORID"]: row["TOTALDUE"] for row in rows} == {"V1": "100.1", "V2": "0", "V3": "750"}


def test_audit_history_has_codes_in_query_and_keeps_gmt(own_company: ReadingCompany) -> None:
    moment = datetime(2026, 8, 1, 12, 0, 0, tzinfo=UTC)
    for mode, key in (("C", "1--REC"), ("D", "2--REC")):
        moment += timedelta(hours=1)
        own_company.put("AUDITHISTORY", OBJECTTYPE="vendor", OBJECTKEY=key, ACCESSMODE=mode, ACCESSTIME=moment)
    filter_ = (
        "<and>" + condition("equalto", "OBJECTTYPE", "vendor") + condition("equalto", "ACCESSMODE", "D")
        + condition("greaterthan", "ACCESSTIME", "08/01/2026 13:00:00") + "</and>"
    )  # fmt: skip
    assert own_company.query("AUDITHISTORY", "OBJECTKEY ACCESSMODE ACCESSTIME", filter_).rows == [
        {"OBJECTKEY": "2--REC", "ACCESSMODE": "D", "ACCESSTIME": "08/01/2026 14:00:00"}
    ]
    own_company.company.switches.change({"audit_history_zone": "user"})
    times = own_company.query("AUDITHISTORY", "ACCESSTIME").column("ACCESSTIME")
    assert sorted(times) == ["08/01/2026 06:00:00", "08/01/2026 07:00:00"]


def test_balances_are_the_sum_of_the_details_up_to_a_period(own_company: ReadingCompany) -> None:
    for name, first, last in (("May", (2026, 5, 1), (2026, 5, 31)), ("June", (2026, 6, 1), (2026, 6, 30))):
        start, end = (datetime(*day, tzinfo=UTC).date() for day in (first, last))
        own_company.put("REPORTINGPERIOD", NAME=f"Month Ended {name} 2026", START_DATE=start, END_DATE=end)
    for day, account, debit, credit, state in (
        ("2026-05-10", "6000", "100", "0", "P"), ("2026-05-10", "2000", "0", "100", "P"),
        ("2026-06-10", "6000", "10.5", "0", "P"), ("2026-06-10", "2000", "0", "10.5", "P"),
        ("2026-06-11", "6000", "999", "0", "D"), ("2026-07-01", "6000", "1", "0", "P"),
    ):  # fmt: skip
        own_company.put(
            "GLDETAIL", ENTRY_DATE=datetime.fromisoformat(day).date(), ACCOUNTNO=account, BOOKID="ACCRUAL",
            DEBITAMOUNT=Decimal(debit), CREDITAMOUNT=Decimal(credit), ENTRY_STATE=state, LOCATIONID="100",
        )  # fmt: skip
    fields = "ACCOUNTNO ACCOUNTTITLE OPENBAL TOTDEBIT TOTCREDIT FORBAL ENDBAL"
    june = condition("equalto", "PERIOD", "Month Ended June 2026")
    order = "<orderby><order><field>ACCOUNTNO</field></order></orderby>"
    answer = own_company.query("GLACCOUNTBALANCE", fields, june, more=order)
    assert [list(row.values()) for row in answer.rows] == [
        ["2000", "Accounts payable", "-100", "0", "10.5", "-10.5", "-110.5"],
        ["6000", "Rent", "100", "10.5", "0", "10.5", "110.5"],
    ]
    assert own_company.query("GLACCOUNTBALANCE", "ACCOUNTNO", june, entity="200").rows == []
