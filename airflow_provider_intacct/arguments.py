"""Arguments of operators and sensors after rendering, when numbers and lists may have become text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_intacct.client.where import Condition

_ANSWERS = {"true": True, "false": False, "": False, "none": False}

DEFAULT_CONN_ID = "intacct_default"
"""The connection of who names none. Here, for importing the hook costs a DAG file 120 ms."""


def names(argument: str, value: Sequence[str] | str | None) -> list[str]:
    """Return a list of names from a list, or from text with commas. Raises InvalidRequestError naming `argument`."""
    from airflow_provider_intacct.client.errors import InvalidRequestError

    if isinstance(value, str):
        value = value.split(",")
    if isinstance(value, Mapping) or not isinstance(value, Sequence) or not value:
        raise InvalidRequestError(f"{argument!r} must be a list of names, or text with commas between them.")
    if not all(isinstance(name, str) and name.strip() for name in value):
        raise InvalidRequestError(f"{argument!r} holds something that is no name: {value!r}.")
    return [name.strip() for name in value]


def whole_number(argument: str, value: Any, *, lowest: int = 1) -> int:
    """Return an integer from an int or its text. Raises InvalidRequestError naming `argument`."""
    from airflow_provider_intacct.client.errors import InvalidRequestError

    try:
        number = int(str(value))
    except ValueError:
        raise InvalidRequestError(f"{argument!r} must be a whole number, not {value!r}.") from None
    if isinstance(value, bool) or number < lowest:
        raise InvalidRequestError(f"{argument!r} must be at least {lowest}, not {value!r}.")
    return number


def whole_number_if_any(argument: str, value: Any) -> int | None:
    """Return an integer, or None where the argument was left out or its template came out empty."""
    return None if value in (None, "") else whole_number(argument, value)


def is_dry_run(given: Any) -> bool:
    """Return whether nothing is to be written, from a bool or its rendered text.

    Raises InvalidRequestError for anything else: what was meant to write nothing must not write.
    """
    from airflow_provider_intacct.client.errors import InvalidRequestError

    if given is None or isinstance(given, bool):
        return bool(given)
    answer = _ANSWERS.get(str(given).strip().lower())
    if answer is None:
        raise InvalidRequestError(f"dry_run is {given!r}; it is True or False. Nothing was sent.")
    return answer


def condition(where: str | Condition | None, params: Mapping[str, Any] | None) -> Condition | None:
    """Return `where` with its `:names` filled in; None when empty, as an empty template renders.

    Raises WhereError for what cannot be read, or what the gateway could not carry out.
    """
    from airflow_provider_intacct.client import where as filters

    if isinstance(where, str):
        return filters.parse(where, params) if where.strip() else None
    return where
