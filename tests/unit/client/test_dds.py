"""DDS: jobs that Intacct would refuse are refused here, and a job is read as its record tells."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from lxml import etree

from airflow_provider_intacct.client.errors import InvalidRequestError, MalformedReplyError
from airflow_provider_intacct.client.xml import dds
from airflow_provider_intacct.client.xml.dds import FileConfiguration
from airflow_provider_intacct.client.xml.elements import write

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def job(*arguments: Any, **more: Any) -> str:
    return write(dds.run_dds_job(*arguments, now=NOW, **more).element)


def test_a_job_for_all_records_of_one_object() -> None:
    assert job("VENDOR", "AWS-S3-DDS", "all") == (
        "<runDdsJob><object>VENDOR</object><cloudDelivery>AWS-S3-DDS</cloudDelivery><jobType>all</jobType></runDdsJob>"
    )
    assert dds.run_dds_job("VENDOR", "D", "all").writes
    assert dds.run_dds_job("VENDOR", "D", "all").transactions == 1


def test_changes_are_asked_for_in_utc() -> None:
    since = datetime(2022, 4, 1, 0, 7, 8, 999, tzinfo=timezone(timedelta(hours=-7)))
    assert "<timeStamp>2022-04-01T07:07:08+00:00</timeStamp>" in job("CUSTOMER", "D", "change", since=since)


def test_the_files_are_written_as_asked() -> None:
    files = FileConfiguration(";", "'", True, "windows", 10_000, False)
    assert (
        "<fileConfiguration><delimiter>;</delimiter><enclosure>'</enclosure><includeHeaders>true</includeHeaders>"
        "<fileFormat>windows</fileFormat><splitSize>10000</splitSize><compress>false</compress></fileConfiguration>"
    ) in job("CUSTOMER", "D", "all", files=files)
    assert "fileConfiguration" not in job("CUSTOMER", "D", "all", files=FileConfiguration())


def test_balances_are_delivered_for_a_period() -> None:
    named = job("GLACCOUNTBALANCE", "D", "all", period="Month Ended April 2026")
    assert "<parameter><name>PERIOD</name><value>Month Ended April 2026</value></parameter>" in named
    by_days = job("GLACCOUNTBALANCE", "D", "all", period_start="2026-01-01", period_end="2026-04-30")
    assert (
        "<additional_parameters><parameter><name>PERIODSTARTDATE</name><value>01/01/2026</value></parameter>"
        "<parameter><name>PERIODENDDATE</name><value>04/30/2026</value></parameter></additional_parameters>"
    ) in by_days


def test_several_objects_may_start_at_one_moment() -> None:
    assert (
        "<objects><object>VENDOR</object><object>APDETAIL</object></objects><synchronized>true</synchronized>"
    ) in job(["VENDOR", "APDETAIL"], "D", "change", synchronized=True)


@pytest.mark.parametrize(
    ("arguments", "more", "words"),
    [
        (("VENDOR", "D", "some"), {}, "all change"),
        (("VENDOR", " ", "all"), {}, "cloudDelivery is empty"),
        (([], "D", "all"), {}, "at least one object"),
        (("VENDOR", "D", "all"), {"since": NOW}, "belongs to a job of changes"),
        (("VENDOR", "D", "change"), {"since": NOW.replace(tzinfo=None)}, "no time zone"),
        (("VENDOR", "D", "change"), {"since": NOW + timedelta(hours=1)}, "yet to come"),
        ((["A"] * 6, "D", "change"), {"synchronized": True}, "at most 5"),
        ((["A", "B"], "D", "all"), {"synchronized": True}, "only changes"),
        (("VENDOR", "D", "all"), {"period": "x"}, "GLACCOUNTBALANCE alone"),
        (("GLACCOUNTBALANCE", "D", "all"), {"period": "x", "period_end": "2026-01-01"}, "not both"),
        (("GLACCOUNTBALANCE", "D", "all"), {"period_start": "2026-02-01", "period_end": "2026-01-01"}, "before it"),
        (("VENDOR", "D", "all"), {"files": FileConfiguration(delimiter="|")}, "delimiter '|'"),
        (("VENDOR", "D", "all"), {"files": FileConfiguration(enclosure="#")}, "enclosure '#'"),
        (("VENDOR", "D", "all"), {"files": FileConfiguration(split_size=9_999)}, "10000 to 100000"),
    ],
)
def test_what_intacct_would_refuse_is_not_sent(arguments: Any, more: Any, words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        job(*arguments, **more)


QUEUED = (
    "<data><ddsjob><DDSJOB>VENDOR;all;2017-10-04T18:47:55+00:00</DDSJOB><OBJECT>VENDOR</OBJECT><JOBTYPE>all</JOBTYPE>"
    "<SUBSCRIPTIONKEY></SUBSCRIPTIONKEY><QUEUETIME>10/04/2017 18:47:55</QUEUETIME><STARTTIME></STARTTIME>"
    "<ENDTIME></ENDTIME><RECORDSCREATED>0</RECORDSCREATED><RECORDSUPDATED>0</RECORDSUPDATED>"
    "<RECORDSDELETED>0</RECORDSDELETED><STATUS>Queued</STATUS><ERROR></ERROR><FILELIST></FILELIST>"
    "<DDSHISTORYKEY>11</DDSHISTORYKEY><RECORDNO>12</RECORDNO></ddsjob></data>"
)


def test_the_job_of_the_documentation_is_queued() -> None:
    (read,) = dds.read_jobs(etree.fromstring(QUEUED))
    assert (read.record_number, read.name) == ("12", "VENDOR;all;2017-10-04T18:47:55+00:00")
    assert read.queued_at == datetime(2017, 10, 4, 18, 47, 55, tzinfo=UTC)
    assert (read.ended, read.started_at, read.files) == (False, None, ())


def test_a_completed_job_names_its_files() -> None:
    row = {"RECORDNO": "12", "STATUS": "Completed", "RECORDSCREATED": "3", "FILELIST": "VENDOR.a.csv, VENDOR.b.csv"}
    read = dds.read_job(row | {"ENDTIME": "2017-10-04T18:48:00Z", "STARTTIME": "some time"})
    assert (read.completed, read.ended, read.failed, read.created) == (True, True, False, 3)
    assert read.files == ("VENDOR.a.csv", "VENDOR.b.csv")
    assert read.ended_at == datetime(2017, 10, 4, 18, 48, tzinfo=UTC)
    assert read.started_at is None


def test_a_failed_job_has_ended_too() -> None:
    read = dds.read_job({"RECORDNO": "1", "STATUS": "Failed", "ERROR": "no such bucket"})
    assert (read.ended, read.failed, read.error) == (True, True, "no such bucket")


def test_an_answer_without_a_job_is_refused() -> None:
    with pytest.raises(MalformedReplyError, match="it holds A"):
        dds.read_job({"A": "1"})


def test_objects_and_statements_are_read() -> None:
    objects = (
        "<data><DdsObjects><Objects><Object>CUSTOMER</Object><Object>VENDOR</Object></Objects></DdsObjects></data>"
    )
    assert dds.read_objects(etree.fromstring(objects)) == ["CUSTOMER", "VENDOR"]
    assert dds.read_objects(None) == []
    ddl = "<data><DdsDdl><Ddl>create table CUSTOMER (RECORDNO integer)</Ddl></DdsDdl></data>"
    assert dds.read_ddl(etree.fromstring(ddl)) == "create table CUSTOMER (RECORDNO integer)"
    with pytest.raises(MalformedReplyError):
        dds.read_ddl(etree.fromstring("<data/>"))
