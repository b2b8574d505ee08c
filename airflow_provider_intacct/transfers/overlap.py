"""What belongs to one window: its folder, and the records near its end, which the window after it reads again."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_provider_intacct.client.windows import Window


def folder_of(window: Window) -> str:
    """Return the name of a window's folder: `window=20260101T000000Z--20260102T000000Z`. Names sort as windows do."""
    return f"window={_stamp(window.start)}--{_stamp(window.end)}"


def _stamp(at: datetime | None) -> str:
    if at is None:
        return "beginning"
    fraction = f"{at:.%f}" if at.microsecond else ""
    return f"{at:%Y%m%dT%H%M%S}{fraction}Z"
