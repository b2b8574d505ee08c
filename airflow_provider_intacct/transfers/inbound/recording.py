"""From the rows of one record to a posting that can be carried out once: mapped or built, checked, named.

What has a number, or an idempotency key of its author's, is created once in the company, whichever DAG run brings it:
so a file of mended rows can be fed back by another run. What only its content names is created once in its own run, for
the same content may be meant again next month; from a dead-letter file it is created once under what that file calls
it, in whichever run. Changes of records are made once in their run, too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from airflow_provider_intacct.client.errors import IntacctError, InvalidRequestError
from airflow_provider_intacct.client.posting import (
    Posting,
    Scope,
    prepare,
    prepare_updates,
    prepare_upserts,
)
from airflow_provider_intacct.client.posting.identity import canonical_text, reference
from airflow_provider_intacct.client.posting.records import is_typed, natural_key, written
from airflow_provider_intacct.transfers.inbound.mapping import Mapped, RowsError
from airflow_provider_intacct.transfers.inbound.rows import RECORD, ranges
from airflow_provider_intacct.transfers.inbound.spool import Group

Act = Literal["create", "update", "upsert"]
COLUMN = re.compile(r"\{([^{}]+)\}")
CALLED = re.compile(r"af-[0-9a-f]{32}")
"""What a dead-letter file calls a record."""
POSITION = re.compile(r"^record 1(: | \((?P<kind>[^)]*)\))")
Build = Callable[[Sequence[Mapping[str, Any]]], Any]


class Ordinals(dict[str, int]):
    """How many records before this one have the same content, by digest; asked of `before` once."""

    def __init__(self, before: Callable[[str], int]) -> None:
        super().__init__()
        self._before = before

    def __missing__(self, content: str) -> int:
        self[content] = self._before(content)
        return self[content]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the author asked for: `mapping` or `build` make a record of rows, the rest says what is done with it."""

    act: str = "create"
    mapping: Mapped | None = None
    build: Build | None = None
    object: str | None = None
    function: str | None = None
    key: tuple[str, ...] = ()
    skip_unchanged: bool = True
    idempotency_key: str = ""
    stamp_reference: bool = True
    statistical: bool = False

    def __post_init__(self) -> None:
        if self.act not in get_args(Act):
            raise InvalidRequestError(f"act is one of {', '.join(get_args(Act))}, not {self.act!r}. Nothing was sent.")
        if (self.mapping is None) == (self.build is None):
            raise InvalidRequestError(
                "Give either header and lines, which map columns to fields, or record, which builds a record. Nothing "
                "was sent."
            )
        if self.function and (self.object or self.act == "upsert"):
            raise InvalidRequestError(
                f"{self.function} says itself what it writes, and does not upsert: leave it, or object, out. "
                "Nothing was sent."
            )
        if self.mapping and not self.object and not self.function:
            raise InvalidRequestError("Say with object what the rows become, such as APBILL. Nothing was sent.")

    @property
    def key_columns(self) -> list[str]:
        """The columns that the idempotency key is made of."""
        return COLUMN.findall(self.idempotency_key) or [self.idempotency_key] * bool(self.idempotency_key)


class Recorder:
    """Makes a posting of the rows of one record. `company` and `run` are the scopes it may be named within."""

    def __init__(self, asked: Asked, company: Scope, run: Scope, entity_id: str | None) -> None:
        self.asked = asked
        self._company, self._run, self._entity_id = company, run, entity_id
        self._nameless = False

    def posting(self, group: Group, before: Callable[[str], int]) -> Posting:
        """Return the posting; `before` tells how many records of a content came before it. Raises RowsError."""
        letter, key = _letter(group), self._key(group)
        record = self._record(group)
        try:
            posting = self._prepared(record, key, before if not letter else lambda _: 0)
            if letter and posting.act == "create" and (posting.by_content or group.doubtful):
                posting = _under(posting, letter)
        except IntacctError as error:
            raise RowsError(_words(error)) from error
        return replace(posting, position=group.id)

    def _record(self, group: Group) -> Any:
        if self.asked.mapping is not None:
            return self.asked.mapping.record(group.rows, group.numbers)
        assert self.asked.build is not None
        try:
            return self.asked.build(list(group.rows))
        except IntacctError as error:
            raise RowsError(_words(error)) from error
        except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as error:
            # What a builder stumbles over is its row; one bad row must not lose the load.
            raise RowsError(f"record(rows) raised {type(error).__name__}: {error}") from error

    def _prepared(self, record: Any, key: str | None, before: Callable[[str], int]) -> Posting:
        """Return the posting within the scope that suits its name. Most records of a load are named alike."""
        if self.asked.act != "create":
            return self._prepare_change(record, key)
        if self._nameless:
            posting = self._prepare(record, key, self._run, Ordinals(before))
            if posting.by_content:
                return posting
        posting = self._prepare(record, key, self._company, Counter())
        self._nameless = posting.by_content
        return self._prepare(record, key, self._run, Ordinals(before)) if posting.by_content else posting

    def _prepare(self, record: Any, key: str | None, scope: Scope, equals: MutableMapping[str, int]) -> Posting:
        typed = is_typed(record)
        (posting,) = prepare(
            [record],
            scope=scope,
            object_name=None if typed else self.asked.object,
            function="create" if typed or not self.asked.function else self.asked.function,
            keys=None if key is None else [key],
            entity_id=self._entity_id,
            stamp_reference=self.asked.stamp_reference,
            statistical=self.asked.statistical,
            equals=equals,
        )
        return posting

    def _prepare_change(self, record: Any, key: str | None) -> Posting:
        how: dict[str, Any] = {
            "scope": self._run,
            "object_name": None if is_typed(record) else self.asked.object,
            "key": self.asked.key,
            "keys": None if key is None else [key],
            "entity_id": self._entity_id,
            "skip_unchanged": self.asked.skip_unchanged,
            "statistical": self.asked.statistical,
        }
        if self.asked.act == "upsert":
            (posting,) = prepare_upserts([record], **how)
        else:
            (posting,) = prepare_updates([record], function=self.asked.function or "update", **how)
        return posting

    def _key(self, group: Group) -> str | None:
        """Return the author's idempotency key for the record, on which all rows that say something of it agree."""
        if not self.asked.idempotency_key:
            return None
        texts: dict[str, str] = {}
        for name in self.asked.key_columns:
            said = dict.fromkeys(text for row in group.rows if (text := canonical_text(row.get(name)).strip()))
            if len(said) > 1:
                first, second, *_ = said
                raise RowsError(
                    f"column {name}, of which the idempotency key is made, is {first!r} and {second!r} in rows of one "
                    "record. Make the key of what its rows share"
                )
            texts[name] = next(iter(said), "")
        if empty := [name for name, text in texts.items() if not text]:
            raise RowsError(f"{', '.join(empty)} is empty, and the idempotency key is made of it")
        if not COLUMN.search(self.asked.idempotency_key):
            return texts[self.asked.idempotency_key]
        return COLUMN.sub(lambda found: texts[found[1]], self.asked.idempotency_key)


def _letter(group: Group) -> str:
    """Return what a dead-letter file calls the record; "" if the rows are from none. Raises RowsError."""
    if not group.letter:
        return ""
    rows: dict[str, list[int]] = {}
    for number, letter in zip(group.numbers, group.letters, strict=True):
        if letter and not CALLED.fullmatch(letter):
            raise RowsError(
                f"row {number}, column {RECORD}: {letter!r} is nothing that a dead letter says. Leave it as it was, or "
                "empty it"
            )
        if letter:
            rows.setdefault(letter, []).append(number)
    if len(rows) > 1:
        told = " and ".join(ranges(numbers) for numbers in rows.values())
        raise RowsError(
            f"rows {told} were of different records, by column {RECORD}, and would be one now. Give each its own "
            "number, leave one out, or empty the column if they are one"
        )
    return group.letter


def _under(posting: Posting, control_id: str) -> Posting:
    """Return the posting under the control id that an earlier load has given the record."""
    kind, record, stamp = posting.kind, posting.record, posting.reference
    if stamp:
        stamp = reference(control_id, posting.digest)
        record = {**record, kind.reference: stamp}
    return replace(
        posting,
        record=record,
        function=written(kind, kind.function, record, posting.position, None).with_control_id(control_id),
        identity=f"{kind.name} of dead letter {control_id}",
        control_id=control_id,
        by_content=False,
        natural_key=natural_key(record, kind),
        reference=stamp,
    )


def _words(error: IntacctError) -> str:
    """Return what is wrong with a record, without its place in a call of one."""
    text = error.message.removesuffix(" Nothing was sent.").rstrip(".")
    return POSITION.sub(lambda found: found["kind"] or "", text)
