"""Targets, held or missed, and the table that says so."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Line:
    """One measurement: what it is, what came out, and, where there is a target, whether that is held."""

    what: str
    seen: str
    target: str = ""
    held: bool | None = None

    def __str__(self) -> str:
        verdict = {True: "held", False: "MISSED", None: ""}[self.held]
        return f"  {self.what:50} {self.seen:>38}  {self.target:17} {verdict}".rstrip()


@dataclass
class Table:
    """All lines so far, printed as they come."""

    lines: list[Line] = field(default_factory=list)

    def head(self, text: str) -> None:
        print(f"\n{text}", flush=True)

    def add(self, what: str, seen: str) -> None:
        """Print a measurement that has no target."""
        self._say(Line(what, seen))

    def at_most(self, what: str, number: float, limit: float, unit: str = "x", digits: int = 2) -> None:
        """Hold `number` to its limit."""
        wanted = f"at most {limit:g} {unit}"
        self._say(Line(what, f"{number:,.{digits}f} {unit}", wanted, number <= limit))

    def at_least(self, what: str, number: float, limit: float, unit: str = "x") -> None:
        """Hold `number` to what it must reach."""
        self._say(Line(what, f"{number:,.1f} {unit}", f"at least {limit:g} {unit}", number >= limit))

    def _say(self, line: Line) -> None:
        self.lines.append(line)
        print(line, flush=True)

    @property
    def missed(self) -> list[Line]:
        return [line for line in self.lines if line.held is False]
