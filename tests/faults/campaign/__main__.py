"""`python -m tests.faults.campaign`: play the long form, and say how many cases there were and which failed."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence

from tests.faults.campaign.cases import Case, campaign, case, sample
from tests.faults.campaign.play import Played
from tests.faults.campaign.pool import play_all

TELL_EVERY = 200


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the cases asked for; the exit status says whether all went well."""
    asked = _parser().parse_args(arguments)
    cases = [case(each) for each in asked.case] or campaign(whole=asked.whole)
    cases = [each for each in cases if all(word in each.id for word in asked.match)]
    if asked.sample:
        cases = sample(cases, asked.sample, asked.seed)
    print(f"{len(cases)} cases in {asked.workers} workers", flush=True)
    began = time.monotonic()
    played = play_all(cases, asked.workers, _progress)
    _report(played, time.monotonic() - began, verbose=bool(asked.case))
    return 1 if any(each.complaints for each in played) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.campaign", description=__doc__)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--whole", action="store_true", help="all that make sense, not the third of them")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="only N of them, in which everything occurs")
    parser.add_argument("--seed", type=int, default=2026, help="which N")
    parser.add_argument("--match", action="append", default=[], metavar="TEXT", help="only cases with this in their id")
    parser.add_argument("--case", action="append", default=[], metavar="ID", help="this case, and its story")
    return parser


def _progress(new: Sequence[Played], done: int, of: int) -> None:
    for each in new:
        if each.complaints:
            print(f"  FAILED {each.case.id}", flush=True)
    if (done - len(new)) // TELL_EVERY != done // TELL_EVERY:
        print(f"  {done} of {of} played", flush=True)


def _report(played: Sequence[Played], seconds: float, *, verbose: bool) -> None:
    by: dict[str, Callable[[Case], str]] = {
        "work": lambda each: each.work.name,
        "fault": lambda each: f"{each.fault.point}: {each.fault.name}",
        "recovery": lambda each: each.recovery.name,
        "answers": lambda each: each.answers,
    }
    for title, name in by.items():
        counts = Counter(name(each.case) for each in played)
        failures = Counter(name(each.case) for each in played if each.complaints)
        print(f"\nby {title}")
        for what in sorted(counts):
            print(f"  {counts[what]:5} {what}" + (f"   {failures[what]} FAILED" if failures[what] else ""))
    for each in sorted(played, key=lambda each: each.case.id):
        if each.complaints or verbose:
            print(f"\n{'FAILED' if each.complaints else 'passed'} {each.case.id}")
            print("\n".join(f"  {line}" for text in (*each.complaints, *each.story) for line in text.splitlines()))
            print(f'  again: make faults CASE="{each.case.id}"')
    failed = sum(bool(each.complaints) for each in played)
    print(f"\n{len(played)} cases in {seconds:.0f} s: {len(played) - failed} as they should be, {failed} failed")


if __name__ == "__main__":
    sys.exit(main())
