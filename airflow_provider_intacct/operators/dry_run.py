"""What a task with `dry_run` says: findings and requests in its log, and what of them becomes XCom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator

    from airflow_provider_intacct.client.checking import DryRun

FINDINGS = "dry_run"
"""The XCom that holds the findings of a dry run that failed; one that succeeds returns them."""


def counted(told: Mapping[str, Any]) -> str:
    """Return what a dry run came to, in a sentence, from its findings."""
    counts = ", ".join(f"{told[name]} {name}" for name in ("ready", "unchanged", "refused") if told[name])
    return f"Dry run: {counts or 'no records'}; nothing was written"


def log_findings(operator: BaseOperator, found: DryRun) -> None:
    """Log each request that would be sent, and every problem."""
    for number, request in enumerate(found.requests, 1):
        operator.log.info(
            "Request %d of %d that would be sent, secrets masked:\n%s", number, len(found.requests), request
        )
    for problem in found.problems:
        (operator.log.error if problem.level == "error" else operator.log.warning)("%s", problem)
