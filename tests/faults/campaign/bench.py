"""Where a case is played: a sandbox, the wire before it, and a worker; founded once, reset for every case."""

import contextlib
import http.client
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from airflow_provider_intacct.sandbox.__main__ import connection
from tests.faults.campaign.faults import WRITE, Fault
from tests.faults.campaign.ledger import AUDITED, Books, Ledger, View
from tests.faults.campaign.tries import Ended, Try
from tests.faults.campaign.wire import Meddling, Wire
from tests.faults.campaign.work import Work, warehouse
from tests.faults.campaign.worker import NOBODY, Worker
from tests.sandbox_process import SandboxProcess


class Bench:
    """One worker's equipment. `seed` is a database to copy; without one the sandbox founds its company itself."""

    def __init__(self, seed: Path | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="faults-"))
        db = self.folder / "intacct.db"
        if seed is not None:
            for suffix in ("", ".seed"):
                shutil.copyfile(seed.with_name(seed.name + suffix), db.with_name(db.name + suffix))
        self.sandbox = SandboxProcess(db).start()
        self.wire = Wire(lambda: self.sandbox.port)
        self.worker = Worker(self.folder)
        self.ledger = Ledger(lambda: self.sandbox.port)
        self.answers: Mapping[str, Any] = {}
        self._since: dict[View, int] = {}
        self._views: tuple[View, ...] = ()
        self._cases = 0
        self._tries = 0
        self.tasks = self.folder
        self.sabotage = ""

    def close(self) -> None:
        self.worker.close()
        self.wire.close()
        self.sandbox.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def begin(self, work: Work, answers: Mapping[str, Any]) -> None:
        """Bring the company back to its seed, answering as told, and remember where its books stand."""
        self.wire.arm()
        self._living(self.wait_until_idle)
        self.sandbox.reset()
        self.answers = {**answers, **work.switches}
        self._set(self.answers)
        self._cases += 1
        self.tasks = self.folder / f"case-{self._cases}"
        self.tasks.mkdir()
        self._views = (*work.views, AUDITED)
        for view in self._views:
            if view not in self._since:
                self._since[view] = self.ledger.last(view)
        if work.setup is not None:
            self.ledger.call(work.setup())

    def end(self) -> None:
        """Throw away what the tries of a case have left behind."""
        for folder in self.folder.glob("case-*"):
            shutil.rmtree(folder, ignore_errors=True)

    def books(self) -> Books:
        """Read the books once all is quiet; a sandbox that has died is started again."""
        self._living(self.wait_until_idle)
        return self.ledger.books(self._views, self._since)

    def _living(self, ask: Callable[[], Any]) -> None:
        """Ask the sandbox for something, and once more if a fault kills it before it has answered.

        Its sockets are gone some moments before the process is: whether it lives shows when it is asked.
        """
        try:
            ask()
        except (ConnectionError, http.client.HTTPException):
            self.sandbox.wait_until_dead()
            self.sandbox.restart()
            self._set(self.answers)
            ask()

    def wait_until_idle(self) -> None:
        """Wait for what the company still has in hand: a worker may be dead before its request is."""
        deadline = time.monotonic() + 30
        while self._at_work():
            assert time.monotonic() < deadline, "the sandbox does not come to rest"
            time.sleep(0.01)

    def _at_work(self) -> bool:
        queue = self.sandbox.control("/sandbox/queue")["requests"]
        queued = any(each["state"] in ("queued", "processing") for each in queue)
        return queued or any(self.sandbox.control("/sandbox/operations").values())

    @contextlib.contextmanager
    def struck_by(self, fault: Fault, work: Work, *, deadly: bool, beside: bool) -> Iterator[None]:
        """Let `fault` happen in the block, and be over after it."""
        for strike in fault.strikes:
            function = work.function if strike.function == WRITE else strike.function
            self.sandbox.fault(strike.fault, function, strike.nth, strike.times, **strike.options())
        extra: tuple[Meddling, ...] = ()
        if deadly and fault.moment is not None:
            extra = (fault.moment,)
        elif beside and not fault.meddling:
            extra = (Meddling("tell_sent", (WRITE,)),)
        self.wire.arm(*(_at(each, work) for each in (*fault.meddling, *extra)), deadly=deadly)
        try:
            yield
        finally:
            self.wire.arm()
            self._living(partial(self.sandbox.control, "/sandbox/faults", method="DELETE"))

    def job(
        self, work: Work, arguments: dict[str, Any], ti: dict[str, Any], *, keeps: bool, fault: Fault | None
    ) -> Try:
        """Return a try of the task, as the worker is told it."""
        self._tries += 1
        port = NOBODY if fault and fault.unreachable else self.wire.port
        made = connection(port)
        if work.user is not None:
            made = {**made, "login": work.user[0], "password": work.user[1]}
        task = f"{ti['run_id']}-{ti['map_index']}"
        results = self.tasks / (f"results-{task}" if keeps else f"results-{task}-{ti['try_number']}")
        if work.loads:
            arguments = {**arguments, "results_path": str(results)}
        return Try(
            operator=work.operator,
            arguments=arguments,
            connection=made,
            ti=ti,
            store=self.tasks / f"state-{task}" if keeps else None,
            result=self.tasks / f"result-{self._tries}.json",
            log=self.tasks / f"try-{self._tries}.log",
            timeout=fault.timeout if fault else 30.0,
            environment={"AIRFLOW_CONN_WAREHOUSE": json.dumps(_sqlite(self.tasks))} if work.given == "table" else {},
            results=results if work.loads else None,
            sabotage=self.sabotage,
            dies_noting=bool(fault and fault.dies_noting),
        )

    def run(self, job: Try) -> Ended:
        """Run a try to its end."""
        return self.wait(job, self.start(job))

    def start(self, job: Try) -> int:
        """Start a try, the one that the wire may kill, and return its process id."""
        self.wire.aim(None)
        pid = self.worker.start(job)
        self.wire.aim(pid)
        return pid

    def wait(self, job: Try, pid: int) -> Ended:
        """Return how a try ended."""
        ended = self.worker.wait(job, pid)
        self.wire.spare(pid)
        return ended

    def _set(self, answers: Mapping[str, Any]) -> None:
        address = f"http://127.0.0.1:{self.wire.port}/ia/xml/xmlgw.phtml"
        self.sandbox.switch(returned_endpoint=address, **answers)


def _sqlite(folder: Path) -> dict[str, Any]:
    return {"conn_type": "sqlite", "host": str(warehouse(folder))}


def _at(meddling: Meddling, work: Work) -> Meddling:
    names: Sequence[str] = [work.function if name == WRITE else name for name in meddling.functions]
    return Meddling(meddling.act, tuple(names), meddling.nth, meddling.times, meddling.share)
