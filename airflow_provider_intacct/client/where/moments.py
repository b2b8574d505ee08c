"""Dates and times as SQL writes them. Pure; what reads filters and what reads statements share it."""

from datetime import date, datetime

from sqlglot import exp


def moment_of(node: exp.Cast) -> date | None:
    """Return the date or time of `DATE '...'` or `TIMESTAMP '...'`; None for a cast to anything else.

    Raises ValueError, in words, for a text that is none.
    """
    kind, written = node.to.sql().upper(), str(node.this.this)
    try:
        if kind == "DATE":
            return date.fromisoformat(written)
        if kind.startswith("TIMESTAMP"):
            return datetime.fromisoformat(written)
    except ValueError:
        raise ValueError(f"{written!r} is not a {kind.lower()}") from None
    return None
