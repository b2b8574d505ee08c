"""Keep the time until a report is asked for again. Never asks itself: asking is what reads a report's first page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent


class IntacctReportTrigger(BaseTrigger):
    """Fire at a moment, with what the task needs to go on: the event holds all arguments but `moment`.

    :param report_id: the id under which Intacct makes the report.
    :param starts: how often the report was started.
    :param polls: how often it was asked for.
    :param until: ISO 8601 moment at which the task gives up.
    :param moment: ISO 8601 moment at which to fire; a triggerer that starts later fires at once.
    """

    def __init__(self, *, report_id: str, starts: int, polls: int, until: str, moment: str) -> None:
        super().__init__()
        self.report_id = report_id
        self.starts = starts
        self.polls = polls
        self.until = until
        self.moment = moment

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the constructor's arguments."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {**self._event(), "moment": self.moment}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, and yield one event."""
        left = (datetime.fromisoformat(self.moment) - datetime.now(UTC)).total_seconds()
        await asyncio.sleep(max(0.0, left))
        yield TriggerEvent(self._event())

    def _event(self) -> dict[str, Any]:
        return {"report_id": self.report_id, "starts": self.starts, "polls": self.polls, "until": self.until}
