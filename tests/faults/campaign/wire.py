"""The network between a worker and the sandbox: passes requests on, and at a chosen one cuts, repeats or kills.

What no server can inject of itself happens here: half a request, a reply that breaks off anywhere, a request that a
load balancer delivers twice, a worker that dies at a point of the exchange.
"""

import contextlib
import os
import re
import signal
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

FUNCTION = re.compile(rb"<function\b[^>]*>\s*<([\w.]+)")
LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
HEAD_END = b"\r\n\r\n"
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no time to linger: closing sends a reset."""

PAGE = b"<!DOCTYPE html><html><head><meta charset='utf-8'><title>Blocked</title></head><body>Ray ID</body></html>"


@dataclass(frozen=True, slots=True)
class Meddling:
    """What happens to the `nth` request, and `times - 1` more, that holds one of `functions`.

    `act`  cut_request   half of the request goes on, then both ends are closed
           twice         the request is delivered twice; the second answer is passed back
           cut_reply     the first `share` of the reply's body is passed back, then the connection is closed
           reset_reply   the same, then it is reset
           short_reply   the first `share` of the body, in a reply that says it is whole
           page          a page of a firewall instead of the reply
           kill_before   the worker dies; nothing goes on
           kill_within   the request goes on, and the worker dies at once
           kill_after    the worker dies when the reply has come, before it has a byte of it
           kill_in_reply the worker dies with the first `share` of the body
           tell          nothing; `struck` is set when the answer has come, or has failed to
           tell_sent     nothing; `struck` is set when the request has gone on
    """

    act: str
    functions: tuple[str, ...]
    nth: int = 1
    times: int = 1
    share: float = 0.5


@dataclass
class _Armed:
    what: Meddling
    seen: int = 0

    def strikes(self, names: set[str]) -> bool:
        if not names & set(self.what.functions):
            return False
        self.seen += 1
        return self.what.nth <= self.seen < self.what.nth + self.what.times


@dataclass
class Wire:
    """A listening socket before the sandbox at `upstream`. `struck` is set when something happened.

    The worker that dies is the one that it is aimed at. A `deadly` wire kills it whenever it has struck.
    """

    upstream: Callable[[], int]
    struck: threading.Event = field(default_factory=threading.Event)
    _armed: list[_Armed] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _deadly: bool = False
    _aim: threading.Condition = field(default_factory=threading.Condition)
    _worker: int | None = None

    def __post_init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=32)
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def arm(self, *meddlings: Meddling, deadly: bool = False) -> None:
        """Forget earlier meddlings, and do these."""
        with self._lock:
            self._deadly = deadly
            self._armed = [_Armed(each) for each in meddlings]
            self.struck = threading.Event()

    def aim(self, worker: int | None) -> None:
        """Say which process is the worker; None if it has yet to be born."""
        with self._aim:
            self._worker = worker
            self._aim.notify_all()

    def spare(self, worker: int) -> None:
        """Forget a worker that has ended: its number may soon be another's."""
        with self._aim:
            if self._worker == worker:
                self._worker = None

    def close(self) -> None:
        self._listening.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=[near], daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        far: socket.socket | None = None
        try:
            while request := _message(near):
                if far is None:
                    far = socket.create_connection(("127.0.0.1", self.upstream()))
                    far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if not self._exchange(near, far, request, self._meddling(request)):
                    break
        except ConnectionResetError:
            near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        except OSError:
            pass  # the other side is gone, which the worker learns by the closing below
        finally:
            near.close()
            if far is not None:
                far.close()

    def _meddling(self, request: bytes) -> Meddling | None:
        names = {name.decode() for name in FUNCTION.findall(request)}
        with self._lock:
            struck = [each.what for each in self._armed if each.strikes(names)]
        return struck[0] if struck else None

    def _exchange(self, near: socket.socket, far: socket.socket, request: bytes, what: Meddling | None) -> bool:
        """Pass one request and its reply; return whether the connection can go on."""
        act = what.act if what else ""
        if act == "kill_before":
            return self._die()
        if act == "cut_request":
            far.sendall(request[: len(request) // 2])
            self._strike()
            return False
        far.sendall(request)
        if act == "kill_within":
            return self._die()
        if act == "tell_sent":
            self._strike()
        try:
            reply = _message(far)
            if act == "twice":
                far.sendall(request)
                reply = _message(far)
        finally:
            if act in ("tell", "kill_after"):
                self._die() if act == "kill_after" else self._strike()
        if not reply:
            return False
        return self._answer(near, reply, what) if what else _passed(near, reply)

    def _answer(self, near: socket.socket, reply: bytes, what: Meddling) -> bool:
        """Pass back what is left of the reply; return whether the connection can go on."""
        head, _, body = reply.partition(HEAD_END)
        part = body[: int(len(body) * what.share)]
        match what.act:
            case "cut_reply":
                near.sendall(head + HEAD_END + part)
                goes_on = False
            case "reset_reply":
                near.sendall(head + HEAD_END + part)
                near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                goes_on = False
            case "short_reply":
                near.sendall(_with_length(head, part))
                goes_on = True
            case "page":
                near.sendall(_with_length(b"HTTP/1.1 200 OK\r\nContent-Type: text/html", PAGE))
                goes_on = True
            case "kill_in_reply":
                near.sendall(head + HEAD_END + part)
                return self._die()
            case _:
                return _passed(near, reply)
        self._strike()
        return goes_on

    def _strike(self) -> None:
        if self._deadly:
            self._kill()
        self.struck.set()

    def _kill(self) -> None:
        with self._aim:
            self._aim.wait_for(lambda: self._worker is not None, timeout=1.0)
            if self._worker is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._worker, signal.SIGKILL)

    def _die(self) -> bool:
        self._kill()
        self.struck.set()
        return False


def _message(source: socket.socket) -> bytes:
    """Read one message, head and body, as far as it comes; b"" if nothing does."""
    data = b""
    while HEAD_END not in data:
        piece = source.recv(65536)
        if not piece:
            return data
        data += piece
    head, _, body = data.partition(HEAD_END)
    found = LENGTH.search(head)
    wanted = int(found[1]) if found else None
    while wanted is None or len(body) < wanted:
        piece = source.recv(65536)
        if not piece:
            break
        body += piece
    return head + HEAD_END + body


def _passed(near: socket.socket, reply: bytes) -> bool:
    """Pass a reply on as it came; it came whole if it is as long as it says."""
    near.sendall(reply)
    head, _, body = reply.partition(HEAD_END)
    found = LENGTH.search(head)
    whole = found is not None and int(found[1]) == len(body)
    return whole and b"connection: close" not in head.lower()


def _with_length(head: bytes, body: bytes) -> bytes:
    bare = LENGTH.sub(b"", head)
    return bare + b"\r\nContent-Length: %d" % len(body) + HEAD_END + body
