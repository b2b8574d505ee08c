"""A dry run: what is wrong with records, and the exact requests that would be sent for them. Reads, never a write."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_intacct.client.checking.flow import examined
from airflow_provider_intacct.client.checking.problem import Problem, errors
from airflow_provider_intacct.client.checking.request import rendered
from airflow_provider_intacct.client.credentials import Credentials
from airflow_provider_intacct.client.errors import InvalidRequestError
from airflow_provider_intacct.client.flows import Flow
from airflow_provider_intacct.client.posting.existing import Execute
from airflow_provider_intacct.client.posting.flow import batches
from airflow_provider_intacct.client.posting.records import Posting
from airflow_provider_intacct.client.xml.knowledge import Knowledge

MOST_TOLD = 100
VERDICTS = ("ready", "unchanged", "refused")


class DryRunError(InvalidRequestError):
    """A dry run found that not every record would be taken. Nothing was sent."""

    advice = "mend the records named above; a dry run that finds nothing wrong lists the requests in its log."


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a dry run found.

    `requests`  the XML that would be sent, secrets masked: nothing for records that cannot be prepared, name no one
                record, or are there already as they are given
    """

    postings: tuple[Posting, ...]
    problems: tuple[Problem, ...]
    requests: tuple[str, ...]
    done: frozenset[str] = frozenset()

    @property
    def refused(self) -> int:
        """How many records would not be taken."""
        return len({problem.position for problem in errors(self.problems)})

    def as_dict(self) -> dict[str, Any]:
        """Return the findings as plain JSON values: a verdict for each record, and all problems.

        A verdict is `refused`, `unchanged` (the company says all of it already) or `ready`.
        """
        found: dict[int, list[Problem]] = {}
        for problem in self.problems:
            found.setdefault(problem.position, []).append(problem)
        records = [self._told(posting, found.get(posting.position, [])) for posting in self.postings]
        counts = Counter(record["verdict"] for record in records)
        return {
            "dry_run": True,
            **{verdict: counts[verdict] for verdict in VERDICTS},
            "records": records,
            "problems": [each.as_dict() for each in self.problems],
        }

    def raise_if_refused(self) -> None:
        """Raise DryRunError, which names all that is wrong, if any record would not be taken."""
        if found := errors(self.problems):
            more = [f"- and {len(found) - MOST_TOLD} more"] if len(found) > MOST_TOLD else []
            listed = "\n".join([*(f"- {problem}" for problem in found[:MOST_TOLD]), *more])
            count = f"{self.refused} of {len(self.postings)} records would not be taken"
            raise DryRunError(f"Dry run: {count}. Nothing was sent.\n{listed}")

    def _told(self, posting: Posting, problems: Sequence[Problem]) -> dict[str, Any]:
        taken = "unchanged" if posting.control_id in self.done else "ready"
        return {
            "position": posting.position,
            "object": posting.kind.object_name or posting.kind.name,
            "act": posting.act,
            "verdict": "refused" if errors(problems) else taken,
            "control_id": "" if posting.problem else posting.control_id,
            "reference": posting.reference,
            "natural_key": dict(posting.natural_key),
            "problems": [each.as_dict() for each in problems],
        }


def dry_run(
    execute: Execute,
    knowledge: Knowledge,
    credentials: Credentials,
    postings: Sequence[Posting],
    *,
    atomic: bool = True,
    policy_id: str | None = None,
) -> Flow[DryRun]:
    """Flow: check the records, and show what would be sent. `atomic` and `policy_id` are those of the posting."""
    found = yield from examined(execute, knowledge, postings)
    pending = sorted([*found.resolved.written, *found.resolved.acts], key=lambda posting: posting.position)
    requests = tuple(rendered(batch, credentials, atomic=atomic, policy_id=policy_id) for batch in batches(pending))
    return DryRun(tuple(postings), tuple(found.problems), requests, frozenset(found.resolved.done))
