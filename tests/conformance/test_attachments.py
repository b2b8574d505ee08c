"""Attachments and the records they go with: both or neither, once, whatever the gateway answers or loses."""

import dataclasses
import hashlib
import tracemalloc
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_intacct.client import IntacctClient
from airflow_provider_intacct.client.errors import InvalidRecordError, InvalidRequestError
from airflow_provider_intacct.client.posting import Known, Outcome, Posting, Scope, prepare, prepare_attached
from airflow_provider_intacct.client.transactions import (
    ApAdjustment,
    AttachedFile,
    Attachment,
    AttachmentFolder,
    Bill,
    BillLine,
    Dimensions,
    DocumentLine,
    Invoice,
)
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.client.xml.attachments import ReadAttachment, read_attachments
from airflow_provider_intacct.client.xml.files import PIECE, FileContent
from tests.faults.company import Books, sign_in
from tests.sandbox_process import SandboxProcess

SCOPE = Scope("DEMO", "close", "scheduled__2026-03-31", "post")
DAY = date(2026, 3, 2)
EAST = Dimensions(location="100", department="10")
BYTES = bytes(range(256)) * 5 + b"\x00"


@pytest.fixture
def client(sandbox: SandboxProcess) -> Iterator[IntacctClient]:
    with sign_in(sandbox) as client:
        (made,) = client.post(prepare([AttachmentFolder(name="Bills 2026")], scope=Scope("DEMO", key="folders")))
        assert made.status == "posted", str(made)
        yield client


def bill(number: str | None = None, **more: Any) -> Bill:
    lines = [BillLine(account="6500", amount=Decimal("10.00"), dimensions=EAST)]
    return Bill(vendor="V001", bill_date=DAY, due=date(2026, 4, 1), number=number, lines=lines, **more)


def file(name: str = "scan", content: bytes = BYTES) -> AttachedFile:
    return AttachedFile(name=name, extension="pdf", content=content)


def attached(*records: Any, files: Any = None, **options: Any) -> list[Posting]:
    files = [[file()] for _ in records] if files is None else files
    return prepare_attached(records, files, folder="Bills 2026", scope=SCOPE, **options)


def there(client: IntacctClient, attachment_id: str) -> ReadAttachment | None:
    reply = client.execute([functions.get("supdoc", attachment_id)])
    found = read_attachments(reply.results[0]) if reply.error is None else []
    return found[0] if found else None


def statuses(outcomes: list[Outcome]) -> list[str]:
    return [outcome.status for outcome in outcomes]


def content(read: ReadAttachment) -> dict[str, bytes]:
    return {each.file_name: b"".join(each.pieces()) for each in read.files}


def linked(client: IntacctClient, key: str, object_name: str = "APBILL") -> str:
    (row,) = client.rows(object_name, fields=["SUPDOCID"], where=f"RECORDNO = {key}")
    return str(row["SUPDOCID"])


def test_a_bill_and_its_files_go_in_one_request(client: IntacctClient, sandbox: SandboxProcess) -> None:
    files = [[file("scan"), file("letter", b"dear")]]
    sandbox.control("/sandbox/log", method="DELETE")
    of_bill, made = client.post(attached(bill("B-1"), files=files))
    assert (of_bill.status, made.status) == ("posted", "posted"), (str(of_bill), str(made))
    found = there(client, linked(client, made.key))
    assert found is not None
    assert (found.folder, content(found)) == ("Bills 2026", {"scan.pdf": BYTES, "letter.pdf": b"dear"})
    assert len(found.id) <= 20


def test_an_id_of_the_authors_own_is_kept(client: IntacctClient) -> None:
    _, made = client.post(attached(bill(attachment="INV 4711")))
    assert linked(client, made.key) == "INV 4711"


@pytest.mark.parametrize("form", ["typed", "plain", "plain with its object", "legacy"])
def test_whatever_way_the_record_is_written(client: IntacctClient, form: str) -> None:
    lines = [DocumentLine(account="4000", amount=Decimal("10.00"), dimensions=EAST)]
    invoice = Invoice(customer="C001", invoice_date=DAY, due=DAY, number="T-1", lines=lines)
    given, options, object_name = {
        "typed": (invoice, {}, "ARINVOICE"),
        "plain": (bill("B-1").record(), {"object_name": "APBILL"}, "APBILL"),
        "plain with its object": ({"APBILL": bill("B-1").record()}, {}, "APBILL"),
        "legacy": (
            dataclasses.replace(invoice, attachment="A-1").record(),
            {"function": "create_invoice"},
            "ARINVOICE",
        ),
    }[form]
    of_record, made = client.post(attached(given, **options))
    assert statuses([of_record, made]) == ["posted", "posted"]
    assert there(client, linked(client, made.key, object_name)) is not None


def test_neither_is_there_alone(client: IntacctClient) -> None:
    bills = Books(client, "APBILL")
    refused = bill("B-1", attachment="A-1", posting_date=date(2025, 3, 1))
    outcomes = client.post(attached(refused))
    assert statuses(outcomes) == ["rolled_back", "rejected"]
    assert there(client, "A-1") is None
    assert statuses(client.post(attached(bill("B-2", attachment="A-2"), files=[[file()]]))) == ["posted", "posted"]
    taken = client.post(attached(bill("B-3", attachment="A-2"), files=[[file(content=b"other")]]))
    assert taken[0].status == "rejected"
    assert "the file scan.pdf has another content" in taken[0].note
    assert len(bills.added()) == 1


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "http_524_after", "truncated"])
def test_a_lost_reply_books_neither_twice(client: IntacctClient, sandbox: SandboxProcess, fault: str) -> None:
    bills = Books(client, "APBILL")
    sandbox.fault(fault, function="create")
    outcomes = client.post(attached(bill("B-1"), bill()))
    assert {each.booked for each in outcomes} == {True}
    assert len(bills.added()) == 2
    again = client.post(attached(bill("B-1"), bill()))
    assert statuses(again) == ["already_posted"] * 4
    assert [each.key for each in again] == [each.key for each in outcomes]
    assert len(bills.added()) == 2


def test_a_later_try_with_another_file_stops_before_anything_is_sent(client: IntacctClient) -> None:
    first = attached(bill("B-1"))
    known = {each.posting.control_id: Known(each.status, each.posting.digest, each.key) for each in client.post(first)}
    with pytest.raises(InvalidRequestError, match=r"the file scan\.pdf has another content"):
        client.post(attached(bill("B-1"), files=[[file(content=b"other")]]), known=known)


def test_a_pair_is_never_cut_however_large_it_is(client: IntacctClient) -> None:
    large = b"%PDF" + b"x" * 1_000_000
    many = [bill(f"B-{number}") for number in range(60)]
    files = [[file(content=large)] if number in (0, 30) else [file()] for number in range(60)]
    outcomes = client.post(attached(*many, files=files))
    assert set(statuses(outcomes)) == {"posted"}
    assert len(outcomes) == 120
    found = there(client, linked(client, outcomes[61].key))
    assert found is not None
    assert hashlib.sha256(content(found)["scan.pdf"]).digest() == hashlib.sha256(large).digest()


def test_a_file_is_read_in_pieces_and_only_when_it_is_sent(client: IntacctClient) -> None:
    whole = bytes(range(251)) * 8000
    reads: list[int] = []

    def read() -> Iterator[bytes]:
        for start in range(0, len(whole), 1000):  # no multiple of three
            reads.append(start)
            yield whole[start : start + 1000]

    stored = FileContent(len(whole), hashlib.sha256(whole).hexdigest(), read)
    assert len(whole) > 2 * PIECE
    postings = attached(bill("B-1"), files=[[AttachedFile(name="scan", extension="pdf", content=stored)]])
    assert reads == []
    _, made = client.post(postings)
    assert len(reads) == len(whole) / 1000
    found = there(client, linked(client, made.key))
    assert found is not None
    assert content(found) == {"scan.pdf": whole}


def test_a_file_that_changes_meanwhile_is_not_sent(client: IntacctClient) -> None:
    stored = FileContent(4, hashlib.sha256(b"once").hexdigest(), lambda: iter([b"then"]))
    bills = Books(client, "APBILL")
    with pytest.raises(InvalidRecordError, match="A file changed while it was being sent"):
        client.post(attached(bill("B-1"), files=[[AttachedFile(name="a", extension="txt", content=stored)]]))
    assert bills.added() == []


def test_a_record_that_takes_no_attachment_is_refused() -> None:
    lines = [DocumentLine(account="4000", amount=Decimal("10.00"), dimensions=EAST)]
    adjustment = ApAdjustment(vendor="V001", adjustment_date=DAY, lines=lines)
    with pytest.raises(InvalidRecordError, match="record 1: Intacct takes no attachment with a ApAdjustment"):
        attached(adjustment)
    with pytest.raises(InvalidRecordError, match="put supdocid with an id of your own where it belongs"):
        attached({"vendorid": "V001", "billitems": [{"amount": 1}]}, function="create_bill")
    with pytest.raises(InvalidRequestError, match="attachments were given for 1 records, and there are 2"):
        attached(bill(), bill("2"), files=[[file()]])


def test_an_attachment_of_its_own_is_found_again(client: IntacctClient) -> None:
    def made(content: bytes = BYTES, **more: Any) -> list[Outcome]:
        given = {"id": "CONTRACT 7", "name": "Lease", "folder": "Bills 2026", "files": [file(content=content)]}
        return client.post(prepare([Attachment(**given | more)], scope=SCOPE), look_first=True)  # type: ignore[arg-type]

    (first,) = made()
    (again,) = made()
    assert (first.status, again.status, again.key) == ("posted", "already_posted", first.key)
    for more, words in (({"content": b"x"}, "another content"), ({"name": "Rent"}, "supdocname is 'Lease' there")):
        (other,) = made(**more)  # type: ignore[arg-type]
        assert other.status == "rejected"
        assert words in other.note


def test_one_attachment_at_a_time_is_in_memory(client: IntacctClient) -> None:
    size, count = 2 * 2**20, 12
    content = FileContent(size, hashlib.sha256(bytes(size)).hexdigest(), lambda: iter([bytes(2**20)] * 2))
    files = [[AttachedFile(name="scan", extension="pdf", content=content)] for _ in range(count)]
    tracemalloc.start()
    try:
        outcomes = client.post(attached(*(bill(f"B-{number}") for number in range(count)), files=files))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert set(statuses(outcomes)) == {"posted"}
    assert peak < 6 * size < count * size
