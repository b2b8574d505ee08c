"""Replies as the gateway writes them: element order, empty elements, error stacks, support ids."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from .envelope import Control
from .results import Content, DataResult, ErrorEntry, KeyResult, ListResult, Node, Result
from .sessions import Session

ROLLED_BACK = ErrorEntry("XL03000009", "The entire transaction in this operation has been rolled back due to an error.")
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#039;"})
_INDENT = "    "


@dataclass(frozen=True, slots=True)
class Style:
    """How errors are written: with additional information, with the request's support id ("": none)."""

    additional_info: bool = False
    support_id: str = ""


PLAIN = Style()


def response(*parts: Node) -> Node:
    """Return the document."""
    return Node("response", parts)


def control(block: Control, status: str) -> Node:
    """Return the control block; ids that could not be read are empty, elements left out stay out."""
    content: list[Node] = [
        Node("status", status),
        Node("senderid", block.sender_id),
        Node("controlid", block.control_id),
    ]
    if block.control_id or block.sender_id:
        content.append(Node("uniqueid", "true" if block.unique else "false"))
    if block.dtdversion is not None:
        content.append(Node("dtdversion", block.dtdversion))
    return Node("control", content)


def bare_failure(entry: ErrorEntry) -> Node:
    """Return the short form of the gateway tier: a control with a status only."""
    request_id = f"{secrets.token_hex(4).upper()}:{secrets.token_hex(2).upper()}_{secrets.token_hex(4).upper()}.1"
    error = {"errorno": entry.errorno, "description": f"{entry.description} [Request ID: {request_id}]"}
    return response(Node("control", {"status": "failure"}), Node("errormessage", [Node("error", error)]))


def authentication(session: Session, company_id: str, stamp: datetime) -> Node:
    """Return the block of a successful sign-in."""
    return Node(
        "authentication",
        {
            "status": "success",
            "userid": session.user_id,
            "companyid": company_id,
            "locationid": session.entity_id,
            "sessiontimestamp": stamp.isoformat(),
            "sessiontimeout": session.expires.isoformat(),
        },
    )


def refused_authentication(user_id: str, company_id: str) -> Node:
    """Return the block of a refused sign-in."""
    return Node("authentication", {"status": "failure", "userid": user_id, "companyid": company_id})


def result(
    status: str | None,
    function: str,
    control_id: str,
    outcome: Result | None = None,
    errors: Sequence[ErrorEntry] = (),
    style: Style = PLAIN,
) -> Node:
    """Return one `<result>`: its data, key or nothing, then its errors."""
    content = [] if status is None else [Node("status", status)]
    content += [Node("function", function), Node("controlid", control_id)]
    if isinstance(outcome, DataResult):
        listed = {"listtype": outcome.list_type} if outcome.list_type is not None else {}
        counts = {name: str(count) for name, count in outcome.counts.items()}
        content.append(Node("data", outcome.nodes, {**listed, **counts}))
    elif isinstance(outcome, ListResult):
        window = {"start": str(outcome.start), "end": str(outcome.end), "total": str(outcome.total)}
        content += [Node("listtype", outcome.list_type, window), Node("data", outcome.nodes)]
    elif isinstance(outcome, KeyResult):
        content.append(Node("key", outcome.key))
    if errors:
        content.append(errormessage(errors, style))
    return Node("result", content)


def errormessage(entries: Iterable[ErrorEntry], style: Style) -> Node:
    """Return the error stack in the given order."""
    return Node("errormessage", [_error(entry, style) for entry in entries])


def new_support_id() -> str:
    """Return a support id as replies show it: percent-encoded."""
    return quote(f"{secrets.token_urlsafe(4)}~{secrets.token_urlsafe(16)}@AAAB", safe="").replace("~", "%7E")


def render(root: Node, *, whitespace: bool) -> bytes:
    """Return the document as UTF-8; formatted, or without any white space between elements."""
    parts = [_DECLARATION]
    _write(parts, root, "\n" if whitespace else "")
    return "".join(parts).encode()


def escaped(text: str) -> str:
    """Return text as element or attribute content."""
    return text if text.isalnum() else text.translate(_ESCAPES)


def _error(entry: ErrorEntry, style: Style) -> Node:
    description2 = entry.description2
    if style.support_id and description2 and entry != ROLLED_BACK:
        description2 += f" [Support ID: {style.support_id}]"
    content = [] if entry.errorno is None else [Node("errorno", entry.errorno)]
    content += [
        Node("description", entry.description),
        Node("description2", description2),
        Node("correction", entry.correction),
    ]
    if style.additional_info:
        content.append(_additional_info())
    return Node("error", content)


def _additional_info() -> Node:
    names = ("domain", "requestinfo", "object", "field")
    outer = Node("target", None, dict.fromkeys((*names, "businessinfo"), ""))
    inner = Node("target", None, dict.fromkeys((*names, "businessInfo"), ""))
    texts = [Node(name, [Node("messageid"), inner, Node("placeholders")]) for name in ("description", "cdescription")]
    texts.append(Node("correction", [Node("messageid"), inner, Node("placeholders")]))
    return Node("additionalinfo", [Node("errorid"), Node("category"), outer, *texts])


def _write(parts: list[str], node: Node, line: str) -> None:
    attributes = "".join(f' {name}="{escaped(value)}"' for name, value in node.attributes.items())
    content = node.content
    if isinstance(content, str):
        parts.append(f"<{node.name}{attributes}>{escaped(content)}</{node.name}>")
    elif content:
        deeper = line + _INDENT if line else ""
        parts.append(f"<{node.name}{attributes}>")
        _write_children(parts, content, deeper)
        parts.append(f"{line}</{node.name}>")
    elif attributes:
        parts.append(f"<{node.name}{attributes}/>")
    else:
        parts.append(f"<{node.name}></{node.name}>")


def _write_children(parts: list[str], content: Mapping[str, Content] | Sequence[Node], line: str) -> None:
    if not isinstance(content, Mapping):
        for child in content:
            parts.append(line)
            _write(parts, child, line)
        return
    for name, value in content.items():
        if isinstance(value, str):  # most of every page: spared a node and a call
            parts.append(f"{line}<{name}>{escaped(value)}</{name}>")
        else:
            parts.append(line)
            _write(parts, Node(name, value), line)
