"""The Data Delivery Service: jobs, their files, tables for them (wire/xml-gateway.md §8 "DDS")."""

import csv
import gzip
import io
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from airflow_provider_intacct.sandbox.gateway.delivery.files import FileConfiguration, JobFiles
from tests.gateway_requests import AUDITOR, Answer, call, create_department, login, query
from tests.postgres import PostgresDatabase
from tests.sandbox.books import bill, create, delete, element, key_of, update
from tests.sandbox_process import SandboxProcess


def job(
    objects: str = "DEPARTMENT", kind: str = "all", files: str = "", more: str = "", delivery: str = "AWS-S3-DDS"
) -> str:
    """A request for a job; several objects with commas between, none where `more` holds a query."""
    names = [f"<object>{name}</object>" for name in objects.split(",") if name]
    listed = f"<objects>{''.join(names)}</objects>" if len(names) > 1 else "".join(names)
    configuration = f"<fileConfiguration>{files}</fileConfiguration>" if files else ""
    return (
        f"<runDdsJob>{listed}<cloudDelivery>{delivery}</cloudDelivery><jobType>{kind}</jobType>{more}{configuration}"
        "</runDdsJob>"
    )


def queued(sandbox: SandboxProcess, *requests: str) -> list[str]:
    """Queue jobs and return their record numbers."""
    answer = call(sandbox, *requests)
    assert set(answer.statuses) == {"success"}, answer.body
    return answer.texts("operation/result/data/ddsjob/RECORDNO")


def job_fields(sandbox: SandboxProcess, key: str) -> dict[str, str]:
    """The fields of a job as `read` shows them."""
    answer = call(sandbox, f"<read><object>DDSJOB</object><keys>{key}</keys><fields>*</fields></read>")
    record = answer.root.find("operation/result/data/DDSJOB")
    assert record is not None, answer.body
    return {str(field.tag): field.text or "" for field in record}


def finished(sandbox: SandboxProcess, key: str, seconds: float = 30.0) -> dict[str, str]:
    """Wait for the end of a job and return its fields."""
    deadline = time.monotonic() + seconds
    while (fields := job_fields(sandbox, key))["STATUS"] in ("Queued", "Processing"):
        assert time.monotonic() < deadline, fields
        time.sleep(0.02)
    return fields


def delivered(sandbox: SandboxProcess, fields: dict[str, str]) -> list[Path]:
    """The files of a finished job."""
    assert fields["STATUS"] == "Completed", fields
    return [sandbox.dds_folder / "DEMO" / name for name in fields["FILELIST"].split(",")]


def table(path: Path, text: str | None = None) -> list[dict[str, str]]:
    """The rows of a file with headers."""
    return list(csv.DictReader(io.StringIO(path.read_text() if text is None else text)))


def run(sandbox: SandboxProcess, request: str) -> tuple[dict[str, str], list[list[dict[str, str]]]]:
    """Run a job whose files have headers; its fields, and the rows of each file."""
    fields = finished(sandbox, queued(sandbox, request)[0])
    return fields, [table(path) for path in delivered(sandbox, fields)]


HEADERS = "<includeHeaders>true</includeHeaders>"


def change(since: datetime | None = None, objects: str = "DEPARTMENT") -> str:
    """A request for the changes since a moment, or since the last delivery."""
    stamp = "" if since is None else f"<timeStamp>{since.isoformat()}</timeStamp>"
    return job(objects, "change", HEADERS, stamp)


def now(sandbox: SandboxProcess) -> datetime:
    """The company's time."""
    return datetime.fromisoformat(sandbox.control("/sandbox/time")["now"])


def test_a_job_is_answered_while_it_waits_and_describes_itself(sandbox: SandboxProcess) -> None:
    sandbox.switch(dds_queue_seconds=60)
    answer = call(sandbox, job("VENDOR"))
    (described,) = answer.root.findall("operation/result/data/ddsjob")
    fields = {str(field.tag): field.text or "" for field in described}
    moment = datetime.strptime(fields["QUEUETIME"], "%m/%d/%Y %H:%M:%S").replace(tzinfo=UTC)
    assert fields["DDSJOB"] == f"VENDOR;all;{moment.isoformat()}"
    assert [fields[name] for name in ("OBJECT", "JOBTYPE", "STATUS")] == ["VENDOR", "all", "Queued"]
    assert {fields[f"RECORDS{what}"] for what in ("CREATED", "UPDATED", "DELETED")} == {"0"}
    assert fields["STARTTIME"] == fields["ENDTIME"] == fields["FILELIST"] == fields["ERROR"] == ""
    assert list(fields)[-1] == "RECORDNO"
    assert job_fields(sandbox, fields["RECORDNO"])["STATUS"] == "Queued"
    assert sandbox.control("/sandbox/transactions")["by_function"]["runDdsJob"] == 1


def test_a_job_goes_from_queued_over_processing_to_completed(sandbox: SandboxProcess) -> None:
    sandbox.switch(dds_queue_seconds=0.3, dds_seconds=0.3)
    (key,) = queued(sandbox, job())
    seen = []
    while not seen or seen[-1] in ("Queued", "Processing"):
        status = job_fields(sandbox, key)["STATUS"]
        seen += [status] if status not in seen[-1:] else []
    assert seen == ["Queued", "Processing", "Completed"]


def test_the_files_hold_every_record_once_with_iso_values(sandbox: SandboxProcess) -> None:
    fields, (rows,) = run(sandbox, job("APBILL", files=HEADERS))
    (path,) = delivered(sandbox, fields)
    assert path.name.startswith("APBILL.all.")
    assert path.name.endswith(".csv")
    everywhere = "<options><showprivate>true</showprivate></options>"
    counted = call(
        sandbox, f"<query><object>APBILL</object><select><count>RECORDNO</count></select>{everywhere}</query>"
    )
    assert len(rows) == int(fields["RECORDSCREATED"]) == int(counted.texts(".//COUNT.RECORDNO")[0])
    assert len({row["RECORDNO"] for row in rows}) == len(rows)
    first = rows[0]
    assert date.fromisoformat(first["WHENCREATED"]) < now(sandbox).date()
    assert first["AUWHENCREATED"].endswith("Z")
    assert datetime.fromisoformat(first["AUWHENCREATED"]) < datetime.fromisoformat(first["ddsReadTime"])
    assert first["ddsChangeType"] == ""
    assert list(first)[-2:] == ["ddsReadTime", "ddsChangeType"]


def test_numbers_stand_bare_and_texts_enclosed(sandbox: SandboxProcess) -> None:
    call(sandbox, '<create><DEPARTMENT><DEPARTMENTID>Q</DEPARTMENTID><TITLE>a "b", c</TITLE></DEPARTMENT></create>')
    (path,) = delivered(sandbox, finished(sandbox, queued(sandbox, job())[0]))
    line = path.read_text().splitlines()[-1]
    assert '"a ""b"", c"' in line
    assert line.split(",")[0].isdigit()


@pytest.mark.parametrize(
    ("files", "between", "marks", "end"),
    [
        ("<delimiter>;</delimiter><enclosure>'</enclosure><fileFormat>windows</fileFormat>", ";", "''", "\r\n"),
        ("<delimiter>.</delimiter><enclosure>[</enclosure><fileFormat>mac</fileFormat>", ".", "[]", "\r"),
        ("<enclosure>/</enclosure>", ",", "//", "\n"),
    ],
)
def test_delimiter_enclosure_and_line_ends_are_as_asked(
    sandbox: SandboxProcess, files: str, between: str, marks: str, end: str
) -> None:
    (path,) = delivered(sandbox, finished(sandbox, queued(sandbox, job(files=HEADERS + files))[0]))
    content = path.read_bytes().decode()
    header = content.split(end)[0]
    assert header.split(between)[-1] == f"{marks[0]}ddsChangeType{marks[1]}"
    assert content.count(end) == len(content.split(end)) - 1 > 2
    assert content.replace(end, "").isprintable()


def test_without_headers_the_first_line_is_a_record(sandbox: SandboxProcess) -> None:
    (path,) = delivered(sandbox, finished(sandbox, queued(sandbox, job())[0]))
    assert "RECORDNO" not in path.read_text()


def test_a_compressed_file_is_gzip(sandbox: SandboxProcess) -> None:
    fields = finished(sandbox, queued(sandbox, job(files=HEADERS + "<compress>true</compress>"))[0])
    (path,) = delivered(sandbox, fields)
    assert path.name.endswith(".csv.gz")
    assert len(table(path, gzip.decompress(path.read_bytes()).decode())) == int(fields["RECORDSCREATED"])


def test_changes_are_told_by_kind_and_deletions_come_in_a_file_of_their_own(sandbox: SandboxProcess) -> None:
    call(sandbox, create_department("OLD"), create_department("GONE"))
    sandbox.advance(3600)
    since = now(sandbox)
    key = call(sandbox, query("DEPARTMENT", ["RECORDNO"], equal("DEPARTMENTID", "GONE"))).texts(".//RECORDNO")[0]
    changed = "<update><DEPARTMENT><DEPARTMENTID>OLD</DEPARTMENTID><TITLE>renamed</TITLE></DEPARTMENT></update>"
    gone = delete("DEPARTMENT", key)
    assert set(call(sandbox, changed, create_department("NEW"), gone).statuses) == {"success"}
    fields, (rows, deleted) = run(sandbox, change(since))
    assert {row["DEPARTMENTID"]: row["ddsChangeType"] for row in rows} == {"OLD": "update", "NEW": "create"}
    assert [(row["RECORDNO"], row["ddsChangeType"], row["TITLE"]) for row in deleted] == [(key, "delete", "")]
    assert ".delete." in fields["FILELIST"].split(",")[1]
    assert [fields[f"RECORDS{what}"] for what in ("CREATED", "UPDATED", "DELETED")] == ["1", "1", "1"]


def test_a_line_that_an_update_keeps_is_no_deletion(sandbox: SandboxProcess) -> None:
    key = key_of(sandbox, create(bill()))
    sandbox.advance(60)
    since = now(sandbox)
    renamed = element("APBILL", {"RECORDNO": key, "DESCRIPTION": "renamed"})
    assert call(sandbox, update(renamed)).statuses == ["success"]
    fields, _ = run(sandbox, change(since, "APBILLITEM"))
    assert (fields["RECORDSUPDATED"], fields["RECORDSDELETED"]) == ("1", "0")
    assert call(sandbox, delete("APBILL", key)).statuses == ["success"]
    fields, (_, gone) = run(sandbox, change(since, "APBILLITEM"))
    assert fields["RECORDSDELETED"] == "1", "lines are reported too"
    assert {row["ddsChangeType"] for row in gone} == {"delete"}


def equal(field: str, value: str) -> str:
    """A filter."""
    return f"<filter><equalto><field>{field}</field><value>{value}</value></equalto></filter>"


def test_changes_without_a_time_stamp_are_those_since_the_last_delivery(sandbox: SandboxProcess) -> None:
    _, (everything,) = run(sandbox, change())
    assert {row["ddsChangeType"] for row in everything} == {"create"}
    sandbox.advance(60)
    call(sandbox, create_department("LATE"))
    sandbox.advance(60)
    _, (rows,) = run(sandbox, change())
    assert [row["DEPARTMENTID"] for row in rows] == ["LATE"]
    sandbox.advance(60)
    fields, (nothing,) = run(sandbox, change())
    assert nothing == []
    assert fields["FILELIST"].count(".csv") == 1, "a job with nothing to deliver still delivers a file"


def test_a_record_that_was_never_modified_is_found_by_its_creation(sandbox: SandboxProcess) -> None:
    sandbox.switch(whenmodified_on_create=False)
    since = now(sandbox)
    call(sandbox, create_department("PLAIN"))
    _, (rows,) = run(sandbox, change(since))
    assert [(row["DEPARTMENTID"], row["WHENMODIFIED"]) for row in rows] == [("PLAIN", "")]


def test_a_synchronized_set_starts_at_one_moment(sandbox: SandboxProcess) -> None:
    request = job("VENDOR,CUSTOMER,LOCATION", "change", more="<synchronized>true</synchronized>")
    jobs = [finished(sandbox, key) for key in queued(sandbox, request)]
    assert [fields["OBJECT"] for fields in jobs] == ["VENDOR", "CUSTOMER", "LOCATION"]
    assert len({fields["STARTTIME"] for fields in jobs}) == 1


def test_an_object_already_queued_is_not_queued_again_in_a_synchronized_set(sandbox: SandboxProcess) -> None:
    sandbox.switch(dds_queue_seconds=60)
    (earlier,) = queued(sandbox, job("VENDOR"))
    keys = queued(sandbox, job("VENDOR,CUSTOMER", "change", more="<synchronized>true</synchronized>"))
    assert keys[0] == earlier
    assert len(set(keys)) == 2


def test_several_objects_are_several_jobs_one_after_the_other(sandbox: SandboxProcess) -> None:
    sandbox.switch(dds_seconds=0.2)
    keys = queued(sandbox, job("VENDOR,DEPARTMENT"), job("CLASS"))
    finished(sandbox, keys[1])
    assert job_fields(sandbox, keys[0])["STATUS"] == "Completed"
    assert [finished(sandbox, key)["OBJECT"] for key in keys] == ["VENDOR", "DEPARTMENT", "CLASS"]


def test_a_query_narrows_rows_and_columns(sandbox: SandboxProcess) -> None:
    asked = query("GLACCOUNT", ["ACCOUNTNO", "TITLE"], equal("ACCOUNTNO", "1000"))
    _, (rows,) = run(sandbox, job("", files=HEADERS, more=asked))
    assert [row["ACCOUNTNO"] for row in rows] == ["1000"]
    assert list(rows[0]) == ["ACCOUNTNO", "TITLE", "ddsReadTime", "ddsChangeType"]


def test_balances_are_those_of_whole_periods(sandbox: SandboxProcess) -> None:
    parameters = (
        "<additional_parameters><parameter><name>PERIODSTARTDATE</name><value>02/15/2026</value></parameter>"
        "<parameter><name>PERIODENDDATE</name><value>03/01/2026</value></parameter></additional_parameters>"
    )
    _, (rows,) = run(sandbox, job("GLACCOUNTBALANCE", files=HEADERS, more=parameters))
    february, march = "Month Ended February 2026", "Month Ended March 2026"
    assert {february, march} <= {row["PERIOD"] for row in rows}
    assert "Month Ended January 2026" not in {row["PERIOD"] for row in rows}
    named = f"<parameter><name>PERIOD</name><value>{march}</value></parameter>"
    one = f"<additional_parameters>{named}</additional_parameters>"
    _, (rows,) = run(sandbox, job("GLACCOUNTBALANCE", files=HEADERS, more=one))
    assert {row["PERIOD"] for row in rows} == {march}


@pytest.mark.parametrize(
    ("request_body", "said"),
    [
        (job(delivery="nowhere"), "The cloud storage destination nowhere is not set up"),
        (job("UNHEARD"), "Object definition UNHEARD not found"),
        (job("AUDITHISTORY"), "Object definition AUDITHISTORY not found"),
        (job(kind="some"), "jobType must be all or change, not some"),
        (job(kind="all", more="<synchronized>true</synchronized>"), "Synchronized jobs are of type change"),
        (
            job("VENDOR,CUSTOMER,CLASS,ITEM,TASK,PROJECT", "change", more="<synchronized>true</synchronized>"),
            "Synchronized jobs are for 5 objects or fewer",
        ),
        (job("GLACCOUNTBALANCE", "change", more="<synchronized>true</synchronized>"), "cannot be run for GLACCOUNTBAL"),
        (change(datetime(9999, 1, 1, tzinfo=UTC)), "is in the future"),
        (job(more="<timeStamp>2026-01-01T00:00:00Z</timeStamp>"), "timeStamp is for jobs of type change"),
        (job(files="<delimiter>|</delimiter>"), "delimiter must be one of"),
        (job(files="<enclosure>#</enclosure>"), "enclosure must be one of"),
        (job(""), "needs one of object, objects and query"),
        (job("", more=query("VENDOR", ["NOTHING"])), "Field NOTHING not found"),
        (
            job(more="<additional_parameters><parameter><name>PERIOD</name><value>x</value></parameter>"
                     "</additional_parameters>"),
            "additional_parameters are for GLACCOUNTBALANCE only",
        ),
    ],
)  # fmt: skip
def test_what_the_service_does_not_do_is_refused_and_queues_nothing(
    sandbox: SandboxProcess, request_body: str, said: str
) -> None:
    answer = call(sandbox, request_body)
    assert answer.statuses == ["failure"]
    assert said in answer.errors()[0][1]
    assert jobs_of(sandbox) == []


def jobs_of(sandbox: SandboxProcess) -> list[str]:
    """The objects of all jobs, as query lists them."""
    return call(sandbox, query("DDSJOB", ["OBJECT", "STATUS"])).texts(".//OBJECT")


def test_who_may_only_read_queues_nothing(sandbox: SandboxProcess) -> None:
    answer = call(sandbox, job(), "<getDdsObjects/>", credential=login(AUDITOR))
    assert answer.statuses == ["failure", "success"]
    assert answer.errors()[0][0] == "PL04000005"


def test_a_job_can_fail(sandbox: SandboxProcess) -> None:
    sandbox.switch(dds_error="The bucket is gone.")
    fields = finished(sandbox, queued(sandbox, job())[0])
    assert (fields["STATUS"], fields["ERROR"], fields["FILELIST"]) == ("Failed", "The bucket is gone.", "")


def test_a_folder_that_cannot_be_written_fails_the_job(sandbox: SandboxProcess) -> None:
    (sandbox.dds_folder).mkdir(exist_ok=True)
    place = sandbox.dds_folder / "DEMO"
    aside = place.rename(place.with_name("aside")) if place.exists() else None
    place.write_text("in the way")
    try:
        assert finished(sandbox, queued(sandbox, job())[0])["STATUS"] == "Failed"
    finally:
        place.unlink()
        if aside is not None:
            aside.rename(place)


def test_the_list_of_files_may_hold_paths(sandbox: SandboxProcess) -> None:
    sandbox.switch(dds_file_list="path")
    assert finished(sandbox, queued(sandbox, job())[0])["FILELIST"].startswith("DEMO/DEPARTMENT.all.")


def test_a_queue_survives_the_process(fresh_sandbox: SandboxProcess) -> None:
    fresh_sandbox.switch(dds_seconds=30)
    first, second = queued(fresh_sandbox, job("VENDOR"), job("CUSTOMER"))
    while job_fields(fresh_sandbox, first)["STATUS"] != "Processing":
        time.sleep(0.01)
    fresh_sandbox.kill()
    fresh_sandbox.restart()
    for key in (first, second):
        assert len(delivered(fresh_sandbox, finished(fresh_sandbox, key))) == 1
    assert [path.name for path in (fresh_sandbox.dds_folder / "DEMO").iterdir() if path.name.startswith(".")] == []


def test_a_reset_ends_the_job_in_process_and_leaves_nothing_unfinished(sandbox: SandboxProcess) -> None:
    sandbox.switch(dds_seconds=30)
    queued(sandbox, job("VENDOR"))
    sandbox.reset()
    assert jobs_of(sandbox) == []
    assert finished(sandbox, queued(sandbox, job())[0])["STATUS"] == "Completed"


def test_calls_are_served_while_a_job_is_in_process(sandbox: SandboxProcess) -> None:
    sandbox.switch(dds_seconds=30)
    (key,) = queued(sandbox, job("GLDETAIL"))
    while job_fields(sandbox, key)["STATUS"] != "Processing":
        time.sleep(0.01)
    assert call(sandbox, create_department("MEANWHILE")).statuses == ["success"]


def test_files_are_split_and_appear_together(tmp_path: Path) -> None:
    configuration = FileConfiguration(headers=True, split=3)
    files = JobFiles(tmp_path, "VENDOR.all.1", configuration, ["RECORDNO"])
    for start in range(0, 8, 4):
        files.add([[str(number)] for number in range(start, start + 4)])
    assert [path for path in tmp_path.iterdir() if not path.name.startswith(".")] == []
    names = files.deliver()
    assert names == [f"VENDOR.all.1.{part}.csv" for part in (1, 2, 3)]
    assert [(tmp_path / name).read_text().split() for name in names] == [
        ['"RECORDNO"', "0", "1", "2"],
        ['"RECORDNO"', "3", "4", "5"],
        ['"RECORDNO"', "6", "7"],
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def objects(answer: Answer) -> list[str]:
    """The objects that getDdsObjects lists."""
    return answer.texts("operation/result/data/DdsObjects/Objects/Object")


def test_standard_and_custom_objects_can_be_delivered(sandbox: SandboxProcess) -> None:
    listed = objects(call(sandbox, "<getDdsObjects/>"))
    assert {"VENDOR", "GLENTRY", "GLDETAIL", "GLACCOUNTBALANCE", "SUBSCRIPTION"} <= set(listed)
    assert {"DDSJOB", "AUDITHISTORY"}.isdisjoint(listed)


def test_every_object_can_be_run(sandbox: SandboxProcess) -> None:
    names = objects(call(sandbox, "<getDdsObjects/>"))
    june = "<parameter><name>PERIOD</name><value>Month Ended June 2026</value></parameter>"
    period = f"<additional_parameters>{june}</additional_parameters>"
    requests = [job(name, more=period if name == "GLACCOUNTBALANCE" else "") for name in names]
    jobs = [finished(sandbox, key) for key in queued(sandbox, *requests)]
    assert {fields["STATUS"] for fields in jobs} == {"Completed"}, jobs


def test_postgresql_takes_the_tables_and_the_files(sandbox: SandboxProcess, postgres: PostgresDatabase) -> None:
    names = objects(call(sandbox, "<getDdsObjects/>"))
    answer = call(sandbox, *[f"<getDdsDdl><object>{name}</object></getDdsDdl>" for name in names])
    tables = answer.texts("operation/result/data/DdsDdl/Ddl")
    assert tables[names.index("CUSTOMER")].startswith("create table CUSTOMER (RECORDNO integer, ")
    with postgres.connect() as connection:
        for statement in tables:
            connection.execute(statement.encode())
        fields = finished(sandbox, queued(sandbox, job("APBILL", files=HEADERS))[0])
        (path,) = delivered(sandbox, fields)
        with connection.cursor().copy("copy APBILL from stdin (format csv, header true)") as copying:
            copying.write(path.read_bytes())
    assert postgres.query("select count(*) from APBILL") == [(int(fields["RECORDSCREATED"]),)]


def test_the_job_object_is_described(sandbox: SandboxProcess) -> None:
    described = call(sandbox, "<lookup><object>DDSJOB</object></lookup>")
    assert {"STATUS", "FILELIST", "ERROR", "QUEUETIME"} <= set(described.texts(".//Field/ID"))
