"""Play one case: the struck try, what follows it, and what the books and the reports say after each."""

import traceback
from dataclasses import dataclass, field, replace
from functools import partial

from tests.faults.campaign.answers import ANSWERS, SILENTLY
from tests.faults.campaign.bench import Bench
from tests.faults.campaign.cases import Case
from tests.faults.campaign.faults import Fault
from tests.faults.campaign.goldens import Goldens, brought_by, task_instance
from tests.faults.campaign.judge import Brought, complaints_about, told
from tests.faults.campaign.ledger import Books, differences
from tests.faults.campaign.recoveries import Next
from tests.faults.campaign.tries import Died, Ended, Raised, Returned, Try, tail
from tests.faults.campaign.worker import results

RETRIES = 3
"""Tries without a fault after which a task has to have succeeded."""

FIRST = Next()
FORGETS_AFTER = 1
DAYS_BETWEEN = 3
SECRETS = ("sender-Secret-7Qf", "etl-Secret-9Kd")


@dataclass
class Played:
    """What came of a case: nothing to complain about, if all is well."""

    case: Case
    complaints: list[str]
    story: list[str] = field(default_factory=list)


@dataclass
class Scene:
    """A case being played."""

    case: Case
    bench: Bench
    goldens: Goldens
    story: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    tries: dict[tuple[str, int], int] = field(default_factory=dict)
    books: Books = field(default_factory=Books)

    def play(self) -> Played:
        work, recovery = self.case.work, self.case.recovery
        self.goldens.of(work, recovery.events)
        forgets = {"uniqueid_days": FORGETS_AFTER} if recovery.forgets else {}
        self.bench.begin(work, {**ANSWERS[self.case.answers], **forgets})
        self.books = self.bench.books()
        first, then = self._struck()
        if recovery.forgets:
            self.bench.sandbox.advance(DAYS_BETWEEN * 24 * 3600)
        if then is None and (recovery.next.always or not isinstance(first, Returned)):
            then = self._try(recovery.next, self.case.fault if recovery.next.struck else None)
        if recovery.next.brings in ("other content", "one less") and isinstance(then, Returned):
            self._compare(recovery.next.brings)
        else:
            self._until_settled(FIRST, first)
            if then is not None:
                self._until_settled(recovery.next, then)
            self._compare("the same")
        return Played(self.case, self.complaints, self.story)

    def _struck(self) -> tuple[Ended, Ended | None]:
        """Run the struck try; and the next one at its side, where the recovery says so."""
        recovery = self.case.recovery
        if not recovery.beside:
            return self._try(FIRST, self.case.fault, deadly=recovery.killed), None
        with self.bench.struck_by(self.case.fault, self.case.work, deadly=False, beside=True):
            one = self._job(FIRST, self.case.fault)
            pid = self.bench.start(one[0])
            self.bench.wire.struck.wait(1.0)
            other = self._job(recovery.next, None)
            other_pid = self.bench.worker.start(other[0])
            ends = self.bench.wait(one[0], pid), self.bench.wait(other[0], other_pid)
        if self.case.work.loads:  # both write into the same results, which count when both have ended
            ends = _told_again(one[0], ends[0]), _told_again(other[0], ends[1])
        after = self.bench.books()
        for (job, brought), ended in zip((one, other), ends, strict=True):
            self._tell(job, ended, brought, after, alone=False)
        self.books = after
        return ends

    def _try(self, which: Next, fault: Fault | None, *, deadly: bool = False) -> Ended:
        if fault is None:
            job, brought = self._job(which, None)
            ended = self.bench.run(job)
        else:
            with self.bench.struck_by(fault, self.case.work, deadly=deadly, beside=False):
                job, brought = self._job(which, fault)
                ended = self.bench.run(job)
        after = self.bench.books()
        self._tell(job, ended, brought, after, struck=fault is not None)
        self.books = after
        return ended

    def _job(self, which: Next, fault: Fault | None) -> tuple[Try, Brought]:
        task = (which.run, which.map_index)
        self.tries[task] = self.tries.get(task, 0) + 1
        brought = brought_by(self.case.work, which.event, which.brings)
        work = self.case.work
        arguments = work.arguments(brought.records, self.bench.tasks)
        if self.case.recovery.keyed:
            arguments["idempotency_key"] = work.keyed(which.event, brought.order)
        ti = task_instance(which, self.tries[task])
        return self.bench.job(work, arguments, ti, keeps=self.case.recovery.keeps, fault=fault), brought

    def _until_settled(self, which: Next, ended: Ended) -> None:
        """Let Airflow try again until the task succeeds.

        A record that cannot be looked up stays in doubt once its reply is lost, if it has an author's key, so that its
        content may have been another, or if Intacct does not even say that it was carried out before. That is true, and
        a person can settle it: the books are compared all the same.
        """
        again = Next(run=which.run, map_index=which.map_index, event=which.event)
        unknown = self.case.recovery.keyed or self.case.answers == SILENTLY
        in_doubt_for_good = unknown and not self.case.work.findable
        for _ in range(RETRIES):
            if isinstance(ended, Returned):
                return
            ended = self._try(again, None)
        doubtful = isinstance(ended, Raised) and {each.status for each in told(ended)} <= {"in_doubt", "already_posted"}
        if not isinstance(ended, Returned) and not (in_doubt_for_good and doubtful):
            self.complaints.append(f"not settled after {RETRIES} tries without a fault: {ended}")

    def _tell(
        self, job: Try, ended: Ended, brought: Brought, after: Books, *, struck: bool = True, alone: bool = True
    ) -> None:
        """Write down what a try came to, and complain where its report is not what the books say."""
        label = f"try {job.ti['try_number']} of {job.ti['run_id']}[{job.ti['map_index']}] with {brought.brings}"
        self.story.append(f"{label}{' (struck)' if struck else ''}: {_short(ended)}")
        golden = self.goldens.of(self.case.work, self.case.recovery.events)
        judge = partial(complaints_about, self.case, ended, brought, golden, after=after, struck=struck)
        found = judge(before=self.books if alone else None)
        written = tail(job.log, 10**7)
        found += [f"the log holds the secret {secret}" for secret in SECRETS if secret in written]
        if found:
            self.story.append(tail(job.log))
        self.complaints += [f"{label}: {each}" for each in found]

    def _compare(self, brings: str) -> None:
        """Complain about whatever the books hold too much or too little in the end."""
        expected = self.goldens.of(self.case.work, self.case.recovery.events, brings).books
        self.complaints += [f"in the end: {line}" for line in differences(self.books, expected)]


def play(case: Case, bench: Bench, goldens: Goldens) -> Played:
    """Play a case. Whatever the bench itself cannot do is a complaint too."""
    scene = Scene(case, bench, goldens)
    try:
        return scene.play()
    except Exception:  # noqa: BLE001 - one case that cannot be played must not end the campaign
        return Played(case, [*scene.complaints, f"could not be played: {traceback.format_exc()}"], scene.story)
    finally:
        bench.end()


def _told_again(job: Try, ended: Ended) -> Ended:
    """Return how a load ended, with what its results say now."""
    if isinstance(ended, Died) or job.results is None:
        return ended
    outcomes = results(job.results, job.ti["try_number"])
    return Returned(outcomes) if isinstance(ended, Returned) else replace(ended, pushed={"outcomes": outcomes})


def _short(ended: Ended) -> str:
    if isinstance(ended, Returned):
        return f"returned {[(each.status, each.key) for each in told(ended)][:4]}"
    if isinstance(ended, Raised):
        return f"raised {str(ended)[:400]}; outcomes {[(each.status, each.key) for each in told(ended)][:4]}"
    return str(ended)
