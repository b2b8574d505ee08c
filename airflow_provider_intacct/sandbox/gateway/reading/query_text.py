"""The text grammar of readByQuery: comparisons, AND, OR, NOT, parentheses. No joins, no ORDER BY, no functions.

Text in, tree out; what the fields mean is not known here. Whatever the grammar lacks is DL02000001.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from .literals import malformed

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^'\\]|\\.)*')
    | (?P<number>[+-]?\d+(?:\.\d+)?)
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<sign><=|>=|<|>|=|\(|\)|,)
    )""",
    re.VERBOSE | re.DOTALL,
)
_SIGNS = {
    "=": "equalto",
    "<": "lessthan",
    "<=": "lessthanorequalto",
    ">": "greaterthan",
    ">=": "greaterthanorequalto",
}
_DEEPEST = 100  # parentheses and NOTs inside one another
_RESERVED = frozenset({"AND", "OR", "NOT", "LIKE", "IN", "IS", "NULL", "ORDER", "BY"})


@dataclass(frozen=True, slots=True)
class Comparison:
    """`field operator literals`, the operator named as `query` names it."""

    field: str
    operator: str
    literals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Both:
    """All parts hold."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of the parts holds."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """The part does not hold."""

    part: "Expression"


Expression: TypeAlias = Comparison | Both | Either | Negation


def parse_query(text: str) -> Expression | None:
    """Return the tree of a query text, None for an empty one (all rows). Raises FunctionError DL02000001."""
    if not text.strip():
        return None
    parser = _Parser(list(_tokens(text)))
    expression = parser.either()
    parser.end()
    return expression


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    value: str


def _tokens(text: str) -> Iterator[_Token]:
    position, text = 0, text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise malformed()
        position = match.end()
        kind = str(match.lastgroup)
        value = match[kind]
        if kind == "text":
            value = re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL)
        elif kind == "word" and value.upper() in _RESERVED:
            kind, value = "keyword", value.upper()
        yield _Token(kind, value)


class _Parser:
    """Recursive descent over the tokens: OR binds weakest, NOT strongest."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def either(self) -> Expression:
        parts = [self._both()]
        while self._skip("OR"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def end(self) -> None:
        if self._next < len(self._tokens):
            raise malformed()

    def _both(self) -> Expression:
        parts = [self._one()]
        while self._skip("AND"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _one(self) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise malformed()
        if self._skip("NOT"):
            expression: Expression = Negation(self._one())
        elif self._skip("("):
            expression = self.either()
            self._expect(")")
        else:
            expression = self._comparison()
        self._depth -= 1
        return expression

    def _comparison(self) -> Comparison:
        field = self._take("word")
        if self._skip("IS"):
            negated = self._skip("NOT")
            self._expect("NULL")
            return Comparison(field, "isnotnull" if negated else "isnull")
        negated = self._skip("NOT")
        if self._skip("LIKE"):
            return Comparison(field, "notlike" if negated else "like", (self._take("text"),))
        if self._skip("IN"):
            return Comparison(field, "notin" if negated else "in", self._list())
        sign = self._take("sign")
        if negated or sign not in _SIGNS:
            raise malformed()
        return Comparison(field, _SIGNS[sign], (self._literal(),))

    def _list(self) -> tuple[str, ...]:
        self._expect("(")
        literals = [self._literal()]
        while self._skip(","):
            literals.append(self._literal())
        self._expect(")")
        return tuple(literals)

    def _literal(self) -> str:
        if self._next < len(self._tokens) and self._tokens[self._next].kind in ("text", "number"):
            self._next += 1
            return self._tokens[self._next - 1].value
        raise malformed()

    def _take(self, kind: str) -> str:
        if self._next < len(self._tokens) and self._tokens[self._next].kind == kind:
            self._next += 1
            return self._tokens[self._next - 1].value
        raise malformed()

    def _skip(self, value: str) -> bool:
        if self._next < len(self._tokens):
            token = self._tokens[self._next]
            if token.kind in ("keyword", "sign") and token.value == value:
                self._next += 1
                return True
        return False

    def _expect(self, value: str) -> None:
        if not self._skip(value):
            raise malformed()
