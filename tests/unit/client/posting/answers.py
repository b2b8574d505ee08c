"""An Intacct that answers what a test wrote, and the answers: as bytes, through the parser, as on the wire."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from airflow_provider_intacct.client.errors import IntacctError
from airflow_provider_intacct.client.flows import Flow
from airflow_provider_intacct.client.posting import Outcome, Posting, post
from airflow_provider_intacct.client.xml.elements import Element
from airflow_provider_intacct.client.xml.functions import Function
from airflow_provider_intacct.client.xml.reply import Reply, parse_reply
from tests.unit.client import canned


@dataclass
class Intacct:
    """Answers one request after another with what the test wrote; keeps what was asked.

    `lost_before` is how many of the first replies follow on one that was lost. A reply is a list with one entry per
    function: text of a <result>'s inside, or a function of the control id.
    """

    replies: list[Any]
    asked: list[tuple[Function, ...]] = field(default_factory=list)
    lost_before: int = 0
    modes: list[tuple[bool, bool]] = field(default_factory=list)

    def execute(self, functions: Sequence[Function], *, atomic: bool = False, unique: bool = False) -> Flow[Reply]:
        self.asked.append(tuple(functions))
        self.modes.append((atomic, unique))
        answer = self.replies.pop(0)
        if isinstance(answer, IntacctError):
            raise answer
        assert len(answer) == len(functions), f"asked for {[each.name for each in functions]}"
        results = [make(each) for make, each in zip(answer, functions, strict=True)]
        yield from ()
        reply = parse_reply(canned.response(*results, unique=str(unique).lower()), unique=unique)
        return replace(reply, in_doubt=len(self.asked) <= self.lost_before)

    def post(self, postings: Sequence[Posting], **options: Any) -> list[Outcome]:
        flow = post(self.execute, postings, **options)
        with pytest.raises(StopIteration) as end:
            next(flow)
        outcomes: list[Outcome] = end.value.value
        assert self.replies == []
        return outcomes

    @property
    def writes(self) -> list[list[str | None]]:
        """The control ids of each request that writes."""
        return [[each.control_id for each in asked] for asked in self.asked if asked[0].writes]


Result = Callable[[Function], str]


def booked(key: str) -> Result:
    data = f'<data listtype="objects" count="1"><glbatch><RECORDNO>{key}</RECORDNO></glbatch></data>'
    return lambda function: canned.result(function.name, function.control_id or "", data)


def refused(*errors: str, status: str | None = "failure") -> Result:
    inner = canned.errors(*errors) if errors else ""
    return lambda function: canned.result(function.name, function.control_id or "", inner, status=status)


def rows(*records: dict[str, str]) -> Result:
    inner = "".join(f"<R>{''.join(f'<{n}>{v}</{n}>' for n, v in each.items())}</R>" for each in records)
    data = f'<data listtype="R" count="{len(records)}" numremaining="0">{inner}</data>'
    return lambda function: canned.result(function.name, function.control_id or "", data)


def record(key: str, posting: Posting, **changed: str) -> Result:
    """What `read` answers for a record that says what `posting` says, lines and all."""

    def text(element: Element) -> str:
        if element.tag in changed:
            return f"<{element.tag}>{changed[element.tag]}</{element.tag}>"
        inner = "".join(map(text, element.children)) if element.children else element.text
        return f"<{element.tag}>{inner}</{element.tag}>"

    body = "".join(map(text, posting.function.body[0].children))
    data = f'<data listtype="X" count="1"><X><RECORDNO>{key}</RECORDNO>{body}</X></data>'
    return lambda function: canned.result(function.name, function.control_id or "", data)


def stamp(key: str, posting: Posting) -> dict[str, str]:
    return {"RECORDNO": key, "JOURNAL": "GJ", "REFERENCENO": posting.reference}


ALREADY = canned.error("BL03000151", "A successful transaction has already been recorded with the control id X")
CONCURRENT = canned.error("XL03000010", "There is a concurrent request in process for control id X")
CLOSED = canned.error("BL01001973", "The period is not open")
EXISTS = canned.error("BL03002185", "A transaction with that number already exists")
TOO_MANY = canned.error("XL03000006", "API rate limit exceeded")
DENIED = canned.error("PL04000005", "You do not have permission for API operation QUERY on objects of type glbatch")
NO_STATUS = refused(status=None)
UNDONE = refused(canned.ROLLED_BACK, status="aborted")
DUPLICATE_SHAPES = [
    pytest.param(refused(ALREADY), id="with an error"),
    pytest.param(refused(ALREADY, canned.ROLLED_BACK, status="aborted"), id="aborted with an error"),
    pytest.param(NO_STATUS, id="without a status"),
]


def statuses(outcomes: Sequence[Outcome]) -> list[tuple[str, str]]:
    return [(outcome.status, outcome.key) for outcome in outcomes]
