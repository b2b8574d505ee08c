"""Records are changed, entered and deleted at every page boundary, and the read loses and repeats nothing."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from airflow_provider_intacct.client import IntacctClient
from airflow_provider_intacct.client.extraction import ExtractionReport
from airflow_provider_intacct.client.windows import Window
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.client.xml.session import SessionPool
from airflow_provider_intacct.client.xml.windows import repeats_an_hour
from tests.faults.company import HURRIED, ZONE, sign_in
from tests.sandbox_process import SandboxProcess

COUNT = 60
PAGE = 7


class Clerk:
    """Someone who works in the company while it is read: CLASS records, which nothing else depends on."""

    def __init__(self, client: IntacctClient, chance: random.Random) -> None:
        self.client = client
        self.chance = chance
        self.made = 0
        self.names: dict[int, str] = {}
        for _ in range(COUNT):
            self.enter()
        self.changed: set[int] = set()
        self.deleted: set[int] = set()
        self.there_at_first = dict(self.names)
        self.boundaries = 0

    def enter(self) -> None:
        self.made += 1
        name = f"Class {self.made}"
        made = self.client.call(functions.create("CLASS", {"CLASSID": f"T-{self.made:04}", "NAME": name}))
        self.names[int(made.records[0].record_number)] = name

    def work(self, report: ExtractionReport) -> None:
        """Change one record, delete one and enter one or two: before the page boundary, after it, or at the end."""
        self.boundaries += 1
        key = self.chance.choice(sorted(self.names))
        self.client.call(functions.update("CLASS", {"RECORDNO": str(key), "NAME": f"Changed {self.boundaries}"}))
        self.changed.add(key)
        key = self.chance.choice(sorted(self.names))
        self.client.call(functions.delete("CLASS", [key]))
        del self.names[key]
        self.deleted.add(key)
        for _ in range(self.chance.randint(1, 2)):
            self.enter()

    @property
    def throughout(self) -> dict[int, str]:
        """What was there from beginning to end."""
        return {key: name for key, name in self.there_at_first.items() if key not in self.deleted}

    @property
    def untouched(self) -> dict[int, str]:
        """What was there and stayed as it was."""
        return {key: name for key, name in self.throughout.items() if key not in self.changed}


@pytest.fixture
def company(sandbox: SandboxProcess) -> Iterator[tuple[SandboxProcess, IntacctClient]]:
    with sign_in(sandbox) as client:
        yield sandbox, client


def reader(sandbox: SandboxProcess, client: IntacctClient, most: int) -> IntacctClient:
    sandbox.switch(concurrency=most + 1)
    return IntacctClient(
        client.credentials, retry=HURRIED, pool=SessionPool(), timeout=30, max_concurrency=most, time_zone=ZONE
    )


@pytest.mark.parametrize("most", [1, 2, 3])
@pytest.mark.parametrize(("form", "seed"), [("json", 1), ("csv", 2), ("xml", 3), ("json", 4)])
def test_a_whole_read_holds_what_was_there_throughout(
    company: tuple[SandboxProcess, IntacctClient], form: Any, seed: int, most: int
) -> None:
    sandbox, client = company
    clerk = Clerk(client, random.Random(seed))
    with reader(sandbox, client, most) as other:
        extraction = other.extract(
            "CLASS", fields=["RECORDNO", "NAME"], where="CLASSID LIKE 'T-%'", page_size=PAGE, returnformat=form,
            progress=clerk.work,
        )  # fmt: skip
        rows = list(extraction)
    keys = [row["RECORDNO"] for row in rows]
    assert clerk.boundaries >= COUNT // PAGE
    assert len(keys) == len(set(keys)) == extraction.report.rows == extraction.report.distinct_keys
    assert clerk.throughout.keys() <= set(keys)
    assert clerk.untouched.items() <= {row["RECORDNO"]: row["NAME"] for row in rows}.items()


@pytest.mark.parametrize("most", [1, 2])
@pytest.mark.parametrize(("form", "seed"), [("json", 5), ("csv", 6), ("xml", 7)])
def test_a_window_holds_what_was_not_changed_after_it(
    company: tuple[SandboxProcess, IntacctClient], form: Any, seed: int, most: int
) -> None:
    sandbox, client = company
    start = datetime.now(UTC) - timedelta(minutes=1)
    clerk = Clerk(client, random.Random(seed))
    sandbox.advance(3600)
    window = Window(start, datetime.now(UTC) + timedelta(minutes=30))
    with reader(sandbox, client, most) as other:
        extraction = other.extract(
            "CLASS", fields=["NAME"], window=window, page_size=PAGE, returnformat=form, progress=clerk.work
        )
        rows = list(extraction)
        report = extraction.report
        assert report.window == window
        assert report.method == ("change" if most == 1 and not repeats_an_hour(window, ZoneInfo(ZONE)) else "key")
        names = [row["NAME"] for row in rows]
        assert len(names) == len(set(names)) == report.distinct_keys
        assert set(clerk.untouched.values()) <= set(names)
    # What left the window by being changed is in the next one; the two together lose nothing.
    sandbox.advance(3600)
    following = Window(window.end, datetime.now(UTC) + timedelta(minutes=90))
    with sign_in(sandbox) as again:
        later = [row["NAME"] for row in again.rows("CLASS", fields=["NAME"], window=following)]
        present = {row["NAME"] for row in again.rows("CLASS", fields=["NAME"], where="CLASSID LIKE 'T-%'")}
    assert present <= set(names) | set(later)


def test_a_second_with_more_changes_than_a_page_is_read_whole(company: tuple[SandboxProcess, IntacctClient]) -> None:
    sandbox, client = company
    start = datetime.now(UTC) - timedelta(minutes=1)
    records = [{"CLASSID": f"F-{number:03}", "NAME": f"Flood {number}"} for number in range(100)]
    client.call(functions.create("CLASS", records))
    sandbox.advance(3600)
    window = Window(start, datetime.now(UTC) + timedelta(minutes=30))
    with client.extract("CLASS", fields=["NAME", "WHENMODIFIED"], window=window, page_size=9) as extraction:
        rows = list(extraction)
    assert len({row["WHENMODIFIED"] for row in rows}) <= 3
    assert sorted(row["NAME"] for row in rows) == sorted(record["NAME"] for record in records)


def test_records_that_nobody_has_changed_yet_are_swept(company: tuple[SandboxProcess, IntacctClient]) -> None:
    sandbox, client = company
    start = datetime.now(UTC) - timedelta(minutes=1)
    sandbox.switch(whenmodified_on_create=False)
    records = [{"CLASSID": f"N-{number:03}", "NAME": f"New {number}"} for number in range(20)]
    client.call(functions.create("CLASS", records))
    sandbox.switch(whenmodified_on_create=True)
    client.call(functions.create("CLASS", {"CLASSID": "S-1", "NAME": "Stamped"}))
    sandbox.advance(3600)
    window = Window(start, datetime.now(UTC) + timedelta(minutes=30))
    for nulls in ("first", "last"):
        sandbox.switch(nulls_in_order=nulls)
        with client.extract("CLASS", fields=["NAME"], window=window, page_size=6) as extraction:
            names = sorted(row["NAME"] for row in extraction)
        assert names == sorted([*(record["NAME"] for record in records), "Stamped"])
        assert extraction.report.swept == 20
        assert extraction.report.api_transactions <= 4 + 1 + 2
