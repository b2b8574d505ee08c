"""Which records a load has to take out of its table, asked of Intacct after the rows of the window were read.

How is told by the object's ChangePolicy; applying it is `loading`'s business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from airflow_provider_intacct.client.changes import ChangePolicy, policy_of
from airflow_provider_intacct.transfers.loading import Method
from airflow_provider_intacct.transfers.tables import TableError

if TYPE_CHECKING:
    from airflow_provider_intacct.client import IntacctClient
    from airflow_provider_intacct.client.where import Condition
    from airflow_provider_intacct.client.windows import Window
    from airflow_provider_intacct.client.xml.metadata import ObjectDefinition

Told = tuple[str, datetime | None]


def method_of(policy: ChangePolicy, window: Window | None, key: Sequence[str]) -> Method:
    """Return how deletes are known in this load: by absence where all was read, else as the policy says.

    Without a time of change there is no reading by window: such objects are read whole, lines apart.
    """
    whole = window is None or (policy.modified is None and policy.deletes != "parent")
    if not whole and not key:
        raise TableError(f"{policy.object} has no key to tell its records apart: read all of it, incremental=False.")
    return "absence" if whole else policy.deletes


def key_fields(definition: ObjectDefinition, asked: Sequence[str] | str) -> tuple[str, ...]:
    """Return the field that tells records apart, if there is one: aggregates have none."""
    grouped = not isinstance(asked, str) and any("(" in name for name in asked)
    return () if grouped or definition.key is None else (definition.key,)


def needed_fields(policy: ChangePolicy, key: Sequence[str], asked: Sequence[str] | str) -> list[str] | str:
    """Return the fields to read: those asked for, the key, and what tells a line's parent.

    The parent is kept from the first load on: a line whose row does not name it could never be told to be deleted.
    """
    if isinstance(asked, str):
        return asked
    lines = bool(key) and policy.deletes == "parent"
    needed = [*key, *([policy.parent_field] if lines and policy.parent_field else [])]
    known = {name.upper() for name in asked}
    return [*(name for name in needed if name.upper() not in known), *asked]


def told_keys(
    client: IntacctClient,
    policy: ChangePolicy,
    method: Method,
    window: Window | None,
    *,
    where: Condition | None,
    parents: Iterable[str] | None,
    show_private: bool = False,
    doc_par_id: str | None = None,
) -> tuple[str | None, Iterator[Told]]:
    """Return the field whose values are told, None for the record's key, and the values with the moment of deletion.

    "audit": keys of deleted records; "key_set": keys of all there are; "parent": those of parents that were read again
    or are deleted themselves. Raises TableError where a window is missing.
    """
    if method == "key_set":
        keys = client.keys(policy.object, where=where, show_private=show_private, doc_par_id=doc_par_id)
        return None, ((key, None) for key in keys)
    if window is None:
        raise TableError(f"Deletes in {policy.object} are told by {method}, which needs a window.")
    if method == "audit":
        return None, ((gone.key, gone.deleted_at) for gone in client.tombstones(policy.object, window))
    return policy.parent_field, _parents(client, policy, window, parents or ())


def _parents(client: IntacctClient, policy: ChangePolicy, window: Window, read_again: Iterable[str]) -> Iterator[Told]:
    for parent in read_again:
        yield parent, None
    if policy.parent and policy_of(policy.parent).deletes == "audit":
        for gone in client.tombstones(policy.parent, window):
            yield gone.key, gone.deleted_at
