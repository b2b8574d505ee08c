"""One posting for each record of a call, no two the same; what cannot be sent is raised, or kept with the reason. Pure.

A refused record keeps its place among the outcomes, so that the rest of a load is not lost with it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from airflow_provider_intacct.client.errors import InvalidRecordError, InvalidRequestError
from airflow_provider_intacct.client.posting.kinds import kind_of
from airflow_provider_intacct.client.posting.records import Posting, natural_key
from airflow_provider_intacct.client.xml.functions import Function

Make = Callable[[int, Any, str | None], Posting]
"""Makes the posting of a record from its position, what was given, and its idempotency key."""


def gather(
    records: Sequence[Any], keys: Sequence[str] | None, make: Make, name: str, *, collect: bool = False
) -> list[Posting]:
    """Return the posting of each record, in their order. `name` is the object or function, for what cannot be made.

    Raises InvalidRequestError for the first record that cannot be sent, or that another one is the same as; with
    `collect` it becomes a posting with a `problem`.
    """
    check_keys(keys, len(records))
    postings: list[Posting] = []
    for position, given in enumerate(records, 1):
        try:
            postings.append(make(position, given, keys[position - 1] if keys else None))
        except InvalidRequestError as error:
            if not collect:
                raise
            postings.append(refused(position, given, name, error))
    return without_duplicates(postings, collect=collect)


def check_keys(keys: Sequence[str] | None, count: int) -> None:
    """Raise InvalidRequestError unless there are no idempotency keys, or one for each of `count` records."""
    if keys is None:
        return
    if len(keys) != count:
        raise InvalidRequestError(
            f"{len(keys)} idempotency keys for {count} records; give one key per record. Nothing was sent."
        )
    if not all(str(key).strip() for key in keys):
        raise InvalidRequestError("an idempotency key is empty; give each record its own. Nothing was sent.")


def refused(position: int, given: Any, name: str, error: InvalidRequestError) -> Posting:
    """Return the place holder of a record that cannot be sent."""
    kind = kind_of(*((name, "create") if name.isupper() else (None, name)))
    return Posting(
        position=position,
        kind=kind,
        record={},
        function=Function(kind.function),
        identity=f"refused {position}",
        control_id=f"refused {position}",  # never sent and never remembered; it only keeps the outcomes apart
        digest="",
        natural_key=natural_key(given, kind) if isinstance(given, Mapping) else (),
        problem=error.message,
    )


def without_duplicates(postings: Sequence[Posting], *, collect: bool = False) -> list[Posting]:
    """Return the postings, of which no two are the same, nor act in one way on the same record.

    Raises InvalidRecordError if two do. With `collect`, of several that say the same the first stays, and of several
    that do not none, for nobody knows which of them is meant.
    """
    problems = _twins(postings, lambda posting: posting.control_id)
    problems |= _twins([each for each in postings if each.natural_key and not _may_share(each)], _acted_on)
    if problems and not collect:
        raise InvalidRecordError(problems[max(problems)])
    return [
        replace(posting, problem=problems[posting.position], control_id=f"refused {posting.position}")
        if posting.position in problems
        else posting
        for posting in postings
    ]


def _may_share(posting: Posting) -> bool:
    """Whether another may have its number: journal entries, whose reference numbers are the author's own words."""
    return bool(posting.problem) or (posting.act == "create" and posting.kind.journal)


def _acted_on(posting: Posting) -> object:
    return posting.act, posting.kind.object_name or posting.kind.name, posting.natural_key


def _twins(postings: Sequence[Posting], who: Callable[[Posting], object]) -> dict[int, str]:
    """Return what is wrong with postings that are the same as another, by position."""
    groups: dict[object, list[Posting]] = {}
    for posting in postings:
        groups.setdefault(who(posting), []).append(posting)
    problems: dict[int, str] = {}
    for first, *others in groups.values():
        same = all(other.digest == first.digest for other in others)
        problems |= {other.position: _twin(other, first, same) for other in others}
        if others and not same:
            problems[first.position] = _twin(first, others[0], same)
    return problems


def _twin(posting: Posting, other: Posting, same: bool) -> str:
    how = "with the same content" if same else "with different content"
    return (
        f"{posting.label} and record {other.position} are one and the same {how}: both are {posting.identity!r}. "
        "Give each its own number, or its own idempotency key. Nothing was sent."
    )
