"""How it is told whether an act was carried out before, when Intacct refuses it or its reply is lost: a table by act.

A create has left a record behind, an update what it wrote, a delete nothing, a reversal or an approval another state.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from airflow_provider_intacct.client.errors import GatewayError, RecordExistsError
from airflow_provider_intacct.client.flows import Flow
from airflow_provider_intacct.client.posting.act_table import ACTS
from airflow_provider_intacct.client.posting.deletion import find_gone
from airflow_provider_intacct.client.posting.existing import Execute, Found, find_records
from airflow_provider_intacct.client.posting.listed import find_created
from airflow_provider_intacct.client.posting.records import Posting
from airflow_provider_intacct.client.posting.workflow import find_acted


class Find(Protocol):
    """A flow of reads that finds which of the postings the company shows, by control id; it changes nothing.

    Postings of one act come together. What is not in its answer is not there, or cannot be told.
    """

    def __call__(self, execute: Execute, postings: Sequence[Posting]) -> Flow[dict[str, Found]]:
        """Return the flow."""


@dataclass(frozen=True, slots=True)
class Resolver:
    """How one act is resolved.

    `find`      looks up whether the company shows what the act does
    `refusals`  refusals, beside that of a control id carried out before, that may mean that it does
    `conflict`  what to say of an act that was carried out, or whose record is there, with something else in it;
                `{key}` and `{what}` stand for the record number and the differences
    """

    find: Find
    refusals: tuple[type[GatewayError], ...] = ()
    conflict: str = "in Intacct already, as {key}, with other content: {what}. Nothing was booked now"


WRITTEN_OVER = (
    "carried out before under this control id, and record {key} says something else: {what}. Nothing was written "
    "now. To write it again, give it another idempotency key"
)

RESOLVERS: Mapping[str, Resolver] = {
    "create": Resolver(find_created, (RecordExistsError,)),
    "update": Resolver(find_records, conflict=WRITTEN_OVER),
    "upsert": Resolver(find_records, conflict=WRITTEN_OVER),
    "delete": Resolver(find_gone),
    **{act: Resolver(find_acted, conflict="{what}. Nothing was booked now") for act in ACTS},
}


def find(execute: Execute, postings: Sequence[Posting]) -> Flow[dict[str, Found]]:
    """Flow: which of the postings, of whatever acts, the company shows already, by control id."""
    found: dict[str, Found] = {}
    for act, group in groupby(sorted(postings, key=lambda posting: posting.act), key=lambda posting: posting.act):
        found |= yield from RESOLVERS[act].find(execute, list(group))
    return found
