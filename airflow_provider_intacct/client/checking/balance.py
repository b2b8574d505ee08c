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
    places = [_places(line) for line in lines]
    if not several or any(is_blank(each) or text_of(each) not in entities for found in places for each in found):
        return  # of one entity, of an allocation's locations, or of a location that is told of elsewhere
    if any(not is_blank(posting.record.get(name)) for name in SOURCE_ENTITIES):
        return  # Intacct books what the entities owe each other
    told = list(_differences(lines, entities))
    if told:
        text = f"the journal entry does not balance within each entity: {'; '.join(told)}"
        remedy = f"balance each, or name the entity it is made in ({SOURCE_ENTITIES[posting.kind.legacy]})"
        yield Problem(posting.position, "", text, remedy)


def share_problems(line: Section) -> Iterator[Problem]:
    """Yield that what a line shares out by hand is not its amount, or is negative.

    Source: developer.intacct.com, Journal entries, SPLIT: amounts are absolute and sum up to the line's.
    """
    amounts = [share.get("AMOUNT") for share in line.shares]
    whole = _with_amounts(line.entries)
    amount = next((whole[name] for name in ("TRX_AMOUNT", "AMOUNT") if isinstance(whole.get(name), Decimal)), None)
    given = [each for each in amounts if isinstance(each, Decimal)]
    if not given or len(given) < len(amounts) or amount is None:
        return  # shared out by nobody, or by what is no amount, which is told of elsewhere
    position, path = line.posting.position, line.path("SPLIT")
    if min(given) < 0:
        yield Problem(position, path, f"a share is negative ({min(given)})", "give shares as the line, without a sign")
    elif sum(given) != amount:
        text = f"the shares add up to {sum(given)}, and the line is {amount}"
        yield Problem(position, path, text, "give shares that are the whole")


def _places(line: Section) -> list[Any]:
    """Return the locations that a line is booked to; None stands for what is not known."""
    if line.shares:
        return [share.get("LOCATIONID") for share in line.shares]
    return [None if line.is_allocated else line.value("LOCATION")]


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
        sign = 1 if booked >= 0 else -1
        tax = tax_of(line.entries) * with_tax
        shares = [Decimal(share.get("AMOUNT") or 0) for share in line.shares] or [abs(booked)]
        for location, share in zip(_places(line), shares, strict=True):
            amount = sign * (share + tax)
            tax = Decimal(0)  # it is borne once, by the first of the shares
            place = entities[text_of(location)], text_of(line.value("CURRENCY"))
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
