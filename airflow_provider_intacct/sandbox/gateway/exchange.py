"""One HTTP exchange with the gateway, from body to answer: faults, checks in the gateway's order, execution, reply.

What a fault does to it is striking.py's. Knows HTTP as values only (`Answer`); sockets are app.py's.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs

from lxml import etree

from airflow_provider_intacct.sandbox.company import Company
from airflow_provider_intacct.sandbox.faults import Faults

from . import load, reply
from .answers import Answer, refused
from .asynchronous import Queue
from .authentication import ControlRefusedError, SignInRefusedError, check_control, sign_in
from .calls import discover
from .dispatch import Dispatch, Outcome, Trouble
from .envelope import NO_CONTROL, Control, InvalidDocumentError, Operation, Request, read_request
from .limits import Throttle, TooManyOperationsError
from .results import BodyResult, ErrorEntry, Node
from .sessions import Session, Sessions
from .striking import Strike
from .uniqueness import RepeatedError

_XML_TYPES = ("application/xml", "text/xml", "x-intacct-xml-request")
_FORM_TYPE = "application/x-www-form-urlencoded"
_LOG_LENGTH = 1000
_log = logging.getLogger("airflow_provider_intacct.sandbox")


@dataclass(frozen=True, slots=True)
class LogLine:
    """One function of a request as the bench log shows it; never a credential.

    Status: success, failure or aborted; schema, control, busy, signin or queued where it got no further; "fault x"
    where fault x struck, followed by the line of what was executed nevertheless.
    """

    function: str
    controlid: str
    status: str
    user: str
    entity: str | None
    milliseconds: float

    def __str__(self) -> str:
        place = f"{self.user!r} in {self.entity}" if self.entity else repr(self.user)
        return f"{self.function} {self.controlid!r} {self.status} {place} {self.milliseconds} ms"


class Gateway:
    """The XML gateway of one company."""

    def __init__(self, company: Company, schema: etree.XMLSchema, faults: Faults) -> None:
        self._company = company
        self._schema = schema
        self._faults = faults
        self._dispatch = Dispatch(company, discover())
        self._log: deque[LogLine] = deque(maxlen=_LOG_LENGTH)
        self._log_lock = threading.Lock()

    def log(self) -> list[LogLine]:
        """Return the last calls, oldest first."""
        with self._log_lock:
            return list(self._log)

    def forget_log(self) -> None:
        """Empty the log."""
        with self._log_lock:
            self._log.clear()

    def refuse_method(self) -> Answer:
        """Answer anything but a POST."""
        entry = ErrorEntry("XMLGW_JPP0002", description="Sign-in information is incorrect. Please check your request.")
        return refused(ControlRefusedError(entry, NO_CONTROL, status=401, bare=True))

    def answer(self, content_type: str, body: bytes) -> Answer:
        """Answer a POST."""
        if not self._company.part(Throttle).admits():
            return load.throttled(self._company)
        document = self._document(content_type, body)
        if document is None:
            entry = ErrorEntry("GW-0011", description="Invalid Request")
            return refused(ControlRefusedError(entry, NO_CONTROL, status=400, bare=True))
        try:
            request = read_request(document, self._schema)
        except InvalidDocumentError as error:
            return self._invalid(error)
        return self._through_faults(request, self._executed, queued=False)

    def carry_out(self, document: bytes) -> Answer:
        """Answer a request that was queued. TooManyOperationsError passes through: it waits for its turn again."""
        request = read_request(document, self._schema)
        return self._through_faults(request, self._operations, queued=True)

    def _through_faults(
        self, request: Request, execute: Callable[[Request, Trouble], Answer], *, queued: bool
    ) -> Answer:
        functions = [function for operation in request.operations for function in operation.functions]
        pages = max((function.page_size for function in functions), default=0)
        rule = self._faults.strike({function.name for function in functions}, pages, queued=queued)
        if rule is None:
            return execute(request, Trouble())
        self._note_request(request, "fault " + rule.fault)
        return Strike(self._company, rule, request).answer(execute)

    def _executed(self, request: Request, trouble: Trouble) -> Answer:
        """Answer a valid request that no fault kept away. InterruptedOperationError passes through."""
        try:
            check_control(self._company, request.control)
            if request.control.asynchronous:
                return self._queued(request)
            return load.with_limits(self._company, self._operations(request, trouble))
        except ControlRefusedError as error:
            self._note_request(request, "control")
            return refused(error, whitespace=request.control.whitespace)
        except TooManyOperationsError:
            self._note_request(request, "busy")
            return load.too_many_operations(self._company, request.control)

    def _document(self, content_type: str, body: bytes) -> bytes | None:
        kind = content_type.partition(";")[0].strip().lower()
        if kind == _FORM_TYPE:
            fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
            return fields.get("xmlrequest", [""])[0].encode()
        if kind in _XML_TYPES or self._company.switches.text("unknown_content_type") == "read":
            return body
        return None

    def _queued(self, request: Request) -> Answer:
        """Acknowledge an asynchronous request: carried out later, unless its sign-in is asked about now and refused."""
        if self._company.switches.text("async_sign_in") == "received":
            for operation in request.operations:
                try:
                    sign_in(self._company, request.control, operation.credential)
                except SignInRefusedError:
                    return self._operations(request, Trouble())
        answer = self._company.part(Queue).take(request, self.carry_out)
        self._note_request(request, "queued")
        return answer

    def _operations(self, request: Request, trouble: Trouble) -> Answer:
        blocks: list[Node] = []
        bodies: list[BodyResult] = []
        failed = False
        for operation in request.operations:
            block, outcomes = self._operation(operation, request.control, trouble)
            blocks.append(block)
            failed = failed or not outcomes or not all(outcome.succeeded for outcome in outcomes)
            bodies += [outcome.result for outcome in outcomes if isinstance(outcome.result, BodyResult)]
        if bodies and not failed:
            return self._bare(bodies)
        document = reply.response(reply.control(request.control, "success"), *blocks)
        return Answer(reply.render(document, whitespace=request.control.whitespace))

    def _bare(self, bodies: Sequence[BodyResult]) -> Answer:
        """Return the answer to functions in JSON or CSV: their bodies, without an envelope."""
        if self._company.switches.text("several_bodies") == "first":
            bodies = bodies[:1]
        types = {"json": "application/json", "csv": self._company.switches.text("csv_content_type")}
        return Answer(b"".join(result.body for result in bodies), types[bodies[0].form])

    def _operation(self, operation: Operation, control: Control, trouble: Trouble) -> tuple[Node, list[Outcome]]:
        started = time.monotonic()
        style = self._style(control)
        try:
            session = sign_in(self._company, control, operation.credential)
        except SignInRefusedError as error:
            self._note_refusal(operation, error.user_id, started)
            block = reply.refused_authentication(error.user_id, error.company_id)
            return Node("operation", [block, reply.errormessage(error.entries, style)]), []
        outcomes = self._dispatch.execute(operation, session, unique=control.unique, trouble=trouble)
        session = self._slid(session, outcomes)
        self._note(outcomes, session, started)
        results = [self._result(outcome, style) for outcome in outcomes]
        return Node("operation", [self._authentication(session), *results]), outcomes

    def _slid(self, session: Session, outcomes: Sequence[Outcome]) -> Session:
        succeeded = all(outcome.succeeded for outcome in outcomes)
        if succeeded or self._company.switches.on("failed_call_slides"):
            return self._company.part(Sessions).slide(session)
        return session

    def _authentication(self, session: Session) -> Node:
        of_call = self._company.switches.text("session_timestamp") == "call"
        stamp = self._company.clock.now() if of_call else session.started
        return reply.authentication(session, self._company.id, stamp)

    def _result(self, outcome: Outcome, style: reply.Style) -> Node:
        errors = outcome.error.entries if outcome.error is not None else ()
        name, control_id = outcome.function.name, outcome.function.control_id
        repeated = isinstance(outcome.error, RepeatedError)
        told = self._company.switches.text("uniqueid_in_rollback") if repeated and outcome.rolled_back else "error"
        if told == "silent":
            return reply.result("aborted", name, control_id, None, (reply.ROLLED_BACK,), style)
        if outcome.rolled_back and told == "error":
            status = self._company.switches.text("rollback_culprit") if errors else "aborted"
            return reply.result(status, name, control_id, None, (*errors, reply.ROLLED_BACK), style)
        if repeated:
            shape = self._company.switches.text("uniqueid_reply")
            shown = () if shape == "bare" else errors
            return reply.result("failure" if shape == "error" else None, name, control_id, None, shown, style)
        status = "success" if outcome.succeeded else "failure"
        return reply.result(status, name, control_id, outcome.result, errors, style)

    def _style(self, control: Control) -> reply.Style:
        support_id = reply.new_support_id() if self._company.switches.on("support_ids") else ""
        return reply.Style(control.additional_info, support_id)

    def _invalid(self, error: InvalidDocumentError) -> Answer:
        self._write(LogLine("", "", "schema", "", None, 0.0))
        style = self._style(error.control)
        refusal = ControlRefusedError(ErrorEntry("XL03000003", error.text), error.control)
        return refused(refusal, whitespace=error.control.whitespace, style=style)

    def _note(self, outcomes: Sequence[Outcome], session: Session, started: float) -> None:
        for outcome in outcomes:
            status = "success" if outcome.succeeded else "aborted" if outcome.rolled_back else "failure"
            name, control_id = outcome.function.name, outcome.function.control_id
            self._write(LogLine(name, control_id, status, session.user_id, session.entity_id, _since(started)))

    def _note_refusal(self, operation: Operation, user_id: str, started: float) -> None:
        for function in operation.functions:
            self._write(LogLine(function.name, function.control_id, "signin", user_id, None, _since(started)))

    def _note_request(self, request: Request, status: str) -> None:
        for operation in request.operations:
            for function in operation.functions:
                self._write(LogLine(function.name, function.control_id, status, "", None, 0.0))

    def _write(self, line: LogLine) -> None:
        with self._log_lock:
            self._log.append(line)
        _log.info("%s", line)


def _since(started: float) -> float:
    return round((time.monotonic() - started) * 1000, 1)
