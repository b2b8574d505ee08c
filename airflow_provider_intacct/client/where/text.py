"""SQL-like text to the filter tree and back. sqlglot reads the text; what the tree has no node for is refused here.

    STATE = 'Posted' AND (WHENDUE < :day OR TOTALDUE BETWEEN 10 AND 500) AND VENDOR.NAME NOT LIKE 'B%'

`:name` takes a value (after IN: a list) from `params`, so no text has to be glued together. An apostrophe is doubled. A
field named like a keyword (AND, LIKE, NULL) is written in double quotes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from sqlglot import Tokenizer, TokenType, exp
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.parser import Parser

from airflow_provider_intacct.client.errors import IntacctError, WhereError
from airflow_provider_intacct.client.where.moments import moment_of
from airflow_provider_intacct.client.where.tree import (
    NAME,
    And,
    Between,
    Compare,
    Condition,
    In,
    IsNull,
    Like,
    Operator,
    Or,
    Value,
    all_of,
    any_of,
    negate,
)

WORDS = frozenset({"AND", "OR", "NOT", "IN", "BETWEEN", "LIKE", "ILIKE", "IS", "NULL", "TRUE", "FALSE", "ESCAPE"})
AFTER_FIELD = frozenset(
    {"=", "==", "<>", "!=", "<", "<=", ">", ">=", ".", "IS", "IN", "LIKE", "ILIKE", "BETWEEN", "NOT"}
)
COMPARISONS: dict[type[exp.Expression], Operator] = {
    exp.EQ: "=",
    exp.NEQ: "!=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
MIRRORED: dict[Operator, Operator] = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
REFUSED: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("Select", "Subquery", "Exists", "Union"),
        "Intacct has no subqueries; read the inner list first and use IN (:values).",
    ),
    (("ILike",), "Intacct has no ILIKE; use LIKE and case_insensitive=True."),
    (("RegexpLike", "RegexpILike", "SimilarTo", "Glob"), "Intacct has no regular expressions; use LIKE with % and _."),
    (("Escape",), "LIKE has no ESCAPE in Intacct: % and _ are always wildcards."),
    (
        ("Add", "Sub", "Mul", "Div", "Mod", "DPipe", "Concat", "IntDiv"),
        "Intacct does not calculate in filters; do it before.",
    ),
    (("Lower", "Upper"), "Intacct has no functions in filters; use case_insensitive=True."),
    (
        ("CurrentDate", "CurrentTimestamp", "CurrentTime", "Interval"),
        "Intacct has no clock in filters; give the date as :name.",
    ),
    (("Case", "If"), "Intacct has no CASE in filters; write the alternatives with OR."),
    (("Tuple",), "Intacct compares one field at a time; write the comparisons with AND."),
    (("Cast", "TryCast"), "Intacct does not convert in filters; only DATE '...' and TIMESTAMP '...' are known."),
    (("NullSafeEQ", "NullSafeNEQ"), "Intacct has no IS DISTINCT FROM; write the comparison and IS NULL with OR."),
    (("Func", "Anonymous"), "Intacct has no functions in filters; compute the value before and give it as :name."),
)


def parse(text: str, params: Mapping[str, Any] | None = None) -> Condition:
    """Return the tree of `text`, `:name` replaced by the values of `params`. Raises `WhereError` naming the place."""
    if not isinstance(text, str) or not text.strip():
        raise WhereError("The filter is empty; leave it out to read all records.")
    reading = Reading(text, dict(params or {}))
    tree = reading.condition(reading.expression())
    if unused := reading.params.keys() - reading.used:
        raise WhereError(f"The filter has no :{', :'.join(sorted(unused))}; every parameter must occur in it.")
    return tree


class Reading:
    """One text being read: what is needed to name the place of an error, and which parameters have been used."""

    words = WORDS
    """Words that are never a field, unless they stand in double quotes."""

    def __init__(self, text: str, params: dict[str, Any]) -> None:
        self.text = text
        self.params = params
        self.used: set[str] = set()

    def expression(self) -> exp.Expression:
        """Return what sqlglot makes of the text, as one expression."""
        try:
            parsed = Parser().parse_into(exp.Condition, self.tokens(), self.text)
        except ParseError as error:
            raise self.misread(error) from None
        except SqlglotError:
            hint = " An apostrophe inside text is doubled ('O''Brien'), not escaped." if "\\'" in self.text else ""
            raise WhereError(
                f"The filter cannot be read: a quotation mark is not closed in {self.text!r}.{hint}"
            ) from None
        except RecursionError:
            raise WhereError("The filter is nested too deeply; use IN (...) for many values of one field.") from None
        if len(parsed) != 1 or parsed[0] is None:
            raise WhereError(f"The filter is not one condition: {self.text!r}.")
        return cast(exp.Expression, parsed[0])

    def tokens(self) -> list[Any]:
        """Return the tokens of the text, which is nothing but a condition."""
        tokens = list(Tokenizer().tokenize(self.text))
        for token in tokens:
            if token.comments:
                raise WhereError("The filter holds a comment, which would hide a part of it; remove it.")
            if token.token_type == TokenType.SEMICOLON:
                raise self.refused("a filter is one condition, without ; in it.", token.start)
        return self.named(tokens)

    def named(self, tokens: Sequence[Any]) -> list[Any]:
        """Return the tokens; words that stand where a field or a :name stands are one, whatever they mean in SQL."""
        made = []
        for position, token in enumerate(tokens):
            following = tokens[position + 1].text.upper() if position + 1 < len(tokens) else ""
            before = tokens[position - 1].token_type if position else None
            quoted = token.token_type in (TokenType.STRING, TokenType.IDENTIFIER)
            is_word = not quoted and NAME.fullmatch(token.text) and token.text.upper() not in self.words
            made_type = None
            if before == TokenType.COLON and not quoted and NAME.fullmatch(token.text):
                made_type = TokenType.VAR
            elif is_word and (before == TokenType.DOT or following in AFTER_FIELD):
                made_type = TokenType.IDENTIFIER
            if made_type is not None:
                token = type(token)(made_type, token.text, token.line, token.col, token.start, token.end)
            made.append(token)
        return made

    def condition(self, node: exp.Expression) -> Condition:
        """Return the tree of a node that is true or false."""
        if isinstance(node, exp.Paren):
            return self.condition(node.this)
        if isinstance(node, exp.And | exp.Or):
            parts = [self.condition(part) for part in operands(node)]
            return all_of(*parts) if isinstance(node, exp.And) else any_of(*parts)
        if isinstance(node, exp.Not):
            return negate(self.condition(node.this))
        made = self.leaf(node)
        return negate(made) if node.args.get("negate") else made

    def leaf(self, node: exp.Expression) -> Condition:
        """Return the condition on a single field."""
        if type(node) in COMPARISONS:
            return self.comparison(node, COMPARISONS[type(node)])
        if isinstance(node, exp.Between):
            name = self.name(node.this)
            return Between(name, self.value(node.args["low"], name), self.value(node.args["high"], name))
        if isinstance(node, exp.In):
            return self.membership(node)
        if isinstance(node, exp.Like):
            name = self.name(node.this)
            return Like(name, cast(str, self.value(node.expression, name)))
        if isinstance(node, exp.Is):
            name = self.name(node.this)
            if isinstance(node.expression, exp.Null):
                return IsNull(name)
            raise self.refused(f"IS is followed by NULL or NOT NULL; write {name} = TRUE for a boolean.", node)
        if isinstance(node, exp.Column | exp.Dot | exp.Boolean):
            raise self.refused("a condition compares a field with a value; write FIELD = TRUE for a boolean.", node)
        raise self.unknown(node)

    def comparison(self, node: exp.Expression, operator: Operator) -> Condition:
        """Return `field operator value`, turned round where the value stands first."""
        left, right = node.this.unnest(), node.expression.unnest()
        if isinstance(left, exp.Column | exp.Dot):
            if isinstance(right, exp.Column | exp.Dot):
                raise self.refused("Intacct cannot compare two fields; text stands in single quotes ('Posted').", right)
            name = self.name(left)
            return Compare(name, operator, self.value(right, name))
        if isinstance(right, exp.Column | exp.Dot):
            name = self.name(right)
            return Compare(name, MIRRORED[operator], self.value(left, name))
        for side in (left, right):
            if not isinstance(side, exp.Literal | exp.Boolean | exp.Null | exp.Neg | exp.Placeholder):
                raise self.unknown(side)
        raise self.refused("a condition compares a field with a value; there is no field here.", node)

    def membership(self, node: exp.Expression) -> Condition:
        """Return `field IN (...)`; a parameter in it may be a list."""
        name = self.name(node.this)
        items = list(node.expressions)
        if node.args.get("field") is not None:
            items = [node.args["field"]]
        if node.args.get("query") is not None:
            raise self.unknown(node.args["query"])
        values: list[Value] = []
        for item in items:
            if isinstance(item, exp.Placeholder):
                given = self.parameter(item)
                many = isinstance(given, Sequence | set | frozenset) and not isinstance(given, str | bytes)
                if isinstance(given, Iterable) and not many and not isinstance(given, str):
                    raise self.refused(f"a {type(given).__name__} holds no values for IN; give a list of them.", item)
                values.extend(given if many else [given])
            else:
                values.append(self.value(item, name))
        return In(name, tuple(values))

    def name(self, node: exp.Expression) -> str:
        """Return the field that `node` names."""
        node = cast(exp.Expression, node.unnest())
        if isinstance(node, exp.Column | exp.Dot):
            name = ".".join(part.name for part in node.parts)
            if NAME.fullmatch(name):
                return name
            raise self.refused(f"{name!r} is not a field name.", node)
        if isinstance(node, exp.Literal | exp.Boolean | exp.Null | exp.Placeholder):
            raise self.refused("a field stands on the left of the operator, the value on its right.", node)
        raise self.unknown(node)

    def value(self, node: exp.Expression, name: str) -> Value:
        """Return the value that `node` writes, for the field `name`."""
        node = cast(exp.Expression, node.unnest())
        if isinstance(node, exp.Literal):
            return str(node.this) if node.is_string else Decimal(node.this)
        if isinstance(node, exp.Boolean):
            return bool(node.this)
        if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal) and not node.this.is_string:
            return Decimal(node.this.this).copy_negate()  # a minus would round to the context's 28 digits
        if isinstance(node, exp.Placeholder):
            return cast(Value, self.parameter(node))
        if isinstance(node, exp.Null):
            raise self.refused(f"nothing equals NULL; write {name} IS NULL or {name} IS NOT NULL.", node)
        if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal):
            return self.moment(node)
        if isinstance(node, exp.Column | exp.Dot):
            raise self.refused("Intacct cannot compare two fields; text stands in single quotes ('Posted').", node)
        raise self.unknown(node)

    def moment(self, node: exp.Cast) -> Value:
        """Return the date or time of `DATE '...'` or `TIMESTAMP '...'`."""
        try:
            found = moment_of(node)
        except ValueError as error:
            raise self.refused(f"{error}; write it as 2026-01-31 or 2026-01-31 12:00:00.", node) from None
        if found is None:
            raise self.unknown(node)
        return found

    def parameter(self, node: exp.Expression) -> Any:
        """Return the value given for `:name`."""
        name = node.name
        if name == "?":
            raise self.refused("a parameter has a name: write :name, and give params={'name': ...}.", node)
        if name not in self.params:
            raise self.refused(f"there is no parameter {name!r}; give params={{{name!r}: ...}}.", node)
        self.used.add(name)
        return self.params[name]

    def unknown(self, node: exp.Expression) -> IntacctError:
        """Return the error for a node that the tree cannot hold: the reason and the alternative."""
        kinds = {kind.__name__ for kind in type(node).__mro__}
        for refused, reason in REFUSED:
            if kinds.intersection(refused):
                return self.refused(reason, node)
        return self.refused(
            "Intacct's filters know =, !=, <, <=, >, >=, BETWEEN, IN, LIKE, IS NULL, AND, OR and NOT.", node
        )

    def refused(self, reason: str, at: exp.Expression | int) -> WhereError:
        """Return the error for the reason and the place."""
        start = at if isinstance(at, int) else min(starts(at), default=None)
        what = "" if isinstance(at, int) else f" at {shortened(at.sql())}"
        return WhereError(f"The filter cannot be used{what}{self.place(start)}: {reason}")

    def misread(self, error: ParseError) -> WhereError:
        """Return the error for text that is no condition at all."""
        first = error.errors[0] if error.errors else {}
        near = str(first.get("highlight") or "")
        start = len(str(first.get("start_context") or "")) if near else None
        reason = {
            "ORDER BY": "the order is an argument of its own (order_by).",
            "LIMIT": "the number of rows is an argument of its own (limit).",
            "WHERE": "leave out the word WHERE.",
            "GROUP BY": "query groups by the plain fields beside an aggregate in fields.",
            "UNION": "a filter is one condition; join conditions with OR.",
        }.get(near.upper(), "this is not a condition such as STATE = 'Posted' AND TOTALDUE > 10.")
        return WhereError(f"The filter cannot be read near {near or self.text!r}{self.place(start)}: {reason}")

    def place(self, start: int | None) -> str:
        """Return the line and column of an offset into the text, counted from 1."""
        if start is None:
            return ""
        before = self.text[:start]
        return f" (line {before.count(chr(10)) + 1}, column {start - before.rfind(chr(10))})"


def operands(node: exp.Expression) -> Iterator[exp.Expression]:
    """Yield what AND or OR joins, from left to right: sqlglot leans the chain to the left, however long it is."""
    chain = []
    kind = type(node)
    while isinstance(node, kind):
        chain.append(node.expression)
        node = node.this
    yield node
    yield from reversed(chain)


def starts(node: exp.Expression) -> Iterator[int]:
    """Yield the offsets that sqlglot knows of the node and what is below it."""
    for part in node.walk():
        if "start" in part.meta:
            yield part.meta["start"]


def shortened(text: str) -> str:
    """Return at most 60 characters of `text`."""
    return text if len(text) <= 60 else f"{text[:57]}..."


def to_text(condition: Condition) -> str:
    """Return the text that `parse` reads back as the same tree."""
    match condition:
        case And(conditions):
            return " AND ".join(f"({to_text(part)})" if isinstance(part, Or) else to_text(part) for part in conditions)
        case Or(conditions):
            return " OR ".join(map(to_text, conditions))
        case Compare(name, operator, value):
            return f"{written_name(name)} {operator} {written(value)}"
        case Between(name, lower, upper):
            return f"{written_name(name)} BETWEEN {written(lower)} AND {written(upper)}"
        case In(name, values, negated):
            return f"{written_name(name)} {'NOT ' if negated else ''}IN ({', '.join(map(written, values))})"
        case Like(name, pattern, negated):
            return f"{written_name(name)} {'NOT ' if negated else ''}LIKE {written(pattern)}"
        case IsNull(name, negated):
            return f"{written_name(name)} IS {'NOT ' if negated else ''}NULL"
    raise WhereError(f"{condition!r} is not a condition.")


def written_name(name: str) -> str:
    """Return a field name, its keywords in double quotes."""
    return ".".join(f'"{part}"' if part.upper() in WORDS else part for part in name.split("."))


def written(value: Value) -> str:
    """Return a value as the text writes it."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    return "'" + value.replace("'", "''") + "'"
