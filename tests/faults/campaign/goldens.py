"""What the books hold when nothing goes wrong, and what a try brings."""

from random import Random
from typing import Any

from tests.faults.campaign.bench import Bench
from tests.faults.campaign.judge import Brought, Golden, told
from tests.faults.campaign.recoveries import Next
from tests.faults.campaign.tries import Returned, tail
from tests.faults.campaign.work import Work


class Goldens:
    """What the books hold when nothing goes wrong, for each work; found out once on each bench."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._known: dict[tuple[str, int, str], Golden] = {}

    def of(self, work: Work, events: int, brings: str = "the same") -> Golden:
        """Return the books after `events` business events, each posted by a task that nothing disturbs."""
        name = (work.name, events, brings)
        if name not in self._known:
            self._known[name] = self._found_out(work, events, brings)
        return self._known[name]

    def _found_out(self, work: Work, events: int, brings: str) -> Golden:
        bench = self._bench
        bench.begin(work, {})
        rows: dict[tuple[int, int], tuple[str, tuple[str, ...]]] = {}
        expected = 0
        for event in range(1, events + 1):
            brought = brought_by(work, event, brings)
            ti = task_instance(Next(map_index=event), 1)
            arguments = work.arguments(brought.records, bench.tasks)
            job = bench.job(work, arguments, ti, keeps=True, fault=None)
            ended = bench.run(job)
            assert isinstance(ended, Returned), f"{work.name} fails without a fault: {ended}\n{tail(job.log)}"
            outcomes, books = told(ended), bench.books()
            assert [each.status for each in outcomes] == ["posted"] * len(brought.records), outcomes
            for each, index in zip(outcomes, brought.order, strict=True):
                objects = [view.object for view in work.views if view.object == each.object] or [work.views[0].object]
                if (row := books.of(objects[0]).get(each.key)) is not None:
                    rows[event, index] = (objects[0], tuple(row.values()))
            expected += len(brought.records)
            assert len(rows) == expected or not work.answers, f"{work.name}: not every record is found by its key"
        bench.end()
        return Golden(books, rows)


def brought_by(work: Work, event: int, brings: str) -> Brought:
    records = work.records(event)
    order = list(range(len(records)))
    match brings:
        case "another order":
            order = Random(7).sample(order, len(order))
            order = order[::-1] if order == sorted(order) else order
        case "other content":
            assert work.changed is not None
            records = work.changed(records)
        case "one less":
            order = order[:-1]
    return Brought(event, [records[index] for index in order], order, brings)


def task_instance(which: Next, number: int) -> dict[str, Any]:
    return {
        "dag_id": "close",
        "run_id": which.run,
        "task_id": "post",
        "map_index": which.map_index,
        "try_number": number,
    }
