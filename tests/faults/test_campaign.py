"""A sample of the campaign in which every work, fault, point, recovery and answer occurs. `make faults` plays all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.campaign.bench import Bench
from tests.faults.campaign.cases import Case, campaign, case, sample
from tests.faults.campaign.faults import FAULTS
from tests.faults.campaign.goldens import Goldens
from tests.faults.campaign.play import play
from tests.faults.campaign.recoveries import RECOVERIES
from tests.faults.campaign.works import WORKS

CASES = sample([each for each in campaign() if not each.work.only_long], 200)

Equipment = tuple[Bench, Goldens]


@pytest.fixture(scope="session")
def equipment(seeded_db: Path) -> Iterator[Equipment]:
    bench = Bench(seeded_db)
    yield bench, Goldens(bench)
    bench.close()


@pytest.mark.parametrize("played_case", CASES, ids=str)
def test_each_record_is_booked_once_and_told_as_it_is(equipment: Equipment, played_case: Case) -> None:
    played = play(played_case, *equipment)
    again = f'again: make faults CASE="{played_case.id}"'
    assert not played.complaints, "\n".join([*played.complaints, *played.story, again])


def test_the_sample_holds_every_work_fault_and_recovery() -> None:
    assert {each.work.name for each in CASES} == {work.name for work in WORKS if not work.only_long}
    assert {each.fault.name for each in CASES} == {fault.name for fault in FAULTS}
    assert {each.recovery.name for each in CASES} == {recovery.name for recovery in RECOVERIES}


def test_the_long_form_has_two_thousand_cases_at_least_and_each_its_own_id() -> None:
    ids = [each.id for each in campaign()]
    assert len(ids) == len(set(ids)) >= 2000


def test_a_company_that_died_in_one_case_is_there_for_the_next(equipment: Equipment) -> None:
    bench, goldens = equipment
    bench.sandbox.kill()

    assert play(case("entry/reset_after/retry/as usual"), bench, goldens).complaints == []


@pytest.mark.parametrize(
    ("sabotage", "case_id", "complaint"),
    [
        ("another id on every try", "entry/reset_after/clear without state/as usual", "too many"),
        ("no uniqueid", "entry/reset_after/retry/as usual", "too many"),
        ("doubt called failure", "bills/reset_after lasting/retry/as usual", "3 records were added, and 0 are said"),
        ("state forgotten", "entry/reset_after/upstream changed/as usual", "too many"),
    ],
)
def test_a_client_that_is_broken_is_found_out(
    equipment: Equipment, sabotage: str, case_id: str, complaint: str
) -> None:
    bench, goldens = equipment
    assert play(case(case_id), bench, goldens).complaints == []
    bench.sabotage = sabotage
    try:
        played = play(case(case_id), bench, goldens)
    finally:
        bench.sabotage = ""
    assert any(complaint in each for each in played.complaints), played
