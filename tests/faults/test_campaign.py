"""A sample of the campaign in which every work, fault, point, recovery and answer occurs. `make faults` plays all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.campaign.bench import Bench
from tests.faults.campaign.cases import Case, campaign, sample
from tests.faults.campaign.faults import FAULTS
from tests.faults.campaign.play import Goldens, play
from tests.faults.campaign.recoveries import RECOVERIES
from tests.faults.campaign.works import WORKS

CASES = sample(campaign(), 200)

Equipment = tuple[Bench, Goldens]


@pytest.fixture(scope="session")
def equipment(seeded_db: Path) -> Iterator[Equipment]:
    bench = Bench(seeded_db)
    yield bench, Goldens(bench)
    bench.close()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_record_is_booked_once_and_told_as_it_is(equipment: Equipment, case: Case) -> None:
    played = play(case, *equipment)
    again = f'again: make faults CASE="{case.id}"'
    assert not played.complaints, "\n".join([*played.complaints, *played.story, again])


def test_the_sample_holds_every_work_fault_and_recovery() -> None:
    assert {case.work.name for case in CASES} == {work.name for work in WORKS}
    assert {case.fault.name for case in CASES} == {fault.name for fault in FAULTS}
    assert {case.recovery.name for case in CASES} == {recovery.name for recovery in RECOVERIES}


def test_the_long_form_has_two_thousand_cases_at_least_and_each_its_own_id() -> None:
    ids = [case.id for case in campaign()]
    assert len(ids) == len(set(ids)) >= 2000
