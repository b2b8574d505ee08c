"""The Data Delivery Service: jobs that write an object's records as CSV files into a cloud folder of the company's.

Pure: requests and what their answers say. A job runs by itself once it is queued; its DDSJOB record tells how far.
Source: developer.intacct.com, Data Delivery Service > Running DDS jobs, DDS jobs; intacctws-php, api_ddsJob (statuses).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from lxml import etree

from airflow_provider_intacct.client.errors import InvalidRequestError, MalformedReplyError, RecordNotFoundError
from airflow_provider_intacct.client.rows import Row, from_element
from airflow_provider_intacct.client.xml.balances import day
from airflow_provider_intacct.client.xml.elements import scalar
from airflow_provider_intacct.client.xml.functions import Function, function, read, text, within

JobType = Literal["all", "change"]

MAX_SYNCHRONIZED = 5
MIN_SPLIT, MAX_SPLIT = 10_000, 100_000
FIELDS = ("RECORDNO", "DDSJOB", "OBJECT", "JOBTYPE", "STATUS", "QUEUETIME")
"""Of DDSJOB, what tells one job from another."""
_WRITTEN = "%m/%d/%Y %H:%M:%S"


@dataclass(frozen=True, slots=True)
class FileConfiguration:
    """How the files of a job are written; what is left None is Intacct's default, after the colon.

    `delimiter`        one of `,` `;` `.`: comma
    `enclosure`        one of `"` `'` `[` `/`: double quote
    `include_headers`  a first line with the names: without
    `file_format`      line ends: unix, windows or mac: unix
    `split_size`       records of one file, 10,000 to 100,000: 100,000
    `compress`         compressed files: plain
    """

    delimiter: str | None = None
    enclosure: str | None = None
    include_headers: bool | None = None
    file_format: Literal["unix", "windows", "mac"] | None = None
    split_size: int | None = None
    compress: bool | None = None

    def content(self) -> dict[str, Any]:
        """Return the content of `fileConfiguration`."""
        _one_of("delimiter", self.delimiter, (",", ";", "."))
        _one_of("enclosure", self.enclosure, ('"', "'", "[", "/"))
        _one_of("file format", self.file_format, ("unix", "windows", "mac"))
        if self.split_size is not None:
            within(self.split_size, MIN_SPLIT, MAX_SPLIT, "runDdsJob: split size")
        given = {
            "delimiter": self.delimiter,
            "enclosure": self.enclosure,
            "includeHeaders": self.include_headers,
            "fileFormat": self.file_format,
            "splitSize": self.split_size,
            "compress": self.compress,
        }
        return {name: value for name, value in given.items() if value is not None}


def run_dds_job(
    object: str | Sequence[str],
    cloud_delivery: str,
    job_type: JobType,
    *,
    since: datetime | None = None,
    synchronized: bool = False,
    period: str | None = None,
    period_start: date | str | None = None,
    period_end: date | str | None = None,
    files: FileConfiguration | None = None,
    now: datetime | None = None,
) -> Function:
    """Return a `runDdsJob`: one job, or one for each of several objects.

    `cloud_delivery`  name of a cloud storage destination, as set up in Intacct
    `job_type`        "all" records, or what has changed `since` (an aware datetime; the last delivery if left out)
    `synchronized`    changes of up to five objects as of one moment
    `period`, or `period_start` and `period_end`   of GLACCOUNTBALANCE only: which balances
    """
    _one_of("job type", job_type, ("all", "change"))
    objects = [object] if isinstance(object, str) else list(object)
    title = f"runDdsJob {', '.join(objects)}"
    body: dict[str, Any] = _objects(title, objects, job_type, synchronized)
    body |= {"cloudDelivery": text("cloudDelivery", cloud_delivery, title).text, "jobType": job_type}
    if since is not None:
        body["timeStamp"] = _since(title, since, job_type, now or datetime.now(UTC))
    if files is not None and (content := files.content()):
        body["fileConfiguration"] = content
    if parameters := _period(title, objects, period, period_start, period_end):
        body["additional_parameters"] = {
            "parameter": [{"name": name, "value": value} for name, value in parameters.items()]
        }
    return function("runDdsJob", body)


def read_dds_job(record_number: str) -> Function:
    """Return a `read` of one DDSJOB: how far the job is, and what it delivered."""
    return read("DDSJOB", [record_number])


def get_dds_objects() -> Function:
    """Return a `getDdsObjects`: the names of all objects that can be delivered."""
    return Function("getDdsObjects")


def get_dds_ddl(object: str) -> Function:
    """Return a `getDdsDdl`: `create table` for an object's files, as PostgreSQL understands it."""
    return Function("getDdsDdl", (text("object", object, "getDdsDdl"),))


@dataclass(frozen=True, slots=True)
class DdsJob:
    """A job as its DDSJOB record tells. Times are UTC; `files` are the names in the cloud folder, when it is done."""

    record_number: str
    name: str
    object: str
    job_type: str
    status: str
    error: str = ""
    queued_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    created: int = 0
    updated: int = 0
    deleted: int = 0
    files: tuple[str, ...] = ()

    @property
    def completed(self) -> bool:
        return self.status.lower() == "completed"

    @property
    def failed(self) -> bool:
        return self.status.lower() == "failed"

    @property
    def ended(self) -> bool:
        """Whether waiting longer changes nothing."""
        return self.completed or self.failed


def read_jobs(data: etree._Element | None) -> list[DdsJob]:
    """Return the jobs in the `data` of runDdsJob, or of read or query of DDSJOB."""
    return [read_job(row) for row in from_element(data)]


def read_job(row: Row) -> DdsJob:
    """Return the job of one DDSJOB record, as text."""

    def said(name: str) -> str:
        return str(row.get(name) or "").strip()

    if not said("RECORDNO") or not said("STATUS"):
        raise MalformedReplyError(
            f"A DDS job without RECORDNO or STATUS; it holds {', '.join(sorted(row)) or 'nothing'}."
        )
    return DdsJob(
        said("RECORDNO"),
        said("DDSJOB"),
        said("OBJECT"),
        said("JOBTYPE"),
        said("STATUS"),
        said("ERROR"),
        _moment(said("DDSJOB").rpartition(";")[2]) or _moment(said("QUEUETIME")),  # the first says its zone
        _moment(said("STARTTIME")),
        _moment(said("ENDTIME")),
        _count(said("RECORDSCREATED")),
        _count(said("RECORDSUPDATED")),
        _count(said("RECORDSDELETED")),
        tuple(name.strip() for name in re.split(r"[,\n]", said("FILELIST")) if name.strip()),
    )


def read_one(data: etree._Element | None, record_number: str) -> DdsJob:
    """Return the job in the `data` of `read_dds_job`. Raises RecordNotFoundError if there is none."""
    jobs = read_jobs(data)
    if len(jobs) != 1 or jobs[0].record_number != record_number:
        raise RecordNotFoundError(f"There is no DDS job {record_number}.", function="read", object="DDSJOB")
    return jobs[0]


def read_objects(data: etree._Element | None) -> list[str]:
    """Return the names in the answer to getDdsObjects."""
    return [] if data is None else [(element.text or "").strip() for element in data.iter("Object")]


def read_ddl(data: etree._Element | None) -> str:
    """Return the statements in the answer to getDdsDdl."""
    found = [] if data is None else [(element.text or "").strip() for element in data.iter("Ddl")]
    if not any(found):
        raise MalformedReplyError("The answer to getDdsDdl holds no Ddl.")
    return "\n".join(found)


def _objects(title: str, objects: Sequence[str], job_type: str, synchronized: bool) -> dict[str, Any]:
    if not objects:
        raise InvalidRequestError("runDdsJob: name at least one object.")
    names = [text("object", name, title).text for name in objects]
    if synchronized and (job_type != "change" or len(names) > MAX_SYNCHRONIZED):
        raise InvalidRequestError(f"{title}: only changes, of at most {MAX_SYNCHRONIZED} objects, can be synchronized.")
    if len(names) == 1 and not synchronized:
        return {"object": names[0]}
    return {"objects": {"object": names}, "synchronized": synchronized}


def _since(title: str, since: datetime, job_type: str, now: datetime) -> str:
    if job_type != "change":
        raise InvalidRequestError(f"{title}: `since` belongs to a job of changes; this one delivers all records.")
    if since.tzinfo is None:
        raise InvalidRequestError(f"{title}: `since` has no time zone; DDS counts in UTC, so say which it is.")
    if since - now > timedelta(minutes=1):  # clocks differ a little
        raise InvalidRequestError(f"{title}: `since` is {since.isoformat()}, which is yet to come.")
    return f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+00:00"


def _period(
    title: str, objects: Sequence[str], name: str | None, start: date | str | None, end: date | str | None
) -> dict[str, str]:
    if not (name or start or end):
        return {}
    if [each.upper() for each in objects] != ["GLACCOUNTBALANCE"]:
        raise InvalidRequestError(f"{title}: a period can be given for GLACCOUNTBALANCE alone.")
    if name and not start and not end:
        return {"PERIOD": name}
    if name or not start or not end:
        raise InvalidRequestError(f"{title}: give the name of a period, or its first and last day, and not both.")
    first, last = day(start, f"{title}: period_start"), day(end, f"{title}: period_end")
    if last < first:
        raise InvalidRequestError(f"{title}: the period ends on {last}, before it starts on {first}.")
    return {"PERIODSTARTDATE": scalar(first, title), "PERIODENDDATE": scalar(last, title)}


def _one_of(what: str, value: str | None, known: Sequence[str]) -> None:
    if value is not None and value not in known:
        raise InvalidRequestError(f"runDdsJob: {what} {value!r}; Intacct knows {' '.join(known)}.")


def _moment(written: str) -> datetime | None:
    """A time of a job: in UTC, as the job's name shows. None where it is empty or written in a way we do not know."""
    try:
        return datetime.strptime(written, _WRITTEN).replace(tzinfo=UTC)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _count(written: str) -> int:
    return int(written) if written.isdecimal() else 0
