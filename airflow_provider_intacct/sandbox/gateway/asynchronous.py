"""Asynchronous requests: acknowledged, queued, carried out in their order, and answered where the policy says.

A queued request is a row of the company's file, so that it survives the process; what was being carried out when the
process died is carried out again, or lost (a switch). Source: developer.intacct.com, Synchronous or Asynchronous.
"""

import base64
import http.client
import ipaddress
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from airflow_provider_intacct.sandbox.company import Company

from . import reply
from .answers import XML, Answer
from .authentication import ControlRefusedError
from .envelope import Request
from .limits import TooManyOperationsError
from .results import ErrorEntry, Node

Execute = Callable[[bytes], Answer]
_QUEUED, _PROCESSING, _DONE, _LOST = "queued", "processing", "done", "lost"
_POLL = 0.05
_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class _Waiting:
    """The request whose turn it is."""

    number: int
    document: bytes
    due: float


class Queue:
    """The asynchronous requests of a company, and the one thread that carries them out once there are any."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._changed = threading.Condition()
        self._worker: threading.Thread | None = None
        self._stopping = False
        self._held = False
        self._released = 0
        company.at_end(self._stop)

    def take(self, request: Request, execute: Execute) -> Answer:
        """Queue a valid request whose control was accepted, and acknowledge it. Raises ControlRefusedError."""
        limit = int(self._company.switches.number("async_characters"))
        length = len(request.document.decode("utf-8", "replace"))
        if limit and length > limit:
            text = f"The request has {length} characters; an asynchronous request may have {limit}."
            entry = ErrorEntry(self._company.switches.text("async_characters_errorno"), text)
            raise ControlRefusedError(entry, request.control)
        functions = "\n".join(f.control_id for operation in request.operations for f in operation.functions)
        due = self._now() + self._company.switches.number("async_seconds")
        with self._company.store.write() as db:
            db.execute(
                "INSERT INTO gateway_queue (policy_id, control_id, functions, document, due, state) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (request.control.policy_id, request.control.control_id, functions, request.document, due, _QUEUED),
            )
        self.start(execute)
        acknowledged = Node("acknowledgement", {"status": "success"})
        document = reply.response(acknowledged, reply.control(request.control, "success"))
        return Answer(reply.render(document, whitespace=request.control.whitespace))

    def resume(self, execute: Execute) -> None:
        """Go on with what an earlier process left in the queue."""
        again = self._company.switches.text("async_after_restart") == "again"
        with self._company.store.write() as db:
            db.execute("UPDATE gateway_queue SET state = ? WHERE state = ?", (_QUEUED if again else _LOST, _PROCESSING))
        if self._next() is not None:
            self.start(execute)

    def start(self, execute: Execute) -> None:
        """Have the queue worked off from now on."""
        with self._changed:
            if self._worker is None and not self._stopping:
                self._worker = threading.Thread(target=self._work, args=(execute,), name="offline", daemon=True)
                self._worker.start()
            self._changed.notify_all()

    def listed(self) -> dict[str, Any]:
        """Return whether the queue is held, and every request with its state, its response and where that went."""
        with self._company.store.read() as db:
            rows = db.execute(
                "SELECT number, policy_id, control_id, functions, state, response, delivery FROM gateway_queue"
            ).fetchall()
        names = ("number", "policyid", "controlid", "functions", "state", "response", "delivery")
        requests = [dict(zip(names, row, strict=True)) for row in rows]
        for shown in requests:
            shown["functions"] = shown["functions"].split("\n")
            shown["response"] = shown["response"].decode("utf-8", "replace") if shown["response"] else None
        return {"held": self._held, "requests": requests}

    def control(self, values: Mapping[str, Any]) -> None:
        """Hold the queue or let it go on (`hold`), or let so many requests through while it is held (`release`)."""
        with self._changed:
            self._held = bool(values.get("hold", self._held))
            self._released = int(values.get("release", 0)) if self._held else 0
            self._changed.notify_all()

    def drop(self) -> None:
        """Lose what is queued: it is never carried out, and nobody hears of it."""
        with self._company.store.write() as db:
            db.execute("UPDATE gateway_queue SET state = ? WHERE state = ?", (_LOST, _QUEUED))

    def _stop(self) -> None:
        with self._changed:
            self._stopping = True
            worker = self._worker
            self._changed.notify_all()
        if worker is not None:
            worker.join()

    def _work(self, execute: Execute) -> None:
        while True:
            waiting = self._turn()
            if waiting is None:
                return
            self._note(waiting.number, state=_PROCESSING)
            try:
                answer = execute(waiting.document)
            except TooManyOperationsError:
                self._note(waiting.number, state=_QUEUED)
                time.sleep(_POLL)
                continue
            delivery = self._deliver(waiting.number, answer)
            self._note(waiting.number, state=_DONE, response=answer.body, delivery=delivery, document=b"")

    def _turn(self) -> _Waiting | None:
        """Wait for the first request of the queue to be due and let through; None when the company ends."""
        with self._changed:
            while not self._stopping:
                waiting = self._next()
                if waiting is None:
                    self._changed.wait()
                elif waiting.due > self._now() or (self._held and not self._released):
                    self._changed.wait(_POLL)
                else:
                    self._released = max(0, self._released - 1)
                    return waiting
        return None

    def _next(self) -> _Waiting | None:
        with self._company.store.read() as db:
            row = db.execute(
                "SELECT number, document, due FROM gateway_queue WHERE state = ? ORDER BY number LIMIT 1", (_QUEUED,)
            ).fetchone()
        return _Waiting(*row) if row else None

    def _note(self, number: int, **values: str | bytes | None) -> None:
        changes = ", ".join(f"{name} = ?" for name in values)
        with self._company.store.write() as db:
            db.execute(f"UPDATE gateway_queue SET {changes} WHERE number = ?", (*values.values(), number))

    def _now(self) -> float:
        return time.time() + self._company.clock.offset_seconds

    def _deliver(self, number: int, answer: Answer) -> str:
        """Hand the response over, once, and return what became of it."""
        if answer.ending != "proper" or answer.status >= http.client.BAD_REQUEST:
            return "lost"
        folder, url = self._company.policy_folder, self._company.switches.text("policy_response_url")
        try:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
                (folder / f"{number}.part").write_bytes(answer.body)
                (folder / f"{number}.part").replace(folder / f"{number}.xml")
            if url:
                return _posted(url, answer.body)
        except (OSError, ValueError, http.client.HTTPException) as error:  # the caller's end is not ours to mend
            return f"failed: {error}"
        return "written" if folder is not None else "kept"


def _posted(url: str, body: bytes) -> str:
    """POST a response to a response URL on this machine; the sandbox calls no other."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "http" or not (host == "localhost" or ipaddress.ip_address(host).is_loopback):
        raise ValueError(f"{host or url} is not this machine; a response URL is http://127.0.0.1:...")
    headers = {"Content-Type": XML}
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    connection = http.client.HTTPConnection(host, parts.port or 80, timeout=_TIMEOUT)
    try:
        connection.request("POST", parts.path or "/", body, headers)
        status = connection.getresponse().status
    finally:
        connection.close()
    return "posted" if status < http.client.MULTIPLE_CHOICES else f"refused: HTTP {status}"
