"""What the definitions of an object say against the entries of a record: names, requirements, types, lengths. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

from airflow_provider_intacct.client.checking.content import Section, is_blank, is_scalar, text_of
from airflow_provider_intacct.client.checking.problem import Problem
from airflow_provider_intacct.client.checking.values import Fault, choice_fault, fault
from airflow_provider_intacct.client.xml.metadata import FieldDefinition, ObjectDefinition

SAID_AT_POSTING = frozenset({"ACTION", "STATE"})
"""Entries that ask for a state: what may be asked for is documented, and less than the states there are."""

ADVISORY = frozenset({"returnto", "payto", "datedue", "supdocid"})
"""Required by the published schema, but left out in newer samples, or where the company numbers records by itself."""

AMOUNTS = frozenset({"TRX_AMOUNT", "AMOUNT", "TOTALTRXAMOUNT"})
"""Entries, in either case, of which a line of a document has one, before tax or with it."""

NO_FIELDS_KNOWN = "lookup describes no {object}, so names and types of its fields are not checked"


@dataclass(frozen=True, slots=True)
class Company:
    """What the company says of its objects: definitions (None: there is none), and lengths of texts by field."""

    definitions: Mapping[str, ObjectDefinition | None]
    lengths: Mapping[str, Mapping[str, int]]

    def definition(self, object: str) -> ObjectDefinition | None:
        """Return the definition of an object, None if there is none."""
        return self.definitions.get(object.upper())


def field_problems(section: Section, company: Company, *, statistical: bool) -> Iterator[Problem]:
    """Yield what is wrong with the entries of a header or line."""
    yield from _missing(section, company)
    yield from _misplaced(section)
    definition = company.definition(section.object)
    lengths = company.lengths.get(section.object.upper(), {})
    for entry, value in [*section.entries.items(), *section.custom.items()]:
        known = _known(section, entry, definition)
        found = definition.field(section.field_of(entry)) if definition is not None else None
        if not known and found is None:
            yield from _unknown(section, entry, value, definition)
            continue
        if is_blank(value) or not is_scalar(value):
            continue
        if found is not None and found.readonly and not known and not _is_key(section, found):
            yield _problem(section, entry, ("Intacct sets it itself and keeps no other value", "leave it out"))
        elif wrong := _fault(section, entry, value, found, lengths, statistical=statistical):
            yield _problem(section, entry, wrong)


def _known(section: Section, entry: str, definition: ObjectDefinition | None) -> bool:
    """Whether an entry is documented, or known to the table of kinds."""
    if section.documented(entry) is not None or entry in section.names:
        return True
    # What an object owns is not described; a relationship or dotted fields of that name show that it is there.
    if definition is None or is_scalar(section.entries.get(entry)):
        return False
    begins = f"{entry.upper()}."
    return definition.relationship(entry) is not None or any(
        each.id.upper().startswith(begins) for each in definition.fields
    )


def _is_key(section: Section, found: FieldDefinition) -> bool:
    return not section.is_new and found.id.upper() in ("RECORDNO", "ID")


def _missing(section: Section, company: Company) -> Iterator[Problem]:
    posting = section.posting
    if not section.is_new and not section.is_line:
        return  # an update names what changes, and leaves the rest as it is
    given = {name for name, value in section.entries.items() if not is_blank(value)}
    if section.shape is not None:
        container = posting.kind.lines.container if posting.kind.lines is not None else ""
        given.add(container)  # a record without lines is refused before
        for name, entry in section.shape.entries.items():
            if entry.required and name not in given and name not in ADVISORY and not _amount(name, given):
                yield _problem(section, name, ("it is required", "give it"))
        yield from _without_amount(section, section.shape.entries, given)
        yield from _of_bills(section, given)
        return
    definition = company.definition(section.object)
    for each in () if definition is None or section.posting.kind.legacy else definition.fields:
        if each.required and not each.readonly and each.id not in given and each.id not in SAID_AT_POSTING:
            yield Problem(
                posting.position,
                section.path(each.id),
                "lookup calls it required, which may depend on the company",
                "give it if Intacct asks for it",
                "unknown",
            )


def _amount(name: str, given: set[str]) -> bool:
    """Whether another spelling of an amount is given: journal lines take AMOUNT and TRX_AMOUNT alike."""
    return name in ("TRX_AMOUNT", "AMOUNT") and bool({"TRX_AMOUNT", "AMOUNT"} & given)


def _without_amount(section: Section, entries: Iterable[str], given: set[str]) -> Iterator[Problem]:
    names = [name for name in entries if name.upper() in AMOUNTS]
    if section.is_line and not section.is_split and names and not any(name.upper() in AMOUNTS for name in given):
        before_tax = min(names, key=lambda name: name.upper() == "TOTALTRXAMOUNT")
        yield _problem(section, before_tax, ("it has no amount", "give it"))


def _of_bills(section: Section, given: set[str]) -> Iterator[Problem]:
    """Yield what the documents of subledgers need one of. Source: the "Create" pages of bills and invoices."""
    name, line = section.posting.kind.name, section.is_line
    if name == "APBILL" and not line and "WHENDUE" not in given and section.entries.get("ACTION") != "Draft":
        text = "Intacct documents it as required, but for a draft; the vendor's terms may set it"
        yield Problem(section.posting.position, "WHENDUE", text, "give it", "unknown")
    if name in ("create_bill", "create_invoice") and not line and not given & {"datedue", "termname"}:
        yield _problem(section, "datedue", ("nothing says when it is due", "give datedue or termname"))
    accounts = {"ACCOUNTNO", "ACCOUNTLABEL", "glaccountno", "accountlabel"}
    if line and section.object in ("APBILLITEM", "ARINVOICEITEM", "APADJUSTMENTITEM", "ARADJUSTMENTITEM"):
        first = "glaccountno" if section.posting.kind.legacy else "ACCOUNTNO"
        if not given & accounts:
            yield _problem(section, first, ("it has no account", f"give {first}, or an account label"))
        elif len(given & accounts) > 1:
            yield _problem(section, first, ("it has both an account and an account label", "give one of them"))


def _misplaced(section: Section) -> Iterator[Problem]:
    """Yield the first entry of a function of its own that stands where the schema does not take it."""
    order = section.shape.order if section.shape is not None and section.posting.kind.legacy else ()
    places = [(entry, order.index(entry)) for entry in section.entries if entry in order]
    for (before, place), (entry, next_place) in pairwise(places):
        if next_place < place:
            wrong = f"it stands after {before}; the function is a strict sequence", f"put it before {before}"
            yield _problem(section, entry, wrong)
            return


def _unknown(section: Section, entry: str, value: Any, definition: ObjectDefinition | None) -> Iterator[Problem]:
    """Yield that an entry is not known, with the nearest name; if nothing is known of the section, say nothing here."""
    names = list(section.shape.entries) if section.shape is not None else []
    if definition is not None and not section.posting.kind.legacy:
        names += [each.id for each in definition.fields if not each.readonly]
    if not names or (definition is None and not section.posting.kind.legacy):
        return
    if section.posting.kind.legacy and (section.shape is None or not section.shape.order):
        return
    by_upper = {name.upper(): name for name in names}
    close = [by_upper[match] for match in get_close_matches(entry.upper(), by_upper, n=1)]
    advice = f"did you mean {close[0]}?" if close else "leave it out, or ask lookup for its integration name"
    if not is_scalar(value) and not close:
        text = "lookup does not describe what an object owns, so it is not checked"
        yield Problem(section.posting.position, section.path(entry), text, level="unknown")
        return
    whose = section.posting.kind.name if section.posting.kind.legacy else section.object
    text = f"{whose} has no such field" + ("" if section.posting.kind.legacy else "; Intacct may ignore it silently")
    yield _problem(section, entry, (text, advice))


def _fault(
    section: Section,
    entry: str,
    value: Any,
    found: FieldDefinition | None,
    lengths: Mapping[str, int],
    *,
    statistical: bool,
) -> Fault | None:
    documented = section.documented(entry)
    choices = documented.choices if documented is not None else ()
    if choices and (entry.upper() in SAID_AT_POSTING or found is None or not found.values):
        return choice_fault(choices, value)
    if choices and text_of(value) in map(str, choices):
        return None
    if found is None or entry == "trtype":
        return None
    return fault(found, value, money=not statistical, most=lengths.get(found.id.upper()))


def _problem(section: Section, entry: str, wrong: Fault) -> Problem:
    text, remedy = wrong
    return Problem(section.posting.position, section.path(entry), text, remedy)
