"""Ask the company what its objects are: their fields by lookup, and how long texts may be by inspect."""

from collections.abc import Sequence

from airflow_provider_intacct.client.checking.content import Section
from airflow_provider_intacct.client.checking.fields import Company
from airflow_provider_intacct.client.checking.references import ACCOUNT
from airflow_provider_intacct.client.flows import Flow
from airflow_provider_intacct.client.xml.knowledge import Knowledge

ACCOUNT_FIELDS = frozenset({"ACCOUNTNO"})


def company_of(knowledge: Knowledge, parts: Sequence[Section]) -> Flow[Company]:
    """Flow: the definitions of the objects that the sections belong to, of accounts too where some are named."""
    objects = list(dict.fromkeys(part.object.upper() for part in parts if part.object))
    accounts = any(name.upper() in ACCOUNT_FIELDS for part in parts for _, name, _ in part.fields())
    definitions = yield from knowledge.known(dict.fromkeys([*objects, *([ACCOUNT] if accounts else [])]))
    lengths = yield from knowledge.lengths([name for name in objects if definitions[name] is not None])
    return Company(definitions, lengths)
