"""The names that the legacy functions use for the catalogue's objects and fields."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class LegacyRecord:
    """One record type of get_list and get: legacy element (slashes nest) to field of `object`.

    `lines` is the container of the owned lines and `line` the record type of one of them; both empty without lines.
    `lists_lines` has get_list tell them too, unless other fields are asked for.
    """

    name: str
    object: str
    key: str
    fields: Mapping[str, str]
    lines: str = ""
    line: str = ""
    lists_lines: bool = False


@cache
def legacy_records() -> Mapping[str, LegacyRecord]:
    """Return every legacy record type by name."""
    parsed = tomllib.loads((Path(__file__).parent / "legacy.toml").read_text(encoding="utf-8"))
    return {name: LegacyRecord(name, **spec) for name, spec in parsed.items()}
