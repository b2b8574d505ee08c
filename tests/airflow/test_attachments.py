"""Files attached to records, brought in by themselves, and written out again; on a disk and in S3."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_intacct.client import IntacctClient
from airflow_provider_intacct.client.posting import Scope, prepare
from airflow_provider_intacct.client.transactions import AttachmentFolder
from airflow_provider_intacct.operators.attachments import ObjectStorageToIntacctAttachmentsOperator
from airflow_provider_intacct.operators.write import IntacctCreateOperator
from airflow_provider_intacct.transfers.attachments import IntacctAttachmentsToObjectStorageOperator, safe
from tests.airflow.conftest import Connect
from tests.airflow.running import Store, context
from tests.faults.company import Books, generic_bill, sign_in
from tests.sandbox_process import SandboxProcess

SCAN = bytes(range(256)) * 9 + b"\x00"


@pytest.fixture
def client(connect: Connect, sandbox: SandboxProcess) -> Iterator[IntacctClient]:
    connect()
    with sign_in(sandbox) as client:
        client.post(prepare([AttachmentFolder(name="Bills")], scope=Scope("DEMO", key="folders")))
        yield client


@pytest.fixture
def incoming(tmp_path: Path) -> Path:
    """A folder with two invoices, one of which has two files, and what is no invoice."""
    folder = tmp_path / "in"
    (folder / "INV-2").mkdir(parents=True)
    (folder / "INV-1.pdf").write_bytes(SCAN)
    (folder / "INV-2" / "page 1.png").write_bytes(b"one")
    (folder / "INV-2" / "page.2.png").write_bytes(b"two")
    (folder / "_SUCCESS").write_bytes(b"")
    return folder


def create(records: Any, **arguments: Any) -> list[dict[str, Any]]:
    given = {"object": "APBILL", "attachment_folder": "Bills", **arguments}
    operator = IntacctCreateOperator(task_id="post", records=records, **given)
    store = given.pop("store", None)
    return operator.execute(context(store, xcom_push=lambda key, value: None))  # type: ignore[no-any-return]


def bring(path: Path, **arguments: Any) -> list[dict[str, Any]]:
    given = {"folder": "Bills", **arguments}
    operator = ObjectStorageToIntacctAttachmentsOperator(task_id="bring", path=str(path), **given)
    return operator.execute(context(Store(), xcom_push=lambda key, value: None))


def write_out(path: Path | str, **arguments: Any) -> dict[str, Any]:
    return IntacctAttachmentsToObjectStorageOperator(task_id="fetch", path=str(path), **arguments).execute(context())


def statuses(outcomes: list[dict[str, Any]]) -> list[str]:
    return [outcome["status"] for outcome in outcomes]


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "_manifest.json"
    }


def test_bills_go_in_with_their_files_and_come_out_again(client: IntacctClient, incoming: Path, tmp_path: Path) -> None:
    records = [generic_bill("B-1"), generic_bill("B-2"), generic_bill("B-3")]
    paths = [str(incoming / "INV-1.pdf"), None, [str(path) for path in sorted((incoming / "INV-2").iterdir())]]
    outcomes = create(records, attachments=paths)
    assert [(each["position"], each["object"], each["status"]) for each in outcomes] == [
        (1, "create_supdoc", "posted"),
        (1, "APBILL", "posted"),
        (2, "APBILL", "posted"),
        (3, "create_supdoc", "posted"),
        (3, "APBILL", "posted"),
    ]
    first, second = (each["natural_key"]["supdocid"] for each in outcomes if each["object"] == "create_supdoc")
    out = tmp_path / "out"
    told = write_out(out, object="APBILL", where="RECORDID LIKE 'B-%'")
    assert told == {"path": str(told["path"]), "attachments": 2, "files": 3, "bytes": len(SCAN) + 6}
    assert files_in(out) == {
        f"{first}/INV-1.pdf": SCAN,
        f"{second}/page 1.png": b"one",
        f"{second}/page-2.png": b"two",
    }
    manifest = json.loads((out / "_manifest.json").read_text())
    assert manifest[0] == {
        "id": first,
        "name": first,
        "folder": "Bills",
        "description": "",
        "files": [{"file": f"{first}/INV-1.pdf", "bytes": len(SCAN), "sha256": hashlib.sha256(SCAN).hexdigest()}],
    }


def test_a_cleared_task_attaches_nothing_twice(client: IntacctClient, incoming: Path) -> None:
    bills, store = Books(client, "APBILL"), Store()
    paths = str(incoming / "INV-1.pdf")
    operator = IntacctCreateOperator(
        task_id="post", object="APBILL", records=generic_bill(), attachments=paths, attachment_folder="Bills"
    )
    first = operator.execute(context(store))
    again = operator.execute(context(store, try_number=2))
    assert (statuses(first), statuses(again)) == (["posted"] * 2, ["already_posted"] * 2)
    assert len(bills.added()) == 1
    (incoming / "INV-1.pdf").write_bytes(b"another")
    with pytest.raises(AirflowFailException, match=r"the file INV-1\.pdf has another content"):
        operator.execute(context(store, try_number=3))


def test_a_required_state_is_the_bill_s_and_not_its_attachment_s(
    sandbox: SandboxProcess, client: IntacctClient, incoming: Path
) -> None:
    given = {"attachments": str(incoming / "INV-1.pdf"), "require_state": "Posted"}
    assert [each["state"] for each in create([generic_bill("B-1")], **given)] == ["", "Posted"]
    sandbox.switch(approval_apbill=1)
    with pytest.raises(AirflowFailException, match=r"not in state Posted:\n- APBILL \d+: Submitted[^\n]*\nWhat"):
        create([generic_bill("B-2")], **given)


def test_neither_the_bill_nor_its_file_is_there_alone(client: IntacctClient, incoming: Path) -> None:
    bills = Books(client, "APBILL")
    refused = generic_bill("B-1") | {"SUPDOCID": "A-1", "WHENPOSTED": "2025-03-01"}
    with pytest.raises(AirflowFailException, match="RecordsRejectedError"):
        create([refused], attachments=str(incoming / "INV-1.pdf"))
    assert bills.added() == []
    with pytest.raises(AirflowFailException):
        write_out(incoming.parent / "out", ids="A-1")


def test_a_bill_that_is_refused_takes_its_file_with_it_and_no_other_s(client: IntacctClient, incoming: Path) -> None:
    bills = Books(client, "APBILL")
    refused = generic_bill("B-1") | {"SUPDOCID": "A-1", "WHENPOSTED": "2025-03-01"}
    path = str(incoming / "INV-1.pdf")
    outcomes = create([refused, generic_bill("B-2")], attachments=[path, path], on_reject="collect")
    assert statuses(outcomes) == ["rolled_back", "rejected", "posted", "posted"]
    assert [outcomes[3]["key"]] == bills.added()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"attachment_folder": None}, "attachments need attachment_folder"),
        ({"atomic": False}, "and atomic=True"),
        ({"attachments": ["a.pdf", "b.pdf"]}, "attachments has 2 entries, and there are 1 records"),
        ({"attachments": "/nowhere/a.pdf"}, r"Cannot read .*/nowhere/a\.pdf: FileNotFoundError"),
        ({"attachments": "/nowhere/README"}, "has no extension"),
        ({"max_file_bytes": 100}, "has more than 100 bytes"),
        ({"attachment_folder": "Nowhere"}, "RecordsRejectedError"),
    ],
)
def test_what_cannot_be_attached_is_said_and_nothing_is_booked(
    client: IntacctClient, incoming: Path, arguments: dict[str, Any], words: str
) -> None:
    bills = Books(client, "APBILL")
    with pytest.raises(AirflowFailException, match=words):
        create([generic_bill()], **{"attachments": str(incoming / "INV-1.pdf"), **arguments})
    assert bills.added() == []


def test_files_and_folders_become_attachments_each_once(client: IntacctClient, incoming: Path, tmp_path: Path) -> None:
    outcomes = bring(incoming, folder="Scans", create_folder=True)
    assert [(each["object"], each["status"]) for each in outcomes] == [
        ("create_supdocfolder", "posted"),
        ("create_supdoc", "posted"),
        ("create_supdoc", "posted"),
    ]
    again = bring(incoming, folder="Scans", create_folder=True)
    assert statuses(again) == ["already_posted"] * 3
    assert [each["key"] for each in again] == [each["key"] for each in outcomes]
    write_out(tmp_path / "out", ids=["INV-1", "INV-2", "INV-1"])
    assert files_in(tmp_path / "out") == {
        "INV-1/INV-1.pdf": SCAN,
        "INV-2/page 1.png": b"one",
        "INV-2/page-2.png": b"two",
    }


def test_an_id_that_is_too_long_is_refused_before_anything_is_sent(client: IntacctClient, incoming: Path) -> None:
    (incoming / "an invoice with a long name.pdf").write_bytes(SCAN)
    with pytest.raises(AirflowFailException, match="of 27 characters; Intacct takes 20"):
        bring(incoming)
    with pytest.raises(AirflowFailException, match="There is no attachment INV-1"):
        write_out(incoming.parent / "out", ids="INV-1")


def test_the_same_run_again_writes_the_same(client: IntacctClient, incoming: Path, tmp_path: Path) -> None:
    bring(incoming)
    first = write_out(tmp_path / "out", ids="INV-1, INV-2")
    before = files_in(tmp_path / "out")
    assert write_out(tmp_path / "out", ids="INV-1, INV-2") == first
    assert files_in(tmp_path / "out") == before


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b.pdf", "..", ".", "a\\b", "a\0b", " x", ".hidden", ""])
def test_no_name_of_intacct_leads_out_of_the_folder(name: str) -> None:
    made = safe(name)
    assert not {"/", "\\", "\0"} & set(made)
    assert made.strip(" .") == made
    assert made
    assert safe(made) == made != name


@pytest.mark.parametrize("name", ["Invoice 4711.pdf", "Rechnung März (2).pdf", "CONTRACT-7"])
def test_a_name_that_is_fit_for_a_file_is_kept(name: str) -> None:
    assert safe(name) == name
