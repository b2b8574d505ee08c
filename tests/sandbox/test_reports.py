"""readReport: PENDING, then pages that are read once, one job at a time (wire/xml-gateway.md §6.4)."""

import csv
import io
import json
import threading
import time
from decimal import Decimal

import pytest

from tests.gateway_requests import AUDITOR, WEST, begin_session, call, login, query, session
from tests.sandbox.books import accrual, create, key_of, rows
from tests.sandbox.reporting import EAST, Reader, entity, reader, records, refusal, run_report
from tests.sandbox_process import SandboxProcess

MARCH = "<REPORTPERIOD>Month Ended March 2026</REPORTPERIOD>"
WAIT = "<waitTime>30</waitTime>"
GONE = "Results for reportId {} do not exist."
OPEN_BILLS = "Open AP bills by vendor"


def status(reading: Reader, report_id: str) -> str | None:
    """The status of a report that is not done."""
    return reading.more(report_id).text("operation/result/data/report_results/STATUS")


def test_a_report_is_pending_until_it_is_processed(sandbox: SandboxProcess) -> None:
    sandbox.switch(report_seconds=60)
    reading = reader(sandbox)
    report_id, first = reading.submit(run_report(OPEN_BILLS))
    assert (first, status(reading, report_id)) == ("PENDING", "PENDING")
    sandbox.advance(60)
    data = reading.more(report_id).root.find("operation/result/data")
    assert list(data.attrib) == ["listtype", "count", "totalcount", "numremaining"]
    assert data.get("listtype") == "report"
    assert [child.tag for child in data] == ["report"]
    assert {child.tag for child in data[0]} == {"data"}


def test_pages_are_read_once_and_the_last_one_deletes_the_report(sandbox: SandboxProcess) -> None:
    reading = reader(sandbox)
    report_id, _ = reading.submit(run_report(OPEN_BILLS, more=WAIT + "<pagesize>12</pagesize>"))
    counts = []
    for _ in range(3):
        data = reading.more(report_id).root.find("operation/result/data")
        counts.append(tuple(int(data.get(name)) for name in ("count", "totalcount", "numremaining")))
    assert counts == [(12, 30, 18), (12, 30, 6), (6, 30, 0)]
    answer = reading.more(report_id)
    assert answer.statuses == ["failure"]
    assert answer.errors() == [("readMore failed", GONE.format(report_id))]


def test_rows_are_those_of_the_company_in_the_reports_order(sandbox: SandboxProcess) -> None:
    found = reader(sandbox).rows(run_report(OPEN_BILLS, more=WAIT + "<pagesize>7</pagesize>"))
    expected = rows(
        sandbox,
        """SELECT "VENDORID", "RECORDNO", "TOTALDUE" FROM "APBILL" WHERE "STATE" IN ('A', 'PP')
           AND "MEGAENTITYID" IS NULL ORDER BY "VENDORID", "WHENDUE", "RECORDNO" """,
    )
    assert [row["RECORDNO"] for row in found] == [str(row["RECORDNO"]) for row in expected]
    assert sum(Decimal(row["TOTALDUE"]) for row in found) == sum(
        Decimal(row["TOTALDUE"]).scaleb(-2) for row in expected
    )


def test_an_argument_narrows_the_report(sandbox: SandboxProcess) -> None:
    reading = reader(sandbox)
    one = reading.rows(run_report(OPEN_BILLS, "<VENDORID>V001</VENDORID>", WAIT))
    assert {row["VENDORID"] for row in one} == {"V001"}
    march = reading.rows(run_report("GL detail by period", MARCH, WAIT + "<pagesize>1000</pagesize>"))
    assert {row["ENTRY_DATE"][:2] + row["ENTRY_DATE"][-4:] for row in march} == {"032026"}
    assert sum(Decimal(row["DEBITAMOUNT"]) for row in march if row["BASECURR"] == "USD") == sum(
        Decimal(row["CREDITAMOUNT"]) for row in march if row["BASECURR"] == "USD"
    )


def test_a_summary_adds_up_what_its_detail_lists(sandbox: SandboxProcess) -> None:
    reading = reader(sandbox)
    as_of = "<ASOFDATE>06/30/2026</ASOFDATE>"
    aged = reading.rows(run_report("Customer aging", as_of, WAIT))
    buckets = ("NOT_DUE", "DUE_1_30", "DUE_31_60", "DUE_61_90", "DUE_91")
    for row in aged:
        assert sum(Decimal(row[name]) for name in buckets) == Decimal(row["TOTALDUE"])
    spent = reading.rows(run_report("Expenses by department", MARCH, WAIT))
    detail = reading.rows(run_report("GL detail by period", MARCH, WAIT + "<pagesize>1000</pagesize>"))
    lines = [row for row in detail if "5000" <= row["ACCOUNTNO"] <= "7999"]
    assert sum(Decimal(row["AMOUNT"]) for row in spent) == sum(
        Decimal(row["DEBITAMOUNT"]) - Decimal(row["CREDITAMOUNT"]) for row in lines
    )
    assert sum(int(row["LINES"]) for row in spent) == len(lines)


def test_a_report_shows_the_books_as_they_stood_when_it_was_asked_for(sandbox: SandboxProcess) -> None:
    reading = reader(sandbox)
    body = run_report("GL detail by period", MARCH + "<ACCOUNTNO>6500</ACCOUNTNO>", WAIT)
    before = reading.rows(body)
    report_id, _ = reading.submit(body)
    key_of(sandbox, create(accrual("10.00")))
    page = reading.more(report_id).root.find("operation/result/data")
    assert int(page.get("totalcount")) == len(before) < len(reading.rows(body))


def test_the_standard_report_is_the_synchronous_function(sandbox: SandboxProcess) -> None:
    name = "get_accountbalancesbydimensions"
    inner = "<reportingperiodname>Month Ended March 2026</reportingperiodname>"
    inner += f"{EAST}<groupby>location,department</groupby>"
    body = run_report(
        name, f"<{name}>{inner}</{name}>", WAIT + "<pagesize>5</pagesize>", ' type="STANDARD" returnDef="false"'
    )
    pages = list(reader(sandbox).pages(body))
    assert {len(page) for page in pages[:-1]} == {5}
    assert [row for page in pages for row in page] == records(sandbox, f"<{name}>{inner}</{name}>")


def test_wait_time_waits_for_the_report_and_no_longer(sandbox: SandboxProcess) -> None:
    sandbox.switch(report_seconds=0.3)
    started = time.monotonic()
    assert reader(sandbox).submit(run_report(OPEN_BILLS, more=WAIT))[1] == "DONE"
    assert 0.25 < time.monotonic() - started < 10
    sandbox.switch(report_seconds=1000)
    assert reader(sandbox).submit(run_report(OPEN_BILLS, more="<waitTime>1</waitTime>"))[1] == "PENDING"
    text = "waitTime must be between 0 and 30, not 31"
    assert refusal(sandbox, run_report(OPEN_BILLS, more="<waitTime>31</waitTime>"))[1] == text


def test_one_report_is_processed_at_a_time(sandbox: SandboxProcess) -> None:
    sandbox.switch(report_seconds=100)
    reading, other = reader(sandbox), reader(sandbox, credential=login(WEST))
    first, _ = reading.submit(run_report(OPEN_BILLS))
    second, _ = other.submit(run_report(OPEN_BILLS))
    sandbox.advance(101)
    assert status(reading, first) is None
    assert status(other, second) == "PENDING"
    sandbox.advance(100)
    assert status(other, second) is None


def test_more_jobs_at_a_time_are_a_switch(sandbox: SandboxProcess) -> None:
    sandbox.switch(report_seconds=100, report_concurrency=2)
    reading = reader(sandbox)
    ids = [reading.submit(run_report(OPEN_BILLS))[0] for _ in range(3)]
    sandbox.advance(101)
    assert [status(reading, report_id) for report_id in ids] == [None, None, "PENDING"]


def test_a_report_belongs_to_its_user_and_outlives_the_session(sandbox: SandboxProcess) -> None:
    report_id, _ = reader(sandbox, credential=session(begin_session(sandbox))).submit(run_report(OPEN_BILLS, more=WAIT))
    stranger = reader(sandbox, credential=login(WEST)).more(report_id)
    assert stranger.errors() == [("readMore failed", GONE.format(report_id))]
    other_session = reader(sandbox, credential=session(begin_session(sandbox))).more(report_id)
    assert other_session.root.find("operation/result/data/report") is not None


def test_an_unread_report_expires(sandbox: SandboxProcess) -> None:
    sandbox.switch(report_id_seconds=600)
    reading = reader(sandbox)
    report_id, _ = reading.submit(run_report(OPEN_BILLS, more=WAIT))
    sandbox.advance(601)
    assert reading.more(report_id).errors() == [("readMore failed", GONE.format(report_id))]


def test_two_requests_never_get_the_same_page(sandbox: SandboxProcess) -> None:
    sandbox.switch(concurrency=8)
    reading = reader(sandbox)
    report_id, _ = reading.submit(run_report(OPEN_BILLS, more=WAIT + "<pagesize>3</pagesize>"))
    found: list[str] = []
    threads = [
        threading.Thread(
            target=lambda: found.extend(reading.more(report_id).texts("operation/result/data/report/data/RECORDNO"))
        )
        for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(set(found)) == 30


def test_an_empty_report_is_a_self_closed_data_element(sandbox: SandboxProcess) -> None:
    reading = reader(sandbox)
    report_id, _ = reading.submit(run_report(OPEN_BILLS, "<VENDORID>NONE</VENDORID>", WAIT))
    assert b'<data listtype="report" count="0" totalcount="0" numremaining="0"/>' in reading.more(report_id).body
    assert reading.more(report_id).errors() == [("readMore failed", GONE.format(report_id))]


def test_json_and_csv_pages_say_what_xml_says(sandbox: SandboxProcess) -> None:
    reading = reader(sandbox)
    more = WAIT + "<pagesize>20</pagesize>"
    expected = next(reading.pages(run_report(OPEN_BILLS, more=more)))

    def page(form: str) -> bytes:
        report_id, _ = reading.submit(run_report(OPEN_BILLS, more=f"{more}<returnFormat>{form}</returnFormat>"))
        return reading.more(report_id).body

    indexed = json.loads(page("json"))
    assert indexed.pop("STATUS") == "DONE"
    assert list(indexed) == [str(number) for number in range(20)]
    assert list(indexed.values()) == expected
    assert list(csv.DictReader(io.StringIO(page("csv").decode()))) == expected
    sandbox.switch(report_json="array")
    assert json.loads(page("json")) == expected


def test_what_is_open_about_the_answers_are_switches(sandbox: SandboxProcess) -> None:
    sandbox.switch(report_seconds=100, report_pending_shape="report", report_done_status=True)
    reading = reader(sandbox)
    report_id, _ = reading.submit(run_report(OPEN_BILLS))
    assert reading.more(report_id).text("operation/result/data/report/data/STATUS") == "PENDING"
    sandbox.advance(100)
    report = reading.more(report_id).root.find("operation/result/data/report")
    assert (report[-1].tag, report[-1].text) == ("STATUS", "DONE")


def test_several_values_in_a_column_take_the_list_separator(sandbox: SandboxProcess) -> None:
    reading = reader(sandbox)
    plain = {row["ADD_ONS"] for row in reading.rows(run_report("Subscriptions", more=WAIT))}
    assert plain == {"", "Support#~#Training"}
    separated = reading.rows(run_report("Subscriptions", more=WAIT + "<listSeparator>;</listSeparator>"))
    assert {row["ADD_ONS"] for row in separated} == {"", "Support;Training"}


def test_a_definition_is_told_and_nothing_is_run(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, run_report("TestBill2", attributes=' returnDef="true"'))
    definition = answer.root.find("operation/result/data/report_definition")
    assert [child.tag for child in definition] == [
        "REPORTNAME", "REPORTTYPE", "ROOT", "PARAMETERS", "COLUMNS", "SORTBY",
    ]  # fmt: skip
    assert definition.findtext("REPORTTYPE") == "tabular"
    assert definition.findtext("ROOT") == "APBILLITEM"
    [first, _] = definition.findall("PARAMETERS/PARAMETER")
    assert {child.tag: child.text for child in first} == {
        "NAME": "REPORTPERIOD", "label": "Reporting period", "promptOnRun": "false",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "attributes"),
    [("VendorPayments", ' type="interactive"'), ("Chart of accounts", ' libraryReport="true"')],
)
def test_interactive_and_library_reports_are_named_as_such(sandbox: SandboxProcess, name: str, attributes: str) -> None:
    assert reader(sandbox).rows(run_report(name, more=WAIT, attributes=attributes))
    assert refusal(sandbox, run_report(name)) == ("readReport failed", f"Report {name} does not exist.")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (run_report("Nothing"), "Report Nothing does not exist."),
        (run_report(OPEN_BILLS, "<OWNER>me</OWNER>"), f"Invalid argument OWNER for report {OPEN_BILLS}."),
        (run_report("GL detail by period"), "A value for REPORTPERIOD is required to run report GL detail by period."),
        (run_report("GL detail by period", "<REPORTPERIOD>Nevermore</REPORTPERIOD>"),
         "Invalid Reporting period 'Nevermore' specified."),
        (run_report("Customer aging", "<ASOFDATE>2026-06-30</ASOFDATE>"), "Invalid date '2026-06-30' specified."),
        (run_report(OPEN_BILLS, more="<pagesize>1001</pagesize>"), "pagesize must be between 1 and 1000, not 1001"),
        (run_report(OPEN_BILLS, more="<returnFormat>pdf</returnFormat>"), "pdf is not a valid return format"),
        (run_report("get_accountbalancesbydimensions", attributes=' type="STANDARD"'),
         "Invalid arguments for report get_accountbalancesbydimensions."),
        (run_report("get_trialbalance", attributes=' type="STANDARD"'), "Report get_trialbalance does not exist."),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_refused_at_once(sandbox: SandboxProcess, body: str, text: str) -> None:
    assert refusal(sandbox, body)[1] == text


def test_running_custom_reports_is_a_right_of_its_own(sandbox: SandboxProcess) -> None:
    denied = refusal(sandbox, run_report(OPEN_BILLS), credential=login(AUDITOR))
    text = "You do not have permission for API operation READ_REPORT on objects of type report"
    assert denied == ("PL04000005", text)
    name = "get_accountbalancesbydimensions"
    inner = f"<{name}><reportingperiodname>Current Year</reportingperiodname>{EAST}</{name}>"
    standard = run_report(name, inner, WAIT, ' type="STANDARD"')
    assert reader(sandbox, credential=login(AUDITOR)).submit(standard)[1] == "DONE"


def test_a_restricted_user_gets_the_rows_of_its_entity(sandbox: SandboxProcess) -> None:
    body = run_report("GL detail by period", MARCH, WAIT + "<pagesize>1000</pagesize>")
    own = reader(sandbox, credential=login(WEST)).rows(body)
    assert own == reader(sandbox, **entity("200")).rows(body)
    assert {row["LOCATIONID"][0] for row in own} == {"2"}
    assert len(own) < len(reader(sandbox).rows(body))


def test_every_call_is_billed_and_polls_are_a_switch(sandbox: SandboxProcess) -> None:
    sandbox.switch(report_seconds=60)
    reading = reader(sandbox)
    report_id, _ = reading.submit(run_report(OPEN_BILLS))
    status(reading, report_id)
    assert sandbox.control("/sandbox/transactions")["by_function"] == {"readReport": 1, "readMore": 1}
    sandbox.switch(bill_report_polls=False)
    status(reading, report_id)
    sandbox.advance(60)
    reading.more(report_id)
    assert sandbox.control("/sandbox/transactions")["by_function"] == {"readReport": 1, "readMore": 2}


def test_a_report_does_not_outlive_the_process(fresh_sandbox: SandboxProcess) -> None:
    reading = reader(fresh_sandbox)
    report_id, _ = reading.submit(run_report(OPEN_BILLS, more=WAIT))
    fresh_sandbox.kill()
    fresh_sandbox.start()
    assert reading.more(report_id).errors() == [("readMore failed", GONE.format(report_id))]


def test_pages_of_a_report_and_of_a_query_are_read_side_by_side(sandbox: SandboxProcess) -> None:
    reading = reader(sandbox)
    report_id, _ = reading.submit(run_report(OPEN_BILLS, more=WAIT + "<pagesize>10</pagesize>"))
    for _ in range(3):
        assert call(sandbox, query("VENDOR", ["VENDORID"])).statuses == ["success"]
        assert reading.more(report_id).statuses == ["success"]
