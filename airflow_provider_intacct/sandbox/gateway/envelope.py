"""A request document: read, checked against the schema, and taken apart. Refuses to know who may sign in.

The gateway's validator is libxml2, so its messages are reproduced word for word; only the first error is told.
"""

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lxml import etree

OWN_SCHEMA = Path(__file__).with_name("schema.xsd")
_SYNTAX_LEVEL = 3
_VALIDATING = threading.Lock()  # a validator keeps the error log of its last document


@dataclass(frozen=True, slots=True)
class Control:
    """The control block. Elements that were left out are None; an omitted uniqueid means true."""

    sender_id: str
    password: str = field(repr=False)
    control_id: str
    uniqueid: str | None = None
    dtdversion: str | None = None
    policy_id: str | None = None
    whitespace: bool = True
    additional_info: bool = False

    @property
    def unique(self) -> bool:
        """Whether functions that already succeeded under their control id are refused."""
        return self.uniqueid is None or self.uniqueid.strip().lower() != "false"

    @property
    def asynchronous(self) -> bool:
        """Whether the request names a transport policy."""
        return bool((self.policy_id or "").strip())


NO_CONTROL = Control("", "", "")


@dataclass(frozen=True, slots=True)
class Login:
    """Credentials of one request; location_id None is the top level."""

    user_id: str
    company_id: str
    password: str = field(repr=False)
    client_id: str | None = None
    location_id: str | None = None


@dataclass(frozen=True, slots=True)
class SessionId:
    """A session that an earlier getAPISession returned."""

    id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FunctionRequest:
    """One `<function>`: its control id and the function element."""

    control_id: str
    element: etree._Element

    @property
    def name(self) -> str:
        """The function's element name."""
        return str(self.element.tag)

    @property
    def page_size(self) -> int:
        """How many records a page it asks for; 0 where it names no number."""
        text = (self.element.findtext("pagesize") or "").strip()
        return int(text) if text.isdecimal() else 0


@dataclass(frozen=True, slots=True)
class Operation:
    """One `<operation>`: who, atomic or not, and the functions in order."""

    credential: Login | SessionId
    atomic: bool
    functions: tuple[FunctionRequest, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """A whole valid request, and the document it was read from."""

    control: Control
    operations: tuple[Operation, ...]
    document: bytes = field(default=b"", repr=False)


class InvalidDocumentError(Exception):
    """The request is no XML, or not what the schema allows. `text` is the gateway's description2.

    `control` holds what could be read of the control block, for the echo.
    """

    def __init__(self, text: str, control: Control = NO_CONTROL) -> None:
        super().__init__(text)
        self.text = text
        self.control = control


class SchemaFileError(Exception):
    """The schema file cannot be used; the text names it and the reason."""


def load_schema(path: Path | None = None) -> etree.XMLSchema:
    """Return the validator: the sandbox's own schema, or another such as the one Sage publishes."""
    try:
        return etree.XMLSchema(etree.parse(path or OWN_SCHEMA))
    except OSError as error:
        raise SchemaFileError(f"The schema {path} cannot be read: {error}") from error
    except (etree.XMLSyntaxError, etree.XMLSchemaParseError) as error:
        raise SchemaFileError(f"The schema {path} is no XML schema: {error}") from error


def read_request(body: bytes, schema: etree.XMLSchema) -> Request:
    """Return the request, or raise InvalidDocumentError with the gateway's wording."""
    root = _parsed(body)
    try:
        with _VALIDATING:
            schema.assertValid(root)
    except etree.DocumentInvalid as error:
        log: Any = error.error_log
        first = log[0]
        raise InvalidDocumentError(_wording(first.type, first.message, first.line, 0), _control(root)) from error
    operations = tuple(_operation(element) for element in root.iterfind("operation"))
    return Request(_control(root), operations, body)


def _parsed(body: bytes) -> etree._Element:
    # No entity is resolved and no DTD fetched: a 2.1 request may name one, and it must not reach a file or a host.
    # One that declares entities itself is refused: in attributes libxml2 would resolve them all the same.
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root: etree._Element = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        first = next(iter(parser.error_log), None)
        if first is None:
            raise InvalidDocumentError(_wording(4, "Document is empty", 1, 1, fatal=True)) from error
        fatal = first.level >= _SYNTAX_LEVEL
        raise InvalidDocumentError(_wording(first.type, first.message, first.line, first.column, fatal)) from error
    doctype: Any = root.getroottree().docinfo.internalDTD
    if doctype is not None and doctype.entities():
        raise InvalidDocumentError(_wording(1, "Entities are not accepted", 1, 1, fatal=True))
    return root


def _wording(code: int, message: str, line: int, column: int, fatal: bool = False) -> str:
    kind = "Fatal Error" if fatal else "Error"
    return f"XML Parse schema error: {kind} {code}: {message.strip()}. Line: {line}, column: {column}."


def _control(root: etree._Element) -> Control:
    control = root.find("control")
    if control is None:
        return NO_CONTROL
    return Control(
        sender_id=control.findtext("senderid") or "",
        password=control.findtext("password") or "",
        control_id=control.findtext("controlid") or "",
        uniqueid=control.findtext("uniqueid"),
        dtdversion=control.findtext("dtdversion"),
        policy_id=control.findtext("policyid"),
        whitespace=_truth(control.findtext("includewhitespace"), default=True),
        additional_info=_truth(control.findtext("showadditionalerrorinfo"), default=False),
    )


def _truth(text: str | None, *, default: bool) -> bool:
    return default if text is None or not text.strip() else text.strip() in ("true", "1")


def _operation(element: etree._Element) -> Operation:
    functions = tuple(
        FunctionRequest(function.get("controlid", ""), function[0]) for function in element.iterfind("content/function")
    )
    return Operation(_credential(element), element.get("transaction") == "true", functions)


def _credential(operation: etree._Element) -> Login | SessionId:
    login = operation.find("authentication/login")
    if login is None:
        return SessionId((operation.findtext("authentication/sessionid") or "").strip())
    return Login(
        user_id=login.findtext("userid") or "",
        company_id=login.findtext("companyid") or "",
        password=login.findtext("password") or "",
        client_id=login.findtext("clientid"),
        location_id=login.findtext("locationid"),
    )
