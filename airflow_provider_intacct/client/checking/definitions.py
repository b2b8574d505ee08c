"""Ask the company what its objects are: their fields by lookup, and how long texts may be by inspect."""

from collections.abc import Mapping, Sequence

from lxml import etree

from airflow_provider_intacct.client.checking.content import Section
from airflow_provider_intacct.client.checking.fields import Company
from airflow_provider_intacct.client.checking.references import ACCOUNT
from airflow_provider_intacct.client.flows import Flow
from airflow_provider_intacct.client.posting.existing import Execute
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.client.xml.knowledge import Knowledge

ACCOUNT_FIELDS = frozenset({"ACCOUNTNO"})


def company_of(execute: Execute, knowledge: Knowledge, parts: Sequence[Section]) -> Flow[Company]:
    """Flow: the definitions of the objects that the sections belong to, of accounts too where some are named."""
    objects = list(dict.fromkeys(part.object.upper() for part in parts if part.object))
    accounts = any(name.upper() in ACCOUNT_FIELDS for part in parts for _, name, _ in part.fields())
    definitions = yield from knowledge.known(dict.fromkeys([*objects, *([ACCOUNT] if accounts else [])]))
    described = [name for name in objects if definitions[name] is not None]
    lengths = (yield from _lengths(execute, described)) if described else {}
    return Company(definitions, lengths)


def _lengths(execute: Execute, objects: Sequence[str]) -> Flow[Mapping[str, Mapping[str, int]]]:
    """Flow: the longest text of each field, by object, as far as inspect tells: of some objects it tells none."""
    reply = yield from execute([functions.inspect(object, detail=True) for object in objects])
    reply.raise_for_access()
    return {
        object: _longest(result.data)
        for object, result in zip(objects, reply.results, strict=True)
        if result.ok and result.data is not None
    }


def _longest(data: etree._Element) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in data.iter("Field"):
        length = (each.findtext("maxLength") or "").strip()
        if length.isdecimal() and int(length):
            found[(each.findtext("Name") or "").strip().upper()] = int(length)
    return found
