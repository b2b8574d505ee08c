"""Reports: waited for, read to the end, and never short of a page, whatever is lost on the way."""

import asyncio
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_intacct.client import AsyncIntacctClient, Credentials, IntacctClient
from airflow_provider_intacct.client import errors as e
from airflow_provider_intacct.client.retry import RetryPolicy
from airflow_provider_intacct.client.xml import balances, reports
from airflow_provider_intacct.client.xml.elements import write
from airflow_provider_intacct.client.xml.reports import Pending, Report
from airflow_provider_intacct.client.xml.session import SessionPool

from .canned import error, errors, response, result
from .gateway_server import Answer, Script, Seen, Server, serving

QUICK = RetryPolicy(first_wait=0.01, longest_wait=0.02)
GONE = errors(error("readMore failed", "Results for reportId R-1 do not exist."))


def answered(seen: Seen, inner: str, status: str = "success") -> bytes:
    return response(result(seen.functions[0], seen.control_ids[0], inner, status))


def pending(number: int = 1, status: str = "PENDING") -> str:
    return f"<data><report_results><REPORTID>R-{number}</REPORTID><STATUS>{status}</STATUS></report_results></data>"


def page(rows: list[str], total: int, remaining: int, *, wrapped: bool = True, listtype: str = "report") -> str:
    head = f'<data listtype="{listtype}" count="{len(rows)}" totalcount="{total}" numremaining="{remaining}">'
    if wrapped:
        return f"{head}<report>{''.join(f'<data>{row}</data>' for row in rows)}</report></data>"
    return head + "".join(f"<report>{row}</report>" for row in rows) + "</data>"


class Company:
    """Makes one report of `rows`, `polls` answers after it was started; a page is read once, the last deletes it."""

    def __init__(self, rows: int = 5, size: int = 2, polls: int = 1) -> None:
        self.rows = [f"<NAME>N{number}</NAME><AMOUNT>{number}.10</AMOUNT>" for number in range(rows)]
        self.size = size
        self.polls = polls
        self.started = 0
        self.left: dict[str, list[str]] = {}
        self.waiting: dict[str, int] = {}
        self.lost: set[int] = set()  # numbers of readMore calls whose reply is lost after the page was read
        self.unheard: set[int] = set()  # ... whose request never arrived
        self.asked = 0

    def __call__(self, server: Server, seen: Seen) -> Answer | bytes:
        if seen.functions == ["readReport"]:
            self.started += 1
            self.left[f"R-{self.started}"] = list(self.rows)
            self.waiting[f"R-{self.started}"] = self.polls
            return answered(seen, pending(self.started))
        self.asked += 1
        if self.asked in self.unheard:
            return Answer(b"", 503)
        given = self.more(seen, seen.text.split("<reportId>")[1].split("<")[0])
        return Answer(drop=True) if self.asked in self.lost else given

    def more(self, seen: Seen, report: str) -> bytes:
        if report not in self.left:
            return answered(seen, GONE, "failure")
        if self.waiting[report]:
            self.waiting[report] -= 1
            return answered(seen, pending(int(report[2:])))
        rows, rest = self.left[report][: self.size], self.left[report][self.size :]
        if rest:
            self.left[report] = rest
        else:
            del self.left[report]
        return answered(seen, page(rows, len(self.rows), len(rest)))


def client(server: Server, **options: Any) -> IntacctClient:
    return IntacctClient(
        Credentials("DEMO", "etl", "etl-Secret", "SANDBOX", "sender-Secret", endpoint=server.endpoint),
        pool=SessionPool(), retry=QUICK, timeout=5, **options,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "FIRST_POLL_SECONDS", 0.001)


def read(script: Script, name: str = "Aging", **options: Any) -> list[dict[str, Any]]:
    with serving(script) as server, client(server) as made:
        return made.report(name, **options)


NAMES = [f"N{number}" for number in range(5)]


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["NAME"] for row in rows]


# --- what is sent ---------------------------------------------------------------------------------------------------


def test_a_report_is_started_with_its_arguments_and_waited_for_on_the_server() -> None:
    made = Report("TestBill2", {"REPORTPERIOD": "Current Month"}, page_size=500).function()
    assert write(made.element) == (
        "<readReport><report>TestBill2</report><arguments><REPORTPERIOD>Current Month</REPORTPERIOD></arguments>"
        "<waitTime>30</waitTime><pagesize>500</pagesize></readReport>"
    )
    assert made.repeatable


def test_a_standard_report_carries_the_function_itself() -> None:
    function = balances.get_account_balances_by_dimensions(period="2026", group_by=["location"])
    assert write(reports.standard_report(function, page_size=5).function(0).element) == (
        '<readReport type="STANDARD" returnDef="false"><report>get_accountbalancesbydimensions</report><arguments>'
        "<get_accountbalancesbydimensions><reportingperiodname>2026</reportingperiodname><groupby>location</groupby>"
        "</get_accountbalancesbydimensions></arguments><waitTime>0</waitTime><pagesize>5</pagesize></readReport>"
    )


def test_dates_are_written_as_the_kind_of_report_takes_them() -> None:
    asked = {"x": {"startdate": date(2026, 1, 31)}}
    assert "<startdate>01/31/2026</startdate>" in write(Report("X", asked).function().element)
    taken_apart = "<startdate><year>2026</year><month>01</month><day>31</day></startdate>"
    assert taken_apart in write(Report("X", asked, "STANDARD").function().element)


def test_a_library_report_and_a_definition_are_asked_for_by_attributes() -> None:
    assert 'type="interactive" libraryReport="true"' in write(Report("X", None, "interactive", True).function().element)
    assert write(Report("X").definition().element) == '<readReport returnDef="true"><report>X</report></readReport>'


@pytest.mark.parametrize(
    ("report", "wait", "words"),
    [
        (Report("X", page_size=1001), 0, "page size is 1001"),
        (Report("X", page_size=0), 0, "page size is 0"),
        (Report("X"), 31, "wait is 31"),
        (Report(" "), 0, "report is empty"),
        (Report("X", kind="custom"), 0, "neither interactive nor STANDARD"),  # type: ignore[arg-type]
    ],
)
def test_what_intacct_would_refuse_is_not_sent(report: Report, wait: int, words: str) -> None:
    with pytest.raises(e.InvalidRequestError, match=words):
        report.function(wait)


# --- what comes back ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_a_report_is_read_to_its_end(size: int) -> None:
    company = Company(size=size, polls=2)
    assert names(read(company)) == NAMES
    assert company.started == 1
    assert company.left == {}


def test_an_empty_report_has_no_rows() -> None:
    assert read(Company(rows=0)) == []


def test_rows_may_stand_directly_below_data() -> None:
    def script(server: Server, seen: Seen) -> bytes:
        return answered(seen, page(["<NAME>A</NAME>", "<NAME>B</NAME>"], 2, 0, wrapped=False))

    assert names(read(script)) == ["A", "B"]


def test_a_status_beside_the_rows_is_not_taken_for_one() -> None:
    done = page(["<NAME>A</NAME><STATUS>active</STATUS>"], 1, 0).replace("</report>", "<STATUS>DONE</STATUS></report>")
    assert read(lambda server, seen: answered(seen, done)) == [{"NAME": "A", "STATUS": "active"}]
    empty = page([], 0, 0).replace("</report>", "<STATUS>DONE</STATUS></report>")
    assert read(lambda server, seen: answered(seen, empty)) == []


def test_a_report_may_say_that_it_is_pending_by_its_status_alone() -> None:
    company = Company(polls=2)

    def script(server: Server, seen: Seen) -> Answer | bytes:
        given = company(server, seen)
        assert isinstance(given, bytes)
        if seen.functions == ["readMore"] and b"PENDING" in given:
            return answered(seen, "<data><report><data><STATUS>PENDING</STATUS></data></report></data>")
        return given

    assert names(read(script)) == NAMES


def test_a_report_that_is_ready_at_once_is_read_on_by_its_id() -> None:
    company = Company(polls=0)

    def script(server: Server, seen: Seen) -> Answer | bytes:
        if seen.functions == ["readReport"]:
            company(server, seen)
            first = company.more(seen, "R-1")
            return first.replace(b'<data listtype="report"', b'<data listtype="report" resultId="R-1"')
        return company(server, seen)

    assert names(read(script)) == NAMES


def test_a_report_said_to_be_done_is_read_at_once() -> None:
    company = Company(polls=0)

    def script(server: Server, seen: Seen) -> Answer | bytes:
        given = company(server, seen)
        assert isinstance(given, bytes)
        return given.replace(b"PENDING", b"DONE")

    assert names(read(script)) == NAMES


def test_columns_are_typed_as_told_and_others_stay_text() -> None:
    first = read(Company(), types={"amount": "CURRENCY"})[0]
    assert first == {"NAME": "N0", "AMOUNT": Decimal("0.10")}
    assert read(Company())[0]["AMOUNT"] == "0.10"


def test_a_standard_report_of_balances_has_its_amounts_typed() -> None:
    def script(server: Server, seen: Seen) -> bytes:
        row = "<glaccountno>4000</glaccountno><endbalance>0</endbalance><currency/>"
        return answered(seen, page([row], 1, 0))

    rows = read(script, "get_accountbalancesbydimensions", kind="STANDARD")
    assert rows == [{"glaccountno": "4000", "endbalance": Decimal(0), "currency": None}]


# --- what is lost ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [2, 3, 4])
def test_a_page_whose_reply_is_lost_starts_the_report_again(asked: int) -> None:
    company = Company()
    company.lost = {asked}
    assert names(read(company)) == NAMES
    assert company.started == 2


@pytest.mark.parametrize("asked", [1, 2, 3, 4])
def test_a_page_whose_request_never_arrived_is_asked_for_again_and_nothing_is_started_again(asked: int) -> None:
    company = Company()
    company.unheard = {asked}
    assert names(read(company)) == NAMES
    assert company.started == 1


def test_a_lost_answer_that_the_report_is_pending_costs_nothing() -> None:
    company = Company(polls=3)
    company.lost = {2}
    assert names(read(company)) == NAMES
    assert company.started == 1


def test_a_report_that_loses_pages_every_time_is_given_up() -> None:
    company = Company()
    company.lost = set(range(2, 100, 2))
    with pytest.raises((reports.PagesLostError, e.CursorExpiredError)):
        read(company)
    assert company.started == reports.STARTS


def test_an_outage_that_lasts_is_told_as_it_is() -> None:
    company = Company()
    company.unheard = set(range(2, 100))
    with pytest.raises(e.UnavailableError):
        read(company)
    assert company.started == 1


def test_a_session_that_ends_between_pages_loses_nothing() -> None:
    company = Company()
    ended = errors(error("XL03000006", "Invalid session qT4x...."))

    def script(server: Server, seen: Seen) -> Answer | bytes:
        if company.asked == 2 and len(server.logins) == 1:
            return (
                response()
                .replace(b"<operation>", b"<operation><!-- -->")
                .replace(b"<status>success</status><userid>etl</userid>", b"<status>failure</status><userid/>")
                .replace(b"</operation>", ended.encode() + b"</operation>")
            )
        return company(server, seen)

    assert names(read(script)) == NAMES


# --- what never comes -----------------------------------------------------------------------------------------------


def test_a_report_that_takes_too_long_is_told_and_left_to_intacct() -> None:
    with pytest.raises(e.ReportNotReadyError, match=r"not ready after 0 s"):
        read(Company(polls=1_000_000), timeout=0.05)


@pytest.mark.parametrize("status", ["FAILED", "ERROR", ""])
def test_a_report_that_intacct_gives_up_is_told(status: str) -> None:
    def script(server: Server, seen: Seen) -> bytes:
        return answered(seen, pending(status=status))

    with pytest.raises(e.ReportFailedError, match=status or "empty"):
        read(script)


@pytest.mark.parametrize(
    "inner",
    [
        "<data/>",
        '<data listtype="report" count="2" totalcount="2" numremaining="0"><report><A>1</A></report></data>',
        "<data><report_results><STATUS>PENDING</STATUS></report_results></data>",
    ],
)
def test_an_answer_that_does_not_say_what_it_holds_is_refused(inner: str) -> None:
    with pytest.raises(e.MalformedReplyError):
        read(lambda server, seen: answered(seen, inner))


def test_waits_between_polls_grow_up_to_two_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "FIRST_POLL_SECONDS", 5.0)
    assert [reports.poll_seconds(polls) for polls in (0, 1, 4, 5, 500)] == [5, 10, 80, 120, 120]


# --- step by step, for who waits elsewhere --------------------------------------------------------------------------


def test_a_report_can_be_started_here_and_read_there() -> None:
    company = Company(polls=1)
    with serving(company) as server:
        with client(server) as starting:
            begun = starting.ask_report(Report("Aging"))
            assert begun == Pending("R-1", "PENDING")
        with client(server) as reading:
            assert reading.ask_report(Report("Aging"), begun) == begun
            rows = reading.ask_report(Report("Aging"), begun, types={"AMOUNT": "CURRENCY"})
    assert isinstance(rows, list)
    assert names(rows) == NAMES
    assert rows[1]["AMOUNT"] == Decimal("1.10")


def test_a_report_that_expired_meanwhile_is_started_again_a_few_times() -> None:
    company = Company()
    with serving(company) as server, client(server) as made:
        assert made.ask_report(Report("Aging"), Pending("R-9", starts=2)) == Pending("R-1", starts=3)
        with pytest.raises(e.CursorExpiredError):
            made.ask_report(Report("Aging"), Pending("R-9", starts=3))


def test_a_report_of_which_another_read_a_page_is_not_taken_for_whole() -> None:
    company = Company(polls=0)
    company.left["R-8"], company.waiting["R-8"] = company.rows[2:], 0
    with serving(company) as server, client(server) as made, pytest.raises(reports.PagesLostError, match="2 rows read"):
        made.ask_report(Report("Aging"), Pending("R-8", starts=3))


def test_coroutines_read_reports_too() -> None:
    async def main(server: Server) -> list[dict[str, Any]]:
        credentials = Credentials("DEMO", "etl", "etl-Secret", "SANDBOX", "sender-Secret", endpoint=server.endpoint)
        async with AsyncIntacctClient(credentials, pool=SessionPool(), retry=QUICK, timeout=5) as made:
            return await made.report("Aging")

    with serving(Company()) as server:
        assert names(asyncio.run(main(server))) == NAMES


# --- definitions and views ------------------------------------------------------------------------------------------


def test_a_definition_names_the_prompts() -> None:
    definition = (
        "<data><report_definition><REPORTNAME>X</REPORTNAME><REPORTTYPE>tabular</REPORTTYPE><PARAMETERS><PARAMETER>"
        "<NAME>REPORTPERIOD</NAME><label>Period</label></PARAMETER></PARAMETERS></report_definition></data>"
    )
    with serving(lambda server, seen: answered(seen, definition)) as server, client(server) as made:
        read = made.report_definition("X")
    assert read["REPORTTYPE"] == "tabular"
    assert read["PARAMETERS"] == [{"NAME": "REPORTPERIOD", "label": "Period"}]


LOOKUP = (
    '<data><Type Name="VENDOR" DocumentType=""><Fields><Field><ID>TOTALDUE</ID><DATATYPE>CURRENCY</DATATYPE></Field>'
    "<Field><ID>WHENDUE</ID><DATATYPE>DATE</DATATYPE></Field></Fields></Type></data>"
)
FORMATTING = "<data><userformatting><gmtoffset>-08:00</gmtoffset></userformatting></data>"


def view(lost: set[int]) -> Script:
    """A view of three rows in pages of two, whose numbered answers are lost."""
    count = 0

    def script(server: Server, seen: Seen) -> Answer | bytes:
        nonlocal count
        if seen.functions in (["lookup"], ["readUserFormatting"]):
            return answered(seen, LOOKUP if seen.functions == ["lookup"] else FORMATTING)
        count += 1
        if count in lost:
            return Answer(drop=True)
        head = '<data listtype="vendor" count="{}" totalcount="3" numremaining="{}" resultId="V1">'
        row = "<vendor><TOTALDUE>1.10</TOTALDUE><WHENDUE>01/31/2026</WHENDUE><NAME>A</NAME></vendor>"
        if seen.functions == ["readView"]:
            return answered(seen, head.format(2, 1) + row * 2 + "</data>")
        if any(number in lost for number in (count - 1,)):
            return answered(seen, errors(error("readMore failed", "invalid or expired resultId: V1")), "failure")
        return answered(seen, head.format(1, 0) + row + "</data>")

    return script


@pytest.mark.parametrize("lost", [set(), {1}, {2}])
def test_a_view_is_read_to_its_end_and_typed_by_its_object(lost: set[int]) -> None:
    with serving(view(lost)) as server, client(server) as made:
        rows = made.view("VENDOR#135422@10051", [("TOTALDUE", "greater than", 3)])
    assert rows == [{"TOTALDUE": Decimal("1.10"), "WHENDUE": date(2026, 1, 31), "NAME": "A"}] * 3


def test_a_view_can_be_read_as_text() -> None:
    with serving(view(set())) as server, client(server) as made:
        assert made.view("VENDOR#1@2", typed=False)[0]["TOTALDUE"] == "1.10"


def test_a_trial_balance_leaves_statistical_accounts_out() -> None:
    def script(server: Server, seen: Seen) -> bytes:
        assert "<statistical>exclude</statistical>" in seen.text
        row = "<glaccountno>1000</glaccountno><debits>1.10</debits><credits>0</credits>"
        return answered(seen, f"<data><trialbalance>{row}</trialbalance></data>")

    with serving(script) as server, client(server) as made:
        found = made.trial_balance(start="2026-01-01", end="2026-01-31")
    assert found.differences == {("", ""): Decimal("1.10")}
