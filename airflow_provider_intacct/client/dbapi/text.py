"""SQL text to sqlglot's tree: one SELECT, its parameters kept as nodes, so that no value ever becomes a piece of SQL.

`%s` and `%(name)s` are what Airflow's operators write. The condition after WHERE is read by `client.where`, whose
grammar this extends by the words of a statement.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from sqlglot import Tokenizer, TokenType, exp
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.parser import Parser

from airflow_provider_intacct.client.dbapi.errors import NotSupportedError, ProgrammingError
from airflow_provider_intacct.client.where.text import WORDS, Reading, shortened

PARAMETER = re.compile(r"%(?:s|\(([^)]+)\)s)(?!\w)")
READ_ONLY = (
    "{} is not possible: SQL on Intacct is read-only. Write with IntacctCreateOperator, IntacctUpdateOperator or "
    "IntacctDeleteOperator."
)
USAGE = "SELECT fields or aggregates FROM object WHERE ... GROUP BY ... ORDER BY ... LIMIT ..."
WRITES = frozenset(
    {"INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "UPSERT", "TRUNCATE"}
    | {"CREATE", "ALTER", "DROP", "RENAME", "GRANT", "REVOKE", "COPY"}
)
OTHERS = {
    "WITH": "WITH is not possible: Intacct has no subqueries. Write one SELECT ... FROM an object.",
    "VALUES": "VALUES is not possible on its own. Write SELECT ... FROM an object.",
    "SHOW": "SHOW is not possible. `airflow intacct objects`, or client.lookup(object), tells what there is.",
    "DESCRIBE": "DESCRIBE is not possible. hook.get_table_schema(object), or client.lookup(object), tells the fields.",
    "EXPLAIN": "EXPLAIN is not possible: Intacct tells nothing of how it reads.",
    "CALL": "CALL is not possible. IntacctFunctionOperator calls any function of the gateway.",
    "BEGIN": "BEGIN is not possible: there are no transactions to read in. Leave it out.",
    "SET": "SET is not possible: there is nothing to set. Options are arguments of connect().",
    "USE": "USE is not possible: a connection has one company. For an entity, give entity_id.",
}


class StatementReading(Reading):
    """One statement being read. `params` are a mapping for %(name)s, or a sequence for %s."""

    words = WORDS | {"SELECT", "DISTINCT", "AS", "FROM", "ON", "WHERE", "GROUP", "HAVING", "ORDER", "BY"}
    words |= {"CASE", "WHEN", "THEN", "ELSE", "END"}

    def __init__(self, text: str, params: Mapping[str, Any] | Sequence[Any] | None = None) -> None:
        by_place = not isinstance(params, Mapping) and params is not None
        if by_place and (isinstance(params, str | bytes) or not isinstance(params, Sequence)):
            raise ProgrammingError("Parameters are a list or tuple for %s, or a mapping for %(name)s.")
        given = {str(place): value for place, value in enumerate(params or (), 1)} if by_place else dict(params or {})
        super().__init__(text, given)
        self.given = bool(params)
        self.by_place = by_place
        self.places = 0

    def select(self) -> exp.Select:
        """Return the statement's tree. Raises NotSupportedError for what is no SELECT, ProgrammingError for no SQL."""
        tokens = self.tokens()
        if not tokens:
            raise ProgrammingError("The statement is empty.")
        first = tokens[0].text.upper()
        if first in WRITES:
            raise NotSupportedError(READ_ONLY.format(first))
        if first in OTHERS:
            raise NotSupportedError(OTHERS[first])
        for token, following in pairwise(tokens):
            if token.text.upper() == "NULLS" and following.text.upper() in ("FIRST", "LAST"):
                raise NotSupportedError(
                    f"NULLS {following.text.upper()} is not possible: Intacct decides where empty values stand. Leave "
                    "it out, or read them apart with IS NULL."
                )
        try:
            parsed = Parser().parse(tokens, self.text)
        except ParseError as error:
            raise self.unreadable(error) from None
        except RecursionError:
            raise ProgrammingError("The statement is nested too deeply; use IN (...) for many values.") from None
        tree = parsed[0] if len(parsed) == 1 else None
        if isinstance(tree, exp.SetOperation):
            raise NotSupportedError(
                f"{type(tree).__name__.upper()} is not possible: a query reads one object. Run the statements one "
                "after the other (SQLExecuteQueryOperator takes a list of them)."
            )
        if not isinstance(tree, exp.Select):
            raise NotSupportedError(f"{first} is not possible: SQL on Intacct is {USAGE}.")
        return tree

    def tokens(self) -> list[Any]:
        """Return the tokens, each parameter as `:name`, without a semicolon at the end."""
        try:
            tokens = list(Tokenizer().tokenize(self.text))
        except SqlglotError:
            raise ProgrammingError("The statement cannot be read: a quotation mark is not closed.") from None
        while tokens and tokens[-1].token_type == TokenType.SEMICOLON:
            tokens.pop()
        if any(token.token_type == TokenType.SEMICOLON for token in tokens):
            raise NotSupportedError(
                "Several statements in one are not possible. Run them one after the other: "
                "SQLExecuteQueryOperator(split_statements=True), or a list of statements."
            )
        made = self.named(self.with_parameters(tokens))
        if self.by_place and self.places != len(self.params):
            raise ProgrammingError(f"The statement has {self.places} %s and was given {len(self.params)} parameters.")
        return made

    def with_parameters(self, tokens: Sequence[Any]) -> list[Any]:
        """Return the tokens, %s and %(name)s replaced; with parameters given, %% inside quotation marks is %."""
        made: list[Any] = []
        end = -1
        for token in tokens:
            if token.start < end:
                continue
            match = PARAMETER.match(self.text, token.start) if token.token_type == TokenType.MOD else None
            if match:
                end = match.end()
                name = match[1] or self.next_place(match.start())
                made.append(replaced(token, TokenType.COLON, ":"))
                made.append(replaced(token, TokenType.VAR, name))
            elif token.token_type == TokenType.STRING and self.given and "%%" in token.text:
                made.append(replaced(token, TokenType.STRING, token.text.replace("%%", "%")))
            else:
                made.append(token)
        return made

    def next_place(self, start: int) -> str:
        """Return the name under which the next %s has its value."""
        if not self.by_place:
            raise ProgrammingError(f"There is a %s{self.place(start)}, but no list of parameters for it.")
        self.places += 1
        return str(self.places)

    def parameter(self, node: exp.Expression) -> Any:
        """Return the value given for a parameter."""
        if node.name not in self.params:
            raise ProgrammingError(f"There is no value for the parameter %({node.name})s.")
        return self.params[node.name]

    def unknown(self, node: exp.Expression) -> NotSupportedError:
        """Return the error for a node that no filter can hold: the reason and the alternative."""
        return NotSupportedError(str(super().unknown(node)))

    def unreadable(self, error: ParseError) -> ProgrammingError:
        """Return the error for text that is no SQL."""
        first = error.errors[0] if error.errors else {}
        near = str(first.get("highlight") or "")
        start = len(str(first.get("start_context") or "")) if near else None
        return ProgrammingError(
            f"The statement cannot be read near {near or shortened(self.text)!r}{self.place(start)}. "
            f'It is {USAGE}; a field named like a word of SQL stands in double quotes ("ORDER").'
        )


def replaced(token: Any, kind: TokenType, text: str) -> Any:
    """Return a token of another kind in the same place."""
    return type(token)(kind, text, token.line, token.col, token.start, token.end)
