"""Reply bytes -> Reply, for every shape the gateway, its front door and the CDN are known to send.

Pure. Whatever the bytes, `parse_reply` returns a Reply or raises an IntacctError. It never runs entities, fetches
nothing and keeps no secret: a session id that Intacct repeats in an error text is withheld.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from html import unescape
from typing import Literal
from urllib.parse import unquote

from lxml import etree

from airflow_provider_intacct.client.errors import (
    ROLLED_BACK,
    ErrorEntry,
    GatewayError,
    IntacctError,
    Level,
    RecordKey,
)
from airflow_provider_intacct.client.xml.refusal import refusal, undelivered

Format = Literal["xml", "json", "csv"]


@dataclass(frozen=True, slots=True)
class Control:
    """The <control> of a reply. A refusal of the outermost gateway carries a status and nothing else."""

    status: str
    sender_id: str = ""
    control_id: str = ""
    unique: bool | None = None
    dtd_version: str = ""


@dataclass(frozen=True, slots=True)
class Authentication:
    """The <authentication> of a reply. The two times are the server's own clock; old replies have no `timeout`."""

    status: str
    user_id: str = ""
    company_id: str = ""
    entity_id: str = ""
    timestamp: datetime | None = None
    timeout: datetime | None = None

    @property
    def seconds_left(self) -> float | None:
        """How long the session lives from the moment of this reply, independent of the clock here; None if not said."""
        if self.timestamp is None or self.timeout is None:
            return None
        return (self.timeout - self.timestamp).total_seconds()


@dataclass(frozen=True, slots=True)
class Counts:
    """How many records: in this answer, in all, still to come, and before it. None where Intacct does not say."""

    count: int | None = None
    total: int | None = None
    remaining: int | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one function.

    `status`   "success", "failure", "aborted", or "" when Intacct sent none (a function it has carried out before)
    `key`      what legacy create functions return; None otherwise
    `data`     the <data> element; None when there is none. Partial success has both `data` and `errors`
    `body`     the bytes of a JSON or CSV answer, which comes without an envelope; None otherwise
    `result_id` what readMore continues; "" when there is no more, or never was (`query`)
    `object`   the object the function was about, if its caller filled it in
    """

    status: str
    function: str = ""
    control_id: str = ""
    key: str | None = None
    data: etree._Element | None = field(default=None, repr=False, compare=False)
    list_type: str = ""
    counts: Counts = Counts()
    result_id: str = ""
    errors: tuple[ErrorEntry, ...] = ()
    unique: bool | None = None
    object: str = ""
    format: Format = "xml"
    body: bytes | None = field(default=None, repr=False)

    @property
    def ok(self) -> bool:
        """Only "success" is success: "aborted" and a missing status are not."""
        return self.status == "success"

    @property
    def rolled_back(self) -> bool:
        """Whether Intacct undid this function with its whole transaction."""
        return any(entry.errorno == ROLLED_BACK and "rolled back" in entry.text for entry in self.errors)

    @property
    def records(self) -> tuple[RecordKey, ...]:
        """What create and update wrote: one entry per record, also of a failure that came after some of them."""
        if self.data is None or self.rolled_back:
            return ()
        return tuple(
            RecordKey(_name(element), {_name(child): _own_text(child) for child in element if _is_element(child)})
            for element in self.data
            if _is_element(element)
        )

    @property
    def error(self) -> GatewayError | None:
        """The refusal as an exception, of the class that fits; None for a success."""
        if self.ok:
            return None
        return refusal(
            self.errors,
            "function",
            function=self.function,
            object=self.object,
            control_id=self.control_id,
            committed=self.records if self.list_type == "objects" else (),
            rolled_back=self.rolled_back,
            no_status=not self.status,
            unique=self.unique,
        )

    def raise_for_status(self) -> None:
        """Raise the FunctionError that fits, unless the function succeeded."""
        if self.error is not None:
            raise self.error


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply: control, authentication, and a result for each function, in order.

    `errors` are those of control or authentication. `attempts` is how often the request was sent to get this reply, and
    `in_doubt` whether a write among the earlier attempts may have been carried out: a function "already recorded" was
    most likely booked by that one.
    """

    control: Control
    authentication: Authentication | None = None
    results: tuple[Result, ...] = ()
    errors: tuple[ErrorEntry, ...] = ()
    acknowledged: bool = False
    http_status: int | None = None
    retry_after: float | None = None
    by_session: bool = False
    attempts: int = 1
    in_doubt: bool = False

    @property
    def access_error(self) -> GatewayError | None:
        """The refusal of the request as a whole (sender, schema, sign-in, session), or None."""
        authentication = self.authentication
        if self.control.status != "success":
            level: Level = "control"
        elif authentication is not None and authentication.status != "success":
            level = "authentication"
        elif self.errors:  # of an operation whose sign-in was accepted: whatever it is, it is not the session
            level = "control"
        else:
            return None
        return refusal(
            self.errors,
            level,
            control_id=self.control.control_id,
            http_status=self.http_status,
            retry_after=self.retry_after,
            by_session=self.by_session,
        )

    @property
    def error(self) -> GatewayError | None:
        """The refusal that matters most: access, then the culprit among the functions, then any other failure."""
        failed = [result for result in self.results if not result.ok]
        culprits = [result for result in failed if any(entry.errorno != ROLLED_BACK for entry in result.errors)]
        return self.access_error or next((result.error for result in [*culprits, *failed]), None)

    def raise_for_access(self) -> None:
        """Raise unless sender and sign-in were accepted; says nothing of the functions."""
        if self.access_error is not None:
            raise self.access_error

    def raise_for_status(self) -> None:
        """Raise unless the whole request succeeded. Of several failures the one that caused the others is raised."""
        if self.error is not None:
            raise self.error


def parse_reply(
    body: bytes,
    content_type: str | None = None,
    status: int | None = None,
    *,
    expected: Format | None = None,
    retry_after: float | None = None,
    by_session: bool = False,
    unique: bool | None = None,
    withhold: tuple[str, ...] = (),
) -> Reply:
    """Read the body of an HTTP reply.

    `expected`   the returnformat asked for, if known: a good JSON or CSV answer has no envelope, an error still is XML
    `unique`     whether uniqueid=true was sent, for replies that do not repeat it
    `withhold`   secrets to strike out of error texts, should a server repeat them

    Raises UnavailableError or ThrottledError for a page of the CDN or load balancer, MalformedReplyError for anything
    that is no Intacct reply. Refusals inside an envelope are returned: see Reply.raise_for_status.
    """
    about = partial(undelivered, status=status, content_type=content_type or "", retry_after=retry_after)
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:512].lower()
    success = status is None or 200 <= status < 300
    if start.startswith(b"<") and not start.startswith((b"<!doctype html", b"<html")):
        root = _read_xml(body)
        if root is None:
            raise about("is XML that breaks off or is not well-formed")
        response = root if _name(root) == "response" else next(iter(root.iter("response")), None)
        if response is None:
            raise about("is not an Intacct reply", page=_name(root) == "html")
        reply = _read_response(response, about, unique=unique, withhold=withhold)
        return replace(reply, http_status=status, retry_after=retry_after, by_session=by_session)
    bare = _bare_format(start, (content_type or "").lower(), expected) if success else None
    if bare:
        return Reply(Control("success"), results=(Result("success", format=bare, body=body),), http_status=status)
    if not start:
        raise about("is empty")
    if start.startswith(b"<"):
        raise about("is a web page", page=True)
    raise about("is neither XML nor the format asked for")


def _bare_format(start: bytes, content_type: str, expected: Format | None) -> Format | None:
    """Tell JSON from CSV. Both have been seen under application/json, and no rows of CSV are an empty body."""
    if start.startswith(b"<") or expected == "xml" or "html" in content_type:
        return None
    if expected == "csv":
        return "csv"
    if start.startswith((b"[", b"{")):
        return "json" if expected or not content_type or "json" in content_type else None
    return "csv" if expected is None and ("csv" in content_type or "json" in content_type) else None


_FORBIDDEN_BYTES = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_CHARACTER_REFERENCE = re.compile(rb"&#(x[0-9a-fA-F]{1,8}|[0-9]{1,10});")
_DECLARATION = re.compile(rb"\A\s*<\?xml[^>]*\?>")


def _read_xml(body: bytes) -> etree._Element | None:
    """Read the body, if need be once more without what XML forbids or as several roots; None if it is beyond repair."""
    for repair in (_as_it_is, _without_forbidden, _under_one_root):
        # A reply declares no entities, so none is resolved; attachments and PDFs exceed libxml2's usual text limit.
        # Nobody looks elements up by id, and a table of them takes a tenth of the time.
        parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            huge_tree=True,
            remove_comments=True,
            remove_pis=True,
            collect_ids=False,
        )
        try:
            return etree.fromstring(repair(body).lstrip(), parser)
        except (etree.XMLSyntaxError, ValueError):
            continue
    return None


def _as_it_is(body: bytes) -> bytes:
    return body


def _without_forbidden(body: bytes) -> bytes:
    """Control characters out of users' data have been seen to pass servers unescaped; show them as unreadable."""
    text = body.decode("utf-8", "replace").encode()
    return _CHARACTER_REFERENCE.sub(_readable, _FORBIDDEN_BYTES.sub("\ufffd".encode(), text))


def _readable(reference: re.Match[bytes]) -> bytes:
    digits = reference.group(1)
    code = int(digits[1:], 16) if digits.startswith(b"x") else int(digits)
    allowed = code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF
    return reference.group() if allowed else "\ufffd".encode()


def _under_one_root(body: bytes) -> bytes:
    return b"<several>" + _DECLARATION.sub(b"", _without_forbidden(body)) + b"</several>"


def _read_response(
    response: etree._Element,
    about: partial[IntacctError],
    *,
    unique: bool | None,
    withhold: tuple[str, ...],
) -> Reply:
    control = response.find("control")
    if control is None:
        raise about("is an Intacct reply without its control part")
    echoed = _text(control, "uniqueid").lower()
    unique = {"true": True, "false": False}.get(echoed, unique)
    operations = response.findall("operation")
    authentications = [found for operation in operations if (found := operation.find("authentication")) is not None]
    refused = [part for part in authentications if _text(part, "status") != "success"]
    authentication = (refused or authentications)[0] if authentications else None
    reply = Reply(
        Control(
            status=_text(control, "status"),
            sender_id=_text(control, "senderid"),
            control_id=_text(control, "controlid"),
            unique=unique,
            dtd_version=_text(control, "dtdversion"),
        ),
        authentication=None if authentication is None else _read_authentication(authentication),
        results=tuple(
            _read_result(result, unique, withhold) for operation in operations for result in operation.findall("result")
        ),
        errors=tuple(entry for part in (response, *operations) for entry in _read_errors(part, withhold)),
        acknowledged=_text(response, "acknowledgement/status") == "success",
    )
    if reply.control.status == "success" and not operations and not reply.errors and not reply.acknowledged:
        raise about("is an Intacct reply that holds no result")
    return reply


def _read_authentication(element: etree._Element) -> Authentication:
    return Authentication(
        status=_text(element, "status"),
        user_id=_text(element, "userid"),
        company_id=_text(element, "companyid"),
        entity_id=_text(element, "locationid"),
        timestamp=_time(_text(element, "sessiontimestamp")),
        timeout=_time(_text(element, "sessiontimeout")),
    )


def _read_result(element: etree._Element, unique: bool | None, withhold: tuple[str, ...]) -> Result:
    data = element.find("data")
    legacy = element.find("listtype")  # get_list counts there: <listtype start= end= total=>
    about: Mapping[str, str] = {str(name): str(value) for name, value in ({} if data is None else data.attrib).items()}
    listed: Mapping[str, str] = {} if legacy is None else {str(n): str(v) for n, v in legacy.attrib.items()}
    total, start, end = _int(listed.get("total")), _int(listed.get("start")), _int(listed.get("end"))
    counts = Counts(
        count=_int(about.get("count")) if legacy is None or data is None else sum(map(_is_element, data)),
        total=_int(about.get("totalcount")) if total is None else total,
        remaining=_int(about.get("numremaining")) if total is None or end is None else max(total - end - 1, 0),
        offset=_int(about.get("offset")) if start is None else start,
    )
    key = element.find("key")
    return Result(
        status=_text(element, "status"),
        function=_text(element, "function"),
        control_id=_text(element, "controlid"),
        key=None if key is None else _own_text(key),
        data=data,
        list_type=about.get("listtype", "") if legacy is None else _own_text(legacy),
        counts=counts,
        result_id=about.get("resultId", ""),
        errors=tuple(_read_errors(element, withhold)),
        unique=unique,
    )


_SESSION_IN_TEXT = re.compile(r"(?i)(invalid session(?: id)?:? ?)\S.*")


def _read_errors(parent: etree._Element, withhold: tuple[str, ...]) -> list[ErrorEntry]:
    def words(error: etree._Element, tag: str) -> str:
        return _without_secrets(_SESSION_IN_TEXT.sub(r"\1(id withheld)", _text(error, tag)), withhold)

    return [
        ErrorEntry(*(words(error, tag) for tag in ("errorno", "description", "description2", "correction")))
        for error in parent.findall("errormessage/error")
    ]


def _without_secrets(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        if len(secret) > 4:  # as Airflow masks: striking out "a" would leave no text
            text = text.replace(secret, "***")
            if secret in unquote(unescape(text)):  # support ids travel so, and are shown decoded
                return "(withheld: it repeats a credential)"
    return text


def _text(parent: etree._Element, path: str) -> str:
    found = parent.find(path)
    return "" if found is None else _own_text(found)


def _own_text(element: etree._Element) -> str:
    return (element.text or "").strip()


def _name(element: etree._Element) -> str:
    return str(element.tag) if _is_element(element) else ""


def _is_element(node: object) -> bool:
    return isinstance(node, etree._Element) and isinstance(node.tag, str)


def _time(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _int(text: str | None) -> int | None:
    try:
        return int(text) if text is not None else None
    except ValueError:
        return None
