"""Check prepared records against the company before anything is sent: one flow of reads, never a write.

Asked are the definitions of the objects, what the records refer to, the reporting periods, the entities, and what is
there already under their numbers: each in as few queries as there are objects, however many records are checked.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from airflow_provider_intacct.client.checking import dates
from airflow_provider_intacct.client.checking.balance import balance_problems, entities_of, share_problems
from airflow_provider_intacct.client.checking.content import Section, is_blank, sections, text_of
from airflow_provider_intacct.client.checking.definitions import company_of
from airflow_provider_intacct.client.checking.documented import documented
from airflow_provider_intacct.client.checking.duplicates import duplicate_problems
from airflow_provider_intacct.client.checking.fields import Company, field_problems
from airflow_provider_intacct.client.checking.problem import Problem
from airflow_provider_intacct.client.checking.references import (
    ACCOUNT,
    Known,
    Reference,
    queries,
    reference_problems,
    references,
    requirement_problems,
    task_problems,
)
from airflow_provider_intacct.client.checking.signs import sign_problems
from airflow_provider_intacct.client.checking.targets import Resolved, resolved
from airflow_provider_intacct.client.flows import Flow
from airflow_provider_intacct.client.posting.existing import Execute
from airflow_provider_intacct.client.posting.records import Posting
from airflow_provider_intacct.client.xml import functions, metadata
from airflow_provider_intacct.client.xml.functions import MAX_RECORDS, Function
from airflow_provider_intacct.client.xml.knowledge import Knowledge
from airflow_provider_intacct.client.xml.reply import Result

ENTITIES = "entities"
"""Under which it is noted why the entities could not be asked for."""

PLACES = ("LOCATION", "LOCATIONID")
TRANSACTIONS = frozenset({"GLENTRY", "APBILLITEM", "ARINVOICEITEM", "APADJUSTMENTITEM", "ARADJUSTMENTITEM"})
"""Lines that need a location in a company of several entities. Source: "Create" of journal entries and bills."""


@dataclass(slots=True)
class Facts:
    """What was asked of the company."""

    known: Known = field(default_factory=Known)
    entities: tuple[str, ...] = ()
    periods: list[dict[str, str]] = field(default_factory=list)

    @property
    def several_entities(self) -> bool:
        return len(self.entities) > 1

    def entity_by_location(self) -> dict[str, str]:
        """Return the entity of each location that was asked for."""
        rows = {value: row for (object, value), row in self.known.rows.items() if object == "LOCATION"}
        return entities_of({value: row.get("PARENTID", "") for value, row in rows.items()}, self.entities)


@dataclass(frozen=True, slots=True)
class Examined:
    """What is wrong with the records, or not known, in their order; and the records as they would be sent."""

    problems: list[Problem]
    resolved: Resolved


def check(execute: Execute, knowledge: Knowledge, postings: Sequence[Posting]) -> Flow[list[Problem]]:
    """Flow: what is wrong with the records, and what could not be checked, in the order of the records."""
    return (yield from examined(execute, knowledge, postings)).problems


def examined(execute: Execute, knowledge: Knowledge, postings: Sequence[Posting]) -> Flow[Examined]:
    """Flow: the same, and the records as they would be sent."""
    ready = yield from resolved(execute, postings)
    problems = [*ready.problems, *(yield from _content_problems(execute, knowledge, ready.written))]
    for act in dict.fromkeys(posting.act for posting in ready.acts):
        text = f"whether Intacct lets this user {act} these records as they stand now"
        problems.append(Problem(0, "", text, "it tells when it is asked to", "unknown"))
    return Examined(sorted(problems, key=lambda problem: problem.position), ready)


def _content_problems(execute: Execute, knowledge: Knowledge, postings: Sequence[Posting]) -> Flow[list[Problem]]:
    """Flow: what is wrong with what the records say."""
    if not postings:
        return []
    found = [(posting, sections(posting)) for posting in postings]
    company = yield from company_of(knowledge, list(chain.from_iterable(parts for _, parts in found)))
    journals = yield from _statistical_journals(execute, postings)
    wanted = [
        each
        for posting, parts in found
        for part in parts
        for each in references(part, company.definition(part.object), statistical=_is_statistical(posting, journals))
    ]
    days = [each for _, parts in found for each in dates.posting_days(parts[0])]
    facts = yield from _facts(execute, company, wanted, days, found)
    return [
        *chain.from_iterable(
            _of_record(posting, parts, company, facts, statistical=_is_statistical(posting, journals))
            for posting, parts in found
        ),
        *reference_problems(wanted, postings, facts.known),
        *dates.period_problems(days, facts.periods, facts.known.unasked.get(dates.PERIODS, "")),
        *(yield from duplicate_problems(execute, postings)),
        *_not_described(found, company),
        *_not_told(facts),
    ]


def _of_record(
    posting: Posting, parts: Sequence[Section], company: Company, facts: Facts, *, statistical: bool
) -> Iterator[Problem]:
    header, lines = parts[0], [part for part in parts if part.is_line and not part.is_split]
    for part in parts:
        yield from field_problems(part, company, statistical=statistical)
        yield from task_problems(part, facts.known)
    for line in lines:
        yield from requirement_problems(line, facts.known)
        yield from _place_problems(line, facts)
    for line in lines:
        yield from share_problems(line)
    if posting.kind.journal and lines and not statistical:
        yield from balance_problems(posting, lines, facts.entity_by_location(), several=facts.several_entities)
    yield from sign_problems(header, lines)


def _place_problems(line: Section, facts: Facts) -> Iterator[Problem]:
    """Yield that a line has no location where there are several entities, nor an allocation that brings locations."""
    if not facts.several_entities or line.object not in TRANSACTIONS or line.is_allocated:
        return
    if all(line.value(name) is None for name in PLACES):
        name = "locationid" if line.posting.kind.legacy else PLACES[line.object != "GLENTRY"]
        text = "the company has several entities, so each line needs a location"
        yield Problem(line.posting.position, line.path(name), text, "give it")


def _is_statistical(posting: Posting, journals: Mapping[str, bool]) -> bool:
    """Whether a record is of a statistical journal: the company says so, or its function."""
    if posting.kind.name == "create_statgltransaction":
        return True
    return posting.kind.journal and journals.get(_journal(posting), False)


def _journal(posting: Posting) -> str:
    names = ("JOURNAL", "journalid")
    return next((text_of(posting.record[name]) for name in names if not is_blank(posting.record.get(name))), "")


def _statistical_journals(execute: Execute, postings: Sequence[Posting]) -> Flow[dict[str, bool]]:
    """Flow: whether each journal of the records is statistical."""
    named = list(dict.fromkeys(filter(None, (_journal(each) for each in postings if each.kind.journal))))
    if not named:
        return {}
    (result,) = yield from _ask(execute, [query for _, query in queries([], None, {"GLJOURNAL": named})])
    return {row.get("SYMBOL", ""): row.get("STATISTICAL", "").lower() == "true" for row in _rows(result)}


def _facts(
    execute: Execute,
    company: Company,
    wanted: Sequence[Reference],
    days: Sequence[dates.PostingDay],
    found: Sequence[tuple[Posting, Sequence[Section]]],
) -> Flow[Facts]:
    """Flow: all that the records refer to, the periods of their days, the entities and the parents of locations."""
    facts = Facts()
    asked = list(queries(wanted, company.definition(ACCOUNT), {}))
    if days:
        asked.append((dates.PERIODS, dates.query(days)))
    if any(part.object in TRANSACTIONS for _, parts in found for part in parts):
        asked.append((ENTITIES, functions.read_entity_details()))
    results = yield from _ask(execute, [query for _, query in asked])
    for (object, _), result in zip(asked, results, strict=True):
        _take(facts, object, result)
    while facts.several_entities and (parents := _unknown_parents(facts)):
        more = list(queries([], None, {"LOCATION": parents}))
        before = len(facts.known.rows)
        for result in (yield from _ask(execute, [query for _, query in more])):
            _take(facts, "LOCATION", result)
        if len(facts.known.rows) == before:
            break
    return facts


def _take(facts: Facts, object: str, result: Result) -> None:
    if not result.ok:
        facts.known.unasked[object] = result.errors[0].text if result.errors else "Intacct gave no reason"
    elif object == ENTITIES:
        facts.entities = tuple(entity.id for entity in metadata.read_entities(result.data))
    elif object == dates.PERIODS:
        facts.periods += _rows(result)
    else:
        for row in _rows(result):
            facts.known.add(object, row)


def _unknown_parents(facts: Facts) -> list[str]:
    known = {value: row for (object, value), row in facts.known.rows.items() if object == "LOCATION"}
    parents = {row.get("PARENTID", "") for value, row in known.items() if value not in facts.entities}
    return sorted(parent for parent in parents if parent and parent not in known)


def _rows(result: Result) -> list[dict[str, str]]:
    return [dict(record.fields) for record in result.records]


def _ask(execute: Execute, asked: Sequence[Function]) -> Flow[list[Result]]:
    """Flow: the results of functions that read, a hundred in a request. What is refused stays in its result."""
    results: list[Result] = []
    for start in range(0, len(asked), MAX_RECORDS):
        reply = yield from execute(asked[start : start + MAX_RECORDS])
        reply.raise_for_access()
        results += reply.results
    return results


def _not_told(facts: Facts) -> Iterator[Problem]:
    """Yield that the entities could not be asked for, without which balance within each is not checked."""
    if reason := facts.known.unasked.get(ENTITIES):
        text = f"whether entries balance within each entity, for the entities could not be looked up ({reason})"
        yield Problem(0, "", text, level="unknown")


def _not_described(found: Sequence[tuple[Posting, Sequence[Section]]], company: Company) -> Iterator[Problem]:
    """Yield, once for each kind, of which records names and types of entries could not be checked."""
    said: set[str] = set()
    for posting, parts in found:
        kind = posting.kind
        silent = [part.object for part in parts if part.object and company.definition(part.object) is None]
        if kind.legacy and documented(kind) is None:
            silent.append(kind.name)
        for name in dict.fromkeys(silent):
            if name not in said:
                said.add(name)
                text = f"names and types of the entries of {name}, which Intacct does not describe"
                yield Problem(0, "", text, level="unknown")
    for name in dict.fromkeys(part.object.upper() for _, parts in found for part in parts if part.object):
        if company.definition(name) is not None and not company.lengths.get(name):
            yield Problem(0, "", f"how long the texts of {name} are, for inspect does not tell", level="unknown")
