"""Functions: what cannot succeed is refused before it is sent, and the rest is written as Intacct reads it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from airflow_provider_intacct.client.errors import InvalidRecordError, InvalidRequestError
from airflow_provider_intacct.client.where import field
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.client.xml.elements import FORBIDDEN, Element, elements, write
from airflow_provider_intacct.client.xml.functions import Function, function


def xml(made: Function) -> str:
    return write(made.element)


# --- reading --------------------------------------------------------------------------------------------------------


def test_a_query_carries_all_it_was_given() -> None:
    made = functions.query(
        "APBILL",
        ["VENDORID", "VENDOR.NAME", "count(RECORDNO)", "SUM( TOTALDUE )"],
        where=(field("STATE") == "Posted") & (field("WHENDUE") < date(2026, 1, 31)),
        order_by=["VENDORID", "VENDOR.NAME desc"],
        page_size=500,
        offset=1000,
        show_private=True,
        case_insensitive=True,
        return_format="json",
        doc_par_id="Sales Order",
    )
    assert xml(made) == (
        "<query><object>APBILL</object>"
        "<select><field>VENDORID</field><field>VENDOR.NAME</field><count>RECORDNO</count><sum>TOTALDUE</sum></select>"
        "<filter><and><equalto><field>STATE</field><value>Posted</value></equalto>"
        "<lessthan><field>WHENDUE</field><value>01/31/2026</value></lessthan></and></filter>"
        "<orderby><order><field>VENDORID</field><ascending/></order>"
        "<order><field>VENDOR.NAME</field><descending/></order></orderby>"
        "<options><caseinsensitive>true</caseinsensitive><showprivate>true</showprivate>"
        "<returnformat>json</returnformat></options>"
        "<pagesize>500</pagesize><offset>1000</offset><docparid>Sales Order</docparid></query>"
    )


def test_a_where_of_a_query_may_be_text_with_parameters() -> None:
    made = functions.query("VENDOR", ["VENDORID"], where="NAME = :name", params={"name": "O'Brien"})
    assert "<equalto><field>NAME</field><value>O'Brien</value></equalto>" in xml(made)


def test_read_by_query_takes_the_same_where() -> None:
    made = functions.read_by_query("CLASS", where="NAME != 'x' AND STATUS = TRUE", page_size=10, return_format="csv")
    assert xml(made) == (
        "<readByQuery><object>CLASS</object><fields>*</fields><query>NAME not in ('x') AND STATUS = 'T'</query>"
        "<pagesize>10</pagesize><returnFormat>csv</returnFormat></readByQuery>"
    )
    assert "<query/>" in xml(functions.read_by_query("CLASS"))


@pytest.mark.parametrize(
    ("made", "written"),
    [
        (functions.read_more(result_id="7765"), "<readMore><resultId>7765</resultId></readMore>"),
        (functions.read_more(report_id="r"), "<readMore><reportId>r</reportId></readMore>"),
        (
            functions.read("VENDOR", [1, "2"], ["NAME", "STATUS"]),
            "<read><object>VENDOR</object><keys>1,2</keys><fields>NAME,STATUS</fields></read>",
        ),
        (
            functions.read_by_name("VENDOR", ["V 1"], return_format="json", doc_par_id="x"),
            "<readByName><object>VENDOR</object><keys>V 1</keys><fields>*</fields>"
            "<returnFormat>json</returnFormat><docparid>x</docparid></readByName>",
        ),
        (
            functions.read_related("asset", [1], "Rasset_class"),
            "<readRelated><object>asset</object><keys>1</keys><relation>Rasset_class</relation>"
            "<fields>*</fields></readRelated>",
        ),
        (
            functions.read_view("VENDOR#135422@10051", [("totaldue", "greater than", Decimal(30000))], page_size=100),
            "<readView><view>VENDOR#135422@10051</view><pagesize>100</pagesize><filters>"
            "<filterCondition>AND</filterCondition><filterExpression><field>totaldue</field>"
            "<operator>greater than</operator><value>30000</value></filterExpression></filters></readView>",
        ),
        (
            functions.lookup("SODOCUMENT", doc_par_id="A&B"),
            "<lookup><object>SODOCUMENT</object><docparid>A&amp;B</docparid></lookup>",
        ),
        (functions.inspect("*"), "<inspect><object>*</object></inspect>"),
        (functions.inspect(name="Sales Order", detail=True), '<inspect detail="1"><name>Sales Order</name></inspect>'),
        (functions.delete("VENDOR", [1, 2, 3]), "<delete><object>VENDOR</object><keys>1,2,3</keys></delete>"),
        (
            functions.get_list(
                "supdoc",
                filter={"expression": {"field": "whenmodified", "operator": ">=", "value": date(2026, 1, 14)}},
                sorts=["key desc"],
                fields=["supdocid"],
                start=100,
                max_items=50,
                show_private=True,
            ),
            '<get_list object="supdoc" start="100" maxitems="50" showprivate="true"><filter><expression>'
            "<field>whenmodified</field><operator>&gt;=</operator><value>01/14/2026</value></expression></filter>"
            '<sorts><sortfield order="desc">key</sortfield></sorts><fields><field>supdocid</field></fields></get_list>',
        ),
        (functions.get("supdoc", "ATT-1"), '<get object="supdoc" key="ATT-1"/>'),
        (functions.get_api_session(), "<getAPISession/>"),
        (functions.get_api_session("200"), "<getAPISession><locationid>200</locationid></getAPISession>"),
        (functions.get_api_session(""), "<getAPISession><locationid/></getAPISession>"),
        (functions.get_user_permissions("etl"), "<getUserPermissions><userId>etl</userId></getUserPermissions>"),
        (
            functions.read_user_formatting(user_id="etl"),
            "<readUserFormatting><userId>etl</userId></readUserFormatting>",
        ),
        (functions.read_user_formatting(key=177), "<readUserFormatting><key>177</key></readUserFormatting>"),
        (functions.get_financial_setup(), "<getFinancialSetup/>"),
        (functions.read_entity_details(), "<readEntityDetails/>"),
        (functions.get_dimensions(), "<getDimensions/>"),
        (
            functions.get_audit_trail("APBILL", record_no=1),
            "<getAuditTrail><object>APBILL</object><recordNo>1</recordNo></getAuditTrail>",
        ),
        (function("get_companyprefs", application="GL"), '<get_companyprefs application="GL"/>'),
    ],
)
def test_functions_are_written_as_the_gateway_reads_them(made: Function, written: str) -> None:
    assert xml(made) == written


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (lambda: functions.query("V", []), "at least one field"),
        (lambda: functions.query("V", "NAME"), "list of names"),
        (lambda: functions.query("V", ["*"]), "cannot return all fields"),
        (lambda: functions.query("V", ["MEDIAN(A)"]), "COUNT, SUM, AVG"),
        (lambda: functions.query("V", ["A B"]), "neither a field"),
        (lambda: functions.query("", ["A"]), "object is empty"),
        (lambda: functions.query("V", ["A"], page_size=0), "1 to 2000"),
        (lambda: functions.query("V", ["A"], page_size=2001), "1 to 2000"),
        (lambda: functions.query("V", ["A"], page_size=True), "whole number"),
        (lambda: functions.query("V", ["A"], offset=-1), "0 or more"),
        (lambda: functions.query("V", ["A"], order_by=["A sideways"]), '"NAME ASC"'),
        (lambda: functions.query("V", ["A"], return_format="yaml"), "xml, json and csv"),
        (lambda: functions.query("V", ["A"], where="A = B"), "two fields"),
        (lambda: functions.read_by_query("V", page_size=1001), "1 to 1000"),
        (lambda: functions.read_by_query("V", where="A.B = 1"), "use query"),
        (lambda: functions.read_view("V", page_size=1001), "1 to 1000"),
        (lambda: functions.read_more(), "exactly one"),
        (lambda: functions.read_more(result_id="a", view="b"), "exactly one"),
        (lambda: functions.read("V", []), "0 keys"),
        (lambda: functions.read("V", "1,2"), "keys are a list"),
        (lambda: functions.read("V", list(range(101))), "101 keys"),
        (lambda: functions.read_by_name("V", ["Smith, John"]), "holds a comma"),
        (lambda: functions.read("V", [1.5]), "float"),
        (lambda: functions.delete("V", list(range(101))), "101 keys"),
        (lambda: functions.inspect(), "object or the name"),
        (lambda: functions.read_user_formatting(), "user id or the user's record number"),
        (lambda: functions.get_audit_trail("V"), "record number or an object key"),
        (lambda: functions.get_list("supdoc", max_items=0), "1 or more"),
        (lambda: function("create bill"), "element name"),
        (lambda: function("consolidate", "text"), "mapping of names"),
        (lambda: functions.get_api_session().with_control_id(""), "1 to 256"),
        (lambda: functions.get_api_session().with_control_id("x" * 257), "1 to 256"),
    ],
)
def test_requests_that_cannot_succeed_are_refused_with_the_remedy(build: Callable[[], object], reason: str) -> None:
    with pytest.raises(InvalidRequestError, match=reason):
        build()


# --- writing --------------------------------------------------------------------------------------------------------


def test_a_journal_entry_is_written_in_the_order_of_its_mapping() -> None:
    made = functions.create(
        "GLBATCH",
        {
            "JOURNAL": "GJ",
            "BATCH_DATE": date(2026, 3, 31),
            "BATCH_TITLE": "Accrual & more",
            "REVERSEDATE": None,
            "ENTRIES": {
                "GLENTRY": [
                    {"ACCOUNTNO": "6500", "TR_TYPE": 1, "TRX_AMOUNT": Decimal("10.00")},
                    {"ACCOUNTNO": "2100", "TR_TYPE": -1, "TRX_AMOUNT": Decimal("1E+1")},
                ]
            },
        },
    )
    assert xml(made) == (
        "<create><GLBATCH><JOURNAL>GJ</JOURNAL><BATCH_DATE>03/31/2026</BATCH_DATE>"
        "<BATCH_TITLE>Accrual &amp; more</BATCH_TITLE><REVERSEDATE/><ENTRIES>"
        "<GLENTRY><ACCOUNTNO>6500</ACCOUNTNO><TR_TYPE>1</TR_TYPE><TRX_AMOUNT>10.00</TRX_AMOUNT></GLENTRY>"
        "<GLENTRY><ACCOUNTNO>2100</ACCOUNTNO><TR_TYPE>-1</TR_TYPE><TRX_AMOUNT>10</TRX_AMOUNT></GLENTRY>"
        "</ENTRIES></GLBATCH></create>"
    )


def test_a_legacy_function_takes_dates_apart_but_not_those_it_holds_as_text() -> None:
    made = function(
        "create_bill",
        {
            "vendorid": "V1",
            "datecreated": date(2026, 3, 1),
            "customfields": {"customfield": {"customfieldname": "DAY", "customfieldvalue": date(2026, 3, 2)}},
        },
    )
    assert xml(made) == (
        "<create_bill><vendorid>V1</vendorid>"
        "<datecreated><year>2026</year><month>03</month><day>01</day></datecreated>"
        "<customfields><customfield><customfieldname>DAY</customfieldname>"
        "<customfieldvalue>03/02/2026</customfieldvalue></customfield></customfields></create_bill>"
    )


def test_names_that_repeat_in_mixed_order_are_given_as_tuples() -> None:
    made = function("create", [("VENDOR", {"NAME": "a"}), ("CUSTOMER", {"NAME": "b"}), ("VENDOR", {"NAME": "c"})])
    assert [part.tag for part in made.body] == ["VENDOR", "CUSTOMER", "VENDOR"]
    assert made.records == 3


def test_attributes_and_text_stand_side_by_side() -> None:
    made = function("reverse_bill", {"line": {"@line_num": 1, "#text": "x"}}, key=12)
    assert xml(made) == '<reverse_bill key="12"><line line_num="1">x</line></reverse_bill>'


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        ([], "0 records"),
        ([{"A": 1}] * 101, "101 records"),
        ("text", "mapping or a list"),
        ([["A", 1]], "record 1: a record is a mapping"),
        ([{"A": 1}, {}], "record 2: the record is empty"),
        ([{"A": 1}, {"B C": 1}], "record 2: .*'B C' cannot be an element name"),
        ([{"": 1}], "element name"),
        ([{1: 1}], "names are text"),
        ([{"A": {"B": [{"C": 1.5}]}}], r"A/B\[1\]/C: a float .*Decimal\('1.5'\)"),
        ([{"A": float("nan")}], "float"),
        ([{"A": Decimal("NaN")}], "not a number"),
        ([{"A": Decimal("Infinity")}], "not a number"),
        ([{"A": "x\x0by"}], r"U\+000B at position 2"),
        ([{"A": "\ud800"}], r"U\+D800"),
        ([{"A": b"x"}], "bytes"),
        ([{"A": time(1)}], "time of day"),
        ([{"A": object()}], "object is not an Intacct value"),
        ([{"A": []}], "empty list"),
        ([{"A": {"#text": "x", "B": 1}}], "not both"),
        ([{"A": datetime(2026, 1, 1, tzinfo=UTC)}], "time zone"),
    ],
)
def test_records_that_cannot_be_sent_are_refused_by_number_and_path(records: object, reason: str) -> None:
    with pytest.raises(InvalidRecordError, match=reason):
        functions.create("VENDOR", records)


def test_a_time_with_a_zone_is_moved_to_the_users() -> None:
    moment = datetime(2026, 1, 1, 3, 4, 5, tzinfo=UTC)
    pacific = timezone(timedelta(hours=-8))
    assert "<AT>12/31/2025 19:04:05</AT>" in xml(functions.update("X", {"AT": moment}, zone=pacific))
    assert "<AT>01/01/2026 03:04:05</AT>" in xml(functions.update("X", {"AT": moment.replace(tzinfo=None)}))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""),
        ("", ""),
        (" x ", " x "),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (10**20, "1" + "0" * 20),
        (Decimal("0.10"), "0.10"),
        (Decimal("1E-7"), "0.0000001"),
        (Decimal("-0.00"), "-0.00"),
        (date(999, 1, 2), "01/02/0999"),
        (StrEnum("Kind", {"A": "Posted"}).A, "Posted"),
    ],
)
def test_values_are_written_plainly(value: object, written: str) -> None:
    (element,) = elements("A", value)
    assert element == Element("A", written)


@given(st.text())
def test_what_is_written_is_read_back_by_a_parser(text: str) -> None:
    if FORBIDDEN.search(text):
        with pytest.raises(InvalidRequestError):
            list(elements("A", text))
    else:
        (element,) = elements("A", {"@b": text, "#text": text})
        read = etree.fromstring(write(element).encode())
        assert (read.text or "") == text
        assert read.get("b") == text


# --- what a function says of itself ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "writes", "repeatable", "transactions"),
    [
        (functions.query("V", ["A"]), False, True, 1),
        (functions.read_more(result_id="x"), False, False, 1),
        (functions.get_list("supdoc"), False, True, 1),
        (functions.lookup("V"), False, True, 1),
        (functions.create("V", [{"A": 1}] * 7), True, False, 7),
        (functions.update("V", {"A": 1}), True, False, 1),
        (functions.delete("V", [1, 2]), True, False, 2),
        (function("create_bill", {"vendorid": "x"}), True, False, 1),
        (function("get_trialbalance", {"reportingperiodname": "x"}), False, True, 1),
        (function("getVendorsToApprove"), False, True, 1),
        (function("somethingNew"), True, False, 1),
        (function("delete", {"object": "V", "keys": "1,2,3"}), True, False, 3),
    ],
)
def test_a_function_knows_what_it_does_and_costs(
    made: Function, writes: bool, repeatable: bool, transactions: int
) -> None:
    assert (made.writes, made.repeatable, made.transactions) == (writes, repeatable, transactions)
    assert made.records == (transactions if writes else 0)


def test_a_control_id_makes_another_function_of_the_same_content() -> None:
    made = functions.lookup("V")
    named = made.with_control_id("c-1")
    assert (made.control_id, named.control_id) == (None, "c-1")
    assert named.element == made.element
