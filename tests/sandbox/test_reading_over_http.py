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
