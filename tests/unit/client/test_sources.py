"""Several pages at once: whatever the order of answers and whoever writes meanwhile, each record comes once."""

import random
from dataclasses import dataclass, field

import pytest

from airflow_provider_intacct.client.extraction import RawPage
from airflow_provider_intacct.client.paging import Extract, KeyCursor, Places
from airflow_provider_intacct.client.paging.sources import Chain, Fetched, Ranges, Request, Source


@dataclass
class Company:
    """Keys that answer pages by key as the gateway does. `cap` cuts pages short; it counts in XML only."""

    keys: set[int]
    cap: int = 10_000
    asked: int = 0

    def answer(self, request: Request) -> Fetched:
        self.asked += 1
        cursor = request.cursor
        assert isinstance(cursor, KeyCursor)
        low, high = (cursor.until, cursor.last) if cursor.falling else (cursor.last, cursor.until)
        found = sorted(
            (key for key in self.keys if (low is None or key > int(low)) and (high is None or key < int(high))),
            reverse=cursor.falling,
        )
        page = [str(key) for key in found[: min(cursor.room, self.cap)]]
        form = next(
            (option.text for part in cursor.function().body if part.tag == "options" for option in part.children), "xml"
        )
        rows = [{"RECORDNO": key} for key in page]
        return Fetched(RawPage("rows", len(page), rows=rows), Places(page),
                       len(found) if form == "xml" else None)  # fmt: skip


@dataclass
class Read:
    """A read with `most` requests in flight, which are carried out and answered in an order of chance."""

    source: Source
    company: Company
    most: int
    page_size: int
    chance: random.Random
    rows: list[int] = field(default_factory=list)

    def run(self, between: bool = True) -> list[int]:
        asked: list[Request] = []
        answered: list[tuple[Request, Fetched]] = []
        while True:
            while len(asked) + len(answered) < self.most and (request := self.source.next(self.page_size)):
                asked.append(request)
            if not asked and not answered:
                return self.rows
            if asked and (not answered or self.chance.random() < 0.5):
                request = asked.pop(self.chance.randrange(len(asked)))
                if self.chance.random() < 0.05:
                    self.source.again(request)  # a failure; it comes again
                else:
                    answered.append((request, self.company.answer(request)))
            else:
                request, fetched = answered.pop(self.chance.randrange(len(answered)))
                page = self.source.arrived(request, fetched).page
                self.rows += [int(row["RECORDNO"]) for row in page.rows or ()]
            if between:
                self.change()

    def change(self) -> None:
        """Somebody deletes a record, or enters one: mostly at the end, now and then in the middle."""
        keys = self.company.keys
        if keys and self.chance.random() < 0.3:
            keys.remove(self.chance.choice(sorted(keys)))
        if self.chance.random() < 0.3:
            keys.add(max(keys, default=0) + self.chance.randint(1, 3))
        if self.chance.random() < 0.2:
            keys.add(self.chance.randint(1, 2000))


def source(kind: type[Ranges | Chain], page_size: int) -> Source:
    extract = Extract("GLDETAIL", ("RECORDNO",), page_size=page_size)
    return kind(KeyCursor(extract, "RECORDNO"))


@pytest.mark.parametrize("most", [1, 2, 3, 6])
@pytest.mark.parametrize("seed", range(60))
def test_what_was_there_throughout_comes_once_whoever_writes_meanwhile(seed: int, most: int) -> None:
    chance = random.Random(seed * 10 + most)
    spread = chance.choice([1, 3, 40])
    company = Company(set(chance.sample(range(1, 400 * spread), chance.randint(0, 390))))
    if chance.random() < 0.3:
        company.cap = chance.randint(1, 6)
    page_size = chance.choice([1, 5, 20, 130])
    throughout = set(company.keys)
    read = Read(source(Chain if most == 1 else Ranges, page_size), company, most, page_size, chance)

    class Watched(set):  # type: ignore[type-arg]
        def remove(self, key: int) -> None:
            throughout.discard(key)
            super().remove(key)

    company.keys = Watched(company.keys)
    rows = read.run()
    assert len(rows) == len(set(rows))
    assert throughout <= set(rows)


@pytest.mark.parametrize("most", [1, 2])
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 200, 250, 1000, 1001])
@pytest.mark.parametrize("spread", [1, 7])
def test_no_more_pages_are_asked_for_than_there_are_and_one(count: int, most: int, spread: int) -> None:
    company = Company({number * spread for number in range(1, count + 1)})
    read = Read(source(Chain if most == 1 else Ranges, 100), company, 1, 100, random.Random(1))
    read.chance = random.Random(5)
    read.chance.random = lambda: 0.4  # type: ignore[method-assign]
    reader = Read(read.source, company, 1, 100, read.chance)
    request = reader.source.next(100)  # the first page is awaited before others join it
    assert request is not None
    reader.rows += [
        int(row["RECORDNO"]) for row in reader.source.arrived(request, company.answer(request)).page.rows or ()
    ]
    reader.most = most
    reader.run(between=False)
    assert sorted(reader.rows) == sorted(company.keys)
    pages = -(-count // 100)
    assert company.asked <= pages + 1
    if most == 1:
        assert company.asked == max(1, pages)


@pytest.mark.parametrize("most", [2, 4, 8])
def test_the_pages_of_many_rows_are_spread_over_all_that_may_be_in_flight(most: int) -> None:
    company = Company(set(range(1, 20_001)))
    ranges = source(Ranges, 100)
    rounds = 0
    rows: list[str] = []
    batch = [ranges.next(100)]
    while batch:
        rounds += 1
        for request in batch:
            assert request is not None
            rows += [row["RECORDNO"] for row in ranges.arrived(request, company.answer(request)).page.rows or ()]
        batch = []
        while len(batch) < most and (request := ranges.next(100)):
            batch.append(request)
    assert sorted(map(int, rows)) == sorted(company.keys)
    assert company.asked <= 200 + 2 * most
    assert rounds <= 200 / most * 1.1 + 3


def test_keys_that_are_no_numbers_are_read_from_one_end() -> None:
    extract = Extract("ODD", ("ID",), key="ID", page_size=2)
    ranges = Ranges(KeyCursor(extract, "ID"))
    low, high = ranges.next(2), ranges.next(2)
    assert low is not None
    assert high is not None

    def page(*keys: str, total: int) -> Fetched:
        rows = [{"ID": key} for key in keys]
        return Fetched(RawPage("rows", len(keys), rows=rows, names=("ID",)), Places(list(keys)), total)

    assert ranges.arrived(low, page("a", "b", total=3)).page.count == 2
    assert ranges.arrived(high, page("c", "b", total=3)).page.count == 0
    last = ranges.next(2)
    assert last is not None
    assert ranges.arrived(last, page("c", total=1)).page.rows == [{"ID": "c"}]
    assert ranges.next(2) is None
