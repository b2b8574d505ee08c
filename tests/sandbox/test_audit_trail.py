"""getAuditTrail: the history of one record."""

from tests.sandbox.reading_company import SUMMER, WINTER, ReadingCompany


def test_the_trail_of_a_record_comes_oldest_first(own_company: ReadingCompany) -> None:
    for moment, mode in ((SUMMER, "M"), (WINTER, "C")):
        own_company.put(
            "AUDITHISTORY", OBJECTTYPE="apbill", OBJECTKEY="1--REC", ACCESSTIME=moment, ACCESSMODE=mode, USERID="etl",
            SOURCE="api",
        )  # fmt: skip
    own_company.put("AUDITHISTORY", OBJECTTYPE="apbill", OBJECTKEY="2--REC", ACCESSTIME=WINTER, ACCESSMODE="C")
    answer = own_company.ask("<getAuditTrail><object>APBILL</object><recordNo>1</recordNo></getAuditTrail>")
    assert answer.elements == ["auditTrailDetail", "auditTrailDetail"]
    assert answer.column("accessMode") == ["create", "modify"]
    assert answer.rows[0] == {
        "userId": "etl", "object": "apbill", "objectKey": "1", "accessTime": "2026-01-15T12:00:00+00:00",
        "accessMode": "create", "workflowAction": "", "webServer": "", "trackingId": "", "ipAddress": "",
        "source": "api",
    }  # fmt: skip


def test_a_record_without_a_trail_has_none(shared_company: ReadingCompany) -> None:
    answer = shared_company.ask("<getAuditTrail><object>VENDOR</object><objectKey>V1</objectKey></getAuditTrail>")
    assert answer.counts == {"count": 0}


def test_a_project_is_known_by_its_id(own_company: ReadingCompany) -> None:
    key = own_company.put("PROJECT", PROJECTID="P1", NAME="Bridge")
    own_company.put("AUDITHISTORY", OBJECTTYPE="project", OBJECTKEY="P1", ACCESSTIME=WINTER, ACCESSMODE="C")
    answer = own_company.ask(f"<getAuditTrail><object>PROJECT</object><recordNo>{key}</recordNo></getAuditTrail>")
    assert answer.column("objectKey") == ["P1"]
