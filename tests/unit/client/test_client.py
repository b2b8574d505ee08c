"""What both clients do with a request: send, retry, renew, match, count, and say what went wrong."""

import asyncio
import gc
import json
import logging
import pickle
import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_intacct.client import AsyncIntacctClient, Credentials, IntacctClient
from airflow_provider_intacct.client import errors as e
from airflow_provider_intacct.client.flows import HttpReply
from airflow_provider_intacct.client.posting import Outcome, Posting, Scope, prepare
from airflow_provider_intacct.client.retry import RetryPolicy
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.client.xml.functions import Function, function
from airflow_provider_intacct.client.xml.reply import Reply, Result
from airflow_provider_intacct.client.xml.session import SessionPool

from . import canned
from .canned import error, errors, response, result
from .gateway_server import Answer, Script, Seen, Server, in_turn, serving, succeed

QUICK = RetryPolicy(first_wait=0.01, longest_wait=0.02)
READ = functions.get_dimensions()
SECRETS = ("etl-Secret-9Kd", "sender-Secret-7Qf", "of-this-server")


def create(control_id: str = "af-1") -> Function:
    return functions.create("GLBATCH", {"BATCH_TITLE": "Accrual"}).with_control_id(control_id)


def credentials(server: Server) -> Credentials:
    return Credentials(
        company_id="DEMO",
        user_id="etl",
        password="etl-Secret-9Kd",
        sender_id="SANDBOX",
        sender_password="sender-Secret-7Qf",
        endpoint=server.endpoint,
    )


class Bench:
    """A server and the two clients, of which `execute` uses the one the test is run with."""

    def __init__(self, server: Server, way: str) -> None:
        self.server = server
        self.way = way
        self.pool = SessionPool()
        self.transactions_used = 0

    def execute(self, *each: Function, **how: bool) -> Reply:
        return self._run(lambda client: client.execute(each, **how))  # type: ignore[no-any-return]

    def call(self, each: Function) -> Any:
        return self._run(lambda client: client.call(each))

    def post(self, postings: list[Posting]) -> list[Outcome]:
        return self._run(lambda client: client.post(postings))  # type: ignore[no-any-return]

    def rows(self, object: str, **options: Any) -> list[dict[str, Any]]:
        if self.way == "threads":
            with self._client() as client:
                return list(client.rows(object, **options))

        async def main() -> list[dict[str, Any]]:
            async with self._async_client() as client:
                return [row async for row in client.rows(object, **options)]

        return asyncio.run(main())

    def _client(self) -> IntacctClient:
        return IntacctClient(credentials(self.server), pool=self.pool, retry=QUICK, timeout=5)

    def _async_client(self) -> AsyncIntacctClient:
        return AsyncIntacctClient(credentials(self.server), pool=self.pool, retry=QUICK, timeout=5)

    def _run(self, work: Callable[[Any], Any]) -> Any:
        if self.way == "threads":
            with self._client() as client:
                try:
                    return work(client)
                finally:
                    self.transactions_used = client.transactions_used

        async def main() -> Any:
            async with self._async_client() as client:
                try:
                    return await work(client)
                finally:
                    self.transactions_used = client.transactions_used

        return asyncio.run(main())


@pytest.fixture(params=["threads", "coroutines"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with serving(succeed) as server:
        yield Bench(server, request.param)


def failing(*stack: str, status: str = "failure", inner: str = "") -> Script:
    """Answer every function of a request with this failure."""

    def script(server: Server, seen: Seen) -> bytes:
        pairs = zip(seen.functions, seen.control_ids, strict=True)
        return response(*(result(name, each, inner + errors(*stack), status) for name, each in pairs))

    return script


# --- replies -----------------------------------------------------------------------------------------------------


def test_results_come_in_the_order_of_the_functions_and_know_what_they_are_of(bench: Bench) -> None:
    def backwards(server: Server, seen: Seen) -> bytes:
        pairs = list(zip(seen.functions, seen.control_ids, strict=True))
        return response(*(result(name, each, f"<key>{each}</key>") for name, each in reversed(pairs)))

    bench.server.script = backwards
    reply = bench.execute(create("a"), function("create_bill", {"vendorid": "V1"}).with_control_id("b"), READ)
    assert [(each.function, each.object) for each in reply.results] == [
        ("create", "GLBATCH"), ("create_bill", ""), ("getDimensions", ""),
    ]  # fmt: skip
    assert [each.key for each in reply.results[:2]] == ["a", "b"]


def test_a_function_without_an_answer_leaves_a_doubt(bench: Bench) -> None:
    bench.server.script = lambda server, seen: response(result("create", seen.control_ids[0]))
    with pytest.raises(e.MalformedReplyError, match="answered 1 of the 2 functions") as caught:
        bench.execute(create("a"), create("b"))
    assert caught.value.in_doubt


def test_a_refused_function_stays_in_the_reply_until_asked(bench: Bench) -> None:
    bench.server.script = failing(error("BL01001973", "Could not create GLBATCH record!"))
    reply = bench.execute(create())
    with pytest.raises(e.FunctionError, match="Intacct refused create of GLBATCH: Could not create GLBATCH") as caught:
        reply.raise_for_status()
    assert (caught.value.object, caught.value.control_id) == ("GLBATCH", "af-1")


def test_one_function_called_alone_raises_its_own_refusal(bench: Bench) -> None:
    bench.server.script = failing(error("Query Failed", "Object definition VENDOR9 not found"))
    with pytest.raises(e.ObjectNotFoundError, match="lookup of VENDOR9"):
        bench.call(functions.lookup("VENDOR9"))


def test_json_and_csv_need_a_request_of_their_own(bench: Bench) -> None:
    page = functions.query("VENDOR", ["NAME"], return_format="json")
    with pytest.raises(e.InvalidRequestError, match="alone in its request"):
        bench.execute(page, READ)
    assert bench.server.calls == []


def test_the_options_of_a_request_are_sent(bench: Bench) -> None:
    bench.execute(create(), atomic=True, unique=True)
    (seen,) = bench.server.calls
    assert '<operation transaction="true">' in seen.text
    assert "<uniqueid>true</uniqueid>" in seen.text


# --- trying again ------------------------------------------------------------------------------------------------

THROTTLED_429 = Answer(canned.THROTTLED, 429, headers={"Retry-After": "0"})
PAGE_502 = Answer(canned.CLOUDFLARE, 502, "text/html; charset=UTF-8")
PAGE_524 = Answer(canned.CLOUDFLARE, 524, "text/html; charset=UTF-8")
CUT = Answer(drop=True)
SHORT = Answer(response(result("create", "af-1"))[:-30])
BUSY = failing(error("", "API rate limit exceeded"))
OFF_LINE = failing(error("", "The Service is Temporarily Off-line", "Please Try Again Later"))
RUNNING = failing(error("", "concurrent request in process"))


@pytest.mark.parametrize("fault", [THROTTLED_429, PAGE_502, PAGE_524, CUT, SHORT, BUSY, OFF_LINE])
def test_a_read_survives_what_passes(bench: Bench, fault: Answer | Script) -> None:
    bench.server.script = in_turn(fault, fault, succeed)
    reply = bench.execute(READ)
    assert reply.results[0].ok
    assert reply.attempts == 3


@pytest.mark.parametrize("fault", [THROTTLED_429, PAGE_502, PAGE_524, CUT, SHORT, BUSY, OFF_LINE, RUNNING])
def test_a_guarded_write_is_sent_again_under_the_same_control_id(bench: Bench, fault: Answer | Script) -> None:
    bench.server.script = in_turn(fault, succeed)
    reply = bench.execute(create(), unique=True)
    assert reply.results[0].ok
    assert [seen.control_ids for seen in bench.server.calls] == [["af-1"], ["af-1"]]


def test_a_made_up_control_id_stays_the_same_on_every_try(bench: Bench) -> None:
    bench.server.script = in_turn(CUT, succeed)
    bench.call(functions.create("VENDOR", {"NAME": "Acme"}))
    first, second = bench.server.calls
    assert first.control_ids == second.control_ids != [""]
    assert "<uniqueid>true</uniqueid>" in first.text


@pytest.mark.parametrize("fault", [PAGE_502, PAGE_524, CUT, SHORT])
def test_an_unguarded_write_in_doubt_is_not_sent_again(bench: Bench, fault: Answer) -> None:
    bench.server.script = in_turn(fault, succeed)
    with pytest.raises(e.IntacctError) as caught:
        bench.execute(create())
    assert caught.value.in_doubt
    assert "create GLBATCH (control id af-1)" in str(caught.value)
    assert len(bench.server.calls) == 1


def test_an_unguarded_write_that_was_turned_away_is_sent_again(bench: Bench) -> None:
    bench.server.script = in_turn(THROTTLED_429, BUSY, succeed)
    assert bench.execute(create()).results[0].ok


def test_a_cursor_is_not_moved_twice(bench: Bench) -> None:
    bench.server.script = in_turn(CUT, succeed)
    with pytest.raises(e.ReplyLostError):
        bench.execute(functions.read_more(result_id="R1"))
    assert len(bench.server.calls) == 1


def test_a_second_try_that_finds_the_work_done_says_so(bench: Bench) -> None:
    again = error("", "A successful transaction has already been recorded with the control id af-1")
    bench.server.script = in_turn(CUT, failing(again))
    reply = bench.execute(create(), unique=True)
    assert isinstance(reply.results[0].error, e.AlreadyRecordedError)
    assert reply.attempts == 2


@pytest.mark.parametrize(
    ("then", "kind"),
    [
        (THROTTLED_429, e.ThrottledError),
        (canned.control_failure(error("PL04000055", "This company is a demo company and has expired.")), None),
        (canned.INVALID_SESSION, e.SignInError),
    ],
)
def test_the_doubt_that_an_earlier_try_left_is_not_forgotten(
    bench: Bench, then: Answer | bytes, kind: type[e.IntacctError] | None
) -> None:
    bench.server.sign_in = in_turn(Server.signs_in, canned.WRONG_PASSWORD)
    bench.server.script = in_turn(CUT, then)
    with pytest.raises(kind or e.NotSubscribedError, match="An earlier try of this request may") as caught:
        bench.execute(create(), unique=True)
    assert caught.value.in_doubt
    assert "create GLBATCH (control id af-1)" in str(caught.value)


def test_a_doubt_about_one_request_is_none_about_the_sign_in_that_others_are_refused(bench: Bench) -> None:
    bench.server.sign_in = in_turn(Server.signs_in, canned.WRONG_PASSWORD)
    bench.server.script = in_turn(CUT, canned.INVALID_SESSION)
    with pytest.raises(e.SignInError):
        bench.execute(create(), unique=True)
    with pytest.raises(e.SignInError) as caught:  # the refusal is remembered
        bench.execute(create("af-2"), unique=True)
    assert not caught.value.in_doubt
    assert len(bench.server.logins) == 2


def test_a_reply_says_whether_an_earlier_try_left_a_doubt(bench: Bench) -> None:
    bench.server.script = in_turn(CUT, BUSY)
    assert bench.execute(create(), unique=True).in_doubt
    bench.server.script = in_turn(THROTTLED_429, BUSY)
    assert not bench.execute(create(), unique=True).in_doubt


def test_a_request_that_was_only_turned_away_is_in_no_doubt(bench: Bench) -> None:
    bench.server.script = in_turn(THROTTLED_429)
    with pytest.raises(e.ThrottledError, match="sent 6 times") as caught:
        bench.execute(create(), unique=True)
    assert not caught.value.in_doubt


@pytest.mark.parametrize("answer", [CUT, response(result("getAPISession", "s1"))])
def test_a_sign_in_that_failed_leaves_no_write_in_doubt(bench: Bench, answer: Answer | bytes) -> None:
    bench.server.sign_in = in_turn(answer)
    with pytest.raises(e.IntacctError, match="Request: getAPISession") as caught:
        bench.execute(create(), unique=True)
    assert not caught.value.in_doubt
    assert bench.server.calls == []


@pytest.mark.parametrize(
    ("answers", "status"), [((CUT, BUSY), "in_doubt"), ((CUT, THROTTLED_429), "in_doubt"), ((CUT, succeed), "posted")]
)
def test_what_is_posted_knows_whether_an_earlier_try_may_have_booked_it(
    bench: Bench, answers: tuple[Answer | Script, ...], status: str
) -> None:
    lines = [{"ACCOUNTNO": "6500", "TR_TYPE": sign, "TRX_AMOUNT": Decimal(1)} for sign in (1, -1)]
    postings = prepare([{"JOURNAL": "GJ", "ENTRIES": lines}], scope=Scope("DEMO", key="2026-03"), object_name="GLBATCH")
    bench.server.script = in_turn(*answers)
    assert [outcome.status for outcome in bench.post(postings)] == [status]
    for turned_away in (BUSY, THROTTLED_429):
        bench.server.script = in_turn(turned_away)
        with pytest.raises(e.ThrottledError):
            bench.post(postings)


def test_errors_beside_an_accepted_session_do_not_end_it(bench: Bench) -> None:
    body = canned.authentication() + errors(error("XL03000009", "There was an error processing the operation"))
    bench.server.script = in_turn(f"<response>{canned.control()}<operation>{body}</operation></response>".encode())
    with pytest.raises(e.GatewayError, match="error processing the operation") as caught:
        bench.execute(create())
    assert type(caught.value) is e.GatewayError
    assert len(bench.server.calls) == 1
    assert len(bench.server.logins) == 1


def test_a_gateway_that_cannot_process_a_request_leaves_a_doubt_whatever_http_says(bench: Bench) -> None:
    bench.server.script = in_turn(canned.GATEWAY_TIER.replace(b"GW-0011", b"GW-0001"), succeed)
    with pytest.raises(e.UnavailableError) as caught:
        bench.execute(create())
    assert caught.value.in_doubt
    assert len(bench.server.calls) == 1


def test_a_result_without_a_status_after_uniqueid_is_work_done_before(bench: Bench) -> None:
    bench.server.script = lambda server, seen: response(
        result("create", seen.control_ids[0], status=None), unique="true"
    )
    reply = bench.execute(create(), unique=True)
    assert isinstance(reply.results[0].error, e.AlreadyRecordedError)


def test_the_generic_error_is_tried_once_more_for_reads_only(bench: Bench) -> None:
    generic = failing(error("DL02000001", "There was an error processing the request.", "", "Error"))
    bench.server.script = generic
    assert bench.execute(READ).attempts == 2
    bench.server.script = generic
    assert bench.execute(create(), unique=True).attempts == 1


def test_a_request_that_did_part_of_its_work_is_not_sent_again(bench: Bench) -> None:
    def half(server: Server, seen: Seen) -> bytes:
        done, busy = seen.control_ids
        return response(
            result("create", done), result("create", busy, errors(error("", "API rate limit exceeded")), "failure")
        )

    bench.server.script = half
    reply = bench.execute(create("a"), create("b"))
    assert [each.ok for each in reply.results] == [True, False]
    assert len(bench.server.calls) == 1


def test_a_create_that_stopped_half_way_is_not_sent_again(bench: Bench) -> None:
    written = '<data listtype="objects" count="1"><glbatch><RECORDNO>7</RECORDNO></glbatch></data>'
    bench.server.script = failing(error("", "API rate limit exceeded"), inner=written)
    reply = bench.execute(create())
    assert [key.record_number for key in reply.results[0].records] == ["7"]
    assert len(bench.server.calls) == 1


def test_patience_ends(bench: Bench) -> None:
    bench.server.script = in_turn(PAGE_502)
    with pytest.raises(e.UnavailableError, match=r"getDimensions \(control id \w+\), sent 6 times"):
        bench.execute(READ)
    assert len(bench.server.calls) == 6


def test_a_schema_error_is_told_at_once(bench: Bench) -> None:
    text = "XML Parse schema error: Error 1871: Element 'approveVendor': This element is not expected.. Line: 1."
    bench.server.script = in_turn(canned.control_failure(error("XL03000003", text)))
    with pytest.raises(e.SchemaError, match="approveVendor"):
        bench.execute(READ)
    assert len(bench.server.calls) == 1


# --- what it costs -----------------------------------------------------------------------------------------------


def test_transactions_are_counted_as_intacct_bills_them(bench: Bench) -> None:
    two = functions.create("VENDOR", [{"NAME": "A"}, {"NAME": "B"}])
    bench.execute(READ, two, functions.delete("VENDOR", [1, 2, 3]), function("create_bill", {"vendorid": "V"}))
    assert bench.transactions_used == 1 + 2 + 3 + 1


def test_of_a_create_that_stopped_half_way_what_was_written_is_billed(bench: Bench) -> None:
    bench.server.script = lambda server, seen: response(
        result("create", seen.control_ids[0], canned.PARTIAL, "failure")
    )
    bench.execute(functions.create("PROJECT", [{"NAME": "A"}, {"NAME": "B"}, {"NAME": "C"}]))
    assert bench.transactions_used == 1


def test_what_was_not_carried_out_is_not_billed(bench: Bench) -> None:
    bench.server.script = failing(canned.ROLLED_BACK, status="aborted")
    bench.execute(create(), unique=True)
    bench.server.script = in_turn(canned.WRONG_SENDER)
    with pytest.raises(e.SenderError):
        bench.execute(READ)
    assert bench.transactions_used == 0


def test_each_page_is_billed(bench: Bench) -> None:
    bench.server.script = in_turn(THROTTLED_429, BUSY, succeed)
    bench.execute(READ)
    assert bench.transactions_used == 2  # the throttled function was an answer, the 429 was not


# --- secrets -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [CUT, PAGE_502, canned.WRONG_SENDER, canned.INVALID_SESSION, SHORT])
def test_no_secret_is_in_a_log_or_an_exception(
    bench: Bench, answer: Answer | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bench.execute(READ)
    bench.server.script = in_turn(answer)
    with pytest.raises(e.IntacctError) as caught:
        bench.execute(create())
    told = f"{caught.value} {caught.value!r} {pickle.dumps(caught.value)!r} {caplog.text}"
    assert not [secret for secret in SECRETS if secret in told]
    assert "getDimensions" in caplog.text


def test_every_call_leaves_a_line_for_debugging(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "airflow_provider_intacct")
    bench.execute(create())
    assert re.search(r"create GLBATCH \(control id af-1\): HTTP 200, \d+ bytes in \d+\.\d+ s", caplog.text)


def test_neither_client_shows_a_password(bench: Bench) -> None:
    with bench._client() as client:
        assert "Secret" not in repr(client)
    assert "Secret" not in repr(bench._async_client())


# --- rows --------------------------------------------------------------------------------------------------------

FIELDS = {
    "RECORDNO": "INTEGER", "NAME": "TEXT", "TOTALDUE": "CURRENCY", "WHENDUE": "DATE", "WHENMODIFIED": "TIMESTAMP",
    "ONHOLD": "BOOLEAN",
}  # fmt: skip
LOOKUP = (
    '<data count="1"><Type Name="APBILL" DocumentType=""><Fields>'
    + "".join(f"<Field><ID>{name}</ID><DATATYPE>{kind}</DATATYPE></Field>" for name, kind in FIELDS.items())
    + "</Fields><Relationships><Relationship><OBJECTPATH>VENDOR</OBJECTPATH><OBJECTNAME>VENDOR</OBJECTNAME>"
    "<RELATIONSHIPTYPE>MANY2ONE</RELATIONSHIPTYPE><RELATEDBY>VENDORID</RELATEDBY></Relationship></Relationships></Type>"
    "</data>"
)
VENDOR = (
    '<data count="1"><Type Name="VENDOR"><Fields><Field><ID>NAME</ID><DATATYPE>TEXT</DATATYPE></Field></Fields></Type>'
    "</data>"
)
FORMATTING = (
    "<data><userformatting><recordno>1</recordno><locale>en_US</locale><dateformat>/mdY</dateformat>"
    "<gmtoffset>-08:00</gmtoffset><clock>24</clock></userformatting></data>"
)
BILLS = [
    {"RECORDNO": "1", "NAME": "Rent", "TOTALDUE": "10.10", "WHENDUE": "03/31/2026",
     "WHENMODIFIED": "03/01/2026 12:00:00", "ONHOLD": "false"},
    {"RECORDNO": "2", "NAME": "", "TOTALDUE": "", "WHENDUE": "", "WHENMODIFIED": "", "ONHOLD": "true"},
    {"RECORDNO": "3", "NAME": "Power", "TOTALDUE": "-3.00", "WHENDUE": "04/30/2026",
     "WHENMODIFIED": "03/02/2026 00:00:00", "ONHOLD": "false"},
]  # fmt: skip


def company(server: Server, seen: Seen) -> Answer | bytes:
    """Answer lookup, formatting and query of three bills, by key, in whatever format is asked for."""
    (name,), (control_id,) = seen.functions, seen.control_ids
    if name == "lookup":
        return response(result(name, control_id, VENDOR if "<object>VENDOR<" in seen.text else LOOKUP))
    if name == "readUserFormatting":
        return response(result(name, control_id, FORMATTING))
    after = re.search(r"<greaterthan><field>RECORDNO</field><value>(\d+)", seen.text)
    size = re.search(r"<pagesize>(\d+)", seen.text)
    wanted = re.findall(r"<field>([\w.]+)</field>", seen.text.split("</select>")[0])
    left = [bill for bill in BILLS if int(bill["RECORDNO"]) > (int(after.group(1)) if after else 0)]
    page = left[: int(size.group(1)) if size else 100]
    shown = [{field: bill.get(field, "x") for field in wanted} for bill in page]
    if "<returnformat>json" in seen.text:
        return Answer(json.dumps(shown).encode(), content_type="application/json")
    if "<returnformat>csv" in seen.text:
        lines = [wanted, *(list(row.values()) for row in shown)] if shown else []
        text = "\n".join(",".join(f'"{value}"' for value in line) for line in lines)
        return Answer(text.encode(), content_type="application/json")
    bills = "".join("<APBILL>" + "".join(f"<{f}>{v}</{f}>" for f, v in row.items()) + "</APBILL>" for row in shown)
    counts = f'totalcount="{len(left)}" offset="0" count="{len(page)}" numremaining="{len(left) - len(page)}"'
    return response(result(name, control_id, f'<data listtype="APBILL" {counts}>{bills}</data>'))


@pytest.mark.parametrize("returnformat", ["json", "csv", "xml"])
def test_rows_are_the_same_in_every_format_and_typed(bench: Bench, returnformat: str) -> None:
    bench.server.script = company
    rows = bench.rows("APBILL", fields=[*FIELDS], page_size=2, returnformat=returnformat)
    assert rows[0] == {
        "RECORDNO": 1, "NAME": "Rent", "TOTALDUE": Decimal("10.10"), "WHENDUE": date(2026, 3, 31),
        "WHENMODIFIED": datetime(2026, 3, 1, 20, 0, tzinfo=UTC), "ONHOLD": False,
    }  # fmt: skip
    assert rows[1] == {
        "RECORDNO": 2, "NAME": None, "TOTALDUE": None, "WHENDUE": None, "WHENMODIFIED": None, "ONHOLD": True,
    }  # fmt: skip
    assert [row["RECORDNO"] for row in rows] == [1, 2, 3]
    assert [seen.functions for seen in bench.server.calls] == [
        ["lookup"], ["readUserFormatting"], ["query"], ["query"],
    ]  # fmt: skip


def test_csv_that_merely_ends_with_the_connection_is_not_believed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HttpReply, "says_its_end", property(lambda reply: False))
    bench.server.script = company
    with pytest.raises(e.ReplyLostError, match="whether rows are missing"):
        bench.rows("APBILL", fields=["NAME"], returnformat="csv", page_size=1)
    assert len(bench.rows("APBILL", fields=["NAME"], returnformat="json")) == 3  # which does not end before its bracket


@pytest.mark.parametrize(
    "page", [Answer(b"", content_type="text/html"), Answer(b"Service Unavailable", content_type="text/plain")]
)
def test_what_a_proxy_says_is_not_an_empty_page_of_csv(bench: Bench, page: Answer) -> None:
    bench.server.script = lambda server, seen: page if seen.functions == ["query"] else company(server, seen)
    with pytest.raises(e.IntacctError):
        bench.rows("APBILL", fields=["NAME"], returnformat="csv")


@pytest.mark.parametrize("returnformat", ["json", "csv", "xml"])
def test_a_field_named_twice_comes_once(bench: Bench, returnformat: str) -> None:
    bench.server.script = company
    rows = bench.rows("APBILL", fields=["NAME", "name", "RECORDNO"], returnformat=returnformat)
    assert rows[0] == {"NAME": "Rent", "RECORDNO": 1}


def test_rows_that_have_all_come_need_no_session_any_more(bench: Bench) -> None:
    bench.server.lifetime = 0.000001  # over before anything else is asked
    bench.server.script = company
    bench.rows("APBILL", fields=["NAME"])
    assert bench.server.seen[-1].functions == ["query"]


@pytest.mark.parametrize("returnformat", ["json", "csv", "xml"])
def test_while_rows_are_used_the_reply_they_came_in_is_not_kept(returnformat: Any) -> None:
    def replies() -> int:
        for thread in threading.enumerate():
            if thread.name == "intacct-page":  # the next page is on its way while this one is used
                thread.join()
        return sum(type(each) in (Result, HttpReply) for each in gc.get_objects())

    with serving(company) as server, IntacctClient(credentials(server), pool=SessionPool(), page_size=1) as client:
        client.lookup("APBILL")
        gc.collect()
        before = replies()
        held = [replies() - before for _ in client.rows("APBILL", fields=["NAME"], returnformat=returnformat)]
    assert held == [0, 0, 0]


def counting(total: int, recount: int) -> Script:
    """The company of three bills, which says at first that there are `total`, and `recount` when asked again."""

    def script(server: Server, seen: Seen) -> Answer | bytes:
        answer = company(server, seen)
        if seen.functions != ["query"] or not isinstance(answer, bytes):
            return answer
        if "lessthanorequalto" in seen.text:
            return re.sub(rb'totalcount="\d+"', b'totalcount="%d"' % recount, answer)
        return answer if "greaterthan" in seen.text else answer.replace(b'totalcount="3"', b'totalcount="%d"' % total)

    return script


def test_fewer_rows_than_intacct_counts_fail_the_read(bench: Bench) -> None:
    bench.server.script = counting(5, recount=5)
    with pytest.raises(e.IncompleteReadError, match=r"3 records came, but Intacct counted 5 .* counts 5 now"):
        bench.rows("APBILL", fields=["NAME"])
    assert len(bench.server.calls) == 1 + 3  # lookup; the page, the one that shows that no more come, the recount


def test_fewer_rows_than_there_were_are_explained_by_a_recount(bench: Bench) -> None:
    bench.server.script = counting(5, recount=3)
    assert len(bench.rows("APBILL", fields=["NAME"])) == 3


def test_an_extraction_is_read_once() -> None:
    with serving(company) as server, Bench(server, "threads")._client() as client:
        extraction = client.extract("APBILL", fields=["NAME"])
        with pytest.raises(RuntimeError, match="not open"):
            extraction.columns  # noqa: B018
        assert [row["NAME"] for row in extraction] == ["Rent", None, "Power"]
        assert [column.name for column in extraction.columns] == ["NAME"]
        with pytest.raises(RuntimeError, match="read or closed before"):
            list(extraction)


def test_all_fields_are_those_that_lookup_lists(bench: Bench) -> None:
    bench.server.script = company
    assert list(bench.rows("APBILL", limit=1)[0]) == [*FIELDS]


@pytest.mark.parametrize("returnformat", ["json", "csv", "xml"])
def test_pages_know_their_columns_before_they_come(returnformat: Any) -> None:
    with serving(company) as server, Bench(server, "threads")._client() as client:
        fields = ["NAME", "TOTALDUE"]
        with client.extract("APBILL", fields=fields, page_size=1, returnformat=returnformat) as extraction:
            assert [(each.name, each.datatype) for each in extraction.columns] == [
                ("NAME", "TEXT"), ("TOTALDUE", "CURRENCY"),
            ]  # fmt: skip
            assert extraction.key == "RECORDNO"
            pages = list(extraction.raw_pages())
        assert [page.format for page in pages][1:-1] == ["csv" if returnformat == "csv" else "rows"]
        assert [page.as_rows(("NAME", "TOTALDUE")) for page in pages] == [
            [{name: bill[name] for name in fields}] for bill in BILLS
        ]
        report = extraction.report
        assert (report.rows, report.expected, report.distinct_keys, report.pages) == (3, 3, 3, 3)
        assert (report.first_key, report.last_key, report.method) == ("1", "3", "key")


def test_untyped_rows_are_text_and_do_not_ask_for_the_users_zone(bench: Bench) -> None:
    bench.server.script = company
    rows = bench.rows("APBILL", fields=["TOTALDUE", "WHENDUE"], typed=False)
    assert rows[:2] == [{"TOTALDUE": "10.10", "WHENDUE": "03/31/2026"}, {"TOTALDUE": "", "WHENDUE": ""}]
    assert [seen.functions for seen in bench.server.calls] == [["lookup"], ["query"]]


def test_a_time_in_a_filter_is_moved_to_the_users_zone(bench: Bench) -> None:
    bench.server.script = company
    since = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
    bench.rows("APBILL", fields=["NAME"], where="WHENMODIFIED >= :since", params={"since": since})
    assert "<value>03/01/2026 00:00:00</value>" in bench.server.calls[-1].text


def test_a_page_lost_on_the_way_is_asked_for_again(bench: Bench) -> None:
    faults = [CUT, PAGE_502]

    def script(server: Server, seen: Seen) -> Answer | bytes:
        if seen.functions == ["query"] and "greaterthan" in seen.text and faults:
            return faults.pop()
        return company(server, seen)

    bench.server.script = script
    rows = bench.rows("APBILL", fields=["NAME"], page_size=1)
    assert [row["NAME"] for row in rows] == ["Rent", None, "Power"]


def test_a_session_that_ends_between_pages_costs_no_rows(bench: Bench) -> None:
    refusals = [canned.INVALID_SESSION]

    def script(server: Server, seen: Seen) -> Answer | bytes:
        if seen.functions == ["query"] and "greaterthan" in seen.text and refusals:
            return refusals.pop()
        return company(server, seen)

    bench.server.script = script
    assert len(bench.rows("APBILL", fields=["NAME"], page_size=1)) == 3
    assert len(bench.server.logins) == 2


def test_an_unknown_field_is_named_before_anything_is_read(bench: Bench) -> None:
    bench.server.script = company
    with pytest.raises(e.InvalidRequestError, match=r"TOTALDEU.*TOTALDUE"):
        bench.rows("APBILL", fields=["TOTALDEU"])
    with pytest.raises(e.InvalidRequestError, match="has no field STATUS"):
        bench.rows("APBILL", fields=["NAME"], where="STATUS = 'x'")
    assert {name for seen in bench.server.calls for name in seen.functions} == {"lookup"}


def test_a_malformed_filter_costs_nothing(bench: Bench) -> None:
    with pytest.raises(e.WhereError):
        bench.rows("APBILL", fields=["NAME"], where="STATE = = 'x'")
    assert bench.server.seen == []


def test_names_are_spelled_as_intacct_spells_them(bench: Bench) -> None:
    bench.server.script = company
    rows = bench.rows("apbill", fields=["name", "vendor.name"], limit=1)
    assert list(rows[0]) == ["NAME", "VENDOR.NAME"]


def test_rows_left_early_leave_nothing_open() -> None:
    with serving(company) as server, Bench(server, "threads")._client() as client:
        rows = client.rows("APBILL", fields=["NAME"], page_size=1)
        assert next(rows)["NAME"] == "Rent"
        rows.close()  # type: ignore[attr-defined]
        assert client.lookup("APBILL").key == "RECORDNO"
        assert client.user_formatting().date_format == "/mdY"
    assert [seen.functions for seen in server.calls] == [["lookup"], ["query"], ["readUserFormatting"]]
