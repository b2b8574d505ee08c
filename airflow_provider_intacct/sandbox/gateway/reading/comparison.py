"""The comparisons that query, readByQuery, readView and get_list have in common, as SQL conditions."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from airflow_provider_intacct.sandbox.catalog import Field, Path

from .literals import Reader, malformed
from .selection import Condition, Selection

_SYMBOLS: Mapping[str, str] = {
    "equalto": "=",
    "notequalto": "<>",
    "lessthan": "<",
    "lessthanorequalto": "<=",
    "greaterthan": ">",
    "greaterthanorequalto": ">=",
}
_TEXTUAL = ("TEXT", "ENUM")


@dataclass(frozen=True, slots=True)
class Comparer:
    """Compares fields with literals. `insensitive` folds the case of texts on both sides."""

    selection: Selection
    reader: Reader
    insensitive: bool = False

    def compare(self, path: Path, operator: str, literals: Sequence[str]) -> Condition:
        """Return the condition for one operator, named as `query` names them, and its literals."""
        column, field = self.selection.expression(path), path.field
        if operator in ("isnull", "isnotnull"):
            return Condition(f"{column} IS {'NOT ' if operator == 'isnotnull' else ''}NULL")
        if operator in ("like", "notlike"):
            return self._like(column, field, literals[0], negated=operator == "notlike")
        values = tuple(self._value(field, literal) for literal in literals)
        column = self._folded(column, field)
        if operator == "between":
            return Condition(f"{column} BETWEEN ? AND ?", values)
        if operator in ("in", "notin"):
            word = "NOT IN" if operator == "notin" else "IN"
            # one JSON value, however many there are: SQLite limits the number of bound values
            return Condition(f"{column} {word} (SELECT value FROM json_each(?))", (orjson.dumps(values).decode(),))
        return Condition(f"{column} {_SYMBOLS[operator]} ?", values)

    def _value(self, field: Field, literal: str) -> object:
        if self.insensitive and self.reader.speaks_labels(field):
            folded = literal.casefold()
            literal = next((value.label for value in field.values if value.label.casefold() == folded), literal)
        value = self.reader.stored(field, literal)
        return value.casefold() if self._folds(field) and isinstance(value, str) else value

    def _folds(self, field: Field) -> bool:
        return self.insensitive and field.type in _TEXTUAL and not self.reader.speaks_labels(field)

    def _folded(self, column: str, field: Field) -> str:
        return f"casefold({column})" if self._folds(field) else column

    def _like(self, column: str, field: Field, pattern: str, *, negated: bool) -> Condition:
        word = "NOT " if negated else ""
        if self.reader.speaks_labels(field):
            matches = _matcher(pattern, self.insensitive)
            codes = tuple(value.code for value in field.values if matches(value.label))
            return Condition(f"{column} {word}IN ({', '.join('?' * len(codes))})", codes)
        if field.type not in _TEXTUAL:
            raise malformed()
        text = pattern.casefold() if self.insensitive else pattern
        return Condition(f"{self._folded(column, field)} {word}GLOB ?", (_glob(text),))


def _glob(pattern: str) -> str:
    """Return a like pattern as an SQLite GLOB, which tells case apart: `%` any text, `_` any one character."""
    return re.sub(r"[*?\[]", lambda match: f"[{match[0]}]", pattern).replace("%", "*").replace("_", "?")


def _matcher(pattern: str, insensitive: bool) -> Callable[[str], bool]:
    parts = {"%": ".*", "_": "."}
    expression = "".join(parts.get(character) or re.escape(character) for character in pattern)
    compiled = re.compile(expression, re.DOTALL | (re.IGNORECASE if insensitive else 0))
    return lambda text: compiled.fullmatch(text) is not None
