"""Every shape of a reply that the wire facts know, and anything else a server might send."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_intacct.client import errors as e
from airflow_provider_intacct.client.xml.reply import Reply, parse_reply

from . import canned
from .canned import control, error, errors, response, result


def access_error(body: bytes, **about: object) -> e.GatewayError:
    refused = parse_reply(body, **about).access_error  # type: ignore[arg-type]
    assert refused is not None
    return refused


def function_error(inner: str, *, status: str | None = "failure", unique: str = "false") -> e.GatewayError:
    reply = parse_reply(response(result("create", "f1", inner, status), unique=unique))
    assert reply.access_error is None
    assert reply.error is not None
    return reply.error


# --- success -----------------------------------------------------------------------------------------------------


def test_an_empty_result_is_a_success_with_no_rows() -> None:
    data = '<data listtype="SODOCUMENTPARAMS" totalcount="0" offset="0" count="0" numremaining="0"/>'
    reply = parse_reply(response(result("query", "f1", data)))
    reply.raise_for_status()
    (only,) = reply.results
    assert only.ok
    assert only.list_type == "SODOCUMENTPARAMS"
    assert (only.counts.count, only.counts.total, only.counts.remaining, only.counts.offset) == (0, 0, 0, 0)
    assert only.data is not None
    assert len(only.data) == 0


def test_the_parts_of_a_reply_are_told() -> None:
    reply = parse_reply(response(result("read", "f1"), unique="true", entity="100"))
    assert (reply.control.sender_id, reply.control.control_id, reply.control.unique) == ("SANDBOX", "c1", True)
    authentication = reply.authentication
    assert authentication is not None
    assert (authentication.user_id, authentication.company_id, authentication.entity_id) == ("etl", "DEMO", "100")
    assert authentication.seconds_left == 21600


def test_an_old_reply_without_a_session_timeout_is_read() -> None:
    authentication = parse_reply(response(lifetime=None)).authentication
    assert authentication is not None
    assert authentication.timeout is None
    assert authentication.seconds_left is None


def test_a_cursor_is_an_attribute_and_a_single_page_has_none() -> None:
    data = '<data listtype="project" count="5" totalcount="35" numremaining="30" resultId="7765623336W-ne68_@"/>'
    (first,) = parse_reply(response(result("readByQuery", "f1", data))).results
    assert first.result_id == "7765623336W-ne68_@"
    assert first.counts.remaining == 30
    (single,) = parse_reply(response(result("readByQuery", "f1", '<data resultId="" count="1"/>'))).results
    assert single.result_id == ""


def test_legacy_lists_count_beside_their_data() -> None:
    body = '<listtype start="0" end="1" total="383">supdoc</listtype><data><supdoc/><supdoc/></data>'
    (only,) = parse_reply(response(result("get_list", "f1", body))).results
    assert only.list_type == "supdoc"
    assert (only.counts.count, only.counts.total, only.counts.remaining, only.counts.offset) == (2, 383, 381, 0)


def test_legacy_creates_return_a_key_and_deletes_nothing() -> None:
    created, deleted = parse_reply(
        response(result("create_bill", "f1", "<key>C1234</key>"), result("delete", "f2"))
    ).results
    assert created.key == "C1234"
    assert deleted.key is None
    assert deleted.ok


def test_created_records_are_named() -> None:
    data = '<data listtype="objects" count="1"><class><RECORDNO>5</RECORDNO><CLASSID>UT01</CLASSID></class></data>'
    (only,) = parse_reply(response(result("create", "f1", data))).results
    (key,) = only.records
    assert (key.object, key.record_number, key.fields["CLASSID"]) == ("class", "5", "UT01")


def test_an_acknowledgement_is_a_success_without_results() -> None:
    body = f"<response><acknowledgement><status>success</status></acknowledgement>{control()}</response>".encode()
    reply = parse_reply(body)
    assert reply.acknowledged
    reply.raise_for_status()


def test_json_and_csv_come_without_an_envelope() -> None:
    (rows,) = parse_reply(b'[{"RECORDNO":"1"}]', "application/json", 200, expected="json").results
    assert (rows.format, rows.body, rows.ok) == ("json", b'[{"RECORDNO":"1"}]', True)
    (lines,) = parse_reply(b'"RECORDNO"\n"1"\n', "application/json", 200, expected="csv").results
    assert lines.format == "csv"
    (none,) = parse_reply(b"", "text/csv", 200, expected="csv").results
    assert none.body == b""


def test_json_and_csv_are_recognised_when_nobody_says_what_was_asked() -> None:
    assert parse_reply(b"[]", "application/json").results[0].format == "json"
    assert parse_reply(b" [ ]").results[0].format == "json"
    assert parse_reply(b"A,B\n1,2", "text/csv").results[0].format == "csv"


def test_an_error_is_xml_also_when_json_was_asked_for() -> None:
    body = response(result("query", "f1", errors(error("Query Failed", "Object definition BAD not found")), "failure"))
    failed = parse_reply(body, "application/json", 200, expected="json").error
    assert isinstance(failed, e.ObjectNotFoundError)


@pytest.mark.parametrize(
    "content_type",
    [
        'text/xml; encoding="UTF-8"',
        'text/xml; encoding="UTF-8";charset=UTF-8',
        "application/xml",
        "text/html",
        "",
        None,
    ],
)
def test_the_content_type_does_not_decide_what_xml_is(content_type: str | None) -> None:
    parse_reply(response(result("read", "f1")), content_type, 200).raise_for_status()


# --- refusals of the whole request -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "kind", "level"),
    [
        (canned.WRONG_SENDER, e.SenderError, "control"),
        (canned.WRONG_PASSWORD, e.SignInError, "authentication"),
        (canned.LOCKED_OUT, e.LockedOutError, "authentication"),
        (canned.UNAUTHORISED_SENDER, e.SenderNotAuthorisedError, "authentication"),
        (canned.INVALID_SESSION, e.InvalidSessionError, "authentication"),
        (canned.THROTTLED, e.ThrottledError, "control"),
        (canned.GATEWAY_TIER, e.SenderError, "control"),
        (
            canned.control_failure(error("PL04000055", "This company is a demo company and has expired.")),
            e.NotSubscribedError,
            "control",
        ),
        (
            canned.control_failure(error("XL03000003", "XML Parse schema error: Error 1871: Element 'x': ...")),
            e.SchemaError,
            "control",
        ),
        (
            canned.control_failure(
                error("XMLGW_JPP0002", "Sign-in information is incorrect. Please check your request.")
            ),
            e.SignInError,
            "control",
        ),
        (
            canned.sign_in_failure(
                error(
                    "",
                    "This company is not authorized for XML transactions. Please subscribe to the XML Gateway.",
                )
            ),
            e.NotSubscribedError,
            "authentication",
        ),
        (
            canned.control_failure(error("XL03000006", "test is not a valid transport policy.")),
            e.PolicyError,
            "control",
        ),
        (
            canned.sign_in_failure(error("XL03000006", "Your IP address is not allowed")),
            e.SignInError,
            "authentication",
        ),
        (canned.sign_in_failure(), e.SignInError, "authentication"),
    ],
)
def test_one_number_is_many_refusals_told_apart_by_level_and_text(
    body: bytes, kind: type[e.GatewayError], level: str
) -> None:
    refused = access_error(body)
    assert type(refused) is kind
    assert refused.level == level


def test_a_control_block_with_nothing_but_a_status_is_read() -> None:
    refused = access_error(canned.GATEWAY_TIER, status=400)
    assert refused.support_id == "AC47C2BE:D9EE_63EBC07F.59"
    assert "GW-0011: Invalid Request" in str(refused)


def test_whatever_is_refused_to_a_session_is_the_session() -> None:
    assert type(access_error(canned.WRONG_PASSWORD, by_session=True)) is e.InvalidSessionError
    unknown = canned.sign_in_failure(error("XL03000006", "Your session has ended"), user="")
    assert type(access_error(unknown, by_session=True)) is e.InvalidSessionError
    assert type(access_error(canned.LOCKED_OUT, by_session=True)) is e.LockedOutError


def test_a_session_id_that_intacct_repeats_is_withheld() -> None:
    assert "secretsession" not in str(access_error(canned.INVALID_SESSION))


def test_a_secret_that_a_server_repeats_is_withheld() -> None:
    body = canned.control_failure(error("XL03000006", "no such password: sender-Secret-7Qf"))
    assert "Secret" not in str(access_error(body, withhold=("sender-Secret-7Qf",)))


@pytest.mark.parametrize(
    "repeated", ["p&amp;lt;w-Secret", "p%3Cw-Secret", "no such user [Support ID: a%20p%3cw-Secret]"]
)
def test_a_secret_repeated_in_another_spelling_is_withheld_too(repeated: str) -> None:
    reply = parse_reply(canned.control_failure(error("X", repeated)), withhold=("p<w-Secret",))
    assert reply.error is not None
    assert "w-Secret" not in f"{reply.error} {reply.error.support_id} {reply!r}"


def test_http_429_is_throttling_whatever_its_body() -> None:
    with pytest.raises(e.ThrottledError) as caught:
        parse_reply(b"slow down", "text/plain", 429, retry_after=7.0)
    assert caught.value.retry_after == 7.0
    assert not caught.value.in_doubt
    assert access_error(canned.THROTTLED, status=429, retry_after=3.0).retry_after == 3.0


def test_an_xml_error_with_http_5xx_leaves_a_write_in_doubt() -> None:
    body = (
        b"<response><control><status>failure</status></control><errormessage><error><errorno>GW-0001</errorno>"
        b"<description>Unable to process request</description></error></errormessage></response>"
    )
    assert access_error(body, status=503).in_doubt
    assert access_error(body, status=200).in_doubt  # GW-0001 is the front door's, whatever HTTP says
    off_line = canned.control_failure(error("", "The Service is Temporarily Off-line", "Please Try Again Later"))
    assert not access_error(off_line, status=200).in_doubt
    assert access_error(off_line, status=503).in_doubt


# --- refusals of functions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stack", "kind"),
    [
        ([error("DL02000001", "There was an error processing the request.", "", "Error")], e.FunctionError),
        ([error("PL04000005", "You do not have permission for API operation READ_BY_QUERY on objects of type x")],
         e.PermissionDeniedError),
        (["<error><description2>You do not have permission to view audit history</description2></error>"],
         e.PermissionDeniedError),
        ([error("XL03000006", "The following fields cannot be queried: [PROJECT: [CFDA] ]")], e.FieldsDeniedError),
        ([error("Query Failed", "Object definition BADOBJECT not found")], e.ObjectNotFoundError),
        ([error("WS", "Object definition VENDOR2 not found")], e.ObjectNotFoundError),
        ([error("XXX", "Object type CLASS1 not found")], e.ObjectNotFoundError),
        ([error("XL03000009", "Object definition SODOCUMENTPARAMS not found", "", "There was an error")],
         e.ObjectNotFoundError),
        ([error("Invalid fields list x")], e.FunctionError),
        ([error("Cannot update non-existing CLASS with CLASSID=UT99.")], e.RecordNotFoundError),
        ([error("BL01001973", "Cannot find class with key 'UT01' to delete.")], e.RecordNotFoundError),
        ([error("readMore failed", "Attempt to readMore with an invalid or expired resultId: bad")],
         e.CursorExpiredError),
        ([error("readMore failed", "Results for reportId xyz789 do not exist.")], e.CursorExpiredError),
        ([error("BL34000061", "Another Project with the given value(s) X  already exists"),
          error("BL01001973", "Could not create project record!")], e.RecordExistsError),
        ([error("BL03002185", "A transaction with that number already exists")], e.RecordExistsError),
        ([error("PL05000104")], e.RecordExistsError),
        ([error("", "A successful transaction has already been recorded with the control id af-1")],
         e.AlreadyRecordedError),
        ([error("", "concurrent request in process")], e.InProcessError),
        ([error("", "API rate limit exceeded")], e.ThrottledError),
        ([error("", "The Service is Temporarily Off-line", "Please Try Again Later")], e.UnavailableError),
        ([error("BL01001973", "The period containing 01/31/2025 is closed.")], e.ClosedPeriodError),
        ([error("BL01001973", "The reporting period does not allow closed tasks")], e.FunctionError),
        ([error("BL01001973", "Unable to process request: the vendor is on hold")], e.FunctionError),
        ([error("BL01001973", "This operation cannot be performed on a draft")], e.FunctionError),
        ([error("", "")], e.FunctionError),
        ([], e.FunctionError),
    ],
)  # fmt: skip
def test_what_a_function_is_refused_for(stack: list[str], kind: type[e.GatewayError]) -> None:
    refused = function_error(errors(*stack))
    assert type(refused) is kind
    assert (refused.level, refused.function, refused.control_id) == ("function", "create", "f1")


@pytest.mark.parametrize(
    ("control_id", "unique", "kind"),
    [
        ("af-0123456789abcdef", "true", e.AlreadyRecordedError),
        ("af-0123456789abcdef", "false", e.FunctionError),
        ("1", "true", e.FunctionError),
    ],
)
def test_a_refusal_that_names_the_id_it_was_sent_under_is_one_of_a_repetition(
    control_id: str, unique: str, kind: type[e.GatewayError]
) -> None:
    inner = errors(error("BL01001973", f"Duplicate: {control_id} (1)"))
    reply = parse_reply(response(result("create", control_id, inner, "failure"), unique=unique))
    assert type(reply.error) is kind


def test_partial_success_keeps_what_was_committed() -> None:
    reply = parse_reply(response(result("create", "f1", canned.PARTIAL, "failure")))
    (only,) = reply.results
    assert [key.record_number for key in only.records] == ["1424"]
    with pytest.raises(e.RecordExistsError, match="Already written before the error, and kept: project 1424") as caught:
        reply.raise_for_status()
    assert caught.value.committed == only.records
    assert caught.value.support_id == "EsppO~EZEcj0DEGV_L5hm95".replace("~E", "~")
    assert [entry.errorno for entry in caught.value.errors] == ["BL34000061", "BL01001973", "BL01001973"]


@pytest.mark.parametrize("culprits_status", ["failure", "aborted"])
def test_of_a_rolled_back_transaction_the_culprit_is_raised(culprits_status: str) -> None:
    reply = parse_reply(
        response(
            result("create", "f1", errors(canned.ROLLED_BACK), "aborted"),
            result(
                "create",
                "f2",
                errors(error("BL34000061", "Another Vendor already exists"), canned.ROLLED_BACK),
                culprits_status,
            ),
            result("create", "f3", errors(canned.ROLLED_BACK), "aborted"),
        )
    )
    assert [type(each.error) for each in reply.results] == [
        e.RolledBackError, e.RecordExistsError, e.RolledBackError,
    ]  # fmt: skip
    with pytest.raises(e.RecordExistsError, match="nothing of this request was booked") as caught:
        reply.raise_for_status()
    assert caught.value.control_id == "f2"


def test_aborted_alone_is_no_success() -> None:
    (only,) = parse_reply(response(result("create", "f1", "", "aborted"))).results
    assert not only.ok
    assert only.error is not None


def test_records_of_a_rolled_back_create_do_not_count_as_written() -> None:
    data = '<data listtype="objects" count="1"><class><RECORDNO>5</RECORDNO></class></data>'
    (only,) = parse_reply(response(result("create", "f1", data + errors(canned.ROLLED_BACK), "aborted"))).results
    assert only.records == ()


def test_a_result_without_a_status_is_a_function_carried_out_before() -> None:
    assert type(function_error("", status=None, unique="true")) is e.AlreadyRecordedError


def test_a_result_without_a_status_is_no_success_without_uniqueid_either() -> None:
    assert type(function_error("", status=None, unique="false")) is e.FunctionError


def test_a_refused_function_does_not_hide_its_neighbours() -> None:
    reply = parse_reply(
        response(
            result("read", "f1", errors(error("Invalid fields list x")), "failure"),
            result("read", "f2", '<data count="0"/>'),
        )
    )
    assert [each.ok for each in reply.results] == [False, True]


# --- what is no reply --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 500, 502, 503, 504, 520, 524])
def test_a_page_of_the_cdn_means_intacct_cannot_be_reached(status: int) -> None:
    with pytest.raises(e.UnavailableError) as caught:
        parse_reply(canned.CLOUDFLARE, "text/html; charset=UTF-8", status)
    assert caught.value.in_doubt
    assert "Bad gateway" not in str(caught.value)
    assert str(status) in str(caught.value)


def test_a_page_that_is_no_well_formed_xml_is_not_shown_either() -> None:
    page = b"<html><head><meta charset=utf-8></head><body>token=abc"
    with pytest.raises(e.UnavailableError) as caught:
        parse_reply(page, "text/html", 503)
    assert "abc" not in str(caught.value)


def test_a_redirect_is_not_followed() -> None:
    with pytest.raises(e.MalformedReplyError, match="redirect is not followed"):
        parse_reply(b"", "text/html", 302)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   \r\n",
        b"OK",
        b"<response>",
        b"<response/>",
        b"<response><control><status>success</status></control></response>",
        b"<other><thing/></other>",
        response(result("read", "f1"))[:-20],
        b"{}",
    ],
)
def test_what_is_no_intacct_reply_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(e.MalformedReplyError) as caught:
        parse_reply(body, "text/xml", 200)
    assert caught.value.in_doubt


def test_a_refusal_by_a_proxy_is_no_doubt_about_intacct() -> None:
    with pytest.raises(e.GatewayError) as caught:
        parse_reply(b"<html>Forbidden</html>", "text/html", 403)
    assert not caught.value.in_doubt
    assert not caught.value.retryable


def test_several_roots_are_read_as_one_reply() -> None:
    body = response(result("read", "f1")) + b"<notice>maintenance tonight</notice>"
    parse_reply(body).raise_for_status()


@pytest.mark.parametrize("dirt", [b"\x0b", b"\x00", b"&#11;", b"&#x1F;", b"\xff", b"&#55296;"])
def test_characters_that_xml_forbids_do_not_cost_the_rows(dirt: bytes) -> None:
    body = response(result("read", "f1", "<data><VENDOR><NAME>Ac?me</NAME></VENDOR></data>")).replace(
        b"?me", dirt + b"me"
    )
    data = parse_reply(body).results[0].data
    assert data is not None
    assert data.findtext("VENDOR/NAME") == "Ac\ufffdme"


def test_entities_are_neither_expanded_nor_fetched() -> None:
    bomb = b'<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY x SYSTEM "file:///etc/passwd">]>'
    body = bomb + response(result("read", "f1", "<key>&b;&x;</key>")).split(b"?>", 1)[1]
    assert "root" not in repr(parse_reply(body).results[0].key)


def test_a_very_long_text_is_read() -> None:
    attachment = "QUJD" * 4_000_000
    (only,) = parse_reply(response(result("get", "f1", f"<data><d>{attachment}</d></data>"))).results
    assert only.data is not None
    assert len(only.data.findtext("d") or "") == len(attachment)


def read_leniently(body: bytes, content_type: str | None, status: int | None) -> Reply | None:
    try:
        reply = parse_reply(body, content_type, status)
        str(reply.error)
        for each in reply.results:
            str(each.error)
    except e.IntacctError as failure:
        str(failure)
        return None
    return reply


@given(st.binary(max_size=300), st.sampled_from([None, "text/xml", "text/html", "application/json", "text/csv"]))
@example(b"\xef\xbb\xbf<response/>", None)
@example(b"<?xml version='1.0' encoding='UTF-16'?><response/>", None)
@example(b"<?xml version='1.0' encoding='nonsense'?><response/>", None)
@example(b"\xff\xfe<\x00r\x00/\x00>\x00", None)
def test_arbitrary_bytes_raise_nothing_but_our_own_errors(body: bytes, content_type: str | None) -> None:
    for status in (None, 200, 302, 404, 503):
        read_leniently(body, content_type, status)


FRAGMENTS = st.sampled_from(
    [
        "<response>", "</response>", "<control>", "</control>", "<status>success</status>", "<status>failure</status>",
        "<operation>", "</operation>", "<authentication>", "</authentication>", "<result>", "</result>", "<data>",
        "</data>", '<data count="x" totalcount="-1"/>', "<errormessage>", "</errormessage>", "<error>", "</error>",
        "<errorno>XL03000006</errorno>", "<description2>x{}%s</description2>",
        "<listtype start='a' total='1'>v</listtype>",
        "<sessiontimeout>soon</sessiontimeout>", "<sessiontimestamp>2026-01-01T00:00:00</sessiontimestamp>",
        "<!-- c -->", "<?pi x?>", "&#0;", "<key/>", "<html>", "text", "<uniqueid>maybe</uniqueid>",
    ]
)  # fmt: skip


@given(st.lists(FRAGMENTS, max_size=25))
def test_a_reply_in_pieces_raises_nothing_but_our_own_errors(pieces: list[str]) -> None:
    read_leniently("".join(pieces).encode(), "text/xml", 200)
    read_leniently(f"<response>{''.join(pieces)}</response>".encode(), None, None)
    balanced = [piece for piece in pieces if re.match(r"<(\w+)[^>]*>.*</\1>|<[^>]*/>|<[!?]", piece)]
    inner = "".join(balanced)
    for place in ("control", "operation", "operation><result", "operation><authentication"):
        close = "></".join(reversed([part.strip("<") for part in place.split("><")]))
        read_leniently(f"<response>{control()}<{place}>{inner}</{close}></response>".encode(), None, None)
