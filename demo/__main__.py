"""`make demo` and `make airflow`: start the stack and show the example DAG, or leave the stack up to look around."""

import argparse
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from textwrap import indent

from demo.accrual import DAG_ID, Demonstration, Round, amounts, demonstrate
from demo.books import Balances, Books, JournalEntry
from demo.keeper import interruptible
from demo.sandbox import SandboxStartError
from demo.stack import StackError, stack

EXAMPLES = Path(__file__).parent.parent / "example_dags"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--stay", action="store_true", help="leave Airflow and the sandbox up until Ctrl-C")
    options = parser.parse_args()
    try:
        with interruptible():
            return stay() if options.stay else show()
    except (StackError, SandboxStartError, TimeoutError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1


def stay() -> int:
    """Leave the stack up until it is interrupted."""
    say("Starting the sandbox and Airflow's four components ...")
    with stack(EXAMPLES) as running:
        url = running.airflow.url
        print(f"\n  Airflow   {url}   (no sign-in: every visitor is an admin)")
        print(f"  Sandbox   {running.sandbox.url}   (company {running.connection['extra']['company_id']})")
        print(f"  Try       {url}/dags/{DAG_ID}: press Trigger, watch it, then clear post_accrual and watch again")
        print(f"  Logs      {running.logs}\n\n  Ctrl-C ends it all.", flush=True)
        while True:
            signal.pause()


def show() -> int:
    """Run the demonstration, print what it saw, and return 0 if all of it held."""
    started = time.monotonic()
    say("Starting the sandbox and Airflow's four components ...")
    with stack(EXAMPLES) as running, closing(Books(running.connection)) as books:
        say(f"Airflow answers at {running.airflow.url}, the sandbox at {running.sandbox.url}.")
        seen = demonstrate(running, books, say)
    report(seen)
    print(f"\n{time.monotonic() - started:.0f} seconds in all, starting and stopping included.")
    return 0 if all(held for _, held in seen.findings()) else 1


def report(seen: Demonstration) -> None:
    """Print both rounds, the journal entry, the balances and the findings."""
    print_round("Round 1: the DAG runs", seen.first)
    for entry in seen.first.entries:
        print_entry(entry)
    print_round(f"Round 2: {', '.join(seen.cleared)} cleared", seen.second)
    print_balances(seen)
    print("\nWhat was to be shown")
    for claim, held in seen.findings():
        print(f"  {'held  ' if held else 'FAILED'}  {claim}")


def print_round(title: str, each: Round) -> None:
    print(f"\n{title}: {each.state}, {each.seconds:.1f} s, {each.transactions} API transactions")
    table(
        ("task", "state", "try", "seconds"),
        [(task.task_id, task.state or "-", task.try_number, f"{task.seconds or 0:.1f}") for task in each.tasks],
    )
    for task_id, log in each.failures.items():
        print(f"\n  {task_id} failed; its log ends:\n" + indent(log, "    "))
    if each.outcome:
        print(f"  The posting task says: {each.outcome['status']}, key {each.outcome['key']}")


def print_entry(entry: JournalEntry) -> None:
    header = entry.header
    print(
        f"\nJournal entry {header['JOURNAL']} {header['BATCHNO']} (key {header['RECORDNO']}), {header['STATE']}: "
        f"{header['BATCH_TITLE']}\n  dated {header['BATCH_DATE']}, reverses itself on {header['REVERSEDATE']}, "
        f"reference {header['REFERENCENO']}"
    )
    table(
        ("account", "title", "entity", "department", "debit", "credit"),
        [
            (
                line["ACCOUNTNO"],
                line["ACCOUNTTITLE"],
                line["LOCATION"],
                line["DEPARTMENT"] or "",
                f"{line['TRX_AMOUNT']:,.2f}" if line["TR_TYPE"] == 1 else "",
                f"{line['TRX_AMOUNT']:,.2f}" if line["TR_TYPE"] == -1 else "",
            )
            for line in entry.lines
        ],
    )


def print_balances(seen: Demonstration) -> None:
    touched: Balances = {}
    for entry in seen.first.entries + seen.second.entries:
        touched |= amounts(entry)
    print("\nBalances at the end of the period, debits positive")
    moments = (seen.before, seen.first.balances, seen.second.balances)
    table(
        ("account", "entity", "before", "after round 1", "after round 2"),
        [(*place, *(f"{balances.get(place, 0):,.2f}" for balances in moments)) for place in sorted(touched)],
    )


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows in columns, numbers to the right."""
    cells = [tuple(str(cell) for cell in row) for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        shown = (
            cell.rjust(width) if cell[-1:].isdigit() and "." in cell else cell.ljust(width)
            for cell, width in zip(row, widths, strict=True)
        )
        print("  " + "  ".join(shown).rstrip())


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
