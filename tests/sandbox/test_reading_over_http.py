"""Reading the demo company over the socket: the bytes a client has to live with (wire/xml-gateway.md §2.8, §10)."""

import csv
import io
import json
from decimal import Decimal

import pytest

from tests.gateway_requests import AUDITOR, WEST, begin_session, call, login, query, session
from tests.sandbox_process import SandboxProcess

ORDERED = "<orderby><order><field>RECORDNO</field><ascending/></order></orderby>"


def after(key: int) -> str:
    return f"<filter><greaterthan><field>RECORDNO</field><value>{key}</value></greaterthan></filter>"


def test_an_empty_result_is_a_self_closed_data_element(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, query("VENDOR", ["VENDORID"], after(10**9)))
    assert b'<data listtype="VENDOR" totalcount="0" offset="0" count="0" numremaining="0"/>' in answer.body


def test_the_case_of_record_elements_depends_on_the_function(sandbox: SandboxProcess) -> None:
    read_by_query = (
        "<readByQuery><object>VENDOR</object><fields>VENDORID</fields><query>RECORDNO = 1</query></readByQuery>"
    )
    read = "<read><object>VENDOR</object><keys>1</keys><fields>VENDORID</fields></read>"
    answer = call(
        sandbox, query("VENDOR", ["VENDORID"], after(20)), read_by_query, read, '<get object="vendor" key="V001"/>'
    )
    data = [result.find("data") for result in answer.results]
    assert [item[0].tag for item in data] == ["VENDOR", "vendor", "VENDOR", "vendor"]
    assert [item.get("listtype") for item in data] == ["VENDOR", "vendor", "VENDOR", None]
    assert answer.results[3].find("listtype").attrib == {"start": "0", "end": "0", "total": "1"}
    assert list(data[1].attrib) == ["listtype", "count", "totalcount", "numremaining", "resultId"]


@pytest.mark.parametrize("form", ["json", "csv"])
def test_json_and_csv_come_without_an_envelope_and_say_what_xml_says(sandbox: SandboxProcess, form: str) -> None:
    names = ["RECORDNO", "RECORDID", "VENDOR.NAME", "TOTALDUE", "WHENMODIFIED", "STATE"]
    options = f"<options><returnformat>{form}</returnformat></options>"
    bare = call(sandbox, query("APBILL", names, ORDERED + options))
    if form == "json":
        assert bare.headers["content-type"] == "application/json"
        rows = json.loads(bare.body)
    else:
        rows = list(csv.DictReader(io.StringIO(bare.body.decode())))
    wrapped = call(sandbox, query("APBILL", names, ORDERED))
    records = wrapped.root.findall("operation/result/data/APBILL")
    assert rows == [{field.tag: field.text or "" for field in record} for record in records]
    assert len(rows) > 50


def test_an_error_is_xml_whatever_format_was_asked(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, query("VENDOR", ["NOSUCH"], "<options><returnformat>json</returnformat></options>"))
    assert answer.errors() == [("XL03000010", "Field NOSUCH not found in object VENDOR")]


def test_read_more_needs_the_session_of_the_query(sandbox: SandboxProcess) -> None:
    fields = "<fields>RECORDNO</fields><query></query><pagesize>1000</pagesize>"
    first = f"<readByQuery><object>GLENTRY</object>{fields}</readByQuery>"
    credential = session(begin_session(sandbox))
    data = call(sandbox, first, credential=credential).root.find("operation/result/data")
    more = f"<readMore><resultId>{data.get('resultId')}</resultId></readMore>"
    elsewhere = call(sandbox, more)
    assert elsewhere.errors()[0][0] == "readMore failed"
    rest = call(sandbox, more, credential=credential).root.find("operation/result/data")
    assert int(data.get("totalcount")) == 1000 + len(rest)
    assert (rest.get("numremaining"), rest.get("resultId")) == ("0", data.get("resultId"))


def test_paging_by_key_reads_every_ledger_line_once(sandbox: SandboxProcess) -> None:
    seen: list[int] = []
    while True:
        page = ORDERED + "<options><returnformat>json</returnformat></options><pagesize>500</pagesize>"
        rows = json.loads(call(sandbox, query("GLDETAIL", ["RECORDNO"], after(seen[-1] if seen else 0) + page)).body)
        seen += [int(row["RECORDNO"]) for row in rows]
        if len(rows) < 500:
            break
    total = (
        call(sandbox, query("GLDETAIL", ["RECORDNO"], "<pagesize>1</pagesize>")).root.find(".//data").get("totalcount")
    )
    assert len(seen) == len(set(seen)) == int(total)


def test_balances_are_the_ledger_lines_added_up(sandbox: SandboxProcess) -> None:
    period = "Month Ended June 2026"
    in_period = f"<filter><equalto><field>PERIOD</field><value>{period}</value></equalto></filter>"
    to_date = (
        "<filter><lessthanorequalto><field>ENTRY_DATE</field><value>06/30/2026</value></lessthanorequalto></filter>"
    )
    sums = "<query><object>{}</object><select><field>ACCOUNTNO</field><sum>{}</sum></select>{}</query>"
    answer = call(
        sandbox, sums.format("GLACCOUNTBALANCE", "ENDBAL", in_period), sums.format("GLDETAIL", "AMOUNT", to_date)
    )
    balances, details = (
        {record.findtext("ACCOUNTNO"): Decimal(record[1].text or "0") for record in result.find("data")}
        for result in answer.results
    )
    assert balances == details
    assert sum(amount for account, amount in balances.items() if str(account) < "9000") == 0


def test_a_restricted_user_sees_one_entity(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, query("GLDETAIL", ["LOCATIONID"], "<pagesize>2000</pagesize>"), credential=login(WEST))
    places = set(answer.texts("operation/result/data/GLDETAIL/LOCATIONID"))
    assert places
    assert all(place.startswith("2") for place in places)


def test_lookup_works_where_query_is_denied(sandbox: SandboxProcess) -> None:
    lookup = "<lookup><object>AUDITHISTORY</object></lookup>"
    answer = call(sandbox, lookup, query("AUDITHISTORY", ["ID"]), credential=login(AUDITOR))
    assert answer.statuses == ["success", "failure"]
    assert answer.results[1].find("errormessage/error/errorno") is None
    assert answer.results[0].find("data/Type").attrib == {"Name": "AUDITHISTORY", "DocumentType": ""}


def test_a_page_of_more_than_two_thousand_is_refused_by_the_schema(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, query("VENDOR", ["VENDORID"], "<pagesize>2001</pagesize>"))
    assert answer.root.find("operation") is None
    assert answer.errors()[0][0] == "XL03000003"


def in_state(state: str) -> str:
    return f"<filter><equalto><field>STATE</field><value>{state}</value></equalto></filter>"


def test_a_label_that_there_is_not_finds_nothing_or_is_refused(sandbox: SandboxProcess) -> None:
    unknown = query("APBILL", ["RECORDNO"], in_state("Postponed"))
    assert call(sandbox, unknown).results[0].find("data").get("count") == "0"
    sandbox.switch(unknown_label="refuse")
    assert call(sandbox, unknown).errors() == [("DL02000001", "There was an error processing the request.")]
    assert call(sandbox, query("APBILL", ["RECORDNO"], in_state("Posted"))).statuses == ["success"]


@pytest.mark.parametrize(
    ("nulls", "direction", "empty_at"), [("first", "ascending", 0), ("first", "descending", -1),
                                         ("last", "ascending", -1), ("last", "descending", 0)]
)  # fmt: skip
def test_empty_values_stand_at_one_end_of_an_order(
    sandbox: SandboxProcess, nulls: str, direction: str, empty_at: int
) -> None:
    sandbox.switch(nulls_in_order=nulls)
    order = f"<orderby><order><field>BILL_SOURCE</field><{direction}/></order></orderby><pagesize>2000</pagesize>"
    sources = call(sandbox, query("APBILL", ["BILL_SOURCE"], order)).texts("operation/result/data/APBILL/BILL_SOURCE")
    assert sources[empty_at] == ""
    assert sources[-1 - empty_at] != ""


def test_several_functions_in_json_are_answered_with_one_body_or_all(sandbox: SandboxProcess) -> None:
    form = ORDERED + "<pagesize>1</pagesize><options><returnformat>json</returnformat></options>"
    functions = [query(name, ["RECORDNO"], form) for name in ("VENDOR", "CUSTOMER")]
    assert json.loads(call(sandbox, *functions).body) == [{"RECORDNO": "1"}]
    sandbox.switch(several_bodies="joined")
    assert call(sandbox, *functions).body == b'[{"RECORDNO":"1"}][{"RECORDNO":"1"}]'


def test_csv_calls_itself_what_the_switch_says(sandbox: SandboxProcess) -> None:
    form = "<options><returnformat>csv</returnformat></options>"
    assert call(sandbox, query("VENDOR", ["RECORDNO"], form)).headers["content-type"] == "text/csv; charset=UTF-8"
    sandbox.switch(csv_content_type="application/json")
    assert call(sandbox, query("VENDOR", ["RECORDNO"], form)).headers["content-type"] == "application/json"


def test_read_shows_private_records_at_the_top_level_or_hides_them(sandbox: SandboxProcess) -> None:
    private = "<filter><isnotnull><field>MEGAENTITYID</field></isnotnull></filter>"
    shown = query("VENDOR", ["RECORDNO"], private + "<options><showprivate>true</showprivate></options>")
    key = call(sandbox, shown).texts("operation/result/data/VENDOR/RECORDNO")[0]
    read = f"<read><object>VENDOR</object><keys>{key}</keys><fields>RECORDNO</fields></read>"
    assert call(sandbox, read).texts("operation/result/data/VENDOR/RECORDNO") == [key]
    sandbox.switch(read_hides_private=True)
    assert call(sandbox, read).texts("operation/result/data/VENDOR/RECORDNO") == []


def test_a_filter_nested_without_end_is_refused(sandbox: SandboxProcess) -> None:
    one = "<isnotnull><field>NAME</field></isnotnull>"
    nested = f"<filter>{f'<and>{one}' * 150}{one}{'</and>' * 150}</filter>"
    text = f"<readByQuery><object>VENDOR</object><query>{'NOT (' * 150}RECORDNO = 1{')' * 150}</query></readByQuery>"
    answer = call(sandbox, query("VENDOR", ["RECORDNO"], nested), text)
    assert answer.errors() == [("DL02000001", "There was an error processing the request.")] * 2
    shallow = f"<filter>{f'<and>{one}' * 20}{one}{'</and>' * 20}</filter>"
    assert call(sandbox, query("VENDOR", ["RECORDNO"], shallow)).statuses == ["success"]
