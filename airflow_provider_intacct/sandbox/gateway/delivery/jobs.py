"""The queue of DDS jobs: one offline job is in process at a time, in the order of arrival, beside the gateway's calls.

A job and what it is to do are one record, so that a queue survives the process; a job that was in process when the
process died begins again. A synchronized set is one piece of work: one start, one state of the company.
"""

import sqlite3
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from airflow_provider_intacct.sandbox.company import Company
from airflow_provider_intacct.sandbox.gateway.calls import Call
from airflow_provider_intacct.sandbox.gateway.results import FunctionError
from airflow_provider_intacct.sandbox.gateway.sessions import Session
from airflow_provider_intacct.sandbox.records import Record, fetch, insert, update

from .files import FileConfiguration, JobFiles
from .rows import Delivery, query_element

_JOB = "DDSJOB"
_WAITING = ("Queued", "Processing")
_POLL = 0.05


@dataclass(frozen=True, slots=True)
class Specification:
    """What a job is to do. `since` None in a job of changes: since the object was last delivered to that target."""

    object: str
    kind: str
    target: str
    user_id: str
    since: datetime | None = None
    query: str = ""
    periods: Sequence[str] = ()
    files: FileConfiguration = field(default_factory=FileConfiguration)

    def text(self) -> str:
        """Return the specification as it is stored."""
        return orjson.dumps(asdict(self)).decode()

    @classmethod
    def of(cls, text: str) -> "Specification":
        """Return a stored specification."""
        values: dict[str, Any] = orjson.loads(text)
        since = datetime.fromisoformat(values["since"]) if values["since"] else None
        return cls(**{**values, "since": since, "files": FileConfiguration(**values["files"])})


@dataclass(frozen=True, slots=True)
class Job:
    """A queued job."""

    key: int
    queued: datetime
    specification: Specification


class _StoppedError(Exception):
    """The company is reset or closed."""


class Jobs:
    """The DDS jobs of a company, and the one thread that works them off while there are any."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._worker: threading.Thread | None = None
        company.at_end(self._stop)

    def queue(self, db: sqlite3.Connection, specifications: Sequence[Specification], now: datetime) -> list[int]:
        """Store one job for each specification, as one set, and return their record numbers."""
        definition = self._company.catalog[_JOB]
        keys: list[int] = []
        for specification in specifications:
            name = f"{specification.object};{specification.kind};{now.isoformat()}"
            counts = dict.fromkeys(("RECORDSCREATED", "RECORDSUPDATED", "RECORDSDELETED"), 0)
            values = {"DDSJOB": name, "OBJECT": specification.object, "JOBTYPE": specification.kind, **counts}
            key = insert(db, definition, {**values, "QUEUETIME": now, "STATUS": "Queued"})
            update(db, definition, key, {"DDSHISTORYKEY": key})
            keys.append(key)
            db.execute("INSERT INTO gateway_dds_job VALUES (?, ?, ?)", (key, keys[0], specification.text()))
        return keys

    def waiting_for(self, db: sqlite3.Connection, object_name: str) -> int | None:
        """Return the job on that object that is queued or in process."""
        row = db.execute(
            f'SELECT "RECORDNO" FROM "{_JOB}" WHERE "OBJECT" = ? AND "STATUS" IN (?, ?) ORDER BY 1',
            (object_name, *_WAITING),
        ).fetchone()
        return int(row[0]) if row else None

    def start(self) -> None:
        """Have the queue worked off from now on: what is in it, and what is committed later."""
        with self._lock:
            if self._worker is None and not self._stopping.is_set():
                self._worker = threading.Thread(target=self._work, name="dds", daemon=True)
                self._worker.start()

    def resume(self) -> None:
        """Go on with what an earlier process left in the queue; what it wrote half is written anew."""
        jobs = self._next_set()
        for job in jobs if self._company.dds_folder else ():
            for leftover in self._folder.glob(f".{job.specification.object}.*.{job.key}.*.part"):
                leftover.unlink(missing_ok=True)
        if jobs:
            self.start()

    def _stop(self) -> None:
        self._stopping.set()
        with self._lock:
            worker = self._worker
        if worker is not None:
            worker.join()

    def _work(self) -> None:
        """Poll the queue, as Intacct's DDS manager does."""
        try:
            while True:
                jobs = self._next_set()
                if jobs:
                    self._run(jobs)
                else:
                    self._pause(_POLL)
        except _StoppedError:
            return

    def _next_set(self) -> list[Job]:
        with self._company.store.read() as db:
            rows = db.execute(
                'SELECT j."RECORDNO", j."QUEUETIME", s.specification FROM gateway_dds_job AS s '
                f'JOIN "{_JOB}" AS j ON j."RECORDNO" = s.record_no WHERE j."STATUS" IN (?, ?) AND s.set_no = (SELECT '
                f'min(q.set_no) FROM gateway_dds_job AS q JOIN "{_JOB}" AS w ON w."RECORDNO" = q.record_no '
                'WHERE w."STATUS" IN (?, ?)) ORDER BY 1',
                (*_WAITING, *_WAITING),
            ).fetchall()
        return [Job(key, datetime.fromisoformat(queued), Specification.of(text)) for key, queued, text in rows]

    def _run(self, jobs: Sequence[Job]) -> None:
        """Work off one set: every job of it starts at one moment and sees one state of the company."""
        self._pause(self._company.switches.number("dds_queue_seconds"))
        began = time.monotonic()
        started = self._company.clock.now()
        for job in jobs:
            self._note(job.key, {"STATUS": "Processing", "STARTTIME": started})
        with self._company.store.read() as db:
            endings = [self._deliver(db, job, started) for job in jobs]
        self._pause(began + self._company.switches.number("dds_seconds") - time.monotonic())
        for job, ending in zip(jobs, endings, strict=True):
            self._note(job.key, {**ending, "ENDTIME": self._company.clock.now()})

    def _deliver(self, db: sqlite3.Connection, job: Job, started: datetime) -> Record:
        """Write one job's files and return what became of it."""
        text = self._company.switches.text("dds_error")
        if text:
            return {"STATUS": "Failed", "ERROR": text}
        files = None
        try:
            delivery = self._delivery(db, job, started)
            files = self._files(job, delivery.header, started)
            return self._write(delivery, files, self._files(job, delivery.header, started, ".delete"))
        except _StoppedError:
            if files is not None:
                files.discard()
            raise
        except (FunctionError, OSError, sqlite3.Error) as error:  # the job fails, not the company
            return {"STATUS": "Failed", "ERROR": str(error)}

    def _write(self, delivery: Delivery, files: JobFiles, deletions: JobFiles) -> Record:
        created = updated = deleted = 0
        files.begin_part()
        for page in delivery.pages():
            files.add(page.rows)
            created, updated = created + page.created, updated + page.updated
            self._pause(0.001)  # others come to their turn
        for page in delivery.deletions():
            deletions.add(page.rows)
            deleted += len(page.rows)
        names = files.deliver() + deletions.deliver()
        counts = {"RECORDSCREATED": created, "RECORDSUPDATED": updated, "RECORDSDELETED": deleted}
        return {"STATUS": "Completed", **counts, "FILELIST": ",".join(map(self._listed, names))}

    def _listed(self, name: str) -> str:
        return f"{self._company.id}/{name}" if self._company.switches.text("dds_file_list") == "path" else name

    def _files(self, job: Job, header: Sequence[str], started: datetime, mark: str = "") -> JobFiles:
        specification = job.specification
        stem = f"{specification.object}.{specification.kind}.{started:%Y%m%dT%H%M%SZ}.{job.key}{mark}"
        return JobFiles(self._folder, stem, specification.files, header)

    @property
    def _folder(self) -> Path:
        """The company's folder; jobs are refused where the sandbox was told of none, or was told before."""
        if self._company.dds_folder is None:
            raise NotADirectoryError("The sandbox was started without a folder for DDS files.")
        return self._company.dds_folder / self._company.id

    def _delivery(self, db: sqlite3.Connection, job: Job, started: datetime) -> Delivery:
        asked = job.specification
        session = Session("", asked.user_id, "", None, started, started)
        call = Call(query_element(asked.query), "", self._company, session, db)
        changes = asked.kind == "change"
        since = asked.since or (self._last_delivery(db, job) if changes else None)
        definition = self._company.catalog[asked.object]
        return Delivery(call, definition, asked.files, started, since, changes, asked.periods)

    def _last_delivery(self, db: sqlite3.Connection, job: Job) -> datetime | None:
        rows = db.execute(
            f'SELECT j."STARTTIME", s.specification FROM "{_JOB}" AS j JOIN gateway_dds_job AS s '
            'ON s.record_no = j."RECORDNO" WHERE j."OBJECT" = ? AND j."STATUS" = \'Completed\' ORDER BY 1 DESC',
            (job.specification.object,),
        )
        for started, text in rows:
            if Specification.of(text).target == job.specification.target:
                return datetime.fromisoformat(started)
        return None

    def _note(self, key: int, values: Record) -> None:
        with self._company.store.write() as db:
            update(db, self._company.catalog[_JOB], key, values)

    def _pause(self, seconds: float) -> None:
        """Wait so long in process; raises when the company ends meanwhile."""
        if self._stopping.wait(max(0.0, seconds)):
            raise _StoppedError


def job_record(db: sqlite3.Connection, company: Company, key: int) -> Record:
    """Return a job's fields."""
    record = fetch(db, company.catalog[_JOB], key)
    assert record is not None
    return record
