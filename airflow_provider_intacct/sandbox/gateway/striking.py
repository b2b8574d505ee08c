"""What a fault does to one exchange: in place of its execution, in the middle of it, or to its answer."""

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from airflow_provider_intacct.sandbox.company import Company
from airflow_provider_intacct.sandbox.faults import DURING, WITHIN, Rule

from . import load
from .answers import Answer, cdn_page, unavailable
from .dispatch import InterruptedOperationError, Interruption, Trouble
from .envelope import Request, SessionId
from .sessions import Sessions

_RESET = Answer(b"", ending="reset")
_LONGEST_WAIT = 60.0


@dataclass(frozen=True, slots=True)
class Strike:
    """A rule that strikes at a request."""

    company: Company
    rule: Rule
    request: Request

    def answer(self, execute: Callable[[Request, Trouble], Answer]) -> Answer:
        """Return what the caller sees; `execute` carries the request out and answers it."""
        answer = self._before()
        if answer is None and self.rule.fault in WITHIN:
            answer = self._within(execute)
        if answer is None and self.rule.fault in DURING:
            answer = self._meanwhile(execute)
        if answer is None:
            answer = self._after(execute(self.request, self._trouble()), execute)
        if self.rule.expire:
            self._expire()
        return answer

    def _before(self) -> Answer | None:
        """Return the answer that a fault gives in place of execution; None where the request goes on."""
        match self.rule.fault:
            case "http_429":
                return load.too_many_requests(self.company)
            case "http_503":
                return unavailable()
            case "http_524":
                return _timed_out()
            case "gw_html":
                return _bad_gateway()
            case "reset_before":
                return _RESET
            case "throttled_text":
                return load.throttled_text(self.request.control)
            case "concurrent_refusal":
                return load.too_many_operations_text(self.company, self.request.control)
            case "kill_before":
                _die()
            case "expired_session":
                self._expire()
        return None

    def _within(self, execute: Callable[[Request, Trouble], Answer]) -> Answer:
        """Execute the request as far as the fault lets it go."""
        committed = self.rule.fault.endswith("_between")
        strike = _die if self.rule.fault.startswith("kill") else _interrupt
        try:
            return execute(self.request, Trouble(interruption=Interruption(self.rule.position, committed, strike)))
        except InterruptedOperationError:
            return _bad_gateway() if self.rule.fault == "gw_html_between" else _RESET

    def _meanwhile(self, execute: Callable[[Request, Trouble], Answer]) -> Answer:
        """Let the request go on for whoever no longer listens; answer as soon as it is in process."""
        began = threading.Event()

        def unheard() -> None:
            try:
                execute(self.request, Trouble(delay=self.rule.seconds, began=began.set))
            finally:
                began.set()

        worker = threading.Thread(target=unheard, name="unheard", daemon=True)
        self.company.at_end(worker.join)
        worker.start()
        began.wait(_LONGEST_WAIT)
        return _timed_out() if self.rule.fault == "http_524_during" else _RESET

    def _trouble(self) -> Trouble:
        """Return what the fault does to the execution itself."""
        rule = self.rule
        return Trouble(
            delay=rule.seconds if rule.fault == "slow" else 0.0,
            fails=rule.fault == "large_page",
            lag=rule.seconds if rule.fault == "late_commit" else 0.0,
        )

    def _after(self, answer: Answer, execute: Callable[[Request, Trouble], Answer]) -> Answer:
        """Return what becomes of the answer of a request that was carried out."""
        cut = self.rule.cut(len(answer.body))
        match self.rule.fault:
            case "http_524_after":
                return _timed_out()
            case "http_503_after":
                return unavailable()
            case "gw_html_after":
                return _bad_gateway()
            case "reset_after":
                return _RESET
            case "truncated":
                return replace(answer, ending="cut", sent=cut)
            case "shortened":
                return replace(answer, body=answer.body[:cut])
            case "slow_after":
                time.sleep(self.rule.seconds)
            case "session_ends":
                self._expire()
            case "delivered_twice":
                return execute(self.request, Trouble())
            case "kill_after":
                _die()
        return answer

    def _expire(self) -> None:
        for operation in self.request.operations:
            if isinstance(operation.credential, SessionId):
                self.company.part(Sessions).end(operation.credential.id)


def _timed_out() -> Answer:
    return cdn_page(524, "A timeout occurred")


def _bad_gateway() -> Answer:
    return cdn_page(502, "Bad gateway")


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _interrupt() -> None:
    raise InterruptedOperationError
