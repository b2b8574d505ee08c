"""Find what only the legacy `get` knows, attachments and their folders, and compare it. Flows of reads.

An attachment is compared with its files, so each is a request of its own: two are never in memory.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from airflow_provider_intacct.client.errors import FunctionError
from airflow_provider_intacct.client.flows import Flow
from airflow_provider_intacct.client.posting.existing import Execute, Found, find_records
from airflow_provider_intacct.client.posting.records import Posting
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.client.xml.attachments import ReadAttachment, ReadFile, read_attachments
from airflow_provider_intacct.client.xml.files import FileText

SAID = {"supdocname": "name", "supdocfoldername": "folder", "supdocdescription": "description"}


def find_created(execute: Execute, postings: Sequence[Posting]) -> Flow[dict[str, Found]]:
    """Flow: the records, attachments and folders that are in the company already, by control id."""
    found = yield from find_records(execute, [posting for posting in postings if not posting.kind.listed])
    return found | (yield from find_listed(execute, [posting for posting in postings if posting.kind.listed]))


def find_listed(execute: Execute, postings: Sequence[Posting]) -> Flow[dict[str, Found]]:
    """Flow: the attachments and folders that are in the company already, by control id.

    What the user may not read counts as not found.
    """
    found: dict[str, Found] = {}
    for posting in postings:
        ((_, key),) = posting.natural_key
        reply = yield from execute([functions.get(posting.kind.listed, key)])
        if isinstance(reply.error, FunctionError):
            continue
        reply.raise_for_status()
        data = reply.results[0].data
        element = None if data is None else next((each for each in data if each.tag == posting.kind.listed), None)
        if element is None:
            continue
        there = read_attachments(reply.results[0])
        number = (element.findtext("recordno") or "").strip()
        found[posting.control_id] = Found(number, tuple(_differing(posting.record, there[0])) if there else ())
    return found


def _differing(record: Mapping[str, Any], there: ReadAttachment) -> Iterator[str]:
    """Yield what differs, in words. A file whose data Intacct does not give is compared by its name."""
    for entry, attribute in SAID.items():
        here, read = str(record.get(entry) or "").strip(), getattr(there, attribute)
        if here and read and here != read:
            yield f"{entry} is {read!r} there and {here!r} here"
    files = {each.file_name: each for each in there.files}
    sent = {
        f"{each['attachmentname']}.{each['attachmenttype']}": each["attachmentdata"]
        for each in _files(record.get("attachments"))
    }
    for name in sorted(sent.keys() | files.keys()):
        if name not in files:
            yield f"the file {name} is missing there"
        elif name not in sent:
            yield f"the file {name} is there and not here"
        elif files[name].data and _digest(files[name]) != _digest_of(sent[name]):
            yield f"the file {name} has another content"


def _files(attachments: Any) -> list[Mapping[str, Any]]:
    held = attachments.get("attachment", []) if isinstance(attachments, Mapping) else []
    return list(held) if isinstance(held, Sequence) else [held]


def _digest_of(sent: Any) -> str:
    """Return the digest of what was sent, which an author may have given as base64."""
    if isinstance(sent, FileText):
        return sent
    return f"{FileText.PREFIX}{hashlib.sha256(base64.b64decode(str(sent))).hexdigest()}"


def _digest(file: ReadFile) -> str:
    digest = hashlib.sha256()
    for piece in file.pieces():
        digest.update(piece)
    return f"{FileText.PREFIX}{digest.hexdigest()}"
