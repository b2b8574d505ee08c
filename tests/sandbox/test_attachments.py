"""Attachments and their folders, and the records that name them (wire/xml-gateway.md §6.8, §7.8)."""

import pytest

from tests.gateway_requests import AUDITOR, call, login
from tests.sandbox.books import (
    accrual,
    bill,
    create,
    element,
    invoice,
    journal_entry,
    key_of,
    line,
    one,
    payment,
    refused,
    rows,
    succeed,
    update,
)
from tests.sandbox_process import SandboxProcess

FOLDER = "<create_supdocfolder><supdocfoldername>Bills</supdocfoldername></create_supdocfolder>"
HELLO = "aGVsbG8="


def file(name: str = "scan", kind: str = "pdf", data: str = HELLO) -> str:
    return element("attachment", {"attachmentname": name, "attachmenttype": kind, "attachmentdata": data})


def supdoc(*files: str, act: str = "create", id: str = "A1", folder: str | None = "Bills", **more: str) -> str:
    inner = f"<attachments>{''.join(files)}</attachments>" if files else ""
    return element(f"{act}_supdoc", {"supdocid": id, "supdocname": more.get("name"), "supdocfoldername": folder}, inner)


def get(name: str, key: str, inner: str = "") -> str:
    return f'<get object="{name}" key="{key}">{inner}</get>'


@pytest.fixture
def filed(sandbox: SandboxProcess) -> SandboxProcess:
    succeed(sandbox, FOLDER)
    key_of(sandbox, supdoc(file()))
    return sandbox


def test_what_was_attached_is_read_back_byte_by_byte(filed: SandboxProcess) -> None:
    result = succeed(filed, get("supdoc", "A1"))
    assert result.findtext("listtype") == "supdoc"
    found = result.find("data/supdoc")
    assert found is not None
    assert [(child.tag, child.text) for child in found][1:4] == [
        ("supdocid", "A1"), ("supdocname", "A1"), ("supdocfoldername", "Bills"),
    ]  # fmt: skip
    assert [(child.tag, child.text) for child in found.find("attachments/attachment")] == [
        ("attachmentname", "scan"), ("attachmenttype", "pdf"), ("attachmentdata", HELLO),
    ]  # fmt: skip


def test_a_list_tells_the_files_unless_other_fields_are_asked_for(filed: SandboxProcess) -> None:
    data = "data/supdoc/attachments/attachment/attachmentdata"
    wanted = "<filter><expression><field>supdocid</field><operator>=</operator><value>A1</value></expression></filter>"
    assert succeed(filed, f'<get_list object="supdoc">{wanted}</get_list>').findtext(data) == HELLO
    asked = '<get_list object="supdoc"><fields><field>supdocid</field></fields></get_list>'
    assert [child.tag for child in succeed(filed, asked).find("data/supdoc")] == ["supdocid"]
    files = '<get_list object="supdoc"><fields><field>supdocid</field><field>attachments</field></fields></get_list>'
    assert succeed(filed, files).findtext(data) == HELLO
    filed.switch(attachment_data_in_lists=False)
    assert succeed(filed, '<get_list object="supdoc"></get_list>').findtext(data) == ""
    assert succeed(filed, get("supdoc", "A1")).findtext(data) == HELLO


def test_an_update_adds_files_and_changes_none(filed: SandboxProcess) -> None:
    succeed(filed, FOLDER.replace("Bills", "Other"))
    succeed(filed, supdoc(file("page 2"), act="update", folder="Other"))
    found = succeed(filed, get("supdoc", "A1"))
    assert [name.text for name in found.iter("attachmentname")] == ["scan", "page 2"]
    assert found.findtext("data/supdoc/supdocfoldername") == "Other"
    assert refused(filed, supdoc(file(data="eA=="), act="update", folder=None))[0][0] == "BL34000061"
    assert refused(filed, supdoc(act="update", id="A9"))[0][0] == "Cannot update non-existing SUPDOC with SUPDOCID=A9."


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (supdoc(file(), id="x" * 21), "Attachment ID is longer than 20 characters."),
        (supdoc(file(), id=""), "Required field Attachment ID is missing"),
        (supdoc(file(), folder="Nowhere"), "Invalid Attachment folder 'Nowhere' specified."),
        (supdoc(file(), folder=None), "Required field Folder is missing"),
        (supdoc(file("scan.pdf")), "The file name 'scan.pdf' and its extension 'pdf' may not have a period."),
        (supdoc(file(data="no base64!")), "The data of the file 'scan' is not base64."),
        (supdoc(file(data="")), "Required field File content is missing"),
        (supdoc(file(), file()), "Another Attached file with the given value(s) scan.pdf  already exists"),
    ],
)
def test_what_is_no_attachment_is_refused(sandbox: SandboxProcess, body: str, said: str) -> None:
    succeed(sandbox, FOLDER)
    assert refused(sandbox, body)[0][1] == said
    assert rows(sandbox, 'SELECT 1 FROM "SUPDOC" UNION ALL SELECT 1 FROM "SUPDOCFILE"') == []


def test_an_id_is_good_for_one_attachment(filed: SandboxProcess) -> None:
    assert refused(filed, supdoc(file()))[0] == (
        "BL34000061",
        "Another Attachment with the given value(s) A1  already exists",
    )


def test_how_attachments_are_numbered_named_and_limited_is_open(sandbox: SandboxProcess) -> None:
    succeed(sandbox, FOLDER)
    sandbox.switch(attachment_numbering=True, attachment_periods="accept", attachment_bytes=5)
    key = key_of(sandbox, supdoc(file("scan.1"), id=""))
    assert one(sandbox, "SUPDOC", key)["SUPDOCID"] == "ATT-00001"
    assert refused(sandbox, supdoc(file(data="aGVsbG8h")))[0][1] == "The file 'scan' has 6 bytes; a file may have 5."
    sandbox.switch(attachment_name_required=True)
    assert refused(sandbox, supdoc())[0][1] == "Required field Attachment name is missing"
    key_of(sandbox, supdoc(name="Scans"))


def test_records_name_attachments_that_exist(filed: SandboxProcess) -> None:
    keys = [
        ("APBILL", key_of(filed, create(bill(SUPDOCID="A1")))),
        ("ARINVOICE", key_of(filed, invoice().replace("<invoiceitems>", "<supdocid>A1</supdocid><invoiceitems>"))),
        ("GLBATCH", key_of(filed, create(accrual(SUPDOCID="A1")))),
        ("VENDOR", key_of(filed, create(element("VENDOR", {"VENDORID": "N1", "NAME": "n", "SUPDOCID": "A1"})))),
    ]
    keys.append(("APPYMT", key_of(filed, create(payment((keys[0][1], "1.00"), SUPDOCID="A1")))))
    for object_name, key in keys:
        assert one(filed, object_name, key)["SUPDOCID"] == "A1"
        where = f"<readByQuery><object>{object_name}</object><query>SUPDOCID = 'A1'</query></readByQuery>"
        result = succeed(filed, where)
        assert str(key) in result.xpath("data/*/RECORDNO/text()")
    said = ("BL01001973", "Invalid Attachment 'A2' specified.")
    for body in (
        create(bill(SUPDOCID="A2")),
        create(accrual(SUPDOCID="A2")),
        create(payment((keys[0][1], "1.00"), SUPDOCID="A2")),
        update(element("GLBATCH", {"RECORDNO": keys[2][1], "SUPDOCID": "A2"})),
    ):
        assert refused(filed, body)[0] == said
    filed.switch(unknown_attachment="accept")
    assert one(filed, "APBILL", key_of(filed, create(bill(SUPDOCID="A2"))))["SUPDOCID"] == "A2"


def test_attachment_and_record_can_come_in_one_transaction(sandbox: SandboxProcess) -> None:
    batch = [FOLDER, supdoc(file()), create(bill(SUPDOCID="A1"))]
    assert call(sandbox, *batch, atomic=True).statuses == ["success"] * 3
    unbalanced = create(journal_entry(line("6500", 1), line("2100", -2), SUPDOCID="A3"))
    assert call(sandbox, supdoc(file(), id="A3"), unbalanced, atomic=True).statuses == ["aborted", "failure"]
    assert rows(sandbox, 'SELECT 1 FROM "SUPDOC" WHERE "SUPDOCID" = ?', "A3") == []


def test_an_attachment_in_use_is_not_deleted(filed: SandboxProcess) -> None:
    key = key_of(filed, create(bill(SUPDOCID="A1")))
    assert "it is in use (AP Bill)" in refused(filed, '<delete_supdoc key="A1"/>')[0][1]
    assert "it is in use (Attachment)" in refused(filed, '<delete_supdocfolder key="Bills"/>')[0][1]
    succeed(filed, update(element("APBILL", {"RECORDNO": key, "SUPDOCID": ""})))
    succeed(filed, '<delete_supdoc key="A1"/>')
    succeed(filed, '<delete_supdocfolder key="Bills"/>')
    assert rows(filed, 'SELECT 1 FROM "SUPDOC" UNION ALL SELECT 1 FROM "SUPDOCFILE"') == []


def test_folders_lie_in_folders(filed: SandboxProcess) -> None:
    inner = (
        "<create_supdocfolder><supdocfoldername>{}</supdocfoldername>"
        "<supdocparentfoldername>{}</supdocparentfoldername></create_supdocfolder>"
    )
    succeed(filed, inner.format("2026", "Bills"))
    assert refused(filed, inner.format("2027", "Nowhere"))[0][1] == "Invalid Attachment folder 'Nowhere' specified."
    found = succeed(filed, get("supdocfolder", "2026"))
    assert found.findtext("data/supdocfolder/supdocparentfoldername") == "Bills"
    circle = inner.format("Bills", "2026").replace("create_", "update_")
    assert refused(filed, circle)[0][1] == "Invalid parent Attachment folder '2026' specified."


def test_generic_functions_know_no_attachments(filed: SandboxProcess) -> None:
    assert refused(filed, "<read><object>SUPDOC</object><keys>1</keys></read>")[0][1].endswith("not found")
    assert refused(filed, create(element("SUPDOC", {"SUPDOCID": "A2"})))[0] == (
        "WS",
        "Object definition SUPDOC not found",
    )
    listed = succeed(filed, "<inspect><object>*</object></inspect>").xpath("data/type/@typename")
    assert "APBILL" in listed
    assert "SUPDOC" not in listed
    looked_up = succeed(filed, "<lookup><object>APBILL</object></lookup>").xpath("//OBJECTNAME/text()")
    assert "VENDOR" in looked_up
    assert "SUPDOC" not in looked_up


def test_who_only_reads_attaches_nothing(filed: SandboxProcess) -> None:
    assert refused(filed, supdoc(file(), id="A2"), credential=login(AUDITOR))[0][0] == "PL04000005"
    assert succeed(filed, get("supdoc", "A1"), credential=login(AUDITOR)).findtext("data/supdoc/supdocid") == "A1"
