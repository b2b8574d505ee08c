"""Whether journal entries balance where the books are kept: in each entity and currency. Pure.

That debits equal credits in each currency is checked before; which location is of which entity only the company knows.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from airflow_provider_intacct.client.checking.content import Section, is_blank, text_of
from airflow_provider_intacct.client.checking.problem import Problem
from airflow_provider_intacct.client.errors import InvalidRequestError
from airflow_provider_intacct.client.posting.journal import check_journal_entry, tax_of, what_is_booked
from airflow_provider_intacct.client.posting.records import Posting

NUMBER = re.compile(r"-?\d+(\.\d*)?", re.ASCII)
SOURCE_ENTITIES = ("BASELOCATION_NO", "sourceentity")


def balance_problems(
    posting: Posting, lines: Sequence[Section], entities: Mapping[str, str], *, several: bool
) -> Iterator[Problem]:
    """Yield where a journal entry does not balance, with the difference.

    `entities`  the entity of each location
    `several`   whether the company has more than one
    """
    try:
        check_journal_entry([_with_amounts(line.entries) for line in lines], "")
    except InvalidRequestError as error:
        text = error.message.removeprefix(": ").partition(" Nothing was sent.")[0].rstrip(".")
        yield Problem(posting.position, "", text, "mend the amounts, or give the line that is missing")
        return
    locations = [line.value("LOCATION") for line in lines]
    if not several or any(is_blank(each) or text_of(each) not in entities for each in locations):
        return  # of one entity, or of a location that is told of elsewhere
    if any(not is_blank(posting.record.get(name)) for name in SOURCE_ENTITIES):
        return  # Intacct books what the entities owe each other
    told = list(_differences(lines, entities))
    if told:
        text = f"the journal entry does not balance within each entity: {'; '.join(told)}"
        remedy = f"balance each, or name the entity it is made in ({SOURCE_ENTITIES[posting.kind.legacy]})"
        yield Problem(posting.position, "", text, remedy)


def _differences(lines: Sequence[Section], entities: Mapping[str, str]) -> Iterator[str]:
    """Yield what differs in each entity and currency, if it differs with tax and without."""
    plain, taxed = (_totals(lines, entities, with_tax=with_tax) for with_tax in (False, True))
    for (entity, currency), (debit, credit) in plain.items():
        with_tax = taxed[entity, currency]
        if debit != credit and with_tax[0] != with_tax[1]:
            where = f"entity {entity}{f' in {currency}' if currency else ''}"
            yield f"{where} debits {debit}, credits {credit}, difference {abs(debit - credit)}"


def _totals(
    lines: Sequence[Section], entities: Mapping[str, str], *, with_tax: bool
) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """Return debits and credits by entity and currency."""
    totals: dict[tuple[str, str], tuple[Decimal, Decimal]] = defaultdict(lambda: (Decimal(0), Decimal(0)))
    for line in lines:
        booked = what_is_booked(_with_amounts(line.entries), line.where)
        amount = booked + (tax_of(line.entries) if booked >= 0 else -tax_of(line.entries)) * with_tax
        place = entities[text_of(line.value("LOCATION"))], text_of(line.value("CURRENCY"))
        debit, credit = totals[place]
        totals[place] = (debit + amount, credit) if amount > 0 else (debit, credit - amount)
    return totals


def _with_amounts(entries: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the entries of a line with amounts as Decimals: for a statistical journal they may have stayed text."""
    amounts = {name: entries[name] for name in ("TRX_AMOUNT", "AMOUNT", "amount") if isinstance(entries.get(name), str)}
    return {**entries, **{name: Decimal(text) for name, text in amounts.items() if NUMBER.fullmatch(text.strip())}}


def entities_of(parents: Mapping[str, str], entities: Sequence[str]) -> dict[str, str]:
    """Return the entity of each location, going up from parent to parent; those that lead to none are left out."""
    found: dict[str, str] = {}
    for location in parents:
        here, passed = location, set()
        while here not in entities and here in parents and here not in passed:
            passed.add(here)
            here = parents[here]
        if here in entities:
            found[location] = here
    return found
