"""The company's clock: real time plus an offset that the test bench moves forward. Knows no time zones but UTC."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Tells the company's time. The offset is the only state."""

    def __init__(self, offset_seconds: float = 0.0) -> None:
        self.offset_seconds = offset_seconds

    def now(self) -> datetime:
        """Return the present moment, aware, UTC, whole seconds: the gateway knows no fractions."""
        return (datetime.now(UTC) + timedelta(seconds=self.offset_seconds)).replace(microsecond=0)

    def advance(self, seconds: float) -> None:
        """Move the company's time forward (or back, with a negative number)."""
        self.offset_seconds += seconds
