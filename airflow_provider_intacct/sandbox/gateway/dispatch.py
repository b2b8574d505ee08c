"""Run the functions of an operation: each on its own or all in one transaction, control ids and API transactions
in the same commit as the effect. Refuses to know HTTP and who may sign in.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta

from airflow_provider_intacct.sandbox.company import Company

from . import limits
from .calls import Call, Implementation
from .envelope import FunctionRequest, Operation
from .reading.literals import malformed
from .results import FunctionError, Result
from .sessions import Session
from .uniqueness import ControlIds, RepeatedError

_READS_PAGES = frozenset({"query", "readByQuery", "readView", "readMore"})
_NESTED_TOO_DEEP = "parser stack overflow"  # SQLite's words for a condition that a request nests without end


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one function: a result, or an error (perhaps beside what was committed before it).

    `rolled_back` is an effect undone by an atomic operation; the culprit has its own error too.
    """

    function: FunctionRequest
    result: Result | None = None
    error: FunctionError | None = None
    rolled_back: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether the function did what it was asked."""
        return self.error is None and not self.rolled_back


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a fault does to an operation in process.

    It takes `delay` seconds more, its functions fail, what it writes is stamped `lag` seconds early, `began` is told
    when it is in process, or it ends at an interruption.
    """

    delay: float = 0.0
    fails: bool = False
    lag: float = 0.0
    began: Callable[[], None] = lambda: None
    interruption: "Interruption | None" = None


@dataclass(frozen=True, slots=True)
class Interruption:
    """Where an operation ends: with the function at `position` (0: the last), before or after its commit.

    `strike` kills the process or raises InterruptedOperationError. In an atomic operation nothing is committed, but
    after its last function.
    """

    position: int
    committed: bool
    strike: Callable[[], None]


class InterruptedOperationError(Exception):
    """An operation that a fault ended; what was not committed is undone, what was not begun is left out."""


class _RollbackError(Exception):
    def __init__(self, culprit: Outcome) -> None:
        super().__init__(culprit.function.name)
        self.culprit = culprit


class Dispatch:
    """Executes operations of one company."""

    def __init__(self, company: Company, functions: Mapping[str, Implementation]) -> None:
        self._company = company
        self._functions = functions

    def execute(
        self, operation: Operation, session: Session, *, unique: bool, trouble: Trouble = Trouble()
    ) -> list[Outcome]:
        """Return the outcome of every function, in the order of the request."""
        run = _Run(self._company, self._functions, session, unique, trouble)
        with self._claimed(operation, run) as busy:
            trouble.began()
            time.sleep(trouble.delay)
            if trouble.fails:
                return [Outcome(function, error=malformed()) for function in operation.functions]
            started = time.monotonic()
            outcomes = (run.together if operation.atomic else run.each)(operation.functions, busy)
            time.sleep(max(0.0, started + self._server_time(operation) - time.monotonic()))
            return outcomes

    def _server_time(self, operation: Operation) -> float:
        """Return the least seconds that an operation is in process: so many for each page it reads."""
        pages = sum(1 for function in operation.functions if function.name in _READS_PAGES)
        return pages * self._company.switches.number("seconds_per_page")

    @contextmanager
    def _claimed(self, operation: Operation, run: "_Run") -> Iterator[frozenset[str]]:
        """Mark the operation's control ids as in process; give those that another request holds."""
        wanted = frozenset(function.control_id for function in operation.functions if run.remembers(function))
        memory = self._company.part(ControlIds)
        free = memory.claim(run.scope, wanted)
        try:
            with self._company.part(limits.Places).place():
                yield wanted - free
        finally:
            memory.release(run.scope, free)


class _Run:
    """One operation being executed."""

    def __init__(
        self,
        company: Company,
        functions: Mapping[str, Implementation],
        session: Session,
        unique: bool,
        trouble: Trouble,
    ) -> None:
        self._company = company
        self._functions = functions
        self._session = session
        self._unique = unique
        self._lag = timedelta(seconds=trouble.lag)
        self._interruption = trouble.interruption
        self._ends_at: FunctionRequest | None = None
        self._memory = company.part(ControlIds)
        self.scope = self._memory.scope(session)

    def remembers(self, function: FunctionRequest) -> bool:
        """Whether the function's control id is checked and remembered."""
        if not self._unique:
            return False
        implementation = self._functions.get(function.name)
        writes = implementation is not None and implementation.writes
        return writes or self._company.switches.on("uniqueid_covers_reads")

    def each(self, functions: tuple[FunctionRequest, ...], busy: frozenset[str]) -> list[Outcome]:
        """Execute functions one after the other, each in a transaction of its own."""
        self._place_interruption(functions)
        outcomes = []
        for function in functions:
            outcomes.append(self._alone(function, busy))
            self._reach(function, committed=False)  # of one that failed: there was nothing to commit
            self._reach(function, committed=True)
        return outcomes

    def _place_interruption(self, functions: tuple[FunctionRequest, ...]) -> None:
        if self._interruption is not None and functions:
            number = self._interruption.position or len(functions)
            self._ends_at = functions[min(number, len(functions)) - 1]

    def _reach(self, function: FunctionRequest, *, committed: bool) -> None:
        """Pass the commit of a function; a fault may end the operation on either side of it."""
        if function is self._ends_at and self._interruption is not None and self._interruption.committed is committed:
            self._interruption.strike()

    def _alone(self, function: FunctionRequest, busy: frozenset[str]) -> Outcome:
        try:
            implementation = self._implementation(function, busy)
            with self._opened(implementation) as db:
                outcome = self._outcome(db, function, implementation)
                if implementation.writes:
                    self._note(db, outcome, implementation)
                self._reach(function, committed=False)
            if not implementation.writes:
                self._note_apart(outcome, implementation)
        except FunctionError as error:
            outcome = Outcome(function, error=error)
            self._bill_failure(function)
        return outcome

    def together(self, functions: tuple[FunctionRequest, ...], busy: frozenset[str]) -> list[Outcome]:
        """Execute functions in one transaction: all of them, or none."""
        self._place_interruption(functions)
        try:
            with self._company.store.write() as db:
                outcomes = []
                for function in functions:
                    outcomes.append(self._within(db, function, busy))
                    self._reach(function, committed=False)
                    if function is not functions[-1]:
                        self._reach(function, committed=True)
            for function in functions[-1:]:
                self._reach(function, committed=True)
            return outcomes
        except _RollbackError as rollback:
            culprit = rollback.culprit
            return [
                culprit if function is culprit.function else Outcome(function, rolled_back=True)
                for function in functions
            ]

    def _within(self, db: sqlite3.Connection, function: FunctionRequest, busy: frozenset[str]) -> Outcome:
        try:
            implementation = self._implementation(function, busy)
            outcome = self._outcome(db, function, implementation)
        except RepeatedError as error:
            outcome = Outcome(function, error=error)
            if not self._company.switches.on("uniqueid_rolls_back"):
                return outcome
            raise _RollbackError(Outcome(function, error=error, rolled_back=True)) from error
        except FunctionError as error:
            raise _RollbackError(Outcome(function, error=error, rolled_back=True)) from error
        if outcome.error is not None:
            raise _RollbackError(Outcome(function, error=outcome.error, rolled_back=True))
        self._note(db, outcome, implementation)
        return outcome

    def _implementation(self, function: FunctionRequest, busy: frozenset[str]) -> Implementation:
        if function.control_id in busy and self.remembers(function):
            raise self._memory.in_process()
        implementation = self._functions.get(function.name)
        if implementation is None:
            raise FunctionError(
                self._company.switches.text("not_implemented_errorno"),
                f"The sandbox does not implement the function {function.name}.",
                "Functions it implements are listed in the README of airflow_provider_intacct/sandbox.",
            )
        return implementation

    def _opened(self, implementation: Implementation) -> AbstractContextManager[sqlite3.Connection]:
        store = self._company.store
        opening: Callable[[], AbstractContextManager[sqlite3.Connection]] = (
            store.write if implementation.writes else store.read
        )
        return opening()

    def _outcome(self, db: sqlite3.Connection, function: FunctionRequest, implementation: Implementation) -> Outcome:
        """Run the function. A FunctionError passes through, unless it leaves committed records behind."""
        if self.remembers(function):
            self._memory.check(db, self.scope, function.control_id)
        call = Call(function.element, function.control_id, self._company, self._session, db, self._lag)
        try:
            return Outcome(function, implementation.run(call))
        except FunctionError as error:
            if error.committed is None:
                raise
            return Outcome(function, error.committed, error)
        except sqlite3.OperationalError as error:
            if str(error) != _NESTED_TOO_DEEP:
                raise
            raise malformed() from error

    def _note(self, db: sqlite3.Connection, outcome: Outcome, implementation: Implementation) -> None:
        partial = outcome.result is not None and self._company.switches.on("uniqueid_covers_partial")
        if (outcome.succeeded or partial) and self.remembers(outcome.function):
            self._memory.record(db, self.scope, outcome.function.control_id)
        spends = implementation.spends or self._company.switches.on("bill_sessions")
        if outcome.result is not None and spends:
            limits.count_transactions(db, outcome.function.name, outcome.result.transactions)

    def _note_apart(self, outcome: Outcome, implementation: Implementation) -> None:
        """Note a read, which had no writing connection of its own."""
        with self._company.store.write() as db:
            self._note(db, outcome, implementation)

    def _bill_failure(self, function: FunctionRequest) -> None:
        if self._company.switches.on("bill_failures"):
            with self._company.store.write() as db:
                limits.count_transactions(db, function.name, 1)
