"""The reversal of a journal entry, for which the gateway has no function: the opposite entry, posted once.

Nothing in Intacct would keep two tasks from reversing an entry twice, so three things do here: a control id that all
tasks of the company share, a look for the reversal before anything is sent, and a reference number that says which
entry is reversed and by which task (`REV-518-6A627`). Custom fields are not copied.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from airflow_provider_intacct.client.flows import Flow
from airflow_provider_intacct.client.posting.acts import GUARD, KEY, REFERENCE, opposite_id
from airflow_provider_intacct.client.posting.existing import Execute, Found
from airflow_provider_intacct.client.posting.identity import canonical_text
from airflow_provider_intacct.client.posting.lookups import RECORD_NUMBER, rows
from airflow_provider_intacct.client.posting.outcome import Known, Outcome
from airflow_provider_intacct.client.posting.records import Posting
from airflow_provider_intacct.client.where import Like, any_of
from airflow_provider_intacct.client.xml import functions
from airflow_provider_intacct.client.xml.functions import MAX_RECORDS

if TYPE_CHECKING:
    from lxml.etree import _Element

JOURNAL_ENTRY = "GLBATCH"
LEDGER_MODULE = "2.GL"
COPIED = (
    *("ACCOUNTNO", "TRX_AMOUNT", "DEPARTMENT", "LOCATION", "DOCUMENT", "DESCRIPTION", "PROJECTID", "TASKID"),
    *("COSTTYPEID", "CUSTOMERID", "VENDORID", "EMPLOYEEID", "ITEMID", "CLASSID", "CONTRACTID", "WAREHOUSEID"),
)
USER_DIMENSION = "GLDIM"

NOT_POSTED = "it is {state}, and only a posted entry is reversed; a draft is deleted"
BY_INTACCT = "it is reversed already: by entry {key}, on {day}"
OTHER_DATE = "it is reversed already by this task, by entry {key}, of {there} and not of {here}"
BY_ANOTHER = "it is reversed already, by entry {key} with the reference number {reference}, and not by this task"
OF_SUBLEDGER = "it comes from {module}: reverse the record it comes from, and the entry follows"
TAXED = "it has tax entries, which the opposite entry cannot carry; reverse it in Intacct"
NO_ENTRY = "there is no such journal entry, or this user does not see it; nothing was sent for it"


def is_opposite(posting: Posting) -> bool:
    """Whether the act is the reversal of a journal entry."""
    return posting.act == "reverse" and posting.kind.name == JOURNAL_ENTRY


def reference_of(key: str, tag: str) -> str:
    """Return the reference number of the entry that reverses entry `key`: 20 characters at most."""
    return f"REV-{key}-{tag}"


def with_opposites(
    execute: Execute, postings: Sequence[Posting], known: Mapping[str, Known]
) -> Flow[tuple[list[Posting], list[Outcome]]]:
    """Flow: the postings, reversals of journal entries with the entry to create; and the outcomes of those not to send.

    A reversal that is there already is this task's own if it has its reference number.
    """
    asked = [
        posting
        for posting in postings
        if is_opposite(posting) and not ((before := known.get(posting.control_id)) and before.booked)
    ]
    found = yield from find_opposites(execute, asked)
    entries = yield from _read(execute, [posting for posting in asked if posting.control_id not in found])
    made: dict[str, Posting] = {}
    settled = [_outcome(posting, found[posting.control_id]) for posting in asked if posting.control_id in found]
    for posting in asked:
        if posting.control_id in found:
            continue
        entry = entries.get(posting.record[KEY])
        why = NO_ENTRY if entry is None else _hindrance(entry)
        if entry is None or why:
            settled.append(Outcome(posting, "rejected", note=why))
        else:
            made[posting.control_id] = _with_entry(posting, entry)
    held = {outcome.posting.control_id for outcome in settled}
    return [made.get(each.control_id, each) for each in postings if each.control_id not in held], settled


def find_opposites(execute: Execute, postings: Sequence[Posting]) -> Flow[dict[str, Found]]:
    """Flow: the entries that reverse those of the postings already, by control id."""
    found: dict[str, Found] = {}
    for start in range(0, len(postings), MAX_RECORDS):
        batch = postings[start : start + MAX_RECORDS]
        references = [Like("REFERENCENO", reference_of(posting.record[KEY], "%")) for posting in batch]
        fields = [RECORD_NUMBER, "REFERENCENO", "BATCH_DATE"]
        there = yield from rows(execute, JOURNAL_ENTRY, fields, any_of(*references))
        for posting in batch:
            own = reference_of(posting.record[KEY], posting.record[REFERENCE])
            begins = reference_of(posting.record[KEY], "")
            for row in there:
                reference, key = row.get("REFERENCENO", ""), row.get(RECORD_NUMBER, "")
                if reference == own:
                    found[posting.control_id] = Found(key, _other_date(posting, row, key))
                elif reference.startswith(begins) and posting.control_id not in found:
                    found[posting.control_id] = Found(key, (BY_ANOTHER.format(key=key, reference=reference),))
    return found


def _other_date(posting: Posting, row: Mapping[str, str], key: str) -> tuple[str, ...]:
    here, there = canonical_text(posting.record["date"]), row.get("BATCH_DATE", "")
    return () if there in ("", here) else (OTHER_DATE.format(key=key, there=there, here=here),)


def _outcome(posting: Posting, found: Found) -> Outcome:
    if found.differences:
        return Outcome(posting, "rejected", key=found.key, note=found.differences[0])
    return Outcome(posting, "already_posted", key=found.key)


def _read(execute: Execute, postings: Sequence[Posting]) -> Flow[dict[str, "_Element"]]:
    """Flow: the journal entries with their lines, by record number."""
    entries: dict[str, _Element] = {}
    keys = [posting.record[KEY] for posting in postings]
    for start in range(0, len(keys), MAX_RECORDS):
        reply = yield from execute([functions.read(JOURNAL_ENTRY, keys[start : start + MAX_RECORDS])])
        reply.raise_for_status()
        data = reply.results[0].data
        entries |= {} if data is None else {_text(entry, RECORD_NUMBER): entry for entry in data}
    return entries


def _hindrance(entry: "_Element") -> str:
    """Return why the opposite entry cannot be posted, "" if it can."""
    state, module = _text(entry, "STATE"), _text(entry, "MODULE")
    if state and state != "Posted":
        return NOT_POSTED.format(state=state)
    if by := _text(entry, "REVERSEDKEY") or _text(entry, "REVERSED"):
        return BY_INTACCT.format(key=by, day=_text(entry, "REVERSED") or "a day not told")
    if module and module != LEDGER_MODULE:
        return OF_SUBLEDGER.format(module=module)
    if _text(entry, "TAXIMPLICATIONS") not in ("", "None") or entry.find(".//TAXENTRIES") is not None:
        return TAXED
    return ""


def _with_entry(posting: Posting, entry: "_Element") -> Posting:
    details = posting.record
    record = {
        "JOURNAL": _text(entry, "JOURNAL"),
        "BATCH_DATE": details["date"],
        "BATCH_TITLE": details.get("memo") or f"Reversal of {_text(entry, 'BATCH_TITLE')}",
        "REFERENCENO": reference_of(details[KEY], details[REFERENCE]),
    }
    if base := _text(entry, "BASELOCATION_NO"):
        record["BASELOCATION_NO"] = base
    lines = [_opposite_line(line) for line in next(each for each in entry if each.tag == "ENTRIES")]
    record["ENTRIES"] = {"GLENTRY": lines}
    # By the entry's number, whatever it was called by, so that another task that calls it otherwise is refused.
    shared = opposite_id(details[GUARD], posting.kind, ((RECORD_NUMBER, details[KEY]),))
    return replace(posting, function=functions.create(JOURNAL_ENTRY, record).with_control_id(shared))


def _opposite_line(line: "_Element") -> dict[str, Any]:
    opposite: dict[str, Any] = {"TR_TYPE": "-1" if _text(line, "TR_TYPE") == "1" else "1"}
    opposite |= {name: text for name in COPIED if (text := _text(line, name))}
    opposite |= {
        str(each.tag): (each.text or "").strip()
        for each in line
        if str(each.tag).startswith(USER_DIMENSION) and (each.text or "").strip()
    }
    if (currency := _text(line, "CURRENCY")) and currency != _text(line, "BASECURR"):
        # At the rate of the entry, so that nothing is left of it in the base currency either.
        opposite |= {"CURRENCY": currency, "EXCHANGE_RATE": _text(line, "EXCHANGE_RATE")}
    opposite["TRX_AMOUNT"] = Decimal(_text(line, "TRX_AMOUNT") or _text(line, "AMOUNT"))
    return opposite


def _text(element: "_Element", name: str) -> str:
    return (element.findtext(name) or "").strip()
