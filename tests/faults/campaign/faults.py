"""What goes wrong, and at which point of the exchange: one line for each."""

from dataclasses import dataclass
from typing import Literal

from tests.faults.campaign.wire import Meddling

Point = Literal[
    "before send",
    "before commit",
    "between commits",
    "after commit",
    "in the reply",
    "in the renewal",
    "in the look-up",
]

WRITE = "(the write)"
"""Stands for the names of the functions that a work writes with."""

SIGN_IN = "getAPISession"
READS = ("query", "read", "readByName", "readByQuery")
OUTAGE = 99
"""As often as the try asks."""


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault of the sandbox, as its README lists them, at a request that holds `function`; with its options."""

    fault: str
    function: str = WRITE
    nth: int = 1
    times: int = 1
    seconds: float | None = None
    position: int | None = None
    at_byte: int | None = None
    expire: bool | None = None
    queued: bool | None = None

    def options(self) -> dict[str, float]:
        """Return what is not left to the sandbox."""
        names = ("seconds", "position", "at_byte", "expire", "queued")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True)
class Fault:
    """One way for a try to be struck.

    `timeout`      seconds that the client waits for a reply
    `unreachable`  nobody listens where the connection leads
    `dies_noting`  the worker dies when it is about to write down how the records fared
    """

    name: str
    point: Point
    strikes: tuple[Strike, ...] = ()
    meddling: tuple[Meddling, ...] = ()
    timeout: float = 30.0
    unreachable: bool = False
    dies_noting: bool = False

    @property
    def moment(self) -> Meddling | None:
        """What tells that the fault has struck, where the wire does not do it itself."""
        if self.meddling or not self.strikes:
            return None
        last = self.strikes[-1]
        names = READS if last.function in READS else (last.function,)
        return Meddling("tell", names, nth=last.nth)

    @property
    def kills_worker(self) -> bool:
        """Whether the try ends with its worker."""
        return self.dies_noting or any(each.act.startswith("kill") for each in self.meddling)

    @property
    def queued(self) -> bool:
        """Whether it strikes at what an asynchronous policy has accepted."""
        return any(each.queued for each in self.strikes)

    @property
    def kills_sandbox(self) -> bool:
        """Whether the sandbox has to be started again."""
        return any(each.fault.startswith("kill") for each in self.strikes)


def _in_passing(fault: str, point: Point, function: str = WRITE) -> Fault:
    return Fault(fault, point, (Strike(fault, function),))


def _outage(fault: str, point: Point, function: str = WRITE) -> Fault:
    return Fault(f"{fault} lasting", point, (Strike(fault, function, times=OUTAGE),))


def _wire(name: str, point: Point, act: str, *functions: str, **more: float) -> Fault:
    return Fault(name, point, meddling=(Meddling(act, functions or (WRITE,), **more),))  # type: ignore[arg-type]


def _renewal(name: str, *then: Strike, meddling: tuple[Meddling, ...] = ()) -> Fault:
    return Fault(name, "in the renewal", (Strike("expired_session"), *then), meddling)


REFUSED = ("http_429", "http_503", "http_524", "gw_html", "reset_before", "throttled_text", "concurrent_refusal")
OUTAGES = ("http_429", "http_503", "http_524", "gw_html", "reset_before")
ANSWERED_WRONGLY = ("http_524_after", "http_503_after", "gw_html_after", "reset_after", "delivered_twice")

FAULTS: tuple[Fault, ...] = (
    Fault("unreachable", "before send", unreachable=True),
    Fault("sign-in refused", "before send", (Strike("http_503", SIGN_IN, times=OUTAGE),)),
    Fault("sign-in lost", "before send", (Strike("reset_after", SIGN_IN),)),
    _wire("request cut", "before send", "cut_request"),
    _wire("request cut lasting", "before send", "cut_request", times=OUTAGE),
    _wire("worker killed before send", "before send", "kill_before"),
    *(_in_passing(fault, "before commit") for fault in REFUSED),
    *(_outage(fault, "before commit") for fault in OUTAGES),
    Fault("slow", "before commit", (Strike("slow", seconds=0.5),), timeout=0.25),
    Fault(
        "worker killed within",
        "before commit",
        (Strike("slow", seconds=0.2),),
        (Meddling("kill_within", (WRITE,)),),
    ),
    _in_passing("kill_before", "before commit"),
    _in_passing("kill_uncommitted", "before commit"),
    _in_passing("reset_uncommitted", "before commit"),
    *(
        Fault(name, "between commits", (Strike(name, position=1),))
        for name in ("kill_between", "reset_between", "gw_html_between")
    ),
    Fault("reset_between lasting", "between commits", (Strike("reset_between", position=1, times=OUTAGE),)),
    Fault("http_524_during", "after commit", (Strike("http_524_during", seconds=0.3),)),
    Fault("reset_during lasting", "after commit", (Strike("reset_during", seconds=0.2, times=OUTAGE),)),
    *(_in_passing(fault, "after commit") for fault in ANSWERED_WRONGLY),
    _in_passing("kill_after", "after commit"),
    *(_outage(fault, "after commit") for fault in ("http_524_after", "reset_after")),
    Fault("slow_after", "after commit", (Strike("slow_after", seconds=0.5),), timeout=0.25),
    Fault("killed in the queue", "before commit", (Strike("kill_uncommitted", queued=True),)),
    Fault("killed behind the queue", "after commit", (Strike("kill_after", queued=True),)),
    _wire("delivered twice by the wire", "after commit", "twice"),
    _wire("worker killed after commit", "after commit", "kill_after"),
    Fault("worker killed noting", "after commit", dies_noting=True),
    _in_passing("truncated", "in the reply"),
    _outage("truncated", "in the reply"),
    Fault("truncated at once", "in the reply", (Strike("truncated", at_byte=0),)),
    Fault("shortened", "in the reply", (Strike("shortened", at_byte=-30),)),
    _wire("reply cut at its head", "in the reply", "cut_reply", share=0.0),
    _wire("reply cut at its end", "in the reply", "cut_reply", share=0.99),
    _wire("reply reset", "in the reply", "reset_reply", share=0.5),
    _wire("reply short", "in the reply", "short_reply", share=0.7),
    _wire("reply empty", "in the reply", "short_reply", share=0.0),
    _wire("reply short lasting", "in the reply", "short_reply", share=0.7, times=OUTAGE),
    _wire("firewall's page", "in the reply", "page"),
    _wire("worker killed in the reply", "in the reply", "kill_in_reply"),
    Fault("session_ends", "in the renewal", (Strike("session_ends"),)),
    Fault("reset_after, and expired", "in the renewal", (Strike("reset_after", expire=True),)),
    _renewal("expired_session"),
    _renewal("renewal refused", Strike("http_503", SIGN_IN, nth=2, times=OUTAGE)),
    _renewal("renewal lost", Strike("reset_after", SIGN_IN, nth=2)),
    _renewal("renewal, then lost", Strike("reset_after", nth=2)),
    Fault(
        "lost, then renewal refused",
        "in the renewal",
        (
            Strike("reset_after"),
            Strike("expired_session", nth=2),
            Strike("http_503", SIGN_IN, nth=2, times=OUTAGE),
        ),
    ),
    Fault("lost, then renewal", "in the renewal", (Strike("reset_after"), Strike("expired_session", nth=2))),
    _renewal("worker killed in the renewal", meddling=(Meddling("kill_after", (SIGN_IN,), nth=2),)),
    Fault(
        "lost, then look-up refused",
        "in the look-up",
        (Strike("reset_after"), *(Strike("http_503", name, times=OUTAGE) for name in READS)),
    ),
    Fault(
        "lost, then look-up lost",
        "in the look-up",
        (Strike("http_524_after"), *(Strike("truncated", name, times=OUTAGE) for name in READS)),
    ),
    Fault(
        "lost, then killed in the look-up",
        "in the look-up",
        (Strike("reset_after"),),
        (Meddling("kill_after", READS),),
    ),
)
