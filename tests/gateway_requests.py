"""Raw requests to the sandbox's gateway, written from the wire facts: bytes over a socket, never our own client."""

import gzip
import http.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from lxml import etree

from tests.sandbox_process import GATEWAY_PATH, SandboxProcess

SENDER = ("SANDBOX", "sender-Secret-7Qf")
STRANGER = ("STRANGER", "stranger-Secret-4Rt")
ETL = ("etl", "etl-Secret-9Kd")
AUDITOR = ("auditor", "auditor-Secret-2Lm")
WEST = ("west", "west-Secret-5Xp")
LOCKED = ("locked", "locked-Secret-3Tz")
APPROVER = ("approver", "approver-Secret-6Vb")
CONTROLLER = ("controller", "controller-Secret-8Zt")


@dataclass(frozen=True)
class Answer:
    """An HTTP answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def root(self) -> etree._Element:
        """The XML document."""
        return etree.fromstring(self.body)

    def text(self, path: str) -> str | None:
        """The text at a path below <response>; None where there is no such element."""
        return self.root.findtext(path)

    def texts(self, path: str) -> list[str]:
        """All texts at a path, empty ones as ''."""
        return [element.text or "" for element in self.root.findall(path)]

    @property
    def results(self) -> list[etree._Element]:
        """The results in order."""
        return self.root.findall("operation/result")

    @property
    def statuses(self) -> list[str | None]:
        """The status of each result, None where it has none."""
        return [result.findtext("status") for result in self.results]

    def errors(self, path: str = ".//error") -> list[tuple[str | None, str]]:
        """(errorno, description2 without its support id) of every error in the reply, or at a path."""
        return [
            (error.findtext("errorno"), (error.findtext("description2") or "").partition(" [Support ID: ")[0])
            for error in self.root.iterfind(path)
        ]


def login(user: tuple[str, str] = ETL, company: str = "DEMO", location: str | None = None) -> str:
    """Return a login block."""
    place = "" if location is None else f"<locationid>{escape(location)}</locationid>"
    user_id, password = map(escape, user)
    return (
        f"<login><userid>{user_id}</userid><companyid>{escape(company)}</companyid>"
        f"<password>{password}</password>{place}</login>"
    )


def session(session_id: str) -> str:
    """Return a session block."""
    return f"<sessionid>{escape(session_id)}</sessionid>"


def function(body: str, control_id: str = "f1") -> str:
    """Return a function element around a body."""
    return f'<function controlid="{escape(control_id)}">{body}</function>'


def request(
    *functions: str,
    credential: str | None = None,
    sender: tuple[str, str] = SENDER,
    unique: bool | None = False,
    atomic: bool | None = None,
    control: str = "",
    control_id: str = "c1",
) -> bytes:
    """Return a request document. A function given as a body alone gets the control ids f1, f2, ...

    `unique` and `atomic` None leave the element or attribute out; `control` is added after dtdversion.
    """
    named = [
        item if item.startswith("<function ") else function(item, f"f{number}")
        for number, item in enumerate(functions, start=1)
    ]
    transaction = "" if atomic is None else f' transaction="{str(atomic).lower()}"'
    uniqueid = "" if unique is None else f"<uniqueid>{str(unique).lower()}</uniqueid>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<request><control><senderid>{sender[0]}</senderid><password>{sender[1]}</password>"
        f"<controlid>{control_id}</controlid>{uniqueid}<dtdversion>3.0</dtdversion>{control}</control>"
        f"<operation{transaction}><authentication>{credential or login()}</authentication>"
        f"<content>{''.join(named)}</content></operation></request>"
    ).encode()


def post(
    sandbox: SandboxProcess,
    body: bytes,
    *,
    content_type: str | None = "application/xml",
    headers: Mapping[str, str] | None = None,
    method: str = "POST",
    path: str = GATEWAY_PATH,
    timeout: float = 60.0,
) -> Answer:
    """Send one request on a connection of its own. A broken connection is http.client's or the socket's exception."""
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=timeout)
    sent = dict(headers or {})
    if content_type is not None:
        sent["Content-Type"] = content_type
    try:
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        content = response.read()
        received = {name.lower(): value for name, value in response.getheaders()}
        if received.get("content-encoding") == "gzip":
            content = gzip.decompress(content)
        return Answer(response.status, received, content)
    finally:
        connection.close()


def call(sandbox: SandboxProcess, *functions: str, **options: object) -> Answer:
    """Send functions, `options` as for `request`."""
    return post(sandbox, request(*functions, **options))  # type: ignore[arg-type]


def begin_session(sandbox: SandboxProcess, user: tuple[str, str] = ETL, location: str | None = None) -> str:
    """Sign in and return a session id."""
    answer = call(sandbox, "<getAPISession/>", credential=login(user, location=location))
    session_id = answer.text("operation/result/data/api/sessionid")
    assert session_id, answer.body
    return session_id


def query(object_name: str, fields: Sequence[str], inner: str = "") -> str:
    """Return a query body; `inner` holds filter, orderby, options, pagesize, offset."""
    selected = "".join(f"<field>{field}</field>" for field in fields)
    return f"<query><object>{object_name}</object><select>{selected}</select>{inner}</query>"


def create_department(name: str) -> str:
    """Return the body that creates a department of that id: the smallest write there is."""
    return f"<create><DEPARTMENT><DEPARTMENTID>{name}</DEPARTMENTID><TITLE>{name}</TITLE></DEPARTMENT></create>"


def departments(sandbox: SandboxProcess, names: Sequence[str]) -> list[str]:
    """Return which of the named departments exist, in the order of creation."""
    values = "".join(f"<value>{name}</value>" for name in names)
    asked = query(
        "DEPARTMENT",
        ["DEPARTMENTID"],
        f"<filter><in><field>DEPARTMENTID</field>{values}</in></filter>"
        "<orderby><order><field>RECORDNO</field><ascending/></order></orderby>",
    )
    answer = call(sandbox, asked)
    assert answer.statuses == ["success"], answer.body
    return answer.texts("operation/result/data/DEPARTMENT/DEPARTMENTID")
