"""The campaign: every work x every fault x every recovery that makes sense, each as a value with an id."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify, heapreplace
from itertools import combinations

from tests.faults.campaign.answers import ANSWERS
from tests.faults.campaign.faults import FAULTS, Fault
from tests.faults.campaign.recoveries import CORE, RECOVERIES, Recovery
from tests.faults.campaign.work import DELETE, Work
from tests.faults.campaign.works import WORKS

THINNED = 24
"""A principal work meets every fault with every core recovery. Of all other combinations one in so many is played;
rotated, so that every work meets every fault and every recovery, and every fault every recovery."""


@dataclass(frozen=True, slots=True)
class Case:
    """One run of the campaign. Its id says all that it takes to run it again."""

    work: Work
    fault: Fault
    recovery: Recovery
    answers: str

    @property
    def id(self) -> str:
        return "/".join([self.work.name, self.fault.name, self.recovery.name, self.answers])

    def __str__(self) -> str:
        return self.id

    def __reduce__(self) -> tuple[Callable[[str], "Case"], tuple[str]]:
        return case, (self.id,)  # the tables hold functions, which cannot be sent to another process


def case(case_id: str) -> Case:
    """Return the case of an id, whether the campaign holds it or not."""
    work, fault, recovery, answers = case_id.split("/")
    assert answers in ANSWERS, f"no answers {answers!r}"
    return Case(_named(WORKS, work), _named(FAULTS, fault), _named(RECOVERIES, recovery), answers)


def makes_sense(work: Work, fault: Fault, recovery: Recovery) -> bool:
    """Whether the fault can strike that work, and be recovered from like that."""
    if fault.queued and "policy_id" not in work.options:
        return False
    if recovery.killed and (fault.queued or fault.kills_worker or fault.unreachable):
        return False
    if recovery.beside and (fault.kills_sandbox or fault.kills_worker or fault.unreachable):
        return False
    if fault.dies_noting and not recovery.keeps:
        return False
    if recovery.forgets and not work.findable:
        return False  # nothing is left to know it by, once Intacct has forgotten
    if recovery.forgets and not recovery.keeps and work.operator == DELETE:
        return False  # that a record is gone does not tell who deleted it
    match recovery.next.brings:
        case "another order":
            return work.given != "files" and len(work.records(1)) > 1  # a folder has an order of its own
        case "one less":
            return work.given != "body" and len(work.records(1)) > 1
        case "other content":
            return work.changed is not None
    return True


def campaign(*, whole: bool = False) -> list[Case]:
    """Return the cases of the long form; all that make sense if `whole`."""
    return list(_answered(_combinations(whole=whole)))


def sample(cases: Sequence[Case], size: int, seed: int = 2026) -> list[Case]:
    """Return `size` cases in which everything occurs, and pairs as many as go in."""
    shuffled = random.Random(seed).sample(cases, len(cases))
    chosen: list[Case] = []
    left = {pair for each in shuffled for pair in _singles(each)}
    for pairs in (_singles, _pairs):
        left = {pair for each in shuffled for pair in pairs(each)} - {pair for each in chosen for pair in pairs(each)}
        brings = [(-len(left.intersection(pairs(each))), at) for at, each in enumerate(shuffled)]
        heapify(brings)
        while left and len(chosen) < size:
            # What a case brings only becomes less: the first that still brings what it did brings the most.
            brought, at = brings[0]
            now = -len(left.intersection(pairs(shuffled[at])))
            if now > brought:
                heapreplace(brings, (now, at))
                continue
            chosen.append(shuffled[at])
            left -= set(pairs(shuffled[at]))
    return sorted(chosen, key=lambda each: each.id)


def _combinations(*, whole: bool) -> Iterator[tuple[Work, Fault, Recovery]]:
    for i, work in enumerate(WORKS):
        for j, fault in enumerate(FAULTS):
            for k, recovery in enumerate(RECOVERIES):
                core = work.principal and recovery.name in CORE
                taken = whole or core or (3 * i + j + 5 * k) % THINNED == 0
                if taken and makes_sense(work, fault, recovery):
                    yield work, fault, recovery


def _answered(combined: Iterable[tuple[Work, Fault, Recovery]]) -> Iterator[Case]:
    """Give each the next setting of the answers: all of them come to every work, and beside every fault."""
    names = list(ANSWERS)
    for number, (work, fault, recovery) in enumerate(combined):
        yield Case(work, fault, recovery, names[number % len(names)])


def _singles(each: Case) -> tuple[str, ...]:
    return (each.work.name, each.fault.name, each.recovery.name, f"answers {each.answers}")


def _pairs(each: Case) -> list[tuple[str, str]]:
    return list(combinations(_singles(each), 2))


def _named(table: Iterable, name: str):  # type: ignore[no-untyped-def, type-arg]
    found = {each.name: each for each in table}
    assert name in found, f"no {name!r}; there are {sorted(found)}"
    return found[name]
